//! What an answer of the gateway does, by the purpose of the statement that it answers.

use crate::error::WalletError;
use crate::events::{DisputeReason, WalletEvent};
use crate::inner::Inner;
use crate::journal::{DeviceRow, FlowRow, MandateRow, OrderRow, OutboxRow, Provisioning, Purpose, RefusedIntent};
use crate::mandates::Lifting;
use crate::order_facts::{flow_of, mandates_of, row_of, wish_of};
use crate::outbox::refused;
use crate::transport::read;
use crate::unit::Unit;
use quittance_flows::destruction::phone::PhoneState;
use quittance_protocol::answer::{Enrolled, FlowLog, MandateRecord, OrderRecord};
use quittance_protocol::problem::{Code, Problem};
use quittance_protocol::{FlowId, OrderId};
use std::sync::Arc;
use std::sync::atomic::Ordering;

impl Inner {
    /// Verifies an answer and writes what follows from it, with the end of the row, in one transaction.
    /// Whether it is the answer that was asked for.
    pub(crate) async fn take_answer(self: &Arc<Self>, row: OutboxRow, answer: Vec<u8>) -> Result<bool, WalletError> {
        match row.purpose {
            Purpose::Intent { .. } | Purpose::Attestation { .. } | Purpose::Acknowledgement { .. } => {
                let record: OrderRecord = read(&answer)?;
                if let Purpose::Attestation { order } | Purpose::Acknowledgement { order } = row.purpose
                    && order != record.order
                {
                    return Err(WalletError::Answer("another order"));
                }
                let news = self.check_order(record).await?;
                self.finish(row, move |unit, purpose| {
                    unit.take_order(&news, Some(purpose))?;
                    unit.conclude(purpose, news.order())
                })
                .await
            }
            _ => {
                self.finish(row, move |unit, purpose| {
                    unit.take_plain_answer(purpose, &answer)?;
                    Ok(true)
                })
                .await
            }
        }
    }

    /// Does what follows from an answer. The row goes where that is what it asked for; else it waits on.
    async fn finish(
        self: &Arc<Self>,
        row: OutboxRow,
        work: impl FnOnce(&mut Unit<'_>, &Purpose) -> Result<bool, WalletError> + Send + 'static,
    ) -> Result<bool, WalletError> {
        let own = self.ports.clock.now();
        self.unit(move |unit| {
            if unit.get::<OutboxRow>(&row.number.to_be_bytes())?.is_none() {
                // Another call was answered the same and has applied it.
                return Ok(true);
            }
            unit.delete(&row);
            let is_done = work(unit, &row.purpose)?;
            if !is_done {
                unit.put(&row.tried(own, None))?;
            }
            Ok(is_done)
        })
        .await
    }
}

impl Unit<'_> {
    /// Concludes a statement about an order, and says whether it has done what it was sent for. An answer that ends nothing of
    /// what an intent asks for, or that no log bears out, answers it no more than none: it is said again. A logged order that
    /// this phone did not ask for is an answer, and disputed. One that was taken back is an answer, too, and will be none other
    /// for these bytes: what the payer still wants to end is asked for anew.
    fn conclude(&mut self, purpose: &Purpose, order: OrderId) -> Result<bool, WalletError> {
        let Purpose::Intent { flow } = purpose else {
            return Ok(true);
        };
        if self.is_taken_back(order)? {
            self.keep_wish(*flow, Code::VersionConflict)?;
            return Ok(true);
        }
        let rows = self.list::<OrderRow>()?;
        let Some((wish, left)) = wish_of(&rows, *flow) else {
            return Ok(true);
        };
        let asked = self
            .get::<FlowRow>(flow.as_bytes())?
            .map_or(Vec::new(), |run| run.start.mandates);
        let placed = row_of(&rows, order).map_or(&[][..], |placed| mandates_of(&placed.state));
        let ends_some = placed.iter().any(|mandate| asked.contains(mandate));
        if ends_some {
            // What is left waits for the order that it is under.
            self.put(&OrderRow {
                refused: None,
                ..wish.clone()
            })?;
        }
        Ok(ends_some || left.is_empty() || wish.dispute == Some(DisputeReason::OrderMismatch))
    }

