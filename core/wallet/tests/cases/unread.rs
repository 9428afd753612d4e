//! What this app cannot read of one thing keeps nothing else back, and is told at the end of the contact.

use crate::support::phone::{Phone, cny};
use crate::support::{Merchant, Sandboxed};
use quittance_protocol::statement::{Reconciliation, StopScope};
use quittance_protocol::{FlowId, MandateId, Received};
use quittance_wallet::{Answer, EndingStage, ErrorKind, PromptKind, WalletError, WalletEvent};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

async fn signed(sandbox: &Sandboxed, phone: &Phone, merchant: &Merchant) -> MandateId {
    phone.sign(&sandbox.offer(merchant, "pay_as_you_go").await).await
}

/// Changes every record of an order for this mandate, alone or in a list.
fn each_order_of(json: &mut Value, mandate: MandateId, change: &impl Fn(&mut Value)) {
    let named = |record: &Value| record["mandates"] == json!([mandate]);
    if json.get("nonce").is_some() && named(json) {
        change(json);
    }
    if let Some(orders) = json.get_mut("orders").and_then(Value::as_array_mut) {
        orders.iter_mut().filter(|record| named(record)).for_each(change);
    }
}

/// A contact goes through, and says at its end that something was not understood.
async fn contact_ends_with_word_of_it(phone: &Phone) {
    let error = phone.wallet.sync().await.unwrap_err();
    assert!(matches!(error, WalletError::Answer(_)), "{error}");
    assert_eq!(error.kind(), ErrorKind::UpdateApp);
}

fn charges_told(events: &[WalletEvent]) -> Vec<MandateId> {
    let charged = events.iter().filter_map(|event| match event {
        WalletEvent::Charged { mandate, .. } => Some(*mandate),
        _ => None,
    });
    charged.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_cannot_be_read_keeps_neither_policy_nor_reconciliation_nor_another_order_back() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let merchant = sandbox.merchant("Bluebird").await;
    let unreadable = signed(&sandbox, &phone, &merchant).await;
    let other = signed(&sandbox, &phone, &merchant).await;
    let living = signed(&sandbox, &phone, &merchant).await;
    sandbox.plug.lie(Some(Box::new(move |json| {
        each_order_of(json, unreadable, &|record| {
            (record["destroyed"], record["closure"]) = (Value::Null, Value::Null);
        });
    })));
    let flow = phone.wallet.start_revoke(&[unreadable]).await.unwrap();
    phone.walk(flow).await.unwrap();
    phone
        .until(unreadable, |stage| stage == EndingStage::AwaitingClosure)
        .await;

    let policies = Arc::new(AtomicU32::new(0));
    let asked = Arc::clone(&policies);
    sandbox.plug.lie(Some(Box::new(move |json| {
        asked.fetch_add(u32::from(json.get("bundle").is_some()), Ordering::SeqCst);
        each_order_of(json, unreadable, &|record| record["state"] = "archived".into());
    })));
    let flow = phone.wallet.start_revoke(&[other]).await.unwrap();
    let end = phone.walk(flow).await;
    assert!(matches!(end, Err(WalletError::Answer(_))), "{end:?}");
    let deadline = Instant::now() + Duration::from_secs(20);
    while !matches!(phone.stage(other), Some(EndingStage::Closed(_))) {
        assert!(Instant::now() < deadline, "it stays at {:?}", phone.stage(other));
        contact_ends_with_word_of_it(&phone).await;
    }
    sandbox.charge(&merchant, living, 100, "ride", None).await;
    let before = policies.load(Ordering::SeqCst);
    contact_ends_with_word_of_it(&phone).await;
    assert_eq!(policies.load(Ordering::SeqCst), before + 1, "the rules are asked for");
    assert_eq!(charges_told(&phone.events()), [living], "the reconciliation is heard");
    assert_eq!(
        phone.stage(unreadable),
        Some(EndingStage::AwaitingClosure),
        "nothing is guessed of it"
    );
    // Control: once it can be read it closes.
    sandbox.plug.lie(None);
    phone.until_closed(unreadable).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mandate_that_cannot_be_read_or_has_another_token_stays_as_it_was_and_keeps_nothing_else_back() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let merchant = sandbox.merchant("Bluebird").await;
    let mandate = signed(&sandbox, &phone, &merchant).await;
    let living = signed(&sandbox, &phone, &merchant).await;
    for (reference, member, told) in [
        ("ride-1", "state", "dormant"),
        ("ride-2", "gateway_half", "lent"),
        ("ride-3", "token", "tok_09090909090909090909090909090909"),
    ] {
        let before = phone.wallet.mandate(mandate).unwrap();
        sandbox.plug.lie(Some(Box::new(move |json| {
            let records = json.get_mut("mandates").and_then(Value::as_array_mut);
            for record in records.into_iter().flatten() {
                if record.get("mandate") == Some(&json!(mandate)) {
                    record[member] = told.into();
                }
            }
        })));
        sandbox.charge(&merchant, living, 100, reference, None).await;
        contact_ends_with_word_of_it(&phone).await;
        assert_eq!(charges_told(&phone.events()), [living], "{member}");
        assert_eq!(phone.wallet.mandate(mandate).unwrap(), before, "{member}");
    }
    sandbox.plug.lie(None);
    phone.wallet.sync().await.unwrap();
}

