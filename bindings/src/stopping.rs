//! What stops charges beside single mandates: the safety lock, stop instructions, with the secrets that end them.

use crate::convert::{all, id, moment};
use crate::error::WalletError;
use crate::wallet::Wallet;
use quittance_protocol::statement as protocol;
use quittance_wallet as inner;
use std::time::SystemTime;
use zeroize::Zeroizing;

/// What a stop instruction covers, mandates that are signed later included.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum StopScope {
    /// Every mandate with this merchant.
    Merchant {
        /// The merchant.
        merchant: String,
    },
    /// Every mandate of this merchant category.
    Category {
        /// The category, as in the terms.
        category: String,
    },
    /// Everything.
    Everything,
}

/// What somebody asks of a contact or guardian, as their code says it. It proves nothing: show who asks for what, then
/// answer by `Wallet.vouch`.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct VouchRequest {
    /// The run that asks.
    pub flow: String,
    /// Whose it is.
    pub requester: String,
    /// The definition's name: what it is for.
    pub purpose: String,
}

/// The safety lock as this phone knows it: while it is on, nothing is charged.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct SafetyLock {
    /// Since when it is on.
    pub since: SystemTime,
    /// Until when, unless it is released or extended.
    pub until: SystemTime,
    /// Until when the payer can keep it on instead, soonest first: the moments to offer for `Wish.ExtendLock`. None where
    /// it lasts as long as it can.
    pub longer: Vec<SystemTime>,
    /// What put it on: `payer`, `remote_login`, `abnormal_spending`.
    pub trigger: String,
    /// Whether the gateway knows of it; otherwise it holds on this phone until it is told.
    pub told: bool,
}

/// What stops charges on this phone now.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Stopping {
    /// The safety lock, while it is on.
    pub lock: Option<SafetyLock>,
    /// Stop instructions in force.
    pub stops: Vec<StopScope>,
    /// Whether the lock has a password of its own, which ends it early.
    pub lock_password_set: bool,
}

#[uniffi::export]
impl Wallet {
    /// Locks every mandate: on this phone at once, at the gateway as soon as it is reached. Asks for nothing and needs no
    /// network; the answer says whether the gateway knows yet. The flow `lock.release` ends it early. Throws `NotEnrolled`.
    pub async fn lock_now(&self) -> Result<SafetyLock, WalletError> {
        // The wish to lock other devices, too, is recorded only: it locks none yet, so no app can ask for it.
        Ok(self
            .act(|wallet| async move { wallet.lock_now(false).await })
            .await?
            .into())
    }

    /// The safety lock and the stop instructions in force, without a network.
    pub async fn lock_state(&self) -> Result<Stopping, WalletError> {
        Ok(self.look(|wallet| wallet.lock_state()).await?.into())
    }

    /// Sets the safety lock's own password. The payment PIN is typed beside it, because the two must differ: `SameSecret`
    /// where they do not. Both are digits in ASCII; overwrite your own copies afterwards. Asks the biometric prompt.
    ///
    /// Throws `SameSecret`, `InvalidInput` for digits of another form, `WrongPin`, `PinLocked`, `Biometric`, `Refused` with
    /// `factor_locked` where the prompt is not shown any more today, `ProofInvalid`, `FlowEnded` while the lock is on,
    /// `WrongAnswer` where another secret was being chosen meanwhile, `Offline`, `Distrusted`, `NotEnrolled`.
    pub async fn set_lock_password(&self, payment_pin: Vec<u8>, password: Vec<u8>) -> Result<(), WalletError> {
        let (pin, password) = (Zeroizing::new(payment_pin), Zeroizing::new(password));
        self.act(|wallet| async move { wallet.set_lock_password(pin, password).await })
            .await
    }

    /// Chooses a new payment PIN (its digits in ASCII) after a recovery has opened the way: once, within its time;
    /// `Refused` where none did.
    ///
    /// Throws `InvalidInput` for a PIN of another form, `WrongAnswer` where another secret was being chosen meanwhile,
    /// `Offline`, `NotEnrolled`.
    pub async fn choose_new_pin(&self, pin: Vec<u8>) -> Result<(), WalletError> {
        let pin = Zeroizing::new(pin);
        self.act(|wallet| async move { wallet.choose_new_pin(pin).await }).await
    }

    /// Stops every charge in a scope: on this phone at once, at the gateway as soon as it is reached. The flow
    /// `stop.lift` takes it back. Throws `NotEnrolled`.
    pub async fn stop(&self, scope: StopScope) -> Result<(), WalletError> {
        let scope = scope.named("scope")?;
        self.act(|wallet| async move { wallet.stop(scope).await }).await
    }

    /// Answers for somebody who named this payer as a trusted contact or guardian: the members of
    /// `WalletEvent.AskedToVouch`. Where the run is about this very account, `approves = false` objects to it.
    ///
    /// Throws `Offline` where it was not said yet: it waits, and `sync` sends it. `Refused` where nobody may say it any
    /// more, `NotEnrolled`.
    pub async fn vouch(
        &self,
        flow: String,
        requester: String,
        purpose: String,
        approves: bool,
    ) -> Result<(), WalletError> {
        let (flow, requester) = (id("flow", &flow)?, id("requester", &requester)?);
        self.act(move |wallet| async move { wallet.vouch(flow, requester, &purpose, approves).await })
            .await
    }

    /// The text of the code that a contact or guardian scans to hear who asks for what in an open run of this phone.
    /// Throws `FlowEnded`, `Unknown`.
    pub async fn vouch_code(&self, flow: String) -> Result<String, WalletError> {
        let flow = id("flow", &flow)?;
        Ok(self.look(move |wallet| wallet.vouch_request(flow)).await?.to_string())
    }

    /// Reads a code that was scanned; `ForeignLink` where it is none.
    pub async fn read_vouch_code(&self, code: String) -> Result<VouchRequest, WalletError> {
        let asked = self.look(move |_| inner::VouchRequest::read(&code)).await?;
        Ok(VouchRequest {
            flow: asked.flow.to_string(),
            requester: asked.requester.to_string(),
            purpose: asked.purpose,
        })
    }
}

impl StopScope {
    /// The scope as the core takes it; `member` names it where it cannot be used.
    pub(crate) fn named(self, member: &str) -> Result<protocol::StopScope, WalletError> {
        Ok(match self {
            Self::Merchant { merchant } => protocol::StopScope::Merchant {
                merchant: id(&format!("{member}.merchant"), &merchant)?,
            },
            Self::Category { category } => protocol::StopScope::Category { category },
            Self::Everything => protocol::StopScope::Everything {},
        })
    }
}

impl From<protocol::StopScope> for StopScope {
    fn from(scope: protocol::StopScope) -> Self {
        match scope {
            protocol::StopScope::Merchant { merchant } => Self::Merchant {
                merchant: merchant.to_string(),
            },
            protocol::StopScope::Category { category } => Self::Category { category },
            protocol::StopScope::Everything {} => Self::Everything,
        }
    }
}

impl From<inner::LockView> for SafetyLock {
    fn from(view: inner::LockView) -> Self {
        Self {
            since: moment(view.since),
            until: moment(view.until),
            longer: view.longer.into_iter().map(moment).collect(),
            trigger: view.trigger,
            told: view.told,
        }
    }
}

impl From<inner::StoppingView> for Stopping {
    fn from(view: inner::StoppingView) -> Self {
        Self {
            lock: view.lock.map(Into::into),
            stops: all(view.stops),
            lock_password_set: view.lock_password_set,
        }
    }
}
