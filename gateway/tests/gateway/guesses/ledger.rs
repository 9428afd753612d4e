//! How often a secret was compared, against how often it may be.

/// In which comparisons count together.
#[derive(Debug, Clone, Copy)]
pub(super) enum Window {
    /// All since the last right one.
    Ever,
    /// Those of so many seconds that passed, whichever way the clock was moved meanwhile.
    Seconds(i64),
    /// Those of one day at so many seconds east of Greenwich.
    Day(i64),
}

/// Comparisons since the last one that was right.
#[derive(Debug)]
pub(super) struct Ledger {
    budget: usize,
    window: Window,
    at: Vec<i64>,
}

/// How a comparison stands to the budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    Within,
    Last,
    Beyond,
}

impl Ledger {
    pub(super) const fn new(budget: usize, window: Window) -> Self {
        Self {
            budget,
            window,
            at: Vec::new(),
        }
    }

    /// How often the policy allows it.
    pub(super) const fn budget(&self) -> usize {
        self.budget
    }

    /// Notes a comparison at this second.
    pub(super) fn compared(&mut self, now: i64) -> Standing {
        self.at.push(now);
        let together = |earlier: &&i64| match self.window {
            Window::Ever => true,
            Window::Seconds(seconds) => now - **earlier < seconds,
            Window::Day(east) => (now + east).div_euclid(86_400) == (**earlier + east).div_euclid(86_400),
        };
        match self.at.iter().filter(together).count().cmp(&self.budget) {
            std::cmp::Ordering::Less => Standing::Within,
            std::cmp::Ordering::Equal => Standing::Last,
            std::cmp::Ordering::Greater => Standing::Beyond,
        }
    }
}
