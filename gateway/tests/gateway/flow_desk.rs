//! The review desk: four eyes, never one's own case, never twice, never too late.

use quittance_flows::Phase;
use quittance_protocol::Code;
use quittance_protocol::answer::{FlowLog, MandateState};
use quittance_protocol::bytes::B64;
use quittance_protocol::ed25519::SigningKey;
use quittance_protocol::statement::{Entry, Review, StepAnswer};
use zeroize::Zeroizing;

use crate::support::phone::{Flow, Phone, Token, approved};
use crate::support::runs::{open, phase};
use crate::support::{DAY, House};

/// The assisted route at its first review.
async fn at_the_desk(phone: &Phone<'_>) -> (Flow, Token) {
    let token = phone.sign_mandate().await;
    let flow = phone.begin_lowering("mandate.cancel.assisted", &[token.mandate]).await;
    let entries = vec![Entry("The app does not let me end it".to_owned())];
    let _: FlowLog = phone
        .answer(&flow, "open_case", StepAnswer::entered([9; 32], entries))
        .await
        .ok();
    phone.identify(&flow).await;
    phone.hand_in(&flow, "id_document_upload", 2).await;
    let log = phone.hand_in(&flow, "liveness", 3).await;
    assert_eq!(open(&log), "agent_review");
    (flow, token)
}

//
#[tokio::test]
async fn two_people_decide_then_the_payer_confirms() {
    let house = House::on_stage();
    let phone = Phone::ready(&house).await;
    let (flow, _) = at_the_desk(&phone).await;
    let (first, second) = (house.reviewer(None).await, house.reviewer(None).await);
    let log: FlowLog = house.decide_as(&first, &flow, "agent_review", true).await.ok();
    assert_eq!(open(&log), "second_review");
    let log: FlowLog = house.decide_as(&second, &flow, "second_review", true).await.ok();
    assert_eq!(open(&log), "payer_confirm");
    assert_eq!(phase(&phone.confirm(&flow, "payer_confirm").await), Phase::Completed);
}

//
#[tokio::test]
async fn nobody_decides_twice_in_one_run_or_about_themselves() {
    let house = House::on_stage();
    let phone = Phone::ready(&house).await;
    let (flow, _) = at_the_desk(&phone).await;
    let own = house.reviewer(Some(phone.account().await.to_string())).await;
    let before = phone.run(flow.start.flow).await.events;
    let refused = house.decide_as(&own, &flow, "agent_review", true).await;
    assert_eq!(refused.code(), Code::FourEyes);
    assert_eq!(phone.run(flow.start.flow).await.events, before);
    let first = house.reviewer(None).await;
    let _: FlowLog = house.decide_as(&first, &flow, "agent_review", true).await.ok();
    for approves in [true, false] {
        let again = house.decide_as(&first, &flow, "second_review", approves).await;
        assert_eq!(again.code(), Code::FourEyes);
    }
    // Control: their colleague may, somebody with another account included.
    let stranger = Phone::ready(&house).await.account().await;
    let second = house.reviewer(Some(stranger.to_string())).await;
    assert_eq!(house.decide_as(&second, &flow, "second_review", true).await.status, 200);
}

//
#[tokio::test]
async fn a_no_ends_the_run_and_the_mandate_stays_held() {
    let house = House::on_stage();
    let phone = Phone::ready(&house).await;
    let (flow, token) = at_the_desk(&phone).await;
    let reviewer = house.reviewer(None).await;
    let log: FlowLog = house.decide_as(&reviewer, &flow, "agent_review", false).await.ok();
    assert_eq!(phase(&log), Phase::Refused(Code::ReviewRefused));
    assert_eq!(phone.mandate(token.mandate).await.state, MandateState::Suspended);
}

//
#[tokio::test]
async fn decisions_about_another_step_by_a_stranger_or_too_late_change_nothing() {
    let house = House::on_stage();
    let phone = Phone::ready(&house).await;
    let (flow, _) = at_the_desk(&phone).await;
    let reviewer = house.reviewer(None).await;
    let before = phone.run(flow.start.flow).await.events;
    let other = house.decide_as(&reviewer, &flow, "second_review", true).await;
    assert_eq!(other.code(), Code::StepOrder);
    let nobody = house
        .decide_as("rev_0000000000000000", &flow, "agent_review", true)
        .await;
    assert_eq!(nobody.code(), Code::NotFound);
    let key = SigningKey::from_seed(&Zeroizing::new([9; 32])).unwrap();
    let review = Review {
        flow: flow.start.flow,
        step: "agent_review".to_owned(),
        approves: true,
    };
    let claims = phone.claims(None);
    let unsigned = quittance_protocol::Unsigned::new(&key.public_key().thumbprint(), &claims, &review).unwrap();
    let forged = unsigned.with_signature(&key.sign(unsigned.signing_input()));
    assert_eq!(house.post(&forged).await.code(), Code::UnknownKey);
    assert_eq!(phone.run(flow.start.flow).await.events, before);
    house.advance(7 * DAY).await;
    let late = house.decide_as(&reviewer, &flow, "agent_review", true).await;
    assert_eq!(late.code(), Code::StepOrder);
    let log = phone.run(flow.start.flow).await;
    assert_eq!(phase(&log), Phase::Refused(Code::TooLate));
}

