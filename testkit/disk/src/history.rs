//! Everything that happened on a disk, in its order.

use std::collections::BTreeMap;
use std::io;

/// One thing that was done to a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// Bytes were written; a file that was not there is there now.
    Write {
        /// Which file.
        file: String,
        /// From which byte on.
        at: usize,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// The file was cut or filled up with zeros.
    Resize {
        /// Which file.
        file: String,
        /// How many bytes it has now.
        length: usize,
    },
    /// What was done to the file before is durable.
    Sync {
        /// Which file.
        file: String,
    },
    /// A sync that answered an error: what it did not write, no later one writes. That is what Linux does.
    FailedSync {
        /// Which file.
        file: String,
    },
    /// The file's name was taken away.
    Remove {
        /// Which file.
        file: String,
    },
    /// What was done to names before is durable.
    SyncNames,
}

impl Operation {
    /// Whether a power failure can no longer take this operation back once `later` was done.
    pub(crate) fn is_settled_by(&self, later: &Self) -> bool {
        match (self, later) {
            (
                Self::Write { file, .. } | Self::Resize { file, .. } | Self::Remove { file },
                Self::Sync { file: synced },
            ) => file == synced,
            (Self::Remove { .. }, Self::SyncNames) => true,
            _ => false,
        }
    }

    /// Whether `later` is the sync that would have settled this operation, and failed.
    pub(crate) fn is_given_up_by(&self, later: &Self) -> bool {
        match later {
            Self::FailedSync { file } => self.is_settled_by(&Self::Sync { file: file.clone() }),
            _ => false,
        }
    }
}

/// The files by their names.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;

/// A disk's operations since it began, with the files that it has now.
#[derive(Default)]
pub struct History {
    began_with: Files,
    operations: Vec<Operation>,
    files: Files,
    ignores_syncs: bool,
    /// How many syncs come through before one fails.
    fails_after: Option<usize>,
}

impl History {
    /// A disk on which these files stand durably.
    pub(crate) fn of(files: Files) -> Self {
        Self {
            began_with: files.clone(),
            files,
            ..Self::default()
        }
    }

    /// Everything that was done.
    #[must_use]
    pub fn operations(&self) -> &[Operation] {
        &self.operations
    }

    /// The file as it stands now.
    #[must_use]
    pub fn file(&self, name: &str) -> Option<&[u8]> {
        self.files.get(name).map(Vec::as_slice)
    }

    /// The files that stood durably when this disk began.
    pub(crate) fn began_with(&self) -> &Files {
        &self.began_with
    }

    /// The files after the first `moment` operations, whatever was synced.
    pub(crate) fn at(&self, moment: usize) -> Self {
        let mut files = self.began_with.clone();
        for operation in self.operations.iter().take(moment) {
            apply(&mut files, operation);
        }
        Self::of(files)
    }

    pub(crate) fn ignore_syncs(&mut self) {
        self.ignores_syncs = true;
    }

    pub(crate) fn fail_after(&mut self, syncs: usize) {
        self.fails_after = Some(syncs);
    }

    pub(crate) fn is_to_fail(&self) -> bool {
        self.fails_after.is_some()
    }

    /// Syncs a file, unless it is the one that fails.
    pub(crate) fn sync(&mut self, file: &str) -> io::Result<()> {
        let file = file.to_owned();
        let fails = self.fails_after == Some(0);
        self.fails_after = self.fails_after.and_then(|after| after.checked_sub(1));
        if fails {
            self.perform(Operation::FailedSync { file });
            return Err(io::Error::other("the disk failed to sync"));
        }
        self.perform(Operation::Sync { file });
        Ok(())
    }

    /// Does one thing.
    pub(crate) fn perform(&mut self, operation: Operation) {
        if self.ignores_syncs && matches!(operation, Operation::Sync { .. }) {
            return;
        }
        apply(&mut self.files, &operation);
        self.operations.push(operation);
    }
}

/// Does to the files what an operation does.
pub(crate) fn apply(files: &mut Files, operation: &Operation) {
    match operation {
        Operation::Write { file, at, bytes } => {
            let content = files.entry(file.clone()).or_default();
            let end = at.saturating_add(bytes.len());
            if content.len() < end {
                content.resize(end, 0);
            }
            if let Some(place) = content.get_mut(*at..end) {
                place.copy_from_slice(bytes);
            }
        }
        Operation::Resize { file, length } => files.entry(file.clone()).or_default().resize(*length, 0),
        Operation::Sync { .. } | Operation::FailedSync { .. } | Operation::SyncNames => {}
        Operation::Remove { file } => drop(files.remove(file)),
    }
}
