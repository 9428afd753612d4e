//! Every flow of the policy: the ways to stop, how a run goes on, how it came out.

use crate::answers::Answer;
use crate::convert::{all, id, ids, moment, same_variants_out};
use crate::error::WalletError;
use crate::mandates::EndingStage;
use crate::prompts::Prompt;
use crate::text::PromptText;
use crate::wallet::Wallet;
use crate::wish::Wish;
use quittance_flows as flows;
use quittance_wallet as inner;
use std::time::SystemTime;

/// One way to stop a permission.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct CancellationRoute {
    /// The flow to begin with `Wallet.begin`.
    pub definition: String,
    /// What it is called.
    pub name: PromptText,
    /// Why it cannot be taken; absent where it can.
    pub closed: Option<PromptText>,
    /// How many steps it has, as far as is known now.
    pub steps: u32,
    /// The wait between the last step and the end, as ISO 8601, business days as `P3BD`; absent: none. Nothing is charged
    /// meanwhile.
    pub effective: Option<String>,
    /// When it would be over if the last step were done now.
    pub effective_at: SystemTime,
    /// What it asks to prove, in sequence.
    pub factors: Vec<FactorKind>,
}

/// What can be proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum FactorKind {
    /// A signature by the biometric key.
    Biometric,
    /// A signature by the passcode key: the lock screen.
    DevicePasscode,
    /// The payment PIN.
    PaymentPin,
    /// The safety lock's own password.
    LockPassword,
    /// A code sent to the account's number.
    SmsOtp,
    /// A code sent to the number that is bound to this phone.
    BoundPhoneOtp,
    /// A code sent to a number abroad.
    ForeignPhoneOtp,
    /// A code for a change of the agreement.
    DynamicPasscode,
    /// Both sides of the identity document.
    IdDocument,
    /// The passport's data page.
    Passport,
    /// A bill or letter with the address.
    ProofOfAddress,
    /// The payer holding the document.
    HandheldIdPhoto,
    /// That somebody is the guardian of somebody.
    GuardianshipProof,
    /// A recording that shows a living person.
    Liveness,
    /// A recording of gestures that were asked for.
    GestureVideo,
    /// A conversation by video.
    VideoVerification,
    /// The public-security source knows this person.
    IdDatabaseMatch,
    /// Elements of a bank card.
    BankCardElements,
}

/// What became of one of several mandates that were stopped together.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ItemResult {
    /// Which.
    pub mandate: String,
    /// What became of it.
    pub outcome: ItemOutcome,
}

/// What became of one mandate of a cancellation.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum ItemOutcome {
    /// The payer is not done yet.
    Unfinished,
    /// The gateway has not said yet what it does with it.
    Asked,
    /// Its end is ordered, and has come this far.
    Ending {
        /// How far.
        stage: EndingStage,
    },
    /// It ended on this phone alone: the gateway never had it.
    EndedHere,
    /// Its bank has to confirm it, in a run of its own.
    WaitsForBank {
        /// The run.
        flow: String,
    },
    /// It was refused, and stays held. Another way may be open.
    Refused {
        /// Why: the gateway's code; absent where it was left, by the payer or for too long.
        code: Option<String>,
    },
}

#[uniffi::export]
impl Wallet {
    /// Begins any flow of the policy by its definition's name, such as `mandate.cancel.service`: the run. What takes
    /// authority away begins without a network, and holds at once. A run about the same that is under way is gone on with.
    ///
    /// Throws `RouteClosed` with a text key where this way is not open, `Unknown` for a mandate that is not on this
    /// phone, where the policy has no such flow or where it is `mandate.sign`, which begins with `startSign`,
    /// `InvalidInput` for no mandate or too many, `NotPayable` where all of them have ended, `NotEnrolled`; where the
    /// flow gives authority also `Offline` and `Distrusted`.
    pub async fn begin(
        &self,
        definition: String,
        mandates: Vec<String>,
        wish: Option<Wish>,
    ) -> Result<String, WalletError> {
        let mandates = ids("mandates", &mandates)?;
        let wish = wish.map(TryInto::try_into).transpose()?;
        let flow = self
            .act(move |wallet| async move { wallet.begin(&definition, mandates, wish).await })
            .await?;
        Ok(flow.to_string())
    }

