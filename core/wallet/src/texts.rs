//! Text keys: every word that a payer reads stands in the catalogue under one of these.

use crate::ports::KeyAlias;
use crate::prompt::{Awaited, PromptKind};
use quittance_flows::FactorInput;
use quittance_flows::definition::{FlowDefinition, FlowEffect, PromptKind as Ask, Step, StepKind};
use quittance_flows::policy::named;
use quittance_protocol::flow_event::Wish;
use quittance_protocol::problem::Code;

pub use crate::text::{Text, TextArgument};
pub use crate::text_keys::KEYS;

/// The first part of the keys of a definition that has words of its own.
pub(crate) fn family(definition: &str) -> &'static str {
    match definition {
        named::SIGN => "sign",
        named::RESUME => "resume",
        named::CANCEL => "cancel",
        "mandate.cancel.service" => "service",
        "mandate.cancel.assisted" => "assisted",
        "mandate.cancel.mini_program" => "mini_program",
        "mandate.cancel.forced" => "forced",
        named::BANK_ITEM => "bank_item",
        "mandate.undo" => "undo",
        "mandate.change_limits" => "limits",
        "stop.lift" => "stop_lift",
        "lock.extend" => "lock_extend",
        "lock.release" => "lock_release",
        named::SET_LOCK_PASSWORD => "lock_set_password",
        "teen.raise_limit" => "teen_limit",
        "teen.exit" => "teen_exit",
        "recovery.transaction_quiz" => "quiz",
        "contacts.set" => "contacts_set",
        "recovery.trusted_contacts" => "contacts",
        _ => "other",
    }
}

/// What a definition is called, as a text.
pub(crate) fn name_of(definition: &str) -> Text {
    Text::new(&format!("flow.{}.name", family(definition)))
}

/// What a way back asks for, as a sentence; one that came with a newer bundle has general words.
pub(crate) fn about_way_back(definition: &str) -> Text {
    let own = format!("recovery.about.{}", family(definition));
    Text::new(if KEYS.contains(&own.as_str()) {
        &own
    } else {
        "recovery.about.other"
    })
}

/// The words of a step: its own where the catalogue has some, else those of what is asked. So a definition that came
/// with a newer bundle has words, too.
pub(crate) fn of_step(definition: &str, step: &Step, kind: &PromptKind, part: &str) -> Text {
    let waits = match kind {
        PromptKind::Waiting { whom, .. } => Some(awaited(*whom)),
        PromptKind::InReview { .. } => Some("review"),
        _ => None,
    };
    if let (PromptKind::Code { sent_to, .. }, "body") = (kind, part) {
        let own = format!("ask.code.{sent_to}.body");
        if KEYS.contains(&own.as_str()) {
            return Text::new(&own);
        }
    }
    let text = match waits {
        Some(whom) => Text::new(&format!("wait.{whom}.{part}")),
        None => Text::new(&part_of(definition, step, part)),
    };
    match kind {
        PromptKind::People { at_least, .. } => text.with("at_least", TextArgument::count(*at_least)),
        PromptKind::Recording {
            what: crate::prompt::Recording::Gestures { gestures },
            ..
        } => {
            let names = gestures.iter().map(|gesture| gesture.key.clone()).collect();
            text.with("gestures", TextArgument::Keys(names))
        }
        _ => text,
    }
}

/// The title of a step that the payer will be asked.
pub(crate) fn title_of(definition: &str, step: &Step) -> String {
    part_of(definition, step, "title")
}

fn part_of(definition: &str, step: &Step, part: &str) -> String {
    let own = format!("{}.{}.{part}", family(definition), step.id);
    if KEYS.contains(&own.as_str()) {
        own
    } else {
        format!("ask.{}.{part}", asked(&step.kind))
    }
}

/// The general name of what a step asks.
fn asked(kind: &StepKind) -> &'static str {
    match kind {
        StepKind::Prompt(ask) => match ask {
            Ask::Consent => "consent",
            Ask::Confirm => "confirm",
            Ask::Choose => "choose",
            Ask::Facts => "facts",
            Ask::People => "people",
            Ask::Jump => "jump",
            Ask::QuizAmounts => "quiz_amounts",
            Ask::QuizAmountsAgain => "quiz_amounts_again",
            Ask::QuizMerchants => "quiz_merchants",
            Ask::QuizDates => "quiz_dates",
        },
        StepKind::Factor(factor) if factor.input() == FactorInput::Code => "code",
        StepKind::Factor(factor) => factor.name(),
        StepKind::External(_)
        | StepKind::Review(_)
        | StepKind::Timer(_)
        | StepKind::Guard(_)
        | StepKind::Effect(_)
        | StepKind::Notify(_)
        | StepKind::Part(_) => "confirm",
    }
}

