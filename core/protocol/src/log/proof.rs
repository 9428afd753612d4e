//! Offline proofs of inclusion: the file that is handed out (C2SP tlog-proof).

use std::fmt;
use std::str::FromStr;

use crate::bytes::{from_base64, to_base64};
use crate::log::LogError;
use crate::log::checkpoint::{decimal, hash};
use crate::log::merkle::Hash;

/// The first line.
const MAGIC: &str = "c2sp.org/tlog-proof@v1\n";

/// A tree of 2^64 leaves has no longer proof.
const LONGEST_PROOF: usize = 64;

/// A proof as read: canonical in form, and nothing in it checked yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlogProof {
    /// Data for the application; not authenticated by the format.
    pub extra: Option<Vec<u8>>,
    /// The entry's place in the log, from 0.
    pub index: u64,
    /// Siblings from the leaf upwards.
    pub hashes: Vec<Hash>,
    /// The signed checkpoint, verbatim.
    pub checkpoint: String,
}

impl FromStr for TlogProof {
    type Err = LogError;

    /// Accepts exactly what `Display` writes.
    fn from_str(text: &str) -> Result<Self, LogError> {
        let read = read(text).ok_or(LogError::Proof)?;
        if read.to_string() == text {
            Ok(read)
        } else {
            Err(LogError::Proof)
        }
    }
}

impl fmt::Display for TlogProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MAGIC)?;
        if let Some(extra) = &self.extra {
            writeln!(f, "extra {}", to_base64(extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        for hash in &self.hashes {
            writeln!(f, "{}", to_base64(hash))?;
        }
        write!(f, "\n{}", self.checkpoint)
    }
}

fn read(text: &str) -> Option<TlogProof> {
    let (head, checkpoint) = text.strip_prefix(MAGIC)?.split_once("\n\n")?;
    let mut lines = head.split('\n').peekable();
    let extra = match lines.next_if(|line| line.starts_with("extra ")) {
        Some(line) => Some(from_base64(line.strip_prefix("extra ")?)?),
        None => None,
    };
    let index = decimal(lines.next()?.strip_prefix("index ")?)?;
    // A proof that is longer does not read back as itself.
    let hashes: Vec<Hash> = lines.take(LONGEST_PROOF).map(hash).collect::<Option<_>>()?;
    Some(TlogProof {
        extra,
        index,
        hashes,
        checkpoint: checkpoint.to_owned(),
    })
}
