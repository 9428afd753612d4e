//! Flows on the phone: fold what is said, ask the payer, say it to the gateway.

use crate::error::WalletError;
use crate::inner::Inner;
use crate::journal::{FlowRow, OrderRow, OutboxRow, Purpose};
use crate::unit::Unit;
use quittance_flows::definition::{Authority, FlowDefinition, FlowEffect, PromptKind, Step, StepKind};
use quittance_flows::flow::{self, Effect, FlowState, Phase};
use quittance_flows::{FactorKind, HoldOwner, Policy, Rules};
use quittance_protocol::FlowId;
use quittance_protocol::answer::FlowLog;
use quittance_protocol::flow_event::{Author, FlowEvent, FlowEventKind, FlowStart};
use quittance_protocol::statement::{AnswerFlow, CancelFlow, StartFlow, StepAnswer};
use std::collections::BTreeSet;
use std::sync::Arc;
use zeroize::Zeroizing;

/// How the payer answers a prompt.
pub enum Answer {
    /// Agrees to the text.
    Agree,
    /// Confirms the consequences.
    Confirm,
    /// Go on to the biometric prompt.
    UseBiometric,
    /// The payment PIN as typed.
    PaymentPin(Zeroizing<Vec<u8>>),
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Agree => "Agree",
            Self::Confirm => "Confirm",
            Self::UseBiometric => "UseBiometric",
            Self::PaymentPin(_) => "PaymentPin(…)",
        })
    }
}

/// A flow as it stands, with all that its open step needs.
#[derive(Debug, Clone)]
pub(crate) struct OpenFlow {
    pub(crate) row: FlowRow,
    pub(crate) policy: Policy,
    pub(crate) definition: FlowDefinition,
    pub(crate) state: FlowState,
    pub(crate) step: Step,
}

impl OpenFlow {
    pub(crate) fn flow(&self) -> FlowId {
        self.row.start.flow
    }

    pub(crate) fn lowers(&self) -> bool {
        self.definition.authority == Authority::Lowers
    }

    pub(crate) fn rules(&self) -> Rules<'_> {
        Rules {
            policy: &self.policy,
            definition: &self.definition,
        }
    }
}

/// The definition of a flow in the policy that it is pinned to.
fn definition(policy: &Policy, row: &FlowRow) -> Result<FlowDefinition, WalletError> {
    policy
        .flow(&row.start.definition)
        .cloned()
        .ok_or(WalletError::Journal("flow definition"))
}

fn fold(policy: &Policy, definition: &FlowDefinition, row: &FlowRow) -> Result<FlowState, WalletError> {
    flow::fold(Rules { policy, definition }, &row.events).map_err(|_| WalletError::Journal("flow log"))
}

impl Inner {
    /// The open step of a flow; `None` where every step is done, or the payer left.
    pub(crate) fn open_flow(&self, flow: FlowId) -> Result<Option<OpenFlow>, WalletError> {
        let Some(row) = self.read::<FlowRow>(flow.as_bytes())? else {
            // An order that the gateway began stands in the place of a flow.
            let order = self.read::<OrderRow>(flow.as_bytes())?;
            return order.map(|_| None).ok_or(WalletError::UnknownFlow);
        };
        let policy = self.policy_of(row.start.policy_version)?;
        let definition = definition(&policy, &row)?;
        let state = fold(&policy, &definition, &row)?;
        match state.phase {
            Phase::Completed | Phase::Cancelled => return Ok(None),
            Phase::Expired | Phase::Refused(_) => return Err(WalletError::FlowEnded),
            Phase::Open if row.refused.is_some() => return Err(WalletError::FlowEnded),
            Phase::Open => {}
        }
        let step = flow::open_step(&definition, &state)
            .cloned()
            .ok_or(WalletError::FlowEnded)?;
        Ok(Some(OpenFlow {
            row,
            policy,
            definition,
            state,
            step,
        }))
    }

    /// Whether a flow has an open step and was touched within its idle life.
    pub(crate) fn flow_goes_on(&self, row: &FlowRow) -> Result<bool, WalletError> {
        let Ok(Some(open)) = self.open_flow(row.start.flow) else {
            return Ok(false);
        };
        let now = self.estimate()?;
        Ok(flow::ends_at(open.rules(), &open.state).is_none_or(|ends| now < ends))
    }

