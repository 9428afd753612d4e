//! How a run begins: its first event, directly followed by what the gateway finds out about its subject.

use quittance_flows::facts::OFFLINE;
use quittance_flows::{Rules, flow};
use quittance_protocol::Problem;
use quittance_protocol::flow_event::{Author, FlowEvent, FlowEventKind, FlowStart};
use quittance_protocol::problem::Code;

use super::{Run, facts, refusal};
use crate::failure::{Decided, Failure};
use crate::store::{Device, Flow};
use crate::turn::Turn;

/// Begins a run of a device. Who calls it has checked the start.
///
/// # Errors
/// `step_order` where its id was used before; what finding out answers.
pub(crate) fn begin<'w>(turn: &mut Turn<'w>, device: &Device, start: &FlowStart, author: Author) -> Decided<Run<'w>> {
    if turn.store.flow(start.flow)?.is_some() {
        return Err(Problem::new(Code::StepOrder).at("/start/flow").into());
    }
    let world = turn.world;
    let unknown = || Failure::Rules("a flow that the policy does not have");
    let policy = &world.policies.version(start.policy_version).ok_or_else(unknown)?.policy;
    let definition = policy.flow(&start.definition).ok_or_else(unknown)?;
    let event = FlowEvent {
        at: turn.now,
        author,
        kind: FlowEventKind::Started(start.clone()),
    };
    let (state, mut effects) = flow::begin(Rules { policy, definition }, &event).map_err(refusal)?;
    let mut run = Run {
        flow: Flow {
            flow: start.flow,
            account: device.account,
            device: device.device,
            events: vec![event],
            next_flows: Vec::new(),
            item_of: None,
        },
        policy,
        definition,
        state,
    };
    run.keep(turn)?;
    if definition.facts().iter().any(|fact| *fact != OFFLINE) {
        let facts = facts::find_out(turn, device, start, definition)?;
        effects.extend(run.take(turn, Author::Gateway, FlowEventKind::Found { facts })?);
    }
    run.carry_out(turn, effects)?;
    Ok(run)
}
