//! Orders that are effective later, and orders that no intent of this phone asked for.

use crate::error::WalletError;
use crate::events::WalletEvent;
use crate::inner::Inner;
use crate::journal::{FlowRow, MandateRow, OrderRow, TimeRow};
use crate::order_facts::{known_order, order_of, row_of};
use crate::unit::Unit;
use quittance_flows::definition::FlowEffect;
use quittance_flows::destruction::phone::{self, PhoneEvent, PhoneState, payer_is_done};
use quittance_flows::mandate::MandateEvent;
use quittance_flows::{Hold, HoldOwner, Mandate, Phase};
use quittance_protocol::answer::{OrderRecord, OrderState};
use quittance_protocol::flow_event::Wish;
use quittance_protocol::log_body::TerminationCause;
use quittance_protocol::{MandateId, OrderId, Timestamp};

/// What this phone knows of an order's mandates by itself.
#[derive(Default)]
pub(crate) struct KnownGrounds {
    pub(crate) cancelled: Vec<MandateId>,
    pub(crate) never_active: Vec<MandateId>,
    pub(crate) expired: Vec<MandateId>,
    pub(crate) counted: Vec<MandateId>,
}

impl Inner {
    /// Orders whose moment is reached, by a time that the log proved, become orders that nothing takes back.
    pub(crate) fn let_due_orders_come(&self) -> Result<(), WalletError> {
        let waits = |row: &OrderRow| matches!(row.state, PhoneState::Scheduled { .. });
        if !self.read_all::<OrderRow>()?.iter().any(waits) {
            return Ok(());
        }
        self.unit_now(|unit| {
            let Some(now) = unit.proven()? else { return Ok(()) };
            for mut row in unit.list::<OrderRow>()? {
                let PhoneState::Scheduled { order, .. } = &row.state else {
                    continue;
                };
                let undoing = unit.runs_to_undo(order.order)?;
                let came = PhoneEvent::TimeCame {
                    now,
                    may_be_undone: undoing.contains(&Phase::Open) || undoing.contains(&Phase::Completed),
                };
                if let Ok((next @ PhoneState::Ordered(_), _effects)) = phone::step(&row.state, came) {
                    row.state = next;
                    unit.follow_order(&row)?;
                    unit.put(&row)?;
                }
            }
            Ok(())
        })
    }
}

