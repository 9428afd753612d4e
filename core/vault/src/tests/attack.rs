//! A thief with every image of the disk as well as today's keys, who uses the vault's own code.

use std::sync::{Arc, Mutex};

use super::support::{Disk, Hooked, Image, KeepsOldKeys, MemoryKeys, TOKEN, put_tokens, secret, token};
use crate::{RecordKey, RecordKind, RootKeys, Vault, VaultError};

/// More than one leaf has room for.
const TOKENS: u8 = 140;

/// Fills a vault, destroys half of it in three orders, and keeps an image of the disk around each step.
fn history(keys: Arc<dyn RootKeys>) -> (Vec<Image>, Vec<u8>) {
    let disk = Disk::new();
    let images = Arc::new(Mutex::new(Vec::new()));
    let (list, file) = (Arc::clone(&images), disk.file());
    let hook = move |_| {
        list.lock().unwrap().push(Image::take(&file));
        Ok(())
    };
    let mut vault = disk.create(&Arc::new(Hooked { inner: keys, hook }));
    put_tokens(&mut vault, TOKENS);
    images.lock().unwrap().push(disk.image());
    let destroyed: Vec<u8> = (1..=TOKENS).step_by(2).collect();
    for (order, batch) in destroyed.chunks(12).enumerate() {
        let targets: Vec<_> = batch.iter().map(|number| token(*number)).collect();
        let made = vault
            .destroy([u8::try_from(order).unwrap(); 16], &targets, |_| Ok(()))
            .unwrap();
        assert_eq!(made.destroyed, targets);
        images.lock().unwrap().push(disk.image());
    }
    drop(vault);
    images.lock().unwrap().push(disk.image());
    let images = images.lock().unwrap().drain(..).collect();
    (images, destroyed)
}

/// How many of the destroyed tokens, and of the others, the thief reads from any image.
fn loot(images: &[Image], keys: &MemoryKeys, destroyed: &[u8]) -> (usize, usize) {
    let mut found = std::collections::BTreeSet::new();
    for image in images {
        let disk = Disk::new();
        image.put(&disk);
        // A copy of the keys for each try: completing an order would delete some of them.
        let Ok(vault) = disk.try_open(&Arc::new(keys.clone())) else {
            continue;
        };
        for number in 1..=TOKENS {
            if let Ok(Some(bytes)) = vault.get(&token(number)) {
                assert_eq!(bytes.as_slice(), secret(number));
                found.insert(number);
            }
        }
    }
    let lost = destroyed.iter().filter(|number| found.contains(number)).count();
    (lost, found.len() - lost)
}

//
#[test]
fn every_image_with_todays_keys_gives_no_destroyed_record() {
    let keys = Arc::new(MemoryKeys::default());
    let (images, destroyed) = history(Arc::clone(&keys) as _);
    let survivors = usize::from(TOKENS) - destroyed.len();
    assert_eq!(loot(&images, &keys, &destroyed), (0, survivors));
}

#[test]
fn control_with_a_keystore_that_keeps_its_keys_the_same_thief_reads_all() {
    let keys = Arc::new(KeepsOldKeys::default());
    let (images, destroyed) = history(Arc::clone(&keys) as _);
    let survivors = usize::from(TOKENS) - destroyed.len();
    assert_eq!(loot(&images, &keys.kept, &destroyed), (destroyed.len(), survivors));
}

fn two_tokens() -> (Disk, Arc<MemoryKeys>, Vault) {
    let (disk, keys) = (Disk::new(), Arc::new(MemoryKeys::default()));
    let mut vault = disk.create(&keys);
    put_tokens(&mut vault, 2);
    vault
        .transact(|tx| {
            tx.journal_put("mandates", b"a", b"one")?;
            tx.journal_put("mandates", b"b", b"two")
        })
        .unwrap();
    (disk, keys, vault)
}

//
#[test]
fn rows_that_change_places_are_refused() {
    let exchange = [
        // The bytes of two slots; the slots of two names; another name; another kind; another version.
        "UPDATE records SET sealed = (SELECT sealed FROM records AS other WHERE other.slot = 1 - records.slot)",
        "UPDATE records SET slot = slot + 10",
        "UPDATE records SET name = x'0109090909090909090909090909090909' WHERE slot = 0",
        "UPDATE records SET name = x'0201010101010101010101010101010101' WHERE slot = 0",
        "UPDATE records SET version = version + 1 WHERE slot = 0",
    ];
    for sql in exchange {
        let (_disk, _keys, vault) = two_tokens();
        assert!(vault.connection.execute(sql, []).unwrap() > 0);
        let names = [
            token(1),
            RecordKey::new(TOKEN, [9; 16]),
            RecordKey::new(RecordKind(2), [1; 16]),
        ];
        let answers: Vec<_> = names.iter().map(|name| vault.get(name)).collect();
        assert!(
            answers
                .iter()
                .any(|answer| matches!(answer, Err(VaultError::Corrupt { .. }))),
            "{sql}"
        );
        assert!(!answers.iter().any(|answer| matches!(answer, Ok(Some(_)))), "{sql}");
    }
    let (_disk, _keys, vault) = two_tokens();
    assert!(
        vault.get(&token(1)).unwrap().is_some(),
        "control: without the exchange it opens"
    );
}

