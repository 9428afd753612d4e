//! Statements: compact JWS (RFC 7515) whose `typ` pins its one `alg`.
//!
//! A statement is made as [`Unsigned`], signed outside (a hardware key hands back DER), and travels as text. On the
//! other side it is [`Received`], which says nothing but who it claims to be from; only [`Received::verify`] turns
//! it into [`Verified`], and there is no other way to make one: the type is the proof.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::bytes::{Digest32, from_base64url, to_base64url};
use crate::der;
use crate::id::StatementId;
use crate::json::{self, Limits};
use crate::key::{PublicKey, Thumbprint};
use crate::problem::{Code, Problem};
use crate::time::Timestamp;

/// The media type of a statement (RFC 7515 section 9.2.1).
pub const CONTENT_TYPE: &str = "application/jose";

/// A signature algorithm, named as in the JOSE registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Alg {
    /// ECDSA on P-256 with SHA-256 (RFC 7518 section 3.4): the phone's hardware keys.
    #[serde(rename = "ES256")]
    Es256,
    /// Ed25519, fully specified (RFC 9864): token keys, merchants, policy authors.
    Ed25519,
}

/// What one kind of statement says, apart from the claims that all have.
///
/// Implementors refuse unknown members (`deny_unknown_fields`) and have no member named like a claim.
pub trait Statement: Serialize + DeserializeOwned {
    /// The kind's name: the header's `typ` is `quittance-<NAME>+jwt`.
    const NAME: &'static str;
    /// The one algorithm that may sign it.
    const ALG: Alg;
    /// Whether it carries the signer's own sequence number.
    const SEQUENCED: bool;
}

/// What every statement says beside its body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claims {
    /// The origin of the gateway that it speaks to.
    pub aud: String,
    /// When it was made, by the signer's clock.
    pub iat: Timestamp,
    /// Its id, which is the idempotency key.
    pub jti: StatementId,
    /// The signer's own sequence number; there exactly where the kind is sequenced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    typ: String,
    kid: Thumbprint,
}

/// Members of the payload that belong to [`Claims`].
const fn claim_names(sequenced: bool) -> &'static [&'static str] {
    if sequenced {
        &["aud", "iat", "jti", "seq"]
    } else {
        &["aud", "iat", "jti"]
    }
}

const fn alg_name(alg: Alg) -> &'static str {
    match alg {
        Alg::Es256 => "ES256",
        Alg::Ed25519 => "Ed25519",
    }
}

fn typ_of(name: &str) -> String {
    format!("quittance-{name}+jwt")
}

/// A statement that waits for its signature.
#[derive(Clone, Debug)]
pub struct Unsigned {
    input: String,
    alg: Alg,
}

impl Unsigned {
    /// Writes header and payload: the claims' members with the body's, in alphabetical order.
    ///
    /// # Errors
    /// `internal` where the body is no JSON object, takes the name of a claim, or has a sequence number that its
    /// kind does not allow or lacks one that it demands: a defect of the caller.
    pub fn new<T: Statement>(kid: &Thumbprint, claims: &Claims, body: &T) -> Result<Self, Problem> {
        let defect = |detail: &'static str| Problem::new(Code::Internal).detail(detail);
        if claims.seq.is_some() != T::SEQUENCED {
            return Err(defect("the sequence number does not fit the kind of statement").at("/seq"));
        }
        let object = |value: Result<Value, serde_json::Error>| match value {
            Ok(Value::Object(map)) => Ok(map),
            _ => Err(defect("a statement is a JSON object")),
        };
        let mut payload = object(serde_json::to_value(claims))?;
        for (name, value) in object(serde_json::to_value(body))? {
            if payload.insert(name, value).is_some() {
                return Err(defect("a member of the body has the name of a claim"));
            }
        }
        let header = Header {
            alg: alg_name(T::ALG).to_owned(),
            typ: typ_of(T::NAME),
            kid: *kid,
        };
        let part = |json: Result<Vec<u8>, serde_json::Error>| {
            json.map(|json| to_base64url(&json))
                .map_err(|_| defect("a statement is a JSON object"))
        };
        let input = format!(
            "{}.{}",
            part(serde_json::to_vec(&header))?,
            part(serde_json::to_vec(&payload))?
        );
        Ok(Self { input, alg: T::ALG })
    }