fn last_heard(sandbox: &Sandboxed) -> Option<u64> {
    let said = sandbox.plug.said("reconciliation");
    let received = Received::parse(said.last().unwrap()).unwrap();
    received.unverified_body::<Reconciliation>().unwrap().1.events_after
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_of_a_kind_that_this_app_does_not_know_is_passed_over_and_the_next_ones_are_told() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let merchant = sandbox.merchant("Bluebird").await;
    let mandate = signed(&sandbox, &phone, &merchant).await;
    phone.wallet.sync().await.unwrap();
    phone.events();
    sandbox.charge(&merchant, mandate, 100, "ride-1", None).await;
    sandbox.charge(&merchant, mandate, 200, "ride-2", None).await;
    sandbox.plug.lie(Some(Box::new(|json| {
        if let Some(first) = json.get_mut("events").and_then(|events| events.get_mut(0)) {
            first["kind"] = json!({ "kind": "forecast", "weather": { "rain": true } });
        }
    })));
    phone.wallet.sync().await.unwrap();
    let charged = |minor| WalletEvent::Charged {
        mandate,
        amount: cny(minor),
    };
    assert_eq!(phone.events(), [charged(200)]);
    sandbox.charge(&merchant, mandate, 300, "ride-3", None).await;
    let before = last_heard(&sandbox);
    phone.wallet.sync().await.unwrap();
    assert_eq!(phone.events(), [], "it was the only one");
    assert!(last_heard(&sandbox) > before);
    sandbox.plug.lie(None);
    sandbox.charge(&merchant, mandate, 400, "ride-4", None).await;
    phone.wallet.sync().await.unwrap();
    assert_eq!(phone.events(), [charged(400)], "what was passed over counts as read");
}

/// Begins an end for which the merchant is waited for, for an hour.
async fn waits_for_the_merchant(sandbox: &Sandboxed, phone: &Phone, merchant: &Merchant) -> (MandateId, FlowId) {
    let more = json!({ "channel": "mini_program" });
    let mandate = phone
        .sign(&sandbox.offer_with(merchant, "pay_as_you_go", &more).await)
        .await;
    let way = "mandate.cancel.mini_program";
    let flow = phone.wallet.begin(way, vec![mandate], None).await.unwrap();
    let agrees = json!({ "outcome": "agrees", "latency": "PT1H" });
    sandbox.script("merchant_release", agrees).await;
    phone.wallet.submit(flow, Answer::Confirm).await.unwrap();
    (mandate, flow)
}

/// How an hour goes by for three runs while the gateway changes the log of the first in its list.
async fn first_log_changed(change: impl Fn(&mut Value) + Send + 'static) {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let merchant = sandbox.merchant("Bluebird").await;
    let living = signed(&sandbox, &phone, &merchant).await;
    let mut flows = Vec::new();
    for _ in 0..3 {
        flows.push(waits_for_the_merchant(&sandbox, &phone, &merchant).await.1);
    }
    let in_review = || {
        let is_asked = |flow: &&FlowId| {
            let prompt = phone.wallet.next_prompt(**flow).unwrap().unwrap();
            matches!(prompt.kind, PromptKind::InReview { .. })
        };
        flows.iter().filter(is_asked).count()
    };
    assert_eq!(in_review(), 0, "control: the merchant is waited for");
    sandbox.advance(3600).await;
    sandbox.charge(&merchant, living, 100, "ride", None).await;
    sandbox.plug.lie(Some(Box::new(move |json| {
        if let Some(log) = json.get_mut("flows").and_then(|flows| flows.get_mut(0)) {
            change(log);
        }
    })));
    contact_ends_with_word_of_it(&phone).await;
    assert_eq!(in_review(), 2, "the others are taken over");
    assert_eq!(charges_told(&phone.events()), [living], "so is the rest");
    let known = phone.wallet.mandate(living).unwrap();
    assert!(known.can_pay, "{known:?}");
    // Control: the log as it is can be taken over.
    sandbox.plug.lie(None);
    phone.wallet.sync().await.unwrap();
    assert_eq!(in_review(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_flow_log_that_does_not_fold_keeps_neither_the_others_nor_the_mandates_back() {
    first_log_changed(|log| {
        let events = log["events"].as_array_mut().unwrap();
        events.push(events[0].clone());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_flow_log_with_an_event_that_this_app_does_not_know_keeps_neither_the_others_nor_the_mandates_back() {
    first_log_changed(|log| {
        let events = log["events"].as_array_mut().unwrap();
        events.push(json!({ "at": events[0]["at"], "author": "gateway", "kind": { "event": "postponed" } }));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_or_a_lock_that_cannot_be_read_lifts_nothing_that_was_known() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let merchant = sandbox.merchant("Bluebird").await;
    let mandate = signed(&sandbox, &phone, &merchant).await;
    let scope = StopScope::Merchant { merchant: merchant.id };
    phone.wallet.stop(scope.clone()).await.unwrap();
    phone.wallet.lock_now(false).await.unwrap();
    phone.wallet.sync().await.unwrap();
    let known = || {
        let locked = phone.wallet.lock_state().unwrap().lock.is_some();
        (locked, phone.wallet.permissions().unwrap().stops)
    };
    assert_eq!(known(), (true, vec![scope.clone()]));
    let told = |stops: Value, lock: Value| {
        sandbox.plug.lie(Some(Box::new(move |json| {
            if json.get("stops").is_some() {
                (json["stops"], json["lock"]) = (stops.clone(), lock.clone());
            }
        })));
    };
    told(json!([{ "scope": "weekends" }]), json!({ "until": "dawn" }));
    phone.events();
    sandbox.charge(&merchant, mandate, 100, "ride", None).await;
    contact_ends_with_word_of_it(&phone).await;
    assert_eq!(known(), (true, vec![scope]));
    let events = phone.events();
    assert!(
        matches!(events.as_slice(), [WalletEvent::Declined { .. }]),
        "the rest is heard: {events:?}"
    );
    // Control: what can be read is taken over.
    told(json!([]), Value::Null);
    phone.wallet.sync().await.unwrap();
    assert_eq!(known(), (false, Vec::new()));
}
