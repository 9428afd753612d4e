//! What a vault does when nothing goes wrong, with its clear refusals.

use std::sync::Arc;

use super::support::{Disk, Hooked, KeepsOldKeys, MemoryKeys, TOKEN, put_tokens, secret, token};
use crate::destruction::{DestructionRow, Evidence, OldRecord};
use crate::file::{self, FORMAT_VERSION};
use crate::store::{Rows, SealedRecord};
use crate::transaction::sealed_destruction;
use crate::{Destruction, Probe, QuarantineReason, RootKeyError, SystemRandomness, Vault, VaultError, VaultOptions};

fn keys() -> Arc<MemoryKeys> {
    Arc::new(MemoryKeys::default())
}

#[test]
fn a_vault_can_be_sent_to_another_thread() {
    fn sent<T: Send>() {}
    sent::<Vault>();
}

#[test]
fn what_was_put_is_there_after_reopening() {
    let (disk, keys) = (Disk::new(), keys());
    let mut vault = disk.create(&keys);
    let id = vault.id();
    vault
        .transact(|tx| {
            tx.put(&token(1), b"first")?;
            tx.put(&token(1), b"second")?;
            tx.put(&token(2), b"")?;
            tx.journal_put("mandates", b"m2", b"two")?;
            tx.journal_put("mandates", b"m1", b"one")?;
            tx.journal_put("outbox", b"m1", b"other")?;
            tx.journal_put("outbox", b"gone", b"gone")?;
            assert!(tx.journal_delete("outbox", b"gone")?);
            assert!(!tx.journal_delete("outbox", b"gone")?);
            Ok::<_, VaultError>(())
        })
        .unwrap();
    drop(vault);

    let vault = disk.open(&keys);
    assert_eq!((vault.id(), vault.epoch()), (id, 1));
    assert_eq!(vault.get(&token(1)).unwrap().unwrap().as_slice(), b"second");
    assert_eq!(vault.get(&token(2)).unwrap().unwrap().as_slice(), b"");
    assert_eq!(vault.get(&token(3)).unwrap(), None);
    assert_eq!(vault.records(TOKEN).unwrap(), [[1; 16], [2; 16]]);
    let mandates = vec![(b"m1".to_vec(), b"one".to_vec()), (b"m2".to_vec(), b"two".to_vec())];
    assert_eq!(vault.journal_list("mandates").unwrap(), mandates);
    assert_eq!(vault.journal_get("outbox", b"m1").unwrap().unwrap(), b"other");
    assert_eq!(vault.journal_get("outbox", b"m2").unwrap(), None);
    assert_eq!(vault.journal_list("nothing").unwrap(), []);
}

#[test]
fn an_error_inside_a_transaction_undoes_all_of_it() {
    let (disk, keys) = (Disk::new(), keys());
    let mut vault = disk.create(&keys);
    let refused = vault.transact(|tx| {
        tx.put(&token(1), b"secret")?;
        tx.journal_put("outbox", b"row", b"value")?;
        Err::<(), _>(VaultError::Missing)
    });
    assert!(matches!(refused, Err(VaultError::Missing)));
    let refused = vault.rotate(|tx| {
        tx.put(&token(1), b"secret")?;
        Err::<(), _>(VaultError::Missing)
    });
    assert!(matches!(refused, Err(VaultError::Missing)));
    assert!(vault.get(&token(1)).unwrap().is_none());
    assert_eq!(vault.journal_list("outbox").unwrap(), []);
    assert_eq!((vault.epoch(), keys.epochs()), (1, vec![1]));
}

