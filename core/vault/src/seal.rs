//! How one row is sealed: AES-256-GCM with a random nonce, bound to the row's place.
//!
//! Sealed bytes are `nonce (12) || ciphertext || tag (16)`. Each kind of row has its own associated data, all of fixed
//! length behind a word that separates it from the others. ring does not wipe its keys, so a ring key lives here for
//! one call only, and the stack that it lived on is wiped after it.

use std::ops::{Deref, DerefMut};

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use zeroize::Zeroize as _;

use crate::error::VaultError;
use crate::randomness::Randomness;
use crate::record::RecordKey;
use crate::secret::Secret;

/// Bytes of every key of the tree.
pub(crate) const KEY_LEN: usize = 32;

/// A key of the tree; wiped when dropped. It has a place of its own, because what is moved about on the stack leaves
/// copies there that nobody wipes.
pub(crate) struct Key(Box<[u8; KEY_LEN]>);

impl Key {
    /// The key with these bytes.
    pub(crate) fn of(bytes: &[u8; KEY_LEN]) -> Self {
        let mut key = Self(Box::new([0; KEY_LEN]));
        key.copy_from_slice(bytes);
        key
    }
}

impl Clone for Key {
    fn clone(&self) -> Self {
        Self::of(self)
    }
}

impl Deref for Key {
    type Target = [u8; KEY_LEN];

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for Key {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

impl Drop for Key {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// Names a collection of the journal, or a row: the first half of an HMAC-SHA256.
pub(crate) type Tag = [u8; 16];

/// A fresh random key.
pub(crate) fn fresh_key(random: &dyn Randomness) -> Result<Key, VaultError> {
    let mut key = Key::of(&[0; KEY_LEN]);
    random.fill(key.as_mut_slice())?;
    Ok(key)
}

/// Words of the stack that one call with a ring key may use: without optimisation every move has a place of its own.
pub(crate) const OF_A_CALL: usize = if cfg!(debug_assertions) { 8_192 } else { 1_024 };

/// Makes a call, then overwrites so many words of the stack that it left behind: ring's keys, and what was moved.
pub(crate) fn on_wiped_stack<T, const WORDS: usize>(call: impl FnOnce() -> T) -> T {
    let answer = below(call);
    wipe::<WORDS>();
    answer
}

/// Has a frame of its own, where the wiping one will be.
#[inline(never)]
fn below<T>(call: impl FnOnce() -> T) -> T {
    call()
}

#[inline(never)]
fn wipe<const WORDS: usize>() {
    let mut used = [0_u64; WORDS];
    std::hint::black_box(&mut used);
}

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
    /// Bytes that a published vector is bound to.
    #[cfg(test)]
    Vector(&'a [u8]),
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
            #[cfg(test)]
            Self::Vector(bytes) => data.extend_from_slice(bytes),
        }
        data
    }

    fn part(&self) -> &'static str {
        match self {
            Self::Node { .. } => "key tree",
            Self::Record { .. } => "record",
            Self::JournalKeys { .. } => "journal key",
            Self::Journal { .. } => "journal",
            Self::Destruction { .. } => "list of destructions",
            #[cfg(test)]
            Self::Vector(_) => "vector",
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
    on_wiped_stack::<_, OF_A_CALL>(|| Cipher::new(key)?.seal(random, vault, place, plain))
}

/// Opens what [`seal`] gave; [`VaultError::Corrupt`] for any other key, vault, place or bytes.
pub(crate) fn open(
    key: &[u8; KEY_LEN],
    vault: &[u8; 16],
    place: &Place<'_>,
    sealed: Vec<u8>,
) -> Result<Secret, VaultError> {
    on_wiped_stack::<_, OF_A_CALL>(|| Cipher::new(key)?.open(vault, place, sealed))
}

/// A key that is ready for use, which costs as much as sealing a short row: for who seals many rows under one key.
///
/// ring does not wipe it, so it stands on the stack for one row only, or in a box, which a zeroizing allocator wipes.
pub(crate) struct Cipher(LessSafeKey);

impl Cipher {
    /// Makes a key ready.
    #[inline]
    pub(crate) fn new(key: &[u8; KEY_LEN]) -> Result<Self, VaultError> {
        match UnboundKey::new(&AES_256_GCM, key) {
            Ok(key) => Ok(Self(LessSafeKey::new(key))),
            Err(_wrong_length) => Err(VaultError::Corrupt { part: "key" }),
        }
    }

    /// As [`seal`].
    pub(crate) fn seal(
        &self,
        random: &dyn Randomness,
        vault: &[u8; 16],
        place: &Place<'_>,
        plain: &[u8],
    ) -> Result<Vec<u8>, VaultError> {
        let mut nonce = [0; NONCE_LEN];
        random.fill(&mut nonce)?;
        // The buffer is encrypted in place, and its room is taken at once: growing it would leave clear bytes behind.
        let mut sealed = Vec::with_capacity(NONCE_LEN + plain.len() + AES_256_GCM.tag_len());
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(plain);
        let tag = sealed.split_at_mut_checked(NONCE_LEN).and_then(|(_, body)| {
            let (nonce, data) = (Nonce::assume_unique_for_key(nonce), place.associated_data(vault));
            self.0.seal_in_place_separate_tag(nonce, Aad::from(data), body).ok()
        });
        match tag {
            Some(tag) => {
                sealed.extend_from_slice(tag.as_ref());
                Ok(sealed)
            }
            None => {
                sealed.zeroize();
                Err(VaultError::Corrupt { part: place.part() })
            }
        }
    }

    /// As [`open`].
    pub(crate) fn open(&self, vault: &[u8; 16], place: &Place<'_>, mut sealed: Vec<u8>) -> Result<Secret, VaultError> {
        self.open_behind_nonce(vault, place, &mut sealed)?;
        sealed.drain(..NONCE_LEN);
        Ok(Secret::new(sealed))
    }

    /// Opens sealed bytes where they stand: the clear ones begin behind the nonce's place. Where they do not open, ring
    /// leaves nothing clear.
    pub(crate) fn open_behind_nonce(
        &self,
        vault: &[u8; 16],
        place: &Place<'_>,
        body: &mut Vec<u8>,
    ) -> Result<(), VaultError> {
        let corrupt = || VaultError::Corrupt { part: place.part() };
        let (nonce, text) = body.split_first_chunk_mut::<NONCE_LEN>().ok_or_else(corrupt)?;
        let (nonce, data) = (Nonce::assume_unique_for_key(*nonce), place.associated_data(vault));
        let opened = self.0.open_in_place(nonce, Aad::from(data), text);
        let end = NONCE_LEN + opened.map_err(|_unspecified| corrupt())?.len();
        body.truncate(end);
        Ok(())
    }
}
