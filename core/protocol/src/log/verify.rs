//! What a reader of the log checks before believing it.

use crate::log::merkle::{self, Hash};
use crate::log::{Checkpoint, Entry, LogError, TlogProof, VerifierKey};

/// An entry that is in the log, as a checkpoint of the log says.
#[derive(Clone, Debug)]
pub struct VerifiedEntry {
    entry: Entry,
    index: u64,
    checkpoint: Checkpoint,
}

impl VerifiedEntry {
    /// The entry.
    #[must_use]
    pub const fn entry(&self) -> &Entry {
        &self.entry
    }

    /// Its place in the log, from 0.
    #[must_use]
    pub const fn index(&self) -> u64 {
        self.index
    }

    /// The checkpoint that it was proved under.
    #[must_use]
    pub const fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }
}

/// Checks that `entry_bytes` are in the log: the proof's form, its `extra` (these very bytes), the checkpoint's
/// signature under the pinned key, the path to its root.
///
/// # Errors
/// [`LogError`], with what failed first.
pub fn verify_logged(proof_text: &str, log: &VerifierKey, entry_bytes: &[u8]) -> Result<VerifiedEntry, LogError> {
    let proof: TlogProof = proof_text.parse()?;
    if proof.extra.as_deref() != Some(entry_bytes) {
        return Err(LogError::OtherEntry);
    }
    let checkpoint = Checkpoint::open(&proof.checkpoint, log)?;
    let leaf = merkle::leaf_hash(entry_bytes);
    merkle::verify_inclusion(&leaf, proof.index, checkpoint.size(), &proof.hashes, checkpoint.root())
        .map_err(|_| LogError::NotIncluded)?;
    Ok(VerifiedEntry {
        entry: Entry::parse(entry_bytes)?,
        index: proof.index,
        checkpoint,
    })
}

/// A phone's memory of the log: the largest checkpoint that it has accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenLog {
    checkpoint: Checkpoint,
}

impl SeenLog {
    /// The first checkpoint is taken on the log's signature alone.
    #[must_use]
    pub const fn first(checkpoint: Checkpoint) -> Self {
        Self { checkpoint }
    }

    /// The largest checkpoint accepted so far.
    #[must_use]
    pub const fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// Accepts another checkpoint, given the consistency proof from the smaller of the two to the larger (empty for
    /// equal sizes). A smaller checkpoint that is shown consistent is fine, and changes nothing.
    ///
    /// # Errors
    /// [`Contradiction`], which holds both signed notes: keep it.
    pub fn accept(&self, new: Checkpoint, consistency: &[Hash]) -> Result<Self, Box<Contradiction>> {
        let seen = &self.checkpoint;
        let (old, young) = if new.size() < seen.size() {
            (&new, seen)
        } else {
            (seen, &new)
        };
        let consistent = seen.origin() == new.origin()
            && merkle::verify_consistency(old.size(), old.root(), young.size(), young.root(), consistency).is_ok();
        if !consistent {
            let proves_fork = seen.origin() == new.origin() && seen.size() == new.size() && seen.root() != new.root();
            return Err(Box::new(Contradiction {
                proves_fork,
                seen: seen.clone(),
                offered: new,
            }));
        }
        Ok(Self {
            checkpoint: young.clone(),
        })
    }
}

/// Two checkpoints that were not shown to be of one growing log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the log's checkpoints of size {} and {} are not shown to be consistent", seen.size(), offered.size())]
pub struct Contradiction {
    /// True where the two notes alone convict the log: same origin, same size, other root. Where false, the proof
    /// that came along does not show consistency, which a lost or damaged answer also brings about.
    pub proves_fork: bool,
    /// What was seen before.
    pub seen: Checkpoint,
    /// What was offered now.
    pub offered: Checkpoint,
}
