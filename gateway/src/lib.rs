//! The reference gateway: the other half of the protocol.
//!
//! Everything that changes something goes to one thread, the sequencer: it takes what has queued, decides each
//! statement by the pure rules of `quittance-flows`, commits the batch with its log entries in one transaction, signs
//! one checkpoint, then answers everybody. Nothing is acknowledged before it is durable. A destruction spans two
//! commits with one rotation of the vault between them. Reads go around the sequencer.
//!
//! ```text
//! http -> believe (form, key, signature) -> sequencer: replay? -> decide -> log -> commit -> answer
//!                                               |                                     |
//!                                             vault <- destroy <----------------------+-> card network, merchants
//! ```
//!
//! What a test replaces is in [`Parts`]; there is no switch that weakens anything.

pub mod attestation;
mod cards;
mod clock;
mod command;
mod config;
mod custodian;
mod destruction;
mod due;
mod each;
mod ending;
mod factor;
mod failure;
mod files;
mod flows;
mod gateway;
mod http;
mod lanes;
mod locks;
mod logbook;
mod open;
pub mod parties;
mod patience;
mod rating;
mod replay;
mod round;
mod secrets;
mod sequencer;
mod serving;
mod shelf;
mod statements;
mod stops;
mod store;
mod sweep;
mod teens;
mod terms;
mod timers;
mod trouble;
mod turn;
mod views;
mod world;

pub use clock::{Clock, SandboxClock, SystemClock};
pub use config::{Config, KnownMerchant, Parts, PolicySource, Sandbox};
pub use custodian::{FolderCustodian, KeyCustodian, ShelfCustodian};
pub use failure::Failure;
pub use files::private_folder;
pub use gateway::Gateway;
pub use open::OpenError;
pub use parties::{
    CardNetwork, Funding, FundingReference, MerchantNotice, MerchantSystem, NetworkCharge, NetworkOutcome,
    NetworkRefund, NetworkScript, ScriptedOutcome, SeenCharge, SimulatedCardNetwork, SimulatedMerchants,
    SimulatorError, Unavailable,
};
pub use serving::{Room, serve};
pub use shelf::{FolderShelf, Shelf};
