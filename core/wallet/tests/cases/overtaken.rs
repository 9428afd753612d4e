//! An end that comes before a scheduled one, as the phone hears of it.

use super::flows::{asks_back, by_service, signed};
use crate::support::phone::Phone;
use crate::support::{Merchant, Sandboxed};
use axum::http::Method;
use quittance_protocol::log_body::{ClosureKind, TerminationCause};
use quittance_protocol::{FlowId, MandateId, OrderId};
use quittance_wallet::{EndingStage, ItemOutcome, PromptKind, ReceiptView, WalletEvent};
use serde_json::json;

struct Scheduled {
    phone: Phone,
    merchant: Merchant,
    one: MandateId,
    other: MandateId,
    flow: FlowId,
    order: OrderId,
}

/// Two permissions whose end the service path put off for a day.
async fn scheduled(sandbox: &Sandboxed) -> Scheduled {
    let phone = Phone::enrolled(sandbox).await;
    let (merchant, one) = signed(sandbox, &phone, json!({})).await;
    let offer = sandbox.offer(&merchant, "pay_as_you_go").await;
    let other = phone.sign(&offer).await;
    let flow = by_service(sandbox, &phone, &[one, other]).await;
    phone.wallet.sync().await.unwrap();
    let order = phone.wallet.order_of(flow).unwrap().unwrap();
    Scheduled {
        phone,
        merchant,
        one,
        other,
        flow,
        order,
    }
}

impl Scheduled {
    /// The payer keeps what can still be kept.
    async fn take_back(&self) {
        let undo = asks_back(&self.phone, self.order).await;
        let prompt = self.phone.wallet.next_prompt(undo).unwrap().unwrap();
        let PromptKind::Confirm { mandates, .. } = prompt.kind else {
            panic!("it is confirmed first")
        };
        let named: Vec<MandateId> = mandates.iter().map(|affected| affected.mandate).collect();
        assert_eq!(named, [self.other], "it names what is kept, and nothing else");
        self.phone.walk(undo).await.unwrap();
        self.phone.wallet.sync().await.unwrap();
    }

    async fn charge(&self, sandbox: &Sandboxed, mandate: MandateId) -> String {
        sandbox
            .charge(&self.merchant, mandate, 100, &mandate.to_string(), None)
            .await
    }

    /// The receipts of a mandate, by their order.
    fn receipts(&self) -> Vec<ReceiptView> {
        self.phone.wallet.receipts().unwrap()
    }

    fn undisputed(&self) -> Vec<WalletEvent> {
        let events = self.phone.events();
        let is_disputed = |event: &WalletEvent| matches!(event, WalletEvent::Disputed { .. });
        assert!(!events.iter().any(is_disputed), "{events:?}");
        events
    }
}

//
#[tokio::test(flavor = "multi_thread")]
async fn one_of_a_scheduled_batch_is_stopped_at_once_and_the_others_can_still_be_kept() {
    let sandbox = Sandboxed::start().await;
    let all = scheduled(&sandbox).await;
    let quick = all.phone.wallet.start_revoke(&[all.one]).await.unwrap();
    all.phone.walk(quick).await.unwrap();
    all.phone.until_closed(all.one).await;
    let order = all.phone.wallet.order_of(quick).unwrap().unwrap();
    assert_ne!(order, all.order, "an order of its own");
    let stage = all.phone.stage(all.other).unwrap();
    assert!(matches!(stage, EndingStage::Scheduled { .. }), "control: {stage:?}");
    let outcomes: Vec<_> = all.phone.wallet.batch_results(all.flow).unwrap();
    for item in outcomes {
        let closed = matches!(item.outcome, ItemOutcome::Ending(EndingStage::Closed(_)));
        assert_eq!(closed, item.mandate == all.one, "{item:?}");
    }
    all.take_back().await;
    assert_eq!(all.charge(&sandbox, all.other).await, "approved");
    assert_eq!(all.charge(&sandbox, all.one).await, "token_destroyed");
    all.phone.wallet.sync().await.unwrap();
    assert!(all.phone.wallet.mandate(all.other).unwrap().can_pay);
    let one = all.phone.wallet.mandate(all.one).unwrap();
    assert_eq!(one.ending.unwrap().stage, EndingStage::Closed(ClosureKind::TwoSided));
    assert_eq!(all.receipts().len(), 1);
    all.undisputed();
}

