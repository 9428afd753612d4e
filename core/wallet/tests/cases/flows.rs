//! Every kind of step is asked, answered and waited for on a real phone with a real gateway.

use crate::support::Sandboxed;
use crate::support::phone::Phone;
use crate::support::plug::Line;
use quittance_protocol::answer::MandateState;
use quittance_protocol::flow_event::Wish;
use quittance_protocol::log_body::TerminationCause;
use quittance_protocol::problem::Code;
use quittance_protocol::{FlowId, MandateId, OrderId};
use quittance_wallet::{
    Answer, Awaited, EndingStage, ErrorKind, ItemOutcome, PromptKind, TextArgument, WalletError, WalletEvent,
};
use serde_json::json;
use zeroize::Zeroizing;

/// Bytes of a small JPEG, another one for each shade.
fn image(shade: u8) -> Vec<u8> {
    let frame = [0xff, 0xc0, 0, 11, 8, 0, 16, 0, 16, 1, 1, 0x11, 0];
    let scan = [0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0];
    [&[0xff, 0xd8][..], &frame, &scan, &[shade; 32], &[0xff, 0xd9]].concat()
}

fn typed(code: &[u8]) -> Answer {
    Answer::Code(Zeroizing::new(code.to_vec()))
}

fn asked(phone: &Phone, flow: FlowId) -> PromptKind {
    phone.wallet.next_prompt(flow).unwrap().unwrap().kind
}

pub(crate) async fn signed(
    sandbox: &Sandboxed,
    phone: &Phone,
    more: serde_json::Value,
) -> (crate::support::Merchant, MandateId) {
    let merchant = sandbox.merchant("Bluebird").await;
    let offer = sandbox.offer_with(&merchant, "pay_as_you_go", &more).await;
    let mandate = phone.sign(&offer).await;
    (merchant, mandate)
}

//
#[tokio::test(flavor = "multi_thread")]
async fn a_renewal_is_turned_off_by_a_code_before_its_permission_ends() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let (_, plain) = signed(&sandbox, &phone, json!({})).await;
    let flow = phone.wallet.start_revoke(&[plain]).await.unwrap();
    phone.answer(flow).await.unwrap();
    let PromptKind::Confirm { consequences, .. } = asked(&phone, flow) else {
        panic!("control: without a renewal no code is asked for")
    };
    let membership = "cancel.confirm.consequence.membership";
    assert!(
        !consequences.iter().any(|text| text.key == membership),
        "control: there is no membership to end"
    );

    let (_, renewing) = signed(&sandbox, &phone, json!({ "auto_renewal": true })).await;
    let flow = phone.wallet.start_revoke(&[renewing]).await.unwrap();
    phone.answer(flow).await.unwrap();
    let prompt = phone.wallet.next_prompt(flow).unwrap().unwrap();
    assert!(
        matches!(prompt.kind, PromptKind::Code { digits: 6, .. }),
        "{:?}",
        prompt.kind
    );
    assert_eq!((prompt.step_number, prompt.step_count), (2, 4));
    assert_eq!(prompt.why.key, "ask.code.why");
    assert_eq!(prompt.because.first().unwrap().key, "because.auto_renewal");
    let next: Vec<&str> = prompt.next.iter().map(|text| text.key.as_str()).collect();
    assert_eq!(
        next,
        ["next.renewal_off", "next.you", "next.you", "next.ends_at_once"],
        "before the code is typed it says what that does to the membership (R-027)"
    );
    let confirm = TextArgument::Keys(vec!["cancel.confirm.title".to_owned()]);
    assert_eq!(prompt.next[1].args, [("step".to_owned(), confirm)]);
    assert_eq!(prompt.body.args, [("count".to_owned(), TextArgument::Count(1))]);
    assert_eq!(prompt.attempts_left, None, "all tries are left");
    let code = sandbox.code(&phone).await;
    let wrong = if code == b"000000" { b"000001" } else { b"000000" };
    phone.wallet.submit(flow, typed(wrong)).await.unwrap();
    assert_eq!(phone.wallet.next_prompt(flow).unwrap().unwrap().attempts_left, Some(4));
    phone.wallet.submit(flow, typed(&code)).await.unwrap();
    let PromptKind::Confirm { consequences, .. } = asked(&phone, flow) else {
        panic!("it is confirmed")
    };
    assert!(
        consequences.iter().any(|text| text.key == membership),
        "benefits end with it: {consequences:?}"
    );
    phone.walk(flow).await.unwrap();
    phone.until_closed(renewing).await;
    let closing = phone.wallet.closing_prompt(flow).unwrap().unwrap();
    assert_eq!(closing.because.first().unwrap().key, "because.complete");
    assert_eq!(closing.next.first().unwrap().key, "next.receipt");
}

