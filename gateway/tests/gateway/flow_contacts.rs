//! Who is a trusted contact: named in the app, known for long, somebody else than the payer.

use quittance_flows::Phase;
use quittance_protocol::answer::{Asking, FlowLog, PayerEventKind};
use quittance_protocol::statement::{Entry, StepAnswer};
use quittance_protocol::{AccountId, Code};

use crate::support::circle::{RECOVERY, asked, circle, has_number, know, name_contacts, vouch};
use crate::support::phone::Phone;
use crate::support::runs::{open, phase};
use crate::support::{DAY, House};

//
#[tokio::test]
async fn only_people_who_may_vouch_are_shown_and_taken() {
    let house = House::on_stage();
    let (phone, _, accounts) = circle(&house).await;
    let flow = phone.begin(RECOVERY, &[], b"").await;
    let Some(Asking::People { people, at_least }) = phone.run(flow.start.flow).await.asking else {
        panic!("people are shown")
    };
    assert_eq!((people.len(), at_least), (3, 3));
    let stranger = Phone::ready(&house).await.account().await;
    let entries = |accounts: &[AccountId]| {
        let entries = accounts.iter().map(|account| Entry(account.to_string())).collect();
        StepAnswer::entered([9; 32], entries)
    };
    let before = phone.run(flow.start.flow).await.events;
    for (named, code) in [
        (entries(&accounts[..2]), Code::Malformed),
        (entries(&[accounts[0], accounts[0], accounts[1]]), Code::Malformed),
        (entries(&[accounts[0], accounts[1], stranger]), Code::NotEligible),
        (
            StepAnswer::entered([9; 32], vec![Entry("Lin".to_owned())]),
            Code::Malformed,
        ),
    ] {
        assert_eq!(phone.answer(&flow, "request", named).await.code(), code);
    }
    assert_eq!(phone.run(flow.start.flow).await.events, before);
    // known for 180 days is not known for more than 180 days.
    name_contacts(&house, &phone, &accounts, 180).await;
    let log: FlowLog = {
        let nonce = phone.nonce().await;
        let start = phone.flow_start(RECOVERY, &[], b"", nonce);
        phone
            .post(&quittance_protocol::statement::StartFlow { start })
            .await
            .ok()
    };
    assert_eq!(phase(&log), Phase::Refused(Code::NotEligible));
}

//
#[tokio::test]
async fn a_contact_with_the_payers_own_number_is_nobody_else_and_a_number_stands_nowhere_in_clear() {
    let house = House::on_stage();
    let (phone, people, accounts) = circle(&house).await;
    let own = phone.account().await;
    has_number(&house, own, "+86 138 0000 4321").await;
    for (account, number) in accounts
        .iter()
        .zip(["+8613800001111", "+8613800002222", "+8613800003333"])
    {
        has_number(&house, *account, number).await;
    }
    let shown = |log: &FlowLog| matches!(&log.asking, Some(Asking::People { people, .. }) if people.len() == 3);
    let flow = phone.begin(RECOVERY, &[], b"").await;
    assert!(
        shown(&phone.run(flow.start.flow).await),
        "control: three numbers of their own"
    );
    // One and the same, however it is written.
    has_number(&house, accounts[2], "+86-138-0000-4321").await;
    let nonce = phone.nonce().await;
    let start = phone.flow_start(RECOVERY, &[], b"", nonce);
    let log: FlowLog = phone
        .post(&quittance_protocol::statement::StartFlow { start })
        .await
        .ok();
    assert_eq!(phase(&log), Phase::Refused(Code::NotEligible), "two are too few");

    // Two contacts who share a number are one voice.
    has_number(&house, accounts[2], "+8613800003333").await;
    let flow = asked(&phone, &accounts).await;
    has_number(&house, accounts[1], "+8613800001111").await;
    for person in &people[..2] {
        assert_eq!(vouch(person, &phone, &flow, true).await.status, 200);
    }
    assert_eq!(open(&phone.run(flow.start.flow).await), "quorum");
    assert_eq!(vouch(&people[2], &phone, &flow, true).await.status, 200);
    assert_eq!(open(&phone.run(flow.start.flow).await), "answers_over");

    house.stop();
    let files = std::fs::read_dir(house.data())
        .unwrap()
        .map(|file| file.unwrap().path());
    let bytes: Vec<u8> = files
        .filter(|path| path.is_file())
        .flat_map(|path| std::fs::read(path).unwrap())
        .collect();
    let has = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(has(&own.to_string()), "control: what is stored is found");
    for number in ["13800004321", "138 0000 4321", "13800001111"] {
        assert!(!has(number), "{number}");
    }
}

/// A run of `contacts.set` that names these people, up to its last proof.
async fn named_in_the_app(phone: &Phone<'_>, people: &[AccountId]) -> FlowLog {
    let flow = phone.begin("contacts.set", &[], b"").await;
    let entries = people.iter().map(|account| Entry(account.to_string())).collect();
    let named = phone
        .answer(&flow, "people", StepAnswer::entered([9; 32], entries))
        .await;
    assert_eq!(named.status, 200, "{}", String::from_utf8_lossy(&named.body));
    let _: FlowLog = phone.prove(&flow, "identify", &phone.biometric).await.ok();
    phone.prove_pin(&flow).await
}

