//! What merchants offer in a scenario.

use quittance_flows::Seconds;
use quittance_protocol::Quantity;
use quittance_protocol::statement::{Channel, MandateKind};
use serde::{Deserialize, Serialize};

/// A mandate by what is agreed.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct MandateSpec {
    /// What the steps call it. With `count` it is followed by `-1`, `-2` and so on.
    pub name: String,
    /// How many of them.
    #[serde(default)]
    pub count: Option<u32>,
    /// The merchant's name; the same name is the same merchant.
    #[serde(default = "merchant")]
    pub merchant: String,
    /// Subscription or pay as you go.
    #[serde(default = "pay_as_you_go")]
    pub kind: MandateKind,
    /// Most for one charge, in CNY.
    #[serde(default = "per_charge")]
    pub per_charge: Quantity,
    /// Most for one period.
    #[serde(default = "per_period")]
    pub per_period: Quantity,
    /// Days of a period.
    #[serde(default = "days")]
    pub days: u16,
    /// Most for all charges together.
    #[serde(default)]
    pub total: Option<Quantity>,
    /// Most charges in a period.
    #[serde(default)]
    pub charges_per_period: Option<u32>,
    /// Most charges at all.
    #[serde(default)]
    pub charges: Option<u32>,
    /// Each charge takes exactly `per_charge`.
    #[serde(default)]
    pub exact: bool,
    /// For how long it is valid.
    #[serde(default)]
    pub valid_for: Option<Seconds>,
    /// The merchant category.
    #[serde(default)]
    pub category: Option<String>,
    /// Where it is used.
    #[serde(default)]
    pub channel: Channel,
    /// Whether a linked subscription renews itself.
    #[serde(default)]
    pub auto_renewal: Option<bool>,
    /// The service that brought it along.
    #[serde(default)]
    pub bundled_with: Option<String>,
    /// Which of the payer's cards pays for it, and for what is signed after it; absent: the same as before.
    #[serde(default)]
    pub card: Option<String>,
    /// It was switched on without the payer.
    #[serde(default)]
    pub system_default: bool,
}

impl MandateSpec {
    /// What the steps call those that it stands for.
    pub fn names(&self) -> Vec<String> {
        match self.count {
            None => vec![self.name.clone()],
            Some(count) => (1..=count).map(|number| format!("{}-{number}", self.name)).collect(),
        }
    }
}

fn merchant() -> String {
    "Bluebird Rides".to_owned()
}

const fn pay_as_you_go() -> MandateKind {
    MandateKind::PayAsYouGo
}

const fn per_charge() -> Quantity {
    Quantity::whole(50)
}

const fn per_period() -> Quantity {
    Quantity::whole(300)
}

const fn days() -> u16 {
    30
}
