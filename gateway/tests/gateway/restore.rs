//! Old files of a gateway beside its keys of now: refused, or nothing that ended is charged.

use std::path::{Path, PathBuf};

use fastrand::Rng;
use quittance_gateway::OpenError;
use quittance_protocol::MandateId;
use quittance_vault::{QuarantineReason, VaultError};

use crate::support::House;
use crate::support::phone::Phone;

/// Gateways, each on a folder of its own.
const LIVES: usize = 4;
/// Moments of one life at which everything is copied.
const MOMENTS: usize = 24;
/// Pairs of a moment at which the files were saved, and a later one at which they are put back.
const PAIRS: usize = 1_000;
/// What may be put back: the vault, the database, both.
const FILES: [&[&str]; 3] = [
    &["vault.sqlite"],
    &["gateway.sqlite"],
    &["vault.sqlite", "gateway.sqlite"],
];

/// A moment of a gateway's life: a copy of its files and keys, and what must stand from then on.
struct Moment {
    copy: tempfile::TempDir,
    living: Vec<MandateId>,
    ended: Vec<MandateId>,
}

/// Copies the files of a folder in the place of another one.
fn replace_folder(from: &Path, to: &Path) {
    let _none_before = std::fs::remove_dir_all(to);
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let from = entry.unwrap().path();
        std::fs::copy(&from, to.join(from.file_name().unwrap())).unwrap();
    }
}

fn keys(folder: &Path) -> PathBuf {
    folder.join("keys")
}

/// Signs, pauses, resumes and ends, in an order that is drawn, and stops.
async fn live(house: &House, chance: &mut Rng) -> Vec<Moment> {
    let phone = Phone::ready(house).await;
    let (mut living, mut ended, mut moments) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..MOMENTS {
        let drawn = (!living.is_empty()).then(|| chance.usize(..living.len()));
        match (chance.u32(..10), drawn) {
            (0..3, Some(which)) => {
                let mandate: MandateId = living.swap_remove(which);
                phone.revoke(&[mandate]).await;
                house.settle().await;
                ended.push(mandate);
            }
            // What moves the database and not the vault.
            (3..5, Some(which)) => {
                let mandate = [living[which]];
                assert_eq!(phone.pause(&mandate).await.status, 200);
                assert_eq!(phone.resume(&mandate).await.status, 200);
            }
            _ => living.push(phone.sign_mandate().await.mandate),
        }
        house.stop();
        let copy = tempfile::tempdir().unwrap();
        replace_folder(&house.data(), &copy.path().join("data"));
        replace_folder(&keys(house.folder.path()), &keys(copy.path()));
        moments.push(Moment {
            copy,
            living: living.clone(),
            ended: ended.clone(),
        });
        house.start().unwrap();
    }
    house.stop();
    moments
}

/// What a stopped gateway has from now on: files of one moment in the data of another, and the keys of a third.
fn put_back(house: &House, data: &Moment, files: (&Moment, &[&str]), with_keys: &Moment) {
    replace_folder(&data.copy.path().join("data"), &house.data());
    replace_folder(&keys(with_keys.copy.path()), &keys(house.folder.path()));
    let (saved, names) = files;
    for name in names {
        std::fs::copy(saved.copy.path().join("data").join(name), house.data().join(name)).unwrap();
    }
}

async fn is_charged(house: &House, mandate: MandateId) -> bool {
    let answer = house.charge(mandate, 100).await;
    String::from_utf8_lossy(&answer.body).contains("\"approved\"")
}

/// What came of the pairs.
#[derive(Debug, Default)]
struct Tally {
    /// The vault is older than its custodian.
    quarantined: usize,
    /// The database is older than the vault.
    outdated: usize,
    opened: usize,
    /// What lived at the earlier moment of a pair, and had ended at the later one.
    gone: usize,
    /// Charges under what had ended that were approved.
    resurrected: usize,
}

impl Tally {
    /// Counts a start that was refused, for one of two reasons.
    fn count(&mut self, refused: &OpenError) {
        match refused {
            OpenError::Vault(VaultError::Quarantined {
                reason: QuarantineReason::EpochKeyMissing,
            }) => self.quarantined += 1,
            OpenError::DatabaseOlder => self.outdated += 1,
            error => panic!("older files are in quarantine, not of one time, or of this epoch: {error}"),
        }
    }
}

/// Tries so many pairs, of which the keys come back with the files or not.
async fn search(pairs: usize, keys_come_back: bool) -> Tally {
    let (mut chance, mut tally) = (Rng::with_seed(17), Tally::default());
    for _ in 0..LIVES {
        let house = House::new();
        let moments = live(&house, &mut chance).await;
        for _ in 0..pairs / LIVES {
            let back = chance.usize(1..MOMENTS);
            let (saved, now) = (&moments[chance.usize(..back)], &moments[back]);
            tally.gone += saved.living.iter().filter(|of| now.ended.contains(of)).count();
            if keys_come_back {
                put_back(&house, saved, (saved, &[]), saved);
            } else {
                let files = chance.choice(FILES).unwrap();
                put_back(&house, now, (saved, files), now);
            }
            match house.start() {
                Ok(()) => tally.opened += 1,
                Err(error) => {
                    tally.count(&error);
                    continue;
                }
            }
            for mandate in &now.ended {
                tally.resurrected += usize::from(is_charged(&house, *mandate).await);
            }
            house.stop();
        }
        let last = moments.last().unwrap();
        put_back(&house, last, (last, &[]), last);
        house.start().unwrap();
        for mandate in &last.living {
            assert!(
                is_charged(&house, *mandate).await,
                "with the files of now what lives pays"
            );
        }
    }
    println!("{pairs} pairs, keys put back: {keys_come_back}: {tally:?}");
    tally
}

//
#[tokio::test]
async fn older_files_that_are_put_back_are_refused_or_charge_nothing_that_ended() {
    let tally = search(PAIRS, false).await;
    assert_eq!(tally.resurrected, 0, "{tally:?}");
    assert!(
        tally.quarantined.min(tally.outdated) > PAIRS / 4 && tally.opened > PAIRS / 20 && tally.gone > PAIRS / 2,
        "else nothing was tried: {tally:?}"
    );
}

#[tokio::test]
async fn control_files_that_are_put_back_with_their_keys_charge_what_had_ended() {
    let pairs = PAIRS / 10;
    let tally = search(pairs, true).await;
    assert_eq!(tally.opened, pairs / LIVES * LIVES);
    assert!(
        tally.resurrected == tally.gone && tally.gone > pairs / 4,
        "this is what rollback resistance is for: {tally:?}"
    );
}
