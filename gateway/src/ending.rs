//! How mandates end at the gateway: an order is placed, comes into effect or is taken back, drains, destroys.

use quittance_flows::destruction::gateway::{self, GatewayEvent, GatewayState, OwnHalf};
use quittance_flows::mandate::{MandateEvent, ends_by_itself};
use quittance_flows::{FlowDefinition, Hold, HoldOwner, Policy, Refused};
use quittance_protocol::answer::MandateState;
use quittance_protocol::log::EntryKind;
use quittance_protocol::log_body::{Ending, EvidenceLevel, OrderBody, TerminationCause};
use quittance_protocol::problem::Code;
use quittance_protocol::statement::{Intent, ReplicaState};
use quittance_protocol::{AccountId, B64, MandateId, OrderId, Problem, Timestamp, Verified};

use crate::destruction;
use crate::each::{pass_over, readable};
use crate::failure::{Decided, Failure};
use crate::flows::{held_by_cancellations, refusal};
use crate::logbook;
use crate::parties::MerchantNotice;
use crate::round::in_mark;
use crate::store::{Mandate, Order, Store};
use crate::sweep::{Sweep, sweep};
use crate::turn::{After, Turn};
use crate::world::PolicyInForce;

/// On what an order stands.
pub(crate) struct Placing<'p> {
    /// Why, by whom.
    pub(crate) ending: Ending,
    /// The payer's intent, where it was the payer who finished asking.
    pub(crate) intent: Option<&'p Verified<Intent>>,
    /// From when on nothing takes it back.
    pub(crate) effective_at: Timestamp,
    /// The bundle that it is pinned to.
    pub(crate) policy: &'p PolicyInForce,
}

/// Orders the end of mandates, all in this commit. An order that is effective at once quiesces both halves, and takes those
/// of its mandates that are scheduled out of their orders: the earliest end counts, with its cause, and taking the later
/// one back gives them back no more. An order that is effective later holds both halves until then.
pub(crate) fn place(
    turn: &mut Turn<'_>,
    account: AccountId,
    mandates: Vec<Mandate>,
    placing: &Placing<'_>,
) -> Decided<OrderId> {
    let rules = &placing.policy.policy.token;
    let id = OrderId::from_bytes(turn.world.draw()?);
    let scheduled = turn.now < placing.effective_at;
    let body = OrderBody {
        order: id,
        mandates: mandates.iter().map(|row| row.mandate).collect(),
        tokens: mandates.iter().map(|row| row.commitment).collect(),
        cause: placing.ending.cause,
        intent: placing.intent.map(Verified::content),
        nonce: B64::new(turn.world.draw::<32>()?),
        effective_at: placing.effective_at,
        policy: placing.policy.content,
    };
    let said = logbook::say(turn.store, turn.world, turn.now, EntryKind::Order, &body)?;
    let order = Order {
        order: id,
        account,
        mandates: body.mandates,
        tokens: mandates.iter().map(|row| row.token).collect(),
        commitments: body.tokens,
        cause: body.cause,
        nonce: body.nonce,
        effective_at: body.effective_at,
        policy: body.policy,
        intent: placing.intent.map(|intent| intent.compact().to_owned()),
        intent_content: body.intent,
        attestation: None,
        evidence_level: EvidenceLevel::E0,
        state: if scheduled {
            GatewayState::scheduled()
        } else {
            GatewayState::ordered()
        },
        batch: None,
        drain_until: placing.effective_at.plus_seconds(rules.drain.get()),
        silent_until: placing.effective_at.plus_seconds(rules.device_deadline.get()),
        ordered_entry: said.place,
        destroyed_entry: None,
        closure: None,
        risk_epochs: None,
        acknowledged: None,
        left: mandates.iter().filter_map(|row| row.order).collect(),
    };
    turn.store.put_order(&order)?;
    for mut row in mandates {
        if let Some(before) = row.order.replace(id) {
            leave(turn, before, &row)?;
        }
        row.provisioning_until = None;
        end_renewal(turn, &mut row)?;
        if scheduled {
            let event = MandateEvent::Scheduled {
                ending: placing.ending,
                at: turn.now,
                due: placing.effective_at,
            };
            row.standing = row.standing.step(event).map_err(refusal)?;
            row.follow_holds();
            turn.store.put_mandate(&mut row)?;
        } else {
            let event = match placing.ending.cause {
                TerminationCause::NeverActivated => MandateEvent::Rejected(placing.ending),
                _ => MandateEvent::Ordered {
                    ending: placing.ending,
                    at: turn.now,
                },
            };
            quiesce(turn, &mut row, event)?;
        }
    }
    if !scheduled {
        drain(turn, id, false)?;
    }
    for before in order.left {
        // An order under which nothing is left could be taken back in name only: it ends with the last that left it.
        if turn.store.mandates_of_order(before)?.is_empty()
            && let Some(before) = find_readable(turn, before)?
        {
            bring_forward(turn, before, placing.effective_at)?;
        }
    }
    Ok(id)
}

