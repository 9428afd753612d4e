//! The facade that apps call, in Kotlin and Swift.
//!
//! An app gives its keystore ([`DeviceKeys`]) and its biometric prompt ([`BiometricPrompt`]), opens a [`Wallet`], and
//! asks it: prompts are pulled ([`Wallet::next_prompt`]) and answered ([`Wallet::submit`]), news is pulled
//! ([`Wallet::next_event`]). A failed call throws a [`WalletError`], whose [`error_kind`] names what the app owes its
//! user. Nothing secret comes back from any call.

mod answers;
mod asked;
mod convert;
mod error;
mod events;
mod mandates;
mod ports;
mod prompts;
mod records;
mod wallet;

pub use answers::Answer;
pub use asked::{AffectedMandate, AwaitedParty, DocumentKind, NamedPerson, QuizQuestion, QuizTopic, RecordingKind};
pub use error::{ErrorKind, WalletError, error_kind};
pub use events::{DisputeReason, Missing, WalletEvent};
pub use mandates::{
    ClosureKind, Ending, EndingStage, ExportedReceipt, HalfState, HoldOwner, Mandate, MandateState, NamedStatement,
    ReceiptSummary, TerminationCause,
};
pub use ports::{
    BiometricError, BiometricPrompt, BiometricRequest, CreatedKey, DeviceKeyError, DeviceKeys, KeyAlias, KeyStoreKind,
};
pub use prompts::{Prompt, PromptKind, PromptText};
pub use records::{
    Enrolment, EvidenceLevel, Limits, LogEvidence, MandateKind, Money, Offer, SyncReport, Terms, WalletConfig,
};
pub use wallet::Wallet;

uniffi::setup_scaffolding!();

/// Wipes every block of memory when it is freed, so that no secret outlives its use in the heap.
#[global_allocator]
static WIPED_ON_FREE: zeroizing_alloc::ZeroAlloc<std::alloc::System> = zeroizing_alloc::ZeroAlloc(std::alloc::System);
