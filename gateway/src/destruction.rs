//! The gateway's own destruction: what the vault did becomes a statement in the log.

use std::collections::VecDeque;
use std::time::Instant;

use quittance_flows::charge::{ChargeRequest, Taken, authorize};
use quittance_flows::destruction::gateway::{self, GatewayEffect, GatewayEvent, PhoneSide};
use quittance_flows::mandate::MandateEvent;
use quittance_protocol::answer::MandateState;
use quittance_protocol::log::EntryKind;
use quittance_protocol::log_body::{ClosureBody, ClosureKind, DestroyedBody};
use quittance_protocol::money::Money;
use quittance_protocol::problem::Code;
use quittance_protocol::statement::{PermitAmount, Probe, ReplicaState};
use quittance_protocol::{B64, Digest32, OrderId};
use quittance_vault::{Destruction, RecordKey, Vault, VaultError};

use crate::ending;
use crate::failure::{Decided, Failure};
use crate::logbook;
use crate::rating;
use crate::secrets::token_half;
use crate::store::{Mandate, Order, Store, StoredClosure};
use crate::turn::Turn;

/// Orders that one destruction of the vault ends: those of one commit, unless they were parted.
pub(crate) struct Batch {
    pub(crate) id: [u8; 16],
    /// Each with the halves that it ends.
    pub(crate) orders: Vec<(OrderId, Vec<RecordKey>)>,
}

impl Batch {
    fn targets(&self) -> Vec<RecordKey> {
        self.orders.iter().flat_map(|(_, targets)| targets).copied().collect()
    }
}

/// What has to be destroyed now, one batch for each commit that asked for it; with the failure of the first order that
/// cannot be read, which keeps no other from its end.
pub(crate) fn begin(store: Store<'_>) -> Result<(VecDeque<Batch>, Option<Failure>), Failure> {
    let (mut batches, mut unread): (VecDeque<Batch>, Option<Failure>) = (VecDeque::new(), None);
    for order in store.destroying()? {
        let order = match order {
            Ok(order) => order,
            Err(failure) => {
                unread = unread.or(Some(failure));
                continue;
            }
        };
        let id = order.batch.as_ref().and_then(|batch| batch.as_slice().try_into().ok());
        let Some(id): Option<[u8; 16]> = id else {
            unread = unread.or(Some(Failure::Damaged("an order")));
            continue;
        };
        let targets = order.tokens.iter().map(|token| token_half(*token)).collect();
        let order = (order.order, targets);
        match batches.iter_mut().find(|batch| batch.id == id) {
            Some(batch) => batch.orders.push(order),
            None => batches.push_back(Batch {
                id,
                orders: vec![order],
            }),
        }
    }
    Ok((batches, unread))
}

/// Lets the vault destroy a batch: one rotation, however many orders. Repeating it is free.
pub(crate) fn run(vault: &mut Vault, batch: &Batch) -> Result<Destruction, VaultError> {
    let began = Instant::now();
    let done = vault.destroy(batch.id, &batch.targets(), |_| Ok(()))?;
    let destroy_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    tracing::info!(
        halves = done.destroyed.len(),
        missing = done.missing.len(),
        destroy_ms,
        epoch = done.epoch_new,
        "halves destroyed"
    );
    Ok(done)
}

/// The orders of a batch that are to end by themselves. All of several, where the vault began nothing because a part of it
/// is damaged, so that some may end without the others. Where the batch was destroyed already, those whose rows could not be
/// read then: the vault looked at no half of theirs.
pub(crate) fn to_part(vault: &Vault, batch: &Batch, error: &VaultError) -> Vec<OrderId> {
    let by_themselves = |(order, _): &&(OrderId, Vec<RecordKey>)| *order.as_bytes() != batch.id;
    let orders = batch.orders.iter().filter(by_themselves);
    match (error, vault.destruction(batch.id)) {
        (VaultError::Corrupt { .. }, Ok(None)) if batch.orders.len() > 1 => orders.map(|(order, _)| *order).collect(),
        (VaultError::OtherTargets, Ok(Some(done))) => orders
            .filter(|(_, targets)| !done.covers(targets))
            .map(|(order, _)| *order)
            .collect(),
        _ => Vec::new(),
    }
}