    /// Answers the open step of a flow.
    pub(crate) async fn submit(self: &Arc<Self>, flow: FlowId, answer: Answer) -> Result<(), WalletError> {
        let open = self
            .look(move |inner| inner.open_flow(flow))
            .await?
            .ok_or(WalletError::FlowEnded)?;
        match (&open.step.kind, answer) {
            (StepKind::Prompt(PromptKind::Consent), Answer::Agree)
            | (StepKind::Prompt(PromptKind::Confirm), Answer::Confirm) => {
                let shown = open.clone();
                let number = self
                    .unit(move |unit| {
                        let now = unit.inner.open_flow(flow)?.ok_or(WalletError::FlowEnded)?;
                        if now.step.id != shown.step.id {
                            return Err(WalletError::WrongAnswer);
                        }
                        let digest = unit.inner.shown_to_payer(&now)?;
                        let event = FlowEventKind::Answered {
                            step: shown.step.id.clone(),
                            shown: digest,
                        };
                        unit.answer(&shown, StepAnswer::Confirmed { shown: digest }, event)
                    })
                    .await?;
                self.say(&open, number).await
            }
            (StepKind::Factor(FactorKind::Biometric), Answer::UseBiometric) => {
                let number = self.prove_biometric(&open).await?;
                self.say(&open, number).await
            }
            (StepKind::Factor(FactorKind::PaymentPin), Answer::PaymentPin(pin)) => self.prove_pin(open, pin).await,
            _ => Err(WalletError::WrongAnswer),
        }
    }

