//! Stop instructions at the gateway: holds on every mandate in their scope, refusals of new ones.

use quittance_flows::mandate::MandateEvent;
use quittance_flows::{Hold, HoldOwner, stop};
use quittance_protocol::log_body::Actor;
use quittance_protocol::problem::Code;
use quittance_protocol::statement::{StopScope, Terms};
use quittance_protocol::{AccountId, MerchantId, Problem};

use crate::failure::Decided;
use crate::flows::refusal;
use crate::turn::Turn;

/// Most instructions of one account, besides the one that stops everything: each answer to its phones lists them all.
const MOST: usize = 128;

/// Stops a scope; one that is stopped already stays so.
///
/// # Errors
/// What [`check`] answers; `limit_exceeded` beyond the most instructions, never for the one that stops everything.
pub(crate) fn add(turn: &mut Turn<'_>, account: AccountId, scope: &StopScope) -> Decided<()> {
    check(scope, "/stop")?;
    let known = turn.store.stops(account)?;
    let fits = known.len() < MOST || *scope == StopScope::Everything {} || known.contains(scope);
    if !fits {
        return Err(Problem::new(Code::LimitExceeded)
            .at("/stop")
            .detail("take an earlier instruction back, or stop everything")
            .into());
    }
    turn.store.add_stop(account, scope, turn.now)?;
    follow(turn, account)
}

/// Whether terms can have what a scope names; `place` says where the caller reads it.
///
/// # Errors
/// `malformed` for a category without a name, which would stop nothing, or with one that is too long.
pub(crate) fn check(scope: &StopScope, place: &str) -> Decided<()> {
    match scope {
        StopScope::Category { category } if !(1..=Terms::MOST_CATEGORY_BYTES).contains(&category.len()) => {
            Err(Problem::new(Code::Malformed)
                .at(format!("{place}/category"))
                .detail("a category has 1 to 64 bytes")
                .into())
        }
        _ => Ok(()),
    }
}

/// Takes an instruction back: what no other one covers is free again.
pub(crate) fn remove(turn: &mut Turn<'_>, account: AccountId, scope: &StopScope) -> Decided<()> {
    turn.store.remove_stop(account, scope)?;
    follow(turn, account)
}

/// Whether the payer stopped what a mandate with these terms would do.
pub(crate) fn covers(turn: &Turn<'_>, account: AccountId, merchant: MerchantId, terms: &Terms) -> Decided<bool> {
    Ok(stop::is_stopped(&turn.store.stops(account)?, merchant, terms))
}

/// Brings the holds of stop instructions in step with those in force.
fn follow(turn: &Turn<'_>, account: AccountId) -> Decided<()> {
    let stops = turn.store.stops(account)?;
    for mut row in turn.store.readable_mandates_of(account)? {
        let covered = stop::is_stopped(&stops, row.merchant, &row.terms);
        let held = row.standing.holds.contains(&HoldOwner::Stop);
        let event = match (covered, held) {
            _ if !row.standing.is_live() => continue,
            (true, false) => MandateEvent::HoldAdded(Hold::new(HoldOwner::Stop, turn.now)),
            (false, true) => MandateEvent::HoldLifted(HoldOwner::Stop, Actor::Payer),
            _ => continue,
        };
        row.standing = row.standing.step(event).map_err(refusal)?;
        row.follow_holds();
        turn.store.put_mandate(&mut row)?;
    }
    Ok(())
}