/// Walks the service path up to its end, after which it waits.
pub(crate) async fn by_service(sandbox: &Sandboxed, phone: &Phone, mandates: &[MandateId]) -> FlowId {
    let flow = phone
        .wallet
        .begin("mandate.cancel.service", mandates.to_vec(), None)
        .await
        .unwrap();
    walks_by_service(sandbox, phone, flow, mandates).await;
    flow
}

/// The same, where it was begun before.
pub(crate) async fn walks_by_service(sandbox: &Sandboxed, phone: &Phone, flow: FlowId, mandates: &[MandateId]) {
    let PromptKind::Choose { consequences, .. } = asked(phone, flow) else {
        panic!("it is looked at once more")
    };
    let keys: Vec<&str> = consequences.iter().map(|text| text.key.as_str()).collect();
    assert_eq!(
        keys,
        ["stops", "destroyed", "later", "refunds"].map(|part| format!("cancel.confirm.consequence.{part}")),
        "paying at once ends with it (R-028)"
    );
    phone.wallet.submit(flow, Answer::Confirm).await.unwrap();
    for mandate in mandates {
        assert!(!phone.wallet.mandate(*mandate).unwrap().can_pay, "held from here on");
    }
    let code = sandbox.code(phone).await;
    phone.wallet.submit(flow, typed(&code)).await.unwrap();
    assert!(matches!(asked(phone, flow), PromptKind::Photos { images: 2, .. }));
    let photos = Answer::Images(vec![image(1), image(2)]);
    phone.wallet.submit(flow, photos).await.unwrap();
    for _ in 0..20 {
        phone.wallet.refresh_flow(flow).await.unwrap();
        if asked(phone, flow).asks() {
            break;
        }
        sandbox.advance(1).await;
    }
    assert_eq!(asked(phone, flow), PromptKind::Biometric);
    phone.walk(flow).await.unwrap();
}

/// The service path up to the order that it comes to.
async fn scheduled(sandbox: &Sandboxed, phone: &Phone, mandate: MandateId) -> OrderId {
    let flow = by_service(sandbox, phone, &[mandate]).await;
    phone.wallet.sync().await.unwrap();
    phone.wallet.order_of(flow).unwrap().unwrap()
}

/// Begins to take an order back.
pub(crate) async fn asks_back(phone: &Phone, order: OrderId) -> FlowId {
    let wish = Some(Wish::Undo { order });
    phone.wallet.begin("mandate.undo", Vec::new(), wish).await.unwrap()
}

