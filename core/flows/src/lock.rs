//! The safety lock: it goes on without any proof, then ends early by the payer or late by the clock (R-056 … R-063).

use crate::pin::PinCounter;
use crate::policy::{PinRules, Policy};
use crate::{Refused, Seconds};
use quittance_protocol::Timestamp;
use quittance_protocol::answer::LockRecord;
use serde::{Deserialize, Serialize};

/// A lock that the payer put on.
pub const BY_PAYER: &str = "payer";

/// One safety lock. It stands from `since` until before `until`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SafetyLock {
    /// When it went on.
    pub since: Timestamp,
    /// The first moment without it.
    pub until: Timestamp,
    /// What put it on: [`BY_PAYER`], or a trigger of the policy.
    pub trigger: String,
    /// Whether its end was announced.
    pub announced: bool,
}

impl From<&LockRecord> for SafetyLock {
    /// As a phone knows it. Who announces its end is the gateway.
    fn from(record: &LockRecord) -> Self {
        Self {
            since: record.since,
            until: record.until,
            trigger: record.trigger.clone(),
            announced: false,
        }
    }
}

/// What time does to a lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passed {
    /// The lock from now on; nothing where it ended.
    pub lock: Option<SafetyLock>,
    /// Whether the payer is to be told now that it ends soon.
    pub announce: bool,
}

impl SafetyLock {
    /// Puts the lock on, or makes the one that is on last. Needs no password: stopping is easier than starting (R-058,
    /// What put it on first stays its trigger.
    #[must_use]
    pub fn put_on(policy: &Policy, known: Option<&Self>, trigger: &str, now: Timestamp) -> Self {
        match known {
            Some(known) => known.again(policy, now),
            None => Self::on(policy, trigger, now),
        }
    }

    fn on(policy: &Policy, trigger: &str, now: Timestamp) -> Self {
        Self {
            since: now,
            until: policy.safety_lock.duration.after(now),
            trigger: trigger.to_owned(),
            announced: false,
        }
    }

    /// Locks once more while it is on: it lasts at least as long as a new one, never shorter than before.
    fn again(&self, policy: &Policy, now: Timestamp) -> Self {
        let until = policy.safety_lock.duration.after(now).max(self.until);
        Self {
            until,
            announced: self.announced && until == self.until,
            ..self.clone()
        }
    }

    /// As the payer is told of it.
    #[must_use]
    pub fn record(&self, other_devices: bool) -> LockRecord {
        LockRecord {
            since: self.since,
            until: self.until,
            trigger: self.trigger.clone(),
            other_devices,
        }
    }

    /// Keeps it on for longer.
    ///
    /// # Errors
    /// [`Refused::Ended`] where it is off already; [`Refused::TooEarly`] for a moment that would shorten it.
    pub fn extended(&self, until: Timestamp, now: Timestamp) -> Result<Self, Refused> {
        if !self.is_on(now) {
            return Err(Refused::Ended);
        }
        if until < self.until {
            return Err(Refused::TooEarly);
        }
        Ok(Self {
            until,
            announced: self.announced && until == self.until,
            ..self.clone()
        })
    }

    /// The last moment up to which the payer can keep it on, however often it is extended.
    #[must_use]
    pub fn longest(&self, policy: &Policy) -> Timestamp {
        policy.safety_lock.max_duration.after(self.since)
    }

    /// Until when the payer is offered to keep it on: for one time more, for three, and for as long as it can be.
    #[must_use]
    pub fn longer(&self, policy: &Policy) -> Vec<Timestamp> {
        let time_more = |from| policy.safety_lock.duration.after(from);
        let once = time_more(self.until);
        let thrice = time_more(time_more(once));
        let longest = self.longest(policy);
        let mut offered = vec![once, thrice, longest];
        offered.retain(|until| (self.until.plus_seconds(1)..=longest).contains(until));
        offered.dedup();
        offered
    }

    /// Whether it stands at this moment.
    #[must_use]
    pub fn is_on(&self, now: Timestamp) -> bool {
        now < self.until
    }

    /// When somebody has to look at it next: to announce its end, then to end it.
    #[must_use]
    pub fn due(&self, policy: &Policy) -> Timestamp {
        if self.announced {
            return self.until;
        }
        let notice = policy.safety_lock.expiry_notice;
        self.until.plus_seconds(-notice.get()).max(self.since)
    }

    /// Lets time pass. While what triggered it is unresolved the lock goes on for another time, unless the policy lets
    /// it expire all the same.
    #[must_use]
    pub fn pass(&self, policy: &Policy, trigger_is_open: bool, now: Timestamp) -> Passed {
        let mut lock = self.clone();
        if !lock.is_on(now) {
            if !trigger_is_open || policy.safety_lock.expires_while_triggered {
                return Passed {
                    lock: None,
                    announce: false,
                };
            }
            while !lock.is_on(now) {
                let longer = policy.safety_lock.duration.after(lock.until);
                if longer <= lock.until {
                    break;
                }
                lock.until = longer;
            }
            lock.announced = false;
        }
        let announce = !lock.announced && now >= lock.due(policy);
        lock.announced |= announce;
        Passed {
            lock: Some(lock),
            announce,
        }
    }
}