#[test]
fn journal_rows_that_change_places_are_refused() {
    let exchange = [
        "UPDATE journal SET sealed = (SELECT sealed FROM journal AS other WHERE other.name != journal.name)",
        "UPDATE journal SET version = version + 1",
        "UPDATE journal SET name = randomblob(16)",
    ];
    for sql in exchange {
        let (_disk, _keys, vault) = two_tokens();
        assert_eq!(vault.connection.execute(sql, []).unwrap(), 2);
        assert!(
            matches!(
                vault.journal_list("mandates"),
                Err(VaultError::Corrupt { part: "journal" })
            ),
            "{sql}"
        );
    }
    let (_disk, _keys, vault) = two_tokens();
    assert_eq!(
        vault.journal_list("mandates").unwrap().len(),
        2,
        "control: without the exchange they open"
    );
}

#[test]
fn a_row_of_before_a_rotation_does_not_give_an_attempt_back() {
    for rotates in [true, false] {
        let (_disk, _keys, mut vault) = two_tokens();
        let row = |vault: &Vault| -> (i64, Vec<u8>) {
            let sql = "SELECT version, sealed FROM records WHERE slot = 0";
            vault
                .connection
                .query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))
                .unwrap()
        };
        let old = row(&vault);
        if rotates {
            vault.rotate(|tx| tx.put(&token(1), b"one attempt less")).unwrap();
            assert_eq!(vault.epoch(), 2);
        } else {
            vault.transact(|tx| tx.put(&token(1), b"one attempt less")).unwrap();
        }
        assert_eq!(vault.get(&token(1)).unwrap().unwrap().as_slice(), b"one attempt less");
        vault
            .connection
            .execute("UPDATE records SET version = ?1, sealed = ?2 WHERE slot = 0", old)
            .unwrap();
        // The control: a plain transaction keeps the record's key, and the old row opens.
        assert_eq!(vault.get(&token(1)).is_err(), rotates);
    }
}

//
#[test]
fn the_file_tells_no_name_and_no_content() {
    let (disk, keys) = (Disk::new(), Arc::new(MemoryKeys::default()));
    let mut vault = disk.create(&keys);
    vault
        .transact(|tx| {
            tx.put(&token(1), b"payment-token-bytes")?;
            tx.journal_put("collection-of-mandates", b"row-of-the-bakery", b"CNY-3000-monthly")
        })
        .unwrap();
    drop(vault);
    let bytes = std::fs::read(disk.file()).unwrap();
    let stands = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    for text in [
        "payment-token-bytes",
        "collection-of-mandates",
        "row-of-the-bakery",
        "CNY-3000-monthly",
    ] {
        assert!(!stands(text), "{text}");
    }
    assert!(stands("free_slot"), "control: what is in clear is found");
}

/// Makes an old image look like today's: its header, then also its root node, then also all its nodes are today's.
fn spliced(old: &Image, today: &Image, tables: &[&str]) -> Image {
    let (disk, other) = (Disk::new(), Disk::new());
    old.put(&disk);
    today.put(&other);
    let forger = rusqlite::Connection::open(disk.file()).unwrap();
    forger
        .execute("ATTACH ?1 AS today", [other.file().to_str().unwrap()])
        .unwrap();
    for sql in tables {
        // The first images are of a vault that is not made yet: nothing to forge there.
        drop(forger.execute_batch(sql));
    }
    drop(forger);
    disk.image()
}

#[test]
fn old_images_with_todays_header_or_nodes_give_no_destroyed_record() {
    let keys = Arc::new(MemoryKeys::default());
    let (images, destroyed) = history(Arc::clone(&keys) as _);
    let header = "DELETE FROM header; INSERT INTO header SELECT * FROM today.header";
    let root = "REPLACE INTO nodes SELECT * FROM today.nodes WHERE place % 8 = 1";
    let leaves = "REPLACE INTO nodes SELECT * FROM today.nodes WHERE place % 8 = 0";
    let today = images.last().unwrap().clone();
    for (tables, survivors) in [
        (&[header][..], 0),
        (&[header, root], 0),
        // The control: with all nodes of today the forged images open, and give every survivor.
        (&[header, root, leaves], usize::from(TOKENS) - destroyed.len()),
    ] {
        let before_todays = images.iter().filter(|image| **image != today);
        let forged: Vec<_> = before_todays.map(|image| spliced(image, &today, tables)).collect();
        let (lost, kept) = loot(&forged, &keys, &destroyed);
        assert_eq!(lost, 0);
        assert!(kept >= survivors, "{kept} of {survivors}");
    }
}
