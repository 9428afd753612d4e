//! The power goes at any moment of a vault's life: what was promised stands, and nothing else is ever there.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on is a failed test")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use proptest::prelude::Rng as _;
use proptest::test_runner::{RngAlgorithm, TestRng};
use quittance_disk::{Chance, Drive, RecordingDisk};
use quittance_gateway::ShelfCustodian;
use quittance_vault::{
    RecordKey, RecordKind, RootKeyError, RootKeys, SystemRandomness, Vault, VaultError, VaultOptions,
};
use zeroize::Zeroizing;

const KIND: RecordKind = RecordKind(1);

/// How many states a run looks at; the soak looks at more.
fn states() -> usize {
    std::env::var("QUITTANCE_POWER_LOSSES").map_or(100_000, |number| number.parse().unwrap())
}

/// What a vault holds, as its owner sees it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Seen {
    records: BTreeMap<[u8; 16], Vec<u8>>,
    outbox: BTreeSet<Vec<u8>>,
    ended: BTreeSet<[u8; 16]>,
}

/// A call, from its first operation on the disk to its answer, with what the vault held afterwards.
struct Call {
    begun: usize,
    answered: usize,
    after: Seen,
}

/// A way to write the vault, honest or not.
struct Way {
    /// The keystore that stands between the vault and the custodian.
    keys: fn(Arc<ShelfCustodian<RecordingDisk>>) -> Arc<dyn RootKeys>,
    /// Whether the attestation is written in the same transaction as the destruction.
    is_one_transaction: bool,
    /// Whether the disk does what a sync asks for.
    syncs: bool,
}

const HONEST: Way = Way {
    keys: |custodian| custodian,
    is_one_transaction: true,
    syncs: true,
};

struct World {
    drive: Drive,
    name: String,
    folder: tempfile::TempDir,
}

