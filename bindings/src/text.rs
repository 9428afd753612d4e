//! Texts as an app gets them: keys of the catalogue, with values that each language writes in its own way.

use crate::convert::moment;
use crate::records::Money;
use quittance_wallet as inner;
use std::collections::HashMap;
use std::time::SystemTime;

/// A text by its key in `bindings/texts`, with the arguments that the text names.
///
/// Not called `Text`: SwiftUI and Compose both have one.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct PromptText {
    /// Key in the catalogue.
    pub key: String,
    /// Arguments by name: `{count}` in the text stands for the value of `count`, written as the reader's language does.
    pub arguments: HashMap<String, TextArgument>,
}

/// A value that a text names. It is typed, since each language writes numbers, amounts, moments and plurals in its own
/// way.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum TextArgument {
    /// How many; it chooses the plural.
    Count {
        /// The number.
        count: u64,
    },
    /// An amount.
    Amount {
        /// It, with its currency.
        amount: Money,
    },
    /// A moment.
    Moment {
        /// When.
        moment: SystemTime,
    },
    /// A length of time.
    Wait {
        /// As ISO 8601 (`PT24H`); business days as `P3BD`.
        duration: String,
    },
    /// Words that are the same in every language, such as a code.
    Words {
        /// The words.
        words: String,
    },
    /// Other texts, in sequence: the reader's language joins them.
    Keys {
        /// Their keys in the catalogue; they name no arguments.
        keys: Vec<String>,
    },
}

impl From<inner::Text> for PromptText {
    fn from(text: inner::Text) -> Self {
        Self {
            key: text.key,
            arguments: text
                .args
                .into_iter()
                .map(|(name, value)| (name, value.into()))
                .collect(),
        }
    }
}

impl From<inner::TextArgument> for TextArgument {
    fn from(argument: inner::TextArgument) -> Self {
        use inner::TextArgument as Inner;
        match argument {
            Inner::Count(count) => Self::Count { count },
            Inner::Amount(amount) => Self::Amount { amount: amount.into() },
            Inner::Moment(at) => Self::Moment { moment: moment(at) },
            Inner::Wait(duration) => Self::Wait { duration },
            Inner::Words(words) => Self::Words { words },
            Inner::Keys(keys) => Self::Keys { keys },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quittance_protocol::Timestamp;

    #[test]
    fn what_a_text_names_keeps_its_kind_across_the_boundary() {
        use inner::TextArgument as Inner;
        let at = Timestamp::from_unix(1_795_000_000).unwrap();
        let currency = quittance_protocol::Currency::new("JPY").unwrap();
        let money = quittance_protocol::Money::new(1200, currency).unwrap();
        let shown = PromptText::from(inner::Text {
            key: "next.by".to_owned(),
            args: [
                ("count", Inner::Count(3)),
                ("amount", Inner::Amount(money)),
                ("moment", Inner::Moment(at)),
                ("wait", Inner::Wait("P3BD".to_owned())),
                ("code", Inner::Words("too_late".to_owned())),
                ("steps", Inner::Keys(vec!["ask.code.title".to_owned()])),
            ]
            .map(|(name, value)| (name.to_owned(), value))
            .to_vec(),
        });
        let argument = |name: &str| shown.arguments.get(name).cloned().unwrap();
        assert_eq!(argument("count"), TextArgument::Count { count: 3 });
        let amount = Money {
            minor: 1200,
            currency: "JPY".to_owned(),
        };
        assert_eq!(argument("amount"), TextArgument::Amount { amount });
        assert_eq!(argument("moment"), TextArgument::Moment { moment: moment(at) });
        let duration = "P3BD".to_owned();
        assert_eq!(argument("wait"), TextArgument::Wait { duration });
        let words = "too_late".to_owned();
        assert_eq!(argument("code"), TextArgument::Words { words });
        let keys = vec!["ask.code.title".to_owned()];
        assert_eq!(argument("steps"), TextArgument::Keys { keys });
    }
}
