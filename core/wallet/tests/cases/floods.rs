//! What a gateway makes up has a bound on the phone, and keeps nothing true back.

use crate::support::Sandboxed;
use crate::support::phone::Phone;
use crate::support::plug::Line;
use quittance_protocol::{FlowId, MandateId, OrderId};
use quittance_wallet::{ItemOutcome, WalletError, WalletEvent};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

/// Of each kind so many are kept.
const MOST: usize = 64;

fn numbered(number: usize) -> [u8; 16] {
    let mut id = [7; 16];
    let bytes = number.to_be_bytes();
    let end = id.last_chunk_mut().unwrap();
    *end = bytes;
    id
}

/// Puts so many orders for this mandate in front of the true ones of each reconciliation: with the log's proof of a true one.
fn flood_of_orders(sandbox: &Sandboxed, mandate: MandateId, count: usize) {
    let known = Mutex::new(None);
    sandbox.plug.lie(Some(Box::new(move |json| {
        let Some(orders) = json.get_mut("orders").and_then(Value::as_array_mut) else {
            return;
        };
        let mut known = known.lock().unwrap();
        *known = orders.first().cloned().or(known.take());
        let Some(known) = &*known else { return };
        let made_up = (0..count).map(|number| {
            let mut order = known.clone();
            (order["destroyed"], order["closure"]) = (Value::Null, Value::Null);
            order["order"] = OrderId::from_bytes(numbered(number)).to_string().into();
            order["mandates"] = json!([mandate]);
            order["state"] = "quiesced".into();
            order
        });
        orders.splice(0..0, made_up.collect::<Vec<_>>());
    })));
}

fn doubted(events: &[WalletEvent]) -> usize {
    let doubts = events
        .iter()
        .filter(|event| matches!(event, WalletEvent::Disputed { .. }));
    doubts.count()
}

/// A contact that hears first of the order for one mandate, behind so many made up for another one: how it ended, and how many
/// of them the payer was told of.
async fn hears_of_orders(count: usize) -> (Result<(), WalletError>, usize) {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let merchant = sandbox.merchant("Bluebird").await;
    let living = phone.sign(&sandbox.offer(&merchant, "pay_as_you_go").await).await;
    let ended = phone.sign(&sandbox.offer(&merchant, "pay_as_you_go").await).await;
    let flow = phone.wallet.start_revoke(&[ended]).await.unwrap();
    sandbox.plug.lose_answer_of("intent");
    phone.walk(flow).await.unwrap();
    phone.events();
    sandbox.plug.stall(&["intent"]);
    sandbox.plug.set(Line::Up);
    flood_of_orders(&sandbox, living, count);
    let end = phone.wallet.sync().await.map(drop);
    assert!(
        phone.wallet.order_of(flow).unwrap().is_some(),
        "the true order is heard of"
    );
    let told = doubted(&phone.events());
    let again = phone.wallet.sync().await.map(drop);
    assert_eq!(again.is_err(), end.is_err(), "{again:?}");
    assert_eq!(doubted(&phone.events()), 0, "nothing is told twice, and nothing more");
    assert!(
        phone.wallet.mandate(living).unwrap().can_pay,
        "what nothing bears out ends nothing"
    );
    sandbox.plug.stall(&[]);
    sandbox.plug.lie(None);
    phone.until_closed(ended).await;
    (end, told)
}

#[tokio::test(flavor = "multi_thread")]
async fn of_orders_that_are_made_up_a_bounded_number_is_kept_and_the_true_one_is_heard() {
    let (end, told) = hears_of_orders(1_500).await;
    assert!(matches!(end, Err(WalletError::Answer(_))), "{end:?}");
    assert_eq!(told, MOST);
    let (end, told) = hears_of_orders(MOST - 1).await;
    assert!(end.is_ok(), "{end:?}");
    assert_eq!(told, MOST - 1, "control: each of fewer is doubted");
}

/// The log of a run that the gateway says it began, made of the beginning of another one.
fn begun_by_gateway(known: &Value, number: usize) -> Value {
    let flow = FlowId::from_bytes(numbered(number)).to_string();
    let mut start = known.clone();
    start["author"] = "gateway".into();
    start["kind"]["flow"] = flow.clone().into();
    json!({ "flow": flow, "events": [start], "next_flows": [] })
}

#[tokio::test(flavor = "multi_thread")]
async fn of_runs_that_nothing_led_to_a_bounded_number_is_kept_and_those_of_a_batch_have_room() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let merchant = sandbox.merchant("Bluebird").await;
    let mandate = phone.sign(&sandbox.offer(&merchant, "pay_as_you_go").await).await;
    let other = phone.sign(&sandbox.offer(&merchant, "pay_as_you_go").await).await;
    let channel = json!({ "channel": "bank" });
    let by_bank = sandbox.offer_with(&merchant, "pay_as_you_go", &channel).await;
    let bank = phone.sign(&by_bank).await;
    let told = Arc::new(Mutex::new(Value::Null));
    let kept = Arc::clone(&told);
    sandbox.plug.lie(Some(Box::new(move |json| {
        if json.get("events").is_some() && json.get("flow").is_some() {
            kept.lock().unwrap().clone_from(json);
        }
    })));
    let flow = phone.wallet.start_revoke(&[mandate]).await.unwrap();
    phone.walk(flow).await.unwrap();
    let known = told.lock().unwrap()["events"][0].clone();
    let flood = |count: usize| {
        let logs: Vec<Value> = (0..count).map(|number| begun_by_gateway(&known, number)).collect();
        sandbox.plug.lie(Some(Box::new(move |json| {
            if let Some(flows) = json.get_mut("flows").and_then(Value::as_array_mut) {
                flows.splice(0..0, logs.clone());
            }
        })));
    };
    let open = || phone.wallet.open_flows().unwrap().len();
    assert_eq!(open(), 0);
    flood(MOST - 1);
    phone.wallet.sync().await.unwrap();
    assert_eq!(open(), MOST - 1, "control: each of fewer is kept");
    flood(1_500);
    let end = phone.wallet.sync().await;
    assert!(matches!(end, Err(WalletError::Answer(_))), "{end:?}");
    assert_eq!(open(), MOST);
    let batch = phone.wallet.start_revoke(&[other, bank]).await.unwrap();
    phone.walk(batch).await.unwrap();
    let results = phone.wallet.batch_results(batch).unwrap();
    let item = results.iter().find(|item| item.mandate == bank).unwrap().outcome;
    let ItemOutcome::WaitsForBank { flow } = item else {
        panic!("{item:?}")
    };
    assert!(phone.wallet.next_prompt(flow).unwrap().is_some(), "it is kept");
}
