//! A phone on the stage: the real wallet with software keys, a scripted payer and a clock of its own.

use super::idle::IdlePhone;
use super::locks::{LockedKeys, LockedPrompt, PhoneLocks};
use super::{DyingKeys, PhoneClock, Staged};
use crate::phone::sandbox_author;
use crate::scripted_prompt::ScriptedPrompt;
use crate::software_keys::SoftwareDeviceKeys;
use crate::story::PIN;
use crate::thief::{Victim, open_copy};
use crate::willing;
use quittance_protocol::bytes::{B64, Digest32};
use quittance_protocol::log_body::ClosureKind;
use quittance_protocol::statement::{FactorProof, Intent, operation_digest};
use quittance_protocol::{Claims, FlowId, MandateId, PublicKey, Statement, StatementId, Timestamp, Unsigned};
use quittance_vault::{Randomness, SystemRandomness};
use quittance_wallet::ports::KeyAlias;
use quittance_wallet::{EndingStage, Ports, Wallet, WalletConfig, WalletError, WalletEvent};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use zeroize::Zeroizing;

/// Numbers of statements that a test signs by itself, far from those that the wallet uses.
pub(super) const OWN_NUMBERS: u64 = 1_000_000;

/// A phone.
pub struct StagePhone {
    /// What the app would call.
    pub wallet: Wallet,
    /// The phone's hardware, behind what can die.
    pub keys: Arc<SoftwareDeviceKeys>,
    /// The same, as the wallet sees it.
    pub hardware: Arc<DyingKeys>,
    /// The payer's thumb.
    pub prompt: Arc<ScriptedPrompt>,
    /// The phone's own clock.
    pub clock: Arc<PhoneClock>,
    /// The phone's screen lock with its fingers.
    pub locks: Arc<PhoneLocks>,
    rest: IdlePhone,
    number: AtomicU64,
}

impl StagePhone {
    pub(super) fn new(folder: &Path, origin: &str, log_vkey: &str, now: Timestamp) -> Staged<Self> {
        let config = WalletConfig {
            data_dir: folder.join("files"),
            gateway_url: origin.to_owned(),
            origin: origin.to_owned(),
            log_vkey: log_vkey.to_owned(),
            policy_author: serde_json::to_string(&sandbox_author()?)?,
            sandbox: true,
        };
        Self::on(IdlePhone {
            clock: Arc::new(PhoneClock::new(now)),
            locks: Arc::default(),
            config,
            folder: folder.to_owned(),
            number: OWN_NUMBERS,
            patience: Ports::system().patience,
        })
    }

    pub(super) fn on(rest: IdlePhone) -> Staged<Self> {
        let (clock, locks) = (Arc::clone(&rest.clock), Arc::clone(&rest.locks));
        let keys = Arc::new(SoftwareDeviceKeys::open(&rest.hardware())?);
        let hardware = Arc::new(DyingKeys::new(Arc::clone(&keys)));
        let prompt = Arc::new(ScriptedPrompt::willing(Arc::clone(&keys)));
        let ports = Ports {
            clock: Arc::<PhoneClock>::clone(&clock),
            patience: rest.patience,
            ..Ports::system()
        };
        let device_keys = LockedKeys {
            keys: Arc::clone(&hardware),
            locks: Arc::clone(&locks),
        };
        let thumb = LockedPrompt {
            prompt: Arc::clone(&prompt),
            locks: Arc::clone(&locks),
        };
        let wallet = Wallet::open(&rest.config, Arc::new(device_keys), Arc::new(thumb), ports)?;
        Ok(Self {
            wallet,
            keys,
            hardware,
            prompt,
            clock,
            locks,
            number: AtomicU64::new(rest.number),
            rest,
        })
    }

    /// The app's process ends.
    pub fn ended(self) -> IdlePhone {
        let Self {
            wallet, rest, number, ..
        } = self;
        drop(wallet);
        IdlePhone {
            number: number.into_inner(),
            ..rest
        }
    }

    /// The app's process ends; it is started again on the same files.
    ///
    /// # Errors
    /// What the wallet says.
    pub fn restarted(self) -> Staged<Self> {
        self.ended().started()
    }

