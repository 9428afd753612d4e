//! The few ways in which a call fails, as an app tells them apart.

use crate::convert::same_variants_out;
use crate::ports::{BiometricError, DeviceKeyError};
use quittance_protocol::problem::Code;
use quittance_wallet as inner;

/// Why a call failed. What is durable stays, and the call may be repeated; but a try counts all the same: a wrong PIN
/// and a finger that was not recognised have each used one. `errorKind` names what the app owes its user. No member
/// holds a secret or a personal datum: Kotlin's `message` and Swift's `errorDescription` print them all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum WalletError {
    /// Something that the app or the payer gave cannot be used.
    #[error("{member}: {fix}")]
    InvalidInput {
        /// The argument or member.
        member: String,
        /// What to do about it.
        fix: String,
    },
    /// The configuration cannot be used.
    #[error("configuration: {member}: {fix}")]
    Configuration {
        /// The member, as Rust writes it: `log_vkey` is the record's `logVkey`.
        member: String,
        /// What to do about it.
        fix: String,
    },
    /// The phone is not enrolled.
    #[error("this phone is not enrolled: enrol it first")]
    NotEnrolled,
    /// The gateway cannot be reached.
    #[error("the gateway cannot be reached")]
    Offline,
    /// The gateway refused; with `factor_locked` also this phone, where the biometric prompt is not shown any more today and
    /// nothing stands in for it.
    #[error("refused: {code}")]
    Refused {
        /// Its code, such as `mandate_ended` (docs/protocol.md lists them).
        code: String,
        /// What the app owes its user.
        reaction: ErrorKind,
    },
    /// The biometric prompt ended without a signature. The flow is where it was.
    #[error("{reason}")]
    Biometric {
        /// How it ended.
        reason: BiometricError,
    },
    /// The keystore failed.
    #[error("{reason}")]
    Keystore {
        /// How.
        reason: DeviceKeyError,
    },
    /// The prompt's answer is no signature of the enrolled biometric key over this challenge. The flow is where it was.
    #[error("the answer of the biometric prompt is no signature of the enrolled key over this challenge")]
    ProofInvalid,
    /// The keystore's signature does not verify with the enrolled device key.
    #[error("the keystore's signature does not verify with the enrolled device key")]
    SignatureInvalid,
    /// The PIN is wrong. The flow is where it was, with one try less. A wrong one-time code is no error: see `submit`.
    #[error("the PIN is wrong, {attempts_left} tries are left")]
    WrongPin {
        /// Tries that are left.
        attempts_left: u32,
    },
    /// The PIN is locked for a time.
    #[error("the PIN is locked")]
    PinLocked {
        /// Seconds until it can be tried again, where the gateway told.
        retry_after_seconds: Option<u32>,
    },
    /// The open step asks for another answer.
    #[error("the open step asks for another answer")]
    WrongAnswer,
    /// The flow has ended. `Wallet.closingPrompt` says how it came out.
    #[error("the flow has ended: start it again")]
    FlowEnded {
        /// Why it was refused: the gateway's code; absent where it was done, left, or has expired.
        code: Option<String>,
    },
    /// This way to stop is not open here. `Wallet.cancellationRoutes` has the others.
    #[error("this way to stop is not open here: {reason}")]
    RouteClosed {
        /// Text key of the reason.
        reason: String,
    },
    /// The link answers no run of this phone. Nothing was changed.
    #[error("the link answers no run of this phone")]
    ForeignLink,
    /// What was handed in is no JPEG or PNG image. Nothing was sent.
    #[error("an image must be JPEG or PNG")]
    NotAnImage,
    /// What was handed in is too large. Nothing was sent.
    #[error("an image has at most {most_bytes} bytes")]
    TooLarge {
        /// The most.
        most_bytes: u64,
    },
    /// The safety lock's password is the payment PIN: it must be another.
    #[error("the password of the lock must differ from the payment PIN")]
    SameSecret,
    /// There is no such thing on this phone.
    #[error("there is no such {what} on this phone")]
    Unknown {
        /// `flow`, `definition`, `mandate` or `receipt`.
        what: String,
    },
    /// The mandate cannot pay now: it is held, ending or ended on this phone.
    #[error("the mandate cannot pay now")]
    NotPayable,
    /// What the gateway shows contradicts what this phone may believe. Evidence is kept.
    #[error("not believed: {reason}")]
    Distrusted {
        /// What was not believed: `policy`, `log_proof` or `log_contradiction`.
        reason: String,
    },
    /// The gateway, or a file on this phone, speaks a version that this app does not know.
    #[error("this app is too old: {part}")]
    TooOld {
        /// What is not understood.
        part: String,
    },
    /// The wallet's file, or its place, cannot be used; while the wallet opens also, with `Retry`, a keystore that does
    /// not answer now, such as that of a locked phone.
    #[error("storage: {fix}")]
    Storage {
        /// What to do about it.
        fix: String,
        /// What the app owes its user.
        reaction: ErrorKind,
    },
    /// A defect of this library.
    #[error("internal: {place}")]
    Internal {
        /// Where.
        place: String,
    },
}

