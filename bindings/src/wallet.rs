//! The wallet as an app holds it; other calls stand beside the records that they give.

use crate::convert::{all, amount, id, ids, moment};
use crate::error::WalletError;
use crate::events::WalletNews;
use crate::mandates::Mandate;
use crate::ports::{BiometricPrompt, DeviceKeys, NativeKeys, NativePrompt};
use crate::records::{Enrolment, LogEvidence, Money, Offer, SyncReport, WalletConfig};
use crate::threads::Threads;
use quittance_wallet as inner;
use std::future::Future;
use std::sync::Arc;
use std::time::SystemTime;
use tokio::task::JoinHandle;
use zeroize::Zeroizing;

/// A phone's wallet. Calls may come from any thread, at any time, twice.
///
/// Every call runs on threads of the wallet's own and is only awaited by the caller: it blocks no thread of the app, and a
/// caller that stops waiting (a cancelled coroutine, a dropped task) does not stop the work half-way. To leave a flow,
/// call `Wallet.cancelFlow`.
///
/// One folder is open in one wallet at a time, of one process: an app opens its wallet once and keeps it while the
/// process lives. It is closed (Kotlin: `close()`; Swift: the last reference is let go) only before its folder is
/// erased or opened anew; a call on a closed Kotlin wallet throws `IllegalStateException`. A wallet that is let go
/// while a call is under way ends as a process that is killed: nothing durable is lost, and its folder is free once
/// that call has come to its next rest. Until then opening it throws `Storage` with `Retry`.
///
/// Each call names what it throws. Beside that, any call may throw `Storage`, `Internal`, and `TooOld` where a file is
/// of a newer version; one that is given an id, an amount or a list, `InvalidInput`; one that signs, `Keystore` and
/// `SignatureInvalid`; one that speaks with the gateway, `Refused` with its code, and `TooOld` for an answer that this
/// version cannot read.
#[derive(uniffi::Object)]
pub struct Wallet {
    wallet: inner::Wallet,
    threads: Threads,
}

/// What a task of the runtime did; a task that did not end is a defect.
async fn outcome<T, E: Into<WalletError>>(task: JoinHandle<Result<T, E>>) -> Result<T, WalletError> {
    match task.await {
        Ok(done) => done.map_err(Into::into),
        Err(_) => Err(WalletError::Internal {
            place: "a call ended before its answer".to_owned(),
        }),
    }
}

impl Wallet {
    /// As [`Wallet::open`], with another clock than the phone's. For Rust alone: apps do not see it.
    pub async fn open_with(
        config: WalletConfig,
        keys: Arc<dyn DeviceKeys>,
        prompt: Arc<dyn BiometricPrompt>,
        ports: inner::Ports,
    ) -> Result<Arc<Self>, WalletError> {
        let threads = Threads::start()?;
        let (keys, prompt) = (Arc::new(NativeKeys(keys)), Arc::new(NativePrompt(prompt)));
        let config = inner::WalletConfig::from(config);
        let opening = threads
            .runtime()?
            .spawn_blocking(move || inner::Wallet::open(&config, keys, prompt, ports));
        let wallet = outcome(opening).await?;
        Ok(Arc::new(Self { wallet, threads }))
    }

    /// Does work that speaks with the gateway, the prompt or the payer.
    pub(crate) async fn act<T, F>(&self, work: impl FnOnce(inner::Wallet) -> F) -> Result<T, WalletError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, inner::WalletError>> + Send + 'static,
    {
        outcome(self.threads.runtime()?.spawn(work(self.wallet.clone()))).await
    }

    /// Does work that only touches the wallet's file.
    pub(crate) async fn look<T, W>(&self, work: W) -> Result<T, WalletError>
    where
        T: Send + 'static,
        W: FnOnce(inner::Wallet) -> Result<T, inner::WalletError> + Send + 'static,
    {
        let wallet = self.wallet.clone();
        outcome(self.threads.runtime()?.spawn_blocking(move || work(wallet))).await
    }
}

#[uniffi::export]
impl Wallet {
    /// Opens the wallet, making its file where there is none, and completes what a crash left.
    ///
    /// Throws `Configuration` naming the member that cannot be used; `Storage` where the file cannot be used, and its
    /// `reaction` says what to do: `Retry` where the folder is open elsewhere, or the keystore does not answer or is
    /// locked now; `Reenrol` where the file does not belong to this keystore; `UpdateApp` where it is of a newer
    /// version. Nothing is overwritten.
    #[uniffi::constructor]
    pub async fn open(
        config: WalletConfig,
        keys: Arc<dyn DeviceKeys>,
        prompt: Arc<dyn BiometricPrompt>,
    ) -> Result<Arc<Self>, WalletError> {
        Self::open_with(config, keys, prompt, inner::Ports::system()).await
    }

    /// Who this phone is; nothing before it is enrolled.
    pub async fn enrolment(&self) -> Result<Option<Enrolment>, WalletError> {
        Ok(self.look(|wallet| wallet.enrolment()).await?.map(Into::into))
    }

