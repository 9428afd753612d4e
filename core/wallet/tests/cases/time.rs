//! What time brings: permits are renewed, what never became active ends on both sides.

use crate::support::Sandboxed;
use crate::support::phone::{Phone, cny};
use crate::support::plug::Line;
use quittance_protocol::answer::MandateState;
use quittance_protocol::log_body::TerminationCause;
use quittance_protocol::statement::ReplicaState;

const AN_HOUR: u32 = 3_600;
const DAY: u32 = 86_400;

#[tokio::test(flavor = "multi_thread")]
async fn each_period_gets_its_permit_at_a_later_contact() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let merchant = sandbox.merchant("Bluebird").await;
    let mandate = phone.sign(&sandbox.offer(&merchant, "subscription").await).await;
    assert_eq!(sandbox.charge(&merchant, mandate, 100, "first", None).await, "approved");
    phone.wallet.sync().await.unwrap();
    assert_eq!(
        sandbox.charge(&merchant, mandate, 100, "again", None).await,
        "permit_window",
        "one permit for each period"
    );
    sandbox.advance(31 * DAY).await;
    phone.wallet.sync().await.unwrap();
    assert_eq!(phone.wallet.mandate(mandate).unwrap().permits_ahead, 3);
    assert_eq!(
        sandbox.charge(&merchant, mandate, 100, "second", None).await,
        "approved"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_never_became_active_ends_on_both_sides() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let merchant = sandbox.merchant("Bluebird").await;
    let flow = phone
        .wallet
        .start_sign(&sandbox.offer(&merchant, "subscription").await)
        .await
        .unwrap();
    sandbox.plug.lose_answer_of("consent");
    phone.walk(flow).await.unwrap();
    let mandate = phone.wallet.mandates().unwrap().first().unwrap().mandate;
    assert!(
        phone
            .wallet
            .payer_present_permit(mandate, cny(100), "till")
            .await
            .is_err(),
        "H7: not active before both confirm"
    );
    sandbox.advance(16 * 60).await;
    sandbox.plug.set(Line::Up);
    phone.until_closed(mandate).await;
    let view = phone.wallet.mandate(mandate).unwrap();
    assert_eq!(
        (view.state, view.phone_half),
        (MandateState::Rejected, ReplicaState::Destroyed)
    );
    assert_eq!(
        phone.wallet.receipts().unwrap().first().unwrap().cause,
        TerminationCause::NeverActivated
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provisioning_mandate_can_be_revoked() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let merchant = sandbox.merchant("Bluebird").await;
    let flow = phone
        .wallet
        .start_sign(&sandbox.offer(&merchant, "subscription").await)
        .await
        .unwrap();
    sandbox.plug.lose_answer_of("consent");
    phone.walk(flow).await.unwrap();
    let mandate = phone.wallet.mandates().unwrap().first().unwrap().mandate;
    let flow = phone.wallet.start_revoke(&[mandate]).await.unwrap();
    phone.walk(flow).await.unwrap();
    sandbox.plug.set(Line::Up);
    phone.until_closed(mandate).await;
    assert_eq!(
        phone.wallet.mandate(mandate).unwrap().phone_half,
        ReplicaState::Destroyed
    );
}

//
#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_the_gateway_has_not_told_of_for_the_policys_lag_is_shown_as_stale() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let merchant = sandbox.merchant("Bluebird").await;
    let quiet = phone.sign(&sandbox.offer(&merchant, "pay_as_you_go").await).await;
    let talked_of = phone.sign(&sandbox.offer(&merchant, "pay_as_you_go").await).await;
    phone.wallet.sync().await.unwrap();
    let stale = |mandate| phone.wallet.permission(mandate).unwrap().permission.stale;
    assert!(!stale(quiet));

    sandbox.advance(6 * 60).await;
    phone.wallet.pause(&[talked_of]).await.unwrap();
    phone.wallet.resume(&[talked_of]).await.unwrap();

    assert!(stale(quiet), "sync.max_lag is five minutes");
    assert!(!stale(talked_of), "the gateway has just told of it");
    phone.wallet.sync().await.unwrap();
    assert!(!stale(quiet));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_whose_session_ended_at_the_gateway_is_asked_once_more_with_a_new_one() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let merchant = sandbox.merchant("Bluebird").await;
    let mandate = phone.sign(&sandbox.offer(&merchant, "subscription").await).await;
    let sessions = || sandbox.plug.said("session").len();
    phone.wallet.refresh_history(mandate).await.unwrap();
    phone.wallet.refresh_history(mandate).await.unwrap();
    assert_eq!(sessions(), 1, "control: one session serves several reads");
    sandbox.advance(AN_HOUR).await;
    phone.wallet.refresh_history(mandate).await.unwrap();
    assert_eq!(sessions(), 2);
}