    /// The bytes to sign (RFC 7515 section 5.1).
    #[must_use]
    pub fn signing_input(&self) -> &[u8] {
        self.input.as_bytes()
    }

    /// The finished statement, from a signature in JWS form (64 bytes for both algorithms).
    #[must_use]
    pub fn with_signature(&self, signature: &[u8; 64]) -> String {
        format!("{}.{}", self.input, to_base64url(signature))
    }

    /// The finished statement, from the strict DER that a platform keystore hands back.
    ///
    /// # Errors
    /// `bad_signature` where it is not strict DER of a P-256 signature; `wrong_alg` where the statement is not
    /// signed with ES256.
    pub fn with_der_signature(&self, der: &[u8]) -> Result<String, Problem> {
        if self.alg != Alg::Es256 {
            return Err(Problem::new(Code::WrongAlg));
        }
        let fixed = der::ecdsa_to_fixed(der)
            .ok_or_else(|| Problem::new(Code::BadSignature).detail("hand over the signature as strict DER"))?;
        Ok(self.with_signature(&fixed))
    }
}

/// A statement as it came in: nothing in it may be believed yet.
#[derive(Clone)]
pub struct Received {
    compact: String,
    input_length: usize,
    name: String,
    alg: String,
    kid: Thumbprint,
    payload: Vec<u8>,
    signature: [u8; 64],
}

impl Received {
    /// Takes the text apart: three parts of strict base64url, header exactly `{alg, typ, kid}`, 64 signature bytes.
    ///
    /// # Errors
    /// `too_large` over 64 KiB; `unknown_member` or `malformed` (pointers are into the header, `/header/…`);
    /// `wrong_type` where `typ` is none of this protocol's; `bad_signature` where the third part is not 64 bytes.
    pub fn parse(compact: &str) -> Result<Self, Problem> {
        if compact.len() > Limits::PROTOCOL.bytes {
            return Err(Problem::new(Code::TooLarge).detail("shorten the statement"));
        }
        let malformed =
            || Problem::new(Code::Malformed).detail("send one compact JWS: three parts of base64url without padding");
        let mut parts = compact.split('.');
        let (Some(header), Some(payload), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(malformed());
        };
        let input_length = header.len().saturating_add(payload.len()).saturating_add(1);
        let header = from_base64url(header).map_err(|_| malformed())?;
        let payload = from_base64url(payload).map_err(|_| malformed())?;
        let signature = from_base64url(signature).map_err(|_| malformed())?;
        let header: Header = json::exact_from_slice(&header, Limits::PROTOCOL).map_err(|problem| {
            let pointer = format!("/header{}", problem.pointer().unwrap_or_default());
            problem.at(pointer)
        })?;
        let name = header
            .typ
            .strip_prefix("quittance-")
            .and_then(|rest| rest.strip_suffix("+jwt"));
        let Some(name) = name.map(str::to_owned) else {
            return Err(Problem::new(Code::WrongType).at("/header/typ"));
        };
        let signature = signature.try_into().map_err(|_| Problem::new(Code::BadSignature))?;
        Ok(Self {
            compact: compact.to_owned(),
            input_length,
            name,
            alg: header.alg,
            kid: header.kid,
            payload,
            signature,
        })
    }

    /// The kind that it claims to be: compare with [`Statement::NAME`].
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The key that it claims to be from.
    #[must_use]
    pub const fn kid(&self) -> &Thumbprint {
        &self.kid
    }

    /// The text as it came in.
    #[must_use]
    pub fn compact(&self) -> &str {
        &self.compact
    }

    /// Identifies what is said: SHA-256 over `typ`, a newline, the payload's bytes. Never over the signature, since
    /// anybody can make a second valid ECDSA signature out of a first.
    #[must_use]
    pub fn content(&self) -> Digest32 {
        Digest32::of_parts(&[typ_of(&self.name).as_bytes(), b"\n", &self.payload])
    }

