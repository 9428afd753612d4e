//! A gateway that lies about its log: the phone does not say closed, and says why.

use quittance_testkit::liar::{Lie, lying};
use quittance_testkit::stage::Stage;
use quittance_wallet::{DisputeReason, EndingStage, WalletError, WalletEvent};

struct Met {
    stage: EndingStage,
    dispute: Option<DisputeReason>,
    events: Vec<WalletEvent>,
    receipts: usize,
    paid: Result<String, WalletError>,
}

/// A cancellation under a gateway that lies, or does not; three contacts, so that it may lie three times.
#[cfg(test)]
async fn cancelled_under(lie: Option<Lie>) -> Met {
    let (stage, phone, mandate) = Stage::with_mandate().await.unwrap();
    let gateway = stage.gateway().unwrap();
    if let Some(lie) = lie {
        stage
            .network
            .exchange(lying(gateway.router(), gateway.log_signer(), lie));
    }
    // Whether a call ends in an error is not the question: what the phone shows is.
    let _ = phone.cancel(&[mandate]).await;
    for _ in 0..3 {
        let _ = phone.wallet.sync().await;
    }
    let ending = phone.wallet.mandate(mandate).unwrap().ending.unwrap();
    Met {
        stage: ending.stage,
        dispute: ending.dispute,
        events: phone.events().unwrap(),
        receipts: phone.wallet.receipts().unwrap().len(),
        paid: phone
            .wallet
            .payer_present_permit(mandate, quittance_testkit::story::cny(100).unwrap(), "till")
            .await,
    }
}

#[cfg(test)]
fn assert_disputed(met: &Met, reasons: &[DisputeReason]) {
    assert_eq!(met.stage, EndingStage::Disputed);
    assert!(
        met.dispute.is_some_and(|reason| reasons.contains(&reason)),
        "{:?}",
        met.dispute
    );
    assert_eq!(met.receipts, 0, "there is no receipt of a lie");
    let told = |event: &WalletEvent| matches!(event, WalletEvent::Disputed { reason, .. } if reasons.contains(reason));
    assert!(met.events.iter().any(told), "the payer is told: {:?}", met.events);
    assert!(
        !met.events
            .iter()
            .any(|event| matches!(event, WalletEvent::Closed { .. })),
        "{:?}",
        met.events
    );
    assert!(
        matches!(met.paid, Err(WalletError::NotPayable)),
        "this phone's half is gone all the same"
    );
}

// I4; H3.
//
#[tokio::test]
async fn a_closure_that_was_never_logged_is_disputed_and_never_closed() {
    let met = cancelled_under(Some(Lie::Unlogged)).await;
    assert_disputed(&met, &[DisputeReason::ReceiptNotLogged]);
}

// I4.
//
#[tokio::test]
async fn a_closure_of_another_token_is_disputed_and_never_closed() {
    let met = cancelled_under(Some(Lie::WrongToken)).await;
    assert_disputed(&met, &[DisputeReason::OtherToken, DisputeReason::LogInconsistent]);
}

// Control: without the lie the same steps end closed.
#[tokio::test]
async fn an_honest_gateway_closes() {
    let met = cancelled_under(None).await;
    assert!(matches!(met.stage, EndingStage::Closed(_)), "{:?}", met.stage);
    assert_eq!((met.dispute, met.receipts), (None, 1));
}

// A gateway that answers rightly later is believed later: the same checks decide.
#[tokio::test]
async fn a_dispute_ends_when_the_gateway_shows_the_true_closure() {
    let (stage, phone, mandate) = Stage::with_mandate().await.unwrap();
    let gateway = stage.gateway().unwrap();
    stage
        .network
        .exchange(lying(gateway.router(), gateway.log_signer(), Lie::Unlogged));
    let _ = phone.cancel(&[mandate]).await;
    let _ = phone.wallet.sync().await;
    assert_eq!(phone.stage_of(mandate).unwrap(), Some(EndingStage::Disputed));
    stage.network.exchange(gateway.router());
    phone.wallet.sync().await.unwrap();
    assert!(phone.is_closed(mandate).unwrap());
}
