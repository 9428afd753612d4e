//! The keys that attestation chains have to end in.

use std::collections::BTreeSet;

use quittance_protocol::Digest32;
use x509_cert::Certificate;
use x509_cert::der::Encode as _;

/// Published hardware attestation roots, by SHA-256 of the key (SubjectPublicKeyInfo, DER). A root is its key: the
/// older of these two was issued again and again with the same key and other dates.
const PUBLISHED: [[u8; 32]; 2] = [
    // RSA-4096, serialNumber=f92009e853b6b045: factory-provisioned phones, and remotely provisioned ones until 2026.
    [
        0xfe, 0xb2, 0xea, 0x75, 0x51, 0xee, 0x31, 0x6e, 0xd4, 0xbb, 0x44, 0x3c, 0x82, 0x93, 0xb8, 0x84, 0xdb, 0xfd,
        0xea, 0x40, 0xb6, 0x03, 0xee, 0x3e, 0x4f, 0x4a, 0x89, 0x7e, 0x45, 0x80, 0xfb, 0xae,
    ],
    // P-384, CN=Key Attestation CA1: remotely provisioned phones since 2026.
    [
        0x3e, 0xe4, 0x45, 0x12, 0xa1, 0xaf, 0x2b, 0xeb, 0x39, 0xc8, 0x89, 0x49, 0x0c, 0x60, 0xea, 0x3f, 0x82, 0xe4,
        0x3f, 0x5d, 0x5a, 0x55, 0x32, 0xf5, 0xab, 0x94, 0x19, 0xf6, 0x76, 0xcd, 0x07, 0xec,
    ],
];

/// Why a file of roots cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RootError {
    /// It is neither PEM nor the published JSON form.
    #[error("expected certificates in PEM, or a JSON list of such texts")]
    Form,
    /// It names no root.
    #[error("there is no certificate in it")]
    Empty,
}

/// Pinned root keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roots(BTreeSet<Digest32>);

impl Roots {
    /// The published hardware roots.
    #[must_use]
    pub fn published() -> Self {
        Self(PUBLISHED.into_iter().map(Digest32::from_bytes).collect())
    }

    /// No root at all: every chain is foreign.
    #[must_use]
    pub const fn none() -> Self {
        Self(BTreeSet::new())
    }

    /// Pins the keys of certificates too: PEM, or a JSON list of PEM texts, which is the form of the published list.
    ///
    /// # Errors
    /// [`RootError`]; nothing was pinned.
    pub fn and(mut self, file: &[u8]) -> Result<Self, RootError> {
        let texts: Vec<String> = match serde_json::from_slice(file) {
            Ok(texts) => texts,
            Err(_) => vec![String::from_utf8(file.to_vec()).map_err(|_| RootError::Form)?],
        };
        let mut keys = BTreeSet::new();
        for text in &texts {
            let certificates = Certificate::load_pem_chain(text.trim().as_bytes()).map_err(|_| RootError::Form)?;
            for certificate in certificates {
                let key = certificate.tbs_certificate().subject_public_key_info();
                keys.insert(Digest32::of(&key.to_der().map_err(|_| RootError::Form)?));
            }
        }
        if keys.is_empty() {
            return Err(RootError::Empty);
        }
        self.0.append(&mut keys);
        Ok(self)
    }

    /// Whether a key is pinned.
    #[must_use]
    pub fn has(&self, key: &Digest32) -> bool {
        self.0.contains(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_a_root_is_refused() {
        for (file, error) in [
            ("", RootError::Empty),
            ("[]", RootError::Empty),
            ("no certificate", RootError::Form),
            ("[1]", RootError::Form),
            ("{}", RootError::Form),
            (
                "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
                RootError::Form,
            ),
        ] {
            assert_eq!(Roots::none().and(file.as_bytes()), Err(error), "{file}");
        }
        assert_eq!(Roots::none().and(&[0xff]), Err(RootError::Form));
    }
}
