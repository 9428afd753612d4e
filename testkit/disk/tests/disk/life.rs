//! A vault's short life on a disk that remembers it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use proptest::prelude::Rng as _;
use proptest::test_runner::{RngAlgorithm, TestRng};
use quittance_disk::{Chance, Drive, RecordingDisk};
use quittance_gateway::ShelfCustodian;
use quittance_vault::{
    Neighbours, RecordKey, RecordKind, RootKeyError, RootKeys, SystemRandomness, Vault, VaultError, VaultOptions,
};
use rusqlite::{Connection, OpenFlags};
use zeroize::Zeroizing;

/// Secrets that end.
pub(crate) const TOKEN: RecordKind = RecordKind(1);
/// Numbers that a restored file must not turn back.
const COUNTER: RecordKind = RecordKind(2);
/// Levels of the key tree of a gateway that has had more than two million tokens.
pub(crate) const TALL: u8 = 4;
/// Records that fill the one level that a tree begins with.
const FULL: usize = 125;
/// One life in so many begins with that level all but full, and may grow a second one.
const GROWS_IN: usize = 4;
/// Calls of one life.
const CALLS: usize = 12;

/// Levels that a key tree begins with, on a phone as at a gateway.
pub(crate) fn first_height() -> u8 {
    VaultOptions::at(PathBuf::new()).height
}

/// What a vault holds, as its owner sees it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) tokens: BTreeMap<[u8; 16], Vec<u8>>,
    pub(crate) counters: BTreeMap<[u8; 16], Vec<u8>>,
    pub(crate) outbox: BTreeSet<Vec<u8>>,
    pub(crate) ended: BTreeSet<[u8; 16]>,
}

/// A call, from its first operation on the disk to its answer, with what the vault held afterwards.
pub(crate) struct Call {
    pub(crate) begun: usize,
    pub(crate) answered: usize,
    pub(crate) after: Seen,
    /// The epoch in which it was answered.
    pub(crate) epoch: u64,
}

/// A custodian that keeps its keys beside the vault's file.
type Custodian = ShelfCustodian<RecordingDisk>;

/// A way to write the vault, honest or not.
#[derive(Clone, Copy)]
pub(crate) struct Way {
    /// Whether the keystore makes the key of the epoch to come in the step that ends an old one.
    pub(crate) replaces: bool,
    /// What the keystore does before it makes the key of an epoch.
    pub(crate) before_create: fn(&Custodian, u64) -> Result<(), RootKeyError>,
    /// Whether the attestation is written in the same transaction as the destruction.
    pub(crate) is_one_transaction: bool,
    /// Whether the disk does what a sync asks for.
    pub(crate) syncs: bool,
    /// Whether the keystore takes a key that it does not see for one that is durably gone.
    pub(crate) believes_its_eyes: bool,
    /// Whether the keystore ends a key before it says so, not when the next one is made or the vault is opened.
    pub(crate) ends_at_once: bool,
}

/// As at a gateway.
pub(crate) const GATEWAY: Way = Way {
    replaces: true,
    before_create: |_, _| Ok(()),
    is_one_transaction: true,
    syncs: true,
    believes_its_eyes: false,
    ends_at_once: true,
};

/// As on a phone, whose keystore deletes the old key, and makes each key when its epoch begins.
pub(crate) const PHONE: Way = Way {
    replaces: false,
    ..GATEWAY
};

impl Way {
    /// The keystore that stands between a vault and the keys on a disk.
    pub(crate) fn keys(&self, disk: &RecordingDisk) -> Arc<dyn RootKeys> {
        let custodian = custodian(disk);
        Arc::new(Keystore {
            stood: custodian.epochs().unwrap(),
            custodian,
            way: *self,
            left: Mutex::default(),
        })
    }
}

/// A custodian's keys, as a gateway or a phone uses them; controls plant in it what neither must do.
struct Keystore {
    custodian: Custodian,
    way: Way,
    /// Epochs whose keys stood when this process began.
    stood: Vec<u64>,
    /// The epoch whose key was said to be gone, and is not yet.
    left: Mutex<Option<u64>>,
}

