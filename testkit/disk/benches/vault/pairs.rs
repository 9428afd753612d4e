//! Times of two stores, taken next to each other.

use std::time::{Duration, Instant};

use super::Result;

/// What the work gave back, with the time that it took.
pub(crate) fn timed<T>(work: impl FnOnce() -> Result<T>) -> Result<(T, Duration)> {
    let began = Instant::now();
    let done = work()?;
    Ok((done, began.elapsed()))
}

/// Pairs of times: the plain store's and the vault's.
#[derive(Default)]
pub(crate) struct Pairs(Vec<(Duration, Duration)>);

impl Pairs {
    /// One more pair; what the work gave back is of no interest.
    pub(crate) fn push<T>(&mut self, plain: (T, Duration), vault: (T, Duration)) {
        self.0.push((plain.1, vault.1));
    }

    /// The median of the pairs' ratios.
    pub(crate) fn ratio(&self) -> f64 {
        median(
            self.0
                .iter()
                .map(|(plain, vault)| vault.as_secs_f64() / plain.as_secs_f64()),
        )
    }

    /// The vault's median time, in milliseconds.
    pub(crate) fn vault(&self) -> f64 {
        milliseconds(self.0.iter().map(|(_, vault)| *vault))
    }

    /// The plain store's median time, in milliseconds.
    pub(crate) fn plain(&self) -> f64 {
        milliseconds(self.0.iter().map(|(plain, _)| *plain))
    }
}

/// The median of some times, in milliseconds.
pub(crate) fn milliseconds(times: impl Iterator<Item = Duration>) -> f64 {
    median(times.map(|time| time.as_secs_f64())) * 1_000.0
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
