//! Permits on their way in: read, verified, stored where the rules take them.

use quittance_flows::permits::{self, Admission, Deposit};
use quittance_protocol::problem::Code;
use quittance_protocol::statement;
use quittance_protocol::{Problem, Received, Timestamp, Verified};

use crate::failure::{Decided, Failure};
use crate::store::{Mandate, Permit};
use crate::turn::{Answer, Turn};
use crate::views;

/// Takes one more permit, from whoever brings it.
pub(super) fn deposit(turn: &mut Turn<'_>, said: &Verified<statement::Permit>) -> Decided<Answer> {
    let unknown = || Problem::new(Code::UnknownKey).at("/header/kid");
    let mandate = turn.store.mandate_of_token_key(said.kid())?.ok_or_else(unknown)?;
    permits::check_standing(&mandate.standing)?;
    if is_in_quarantine(turn, &mandate)? {
        return Err(Code::DeviceQuarantined.into());
    }
    let since = mandate.active_since.unwrap_or(turn.now);
    take(turn, &mandate, since, said)?;
    Answer::json(&views::mandate(turn.store, &mandate, turn.now)?)
}

/// Whether the phone that holds the other half is in quarantine: two phones may sign with it then, so none of its
/// permits is good.
pub(super) fn is_in_quarantine(turn: &Turn<'_>, mandate: &Mandate) -> Decided<bool> {
    let device = turn.store.device(mandate.device)?;
    Ok(device.ok_or(Failure::Damaged("a mandate's device"))?.quarantined)
}

/// Reads and takes a permit that another statement carries at `pointer`.
pub(super) fn take_carried(
    turn: &Turn<'_>,
    mandate: &Mandate,
    since: Timestamp,
    compact: &str,
    pointer: &str,
) -> Decided<()> {
    let below = |problem: Problem| {
        let inner = problem.pointer().unwrap_or_default().to_owned();
        problem.at(format!("{pointer}{inner}"))
    };
    let permit = read(turn, mandate, compact).map_err(below)?;
    take(turn, mandate, since, &permit).map_err(|refusal| match refusal {
        crate::failure::Refusal::Problem(problem) => below(problem).into(),
        failure => failure,
    })
}

/// Checks a compact permit's signature by the token's key.
pub(super) fn read(turn: &Turn<'_>, mandate: &Mandate, compact: &str) -> Result<Verified<statement::Permit>, Problem> {
    let permit = Received::parse(compact)?;
    let permit = permit.verify::<statement::Permit>(&mandate.token_key, &turn.world.origin)?;
    if permit.body().token != mandate.token {
        return Err(Problem::new(Code::UnknownKey).at("/token"));
    }
    match permit.claims().seq {
        Some(number) if number > 0 && i64::try_from(number).is_ok() => Ok(permit),
        _ => Err(Problem::new(Code::Malformed)
            .at("/seq")
            .detail("permits are numbered from 1")),
    }
}

/// The row of a verified permit.
pub(super) fn row(permit: &Verified<statement::Permit>) -> Permit {
    Permit {
        number: permit.claims().seq.unwrap_or(0),
        content: permit.content(),
        permit: permit.body().clone(),
    }
}

fn take(turn: &Turn<'_>, mandate: &Mandate, since: Timestamp, said: &Verified<statement::Permit>) -> Decided<()> {
    if said.body().token != mandate.token {
        return Err(Problem::new(Code::UnknownKey).at("/token").into());
    }
    let row = row(said);
    let deposit = Deposit {
        rules: &turn.world.policies.current()?.policy.token.permit,
        terms: &mandate.terms,
        payee: mandate.merchant,
        active_since: since,
        now: turn.now,
        number: row.number,
        content: row.content,
        seen: turn.store.permit_content(mandate.token, row.number)?,
        outstanding: turn.store.outstanding_permits(mandate.token, turn.now)?,
    };
    if permits::admit(&deposit, &row.permit)? == Admission::New {
        turn.store.add_permit(mandate.token, &row, false)?;
    }
    Ok(())
}
