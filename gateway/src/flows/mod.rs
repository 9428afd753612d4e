//! Runs of flows at the gateway: events admitted by the fold, effects carried out in the same transaction.
//!
//! Read in this order: [`run`] (a run with its log), [`begin`] (how one begins), [`reached`] (what a step needs when it
//! opens), then who answers it: [`codes`] a text, [`entering`] the payer,
//! [`card_elements`] the card network, [`evidence`] a vendor, [`parties`] an outside party, [`desk`] a reviewer, [`vouching`] people, [`moments`] the clock.

mod begin;
mod contacts;
mod gestures;
mod notices;
mod parties;
mod quiz;
mod reached;
mod run;

pub(crate) mod asking;
pub(crate) mod card_elements;
pub(crate) mod codes;
pub(crate) mod desk;
pub(crate) mod effects;
pub(crate) mod entering;
pub(crate) mod evidence;
pub(crate) mod facts;
pub(crate) mod moments;
pub(crate) mod settled;
pub(crate) mod vouching;

pub(crate) use begin::begin;
pub(crate) use contacts::number_digest;
pub(crate) use effects::channels;
pub(crate) use run::{Run, find, held_by_cancellations, is_idle, load, lowers, refusal, to_tell};
