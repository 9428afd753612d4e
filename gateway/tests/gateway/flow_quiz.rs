//! The payment PIN recovered by a quiz about the payer's own charges (R-096 to R-101).

use quittance_flows::Phase;
use quittance_gateway::Clock as _;
use quittance_protocol::Code;
use quittance_protocol::answer::{Asking, FlowLog, Question};
use quittance_protocol::flow_event::FlowEventKind;
use quittance_protocol::statement::{Entry, StepAnswer};

use crate::support::phone::{Flow, Phone};
use crate::support::runs::{open, phase};
use crate::support::{House, Reply};

pub(crate) const RECOVERY: &str = "recovery.transaction_quiz";
const DAY: i64 = 86_400;

/// Charge `number` days ago: of `10.00` CNY and `number` fen, to one of two payees.
pub(crate) fn amount(number: i64) -> String {
    format!("10.{number:02}")
}

fn payee(number: i64) -> &'static str {
    if number % 2 == 0 {
        "Bluebird Rides"
    } else {
        "Corner Bakery"
    }
}

async fn with_transactions(house: &House, count: i64) -> Phone<'_> {
    let phone = Phone::ready(house).await;
    set_transactions(&phone, count).await;
    phone
}

/// Lets a payer have paid so often, once a day up to yesterday.
pub(crate) async fn set_transactions(phone: &Phone<'_>, count: i64) {
    set_profile(phone, count, serde_json::json!({})).await;
}

/// The same, with more that is known of the payer.
async fn set_profile(phone: &Phone<'_>, count: i64, mut profile: serde_json::Value) {
    let house = phone.house;
    let transactions: Vec<_> = (1..=count)
        .map(|number| {
            serde_json::json!({
                "amount": { "minor": 1000 + number, "currency": "CNY" },
                "merchant": payee(number),
                "at": house.clock.now().plus_seconds(-number * DAY),
            })
        })
        .collect();
    let path = format!("/sandbox/accounts/{}", phone.account().await);
    profile["transactions"] = transactions.into();
    let set = house.set(&path, profile).await;
    assert_eq!(set.status, 200, "{}", String::from_utf8_lossy(&set.body));
}

async fn questions(phone: &Phone<'_>, flow: &Flow) -> Vec<Question> {
    match phone.run(flow.start.flow).await.asking {
        Some(Asking::Questions { questions }) => questions,
        _ => panic!("questions are shown"),
    }
}

async fn enter(phone: &Phone<'_>, flow: &Flow, step: &str, entries: Vec<String>) -> FlowLog {
    let entries = entries.into_iter().map(Entry).collect();
    phone
        .answer(flow, step, StepAnswer::entered([9; 32], entries))
        .await
        .ok()
}

/// The charge that a question is about, by its day.
fn number_of(house: &House, question: &Question) -> i64 {
    let days = (1..=40).find(|number| {
        let at = house.clock.now().plus_seconds(-number * DAY + 8 * 3_600).to_string();
        question.about.contains(&at[..10])
    });
    days.expect("the day of a charge")
}

/// Answers amounts, so many of them wrong at first.
pub(crate) async fn answer_amounts(house: &House, phone: &Phone<'_>, flow: &Flow, wrong: usize) -> FlowLog {
    let asked = questions(phone, flow).await;
    assert_eq!(asked.len(), 3);
    let typed = asked.iter().enumerate().map(|(index, question)| {
        if index < wrong {
            "1.00".to_owned()
        } else {
            amount(number_of(house, question))
        }
    });
    let log = enter(phone, flow, "amounts", typed.collect()).await;
    if wrong == 0 {
        return log;
    }
    assert_eq!(open(&log), "amounts_again");
    let asked = questions(phone, flow).await;
    assert_eq!(asked.len(), wrong);
    let chosen = asked.iter().map(|question| {
        let right = amount(number_of(house, question));
        let choice = question.choices.iter().find(|choice| choice.starts_with(&right));
        assert_eq!(question.choices.len(), 3);
        choice.expect("the right amount is among the choices").clone()
    });
    enter(phone, flow, "amounts_again", chosen.collect()).await
}

/// The number of the charge that the open question is about, by its amount.
async fn asked_about(phone: &Phone<'_>, flow: &Flow) -> i64 {
    let question = questions(phone, flow).await.remove(0);
    question.about.split("10.").nth(1).unwrap()[..2].parse().unwrap()
}

async fn answer_merchants(phone: &Phone<'_>, flow: &Flow) {
    let number = asked_about(phone, flow).await;
    enter(phone, flow, "merchants", vec![payee(number).to_uppercase()]).await;
}

