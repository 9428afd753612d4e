//! Random walks through the shipped definitions.

use crate::drive::{Facts, at, definitions, found, gateway, outcome_to, phone, rules, started};
use crate::mutants::Engine;
use proptest::prelude::*;
use quittance_flows::definition::{Next, PromptKind, StepKind};
use quittance_flows::facts::{FACTS, OFFLINE};
use quittance_flows::flow::{self, Effect, FlowState, Rules};
use quittance_protocol::flow_event::{FlowEvent, FlowEventKind};
use quittance_protocol::{Digest32, Quantity, Timestamp};

/// One run: which definition, which facts, which of the possible events come, how much time passes between them.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    definition: usize,
    facts: Vec<(usize, i64)>,
    choices: Vec<(u8, u16)>,
    /// At which event somebody dies.
    pub(crate) cut: usize,
}

pub(crate) fn case() -> impl Strategy<Value = Case> {
    let value = prop_oneof![Just(0_i64), Just(1), Just(2), Just(50), Just(85), Just(100)];
    (
        0_usize..64,
        prop::collection::vec((0..FACTS.len(), value), 0..6),
        prop::collection::vec((any::<u8>(), 0_u16..400), 1..16),
        0_usize..16,
    )
        .prop_map(|(definition, facts, choices, cut)| Case {
            definition,
            facts,
            choices,
            cut,
        })
}

impl Case {
    pub(crate) fn name(&self) -> &'static str {
        let all = definitions();
        all[self.definition % all.len()].0
    }

    fn facts(&self) -> Facts {
        let named = self
            .facts
            .iter()
            .map(|(fact, value)| (FACTS[*fact].0, Quantity::whole(*value)));
        let mut facts: Facts = named
            .filter(|(name, _)| *name != OFFLINE)
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        // Chance alone hardly ever pleases every guard of a long definition.
        if self.definition / definitions().len() % 2 == 1 {
            let rules = rules(self.name());
            for step in rules.definition.all_steps() {
                if let StepKind::Guard(condition) = &step.kind {
                    facts.extend(crate::drive::satisfying(rules.policy, condition));
                }
            }
        }
        facts
    }
}

/// What may happen at the open step, likely and unlikely, all of it well-formed.
fn moves(rules: Rules<'_>, state: &FlowState, at: Timestamp) -> Vec<FlowEvent> {
    let Some(open) = flow::open_step(rules.definition, state) else {
        return Vec::new();
    };
    let step = || open.id.clone();
    let digest = Digest32::of(open.id.as_bytes());
    let mut moves = match &open.kind {
        StepKind::Prompt(PromptKind::Jump) => ["approved", "refused"]
            .map(|outcome| {
                let outcome = outcome.to_owned();
                phone(at, FlowEventKind::Returned { step: step(), outcome })
            })
            .into(),
        StepKind::Prompt(_) => vec![phone(
            at,
            FlowEventKind::Answered {
                step: step(),
                shown: digest,
            },
        )],
        StepKind::Factor(factor) => {
            let said = |kind| FlowEvent {
                at,
                author: factor.author(),
                kind,
            };
            vec![
                said(FlowEventKind::FactorProved {
                    step: step(),
                    evidence: digest,
                }),
                said(FlowEventKind::FactorFailed {
                    step: step(),
                    today: None,
                    attempts_left: None,
                }),
                phone(
                    at,
                    FlowEventKind::Submitted {
                        step: step(),
                        evidence: digest,
                    },
                ),
                gateway(at, FlowEventKind::Sent { step: step() }),
            ]
        }
        StepKind::External(external) => [Next::GoOn, Next::Otherwise, Next::Refuse]
            .into_iter()
            .map(|next| outcome_to(external, next).unwrap_or("never heard of".to_owned()))
            .map(|outcome| gateway(at, FlowEventKind::Reported { step: step(), outcome }))
            .collect(),
        StepKind::Review(_) => [("one", true), ("two", true), ("three", false)]
            .map(|(reviewer, approves)| {
                let reviewer = reviewer.to_owned();
                gateway(
                    at,
                    FlowEventKind::Reviewed {
                        step: step(),
                        reviewer,
                        approves,
                    },
                )
            })
            .into(),
        StepKind::Guard(condition) => vec![found(crate::drive::satisfying(rules.policy, condition), at)],
        _ => Vec::new(),
    };
    let due = flow::due(rules, state).unwrap_or(at).max(at);
    moves.push(gateway(due, FlowEventKind::TimeCame { step: step() }));
    moves.push(phone(at, FlowEventKind::WentOffline {}));
    // Rarely chosen: they end the run.
    if at.unix() % 7 == 0 {
        moves.push(phone(at, FlowEventKind::Cancelled {}));
        moves.push(gateway(at, FlowEventKind::Objected {}));
        let end = flow::ends_at(rules, state).unwrap_or(at).max(at);
        moves.push(gateway(end, FlowEventKind::Expired {}));
    }
    moves
}

/// One step of a walk: where it was, what was taken, what came of it.
pub(crate) struct Visit {
    pub(crate) before: FlowState,
    pub(crate) event: FlowEvent,
    pub(crate) after: FlowState,
    pub(crate) effects: Vec<Effect>,
}

/// Walks a case with an engine. Returns the log's head with each visit.
pub(crate) fn walk(case: &Case, engine: Engine) -> (Vec<FlowEvent>, FlowState, Vec<Effect>, Vec<Visit>) {
    let rules = rules(case.name());
    let head = vec![started(case.name(), at(0)), found(case.facts(), at(0))];
    let (begun, mut first) = flow::begin(rules, &head[0]).unwrap();
    let (mut state, more) = flow::step(rules, &begun, &head[1]).unwrap();
    first.extend(more);
    let begun = state.clone();
    let mut visits = Vec::new();
    for (choice, seconds) in &case.choices {
        let possible = moves(rules, &state, state.last_at.plus_seconds(i64::from(*seconds)));
        // Half of the time what gets the step done, a quarter of the time the second thing: it fails.
        let index = match choice {
            0..=127 => 0,
            128..=191 => 1,
            other => usize::from(*other) % possible.len().max(1),
        };
        let Some(event) = possible.get(index) else {
            break;
        };
        if let Ok((after, effects)) = engine(rules, &state, event) {
            visits.push(Visit {
                before: state,
                event: event.clone(),
                after: after.clone(),
                effects,
            });
            state = after;
        }
    }
    (head, begun, first, visits)
}
