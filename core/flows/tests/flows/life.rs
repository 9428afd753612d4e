//! What a run, and what follows it, does to the mandate that it is about.

use crate::drive::{at, open_id, rules};
use crate::mutants::Engine;
use crate::walk::{Case, walk};
use quittance_flows::definition::{FlowEffect, StepKind};
use quittance_flows::flow::{Effect, Rules};
use quittance_flows::mandate::{Mandate, MandateEvent};
use quittance_flows::{Hold, HoldOwner, routes};
use quittance_protocol::Timestamp;
use quittance_protocol::log_body::{Actor, TerminationCause};

/// Everything that a run, and what follows it, does to its mandate. Returns the mandate before each of these events and
/// after the last, with the events.
pub(crate) fn life(case: &Case, engine: Engine) -> Result<(Vec<Mandate>, Vec<MandateEvent>), String> {
    let rules = rules(case.name());
    let (_, begun, first, visits) = walk(case, engine);
    let mut mandate = begins(case);
    let (mut stands, mut events) = (vec![mandate.clone()], Vec::new());
    let states = std::iter::once((begun, first)).chain(visits.into_iter().map(|visit| (visit.after, visit.effects)));
    let beyond = beyond_the_hold(rules);
    for (state, effects) in states {
        for event in brought_about(rules, state.last_at, &effects) {
            let next = mandate.step(event.clone());
            mandate = next.map_err(|e| format!("{}: {event:?}: {e}", case.name()))?;
            stands.push(mandate.clone());
            events.push(event);
        }
        let open = open_id(rules, &state);
        let is_beyond = beyond
            .iter()
            .any(|id| open.as_deref() == Some(id) || state.done.iter().any(|done| done.id == *id));
        if is_beyond && !mandate.holds.contains(&HoldOwner::Revocation) {
            return Err(format!("{}: beyond the hold, nothing is held", case.name()));
        }
    }
    for event in follows(case, &mandate) {
        // What comes too late changes nothing.
        if let Ok(next) = mandate.step(event.clone()) {
            mandate = next;
            stands.push(mandate.clone());
            events.push(event);
        }
    }
    Ok((stands, events))
}

/// The mandate that a run is about, in every state in which it can be the subject of such a run.
fn begins(case: &Case) -> Mandate {
    let to = |mandate: Mandate, event| mandate.step(event).unwrap();
    let active = || to(Mandate::provisioning(), MandateEvent::Activated);
    let scheduled = || {
        let ending = TerminationCause::Payer.by_usual_actor();
        let (at, due) = (at(0), at(86_400));
        to(active(), MandateEvent::Scheduled { ending, at, due })
    };
    let held = |owner| to(active(), MandateEvent::HoldAdded(Hold::new(owner, at(0))));
    let rules = rules(case.name());
    match rules.definition.effect {
        FlowEffect::Provision => to(Mandate::draft(), MandateEvent::SigningStarted),
        FlowEffect::Undo => scheduled(),
        FlowEffect::LiftPause => held(HoldOwner::Payer),
        _ => match case.cut % 4 {
            0 => active(),
            1 => held(HoldOwner::SafetyLock),
            2 => Mandate::provisioning(),
            // Only a way without a wait brings an end forward.
            _ if routes::waits(rules.policy, rules.definition) => active(),
            _ => scheduled(),
        },
    }
}

/// What a run's effects do to its mandate, as the gateway carries them out.
fn brought_about(rules: Rules<'_>, at: Timestamp, effects: &[Effect]) -> Vec<MandateEvent> {
    let mut events = Vec::new();
    for effect in effects {
        match effect {
            Effect::Do(FlowEffect::Hold) => {
                events.push(MandateEvent::HoldAdded(Hold::new(HoldOwner::Revocation, at)));
            }
            Effect::Complete(FlowEffect::Destroy) => {
                let ending = TerminationCause::Payer.by_usual_actor();
                let effective = rules.definition.effective.as_deref();
                let due = effective.map_or(at, |key| rules.policy.moment(key, at).unwrap());
                events.push(if due > at {
                    MandateEvent::Scheduled { ending, at, due }
                } else {
                    MandateEvent::Ordered { ending, at }
                });
            }
            Effect::Complete(FlowEffect::Undo) => events.push(MandateEvent::Undone { at }),
            Effect::Complete(FlowEffect::LiftPause) => {
                events.push(MandateEvent::HoldLifted(HoldOwner::Payer, Actor::Payer));
            }
            Effect::Complete(FlowEffect::Provision) => {
                events.extend([MandateEvent::Authorized { bank: false }, MandateEvent::Activated]);
            }
            _ => {}
        }
    }
    events
}

/// What time and the payer do to a mandate after its run.
fn follows(case: &Case, mandate: &Mandate) -> Vec<MandateEvent> {
    let Some(due) = mandate.scheduled.map(|scheduled| scheduled.due) else {
        return vec![MandateEvent::HalfDestroyed];
    };
    let mut events = match case.cut % 3 {
        0 => vec![MandateEvent::Undone {
            at: due.plus_seconds(-1),
        }],
        1 => vec![MandateEvent::Undone { at: due }],
        _ => Vec::new(),
    };
    events.extend([MandateEvent::Due { at: due }, MandateEvent::HalfDestroyed]);
    events
}

/// The steps after the hold of a definition.
fn beyond_the_hold(rules: Rules<'_>) -> Vec<&str> {
    let hold = |step: &quittance_flows::Step| step.kind == StepKind::Effect(FlowEffect::Hold);
    let beyond = rules.definition.all_steps().skip_while(|step| !hold(step));
    beyond.map(|step| step.id.as_str()).collect()
}
