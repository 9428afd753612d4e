//! What the sequencer is asked to do.

use quittance_protocol::ChargeId;
use tokio::sync::oneshot;

use crate::parties::{FundingReference, NetworkOutcome, Unavailable};
use crate::replay::Response;
use crate::statements::Said;
use crate::store::Merchant;

/// One thing to do.
pub(crate) enum Command {
    /// Decide about a statement.
    Statement(Box<Said>, oneshot::Sender<Response>),
    /// Decide again about a consent, now that the card network answered.
    Consent(Box<Said>, Result<FundingReference, Unavailable>),
    /// Take the card network's answer about a charge.
    Charged(ChargeId, Result<NetworkOutcome, Unavailable>),
    /// Know a merchant.
    Merchant(Box<Merchant>, oneshot::Sender<bool>),
    /// A notice arrived at its merchant; none: the round of deliveries is over.
    Delivered(Option<i64>),
    /// Look at the clock.
    Wake(oneshot::Sender<()>),
    /// Finish what is queued, then end.
    Stop,
}
