//! The authorization function on both sides of every bound.

use super::*;
use crate::hold::Hold;
use crate::mandate::MandateEvent;
use proptest::prelude::*;
use quittance_protocol::TokenId;
use quittance_protocol::log_body::TerminationCause;
use quittance_protocol::money::{Currency, MAX_MINOR};
use quittance_protocol::statement::{MandateKind, PermitAmount};

fn cny(minor: i64) -> Money {
    Money::new(minor, Currency::new("CNY").unwrap()).unwrap()
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_unix(1_800_000_000 + second).unwrap()
}

const PAYEE: MerchantId = MerchantId::from_bytes([9; 16]);

fn permit(at_most: i64, from: i64, until: i64) -> Permit {
    Permit {
        token: TokenId::from_bytes([1; 16]),
        payee: PAYEE,
        amount: PermitAmount::AtMost(cny(at_most)),
        not_before: at(from),
        not_after: at(until),
        challenge: None,
    }
}

fn decide(
    mandate: &Mandate,
    half: ReplicaState,
    amount: Money,
    taken: i64,
    permits: &[(u64, Permit)],
) -> Result<u64, Code> {
    let request = ChargeRequest {
        mandate,
        gateway_half: half,
        terms: &terms(|_| {}),
        taken: Taken {
            in_period: cny(taken),
            ..Taken::nothing(cny(0))
        },
        payee: PAYEE,
        amount,
        challenge: None,
        now: at(50),
    };
    authorize(&request, permits)
}

fn terms(change: impl FnOnce(&mut Terms)) -> Terms {
    let limits = Limits::new(cny(5000), cny(9000), 30);
    let mut terms = Terms::new("Bluebird", "Rides", MandateKind::PayAsYouGo, limits);
    change(&mut terms);
    terms
}

/// Charges an active mandate with a permit for everything.
fn charge(terms: &Terms, taken: Taken, amount: i64, now: i64) -> Result<u64, Code> {
    let request = ChargeRequest {
        mandate: &active(),
        gateway_half: ReplicaState::Active,
        terms,
        taken,
        payee: PAYEE,
        amount: cny(amount),
        challenge: None,
        now: at(now),
    };
    authorize(&request, &[(1, permit(99_999, 0, 1000))])
}

fn active() -> Mandate {
    Mandate::provisioning().step(MandateEvent::Activated).unwrap()
}

#[test]
fn the_lowest_permit_that_covers_the_charge_is_used() {
    let permits = [
        (1, permit(100, 0, 100)),
        (2, permit(5000, 0, 100)),
        (3, permit(5000, 0, 100)),
    ];
    assert_eq!(decide(&active(), ReplicaState::Active, cny(3000), 0, &permits), Ok(2));
}

//
#[test]
fn limits_are_kept_on_both_sides_of_each_bound() {
    let permits = [(1, permit(99_999, 0, 100))];
    let charge = |amount, taken| decide(&active(), ReplicaState::Active, cny(amount), taken, &permits);
    assert_eq!(charge(5000, 0), Ok(1));
    assert_eq!(charge(5001, 0), Err(Code::LimitExceeded));
    assert_eq!(charge(4000, 5000), Ok(1));
    assert_eq!(charge(4001, 5000), Err(Code::LimitExceeded));
    assert_eq!(charge(0, 0), Err(Code::LimitExceeded));
    assert_eq!(charge(-1, 0), Err(Code::LimitExceeded));
}

#[test]
fn no_permit_or_one_outside_its_window_declines() {
    assert_eq!(
        decide(&active(), ReplicaState::Active, cny(1), 0, &[]),
        Err(Code::PermitMissing)
    );
    assert_eq!(
        decide(&active(), ReplicaState::Active, cny(1), 0, &[(1, permit(10, 51, 100))]),
        Err(Code::PermitWindow)
    );
    assert_eq!(
        decide(&active(), ReplicaState::Active, cny(1), 0, &[(1, permit(10, 0, 50))]),
        Err(Code::PermitWindow)
    );
    assert_eq!(
        decide(&active(), ReplicaState::Active, cny(1), 0, &[(1, permit(10, 50, 51))]),
        Ok(1)
    );
}

#[test]
fn a_held_mandate_declines_as_held_then_a_dead_token_as_destroyed() {
    let permits = [(1, permit(5000, 0, 100))];
    let held = active()
        .step(MandateEvent::HoldAdded(Hold::new(HoldOwner::Payer, at(0))))
        .unwrap();
    assert_eq!(
        decide(&held, ReplicaState::Held, cny(1), 0, &permits),
        Err(Code::MandateHeld)
    );
    let revoking = active()
        .step(MandateEvent::Ordered {
            ending: TerminationCause::Payer.by_usual_actor(),
            at: at(0),
        })
        .unwrap();
    assert_eq!(
        decide(&revoking, ReplicaState::Quiesced, cny(1), 0, &permits),
        Err(Code::MandateHeld)
    );
    let ended = revoking.step(MandateEvent::HalfDestroyed).unwrap();
    assert_eq!(
        decide(&ended, ReplicaState::Destroyed, cny(1), 0, &permits),
        Err(Code::TokenDestroyed)
    );
}

