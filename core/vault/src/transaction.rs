//! What a caller may do inside one durable transaction.

use zeroize::Zeroizing;

use crate::destruction::{Destruction, DestructionRow, Evidence, OldRecord, Probe, destroyed_key};
use crate::error::VaultError;
use crate::journal::{JournalKeys, JournalRow};
use crate::opened::OpenedNodes;
use crate::randomness::Randomness;
use crate::record::RecordKey;
use crate::root_keys::{RootKeys, wrap_root};
use crate::seal::{Key, Place, open, seal};
use crate::store::{Header, Rows, SealedDestruction, SealedRecord};
use crate::tree::{Nodes, Tree, TreeShape, slots};

/// What an open vault keeps in memory.
pub(crate) struct State {
    pub(crate) header: Header,
    pub(crate) root: Key,
    pub(crate) journal: std::sync::Arc<JournalKeys>,
    /// Of the tree below this root.
    pub(crate) opened: OpenedNodes,
}

impl State {
    pub(crate) fn shape(&self) -> TreeShape {
        TreeShape::of(&self.header)
    }

    /// Takes over what a transaction wrote, once it has been committed.
    pub(crate) fn take(&mut self, header: Header, written: Nodes) {
        self.header = header;
        for (spot, node) in written {
            self.opened.keep(spot, node);
        }
    }
}

/// One transaction: all of it becomes durable, or nothing.
///
/// A record has no removal here: it ends only by [`crate::Vault::destroy`].
pub struct Transaction<'a> {
    rows: &'a Rows<'a>,
    tree: Tree<'a>,
    journal: &'a JournalKeys,
    random: &'a dyn Randomness,
    header: Header,
    /// Whether destroyed records may have left slots that this transaction did not take yet.
    has_free_slots: bool,
    /// Whether this transaction begins an epoch: each record that it writes gets a fresh key then.
    rotating: bool,
}

impl<'a> Transaction<'a> {
    pub(crate) fn new(rows: &'a Rows<'a>, state: &'a State, random: &'a dyn Randomness, rotating: bool) -> Self {
        Self {
            rows,
            tree: Tree::new(rows, random, state.shape(), &state.root, &state.opened),
            journal: &state.journal,
            random,
            header: state.header.clone(),
            has_free_slots: true,
            rotating,
        }
    }

    /// Stores a secret record: a new one, or the next version of one that stands.
    ///
    /// Older versions of a record open for as long as the record stands, to whoever kept the file of before: they end
    /// with it. Inside [`crate::Vault::rotate`] they end at once.
    ///
    /// # Errors
    /// [`VaultError::Full`], [`VaultError::StorageFull`], or what the file answers.
    pub fn put(&mut self, key: &RecordKey, secret: &[u8]) -> Result<(), VaultError> {
        self.alive()?;
        let (slot, version) = match self.rows.record_place(key)? {
            Some((slot, version)) => (
                slot,
                version
                    .checked_add(1)
                    .ok_or(VaultError::Exhausted { counter: "version" })?,
            ),
            None => (self.take_slot()?, 1),
        };
        let record_key = if self.rotating {
            self.tree.rekey_slot(slot)?
        } else {
            self.tree.slot_key_or_create(slot)?
        };
        let place = Place::Record { slot, key, version };
        let sealed = seal(self.random, &record_key, &self.header.vault, &place, secret)?;
        self.rows.put_record(key, &SealedRecord { slot, version, sealed })
    }

    /// Reads a secret record; `None` when it does not stand.
    ///
    /// # Errors
    /// [`VaultError::Corrupt`], or what the file answers.
    pub fn get(&self, key: &RecordKey) -> Result<Option<Zeroizing<Vec<u8>>>, VaultError> {
        self.alive()?;
        read_record(self.rows, &self.tree, &self.header.vault, key)
    }

    /// Writes a row of the journal, over the one of before.
    ///
    /// # Errors
    /// [`VaultError::StorageFull`], or what the file answers.
    pub fn journal_put(&mut self, collection: &str, key: &[u8], value: &[u8]) -> Result<(), VaultError> {
        self.alive()?;
        let (tag, name) = self.journal.tags(collection, key);
        let version = match self.rows.journal_version(&tag, &name)? {
            Some(version) => version
                .checked_add(1)
                .ok_or(VaultError::Exhausted { counter: "version" })?,
            None => 1,
        };
        let row = self.journal.seal_row(self.random, (&tag, name), key, version, value)?;
        self.rows.put_journal_row(&tag, &row)
    }

    /// Reads a row of the journal.
    ///
    /// # Errors
    /// [`VaultError::Corrupt`], or what the file answers.
    pub fn journal_get(&self, collection: &str, key: &[u8]) -> Result<Option<Vec<u8>>, VaultError> {
        self.alive()?;
        journal_get(self.rows, self.journal, collection, key)
    }

    /// Reads all rows of a collection, ordered by key.
    ///
    /// # Errors
    /// [`VaultError::Corrupt`], or what the file answers.
    pub fn journal_list(&self, collection: &str) -> Result<Vec<JournalRow>, VaultError> {
        self.alive()?;
        journal_list(self.rows, self.journal, collection)
    }

    /// Removes a row of the journal; says whether there was one.
    ///
    /// This is tidiness, no destruction: whoever kept the file of before reads the row with today's keys.
    ///
    /// # Errors
    /// What the file answers.
    pub fn journal_delete(&mut self, collection: &str, key: &[u8]) -> Result<bool, VaultError> {
        self.alive()?;
        let (tag, name) = self.journal.tags(collection, key);
        self.rows.delete_journal_row(&tag, &name)
    }