impl Unit<'_> {
    /// Whether this phone knows that an order was taken back.
    pub(crate) fn is_taken_back(&self, order: OrderId) -> Result<bool, WalletError> {
        let rows = self.list::<OrderRow>()?;
        Ok(row_of(&rows, order).is_some_and(|own| matches!(own.state, PhoneState::Undone(_))))
    }

    /// The newest time that the log proved.
    fn proven(&self) -> Result<Option<Timestamp>, WalletError> {
        Ok(self.get::<TimeRow>(b"")?.and_then(|row| row.0.floor))
    }

    /// What the gateway's word about an order means here. Nothing is destroyed before the log proved that its moment is
    /// reached, whatever state the record names. Nothing where it says that an order was undone that nobody undid.
    pub(crate) fn order_event(&self, record: &OrderRecord) -> Result<Option<PhoneEvent>, WalletError> {
        let order = order_of(record);
        if record.state == OrderState::Undone {
            let undone = self.runs_to_undo(record.order)?.contains(&Phase::Completed);
            return Ok(undone.then_some(PhoneEvent::OrderUndone(order)));
        }
        let effective_at = record.effective_at;
        // What is told as scheduled may be told as it was before it was taken back: of that, time decides.
        let may_be_of_before = record.state == OrderState::Scheduled;
        if !may_be_of_before && self.proven()?.is_some_and(|now| now >= effective_at) {
            Ok(Some(PhoneEvent::OrderReceived(order)))
        } else {
            Ok(Some(PhoneEvent::OrderScheduled { order, effective_at }))
        }
    }

    /// Where each run of this phone stands, as far as it knows, that asks to take an order back: in a complete one every
    /// proof was given.
    fn runs_to_undo(&self, order: OrderId) -> Result<Vec<Phase>, WalletError> {
        let wish = Some(Wish::Undo { order });
        let rows = self.list::<FlowRow>()?.into_iter();
        rows.filter(|row| !row.foreign && row.start.wish == wish)
            .map(|row| Ok(self.folded(&row)?.phase))
            .collect()
    }

    /// Brings an order's mandates where the order stands.
    pub(crate) fn follow_order(&mut self, placed: &OrderRow) -> Result<(), WalletError> {
        let Some(order) = known_order(&placed.state) else {
            return Ok(());
        };
        let cause = placed.ground.map_or(TerminationCause::Payer, |ground| ground.cause);
        let ending = cause.by_usual_actor();
        let at = self.now()?;
        for id in &order.mandates {
            let Some(mut row) = self.get::<MandateRow>(id.as_bytes())? else {
                continue;
            };
            if !self.is_under(&row, placed, order.order)? {
                continue;
            }
            match &placed.state {
                PhoneState::Scheduled { effective_at, .. } => row.apply(MandateEvent::Scheduled {
                    ending,
                    at,
                    due: *effective_at,
                }),
                PhoneState::Undone(_) => {
                    row.order = None;
                    take_back(&mut row.replica);
                    row.follow_replica();
                    if self.is_held_by_wish(*id, HoldOwner::Revocation)? || self.is_held_by_run(*id)? {
                        // Another wish of the payer's to end it stands, or a cancellation goes on.
                        row.apply(MandateEvent::HoldAdded(Hold::new(HoldOwner::Revocation, at)));
                    }
                    let ground = placed.ground;
                    self.use_up(*id, ground.is_none_or(|ground| ground.intent.is_none()))?;
                    self.tell(WalletEvent::Undone {
                        order: order.order,
                        mandate: *id,
                    })?;
                    self.put(&row)?;
                    continue;
                }
                _ => row.apply(MandateEvent::Ordered { ending, at }),
            }
            row.order = Some(order.order);
            self.put(&row)?;
        }
        Ok(())
    }

    /// Whether a mandate that an order names is under this order, not under another one that ends it earlier.
    fn is_under(&self, row: &MandateRow, placed: &OrderRow, order: OrderId) -> Result<bool, WalletError> {
        if matches!(placed.state, PhoneState::Undone(_)) {
            return Ok(row.order == Some(order));
        }
        let Some(before) = row.order.filter(|before| *before != order) else {
            return Ok(true);
        };
        let rows = self.list::<OrderRow>()?;
        let Some(before) = row_of(&rows, before) else {
            return Ok(true);
        };
        Ok(match (&before.state, &placed.state) {
            (PhoneState::Undone(_), _) => true,
            (_, PhoneState::Scheduled { .. }) => false,
            (PhoneState::Scheduled { .. }, _) => true,
            // Nothing takes either back: the earlier one took it, by the moments that they were placed with.
            _ => placed.effective_at < before.effective_at,
        })
    }

    /// What this phone knows of an order's mandates, at the time of its log entry.
    pub(crate) fn grounds(&self, record: &OrderRecord, logged: Timestamp) -> Result<KnownGrounds, WalletError> {
        let mut known = KnownGrounds::default();
        for mandate in &record.mandates {
            let Some(row) = self.get::<MandateRow>(mandate.as_bytes())? else {
                continue;
            };
            if row.was_never_active() {
                known.never_active.push(*mandate);
            }
            if row.terms.valid_until.is_some_and(|until| logged >= until) {
                known.expired.push(*mandate);
            }
            if row.terms.limits.charges.is_some() {
                known.counted.push(*mandate);
            }
        }
        for row in self.list::<FlowRow>()? {
            // A run about other mandates is no ground for this order, and folding every run would cost what was ever
            // ended.
            let about = |mandate: &MandateId| row.start.mandates.contains(mandate);
            if record.mandates.iter().any(about) && self.payer_is_done_with(&row)? {
                let open = row
                    .start
                    .mandates
                    .iter()
                    .filter(|mandate| !row.used_up.contains(mandate));
                known.cancelled.extend(open);
            }
        }
        Ok(known)
    }

    /// No cancellation that is complete is a ground to end this mandate once more: its end was taken back, or has come.
    /// `without_intent`: the order stood on a run in which others were still to act here, so those count as well.
    pub(crate) fn use_up(&mut self, mandate: MandateId, without_intent: bool) -> Result<(), WalletError> {
        for mut row in self.list::<FlowRow>()? {
            let about = row.ends_mandates && row.start.mandates.contains(&mandate);
            if !about || row.used_up.contains(&mandate) {
                continue;
            }
            if self.is_complete(&row)? || without_intent && self.payer_is_done_with(&row)? {
                row.used_up.push(mandate);
                self.put(&row)?;
            }
        }
        Ok(())
    }

    /// Whether a cancellation was begun on this phone and leaves the payer nothing to do.
    fn payer_is_done_with(&self, row: &FlowRow) -> Result<bool, WalletError> {
        if row.foreign {
            return Ok(false);
        }
        let (pinned, state) = self.inner.folded(row)?;
        Ok(pinned.definition.effect == FlowEffect::Destroy && payer_is_done(pinned.rules(), &state))
    }

    /// Notes the order of a cancellation that somebody else completed, where the order was heard of first.
    pub(crate) fn join_order(&self, row: &mut FlowRow) -> Result<(), WalletError> {
        for mandate in &row.start.mandates {
            if row.order.is_none() {
                row.order = self.mandate(*mandate)?.order;
            }
        }
        Ok(())
    }

    /// Notes an order that came without an intent in the cancellation that it ends.
    pub(crate) fn join_cancellation(&mut self, record: &OrderRecord) -> Result<(), WalletError> {
        let orders = self.list::<OrderRow>()?;
        let is_later = |order: OrderId| {
            let row = row_of(&orders, order);
            order != record.order && row.is_some_and(|row| matches!(row.state, PhoneState::Scheduled { .. }))
        };
        for mut row in self.list::<FlowRow>()? {
            let about = |mandate: &MandateId| row.start.mandates.contains(mandate);
            // A run that the gateway began is no ground of the order, and still the one that it came of. One that ends at
            // once was taken for that of a later end, if it was heard of before the order that took its mandates out of it.
            let is_free = match row.order {
                Some(order) => is_later(order) && self.definition(&row)?.effective.is_none(),
                None => true,
            };
            if is_free
                && record.mandates.iter().any(about)
                && (row.foreign && row.ends_mandates || self.payer_is_done_with(&row)?)
                && self.folded(&row)?.phase == Phase::Completed
            {
                row.order = Some(record.order);
                self.put(&row)?;
            }
        }
        Ok(())
    }
}

/// Takes a scheduled end back at the gateway's word: the moment of the wish was its to judge.
fn take_back(replica: &mut Mandate) {
    let Some(scheduled) = replica.scheduled else { return };
    let at = scheduled.due.plus_seconds(-1);
    if let Ok(next) = replica.step(MandateEvent::Undone { at }) {
        *replica = next;
    }
}
