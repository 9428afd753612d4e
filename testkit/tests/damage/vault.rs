//! A vault of which a page went bad.

use crate::pages::{Damage, PAGE, broken, flipped};
use crate::{contents, folder};
use quittance_gateway::FolderCustodian;
use quittance_vault::{Randomness, RandomnessError, RecordKey, RecordKind, Vault, VaultError, VaultOptions};
use rusqlite::Connection;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

const TOKEN: RecordKind = RecordKind(1);
/// Records, each of a size of its own: the last ones are longer than a page.
const RECORDS: u8 = 40;
const ENDED: u8 = 0;

fn options(folder: &Path) -> VaultOptions {
    VaultOptions::at(file(folder))
}

fn file(folder: &Path) -> PathBuf {
    folder.join("vault.sqlite")
}

fn key(number: u8) -> RecordKey {
    RecordKey::new(TOKEN, [number; 16])
}

fn secret(number: u8) -> Vec<u8> {
    vec![number; 40 + usize::from(number / 36) * 3_000]
}

/// Numbers of a fixed seed, so that each run damages the same file.
struct Seeded(Mutex<fastrand::Rng>);

impl Randomness for Seeded {
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomnessError> {
        self.0.lock().unwrap().fill(out);
        Ok(())
    }
}

fn random() -> Arc<Seeded> {
    Arc::new(Seeded(Mutex::new(fastrand::Rng::with_seed(0x7a17))))
}

fn open(folder: &Path) -> Result<Vault, VaultError> {
    let random = random();
    let keys = Arc::new(FolderCustodian::open(&folder.join("keys"), random.clone()).unwrap());
    Vault::open(options(folder), keys, random)
}

/// A vault with records, a journal, an ended record, pages of each kind.
fn make(folder: &Path) {
    let random = random();
    let keys = Arc::new(FolderCustodian::open(&folder.join("keys"), random.clone()).unwrap());
    let mut vault = Vault::create(options(folder), keys, random).unwrap();
    vault
        .transact::<_, VaultError>(|tx| {
            for number in 0..RECORDS {
                tx.put(&key(number), &secret(number))?;
                tx.journal_put("outbox", &[number], &secret(number))?;
            }
            tx.journal_put("large", b"one", &[7; 60_000])
        })
        .unwrap();
    vault
        .transact::<_, VaultError>(|tx| tx.journal_delete("large", b"one").map(drop))
        .unwrap();
    vault.destroy([ENDED; 16], &[key(ENDED)], |_| Ok(())).unwrap();
}

/// What became of damages, by what the owner was told.
#[derive(Debug, Default)]
struct Tally {
    /// The vault did not open.
    refused: usize,
    /// It opened, and at least one value was an error.
    some_refused: usize,
    /// No value was an error, and at least one was said to be absent.
    absent: usize,
    /// Each value was right.
    unnoticed: usize,
    /// Values that were said to be absent, over all damages.
    values_absent: usize,
}

/// How much of damage may go unsaid: a little more than goes so today.
struct Unsaid {
    absent: usize,
    values_absent: usize,
    unnoticed: usize,
}

/// Of bits that are flipped. What is absent is so by damage to its own name, or to what it is found by.
const OF_BITS: Unsaid = Unsaid {
    absent: 30,
    values_absent: 95,
    unnoticed: 2_020,
};

/// Of pages that are empty or another's, and files that are cut.
const OF_PAGES: Unsaid = Unsaid {
    absent: 3,
    values_absent: 110,
    unnoticed: 36,
};

impl Tally {
    fn is_within(&self, most: &Unsaid) -> bool {
        self.absent <= most.absent && self.values_absent <= most.values_absent && self.unnoticed <= most.unnoticed
    }
}

/// Who reads a damaged vault.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Owner {
    /// Is told of errors.
    Hears,
    /// Takes an error for a value that is not there: the control.
    Shrugs,
}

/// What the owner of a damaged vault was told of its values. A wrong one ends the test.
struct Told {
    owner: Owner,
    errors: usize,
    absent: usize,
}

impl Told {
    fn take<T: PartialEq + std::fmt::Debug>(&mut self, read: Result<Option<T>, VaultError>, right: &T) {
        let read = match self.owner {
            Owner::Hears => read,
            Owner::Shrugs => read.or(Ok(None)),
        };
        match read {
            Ok(Some(value)) => assert_eq!(&value, right, "a wrong value"),
            Ok(None) => self.absent += 1,
            Err(_) => self.errors += 1,
        }
    }
}

/// Reads everything that stands in a damaged vault.
fn read_all(vault: &Vault, owner: Owner) -> Told {
    let mut told = Told {
        owner,
        errors: 0,
        absent: 0,
    };
    for number in 1..RECORDS {
        let value = vault.get(&key(number));
        told.take(value.map(|value| value.map(|value| value.to_vec())), &secret(number));
        told.take(vault.journal_get("outbox", &[number]), &secret(number));
    }
    if let Ok(Some(value)) = vault.get(&key(ENDED)) {
        panic!("an ended record of {} bytes", value.len());
    }
    let right = vault.journal_list("outbox").map(|rows| {
        for (name, value) in &rows {
            assert_eq!(value, &secret(name[0]), "a wrong row");
        }
        (rows.len() == usize::from(RECORDS)).then_some(())
    });
    told.take(right, &());
    let ended = vault.destruction([ENDED; 16]);
    told.take(ended.map(|ended| ended.map(|ended| ended.epoch_new)), &2);
    told
}

