//! How the payer answers a prompt.

use quittance_wallet as inner;
use zeroize::Zeroizing;

/// How the payer answers a prompt. Printed, it never shows what was typed or photographed.
#[derive(Clone, uniffi::Enum)]
#[uniffi::export(Debug)]
pub enum Answer {
    /// Agrees to the text.
    Agree,
    /// Confirms the consequences, or what was chosen.
    Confirm,
    /// Go on to the biometric prompt.
    UseBiometric,
    /// Go on to the phone's lock screen.
    UsePasscode,
    /// The payment PIN as typed: its digits in ASCII. Overwrite your own copy afterwards.
    PaymentPin {
        /// The digits.
        pin: Vec<u8>,
    },
    /// The safety lock's own password as typed: its digits in ASCII. Overwrite your own copy afterwards.
    LockPassword {
        /// The digits.
        password: Vec<u8>,
    },
    /// A code that was sent, as typed: its digits in ASCII.
    Code {
        /// The digits.
        code: Vec<u8>,
    },
    /// Asks for the code once more.
    SendAgain,
    /// Photos, or the frames of a recording, in the sequence that was asked for: JPEG or PNG.
    Images {
        /// Each as a file's bytes.
        images: Vec<Vec<u8>>,
    },
    /// What was typed or chosen, one for each question, in sequence.
    Entered {
        /// The entries.
        entries: Vec<String>,
    },
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Agree => "Agree",
            Self::Confirm => "Confirm",
            Self::UseBiometric => "UseBiometric",
            Self::UsePasscode => "UsePasscode",
            Self::PaymentPin { .. } => "PaymentPin(…)",
            Self::LockPassword { .. } => "LockPassword(…)",
            Self::Code { .. } => "Code(…)",
            Self::SendAgain => "SendAgain",
            Self::Images { .. } => "Images(…)",
            Self::Entered { .. } => "Entered(…)",
        })
    }
}

impl From<Answer> for inner::Answer {
    fn from(answer: Answer) -> Self {
        match answer {
            Answer::Agree => Self::Agree,
            Answer::Confirm => Self::Confirm,
            Answer::UseBiometric => Self::UseBiometric,
            Answer::UsePasscode => Self::UsePasscode,
            Answer::PaymentPin { pin } => Self::PaymentPin(Zeroizing::new(pin)),
            Answer::LockPassword { password } => Self::LockPassword(Zeroizing::new(password)),
            Answer::Code { code } => Self::Code(Zeroizing::new(code)),
            Answer::SendAgain => Self::SendAgain,
            Answer::Images { images } => Self::Images(images),
            Answer::Entered { entries } => Self::Entered(entries),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_printed_answer_shows_nothing_that_was_typed() {
        let typed = || b"482913".to_vec();
        let answers = [
            Answer::PaymentPin { pin: typed() },
            Answer::LockPassword { password: typed() },
            Answer::Code { code: typed() },
            Answer::Images { images: vec![typed()] },
            Answer::Entered {
                entries: vec!["482913".to_owned()],
            },
        ];
        for answer in answers {
            let printed = format!("{answer:?}");
            assert!(printed.ends_with("(…)") && !printed.contains('4'), "{printed}");
        }
    }
}
