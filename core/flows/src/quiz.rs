//! The transaction quiz: what is asked of an account's own charges, what each answer is worth.

mod judge;
mod likeness;

use crate::policy::Policy;
use quittance_protocol::answer::Question;
use quittance_protocol::money::Money;
use quittance_protocol::{Digest32, Quantity, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

pub use judge::{amounts, amounts_again, dates, merchants};
pub use likeness::similarity;

/// One valid settled transaction of the account.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transaction {
    /// How much.
    pub amount: Money,
    /// To whom, as shown.
    pub payee: String,
    /// When.
    pub at: Timestamp,
}

/// What is asked, with the right answers: sealed by whoever stores it, shown to nobody.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Exact amounts, latest first.
    amounts: Vec<AmountAsked>,
    /// Names of payees.
    merchants: Vec<MerchantAsked>,
    /// Days of charges.
    dates: Vec<DateAsked>,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct AmountAsked {
    amount: Money,
    /// The day, such as `2026-11-22`.
    on: String,
    /// The right amount among invented ones, the least first.
    choices: Vec<Money>,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct MerchantAsked {
    payee: String,
    amount: Money,
    /// The day, such as `2026-11-22`.
    on: String,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct DateAsked {
    payee: String,
    amount: Money,
    /// Every day on which that payee took that amount: each is right.
    days: Vec<String>,
}

/// Which questions are asked at a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// Amounts, typed.
    Amounts,
    /// Those amounts that were wrong, chosen.
    AmountsAgain,
    /// Payees.
    Merchants,
    /// Days.
    Dates,
}

/// What an answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// Right at once.
    Right,
    /// Right when it was asked again with choices: worth less.
    RightAgain,
    /// Wrong.
    Wrong,
}

/// The marks of one run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marks {
    /// One for each amount.
    pub amounts: Vec<Mark>,
    /// One for each payee.
    pub merchants: Vec<Mark>,
    /// One for each day.
    pub dates: Vec<Mark>,
}

/// Chooses what is asked. The latest amounts are asked first; payee and day are asked of older charges, so that no
/// question gives another one's answer away. `seed` is the account's own and secret; with the transaction it
/// decides the invented amounts, so that every quiz shows the same ones and two quizzes have no more in common than one.
///
/// Nothing where there are too few transactions to ask about.
#[must_use]
pub fn plan(policy: &Policy, transactions: &[Transaction], seed: [u8; 32]) -> Option<Plan> {
    let rules = &policy.recovery.transaction_quiz;
    let asked = count(rules.amount.questions);
    if transactions.len() < count(rules.min_transactions) {
        return None;
    }
    let mut latest: Vec<&Transaction> = transactions.iter().collect();
    latest.sort_by_key(|transaction| std::cmp::Reverse(transaction.at));
    let older = latest.split_off(asked.min(latest.len()));

    let paid = transactions
        .iter()
        .map(|transaction| transaction.amount.minor())
        .collect();
    let choices = count(rules.amount.choices);
    let mut amounts = Vec::new();
    for transaction in &latest {
        let mut draw = Draw::of(&seed, transaction);
        amounts.push(AmountAsked {
            amount: transaction.amount,
            on: day(policy, transaction.at),
            choices: invented(&mut draw, transaction.amount, &paid, choices),
        });
    }
    let frequent = most_frequent(&older)?;
    let merchants = vec![MerchantAsked {
        payee: frequent.payee.clone(),
        amount: frequent.amount,
        on: day(policy, frequent.at),
    }];
    let elsewhere = older.iter().find(|transaction| transaction.payee != frequent.payee);
    let dated = elsewhere.or(older.first()).copied().unwrap_or(frequent);
    let same = |other: &&&Transaction| other.payee == dated.payee && other.amount == dated.amount;
    let days = older.iter().filter(same).map(|same| day(policy, same.at)).collect();
    let dates = vec![DateAsked {
        payee: dated.payee.clone(),
        amount: dated.amount,
        days,
    }];
    Some(Plan {
        amounts,
        merchants,
        dates,
    })
}

impl Plan {
    /// What a step shows. For [`Asked::AmountsAgain`] only the amounts that `marks` call wrong.
    #[must_use]
    pub fn questions(&self, asked: Asked, marks: &Marks) -> Vec<Question> {
        let typed = |about: String| Question {
            about,
            choices: Vec::new(),
        };
        match asked {
            Asked::Amounts => self.amounts.iter().map(|asked| typed(asked.on.clone())).collect(),
            Asked::AmountsAgain => self
                .again(marks)
                .map(|asked| Question {
                    about: asked.on.clone(),
                    choices: asked.choices.iter().map(shown).collect(),
                })
                .collect(),
            Asked::Merchants => {
                let about = |asked: &MerchantAsked| typed(format!("{} · {}", asked.on, shown(&asked.amount)));
                self.merchants.iter().map(about).collect()
            }
            Asked::Dates => {
                let about = |asked: &DateAsked| typed(format!("{} · {}", asked.payee, shown(&asked.amount)));
                self.dates.iter().map(about).collect()
            }
        }
    }