    /// Begins to sign an offer that is shown in the language `locale` (BCP 47, such as `en`): the flow. An offer that is
    /// being signed, or was signed, gives its flow.
    ///
    /// Throws `InvalidInput` for an offer that cannot be read or has expired, `NotEnrolled`, `Offline`, `Distrusted`.
    pub async fn start_sign(&self, offer: String, locale: String) -> Result<String, WalletError> {
        let flow = self
            .act(|wallet| async move { wallet.start_sign_in(&offer, &locale).await })
            .await?;
        Ok(flow.to_string())
    }

    /// Begins to end mandates by the quick path, with or without a network: the flow. What is ending already, or has ended,
    /// gives the flow that did it.
    ///
    /// Throws `InvalidInput` where none is named or too many are, `Unknown`, `RouteClosed`, `NotEnrolled`.
    pub async fn start_revoke(&self, mandates: Vec<String>) -> Result<String, WalletError> {
        let mandates = ids("mandates", &mandates)?;
        let flow = self
            .act(|wallet| async move { wallet.start_revoke(&mandates).await })
            .await?;
        Ok(flow.to_string())
    }

    /// Every way to stop a permission, best first, without a network; closed ones with their reason. Throws `Unknown`,
    /// `NotEnrolled`.
    pub async fn cancellation_routes(&self, mandate: String) -> Result<Vec<CancellationRoute>, WalletError> {
        let mandate = id("mandate", &mandate)?;
        Ok(all(self
            .look(move |wallet| wallet.cancellation_routes(mandate))
            .await?))
    }

    /// What the open step of a flow asks, or for whom it waits: `asksPayer` tells which. Nothing where every step is
    /// done or the payer has left; it throws `FlowEnded` where the flow was refused or has expired. After both,
    /// `closingPrompt` says how it came out.
    ///
    /// Throws `FlowEnded`, `Unknown`.
    pub async fn next_prompt(&self, flow: String) -> Result<Option<Prompt>, WalletError> {
        let flow = id("flow", &flow)?;
        Ok(self.look(move |wallet| wallet.next_prompt(flow)).await?.map(Into::into))
    }

    /// How a run came out, as a screen: done, scheduled, refused. Nothing while it is open, whoever has the turn.
    /// Throws `Unknown`.
    pub async fn closing_prompt(&self, flow: String) -> Result<Option<Prompt>, WalletError> {
        let flow = id("flow", &flow)?;
        Ok(self
            .look(move |wallet| wallet.closing_prompt(flow))
            .await?
            .map(Into::into))
    }

    /// Answers the open step of a flow. After an error the flow is where it was, but for failures that count: show its
    /// prompt again. Of two answers that are given at once one is taken; the other spends nothing, and is `WrongAnswer` unless
    /// its step is done by then.
    ///
    /// A wrong PIN or lock password throws `WrongPin`. A wrong one-time code throws nothing: the prompt that comes next
    /// is of the same step, with one of its `attemptsLeft` less; after the last one `nextPrompt` throws `FlowEnded`.
    ///
    /// Throws `WrongAnswer`; `Biometric`, `ProofInvalid` from the prompt; `WrongPin`, `PinLocked`, `InvalidInput` for a
    /// PIN of another form, or where no photo is given; `Refused` with `too_late` for a code that has expired, with
    /// `factor_locked` for `SendAgain` too early, and where the biometric prompt is not shown any more today; `NotAnImage`,
    /// `TooLarge`; `FlowEnded`, `Unknown`; `Offline` where the step needs the gateway. A code and what was entered then
    /// wait, and `sync` sends them; photos and a PIN are given again.
    pub async fn submit(&self, flow: String, answer: Answer) -> Result<(), WalletError> {
        let answer = inner::Answer::from(answer);
        let flow = id("flow", &flow)?;
        self.act(|wallet| async move { wallet.submit(flow, answer).await })
            .await
    }

