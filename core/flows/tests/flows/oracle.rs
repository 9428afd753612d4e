//! What a complete run must have, found out from its log without the engine.

use quittance_flows::definition::{Next, Step, StepKind};
use quittance_flows::facts::OFFLINE;
use quittance_flows::flow::{Rules, holds};
use quittance_protocol::flow_event::{Author, FlowEvent, FlowEventKind};
use quittance_protocol::{Quantity, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

type Facts = BTreeMap<String, Quantity>;

/// Proves that every step on the path of a complete run was done by somebody who may do it.
pub(crate) fn prove(rules: Rules<'_>, log: &[FlowEvent]) -> Result<(), String> {
    // A step can be left out for what was known at any moment of the run.
    let mut known: Vec<Facts> = vec![Facts::new()];
    for event in log {
        let mut facts = known.last().cloned().unwrap_or_default();
        match &event.kind {
            FlowEventKind::Found { facts: found } if event.author == Author::Gateway => facts.extend(found.clone()),
            FlowEventKind::WentOffline {} if event.author == Author::Phone => {
                facts.insert(OFFLINE.to_owned(), Quantity::ONE);
            }
            _ => continue,
        }
        known.push(facts);
    }
    let mut reviewers = BTreeSet::new();
    for step in &rules.definition.steps {
        required(rules, step, log, &known, &mut reviewers)?;
    }
    Ok(())
}

fn required(
    rules: Rules<'_>,
    step: &Step,
    log: &[FlowEvent],
    known: &[Facts],
    reviewers: &mut BTreeSet<String>,
) -> Result<(), String> {
    let ever = |condition, wanted: bool| {
        known
            .iter()
            .any(|facts| holds(rules.policy, facts, condition) == Ok(wanted))
    };
    let left_out = step.insert_if.as_ref().is_some_and(|condition| ever(condition, false))
        || step.skip_if.as_ref().is_some_and(|condition| ever(condition, true));
    if left_out || is_done(rules, step, log, known, reviewers)? {
        return Ok(());
    }
    if step.otherwise.is_empty() {
        return Err(format!("nothing shows that {} was done", step.id));
    }
    let mut instead = step.otherwise.iter();
    instead.try_for_each(|step| required(rules, step, log, known, reviewers))
}

fn is_done(
    rules: Rules<'_>,
    step: &Step,
    log: &[FlowEvent],
    known: &[Facts],
    reviewers: &mut BTreeSet<String>,
) -> Result<bool, String> {
    let said = |author: Author, is_it: &dyn Fn(&FlowEventKind) -> bool| {
        log.iter().any(|event| event.author == author && is_it(&event.kind))
    };
    let time_came = || {
        said(
            Author::Gateway,
            &|kind| matches!(kind, FlowEventKind::TimeCame { step: at } if *at == step.id),
        )
    };
    Ok(match &step.kind {
        StepKind::Prompt(_) => said(Author::Phone, &|kind| {
            matches!(kind, FlowEventKind::Answered { step: at, .. } | FlowEventKind::Returned { step: at, .. }
                if *at == step.id)
        }),
        StepKind::Factor(factor) => said(
            factor.author(),
            &|kind| matches!(kind, FlowEventKind::FactorProved { step: at, .. } if *at == step.id),
        ),
        StepKind::External(external) => {
            let silence = step
                .deadline
                .as_ref()
                .and_then(|deadline| rules.next_of(&deadline.then));
            let agreed = said(Author::Gateway, &|kind| {
                matches!(kind, FlowEventKind::Reported { step: at, outcome }
                    if *at == step.id && external.outcomes.get(outcome) == Some(&Next::GoOn))
            });
            agreed || silence == Some(Next::GoOn) && time_came()
        }
        StepKind::Review(_) => {
            let by = log.iter().find_map(|event| match &event.kind {
                FlowEventKind::Reviewed {
                    step: at,
                    reviewer,
                    approves: true,
                } if *at == step.id && event.author == Author::Gateway => Some(reviewer.clone()),
                _ => None,
            });
            match by {
                Some(reviewer) if !reviewers.insert(reviewer.clone()) => {
                    return Err(format!("{reviewer} decided twice"));
                }
                by => by.is_some(),
            }
        }
        StepKind::Timer(timer) => {
            let ends: Vec<Timestamp> = log.iter().map(|event| event.at).collect();
            let long = ends
                .first()
                .zip(ends.last())
                .is_some_and(|(first, last)| rules.policy.moment(&timer.after, *first).is_ok_and(|due| due <= *last));
            long && time_came()
        }
        StepKind::Guard(condition) => known
            .iter()
            .any(|facts| holds(rules.policy, facts, condition) == Ok(true)),
        StepKind::Effect(_) | StepKind::Notify(_) => true,
        StepKind::Part(_) => false,
    })
}
