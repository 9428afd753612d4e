//! Runs of flows on the phone: what was said is folded, and what follows on this phone is done.

use crate::error::WalletError;
use crate::inner::Inner;
use crate::journal::{FlowRow, OrderRow, Purpose};
use crate::order_facts::known_order;
use crate::unit::Unit;
use quittance_flows::definition::{Authority, FlowDefinition, FlowEffect, PromptKind, Step, StepKind};
use quittance_flows::flow::{self, Effect, FlowState, Phase};
use quittance_flows::policy::named::{BANK_ITEM, SIGN};
use quittance_flows::{FactorInput, HoldOwner, Policy, Rules};
use quittance_protocol::flow_event::{Author, FlowEvent, FlowEventKind, FlowStart};
use quittance_protocol::problem::Code;
use quittance_protocol::statement::{AnswerFlow, StartFlow, StepAnswer};
use quittance_protocol::{FlowId, MandateId, OrderId};
use std::sync::Arc;

/// What a run is folded with: the policy that it is pinned to, and its definition there.
#[derive(Debug, Clone)]
pub(crate) struct Pinned {
    pub(crate) policy: Arc<Policy>,
    pub(crate) definition: FlowDefinition,
}

impl Pinned {
    pub(crate) fn rules(&self) -> Rules<'_> {
        Rules {
            policy: &self.policy,
            definition: &self.definition,
        }
    }
}

/// A run as it stands, with all that its open step needs.
#[derive(Debug, Clone)]
pub(crate) struct OpenFlow {
    pub(crate) row: FlowRow,
    pub(crate) pinned: Pinned,
    pub(crate) state: FlowState,
    pub(crate) step: Step,
}

impl OpenFlow {
    pub(crate) fn flow(&self) -> FlowId {
        self.row.start.flow
    }

    pub(crate) fn lowers(&self) -> bool {
        self.pinned.definition.authority == Authority::Lowers
    }

    pub(crate) fn rules(&self) -> Rules<'_> {
        self.pinned.rules()
    }

    /// Whether its definition lets steps be skipped without the gateway.
    pub(crate) fn can_skip_offline(&self) -> bool {
        self.lowers() && self.pinned.definition.skips_offline()
    }
}

/// Folds a log, with everything that it brought about on the way.
pub(crate) fn replay(
    rules: Rules<'_>,
    events: &[FlowEvent],
) -> Result<(FlowState, Vec<Effect>), quittance_flows::Refused> {
    let (first, rest) = events.split_first().ok_or(quittance_flows::Refused::StepOrder)?;
    rest.iter()
        .try_fold(flow::begin(rules, first)?, |(state, mut effects), event| {
            let (next, more) = flow::step(rules, &state, event)?;
            effects.extend(more);
            Ok((next, effects))
        })
}

impl Inner {
    /// The mandate that a signing flow makes.
    pub(crate) fn mandate_of_flow(&self, flow: FlowId) -> Result<MandateId, WalletError> {
        let row = self.read::<FlowRow>(flow.as_bytes())?.ok_or(WalletError::UnknownFlow)?;
        match row.start.mandates.as_slice() {
            [mandate] if row.start.definition == SIGN => Ok(*mandate),
            _ => Err(WalletError::UnknownFlow),
        }
    }

    /// The order that a flow led to.
    pub(crate) fn order_of_flow(&self, flow: FlowId) -> Result<Option<OrderId>, WalletError> {
        if let Some(row) = self.read::<FlowRow>(flow.as_bytes())? {
            return Ok(row.order);
        }
        let row = self
            .read::<OrderRow>(flow.as_bytes())?
            .ok_or(WalletError::UnknownFlow)?;
        Ok(known_order(&row.state).map(|order| order.order))
    }

    /// The open step of a flow; `None` where every step is done, or the payer left.
    pub(crate) fn open_flow(&self, flow: FlowId) -> Result<Option<OpenFlow>, WalletError> {
        let Some(row) = self.read::<FlowRow>(flow.as_bytes())? else {
            // An order that the gateway began stands in the place of a flow.
            let order = self.read::<OrderRow>(flow.as_bytes())?;
            return order.map(|_| None).ok_or(WalletError::UnknownFlow);
        };
        let (mut pinned, state) = self.folded(&row)?;
        if row.start.definition == BANK_ITEM {
            pinned.definition.effective = self.named_on(&pinned.policy, flow)?;
        }
        match state.phase {
            Phase::Completed | Phase::Cancelled => return Ok(None),
            Phase::Expired => return Err(WalletError::FlowEnded { code: None }),
            Phase::Refused(code) => return Err(WalletError::FlowEnded { code: Some(code) }),
            Phase::Open if row.refused.is_some() => return Err(WalletError::FlowEnded { code: row.refused }),
            Phase::Open => {}
        }
        let step = flow::open_step(&pinned.definition, &state)
            .cloned()
            .ok_or(WalletError::FlowEnded { code: None })?;
        Ok(Some(OpenFlow {
            row,
            pinned,
            state,
            step,
        }))
    }

