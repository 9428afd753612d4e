//! Drives runs: what may be said at a step, how to get to a step, how to get to the end.

use quittance_flows::definition::{Bound, Comparison, Condition, External, Next, PromptKind, StepKind};
use quittance_flows::facts::OFFLINE;
use quittance_flows::flow::{self, Effect, FlowState, Phase, Rules};
use quittance_flows::policy::DEFAULT_BUNDLE;
use quittance_flows::{FactorInput, FlowDefinition, Policy, Step};
use quittance_protocol::flow_event::{Author, FlowEvent, FlowEventKind, FlowStart};
use quittance_protocol::{B64, Digest32, FlowId, MandateId, Quantity, Timestamp};
use std::collections::BTreeMap;
use std::sync::OnceLock;

pub(crate) type Facts = BTreeMap<String, Quantity>;

/// The smallest step of a number that rules compare.
pub(crate) const EPSILON: i64 = 1;

pub(crate) fn shipped() -> &'static Policy {
    static SHIPPED: OnceLock<Policy> = OnceLock::new();
    SHIPPED.get_or_init(|| Policy::load(DEFAULT_BUNDLE).unwrap())
}

pub(crate) fn rules(name: &str) -> Rules<'static> {
    rules_of(shipped(), name)
}

pub(crate) fn rules_of<'p>(policy: &'p Policy, name: &str) -> Rules<'p> {
    Rules {
        policy,
        definition: policy.flow(name).unwrap(),
    }
}

pub(crate) fn at(second: i64) -> Timestamp {
    "2026-11-21T06:00:00Z"
        .parse::<Timestamp>()
        .unwrap()
        .plus_seconds(second)
}

pub(crate) fn by(author: Author, at: Timestamp, kind: FlowEventKind) -> FlowEvent {
    FlowEvent { at, author, kind }
}

pub(crate) fn phone(at: Timestamp, kind: FlowEventKind) -> FlowEvent {
    by(Author::Phone, at, kind)
}

pub(crate) fn gateway(at: Timestamp, kind: FlowEventKind) -> FlowEvent {
    by(Author::Gateway, at, kind)
}

pub(crate) fn started(name: &str, at: Timestamp) -> FlowEvent {
    let start = FlowStart {
        flow: FlowId::from_bytes([1; 16]),
        definition: name.to_owned(),
        policy_version: 1,
        mandates: vec![MandateId::from_bytes([2; 16])],
        wish: None,
        operation: Digest32::of(b"operation"),
        nonce: B64::from(vec![3; 16]),
    };
    phone(at, FlowEventKind::Started(start))
}

pub(crate) fn found(facts: Facts, at: Timestamp) -> FlowEvent {
    gateway(at, FlowEventKind::Found { facts })
}

/// Begins a run and says its facts, as the gateway does.
pub(crate) fn begun(rules: Rules<'_>, name: &str, facts: Facts, at: Timestamp) -> FlowState {
    let (state, _) = flow::begin(rules, &started(name, at)).unwrap();
    flow::step(rules, &state, &found(facts, at)).unwrap().0
}

/// Takes an event that must be taken.
pub(crate) fn taken(rules: Rules<'_>, state: &FlowState, event: &FlowEvent) -> FlowState {
    flow::step(rules, state, event)
        .unwrap_or_else(|refused| panic!("{refused:?}: {event:?} at {:?}", open_id(rules, state)))
        .0
}

pub(crate) fn open_id(rules: Rules<'_>, state: &FlowState) -> Option<String> {
    flow::open_step(rules.definition, state).map(|step| step.id.clone())
}

/// Whether a run ended without its effect.
pub(crate) fn refused(state: &FlowState) -> bool {
    matches!(state.phase, Phase::Refused(_))
}

/// What gets the open step done.
pub(crate) fn success(rules: Rules<'_>, state: &FlowState, at: Timestamp) -> FlowEvent {
    let open = flow::open_step(rules.definition, state).unwrap();
    let step = open.id.clone();
    match &open.kind {
        StepKind::Prompt(PromptKind::Jump) => phone(
            at,
            FlowEventKind::Returned {
                step,
                outcome: "approved".to_owned(),
            },
        ),
        StepKind::Prompt(_) => {
            let shown = Digest32::of(step.as_bytes());
            phone(at, FlowEventKind::Answered { step, shown })
        }
        StepKind::Factor(factor) => {
            let evidence = Digest32::of(step.as_bytes());
            by(factor.author(), at, FlowEventKind::FactorProved { step, evidence })
        }
        StepKind::External(external) => {
            let outcome = outcome_to(external, Next::GoOn).unwrap();
            gateway(at, FlowEventKind::Reported { step, outcome })
        }
        StepKind::Review(_) => gateway(
            at,
            FlowEventKind::Reviewed {
                reviewer: format!("reviewer of {step}"),
                step,
                approves: true,
            },
        ),
        StepKind::Timer(_) => {
            let due = flow::due(rules, state).unwrap();
            gateway(due.max(at), FlowEventKind::TimeCame { step })
        }
        StepKind::Guard(condition) => found(satisfying(rules.policy, condition), at),
        other => panic!("{step} is never open: {other:?}"),
    }
}