/// Makes these orders batches of their own, under their own ids; what is left of the batch keeps its id. Committed before the
/// vault hears of it, so that whoever goes on after a crash asks for the same.
pub(crate) fn part(turn: &Turn<'_>, batch: Batch, alone: &[OrderId]) -> Result<Vec<Batch>, Failure> {
    let (parted, left): (Vec<_>, Vec<_>) = batch.orders.into_iter().partition(|(order, _)| alone.contains(order));
    let mut parts = Vec::new();
    for (id, targets) in parted {
        let mut order = turn.store.order(id)?.ok_or(Failure::Damaged("an order"))?;
        order.batch = Some(B64::new(*id.as_bytes()));
        turn.store.put_order(&order)?;
        parts.push(Batch {
            id: *id.as_bytes(),
            orders: vec![(id, targets)],
        });
    }
    if !left.is_empty() {
        parts.push(Batch {
            id: batch.id,
            orders: left,
        });
    }
    Ok(parts)
}

/// States what the vault did, for one order of the batch.
pub(crate) fn finish(turn: &mut Turn<'_>, id: OrderId, done: &Destruction) -> Decided<()> {
    let mut order = turn.store.order(id)?.ok_or(Failure::Damaged("an order"))?;
    let (state, effects) = gateway::step(&order.state, GatewayEvent::HalvesDestroyed)
        .map_err(|_| Failure::Rules("an order was destroyed before it was due"))?;
    order.state = state;
    carry_out(turn, &mut order, &effects, Some(done))?;
    Ok(turn.store.put_order(&order)?)
}

/// Carries out what the rules ask for. The order's row is written by the caller.
pub(crate) fn carry_out(
    turn: &mut Turn<'_>,
    order: &mut Order,
    effects: &[GatewayEffect],
    done: Option<&Destruction>,
) -> Decided<()> {
    for effect in effects {
        match effect {
            GatewayEffect::Quiesce => ending::quiesce_all(turn, order)?,
            GatewayEffect::GiveBack => ending::give_back_all(turn, order)?,
            GatewayEffect::DestroyHalves => order.batch = Some(B64::new(turn.batch)),
            GatewayEffect::LogDestroyed => {
                let done = done.ok_or(Failure::Rules("a destruction is stated before the vault's own"))?;
                state_destroyed(turn, order, done)?;
            }
            GatewayEffect::LogClosure(kind) => close(turn, order, *kind)?,
        }
    }
    Ok(())
}

/// Ends the mandates, refreshes the risk rating, then says `destroyed`.
fn state_destroyed(turn: &mut Turn<'_>, order: &mut Order, done: &Destruction) -> Decided<()> {
    for mandate in turn.store.mandates_of_order(order.order)? {
        let mut mandate = mandate?;
        let is_missing = done.missing.contains(&token_half(mandate.token));
        if is_missing && mandate.half != ReplicaState::Destroyed {
            // Damage may hide it from the vault, not from who has the file: it is not known to be gone.
            return Err(Failure::Damaged("a half in the vault").into());
        }
        if mandate.standing.state == MandateState::RevocationScheduled {
            // It could not be read when its moment came.
            ending::quiesce_scheduled(turn, order, &mut mandate)?;
        }
        if mandate.standing.state == MandateState::Revoking {
            let ended = mandate.standing.step(MandateEvent::HalfDestroyed);
            mandate.standing = ended.map_err(|_| Failure::Rules("a mandate ends before its order"))?;
        }
        mandate.half = ReplicaState::Destroyed;
        mandate.sealed_reference = None;
        mandate.card = None;
        turn.store.put_mandate(&mut mandate)?;
        probe(turn, &mandate)?;
    }
    for id in &order.mandates {
        let mandate = turn.store.mandate(*id)?.ok_or(Failure::Damaged("an order"))?;
        // What left for an earlier end has come to it first.
        let is_gone = mandate.half == ReplicaState::Destroyed || done.destroyed.contains(&token_half(mandate.token));
        if !is_gone {
            return Err(Failure::Rules("an order is stated before what left it has ended").into());
        }
    }
    let (before, rating) = rating::refresh(turn, order.account)?;
    order.risk_epochs = Some((before, rating.epoch));
    let body = DestroyedBody {
        order: order.order,
        tokens: order.commitments.clone(),
        epoch_old: done.epoch_old,
        epoch_new: done.epoch_new,
        destroyed_key: Digest32::from_bytes(done.destroyed_key),
        probe: Probe {
            old_root_opens: done.probe.old_root_opens,
            records_open: done.probe.records_open,
            key_found: done.probe.key_found,
        },
        authorization: Code::TokenDestroyed.name().to_owned(),
        resumed: done.resumed || turn.resuming,
    };
    let said = logbook::say(turn.store, turn.world, turn.now, EntryKind::Destroyed, &body)?;
    order.destroyed_entry = Some(said.place);
    Ok(())
}

