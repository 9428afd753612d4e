//! The public log as a phone follows it: what it saw once has to be in all that it is shown later.

use crate::support::Sandboxed;
use crate::support::phone::Phone;
use quittance_protocol::bytes::to_base64url;
use quittance_wallet::{WalletError, WalletEvent};

/// A phone that knows the log, which has grown since by what somebody else ended.
async fn behind(sandbox: &Sandboxed) -> Phone {
    let phone = Phone::enrolled(sandbox).await;
    phone.wallet.sync().await.unwrap();
    grow(sandbox).await;
    phone
}

async fn grow(sandbox: &Sandboxed) {
    let other = Phone::enrolled(sandbox).await;
    let merchant = sandbox.merchant("Bluebird").await;
    let mandate = other.sign(&sandbox.offer(&merchant, "subscription").await).await;
    let flow = other.wallet.start_revoke(&[mandate]).await.unwrap();
    other.walk(flow).await.unwrap();
    other.until_closed(mandate).await;
}

/// The gateway shows one hash that leads nowhere, whatever it is asked to prove.
fn lie(sandbox: &Sandboxed) {
    sandbox.plug.lie(Some(Box::new(|json| {
        if let Some(hashes) = json.get_mut("hashes") {
            *hashes = serde_json::json!([to_base64url(&[7; 32])]);
        }
    })));
}

fn alarms(phone: &Phone) -> usize {
    let events = phone.events();
    let alarm = |event: &&WalletEvent| matches!(event, WalletEvent::LogContradiction { proves_fork: false });
    events.iter().filter(alarm).count()
}

//
#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_does_not_show_how_it_grew_is_an_alarm_that_is_told_once_with_both_checkpoints_kept() {
    let sandbox = Sandboxed::start().await;
    let phone = behind(&sandbox).await;
    lie(&sandbox);
    for _ in 0..2 {
        let met = phone.wallet.sync().await;
        assert!(matches!(met, Err(WalletError::LogContradiction)), "{met:?}");
    }
    assert_eq!(alarms(&phone), 1);
    let evidence = phone.wallet.log_evidence().unwrap();
    assert_eq!(evidence.len(), 1);
    assert!(!evidence[0].proves_fork, "a damaged answer convicts nobody");
    // The control: the same growth, shown as it was.
    sandbox.plug.lie(None);
    phone.wallet.sync().await.unwrap();
}

//
#[tokio::test(flavor = "multi_thread")]
async fn a_checkpoint_that_was_seen_needs_no_proof_and_what_was_seen_outlives_a_restart() {
    let sandbox = Sandboxed::start().await;
    let phone = behind(&sandbox).await;
    phone.wallet.sync().await.unwrap();
    let phone = phone.restart(&sandbox);
    lie(&sandbox);
    phone.wallet.sync().await.unwrap();
    sandbox.plug.lie(None);
    grow(&sandbox).await;
    lie(&sandbox);
    let met = phone.wallet.sync().await;
    assert!(matches!(met, Err(WalletError::LogContradiction)), "{met:?}");
}

//
#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_cannot_be_asked_now_is_asked_again_and_one_that_says_no_is_not_believed() {
    let sandbox = Sandboxed::start().await;
    let phone = behind(&sandbox).await;
    sandbox.plug.refuse("/log/consistency", "internal");
    assert!(!phone.wallet.sync().await.unwrap().online);
    assert_eq!(alarms(&phone), 0);
    sandbox.plug.refuse("/log/consistency", "not_found");
    let met = phone.wallet.sync().await;
    assert!(matches!(met, Err(WalletError::LogContradiction)), "{met:?}");
    phone.wallet.sync().await.unwrap();
}
