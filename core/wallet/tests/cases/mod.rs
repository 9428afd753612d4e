//! What a phone must do, and what it must not, one subject each.

mod at_once;
mod attestation;
mod floods;
mod flows;
mod hostile_prompt;
mod lies;
mod limits;
mod locks;
mod log;
mod lost_answers;
mod lost_halves;
mod news;
mod overtaken;
mod permits;
mod pin;
mod receipts;
mod recovery;
mod secrets;
mod security;
mod stopping;
mod stuck_keys;
mod taken_back;
mod thread;
mod time;
mod tries;
mod unread;
