//! What a payer is told of charges that did not pass: each kind once a day for each mandate, however often somebody tries.
//!
//! A phone hears so many events at a time. Without a bound whoever charges could put what the payer has to hear behind their
//! own tries.

use quittance_protocol::EventId;
use quittance_protocol::answer::PayerEventKind;
use quittance_protocol::problem::Code;

use crate::failure::{Decided, Failure};
use crate::store::Mandate;
use crate::turn::Turn;

/// Tells of one kind of trouble, in place of what the payer was told of it today.
pub(crate) fn tell(turn: &Turn<'_>, mandate: &Mandate, code: Code, kind: PayerEventKind) -> Decided<()> {
    let day = today(turn)?;
    let earlier = turn.store.told_on(&day, mandate.mandate, code)?;
    let event = EventId::from_bytes(turn.world.draw()?);
    let number = turn.store.add_event(mandate.account, event, turn.now, kind)?;
    turn.store.put_told(&day, mandate.mandate, code, number)?;
    // Last: no number is given twice, or a phone that heard the earlier one would pass over the later.
    if let Some(earlier) = earlier {
        turn.store.drop_event(mandate.account, earlier)?;
    }
    Ok(())
}

/// The day in the time zone of the policy.
fn today(turn: &Turn<'_>) -> Result<String, Failure> {
    Ok(turn.world.policies.current()?.policy.local_date(turn.now).to_string())
}