/// Tries what was destroyed: the vault opens nothing, and the authorization function answers `token_destroyed` for
/// the last good permit. No permit is forged to find out.
fn probe(turn: &Turn<'_>, mandate: &Mandate) -> Decided<()> {
    if turn.vault.get(&token_half(mandate.token))?.is_some() {
        return Err(Failure::Rules("the vault still opens a destroyed half").into());
    }
    let limits = &mandate.terms.limits;
    let last = turn.store.last_good_permit(mandate.token)?;
    let amount = last
        .as_ref()
        .map_or(limits.per_charge, |permit| match permit.permit.amount {
            PermitAmount::AtMost(amount) | PermitAmount::Exact(amount) => amount,
        });
    let nothing = Money::new(0, limits.per_period.currency()).map_err(|_| Failure::Damaged("a mandate's limits"))?;
    let request = ChargeRequest {
        mandate: &mandate.standing,
        gateway_half: mandate.half,
        terms: &mandate.terms,
        taken: Taken::nothing(nothing),
        payee: mandate.merchant,
        amount,
        challenge: None,
        now: last.as_ref().map_or(turn.now, |permit| permit.permit.not_before),
    };
    let permits: Vec<_> = last.into_iter().map(|permit| (permit.number, permit.permit)).collect();
    match authorize(&request, &permits) {
        Err(Code::TokenDestroyed) => Ok(()),
        _ => Err(Failure::Rules("the authorization function does not know that the token is destroyed").into()),
    }
}

/// Says the closure that both statements, or the clock, allow.
fn close(turn: &mut Turn<'_>, order: &mut Order, kind: ClosureKind) -> Decided<()> {
    let destroyed = order
        .destroyed_entry
        .ok_or(Failure::Rules("a closure before our own destruction"))?;
    let (risk_epoch_before, risk_epoch_after) = order
        .risk_epochs
        .ok_or(Failure::Rules("a closure before our own destruction"))?;
    let phone_attestation = match order.state.phone {
        PhoneSide::Destroyed(said) | PhoneSide::Absent(said) => Some(said),
        PhoneSide::Silent | PhoneSide::Overdue => None,
    };
    let body = ClosureBody {
        order: order.order,
        kind,
        mandates: order.mandates.clone(),
        tokens: order.commitments.clone(),
        cause: order.cause,
        nonce: order.nonce.clone(),
        intent: order.intent_content,
        phone_attestation,
        gateway_attestation: logbook::digest(turn.store, destroyed)?,
        evidence_level: order.evidence_level,
        risk_epoch_before,
        risk_epoch_after,
        policy: order.policy,
        effective_at: order.effective_at,
    };
    let said = logbook::say(turn.store, turn.world, turn.now, EntryKind::Closure, &body)?;
    order.closure = Some(StoredClosure {
        kind,
        entry: said.place,
    });
    // A second closure is news for the phone.
    order.acknowledged = None;
    Ok(())
}
