//! The moments of a run: when its open step is due, must be done, is given up.

use super::{FlowState, Rules, open_step};
use crate::definition::{Deadline, From, Next, NextOrKey, StepKind, Timer};
use crate::factor::FactorInput;
use quittance_protocol::Timestamp;

/// When the gateway has to say that the open step's time came: a timer's moment, else its deadline.
#[must_use]
pub fn due(rules: Rules<'_>, state: &FlowState) -> Option<Timestamp> {
    let open = open_step(rules.definition, state)?;
    match &open.kind {
        StepKind::Timer(Timer { after, from }) => moment(rules, state, after, *from),
        _ => deadline(rules, state),
    }
}

/// Until before when the open step can be done, where the definition bounds it.
#[must_use]
pub fn deadline(rules: Rules<'_>, state: &FlowState) -> Option<Timestamp> {
    let Deadline { after, from, .. } = open_step(rules.definition, state)?.deadline.as_ref()?;
    moment(rules, state, after, *from)
}

/// From when on the run may be ended because the payer left it alone. Nothing where somebody else's turn it is.
#[must_use]
pub fn ends_at(rules: Rules<'_>, state: &FlowState) -> Option<Timestamp> {
    let open = open_step(rules.definition, state)?;
    let waits_for_payer = open.asks_payer() && state.submitted.is_none();
    let key = rules.definition.idle_life.as_deref().unwrap_or("flow.idle_life");
    waits_for_payer
        .then(|| rules.policy.moment(key, state.last_at).ok())
        .flatten()
}

/// From when on the open step's code may be sent again; nothing before it was first sent.
pub(super) fn resend_from(rules: Rules<'_>, state: &FlowState) -> Option<Timestamp> {
    let open = open_step(rules.definition, state)?;
    let StepKind::Factor(factor) = open.kind else {
        return None;
    };
    let sent = state.sent_at.filter(|_| factor.input() == FactorInput::Code)?;
    rules.policy.moment("otp.resend_after", sent).ok()
}

impl Rules<'_> {
    /// What a deadline leads to, here or at the policy key that it names.
    #[must_use]
    pub fn next_of(&self, then: &NextOrKey) -> Option<Next> {
        match then {
            NextOrKey::Next(next) => Some(*next),
            NextOrKey::Key(key) => self.policy.next(key),
        }
    }
}

fn moment(rules: Rules<'_>, state: &FlowState, key: &str, from: From) -> Option<Timestamp> {
    let start = match from {
        From::Reached => state.reached_at,
        From::Start => state.started_at,
    };
    rules.policy.moment(key, start).ok()
}
