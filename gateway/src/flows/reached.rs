//! What a step needs when it opens: a code on its way, a party that is asked.

use quittance_flows::definition::{External, PromptKind};
use quittance_flows::{FactorInput, StepKind};

use super::{Run, codes, evidence, parties};
use crate::failure::Decided;
use crate::turn::Turn;

/// Prepares the step that has just opened.
pub(super) fn prepare(turn: &mut Turn<'_>, run: &mut Run<'_>, step: &str) -> Decided<()> {
    let Some(open) = run.open().filter(|open| open.id == step) else {
        return Ok(());
    };
    match &open.kind {
        StepKind::Factor(factor) => match factor.input() {
            FactorInput::Code => codes::send(turn, run, step, *factor),
            FactorInput::Nothing => evidence::ask_source(turn, run, step, *factor),
            FactorInput::HardwareKey | FactorInput::Secret | FactorInput::Evidence | FactorInput::Entries => Ok(()),
        },
        StepKind::External(external) => parties::ask(turn, run, step, external.party),
        // The other app has to know what it is asked before the payer comes to it.
        StepKind::Prompt(PromptKind::Jump) => match agrees_with(run, step) {
            Some((decision, external)) => parties::ask(turn, run, &decision, external.party),
            None => Ok(()),
        },
        _ => Ok(()),
    }
}

/// The step at which the party that a jump leads to says the same over its own channel.
fn agrees_with(run: &Run<'_>, jump: &str) -> Option<(String, External)> {
    run.definition.all_steps().find_map(|step| match &step.kind {
        StepKind::External(external) if external.agrees_with.as_deref() == Some(jump) => {
            Some((step.id.clone(), external.clone()))
        }
        _ => None,
    })
}
