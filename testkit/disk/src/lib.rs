//! A disk of tests: it remembers every byte that was written, and loses power at any moment.
//!
//! [`RecordingDisk`] stands under SQLite by a [`Drive`] and under key files as a [`Shelf`](quittance_gateway::Shelf), so that
//! both share one history. [`RecordingDisk::after_power_loss`] makes the disk that somebody finds who switches the machine
//! on again.

mod attacker;
mod history;
mod power_loss;
mod shelf;
mod vfs;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use attacker::{Attacker, Loot};
pub use history::{History, Operation};
pub use power_loss::Chance;
pub use vfs::Drive;

/// The disk. Clones are the same disk.
#[derive(Clone, Default)]
pub struct RecordingDisk(Arc<Mutex<History>>);

impl RecordingDisk {
    /// A disk with files of before, which stand there durably.
    #[must_use]
    pub fn with(history: History) -> Self {
        Self(Arc::new(Mutex::new(history)))
    }

    /// The history, for as long as it is held nobody writes.
    pub fn history(&self) -> MutexGuard<'_, History> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many operations there were: a moment of its history.
    #[must_use]
    pub fn now(&self) -> usize {
        self.history().operations().len()
    }

    /// The disk as somebody may find it who switches on a machine that lost its power at this moment.
    ///
    /// What was synced stands. Of the rest anything may have been written, in any sequence, whole or in part.
    #[must_use]
    pub fn after_power_loss(&self, moment: usize, chance: &mut Chance) -> Self {
        Self::with(power_loss::find(&self.history(), moment, chance))
    }

    /// The disk as a copy shows it that somebody took at this moment while the machine ran: everything that was written.
    #[must_use]
    pub fn copy_at(&self, moment: usize) -> Self {
        Self::with(self.history().at(moment))
    }

    /// Shows the disk as it was at each sync of its history, whatever else was still to be written.
    pub fn at_each_sync(&self, mut look: impl FnMut(&Self)) {
        let history = self.history();
        let mut files = history.began_with().clone();
        for operation in history.operations() {
            history::apply(&mut files, operation);
            if matches!(operation, Operation::Sync { .. }) {
                look(&Self::with(History::of(files.clone())));
            }
        }
    }

    /// Makes names durable that were taken away.
    pub fn sync_names(&self) {
        self.history().perform(Operation::SyncNames);
    }

    /// Lets this many syncs come through and the next one fail, once.
    pub fn fail_sync_after(&self, syncs: usize) {
        self.history().fail_after(syncs);
    }

    /// Whether the sync that is to fail is still to come.
    #[must_use]
    pub fn is_sync_to_fail(&self) -> bool {
        self.history().is_to_fail()
    }

    /// Lets the disk say that it synced a file and do nothing: the control of every promise to be durable.
    pub fn ignore_syncs(&self) {
        self.history().ignore_syncs();
    }
}
