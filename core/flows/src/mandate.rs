//! The mandate's state machine (domain 7.1).

use crate::Refused;
use crate::hold::{Hold, HoldOwner, Holds};
use quittance_protocol::Timestamp;
use quittance_protocol::answer::MandateState;
use quittance_protocol::log_body::{Actor, Ending, TerminationCause};
use quittance_protocol::statement::Terms;
use serde::{Deserialize, Serialize};

/// What decides whether a mandate can be charged, and how it ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mandate {
    /// Where it stands.
    pub state: MandateState,
    /// Who holds it.
    pub holds: Holds,
    /// Why it ended, or why its end is ordered, and by whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ending: Option<Ending>,
    /// The end that is ordered for later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduled: Option<Scheduled>,
}

/// An end that is ordered for later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scheduled {
    /// From this moment on nothing takes it back.
    pub due: Timestamp,
    /// Whether the mandate was active before, so that undoing makes it so again.
    pub was_active: bool,
}

/// What happens to a mandate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MandateEvent {
    /// The payer began to sign.
    SigningStarted,
    /// Every proof that signing asks for is there.
    Authorized {
        /// Whether the payer's bank has to authorize it, too.
        bank: bool,
    },
    /// The bank authorized it, by redirect and back channel.
    BankApproved,
    /// Both halves stand, the first permits are deposited.
    Activated,
    /// It ends before it ever could be charged: left, refused, or not activated in time.
    Rejected(Ending),
    /// Somebody holds.
    HoldAdded(Hold),
    /// An owner's hold is to be lifted, at the wish of this actor.
    HoldLifted(HoldOwner, Actor),
    /// The clock: holds whose time is over lapse.
    HoldsLapsed(Timestamp),
    /// An end is ordered for later.
    Scheduled {
        /// Why, by whom.
        ending: Ending,
        /// Now.
        at: Timestamp,
        /// From when on nothing takes it back.
        due: Timestamp,
    },
    /// The payer takes the scheduled end back.
    Undone {
        /// Now.
        at: Timestamp,
    },
    /// The moment of the scheduled end.
    Due {
        /// Now.
        at: Timestamp,
    },
    /// An end is ordered that nothing takes back.
    Ordered {
        /// Why, by whom.
        ending: Ending,
        /// Now.
        at: Timestamp,
    },
    /// The gateway's half is destroyed.
    HalfDestroyed,
}

impl Mandate {
    /// A mandate that was proposed.
    pub fn draft() -> Self {
        Self::at(MandateState::Draft)
    }

    /// A mandate whose consent was accepted.
    pub fn provisioning() -> Self {
        Self::at(MandateState::Provisioning)
    }

    fn at(state: MandateState) -> Self {
        Self {
            state,
            holds: Holds::default(),
            ending: None,
            scheduled: None,
        }
    }

    /// Whether it could still come to be charged: nothing has ended it for good.
    pub const fn is_live(&self) -> bool {
        !matches!(
            self.state,
            MandateState::Revoking | MandateState::Ended | MandateState::Rejected
        )
    }

