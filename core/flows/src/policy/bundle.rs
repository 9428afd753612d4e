//! The policy author's statement: the bundle, signed.

use super::{Policy, PolicyError};
use quittance_protocol::jws::{Alg, Statement};
use quittance_protocol::{PublicKey, Received, Verified};
use serde::{Deserialize, Serialize};

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
    /// [`PolicyError::Untrusted`] where it is not signed by `author` for [`BUNDLE_AUDIENCE`]; else as
    /// [`Policy::check`].
    pub fn open(compact: &str, author: &PublicKey) -> Result<Verified<Self>, PolicyError> {
        let verified = Received::parse(compact)
            .and_then(|received| received.verify::<Self>(author, BUNDLE_AUDIENCE))
            .map_err(PolicyError::Untrusted)?;
        verified.body().policy.check()?;
        Ok(verified)
    }
}
