//! Every sequence of what can happen between the phones of an account and a gateway while permissions end.
//!
//! The two sides take their steps by the product's own functions ([`quittance_flows::destruction`],
//! [`quittance_flows::charge`], [`quittance_flows::mandate`], [`quittance_flows::permits`]); this crate adds what stands
//! around them: what is kept over a crash, a network that loses, repeats and reorders, a merchant that charges, a clock,
//! a phone that is lost. [`Flaw`] names the ways in which that surrounding can be wrong, each of which the explorer has to
//! find. Left out is what only refuses more: the numbers of statements, and the quarantine that two phones with one key
//! come to.
#![expect(
    clippy::unwrap_used,
    reason = "fixed names and moments either are well-formed or the program says so"
)]

mod action;
mod bounds;
mod fair;
mod fixed;
mod flaw;
mod gateway;
mod invariants;
mod phone;
mod pool;
mod story;
mod symmetry;
mod world;

pub use action::{Action, Message, Side, Signed};
pub use bounds::{Bounds, Phones};
pub use fair::Outcome;
pub use flaw::Flaw;
pub use story::tell;
pub use world::{Explored, State, Violation, World};
