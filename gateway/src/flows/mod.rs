//! Runs of flows at the gateway: events admitted by the fold, effects carried out in the same transaction.
//!
//! Read in this order: [`run`] (a run with its log), [`begin`] (how one begins), [`reached`] (what a step needs when it
//! opens), then who answers it: [`answers`] the payer, [`codes`] a text, [`evidence`] a vendor, [`parties`] an outside
//! party, [`desk`] a reviewer, [`moments`] the clock.

mod asking;
mod begin;
mod desk;
mod notices;
mod reached;
mod run;

pub(crate) mod effects;
pub(crate) mod facts;

pub(crate) use begin::begin;
pub(crate) use run::{Run, find, is_idle, load, lowers, refusal};
