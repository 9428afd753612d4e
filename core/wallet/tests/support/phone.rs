//! A phone with software keys and a payer who follows a script.

use super::{Merchant, PIN, Sandboxed};
use async_trait::async_trait;
use quittance_protocol::{Currency, FlowId, MandateId, Money, Timestamp};
use quittance_wallet::ports::{Clock, CreatedKey, KeyStoreKind, SystemClock};
use quittance_wallet::{
    Answer, BiometricError, BiometricPrompt, BiometricRequest, DeviceKeyError, DeviceKeys, EndingStage, KeyAlias,
    Ports, PromptKind, Wallet, WalletError, WalletEvent,
};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use std::collections::{HashMap, VecDeque};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use zeroize::Zeroizing;

/// The policy's days begin so many seconds before those of Greenwich.
const EAST: i64 = 8 * 3_600;
const DAY: i64 = 86_400;

/// Keys in memory; they outlive the wallet, as hardware outlives a process.
pub(crate) struct SoftwareKeys {
    signing: Mutex<HashMap<KeyAlias, Vec<u8>>>,
    epochs: Mutex<HashMap<u64, [u8; 32]>>,
    /// The challenge that each key was made with.
    challenges: Mutex<HashMap<KeyAlias, Vec<u8>>>,
    /// Whether keys bring a chain: one that no gateway believes, of name and challenge.
    attests: Mutex<bool>,
    /// Whether no finger and no face is set up on the phone.
    without_biometrics: Mutex<bool>,
    /// What the next call of this name for this key comes to in place of its answer.
    trouble: Mutex<Option<(KeyCall, KeyAlias, DeviceKeyError)>>,
    /// What it answers where it does not end an epoch key.
    keeps_epochs: Mutex<Option<DeviceKeyError>>,
    /// Who is told of each signature of the device key.
    on_signature: Mutex<Option<Arc<dyn Fn() + Send + Sync>>>,
    random: SystemRandom,
}

/// A call for a signing key that can be made to fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyCall {
    Create,
    Sign,
}

impl SoftwareKeys {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            signing: Mutex::default(),
            epochs: Mutex::default(),
            challenges: Mutex::default(),
            attests: Mutex::default(),
            without_biometrics: Mutex::default(),
            trouble: Mutex::default(),
            keeps_epochs: Mutex::default(),
            on_signature: Mutex::default(),
            random: SystemRandom::new(),
        })
    }

    /// The challenge that a key was made with.
    pub(crate) fn challenge(&self, alias: KeyAlias) -> Vec<u8> {
        self.challenges.lock().unwrap().get(&alias).cloned().unwrap_or_default()
    }

    /// Lets keys bring chains, or not.
    pub(crate) fn attest(&self, attests: bool) {
        *self.attests.lock().unwrap() = attests;
    }

    /// Takes every finger and face off the phone, or sets one up.
    pub(crate) fn set_biometrics(&self, are_set_up: bool) {
        *self.without_biometrics.lock().unwrap() = !are_set_up;
    }

    /// Lets one call fail once, for one key alone.
    pub(crate) fn fail_once(&self, call: KeyCall, alias: KeyAlias, error: DeviceKeyError) {
        *self.trouble.lock().unwrap() = Some((call, alias, error));
    }

    /// Keeps the keys of epochs that are to end, and answers this; or ends them.
    pub(crate) fn keep_epochs(&self, answering: Option<DeviceKeyError>) {
        *self.keeps_epochs.lock().unwrap() = answering;
    }

    /// Tells somebody of each signature of the device key.
    pub(crate) fn on_signature(&self, told: impl Fn() + Send + Sync + 'static) {
        *self.on_signature.lock().unwrap() = Some(Arc::new(told));
    }

    fn meet_trouble(&self, call: KeyCall, alias: KeyAlias) -> Result<(), DeviceKeyError> {
        let met = self
            .trouble
            .lock()
            .unwrap()
            .take_if(|(of, key, _)| (*of, *key) == (call, alias));
        met.map_or(Ok(()), |(_, _, error)| Err(error))
    }

    fn pair(&self, alias: KeyAlias) -> Option<EcdsaKeyPair> {
        let keys = self.signing.lock().unwrap();
        keys.get(&alias)
            .map(|pkcs8| EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8, &self.random).unwrap())
    }

    fn signed(&self, alias: KeyAlias, message: &[u8]) -> Vec<u8> {
        self.pair(alias)
            .unwrap()
            .sign(&self.random, message)
            .unwrap()
            .as_ref()
            .to_vec()
    }

    fn epoch_key(&self, epoch: u64) -> Result<LessSafeKey, DeviceKeyError> {
        let key = *self
            .epochs
            .lock()
            .unwrap()
            .get(&epoch)
            .ok_or(DeviceKeyError::KeyMissing)?;
        Ok(LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &key).unwrap()))
    }
}