//
#[tokio::test(flavor = "multi_thread")]
async fn the_rest_of_a_scheduled_batch_closes_on_both_sides_at_its_moment() {
    let sandbox = Sandboxed::start().await;
    let all = scheduled(&sandbox).await;
    let quick = all.phone.wallet.start_revoke(&[all.one]).await.unwrap();
    all.phone.walk(quick).await.unwrap();
    all.phone.until_closed(all.one).await;
    sandbox.advance(24 * 3600).await;
    all.phone.until_closed(all.other).await;
    let kinds: Vec<ClosureKind> = all.receipts().iter().map(|receipt| receipt.kind).collect();
    assert_eq!(kinds, [ClosureKind::TwoSided; 2], "this phone destroyed each of them");
    let closed: Vec<MandateId> = all.undisputed().into_iter().flat_map(closed).collect();
    assert_eq!(closed, [all.one, all.other], "each is told once");
    let order = all.phone.wallet.mandate(all.one).unwrap().ending.unwrap().order;
    assert_eq!(
        order,
        all.phone.wallet.order_of(quick).unwrap(),
        "its own receipt is shown"
    );
}

fn closed(event: WalletEvent) -> Vec<MandateId> {
    match event {
        WalletEvent::Closed { mandates, .. } => mandates,
        _ => Vec::new(),
    }
}

//
#[tokio::test(flavor = "multi_thread")]
async fn what_the_world_ends_out_of_a_scheduled_batch_stays_ended_for_that_cause() {
    let sandbox = Sandboxed::start().await;
    let all = scheduled(&sandbox).await;
    let banned = json!({ "mandates": [all.one], "cause": "merchant_banned" });
    sandbox.ask(Method::POST, "/sandbox/endings", banned).await;
    all.phone.until_closed(all.one).await;
    let [receipt] = all.receipts().try_into().unwrap();
    assert_eq!(receipt.mandates, [all.one]);
    assert_eq!(receipt.cause, TerminationCause::MerchantBanned);
    all.take_back().await;
    assert_eq!(all.charge(&sandbox, all.one).await, "token_destroyed");
    assert_eq!(all.charge(&sandbox, all.other).await, "approved");
    all.undisputed();
}

//
#[tokio::test(flavor = "multi_thread")]
async fn a_scheduled_end_under_which_nothing_is_left_closes_with_what_came_before_it() {
    let sandbox = Sandboxed::start().await;
    let all = scheduled(&sandbox).await;
    let banned = json!({ "mandates": [all.one, all.other], "cause": "merchant_banned" });
    sandbox.ask(Method::POST, "/sandbox/endings", banned).await;
    all.phone.until_closed(all.one).await;
    all.phone.until_closed(all.other).await;
    for _ in 0..3 {
        all.phone.wallet.sync().await.unwrap();
    }
    let receipts = all.receipts();
    let kinds: Vec<ClosureKind> = receipts.iter().map(|receipt| receipt.kind).collect();
    assert_eq!(
        kinds,
        [ClosureKind::TwoSided; 2],
        "the payer's own order and the other one"
    );
    for mandate in [all.one, all.other] {
        let shown = all.phone.wallet.mandate(mandate).unwrap().ending.unwrap().order;
        let shown = receipts.iter().find(|receipt| Some(receipt.order) == shown).unwrap();
        assert_eq!(shown.cause, TerminationCause::MerchantBanned);
    }
    let closed: Vec<MandateId> = all.undisputed().into_iter().flat_map(closed).collect();
    assert_eq!(closed.len(), 2, "each is told once: {closed:?}");
}
