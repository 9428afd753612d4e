//! Policy bundles, as text of an author or as a signed statement.

use quittance_flows::policy::{Policy, PolicyBundle};
use quittance_protocol::Received;

use crate::world::author;
use crate::{Verdict, text};

/// The one bundle that the author signed.
const GENUINE: &str = include_str!("../corpus/policy-bundle/signed");

/// A bundle as text where it begins as JSON does, else as a statement of its author.
pub(crate) fn policy_bundle(bytes: &[u8]) -> Verdict {
    let Some(text) = text(bytes) else {
        return Verdict::Refused;
    };
    if text.trim_start().starts_with('{') {
        return as_text(text);
    }
    let opened = PolicyBundle::open(text, author().public_key());
    if opened.is_ok() {
        let genuine = Received::parse(GENUINE).unwrap().content();
        let content = Received::parse(text).unwrap().content();
        assert_eq!(content, genuine, "the author never signed this");
    }
    Verdict::of(opened.is_ok())
}

fn as_text(text: &str) -> Verdict {
    let Ok(policy) = Policy::load(text) else {
        return Verdict::Refused;
    };
    let again = Policy::load(&serde_json::to_string(&policy).unwrap());
    assert!(
        again.is_ok_and(|again| again == policy),
        "a bundle survives being signed"
    );
    Verdict::Accepted
}
