//! How a willing payer answers what needs no more than a thumb and a PIN.

use quittance_wallet::{Answer, PromptKind};
use zeroize::Zeroizing;

/// The answer of a payer who wants to get on; nothing where the prompt asks for more: a code, a picture, a person.
#[must_use]
pub fn answer(kind: &PromptKind, pin: &str) -> Option<Answer> {
    Some(match kind {
        PromptKind::Consent { .. } => Answer::Agree,
        PromptKind::Confirm { .. } | PromptKind::Choose { .. } => Answer::Confirm,
        PromptKind::Biometric => Answer::UseBiometric,
        PromptKind::DevicePasscode => Answer::UsePasscode,
        PromptKind::PaymentPin { .. } => Answer::PaymentPin(Zeroizing::new(pin.as_bytes().to_vec())),
        _ => return None,
    })
}
