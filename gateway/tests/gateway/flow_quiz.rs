//! The payment PIN recovered by a quiz about the payer's own charges.

use quittance_flows::Phase;
use quittance_gateway::Clock as _;
use quittance_protocol::Code;
use quittance_protocol::answer::{Asking, FlowLog, Question};
use quittance_protocol::flow_event::FlowEventKind;
use quittance_protocol::statement::{Entry, StepAnswer};

use crate::support::House;
use crate::support::phone::{Flow, Phone};
use crate::support::runs::{open, phase};

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
    let set = house
        .set(&path, serde_json::json!({ "transactions": transactions }))
        .await;
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

/// Answers payee and day.
pub(crate) async fn answer_the_rest(phone: &Phone<'_>, flow: &Flow) -> FlowLog {
    let question = questions(phone, flow).await.remove(0);
    let fen: i64 = question.about.split("10.").nth(1).unwrap()[..2].parse().unwrap();
    enter(phone, flow, "merchants", vec![payee(fen).to_uppercase()]).await;
    let question = questions(phone, flow).await.remove(0);
    let fen: i64 = question.about.split("10.").nth(1).unwrap()[..2].parse().unwrap();
    let day = phone.house.clock.now().plus_seconds(-fen * DAY + 8 * 3_600).to_string();
    enter(phone, flow, "dates", vec![day[..10].to_owned()]).await
}

//
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

//
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

//
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

//
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

//
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

//
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