    /// How long an item of a batch waits for its end: as long as the route does on which it was named.
    fn named_on(&self, policy: &Policy, item: FlowId) -> Result<Option<String>, WalletError> {
        let rows = self.read_all::<FlowRow>()?;
        let whole = rows.iter().find(|row| row.next_flows.contains(&item));
        let route = whole.and_then(|whole| policy.flow(&whole.start.definition));
        Ok(route.and_then(|route| route.effective.clone()))
    }

    /// What a run is folded with.
    pub(crate) fn pinned(&self, row: &FlowRow) -> Result<Pinned, WalletError> {
        let policy = self.policy_of(row.start.policy_version)?;
        let definition = policy.flow(&row.start.definition).cloned();
        let definition = definition.ok_or(WalletError::Journal("flow definition"))?;
        Ok(Pinned { policy, definition })
    }

    /// What a run is folded with, and where it stands.
    pub(crate) fn folded(&self, row: &FlowRow) -> Result<(Pinned, FlowState), WalletError> {
        let pinned = self.pinned(row)?;
        let state = flow::fold(pinned.rules(), &row.events).map_err(|_| WalletError::Journal("flow log"))?;
        Ok((pinned, state))
    }

    /// Whether a flow has an open step and was touched within its idle life.
    pub(crate) fn flow_goes_on(&self, row: &FlowRow) -> Result<bool, WalletError> {
        let Ok(Some(open)) = self.open_flow(row.start.flow) else {
            return Ok(false);
        };
        let now = self.estimate()?;
        Ok(flow::ends_at(open.rules(), &open.state).is_none_or(|ends| now < ends))
    }
}

