//! Terms that a mandate can live under, whether it is signed with them or gets them later.

use quittance_protocol::problem::Code;
use quittance_protocol::statement::Terms;
use quittance_protocol::{Problem, Timestamp};

use crate::failure::Decided;

/// Checks terms; `place` says where the caller reads them.
///
/// # Errors
/// `malformed` for a limit that is not above zero, a period without a day, a text that is too long; `currency_mismatch`
/// for limits in several currencies; `too_late` where the validity is over.
pub(crate) fn check(terms: &Terms, now: Timestamp, place: &str) -> Decided<()> {
    // A merchant's name is the one that the gateway knows it by, which is checked where they are signed.
    let texts = [
        ("service", Some(&terms.service), Terms::MOST_SERVICE_BYTES),
        ("category", terms.category.as_ref(), Terms::MOST_CATEGORY_BYTES),
        ("bundled_with", terms.bundled_with.as_ref(), Terms::MOST_SERVICE_BYTES),
    ];
    for (name, text, most) in texts {
        if text.is_some_and(|text| text.len() > most) {
            return Err(Problem::new(Code::Malformed)
                .at(format!("{place}/{name}"))
                .detail(format!("it has at most {most} bytes"))
                .into());
        }
    }
    let limits = &terms.limits;
    let malformed = |pointer: &str| Problem::new(Code::Malformed).at(format!("{place}/limits/{pointer}"));
    let mut amounts = vec![("per_charge", &limits.per_charge), ("per_period", &limits.per_period)];
    amounts.extend(limits.total.iter().map(|total| ("total", total)));
    for (name, amount) in &amounts {
        if !amount.is_positive() {
            return Err(malformed(name).detail("a limit is above zero").into());
        }
    }
    let other = amounts
        .iter()
        .find(|(_, amount)| amount.currency() != limits.per_charge.currency());
    if let Some((name, _)) = other {
        return Err(Problem::new(Code::CurrencyMismatch)
            .at(format!("{place}/limits/{name}"))
            .into());
    }
    let counts = [
        ("charges_per_period", limits.charges_per_period),
        ("charges", limits.charges),
    ];
    if let Some((name, _)) = counts.iter().find(|(_, most)| *most == Some(0)) {
        return Err(malformed(name).detail("a limit is above zero").into());
    }
    if terms.valid_until.is_some_and(|until| now >= until) {
        return Err(Problem::new(Code::TooLate).at(format!("{place}/valid_until")).into());
    }
    if limits.period_days == 0 {
        return Err(malformed("period_days").detail("a period has at least one day").into());
    }
    Ok(())
}
