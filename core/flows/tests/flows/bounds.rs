//! Every comparator just below, at, just above its bound; every timer, deadline, life a second before, at, after.
//! Nothing is listed here: all of it is read from the shipped definitions.

use crate::drive::{
    EPSILON, at, begun, beside, bound_of, by, comparison_of, definitions, facts_for, gateway, is_found, open_id, phone,
    reach, refused, rules, shipped, success, taken,
};
use quittance_flows::definition::{Comparison, Condition, Next, StepKind};
use quittance_flows::flow::{self, Left, Phase, Rules};
use quittance_flows::{FactorInput, Refused, Step};
use quittance_protocol::Timestamp;
use quittance_protocol::flow_event::FlowEventKind;

/// By arithmetic, not by the engine.
fn expected(comparison: &Comparison, offset: i64) -> bool {
    match comparison {
        Comparison::AtLeast(_) => offset >= 0,
        Comparison::MoreThan(_) => offset > 0,
        Comparison::AtMost(_) => offset <= 0,
        Comparison::LessThan(_) => offset < 0,
    }
}

fn around(comparison: &Comparison, condition: &Condition) -> Vec<(crate::drive::Facts, bool)> {
    let (fact, _) = comparison_of(condition);
    let bound = bound_of(shipped(), comparison);
    [-EPSILON, 0, EPSILON]
        .map(|offset| {
            let facts = crate::drive::Facts::from([(fact.clone(), beside(bound, offset))]);
            (facts, expected(comparison, offset))
        })
        .into()
}

/// Steps with their definition's name.
fn steps() -> Vec<(&'static str, &'static Step)> {
    let all = definitions().into_iter();
    all.flat_map(|(name, definition)| definition.all_steps().map(move |step| (name, step)))
        .collect()
}

fn is_open(rules: Rules<'_>, state: &flow::FlowState, step: &Step) -> bool {
    open_id(rules, state).as_deref() == Some(step.id.as_str())
}

/// The event that says that time came for a step.
fn time_came(step: &Step, at: Timestamp) -> quittance_protocol::flow_event::FlowEvent {
    gateway(at, FlowEventKind::TimeCame { step: step.id.clone() })
}

// R-013 R-046 R-096 R-101 R-103 R-302 R-325 R-332
#[test]
fn every_guard_holds_on_the_right_side_of_its_bound_and_not_on_the_other() {
    let mut tested = 0;
    for (name, step) in steps() {
        let StepKind::Guard(condition) = &step.kind else {
            continue;
        };
        let rules = rules(name);
        let (_, comparison) = comparison_of(condition);
        for (changed, holds) in around(&comparison, condition) {
            let mut facts = facts_for(shipped(), rules.definition, &step.id);
            let fact = comparison_of(condition).0;
            facts.remove(&fact);
            if step.deadline.is_some() {
                // It waits: the finding comes later.
                let state = reach(rules, name, &step.id, facts);
                let later = state.last_at.plus_seconds(1);
                let state = taken(rules, &state, &crate::drive::found(changed, later));
                assert_eq!(is_open(rules, &state, step), !holds, "{name} {}", step.id);
            } else {
                facts.extend(changed);
                let state = begun(rules, name, facts, at(0));
                let state = complete_or_stop(rules, state, step);
                let passed = state.done.iter().any(|done| done.id == step.id);
                assert_eq!(passed, holds, "{name} {}: {:?}", step.id, state.phase);
                assert_eq!(refused(&state), !holds, "{name} {}", step.id);
            }
        }
        tested += 1;
    }
    assert!(tested >= 10, "only {tested} guards were found");
}

/// Goes on until a step is behind or the run is over.
fn complete_or_stop(rules: Rules<'_>, state: flow::FlowState, until: &Step) -> flow::FlowState {
    let mut state = state;
    while state.phase == Phase::Open && !state.done.iter().any(|done| done.id == until.id) {
        let event = success(rules, &state, state.last_at.plus_seconds(1));
        state = taken(rules, &state, &event);
    }
    state
}

// R-025 R-049 R-098 R-325
#[test]
fn every_insertion_happens_on_the_right_side_of_its_bound_and_not_on_the_other() {
    let mut tested = 0;
    for (name, step) in steps() {
        let Some(condition) = step.insert_if.as_ref().filter(|condition| is_found(condition)) else {
            continue;
        };
        let rules = rules(name);
        let (fact, comparison) = comparison_of(condition);
        for (changed, holds) in around(&comparison, condition) {
            let mut facts = facts_for(shipped(), rules.definition, &step.id);
            facts.remove(&fact);
            facts.extend(changed);
            let (state, _) = crate::drive::complete(rules, begun(rules, name, facts, at(0)));
            let there = state.done.iter().any(|done| done.id == step.id);
            assert_eq!(there, holds, "{name} {}", step.id);
        }
        tested += 1;
    }
    assert!(tested >= 8, "only {tested} insertions were found");
}

