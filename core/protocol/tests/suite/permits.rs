//! What a permit covers: both sides of each bound.

use quittance_protocol::statement::{Permit, PermitAmount};
use quittance_protocol::{Code, MerchantId, Money, Timestamp, TokenId};

use crate::fixture::{money, time};

const PAYEE: MerchantId = MerchantId::from_bytes([1; 16]);

fn permit(amount: PermitAmount, challenge: Option<&str>) -> Permit {
    Permit {
        token: TokenId::from_bytes([2; 16]),
        payee: PAYEE,
        amount,
        not_before: time("2026-11-01T00:00:00Z"),
        not_after: time("2026-12-01T00:00:00Z"),
        challenge: challenge.map(str::to_owned),
    }
}

fn at_most(minor: i64) -> Permit {
    permit(PermitAmount::AtMost(money(minor, "CNY")), None)
}

fn asked(permit: &Permit, amount: Money, now: Timestamp) -> Result<(), Code> {
    permit
        .covers(&PAYEE, &amount, now, None)
        .map_err(|problem| problem.code())
}

fn in_window() -> Timestamp {
    time("2026-11-15T00:00:00Z")
}

//
#[test]
fn the_window_includes_its_first_second_where_it_excludes_its_last() {
    let permit = at_most(5000);
    let amount = money(3000, "CNY");
    assert_eq!(
        asked(&permit, amount, time("2026-10-31T23:59:59Z")),
        Err(Code::PermitWindow)
    );
    assert_eq!(asked(&permit, amount, time("2026-11-01T00:00:00Z")), Ok(()));
    assert_eq!(asked(&permit, amount, time("2026-11-30T23:59:59Z")), Ok(()));
    assert_eq!(
        asked(&permit, amount, time("2026-12-01T00:00:00Z")),
        Err(Code::PermitWindow)
    );
}

//
#[test]
fn a_cap_lets_itself_pass_but_not_a_unit_more_nor_zero_nor_less() {
    let permit = at_most(5000);
    for (minor, answer) in [
        (1, Ok(())),
        (5000, Ok(())),
        (5001, Err(Code::PermitAmount)),
        (0, Err(Code::PermitAmount)),
        (-1, Err(Code::PermitAmount)),
    ] {
        assert_eq!(asked(&permit, money(minor, "CNY"), in_window()), answer, "{minor}");
    }
}

#[test]
fn an_exact_permit_covers_its_amount_only() {
    let permit = permit(PermitAmount::Exact(money(3000, "CNY")), None);
    for (minor, answer) in [
        (2999, Err(Code::PermitAmount)),
        (3000, Ok(())),
        (3001, Err(Code::PermitAmount)),
    ] {
        assert_eq!(asked(&permit, money(minor, "CNY"), in_window()), answer, "{minor}");
    }
}

#[test]
fn a_permit_of_zero_covers_nothing() {
    let permit = permit(PermitAmount::Exact(money(0, "CNY")), None);
    assert_eq!(asked(&permit, money(0, "CNY"), in_window()), Err(Code::PermitAmount));
}

#[test]
fn another_currency_or_payee_is_refused() {
    let permit = at_most(5000);
    assert_eq!(
        asked(&permit, money(1, "USD"), in_window()),
        Err(Code::CurrencyMismatch)
    );
    let stranger = MerchantId::from_bytes([3; 16]);
    let refused = permit
        .covers(&stranger, &money(1, "CNY"), in_window(), None)
        .unwrap_err();
    assert_eq!(refused.code(), Code::PermitPayee);
}

#[test]
fn a_challenge_must_be_the_same_on_both_sides() {
    let bound = permit(PermitAmount::Exact(money(3000, "CNY")), Some("till 7"));
    let free = permit(PermitAmount::Exact(money(3000, "CNY")), None);
    let ask = |permit: &Permit, challenge| {
        permit
            .covers(&PAYEE, &money(3000, "CNY"), in_window(), challenge)
            .map_err(|problem| problem.code())
    };
    assert_eq!(ask(&bound, Some("till 7")), Ok(()));
    assert_eq!(ask(&free, None), Ok(()));
    assert_eq!(ask(&bound, Some("till 8")), Err(Code::PermitChallenge));
    assert_eq!(ask(&bound, None), Err(Code::PermitChallenge));
    assert_eq!(ask(&free, Some("till 7")), Err(Code::PermitChallenge));
}
