//! A vault of which a page went bad.

use crate::pages::{Damage, PAGE, broken, flipped};
use crate::{contents, folder};
use quittance_gateway::FolderCustodian;
use quittance_vault::{RecordKey, RecordKind, SystemRandomness, Vault, VaultError, VaultOptions};
use rusqlite::Connection;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

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

fn open(folder: &Path) -> Result<Vault, VaultError> {
    let random = Arc::new(SystemRandomness::new());
    let keys = Arc::new(FolderCustodian::open(&folder.join("keys"), random.clone()).unwrap());
    Vault::open(options(folder), keys, random)
}

/// A vault with records, a journal, an ended record, pages of each kind.
fn make(folder: &Path) {
    let random = Arc::new(SystemRandomness::new());
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
    refused: usize,
    some_refused: usize,
    absent: usize,
    unnoticed: usize,
}

/// Whether a value was refused, or said to be absent. A wrong one ends the test.
fn look<T: PartialEq + std::fmt::Debug>(read: Result<Option<T>, VaultError>, right: &T, tally: &mut [bool; 2]) {
    match read {
        Ok(Some(value)) => assert_eq!(&value, right, "a wrong value"),
        Ok(None) => tally[1] = true,
        Err(_) => tally[0] = true,
    }
}

/// Reads everything that stands in a damaged vault.
fn read_all(vault: &Vault) -> [bool; 2] {
    let mut tally = [false; 2];
    for number in 1..RECORDS {
        look(
            vault.get(&key(number)).map(|value| value.map(|value| value.to_vec())),
            &secret(number),
            &mut tally,
        );
        look(vault.journal_get("outbox", &[number]), &secret(number), &mut tally);
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
    look(right, &(), &mut tally);
    let ended = vault.destruction([ENDED; 16]);
    look(ended.map(|ended| ended.map(|ended| ended.epoch_new)), &2, &mut tally);
    tally
}

/// Damages the file in each way, and looks at what its owner gets.
fn damage_file(folder: &Path, good: &[u8], all: impl IntoIterator<Item = Damage>) -> Tally {
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
            Ok(vault) => match read_all(&vault) {
                [true, _] => tally.some_refused += 1,
                [false, true] => tally.absent += 1,
                [false, false] => tally.unnoticed += 1,
            },
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
    let tally = damage_file(folder.path(), &good, flipped(&good, 64));
    println!("{} pages, bits: {tally:?}", good.len() / PAGE);
    assert!(
        tally.refused > 0 && tally.some_refused > 0,
        "{tally:?}: else nothing was damaged"
    );
}

#[test]
fn pages_that_are_empty_or_another_and_files_that_are_cut_are_seen() {
    let (folder, good) = file_of_a_vault();
    let all = broken(&good);
    println!(
        "{} pages: {:?}",
        good.len() / PAGE,
        damage_file(folder.path(), &good, all.iter().copied())
    );
    for damage in all {
        // Within the last page, what is missing reads as zeros: a row there is absent, as in a page that was never written.
        let Damage::Cut { length } = damage else { continue };
        if length <= good.len() - PAGE {
            let tally = damage_file(folder.path(), &good, [damage]);
            assert_eq!(tally.refused, 1, "{damage:?}: {tally:?}");
        }
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
