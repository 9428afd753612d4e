//! The card network again, as the one who knows whose a card is.

use std::sync::Arc;

use quittance_protocol::AccountId;
use serde::Serialize;

use super::call::outcomes;
use super::script::Script;
use super::simulator_file::SimulatorFile;
use super::{Call, Party, PersonalText, Reply, Unavailable};

/// The elements of a card, as the payer entered them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CardClaim {
    /// Who says that the card is theirs.
    pub account: AccountId,
    /// The card's number.
    #[serde(skip)]
    pub number: PersonalText,
    /// The phone number that the bank has for it.
    #[serde(skip)]
    pub phone: PersonalText,
}

outcomes! {
    /// What the network finds.
    CardMatch {
        /// The elements belong together, and the card to this payer.
        Match = "match",
        /// They do not.
        Mismatch = "mismatch",
    }
}

/// The card network, asked about a card's holder: the factor `bank_card_elements`.
pub trait CardHolder: Send + Sync {
    /// Asks whether the elements belong to a card of this payer's.
    ///
    /// # Errors
    /// [`Unavailable`].
    fn compare(&self, call: &Call, claim: &CardClaim) -> Result<Reply<CardMatch>, Unavailable>;
}

/// A network that finds every claim right unless its script says otherwise.
pub struct SimulatedCardHolder {
    pub(super) script: Script<CardMatch>,
}

impl SimulatedCardHolder {
    pub(super) fn new(file: &Arc<SimulatorFile>) -> Self {
        Self {
            script: Script::new(Party::CardNetwork, file),
        }
    }
}

impl CardHolder for SimulatedCardHolder {
    fn compare(&self, call: &Call, claim: &CardClaim) -> Result<Reply<CardMatch>, Unavailable> {
        self.script.ask(call, claim)
    }
}
