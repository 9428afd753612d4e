//! The review desk: people who decide about runs, never twice in one, never about themselves.

use quittance_flows::definition::{Desk, PromptKind};
use quittance_flows::{StepKind, flow};
use quittance_protocol::flow_event::{Author, FlowEventKind};
use quittance_protocol::problem::Code;
use quittance_protocol::statement::Review;
use quittance_protocol::{FlowId, MandateId, Problem, Timestamp, Verified};
use serde::Serialize;

use super::{Run, entering};
use crate::failure::{Decided, Failure};
use crate::store::Store;
use crate::turn::{Answer, Turn};
use crate::world::World;

/// One run that waits for a reviewer.
#[derive(Serialize)]
pub(crate) struct DeskItem {
    flow: FlowId,
    step: String,
    queue: &'static str,
    definition: String,
    mandates: Vec<MandateId>,
    since: Timestamp,
    decide_by: Option<Timestamp>,
    /// What the payer wrote for whoever decides.
    notes: Vec<String>,
}

/// The queue's name.
pub(super) const fn name(desk: Desk) -> &'static str {
    match desk {
        Desk::Agent => "agent",
        Desk::Second => "second",
        Desk::Platform => "platform",
    }
}

/// Everything that waits for a reviewer, the longest waiting first. A run that went bad hides no other.
pub(crate) fn queue(store: Store<'_>, world: &World) -> Result<Vec<DeskItem>, Failure> {
    let mut items = Vec::new();
    for waiting in store.flows_on_desk()? {
        match waiting.and_then(|id| item(store, world, id)) {
            Ok(item) => items.extend(item),
            Err(error) if error.is_of_one_row() => tracing::error!(%error, "a run at the desk cannot be shown"),
            Err(error) => return Err(error),
        }
    }
    Ok(items)
}

fn item(store: Store<'_>, world: &World, id: FlowId) -> Result<Option<DeskItem>, Failure> {
    let run = Run::load(store, world, id)?.ok_or(Failure::Damaged("a flow"))?;
    let Some(open) = run.open() else { return Ok(None) };
    let StepKind::Review(desk) = open.kind else {
        return Ok(None);
    };
    Ok(Some(DeskItem {
        flow: id,
        step: open.id.clone(),
        queue: name(desk),
        definition: run.state.start.definition.clone(),
        mandates: run.state.start.mandates.clone(),
        since: run.state.reached_at,
        decide_by: flow::deadline(run.rules(), &run.state),
        notes: notes(store, world, &run)?,
    }))
}

fn notes(store: Store<'_>, world: &World, run: &Run<'_>) -> Result<Vec<String>, Failure> {
    let mut notes = Vec::new();
    for step in run.definition.all_steps() {
        if step.kind == StepKind::Prompt(PromptKind::Facts) {
            notes.extend(entering::read(store, world, run.flow.flow, &step.id)?);
        }
    }
    Ok(notes)
}

/// Takes a reviewer's decision.
///
/// # Errors
/// `unknown_key`, `not_found`; `step_order` where no review, or another one, is open; `four_eyes` for who decided before
/// in this run, or whose own run it is; `too_late` past the deadline.
pub(crate) fn review(turn: &mut Turn<'_>, said: &Verified<Review>) -> Decided<Answer> {
    let body = said.body();
    let unknown = || Problem::new(Code::UnknownKey).at("/header/kid");
    let reviewer = turn.store.reviewer_of_key(said.kid())?.ok_or_else(unknown)?;
    let missing = || Problem::new(Code::NotFound).at("/flow");
    let mut run = Run::load(turn.store, turn.world, body.flow)?.ok_or_else(missing)?;
    if reviewer.account == Some(run.flow.account) {
        return Err(Problem::new(Code::FourEyes)
            .at("/flow")
            .detail("nobody decides about themselves")
            .into());
    }
    if run.state.reviewers.contains(&reviewer.reviewer) {
        return Err(Problem::new(Code::FourEyes)
            .at("/flow")
            .detail("another person has to decide now")
            .into());
    }
    let StepKind::Review(_) = run.open_step(&body.step)?.kind else {
        return Err(Problem::new(Code::StepOrder).at("/step").into());
    };
    let event = FlowEventKind::Reviewed {
        step: body.step.clone(),
        reviewer: reviewer.reviewer,
        approves: body.approves,
    };
    run.admit(turn, Author::Gateway, event)?;
    Answer::json(&run.log())
}
