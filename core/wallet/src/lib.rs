//! What a phone does.
//!
//! An app opens a [`Wallet`] with a configuration and the phone's own parts ([`ports`]), and calls it. Every operation is
//! *prepare* (read the vault, sign, write the new state together with what has to be said, in one transaction), *send*
//! (HTTP), *apply* (verify the answer, write what follows together with the end of the waiting row, in one
//! transaction). So a process that ends anywhere loses nothing, and a call that is repeated does nothing twice.
//!
//! In the order that a reader needs them: [`wallet`] (the calls), [`ports`] (what native code gives), [`config`],
//! [`prompt`] and [`submit`] (how the payer is asked), [`lock`] (what stops everything), [`views`] and [`events`] (what the payer is shown), [`error`],
//! [`texts`]. Inside: `unit` (one transaction), `outbox` (what waits), `answers` (what an answer does), `orders`,
//! `destruction`, `closure`, `log_check` (how a mandate ends, and who is believed).

pub mod config;
pub mod error;
pub mod events;
pub mod lock;
pub mod ports;
pub mod prompt;
pub mod submit;
pub mod texts;
pub mod views;
pub mod wallet;

mod answers;
mod begin;
mod checkup;
mod closure;
mod destruction;
mod enrolment;
mod evidence;
mod export;
mod factor;
mod flow_log;
mod flows;
mod inner;
mod journal;
mod keys;
mod limits;
mod log_check;
mod mandates;
mod next;
mod order_facts;
mod orders;
mod outbox;
mod permissions;
mod permits;
mod pin;
mod policy;
mod prompting;
mod receipts;
mod reconciled;
mod recovery;
mod revoke;
mod scheduled;
mod security;
mod session;
mod showing;
mod signing;
mod sync;
mod text;
mod text_keys;
mod time;
mod transport;
mod tries;
mod turns;
mod unit;
mod unread;
mod vouch_code;
mod ways;

pub use checkup::{CheckupGroupView, Finding, FindingView, PhoneFacts, Remedy};
pub use config::WalletConfig;
pub use error::{ErrorKind, WalletError};
pub use events::{DisputeReason, Missing, WalletEvent, WalletNews};
pub use export::ExportedReceipt;
pub use lock::{LockView, StoppingView};
pub use permissions::{
    AgreedView, Exposure, HoldView, NextCharge, PermissionDetail, PermissionGroup, PermissionView, PermissionsView,
};
pub use ports::{BiometricError, BiometricPrompt, BiometricRequest, DeviceKeyError, DeviceKeys, KeyAlias, Ports};
pub use prompt::{AffectedMandate, Awaited, Document, Person, Prompt, PromptKind, QuizQuestion, QuizTopic, Recording};
pub use receipts::{CheckedReceipt, ReceiptFlaw, ReceiptSubject, ReceiptVerdict, check_exported};
pub use recovery::{Need, NeedView, RecoveryReadiness, WayBack};
pub use security::{DeviceView, EvidenceReasonView, SecurityView};
pub use submit::Answer;
pub use texts::{Text, TextArgument};
pub use views::{EndingStage, EndingView, EnrolmentView, LogEvidence, MandateView, OfferView, ReceiptView, SyncReport};
pub use vouch_code::VouchRequest;
pub use wallet::Wallet;
pub use ways::{ItemOutcome, ItemResult, RouteView};
