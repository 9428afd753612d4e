//! What the gateway knows about the people of a scenario.

use super::verbs::yes;
use quittance_flows::Seconds;
use quittance_protocol::{Quantity, Timestamp};
use serde::{Deserialize, Serialize};

/// What the gateway knows about a person.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// The region, by the name of its overlay in the policy.
    pub region: Option<String>,
    /// The network address that the person comes from.
    pub address: Option<String>,
    /// Day of birth.
    pub born: Option<String>,
    /// Teen mode: who the guardian is.
    pub teen: Option<TeenSpec>,
    /// Trusted contacts: people whom the person knows, and has named.
    #[serde(default)]
    pub contacts: Vec<ContactSpec>,
    /// People whom the person knows, and has not named.
    #[serde(default)]
    pub acquaintances: Vec<ContactSpec>,
    /// The phone number.
    pub number: Option<String>,
    /// Settled transactions of before.
    #[serde(default)]
    pub transactions: Vec<TransactionSpec>,
}

/// Teen mode.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TeenSpec {
    /// The guardian, one of the others.
    pub guardian: String,
}

/// Somebody whom a person knows.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ContactSpec {
    /// One of the others.
    pub who: String,
    /// For how long the two have known each other.
    pub known: Seconds,
    /// How long ago the person named them, with all the others; absent: long ago.
    #[serde(default)]
    pub named: Option<Seconds>,
    /// Whether the contact's real name is verified.
    #[serde(default = "yes")]
    pub verified: bool,
}

/// One settled transaction.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TransactionSpec {
    /// How much, in CNY.
    pub amount: Quantity,
    /// To whom, as shown.
    pub payee: String,
    /// When.
    pub at: Timestamp,
}