async fn answer_dates(phone: &Phone<'_>, flow: &Flow) -> Reply {
    let number = asked_about(phone, flow).await;
    let day = phone
        .house
        .clock
        .now()
        .plus_seconds(-number * DAY + 8 * 3_600)
        .to_string();
    let answer = StepAnswer::entered([9; 32], vec![Entry(day[..10].to_owned())]);
    phone.answer(flow, "dates", answer).await
}

/// Answers payee and day.
pub(crate) async fn answer_the_rest(phone: &Phone<'_>, flow: &Flow) -> FlowLog {
    answer_merchants(phone, flow).await;
    answer_dates(phone, flow).await.ok()
}

// R-096, R-101
#[tokio::test]
async fn right_answers_open_the_reset_and_two_amounts_chosen_again_still_do() {
    let house = House::on_stage();
    for (wrong, passes) in [(0, true), (2, true), (3, false)] {
        let phone = with_transactions(&house, 30).await;
        let flow = phone.begin(RECOVERY, &[], b"").await;
        let log = answer_amounts(&house, &phone, &flow, wrong).await;
        assert_eq!(open(&log), "merchants", "{wrong} wrong");
        let log = answer_the_rest(&phone, &flow).await;
        assert_eq!(
            phase(&log) == Phase::Completed,
            passes,
            "{wrong} wrong: {:?}",
            phase(&log)
        );
        let reset = phone.register(b"314159").await;
        if passes {
            assert_eq!(reset.status, 200);
        } else {
            assert_eq!(phase(&log), Phase::Refused(Code::ProofRejected));
            assert_eq!(reset.code(), Code::ProofRejected);
        }
    }
}

/// Lets the risk engine see something on a payer's account, or see it resolved, with the transactions as they are.
async fn triggered(phone: &Phone<'_>, triggers: &[&str]) {
    set_profile(phone, 30, serde_json::json!({ "triggers": triggers })).await;
}

// R-068
#[tokio::test]
async fn no_quiz_begins_while_something_on_the_account_is_unresolved() {
    let house = House::on_stage();
    let phone = with_transactions(&house, 30).await;
    triggered(&phone, &["remote_login"]).await;
    let flow = phone.begin(RECOVERY, &[], b"").await;
    let log = phone.run(flow.start.flow).await;
    assert_eq!(phase(&log), Phase::Refused(Code::RiskDenied));
    assert_eq!(phone.register(b"314159").await.code(), Code::ProofRejected);
    // Control: once it is resolved, a quiz opens the reset.
    triggered(&phone, &[]).await;
    let flow = phone.begin(RECOVERY, &[], b"").await;
    answer_amounts(&house, &phone, &flow, 0).await;
    assert_eq!(phase(&answer_the_rest(&phone, &flow).await), Phase::Completed);
    assert_eq!(phone.register(b"314159").await.status, 200);
}

