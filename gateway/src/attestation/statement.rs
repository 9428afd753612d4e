//! What a leaf states about its key: the key description of Android's keystores, read strictly.
//!
//! Every known authorization has its one type; the numbers have to ascend, as the schema demands, so that none stands
//! twice. A number that a later system brings is passed over: it can only be ignored, for nothing here asks for it.

use std::collections::BTreeMap;

use quittance_protocol::answer::KeptIn;
use x509_cert::der::asn1::{AnyRef, Null, OctetStringRef};
use x509_cert::der::{Class, Decode as _, Error, Reader as _, SliceReader, Tag, Tagged as _};

/// Most numbers in a set.
const MAX_SET: usize = 16;

/// Numbers of authorizations that are weighed.
pub mod tag {
    /// What the key may do.
    pub const PURPOSE: u32 = 1;
    /// RSA, EC, …
    pub const ALGORITHM: u32 = 2;
    /// Bits of the key.
    pub const KEY_SIZE: u32 = 3;
    /// The curve.
    pub const EC_CURVE: u32 = 10;
    /// The key cannot be brought back once it is deleted (Keymaster 4 and later).
    pub const ROLLBACK_RESISTANCE: u32 = 303;
    /// The key works without asking anybody.
    pub const NO_AUTH_REQUIRED: u32 = 503;
    /// Which proofs the key asks for, as bits.
    pub const USER_AUTH_TYPE: u32 = 504;
    /// For how many seconds one proof counts; absent: for one use.
    pub const AUTH_TIMEOUT: u32 = 505;
    /// Where the key comes from.
    pub const ORIGIN: u32 = 702;
    /// The key cannot be brought back once it is deleted (Keymaster 2 and 3).
    pub const ROLLBACK_RESISTANT: u32 = 703;
    /// What the phone booted.
    pub const ROOT_OF_TRUST: u32 = 704;
}

/// A statement that is not well-formed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the key description is not well-formed")]
pub struct MalformedStatement;

impl From<Error> for MalformedStatement {
    fn from(_: Error) -> Self {
        Self
    }
}

/// How the system that runs was verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BootState {
    /// By the maker's key.
    Verified,
    /// By a key of the phone's owner.
    SelfSigned,
    /// Not at all.
    Unverified,
    /// It failed.
    Failed,
}

/// What the phone booted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RootOfTrust {
    /// The key that the system is signed with.
    pub boot_key: Vec<u8>,
    /// Whether the boot loader is locked.
    pub device_locked: bool,
    /// How the system was verified.
    pub boot_state: BootState,
    /// What was booted; absent in the oldest statements.
    pub boot_hash: Option<Vec<u8>>,
}

/// The value of one authorization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// One number.
    Number(u64),
    /// A set of numbers.
    Numbers(Vec<u64>),
    /// It is there, which is all that it says.
    Present,
    /// Bytes.
    Bytes(Vec<u8>),
    /// What the phone booted.
    RootOfTrust(RootOfTrust),
}

/// Authorizations by their number: what is enforced, by software or by hardware.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Authorizations(BTreeMap<u32, Value>);

impl Authorizations {
    /// One of them.
    #[must_use]
    pub fn get(&self, tag: u32) -> Option<&Value> {
        self.0.get(&tag)
    }

    /// One that is a number.
    #[must_use]
    pub fn number(&self, tag: u32) -> Option<u64> {
        match self.get(tag) {
            Some(Value::Number(number)) => Some(*number),
            _ => None,
        }
    }

    /// One that is a set.
    #[must_use]
    pub fn numbers(&self, tag: u32) -> &[u64] {
        match self.get(tag) {
            Some(Value::Numbers(numbers)) => numbers,
            _ => &[],
        }
    }

    /// Whether it is there.
    #[must_use]
    pub fn has(&self, tag: u32) -> bool {
        self.0.contains_key(&tag)
    }

    /// What the phone booted.
    #[must_use]
    pub fn root_of_trust(&self) -> Option<&RootOfTrust> {
        match self.get(tag::ROOT_OF_TRUST) {
            Some(Value::RootOfTrust(root)) => Some(root),
            _ => None,
        }
    }

    fn read<'r>(reader: &mut SliceReader<'r>) -> Result<Self, MalformedStatement> {
        reader.sequence(|inner| {
            let mut known = BTreeMap::new();
            let mut last = None;
            while !inner.is_finished() {
                let outer: AnyRef<'r> = inner.decode()?;
                let header = outer.tag();
                let number = header.number().0;
                if header.class() != Class::ContextSpecific || !header.is_constructed() || last >= Some(number) {
                    return Err(MalformedStatement);
                }
                last = Some(number);
                if let Some(value) = value(number, outer.value())? {
                    known.insert(number, value);
                }
            }
            Ok(Self(known))
        })
    }
}