//
#[test]
fn a_batch_ends_one_epoch_and_the_same_order_answers_the_same() {
    let (disk, keys) = (Disk::new(), keys());
    let mut vault = disk.create(&keys);
    put_tokens(&mut vault, 5);
    let targets = [token(2), token(4), token(9), token(2)];
    let made = vault
        .destroy([7; 16], &targets, |tx| tx.journal_put("outbox", b"due", b"attestation"))
        .unwrap();

    assert_eq!(
        (made.epoch_old, made.epoch_new, vault.epoch(), keys.epochs()),
        (1, 2, 2, vec![2])
    );
    assert_eq!(
        (&*made.destroyed, &*made.missing),
        (&[token(2), token(4)][..], &[token(9)][..])
    );
    assert_eq!(
        made.probe,
        Probe {
            old_root_opens: false,
            records_open: false,
            key_found: false
        }
    );
    assert!(!made.resumed);
    assert_eq!(vault.records(TOKEN).unwrap(), [[1; 16], [3; 16], [5; 16]]);
    assert_eq!(vault.journal_get("outbox", b"due").unwrap().unwrap(), b"attestation");

    for part in [&targets[..], &[token(9), token(4)], &[]] {
        let again = vault.destroy([7; 16], part, |_| panic!("the work of an order runs once"));
        assert_eq!(again.unwrap(), made);
    }
    drop(vault);
    let vault = disk.open(&keys);
    assert_eq!((vault.destruction([7; 16]).unwrap(), vault.epoch()), (Some(made), 2));
    assert_eq!(vault.destruction([8; 16]).unwrap(), None);
    assert_eq!(vault.get(&token(1)).unwrap().unwrap().as_slice(), secret(1));
}

//
#[test]
fn an_order_that_ended_other_records_is_no_answer_for_these() {
    let (disk, keys) = (Disk::new(), keys());
    let mut vault = disk.create(&keys);
    put_tokens(&mut vault, 3);
    let made = vault.destroy([7; 16], &[token(1)], |_| Ok(())).unwrap();
    for others in [&[token(2)][..], &[token(1), token(2)]] {
        let refused = vault.destroy([7; 16], others, |_| panic!("nothing is begun"));
        assert!(matches!(refused, Err(VaultError::OtherTargets)), "{refused:?}");
    }
    assert_eq!(
        (vault.epoch(), vault.destruction([7; 16]).unwrap()),
        (2, Some(made)),
        "nothing was changed"
    );
    assert_eq!(vault.get(&token(2)).unwrap().unwrap().as_slice(), secret(2));
    vault.destroy([8; 16], &[token(2)], |_| Ok(())).unwrap();
    assert!(
        vault.get(&token(2)).unwrap().is_none(),
        "control: under an order of its own"
    );
}

#[test]
fn the_header_keeps_the_last_destructions_and_stays_on_its_page() {
    let (disk, keys) = (Disk::new(), keys());
    let mut vault = disk.create(&keys);
    put_tokens(&mut vault, 60);
    let number = |vault: &Vault, sql: &str| -> i64 { vault.connection.query_row(sql, [], |row| row.get(0)).unwrap() };
    let rows_of_their_own = "SELECT count(*) FROM destructions";
    let bytes = "SELECT length(root) + length(journal) + length(orders) FROM header";
    for ended in 1..=60 {
        vault.destroy([ended; 16], &[token(ended)], |_| Ok(())).unwrap();
        if ended == 3 {
            assert_eq!(number(&vault, rows_of_their_own), 0, "a page less in each commit");
        }
        assert!(number(&vault, bytes) < 4_000, "{ended} destructions outgrow the page");
    }
    assert!(number(&vault, rows_of_their_own) > 0);
    drop(vault);
    let vault = disk.open(&keys);
    for ended in 1..=60 {
        assert!(
            vault.destruction([ended; 16]).unwrap().is_some(),
            "{ended} is forgotten"
        );
    }
}

#[test]
fn an_insert_into_a_leaf_that_exists_writes_no_node() {
    let (disk, keys) = (Disk::new(), keys());
    let mut vault = disk.create(&keys);
    let nodes = |vault: &Vault| -> Vec<(i64, Vec<u8>)> {
        let mut statement = vault.connection.prepare("SELECT place, sealed FROM nodes").unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        rows.collect::<Result<_, _>>().unwrap()
    };
    assert!(nodes(&vault).is_empty());
    put_tokens(&mut vault, 1);
    let before = nodes(&vault);
    assert_eq!(before.len(), 2, "the root with the first leaf");
    put_tokens(&mut vault, 125);
    assert_eq!(nodes(&vault), before);
    vault
        .transact(|tx| tx.put(&token(126), b"the first of the next leaf"))
        .unwrap();
    let after = nodes(&vault);
    assert_eq!(
        (after.len(), &after[..2]),
        (3, before.as_slice()),
        "one leaf more, nothing else"
    );
}

