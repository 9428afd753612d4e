//! One-time codes in runs: their life, their tries, sent again, a carrier that is away (R-026).

use quittance_flows::Phase;
use quittance_gateway::parties::Party;
use quittance_protocol::Code;
use quittance_protocol::answer::{Asking, FlowLog};
use quittance_protocol::flow_event::{FlowEventKind, Wish};
use quittance_protocol::statement::{Limits, OneTimeCode, StepAnswer};

use crate::support::phone::{Flow, Phone};
use crate::support::runs::{open, phase};
use crate::support::{House, cny};

const STEP: &str = "dynamic_passcode";

/// A run whose code has just been sent (R-029).
async fn at_the_code(phone: &Phone<'_>) -> Flow {
    let token = phone.sign_mandate().await;
    let limits = Limits::new(cny(4000), cny(20_000), 30);
    let wish = Wish::Limits { limits };
    let (flow, _) = phone.begin_for("mandate.change_limits", &[token.mandate], wish).await;
    phone.confirm(&flow, "confirm").await;
    flow
}

// R-026, R-029
#[tokio::test]
async fn the_code_that_came_proves_the_step_and_no_other_one_does() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let flow = at_the_code(&phone).await;
    let wrong: FlowLog = phone.answer(&flow, STEP, phone.wrong_code().await).await.ok();
    assert_eq!(open(&wrong), STEP);
    let right: FlowLog = phone.answer(&flow, STEP, phone.last_code().await).await.ok();
    assert_eq!(open(&right), "identify");
    let again = phone.answer(&flow, STEP, phone.last_code().await).await;
    assert_eq!(again.code(), Code::StepOrder, "it is used up with its step");
}

// R-026
#[tokio::test]
async fn the_fifth_wrong_code_ends_the_run_and_the_fourth_does_not() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let flow = at_the_code(&phone).await;
    for left in (1..=4).rev() {
        let log: FlowLog = phone.answer(&flow, STEP, phone.wrong_code().await).await.ok();
        assert_eq!(phase(&log), Phase::Open);
        let failed = log.events.last().map(|event| &event.kind);
        assert!(matches!(failed, Some(FlowEventKind::FactorFailed { attempts_left: Some(of), .. }) if *of == left));
    }
    let log: FlowLog = phone.answer(&flow, STEP, phone.wrong_code().await).await.ok();
    assert_eq!(phase(&log), Phase::Refused(Code::BudgetExhausted));
    let late = phone.answer(&flow, STEP, phone.last_code().await).await;
    assert_eq!(late.code(), Code::BudgetExhausted, "the run says why it is over");
}

// R-026
#[tokio::test]
async fn a_code_is_good_for_five_minutes_and_not_a_second_longer() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    for (after, passes) in [(299, true), (300, false)] {
        let flow = at_the_code(&phone).await;
        let code = phone.last_code().await;
        house.advance(after).await;
        let reply = phone.answer(&flow, STEP, code).await;
        if passes {
            assert_eq!(open(&reply.ok()), "identify");
        } else {
            assert_eq!(reply.code(), Code::TooLate);
            let log = phone.run(flow.start.flow).await;
            let failed = |kind: &FlowEventKind| matches!(kind, FlowEventKind::FactorFailed { .. });
            assert!(
                !log.events.iter().any(|event| failed(&event.kind)),
                "nothing was counted"
            );
        }
    }
}

// R-026
#[tokio::test]
async fn another_code_can_be_asked_for_after_a_minute_and_takes_the_place_of_the_first() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let flow = at_the_code(&phone).await;
    let first = phone.last_code().await;
    house.advance(59).await;
    let early = phone.answer(&flow, STEP, StepAnswer::Resend {}).await.problem();
    assert_eq!(
        (early.code(), early.retry_after_seconds()),
        (Code::FactorLocked, Some(1))
    );
    assert_eq!(phone.texts().await, 1);
    house.advance(1).await;
    let log: FlowLog = phone.answer(&flow, STEP, StepAnswer::Resend {}).await.ok();
    assert!(matches!(log.asking, Some(Asking::Code { .. })));
    assert_eq!(phone.texts().await, 2);
    if first != phone.last_code().await {
        let old: FlowLog = phone.answer(&flow, STEP, first).await.ok();
        assert_eq!(open(&old), STEP, "the first code is good for nothing");
    }
    let log: FlowLog = phone.answer(&flow, STEP, phone.last_code().await).await.ok();
    assert_eq!(open(&log), "identify");
}

