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

/// Whether the open step's deadline has passed.
pub(super) fn is_late(rules: Rules<'_>, state: &FlowState, at: Timestamp) -> bool {
    deadline(rules, state).is_some_and(|end| at >= end)
}

/// From when on the run may be ended because it was left alone: by the payer whose turn it is, or by whoever judges
/// what the payer handed in. Nothing where the open step has a moment of its own that ends it.
///
/// A definition with a life of its own is a case, which has no other; every other one has a total life, too.
#[must_use]
pub fn ends_at(rules: Rules<'_>, state: &FlowState) -> Option<Timestamp> {
    let open = open_step(rules.definition, state)?;
    if !open.asks_payer() {
        return None;
    }
    let moment = |key: &str, start| rules.policy.moment(key, start).ok();
    if state.submitted.is_some() {
        return moment("evidence.judge_by", state.last_at);
    }
    let idle = idle_at(rules, state);
    match rules.definition.idle_life {
        Some(_) => idle,
        None => idle
            .into_iter()
            .chain(moment("flow.total_life", state.started_at))
            .min(),
    }
}

/// From when on nobody has touched the run, done or not, for the idle life of its definition, else of the policy.
#[must_use]
pub fn idle_at(rules: Rules<'_>, state: &FlowState) -> Option<Timestamp> {
    let life = rules.definition.idle_life.as_deref().unwrap_or("flow.idle_life");
    rules.policy.moment(life, state.last_at).ok()
}

/// Until before when what a run opens can be entered, by the state in which its last event found it: for the entry life
/// of its definition, which is spent once. What its open step had left of it is left.
#[must_use]
pub fn entry_ends(rules: Rules<'_>, before: &FlowState, now: Timestamp) -> Option<Timestamp> {
    let life = rules.definition.entry_life.as_ref()?;
    let ends = rules.policy.moment(life, now).ok()?;
    let step = open_step(rules.definition, before).and_then(|open| open.deadline.as_ref());
    let begun = step.filter(|step| step.after == *life);
    Some(match begun.and_then(|_| deadline(rules, before)) {
        Some(end) => ends.min(end),
        None => ends,
    })
}

/// From when on the open step's code may be sent again; nothing before it was first sent.
pub(super) fn resend_from(rules: Rules<'_>, state: &FlowState) -> Option<Timestamp> {
    let open = open_step(rules.definition, state)?;
    let StepKind::Factor(factor) = open.kind else {
        return None;
    };
    let sent = state.sent_at.filter(|_| factor.input() == FactorInput::Code)?;
    Some(crate::otp::resend_from(rules.policy, sent))
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
