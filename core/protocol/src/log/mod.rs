//! The public log: Merkle tree, signed checkpoints, tiles, offline proofs.
//!
//! Hashing is RFC 6962, texts are C2SP: signed-note, tlog-checkpoint, tlog-tiles, tlog-proof. In the order that a
//! reader needs them: [`entry`] (what is logged), [`merkle`] (how it is summed up), [`note`] with [`checkpoint`] (how
//! that is signed), [`proof`] (what is handed out), [`verify`] (how it is checked), [`tiles`] (how the whole log is
//! served).

pub mod checkpoint;
pub mod entry;
pub mod merkle;
pub mod note;
pub mod proof;
pub mod tiles;
pub mod verify;

pub use checkpoint::Checkpoint;
pub use entry::{Entry, EntryKind};
pub use note::{NoteSigner, VerifierKey};
pub use proof::TlogProof;
pub use verify::{Contradiction, SeenLog, VerifiedEntry, verify_logged};

/// Why a log text is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogError {
    /// The verifier key is not `name+hash+base64` of an Ed25519 key (C2SP signed-note).
    #[error("log key: expected name+keyhash+base64 of an Ed25519 key")]
    Key,
    /// The note is not text, blank line, signature lines (C2SP signed-note).
    #[error("note: expected text, a blank line, signature lines")]
    Note,
    /// The note carries no signature of the expected key.
    #[error("note: not signed by the expected key")]
    Unsigned,
    /// The expected key's signature does not verify, or stands twice.
    #[error("note: the expected key's signature does not verify")]
    Signature,
    /// The note's text is no checkpoint (C2SP tlog-checkpoint).
    #[error("checkpoint: expected origin, size, root hash, each on its line")]
    Checkpoint,
    /// The checkpoint is of another log.
    #[error("checkpoint: it is of another log")]
    Origin,
    /// The text is no proof in canonical form (C2SP tlog-proof).
    #[error("proof: not in the canonical form of tlog-proof@v1")]
    Proof,
    /// The bytes are no log entry of this protocol.
    #[error("entry: expected quittance-entry/1, kind, time, commitment, each on its line")]
    Entry,
    /// The proof speaks of other entry bytes than were given.
    #[error("entry: the proof's extra line holds other bytes")]
    OtherEntry,
    /// The hashes do not lead from the entry to the checkpoint's root.
    #[error("proof: the entry is not in the checkpoint's tree")]
    NotIncluded,
}
