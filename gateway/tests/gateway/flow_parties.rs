//! Outside parties that decide: the bank by link with back channel, the merchant who releases (R-019, R-032).

use quittance_flows::Phase;
use quittance_gateway::parties::Party;
use quittance_protocol::answer::{Asking, FlowLog, MandateState};
use quittance_protocol::statement::{Channel, StepAnswer};
use quittance_protocol::{B64, Code};

use crate::support::House;
use crate::support::phone::{Flow, Phone, Token};
use crate::support::runs::{open, phase};

const HOUR: i64 = 3_600;

/// The quick route of a bank's mandate, at the jump.
async fn at_the_bank(phone: &Phone<'_>) -> (Flow, Token) {
    let token = phone.sign_for(Channel::Bank).await;
    let flow = phone.begin_lowering("mandate.cancel.quick", &[token.mandate]).await;
    phone.identify(&flow).await;
    phone.confirm(&flow, "confirm").await;
    let log = phone.prove_pin(&flow).await;
    assert_eq!(open(&log), "bank.jump");
    (flow, token)
}

fn returned(flow: &Flow, outcome: &str) -> StepAnswer {
    StepAnswer::Returned {
        state: flow.start.nonce.clone(),
        outcome: outcome.to_owned(),
    }
}

/// The mini-program route, at the merchant's turn.
async fn at_the_merchant(phone: &Phone<'_>) -> (Flow, Token) {
    let token = phone.sign_for(Channel::MiniProgram).await;
    let flow = phone
        .begin_lowering("mandate.cancel.mini_program", &[token.mandate])
        .await;
    phone.confirm(&flow, "request").await;
    (flow, token)
}

// R-019
#[tokio::test]
async fn link_and_back_channel_that_agree_complete_the_run() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let (flow, _) = at_the_bank(&phone).await;
    let Some(Asking::Jump { link }) = phone.run(flow.start.flow).await.asking else {
        panic!("the link is shown")
    };
    let state = quittance_protocol::bytes::to_base64url(flow.start.nonce.as_slice());
    assert!(link.contains(&state), "the link carries the run's state");
    let log: FlowLog = phone.answer(&flow, "bank.jump", returned(&flow, "approved")).await.ok();
    assert_eq!(phase(&log), Phase::Completed);
}

// R-019
#[tokio::test]
async fn the_back_channel_may_come_later_than_the_link() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    house.party_says(Party::BankApp, r#"{"latency": "PT2M"}"#);
    let (flow, _) = at_the_bank(&phone).await;
    let log: FlowLog = phone.answer(&flow, "bank.jump", returned(&flow, "approved")).await.ok();
    assert_eq!(open(&log), "bank.decision");
    house.advance(119).await;
    assert_eq!(open(&phone.run(flow.start.flow).await), "bank.decision");
    house.advance(1).await;
    assert_eq!(phase(&phone.run(flow.start.flow).await), Phase::Completed);
}

// R-019
#[tokio::test]
async fn bank_answers_that_disagree_are_refused_both_ways_and_the_hold_stays() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    for (link, bank) in [("approved", "refused"), ("refused", "approved")] {
        house.party_says(Party::BankApp, &format!(r#"{{"outcome": "{bank}"}}"#));
        let (flow, token) = at_the_bank(&phone).await;
        let log: FlowLog = phone.answer(&flow, "bank.jump", returned(&flow, link)).await.ok();
        assert!(
            matches!(phase(&log), Phase::Refused(_)),
            "{link} by link, {bank} by the bank"
        );
        let record = phone.mandate(token.mandate).await;
        assert_eq!((record.state, record.order), (MandateState::Suspended, None));
    }
}

// R-019
#[tokio::test]
async fn a_link_with_a_foreign_state_changes_nothing() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let (flow, _) = at_the_bank(&phone).await;
    let before = phone.run(flow.start.flow).await.events;
    let foreign = StepAnswer::Returned {
        state: B64::new([7; 32]),
        outcome: "approved".to_owned(),
    };
    assert_eq!(
        phone.answer(&flow, "bank.jump", foreign).await.code(),
        Code::ForeignState
    );
    let shouting = returned(&flow, "Approved, trust me");
    assert_eq!(phone.answer(&flow, "bank.jump", shouting).await.code(), Code::Malformed);
    assert_eq!(phone.run(flow.start.flow).await.events, before);
    // Control: the run's own state is taken.
    let log: FlowLog = phone.answer(&flow, "bank.jump", returned(&flow, "approved")).await.ok();
    assert_eq!(phase(&log), Phase::Completed);
}

// R-019
#[tokio::test]
async fn the_bank_has_ten_minutes_and_a_link_after_them_is_too_late() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    for (after, passes) in [(599, true), (600, false)] {
        let (flow, _) = at_the_bank(&phone).await;
        house.advance(after).await;
        let reply = phone.answer(&flow, "bank.jump", returned(&flow, "approved")).await;
        if passes {
            assert_eq!(phase(&reply.ok()), Phase::Completed);
        } else {
            assert_eq!(reply.code(), Code::TooLate);
            let log = phone.run(flow.start.flow).await;
            assert_eq!(phase(&log), Phase::Refused(Code::TooLate));
        }
    }
}

// R-032
#[tokio::test]
async fn a_merchant_who_stays_silent_for_72_hours_has_released_the_mandate() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    house.party_says(Party::MerchantRelease, r#"{"latency": "never"}"#);
    let (flow, token) = at_the_merchant(&phone).await;
    house.advance(72 * HOUR - 1).await;
    assert_eq!(open(&phone.run(flow.start.flow).await), "release");
    assert_eq!(phone.mandate(token.mandate).await.state, MandateState::Suspended);
    house.restart();
    house.advance(1).await;
    assert_ne!(open(&phone.run(flow.start.flow).await), "release");
}

// R-032
#[tokio::test]
async fn an_answer_before_the_deadline_counts_even_where_the_clock_leaps_over_both() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    for (latency, decided) in [("PT71H59M59S", true), ("PT72H", false)] {
        let line = format!(r#"{{"outcome": "refuses", "latency": "{latency}"}}"#);
        house.party_says(Party::MerchantRelease, &line);
        let (flow, _) = at_the_merchant(&phone).await;
        house.advance(80 * HOUR).await;
        let log = phone.run(flow.start.flow).await;
        let said = log.events.iter().any(|event| {
            matches!(
                event.kind,
                quittance_protocol::flow_event::FlowEventKind::Reported { .. }
            )
        });
        assert_eq!(said, decided, "{latency}");
    }
}

#[tokio::test]
async fn a_merchant_who_cannot_be_reached_is_asked_again() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    house.party_says(Party::MerchantRelease, r#"{"outage": true}"#);
    let (flow, _) = at_the_merchant(&phone).await;
    assert_eq!(open(&phone.run(flow.start.flow).await), "release");
    house.advance(60).await;
    assert_ne!(open(&phone.run(flow.start.flow).await), "release");
}

// R-032
#[tokio::test]
async fn a_party_is_asked_about_one_mandate_at_a_time() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let (first, second) = (phone.sign_mandate().await, phone.sign_mandate().await);
    let mandates = [first.mandate, second.mandate];
    let start = phone.flow_start("mandate.cancel.mini_program", &mandates, b"", B64::new([1; 32]));
    let refused = phone.post(&quittance_protocol::statement::StartFlow { start }).await;
    assert_eq!(refused.code(), Code::Malformed);
}
