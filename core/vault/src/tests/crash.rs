//! The process dies at every point of the order, and again while it recovers.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use super::support::{Call, Disk, Hooked, Image, MemoryKeys, Moment, dead, put_tokens, secret, token};
use crate::{QuarantineReason, RootKeyError, RootKeys as _, SystemRandomness, Vault, VaultError};

const ORDER: [u8; 16] = [7; 16];

/// More moments than anything here has.
const MOMENTS: usize = 100;

/// Dies at one moment after the other, until one attempt comes through. Where none does, nothing hangs: it fails.
fn until_one_comes_through(attempt: impl FnMut(usize) -> bool) {
    assert!((0..MOMENTS).any(attempt), "none of {MOMENTS} came through");
}

/// A keystore that answers nothing any more from its `last`-th moment on.
fn dies_at(
    inner: &Arc<MemoryKeys>,
    last: usize,
) -> Arc<Hooked<impl Fn(Moment) -> Result<(), RootKeyError> + Send + Sync + use<>>> {
    let moments = AtomicUsize::new(0);
    let hook = move |_| {
        if moments.fetch_add(1, Ordering::SeqCst) < last {
            Ok(())
        } else {
            Err(dead())
        }
    };
    Arc::new(Hooked {
        inner: Arc::clone(inner) as _,
        hook,
    })
}

/// Either the order never began or it is complete; in both cases nothing else is lost, and no old key stands.
fn assert_consistent(vault: &mut Vault, keys: &MemoryKeys) {
    match vault.destruction(ORDER).unwrap() {
        None => {
            assert_eq!(vault.get(&token(1)).unwrap().unwrap().as_slice(), secret(1));
            assert_eq!((vault.epoch(), vault.journal_list("outbox").unwrap()), (1, vec![]));
        }
        Some(made) => {
            assert!(made.probe.passed() && vault.get(&token(1)).unwrap().is_none());
            assert_eq!((vault.epoch(), made.epoch_new), (2, 2));
            assert_eq!(vault.journal_get("outbox", b"due").unwrap().unwrap(), b"attestation");
        }
    }
    assert_eq!(vault.get(&token(2)).unwrap().unwrap().as_slice(), secret(2));
    assert!(keys.are_of(vault.epoch()), "{:?}", keys.epochs());
    let made = destroy(vault).unwrap();
    assert_eq!(
        (made.epoch_old, made.epoch_new, vault.epoch()),
        (1, 2, 2),
        "repeating the order ends it once"
    );
    assert!(keys.are_of(2), "{:?}", keys.epochs());
}

fn destroy(vault: &mut Vault) -> Result<crate::Destruction, VaultError> {
    vault.destroy(ORDER, &[token(1)], |tx| {
        tx.journal_put("outbox", b"due", b"attestation")
    })
}

/// Two tokens, under a keystore that makes a key ahead at each destruction, or under one that does not.
fn prepared(makes_ahead: bool) -> (Disk, Arc<MemoryKeys>) {
    let (disk, keys) = (Disk::new(), Arc::new(MemoryKeys::new(makes_ahead)));
    put_tokens(&mut disk.create(&keys), 2);
    (disk, keys)
}

#[test]
fn dying_at_any_call_of_the_keystore_ends_in_one_of_two_states() {
    for makes_ahead in [false, true] {
        die_at_any_call(makes_ahead);
    }
}

fn die_at_any_call(makes_ahead: bool) {
    let mut resumed = 0;
    until_one_comes_through(|last| {
        let (disk, keys) = prepared(makes_ahead);
        let died = disk
            .try_open(&dies_at(&keys, last))
            .and_then(|mut vault| destroy(&mut vault));
        // The recovery dies too, at every moment of it, before one comes through.
        until_one_comes_through(|again| disk.try_open(&dies_at(&keys, again)).is_ok());
        let mut vault = disk.open(&keys);
        resumed += usize::from(vault.destruction(ORDER).unwrap().is_some_and(|made| made.resumed));
        assert_consistent(&mut vault, &keys);
        died.is_ok()
    });
    assert!(resumed > 0, "no moment was found at which an order has to be resumed");
}

