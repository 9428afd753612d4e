//! What a confirmation shows, and what an answer says was shown.

use crate::error::WalletError;
use crate::flows::OpenFlow;
use crate::inner::Inner;
use crate::journal::MandateRow;
use crate::prompt::AffectedMandate;
use crate::signing::terms_hash;
use crate::texts::{self, Text};
use crate::views::OfferView;
use quittance_flows::FlowEffect;
use quittance_flows::definition::{PromptKind as Ask, StepKind};
use quittance_protocol::FlowId;
use quittance_protocol::bytes::Digest32;
use quittance_protocol::flow_event::Wish;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What a confirmation showed, as it is hashed into the answer.
#[derive(Serialize)]
struct Shown<'a> {
    mandates: &'a [AffectedMandate],
    consequences: &'a [Text],
    offline: bool,
}

/// Digests of what the payer was last shown, by flow: an answer is to that, and to nothing that came since.
#[derive(Default)]
pub(crate) struct HandedOut(Mutex<BTreeMap<FlowId, Digest32>>);

impl HandedOut {
    /// This was shown.
    pub(crate) fn hand_out(&self, flow: FlowId, shown: Digest32) {
        self.lock().insert(flow, shown);
    }

    fn is_another(&self, flow: FlowId, shown: Digest32) -> bool {
        self.lock().get(&flow).is_some_and(|seen| *seen != shown)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<FlowId, Digest32>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
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
        if self.handed_out.is_another(open.flow(), digest) {
            return Err(WalletError::WrongAnswer);
        }
        Ok(digest)
    }

    pub(crate) fn flow_offer(&self, open: &OpenFlow) -> Result<OfferView, WalletError> {
        let text = open
            .row
            .offer
            .as_deref()
            .ok_or(WalletError::Internal("a signing flow without an offer"))?;
        OfferView::read(text)
    }

    /// Every mandate by its name: those of the run, or those of the order that it takes back.
    pub(crate) fn affected(&self, open: &OpenFlow) -> Result<Vec<AffectedMandate>, WalletError> {
        let mut ids = open.row.start.mandates.clone();
        ids.extend(&open.row.alone);
        if let Some(Wish::Undo { order }) = open.row.start.wish {
            // What an earlier end took out of it is not given back.
            let rows = self.read_all::<MandateRow>()?;
            let under_it = rows.iter().filter(|row| row.order == Some(order));
            ids.extend(under_it.map(|row| row.mandate));
        }
        let mut affected = Vec::new();
        for mandate in ids {
            let row = self
                .read::<MandateRow>(mandate.as_bytes())?
                .ok_or(WalletError::UnknownMandate)?;
            affected.push(AffectedMandate {
                mandate,
                merchant_name: row.terms.merchant_name,
                service: row.terms.service,
            });
        }
        Ok(affected)
    }

    /// What follows from it, before it happens.
    pub(crate) fn consequences(&self, open: &OpenFlow) -> Result<Vec<Text>, WalletError> {
        if open.pinned.definition.effect != FlowEffect::Destroy {
            return Ok(texts::consequences(
                open.pinned.definition.effect,
                open.row.start.wish.as_ref(),
            ));
        }
        let consequence = |part: &str| Text::new(&format!("cancel.confirm.consequence.{part}"));
        let mut texts = vec![consequence("stops"), consequence("destroyed")];
        let later = match &open.pinned.definition.effective {
            Some(key) => {
                let now = open.state.started_at;
                open.pinned.policy.moment(key, now)?.seconds_since(now) > 0
            }
            None => false,
        };
        texts.push(consequence(if later { "later" } else { "final" }));
        texts.push(consequence("refunds"));
        let mut renews = false;
        for mandate in open.row.start.mandates.iter().chain(&open.row.alone) {
            let row = self.read::<MandateRow>(mandate.as_bytes())?;
            renews |= row.is_some_and(|row| row.terms.auto_renewal == Some(true));
        }
        if renews {
            texts.push(consequence("membership"));
        }
        if open.state.is_offline() {
            let permits = self.permits_at_risk(open)?;
            texts.push(consequence("offline").with("permits", texts::TextArgument::count(permits)));
        }
        Ok(texts)
    }
}
