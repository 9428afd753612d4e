//! One at a time, for a limited wait: who is held up by native code is told so, and waits for nobody without end.
//!
//! The keystore is asked while a unit is under way. Where its code does not return, or calls the wallet that asked it and
//! waits for the answer, a plain lock would hold every other call for ever.

use crate::error::WalletError;
use crate::ports::DeviceKeyError;
use parking_lot::{Mutex, MutexGuard};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, Weak};
use std::time::Duration;

/// Something that one call has at a time.
pub(crate) struct Turns<T> {
    value: Mutex<T>,
    patience: Duration,
}

/// Ends when it is dropped, by a panic as well.
pub(crate) type Turn<'a, T> = MutexGuard<'a, T>;

impl<T> Turns<T> {
    pub(crate) const fn new(value: T, patience: Duration) -> Self {
        Self {
            value: Mutex::new(value),
            patience,
        }
    }

    /// Waits for the turn.
    ///
    /// # Errors
    /// [`DeviceKeyError::HardwareUnavailable`] where it is not free in time: nothing but a keystore keeps it so long. It may be tried
    /// again.
    pub(crate) fn take(&self) -> Result<Turn<'_, T>, WalletError> {
        self.value
            .try_lock_for(self.patience)
            .ok_or_else(|| DeviceKeyError::HardwareUnavailable.into())
    }
}

/// Lets one call in at a time, for as long as it takes, the gateway's answers included.
#[derive(Default)]
pub(crate) struct Door {
    inside: tokio::sync::Mutex<()>,
    /// How many are out again.
    out: AtomicU64,
}

impl Door {
    /// Stands in front of it: whoever is let in learns whether anybody came out since.
    pub(crate) fn arrive(&self) -> Arrival<'_> {
        Arrival {
            door: self,
            out: self.out.load(Ordering::SeqCst),
        }
    }
}

/// A call in front of a door, before it looks at what it is about.
pub(crate) struct Arrival<'a> {
    door: &'a Door,
    out: u64,
}

impl<'a> Arrival<'a> {
    /// Waits until the call before is out. That one is out as well when its caller does not wait for it any more.
    ///
    /// # Errors
    /// [`DeviceKeyError::HardwareUnavailable`] where it is not out in time. It may be tried again.
    pub(crate) async fn enter(self, patience: Duration) -> Result<Visit<'a>, WalletError> {
        let inside = tokio::time::timeout(patience, self.door.inside.lock())
            .await
            .map_err(|_| DeviceKeyError::HardwareUnavailable)?;
        Ok(Visit {
            is_first: self.door.out.load(Ordering::SeqCst) == self.out,
            door: self.door,
            _inside: inside,
        })
    }

    /// The same, for what is looked at only where nobody came out since.
    ///
    /// # Errors
    /// As [`Arrival::enter`]; [`WalletError::WrongAnswer`] where somebody did.
    pub(crate) async fn enter_first(self, patience: Duration) -> Result<Visit<'a>, WalletError> {
        let visit = self.enter(patience).await?;
        if visit.is_first {
            Ok(visit)
        } else {
            Err(WalletError::WrongAnswer)
        }
    }
}

/// A call behind a door; ends when it is dropped.
pub(crate) struct Visit<'a> {
    /// Whether nobody came out since it arrived: what it saw then still stands.
    pub(crate) is_first: bool,
    door: &'a Door,
    _inside: tokio::sync::MutexGuard<'a, ()>,
}

impl Drop for Visit<'_> {
    fn drop(&mut self) {
        // Before the door opens again.
        self.door.out.fetch_add(1, Ordering::SeqCst);
    }
}

/// A door for each of many things, for as long as somebody stands at it.
pub(crate) struct Doors<K>(std::sync::Mutex<BTreeMap<K, Weak<Door>>>);

impl<K> Default for Doors<K> {
    fn default() -> Self {
        Self(std::sync::Mutex::default())
    }
}

impl<K: Ord> Doors<K> {
    /// The door of this one.
    pub(crate) fn of(&self, which: K) -> Arc<Door> {
        let mut doors = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        doors.retain(|_, door| door.strong_count() > 0);
        if let Some(door) = doors.get(&which).and_then(Weak::upgrade) {
            return door;
        }
        let door = Arc::new(Door::default());
        doors.insert(which, Arc::downgrade(&door));
        door
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waits_too_long_is_told_and_who_comes_later_gets_the_turn() {
        let turns = Turns::new(7, Duration::ZERO);
        let first = turns.take().unwrap();
        let told = turns.take().map(drop);
        assert!(matches!(
            told,
            Err(WalletError::Keys(DeviceKeyError::HardwareUnavailable))
        ));
        drop(first);
        assert_eq!(*turns.take().unwrap(), 7, "control: a turn that is free is given");
    }

    #[tokio::test]
    async fn who_stands_at_a_door_too_long_is_told_and_who_comes_later_is_let_in() {
        let door = Door::default();
        let first = door.arrive().enter(Duration::ZERO).await.unwrap();
        let second = door.arrive();
        let told = door.arrive().enter(Duration::ZERO).await.map(drop);
        assert!(matches!(
            told,
            Err(WalletError::Keys(DeviceKeyError::HardwareUnavailable))
        ));
        assert!(first.is_first);
        drop(first);
        assert!(!second.enter(Duration::ZERO).await.unwrap().is_first);
        assert!(door.arrive().enter(Duration::ZERO).await.unwrap().is_first);
    }

    #[tokio::test]
    async fn each_thing_has_a_door_of_its_own() {
        let doors = Doors::default();
        let (one, other) = (doors.of(1), doors.of(2));
        let _inside = one.arrive().enter(Duration::ZERO).await.unwrap();
        drop(other.arrive().enter(Duration::ZERO).await.unwrap());
        assert!(doors.of(1).arrive().enter(Duration::ZERO).await.is_err(), "control");
    }

    #[test]
    fn a_turn_that_ends_in_a_panic_is_free_again() {
        let turns = Turns::new((), Duration::ZERO);
        let broken = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let _turn = turns.take().unwrap();
            panic!("native code");
        }));
        assert!(broken.is_err());
        drop(turns.take().unwrap());
    }
}
