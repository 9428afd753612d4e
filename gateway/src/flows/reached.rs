//! What a step needs when it opens.

use crate::failure::Decided;
use crate::turn::Turn;

use super::Run;

/// Sends the code, asks the party, of the step that has just opened.
pub(super) fn prepare(_turn: &mut Turn<'_>, _run: &mut Run<'_>, _step: &str) -> Decided<()> {
    Ok(())
}
