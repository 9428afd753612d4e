//! What a vault says whose keystore keeps a key that it was told to delete, whether it admits that or not.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use zeroize::Zeroizing;

use super::support::{Disk, Image, MemoryKeys, put_tokens, secret, token};
use crate::{RootKeyError, RootKeys, Vault, VaultError};

/// It deletes every key but that of epoch 1, for as long as that one is stuck.
#[derive(Default)]
struct Stuck {
    keys: MemoryKeys,
    is_free: AtomicBool,
    /// Whether it answers an error, as the keystores of both platforms do, or says that it is done.
    admits: bool,
}

impl RootKeys for Stuck {
    fn create(&self, epoch: u64) -> Result<(), RootKeyError> {
        self.keys.create(epoch)
    }
    fn wrap(&self, epoch: u64, root: &[u8; 32]) -> Result<Vec<u8>, RootKeyError> {
        self.keys.wrap(epoch, root)
    }
    fn unwrap(&self, epoch: u64, wrapped: &[u8]) -> Result<Zeroizing<[u8; 32]>, RootKeyError> {
        RootKeys::unwrap(&self.keys, epoch, wrapped)
    }
    fn delete(&self, epoch: u64) -> Result<(), RootKeyError> {
        if epoch == 1 && !self.is_free.load(Ordering::SeqCst) {
            return match self.admits {
                true => Err(RootKeyError::Unavailable {
                    detail: "it stands".to_owned(),
                }),
                false => Ok(()),
            };
        }
        self.keys.delete(epoch)
    }
    fn exists(&self, epoch: u64) -> Result<bool, RootKeyError> {
        self.keys.exists(epoch)
    }
}

/// What a thief reads of token 2 who has a file of before and a copy of all keys that stand.
fn stolen(before: &Image, keys: &Stuck) -> Option<Vec<u8>> {
    let disk = Disk::new();
    before.put(&disk);
    let vault = disk.try_open(&Arc::new(keys.keys.clone())).ok()?;
    let read = vault.get(&token(2)).ok()?;
    read.map(|secret| secret.as_slice().to_vec())
}

/// How the key of epoch 1 comes to stand behind its epoch.
type End = fn(&mut Vault) -> Result<(), VaultError>;

const ENDS: [End; 2] = [
    |vault| vault.destroy([1; 16], &[token(1)], |_| Ok(())).map(drop),
    |vault| vault.rotate(|_| Ok(())),
];

/// Whether this says that an older key stands.
fn says_that_it_stands<T>(answer: &Result<T, VaultError>, admits: bool) -> bool {
    let cause = match answer {
        Err(VaultError::Unfinished { source, .. }) => source,
        Err(error) => error,
        Ok(_) => return false,
    };
    match cause {
        VaultError::RootKey(RootKeyError::Unavailable { .. }) => admits,
        VaultError::ProbeFailed { epoch_old: 1, probe } => !admits && probe.key_found,
        _ => false,
    }
}

//
#[test]
fn nothing_is_said_to_be_destroyed_while_an_older_key_stands_that_opens_it_and_nobody_is_locked_out() {
    for (end, admits, is_opened_anew) in [false, true]
        .into_iter()
        .flat_map(|admits| [false, true].map(|is_opened_anew| (admits, is_opened_anew)))
        .flat_map(|(admits, is_opened_anew)| ENDS.map(|end| (end, admits, is_opened_anew)))
    {
        let keys = Stuck {
            admits,
            ..Stuck::default()
        };
        let (disk, keys) = (Disk::new(), Arc::new(keys));
        let mut vault = disk.create(&keys);
        put_tokens(&mut vault, 3);
        let before = disk.image();
        let failed = end(&mut vault);
        assert!(says_that_it_stands(&failed, admits), "{failed:?}");
        if is_opened_anew {
            drop(vault);
            vault = disk.open(&keys);
        }
        assert_eq!(stolen(&before, &keys), Some(secret(2)), "control: the old key opens it");
        let next = |vault: &mut Vault| {
            vault.destroy([2; 16], &[token(2)], |tx| {
                tx.journal_put("outbox", b"due", b"attestation")
            })
        };
        for _ in 0..2 {
            let refused = next(&mut vault);
            assert!(says_that_it_stands(&refused, admits), "{refused:?}");
            assert_eq!((vault.epoch(), vault.destruction([2; 16]).unwrap()), (2, None));
            assert_eq!(
                vault.journal_get("outbox", b"due").unwrap(),
                None,
                "nothing of it is written"
            );
        }
        // Whoever needs no end goes on.
        assert_eq!(vault.get(&token(2)).unwrap().unwrap().as_slice(), secret(2));
        vault
            .transact::<_, VaultError>(|tx| tx.put(&token(4), &secret(4)))
            .unwrap();

        keys.is_free.store(true, Ordering::SeqCst);
        assert_eq!(next(&mut vault).unwrap().destroyed, [token(2)]);
        assert_eq!((keys.keys.epochs(), vault.epoch()), (vec![3], 3));
        assert_eq!(stolen(&before, &keys), None);
    }
}
