//! Lengths of time in the rules: seconds, business days.

use super::calendar::{Calendar, Zone};
use quittance_protocol::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// A length of time, written as ISO 8601 (`PT24H`, `P7D`; a day is 24 hours).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Seconds(i64);

/// A length of time in the rules: exact seconds, or business days of the bundle's calendar (`P3BD`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Span {
    /// So many seconds.
    Seconds(Seconds),
    /// So many working days, at least one.
    BusinessDays(u16),
}

impl Seconds {
    /// This many seconds.
    pub const fn new(seconds: i64) -> Self {
        Self(seconds)
    }

    /// The number of seconds.
    pub const fn get(self) -> i64 {
        self.0
    }

    /// The moment that lies so long after `start`; beyond the year 9999 time stands still.
    #[must_use]
    pub fn after(self, start: Timestamp) -> Timestamp {
        start.plus_seconds(self.0)
    }
}

impl Span {
    /// The moment that lies this span after `start`.
    ///
    /// Business days are counted by the dates of `zone`: the day of `start` is not counted, each later working day
    /// is, and the result has the same local time of day. Beyond the year 9999 time stands still.
    #[must_use]
    pub fn after(self, start: Timestamp, calendar: &Calendar, zone: &Zone) -> Timestamp {
        match self {
            Self::Seconds(seconds) => seconds.after(start),
            Self::BusinessDays(days) => zone.on_day(start, |mut date| {
                for _ in 0..days {
                    date = calendar.next_working_day(date)?;
                }
                Some(date)
            }),
        }
    }
}

impl FromStr for Seconds {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // The parser takes other notations, too, such as 24h; a bundle has one.
        let is_iso = text.starts_with('P')
            && text
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase());
        let span: Option<jiff::Span> = text.parse().ok().filter(|_| is_iso);
        let span = span.ok_or_else(|| format!("{text}: not an ISO 8601 duration such as PT24H"))?;
        let parts = [
            i64::from(span.get_days()).checked_mul(DAY),
            i64::from(span.get_hours()).checked_mul(HOUR),
            span.get_minutes().checked_mul(MINUTE),
            Some(span.get_seconds()),
        ];
        let seconds = parts
            .into_iter()
            .try_fold(0_i64, |sum, part| sum.checked_add(part?))
            .unwrap_or(-1);
        let exact = span.get_years() == 0
            && span.get_months() == 0
            && span.get_weeks() == 0
            && span.get_milliseconds() == 0
            && span.get_microseconds() == 0
            && span.get_nanoseconds() == 0;
        if exact && seconds >= 0 {
            Ok(Self(seconds))
        } else {
            Err(format!("{text}: use days, hours, minutes, seconds"))
        }
    }
}

impl TryFrom<String> for Seconds {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl fmt::Display for Seconds {
    /// Whole days beyond three as days, everything else as hours, minutes, seconds: `P7D`, `PT72H`, `PT1M30S`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 % DAY == 0 && self.0 > 3 * DAY {
            return write!(f, "P{}D", self.0 / DAY);
        }
        f.write_str("PT")?;
        for (number, letter) in [
            (self.0 / HOUR, 'H'),
            (self.0 % HOUR / MINUTE, 'M'),
            (self.0 % MINUTE, 'S'),
        ] {
            if number != 0 || (self.0 == 0 && letter == 'S') {
                write!(f, "{number}{letter}")?;
            }
        }
        Ok(())
    }
}

impl From<Seconds> for String {
    fn from(seconds: Seconds) -> String {
        seconds.to_string()
    }
}

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some(days) = text.strip_prefix('P').and_then(|rest| rest.strip_suffix("BD")) else {
            return text.parse().map(Self::Seconds);
        };
        let plain = days.bytes().all(|byte| byte.is_ascii_digit());
        match days.parse() {
            Ok(days) if plain && days > 0 => Ok(Self::BusinessDays(days)),
            _ => Err(format!("{text}: business days are written as P3BD, at least one")),
        }
    }
}

impl TryFrom<String> for Span {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Seconds(seconds) => seconds.fmt(f),
            Self::BusinessDays(days) => write!(f, "P{days}BD"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_exact_or_refused() {
        for (text, seconds) in [("PT0S", 0), ("PT24H", 86_400), ("P7D", 604_800), ("P1DT30M", 88_200)] {
            assert_eq!(Seconds::try_from(text.to_owned()), Ok(Seconds::new(seconds)), "{text}");
        }
        for text in [
            "P1M", "P1Y", "24h ago", "-PT1S", "", "PT0.5S", "P1W", "24h", "+PT24H", "Pt24h", "pt24h", "PT1.5H",
            " PT24H",
        ] {
            assert!(Seconds::try_from(text.to_owned()).is_err(), "{text}");
        }
    }

    #[test]
    fn a_span_is_shown_as_it_is_written_in_the_bundle() {
        for text in [
            "PT0S", "PT60S", "PT5M", "PT24H", "PT72H", "P7D", "P180D", "P3BD", "PT1H1M1S",
        ] {
            let span: Span = text.parse().unwrap();
            let shown = if text == "PT60S" { "PT1M" } else { text };
            assert_eq!(span.to_string(), shown);
            assert_eq!(shown.parse(), Ok(span));
        }
    }

    #[test]
    fn business_days_are_a_plain_number_above_none() {
        assert_eq!("P3BD".parse(), Ok(Span::BusinessDays(3)));
        for text in [
            "P0BD", "P-1BD", "PBD", "P+3BD", "P3.5BD", "P65536BD", "3BD", "P3bd", "PT3BD",
        ] {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
    }
}
