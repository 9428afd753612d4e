//! A keystore that does not end an older key delays destructions and nothing else: news, restarts and stopping go on.

use crate::support::Sandboxed;
use crate::support::phone::{Phone, Thumb};
use quittance_protocol::log_body::ClosureKind;
use quittance_protocol::statement::ReplicaState;
use quittance_wallet::{Answer, BiometricError, DeviceKeyError, PromptKind, WalletError};

//
#[tokio::test(flavor = "multi_thread")]
async fn a_payer_whose_keystore_keeps_an_older_key_still_opens_the_wallet_hears_news_and_stops() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled_as_a_day_begins(&sandbox).await;
    let merchant = sandbox.merchant("Bluebird").await;
    let first = phone.sign(&sandbox.offer(&merchant, "pay_as_you_go").await).await;
    let second = phone.sign(&sandbox.offer(&merchant, "pay_as_you_go").await).await;
    phone.keys.keep_epochs(Some(DeviceKeyError::HardwareUnavailable));

    let flow = phone.wallet.start_revoke(&[first]).await.unwrap();
    let _undestroyed = phone.walk(flow).await;
    let contact = phone.wallet.sync().await;
    assert!(matches!(contact, Err(WalletError::Vault(_))), "{contact:?}");
    let receipts = phone.wallet.receipts().unwrap();
    assert!(receipts.is_empty(), "nothing is said to be destroyed: {receipts:?}");

    let phone = phone.restart(&sandbox);
    let flow = phone.wallet.start_revoke(&[second]).await.unwrap();
    assert_eq!(
        phone.wallet.next_prompt(flow).unwrap().unwrap().kind,
        PromptKind::Biometric
    );
    phone.wallet.submit(flow, Answer::UseBiometric).await.unwrap();
    let _undestroyed = phone.walk(flow).await;
    let contact = phone.wallet.sync().await;
    assert!(matches!(contact, Err(WalletError::Vault(_))), "{contact:?}");
    for mandate in [first, second] {
        let told = phone.wallet.mandates().unwrap();
        let told = told.iter().find(|told| told.mandate == mandate).unwrap();
        assert_eq!(
            told.gateway_half,
            Some(ReplicaState::Destroyed),
            "the phone heard of it"
        );
        assert!(!told.can_pay);
    }
    // Control: what raises authority waits for a keystore that ends keys.
    let offer = sandbox.offer(&merchant, "subscription").await;
    let raising = phone.wallet.start_sign(&offer).await.unwrap();
    let refused = phone.walk(raising).await;
    assert!(matches!(refused, Err(WalletError::Vault(_))), "{refused:?}");

    phone.keys.keep_epochs(None);
    for mandate in [first, second] {
        phone.until_closed(mandate).await;
    }
    let receipts = phone.wallet.receipts().unwrap();
    assert!(receipts.iter().all(|receipt| receipt.kind == ClosureKind::TwoSided));
}

//
#[tokio::test(flavor = "multi_thread")]
async fn each_failure_at_a_prompt_of_a_run_that_lowers_authority_counts_while_the_keystore_keeps_an_older_key() {
    for kept in [Some(DeviceKeyError::HardwareUnavailable), None] {
        let sandbox = Sandboxed::start().await;
        let phone = Phone::enrolled_as_a_day_begins(&sandbox).await;
        let merchant = sandbox.merchant("Bluebird").await;
        let mandate = phone.sign(&sandbox.offer(&merchant, "pay_as_you_go").await).await;
        phone.keys.keep_epochs(kept);
        let flow = phone.wallet.start_revoke(&[mandate]).await.unwrap();
        // The platform counted more of them than the one that is spent from the start.
        let why = BiometricError::NotRecognised { failures: 3 };
        phone.payer.then(Thumb::Fault(why));
        let failed = phone.wallet.submit(flow, Answer::UseBiometric).await;
        assert!(
            matches!(failed, Err(WalletError::Biometric(same)) if same == why),
            "{kept:?}: {failed:?}"
        );
        let prompt = phone.wallet.next_prompt(flow).unwrap().unwrap();
        assert_eq!(prompt.attempts_left, Some(1), "{kept:?}, control: as where keys end");
    }
}
