//! Several mandates at once, some of which their bank confirms.

use quittance_flows::Phase;
use quittance_gateway::Clock as _;
use quittance_protocol::answer::{MandateState, OrderRecord, OrderState};
use quittance_protocol::flow_event::Wish;
use quittance_protocol::log_body::{DestroyedBody, OrderBody, TerminationCause};
use quittance_protocol::statement::{Channel, Intent, ReplicaState, StartFlow};
use quittance_protocol::{B64, Code, MandateId};

use crate::support::phone::{Phone, Token, approved, declined};
use crate::support::walk::Walked;
use crate::support::{DAY, House, random};

async fn mandate(house: &House, phone: &Phone<'_>, channel: Channel) -> Token {
    let token = phone
        .provision(&house.offer_with(|terms| terms.channel = channel))
        .await;
    let permits = vec![token.pooled(house, 1)];
    assert_eq!(phone.activate(&token, permits).await.status, 200);
    token
}

fn ids<'t>(tokens: impl IntoIterator<Item = &'t Token>) -> Vec<MandateId> {
    tokens.into_iter().map(|token| token.mandate).collect()
}

//
#[tokio::test]
async fn a_batch_of_20_with_three_bank_items_ends_17_at_once_and_each_item_by_its_own_bank() {
    let house = House::on_stage();
    let phone = Phone::ready(&house).await;
    let (mut own, mut banks) = (Vec::new(), Vec::new());
    for _ in 0..17 {
        own.push(mandate(&house, &phone, Channel::App).await);
    }
    for _ in 0..3 {
        banks.push(mandate(&house, &phone, Channel::Bank).await);
    }
    house
        .script(
            "bank_app",
            &[
                "{\"latency\":\"PT5M\",\"times\":2}",
                "{\"outcome\":\"refused\",\"latency\":\"PT5M\"}",
            ],
        )
        .await;
    let all = ids(own.iter().chain(&banks));
    let walked = phone.walk("mandate.cancel.quick", &all).await;
    assert!(walked.is_complete(), "open: {:?}", walked.open);
    assert_eq!(walked.log.next_flows.len(), 3, "one run for each item of a bank's");

    let order = phone.intend_by(&walked, &ids(&own)).await;
    assert_eq!(order.mandates, ids(&own));
    house.settle().await;
    let destroyed = phone.order(order.order).await;
    assert_eq!(destroyed.state, OrderState::Destroyed);
    let body: DestroyedBody = serde_json::from_slice(destroyed.destroyed.unwrap().body.as_slice()).unwrap();
    assert_eq!(
        (body.tokens.len(), body.epoch_new - body.epoch_old),
        (17, 1),
        "one rotation"
    );
    for token in &banks {
        assert_eq!(
            declined(&house.charge(token.mandate, 1).await),
            Code::MandateHeld,
            "held meanwhile"
        );
    }

    for item in &walked.log.next_flows {
        let open = phone.walk_on(*item).await.open;
        assert_eq!(
            open.as_deref(),
            Some("bank.decision"),
            "the bank's own word is still to come"
        );
    }
    house.advance(300).await;
    let mut ended = Vec::new();
    for token in &banks {
        ended.push(phone.mandate(token.mandate).await.state == MandateState::Ended);
    }
    ended.sort_unstable();
    assert_eq!(ended, [false, true, true], "two approved later, one refused");
    // what the bank refused stays held until the payer lifts it.
    let refused = phone.reconcile(&[]).await.mandates;
    let held = refused.iter().filter(|record| record.state == MandateState::Suspended);
    assert_eq!(held.count(), 1);
}

//
#[tokio::test]
async fn a_single_mandate_of_a_banks_asks_the_bank_within_its_own_run() {
    let house = House::on_stage();
    let phone = Phone::ready(&house).await;
    let token = mandate(&house, &phone, Channel::Bank).await;
    let walked = phone.walk("mandate.cancel.quick", &[token.mandate]).await;
    assert!(walked.log.next_flows.is_empty());
    house.settle().await;
    let record = phone.mandate(token.mandate).await;
    assert_eq!(
        record.state,
        MandateState::Ended,
        "its bank approved, so nobody waits for the phone"
    );
    let order = phone.reconcile(&[(&token, ReplicaState::Held)]).await.orders.remove(0);
    let body: OrderBody = serde_json::from_slice(order.ordered.body.as_slice()).unwrap();
    assert_eq!((body.cause, body.intent), (TerminationCause::Payer, None));
}

