//! Whether a charge passes: the authorization function (I1).

use crate::mandate::Mandate;
use quittance_protocol::answer::MandateState;
use quittance_protocol::money::{Money, MoneyError};
use quittance_protocol::problem::Code;
use quittance_protocol::statement::{Limits, Permit, ReplicaState};
use quittance_protocol::{MerchantId, Timestamp};

/// All that decides about one charge.
#[derive(Debug, Clone, Copy)]
pub struct ChargeRequest<'a> {
    /// The mandate.
    pub mandate: &'a Mandate,
    /// The gateway's half of its token.
    pub gateway_half: ReplicaState,
    /// What was agreed.
    pub limits: &'a Limits,
    /// Already taken, or being taken, in the current period.
    pub taken_in_period: Money,
    /// The merchant of the mandate.
    pub payee: MerchantId,
    /// How much is wanted.
    pub amount: Money,
    /// What the permit has to answer where the payer is present; absent for permits made ahead.
    pub challenge: Option<&'a str>,
    /// Gateway time.
    pub now: Timestamp,
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
        _ => return Err(Code::MandateHeld),
    }
    check_amount(request)?;
    let mut nearest = Code::PermitMissing;
    for (number, permit) in permits {
        match permit.covers(&request.payee, &request.amount, request.now, request.challenge) {
            Ok(()) => return Ok(*number),
            Err(problem) => nearest = problem.code(),
        }
    }
    Err(nearest)
}

fn check_amount(request: &ChargeRequest<'_>) -> Result<(), Code> {
    if !request.amount.is_positive() {
        return Err(Code::LimitExceeded);
    }
    let within = |amount: Money, bound: &Money| match amount.within(bound) {
        Ok(true) => Ok(()),
        Ok(false) => Err(Code::LimitExceeded),
        Err(error) => Err(code_of(error)),
    };
    within(request.amount, &request.limits.per_charge)?;
    let total = request.taken_in_period.plus(&request.amount).map_err(code_of)?;
    within(total, &request.limits.per_period)
}

fn code_of(error: MoneyError) -> Code {
    match error {
        MoneyError::CurrencyMismatch => Code::CurrencyMismatch,
        MoneyError::OutOfRange | MoneyError::InvalidCurrency => Code::LimitExceeded,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hold::{Hold, HoldOwner};
    use crate::mandate::MandateEvent;
    use quittance_protocol::TokenId;
    use quittance_protocol::log_body::TerminationCause;
    use quittance_protocol::money::Currency;
    use quittance_protocol::statement::PermitAmount;

    fn cny(minor: i64) -> Money {
        Money::new(minor, Currency::new("CNY").unwrap()).unwrap()
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_unix(1_800_000_000 + second).unwrap()
    }

    const PAYEE: MerchantId = MerchantId::from_bytes([9; 16]);

    fn permit(at_most: i64, from: i64, until: i64) -> Permit {
        Permit {
            token: TokenId::from_bytes([1; 16]),
            payee: PAYEE,
            amount: PermitAmount::AtMost(cny(at_most)),
            not_before: at(from),
            not_after: at(until),
            challenge: None,
        }
    }

    fn decide(
        mandate: &Mandate,
        half: ReplicaState,
        amount: Money,
        taken: i64,
        permits: &[(u64, Permit)],
    ) -> Result<u64, Code> {
        let limits = Limits::new(cny(5000), cny(9000), 30);
        let request = ChargeRequest {
            mandate,
            gateway_half: half,
            limits: &limits,
            taken_in_period: cny(taken),
            payee: PAYEE,
            amount,
            challenge: None,
            now: at(50),
        };
        authorize(&request, permits)
    }

    fn active() -> Mandate {
        Mandate::provisioning().step(MandateEvent::Activated).unwrap()
    }

    #[test]
    fn the_lowest_permit_that_covers_the_charge_is_used() {
        let permits = [
            (1, permit(100, 0, 100)),
            (2, permit(5000, 0, 100)),
            (3, permit(5000, 0, 100)),
        ];
        assert_eq!(decide(&active(), ReplicaState::Active, cny(3000), 0, &permits), Ok(2));
    }

    #[test]
    fn limits_are_kept_on_both_sides_of_each_bound() {
        let permits = [(1, permit(99_999, 0, 100))];
        let charge = |amount, taken| decide(&active(), ReplicaState::Active, cny(amount), taken, &permits);
        assert_eq!(charge(5000, 0), Ok(1));
        assert_eq!(charge(5001, 0), Err(Code::LimitExceeded));
        assert_eq!(charge(4000, 5000), Ok(1));
        assert_eq!(charge(4001, 5000), Err(Code::LimitExceeded));
        assert_eq!(charge(0, 0), Err(Code::LimitExceeded));
        assert_eq!(charge(-1, 0), Err(Code::LimitExceeded));
    }

    #[test]
    fn no_permit_or_one_outside_its_window_declines() {
        assert_eq!(
            decide(&active(), ReplicaState::Active, cny(1), 0, &[]),
            Err(Code::PermitMissing)
        );
        assert_eq!(
            decide(&active(), ReplicaState::Active, cny(1), 0, &[(1, permit(10, 51, 100))]),
            Err(Code::PermitWindow)
        );
        assert_eq!(
            decide(&active(), ReplicaState::Active, cny(1), 0, &[(1, permit(10, 0, 50))]),
            Err(Code::PermitWindow)
        );
        assert_eq!(
            decide(&active(), ReplicaState::Active, cny(1), 0, &[(1, permit(10, 50, 51))]),
            Ok(1)
        );
    }

    #[test]
    fn a_held_mandate_declines_as_held_then_a_dead_token_as_destroyed() {
        let permits = [(1, permit(5000, 0, 100))];
        let held = active()
            .step(MandateEvent::HoldAdded(Hold::new(HoldOwner::Payer, at(0))))
            .unwrap();
        assert_eq!(
            decide(&held, ReplicaState::Held, cny(1), 0, &permits),
            Err(Code::MandateHeld)
        );
        let revoking = active()
            .step(MandateEvent::Ordered {
                ending: TerminationCause::Payer.by_usual_actor(),
                at: at(0),
            })
            .unwrap();
        assert_eq!(
            decide(&revoking, ReplicaState::Quiesced, cny(1), 0, &permits),
            Err(Code::MandateHeld)
        );
        let ended = revoking.step(MandateEvent::HalfDestroyed).unwrap();
        assert_eq!(
            decide(&ended, ReplicaState::Destroyed, cny(1), 0, &permits),
            Err(Code::TokenDestroyed)
        );
    }

    #[test]
    fn another_currency_is_named_as_such() {
        let usd = Money::new(1, Currency::new("USD").unwrap()).unwrap();
        assert_eq!(
            decide(&active(), ReplicaState::Active, usd, 0, &[(1, permit(1, 0, 100))]),
            Err(Code::CurrencyMismatch)
        );
    }
}
