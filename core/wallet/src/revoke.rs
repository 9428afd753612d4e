//! Stopping: cancelling for good, pausing, and lifting a pause.

use crate::error::WalletError;
use crate::flows::OpenFlow;
use crate::inner::Inner;
use crate::journal::{FlowRow, MandateRow, OrderRow, Purpose};
use crate::orders::mandates_of;
use crate::unit::Unit;
use quittance_flows::HoldOwner;
use quittance_protocol::answer::Nonce;
use quittance_protocol::bytes::{B64, Digest32};
use quittance_protocol::flow_event::FlowStart;
use quittance_protocol::statement::{Hold, HoldChange, operation_digest};
use quittance_protocol::{FlowId, MandateId};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The definition's name in the policy bundle.
pub(crate) const CANCEL: &str = "mandate.cancel.quick";
/// The definition's name in the policy bundle.
pub(crate) const RESUME: &str = "mandate.resume";

impl Inner {
    /// Begins to end mandates, without the network. What is ending or has ended gives the flow that ended it.
    pub(crate) async fn start_revoke(self: &Arc<Self>, mandates: Vec<MandateId>) -> Result<FlowId, WalletError> {
        self.unit(move |unit| {
            unit.inner.enrolled()?;
            let named: BTreeSet<MandateId> = mandates.iter().copied().collect();
            let first = *named.first().ok_or(WalletError::NothingNamed)?;
            let policy = unit.inner.policy()?;
            let most = policy.cancellation.batch_max_items;
            if u32::try_from(named.len()).map_or(true, |count| count > most) {
                return Err(WalletError::TooMany { most });
            }
            let mut live = Vec::new();
            for mandate in &named {
                if unit.mandate(*mandate)?.is_live() && unit.ending(*mandate)?.is_none() {
                    live.push(*mandate);
                }
            }
            if live.is_empty() {
                return unit.ending(first)?.ok_or(WalletError::UnknownMandate);
            }
            if let Some(flow) = unit.open_cancellation(&live)? {
                return Ok(flow);
            }
            let start = FlowStart {
                flow: FlowId::from_bytes(unit.inner.random()?),
                definition: CANCEL.to_owned(),
                policy_version: policy.bundle.version,
                operation: operation_digest(CANCEL, &live, &Digest32::of(b"")),
                mandates: live,
                // Taking authority needs no nonce of the gateway: it must work without a network.
                nonce: B64::new(unit.inner.random::<32>()?),
            };
            let flow = start.flow;
            let row = unit.begin_flow(start, None, String::new())?;
            unit.put(&row)?;
            Ok(flow)
        })
        .await
    }

    /// Pauses mandates: on this phone at once, at the gateway as soon as it is reached.
    pub(crate) async fn pause(self: &Arc<Self>, mandates: Vec<MandateId>) -> Result<(), WalletError> {
        let number = self
            .unit(move |unit| {
                unit.inner.enrolled()?;
                let live = unit.live(&mandates)?;
                unit.hold(&live, HoldOwner::Payer)?;
                let pause = Hold {
                    mandates: live.clone(),
                    change: HoldChange::Add {},
                };
                unit.send(Purpose::Pause { mandates: live }, &pause)
            })
            .await?;
        match self.flush(number).await {
            Ok(_) | Err(WalletError::Offline) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Lifts the payer's own pause, and the hold of a cancellation that was left. Asks the biometric prompt.
    pub(crate) async fn resume(self: &Arc<Self>, mandates: Vec<MandateId>) -> Result<(), WalletError> {
        let live = self
            .unit(move |unit| {
                unit.inner.enrolled()?;
                unit.live(&mandates)
            })
            .await?;
        let nonce: Nonce = self.transport.get("/v1/nonce", None).await?;
        let told = nonce.now;
        self.unit(move |unit| unit.heard(told)).await?;
        let flow = FlowId::from_bytes(self.random()?);
        let operation = operation_digest(RESUME, &live, &Digest32::of(b""));
        let proof = self.prove_wish(flow, nonce.nonce.clone(), RESUME, operation).await?;
        let change = HoldChange::Lift {
            nonce: nonce.nonce,
            proof,
        };
        let number = self
            .unit(move |unit| {
                unit.send(
                    Purpose::Resume { mandates: live.clone() },
                    &Hold { mandates: live, change },
                )
            })
            .await?;
        self.flush(number).await.map(|_| ())
    }

    /// How many permits are deposited for the flow's mandates: what can still be charged while the gateway does not
    /// know.
    pub(crate) fn permits_at_risk(&self, open: &OpenFlow) -> Result<u32, WalletError> {
        let now = self.estimate()?;
        let mut count = 0;
        for mandate in &open.row.start.mandates {
            if let Some(row) = self.read::<MandateRow>(mandate.as_bytes())? {
                count += row.deposited.iter().filter(|permit| permit.not_after > now).count();
            }
        }
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }
}

impl Unit<'_> {
    /// The named mandates that have not ended.
    fn live(&self, named: &[MandateId]) -> Result<Vec<MandateId>, WalletError> {
        let named: BTreeSet<MandateId> = named.iter().copied().collect();
        if named.is_empty() {
            return Err(WalletError::NothingNamed);
        }
        let mut live = Vec::new();
        for mandate in named {
            let row = self.mandate(mandate)?;
            if row.is_live() && row.order.is_none() {
                live.push(mandate);
            }
        }
        if live.is_empty() {
            Err(WalletError::NotPayable)
        } else {
            Ok(live)
        }
    }

    /// The place of the order under which a mandate ends, or was asked to.
    fn ending(&self, mandate: MandateId) -> Result<Option<FlowId>, WalletError> {
        let rows = self.list::<OrderRow>()?;
        let row = rows.iter().find(|row| mandates_of(&row.state).contains(&mandate));
        Ok(row.map(|row| FlowId::from_bytes(row.place)))
    }

    /// A cancellation of exactly these mandates that is under way.
    fn open_cancellation(&self, mandates: &[MandateId]) -> Result<Option<FlowId>, WalletError> {
        for row in self.list::<FlowRow>()? {
            let same = row.start.definition == CANCEL && row.start.mandates == mandates;
            if same && self.inner.flow_goes_on(&row)? {
                return Ok(Some(row.start.flow));
            }
        }
        Ok(None)
    }
}
