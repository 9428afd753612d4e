//! What the open step of a run shows beyond its definition. Personal, so it is found out anew each time.

use quittance_protocol::Timestamp;
use quittance_protocol::answer::Asking;

use super::Run;
use crate::failure::Failure;
use crate::store::Store;
use crate::world::World;

/// What the open step shows, where it shows something.
pub(crate) fn find_out(
    _store: Store<'_>,
    _world: &World,
    _run: &Run<'_>,
    _now: Timestamp,
) -> Result<Option<Asking>, Failure> {
    Ok(None)
}