    /// The amounts that are asked again.
    fn again<'p>(&'p self, marks: &'p Marks) -> impl Iterator<Item = &'p AmountAsked> {
        let wrong = |(_, mark): &(_, &Mark)| **mark == Mark::Wrong;
        self.amounts
            .iter()
            .zip(&marks.amounts)
            .filter(wrong)
            .map(|(asked, _)| asked)
    }
}

/// The points of a run, of 100: each kind's weight by the share of its answers that is right, exact.
#[must_use]
pub fn score(policy: &Policy, marks: &Marks) -> Quantity {
    let rules = &policy.recovery.transaction_quiz;
    let (again, weights) = (rules.amount.fallback_score, &rules.weights);
    let kinds = [
        (weights.amount, &marks.amounts),
        (weights.merchant, &marks.merchants),
        (weights.date, &marks.dates),
    ];
    let mut total = 0_i128;
    for (weight, marks) in kinds {
        let points: i128 = marks.iter().map(|mark| points(*mark, again)).sum();
        let answers = i128::try_from(marks.len().max(1)).unwrap_or(1);
        total += i128::from(weight.millionths()) * points / (answers * i128::from(Quantity::ONE.millionths()));
    }
    Quantity::from_millionths(i64::try_from(total).unwrap_or(i64::MAX))
}

fn points(mark: Mark, again: Quantity) -> i128 {
    i128::from(match mark {
        Mark::Right => Quantity::ONE.millionths(),
        Mark::RightAgain => again.millionths(),
        Mark::Wrong => 0,
    })
}

/// The local day of a charge, as questions show it.
fn day(policy: &Policy, at: Timestamp) -> String {
    policy.local_date(at).to_string()
}

fn count(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// The latest charge of the payee who is there most often; the name decides between equals.
fn most_frequent<'t>(transactions: &[&'t Transaction]) -> Option<&'t Transaction> {
    let times = |payee: &str| transactions.iter().filter(|other| other.payee == payee).count();
    let by = |transaction: &&&Transaction| (times(&transaction.payee), std::cmp::Reverse(transaction.payee.clone()));
    let payee = &transactions.iter().max_by_key(by)?.payee;
    transactions
        .iter()
        .find(|transaction| transaction.payee == *payee)
        .copied()
}

/// The right amount among invented ones that are like it and that the account never paid, the least first: a wrong choice
/// reveals nothing.
///
/// All stand in a stretch as wide as the amount, which begins anywhere below it: the right one is as often the least of them
/// as the one in the middle, so that its place reveals nothing either.
fn invented(draw: &mut Draw, right: Money, paid: &BTreeSet<i64>, count: usize) -> Vec<Money> {
    let mut taken = paid.clone();
    let least = right.minor() - draw.below(right.minor());
    // Wide enough for an amount of a cent, too.
    let width = right.minor().max(4);
    let mut choices = vec![right];
    for _ in 1..count {
        let drawn = least + draw.below(width);
        // Of one number more than there are taken ones, one is free.
        let mut near = (drawn..).zip(0..=taken.len()).map(|(minor, _)| minor);
        let free = near.find(|minor| !taken.contains(minor)).unwrap_or(drawn);
        taken.insert(free);
        choices.extend(Money::new(free, right.currency()));
    }
    choices.sort_by_key(Money::minor);
    choices
}

/// Numbers from a seed, the same for the same seed.
struct Draw([u8; 32]);

impl Draw {
    fn of(seed: &[u8; 32], about: &Transaction) -> Self {
        let amount = about.amount.minor().to_be_bytes();
        let at = about.at.unix().to_be_bytes();
        let parts: [&[u8]; 5] = [b"quittance quiz choices\n", seed, &amount, &at, about.payee.as_bytes()];
        Self(*Digest32::of_parts(&parts).as_bytes())
    }

    /// A number from 0 to below `bound`.
    fn below(&mut self, bound: i64) -> i64 {
        self.0 = *Digest32::of_parts(&[b"quittance quiz\n", &self.0]).as_bytes();
        let number = self.0.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes));
        let bound = u64::try_from(bound.max(1)).unwrap_or(1);
        i64::try_from(number % bound).unwrap_or(0)
    }
}

/// An amount as a question shows it, and as an answer may say it.
fn shown(amount: &Money) -> String {
    format!("{} {}", amount.in_main_units(), amount.currency())
}

impl std::fmt::Debug for Transaction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Transaction(…)")
    }
}

impl std::fmt::Debug for Plan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Plan(…)")
    }
}

#[cfg(test)]
mod tests;