//
#[tokio::test(flavor = "multi_thread")]
async fn the_service_path_holds_for_a_day_and_can_be_undone_until_then() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let (merchant, mandate) = signed(&sandbox, &phone, json!({})).await;
    let flow = by_service(&sandbox, &phone, &[mandate]).await;
    phone.wallet.sync().await.unwrap();
    let closing = phone.wallet.closing_prompt(flow).unwrap().unwrap();
    let PromptKind::Scheduled { order, undo_until } = closing.kind else {
        panic!("{closing:?}")
    };
    let until = || vec![("moment".to_owned(), TextArgument::Moment(undo_until))];
    let next: Vec<_> = closing.next.into_iter().map(|text| (text.key, text.args)).collect();
    assert_eq!(
        next,
        [
            ("next.undo_until".to_owned(), until()),
            ("next.ends_at".to_owned(), until())
        ],
        "until when it can be taken back, when it comes"
    );
    sandbox.advance(3600).await;
    phone.wallet.sync().await.unwrap();
    assert_eq!(
        sandbox.charge(&merchant, mandate, 100, "an-hour-in", None).await,
        "mandate_held"
    );
    let stage = phone.stage(mandate).unwrap();
    assert!(matches!(stage, EndingStage::Scheduled { .. }), "{stage:?}");

    let undo = asks_back(&phone, order).await;
    let PromptKind::Confirm { mandates, .. } = asked(&phone, undo) else {
        panic!("it is confirmed first")
    };
    assert_eq!(mandates.first().unwrap().mandate, mandate, "it names what is kept");
    phone.walk(undo).await.unwrap();
    phone.wallet.sync().await.unwrap();
    let view = phone.wallet.mandate(mandate).unwrap();
    assert!(view.can_pay, "{view:?} {:?}", phone.events());
    assert_eq!(sandbox.charge(&merchant, mandate, 100, "kept", None).await, "approved");
}

// The gateway took the wish, its answer was lost, and a day later the log proved the time by another permission's end.
//
#[tokio::test(flavor = "multi_thread")]
async fn time_alone_ends_no_permission_whose_end_the_payer_asked_to_take_back() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let (merchant, kept) = signed(&sandbox, &phone, json!({})).await;
    let (_, other) = signed(&sandbox, &phone, json!({})).await;
    let order = scheduled(&sandbox, &phone, kept).await;
    let undo = asks_back(&phone, order).await;
    phone.answer(undo).await.unwrap();
    sandbox.plug.lose_answer_of("flow-answer");
    assert_eq!(asked(&phone, undo), PromptKind::Biometric);
    // The gateway takes this one; the phone does not hear of it.
    let _lost = phone.answer(undo).await;
    sandbox.plug.set(Line::Up);
    sandbox.advance(24 * 3600).await;

    let stop = phone.wallet.start_revoke(&[other]).await.unwrap();
    phone.walk(stop).await.unwrap();
    phone.until_closed(other).await;
    let view = phone.wallet.mandate(kept).unwrap();
    assert!(view.can_pay, "{view:?} {:?}", phone.events());
    assert_eq!(sandbox.charge(&merchant, kept, 100, "kept", None).await, "approved");
}

//
#[tokio::test(flavor = "multi_thread")]
async fn a_permission_stays_stopped_where_an_end_that_came_before_the_stop_is_taken_back() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let (merchant, mandate) = signed(&sandbox, &phone, json!({})).await;
    let order = scheduled(&sandbox, &phone, mandate).await;
    let undo = asks_back(&phone, order).await;
    phone.answer(undo).await.unwrap();
    sandbox.plug.lose_answer_of("flow-answer");
    let _lost = phone.answer(undo).await;
    let stop = phone.wallet.start_revoke(&[mandate]).await.unwrap();
    phone.walk(stop).await.unwrap();
    sandbox.plug.set(Line::Up);
    sandbox.plug.stall(&["flow-start", "flow-answer", "intent"]);
    phone.wallet.sync().await.unwrap();
    let undone = WalletEvent::Undone { order, mandate };
    assert!(phone.events().contains(&undone), "control: the phone hears of it");
    assert!(!phone.wallet.mandate(mandate).unwrap().can_pay);
    let permits = sandbox.plug.said("permit");
    assert_eq!(permits, Vec::<String>::new());
    sandbox.plug.stall(&[]);
    phone.until_closed(mandate).await;
    assert_ne!(sandbox.charge(&merchant, mandate, 100, "ended", None).await, "approved");
}

