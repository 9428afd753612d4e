//! Public keys: P-256 for what hardware signs, Ed25519 for what software signs.
//!
//! On the wire a key is a JWK (RFC 7517) with exactly the members that its kind needs, and its name is the RFC 7638
//! thumbprint. A value of [`PublicKey`] has passed the checks that belong to registration: the point is on its curve,
//! canonically written, not of small order.

use std::fmt;

use ring::agreement;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::bytes::{BadBytes, Digest32, from_base64url, to_base64url};
use crate::jws::Alg;
use crate::problem::{Code, Problem};

/// Why bytes or a JWK are not a key of this protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKey {
    /// Not a JWK of one of the two kinds, with exactly its members.
    #[error("expected a JWK with exactly kty, crv, x (OKP, Ed25519) or kty, crv, x, y (EC, P-256)")]
    Form,
    /// Coordinates are not strict base64url of 32 bytes.
    #[error("key coordinate: {0}")]
    Coordinate(#[from] BadBytes),
    /// Not an uncompressed P-256 point on the curve (SEC 1 section 2.3.3).
    #[error("expected an uncompressed point on P-256: 65 bytes that begin with 04")]
    P256Point,
    /// Not a canonical Ed25519 point of large order (RFC 8032 section 5.1.3).
    #[error("expected a canonical Ed25519 point that is not of small order")]
    Ed25519Point,
}

/// A key that verifies statements.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PublicKey(Kind);

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    P256([u8; 65]),
    Ed25519([u8; 32]),
}

impl PublicKey {
    /// A P-256 key from its uncompressed SEC 1 form, as platform keystores export it.
    ///
    /// # Errors
    /// [`InvalidKey::P256Point`] where the bytes are no point on the curve.
    pub fn p256_from_sec1(bytes: &[u8]) -> Result<Self, InvalidKey> {
        let point: [u8; 65] = bytes.try_into().map_err(|_| InvalidKey::P256Point)?;
        // ring checks a point where it uses one: one key agreement, whose secret is dropped, is that check. The
        // answer does not depend on the random scalar.
        let scalar = agreement::EphemeralPrivateKey::generate(&agreement::ECDH_P256, &SystemRandom::new())
            .map_err(|_| InvalidKey::P256Point)?;
        let peer = agreement::UnparsedPublicKey::new(&agreement::ECDH_P256, point);
        agreement::agree_ephemeral(scalar, &peer, |_| ()).map_err(|_| InvalidKey::P256Point)?;
        Ok(Self(Kind::P256(point)))
    }

    /// An Ed25519 key from its 32 bytes.
    ///
    /// # Errors
    /// [`InvalidKey::Ed25519Point`] for bytes that are no point, a non-canonical form, or a point of small order.
    pub fn ed25519_from_bytes(bytes: &[u8]) -> Result<Self, InvalidKey> {
        let bytes: [u8; 32] = bytes.try_into().map_err(|_| InvalidKey::Ed25519Point)?;
        let key = ed25519_dalek::VerifyingKey::from_bytes(&bytes).map_err(|_| InvalidKey::Ed25519Point)?;
        let canonical = key.to_edwards().compress().to_bytes() == bytes;
        if canonical && !key.is_weak() {
            Ok(Self(Kind::Ed25519(bytes)))
        } else {
            Err(InvalidKey::Ed25519Point)
        }
    }

    /// The one algorithm that this key verifies.
    #[must_use]
    pub const fn alg(&self) -> Alg {
        match self.0 {
            Kind::P256(_) => Alg::Es256,
            Kind::Ed25519(_) => Alg::Ed25519,
        }
    }

    /// The raw form: 65 bytes SEC 1 for P-256, 32 bytes for Ed25519.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Kind::P256(bytes) => bytes,
            Kind::Ed25519(bytes) => bytes,
        }
    }

    /// The key's name: SHA-256 over its required JWK members (RFC 7638 section 3).
    #[must_use]
    pub fn thumbprint(&self) -> Thumbprint {
        let json = match self.coordinates() {
            (x, Some(y)) => format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#),
            (x, None) => format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#),
        };
        Thumbprint(Digest32::of(json.as_bytes()))
    }

    /// Checks a signature in its JWS form: r || s for P-256 (RFC 7518 section 3.4), R || S for Ed25519 (RFC 8032,
    /// without cofactor, small-order R refused).
    ///
    /// # Errors
    /// `bad_signature`.
    pub fn verify(&self, message: &[u8], signature: &[u8; 64]) -> Result<(), Problem> {
        let good = match &self.0 {
            Kind::P256(point) => UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
                .verify(message, signature)
                .is_ok(),
            Kind::Ed25519(bytes) => ed25519_dalek::VerifyingKey::from_bytes(bytes).is_ok_and(|key| {
                key.verify_strict(message, &ed25519_dalek::Signature::from_bytes(signature))
                    .is_ok()
            }),
        };
        if good {
            Ok(())
        } else {
            Err(Problem::new(Code::BadSignature))
        }
    }

    fn coordinates(&self) -> (String, Option<String>) {
        match &self.0 {
            Kind::P256(point) => {
                let (x, y) = point.split_at(33);
                (to_base64url(x.get(1..).unwrap_or_default()), Some(to_base64url(y)))
            }
            Kind::Ed25519(bytes) => (to_base64url(bytes), None),
        }
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({:?}, {})", self.alg(), self.thumbprint())
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Jwk {
    kty: String,
    crv: String,
    x: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    y: Option<String>,
}

impl From<&PublicKey> for Jwk {
    fn from(key: &PublicKey) -> Self {
        let (kty, crv) = match key.alg() {
            Alg::Es256 => ("EC", "P-256"),
            Alg::Ed25519 => ("OKP", "Ed25519"),
        };
        let (x, y) = key.coordinates();
        Self {
            kty: kty.to_owned(),
            crv: crv.to_owned(),
            x,
            y,
        }
    }
}

impl TryFrom<Jwk> for PublicKey {
    type Error = InvalidKey;

    fn try_from(jwk: Jwk) -> Result<Self, InvalidKey> {
        let x = from_base64url(&jwk.x)?;
        match (jwk.kty.as_str(), jwk.crv.as_str(), jwk.y) {
            ("EC", "P-256", Some(y)) => {
                let y = from_base64url(&y)?;
                // Both lengths are looked at, or 31 + 33 bytes would make a second spelling of a point.
                if x.len() != 32 || y.len() != 32 {
                    return Err(InvalidKey::P256Point);
                }
                Self::p256_from_sec1(&[&[4], x.as_slice(), y.as_slice()].concat())
            }
            ("OKP", "Ed25519", None) => Self::ed25519_from_bytes(&x),
            _ => Err(InvalidKey::Form),
        }
    }
}

impl Serialize for PublicKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Jwk::from(self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for PublicKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::try_from(Jwk::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// The name of a key: its RFC 7638 SHA-256 thumbprint, written as base64url.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Thumbprint(Digest32);

impl Thumbprint {
    /// Reads the text that `Display` writes.
    ///
    /// # Errors
    /// [`BadBytes`] when it is not strict base64url of 32 bytes.
    pub fn parse(text: &str) -> Result<Self, BadBytes> {
        Digest32::parse(text).map(Self)
    }

    /// The digest itself.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }
}

impl std::str::FromStr for Thumbprint {
    type Err = BadBytes;

    fn from_str(text: &str) -> Result<Self, BadBytes> {
        Self::parse(text)
    }
}

impl fmt::Display for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Thumbprint({self})")
    }
}
