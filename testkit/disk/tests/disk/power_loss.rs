//! The power goes at any moment of a vault's life: what was promised stands, and nothing else is ever there.

use quittance_disk::RecordingDisk;
use quittance_gateway::ShelfCustodian;
use quittance_vault::{RootKeyError, RootKeys as _, VaultError};

use crate::life::{Call, GATEWAY, PHONE, Way, World, chance, custodian, look};

/// How many states a run looks at; the soak looks at more.
fn states() -> usize {
    std::env::var("QUITTANCE_POWER_LOSSES").map_or(100_000, |number| number.parse().unwrap())
}

impl World {
    /// What the owner finds after the power was back; what is wrong with it, if anything.
    fn judge(&self, found: &RecordingDisk, way: &Way, moment: usize, calls: &[Call]) -> Result<(), String> {
        let answered = calls.iter().rfind(|call| call.answered <= moment);
        // Before the vault is opened, which ends the key of the epoch before: a thief has the disk as it was found.
        let keys = || custodian(found).epochs().map_err(|error| error.to_string());
        let (stood, promised) = (keys()?, answered.map_or(0, |call| call.epoch));
        if stood.iter().any(|stands| *stands < promised) {
            return Err(format!(
                "keys of epochs {stood:?} stand once epoch {promised} was answered"
            ));
        }
        let opened = self.open(found, way);
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
        let epochs = keys()?;
        // The key of the next epoch may have been made ahead; it is made anew before it is used.
        let (epoch, ahead) = (vault.epoch(), vault.epoch() + 1);
        if !epochs.contains(&epoch) || epochs.iter().any(|stands| ![epoch, ahead].contains(stands)) {
            return Err(format!("keys of epochs {epochs:?} stand in epoch {}", vault.epoch()));
        }
        Ok(())
    }

    /// Looks at this many states of as many lives as it takes, which are lived in these ways in turn; the first that is
    /// wrong ends it. Answers in how many lives of each way the tree grew.
    fn search<const WAYS: usize>(&self, ways: [Way; WAYS], states: usize) -> Result<[usize; WAYS], String> {
        let mut chance = chance();
        let mut left = states;
        let mut grown = [0; WAYS];
        for (number, way) in ways.iter().enumerate().cycle() {
            if left == 0 {
                break;
            }
            let (disk, calls) = self.live(way, &mut chance);
            grown[number] += usize::from(self.has_grown(&disk));
            for moment in 0..=disk.now() {
                for _ in 0..8_usize.min(left) {
                    left -= 1;
                    let found = disk.after_power_loss(moment, &mut chance);
                    self.judge(&found, way, moment, &calls)
                        .map_err(|what| format!("after operation {moment} of {}: {what}", disk.now()))?;
                }
            }
        }
        Ok(grown)
    }
}

#[test]
fn whenever_the_power_goes_what_was_answered_stands_and_no_old_key() {
    let world = World::new("power-loss");
    let began = std::time::Instant::now();
    let [gateway, phone] = world.search([GATEWAY, PHONE], states()).unwrap();
    assert!(gateway > 0 && phone > 0, "no life made its tree grow");
    println!(
        "{} states after a power loss, 0 wrong; the tree grew in {gateway} lives as at a gateway, {phone} as on a phone; {} s",
        states(),
        began.elapsed().as_secs()
    );
}

/// Deletes the key of the epoch before when it makes a new one, long before the file is written.
fn delete_first(custodian: &ShelfCustodian<RecordingDisk>, epoch: u64) -> Result<(), RootKeyError> {
    custodian.delete(epoch.saturating_sub(1))
}

#[test]
fn control_each_planted_bug_is_found_in_either_way() {
    for (keystore, honest) in [("gateway", GATEWAY), ("phone", PHONE)] {
        let bugs = [
            ("an answer before the sync", Way { syncs: false, ..honest }),
            (
                // Of the vault's owner: what belongs together is for whoever asks for both to say.
                "the attestation in a second transaction",
                Way {
                    is_one_transaction: false,
                    ..honest
                },
            ),
            (
                "the old key deleted first",
                Way {
                    before_create: delete_first,
                    ..honest
                },
            ),
            (
                "the old key left to the next opening",
                Way {
                    ends_at_once: false,
                    ..honest
                },
            ),
        ];
        for (number, (bug, way)) in bugs.into_iter().enumerate() {
            let world = World::new(&format!("planted-{keystore}-{number}"));
            assert!(
                world.search([way], 5_000).is_err(),
                "not found with a {keystore}'s keystore: {bug}"
            );
        }
    }
}
