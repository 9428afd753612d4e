//! A flow that nobody foresaw: a mandate ended at a counter, added by data alone.

use crate::drive::{Facts, at, begun, gateway, open_id, reach, rules_of, success, taken};
use quittance_flows::definition::FlowEffect;
use quittance_flows::flow::{self, Effect, Phase};
use quittance_flows::policy::DEFAULT_BUNDLE;
use quittance_flows::routes::{Subject, routes};
use quittance_flows::{FactorKind, Policy, Refused};
use quittance_protocol::answer::{EnrolmentKind, MandateState};
use quittance_protocol::flow_event::FlowEventKind;
use quittance_protocol::log_body::TerminationCause;
use quittance_protocol::problem::Code;
use quittance_protocol::statement::Channel;
use std::collections::BTreeMap;

const NAME: &str = "mandate.cancel.in_person";

/// How to write a flow; its example is the definition that these tests add.
const PAGE: &str = include_str!("../../../../docs/flows.md");

fn policy() -> Policy {
    let (_, page) = PAGE.split_once("```json\n").unwrap();
    let (example, _) = page.split_once("```").unwrap();
    let next = "\"mandate.resume\": {";
    assert_eq!(DEFAULT_BUNDLE.matches(next).count(), 1);
    Policy::load(&DEFAULT_BUNDLE.replace(next, &format!("{example},\n{next}"))).unwrap()
}

// R-325
#[test]
fn a_new_flow_runs_end_to_end_without_a_line_of_code() {
    let policy = policy();
    let rules = rules_of(&policy, NAME);
    let start = begun(rules, NAME, Facts::new(), at(0));
    let (held, effects) = flow::step(rules, &start, &success(rules, &start, at(1))).unwrap();
    assert_eq!(effects[0], Effect::Do(FlowEffect::Hold));
    let early = gateway(
        at(2),
        FlowEventKind::TimeCame {
            step: "at_the_counter".to_owned(),
        },
    );
    assert_eq!(flow::step(rules, &held, &early).map(|_| ()), Err(Refused::TooEarly));
    let clerk = taken(rules, &held, &success(rules, &held, at(2)));
    assert_eq!(open_id(rules, &clerk).as_deref(), Some("clerk"));
    let decided = success(rules, &clerk, clerk.last_at.plus_seconds(60));
    let (done, effects) = flow::step(rules, &clerk, &decided).unwrap();
    assert_eq!(done.phase, Phase::Completed);
    assert_eq!(
        effects,
        [
            Effect::Notify("cancel.in_person.done".to_owned()),
            Effect::Complete(FlowEffect::Destroy)
        ]
    );
    assert!(
        !flow::ends_with_payer(rules.definition, &done),
        "the clerk did the last step"
    );
    assert_eq!(rules.definition.cause, Some(TerminationCause::Assisted));
}

// R-325 R-328
#[test]
fn its_own_escalation_works_and_its_own_refusal_says_why() {
    let policy = policy();
    let rules = rules_of(&policy, NAME);
    let overseas = Facts::from([("overseas".to_owned(), quittance_protocol::Quantity::ONE)]);
    let mut state = reach(rules, NAME, "passport.video", overseas);
    for second in 1..=3 {
        let failed = FlowEventKind::FactorFailed {
            step: "passport.video".to_owned(),
            today: None,
            attempts_left: None,
        };
        state = taken(rules, &state, &gateway(state.last_at.plus_seconds(second), failed));
    }
    assert_eq!(state.phase, Phase::Refused(Code::BudgetExhausted));
}

// R-004 R-325
#[test]
fn the_routes_know_it_as_soon_as_the_bundle_does() {
    let policy = policy();
    let subject = Subject {
        state: MandateState::Active,
        channel: Channel::App,
        enrolment: EnrolmentKind::PayerSigned,
        auto_renewal: false,
    };
    let facts = BTreeMap::from([("overseas".to_owned(), quittance_protocol::Quantity::ONE)]);
    let routes = routes(&policy, &subject, &facts, at(0)).unwrap();
    let ours = routes.iter().find(|route| route.definition == NAME).unwrap();
    assert_eq!((ours.closed, ours.steps), (None, 3));
    assert_eq!(ours.factors, [FactorKind::Passport]);
}
