//! Engines and mandates with a defect each: a check that does not catch them shows nothing.

use quittance_flows::definition::FlowEffect;
use quittance_flows::flow::{self, DoneStep, Effect, FlowState, Left, Rules};
use quittance_flows::mandate::{Mandate, MandateEvent};
use quittance_flows::{HoldOwner, Refused};
use quittance_protocol::answer::MandateState;
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

/// Takes what was said at a step that is behind once more.
pub(crate) fn takes_repeats(rules: Rules<'_>, state: &FlowState, event: &FlowEvent) -> Taken {
    flow::step(rules, state, event).or_else(|refused| {
        let mut kind = event.kind.clone();
        let named = step_of(&mut kind).cloned();
        let again = state.done.iter().find(|done| Some(&done.id) == named.as_ref()).cloned();
        let again = again.filter(|_| event.at <= state.last_at).ok_or(refused)?;
        let mut next = state.clone();
        next.done.push(again);
        Ok((next, Vec::new()))
    })
}

/// Counts a failed try, or something handed in, once more at a step that is behind.
pub(crate) fn counts_old_tries(rules: Rules<'_>, state: &FlowState, event: &FlowEvent) -> Taken {
    flow::step(rules, state, event).or_else(|refused| {
        let mut kind = event.kind.clone();
        let counts = matches!(
            kind,
            FlowEventKind::FactorFailed { .. } | FlowEventKind::Submitted { .. }
        );
        let named = step_of(&mut kind).cloned();
        if !counts || !state.done.iter().any(|done| Some(&done.id) == named.as_ref()) {
            return Err(refused);
        }
        let mut next = state.clone();
        next.failures = next.failures.saturating_add(1);
        Ok((next, Vec::new()))
    })
}

/// Takes a finding again that newer ones have replaced.
pub(crate) fn takes_old_findings(rules: Rules<'_>, state: &FlowState, event: &FlowEvent) -> Taken {
    match (flow::step(rules, state, event), &event.kind) {
        (Err(Refused::TooLate), FlowEventKind::Found { facts }) => {
            let mut next = state.clone();
            next.facts.extend(facts.clone());
            Ok((next, Vec::new()))
        }
        (taken, _) => taken,
    }
}

/// Takes what is said at a step before the step's turn.
pub(crate) fn runs_ahead(rules: Rules<'_>, state: &FlowState, event: &FlowEvent) -> Taken {
    flow::step(rules, state, event).or_else(|refused| {
        let mut kind = event.kind.clone();
        let named = step_of(&mut kind).cloned();
        let early = flow::steps_ahead(rules, state).find(|step| Some(&step.id) == named.as_ref());
        let id = early.map(|step| step.id.clone()).ok_or(refused)?;
        let mut next = state.clone();
        next.done.push(DoneStep {
            id,
            left: Left::Done,
            evidence: None,
        });
        Ok((next, Vec::new()))
    })
}

/// How a mandate takes an event.
pub(crate) type Rule = fn(&Mandate, MandateEvent) -> Result<Mandate, Refused>;

/// Cannot be ended while its payer holds it.
pub(crate) fn blocks_while_held(mandate: &Mandate, event: MandateEvent) -> Result<Mandate, Refused> {
    match event {
        MandateEvent::Ordered { .. } if mandate.holds.contains(&HoldOwner::Payer) => Err(Refused::StepOrder),
        event => mandate.step(event),
    }
}

/// Cannot be paused once its end is ordered for later.
pub(crate) fn takes_no_hold_once_scheduled(mandate: &Mandate, event: MandateEvent) -> Result<Mandate, Refused> {
    match event {
        MandateEvent::HoldAdded(_) if mandate.state == MandateState::RevocationScheduled => Err(Refused::TooLate),
        event => mandate.step(event),
    }
}

/// Does not come to its scheduled end while its payer holds it.
pub(crate) fn blocks_the_scheduled_end(mandate: &Mandate, event: MandateEvent) -> Result<Mandate, Refused> {
    match event {
        MandateEvent::Due { .. } if mandate.holds.contains(&HoldOwner::Payer) => Err(Refused::StepOrder),
        event => mandate.step(event),
    }
}

/// Forgets who else holds it when its end is taken back.
pub(crate) fn forgets_holds_on_undo(mandate: &Mandate, event: MandateEvent) -> Result<Mandate, Refused> {
    let undone = matches!(event, MandateEvent::Undone { .. });
    let mut next = mandate.step(event)?;
    if undone {
        next.holds = Mandate::draft().holds;
        next.state = MandateState::Active;
    }
    Ok(next)
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