    fn take_plain_answer(&mut self, purpose: &Purpose, answer: &[u8]) -> Result<(), WalletError> {
        match purpose {
            Purpose::Enrolment {} => {
                let enrolled: Enrolled = read(answer)?;
                let mut device = self.device()?;
                self.heard(enrolled.now)?;
                device.enrolled = Some(enrolled.into());
                self.put(&device)
            }
            Purpose::PinRecord {} => {
                let device = DeviceRow {
                    pin_set: true,
                    ..self.device()?
                };
                self.put(&device)
            }
            Purpose::LockPasswordRecord {} => {
                let device = DeviceRow {
                    lock_password_set: true,
                    ..self.device()?
                };
                self.put(&device)
            }
            // What became of it is heard with the next reconciliation: not with one that is under way.
            Purpose::Lock {} | Purpose::Stop { .. } => {
                self.inner.confirmed_stops.fetch_add(1, Ordering::SeqCst);
                Ok(())
            }
            Purpose::Vouch { .. } => Ok(()),
            Purpose::FlowStart { flow }
            | Purpose::FlowAnswer { flow }
            | Purpose::FlowOffline { flow }
            | Purpose::FlowCancel { flow }
            | Purpose::PinFinish { flow } => {
                let log: FlowLog = read(answer)?;
                if log.flow != *flow {
                    return Err(WalletError::Answer("the log of another flow"));
                }
                self.take_flow_log(log)
            }
            Purpose::Consent { mandate } => {
                let record: MandateRecord = read(answer)?;
                if record.mandate != *mandate {
                    return Err(WalletError::Answer("another mandate"));
                }
                if let Some(mut row) = self.get::<MandateRow>(mandate.as_bytes())? {
                    if row.provisioning == Provisioning::ConsentDue {
                        row.provisioning = Provisioning::ActivationDue;
                    }
                    self.put(&row)?;
                }
                self.take_mandate(&record, Lifting::Nothing)
            }
            Purpose::Activation { mandate } | Purpose::Permit { mandate, .. } => {
                let record: MandateRecord = read(answer)?;
                if record.mandate != *mandate {
                    return Err(WalletError::Answer("another mandate"));
                }
                if let Some(mut row) = self.get::<MandateRow>(mandate.as_bytes())? {
                    row.provisioning = Provisioning::Done;
                    self.put(&row)?;
                }
                self.take_mandate(&record, Lifting::Nothing)
            }
            Purpose::Pause { .. } | Purpose::Resume { .. } => {
                let lifting = match purpose {
                    Purpose::Resume { .. } => Lifting::Pauses,
                    _ => Lifting::Nothing,
                };
                let records: Vec<MandateRecord> = read(answer)?;
                records.iter().try_for_each(|record| self.take_mandate(record, lifting))
            }
            Purpose::Intent { .. } | Purpose::Attestation { .. } | Purpose::Acknowledgement { .. } => {
                Err(WalletError::Internal("orders are checked first"))
            }
        }
    }

