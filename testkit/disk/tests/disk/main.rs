//! What a vault's disk may show, whatever happens to it.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on is a failed test"
)]

mod ext4;
mod failing_sync;
mod files;
mod image;
mod killed;
mod life;
mod power_loss;
mod restore;
mod stolen_keys;
