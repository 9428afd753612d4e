//! How sure a vendor is: an exact decimal from 0 to 1.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Digits after the point that are read.
const PLACES: usize = 6;
/// What stands for 1.
const ONE: u32 = 1_000_000;

/// A similarity, a confidence, a sharpness; on the wire a string such as `"0.98"`, because two parsers seldom agree
/// on fractions.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Score(u32);

/// The text is no score.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("use a decimal number from 0 to 1 with at most six places, such as 0.98")]
pub struct NotAScore;

impl Score {
    /// Wholly sure.
    pub const FULL: Self = Self(ONE);
    /// What simulated vendors say unless they are told otherwise: 0.99.
    pub(super) const SIMULATED: Self = Self(990_000);

    /// The score in millionths: what rules compare.
    #[must_use]
    pub fn millionths(self) -> i64 {
        i64::from(self.0)
    }
}

impl FromStr for Score {
    type Err = NotAScore;

    fn from_str(text: &str) -> Result<Self, NotAScore> {
        let (whole, places) = text.split_once('.').unwrap_or((text, "0"));
        let whole = match whole {
            "0" => 0,
            "1" => ONE,
            _ => return Err(NotAScore),
        };
        let digits = places.bytes().all(|byte| byte.is_ascii_digit());
        if !digits || places.is_empty() || places.len() > PLACES {
            return Err(NotAScore);
        }
        let places: u32 = format!("{places:0<PLACES$}").parse().map_err(|_| NotAScore)?;
        let score = whole + places;
        if score <= ONE { Ok(Self(score)) } else { Err(NotAScore) }
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, places) = (self.0 / ONE, self.0 % ONE);
        if places == 0 {
            return write!(f, "{whole}");
        }
        let places = format!("{places:0PLACES$}");
        write!(f, "{whole}.{}", places.trim_end_matches('0'))
    }
}

impl fmt::Debug for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl TryFrom<String> for Score {
    type Error = NotAScore;

    fn try_from(text: String) -> Result<Self, NotAScore> {
        text.parse()
    }
}

impl From<Score> for String {
    fn from(score: Score) -> String {
        score.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    //
    #[test]
    fn scores_on_both_sides_of_a_bound_differ_exactly() {
        let score = |text: &str| text.parse::<Score>().unwrap();
        assert!(score("0.799999") < score("0.80"));
        assert_eq!(score("0.80"), score("0.8"));
        assert_eq!(score("0.7999").millionths(), 799_900);
        for text in ["0", "1", "0.8", "0.000001", "0.999999"] {
            assert_eq!(score(text).to_string(), text);
        }
    }

    #[test]
    fn what_is_not_between_0_and_1_is_refused() {
        for text in [
            "",
            ".",
            "0.",
            ".5",
            "1.000001",
            "2",
            "-0.1",
            "+0.5",
            "0.1234567",
            "1e0",
            "00.5",
            " 0.5",
        ] {
            assert_eq!(text.parse::<Score>(), Err(NotAScore), "{text:?}");
        }
    }
}
