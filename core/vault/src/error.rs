//! What a vault answers when it cannot do what was asked.

use crate::destruction::Probe;
use crate::randomness::RandomnessError;
use crate::root_keys::RootKeyError;

/// Why a vault that can be read refuses to be used.
///
/// In each case the caller (the wallet, the gateway) reports itself as restored or cloned; no file is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum QuarantineReason {
    /// The keystore has no key of the epoch that the file names: the file is older or newer than its keystore.
    EpochKeyMissing,
    /// The keystore invalidated the key of the epoch, for example after a new lock-screen secret.
    EpochKeyInvalidated,
    /// The keystore has a key of the epoch, but it did not wrap this file's root: a file of another device.
    ForeignRoot,
}

/// Every way in which a call on a vault fails. No variant holds a secret or a personal datum.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VaultError {
    /// There is no vault at the path; make one with [`crate::Vault::create`], or restore nothing and re-enrol.
    #[error("no vault at the configured path: create one, or enrol again")]
    Missing,
    /// A file stands at the path where a new vault was to be made. Nothing was overwritten.
    #[error("a file already stands at the path of the new vault: open it, or choose another path")]
    AlreadyExists,
    /// Another process (or another `Vault` in this one) has the vault open.
    #[error("the vault is open elsewhere: close the other process first")]
    Locked,
    /// The file was written by a newer version of this library. It was not changed.
    #[error("the vault has format {found}, this program knows {supported} at most: update the program")]
    NewerVersion {
        /// The format version in the file.
        found: u32,
        /// The newest format version that this library reads.
        supported: u32,
    },
    /// The file is an SQLite database of another kind, or none at all. It was not changed.
    #[error("the file at the configured path is not a vault: choose another path")]
    NotAVault,
    /// The file does not belong to the present state of its keystore. It was not changed.
    #[error("the vault does not belong to the present state of its keystore ({reason:?}): enrol again")]
    Quarantined {
        /// What does not fit.
        reason: QuarantineReason,
    },
    /// A row does not open or does not have its shape: damage, or rows that were exchanged.
    #[error(
        "the vault's {part} is damaged: put an intact file of the keystore's present state back, or make a new vault"
    )]
    Corrupt {
        /// The part of the file.
        part: &'static str,
    },
    /// Every slot of the vault holds a record.
    #[error("the vault is full: all of its {slots} slots hold a record")]
    Full {
        /// How many slots a tree of [`crate::MAX_HEIGHT`] levels has, which is more than any disk holds.
        slots: u64,
    },
    /// The height of a new vault is outside 1 to [`crate::MAX_HEIGHT`].
    #[error("height {height} is not possible: choose 1, the tree grows by itself")]
    BadHeight {
        /// The height that was asked for.
        height: u8,
    },
    /// A counter of the file (epoch, slot, version) reached the end of its range.
    #[error("the vault's {counter} is at the end of its range")]
    Exhausted {
        /// The counter.
        counter: &'static str,
    },
    /// The volume has no room. Nothing was written; the vault is as it was.
    #[error("no room on the volume of the vault: free some and repeat")]
    StorageFull,
    /// The file, or its folder, cannot be written by this program. Nothing was changed.
    #[error("the vault cannot be written: let this program write the file and its folder")]
    ReadOnly,
    /// An earlier write inside the transaction failed, and may have left a part of itself. Nothing was written.
    #[error("the transaction ended after an earlier error in it; nothing was written: repeat it")]
    TransactionLost,
    /// The last commit failed and the file could not be read again. Call [`crate::Vault::heal`], as each call that writes
    /// does by itself, or open the vault anew.
    #[error("the vault's state is unknown after a failed write: heal or reopen it")]
    Poisoned,
    /// The new epoch of this very call is durable, and so is everything that was written with it; the old key may not yet be
    /// deleted. What keeps an earlier call from its end is answered as itself, and nothing of the present call is written.
    ///
    /// Nothing may be said to be destroyed. Repeating the same order, the next rotation, and the next open each
    /// complete it.
    #[error("epoch {epoch_new} is written, the end of epoch {epoch_old} is not complete: repeat the order")]
    Unfinished {
        /// The epoch whose key has to go.
        epoch_old: u64,
        /// The epoch of the file.
        epoch_new: u64,
        /// What stopped it.
        #[source]
        source: Box<VaultError>,
    },
    /// The old key was deleted, as the keystore says, yet something still opens. Nothing may be said to be destroyed. While the
    /// key itself works, no later epoch begins.
    #[error("the probe after epoch {epoch_old} found that the old key still works: the keystore does not delete")]
    ProbeFailed {
        /// The epoch whose key should be gone.
        epoch_old: u64,
        /// What the probe found.
        probe: Probe,
    },
    /// The order ended other records than these, or is about to. Nothing was changed.
    #[error("the order stands for the end of other records: give these an order of their own")]
    OtherTargets,
    /// The keystore failed.
    #[error("keystore: {0}")]
    RootKey(#[from] RootKeyError),
    /// The source of randomness failed.
    #[error(transparent)]
    Randomness(#[from] RandomnessError),
    /// SQLite failed. Inside a transaction nothing was written.
    #[error("database of the vault: {0}: repeat it; if it fails again, look after the disk")]
    Store(#[source] rusqlite::Error),
    /// The file system failed on the lock file, the permissions or the folder of the vault.
    #[error("{step} of the vault: {source}")]
    File {
        /// What was tried.
        step: &'static str,
        /// What the system answered.
        #[source]
        source: std::io::Error,
    },
}

impl From<rusqlite::Error> for VaultError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DiskFull) => Self::StorageFull,
            Some(rusqlite::ErrorCode::ReadOnly) => Self::ReadOnly,
            Some(rusqlite::ErrorCode::NotADatabase) => Self::NotAVault,
            Some(rusqlite::ErrorCode::DatabaseCorrupt) => Self::Corrupt { part: "database" },
            Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked) => Self::Locked,
            _ => Self::Store(error),
        }
    }
}

impl VaultError {
    /// What stopped an end that was begun, where that is what it is about.
    pub(crate) fn into_cause(self) -> Self {
        match self {
            Self::Unfinished { source, .. } => *source,
            other => other,
        }
    }

    /// Whether what failed is the end of an older key, or the keystore: what ends nothing can be written all the same.
    #[must_use]
    pub fn keeps_only_ends_back(&self) -> bool {
        matches!(
            self,
            Self::Unfinished { .. } | Self::ProbeFailed { .. } | Self::RootKey(_)
        )
    }

    /// What the file system answered at this step.
    pub(crate) fn of_file(step: &'static str, source: std::io::Error) -> Self {
        match source.kind() {
            std::io::ErrorKind::StorageFull => Self::StorageFull,
            std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => Self::ReadOnly,
            _ => Self::File { step, source },
        }
    }
}
