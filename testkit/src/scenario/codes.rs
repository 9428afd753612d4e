//! What a refusal is called in a scenario: the problem's code, or a word of the wallet's own.

use quittance_wallet::{BiometricError, ErrorKind, Remedy, WalletError};

/// The name of a refusal.
pub(super) fn name_of(error: &WalletError) -> String {
    let name = match error {
        WalletError::Problem(problem) | WalletError::Offer(problem) => problem.code().name(),
        WalletError::Offline => "offline",
        WalletError::WrongPin { .. } => "wrong_secret",
        WalletError::PinLocked { .. } | WalletError::NoTriesToday { .. } => "factor_locked",
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
        WalletError::Vault(_) => "storage",
        WalletError::PolicyUntrusted => "distrusted_policy",
        WalletError::LogRejected(_) => "distrusted_log_proof",
        WalletError::LogContradiction => "distrusted_log_contradiction",
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

/// The name of what an app owes its user.
pub(super) const fn owed(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Retry => "retry",
        ErrorKind::Wait { .. } => "wait",
        ErrorKind::AskAgain => "ask_again",
        ErrorKind::FixInput => "fix_input",
        ErrorKind::StartOver => "start_over",
        ErrorKind::PhoneSettings => "phone_settings",
        ErrorKind::Reenrol => "reenrol",
        ErrorKind::UpdateApp => "update_app",
        ErrorKind::Alarm => "alarm",
        ErrorKind::Support => "support",
    }
}

/// The name of what a finding's button does.
pub(super) const fn remedy(remedy: Remedy) -> &'static str {
    match remedy {
        Remedy::SetLockPassword => "set_lock_password",
        Remedy::OpenPhoneSettings => "open_phone_settings",
        Remedy::SeePermissions => "see_permissions",
        Remedy::SeeRecovery => "see_recovery",
        Remedy::Sync => "sync",
        Remedy::SetUpAgain => "set_up_again",
        Remedy::ContactSupport => "contact_support",
    }
}