    /// Comes back from another app by the link that opened this one: the run that had sent the payer there.
    /// `ForeignLink` where it answers no run of this phone; then nothing was changed. Without a network it waits, and
    /// is no error. Else it throws what `submit` throws.
    pub async fn resume_link(&self, link: String) -> Result<String, WalletError> {
        let flow = self
            .act(|wallet| async move { wallet.resume_link(&link).await })
            .await?;
        Ok(flow.to_string())
    }

    /// Leaves a flow. What it held stays held: `Wallet.resume` lifts that. Throws `FlowEnded` where it was refused or
    /// has expired, `Unknown`.
    pub async fn cancel_flow(&self, flow: String) -> Result<(), WalletError> {
        let flow = id("flow", &flow)?;
        self.act(|wallet| async move { wallet.cancel_flow(flow).await }).await
    }

    /// Runs that are open, oldest first, those that the gateway began included.
    pub async fn open_flows(&self) -> Result<Vec<String>, WalletError> {
        let flows = self.look(|wallet| wallet.open_flows()).await?;
        Ok(flows.iter().map(ToString::to_string).collect())
    }

    /// Asks the gateway how far one run is, for a screen that waits; `sync` does it for all of them. Throws `Offline`,
    /// `Unknown`.
    pub async fn refresh_flow(&self, flow: String) -> Result<(), WalletError> {
        let flow = id("flow", &flow)?;
        self.act(|wallet| async move { wallet.refresh_flow(flow).await }).await
    }

    /// What became of each mandate of a cancellation. Throws `Unknown`.
    pub async fn batch_results(&self, flow: String) -> Result<Vec<ItemResult>, WalletError> {
        let flow = id("flow", &flow)?;
        Ok(all(self.look(move |wallet| wallet.batch_results(flow)).await?))
    }

    /// The mandate that a signing flow makes: the same from the flow's first step on. Throws `Unknown` for a flow that
    /// signs nothing.
    pub async fn mandate_of(&self, flow: String) -> Result<String, WalletError> {
        let flow = id("flow", &flow)?;
        Ok(self.look(move |wallet| wallet.mandate_of(flow)).await?.to_string())
    }

    /// The order that a cancellation led to, once the gateway's is known. Throws `Unknown`.
    pub async fn order_of(&self, flow: String) -> Result<Option<String>, WalletError> {
        let flow = id("flow", &flow)?;
        Ok(self
            .look(move |wallet| wallet.order_of(flow))
            .await?
            .map(|order| order.to_string()))
    }
}

same_variants_out!(
    FactorKind = flows::FactorKind {
        Biometric,
        DevicePasscode,
        PaymentPin,
        LockPassword,
        SmsOtp,
        BoundPhoneOtp,
        ForeignPhoneOtp,
        DynamicPasscode,
        IdDocument,
        Passport,
        ProofOfAddress,
        HandheldIdPhoto,
        GuardianshipProof,
        Liveness,
        GestureVideo,
        VideoVerification,
        IdDatabaseMatch,
        BankCardElements
    }
);

impl From<inner::RouteView> for CancellationRoute {
    fn from(view: inner::RouteView) -> Self {
        Self {
            definition: view.definition,
            name: view.name.into(),
            closed: view.closed.map(Into::into),
            steps: view.steps,
            effective: view.effective,
            effective_at: moment(view.effective_at),
            factors: all(view.factors),
        }
    }
}

impl From<inner::ItemResult> for ItemResult {
    fn from(result: inner::ItemResult) -> Self {
        Self {
            mandate: result.mandate.to_string(),
            outcome: result.outcome.into(),
        }
    }
}

impl From<inner::ItemOutcome> for ItemOutcome {
    fn from(outcome: inner::ItemOutcome) -> Self {
        use inner::ItemOutcome as Inner;
        match outcome {
            Inner::Open => Self::Unfinished,
            Inner::Asked => Self::Asked,
            Inner::Ending(stage) => Self::Ending { stage: stage.into() },
            Inner::EndedHere => Self::EndedHere,
            Inner::WaitsForBank { flow } => Self::WaitsForBank { flow: flow.to_string() },
            Inner::Refused { code } => Self::Refused {
                code: code.map(|code| code.name().to_owned()),
            },
        }
    }
}
