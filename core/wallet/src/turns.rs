//! One at a time, for a limited wait: who is held up by native code is told so, and waits for nobody without end.
//!
//! The keystore is asked while a unit is under way. Where its code does not return, or calls the wallet that asked it and
//! waits for the answer, a plain lock would hold every other call for ever.

use crate::error::WalletError;
use crate::ports::DeviceKeyError;
use std::ops::{Deref, DerefMut};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Something that one call has at a time.
pub(crate) struct Turns<T> {
    value: Mutex<T>,
    taken: Mutex<bool>,
    free: Condvar,
    patience: Duration,
}

/// Ends when it is dropped.
pub(crate) struct Turn<'a, T> {
    turns: &'a Turns<T>,
    value: MutexGuard<'a, T>,
}

impl<T> Turns<T> {
    pub(crate) const fn new(value: T, patience: Duration) -> Self {
        Self {
            value: Mutex::new(value),
            taken: Mutex::new(false),
            free: Condvar::new(),
            patience,
        }
    }

    /// Waits for the turn.
    ///
    /// # Errors
    /// [`DeviceKeyError::HardwareUnavailable`] where it is not free in time: whoever has it waits for the keystore.
    pub(crate) fn take(&self) -> Result<Turn<'_, T>, WalletError> {
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.free.wait_timeout_while(taken, self.patience, |taken| *taken);
        let (mut taken, _) = waited.unwrap_or_else(PoisonError::into_inner);
        if *taken {
            return Err(DeviceKeyError::HardwareUnavailable.into());
        }
        *taken = true;
        drop(taken);
        Ok(Turn {
            turns: self,
            value: self.value.lock().unwrap_or_else(PoisonError::into_inner),
        })
    }
}

impl<T> Drop for Turn<'_, T> {
    fn drop(&mut self) {
        *self.turns.taken.lock().unwrap_or_else(PoisonError::into_inner) = false;
        self.turns.free.notify_one();
    }
}

impl<T> Deref for Turn<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> DerefMut for Turn<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.value
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

    #[test]
    fn a_turn_that_ends_in_a_panic_is_free_again() {
        let turns = Turns::new((), Duration::ZERO);
        let broken = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let _turn = turns.take().unwrap();
            panic!("native code");
        }));
        assert!(broken.is_err());
        turns.take().unwrap();
    }
}
