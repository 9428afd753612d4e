//! What a screen needs to ask the payer for the open step of a flow.

use crate::error::WalletError;
use crate::flows::OpenFlow;
use crate::inner::Inner;
use crate::journal::MandateRow;
use crate::signing::{read_offer, terms_hash};
use crate::texts::{Text, family};
use crate::views::OfferView;
use quittance_flows::definition::{PromptKind as Ask, Step, StepKind};
use quittance_flows::{FactorKind, flow};
use quittance_protocol::bytes::Digest32;
use quittance_protocol::{FlowId, MandateId, Timestamp};
use serde::Serialize;
use std::sync::PoisonError;

/// The open step of a flow, with everything that a screen needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    /// The flow.
    pub flow: FlowId,
    /// The open step.
    pub step: String,
    /// What is asked; one renderer for each kind.
    pub kind: PromptKind,
    /// Heading.
    pub title: Text,
    /// What it is about.
    pub body: Text,
    /// Why it is asked.
    pub why: Text,
    /// Which step this is, from 1.
    pub step_number: u32,
    /// How many steps there are; skipped ones do not count.
    pub step_count: u32,
    /// Until when it can be answered; absent where nothing ends it.
    pub deadline: Option<Timestamp>,
    /// The gateway is out of reach, and the flow goes on without it.
    pub offline: bool,
}

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PromptKind {
    /// A text to agree to. Answer: `Agree`.
    Consent {
        /// What is agreed to.
        offer: OfferView,
    },
    /// What will happen. Answer: `Confirm`.
    Confirm {
        /// What it is done to.
        mandates: Vec<AffectedMandate>,
        /// What follows from it.
        consequences: Vec<Text>,
    },
    /// The biometric prompt. Answer: `UseBiometric`.
    Biometric,
    /// The payment PIN. Answer: `PaymentPin`.
    PaymentPin {
        /// How many digits.
        digits: u8,
        /// Tries that are left, where one has failed.
        attempts_left: Option<u32>,
    },
}

/// A mandate as it stands on a confirmation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AffectedMandate {
    /// Which.
    pub mandate: MandateId,
    /// The merchant's name.
    pub merchant_name: String,
    /// The service's name.
    pub service: String,
}

/// What a confirmation showed, as it is hashed into the answer.
#[derive(Serialize)]
struct Shown<'a> {
    mandates: &'a [AffectedMandate],
    consequences: &'a [Text],
    offline: bool,
}

impl Inner {
    /// The prompt of the open step; `None` where the flow needs nothing more.
    pub(crate) fn next_prompt(&self, flow: FlowId) -> Result<Option<Prompt>, WalletError> {
        let Some(open) = self.open_flow(flow)? else {
            return Ok(None);
        };
        let start = &open.row.start;
        let text = |part: &str| Text::new(&format!("{}.{}.{part}", family(&start.definition), open.step.id));
        let kind = match open.step.kind {
            StepKind::Prompt(Ask::Consent) => PromptKind::Consent {
                offer: self.flow_offer(&open)?,
            },
            StepKind::Prompt(Ask::Confirm) => PromptKind::Confirm {
                mandates: self.affected(&open)?,
                consequences: self.consequences(&open)?,
            },
            StepKind::Factor(FactorKind::Biometric) => PromptKind::Biometric,
            StepKind::Factor(FactorKind::PaymentPin) => PromptKind::PaymentPin {
                digits: open.policy.secrets.payment_pin.digits,
                attempts_left: open.row.attempts_left,
            },
            _ => return Ok(None),
        };
        if matches!(open.step.kind, StepKind::Prompt(_)) {
            let digest = self.shown(&open)?;
            let mut handed_out = self.handed_out.lock().unwrap_or_else(PoisonError::into_inner);
            handed_out.insert(flow, digest);
        }
        let (number, count) = step_numbers(&open);
        let idle_end = flow::ends_at(open.rules(), &open.state);
        Ok(Some(Prompt {
            flow,
            kind,
            title: text("title"),
            body: text("body").with("count", start.mandates.len()),
            why: text("why").with("rules", open.step.rules.join(", ")),
            step_number: number,
            step_count: count,
            deadline: idle_end.filter(|_| !open.lowers()),
            offline: open.state.is_offline(),
            step: open.step.id,
        }))
    }