#[test]
fn a_keystore_that_fails_once_leaves_the_vault_usable_in_the_same_process() {
    for makes_ahead in [false, true] {
        fail_once(makes_ahead);
    }
}

fn fail_once(makes_ahead: bool) {
    until_one_comes_through(|failing| {
        let (disk, keys) = prepared(makes_ahead);
        let moments = Arc::new(AtomicUsize::new(0));
        let armed = Arc::new(AtomicUsize::new(usize::MAX));
        let (seen, at) = (Arc::clone(&moments), Arc::clone(&armed));
        let hook = move |_| {
            let now = seen.fetch_add(1, Ordering::SeqCst);
            if now == at.load(Ordering::SeqCst) {
                Err(dead())
            } else {
                Ok(())
            }
        };
        let mut vault = disk.open(&Arc::new(Hooked {
            inner: Arc::clone(&keys) as _,
            hook,
        }));
        armed.store(moments.load(Ordering::SeqCst) + failing, Ordering::SeqCst);
        if destroy(&mut vault).is_ok() {
            assert!(
                failing > 5,
                "the loop has to reach create, wrap, replace, exists, unwrap"
            );
            return true;
        }
        assert_eq!(vault.get(&token(2)).unwrap().unwrap().as_slice(), secret(2));
        let made = destroy(&mut vault).unwrap();
        assert_eq!(made.epoch_new, 2, "failing at moment {failing}");
        assert_consistent(&mut vault, &keys);
        false
    });
}

/// Files with keys as they stood together at one moment.
type Snapshot = (Moment, Image, MemoryKeys);

/// Destroys token 1 with a copy of files and keys taken around each call of the keystore.
fn snapshots_of_a_destruction(makes_ahead: bool) -> (Disk, Arc<MemoryKeys>, Vec<Snapshot>) {
    let (disk, keys) = prepared(makes_ahead);
    let taken = Arc::new(Mutex::new(Vec::new()));
    let (list, inner, file) = (Arc::clone(&taken), Arc::clone(&keys), disk.file());
    let hook = move |moment| {
        list.lock()
            .unwrap()
            .push((moment, Image::take(&file), (*inner).clone()));
        Ok(())
    };
    let mut vault = disk.open(&Arc::new(Hooked {
        inner: Arc::clone(&keys) as _,
        hook,
    }));
    destroy(&mut vault).unwrap();
    drop(vault);
    let snapshots = taken.lock().unwrap().drain(..).collect();
    (disk, keys, snapshots)
}

#[test]
fn a_process_that_ends_around_any_call_is_completed_on_opening() {
    let both = [false, true].map(|makes_ahead| snapshots_of_a_destruction(makes_ahead).2);
    let mut states = [0, 0];
    for (_moment, image, keys) in both.into_iter().flatten() {
        let (disk, keys) = (Disk::new(), Arc::new(keys));
        image.put(&disk);
        let mut vault = disk.open(&keys);
        let made = vault.destruction(ORDER).unwrap();
        states[usize::from(made.is_some())] += 1;
        assert!(made.is_none_or(|made| made.resumed));
        assert_consistent(&mut vault, &keys);
    }
    assert!(
        states[0] > 0 && states[1] > 0,
        "both sides of the commit were seen: {states:?}"
    );
}

#[test]
fn a_file_older_or_newer_than_its_keystore_is_quarantined_untouched() {
    let (_disk, now, snapshots) = snapshots_of_a_destruction(false);
    let (_moment, before, old_keys) = snapshots.first().unwrap().clone();
    let after = snapshots.last().unwrap().1.clone();
    for (image, keys) in [(before, now), (after, Arc::new(old_keys))] {
        let disk = Disk::new();
        image.put(&disk);
        let held = keys.epochs();
        for _ in 0..2 {
            let refused = disk.try_open(&keys).unwrap_err();
            assert!(matches!(
                refused,
                VaultError::Quarantined {
                    reason: QuarantineReason::EpochKeyMissing
                }
            ));
            assert_eq!(keys.epochs(), held, "a file that does not fit ends no key");
        }
    }
}