    /// As [`StagePhone::restarted`]; from then on a call waits so long for another one that the keystore holds up.
    ///
    /// # Errors
    /// What the wallet says.
    pub fn with_patience(self, patience: Duration) -> Staged<Self> {
        IdlePhone {
            patience,
            ..self.ended()
        }
        .started()
    }

    /// The app is deleted with its keys, then installed again.
    ///
    /// # Errors
    /// What the system or the wallet says.
    pub fn reinstalled(self) -> Staged<Self> {
        self.ended().erased()?.started()
    }

    /// A copy of the wallet's files as they stand, without the keys: what a backup would hold.
    ///
    /// # Errors
    /// What the system says.
    pub fn backup(&self) -> Staged<tempfile::TempDir> {
        Ok(self.rest.copy_of_files()?)
    }

    /// How many halves the wallet's files of now give to who has the phone's keys of now.
    ///
    /// # Errors
    /// What the system says.
    pub fn standing_halves(&self) -> Staged<usize> {
        let everything = self.rest.copy_of_everything()?;
        let (vault, keys) = self.rest.within(everything.path());
        Ok(open_copy(&vault, &[keys], Victim::Phone)?.len())
    }

    /// The phone with files of another time, and the keys of now.
    ///
    /// # Errors
    /// [`WalletError::Vault`] where they do not belong together any more.
    pub fn restored(self, backup: &Path) -> Staged<Self> {
        self.ended().with_files(backup)?.started()
    }

    /// A second phone with everything of this one, keys included: what a cloned software keystore comes to.
    ///
    /// # Errors
    /// What the system or the wallet says.
    pub fn cloned(&self) -> Staged<Self> {
        self.rest.copied()?.started()
    }

    /// The app's files are deleted, the keys in hardware stay: what a payer does whose files are in quarantine.
    ///
    /// # Errors
    /// What the system or the wallet says.
    pub fn emptied(self) -> Staged<Self> {
        self.ended().without_files()?.started()
    }

    /// Introduces the phone and sets its PIN.
    ///
    /// # Errors
    /// What the wallet says.
    pub async fn enrol(&self, pin: &str) -> Staged<()> {
        self.wallet.enrol(pin_of(pin)).await?;
        Ok(())
    }

    /// Signs an offer up to an active mandate.
    ///
    /// # Errors
    /// What the wallet says.
    pub async fn sign(&self, offer: &str) -> Staged<MandateId> {
        let flow = self.wallet.start_sign(offer).await?;
        self.answer_all(flow).await?;
        let mandate = self.wallet.mandate_of(flow)?;
        if self.wallet.mandate(mandate)?.can_pay {
            Ok(mandate)
        } else {
            Err("the mandate is not active".into())
        }
    }

    /// Answers every prompt of a flow as a willing payer does.
    ///
    /// # Errors
    /// What the wallet says.
    pub async fn answer_all(&self, flow: FlowId) -> Result<(), WalletError> {
        while self.wallet.next_prompt(flow)?.is_some() {
            self.answer_one(flow).await?;
        }
        Ok(())
    }

    /// Answers the open prompt as a willing payer does.
    ///
    /// # Errors
    /// What the wallet says.
    pub async fn answer_one(&self, flow: FlowId) -> Result<(), WalletError> {
        self.answer_with(flow, PIN).await
    }

    /// Answers the open prompt; where it asks for the PIN, with this one.
    ///
    /// # Errors
    /// What the wallet says.
    pub async fn answer_with(&self, flow: FlowId, pin: &str) -> Result<(), WalletError> {
        let Some(prompt) = self.wallet.next_prompt(flow)? else {
            return Ok(());
        };
        let answer = willing::answer(&prompt.kind, pin).ok_or(WalletError::WrongAnswer)?;
        self.wallet.submit(flow, answer).await
    }

    /// Answers prompts until this step is the open one.
    ///
    /// # Errors
    /// What the wallet says.
    pub async fn answer_until(&self, flow: FlowId, step: &str) -> Result<(), WalletError> {
        while self.wallet.next_prompt(flow)?.is_some_and(|prompt| prompt.step != step) {
            self.answer_one(flow).await?;
        }
        Ok(())
    }

