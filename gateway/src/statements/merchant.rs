//! What merchants say about mandates and charges of theirs: release, refund, objection.

use quittance_protocol::answer::{ChargeRecord, PayerEventKind, Recorded};
use quittance_protocol::log_body::TerminationCause;
use quittance_protocol::problem::Code;
use quittance_protocol::statement::{Objection, Refund, Release};
use quittance_protocol::{EventId, MandateId, Money, Problem, Thumbprint, Verified};

use crate::ending;
use crate::failure::{Decided, Failure};
use crate::store::{self, ChargeState, Mandate};
use crate::turn::{After, Answer, Turn};
use crate::views;

/// The merchant ends a mandate by itself. What ends already, or has ended, is a success, too.
pub(super) fn release(turn: &mut Turn<'_>, said: &Verified<Release>) -> Decided<Answer> {
    let row = own(turn, said.kid(), said.body().mandate)?;
    let mandate = row.mandate;
    ending::end(turn, vec![row], TerminationCause::Merchant.by_usual_actor())?;
    Answer::json(&Recorded { mandate, at: turn.now })
}

/// The merchant objects to an end that was forced on it: recorded, told to the payer, changes nothing.
pub(super) fn object(turn: &mut Turn<'_>, said: &Verified<Objection>) -> Decided<Answer> {
    let row = own(turn, said.kid(), said.body().mandate)?;
    let forced = |ending: quittance_protocol::log_body::Ending| ending.cause == TerminationCause::PlatformForced;
    if !row.standing.ending.is_some_and(forced) {
        let unforced = Problem::new(Code::NotEligible).at("/mandate");
        return Err(unforced.detail("its end was not forced").into());
    }
    if turn.store.add_objection(row.mandate, turn.now, said.compact())? {
        let event = EventId::from_bytes(turn.world.draw()?);
        let kind = PayerEventKind::MerchantObjected { mandate: row.mandate };
        turn.store.add_event(row.account, event, turn.now, kind)?;
    }
    Answer::json(&Recorded {
        mandate: row.mandate,
        at: turn.now,
    })
}

/// The merchant gives money back. That needs the charge's acquirer reference, not a living token.
pub(super) fn refund(turn: &mut Turn<'_>, said: &Verified<Refund>) -> Decided<Answer> {
    let body = said.body();
    let merchant = turn.store.merchant_of_key(said.kid())?.ok_or(Code::UnknownKey)?;
    let charge = turn
        .store
        .charge(body.charge)?
        .filter(|row| row.merchant == merchant.merchant);
    let charge = charge.ok_or_else(|| Problem::new(Code::NotFound).at("/charge"))?;
    let reference = charge
        .acquirer_reference()
        .filter(|_| charge.state == ChargeState::Approved);
    let acquirer_reference = reference.ok_or_else(|| {
        let unpaid = Problem::new(Code::NotEligible).at("/charge");
        unpaid.detail("no money moved")
    })?;
    if !body.amount.is_positive() {
        return Err(Problem::new(Code::Malformed).at("/amount").into());
    }
    if body.amount.currency() != charge.amount.currency() {
        return Err(Problem::new(Code::CurrencyMismatch).at("/amount").into());
    }
    let before = Money::new(turn.store.refunded(charge.charge)?, charge.amount.currency());
    let before = before.map_err(|_| Failure::Damaged("the sum of refunds"))?;
    let over = || {
        Problem::new(Code::LimitExceeded)
            .at("/amount")
            .detail("more than is left of the charge")
    };
    let given_back = before.plus(&body.amount).map_err(|_| over())?;
    if given_back.minor() > charge.amount.minor() {
        return Err(over().into());
    }
    let refund = store::Refund {
        kid: *said.kid(),
        jti: said.claims().jti,
        charge: charge.charge,
        amount: body.amount,
        acquirer_reference,
        at: turn.now,
    };
    turn.store.add_refund(&refund)?;
    turn.after.push(After::Refund(refund));
    let record: ChargeRecord = views::charge(turn.store, &charge)?;
    Answer::json(&record)
}

fn own(turn: &Turn<'_>, kid: &Thumbprint, mandate: MandateId) -> Decided<Mandate> {
    let merchant = turn.store.merchant_of_key(kid)?.ok_or(Code::UnknownKey)?;
    let row = turn
        .store
        .mandate(mandate)?
        .filter(|row| row.merchant == merchant.merchant);
    row.ok_or_else(|| Problem::new(Code::NotFound).at("/mandate").into())
}
