//! Teen mode: how much may be charged without being asked.

use crate::policy::Policy;
use jiff::ToSpan;
use jiff::civil::Date;
use quittance_protocol::money::Money;
use quittance_protocol::problem::Code;
use quittance_protocol::{Quantity, Timestamp};

/// Most for one charge in the main unit of the policy's currency: what the guardian granted in it, else the policy's
/// default; never more than the policy's ceiling.
#[must_use]
pub fn limit(policy: &Policy, granted: Option<Money>) -> Quantity {
    let rules = &policy.teen;
    let limit = match granted.filter(|granted| granted.currency() == rules.currency) {
        Some(granted) => granted.in_main_units(),
        None => rules.default_limit,
    };
    limit.min(rules.max_per_txn)
}

/// Whether a teen may sign a mandate at all: not while nothing could be charged under it.
#[must_use]
pub fn may_sign(policy: &Policy, granted: Option<Money>) -> bool {
    limit(policy, granted) > Quantity::ZERO
}

/// Whether a charge is within what a teen may spend.
///
/// # Errors
/// The code of the decline.
pub fn check_charge(policy: &Policy, granted: Option<Money>, amount: Money) -> Result<(), Code> {
    let same_currency = amount.currency() == policy.teen.currency;
    if same_currency && amount.in_main_units() <= limit(policy, granted) {
        Ok(())
    } else {
        Err(Code::TeenLimit)
    }
}

/// Whether a guardian can grant an amount at all: fifty of another currency are not the fifty of the ceiling.
///
/// # Errors
/// `currency_mismatch`.
pub fn check_grant(policy: &Policy, granted: Money) -> Result<(), Code> {
    if granted.currency() == policy.teen.currency {
        Ok(())
    } else {
        Err(Code::CurrencyMismatch)
    }
}

/// Whether somebody born on that date has come of age: from the first second of the birthday on, where the bundle's
/// days begin. Who was born on a 29 February comes of age on 1 March of a short year.
#[must_use]
pub fn is_adult(policy: &Policy, born: Date, now: Timestamp) -> bool {
    born <= adults_born_by(policy, now)
}

/// The last day of birth of those who are of age. On a 29 February whose year of birth had none, who was born on
/// the day before is the youngest.
#[must_use]
pub fn adults_born_by(policy: &Policy, now: Timestamp) -> Date {
    let years = i16::from(policy.teen.majority_years);
    policy.local_date(now).saturating_sub(years.years())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::DEFAULT_BUNDLE;
    use quittance_protocol::money::Currency;

    fn policy() -> Policy {
        Policy::load(DEFAULT_BUNDLE).unwrap()
    }

    fn cny(minor: i64) -> Money {
        Money::new(minor, Currency::new("CNY").unwrap()).unwrap()
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn charge(granted: Option<i64>, minor: i64) -> Result<(), Code> {
        check_charge(&policy(), granted.map(cny), cny(minor))
    }

    //
    #[test]
    fn nothing_is_charged_before_a_guardian_allows_it() {
        assert_eq!(charge(None, 1), Err(Code::TeenLimit));
        assert!(!may_sign(&policy(), None));
        assert!(may_sign(&policy(), Some(cny(1))));
    }

    //
    #[test]
    fn fifty_passes_and_one_fen_more_does_not() {
        assert_eq!(charge(Some(5000), 5000), Ok(()));
        assert_eq!(charge(Some(5000), 5001), Err(Code::TeenLimit));
        assert_eq!(
            charge(Some(6000), 5001),
            Err(Code::TeenLimit),
            "the ceiling holds whatever was granted"
        );
        assert_eq!(charge(Some(1000), 1001), Err(Code::TeenLimit));
        assert_eq!(charge(Some(1000), 1000), Ok(()));
    }

    //
    #[test]
    fn nothing_is_charged_nor_granted_in_another_currency_than_the_ceilings() {
        for code in ["USD", "KWD", "JPY"] {
            let other = Money::new(50, Currency::new(code).unwrap()).unwrap();
            assert_eq!(check_grant(&policy(), other), Err(Code::CurrencyMismatch));
            for granted in [cny(5000), other] {
                let charged = check_charge(&policy(), Some(granted), other);
                assert_eq!(charged, Err(Code::TeenLimit), "{code}");
            }
            assert!(!may_sign(&policy(), Some(other)));
        }
        assert_eq!(check_grant(&policy(), cny(5000)), Ok(()), "control");
    }

    //
    #[test]
    fn a_teen_comes_of_age_at_midnight_of_the_eighteenth_birthday_in_the_bundles_zone() {
        let born = Date::constant(2008, 11, 22);
        let adult = |now| is_adult(&policy(), born, at(now));
        assert!(!adult("2026-11-21T15:59:59Z"));
        assert!(adult("2026-11-21T16:00:00Z"));
        assert!(adult("2026-11-21T16:00:01Z"));
    }

    //
    #[test]
    fn who_was_born_on_a_leap_day_comes_of_age_on_the_first_of_march() {
        let born = Date::constant(2008, 2, 29);
        let adult = |now| is_adult(&policy(), born, at(now));
        assert!(!adult("2026-02-28T15:59:59Z"));
        assert!(adult("2026-02-28T16:00:00Z"));
    }

    //
    #[test]
    fn on_a_leap_day_who_was_born_on_the_first_of_march_is_still_a_teen() {
        let adult = |month, day| is_adult(&policy(), Date::constant(2010, month, day), at("2028-02-28T16:00:00Z"));
        assert!(adult(2, 28));
        assert!(!adult(3, 1));
    }
}
