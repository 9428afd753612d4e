//! Ed25519 signing keys that live in software: token halves, merchants, the policy author, the log.
//!
//! The phone's and the payer's hardware keys are P-256 and never pass through here. The key material is wiped when
//! the value is dropped; that is why this is not done with ring, whose key pairs stay in memory.

use std::fmt;

use ed25519_dalek::Signer;
use zeroize::Zeroizing;

use crate::key::{InvalidKey, PublicKey};

/// A signing key, wiped on drop. It has no `Debug` of its contents, no `Clone`, no way to give the seed back.
pub struct SigningKey {
    key: ed25519_dalek::SigningKey,
    public: PublicKey,
}

impl SigningKey {
    /// Makes the key that belongs to 32 secret random bytes (RFC 8032 section 5.1.5).
    ///
    /// # Errors
    /// [`InvalidKey`] cannot happen for a real seed: its public key is checked like any other.
    pub fn from_seed(seed: &Zeroizing<[u8; 32]>) -> Result<Self, InvalidKey> {
        let key = ed25519_dalek::SigningKey::from_bytes(seed);
        let public = PublicKey::ed25519_from_bytes(key.verifying_key().as_bytes())?;
        Ok(Self { key, public })
    }

    /// The key that verifies what this one signs.
    #[must_use]
    pub const fn public_key(&self) -> &PublicKey {
        &self.public
    }

    /// Signs; the same message always gets the same signature (RFC 8032 section 5.1.6).
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.key.sign(message).to_bytes()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.public.thumbprint())
    }
}