/// Damages the file in each way, and looks at what its owner gets.
fn damage_file(folder: &Path, good: &[u8], all: impl IntoIterator<Item = Damage>, owner: Owner) -> Tally {
    let mut tally = Tally::default();
    for damage in all {
        let _none = std::fs::remove_file(folder.join("vault.sqlite-wal"));
        std::fs::write(file(folder), damage.on(good)).unwrap();
        let before = contents(folder);
        match open(folder) {
            Err(error) => {
                let said = error.to_string();
                assert!(
                    !matches!(error, VaultError::Missing),
                    "{damage:?}: a file that stands is not missing"
                );
                assert!(said.contains(':'), "{damage:?}: it says what to do: {said}");
                tally.refused += 1;
            }
            Ok(vault) => {
                let told = read_all(&vault, owner);
                tally.values_absent += told.absent;
                match (told.errors, told.absent) {
                    (0, 0) => tally.unnoticed += 1,
                    (0, _) => tally.absent += 1,
                    _ => tally.some_refused += 1,
                }
            }
        }
        assert_eq!(contents(folder), before, "{damage:?}: a damaged file was altered");
    }
    tally
}

fn file_of_a_vault() -> (tempfile::TempDir, Vec<u8>) {
    let folder = folder();
    make(folder.path());
    let good = std::fs::read(file(folder.path())).unwrap();
    (folder, good)
}

#[test]
fn each_page_flipped_in_turn_gives_the_right_value_or_an_error_and_nothing_is_overwritten() {
    let (folder, good) = file_of_a_vault();
    let tally = damage_file(folder.path(), &good, flipped(&good, 64), Owner::Hears);
    println!("{} pages, bits: {tally:?}", good.len() / PAGE);
    assert!(tally.is_within(&OF_BITS), "{tally:?}");
    assert!(
        tally.refused > 0 && tally.some_refused > 0,
        "{tally:?}: else nothing was damaged"
    );
}

#[test]
fn pages_that_are_empty_or_another_and_files_that_are_cut_are_seen() {
    let (folder, good) = file_of_a_vault();
    let all = broken(&good);
    let tally = damage_file(folder.path(), &good, all.iter().copied(), Owner::Hears);
    println!("{} pages: {tally:?}", good.len() / PAGE);
    assert!(tally.is_within(&OF_PAGES), "{tally:?}");
    for damage in all {
        // Within the last page, what is missing reads as zeros: a row there is absent, as in a page that was never written.
        let Damage::Cut { length } = damage else { continue };
        if length <= good.len() - PAGE {
            let tally = damage_file(folder.path(), &good, [damage], Owner::Hears);
            assert_eq!(tally.refused, 1, "{damage:?}: {tally:?}");
        }
    }
}

#[test]
fn control_an_owner_who_takes_an_error_for_nothing_misses_more_than_may_go_unsaid() {
    let (folder, good) = file_of_a_vault();
    for (all, most) in [(flipped(&good, 64), &OF_BITS), (broken(&good), &OF_PAGES)] {
        let tally = damage_file(folder.path(), &good, all, Owner::Shrugs);
        println!("errors taken for nothing: {tally:?}");
        assert!(!tally.is_within(most), "{tally:?}");
    }
}

#[test]
fn the_pages_that_are_damaged_are_of_every_kind() {
    let (folder, good) = file_of_a_vault();
    let kinds: BTreeSet<u8> = good.chunks(PAGE).skip(1).map(|page| page[0]).collect();
    // SQLite file format, 1.6: interior and leaf pages of indexes (2, 10) and tables (5, 13); 0 begins an overflow page.
    for kind in [2, 5, 10, 13, 0] {
        assert!(kinds.contains(&kind), "no page of kind {kind} in {kinds:?}");
    }
    let free: i64 = Connection::open(file(folder.path()))
        .unwrap()
        .query_row("PRAGMA freelist_count", [], |row| row.get(0))
        .unwrap();
    assert!(free > 0, "no free page");
}

/// Without a seal a flipped bit is a wrong value: the same damages on plain SQLite.
#[test]
fn control_plain_rows_are_believed_with_their_bits_flipped() {
    let folder = folder();
    let path = file(folder.path());
    let plain = Connection::open(&path).unwrap();
    plain
        .execute_batch("PRAGMA page_size = 4096; CREATE TABLE tokens (id INTEGER PRIMARY KEY, secret BLOB)")
        .unwrap();
    for number in 1..RECORDS {
        plain
            .execute("INSERT INTO tokens VALUES (?1, ?2)", (number, secret(number)))
            .unwrap();
    }
    drop(plain);
    let good = std::fs::read(&path).unwrap();
    let mut wrong = 0;
    for damage in flipped(&good, 64) {
        std::fs::write(&path, damage.on(&good)).unwrap();
        let Ok(plain) = Connection::open(&path) else { continue };
        wrong += (1..RECORDS)
            .filter(|number| {
                let read: rusqlite::Result<Vec<u8>> =
                    plain.query_row("SELECT secret FROM tokens WHERE id = ?1", [number], |row| row.get(0));
                read.is_ok_and(|read| read != secret(*number))
            })
            .count();
    }
    assert!(wrong > 100, "{wrong} wrong values");
}
