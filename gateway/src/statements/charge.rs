//! Charges: a permit is reserved in one commit, the network's answer is taken in a second.

use quittance_flows::HoldOwner;
use quittance_flows::charge::{ChargeRequest, Taken, authorize, check_limits, check_validity, held};
use quittance_flows::period::Period;
use quittance_protocol::answer::{ChargeAnswer, ChargeDecision, MandateState, PayerEventKind};
use quittance_protocol::log::EntryKind;
use quittance_protocol::log_body::TombstoneBody;
use quittance_protocol::problem::Code;
use quittance_protocol::statement::{self, PermitAmount, ReplicaState};
use quittance_protocol::{ChargeId, EventId, Money, Problem, Timestamp, Verified};

use super::{consent, permit};
use crate::command::Question;
use crate::each::pass_over;
use crate::ending::{self, drain};
use crate::failure::{Decided, Failure, Refusal};
use crate::logbook;
use crate::parties::{FundingReference, MerchantNotice, NetworkCharge, NetworkOutcome};
use crate::round::in_mark;
use crate::secrets::{token_half, unseal};
use crate::store::{Charge, ChargeState, Mandate, Permit, Store, StoredAnswer};
use crate::teens;
use crate::trouble;
use crate::turn::{After, Answer, Turn};

/// Decides about a merchant's charge.
pub(super) fn decide(turn: &mut Turn<'_>, said: &Verified<statement::Charge>) -> Decided<Answer> {
    let body = said.body();
    if let Some(known) = turn.store.charge_of(said.kid(), said.claims().jti)? {
        // Reserved before, and its answer was lost with the process: the network is asked again under its name.
        ask_again(turn, &known)?;
        return Ok(Answer::Charge);
    }
    let merchant = turn.store.merchant_of_key(said.kid())?.ok_or(Code::UnknownKey)?;
    let mandate = turn
        .store
        .mandate(body.mandate)?
        .filter(|row| row.merchant == merchant.merchant);
    let mandate = mandate.ok_or_else(|| Problem::new(Code::NotFound).at("/mandate"))?;
    let charge = ChargeId::from_bytes(turn.world.draw()?);
    match choose_permit(turn, &mandate, body)? {
        Ok((permit, reference)) => {
            let row = Charge {
                charge,
                mandate: mandate.mandate,
                token: mandate.token,
                merchant: mandate.merchant,
                amount: body.amount,
                reference: body.reference.clone(),
                permit,
                at: turn.now,
                kid: *said.kid(),
                jti: said.claims().jti,
                content: said.content(),
                state: ChargeState::Pending,
                decision: None,
            };
            turn.store.put_charge(&row)?;
            turn.after.push(After::Charge(NetworkCharge {
                charge,
                reference,
                amount: row.amount,
                payee: row.merchant,
            }));
            Ok(Answer::Charge)
        }
        Err(code) => {
            if code == Code::TokenDestroyed {
                raise_tombstone(turn, &mandate)?;
            }
            tell_decline(turn, &mandate, code, body.amount)?;
            Answer::json(&ChargeAnswer {
                charge,
                decision: ChargeDecision::Declined { code },
            })
        }
    }
}

/// Tells the payer of a decline that the payer, or a guardian, could change.
fn tell_decline(turn: &Turn<'_>, mandate: &Mandate, code: Code, amount: Money) -> Decided<()> {
    let code = match code {
        Code::MandateHeld if mandate.standing.holds.contains(&HoldOwner::Teen) => Code::TeenLimit,
        Code::TeenLimit | Code::SafetyLocked | Code::StoppedByPayer => code,
        _ => return Ok(()),
    };
    let kind = PayerEventKind::Declined {
        mandate: mandate.mandate,
        code,
        amount,
    };
    trouble::tell(turn, mandate, code, kind)
}

/// The permit that the charge uses, reserved, with the opened funding reference; or the code of the decline.
fn choose_permit(
    turn: &mut Turn<'_>,
    mandate: &Mandate,
    body: &statement::Charge,
) -> Decided<Result<(u64, FundingReference), Code>> {
    let taken = taken(turn.store, mandate, turn.now)?;
    let request = ChargeRequest {
        mandate: &mandate.standing,
        gateway_half: mandate.half,
        terms: &mandate.terms,
        taken,
        payee: mandate.merchant,
        amount: body.amount,
        challenge: body.permit.is_some().then_some(body.reference.as_str()),
        now: turn.now,
    };
    // A dead token is dead whatever is handed over: its permit is not even looked at.
    let handed = match &body.permit {
        Some(compact) if mandate.half != ReplicaState::Destroyed => Some(read_handed(turn, mandate, compact)?),
        _ => None,
    };
    let permits: Vec<_> = match &handed {
        Some(permit) => vec![(permit.number, permit.permit.clone())],
        None => {
            let unused = turn.store.unused_permits(mandate.token, turn.now)?;
            unused
                .into_iter()
                .map(|permit| (permit.number, permit.permit))
                .collect()
        }
    };
    let number = match authorize(&request, &permits) {
        Ok(number) => number,
        Err(code) => return Ok(Err(code)),
    };
    if let Err(code) = teens::check_charge(turn, mandate.account, body.amount)? {
        return Ok(Err(code));
    }
    if permit::is_in_quarantine(turn, mandate)? {
        return Ok(Err(Code::DeviceQuarantined));
    }
    let reserved = match &handed {
        Some(permit) => reserve_handed(turn, mandate, permit)?,
        None => turn.store.reserve_permit(mandate.token, number)?,
    };
    if !reserved {
        return Ok(Err(Code::PermitMissing));
    }
    Ok(Ok((number, open_reference(turn, mandate)?)))
}

