//! Engines with a defect each: a check that does not catch them shows nothing.

use quittance_flows::Refused;
use quittance_flows::definition::FlowEffect;
use quittance_flows::flow::{self, Effect, FlowState, Rules};
use quittance_protocol::flow_event::{Author, FlowEvent, FlowEventKind};

pub(crate) type Taken = Result<(FlowState, Vec<Effect>), Refused>;
pub(crate) type Engine = fn(Rules<'_>, &FlowState, &FlowEvent) -> Taken;

/// Takes what the wrong author says.
pub(crate) fn hears_everybody(rules: Rules<'_>, state: &FlowState, event: &FlowEvent) -> Taken {
    flow::step(rules, state, event).or_else(|refused| {
        let author = match event.author {
            Author::Phone => Author::Gateway,
            Author::Gateway => Author::Phone,
        };
        let other = FlowEvent {
            author,
            ..event.clone()
        };
        if refused == Refused::Author {
            flow::step(rules, state, &other)
        } else {
            Err(refused)
        }
    })
}

/// Takes an answer to another step as one to the open step.
pub(crate) fn mixes_steps(rules: Rules<'_>, state: &FlowState, event: &FlowEvent) -> Taken {
    let mut other = event.clone();
    if let (Some(open), Some(step)) = (flow::open_step(rules.definition, state), step_of(&mut other.kind)) {
        step.clone_from(&open.id);
    }
    flow::step(rules, state, &other)
}

/// Its clock stands still.
pub(crate) fn stands_still(rules: Rules<'_>, state: &FlowState, event: &FlowEvent) -> Taken {
    let at = state.last_at;
    flow::step(rules, state, &FlowEvent { at, ..event.clone() })
}

/// Takes what comes after the deadline.
pub(crate) fn never_late(rules: Rules<'_>, state: &FlowState, event: &FlowEvent) -> Taken {
    let finds = matches!(event.kind, FlowEventKind::Found { .. });
    match flow::step(rules, state, event) {
        Err(Refused::TooLate) if !finds => stands_still(rules, state, event),
        taken => taken,
    }
}

/// Takes a factor as proved as soon as it is reached.
pub(crate) fn forgets_a_factor(rules: Rules<'_>, state: &FlowState, event: &FlowEvent) -> Taken {
    let (next, mut effects) = flow::step(rules, state, event)?;
    let Some(open) = flow::open_step(rules.definition, &next) else {
        return Ok((next, effects));
    };
    let quittance_flows::StepKind::Factor(factor) = open.kind else {
        return Ok((next, effects));
    };
    let proved = FlowEvent {
        at: event.at,
        author: factor.author(),
        kind: FlowEventKind::FactorProved {
            step: open.id.clone(),
            evidence: quittance_protocol::Digest32::of(b"nothing"),
        },
    };
    let (next, more) = flow::step(rules, &next, &proved)?;
    effects.extend(more);
    Ok((next, effects))
}

/// Holds nothing.
pub(crate) fn holds_nothing(rules: Rules<'_>, state: &FlowState, event: &FlowEvent) -> Taken {
    let (next, mut effects) = flow::step(rules, state, event)?;
    effects.retain(|effect| *effect != Effect::Do(FlowEffect::Hold));
    Ok((next, effects))
}

/// The step that an event names.
pub(crate) fn step_of(kind: &mut FlowEventKind) -> Option<&mut String> {
    match kind {
        FlowEventKind::Answered { step, .. }
        | FlowEventKind::Returned { step, .. }
        | FlowEventKind::Submitted { step, .. }
        | FlowEventKind::Sent { step }
        | FlowEventKind::FactorProved { step, .. }
        | FlowEventKind::FactorFailed { step, .. }
        | FlowEventKind::Reported { step, .. }
        | FlowEventKind::Reviewed { step, .. }
        | FlowEventKind::TimeCame { step } => Some(step),
        _ => None,
    }
}