impl DeviceKeys for SoftwareKeys {
    fn create_key(&self, alias: KeyAlias, challenge: Vec<u8>) -> Result<CreatedKey, DeviceKeyError> {
        if alias == KeyAlias::Biometric && *self.without_biometrics.lock().unwrap() {
            return Err(DeviceKeyError::KeyMissing);
        }
        self.meet_trouble(KeyCall::Create, alias)?;
        self.signing.lock().unwrap().entry(alias).or_insert_with(|| {
            self.challenges.lock().unwrap().insert(alias, challenge);
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &self.random)
                .unwrap()
                .as_ref()
                .to_vec()
        });
        let public_key_sec1 = self.pair(alias).map(|pair| pair.public_key().as_ref().to_vec());
        let public_key_sec1 = public_key_sec1.ok_or(DeviceKeyError::Unexpected)?;
        Ok(CreatedKey {
            public_key_sec1,
            attestation: if *self.attests.lock().unwrap() {
                vec![format!("{alias:?}").into_bytes(), self.challenge(alias)]
            } else {
                Vec::new()
            },
        })
    }

    fn sign(&self, alias: KeyAlias, message: Vec<u8>) -> Result<Vec<u8>, DeviceKeyError> {
        assert_eq!(alias, KeyAlias::Device, "the other keys sign after a prompt only");
        self.meet_trouble(KeyCall::Sign, alias)?;
        if let Some(told) = &*self.on_signature.lock().unwrap() {
            told();
        }
        Ok(self.signed(alias, &message))
    }

    fn delete_key(&self, alias: KeyAlias) -> Result<(), DeviceKeyError> {
        self.signing.lock().unwrap().remove(&alias);
        Ok(())
    }

    fn create_epoch_key(&self, epoch: u64) -> Result<(), DeviceKeyError> {
        let mut key = [0; 32];
        self.random.fill(&mut key).unwrap();
        self.epochs.lock().unwrap().entry(epoch).or_insert(key);
        Ok(())
    }

    fn wrap(&self, epoch: u64, plain: Vec<u8>) -> Result<Vec<u8>, DeviceKeyError> {
        let mut nonce = [0; 12];
        self.random.fill(&mut nonce).unwrap();
        let mut sealed = plain;
        let key = self.epoch_key(epoch)?;
        key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut sealed)
            .unwrap();
        Ok([nonce.as_slice(), &sealed].concat())
    }

    fn unwrap(&self, epoch: u64, wrapped: Vec<u8>) -> Result<Vec<u8>, DeviceKeyError> {
        let key = self.epoch_key(epoch)?;
        let (nonce, sealed) = wrapped.split_first_chunk::<12>().ok_or(DeviceKeyError::Refused)?;
        let mut sealed = sealed.to_vec();
        let plain = key.open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::empty(), &mut sealed);
        plain.map(|plain| plain.to_vec()).map_err(|_| DeviceKeyError::Refused)
    }

    fn delete_epoch_key(&self, epoch: u64) -> Result<(), DeviceKeyError> {
        if let Some(error) = *self.keeps_epochs.lock().unwrap() {
            return Err(error);
        }
        self.epochs.lock().unwrap().remove(&epoch);
        Ok(())
    }

    fn epoch_key_exists(&self, epoch: u64) -> Result<bool, DeviceKeyError> {
        Ok(self.epochs.lock().unwrap().contains_key(&epoch))
    }

    fn describe(&self) -> KeyStoreKind {
        KeyStoreKind::Software
    }
}

/// How one prompt ends.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Thumb {
    Right,
    Fault(BiometricError),
    YesWithoutSignature,
    Garbage,
    OldSignature,
    OtherKey,
}

/// Plays its script, then shows the right thumb for ever.
pub(crate) struct Payer {
    keys: Arc<SoftwareKeys>,
    script: Mutex<VecDeque<Thumb>>,
    last: Mutex<Vec<u8>>,
}

