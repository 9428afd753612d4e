//! The policy author's statement: the bundle, signed.

use super::{Policy, PolicyError, check_head};
use quittance_protocol::jws::{Alg, Statement};
use quittance_protocol::problem::Code;
use quittance_protocol::{Problem, PublicKey, Received, Verified};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The bundle that the sandbox ships, as its author would sign it.
pub const DEFAULT_BUNDLE: &str = include_str!("../../policy/cn-default.json");

/// Seed of the *sandbox* policy author's Ed25519 key. It is public: whoever reads this can sign sandbox
/// bundles, so a gateway takes it only with `--sandbox`, and an app pins another author.
pub const SANDBOX_AUTHOR_SEED: [u8; 32] = *b"quittance sandbox policy author!";

/// The audience of every bundle: it is for whoever embeds Quittance, not for one gateway.
pub const BUNDLE_AUDIENCE: &str = "quittance";

/// The policy author's statement: the bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyBundle {
    /// The bundle itself.
    pub policy: Policy,
}

impl Statement for PolicyBundle {
    const NAME: &'static str = "policy";
    const ALG: Alg = Alg::Ed25519;
    const SEQUENCED: bool = false;
}

impl PolicyBundle {
    /// Takes a signed bundle: its author first, then everything that the loader proves.
    ///
    /// # Errors
    /// As [`PolicyBundle::verify`] and [`Policy::check`].
    pub fn open(compact: &str, author: &PublicKey) -> Result<Verified<Self>, PolicyError> {
        let verified = Self::verify(compact, author)?;
        verified.body().policy.check()?;
        Ok(verified)
    }

    /// Takes what the author signed, and leaves what the loader proves to [`Policy::check`].
    ///
    /// # Errors
    /// [`PolicyError::Untrusted`] where it is not signed by `author` for [`BUNDLE_AUDIENCE`]. Of a bundle that is, and that
    /// cannot be read: [`PolicyError::CoreTooOld`], [`PolicyError::Schema`], [`PolicyError::Shape`].
    pub fn verify(compact: &str, author: &PublicKey) -> Result<Verified<Self>, PolicyError> {
        let received = Received::parse(compact).map_err(PolicyError::Untrusted)?;
        received.verify::<Self>(author, BUNDLE_AUDIENCE).map_err(|problem| {
            let any = received.verify::<AnyBundle>(author, BUNDLE_AUDIENCE);
            why_not_read(any.map(Verified::into_body), problem)
        })
    }

    /// Reads a bundle **whose author was checked before**.
    ///
    /// # Errors
    /// As [`PolicyBundle::verify`]; [`PolicyError::Untrusted`] for another kind of statement.
    pub fn read_again(received: &Received) -> Result<Self, PolicyError> {
        let read = received.unverified_body::<Self>().map(|(_claims, body)| body);
        read.map_err(|problem| {
            let any = received.unverified_body::<AnyBundle>();
            why_not_read(any.map(|(_claims, body)| body), problem)
        })
    }
}

/// A bundle of a shape that this core need not know.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct AnyBundle(Map<String, Value>);

impl Statement for AnyBundle {
    const NAME: &'static str = PolicyBundle::NAME;
    const ALG: Alg = PolicyBundle::ALG;
    const SEQUENCED: bool = PolicyBundle::SEQUENCED;
}

/// Why a statement is not taken for a bundle that this core knows: a newer one is the author's all the same, and no forgery.
fn why_not_read(any: Result<AnyBundle, Problem>, problem: Problem) -> PolicyError {
    let shape = |problem: &Problem| PolicyError::Shape {
        pointer: problem.pointer().unwrap_or_default().to_owned(),
        says: problem.to_string(),
    };
    match any {
        Ok(AnyBundle(mut members)) => {
            let tree = members.remove("policy").unwrap_or_default();
            match check_head(&tree).and_then(|()| Policy::from_tree(tree)) {
                Err(error) => error,
                // It is something beside the bundle.
                Ok(_) => shape(&problem),
            }
        }
        // The payload is looked at where the signature is the author's.
        Err(problem) if matches!(problem.code(), Code::Malformed | Code::UnknownMember | Code::TooLarge) => {
            shape(&problem)
        }
        Err(problem) => PolicyError::Untrusted(problem),
    }
}