    /// Ends mandates by the quick path, as far as it goes now.
    ///
    /// # Errors
    /// What the wallet says.
    pub async fn cancel(&self, mandates: &[MandateId]) -> Result<FlowId, WalletError> {
        let flow = self.wallet.start_revoke(mandates).await?;
        self.answer_all(flow).await?;
        Ok(flow)
    }

    /// Everything that the payer should know, each thing once.
    ///
    /// # Errors
    /// What the wallet says.
    pub fn events(&self) -> Result<Vec<WalletEvent>, WalletError> {
        let news = self.wallet.news(None)?;
        self.wallet.news(news.last().map(|last| last.number))?;
        Ok(news.into_iter().map(|news| news.event).collect())
    }

    /// How far the end of a mandate has come on this phone.
    ///
    /// # Errors
    /// What the wallet says.
    pub fn stage_of(&self, mandate: MandateId) -> Result<Option<EndingStage>, WalletError> {
        Ok(self.wallet.mandate(mandate)?.ending.map(|ending| ending.stage))
    }

    /// Whether both sides' destruction of a mandate's token is closed and verified on this phone.
    ///
    /// # Errors
    /// What the wallet says.
    pub fn is_closed(&self, mandate: MandateId) -> Result<bool, WalletError> {
        Ok(self.stage_of(mandate)? == Some(EndingStage::Closed(ClosureKind::TwoSided)))
    }

    /// Signs a statement as this phone, beside the wallet, under a number of its own.
    ///
    /// # Errors
    /// What the keys say.
    pub fn say<T: Statement>(&self, body: &T) -> Staged<String> {
        self.say_as(self.number.fetch_add(1, Ordering::SeqCst), body)
    }

    /// Signs a statement as this phone under a given number.
    ///
    /// # Errors
    /// What the keys say.
    pub fn say_as<T: Statement>(&self, number: u64, body: &T) -> Staged<String> {
        self.signed(KeyAlias::Device, T::SEQUENCED.then_some(number), body)
    }

    /// The biometric key's proof of one step, as a thumb would give it.
    ///
    /// # Errors
    /// What the keys say.
    pub fn prove(&self, proof: &FactorProof) -> Staged<String> {
        self.signed(KeyAlias::Biometric, None, proof)
    }

    /// An intent that was made offline, in a flow that the gateway does not know.
    ///
    /// # Errors
    /// What the keys say.
    pub fn offline_intent(&self, mandates: &[MandateId]) -> Staged<Intent> {
        let flow = FlowId::from_bytes(random()?);
        let proof = self.prove(&FactorProof {
            flow,
            step: "identify".to_owned(),
            nonce: B64::new(random::<32>()?),
            operation: operation_digest("mandate.cancel.quick", mandates, &Digest32::of(b"")),
        })?;
        Ok(Intent {
            flow,
            mandates: mandates.to_vec(),
            offline: true,
            proof,
        })
    }

    fn signed<T: Statement>(&self, alias: KeyAlias, seq: Option<u64>, body: &T) -> Staged<String> {
        let key = self.keys.public_key(alias)?.ok_or("the phone has no such key")?;
        let key = PublicKey::p256_from_sec1(&key)?;
        let aud = self.rest.config.origin.clone();
        let claims = Claims {
            aud,
            iat: self.clock.now(),
            jti: StatementId::from_bytes(random()?),
            seq,
        };
        let unsigned = Unsigned::new(&key.thumbprint(), &claims, body)?;
        let der = self.keys.sign_after_prompt(alias, unsigned.signing_input())?;
        Ok(unsigned.with_der_signature(&der)?)
    }
}

/// A typed PIN.
pub fn pin_of(pin: &str) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(pin.as_bytes().to_vec())
}

/// Bytes that nobody can predict.
pub(crate) fn random<const N: usize>() -> Staged<[u8; N]> {
    let mut bytes = [0; N];
    SystemRandomness::new().fill(&mut bytes)?;
    Ok(bytes)
}
