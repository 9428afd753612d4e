//! The wallet: everything that an app calls.

use crate::checkup::PhoneFacts;
use crate::config::WalletConfig;
use crate::error::WalletError;
use crate::events::WalletNews;
use crate::export::ExportedReceipt;
use crate::inner::Inner;
use crate::lock::{LockView, StoppingView};
use crate::permissions::{PermissionDetail, PermissionsView};
use crate::ports::{BiometricPrompt, DeviceKeys, Ports};
use crate::prompt::Prompt;
use crate::receipts::ReceiptVerdict;
use crate::recovery::RecoveryReadiness;
use crate::security::SecurityView;
use crate::submit::Answer;
use crate::views::{EnrolmentView, LogEvidence, MandateView, ReceiptView, SyncReport};
use crate::vouch_code::VouchRequest;
use crate::ways::{ItemResult, RouteView};
use quittance_protocol::flow_event::Wish;
use quittance_protocol::statement::StopScope;
use quittance_protocol::{AccountId, FlowId, MandateId, Money, OrderId, Timestamp};
use std::sync::Arc;
use zeroize::Zeroizing;

/// The BCP 47 tag of a language that was not told.
const UNDETERMINED: &str = "und";

/// A phone's wallet. Clones share one wallet. Calls may come from any thread, at any time, twice; a future may be
/// dropped at any point: what is durable stays, and the next call goes on.
///
/// Asynchronous calls need a tokio runtime. The others block for as long as one read of the file takes.
#[derive(Clone)]
pub struct Wallet {
    inner: Arc<Inner>,
}

impl std::fmt::Debug for Wallet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Wallet").finish_non_exhaustive()
    }
}

