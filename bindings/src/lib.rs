//! The facade that apps call, in Kotlin and Swift.
//!
//! An app gives its keystore ([`DeviceKeys`]) and its biometric prompt ([`BiometricPrompt`]), opens a [`Wallet`], and
//! asks it: flows are begun ([`Wallet::begin`]), their prompts are pulled ([`Wallet::next_prompt`]) and answered
//! ([`Wallet::submit`]), news is pulled ([`Wallet::news`]) and kept until the app says that it was shown. Five views need
//! no network: what can charge ([`Wallet::permissions`], [`Wallet::permission`]), the security centre
//! ([`Wallet::security`]), the ways back to a forgotten PIN ([`Wallet::recovery_readiness`]), receipts
//! ([`Wallet::receipts`], checked by [`verify_receipt`]). A failed call throws a [`WalletError`], whose [`error_kind`]
//! names what the app owes its user. Nothing secret comes back from any call.

mod answers;
mod asked;
mod convert;
mod error;
mod events;
mod flows;
mod mandates;
mod permissions;
mod ports;
mod prompts;
mod receipts;
mod records;
mod recovery;
mod security;
mod stopping;
mod text;
mod threads;
mod wallet;
mod wish;

pub use answers::Answer;
pub use asked::{
    AffectedMandate, AwaitedParty, DocumentKind, NamedPerson, NumberKind, QuizQuestion, QuizTopic, RecordingKind,
};
pub use error::{ErrorKind, WalletError, error_kind};
pub use events::{DisputeReason, Missing, WalletEvent, WalletNews};
pub use flows::{CancellationRoute, FactorKind, ItemOutcome, ItemResult};
pub use mandates::{ClosureKind, Ending, EndingStage, HalfState, HoldOwner, Mandate, MandateState, TerminationCause};
pub use permissions::{
    Agreement, ChargeOutcome, Exposure, HoldDetail, NextCharge, PastCharge, Permission, PermissionDetail,
    PermissionGroup, Permissions, Taken,
};
pub use ports::{
    BiometricError, BiometricPrompt, BiometricRequest, CreatedKey, DeviceKeyError, DeviceKeys, KeyAlias, KeyStoreKind,
};
pub use prompts::{Prompt, PromptKind, asks_payer};
pub use receipts::{
    CheckedReceipt, ExportedReceipt, NamedStatement, ReceiptFlaw, ReceiptSubject, ReceiptSummary, ReceiptVerdict,
    verify_receipt,
};
pub use records::{
    Channel, Enrolment, EvidenceLevel, Limits, LogEvidence, MandateKind, Money, Offer, SyncReport, Terms, WalletConfig,
};
pub use recovery::{NeedKind, RecoveryNeed, RecoveryReadiness, WayBack};
pub use security::{
    AccountDevice, AttestedKey, CheckupFinding, CheckupGroup, CheckupPart, CheckupRemedy, EvidenceReason, FindingKind,
    KeptIn, PhoneFacts, SecurityCentre, WeakEvidence,
};
pub use stopping::{SafetyLock, StopScope, Stopping, VouchRequest};
pub use text::{PromptText, TextArgument};
pub use wallet::Wallet;
pub use wish::Wish;

uniffi::setup_scaffolding!();

/// Wipes every block of memory when it is freed, so that no secret outlives its use in the heap.
#[global_allocator]
static WIPED_ON_FREE: zeroizing_alloc::ZeroAlloc<std::alloc::System> = zeroizing_alloc::ZeroAlloc(std::alloc::System);
