//! What a phone must do, and what it must not, one subject each.

mod hostile_prompt;
mod lies;
mod lost_answers;
mod pin;
mod secrets;
mod stopping;
mod thread;
mod time;
