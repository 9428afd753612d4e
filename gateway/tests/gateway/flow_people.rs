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

/// Names contacts who have been known for so many days.
async fn name_contacts(house: &House, phone: &Phone<'_>, contacts: &[AccountId], days: i64) {
    let since = house.clock.now().plus_seconds(-days * DAY);
    let contacts: Vec<_> = contacts
        .iter()
        .map(|account| serde_json::json!({ "account": account, "name": "Lin", "known_since": since, "verified": true }))
        .collect();
    let path = format!("/sandbox/accounts/{}", phone.account().await);
    let set = house.set(&path, serde_json::json!({ "contacts": contacts })).await;
    assert_eq!(set.status, 200, "{}", String::from_utf8_lossy(&set.body));
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
    assert_eq!(open(&phone.run(flow.start.flow).await), "opens");
    house.advance(45 * 60 - 1).await;
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
async fn an_answer_at_minute_30_is_too_late_and_a_second_before_is_not() {
    let house = House::on_stage();
    let (phone, people, accounts) = circle(&house).await;
    for (after, passes) in [(30 * 60 - 1, true), (30 * 60, false)] {
        let flow = asked(&phone, &accounts).await;
        assert_eq!(vouch(&people[0], &phone, &flow, true).await.status, 200);
        house.advance(after).await;
        let reply = vouch(&people[1], &phone, &flow, true).await;
        if passes {
            assert_eq!(open(&phone.run(flow.start.flow).await), "opens");
        } else {
            assert_eq!(reply.code(), Code::TooLate);
            let log = phone.run(flow.start.flow).await;
            assert_eq!(phase(&log), Phase::Refused(Code::TooLate));
        }
    }
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
async fn contacts_without_a_phone_here_answer_over_the_outside_party() {
    let house = House::on_stage();
    let phone = Phone::ready(&house).await;
    let people = [1, 2, 3].map(|number| AccountId::from_bytes([number; 16]));
    name_contacts(&house, &phone, &people, 181).await;
    house.party_says(
        Party::ContactPeer,
        r#"{"latency": "PT5M"}
           {"outcome": "refuses", "latency": "PT6M"}
           {"latency": "PT7M"}"#,
    );
    let flow = asked(&phone, &people).await;
    house.advance(6 * 60).await;
    assert_eq!(open(&phone.run(flow.start.flow).await), "quorum");
    house.advance(60).await;
    assert_eq!(open(&phone.run(flow.start.flow).await), "opens");
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
