//! The mandate's state machine at the gateway (domain 7.1).

use crate::Refused;
use quittance_protocol::answer::MandateState;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Who holds a mandate. Lifting one owner's hold lifts no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldOwner {
    /// The payer's own pause.
    Payer,
    /// A cancellation that is under way or was left.
    Revocation,
}

/// What decides whether a mandate can be charged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mandate {
    /// Where it stands.
    pub state: MandateState,
    /// Who holds it.
    pub holds: BTreeSet<HoldOwner>,
}

/// What happens to a mandate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MandateEvent {
    /// Both halves stand, the first permits are deposited.
    Activated,
    /// Activation did not come in time, or the payer stopped before it.
    ProvisioningEnded,
    /// Somebody holds.
    HoldAdded(HoldOwner),
    /// Somebody lifts their own hold.
    HoldLifted(HoldOwner),
    /// A destruction order is effective.
    Ordered,
    /// The gateway's half is destroyed.
    HalfDestroyed,
}

impl HoldOwner {
    /// The owner's name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            HoldOwner::Payer => "payer",
            HoldOwner::Revocation => "revocation",
        }
    }
}

impl Mandate {
    /// A mandate whose consent was accepted.
    pub fn provisioning() -> Self {
        Self {
            state: MandateState::Provisioning,
            holds: BTreeSet::new(),
        }
    }

    /// Takes one event. An order is taken from every live state: no state blocks stopping.
    ///
    /// # Errors
    /// [`Refused::Ended`] once it is ended or rejected, [`Refused::TooLate`] where it is ending already.
    pub fn step(&self, event: MandateEvent) -> Result<Mandate, Refused> {
        use MandateState::{Active, Ended, Provisioning, Rejected, Revoking, Suspended};
        let mut next = self.clone();
        match (self.state, event) {
            (Ended | Rejected, _) => return Err(Refused::Ended),
            (Revoking, MandateEvent::HalfDestroyed) => next.state = Ended,
            (Revoking, _) => return Err(Refused::TooLate),
            (_, MandateEvent::HalfDestroyed) => return Err(Refused::TooEarly),
            (_, MandateEvent::Ordered) => {
                next.state = Revoking;
                next.holds.insert(HoldOwner::Revocation);
            }
            (Provisioning, MandateEvent::Activated) => next.state = Active,
            (Provisioning, MandateEvent::ProvisioningEnded) => next.state = Rejected,
            (_, MandateEvent::Activated | MandateEvent::ProvisioningEnded) => return Err(Refused::StepOrder),
            (_, MandateEvent::HoldAdded(owner)) => {
                next.holds.insert(owner);
            }
            (_, MandateEvent::HoldLifted(owner)) => {
                next.holds.remove(&owner);
            }
        }
        if matches!(next.state, Active | Suspended) {
            next.state = if next.holds.is_empty() { Active } else { Suspended };
        }
        Ok(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use MandateEvent::*;

    fn after(events: &[MandateEvent]) -> Result<Mandate, Refused> {
        events
            .iter()
            .try_fold(Mandate::provisioning(), |mandate, event| mandate.step(*event))
    }

    #[test]
    fn lifting_one_hold_lifts_no_other() {
        let both = after(&[Activated, HoldAdded(HoldOwner::Payer), HoldAdded(HoldOwner::Revocation)]).unwrap();
        let one = both.step(HoldLifted(HoldOwner::Payer)).unwrap();
        assert_eq!(one.state, MandateState::Suspended);
        assert_eq!(
            one.step(HoldLifted(HoldOwner::Revocation)).unwrap().state,
            MandateState::Active
        );
    }

    #[test]
    fn every_live_state_can_be_ended() {
        for live in [
            vec![],
            vec![Activated],
            vec![Activated, HoldAdded(HoldOwner::Payer)],
            vec![HoldAdded(HoldOwner::Payer), Activated],
        ] {
            let mandate = after(&live).unwrap().step(Ordered).unwrap();
            assert_eq!(mandate.state, MandateState::Revoking, "after {live:?}");
            assert_eq!(mandate.step(HalfDestroyed).unwrap().state, MandateState::Ended);
        }
    }

    #[test]
    fn a_hold_made_before_activation_survives_it() {
        let mandate = after(&[HoldAdded(HoldOwner::Payer), Activated]).unwrap();
        assert_eq!(mandate.state, MandateState::Suspended);
    }

    #[test]
    fn from_an_order_on_there_is_no_way_back() {
        let revoking = after(&[Activated, Ordered]).unwrap();
        for event in [
            Activated,
            HoldAdded(HoldOwner::Payer),
            HoldLifted(HoldOwner::Revocation),
            Ordered,
            ProvisioningEnded,
        ] {
            assert_eq!(revoking.step(event), Err(Refused::TooLate), "{event:?}");
        }
        let ended = revoking.step(HalfDestroyed).unwrap();
        for event in [Activated, HoldLifted(HoldOwner::Revocation), Ordered, HalfDestroyed] {
            assert_eq!(ended.step(event), Err(Refused::Ended), "{event:?}");
        }
    }
}
