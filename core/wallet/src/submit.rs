//! How the payer answers a prompt, and what becomes of the answer.

use crate::error::WalletError;
use crate::flows::OpenFlow;
use crate::inner::Inner;
use crate::journal::Purpose;
use crate::signing::first;
use crate::turns::Arrival;
use crate::unread::Unread;
use quittance_flows::definition::{FlowEffect, PromptKind, StepKind};
use quittance_flows::{FactorInput, FactorKind};
use quittance_protocol::FlowId;
use quittance_protocol::flow_event::FlowEventKind;
use quittance_protocol::statement::{AnswerFlow, CancelFlow, Entry, OneTimeCode, StepAnswer};
use std::collections::BTreeSet;
use std::sync::Arc;
use zeroize::Zeroizing;

/// How the payer answers a prompt.
pub enum Answer {
    /// Agrees to the text.
    Agree,
    /// Confirms the consequences, or what was chosen.
    Confirm,
    /// Go on to the biometric prompt.
    UseBiometric,
    /// Go on to the phone's lock screen.
    UsePasscode,
    /// The payment PIN as typed.
    PaymentPin(Zeroizing<Vec<u8>>),
    /// The safety lock's own password as typed.
    LockPassword(Zeroizing<Vec<u8>>),
    /// A code that was sent, as typed.
    Code(Zeroizing<Vec<u8>>),
    /// Asks for the code once more.
    SendAgain,
    /// Images or recordings, in the sequence that was asked for: JPEG or PNG.
    Images(Vec<Vec<u8>>),
    /// What was typed or chosen, one for each question, in sequence.
    Entered(Vec<String>),
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Agree => "Agree",
            Self::Confirm => "Confirm",
            Self::UseBiometric => "UseBiometric",
            Self::UsePasscode => "UsePasscode",
            Self::PaymentPin(_) => "PaymentPin(…)",
            Self::LockPassword(_) => "LockPassword(…)",
            Self::Code(_) => "Code(…)",
            Self::SendAgain => "SendAgain",
            Self::Images(_) => "Images(…)",
            Self::Entered(_) => "Entered(…)",
        })
    }
}

impl Inner {
    /// Answers the open step of a flow.
    pub(crate) async fn submit(self: &Arc<Self>, flow: FlowId, answer: Answer) -> Result<(), WalletError> {
        // Before a look at what is asked: whoever comes out meanwhile may have changed it.
        let door = self.answering.of(flow);
        let arrival = door.arrive();
        let open = self
            .look(move |inner| inner.open_flow(flow))
            .await?
            .ok_or(WalletError::FlowEnded { code: None })?;
        let step = open.step.id.clone();
        match (open.step.kind.clone(), answer) {
            (StepKind::Prompt(PromptKind::Consent), Answer::Agree)
            | (StepKind::Prompt(PromptKind::Confirm | PromptKind::Choose), Answer::Confirm) => self.confirm(open).await,
            (StepKind::Prompt(PromptKind::Jump), Answer::Confirm) => Err(WalletError::WrongAnswer),
            (StepKind::Prompt(prompt), Answer::Entered(entries)) if asks_for_entries(prompt) => {
                let answer = self.entered(&open, entries)?;
                let shown = answer.digest().ok_or(WalletError::Internal("entries"))?;
                let says = FlowEventKind::Answered { step, shown };
                self.hand_in(arrival, open, answer, Some(says)).await
            }
            (StepKind::Factor(factor), answer) => self.submit_factor(arrival, open, factor, answer).await,
            _ => Err(WalletError::WrongAnswer),
        }
    }

