//! Somebody has the disk as it was at every sync, and today's keys: no secret that ended opens.

use std::collections::BTreeSet;

use quittance_disk::{Attacker, Chance, Loot, RecordingDisk};
use quittance_vault::{RecordKey, Vault, VaultError};

use crate::life::{GATEWAY, PHONE, TALL, TOKEN, Way, World, chance, first_height};
use crate::stolen_keys::StolenKeys;

/// Destructions in one run, of one to five secrets each.
pub(crate) const DESTRUCTIONS: usize = 1_000;

/// What was destroyed, what is left, and what the attacker opens of either.
#[derive(Debug)]
struct Outcome {
    /// Keys that the attacker has.
    keys: usize,
    ended_opened: usize,
    living_opened: usize,
    ended: usize,
    living: usize,
    /// Levels that the key tree has at last.
    height: u8,
}

/// A long life of inserts, reads and ends; then the attacker comes, with keys of the disk that the vault lived on.
fn attack(name: &str, height: u8, way: &Way, keys: fn(&RecordingDisk) -> StolenKeys) -> Outcome {
    let (world, mut chance) = (World::new(name), chance());
    let disk = RecordingDisk::default();
    let mut vault = world.create(&disk, way.keys(&disk), height);
    let (living, ended) = live(&mut vault, &mut chance, || ());
    drop(vault);

    let mut attacker = Attacker::default();
    let mut looks = 0;
    disk.at_each_sync(|copy| {
        world.drive.insert(copy);
        // Before the first commit there is no table to read.
        looks += usize::from(attacker.look(&world.path(), world.name()).is_ok());
    });
    assert!(looks > DESTRUCTIONS, "the attacker looked {looks} times only");
    let keys = keys(&disk);
    let loot = attacker.open(|root| keys.unwrap(root));
    let opened = |secrets: &BTreeSet<Vec<u8>>| secrets.iter().filter(|secret| is_in(&loot, secret)).count();
    let outcome = Outcome {
        keys: keys.count(),
        ended_opened: opened(&ended),
        living_opened: opened(&living),
        ended: ended.len(),
        living: living.len(),
        height: world.height(&disk),
    };
    println!("{name}: {DESTRUCTIONS} destructions, {looks} looks: {outcome:?}");
    outcome
}

pub(crate) fn is_in(loot: &BTreeSet<Loot>, secret: &[u8]) -> bool {
    loot.iter().any(|loot| loot.secret == secret)
}

/// Lives until all destructions were asked for, with ever more secrets that live: at last more than one level of the key
/// tree holds. Calls `moment` after each call; answers what lives and what ended, by the secrets themselves.
pub(crate) fn live(
    vault: &mut Vault,
    chance: &mut Chance,
    mut moment: impl FnMut(),
) -> (BTreeSet<Vec<u8>>, BTreeSet<Vec<u8>>) {
    let mut tokens: Vec<(RecordKey, Vec<u8>)> = Vec::new();
    let mut ended = BTreeSet::new();
    let (mut number, mut destructions) = (0_u128, 0);
    while destructions < DESTRUCTIONS {
        if tokens.len() < 40 + destructions / 8 || chance.below(3) == 0 {
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
        destructions += 1;
        moment();
    }
    (tokens.into_iter().map(|(_, secret)| secret).collect(), ended)
}

#[test]
fn nothing_that_ended_opens_whoever_saw_every_sync_and_has_all_keys_of_today() {
    let lives = [
        ("files-of-a-gateway", first_height(), GATEWAY, 2),
        ("files-of-a-phone", first_height(), PHONE, 1),
        ("files-of-a-tall-tree", TALL, GATEWAY, 2),
    ];
    for (name, height, way, keys) in lives {
        let outcome = attack(name, height, &way, StolenKeys::of_today);
        assert_eq!(
            outcome.keys, keys,
            "{name}: today's key, and one ahead where it is made ahead"
        );
        assert!(
            outcome.ended >= DESTRUCTIONS,
            "{name}: each destruction ended something"
        );
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
    for (name, way) in [("old-keys-of-a-gateway", GATEWAY), ("old-keys-of-a-phone", PHONE)] {
        let outcome = attack(name, first_height(), &way, StolenKeys::of_all_times);
        assert!(outcome.keys > DESTRUCTIONS, "{name}: each destruction began an epoch");
        assert_eq!(outcome.ended_opened, outcome.ended, "{name}");
    }
}