#[test]
fn a_node_is_one_page_of_the_file() {
    let (disk, keys) = (Disk::new(), keys());
    let mut vault = disk.create(&keys);
    put_tokens(&mut vault, 1);
    let count = |sql| vault.connection.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    let nodes = count("SELECT count(*) FROM nodes");
    // One page more is the table's own, which points to the others.
    assert_eq!(count("PRAGMA page_size"), 4_096);
    let before = count("PRAGMA page_count");
    vault
        .connection
        .execute("UPDATE nodes SET epoch = ?1", [i64::MAX])
        .unwrap();
    assert_eq!(count("PRAGMA page_count"), before, "not even with the greatest epoch");
    vault.connection.execute("DROP TABLE nodes", []).unwrap();
    assert_eq!(count("PRAGMA freelist_count"), nodes + 1);
}

/// A vault whose tree begins with one level: 125 slots.
fn small(disk: &Disk, keys: &Arc<MemoryKeys>) -> Vault {
    let options = VaultOptions {
        height: 1,
        ..disk.options()
    };
    Vault::create(options, Arc::clone(keys) as _, Arc::new(SystemRandomness::new())).unwrap()
}

#[test]
fn a_destroyed_record_leaves_room_for_the_next() {
    let (disk, keys) = (Disk::new(), keys());
    let mut vault = small(&disk, &keys);
    put_tokens(&mut vault, 125);
    vault.destroy([1; 16], &[token(10), token(20)], |_| Ok(())).unwrap();
    vault.destroy([2; 16], &[token(30)], |_| Ok(())).unwrap();
    drop(vault);
    let mut vault = disk.open(&keys);
    for number in 126..=128 {
        vault.transact(|tx| tx.put(&token(number), &secret(number))).unwrap();
    }
    assert_eq!(vault.ready().unwrap().header.height, 1);
    for number in [1, 125, 126, 127, 128] {
        assert_eq!(vault.get(&token(number)).unwrap().unwrap().as_slice(), secret(number));
    }
    vault.transact(|tx| tx.put(&token(129), &secret(129))).unwrap();
    assert_eq!(vault.ready().unwrap().header.height, 2);
}

#[test]
fn a_full_tree_grows_by_a_level_and_gives_back_nothing_that_ended() {
    let (disk, keys) = (Disk::new(), keys());
    let mut vault = small(&disk, &keys);
    put_tokens(&mut vault, 125);
    let undone = vault.transact(|tx| {
        tx.put(&token(126), b"one too many")?;
        Err::<(), _>(VaultError::Missing)
    });
    assert!(matches!(undone, Err(VaultError::Missing)));
    assert_eq!(vault.ready().unwrap().header.height, 1);

    // Once in a plain transaction, once in one that begins an epoch.
    for rotates in [false, true] {
        let (disk, keys) = (Disk::new(), self::keys());
        let mut vault = small(&disk, &keys);
        put_tokens(&mut vault, 125);
        let put = |tx: &mut crate::Transaction<'_>| tx.put(&token(126), &secret(126));
        if rotates {
            vault.rotate(put)
        } else {
            vault.transact(put)
        }
        .unwrap();
        assert_eq!(vault.ready().unwrap().header.height, 2);
        let before = disk.image();
        vault.destroy([1; 16], &[token(1)], |_| Ok(())).unwrap();
        drop(vault);
        let vault = disk.open(&keys);
        assert_eq!(vault.get(&token(1)).unwrap(), None);
        for number in 2..=126 {
            assert_eq!(vault.get(&token(number)).unwrap().unwrap().as_slice(), secret(number));
        }
        drop(vault);
        before.put(&disk);
        assert!(matches!(disk.try_open(&keys), Err(VaultError::Quarantined { .. })));
    }
}

#[test]
fn a_full_vault_says_so() {
    let (disk, keys) = (Disk::new(), keys());
    let mut vault = small(&disk, &keys);
    put_tokens(&mut vault, 1);
    let last = 125_u64.pow(crate::MAX_HEIGHT.into());
    vault.state.as_mut().unwrap().header.next_slot = last - 1;
    vault.transact(|tx| tx.put(&token(2), b"the last that fits")).unwrap();
    let full = vault.transact(|tx| tx.put(&token(3), b"one too many"));
    assert!(matches!(full, Err(VaultError::Full { slots }) if slots == last));
    vault.destroy([1; 16], &[token(1)], |_| Ok(())).unwrap();
    vault.transact(|tx| tx.put(&token(3), b"fits")).unwrap();
    let vault = vault;
    assert_eq!(vault.get(&token(2)).unwrap().unwrap().as_slice(), b"the last that fits");
    assert_eq!(vault.get(&token(3)).unwrap().unwrap().as_slice(), b"fits");
}

