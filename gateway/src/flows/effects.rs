//! What flows bring about, at a step or at their end.

use quittance_flows::definition::PromptKind;
use quittance_flows::destruction::intent;
use quittance_flows::mandate::MandateEvent;
use quittance_flows::policy::named::BANK_ITEM;
use quittance_flows::{Deed, FlowDefinition, FlowEffect, Hold, HoldOwner, Step, StepKind, flow, permits};
use quittance_protocol::flow_event::{Author, FlowStart};
use quittance_protocol::log_body::TerminationCause;
use quittance_protocol::problem::Code;
use quittance_protocol::statement::{Channel, Limits, operation_digest};
use quittance_protocol::{B64, Digest32, FlowId, MandateId, Problem, Timestamp};

use super::{Run, begin, contacts, entering, refusal, settled, vouching};
use crate::ending::{self, Placing};
use crate::failure::{Decided, Failure};
use crate::parties::MerchantNotice;
use crate::store::{Device, Mandate};
use crate::turn::Turn;
use crate::{locks, stops, teens, terms};

/// Carries an effect out, in the turn in which it came about.
///
/// # Errors
/// The refusal of what cannot be brought about any more; the event that led here is then not admitted.
pub(super) fn bring_about(turn: &mut Turn<'_>, device: &Device, run: &mut Run<'_>, effect: FlowEffect) -> Decided<()> {
    settled::check(turn, run)?;
    let account = run.flow.account;
    let deed = Deed::of(effect, run.state.start.wish.as_ref());
    // The start was checked, and the loader takes no step that would need a wish.
    match deed.ok_or(Failure::Rules("an effect without its wish"))? {
        Deed::Hold => hold_for_revocation(turn, run),
        Deed::Destroy => destroy(turn, device, run),
        Deed::AutoRenewalOff => end_renewals(turn, run),
        Deed::Undo(order) => ending::undo(turn, account, order),
        Deed::ChangeLimits(limits) => change_limits(turn, run, limits),
        Deed::ExtendLock(until) => locks::extend(turn, account, until),
        Deed::ReleaseLock => locks::release(turn, account),
        Deed::SetTeenLimit(teen, per_charge) => teens::set_limit(turn, account, teen, per_charge),
        Deed::LeaveTeenMode(teen) => teens::leave(turn, account, teen),
        Deed::LiftStop(stop) => stops::remove(turn, account, &stop),
        Deed::AskContacts => vouching::ask_contacts(turn, run),
        Deed::CheckContacts => vouching::check(turn, run),
        Deed::SetContacts => set_contacts(turn, run),
        Deed::OpenPinReset => {
            vouching::still_stand(turn, run)?;
            open_pin_reset(turn, run)
        }
        Deed::OpenLockPassword => open_lock_password(turn, run),
        Deed::NoteObstruction => note_obstruction(turn, run),
        // The phone's own statement follows: consent, hold.
        Deed::Provision | Deed::LiftPause => Ok(()),
    }
}

/// The run's mandates.
fn subjects(turn: &Turn<'_>, run: &Run<'_>) -> Result<Vec<Mandate>, Failure> {
    let mut rows = Vec::new();
    for id in &run.state.start.mandates {
        rows.extend(turn.store.mandate(*id)?);
    }
    Ok(rows)
}

/// The run's mandates, each with what decides who confirms its end.
pub(crate) fn channels(turn: &Turn<'_>, run: &Run<'_>) -> Result<Vec<(MandateId, Channel)>, Failure> {
    let rows = subjects(turn, run)?.into_iter();
    Ok(rows.map(|row| (row.mandate, row.terms.channel)).collect())
}

/// Holds a cancellation's mandates: no charge passes from here on. What ends already needs no hold.
fn hold_for_revocation(turn: &Turn<'_>, run: &Run<'_>) -> Decided<()> {
    for mut row in subjects(turn, run)? {
        if row.standing.is_live() {
            let hold = Hold::new(HoldOwner::Revocation, turn.now);
            row.standing = row.standing.step(MandateEvent::HoldAdded(hold)).map_err(refusal)?;
            row.follow_holds();
            turn.store.put_mandate(&mut row)?;
        }
    }
    Ok(())
}

/// A cancellation is complete. Where the payer did its last step the phone's intent follows, which joins or places the
/// order; of several mandates those that a bank has to confirm get runs of their own. Where somebody else did
/// it, the order is placed now.
fn destroy(turn: &mut Turn<'_>, device: &Device, run: &mut Run<'_>) -> Decided<()> {
    if flow::ends_with_payer(run.definition, &run.state) {
        return if run.state.is_offline() {
            Ok(())
        } else {
            ask_banks(turn, device, run)
        };
    }
    let policy = turn.world.policies.version(run.state.start.policy_version);
    let policy = policy.ok_or(Failure::Damaged("a flow"))?;
    let effective_at = ending::effective_at(&policy.policy, named_on(turn, run)?, turn.now)?;
    let live = ending::those_first(turn, subjects(turn, run)?, effective_at)?;
    if live.is_empty() {
        return Ok(());
    }
    let cause = match run.definition.cause {
        Some(cause) => cause,
        None if live.len() > 1 => TerminationCause::PayerBatch,
        None => TerminationCause::Payer,
    };
    if cause == TerminationCause::PlatformForced {
        for row in &live {
            let notice = MerchantNotice::ForcedUnbind {
                mandate: row.mandate,
                at: turn.now,
            };
            turn.store.add_notice(row.merchant, &notice)?;
        }
    }
    let placing = Placing {
        ending: cause.by_usual_actor(),
        intent: None,
        effective_at,
        policy,
    };
    ending::place(turn, run.flow.account, live, &placing).map(|_| ())
}

