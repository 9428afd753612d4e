//! Bytes on the wire: base64url without padding, strict in both directions.
//!
//! Strict means that each value has exactly one text: padding, line breaks, the standard alphabet or stray bits in
//! the last character are refused (RFC 4648 section 3.5). Both types hold public data only; secrets never use them.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

/// The text was not strict base64url, or not of the right length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}: write base64url without padding (RFC 4648 section 5)")]
pub struct BadBytes {
    expected: &'static str,
}

/// Writes base64url without padding.
#[must_use]
pub fn to_base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads strict base64url without padding.
///
/// # Errors
/// [`BadBytes`] for any text that [`to_base64url`] would not have written.
pub fn from_base64url(text: &str) -> Result<Vec<u8>, BadBytes> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| BadBytes { expected: "bytes" })
}

/// Writes standard base64 with padding, as the C2SP log formats demand.
pub(crate) fn to_base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Reads strict standard base64 with padding.
pub(crate) fn from_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// SHA-256 over the concatenation of the parts.
pub(crate) fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().into()
}

fn write_short(f: &mut fmt::Formatter<'_>, name: &str, bytes: &[u8]) -> fmt::Result {
    let head = bytes.get(..4).unwrap_or(bytes);
    write!(f, "{name}({}…, {} bytes)", hex::encode(head), bytes.len())
}

/// Public bytes of any length.
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct B64(Vec<u8>);

impl B64 {
    /// Takes the bytes.
    #[must_use]
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }

    /// The bytes.
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        &self.0
    }
}

impl AsRef<[u8]> for B64 {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl From<Vec<u8>> for B64 {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for B64 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_short(f, "B64", &self.0)
    }
}

impl Serialize for B64 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&to_base64url(&self.0))
    }
}

impl<'de> Deserialize<'de> for B64 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        from_base64url(&String::deserialize(deserializer)?)
            .map(Self)
            .map_err(D::Error::custom)
    }
}

/// 32 public bytes: a SHA-256 digest, a salt, a commitment.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest32([u8; 32]);

impl Digest32 {
    /// SHA-256 of the bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(sha256(&[bytes]))
    }

    /// SHA-256 of the parts, one after the other.
    #[must_use]
    pub fn of_parts(parts: &[&[u8]]) -> Self {
        Self(sha256(parts))
    }

    /// Takes 32 bytes as they are.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Reads the text that `Display` writes.
    ///
    /// # Errors
    /// [`BadBytes`] when it is not strict base64url of 32 bytes.
    pub fn parse(text: &str) -> Result<Self, BadBytes> {
        let bad = BadBytes { expected: "32 bytes" };
        let bytes = from_base64url(text).map_err(|_| bad)?;
        bytes.try_into().map(Self).map_err(|_| bad)
    }
}

impl From<[u8; 32]> for Digest32 {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl AsRef<[u8]> for Digest32 {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for Digest32 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&to_base64url(&self.0))
    }
}

impl fmt::Debug for Digest32 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_short(f, "Digest32", &self.0)
    }
}

impl Serialize for Digest32 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest32 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_have_exactly_one_text() {
        assert_eq!(from_base64url("-_8").unwrap(), [0xfb, 0xff]);
        for bad in ["-_9", "-_8=", "+/8", "-_8\n", " -_8", "-", "-_8é"] {
            assert!(from_base64url(bad).is_err(), "{bad:?} was accepted");
        }
    }

    #[test]
    fn a_digest_of_31_or_33_bytes_is_refused() {
        assert!(Digest32::parse(&to_base64url(&[7; 32])).is_ok());
        assert!(Digest32::parse(&to_base64url(&[7; 31])).is_err());
        assert!(Digest32::parse(&to_base64url(&[7; 33])).is_err());
    }

    #[test]
    fn debug_shows_a_short_head_only() {
        assert_eq!(format!("{:?}", B64::new([0xabu8; 40])), "B64(abababab…, 40 bytes)");
        assert_eq!(format!("{:?}", Digest32::of(b"")), "Digest32(e3b0c442…, 32 bytes)");
    }
}
