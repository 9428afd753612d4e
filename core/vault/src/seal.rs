//! How one row is sealed: bound to its place.
//!
//! Each kind of row has its own associated data, all of fixed length behind a word that separates it from the others.

use crate::aead::{self, AeadError};
use crate::error::VaultError;
use crate::key::KEY_LEN;
use crate::randomness::Randomness;
use crate::record::RecordKey;
use crate::secret::Secret;

/// Names a collection of the journal, or a row: the first half of an HMAC-SHA256.
pub(crate) type Tag = [u8; 16];

/// Where a row stands; what it is opened with must be what it was sealed with.
pub(crate) enum Place<'a> {
    /// A node of the key tree.
    Node { level: u8, index: u64, epoch: u64 },
    /// A secret record.
    Record {
        slot: u64,
        key: &'a RecordKey,
        version: u64,
    },
    /// The journal's keys, which stand in the header.
    JournalKeys { epoch: u64 },
    /// A row of the journal, named by its two tags.
    Journal {
        collection: &'a Tag,
        name: &'a Tag,
        version: u64,
    },
    /// A destruction, by its order.
    Destruction {
        order: &'a [u8; 16],
        done: bool,
        epoch_new: u64,
    },
}

impl Place<'_> {
    /// The associated data: a word, the vault's id, then the fields in order, integers big-endian. They are short, since
    /// they take as long to check as so many bytes of the row.
    pub(crate) fn associated_data(&self, vault: &[u8; 16]) -> Vec<u8> {
        let mut data = Vec::with_capacity(128);
        match self {
            Self::Node { level, index, epoch } => {
                data.extend_from_slice(b"node");
                data.extend_from_slice(vault);
                data.push(*level);
                data.extend_from_slice(&index.to_be_bytes());
                data.extend_from_slice(&epoch.to_be_bytes());
            }
            Self::Record { slot, key, version } => {
                data.extend_from_slice(b"record");
                data.extend_from_slice(vault);
                data.extend_from_slice(&slot.to_be_bytes());
                data.push(key.kind.0);
                data.extend_from_slice(&key.id);
                data.extend_from_slice(&version.to_be_bytes());
            }
            Self::JournalKeys { epoch } => {
                data.extend_from_slice(b"keys");
                data.extend_from_slice(vault);
                data.extend_from_slice(&epoch.to_be_bytes());
            }
            Self::Journal {
                collection,
                name,
                version,
            } => {
                data.extend_from_slice(b"journal");
                data.extend_from_slice(vault);
                data.extend_from_slice(*collection);
                data.extend_from_slice(*name);
                data.extend_from_slice(&version.to_be_bytes());
            }
            Self::Destruction { order, done, epoch_new } => {
                data.extend_from_slice(b"destruction");
                data.extend_from_slice(vault);
                data.extend_from_slice(*order);
                data.push(u8::from(*done));
                data.extend_from_slice(&epoch_new.to_be_bytes());
            }
        }
        data
    }

    /// What it means that a row of this place was not sealed or opened.
    pub(crate) fn failure(&self, error: AeadError) -> VaultError {
        match error {
            AeadError::Randomness(error) => error.into(),
            AeadError::Refused => VaultError::Corrupt { part: self.part() },
        }
    }

    fn part(&self) -> &'static str {
        match self {
            Self::Node { .. } => "key tree",
            Self::Record { .. } => "record",
            Self::JournalKeys { .. } => "journal key",
            Self::Journal { .. } => "journal",
            Self::Destruction { .. } => "list of destructions",
        }
    }
}

/// Seals `plain` under `key` for its place.
pub(crate) fn seal(
    random: &dyn Randomness,
    key: &[u8; KEY_LEN],
    vault: &[u8; 16],
    place: &Place<'_>,
    plain: &[u8],
) -> Result<Vec<u8>, VaultError> {
    aead::seal(key, random, &place.associated_data(vault), plain).map_err(|error| place.failure(error))
}

/// Opens what [`seal`] gave; [`VaultError::Corrupt`] for any other key, vault, place or bytes.
pub(crate) fn open(
    key: &[u8; KEY_LEN],
    vault: &[u8; 16],
    place: &Place<'_>,
    sealed: Vec<u8>,
) -> Result<Secret, VaultError> {
    aead::open(key, &place.associated_data(vault), sealed).map_err(|error| place.failure(error))
}