/// What a leaf states about its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyStatement {
    /// Version of the statement's schema.
    pub attestation_version: u64,
    /// Where the statement was made.
    pub attested_in: KeptIn,
    /// Version of the keystore.
    pub keystore_version: u64,
    /// Where the key is kept.
    pub kept_in: KeptIn,
    /// What the phone was asked to put in.
    pub challenge: Vec<u8>,
    /// An identifier that this gateway does not ask for.
    pub unique_id: Vec<u8>,
    /// What the system enforces: worth what the system is.
    pub software_enforced: Authorizations,
    /// What the hardware enforces.
    pub hardware_enforced: Authorizations,
}

impl KeyStatement {
    /// Reads the extension's bytes.
    ///
    /// # Errors
    /// [`MalformedStatement`].
    pub fn read(der: &[u8]) -> Result<Self, MalformedStatement> {
        let mut reader = SliceReader::new(der)?;
        let statement = reader.sequence(|inner| {
            Ok::<_, MalformedStatement>(Self {
                attestation_version: inner.decode()?,
                attested_in: kept_in(inner)?,
                keystore_version: inner.decode()?,
                kept_in: kept_in(inner)?,
                challenge: bytes(inner)?,
                unique_id: bytes(inner)?,
                software_enforced: Authorizations::read(inner)?,
                hardware_enforced: Authorizations::read(inner)?,
            })
        })?;
        reader.finish()?;
        Ok(statement)
    }
}

/// The value inside of one authorization's tag; `None` for a number that is not known here.
fn value(number: u32, inner: &[u8]) -> Result<Option<Value>, MalformedStatement> {
    let value = match number {
        // Purposes, block modes, digests, paddings, MGF digests.
        1 | 4 | 5 | 6 | 203 => Value::Numbers(set(inner)?),
        // Algorithm, size, MAC length, curve, exponent; dates and uses; authentication; creation, origin, system.
        2 | 3 | 8 | 10 | 200 | 400 | 401 | 402 | 405 | 504 | 505 | 701 | 702 | 705 | 706 | 718 | 719 => {
            Value::Number(u64::from_der(inner)?)
        }
        // Caller's nonce; rollback resistance, early boot; who has to be there; all applications; the same, older;
        // one device's own attestation.
        7 | 303 | 305 | 503 | 506 | 507 | 508 | 509 | 600 | 703 | 720 => {
            Null::from_der(inner)?;
            Value::Present
        }
        704 => Value::RootOfTrust(root_of_trust(inner)?),
        // The application; names of the device; modules.
        601 | 709..=717 | 723 | 724 => Value::Bytes(<&OctetStringRef>::from_der(inner)?.as_bytes().to_vec()),
        _ => {
            AnyRef::from_der(inner)?;
            return Ok(None);
        }
    };
    Ok(Some(value))
}

fn set(inner: &[u8]) -> Result<Vec<u64>, MalformedStatement> {
    let outer = AnyRef::from_der(inner)?;
    outer.tag().assert_eq(Tag::Set)?;
    let mut reader = SliceReader::new(outer.value())?;
    let mut numbers = Vec::new();
    while !reader.is_finished() {
        if numbers.len() == MAX_SET {
            return Err(MalformedStatement);
        }
        numbers.push(reader.decode()?);
    }
    Ok(numbers)
}

fn root_of_trust(inner: &[u8]) -> Result<RootOfTrust, MalformedStatement> {
    let mut reader = SliceReader::new(inner)?;
    let root = reader.sequence(|inner| {
        Ok::<_, MalformedStatement>(RootOfTrust {
            boot_key: bytes(inner)?,
            device_locked: inner.decode()?,
            boot_state: match enumerated(inner)? {
                0 => BootState::Verified,
                1 => BootState::SelfSigned,
                2 => BootState::Unverified,
                3 => BootState::Failed,
                _ => return Err(MalformedStatement),
            },
            boot_hash: if inner.is_finished() { None } else { Some(bytes(inner)?) },
        })
    })?;
    reader.finish()?;
    Ok(root)
}

fn kept_in(reader: &mut SliceReader<'_>) -> Result<KeptIn, MalformedStatement> {
    match enumerated(reader)? {
        0 => Ok(KeptIn::Software),
        1 => Ok(KeptIn::TrustedEnvironment),
        2 => Ok(KeptIn::StrongBox),
        _ => Err(MalformedStatement),
    }
}

fn enumerated(reader: &mut SliceReader<'_>) -> Result<u8, MalformedStatement> {
    let any: AnyRef<'_> = reader.decode()?;
    any.tag().assert_eq(Tag::Enumerated)?;
    match any.value() {
        [value] => Ok(*value),
        _ => Err(MalformedStatement),
    }
}

fn bytes(reader: &mut SliceReader<'_>) -> Result<Vec<u8>, MalformedStatement> {
    Ok(reader.decode::<&OctetStringRef>()?.as_bytes().to_vec())
}
