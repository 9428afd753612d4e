//! Log entries: what the public sees of what the gateway says.
//!
//! The bytes are `quittance-entry/1\n<kind>\n<time>\n<commitment>\n` with the commitment in standard base64. The
//! commitment is SHA-256(salt || body): it names nobody, and it opens to one body only.

use std::fmt;

use crate::bytes::{Digest32, to_base64};
use crate::log::LogError;
use crate::log::checkpoint::hash;
use crate::time::Timestamp;

/// The first line.
const MAGIC: &str = "quittance-entry/1";

/// What an entry is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EntryKind {
    /// A destruction was ordered.
    Order,
    /// The gateway destroyed its half.
    Destroyed,
    /// The destruction is complete: the receipt's entry.
    Closure,
    /// A destroyed token was tried; once for each token.
    Tombstone,
    /// A policy came into force.
    Policy,
    /// A phone is told to wipe itself. Reserved: nobody says it yet.
    Wipe,
}

impl EntryKind {
    /// Every kind.
    pub const ALL: [Self; 6] = [
        Self::Order,
        Self::Destroyed,
        Self::Closure,
        Self::Tombstone,
        Self::Policy,
        Self::Wipe,
    ];

    /// The kind's name in an entry.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Order => "order",
            Self::Destroyed => "destroyed",
            Self::Closure => "closure",
            Self::Tombstone => "tombstone",
            Self::Policy => "policy",
            Self::Wipe => "wipe",
        }
    }
}

/// One entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What it is about.
    pub kind: EntryKind,
    /// Gateway time when it was decided.
    pub time: Timestamp,
    /// SHA-256(salt || body).
    pub commitment: Digest32,
}

impl Entry {
    /// The entry that commits to a body under a fresh random salt.
    #[must_use]
    pub fn commit(kind: EntryKind, time: Timestamp, salt: &[u8; 32], body: &[u8]) -> Self {
        Self {
            kind,
            time,
            commitment: commitment(salt, body),
        }
    }

    /// Whether the commitment opens to this body.
    #[must_use]
    pub fn opens_to(&self, salt: &[u8; 32], body: &[u8]) -> bool {
        commitment(salt, body) == self.commitment
    }

    /// The exact bytes that are logged.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.to_string().into_bytes()
    }

    /// Reads the bytes that [`Self::to_bytes`] writes, and no others.
    ///
    /// # Errors
    /// [`LogError::Entry`].
    pub fn parse(bytes: &[u8]) -> Result<Self, LogError> {
        let entry = std::str::from_utf8(bytes).ok().and_then(read).ok_or(LogError::Entry)?;
        if entry.to_bytes() == bytes {
            Ok(entry)
        } else {
            Err(LogError::Entry)
        }
    }
}

/// SHA-256(salt || body). The salt has a fixed length, so the border between the two is certain.
#[must_use]
pub fn commitment(salt: &[u8; 32], body: &[u8]) -> Digest32 {
    Digest32::of_parts(&[salt, body])
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let commitment = to_base64(self.commitment.as_bytes());
        write!(f, "{MAGIC}\n{}\n{}\n{commitment}\n", self.kind.name(), self.time)
    }
}

fn read(text: &str) -> Option<Entry> {
    let mut lines = text.split('\n');
    let (MAGIC, kind, time, commitment) = (lines.next()?, lines.next()?, lines.next()?, lines.next()?) else {
        return None;
    };
    Some(Entry {
        kind: EntryKind::ALL.into_iter().find(|known| known.name() == kind)?,
        time: time.parse().ok()?,
        commitment: Digest32::from_bytes(hash(commitment)?),
    })
}
