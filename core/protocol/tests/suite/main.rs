//! What the protocol promises at its boundary: outside vectors, frozen bytes, refusals.
#![cfg(test)]

mod answers;
mod beneath_opaque;
mod fixture;
mod logs;
mod merkle;
mod opaque;
mod opaque_vectors;
mod permits;
mod problems;
mod receipts;
#[path = "../../../../testkit/src/skipped.rs"]
pub mod skipped;
mod statements;
mod terms;
mod vectors;