/// A permit that the payer handed over: exact, and for this one question.
fn read_handed(turn: &Turn<'_>, mandate: &Mandate, compact: &str) -> Decided<Permit> {
    let below = |problem: Problem| {
        let inner = problem.pointer().unwrap_or_default().to_owned();
        problem.at(format!("/permit{inner}"))
    };
    let permit = permit::read(turn, mandate, compact).map_err(below)?;
    if !matches!(permit.body().amount, PermitAmount::Exact(_)) {
        return Err(Problem::new(Code::PermitAmount).at("/permit/amount").into());
    }
    Ok(permit::row(&permit))
}

/// A number is used once, whoever brings it.
fn reserve_handed(turn: &Turn<'_>, mandate: &Mandate, permit: &Permit) -> Decided<bool> {
    match turn.store.permit_content(mandate.token, permit.number)? {
        None => {
            turn.store.add_permit(mandate.token, permit, true)?;
            Ok(true)
        }
        Some(content) if content == permit.content => Ok(turn.store.reserve_permit(mandate.token, permit.number)?),
        Some(_) => Ok(false),
    }
}

/// What the limits of a mandate are compared with. In total everything counts, whatever the clock said when it was taken.
pub(crate) fn taken(store: Store<'_>, mandate: &Mandate, now: Timestamp) -> Result<Taken, Failure> {
    let since = mandate.active_since.unwrap_or(now);
    let period = Period::of(now, since, mandate.terms.limits.period_days);
    let in_period = store.taken_since(mandate.mandate, period.since())?;
    sums(mandate, in_period, store.taken_since(mandate.mandate, None)?)
}

/// What the limits are compared with once more for a charge that is reserved: all others, in the period of its
/// reservation, in which it counts itself.
fn taken_beside(store: Store<'_>, mandate: &Mandate, charge: &Charge) -> Result<Taken, Failure> {
    let since = mandate.active_since.unwrap_or(charge.at);
    let period = Period::of(charge.at, since, mandate.terms.limits.period_days);
    let in_period = store.taken_beside(charge, period.since(), Some(period.end))?;
    sums(mandate, in_period, store.taken_beside(charge, None, None)?)
}

fn sums(mandate: &Mandate, in_period: (i64, u32), in_total: (i64, u32)) -> Result<Taken, Failure> {
    let currency = mandate.terms.limits.per_period.currency();
    let money = |minor| Money::new(minor, currency).map_err(|_| Failure::Damaged("the sum of charges"));
    Ok(Taken {
        in_period: money(in_period.0)?,
        charges_in_period: in_period.1,
        in_total: money(in_total.0)?,
        charges: in_total.1,
    })
}

/// What keeps a charge that is reserved from being made today: its mandate stopped or is over, its permit's window ended,
/// the phone that signed it is in quarantine, or limits were lowered, those of teen mode included.
fn in_its_way(turn: &Turn<'_>, mandate: &Mandate, charge: &Charge) -> Decided<Option<Code>> {
    if mandate.standing.state != MandateState::Active {
        return Ok(Some(held(&mandate.standing)));
    }
    if let Err(code) = check_validity(&mandate.terms, turn.now) {
        return Ok(Some(code));
    }
    if !turn.store.is_within_window(charge.token, charge.permit, turn.now)? {
        return Ok(Some(Code::PermitWindow));
    }
    if permit::is_in_quarantine(turn, mandate)? {
        return Ok(Some(Code::DeviceQuarantined));
    }
    let beside = taken_beside(turn.store, mandate, charge)?;
    if let Err(code) = check_limits(&mandate.terms.limits, charge.amount, &beside) {
        return Ok(Some(code));
    }
    Ok(teens::check_charge(turn, mandate.account, charge.amount)?.err())
}

/// Opens the funding reference of a token that lives with the gateway's half.
///
/// # Errors
/// What of both is damaged or missing. Nobody ordered its end, so it is not told as a dead one.
fn open_reference(turn: &Turn<'_>, mandate: &Mandate) -> Decided<FundingReference> {
    let half = turn.vault.get(&token_half(mandate.token))?;
    let half = half.ok_or(Failure::Damaged("a half in the vault"))?;
    let sealed = mandate.sealed_reference.as_ref();
    let sealed = sealed.ok_or(Failure::Damaged("a sealed funding reference"))?;
    let half = <&[u8; 32]>::try_from(half.as_slice()).map_err(|_| Failure::Damaged("a token's half"))?;
    Ok(unseal(half, &consent::place(mandate.token), sealed.as_slice())?)
}