impl Unit<'_> {
    /// Where a run stands.
    pub(crate) fn folded(&self, row: &FlowRow) -> Result<FlowState, WalletError> {
        Ok(self.inner.folded(row)?.1)
    }

    /// The definition of a flow.
    pub(crate) fn definition(&self, row: &FlowRow) -> Result<FlowDefinition, WalletError> {
        Ok(self.inner.pinned(row)?.definition)
    }

    /// Whether every step of a flow is done, as this phone sees it.
    pub(crate) fn is_complete(&self, row: &FlowRow) -> Result<bool, WalletError> {
        Ok(self.folded(row)?.phase == Phase::Completed)
    }

    /// Whether a run went on without the gateway.
    pub(crate) fn went_offline(&self, row: &FlowRow) -> Result<bool, WalletError> {
        Ok(self.folded(row)?.is_offline())
    }

    /// A new run with its first event, and what the first event brings about. The row is not yet staged.
    pub(crate) fn begin_flow(&mut self, start: FlowStart) -> Result<FlowRow, WalletError> {
        let kind = FlowEventKind::Started(start.clone());
        let started = FlowEvent {
            at: self.now()?,
            author: Author::Phone,
            kind: kind.clone(),
        };
        let mut row = FlowRow::new(start, vec![started]);
        row.said.push(kind);
        let pinned = self.inner.pinned(&row)?;
        row.ends_mandates = pinned.definition.effect == FlowEffect::Destroy;
        let (state, effects) = replay(pinned.rules(), &row.events).map_err(|_| WalletError::Internal("flow start"))?;
        for effect in effects {
            self.carry_out(&mut row, &pinned.definition, &state, effect)?;
        }
        Ok(row)
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

    /// Answers the open step, if it is still the one that was shown: the statement, and the event that it says, where
    /// it says one, with its effects. The gateway's log decides; until it is heard, ours goes ahead. Answers the number of
    /// its row, where it is for the gateway.
    pub(crate) fn answer(
        &mut self,
        shown: &OpenFlow,
        answer: StepAnswer,
        says: Option<FlowEventKind>,
    ) -> Result<Option<u64>, WalletError> {
        let open = self
            .inner
            .open_flow(shown.flow())?
            .ok_or(WalletError::FlowEnded { code: None })?;
        if open.step.id != shown.step.id {
            return Err(WalletError::WrongAnswer);
        }
        let mut row = open.row.clone();
        if let StepAnswer::Proof { proof } = &answer {
            row.proof = Some(proof.clone());
        }
        let flow = row.start.flow;
        let number = if open.is_local() {
            None
        } else {
            if !row.told {
                self.tell_start(&mut row)?;
            }
            let statement = AnswerFlow {
                flow,
                step: open.step.id.clone(),
                answer,
            };
            Some(self.send(Purpose::FlowAnswer { flow }, &statement)?)
        };
        if let Some(kind) = says {
            row.said.push(kind.clone());
            if goes_ahead(&open.step) {
                self.advance(&mut row, kind)?;
            }
        }
        self.put(&row)?;
        // A run that is this phone's alone says what it has to say in the statement of its effect.
        Ok(number.or(if open.is_local() { self.lifting_row(&row)? } else { None }))
    }

    /// Takes one event of the phone, and does what follows from it. The row is changed and not yet staged.
    ///
    /// An event that would end the run refused is left to the gateway: it may know facts that this phone does not.
    pub(crate) fn advance(&mut self, row: &mut FlowRow, kind: FlowEventKind) -> Result<(), WalletError> {
        let (pinned, state) = self.inner.folded(row)?;
        let event = FlowEvent {
            at: self.now()?,
            author: Author::Phone,
            kind,
        };
        let (next, effects) = flow::step(pinned.rules(), &state, &event).map_err(|refused| match refused {
            quittance_flows::Refused::TooLate => WalletError::FlowEnded {
                code: Some(Code::TooLate),
            },
            _ => WalletError::WrongAnswer,
        })?;
        if matches!(next.phase, Phase::Refused(_)) && row.told {
            return Ok(());
        }
        row.events.push(event);
        effects
            .into_iter()
            .try_for_each(|effect| self.carry_out(row, &pinned.definition, &next, effect))
    }

    /// Does on this phone what a run brings about; all else is the gateway's.
    pub(crate) fn carry_out(
        &mut self,
        row: &mut FlowRow,
        definition: &FlowDefinition,
        state: &FlowState,
        effect: Effect,
    ) -> Result<(), WalletError> {
        match effect {
            Effect::Do(FlowEffect::Hold) => {
                self.hold(&row.start.mandates, HoldOwner::Revocation)?;
                self.hold(&row.alone, HoldOwner::Revocation)
            }
            Effect::Complete(FlowEffect::Provision) => self.make_half(row),
            Effect::Complete(FlowEffect::Destroy) if !row.foreign => {
                self.end_alone(row)?;
                if state.is_offline() || flow::ends_with_payer(definition, state) {
                    self.intend(row, state.is_offline())
                } else {
                    self.join_order(row)
                }
            }
            Effect::Complete(FlowEffect::Destroy) => self.join_order(row),
            Effect::Complete(FlowEffect::LiftPause) => self.lift_pause(row),
            Effect::Complete(FlowEffect::ChangeLimits) if !row.foreign => self.wish_limits(row),
            Effect::Reached(_) | Effect::Do(_) | Effect::Notify(_) | Effect::Complete(_) => Ok(()),
        }
    }
}

impl OpenFlow {
    /// Whether somebody has to look at the open step's answer before the run goes on.
    pub(crate) fn is_judged(&self) -> bool {
        let secret = matches!(self.step.kind, StepKind::Factor(factor) if factor.input() == FactorInput::Secret);
        !secret && !goes_ahead(&self.step)
    }

    /// Whether the run is this phone's alone: lifting a pause is one statement, which carries the proof itself.
    pub(crate) fn is_local(&self) -> bool {
        self.pinned.definition.effect == FlowEffect::LiftPause
    }
}

/// Whether this phone goes on before the gateway took its answer: not where somebody has to look at it first.
pub(crate) fn goes_ahead(step: &Step) -> bool {
    match step.kind {
        StepKind::Prompt(ask) => matches!(
            ask,
            PromptKind::Consent | PromptKind::Confirm | PromptKind::Choose | PromptKind::Facts
        ),
        StepKind::Factor(factor) => factor.input() == FactorInput::HardwareKey,
        _ => false,
    }
}

impl FlowRow {
    /// A run of which nothing but its log is known.
    pub(crate) fn new(start: FlowStart, events: Vec<FlowEvent>) -> Self {
        Self {
            start,
            events,
            offer: None,
            locale: String::new(),
            proof: None,
            told: false,
            attempts_left: None,
            refused: None,
            order: None,
            alone: Vec::new(),
            ends_mandates: false,
            foreign: false,
            said: Vec::new(),
            admitted: 0,
            asking: None,
            used_up: Vec::new(),
            next_flows: Vec::new(),
        }
    }
}