    /// Gives the slots of `targets` fresh keys, frees them, and writes the pending destruction.
    pub(crate) fn end_records(
        &mut self,
        order: [u8; 16],
        epoch_new: u64,
        targets: &[RecordKey],
    ) -> Result<(), VaultError> {
        self.alive()?;
        let (mut destroyed, mut missing) = (Vec::new(), Vec::new());
        let mut evidence = Evidence {
            root_wrapped: self.header.root_wrapped.clone(),
            records: Vec::new(),
        };
        for key in targets {
            if let Some(row) = self.rows.record(key)? {
                self.tree.rekey_slot(row.slot)?;
                self.rows.free_record(row.slot)?;
                destroyed.push(*key);
                let SealedRecord { slot, version, sealed } = row;
                evidence.records.push(OldRecord {
                    key: *key,
                    slot,
                    version,
                    sealed,
                });
            } else if !destroyed.contains(key) && !missing.contains(key) {
                missing.push(*key);
            }
        }
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
        put_destruction(self.rows, self.journal, self.random, &row)
    }

    /// Writes the header if this transaction took slots; gives it with the nodes that were written.
    pub(crate) fn finish(self, before: &Header) -> Result<(Header, Nodes), VaultError> {
        self.alive()?;
        if self.header.next_slot != before.next_slot {
            self.rows.put_header(&self.header)?;
        }
        Ok((self.header, self.tree.into_written()))
    }

    /// Writes the nodes with fresh keys, and the header of the new epoch.
    pub(crate) fn finish_epoch(self, epoch_new: u64, keys: &dyn RootKeys) -> Result<(Header, Key, Nodes), VaultError> {
        self.alive()?;
        let Self {
            tree, rows, mut header, ..
        } = self;
        let (root, written) = tree.reseal(epoch_new)?;
        header.root_wrapped = wrap_root(keys, epoch_new, &root)?;
        header.journal = self.journal.seal_keys(self.random, &root, epoch_new)?;
        header.epoch = epoch_new;
        rows.put_header(&header)?;
        Ok((header, root, written))
    }

    fn take_slot(&mut self) -> Result<u64, VaultError> {
        if self.has_free_slots {
            if let Some(slot) = self.rows.take_free_slot()? {
                return Ok(slot);
            }
            self.has_free_slots = false;
        }
        let slots = slots(self.header.height);
        let slot = self.header.next_slot;
        if slot >= slots {
            return Err(VaultError::Full { slots });
        }
        self.header.next_slot = slot + 1;
        Ok(slot)
    }

    /// SQLite rolls a transaction back by itself after some errors. Statements after that would each commit alone.
    fn alive(&self) -> Result<(), VaultError> {
        alive(self.rows)
    }
}

/// Refuses to go on when the transaction has ended already.
pub(crate) fn alive(rows: &Rows<'_>) -> Result<(), VaultError> {
    if rows.0.is_autocommit() {
        Err(VaultError::TransactionLost)
    } else {
        Ok(())
    }
}

pub(crate) fn read_record(
    rows: &Rows<'_>,
    tree: &Tree<'_>,
    vault: &[u8; 16],
    key: &RecordKey,
) -> Result<Option<Zeroizing<Vec<u8>>>, VaultError> {
    let Some(row) = rows.record(key)? else {
        return Ok(None);
    };
    let record_key = tree
        .slot_key(row.slot)?
        .ok_or(VaultError::Corrupt { part: "key tree" })?;
    open(
        &record_key,
        vault,
        &Place::Record {
            slot: row.slot,
            key,
            version: row.version,
        },
        row.sealed,
    )
    .map(Some)
}

pub(crate) fn journal_get(
    rows: &Rows<'_>,
    journal: &JournalKeys,
    collection: &str,
    key: &[u8],
) -> Result<Option<Vec<u8>>, VaultError> {
    let (tag, name) = journal.tags(collection, key);
    let row = rows.journal_row(&tag, &name)?;
    row.map(|row| journal.open_row(&tag, row).map(|(_key, value)| value))
        .transpose()
}

pub(crate) fn journal_list(
    rows: &Rows<'_>,
    journal: &JournalKeys,
    collection: &str,
) -> Result<Vec<JournalRow>, VaultError> {
    let (tag, mut list) = (journal.collection_tag(collection), Vec::new());
    rows.each_journal_row(&tag, |row| {
        list.push(journal.open_row(&tag, row)?);
        Ok(())
    })?;
    list.sort_unstable();
    Ok(list)
}

pub(crate) fn read_destruction(
    rows: &Rows<'_>,
    journal: &JournalKeys,
    order: &[u8; 16],
) -> Result<Option<DestructionRow>, VaultError> {
    let Some(row) = rows.destruction(order)? else {
        return Ok(None);
    };
    let SealedDestruction {
        order,
        done,
        epoch_new,
        sealed,
    } = row;
    let body = journal.open_destruction(
        &Place::Destruction {
            order: &order,
            done,
            epoch_new,
        },
        sealed,
    )?;
    DestructionRow::from_bytes(order, done, epoch_new, &body).map(Some)
}

pub(crate) fn put_destruction(
    rows: &Rows<'_>,
    journal: &JournalKeys,
    random: &dyn Randomness,
    row: &DestructionRow,
) -> Result<(), VaultError> {
    let (order, epoch_new) = (row.destruction.order, row.destruction.epoch_new);
    let done = row.evidence.is_none();
    let place = Place::Destruction {
        order: &order,
        done,
        epoch_new,
    };
    let sealed = journal.seal_destruction(random, &place, &row.to_bytes()?)?;
    let row = SealedDestruction {
        order,
        done,
        epoch_new,
        sealed,
    };
    if done {
        rows.put_done(&row)
    } else {
        rows.put_pending(&row)
    }
}