/// The route on which the run's mandates were named: an item of a batch ends as late as the rest of it would.
fn named_on<'w>(turn: &Turn<'w>, run: &Run<'w>) -> Result<&'w FlowDefinition, Failure> {
    let Some(whole) = run.flow.item_of else {
        return Ok(run.definition);
    };
    let whole = Run::load(turn.store, turn.world, whole)?;
    Ok(whole.ok_or(Failure::Damaged("a flow"))?.definition)
}

fn ask_banks(turn: &mut Turn<'_>, device: &Device, run: &mut Run<'_>) -> Decided<()> {
    let policy = turn.world.policies.version(run.state.start.policy_version);
    let policy = policy.ok_or(Failure::Damaged("a flow"))?;
    let effective_at = ending::effective_at(&policy.policy, run.definition, turn.now)?;
    let named = intent::named(&channels(turn, run)?, false);
    let rows = ending::those_first(turn, subjects(turn, run)?, effective_at)?.into_iter();
    let banks = rows.filter(|row| !named.contains(&row.mandate));
    for row in banks.collect::<Vec<_>>() {
        let mandates = vec![row.mandate];
        let start = FlowStart {
            flow: FlowId::from_bytes(turn.world.draw()?),
            definition: BANK_ITEM.to_owned(),
            policy_version: run.state.start.policy_version,
            operation: operation_digest(BANK_ITEM, &mandates, &Digest32::of(b"")),
            mandates,
            wish: None,
            nonce: B64::new(turn.world.draw::<32>()?),
        };
        let mut item = begin(turn, device, &start, Author::Gateway)?;
        item.flow.item_of = Some(run.flow.flow);
        item.keep(turn)?;
        run.flow.next_flows.push(item.flow.flow);
    }
    Ok(run.keep(turn)?)
}

fn end_renewals(turn: &Turn<'_>, run: &Run<'_>) -> Decided<()> {
    for mut row in subjects(turn, run)? {
        if row.auto_renewal == Some(true) {
            ending::end_renewal(turn, &mut row)?;
            turn.store.put_mandate(&mut row)?;
        }
    }
    Ok(())
}

/// Other limits for a mandate that lives.
fn change_limits(turn: &Turn<'_>, run: &Run<'_>, limits: Limits) -> Decided<()> {
    for mut row in subjects(turn, run)? {
        if !ending::is_free(&row) {
            return Err(Code::MandateEnded.into());
        }
        let currency = row.terms.limits.per_charge.currency();
        if limits.per_charge.currency() != currency {
            return Err(Problem::new(Code::CurrencyMismatch).at("/start/wish/limits").into());
        }
        row.terms.limits = limits;
        terms::check(&row.terms, turn.now, "/start/wish")?;
        // A count that is used up already would end the mandate, which is no change of its limits.
        let used = turn.store.approved_charges(row.mandate)?;
        if limits.charges.is_some_and(|most| most <= used) {
            let place = "/start/wish/limits/charges";
            return Err(Problem::new(Code::LimitExceeded).at(place).into());
        }
        // The phone brings others with its next contact.
        for permit in turn.store.unused_permits(row.token, turn.now)? {
            if !permits::suits(&limits, &permit.permit.amount) {
                turn.store.drop_permit(row.token, permit.number)?;
            }
        }
        turn.store.put_mandate(&mut row)?;
    }
    Ok(())
}

/// Lets the payer choose a new PIN for a while; what raises authority waits from here on.
fn open_pin_reset(turn: &Turn<'_>, run: &Run<'_>) -> Decided<()> {
    turn.store.open_pin_reset(run.flow.account, entered_until(turn, run)?)?;
    let mut profile = turn.store.profile(run.flow.account)?;
    profile.recovered_at = Some(turn.now);
    Ok(turn.store.put_profile(run.flow.account, &profile)?)
}

/// Takes the people who were named as contacts: they count once their cooling-off is over.
fn set_contacts(turn: &Turn<'_>, run: &Run<'_>) -> Decided<()> {
    let names = |step: &&Step| matches!(step.kind, StepKind::Prompt(PromptKind::People));
    let step = run.definition.all_steps().find(names);
    let step = step.ok_or(Failure::Rules("a flow that sets contacts names nobody"))?;
    let entries = entering::read(turn.store, turn.world, run.flow.flow, &step.id)?;
    let people = entries.iter().map(|entry| entry.parse());
    let people: Vec<_> = people
        .collect::<Result<_, _>>()
        .map_err(|_| Failure::Damaged("entries"))?;
    contacts::set(turn, run.policy, run.flow.account, &people, true)
}

/// Lets the payer choose the safety lock's password for a while.
fn open_lock_password(turn: &Turn<'_>, run: &Run<'_>) -> Decided<()> {
    Ok(turn
        .store
        .open_lock_password(run.flow.account, entered_until(turn, run)?)?)
}

/// Until when what the run opened can be entered; the loader saw to it that the definition says so.
fn entered_until(turn: &Turn<'_>, run: &Run<'_>) -> Result<Timestamp, Failure> {
    let damaged = Failure::Damaged("a flow");
    let Some((_, before)) = run.flow.events.split_last() else {
        return Err(damaged);
    };
    let Ok(before) = flow::fold(run.rules(), before) else {
        return Err(damaged);
    };
    flow::entry_ends(run.rules(), &before, turn.now).ok_or(Failure::Damaged("a policy"))
}

/// The merchants stand in the way of their mandates' end.
fn note_obstruction(turn: &Turn<'_>, run: &Run<'_>) -> Decided<()> {
    for row in subjects(turn, run)? {
        turn.store.add_obstruction(row.merchant, row.mandate, turn.now)?;
    }
    Ok(())
}
