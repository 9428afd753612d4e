//! A decimal number with up to six places, exact: what rules compare.

use serde::de::{Deserialize, Deserializer, Visitor};
use serde::{Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

const PLACES: usize = 6;
const ONE: i64 = 1_000_000;

/// A number of the rules, exact to the millionth: a count, a share, an amount in currency units.
///
/// Written as an integer (`85`) or as decimal text (`"50.00"`, `"0.0001"`): statements carry no fractions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quantity(i64);

/// A text or number that is no quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a number such as 85 or \"0.80\", at most six places")]
pub struct InvalidQuantity;

impl Quantity {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// The whole number one.
    pub const ONE: Self = Self(ONE);

    /// This many millionths.
    #[must_use]
    pub const fn from_millionths(millionths: i64) -> Self {
        Self(millionths)
    }

    /// A whole number; what is too large stays at the largest.
    #[must_use]
    pub const fn whole(number: i64) -> Self {
        Self(number.saturating_mul(ONE))
    }

    /// The whole part, towards zero.
    #[must_use]
    pub const fn trunc(self) -> i64 {
        self.0 / ONE
    }

    /// The number of millionths.
    #[must_use]
    pub const fn millionths(self) -> i64 {
        self.0
    }

    /// The number, where it has no fraction.
    #[must_use]
    pub const fn as_whole(self) -> Option<i64> {
        if self.0 % ONE == 0 { Some(self.0 / ONE) } else { None }
    }

    /// The number of units of a currency that has `places` decimal places ("50.00" yuan are 5,000 fen).
    ///
    /// Nothing where it does not come out even, or there are more places than six.
    #[must_use]
    pub fn minor_units(self, places: u32) -> Option<i64> {
        let each = ONE.checked_div(10_i64.checked_pow(places)?)?;
        (each > 0 && self.0 % each == 0).then(|| self.0 / each)
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

impl Serialize for Quantity {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(self)
    }
}

impl FromStr for Quantity {
    type Err = InvalidQuantity;

    fn from_str(text: &str) -> Result<Self, InvalidQuantity> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
        let plain = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !plain(whole) || !plain(fraction) || fraction.len() > PLACES {
            return Err(InvalidQuantity);
        }
        let whole: i64 = whole.parse().map_err(|_| InvalidQuantity)?;
        let fraction: i64 = format!("{fraction:0<PLACES$}").parse().map_err(|_| InvalidQuantity)?;
        let millionths = whole
            .checked_mul(ONE)
            .and_then(|whole| whole.checked_add(fraction))
            .ok_or(InvalidQuantity)?;
        Ok(Self(if negative { -millionths } else { millionths }))
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let millionths = self.0.unsigned_abs();
        let one = ONE.unsigned_abs();
        let fraction = format!("{:0PLACES$}", millionths % one);
        let fraction = fraction.trim_end_matches('0');
        let point = if fraction.is_empty() { "" } else { "." };
        write!(f, "{sign}{}{point}{fraction}", millionths / one)
    }
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        struct Written;

        impl Visitor<'_> for Written {
            type Value = Quantity;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an integer or decimal text such as \"0.80\"")
            }

            fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<Quantity, E> {
                Ok(Quantity::whole(number))
            }

            fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Quantity, E> {
                let number = i64::try_from(number).map_err(|_| E::custom(InvalidQuantity))?;
                self.visit_i64(number)
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Quantity, E> {
                text.parse().map_err(E::custom)
            }
        }

        input.deserialize_any(Written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_decimal_is_exact() {
        for (text, millionths) in [
            ("0", 0),
            ("50.00", 50_000_000),
            ("0.0001", 100),
            ("0.7999", 799_900),
            ("0.80", 800_000),
            ("200000.00", 200_000_000_000),
            ("-1.5", -1_500_000),
            ("9223372036854.775807", i64::MAX),
        ] {
            assert_eq!(text.parse(), Ok(Quantity::from_millionths(millionths)), "{text}");
        }
    }

    #[test]
    fn what_is_no_decimal_is_refused() {
        for text in [
            "",
            ".",
            "1.",
            ".5",
            "1e3",
            "+1",
            "1 ",
            "0.1234567",
            "--1",
            "1,5",
            "٣",
            "9223372036855",
        ] {
            assert_eq!(text.parse::<Quantity>(), Err(InvalidQuantity), "{text}");
        }
    }

    #[test]
    fn an_amount_becomes_minor_units_or_nothing() {
        let units = |text: &str, places| text.parse::<Quantity>().unwrap().minor_units(places);
        assert_eq!(units("50.00", 2), Some(5_000));
        assert_eq!(units("50.01", 2), Some(5_001));
        assert_eq!(units("50.001", 2), None);
        assert_eq!(units("500", 0), Some(500));
        assert_eq!(units("500", 7), None);
    }

    proptest! {
        #[test]
        fn a_quantity_reads_back_what_it_shows(millionths in i64::MIN + 1..i64::MAX) {
            let quantity = Quantity::from_millionths(millionths);
            prop_assert_eq!(quantity.to_string().parse(), Ok(quantity));
        }
    }
}