/// What the vault that is left on a disk says of the order, to somebody who opens a copy.
fn copied(disk: &Disk, keys: &MemoryKeys) -> crate::Destruction {
    let (copy, keys) = (Disk::new(), Arc::new(keys.clone()));
    disk.image().put(&copy);
    copy.open(&keys).destruction(ORDER).unwrap().unwrap()
}

#[test]
fn that_an_order_is_done_goes_with_the_next_commit_or_with_closing() {
    let (disk, keys) = prepared(false);
    let mut vault = disk.open(&keys);
    let made = destroy(&mut vault).unwrap();
    assert!(!made.resumed && vault.destruction(ORDER).unwrap().as_ref() == Some(&made));
    // Killed right after the answer: it comes to the same end once more.
    let again = copied(&disk, &keys);
    assert!(again.resumed && again.probe.passed());
    assert_eq!((again.epoch_new, again.destroyed_key), (2, made.destroyed_key));
    // What is read again from such a file is still done.
    vault.reload().unwrap();
    assert_eq!(vault.destruction(ORDER).unwrap().as_ref(), Some(&made));

    vault.transact(|tx| tx.journal_put("outbox", b"row", b"value")).unwrap();
    assert_eq!(copied(&disk, &keys), made);
    drop(vault);

    let (disk, keys) = prepared(false);
    let made = destroy(&mut disk.open(&keys)).unwrap();
    assert_eq!(copied(&disk, &keys), made);
}

#[test]
fn every_order_answers_the_same_for_ever_however_many_come_after_it() {
    let (disk, keys) = prepared(true);
    let mut vault = disk.open(&keys);
    let order = |number| [number; 16];
    let made: Vec<_> = (1..=60)
        .map(|number| vault.destroy(order(number), &[token(number)], |_| Ok(())).unwrap())
        .collect();
    let rows = "SELECT count(*) FROM destructions";
    let rows: i64 = vault.connection.query_row(rows, [], |row| row.get(0)).unwrap();
    assert!(
        (30..60).contains(&rows),
        "some stand in the header, most in rows: {rows}"
    );
    for reopened in [false, true] {
        if reopened {
            drop(vault);
            vault = disk.open(&keys);
        }
        for (number, made) in (1..).zip(&made) {
            assert_eq!(vault.destruction(order(number)).unwrap().as_ref(), Some(made));
            assert_eq!(
                &vault.destroy(order(number), &[token(number)], |_| Ok(())).unwrap(),
                made
            );
        }
    }
}

#[test]
fn closing_leaves_a_file_that_is_whole_by_itself() {
    let (disk, keys) = prepared(false);
    let log = disk.0.path().join("tokens.vault-wal");
    assert_eq!(
        std::fs::metadata(&log).unwrap().len(),
        0,
        "kept, so that opening makes none"
    );
    std::fs::remove_file(log).unwrap();
    let vault = disk.open(&keys);
    assert_eq!(vault.get(&token(2)).unwrap().unwrap().as_slice(), secret(2));
}

//
#[test]
fn the_old_key_goes_only_after_the_commit_and_before_the_answer() {
    let (_disk, keys, snapshots) = snapshots_of_a_destruction(false);
    let deleted = snapshots
        .iter()
        .position(|(moment, ..)| *moment == (Call::Replace, true))
        .unwrap();
    for (at, (_moment, image, held)) in snapshots.iter().enumerate() {
        let disk = Disk::new();
        image.put(&disk);
        let before_commit = disk.try_open(&Arc::new(held.clone())).unwrap().epoch() == 1;
        assert_eq!(held.epochs().contains(&1), at < deleted);
        assert!(!before_commit || held.epochs().contains(&1));
    }
    assert_eq!(keys.epochs(), [2]);
}

#[test]
fn creating_dies_at_any_call_and_can_be_repeated() {
    until_one_comes_through(|last| {
        let (disk, keys) = (Disk::new(), Arc::new(MemoryKeys::default()));
        let died = disk.try_create(&dies_at(&keys, last)).map(drop);
        if died.is_ok() {
            return true;
        }
        assert!(matches!(disk.try_open(&keys), Err(VaultError::Missing)));
        let options = disk.options();
        Vault::create(options, Arc::clone(&keys) as _, Arc::new(SystemRandomness::new())).unwrap();
        false
    });
}

