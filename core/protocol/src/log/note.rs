//! Signed notes: a text with the Ed25519 signatures of named keys (C2SP signed-note, type 0x01).

use std::fmt;
use std::str::FromStr;

use zeroize::Zeroizing;

use crate::bytes::{from_base64, sha256, to_base64};
use crate::ed25519::SigningKey;
use crate::key::PublicKey;
use crate::log::LogError;

/// Signature type identifier of Ed25519.
const ED25519: u8 = 0x01;

/// More signature lines than the 16 that every reader must accept are refused here from twice that number on.
const MOST_SIGNATURES: usize = 32;

/// The public half of a note signer, written as a C2SP vkey: `name+keyhash+base64(01 || key)`.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    id: [u8; 4],
    key: PublicKey,
}

impl VerifierKey {
    /// Names a key.
    ///
    /// # Errors
    /// [`LogError::Key`] where the name is empty or has spaces, `+` or control characters, or the key is not Ed25519.
    pub fn new(name: &str, key: PublicKey) -> Result<Self, LogError> {
        if !name_is_valid(name) || key.as_bytes().len() != 32 {
            return Err(LogError::Key);
        }
        Ok(Self {
            name: name.to_owned(),
            id: key_id(name, &key),
            key,
        })
    }

    /// The key's name, which is also the log's origin.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Opens a note: returns its text, checked against this key. Signatures of other keys are passed over, as the
    /// specification demands.
    ///
    /// # Errors
    /// [`LogError::Note`] for another form, [`LogError::Unsigned`] without this key's signature,
    /// [`LogError::Signature`] where it does not verify or stands twice.
    pub fn open<'a>(&self, note: &'a str) -> Result<&'a str, LogError> {
        let (text, signatures) = take_apart(note)?;
        let mut mine = signatures
            .into_iter()
            .filter(|line| line.name == self.name && line.id == self.id);
        let line = mine.next().ok_or(LogError::Unsigned)?;
        if mine.next().is_some() {
            return Err(LogError::Signature);
        }
        let signature: [u8; 64] = line.signature.try_into().map_err(|_| LogError::Signature)?;
        self.key
            .verify(text.as_bytes(), &signature)
            .map_err(|_| LogError::Signature)?;
        Ok(text)
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = [&[ED25519], self.key.as_bytes()].concat();
        write!(f, "{}+{}+{}", self.name, hex::encode(self.id), to_base64(&key))
    }
}

impl fmt::Debug for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifierKey({self})")
    }
}

impl FromStr for VerifierKey {
    type Err = LogError;

    fn from_str(text: &str) -> Result<Self, LogError> {
        // The name has no plus, but base64 may.
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(_), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(LogError::Key);
        };
        let key = from_base64(key).ok_or(LogError::Key)?;
        let (&ED25519, key) = key.split_first().ok_or(LogError::Key)? else {
            return Err(LogError::Key);
        };
        let read = Self::new(name, PublicKey::ed25519_from_bytes(key).map_err(|_| LogError::Key)?)?;
        // Covers the key hash, its letter case, and anything else that has two spellings.
        if read.to_string() == text {
            Ok(read)
        } else {
            Err(LogError::Key)
        }
    }
}

/// Signs notes under one name. The seed is wiped on drop.
#[derive(Debug)]
pub struct NoteSigner {
    key: SigningKey,
    verifier: VerifierKey,
}

impl NoteSigner {
    /// Makes the signer that belongs to a name with 32 secret random bytes.
    ///
    /// # Errors
    /// [`LogError::Key`] where the name is empty or has spaces, `+` or control characters.
    pub fn new(name: &str, seed: &Zeroizing<[u8; 32]>) -> Result<Self, LogError> {
        let key = SigningKey::from_seed(seed).map_err(|_| LogError::Key)?;
        let verifier = VerifierKey::new(name, *key.public_key())?;
        Ok(Self { key, verifier })
    }

    /// The public half.
    #[must_use]
    pub const fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// Signs a text that ends in a newline: returns the whole note.
    ///
    /// # Errors
    /// [`LogError::Note`] for a text that has no final newline, or has control characters.
    pub fn sign(&self, text: &str) -> Result<String, LogError> {
        if !text.ends_with('\n') || !characters_are_valid(text) {
            return Err(LogError::Note);
        }
        let signature = [self.verifier.id.as_slice(), &self.key.sign(text.as_bytes())].concat();
        Ok(format!("{text}\n— {} {}\n", self.verifier.name, to_base64(&signature)))
    }
}

struct SignatureLine<'a> {
    name: &'a str,
    id: [u8; 4],
    signature: Vec<u8>,
}

fn take_apart(note: &str) -> Result<(&str, Vec<SignatureLine<'_>>), LogError> {
    if !characters_are_valid(note) {
        return Err(LogError::Note);
    }
    let blank = note.rfind("\n\n").ok_or(LogError::Note)?;
    let (text, signatures) = note.split_at_checked(blank + 1).ok_or(LogError::Note)?;
    let signatures = signatures
        .strip_prefix('\n')
        .and_then(|lines| lines.strip_suffix('\n'))
        .ok_or(LogError::Note)?;
    let lines: Vec<_> = signatures
        .split('\n')
        .take(MOST_SIGNATURES + 1)
        .map(signature_line)
        .collect::<Option<_>>()
        .ok_or(LogError::Note)?;
    if lines.len() > MOST_SIGNATURES {
        Err(LogError::Note)
    } else {
        Ok((text, lines))
    }
}

fn signature_line(line: &str) -> Option<SignatureLine<'_>> {
    let (name, signature) = line.strip_prefix("— ")?.split_once(' ')?;
    let bytes = from_base64(signature)?;
    let (id, signature) = bytes.split_first_chunk::<4>()?;
    (name_is_valid(name) && !signature.is_empty()).then(|| SignatureLine {
        name,
        id: *id,
        signature: signature.to_vec(),
    })
}

fn name_is_valid(name: &str) -> bool {
    !name.is_empty() && characters_are_valid(name) && !name.contains(|c: char| c == '+' || c.is_whitespace())
}

fn characters_are_valid(text: &str) -> bool {
    !text.chars().any(|c| c < ' ' && c != '\n')
}

fn key_id(name: &str, key: &PublicKey) -> [u8; 4] {
    let [a, b, c, d, ..] = sha256(&[name.as_bytes(), b"\n", &[ED25519], key.as_bytes()]);
    [a, b, c, d]
}
