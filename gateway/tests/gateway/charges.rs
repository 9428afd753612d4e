//! Charges: permits, limits, holds, the network in between.

use std::sync::Arc;

use async_trait::async_trait;
use quittance_gateway::Clock as _;
use quittance_gateway::{
    CardNetwork, Funding, NetworkCharge, NetworkOutcome, NetworkRefund, NetworkScript, ScriptedOutcome, Unavailable,
};
use quittance_protocol::answer::{MandateRecord, MandateState, OrderRecord, OrderState};
use quittance_protocol::statement::{Charge, MandateKind, Permit, PermitAmount};
use quittance_protocol::{AccountId, ChargeId, Code, TokenId};
use tokio::sync::{Notify, Semaphore};

use crate::support::phone::{Phone, Token, approved, declined};
use crate::support::{DAY, House, cny};

fn permit(house: &House, token: &Token) -> Permit {
    let now = house.clock.now();
    Permit {
        token: token.token,
        payee: house.merchant,
        amount: PermitAmount::AtMost(cny(5000)),
        not_before: now,
        not_after: now.plus_seconds(30 * DAY),
        challenge: None,
    }
}

// R-005, R-314
#[tokio::test]
async fn each_charge_uses_one_permit_and_none_is_left_after_the_pool() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let token = phone.sign_mandate().await;
    for _ in 0..3 {
        approved(&house.charge(token.mandate, 100).await);
    }
    assert_eq!(declined(&house.charge(token.mandate, 100).await), Code::PermitMissing);
    let record: MandateRecord = house.post(&token.pooled(&house, 4)).await.ok();
    assert_eq!((record.permits_left, record.next_permit), (1, 5));
    approved(&house.charge(token.mandate, 100).await);
}

// R-330, R-340
#[tokio::test]
async fn the_limit_of_a_period_holds_on_both_sides_and_ends_with_the_period() {
    // R-340
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let token = phone
        .provision(&house.offer_of(MandateKind::PayAsYouGo, cny(5000), cny(6000), 30))
        .await;
    let permits = (1..=3).map(|number| token.pooled(&house, number)).collect();
    assert_eq!(phone.activate(&token, permits).await.status, 200);
    approved(&house.charge(token.mandate, 5000).await);
    assert_eq!(declined(&house.charge(token.mandate, 1001).await), Code::LimitExceeded);
    approved(&house.charge(token.mandate, 1000).await);
    assert_eq!(declined(&house.charge(token.mandate, 1).await), Code::LimitExceeded);
    house.clock.advance(30 * DAY);
    assert_eq!(
        declined(&house.charge(token.mandate, 1).await),
        Code::PermitMissing,
        "the old permits' window is over"
    );
    assert_eq!(house.post(&token.pooled(&house, 4)).await.status, 200);
    approved(&house.charge(token.mandate, 5000).await);
}

// R-314
#[tokio::test]
async fn permits_beyond_the_plan_are_refused_by_the_member_at_fault() {
    // R-314: the bound on what a lost phone can still be charged.
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let token = phone.provision(&house.offer()).await;
    let good = permit(&house, &token);
    let now = house.clock.now();
    let cases = [
        (
            "/permits/0/payee",
            Code::PermitPayee,
            Permit {
                payee: quittance_protocol::MerchantId::from_bytes([1; 16]),
                ..good.clone()
            },
        ),
        (
            "/permits/0/amount",
            Code::PermitAmount,
            Permit {
                amount: PermitAmount::AtMost(cny(5001)),
                ..good.clone()
            },
        ),
        (
            "/permits/0/amount",
            Code::PermitAmount,
            Permit {
                amount: PermitAmount::AtMost(cny(0)),
                ..good.clone()
            },
        ),
        (
            "/permits/0/not_before",
            Code::PermitWindow,
            Permit {
                not_before: now.plus_seconds(-1),
                ..good.clone()
            },
        ),
        (
            "/permits/0/not_before",
            Code::PermitWindow,
            Permit {
                not_before: good.not_after,
                ..good.clone()
            },
        ),
        (
            "/permits/0/not_after",
            Code::PermitWindow,
            Permit {
                not_before: now.plus_seconds(301),
                not_after: good.not_after.plus_seconds(301),
                ..good.clone()
            },
        ),
        (
            "/permits/0/challenge",
            Code::PermitChallenge,
            Permit {
                challenge: Some("x".to_owned()),
                ..good.clone()
            },
        ),
    ];
    for (pointer, code, permit) in cases {
        let problem = phone
            .activate(&token, vec![token.sign(1, now, &permit)])
            .await
            .problem();
        assert_eq!((problem.code(), problem.pointer()), (code, Some(pointer)));
    }
    let usd = quittance_protocol::Money::new(1, quittance_protocol::Currency::new("USD").unwrap()).unwrap();
    let dollars = Permit {
        amount: PermitAmount::AtMost(usd),
        ..good.clone()
    };
    assert_eq!(
        phone.activate(&token, vec![token.sign(1, now, &dollars)]).await.code(),
        Code::CurrencyMismatch
    );
    let four = (1..=4).map(|number| token.sign(number, now, &good)).collect();
    assert_eq!(phone.activate(&token, four).await.code(), Code::LimitExceeded);
    assert_eq!(phone.activate(&token, Vec::new()).await.code(), Code::PermitMissing);
    assert_eq!(
        phone.mandate(token.mandate).await.state,
        MandateState::Provisioning,
        "nothing changed"
    );
    let stranger = Token {
        token: token.token,
        mandate: token.mandate,
        ..Token::new()
    };
    assert_eq!(
        phone.activate(&token, vec![stranger.sign(1, now, &good)]).await.code(),
        Code::UnknownKey
    );
}

