//! AES-256-GCM, wherever Quittance seals something itself.
//!
//! Sealed bytes are `nonce (12, random) || ciphertext || tag (16)`. ring does not wipe its keys, so a ring key lives here for
//! one call only, and the stack that it lived on is wiped after it.

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use zeroize::Zeroize as _;

use crate::key::KEY_LEN;
use crate::randomness::{Randomness, RandomnessError};
use crate::secret::Secret;
use crate::stack::{OF_A_CALL, on_wiped_stack};

/// Why something was not sealed, or not opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AeadError {
    /// There was no nonce to be had.
    #[error(transparent)]
    Randomness(#[from] RandomnessError),
    /// The bytes are not what was sealed under this key and bound to this; or they are more than the cipher takes.
    #[error("the key does not open these bytes for this place")]
    Refused,
}

/// Seals `plain` under `key`, bound to `associated`, which is not kept.
///
/// # Errors
/// [`AeadError::Randomness`] without a nonce; [`AeadError::Refused`] for more than 64 GiB.
pub fn seal(
    key: &[u8; KEY_LEN],
    random: &dyn Randomness,
    associated: &[u8],
    plain: &[u8],
) -> Result<Vec<u8>, AeadError> {
    on_wiped_stack::<_, OF_A_CALL>(|| Cipher::new(key)?.seal(random, associated, plain))
}

/// Opens what [`seal`] gave.
///
/// # Errors
/// [`AeadError::Refused`] for any other key, associated bytes or sealed ones.
pub fn open(key: &[u8; KEY_LEN], associated: &[u8], sealed: Vec<u8>) -> Result<Secret, AeadError> {
    on_wiped_stack::<_, OF_A_CALL>(|| Cipher::new(key)?.open(associated, sealed))
}

/// A key that is ready for use, which costs as much as sealing a short row: for who seals many rows under one key.
///
/// ring does not wipe it, so it stands on the stack for one row only, or in a box, which a zeroizing allocator wipes.
pub(crate) struct Cipher(LessSafeKey);

impl Cipher {
    /// Makes a key ready.
    #[inline]
    pub(crate) fn new(key: &[u8; KEY_LEN]) -> Result<Self, AeadError> {
        match UnboundKey::new(&AES_256_GCM, key) {
            Ok(key) => Ok(Self(LessSafeKey::new(key))),
            Err(_wrong_length) => Err(AeadError::Refused),
        }
    }

    /// As [`seal`].
    pub(crate) fn seal(&self, random: &dyn Randomness, associated: &[u8], plain: &[u8]) -> Result<Vec<u8>, AeadError> {
        let mut nonce = [0; NONCE_LEN];
        random.fill(&mut nonce)?;
        // The buffer is encrypted in place, and its room is taken at once: growing it would leave clear bytes behind.
        let mut sealed = Vec::with_capacity(NONCE_LEN + plain.len() + AES_256_GCM.tag_len());
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(plain);
        let tag = sealed.split_at_mut_checked(NONCE_LEN).and_then(|(_, body)| {
            let nonce = Nonce::assume_unique_for_key(nonce);
            self.0
                .seal_in_place_separate_tag(nonce, Aad::from(associated), body)
                .ok()
        });
        match tag {
            Some(tag) => {
                sealed.extend_from_slice(tag.as_ref());
                Ok(sealed)
            }
            None => {
                sealed.zeroize();
                Err(AeadError::Refused)
            }
        }
    }

    /// As [`open`].
    pub(crate) fn open(&self, associated: &[u8], mut sealed: Vec<u8>) -> Result<Secret, AeadError> {
        self.open_in(associated, &mut sealed)?;
        sealed.drain(..NONCE_LEN);
        Ok(Secret::new(sealed))
    }

    /// Opens sealed bytes where they stand, and cuts off what is behind the clear ones, which begin behind the nonce. Where
    /// they do not open, ring leaves nothing clear.
    pub(crate) fn open_in<'a>(&self, associated: &[u8], body: &'a mut Vec<u8>) -> Result<&'a [u8], AeadError> {
        let (nonce, text) = body.split_first_chunk_mut::<NONCE_LEN>().ok_or(AeadError::Refused)?;
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let opened = self.0.open_in_place(nonce, Aad::from(associated), text);
        let end = NONCE_LEN + opened.map_err(|_unspecified| AeadError::Refused)?.len();
        body.truncate(end);
        body.get(NONCE_LEN..).ok_or(AeadError::Refused)
    }
}
