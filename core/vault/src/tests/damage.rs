//! What a vault does whose file, or whose caller, is not as it should be.

use std::sync::Arc;

use super::support::{Call, Disk, Hooked, MemoryKeys, TOKEN, dead, log_of, put_tokens, secret, token};
use crate::{Destruction, RootKeys as _, Vault, VaultError};

const ORDER: [u8; 16] = [7; 16];

fn two_tokens() -> (Disk, Arc<MemoryKeys>) {
    let (disk, keys) = (Disk::new(), Arc::new(MemoryKeys::default()));
    put_tokens(&mut disk.create(&keys), 2);
    (disk, keys)
}

fn destroy(vault: &mut Vault) -> Result<Destruction, VaultError> {
    vault.destroy(ORDER, &[token(1)], |tx| {
        tx.journal_put("outbox", b"due", b"attestation")
    })
}

/// Lets each write of a record that stands fail, and only that statement.
const NO_UPDATE: &str = "CREATE TRIGGER fault BEFORE UPDATE ON records BEGIN SELECT RAISE (ABORT, 'a fault'); END;";

#[test]
fn a_write_that_failed_is_not_committed_by_a_caller_who_does_not_mind() {
    let (disk, keys) = two_tokens();
    let mut vault = disk.open(&keys);
    vault.connection.execute_batch(NO_UPDATE).unwrap();
    let shrugged = vault.rotate::<_, VaultError>(|tx| {
        assert!(tx.put(&token(1), b"another").is_err());
        Ok(())
    });
    assert!(matches!(shrugged, Err(VaultError::TransactionLost)), "{shrugged:?}");
    let shrugged = vault.transact::<_, VaultError>(|tx| {
        let _failed = tx.put(&token(1), b"another");
        tx.journal_put("outbox", b"row", b"value")
    });
    assert!(matches!(shrugged, Err(VaultError::TransactionLost)), "{shrugged:?}");
    assert_eq!((vault.epoch(), vault.journal_list("outbox").unwrap()), (1, vec![]));
    // Control: whoever minds has the same vault, which goes on.
    vault
        .rotate::<_, VaultError>(|tx| tx.put(&token(1), b"another"))
        .unwrap_err();
    vault.connection.execute_batch("DROP TRIGGER fault").unwrap();
    vault.rotate::<_, VaultError>(|_| Ok(())).unwrap();
    drop(vault);
    let vault = disk.open(&keys);
    for number in [1, 2] {
        assert_eq!(vault.get(&token(number)).unwrap().unwrap().as_slice(), secret(number));
    }
}

/// Lets SQLite end the whole transaction by itself, as it may where a disk is full.
const ENDS_IT: &str = "CREATE TRIGGER fault BEFORE INSERT ON journal BEGIN SELECT RAISE (ROLLBACK, 'a fault'); END;";

#[test]
fn nothing_is_written_behind_a_transaction_that_sqlite_has_ended() {
    let (disk, keys) = two_tokens();
    let mut vault = disk.open(&keys);
    vault.connection.execute_batch(ENDS_IT).unwrap();
    let shrugged = vault.transact::<_, VaultError>(|tx| {
        let row = tx.journal_put("outbox", b"row", b"value");
        assert!(!matches!(row, Ok(()) | Err(VaultError::TransactionLost)), "{row:?}");
        // It would be committed alone.
        let put = tx.put(&token(3), &secret(3));
        assert!(matches!(put, Err(VaultError::TransactionLost)), "{put:?}");
        Ok(())
    });
    assert!(matches!(shrugged, Err(VaultError::TransactionLost)), "{shrugged:?}");
    let shrugged = vault.destroy(ORDER, &[token(1)], |tx| {
        let _failed = tx.journal_put("outbox", b"row", b"value");
        Ok(())
    });
    assert!(matches!(shrugged, Err(VaultError::TransactionLost)), "{shrugged:?}");
    // Control: without the fault the same vault goes on.
    vault.connection.execute_batch("DROP TRIGGER fault").unwrap();
    assert_eq!((vault.epoch(), vault.get(&token(3)).unwrap()), (1, None));
    destroy(&mut vault).unwrap();
}

