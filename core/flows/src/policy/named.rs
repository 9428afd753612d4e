//! Flows that code begins by their names, so that every bundle has to have them.

use super::{Policy, PolicyError};
use crate::definition::FlowEffect;

/// The payer signs a mandate.
pub const SIGN: &str = "mandate.sign";
/// The quick way to a mandate's end, also without a network.
pub const CANCEL: &str = "mandate.cancel.quick";
/// A bank confirms one mandate of several; the gateway alone begins it.
pub const BANK_ITEM: &str = "mandate.cancel.bank_item";
/// The payer lifts their pause.
pub const RESUME: &str = "mandate.resume";
/// The payer chooses the safety lock's own password.
pub const SET_LOCK_PASSWORD: &str = "lock.set_password";

/// Each of them, with what it has to bring about.
const ALL: [(&str, FlowEffect); 5] = [
    (SIGN, FlowEffect::Provision),
    (CANCEL, FlowEffect::Destroy),
    (BANK_ITEM, FlowEffect::Destroy),
    (RESUME, FlowEffect::LiftPause),
    (SET_LOCK_PASSWORD, FlowEffect::OpenLockPassword),
];

/// Refuses a bundle in which one of them is missing, or brings about something else.
///
/// # Errors
/// [`PolicyError::Flow`].
pub(super) fn check(policy: &Policy) -> Result<(), PolicyError> {
    for (name, effect) in ALL {
        let what = match policy.flow(name) {
            None => "is missing",
            Some(flow) if flow.effect != effect => "has another effect than code that begins it counts on",
            Some(_) => continue,
        };
        return Err(PolicyError::Flow {
            flow: name.to_owned(),
            place: String::new(),
            what: what.to_owned(),
        });
    }
    Ok(())
}
