//! Working days: which dates count, in which time zone.

use jiff::Timestamp as Instant;
use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use quittance_protocol::Timestamp;
use serde::Deserialize;
use std::collections::BTreeSet;

/// Which dates are worked: Monday to Friday, without the holidays, with the weekend days that are worked.
///
/// Outside `from` … `until` it knows weekends only; the operator extends it before that day comes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calendar {
    /// Where the dates come from, for people.
    pub source: String,
    /// First date that it knows.
    from: Day,
    /// Last date that it knows.
    until: Day,
    /// Dates that are not worked.
    holidays: BTreeSet<Day>,
    /// Weekend days that are worked.
    workdays: BTreeSet<Day>,
}

/// Where days begin: the rule of a time zone as POSIX writes it (`CST-8` is eight hours *ahead* of UTC).
///
/// The rule stands in the bundle, so that phone and gateway agree without a database of time zones.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
pub struct Zone {
    rule: String,
    zone: TimeZone,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
struct Day(Date);

impl Calendar {
    /// Whether this date is worked.
    #[must_use]
    pub fn is_working(&self, date: Date) -> bool {
        if is_weekend(date) {
            self.workdays.contains(&Day(date))
        } else {
            !self.holidays.contains(&Day(date))
        }
    }

    /// Whether its data reach this date.
    #[must_use]
    pub fn covers(&self, date: Date) -> bool {
        (self.from.0..=self.until.0).contains(&date)
    }

    /// The first working day after a date; nothing at the end of time.
    #[must_use]
    pub fn next_working_day(&self, date: Date) -> Option<Date> {
        let mut next = date.tomorrow().ok()?;
        while !self.is_working(next) {
            next = next.tomorrow().ok()?;
        }
        Some(next)
    }

    /// What contradicts itself in it.
    pub(super) fn contradiction(&self) -> Option<String> {
        let mut dates = self.holidays.iter().chain(&self.workdays);
        if let Some(beyond) = dates.find(|day| !self.covers(day.0)) {
            return Some(format!("{} is outside from … until", beyond.0));
        }
        if let Some(both) = self.holidays.intersection(&self.workdays).next() {
            return Some(format!("{} is a holiday and worked", both.0));
        }
        let plain = self.workdays.iter().find(|day| !is_weekend(day.0))?;
        Some(format!("{} is no weekend day: it is worked anyway", plain.0))
    }
}

fn is_weekend(date: Date) -> bool {
    matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday)
}

impl Zone {
    /// The local date of a moment.
    #[must_use]
    pub fn date(&self, moment: Timestamp) -> Date {
        self.zone.to_datetime(instant(moment)).date()
    }

    /// When the local day after that of a moment begins.
    #[must_use]
    pub fn next_day(&self, moment: Timestamp) -> Timestamp {
        let next = self.date(moment).tomorrow().ok();
        let begins = next.and_then(|next| self.zone.to_timestamp(next.to_datetime(Time::midnight())).ok());
        moved_to(moment, begins.unwrap_or(Instant::MAX))
    }

    /// The same local time of day on another date.
    pub(super) fn on_day(&self, moment: Timestamp, to: impl FnOnce(Date) -> Option<Date>) -> Timestamp {
        let local = self.zone.to_datetime(instant(moment));
        let moved = to(local.date()).map(|date| date.to_datetime(local.time()));
        let moved = moved.and_then(|moved| self.zone.to_timestamp(moved).ok());
        // Only the end of the year 9999 is without a later day.
        moved_to(moment, moved.unwrap_or(Instant::MAX))
    }
}

fn instant(moment: Timestamp) -> Instant {
    Instant::from_second(moment.unix()).unwrap_or(Instant::MAX)
}

/// The moment of `instant`, which is not before `from`: the last hours of time have no calendar.
fn moved_to(from: Timestamp, instant: Instant) -> Timestamp {
    from.plus_seconds(instant.as_second().saturating_sub(from.unix()).max(0))
}

impl TryFrom<String> for Zone {
    type Error = String;

    fn try_from(rule: String) -> Result<Self, String> {
        match TimeZone::posix(&rule) {
            Ok(zone) => Ok(Self { rule, zone }),
            Err(_) => Err(format!("{rule}: not a POSIX time zone rule such as CST-8")),
        }
    }
}

impl TryFrom<String> for Day {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let date: Option<Date> = text.parse().ok();
        match date {
            Some(date) if date.to_string() == text => Ok(Self(date)),
            _ => Err(format!("{text}: not a date such as 2026-10-01")),
        }
    }
}

impl PartialEq for Zone {
    fn eq(&self, other: &Self) -> bool {
        self.rule == other.rule
    }
}

impl Eq for Zone {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{DEFAULT_BUNDLE, Policy, Span};
    use proptest::prelude::*;

