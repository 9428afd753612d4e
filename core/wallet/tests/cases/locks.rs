//! What stops everything at once, and what the payer sees of it.

use crate::support::phone::{Phone, pin};
use crate::support::plug::Line;
use crate::support::{OTHER_PIN, PIN, Sandboxed};
use axum::http::Method;
use quittance_flows::HoldOwner;
use quittance_protocol::MandateId;
use quittance_protocol::answer::MandateState;
use quittance_protocol::flow_event::Wish;
use quittance_protocol::statement::StopScope;
use quittance_wallet::{Answer, ErrorKind, PermissionGroup, PromptKind, WalletError, WalletEvent};
use serde_json::json;
use std::collections::BTreeSet;

//
#[tokio::test(flavor = "multi_thread")]
async fn the_lock_holds_at_once_without_a_network_and_the_gateway_hears_of_it_first() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let merchant = sandbox.merchant("Bluebird").await;
    let mandate = phone.sign(&sandbox.offer(&merchant, "pay_as_you_go").await).await;
    sandbox.plug.set(Line::Down);
    let lock = phone.wallet.lock_now(false).await.unwrap();
    assert!(!lock.told);
    assert_eq!(lock.until.seconds_since(lock.since), 24 * 3600, "R-062: a day");
    assert!(!phone.wallet.mandate(mandate).unwrap().can_pay);
    assert_eq!(
        sandbox.charge(&merchant, mandate, 100, "before", None).await,
        "approved",
        "control: the gateway does not know yet"
    );
    let phone = phone.restart(&sandbox);
    assert!(!phone.wallet.mandate(mandate).unwrap().can_pay, "it survives a restart");
    sandbox.plug.set(Line::Up);
    phone.wallet.sync().await.unwrap();
    assert_eq!(
        sandbox.charge(&merchant, mandate, 100, "after", None).await,
        "safety_locked"
    );
    assert!(phone.wallet.lock_state().unwrap().lock.unwrap().told);
    let order = sandbox.plug.names();
    let lock_at = order.iter().rposition(|name| name == "lock").unwrap();
    let contact_at = order.iter().rposition(|name| name == "reconciliation").unwrap();
    assert!(lock_at < contact_at, "{order:?}");
    // a lock is no cancellation, and stops none.
    let flow = phone.wallet.start_revoke(&[mandate]).await.unwrap();
    phone.walk(flow).await.unwrap();
    phone.until_closed(mandate).await;
}

//
#[tokio::test(flavor = "multi_thread")]
async fn the_lock_ends_early_with_its_own_password_which_is_not_the_pin() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let merchant = sandbox.merchant("Bluebird").await;
    let mandate = phone.sign(&sandbox.offer(&merchant, "pay_as_you_go").await).await;
    let same = phone.wallet.set_lock_password(pin(PIN), pin(PIN)).await.unwrap_err();
    assert!(matches!(same, WalletError::SameSecret));
    assert_eq!(same.kind(), ErrorKind::FixInput);
    // Before, the PIN was believed as typed: whoever held the open phone chose the password, even the PIN itself.
    let typed_wrong = phone.wallet.set_lock_password(pin(b"111222"), pin(PIN)).await;
    assert!(
        matches!(typed_wrong, Err(WalletError::WrongPin { .. })),
        "{typed_wrong:?}"
    );
    assert!(!phone.wallet.lock_state().unwrap().lock_password_set);
    phone.wallet.set_lock_password(pin(PIN), pin(OTHER_PIN)).await.unwrap();
    assert!(phone.wallet.lock_state().unwrap().lock_password_set);
    phone.wallet.lock_now(false).await.unwrap();
    let flow = phone.wallet.begin("lock.release", Vec::new(), None).await.unwrap();
    let asked = phone.wallet.next_prompt(flow).unwrap().unwrap().kind;
    assert!(matches!(asked, PromptKind::LockPassword { .. }), "{asked:?}");
    let pin_instead = phone.wallet.submit(flow, Answer::PaymentPin(pin(PIN))).await;
    assert!(matches!(pin_instead, Err(WalletError::WrongAnswer)));
    let wrong = phone.wallet.submit(flow, Answer::LockPassword(pin(PIN))).await;
    assert!(matches!(wrong, Err(WalletError::WrongPin { .. })), "{wrong:?}");
    phone
        .wallet
        .submit(flow, Answer::LockPassword(pin(OTHER_PIN)))
        .await
        .unwrap();
    phone.walk(flow).await.unwrap();
    phone.wallet.sync().await.unwrap();
    assert_eq!(phone.wallet.lock_state().unwrap().lock, None);
    assert!(phone.wallet.mandate(mandate).unwrap().can_pay);
    assert_eq!(sandbox.charge(&merchant, mandate, 100, "after", None).await, "approved");
}

