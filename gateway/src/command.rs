//! What the sequencer is asked to do.

use quittance_protocol::{ChargeId, MerchantId};
use tokio::sync::oneshot;

use crate::failure::Decided;
use crate::parties::{Funding, NetworkOutcome, Unavailable};
use crate::replay::Response;
use crate::statements::{Found, Said};
use crate::store::{Merchant, Refund};
use crate::turn::Turn;

/// Something that nobody signs: an upload, what a sandbox sets. Its answer is a body of JSON.
pub(crate) type Work = Box<dyn FnOnce(&mut Turn<'_>) -> Decided<Vec<u8>> + Send>;

/// What the card network is asked about a charge.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Question {
    /// To make it.
    Charge,
    /// What became of it.
    Resolve,
}

/// One thing to do.
pub(crate) enum Command {
    /// Decide about a statement, with what was found out about it.
    Statement(Box<Said>, Found, oneshot::Sender<Response>),
    /// Decide again about a consent, now that the card network answered.
    Consent(Box<Said>, Result<Funding, Unavailable>),
    /// Take the card network's answer to a question about a charge.
    Charged(ChargeId, Question, Result<NetworkOutcome, Unavailable>),
    /// The card network has a refund, or did not answer.
    Refunded(Box<Refund>, Result<(), Unavailable>),
    /// Know a merchant.
    Merchant(Box<Merchant>, oneshot::Sender<bool>),
    /// Do something that is no statement; the answer is heard once it is durable.
    Work(Work, oneshot::Sender<Response>),
    /// A notice arrived at its merchant.
    Delivered(i64),
    /// A merchant is told nothing more for now.
    Told(MerchantId),
    /// Look at the clock.
    Wake(oneshot::Sender<()>),
    /// Finish what is queued, then end.
    Stop,
}
