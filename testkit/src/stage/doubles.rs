//! Outside parties that wait, fail or die when they are told to. Product code has no such switch.

use crate::software_keys::SoftwareDeviceKeys;
use async_trait::async_trait;
use quittance_gateway::{
    CardNetwork, FolderCustodian, Funding, NetworkCharge, NetworkOutcome, NetworkRefund, SimulatedCardNetwork,
    Unavailable,
};
use quittance_protocol::{AccountId, ChargeId, Timestamp, TokenId};
use quittance_vault::{Neighbours, RootKeyError, RootKeys};
use quittance_wallet::ports::{Clock, CreatedKey, DeviceKeyError, DeviceKeys, KeyAlias, KeyStoreKind};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::watch;
use zeroize::Zeroizing;

/// The simulated card network behind a gate: while it is shut, charges arrive and are not carried out. Its answers can be
/// lost.
pub struct GatedCardNetwork {
    /// The network itself, with its ledger.
    pub ledger: Arc<SimulatedCardNetwork>,
    loses: AtomicBool,
    shut: watch::Sender<bool>,
    waiting: watch::Sender<u32>,
}

impl GatedCardNetwork {
    /// An open gate before this network.
    pub fn new(ledger: Arc<SimulatedCardNetwork>) -> Self {
        Self {
            ledger,
            loses: AtomicBool::new(false),
            shut: watch::Sender::new(false),
            waiting: watch::Sender::new(0),
        }
    }

    /// From now on charges wait.
    pub fn shut(&self) {
        self.shut.send_replace(true);
    }

    /// What waits goes on.
    pub fn open(&self) {
        self.shut.send_replace(false);
    }

    /// Whether from now on charges are carried out while nobody hears of it.
    pub fn lose_answers(&self, loses: bool) {
        self.loses.store(loses, Ordering::SeqCst);
    }

    fn tell(&self, answer: Result<NetworkOutcome, Unavailable>) -> Result<NetworkOutcome, Unavailable> {
        if self.loses.load(Ordering::SeqCst) {
            return Err(Unavailable);
        }
        answer
    }

    /// Ends once a charge waits at the gate.
    pub async fn charge_arrived(&self) {
        let mut waiting = self.waiting.subscribe();
        // The sender lives in `self`, so the channel cannot close.
        let _arrived = waiting.wait_for(|waiting| *waiting > 0).await.is_ok();
    }
}

#[async_trait]
impl CardNetwork for GatedCardNetwork {
    async fn fund(&self, token: TokenId, payer: AccountId) -> Result<Funding, Unavailable> {
        self.ledger.fund(token, payer).await
    }

    async fn charge(&self, charge: &NetworkCharge) -> Result<NetworkOutcome, Unavailable> {
        self.waiting.send_modify(|waiting| *waiting += 1);
        let mut shut = self.shut.subscribe();
        let _open = shut.wait_for(|shut| !shut).await.is_ok();
        self.waiting.send_modify(|waiting| *waiting -= 1);
        self.tell(self.ledger.charge(charge).await)
    }

    async fn resolve(&self, charge: ChargeId) -> Result<NetworkOutcome, Unavailable> {
        self.tell(self.ledger.resolve(charge).await)
    }
    async fn refund(&self, refund: &NetworkRefund) -> Result<(), Unavailable> {
        self.ledger.refund(refund).await
    }
}

/// The gateway's keystore, whose answer to a deletion can be lost.
pub struct FaultyCustodian {
    honest: FolderCustodian,
    loses: AtomicBool,
    replaced: AtomicU64,
}

impl FaultyCustodian {
    /// A keystore without faults.
    pub fn new(honest: FolderCustodian) -> Self {
        Self {
            honest,
            loses: AtomicBool::new(false),
            replaced: AtomicU64::new(0),
        }
    }

    /// Whether from now on keys are deleted while nobody hears of it.
    pub fn lose_deletions(&self, loses: bool) {
        self.loses.store(loses, Ordering::SeqCst);
    }

    /// How often a key was ended in the step that made another, whether anybody heard of it or not.
    pub fn replaced(&self) -> u64 {
        self.replaced.load(Ordering::SeqCst)
    }

    fn tell<T>(&self, answer: T) -> Result<T, RootKeyError> {
        if self.loses.load(Ordering::SeqCst) {
            return Err(RootKeyError::Unavailable {
                detail: "the answer was lost".to_owned(),
            });
        }
        Ok(answer)
    }
}

impl RootKeys for FaultyCustodian {
    fn create(&self, epoch: u64) -> Result<(), RootKeyError> {
        self.honest.create(epoch)
    }

    fn wrap(&self, epoch: u64, root: &[u8; 32]) -> Result<Vec<u8>, RootKeyError> {
        self.honest.wrap(epoch, root)
    }

    fn unwrap(&self, epoch: u64, wrapped: &[u8]) -> Result<Zeroizing<[u8; 32]>, RootKeyError> {
        self.honest.unwrap(epoch, wrapped)
    }

    fn delete(&self, epoch: u64) -> Result<(), RootKeyError> {
        self.honest.delete(epoch)?;
        self.tell(())
    }

    fn exists(&self, epoch: u64) -> Result<bool, RootKeyError> {
        self.honest.exists(epoch)
    }

    fn replace(&self, old: u64, ahead: u64) -> Result<bool, RootKeyError> {
        let has_made = self.honest.replace(old, ahead)?;
        self.replaced.fetch_add(u64::from(has_made), Ordering::SeqCst);
        self.tell(has_made)
    }

    fn neighbours(&self, epoch: u64) -> Result<Neighbours, RootKeyError> {
        self.honest.neighbours(epoch)
    }
}