impl Keystore {
    fn left(&self) -> Option<u64> {
        *self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn leave(&self, epoch: Option<u64>) {
        *self.left.lock().unwrap_or_else(PoisonError::into_inner) = epoch;
    }
}

impl RootKeys for Keystore {
    fn create(&self, epoch: u64) -> Result<(), RootKeyError> {
        (self.way.before_create)(&self.custodian, epoch)?;
        if let Some(left) = self.left() {
            self.custodian.delete(left)?;
            self.leave(None);
        }
        self.custodian.create(epoch)
    }

    fn wrap(&self, epoch: u64, root: &[u8; 32]) -> Result<Vec<u8>, RootKeyError> {
        self.custodian.wrap(epoch, root)
    }

    fn unwrap(&self, epoch: u64, wrapped: &[u8]) -> Result<Zeroizing<[u8; 32]>, RootKeyError> {
        if self.left() == Some(epoch) {
            return Err(RootKeyError::Missing { epoch });
        }
        self.custodian.unwrap(epoch, wrapped)
    }

    fn delete(&self, epoch: u64) -> Result<(), RootKeyError> {
        if self.way.believes_its_eyes && !self.custodian.exists(epoch)? {
            return Ok(());
        }
        if !self.way.ends_at_once && !self.stood.contains(&epoch) && self.custodian.exists(epoch)? {
            self.leave(Some(epoch));
            return Ok(());
        }
        self.custodian.delete(epoch)
    }

    fn exists(&self, epoch: u64) -> Result<bool, RootKeyError> {
        Ok(self.left() != Some(epoch) && self.custodian.exists(epoch)?)
    }

    fn replace(&self, old: u64, ahead: u64) -> Result<bool, RootKeyError> {
        if self.way.replaces && self.way.ends_at_once {
            self.custodian.replace(old, ahead)
        } else {
            self.delete(old).map(|()| false)
        }
    }