impl World {
    fn new(name: &str) -> Self {
        Self {
            drive: Drive::mount(name).unwrap(),
            name: name.to_owned(),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn options(&self) -> VaultOptions {
        VaultOptions {
            path: self.folder.path().join("vault"),
            height: 2,
            vfs: Some(self.name.clone()),
        }
    }

    fn custodian(disk: &RecordingDisk) -> Arc<ShelfCustodian<RecordingDisk>> {
        Arc::new(ShelfCustodian::on(disk.clone(), Arc::new(SystemRandomness::new())))
    }

    /// Lives a short life on a disk of its own: the disk, with every call.
    fn live(&self, way: &Way, chance: &mut Chance) -> (RecordingDisk, Vec<Call>) {
        let disk = RecordingDisk::default();
        if !way.syncs {
            disk.ignore_syncs();
        }
        self.drive.insert(&disk);
        let keys = (way.keys)(Self::custodian(&disk));
        let mut vault = Vault::create(self.options(), keys, Arc::new(SystemRandomness::new())).unwrap();
        // The vault did so with its folder, which is a real one: the names of its files are durable.
        disk.sync_names();
        let mut calls = vec![Call {
            begun: 0,
            answered: disk.now(),
            after: Seen::default(),
        }];
        let mut seen = Seen::default();
        for _ in 0..12 {
            let begun = disk.now();
            act(&mut vault, way, chance, &mut seen);
            calls.push(Call {
                begun,
                answered: disk.now(),
                after: seen.clone(),
            });
        }
        (disk, calls)
    }

    /// What the owner finds after the power was back; what is wrong with it, if anything.
    fn judge(&self, found: &RecordingDisk, moment: usize, calls: &[Call]) -> Result<(), String> {
        self.drive.insert(found);
        let custodian = Self::custodian(found);
        let opened = Vault::open(
            self.options(),
            Arc::clone(&custodian) as _,
            Arc::new(SystemRandomness::new()),
        );
        let answered = calls.iter().rfind(|call| call.answered <= moment);
        let under_way = calls.iter().find(|call| call.begun < moment && moment < call.answered);
        let vault = match opened {
            Ok(vault) => vault,
            Err(VaultError::Missing) if answered.is_none() => return Ok(()),
            Err(error) => return Err(format!("the vault does not open: {error}")),
        };
        let seen = look(&vault, calls).map_err(|error| error.to_string())?;
        let is_promised = answered.into_iter().chain(under_way).any(|call| call.after == seen);
        if !is_promised {
            return Err(format!("neither what was promised nor what was under way: {seen:?}"));
        }
        let epochs = custodian.epochs().map_err(|error| error.to_string())?;
        if epochs != [vault.epoch()] {
            return Err(format!("keys of epochs {epochs:?} stand in epoch {}", vault.epoch()));
        }
        Ok(())
    }

    /// Looks at this many states of as many lives as it takes; the first that is wrong ends it.
    fn search(&self, way: &Way, states: usize) -> Result<(), String> {
        let mut numbers = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
        let mut chance = Chance::new(move || numbers.next_u64());
        let mut left = states;
        while left > 0 {
            let (disk, calls) = self.live(way, &mut chance);
            for moment in 0..=disk.now() {
                for _ in 0..8_usize.min(left) {
                    left -= 1;
                    let found = disk.after_power_loss(moment, &mut chance);
                    self.judge(&found, moment, &calls)
                        .map_err(|what| format!("after operation {moment} of {}: {what}", disk.now()))?;
                }
            }
        }
        Ok(())
    }
}

/// One call of a random kind.
fn act(vault: &mut Vault, way: &Way, chance: &mut Chance, seen: &mut Seen) {
    let (id, value) = (
        [u8::try_from(chance.below(6)).unwrap(); 16],
        vec![u8::try_from(chance.below(256)).unwrap(); 40],
    );
    let key = RecordKey::new(KIND, id);
    match chance.below(4) {
        0 => {
            vault.transact::<_, VaultError>(|tx| tx.put(&key, &value)).unwrap();
            seen.records.insert(id, value);
        }
        // A counter of attempts: a restored file must not give one back.
        1 => {
            vault.rotate::<_, VaultError>(|tx| tx.put(&key, &value)).unwrap();
            seen.records.insert(id, value);
        }
        2 => {
            vault
                .transact::<_, VaultError>(|tx| tx.journal_put("outbox", &value, b"row"))
                .unwrap();
            seen.outbox.insert(value);
        }
        _ => {
            let order = [u8::try_from(chance.below(256)).unwrap(); 16];
            if seen.ended.contains(&order) {
                return;
            }
            let due = order.to_vec();
            if way.is_one_transaction {
                vault
                    .destroy(order, &[key], |tx| tx.journal_put("outbox", &due, b"row"))
                    .unwrap();
            } else {
                vault.destroy(order, &[key], |_| Ok(())).unwrap();
                vault
                    .transact::<_, VaultError>(|tx| tx.journal_put("outbox", &due, b"row"))
                    .unwrap();
            }
            seen.records.remove(&id);
            seen.outbox.insert(due);
            seen.ended.insert(order);
        }
    }
}

fn look(vault: &Vault, calls: &[Call]) -> Result<Seen, VaultError> {
    let mut seen = Seen::default();
    for id in vault.records(KIND)? {
        let record = vault.get(&RecordKey::new(KIND, id))?.map(|record| record.to_vec());
        seen.records.insert(id, record.unwrap_or_default());
    }
    seen.outbox = vault
        .journal_list("outbox")?
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    let orders: BTreeSet<[u8; 16]> = calls.iter().flat_map(|call| call.after.ended.iter().copied()).collect();
    for order in orders {
        if vault.destruction(order)?.is_some() {
            seen.ended.insert(order);
        }
    }
    Ok(seen)
}

#[test]
fn whenever_the_power_goes_what_was_answered_stands_and_only_todays_key() {
    let world = World::new("power-loss");
    assert_eq!(world.search(&HONEST, states()), Ok(()));
}

/// Deletes the key of the epoch before when it makes a new one, long before the file is written.
struct DeletesFirst {
    honest: Arc<ShelfCustodian<RecordingDisk>>,
}

impl RootKeys for DeletesFirst {
    fn create(&self, epoch: u64) -> Result<(), RootKeyError> {
        if epoch > 1 {
            self.honest.delete(epoch - 1)?;
        }
        self.honest.create(epoch)
    }

    fn wrap(&self, epoch: u64, root: &[u8; 32]) -> Result<Vec<u8>, RootKeyError> {
        self.honest.wrap(epoch, root)
    }

    fn unwrap(&self, epoch: u64, wrapped: &[u8]) -> Result<Zeroizing<[u8; 32]>, RootKeyError> {
        self.honest.unwrap(epoch, wrapped)
    }

    fn delete(&self, epoch: u64) -> Result<(), RootKeyError> {
        self.honest.delete(epoch)
    }

    fn exists(&self, epoch: u64) -> Result<bool, RootKeyError> {
        self.honest.exists(epoch)
    }
}

#[test]
fn control_each_planted_bug_is_found() {
    let bugs = [
        ("an answer before the sync", Way { syncs: false, ..HONEST }),
        (
            "the attestation in a second transaction",
            Way {
                is_one_transaction: false,
                ..HONEST
            },
        ),
        (
            "the old key deleted first",
            Way {
                keys: |honest| Arc::new(DeletesFirst { honest }),
                ..HONEST
            },
        ),
    ];
    for (number, (bug, way)) in bugs.into_iter().enumerate() {
        let world = World::new(&format!("planted-{number}"));
        assert!(world.search(&way, 5_000).is_err(), "not found: {bug}");
    }
}