#[test]
fn a_new_record_never_takes_the_slot_of_one_that_lives() {
    for rotates in [false, true] {
        let (disk, keys) = two_tokens();
        let sql = |sql: &str| {
            let file = rusqlite::Connection::open(disk.file()).unwrap();
            file.execute_batch(sql).unwrap();
        };
        sql("UPDATE header SET next_slot = 0");
        let mut vault = disk.open(&keys);
        let put = |vault: &mut Vault| match rotates {
            true => vault.rotate::<_, VaultError>(|tx| tx.put(&token(3), &secret(3))),
            false => vault.transact::<_, VaultError>(|tx| tx.put(&token(3), &secret(3))),
        };
        let refused = put(&mut vault);
        assert!(matches!(refused, Err(VaultError::Corrupt { .. })), "{refused:?}");
        for number in [1, 2] {
            assert_eq!(vault.get(&token(number)).unwrap().unwrap().as_slice(), secret(number));
        }
        drop(vault);
        // Control: with the slot that is next, it is stored.
        sql("UPDATE header SET next_slot = 2");
        let mut vault = disk.open(&keys);
        put(&mut vault).unwrap();
        assert_eq!(vault.get(&token(3)).unwrap().unwrap().as_slice(), secret(3));
    }
}

#[test]
fn a_new_vault_is_not_mixed_with_the_log_of_one_that_is_gone() {
    let (disk, keys) = (Disk::new(), Arc::new(MemoryKeys::default()));
    let mut vault = disk.create(&keys);
    put_tokens(&mut vault, 2);
    let log = std::fs::read(log_of(&disk.file())).unwrap();
    // Control: beside its file the log counts, and no new vault touches it.
    assert!(matches!(disk.try_create(&keys), Err(VaultError::Locked)));
    let whole = disk.image();
    drop(vault);
    whole.put(&disk);
    assert!(matches!(disk.try_create(&keys), Err(VaultError::AlreadyExists)));
    assert_eq!(std::fs::read(log_of(&disk.file())).unwrap(), log);
    assert!(disk.open(&keys).get(&token(1)).unwrap().is_some());

    let (again, keys) = (Disk::new(), Arc::new(MemoryKeys::default()));
    std::fs::write(log_of(&again.file()), &log).unwrap();
    let mut vault = again.create(&keys);
    assert_eq!(vault.get(&token(1)).unwrap(), None);
    put_tokens(&mut vault, 1);
    drop(vault);
    assert_eq!(again.open(&keys).get(&token(1)).unwrap().unwrap().as_slice(), secret(1));
}

#[test]
fn a_file_of_no_bytes_beside_the_key_of_a_vault_is_damaged() {
    for length in [0, 1] {
        let (disk, keys) = (Disk::new(), Arc::new(MemoryKeys::default()));
        drop(disk.create(&keys));
        let whole = disk.image();
        std::fs::File::create(disk.file()).unwrap().set_len(length).unwrap();
        for refused in [disk.try_open(&keys), disk.try_create(&keys)] {
            assert!(matches!(refused, Err(VaultError::Corrupt { .. })), "{refused:?}");
        }
        assert_eq!(
            (std::fs::metadata(disk.file()).unwrap().len(), keys.epochs()),
            (length, vec![1])
        );
        // Controls: put back, it opens; without a key nothing ever stood there.
        whole.put(&disk);
        drop(disk.open(&keys));
        std::fs::File::create(disk.file()).unwrap();
        keys.delete(1).unwrap();
        assert!(matches!(disk.try_open(&keys), Err(VaultError::Missing)));
        disk.create(&keys);
    }
}