#[test]
fn a_second_opener_is_told_that_the_vault_is_open() {
    let (disk, keys) = (Disk::new(), keys());
    let vault = disk.create(&keys);
    assert!(matches!(disk.try_open(&keys), Err(VaultError::Locked)));
    assert!(matches!(disk.try_create(&keys), Err(VaultError::Locked)));
    drop(vault);
    disk.open(&keys);
}

#[test]
fn without_the_lock_file_sqlite_itself_refuses_the_second_opener() {
    let (disk, keys) = (Disk::new(), keys());
    let lock = disk.0.path().join("tokens.vault.lock");
    // A vault that was just made, then one that was opened and has only been read.
    let vault = disk.create(&keys);
    std::fs::remove_file(&lock).unwrap();
    assert!(matches!(disk.try_open(&keys), Err(VaultError::Locked)));
    drop(vault);
    let vault = disk.open(&keys);
    std::fs::remove_file(&lock).unwrap();
    assert!(matches!(disk.try_open(&keys), Err(VaultError::Locked)));
    assert!(matches!(disk.try_create(&keys), Err(VaultError::Locked)));
    drop(vault);
    disk.open(&keys);
}

#[test]
fn a_missing_vault_is_named_and_not_made() {
    let (disk, keys) = (Disk::new(), keys());
    assert!(matches!(disk.try_open(&keys), Err(VaultError::Missing)));
    assert_eq!(std::fs::read_dir(disk.0.path()).unwrap().count(), 0);
    // What a creation leaves that was interrupted before its commit.
    std::fs::write(disk.file(), b"").unwrap();
    assert!(matches!(disk.try_open(&keys), Err(VaultError::Missing)));
    disk.create(&keys);
}

#[test]
fn nothing_is_overwritten_by_creating() {
    let (disk, keys) = (Disk::new(), keys());
    let mut vault = disk.create(&keys);
    put_tokens(&mut vault, 1);
    drop(vault);
    let before = disk.image();
    assert!(matches!(disk.try_create(&keys), Err(VaultError::AlreadyExists)));
    assert!(disk.image() == before);

    let letter = b"a letter, no vault ".repeat(200);
    std::fs::write(disk.file(), &letter).unwrap();
    assert!(matches!(disk.try_create(&keys), Err(VaultError::AlreadyExists)));
    assert!(matches!(disk.try_open(&keys), Err(VaultError::NotAVault)));
    assert_eq!(std::fs::read(disk.file()).unwrap(), letter);
}

#[test]
fn a_newer_version_is_refused_and_its_bytes_stay() {
    let (disk, keys) = (Disk::new(), keys());
    drop(disk.create(&keys));
    let newer = FORMAT_VERSION + 1;
    rusqlite::Connection::open(disk.file())
        .unwrap()
        .pragma_update(None, "user_version", newer)
        .unwrap();
    let before = disk.image();
    let refused = disk.try_open(&keys).unwrap_err();
    assert!(
        matches!(refused, VaultError::NewerVersion { found: 2, supported: 1 }),
        "{refused:?}"
    );
    assert!(disk.image() == before);
}