impl Payer {
    pub(crate) fn then(&self, thumb: Thumb) {
        self.script.lock().unwrap().push_back(thumb);
    }
}

#[async_trait]
impl BiometricPrompt for Payer {
    async fn sign(&self, request: BiometricRequest) -> Result<Vec<u8>, BiometricError> {
        assert_ne!(request.alias, KeyAlias::Device, "it signs without a prompt");
        let thumb = self.script.lock().unwrap().pop_front().unwrap_or(Thumb::Right);
        match thumb {
            Thumb::Right => {
                let signature = self.keys.signed(request.alias, &request.challenge);
                self.last.lock().unwrap().clone_from(&signature);
                Ok(signature)
            }
            Thumb::Fault(error) => Err(error),
            Thumb::YesWithoutSignature => Ok(Vec::new()),
            Thumb::Garbage => Ok(b"true".to_vec()),
            Thumb::OldSignature => Ok(self.last.lock().unwrap().clone()),
            Thumb::OtherKey => Ok(self.keys.signed(KeyAlias::Device, &request.challenge)),
        }
    }
}

pub(crate) struct Phone {
    pub(crate) wallet: Wallet,
    pub(crate) keys: Arc<SoftwareKeys>,
    pub(crate) payer: Arc<Payer>,
    folder: TempDir,
    ports: Ports,
}

/// The system's clock, by so many seconds ahead.
#[derive(Debug)]
struct Ahead(i64);

impl Clock for Ahead {
    fn now(&self) -> Timestamp {
        SystemClock.now().plus_seconds(self.0)
    }
}

impl Phone {
    /// A phone that knows nobody.
    pub(crate) fn new(sandbox: &Sandboxed) -> Self {
        Self::with_ports(sandbox, Ports::system())
    }

    /// A phone that is enrolled, at the beginning of a day for gateway and phone: what is counted in a day is counted in one.
    pub(crate) async fn enrolled_as_a_day_begins(sandbox: &Sandboxed) -> Self {
        let local = SystemClock.now().unix() + EAST;
        let ahead = DAY - local.rem_euclid(DAY);
        sandbox.advance(u32::try_from(ahead).unwrap()).await;
        let ports = Ports {
            clock: Arc::new(Ahead(ahead)),
            ..Ports::system()
        };
        let phone = Self::with_ports(sandbox, ports);
        phone.wallet.enrol(pin(PIN)).await.unwrap();
        phone
    }