/// What the app owes its user after an error: what to do, not why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
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
    /// This phone's enrolment is of no more use, or there is none. After `NotEnrolled`, call `enrol`. After every other
    /// error `enrol` gives the old enrolment back, so the phone has to be set up again, which the payer has to agree
    /// to: receipts and history on it are lost, and it gets a new account. What comes in which sequence stands in
    /// docs/life-of-an-app.md.
    Reenrol,
    /// Update the app.
    UpdateApp,
    /// A security event: show it, keep the evidence.
    Alarm,
    /// Nothing the payer can do: support.
    Support,
}

same_variants_out!(ErrorKind = inner::ErrorKind {
    Retry, Wait { seconds }, AskAgain, FixInput, StartOver, PhoneSettings, Reenrol, UpdateApp, Alarm, Support
});

/// What the app owes its user after this error.
#[uniffi::export]
#[must_use]
pub fn error_kind(error: &WalletError) -> ErrorKind {
    match error {
        WalletError::Offline => ErrorKind::Retry,
        WalletError::Refused { reaction, .. } | WalletError::Storage { reaction, .. } => *reaction,
        WalletError::Biometric { reason } => inner::WalletError::Biometric((*reason).into()).kind().into(),
        WalletError::Keystore { reason } => inner::WalletError::Keys((*reason).into()).kind().into(),
        WalletError::ProofInvalid | WalletError::WrongPin { .. } | WalletError::WrongAnswer => ErrorKind::AskAgain,
        WalletError::PinLocked { retry_after_seconds } => ErrorKind::Wait {
            seconds: *retry_after_seconds,
        },
        WalletError::InvalidInput { .. }
        | WalletError::Unknown { .. }
        | WalletError::RouteClosed { .. }
        | WalletError::ForeignLink
        | WalletError::NotAnImage
        | WalletError::TooLarge { .. }
        | WalletError::SameSecret
        | WalletError::NotPayable => ErrorKind::FixInput,
        WalletError::FlowEnded { .. } => ErrorKind::StartOver,
        WalletError::NotEnrolled => ErrorKind::Reenrol,
        WalletError::Distrusted { .. } => ErrorKind::Alarm,
        WalletError::TooOld { .. } => ErrorKind::UpdateApp,
        WalletError::SignatureInvalid | WalletError::Configuration { .. } | WalletError::Internal { .. } => {
            ErrorKind::Support
        }
    }
}

