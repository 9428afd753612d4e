//! What a phone's attestation chains prove, decided here and never by the phone.
//!
//! Pure: no I/O, no clock. In the order that a reader needs them: [`Trust`] (pinned [`Roots`], [`RevocationList`]),
//! [`judge`] one key's chain against what is [`Expected`], the [`Evidence`] of a whole phone. Below them a chain is
//! read (`chain`, `certificate`, `signature`), then what its leaf states (`statement`), then that is weighed (`verdict`).
//!
//! A chain that no honest phone makes is [`Refused`]; everything else is a level with its reasons.

mod certificate;
mod chain;
mod evidence;
mod revocation;
mod roots;
mod signature;
mod statement;
mod verdict;

pub use chain::{Flaw, MAX_CERTIFICATE, MAX_CERTIFICATES, Refused};
pub use evidence::{Enrolling, Evidence};
pub use revocation::{RevocationError, RevocationList};
pub use roots::{RootError, Roots};
pub use statement::{Authorizations, BootState, KeyStatement, MalformedStatement, RootOfTrust, Value, tag};
pub use verdict::{Expected, Found, Judged, judge};

/// What this gateway believes of attestation chains.
#[derive(Debug, Clone)]
pub struct Trust {
    /// The keys that a chain has to end in.
    pub roots: Roots,
    /// Certificates that are believed no longer.
    pub revoked: RevocationList,
}

impl Default for Trust {
    /// The published hardware roots; nothing is revoked.
    fn default() -> Self {
        Self {
            roots: Roots::published(),
            revoked: RevocationList::default(),
        }
    }
}
