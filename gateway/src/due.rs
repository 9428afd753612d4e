//! When work that nobody asks for is looked at again.

use std::time::{Duration, Instant};

use quittance_protocol::Timestamp;

/// A moment by two clocks, of which the first to come counts: one that is set back never delays it, and a sandbox that
/// moves gateway time forward need not wait.
pub(crate) struct Due {
    instant: Instant,
    time: Option<Timestamp>,
}

impl Due {
    /// Now.
    pub(crate) fn at_once() -> Self {
        Self {
            instant: Instant::now(),
            time: None,
        }
    }

    /// When this much time has passed, in gateway time by whole seconds, at least one.
    pub(crate) fn after(span: Duration, now: Timestamp) -> Self {
        let seconds = i64::try_from(span.as_secs()).unwrap_or(i64::MAX).max(1);
        Self {
            instant: Instant::now() + span,
            time: Some(now.plus_seconds(seconds)),
        }
    }

    /// Whether it has come.
    pub(crate) fn has_come(&self, now: Timestamp) -> bool {
        Instant::now() >= self.instant || self.time.is_some_and(|time| now >= time)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3_600);

    #[test]
    fn a_moment_comes_with_gateway_time_and_with_no_clock_that_is_set_back() {
        let now: Timestamp = "2026-09-30T04:00:00Z".parse().expect("a moment");
        let due = Due::after(HOUR, now);
        assert!(!due.has_come(now.plus_seconds(3_599)));
        assert!(due.has_come(now.plus_seconds(3_600)));
        let soon = Due::after(Duration::ZERO, now);
        assert!(soon.has_come(now.plus_seconds(-3_600)), "by the other clock");
    }
}
