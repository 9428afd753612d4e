//! How many statements may be under way at once, so that those that wait for others never keep the rest out.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use quittance_protocol::AccountId;
use quittance_protocol::jws::Statement;
use quittance_protocol::statement::{Charge, Consent, Enrolment};
use tokio::sync::{Semaphore, SemaphorePermit};

/// Charges that may be under way, and consents: far fewer than there are connections, since each waits for the card network
/// on its own. More of them are told to come again.
const MOST_WITH_THE_NETWORK: usize = 128;
/// Other statements that may be under way; more of them wait outside. Over HTTP/2 one connection brings many.
const MOST_OTHERS: usize = 1024;
/// Enrolments that may be under way; more of them wait outside. Their chains are work, and are of people whom nobody knows
/// yet: they take so many threads and no more.
const MOST_ENROLMENTS: usize = 8;
/// Images that may be held in memory; more of them wait outside.
const MOST_IMAGES: usize = 16;
/// Images of one account that may be held in memory: the two sides of a document.
const MOST_IMAGES_OF_ONE: usize = 2;
/// How long an image waits for others to leave memory.
const PATIENCE: Duration = Duration::from_secs(10);

/// One limit for each kind of waiting. A charge or a consent is held until the card network answers, so none of them may
/// wait to be let in: the network's silence would fill all connections with those that do. An enrolment is held until its
/// chains are judged; everything else, whatever lowers authority included, waits for the sequencer alone.
pub(crate) struct Lanes {
    charges: Semaphore,
    consents: Semaphore,
    enrolments: Semaphore,
    others: Semaphore,
    images: Semaphore,
    /// How many images of an account are held or wait.
    held: Mutex<HashMap<AccountId, usize>>,
}

impl Default for Lanes {
    fn default() -> Self {
        Self {
            charges: Semaphore::new(MOST_WITH_THE_NETWORK),
            consents: Semaphore::new(MOST_WITH_THE_NETWORK),
            enrolments: Semaphore::new(MOST_ENROLMENTS),
            others: Semaphore::new(MOST_OTHERS),
            images: Semaphore::new(MOST_IMAGES),
            held: Mutex::default(),
        }
    }
}

impl Lanes {
    /// Lets a statement in, by its name. None where as many charges or consents wait for the card network as may.
    pub(crate) async fn enter(&self, name: &str) -> Option<SemaphorePermit<'_>> {
        match name {
            Charge::NAME => self.charges.try_acquire().ok(),
            Consent::NAME => self.consents.try_acquire().ok(),
            Enrolment::NAME => self.enrolments.acquire().await.ok(),
            _ => self.others.acquire().await.ok(),
        }
    }

    /// Room for an image of an account; none where the account has its share, or all room is taken for too long.
    pub(crate) async fn image(&self, account: AccountId) -> Option<ImageRoom<'_>> {
        let share = Share::of(self, account)?;
        let room = tokio::time::timeout(PATIENCE, self.images.acquire()).await;
        Some(ImageRoom {
            _room: room.ok()?.ok()?,
            _share: share,
        })
    }
}

/// Room for one image, until it is dropped.
pub(crate) struct ImageRoom<'l> {
    _room: SemaphorePermit<'l>,
    _share: Share<'l>,
}

/// One of the places that an account has.
struct Share<'l> {
    lanes: &'l Lanes,
    account: AccountId,
}

impl<'l> Share<'l> {
    fn of(lanes: &'l Lanes, account: AccountId) -> Option<Self> {
        let mut held = lanes.held.lock().unwrap_or_else(PoisonError::into_inner);
        let count = held.entry(account).or_default();
        (*count < MOST_IMAGES_OF_ONE).then(|| {
            *count += 1;
            Self { lanes, account }
        })
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        let mut held = self.lanes.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = held.get_mut(&self.account) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                held.remove(&self.account);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(number: usize) -> AccountId {
        AccountId::from_bytes([u8::try_from(number).unwrap(); 16])
    }

    #[tokio::test(start_paused = true)]
    async fn an_account_has_its_share_of_the_room_and_nobody_waits_without_end() {
        let lanes = Lanes::default();
        let mut held = Vec::new();
        for number in 0..MOST_IMAGES / MOST_IMAGES_OF_ONE {
            for _ in 0..MOST_IMAGES_OF_ONE {
                held.push(lanes.image(account(number)).await.expect("there is room"));
            }
            assert!(lanes.image(account(number)).await.is_none(), "it has its share");
        }
        assert!(lanes.image(account(99)).await.is_none(), "all room is taken");
        // Control: who leaves makes room, and keeps no share.
        held.truncate(MOST_IMAGES - MOST_IMAGES_OF_ONE);
        assert!(lanes.image(account(99)).await.is_some());
        drop(held);
        assert!(lanes.held.lock().unwrap().is_empty());
    }
}
