//! The review desk: people who decide about runs, never twice in one, never about themselves.

use quittance_flows::definition::Desk;

/// The queue's name.
pub(super) const fn name(desk: Desk) -> &'static str {
    match desk {
        Desk::Agent => "agent",
        Desk::Second => "second",
        Desk::Platform => "platform",
    }
}
