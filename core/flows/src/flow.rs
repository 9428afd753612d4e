//! The fold that runs every flow: `(definition, events) -> state`, the same at both ends.

use crate::Refused;
use crate::definition::{Authority, Condition, FlowDefinition, FlowEffect, Step, StepEffect, StepKind};
use quittance_protocol::flow_event::{Author, FlowEvent, FlowEventKind, FlowStart};
use quittance_protocol::{Timestamp, bytes::Digest32};

/// Where one run of a flow stands. Made by [`fold`] alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowState {
    /// The head of the run.
    pub start: FlowStart,
    /// Where it stands.
    pub phase: Phase,
    /// Done steps with the evidence of each, in sequence; skipped ones have none.
    pub done: Vec<DoneStep>,
    /// Tries that are left at the open step, where a try has failed.
    pub attempts_left: Option<u32>,
    /// Whether the phone said that it cannot reach the gateway.
    pub offline: bool,
    /// The last event's time: idle life counts from here.
    pub last_at: Timestamp,
}

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// The step of this index is open.
    Open(usize),
    /// Every step is done.
    Completed,
    /// The payer left. What was held stays held.
    Cancelled,
    /// Nobody touched it for the idle life.
    Expired,
}

/// A step that is behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoneStep {
    /// The step.
    pub id: String,
    /// Digest of the proof, or of what was shown; absent where the step was skipped.
    pub evidence: Option<Digest32>,
}

/// What has to be carried out because an event was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Hold the flow's mandates with owner `revocation`.
    Hold,
    /// The flow is complete: do what it is for.
    Complete(FlowEffect),
}

/// Begins a run.
///
/// # Errors
/// [`Refused::Author`] where somebody else than the phone begins, [`Refused::StepOrder`] where the event
/// is no start.
pub fn begin(event: &FlowEvent) -> Result<FlowState, Refused> {
    let FlowEventKind::Started(start) = &event.kind else {
        return Err(Refused::StepOrder);
    };
    if event.author != Author::Phone {
        return Err(Refused::Author);
    }
    Ok(FlowState {
        start: start.clone(),
        phase: Phase::Open(0),
        done: Vec::new(),
        attempts_left: None,
        offline: false,
        last_at: event.at,
    })
}

/// Takes one event.
///
/// # Errors
/// [`Refused`]; the state that went in is then still the state.
pub fn step(
    definition: &FlowDefinition,
    state: &FlowState,
    event: &FlowEvent,
) -> Result<(FlowState, Vec<Effect>), Refused> {
    let Phase::Open(index) = state.phase else {
        return Err(Refused::Ended);
    };
    let open = definition.steps.get(index).ok_or(Refused::Ended)?;
    let mut next = state.clone();
    next.last_at = event.at.max(state.last_at);
    let mut effects = Vec::new();
    match &event.kind {
        FlowEventKind::Started(_) => return Err(Refused::StepOrder),
        FlowEventKind::Answered { step, shown } => {
            let StepKind::Prompt(_) = open.ask else {
                return Err(Refused::StepOrder);
            };
            expect_author(event, Author::Phone)?;
            complete_step(definition, &mut next, open, step, Some(*shown), &mut effects)?;
        }
        FlowEventKind::FactorProved { step, evidence } => {
            let StepKind::Factor(factor) = open.ask else {
                return Err(Refused::StepOrder);
            };
            expect_author(event, factor.author())?;
            complete_step(definition, &mut next, open, step, Some(*evidence), &mut effects)?;
        }
        FlowEventKind::FactorFailed { step, attempts_left } => {
            let StepKind::Factor(factor) = open.ask else {
                return Err(Refused::StepOrder);
            };
            expect_author(event, factor.author())?;
            if *step != open.id {
                return Err(Refused::StepOrder);
            }
            next.attempts_left = Some(*attempts_left);
        }
        FlowEventKind::WentOffline {} => {
            expect_author(event, Author::Phone)?;
            if definition.authority == Authority::Raises {
                return Err(Refused::StepOrder);
            }
            next.offline = true;
            skip(definition, &mut next, &mut effects);
        }
        FlowEventKind::Cancelled {} => {
            expect_author(event, Author::Phone)?;
            next.phase = Phase::Cancelled;
        }
        FlowEventKind::Expired {} => {
            expect_author(event, Author::Gateway)?;
            next.phase = Phase::Expired;
        }
    }
    Ok((next, effects))
}

