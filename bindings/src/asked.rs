//! The parts of what a prompt asks: people, documents, questions.

use crate::convert::{all, same_variants_out, shows_nothing};
use crate::text::PromptText;
use quittance_wallet as inner;

/// Who has the turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum AwaitedParty {
    /// The phone's network: what was answered waits to be sent.
    Network,
    /// The payer's bank.
    Bank,
    /// The merchant.
    Merchant,
    /// The guardian.
    Guardian,
    /// Trusted contacts.
    Contacts,
    /// Whoever judges what was handed in.
    Judgement,
    /// A public source.
    Source,
    /// A moment.
    Moment,
    /// The gateway, which has to say something first.
    Service,
}

/// Which of the payer's numbers a code went to. The gateway has none of them, so no more can be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum NumberKind {
    /// The payer's own, as the account has it.
    Own,
    /// The one that belongs to this phone.
    Bound,
    /// The payer's own in another country.
    Foreign,
    /// One that this version has no word for.
    Other,
}

/// A document of which photos are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum DocumentKind {
    /// Both sides of the identity document.
    IdDocument,
    /// The passport's data page.
    Passport,
    /// A bill or letter with the address.
    ProofOfAddress,
    /// The payer holding the identity document.
    HandheldId,
    /// That somebody is somebody's guardian.
    Guardianship,
}

/// What is recorded.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum RecordingKind {
    /// The face.
    Face,
    /// Gestures, in sequence.
    Gestures {
        /// Which.
        gestures: Vec<PromptText>,
    },
    /// A conversation by video.
    Video,
}

/// What a quiz asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum QuizTopic {
    /// Exact amounts.
    Amounts,
    /// The amounts that were wrong: one of those shown.
    AmountsAgain,
    /// Names of payees.
    Merchants,
    /// Days.
    Dates,
}

/// One question about a charge. Personal: printed, it shows nothing.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
#[uniffi::export(Debug)]
pub struct QuizQuestion {
    /// What is said of the charge.
    pub about: String,
    /// What can be chosen; empty where the answer is typed.
    pub choices: Vec<String>,
}

/// Somebody who can be named. Personal: printed, it shows nothing.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
#[uniffi::export(Debug)]
pub struct NamedPerson {
    /// The account, which is what the answer carries.
    pub account: String,
    /// The name that the payer gave.
    pub name: String,
}

/// A mandate as it stands on a confirmation. Personal: printed, it shows nothing.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
#[uniffi::export(Debug)]
pub struct AffectedMandate {
    /// Which.
    pub mandate: String,
    /// The merchant's name.
    pub merchant_name: String,
    /// The service's name.
    pub service: String,
}

same_variants_out!(
    AwaitedParty = inner::Awaited {
        Network,
        Bank,
        Merchant,
        Guardian,
        Contacts,
        Judgement,
        Source,
        Moment,
        Service
    }
);
same_variants_out!(
    DocumentKind = inner::Document {
        IdDocument,
        Passport,
        ProofOfAddress,
        HandheldId,
        Guardianship
    }
);
same_variants_out!(
    QuizTopic = inner::QuizTopic {
        Amounts,
        AmountsAgain,
        Merchants,
        Dates
    }
);

impl From<&str> for NumberKind {
    fn from(word: &str) -> Self {
        match word {
            "own" => Self::Own,
            "bound" => Self::Bound,
            "foreign" => Self::Foreign,
            _ => Self::Other,
        }
    }
}

shows_nothing!(QuizQuestion);
shows_nothing!(NamedPerson);
shows_nothing!(AffectedMandate);

impl From<inner::Recording> for RecordingKind {
    fn from(recording: inner::Recording) -> Self {
        match recording {
            inner::Recording::Face => Self::Face,
            inner::Recording::Gestures { gestures } => Self::Gestures {
                gestures: all(gestures),
            },
            inner::Recording::Video => Self::Video,
        }
    }
}

impl From<inner::QuizQuestion> for QuizQuestion {
    fn from(question: inner::QuizQuestion) -> Self {
        Self {
            about: question.about,
            choices: question.choices,
        }
    }
}

impl From<inner::Person> for NamedPerson {
    fn from(person: inner::Person) -> Self {
        Self {
            account: person.account.to_string(),
            name: person.name,
        }
    }
}

impl From<inner::AffectedMandate> for AffectedMandate {
    fn from(affected: inner::AffectedMandate) -> Self {
        Self {
            mandate: affected.mandate.to_string(),
            merchant_name: affected.merchant_name,
            service: affected.service,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prompts::PromptKind;

    #[test]
    fn each_word_of_the_gateway_for_a_number_has_its_kind_and_a_new_one_is_no_failure() {
        let kinds = ["own", "bound", "foreign", "work"].map(NumberKind::from);
        let expected = [
            NumberKind::Own,
            NumberKind::Bound,
            NumberKind::Foreign,
            NumberKind::Other,
        ];
        assert_eq!(kinds, expected);
    }

    #[test]
    fn a_printed_prompt_shows_nobodys_name_and_no_charge() {
        let people = PromptKind::People {
            people: vec![NamedPerson {
                account: "a".to_owned(),
                name: "Li".to_owned(),
            }],
            at_least: 2,
        };
        assert_eq!(format!("{people:?}"), "People(…)");
        let link = "https://bank.example/?state=of-one-run".to_owned();
        assert_eq!(format!("{:?}", PromptKind::Jump { link }), "Jump(…)");
        let question = QuizQuestion {
            about: "12 May".to_owned(),
            choices: vec!["CNY 12.00".to_owned()],
        };
        assert_eq!(format!("{question:?}"), "QuizQuestion(…)");
    }
}
