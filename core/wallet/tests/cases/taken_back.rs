//! An end that the payer takes back while the answer to a wish is on its way.

use super::flows::{asks_back, by_service, signed, walks_by_service};
use crate::support::phone::Phone;
use crate::support::plug::Line;
use crate::support::{Merchant, Sandboxed};
use axum::http::Method;
use quittance_protocol::{FlowId, MandateId, OrderId};
use quittance_wallet::{EndingStage, WalletEvent};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

/// The payer takes an order back, and the phone hears that it was.
async fn takes_back(phone: &Phone, order: OrderId) {
    let undo = asks_back(phone, order).await;
    phone.walk(undo).await.unwrap();
    phone.wallet.sync().await.unwrap();
}

/// Ends a permission by the service path, whose answer is lost: the phone hears of the order by a contact, and the intent
/// stays unanswered.
async fn scheduled_without_answer(sandbox: &Sandboxed, phone: &Phone, mandate: MandateId) -> OrderId {
    sandbox.plug.lose_answer_of("intent");
    let flow = by_service(sandbox, phone, &[mandate]).await;
    sandbox.plug.set(Line::Up);
    sandbox.plug.stall(&["intent"]);
    phone.wallet.sync().await.unwrap();
    phone.wallet.order_of(flow).unwrap().unwrap()
}

fn is_disputed(events: &[WalletEvent]) -> bool {
    events.iter().any(|event| matches!(event, WalletEvent::Disputed { .. }))
}

/// The order's wish is answered, as the gateway answered it first: before the end was taken back.
async fn is_answered_as_it_was(sandbox: &Sandboxed, phone: &Phone) {
    sandbox.plug.stall(&[]);
    assert_eq!(phone.wallet.sync().await.unwrap().waiting, 0, "it is answered");
    let said = sandbox.plug.said("intent");
    assert!(said.len() > 1 && said.first() == said.last(), "the same once more");
}

/// Two permissions, and a run that is to end the first one.
async fn two_of_which_one_is_wished_to_end(sandbox: &Sandboxed, phone: &Phone) -> (Merchant, [MandateId; 2], FlowId) {
    let (merchant, one) = signed(sandbox, phone, json!({})).await;
    let (_, other) = signed(sandbox, phone, json!({})).await;
    let wish = phone.wallet.begin("mandate.cancel.service", vec![one], None).await;
    (merchant, [one, other], wish.unwrap())
}

/// Its end comes to be scheduled, and nothing of it is disputed.
async fn is_scheduled(phone: &Phone, mandate: MandateId) {
    let is_scheduled = |stage| matches!(stage, EndingStage::Scheduled { .. });
    phone.until(mandate, is_scheduled).await;
    assert!(!is_disputed(&phone.events()));
}

/// What is scheduled comes to its end, and nothing of it is disputed.
async fn ends_a_day_later(sandbox: &Sandboxed, phone: &Phone, merchant: &Merchant, mandate: MandateId) {
    sandbox.advance(24 * 3600).await;
    phone.until_closed(mandate).await;
    assert!(!is_disputed(&phone.events()));
    let charged = sandbox.charge(merchant, mandate, 100, "ended", None).await;
    assert_eq!(charged, "token_destroyed");
}

//
#[tokio::test(flavor = "multi_thread")]
async fn an_end_that_was_taken_back_is_not_disputed_where_its_wish_is_answered_as_it_was() {
    for is_past_its_moment in [false, true] {
        let sandbox = Sandboxed::start().await;
        let phone = Phone::enrolled(&sandbox).await;
        let (merchant, mandate) = signed(&sandbox, &phone, json!({})).await;
        let (_, other) = signed(&sandbox, &phone, json!({})).await;
        let order = scheduled_without_answer(&sandbox, &phone, mandate).await;
        takes_back(&phone, order).await;
        let undone = WalletEvent::Undone { order, mandate };
        assert!(phone.events().contains(&undone), "control: the phone hears of it");
        if is_past_its_moment {
            // The log proves the time by what ended since.
            sandbox.advance(25 * 3600).await;
            let banned = json!({ "mandates": [other], "cause": "merchant_banned" });
            sandbox.ask(Method::POST, "/sandbox/endings", banned).await;
            phone.until_closed(other).await;
        }
        is_answered_as_it_was(&sandbox, &phone).await;
        assert!(!is_disputed(&phone.events()), "past its moment: {is_past_its_moment}");
        assert!(phone.wallet.mandate(mandate).unwrap().can_pay);
        assert_eq!(sandbox.charge(&merchant, mandate, 100, "kept", None).await, "approved");
    }
}