/// Whom a recovery that begins now lets the payer choose among.
async fn may_vouch(phone: &Phone<'_>) -> Option<Vec<AccountId>> {
    let nonce = phone.nonce().await;
    let start = phone.flow_start(RECOVERY, &[], b"", nonce);
    let log: FlowLog = phone
        .post(&quittance_protocol::statement::StartFlow { start })
        .await
        .ok();
    match log.asking {
        Some(Asking::People { people, .. }) => Some(people.into_iter().map(|(account, _)| account).collect()),
        _ => None,
    }
}

//
#[tokio::test]
async fn contacts_that_are_named_in_the_app_count_after_72_hours_and_those_before_until_then() {
    let house = House::on_stage();
    let phone = Phone::ready(&house).await;
    let people: Vec<_> = (1..=6).map(|number| AccountId::from_bytes([number; 16])).collect();
    know(&house, &phone, &people, 181, serde_json::json!({})).await;
    assert_eq!(may_vouch(&phone).await, None, "nobody is named yet");
    assert_eq!(phase(&named_in_the_app(&phone, &people[..3]).await), Phase::Completed);
    house.advance(3 * DAY - 1).await;
    assert_eq!(may_vouch(&phone).await, None);
    house.advance(1).await;
    assert_eq!(may_vouch(&phone).await.unwrap(), people[..3]);

    assert_eq!(phase(&named_in_the_app(&phone, &people[2..]).await), Phase::Completed);
    house.advance(3 * DAY - 1).await;
    assert_eq!(
        may_vouch(&phone).await.unwrap(),
        people[..3],
        "whoever changed them has to wait"
    );
    house.advance(1).await;
    assert_eq!(may_vouch(&phone).await.unwrap(), people[2..]);
    let told = phone.reconcile(&[]).await.events;
    let changed =
        |kind: &PayerEventKind| matches!(kind, PayerEventKind::Told { text, .. } if text == "contacts.changed");
    assert_eq!(told.iter().filter(|event| changed(&event.kind)).count(), 2);
}

//
#[tokio::test]
async fn naming_contacts_anew_withdraws_those_that_a_thief_named_meanwhile() {
    let house = House::on_stage();
    let phone = Phone::ready(&house).await;
    let people: Vec<_> = (1..=9).map(|number| AccountId::from_bytes([number; 16])).collect();
    let (friends, thiefs, owners) = (&people[..3], &people[3..6], &people[6..]);
    know(&house, &phone, &people, 181, serde_json::json!({})).await;
    named_in_the_app(&phone, friends).await;
    house.advance(3 * DAY).await;
    named_in_the_app(&phone, thiefs).await;
    house.advance(10 * 3_600).await;
    named_in_the_app(&phone, owners).await;
    house.advance(3 * DAY - 10 * 3_600).await;
    assert_eq!(may_vouch(&phone).await.unwrap(), friends, "72 hours after the thief");
    house.advance(10 * 3_600 - 1).await;
    assert_eq!(may_vouch(&phone).await.unwrap(), friends);
    house.advance(1).await;
    assert_eq!(may_vouch(&phone).await.unwrap(), owners);
}

//
#[tokio::test]
async fn whom_the_payer_cannot_name_changes_nothing() {
    let house = House::on_stage();
    let phone = Phone::ready(&house).await;
    let people: Vec<_> = (1..=6).map(|number| AccountId::from_bytes([number; 16])).collect();
    let own = phone.account().await;
    know(&house, &phone, &people, 181, serde_json::json!({})).await;
    let flow = phone.begin("contacts.set", &[], b"").await;
    let log = phone.run(flow.start.flow).await;
    let Some(Asking::People {
        people: shown,
        at_least,
    }) = &log.asking
    else {
        panic!("people are shown")
    };
    assert_eq!((shown.len(), *at_least), (6, 3));
    let stranger = AccountId::from_bytes([9; 16]);
    let named = |people: &[AccountId]| {
        let entries = people.iter().map(|account| Entry(account.to_string())).collect();
        StepAnswer::entered([9; 32], entries)
    };
    for (wrong, code) in [
        (named(&people[..2]), Code::Malformed),
        (named(&people), Code::Malformed),
        (named(&[people[0], people[0], people[1]]), Code::Malformed),
        (named(&[people[0], people[1], stranger]), Code::NotEligible),
        (named(&[people[0], people[1], own]), Code::NotEligible),
    ] {
        assert_eq!(phone.answer(&flow, "people", wrong).await.code(), code);
    }
    assert_eq!(phone.run(flow.start.flow).await.events, log.events);
    // Without the proofs nobody is a contact.
    let _: FlowLog = phone.answer(&flow, "people", named(&people[..3])).await.ok();
    house.advance(3 * DAY).await;
    assert_eq!(may_vouch(&phone).await, None);
    // Nor while something on the account is not resolved.
    know(
        &house,
        &phone,
        &people,
        181,
        serde_json::json!({ "triggers": ["remote_login"] }),
    )
    .await;
    let nonce = phone.nonce().await;
    let start = phone.flow_start("contacts.set", &[], b"", nonce);
    let log: FlowLog = phone
        .post(&quittance_protocol::statement::StartFlow { start })
        .await
        .ok();
    assert_eq!(phase(&log), Phase::Refused(Code::RiskDenied));
}