/// Takes a mandate out of a scheduled order. What was logged of the order stays: its token will be gone, too. One that cannot
/// be read goes on naming the token, and finds it gone.
fn leave(turn: &Turn<'_>, id: OrderId, row: &Mandate) -> Result<(), Failure> {
    let Some(mut order) = find_readable(turn, id)? else {
        return Ok(());
    };
    order.tokens.retain(|token| *token != row.token);
    turn.store.put_order(&order)
}

fn find(turn: &Turn<'_>, id: OrderId) -> Result<Order, Failure> {
    turn.store.order(id)?.ok_or(Failure::Damaged("an order"))
}

/// The order, unless its row went bad, of which the log tells.
fn find_readable(turn: &Turn<'_>, id: OrderId) -> Result<Option<Order>, Failure> {
    match find(turn, id) {
        Err(failure) if failure.is_of_one_row() => {
            tracing::error!(error = %failure, order = %id, "an order cannot be read");
            Ok(None)
        }
        order => order.map(Some),
    }
}

/// When what a definition brings about is effective: at once, or after its policy's time.
pub(crate) fn effective_at(policy: &Policy, definition: &FlowDefinition, now: Timestamp) -> Result<Timestamp, Failure> {
    match &definition.effective {
        Some(key) => Ok(policy.moment(key, now)?),
        None => Ok(now),
    }
}

/// Ends mandates at once because somebody else than the payer's phone says so, whatever is scheduled. What is ending
/// already, or has ended, is left to that.
pub(crate) fn end(turn: &mut Turn<'_>, mandates: Vec<Mandate>, ending: Ending) -> Decided<Option<OrderId>> {
    let live = those_first(turn, mandates, turn.now)?;
    let Some(account) = live.first().map(|row| row.account) else {
        return Ok(None);
    };
    let placing = Placing {
        ending,
        intent: None,
        effective_at: turn.now,
        policy: turn.world.policies.current()?,
    };
    place(turn, account, live, &placing).map(Some)
}

/// Whether nobody has ordered a mandate's end yet, though it lives.
pub(crate) fn is_free(row: &Mandate) -> bool {
    row.order.is_none() && row.standing.is_live()
}

/// Those of some mandates for which an end that is effective at this moment is the first one: nobody has ordered another,
/// or only one for later where this one is for now.
pub(crate) fn those_first(
    turn: &Turn<'_>,
    mandates: Vec<Mandate>,
    effective_at: Timestamp,
) -> Result<Vec<Mandate>, Failure> {
    let mut first = Vec::new();
    for row in mandates.into_iter().filter(|row| row.standing.is_live()) {
        let stands = match row.order.map(|order| find(turn, order)).transpose() {
            Err(failure) if failure.is_of_one_row() => {
                tracing::error!(error = %failure, mandate = %row.mandate, "is left to an order that cannot be read");
                continue;
            }
            stands => stands?,
        };
        let is_later = |order: Order| order.state.own == OwnHalf::Scheduled && effective_at < order.effective_at;
        if stands.is_none_or(|order| effective_at <= turn.now && is_later(order)) {
            first.push(row);
        }
    }
    Ok(first)
}

/// Turns a linked subscription's renewal off, which comes before the end of its mandate.
pub(crate) fn end_renewal(turn: &Turn<'_>, row: &mut Mandate) -> Result<(), Failure> {
    if row.auto_renewal == Some(true) {
        row.auto_renewal = Some(false);
        turn.store.add_notice(
            row.merchant,
            &MerchantNotice::RenewalEnded {
                mandate: row.mandate,
                at: turn.now,
            },
        )?;
    }
    Ok(())
}

/// From here on nothing takes it back: no charge begins, no permit is good any more, the merchant is told.
fn quiesce(turn: &Turn<'_>, row: &mut Mandate, event: MandateEvent) -> Decided<()> {
    row.standing = row.standing.step(event).map_err(refusal)?;
    row.half = ReplicaState::Quiesced;
    turn.store.put_mandate(row)?;
    turn.store.drop_permits(row.token)?;
    turn.store.add_notice(
        row.merchant,
        &MerchantNotice::MandateEnded {
            mandate: row.mandate,
            at: turn.now,
        },
    )?;
    Ok(())
}

/// All mandates of an order whose moment came. One that cannot be read keeps no other alive: the vault ends its half with
/// theirs, and nothing is stated before it can be read.
pub(crate) fn quiesce_all(turn: &Turn<'_>, order: &Order) -> Decided<()> {
    for mut row in readable(turn.store.mandates_of_order(order.order)?)? {
        quiesce_scheduled(turn, order, &mut row)?;
    }
    Ok(())
}

