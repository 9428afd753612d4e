//! Whether a charge passes: the authorization function (I1).

use crate::hold::HoldOwner;
use crate::mandate::Mandate;
use quittance_protocol::answer::MandateState;
use quittance_protocol::log_body::TerminationCause;
use quittance_protocol::money::{Money, MoneyError};
use quittance_protocol::problem::Code;
use quittance_protocol::statement::{Limits, Permit, ReplicaState, Terms};
use quittance_protocol::{MerchantId, Timestamp};

/// All that decides about one charge.
#[derive(Debug, Clone, Copy)]
pub struct ChargeRequest<'a> {
    /// The mandate.
    pub mandate: &'a Mandate,
    /// The gateway's half of its token.
    pub gateway_half: ReplicaState,
    /// What was agreed.
    pub terms: &'a Terms,
    /// What was taken before.
    pub taken: Taken,
    /// The merchant of the mandate.
    pub payee: MerchantId,
    /// How much is wanted.
    pub amount: Money,
    /// What the permit has to answer where the payer is present; absent for permits made ahead.
    pub challenge: Option<&'a str>,
    /// Gateway time.
    pub now: Timestamp,
}

/// What was taken under a mandate, or is being taken by charges in flight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// Amount in the current [`crate::period::Period`].
    pub in_period: Money,
    /// Charges in the current period.
    pub charges_in_period: u32,
    /// Amount of all charges.
    pub in_total: Money,
    /// All charges.
    pub charges: u32,
}

impl Taken {
    /// Nothing was taken; `zero` is no money in the mandate's currency.
    pub const fn nothing(zero: Money) -> Self {
        Self {
            in_period: zero,
            charges_in_period: 0,
            in_total: zero,
            charges: 0,
        }
    }
}

/// Chooses the permit that a charge uses: the lowest unused one, in its window, that covers it.
/// `permits` are verified and unused, with their numbers, in ascending sequence; for a charge with the
/// payer present it is the one that was handed over.
///
/// # Errors
/// The code of the decline. Nothing is consumed by a decline.
pub fn authorize(request: &ChargeRequest<'_>, permits: &[(u64, Permit)]) -> Result<u64, Code> {
    match (request.gateway_half, request.mandate.state) {
        (ReplicaState::Destroyed, _) => return Err(Code::TokenDestroyed),
        (_, MandateState::Ended | MandateState::Rejected) => return Err(Code::MandateEnded),
        (ReplicaState::Active, MandateState::Active) => {}
        _ => return Err(held(request.mandate)),
    }
    check_validity(request.terms, request.now)?;
    check_limits(&request.terms.limits, request.amount, &request.taken)?;
    let mut nearest = Code::PermitMissing;
    for (number, permit) in permits {
        match permit.covers(&request.payee, &request.amount, request.now, request.challenge) {
            Ok(()) => return Ok(*number),
            Err(problem) => nearest = problem.code(),
        }
    }
    Err(nearest)
}

/// What a charge of a mandate that may not be charged is declined with. The payer's own lock or stop is named, so that a
/// merchant does not take it for a defect; why others hold is told to the payer alone.
#[must_use]
pub fn held(mandate: &Mandate) -> Code {
    if mandate.holds.contains(&HoldOwner::SafetyLock) {
        Code::SafetyLocked
    } else if mandate.holds.contains(&HoldOwner::Stop) {
        Code::StoppedByPayer
    } else if mandate
        .ending
        .is_some_and(|ending| ending.cause == TerminationCause::Expired)
    {
        Code::MandateExpired
    } else {
        Code::MandateHeld
    }
}

/// Whether terms still hold at a moment. The clock may not have ended their mandate yet: much may be due before it.
///
/// # Errors
/// The code of the decline.
pub fn check_validity(terms: &Terms, now: Timestamp) -> Result<(), Code> {
    if terms.valid_until.is_some_and(|until| now >= until) {
        return Err(Code::MandateExpired);
    }
    Ok(())
}

/// Every limit of R-340: on one charge, on a period, on all charges, by amount and by number.
///
/// # Errors
/// The code of the decline.
pub fn check_limits(limits: &Limits, amount: Money, taken: &Taken) -> Result<(), Code> {
    if !amount.is_positive() {
        return Err(Code::LimitExceeded);
    }
    within(amount, &limits.per_charge, Code::LimitExceeded)?;
    if limits.exact && amount != limits.per_charge {
        return Err(Code::PermitAmount);
    }
    let in_period = taken.in_period.plus(&amount).map_err(code_of)?;
    within(in_period, &limits.per_period, Code::LimitExceeded)?;
    // Also where no total was agreed: a sum beyond what money can say could be told to nobody.
    let in_total = taken.in_total.plus(&amount).map_err(|error| match error {
        MoneyError::OutOfRange => Code::LimitTotal,
        other => code_of(other),
    })?;
    if let Some(most) = &limits.total {
        within(in_total, most, Code::LimitTotal)?;
    }
    let reached = |taken: u32, most: Option<u32>| most.is_some_and(|most| taken >= most);
    if reached(taken.charges_in_period, limits.charges_per_period) || reached(taken.charges, limits.charges) {
        return Err(Code::LimitCount);
    }
    Ok(())
}

fn within(amount: Money, bound: &Money, over: Code) -> Result<(), Code> {
    match amount.within(bound) {
        Ok(true) => Ok(()),
        Ok(false) => Err(over),
        Err(error) => Err(code_of(error)),
    }
}

fn code_of(error: MoneyError) -> Code {
    match error {
        MoneyError::CurrencyMismatch => Code::CurrencyMismatch,
        MoneyError::OutOfRange | MoneyError::InvalidCurrency => Code::LimitExceeded,
    }
}

#[cfg(test)]
mod tests;
