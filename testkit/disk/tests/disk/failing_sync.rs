//! A sync fails, and what it did not write is never written by itself: nothing is said of it that a power loss unsays.

use quittance_disk::RecordingDisk;
use quittance_vault::{RecordKey, Vault, VaultError};

use crate::life::{GATEWAY, PHONE, TOKEN, Way, World, chance, custodian, first_height};

const ORDER: [u8; 16] = [7; 16];
const ENDING: RecordKey = RecordKey::new(TOKEN, [1; 16]);
const STAYING: RecordKey = RecordKey::new(TOKEN, [2; 16]);
/// More syncs than any of these calls has.
const SYNCS: usize = 60;
/// States that are looked at after each sync that failed.
const STATES: usize = 64;

/// A call that ends an epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Call {
    Destroy,
    Rotate,
}

impl Call {
    fn run(self, vault: &mut Vault) -> Result<(), VaultError> {
        match self {
            Self::Destroy => vault.destroy(ORDER, &[ENDING], |_| Ok(())).map(drop),
            Self::Rotate => vault.rotate(|tx| tx.put(&ENDING, b"one try less")),
        }
    }

    /// What stands afterwards where something ended.
    const fn leaves(self) -> Option<&'static [u8]> {
        match self {
            Self::Destroy => None,
            Self::Rotate => Some(b"one try less"),
        }
    }
}

/// What stands once a call was answered, whenever the power goes.
fn judge(world: &World, found: &RecordingDisk, way: &Way, call: Call) -> Result<(), String> {
    // Before the vault is opened, which ends it: a thief has the disk as it was found.
    let epochs = custodian(found).epochs().map_err(|error| error.to_string())?;
    if epochs.contains(&1) {
        return Err(format!("the old key is back: {epochs:?}"));
    }
    let vault = world
        .open(found, way)
        .map_err(|error| format!("the vault does not open: {error}"))?;
    let epoch = vault.epoch();
    let ended = vault.get(&ENDING).map_err(|error| error.to_string())?;
    let is_ended = ended.as_ref().map(|value| value.as_slice()) == call.leaves();
    let stays = vault.get(&STAYING).map_err(|error| error.to_string())?;
    if epoch < 2 || !is_ended || stays.is_none() {
        return Err(format!("what was answered does not stand in epoch {epoch}"));
    }
    Ok(())
}

/// Lets one sync of a call fail after the other; the first state that is wrong ends it. Answers how many failed.
fn search(name: &str, way: &Way, call: Call) -> Result<usize, String> {
    let world = World::new(name);
    let mut chance = chance();
    for sync in 0..SYNCS {
        let disk = RecordingDisk::default();
        let mut vault = world.create(&disk, way.keys(&disk), first_height());
        vault
            .transact::<_, VaultError>(|tx| {
                tx.put(&ENDING, b"a half")?;
                tx.put(&STAYING, b"another half")
            })
            .unwrap();
        disk.fail_sync_after(sync);
        // A second failure would be a second fault.
        let is_answered = (0..2).any(|_| call.run(&mut vault).is_ok());
        let moment = disk.now();
        drop(vault);
        if !is_answered {
            return Err(format!("sync {sync} failed, and the call is not answered any more"));
        }
        if disk.is_sync_to_fail() {
            return Ok(sync);
        }
        for _ in 0..STATES {
            let found = disk.after_power_loss(moment, &mut chance);
            judge(&world, &found, way, call).map_err(|what| format!("sync {sync} failed: {what}"))?;
        }
    }
    Err("every sync failed".to_owned())
}

#[test]
fn what_is_answered_after_a_sync_that_failed_stands_and_no_old_key() {
    for (name, way) in [("gateway", GATEWAY), ("phone", PHONE)] {
        for call in [Call::Destroy, Call::Rotate] {
            let failed = search(&format!("failing-{call:?}-{name}"), &way, call).unwrap();
            assert!(failed > 2, "{name}, {call:?}: only {failed} syncs");
        }
    }
}

#[test]
fn control_a_keystore_that_believes_its_eyes_lets_the_old_key_come_back() {
    for (name, honest) in [("gateway", GATEWAY), ("phone", PHONE)] {
        let way = Way {
            believes_its_eyes: true,
            ..honest
        };
        let found = search(&format!("believing-{name}"), &way, Call::Destroy).unwrap_err();
        assert!(found.contains("the old key is back"), "{name}: {found}");
    }
}
