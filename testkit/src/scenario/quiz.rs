//! Right answers to a quiz, and wrong ones, from the transactions that the scenario gives.

use super::people::TransactionSpec;
use super::play::Wrong;
use quittance_wallet::{QuizQuestion, QuizTopic};

/// Between the two parts of a question.
const AND: &str = " · ";
/// The policy's zone is eight hours ahead.
const ZONE_SECONDS: i64 = 8 * 3_600;

/// One entry for each question; the first `wrong` of them are wrong.
pub(super) fn entries(
    about: QuizTopic,
    questions: &[QuizQuestion],
    known: &[TransactionSpec],
    wrong: usize,
) -> Result<Vec<String>, Wrong> {
    let answers = questions.iter().enumerate().map(|(index, question)| {
        let right = right(about, question, known)?;
        Ok(if index < wrong {
            instead(about, question, &right)
        } else {
            right
        })
    });
    answers.collect()
}

fn right(about: QuizTopic, question: &QuizQuestion, known: &[TransactionSpec]) -> Result<String, Wrong> {
    let parts: Vec<&str> = question.about.split(AND).collect();
    let fits = |past: &&TransactionSpec| {
        let facts = [day(past), amount(past), past.payee.clone()];
        parts.iter().all(|part| facts.iter().any(|fact| fact == part))
    };
    let past = known.iter().find(fits);
    let past = past.ok_or_else(|| Wrong::new("a question about a given transaction", &question.about))?;
    Ok(match about {
        QuizTopic::Amounts | QuizTopic::AmountsAgain => amount(past),
        QuizTopic::Merchants => past.payee.clone(),
        QuizTopic::Dates => day(past),
    })
}

fn instead(about: QuizTopic, question: &QuizQuestion, right: &str) -> String {
    match about {
        QuizTopic::Amounts => "0.01 CNY".to_owned(),
        QuizTopic::AmountsAgain => {
            let other = question.choices.iter().find(|choice| *choice != right);
            other.cloned().unwrap_or_default()
        }
        QuizTopic::Merchants => "Nobody at all".to_owned(),
        QuizTopic::Dates => "2020-01-01".to_owned(),
    }
}

fn amount(past: &TransactionSpec) -> String {
    format!("{} CNY", past.amount)
}

/// The local day on which it was made.
fn day(past: &TransactionSpec) -> String {
    let local = past.at.plus_seconds(ZONE_SECONDS).to_string();
    local.split('T').next().unwrap_or_default().to_owned()
}