    async fn submit_factor(
        self: &Arc<Self>,
        arrival: Arrival<'_>,
        open: OpenFlow,
        factor: FactorKind,
        answer: Answer,
    ) -> Result<(), WalletError> {
        let step = open.step.id.clone();
        match (factor.input(), answer) {
            (FactorInput::HardwareKey, Answer::UseBiometric) if factor == FactorKind::Biometric => {
                self.prove_with_key(&open, factor).await
            }
            (FactorInput::HardwareKey, Answer::UsePasscode) if factor == FactorKind::DevicePasscode => {
                self.prove_with_key(&open, factor).await
            }
            (FactorInput::Secret, Answer::PaymentPin(pin)) if factor == FactorKind::PaymentPin => {
                self.prove_pin(arrival, open, pin).await.map(drop)
            }
            (FactorInput::Secret, Answer::LockPassword(password)) if factor == FactorKind::LockPassword => {
                self.prove_pin(arrival, open, password).await.map(drop)
            }
            (FactorInput::Code, Answer::Code(code)) => {
                let code = String::from_utf8(code.to_vec()).map_err(|_| WalletError::WrongAnswer)?;
                let answer = StepAnswer::Code {
                    code: OneTimeCode(code),
                };
                self.hand_in(arrival, open, answer, None).await
            }
            (FactorInput::Code, Answer::SendAgain) => self.hand_in(arrival, open, StepAnswer::Resend {}, None).await,
            (FactorInput::Evidence, Answer::Images(images)) => {
                let uploads = self.upload_all(images).await?;
                let answer = StepAnswer::Evidence { uploads };
                let evidence = answer.digest().ok_or(WalletError::Internal("evidence"))?;
                let says = FlowEventKind::Submitted { step, evidence };
                self.hand_in(arrival, open, answer, Some(says)).await
            }
            (FactorInput::Entries, Answer::Entered(entries)) => {
                let answer = self.entered(&open, entries)?;
                let evidence = answer.digest().ok_or(WalletError::Internal("entries"))?;
                let says = FlowEventKind::Submitted { step, evidence };
                self.hand_in(arrival, open, answer, Some(says)).await
            }
            _ => Err(WalletError::WrongAnswer),
        }
    }

    /// What was entered, salted anew: equal entries have no equal digests. What the gateway would refuse is refused here:
    /// a run goes ahead with it before the gateway heard it.
    fn entered(&self, open: &OpenFlow, entries: Vec<String>) -> Result<StepAnswer, WalletError> {
        if entries.iter().any(|entry| entry.len() > Entry::MOST_BYTES) {
            return Err(WalletError::TooLarge {
                most_bytes: Entry::MOST_BYTES,
            });
        }
        let says_nothing = entries.is_empty() || entries.iter().any(|entry| entry.trim().is_empty());
        let of_a_case = open.step.kind == StepKind::Prompt(PromptKind::Facts);
        if says_nothing || of_a_case && entries.len() != PromptKind::FACTS_ASKED {
            return Err(WalletError::WrongAnswer);
        }
        let entries = entries.into_iter().map(Entry).collect();
        Ok(StepAnswer::entered(self.random()?, entries))
    }

    async fn confirm(self: &Arc<Self>, open: OpenFlow) -> Result<(), WalletError> {
        let (flow, shown) = (open.flow(), open.clone());
        let number = self
            .unit(move |unit| {
                let now = unit
                    .inner
                    .open_flow(flow)?
                    .ok_or(WalletError::FlowEnded { code: None })?;
                if now.step.id != shown.step.id {
                    return Err(WalletError::WrongAnswer);
                }
                let digest = unit.inner.shown_to_payer(&now)?;
                let event = FlowEventKind::Answered {
                    step: shown.step.id.clone(),
                    shown: digest,
                };
                unit.answer(&shown, StepAnswer::Confirmed { shown: digest }, Some(event))
            })
            .await?;
        self.say(&open, number).await
    }

    /// Hands in what the gateway, or somebody behind it, judges. Without a network it waits in the outbox. What is said
    /// with it is the run's once the gateway took it; the words of a case are at once, for they hold.
    ///
    /// # Errors
    /// [`WalletError::WrongAnswer`] where another answer was handed in since this one's caller arrived: a button that is
    /// pressed twice spends one try, and says nothing at a step that it was not pressed for.
    pub(crate) async fn hand_in(
        self: &Arc<Self>,
        arrival: Arrival<'_>,
        open: OpenFlow,
        answer: StepAnswer,
        says: Option<FlowEventKind>,
    ) -> Result<(), WalletError> {
        let flow = open.flow();
        let visit = arrival.enter(self.ports.patience).await?;
        // What waits was handed in before: it decides first.
        if let Some(number) = self.look(move |inner| inner.last_row_of(flow)).await? {
            if let Err(error) = self.flush(number).await {
                return self.without_gateway(&open, error).await;
            }
            let now = self.look(move |inner| inner.open_flow(flow)).await?;
            if now.is_none_or(|now| now.step.id != open.step.id || now.state.submitted != open.state.submitted) {
                return Err(WalletError::WrongAnswer);
            }
        }
        if !visit.is_first {
            return Err(WalletError::WrongAnswer);
        }
        let shown = open.clone();
        if let Some(number) = self.unit(move |unit| unit.answer(&shown, answer, says)).await?
            && let Err(error) = self.flush(number).await
        {
            return self.without_gateway(&open, error).await;
        }
        self.carry_on(&open).await
    }

