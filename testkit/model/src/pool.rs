//! The permits of one token at the gateway.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};

use quittance_flows::mandate::Mandate;
use quittance_flows::permits::{Admission, Deposit, admit, check_standing};
use quittance_protocol::statement::Permit;

use crate::action::Signed;
use crate::fixed;
use crate::flaw::Flaw;
use crate::symmetry::Names;

/// The permits of before are no phone's: a copy has made none of them.
const BEFORE: usize = usize::MAX;

/// A permit that was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Taken {
    signed: Signed,
    is_used: bool,
}

/// All that were taken, used or not, by their numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pool {
    taken: BTreeMap<u8, Taken>,
    /// Numbers that were paid.
    paid: BTreeSet<u8>,
    /// A number was paid twice.
    pub(crate) paid_twice: bool,
}

impl Pool {
    /// The permits that the phone deposited before.
    pub(crate) fn new(permits: u8) -> Self {
        let first = |number| {
            let signed = Signed {
                phone: BEFORE,
                number,
                edition: 0,
            };
            (number, Taken { signed, is_used: false })
        };
        Self {
            taken: (1..=permits).map(first).collect(),
            paid: BTreeSet::new(),
            paid_twice: false,
        }
    }

    pub(crate) fn hash_as<H: Hasher>(&self, names: Names, hasher: &mut H) {
        for taken in self.taken.values() {
            (names.signed(taken.signed), taken.is_used).hash(hasher);
        }
        (&self.paid, self.paid_twice).hash(hasher);
    }

    /// One more arrives: taken or not, by the product's own rules.
    pub(crate) fn admit(&mut self, signed: Signed, mandate: &Mandate, flaw: Option<Flaw>) {
        let known = self.taken.get(&signed.number);
        let forgotten = |taken: &&Taken| flaw == Some(Flaw::ForgetsUsed) && taken.is_used;
        let seen = known
            .filter(|taken| !forgotten(taken))
            .map(|taken| fixed::content(taken.signed));
        let (rules, terms) = (fixed::permit_rules(), fixed::terms());
        let deposit = Deposit {
            rules: &rules,
            terms: &terms,
            payee: fixed::merchant(),
            active_since: fixed::early(),
            now: fixed::early(),
            number: signed.number.into(),
            content: fixed::content(signed),
            seen,
            outstanding: u64::try_from(self.unused().len()).unwrap_or(u64::MAX),
        };
        let admitted = admit(&deposit, &fixed::permit());
        if check_standing(mandate).is_ok() && admitted == Ok(Admission::New) {
            self.taken.insert(signed.number, Taken { signed, is_used: false });
        }
    }

    /// Whether a charge can use any.
    pub(crate) fn has_unused(&self) -> bool {
        self.taken.values().any(|taken| !taken.is_used)
    }

    /// Those that a charge can use.
    pub(crate) fn unused(&self) -> Vec<(u64, Permit)> {
        let unused = self.taken.iter().filter(|(_, taken)| !taken.is_used);
        unused
            .map(|(number, _)| (u64::from(*number), fixed::permit()))
            .collect()
    }

    /// A charge uses one.
    pub(crate) fn pay(&mut self, number: u64) {
        let used = self.taken.iter_mut().find(|(taken, _)| u64::from(**taken) == number);
        if let Some((number, taken)) = used {
            taken.is_used = true;
            self.paid_twice |= !self.paid.insert(*number);
        }
    }
}
