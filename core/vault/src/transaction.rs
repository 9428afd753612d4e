//! What a caller may do inside one durable transaction.

use crate::destruction::{DestructionRow, SealedDestruction};
use crate::error::VaultError;
use crate::journal::{JournalKeys, JournalRow};
use crate::key::Key;
use crate::keystore::Keystore;
use crate::opened::OpenedNodes;
use crate::randomness::Randomness;
use crate::record::RecordKey;
use crate::seal::{Place, open, seal};
use crate::secret::Secret;
use crate::store::{Header, Rows, SealedRecord};
use crate::tree::{MAX_HEIGHT, Nodes, Tree, TreeShape, slots};

mod ending;

pub(crate) use ending::{Batch, Damaged};

/// Bytes of done destructions that the header keeps: with a record that ends, all of it is one page.
const MOST_DONE: usize = 1_536;

/// What an open vault keeps in memory.
pub(crate) struct State {
    pub(crate) header: Header,
    pub(crate) root: Key,
    pub(crate) journal: std::sync::Arc<JournalKeys>,
    /// Of the tree below this root.
    pub(crate) opened: OpenedNodes,
    /// Whether the file does not say yet which destructions are done: the next commit takes that along. Until then a crash
    /// makes them pending again, to be brought to the same end.
    pub(crate) is_ahead: bool,
}

/// What a transaction wrote.
pub(crate) struct Written {
    pub(crate) header: Header,
    /// Where it is another one now.
    root: Option<Key>,
    nodes: Nodes,
}

impl State {
    pub(crate) fn shape(&self) -> TreeShape {
        TreeShape::of(&self.header)
    }

    /// Takes over what a transaction wrote, once it has been committed. Nodes that it did not write are as they were.
    pub(crate) fn take(&mut self, written: Written) {
        let Written { header, root, nodes } = written;
        self.header = header;
        self.is_ahead = false;
        if let Some(root) = root {
            self.root = root;
        }
        for (spot, node) in nodes {
            self.opened.keep(spot, node);
        }
    }

    /// What is known of an order.
    pub(crate) fn destruction(&self, rows: &Rows<'_>, order: &[u8; 16]) -> Result<Option<DestructionRow>, VaultError> {
        let row = match self.header.orders.iter().find(|row| row.order == *order) {
            Some(row) => row.clone(),
            None => match rows.destruction(order)? {
                Some(row) => row,
                None => return Ok(None),
            },
        };
        let SealedDestruction {
            order,
            done,
            epoch_new,
            sealed,
        } = row;
        let place = Place::Destruction {
            order: &order,
            done,
            epoch_new,
        };
        let body = self.journal.open_body(&place, sealed)?;
        DestructionRow::from_bytes(order, done, epoch_new, &body).map(Some)
    }

    /// Takes a destruction for done.
    pub(crate) fn mark_done(&mut self, random: &dyn Randomness, row: &DestructionRow) -> Result<(), VaultError> {
        let sealed = sealed_destruction(&self.journal, random, row)?;
        if let Some(pending) = self.header.orders.iter_mut().find(|row| row.order == sealed.order) {
            (*pending, self.is_ahead) = (sealed, true);
        }
        Ok(())
    }
}

/// One transaction: all of it becomes durable, or nothing.
///
/// A record has no removal here: it ends only by [`crate::Vault::destroy`].
pub struct Transaction<'a> {
    rows: &'a Rows<'a>,
    state: &'a State,
    tree: Tree<'a>,
    journal: &'a JournalKeys,
    random: &'a dyn Randomness,
    header: Header,
    /// Whether this transaction begins an epoch: each record that it writes gets a fresh key then.
    rotating: bool,
    /// Whether a write failed, and may have left a part of itself: a fresh key without the bytes under it.
    has_failed: bool,
}