    fn neighbours(&self, epoch: u64) -> Result<Neighbours, RootKeyError> {
        self.custodian.neighbours(epoch)
    }
}

/// Where lives are lived: a drive, with the folder that the vault's lock stands in.
pub(crate) struct World {
    pub(crate) drive: Drive,
    name: String,
    folder: tempfile::TempDir,
}

impl World {
    pub(crate) fn new(name: &str) -> Self {
        Self {
            drive: Drive::mount(name).unwrap(),
            name: name.to_owned(),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// The drive's name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The vault's file on whatever disk is in the drive.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("vault")
    }

    fn options(&self) -> VaultOptions {
        VaultOptions {
            vfs: Some(self.name.clone()),
            ..VaultOptions::at(self.path())
        }
    }

    /// Makes a vault on a new disk.
    pub(crate) fn create(&self, disk: &RecordingDisk, keys: Arc<dyn RootKeys>, height: u8) -> Vault {
        self.drive.insert(disk);
        let options = VaultOptions {
            height,
            ..self.options()
        };
        let vault = Vault::create(options, keys, random()).unwrap();
        // The vault did so with its folder, which is a real one: the names of its files are durable.
        disk.sync_names();
        vault
    }

    /// Opens what stands on a disk, with the keys that stand there.
    pub(crate) fn open(&self, disk: &RecordingDisk, way: &Way) -> Result<Vault, VaultError> {
        self.drive.insert(disk);
        Vault::open(self.options(), way.keys(disk), random())
    }

    /// Whether the tree of the vault on a disk has more levels than it began with.
    pub(crate) fn has_grown(&self, disk: &RecordingDisk) -> bool {
        self.height(disk) > first_height()
    }

    /// How many levels the tree of the vault on a disk has, as its file says.
    pub(crate) fn height(&self, disk: &RecordingDisk) -> u8 {
        // A copy: looking is no part of what happened.
        self.drive.insert(&disk.copy_at(disk.now()));
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let file = Connection::open_with_flags_and_vfs(self.path(), flags, self.name()).unwrap();
        file.pragma_update(None, "locking_mode", "EXCLUSIVE").unwrap();
        file.query_row("SELECT height FROM header", [], |row| row.get(0))
            .unwrap()
    }

    /// Lives a short life on a disk of its own: the disk, with every call.
    pub(crate) fn live(&self, way: &Way, chance: &mut Chance) -> (RecordingDisk, Vec<Call>) {
        let disk = RecordingDisk::default();
        if !way.syncs {
            disk.ignore_syncs();
        }
        let mut vault = self.create(&disk, way.keys(&disk), first_height());
        let mut seen = Seen::default();
        let mut calls = vec![Call {
            begun: 0,
            answered: disk.now(),
            after: seen.clone(),
            epoch: vault.epoch(),
        }];
        let is_full = chance.below(GROWS_IN) == 0;
        for number in 0..CALLS {
            let begun = disk.now();
            if is_full && number == 0 {
                fill(&mut vault, FULL - chance.below(4), &mut seen);
            } else {
                act(&mut vault, way, chance, &mut seen);
            }
            calls.push(Call {
                begun,
                answered: disk.now(),
                after: seen.clone(),
                epoch: vault.epoch(),
            });
        }
        (disk, calls)
    }
}

pub(crate) fn random() -> Arc<SystemRandomness> {
    Arc::new(SystemRandomness::new())
}

/// The keys that stand on a disk.
pub(crate) fn custodian(disk: &RecordingDisk) -> Custodian {
    ShelfCustodian::on(disk.clone(), random())
}

/// Chances from a fixed seed.
pub(crate) fn chance() -> Chance {
    let mut numbers = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    Chance::new(move || numbers.next_u64())
}

/// So many tokens at once, beside those of the calls.
fn fill(vault: &mut Vault, tokens: usize, seen: &mut Seen) {
    let others = (0..tokens).map(|number| {
        let number = u8::try_from(number).unwrap();
        ([[number; 8], [255; 8]].concat().try_into().unwrap(), vec![number; 40])
    });
    seen.tokens.extend(others);
    vault
        .transact::<_, VaultError>(|tx| {
            let mut all = seen.tokens.iter();
            all.try_for_each(|(id, value)| tx.put(&RecordKey::new(TOKEN, *id), value))
        })
        .unwrap();
}

/// One call of a random kind.
fn act(vault: &mut Vault, way: &Way, chance: &mut Chance, seen: &mut Seen) {
    let mut byte = |end| u8::try_from(chance.below(end)).unwrap();
    let (id, value) = ([byte(6); 16], vec![byte(256); 40]);
    // An order that was carried out is answered without a word to the disk: each is one of its own.
    let order = [u8::try_from(seen.ended.len()).unwrap(); 16];
    let (token, counter) = (RecordKey::new(TOKEN, id), RecordKey::new(COUNTER, id));
    match byte(4) {
        0 => {
            vault.transact::<_, VaultError>(|tx| tx.put(&token, &value)).unwrap();
            seen.tokens.insert(id, value);
        }
        1 => {
            vault.rotate::<_, VaultError>(|tx| tx.put(&counter, &value)).unwrap();
            seen.counters.insert(id, value);
        }
        2 => {
            put_in_outbox(vault, &value);
            seen.outbox.insert(value);
        }
        _ => {
            if way.is_one_transaction {
                vault
                    .destroy(order, &[token], |tx| tx.journal_put("outbox", &order, b"row"))
                    .unwrap();
            } else {
                vault.destroy(order, &[token], |_| Ok(())).unwrap();
                put_in_outbox(vault, &order);
            }
            seen.tokens.remove(&id);
            seen.outbox.insert(order.to_vec());
            seen.ended.insert(order);
        }
    }
}

fn put_in_outbox(vault: &mut Vault, name: &[u8]) {
    vault
        .transact::<_, VaultError>(|tx| tx.journal_put("outbox", name, b"row"))
        .unwrap();
}

/// What a vault holds; `calls` name the orders that are asked for.
pub(crate) fn look(vault: &Vault, calls: &[Call]) -> Result<Seen, VaultError> {
    let records = |kind| -> Result<BTreeMap<_, _>, VaultError> {
        let ids = vault.records(kind)?.into_iter();
        let read = |id| Ok((id, vault.get(&RecordKey::new(kind, id))?.unwrap_or_default().to_vec()));
        ids.map(read).collect()
    };
    let orders: BTreeSet<[u8; 16]> = calls.iter().flat_map(|call| call.after.ended.iter().copied()).collect();
    let mut ended = BTreeSet::new();
    for order in orders {
        if vault.destruction(order)?.is_some() {
            ended.insert(order);
        }
    }
    Ok(Seen {
        tokens: records(TOKEN)?,
        counters: records(COUNTER)?,
        outbox: vault
            .journal_list("outbox")?
            .into_iter()
            .map(|(name, _)| name)
            .collect(),
        ended,
    })
}