#[tokio::test]
async fn a_run_that_went_bad_hides_no_other_from_the_desk() {
    let house = House::on_stage();
    let (phone, other) = (Phone::ready(&house).await, Phone::ready(&house).await);
    let ((bad, _), (good, _)) = (at_the_desk(&phone).await, at_the_desk(&other).await);
    house.plant(&format!("UPDATE flows SET doc='bad' WHERE flow='{}'", bad.start.flow));
    let queue: Vec<serde_json::Value> = house.get("/sandbox/desk", None).await.ok();
    let [item] = queue.as_slice() else { panic!("{queue:?}") };
    assert_eq!(item["flow"], good.start.flow.to_string());
}

//
#[tokio::test]
async fn the_desk_lists_what_waits_with_the_payers_own_words_until_it_is_decided() {
    let house = House::on_stage();
    let phone = Phone::ready(&house).await;
    let (flow, token) = at_the_desk(&phone).await;
    house.restart();
    let queue: serde_json::Value = house.get("/sandbox/desk", None).await.ok();
    let item = &queue[0];
    assert_eq!(item["flow"], serde_json::json!(flow.start.flow));
    assert_eq!(item["queue"], "agent");
    assert_eq!(item["mandates"], serde_json::json!([token.mandate]));
    assert_eq!(item["notes"], serde_json::json!(["The app does not let me end it"]));
    let log = serde_json::to_string(&phone.run(flow.start.flow).await).unwrap();
    assert!(!log.contains("does not let me"), "words stand in no log");
    let reviewer = house.reviewer(None).await;
    let _: FlowLog = house.decide_as(&reviewer, &flow, "agent_review", false).await.ok();
    let queue: serde_json::Value = house.get("/sandbox/desk", None).await.ok();
    assert_eq!(queue, serde_json::json!([]));
}

#[tokio::test]
async fn a_case_without_a_word_is_refused() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let token = phone.sign_mandate().await;
    let flow = phone.begin_lowering("mandate.cancel.assisted", &[token.mandate]).await;
    for entries in [vec![], vec![Entry("  ".to_owned())]] {
        let refused = phone
            .answer(&flow, "open_case", StepAnswer::entered([9; 32], entries))
            .await;
        assert_eq!(refused.code(), Code::Malformed);
    }
    let unsalted = StepAnswer::Entered {
        salt: B64::new(vec![9; 31]),
        entries: vec![Entry("words".to_owned())],
    };
    let refused = phone.answer(&flow, "open_case", unsalted).await;
    assert_eq!(refused.code(), Code::Malformed, "words that could be guessed");
    let nod = phone.answer(&flow, "open_case", phone.shown()).await;
    assert_eq!(nod.code(), Code::StepOrder, "agreeing says nothing to whoever decides");
}

//
#[tokio::test]
async fn a_case_of_more_entries_or_of_more_words_than_are_asked_for_is_refused_by_its_field() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let token = phone.sign_mandate().await;
    let flow = phone.begin_lowering("mandate.cancel.assisted", &[token.mandate]).await;
    let before = phone.run(flow.start.flow).await.events;
    let entry = |bytes: usize| Entry("w".repeat(bytes));
    let most = Entry::MOST_BYTES;
    for (entries, code, field) in [
        (vec![entry(4), entry(4)], Code::Malformed, "/answer/entries"),
        (vec![entry(most + 1)], Code::TooLarge, "/answer/entries/0"),
        (vec![entry(4), entry(most + 1)], Code::TooLarge, "/answer/entries/1"),
    ] {
        let answer = StepAnswer::entered([9; 32], entries);
        let problem = phone.answer(&flow, "open_case", answer).await.problem();
        assert_eq!((problem.code(), problem.pointer()), (code, Some(field)));
    }
    assert_eq!(phone.run(flow.start.flow).await.events, before, "nothing changed");
    approved(&house.charge(token.mandate, 100).await);
    let fits = StepAnswer::entered([9; 32], vec![entry(most)]);
    let log: FlowLog = phone.answer(&flow, "open_case", fits).await.ok();
    assert_eq!(open(&log), "identify", "control: the most that may be said is taken");
}