/// Somebody tried a dead token: one entry for each token, one alarm a day with the number of uses.
fn raise_tombstone(turn: &mut Turn<'_>, mandate: &Mandate) -> Decided<()> {
    let uses = turn.store.count_dead_use(mandate.token)?;
    if uses == 1 {
        let body = TombstoneBody {
            token: mandate.commitment,
            first_use: turn.now,
        };
        logbook::say(turn.store, turn.world, turn.now, EntryKind::Tombstone, &body)?;
        turn.store.add_notice(
            mandate.merchant,
            &MerchantNotice::DeadTokenUsed {
                mandate: mandate.mandate,
            },
        )?;
    }
    let kind = PayerEventKind::DeadTokenUsed {
        mandate: mandate.mandate,
        uses,
    };
    trouble::tell(turn, mandate, Code::TokenDestroyed, kind)
}

/// Asks the network once more about a pending charge: to charge, while the mandate lives, its permit can be used, the
/// limits cover it as they are now and the gateway's half opens; else what became of it.
pub(crate) fn ask_again(turn: &mut Turn<'_>, charge: &Charge) -> Decided<()> {
    let mandate = turn
        .store
        .mandate(charge.mandate)?
        .ok_or(Failure::Damaged("a charge's mandate"))?;
    let may_charge = in_its_way(turn, &mandate, charge)?.is_none();
    let opened = may_charge.then(|| open_reference(turn, &mandate)).transpose();
    let reference = match opened {
        Err(Refusal::Failure(failure)) if failure.is_of_one_row() => {
            tracing::error!(error = %failure, mandate = %mandate.mandate, "a charge cannot be paid for, and is resolved");
            None
        }
        opened => opened?,
    };
    turn.after.push(match reference {
        Some(reference) => After::Charge(NetworkCharge {
            charge: charge.charge,
            reference,
            amount: charge.amount,
            payee: charge.merchant,
        }),
        None => After::Resolve(charge.charge),
    });
    Ok(())
}

/// Why a charge was not made, by what the network was asked. One that was only asked about was kept back here, and what keeps
/// it back is the reason; where that is over meanwhile, no more is known than that it was.
fn not_made(turn: &Turn<'_>, mandate: &Mandate, charge: &Charge, asked: Question) -> Decided<Code> {
    if asked == Question::Charge {
        return Ok(Code::ExternalRefused);
    }
    Ok(in_its_way(turn, mandate, charge)?.unwrap_or(Code::MandateHeld))
}

/// Takes the network's answer: the charge as it is now, with the bytes that its merchant hears for ever.
pub(crate) fn settle(turn: &mut Turn<'_>, id: ChargeId, asked: Question, outcome: &NetworkOutcome) -> Decided<Charge> {
    let mut charge = turn.store.charge(id)?.ok_or(Failure::Damaged("a charge"))?;
    if charge.state != ChargeState::Pending {
        return Ok(charge);
    }
    let mandate = turn
        .store
        .mandate(charge.mandate)?
        .ok_or(Failure::Damaged("a charge's mandate"))?;
    let decision = match outcome {
        NetworkOutcome::Approved { acquirer_reference } => {
            charge.state = ChargeState::Approved;
            turn.store.use_permit(charge.token, charge.permit)?;
            let event = EventId::from_bytes(turn.world.draw()?);
            let kind = PayerEventKind::Charged {
                mandate: charge.mandate,
                amount: charge.amount,
            };
            // Of when it was agreed to, as in the history: the mandate may have ended since, and was charged before that.
            turn.store.add_event(mandate.account, event, charge.at, kind)?;
            ChargeDecision::Approved {
                acquirer_reference: acquirer_reference.clone(),
                amount: charge.amount,
            }
        }
        NetworkOutcome::Declined => {
            let code = not_made(turn, &mandate, &charge, asked)?;
            charge.state = ChargeState::Declined;
            turn.store.free_permit(charge.token, charge.permit)?;
            if !mandate.standing.is_live() {
                turn.store.drop_permits(charge.token)?;
            }
            ChargeDecision::Declined { code }
        }
    };
    charge.decision = Some(decision);
    turn.store.put_charge(&charge)?;
    let body = answer(&charge)?;
    let stored = StoredAnswer {
        content: charge.content,
        at: turn.now,
        status: 200,
        body: Some(body),
    };
    turn.store.put_answer(&charge.kid, charge.jti, &stored)?;
    match mandate.order {
        // What became of the money stands, whatever became of the order's row: once it is put right, the clock moves it on.
        Some(id) => {
            let drained = in_mark(turn, |turn| drain(turn, id, false));
            pass_over(turn.store, drained)?;
        }
        // Here there is no other row, and nothing that comes to it later: where it fails, the outcome is taken once more.
        None => ending::end_if_over(turn, mandate)?,
    }
    Ok(charge)
}

fn answer(charge: &Charge) -> Result<Vec<u8>, Failure> {
    let decision = charge
        .decision
        .clone()
        .ok_or(Failure::Rules("a charge is answered before its decision"))?;
    serde_json::to_vec(&ChargeAnswer {
        charge: charge.charge,
        decision,
    })
    .map_err(|_| Failure::Damaged("an answer"))
}
