//! What a screen needs to ask the payer, with how the payer answers.

use crate::convert::moment;
use crate::records::Offer;
use quittance_wallet as inner;
use std::collections::HashMap;
use std::time::SystemTime;
use zeroize::Zeroizing;

/// A text by its key in `bindings/texts`, with the arguments that the text names.
///
/// Not called `Text`: SwiftUI and Compose both have one.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct PromptText {
    /// Key in the catalogue.
    pub key: String,
    /// Arguments by name: `{count}` in the text is replaced by the value of `count`.
    pub arguments: HashMap<String, String>,
}

/// The open step of a flow, with everything that a screen needs.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Prompt {
    /// The flow.
    pub flow: String,
    /// The open step.
    pub step: String,
    /// What is asked; one renderer for each kind.
    pub kind: PromptKind,
    /// Heading.
    pub title: PromptText,
    /// What it is about.
    pub body: PromptText,
    /// Why it is asked.
    pub why: PromptText,
    /// Which step this is, from 1.
    pub step_number: u32,
    /// How many steps there are.
    pub step_count: u32,
    /// Until when it can be answered; absent where nothing ends it.
    pub deadline: Option<SystemTime>,
    /// The gateway is out of reach, and the flow goes on without it.
    pub offline: bool,
}

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
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
    /// The biometric prompt. Answer: `UseBiometric`; the wallet then calls `BiometricPrompt.sign`.
    Biometric,
    /// The payment PIN. Answer: `PaymentPin`.
    PaymentPin {
        /// How many digits.
        digits: u8,
        /// Tries that are left, where one has failed.
        attempts_left: Option<u32>,
    },
}

/// A mandate as it stands on a confirmation.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct AffectedMandate {
    /// Which.
    pub mandate: String,
    /// The merchant's name.
    pub merchant_name: String,
    /// The service's name.
    pub service: String,
}

/// How the payer answers a prompt. Printed, it never shows a PIN.
#[derive(Clone, uniffi::Enum)]
#[uniffi::export(Debug)]
pub enum Answer {
    /// Agrees to the text.
    Agree,
    /// Confirms the consequences.
    Confirm,
    /// Go on to the biometric prompt.
    UseBiometric,
    /// The payment PIN as typed: its digits in ASCII. Overwrite your own copy afterwards.
    PaymentPin {
        /// The digits.
        pin: Vec<u8>,
    },
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Agree => "Agree",
            Self::Confirm => "Confirm",
            Self::UseBiometric => "UseBiometric",
            Self::PaymentPin { .. } => "PaymentPin(…)",
        })
    }
}

impl From<Answer> for inner::Answer {
    fn from(answer: Answer) -> Self {
        match answer {
            Answer::Agree => Self::Agree,
            Answer::Confirm => Self::Confirm,
            Answer::UseBiometric => Self::UseBiometric,
            Answer::PaymentPin { pin } => Self::PaymentPin(Zeroizing::new(pin)),
        }
    }
}

impl From<inner::Text> for PromptText {
    fn from(text: inner::Text) -> Self {
        Self {
            key: text.key,
            arguments: text.args.into_iter().collect(),
        }
    }
}

impl From<inner::Prompt> for Prompt {
    fn from(prompt: inner::Prompt) -> Self {
        Self {
            flow: prompt.flow.to_string(),
            step: prompt.step,
            kind: prompt.kind.into(),
            title: prompt.title.into(),
            body: prompt.body.into(),
            why: prompt.why.into(),
            step_number: prompt.step_number,
            step_count: prompt.step_count,
            deadline: prompt.deadline.map(moment),
            offline: prompt.offline,
        }
    }
}

impl From<inner::PromptKind> for PromptKind {
    fn from(kind: inner::PromptKind) -> Self {
        match kind {
            inner::PromptKind::Consent { offer } => Self::Consent { offer: offer.into() },
            inner::PromptKind::Confirm { mandates, consequences } => Self::Confirm {
                mandates: mandates.into_iter().map(Into::into).collect(),
                consequences: consequences.into_iter().map(Into::into).collect(),
            },
            inner::PromptKind::Biometric => Self::Biometric,
            inner::PromptKind::PaymentPin { digits, attempts_left } => Self::PaymentPin { digits, attempts_left },
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

    #[test]
    fn a_printed_answer_does_not_show_the_pin() {
        let printed = format!(
            "{:?}",
            Answer::PaymentPin {
                pin: b"482913".to_vec()
            }
        );
        assert_eq!(printed, "PaymentPin(…)");
    }
}
