//! Tries of the biometric prompt: each is counted before the payer is looked at, durably.
//!
//! The platform tells how a prompt ended only once it has ended, and a process that is killed meanwhile hears nothing. So a
//! try is spent from the start, and given back where its end shows that nobody failed. Spending ends the vault's epoch: a
//! file of before does not open any more. Giving back does not, because a file of before knows of one try less. A keystore that
//! keeps an older key lets no epoch end: the prompt of a run that only lowers authority is shown all the same, because nobody
//! may be kept from stopping; every other one waits.

use crate::error::WalletError;
use crate::flows::OpenFlow;
use crate::journal::TRIES;
use crate::unit::Unit;
use quittance_flows::{Policy, flow};
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use zeroize::Zeroizing;

/// Whether the prompt may be shown.
pub(crate) enum Leave {
    /// It may: a try is spent on it.
    Show(Try),
    /// The tries of this day are used up, those that are under way included.
    UsedUp {
        /// How many there were.
        today: u32,
    },
    /// They are, and the flow has nothing else to ask for in its place: this day it goes no further.
    NotToday {
        /// Seconds until the next day.
        wait: u32,
    },
}

/// A try that is under way. Where it is forgotten it stays spent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Try {
    series: u64,
}

/// Tries of one day on this phone, whatever the flow: one that names no number of its own has the policy's (R-038). They
/// survive restarts; they are a record and no row, because a file that is put back must not give a try back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Tries {
    /// The day, in the policy's time zone.
    day: String,
    /// Failures of that day, and prompts of which no end was heard.
    count: u32,
    /// A new day begins a new series, and a try is given back to its own series alone.
    #[serde(default)]
    series: u64,
    /// The latest day that was counted on while the clock was ahead, and is still to come.
    #[serde(default)]
    ahead: Option<Ahead>,
}

/// What was counted on a day that is still to come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Ahead {
    day: String,
    count: u32,
}

impl Tries {
    fn none_on(day: String) -> Self {
        Self {
            day,
            count: 0,
            series: 0,
            ahead: None,
        }
    }

    /// Takes a try back that nobody failed, where it is of this day: another day's is over with it.
    fn take_back(&mut self, tried: Try) {
        if self.series == tried.series {
            self.count = self.count.saturating_sub(1);
        }
    }

    /// What counts of them on this day.
    ///
    /// The count of a day that is still to come becomes this day's, and ends with it: one day that the clock was wrong must
    /// not take the prompt away until that day. Once that day comes its count stands again, so that a clock that goes
    /// back and forth brings no try.
    fn on(self, day: String) -> Self {
        match self.day.cmp(&day) {
            Ordering::Equal => self,
            Ordering::Greater => {
                let (later, count) = (self.day, self.count);
                Self {
                    day,
                    count,
                    series: self.series,
                    ahead: self.ahead.or(Some(Ahead { day: later, count })),
                }
            }
            Ordering::Less => {
                let come = self.ahead.as_ref().filter(|ahead| ahead.day == day);
                Self {
                    count: come.map_or(0, |come| come.count.max(self.count)),
                    series: self.series.saturating_add(1),
                    ahead: self.ahead.filter(|ahead| ahead.day > day),
                    day,
                }
            }
        }
    }
}

impl Unit<'_> {
    /// Spends a try on a prompt for the open step, where one is left. It ends the vault's epoch.
    pub(crate) fn begin_try(&mut self, open: &OpenFlow) -> Result<Leave, WalletError> {
        let mut tries = self.tries(&open.pinned.policy)?;
        let today = tries.count;
        let mut state = open.state.clone();
        state.failures = state.failures.max(today);
        let of_the_step = flow::attempts_left(open.rules(), &state);
        let left = of_the_step.or_else(|| left_today(open, today));
        if left == Some(0) {
            // Its day may have been another one.
            self.keep(&tries)?;
            if of_the_step.is_some() {
                return Ok(Leave::UsedUp { today });
            }
            let now = self.now()?;
            let wait = open
                .pinned
                .policy
                .bundle
                .time_zone_rule
                .next_day(now)
                .seconds_since(now);
            return Ok(Leave::NotToday {
                wait: u32::try_from(wait).unwrap_or(u32::MAX),
            });
        }
        tries.count = today.saturating_add(1);
        self.keep(&tries)?;
        self.end_epoch(open.lowers());
        Ok(Leave::Show(Try { series: tries.series }))
    }

    /// Takes in how a try ended: in so many failures, the first of which is spent, or in none, which gives it back. Answers
    /// the tries of this day that are spent.
    pub(crate) fn end_try(&mut self, open: &OpenFlow, tried: Try, failures: u32) -> Result<u32, WalletError> {
        let mut tries = self.tries(&open.pinned.policy)?;
        match failures.checked_sub(1) {
            None => {
                tries.take_back(tried);
                self.keep(&tries)?;
            }
            Some(0) => {}
            Some(more) => {
                tries.count = tries.count.saturating_add(more);
                self.keep(&tries)?;
                self.end_epoch(open.lowers());
            }
        }
        Ok(tries.count)
    }

    /// The tries as they stand this day.
    fn tries(&self, policy: &Policy) -> Result<Tries, WalletError> {
        let day = policy.bundle.time_zone_rule.date(self.now()?).to_string();
        let known = self.inner.vault()?.get(&TRIES)?;
        let known = known.map(|bytes| serde_json::from_slice::<Tries>(&bytes));
        let known = known.transpose().map_err(|_| WalletError::Journal("biometric tries"))?;
        Ok(match known {
            Some(known) => known.on(day),
            None => Tries::none_on(day),
        })
    }

    fn keep(&mut self, tries: &Tries) -> Result<(), WalletError> {
        let bytes = serde_json::to_vec(tries).map_err(|_| WalletError::Internal("a record cannot be written"))?;
        self.put_secret(TRIES, Zeroizing::new(bytes));
        Ok(())
    }
}

