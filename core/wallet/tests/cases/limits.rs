//! Other limits: the payer's wish, which counts from when the gateway has taken it.

use crate::support::phone::{Phone, cny};
use crate::support::plug::Line;
use crate::support::{Merchant, Sandboxed};
use quittance_protocol::flow_event::Wish;
use quittance_protocol::problem::Code;
use quittance_protocol::statement::Limits;
use quittance_protocol::{FlowId, MandateId};
use quittance_wallet::{Answer, WalletEvent};
use zeroize::Zeroizing;

async fn signed(sandbox: &Sandboxed, phone: &Phone) -> (Merchant, MandateId, Limits) {
    let merchant = sandbox.merchant("Bluebird").await;
    let mandate = phone.sign(&sandbox.offer(&merchant, "pay_as_you_go").await).await;
    phone.wallet.sync().await.unwrap();
    let limits = phone.wallet.permission(mandate).unwrap().permission.terms.limits;
    (merchant, mandate, limits)
}

/// The payer wishes for other limits, and does all but the last step: the fingerprint.
async fn wishes(sandbox: &Sandboxed, phone: &Phone, mandate: MandateId, limits: Limits) -> FlowId {
    let wish = Some(Wish::Limits { limits });
    let flow = phone
        .wallet
        .begin("mandate.change_limits", vec![mandate], wish)
        .await
        .unwrap();
    assert!(phone.answer(flow).await.unwrap());
    let code = Answer::Code(Zeroizing::new(sandbox.code(phone).await));
    phone.wallet.submit(flow, code).await.unwrap();
    flow
}

fn lower(limits: Limits) -> Limits {
    Limits {
        per_charge: cny(limits.per_charge.minor() / 2),
        ..limits
    }
}

//
#[tokio::test(flavor = "multi_thread")]
async fn limits_that_the_gateway_has_not_taken_are_not_shown_as_the_ones_in_force() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let (_, mandate, before) = signed(&sandbox, &phone).await;
    let shown = || phone.wallet.permission(mandate).unwrap().permission.terms.limits;
    let wanted = lower(before);
    let flow = wishes(&sandbox, &phone, mandate, wanted).await;
    sandbox.plug.set(Line::Down);
    phone.walk(flow).await.unwrap();
    assert_eq!(shown(), before, "said to nobody, it binds nobody");
    // The proof has had its time when the gateway hears of it.
    sandbox.advance(6 * 60).await;
    sandbox.plug.set(Line::Up);
    phone.wallet.sync().await.unwrap();
    assert_eq!(shown(), before);
    let refused = WalletEvent::Refused {
        statement: "flow-answer".to_owned(),
        code: Code::ProofRejected,
    };
    let events = phone.events();
    assert!(events.contains(&refused), "{events:?}");

    let flow = wishes(&sandbox, &phone, mandate, wanted).await;
    phone.walk(flow).await.unwrap();
    phone.wallet.sync().await.unwrap();
    assert_eq!(shown(), wanted, "control: in time it counts");
}

// only the payer's own wish changes what was agreed, and only the last one.
#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_goes_back_to_limits_of_an_older_wish_is_not_followed() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let (_, mandate, before) = signed(&sandbox, &phone).await;
    let shown = || phone.wallet.permission(mandate).unwrap().permission.terms.limits;
    let (once, now) = (lower(before), lower(lower(before)));
    for limits in [once, now] {
        let flow = wishes(&sandbox, &phone, mandate, limits).await;
        phone.walk(flow).await.unwrap();
        phone.wallet.sync().await.unwrap();
        assert_eq!(shown(), limits);
    }
    for lied in [before, once] {
        let minor = lied.per_charge.minor();
        sandbox.plug.lie(Some(Box::new(move |answer| {
            for pointer in ["/mandates/0", ""] {
                if let Some(per_charge) = answer.pointer_mut(&format!("{pointer}/terms/limits/per_charge/minor")) {
                    *per_charge = minor.into();
                }
            }
        })));
        let _told = phone.wallet.sync().await;
        assert_eq!(shown(), now, "{minor}");
    }
}
