//! The head of a bundle.

use crate::policy::calendar::Zone;
use quittance_protocol::Timestamp;
use serde::Deserialize;

/// Which bundle this is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BundleHead {
    /// Name.
    pub id: String,
    /// Never goes back on a device (I10).
    pub version: u64,
    /// First moment of force.
    pub not_before: Timestamp,
    /// Oldest core that understands it, as `major.minor.patch`.
    pub min_core: String,
    /// Where its days begin, by the name that people know.
    pub time_zone: String,
    /// The same as a POSIX rule: this one is reckoned with.
    pub time_zone_rule: Zone,
    /// The calendar in which its business days are counted.
    pub calendar: String,
    /// The region whose overlay was applied; never stands in a bundle itself.
    #[serde(default)]
    pub region: Option<String>,
}