// The proof had had its time when the gateway heard of it: who believes that the end was taken back has to learn that it comes.
//
#[tokio::test(flavor = "multi_thread")]
async fn a_wish_to_take_an_end_back_that_came_too_late_is_told_as_refused() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let (_, mandate) = signed(&sandbox, &phone, json!({})).await;
    let order = scheduled(&sandbox, &phone, mandate).await;
    let undo = asks_back(&phone, order).await;
    sandbox.plug.set(Line::Down);
    phone.walk(undo).await.unwrap();
    sandbox.advance(6 * 60).await;
    sandbox.plug.set(Line::Up);
    phone.wallet.sync().await.unwrap();
    let refused = WalletEvent::Refused {
        statement: "flow-answer".to_owned(),
        code: Code::ProofRejected,
    };
    let events = phone.events();
    assert!(events.contains(&refused), "{events:?}");
    let stage = phone.stage(mandate).unwrap();
    assert!(matches!(stage, EndingStage::Scheduled { .. }), "{stage:?}");
}

//
#[tokio::test(flavor = "multi_thread")]
async fn a_scheduled_end_comes_when_its_day_is_over_and_nothing_undoes_it_then() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let (_, mandate) = signed(&sandbox, &phone, json!({})).await;
    let order = scheduled(&sandbox, &phone, mandate).await;
    assert!(phone.wallet.receipts().unwrap().is_empty());
    sandbox.advance(24 * 3600).await;
    phone.until_closed(mandate).await;
    let late = asks_back(&phone, order).await;
    assert!(matches!(
        phone.wallet.next_prompt(late),
        Err(WalletError::FlowEnded {
            code: Some(Code::TooLate)
        })
    ));
    let closing = phone.wallet.closing_prompt(late).unwrap().unwrap();
    assert_eq!(closing.because.first().unwrap().key, "because.lacks.undo_allowed");
    assert_eq!(closing.next.first().unwrap().key, "refused.too_late");
    assert!(
        matches!(
            closing.kind,
            PromptKind::Refused {
                code: Some(Code::TooLate),
                ..
            }
        ),
        "{closing:?}"
    );
}

// Before, the wallet gave back the scheduled end: the quick way could not be taken.
//
#[tokio::test(flavor = "multi_thread")]
async fn a_quick_cancellation_brings_a_scheduled_end_forward_under_the_same_order() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let (merchant, mandate) = signed(&sandbox, &phone, json!({})).await;
    let slow = by_service(&sandbox, &phone, &[mandate]).await;
    phone.wallet.sync().await.unwrap();
    let order = phone.wallet.order_of(slow).unwrap().unwrap();
    let stage = phone.stage(mandate).unwrap();
    assert!(matches!(stage, EndingStage::Scheduled { .. }), "control: {stage:?}");
    let again = phone.wallet.begin("mandate.cancel.service", vec![mandate], None).await;
    assert_eq!(
        again.unwrap(),
        slow,
        "control: what would wait as well joins the end that stands"
    );

    let quick = phone.wallet.start_revoke(&[mandate]).await.unwrap();
    assert_ne!(quick, slow);
    phone.walk(quick).await.unwrap();
    phone.until_closed(mandate).await;
    assert_eq!(phone.wallet.order_of(quick).unwrap(), Some(order), "one order");
    assert_eq!(phone.wallet.receipts().unwrap().len(), 1, "one receipt");
    let events = phone.events();
    assert!(
        !events.iter().any(|event| matches!(event, WalletEvent::Disputed { .. })),
        "{events:?}"
    );
    assert_eq!(
        sandbox.charge(&merchant, mandate, 100, "after", None).await,
        "token_destroyed"
    );
}