// R-047 R-325
#[test]
fn every_skip_happens_on_the_right_side_of_its_bound_and_not_on_the_other() {
    let mut tested = 0;
    for (name, step) in steps() {
        let Some(condition) = step.skip_if.as_ref().filter(|condition| is_found(condition)) else {
            continue;
        };
        let rules = rules(name);
        let (_, comparison) = comparison_of(condition);
        for (changed, holds) in around(&comparison, condition) {
            let mut facts = facts_for(shipped(), rules.definition, &step.id);
            facts.extend(changed);
            let (state, _) = crate::drive::complete(rules, begun(rules, name, facts, at(0)));
            let left = state.done.iter().find(|done| done.id == step.id).unwrap().left;
            assert_eq!(left == Left::Skipped, holds, "{name} {}", step.id);
        }
        tested += 1;
    }
    assert!(tested >= 1, "no skip was found");
}

// R-019 R-025 R-325
#[test]
fn every_offline_skip_happens_when_the_phone_says_so_and_not_before() {
    let mut tested = 0;
    for (name, step) in steps() {
        let Some(condition) = &step.skip_if else { continue };
        if is_found(condition) {
            continue;
        }
        let rules = rules(name);
        let state = reach(rules, name, &step.id, facts_for(shipped(), rules.definition, &step.id));
        let offline = phone(state.last_at, FlowEventKind::WentOffline {});
        let after = taken(rules, &state, &offline);
        assert!(
            is_open(rules, &state, step) && !is_open(rules, &after, step),
            "{name} {}",
            step.id
        );
        tested += 1;
    }
    assert!(tested >= 3, "only {tested} offline skips were found");
}

// R-026 R-038 R-060
#[test]
fn every_budget_of_tries_holds_up_to_its_bound_and_not_a_try_longer() {
    let mut tested = 0;
    for (name, step) in steps() {
        let (Some(tries), StepKind::Factor(factor)) = (&step.tries, &step.kind) else {
            continue;
        };
        let rules = rules(name);
        let bound = bound_of(shipped(), &tries.failures).trunc();
        let last = match tries.failures {
            Comparison::MoreThan(_) => bound + 1,
            _ => bound,
        };
        let mut state = reach(rules, name, &step.id, facts_for(shipped(), rules.definition, &step.id));
        assert_eq!(
            flow::attempts_left(rules, &state),
            u32::try_from(last).ok(),
            "{name} {}",
            step.id
        );
        for failure in 1..=last {
            assert!(
                is_open(rules, &state, step),
                "{name} {} before failure {failure}",
                step.id
            );
            let failed = FlowEventKind::FactorFailed {
                step: step.id.clone(),
                today: None,
                attempts_left: None,
            };
            state = taken(
                rules,
                &state,
                &by(factor.author(), state.last_at.plus_seconds(1), failed),
            );
        }
        match tries.then {
            Next::Stay => assert!(is_open(rules, &state, step), "{name} {}", step.id),
            Next::Refuse => assert!(refused(&state), "{name} {}", step.id),
            Next::Otherwise => {
                let left = state.done.iter().find(|done| done.id == step.id).unwrap().left;
                assert_eq!(left, Left::GaveWay, "{name} {}", step.id);
            }
            Next::GoOn | Next::Expire => panic!("{name} {}: no factor does so", step.id),
        }
        tested += 1;
    }
    assert!(tested >= 15, "only {tested} budgets were found");
}

// R-110 R-111
#[test]
fn every_timer_is_over_at_its_second_and_not_one_earlier() {
    let mut tested = 0;
    for (name, step) in steps() {
        let StepKind::Timer(_) = step.kind else { continue };
        let rules = rules(name);
        let state = reach(rules, name, &step.id, facts_for(shipped(), rules.definition, &step.id));
        let due = flow::due(rules, &state).unwrap();
        let early = flow::step(rules, &state, &time_came(step, due.plus_seconds(-1)));
        assert_eq!(early.map(|_| ()), Err(Refused::TooEarly), "{name} {}", step.id);
        for late in [0, 1] {
            let after = taken(rules, &state, &time_came(step, due.plus_seconds(late)));
            assert!(!is_open(rules, &after, step), "{name} {}", step.id);
        }
        tested += 1;
    }
    assert!(tested >= 1, "no timer was found");
}

