//! Values of the ways to stop: `cancellation.*`, `enrolment.*`, `sync.*`.

use crate::policy::span::{Seconds, Span};
use quittance_protocol::answer::EnrolmentKind;
use serde::Deserialize;

/// `cancellation.*`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cancellation {
    /// Whether no charge passes from the authorization on.
    pub hold_while_waiting: bool,
    /// Whether the payer may take it back before it is effective.
    pub undo_allowed: bool,
    /// Most mandates in one order.
    pub batch_max_items: u32,
    /// The quick path.
    pub quick: Route,
    /// The service path.
    pub service: Route,
    /// The path with an agent.
    pub assisted: AssistedRoute,
    /// Mandates inside a mini-program (R-030 … R-035).
    pub mini_program: MiniProgram,
    /// Confirmation in the bank's app.
    pub bank_confirm: BankConfirmation,
}

/// One route to the end: its time is exact, so that a phone can tell it without a calendar.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// What is done, in this order; the flow's own steps say how.
    pub steps: Vec<String>,
    /// Which mandates may take it.
    pub enrolment: Vec<EnrolmentKind>,
    /// From the intent to the moment after which nothing takes it back.
    pub effective: Seconds,
}

/// The route that people work on: its time may be business days.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssistedRoute {
    /// What is done, in this order; the flow's own steps say how.
    pub steps: Vec<String>,
    /// Which mandates may take it.
    pub enrolment: Vec<EnrolmentKind>,
    /// From the intent to the moment after which nothing takes it back.
    pub effective: Span,
}

/// `cancellation.mini_program.*`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MiniProgram {
    /// How long the merchant may think.
    pub merchant_release_deadline: Seconds,
    /// What no answer means.
    pub silence_means: Silence,
    /// Release against the merchant's will.
    pub forced_unbind: ForcedUnbind,
}

/// What a merchant's silence means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Silence {
    /// The merchant releases.
    Release,
    /// A reviewer decides.
    Review,
}

/// `cancellation.mini_program.forced_unbind.*`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForcedUnbind {
    /// Whether the report itself stops all charges.
    pub hold_immediately: bool,
    /// Whether two reviewers must agree.
    pub four_eyes: bool,
}

/// `cancellation.bank_confirm.*`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BankConfirmation {
    /// How long the bank's answer is waited for.
    pub timeout: Seconds,
    /// Whether the link back and the back channel must say the same.
    pub require_redirect_and_backchannel: bool,
}

/// `enrolment.*`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enrolment {
    /// Whether a mandate may be switched on for the payer.
    pub allow_system_default: bool,
}

/// `sync.*`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChannelSync {
    /// Age from which a state of another channel is shown as stale.
    pub max_lag: Seconds,
}
