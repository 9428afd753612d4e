//! Every run says why it stands where it stands.

use crate::drive::{Facts, at, begun, complete, facts_for, gateway, phone, reach, rules, shipped, taken};
use quittance_flows::definition::{FlowEffect, Next, Party};
use quittance_flows::flow::{self, Because, Coming, Explanation, Found, Phase, Turn, explain};
use quittance_protocol::Quantity;
use quittance_protocol::flow_event::FlowEventKind;
use quittance_protocol::problem::Code;

fn fact(explained: &Explanation) -> &Found {
    match explained.because.as_ref() {
        Some(Because::Holds(found) | Because::Lacks(found) | Because::Exceeds(found)) => found,
        other => panic!("no fact: {other:?}"),
    }
}

fn payers() -> Coming {
    Coming::Turn {
        turn: Turn::Payer,
        within: None,
        silence: None,
    }
}

// R-025 R-325
#[test]
fn an_inserted_step_names_the_fact_that_put_it_there_and_what_comes_after_it() {
    let name = "mandate.cancel.quick";
    let rules = rules(name);
    let state = reach(
        rules,
        name,
        "auto_renewal_off",
        facts_for(shipped(), rules.definition, "auto_renewal_off"),
    );
    let explained = explain(rules, &state);
    assert_eq!(explained.rules, ["R-022", "R-025", "R-027"]);
    assert!(
        matches!(explained.because, Some(Because::Holds(_))),
        "it put the step there"
    );
    let because = fact(&explained);
    assert_eq!((because.fact.as_str(), because.value), ("auto_renewal", Quantity::ONE));
    assert_eq!(because.bound, Quantity::ONE);
    assert_eq!(explained.turn, Some(Turn::Payer));
    assert_eq!(flow::attempts_left(rules, &state), Some(5));
    let ahead: Vec<(&str, &Coming)> = explained
        .ahead
        .iter()
        .map(|ahead| (ahead.step.as_str(), &ahead.what))
        .collect();
    let renewal_off = Coming::Effect(FlowEffect::AutoRenewalOff);
    assert_eq!(
        ahead,
        [
            ("renewal_ends", &renewal_off),
            ("confirm", &payers()),
            ("payment_pin", &payers())
        ]
    );
    assert_eq!(flow::progress(rules, &state), (2, 4));
}

// R-032 R-325
#[test]
fn a_step_of_somebody_else_says_whose_turn_it_is_until_when_and_what_happens_then() {
    let name = "mandate.cancel.mini_program";
    let rules = rules(name);
    let state = reach(rules, name, "release", Facts::new());
    let explained = explain(rules, &state);
    assert_eq!(explained.turn, Some(Turn::Party(Party::Merchant)));
    let until = explained.until.unwrap();
    assert_eq!(
        (until.at, until.then),
        (state.reached_at.plus_seconds(72 * 3_600), Next::GoOn)
    );
    assert_eq!(explained.left_alone_until, None);
    let review = Coming::Turn {
        turn: Turn::Reviewer,
        within: Some("P7D".to_owned()),
        silence: Some(Next::Refuse),
    };
    assert_eq!(
        explained.ahead[0].what, review,
        "who comes next, for how long, and what silence means"
    );
}

// R-046 R-325
#[test]
fn a_refused_run_says_which_comparison_refused_it() {
    let name = "teen.raise_limit";
    let rules = rules(name);
    let facts = Facts::from([
        ("is_guardian".to_owned(), Quantity::ONE),
        ("requested_limit".to_owned(), "50.01".parse().unwrap()),
    ]);
    let state = begun(rules, name, facts, at(0));
    let explained = explain(rules, &state);
    assert_eq!(state.phase, Phase::Refused(Code::TeenLimit));
    assert_eq!(explained.rules, ["R-046"]);
    assert!(matches!(explained.because, Some(Because::Exceeds(_))), "it is too much");
    let because = fact(&explained);
    assert_eq!(because.key.as_deref(), Some("teen.max_per_txn"));
    assert_eq!(
        (because.value.to_string(), because.bound.to_string()),
        ("50.01".to_owned(), "50".to_owned())
    );
    assert_eq!((explained.turn, explained.ahead), (None, vec![]));
}

//
#[test]
fn tries_are_counted_down_to_the_escalation() {
    let name = "mandate.cancel.quick";
    let rules = rules(name);
    let mut state = begun(rules, name, Facts::new(), at(0));
    let mut left = vec![flow::attempts_left(rules, &state)];
    for second in 1..=3 {
        let failed = FlowEventKind::FactorFailed {
            step: "identify".to_owned(),
            today: None,
            attempts_left: None,
        };
        state = taken(rules, &state, &phone(at(second), failed));
        left.push(flow::attempts_left(rules, &state));
    }
    assert_eq!(left, [Some(4), Some(3), Some(2), Some(1)]);
}

//
#[test]
fn waiting_for_contacts_is_the_turn_of_others() {
    let name = "recovery.trusted_contacts";
    let rules = rules(name);
    let state = reach(rules, name, "quorum", facts_for(shipped(), rules.definition, "quorum"));
    let explained = explain(rules, &state);
    assert_eq!(explained.turn, Some(Turn::Others));
    assert_eq!(explained.until.map(|until| until.at), Some(at(30 * 60)));
    let because = fact(&explained);
    assert_eq!(
        (because.fact.as_str(), because.value, because.bound),
        ("contacts_confirmed", Quantity::ZERO, Quantity::whole(2))
    );
}

//
#[test]
fn every_way_to_end_says_what_ended_it() {
    let because = |state: &flow::FlowState, name: &str| explain(rules(name), state).because.unwrap();
    let name = "mandate.cancel.mini_program";
    let asked = reach(rules(name), name, "platform_review", Facts::new());
    let no = FlowEventKind::Reviewed {
        step: "platform_review".to_owned(),
        reviewer: "one".to_owned(),
        approves: false,
    };
    let refused = taken(rules(name), &asked, &gateway(asked.last_at, no));
    assert_eq!(because(&refused, name), Because::SaidNo(Turn::Reviewer));
    let due = flow::due(rules(name), &asked).unwrap();
    let time = FlowEventKind::TimeCame {
        step: "platform_review".to_owned(),
    };
    let late = taken(rules(name), &asked, &gateway(due, time));
    assert_eq!(because(&late, name), Because::Late);
    let objected = taken(rules(name), &asked, &gateway(asked.last_at, FlowEventKind::Objected {}));
    assert_eq!(because(&objected, name), Because::Objected);
    let left = taken(rules(name), &asked, &phone(asked.last_at, FlowEventKind::Cancelled {}));
    assert_eq!(because(&left, name), Because::Left);
    let (done, _) = complete(rules(name), asked);
    assert_eq!(because(&done, name), Because::Complete);

    let name = "mandate.cancel.service";
    let mut state = reach(rules(name), name, "auto_renewal_off", Facts::new());
    for second in 1..=5 {
        let failed = FlowEventKind::FactorFailed {
            step: "auto_renewal_off".to_owned(),
            today: None,
            attempts_left: None,
        };
        state = taken(
            rules(name),
            &state,
            &gateway(state.last_at.plus_seconds(second), failed),
        );
    }
    assert_eq!(because(&state, name), Because::Tries(5));
}
