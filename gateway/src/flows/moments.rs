//! What time brings about in runs: moments that come, deadlines that pass, replies that become known.
//!
//! Everything happens at its own moment and in the sequence of the moments, however far the clock was moved at once: a
//! clock that leaps a day leaves the same logs as one that ticks.

use quittance_flows::{Phase, flow};
use quittance_protocol::flow_event::{Author, FlowEventKind};
use quittance_protocol::{FlowId, Timestamp};

use super::{Run, parties, vouching};
use crate::each::pass_over;
use crate::failure::{Decided, Failure};
use crate::round::in_mark;
use crate::store::{MOST_DUE, Store};
use crate::sweep::Sweep;
use crate::turn::Turn;

/// Something that is due.
enum Due {
    /// A reply becomes known.
    Reply { flow: FlowId, step: String, party: String },
    /// A run's own moment.
    Run(FlowId),
}

/// Whether something is due, looked up without writing.
pub(crate) fn is_due(store: Store<'_>, now: Timestamp) -> Result<bool, Failure> {
    Ok(store.first_due_flow(now)?.is_some() || store.first_due_reply(now)?.is_some())
}

/// Carries out what is due by now, as much as one turn may.
pub(crate) fn pass(turn: &mut Turn<'_>, seen: &mut Sweep) -> Decided<()> {
    seen.moments = false;
    for _ in 0..MOST_DUE {
        let Some((at, due)) = next(turn.store, turn.now)? else {
            return Ok(());
        };
        carry_out(turn, at, &due)?;
    }
    seen.moments = true;
    Ok(())
}

/// Carries out what is due by now in one run, before somebody speaks of it: who comes too late does so also while more is
/// due elsewhere than one turn carries out.
pub(crate) fn catch_up(turn: &mut Turn<'_>, flow: FlowId) -> Decided<()> {
    while let Some((at, due)) = next_of(turn.store, flow, turn.now)? {
        carry_out(turn, at, &due)?;
    }
    Ok(())
}

/// Carries out one thing at its own moment.
fn carry_out(turn: &mut Turn<'_>, at: Timestamp, due: &Due) -> Result<(), Failure> {
    let now = turn.now;
    turn.now = at;
    let done = in_mark(turn, |turn| visit(turn, due));
    turn.now = now;
    // One run that cannot go on, because it refuses or its log went bad, keeps nobody else from going on.
    if done.is_err() {
        pass_over(turn.store, done)?;
        let flow = match due {
            Due::Reply { flow, .. } | Due::Run(flow) => flow,
        };
        tracing::error!(%flow, "nothing is due in this run any more");
        give_up(turn, due)?;
    }
    Ok(())
}

/// What is due first in one run.
fn next_of(store: Store<'_>, flow: FlowId, now: Timestamp) -> Result<Option<(Timestamp, Due)>, Failure> {
    let run = store.due_flow(flow, now)?.map(|at| (flow, at));
    let reply = store.first_due_reply_of(flow, now)?;
    Ok(first(run, reply.map(|(step, party, at)| (flow, step, party, at))))
}

/// What is due first. What cannot be read on the way there is put aside, so that everybody else gets their turn.
fn next(store: Store<'_>, now: Timestamp) -> Result<Option<(Timestamp, Due)>, Failure> {
    loop {
        let (unread, parked) = match (store.first_due_flow(now), store.first_due_reply(now)) {
            (Err(unread), _) if unread.is_of_one_row() => (unread, store.park_first_due_flow(now)?),
            (_, Err(unread)) if unread.is_of_one_row() => (unread, store.park_first_due_reply(now)?),
            (run, reply) => return Ok(first(run?, reply?)),
        };
        if !parked {
            return Err(unread);
        }
        tracing::error!(error = %unread, "a run whose row cannot be read is not due any more");
    }
}

/// What becomes known in the very moment of a deadline comes too late, as the fold says.
fn first(
    run: Option<(FlowId, Timestamp)>,
    reply: Option<(FlowId, String, String, Timestamp)>,
) -> Option<(Timestamp, Due)> {
    let run = run.map(|(flow, at)| (at, Due::Run(flow)));
    let reply = reply.map(|(flow, step, party, at)| (at, Due::Reply { flow, step, party }));
    match (run, reply) {
        (Some(run), Some(reply)) if run.0 <= reply.0 => Some(run),
        (Some(run), None) => Some(run),
        (_, reply) => reply,
    }
}

fn visit(turn: &mut Turn<'_>, due: &Due) -> Decided<()> {
    match due {
        Due::Reply { flow, step, party } => hear(turn, *flow, step, party),
        Due::Run(flow) => moment(turn, *flow),
    }
}

fn hear(turn: &mut Turn<'_>, id: FlowId, step: &str, party: &str) -> Decided<()> {
    let mut run = Run::load(turn.store, turn.world, id)?;
    if step == vouching::ANY_STEP
        && let Some(run) = &mut run
    {
        // Also once the run is over: what comes late is noted.
        return parties::hear_people(turn, run);
    }
    let Some(mut run) = run.filter(|run| run.state.phase == Phase::Open) else {
        return Ok(turn.store.drop_reply(id, step, party)?);
    };
    if run.open().is_some_and(|open| open.id == step) {
        return parties::hear(turn, &mut run);
    }
    Ok(turn.store.park_reply(id, step, party)?)
}

fn moment(turn: &mut Turn<'_>, id: FlowId) -> Decided<()> {
    let run = Run::load(turn.store, turn.world, id)?;
    let mut run = run.ok_or(Failure::Damaged("a flow"))?;
    turn.now = turn.now.max(run.state.last_at);
    let passed = |at: Option<Timestamp>| at.is_some_and(|at| at <= turn.now);
    let before = run.open().map(|open| open.id.clone());
    let event = match run.open() {
        Some(open) if passed(flow::due(run.rules(), &run.state)) => FlowEventKind::TimeCame { step: open.id.clone() },
        Some(_) if passed(flow::ends_at(run.rules(), &run.state)) => FlowEventKind::Expired {},
        // Nothing of it is due any more, or it was written by the version before.
        _ => return Ok(run.keep(turn)?),
    };
    run.admit(turn, Author::Gateway, event)?;
    let unmoved = run.open().map(|open| &open.id) == before.as_ref();
    if unmoved && flow::due(run.rules(), &run.state).is_some_and(|at| at <= turn.now) {
        // Its deadline leads nowhere: looked at again and again, it would keep everybody else out.
        turn.store.park_flow(id)?;
    }
    Ok(())
}

fn give_up(turn: &Turn<'_>, due: &Due) -> Result<(), Failure> {
    match due {
        Due::Reply { flow, step, party } => turn.store.drop_reply(*flow, step, party),
        Due::Run(flow) => turn.store.park_flow(*flow),
    }
}