const fn awaited(whom: Awaited) -> &'static str {
    match whom {
        Awaited::Network => "network",
        Awaited::Bank => "bank",
        Awaited::Merchant => "merchant",
        Awaited::Guardian => "guardian",
        Awaited::Contacts => "contacts",
        Awaited::Judgement => "judgement",
        Awaited::Source => "source",
        Awaited::Moment => "moment",
        Awaited::Service => "service",
    }
}

/// The main action of a prompt, and the way out.
pub(crate) fn actions(definition: &FlowDefinition, kind: &PromptKind) -> (Option<Text>, Option<Text>) {
    let ends = definition.effect == FlowEffect::Destroy;
    let primary = match kind {
        PromptKind::Consent { .. } => "agree",
        PromptKind::Confirm { .. } if ends => "stop",
        PromptKind::Confirm { .. } => "confirm",
        PromptKind::Choose { .. } => "continue",
        PromptKind::Facts { .. } | PromptKind::People { .. } | PromptKind::Quiz { .. } | PromptKind::Fields { .. } => {
            "send"
        }
        PromptKind::Jump { .. } => "open_app",
        PromptKind::Code { .. } | PromptKind::PaymentPin { .. } | PromptKind::LockPassword { .. } => "enter",
        PromptKind::Biometric => "use_biometric",
        PromptKind::DevicePasscode => "use_passcode",
        PromptKind::Photos { .. } => "take_photos",
        PromptKind::Recording { .. } => "record",
        PromptKind::Waiting { .. }
        | PromptKind::InReview { .. }
        | PromptKind::Scheduled { .. }
        | PromptKind::Done { .. }
        | PromptKind::Refused { .. } => return (None, Some(Text::new("action.leave"))),
    };
    (
        Some(Text::new(&format!("action.{primary}"))),
        Some(Text::new("action.keep")),
    )
}

/// A gesture by the policy's name for it; one that a newer bundle brought is called a movement.
pub(crate) fn gesture(name: &str) -> Text {
    let own = format!("gesture.{name}");
    Text::new(if KEYS.contains(&own.as_str()) {
        &own
    } else {
        "gesture.other"
    })
}

/// What is asked of a case.
pub(crate) fn question(number: usize) -> Text {
    match number {
        1 => Text::new("question.case"),
        _ => Text::new("question.other").with("number", TextArgument::count(number)),
    }
}

/// What follows from a run that ends nothing.
pub(crate) fn consequences(effect: FlowEffect, wish: Option<&Wish>) -> Vec<Text> {
    let text = |part: &str| Text::new(&format!("consequence.{part}"));
    match (effect, wish) {
        (FlowEffect::Undo, _) => vec![text("undo")],
        (FlowEffect::ChangeLimits, Some(Wish::Limits { limits })) => vec![
            text("limits")
                .with("per_charge", limits.per_charge)
                .with("per_period", limits.per_period),
            text("limits_risk"),
        ],
        (FlowEffect::LiftStop, _) => vec![text("lift_stop")],
        (FlowEffect::LeaveTeenMode, _) => vec![text("leave_teen")],
        (FlowEffect::OpenPinReset, _) => vec![text("pin_reset")],
        _ => vec![text("other")],
    }
}

/// The name of how a run with this effect came out well.
pub(crate) const fn end_of(effect: FlowEffect) -> &'static str {
    match effect {
        FlowEffect::Provision => "allowed",
        FlowEffect::LiftPause | FlowEffect::ReleaseLock | FlowEffect::LiftStop => "lifted",
        FlowEffect::Undo => "undone",
        FlowEffect::OpenPinReset => "pin_reset",
        _ => "changed",
    }
}

/// What a payer can do after a run ended without its effect.
pub(crate) fn what_now(code: Option<Code>) -> Text {
    let Some(code) = code else {
        return Text::new("refused.left");
    };
    let own = format!("refused.{}", code.name());
    if KEYS.contains(&own.as_str()) {
        Text::new(&own)
    } else {
        Text::new("refused.other").with("code", code.name())
    }
}

/// The title of the platform's own sheet.
pub(crate) fn hardware_title(definition: &str, alias: KeyAlias) -> &'static str {
    match (alias, family(definition)) {
        (KeyAlias::Passcode, _) => "ask.device_passcode.prompt.title",
        (_, "sign") => "sign.identify.prompt.title",
        (_, "resume") => "resume.identify.prompt.title",
        (_, "cancel" | "service" | "assisted") => "cancel.identify.prompt.title",
        _ => "ask.biometric.prompt.title",
    }
}

