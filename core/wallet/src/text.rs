//! A text as a screen gets it: its key, and the values that its pattern names.

use quittance_protocol::{Money, Quantity, Timestamp};
use serde::Serialize;

/// A text by its key, with the arguments that the catalogue's pattern names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Text {
    /// Key in the catalogue.
    pub key: String,
    /// Arguments by name.
    pub args: Vec<(String, TextArgument)>,
}

/// A value that a text names. It is typed, since each language writes numbers, amounts, moments and plurals in its own
/// way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TextArgument {
    /// How many.
    Count(u64),
    /// An amount with its currency.
    Amount(Money),
    /// A moment.
    Moment(Timestamp),
    /// A length of time as ISO 8601 (`PT24H`), business days as `P3BD`.
    Wait(String),
    /// Words that are the same in every language, such as a code.
    Words(String),
    /// Texts by their keys, in sequence; they name no arguments.
    Keys(Vec<String>),
}

impl Text {
    pub(crate) fn new(key: &str) -> Self {
        Self {
            key: key.to_owned(),
            args: Vec::new(),
        }
    }

    pub(crate) fn with(mut self, name: &str, value: impl Into<TextArgument>) -> Self {
        self.args.push((name.to_owned(), value.into()));
        self
    }
}

impl TextArgument {
    /// How many of something, whatever counts it.
    pub(crate) fn count(number: impl TryInto<u64>) -> Self {
        Self::Count(number.try_into().unwrap_or(u64::MAX))
    }

    /// A length of time as the policy writes it.
    pub(crate) fn wait(span: &str) -> Self {
        Self::Wait(span.to_owned())
    }
}

impl From<Money> for TextArgument {
    fn from(amount: Money) -> Self {
        Self::Amount(amount)
    }
}

impl From<Timestamp> for TextArgument {
    fn from(moment: Timestamp) -> Self {
        Self::Moment(moment)
    }
}

impl From<&str> for TextArgument {
    fn from(words: &str) -> Self {
        Self::Words(words.to_owned())
    }
}

impl From<Quantity> for TextArgument {
    /// A count where it is one; a score with decimals has no other form than its digits.
    fn from(number: Quantity) -> Self {
        let count = number.as_whole().and_then(|whole| u64::try_from(whole).ok());
        count.map_or_else(|| Self::Words(number.to_string()), Self::Count)
    }
}
