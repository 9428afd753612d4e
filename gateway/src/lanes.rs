//! How many statements may be under way at once, so that those that wait for others never keep the rest out.

use quittance_protocol::jws::Statement;
use quittance_protocol::statement::{Charge, Consent};
use tokio::sync::Semaphore;

/// Statements of one lane that may be under way; more of them wait outside.
const MOST_UNDER_WAY: usize = 1024;
/// Images that may be held in memory; more of them wait outside.
const MOST_IMAGES: usize = 16;

/// One limit for each kind of waiting. A charge or a consent is held until the card network answers; everything else,
/// whatever lowers authority included, waits for the sequencer alone.
pub(crate) struct Lanes {
    charges: Semaphore,
    consents: Semaphore,
    others: Semaphore,
    images: Semaphore,
}

impl Default for Lanes {
    fn default() -> Self {
        let lane = || Semaphore::new(MOST_UNDER_WAY);
        Self {
            charges: lane(),
            consents: lane(),
            others: lane(),
            images: Semaphore::new(MOST_IMAGES),
        }
    }
}

impl Lanes {
    /// The lane of a statement, by its name.
    pub(crate) fn of(&self, name: &str) -> &Semaphore {
        match name {
            Charge::NAME => &self.charges,
            Consent::NAME => &self.consents,
            _ => &self.others,
        }
    }

    /// The lane of images.
    pub(crate) const fn images(&self) -> &Semaphore {
        &self.images
    }
}