/// Comes back from the bank's app, as the payer does; its bank has said the same.
async fn agreed_with(phone: &Phone<'_>, walked: &Walked) {
    let [item] = walked.log.next_flows.as_slice() else {
        panic!("one item is a bank's")
    };
    assert!(phone.walk_on(*item).await.is_complete());
}

//
//
//
#[tokio::test]
async fn an_item_of_a_batch_ends_as_late_as_the_route_that_it_was_named_on() {
    for (definition, wait) in [
        ("mandate.cancel.quick", 0),
        ("mandate.cancel.service", DAY),
        // Three working days from a Tuesday.
        ("mandate.cancel.assisted", 3 * DAY),
    ] {
        let house = House::on_stage_at("2026-11-24T06:00:00Z");
        let phone = Phone::ready(&house).await;
        let own = mandate(&house, &phone, Channel::App).await;
        let bank = mandate(&house, &phone, Channel::Bank).await;
        let walked = phone.walk(definition, &[own.mandate, bank.mandate]).await;
        let walked = if walked.is_complete() {
            walked
        } else {
            let flow = walked.flow.start.flow;
            house.decide(flow, "agent_review", true).await;
            house.decide(flow, "second_review", true).await;
            phone.walk_on(flow).await
        };
        agreed_with(&phone, &walked).await;
        let order = phone.mandate(bank.mandate).await.order.expect("an order");
        let ordered = phone.order(order).await;
        let after = ordered.effective_at.seconds_since(house.clock.now());
        assert_eq!(after, wait, "{definition}");
        assert_eq!(
            declined(&house.charge(bank.mandate, 1).await),
            if wait == 0 {
                Code::TokenDestroyed
            } else {
                Code::MandateHeld
            },
            "{definition}"
        );
        if wait > 0 {
            assert_eq!(
                phone.mandate(bank.mandate).await.state,
                MandateState::RevocationScheduled
            );
            house.advance(wait - 1).await;
            let wish = Wish::Undo { order };
            let (undo, _) = phone.begin_for("mandate.undo", &[], wish).await;
            assert!(
                phone.walk_on(undo.start.flow).await.is_complete(),
                "R-302: {definition}"
            );
            approved(&house.charge(bank.mandate, 1).await);
        }
    }
}

//
#[tokio::test]
async fn no_phone_begins_the_run_of_an_item_by_itself() {
    let house = House::on_stage();
    let phone = Phone::ready(&house).await;
    let token = mandate(&house, &phone, Channel::Bank).await;
    let begin = async |definition: &str| {
        let nonce = B64::new(random::<32>());
        let start = phone.flow_start(definition, &[token.mandate], b"", nonce);
        phone.post(&StartFlow { start }).await
    };
    let refused = begin("mandate.cancel.bank_item").await.problem();
    assert_eq!(
        (refused.code(), refused.pointer()),
        (Code::Malformed, Some("/start/definition"))
    );
    approved(&house.charge(token.mandate, 1).await);
    // Control: a way to the end is begun, which asks for more than the bank's word.
    assert_eq!(begin("mandate.cancel.quick").await.status, 200);
}

//
#[tokio::test]
async fn a_banks_mandate_ends_on_no_way_of_the_payers_before_its_bank_agrees() {
    for (definition, after) in [("mandate.cancel.service", DAY), ("mandate.cancel.assisted", 3 * DAY)] {
        for agrees in [true, false] {
            let house = House::on_stage_at("2026-11-24T06:00:00Z");
            let outcome = if agrees { "approved" } else { "refused" };
            let says = format!("{{\"outcome\":\"{outcome}\",\"latency\":\"PT5M\"}}");
            house.script("bank_app", &[&says]).await;
            let phone = Phone::ready(&house).await;
            let token = mandate(&house, &phone, Channel::Bank).await;
            let mut walked = phone.walk(definition, &[token.mandate]).await;
            if walked.open.as_deref() == Some("agent_review") {
                let flow = walked.flow.start.flow;
                house.decide(flow, "agent_review", true).await;
                house.decide(flow, "second_review", true).await;
                walked = phone.walk_on(flow).await;
            }
            assert_eq!(walked.open.as_deref(), Some("bank.decision"), "{definition}");
            house.advance(300).await;
            let record = phone.mandate(token.mandate).await;
            if agrees {
                assert_eq!(record.state, MandateState::RevocationScheduled, "{definition}");
                let due = house.clock.now().plus_seconds(after);
                assert_eq!(record.effective_at, Some(due), "{definition}");
            } else {
                assert_eq!(record.state, MandateState::Suspended, "{definition}");
                assert_eq!(declined(&house.charge(token.mandate, 1).await), Code::MandateHeld);
            }
        }
    }
}

