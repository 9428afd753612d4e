//! Figures of what was measured several times.

/// The middle one.
pub fn median<T: Ord + Copy + Default>(mut values: Vec<T>) -> T {
    percentile(&mut values, 50)
}

/// The one above so many in a hundred; sorts them.
pub fn percentile<T: Ord + Copy + Default>(values: &mut [T], percent: usize) -> T {
    values.sort_unstable();
    values.get(values.len() * percent / 100).copied().unwrap_or_default()
}