// R-314
#[tokio::test]
async fn permits_are_numbered_from_one_and_name_their_own_token() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let token = phone.provision(&house.offer()).await;
    let now = house.clock.now();
    let good = permit(&house, &token);
    let foreign = Permit {
        token: TokenId::from_bytes([1; 16]),
        ..good.clone()
    };
    let beyond = i64::MAX as u64 + 1;
    let carried = [
        (Code::Malformed, "/permits/0/seq", token.sign(0, now, &good)),
        (Code::Malformed, "/permits/0/seq", token.sign(beyond, now, &good)),
        (Code::UnknownKey, "/permits/0/token", token.sign(1, now, &foreign)),
    ];
    for (code, pointer, permit) in carried {
        let problem = phone.activate(&token, vec![permit]).await.problem();
        assert_eq!((problem.code(), problem.pointer()), (code, Some(pointer)));
    }
    let full = (1..=2).map(|number| token.pooled(&house, number)).collect();
    assert_eq!(phone.activate(&token, full).await.status, 200, "control");
    for number in [0, beyond] {
        let charge = Charge {
            mandate: token.mandate,
            amount: cny(700),
            reference: "till 1".to_owned(),
            permit: Some(token.present(&house, number, 700, "till 1")),
        };
        let problem = house.post(&house.sign_as_merchant(&charge)).await.problem();
        assert_eq!(
            (problem.code(), problem.pointer()),
            (Code::Malformed, Some("/permit/seq"))
        );
    }
    let alone = house.post(&token.sign(3, now, &foreign)).await.problem();
    assert_eq!((alone.code(), alone.pointer()), (Code::UnknownKey, Some("/token")));
    assert_eq!(house.post(&token.sign(3, now, &good)).await.status, 200, "control");
}

// R-005
#[tokio::test]
async fn a_permit_number_is_never_accepted_twice() {
    // I2
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let token = phone.sign_mandate().await;
    approved(&house.charge(token.mandate, 100).await);
    let again = house.post(&token.pooled(&house, 1)).await.problem();
    assert_eq!((again.code(), again.pointer()), (Code::SequenceFork, Some("/seq")));
    let present = |number| Charge {
        mandate: token.mandate,
        amount: cny(700),
        reference: "till 1".to_owned(),
        permit: Some(token.present(&house, number, 700, "till 1")),
    };
    let first = present(8);
    approved(&house.post(&house.sign_as_merchant(&first)).await);
    assert_eq!(
        declined(&house.post(&house.sign_as_merchant(&first)).await),
        Code::PermitMissing
    );
    assert_eq!(
        declined(&house.post(&house.sign_as_merchant(&present(2))).await),
        Code::PermitMissing
    );
    assert_eq!(house.network.charges().unwrap().len(), 2);
}

#[tokio::test]
async fn a_permit_on_the_spot_tells_its_merchant_nothing_of_the_mandate() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let token = phone.provision(&house.offer()).await;
    let pooled = token.pooled(&house, 1);
    assert_eq!(phone.activate(&token, vec![pooled.clone()]).await.status, 200);
    let present = token.present(&house, 8, 700, "till 1");
    let charge = Charge {
        mandate: token.mandate,
        amount: cny(700),
        reference: "till 1".to_owned(),
        permit: Some(present.clone()),
    };
    approved(&house.post(&house.sign_as_merchant(&charge)).await);
    // The merchant has it now, and may post it by itself.
    let refused = house.post(&present).await.problem();
    assert_eq!(
        (refused.code(), refused.pointer()),
        (Code::PermitChallenge, Some("/challenge"))
    );
    // Control: a pooled one, which no merchant ever sees, is known when it is said again.
    let again: MandateRecord = house.post(&pooled).await.ok();
    assert_eq!(again.permits_left, 1);
}