/// One mandate of an order whose moment came.
pub(crate) fn quiesce_scheduled(turn: &Turn<'_>, order: &Order, row: &mut Mandate) -> Decided<()> {
    let early = row.standing.scheduled.is_some_and(|scheduled| turn.now < scheduled.due);
    let event = if early {
        // Another route brought the end forward.
        MandateEvent::Ordered {
            ending: row.standing.ending.unwrap_or(order.cause.by_usual_actor()),
            at: turn.now,
        }
    } else {
        MandateEvent::Due { at: turn.now }
    };
    quiesce(turn, row, event)
}

/// All mandates of an order that was taken back, as they were but for the renewal that is off, and held by any other
/// cancellation that goes on. One that was used up meanwhile, by a charge that was in flight, ends of that.
pub(crate) fn give_back_all(turn: &mut Turn<'_>, order: &Order) -> Decided<()> {
    let deadline = turn.world.policies.current()?.policy.token.provisioning_deadline.get();
    let held = held_by_cancellations(turn, order.account)?;
    let rows = turn.store.mandates_of_order(order.order)?.into_iter();
    let mut rows = rows.collect::<Result<Vec<_>, Failure>>()?;
    for row in &mut rows {
        let undone = row.standing.step(MandateEvent::Undone { at: turn.now });
        row.standing = undone.map_err(refusal)?;
        if held.contains(&row.mandate) {
            let hold = MandateEvent::HoldAdded(Hold::new(HoldOwner::Revocation, turn.now));
            row.standing = row.standing.step(hold).map_err(refusal)?;
        }
        row.order = None;
        if row.standing.state == MandateState::Provisioning {
            row.provisioning_until = Some(turn.now.plus_seconds(deadline));
        }
        row.follow_holds();
        turn.store.put_mandate(row)?;
    }
    rows.into_iter().try_for_each(|row| end_if_over(turn, row))
}

/// Takes an order back, strictly before it is effective.
///
/// # Errors
/// `not_found` for an order of somebody else's; `too_late` from its moment on.
pub(crate) fn undo(turn: &mut Turn<'_>, account: AccountId, id: OrderId) -> Decided<()> {
    let order = turn.store.order(id)?.filter(|order| order.account == account);
    let mut order = order.ok_or_else(|| Problem::new(Code::NotFound).at("/start/wish/order"))?;
    if turn.now >= order.effective_at {
        let late = Problem::new(Code::TooLate).next("order", &id.to_string());
        return Err(late.into());
    }
    take(turn, &mut order, GatewayEvent::Undone)
}

/// Whether a later wish joins an order: where that is effective first; where the wish names all that is under it, so that
/// the earlier moment counts for the whole order; or where it is for later itself. One that does not join takes what it
/// names out of the order. So does a wish for now where the order cannot be read, unless nothing takes it back any more: it
/// may never come due.
pub(crate) fn joins(turn: &mut Turn<'_>, id: OrderId, wanted: &[MandateId], effective_at: Timestamp) -> Decided<bool> {
    let Some(order) = find_readable(turn, id)? else {
        let under_it = readable(turn.store.mandates_of_order(id)?)?;
        let is_scheduled = under_it.iter().any(|row| row.standing.scheduled.is_some());
        return Ok(turn.now < effective_at || !is_scheduled);
    };
    if order.state.own != OwnHalf::Scheduled || effective_at >= order.effective_at {
        return Ok(true);
    }
    let under_it = turn.store.mandates_of_order(id)?;
    let is_wanted = |row: &Mandate| wanted.contains(&row.mandate);
    let is_covered = under_it.iter().all(|row| row.as_ref().is_ok_and(is_wanted));
    if is_covered {
        bring_forward(turn, order, effective_at)?;
    }
    Ok(is_covered || turn.now < effective_at)
}

/// Lets a scheduled order be effective earlier.
fn bring_forward(turn: &mut Turn<'_>, mut order: Order, effective_at: Timestamp) -> Decided<()> {
    let earlier = order.effective_at.seconds_since(effective_at);
    order.effective_at = effective_at;
    order.drain_until = order.drain_until.plus_seconds(-earlier);
    order.silent_until = order.silent_until.plus_seconds(-earlier);
    turn.store.put_order(&order)?;
    if turn.now >= effective_at {
        come_due(turn, order)?;
    }
    Ok(())
}

/// The moment of a scheduled order.
pub(crate) fn come_due(turn: &mut Turn<'_>, mut order: Order) -> Decided<()> {
    take(turn, &mut order, GatewayEvent::Due)?;
    drain(turn, order.order, false)
}

