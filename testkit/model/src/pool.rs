//! The permits of one token at the gateway.

use std::collections::{BTreeMap, BTreeSet};

use quittance_flows::mandate::Mandate;
use quittance_flows::permits::{Admission, Deposit, admit, check_standing};
use quittance_protocol::Digest32;
use quittance_protocol::statement::Permit;

use crate::action::Signed;
use crate::fixed;
use crate::flaw::Flaw;

/// A permit that was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Taken {
    content: Digest32,
    is_used: bool,
}

/// All that were taken, used or not, by their numbers.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
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
                phone: 0,
                number,
                edition: u8::MAX,
            };
            let content = fixed::content(signed);
            (
                number,
                Taken {
                    content,
                    is_used: false,
                },
            )
        };
        Self {
            taken: (1..=permits).map(first).collect(),
            paid: BTreeSet::new(),
            paid_twice: false,
        }
    }

    /// One more arrives: taken or not, by the product's own rules.
    pub(crate) fn admit(&mut self, signed: Signed, mandate: &Mandate, flaw: Option<Flaw>) {
        let content = fixed::content(signed);
        let known = self.taken.get(&signed.number);
        let forgotten = |taken: &&Taken| flaw == Some(Flaw::ForgetsUsed) && taken.is_used;
        let seen = known.filter(|taken| !forgotten(taken)).map(|taken| taken.content);
        let (rules, terms) = (fixed::permit_rules(), fixed::terms());
        let deposit = Deposit {
            rules: &rules,
            terms: &terms,
            payee: fixed::merchant(),
            active_since: fixed::early(),
            now: fixed::early(),
            number: signed.number.into(),
            content,
            seen,
            outstanding: u64::try_from(self.unused().len()).unwrap_or(u64::MAX),
        };
        let admitted = admit(&deposit, &fixed::permit());
        if check_standing(mandate).is_ok() && admitted == Ok(Admission::New) {
            self.taken.insert(
                signed.number,
                Taken {
                    content,
                    is_used: false,
                },
            );
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
