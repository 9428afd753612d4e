//! The optional limits of a mandate, as a merchant meets them.

use quittance_gateway::Clock as _;
use quittance_protocol::flow_event::Wish;
use quittance_protocol::log_body::TerminationCause;
use quittance_protocol::money::MAX_MINOR;
use quittance_protocol::statement::{Limits, MandateKind, Offer, Permit, PermitAmount, ReplicaState, Terms};
use quittance_protocol::{Code, OfferId, Timestamp};

use crate::orders_scheduled::HOUR;
use crate::support::phone::{Phone, Token, approved, declined};
use crate::support::{DAY, House, cny, random};

fn offer(house: &House, change: impl FnOnce(&mut Terms)) -> String {
    let limits = Limits::new(cny(5000), cny(20_000), 30);
    let mut terms = Terms::new("Bluebird", "Rides", MandateKind::PayAsYouGo, limits);
    change(&mut terms);
    house.sign_as_merchant(&Offer {
        offer: OfferId::from_bytes(random()),
        merchant: house.merchant,
        terms,
        expires_at: house.clock.now().plus_seconds(DAY),
    })
}

async fn signed(house: &House, phone: &Phone<'_>, permits: u64, change: impl FnOnce(&mut Terms)) -> Token {
    let token = phone.provision(&offer(house, change)).await;
    let permits = (1..=permits).map(|number| token.pooled(house, number)).collect();
    assert_eq!(phone.activate(&token, permits).await.status, 200);
    token
}

/// A permit for the pool whose window ends then.
pub(crate) fn permit_until(house: &House, token: &Token, number: u64, until: Timestamp) -> String {
    let now = house.clock.now();
    let permit = Permit {
        token: token.token,
        payee: house.merchant,
        amount: PermitAmount::AtMost(cny(5000)),
        not_before: now,
        not_after: until,
        challenge: None,
    };
    token.sign(number, now, &permit)
}

//
#[tokio::test]
async fn the_limit_of_all_charges_holds_on_both_sides() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let token = signed(&house, &phone, 3, |terms| terms.limits.total = Some(cny(6000))).await;
    approved(&house.charge(token.mandate, 5000).await);
    assert_eq!(declined(&house.charge(token.mandate, 1001).await), Code::LimitTotal);
    approved(&house.charge(token.mandate, 1000).await);
}

//
#[tokio::test]
async fn a_mandate_for_a_single_use_has_one_permit_and_takes_one_charge() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let token = signed(&house, &phone, 1, |terms| terms.limits.charges = Some(1)).await;
    let second = house.post(&token.pooled(&house, 2)).await;
    assert_eq!(second.code(), Code::LimitExceeded);
    approved(&house.charge(token.mandate, 100).await);
    house.settle().await;
    assert_eq!(declined(&house.charge(token.mandate, 100).await), Code::TokenDestroyed);
    let ending = phone.mandate(token.mandate).await.ending;
    assert_eq!(
        ending,
        Some(TerminationCause::Consumed.by_usual_actor()),
        "H6: used up, not revoked"
    );
}

//
#[tokio::test]
async fn the_number_of_charges_in_a_period_holds_until_the_next_period() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let token = signed(&house, &phone, 3, |terms| terms.limits.charges_per_period = Some(1)).await;
    approved(&house.charge(token.mandate, 100).await);
    house.clock.advance(30 * DAY - 1);
    assert_eq!(declined(&house.charge(token.mandate, 100).await), Code::LimitCount);
    house.clock.advance(1);
    assert_eq!(house.post(&token.pooled(&house, 4)).await.status, 200);
    approved(&house.charge(token.mandate, 100).await);
}

/// A mandate at a gateway whose clock was ahead when it was activated, and was put right since: its activation is an hour
/// away. Two permits can be used before it.
pub(crate) async fn activated_ahead(house: &House, phone: &Phone<'_>, change: impl FnOnce(&mut Terms)) -> Token {
    let token = signed(house, phone, 1, change).await;
    house.stop();
    house.clock.advance(-HOUR);
    house.start().unwrap();
    for number in 2..=3 {
        assert_eq!(house.post(&token.pooled(house, number)).await.status, 200);
    }
    token
}

// Before, such charges counted towards no limit, then or later.
//
#[tokio::test]
async fn what_a_clock_that_was_put_right_lets_come_before_the_activation_counts_in_the_first_period_and_in_total() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let token = activated_ahead(&house, &phone, |terms| {
        (terms.limits.per_period, terms.limits.total) = (cny(6000), Some(cny(10_000)));
    })
    .await;
    approved(&house.charge(token.mandate, 5000).await);
    assert_eq!(declined(&house.charge(token.mandate, 1001).await), Code::LimitExceeded);
    approved(&house.charge(token.mandate, 1000).await);
    let taken = phone.mandate(token.mandate).await.taken.unwrap();
    assert_eq!((taken.in_period, taken.in_total), (cny(6000), cny(6000)));
    house.clock.advance(HOUR);
    assert_eq!(declined(&house.charge(token.mandate, 1).await), Code::LimitExceeded);
    // Control: the next period begins with nothing, the total does not.
    house.clock.advance(30 * DAY);
    assert_eq!(house.post(&token.pooled(&house, 4)).await.status, 200);
    assert_eq!(declined(&house.charge(token.mandate, 4001).await), Code::LimitTotal);
    approved(&house.charge(token.mandate, 4000).await);
}

