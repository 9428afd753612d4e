//! What a vault does whose file, or whose caller, is not as it should be.

use std::sync::Arc;

use super::support::{Call, Disk, Hooked, MemoryKeys, dead, log_of, put_tokens, secret, token};
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