// R-019 R-032 R-047 R-108 R-109 R-111
#[test]
fn every_deadline_lets_the_second_before_pass_and_none_from_it_on() {
    let mut tested = 0;
    for (name, step) in steps() {
        let Some(deadline) = &step.deadline else { continue };
        let rules = rules(name);
        let state = reach(rules, name, &step.id, facts_for(shipped(), rules.definition, &step.id));
        let end = flow::deadline(rules, &state).unwrap();
        let label = format!("{name} {}", step.id);

        let in_time = taken(rules, &state, &success(rules, &state, end.plus_seconds(-1)));
        assert!(!is_open(rules, &in_time, step), "{label}");
        for late in [0, 1] {
            let event = success(rules, &state, end.plus_seconds(late));
            match flow::step(rules, &state, &event) {
                // A finding is noted, and moves nothing.
                Ok((after, _)) => assert!(is_open(rules, &after, step), "{label}"),
                Err(refused) => assert_eq!(refused, Refused::TooLate, "{label}"),
            }
        }

        let early = flow::step(rules, &state, &time_came(step, end.plus_seconds(-1)));
        assert_eq!(early.map(|_| ()), Err(Refused::TooEarly), "{label}");
        for late in [0, 1] {
            let after = taken(rules, &state, &time_came(step, end.plus_seconds(late)));
            assert!(!is_open(rules, &after, step), "{label}");
            match rules.next_of(&deadline.then).unwrap() {
                Next::Refuse => assert!(refused(&after), "{label}"),
                Next::Expire => assert_eq!(after.phase, Phase::Expired, "{label}"),
                Next::GoOn => assert!(after.done.iter().any(|done| done.id == step.id), "{label}"),
                // What stands in for it is done or open; the step itself gave way.
                Next::Otherwise => {
                    let stands_in = |id: &str| step.otherwise.iter().any(|other| other.id == id);
                    let done = after.done.iter().any(|done| stands_in(&done.id));
                    let open = flow::open_step(rules.definition, &after).is_some_and(|open| stands_in(&open.id));
                    assert!(after.phase == Phase::Open && (done || open), "{label}");
                }
                Next::Stay => panic!("{label}: say what that means here"),
            }
        }
        tested += 1;
    }
    assert!(tested >= 15, "only {tested} deadlines were found");
}

// R-325 R-326
#[test]
fn every_step_that_the_payer_leaves_alone_ends_the_run_at_its_second_and_not_one_earlier() {
    let mut tested = 0;
    for (name, step) in steps() {
        if !step.asks_payer() {
            continue;
        }
        let rules = rules(name);
        let mut states = vec![reach(
            rules,
            name,
            &step.id,
            facts_for(shipped(), rules.definition, &step.id),
        )];
        if crate::drive::is_handed_in(step) {
            let handed_in = FlowEventKind::Submitted {
                step: step.id.clone(),
                evidence: quittance_protocol::Digest32::of(b"images"),
            };
            states.push(taken(rules, &states[0], &phone(states[0].last_at, handed_in)));
        }
        for state in states {
            let end = flow::ends_at(rules, &state).unwrap();
            let expired = |second| gateway(end.plus_seconds(second), FlowEventKind::Expired {});
            let early = flow::step(rules, &state, &expired(-1));
            assert_eq!(early.map(|_| ()), Err(Refused::TooEarly), "{name} {}", step.id);
            for late in [0, 1] {
                assert_eq!(
                    taken(rules, &state, &expired(late)).phase,
                    Phase::Expired,
                    "{name} {}",
                    step.id
                );
            }
            tested += 1;
        }
    }
    assert!(tested >= 40, "only {tested} steps were found");
}

//
#[test]
fn whatever_is_open_has_a_moment_that_ends_it() {
    for (name, step) in steps() {
        let waits = match &step.kind {
            StepKind::Effect(_) | StepKind::Notify(_) => false,
            StepKind::Guard(_) => step.deadline.is_some(),
            _ => true,
        };
        if waits {
            let rules = rules(name);
            let state = reach(rules, name, &step.id, facts_for(shipped(), rules.definition, &step.id));
            let ends = flow::due(rules, &state).or(flow::ends_at(rules, &state));
            assert!(ends.is_some(), "{name} {}", step.id);
        }
    }
}

//
#[test]
fn every_code_can_be_sent_again_after_its_time_and_not_a_second_earlier() {
    let mut tested = 0;
    for (name, step) in steps() {
        if !matches!(step.kind, StepKind::Factor(factor) if factor.input() == FactorInput::Code) {
            continue;
        }
        let rules = rules(name);
        let state = reach(rules, name, &step.id, facts_for(shipped(), rules.definition, &step.id));
        let sent = |at| gateway(at, FlowEventKind::Sent { step: step.id.clone() });
        let first = state.last_at;
        let state = taken(rules, &state, &sent(first));
        let again = shipped().moment("otp.resend_after", first).unwrap();
        let early = flow::step(rules, &state, &sent(again.plus_seconds(-1)));
        assert_eq!(early.map(|_| ()), Err(Refused::TooEarly), "{name} {}", step.id);
        taken(rules, &state, &sent(again));
        tested += 1;
    }
    assert!(tested >= 3, "only {tested} codes were found");
}
