//! The identity source: who knows whose name belongs to which document.

use std::fmt;
use std::sync::Arc;

use quittance_protocol::AccountId;
use serde::Serialize;
use zeroize::Zeroizing;

use super::call::outcomes;
use super::script::Script;
use super::simulator_file::SimulatorFile;
use super::{Call, Party, Reply, Unavailable};

/// A personal datum on its way to a party: wiped after use, never shown, never stored.
#[derive(Clone, PartialEq, Eq)]
pub struct PersonalText(Zeroizing<String>);

impl PersonalText {
    /// Takes a datum.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The datum, for the party's adapter alone.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PersonalText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonalText(…)")
    }
}

/// Who somebody says they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IdentityClaim {
    /// Whose claim.
    pub account: AccountId,
    /// The name on the document.
    #[serde(skip)]
    pub name: PersonalText,
    /// The document's number.
    #[serde(skip)]
    pub document_number: PersonalText,
}

outcomes! {
    /// What the source finds.
    IdentityMatch {
        /// Name, number belong together.
        Match = "match",
        /// They do not.
        Mismatch = "mismatch",
    }
}

/// The identity source.
pub trait IdentitySource: Send + Sync {
    /// Asks whether a name belongs to a document.
    ///
    /// # Errors
    /// [`Unavailable`].
    fn compare(&self, call: &Call, claim: &IdentityClaim) -> Result<Reply<IdentityMatch>, Unavailable>;
}

/// A source that finds every claim right unless its script says otherwise.
pub struct SimulatedIdentitySource {
    pub(super) script: Script<IdentityMatch>,
}

impl SimulatedIdentitySource {
    pub(super) fn new(file: &Arc<SimulatorFile>) -> Self {
        Self {
            script: Script::new(Party::IdentitySource, file),
        }
    }
}

impl IdentitySource for SimulatedIdentitySource {
    fn compare(&self, call: &Call, claim: &IdentityClaim) -> Result<Reply<IdentityMatch>, Unavailable> {
        self.script.ask(call, claim)
    }
}
