//! The phone's half ends: destroyed in the vault with the attestation due in the same transaction, then stated.

use crate::error::WalletError;
use crate::events::{DisputeReason, Missing, WalletEvent};
use crate::inner::Inner;
use crate::journal::{MandateRow, OrderRow, OutboxRow, Purpose, token_record};
use crate::order_facts::known_order;
use crate::unit::Unit;
use quittance_flows::destruction::phone::{self, Order, PhoneEffect, PhoneEvent, PhoneState};
use quittance_protocol::bytes::Digest32;
use quittance_protocol::statement::{Attestation, PhoneOutcome, Probe, ReplicaState};
use quittance_protocol::{MandateId, OrderId, Received};
use quittance_vault::{Destruction, RecordKey, VaultError};

impl Inner {
    /// Destroys every half whose order is known, and states it. Everything here may be repeated after a crash at any
    /// line: the vault answers for an order that it has completed. A half that went bad keeps no other one back.
    pub(crate) fn destroy_due(&self) -> Result<u32, WalletError> {
        let mut destroyed = 0;
        self.let_due_orders_come()?;
        for row in self.read_all::<OrderRow>()? {
            if let PhoneState::Ordered(order) = &row.state {
                destroyed += u32::from(unless_damaged(self.destroy_half(&row, order))?);
            }
        }
        for row in self.read_all::<MandateRow>()? {
            if row.orphan && row.half != ReplicaState::Destroyed {
                unless_damaged(self.destroy_orphan(&row))?;
            }
        }
        Ok(destroyed)
    }

    fn destroy_half(&self, row: &OrderRow, order: &Order) -> Result<(), WalletError> {
        let targets = self.targets(order)?;
        match self.end_halves(order, &targets) {
            Ok(outcome) => self.unit_now(|unit| unit.attest(row, order, outcome)),
            Err(WalletError::Vault(VaultError::OtherTargets)) => self.destroy_unattested(row, order, &targets),
            // The vault ends nothing where it can read none of them. The payer does not wait for what no contact brings back.
            Err(error) if is_damage(&error) && !self.has_any(&targets)? => {
                tracing::warn!(%error, "an order finds no half that could be read");
                self.unit_now(|unit| unit.attest(row, order, PhoneOutcome::Absent {}))
            }
            Err(error) => Err(error),
        }
    }

    /// Ends the halves of an order that stand, and answers what is stated of all that it names at once: destroyed, or that one
    /// was not there. A phone that lacks one of several, and did not destroy it for another order, cannot say that it
    /// destroyed them all.
    fn end_halves(&self, order: &Order, targets: &[RecordKey]) -> Result<PhoneOutcome, WalletError> {
        let (_, destruction) = self.destroying_unit(*order.order.as_bytes(), targets, |unit| {
            unit.enqueue(Purpose::Attestation { order: order.order }, None)
                .map(|_| ())
        })?;
        // Asked only now: what this order did not find may have ended under another one meanwhile.
        let otherwise = self.destroyed_otherwise(order)?;
        for mandate in &order.mandates {
            let half = self.half_of(*mandate)?;
            let is_destroyed = half.is_some_and(|half| destruction.destroyed.contains(&half));
            if !is_destroyed && !otherwise.contains(mandate) {
                return Ok(PhoneOutcome::Absent {});
            }
        }
        Ok(destroyed(&destruction))
    }

    fn half_of(&self, mandate: MandateId) -> Result<Option<RecordKey>, WalletError> {
        let row = self.read::<MandateRow>(mandate.as_bytes())?;
        Ok(row.map(|row| token_record(row.token)))
    }