impl<'a> Transaction<'a> {
    pub(crate) fn new(rows: &'a Rows<'a>, state: &'a State, random: &'a dyn Randomness, rotating: bool) -> Self {
        Self {
            rows,
            state,
            tree: Tree::new(rows, random, state.shape(), &state.root, &state.opened),
            journal: &state.journal,
            random,
            header: state.header.clone(),
            rotating,
            has_failed: false,
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
        self.write(|this| this.put_record(key, secret))
    }

    fn put_record(&mut self, key: &RecordKey, secret: &[u8]) -> Result<(), VaultError> {
        let place = self.rows.record_place(key)?;
        let (slot, version) = match place {
            Some((slot, version)) => (
                slot,
                version
                    .checked_add(1)
                    .ok_or(VaultError::Exhausted { counter: "version" })?,
            ),
            None => (self.take_slot()?, 1),
        };
        let is_new = place.is_none();
        let record_key = if self.rotating {
            self.tree.rekey_slot(slot)?
        } else {
            self.tree.slot_key_or_create(slot)?
        };
        let place = Place::Record { slot, key, version };
        let sealed = seal(self.random, &record_key, &self.header.vault, &place, secret)?;
        let record = SealedRecord { slot, version, sealed };
        if is_new {
            self.rows.insert_record(key, &record)
        } else {
            self.rows.update_record(key, &record)
        }
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

    /// Removes a row of the journal; says whether there was one.
    ///
    /// This is tidiness, no destruction: whoever kept the file of before reads the row with today's keys.
    ///
    /// # Errors
    /// What the file answers.
    pub fn journal_delete(&mut self, collection: &str, key: &[u8]) -> Result<bool, VaultError> {
        self.write(|this| {
            let (tag, name) = this.journal.tags(collection, key);
            this.rows.delete_journal_row(&tag, &name)
        })
    }

    /// Writes, unless an earlier write failed: who does not mind that one must not commit what it left.
    fn write<T>(&mut self, write: impl FnOnce(&mut Self) -> Result<T, VaultError>) -> Result<T, VaultError> {
        self.alive()?;
        let written = write(self);
        self.has_failed = written.is_err();
        written
    }

    /// Writes the header if this transaction changed it; the keystore is asked where the tree has grown.
    pub(crate) fn finish(mut self, keys: &Keystore) -> Result<Written, VaultError> {
        self.alive()?;
        self.make_room_for_orders()?;
        let Self {
            tree,
            rows,
            state,
            mut header,
            ..
        } = self;
        let (root, nodes) = tree.into_written();
        if let Some(root) = &root {
            header.root_wrapped = keys.wrap(header.epoch, root)?;
            header.journal = state.journal.seal_keys(self.random, root, header.epoch)?;
        }
        if header != state.header || state.is_ahead {
            rows.put_header(&header)?;
        }
        Ok(Written { header, root, nodes })
    }

    /// Writes the nodes with fresh keys, and the header of the new epoch.
    pub(crate) fn finish_epoch(mut self, epoch_new: u64, keys: &Keystore) -> Result<Written, VaultError> {
        self.alive()?;
        self.make_room_for_orders()?;
        let Self {
            tree, rows, mut header, ..
        } = self;
        let (root, nodes) = tree.reseal(epoch_new)?;
        header.root_wrapped = keys.wrap(epoch_new, &root)?;
        header.journal = self.journal.seal_keys(self.random, &root, epoch_new)?;
        header.epoch = epoch_new;
        rows.put_header(&header)?;
        let root = Some(root);
        Ok(Written { header, root, nodes })
    }

    /// Gives the destructions that are done rows of their own, where the header would outgrow its page.
    fn make_room_for_orders(&mut self) -> Result<(), VaultError> {
        let done = self.header.orders.iter().filter(|row| row.done);
        if done.clone().map(|row| row.sealed.len()).sum::<usize>() > MOST_DONE {
            done.clone().try_for_each(|row| self.rows.put_destruction(row))?;
            self.header.orders.retain(|row| !row.done);
        }
        Ok(())
    }

    fn take_slot(&mut self) -> Result<u64, VaultError> {
        if let Some(slot) = self.header.free_slot {
            self.header.free_slot = self.rows.free_slot_behind(slot)?;
            return Ok(slot);
        }
        let slot = self.header.next_slot;
        while slot >= slots(self.tree.height()) {
            if self.tree.height() >= MAX_HEIGHT {
                let slots = slots(MAX_HEIGHT);
                return Err(VaultError::Full { slots });
            }
            self.tree.grow()?;
            self.header.height = self.tree.height();
        }
        self.header.next_slot = slot + 1;
        Ok(slot)
    }

    /// SQLite rolls a transaction back by itself after some errors. Statements after that would each commit alone.
    fn alive(&self) -> Result<(), VaultError> {
        if self.has_failed {
            return Err(VaultError::TransactionLost);
        }
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
) -> Result<Option<Secret>, VaultError> {
    let Some(row) = rows.record(key)? else {
        return Ok(None);
    };
    let place = Place::Record {
        slot: row.slot,
        key,
        version: row.version,
    };
    let secret = tree.with_slot_key(row.slot, |key| open(key, vault, &place, row.sealed))?;
    secret.map(Some).ok_or(VaultError::Corrupt { part: "key tree" })
}

pub(crate) fn journal_get(
    rows: &Rows<'_>,
    journal: &JournalKeys,
    collection: &str,
    key: &[u8],
) -> Result<Option<Vec<u8>>, VaultError> {
    let (tag, name) = journal.tags(collection, key);
    let row = rows.journal_row(&tag, &name)?;
    row.map(|row| journal.open_row((&tag, &name), row.version, &row.sealed, &mut Vec::new()))
        .transpose()
        .map(|row| row.map(|(_key, value)| value))
}

pub(crate) fn journal_list(
    rows: &Rows<'_>,
    journal: &JournalKeys,
    collection: &str,
) -> Result<Vec<JournalRow>, VaultError> {
    let (tag, mut list, mut room) = (journal.collection_tag(collection), Vec::new(), Vec::new());
    rows.each_journal_row(&tag, |name, version, sealed| {
        let row = journal.open_row((&tag, &name), version, sealed, &mut room)?;
        list.push((beginning(&row.0), row));
        Ok(())
    })?;
    // The file's order is that of HMACs. Beginnings decide nearly always, and stand where they are compared.
    list.sort_unstable_by(|(one, (key, _)), (other, (other_key, _))| one.cmp(other).then_with(|| key.cmp(other_key)));
    Ok(list.into_iter().map(|(_beginning, row)| row).collect())
}

/// The first bytes of a key, as a number that is smaller where they come first.
fn beginning(key: &[u8]) -> u128 {
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(key).for_each(|(to, from)| *to = *from);
    u128::from_be_bytes(bytes)
}

pub(crate) fn sealed_destruction(
    journal: &JournalKeys,
    random: &dyn Randomness,
    row: &DestructionRow,
) -> Result<SealedDestruction, VaultError> {
    let (order, epoch_new) = (row.destruction.order, row.destruction.epoch_new);
    let done = row.evidence.is_none();
    let place = Place::Destruction {
        order: &order,
        done,
        epoch_new,
    };
    let sealed = journal.seal_body(random, &place, &row.to_bytes()?)?;
    Ok(SealedDestruction {
        order,
        done,
        epoch_new,
        sealed,
    })
}
