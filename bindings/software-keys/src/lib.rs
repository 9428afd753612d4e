//! P-256 and AES-256-GCM for the Swift tests on Linux, where the system's own library has neither.
//!
//! A library of its own, beside the one under test: it shares no code with it, and no app links it.

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use std::sync::Arc;

uniffi::setup_scaffolding!("software_crypto");

/// Why a key did not do what it was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum CryptoError {
    /// The generator of random bytes failed.
    #[error("the generator of random bytes failed")]
    Randomness,
    /// The key did not make these bytes.
    #[error("the key does not open these bytes")]
    Refused,
}

/// A pair of P-256 keys in memory.
#[derive(Debug, uniffi::Object)]
pub struct P256Key(EcdsaKeyPair);

/// An AES-256-GCM key in memory.
#[derive(Debug, uniffi::Object)]
pub struct WrappingKey(LessSafeKey);

#[uniffi::export]
impl P256Key {
    /// Draws a new pair.
    #[uniffi::constructor]
    pub fn generate() -> Result<Arc<Self>, CryptoError> {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random);
        let pkcs8 = pkcs8.map_err(|_| CryptoError::Randomness)?;
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8.as_ref(), &random);
        Ok(Arc::new(Self(pair.map_err(|_| CryptoError::Randomness)?)))
    }

    /// The uncompressed SEC 1 point.
    pub fn public_key(&self) -> Vec<u8> {
        self.0.public_key().as_ref().to_vec()
    }

    /// ECDSA over SHA-256, DER.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let signature = self
            .0
            .sign(&SystemRandom::new(), message)
            .map_err(|_| CryptoError::Randomness)?;
        Ok(signature.as_ref().to_vec())
    }
}

#[uniffi::export]
impl WrappingKey {
    /// Draws a new key.
    #[uniffi::constructor]
    pub fn generate() -> Result<Arc<Self>, CryptoError> {
        let mut bytes = [0; 32];
        SystemRandom::new()
            .fill(&mut bytes)
            .map_err(|_| CryptoError::Randomness)?;
        let key = UnboundKey::new(&AES_256_GCM, &bytes).map_err(|_| CryptoError::Randomness)?;
        Ok(Arc::new(Self(LessSafeKey::new(key))))
    }

    /// Encrypts under a fresh nonce, which stands in front.
    pub fn wrap(&self, plain: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let mut nonce = [0; NONCE_LEN];
        SystemRandom::new()
            .fill(&mut nonce)
            .map_err(|_| CryptoError::Randomness)?;
        let mut sealed = plain.to_vec();
        let sealing = Nonce::assume_unique_for_key(nonce);
        self.0
            .seal_in_place_append_tag(sealing, Aad::empty(), &mut sealed)
            .map_err(|_| CryptoError::Refused)?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// Opens what [`WrappingKey::wrap`] gave.
    pub fn unwrap(&self, wrapped: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let (nonce, sealed) = wrapped.split_first_chunk().ok_or(CryptoError::Refused)?;
        let mut sealed = sealed.to_vec();
        let plain = self
            .0
            .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::empty(), &mut sealed);
        plain.map(|plain| plain.to_vec()).map_err(|_| CryptoError::Refused)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_opens_what_it_wrapped_and_nothing_else() {
        let (key, other) = (WrappingKey::generate().unwrap(), WrappingKey::generate().unwrap());
        let wrapped = key.wrap(b"seed").unwrap();
        assert_eq!(key.unwrap(&wrapped).unwrap(), b"seed");
        assert_eq!(other.unwrap(&wrapped).unwrap_err(), CryptoError::Refused);
        assert_eq!(key.unwrap(b"short").unwrap_err(), CryptoError::Refused);
    }

    #[test]
    fn a_signature_verifies_with_the_public_point() {
        let key = P256Key::generate().unwrap();
        let signature = key.sign(b"challenge").unwrap();
        let algorithm = &ring::signature::ECDSA_P256_SHA256_ASN1;
        let public = ring::signature::UnparsedPublicKey::new(algorithm, key.public_key());
        assert!(public.verify(b"challenge", &signature).is_ok());
        assert!(public.verify(b"another", &signature).is_err());
    }
}
