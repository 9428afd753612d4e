//! The journal: named rows sealed under one key of the vault.
//!
//! A row's columns tell nothing: `collection` is HMAC-SHA256 over the collection's name, `name` one over collection
//! with key, both under a key of their own. The sealed text holds the key (so that a list can give it back) with the
//! value, filled up to a multiple of 256 bytes, so that lengths tell little. The number of rows, how many belong to
//! one collection, and which row changes when, stay visible.

use ring::hmac;
use zeroize::Zeroizing;

use crate::error::VaultError;
use crate::randomness::Randomness;
use crate::seal::{KEY_LEN, Key, Place, fresh_key, open, seal};

const BLOCK: usize = 256;

/// One row: key with value, as the caller wrote them.
pub type JournalRow = (Vec<u8>, Vec<u8>);

/// The two keys of the journal, which are one record of the vault.
pub(crate) struct JournalKeys {
    vault: [u8; 16],
    seal: Key,
    name: Key,
}

/// A row as it stands in the file.
pub(crate) struct SealedRow {
    /// HMAC of collection with key.
    pub(crate) name: [u8; 32],
    /// Counts the writes of this row.
    pub(crate) version: u64,
    /// `nonce || ciphertext || tag`.
    pub(crate) sealed: Vec<u8>,
}

impl JournalKeys {
    /// The plain bytes of a fresh journal record.
    pub(crate) fn fresh(random: &dyn Randomness) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let (seal, name) = (fresh_key(random)?, fresh_key(random)?);
        Ok(Zeroizing::new([seal.as_slice(), name.as_slice()].concat()))
    }

    /// Reads the journal record.
    pub(crate) fn read(vault: [u8; 16], record: &[u8]) -> Result<Self, VaultError> {
        let corrupt = VaultError::Corrupt { part: "journal key" };
        let Some((seal_key, name_key)) = record.split_first_chunk::<KEY_LEN>() else {
            return Err(corrupt);
        };
        let name_key: &[u8; KEY_LEN] = name_key.try_into().map_err(|_length| corrupt)?;
        Ok(Self {
            vault,
            seal: Key::of(seal_key),
            name: Key::of(name_key),
        })
    }

    /// What stands in the column `collection`.
    pub(crate) fn collection_tag(&self, collection: &str) -> [u8; 32] {
        self.tag(&[b"collection", collection.as_bytes()])
    }

    /// What stands in the column `name`.
    pub(crate) fn name_tag(&self, collection: &str, key: &[u8]) -> [u8; 32] {
        self.tag(&[b"row", collection.as_bytes(), key])
    }

    /// Seals one row.
    pub(crate) fn seal_row(
        &self,
        random: &dyn Randomness,
        collection: &str,
        key: &[u8],
        version: u64,
        value: &[u8],
    ) -> Result<SealedRow, VaultError> {
        let name = self.name_tag(collection, key);
        let tag = self.collection_tag(collection);
        let place = Place::Journal {
            collection: &tag,
            name: &name,
            version,
        };
        let mut plain = Zeroizing::new(Vec::with_capacity(
            (8 + key.len() + value.len()).next_multiple_of(BLOCK),
        ));
        for part in [key, value] {
            let length =
                u32::try_from(part.len()).map_err(|_too_long| VaultError::Exhausted { counter: "row length" })?;
            plain.extend_from_slice(&length.to_be_bytes());
            plain.extend_from_slice(part);
        }
        let filled = plain.len().next_multiple_of(BLOCK);
        plain.resize(filled, 0);
        let sealed = seal(random, &self.seal, &self.vault, &place, &plain)?;
        Ok(SealedRow { name, version, sealed })
    }

    /// Opens one row of a collection, and checks that it stands under its own name.
    pub(crate) fn open_row(&self, collection: &str, row: &SealedRow) -> Result<JournalRow, VaultError> {
        let corrupt = || VaultError::Corrupt { part: "journal" };
        let tag = self.collection_tag(collection);
        let place = Place::Journal {
            collection: &tag,
            name: &row.name,
            version: row.version,
        };
        let plain = open(&self.seal, &self.vault, &place, &row.sealed)?;
        let (key, rest) = take(&plain).ok_or_else(corrupt)?;
        let (value, _fill) = take(rest).ok_or_else(corrupt)?;
        if self.name_tag(collection, key) != row.name {
            return Err(corrupt());
        }
        Ok((key.to_vec(), value.to_vec()))
    }

    /// Seals the body of a destruction.
    pub(crate) fn seal_destruction(
        &self,
        random: &dyn Randomness,
        place: &Place<'_>,
        body: &[u8],
    ) -> Result<Vec<u8>, VaultError> {
        seal(random, &self.seal, &self.vault, place, body)
    }

    /// Opens the body of a destruction.
    pub(crate) fn open_destruction(&self, place: &Place<'_>, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        open(&self.seal, &self.vault, place, sealed)
    }

    /// HMAC over parts, each behind its length, so that no two lists of parts give the same bytes.
    fn tag(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, self.name.as_slice()));
        context.update(&self.vault);
        for part in parts {
            context.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            context.update(part);
        }
        let mut tag = [0; 32];
        tag.iter_mut()
            .zip(context.sign().as_ref())
            .for_each(|(to, from)| *to = *from);
        tag
    }
}

/// Splits bytes behind a 32-bit length off the front.
fn take(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)
}
