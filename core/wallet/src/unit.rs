//! One unit of work: what is read, signed and written together, in one durable transaction.
//!
//! A unit reads through what it has staged, signs with the device key, and stages rows; [`Inner::unit`] writes them
//! all or none. So the sequence number of a statement, the row that holds it, and the state that it tells of cannot
//! part. Units run one after the other, on threads that may block.

use crate::error::WalletError;
use crate::events::WalletEvent;
use crate::inner::Inner;
use crate::journal::{CounterRow, DeviceRow, EventRow, OutboxRow, PolicyRow, Purpose, Row, TimeRow};
use crate::keys::sign_with_device_key;
use crate::time::GatewayTime;
use quittance_protocol::{Claims, Statement, StatementId, Timestamp};
use quittance_vault::{Destruction, RecordKey, Transaction, Vault, VaultError};
use std::collections::BTreeMap;
use std::sync::Arc;
use zeroize::Zeroizing;

/// What a unit is to write.
#[derive(Default)]
struct Staged {
    rows: BTreeMap<(&'static str, Vec<u8>), Option<Vec<u8>>>,
    secrets: Vec<(RecordKey, Zeroizing<Vec<u8>>)>,
    epoch: Epoch,
}

/// What becomes of the vault's epoch with a unit.
#[derive(Clone, Copy, Default)]
enum Epoch {
    #[default]
    Stays,
    Ends,
    /// It ends, unless the keystore keeps it from that.
    EndsWhereItCan,
}

/// See the module.
pub(crate) struct Unit<'a> {
    pub(crate) inner: &'a Inner,
    staged: Staged,
}

impl Inner {
    /// Runs one unit on a thread that may block, and commits it. What is committed stands even where the caller does
    /// not wait for the answer.
    pub(crate) async fn unit<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&mut Unit<'_>) -> Result<T, WalletError> + Send + 'static,
    ) -> Result<T, WalletError> {
        let inner = Arc::clone(self);
        blocking(move || inner.unit_now(work)).await
    }

    /// Runs one unit on this thread, and commits it.
    pub(crate) fn unit_now<T>(
        &self,
        work: impl FnOnce(&mut Unit<'_>) -> Result<T, WalletError>,
    ) -> Result<T, WalletError> {
        let (answer, ()) = self.committed(work, |vault, staged| {
            match staged.epoch {
                Epoch::Stays if staged.is_empty() => return Ok(()),
                Epoch::Stays => {}
                Epoch::Ends => return vault.rotate(|transaction| staged.write(transaction)),
                Epoch::EndsWhereItCan => match vault.rotate(|transaction| staged.write(transaction)) {
                    // What may have been written is written once more, as it is.
                    Err(error) if error.keeps_only_ends_back() => {
                        tracing::warn!(%error, "a try is counted, and a file of before still opens");
                    }
                    ended => return ended,
                },
            }
            vault.transact(|transaction| staged.write(transaction))
        })?;
        Ok(answer)
    }

    /// Runs one unit whose rows are written in the transaction that ends the targets, and with them the vault's epoch. A
    /// target that does not open is missing: it is of no use to this phone any more, and the others end. Where the order was
    /// begun before, the rows of then stand, and these are not written.
    pub(crate) fn destroying_unit<T>(
        &self,
        order: [u8; 16],
        targets: &[RecordKey],
        work: impl FnOnce(&mut Unit<'_>) -> Result<T, WalletError>,
    ) -> Result<(T, Destruction), WalletError> {
        self.committed(work, |vault, staged| {
            vault.destroy_what_opens(order, targets, |transaction| staged.write(transaction))
        })
    }

    /// Runs a unit as the only one, commits what it staged, and forgets what this phone had read of it before.
    fn committed<T, C>(
        &self,
        work: impl FnOnce(&mut Unit<'_>) -> Result<T, WalletError>,
        commit: impl FnOnce(&mut Vault, &Staged) -> Result<C, VaultError>,
    ) -> Result<(T, C), WalletError> {
        let _writer = self.writer.take()?;
        let mut unit = Unit {
            inner: self,
            staged: Staged::default(),
        };
        let answer = work(&mut unit)?;
        let staged = unit.staged;
        let committed = commit(&mut *self.vault()?, &staged);
        // Where the commit answers an error, the rows may stand all the same.
        if staged.has(PolicyRow::COLLECTION) {
            self.policies.forget();
        }
        Ok((answer, committed?))
    }

    /// Reads on a thread that may block.
    pub(crate) async fn look<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Inner) -> Result<T, WalletError> + Send + 'static,
    ) -> Result<T, WalletError> {
        let inner = Arc::clone(self);
        blocking(move || work(&inner)).await
    }

    /// Reads a row as it stands.
    pub(crate) fn read<T: Row>(&self, key: &[u8]) -> Result<Option<T>, WalletError> {
        let bytes = self.vault()?.journal_get(T::COLLECTION, key)?;
        bytes.map(|bytes| decode::<T>(&bytes)).transpose()
    }

    /// Reads a collection as it stands.
    pub(crate) fn read_all<T: Row>(&self) -> Result<Vec<T>, WalletError> {
        let rows = self.vault()?.journal_list(T::COLLECTION)?;
        rows.iter().map(|(_key, bytes)| decode::<T>(bytes)).collect()
    }

    /// The phone's estimate of gateway time.
    pub(crate) fn estimate(&self) -> Result<Timestamp, WalletError> {
        let own = self.ports.clock.now();
        Ok(self.read::<TimeRow>(b"")?.map_or(own, |row| row.0.estimate(own)))
    }

    /// How many seconds the phone's own clock was off at the gateway's last answer; none where it never answered.
    pub(crate) fn clock_off_by(&self) -> Result<u64, WalletError> {
        Ok(self.read::<TimeRow>(b"")?.map_or(0, |row| row.0.off_by()))
    }

    /// Random bytes, as many as the array has.
    pub(crate) fn random<const N: usize>(&self) -> Result<[u8; N], WalletError> {
        let mut bytes = [0; N];
        self.ports.randomness.fill(&mut bytes)?;
        Ok(bytes)
    }
}

