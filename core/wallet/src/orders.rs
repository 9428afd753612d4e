//! Destruction orders on the phone: what the gateway says is checked, then folded by the pure step.

use crate::closure::{Known, content, verify_closure, verify_order};
use crate::error::WalletError;
use crate::events::{DisputeReason, Missing, WalletEvent};
use crate::inner::Inner;
use crate::journal::{FlowRow, MandateRow, OrderRow, Purpose, ReceiptRow};
use crate::log_check::{Opened, open_logged};
use crate::order_facts::{
    add_new, doubts, ends, ground_of, known_order, mandates_of, open_wishes, order_of, row_of, run_of, waits_for,
};
use crate::unit::Unit;
use quittance_flows::destruction::intent;
use quittance_flows::destruction::phone::{self, Grounds, PhoneEffect, PhoneEvent, PhoneState, is_grounded};
use quittance_flows::mandate::MandateEvent;
use quittance_protocol::answer::{OrderRecord, OrderState};
use quittance_protocol::log::{Checkpoint, EntryKind, TlogProof};
use quittance_protocol::log_body::{ClosureKind, DestroyedBody, OrderBody};
use quittance_protocol::statement::{Acknowledgement, Intent, token_commitment};
use quittance_protocol::{Digest32, FlowId, MandateId, OrderId, Timestamp};
use std::sync::Arc;

/// An order as the gateway tells it, with what the phone's own check of the log found.
pub(crate) struct OrderNews {
    record: OrderRecord,
    ordered: Result<Opened<OrderBody>, DisputeReason>,
    /// All checkpoints that came along are of the one growing log.
    consistent: bool,
    /// When the gateway's own destruction was logged, where it was.
    destroyed_at: Option<Timestamp>,
}

impl OrderNews {
    /// Which order it is about.
    pub(crate) fn order(&self) -> OrderId {
        self.record.order
    }
}

impl Inner {
    /// Checks the log's part of an order: its own entry, and every checkpoint that came along.
    ///
    /// # Errors
    /// [`WalletError::Offline`] where the log cannot be asked; then nothing is known yet.
    pub(crate) async fn check_order(self: &Arc<Self>, record: OrderRecord) -> Result<OrderNews, WalletError> {
        let ordered = verify_order(&record, &self.pinned.log);
        let proofs = [
            Some(&record.ordered.proof),
            record.destroyed.as_ref().map(|logged| &logged.proof),
            record.closure.as_ref().map(|closure| &closure.receipt),
        ];
        let checkpoints: Vec<Checkpoint> = proofs
            .into_iter()
            .flatten()
            .filter_map(|proof| proof.parse::<TlogProof>().ok())
            .filter_map(|proof| Checkpoint::open(&proof.checkpoint, &self.pinned.log).ok())
            .collect();
        let consistent = match self.follow_all(&checkpoints).await {
            Ok(()) => true,
            Err(WalletError::LogContradiction) => false,
            Err(error) => return Err(error),
        };
        let destroyed = record.destroyed.as_ref();
        let destroyed_at = destroyed
            .and_then(|logged| open_logged::<DestroyedBody>(logged, &self.pinned.log, EntryKind::Destroyed).ok())
            .filter(|opened| opened.body.order == record.order)
            .map(|opened| opened.entry.time);
        Ok(OrderNews {
            record,
            ordered,
            consistent,
            destroyed_at,
        })
    }
}

