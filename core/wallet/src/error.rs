//! Every way in which a call on the wallet fails, with the reaction that the app owes its user.

use crate::ports::{BiometricError, DeviceKeyError};
use quittance_flows::PolicyError;
use quittance_protocol::Problem;
use quittance_protocol::log::LogError;
use quittance_protocol::problem::{Code, Retry};
use quittance_vault::{RandomnessError, RootKeyError, VaultError};

/// Why a call failed. What is durable stays, and the call may be repeated; a try that was spent stays spent. No variant
/// holds a secret or a personal datum.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WalletError {
    /// A member of the configuration cannot be used.
    #[error("configuration: {field}: {fix}")]
    Config {
        /// The member.
        field: &'static str,
        /// What to do about it.
        fix: &'static str,
    },
    /// The phone is not enrolled; call `enrol` first.
    #[error("this phone is not enrolled: enrol it first")]
    NotEnrolled,
    /// The gateway cannot be reached.
    #[error("the gateway cannot be reached")]
    Offline,
    /// The gateway refused.
    #[error("the gateway refused: {0}")]
    Problem(#[from] Problem),
    /// The gateway's answer is not one that this version understands.
    #[error("the gateway's answer is not understood: {0}")]
    Answer(&'static str),
    /// The biometric prompt ended without a signature.
    #[error(transparent)]
    Biometric(#[from] BiometricError),
    /// The keystore failed.
    #[error(transparent)]
    Keys(#[from] DeviceKeyError),
    /// The payer was not recognised as often as one day allows, and the flow asks for nothing else in place of the
    /// biometric prompt: it goes on the next day, where it was. Whoever stops something is asked for something else instead.
    #[error("the biometric prompt is not shown any more today: go on tomorrow")]
    NoTriesToday {
        /// Seconds until the next day.
        retry_after: u32,
    },
    /// The prompt's answer is not a signature of the enrolled biometric key over this challenge.
    #[error("the answer of the biometric prompt is no signature of the enrolled key over this challenge")]
    ProofInvalid,
    /// The device key made a signature that does not verify with its own public key.
    #[error("the keystore's signature does not verify with the enrolled device key")]
    SignatureInvalid,
    /// The PIN is wrong. The flow stays where it was.
    #[error("the PIN is wrong, {attempts_left} tries are left")]
    WrongPin {
        /// Tries that are left.
        attempts_left: u32,
    },
    /// The PIN is locked for a time.
    #[error("the PIN is locked")]
    PinLocked {
        /// Seconds until it can be tried again, where the gateway told.
        retry_after: Option<u32>,
    },
    /// The PIN does not have the form that the policy asks for.
    #[error("a payment PIN has {digits} digits")]
    PinFormat {
        /// How many digits it must have.
        digits: u8,
    },
    /// The open step asks for another answer, or what it shows has changed since it was shown: show the prompt anew.
    #[error("the open step asks for another answer, or shows something else by now: show its prompt again")]
    WrongAnswer,
    /// There is no such flow.
    #[error("there is no such flow on this phone")]
    UnknownFlow,
    /// The flow has ended. [`Wallet::closing_prompt`](crate::Wallet::closing_prompt) says how it came out.
    #[error("the flow has ended: start it again")]
    FlowEnded {
        /// Why it was refused; absent where it was done, left, or has expired.
        code: Option<Code>,
    },
    /// The policy has no flow of this name, or this flow is begun by a call of its own.
    #[error("the policy has no flow of this name that is begun so")]
    UnknownDefinition,
    /// This way to stop is not open for one of the mandates.
    #[error("this way to stop is not open here: {reason}")]
    RouteClosed {
        /// Text key of the reason.
        reason: &'static str,
    },
    /// The link is not the answer to a run of this phone: nothing was changed.
    #[error("the link answers no run of this phone")]
    ForeignLink,
    /// What was handed in is no JPEG or PNG image.
    #[error("image: must be JPEG or PNG")]
    NotAnImage,
    /// What was handed in is too large.
    #[error("what was handed in is too large: at most {most_bytes} bytes each")]
    TooLarge {
        /// The most.
        most_bytes: usize,
    },
    /// The safety lock's password is the payment PIN.
    #[error("the password of the lock must differ from the payment PIN")]
    SameSecret,
    /// There is no such mandate.
    #[error("there is no such mandate on this phone")]
    UnknownMandate,
    /// Nothing was named.
    #[error("name at least one mandate")]
    NothingNamed,
    /// More mandates than one order may hold (`cancellation.batch_max_items`).
    #[error("name at most {most} mandates at once")]
    TooMany {
        /// The most.
        most: u32,
    },
    /// The mandate is not active on this phone, so no permit is made.
    #[error("the mandate is not active on this phone: it cannot pay")]
    NotPayable,
    /// The amount is above what the mandate allows for one charge.
    #[error("amount: above what the mandate allows for one charge")]
    AboveLimit,
    /// The amount is in another currency than the mandate, or not positive.
    #[error("amount: must be positive, in the mandate's currency")]
    BadAmount,
    /// The scanned text is no offer.
    #[error("offer: {0}")]
    Offer(Problem),
    /// The offer can no longer be signed.
    #[error("offer: it has expired, ask the merchant for a new one")]
    OfferExpired,
    /// The policy bundle is not signed by the pinned author, or not logged.
    #[error("policy: not the pinned author's logged bundle")]
    PolicyUntrusted,
    /// The policy bundle breaks a rule of the loader, or is older than the one in force.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// A proof of the log does not hold.
    #[error("log: {0}")]
    LogRejected(#[from] LogError),
    /// The log's checkpoints contradict each other. Both are kept.
    #[error("log: two checkpoints are not of one growing log; both are kept as evidence")]
    LogContradiction,
    /// There is no such receipt.
    #[error("there is no receipt for this order on this phone")]
    NoReceipt,
    /// The vault failed.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// A folder or file of the wallet cannot be made.
    #[error("data_dir: cannot be made or read ({0:?})")]
    Folder(std::io::ErrorKind),
    /// The source of randomness failed.
    #[error(transparent)]
    Randomness(#[from] RandomnessError),
    /// A row of the wallet's own journal cannot be read: it was written by another version.
    #[error("the wallet's {0} cannot be read by this version")]
    Journal(&'static str),
    /// A defect of this library.
    #[error("internal: {0}")]
    Internal(&'static str),
}

/// The reaction that the app owes its user: it names what to do, not the cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// Try the same again, now or when there is a network.
    Retry,
    /// Try again after a time.
    Wait {
        /// How many seconds, where it is known.
        seconds: Option<u32>,
    },
    /// Ask the payer again: the flow is where it was.
    AskAgain,
    /// What the payer or the app gave has to change.
    FixInput,
    /// Begin the flow anew.
    StartOver,
    /// The payer has to set up or unlock something in the phone's settings.
    PhoneSettings,
    /// There is no enrolment, or it is of no more use. Where there is one, `enrol` gives it back: the phone is set up again
    /// with new keys in a new folder, once the payer agrees to what that loses.
    Reenrol,
    /// Update the app.
    UpdateApp,
    /// A security event: show it, keep the evidence.
    Alarm,
    /// Nothing the payer can do: support.
    Support,
}

impl WalletError {
    /// The reaction that the app owes its user.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Offline | Self::Randomness(_) => ErrorKind::Retry,
            Self::Problem(problem) => problem_kind(problem),
            Self::Biometric(error) => biometric_kind(*error),
            Self::Keys(error) => key_kind(*error),
            Self::WrongPin { .. } | Self::WrongAnswer | Self::ProofInvalid => ErrorKind::AskAgain,
            Self::PinLocked { retry_after } => ErrorKind::Wait { seconds: *retry_after },
            Self::NoTriesToday { retry_after } => ErrorKind::Wait {
                seconds: Some(*retry_after),
            },
            Self::PinFormat { .. }
            | Self::NothingNamed
            | Self::TooMany { .. }
            | Self::AboveLimit
            | Self::BadAmount
            | Self::Offer(_)
            | Self::OfferExpired
            | Self::UnknownFlow
            | Self::UnknownMandate
            | Self::UnknownDefinition
            | Self::ForeignLink
            | Self::RouteClosed { .. }
            | Self::NotAnImage
            | Self::TooLarge { .. }
            | Self::SameSecret
            | Self::NotPayable
            | Self::NoReceipt => ErrorKind::FixInput,
            Self::FlowEnded { .. } => ErrorKind::StartOver,
            Self::NotEnrolled => ErrorKind::Reenrol,
            Self::PolicyUntrusted | Self::LogRejected(_) | Self::LogContradiction => ErrorKind::Alarm,
            Self::Answer(_) | Self::Policy(_) | Self::Journal(_) => ErrorKind::UpdateApp,
            Self::Vault(error) => vault_kind(error),
            Self::SignatureInvalid | Self::Config { .. } | Self::Folder(_) | Self::Internal(_) => ErrorKind::Support,
        }
    }
}

fn problem_kind(problem: &Problem) -> ErrorKind {
    match (problem.code(), problem.retry()) {
        (Code::ProofRejected | Code::ProofReused | Code::NonceNeeded, _) => ErrorKind::AskAgain,
        (Code::StepOrder | Code::FlowExpired | Code::PolicyTooOld | Code::VersionConflict, _) => ErrorKind::StartOver,
        (Code::UnknownKey | Code::SequenceFork | Code::DeviceQuarantined, _) => ErrorKind::Reenrol,
        (Code::Unrecognised | Code::UnknownMember | Code::WrongType, _) => ErrorKind::UpdateApp,
        (_, Retry::After) => ErrorKind::Wait {
            seconds: problem.retry_after_seconds(),
        },
        (_, Retry::Same) => ErrorKind::Retry,
        (Code::LimitExceeded | Code::NotFound | Code::MandateHeld | Code::MandateEnded | Code::TooLate, _) => {
            ErrorKind::FixInput
        }
        _ => ErrorKind::Support,
    }
}

fn biometric_kind(error: BiometricError) -> ErrorKind {
    match error {
        BiometricError::UserCancelled | BiometricError::TimedOut | BiometricError::NotRecognised { .. } => {
            ErrorKind::AskAgain
        }
        BiometricError::LockedOut { permanent: false } => ErrorKind::Wait { seconds: None },
        BiometricError::LockedOut { permanent: true } | BiometricError::NotEnrolled => ErrorKind::PhoneSettings,
        BiometricError::HardwareUnavailable => ErrorKind::Retry,
        BiometricError::KeyInvalidated | BiometricError::KeyMissing => ErrorKind::Reenrol,
        BiometricError::Unexpected => ErrorKind::Support,
    }
}

fn key_kind(error: DeviceKeyError) -> ErrorKind {
    match error {
        DeviceKeyError::KeyMissing | DeviceKeyError::KeyInvalidated | DeviceKeyError::Refused => ErrorKind::Reenrol,
        DeviceKeyError::HardwareUnavailable => ErrorKind::Retry,
        DeviceKeyError::Locked => ErrorKind::PhoneSettings,
        DeviceKeyError::Unexpected => ErrorKind::Support,
    }
}

fn vault_kind(error: &VaultError) -> ErrorKind {
    match error {
        VaultError::Quarantined { .. } | VaultError::Missing | VaultError::Corrupt { .. } => ErrorKind::Reenrol,
        VaultError::NewerVersion { .. } => ErrorKind::UpdateApp,
        VaultError::StorageFull => ErrorKind::PhoneSettings,
        VaultError::Locked
        | VaultError::Unfinished { .. }
        | VaultError::Poisoned
        | VaultError::TransactionLost
        | VaultError::RootKey(RootKeyError::Unavailable { .. }) => ErrorKind::Retry,
        VaultError::ProbeFailed { .. } => ErrorKind::Alarm,
        _ => ErrorKind::Support,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_biometric_fault_keeps_its_type_and_owes_a_reaction() {
        let reactions = [
            (BiometricError::UserCancelled, ErrorKind::AskAgain),
            (BiometricError::TimedOut, ErrorKind::AskAgain),
            (BiometricError::NotRecognised { failures: 2 }, ErrorKind::AskAgain),
            (
                BiometricError::LockedOut { permanent: false },
                ErrorKind::Wait { seconds: None },
            ),
            (BiometricError::LockedOut { permanent: true }, ErrorKind::PhoneSettings),
            (BiometricError::NotEnrolled, ErrorKind::PhoneSettings),
            (BiometricError::HardwareUnavailable, ErrorKind::Retry),
            (BiometricError::KeyInvalidated, ErrorKind::Reenrol),
            (BiometricError::KeyMissing, ErrorKind::Reenrol),
            (BiometricError::Unexpected, ErrorKind::Support),
        ];
        for (error, kind) in reactions {
            let wrapped = WalletError::from(error);
            assert!(matches!(wrapped, WalletError::Biometric(same) if same == error));
            assert_eq!(wrapped.kind(), kind, "{error:?}");
        }
    }

    #[test]
    fn a_lock_tells_how_long_to_wait() {
        let locked = WalletError::from(Problem::new(Code::ExternalUnavailable).retry_after(30));
        assert_eq!(locked.kind(), ErrorKind::Wait { seconds: Some(30) });
    }
}