    fn shipped() -> Policy {
        Policy::load(DEFAULT_BUNDLE).unwrap()
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// Three business days after a moment, by the shipped calendar.
    fn three_after(start: &str) -> String {
        let end = shipped().after("cancellation.assisted.effective", at(start));
        end.unwrap().to_string()
    }

    //
    #[test]
    fn three_working_days_over_the_october_holiday_end_behind_it() {
        // Wednesday 30 September 2026, 10:00 in Shanghai: Thursday 8, Friday 9, and the worked Saturday 10 October.
        assert_eq!(three_after("2026-09-30T02:00:00Z"), "2026-10-10T02:00:00Z");
        // Monday 28 September: 29, 30, then 8 October.
        assert_eq!(three_after("2026-09-28T02:00:00Z"), "2026-10-08T02:00:00Z");
    }

    //
    #[test]
    fn a_worked_saturday_counts_where_a_plain_one_does_not() {
        // Friday 8 May 2026: the worked Saturday 9, Monday 11, Tuesday 12.
        assert_eq!(three_after("2026-05-08T02:00:00Z"), "2026-05-12T02:00:00Z");
        // Friday 15 May 2026, a week later: Monday, Tuesday, Wednesday.
        assert_eq!(three_after("2026-05-15T02:00:00Z"), "2026-05-20T02:00:00Z");
    }

    //
    #[test]
    fn a_start_on_a_day_off_counts_from_the_next_working_day() {
        // Saturday 16 and Sunday 17 May 2026: Monday, Tuesday, Wednesday.
        assert_eq!(three_after("2026-05-16T02:00:00Z"), "2026-05-20T02:00:00Z");
        assert_eq!(three_after("2026-05-17T02:00:00Z"), "2026-05-20T02:00:00Z");
    }

    //
    #[test]
    fn days_begin_at_midnight_of_the_zone_and_not_of_utc() {
        // 23:59:59 on Monday 18 May in Shanghai; one second later it is Tuesday.
        assert_eq!(three_after("2026-05-18T15:59:59Z"), "2026-05-21T15:59:59Z");
        assert_eq!(three_after("2026-05-18T16:00:00Z"), "2026-05-21T16:00:00Z");
        let zone = &shipped().bundle.time_zone_rule;
        assert_eq!(zone.date(at("2026-05-18T15:59:59Z")).to_string(), "2026-05-18");
        assert_eq!(zone.date(at("2026-05-18T16:00:00Z")).to_string(), "2026-05-19");
        assert_eq!(zone.next_day(at("2026-05-18T15:59:59Z")), at("2026-05-18T16:00:00Z"));
        assert_eq!(zone.next_day(at("2026-05-18T16:00:00Z")), at("2026-05-19T16:00:00Z"));
    }

    //
    #[test]
    fn the_time_of_day_stays_where_clocks_are_turned_and_where_they_are_not() {
        let two = Span::BusinessDays(2);
        let policy = shipped();
        let calendar = policy.business_calendar().unwrap();
        // Central Europe turns its clocks on Sunday 29 March 2026: noon stays noon, an hour earlier in UTC.
        let berlin = Zone::try_from("CET-1CEST,M3.5.0,M10.5.0/3".to_owned()).unwrap();
        let end = two.after(at("2026-03-27T11:00:00Z"), calendar, &berlin);
        assert_eq!(end, at("2026-03-31T10:00:00Z"));
        let shanghai = &policy.bundle.time_zone_rule;
        let end = two.after(at("2026-03-27T11:00:00Z"), calendar, shanghai);
        assert_eq!(end, at("2026-03-31T11:00:00Z"));
    }

    #[test]
    fn time_stands_still_at_the_end_of_the_year_9999() {
        let last = Timestamp::from_unix(253_402_207_200).unwrap();
        for start in [last, last.plus_seconds(-3 * 86_400)] {
            let end = shipped().after("cancellation.assisted.effective", start).unwrap();
            assert!(end >= start && end <= last);
        }
    }

    #[test]
    fn outside_its_dates_it_knows_weekends_only() {
        let policy = shipped();
        let calendar = policy.business_calendar().unwrap();
        let day = |text: &str| text.parse::<Date>().unwrap();
        assert!(calendar.covers(day("2027-12-31")) && !calendar.covers(day("2028-01-01")));
        assert!(!calendar.is_working(day("2027-10-01")) && calendar.is_working(day("2029-10-01")));
        assert!(!calendar.is_working(day("2028-01-01")), "a Saturday");
    }

    proptest! {
        //
        #[test]
        fn business_days_end_on_a_working_day_at_the_same_time_and_never_go_back(
            start in 1_767_000_000_i64..1_830_000_000, later in 0_i64..2_000_000, days in 1_u16..30
        ) {
            let policy = shipped();
            let (calendar, zone) = (policy.business_calendar().unwrap(), &policy.bundle.time_zone_rule);
            let start = Timestamp::from_unix(start).unwrap();
            let end = Span::BusinessDays(days).after(start, calendar, zone);
            prop_assert!(calendar.is_working(zone.date(end)));
            // Shanghai turns no clocks.
            prop_assert_eq!(end.seconds_since(start) % 86_400, 0);
            prop_assert!(end > start);
            prop_assert!(Span::BusinessDays(days + 1).after(start, calendar, zone) > end);
            // A later start ends on no earlier day; from a working day, at no earlier moment.
            let later = start.plus_seconds(later);
            let later_end = Span::BusinessDays(days).after(later, calendar, zone);
            prop_assert!(zone.date(later_end) >= zone.date(end));
            if calendar.is_working(zone.date(start)) && calendar.is_working(zone.date(later)) {
                prop_assert!(later_end >= end);
            }
        }
    }
}