#[test]
fn an_order_whose_rows_went_bad_is_not_complete_and_keeps_nothing_else_back() {
    let (disk, keys) = two_tokens();
    let dies_after_deleting = Hooked {
        inner: Arc::clone(&keys) as _,
        hook: |moment| match moment {
            (Call::Replace, true) => Err(dead()),
            _ => Ok(()),
        },
    };
    destroy(&mut disk.open(&Arc::new(dies_after_deleting))).unwrap_err();
    let damaged = rusqlite::Connection::open(disk.file()).unwrap().execute(
        "UPDATE nodes SET sealed = zeroblob (length (sealed)) WHERE place = 0",
        [],
    );
    assert_eq!(damaged.unwrap(), 1, "the leaf of both tokens");

    for _ in 0..2 {
        let mut vault = disk.open(&keys);
        assert_eq!(vault.journal_get("outbox", b"due").unwrap().unwrap(), b"attestation");
        vault
            .transact::<_, VaultError>(|tx| tx.journal_put("outbox", b"row", b"value"))
            .unwrap();
        assert_eq!(
            vault.destruction(ORDER).unwrap(),
            None,
            "nothing is said to be destroyed"
        );
        let tried = destroy(&mut vault);
        let is_of_the_damage = match &tried {
            Err(VaultError::Unfinished { source, .. }) => matches!(**source, VaultError::Corrupt { .. }),
            _ => false,
        };
        assert!(is_of_the_damage, "{tried:?}");
    }
    assert_eq!(keys.epochs(), [2]);
}

/// More than one leaf has room for: the last ones stand in the second leaf.
const TOKENS: u8 = 140;

fn two_leaves() -> (Disk, Arc<MemoryKeys>) {
    let (disk, keys) = (Disk::new(), Arc::new(MemoryKeys::default()));
    put_tokens(&mut disk.create(&keys), TOKENS);
    (disk, keys)
}

fn befalls(disk: &Disk, accident: &str) {
    let file = rusqlite::Connection::open(disk.file()).unwrap();
    assert_eq!(file.execute(accident, []).unwrap(), 1, "{accident}");
}

fn is_corrupt<T: std::fmt::Debug>(answer: &Result<T, VaultError>) -> bool {
    matches!(answer, Err(VaultError::Corrupt { .. }))
}

/// The leaf of token 140.
const LEAF: &str = "UPDATE nodes SET sealed = zeroblob (length (sealed)) WHERE place = 8";

/// What can befall token 140, so that it does not open.
const ACCIDENTS: [&str; 6] = [
    "UPDATE records SET version = -1 WHERE slot = 139",
    "UPDATE records SET sealed = zeroblob (length (sealed)) WHERE slot = 139",
    "UPDATE records SET slot = -7 WHERE slot = 139",
    "UPDATE records SET slot = 140 WHERE slot = 139",
    "UPDATE records SET slot = 1000000 WHERE slot = 139",
    LEAF,
];

//
#[test]
fn a_record_that_does_not_open_is_missing_and_keeps_no_other_target_from_its_end() {
    let [sound, other, damaged] = [1, 2, TOKENS].map(token);
    for accident in ACCIDENTS {
        let (disk, keys) = two_leaves();
        befalls(&disk, accident);
        let mut vault = disk.open(&keys);
        assert!(is_corrupt(&vault.get(&damaged)), "{accident}: control");
        let made = vault.destroy_what_opens(ORDER, &[damaged, sound, damaged], |_| Ok(()));
        let made = made.unwrap();
        assert_eq!(
            (&made.destroyed[..], &made.missing[..]),
            (&[sound][..], &[damaged][..]),
            "{accident}"
        );
        assert!(made.probe.passed(), "{accident}");
        drop(vault);

        let mut vault = disk.open(&keys);
        assert_eq!(vault.epoch(), 2, "{accident}");
        for ended in [sound, damaged] {
            assert_eq!(vault.get(&ended).unwrap(), None, "{accident}");
        }
        assert_eq!(
            vault.get(&other).unwrap().unwrap().as_slice(),
            secret(2),
            "{accident}: control"
        );
        let again = vault.destroy_what_opens(ORDER, &[sound, damaged], |_| Ok(())).unwrap();
        assert_eq!(again, made, "{accident}: the order has its answer");
        // What is made from now on finds slots, those that became free first.
        for number in TOKENS..TOKENS + 3 {
            vault
                .transact::<_, VaultError>(|tx| tx.put(&token(number), b"new"))
                .unwrap_or_else(|error| {
                    assert_eq!(accident, LEAF, "{error}");
                });
        }
    }
}