    /// Enrols the phone: its keys, then the payment PIN (its digits in ASCII; overwrite your own copy afterwards). Called
    /// again it goes on where it was; once enrolled it answers who the phone is, whatever the PIN.
    ///
    /// Throws `InvalidInput` for a PIN of another form, `Offline`, `Biometric` with `NotEnrolled` where no finger or
    /// face is set up, `Keystore`, `Distrusted` where the policy is not its author's or does not stand in the pinned
    /// log.
    pub async fn enrol(&self, pin: Vec<u8>) -> Result<Enrolment, WalletError> {
        let pin = Zeroizing::new(pin);
        Ok(self.act(|wallet| async move { wallet.enrol(pin).await }).await?.into())
    }

    /// Reads the payload of a merchant's QR code, without a network. Its words are the merchant's own. Throws
    /// `InvalidInput` where it is no offer.
    pub fn read_offer(&self, text: &str) -> Result<Offer, WalletError> {
        Ok(inner::OfferView::read(text)?.into())
    }

    /// Pauses mandates: on this phone at once, at the gateway as soon as it is reached.
    ///
    /// Throws `InvalidInput` where none is named, `Unknown`, `NotPayable` where all of them have ended, `NotEnrolled`.
    pub async fn pause(&self, mandates: Vec<String>) -> Result<(), WalletError> {
        let mandates = ids("mandates", &mandates)?;
        self.act(|wallet| async move { wallet.pause(&mandates).await }).await
    }

    /// Lifts the payer's pause, and the hold of a cancellation that was left. Asks the biometric prompt.
    ///
    /// Throws what `pause` throws, `Offline`, `Biometric`, `ProofInvalid`, `FlowEnded` where the gateway refused, `Refused`
    /// with `factor_locked` where the prompt is not shown any more today, `WrongAnswer` where the policy asks for more than
    /// the prompt: then begin `mandate.resume` as a flow.
    pub async fn resume(&self, mandates: Vec<String>) -> Result<(), WalletError> {
        let mandates = ids("mandates", &mandates)?;
        self.act(|wallet| async move { wallet.resume(&mandates).await }).await
    }

    /// Every mandate of this phone, without a network; none is an empty list.
    pub async fn mandates(&self) -> Result<Vec<Mandate>, WalletError> {
        Ok(all(self.look(|wallet| wallet.mandates()).await?))
    }

    /// One mandate. Throws `Unknown`.
    pub async fn mandate(&self, mandate: String) -> Result<Mandate, WalletError> {
        let mandate = id("mandate", &mandate)?;
        Ok(self.look(move |wallet| wallet.mandate(mandate)).await?.into())
    }

    /// Makes a permit for exactly this amount and challenge: what the merchant in front of the payer gets. Works
    /// without a network. Throws `NotPayable` where the mandate is held, ending or ended on this phone, `InvalidInput`
    /// for an amount that is above the limit, not positive or in another currency, `Unknown`, `NotEnrolled`.
    pub async fn payer_present_permit(
        &self,
        mandate: String,
        amount: Money,
        challenge: String,
    ) -> Result<String, WalletError> {
        let mandate = id("mandate", &mandate)?;
        let amount = self::amount("amount", &amount)?;
        self.act(|wallet| async move { wallet.payer_present_permit(mandate, amount, &challenge).await })
            .await
    }

    /// One contact with the gateway: sends what waits, hears what is new, destroys what is ordered, verifies closures,
    /// renews permits. A gateway out of reach is no error: the report says so. When an app calls it stands in
    /// docs/life-of-an-app.md.
    ///
    /// Throws `NotEnrolled`, `Distrusted` where the policy or the log is not to be believed, `TooOld` after all else
    /// was done where the gateway told something that this version cannot read.
    pub async fn sync(&self) -> Result<SyncReport, WalletError> {
        Ok(self.act(|wallet| async move { wallet.sync().await }).await?.into())
    }

    /// When the app should call `sync` for what waits to be sent, by the phone's own clock; nothing where nothing
    /// waits. It knows nothing of permits that run out.
    pub async fn next_attempt(&self) -> Result<Option<SystemTime>, WalletError> {
        Ok(self.look(|wallet| wallet.next_attempt()).await?.map(moment))
    }

    /// What the payer should know, oldest first, without a network; none is an empty list. First it forgets, for good, what
    /// the payer was shown: up to and including the number `shown`. Called again with the same number it forgets nothing
    /// more.
    ///
    /// Draw the list, and give the last number that was on the screen with your next call. So an app that is killed in
    /// between loses nothing: its next process gets the same again. A number that is not kept any more, or never was,
    /// forgets nothing.
    pub async fn news(&self, shown: Option<u64>) -> Result<Vec<WalletNews>, WalletError> {
        Ok(all(self.look(move |wallet| wallet.news(shown)).await?))
    }

    /// Checkpoints of the log that contradicted each other, kept as evidence.
    pub async fn log_evidence(&self) -> Result<Vec<LogEvidence>, WalletError> {
        Ok(all(self.look(|wallet| wallet.log_evidence()).await?))
    }
}