#[test]
fn a_vault_whose_state_is_unknown_says_so_until_it_is_read_again() {
    let (disk, keys) = prepared(false);
    let dead_now = Arc::new(AtomicUsize::new(0));
    let flag = Arc::clone(&dead_now);
    let hook = move |_| {
        if flag.load(Ordering::SeqCst) == 0 {
            Ok(())
        } else {
            Err(dead())
        }
    };
    let mut vault = disk.open(&Arc::new(Hooked {
        inner: Arc::clone(&keys) as _,
        hook,
    }));
    vault
        .connection
        .execute_batch(
            "PRAGMA foreign_keys = ON; CREATE TABLE parent (id INTEGER PRIMARY KEY);
             CREATE TABLE child (id INTEGER REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED);
             CREATE TRIGGER fault AFTER INSERT ON journal BEGIN INSERT INTO child VALUES (1); END;",
        )
        .unwrap();
    // The commit fails, and the keystore with it: nobody can say which epoch the file is in.
    let failed = vault.transact(|tx| {
        dead_now.store(1, Ordering::SeqCst);
        tx.journal_put("outbox", b"row", b"value")
    });
    assert!(matches!(failed, Err(VaultError::Store(_))), "{failed:?}");
    assert!(matches!(vault.get(&token(1)), Err(VaultError::Poisoned)));
    assert!(matches!(destroy(&mut vault), Err(VaultError::RootKey(_))));

    dead_now.store(0, Ordering::SeqCst);
    vault.connection.execute_batch("DROP TRIGGER fault").unwrap();
    vault.heal().unwrap();
    assert_consistent(&mut vault, &keys);
}

#[test]
fn dying_in_a_rotation_counts_the_attempt_or_not_and_leaves_one_key() {
    let mut epochs = [0, 0];
    until_one_comes_through(|last| {
        let (disk, keys) = prepared(false);
        let died = disk
            .try_open(&dies_at(&keys, last))
            .and_then(|mut vault| vault.rotate(|tx| tx.put(&token(1), b"one attempt less")));
        let vault = disk.open(&keys);
        let counted = vault.get(&token(1)).unwrap().unwrap().as_slice() == b"one attempt less";
        assert!((vault.epoch() == 2) == counted && keys.are_of(vault.epoch()));
        assert!(counted || died.is_err());
        epochs[usize::from(counted)] += usize::from(died.is_err());
        died.is_ok()
    });
    assert!(epochs[0] > 0 && epochs[1] > 0, "{epochs:?}");
}

/// A commit reaches the disk and is lost again, so that the key of its epoch has wrapped a root already. A thief who saw that
/// file comes back when the epoch has begun anew: what he reads of the token that ended then.
fn a_thief_of_a_lost_commit(trusts_the_key_that_stands: bool) -> Result<Option<Vec<u8>>, VaultError> {
    let (_disk, _now, snapshots) = snapshots_of_a_destruction(true);
    let (_moment, image, keys) = snapshots.first().unwrap().clone();
    let (_moment, ghost, held) = snapshots
        .iter()
        .find(|(moment, ..)| *moment == (Call::Replace, false))
        .unwrap()
        .clone();
    assert_eq!((keys.epochs(), held.epochs()), (vec![1], vec![1, 2]));

    let (disk, keys) = (Disk::new(), Arc::new(held));
    image.put(&disk);
    let mut vault = disk.open(&keys);
    assert_eq!(vault.get(&token(1)).unwrap().unwrap().as_slice(), secret(1));
    if trusts_the_key_that_stands {
        (vault.ahead, vault.unfinished) = (Some(2), false);
    }
    vault.destroy([8; 16], &[token(2)], |_| Ok(())).unwrap();
    assert_eq!((vault.epoch(), keys.epochs()), (2, vec![2, 3]));

    let thief = Disk::new();
    ghost.put(&thief);
    let found = thief.try_open(&keys)?.get(&token(2))?;
    Ok(found.map(|secret| secret.to_vec()))
}

//
#[test]
fn a_key_that_a_lost_commit_used_is_never_used_again() {
    assert!(matches!(
        a_thief_of_a_lost_commit(false),
        Err(VaultError::Quarantined {
            reason: QuarantineReason::ForeignRoot
        })
    ));
}