/// The sentence on the platform's own sheet that says why.
pub(crate) fn hardware_reason(definition: &str, alias: KeyAlias) -> &'static str {
    match (alias, family(definition)) {
        (KeyAlias::Passcode, _) => "ask.device_passcode.prompt.reason",
        (_, "sign") => "sign.identify.prompt.reason",
        (_, "resume") => "resume.identify.prompt.reason",
        (_, "cancel" | "service" | "assisted") => "cancel.identify.prompt.reason",
        _ => "ask.biometric.prompt.reason",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quittance_flows::policy::{DEFAULT_BUNDLE, Policy};
    use quittance_protocol::Timestamp;
    use std::collections::BTreeSet;

    fn known(text: &Text) {
        assert!(KEYS.contains(&text.key.as_str()), "{}", text.key);
    }

    //
    #[test]
    fn every_step_of_every_flow_has_its_texts() {
        let keys: BTreeSet<&str> = KEYS.iter().copied().collect();
        assert_eq!(keys.len(), KEYS.len(), "a key stands twice");
        let policy = Policy::load(DEFAULT_BUNDLE).unwrap();
        for (name, definition) in policy.definitions() {
            assert_ne!(family(name), "other", "{name} has a name of its own");
            known(&name_of(name));
            for step in definition.all_steps().filter(|step| step.asks_payer()) {
                for part in ["title", "body", "why"] {
                    known(&of_step(name, step, &PromptKind::Biometric, part));
                }
            }
            for alias in [KeyAlias::Biometric, KeyAlias::Passcode] {
                assert!(keys.contains(hardware_title(name, alias)) && keys.contains(hardware_reason(name, alias)));
            }
            known(&Text::new(&format!("end.{}.title", end_of(definition.effect))));
            for text in consequences(definition.effect, None) {
                known(&text);
            }
        }
    }

    #[test]
    fn a_flow_that_no_catalogue_names_has_general_words() {
        let policy = Policy::load(DEFAULT_BUNDLE).unwrap();
        let quick = policy.flow("mandate.cancel.quick").unwrap();
        for step in quick.all_steps() {
            for part in ["title", "body", "why"] {
                let text = of_step("mandate.cancel.in_person", step, &PromptKind::Biometric, part);
                assert!(text.key.starts_with("ask."), "{}", text.key);
                known(&text);
            }
        }
        known(&name_of("mandate.cancel.in_person"));
    }

    #[test]
    fn the_quiet_action_leaves_the_run_whatever_is_asked() {
        let policy = Policy::load(DEFAULT_BUNDLE).unwrap();
        let definition = policy.flow("mandate.cancel.service").unwrap();
        let quiet = |kind: &PromptKind| actions(definition, kind).1.map(|text| text.key);
        let at = Timestamp::from_unix(0).unwrap();
        let code = PromptKind::Code {
            sent_to: "own".to_owned(),
            digits: 6,
            valid_until: at,
            resend_from: at,
        };
        for kind in [code, PromptKind::Biometric] {
            assert_eq!(quiet(&kind).as_deref(), Some("action.keep"), "{kind:?}");
        }
        let done = quiet(&PromptKind::Done { under_way: false });
        assert_eq!(
            done.as_deref(),
            Some("action.leave"),
            "control: nothing is asked any more"
        );
    }

    #[test]
    fn everybody_who_is_waited_for_has_words() {
        let policy = Policy::load(DEFAULT_BUNDLE).unwrap();
        let step = policy.flow("mandate.sign").unwrap().all_steps().next().unwrap();
        let since = Timestamp::from_unix(0).unwrap();
        for whom in [
            Awaited::Network,
            Awaited::Bank,
            Awaited::Merchant,
            Awaited::Guardian,
            Awaited::Contacts,
            Awaited::Judgement,
            Awaited::Source,
            Awaited::Moment,
            Awaited::Service,
        ] {
            let kind = PromptKind::Waiting {
                whom,
                since,
                until: None,
                then: None,
            };
            for part in ["title", "body", "why"] {
                known(&of_step("mandate.sign", step, &kind, part));
            }
        }
    }

    #[test]
    fn every_reason_for_a_closed_route_has_words() {
        for reason in quittance_flows::routes::CLOSED_REASONS {
            known(&Text::new(reason));
        }
    }

    #[test]
    fn every_owner_of_a_hold_has_a_reason() {
        for owner in quittance_flows::HoldOwner::ALL {
            known(&Text::new(&format!("hold.{}.reason", owner.name())));
        }
    }
}
