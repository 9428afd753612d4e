//! What holds for every shipped definition in every sequence of events: 100,000 random runs for each property, from one
//! seed, and each property with defective engines or mandates that it catches.

use crate::drive::{at, open_id, rules, shipped};
use crate::life::life;
use crate::mutants::{
    Engine, Rule, blocks_the_scheduled_end, blocks_while_held, counts_old_tries, forgets_a_factor,
    forgets_holds_on_undo, hears_everybody, holds_nothing, mixes_steps, never_late, runs_ahead, stands_still, step_of,
    takes_no_hold_once_scheduled, takes_old_findings, takes_repeats,
};
use crate::oracle;
use crate::walk::{Case, Visit, case, walk};
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use quittance_flows::definition::StepKind;
use quittance_flows::flow::{self, Phase, Rules};
use quittance_flows::mandate::{Mandate, MandateEvent};
use quittance_flows::{Hold, HoldOwner};
use quittance_protocol::answer::MandateState;
use quittance_protocol::flow_event::{Author, FlowEvent, FlowEventKind};
use quittance_protocol::log_body::TerminationCause;
use std::cell::RefCell;
use std::collections::BTreeSet;

/// How many random runs show a property.
const CASES: u32 = 100_000;

/// Within how many of them a planted defect has to be found, and every step of every flow has to be come to.
const CONTROL: u32 = 20_000;

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

/// From every state the payer can hold and then end, whatever comes after the hold comes as it would have without it
/// and leaves it standing, and what ends mandates holds them before anybody but the payer is asked.
fn holds_at_once(case: &Case, engine: Engine, step: Rule) -> Result<Vec<Mandate>, String> {
    let (stands, events) = life(case, engine)?;
    for (index, mandate) in stands.iter().enumerate().filter(|(_, mandate)| mandate.is_live()) {
        let pause = MandateEvent::HoldAdded(Hold::new(HoldOwner::Payer, at(0)));
        let held = step(mandate, pause).map_err(|e| format!("pause: {e}"))?;
        let ordered = MandateEvent::Ordered {
            ending: TerminationCause::Payer.by_usual_actor(),
            at: at(0),
        };
        let ended = step(&held, ordered).map_err(|e| format!("end: {e}"))?;
        if ended.is_live() {
            return Err(format!("end: it goes on as {:?}", ended.state));
        }
        let mut later = held;
        for event in std::iter::once(None).chain(events.iter().skip(index).map(Some)) {
            if matches!(event, Some(MandateEvent::HoldLifted(HoldOwner::Payer, _))) {
                break;
            }
            if let Some(event) = event {
                later = step(&later, event.clone()).map_err(|e| format!("blocked: {event:?}: {e}"))?;
            }
            let is_held = later.holds.contains(&HoldOwner::Payer) && later.state != MandateState::Active;
            if later.is_live() && !is_held {
                return Err(format!("lost: after {event:?} it is {:?}", later.state));
            }
        }
    }
    Ok(stands)
}

// R-301 R-302 R-303 R-306 R-310
#[test]
fn from_every_reachable_state_the_payer_can_hold_at_once_and_a_hold_blocks_no_end() {
    let seen = RefCell::new(BTreeSet::new());
    let holds = |case: &Case, engine: Engine, step: Rule| {
        let stands = holds_at_once(case, engine, step)?;
        let states = stands.iter().map(|mandate| format!("{:?}", mandate.state));
        seen.borrow_mut().extend(states);
        Ok(())
    };
    let sound: Rule = Mandate::step;
    assert_eq!(check(CASES, |case| holds(case, flow::step, sound)), Ok(()));
    // Not vacuous: runs began, scheduled, took back, ordered and carried out ends.
    let states = seen.borrow().clone();
    for state in [
        "PendingAuthorization",
        "Provisioning",
        "Active",
        "Suspended",
        "RevocationScheduled",
        "Revoking",
        "Ended",
    ] {
        assert!(states.contains(state), "no mandate was ever {state}: {states:?}");
    }
    // Controls: an engine that forgets to hold, mandates with a defect each.
    for (engine, step, defect) in [
        (holds_nothing as Engine, sound, "beyond the hold"),
        (flow::step, blocks_while_held as Rule, "end: "),
        (flow::step, takes_no_hold_once_scheduled, "pause: "),
        (flow::step, blocks_the_scheduled_end, "blocked: "),
        (flow::step, forgets_holds_on_undo, "lost: "),
    ] {
        let caught = check(CONTROL, |case| holds(case, engine, step)).unwrap_err();
        assert!(caught.contains(defect), "{defect}: {caught}");
    }
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
    assert_eq!(check(CASES, |case| completes_with_evidence(case, flow::step)), Ok(()));
    // Control: an engine that takes one factor as proved is caught.
    assert!(check(CONTROL, |case| completes_with_evidence(case, forgets_a_factor)).is_err());
}

