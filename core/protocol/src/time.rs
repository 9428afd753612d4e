//! Moments in whole seconds of UTC, written as RFC 3339.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A moment: seconds since 1970-01-01T00:00:00Z, up to 9999-12-30T22:00:00Z.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// A text or number that is no moment of this protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a time such as 2026-11-22T06:30:00Z: UTC, whole seconds, from 1970 to 9999-12-30T22:00:00Z")]
pub struct InvalidTime;

/// The last one that can be written: jiff keeps room for every offset within the year 9999.
const LAST_SECOND: i64 = 253_402_207_200;

impl Timestamp {
    /// The moment `seconds` after the epoch.
    ///
    /// # Errors
    /// [`InvalidTime`] before 1970 or after 9999-12-30T22:00:00Z.
    pub fn from_unix(seconds: i64) -> Result<Self, InvalidTime> {
        if (0..=LAST_SECOND).contains(&seconds) {
            Ok(Self(seconds))
        } else {
            Err(InvalidTime)
        }
    }

    /// Seconds since the epoch.
    pub const fn unix(&self) -> i64 {
        self.0
    }

    /// This moment moved by `seconds`, held at the ends of the range.
    #[must_use]
    pub fn plus_seconds(&self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds).clamp(0, LAST_SECOND))
    }

    /// Seconds from `earlier` to this moment; negative where it is later.
    pub const fn seconds_since(&self, earlier: Timestamp) -> i64 {
        self.0 - earlier.0
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_second(self.0) {
            Ok(moment) => write!(f, "{}", moment.strftime("%Y-%m-%dT%H:%M:%SZ")),
            Err(_) => Err(fmt::Error),
        }
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::str::FromStr for Timestamp {
    type Err = InvalidTime;

    fn from_str(text: &str) -> Result<Self, InvalidTime> {
        let moment: jiff::Timestamp = text.parse().map_err(|_| InvalidTime)?;
        let read = Self::from_unix(moment.as_second())?;
        // One spelling a moment: offsets, fractions and lowercase letters do not write back the same.
        if read.to_string() == text {
            Ok(read)
        } else {
            Err(InvalidTime)
        }
    }
}

impl Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: serde::Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(input)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_has_one_spelling() {
        let moment: Timestamp = "2026-11-22T06:30:00Z".parse().unwrap();
        assert_eq!(moment.unix(), 1_795_329_000);
        assert_eq!(moment.to_string(), "2026-11-22T06:30:00Z");
        for other in [
            "2026-11-22T06:30:00.5Z",
            "2026-11-22T14:30:00+08:00",
            "2026-11-22t06:30:00z",
            "2026-11-22 06:30:00Z",
            "1969-12-31T23:59:59Z",
            "2026-11-22",
        ] {
            assert_eq!(other.parse::<Timestamp>(), Err(InvalidTime), "{other}");
        }
    }

    // A moment that a gateway names, and any later one that is counted from it, stands in what a phone signs.
    #[test]
    fn every_moment_up_to_the_last_can_be_written() {
        let last = Timestamp::from_unix(0).unwrap().plus_seconds(i64::MAX);
        for moment in [last, last.plus_seconds(-1), last.plus_seconds(1)] {
            let written = serde_json::to_string(&moment).unwrap();
            assert_eq!(serde_json::from_str::<Timestamp>(&written).unwrap(), moment);
        }
        assert_eq!(last.to_string(), "9999-12-30T22:00:00Z");
        assert_eq!(Timestamp::from_unix(last.unix() + 1), Err(InvalidTime));
    }
}
