//! How records end inside the transaction that begins an epoch.

use super::{Transaction, read_record, sealed_destruction};
use crate::destruction::{Destruction, DestructionRow, Evidence, OldRecord, Probe, destroyed_key};
use crate::error::VaultError;
use crate::record::RecordKey;
use crate::store::SealedRecord;

/// What one destruction is to end.
#[derive(Clone, Copy)]
pub(crate) struct Batch<'a> {
    pub(crate) order: [u8; 16],
    pub(crate) targets: &'a [RecordKey],
    pub(crate) damaged: Damaged,
}

/// What a target counts as that stands and does not open.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Damaged {
    /// As one that stands: where its place is not known, nothing ends.
    Standing,
    /// As one that is missing: it keeps no other target from its end.
    Missing,
}

impl Transaction<'_> {
    /// Gives the slots of the targets fresh keys, frees them, and writes the pending destruction.
    pub(crate) fn end_records(&mut self, batch: Batch<'_>, epoch_new: u64) -> Result<(), VaultError> {
        self.alive()?;
        let (mut destroyed, mut missing) = (Vec::new(), Vec::new());
        let mut evidence = Evidence {
            root_wrapped: self.header.root_wrapped.clone(),
            records: Vec::new(),
        };
        for key in batch.targets {
            let is_lost = batch.damaged == Damaged::Missing && !self.opens(key)?;
            let ended = if is_lost {
                self.lose_record(key)?;
                None
            } else {
                self.end_record(key)?
            };
            if let Some(old) = ended {
                destroyed.push(*key);
                evidence.records.push(old);
            } else if !destroyed.contains(key) && !missing.contains(key) {
                missing.push(*key);
            }
        }
        let order = batch.order;
        let epochs = (self.header.epoch, epoch_new);
        let root = &self.header.root_wrapped;
        let destruction = Destruction {
            destroyed_key: destroyed_key(&self.header.vault, &order, epochs, root, &destroyed),
            order,
            epoch_old: self.header.epoch,
            epoch_new,
            destroyed,
            missing,
            // Nothing has been tried yet: until it is, everything counts as open.
            probe: Probe {
                old_root_opens: true,
                records_open: true,
                key_found: true,
            },
            resumed: false,
        };
        let row = DestructionRow {
            destruction,
            evidence: Some(evidence),
        };
        let sealed = sealed_destruction(self.journal, self.random, &row)?;
        self.header.orders.push(sealed);
        Ok(())
    }

    /// Whether a record opens, if it stands.
    fn opens(&self, key: &RecordKey) -> Result<bool, VaultError> {
        match read_record(self.rows, &self.tree, &self.header.vault, key) {
            Ok(_) => Ok(true),
            Err(VaultError::Corrupt { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Ends a record, if it stands: what is to be tried once the old key is deleted.
    fn end_record(&mut self, key: &RecordKey) -> Result<Option<OldRecord>, VaultError> {
        let Some(SealedRecord { slot, version, sealed }) = self.rows.record(key)? else {
            return Ok(None);
        };
        if slot >= self.header.next_slot {
            // Another slot's key would end in place of its own.
            return Err(VaultError::Corrupt { part: "record" });
        }
        self.tree.rekey_slot(slot)?;
        self.free(slot)?;
        Ok(Some(OldRecord {
            key: *key,
            slot,
            version,
            sealed,
        }))
    }

    /// Takes away what is left of a record that does not open. Its slot's key ends where the tree can be read; else it stays
    /// with all that stands below the same node, and the slot is not used again.
    fn lose_record(&mut self, key: &RecordKey) -> Result<(), VaultError> {
        if let Some(slot) = self.rows.record_slot(key)?
            // Nothing authenticates the slot of a row that does not open. One that was never used has no key to end.
            && slot < self.header.next_slot
        {
            match self.tree.rekey_slot(slot) {
                Ok(_) => return self.free(slot),
                Err(VaultError::Corrupt { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        self.rows.remove_record(key)
    }

    fn free(&mut self, slot: u64) -> Result<(), VaultError> {
        let next = self.header.free_slot.replace(slot);
        self.rows.free_record(slot, next)
    }
}