/// Events that must change nothing at this point of a run: what was said before it, what is said at it, what is still
/// to be said.
fn intruders(rules: Rules<'_>, visit: &Visit, said: &[FlowEvent], to_come: &[Visit]) -> Vec<(&'static str, FlowEvent)> {
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
    // What was said before, again. At the step that is still open, a failed try said twice is two failed tries, and so is
    // something handed in; a finding said twice finds the same.
    let open = open_id(rules, &visit.before);
    let repeats = said.iter().filter(|event| {
        let mut kind = event.kind.clone();
        let counts = matches!(
            kind,
            FlowEventKind::FactorFailed { .. } | FlowEventKind::Submitted { .. }
        );
        let again = counts && step_of(&mut kind).cloned() == open;
        let same_finding = matches!(event.kind, FlowEventKind::Found { .. }) && event.at >= visit.before.last_at;
        !again && !same_finding
    });
    intruders.extend(repeats.map(|event| ("replay", event.clone())));
    // What is said later in this very run, before its turn: at a step that is not open yet.
    let ahead = to_come.iter().map(|visit| &visit.event).filter(|event| {
        let mut kind = event.kind.clone();
        step_of(&mut kind).is_some_and(|named| Some(&*named) != open_id(rules, &visit.before).as_ref())
    });
    intruders.extend(ahead.map(|event| ("ahead", event.clone())));
    intruders
}

/// No intruder of these kinds is taken.
fn takes_no_intruder(case: &Case, engine: Engine, kinds: &[&str]) -> Result<(), String> {
    let rules = rules(case.name());
    let (mut said, _, _, visits) = walk(case, flow::step);
    for (index, visit) in visits.iter().enumerate() {
        let to_come = visits.get(index + 1..).unwrap_or_default();
        let intruders = intruders(rules, visit, &said, to_come);
        for (kind, intruder) in intruders.into_iter().filter(|(kind, _)| kinds.contains(kind)) {
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
    let all = ["author", "step", "late", "replay", "ahead"];
    assert_eq!(check(CASES, |case| takes_no_intruder(case, flow::step, &all)), Ok(()));
    // Controls: each defective engine is caught by the intruders of its own kind alone.
    for (engine, kind) in [
        (hears_everybody as Engine, "author"),
        (mixes_steps, "step"),
        (never_late, "late"),
        (takes_repeats, "replay"),
        (counts_old_tries, "replay"),
        (takes_old_findings, "replay"),
        (runs_ahead, "ahead"),
    ] {
        let caught = check(CONTROL, |case| takes_no_intruder(case, engine, &[kind])).unwrap_err();
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
    assert_eq!(check(CASES, |case| ends_agree(case, flow::step)), Ok(()));
    // Control: a phone whose clock stands still is caught.
    assert!(check(CONTROL, |case| ends_agree(case, stands_still)).is_err());
}

//
#[test]
fn the_walks_come_to_every_step_of_every_definition_and_complete_each() {
    let seen = RefCell::new(BTreeSet::new());
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
    assert_eq!(check(CONTROL, note), Ok(()));
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
