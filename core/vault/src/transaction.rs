//! What a caller may do inside one durable transaction.

use zeroize::Zeroizing;

use crate::destruction::{Destruction, DestructionRow, Evidence, OldRecord, Probe, destroyed_key};
use crate::error::VaultError;
use crate::journal::{JournalKeys, JournalRow};
use crate::opened::OpenedNodes;
use crate::randomness::Randomness;
use crate::record::{RecordKey, RecordKind};
use crate::root_keys::{RootKeys, wrap_root};
use crate::seal::{Key, Place, open, seal};
use crate::store::{Header, Rows, SealedDestruction, SealedRecord};
use crate::tree::{Tree, TreeShape, slots};

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
    /// Whether this transaction begins an epoch: each record that it writes gets a fresh key then.
    rotating: bool,
}

impl<'a> Transaction<'a> {
    pub(crate) fn new(rows: &'a Rows<'a>, state: &'a State, random: &'a dyn Randomness, rotating: bool) -> Self {
        Self {
            rows,
            tree: Tree::new(rows, random, state.shape(), &state.root).with(&state.opened),
            journal: &state.journal,
            random,
            header: state.header.clone(),
            rotating,
        }
    }

    /// Stores a secret record: a new one, or the next version of one that stands.
    ///
    /// Older versions of a record open for as long as the record stands, to whoever kept the file of before: they end
    /// with it. Inside [`crate::Vault::rotate`] they end at once.
    ///
    /// # Errors
    /// [`VaultError::ReservedKind`], [`VaultError::Full`], [`VaultError::StorageFull`], or what the file answers.
    pub fn put(&mut self, key: &RecordKey, secret: &[u8]) -> Result<(), VaultError> {
        checked(key)?;
        self.put_any(key, secret)
    }

    pub(crate) fn put_any(&mut self, key: &RecordKey, secret: &[u8]) -> Result<(), VaultError> {
        self.alive()?;
        let (slot, version) = match self.rows.record(key)? {
            Some(row) => (
                row.slot,
                row.version
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
    /// [`VaultError::ReservedKind`], [`VaultError::Corrupt`], or what the file answers.
    pub fn get(&self, key: &RecordKey) -> Result<Option<Zeroizing<Vec<u8>>>, VaultError> {
        checked(key)?;
        self.alive()?;
        read_record(self.rows, &self.tree, &self.header.vault, key)
    }

    /// Writes a row of the journal, over the one of before.
    ///
    /// # Errors
    /// [`VaultError::StorageFull`], or what the file answers.
    pub fn journal_put(&mut self, collection: &str, key: &[u8], value: &[u8]) -> Result<(), VaultError> {
        self.alive()?;
        let name = self.journal.name_tag(collection, key);
        let version = match self.rows.journal_row(&name)? {
            Some(row) => row
                .version
                .checked_add(1)
                .ok_or(VaultError::Exhausted { counter: "version" })?,
            None => 1,
        };
        let row = self.journal.seal_row(self.random, collection, key, version, value)?;
        self.rows
            .put_journal_row(&self.journal.collection_tag(collection), &row)
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
        self.rows.delete_journal_row(&self.journal.name_tag(collection, key))
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
            checked(key)?;
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

    /// Writes the header if this transaction took slots.
    pub(crate) fn finish(self) -> Result<Header, VaultError> {
        self.alive()?;
        self.rows.put_header(&self.header)?;
        Ok(self.header)
    }

    /// Writes the nodes with fresh keys, and the header of the new epoch.
    pub(crate) fn finish_epoch(self, epoch_new: u64, keys: &dyn RootKeys) -> Result<(Header, Key), VaultError> {
        self.alive()?;
        let Self {
            tree, rows, mut header, ..
        } = self;
        let root = tree.reseal(epoch_new)?;
        header.root_wrapped = wrap_root(keys, epoch_new, &root)?;
        header.epoch = epoch_new;
        rows.put_header(&header)?;
        Ok((header, root))
    }

    fn take_slot(&mut self) -> Result<u64, VaultError> {
        if let Some(slot) = self.rows.take_free_slot()? {
            return Ok(slot);
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

/// Refuses the vault's own kind.
pub(crate) fn checked(key: &RecordKey) -> Result<(), VaultError> {
    if key.kind == RecordKind::RESERVED {
        Err(VaultError::ReservedKind)
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
        &row.sealed,
    )
    .map(Some)
}

pub(crate) fn journal_get(
    rows: &Rows<'_>,
    journal: &JournalKeys,
    collection: &str,
    key: &[u8],
) -> Result<Option<Vec<u8>>, VaultError> {
    let row = rows.journal_row(&journal.name_tag(collection, key))?;
    row.map(|row| journal.open_row(collection, &row).map(|(_key, value)| value))
        .transpose()
}

pub(crate) fn journal_list(
    rows: &Rows<'_>,
    journal: &JournalKeys,
    collection: &str,
) -> Result<Vec<JournalRow>, VaultError> {
    let rows = rows.journal_rows(&journal.collection_tag(collection))?;
    let mut list = rows
        .iter()
        .map(|row| journal.open_row(collection, row))
        .collect::<Result<Vec<_>, _>>()?;
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
        &sealed,
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
    rows.put_destruction(&SealedDestruction {
        order,
        done,
        epoch_new,
        sealed,
    })
}