/// Lets token 140 be lost by an accident, and perhaps end as that; then the row of before stands again.
fn put_back(table: &str, accident: &str, ends: bool) -> Vault {
    let (disk, keys) = two_leaves();
    let before = disk.image();
    befalls(&disk, accident);
    if ends {
        let mut vault = disk.open(&keys);
        let made = vault.destroy_what_opens(ORDER, &[token(TOKENS)], |_| Ok(()));
        assert_eq!(made.unwrap().missing, [token(TOKENS)]);
    }
    let old = Disk::new();
    before.put(&old);
    let file = rusqlite::Connection::open(disk.file()).unwrap();
    file.execute("ATTACH ?1 AS old", [old.file().to_str().unwrap()])
        .unwrap();
    let put = format!("REPLACE INTO main.{table} SELECT * FROM old.{table}");
    let found = match table {
        "nodes" => file.execute(&format!("{put} WHERE place = 8"), []),
        _ => file.execute(&format!("{put} WHERE slot = 139"), []),
    };
    assert_eq!(found.unwrap(), 1);
    drop(file);
    disk.open(&keys)
}

//
#[test]
fn a_lost_record_ends_with_its_key_where_the_key_tree_is_whole() {
    let vault = put_back("records", ACCIDENTS[0], true);
    assert!(is_corrupt(&vault.get(&token(TOKENS))));
    let vault = put_back("records", ACCIDENTS[0], false);
    assert_eq!(
        vault.get(&token(TOKENS)).unwrap().unwrap().as_slice(),
        secret(TOKENS),
        "control"
    );
}

#[test]
fn below_a_node_that_does_not_open_everything_else_lives_again_with_an_intact_row_of_it() {
    let vault = put_back("nodes", LEAF, true);
    let neighbour = vault.get(&token(TOKENS - 1)).unwrap();
    assert_eq!(neighbour.unwrap().as_slice(), secret(TOKENS - 1));
    assert_eq!(vault.get(&token(TOKENS)).unwrap(), None, "its row is gone");
}

#[test]
fn a_destruction_of_whoever_does_not_take_damage_for_loss_changes_nothing_where_it_finds_some() {
    let [version, _, below, unused, beyond, leaf] = ACCIDENTS;
    for accident in [version, below, unused, beyond, leaf] {
        let (disk, keys) = two_leaves();
        befalls(&disk, accident);
        let mut vault = disk.open(&keys);
        let tried = vault.destroy(ORDER, &[token(1), token(TOKENS)], |_| Ok(()));
        assert!(is_corrupt(&tried), "{accident}: {tried:?}");
        assert_eq!((vault.epoch(), keys.epochs()), (1, vec![1]), "{accident}");
        assert_eq!(vault.destruction(ORDER).unwrap(), None, "{accident}");
        assert_eq!(
            vault.get(&token(1)).unwrap().unwrap().as_slice(),
            secret(1),
            "{accident}"
        );
    }
}

#[test]
fn nothing_ends_where_no_record_can_be_read() {
    let (disk, keys) = two_leaves();
    befalls(
        &disk,
        "UPDATE nodes SET sealed = zeroblob (length (sealed)) WHERE place = 1",
    );
    let mut vault = disk.open(&keys);
    let tried = vault.destroy_what_opens(ORDER, &[token(1)], |_| Ok(()));
    assert!(is_corrupt(&tried), "{tried:?}");
    assert_eq!((vault.epoch(), keys.epochs()), (1, vec![1]));
    assert_eq!(vault.records(TOKEN).unwrap().len(), usize::from(TOKENS), "no row went");
}