/// Folds a whole log.
///
/// # Errors
/// [`Refused`] at the first event that the definition does not take; an empty log is [`Refused::StepOrder`].
pub fn fold(definition: &FlowDefinition, events: &[FlowEvent]) -> Result<FlowState, Refused> {
    let (first, rest) = events.split_first().ok_or(Refused::StepOrder)?;
    rest.iter().try_fold(begin(first)?, |state, event| {
        step(definition, &state, event).map(|(next, _)| next)
    })
}

/// The open step, where there is one.
pub fn open_step<'d>(definition: &'d FlowDefinition, state: &FlowState) -> Option<&'d Step> {
    match state.phase {
        Phase::Open(index) => definition.steps.get(index),
        _ => None,
    }
}

/// Whether a done step of the run did `effect`, so that what follows from it stands.
pub fn has_held(definition: &FlowDefinition, state: &FlowState) -> bool {
    definition
        .steps
        .iter()
        .filter(|step| step.then == Some(StepEffect::Hold))
        .any(|step| {
            state
                .done
                .iter()
                .any(|done| done.id == step.id && done.evidence.is_some())
        })
}

fn expect_author(event: &FlowEvent, author: Author) -> Result<(), Refused> {
    if event.author == author {
        Ok(())
    } else {
        Err(Refused::Author)
    }
}

fn complete_step(
    definition: &FlowDefinition,
    next: &mut FlowState,
    open: &Step,
    step: &str,
    evidence: Option<Digest32>,
    effects: &mut Vec<Effect>,
) -> Result<(), Refused> {
    if step != open.id {
        return Err(Refused::StepOrder);
    }
    if let Some(StepEffect::Hold) = open.then {
        effects.push(Effect::Hold);
    }
    advance(
        definition,
        next,
        DoneStep {
            id: open.id.clone(),
            evidence,
        },
        effects,
    );
    skip(definition, next, effects);
    Ok(())
}

/// Leaves out the open step for as long as its condition holds.
fn skip(definition: &FlowDefinition, next: &mut FlowState, effects: &mut Vec<Effect>) {
    while let Some(open) = open_step(definition, next)
        && open.skip_if == Some(Condition::Offline)
        && next.offline
    {
        advance(
            definition,
            next,
            DoneStep {
                id: open.id.clone(),
                evidence: None,
            },
            effects,
        );
    }
}

