//! What a screen needs to ask the payer, or to tell who has the turn.

use crate::asked::{
    AffectedMandate, AwaitedParty, DocumentKind, NamedPerson, NumberKind, QuizQuestion, QuizTopic, RecordingKind,
};
use crate::convert::{all, moment};
use crate::records::Offer;
use crate::text::PromptText;
use quittance_wallet as inner;
use std::time::SystemTime;

/// The open step of a flow, or how it came out, with everything that a screen needs.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Prompt {
    /// The flow.
    pub flow: String,
    /// The name of its definition in the policy, such as `mandate.cancel.service`.
    pub definition: String,
    /// The open step; empty once there is none.
    pub step: String,
    /// What is asked; one renderer for each kind.
    pub kind: PromptKind,
    /// Heading.
    pub title: PromptText,
    /// What it is about.
    pub body: PromptText,
    /// Why it is asked.
    pub why: PromptText,
    /// What made this step necessary, what it waits for, or what ended the flow; most telling first.
    pub because: Vec<PromptText>,
    /// What happens next, and when: what ends the open step, each step that is still to come as far as is known now, last
    /// what completing the flow brings about. Where it has ended: what can be done now, what is still to come.
    pub next: Vec<PromptText>,
    /// The requirements that ask for it (R-numbers), for a page of details.
    pub rules: Vec<String>,
    /// Which step this is, from 1; what runs by itself does not count.
    pub step_number: u32,
    /// How many steps there are, as far as is known now.
    pub step_count: u32,
    /// Tries that are left, where one has failed and they are counted.
    pub attempts_left: Option<u32>,
    /// Until when it can be answered; absent where nothing ends it.
    pub deadline: Option<SystemTime>,
    /// The main action; absent where there is nothing to do.
    pub primary: Option<PromptText>,
    /// The way out, of the same weight: where the payer is asked (`asksPayer`) it leaves the flow (`Wallet.cancelFlow`); where
    /// somebody else has the turn it closes the screen, and the flow goes on.
    pub quiet: Option<PromptText>,
    /// The gateway is out of reach, and the flow goes on without it.
    pub offline: bool,
}

/// What is asked. How it is answered stands with each; `Jump` and the last five kinds have no answer. Printed, it shows
/// its kind alone: names, questions and links are for the screen.
#[derive(Clone, PartialEq, Eq, uniffi::Enum)]
#[uniffi::export(Debug)]
pub enum PromptKind {
    /// A text to agree to. Answer: `Agree`.
    Consent {
        /// What is agreed to.
        offer: Offer,
    },
    /// What will happen. Answer: `Confirm`.
    Confirm {
        /// What it is done to.
        mandates: Vec<AffectedMandate>,
        /// What follows from it.
        consequences: Vec<PromptText>,
    },
    /// The chosen permissions, to look at once more. Answer: `Confirm`.
    Choose {
        /// What was chosen.
        mandates: Vec<AffectedMandate>,
        /// What follows from it.
        consequences: Vec<PromptText>,
    },
    /// Facts for a person who decides. Answer: `Entered`, one entry for each question.
    Facts {
        /// What is asked.
        questions: Vec<PromptText>,
    },
    /// People to name. Answer: `Entered` with their accounts.
    People {
        /// Who can be named.
        people: Vec<NamedPerson>,
        /// How few will do.
        at_least: u32,
    },
    /// Another app has to be opened. No answer fits it: open `link`, leave the loop of prompts, and give the link that
    /// opens this app again to `Wallet.resumeLink`, which goes on with the run.
    Jump {
        /// The other app's link.
        link: String,
    },
    /// A code that was sent. Answer: `Code`, or `SendAgain`.
    Code {
        /// To which of the payer's numbers. The prompt's own body says it already.
        sent_to: NumberKind,
        /// How many digits.
        digits: u32,
        /// Until when it can be typed.
        valid_until: SystemTime,
        /// From when another one can be asked for.
        resend_from: SystemTime,
    },
    /// The biometric prompt. Answer: `UseBiometric`; the wallet then calls `BiometricPrompt.sign`.
    Biometric,
    /// The phone's lock screen. Answer: `UsePasscode`; the wallet then calls `BiometricPrompt.sign`.
    DevicePasscode,
    /// The payment PIN. Answer: `PaymentPin`.
    PaymentPin {
        /// How many digits.
        digits: u8,
    },
    /// The safety lock's own password. Answer: `LockPassword`.
    LockPassword {
        /// How many digits.
        digits: u8,
    },
    /// Photos of a document. Answer: `Images`.
    Photos {
        /// Of which.
        document: DocumentKind,
        /// How many.
        images: u32,
        /// Most bytes of one.
        most_bytes: u64,
    },
    /// A recording of the payer, as frames. Answer: `Images`.
    Recording {
        /// What is recorded.
        what: RecordingKind,
        /// Most bytes of one frame.
        most_bytes: u64,
    },
    /// Questions about the account's own charges. Answer: `Entered`, one entry for each.
    Quiz {
        /// What is asked for.
        about: QuizTopic,
        /// The questions.
        questions: Vec<QuizQuestion>,
    },
    /// Fields of a card. Answer: `Entered`, one entry for each.
    Fields {
        /// What is asked.
        questions: Vec<PromptText>,
    },
    /// Somebody else has the turn.
    Waiting {
        /// Who, or what.
        whom: AwaitedParty,
        /// Since when.
        since: SystemTime,
        /// Until when at the latest; absent where nothing bounds it.
        until: Option<SystemTime>,
        /// What happens then.
        then: Option<PromptText>,
    },
    /// A person decides.
    InReview {
        /// Since when.
        since: SystemTime,
        /// Until when at the latest.
        until: Option<SystemTime>,
        /// What happens then.
        then: Option<PromptText>,
    },
    /// Done, and effective later. The flow `mandate.undo` takes it back until then.
    Scheduled {
        /// What is taken back.
        order: String,
        /// Until before when.
        undo_until: SystemTime,
    },
    /// Done.
    Done {
        /// Whether what was said to happen is still to come: closing, not closed.
        under_way: bool,
    },
    /// It ended without its effect. What was held stays held.
    Refused {
        /// Why: the gateway's code; absent where it was left, by the payer or for too long.
        code: Option<String>,
        /// What can be done now.
        what_now: PromptText,
    },
}

