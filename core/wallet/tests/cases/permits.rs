//! What the phone's half signs away: one payment on the spot, or the few that the rules let lie at the gateway.

use crate::support::phone::{Phone, cny};
use crate::support::plug::Line;
use crate::support::{Merchant, Sandboxed};
use quittance_protocol::{Currency, MandateId, Money};
use quittance_wallet::{PromptKind, TextArgument, WalletError};
use std::collections::BTreeSet;

#[tokio::test(flavor = "multi_thread")]
async fn a_permit_on_the_spot_is_for_more_than_nothing_and_no_more_than_one_charge_may_take() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let merchant = sandbox.merchant("Bluebird").await;
    let mandate = phone.sign(&sandbox.offer(&merchant, "pay_as_you_go").await).await;
    let asked = async |amount| phone.wallet.payer_present_permit(mandate, amount, "till").await;
    for nothing in [0, -1] {
        let refused = asked(cny(nothing)).await;
        assert!(matches!(refused, Err(WalletError::BadAmount)), "{nothing}");
    }
    let dollars = Money::new(100, Currency::new("USD").unwrap()).unwrap();
    assert!(matches!(asked(dollars).await, Err(WalletError::BadAmount)));
    assert!(matches!(asked(cny(5001)).await, Err(WalletError::AboveLimit)));
    for some in [1, 5000] {
        assert!(asked(cny(some)).await.is_ok(), "control: {some}");
    }
}

/// A phone whose one permission was charged once.
async fn charged_once(sandbox: &Sandboxed) -> (Phone, Merchant, MandateId) {
    let phone = Phone::enrolled(sandbox).await;
    let merchant = sandbox.merchant("Bluebird").await;
    let mandate = phone.sign(&sandbox.offer(&merchant, "pay_as_you_go").await).await;
    assert_eq!(sandbox.charge(&merchant, mandate, 100, "first", None).await, "approved");
    (phone, merchant, mandate)
}

//
#[tokio::test(flavor = "multi_thread")]
async fn a_permit_that_is_under_way_is_not_made_once_more() {
    let sandbox = Sandboxed::start().await;
    let (phone, _, mandate) = charged_once(&sandbox).await;
    sandbox.plug.stall(&["permit"]);
    for _ in 0..3 {
        phone.wallet.sync().await.unwrap();
    }
    assert_eq!(
        phone.wallet.mandate(mandate).unwrap().permits_ahead,
        3,
        "whether it arrived is not known: two and one"
    );
    sandbox.plug.stall(&[]);
    phone.wallet.sync().await.unwrap();
    let made: BTreeSet<String> = sandbox.plug.said("permit").into_iter().collect();
    assert_eq!(made.len(), 1, "one charge, one permit in its place");
    assert_eq!(phone.wallet.mandate(mandate).unwrap().permits_ahead, 3);
}

// A permit on the spot has a number of its own, after that of the one that waits.
//
#[tokio::test(flavor = "multi_thread")]
async fn a_permit_that_waits_makes_none_that_can_be_charged_look_used_where_one_is_used_on_the_spot() {
    let sandbox = Sandboxed::start().await;
    let (phone, merchant, mandate) = charged_once(&sandbox).await;
    sandbox.plug.stall(&["permit"]);
    phone.wallet.sync().await.unwrap();
    let counted = || {
        let exposure = phone.wallet.permission(mandate).unwrap().permission.exposure;
        (
            phone.wallet.mandate(mandate).unwrap().permits_ahead,
            exposure.unwrap().charges,
        )
    };
    assert_eq!(counted(), (3, 3), "control: two, and one that may have arrived");
    let spot = phone.wallet.payer_present_permit(mandate, cny(100), "spot").await;
    let paid = sandbox
        .charge(&merchant, mandate, 100, "spot", Some(&spot.unwrap()))
        .await;
    assert_eq!(paid, "approved");
    phone.wallet.sync().await.unwrap();
    assert_eq!(counted(), (3, 3));
    // The control: those two can be charged.
    for reference in ["second", "third"] {
        let paid = sandbox.charge(&merchant, mandate, 100, reference, None).await;
        assert_eq!(paid, "approved", "{reference}");
    }
    phone.wallet.sync().await.unwrap();
    assert_eq!(counted(), (1, 1), "control: they were used");
}

//
#[tokio::test(flavor = "multi_thread")]
async fn a_permit_that_was_used_is_counted_nowhere_as_one_that_can_still_be_charged() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let merchant = sandbox.merchant("Bluebird").await;
    let mandate = phone.sign(&sandbox.offer(&merchant, "subscription").await).await;
    let listed = || phone.wallet.mandate(mandate).unwrap().permits_ahead;
    let lost = || {
        let permission = phone.wallet.permission(mandate).unwrap().permission;
        permission.exposure.unwrap().charges
    };
    assert_eq!((listed(), lost()), (3, 3), "control");
    assert_eq!(sandbox.charge(&merchant, mandate, 100, "first", None).await, "approved");
    phone.wallet.sync().await.unwrap();
    assert_eq!((listed(), lost()), (2, 2));
    // What a payer is told who stops it without a network.
    sandbox.plug.set(Line::Down);
    let flow = phone.wallet.start_revoke(&[mandate]).await.unwrap();
    let told = loop {
        if let PromptKind::Confirm { consequences, .. } = phone.wallet.next_prompt(flow).unwrap().unwrap().kind {
            break consequences;
        }
        assert!(phone.answer(flow).await.unwrap());
    };
    let offline = told.iter().find(|text| text.key.ends_with(".offline")).unwrap();
    assert_eq!(offline.args[..], [("permits".to_owned(), TextArgument::Count(2))]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consent_that_never_arrives_keeps_no_permit_of_another_mandate_back() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let merchant = sandbox.merchant("Bluebird").await;
    let mandate = phone.sign(&sandbox.offer(&merchant, "subscription").await).await;
    sandbox.plug.stall(&["consent"]);
    phone.sign(&sandbox.offer(&merchant, "subscription").await).await;
    let before = sandbox.plug.said("consent").len();
    sandbox.advance(31 * 86_400).await;
    phone.wallet.sync().await.unwrap();
    assert_eq!(
        sandbox.plug.said("consent").len(),
        before + 1,
        "control: it was tried, once"
    );
    assert_eq!(phone.wallet.mandate(mandate).unwrap().permits_ahead, 3);
}
