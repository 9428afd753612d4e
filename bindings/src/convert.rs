//! Values that cross the boundary as plain texts, numbers or moments.

use crate::error::WalletError;
use crate::records::Money;
use quittance_protocol::{self as protocol, Currency, Timestamp};
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Writes the same mapping of variants in both directions, so that they cannot part.
macro_rules! same_variants {
    ($ours:ident = $theirs:path { $($variant:ident $({ $($field:ident),* })?),* $(,)? }) => {
        $crate::convert::same_variants_out!($ours = $theirs { $($variant $({ $($field),* })?),* });

        impl From<$ours> for $theirs {
            fn from(value: $ours) -> Self {
                use $theirs as Theirs;
                match value { $($ours::$variant $({ $($field),* })? => Theirs::$variant $({ $($field),* })?,)* }
            }
        }
    };
}

/// As `same_variants`, for what is only told to the app.
macro_rules! same_variants_out {
    ($ours:ident = $theirs:path { $($variant:ident $({ $($field:ident),* })?),* $(,)? }) => {
        impl From<$theirs> for $ours {
            fn from(value: $theirs) -> Self {
                use $theirs as Theirs;
                match value { $(Theirs::$variant $({ $($field),* })? => $ours::$variant $({ $($field),* })?,)* }
            }
        }
    };
}

/// Prints a record by its name alone: what it holds is for the screen, not for a log.
macro_rules! shows_nothing {
    ($ours:ident) => {
        impl std::fmt::Debug for $ours {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($ours), "(…)"))
            }
        }
    };
}

pub(crate) use {same_variants, same_variants_out, shows_nothing};

/// Reads an identifier; a wrong one is named by its member and by the form that it must have.
pub(crate) fn id<T>(member: &str, text: &str) -> Result<T, WalletError>
where
    T: FromStr<Err = protocol::id::InvalidId>,
{
    text.parse()
        .map_err(|wrong: protocol::id::InvalidId| WalletError::InvalidInput {
            member: member.to_owned(),
            fix: format!("expected {}_ with 32 lowercase hexadecimal digits", wrong.prefix),
        })
}

/// Reads several identifiers; see [`id`].
pub(crate) fn ids<T>(member: &str, texts: &[String]) -> Result<Vec<T>, WalletError>
where
    T: FromStr<Err = protocol::id::InvalidId>,
{
    texts
        .iter()
        .enumerate()
        .map(|(index, text)| id(&format!("{member}[{index}]"), text))
        .collect()
}

/// Reads an amount; what is wrong with it is named.
pub(crate) fn amount(member: &str, money: &Money) -> Result<protocol::Money, WalletError> {
    let currency = Currency::new(&money.currency);
    currency
        .and_then(|currency| protocol::Money::new(money.minor, currency))
        .map_err(|wrong| {
            let part = if currency.is_err() { "currency" } else { "minor" };
            WalletError::InvalidInput {
                member: format!("{member}.{part}"),
                fix: wrong.to_string(),
            }
        })
}

/// The members of a list as the facade shows them.
pub(crate) fn all<T: Into<U>, U>(list: Vec<T>) -> Vec<U> {
    list.into_iter().map(Into::into).collect()
}

/// A moment as the platforms know it.
pub(crate) fn moment(time: Timestamp) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(u64::try_from(time.unix()).unwrap_or_default())
}

/// Reads a moment in whole seconds; what lies before 1970 is named.
pub(crate) fn timestamp(member: &str, time: SystemTime) -> Result<Timestamp, WalletError> {
    let wrong = |fix: String| WalletError::InvalidInput {
        member: member.to_owned(),
        fix,
    };
    let since = time
        .duration_since(UNIX_EPOCH)
        .map_err(|_| wrong("expected a moment after 1970".to_owned()))?;
    let seconds = i64::try_from(since.as_secs()).unwrap_or(i64::MAX);
    Timestamp::from_unix(seconds).map_err(|invalid| wrong(invalid.to_string()))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use protocol::MandateId;

    /// The member that an error names.
    pub(crate) fn member(error: WalletError) -> String {
        let WalletError::InvalidInput { member, .. } = error else {
            panic!("{error:?}")
        };
        member
    }

    #[test]
    fn a_wrong_identifier_is_named_by_its_place() {
        let good = MandateId::from_bytes([7; 16]).to_string();
        assert_eq!(member(id::<MandateId>("mandate", "x").unwrap_err()), "mandate");
        let wrong = ids::<MandateId>("mandates", &[good.clone(), good.to_uppercase()]).unwrap_err();
        assert_eq!(member(wrong), "mandates[1]");
        assert_eq!(ids::<MandateId>("mandates", &[good]).unwrap().len(), 1);
    }

    #[test]
    fn a_wrong_amount_is_named_by_its_part() {
        let money = |minor, currency: &str| Money {
            minor,
            currency: currency.to_owned(),
        };
        assert_eq!(
            member(amount("amount", &money(1, "cny")).unwrap_err()),
            "amount.currency"
        );
        assert_eq!(
            member(amount("amount", &money(i64::MAX, "CNY")).unwrap_err()),
            "amount.minor"
        );
        assert_eq!(amount("amount", &money(3000, "CNY")).unwrap().minor(), 3000);
    }

    #[test]
    fn a_moment_keeps_its_second() {
        let time = Timestamp::from_unix(1_795_000_000).unwrap();
        assert_eq!(
            moment(time).duration_since(UNIX_EPOCH).unwrap().as_secs(),
            1_795_000_000
        );
    }
}