/// Whether the payer has something to do: an answer for `submit`, or, at a `Jump`, the way to another app. Otherwise
/// the prompt tells who has the turn, or how the flow came out.
#[uniffi::export]
#[must_use]
pub fn asks_payer(prompt: &Prompt) -> bool {
    !matches!(
        prompt.kind,
        PromptKind::Waiting { .. }
            | PromptKind::InReview { .. }
            | PromptKind::Scheduled { .. }
            | PromptKind::Done { .. }
            | PromptKind::Refused { .. }
    )
}

impl std::fmt::Debug for PromptKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Consent { .. } => "Consent(…)",
            Self::Confirm { .. } => "Confirm(…)",
            Self::Choose { .. } => "Choose(…)",
            Self::Facts { .. } => "Facts(…)",
            Self::People { .. } => "People(…)",
            Self::Jump { .. } => "Jump(…)",
            Self::Code { .. } => "Code(…)",
            Self::Biometric => "Biometric",
            Self::DevicePasscode => "DevicePasscode",
            Self::PaymentPin { .. } => "PaymentPin(…)",
            Self::LockPassword { .. } => "LockPassword(…)",
            Self::Photos { .. } => "Photos(…)",
            Self::Recording { .. } => "Recording(…)",
            Self::Quiz { .. } => "Quiz(…)",
            Self::Fields { .. } => "Fields(…)",
            Self::Waiting { .. } => "Waiting(…)",
            Self::InReview { .. } => "InReview(…)",
            Self::Scheduled { .. } => "Scheduled(…)",
            Self::Done { .. } => "Done(…)",
            Self::Refused { .. } => "Refused(…)",
        })
    }
}

impl From<inner::Prompt> for Prompt {
    fn from(prompt: inner::Prompt) -> Self {
        Self {
            flow: prompt.flow.to_string(),
            definition: prompt.definition,
            step: prompt.step,
            kind: prompt.kind.into(),
            title: prompt.title.into(),
            body: prompt.body.into(),
            why: prompt.why.into(),
            because: all(prompt.because),
            next: all(prompt.next),
            rules: prompt.rules,
            step_number: prompt.step_number,
            step_count: prompt.step_count,
            attempts_left: prompt.attempts_left,
            deadline: prompt.deadline.map(moment),
            primary: prompt.primary.map(Into::into),
            quiet: prompt.quiet.map(Into::into),
            offline: prompt.offline,
        }
    }
}

