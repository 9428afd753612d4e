//! The whole thread: enrol, sign, pay, pause, cancel, closed.

use crate::support::phone::{Phone, cny, pin};
use crate::support::plug::Line;
use crate::support::{PIN, Sandboxed};
use quittance_protocol::answer::MandateState;
use quittance_protocol::log_body::{ClosureKind, TerminationCause};
use quittance_protocol::statement::ReplicaState;
use quittance_wallet::{EndingStage, WalletError, WalletEvent};

#[tokio::test(flavor = "multi_thread")]
async fn from_a_thumb_on_the_phone_to_a_proof_in_the_hand() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::new(&sandbox);
    assert_eq!(phone.wallet.enrolment().unwrap(), None);
    let enrolled = phone.wallet.enrol(pin(PIN)).await.unwrap();
    assert_eq!(
        phone.wallet.enrol(pin(PIN)).await.unwrap(),
        enrolled,
        "enrolling twice is enrolling once"
    );
    assert_eq!(phone.wallet.mandates().unwrap(), [], "H8: none is an empty list");

    let merchant = sandbox.merchant("Bluebird").await;
    let mandate = phone.sign(&sandbox.offer(&merchant, "pay_as_you_go").await).await;
    let view = phone.wallet.mandate(mandate).unwrap();
    assert_eq!(
        (view.state, view.phone_half, view.permits_ahead),
        (MandateState::Active, ReplicaState::Active, 3)
    );
    assert!(phone.events().contains(&WalletEvent::MandateActive { mandate }));

    assert_eq!(
        sandbox.charge(&merchant, mandate, 3000, "ride-1", None).await,
        "approved"
    );
    assert_eq!(
        sandbox.charge(&merchant, mandate, 5001, "ride-2", None).await,
        "limit_exceeded"
    );
    let permit = phone
        .wallet
        .payer_present_permit(mandate, cny(1200), "till-7")
        .await
        .unwrap();
    assert_eq!(
        sandbox.charge(&merchant, mandate, 1200, "till-7", Some(&permit)).await,
        "approved"
    );
    assert!(matches!(
        phone.wallet.payer_present_permit(mandate, cny(5001), "x").await,
        Err(WalletError::AboveLimit)
    ));
    let copied = phone
        .wallet
        .payer_present_permit(mandate, cny(900), "till-8")
        .await
        .unwrap();

    phone.wallet.pause(&[mandate]).await.unwrap();
    assert_eq!(
        sandbox.charge(&merchant, mandate, 100, "ride-3", None).await,
        "mandate_held"
    );
    assert!(matches!(
        phone.wallet.payer_present_permit(mandate, cny(100), "x").await,
        Err(WalletError::NotPayable)
    ));
    phone.wallet.resume(&[mandate]).await.unwrap();
    assert_eq!(
        sandbox.charge(&merchant, mandate, 100, "ride-4", None).await,
        "approved"
    );
    let report = phone.wallet.sync().await.unwrap();
    assert!(report.online);
    assert_eq!(
        phone.wallet.mandate(mandate).unwrap().permits_ahead,
        3,
        "used permits are made again"
    );

    assert_eq!(
        sandbox.charge(&merchant, mandate, 100, "told late", None).await,
        "approved"
    );

    let flow = phone.wallet.start_revoke(&[mandate]).await.unwrap();
    assert!(phone.answer(flow).await.unwrap());
    assert!(
        !phone.wallet.mandate(mandate).unwrap().can_pay,
        "R-301: held from the first proof on"
    );
    assert_eq!(
        sandbox.charge(&merchant, mandate, 100, "ride-5", None).await,
        "mandate_held"
    );
    phone.walk(flow).await.unwrap();
    phone.until_closed(mandate).await;
    let view = phone.wallet.mandate(mandate).unwrap();
    assert_eq!(
        (view.state, view.phone_half),
        (MandateState::Ended, ReplicaState::Destroyed)
    );
    let receipts = phone.wallet.receipts().unwrap();
    let [receipt] = receipts.as_slice() else {
        panic!("{receipts:?}")
    };
    assert_eq!(
        (receipt.kind, receipt.cause),
        (ClosureKind::TwoSided, TerminationCause::Payer)
    );

    assert_eq!(
        phone.wallet.start_revoke(&[mandate]).await.unwrap(),
        flow,
        "H2: revoking twice is the same order"
    );
    assert_eq!(phone.wallet.next_prompt(flow).unwrap(), None);
    assert_eq!(
        sandbox.charge(&merchant, mandate, 100, "ride-6", None).await,
        "token_destroyed"
    );
    assert_eq!(
        sandbox.charge(&merchant, mandate, 900, "till-8", Some(&copied)).await,
        "token_destroyed"
    );
    phone.wallet.sync().await.unwrap();
    let events = phone.events();
    assert!(
        events.contains(&WalletEvent::DeadTokenUsed { mandate, uses: 2 }),
        "the payer's alarm rings"
    );
    let is_after_end = |event: &WalletEvent| matches!(event, WalletEvent::ChargedAfterEnd { .. });
    assert!(
        !events.iter().any(is_after_end),
        "a charge of before that is told late is an ordinary one"
    );
    let exported = phone.wallet.export_receipt(receipt.order).unwrap();
    assert_eq!(
        exported
            .statements
            .iter()
            .map(|(name, _)| name.as_str())
            .collect::<Vec<_>>(),
        ["identify", "intent", "attestation"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn offline_the_mandate_stops_on_the_phone_at_once_and_closes_when_the_gateway_is_back() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let merchant = sandbox.merchant("Bluebird").await;
    let mandate = phone.sign(&sandbox.offer(&merchant, "subscription").await).await;
    sandbox.plug.set(Line::Down);

    let flow = phone.wallet.start_revoke(&[mandate]).await.unwrap();
    assert!(phone.answer(flow).await.unwrap());
    assert!(matches!(
        phone.wallet.payer_present_permit(mandate, cny(100), "x").await,
        Err(WalletError::NotPayable)
    ));
    let prompt = phone.wallet.next_prompt(flow).unwrap().unwrap();
    assert!(prompt.offline, "the payer is told that the gateway does not know yet");
    assert_eq!((prompt.step.as_str(), prompt.step_count), ("confirm", 2));
    phone.walk(flow).await.unwrap();
    let waiting = phone.wallet.mandate(mandate).unwrap().ending.unwrap();
    assert_eq!(waiting.stage, EndingStage::Waiting);
    let report = phone.wallet.sync().await.unwrap();
    assert!(!report.online && report.waiting > 0 && report.next_attempt.is_some());
    let phone = phone.restart(&sandbox);
    assert_eq!(
        phone.wallet.mandate(mandate).unwrap().ending.unwrap().stage,
        EndingStage::Waiting
    );

    sandbox.plug.set(Line::Up);
    phone.until_closed(mandate).await;
    assert_eq!(
        phone.wallet.receipts().unwrap().first().unwrap().cause,
        TerminationCause::PayerOffline
    );
}

//
#[tokio::test(flavor = "multi_thread")]
async fn a_paused_mandate_is_revoked_like_any_other() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let merchant = sandbox.merchant("Bluebird").await;
    let mandate = phone.sign(&sandbox.offer(&merchant, "subscription").await).await;
    phone.wallet.pause(&[mandate]).await.unwrap();
    let flow = phone.wallet.start_revoke(&[mandate]).await.unwrap();
    phone.walk(flow).await.unwrap();
    phone.until_closed(mandate).await;
}
