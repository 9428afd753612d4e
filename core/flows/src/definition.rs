//! Flow definitions: verification flows as data in the policy bundle.

use serde::{Deserialize, Serialize};

/// One verification flow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlowDefinition {
    /// Whether completing it gives or takes authority.
    pub authority: Authority,
    /// What happens when the last step is done.
    pub effect: FlowEffect,
    /// The steps, first to last. There are no loops, so a flow ends by construction.
    pub steps: Vec<Step>,
}

/// Which way a flow moves the authority to charge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Authority {
    /// More can be charged: needs the gateway and a fresh nonce.
    Raises,
    /// Less can be charged: needs neither.
    Lowers,
}

/// What a completed flow does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FlowEffect {
    /// Make both halves of a token.
    Provision,
    /// Destroy both halves of the tokens.
    Destroy,
    /// Lift the payer's own pause.
    LiftPause,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Name within the flow; part of every proof.
    pub id: String,
    /// What is asked, and who answers.
    pub ask: StepKind,
    /// What happens as soon as this step is done, before the flow completes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub then: Option<StepEffect>,
    /// When the step is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skip_if: Option<Condition>,
    /// Policy key that bounds the tries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<String>,
    /// The requirements that ask for it: the answer to "why am I asked this?".
    pub rules: Vec<String>,
}

/// What a step asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepKind {
    /// A screen that the payer agrees to.
    Prompt(PromptKind),
    /// A proof.
    Factor(FactorKind),
}

/// Screens that prove nothing by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PromptKind {
    /// A text to agree to.
    Consent,
    /// What will happen, with its consequences.
    Confirm,
}

/// What can be proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FactorKind {
    /// A signature by the biometric key.
    Biometric,
    /// The payment PIN, by OPAQUE.
    PaymentPin,
}

/// What a done step does at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepEffect {
    /// Hold the mandates: no charge passes from here on.
    Hold,
}

/// When a step is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// The phone cannot reach the gateway.
    Offline,
}

impl FactorKind {
    /// Who sees the proof first, and so may say that it holds.
    pub const fn author(self) -> quittance_protocol::flow_event::Author {
        use quittance_protocol::flow_event::Author;
        match self {
            FactorKind::Biometric => Author::Phone,
            FactorKind::PaymentPin => Author::Gateway,
        }
    }
}