#[test]
fn control_a_vault_that_uses_the_key_that_it_finds_gives_the_destroyed_token_back() {
    assert_eq!(a_thief_of_a_lost_commit(true).unwrap(), Some(secret(2)));
}

/// How often the whole log was moved into the file because of what an interruption may have left in it.
fn settled(disk: &Disk) -> i64 {
    let file = rusqlite::Connection::open(disk.file()).unwrap();
    file.query_row("SELECT settled FROM header", [], |row| row.get(0))
        .unwrap()
}

/// Either trace of an interruption is enough: a key is not deleted, nor an order completed, on the word of a log that a
/// power failure may take back. A key of the next epoch is none: it may have been made ahead.
#[test]
fn whatever_an_interruption_left_the_file_is_durable_before_it_is_completed() {
    type Trace = fn(&Disk, &Arc<MemoryKeys>);
    let key_of_the_epoch_before: Trace = |disk, keys| {
        disk.open(keys).rotate::<_, VaultError>(|_| Ok(())).unwrap();
        keys.create(1).unwrap();
    };
    let order_alone: Trace = |disk, keys| {
        let dies_after_deleting = Hooked {
            inner: Arc::clone(keys) as _,
            hook: |moment| match moment {
                (Call::Replace, true) => Err(dead()),
                _ => Ok(()),
            },
        };
        destroy(&mut disk.open(&Arc::new(dies_after_deleting))).unwrap_err();
        assert_eq!(keys.epochs(), [2]);
    };
    let nothing: Trace = |_, _| ();
    for (trace, times) in [(key_of_the_epoch_before, 1), (order_alone, 1), (nothing, 0)] {
        let (disk, keys) = prepared(false);
        trace(&disk, &keys);
        let vault = disk.open(&keys);
        assert_eq!(keys.epochs(), [vault.epoch()]);
        drop(vault);
        assert_eq!(settled(&disk), times);
    }
}

/// Ends the epoch while the keystore panics at its `last`-th moment, then once more in the same process.
fn ends_after_a_panic(last: usize) -> (Arc<MemoryKeys>, bool, u64) {
    let (disk, keys) = prepared(false);
    let never = usize::MAX / 2;
    let moments = Arc::new(AtomicUsize::new(never));
    let counted = Arc::clone(&moments);
    let panicking = Arc::new(Hooked {
        inner: Arc::clone(&keys) as _,
        hook: move |_moment: Moment| {
            assert!(counted.fetch_add(1, Ordering::SeqCst) != last, "a keystore with a bug");
            Ok(())
        },
    });
    let mut vault = disk.open(&panicking);
    moments.store(0, Ordering::SeqCst);
    let once = std::panic::AssertUnwindSafe(|| vault.rotate(|tx| tx.put(&token(1), b"one attempt less")).is_ok());
    let has_panicked = std::panic::catch_unwind(once).is_err();
    moments.store(never, Ordering::SeqCst);
    vault.rotate(|tx| tx.put(&token(1), b"two attempts less")).unwrap();
    (keys, has_panicked, vault.epoch())
}

//
#[test]
fn a_keystore_that_panics_leaves_no_key_of_an_epoch_that_ended() {
    until_one_comes_through(|last| {
        let (keys, has_panicked, epoch) = ends_after_a_panic(last);
        assert!(keys.are_of(epoch), "after moment {last}: {:?}", keys.epochs());
        assert!(has_panicked || last > 8, "only {last} moments");
        !has_panicked
    });
}

//
#[test]
fn a_key_that_another_vault_left_behind_is_not_used() {
    let (disk, keys) = (Disk::new(), Arc::new(MemoryKeys::new(false)));
    keys.create(3).unwrap();
    let wrapped = keys.wrap(3, &[7; 32]).unwrap();
    assert!(keys.unwrap(3, &wrapped).is_ok(), "control: the old vault opens");
    let mut vault = disk.create(&keys);
    for _ in 0..2 {
        vault.rotate(|_tx| Ok::<_, VaultError>(())).unwrap();
    }
    assert_eq!(vault.epoch(), 3);
    assert!(keys.unwrap(3, &wrapped).is_err());
}
