//! What a payer is told of charges that did not pass: each kind once a day.

use quittance_protocol::Code;
use quittance_protocol::answer::{LockRecord, PayerEventKind, Reconciled};
use quittance_protocol::statement::{Lock, ReplicaState, Stop, StopScope};

use crate::support::phone::{Phone, declined};
use crate::support::{DAY, House, cny};

/// Declines and uses of dead tokens that a payer is told of.
fn declines(told: &Reconciled) -> Vec<&PayerEventKind> {
    let kinds = told.events.iter().map(|event| &event.kind);
    kinds
        .filter(|kind| {
            matches!(
                kind,
                PayerEventKind::Declined { .. } | PayerEventKind::DeadTokenUsed { .. }
            )
        })
        .collect()
}

#[tokio::test]
async fn a_merchant_who_goes_on_trying_buries_nothing_that_the_payer_has_to_hear() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let (token, other) = (phone.sign_mandate().await, phone.sign_mandate().await);
    let scope = StopScope::Everything {};
    assert_eq!(phone.post(&Stop { stop: scope }).await.status, 200);
    let held = [(&token, ReplicaState::Held), (&other, ReplicaState::Held)];
    let count = async || declines(&phone.reconcile(&held).await).len();
    for _ in 0..5 {
        assert_eq!(declined(&house.charge(token.mandate, 100).await), Code::StoppedByPayer);
    }
    declined(&house.charge(token.mandate, 200).await);
    assert_eq!(count().await, 1, "one a day");
    let told = phone.reconcile(&held).await;
    let newest = PayerEventKind::Declined {
        mandate: token.mandate,
        code: Code::StoppedByPayer,
        amount: cny(200),
    };
    assert_eq!(declines(&told), [&newest]);
    declined(&house.charge(other.mandate, 100).await);
    assert_eq!(count().await, 2, "for each mandate");
    let _: LockRecord = phone.post(&Lock { other_devices: false }).await.ok();
    assert_eq!(declined(&house.charge(token.mandate, 100).await), Code::SafetyLocked);
    assert_eq!(count().await, 3, "for each reason");
    house.advance(DAY).await;
    for _ in 0..5 {
        declined(&house.charge(token.mandate, 100).await);
    }
    assert_eq!(count().await, 4, "the next day again");
    phone.revoke(&[token.mandate]).await;
    house.settle().await;
    for _ in 0..5 {
        assert_eq!(declined(&house.charge(token.mandate, 100).await), Code::TokenDestroyed);
    }
    house.advance(DAY).await;
    declined(&house.charge(token.mandate, 100).await);
    let told = phone.reconcile(&held).await;
    let uses = declines(&told).into_iter().filter_map(|kind| match kind {
        PayerEventKind::DeadTokenUsed { uses, .. } => Some(*uses),
        _ => None,
    });
    assert_eq!(
        uses.collect::<Vec<_>>(),
        [5, 6],
        "one a day says how often it was tried"
    );
}

#[tokio::test]
async fn a_payer_is_not_told_of_a_decline_that_only_the_own_end_stands_behind() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let token = phone.sign_mandate().await;
    phone.intend(&[token.mandate]).await;
    assert_eq!(declined(&house.charge(token.mandate, 100).await), Code::MandateHeld);
    let told = phone.reconcile(&[(&token, ReplicaState::Held)]).await;
    assert!(declines(&told).is_empty(), "{:?}", declines(&told));
}