//
#[tokio::test(flavor = "multi_thread")]
async fn a_stop_covers_a_merchant_and_nobody_else() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let stopped = sandbox.merchant("Bluebird").await;
    let other = sandbox.merchant("Greenbird").await;
    let mandate = phone.sign(&sandbox.offer(&stopped, "pay_as_you_go").await).await;
    let control = phone.sign(&sandbox.offer(&other, "pay_as_you_go").await).await;
    let scope = StopScope::Merchant { merchant: stopped.id };
    sandbox.plug.set(Line::Down);
    phone.wallet.stop(scope.clone()).await.unwrap();
    assert!(!phone.wallet.mandate(mandate).unwrap().can_pay, "at once");
    assert!(phone.wallet.mandate(control).unwrap().can_pay, "control");
    sandbox.plug.set(Line::Up);
    phone.wallet.sync().await.unwrap();
    assert_eq!(
        sandbox.charge(&stopped, mandate, 100, "stopped", None).await,
        "stopped_by_payer"
    );
    assert_eq!(sandbox.charge(&other, control, 100, "control", None).await, "approved");
    assert_eq!(phone.wallet.permissions().unwrap().stops, [scope]);
}

//
#[tokio::test(flavor = "multi_thread")]
async fn the_permission_that_was_agreed_to_last_stands_first() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let merchant = sandbox.merchant("Bluebird").await;
    let mut signed = Vec::new();
    // The ids are random: until their own order would be another one.
    while signed.is_sorted_by(|one: &MandateId, next| one > next) {
        signed.push(phone.sign(&sandbox.offer(&merchant, "pay_as_you_go").await).await);
        sandbox.advance(60).await;
    }
    phone.wallet.sync().await.unwrap();
    let list = phone.wallet.permissions().unwrap().permissions;
    let told: BTreeSet<_> = list.iter().map(|view| view.as_of).collect();
    assert_eq!(told.len(), 1, "control: the gateway told of all of them at once");
    signed.reverse();
    assert_eq!(list.iter().map(|view| view.mandate).collect::<Vec<_>>(), signed);
}

//
#[tokio::test(flavor = "multi_thread")]
async fn everything_that_can_charge_is_in_one_list_and_readable_without_a_network() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let merchant = sandbox.merchant("Bluebird").await;
    let on = phone.sign(&sandbox.offer(&merchant, "pay_as_you_go").await).await;
    let paused = phone.sign(&sandbox.offer(&merchant, "pay_as_you_go").await).await;
    let ended = phone.sign(&sandbox.offer(&merchant, "pay_as_you_go").await).await;
    phone.wallet.pause(&[paused]).await.unwrap();
    let flow = phone.wallet.start_revoke(&[ended]).await.unwrap();
    phone.walk(flow).await.unwrap();
    phone.until_closed(ended).await;
    assert_eq!(sandbox.charge(&merchant, on, 1200, "ride", None).await, "approved");
    phone.wallet.sync().await.unwrap();
    phone.wallet.refresh_history(on).await.unwrap();
    sandbox.plug.set(Line::Down);
    let list = phone.wallet.permissions().unwrap();
    assert_eq!((list.on, list.paused, list.ending, list.ended), (1, 1, 0, 1));
    let groups: Vec<_> = list.permissions.iter().map(|view| view.group).collect();
    assert_eq!(
        groups,
        [PermissionGroup::On, PermissionGroup::Paused, PermissionGroup::Ended]
    );
    let first = list.permissions.first().unwrap();
    assert!(first.switch_on && first.next_charge.is_some());
    let exposure = first.exposure.unwrap();
    assert!(exposure.charges >= 1 && exposure.charges <= 3, "{exposure:?}");
    let second = list.permissions.get(1).unwrap();
    assert_eq!(second.holds.first().unwrap().reason.key, "hold.payer.reason");
    assert!(!second.switch_on);
    let detail = phone.wallet.permission(on).unwrap();
    assert_eq!(detail.history.len(), 1);
    assert_eq!(detail.history.first().unwrap().amount.minor(), 1200);
    assert!(detail.history_as_of.is_some());
    let routes = phone.wallet.cancellation_routes(on).unwrap();
    assert_eq!(routes.first().unwrap().definition, "mandate.cancel.quick");
    assert_eq!(routes.first().unwrap().steps, 3, "R-013");
    assert!(
        routes
            .iter()
            .any(|route| route.definition == "mandate.cancel.mini_program" && route.closed.is_some()),
        "a closed way has its reason"
    );
}

