//! The vault: one sealed file with its keystore.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::Connection;

use crate::destruction::Destruction;
use crate::error::{QuarantineReason, VaultError};
use crate::file;
use crate::journal::{JournalKeys, JournalRow};
use crate::key::fresh_key;
use crate::keystore::Keystore;
use crate::lock::LockFile;
use crate::opened::OpenedNodes;
use crate::randomness::Randomness;
use crate::record::{RecordKey, RecordKind};
use crate::root_keys::{RootKeyError, RootKeys};
use crate::secret::Secret;
use crate::store::{Header, Rows};
use crate::transaction::{State, Transaction, alive, journal_get, journal_list, read_record};
use crate::tree::{MAX_HEIGHT, Tree};

/// The epoch in which a vault is made.
pub(crate) const FIRST_EPOCH: u64 = 1;

/// Where a vault stands, and how large a new one is.
#[derive(Debug, Clone)]
pub struct VaultOptions {
    /// The SQLite file; `<path>-wal` and `<path>.lock` stand beside it. Keep all three out of backups.
    pub path: PathBuf,
    /// Levels of the key tree that a new vault begins with, 1 to [`crate::MAX_HEIGHT`]: 125^height records. It grows by a
    /// level whenever it is full, so that only a test wants another one than that of [`VaultOptions::at`].
    pub height: u8,
    /// The SQLite VFS by name; `None` is the system's. A VFS of tests can be a disk that fails or remembers.
    pub vfs: Option<String>,
}

impl VaultOptions {
    /// A vault at this path as phones and gateways have it: it begins with one level, and grows.
    #[must_use]
    pub const fn at(path: PathBuf) -> Self {
        Self {
            path,
            height: 1,
            vfs: None,
        }
    }
}

/// An open vault. It is `Send` and not `Sync`: share it behind a mutex.
///
/// Calls that write take `&mut self`, so that a vault cannot be used from inside its own transaction.
pub struct Vault {
    // The order of the fields is the order of dropping: the lock goes last, when the file is closed.
    pub(crate) connection: Connection,
    /// `None` after a failed write, until the file has been read again.
    pub(crate) state: Option<State>,
    /// Something may be left of an older epoch, or a key of the next one whose past nobody knows: no new epoch before the keys
    /// are gone. A destruction that cannot be tried, since a row of it went bad, keeps none back: its key is gone.
    pub(crate) unfinished: bool,
    /// The epoch whose key stands ahead of its time: made by this very vault, and never used for anything.
    pub(crate) ahead: Option<u64>,
    id: [u8; 16],
    pub(crate) epoch: u64,
    pub(crate) keys: Keystore,
    pub(crate) random: Arc<dyn Randomness>,
    _lock: LockFile,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Vault")
            .field("epoch", &self.epoch)
            .finish_non_exhaustive()
    }
}

impl Vault {
    /// Makes a new vault, durable when this returns.
    ///
    /// The file's name is durable before its first key is made: so a key of the first epoch without a file is another
    /// vault's.
    ///
    /// # Errors
    /// [`VaultError::AlreadyExists`] when anything stands at the path (nothing is overwritten), [`VaultError::Corrupt`] when
    /// that is an emptied file of a vault whose key stands, [`VaultError::Locked`], [`VaultError::BadHeight`], or what keystore, file and randomness answer.
    pub fn create(
        options: VaultOptions,
        keys: Arc<dyn RootKeys>,
        random: Arc<dyn Randomness>,
    ) -> Result<Self, VaultError> {
        let height = options.height;
        if height == 0 || height > MAX_HEIGHT {
            return Err(VaultError::BadHeight { height });
        }
        let keys = Keystore::new(keys);
        let lock = LockFile::take(&options.path)?;
        refuse_emptied(&options.path, &keys)?;
        let mut connection = file::create(&options.path, options.vfs.as_deref())?;
        file::sync_folder(&options.path)?;

        let mut vault = [0; 16];
        random.fill(&mut vault)?;
        keys.create_fresh(FIRST_EPOCH)?;
        let root = fresh_key(&*random)?;
        let journal = Arc::new(JournalKeys::fresh(vault, &*random)?);
        let header = Header {
            vault,
            height,
            epoch: FIRST_EPOCH,
            root_wrapped: keys.wrap(FIRST_EPOCH, &root)?,
            journal: journal.seal_keys(&*random, &root, FIRST_EPOCH)?,
            next_slot: 0,
            free_slot: None,
            orders: Vec::new(),
        };
        let sql = file::begin(&mut connection)?;
        file::write_schema(&sql)?;
        Rows(&sql).put_header(&header)?;
        sql.commit()?;
        // From now on the identity stands in the file itself, so that a program of any version can refuse it unread.
        file::checkpoint(&connection)?;
        file::sync_folder(&options.path)?;
        Ok(Self {
            connection,
            state: Some(State {
                header,
                root,
                journal,
                opened: OpenedNodes::default(),
                is_ahead: false,
            }),
            unfinished: false,
            ahead: None,
            id: vault,
            epoch: FIRST_EPOCH,
            keys,
            random,
            _lock: lock,
        })
    }

