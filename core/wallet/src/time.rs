//! What the phone believes the gateway's time to be.
//!
//! The gateway's time decides everything. The phone keeps the last time that the gateway told, with its own clock's
//! reading of then, and adds what its own clock has moved since. A clock that went back adds nothing; doubt shortens
//! rights, never lengthens them.

use quittance_protocol::Timestamp;
use serde::{Deserialize, Serialize};

/// The last time that the gateway told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct GatewayTime {
    /// What the gateway said.
    pub(crate) told: Timestamp,
    /// What the phone's own clock said then.
    pub(crate) own: Timestamp,
}

impl GatewayTime {
    /// The estimate when the phone's own clock says `own`.
    pub(crate) fn estimate(&self, own: Timestamp) -> Timestamp {
        self.told.plus_seconds(own.seconds_since(self.own).max(0))
    }

    /// Takes in what the gateway told when the phone's own clock said `own`; told time never goes back.
    pub(crate) fn heard(known: Option<Self>, told: Timestamp, own: Timestamp) -> Self {
        match known {
            Some(known) if known.told > told => known,
            _ => Self { told, own },
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
    fn an_older_answer_does_not_turn_time_back() {
        let heard = GatewayTime::heard(None, at(100), at(0));
        assert_eq!(GatewayTime::heard(Some(heard), at(50), at(9)), heard);
        assert_eq!(GatewayTime::heard(Some(heard), at(150), at(9)).estimate(at(9)), at(150));
    }
}
