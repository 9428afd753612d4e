//! Policy bundles, as text of an author or as a signed statement.

use quittance_flows::policy::{Policy, PolicyBundle};
use quittance_protocol::Received;

use crate::world::{World, author};
use crate::{Verdict, text};

/// A bundle as text where it begins as JSON does, else as a statement of its author.
pub(crate) fn policy_bundle(world: &World, bytes: &[u8]) -> Verdict {
    let Some(text) = text(bytes) else {
        return Verdict::Refused;
    };
    if text.trim_start().starts_with('{') {
        return as_text(world, text);
    }
    let opened = PolicyBundle::open(text, author().public_key());
    if opened.is_ok() {
        let genuine = Received::parse(&world.bundle).unwrap().content();
        let content = Received::parse(text).unwrap().content();
        assert_eq!(content, genuine, "the author never signed this");
    }
    Verdict::of(opened.is_ok())
}

fn as_text(world: &World, text: &str) -> Verdict {
    let Ok(policy) = Policy::load(text) else {
        return Verdict::Refused;
    };
    let again = Policy::load(&(world.writes.policy)(&policy));
    assert!(
        again.is_ok_and(|again| again == policy),
        "a bundle survives being signed"
    );
    Verdict::Accepted
}