/// What makes the open step give way to what stands in for it.
fn giving_way(open: &Step, at: Timestamp) -> FlowEvent {
    let step = open.id.clone();
    match &open.kind {
        StepKind::Factor(factor) => by(
            factor.author(),
            at,
            FlowEventKind::FactorFailed {
                step,
                today: None,
                attempts_left: None,
            },
        ),
        StepKind::External(external) => {
            let outcome = outcome_to(external, Next::Otherwise).unwrap();
            gateway(at, FlowEventKind::Reported { step, outcome })
        }
        other => panic!("{step} does not give way: {other:?}"),
    }
}

pub(crate) fn outcome_to(external: &External, wanted: Next) -> Option<String> {
    let mut outcomes = external.outcomes.iter();
    outcomes
        .find(|(_, next)| **next == wanted)
        .map(|(name, _)| name.clone())
}

/// The facts with which a run comes to a step: every guard holds, the step is inserted and not skipped.
pub(crate) fn facts_for(policy: &Policy, definition: &FlowDefinition, target: &str) -> Facts {
    let mut facts = Facts::new();
    for step in definition.all_steps() {
        if let StepKind::Guard(condition) = &step.kind
            && step.deadline.is_none()
        {
            facts.extend(satisfying(policy, condition));
        }
        let leads_there = step.id == target || step.otherwise.iter().any(|inner| inner.id == target);
        if let Some(condition) = step.insert_if.as_ref().filter(|_| leads_there) {
            facts.extend(satisfying(policy, condition));
        }
    }
    facts
}

/// Brings a run to a step that waits, with these facts.
pub(crate) fn reach(rules: Rules<'_>, name: &str, target: &str, facts: Facts) -> FlowState {
    let mut state = begun(rules, name, facts, at(0));
    for second in 1..200 {
        let Some(open) = flow::open_step(rules.definition, &state) else {
            panic!("{name} ended before {target}: {:?}", state.phase);
        };
        if open.id == target {
            return state;
        }
        // A timer may have moved time on by far more than a second.
        let now = at(second).max(state.last_at);
        let gives_way = open.otherwise.iter().any(|inner| inner.id == target);
        let event = if gives_way {
            giving_way(open, now)
        } else {
            success(rules, &state, now)
        };
        state = taken(rules, &state, &event);
    }
    panic!("{name} never comes to {target}");
}

/// Drives a run to its end, everybody agreeing.
pub(crate) fn complete(rules: Rules<'_>, state: FlowState) -> (FlowState, Vec<Effect>) {
    let (mut state, mut effects) = (state, Vec::new());
    let mut now = state.last_at;
    while state.phase == Phase::Open {
        now = now.plus_seconds(1);
        let (next, more) = flow::step(rules, &state, &success(rules, &state, now)).unwrap();
        now = next.last_at;
        state = next;
        effects.extend(more);
    }
    (state, effects)
}

pub(crate) fn bound_of(policy: &Policy, comparison: &Comparison) -> Quantity {
    let (Comparison::AtLeast(bound)
    | Comparison::MoreThan(bound)
    | Comparison::AtMost(bound)
    | Comparison::LessThan(bound)) = comparison;
    match bound {
        Bound::Number(number) => Quantity::whole(*number),
        Bound::Key(key) => policy.quantity(key).unwrap(),
    }
}

/// What a condition compares, without its refusal.
pub(crate) fn comparison_of(condition: &Condition) -> (String, Comparison) {
    match condition {
        Condition::Holds(fact) => (fact.clone(), Comparison::AtLeast(Bound::Number(1))),
        Condition::Compares { fact, comparison, .. } => (fact.clone(), comparison.clone()),
    }
}

/// A finding with which a condition holds.
pub(crate) fn satisfying(policy: &Policy, condition: &Condition) -> Facts {
    let (fact, comparison) = comparison_of(condition);
    let bound = bound_of(policy, &comparison);
    let value = match comparison {
        Comparison::AtLeast(_) | Comparison::AtMost(_) => bound,
        Comparison::MoreThan(_) => beside(bound, EPSILON),
        Comparison::LessThan(_) => beside(bound, -EPSILON),
    };
    Facts::from([(fact, value)])
}

pub(crate) fn beside(number: Quantity, millionths: i64) -> Quantity {
    Quantity::from_millionths(number.millionths() + millionths)
}

/// Whether somebody other than the phone can say the fact that a condition asks for.
pub(crate) fn is_found(condition: &Condition) -> bool {
    comparison_of(condition).0 != OFFLINE
}

/// Every shipped definition by name.
pub(crate) fn definitions() -> Vec<(&'static str, &'static FlowDefinition)> {
    shipped().definitions().collect()
}

/// Whether something is handed in for the step before it is judged.
pub(crate) fn is_handed_in(step: &Step) -> bool {
    matches!(step.kind, StepKind::Factor(factor) if factor.input() == FactorInput::Evidence)
}
