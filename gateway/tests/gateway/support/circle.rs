//! A payer with people who may vouch.

use quittance_gateway::Clock as _;
use quittance_protocol::AccountId;
use quittance_protocol::answer::FlowLog;
use quittance_protocol::statement::{Entry, StepAnswer, Vouch};

use crate::support::phone::{Flow, Phone};
use crate::support::runs::open;
use crate::support::{DAY, House, Reply};

pub(crate) const RECOVERY: &str = "recovery.trusted_contacts";

/// Records people whom a payer has known for so many days, and that the payer named them long ago.
pub(crate) async fn name_contacts(house: &House, phone: &Phone<'_>, contacts: &[AccountId], days: i64) {
    let long_ago = house.clock.now().plus_seconds(-100 * DAY);
    let sets = serde_json::json!([{ "set_at": long_ago, "people": contacts }]);
    know(house, phone, contacts, days, serde_json::json!({ "contacts": sets })).await;
}

/// Sets a payer's profile: whom they know for so many days, with more that is known.
pub(crate) async fn know(house: &House, phone: &Phone<'_>, people: &[AccountId], days: i64, more: serde_json::Value) {
    let since = house.clock.now().plus_seconds(-days * DAY);
    let people: Vec<_> = people
        .iter()
        .map(|account| serde_json::json!({ "account": account, "name": "Lin", "known_since": since, "verified": true }))
        .collect();
    let mut profile = more;
    profile["acquaintances"] = people.into();
    let path = format!("/sandbox/accounts/{}", phone.account().await);
    let set = house.set(&path, profile).await;
    assert_eq!(set.status, 200, "{}", String::from_utf8_lossy(&set.body));
}

pub(crate) async fn has_number(house: &House, account: AccountId, number: &str) {
    let path = format!("/sandbox/accounts/{account}/number");
    let set = house.set(&path, serde_json::json!({ "number": number })).await;
    assert_eq!(set.status, 200);
}

/// How many people said what, in which way.
pub(crate) async fn voices(house: &House, flow: &Flow) -> Vec<(String, bool)> {
    let path = format!("/sandbox/flows/{}/voices", flow.start.flow);
    let voices: Vec<serde_json::Value> = house.get(&path, None).await.ok();
    voices
        .iter()
        .map(|voice| {
            (
                voice["heard"].as_str().unwrap().to_owned(),
                voice["approves"].as_bool().unwrap(),
            )
        })
        .collect()
}

pub(crate) fn said(heard: &str, approves: bool) -> (String, bool) {
    (heard.to_owned(), approves)
}

/// A recovery whose contacts have just been asked.
pub(crate) async fn asked(phone: &Phone<'_>, contacts: &[AccountId]) -> Flow {
    let flow = phone.begin(RECOVERY, &[], b"").await;
    let entries = contacts.iter().map(|account| Entry(account.to_string())).collect();
    let log: FlowLog = phone
        .answer(&flow, "request", StepAnswer::entered([9; 32], entries))
        .await
        .ok();
    assert_eq!(open(&log), "quorum");
    flow
}

pub(crate) async fn vouch(contact: &Phone<'_>, phone: &Phone<'_>, flow: &Flow, approves: bool) -> Reply {
    let statement = Vouch {
        flow: flow.start.flow,
        requester: phone.account().await,
        purpose: RECOVERY.to_owned(),
        approves,
    };
    contact.post(&statement).await
}

/// Three people on phones of their own, and a payer who named them.
pub(crate) async fn circle(house: &House) -> (Phone<'_>, Vec<Phone<'_>>, Vec<AccountId>) {
    let phone = Phone::ready(house).await;
    let (mut people, mut accounts) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        let person = Phone::ready(house).await;
        accounts.push(person.account().await);
        people.push(person);
    }
    name_contacts(house, &phone, &accounts, 181).await;
    (phone, people, accounts)
}