#[test]
fn an_ended_or_rejected_mandate_declines_as_ended_whatever_its_half_is_said_to_be() {
    let permits = [(1, permit(5000, 0, 100))];
    for state in [MandateState::Ended, MandateState::Rejected] {
        let over = Mandate { state, ..active() };
        for half in [ReplicaState::Active, ReplicaState::Held, ReplicaState::Quiesced] {
            assert_eq!(decide(&over, half, cny(1), 0, &permits), Err(Code::MandateEnded));
        }
    }
}

#[test]
fn another_currency_is_named_as_such() {
    let usd = Money::new(1, Currency::new("USD").unwrap()).unwrap();
    assert_eq!(
        decide(&active(), ReplicaState::Active, usd, 0, &[(1, permit(1, 0, 100))]),
        Err(Code::CurrencyMismatch)
    );
}

//
#[test]
fn the_total_of_all_charges_is_kept_on_both_sides_of_its_bound() {
    let terms = terms(|terms| terms.limits.total = Some(cny(20_000)));
    let after = |in_total| Taken {
        in_total: cny(in_total),
        ..Taken::nothing(cny(0))
    };
    assert_eq!(charge(&terms, after(17_000), 3000, 50), Ok(1));
    assert_eq!(charge(&terms, after(17_001), 3000, 50), Err(Code::LimitTotal));
}

//
#[test]
fn a_total_that_nobody_agreed_on_stays_within_what_money_can_say() {
    let unbounded = terms(|_| {});
    let after = |in_total| Taken {
        in_total: cny(in_total),
        ..Taken::nothing(cny(0))
    };
    assert_eq!(charge(&unbounded, after(MAX_MINOR - 3000), 3000, 50), Ok(1));
    assert_eq!(
        charge(&unbounded, after(MAX_MINOR - 2999), 3000, 50),
        Err(Code::LimitTotal)
    );
}

//
#[test]
fn the_number_of_charges_is_kept_in_a_period_and_in_total() {
    let monthly = terms(|terms| terms.limits.charges_per_period = Some(2));
    let single = terms(|terms| terms.limits.charges = Some(1));
    let after = |charges_in_period, charges| Taken {
        charges_in_period,
        charges,
        ..Taken::nothing(cny(0))
    };
    assert_eq!(charge(&monthly, after(1, 9), 100, 50), Ok(1));
    assert_eq!(charge(&monthly, after(2, 9), 100, 50), Err(Code::LimitCount));
    assert_eq!(charge(&single, after(0, 0), 100, 50), Ok(1));
    assert_eq!(charge(&single, after(0, 1), 100, 50), Err(Code::LimitCount));
}

//
#[test]
fn an_exact_mandate_takes_its_amount_and_neither_more_nor_less() {
    let exact = terms(|terms| terms.limits.exact = true);
    let nothing = Taken::nothing(cny(0));
    assert_eq!(charge(&exact, nothing, 5000, 50), Ok(1));
    assert_eq!(charge(&exact, nothing, 4999, 50), Err(Code::PermitAmount));
    assert_eq!(charge(&exact, nothing, 5001, 50), Err(Code::LimitExceeded));
}

//
#[test]
fn a_mandate_is_charged_until_before_its_validity_ends() {
    let terms = terms(|terms| terms.valid_until = Some(at(60)));
    let nothing = Taken::nothing(cny(0));
    assert_eq!(charge(&terms, nothing, 100, 59), Ok(1));
    assert_eq!(charge(&terms, nothing, 100, 60), Err(Code::MandateExpired));
}

//
#[test]
fn a_payers_lock_and_stop_are_named_while_other_holds_are_not() {
    let permits = [(1, permit(5000, 0, 100))];
    let declined = |owner| {
        let held = active().step(MandateEvent::HoldAdded(Hold::new(owner, at(0)))).unwrap();
        decide(&held, ReplicaState::Held, cny(1), 0, &permits)
    };
    assert_eq!(declined(HoldOwner::SafetyLock), Err(Code::SafetyLocked));
    assert_eq!(declined(HoldOwner::Stop), Err(Code::StoppedByPayer));
    for owner in HoldOwner::ALL {
        assert!(declined(*owner).is_err(), "{owner:?}");
    }
    assert_eq!(declined(HoldOwner::Risk), Err(Code::MandateHeld));
}

proptest! {
    //
    #[test]
    fn what_passes_is_within_every_limit_and_what_is_within_every_limit_passes(
        per_charge in 1_i64..200, per_period in 1_i64..400, total in proptest::option::of(1_i64..800),
        charges_per_period in proptest::option::of(0_u32..4), charges in proptest::option::of(0_u32..6),
        exact: bool, amount in -2_i64..210,
        in_period in 0_i64..400, earlier in 0_i64..400, count in 0_u32..4, earlier_count in 0_u32..4,
    ) {
        let terms = terms(|terms| {
            terms.limits = Limits {
                total: total.map(cny),
                charges_per_period,
                charges,
                exact,
                ..Limits::new(cny(per_charge), cny(per_period), 30)
            };
        });
        let taken = Taken {
            in_period: cny(in_period),
            charges_in_period: count,
            in_total: cny(in_period + earlier),
            charges: count + earlier_count,
        };
        let allowed = amount > 0
            && amount <= per_charge
            && (!exact || amount == per_charge)
            && in_period + amount <= per_period
            && total.is_none_or(|most| in_period + earlier + amount <= most)
            && charges_per_period.is_none_or(|most| count < most)
            && charges.is_none_or(|most| count + earlier_count < most);
        prop_assert_eq!(charge(&terms, taken, amount, 50).is_ok(), allowed);
    }
}
