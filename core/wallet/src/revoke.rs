//! Stopping: cancelling for good, pausing, and lifting a pause.

use crate::error::WalletError;
use crate::events::WalletEvent;
use crate::flows::OpenFlow;
use crate::inner::Inner;
use crate::journal::{FlowRow, MandateRow, OrderRow, OutboxRow, Purpose, RefusedIntent};
use crate::orders::mandates_of;
use crate::unit::Unit;
use quittance_flows::HoldOwner;
use quittance_flows::destruction::phone::PhoneState;
use quittance_protocol::answer::Nonce;
use quittance_protocol::bytes::{B64, Digest32};
use quittance_protocol::flow_event::FlowStart;
use quittance_protocol::problem::Code;
use quittance_protocol::statement::{Hold, HoldChange, Intent, operation_digest};
use quittance_protocol::{FlowId, MandateId};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The definition's name in the policy bundle.
pub(crate) const CANCEL: &str = "mandate.cancel.quick";
/// The definition's name in the policy bundle.
pub(crate) const RESUME: &str = "mandate.resume";

/// A refused intent is signed anew this often at most.
const MOST_REFUSALS: u32 = 5;

/// Whether the same wish, signed anew, may be taken.
fn can_help(refused: RefusedIntent) -> bool {
    let form = matches!(
        refused.code,
        Code::Malformed
            | Code::UnknownMember
            | Code::WrongType
            | Code::WrongAlg
            | Code::WrongAudience
            | Code::UnknownKey
            | Code::TooLarge
            | Code::LimitExceeded
            | Code::ProofRejected
    );
    refused.times < MOST_REFUSALS && !form
}

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
            let (accepted, alone) = unit.split(live)?;
            // The gateway refuses a batch for one mandate that it never got. Where it has none of them, it is asked once
            // it was asked for their consent.
            let (live, alone) = if accepted.is_empty() {
                (alone, accepted)
            } else {
                (accepted, alone)
            };
            if let Some(flow) = unit.open_cancellation(&live, &alone)? {
                return Ok(flow);
            }
            let start = FlowStart {
                flow: FlowId::from_bytes(unit.inner.random()?),
                definition: CANCEL.to_owned(),
                wish: None,
                policy_version: policy.bundle.version,
                operation: operation_digest(CANCEL, &live, &Digest32::of(b"")),
                mandates: live,
                // Taking authority needs no nonce of the gateway: it must work without a network.
                nonce: B64::new(unit.inner.random::<32>()?),
            };
            let flow = start.flow;
            let row = FlowRow {
                alone,
                ..unit.begin_flow(start, None, String::new())?
            };
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
                let (accepted, unknown) = unit.split(live)?;
                let mut number = None;
                // One that the gateway does not have must not cost the others their pause.
                for mandates in [accepted, unknown].into_iter().filter(|some| !some.is_empty()) {
                    let pause = Hold {
                        mandates: mandates.clone(),
                        change: HoldChange::Add {},
                    };
                    let row = unit.send(Purpose::Pause { mandates }, &pause)?;
                    number = number.or(Some(row));
                }
                number.ok_or(WalletError::NothingNamed)
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

    /// What the gateway has, and what it is not known to have.
    fn split(&self, live: Vec<MandateId>) -> Result<(Vec<MandateId>, Vec<MandateId>), WalletError> {
        let (mut accepted, mut unknown) = (Vec::new(), Vec::new());
        for mandate in live {
            let side = if self.mandate(mandate)?.is_accepted() {
                &mut accepted
            } else {
                &mut unknown
            };
            side.push(mandate);
        }
        Ok((accepted, unknown))
    }

    /// Ends what the flow ends on this phone alone. Without a permit of this phone the gateway lets it end as well,
    /// should it have it after all.
    pub(crate) fn end_alone(&mut self, flow: &FlowRow) -> Result<(), WalletError> {
        for mandate in &flow.alone {
            let row = self.mandate(*mandate)?;
            if row.was_never_active() && !row.is_accepted() {
                self.reject_mandate(*mandate)?;
            } else {
                // The gateway got it in the meantime: it stays held, on both sides, and is ended by a wish of its own.
                self.tell(WalletEvent::NotStopped {
                    mandates: vec![*mandate],
                    code: Code::VersionConflict,
                })?;
            }
        }
        Ok(())
    }

    /// Signs the intents anew that the gateway refused, where that can help.
    pub(crate) fn renew_intents(&mut self) -> Result<(), WalletError> {
        for mut row in self.list::<OrderRow>()? {
            let (Some(refused), PhoneState::Intended { .. }) = (row.refused, &row.state) else {
                continue;
            };
            let flow = FlowId::from_bytes(row.place);
            let Some(run) = self.get::<FlowRow>(flow.as_bytes())? else {
                continue;
            };
            if !can_help(refused) || self.intent_waits(flow)? {
                continue;
            }
            // Where the gateway misses steps of the flow, the identify proof alone has to do, as without a network.
            let unfinished = matches!(refused.code, Code::StepOrder | Code::NotFound | Code::FlowExpired);
            let intent = Intent {
                offline: unfinished || self.went_offline(&run)?,
                flow,
                mandates: run.start.mandates,
                proof: run
                    .proof
                    .ok_or(WalletError::Internal("a cancellation without its proof"))?,
            };
            let compact = self.sign(&intent)?;
            self.enqueue(Purpose::Intent { flow }, Some(compact.clone()))?;
            row.intents.push(compact);
            self.put(&row)?;
        }
        Ok(())
    }

    fn intent_waits(&self, flow: FlowId) -> Result<bool, WalletError> {
        let purpose = Purpose::Intent { flow };
        Ok(self.list::<OutboxRow>()?.iter().any(|row| row.purpose == purpose))
    }

    /// The place of the order under which a mandate ends, or was asked to.
    fn ending(&self, mandate: MandateId) -> Result<Option<FlowId>, WalletError> {
        let rows = self.list::<OrderRow>()?;
        let stands = |row: &&OrderRow| !matches!(row.state, PhoneState::Undone(_));
        for row in rows
            .iter()
            .filter(stands)
            .filter(|row| mandates_of(&row.state).contains(&mandate))
        {
            let place = FlowId::from_bytes(row.place);
            let hopeless = matches!(row.state, PhoneState::Intended { .. })
                && row.refused.is_some_and(|refused| !can_help(refused))
                && !self.intent_waits(place)?;
            // A wish that the gateway does not take is begun again by the payer, with a new proof.
            if !hopeless {
                return Ok(Some(place));
            }
        }
        Ok(None)
    }

    /// A cancellation of exactly these mandates that is under way.
    fn open_cancellation(&self, mandates: &[MandateId], alone: &[MandateId]) -> Result<Option<FlowId>, WalletError> {
        for row in self.list::<FlowRow>()? {
            let same = row.start.definition == CANCEL && row.start.mandates == mandates && row.alone == alone;
            if same && self.inner.flow_goes_on(&row)? {
                return Ok(Some(row.start.flow));
            }
        }
        Ok(None)
    }
}
