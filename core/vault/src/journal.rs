//! The journal: named rows sealed under one key of the vault.
//!
//! A row's columns tell nothing: `collection` is HMAC-SHA256 over the collection's name, `name` one over collection
//! with key, both under a key of their own, cut to half their length. The sealed text holds the key (so that a list can give it back) with the
//! value, filled up to a multiple of 256 bytes, so that lengths tell little. The number of rows, how many belong to
//! one collection, and which row changes when, stay visible.

use ring::hmac;
use zeroize::Zeroizing;

use crate::aead::Cipher;
use crate::error::VaultError;
use crate::key::{KEY_LEN, Key};
use crate::randomness::Randomness;
use crate::seal::{Place, Tag, open, seal};
use crate::secret::Secret;
use crate::stack::{OF_A_CALL, on_wiped_stack};

const BLOCK: usize = 256;

/// Bytes of both keys.
const KEYS_LEN: usize = 2 * KEY_LEN;

/// One row: key with value, as the caller wrote them.
pub type JournalRow = (Vec<u8>, Vec<u8>);

/// The two keys of the journal, for sealing and for names, which are one sealed column of the header.
pub(crate) struct JournalKeys {
    vault: [u8; 16],
    /// Both as they are sealed into the header of each epoch.
    bytes: Secret,
    /// Ready for use, since a list opens many rows; each in a box, see [`Cipher`].
    seal: Box<Cipher>,
    name: Box<hmac::Key>,
}

/// A row as it stands in the file.
pub(crate) struct SealedRow {
    /// HMAC of collection with key.
    pub(crate) name: Tag,
    /// Counts the writes of this row.
    pub(crate) version: u64,
    /// `nonce || ciphertext || tag`.
    pub(crate) sealed: Vec<u8>,
}

impl JournalKeys {
    /// Fresh keys.
    pub(crate) fn fresh(vault: [u8; 16], random: &dyn Randomness) -> Result<Self, VaultError> {
        let mut bytes = Secret::new(vec![0; KEYS_LEN]);
        random.fill(bytes.as_mut_slice())?;
        Self::of(vault, bytes)
    }

    /// Opens the keys of the header of `epoch`.
    pub(crate) fn open(vault: [u8; 16], root: &Key, epoch: u64, sealed: &[u8]) -> Result<Self, VaultError> {
        Self::of(
            vault,
            open(root, &vault, &Place::JournalKeys { epoch }, sealed.to_vec())?,
        )
    }

    /// Seals the keys for the header of `epoch`.
    pub(crate) fn seal_keys(&self, random: &dyn Randomness, root: &Key, epoch: u64) -> Result<Vec<u8>, VaultError> {
        let place = Place::JournalKeys { epoch };
        seal(random, root, &self.vault, &place, self.bytes.as_slice())
    }

    pub(crate) fn of(vault: [u8; 16], bytes: Secret) -> Result<Self, VaultError> {
        let (seal, name) = match bytes.split_first_chunk::<KEY_LEN>() {
            Some((seal, name)) if name.len() == KEY_LEN => on_wiped_stack::<_, OF_A_CALL>(|| {
                let name = Box::new(hmac::Key::new(hmac::HMAC_SHA256, name));
                Cipher::new(seal).map(|seal| (Box::new(seal), name))
            })
            .map_err(|_wrong_length| VaultError::Corrupt { part: "journal key" })?,
            _ => return Err(VaultError::Corrupt { part: "journal key" }),
        };
        Ok(Self {
            vault,
            bytes,
            seal,
            name,
        })
    }

    /// What stands in the column `collection`.
    pub(crate) fn collection_tag(&self, collection: &str) -> Tag {
        self.tag(&[b"collection", collection.as_bytes()])
    }

    /// What stands in the column `name`.
    pub(crate) fn name_tag(&self, collection: &str, key: &[u8]) -> Tag {
        self.tag(&[b"row", collection.as_bytes(), key])
    }

    /// Both tags of a row.
    pub(crate) fn tags(&self, collection: &str, key: &[u8]) -> (Tag, Tag) {
        (self.collection_tag(collection), self.name_tag(collection, key))
    }

    /// Seals one row under its tags.
    pub(crate) fn seal_row(
        &self,
        random: &dyn Randomness,
        (collection, name): (&Tag, Tag),
        key: &[u8],
        version: u64,
        value: &[u8],
    ) -> Result<SealedRow, VaultError> {
        let place = Place::Journal {
            collection,
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
        let sealed = self.seal_body(random, &place, &plain)?;
        Ok(SealedRow { name, version, sealed })
    }

    /// Opens one row of the collection with this tag. What a row is sealed for names it, so it stands under its own name.
    ///
    /// It is opened in `room`, which many rows can share: then each takes no more memory than what it holds.
    pub(crate) fn open_row(
        &self,
        (collection, name): (&Tag, &Tag),
        version: u64,
        sealed: &[u8],
        room: &mut Vec<u8>,
    ) -> Result<JournalRow, VaultError> {
        let corrupt = || VaultError::Corrupt { part: "journal" };
        let place = Place::Journal {
            collection,
            name,
            version,
        };
        room.clear();
        room.extend_from_slice(sealed);
        let bound = place.associated_data(&self.vault);
        let clear = self.seal.open_in(&bound, room).map_err(|error| place.failure(error))?;
        let (key, rest) = take(clear).ok_or_else(corrupt)?;
        let (value, _fill) = take(rest).ok_or_else(corrupt)?;
        Ok((key.to_vec(), value.to_vec()))
    }

    /// Seals the body of a row.
    pub(crate) fn seal_body(
        &self,
        random: &dyn Randomness,
        place: &Place<'_>,
        body: &[u8],
    ) -> Result<Vec<u8>, VaultError> {
        let bound = place.associated_data(&self.vault);
        let sealed = self.seal.seal(random, &bound, body);
        sealed.map_err(|error| place.failure(error))
    }

    /// Opens what [`JournalKeys::seal_body`] gave.
    pub(crate) fn open_body(&self, place: &Place<'_>, sealed: Vec<u8>) -> Result<Secret, VaultError> {
        let bound = place.associated_data(&self.vault);
        let opened = self.seal.open(&bound, sealed);
        opened.map_err(|error| place.failure(error))
    }

    /// HMAC over parts, each behind its length, so that no two lists of parts give the same bytes.
    fn tag(&self, parts: &[&[u8]]) -> Tag {
        let mut framed = self.vault.to_vec();
        for part in parts {
            framed.extend_from_slice(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            framed.extend_from_slice(part);
        }
        let mut tag = Tag::default();
        tag.iter_mut()
            .zip(hmac_sha256(&self.name, &framed).as_ref())
            .for_each(|(to, from)| *to = *from);
        tag
    }
}

/// HMAC-SHA256 (RFC 2104) of a message.
pub(crate) fn hmac_sha256(key: &hmac::Key, message: &[u8]) -> hmac::Tag {
    hmac::sign(key, message)
}

/// Splits bytes behind a 32-bit length off the front.
fn take(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)
}
