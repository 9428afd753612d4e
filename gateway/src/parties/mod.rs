//! Outside parties: one trait each, with a durable simulator.

mod card_network;
mod merchants;
mod simulated_card_network;

pub use card_network::{CardNetwork, FundingReference, NetworkCharge, NetworkOutcome, Unavailable};
pub use merchants::{MerchantNotice, MerchantSystem, SimulatedMerchants, SimulatorError};
pub use simulated_card_network::{NetworkScript, ScriptedOutcome, SeenCharge, SimulatedCardNetwork};