    /// SHA-256 of what the open step shows: the terms, or the consequences with what they fall on.
    pub(crate) fn shown(&self, open: &OpenFlow) -> Result<Digest32, WalletError> {
        if let StepKind::Prompt(Ask::Consent) = open.step.kind {
            return terms_hash(&self.flow_offer(open)?.terms);
        }
        let (mandates, consequences) = (self.affected(open)?, self.consequences(open)?);
        let shown = Shown {
            mandates: &mandates,
            consequences: &consequences,
            offline: open.state.is_offline(),
        };
        let json = serde_json::to_vec(&shown).map_err(|_| WalletError::Internal("what was shown"))?;
        Ok(Digest32::of(&json))
    }

    /// SHA-256 of what the open step shows, unless the payer was last shown something else.
    pub(crate) fn shown_to_payer(&self, open: &OpenFlow) -> Result<Digest32, WalletError> {
        let digest = self.shown(open)?;
        let handed_out = self.handed_out.lock().unwrap_or_else(PoisonError::into_inner);
        match handed_out.get(&open.flow()) {
            Some(seen) if *seen != digest => Err(WalletError::WrongAnswer),
            _ => Ok(digest),
        }
    }

    fn flow_offer(&self, open: &OpenFlow) -> Result<OfferView, WalletError> {
        let text = open
            .row
            .offer
            .as_deref()
            .ok_or(WalletError::Internal("a signing flow without an offer"))?;
        let offer = read_offer(text)?;
        Ok(OfferView {
            offer: offer.offer,
            merchant: offer.merchant,
            terms: offer.terms,
            expires_at: offer.expires_at,
            verified: false,
        })
    }

    fn affected(&self, open: &OpenFlow) -> Result<Vec<AffectedMandate>, WalletError> {
        let mut affected = Vec::new();
        for mandate in open.row.start.mandates.iter().chain(&open.row.alone) {
            let row = self
                .read::<MandateRow>(mandate.as_bytes())?
                .ok_or(WalletError::UnknownMandate)?;
            let terms = row.terms;
            affected.push(AffectedMandate {
                mandate: *mandate,
                merchant_name: terms.merchant_name,
                service: terms.service,
            });
        }
        Ok(affected)
    }

    fn consequences(&self, open: &OpenFlow) -> Result<Vec<Text>, WalletError> {
        let mut texts: Vec<Text> = ["stops", "destroyed", "final", "refunds"]
            .iter()
            .map(|part| Text::new(&format!("cancel.confirm.consequence.{part}")))
            .collect();
        if open.state.is_offline() {
            let permits = self.permits_at_risk(open)?;
            texts.push(Text::new("cancel.confirm.consequence.offline").with("permits", permits));
        }
        Ok(texts)
    }
}

/// Which of the steps that the payer counts is open, from 1, and how many there are as far as is known now.
fn step_numbers(open: &OpenFlow) -> (u32, u32) {
    let rules = open.rules();
    let skipped = |step: &Step| {
        let condition = step.skip_if.as_ref();
        condition.is_some_and(|condition| flow::holds(rules.policy, &open.state, condition).unwrap_or(false))
    };
    let counts = |step: &&Step| step.counts() && !skipped(step);
    let is_done = |step: &&Step| open.state.done.iter().any(|done| done.id == step.id);
    let behind = open.definition.all_steps().filter(is_done).filter(counts).count();
    let ahead = flow::steps_ahead(rules, &open.state).filter(counts).count();
    let number = u32::try_from(behind).unwrap_or(u32::MAX).saturating_add(1);
    (number, number.saturating_add(u32::try_from(ahead).unwrap_or(u32::MAX)))
}