fn advance(definition: &FlowDefinition, next: &mut FlowState, done: DoneStep, effects: &mut Vec<Effect>) {
    next.done.push(done);
    next.attempts_left = None;
    let index = next.done.len();
    if index < definition.steps.len() {
        next.phase = Phase::Open(index);
    } else {
        next.phase = Phase::Completed;
        effects.push(Effect::Complete(definition.effect));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{DEFAULT_BUNDLE, Policy};
    use proptest::prelude::*;
    use quittance_protocol::{FlowId, MandateId, bytes::B64};
    use std::sync::LazyLock;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_unix(1_800_000_000 + second).unwrap()
    }

    fn event(second: i64, author: Author, kind: FlowEventKind) -> FlowEvent {
        FlowEvent {
            at: at(second),
            author,
            kind,
        }
    }

    fn started(definition: &str) -> FlowEvent {
        event(
            0,
            Author::Phone,
            FlowEventKind::Started(FlowStart {
                flow: FlowId::from_bytes([1; 16]),
                definition: definition.to_owned(),
                policy_version: 1,
                mandates: vec![MandateId::from_bytes([2; 16])],
                operation: Digest32::of(b"operation"),
                nonce: B64::from(vec![3; 32]),
            }),
        )
    }

    fn proved(step: &str, author: Author) -> FlowEvent {
        event(
            1,
            author,
            FlowEventKind::FactorProved {
                step: step.to_owned(),
                evidence: Digest32::of(step.as_bytes()),
            },
        )
    }

    fn answered(step: &str) -> FlowEvent {
        event(
            2,
            Author::Phone,
            FlowEventKind::Answered {
                step: step.to_owned(),
                shown: Digest32::of(b"shown"),
            },
        )
    }

    fn offline() -> FlowEvent {
        event(3, Author::Phone, FlowEventKind::WentOffline {})
    }

    /// Read once: the properties below ask for it in every case.
    static SHIPPED: LazyLock<Policy> = LazyLock::new(|| Policy::load(DEFAULT_BUNDLE).unwrap());

    fn quick() -> FlowDefinition {
        SHIPPED.flow("mandate.cancel.quick").unwrap().clone()
    }

    #[test]
    fn the_quick_path_holds_at_the_first_step_then_destroys_at_the_third() {
        let definition = quick();
        let state = begin(&started("mandate.cancel.quick")).unwrap();
        let (state, effects) = step(&definition, &state, &proved("identify", Author::Phone)).unwrap();
        assert_eq!(effects, [Effect::Hold]);
        assert!(has_held(&definition, &state));
        let (state, effects) = step(&definition, &state, &answered("confirm")).unwrap();
        assert_eq!(effects, []);
        let (state, effects) = step(&definition, &state, &proved("payment_pin", Author::Gateway)).unwrap();
        assert_eq!(effects, [Effect::Complete(FlowEffect::Destroy)]);
        assert_eq!(state.phase, Phase::Completed);
    }

    #[test]
    fn offline_the_pin_is_skipped_whenever_the_phone_notices() {
        let definition = quick();
        for log in [
            vec![offline(), proved("identify", Author::Phone), answered("confirm")],
            vec![proved("identify", Author::Phone), offline(), answered("confirm")],
            vec![proved("identify", Author::Phone), answered("confirm"), offline()],
        ] {
            let events: Vec<_> = std::iter::once(started("mandate.cancel.quick")).chain(log).collect();
            assert_eq!(fold(&definition, &events).unwrap().phase, Phase::Completed);
        }
    }

    #[test]
    fn nobody_skips_a_factor_of_a_flow_that_raises_authority() {
        let policy = Policy::load(DEFAULT_BUNDLE).unwrap();
        let sign = policy.flow("mandate.sign").unwrap();
        let state = begin(&started("mandate.sign")).unwrap();
        assert_eq!(step(sign, &state, &offline()), Err(Refused::StepOrder));
    }

    #[test]
    fn the_phone_cannot_say_that_the_pin_was_right() {
        let definition = quick();
        let log = [
            started("mandate.cancel.quick"),
            proved("identify", Author::Phone),
            answered("confirm"),
        ];
        let state = fold(&definition, &log).unwrap();
        assert_eq!(
            step(&definition, &state, &proved("payment_pin", Author::Phone)),
            Err(Refused::Author)
        );
        assert!(step(&definition, &state, &proved("payment_pin", Author::Gateway)).is_ok());
    }

    #[test]
    fn leaving_a_flow_keeps_what_it_held() {
        let definition = quick();
        let log = [
            started("mandate.cancel.quick"),
            proved("identify", Author::Phone),
            event(4, Author::Phone, FlowEventKind::Cancelled {}),
        ];
        let state = fold(&definition, &log).unwrap();
        assert_eq!(state.phase, Phase::Cancelled);
        assert!(has_held(&definition, &state));
    }

    fn any_event() -> impl Strategy<Value = FlowEvent> {
        let name = prop::sample::select(vec!["identify", "confirm", "payment_pin", "other"]);
        let author = prop::sample::select(vec![Author::Phone, Author::Gateway]);
        (0..7u8, name, author).prop_map(|(kind, name, author)| {
            let step = name.to_owned();
            let kind = match kind {
                0 => started("mandate.cancel.quick").kind,
                1 => FlowEventKind::Answered {
                    step,
                    shown: Digest32::of(b"shown"),
                },
                2 | 3 => FlowEventKind::FactorProved {
                    step,
                    evidence: Digest32::of(b"evidence"),
                },
                4 => FlowEventKind::FactorFailed { step, attempts_left: 2 },
                5 => FlowEventKind::WentOffline {},
                _ => FlowEventKind::Cancelled {},
            };
            event(5, author, kind)
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn no_sequence_completes_without_the_phones_proof_at_identify(events in prop::collection::vec(any_event(), 0..12)) {
            let definition = quick();
            let mut state = begin(&started("mandate.cancel.quick")).unwrap();
            let mut identified = false;
            let mut pin = false;
            for event in &events {
                if let Ok((next, _)) = step(&definition, &state, event) {
                    if let FlowEventKind::FactorProved { step, .. } = &event.kind {
                        identified |= step == "identify" && event.author == Author::Phone;
                        pin |= step == "payment_pin" && event.author == Author::Gateway;
                    }
                    state = next;
                }
            }
            if state.phase == Phase::Completed {
                prop_assert!(identified && (pin || state.offline));
            }
        }
    }
}
