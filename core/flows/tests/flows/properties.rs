//! What holds for every shipped definition in every sequence of events: 100,000 runs, each rule with a defective engine
//! that it catches.

use crate::drive::{at, open_id, rules, shipped};
use crate::mutants::{
    Engine, forgets_a_factor, hears_everybody, holds_nothing, mixes_steps, never_late, stands_still, step_of,
};
use crate::oracle;
use crate::walk::{Case, Visit, case, walk};
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use quittance_flows::definition::{FlowEffect, StepKind};
use quittance_flows::flow::{self, Effect, Phase, Rules};
use quittance_flows::mandate::{Mandate, MandateEvent};
use quittance_flows::{Hold, HoldOwner};
use quittance_protocol::flow_event::{Author, FlowEvent, FlowEventKind};
use quittance_protocol::log_body::TerminationCause;

/// Runs a check on so many random cases; the first violation is the answer.
fn check(cases: u32, property: impl Fn(&Case) -> Result<(), String>) -> Result<(), String> {
    let config = Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    };
    let mut runner = TestRunner::new_with_rng(config, TestRunner::deterministic().new_rng());
    runner
        .run(&case(), |case| property(&case).map_err(TestCaseError::fail))
        .map_err(|failure| failure.to_string())
}

/// From every state the payer can hold, the hold keeps no end from coming, and what ends mandates holds them before
/// anybody but the payer is asked.
fn holds_at_once(case: &Case, begin: fn() -> Mandate, engine: Engine) -> Result<(), String> {
    let rules = rules(case.name());
    let hold = |step: &quittance_flows::Step| step.kind == StepKind::Effect(FlowEffect::Hold);
    let beyond: Vec<&str> = rules
        .definition
        .all_steps()
        .skip_while(|step| !hold(step))
        .map(|step| step.id.as_str())
        .collect();
    let (_, begun, first, visits) = walk(case, engine);
    let mut mandate = begin();
    let states = std::iter::once((begun, first)).chain(visits.into_iter().map(|visit| (visit.after, visit.effects)));
    for (state, effects) in states {
        if effects.contains(&Effect::Do(FlowEffect::Hold)) {
            let hold = Hold::new(HoldOwner::Revocation, state.last_at);
            mandate = mandate
                .step(MandateEvent::HoldAdded(hold))
                .map_err(|e| format!("hold: {e}"))?;
        }
        let by_payer = MandateEvent::HoldAdded(Hold::new(HoldOwner::Payer, state.last_at));
        let held = mandate.step(by_payer).map_err(|e| format!("pause: {e}"))?;
        let ordered = held.step(MandateEvent::Ordered {
            ending: TerminationCause::Payer.by_usual_actor(),
            at: state.last_at,
        });
        ordered.map_err(|e| format!("end: {e}"))?;
        let open = open_id(rules, &state);
        let is_beyond = beyond
            .iter()
            .any(|id| open.as_deref() == Some(id) || state.done.iter().any(|done| done.id == *id));
        if is_beyond && !mandate.holds.contains(&HoldOwner::Revocation) {
            return Err(format!("{}: beyond the hold, nothing is held", case.name()));
        }
    }
    Ok(())
}

// R-301 R-303 R-306 R-310
#[test]
fn from_every_reachable_state_the_payer_can_hold_at_once_and_a_hold_blocks_no_end() {
    let active = || Mandate::provisioning().step(MandateEvent::Activated).unwrap();
    assert_eq!(check(20_000, |case| holds_at_once(case, active, flow::step)), Ok(()));
    // Controls: a mandate that takes no hold because it is ending, an engine that forgets to hold.
    let ending = || {
        let ending = TerminationCause::Payer.by_usual_actor();
        Mandate::provisioning()
            .step(MandateEvent::Ordered { ending, at: at(0) })
            .unwrap()
    };
    let caught = check(100, |case| holds_at_once(case, ending, flow::step)).unwrap_err();
    assert!(caught.contains("pause: ") || caught.contains("hold: "), "{caught}");
    let caught = check(5_000, |case| holds_at_once(case, active, holds_nothing)).unwrap_err();
    assert!(caught.contains("beyond the hold"), "{caught}");
}

/// A complete run has evidence for everything on its path, by those who may say it.
fn completes_with_evidence(case: &Case, engine: Engine) -> Result<(), String> {
    let rules = rules(case.name());
    let (mut log, _, _, visits) = walk(case, engine);
    let Some(last) = visits.last().map(|visit| visit.after.clone()) else {
        return Ok(());
    };
    log.extend(visits.into_iter().map(|visit| visit.event));
    match last.phase {
        Phase::Completed => oracle::prove(rules, &log),
        _ => Ok(()),
    }
}

// R-012 R-327 R-328
#[test]
fn no_sequence_of_events_completes_without_evidence_for_each_required_proof() {
    assert_eq!(check(30_000, |case| completes_with_evidence(case, flow::step)), Ok(()));
    // Control: an engine that takes one factor as proved is caught.
    assert!(check(20_000, |case| completes_with_evidence(case, forgets_a_factor)).is_err());
}

