//! Somebody has every byte that was ever written to the disk, and today's keys: no secret that ended opens.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use quittance_disk::{Attacker, Chance, Loot, RecordingDisk};
use quittance_vault::{RecordKey, RootKeys as _, Vault, VaultError};

use crate::life::{Dishonest, TALL, TOKEN, World, chance, custodian, first_height};

/// Secrets that end in one run.
pub(crate) const ENDS: usize = 1_000;

/// What was destroyed, what is left, and what the attacker opens of either.
struct Outcome {
    ended_opened: usize,
    living_opened: usize,
    ended: usize,
    living: usize,
    /// Levels that the key tree has at last.
    height: u8,
}

/// A long life of inserts, reads and ends; then the attacker comes.
fn attack(name: &str, height: u8, hoards: bool) -> Outcome {
    let (world, mut chance) = (World::new(name), chance());
    let disk = RecordingDisk::default();
    let kept = Arc::new(Mutex::new(BTreeMap::new()));
    let keys = Dishonest {
        honest: custodian(&disk),
        before_create: |_, _| Ok(()),
        kept: Arc::clone(&kept),
    };
    let mut vault = world.create(&disk, Arc::new(keys), height);
    let (living, ended) = live(&mut vault, &mut chance, ENDS, || ());
    let today = vault.epoch();
    drop(vault);

    let mut attacker = Attacker::default();
    let mut looks = 0;
    disk.at_each_sync(|copy| {
        world.drive.insert(copy);
        // Before the first commit there is no table to read.
        looks += usize::from(attacker.look(&world.path(), world.name()).is_ok());
    });
    assert!(looks > ENDS / 5, "the attacker looked {looks} times only");
    let loot = attacker.open(|root| {
        if hoards {
            kept.lock().unwrap().get(root).cloned()
        } else {
            custodian(&disk).unwrap(today, root).ok()
        }
    });
    let opened = |secrets: &BTreeSet<Vec<u8>>| secrets.iter().filter(|secret| is_in(&loot, secret)).count();
    Outcome {
        ended_opened: opened(&ended),
        living_opened: opened(&living),
        ended: ended.len(),
        living: living.len(),
        height: world.height(&disk),
    }
}

pub(crate) fn is_in(loot: &BTreeSet<Loot>, secret: &[u8]) -> bool {
    loot.iter().any(|loot| loot.secret == secret)
}

/// Lives until as many secrets ended, with ever more that live: after a thousand more than one level of the key tree
/// holds. Shows each moment after a call: what lives and what ended then, by the
/// secrets themselves.
pub(crate) fn live(
    vault: &mut Vault,
    chance: &mut Chance,
    ends: usize,
    mut moment: impl FnMut(),
) -> (BTreeSet<Vec<u8>>, BTreeSet<Vec<u8>>) {
    let mut tokens: Vec<(RecordKey, Vec<u8>)> = Vec::new();
    let mut ended = BTreeSet::new();
    let mut number = 0_u128;
    while ended.len() < ends {
        let grows = tokens.len() < 40 + ended.len() / 8 || chance.below(3) == 0;
        if grows {
            number += 1;
            let key = RecordKey::new(TOKEN, number.to_be_bytes());
            let secret = format!("the half of token {number}, thirty-two bytes or so").into_bytes();
            vault.transact::<_, VaultError>(|tx| tx.put(&key, &secret)).unwrap();
            tokens.push((key, secret));
            moment();
            continue;
        }
        let mut batch = Vec::new();
        for _ in 0..=chance.below(5) {
            let (key, secret) = tokens.swap_remove(chance.below(tokens.len()));
            assert_eq!(vault.get(&key).unwrap().unwrap().as_slice(), secret);
            batch.push(key);
            ended.insert(secret);
        }
        number += 1;
        vault.destroy(number.to_be_bytes(), &batch, |_| Ok(())).unwrap();
        moment();
    }
    (tokens.into_iter().map(|(_, secret)| secret).collect(), ended)
}

#[test]
fn nothing_that_ended_opens_whoever_saw_every_write_and_has_todays_key() {
    for (name, height) in [("files", first_height()), ("files-of-a-tall-tree", TALL)] {
        let outcome = attack(name, height, false);
        assert!(outcome.ended >= ENDS);
        assert_eq!(outcome.ended_opened, 0, "{name}");
        assert_eq!(
            outcome.living_opened, outcome.living,
            "{name}: the attacker can read what lives, so it reads at all"
        );
        assert_eq!(
            outcome.height,
            TALL.min(height + 1),
            "{name}: a tree that was full grew"
        );
    }
}

#[test]
fn control_whoever_has_the_keystores_history_opens_everything() {
    let outcome = attack("files-and-old-keys", first_height(), true);
    assert_eq!(outcome.ended_opened, outcome.ended);
}