    /// The same, with a clock of a test's own.
    pub(crate) fn with_ports(sandbox: &Sandboxed, ports: Ports) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let keys = SoftwareKeys::new();
        let payer = Arc::new(Payer {
            keys: Arc::clone(&keys),
            script: Mutex::default(),
            last: Mutex::default(),
        });
        let config = sandbox.config(folder.path());
        let wallet = Wallet::open(&config, keys.clone(), payer.clone(), ports.clone()).unwrap();
        Self {
            wallet,
            keys,
            payer,
            folder,
            ports,
        }
    }

    /// A phone that is enrolled.
    pub(crate) async fn enrolled(sandbox: &Sandboxed) -> Self {
        let phone = Self::new(sandbox);
        phone.wallet.enrol(pin(PIN)).await.unwrap();
        phone
    }

    /// The process ends and is started again; hardware and files stay.
    pub(crate) fn restart(self, sandbox: &Sandboxed) -> Self {
        self.restart_after(sandbox, |_vault| {})
    }

    /// The same, after something befell the vault's file.
    pub(crate) fn restart_after(self, sandbox: &Sandboxed, accident: impl FnOnce(&Path)) -> Self {
        let Self {
            wallet,
            keys,
            payer,
            folder,
            ports,
        } = self;
        drop(wallet);
        accident(&folder.path().join("wallet.vault"));
        let wallet = Wallet::open(
            &sandbox.config(folder.path()),
            keys.clone(),
            payer.clone(),
            ports.clone(),
        )
        .unwrap();
        Self {
            wallet,
            keys,
            payer,
            folder,
            ports,
        }
    }

    /// Answers the open step as a willing payer would.
    pub(crate) async fn answer(&self, flow: FlowId) -> Result<bool, WalletError> {
        let Some(prompt) = self.wallet.next_prompt(flow)? else {
            return Ok(false);
        };
        let answer = match prompt.kind {
            PromptKind::Consent { .. } => Answer::Agree,
            PromptKind::Confirm { .. } => Answer::Confirm,
            PromptKind::Biometric => Answer::UseBiometric,
            PromptKind::PaymentPin { .. } => Answer::PaymentPin(pin(PIN)),
            PromptKind::DevicePasscode => Answer::UsePasscode,
            PromptKind::Choose { .. } => Answer::Confirm,
            other if !other.asks() => return Ok(false),
            other => panic!("a test answers this itself: {other:?}"),
        };
        self.wallet.submit(flow, answer).await?;
        Ok(true)
    }

    /// A cancellation of a new subscription that waits for the PIN.
    pub(crate) async fn stopping(&self, sandbox: &Sandboxed) -> (Merchant, MandateId, FlowId) {
        let merchant = sandbox.merchant("Bluebird").await;
        let mandate = self.sign(&sandbox.offer(&merchant, "subscription").await).await;
        let flow = self.wallet.start_revoke(&[mandate]).await.unwrap();
        assert!(self.answer(flow).await.unwrap() && self.answer(flow).await.unwrap());
        (merchant, mandate, flow)
    }

    /// A signing of a subscription that waits for the PIN.
    pub(crate) async fn signing(&self, sandbox: &Sandboxed) -> FlowId {
        let merchant = sandbox.merchant("Bluebird").await;
        let offer = sandbox.offer(&merchant, "subscription").await;
        let flow = self.wallet.start_sign(&offer).await.unwrap();
        while !self.is_asked_for_pin(flow) {
            self.answer(flow).await.unwrap();
        }
        flow
    }

    pub(crate) fn is_asked_for_pin(&self, flow: FlowId) -> bool {
        let prompt = self.wallet.next_prompt(flow).unwrap().unwrap();
        matches!(prompt.kind, PromptKind::PaymentPin { .. })
    }

    /// Answers until nothing is asked.
    pub(crate) async fn walk(&self, flow: FlowId) -> Result<(), WalletError> {
        // No flow asks as often.
        for _ in 0..32 {
            if !self.answer(flow).await? {
                return Ok(());
            }
        }
        panic!("it asks for ever: {:?}", self.wallet.next_prompt(flow)?)
    }

    pub(crate) async fn sign(&self, offer: &str) -> MandateId {
        let before: Vec<_> = self
            .wallet
            .mandates()
            .unwrap()
            .iter()
            .map(|view| view.mandate)
            .collect();
        let flow = self.wallet.start_sign(offer).await.unwrap();
        self.walk(flow).await.unwrap();
        self.wallet
            .mandates()
            .unwrap()
            .iter()
            .map(|view| view.mandate)
            .find(|mandate| !before.contains(mandate))
            .unwrap()
    }

    /// Closed within a few contacts: the gateway may still be destroying its half at the first.
    pub(crate) async fn until_closed(&self, mandate: MandateId) {
        self.until(mandate, |stage| matches!(stage, EndingStage::Closed(_)))
            .await;
    }

    pub(crate) async fn until(&self, mandate: MandateId, wanted: impl Fn(EndingStage) -> bool) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while Instant::now() < deadline {
            if self.stage(mandate).is_some_and(&wanted) {
                return;
            }
            self.wallet.sync().await.unwrap();
        }
        panic!("it stays at {:?}, events {:?}", self.stage(mandate), self.events());
    }

    /// Every byte that stands in the phone's folder.
    pub(crate) fn files(&self) -> Vec<u8> {
        let entries = std::fs::read_dir(self.folder.path()).unwrap();
        entries
            .flat_map(|entry| std::fs::read(entry.unwrap().path()).unwrap())
            .collect()
    }

    pub(crate) fn stage(&self, mandate: MandateId) -> Option<EndingStage> {
        self.wallet.mandate(mandate).unwrap().ending.map(|ending| ending.stage)
    }

    /// What the payer is told now: it counts as shown.
    pub(crate) fn events(&self) -> Vec<WalletEvent> {
        let news = self.wallet.news(None).unwrap();
        self.wallet.news(news.last().map(|last| last.number)).unwrap();
        news.into_iter().map(|news| news.event).collect()
    }
}

pub(crate) fn pin(digits: &[u8]) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(digits.to_vec())
}

pub(crate) fn cny(minor: i64) -> Money {
    Money::new(minor, Currency::new("CNY").unwrap()).unwrap()
}