//
#[tokio::test(flavor = "multi_thread")]
async fn what_a_merchant_and_the_platform_decide_is_waited_for_and_then_closed_without_an_intent() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let (_, mandate) = signed(&sandbox, &phone, json!({ "channel": "mini_program" })).await;
    let quick = phone.wallet.start_revoke(&[mandate]).await;
    assert!(matches!(quick, Err(WalletError::RouteClosed { .. })), "{quick:?}");
    let routes = phone.wallet.cancellation_routes(mandate).unwrap();
    let best = routes.first().unwrap();
    assert_eq!(
        (best.definition.as_str(), &best.closed),
        ("mandate.cancel.mini_program", &None)
    );
    let flow = phone
        .wallet
        .begin("mandate.cancel.mini_program", vec![mandate], None)
        .await
        .unwrap();
    sandbox
        .script("merchant_release", json!({ "outcome": "agrees", "latency": "PT1H" }))
        .await;
    phone.wallet.submit(flow, Answer::Confirm).await.unwrap();
    let prompt = phone.wallet.next_prompt(flow).unwrap().unwrap();
    assert!(
        matches!(
            prompt.kind,
            PromptKind::Waiting {
                whom: Awaited::Merchant,
                until: Some(_),
                ..
            }
        ),
        "{:?}",
        prompt.kind
    );
    sandbox.advance(3600).await;
    phone.wallet.refresh_flow(flow).await.unwrap();
    assert!(matches!(asked(&phone, flow), PromptKind::InReview { .. }));
    sandbox.review(flow, true).await;
    phone.wallet.refresh_flow(flow).await.unwrap();
    phone.until_closed(mandate).await;
    assert!(sandbox.plug.said("intent").is_empty(), "nobody asked twice");
    assert_eq!(
        phone.wallet.receipts().unwrap().first().unwrap().cause,
        TerminationCause::Payer
    );
}

//
#[tokio::test(flavor = "multi_thread")]
async fn in_a_batch_a_banks_item_has_a_run_of_its_own_and_a_foreign_link_changes_nothing() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let (_, first) = signed(&sandbox, &phone, json!({})).await;
    let (_, second) = signed(&sandbox, &phone, json!({})).await;
    let (merchant, bank) = signed(&sandbox, &phone, json!({ "channel": "bank" })).await;
    let flow = phone.wallet.start_revoke(&[first, second, bank]).await.unwrap();
    let before = phone.wallet.batch_results(flow).unwrap();
    assert!(before.iter().all(|item| item.outcome == ItemOutcome::Open));
    phone.walk(flow).await.unwrap();
    phone.until_closed(first).await;
    phone.until_closed(second).await;
    let outcome = |mandate: MandateId| {
        let results = phone.wallet.batch_results(flow).unwrap();
        results.iter().find(|item| item.mandate == mandate).unwrap().outcome
    };
    assert!(matches!(outcome(first), ItemOutcome::Ending(EndingStage::Closed(_))));
    let ItemOutcome::WaitsForBank { flow: item } = outcome(bank) else {
        panic!("{:?} {:?} {:?}", outcome(bank), phone.events(), sandbox.plug.names())
    };
    assert_eq!(
        sandbox.charge(&merchant, bank, 100, "meanwhile", None).await,
        "mandate_held"
    );
    phone.wallet.refresh_flow(item).await.unwrap();
    let PromptKind::Jump { link } = asked(&phone, item) else {
        panic!("{:?}", asked(&phone, item))
    };
    let (_, state) = link.split_once("state=").unwrap();
    let foreign = "app://back?state=AAAAAAAAAAAAAAAAAAAAAA&outcome=approved";
    let refused = phone.wallet.resume_link(foreign).await.unwrap_err();
    assert!(matches!(refused, WalletError::ForeignLink), "{refused:?}");
    assert_eq!(refused.kind(), ErrorKind::FixInput);
    assert!(
        matches!(asked(&phone, item), PromptKind::Jump { .. }),
        "nothing changed"
    );
    let back = format!("app://back?state={state}&outcome=approved");
    assert_eq!(phone.wallet.resume_link(&back).await.unwrap(), item);
    phone.until_closed(bank).await;
}