/// Tries that this day leaves a step which names none of its own. The day bounds none that stops something: where nothing stands
/// in for the prompt, only the bound of every run keeps somebody from it.
fn left_today(open: &OpenFlow, today: u32) -> Option<u32> {
    let a_day = open.pinned.policy.biometric.tries_a_day();
    (!open.lowers()).then(|| a_day.saturating_sub(today))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(day: &str, count: u32) -> Tries {
        Tries {
            count,
            ..Tries::none_on(day.to_owned())
        }
    }

    /// The counts on these days, one after the other.
    fn counts(first: Tries, days: &[&str]) -> Vec<u32> {
        let mut tries = first;
        let mut counts = Vec::new();
        for day in days {
            tries = tries.on((*day).to_owned());
            counts.push(tries.count);
        }
        counts
    }

    #[test]
    fn another_day_begins_without_tries() {
        assert_eq!(counts(on("2026-11-26", 3), &["2026-11-26", "2026-11-27"]), [3, 0]);
    }

    #[test]
    fn a_year_that_the_clock_was_ahead_costs_its_tries_on_the_day_that_it_is_set_right_and_no_longer() {
        let ahead = on("2027-11-26", 4);
        assert_eq!(
            counts(ahead, &["2026-11-26", "2026-11-26", "2026-11-27", "2026-11-28"]),
            [4, 4, 0, 0]
        );
    }

    #[test]
    fn a_clock_that_goes_back_and_forth_brings_no_try() {
        let used_up = on("2026-11-26", 4);
        assert_eq!(
            counts(used_up, &["2026-11-25", "2026-11-26", "2026-11-20", "2026-11-26"]),
            [4, 4, 4, 4]
        );
        let mut back = on("2026-11-26", 2).on("2026-11-25".to_owned());
        back.count += 1;
        assert_eq!(
            back.on("2026-11-26".to_owned()).count,
            3,
            "what was tried on the day before is not forgotten"
        );
    }

    #[test]
    fn what_was_tried_on_a_day_ahead_stands_once_that_day_comes() {
        let ahead = on("2026-11-30", 4);
        assert_eq!(
            counts(ahead, &["2026-11-26", "2026-11-27", "2026-11-30", "2026-12-01"]),
            [4, 0, 4, 0]
        );
    }

    #[test]
    fn what_was_tried_on_a_day_ahead_after_it_came_stands_when_the_clock_goes_back_and_forth_by_days() {
        let mut come = on("2026-11-30", 2)
            .on("2026-11-26".to_owned())
            .on("2026-11-30".to_owned());
        come.count += 2;
        assert_eq!(counts(come, &["2026-11-28", "2026-11-29", "2026-11-30"]), [4, 0, 4]);
    }

    #[test]
    fn a_prompt_that_is_put_away_gives_its_try_back_to_its_own_day_alone() {
        let mut tries = on("2026-11-26", 2);
        let tried = Try { series: tries.series };
        tries.take_back(tried);
        assert_eq!(tries.count, 1);
        let mut after_midnight = tries.on("2026-11-27".to_owned());
        after_midnight.count = 2;
        after_midnight.take_back(tried);
        assert_eq!(after_midnight.count, 2, "it was spent before midnight");
    }

    #[test]
    fn a_record_of_before_is_read() {
        let known: Tries = serde_json::from_str(r#"{"day":"2026-11-26","count":2}"#).unwrap();
        assert_eq!(known, on("2026-11-26", 2));
    }
}