/// Events that must change nothing at this point of a run.
fn intruders(rules: Rules<'_>, visit: &Visit, said: &[FlowEvent]) -> Vec<(&'static str, FlowEvent)> {
    let mut intruders = Vec::new();
    let wrong_author = |event: &FlowEvent| FlowEvent {
        author: match event.author {
            Author::Phone => Author::Gateway,
            Author::Gateway => Author::Phone,
        },
        ..event.clone()
    };
    // What was taken here, by somebody else.
    intruders.push(("author", wrong_author(&visit.event)));
    // What was taken here, for a step that is not open.
    for step in rules
        .definition
        .all_steps()
        .filter(|step| Some(&step.id) != open_id(rules, &visit.before).as_ref())
    {
        let mut foreign = visit.event.clone();
        if let Some(named) = step_of(&mut foreign.kind) {
            named.clone_from(&step.id);
            intruders.push(("step", foreign));
        }
    }
    // What was taken here, after the deadline.
    if let Some(end) = flow::deadline(rules, &visit.before)
        && !matches!(
            visit.event.kind,
            FlowEventKind::TimeCame { .. } | FlowEventKind::Found { .. }
        )
        && step_of(&mut visit.event.kind.clone()).is_some()
    {
        let at = end.max(visit.before.last_at);
        intruders.push((
            "late",
            FlowEvent {
                at,
                ..visit.event.clone()
            },
        ));
    }
    // What was said before, again. A failed try said twice is two failed tries; a finding said twice finds the same.
    let repeats = said.iter().filter(|event| {
        let again = matches!(
            event.kind,
            FlowEventKind::FactorFailed { .. } | FlowEventKind::Submitted { .. }
        );
        let same_finding = matches!(event.kind, FlowEventKind::Found { .. }) && event.at >= visit.before.last_at;
        !again && !same_finding
    });
    intruders.extend(repeats.map(|event| ("replay", event.clone())));
    intruders
}

fn takes_no_intruder(case: &Case, engine: Engine) -> Result<(), String> {
    let rules = rules(case.name());
    let (mut said, _, _, visits) = walk(case, flow::step);
    for visit in &visits {
        for (kind, intruder) in intruders(rules, visit, &said) {
            if engine(rules, &visit.before, &intruder).is_ok() {
                return Err(format!("{}: {kind}: {intruder:?}", case.name()));
            }
        }
        said.push(visit.event.clone());
    }
    Ok(())
}

// R-304 R-327
#[test]
fn replayed_reordered_foreign_late_events_and_those_of_wrong_authors_change_nothing() {
    assert_eq!(check(15_000, |case| takes_no_intruder(case, flow::step)), Ok(()));
    // Controls: each defective engine is caught, for its own defect.
    for (engine, kind) in [
        (hears_everybody as Engine, "author"),
        (mixes_steps, "step"),
        (never_late, "late"),
    ] {
        let caught = check(5_000, |case| takes_no_intruder(case, engine)).unwrap_err();
        assert!(caught.contains(&format!(": {kind}: ")), "{kind}: {caught}");
    }
}

/// The gateway takes event by event; the phone reads each from the wire; somebody dies in the middle and folds anew.
fn ends_agree(case: &Case, phones: Engine) -> Result<(), String> {
    let rules = rules(case.name());
    let (head, begun, _, visits) = walk(case, flow::step);
    let mut log = head;
    let mut on_phone = begun;
    for (index, visit) in visits.iter().enumerate() {
        let wire = serde_json::to_string(&visit.event).map_err(|e| e.to_string())?;
        let read: FlowEvent = serde_json::from_str(&wire).map_err(|e| e.to_string())?;
        on_phone = phones(rules, &on_phone, &read)
            .map_err(|e| format!("{}: {e}", case.name()))?
            .0;
        log.push(read);
        if index == case.cut {
            // Killed: only the log is left, and what was said has no more effects.
            on_phone = flow::fold(rules, &log).map_err(|e| e.to_string())?;
        }
        if on_phone != visit.after {
            return Err(format!("{}: they differ after {wire}", case.name()));
        }
    }
    match (flow::fold(rules, &log), visits.last()) {
        (Ok(folded), Some(last)) if folded != last.after => Err(format!("{}: the fold differs", case.name())),
        (Err(refused), _) => Err(refused.to_string()),
        _ => Ok(()),
    }
}

// R-325 R-326 R-329
#[test]
fn phone_and_gateway_agree_after_every_event_and_dying_at_any_of_them_changes_nothing() {
    assert_eq!(check(20_000, |case| ends_agree(case, flow::step)), Ok(()));
    // Control: a phone whose clock stands still is caught.
    assert!(check(5_000, |case| ends_agree(case, stands_still)).is_err());
}

//
#[test]
fn the_walks_come_to_every_step_of_every_definition_and_complete_each() {
    let seen = std::cell::RefCell::new(std::collections::BTreeSet::new());
    let note = |case: &Case| {
        let rules = rules(case.name());
        let (_, begun, _, visits) = walk(case, flow::step);
        let mut seen = seen.borrow_mut();
        for state in std::iter::once(&begun).chain(visits.iter().map(|visit| &visit.after)) {
            let open = open_id(rules, state).unwrap_or(format!("{:?}", state.phase));
            seen.insert((case.name(), open));
        }
        Ok(())
    };
    assert_eq!(check(15_000, note), Ok(()));
    let seen = seen.into_inner();
    let waits = |kind: &StepKind| !matches!(kind, StepKind::Effect(_) | StepKind::Notify(_) | StepKind::Guard(_));
    let mut missed = Vec::new();
    for (name, definition) in shipped().definitions() {
        for step in definition.all_steps().filter(|step| waits(&step.kind)) {
            if !seen.contains(&(name, step.id.clone())) {
                missed.push(format!("{name} {}", step.id));
            }
        }
        if !seen.contains(&(name, "Completed".to_owned())) {
            missed.push(format!("{name} Completed"));
        }
    }
    assert_eq!(missed, Vec::<String>::new(), "steps that no walk came to");
}
