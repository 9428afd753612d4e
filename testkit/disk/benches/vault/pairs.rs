//! Times of two stores, taken next to each other.

use std::time::{Duration, Instant};

use super::Result;

/// The first lines of the table.
pub(crate) const HEADING: &str = "| records | what | vault | plain store | ratio |\n|---|---|---|---|---|";

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

    /// A row of the table: medians, then the median of the ratios.
    pub(crate) fn row(&self, size: usize, what: &str) -> String {
        let ratio = median(
            self.0
                .iter()
                .map(|(plain, vault)| vault.as_secs_f64() / plain.as_secs_f64()),
        );
        let vault = median(self.0.iter().map(|(_, vault)| vault.as_secs_f64()));
        let plain = median(self.0.iter().map(|(plain, _)| plain.as_secs_f64()));
        let shown = |seconds: f64| format!("{:.3} ms", seconds * 1_000.0);
        format!(
            "| {} | {what} | {} | {} | {ratio:.2} |",
            grouped(size),
            shown(vault),
            shown(plain)
        )
    }
}

/// A row about bytes.
pub(crate) fn print_bytes(size: usize, what: &str, vault: u64, plain: u64) {
    let shown = |bytes: u64| {
        format!(
            "{:.2} MB",
            f64::from(u32::try_from(bytes / 1_000).unwrap_or(u32::MAX)) / 1_000.0
        )
    };
    let ratio = vault as f64 / plain as f64;
    println!(
        "| {} | {what} | {} | {} | {ratio:.2} |",
        grouped(size),
        shown(vault),
        shown(plain)
    );
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// 1000000 as 1,000,000.
fn grouped(size: usize) -> String {
    let digits = size.to_string();
    let groups: Vec<&str> = digits
        .as_bytes()
        .rchunks(3)
        .rev()
        .filter_map(|group| std::str::from_utf8(group).ok())
        .collect();
    groups.join(",")
}
