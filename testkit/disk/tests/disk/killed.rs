//! A sync fails and the process ends: the next one reads what the disk lacks, and nothing that it says rests on that.

use quittance_disk::{Operation, RecordingDisk};
use quittance_vault::{RecordKey, Vault, VaultError};

use crate::life::{GATEWAY, PHONE, TOKEN, Way, World, chance, custodian, first_height};

const STAYING: RecordKey = RecordKey::new(TOKEN, [1; 16]);
const FIRST: RecordKey = RecordKey::new(TOKEN, [2; 16]);
const SECOND: RecordKey = RecordKey::new(TOKEN, [3; 16]);
const RECORDS: [RecordKey; 3] = [STAYING, FIRST, SECOND];
/// More syncs than any of these calls has.
const SYNCS: usize = 60;
/// States that are looked at after each sync that failed.
const STATES: usize = 64;

/// What every record holds at first.
const BEFORE: &[u8] = b"a half";

/// What a record holds, where it stands.
type Value = Option<Vec<u8>>;

/// What a process does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Call {
    Nothing,
    Put,
    Rotate,
    Destroy,
}

impl Call {
    /// Puts or ends a record.
    fn run(self, vault: &mut Vault, record: &RecordKey) -> Result<(), VaultError> {
        match self {
            Self::Nothing => Ok(()),
            Self::Put => vault.transact(|tx| tx.put(record, b"put")),
            Self::Rotate => vault.rotate(|tx| tx.put(record, b"put")),
            Self::Destroy => vault.destroy(record.id, &[*record], |_| Ok(())).map(drop),
        }
    }

    /// What stands once this was answered.
    fn leaves(self) -> Value {
        match self {
            Self::Nothing => Some(BEFORE.to_vec()),
            Self::Put | Self::Rotate => Some(b"put".to_vec()),
            Self::Destroy => None,
        }
    }
}

fn value(vault: &Vault, record: &RecordKey) -> Result<Value, VaultError> {
    Ok(vault.get(record)?.map(|value| value.to_vec()))
}

/// What stands after a power loss, where this was seen before it.
fn judge(world: &World, found: &RecordingDisk, way: &Way, second: Call, seen: &Value) -> Result<(), String> {
    let epochs = custodian(found).epochs();
    let vault = world
        .open(found, way)
        .map_err(|error| format!("the vault does not open: {error}, keys {epochs:?}"))?;
    let value = |record| value(&vault, record).map_err(|error| error.to_string());
    if value(&STAYING)?.is_none() {
        return Err("what was durable is gone".to_owned());
    }
    if value(&SECOND)? != second.leaves() {
        return Err("what was answered does not stand".to_owned());
    }
    if value(&FIRST)? != *seen {
        return Err("what the next process saw is not so any more".to_owned());
    }
    Ok(())
}

/// What a search found.
struct Searched {
    /// How many syncs failed.
    failed: usize,
    /// In how many states the next process would have missed what it saw, had the power gone before it began.
    lacking: usize,
}

/// The process is killed: nobody closes its file, and its lock goes.
fn unlock(world: &World) {
    std::fs::remove_file(world.path().with_extension("lock")).unwrap();
}

/// Lets one sync of `first` fail after the other, ends the process each time, and lets the next one do `second`; the first
/// state that is wrong ends it.
fn search(name: &str, way: &Way, first: Call, second: Call) -> Result<Searched, String> {
    let mut chance = chance();
    let world = World::new(name);
    let mut lacking = 0;
    for sync in 0..SYNCS {
        let disk = RecordingDisk::default();
        let mut killed = world.create(&disk, way.keys(&disk), first_height());
        killed
            .transact::<_, VaultError>(|tx| RECORDS.iter().try_for_each(|record| tx.put(record, BEFORE)))
            .unwrap();
        disk.fail_sync_after(sync);
        let _failed = first.run(&mut killed, &FIRST);
        if disk.is_sync_to_fail() {
            return Ok(Searched { failed: sync, lacking });
        }
        let end = disk.now();
        unlock(&world);
        let mut vault = world
            .open(&disk, way)
            .map_err(|error| format!("sync {sync} failed, and the next process does not open: {error}"))?;
        let seen = value(&vault, &FIRST).unwrap();
        second
            .run(&mut vault, &SECOND)
            .map_err(|error| format!("sync {sync} failed, and so does the next process: {error}"))?;
        let answered = disk.now();
        for _ in 0..STATES {
            unlock(&world);
            let found = disk.after_power_loss(answered, &mut chance);
            judge(&world, &found, way, second, &seen).map_err(|what| format!("sync {sync} failed: {what}"))?;
            unlock(&world);
            let before = world.open(&disk.after_power_loss(end, &mut chance), way);
            let had = before.and_then(|vault| value(&vault, &FIRST)).unwrap();
            lacking += usize::from(had != seen);
        }
        drop((vault, killed));
    }
    Err("every sync failed".to_owned())
}

#[test]
fn what_the_next_process_says_stands_whatever_the_one_before_it_could_not_sync() {
    for (name, way) in [("gateway", GATEWAY), ("phone", PHONE)] {
        for first in [Call::Put, Call::Rotate, Call::Destroy] {
            for second in [Call::Nothing, Call::Put, Call::Rotate, Call::Destroy] {
                let case = format!("killed-{first:?}-{second:?}-{name}");
                let found = search(&case, &way, first, second).unwrap_or_else(|what| panic!("{case}: {what}"));
                assert!(found.failed > 0, "{case}");
                assert!(found.lacking > 0, "{case}: control: the disk lacks what is read");
            }
        }
    }
}

/// How often an opening syncs.
fn syncs_of_opening(world: &World, disk: &RecordingDisk) -> usize {
    let before = disk.now();
    let opened = world.open(disk, &GATEWAY).unwrap();
    let history = disk.history();
    let done = history.operations().iter().skip(before);
    let syncs = done
        .filter(|operation| matches!(operation, Operation::Sync { .. }))
        .count();
    drop(history);
    drop(opened);
    syncs
}

#[test]
fn an_opening_syncs_nothing_but_what_a_killed_process_left() {
    let world = World::new("opening");
    let disk = RecordingDisk::default();
    let mut vault = world.create(&disk, GATEWAY.keys(&disk), first_height());
    Call::Put.run(&mut vault, &FIRST).unwrap();
    unlock(&world);
    assert_eq!(
        syncs_of_opening(&world, &disk),
        4,
        "log, file, and the log that begins anew"
    );
    assert_eq!(syncs_of_opening(&world, &disk), 0, "it was closed");
    drop(vault);
}
