//! Where random bytes come from.

use ring::rand::SecureRandom as _;

/// A source of random bytes for keys as well as nonces; injected, so that tests can freeze bytes.
pub trait Randomness: Send + Sync {
    /// Fills `out` with bytes that nobody can predict.
    ///
    /// # Errors
    /// [`RandomnessError`] when the source fails; `out` must not be used then.
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomnessError>;
}

/// The source of randomness failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the source of randomness failed: repeat the call")]
pub struct RandomnessError;

/// The operating system's generator, by ring.
#[derive(Debug, Clone)]
pub struct SystemRandomness(ring::rand::SystemRandom);

impl SystemRandomness {
    /// Takes the generator of the operating system.
    #[must_use]
    pub fn new() -> Self {
        Self(ring::rand::SystemRandom::new())
    }
}

impl Randomness for SystemRandomness {
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomnessError> {
        self.0.fill(out).map_err(|_unspecified| RandomnessError)
    }
}

impl Default for SystemRandomness {
    fn default() -> Self {
        Self::new()
    }
}
