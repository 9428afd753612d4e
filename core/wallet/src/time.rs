//! What the phone believes the gateway's time to be.
//!
//! The gateway's time decides everything. The phone keeps the last time that the gateway told, with its own clock's
//! reading of then, and adds what its own clock has moved since. A clock that went back adds nothing; doubt shortens
//! rights, never lengthens them. What is told without a proof lasts until the next answer only; the times of verified
//! log entries are a floor below which nothing goes again.

use quittance_flows::Seconds;
use quittance_protocol::Timestamp;
use serde::{Deserialize, Serialize};

/// The last time that the gateway told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct GatewayTime {
    /// What the gateway said.
    pub(crate) told: Timestamp,
    /// What the phone's own clock said then.
    pub(crate) own: Timestamp,
    /// The newest time of a verified log entry.
    #[serde(default)]
    pub(crate) floor: Option<Timestamp>,
}

/// Whether what was told at this moment, or never, is older than the policy's `sync.max_lag`: a screen says so.
pub(crate) fn is_stale(as_of: Option<Timestamp>, now: Timestamp, lag: Seconds) -> bool {
    as_of.is_none_or(|told| now.seconds_since(told) > lag.get())
}

impl GatewayTime {
    /// The estimate when the phone's own clock says `own`.
    pub(crate) fn estimate(&self, own: Timestamp) -> Timestamp {
        let moved = self.told.plus_seconds(own.seconds_since(self.own).max(0));
        self.floor.map_or(moved, |floor| floor.max(moved))
    }

    /// How many seconds the phone's own clock was off, either way, when the gateway told its time.
    pub(crate) fn off_by(&self) -> u64 {
        self.told.seconds_since(self.own).unsigned_abs()
    }

    /// Takes in what an answer told, without a proof, when the phone's own clock said `own`: the newest answer counts.
    pub(crate) fn heard(known: Option<Self>, told: Timestamp, own: Timestamp) -> Self {
        let floor = known.and_then(|known| known.floor);
        Self { told, own, floor }
    }

    /// Takes in the time of a verified log entry: from then on time is not before it.
    pub(crate) fn proved(known: Option<Self>, logged: Timestamp, own: Timestamp) -> Self {
        let known = known.unwrap_or(Self {
            told: logged,
            own,
            floor: None,
        });
        let floor = known.floor.map_or(logged, |floor| floor.max(logged));
        Self {
            floor: Some(floor),
            ..known
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_unix(1_800_000_000 + second).unwrap()
    }

    #[test]
    fn the_phones_clock_moves_the_estimate_forward_and_never_back() {
        let heard = GatewayTime::heard(None, at(100), at(7));
        assert_eq!(heard.estimate(at(17)), at(110));
        assert_eq!(heard.estimate(at(0)), at(100), "a clock that was set back adds nothing");
    }

    #[test]
    fn a_clock_is_off_by_what_it_differed_when_the_gateway_spoke() {
        let off_by = |told, own| GatewayTime::heard(None, at(told), at(own)).off_by();
        assert_eq!((off_by(100, 7), off_by(7, 100), off_by(7, 7)), (93, 93, 0));
    }

    #[test]
    fn an_answer_from_far_ahead_does_not_last() {
        let lied = GatewayTime::heard(None, at(2_000_000_000), at(0));
        let heard = GatewayTime::heard(Some(lied), at(50), at(9));
        assert_eq!(heard.estimate(at(9)), at(50));
    }

    #[test]
    fn nothing_turns_time_back_before_a_logged_entry() {
        let proved = GatewayTime::proved(Some(GatewayTime::heard(None, at(100), at(0))), at(90), at(0));
        assert_eq!(proved.estimate(at(0)), at(100), "an older entry changes nothing");
        let heard = GatewayTime::heard(Some(proved), at(50), at(0));
        assert_eq!(heard.estimate(at(0)), at(90));
        assert_eq!(GatewayTime::proved(Some(heard), at(80), at(0)).estimate(at(0)), at(90));
        assert_eq!(GatewayTime::proved(None, at(80), at(5)).estimate(at(6)), at(81));
    }
}
