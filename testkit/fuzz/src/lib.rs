//! What strangers can send, each kind with a judge that reads it as the product does.
//!
//! A judge takes any bytes. It must come to an end, must not panic, and asserts what no input may bring about: that a text
//! which was signed by nobody in the [`world`] is believed, or that a record which the vault did not write opens. In a world
//! that lacks what was signed, or reads and writes otherwise, the same judge has to find it: that is its control.
#![expect(
    clippy::unwrap_used,
    reason = "a fixed world either stands or the program says so; a finding is a panic"
)]

mod attestation;
mod log;
mod policy;
mod statements;
mod vault_record;
mod vouch_code;
pub mod world;

pub use attestation::CHALLENGE;
use world::World;

/// What a judge makes of an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The product believes it.
    Accepted,
    /// The product refuses it, by a typed error.
    Refused,
}

impl Verdict {
    fn of(is_accepted: bool) -> Self {
        if is_accepted { Self::Accepted } else { Self::Refused }
    }
}

/// One kind of input.
pub struct Target {
    /// Its name: of the corpus's folder, and on the command line.
    pub name: &'static str,
    /// Judges bytes of this kind by what is genuine in a world.
    pub judge: fn(&World, &[u8]) -> Verdict,
}

/// Every kind of input.
pub const TARGETS: &[Target] = &[
    target("statement", statements::statement),
    target("offer", statements::offer),
    target("problem", statements::problem),
    target("tlog-proof", log::tlog_proof),
    target("checkpoint", log::checkpoint),
    target("annex", log::annex),
    target("entry-bundle", log::entry_bundle),
    target("policy-bundle", policy::policy_bundle),
    target("vault-record", vault_record::vault_record),
    target("attestation-chain", attestation::attestation_chain),
    target("vouch-code", vouch_code::vouch_code),
];

const fn target(name: &'static str, judge: fn(&World, &[u8]) -> Verdict) -> Target {
    Target { name, judge }
}

/// The target of this name.
#[must_use]
pub fn named(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}

/// The bytes as text, where they are text: most inputs are, and a judge of text refuses the rest.
fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}
