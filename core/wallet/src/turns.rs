//! One at a time, for a limited wait: who is held up by native code is told so, and waits for nobody without end.
//!
//! The keystore is asked while a unit is under way. Where its code does not return, or calls the wallet that asked it and
//! waits for the answer, a plain lock would hold every other call for ever.

use crate::error::WalletError;
use crate::ports::DeviceKeyError;
use parking_lot::{Mutex, MutexGuard};
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
pub(crate) struct Door(tokio::sync::Mutex<()>);

impl Door {
    /// Waits until the call before is out. That one is out as well when its caller does not wait for it any more.
    ///
    /// # Errors
    /// [`DeviceKeyError::HardwareUnavailable`] where it is not out in time. It may be tried again.
    pub(crate) async fn enter(&self, patience: Duration) -> Result<tokio::sync::MutexGuard<'_, ()>, WalletError> {
        tokio::time::timeout(patience, self.0.lock())
            .await
            .map_err(|_| DeviceKeyError::HardwareUnavailable.into())
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
        let first = door.enter(Duration::ZERO).await.unwrap();
        let told = door.enter(Duration::ZERO).await.map(drop);
        assert!(matches!(
            told,
            Err(WalletError::Keys(DeviceKeyError::HardwareUnavailable))
        ));
        drop(first);
        drop(door.enter(Duration::ZERO).await.unwrap());
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
