//! Guesses at a secret: how they are counted, when it locks, when it opens again.

use crate::policy::PinRules;
use quittance_protocol::Timestamp;
use serde::{Deserialize, Serialize};

/// The guesses at one secret since the last right one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PinCounter {
    /// How many.
    pub used: u32,
    /// The latest moment at which one was counted; absent before the first.
    pub last_guess: Option<Timestamp>,
}

/// What happens to a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PinEvent {
    /// Somebody begins to guess: it is counted before anything is answered.
    Guessed,
    /// The guess was right, as its third message proves.
    Proved,
}

/// What a counted event leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// The counter to store.
    pub counter: PinCounter,
    /// Guesses that are left, this one counted.
    pub attempts_left: u32,
}

/// The secret is locked: the guess was not counted and must not be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("locked for another {wait} seconds")]
pub struct Locked {
    /// Seconds until the next guess is taken.
    pub wait: u32,
}

/// Takes one event. After the policy's time a locked secret gives all its guesses again.
///
/// # Errors
/// [`Locked`] for a guess while the secret is locked.
pub fn step(rules: &PinRules, counter: PinCounter, event: PinEvent, now: Timestamp) -> Result<Counted, Locked> {
    let counter = match event {
        PinEvent::Guessed => {
            let used = match lock(rules, counter, now) {
                Lock::Open => counter.used,
                Lock::Over => 0,
                Lock::Closed(wait) => return Err(Locked { wait }),
            };
            // Of two moments the later one: a clock that was moved back and forth again must not shorten a lock.
            let last_guess = counter.last_guess.map_or(now, |last| last.max(now));
            PinCounter {
                used: used.saturating_add(1),
                last_guess: Some(last_guess),
            }
        }
        PinEvent::Proved => PinCounter { used: 0, ..counter },
    };
    Ok(Counted {
        counter,
        attempts_left: rules.max_attempts.saturating_sub(counter.used),
    })
}

enum Lock {
    Open,
    Over,
    Closed(u32),
}

fn lock(rules: &PinRules, counter: PinCounter, now: Timestamp) -> Lock {
    if counter.used < rules.max_attempts {
        return Lock::Open;
    }
    let passed = counter.last_guess.map_or(i64::MAX, |last| now.seconds_since(last));
    match rules.locked_for.get().saturating_sub(passed) {
        wait if wait > 0 => Lock::Closed(u32::try_from(wait).unwrap_or(u32::MAX)),
        _ => Lock::Over,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{DEFAULT_BUNDLE, Policy};
    use proptest::prelude::*;
    use std::sync::LazyLock;

    static RULES: LazyLock<PinRules> = LazyLock::new(|| Policy::load(DEFAULT_BUNDLE).unwrap().secrets.payment_pin);

    fn rules() -> &'static PinRules {
        &RULES
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_unix(1_800_000_000 + second).unwrap()
    }

    fn guess(counter: PinCounter, now: Timestamp) -> Result<Counted, Locked> {
        step(rules(), counter, PinEvent::Guessed, now)
    }

    fn locked() -> PinCounter {
        (0..rules().max_attempts).fold(PinCounter::default(), |counter, _| {
            guess(counter, at(0)).unwrap().counter
        })
    }

    #[test]
    fn every_guess_is_counted_and_the_last_one_leaves_none() {
        let mut counter = PinCounter::default();
        for left in (0..rules().max_attempts).rev() {
            let counted = guess(counter, at(0)).unwrap();
            assert_eq!(counted.attempts_left, left);
            counter = counted.counter;
        }
        assert!(guess(counter, at(0)).is_err());
    }

    #[test]
    fn a_locked_pin_opens_at_the_policys_second_and_not_one_earlier() {
        let life = rules().locked_for.get();
        assert_eq!(guess(locked(), at(life - 1)), Err(Locked { wait: 1 }));
        let opened = guess(locked(), at(life)).unwrap();
        assert_eq!(opened.attempts_left, rules().max_attempts - 1);
    }

    #[test]
    fn a_guess_at_a_locked_pin_does_not_lock_it_for_longer() {
        let life = rules().locked_for.get();
        let wait = |second| guess(locked(), at(second)).unwrap_err().wait;
        assert_eq!(i64::from(wait(10)), life - 10);
        assert_eq!(i64::from(wait(20)), life - 20);
    }

    #[test]
    fn a_lock_stands_from_the_latest_guess_on_whichever_way_the_clock_was_moved() {
        let life = rules().locked_for.get();
        let early = (1..rules().max_attempts).fold(PinCounter::default(), |counter, _| {
            guess(counter, at(life)).unwrap().counter
        });
        let last = guess(early, at(0)).unwrap().counter;
        assert_eq!(
            guess(last, at(life)),
            Err(Locked {
                wait: u32::try_from(life).unwrap()
            })
        );
        assert!(guess(last, at(2 * life)).is_ok());
    }

    #[test]
    fn a_right_guess_gives_all_guesses_back() {
        let used = guess(PinCounter::default(), at(0)).unwrap().counter;
        let proved = step(rules(), used, PinEvent::Proved, at(1)).unwrap();
        assert_eq!((proved.counter.used, proved.attempts_left), (0, rules().max_attempts));
    }

    proptest! {
        #[test]
        fn no_sequence_of_wrong_guesses_gets_more_than_the_policy_allows_in_its_time(
            waits in proptest::collection::vec(0_i64..20_000, 1..200),
        ) {
            let rules = rules();
            let (mut counter, mut now, mut answered) = (PinCounter::default(), at(0), Vec::new());
            for wait in waits {
                now = now.plus_seconds(wait);
                if let Ok(counted) = guess(counter, now) {
                    counter = counted.counter;
                    answered.push(now);
                }
            }
            // Whoever was answered once more than allowed waited the policy's time in between.
            let allowed = rules.max_attempts as usize;
            for (first, next) in answered.iter().zip(answered.iter().skip(allowed)) {
                prop_assert!(next.seconds_since(*first) >= rules.locked_for.get());
            }
        }
    }
}