//
#[tokio::test]
async fn an_intent_names_what_no_bank_has_to_confirm() {
    let house = House::on_stage();
    let phone = Phone::ready(&house).await;
    let own = mandate(&house, &phone, Channel::App).await;
    let bank = mandate(&house, &phone, Channel::Bank).await;
    let walked = phone.walk("mandate.cancel.quick", &[own.mandate, bank.mandate]).await;
    let whole = Intent {
        flow: walked.flow.start.flow,
        mandates: vec![own.mandate, bank.mandate],
        offline: false,
        proof: walked.proof.clone().unwrap(),
    };
    assert_eq!(phone.post(&whole).await.code(), Code::ProofRejected);
    // Control.
    let order = phone.intend_by(&walked, &[own.mandate]).await;
    assert_eq!(order.mandates, [own.mandate]);
}

// Before, the gateway went by what it had seen of the run, the phone by what it had heard: neither took the other's word,
// and both held for ever.
//
//
#[tokio::test]
async fn an_intent_from_offline_names_the_banks_too_also_where_the_gateway_saw_the_run_complete() {
    let house = House::on_stage();
    let phone = Phone::ready(&house).await;
    let own = mandate(&house, &phone, Channel::App).await;
    let bank = mandate(&house, &phone, Channel::Bank).await;
    let all = [own.mandate, bank.mandate];
    house.script("bank_app", &["{\"latency\":\"PT5M\"}"]).await;
    // The answer to the PIN was lost: the phone goes on without the gateway.
    let walked = phone.walk("mandate.cancel.quick", &all).await;
    let intent = |mandates: &[MandateId], offline| Intent {
        flow: walked.flow.start.flow,
        mandates: mandates.to_vec(),
        offline,
        proof: walked.proof.clone().unwrap(),
    };
    for (mandates, offline) in [(&all[..1], true), (&all[..], false)] {
        let other = phone.post(&intent(mandates, offline)).await;
        assert_eq!(other.code(), Code::ProofRejected, "control: {offline}");
    }
    let order: OrderRecord = phone.post(&intent(&all, true)).await.ok();
    assert_eq!(order.mandates, all);
    let body: OrderBody = serde_json::from_slice(order.ordered.body.as_slice()).unwrap();
    assert_eq!(body.cause, TerminationCause::PayerOffline);
    // The bank's own run was begun: what the bank says ends nothing a second time.
    let [item] = walked.log.next_flows[..] else {
        panic!("{:?}", walked.log.next_flows)
    };
    assert_eq!(phone.walk_on(item).await.state.phase, Phase::Open, "the bank is asked");
    house.advance(300).await;
    assert!(phone.walk_on(item).await.is_complete(), "it has ended already");
    for token in [&own, &bank] {
        assert_eq!(declined(&house.charge(token.mandate, 1).await), Code::TokenDestroyed);
    }
    let orders = phone.reconcile(&[(&bank, ReplicaState::Held)]).await.orders;
    assert_eq!(orders.len(), 1);
}

//
#[tokio::test]
async fn the_quick_path_is_closed_to_what_the_payer_did_not_sign_and_stopping_is_not() {
    let house = House::on_stage();
    let phone = Phone::ready(&house).await;
    let token = phone.sign_mandate().await;
    let path = format!("/sandbox/mandates/{}", token.mandate);
    assert_eq!(
        house
            .set(&path, serde_json::json!({ "system_default": true }))
            .await
            .status,
        200
    );
    let walked = phone.walk("mandate.cancel.quick", &[token.mandate]).await;
    assert_eq!(walked.state.phase, quittance_flows::Phase::Refused(Code::NotEligible));
    assert_eq!(
        declined(&house.charge(token.mandate, 1).await),
        Code::MandateHeld,
        "it is held all the same"
    );
    let walked = phone.walk("mandate.cancel.service", &[token.mandate]).await;
    assert!(walked.is_complete());
}
