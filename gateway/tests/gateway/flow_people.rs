//! People who answer for somebody: trusted contacts, a guardian; and the payer who objects (R-047, R-103 to R-111).

use quittance_flows::Phase;
use quittance_gateway::Clock as _;
use quittance_gateway::parties::Party;
use quittance_protocol::answer::{FlowLog, PayerEventKind};
use quittance_protocol::flow_event::Wish;
use quittance_protocol::statement::Vouch;
use quittance_protocol::{AccountId, B64, Code};

use crate::support::circle::{RECOVERY, asked, circle, know, name_contacts, said, voices, vouch};
use crate::support::phone::{Flow, PIN, Phone};
use crate::support::runs::{open, phase};
use crate::support::{DAY, House};

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

// R-111
#[tokio::test]
async fn who_goes_on_late_has_no_second_quarter_of_an_hour_for_the_new_pin() {
    let house = House::on_stage();
    let (phone, people, accounts) = circle(&house).await;
    for (after, passes) in [(0, true), (1, false)] {
        let flow = asked(&phone, &accounts).await;
        for person in &people[..2] {
            assert_eq!(vouch(person, &phone, &flow, true).await.status, 200);
        }
        house.advance(60 * 60 - 1).await;
        assert_eq!(phase(&phone.confirm(&flow, "enter").await), Phase::Completed);
        house.advance(after).await;
        let reply = phone.register(b"314159").await;
        assert_eq!(reply.status == 200, passes, "at minute 60 it is closed");
        if !passes {
            assert_eq!(reply.code(), Code::ProofRejected);
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

// R-047
#[tokio::test]
async fn who_is_guardian_no_longer_ends_no_teen_mode_and_the_guardian_on_record_does() {
    let house = House::on_stage();
    let (teen, before, now) = (
        Phone::ready(&house).await,
        Phone::ready(&house).await,
        Phone::ready(&house).await,
    );
    let account = teen.account().await;
    let under = async |guardian: &Phone<'_>| {
        let set = serde_json::json!({ "teen": { "guardian": guardian.account().await } });
        let path = format!("/sandbox/accounts/{account}");
        assert_eq!(house.set(&path, set).await.status, 200);
    };
    let exit = async || {
        let (flow, _) = teen.begin_for("teen.exit", &[], Wish::TeenExit { teen: account }).await;
        teen.confirm(&flow, "confirm").await;
        let log: FlowLog = teen.prove(&flow, "identify", &teen.biometric).await.ok();
        assert_eq!(open(&log), "guardian_confirm");
        flow
    };
    let yes = |flow: &Flow| Vouch {
        flow: flow.start.flow,
        requester: account,
        purpose: "teen.exit".to_owned(),
        approves: true,
    };
    under(&before).await;
    let flow = exit().await;
    under(&now).await;
    assert_eq!(before.post(&yes(&flow)).await.code(), Code::NotEligible);
    assert_eq!(open(&teen.run(flow.start.flow).await), "guardian_confirm");
    assert!(voices(&house, &flow).await.is_empty(), "nor is it noted as an answer");
    // Control: whoever is on record when the teen asks ends it.
    let flow = exit().await;
    assert_eq!(now.post(&yes(&flow)).await.status, 200);
    assert_eq!(phase(&teen.run(flow.start.flow).await), Phase::Completed);
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
