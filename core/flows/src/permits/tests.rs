//! What is planned, and what is taken, on both sides of every bound.

use super::*;
use crate::mandate::MandateEvent;
use crate::period::DAY;
use crate::policy::{DEFAULT_BUNDLE, Policy};
use proptest::prelude::*;
use quittance_protocol::TokenId;
use quittance_protocol::log_body::TerminationCause;
use quittance_protocol::money::{Currency, Money};
use quittance_protocol::statement::Limits;
use std::sync::LazyLock;

const PAYEE: MerchantId = MerchantId::from_bytes([9; 16]);

fn cny(minor: i64) -> Money {
    Money::new(minor, Currency::new("CNY").unwrap()).unwrap()
}

static RULES: LazyLock<PermitRules> = LazyLock::new(|| Policy::load(DEFAULT_BUNDLE).unwrap().token.permit);

fn rules() -> &'static PermitRules {
    &RULES
}

fn terms(kind: MandateKind) -> Terms {
    Terms::new("Bluebird", "Rides", kind, Limits::new(cny(5000), cny(20_000), 30))
}

fn at(days: i64) -> Timestamp {
    Timestamp::from_unix(1_800_000_000 + days * DAY).unwrap()
}

//
#[test]
fn a_subscription_has_one_permit_for_each_of_three_periods() {
    let rules = rules();
    let planned = plan(rules, &terms(MandateKind::Subscription), at(0), at(0), &[], 1);
    let windows: Vec<_> = planned.iter().map(|p| (p.number, p.not_before, p.not_after)).collect();
    assert_eq!(windows, [(1, at(0), at(30)), (2, at(30), at(60)), (3, at(60), at(90))]);
    let later = plan(
        rules,
        &terms(MandateKind::Subscription),
        at(0),
        at(31),
        &[at(30), at(60)],
        4,
    );
    assert_eq!(
        later.iter().map(|p| (p.number, p.not_before)).collect::<Vec<_>>(),
        [(4, at(90))]
    );
}

//
#[test]
fn a_permit_suits_limits_that_it_covers_to_the_full_and_no_others() {
    let limits = |most, exact| Limits {
        exact,
        ..Limits::new(cny(most), cny(20_000), 30)
    };
    for (amount, of) in [
        (PermitAmount::AtMost(cny(50)), [false, true]),
        (PermitAmount::Exact(cny(50)), [true, false]),
    ] {
        let [exactly, at_most] = of;
        assert_eq!(suits(&limits(50, true), &amount), exactly, "{amount:?}");
        assert_eq!(suits(&limits(50, false), &amount), at_most, "{amount:?}");
        assert_eq!(suits(&limits(49, false), &amount), at_most, "{amount:?}");
        assert!(!suits(&limits(51, false), &amount), "{amount:?}");
        for another in [49, 51] {
            assert!(!suits(&limits(another, true), &amount), "{amount:?}");
        }
    }
}

//
#[test]
fn a_pool_is_filled_up_and_never_beyond() {
    let rules = rules();
    let pool = |made: &[Timestamp]| plan(rules, &terms(MandateKind::PayAsYouGo), at(0), at(1), made, 7).len();
    assert_eq!(
        [pool(&[]), pool(&[at(0)]), pool(&[at(0); 3]), pool(&[at(0); 9])],
        [3, 2, 0, 0]
    );
}

//
#[test]
fn no_permit_reaches_beyond_the_validity_nor_outnumbers_the_charges() {
    let mut terms = terms(MandateKind::Subscription);
    terms.valid_until = Some(at(45));
    let windows = |terms: &Terms| {
        let planned = plan(rules(), terms, at(0), at(0), &[], 1);
        planned.iter().map(|p| (p.not_before, p.not_after)).collect::<Vec<_>>()
    };
    assert_eq!(windows(&terms), [(at(0), at(30)), (at(30), at(45))]);
    terms.limits.charges = Some(1);
    assert_eq!(windows(&terms), [(at(0), at(30))]);
}