    /// Opens a vault and completes whatever an interruption left: an epoch that never began is forgotten, one that
    /// began is brought to its end, and every pending destruction is probed and marked as done.
    ///
    /// A destruction whose probe fails, or cannot be made because a row went bad, stays pending, and the vault opens: its payer
    /// is not locked out. [`Vault::destruction`] does not know it, and [`Vault::destroy`] says what is in its way.
    ///
    /// # Errors
    /// [`VaultError::Missing`], [`VaultError::Locked`], [`VaultError::ReadOnly`], [`VaultError::NotAVault`],
    /// [`VaultError::NewerVersion`], [`VaultError::Quarantined`] (file and keystore do not belong together; nothing was changed),
    /// [`VaultError::Corrupt`], or what keystore and file answer.
    pub fn open(
        options: VaultOptions,
        keys: Arc<dyn RootKeys>,
        random: Arc<dyn Randomness>,
    ) -> Result<Self, VaultError> {
        let unknown = |source| VaultError::of_file("file", source);
        if options.vfs.is_none() && !options.path.try_exists().map_err(unknown)? {
            // Said before the lock file is made, so that asking leaves nothing behind.
            return Err(VaultError::Missing);
        }
        let lock = LockFile::take(&options.path)?;
        let keys = Keystore::new(keys);
        refuse_emptied(&options.path, &keys)?;
        let connection = file::open(&options.path, options.vfs.as_deref())?;
        let mut vault = Self {
            connection,
            state: None,
            unfinished: false,
            ahead: None,
            id: [0; 16],
            epoch: 0,
            keys,
            random,
            _lock: lock,
        };
        vault.load()?;
        vault.complete_what_is_left()?;
        Ok(vault)
    }

    /// The epoch that the file stands in, as it was last read or written.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// The vault's id: random, made with it.
    #[must_use]
    pub fn id(&self) -> [u8; 16] {
        self.id
    }

