//! The transaction quiz of a run: what is asked, what the answers given so far are worth.

use std::collections::BTreeMap;

use quittance_flows::StepKind;
use quittance_flows::definition::PromptKind;
use quittance_flows::quiz::{self, Asked, Mark, Marks, Plan, Transaction};
use quittance_protocol::Problem;
use quittance_protocol::Quantity;
use quittance_protocol::answer::{Asking, Question};
use quittance_protocol::problem::Code;
use quittance_protocol::statement::Entry;

use super::{Run, entering};
use crate::failure::{Decided, Failure};
use crate::store::Store;
use crate::world::World;

const PURPOSE: &str = "quittance-gateway/quiz/2";

/// The questions of a prompt, where it belongs to a quiz.
pub(super) fn questions(
    store: Store<'_>,
    world: &World,
    run: &Run<'_>,
    prompt: PromptKind,
) -> Result<Option<Asking>, Failure> {
    let Some(asked) = asked(prompt) else { return Ok(None) };
    let questions = match plan(store, world, run)? {
        Some(plan) => plan.questions(asked, &marks(store, world, run, &plan)?),
        None => Vec::new(),
    };
    Ok(Some(Asking::Questions { questions }))
}

/// Judges the answers to a prompt: the facts that the steps after it depend on.
///
/// # Errors
/// `malformed` where there are not as many answers as questions.
pub(super) fn judge(
    store: Store<'_>,
    world: &World,
    run: &Run<'_>,
    prompt: PromptKind,
    entries: &[Entry],
) -> Decided<BTreeMap<String, Quantity>> {
    let (Some(asked), Some(plan)) = (asked(prompt), plan(store, world, run)?) else {
        return Ok(BTreeMap::new());
    };
    let mut marks = marks(store, world, run, &plan)?;
    let questions: Vec<Question> = plan.questions(asked, &marks);
    if questions.len() != entries.len() {
        return Err(Problem::new(Code::Malformed)
            .at("/answer/entries")
            .detail("answer each question, once")
            .into());
    }
    mark(run, &plan, asked, entries, &mut marks);
    let mut facts = BTreeMap::new();
    // Points that are told before the end say which answer was right.
    if is_last(run, asked) {
        let score = quiz::score(run.policy, &marks);
        facts.insert("quiz_score".to_owned(), score);
    }
    if asked == Asked::Amounts {
        let wrong = marks.amounts.contains(&Mark::Wrong);
        facts.insert("quiz_amounts_wrong".to_owned(), Quantity::from(wrong));
    }
    Ok(facts)
}

/// Whether nothing of the quiz is asked after these questions.
fn is_last(run: &Run<'_>, this: Asked) -> bool {
    let questions = run.definition.all_steps().filter_map(|step| match step.kind {
        StepKind::Prompt(prompt) => asked(prompt),
        _ => None,
    });
    questions.last() == Some(this)
}

const fn asked(prompt: PromptKind) -> Option<Asked> {
    match prompt {
        PromptKind::QuizAmounts => Some(Asked::Amounts),
        PromptKind::QuizAmountsAgain => Some(Asked::AmountsAgain),
        PromptKind::QuizMerchants => Some(Asked::Merchants),
        PromptKind::QuizDates => Some(Asked::Dates),
        _ => None,
    }
}

/// The quiz of a run: the same whenever it is asked for, because charges after the run's start do not count.
fn plan(store: Store<'_>, world: &World, run: &Run<'_>) -> Result<Option<Plan>, Failure> {
    let (account, until) = (run.flow.account, run.state.started_at);
    let mut transactions = store.transactions_by(account, until)?;
    let before = store.profile(account)?.transactions;
    transactions.extend(before.into_iter().map(|known| Transaction {
        amount: known.amount,
        payee: known.merchant,
        at: known.at,
    }));
    let seed = world.secrets.master.derive(PURPOSE, account.as_bytes());
    Ok(quiz::plan(run.policy, &transactions, *seed))
}

/// What the answers given so far are, read again from what was entered.
fn marks(store: Store<'_>, world: &World, run: &Run<'_>, plan: &Plan) -> Result<Marks, Failure> {
    let mut marks = Marks::default();
    for step in run.definition.all_steps() {
        let StepKind::Prompt(prompt) = step.kind else { continue };
        let Some(asked) = asked(prompt) else { continue };
        let entries = entering::read(store, world, run.flow.flow, &step.id)?;
        if !entries.is_empty() {
            let entries: Vec<Entry> = entries.into_iter().map(Entry).collect();
            mark(run, plan, asked, &entries, &mut marks);
        }
    }
    Ok(marks)
}

fn mark(run: &Run<'_>, plan: &Plan, asked: Asked, entries: &[Entry], marks: &mut Marks) {
    match asked {
        Asked::Amounts => marks.amounts = quiz::amounts(plan, entries),
        Asked::AmountsAgain => marks.amounts = quiz::amounts_again(plan, marks, entries),
        Asked::Merchants => marks.merchants = quiz::merchants(run.policy, plan, entries),
        Asked::Dates => marks.dates = quiz::dates(run.policy, plan, entries),
    }
}