#[test]
fn the_sqlite_vfs_is_the_one_that_was_named() {
    let (disk, keys) = (Disk::new(), keys());
    let named = |vfs: &str| VaultOptions {
        vfs: Some(vfs.to_owned()),
        ..disk.options()
    };
    let create = |vfs| Vault::create(named(vfs), Arc::clone(&keys) as _, Arc::new(SystemRandomness::new()));
    assert!(matches!(create("no-such-disk"), Err(VaultError::Store(_))));
    drop(create(if cfg!(unix) { "unix" } else { "win32" }).unwrap());
    disk.open(&keys);
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_read_the_files() {
    use std::os::unix::fs::PermissionsExt as _;
    let (disk, keys) = (Disk::new(), keys());
    let mut vault = disk.create(&keys);
    put_tokens(&mut vault, 1);
    let files: Vec<_> = std::fs::read_dir(disk.0.path())
        .unwrap()
        .map(|entry| entry.unwrap())
        .collect();
    assert_eq!(files.len(), 3, "vault, write-ahead log, lock");
    for file in files {
        assert_eq!(
            file.metadata().unwrap().permissions().mode() & 0o777,
            0o600,
            "{:?}",
            file.file_name()
        );
    }
}

//
#[test]
fn a_keystore_that_keeps_its_keys_openly_fails_the_probe() {
    let (disk, inner) = (Disk::new(), keys());
    let lazy = Arc::new(NeverDeletes(Arc::clone(&inner)));
    let mut vault = disk.create(&lazy);
    put_tokens(&mut vault, 2);
    for _ in 0..2 {
        let refused = vault.destroy([1; 16], &[token(1)], |_| Ok(()));
        let Err(VaultError::ProbeFailed { epoch_old: 1, probe }) = refused else {
            panic!("{refused:?}")
        };
        assert!(probe.key_found && probe.old_root_opens);
        assert_eq!(vault.destruction([1; 16]).unwrap(), None);
    }
    drop(vault);
    // The payer is not locked out, and once the keystore deletes, the order completes.
    assert_eq!(disk.open(&lazy).destruction([1; 16]).unwrap(), None);
    assert!(disk.open(&inner).destruction([1; 16]).unwrap().unwrap().resumed);
}

struct NeverDeletes(Arc<MemoryKeys>);

impl crate::RootKeys for NeverDeletes {
    fn create(&self, epoch: u64) -> Result<(), RootKeyError> {
        self.0.create(epoch)
    }
    fn wrap(&self, epoch: u64, root: &[u8; 32]) -> Result<Vec<u8>, RootKeyError> {
        self.0.wrap(epoch, root)
    }
    fn unwrap(&self, epoch: u64, wrapped: &[u8]) -> Result<zeroize::Zeroizing<[u8; 32]>, RootKeyError> {
        crate::RootKeys::unwrap(&*self.0, epoch, wrapped)
    }
    fn delete(&self, _epoch: u64) -> Result<(), RootKeyError> {
        Ok(())
    }
    fn exists(&self, epoch: u64) -> Result<bool, RootKeyError> {
        self.0.exists(epoch)
    }
}

/// No step of a vault leaves such a row open: the probe looks all the same, and believes the file alone.
//
#[test]
fn an_order_is_not_done_while_an_old_row_of_its_records_opens() {
    let disk = Disk::new();
    let mut vault = disk.create(&keys());
    put_tokens(&mut vault, 2);
    let row = |vault: &Vault, number| {
        let SealedRecord { slot, version, sealed } = Rows(&vault.connection).record(&token(number)).unwrap().unwrap();
        let key = token(number);
        OldRecord {
            key,
            slot,
            version,
            sealed,
        }
    };
    let (ended, living) = (row(&vault, 1), row(&vault, 2));
    let before = vault.destroy([1; 16], &[token(1)], |_| Ok(())).unwrap();
    for (order, record, opens) in [([2; 16], ended, false), ([3; 16], living, true)] {
        let pending = DestructionRow {
            destruction: Destruction {
                order,
                ..before.clone()
            },
            evidence: Some(Evidence {
                root_wrapped: vec![0; 32],
                records: vec![record],
            }),
        };
        let state = vault.state.as_mut().unwrap();
        let sealed = sealed_destruction(&state.journal, &SystemRandomness::new(), &pending).unwrap();
        state.header.orders.push(sealed);
        match vault.destroy(order, &[], |_| Ok(())) {
            Ok(done) => assert!(!opens && done.probe.passed()),
            Err(VaultError::ProbeFailed { probe, .. }) => assert!(opens && probe.records_open && !probe.key_found),
            Err(other) => panic!("{other}"),
        }
        assert_eq!(vault.destruction(order).unwrap().is_some(), !opens);
    }
}

#[test]
fn an_invalidated_or_foreign_key_quarantines() {
    let (disk, keys) = (Disk::new(), keys());
    drop(disk.create(&keys));
    let invalidated = Hooked {
        inner: Arc::clone(&keys) as _,
        hook: |moment: super::support::Moment| match moment.0 {
            super::support::Call::Unwrap => Err(RootKeyError::Invalidated { epoch: 1 }),
            _ => Ok(()),
        },
    };
    let refused = disk.try_open(&Arc::new(invalidated)).unwrap_err();
    assert!(matches!(
        refused,
        VaultError::Quarantined {
            reason: QuarantineReason::EpochKeyInvalidated
        }
    ));
    let other = Arc::new(KeepsOldKeys::default());
    drop(Disk::new().create(&other));
    let refused = disk.try_open(&other).unwrap_err();
    assert!(matches!(
        refused,
        VaultError::Quarantined {
            reason: QuarantineReason::ForeignRoot
        }
    ));
}

#[test]
fn a_failed_commit_is_read_again_and_loses_nothing() {
    let (disk, keys) = (Disk::new(), keys());
    let mut vault = disk.create(&keys);
    put_tokens(&mut vault, 2);
    // A deferred foreign key that is broken by the row of a destruction lets the commit itself fail.
    vault
        .connection
        .execute_batch(
            "PRAGMA foreign_keys = ON; CREATE TABLE parent (id INTEGER PRIMARY KEY);
             CREATE TABLE child (id INTEGER REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED);
             CREATE TRIGGER fault AFTER UPDATE ON header BEGIN INSERT INTO child VALUES (1); END;",
        )
        .unwrap();
    let failed = vault.destroy([1; 16], &[token(1)], |tx| tx.journal_put("outbox", b"due", b"row"));
    assert!(matches!(failed, Err(VaultError::Store(_))), "{failed:?}");
    assert_eq!((vault.epoch(), vault.journal_list("outbox").unwrap()), (1, vec![]));
    assert_eq!(vault.get(&token(1)).unwrap().unwrap().as_slice(), secret(1));

    let repair = file::begin(&mut vault.connection).unwrap();
    repair.execute_batch("DROP TRIGGER fault").unwrap();
    repair.commit().unwrap();
    let made = vault.destroy([1; 16], &[token(1)], |_| Ok(())).unwrap();
    assert_eq!((made.epoch_new, keys.epochs()), (2, vec![2]));
    assert_eq!(vault.get(&token(2)).unwrap().unwrap().as_slice(), secret(2));
}

#[test]
fn a_full_disk_is_named_and_nothing_is_lost() {
    let (disk, keys) = (Disk::new(), keys());
    let mut vault = disk.create(&keys);
    put_tokens(&mut vault, 2);
    let pages: i64 = vault
        .connection
        .pragma_query_value(None, "page_count", |row| row.get(0))
        .unwrap();
    vault
        .connection
        .pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))
        .unwrap();
    let large = vec![0; 100_000];
    let swallowed = vault.transact(|tx| {
        let first = tx.put(&token(3), &large);
        assert!(matches!(first, Err(VaultError::StorageFull)), "{first:?}");
        Ok::<_, VaultError>(())
    });
    // Whether SQLite has rolled back by then or not: the large record does not stand, the vault goes on.
    assert!(
        matches!(swallowed, Ok(()) | Err(VaultError::TransactionLost)),
        "{swallowed:?}"
    );
    let failed = vault.destroy([1; 16], &[token(1)], |tx| tx.put(&token(3), &large));
    assert!(matches!(failed, Err(VaultError::StorageFull)), "{failed:?}");
    assert_eq!((vault.epoch(), keys.epochs()), (1, vec![1]));
    assert!(vault.get(&token(3)).unwrap().is_none());
    assert_eq!(vault.get(&token(1)).unwrap().unwrap().as_slice(), secret(1));
    vault
        .connection
        .pragma_update_and_check(None, "max_page_count", 1_000_000, |_| Ok(()))
        .unwrap();
    vault.destroy([1; 16], &[token(1)], |_| Ok(())).unwrap();
    assert!(vault.ready().unwrap().header.orders.iter().all(|row| row.done));
}

#[test]
fn a_probe_passes_where_nothing_at_all_opened() {
    for found in 0..8_u8 {
        let probe = Probe {
            old_root_opens: found & 1 != 0,
            records_open: found & 2 != 0,
            key_found: found & 4 != 0,
        };
        assert_eq!(probe.passed(), found == 0, "{probe:?}");
    }
}
