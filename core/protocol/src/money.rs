//! Money as a whole number of minor units in one ISO 4217 currency.

use crate::quantity::Quantity;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The largest magnitude that every JSON reader holds exactly: 2^53 - 1.
pub const MAX_MINOR: i64 = (1 << 53) - 1;

/// A three-letter ISO 4217 code in capitals.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

/// An amount: `minor` counts the currency's smallest unit (cents, fen).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields, try_from = "Wire")]
pub struct Money {
    minor: i64,
    currency: Currency,
}

/// Why an amount cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// The magnitude passes [`MAX_MINOR`], as written or as the result of a sum.
    #[error("amount is outside plus or minus 2^53-1 minor units")]
    OutOfRange,
    /// Two amounts of different currencies met in one operation.
    #[error("amounts are of different currencies")]
    CurrencyMismatch,
    /// The currency is not three capital letters.
    #[error("currency is not three capital letters (ISO 4217)")]
    InvalidCurrency,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    minor: i64,
    currency: Currency,
}

impl TryFrom<Wire> for Money {
    type Error = MoneyError;

    fn try_from(wire: Wire) -> Result<Self, MoneyError> {
        Money::new(wire.minor, wire.currency)
    }
}

impl Currency {
    /// Reads a code of three capital letters.
    ///
    /// # Errors
    /// [`MoneyError::InvalidCurrency`] for anything else.
    pub fn new(code: &str) -> Result<Self, MoneyError> {
        match *code.as_bytes() {
            [a, b, c] if [a, b, c].iter().all(u8::is_ascii_uppercase) => Ok(Self([a, b, c])),
            _ => Err(MoneyError::InvalidCurrency),
        }
    }

    /// How many decimal places the minor unit stands for, as ISO 4217 lists them.
    pub fn places(&self) -> u32 {
        match self.code() {
            "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "UYI" | "VND"
            | "VUV" | "XAF" | "XOF" | "XPF" => 0,
            "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
            "CLF" | "UYW" => 4,
            _ => 2,
        }
    }

    /// The code as text.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl Money {
    /// An amount of `minor` units.
    ///
    /// # Errors
    /// [`MoneyError::OutOfRange`] where the magnitude passes [`MAX_MINOR`].
    pub fn new(minor: i64, currency: Currency) -> Result<Self, MoneyError> {
        if minor.unsigned_abs() > MAX_MINOR.unsigned_abs() {
            return Err(MoneyError::OutOfRange);
        }
        Ok(Self { minor, currency })
    }

    /// The number of minor units.
    pub fn minor(&self) -> i64 {
        self.minor
    }

    /// The currency.
    pub fn currency(&self) -> Currency {
        self.currency
    }

    /// The amount in the currency's main unit: 5,000 fen are 50 yuan. Cut off below a millionth, which no currency has.
    pub fn in_main_units(&self) -> Quantity {
        let millionths = i64::pow(10, 6_u32.saturating_sub(self.currency.places()));
        Quantity::from_millionths(self.minor.saturating_mul(millionths))
    }

    /// The sum of two amounts.
    ///
    /// # Errors
    /// [`MoneyError::CurrencyMismatch`] or [`MoneyError::OutOfRange`].
    pub fn plus(&self, other: &Money) -> Result<Money, MoneyError> {
        self.same_currency(other)?;
        let minor = self.minor.checked_add(other.minor).ok_or(MoneyError::OutOfRange)?;
        Money::new(minor, self.currency)
    }

    /// Whether this amount is at most `bound`.
    ///
    /// # Errors
    /// [`MoneyError::CurrencyMismatch`].
    pub fn within(&self, bound: &Money) -> Result<bool, MoneyError> {
        self.same_currency(bound)?;
        Ok(self.minor <= bound.minor)
    }

    /// Whether the amount is above zero.
    pub fn is_positive(&self) -> bool {
        self.minor > 0
    }

    fn same_currency(&self, other: &Money) -> Result<(), MoneyError> {
        if self.currency == other.currency {
            Ok(())
        } else {
            Err(MoneyError::CurrencyMismatch)
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.minor, self.currency)
    }
}

impl Serialize for Currency {
    fn serialize<S: serde::Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: serde::Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(input)?;
        Currency::new(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cny(minor: i64) -> Money {
        Money::new(minor, Currency::new("CNY").unwrap()).unwrap()
    }

    #[test]
    fn an_amount_in_main_units_follows_the_currencys_places() {
        let main = |minor, code| Money::new(minor, Currency::new(code).unwrap()).unwrap().in_main_units();
        assert_eq!(main(5_001, "CNY"), "50.01".parse().unwrap());
        assert_eq!(main(50, "JPY"), Quantity::whole(50));
        assert_eq!(main(1_500, "KWD"), "1.5".parse().unwrap());
    }

    #[test]
    fn both_ends_of_the_range_are_money_and_one_beyond_is_not() {
        let currency = Currency::new("CNY").unwrap();
        assert!(Money::new(MAX_MINOR, currency).is_ok());
        assert!(Money::new(-MAX_MINOR, currency).is_ok());
        assert_eq!(Money::new(MAX_MINOR + 1, currency), Err(MoneyError::OutOfRange));
        assert_eq!(Money::new(i64::MIN, currency), Err(MoneyError::OutOfRange));
        assert_eq!(cny(MAX_MINOR).plus(&cny(1)), Err(MoneyError::OutOfRange));
    }

    #[test]
    fn a_bound_lets_its_own_amount_pass() {
        assert_eq!(cny(5000).within(&cny(5000)), Ok(true));
        assert_eq!(cny(5001).within(&cny(5000)), Ok(false));
        let usd = Money::new(1, Currency::new("USD").unwrap()).unwrap();
        assert_eq!(usd.within(&cny(5000)), Err(MoneyError::CurrencyMismatch));
    }

    #[test]
    fn the_wire_form_is_minor_and_currency() {
        let text = r#"{"minor":3000,"currency":"CNY"}"#;
        assert_eq!(serde_json::from_str::<Money>(text).unwrap(), cny(3000));
        assert_eq!(serde_json::to_string(&cny(3000)).unwrap(), text);
        for bad in [
            r#"{"minor":9007199254740992,"currency":"CNY"}"#,
            r#"{"minor":30.5,"currency":"CNY"}"#,
            r#"{"minor":1,"currency":"cny"}"#,
            r#"{"minor":1,"currency":"CNY","x":1}"#,
        ] {
            assert!(serde_json::from_str::<Money>(bad).is_err(), "{bad}");
        }
    }
}
