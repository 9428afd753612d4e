//! The ways to stop one permission, and what became of each of several that were stopped together.

use crate::error::WalletError;
use crate::inner::Inner;
use crate::journal::{FlowRow, MandateRow, OrderRow};
use crate::order_facts::ending_of;
use crate::texts::{self, Text};
use crate::unit::Unit;
use crate::views::{EndingStage, ending_view};
use quittance_flows::definition::FlowDefinition;
use quittance_flows::flow::Phase;
use quittance_flows::routes::{self, Subject};
use quittance_flows::{FactorKind, Policy};
use quittance_protocol::problem::Code;
use quittance_protocol::{FlowId, MandateId, Timestamp};
use std::collections::BTreeMap;

/// One way to stop a permission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteView {
    /// What to begin: see [`crate::Wallet::begin`].
    pub definition: String,
    /// What it is called.
    pub name: Text,
    /// Why it cannot be taken; absent where it can.
    pub closed: Option<Text>,
    /// How many steps it has, as far as is known now.
    pub steps: u32,
    /// The wait between the last step and the end, as ISO 8601, business days as `P3BD`; absent: none. Nothing is
    /// charged meanwhile.
    pub effective: Option<String>,
    /// When it would be over if the last step were done now.
    pub effective_at: Timestamp,
    /// What it asks to prove, in sequence.
    pub factors: Vec<FactorKind>,
}

/// What became of one of several mandates that were stopped together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ItemResult {
    /// Which.
    pub mandate: MandateId,
    /// What became of it.
    pub outcome: ItemOutcome,
}

/// What became of one mandate of a cancellation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ItemOutcome {
    /// The payer is not done yet.
    Open,
    /// The gateway has not said yet what it does with it.
    Asked,
    /// Its end is ordered, and has come this far.
    Ending(EndingStage),
    /// It ended on this phone alone: the gateway never had it.
    EndedHere,
    /// Its bank has to confirm it, in a run of its own.
    WaitsForBank {
        /// The run.
        flow: FlowId,
    },
    /// It was refused, and stays held. Another way may be open.
    Refused {
        /// Why; absent where it was left, by the payer or for too long.
        code: Option<Code>,
    },
}

impl Inner {
    /// Every way to stop a permission, best first; closed ones with their reason. Read from this phone alone.
    pub(crate) fn cancellation_routes(&self, mandate: MandateId) -> Result<Vec<RouteView>, WalletError> {
        let row = self
            .read::<MandateRow>(mandate.as_bytes())?
            .ok_or(WalletError::UnknownMandate)?;
        let found = routes::routes(&*self.policy()?, &subject(&row), &BTreeMap::new(), self.estimate()?)
            .map_err(|_| WalletError::Internal("routes"))?;
        Ok(found
            .into_iter()
            .map(|route| RouteView {
                name: texts::name_of(&route.definition),
                definition: route.definition,
                closed: route.closed.map(Text::new),
                steps: u32::try_from(route.steps).unwrap_or(u32::MAX),
                effective: route.effective,
                effective_at: route.effective_at,
                factors: route.factors,
            })
            .collect())
    }

    /// What became of each mandate of a cancellation.
    pub(crate) fn batch_results(&self, flow: FlowId) -> Result<Vec<ItemResult>, WalletError> {
        let row = self.read::<FlowRow>(flow.as_bytes())?.ok_or(WalletError::UnknownFlow)?;
        let (_, state) = self.folded(&row)?;
        let orders = self.read_all::<OrderRow>()?;
        let mut results = Vec::new();
        for mandate in row.start.mandates.iter().chain(&row.alone) {
            let known = self.read::<MandateRow>(mandate.as_bytes())?;
            let here = known.as_ref().is_some_and(|row| row.orphan);
            let outcome = if let Some(order) = known.and_then(|known| ending_of(&known, &orders)) {
                ItemOutcome::Ending(ending_view(order).stage)
            } else if here {
                ItemOutcome::EndedHere
            } else {
                match (state.phase, row.refused) {
                    (Phase::Open, None) => ItemOutcome::Open,
                    (Phase::Open, code) => ItemOutcome::Refused { code },
                    (Phase::Refused(code), _) => ItemOutcome::Refused { code: Some(code) },
                    (Phase::Cancelled | Phase::Expired, _) => ItemOutcome::Refused { code: None },
                    (Phase::Completed, _) => self.item_of_its_own(&row, *mandate)?,
                }
            };
            results.push(ItemResult {
                mandate: *mandate,
                outcome,
            });
        }
        Ok(results)
    }

    fn item_of_its_own(&self, row: &FlowRow, mandate: MandateId) -> Result<ItemOutcome, WalletError> {
        for flow in &row.next_flows {
            let Some(item) = self.read::<FlowRow>(flow.as_bytes())? else {
                continue;
            };
            if !item.start.mandates.contains(&mandate) {
                continue;
            }
            let (_, state) = self.folded(&item)?;
            return Ok(match state.phase {
                Phase::Open => ItemOutcome::WaitsForBank { flow: *flow },
                Phase::Completed => ItemOutcome::Asked,
                Phase::Refused(code) => ItemOutcome::Refused { code: Some(code) },
                Phase::Cancelled | Phase::Expired => ItemOutcome::Refused { code: None },
            });
        }
        Ok(ItemOutcome::Asked)
    }
}

impl Unit<'_> {
    /// Whether every one of these mandates may be ended by this route; else why not.
    pub(crate) fn check_route(
        &self,
        policy: &Policy,
        definition: &FlowDefinition,
        mandates: &[MandateId],
    ) -> Result<(), WalletError> {
        for mandate in mandates {
            let row = self.mandate(*mandate)?;
            if let Some(reason) = routes::closed(policy, definition, &subject(&row)) {
                return Err(WalletError::RouteClosed { reason });
            }
        }
        Ok(())
    }
}

fn subject(row: &MandateRow) -> Subject {
    let gateway = row.gateway.as_ref();
    Subject {
        state: row.replica.state,
        channel: row.terms.channel,
        enrolment: gateway.map(|record| record.enrolment).unwrap_or_default(),
        auto_renewal: gateway
            .and_then(|record| record.auto_renewal)
            .or(row.terms.auto_renewal)
            == Some(true),
    }
}