    /// Brings an answer to the gateway. Without a network a flow that takes authority goes on offline, and one that
    /// gives authority waits.
    pub(crate) async fn say(self: &Arc<Self>, open: &OpenFlow, number: u64) -> Result<(), WalletError> {
        match self.flush(number).await {
            Ok(_) => {}
            Err(WalletError::Offline) => {
                if open.lowers() {
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
        if self.look(move |inner| inner.open_flow(flow)).await?.is_some() {
            return Ok(());
        }
        let done = match open.definition.effect {
            FlowEffect::Provision => self.provision().await,
            _ => self.pursue(&mut BTreeSet::new()).await.map(|_| ()),
        };
        match done {
            Err(WalletError::Offline) => Ok(()),
            done => done,
        }
    }

    /// Notes that the gateway is out of reach, in a flow that takes authority: what may be skipped is skipped.
    pub(crate) async fn go_offline(self: &Arc<Self>, flow: FlowId) -> Result<(), WalletError> {
        self.unit(move |unit| {
            let Some(open) = unit.inner.open_flow(flow)? else {
                return Ok(());
            };
            if !open.lowers() || open.state.is_offline() {
                return Ok(());
            }
            let mut row = open.row;
            unit.advance(&mut row, FlowEventKind::WentOffline {})?;
            unit.put(&row)
        })
        .await
    }

    /// Leaves a flow. What it held stays held.
    pub(crate) async fn cancel_flow(self: &Arc<Self>, flow: FlowId) -> Result<(), WalletError> {
        let number = self
            .unit(move |unit| {
                let Some(open) = unit.inner.open_flow(flow)? else {
                    return Ok(None);
                };
                let mut row = open.row;
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
            Some(number) => match self.flush(number).await {
                Ok(_) | Err(WalletError::Offline) => Ok(()),
                Err(error) => Err(error),
            },
            None => Ok(()),
        }
    }
}

impl Unit<'_> {
    /// The definition of a flow.
    pub(crate) fn definition(&self, row: &FlowRow) -> Result<FlowDefinition, WalletError> {
        definition(&self.inner.policy_of(row.start.policy_version)?, row)
    }

    /// Whether every step of a flow is done, as this phone sees it.
    pub(crate) fn is_complete(&self, row: &FlowRow) -> Result<bool, WalletError> {
        Ok(self.folded(row)?.phase == Phase::Completed)
    }

    /// Whether a run went on without the gateway.
    pub(crate) fn went_offline(&self, row: &FlowRow) -> Result<bool, WalletError> {
        Ok(self.folded(row)?.is_offline())
    }

    /// Where a run stands.
    pub(crate) fn folded(&self, row: &FlowRow) -> Result<FlowState, WalletError> {
        let (policy, definition) = self.rules_of(row)?;
        fold(&policy, &definition, row)
    }

    /// The policy that a run is pinned to, with its definition there.
    pub(crate) fn rules_of(&self, row: &FlowRow) -> Result<(Policy, FlowDefinition), WalletError> {
        let policy = self.inner.policy_of(row.start.policy_version)?;
        let definition = definition(&policy, row)?;
        Ok((policy, definition))
    }

    /// A new run with its first event.
    pub(crate) fn begin_flow(
        &self,
        start: FlowStart,
        offer: Option<String>,
        locale: String,
    ) -> Result<FlowRow, WalletError> {
        let started = FlowEvent {
            at: self.now()?,
            author: Author::Phone,
            kind: FlowEventKind::Started(start.clone()),
        };
        Ok(FlowRow {
            start,
            events: vec![started],
            offer,
            locale,
            proof: None,
            told: false,
            attempts_left: None,
            refused: None,
            order: None,
            alone: Vec::new(),
            foreign: false,
            admitted: 0,
            asking: None,
            next_flows: Vec::new(),
        })
    }

    /// Puts the flow's start into the outbox: the number of its row.
    pub(crate) fn tell_start(&mut self, row: &mut FlowRow) -> Result<u64, WalletError> {
        row.told = true;
        self.send(
            Purpose::FlowStart { flow: row.start.flow },
            &StartFlow {
                start: row.start.clone(),
            },
        )
    }

    /// Answers the open step, if it is still the one that was shown: the event, its effects and the statement.
    pub(crate) fn answer(
        &mut self,
        shown: &OpenFlow,
        answer: StepAnswer,
        event: FlowEventKind,
    ) -> Result<u64, WalletError> {
        let open = self.inner.open_flow(shown.flow())?.ok_or(WalletError::FlowEnded)?;
        if open.step.id != shown.step.id {
            return Err(WalletError::WrongAnswer);
        }
        let mut row = open.row;
        if !row.told {
            self.tell_start(&mut row)?;
        }
        if let StepAnswer::Proof { proof } = &answer {
            row.proof = Some(proof.clone());
        }
        let flow = row.start.flow;
        let number = self.send(
            Purpose::FlowAnswer { flow },
            &AnswerFlow {
                flow,
                step: open.step.id,
                answer,
            },
        )?;
        self.advance(&mut row, event)?;
        self.put(&row)?;
        Ok(number)
    }

    /// Takes one event of the phone, and does what follows from it. The row is changed and not yet staged.
    pub(crate) fn advance(&mut self, row: &mut FlowRow, kind: FlowEventKind) -> Result<(), WalletError> {
        let policy = self.inner.policy_of(row.start.policy_version)?;
        let definition = definition(&policy, row)?;
        let rules = Rules {
            policy: &policy,
            definition: &definition,
        };
        let state = self.folded(row)?;
        let event = FlowEvent {
            at: self.now()?,
            author: Author::Phone,
            kind,
        };
        let (next, effects) = flow::step(rules, &state, &event).map_err(|_| WalletError::WrongAnswer)?;
        row.events.push(event);
        // A step without evidence was skipped: the gateway hears of it as an answer to that step.
        for skipped in next
            .done
            .iter()
            .skip(state.done.len())
            .filter(|done| done.evidence.is_none())
        {
            let flow = row.start.flow;
            let answer = AnswerFlow {
                flow,
                step: skipped.id.clone(),
                answer: StepAnswer::Offline {},
            };
            self.send(Purpose::FlowAnswer { flow }, &answer)?;
        }
        effects
            .into_iter()
            .try_for_each(|effect| self.carry_out(row, &next, effect))
    }

    fn carry_out(&mut self, row: &mut FlowRow, state: &FlowState, effect: Effect) -> Result<(), WalletError> {
        match effect {
            Effect::Do(FlowEffect::Hold) => {
                self.hold(&row.start.mandates, HoldOwner::Revocation)?;
                self.hold(&row.alone, HoldOwner::Revocation)
            }
            Effect::Complete(FlowEffect::Provision) => self.make_half(row),
            Effect::Complete(FlowEffect::Destroy) => {
                self.end_alone(row)?;
                self.intend(row, state.is_offline())
            }
            Effect::Reached(_) | Effect::Do(_) | Effect::Notify(_) | Effect::Complete(_) => Ok(()),
        }
    }

    /// Takes over the gateway's log of a flow. While answers of ours wait, ours is the longer one and stays.
    pub(crate) fn take_flow_log(&mut self, log: FlowLog) -> Result<(), WalletError> {
        let Some(mut row) = self.get::<FlowRow>(log.flow.as_bytes())? else {
            return Ok(());
        };
        let ended = |event: &FlowEvent| matches!(event.kind, FlowEventKind::Expired {});
        let waits = self.list::<OutboxRow>()?.iter().any(|waiting| {
            matches!(&waiting.purpose, Purpose::FlowStart { flow } | Purpose::FlowAnswer { flow } | Purpose::FlowCancel { flow } if *flow == log.flow)
        });
        if waits && !log.events.iter().any(ended) {
            return Ok(());
        }
        let ours = |event: &FlowEvent| row.events.iter().any(|own| own.kind == event.kind);
        if !log
            .events
            .iter()
            .filter(|event| event.author == Author::Phone)
            .all(ours)
        {
            return Err(WalletError::Answer("the flow's log tells what this phone did not say"));
        }
        let policy = self.inner.policy_of(row.start.policy_version)?;
        let definition = definition(&policy, &row)?;
        let rules = Rules {
            policy: &policy,
            definition: &definition,
        };
        let before = self.folded(&row)?;
        let state = flow::fold(rules, &log.events).map_err(|_| WalletError::Answer("the flow's log does not fold"))?;
        // The answer to an older statement is stored as it was: it never takes a flow back.
        if before.phase == Phase::Completed || state.done.len() < before.done.len() && state.phase != Phase::Expired {
            return Ok(());
        }
        row.events = log.events;
        row.attempts_left = state.attempts_left.or(row.attempts_left);
        if state.phase == Phase::Completed {
            self.carry_out(&mut row, &state, Effect::Complete(definition.effect))?;
        }
        self.put(&row)
    }
}