impl From<inner::PromptKind> for PromptKind {
    fn from(kind: inner::PromptKind) -> Self {
        use inner::PromptKind as Inner;
        match kind {
            Inner::Consent { offer } => Self::Consent { offer: offer.into() },
            Inner::Confirm { mandates, consequences } => Self::Confirm {
                mandates: all(mandates),
                consequences: all(consequences),
            },
            Inner::Choose { mandates, consequences } => Self::Choose {
                mandates: all(mandates),
                consequences: all(consequences),
            },
            Inner::Facts { questions } => Self::Facts {
                questions: all(questions),
            },
            Inner::People { people, at_least } => Self::People {
                people: all(people),
                at_least,
            },
            Inner::Jump { link } => Self::Jump { link },
            Inner::Code {
                sent_to,
                digits,
                valid_until,
                resend_from,
            } => Self::Code {
                sent_to: sent_to.as_str().into(),
                digits,
                valid_until: moment(valid_until),
                resend_from: moment(resend_from),
            },
            Inner::Biometric => Self::Biometric,
            Inner::DevicePasscode => Self::DevicePasscode,
            Inner::PaymentPin { digits } => Self::PaymentPin { digits },
            Inner::LockPassword { digits } => Self::LockPassword { digits },
            Inner::Photos {
                document,
                images,
                most_bytes,
            } => Self::Photos {
                document: document.into(),
                images,
                most_bytes,
            },
            Inner::Recording { what, most_bytes } => Self::Recording {
                what: what.into(),
                most_bytes,
            },
            Inner::Quiz { about, questions } => Self::Quiz {
                about: about.into(),
                questions: all(questions),
            },
            Inner::Fields { questions } => Self::Fields {
                questions: all(questions),
            },
            Inner::Waiting {
                whom,
                since,
                until,
                then,
            } => Self::Waiting {
                whom: whom.into(),
                since: moment(since),
                until: until.map(moment),
                then: then.map(Into::into),
            },
            Inner::InReview { since, until, then } => Self::InReview {
                since: moment(since),
                until: until.map(moment),
                then: then.map(Into::into),
            },
            Inner::Scheduled { order, undo_until } => Self::Scheduled {
                order: order.to_string(),
                undo_until: moment(undo_until),
            },
            Inner::Done { under_way } => Self::Done { under_way },
            Inner::Refused { code, what_now } => Self::Refused {
                code: code.map(|code| code.name().to_owned()),
                what_now: what_now.into(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quittance_protocol::{FlowId, Timestamp};

    fn prompt(kind: inner::PromptKind) -> inner::Prompt {
        let text = || inner::Text {
            key: "ask.confirm.title".to_owned(),
            args: vec![("count".to_owned(), inner::TextArgument::Count(1))],
        };
        inner::Prompt {
            flow: FlowId::from_bytes([1; 16]),
            definition: "mandate.cancel.service".to_owned(),
            step: "select".to_owned(),
            kind,
            title: text(),
            body: text(),
            why: text(),
            because: vec![text()],
            next: vec![text(), text()],
            rules: vec!["R-014".to_owned()],
            step_number: 1,
            step_count: 5,
            attempts_left: Some(2),
            deadline: None,
            primary: Some(text()),
            quiet: None,
            offline: false,
        }
    }

    //
    #[test]
    fn the_facade_and_the_core_agree_on_which_prompts_ask_something() {
        use inner::PromptKind as Kind;
        let since = Timestamp::from_unix(1_795_000_000).unwrap();
        let what_now = || inner::Text {
            key: "refused.other".to_owned(),
            args: Vec::new(),
        };
        let kinds = [
            Kind::Biometric,
            Kind::DevicePasscode,
            Kind::Facts { questions: Vec::new() },
            Kind::Jump { link: String::new() },
            Kind::Waiting {
                whom: inner::Awaited::Bank,
                since,
                until: None,
                then: None,
            },
            Kind::InReview {
                since,
                until: Some(since),
                then: None,
            },
            Kind::Scheduled {
                order: quittance_protocol::OrderId::from_bytes([2; 16]),
                undo_until: since,
            },
            Kind::Done { under_way: true },
            Kind::Refused {
                code: None,
                what_now: what_now(),
            },
        ];
        for kind in kinds {
            let asks = kind.asks();
            let shown = Prompt::from(prompt(kind));
            assert_eq!(asks_payer(&shown), asks, "{:?}", shown.kind);
            assert_eq!((shown.because.len(), shown.next.len()), (1, 2));
        }
    }
}
