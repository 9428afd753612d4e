//! Every sequence of what can happen between a phone and a gateway while permissions end.
//!
//! The two sides take their steps by the product's own functions ([`quittance_flows::destruction`],
//! [`quittance_flows::charge`], [`quittance_flows::mandate`]); this crate adds what stands around them: what is kept over a
//! crash, a network that loses, repeats and reorders, a merchant that charges, a clock. [`Flaw`] names the ways in which
//! that surrounding can be wrong, each of which the explorer has to find.
#![expect(
    clippy::unwrap_used,
    reason = "fixed names and moments either are well-formed or the program says so"
)]

mod action;
mod fixed;
mod flaw;
mod gateway;
mod phone;
mod story;
mod world;

pub use action::Action;
pub use flaw::Flaw;
pub use story::tell;
pub use world::{Bounds, Explored, World};
