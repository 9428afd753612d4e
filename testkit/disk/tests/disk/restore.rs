//! Somebody puts yesterday's file back: nothing that ended comes to life, and no counter gives a try back.

use quittance_disk::RecordingDisk;
use quittance_gateway::Shelf;
use quittance_vault::VaultError;

use crate::life::{Call, GATEWAY, PHONE, Seen, Way, World, chance, look};

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

/// Whether a vault has no more than it had at this moment: what ended is ended, and each counter stands where it stood.
fn is_as(found: &Seen, now: &Call) -> bool {
    found.ended == now.after.ended && found.counters == now.after.counters
}

/// What came of the pairs.
#[derive(Debug)]
struct Outcome {
    /// Pairs between whose moments something ended or was counted.
    gone: usize,
    /// Those that open at all.
    opened: usize,
    /// Those that give something back.
    resurrected: usize,
    /// Lives that made their tree grow.
    grown: usize,
}

fn search(world: &World, keys_come_back: bool) -> Outcome {
    let mut chance = chance();
    let (mut gone, mut opened, mut resurrected, mut grown) = (0, 0, 0, 0);
    for way in [GATEWAY, PHONE].iter().cycle().take(PAIRS / 50) {
        let (disk, calls) = world.live(way, &mut chance);
        grown += usize::from(world.has_grown(&disk));
        for _ in 0..50 {
            let back = 1 + chance.below(calls.len() - 1);
            let (saved, now) = (&calls[chance.below(back)], &calls[back]);
            assert!(saved.answered < now.answered, "each call writes");
            gone += usize::from(!is_as(&saved.after, now));
            let keys = if keys_come_back { saved } else { now };
            let restored = put_back(&disk, saved.answered, keys.answered);
            let Some(found) = open(world, &restored, way, &calls) else {
                continue;
            };
            opened += 1;
            resurrected += usize::from(!is_as(&found, now));
        }
    }
    let outcome = Outcome {
        gone,
        opened,
        resurrected,
        grown,
    };
    println!("{PAIRS} pairs, keys put back: {keys_come_back}: {outcome:?}");
    outcome
}

/// What stands in the vault, where it opens.
fn open(world: &World, disk: &RecordingDisk, way: &Way, calls: &[Call]) -> Option<Seen> {
    match world.open(disk, way) {
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
        outcome.gone > PAIRS / 2 && outcome.opened > PAIRS / 10,
        "else nothing was tried: {outcome:?}"
    );
    assert!(outcome.grown > 0, "no life made its tree grow");
}

#[test]
fn control_a_keystore_that_is_put_back_with_the_file_gives_everything_back() {
    let outcome = search(&World::new("restore-with-keys"), true);
    assert_eq!(outcome.opened, PAIRS);
    assert_eq!(
        outcome.resurrected, outcome.gone,
        "this is what rollback resistance is for: {outcome:?}"
    );
}