impl Unit<'_> {
    /// The payer wants the flow's mandates ended: the intent goes into the outbox, in the unit of the last event.
    pub(crate) fn intend(&mut self, flow: &FlowRow, offline: bool) -> Result<(), WalletError> {
        let start = &flow.start;
        let mandates = self.named_in_intent(&start.mandates, offline)?;
        if mandates.is_empty() {
            // Each of them is its bank's, and has a run of its own.
            return Ok(());
        }
        let intent = Intent {
            flow: start.flow,
            mandates: mandates.clone(),
            offline,
            // A run that no key proved stands on what the gateway saw of it.
            proof: flow.proof.clone().unwrap_or_default(),
        };
        let mut intents = self.replace_given_up(&mandates)?;
        let compact = self.sign(&intent)?;
        self.enqueue(Purpose::Intent { flow: start.flow }, Some(compact.clone()))?;
        intents.push(compact);
        self.put(&OrderRow::new(*start.flow.as_bytes(), mandates, intents))
    }

    /// What an intent of a run about these mandates names.
    pub(crate) fn named_in_intent(&self, mandates: &[MandateId], offline: bool) -> Result<Vec<MandateId>, WalletError> {
        let mut channels = Vec::new();
        for mandate in mandates {
            channels.push((*mandate, self.mandate(*mandate)?.terms.channel));
        }
        Ok(intent::named(&channels, offline))
    }

    /// Takes what the gateway says of an order. `answered` is the statement that it answers, if it answers one.
    pub(crate) fn take_order(&mut self, news: &OrderNews, answered: Option<&Purpose>) -> Result<(), WalletError> {
        let record = &news.record;
        let Some(mut row) = self.order_row(news, answered)? else {
            return Ok(());
        };
        let order = order_of(record);
        if let (true, Some(moment)) = (news.consistent, news.destroyed_at) {
            self.proved_time(moment)?;
        }
        let Some(event) = self.order_event(record)? else {
            return self.dispute(row, record, DisputeReason::OrderMismatch);
        };
        match phone::step(&row.state, event) {
            Ok((next, _effects)) => row.state = next,
            // A dispute is settled by the closure alone.
            Err(_) if matches!(&row.state, PhoneState::Disputed(known) if *known == order) => {}
            Err(_) => return self.dispute(row, record, DisputeReason::OrderMismatch),
        }
        // What follows asks what the payer still wishes to end: not what was taken back just now.
        self.put(&row)?;
        self.follow_order(&row)?;
        if let Some(Purpose::Attestation { .. }) = answered
            && let Ok((next, _)) = phone::step(&row.state, PhoneEvent::AttestationAccepted)
        {
            row.state = next;
            if record.closure.is_none() {
                self.tell(WalletEvent::Closing {
                    order: record.order,
                    missing: Missing::GatewayClosure,
                })?;
            }
        }
        self.attest_again(&row)?;
        self.take_closure(&mut row, news)?;
        self.put(&row)
    }

    fn take_closure(&mut self, row: &mut OrderRow, news: &OrderNews) -> Result<(), WalletError> {
        let record = &news.record;
        let order = match &row.state {
            PhoneState::Attested(order) | PhoneState::Disputed(order) | PhoneState::Closed { order, .. } => {
                order.clone()
            }
            PhoneState::Intended { .. }
            | PhoneState::Scheduled { .. }
            | PhoneState::Undone(_)
            | PhoneState::Ordered(_)
            | PhoneState::Attesting(_) => return Ok(()),
        };
        let Some(closure) = &record.closure else { return Ok(()) };
        let device_key = self.device()?.device_key;
        let known = Known {
            order: &order,
            policy: row.policy,
            ground: row.ground,
            effective_at: row.effective_at,
            intents: &row.intents,
            attestation: row.attestation.as_deref(),
            device_key: &device_key,
            origin: &self.inner.pinned.origin,
        };
        let verdict = if news.consistent {
            verify_closure(record, closure, &known, &self.inner.pinned.log)
        } else {
            Err(DisputeReason::LogInconsistent)
        };
        let event = match &verdict {
            Ok((kind, _receipt)) => PhoneEvent::ClosureVerified(*kind),
            Err(_) => PhoneEvent::ClosureRefused,
        };
        let Ok((next, effects)) = phone::step(&row.state, event) else {
            return Ok(());
        };
        let changed = next != row.state;
        row.state = next;
        match verdict {
            Ok((kind, receipt)) if changed => self.close(row, record, kind, receipt)?,
            Err(reason) if row.dispute != Some(reason) && matches!(row.state, PhoneState::Disputed(_)) => {
                row.dispute = Some(reason);
                self.tell(WalletEvent::Disputed {
                    order: record.order,
                    reason,
                })?;
            }
            _ => {}
        }
        for effect in effects {
            if let PhoneEffect::Acknowledge { order, verified } = effect {
                self.send(Purpose::Acknowledgement { order }, &Acknowledgement { order, verified })?;
            }
        }
        Ok(())
    }

    fn close(
        &mut self,
        row: &mut OrderRow,
        record: &OrderRecord,
        kind: ClosureKind,
        receipt: ReceiptRow,
    ) -> Result<(), WalletError> {
        self.proved_time(receipt.closed_at)?;
        row.receipt = Some(receipt);
        row.dispute = None;
        let mut ended = Vec::new();
        for mandate in &record.mandates {
            // What an earlier end took out of the order is told with that one.
            let mut is_others = false;
            if let Some(mut row) = self.get::<MandateRow>(mandate.as_bytes())? {
                is_others = row.order.is_some_and(|order| order != record.order);
                row.apply(MandateEvent::HalfDestroyed);
                self.put(&row)?;
            }
            self.use_up(*mandate, true)?;
            if !is_others {
                ended.push(*mandate);
            }
        }
        if ended.is_empty() {
            return Ok(());
        }
        self.tell(WalletEvent::Closed {
            order: record.order,
            mandates: ended,
            kind,
        })
    }

    /// The row that an order belongs to: its own, or a new one, made of what waited for it; `None` where the order is
    /// not this phone's, or is not believed as it stands.
    fn order_row(&mut self, news: &OrderNews, answered: Option<&Purpose>) -> Result<Option<OrderRow>, WalletError> {
        let record = &news.record;
        let rows = self.list::<OrderRow>()?;
        if let Some(own) = row_of(&rows, record.order) {
            let mut own = own.clone();
            // An order that changed its mandates claims no wish of theirs: it is refused as it stands.
            // One that was taken back fulfils none, and before its moment only the wish that it answers: a wish that
            // the gateway has not heard is not lost with an end that is taken back.
            let fulfils = match record.state {
                _ if matches!(own.state, PhoneState::Undone(_)) => false,
                OrderState::Undone => false,
                OrderState::Scheduled => matches!(answered, Some(Purpose::Intent { .. })),
                _ => true,
            };
            if fulfils && known_order(&own.state).is_some_and(|known| known.mandates == record.mandates) {
                let asked = own.ground.and_then(|ground| ground.intent);
                let (_, intents) = self.claim(&rows, record, asked, answered)?;
                add_new(&mut own.intents, intents);
            }
            return Ok(Some(own));
        }
        let mut ours = false;
        for mandate in &record.mandates {
            ours |= self.get::<MandateRow>(mandate.as_bytes())?.is_some();
        }
        if !ours {
            // An order for mandates of a phone before this one: the gateway closes it without us.
            return Ok(None);
        }
        let grounds = if self.is_named_as_another(&rows, record.order)? {
            Ok(Err(DisputeReason::OrderMismatch))
        } else {
            self.check_grounds(news, &rows)
        };
        let ordered = match grounds {
            Ok(Ok(ordered)) => ordered,
            Ok(Err(reason)) => {
                let waiting = rows
                    .iter()
                    .find(|row| doubts(row, record.order) || waits_for(row, record));
                // A row that names nothing keeps the payer free to end the mandate by an own wish.
                let row = waiting.cloned();
                let row = match row {
                    Some(row) => row,
                    None => OrderRow::new(self.place_of_doubt(&rows, record.order)?, Vec::new(), Vec::new()),
                };
                self.join_flow(row.place, record)?;
                self.dispute(row, record, reason)?;
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        self.proved_time(ordered.entry.time)?;
        let (place, mut intents) = self.claim(&rows, record, ordered.body.intent, answered)?;
        let named = rows
            .iter()
            .flat_map(|row| &row.intents)
            .filter(|intent| ordered.body.intent.is_some() && content(intent) == ordered.body.intent);
        add_new(&mut intents, named.cloned().collect());
        for doubt in rows.iter().filter(|row| doubts(row, record.order)) {
            self.delete(doubt);
        }
        if ordered.body.intent.is_none() {
            self.join_cancellation(record)?;
        }
        let place = place.unwrap_or(*record.order.as_bytes());
        let mut row = OrderRow::new(place, record.mandates.clone(), intents);
        row.policy = Some(ordered.body.policy);
        row.ground = Some(ground_of(&ordered.body));
        row.effective_at = Some(record.effective_at);
        Ok(Some(row))
    }

    /// Whether the order is logged, is about this phone's tokens, and ends nothing that may not end.
    fn check_grounds<'n>(
        &self,
        news: &'n OrderNews,
        rows: &[OrderRow],
    ) -> Result<Result<&'n Opened<OrderBody>, DisputeReason>, WalletError> {
        let record = &news.record;
        let ordered = match &news.ordered {
            Ok(ordered) if news.consistent => ordered,
            Ok(_) => return Ok(Err(DisputeReason::LogInconsistent)),
            Err(reason) => return Ok(Err(*reason)),
        };
        let wishes = open_wishes(rows);
        let known = self.grounds(record, ordered.entry.time)?;
        let grounds = Grounds {
            wishes: &wishes,
            cancelled: &known.cancelled,
            never_active: &known.never_active,
            expired: &known.expired,
            counted: &known.counted,
        };
        let grounded = is_grounded(&order_of(record), &ground_of(&ordered.body), &grounds);
        if grounded && self.tokens_are_ours(record)? {
            Ok(Ok(ordered))
        } else {
            Ok(Err(DisputeReason::OrderMismatch))
        }
    }

    /// Takes an order's mandates out of what still waits for an order: the place of the intent that was answered, or
    /// that waits for nothing more, and the intents that asked. `asked`: the content of the intent that the order was placed
    /// for.
    fn claim(
        &mut self,
        rows: &[OrderRow],
        record: &OrderRecord,
        asked: Option<Digest32>,
        answered: Option<&Purpose>,
    ) -> Result<(Option<[u8; 16]>, Vec<String>), WalletError> {
        let (mut place, mut intents) = (None, Vec::new());
        for row in rows.iter().filter(|row| waits_for(row, record)) {
            let is_answered = matches!(answered, Some(Purpose::Intent { flow }) if run_of(row) == Some(*flow));
            let is_asked = asked.is_some() && row.intents.iter().any(|intent| content(intent) == asked);
            if record.state == OrderState::Scheduled && !is_answered && !is_asked {
                // It may be taken back yet, and the gateway may not have heard of this wish.
                continue;
            }
            let mut left = mandates_of(&row.state).to_vec();
            left.retain(|wanted| !record.mandates.contains(wanted));
            // Where cancellations overlap, the gateway's order is for what is under no other order yet. Before it has heard of a
            // wish, an end that may be taken back takes nothing of it.
            let is_unheard = !is_answered && !is_asked && self.is_on_its_way(row)?;
            let counts = |other: &&OrderRow| !(is_unheard && matches!(other.state, PhoneState::Scheduled { .. }));
            let (others, left): (Vec<MandateId>, Vec<MandateId>) = left
                .into_iter()
                .partition(|wanted| rows.iter().filter(counts).any(|other| ends(other, wanted)));
            self.leave_to_others(&others, &row.intents)?;
            add_new(&mut intents, row.intents.clone());
            self.join_flow(row.place, record)?;
            // The place of the run goes to the answer.
            let gives_place = run_of(row) == Some(FlowId::from_bytes(row.place)) && (is_answered || left.is_empty());
            if gives_place {
                place = place.filter(|_| !is_answered).or(Some(row.place));
            }
            if gives_place || left.is_empty() {
                self.delete(row);
            }
            if !left.is_empty() {
                // What is under another order waits for that one, in a place that is nothing else's.
                let place = if gives_place { self.inner.random()? } else { row.place };
                self.put(&OrderRow {
                    place,
                    state: PhoneState::Intended { mandates: left },
                    ..row.clone()
                })?;
            }
        }
        Ok((place, intents))
    }

    fn join_flow(&mut self, place: [u8; 16], record: &OrderRecord) -> Result<(), WalletError> {
        if let Some(mut flow) = self.get::<FlowRow>(&place)?
            && flow.order.is_none()
        {
            flow.order = Some(record.order);
            self.put(&flow)?;
        }
        Ok(())
    }

    /// Whether the order's commitments are those of this phone's tokens, in the sequence of its mandates.
    fn tokens_are_ours(&self, record: &OrderRecord) -> Result<bool, WalletError> {
        if record.mandates.len() != record.tokens.len() {
            return Ok(false);
        }
        for (mandate, commitment) in record.mandates.iter().zip(&record.tokens) {
            if let Some(row) = self.get::<MandateRow>(mandate.as_bytes())?
                && token_commitment(row.token, &row.token_key.thumbprint()) != *commitment
            {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Keeps an order that is not believed as it stands; the payer is told once for each reason.
    fn dispute(&mut self, mut row: OrderRow, record: &OrderRecord, reason: DisputeReason) -> Result<(), WalletError> {
        if row.dispute != Some(reason) {
            row.dispute = Some(reason);
            self.tell(WalletEvent::Disputed {
                order: record.order,
                reason,
            })?;
        }
        self.put(&row)
    }
}

#[cfg(test)]
mod tests;
