//! How secrets end: the order of one epoch's change, and its completion after an interruption.
//!
//! create H_{e+1} -> commit nodes sealed for e+1 -> delete H_e -> probe -> answer (the mark follows with the next commit).

use crate::destruction::{Destruction, DestructionRow, Probe};
use crate::error::VaultError;
use crate::file;
use crate::opened::OpenedNodes;
use crate::record::RecordKey;
use crate::root_keys::RootKeyError;
use crate::seal::{Place, open};
use crate::store::Rows;
use crate::transaction::{Batch, Damaged, Transaction, alive};
use crate::tree::Tree;
use crate::vault::Vault;

/// Why an epoch did not begin.
enum NotBegun<E> {
    /// Nothing was written.
    RolledBack(E),
    /// The commit failed: it may stand in the file, or not.
    Unknown(VaultError),
}

impl<E: From<VaultError>> From<VaultError> for NotBegun<E> {
    fn from(error: VaultError) -> Self {
        Self::RolledBack(error.into())
    }
}

impl Vault {
    /// Destroys a batch of records: after this returns `Ok`, no image of the file, whenever it was taken, gives one of
    /// them back with the keys that exist now. One epoch ends, however many targets there are.
    ///
    /// Whatever `work` writes stands in the same transaction as the change of keys. It runs before the targets
    /// end, so it may still read them. Targets that do not stand are reported as missing.
    ///
    /// Idempotent by `order`: a second call with the same targets, or some of them, answers with the stored destruction,
    /// changes nothing and does not run `work`; one after an interruption completes what was begun.
    ///
    /// # Errors
    /// [`VaultError::OtherTargets`] where the order stands for a destruction that did not look at all of these.
    /// [`VaultError::Unfinished`] and [`VaultError::ProbeFailed`]: the records have ended in the file, and what
    /// `work` wrote stands, but the old key may not be gone; nothing may be said to be destroyed; repeat the order. Where the key
    /// of an earlier epoch is the one that works, nothing was written.
    /// All others: nothing was changed, or (after a failed commit) repeating the order finds out.
    pub fn destroy(
        &mut self,
        order: [u8; 16],
        targets: &[RecordKey],
        work: impl FnOnce(&mut Transaction<'_>) -> Result<(), VaultError>,
    ) -> Result<Destruction, VaultError> {
        let batch = Batch {
            order,
            targets,
            damaged: Damaged::Standing,
        };
        self.end(batch, work)
    }

    /// As [`Vault::destroy`], for an owner to whom a record that does not open is lost: such targets are reported as missing, and
    /// keep no other one from its end. Their rows go, and their keys where the row still names its slot and
    /// the key tree can be read.
    ///
    /// A node that does not open stays as it is, with its key: what else stands below it lives again with an intact row. So
    /// whoever kept an intact one of before may still read a record that was reported as missing.
    ///
    /// # Errors
    /// As [`Vault::destroy`]; [`VaultError::Corrupt`] where nothing of the tree can be read, or a part of the file that is no
    /// target's.
    pub fn destroy_what_opens(
        &mut self,
        order: [u8; 16],
        targets: &[RecordKey],
        work: impl FnOnce(&mut Transaction<'_>) -> Result<(), VaultError>,
    ) -> Result<Destruction, VaultError> {
        let batch = Batch {
            order,
            targets,
            damaged: Damaged::Missing,
        };
        self.end(batch, work)
    }

    fn end(
        &mut self,
        batch: Batch<'_>,
        work: impl FnOnce(&mut Transaction<'_>) -> Result<(), VaultError>,
    ) -> Result<Destruction, VaultError> {
        let order = batch.order;
        self.heal()?;
        if let Some(row) = self.ready()?.destruction(&Rows(&self.connection), &order)? {
            return if !row.destruction.covers(batch.targets) {
                Err(VaultError::OtherTargets)
            } else if row.evidence.is_none() {
                Ok(row.destruction)
            } else {
                self.complete_order(order, true)
            };
        }
        self.begin_epoch(Some(batch), work)?;
        let destruction = self.complete_order(order, false)?;
        self.unfinished = false;
        Ok(destruction)
    }

    /// Begins a new epoch with what `work` writes, and ends the old one: a file of before no longer opens.
    ///
    /// Records that `work` puts get fresh keys, so that not even their old rows in the new file are of use. This is
    /// for counters of attempts, which a restored file must not give back; keep them in a record.
    ///
    /// # Errors
    /// What `work` answers. [`VaultError::Unfinished`] and [`VaultError::ProbeFailed`]: what `work` wrote stands, but
    /// the old key may not be gone; as with [`Vault::destroy`], nothing was written where it is that of an earlier epoch. All
    /// others as [`Vault::transact`].
    pub fn rotate<T, E: From<VaultError>>(
        &mut self,
        work: impl FnOnce(&mut Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.heal()?;
        let old = self.ready()?.header.clone();
        let answer = self.begin_epoch(None, work)?;
        let replaced = self.replace_key(old.epoch);
        let probed = replaced.and_then(|()| self.probe_key(old.epoch, &old.root_wrapped));
        let ended = probed.and_then(|probe| {
            if probe.passed() {
                Ok(())
            } else {
                Err(VaultError::ProbeFailed {
                    epoch_old: old.epoch,
                    probe,
                })
            }
        });
        match ended {
            Ok(()) => {
                self.unfinished = false;
                Ok(answer)
            }
            Err(error) => Err(self.leave_unfinished(old.epoch, error).into()),
        }
    }

    /// Everything up to the commit: the new key, the nodes, the caller's rows, the pending destruction.
    fn begin_epoch<T, E: From<VaultError>>(
        &mut self,
        batch: Option<Batch<'_>>,
        work: impl FnOnce(&mut Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        if self.unfinished
            && let Some(stands) = self.complete()?
        {
            // With that key a file of then opens, and in it whatever this epoch is to end.
            return Err(stands.into());
        }
        let epoch = self.ready()?.header.epoch;
        let epoch_new = epoch.checked_add(1).ok_or(VaultError::Exhausted { counter: "epoch" })?;
        // Whatever comes of this epoch, a key that stands ahead of it is used once.
        let stands = self.ahead.take() == Some(epoch_new);
        // Until the old key is gone and was probed, or nothing was begun after all, whatever happens, be it a panic.
        self.unfinished = true;
        if !stands {
            self.keys.create_fresh(epoch_new).map_err(VaultError::from)?;
        }
        match self.write_epoch(epoch_new, batch, work) {
            Ok(answer) => Ok(answer),
            Err(NotBegun::RolledBack(error)) => {
                // No commit was tried, so the file cannot need this key.
                self.unfinished = self.keys.delete(epoch_new).is_err();
                Err(error)
            }
            Err(NotBegun::Unknown(error)) => {
                self.load_after_failure();
                Err(error.into())
            }
        }
    }

    fn write_epoch<T, E: From<VaultError>>(
        &mut self,
        epoch_new: u64,
        batch: Option<Batch<'_>>,
        work: impl FnOnce(&mut Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, NotBegun<E>> {
        let state = self.state.as_mut().ok_or(VaultError::Poisoned)?;
        let sql = file::begin(&mut self.connection)?;
        let (answer, written) = {
            let rows = Rows(&sql);
            let mut transaction = Transaction::new(&rows, state, &*self.random, true);
            let answer = work(&mut transaction).map_err(NotBegun::RolledBack)?;
            if let Some(batch) = batch {
                transaction.end_records(batch, epoch_new)?;
            }
            let written = transaction.finish_epoch(epoch_new, &self.keys)?;
            alive(&rows)?;
            (answer, written)
        };
        sql.commit().map_err(|error| NotBegun::Unknown(error.into()))?;
        self.epoch = written.header.epoch;
        state.take(written);
        Ok(answer)
    }

    /// Ends what an interruption left when the file is opened: the key of the epoch before, and every pending destruction.
    ///
    /// A key of the next epoch may be one that was made ahead, or one of an epoch that never began, whose file somebody
    /// may have seen. Which, nobody knows any more, so it is not used: it goes when the next epoch begins.
    pub(crate) fn complete_what_is_left(&mut self) -> Result<(), VaultError> {
        let state = self.ready()?;
        let is_settled = state.header.orders.iter().all(|row| row.done) && !state.is_ahead;
        let found = self.keys.neighbours(state.header.epoch)?;
        if is_settled && !found.before {
            // A process that was killed may have left what it could not sync.
            file::settle_found(&mut self.connection)?;
            self.unfinished = found.after;
            return Ok(());
        }
        let _stands = self.complete()?;
        // What was repaired once is not repaired again each time.
        self.save()
    }

    /// Ends everything that is not of the present epoch, and answers what keeps another one from beginning: an older key that
    /// works, though it was deleted, or that the keystore does not delete. The state must have been read: a file without its
    /// own key is never completed.
    fn complete(&mut self) -> Result<Option<VaultError>, VaultError> {
        self.ahead = None;
        let epoch = self.ready()?.header.epoch;
        let next = match epoch.checked_add(1) {
            Some(next) if self.keys.exists(next)? => Some(next),
            _ => None,
        };
        // Seen or not: after a call that failed, a keystore may show what a power failure takes back.
        let previous = epoch.checked_sub(1);
        let orders = self.ready()?.header.orders.iter();
        let pending: Vec<_> = orders.filter(|row| !row.done).map(|row| row.order).collect();
        file::settle(&mut self.connection)?;
        // Neither a keystore that does not delete, whatever it answers, nor a row that went bad must lock the payer out.
        let mut stands = None;
        for stale in next.into_iter().chain(previous) {
            if let Err(error) = self.keys.delete(stale) {
                stands = Some(error.into());
            }
        }
        self.unfinished = false;
        for order in pending {
            match self.complete_order(order, true).map_err(VaultError::into_cause) {
                // It stays pending, and says so to whoever asks for it.
                Ok(_) | Err(VaultError::Corrupt { .. }) => {}
                Err(VaultError::ProbeFailed { probe, .. }) if probe.key_is_gone() => {}
                Err(error @ (VaultError::ProbeFailed { .. } | VaultError::RootKey(_))) => stands = Some(error),
                Err(error) => return Err(error),
            }
        }
        // That of an epoch that ended without an order.
        if let (None, Some(epoch_old)) = (&stands, previous) {
            let probe = Probe {
                old_root_opens: false,
                records_open: false,
                key_found: true,
            };
            stands = match self.keys.exists(epoch_old) {
                Ok(false) => None,
                Ok(true) => Some(VaultError::ProbeFailed { epoch_old, probe }),
                Err(error) => Some(error.into()),
            };
        }
        self.unfinished |= stands.is_some();
        Ok(stands)
    }

    /// From the commit to the answer: delete the old key, probe, mark as done.
    fn complete_order(&mut self, order: [u8; 16], resumed: bool) -> Result<Destruction, VaultError> {
        let row = self.ready()?.destruction(&Rows(&self.connection), &order)?;
        let Some(DestructionRow {
            mut destruction,
            evidence: Some(evidence),
        }) = row
        else {
            return Err(VaultError::Corrupt {
                part: "list of destructions",
            });
        };
        let epoch_old = destruction.epoch_old;
        let ended = if resumed {
            self.keys.delete(epoch_old).map_err(VaultError::from)
        } else {
            self.replace_key(epoch_old)
        };
        let probed = ended.and_then(|()| self.probe_key(epoch_old, &evidence.root_wrapped));
        let probed = probed.and_then(|mut probe| {
            if !probe.key_is_gone() {
                return Err(VaultError::ProbeFailed { epoch_old, probe });
            }
            let (rows, state) = (Rows(&self.connection), self.ready()?);
            // Only the file's own word counts here, not what was opened before.
            let opened = OpenedNodes::default();
            let tree = Tree::new(&rows, &*self.random, state.shape(), &state.root, &opened);
            for old in evidence.records {
                let place = Place::Record {
                    slot: old.slot,
                    key: &old.key,
                    version: old.version,
                };
                let tried = tree.with_slot_key(old.slot, |key| {
                    Ok(open(key, &state.header.vault, &place, old.sealed).is_ok())
                });
                let opens = tried?.unwrap_or(false);
                probe.records_open |= opens;
            }
            if !probe.passed() {
                return Err(VaultError::ProbeFailed { epoch_old, probe });
            }
            destruction.probe = probe;
            destruction.resumed = resumed;
            Ok(DestructionRow {
                destruction,
                evidence: None,
            })
        });
        let marked = probed.and_then(|row| {
            let state = self.state.as_mut().ok_or(VaultError::Poisoned)?;
            state.mark_done(&*self.random, &row).map(|()| row.destruction)
        });
        match marked {
            Ok(destruction) => Ok(destruction),
            Err(error) => Err(self.leave_unfinished(epoch_old, error)),
        }
    }

    /// Deletes the key of an epoch that the file has just left.
    fn replace_key(&mut self, epoch_old: u64) -> Result<(), VaultError> {
        let ahead = self
            .epoch
            .checked_add(1)
            .ok_or(VaultError::Exhausted { counter: "epoch" })?;
        self.ahead = self.keys.replace(epoch_old, ahead)?.then_some(ahead);
        Ok(())
    }

    /// Tries everything that a deleted key opened.
    fn probe_key(&self, epoch_old: u64, root_wrapped: &[u8]) -> Result<Probe, VaultError> {
        let key_found = self.keys.exists(epoch_old)?;
        let old_root_opens = match self.keys.unwrap(epoch_old, root_wrapped) {
            Ok(_root) => true,
            Err(RootKeyError::Missing { .. } | RootKeyError::Invalidated { .. } | RootKeyError::Refused { .. }) => {
                false
            }
            // No answer is no proof.
            Err(error @ RootKeyError::Unavailable { .. }) => return Err(error.into()),
        };
        Ok(Probe {
            old_root_opens,
            records_open: false,
            key_found,
        })
    }

    fn leave_unfinished(&mut self, epoch_old: u64, error: VaultError) -> VaultError {
        self.unfinished = true;
        match (error, &self.state) {
            (error @ VaultError::ProbeFailed { .. }, _) | (error, None) => error,
            (source, Some(state)) => VaultError::Unfinished {
                epoch_old,
                epoch_new: state.header.epoch,
                source: Box::new(source),
            },
        }
    }
}
