//! The billing period of a moment, counted from a mandate's activation.

use quittance_protocol::Timestamp;

/// Seconds of a day: periods are counted in whole days of 24 hours.
pub(crate) const DAY: i64 = 86_400;

/// One billing period: from `begin` until before `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// 0 for the one that begins with the activation.
    pub index: i64,
    /// Its first moment.
    pub begin: Timestamp,
    /// The first moment of the next.
    pub end: Timestamp,
}

impl Period {
    /// The period of `moment`, in days; what comes before the activation belongs to the first. A length of 0 days
    /// counts as 1.
    pub fn of(moment: Timestamp, active_since: Timestamp, days: u16) -> Self {
        let passed = moment.seconds_since(active_since).max(0);
        Self::numbered(passed / length(days), active_since, days)
    }

    /// The period with this index.
    pub fn numbered(index: i64, active_since: Timestamp, days: u16) -> Self {
        let begin = active_since.plus_seconds(index.saturating_mul(length(days)));
        Self {
            index,
            begin,
            end: begin.plus_seconds(length(days)),
        }
    }

    /// From when on a moment belongs to it; none is too early for the first: a clock that was put right may come to the
    /// activation a second time.
    #[must_use]
    pub fn since(&self) -> Option<Timestamp> {
        (self.index > 0).then_some(self.begin)
    }
}

fn length(days: u16) -> i64 {
    i64::from(days.max(1)) * DAY
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_unix(1_800_000_000 + second).unwrap()
    }

    //
    #[test]
    fn a_period_ends_at_the_second_where_the_next_begins() {
        let last = Period::of(at(30 * DAY - 1), at(0), 30);
        let next = Period::of(at(30 * DAY), at(0), 30);
        assert_eq!((last.index, last.begin, last.end), (0, at(0), at(30 * DAY)));
        assert_eq!((next.index, next.begin, next.end), (1, at(30 * DAY), at(60 * DAY)));
    }

    #[test]
    fn what_comes_before_the_activation_belongs_to_the_first_period() {
        let first = Period::of(at(-1), at(0), 30);
        assert_eq!((first.index, first.since()), (0, None));
        // The control.
        assert_eq!(Period::of(at(30 * DAY), at(0), 30).since(), Some(at(30 * DAY)));
    }

    #[test]
    fn a_period_without_length_has_a_day() {
        assert_eq!(Period::of(at(0), at(0), 0).end, at(DAY));
    }

    proptest! {
        //
        #[test]
        fn every_moment_lies_in_its_period_and_periods_follow_each_other(
            second in 0_i64..4_000_000_000, days in 1_u16..400,
        ) {
            let period = Period::of(at(second), at(0), days);
            prop_assert!(period.begin <= at(second) && at(second) < period.end);
            prop_assert_eq!(period, Period::numbered(period.index, at(0), days));
            prop_assert_eq!(Period::of(period.end, at(0), days).index, period.index + 1);
            prop_assert_eq!(Period::of(period.begin, at(0), days), period);
        }
    }
}