    /// What a refusal for good means for what depends on the statement. A hold on this phone never falls with it.
    pub(crate) fn take_refusal(&mut self, purpose: &Purpose, problem: &Problem) -> Result<(), WalletError> {
        match purpose {
            Purpose::FlowStart { flow } | Purpose::FlowAnswer { flow } | Purpose::PinFinish { flow } => {
                if let Some(mut row) = self.get::<FlowRow>(flow.as_bytes())? {
                    if problem.code() == Code::StepOrder && self.is_complete(&row)? {
                        // A step was proved and its answer lost, then skipped offline: the gateway is as far as we are.
                        return Ok(());
                    }
                    if problem.code() == Code::NotFound && row.ends_mandates {
                        self.reject_unknown_to_gateway(flow)?;
                    }
                    // Where this phone has gone on to the end, nobody answers once more; of an end the intent says it all.
                    let is_open = row.ends_mandates || !self.is_complete(&row)?;
                    if is_open && may_be_answered_again(purpose, problem) {
                        return Ok(());
                    }
                    row.refused = Some(problem.code());
                    self.put(&row)?;
                }
            }
            Purpose::Enrolment {} if matches!(problem.code(), Code::NonceNeeded | Code::AttestationRefused) => {
                if let Some(mut device) = self.get::<DeviceRow>(b"")? {
                    device.refused = true;
                    self.put(&device)?;
                }
            }
            // The gateway has it already: said twice, done once.
            Purpose::FlowCancel { .. } | Purpose::FlowOffline { .. } | Purpose::Acknowledgement { .. } => return Ok(()),
            Purpose::Attestation { order } if problem.code() == Code::SequenceFork => self.attest_anew(*order)?,
            Purpose::PinRecord {} if problem.code() == Code::StepOrder => {}
            Purpose::Consent { mandate } if problem.code() != Code::NonceNeeded => self.reject_mandate(*mandate)?,
            Purpose::Consent { .. } | Purpose::Activation { .. } if problem.code() == Code::NonceNeeded => {
                return Ok(());
            }
            // The number is used up; the period gets a permit of another number at the next contact.
            Purpose::Permit { mandate, number } => {
                if let Some(mut row) = self.get::<MandateRow>(mandate.as_bytes())? {
                    row.deposited.retain(|permit| permit.number != *number);
                    self.put(&row)?;
                }
                return Ok(());
            }
            Purpose::Intent { flow } => {
                if problem.code() == Code::NotFound {
                    self.reject_unknown_to_gateway(flow)?;
                }
                return self.keep_wish(*flow, problem.code());
            }
            _ => {}
        }
        self.tell(refused(purpose, problem))
    }

    /// What an intent asked for in vain is not forgotten: what is not ended here alone stays held, and is asked for again.
    pub(crate) fn keep_wish(&mut self, flow: FlowId, code: Code) -> Result<(), WalletError> {
        let rows = self.list::<OrderRow>()?;
        let Some((row, mandates)) = wish_of(&rows, flow) else {
            return Ok(());
        };
        let left = self.waiting_for_an_order(mandates)?;
        if left.is_empty() {
            self.delete(row);
            return Ok(());
        }
        // None of its intents did all of it, whatever some were answered. Those of wishes that it replaced are not its own.
        let own = row.intents.iter().filter(|intent| flow_of(intent) == Some(flow));
        let signed = u32::try_from(own.count()).unwrap_or(u32::MAX);
        self.put(&OrderRow {
            state: PhoneState::Intended { mandates: left.clone() },
            refused: Some(RefusedIntent { code, signed }),
            ..row.clone()
        })?;
        self.tell(WalletEvent::NotStopped { mandates: left, code })
    }

    /// Mandates of a flow that the gateway never heard of end on this phone alone.
    fn reject_unknown_to_gateway(&mut self, flow: &FlowId) -> Result<(), WalletError> {
        let Some(flow) = self.get::<FlowRow>(flow.as_bytes())? else {
            return Ok(());
        };
        for mandate in flow.start.mandates {
            let row = self.get::<MandateRow>(mandate.as_bytes())?;
            if row.is_some_and(|row| row.gateway.is_none()) {
                self.reject_mandate(mandate)?;
            }
        }
        Ok(())
    }
}

/// Tells the payer that a mandate lives.
pub(crate) fn now_active(row: &MandateRow) -> WalletEvent {
    WalletEvent::MandateActive { mandate: row.mandate }
}

/// Whether a refused answer leaves the step open, so that the payer can give another one: what was wrong is the answer
/// itself.
fn may_be_answered_again(purpose: &Purpose, problem: &Problem) -> bool {
    let answer = matches!(purpose, Purpose::FlowAnswer { .. });
    let at_answer = problem.pointer().is_some_and(|pointer| pointer.starts_with("/answer"));
    answer
        && (at_answer
            || matches!(
                problem.code(),
                Code::ProofRejected | Code::ForeignState | Code::NotAnImage
            ))
}
