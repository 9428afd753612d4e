//! What the rules are: policy, flow definitions, the pure steps that decide.
//!
//! Nothing here does I/O, reads a clock or draws a random number. Wallet and gateway verify what they
//! are given, call one function of this crate, then persist the state and carry out the effects.
//!
//! Read in this order: [`policy`] (every number), [`definition`] (flows as data), [`flow`] (the fold that
//! runs them), [`deed`] (what a run brings about), [`mandate`] with its [`hold`]s, [`period`], [`charge`], [`permits`], [`pin`], [`destruction`]. The rest
//! stands alone: [`routes`] to the end, the payer's [`lock`], [`stop`]s, [`teen`] mode, [`region`], [`risk`], one-time
//! codes ([`otp`]), ways of [`recovery`], the [`quiz`], trusted [`contacts`].

pub mod charge;
pub mod contacts;
pub mod deed;
pub mod definition;
pub mod destruction;
pub mod factor;
pub mod facts;
pub mod flow;
pub mod hold;
pub mod lock;
pub mod mandate;
pub mod otp;
pub mod period;
pub mod permits;
pub mod pin;
pub mod policy;
pub mod quiz;
pub mod recovery;
pub mod region;
pub mod risk;
pub mod routes;
pub mod stop;
pub mod teen;

pub use deed::Deed;
pub use definition::{Authority, FlowDefinition, FlowEffect, Step, StepKind};
pub use factor::{FactorInput, FactorKind};
pub use flow::{FlowState, Phase, Rules};
pub use hold::{Hold, HoldOwner, Holds};
pub use mandate::Mandate;
pub use policy::{Policy, PolicyError, Seconds};

/// Why a pure step did not take an event: nothing changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The event belongs to another step than the open one, or to none.
    #[error("another step is open")]
    StepOrder,
    /// This author may not say this event.
    #[error("this author may not say this event")]
    Author,
    /// The flow or order has ended.
    #[error("it has ended")]
    Ended,
    /// The moment for it has passed.
    #[error("too late")]
    TooLate,
    /// The moment for it has not come.
    #[error("too early")]
    TooEarly,
    /// Somebody who decided before in the same run may not decide again (four eyes).
    #[error("somebody who decided before may not decide again")]
    SameReviewer,
    /// It contradicts what was said before: another nonce, another token.
    #[error("it contradicts what was said before")]
    Contradiction,
}