#[tokio::test]
async fn what_shows_the_code_tells_where_it_went_and_its_times_but_is_in_no_log() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let flow = at_the_code(&phone).await;
    let log = phone.run(flow.start.flow).await;
    let now = house.nonce().await.now;
    let expected = Asking::Code {
        sent_to: "own".to_owned(),
        valid_until: now.plus_seconds(300),
        resend_from: now.plus_seconds(60),
    };
    assert!(log.asking == Some(expected));
    let StepAnswer::Code { code } = phone.last_code().await else {
        unreachable!()
    };
    assert!(!serde_json::to_string(&log.events).unwrap().contains(&code.0));
}

#[tokio::test]
async fn a_carrier_that_is_away_is_asked_again_and_no_code_is_taken_meanwhile() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    house.party_says(Party::SmsCarrier, r#"{"outage": true}"#);
    let flow = at_the_code(&phone).await;
    let code = OneTimeCode("123456".to_owned());
    let unsent = phone.answer(&flow, STEP, StepAnswer::Code { code }).await;
    assert_eq!(unsent.code(), Code::StepOrder);
    house.advance(59).await;
    assert_eq!(phone.texts().await, 0);
    house.advance(1).await;
    assert_eq!(phone.texts().await, 1);
    let log: FlowLog = phone.answer(&flow, STEP, phone.last_code().await).await.ok();
    assert_eq!(open(&log), "identify");
}

#[tokio::test]
async fn a_code_that_the_payer_got_meanwhile_is_not_sent_again() {
    for wait in [0, 30, 59] {
        let house = House::new();
        let phone = Phone::ready(&house).await;
        house.party_says(Party::SmsCarrier, r#"{"outage": true}"#);
        let flow = at_the_code(&phone).await;
        house.advance(wait).await;
        assert_eq!(phone.answer(&flow, STEP, StepAnswer::Resend {}).await.status, 200);
        let code = phone.last_code().await;
        house.advance(120).await;
        assert_eq!(phone.texts().await, 1, "{wait} s");
        let log: FlowLog = phone.answer(&flow, STEP, code).await.ok();
        assert_eq!(open(&log), "identify", "{wait} s");
    }
}

#[tokio::test]
async fn a_carrier_that_is_away_for_the_second_code_is_asked_again_while_the_first_is_good() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let flow = at_the_code(&phone).await;
    house.advance(60).await;
    house.party_says(Party::SmsCarrier, r#"{"outage": true}"#);
    assert_eq!(phone.answer(&flow, STEP, StepAnswer::Resend {}).await.status, 200);
    assert_eq!(phone.texts().await, 1);
    house.advance(60).await;
    assert_eq!(phone.texts().await, 2);
    let log: FlowLog = phone.answer(&flow, STEP, phone.last_code().await).await.ok();
    assert_eq!(open(&log), "identify");
}

#[tokio::test]
async fn a_restart_forgets_neither_the_code_nor_the_tries_at_it() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let flow = at_the_code(&phone).await;
    for _ in 1..=4 {
        let _: FlowLog = phone.answer(&flow, STEP, phone.wrong_code().await).await.ok();
        house.restart();
    }
    let log: FlowLog = phone.answer(&flow, STEP, phone.wrong_code().await).await.ok();
    assert_eq!(phase(&log), Phase::Refused(Code::BudgetExhausted));
}

/// Whoever writes into the database cannot have the code of one run prove another.
#[tokio::test]
async fn a_code_that_was_moved_to_another_run_proves_nothing_there() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let own = at_the_code(&phone).await;
    let code = phone.last_code().await;
    let other = at_the_code(&phone).await;
    assert!(code != phone.last_code().await, "one in a million is the same");
    house.stop();
    house.plant(&format!(
        "UPDATE codes SET doc = (SELECT doc FROM codes WHERE flow = '{}') WHERE flow = '{}'",
        own.start.flow, other.start.flow
    ));
    house.start().unwrap();
    let there: FlowLog = phone.answer(&other, STEP, code.clone()).await.ok();
    assert_eq!(open(&there), STEP);
    let here: FlowLog = phone.answer(&own, STEP, code).await.ok();
    assert_eq!(open(&here), "identify", "control");
}