//
#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_image_or_too_large_is_refused_before_anything_is_sent() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let (_, mandate) = signed(&sandbox, &phone, json!({})).await;
    let flow = phone
        .wallet
        .begin("mandate.cancel.service", vec![mandate], None)
        .await
        .unwrap();
    phone.wallet.submit(flow, Answer::Confirm).await.unwrap();
    let code = sandbox.code(&phone).await;
    phone.wallet.submit(flow, typed(&code)).await.unwrap();
    let before = asked(&phone, flow);
    let PromptKind::Photos { most_bytes, .. } = before else {
        panic!("{before:?}")
    };
    let text = Answer::Images(vec![image(1), b"%PDF-1.7".to_vec()]);
    assert!(matches!(
        phone.wallet.submit(flow, text).await,
        Err(WalletError::NotAnImage)
    ));
    let mut large = image(1);
    large.resize(usize::try_from(most_bytes).unwrap() + 1, 0);
    assert!(matches!(
        phone.wallet.submit(flow, Answer::Images(vec![large, image(2)])).await,
        Err(WalletError::TooLarge { .. })
    ));
    let one = phone.wallet.submit(flow, Answer::Images(vec![image(1)])).await;
    assert!(matches!(one, Err(WalletError::Problem(_))), "two sides are asked for");
    assert_eq!(asked(&phone, flow), before);
    let both = Answer::Images(vec![image(1), image(2)]);
    phone.wallet.submit(flow, both).await.unwrap();
    assert_ne!(asked(&phone, flow), before, "control: two images are taken");
}

//
#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_the_gateway_would_put_in_does_not_keep_an_offline_stop_back() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let (_, mandate) = signed(&sandbox, &phone, json!({ "auto_renewal": true })).await;
    sandbox.plug.set(Line::Down);
    let flow = phone.wallet.start_revoke(&[mandate]).await.unwrap();
    phone.walk(flow).await.unwrap();
    sandbox.plug.set(Line::Up);
    phone.until_closed(mandate).await;
    let refused: Vec<_> = phone
        .events()
        .into_iter()
        .filter(|event| matches!(event, quittance_wallet::WalletEvent::Refused { .. }))
        .collect();
    assert_eq!(refused, [], "the gateway followed each step");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_answers_in_the_payers_name_completes_nothing() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let (_, mandate) = signed(&sandbox, &phone, json!({})).await;
    let flow = phone.wallet.start_revoke(&[mandate]).await.unwrap();
    sandbox.plug.lie(Some(Box::new(|json| {
        let Some(events) = json["events"].as_array_mut().filter(|events| events.len() > 2) else {
            return;
        };
        let at = events[0]["at"].clone();
        for (step, kind) in [("confirm", "answered"), ("payment_pin", "factor_proved")] {
            let author = if kind == "answered" { "phone" } else { "gateway" };
            let digest = quittance_protocol::Digest32::of(b"lie");
            let name = if kind == "answered" { "shown" } else { "evidence" };
            events.push(json!({ "at": at, "author": author, "kind": { "event": kind, "step": step, name: digest } }));
        }
    })));
    let _refused = phone.wallet.submit(flow, Answer::UseBiometric).await;
    phone.wallet.refresh_flow(flow).await.unwrap_err();
    assert!(
        sandbox.plug.said("intent").is_empty(),
        "nothing was asked for in the payer's name"
    );
    assert!(
        !matches!(asked(&phone, flow), PromptKind::Biometric),
        "what the payer did stands"
    );
    sandbox.plug.lie(None);
    phone.walk(flow).await.unwrap();
    phone.until_closed(mandate).await;
    assert_eq!(
        sandbox.plug.said("intent").len(),
        1,
        "control: the payer's own steps complete it"
    );
}

