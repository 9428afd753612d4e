//! Nothing that fails on the way keeps a stop from the gateway.

use crate::support::Sandboxed;
use crate::support::phone::Phone;
use crate::support::plug::Line;

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_that_never_arrives_does_not_keep_a_cancellation_back() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let merchant = sandbox.merchant("Bluebird").await;
    let mandate = phone.sign(&sandbox.offer(&merchant, "subscription").await).await;
    let other = sandbox.offer(&merchant, "pay_as_you_go").await;
    sandbox.plug.stall(&["consent"]);
    let flow = phone.wallet.start_sign(&other).await.unwrap();
    phone.walk(flow).await.unwrap();
    sandbox.plug.set(Line::Down);
    let flow = phone.wallet.start_revoke(&[mandate]).await.unwrap();
    phone.walk(flow).await.unwrap();
    sandbox.plug.set(Line::Up);
    let before = sandbox.plug.said("consent").len();
    phone.until_closed(mandate).await;
    assert!(
        sandbox.plug.said("consent").len() > before,
        "the control: it was tried and stalled"
    );
    let order: Vec<String> = sandbox.plug.names();
    let after_the_outage = order.iter().rposition(|name| name == "intent").unwrap();
    assert!(order[after_the_outage..].contains(&"consent".to_owned()), "{order:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_after_a_lifting_that_did_not_arrive_stays() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let merchant = sandbox.merchant("Bluebird").await;
    let mandate = phone.sign(&sandbox.offer(&merchant, "pay_as_you_go").await).await;
    phone.wallet.pause(&[mandate]).await.unwrap();
    sandbox.plug.stall(&["hold"]);
    assert!(phone.wallet.resume(&[mandate]).await.is_err());
    phone.wallet.pause(&[mandate]).await.unwrap();
    sandbox.plug.stall(&[]);
    phone.wallet.sync().await.unwrap();
    assert_eq!(
        sandbox.charge(&merchant, mandate, 100, "ride", None).await,
        "mandate_held"
    );
}
