//! A decimal number with up to six places, exact: what rules compare.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Millionths in one.
const SCALE: i64 = 1_000_000;
const PLACES: usize = 6;

/// A decimal number in millionths; on the wire a string such as `"0.8"`, `"85"`, `"50.01"`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Quantity(i64);

/// The text is not a decimal number with at most six places, or is too large.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("use a decimal number with at most six places, such as 0.80")]
pub struct NotAQuantity;

impl Quantity {
    /// Nothing: also what an unknown fact counts as.
    pub const ZERO: Self = Self(0);
    /// One: what a fact that holds counts as.
    pub const ONE: Self = Self(SCALE);

    /// This many millionths.
    #[must_use]
    pub const fn from_millionths(millionths: i64) -> Self {
        Self(millionths)
    }

    /// The number in millionths.
    #[must_use]
    pub const fn millionths(self) -> i64 {
        self.0
    }

    /// A whole number; saturates at what fits.
    #[must_use]
    pub const fn whole(number: i64) -> Self {
        Self(number.saturating_mul(SCALE))
    }

    /// The whole part, towards zero.
    #[must_use]
    pub const fn trunc(self) -> i64 {
        self.0 / SCALE
    }
}

impl From<bool> for Quantity {
    fn from(holds: bool) -> Self {
        if holds { Self::ONE } else { Self::ZERO }
    }
}

impl From<u32> for Quantity {
    fn from(number: u32) -> Self {
        Self::whole(i64::from(number))
    }
}

impl FromStr for Quantity {
    type Err = NotAQuantity;

    fn from_str(text: &str) -> Result<Self, NotAQuantity> {
        let (negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (whole, places) = digits.split_once('.').unwrap_or((digits, "0"));
        let form = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !form(whole) || !form(places) || places.len() > PLACES {
            return Err(NotAQuantity);
        }
        let whole: i64 = whole.parse().map_err(|_| NotAQuantity)?;
        let places: i64 = format!("{places:0<PLACES$}").parse().map_err(|_| NotAQuantity)?;
        let number = whole
            .checked_mul(SCALE)
            .and_then(|number| number.checked_add(places))
            .ok_or(NotAQuantity)?;
        Ok(Self(if negative { -number } else { number }))
    }
}

impl TryFrom<String> for Quantity {
    type Error = NotAQuantity;

    fn try_from(text: String) -> Result<Self, NotAQuantity> {
        text.parse()
    }
}

impl From<Quantity> for String {
    fn from(quantity: Quantity) -> String {
        quantity.to_string()
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, places) = (self.0.unsigned_abs() / 1_000_000, self.0.unsigned_abs() % 1_000_000);
        if places == 0 {
            return write!(f, "{sign}{whole}");
        }
        let places = format!("{places:06}");
        write!(f, "{sign}{whole}.{}", places.trim_end_matches('0'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_exact_and_read_back() {
        for text in ["0", "0.8", "85", "84.99", "50.01", "-3.000001", "0.0001"] {
            assert_eq!(text.parse::<Quantity>().unwrap().to_string(), text);
        }
        assert!("0.80".parse::<Quantity>().unwrap() == "0.8".parse().unwrap());
        assert!("84.99".parse::<Quantity>().unwrap() < Quantity::whole(85));
    }

    #[test]
    fn what_is_no_decimal_is_refused() {
        for text in ["", ".", "1.", ".5", "1e3", "0.1234567", "+1", "9999999999999", " 1"] {
            assert_eq!(text.parse::<Quantity>(), Err(NotAQuantity), "{text:?}");
        }
    }
}