    /// Checks type, algorithm, key, signature and audience, and reads the statement.
    ///
    /// # Errors
    /// In this order: `wrong_type`, `wrong_alg`, `unknown_key` (not the key that `kid` names, or of another kind),
    /// `bad_signature`, `unknown_member` or `malformed` with the pointer into the payload, `wrong_audience`.
    pub fn verify<T: Statement>(&self, key: &PublicKey, audience: &str) -> Result<Verified<T>, Problem> {
        self.check_kind::<T>()?;
        if key.alg() != T::ALG || key.thumbprint() != self.kid {
            return Err(Problem::new(Code::UnknownKey).at("/header/kid"));
        }
        let input = self.compact.get(..self.input_length).unwrap_or_default();
        key.verify(input.as_bytes(), &self.signature)?;
        let (claims, body) = self.read::<T>()?;
        if claims.aud != audience {
            return Err(Problem::new(Code::WrongAudience).at("/aud"));
        }
        Ok(Verified {
            claims,
            body,
            kid: self.kid,
            content: self.content(),
            compact: self.compact.clone(),
        })
    }

    /// Reads the statement **without checking its signature**. For one use: a statement that carries the key that
    /// signed it (enrolment), or names what must be looked up to find that key (a permit names its token). Verify
    /// it with the key that was found before believing anything else.
    ///
    /// # Errors
    /// `wrong_type`, `wrong_alg`, `unknown_member`, `malformed`.
    pub fn unverified_body<T: Statement>(&self) -> Result<(Claims, T), Problem> {
        self.check_kind::<T>()?;
        self.read()
    }

    fn check_kind<T: Statement>(&self) -> Result<(), Problem> {
        if self.name != T::NAME {
            return Err(Problem::new(Code::WrongType).at("/header/typ"));
        }
        if self.alg != alg_name(T::ALG) {
            return Err(Problem::new(Code::WrongAlg).at("/header/alg"));
        }
        Ok(())
    }

    fn read<T: Statement>(&self) -> Result<(Claims, T), Problem> {
        let Value::Object(mut body) = json::value_from_slice(&self.payload, Limits::PROTOCOL)? else {
            return Err(Problem::new(Code::Malformed).detail("the payload is one JSON object"));
        };
        let claims: Map<String, Value> = claim_names(T::SEQUENCED)
            .iter()
            .filter_map(|name| body.remove(*name).map(|value| ((*name).to_owned(), value)))
            .collect();
        let claims: Claims = json::exact_from_value(Value::Object(claims))?;
        if claims.seq.is_none() && T::SEQUENCED {
            return Err(Problem::new(Code::Malformed)
                .at("/seq")
                .detail("this member is missing"));
        }
        Ok((claims, json::exact_from_value(Value::Object(body))?))
    }
}

impl std::fmt::Debug for Received {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Received({}, {}, unverified)", self.name, self.kid)
    }
}

/// A statement whose signature, type, algorithm and audience were checked.
#[derive(Clone, Debug)]
pub struct Verified<T> {
    claims: Claims,
    body: T,
    kid: Thumbprint,
    content: Digest32,
    compact: String,
}

impl<T> Verified<T> {
    /// Audience, time, id, sequence number.
    #[must_use]
    pub const fn claims(&self) -> &Claims {
        &self.claims
    }

    /// What is said.
    #[must_use]
    pub const fn body(&self) -> &T {
        &self.body
    }

    /// Gives what is said away, and with it the proof that it was checked.
    #[must_use]
    pub fn into_body(self) -> T {
        self.body
    }

    /// The key that signed it.
    #[must_use]
    pub const fn kid(&self) -> &Thumbprint {
        &self.kid
    }

    /// Identifies what is said, whatever the signature's bytes: see [`Received::content`].
    #[must_use]
    pub const fn content(&self) -> Digest32 {
        self.content
    }

    /// The text as it came in.
    #[must_use]
    pub fn compact(&self) -> &str {
        &self.compact
    }
}
