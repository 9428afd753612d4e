//! People who answer for somebody: trusted contacts, a guardian; and the payer who objects (R-047, R-103 to R-111).

use quittance_flows::Phase;
use quittance_gateway::Clock as _;
use quittance_gateway::parties::Party;
use quittance_protocol::answer::{Asking, FlowLog, PayerEventKind};
use quittance_protocol::flow_event::Wish;
use quittance_protocol::statement::{Entry, StepAnswer, Vouch};
use quittance_protocol::{AccountId, B64, Code};

use crate::support::phone::{Flow, PIN, Phone};
use crate::support::runs::{open, phase};
use crate::support::{DAY, House, Reply};

const RECOVERY: &str = "recovery.trusted_contacts";

/// Records people whom a payer has known for so many days, and that the payer named them long ago.
async fn name_contacts(house: &House, phone: &Phone<'_>, contacts: &[AccountId], days: i64) {
    let long_ago = house.clock.now().plus_seconds(-100 * DAY);
    let sets = serde_json::json!([{ "set_at": long_ago, "people": contacts }]);
    know(house, phone, contacts, days, serde_json::json!({ "contacts": sets })).await;
}

/// Sets a payer's profile: whom they know for so many days, with more that is known.
async fn know(house: &House, phone: &Phone<'_>, people: &[AccountId], days: i64, more: serde_json::Value) {
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

async fn has_number(house: &House, account: AccountId, number: &str) {
    let path = format!("/sandbox/accounts/{account}/number");
    let set = house.set(&path, serde_json::json!({ "number": number })).await;
    assert_eq!(set.status, 200);
}

/// How many people said what, in which way.
async fn voices(house: &House, flow: &Flow) -> Vec<(String, bool)> {
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

fn said(heard: &str, approves: bool) -> (String, bool) {
    (heard.to_owned(), approves)
}

/// A recovery whose contacts have just been asked.
async fn asked(phone: &Phone<'_>, contacts: &[AccountId]) -> Flow {
    let flow = phone.begin(RECOVERY, &[], b"").await;
    let entries = contacts.iter().map(|account| Entry(account.to_string())).collect();
    let log: FlowLog = phone
        .answer(&flow, "request", StepAnswer::entered([9; 32], entries))
        .await
        .ok();
    assert_eq!(open(&log), "quorum");
    flow
}

async fn vouch(contact: &Phone<'_>, phone: &Phone<'_>, flow: &Flow, approves: bool) -> Reply {
    let statement = Vouch {
        flow: flow.start.flow,
        requester: phone.account().await,
        purpose: RECOVERY.to_owned(),
        approves,
    };
    contact.post(&statement).await
}

/// Three people on phones of their own, and a payer who named them.
async fn circle(house: &House) -> (Phone<'_>, Vec<Phone<'_>>, Vec<AccountId>) {
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

// R-106, R-111
#[tokio::test]
async fn two_of_three_confirm_and_the_reset_opens_at_minute_45_never_before() {
    let house = House::on_stage();
    let (phone, people, accounts) = circle(&house).await;
    let flow = asked(&phone, &accounts).await;
    assert_eq!(vouch(&people[0], &phone, &flow, true).await.status, 200);
    assert_eq!(open(&phone.run(flow.start.flow).await), "quorum");
    assert_eq!(vouch(&people[1], &phone, &flow, true).await.status, 200);
    assert_eq!(open(&phone.run(flow.start.flow).await), "answers_over");
    house.advance(30 * 60).await;
    assert_eq!(open(&phone.run(flow.start.flow).await), "opens");
    house.advance(15 * 60 - 1).await;
    assert_eq!(open(&phone.run(flow.start.flow).await), "opens");
    assert_eq!(phone.register(PIN).await.code(), Code::ProofRejected);
    house.advance(1).await;
    let log = phone.confirm(&flow, "enter").await;
    assert_eq!(phase(&log), Phase::Completed);
    assert_eq!(phone.register(b"314159").await.status, 200);
    let again = phone.register(b"271828").await;
    assert_eq!(again.code(), Code::ProofRejected, "a reset is good for one new PIN");
}

// R-111
#[tokio::test]
async fn the_entry_closes_15_minutes_after_it_opened() {
    let house = House::on_stage();
    let (phone, people, accounts) = circle(&house).await;
    for (after, passes) in [(15 * 60 - 1, true), (15 * 60, false)] {
        let flow = asked(&phone, &accounts).await;
        for person in &people[..2] {
            assert_eq!(vouch(person, &phone, &flow, true).await.status, 200);
        }
        // One leap over both moments.
        house.advance(45 * 60 + after).await;
        let reply = phone.answer(&flow, "enter", phone.shown()).await;
        assert_eq!(reply.status == 200, passes);
        if !passes {
            assert_eq!(reply.code(), Code::FlowExpired);
        }
    }
}

// R-109
#[tokio::test]
async fn an_answer_at_minute_30_is_noted_and_not_counted_and_a_second_before_it_counts() {
    let house = House::on_stage();
    let (phone, people, accounts) = circle(&house).await;
    for (after, passes) in [(30 * 60 - 1, true), (30 * 60, false)] {
        let flow = asked(&phone, &accounts).await;
        assert_eq!(vouch(&people[0], &phone, &flow, true).await.status, 200);
        house.advance(after).await;
        let reply = vouch(&people[1], &phone, &flow, true).await;
        if passes {
            assert_eq!(open(&phone.run(flow.start.flow).await), "answers_over");
        } else {
            assert_eq!(reply.code(), Code::TooLate);
            let log = phone.run(flow.start.flow).await;
            assert_eq!(phase(&log), Phase::Refused(Code::TooLate));
        }
        assert_eq!(
            voices(&house, &flow).await,
            [said("signed", true), said("signed", true)]
        );
    }
}

// R-109
#[tokio::test]
async fn a_late_answer_to_a_run_that_goes_on_is_noted_and_changes_no_count() {
    let house = House::on_stage();
    let (phone, people, accounts) = circle(&house).await;
    let flow = asked(&phone, &accounts).await;
    for person in &people[..2] {
        assert_eq!(vouch(person, &phone, &flow, true).await.status, 200);
    }
    house.advance(31 * 60).await;
    let before = phone.run(flow.start.flow).await.events;
    for _ in 0..2 {
        assert_eq!(vouch(&people[2], &phone, &flow, false).await.code(), Code::TooLate);
    }
    assert_eq!(phone.run(flow.start.flow).await.events, before);
    let expected = [said("signed", true), said("signed", true), said("signed", false)];
    assert_eq!(voices(&house, &flow).await, expected, "noted once");
    house.advance(14 * 60).await;
    assert_eq!(phase(&phone.confirm(&flow, "enter").await), Phase::Completed);
}

// R-110
#[tokio::test]
async fn a_confirmation_that_does_not_stand_any_more_is_found_in_the_window() {
    let house = House::on_stage();
    let (phone, people, accounts) = circle(&house).await;
    for stands_again in [true, false] {
        name_contacts(&house, &phone, &accounts, 181).await;
        let flow = asked(&phone, &accounts).await;
        for person in &people[..2] {
            assert_eq!(vouch(person, &phone, &flow, true).await.status, 200);
        }
        // Whoever was believed to be known for long is not, as it turns out.
        name_contacts(&house, &phone, &accounts, 100).await;
        house.advance(30 * 60).await;
        assert_eq!(open(&phone.run(flow.start.flow).await), "verified");
        house.advance(15 * 60 - 1).await;
        assert_eq!(open(&phone.run(flow.start.flow).await), "verified");
        if stands_again {
            name_contacts(&house, &phone, &accounts, 181).await;
            assert_eq!(open(&phone.run(flow.start.flow).await), "opens");
            house.advance(1).await;
            assert_eq!(phase(&phone.confirm(&flow, "enter").await), Phase::Completed);
        } else {
            house.advance(1).await;
            assert_eq!(phase(&phone.run(flow.start.flow).await), Phase::Refused(Code::TooLate));
        }
    }
}

// R-110
#[tokio::test]
async fn what_the_risk_engine_sees_keeps_the_reset_shut_also_after_the_check() {
    let house = House::on_stage();
    let (phone, people, accounts) = circle(&house).await;
    let flow = asked(&phone, &accounts).await;
    for person in &people[..2] {
        assert_eq!(vouch(person, &phone, &flow, true).await.status, 200);
    }
    let long_ago = house.clock.now().plus_seconds(-100 * DAY);
    let sets = serde_json::json!([{ "set_at": long_ago, "people": accounts }]);
    let seen = serde_json::json!({ "contacts": sets, "triggers": ["remote_login"] });
    let resolved = serde_json::json!({ "contacts": sets });
    know(&house, &phone, &accounts, 181, seen.clone()).await;
    house.advance(30 * 60).await;
    assert_eq!(open(&phone.run(flow.start.flow).await), "risk");
    know(&house, &phone, &accounts, 181, resolved.clone()).await;
    assert_eq!(open(&phone.run(flow.start.flow).await), "opens");
    house.advance(15 * 60).await;
    know(&house, &phone, &accounts, 181, seen).await;
    let refused = phone.answer(&flow, "enter", phone.shown()).await;
    assert_eq!(refused.code(), Code::RiskDenied);
    assert_eq!(phone.register(b"314159").await.code(), Code::ProofRejected);
    know(&house, &phone, &accounts, 181, resolved).await;
    assert_eq!(phase(&phone.confirm(&flow, "enter").await), Phase::Completed);
}

// R-107
#[tokio::test]
async fn one_person_is_one_voice_and_nobody_vouches_for_themselves() {
    let house = House::on_stage();
    let (phone, people, accounts) = circle(&house).await;
    let flow = asked(&phone, &accounts).await;
    assert_eq!(vouch(&people[0], &phone, &flow, true).await.status, 200);
    assert_eq!(vouch(&people[0], &phone, &flow, true).await.status, 200, "said again");
    assert_eq!(vouch(&people[0], &phone, &flow, false).await.code(), Code::FourEyes);
    assert_eq!(open(&phone.run(flow.start.flow).await), "quorum");
    assert_eq!(vouch(&phone, &phone, &flow, true).await.code(), Code::FourEyes);
    let stranger = Phone::ready(&house).await;
    assert_eq!(vouch(&stranger, &phone, &flow, true).await.code(), Code::NotFound);
    let wrong = Vouch {
        flow: flow.start.flow,
        requester: phone.account().await,
        purpose: "mandate.sign".to_owned(),
        approves: true,
    };
    assert_eq!(people[1].post(&wrong).await.code(), Code::ProofRejected);
    let wrong = Vouch {
        requester: stranger.account().await,
        purpose: RECOVERY.to_owned(),
        ..wrong
    };
    assert_eq!(people[1].post(&wrong).await.code(), Code::ProofRejected);
    assert_eq!(open(&phone.run(flow.start.flow).await), "quorum");
}

// R-110
#[tokio::test]
async fn the_owner_is_told_and_an_objection_ends_the_recovery() {
    let house = House::on_stage();
    let (phone, people, accounts) = circle(&house).await;
    let flow = asked(&phone, &accounts).await;
    let told = phone.reconcile(&[]).await.events;
    let asked_for =
        |kind: &PayerEventKind| matches!(kind, PayerEventKind::Told { flow: told, .. } if *told == flow.start.flow);
    assert!(told.iter().any(|event| asked_for(&event.kind)));
    assert_eq!(vouch(&phone, &phone, &flow, false).await.status, 200);
    let log = phone.run(flow.start.flow).await;
    assert_eq!(phase(&log), Phase::Refused(Code::Objected));
    assert_eq!(vouch(&people[0], &phone, &flow, true).await.code(), Code::StepOrder);
}

// R-105
#[tokio::test]
async fn contacts_are_told_who_asks_for_what() {
    let house = House::on_stage();
    let (phone, people, accounts) = circle(&house).await;
    let flow = asked(&phone, &accounts).await;
    let expected = PayerEventKind::AskedToVouch {
        flow: flow.start.flow,
        requester: phone.account().await,
        purpose: RECOVERY.to_owned(),
    };
    let told = people[2].reconcile(&[]).await.events;
    assert!(told.iter().any(|event| event.kind == expected));
}

// R-103, R-104
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
    // R-104: known for 180 days is not known for more than 180 days.
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

// R-105
#[tokio::test]
async fn contacts_without_a_phone_here_confirm_by_the_code_that_they_scan_and_not_by_a_link() {
    let house = House::on_stage();
    let phone = Phone::ready(&house).await;
    let people = [1, 2, 3].map(|number| AccountId::from_bytes([number; 16]));
    name_contacts(&house, &phone, &people, 181).await;
    // Each of them is sent a link, then shown a code.
    house.party_says(
        Party::ContactPeer,
        r#"{"latency": "PT1M"}
           {"latency": "PT5M"}
           {"latency": "PT1M"}
           {"outcome": "refuses", "latency": "PT6M"}
           {"latency": "PT1M"}
           {"latency": "PT7M"}"#,
    );
    let flow = asked(&phone, &people).await;
    house.advance(60).await;
    assert_eq!(
        open(&phone.run(flow.start.flow).await),
        "quorum",
        "three links are no word"
    );
    let links = vec![said("link_opened", true); 3];
    assert_eq!(voices(&house, &flow).await, links);
    house.advance(5 * 60).await;
    assert_eq!(open(&phone.run(flow.start.flow).await), "quorum");
    house.advance(60).await;
    assert_eq!(open(&phone.run(flow.start.flow).await), "answers_over");
    let scans = [said("scanned", true), said("scanned", false), said("scanned", true)];
    assert_eq!(voices(&house, &flow).await[3..], scans);
    let asked = house.parties.asked(Party::ContactPeer).unwrap();
    let channels: Vec<&str> = asked
        .iter()
        .map(|asked| asked.question["channel"].as_str().unwrap())
        .collect();
    assert_eq!(channels, ["sms_link", "qr_code"].repeat(3));
    assert!(asked.iter().all(|asked| asked.question["purpose"] == RECOVERY));
}

// R-109
#[tokio::test]
async fn a_code_that_is_scanned_at_minute_30_is_noted_though_the_run_is_over() {
    let house = House::on_stage();
    let phone = Phone::ready(&house).await;
    let people = [1, 2, 3].map(|number| AccountId::from_bytes([number; 16]));
    name_contacts(&house, &phone, &people, 181).await;
    for (latency, passes) in [("PT29M59S", true), ("PT30M", false)] {
        let never = r#"{"latency": "never"}"#;
        let lines = format!("{never}\n{{}}\n{never}\n{{\"latency\": \"{latency}\"}}\n{never}\n{never}");
        house.party_says(Party::ContactPeer, &lines);
        let flow = asked(&phone, &people).await;
        house.advance(30 * 60).await;
        let log = phone.run(flow.start.flow).await;
        if passes {
            assert_eq!(open(&log), "opens");
        } else {
            assert_eq!(phase(&log), Phase::Refused(Code::TooLate));
        }
        assert_eq!(
            voices(&house, &flow).await,
            [said("scanned", true), said("scanned", true)]
        );
    }
}

// R-107
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

// R-103
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

// R-103, R-104
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

// R-047
#[tokio::test]
async fn a_teen_leaves_teen_mode_when_the_guardian_says_so_on_their_own_phone() {
    let house = House::on_stage();
    for (approves, left) in [(true, true), (false, false)] {
        let (teen, guardian) = (Phone::ready(&house).await, Phone::ready(&house).await);
        let account = teen.account().await;
        let set = serde_json::json!({ "teen": { "guardian": guardian.account().await } });
        assert_eq!(
            house.set(&format!("/sandbox/accounts/{account}"), set).await.status,
            200
        );
        let (flow, _) = teen.begin_for("teen.exit", &[], Wish::TeenExit { teen: account }).await;
        teen.confirm(&flow, "confirm").await;
        let log: FlowLog = teen.prove(&flow, "identify", &teen.biometric).await.ok();
        assert_eq!(open(&log), "guardian_confirm");
        let statement = Vouch {
            flow: flow.start.flow,
            requester: account,
            purpose: "teen.exit".to_owned(),
            approves,
        };
        assert_eq!(
            teen.post(&Vouch {
                approves: true,
                ..statement.clone()
            })
            .await
            .code(),
            Code::FourEyes
        );
        assert_eq!(guardian.post(&statement).await.status, 200);
        let log = teen.run(flow.start.flow).await;
        assert_eq!(phase(&log) == Phase::Completed, left);
    }
}

#[tokio::test]
async fn nothing_is_objected_to_that_lowers_authority() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let token = phone.sign_mandate().await;
    let flow = phone
        .begin_with("mandate.cancel.quick", &[token.mandate], b"", B64::new([3; 32]))
        .await;
    let statement = Vouch {
        flow: flow.start.flow,
        requester: phone.account().await,
        purpose: "mandate.cancel.quick".to_owned(),
        approves: false,
    };
    assert_eq!(phone.post(&statement).await.code(), Code::StepOrder);
}
