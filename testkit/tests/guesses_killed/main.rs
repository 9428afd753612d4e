//! A guess that a gateway has counted stays counted, wherever it is killed before it answers.
#![cfg(test)]

mod attacker;
mod siege;

use attacker::Counter;
use quittance_testkit::planted::{ANSWERS_BEFORE_COMMIT, Bug, Change};
use quittance_testkit::story::Casting;
use siege::{Heard, Siege};
use std::collections::BTreeSet;

/// A guess costs nothing until it is counted, and from then on one, whether its answer was heard or not. What was not heard
/// can be heard later, by the same statements, in place of no other guess.
async fn must_keep_count(counter: Counter) {
    let siege = Siege::lay().await;
    let budget = counter.budget();
    let heard = siege.killed_before_each_step(counter).await;
    let went = |before, after, late| Heard { before, after, late };
    let (not_counted, not_answered, answered) = (went(0, budget, 0), went(0, budget - 1, 1), went(1, budget - 1, 0));
    let expected = BTreeSet::from([&not_counted, &not_answered, &answered]);
    assert_eq!(heard.keys().collect::<BTreeSet<_>>(), expected, "{counter:?}");
}

//
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guess_at_the_payment_pin_that_was_counted_stays_counted_wherever_the_gateway_is_killed() {
    must_keep_count(Counter::PaymentPin).await;
}

//
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guess_at_the_lock_password_that_was_counted_stays_counted_wherever_the_gateway_is_killed() {
    must_keep_count(Counter::LockPassword).await;
}

//
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guess_at_a_one_time_code_that_was_counted_stays_counted_wherever_the_gateway_is_killed() {
    must_keep_count(Counter::OneTimeCode).await;
}

//
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_quiz_that_was_counted_stays_counted_wherever_the_gateway_is_killed() {
    must_keep_count(Counter::Quiz).await;
}

/// What is counted is committed after the answer. A quiz counts when it begins, long before it is judged, so that this alone
/// would give none back: here it counts when it is judged.
fn counts_late() -> Bug {
    Bug {
        name: "counts-late",
        version: "0.1.5",
        changes: &[
            ANSWERS_BEFORE_COMMIT,
            Change {
                file: "gateway/src/flows/facts.rs",
                right: "let mut begun = u32::from(!self.begun);",
                wrong: "let mut begun = u32::from(!self.begun).max(1);",
            },
            Change {
                file: "gateway/src/store/profiles.rs",
                right: "            .filter_map(|flow| flow.events.first())\n",
                wrong: "            .filter(|flow| {\n                let is_judged = |kind| matches!(kind, &quittance_protocol::flow_event::FlowEventKind::Answered { .. });\n                flow.events.iter().any(|event| is_judged(&event.kind))\n            })\n            .filter_map(|flow| flow.events.first())\n",
            },
        ],
        programs: Casting {
            gateway_program: Some("gateway-counts-late"),
            phone_program: Some("phone-beside-late-counts"),
            ..Casting::default()
        },
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn control_a_gateway_that_counts_once_it_has_answered_gives_guesses_back() {
    let bug = counts_late();
    let programs = bug.plant().expect("the copy is built");
    let mut siege = Siege::lay().await;
    siege.setup.program = programs.path(bug.programs.gateway_program.expect("a name of its own"));
    for counter in Counter::ALL {
        let harmed = siege.first_harm(counter).await;
        println!("{counter:?}: found at step {harmed:?}");
        assert!(harmed.is_some(), "{counter:?}: killed before each step, and not found");
    }
}

#[test]
fn the_bug_has_its_places_to_be_planted() {
    counts_late().fits().expect("each change has its place");
}
