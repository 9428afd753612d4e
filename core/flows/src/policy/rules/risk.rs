//! Values that rate risk: `risk.*`.

use super::Table;
use quittance_protocol::Quantity;
use serde::Deserialize;

/// `risk.*`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RiskRules {
    /// Levels by score: the first row whose bound is not exceeded; the last one takes the highest score.
    pub bands: Vec<RiskBand>,
    /// What follows from a level.
    pub actions: Table,
    /// How many parameters a device's fingerprint has.
    pub fingerprint_parameters: u32,
    /// Share of them from which it is the same device.
    pub fingerprint_min_match: Quantity,
}

/// One row of `risk.bands`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RiskBand {
    /// Highest score of the level.
    pub max: Quantity,
    /// The level's name.
    pub level: String,
}
