//! Stop instructions: what a payer blocked without naming mandates.

use quittance_protocol::MerchantId;
use quittance_protocol::statement::{StopScope, Terms};

/// Whether one instruction covers a merchant's mandate, present or future.
#[must_use]
pub fn covers(scope: &StopScope, merchant: MerchantId, terms: &Terms) -> bool {
    match scope {
        StopScope::Merchant { merchant: stopped } => *stopped == merchant,
        StopScope::Category { category } => terms.category.as_ref() == Some(category),
        StopScope::Everything {} => true,
    }
}

/// Whether any of the instructions covers it.
#[must_use]
pub fn is_stopped(stops: &[StopScope], merchant: MerchantId, terms: &Terms) -> bool {
    stops.iter().any(|scope| covers(scope, merchant, terms))
}

#[cfg(test)]
mod tests {
    use super::*;
    use quittance_protocol::money::{Currency, Money};
    use quittance_protocol::statement::{Limits, MandateKind};

    const MERCHANT: MerchantId = MerchantId::from_bytes([1; 16]);
    const OTHER: MerchantId = MerchantId::from_bytes([2; 16]);

    fn terms(category: Option<&str>) -> Terms {
        let amount = Money::new(100, Currency::new("CNY").unwrap()).unwrap();
        let limits = Limits::new(amount, amount, 30);
        Terms {
            category: category.map(str::to_owned),
            ..Terms::new("Bluebird", "Rides", MandateKind::PayAsYouGo, limits)
        }
    }

    //
    #[test]
    fn an_instruction_covers_its_scope_and_nothing_else() {
        let merchant = StopScope::Merchant { merchant: MERCHANT };
        let category = StopScope::Category {
            category: "rides".to_owned(),
        };
        assert!(covers(&merchant, MERCHANT, &terms(None)));
        assert!(!covers(&merchant, OTHER, &terms(None)));
        assert!(covers(&category, MERCHANT, &terms(Some("rides"))));
        assert!(!covers(&category, MERCHANT, &terms(Some("games"))));
        assert!(
            !covers(&category, MERCHANT, &terms(None)),
            "what has no category is not of this one"
        );
        assert!(covers(&StopScope::Everything {}, OTHER, &terms(None)));
        assert!(!is_stopped(&[], MERCHANT, &terms(Some("rides"))));
    }
}