// R-005
#[tokio::test]
async fn a_permit_on_the_spot_answers_its_challenge_and_amount_only() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let token = phone.sign_mandate().await;
    let charge = |minor, reference: &str| Charge {
        mandate: token.mandate,
        amount: cny(minor),
        reference: reference.to_owned(),
        permit: Some(token.present(&house, 20, 700, "till 1")),
    };
    assert_eq!(
        declined(&house.post(&house.sign_as_merchant(&charge(700, "till 2"))).await),
        Code::PermitChallenge
    );
    assert_eq!(
        declined(&house.post(&house.sign_as_merchant(&charge(699, "till 1"))).await),
        Code::PermitAmount
    );
    let late = house.sign_as_merchant(&charge(700, "till 1"));
    house.clock.advance(300);
    assert_eq!(declined(&house.post(&late).await), Code::PermitWindow);
}

// R-331
#[tokio::test]
async fn a_decline_of_the_network_consumes_no_permit() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let token = phone.sign_mandate().await;
    house.network_says(ScriptedOutcome::Decline);
    assert_eq!(declined(&house.charge(token.mandate, 100).await), Code::ExternalRefused);
    assert_eq!(phone.mandate(token.mandate).await.permits_left, 3);
    let on_the_spot = token.present(&house, 20, 700, "till 1");
    let at_the_till = || {
        house.sign_as_merchant(&Charge {
            mandate: token.mandate,
            amount: cny(700),
            reference: "till 1".to_owned(),
            permit: Some(on_the_spot.clone()),
        })
    };
    assert_eq!(declined(&house.post(&at_the_till()).await), Code::ExternalRefused);
    house.network.script(NetworkScript::default());
    approved(&house.charge(token.mandate, 100).await);
    approved(&house.post(&at_the_till()).await);
    assert_eq!(declined(&house.post(&at_the_till()).await), Code::PermitMissing, "used");
}

// R-331
#[tokio::test]
async fn a_network_that_does_not_answer_is_asked_again_under_the_same_charge() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let token = phone.sign_mandate().await;
    let charge = Charge {
        mandate: token.mandate,
        amount: cny(100),
        reference: "r".to_owned(),
        permit: None,
    };
    let charge = house.sign_as_merchant(&charge);
    house.network_says(ScriptedOutcome::Unavailable);
    let problem = house.post(&charge).await.problem();
    assert_eq!(
        (problem.code(), problem.retry_after_seconds()),
        (Code::ExternalUnavailable, Some(5))
    );
    assert_eq!(
        phone.mandate(token.mandate).await.permits_left,
        3,
        "reserved, it may come back"
    );
    house.network.script(NetworkScript::default());
    house.restart();
    approved(&house.post(&charge).await);
    let seen = house.network.charges().unwrap();
    assert_eq!(seen.len(), 1, "no double charge");
    assert_eq!(phone.mandate(token.mandate).await.permits_left, 2);
}

// R-306
#[tokio::test]
async fn a_pause_stops_charges_and_lifting_it_takes_nonce_and_biometrics() {
    // R-306
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let token = phone.sign_mandate().await;
    let held: Vec<MandateRecord> = phone.pause(&[token.mandate]).await.ok();
    assert_eq!(held[0].holds, ["payer"]);
    assert_eq!(declined(&house.charge(token.mandate, 100).await), Code::MandateHeld);
    let thief = Phone {
        house: &house,
        device: crate::support::phone::Key::new(),
        biometric: crate::support::phone::Key::new(),
        passcode: crate::support::phone::Key::new(),
        number: 1.into(),
    };
    assert_eq!(thief.resume(&[token.mandate]).await.code(), Code::UnknownKey);
    let lifted: Vec<MandateRecord> = phone.resume(&[token.mandate]).await.ok();
    assert_eq!((lifted[0].state, lifted[0].holds.len()), (MandateState::Active, 0));
    approved(&house.charge(token.mandate, 100).await);
}

// R-001
#[tokio::test]
async fn merchants_charge_only_their_own_mandates() {
    let house = House::new();
    let other = House::new();
    let phone = Phone::ready(&house).await;
    let token = phone.sign_mandate().await;
    let charge = Charge {
        mandate: token.mandate,
        amount: cny(1),
        reference: "r".to_owned(),
        permit: None,
    };
    assert_eq!(
        house.post(&other.sign_as_merchant(&charge)).await.code(),
        Code::UnknownKey
    );
    let unknown = Charge {
        mandate: quittance_protocol::MandateId::from_bytes([0; 16]),
        ..charge
    };
    assert_eq!(
        house.post(&house.sign_as_merchant(&unknown)).await.code(),
        Code::NotFound
    );
}