impl From<inner::WalletError> for WalletError {
    fn from(error: inner::WalletError) -> Self {
        use inner::WalletError as Inner;
        let input = |member: &str, fix: String| Self::InvalidInput {
            member: member.to_owned(),
            fix,
        };
        let unknown = |what: &str| Self::Unknown { what: what.to_owned() };
        let distrusted = |reason: &str| Self::Distrusted {
            reason: reason.to_owned(),
        };
        let reaction = error.kind().into();
        match error {
            Inner::Config { field, fix } => Self::Configuration {
                member: field.to_owned(),
                fix: fix.to_owned(),
            },
            Inner::NotEnrolled => Self::NotEnrolled,
            Inner::Offline => Self::Offline,
            Inner::Problem(problem) => Self::Refused {
                code: problem.code().name().to_owned(),
                reaction,
            },
            Inner::Answer(part) | Inner::Journal(part) => Self::TooOld { part: part.to_owned() },
            Inner::Policy(_) => Self::TooOld {
                part: "policy".to_owned(),
            },
            Inner::Biometric(reason) => Self::Biometric { reason: reason.into() },
            Inner::NoTriesToday { .. } => Self::Refused {
                code: Code::FactorLocked.name().to_owned(),
                reaction,
            },
            Inner::Keys(reason) => Self::Keystore { reason: reason.into() },
            Inner::ProofInvalid => Self::ProofInvalid,
            Inner::SignatureInvalid => Self::SignatureInvalid,
            Inner::WrongPin { attempts_left } => Self::WrongPin { attempts_left },
            Inner::PinLocked { retry_after } => Self::PinLocked {
                retry_after_seconds: retry_after,
            },
            Inner::PinFormat { digits } => input("pin", format!("a payment PIN has {digits} digits")),
            Inner::WrongAnswer => Self::WrongAnswer,
            Inner::UnknownFlow => unknown("flow"),
            Inner::FlowEnded { code } => Self::FlowEnded {
                code: code.map(|code| code.name().to_owned()),
            },
            Inner::UnknownDefinition => unknown("definition"),
            Inner::RouteClosed { reason } => Self::RouteClosed {
                reason: reason.to_owned(),
            },
            Inner::ForeignLink => Self::ForeignLink,
            Inner::NotAnImage => Self::NotAnImage,
            Inner::TooLarge { most_bytes } => Self::TooLarge {
                most_bytes: u64::try_from(most_bytes).unwrap_or(u64::MAX),
            },
            Inner::SameSecret => Self::SameSecret,
            Inner::UnknownMandate => unknown("mandate"),
            Inner::NoReceipt => unknown("receipt"),
            Inner::NothingNamed => input("mandates", "name at least one".to_owned()),
            Inner::TooMany { most } => input("mandates", format!("name at most {most} at once")),
            Inner::NotPayable => Self::NotPayable,
            Inner::AboveLimit => input(
                "amount",
                "it is above what the mandate allows for one charge".to_owned(),
            ),
            Inner::BadAmount => input("amount", "it must be positive, in the mandate's currency".to_owned()),
            Inner::Offer(problem) => input("offer", problem.code().title().to_owned()),
            Inner::OfferExpired => input("offer", "it has expired: ask the merchant for a new one".to_owned()),
            Inner::PolicyUntrusted => distrusted("policy"),
            Inner::LogRejected(_) => distrusted("log_proof"),
            Inner::LogContradiction => distrusted("log_contradiction"),
            Inner::Vault(error) => Self::Storage {
                fix: error.to_string(),
                reaction,
            },
            Inner::Folder(kind) => Self::Configuration {
                member: "data_dir".to_owned(),
                fix: format!("it cannot be made or read: {kind}"),
            },
            Inner::Randomness(_) => Self::Storage {
                fix: "the source of randomness failed: try again".to_owned(),
                reaction,
            },
            Inner::Internal(place) => Self::Internal {
                place: place.to_owned(),
            },
            // The inner error may grow; what this facade does not know yet is a defect of this facade.
            _ => Self::Internal {
                place: "an error without a name at the facade".to_owned(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use inner::WalletError as Inner;
    use quittance_protocol::Problem;
    use quittance_protocol::log::LogError;
    use quittance_vault::VaultError;

    fn samples() -> Vec<Inner> {
        use inner::{BiometricError as Prompt, DeviceKeyError as Keys};
        let mut samples = vec![
            Inner::Config {
                field: "origin",
                fix: "set it",
            },
            Inner::NotEnrolled,
            Inner::Offline,
            Inner::Answer("order"),
            Inner::ProofInvalid,
            Inner::SignatureInvalid,
            Inner::WrongPin { attempts_left: 3 },
            Inner::PinLocked { retry_after: Some(60) },
            Inner::NoTriesToday { retry_after: 60 },
            Inner::PinFormat { digits: 6 },
            Inner::WrongAnswer,
            Inner::UnknownFlow,
            Inner::FlowEnded { code: None },
            Inner::FlowEnded {
                code: Some(Code::RiskDenied),
            },
            Inner::UnknownDefinition,
            Inner::RouteClosed {
                reason: "route.closed.ended",
            },
            Inner::ForeignLink,
            Inner::NotAnImage,
            Inner::TooLarge { most_bytes: 1 },
            Inner::SameSecret,
            Inner::UnknownMandate,
            Inner::NothingNamed,
            Inner::TooMany { most: 20 },
            Inner::NotPayable,
            Inner::AboveLimit,
            Inner::BadAmount,
            Inner::Offer(Problem::new(Code::Malformed)),
            Inner::OfferExpired,
            Inner::PolicyUntrusted,
            Inner::LogRejected(LogError::Signature),
            Inner::LogContradiction,
            Inner::NoReceipt,
            Inner::Vault(VaultError::Missing),
            Inner::Vault(VaultError::StorageFull),
            Inner::Vault(VaultError::NewerVersion { found: 9, supported: 1 }),
            Inner::Folder(std::io::ErrorKind::PermissionDenied),
            Inner::Journal("flow"),
            Inner::Internal("x"),
        ];
        samples.extend(Code::ALL.iter().map(|code| Inner::Problem(Problem::new(*code))));
        samples.extend(
            [
                Prompt::UserCancelled,
                Prompt::TimedOut,
                Prompt::NotRecognised { failures: 2 },
                Prompt::LockedOut { permanent: false },
                Prompt::LockedOut { permanent: true },
                Prompt::NotEnrolled,
                Prompt::HardwareUnavailable,
                Prompt::KeyInvalidated,
                Prompt::KeyMissing,
                Prompt::Unexpected,
            ]
            .map(Inner::Biometric),
        );
        samples.extend(
            [
                Keys::KeyMissing,
                Keys::KeyInvalidated,
                Keys::HardwareUnavailable,
                Keys::Locked,
                Keys::Refused,
                Keys::Unexpected,
            ]
            .map(Inner::Keys),
        );
        samples
    }

    //
    #[test]
    fn the_facade_owes_the_same_reaction_as_the_core() {
        for sample in samples() {
            let (named, kind) = (format!("{sample:?}"), sample.kind().into());
            let outer = WalletError::from(sample);
            assert_eq!(error_kind(&outer), kind, "{named} became {outer:?}");
            assert!(!outer.to_string().contains("without a name"), "{named}");
        }
    }
}