/// A phone's keystore that dies at its n-th call about an epoch, before or after it is carried out.
pub struct DyingKeys {
    keys: Arc<SoftwareDeviceKeys>,
    plan: Mutex<Option<Death>>,
    calls: AtomicU64,
    dead: AtomicBool,
    hostile: Mutex<Option<Hostile>>,
}

/// Code that runs inside of the keystore's calls: it gets the call's name and what was asked, and may answer in its place.
pub type Hostile = Arc<dyn Fn(&'static str, &[u8]) -> Option<Result<Vec<u8>, DeviceKeyError>> + Send + Sync>;

#[derive(Debug, Clone, Copy)]
struct Death {
    at: u64,
    carried_out: bool,
}

impl DyingKeys {
    /// A keystore that lives.
    pub fn new(keys: Arc<SoftwareDeviceKeys>) -> Self {
        Self {
            keys,
            plan: Mutex::default(),
            calls: AtomicU64::new(0),
            dead: AtomicBool::new(false),
            hostile: Mutex::default(),
        }
    }

    /// From now on this code runs inside of `sign` and `create_epoch_key`; nothing where the keystore is honest again.
    pub fn turn_hostile(&self, hostile: Option<Hostile>) {
        *self.hostile.lock().unwrap_or_else(PoisonError::into_inner) = hostile;
    }

    fn instead(&self, call: &'static str, asked: &[u8]) -> Option<Result<Vec<u8>, DeviceKeyError>> {
        let hostile = self.hostile.lock().unwrap_or_else(PoisonError::into_inner).clone();
        hostile.and_then(|hostile| hostile(call, asked))
    }

    /// It dies at the n-th call about an epoch from now on, counted from 1; `carried_out` says whether that call
    /// still does its work. Once dead, nothing answers.
    pub fn die_at(&self, at: u64, carried_out: bool) {
        self.calls.store(0, Ordering::SeqCst);
        *self.plan.lock().unwrap_or_else(PoisonError::into_inner) = Some(Death { at, carried_out });
    }

    /// Whether it died.
    pub fn is_dead(&self) -> bool {
        self.dead.load(Ordering::SeqCst)
    }

    fn epoch_call<T>(&self, call: impl FnOnce() -> Result<T, DeviceKeyError>) -> Result<T, DeviceKeyError> {
        self.alive()?;
        let number = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
        let plan = *self.plan.lock().unwrap_or_else(PoisonError::into_inner);
        match plan {
            Some(death) if death.at == number => {
                if death.carried_out {
                    call()?;
                }
                self.dead.store(true, Ordering::SeqCst);
                Err(DeviceKeyError::HardwareUnavailable)
            }
            _ => call(),
        }
    }

    fn alive(&self) -> Result<(), DeviceKeyError> {
        if self.is_dead() {
            Err(DeviceKeyError::HardwareUnavailable)
        } else {
            Ok(())
        }
    }
}

impl DeviceKeys for DyingKeys {
    fn create_key(&self, alias: KeyAlias, challenge: Vec<u8>) -> Result<CreatedKey, DeviceKeyError> {
        self.alive()?;
        self.keys.create_key(alias, challenge)
    }

    fn sign(&self, alias: KeyAlias, message: Vec<u8>) -> Result<Vec<u8>, DeviceKeyError> {
        self.alive()?;
        match self.instead("sign", &message) {
            Some(answer) => answer,
            None => self.keys.sign(alias, message),
        }
    }

    fn delete_key(&self, alias: KeyAlias) -> Result<(), DeviceKeyError> {
        self.alive()?;
        self.keys.delete_key(alias)
    }

    fn create_epoch_key(&self, epoch: u64) -> Result<(), DeviceKeyError> {
        let _answer = self.instead("create_epoch_key", &[]).transpose()?;
        self.epoch_call(|| self.keys.create_epoch_key(epoch))
    }

    fn wrap(&self, epoch: u64, plain: Vec<u8>) -> Result<Vec<u8>, DeviceKeyError> {
        self.epoch_call(|| self.keys.wrap(epoch, plain))
    }

    fn unwrap(&self, epoch: u64, wrapped: Vec<u8>) -> Result<Vec<u8>, DeviceKeyError> {
        self.epoch_call(|| self.keys.unwrap(epoch, wrapped))
    }

    fn delete_epoch_key(&self, epoch: u64) -> Result<(), DeviceKeyError> {
        self.epoch_call(|| self.keys.delete_epoch_key(epoch))
    }

    fn epoch_key_exists(&self, epoch: u64) -> Result<bool, DeviceKeyError> {
        self.epoch_call(|| self.keys.epoch_key_exists(epoch))
    }

    fn describe(&self) -> KeyStoreKind {
        self.keys.describe()
    }
}

/// A phone's clock that stands where it is put.
#[derive(Debug)]
pub struct PhoneClock {
    start: Timestamp,
    moved: AtomicI64,
}

impl PhoneClock {
    /// A clock that stands at this moment.
    pub fn new(start: Timestamp) -> Self {
        Self {
            start,
            moved: AtomicI64::new(0),
        }
    }

    /// Moves it, either way.
    pub fn turn(&self, seconds: i64) {
        self.moved.fetch_add(seconds, Ordering::SeqCst);
    }

    /// What it says.
    pub fn now(&self) -> Timestamp {
        self.start.plus_seconds(self.moved.load(Ordering::SeqCst))
    }
}

impl Clock for PhoneClock {
    fn now(&self) -> Timestamp {
        self.start.plus_seconds(self.moved.load(Ordering::SeqCst))
    }
}
