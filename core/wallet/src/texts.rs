//! Text keys: every word that a payer reads stands in the catalogue under one of these.

use serde::Serialize;

/// A text by its key, with the arguments that the catalogue's pattern names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Text {
    /// Key in the catalogue.
    pub key: String,
    /// Arguments by name.
    pub args: Vec<(String, String)>,
}

impl Text {
    pub(crate) fn new(key: &str) -> Self {
        Self {
            key: key.to_owned(),
            args: Vec::new(),
        }
    }

    pub(crate) fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.args.push((name.to_owned(), value.to_string()));
        self
    }
}

/// Every key that the wallet uses. The catalogue must have each of them.
pub const KEYS: &[&str] = &[
    "sign.consent.title",
    "sign.consent.body",
    "sign.consent.why",
    "sign.identify.title",
    "sign.identify.body",
    "sign.identify.why",
    "sign.identify.prompt.title",
    "sign.identify.prompt.reason",
    "sign.payment_pin.title",
    "sign.payment_pin.body",
    "sign.payment_pin.why",
    "cancel.identify.title",
    "cancel.identify.body",
    "cancel.identify.why",
    "cancel.identify.prompt.title",
    "cancel.identify.prompt.reason",
    "cancel.confirm.title",
    "cancel.confirm.body",
    "cancel.confirm.why",
    "cancel.confirm.consequence.stops",
    "cancel.confirm.consequence.destroyed",
    "cancel.confirm.consequence.final",
    "cancel.confirm.consequence.refunds",
    "cancel.confirm.consequence.offline",
    "cancel.payment_pin.title",
    "cancel.payment_pin.body",
    "cancel.payment_pin.why",
    "resume.identify.title",
    "resume.identify.body",
    "resume.identify.why",
    "resume.identify.prompt.title",
    "resume.identify.prompt.reason",
];

/// The first part of a definition's keys.
pub(crate) fn family(definition: &str) -> &'static str {
    match definition {
        crate::signing::SIGN => "sign",
        crate::revoke::RESUME => "resume",
        _ => "cancel",
    }
}

pub(crate) fn biometric_title(definition: &str) -> &'static str {
    match family(definition) {
        "sign" => "sign.identify.prompt.title",
        "resume" => "resume.identify.prompt.title",
        _ => "cancel.identify.prompt.title",
    }
}

pub(crate) fn biometric_reason(definition: &str) -> &'static str {
    match family(definition) {
        "sign" => "sign.identify.prompt.reason",
        "resume" => "resume.identify.prompt.reason",
        _ => "cancel.identify.prompt.reason",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quittance_flows::policy::{DEFAULT_BUNDLE, Policy};
    use std::collections::BTreeSet;

    #[test]
    fn every_step_of_every_flow_has_its_texts() {
        let keys: BTreeSet<&str> = KEYS.iter().copied().collect();
        assert_eq!(keys.len(), KEYS.len(), "a key stands twice");
        let policy = Policy::load(DEFAULT_BUNDLE).unwrap();
        for (name, definition) in &policy.flows {
            for step in &definition.steps {
                for part in ["title", "body", "why"] {
                    let key = format!("{}.{}.{part}", family(name), step.id);
                    assert!(keys.contains(key.as_str()), "{key}");
                }
            }
            assert!(keys.contains(biometric_title(name)) && keys.contains(biometric_reason(name)));
        }
    }
}