/// A validity that ends where a period begins leaves nothing of it; one that ends now leaves nothing at all.
#[test]
fn no_permit_is_planned_for_a_window_without_a_second_in_it() {
    let mut terms = terms(MandateKind::Subscription);
    let planned = |terms: &Terms, now| plan(rules(), terms, at(0), now, &[], 1).len();
    terms.valid_until = Some(at(60));
    assert_eq!(planned(&terms, at(0)), 2);
    terms.valid_until = Some(at(15));
    assert_eq!((planned(&terms, at(14)), planned(&terms, at(15))), (1, 0));
}

//
#[test]
fn permits_of_an_exact_mandate_are_exact() {
    let mut terms = terms(MandateKind::PayAsYouGo);
    terms.limits.exact = true;
    let planned = plan(rules(), &terms, at(0), at(0), &[], 1);
    assert!(planned.iter().all(|p| p.amount == PermitAmount::Exact(cny(5000))));
}

fn permit(of: &PlannedPermit) -> Permit {
    Permit {
        token: TokenId::from_bytes([1; 16]),
        payee: PAYEE,
        amount: of.amount,
        not_before: of.not_before,
        not_after: of.not_after,
        challenge: None,
    }
}

/// Deposits a permit of a plan made now, after both were changed.
fn deposit(kind: MandateKind, change: impl FnOnce(&mut Deposit<'_>, &mut Permit)) -> Result<Admission, Code> {
    let (rules, terms) = (rules(), terms(kind));
    let mut permit = permit(plan(rules, &terms, at(0), at(1), &[], 1).last().unwrap());
    let mut deposit = Deposit {
        rules,
        terms: &terms,
        payee: PAYEE,
        active_since: at(0),
        now: at(1),
        number: 1,
        content: Digest32::of(b"this permit"),
        seen: None,
        outstanding: 0,
    };
    change(&mut deposit, &mut permit);
    admit(&deposit, &permit).map_err(|problem| problem.code())
}

const KINDS: [MandateKind; 2] = [MandateKind::Subscription, MandateKind::PayAsYouGo];

//
#[test]
fn what_the_rules_plan_is_taken() {
    for kind in KINDS {
        assert_eq!(deposit(kind, |_, _| {}), Ok(Admission::New));
    }
}

#[test]
fn a_number_is_taken_once_and_the_same_permit_again_changes_nothing() {
    let kind = MandateKind::PayAsYouGo;
    assert_eq!(
        deposit(kind, |deposit, _| deposit.seen = Some(deposit.content)),
        Ok(Admission::Known)
    );
    assert_eq!(
        deposit(kind, |deposit, _| deposit.seen = Some(Digest32::of(b"another"))),
        Err(Code::SequenceFork)
    );
    assert_eq!(deposit(kind, |deposit, _| deposit.number = 0), Err(Code::Malformed));
}

//
#[test]
fn a_window_is_kept_on_both_sides_of_each_bound() {
    for kind in KINDS {
        let with = |change: fn(&mut Permit)| deposit(kind, |_, permit| change(permit));
        let later = |permit: &mut Permit, seconds| {
            permit.not_before = permit.not_before.plus_seconds(seconds);
            permit.not_after = permit.not_after.plus_seconds(seconds);
        };
        assert_eq!(
            with(|permit| permit.not_before = permit.not_before.plus_seconds(-1)),
            Err(Code::PermitWindow),
            "{kind:?}: one second longer"
        );
        assert_eq!(
            with(|permit| permit.not_before = permit.not_before.plus_seconds(1)),
            Ok(Admission::New)
        );
        assert_eq!(
            deposit(kind, |_, permit| later(permit, CLOCK_AHEAD)),
            Ok(Admission::New)
        );
        assert_eq!(
            deposit(kind, |_, permit| later(permit, CLOCK_AHEAD + 1)),
            Err(Code::PermitWindow)
        );
        assert_eq!(
            with(|permit| permit.not_before = permit.not_after),
            Err(Code::PermitWindow)
        );
        let ending = |left| {
            deposit(kind, |deposit, permit| {
                permit.not_before = deposit.now.plus_seconds(-10);
                permit.not_after = deposit.now.plus_seconds(left);
            })
        };
        assert_eq!((ending(0), ending(1)), (Err(Code::PermitWindow), Ok(Admission::New)));
    }
}

//
#[test]
fn payee_challenge_and_amount_are_those_of_the_mandate() {
    let with = |change: fn(&mut Permit)| deposit(MandateKind::PayAsYouGo, |_, permit| change(permit));
    assert_eq!(
        with(|permit| permit.payee = MerchantId::from_bytes([8; 16])),
        Err(Code::PermitPayee)
    );
    assert_eq!(
        with(|permit| permit.challenge = Some("till 7".to_owned())),
        Err(Code::PermitChallenge)
    );
    assert_eq!(
        with(|permit| permit.amount = PermitAmount::AtMost(cny(5001))),
        Err(Code::PermitAmount)
    );
    assert_eq!(
        with(|permit| permit.amount = PermitAmount::AtMost(cny(0))),
        Err(Code::PermitAmount)
    );
    assert_eq!(
        with(|permit| permit.amount = PermitAmount::AtMost(cny(1))),
        Ok(Admission::New)
    );
}

#[test]
fn a_permit_that_answers_a_challenge_is_not_even_known() {
    let said_again = |challenge: Option<&str>| {
        deposit(MandateKind::PayAsYouGo, |deposit, permit| {
            deposit.seen = Some(deposit.content);
            permit.challenge = challenge.map(str::to_owned);
        })
    };
    assert_eq!(said_again(Some("till 7")), Err(Code::PermitChallenge));
    assert_eq!(said_again(None), Ok(Admission::Known), "control");
}

#[test]
fn a_permit_in_another_currency_says_so() {
    let dollars = Money::new(1, Currency::new("USD").unwrap()).unwrap();
    for amount in [PermitAmount::AtMost(dollars), PermitAmount::Exact(dollars)] {
        let taken = deposit(MandateKind::PayAsYouGo, |_, permit| permit.amount = amount);
        assert_eq!(taken, Err(Code::CurrencyMismatch));
    }
}

//
#[test]
fn no_more_permits_are_outstanding_than_the_policy_says() {
    let most = [
        (MandateKind::Subscription, rules().subscription.periods_ahead),
        (MandateKind::PayAsYouGo, rules().pay_as_you_go.pool),
    ];
    for (kind, most) in most {
        let with = |outstanding| deposit(kind, |deposit, _| deposit.outstanding = outstanding);
        assert_eq!(with(u64::from(most) - 1), Ok(Admission::New));
        assert_eq!(with(u64::from(most)), Err(Code::LimitExceeded));
    }
}

#[test]
fn only_a_mandate_that_is_active_or_held_takes_permits() {
    let ending = TerminationCause::Payer.by_usual_actor();
    let active = Mandate::provisioning().step(MandateEvent::Activated).unwrap();
    let revoking = active.step(MandateEvent::Ordered { ending, at: at(0) }).unwrap();
    let scheduled = active
        .step(MandateEvent::Scheduled {
            ending,
            at: at(0),
            due: at(1),
        })
        .unwrap();
    let ended = revoking.step(MandateEvent::HalfDestroyed).unwrap();
    assert_eq!(check_standing(&active), Ok(()));
    assert_eq!(check_standing(&Mandate::provisioning()), Err(Code::StepOrder));
    assert_eq!(check_standing(&scheduled), Err(Code::MandateHeld));
    assert_eq!(check_standing(&revoking), Err(Code::TooLate));
    assert_eq!(check_standing(&ended), Err(Code::MandateEnded));
}

proptest! {
    //
    #[test]
    fn every_planned_permit_is_taken(
        subscription: bool, second in 0_i64..400 * DAY, valid in proptest::option::of(1_i64..400 * DAY),
        charges in proptest::option::of(1_u32..5), exact: bool,
    ) {
        let rules = rules();
        let mut terms = terms(KINDS[usize::from(!subscription)]);
        terms.valid_until = valid.map(|valid| at(0).plus_seconds(valid));
        terms.limits.charges = charges;
        terms.limits.exact = exact;
        let now = at(0).plus_seconds(second);
        for (outstanding, planned) in (0..).zip(plan(rules, &terms, at(0), now, &[], 1)) {
            let deposit = Deposit {
                rules,
                terms: &terms,
                payee: PAYEE,
                active_since: at(0),
                now,
                number: planned.number,
                content: Digest32::of(b"this permit"),
                seen: None,
                outstanding,
            };
            prop_assert_eq!(admit(&deposit, &permit(&planned)), Ok(Admission::New));
        }
    }
}
