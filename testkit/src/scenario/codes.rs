//! What a refusal is called in a scenario: the problem's code, or a word of the wallet's own.

use quittance_wallet::{BiometricError, WalletError};

/// The name of a refusal.
pub(super) fn name_of(error: &WalletError) -> String {
    let name = match error {
        WalletError::Problem(problem) | WalletError::Offer(problem) => problem.code().name(),
        WalletError::Offline => "offline",
        WalletError::WrongPin { .. } => "wrong_secret",
        WalletError::PinLocked { .. } => "factor_locked",
        WalletError::PinFormat { .. } => "secret_format",
        WalletError::SameSecret => "same_secret",
        WalletError::Biometric(error) => how_it_ended(*error),
        WalletError::WrongAnswer => "wrong_answer",
        WalletError::FlowEnded { code: Some(code) } => code.name(),
        WalletError::FlowEnded { code: None } => "flow_ended",
        WalletError::UnknownFlow => "unknown_flow",
        WalletError::UnknownDefinition => "unknown_definition",
        WalletError::UnknownMandate => "unknown_mandate",
        WalletError::RouteClosed { .. } => "route_closed",
        WalletError::ForeignLink => "foreign_state",
        WalletError::NotAnImage => "not_an_image",
        WalletError::TooLarge { .. } => "too_large",
        WalletError::TooMany { .. } => "too_many",
        WalletError::NothingNamed => "nothing_named",
        WalletError::NotPayable => "not_payable",
        WalletError::AboveLimit => "above_limit",
        WalletError::OfferExpired => "offer_expired",
        other => return other.to_string(),
    };
    name.to_owned()
}

/// The name of how the platform's prompt ended.
const fn how_it_ended(error: BiometricError) -> &'static str {
    match error {
        BiometricError::UserCancelled => "user_cancelled",
        BiometricError::TimedOut => "timed_out",
        BiometricError::NotRecognised { .. } => "not_recognised",
        BiometricError::LockedOut { permanent: false } => "locked_out",
        BiometricError::LockedOut { permanent: true } => "locked_for_good",
        BiometricError::NotEnrolled => "not_enrolled",
        BiometricError::HardwareUnavailable => "hardware_unavailable",
        BiometricError::KeyInvalidated => "key_invalidated",
        BiometricError::KeyMissing => "key_missing",
        BiometricError::Unexpected => "unexpected",
    }
}