//
#[tokio::test(flavor = "multi_thread")]
async fn how_a_run_came_out_is_a_screen_of_its_own() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let (_, mandate) = signed(&sandbox, &phone, json!({})).await;
    let left = phone.wallet.start_revoke(&[mandate]).await.unwrap();
    assert_eq!(phone.wallet.closing_prompt(left).unwrap(), None, "it is open");
    phone.wallet.cancel_flow(left).await.unwrap();
    let closing = phone.wallet.closing_prompt(left).unwrap().unwrap();
    assert_eq!(closing.title.key, "end.left.title");
    let flow = phone.wallet.start_revoke(&[mandate]).await.unwrap();
    phone.walk(flow).await.unwrap();
    phone.until_closed(mandate).await;
    let closing = phone.wallet.closing_prompt(flow).unwrap().unwrap();
    assert_eq!(closing.kind, PromptKind::Done { under_way: false });
    assert_eq!(closing.title.key, "end.stopped.title");
    assert!(
        matches!(
            phone.wallet.begin("mandate.sign", vec![mandate], None).await,
            Err(WalletError::UnknownDefinition)
        ),
        "signing begins with an offer"
    );
}

//
#[tokio::test(flavor = "multi_thread")]
async fn the_run_of_an_item_is_the_gateways_to_begin_and_holds_nothing_where_a_payer_tries() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let (merchant, bank) = signed(&sandbox, &phone, json!({ "channel": "bank" })).await;
    let begun = phone.wallet.begin("mandate.cancel.bank_item", vec![bank], None).await;
    assert!(matches!(begun, Err(WalletError::UnknownDefinition)), "{begun:?}");
    assert_eq!(phone.wallet.mandate(bank).unwrap().state, MandateState::Active);
    assert_eq!(
        sandbox.charge(&merchant, bank, 100, "as before", None).await,
        "approved"
    );
}

//
#[tokio::test(flavor = "multi_thread")]
async fn a_case_that_is_opened_without_a_network_holds_at_once_and_is_told_later() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let (merchant, mandate) = signed(&sandbox, &phone, json!({})).await;
    sandbox.plug.set(Line::Down);
    let flow = phone
        .wallet
        .begin("mandate.cancel.assisted", vec![mandate], None)
        .await
        .unwrap();
    assert!(matches!(asked(&phone, flow), PromptKind::Facts { .. }));
    assert!(phone.wallet.mandate(mandate).unwrap().can_pay, "control");
    // What the gateway would refuse does not leave the phone, and the run stays where it is.
    let most = quittance_protocol::statement::Entry::MOST_BYTES;
    for (entries, says) in [
        (vec!["w".repeat(most + 1)], WalletError::TooLarge { most_bytes: most }),
        (vec!["one".to_owned(), "two".to_owned()], WalletError::WrongAnswer),
        (vec![" ".to_owned()], WalletError::WrongAnswer),
    ] {
        let refused = phone.wallet.submit(flow, Answer::Entered(entries)).await.unwrap_err();
        assert_eq!(refused.to_string(), says.to_string());
        assert!(matches!(asked(&phone, flow), PromptKind::Facts { .. }));
    }
    let words = Answer::Entered(vec!["It went on charging.".to_owned()]);
    phone.wallet.submit(flow, words).await.unwrap();
    assert!(!phone.wallet.mandate(mandate).unwrap().can_pay, "held here at once");
    let phone = phone.restart(&sandbox);
    sandbox.plug.set(Line::Up);
    phone.wallet.sync().await.unwrap();
    assert_eq!(
        sandbox.charge(&merchant, mandate, 100, "held", None).await,
        "mandate_held"
    );
    let prompt = phone.wallet.next_prompt(flow).unwrap().unwrap();
    assert_eq!(
        (prompt.kind, prompt.step_number, prompt.step_count),
        (PromptKind::Biometric, 2, 7)
    );
}
