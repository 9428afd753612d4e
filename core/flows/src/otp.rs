//! One-time codes: how one is drawn, how long it lives, how often it may be typed.

use crate::policy::Policy;
use quittance_protocol::statement::OneTimeCode;
use quittance_protocol::{Digest32, Timestamp};
use serde::{Deserialize, Serialize};

/// A code that was sent, as it is stored: never the code itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentCode {
    /// Digest of the code with its context.
    digest: Digest32,
    /// When it was sent.
    pub sent_at: Timestamp,
    /// How often a code was typed for this step; sending again gives none back.
    pub tries: u32,
}

/// What a typed code comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checked {
    /// It is the code. The code is used up: forget it.
    Proved,
    /// It is not the code; so many tries are left.
    Failed {
        /// Tries that are left.
        attempts_left: u32,
    },
    /// The code's life is over; send another one.
    Expired,
    /// Every try is used up, whatever was typed.
    UsedUp,
}

/// Why no code is sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotSent {
    /// The last one was sent a moment ago.
    #[error("another code can be sent from {from} on")]
    TooSoon {
        /// From when on.
        from: Timestamp,
    },
}

/// Draws a code with as many digits as the policy asks for, from random bytes that the caller drew.
#[must_use]
pub fn draw(policy: &Policy, random: [u8; 16]) -> OneTimeCode {
    let width = usize::from(policy.otp.digits);
    // 128 random bits against at most 12 decimal digits: no code is noticeably likelier than another.
    let range = std::iter::repeat_n(10_u128, width).product::<u128>();
    let number = u128::from_be_bytes(random) % range;
    OneTimeCode(format!("{number:0width$}"))
}

/// Notes that a code was sent, for the first time or again. The code before it holds no longer.
///
/// `context` binds it to its run and step; it also holds something that only the gateway knows, so that a stolen
/// database does not say the code.
///
/// # Errors
/// [`NotSent::TooSoon`] before the policy's time after the last one.
pub fn sent(
    policy: &Policy,
    last: Option<&SentCode>,
    code: &OneTimeCode,
    context: &[u8],
    now: Timestamp,
) -> Result<SentCode, NotSent> {
    if let Some(last) = last {
        let from = resend_from(policy, last.sent_at);
        if now < from {
            return Err(NotSent::TooSoon { from });
        }
    }
    Ok(SentCode {
        digest: digest(code, context),
        sent_at: now,
        tries: last.map_or(0, |last| last.tries),
    })
}

/// Checks what was typed, and counts it.
#[must_use]
pub fn check(
    policy: &Policy,
    sent: &SentCode,
    typed: &OneTimeCode,
    context: &[u8],
    now: Timestamp,
) -> (SentCode, Checked) {
    let most = policy.otp.max_attempts;
    if sent.tries >= most {
        return (sent.clone(), Checked::UsedUp);
    }
    if now >= valid_until(policy, sent.sent_at) {
        return (sent.clone(), Checked::Expired);
    }
    let counted = SentCode {
        tries: sent.tries.saturating_add(1),
        ..sent.clone()
    };
    let checked = if sent.digest == digest(typed, context) {
        Checked::Proved
    } else {
        Checked::Failed {
            attempts_left: most.saturating_sub(counted.tries),
        }
    };
    (counted, checked)
}

/// From this moment on a code that was sent at `sent_at` is no longer taken.
#[must_use]
pub fn valid_until(policy: &Policy, sent_at: Timestamp) -> Timestamp {
    policy.otp.ttl.after(sent_at)
}

/// From this moment on another code can be sent.
#[must_use]
pub fn resend_from(policy: &Policy, sent_at: Timestamp) -> Timestamp {
    policy.otp.resend_after.after(sent_at)
}

fn digest(code: &OneTimeCode, context: &[u8]) -> Digest32 {
    let mut bytes = b"quittance one-time code\n".to_vec();
    bytes.extend_from_slice(Digest32::of(context).as_bytes());
    bytes.extend_from_slice(code.0.trim().as_bytes());
    Digest32::of(&bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::DEFAULT_BUNDLE;

    fn policy() -> Policy {
        Policy::load(DEFAULT_BUNDLE).unwrap()
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_unix(1_800_000_000 + second).unwrap()
    }

    fn code(text: &str) -> OneTimeCode {
        OneTimeCode(text.to_owned())
    }

    fn first(policy: &Policy) -> SentCode {
        sent(policy, None, &code("004711"), b"run|step", at(0)).unwrap()
    }

    //
    #[test]
    fn a_code_has_six_digits_with_its_leading_zeros() {
        let policy = policy();
        assert_eq!(draw(&policy, [0; 16]).0, "000000");
        let mut random = [0; 16];
        random[15] = 42;
        assert_eq!(draw(&policy, random).0, "000042");
        assert_eq!(draw(&policy, [0xff; 16]).0.len(), 6);
    }

    //
    #[test]
    fn a_code_lives_for_five_minutes_and_not_a_second_longer() {
        let policy = policy();
        let sent = first(&policy);
        let typed = |second| check(&policy, &sent, &code("004711"), b"run|step", at(second)).1;
        assert_eq!(typed(299), Checked::Proved);
        assert_eq!(typed(300), Checked::Expired);
        assert_eq!(typed(301), Checked::Expired);
    }

    //
    #[test]
    fn the_fifth_wrong_try_is_the_last_and_sending_again_gives_none_back() {
        let policy = policy();
        let mut known = first(&policy);
        let wrong = |known: &SentCode, now| check(&policy, known, &code("000000"), b"run|step", at(now));
        for left in [4, 3] {
            let (counted, checked) = wrong(&known, 1);
            assert_eq!(checked, Checked::Failed { attempts_left: left });
            known = counted;
        }
        known = sent(&policy, Some(&known), &code("815000"), b"run|step", at(60)).unwrap();
        for left in [2, 1, 0] {
            let (counted, checked) = wrong(&known, 61);
            assert_eq!(checked, Checked::Failed { attempts_left: left });
            known = counted;
        }
        let right = check(&policy, &known, &code("815000"), b"run|step", at(62));
        assert_eq!(right.1, Checked::UsedUp);
    }

    //
    #[test]
    fn another_code_is_sent_after_sixty_seconds_and_the_first_holds_no_longer() {
        let policy = policy();
        let known = first(&policy);
        let again = |second| sent(&policy, Some(&known), &code("999999"), b"run|step", at(second));
        assert_eq!(again(59), Err(NotSent::TooSoon { from: at(60) }));
        let second = again(60).unwrap();
        let typed = |text| check(&policy, &second, &code(text), b"run|step", at(61)).1;
        assert_eq!(typed("999999"), Checked::Proved);
        assert_eq!(typed("004711"), Checked::Failed { attempts_left: 4 });
    }

    #[test]
    fn the_code_of_another_step_proves_nothing() {
        let policy = policy();
        let checked = check(&policy, &first(&policy), &code("004711"), b"run|other", at(1)).1;
        assert_eq!(checked, Checked::Failed { attempts_left: 4 });
    }

    #[test]
    fn what_is_stored_does_not_show_the_code() {
        let stored = serde_json::to_string(&first(&policy())).unwrap();
        assert!(!stored.contains("4711"), "{stored}");
    }
}