// R-314
#[tokio::test]
async fn a_permit_that_a_pending_charge_reserved_counts_as_outstanding() {
    // R-314: at most three, also where the network declines and the reserved one comes back.
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let token = phone.sign_mandate().await;
    let charge = house.sign_as_merchant(&Charge {
        mandate: token.mandate,
        amount: cny(100),
        reference: "r".to_owned(),
        permit: None,
    });
    house.network_says(ScriptedOutcome::Unavailable);
    assert_eq!(house.post(&charge).await.code(), Code::ExternalUnavailable);
    assert_eq!(
        house.post(&token.pooled(&house, 4)).await.code(),
        Code::LimitExceeded,
        "one is reserved, two are unused"
    );
    house.network_says(ScriptedOutcome::Decline);
    assert_eq!(declined(&house.post(&charge).await), Code::ExternalRefused);
    assert_eq!(phone.mandate(token.mandate).await.permits_left, 3);
    house.network_says(ScriptedOutcome::Approve);
    for _ in 0..3 {
        approved(&house.charge(token.mandate, 100).await);
    }
    assert_eq!(declined(&house.charge(token.mandate, 100).await), Code::PermitMissing);
}

/// A network that holds charges back until it is let go.
struct Slow {
    inner: Arc<dyn CardNetwork>,
    arrived: Notify,
    go: Semaphore,
}

#[async_trait]
impl CardNetwork for Slow {
    async fn fund(&self, token: TokenId, payer: AccountId) -> Result<Funding, Unavailable> {
        self.inner.fund(token, payer).await
    }
    async fn charge(&self, charge: &NetworkCharge) -> Result<NetworkOutcome, Unavailable> {
        self.arrived.notify_one();
        self.go.acquire().await.map_err(|_| Unavailable)?.forget();
        self.inner.charge(charge).await
    }
    async fn resolve(&self, charge: ChargeId) -> Result<NetworkOutcome, Unavailable> {
        self.inner.resolve(charge).await
    }
    async fn refund(&self, refund: &NetworkRefund) -> Result<(), Unavailable> {
        self.inner.refund(refund).await
    }
}

#[tokio::test]
async fn a_charge_in_flight_drains_before_the_half_is_destroyed() {
    let house = House::closed();
    let slow = Arc::new(Slow {
        inner: house.network.clone(),
        arrived: Notify::new(),
        go: Semaphore::new(0),
    });
    house.use_network(Some(slow.clone()));
    house.start().unwrap();
    let phone = Phone::ready(&house).await;
    let token = phone.sign_mandate().await;
    let intent = phone.intend_without_hold(&token).await;
    let charging = house.charge(token.mandate, 100);
    let ordering = async {
        slow.arrived.notified().await;
        let order: OrderRecord = phone.post(&intent).await.ok();
        house.settle().await;
        assert_eq!(
            phone.order(order.order).await.state,
            OrderState::Quiesced,
            "it waits for the charge"
        );
        slow.go.add_permits(1);
        order
    };
    let (charged, order) = tokio::join!(charging, ordering);
    approved(&charged);
    house.settle().await;
    assert_eq!(phone.order(order.order).await.state, OrderState::Destroyed);
}

// R-330
#[tokio::test]
async fn a_charge_that_outlives_the_drain_is_resolved_and_never_passes_later() {
    let house = House::closed();
    let slow = Arc::new(Slow {
        inner: house.network.clone(),
        arrived: Notify::new(),
        go: Semaphore::new(0),
    });
    house.use_network(Some(slow.clone()));
    house.start().unwrap();
    let phone = Phone::ready(&house).await;
    let token = phone.sign_mandate().await;
    let intent = phone.intend_without_hold(&token).await;
    let charging = house.charge(token.mandate, 100);
    let ordering = async {
        slow.arrived.notified().await;
        let order: OrderRecord = phone.post(&intent).await.ok();
        house.advance(29).await;
        assert_eq!(phone.order(order.order).await.state, OrderState::Quiesced);
        house.advance(1).await;
        assert_eq!(
            phone.order(order.order).await.state,
            OrderState::Destroyed,
            "the drain is bounded"
        );
        order
    };
    let (charged, _) = tokio::join!(charging, ordering);
    assert_eq!(declined(&charged), Code::MandateHeld);
    slow.go.add_permits(1);
    let seen = house.network.charges().unwrap();
    assert!(
        seen.iter().all(|charge| charge.acquirer_reference.is_none()),
        "no money moved"
    );
}
