//! Checkpoints: a log's tree head as a signed note (C2SP tlog-checkpoint).

use std::fmt;

use crate::bytes::{from_base64, to_base64};
use crate::log::merkle::Hash;
use crate::log::{LogError, NoteSigner, VerifierKey};

/// A tree head whose signature was checked (or made here): there is no other way to get one.
#[derive(Clone, PartialEq, Eq)]
pub struct Checkpoint {
    origin: String,
    size: u64,
    root: Hash,
    note: String,
}

impl Checkpoint {
    /// Signs the tree head of a log whose origin is the signer's name.
    ///
    /// # Errors
    /// [`LogError::Note`] cannot happen for a valid signer; it is passed on rather than hidden.
    pub fn sign(signer: &NoteSigner, size: u64, root: Hash) -> Result<Self, LogError> {
        let origin = signer.verifier().name().to_owned();
        let note = signer.sign(&format!("{origin}\n{size}\n{}\n", to_base64(&root)))?;
        Ok(Self {
            origin,
            size,
            root,
            note,
        })
    }

    /// Opens a checkpoint with the log's pinned key. Extension lines are allowed and say nothing to us.
    ///
    /// # Errors
    /// [`LogError::Note`], [`LogError::Unsigned`], [`LogError::Signature`] as [`VerifierKey::open`];
    /// [`LogError::Checkpoint`] for another form; [`LogError::Origin`] where the origin is not the key's name.
    pub fn open(note: &str, key: &VerifierKey) -> Result<Self, LogError> {
        let text = key.open(note)?;
        let mut lines = text.strip_suffix('\n').unwrap_or(text).split('\n');
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next()) else {
            return Err(LogError::Checkpoint);
        };
        if origin != key.name() {
            return Err(LogError::Origin);
        }
        let size = decimal(size).ok_or(LogError::Checkpoint)?;
        let root = hash(root).ok_or(LogError::Checkpoint)?;
        if lines.any(str::is_empty) {
            return Err(LogError::Checkpoint);
        }
        Ok(Self {
            origin: origin.to_owned(),
            size,
            root,
            note: note.to_owned(),
        })
    }

    /// The log's unique name.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// How many entries the tree has.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The tree's root hash.
    #[must_use]
    pub const fn root(&self) -> &Hash {
        &self.root
    }

    /// The signed text, verbatim: what is served, stored, or kept as evidence.
    #[must_use]
    pub fn note(&self) -> &str {
        &self.note
    }
}

impl fmt::Debug for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Checkpoint({}, {}, {})",
            self.origin,
            self.size,
            to_base64(&self.root)
        )
    }
}

/// A decimal number with exactly one spelling.
pub(crate) fn decimal(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

/// A hash in standard base64.
pub(crate) fn hash(text: &str) -> Option<Hash> {
    from_base64(text)?.try_into().ok()
}
