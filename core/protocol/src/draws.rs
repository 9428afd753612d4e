//! Randomness that may fail, in the form that OPAQUE wants, which knows no failure.

use rand_core::{CryptoRng, RngCore};

/// Draws from a source until it fails. What was made with it may be used once [`Draws::check`] says that it did not.
pub struct Draws<S, E> {
    source: S,
    failed: Option<E>,
    filler: u8,
}

impl<E, S: FnMut(&mut [u8]) -> Result<(), E>> Draws<S, E> {
    /// Draws by this function, which fills what it is given with random bytes or says why it cannot.
    pub const fn of(source: S) -> Self {
        Self {
            source,
            failed: None,
            filler: 1,
        }
    }

    /// Whether every draw succeeded.
    ///
    /// # Errors
    /// Why the first one that did not failed.
    pub fn check(self) -> Result<(), E> {
        self.failed.map_or(Ok(()), Err)
    }
}

impl<E, S: FnMut(&mut [u8]) -> Result<(), E>> RngCore for Draws<S, E> {
    fn next_u32(&mut self) -> u32 {
        let mut bytes = [0; 4];
        self.fill_bytes(&mut bytes);
        u32::from_le_bytes(bytes)
    }

    fn next_u64(&mut self) -> u64 {
        let mut bytes = [0; 8];
        self.fill_bytes(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    fn fill_bytes(&mut self, out: &mut [u8]) {
        let Err(error) = (self.source)(out) else { return };
        self.failed.get_or_insert(error);
        // Nothing made of these is used. They change, so that a search for a fitting value ends.
        for byte in out {
            self.filler = self.filler.wrapping_mul(5).wrapping_add(7);
            *byte = self.filler;
        }
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), rand_core::Error> {
        self.fill_bytes(out);
        Ok(())
    }
}

impl<E, S: FnMut(&mut [u8]) -> Result<(), E>> CryptoRng for Draws<S, E> {}
