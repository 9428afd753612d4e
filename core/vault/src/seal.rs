//! How one row is sealed: AES-256-GCM with a random nonce, bound to the row's place.
//!
//! Sealed bytes are `nonce (12) || ciphertext || tag (16)`. Each kind of row has its own associated data, all of fixed
//! length behind a text that separates it from the others. ring does not wipe its keys, so a ring key lives here
//! for one call only, and the stack that it lived on is wiped after it.

use std::ops::{Deref, DerefMut};

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use zeroize::{Zeroize as _, Zeroizing};

use crate::error::VaultError;
use crate::randomness::Randomness;
use crate::record::RecordKey;

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

/// A fresh random key.
pub(crate) fn fresh_key(random: &dyn Randomness) -> Result<Key, VaultError> {
    let mut key = Key::of(&[0; KEY_LEN]);
    random.fill(key.as_mut_slice())?;
    Ok(key)
}

/// Words of the stack that one call with a ring key may use.
const OF_A_CALL: usize = 1_024;

/// Overwrites so many words of what calls that have returned left on the stack: ring's keys, and what was moved.
#[inline(never)]
pub(crate) fn wipe_stack<const WORDS: usize>() {
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
    /// A row of the journal, named by its two tags.
    Journal {
        collection: &'a [u8; 32],
        name: &'a [u8; 32],
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
    /// The associated data: a text, the vault's id, then the fields in order, integers big-endian.
    pub(crate) fn associated_data(&self, vault: &[u8; 16]) -> Vec<u8> {
        let mut data = Vec::with_capacity(128);
        match self {
            Self::Node { level, index, epoch } => {
                data.extend_from_slice(b"quittance-vault/node/1");
                data.extend_from_slice(vault);
                data.push(*level);
                data.extend_from_slice(&index.to_be_bytes());
                data.extend_from_slice(&epoch.to_be_bytes());
            }
            Self::Record { slot, key, version } => {
                data.extend_from_slice(b"quittance-vault/record/1");
                data.extend_from_slice(vault);
                data.extend_from_slice(&slot.to_be_bytes());
                data.push(key.kind.0);
                data.extend_from_slice(&key.id);
                data.extend_from_slice(&version.to_be_bytes());
            }
            Self::Journal {
                collection,
                name,
                version,
            } => {
                data.extend_from_slice(b"quittance-vault/journal/1");
                data.extend_from_slice(vault);
                data.extend_from_slice(*collection);
                data.extend_from_slice(*name);
                data.extend_from_slice(&version.to_be_bytes());
            }
            Self::Destruction { order, done, epoch_new } => {
                data.extend_from_slice(b"quittance-vault/destruction/1");
                data.extend_from_slice(vault);
                data.extend_from_slice(*order);
                data.push(u8::from(*done));
                data.extend_from_slice(&epoch_new.to_be_bytes());
            }
        }
        data
    }

    fn part(&self) -> &'static str {
        match self {
            Self::Node { .. } => "key tree",
            Self::Record { .. } => "record",
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
    let sealed = seal_on_stack(random, key, vault, place, plain);
    wipe_stack::<OF_A_CALL>();
    sealed
}

#[inline(never)]
fn seal_on_stack(
    random: &dyn Randomness,
    key: &[u8; KEY_LEN],
    vault: &[u8; 16],
    place: &Place<'_>,
    plain: &[u8],
) -> Result<Vec<u8>, VaultError> {
    let mut nonce = [0; NONCE_LEN];
    random.fill(&mut nonce)?;
    // The buffer is encrypted in place, and its room is taken at once: growing it would leave clear bytes behind.
    let mut body = Vec::with_capacity(plain.len() + AES_256_GCM.tag_len());
    body.extend_from_slice(plain);
    let aad = Aad::from(place.associated_data(vault));
    let sealed = ring_key(key, place)
        .and_then(|cipher| {
            cipher
                .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut body)
                .map_err(|_too_long| VaultError::Corrupt { part: place.part() })
        })
        .map(|()| {
            let mut sealed = Vec::with_capacity(NONCE_LEN + body.len());
            sealed.extend_from_slice(&nonce);
            sealed.extend_from_slice(&body);
            sealed
        });
    if sealed.is_err() {
        body.zeroize();
    }
    sealed
}

/// Opens what [`seal`] gave; [`VaultError::Corrupt`] for any other key, vault, place or bytes.
pub(crate) fn open(
    key: &[u8; KEY_LEN],
    vault: &[u8; 16],
    place: &Place<'_>,
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, VaultError> {
    let opened = open_on_stack(key, vault, place, sealed);
    wipe_stack::<OF_A_CALL>();
    opened
}

#[inline(never)]
fn open_on_stack(
    key: &[u8; KEY_LEN],
    vault: &[u8; 16],
    place: &Place<'_>,
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, VaultError> {
    let corrupt = || VaultError::Corrupt { part: place.part() };
    let (nonce, body) = sealed.split_first_chunk::<NONCE_LEN>().ok_or_else(corrupt)?;
    let mut body = Zeroizing::new(body.to_vec());
    let length = ring_key(key, place)?
        .open_in_place(
            Nonce::assume_unique_for_key(*nonce),
            Aad::from(place.associated_data(vault)),
            body.as_mut_slice(),
        )
        .map_err(|_unspecified| corrupt())?
        .len();
    body.truncate(length);
    Ok(body)
}

fn ring_key(key: &[u8; KEY_LEN], place: &Place<'_>) -> Result<LessSafeKey, VaultError> {
    UnboundKey::new(&AES_256_GCM, key)
        .map(LessSafeKey::new)
        .map_err(|_wrong_length| VaultError::Corrupt { part: place.part() })
}
