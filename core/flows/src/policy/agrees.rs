//! What values say about flows has to be what the flows do.

use super::{Policy, PolicyError, Silence};
use crate::definition::{Bound, Comparison, FlowDefinition, FlowEffect, Next, NextOrKey, Party, Step, StepKind};
use crate::factor::FactorKind;
use std::collections::BTreeSet;

/// Holds the values that describe flows against the definitions.
///
/// # Errors
/// [`PolicyError::Value`] for the key that says something else.
pub(super) fn check(policy: &Policy) -> Result<(), PolicyError> {
    let routes = [
        (
            "cancellation.quick.steps",
            "mandate.cancel.quick",
            &policy.cancellation.quick.steps,
        ),
        (
            "cancellation.service.steps",
            "mandate.cancel.service",
            &policy.cancellation.service.steps,
        ),
        (
            "cancellation.assisted.steps",
            "mandate.cancel.assisted",
            &policy.cancellation.assisted.steps,
        ),
    ];
    for (key, flow, says) in routes {
        if let Some(definition) = policy.flow(flow) {
            agree(key, says.iter().map(String::as_str).eq(counted(definition)), flow)?;
        }
    }
    // The loader demands the hold of every flow that ends mandates.
    agree(
        "cancellation.hold_while_waiting",
        policy.cancellation.hold_while_waiting,
        "every cancellation",
    )?;
    let forced = &policy.cancellation.mini_program.forced_unbind;
    if let Some(definition) = policy.flow("mandate.cancel.forced") {
        let review = |step: &&Step| matches!(step.kind, StepKind::Review(_));
        let (first, reviews) = (
            definition.steps.iter().position(|step| review(&step)),
            definition.steps.iter().filter(review).count(),
        );
        let hold = definition
            .steps
            .iter()
            .position(|step| step.kind == StepKind::Effect(FlowEffect::Hold));
        let holds_first = hold.is_some() && (first.is_none() || hold < first);
        let key = "cancellation.mini_program.forced_unbind.hold_immediately";
        agree(key, forced.hold_immediately == holds_first, "mandate.cancel.forced")?;
        let key = "cancellation.mini_program.forced_unbind.four_eyes";
        agree(key, forced.four_eyes == (reviews >= 2), "mandate.cancel.forced")?;
    }
    if let Some(definition) = policy.flow("mandate.cancel.mini_program") {
        let says = policy.cancellation.mini_program.silence_means == Silence::Release;
        let key = "cancellation.mini_program.silence_means";
        agree(
            key,
            says == goes_on_in_silence(policy, definition),
            "mandate.cancel.mini_program",
        )?;
    }
    for (name, definition) in policy.definitions() {
        check_steps(policy, name, definition)?;
    }
    check_factors(policy)
}

fn check_steps(policy: &Policy, name: &str, definition: &FlowDefinition) -> Result<(), PolicyError> {
    for step in definition.all_steps() {
        if let StepKind::External(external) = &step.kind
            && external.party == Party::BankApp
        {
            let key = "cancellation.bank_confirm.require_redirect_and_backchannel";
            let both = policy.cancellation.bank_confirm.require_redirect_and_backchannel;
            agree(key, both == external.agrees_with.is_some(), name)?;
        }
        if step.kind == StepKind::Factor(FactorKind::Biometric)
            && let Some(tries) = &step.tries
        {
            let beyond = tries.failures == Comparison::MoreThan(Bound::Key("biometric.max_failures".to_owned()));
            agree(
                "biometric.escalate_when",
                beyond == policy.biometric.escalates_beyond(),
                name,
            )?;
            let stand_ins = step.otherwise.iter().filter_map(factor_of).map(FactorKind::name);
            let escalation = policy.biometric.escalation.iter().map(String::as_str);
            agree("biometric.escalation", escalation.eq(stand_ins), name)?;
        }
    }
    // The phone lifts a pause with one proof in one statement, see `hold` in docs/protocol.md.
    if definition.effect == FlowEffect::LiftPause {
        let asks: Vec<_> = definition.steps.iter().filter(|step| step.counts()).collect();
        let one_proof = matches!(asks.as_slice(), [only] if only.kind == StepKind::Factor(FactorKind::Biometric));
        if !one_proof {
            return Err(PolicyError::value(
                format!("flows.{name}"),
                "a pause is lifted with one biometric proof: ask for that and nothing else",
            ));
        }
    }
    Ok(())
}

