//! An end that the payer takes back while the answer to a wish is on its way.

use super::flows::{asks_back, by_service, signed, walks_by_service};
use crate::support::phone::Phone;
use crate::support::plug::Line;
use crate::support::{Merchant, Sandboxed};
use axum::http::Method;
use quittance_protocol::statement::Hold;
use quittance_protocol::{FlowId, MandateId, OrderId, Received};
use quittance_wallet::{EndingStage, WalletEvent};
use serde_json::{Value, json};
use std::collections::BTreeSet;
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

/// Two permissions: an end of the first one that is scheduled, and a wish for both, for which the gateway placed an order for
/// the other one alone. Its answer was lost.
struct Parted {
    merchant: Merchant,
    one: MandateId,
    other: MandateId,
    earlier: OrderId,
    wish: FlowId,
}

async fn parted_without_answer(sandbox: &Sandboxed, phone: &Phone) -> Parted {
    let (merchant, one) = signed(sandbox, phone, json!({})).await;
    let other = phone.sign(&sandbox.offer(&merchant, "pay_as_you_go").await).await;
    let wish = phone.wallet.begin("mandate.cancel.service", vec![one, other], None);
    let wish = wish.await.unwrap();
    let flow = by_service(sandbox, phone, &[one]).await;
    phone.wallet.sync().await.unwrap();
    let earlier = phone.wallet.order_of(flow).unwrap().unwrap();
    sandbox.plug.lose_answer_of("intent");
    walks_by_service(sandbox, phone, wish, &[one, other]).await;
    sandbox.plug.set(Line::Up);
    sandbox.plug.stall(&["intent"]);
    Parted {
        merchant,
        one,
        other,
        earlier,
        wish,
    }
}

impl Parted {
    /// The payer takes the earlier end back before the phone hears of the order that the wish led to; then it hears of it.
    async fn takes_the_earlier_end_back_first(&self, sandbox: &Sandboxed, phone: &Phone) -> OrderId {
        let earlier = json!(self.earlier);
        sandbox.plug.lie(Some(Box::new(move |json| {
            if let Some(orders) = json["orders"].as_array_mut() {
                orders.retain(|order| order["order"] == earlier);
            }
        })));
        self.takes_the_earlier_end_back(phone).await;
        assert_eq!(
            phone.wallet.order_of(self.wish).unwrap(),
            None,
            "control: it hears of no other"
        );
        sandbox.plug.lie(None);
        phone.wallet.sync().await.unwrap();
        phone.wallet.order_of(self.wish).unwrap().unwrap()
    }

    async fn takes_the_earlier_end_back(&self, phone: &Phone) {
        takes_back(phone, self.earlier).await;
        let undone = WalletEvent::Undone {
            order: self.earlier,
            mandate: self.one,
        };
        assert!(phone.events().contains(&undone), "control: the phone hears of it");
    }
}

/// The payer takes that order back as well, while the wish is unanswered: the wish stands for the first permission alone.
async fn parted_and_both_taken_back(sandbox: &Sandboxed, phone: &Phone) -> Parted {
    let ends = parted_without_answer(sandbox, phone).await;
    let later = ends.takes_the_earlier_end_back_first(sandbox, phone).await;
    assert!(
        !phone.wallet.mandate(ends.other).unwrap().can_pay,
        "control: it is held"
    );
    takes_back(phone, later).await;
    let undone = WalletEvent::Undone {
        order: later,
        mandate: ends.other,
    };
    assert!(phone.events().contains(&undone), "control: the phone hears of it");
    ends
}

/// How many intents the phone signed.
fn intents(sandbox: &Sandboxed) -> usize {
    let said = sandbox.plug.said("intent");
    said.iter().collect::<BTreeSet<_>>().len()
}

/// A permission that nobody asked to pause, and that pays.
async fn is_free(sandbox: &Sandboxed, phone: &Phone, merchant: &Merchant, mandate: MandateId) {
    assert!(phone.wallet.mandate(mandate).unwrap().can_pay);
    for said in sandbox.plug.said("hold") {
        let (_, pause) = Received::parse(&said).unwrap().unverified_body::<Hold>().unwrap();
        assert!(!pause.mandates.contains(&mandate), "nobody asked for a pause");
    }
    let number = format!("kept-{}", sandbox.plug.names().len());
    let charged = sandbox.charge(merchant, mandate, 100, &number, None).await;
    assert_eq!(charged, "approved");
}

// The wish is for two permissions, of which one was under that end already: the gateway placed an order for the other one
// alone, and its answer came when the earlier end had been taken back.
//
#[tokio::test(flavor = "multi_thread")]
async fn what_a_wish_left_to_an_end_that_was_taken_back_is_asked_for_again() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let ends = parted_without_answer(&sandbox, &phone).await;
    ends.takes_the_earlier_end_back_first(&sandbox, &phone).await;

    sandbox.plug.stall(&[]);
    is_scheduled(&phone, ends.one).await;
    is_scheduled(&phone, ends.other).await;
    assert_eq!(
        phone.wallet.sync().await.unwrap().waiting,
        0,
        "nothing is said for ever"
    );
    ends_a_day_later(&sandbox, &phone, &ends.merchant, ends.one).await;
    phone.until_closed(ends.other).await;
}