// R-068
#[tokio::test]
async fn what_is_seen_during_a_quiz_is_judged_as_the_policys_own_guard_judges_it() {
    let shipped = r#""lock_trigger_open", "at_most": 0, "refuse": "risk_denied" } }, "rules": ["R-061", "R-068"]"#;
    for (guard, kept_back) in [
        (r#""at_most": 0, "refuse": "objected""#, Some(Code::Objected)),
        // A policy that lets one pass lets it pass at the end, too.
        (r#""at_most": 1, "refuse": "objected""#, None),
    ] {
        let house = House::closed();
        let own = shipped.replace(r#""at_most": 0, "refuse": "risk_denied""#, guard);
        house.use_policy(&[(shipped, &own)]);
        let house = house.with_a_stage();
        let phone = with_transactions(&house, 30).await;
        let flow = phone.begin(RECOVERY, &[], b"").await;
        answer_amounts(&house, &phone, &flow, 0).await;
        answer_merchants(&phone, &flow).await;
        triggered(&phone, &["remote_login"]).await;
        let last = answer_dates(&phone, &flow).await;
        match kept_back {
            Some(code) => assert_eq!(last.code(), code),
            None => assert_eq!(last.status, 200),
        }
    }
}

// R-068
#[tokio::test]
async fn what_is_seen_during_a_quiz_keeps_the_reset_shut() {
    let house = House::on_stage();
    let phone = with_transactions(&house, 30).await;
    let flow = phone.begin(RECOVERY, &[], b"").await;
    answer_amounts(&house, &phone, &flow, 0).await;
    answer_merchants(&phone, &flow).await;
    triggered(&phone, &["remote_login"]).await;
    assert_eq!(answer_dates(&phone, &flow).await.code(), Code::RiskDenied);
    assert_eq!(open(&phone.run(flow.start.flow).await), "dates");
    assert_eq!(phone.register(b"314159").await.code(), Code::ProofRejected);
    // Control: resolved, the same answer completes the run.
    triggered(&phone, &[]).await;
    assert_eq!(answer_dates(&phone, &flow).await.status, 200);
    assert_eq!(phase(&phone.run(flow.start.flow).await), Phase::Completed);
    assert_eq!(phone.register(b"314159").await.status, 200);
}

// R-010
#[tokio::test]
async fn a_failed_recovery_speaks_against_the_payer_for_a_day() {
    let house = House::on_stage();
    for (later, score) in [(DAY - 1, 20), (DAY, 0)] {
        let phone = with_transactions(&house, 30).await;
        let token = phone.sign_mandate().await;
        let flow = phone.begin(RECOVERY, &[], b"").await;
        answer_amounts(&house, &phone, &flow, 3).await;
        let log = answer_the_rest(&phone, &flow).await;
        assert_eq!(phase(&log), Phase::Refused(Code::ProofRejected));
        house.advance(later).await;
        phone.revoke(&[token.mandate]).await;
        house.settle().await;
        assert_eq!(phone.risk_score().await, Some(score), "{later} seconds later");
    }
}

// R-096
#[tokio::test]
async fn nineteen_transactions_are_too_few() {
    let house = House::on_stage();
    for (count, opens) in [(19, false), (20, true)] {
        let phone = with_transactions(&house, count).await;
        let flow = phone.begin(RECOVERY, &[], b"").await;
        let log = phone.run(flow.start.flow).await;
        assert_eq!(phase(&log) == Phase::Open, opens, "{count}");
    }
}

// R-101
#[tokio::test]
async fn the_third_quiz_of_a_day_is_refused() {
    let house = House::on_stage();
    let phone = with_transactions(&house, 30).await;
    for (quiz, opens) in [(1, true), (2, true), (3, false)] {
        let flow = phone.begin(RECOVERY, &[], b"").await;
        let log = phone.run(flow.start.flow).await;
        assert_eq!(phase(&log) == Phase::Open, opens, "quiz {quiz}");
    }
    house.advance(DAY).await;
    let flow = phone.begin(RECOVERY, &[], b"").await;
    assert_eq!(phase(&phone.run(flow.start.flow).await), Phase::Open);
}

// R-097
#[tokio::test]
async fn a_quiz_stays_the_same_over_a_restart_and_shows_no_answer() {
    let house = House::on_stage();
    let phone = with_transactions(&house, 30).await;
    let flow = phone.begin(RECOVERY, &[], b"").await;
    let before = questions(&phone, &flow).await;
    house.restart();
    assert!(questions(&phone, &flow).await == before);
    for question in before {
        assert!(question.choices.is_empty());
        assert!(!question.about.contains(&amount(number_of(&house, &question))));
    }
}

// R-097
#[tokio::test]
async fn points_are_told_once_all_is_answered_and_not_before_where_they_would_say_which_answer_was_right() {
    let house = House::on_stage();
    let phone = with_transactions(&house, 30).await;
    let flow = phone.begin(RECOVERY, &[], b"").await;
    let told = |log: &FlowLog| -> Vec<String> {
        let points = log.events.iter().filter_map(|event| match &event.kind {
            FlowEventKind::Found { facts } => facts.get("quiz_score").map(ToString::to_string),
            _ => None,
        });
        points.collect()
    };
    let log = answer_amounts(&house, &phone, &flow, 1).await;
    assert_eq!(told(&log), [""; 0]);
    let log = answer_the_rest(&phone, &flow).await;
    assert_eq!(told(&log), ["92.5"]);
}

#[tokio::test]
async fn fewer_or_more_answers_than_questions_change_nothing() {
    let house = House::on_stage();
    let phone = with_transactions(&house, 30).await;
    let flow = phone.begin(RECOVERY, &[], b"").await;
    let before = phone.run(flow.start.flow).await.events;
    for count in [0, 1, 2, 4] {
        let entries = vec![Entry("10.01".to_owned()); count];
        let refused = phone
            .answer(&flow, "amounts", StepAnswer::entered([9; 32], entries))
            .await;
        assert_eq!(refused.code(), Code::Malformed, "{count}");
    }
    assert_eq!(phone.run(flow.start.flow).await.events, before);
}
