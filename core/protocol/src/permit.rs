//! Whether a permit covers a charge: the one rule, used by the phone, the gateway, every test.

use crate::bytes::Digest32;
use crate::id::MerchantId;
use crate::money::{Money, MoneyError};
use crate::problem::{Code, Problem};
use crate::statement::{Permit, PermitAmount};
use crate::time::Timestamp;

impl Permit {
    /// Checks that this permit covers a charge of `amount` by `payee` at gateway time `now`. The window is half-open:
    /// from `not_before` until before `not_after`. A permit with a challenge answers that challenge only; one
    /// without answers none.
    ///
    /// # Errors
    /// `permit_payee`, `permit_challenge`, `permit_window`, `currency_mismatch`, `permit_amount`: in this order, each
    /// with the pointer of the permit's member.
    pub fn covers(
        &self,
        payee: &MerchantId,
        amount: &Money,
        now: Timestamp,
        challenge: Option<&str>,
    ) -> Result<(), Problem> {
        if self.payee != *payee {
            return Err(Problem::new(Code::PermitPayee).at("/payee"));
        }
        if !same_challenge(self.challenge.as_deref(), challenge) {
            return Err(Problem::new(Code::PermitChallenge).at("/challenge"));
        }
        if now < self.not_before {
            return Err(Problem::new(Code::PermitWindow).at("/not_before"));
        }
        if now >= self.not_after {
            return Err(Problem::new(Code::PermitWindow).at("/not_after"));
        }
        let (bound, exact) = match &self.amount {
            PermitAmount::Exact(bound) => (bound, true),
            PermitAmount::AtMost(bound) => (bound, false),
        };
        let within = amount.within(bound).map_err(|error| match error {
            MoneyError::CurrencyMismatch => Problem::new(Code::CurrencyMismatch).at("/amount"),
            MoneyError::OutOfRange | MoneyError::InvalidCurrency => Problem::new(Code::PermitAmount).at("/amount"),
        })?;
        if amount.is_positive() && within && (!exact || amount == bound) {
            Ok(())
        } else {
            Err(Problem::new(Code::PermitAmount).at("/amount"))
        }
    }
}

/// Compares by digest: how long it takes says nothing about where two challenges differ.
fn same_challenge(mine: Option<&str>, theirs: Option<&str>) -> bool {
    mine.map(|text| Digest32::of(text.as_bytes())) == theirs.map(|text| Digest32::of(text.as_bytes()))
}