//
#[tokio::test(flavor = "multi_thread")]
async fn the_lock_is_kept_on_for_longer_with_the_pin() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let lock = phone.wallet.lock_now(false).await.unwrap();
    let until = lock.until.plus_seconds(3600);
    let flow = phone
        .wallet
        .begin("lock.extend", Vec::new(), Some(Wish::ExtendLock { until }))
        .await
        .unwrap();
    let wrong = phone.wallet.submit(flow, Answer::PaymentPin(pin(OTHER_PIN))).await;
    assert!(
        matches!(wrong, Err(WalletError::WrongPin { attempts_left: 4 })),
        "{wrong:?}"
    );
    phone.walk(flow).await.unwrap();
    assert_eq!(phone.wallet.lock_state().unwrap().lock.unwrap().until, until);
}

//
#[tokio::test(flavor = "multi_thread")]
async fn every_moment_that_is_offered_for_a_longer_lock_is_taken() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    phone.wallet.lock_now(false).await.unwrap();
    // The gateway counts from when it heard of the lock, which may be a second later than the phone did.
    phone.wallet.sync().await.unwrap();
    let offered = phone.wallet.lock_state().unwrap().lock.unwrap().longer;
    assert_eq!(offered.len(), 3);
    let extend = async |until| {
        let wish = Some(Wish::ExtendLock { until });
        let flow = phone.wallet.begin("lock.extend", Vec::new(), wish).await?;
        phone.walk(flow).await
    };
    for until in &offered {
        extend(*until).await.unwrap();
        assert_eq!(phone.wallet.lock_state().unwrap().lock.unwrap().until, *until);
    }
    let longest = phone.wallet.lock_state().unwrap().lock.unwrap();
    assert_eq!(longest.longer, [], "it lasts as long as it can");
    let beyond = extend(longest.until.plus_seconds(1)).await;
    assert!(beyond.is_err(), "control: {beyond:?}");
}

// Before, each contact under a lock told of what was ending as if a hold had come upon it.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_lock_holds_is_told_once_and_what_is_ending_is_not_told_to_be_held() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let merchant = sandbox.merchant("Bluebird").await;
    let live = phone.sign(&sandbox.offer(&merchant, "pay_as_you_go").await).await;
    let ending = phone.sign(&sandbox.offer(&merchant, "subscription").await).await;
    // The gateway says that it is ending, and keeps its order to itself.
    sandbox.plug.lie(Some(Box::new(|json| {
        if json["orders"].is_array() {
            json["orders"] = json!([]);
        }
    })));
    let banned = json!({ "mandates": [ending], "cause": "merchant_banned" });
    sandbox.ask(Method::POST, "/sandbox/endings", banned).await;
    phone.wallet.sync().await.unwrap();
    let state = phone.wallet.mandate(ending).unwrap().state;
    assert_eq!(state, MandateState::Revoking, "control");
    phone.events();
    phone.wallet.lock_now(false).await.unwrap();
    for _ in 0..3 {
        phone.wallet.sync().await.unwrap();
    }
    let held: Vec<MandateId> = phone.events().into_iter().filter_map(held_by_lock).collect();
    assert_eq!(held, [live]);
}

fn held_by_lock(event: WalletEvent) -> Option<MandateId> {
    match event {
        WalletEvent::Held {
            mandate,
            by: HoldOwner::SafetyLock,
        } => Some(mandate),
        _ => None,
    }
}