//
#[tokio::test]
async fn a_mandate_with_an_exact_amount_takes_that_amount() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let token = signed(&house, &phone, 3, |terms| terms.limits.exact = true).await;
    assert_eq!(declined(&house.charge(token.mandate, 4999).await), Code::PermitAmount);
    approved(&house.charge(token.mandate, 5000).await);
}

//
#[tokio::test]
async fn a_mandate_is_charged_until_before_its_validity_ends() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let until = house.clock.now().plus_seconds(DAY);
    let token = phone
        .provision(&offer(&house, |terms| terms.valid_until = Some(until)))
        .await;
    let beyond = vec![token.pooled(&house, 1)];
    assert_eq!(phone.activate(&token, beyond).await.code(), Code::PermitWindow);
    let permits = (1..=2)
        .map(|number| permit_until(&house, &token, number, until))
        .collect();
    assert_eq!(phone.activate(&token, permits).await.status, 200);
    house.clock.advance(DAY - 1);
    approved(&house.charge(token.mandate, 100).await);
    house.advance(1).await;
    assert_eq!(declined(&house.charge(token.mandate, 100).await), Code::TokenDestroyed);
    let ending = phone.mandate(token.mandate).await.ending;
    assert_eq!(
        ending,
        Some(TerminationCause::Expired.by_usual_actor()),
        "it ended by itself"
    );
}

/// What makes terms such that nobody could keep them.
type Change = fn(&mut Terms, Timestamp);

#[tokio::test]
async fn terms_that_nobody_could_keep_are_refused_at_consent() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let now = house.clock.now();
    let wrong: [(&str, Change); 4] = [
        ("/offer/terms/limits/total", |terms, _| {
            terms.limits.total = Some(cny(0))
        }),
        ("/offer/terms/limits/charges", |terms, _| terms.limits.charges = Some(0)),
        ("/offer/terms/limits/charges_per_period", |terms, _| {
            terms.limits.charges_per_period = Some(0);
        }),
        ("/offer/terms/valid_until", |terms, now| terms.valid_until = Some(now)),
    ];
    for (pointer, change) in wrong {
        let offer = offer(&house, |terms| change(terms, now));
        let token = Token::new();
        let flow = phone.signed_flow(&token, &offer).await;
        let refused = phone.post(&phone.consent(&flow, &token, &offer).await).await.problem();
        assert_eq!(refused.pointer(), Some(pointer), "{refused}");
    }
}

//
#[tokio::test]
async fn limits_that_could_not_be_signed_cannot_be_changed_to() {
    // Before, a period without a day, a count of nothing, a count that is used up were all taken.
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let token = phone.sign_mandate().await;
    approved(&house.charge(token.mandate, 100).await);
    let change = async |change: &dyn Fn(&mut Limits)| {
        let mut limits = Limits::new(cny(4000), cny(20_000), 30);
        change(&mut limits);
        let wish = Wish::Limits { limits };
        let (flow, _) = phone.begin_for("mandate.change_limits", &[token.mandate], wish).await;
        phone.confirm(&flow, "confirm").await;
        let code = phone.last_code().await;
        assert_eq!(phone.answer(&flow, "dynamic_passcode", code).await.status, 200);
        let reply = phone.prove(&flow, "identify", &phone.biometric).await;
        house.advance(120).await;
        reply
    };
    assert_eq!(change(&|limits| limits.period_days = 0).await.code(), Code::Malformed);
    assert_eq!(change(&|limits| limits.charges = Some(0)).await.code(), Code::Malformed);
    let used_up = change(&|limits| limits.charges = Some(1)).await;
    assert_eq!(used_up.code(), Code::LimitExceeded);
    approved(&house.charge(token.mandate, 5000).await);
    // Control: one more than is used.
    assert_eq!(change(&|limits| limits.charges = Some(3)).await.status, 200);
    assert_eq!(declined(&house.charge(token.mandate, 4001).await), Code::LimitExceeded);
}

//
#[tokio::test]
async fn no_charge_brings_the_total_beyond_what_can_be_told_of_it() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let token = phone
        .provision(&offer(&house, |terms| {
            terms.limits = Limits::new(cny(MAX_MINOR), cny(MAX_MINOR), 1);
        }))
        .await;
    let permits = (1..=3).map(|number| token.capped(&house, number, MAX_MINOR)).collect();
    assert_eq!(phone.activate(&token, permits).await.status, 200);
    // Control: all of the range can be charged.
    approved(&house.charge(token.mandate, MAX_MINOR - 1).await);
    house.advance(DAY).await;
    approved(&house.charge(token.mandate, 1).await);
    house.advance(DAY).await;
    assert_eq!(declined(&house.charge(token.mandate, 1).await), Code::LimitTotal);
    assert_eq!(
        phone.pause(&[token.mandate]).await.status,
        200,
        "the payer can still stop"
    );
    let told = phone.reconcile(&[(&token, ReplicaState::Held)]).await;
    assert_eq!(told.mandates.len(), 1);
}