// A run that asked for the same as another one, and whose answer was lost: the gateway counted it in with the order that was
// taken back since, of which the phone knew nothing then.
//
#[tokio::test(flavor = "multi_thread")]
async fn a_wish_that_joined_an_end_which_was_taken_back_is_asked_for_again() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let (merchant, [one, other], wish) = two_of_which_one_is_wished_to_end(&sandbox, &phone).await;
    let both = by_service(&sandbox, &phone, &[one, other]).await;
    phone.wallet.sync().await.unwrap();
    let order = phone.wallet.order_of(both).unwrap().unwrap();
    sandbox.plug.lose_answer_of("intent");
    walks_by_service(&sandbox, &phone, wish, &[one]).await;
    sandbox.plug.set(Line::Up);
    sandbox.plug.stall(&["intent"]);
    takes_back(&phone, order).await;
    let undone = |mandate| WalletEvent::Undone { order, mandate };
    let events = phone.events();
    assert!(
        [one, other].iter().all(|mandate| events.contains(&undone(*mandate))),
        "control: the phone hears of it: {events:?}"
    );
    assert!(phone.wallet.mandate(other).unwrap().can_pay, "control: it is kept");
    assert!(!phone.wallet.mandate(one).unwrap().can_pay, "the wish stands");

    sandbox.plug.stall(&[]);
    is_scheduled(&phone, one).await;
    assert_ne!(phone.wallet.order_of(wish).unwrap(), Some(order), "an order of its own");
    assert_eq!(
        phone.wallet.sync().await.unwrap().waiting,
        0,
        "nothing is said for ever"
    );
    let mut statements = sandbox.plug.said("intent");
    statements.dedup();
    assert_eq!(statements.len(), 3, "each wish, and the second one signed anew once");
    ends_a_day_later(&sandbox, &phone, &merchant, one).await;
    assert!(phone.wallet.mandate(other).unwrap().can_pay, "control: it stays kept");
}

// The order was told as undone, and the mandate as it was before.
//
#[tokio::test(flavor = "multi_thread")]
async fn what_is_told_of_a_mandate_as_it_was_before_its_end_was_taken_back_holds_it_no_more() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let (merchant, mandate) = signed(&sandbox, &phone, json!({})).await;
    let told_before = Arc::new(Mutex::new(Value::Null));
    let kept = Arc::clone(&told_before);
    sandbox.plug.lie(Some(Box::new(move |json| {
        if json["orphans"].is_array() {
            *kept.lock().unwrap() = json["mandates"].clone();
        }
    })));
    let flow = by_service(&sandbox, &phone, &[mandate]).await;
    phone.wallet.sync().await.unwrap();
    let order = phone.wallet.order_of(flow).unwrap().unwrap();
    let of_before = told_before.lock().unwrap().clone();
    assert_eq!(
        of_before[0]["order"],
        json!(order),
        "control: it is of the scheduled end"
    );
    sandbox.plug.lie(Some(Box::new(move |json| {
        if json["orphans"].is_array() {
            json["mandates"] = of_before.clone();
        }
    })));
    takes_back(&phone, order).await;
    phone.wallet.sync().await.unwrap();
    assert!(phone.wallet.mandate(mandate).unwrap().can_pay);
    sandbox.plug.lie(None);
    phone.wallet.sync().await.unwrap();
    assert!(phone.wallet.mandate(mandate).unwrap().can_pay);
    assert_eq!(
        sandbox.plug.said("hold"),
        Vec::<String>::new(),
        "nobody asked for a pause"
    );
    assert_eq!(sandbox.charge(&merchant, mandate, 100, "kept", None).await, "approved");
}

// The order came of another run's wish. This one had not reached the gateway when the phone heard of the order.
//
#[tokio::test(flavor = "multi_thread")]
async fn a_wish_that_the_gateway_has_not_heard_is_none_of_an_order_that_the_phone_hears_of_first() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let (merchant, [one, other], wish) = two_of_which_one_is_wished_to_end(&sandbox, &phone).await;
    sandbox.plug.lose_answer_of("intent");
    let both = by_service(&sandbox, &phone, &[one, other]).await;
    sandbox.plug.set(Line::Up);
    sandbox.plug.stall(&["intent"]);
    walks_by_service(&sandbox, &phone, wish, &[one]).await;
    phone.wallet.sync().await.unwrap();
    let order = phone.wallet.order_of(both).unwrap().unwrap();
    takes_back(&phone, order).await;
    assert!(phone.wallet.mandate(other).unwrap().can_pay, "control: it is kept");
    assert!(!phone.wallet.mandate(one).unwrap().can_pay, "the wish stands");
    sandbox.plug.stall(&[]);
    is_scheduled(&phone, one).await;
    ends_a_day_later(&sandbox, &phone, &merchant, one).await;
}

// The wish is for two permissions, of which one was under that end already: the gateway placed an order for the other one
// alone, and its answer came when the earlier end had been taken back.
//
#[tokio::test(flavor = "multi_thread")]
async fn what_a_wish_left_to_an_end_that_was_taken_back_is_asked_for_again() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let (merchant, one) = signed(&sandbox, &phone, json!({})).await;
    let (_, other) = signed(&sandbox, &phone, json!({})).await;
    let wish = phone.wallet.begin("mandate.cancel.service", vec![one, other], None);
    let wish = wish.await.unwrap();
    let earlier = by_service(&sandbox, &phone, &[one]).await;
    phone.wallet.sync().await.unwrap();
    let order = phone.wallet.order_of(earlier).unwrap().unwrap();
    sandbox.plug.lose_answer_of("intent");
    walks_by_service(&sandbox, &phone, wish, &[one, other]).await;
    sandbox.plug.set(Line::Up);
    sandbox.plug.stall(&["intent"]);
    takes_back(&phone, order).await;
    let undone = WalletEvent::Undone { order, mandate: one };
    assert!(phone.events().contains(&undone), "control: the phone hears of it");

    sandbox.plug.stall(&[]);
    is_scheduled(&phone, one).await;
    is_scheduled(&phone, other).await;
    assert_eq!(
        phone.wallet.sync().await.unwrap().waiting,
        0,
        "nothing is said for ever"
    );
    ends_a_day_later(&sandbox, &phone, &merchant, one).await;
    phone.until_closed(other).await;
}
