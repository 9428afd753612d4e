//! Judges what was answered to a quiz.

use super::likeness::{half_width, similarity};
use super::{Mark, Marks, Plan};
use crate::policy::Policy;
use jiff::civil::Date;
use quittance_protocol::Quantity;
use quittance_protocol::money::Money;
use quittance_protocol::statement::Entry;

/// Marks typed amounts: right to the cent, or wrong. An answer that is missing is wrong.
#[must_use]
pub fn amounts(plan: &Plan, entries: &[Entry]) -> Vec<Mark> {
    let asked = plan.amounts.iter().map(|asked| asked.amount);
    each(asked, entries, is_amount, Mark::Right)
}

/// Marks the amounts that were asked again with choices, one entry for each that was wrong; the others keep their mark
///
#[must_use]
pub fn amounts_again(plan: &Plan, marks: &Marks, entries: &[Entry]) -> Vec<Mark> {
    let asked = plan.again(marks).map(|asked| asked.amount);
    let mut again = each(asked, entries, is_amount, Mark::RightAgain).into_iter();
    let marks = marks.amounts.iter();
    marks
        .map(|mark| match mark {
            Mark::Wrong => again.next().unwrap_or(Mark::Wrong),
            kept => *kept,
        })
        .collect()
}

/// Marks names of payees: right from the policy's likeness on.
#[must_use]
pub fn merchants(policy: &Policy, plan: &Plan, entries: &[Entry]) -> Vec<Mark> {
    let least = policy.recovery.transaction_quiz.merchant.min_similarity;
    let asked = plan.merchants.iter().map(|asked| asked.payee.as_str());
    let alike = |payee, entry: &str| similarity(payee, entry) >= least;
    each(asked, entries, alike, Mark::Right)
}

/// Marks days, written `2026-11-22`: right within the policy's days on either side.
#[must_use]
pub fn dates(policy: &Policy, plan: &Plan, entries: &[Entry]) -> Vec<Mark> {
    let tolerance = Quantity::from(policy.recovery.transaction_quiz.date.tolerance_days);
    let asked = plan.dates.iter().map(|asked| asked.days.as_slice());
    let near = |days: &[String], entry: &str| {
        let between = |day: &String| days_between(day, &plain(entry));
        days.iter().filter_map(between).any(|days| days <= tolerance)
    };
    each(asked, entries, near, Mark::Right)
}

fn each<T>(
    asked: impl Iterator<Item = T>,
    entries: &[Entry],
    is_right: impl Fn(T, &str) -> bool,
    right: Mark,
) -> Vec<Mark> {
    let entries = entries.iter().map(|entry| entry.0.as_str());
    asked
        .zip(entries.chain(std::iter::repeat("")))
        .map(|(asked, entry)| if is_right(asked, entry) { right } else { Mark::Wrong })
        .collect()
}

/// An amount in the main unit, with or without the currency: `30`, `30.00`, `30 CNY`, `¥30.00`.
fn is_amount(amount: Money, entry: &str) -> bool {
    let text = plain(entry).to_uppercase();
    let code = amount.currency();
    let number = text
        .trim_end_matches(code.code())
        .trim_end_matches('元')
        .trim_start_matches(['¥', '￥']);
    number.trim().parse() == Ok(amount.in_main_units())
}

fn plain(entry: &str) -> String {
    entry.chars().map(half_width).collect::<String>().trim().to_owned()
}

fn days_between(one: &str, other: &str) -> Option<Quantity> {
    let (one, other): (Date, Date) = (one.parse().ok()?, other.parse().ok()?);
    let hours = one.duration_until(other).as_hours();
    Some(Quantity::whole((hours / 24).abs()))
}
