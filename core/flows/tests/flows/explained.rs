//! Every run says why it stands where it stands.

use crate::drive::{Facts, at, begun, facts_for, phone, reach, rules, shipped, taken};
use quittance_flows::definition::{Next, Party};
use quittance_flows::flow::{self, Turn, explain};
use quittance_protocol::Quantity;
use quittance_protocol::flow_event::FlowEventKind;
use quittance_protocol::problem::Code;

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
    let because = explained.because.unwrap();
    assert_eq!((because.fact.as_str(), because.value), ("auto_renewal", Quantity::ONE));
    assert_eq!((because.comparison, because.bound), ("at_least", Quantity::ONE));
    assert_eq!(explained.turn, Some(Turn::Payer));
    assert_eq!(explained.attempts_left, Some(5));
    let ahead: Vec<&str> = explained.ahead.iter().map(|ahead| ahead.step.as_str()).collect();
    assert_eq!(ahead, ["confirm", "payment_pin"]);
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
    assert_eq!(explained.ahead[0].turn, Turn::Reviewer);
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
    let explained = explain(rules, &begun(rules, name, facts, at(0)));
    assert_eq!(explained.refused, Some(Code::TeenLimit));
    assert_eq!(explained.step.as_deref(), Some("ceiling"));
    let because = explained.because.unwrap();
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
    assert_eq!(explained.because.unwrap().fact, "contacts_confirmed");
}