/// Runs work on a thread that may block.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, WalletError> + Send + 'static,
) -> Result<T, WalletError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| WalletError::Internal("a blocking section did not end"))?
}

impl Unit<'_> {
    /// Reads a row, staged ones first.
    pub(crate) fn get<T: Row>(&self, key: &[u8]) -> Result<Option<T>, WalletError> {
        match self.staged.rows.get(&(T::COLLECTION, key.to_vec())) {
            Some(staged) => staged.as_deref().map(decode).transpose(),
            None => self.inner.read(key),
        }
    }

    /// Reads a collection, staged rows included.
    pub(crate) fn list<T: Row>(&self) -> Result<Vec<T>, WalletError> {
        let mut rows: BTreeMap<Vec<u8>, Vec<u8>> =
            self.inner.vault()?.journal_list(T::COLLECTION)?.into_iter().collect();
        for ((collection, key), value) in &self.staged.rows {
            if *collection != T::COLLECTION {
                continue;
            }
            match value {
                Some(value) => rows.insert(key.clone(), value.clone()),
                None => rows.remove(key),
            };
        }
        rows.values().map(|bytes| decode(bytes)).collect()
    }

    /// Stages a row.
    pub(crate) fn put<T: Row>(&mut self, row: &T) -> Result<(), WalletError> {
        let bytes = serde_json::to_vec(row).map_err(|_| WalletError::Internal("a row cannot be written"))?;
        self.staged.rows.insert((T::COLLECTION, row.key()), Some(bytes));
        Ok(())
    }

    /// Stages a row's end.
    pub(crate) fn delete<T: Row>(&mut self, row: &T) {
        self.staged.rows.insert((T::COLLECTION, row.key()), None);
    }

    /// Stages a secret record.
    pub(crate) fn put_secret(&mut self, key: RecordKey, secret: Zeroizing<Vec<u8>>) {
        self.staged.secrets.push((key, secret));
    }

    /// Ends the vault's epoch with this unit: a file of before does not open any more. For counters of tries. Where the
    /// keystore does not end the key of an earlier one nothing is written, unless the unit must not wait for that.
    pub(crate) const fn end_epoch(&mut self, must_not_wait: bool) {
        self.staged.epoch = if must_not_wait {
            Epoch::EndsWhereItCan
        } else {
            Epoch::Ends
        };
    }

    /// The phone's keys; the phone must have made them.
    pub(crate) fn device(&self) -> Result<DeviceRow, WalletError> {
        self.get(b"")?.ok_or(WalletError::NotEnrolled)
    }

    /// The phone's estimate of gateway time.
    pub(crate) fn now(&self) -> Result<Timestamp, WalletError> {
        let own = self.inner.ports.clock.now();
        Ok(self.get::<TimeRow>(b"")?.map_or(own, |row| row.0.estimate(own)))
    }

    /// Takes in the time of a verified log entry.
    pub(crate) fn proved_time(&mut self, logged: Timestamp) -> Result<(), WalletError> {
        let known = self.get::<TimeRow>(b"")?.map(|row| row.0);
        let own = self.inner.ports.clock.now();
        self.put(&TimeRow(GatewayTime::proved(known, logged, own)))
    }

    /// Takes in what the gateway said the time is, without a proof.
    pub(crate) fn heard(&mut self, told: Timestamp) -> Result<(), WalletError> {
        let known = self.get::<TimeRow>(b"")?.map(|row| row.0);
        self.put(&TimeRow(GatewayTime::heard(known, told, self.inner.ports.clock.now())))
    }

    /// Signs a statement with D, with the next sequence number.
    pub(crate) fn sign<T: Statement>(&mut self, body: &T) -> Result<String, WalletError> {
        let device = self.device()?;
        let mut counters = self.counters()?;
        let claims = self.claims(Some(counters.statement))?;
        counters.statement = counters.statement.saturating_add(1);
        self.put(&counters)?;
        sign_with_device_key(&*self.inner.keys, &device.device_key, &claims, body)
    }

    /// Fresh claims.
    pub(crate) fn claims(&self, seq: Option<u64>) -> Result<Claims, WalletError> {
        let jti = StatementId::from_bytes(self.inner.random()?);
        Ok(Claims {
            aud: self.inner.pinned.origin.clone(),
            iat: self.now()?,
            jti,
            seq,
        })
    }

    /// Signs a statement and stages it for the gateway: the number of its row.
    pub(crate) fn send<T: Statement>(&mut self, purpose: Purpose, body: &T) -> Result<u64, WalletError> {
        let compact = self.sign(body)?;
        self.enqueue(purpose, Some(compact))
    }

    /// Stages a row of the outbox: its number.
    pub(crate) fn enqueue(&mut self, purpose: Purpose, compact: Option<String>) -> Result<u64, WalletError> {
        let mut counters = self.counters()?;
        let number = counters.outbox;
        counters.outbox = number.saturating_add(1);
        self.put(&counters)?;
        self.put(&OutboxRow {
            number,
            purpose,
            compact,
            attempts: 0,
            tried_at: None,
            not_before: None,
        })?;
        Ok(number)
    }

    /// Stages an event for the payer.
    pub(crate) fn tell(&mut self, event: WalletEvent) -> Result<(), WalletError> {
        let mut counters = self.counters()?;
        let number = counters.event;
        counters.event = number.saturating_add(1);
        self.put(&counters)?;
        self.put(&EventRow { number, event })
    }

    /// Numbers that are used once.
    pub(crate) fn counters(&self) -> Result<CounterRow, WalletError> {
        Ok(self.get(b"")?.unwrap_or_default())
    }
}

