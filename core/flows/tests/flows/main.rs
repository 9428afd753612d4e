//! The engine by its data: every shipped definition, every bound, every order of events.
#![cfg(test)]

mod bounds;
mod drive;
mod engine;
mod explained;
mod invention;
mod life;
mod loader;
mod mutants;
mod oracle;
mod properties;
mod walk;
