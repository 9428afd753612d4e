//! Permits on their way in: only such as the plan of the rules would have made.

use quittance_flows::permits;
use quittance_protocol::answer::MandateState;
use quittance_protocol::money::MoneyError;
use quittance_protocol::problem::Code;
use quittance_protocol::statement::{self, PermitAmount};
use quittance_protocol::{Problem, Received, Timestamp, Verified};

use crate::failure::{Decided, Failure};
use crate::store::{Mandate, Permit};
use crate::turn::{Answer, Turn};
use crate::views;

/// Seconds by which a phone's estimate of gateway time may be ahead.
const AHEAD: i64 = 300;

/// Takes one more permit, from whoever brings it.
pub(super) fn deposit(turn: &mut Turn<'_>, said: &Verified<statement::Permit>) -> Decided<Answer> {
    let unknown = || Problem::new(Code::UnknownKey).at("/header/kid");
    let mandate = turn.store.mandate_of_token_key(said.kid())?.ok_or_else(unknown)?;
    match mandate.standing.state {
        MandateState::Active | MandateState::Suspended => {}
        MandateState::Draft
        | MandateState::PendingAuthorization
        | MandateState::PendingBank
        | MandateState::Provisioning => return Err(Code::StepOrder.into()),
        MandateState::RevocationScheduled => return Err(Code::MandateHeld.into()),
        MandateState::Revoking => return Err(Code::TooLate.into()),
        MandateState::Ended | MandateState::Rejected => return Err(Code::MandateEnded.into()),
    }
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
    let permit = said.body();
    if permit.token != mandate.token {
        return Err(Problem::new(Code::UnknownKey).at("/token").into());
    }
    let row = row(said);
    if row.number == 0 {
        return Err(Problem::new(Code::Malformed)
            .at("/seq")
            .detail("permits are numbered from 1")
            .into());
    }
    match turn.store.permit_content(mandate.token, row.number)? {
        // The very same permit came before: it is taken already.
        Some(content) if content == row.content => return Ok(()),
        Some(_) => return Err(Problem::new(Code::SequenceFork).at("/seq").into()),
        None => {}
    }
    check(turn, mandate, since, permit)?;
    turn.store.add_permit(mandate.token, &row, false)?;
    Ok(())
}

/// Compares with what the rules would plan now, from nothing: no wider window, no higher cap, no more of them.
fn check(turn: &Turn<'_>, mandate: &Mandate, since: Timestamp, permit: &statement::Permit) -> Decided<()> {
    let rules = &turn.world.policies.current()?.policy.token.permit;
    let plan = permits::plan(rules, &mandate.terms, since, turn.now, &[], 1);
    let wrong = |code, pointer: &str| Problem::new(code).at(pointer);
    if permit.payee != mandate.merchant {
        return Err(wrong(Code::PermitPayee, "/payee").into());
    }
    if permit.challenge.is_some() {
        return Err(wrong(Code::PermitChallenge, "/challenge").into());
    }
    let (PermitAmount::AtMost(amount) | PermitAmount::Exact(amount)) = &permit.amount;
    match amount.within(&mandate.terms.limits.per_charge) {
        Ok(true) if amount.is_positive() => {}
        Err(MoneyError::CurrencyMismatch) => return Err(wrong(Code::CurrencyMismatch, "/amount").into()),
        _ => return Err(wrong(Code::PermitAmount, "/amount").into()),
    }
    let longest = plan
        .iter()
        .map(|planned| planned.not_after.seconds_since(planned.not_before))
        .max()
        .unwrap_or(0);
    let last = plan.iter().map(|planned| planned.not_after).max().unwrap_or(turn.now);
    if permit.not_before >= permit.not_after || permit.not_after.seconds_since(permit.not_before) > longest {
        return Err(wrong(Code::PermitWindow, "/not_before").into());
    }
    if permit.not_after <= turn.now || permit.not_after > last.plus_seconds(AHEAD) {
        return Err(wrong(Code::PermitWindow, "/not_after").into());
    }
    // One that a charge has reserved comes back where the network declines, so it counts.
    let most = u64::try_from(plan.len()).unwrap_or(u64::MAX);
    if turn.store.outstanding_permits(mandate.token, turn.now)? >= most {
        return Err(Problem::new(Code::LimitExceeded)
            .detail("enough permits are deposited")
            .into());
    }
    Ok(())
}
