//! Records as the wire shows them, built from rows.

use quittance_protocol::answer::{ChargeRecord, Closure, MandateRecord, OrderRecord, Taken};
use quittance_protocol::{AccountId, Annex, Money, Timestamp};

use crate::each::readable;
use crate::failure::Failure;
use crate::store::{Charge, Mandate, Order, Store};
use crate::{logbook, statements};

/// A mandate as its payer sees it.
pub(crate) fn mandate(store: Store<'_>, row: &Mandate, now: Timestamp) -> Result<MandateRecord, Failure> {
    // Counted as a deposit counts them: a phone that believes fewer would deposit one too many.
    let permits = store.outstanding_permits(row.token, now)?;
    Ok(MandateRecord {
        mandate: row.mandate,
        token: row.token,
        terms: row.terms.clone(),
        state: row.standing.state,
        holds: row
            .standing
            .holds
            .owners()
            .map(|owner| owner.name().to_owned())
            .collect(),
        gateway_half: row.half,
        permits_left: u32::try_from(permits).unwrap_or(u32::MAX),
        next_permit: store.next_permit(row.token)?,
        order: row.order,
        active_since: row.active_since,
        effective_at: row.standing.scheduled.map(|scheduled| scheduled.due),
        ending: row.standing.ending,
        enrolment: row.enrolment,
        auto_renewal: row.auto_renewal,
        taken: row.active_since.map(|_| taken(store, row, now)).transpose()?,
        as_of: Some(now),
        version: row.version,
    })
}

fn taken(store: Store<'_>, row: &Mandate, now: Timestamp) -> Result<Taken, Failure> {
    let taken = statements::taken(store, row, now)?;
    Ok(Taken {
        in_period: taken.in_period,
        in_total: taken.in_total,
        charges: taken.charges,
        last_at: store.last_charge(row.mandate)?,
    })
}

/// A charge in a mandate's history; one whose outcome nobody knows yet is none.
pub(crate) fn charge(store: Store<'_>, row: &Charge) -> Result<ChargeRecord, Failure> {
    let refunded = store.refunded(row.charge)?;
    let refunded = (refunded > 0).then(|| Money::new(refunded, row.amount.currency()));
    Ok(ChargeRecord {
        charge: row.charge,
        at: row.at,
        amount: row.amount,
        decision: row
            .decision
            .clone()
            .ok_or(Failure::Rules("a charge without its outcome"))?,
        refunded: refunded
            .transpose()
            .map_err(|_| Failure::Damaged("the sum of refunds"))?,
    })
}

/// What was wanted under a mandate, the oldest first: also after its end.
pub(crate) fn charges(store: Store<'_>, row: &Mandate) -> Result<Vec<ChargeRecord>, Failure> {
    let settled = store
        .charges_of(row.mandate)?
        .into_iter()
        .filter(|charge| charge.decision.is_some());
    settled.map(|row| charge(store, &row)).collect()
}

/// All mandates of an account that can be told; none is an empty list (H8).
pub(crate) fn mandates(store: Store<'_>, account: AccountId, now: Timestamp) -> Result<Vec<MandateRecord>, Failure> {
    let rows = store.readable_mandates_of(account)?;
    readable(rows.iter().map(|row| mandate(store, row, now)))
}

/// The orders that a payer's phone has not confirmed as closed, as far as they can be told.
pub(crate) fn orders(store: Store<'_>, account: AccountId, now: Timestamp) -> Result<Vec<OrderRecord>, Failure> {
    let rows = readable(store.unacknowledged(account, now)?)?;
    readable(rows.iter().map(|row| order(store, row)))
}

/// An order as its device sees it. Its entries must be covered by a checkpoint.
pub(crate) fn order(store: Store<'_>, row: &Order) -> Result<OrderRecord, Failure> {
    let closure = match row.closure {
        Some(closure) => {
            let logged = logbook::quote(store, closure.entry)?;
            let statements = [row.intent.clone(), row.attestation.clone()].into_iter().flatten();
            // A unilateral closure names no attestation, even where one that proves nothing came later.
            let body: quittance_protocol::log_body::ClosureBody =
                serde_json::from_slice(logged.body.as_slice()).map_err(|_| Failure::Damaged("a closure"))?;
            let named = [body.intent, body.phone_attestation];
            let statements = statements
                .filter(|compact| {
                    quittance_protocol::Received::parse(compact)
                        .is_ok_and(|statement| named.contains(&Some(statement.content())))
                })
                .collect();
            Some(Closure {
                receipt: logged.proof,
                annex: Annex {
                    salt: logged.salt,
                    body: logged.body,
                    statements,
                },
            })
        }
        None => None,
    };
    Ok(OrderRecord {
        order: row.order,
        mandates: row.mandates.clone(),
        tokens: row.commitments.clone(),
        nonce: row.nonce.clone(),
        effective_at: row.effective_at,
        state: row.state.name(),
        ordered: logbook::quote(store, row.ordered_entry)?,
        destroyed: row
            .destroyed_entry
            .map(|place| logbook::quote(store, place))
            .transpose()?,
        closure,
    })
}
