//! Ways back to a forgotten PIN: what the phone shows of them, with and without a network.

use crate::support::Sandboxed;
use crate::support::phone::Phone;
use crate::support::plug::Line;
use axum::http::Method;
use quittance_protocol::AccountId;
use quittance_wallet::Need;
use serde_json::{Value, json};

const QUIZ: &str = "recovery.transaction_quiz";
const CONTACTS: &str = "recovery.trusted_contacts";

fn needs(phone: &Phone, way: &str) -> Vec<Need> {
    let readiness = phone.wallet.recovery_readiness().unwrap();
    let way = readiness
        .ways
        .into_iter()
        .find(|found| found.definition == way)
        .unwrap();
    way.needs.into_iter().map(|need| need.need).collect()
}

/// Lets the gateway know these things of the payer.
async fn set_profile(sandbox: &Sandboxed, phone: &Phone, profile: Value) {
    let account = phone.wallet.enrolment().unwrap().unwrap().account;
    let path = format!("/sandbox/accounts/{account}");
    let answer = sandbox.ask(Method::POST, &path, profile).await;
    assert!(answer["code"].is_null(), "{answer}");
}

fn charges(count: usize) -> Value {
    let one = |day: usize| {
        json!({
            "amount": { "minor": 1000 + day, "currency": "CNY" },
            "merchant": format!("Shop {}", day % 3),
            "at": format!("2026-10-{:02}T10:00:00Z", 1 + day),
        })
    };
    (0..count).map(one).collect()
}

/// People whom the payer has known for years, and who were named on this day.
fn contacts(named_at: &str) -> Value {
    let person = |number: u8| AccountId::from_bytes([number; 16]).to_string();
    let known = |number: u8| {
        json!({
            "account": person(number),
            "name": format!("Friend {number}"),
            "known_since": "2020-01-01T00:00:00Z",
            "verified": true,
        })
    };
    json!({
        "acquaintances": (1..=3).map(known).collect::<Vec<_>>(),
        "contacts": [{ "people": (1..=3).map(person).collect::<Vec<_>>(), "set_at": named_at }],
    })
}

// R-082 R-096
#[tokio::test(flavor = "multi_thread")]
async fn before_a_contact_nothing_is_claimed_and_after_it_the_numbers_stay_without_a_network() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    for way in [QUIZ, CONTACTS] {
        assert_eq!(needs(&phone, way), [Need::AskedWhenItBegins], "{way}");
    }
    let before = phone.wallet.recovery_readiness().unwrap();
    assert!(before.stale && before.as_of.is_none());

    set_profile(&sandbox, &phone, json!({ "transactions": charges(19) })).await;
    phone.wallet.sync().await.unwrap();
    sandbox.plug.set(Line::Down);
    let phone = phone.restart(&sandbox);
    let told = phone.wallet.recovery_readiness().unwrap();
    assert!(!told.stale && told.as_of.is_some());
    assert_eq!(needs(&phone, QUIZ), [Need::Charges { have: 19, need: 20 }]);
    let nobody = Need::Contacts {
        have: 0,
        need: 3,
        count_from: None,
    };
    assert_eq!(needs(&phone, CONTACTS), [nobody]);

    sandbox.plug.set(Line::Up);
    set_profile(&sandbox, &phone, json!({ "transactions": charges(20) })).await;
    phone.wallet.sync().await.unwrap();
    assert_eq!(needs(&phone, QUIZ), []);
    // Control: what is called ready begins, and comes to its first question.
    let flow = phone.wallet.begin(QUIZ, Vec::new(), None).await.unwrap();
    assert_eq!(phone.wallet.next_prompt(flow).unwrap().unwrap().step, "amounts");
}

// R-082 R-101
#[tokio::test(flavor = "multi_thread")]
async fn a_way_that_was_tried_as_often_as_a_day_allows_needs_another_day() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled_as_a_day_begins(&sandbox).await;
    set_profile(&sandbox, &phone, json!({ "transactions": charges(20) })).await;
    for tried in 0..2 {
        phone.wallet.sync().await.unwrap();
        assert_eq!(needs(&phone, QUIZ), [], "after {tried} tries");
        let flow = phone.wallet.begin(QUIZ, Vec::new(), None).await.unwrap();
        phone.wallet.cancel_flow(flow).await.unwrap();
    }
    phone.wallet.sync().await.unwrap();
    assert_eq!(needs(&phone, QUIZ), [Need::AnotherDay { most: 2 }]);
    // Control: the gateway says the same to who begins all the same.
    let flow = phone.wallet.begin(QUIZ, Vec::new(), None).await.unwrap();
    assert!(phone.wallet.next_prompt(flow).is_err(), "refused at the door");
}

// R-082 R-103
#[tokio::test(flavor = "multi_thread")]
async fn contacts_who_do_not_count_yet_are_told_with_the_moment_from_which_they_do() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let as_of = async || {
        phone.wallet.sync().await.unwrap();
        phone.wallet.recovery_readiness().unwrap().as_of.unwrap()
    };
    let named_at = as_of().await;
    set_profile(&sandbox, &phone, contacts(&named_at.to_string())).await;
    as_of().await;
    let waits = Need::Contacts {
        have: 0,
        need: 3,
        count_from: Some(named_at.plus_seconds(72 * 3600)),
    };
    assert_eq!(needs(&phone, CONTACTS), [waits]);
    sandbox.advance(72 * 3600).await;
    as_of().await;
    assert_eq!(needs(&phone, CONTACTS), []);
}