fn decode<T: Row>(bytes: &[u8]) -> Result<T, WalletError> {
    serde_json::from_slice(bytes).map_err(|_| WalletError::Journal(T::COLLECTION))
}

impl Staged {
    fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.secrets.is_empty()
    }

    fn has(&self, collection: &str) -> bool {
        self.rows.keys().any(|(of, _key)| *of == collection)
    }

    fn write(&self, transaction: &mut Transaction<'_>) -> Result<(), VaultError> {
        for (key, secret) in &self.secrets {
            transaction.put(key, secret)?;
        }
        for ((collection, key), value) in &self.rows {
            match value {
                Some(value) => transaction.journal_put(collection, key, value)?,
                None => {
                    transaction.journal_delete(collection, key)?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::config::WalletConfig;
    use crate::ports::{
        BiometricError, BiometricPrompt, BiometricRequest, CreatedKey, DeviceKeyError, DeviceKeys, KeyAlias,
        KeyStoreKind, Ports,
    };
    use quittance_flows::Policy;
    use quittance_flows::policy::{DEFAULT_BUNDLE, SANDBOX_AUTHOR_SEED};
    use quittance_protocol::bytes::Digest32;
    use quittance_protocol::ed25519::SigningKey;
    use std::collections::BTreeSet;
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicBool, Ordering};

    /// A keystore that has keys of epochs alone, and wraps nothing: what is tested here is who writes what.
    #[derive(Default)]
    struct Epochs {
        made: Mutex<BTreeSet<u64>>,
        is_locked: AtomicBool,
    }

    impl DeviceKeys for Epochs {
        fn create_key(&self, _: KeyAlias, _: Vec<u8>) -> Result<CreatedKey, DeviceKeyError> {
            Err(DeviceKeyError::KeyMissing)
        }

        fn sign(&self, _: KeyAlias, _: Vec<u8>) -> Result<Vec<u8>, DeviceKeyError> {
            Err(DeviceKeyError::KeyMissing)
        }

        fn delete_key(&self, _: KeyAlias) -> Result<(), DeviceKeyError> {
            Ok(())
        }

        fn create_epoch_key(&self, epoch: u64) -> Result<(), DeviceKeyError> {
            self.made.lock().unwrap().insert(epoch);
            Ok(())
        }

        fn wrap(&self, _: u64, plain: Vec<u8>) -> Result<Vec<u8>, DeviceKeyError> {
            Ok(plain)
        }

        fn unwrap(&self, epoch: u64, wrapped: Vec<u8>) -> Result<Vec<u8>, DeviceKeyError> {
            if self.is_locked.load(Ordering::SeqCst) {
                Err(DeviceKeyError::Locked)
            } else if self.epoch_key_exists(epoch)? {
                Ok(wrapped)
            } else {
                Err(DeviceKeyError::KeyMissing)
            }
        }

        fn delete_epoch_key(&self, epoch: u64) -> Result<(), DeviceKeyError> {
            self.made.lock().unwrap().remove(&epoch);
            Ok(())
        }

        fn epoch_key_exists(&self, epoch: u64) -> Result<bool, DeviceKeyError> {
            Ok(self.made.lock().unwrap().contains(&epoch))
        }

        fn describe(&self) -> KeyStoreKind {
            KeyStoreKind::Software
        }
    }

    #[async_trait::async_trait]
    impl BiometricPrompt for Epochs {
        async fn sign(&self, _: BiometricRequest) -> Result<Vec<u8>, BiometricError> {
            Err(BiometricError::KeyMissing)
        }
    }

    /// A phone that was never enrolled.
    pub(crate) fn phone(folder: &std::path::Path) -> Inner {
        phone_with(folder, &Arc::default())
    }

    fn phone_with(folder: &std::path::Path, keys: &Arc<Epochs>) -> Inner {
        let author = SigningKey::from_seed(&Zeroizing::new(SANDBOX_AUTHOR_SEED)).unwrap();
        let config = WalletConfig {
            data_dir: folder.to_owned(),
            gateway_url: "http://127.0.0.1:1".to_owned(),
            origin: "http://127.0.0.1:1".to_owned(),
            log_vkey: "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW".to_owned(),
            policy_author: serde_json::to_string(author.public_key()).unwrap(),
            sandbox: true,
        };
        Inner::open(&config, keys.clone(), keys.clone(), Ports::system()).unwrap()
    }

    fn new_policy() -> PolicyRow {
        PolicyRow {
            policy: Policy::load(DEFAULT_BUNDLE).unwrap(),
            content: Digest32::of(b""),
        }
    }

    #[test]
    fn a_policy_that_is_written_with_a_destruction_is_known_from_then_on() {
        let folder = tempfile::tempdir().unwrap();
        let phone = phone(folder.path());
        assert!(
            phone.policy().is_err(),
            "control: none is known, and that is remembered"
        );
        phone
            .destroying_unit([7; 16], &[], |unit| unit.put(&new_policy()))
            .unwrap();
        assert!(phone.policy().is_ok());
    }

    #[test]
    fn an_epoch_ends_once_whether_a_unit_asks_for_it_or_destroys() {
        let folder = tempfile::tempdir().unwrap();
        let phone = phone(folder.path());
        let epoch = || phone.vault().unwrap().epoch();
        let first = epoch();
        phone.unit_now(|unit| unit.put(&new_policy())).unwrap();
        assert_eq!(epoch(), first, "control: a plain unit ends none");
        phone
            .unit_now(|unit| {
                unit.end_epoch(false);
                Ok(())
            })
            .unwrap();
        assert_eq!(epoch(), first + 1);
        phone
            .destroying_unit([7; 16], &[], |unit| {
                unit.end_epoch(false);
                Ok(())
            })
            .unwrap();
        assert_eq!(epoch(), first + 2);
    }

    #[test]
    fn a_phone_whose_commit_failed_while_its_keystore_was_locked_goes_on_once_both_are_well() {
        let folder = tempfile::tempdir().unwrap();
        let keys = Arc::new(Epochs::default());
        let file = phone_with(folder.path(), &keys).pinned.vault_file.clone();
        // A row of more than a page is what finds no room from now on.
        rusqlite::Connection::open(file)
            .unwrap()
            .execute_batch(
                "CREATE TABLE room (epoch INTEGER REFERENCES nodes (place) DEFERRABLE INITIALLY DEFERRED);
                 CREATE TRIGGER full AFTER INSERT ON journal WHEN length (NEW.sealed) > 4096
                 BEGIN INSERT INTO room VALUES (-7); END;",
            )
            .unwrap();
        let phone = phone_with(folder.path(), &keys);
        keys.is_locked.store(true, Ordering::SeqCst);
        let failed = phone.unit_now(|unit| unit.put(&new_policy()));
        assert!(
            matches!(failed, Err(WalletError::Vault(VaultError::Store(_)))),
            "{failed:?}"
        );
        let small = |unit: &mut Unit<'_>| unit.proved_time(Timestamp::from_unix(1_800_000_000).unwrap());
        assert!(phone.unit_now(small).is_err(), "control: nobody knows what stands");
        keys.is_locked.store(false, Ordering::SeqCst);
        phone.unit_now(small).unwrap();
        assert!(phone.read::<TimeRow>(b"").unwrap().is_some());
    }
}
