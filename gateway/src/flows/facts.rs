//! What the gateway finds out about a run's subject when it begins.

use std::collections::BTreeMap;

use quittance_flows::FlowDefinition;
use quittance_protocol::Quantity;
use quittance_protocol::flow_event::FlowStart;

use crate::failure::Decided;
use crate::store::Device;
use crate::turn::Turn;

/// The facts that a definition's conditions compare.
pub(super) fn find_out(
    _turn: &mut Turn<'_>,
    _device: &Device,
    _start: &FlowStart,
    _definition: &FlowDefinition,
) -> Decided<BTreeMap<String, Quantity>> {
    Ok(BTreeMap::new())
}