fn check_factors(policy: &Policy) -> Result<(), PolicyError> {
    if let Some(release) = policy.flow("lock.release") {
        let asks = release
            .all_steps()
            .any(|step| step.kind == StepKind::Factor(FactorKind::LockPassword));
        agree(
            "safety_lock.password_to_release",
            policy.safety_lock.password_to_release == asks,
            "lock.release",
        )?;
    }
    // Locking is a statement that needs nothing.
    agree(
        "safety_lock.password_to_lock",
        !policy.safety_lock.password_to_lock,
        "the statement that locks",
    )?;
    if let Some(raise) = policy.flow("teen.raise_limit") {
        let factors = raise.steps.iter().filter_map(factor_of);
        let evidence = factors
            .filter(|factor| *factor != FactorKind::Biometric)
            .map(FactorKind::name);
        let says = policy.teen.guardian_steps.iter().map(String::as_str);
        agree("teen.guardian_steps", says.eq(evidence), "teen.raise_limit")?;
    }
    let gestures = &policy.evidence.gestures;
    let distinct = gestures.known.iter().collect::<BTreeSet<_>>().len();
    let enough = u32::try_from(distinct).is_ok_and(|distinct| distinct >= gestures.asked) && gestures.asked > 0;
    if distinct != gestures.known.len() || !enough {
        return Err(PolicyError::value(
            "evidence.gestures.known",
            "name each gesture once, at least as many as are asked",
        ));
    }
    Ok(())
}

/// Whether the run goes on where a merchant does not answer, with whatever is noted on the way.
fn goes_on_in_silence(policy: &Policy, definition: &FlowDefinition) -> bool {
    let asks_merchant =
        |step: &&Step| matches!(&step.kind, StepKind::External(external) if external.party == Party::Merchant);
    let next = |step: &Step| match &step.deadline.as_ref()?.then {
        NextOrKey::Next(next) => Some(*next),
        NextOrKey::Key(key) => policy.next(key),
    };
    definition
        .all_steps()
        .filter(asks_merchant)
        .all(|step| matches!(next(step), Some(Next::GoOn | Next::Otherwise)))
}

/// The steps that every payer meets.
fn counted(definition: &FlowDefinition) -> impl Iterator<Item = &str> {
    let always = |step: &&Step| step.counts() && step.insert_if.is_none();
    definition.steps.iter().filter(always).map(|step| step.id.as_str())
}

fn factor_of(step: &Step) -> Option<FactorKind> {
    match step.kind {
        StepKind::Factor(factor) => Some(factor),
        _ => None,
    }
}

fn agree(key: &str, agrees: bool, flow: &str) -> Result<(), PolicyError> {
    if agrees {
        Ok(())
    } else {
        Err(PolicyError::value(
            key,
            format!("{flow} does something else: change both"),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{DEFAULT_BUNDLE, Policy};
    use serde_json::{Value, json};

    fn refusal(pointer: &str, value: Value) -> String {
        let mut bundle: Value = serde_json::from_str(DEFAULT_BUNDLE).unwrap();
        *bundle.pointer_mut(pointer).unwrap() = value;
        Policy::load(&bundle.to_string()).unwrap_err().to_string()
    }

    //
    #[test]
    fn a_value_that_says_something_else_than_the_flows_do_is_refused_by_its_key() {
        for (pointer, value) in [
            ("/cancellation/quick/steps", json!(["identify", "payment_pin"])),
            ("/cancellation/service/steps", json!(["select"])),
            ("/cancellation/assisted/steps/6", json!("agent_confirm")),
            ("/cancellation/hold_while_waiting", json!(false)),
            ("/cancellation/mini_program/forced_unbind/four_eyes", json!(false)),
            (
                "/cancellation/mini_program/forced_unbind/hold_immediately",
                json!(false),
            ),
            (
                "/cancellation/bank_confirm/require_redirect_and_backchannel",
                json!(false),
            ),
            ("/cancellation/mini_program/silence_means", json!("review")),
            ("/biometric/escalation", json!(["bound_phone_otp"])),
            ("/biometric/escalate_when", json!("failures >= max_failures")),
            ("/safety_lock/password_to_release", json!(false)),
            ("/safety_lock/password_to_lock", json!(true)),
            ("/teen/guardian_steps", json!(["gesture_video"])),
            ("/evidence/gestures/known", json!([])),
        ] {
            let key = pointer.trim_start_matches('/').replace('/', ".");
            let key = key.trim_end_matches(".6");
            let says = refusal(pointer, value);
            assert!(says.contains(key), "{key}: {says}");
        }
        assert!(Policy::load(DEFAULT_BUNDLE).is_ok());
    }

    //
    #[test]
    fn a_pause_that_is_lifted_by_more_than_one_proof_is_refused() {
        let pin = json!({ "id": "pin", "do": { "factor": "payment_pin" }, "rules": ["R-306"],
            "tries": { "at_least": "secrets.payment_pin.max_attempts", "then": "stay" } });
        let mut steps: Value =
            serde_json::from_str::<Value>(DEFAULT_BUNDLE).unwrap()["flows"]["mandate.resume"]["steps"].clone();
        steps.as_array_mut().unwrap().push(pin);
        let mut bundle: Value = serde_json::from_str(DEFAULT_BUNDLE).unwrap();
        bundle["flows"]["mandate.resume"]["steps"] = steps;
        let says = Policy::load(&bundle.to_string()).unwrap_err().to_string();
        assert!(says.contains("one biometric proof"), "{says}");
    }
}
