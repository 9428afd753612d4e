//! What was measured, as a page of Markdown.

use super::pairs::Pairs;

/// A row: what was measured, the goal for its ratio, a cell for each size.
struct Row {
    what: String,
    goal: &'static str,
    cells: Vec<String>,
    /// The vault's value and the plain store's, for growth.
    values: Vec<(f64, f64)>,
}

/// A row for each kind of work, a column for each size.
#[derive(Default)]
pub(crate) struct Table(Vec<Row>);

impl Table {
    /// Adds the times of one size.
    pub(crate) fn times(&mut self, what: &str, goal: &'static str, pairs: &Pairs) {
        let (vault, plain) = (pairs.vault(), pairs.plain());
        eprintln!("{what}: {:.2}, {vault:.3} ms to {plain:.3} ms", pairs.ratio());
        let cell = format!("**{:.2}** {} / {}", pairs.ratio(), shown(vault), shown(plain));
        self.put(what, goal, cell, (vault, plain));
    }

    /// Adds the bytes of one size.
    pub(crate) fn bytes(&mut self, what: &str, goal: &'static str, vault: u64, plain: u64) {
        let (vault, plain) = (megabytes(vault), megabytes(plain));
        eprintln!("{what}: {vault:.2} MB to {plain:.2} MB");
        let cell = format!("**{:.2}** {vault:.2} / {plain:.2} MB", vault / plain);
        self.put(what, goal, cell, (vault, plain));
    }

    /// Adds a time of the vault alone.
    pub(crate) fn alone(&mut self, what: &str, milliseconds: f64) {
        self.put(what, "", shown(milliseconds), (milliseconds, f64::NAN));
    }

    fn put(&mut self, what: &str, goal: &'static str, cell: String, value: (f64, f64)) {
        if !self.0.iter().any(|row| row.what == what) {
            self.0.push(Row {
                what: what.to_owned(),
                goal,
                cells: Vec::new(),
                values: Vec::new(),
            });
        }
        if let Some(row) = self.0.iter_mut().find(|row| row.what == what) {
            row.cells.push(cell);
            row.values.push(value);
        }
    }

    /// The table, with a last column that says how much dearer the largest size is than the smallest.
    pub(crate) fn print(&self, sizes: &[usize]) {
        let heads: Vec<String> = sizes.iter().map(|size| grouped(*size)).collect();
        println!("| what | goal | {} | growth |", heads.join(" | "));
        println!("|---|---|{}---|", "---|".repeat(sizes.len()));
        for row in &self.0 {
            let growth = match row.values.as_slice() {
                [first, .., last] if first.1.is_nan() => format!("x{:.2}", last.0 / first.0),
                [first, .., last] => format!("x{:.2} / x{:.2}", last.0 / first.0, last.1 / first.1),
                _ => String::new(),
            };
            println!("| {} | {} | {} | {growth} |", row.what, row.goal, row.cells.join(" | "));
        }
    }
}

/// A time as a person reads it.
pub(crate) fn shown(milliseconds: f64) -> String {
    if milliseconds < 1.0 {
        format!("{:.0} us", milliseconds * 1_000.0)
    } else {
        format!("{milliseconds:.1} ms")
    }
}

/// Bytes in millions.
pub(crate) fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1_000_000.0
}

/// 1000000 as 1,000,000.
pub(crate) fn grouped(size: usize) -> String {
    let digits = size.to_string();
    let groups: Vec<&str> = digits
        .as_bytes()
        .rchunks(3)
        .rev()
        .filter_map(|group| std::str::from_utf8(group).ok())
        .collect();
    groups.join(",")
}
