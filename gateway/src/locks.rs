//! The safety lock at the gateway: on by statement or trigger, holds on every mandate, off by flow or clock.

use quittance_flows::lock::SafetyLock;
use quittance_flows::mandate::MandateEvent;
use quittance_flows::{Hold, HoldOwner};
use quittance_protocol::answer::{LockRecord, PayerEventKind};
use quittance_protocol::log_body::Actor;
use quittance_protocol::problem::Code;
use quittance_protocol::{AccountId, EventId, Problem, Timestamp};

use crate::failure::{Decided, Failure};
use crate::flows::refusal;
use crate::store::{Lock, Mandate, Store};
use crate::sweep::{Sweep, sweep};
use crate::turn::Turn;

/// Puts the lock on, or makes it last; every mandate is held at once. Says how it stands.
pub(crate) fn lock(turn: &mut Turn<'_>, account: AccountId, trigger: &str, other_devices: bool) -> Decided<LockRecord> {
    let policy = &turn.world.policies.current()?.policy;
    let known = turn.store.lock(account)?;
    let lock = Lock {
        account,
        lock: SafetyLock::put_on(policy, known.as_ref().map(|known| &known.lock), trigger, turn.now),
        other_devices: other_devices || known.is_some_and(|known| known.other_devices),
    };
    keep(turn, &lock)?;
    Ok(record(&lock))
}

/// The risk engine locks by itself, where the policy names what it saw, and tells the payer why.
pub(crate) fn trigger(turn: &mut Turn<'_>, account: AccountId, trigger: &str) -> Decided<()> {
    let policy = &turn.world.policies.current()?.policy;
    if !policy.safety_lock.triggers.iter().any(|known| known == trigger) {
        return Ok(());
    }
    let record = lock(turn, account, trigger, false)?;
    let kind = PayerEventKind::Locked {
        trigger: trigger.to_owned(),
        until: record.until,
    };
    tell(turn, account, kind)
}

/// Keeps the lock on for longer.
///
/// # Errors
/// `step_order` where it is off, or the moment would shorten it; `limit_exceeded` beyond the longest lock.
pub(crate) fn extend(turn: &mut Turn<'_>, account: AccountId, until: Timestamp) -> Decided<()> {
    keep(turn, &extended(turn, account, until)?)
}

/// The lock as it would be kept on until then.
///
/// # Errors
/// As [`extend`].
pub(crate) fn extended(turn: &Turn<'_>, account: AccountId, until: Timestamp) -> Decided<Lock> {
    let known = turn.store.lock(account)?;
    let mut lock = known.ok_or_else(|| Problem::new(Code::StepOrder).detail("the lock is off"))?;
    let policy = &turn.world.policies.current()?.policy;
    if until > lock.lock.longest(policy) {
        return Err(Problem::new(Code::LimitExceeded).at("/start/wish/until").into());
    }
    lock.lock = lock.lock.extended(until, turn.now).map_err(refusal)?;
    Ok(lock)
}

/// Takes the lock off: its holds fall, holds of others stay.
pub(crate) fn release(turn: &mut Turn<'_>, account: AccountId) -> Decided<()> {
    turn.store.delete_lock(account)?;
    for mut row in turn.store.readable_mandates_of(account)? {
        if row.standing.is_live() && row.standing.holds.contains(&HoldOwner::SafetyLock) {
            let lifted = MandateEvent::HoldLifted(HoldOwner::SafetyLock, Actor::Payer);
            row.standing = row.standing.step(lifted).map_err(refusal)?;
            row.follow_holds();
            turn.store.put_mandate(&mut row)?;
        }
    }
    tell(turn, account, PayerEventKind::Unlocked {})
}

/// A new mandate of a locked account is locked from its first moment.
pub(crate) fn hold_new(turn: &Turn<'_>, mandate: &mut Mandate) -> Decided<()> {
    match turn.store.lock(mandate.account)? {
        Some(lock) => hold(mandate, &lock),
        None => Ok(()),
    }
}

/// Whether something is due about a lock, looked up without writing.
pub(crate) fn is_due(store: Store<'_>, now: Timestamp) -> Result<bool, Failure> {
    Ok(store.locks_due(now, None)?.is_due())
}

/// Announces ends, ends what is over.
pub(crate) fn run_due(turn: &mut Turn<'_>, seen: &mut Sweep) -> Decided<()> {
    let due = turn.store.locks_due(turn.now, seen.locks)?;
    sweep(turn, due, &mut seen.locks, pass)
}

/// Takes a lock to this moment.
fn pass(turn: &mut Turn<'_>, mut lock: Lock) -> Decided<()> {
    let policy = &turn.world.policies.current()?.policy;
    let open = has_open_trigger(turn, lock.account)?;
    let passed = lock.lock.pass(policy, open, turn.now);
    let Some(next) = passed.lock else {
        return release(turn, lock.account);
    };
    if passed.announce {
        tell(turn, lock.account, PayerEventKind::LockEnds { at: next.until })?;
    }
    lock.lock = next;
    keep(turn, &lock)
}

/// Whether what triggers locks is still unresolved for an account.
pub(crate) fn has_open_trigger(turn: &Turn<'_>, account: AccountId) -> Decided<bool> {
    let policy = &turn.world.policies.current()?.policy;
    let open = turn.store.profile(account)?.triggers;
    Ok(policy.safety_lock.triggers.iter().any(|trigger| open.contains(trigger)))
}

/// A lock as the payer sees it.
pub(crate) fn record(lock: &Lock) -> LockRecord {
    lock.lock.record(lock.other_devices)
}

/// Writes the lock, and its hold on every mandate that lives.
fn keep(turn: &Turn<'_>, lock: &Lock) -> Decided<()> {
    let policy = &turn.world.policies.current()?.policy;
    turn.store.put_lock(lock, lock.lock.due(policy))?;
    for mut row in turn.store.readable_mandates_of(lock.account)? {
        let before = row.standing.clone();
        if row.standing.is_live() {
            hold(&mut row, lock)?;
        }
        if row.standing != before {
            turn.store.put_mandate(&mut row)?;
        }
    }
    Ok(())
}

fn hold(row: &mut Mandate, lock: &Lock) -> Decided<()> {
    // The hold has no end of its own: the lock's end lifts it, also where the lock lasts longer than it was to.
    let hold = Hold::new(HoldOwner::SafetyLock, lock.lock.since);
    if !row.standing.holds.contains(&HoldOwner::SafetyLock) {
        row.standing = row.standing.step(MandateEvent::HoldAdded(hold)).map_err(refusal)?;
        row.follow_holds();
    }
    Ok(())
}

fn tell(turn: &Turn<'_>, account: AccountId, kind: PayerEventKind) -> Decided<()> {
    let event = EventId::from_bytes(turn.world.draw()?);
    turn.store.add_event(account, event, turn.now, kind)?;
    Ok(())
}