    /// Where what was handed in did not arrive: a step that may be skipped without the gateway is, every other one waits
    /// with what was handed in.
    async fn without_gateway(self: &Arc<Self>, open: &OpenFlow, error: WalletError) -> Result<(), WalletError> {
        if !matches!(error, WalletError::Offline) {
            return Err(error);
        }
        let flow = open.flow();
        if !open.is_judged() {
            // It was taken here, and waits to be told.
            return Ok(());
        }
        if open.can_skip_offline() {
            self.go_offline(flow).await?;
            let now = self.look(move |inner| inner.open_flow(flow)).await?;
            if now.is_none_or(|now| now.step.id != open.step.id) {
                return Ok(());
            }
        }
        Err(error)
    }

    /// Brings an answer to the gateway. Without a network a flow that takes authority goes on offline where its
    /// definition lets it, and every other one waits.
    pub(crate) async fn say(self: &Arc<Self>, open: &OpenFlow, number: Option<u64>) -> Result<(), WalletError> {
        let Some(number) = number else {
            return self.carry_on(open).await;
        };
        match self.flush(number).await {
            Ok(_) => {}
            Err(WalletError::Offline) => {
                if open.can_skip_offline() {
                    self.go_offline(open.flow()).await?;
                }
                return Ok(());
            }
            Err(error) => return Err(error),
        }
        self.carry_on(open).await
    }

    /// Does what a completed flow is for, as far as it goes now; `sync` does the rest.
    pub(crate) async fn carry_on(self: &Arc<Self>, open: &OpenFlow) -> Result<(), WalletError> {
        let flow = open.flow();
        match self.look(move |inner| inner.open_flow(flow)).await {
            Ok(Some(_)) => return Ok(()),
            // Whoever answered sees it at the next prompt.
            Ok(None) | Err(WalletError::FlowEnded { .. }) => {}
            Err(error) => return Err(error),
        }
        let mut unread = Unread::default();
        let done = match open.pinned.definition.effect {
            FlowEffect::Provision => {
                let mandate = first(&open.row.start.mandates)?;
                self.provision_one(mandate, &mut BTreeSet::new()).await
            }
            FlowEffect::Destroy | FlowEffect::LiftPause => match self.pursue(&mut BTreeSet::new(), &mut unread).await {
                Ok(_) => self.fetch_next_flows(&mut unread).await,
                Err(error) => Err(error),
            },
            // The gateway has done it: what changed is heard at once.
            _ => self.reconcile(&mut unread).await,
        };
        match done {
            Ok(()) | Err(WalletError::Offline) => unread.told(),
            done => done,
        }
    }

    /// Notes that the gateway is out of reach, in a flow that takes authority: what may be skipped is skipped.
    pub(crate) async fn go_offline(self: &Arc<Self>, flow: FlowId) -> Result<(), WalletError> {
        self.unit(move |unit| {
            let Some(open) = unit.inner.open_flow(flow)? else {
                return Ok(());
            };
            if !open.can_skip_offline() || open.state.is_offline() {
                return Ok(());
            }
            let mut row = open.row;
            if !row.told {
                unit.tell_start(&mut row)?;
            }
            let answer = AnswerFlow {
                flow,
                step: open.step.id,
                answer: StepAnswer::Offline {},
            };
            unit.send(Purpose::FlowOffline { flow }, &answer)?;
            row.said.push(FlowEventKind::WentOffline {});
            unit.advance(&mut row, FlowEventKind::WentOffline {})?;
            unit.put(&row)
        })
        .await
    }

    /// Leaves a flow. What it held stays held.
    pub(crate) async fn cancel_flow(self: &Arc<Self>, flow: FlowId) -> Result<(), WalletError> {
        self.pin_checks.forget(flow);
        let number = self
            .unit(move |unit| {
                let Some(open) = unit.inner.open_flow(flow)? else {
                    return Ok(None);
                };
                let mut row = open.row;
                row.said.push(FlowEventKind::Cancelled {});
                unit.advance(&mut row, FlowEventKind::Cancelled {})?;
                unit.put(&row)?;
                if row.told {
                    unit.send(Purpose::FlowCancel { flow }, &CancelFlow { flow }).map(Some)
                } else {
                    Ok(None)
                }
            })
            .await?;
        match number {
            Some(number) => self.try_to_tell(number).await,
            None => Ok(()),
        }
    }
}

/// Prompts that are answered with entries.
pub(crate) const fn asks_for_entries(prompt: PromptKind) -> bool {
    match prompt {
        PromptKind::Facts
        | PromptKind::People
        | PromptKind::QuizAmounts
        | PromptKind::QuizAmountsAgain
        | PromptKind::QuizMerchants
        | PromptKind::QuizDates => true,
        PromptKind::Consent | PromptKind::Confirm | PromptKind::Choose | PromptKind::Jump => false,
    }
}