/// Moves an order on once no charge of its tokens is in flight, then those that some of its mandates left. `overdue`: their
/// time is over, so they are not waited for any longer, and the network is asked what became of them, which refuses those
/// that it never saw.
pub(crate) fn drain(turn: &mut Turn<'_>, id: OrderId, overdue: bool) -> Decided<()> {
    let mut order = find(turn, id)?;
    if matches!(order.state.own, OwnHalf::Scheduled | OwnHalf::Undone) {
        return Ok(());
    }
    let pending = turn.store.pending_of(&order.mandates)?;
    if !pending.is_empty() && !overdue {
        return Ok(());
    }
    if !overdue && waits_for_what_left(turn, &order)? {
        return Ok(());
    }
    turn.after.extend(pending.into_iter().map(After::Resolve));
    take(turn, &mut order, GatewayEvent::Drained)?;
    for left in order.left {
        // One whose row went bad keeps back itself alone.
        let drained = in_mark(turn, |turn| drain(turn, left, false));
        pass_over(turn.store, drained)?;
    }
    Ok(())
}

/// Whether a mandate left the order for one that still waits for a charge in flight: that order comes back to this one.
fn waits_for_what_left(turn: &Turn<'_>, order: &Order) -> Result<bool, Failure> {
    for id in &order.mandates {
        let row = match turn.store.mandate(*id) {
            // What it is under cannot be told; it keeps none of the others alive.
            Err(failure) if failure.is_of_one_row() => continue,
            row => row?,
        };
        let other = row.and_then(|row| row.order);
        let Some(other) = other.filter(|other| *other != order.order) else {
            continue;
        };
        match find(turn, other) {
            Ok(other) if other.state.own == OwnHalf::Quiesced => return Ok(true),
            Err(failure) if !failure.is_of_one_row() => return Err(failure),
            Ok(_) | Err(_) => {}
        }
    }
    Ok(false)
}

/// Lets the rules take an event, carries out what they ask for, writes what they decided.
///
/// # Errors
/// What the rules refuse.
pub(crate) fn take(turn: &mut Turn<'_>, order: &mut Order, event: GatewayEvent) -> Decided<()> {
    let (state, effects) = gateway::step(&order.state, event).map_err(|refused| match refused {
        Refused::Contradiction => Problem::new(Code::ProofRejected).at("/outcome"),
        other => refusal(other),
    })?;
    let said_before = state.phone == order.state.phone
        && matches!(event, GatewayEvent::PhoneDestroyed(_) | GatewayEvent::PhoneAbsent(_));
    if said_before {
        return Ok(());
    }
    order.state = state;
    destruction::carry_out(turn, order, &effects, None)?;
    Ok(turn.store.put_order(order)?)
}

/// Whether the clock ends something, looked up without writing.
pub(crate) fn is_due(store: Store<'_>, now: Timestamp) -> Result<bool, Failure> {
    Ok(store.never_activated(now, None)?.is_due()
        || store.mandates_over(now, None)?.is_due()
        || store.scheduled_due(now, None)?.is_due()
        || store.overdue(now, None)?.is_due()
        || store.drained(now, None)?.is_due())
}

/// What the clock ends, some of each kind.
pub(crate) fn run_due(turn: &mut Turn<'_>, seen: &mut Sweep) -> Decided<()> {
    let due = turn.store.never_activated(turn.now, seen.never_activated)?;
    sweep(turn, due, &mut seen.never_activated, |turn, mandate| {
        // A consent without activation ends like everything else (I12).
        end(turn, vec![mandate], TerminationCause::NeverActivated.by_usual_actor()).map(|_| ())
    })?;
    let due = turn.store.scheduled_due(turn.now, seen.scheduled)?;
    sweep(turn, due, &mut seen.scheduled, come_due)?;
    let due = turn.store.mandates_over(turn.now, seen.over)?;
    sweep(turn, due, &mut seen.over, end_if_over)?;
    let due = turn.store.drained(turn.now, seen.draining)?;
    sweep(turn, due, &mut seen.draining, |turn, order| {
        drain(turn, order.order, true)
    })?;
    let due = turn.store.overdue(turn.now, seen.overdue)?;
    sweep(turn, due, &mut seen.overdue, |turn, mut order| {
        // The phone had its time.
        take(turn, &mut order, GatewayEvent::DeviceDeadline)
    })
}

/// Ends a mandate whose validity is over, or of which every agreed charge was made (H6, R-340).
pub(crate) fn end_if_over(turn: &mut Turn<'_>, mandate: Mandate) -> Decided<()> {
    let charges = turn.store.approved_charges(mandate.mandate)?;
    match ends_by_itself(&mandate.terms, charges, turn.now) {
        Some(ending) => end(turn, vec![mandate], ending).map(|_| ()),
        None => Ok(()),
    }
}