// The gateway takes an intent only where it names all that its run is about.
//
#[tokio::test(flavor = "multi_thread")]
async fn what_was_taken_back_too_is_not_asked_for_again_with_it() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let Parted {
        merchant, one, other, ..
    } = parted_and_both_taken_back(&sandbox, &phone).await;
    sandbox.plug.stall(&[]);
    for _ in 0..3 {
        phone.wallet.sync().await.unwrap();
    }
    assert_eq!(intents(&sandbox), 2, "each wish as it was");
    let told = |event: &WalletEvent| matches!(event, WalletEvent::NotStopped { mandates, .. } if *mandates == [one]);
    assert!(phone.events().iter().any(told), "the payer hears what is left");
    assert!(!phone.wallet.mandate(one).unwrap().can_pay, "which stays held");
    is_free(&sandbox, &phone, &merchant, other).await;

    by_service(&sandbox, &phone, &[one]).await;
    ends_a_day_later(&sandbox, &phone, &merchant, one).await;
    is_free(&sandbox, &phone, &merchant, other).await;
}

//
#[tokio::test(flavor = "multi_thread")]
async fn what_was_taken_back_is_free_while_the_answer_to_its_wish_is_on_its_way() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let ends = parted_and_both_taken_back(&sandbox, &phone).await;
    phone.wallet.sync().await.unwrap();
    is_free(&sandbox, &phone, &ends.merchant, ends.other).await;
    assert!(!phone.wallet.mandate(ends.one).unwrap().can_pay, "the wish stands");
}

// The phone heard of the wish's order first, which left this permission to the earlier end.
//
#[tokio::test(flavor = "multi_thread")]
async fn what_a_wish_left_to_an_earlier_end_is_free_when_that_one_is_taken_back() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let ends = parted_without_answer(&sandbox, &phone).await;
    phone.wallet.sync().await.unwrap();
    let later = phone.wallet.order_of(ends.wish).unwrap().unwrap();
    assert_ne!(later, ends.earlier, "control: an order of its own");
    ends.takes_the_earlier_end_back(&phone).await;
    phone.wallet.sync().await.unwrap();
    is_free(&sandbox, &phone, &ends.merchant, ends.one).await;
    assert!(!phone.wallet.mandate(ends.other).unwrap().can_pay, "that end stands");
    sandbox.plug.stall(&[]);
    ends_a_day_later(&sandbox, &phone, &ends.merchant, ends.other).await;
    is_free(&sandbox, &phone, &ends.merchant, ends.one).await;
}

//
#[tokio::test(flavor = "multi_thread")]
async fn what_was_begun_anew_in_place_of_a_wish_in_vain_can_be_taken_back() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let ends = parted_and_both_taken_back(&sandbox, &phone).await;
    sandbox.plug.stall(&[]);
    for _ in 0..3 {
        phone.wallet.sync().await.unwrap();
    }
    let anew = by_service(&sandbox, &phone, &[ends.one]).await;
    phone.wallet.sync().await.unwrap();
    let order = phone.wallet.order_of(anew).unwrap().unwrap();
    takes_back(&phone, order).await;
    let mandate = ends.one;
    assert!(phone.events().contains(&WalletEvent::Undone { order, mandate }));
    // It was held for a wish in vain, of which the gateway knew nothing but that.
    phone.wallet.resume(&[mandate]).await.unwrap();
    assert!(phone.wallet.mandate(mandate).unwrap().can_pay);
}

// A gateway that answers every intent as it answered the first one ends nothing of what is left.
//
#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_is_asked_for_so_often_and_then_the_payers_to_ask_anew() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let ends = parted_without_answer(&sandbox, &phone).await;
    let told = Arc::new(Mutex::new(Value::Null));
    let heard = Arc::clone(&told);
    let later = json!(ends.takes_the_earlier_end_back_first(&sandbox, &phone).await);
    sandbox.plug.lie(Some(Box::new(move |json| {
        let orders = json["orders"].as_array().into_iter().flatten();
        for order in orders.filter(|order| order["order"] == later) {
            *heard.lock().unwrap() = order.clone();
        }
    })));
    phone.wallet.sync().await.unwrap();
    sandbox.plug.lie(None);
    let as_before = told.lock().unwrap().clone();
    assert!(as_before.is_object(), "control: it was told");

    let mut signed = Vec::new();
    for _ in 0..12 {
        sandbox.plug.answer_instead("intent", as_before.clone());
        phone.wallet.sync().await.unwrap();
        signed.push(intents(&sandbox));
    }
    assert_eq!(
        signed.last(),
        Some(&6),
        "the earlier wish, this one, and four times more: {signed:?}"
    );
    assert_eq!(
        phone.wallet.sync().await.unwrap().waiting,
        0,
        "control: each is answered"
    );
    assert!(!phone.wallet.mandate(ends.one).unwrap().can_pay, "it stays held");
    // From here on the gateway answers for itself.
    sandbox.plug.answer_instead("none", Value::Null);
    sandbox.plug.stall(&[]);
    by_service(&sandbox, &phone, &[ends.one]).await;
    ends_a_day_later(&sandbox, &phone, &ends.merchant, ends.one).await;
}
