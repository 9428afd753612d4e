//! Which permits are made ahead: the bound on what a lost phone can still be charged.

use crate::policy::PermitRules;
use quittance_protocol::Timestamp;
use quittance_protocol::statement::{MandateKind, PermitAmount, Terms};

const DAY: i64 = 86_400;

/// One permit that should exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlannedPermit {
    /// Its number.
    pub number: u64,
    /// What it covers.
    pub amount: PermitAmount,
    /// From this moment …
    pub not_before: Timestamp,
    /// … until before this one.
    pub not_after: Timestamp,
}

/// The permits to make now, so that with the `unused` ones that the gateway has (their `not_before`
/// moments) no more than the policy's number is outstanding.
pub fn plan(
    rules: &PermitRules,
    terms: &Terms,
    active_since: Timestamp,
    now: Timestamp,
    unused: &[Timestamp],
    next_number: u64,
) -> Vec<PlannedPermit> {
    let amount = PermitAmount::AtMost(terms.limits.per_charge);
    let windows = match terms.kind {
        MandateKind::Subscription => {
            let period = i64::from(terms.limits.period_days.max(1)) * DAY;
            let current = now.seconds_since(active_since).max(0) / period;
            (0..i64::from(rules.subscription.periods_ahead))
                .map(|ahead| {
                    let begin = active_since.plus_seconds((current + ahead) * period);
                    (begin, begin.plus_seconds(period))
                })
                .filter(|(begin, _)| !unused.contains(begin))
                .collect::<Vec<_>>()
        }
        MandateKind::PayAsYouGo => {
            let outstanding = u32::try_from(unused.len()).unwrap_or(u32::MAX);
            let missing = rules.pay_as_you_go.pool.saturating_sub(outstanding);
            let window = (now, now.plus_seconds(rules.pay_as_you_go.window.get()));
            (0..missing).map(|_| window).collect()
        }
    };
    windows
        .into_iter()
        .zip(next_number..)
        .map(|((not_before, not_after), number)| PlannedPermit {
            number,
            amount,
            not_before,
            not_after,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{DEFAULT_BUNDLE, Policy};
    use quittance_protocol::money::{Currency, Money};
    use quittance_protocol::statement::Limits;

    fn terms(kind: MandateKind) -> Terms {
        let cny = |minor| Money::new(minor, Currency::new("CNY").unwrap()).unwrap();
        Terms::new("Bluebird", "Rides", kind, Limits::new(cny(5000), cny(20_000), 30))
    }

    fn at(days: i64) -> Timestamp {
        Timestamp::from_unix(1_800_000_000 + days * DAY).unwrap()
    }

    #[test]
    fn a_subscription_has_one_permit_for_each_of_three_periods() {
        let rules = Policy::load(DEFAULT_BUNDLE).unwrap().token.permit;
        let planned = plan(&rules, &terms(MandateKind::Subscription), at(0), at(0), &[], 1);
        let windows: Vec<_> = planned.iter().map(|p| (p.number, p.not_before, p.not_after)).collect();
        assert_eq!(windows, [(1, at(0), at(30)), (2, at(30), at(60)), (3, at(60), at(90))]);
        let later = plan(
            &rules,
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

    #[test]
    fn a_pool_is_filled_up_and_never_beyond() {
        let rules = Policy::load(DEFAULT_BUNDLE).unwrap().token.permit;
        let pool = |unused: &[Timestamp]| plan(&rules, &terms(MandateKind::PayAsYouGo), at(0), at(1), unused, 7).len();
        assert_eq!(
            [pool(&[]), pool(&[at(0)]), pool(&[at(0); 3]), pool(&[at(0); 9])],
            [3, 2, 0, 0]
        );
    }
}
