//! What a screen needs to ask the payer, or to tell who has the turn.

use crate::texts::Text;
use crate::views::OfferView;
use quittance_protocol::problem::Code;
use quittance_protocol::{AccountId, FlowId, MandateId, OrderId, Timestamp};
use serde::Serialize;

/// The open step of a flow, with everything that a screen needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    /// The flow.
    pub flow: FlowId,
    /// The definition's name in the policy.
    pub definition: String,
    /// The open step; empty once there is none.
    pub step: String,
    /// What is asked; one renderer for each kind.
    pub kind: PromptKind,
    /// Heading.
    pub title: Text,
    /// What it is about.
    pub body: Text,
    /// Why it is asked.
    pub why: Text,
    /// What made this step necessary, what it waits for, or what ended the run; most telling first.
    pub because: Vec<Text>,
    /// What happens next, and when: what ends the open step, each step that is still to come as far as is known now, last
    /// what completing the run brings about. Where the run has ended: what can be done now, what is still to come.
    pub next: Vec<Text>,
    /// The requirements that ask for it (R-numbers), for a details page.
    pub rules: Vec<String>,
    /// Which step this is, from 1; what runs by itself does not count.
    pub step_number: u32,
    /// How many steps there are, as far as is known now; skipped ones do not count.
    pub step_count: u32,
    /// Tries that are left, where one has failed and they are counted.
    pub attempts_left: Option<u32>,
    /// Until when it can be answered; absent where nothing ends it.
    pub deadline: Option<Timestamp>,
    /// The main action; absent where there is nothing to do.
    pub primary: Option<Text>,
    /// The way out, of the same weight.
    pub quiet: Option<Text>,
    /// The gateway is out of reach, and the flow goes on without it.
    pub offline: bool,
}

/// What is asked. How it is answered stands with each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PromptKind {
    /// A text to agree to. Answer: `Agree`.
    Consent {
        /// What is agreed to.
        offer: OfferView,
    },
    /// What will happen. Answer: `Confirm`.
    Confirm {
        /// What it is done to.
        mandates: Vec<AffectedMandate>,
        /// What follows from it.
        consequences: Vec<Text>,
    },
    /// Which permissions it is about: the chosen ones, to look at once more. Answer: `Confirm`.
    Choose {
        /// What was chosen.
        mandates: Vec<AffectedMandate>,
        /// What follows from it.
        consequences: Vec<Text>,
    },
    /// Facts for a person who decides. Answer: `Entered`, one entry for each question.
    Facts {
        /// What is asked.
        questions: Vec<Text>,
    },
    /// People to name. Answer: `Entered` with their accounts.
    People {
        /// Who can be named.
        people: Vec<Person>,
        /// How few will do.
        at_least: u32,
    },
    /// Another app has to be opened; it leads back by a link, see [`crate::Wallet::resume_link`].
    Jump {
        /// Its link.
        link: String,
    },
    /// A code that was sent. Answer: `Code`, or `SendAgain`.
    Code {
        /// To which number: `own`, `bound`, `foreign`; the number itself is not shown.
        sent_to: String,
        /// How many digits.
        digits: u32,
        /// Until when it can be typed.
        valid_until: Timestamp,
        /// From when another one can be asked for.
        resend_from: Timestamp,
    },
    /// The biometric prompt. Answer: `UseBiometric`.
    Biometric,
    /// The phone's lock screen. Answer: `UsePasscode`.
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
        /// Which document.
        document: Document,
        /// How many photos.
        images: u32,
        /// Most bytes of one.
        most_bytes: u64,
    },
    /// A recording of the payer, as frames. Answer: `Images`.
    Recording {
        /// What is recorded.
        what: Recording,
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
        questions: Vec<Text>,
    },
    /// Somebody else has the turn. There is nothing to answer.
    Waiting {
        /// Who, or what.
        whom: Awaited,
        /// Since when.
        since: Timestamp,
        /// Until when at the latest; absent where nothing bounds it.
        until: Option<Timestamp>,
        /// What happens then.
        then: Option<Text>,
    },
    /// A person decides. There is nothing to answer.
    InReview {
        /// Since when.
        since: Timestamp,
        /// Until when at the latest.
        until: Option<Timestamp>,
        /// What happens then.
        then: Option<Text>,
    },
    /// Done, and effective later. It can be taken back until then by the flow `mandate.undo`.
    Scheduled {
        /// What is taken back.
        order: OrderId,
        /// Until before when.
        undo_until: Timestamp,
    },
    /// Done.
    Done {
        /// What was said to happen is still to come: closing, not closed.
        under_way: bool,
    },
    /// It ended without its effect. What was held stays held.
    Refused {
        /// Why; absent where it was left, by the payer or for too long.
        code: Option<Code>,
        /// What can be done now.
        what_now: Text,
    },
}

impl PromptKind {
    /// Whether the payer has something to do.
    #[must_use]
    pub const fn asks(&self) -> bool {
        !matches!(
            self,
            Self::Waiting { .. }
                | Self::InReview { .. }
                | Self::Scheduled { .. }
                | Self::Done { .. }
                | Self::Refused { .. }
        )
    }
}

/// Who has the turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Awaited {
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

/// A document of which photos are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Document {
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recording {
    /// The face.
    Face,
    /// Gestures, in sequence, by their text keys.
    Gestures {
        /// Which.
        gestures: Vec<Text>,
    },
    /// A conversation by video.
    Video,
}

/// What a quiz asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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

/// One question about a charge; personal, so it appears in no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct QuizQuestion {
    /// What is said of the charge.
    pub about: String,
    /// What can be chosen; empty where the answer is typed.
    pub choices: Vec<String>,
}

/// Somebody who can be named; personal, so it appears in no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Person {
    /// The account.
    pub account: AccountId,
    /// The name that the payer gave.
    pub name: String,
}

impl std::fmt::Debug for QuizQuestion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("QuizQuestion(…)")
    }
}

impl std::fmt::Debug for Person {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Person(…)")
    }
}

/// A mandate as it stands on a confirmation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AffectedMandate {
    /// Which.
    pub mandate: MandateId,
    /// The merchant's name.
    pub merchant_name: String,
    /// The service's name.
    pub service: String,
}
