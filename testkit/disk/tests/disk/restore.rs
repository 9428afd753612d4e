//! Somebody puts yesterday's file back: nothing that ended comes to life, and no counter gives a try back.

use quittance_disk::RecordingDisk;
use quittance_gateway::Shelf;
use quittance_vault::VaultError;

use crate::life::{Call, HONEST, Seen, World, chance, look};

/// Pairs of a moment at which the file was saved, and a later one at which it was put back.
const PAIRS: usize = 1_000;

/// The file of one moment beside the keys of another.
fn put_back(disk: &RecordingDisk, saved: usize, keys: usize) -> RecordingDisk {
    let (file, keys) = (disk.copy_at(saved), disk.copy_at(keys));
    for slot in ["slot-0", "slot-1"] {
        if let Some(page) = Shelf::read(&keys, slot).unwrap() {
            Shelf::write(&file, slot, &page).unwrap();
        }
    }
    file
}

/// What came of the pairs: how many give something back, how many open at all, how many lives made their tree grow.
struct Outcome {
    resurrected: usize,
    opened: usize,
    grown: usize,
}

fn search(world: &World, keys_come_back: bool) -> Outcome {
    let mut chance = chance();
    let (mut resurrected, mut opened, mut grown) = (0, 0, 0);
    for _ in 0..PAIRS / 50 {
        let (disk, calls) = world.live(&HONEST, &mut chance);
        grown += usize::from(world.has_grown(&disk));
        for _ in 0..50 {
            let back = chance.below(calls.len());
            let (saved, now) = (&calls[chance.below(back + 1)], &calls[back]);
            let keys = if keys_come_back { saved } else { now };
            let restored = put_back(&disk, saved.answered, keys.answered);
            let Some(found) = open(world, &restored, &calls) else {
                continue;
            };
            opened += 1;
            let is_of_now = found.ended == now.after.ended && found.counters == now.after.counters;
            resurrected += usize::from(!is_of_now);
        }
    }
    Outcome {
        resurrected,
        opened,
        grown,
    }
}

/// What stands in the vault, where it opens.
fn open(world: &World, disk: &RecordingDisk, calls: &[Call]) -> Option<Seen> {
    match world.open(disk) {
        Ok(vault) => Some(look(&vault, calls).unwrap()),
        Err(VaultError::Quarantined { .. }) => None,
        Err(error) => panic!("a restored file is in quarantine or of this epoch: {error}"),
    }
}

#[test]
fn a_file_that_is_put_back_resurrects_nothing_and_gives_no_try_back() {
    let outcome = search(&World::new("restore"), false);
    assert_eq!(outcome.resurrected, 0);
    assert!(
        outcome.opened > 0,
        "files of the same epoch open: else nothing was tried"
    );
    assert!(outcome.grown > 0, "no life made its tree grow");
}

#[test]
fn control_a_keystore_that_is_put_back_with_the_file_gives_everything_back() {
    let Outcome { resurrected, .. } = search(&World::new("restore-with-keys"), true);
    assert!(
        resurrected > PAIRS / 4,
        "{resurrected}: this is what rollback resistance is for"
    );
}