impl Wallet {
    /// Opens the wallet, making its file where there is none, and completes what a crash left: the vault's epoch, a
    /// half that was to be destroyed, an attestation that was due. What cannot pay because its half is lost is paused.
    ///
    /// # Errors
    /// [`WalletError::Config`] names the member that cannot be used; [`WalletError::Vault`] where the file is open
    /// elsewhere, does not belong to the keystore, or is of a newer version. Nothing is overwritten.
    pub fn open(
        config: &WalletConfig,
        keys: Arc<dyn DeviceKeys>,
        prompt: Arc<dyn BiometricPrompt>,
        ports: Ports,
    ) -> Result<Self, WalletError> {
        let inner = Inner::open(config, keys, prompt, ports)?;
        if let Err(error) = inner.destroy_due() {
            // The wallet is of use all the same: every contact tries again.
            tracing::warn!(kind = ?error.kind(), "a destruction that is due could not be completed yet");
        }
        if let Err(error) = inner.unit_now(|unit| unit.hold_what_is_lost()) {
            tracing::warn!(kind = ?error.kind(), "it could not be found out yet which halves are lost");
        }
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Who this phone is; `None` before it is enrolled.
    ///
    /// # Errors
    /// [`WalletError::Vault`].
    pub fn enrolment(&self) -> Result<Option<EnrolmentView>, WalletError> {
        self.inner.enrolment_view()
    }

    /// Enrols the phone: its keys, then the payment PIN. Called again it goes on where it was; once enrolled it
    /// answers who the phone is, whatever the PIN.
    ///
    /// # Errors
    /// [`WalletError::PinFormat`], [`WalletError::Offline`], [`WalletError::Problem`]; [`WalletError::Biometric`] with
    /// [`NotEnrolled`](crate::ports::BiometricError::NotEnrolled) where no finger or face is set up, [`WalletError::Keys`];
    /// [`WalletError::PolicyUntrusted`], [`WalletError::LogRejected`] and [`WalletError::LogContradiction`] where the policy
    /// is not its author's or does not stand in the pinned log, [`WalletError::Policy`] where it is for a newer core.
    pub async fn enrol(&self, pin: Zeroizing<Vec<u8>>) -> Result<EnrolmentView, WalletError> {
        self.inner.enrol(pin).await
    }

    /// Begins to sign an offer whose language is not known; see [`Wallet::start_sign_in`].
    ///
    /// # Errors
    /// As [`Wallet::start_sign_in`].
    pub async fn start_sign(&self, offer: &str) -> Result<FlowId, WalletError> {
        self.start_sign_in(offer, UNDETERMINED).await
    }

    /// Begins to sign an offer that is shown in `locale` (BCP 47). An offer that is being signed, or was signed, gives
    /// its flow.
    ///
    /// # Errors
    /// [`WalletError::NotEnrolled`], [`WalletError::Offer`], [`WalletError::OfferExpired`], [`WalletError::Offline`],
    /// [`WalletError::Problem`].
    pub async fn start_sign_in(&self, offer: &str, locale: &str) -> Result<FlowId, WalletError> {
        self.inner.start_sign(offer.to_owned(), locale.to_owned()).await
    }

    /// Begins to end mandates by the quick path, with or without a network. What is ending already, or has
    /// ended, gives the flow that did it.
    ///
    /// # Errors
    /// [`WalletError::NothingNamed`], [`WalletError::TooMany`], [`WalletError::UnknownMandate`],
    /// [`WalletError::NotEnrolled`].
    pub async fn start_revoke(&self, mandates: &[MandateId]) -> Result<FlowId, WalletError> {
        self.inner.start_revoke(mandates.to_vec()).await
    }

    /// Begins any flow of the policy by its definition's name. What takes authority begins without a network. A run
    /// about the same that is under way is gone on with; so is, for a cancellation, the one that ended it.
    ///
    /// # Errors
    /// [`WalletError::UnknownDefinition`] where the policy has none of this name, or for `mandate.sign`, which begins
    /// with [`Wallet::start_sign`]; [`WalletError::NothingNamed`], [`WalletError::TooMany`],
    /// [`WalletError::UnknownMandate`], [`WalletError::NotPayable`], [`WalletError::RouteClosed`],
    /// [`WalletError::NotEnrolled`]; [`WalletError::Offline`] where authority is given; [`WalletError::Problem`].
    pub async fn begin(
        &self,
        definition: &str,
        mandates: Vec<MandateId>,
        wish: Option<Wish>,
    ) -> Result<FlowId, WalletError> {
        self.inner.begin(definition.to_owned(), mandates, wish).await
    }

    /// Every way to stop a permission, best first, without a network; closed ones with their reason.
    ///
    /// # Errors
    /// [`WalletError::UnknownMandate`], [`WalletError::NotEnrolled`].
    pub fn cancellation_routes(&self, mandate: MandateId) -> Result<Vec<RouteView>, WalletError> {
        self.inner.cancellation_routes(mandate)
    }

    /// What became of each mandate of a cancellation.
    ///
    /// # Errors
    /// [`WalletError::UnknownFlow`].
    pub fn batch_results(&self, flow: FlowId) -> Result<Vec<ItemResult>, WalletError> {
        self.inner.batch_results(flow)
    }

    /// Comes back from another app by its link: the run that had sent the payer there. The link's `state` must be that
    /// run's nonce.
    ///
    /// # Errors
    /// [`WalletError::ForeignLink`]: nothing was changed. Else as [`Wallet::submit`].
    pub async fn resume_link(&self, link: &str) -> Result<FlowId, WalletError> {
        self.inner.resume_link(link.to_owned()).await
    }

    /// Runs that are open, oldest first, those that the gateway began included.
    ///
    /// # Errors
    /// [`WalletError::Vault`].
    pub fn open_flows(&self) -> Result<Vec<FlowId>, WalletError> {
        self.inner.open_flows()
    }

    /// Asks the gateway how far a run is: what the next prompt shows. `sync` does it for all of them.
    ///
    /// # Errors
    /// [`WalletError::UnknownFlow`], [`WalletError::Offline`], [`WalletError::Problem`].
    pub async fn refresh_flow(&self, flow: FlowId) -> Result<(), WalletError> {
        self.inner.refresh_flow(flow).await
    }

    /// How a run came out, as a screen: done, scheduled, refused; `None` while it is open.
    ///
    /// # Errors
    /// [`WalletError::UnknownFlow`].
    pub fn closing_prompt(&self, flow: FlowId) -> Result<Option<Prompt>, WalletError> {
        self.inner.closing_prompt(flow)
    }

    /// What the open step of a flow asks, or for whom it waits; `None` where the flow needs nothing more from anybody,
    /// see [`Wallet::closing_prompt`].
    ///
    /// # Errors
    /// [`WalletError::UnknownFlow`], [`WalletError::FlowEnded`] where it was refused or has expired.
    pub fn next_prompt(&self, flow: FlowId) -> Result<Option<Prompt>, WalletError> {
        self.inner.next_prompt(flow)
    }

    /// Answers the open step. After an error the flow is where it was, but for failures that count: show its prompt again.
    /// Of two answers that are given at once one is taken; the other spends nothing, and is [`WalletError::WrongAnswer`]
    /// unless its step is done by then.
    ///
    /// # Errors
    /// [`WalletError::WrongAnswer`]; [`WalletError::Biometric`], [`WalletError::ProofInvalid`] from the prompt, or
    /// [`WalletError::NoTriesToday`] in its place; [`WalletError::PinFormat`], [`WalletError::WrongPin`],
    /// [`WalletError::PinLocked`]; [`WalletError::NothingNamed`] where no photo is given, [`WalletError::NotAnImage`],
    /// [`WalletError::TooLarge`]; [`WalletError::UnknownFlow`], [`WalletError::FlowEnded`], [`WalletError::Problem`];
    /// [`WalletError::Offline`] where the step needs the gateway.
    pub async fn submit(&self, flow: FlowId, answer: Answer) -> Result<(), WalletError> {
        self.inner.submit(flow, answer).await
    }

    /// Leaves a flow. What it held stays held; see [`Wallet::resume`].
    ///
    /// # Errors
    /// [`WalletError::UnknownFlow`], [`WalletError::FlowEnded`].
    pub async fn cancel_flow(&self, flow: FlowId) -> Result<(), WalletError> {
        self.inner.cancel_flow(flow).await
    }

    /// The mandate that a signing flow makes: the same from the flow's first step on.
    ///
    /// # Errors
    /// [`WalletError::UnknownFlow`] where no signing flow of this phone has this id.
    pub fn mandate_of(&self, flow: FlowId) -> Result<MandateId, WalletError> {
        self.inner.mandate_of_flow(flow)
    }

    /// The order that a cancellation led to, once the gateway's is known.
    ///
    /// # Errors
    /// [`WalletError::UnknownFlow`].
    pub fn order_of(&self, flow: FlowId) -> Result<Option<OrderId>, WalletError> {
        self.inner.order_of_flow(flow)
    }

    /// Pauses mandates: on this phone at once, at the gateway as soon as it is reached.
    ///
    /// # Errors
    /// [`WalletError::NothingNamed`], [`WalletError::UnknownMandate`], [`WalletError::NotPayable`] where all of them
    /// have ended, [`WalletError::Problem`].
    pub async fn pause(&self, mandates: &[MandateId]) -> Result<(), WalletError> {
        self.inner.pause(mandates.to_vec()).await
    }

    /// Lifts the payer's pause, and the hold of a cancellation that was left. Asks the biometric prompt.
    ///
    /// # Errors
    /// As [`Wallet::pause`], and [`WalletError::Offline`], [`WalletError::Biometric`], [`WalletError::NoTriesToday`],
    /// [`WalletError::ProofInvalid`].
    pub async fn resume(&self, mandates: &[MandateId]) -> Result<(), WalletError> {
        self.inner.resume(mandates.to_vec()).await
    }

    /// Locks every mandate: on this phone at once, at the gateway as soon as it is reached. Needs no PIN and no
    /// network. `other_devices` is recorded with the lock, and locks no other device yet.
    ///
    /// # Errors
    /// [`WalletError::NotEnrolled`], [`WalletError::Problem`].
    pub async fn lock_now(&self, other_devices: bool) -> Result<LockView, WalletError> {
        self.inner.lock_now(other_devices).await
    }

    /// The safety lock and the stop instructions in force, without a network.
    ///
    /// # Errors
    /// [`WalletError::Vault`].
    pub fn lock_state(&self) -> Result<StoppingView, WalletError> {
        self.inner.stopping_view()
    }

    /// Sets the safety lock's own password. The payment PIN is typed beside it: the two must differ.
    ///
    /// # Errors
    /// [`WalletError::WrongAnswer`] where another secret was being chosen meanwhile: this one is not looked at.
    /// [`WalletError::PinFormat`], [`WalletError::SameSecret`], [`WalletError::WrongPin`], [`WalletError::PinLocked`],
    /// [`WalletError::Biometric`], [`WalletError::NoTriesToday`], [`WalletError::ProofInvalid`],
    /// [`WalletError::FlowEnded`] while the lock is on, [`WalletError::NotEnrolled`], [`WalletError::Offline`],
    /// [`WalletError::Problem`].
    pub async fn set_lock_password(
        &self,
        payment_pin: Zeroizing<Vec<u8>>,
        password: Zeroizing<Vec<u8>>,
    ) -> Result<(), WalletError> {
        self.inner.set_lock_password(payment_pin, password).await
    }

    /// Chooses a new payment PIN after a recovery has opened the way: within its time, once.
    ///
    /// # Errors
    /// [`WalletError::NotEnrolled`], [`WalletError::PinFormat`], [`WalletError::Offline`], [`WalletError::Problem`] where no
    /// recovery opened the way, [`WalletError::WrongAnswer`] where another secret was being chosen meanwhile: this one is not
    /// looked at.
    pub async fn choose_new_pin(&self, pin: Zeroizing<Vec<u8>>) -> Result<(), WalletError> {
        self.inner.choose_new_pin(pin).await
    }

    /// Stops every charge in a scope: on this phone at once, at the gateway as soon as it is reached. Taken back
    /// by the flow `stop.lift`.
    ///
    /// # Errors
    /// [`WalletError::NotEnrolled`], [`WalletError::Problem`].
    pub async fn stop(&self, scope: StopScope) -> Result<(), WalletError> {
        self.inner.stop(scope).await
    }

    /// Answers for somebody who named this payer as a trusted contact or guardian; see
    /// [`AskedToVouch`](crate::events::WalletEvent::AskedToVouch). Where the run is about this very account, `false`
    /// objects to it.
    ///
    /// # Errors
    /// [`WalletError::Offline`], [`WalletError::Problem`].
    pub async fn vouch(
        &self,
        flow: FlowId,
        requester: AccountId,
        purpose: &str,
        approves: bool,
    ) -> Result<(), WalletError> {
        self.inner.vouch(flow, requester, purpose.to_owned(), approves).await
    }

    /// What an open run asks of a contact or guardian, to be shown as a code that they scan: its text is the code. They
    /// read it with [`VouchRequest::read`], see who asks for what, and answer by [`Wallet::vouch`].
    ///
    /// # Errors
    /// [`WalletError::UnknownFlow`], [`WalletError::FlowEnded`].
    pub fn vouch_request(&self, flow: FlowId) -> Result<VouchRequest, WalletError> {
        self.inner.vouch_request(flow)
    }

    /// Everything that can charge the payer, in groups, without a network.
    ///
    /// # Errors
    /// [`WalletError::Vault`].
    pub fn permissions(&self) -> Result<PermissionsView, WalletError> {
        self.inner.permissions()
    }

    /// One permission with its history as last fetched, without a network.
    ///
    /// # Errors
    /// [`WalletError::UnknownMandate`].
    pub fn permission(&self, mandate: MandateId) -> Result<PermissionDetail, WalletError> {
        self.inner.permission(mandate)
    }

    /// Fetches a permission's history and keeps it.
    ///
    /// # Errors
    /// [`WalletError::UnknownMandate`], [`WalletError::Offline`], [`WalletError::Problem`].
    pub async fn refresh_history(&self, mandate: MandateId) -> Result<(), WalletError> {
        self.inner.refresh_history(mandate).await
    }

    /// Every mandate of this phone, without a network; none is an empty list.
    ///
    /// # Errors
    /// [`WalletError::Vault`].
    pub fn mandates(&self) -> Result<Vec<MandateView>, WalletError> {
        self.inner.mandate_views()
    }

    /// One mandate.
    ///
    /// # Errors
    /// [`WalletError::UnknownMandate`].
    pub fn mandate(&self, mandate: MandateId) -> Result<MandateView, WalletError> {
        self.inner.mandate_view(mandate)
    }

    /// Makes a permit for exactly this amount and challenge: what the merchant in front of the payer gets. Works without
    /// a network; refuses where the mandate is held, ending or ended on this phone.
    ///
    /// # Errors
    /// [`WalletError::NotPayable`], [`WalletError::AboveLimit`], [`WalletError::BadAmount`],
    /// [`WalletError::UnknownMandate`].
    pub async fn payer_present_permit(
        &self,
        mandate: MandateId,
        amount: Money,
        challenge: &str,
    ) -> Result<String, WalletError> {
        self.inner
            .payer_present_permit(mandate, amount, challenge.to_owned())
            .await
    }

    /// One contact with the gateway: sends what waits, hears what is new, destroys what is ordered, verifies closures,
    /// renews permits. A gateway out of reach is no error: the report says so.
    ///
    /// # Errors
    /// [`WalletError::NotEnrolled`], [`WalletError::LogContradiction`], [`WalletError::PolicyUntrusted`],
    /// [`WalletError::Keys`], [`WalletError::Vault`], [`WalletError::Problem`]; [`WalletError::Answer`], for what was
    /// told of one thing and is not understood, after all else was done.
    pub async fn sync(&self) -> Result<SyncReport, WalletError> {
        self.inner.sync().await
    }

    /// When the app should call [`Wallet::sync`] by itself, by the phone's own clock; `None` where nothing waits.
    ///
    /// # Errors
    /// [`WalletError::Vault`].
    pub fn next_attempt(&self) -> Result<Option<Timestamp>, WalletError> {
        let (_waiting, due) = self.inner.waiting()?;
        Ok(due)
    }

    /// What the payer should know, oldest first, without a network; none is an empty list. First it forgets, for good,
    /// what the payer was shown: up to and including the number `shown`. Called again with the same number it forgets
    /// nothing more.
    ///
    /// An app draws the list, and gives the last number that was on the screen with its next call. So a process that
    /// ends in between loses nothing: its next one gets the same again. A number that is not kept any more, or never was,
    /// forgets nothing.
    ///
    /// # Errors
    /// [`WalletError::Vault`].
    pub fn news(&self, shown: Option<u64>) -> Result<Vec<WalletNews>, WalletError> {
        self.inner.news(shown)
    }

    /// The receipts of closed orders, oldest first.
    ///
    /// # Errors
    /// [`WalletError::Vault`].
    pub fn receipts(&self) -> Result<Vec<ReceiptView>, WalletError> {
        self.inner.receipt_views()
    }

    /// A receipt with all that a stranger needs to check it.
    ///
    /// # Errors
    /// [`WalletError::NoReceipt`] where the order is not closed on this phone.
    pub fn export_receipt(&self, order: OrderId) -> Result<ExportedReceipt, WalletError> {
        self.inner.exported(order)
    }

    /// Checks a kept receipt again, without a network: against the pinned log key, against what this phone knows of the
    /// order, and its own statements against its own key.
    ///
    /// # Errors
    /// [`WalletError::NoReceipt`] where the order is not closed on this phone. That a receipt does not hold is no error,
    /// but a [`ReceiptVerdict::Refused`].
    pub fn verify_receipt(&self, order: OrderId) -> Result<ReceiptVerdict, WalletError> {
        self.inner.verify_receipt(order)
    }

    /// The security centre: what stops charges, the account's devices, the check-up. Without a network; `phone`
    /// is what the platform alone knows.
    ///
    /// # Errors
    /// [`WalletError::NotEnrolled`].
    pub fn security(&self, phone: PhoneFacts) -> Result<SecurityView, WalletError> {
        self.inner.security(phone)
    }

    /// Every way back to a forgotten PIN, with what it still needs. Without a network, as the gateway last told.
    ///
    /// # Errors
    /// [`WalletError::NotEnrolled`].
    pub fn recovery_readiness(&self) -> Result<RecoveryReadiness, WalletError> {
        self.inner.recovery_readiness()
    }

    /// Checkpoints of the log that contradicted each other, kept as evidence.
    ///
    /// # Errors
    /// [`WalletError::Vault`].
    pub fn log_evidence(&self) -> Result<Vec<LogEvidence>, WalletError> {
        self.inner.evidence()
    }
}