    /// Whether one of these records can be read.
    fn has_any(&self, targets: &[RecordKey]) -> Result<bool, WalletError> {
        for target in targets {
            match self.vault()?.get(target) {
                Ok(Some(_)) => return Ok(true),
                Ok(None) | Err(VaultError::Corrupt { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(false)
    }

    /// Ends the halves of an order under whose id this phone destroyed something else before. Order ids are drawn at
    /// random, so the gateway chose this one: the halves end, and nothing is attested that could close it.
    fn destroy_unattested(&self, row: &OrderRow, order: &Order, targets: &[RecordKey]) -> Result<(), WalletError> {
        let mut is_done = row.dispute.is_some();
        for mandate in &order.mandates {
            let half = self.read::<MandateRow>(mandate.as_bytes())?.map(|row| row.half);
            is_done &= half.is_none_or(|half| half == ReplicaState::Destroyed);
        }
        if is_done {
            return Ok(());
        }
        self.destroying_unit(self.random()?, targets, |unit| {
            unit.halves_are_gone(order)?;
            let mut row = row.clone();
            let reason = DisputeReason::OrderMismatch;
            row.dispute = Some(reason);
            unit.put(&row)?;
            unit.tell(WalletEvent::Disputed {
                order: order.order,
                reason,
            })
        })
        .map(drop)
    }

    /// Mandates of an order whose halves this phone destroyed for another one: it said so, or it has only to say so.
    fn destroyed_otherwise(&self, order: &Order) -> Result<Vec<MandateId>, WalletError> {
        let rows = self.read_all::<OrderRow>()?;
        let mut destroyed = Vec::new();
        for row in &rows {
            let Some(other) = known_order(&row.state).filter(|known| known.order != order.order) else {
                continue;
            };
            // Few orders name what this one names, and only of those more is read.
            for mandate in other.mandates.iter().filter(|of| order.mandates.contains(of)) {
                if self.has_destroyed(row, other, *mandate)? {
                    destroyed.push(*mandate);
                }
            }
        }
        Ok(destroyed)
    }

    /// Whether this phone destroyed a half under an order.
    fn has_destroyed(&self, row: &OrderRow, order: &Order, mandate: MandateId) -> Result<bool, WalletError> {
        if row.attestation.as_deref().is_some_and(says_destroyed) {
            return Ok(true);
        }
        let (half, done) = (
            self.half_of(mandate)?,
            self.vault()?.destruction(*order.order.as_bytes())?,
        );
        Ok(half
            .zip(done)
            .is_some_and(|(half, done)| done.destroyed.contains(&half)))
    }

    /// The halves that an order is to end.
    fn targets(&self, order: &Order) -> Result<Vec<RecordKey>, WalletError> {
        let otherwise = self.destroyed_otherwise(order)?;
        let mut targets = Vec::new();
        for mandate in order.mandates.iter().filter(|mandate| !otherwise.contains(mandate)) {
            targets.extend(self.half_of(*mandate)?);
        }
        Ok(targets)
    }

    /// Ends a half that the gateway never knew, or knows no more. There is no order. The batch has an id that nobody else
    /// can name, or a gateway could pass this end off as that of another order. Whoever was stopped behind the commit finds
    /// the row written, and the vault completes the rest.
    fn destroy_orphan(&self, row: &MandateRow) -> Result<(), WalletError> {
        let mut ended = row.clone();
        ended.half = ReplicaState::Destroyed;
        let targets = [token_record(row.token)];
        self.destroying_unit(self.random()?, &targets, |unit| unit.end_orphan(&ended))
            .map(drop)
    }
}

/// Whether a half came to its end. Where rows of the vault are damaged that are no half's own, it did not, and is tried again at
/// each contact.
///
/// # Errors
/// Every other error: it is not about this half alone.
fn unless_damaged(destroyed: Result<(), WalletError>) -> Result<bool, WalletError> {
    let error = match destroyed {
        Ok(()) => return Ok(true),
        Err(error) => error,
    };
    if is_damage(&error) {
        tracing::warn!(%error, "a half could not be destroyed: the vault is damaged");
        Ok(false)
    } else {
        Err(error)
    }
}

fn is_damage(error: &WalletError) -> bool {
    match error {
        WalletError::Vault(VaultError::Corrupt { .. }) => true,
        WalletError::Vault(VaultError::Unfinished { source, .. }) => matches!(**source, VaultError::Corrupt { .. }),
        _ => false,
    }
}

impl Unit<'_> {
    fn end_orphan(&mut self, ended: &MandateRow) -> Result<(), WalletError> {
        self.put(ended)?;
        self.tell(WalletEvent::MandateRejected { mandate: ended.mandate })
    }

    /// Signs what the vault did, in the place of the row that was written with the destruction.
    fn attest(&mut self, row: &OrderRow, order: &Order, outcome: PhoneOutcome) -> Result<(), WalletError> {
        let Some(mut row) = self.get::<OrderRow>(&row.place)? else {
            return Ok(());
        };
        let (next, effects) = phone::step(&row.state, PhoneEvent::HalfGone(outcome))
            .map_err(|_| WalletError::Internal("a destruction without its order"))?;
        row.state = next;
        for effect in effects {
            if let PhoneEffect::Attest(order, outcome) = effect {
                let compact = self.sign(&Attestation {
                    order: order.order,
                    nonce: order.nonce.clone(),
                    tokens: order.tokens.clone(),
                    outcome,
                })?;
                row.attestation = Some(compact.clone());
                self.fill_attestation(&order, compact)?;
                self.tell(WalletEvent::Closing {
                    order: order.order,
                    missing: Missing::PhoneStatement,
                })?;
            }
        }
        self.halves_are_gone(order)?;
        self.put(&row)
    }

    fn halves_are_gone(&mut self, order: &Order) -> Result<(), WalletError> {
        for mandate in &order.mandates {
            if let Some(mut mandate) = self.get::<MandateRow>(mandate.as_bytes())? {
                mandate.half = ReplicaState::Destroyed;
                self.put(&mandate)?;
            }
        }
        Ok(())
    }

    /// What the gateway refused once, and speaks of as if it was still to come, is said once more: the same statement.
    pub(crate) fn attest_again(&mut self, row: &OrderRow) -> Result<(), WalletError> {
        let (PhoneState::Attesting(order), Some(compact)) = (&row.state, &row.attestation) else {
            return Ok(());
        };
        let purpose = Purpose::Attestation { order: order.order };
        if self.list::<OutboxRow>()?.iter().any(|row| row.purpose == purpose) {
            return Ok(());
        }
        self.enqueue(purpose, Some(compact.clone())).map(drop)
    }

    /// The number of the statement was used by another phone with this key: the same is to be said under a number of its
    /// own. It is not said in this turn, or a gateway that refuses each of them would keep the phone at it without end.
    pub(crate) fn attest_anew(&mut self, order: OrderId) -> Result<(), WalletError> {
        for mut row in self.list::<OrderRow>()? {
            let stated = match (&row.state, &row.attestation) {
                (PhoneState::Attesting(known), Some(compact)) if known.order == order => compact,
                _ => continue,
            };
            let (_, body) = Received::parse(stated)
                .and_then(|said| said.unverified_body::<Attestation>())
                .map_err(|_| WalletError::Journal("attestation"))?;
            row.attestation = Some(self.sign(&body)?);
            self.put(&row)?;
        }
        Ok(())
    }

    fn fill_attestation(&mut self, order: &Order, compact: String) -> Result<(), WalletError> {
        let purpose = Purpose::Attestation { order: order.order };
        let due = self
            .list::<OutboxRow>()?
            .into_iter()
            .find(|row| row.purpose == purpose && row.compact.is_none());
        match due {
            Some(mut due) => {
                due.compact = Some(compact);
                self.put(&due)
            }
            None => self.enqueue(purpose, Some(compact)).map(|_| ()),
        }
    }
}

fn says_destroyed(attestation: &str) -> bool {
    let said = Received::parse(attestation).and_then(|said| said.unverified_body::<Attestation>());
    said.is_ok_and(|(_, body)| matches!(body.outcome, PhoneOutcome::Destroyed { .. }))
}

/// What is stated of all halves of an order at once, where this phone destroyed each of them.
fn destroyed(destruction: &Destruction) -> PhoneOutcome {
    PhoneOutcome::Destroyed {
        epoch_old: destruction.epoch_old,
        epoch_new: destruction.epoch_new,
        destroyed_key: Digest32::from_bytes(destruction.destroyed_key),
        probe: Probe {
            old_root_opens: destruction.probe.old_root_opens,
            records_open: destruction.probe.records_open,
            key_found: destruction.probe.key_found,
        },
        resumed: destruction.resumed,
    }
}

#[cfg(test)]
pub(crate) mod tests;