/// How guesses at the password of a lock are counted. Once all tries of the lock that is on are used up, it can only
/// expire: the password opens with it, or after its usual time where that is later.
#[must_use]
pub fn password_rules(policy: &Policy, lock: Option<&SafetyLock>, counter: PinCounter) -> PinRules {
    let usual = policy.secrets.payment_pin;
    let of_this_lock = lock
        .zip(counter.last_guess)
        .filter(|(lock, last_guess)| *last_guess >= lock.since)
        .map_or(0, |(lock, last_guess)| lock.until.seconds_since(last_guess));
    PinRules {
        max_attempts: policy.safety_lock.max_attempts,
        locked_for: Seconds::new(usual.locked_for.get().max(of_this_lock)),
        ..usual
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pin::{self, PinEvent};
    use crate::policy::DEFAULT_BUNDLE;

    const HOUR: i64 = 3_600;

    fn policy() -> Policy {
        Policy::load(DEFAULT_BUNDLE).unwrap()
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_unix(1_800_000_000 + second).unwrap()
    }

    fn lock() -> SafetyLock {
        SafetyLock::on(&policy(), BY_PAYER, at(0))
    }

    //
    #[test]
    fn it_is_on_until_the_last_second_of_its_day_and_off_at_the_next() {
        assert!(lock().is_on(at(24 * HOUR - 1)));
        assert!(!lock().is_on(at(24 * HOUR)));
        let last = lock().pass(&policy(), false, at(24 * HOUR - 1));
        assert!(last.lock.is_some());
        assert_eq!(lock().pass(&policy(), false, at(24 * HOUR)).lock, None);
    }

    //
    #[test]
    fn its_end_is_announced_once_an_hour_before() {
        let early = lock().pass(&policy(), false, at(23 * HOUR - 1));
        assert!(!early.announce);
        let told = lock().pass(&policy(), false, at(23 * HOUR));
        assert!(told.announce);
        let lock = told.lock.unwrap();
        assert!(!lock.pass(&policy(), false, at(23 * HOUR + 1)).announce);
        assert_eq!(lock.due(&policy()), at(24 * HOUR));
    }

    //
    #[test]
    fn it_does_not_expire_while_what_triggered_it_is_open() {
        let passed = lock().pass(&policy(), true, at(24 * HOUR));
        assert_eq!(passed.lock.unwrap().until, at(48 * HOUR));
        // Control: resolved, the same moment ends it.
        assert_eq!(lock().pass(&policy(), false, at(24 * HOUR)).lock, None);
    }

    //
    #[test]
    fn it_is_extended_while_it_is_on_and_never_shortened() {
        let longer = lock().extended(at(30 * HOUR), at(23 * HOUR)).unwrap();
        assert_eq!(longer.until, at(30 * HOUR));
        assert_eq!(longer.extended(at(29 * HOUR), at(23 * HOUR)), Err(Refused::TooEarly));
        assert_eq!(lock().extended(at(30 * HOUR), at(24 * HOUR)), Err(Refused::Ended));
    }

    //
    #[test]
    fn what_is_offered_is_longer_than_now_and_no_longer_than_it_can_be() {
        let offered = |until| {
            let lock = lock().extended(at(until * HOUR), at(0)).unwrap();
            lock.longer(&policy())
        };
        let hours = |all: &[i64]| all.iter().map(|hours| at(hours * HOUR)).collect::<Vec<_>>();
        assert_eq!(offered(24), hours(&[48, 96, 168]));
        assert_eq!(offered(96), hours(&[120, 168]), "three times more is the longest");
        assert_eq!(offered(160), hours(&[168]));
        assert_eq!(offered(168), []);
    }

    //
    #[test]
    fn the_longest_lock_is_counted_from_its_first_moment() {
        let longer = lock().extended(at(100 * HOUR), at(0)).unwrap();
        assert_eq!(longer.longest(&policy()), at(7 * 24 * HOUR));
    }

    //
    #[test]
    fn a_used_up_password_opens_with_the_end_of_its_lock_and_not_before() {
        let week = lock().extended(at(168 * HOUR), at(0)).unwrap();
        let used_up = PinCounter {
            used: policy().safety_lock.max_attempts,
            last_guess: Some(at(HOUR)),
        };
        let guess = |lock: Option<&SafetyLock>, now| {
            let rules = password_rules(&policy(), lock, used_up);
            pin::step(&rules, used_up, PinEvent::Guessed, now).map(|counted| counted.attempts_left)
        };
        assert_eq!(guess(Some(&week), at(168 * HOUR - 1)), Err(pin::Locked { wait: 1 }));
        assert_eq!(guess(Some(&week), at(168 * HOUR)), Ok(4));
        // Control: without a lock, and under a lock that went on after the guesses, the usual time counts.
        let next = SafetyLock::on(&policy(), BY_PAYER, at(2 * HOUR));
        for lock in [None, Some(&next.extended(at(100 * HOUR), at(2 * HOUR)).unwrap())] {
            assert_eq!(guess(lock, at(25 * HOUR - 1)), Err(pin::Locked { wait: 1 }));
            assert_eq!(guess(lock, at(25 * HOUR)), Ok(4));
        }
    }

    //
    #[test]
    fn locking_again_lasts_as_long_as_a_new_lock() {
        let again = |known: &SafetyLock| SafetyLock::put_on(&policy(), Some(known), "remote_login", at(HOUR));
        assert_eq!(again(&lock()).until, at(25 * HOUR));
        let longer = lock().extended(at(100 * HOUR), at(0)).unwrap();
        assert_eq!(again(&longer).until, at(100 * HOUR));
        assert_eq!(again(&lock()).trigger, BY_PAYER, "what put it on first");
        let new = SafetyLock::put_on(&policy(), None, "remote_login", at(HOUR));
        assert_eq!(
            (new.since, new.trigger.as_str()),
            (at(HOUR), "remote_login"),
            "control: none was on"
        );
    }
}
