//! The payer's risk rating: how the signals become a level, when its epoch moves.

use crate::policy::{Policy, PolicyError};
use quittance_protocol::Quantity;
use serde::{Deserialize, Serialize};

/// The score when every signal is raised.
pub(crate) const HIGHEST_SCORE: u32 = 100;

/// What speaks against a payer's sessions now. Every signal weighs the same: which share of them it takes for a level
/// is the policy's to say (`risk.bands`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Signals {
    /// The connection hides where it comes from.
    pub vpn: bool,
    /// The connection is from a region of high risk.
    pub high_risk_region: bool,
    /// Something triggered the safety lock and is not explained.
    pub lock_trigger_open: bool,
    /// A recovery failed of late.
    pub recovery_failed: bool,
    /// A destroyed token was used.
    pub dead_token_used: bool,
}

/// A payer's rating.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rating {
    /// Counts the ratings of this payer; grows with each.
    pub epoch: u64,
    /// From 0 to 100.
    pub score: u8,
    /// The policy's name for the band of the score, such as `low`.
    pub level: String,
}

impl Signals {
    const fn all(self) -> [bool; 5] {
        [
            self.vpn,
            self.high_risk_region,
            self.lock_trigger_open,
            self.recovery_failed,
            self.dead_token_used,
        ]
    }

    /// The share of the signals that are raised, of 100, rounded down.
    #[must_use]
    pub fn score(self) -> u8 {
        let all = self.all();
        let raised = all.iter().filter(|raised| **raised).count();
        u8::try_from(raised * 100 / all.len()).unwrap_or(100)
    }
}

/// Rates anew. The epoch moves even where the level stays, so that a receipt can say that the rating was refreshed
/// when its mandate ended.
///
/// # Errors
/// [`PolicyError`] where the bundle lacks a band for the score.
pub fn refresh(policy: &Policy, epoch_before: u64, signals: Signals) -> Result<Rating, PolicyError> {
    let score = signals.score();
    Ok(Rating {
        epoch: epoch_before.saturating_add(1),
        score,
        level: level(policy, score)?.to_owned(),
    })
}

/// The first band whose `max` is not below the score.
///
/// # Errors
/// [`PolicyError`] where there is none; a bundle that was loaded has one for every score.
pub fn level(policy: &Policy, score: u8) -> Result<&str, PolicyError> {
    let score = Quantity::from(u32::from(score));
    let band = policy.risk.bands.iter().find(|band| score <= band.max);
    band.map(|band| band.level.as_str())
        .ok_or_else(|| PolicyError::Missing {
            key: "risk.bands".to_owned(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::DEFAULT_BUNDLE;

    fn policy() -> Policy {
        Policy::load(DEFAULT_BUNDLE).unwrap()
    }

    //
    #[test]
    fn the_epoch_moves_at_each_refresh_even_where_the_level_stays() {
        let once = refresh(&policy(), 3, Signals::default()).unwrap();
        let twice = refresh(&policy(), once.epoch, Signals::default()).unwrap();
        assert_eq!((once.epoch, twice.epoch), (4, 5));
        assert_eq!(once.level, twice.level);
    }

    //
    #[test]
    fn a_level_holds_up_to_its_bound_and_the_next_one_above() {
        let levels = [29, 30, 59, 60, 84, 85, 100].map(|score| level(&policy(), score).unwrap().to_owned());
        assert_eq!(
            levels,
            ["low", "medium", "medium", "high", "high", "critical", "critical"]
        );
    }

    //
    #[test]
    fn more_signals_never_lower_the_score_and_a_hidden_connection_alone_is_low() {
        let vpn = Signals {
            vpn: true,
            ..Signals::default()
        };
        let two = Signals {
            high_risk_region: true,
            ..vpn
        };
        let all = Signals {
            vpn: true,
            high_risk_region: true,
            lock_trigger_open: true,
            recovery_failed: true,
            dead_token_used: true,
        };
        let scores = [Signals::default(), vpn, two, all].map(Signals::score);
        assert_eq!(scores, [0, 20, 40, 100]);
        assert_eq!(refresh(&policy(), 0, vpn).unwrap().level, "low");
    }
}