    /// Runs `work` in one durable transaction: when this returns `Ok`, all of it is on the disk; after an error of
    /// `work`, nothing is.
    ///
    /// # Errors
    /// What `work` answers, and as [`VaultError`]: what the file answers. After a failed commit the file is read
    /// again, so that the next call sees what really stands there.
    pub fn transact<T, E: From<VaultError>>(
        &mut self,
        work: impl FnOnce(&mut Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.heal()?;
        let state = self.state.as_mut().ok_or(VaultError::Poisoned)?;
        let sql = file::begin(&mut self.connection)?;
        let (answer, written) = {
            let rows = Rows(&sql);
            let mut transaction = Transaction::new(&rows, state, &*self.random, false);
            let answer = work(&mut transaction)?;
            let written = transaction.finish(&self.keys)?;
            alive(&rows)?;
            (answer, written)
        };
        if let Err(error) = sql.commit() {
            self.load_after_failure();
            return Err(VaultError::from(error).into());
        }
        state.take(written);
        Ok(answer)
    }

    /// Reads a secret record; `None` when it does not stand.
    ///
    /// # Errors
    /// [`VaultError::Corrupt`], [`VaultError::Poisoned`], or what the file answers.
    pub fn get(&self, key: &RecordKey) -> Result<Option<Secret>, VaultError> {
        let (state, rows) = self.reading()?;
        let tree = Tree::new(&rows, &*self.random, state.shape(), &state.root, &state.opened);
        read_record(&rows, &tree, &state.header.vault, key)
    }

    /// The ids of all records of a kind, in their order.
    ///
    /// # Errors
    /// [`VaultError::Poisoned`], or what the file answers.
    pub fn records(&self, kind: RecordKind) -> Result<Vec<[u8; 16]>, VaultError> {
        let (_state, rows) = self.reading()?;
        rows.record_ids(kind)
    }

    /// Reads a row of the journal.
    ///
    /// # Errors
    /// [`VaultError::Corrupt`], [`VaultError::Poisoned`], or what the file answers.
    pub fn journal_get(&self, collection: &str, key: &[u8]) -> Result<Option<Vec<u8>>, VaultError> {
        let (state, rows) = self.reading()?;
        journal_get(&rows, &state.journal, collection, key)
    }

    /// Reads all rows of a collection, ordered by key.
    ///
    /// # Errors
    /// [`VaultError::Corrupt`], [`VaultError::Poisoned`], or what the file answers.
    pub fn journal_list(&self, collection: &str) -> Result<Vec<JournalRow>, VaultError> {
        let (state, rows) = self.reading()?;
        journal_list(&rows, &state.journal, collection)
    }

    /// The completed destruction of an order; `None` while it is unknown or not yet complete.
    ///
    /// # Errors
    /// [`VaultError::Corrupt`], [`VaultError::Poisoned`], or what the file answers.
    pub fn destruction(&self, order: [u8; 16]) -> Result<Option<Destruction>, VaultError> {
        let (state, rows) = self.reading()?;
        let row = state.destruction(&rows, &order)?;
        Ok(row.filter(|row| row.evidence.is_none()).map(|row| row.destruction))
    }

    /// Reads the state from the file again where a failed write left it unknown; else it does nothing. Who goes on with a
    /// vault after an error begins with this.
    ///
    /// # Errors
    /// As [`Vault::open`]; the state is as unknown as before then.
    pub fn heal(&mut self) -> Result<(), VaultError> {
        if self.state.is_none() { self.reload() } else { Ok(()) }
    }

    /// Reads the state from the file again, be it known or not.
    ///
    /// # Errors
    /// As [`Vault::open`].
    pub fn reload(&mut self) -> Result<(), VaultError> {
        self.load()?;
        self.complete_what_is_left()
    }

    /// What the calls that only read have in common.
    fn reading(&self) -> Result<(&State, Rows<'_>), VaultError> {
        let state = self.ready()?;
        file::read_on(&self.connection)?;
        Ok((state, Rows(&self.connection)))
    }

    pub(crate) fn ready(&self) -> Result<&State, VaultError> {
        self.state.as_ref().ok_or(VaultError::Poisoned)
    }

    /// Reads the header, then opens the root with the keystore. Changes nothing.
    pub(crate) fn load(&mut self) -> Result<(), VaultError> {
        let before = self.state.take().map(|state| state.header.orders).unwrap_or_default();
        let quarantined = |reason| VaultError::Quarantined { reason };
        let rows = Rows(&self.connection);
        let mut header = rows.header()?;
        if header.height == 0 || header.height > MAX_HEIGHT {
            return Err(VaultError::Corrupt { part: "header" });
        }
        let root = self
            .keys
            .unwrap(header.epoch, &header.root_wrapped)
            .map_err(|error| match error {
                RootKeyError::Missing { .. } => quarantined(QuarantineReason::EpochKeyMissing),
                RootKeyError::Invalidated { .. } => quarantined(QuarantineReason::EpochKeyInvalidated),
                RootKeyError::Refused { .. } => quarantined(QuarantineReason::ForeignRoot),
                RootKeyError::Unavailable { .. } => error.into(),
            })?;
        let journal = Arc::new(JournalKeys::open(header.vault, &root, header.epoch, &header.journal)?);
        (self.id, self.epoch) = (header.vault, header.epoch);
        // What was done stays done, where the file does not say so yet.
        let mut is_ahead = false;
        for row in header.orders.iter_mut().filter(|row| !row.done) {
            if let Some(done) = before.iter().find(|done| done.done && done.order == row.order) {
                (*row, is_ahead) = (done.clone(), true);
            }
        }
        self.state = Some(State {
            header,
            root,
            journal,
            opened: OpenedNodes::default(),
            is_ahead,
        });
        Ok(())
    }

    /// Writes which destructions are done, where no other commit takes that along.
    pub(crate) fn save(&mut self) -> Result<(), VaultError> {
        self.transact(|_| Ok(()))
    }

    /// After a commit that failed nobody knows which side of it the file is on: read it, and end no key before
    /// [`Vault::complete_what_is_left`] has made that side durable.
    pub(crate) fn load_after_failure(&mut self) {
        (self.unfinished, self.ahead) = (true, None);
        // A failure leaves `state` empty, and the next call says so: the first error is the one to report.
        let _poisoned = self.load();
    }
}

impl Drop for Vault {
    /// Leaves a file that is whole by itself, and an empty write-ahead log, which the next opening need not make anew.
    fn drop(&mut self) {
        // A vault that was not understood, or whose state is unknown, is left as it is. Where this fails, the next opening
        // finds in the log what is missing here.
        if let Some(state) = &self.state {
            let is_saved = !state.is_ahead || self.save().is_ok();
            let _ = is_saved && file::close(&self.connection).is_ok();
        }
    }
}

/// A file without a byte beside a key of the first epoch is a vault that was emptied. Of later epochs nobody can ask.
fn refuse_emptied(path: &Path, keys: &Keystore) -> Result<(), VaultError> {
    if file::is_emptied(path)? && keys.exists(FIRST_EPOCH)? {
        return Err(VaultError::Corrupt { part: "file" });
    }
    Ok(())
}