    /// Takes one event. A hold or an order is taken from every live state: no state blocks stopping.
    ///
    /// # Errors
    /// [`Refused::Ended`] once it is ended or rejected; [`Refused::TooLate`] where it is ending already, or undoing
    /// comes after the due moment; [`Refused::TooEarly`] for a due moment that has not come, or a half that is
    /// destroyed before the order; [`Refused::Author`] where somebody else than its owner lifts a hold;
    /// [`Refused::StepOrder`] for every other event that does not belong to the state.
    pub fn step(&self, event: MandateEvent) -> Result<Mandate, Refused> {
        use MandateState::{
            Active, Draft, Ended, PendingAuthorization, PendingBank, Provisioning, Rejected, RevocationScheduled,
            Revoking, Suspended,
        };
        let mut next = self.clone();
        match (self.state, event) {
            (Ended | Rejected, _) => return Err(Refused::Ended),
            (Revoking, MandateEvent::HalfDestroyed) => next.state = Ended,
            (Revoking, _) => return Err(Refused::TooLate),
            (_, MandateEvent::HalfDestroyed) => return Err(Refused::TooEarly),

            (_, MandateEvent::HoldAdded(hold)) => next.holds.add(hold),
            (_, MandateEvent::HoldLifted(owner, by)) => next.lift(owner, by)?,
            (_, MandateEvent::HoldsLapsed(now)) => next.holds.lapse(now),

            // Nothing to destroy yet: no token was made.
            (
                Draft | PendingAuthorization | PendingBank,
                MandateEvent::Ordered { ending, .. } | MandateEvent::Scheduled { ending, .. },
            ) => next.end(Rejected, ending),
            (Draft | PendingAuthorization | PendingBank | Provisioning, MandateEvent::Rejected(ending)) => {
                next.end(Rejected, ending);
            }
            (_, MandateEvent::Ordered { ending, at }) => {
                next.end(Revoking, ending);
                next.holds.add(Hold::new(HoldOwner::Revocation, at));
            }
            (Provisioning | Active | Suspended, MandateEvent::Scheduled { ending, at, due }) => {
                next.end(RevocationScheduled, ending);
                next.holds.add(Hold::new(HoldOwner::Revocation, at));
                next.scheduled = Some(Scheduled {
                    due,
                    was_active: self.state != Provisioning,
                });
            }
            (RevocationScheduled, MandateEvent::Undone { at }) => next.undo(at)?,
            (RevocationScheduled, MandateEvent::Due { at }) => {
                if self.scheduled.is_some_and(|scheduled| at < scheduled.due) {
                    return Err(Refused::TooEarly);
                }
                next.state = Revoking;
                next.scheduled = None;
            }

            (Draft, MandateEvent::SigningStarted) => next.state = PendingAuthorization,
            (PendingAuthorization, MandateEvent::Authorized { bank: true }) => next.state = PendingBank,
            (PendingAuthorization, MandateEvent::Authorized { bank: false })
            | (PendingBank, MandateEvent::BankApproved) => next.state = Provisioning,
            (Provisioning, MandateEvent::Activated) => next.state = Active,
            _ => return Err(Refused::StepOrder),
        }
        if matches!(next.state, Active | Suspended) {
            next.state = if next.holds.is_empty() { Active } else { Suspended };
        }
        Ok(next)
    }

    fn end(&mut self, state: MandateState, ending: Ending) {
        self.state = state;
        self.ending = Some(ending);
        self.scheduled = None;
    }

    /// Only its owner lifts a hold (I9). That of a scheduled end falls with the end, not alone.
    fn lift(&mut self, owner: HoldOwner, by: Actor) -> Result<(), Refused> {
        if by != owner.lifted_by() {
            return Err(Refused::Author);
        }
        if owner == HoldOwner::Revocation && self.state == MandateState::RevocationScheduled {
            return Err(Refused::StepOrder);
        }
        self.holds.remove(owner);
        Ok(())
    }

    fn undo(&mut self, now: Timestamp) -> Result<(), Refused> {
        let Some(scheduled) = self.scheduled.take_if(|scheduled| now < scheduled.due) else {
            return Err(Refused::TooLate);
        };
        self.holds.remove(HoldOwner::Revocation);
        self.ending = None;
        self.state = if scheduled.was_active {
            MandateState::Active
        } else {
            MandateState::Provisioning
        };
        Ok(())
    }
}

/// How a mandate ends by itself, where its terms say that it is over: its validity ended, or each charge that
/// it allowed was made (H6).
pub fn ends_by_itself(terms: &Terms, charges: u32, now: Timestamp) -> Option<Ending> {
    if terms.limits.charges.is_some_and(|most| charges >= most) {
        Some(TerminationCause::Consumed.by_usual_actor())
    } else if terms.valid_until.is_some_and(|until| now >= until) {
        Some(TerminationCause::Expired.by_usual_actor())
    } else {
        None
    }
}

#[cfg(test)]
mod tests;
