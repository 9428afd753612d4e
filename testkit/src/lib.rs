//! Software keys, hostile peers, scripted phones: for tests and the demo, never part of a product.

pub mod crowd;
pub mod demo;
pub mod dump;
pub mod figures;
pub mod files;
pub mod hoarder;
pub mod http;
pub mod kill;
pub mod liar;
mod merchant;
pub mod network;
pub mod other_log;
pub mod phone;
pub mod phone_protocol;
pub mod planted;
pub mod process;
pub mod scenario;
pub mod scripted_prompt;
pub mod skipped;
pub mod software_keys;
pub mod stage;
pub mod story;
pub mod thief;
pub mod willing;
