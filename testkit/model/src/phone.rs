//! The phone's side of one token.

use quittance_flows::destruction::phone::{PhoneEffect, PhoneEvent, PhoneState, step};
use quittance_protocol::log_body::ClosureKind;
use quittance_protocol::statement::ReplicaState;

use crate::action::Message;
use crate::fixed;
use crate::flaw::Flaw;
use crate::gateway::Logged;

/// What the phone has of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Phone {
    /// Where the destruction stands; durable.
    pub(crate) state: Option<PhoneState>,
    /// Its half; durable.
    pub(crate) half: ReplicaState,
    /// The attestation is in the outbox; durable.
    pub(crate) attests: bool,
    /// The wish to take the order back is in the outbox; durable.
    pub(crate) takes_back: bool,
    /// The attestation is owed and not yet written; in memory, where a flaw leaves it there.
    pub(crate) owes: bool,
    /// Nothing takes the end back from here.
    pub(crate) is_past_return: bool,
    /// The payer was told that it stops.
    pub(crate) was_stopped: bool,
}

impl Phone {
    pub(crate) const fn new() -> Self {
        Self {
            state: None,
            half: ReplicaState::Active,
            attests: false,
            takes_back: false,
            owes: false,
            is_past_return: false,
            was_stopped: false,
        }
    }

    /// The payer's wish: the half is held at once.
    pub(crate) fn stop(&mut self, token: usize, flaw: Option<Flaw>) {
        self.state = Some(PhoneState::Intended {
            mandates: vec![fixed::mandate(token)],
        });
        self.half = ReplicaState::Held;
        self.was_stopped = true;
        if flaw == Some(Flaw::PhoneDestroysAtOnce) {
            self.half = ReplicaState::Destroyed;
        }
    }

    /// What the outbox holds.
    pub(crate) fn outbox(&self) -> Vec<Message> {
        let mut messages = Vec::new();
        match &self.state {
            Some(PhoneState::Intended { .. }) => messages.push(Message::Intent),
            Some(PhoneState::Scheduled { .. }) if self.takes_back => messages.push(Message::Undo),
            Some(PhoneState::Attesting(_)) if self.attests => messages.push(Message::Attestation),
            _ => {}
        }
        messages
    }

    /// What is said about a token arrives.
    pub(crate) fn hear(&mut self, token: usize, message: Message, log: &[Logged], flaw: Option<Flaw>) {
        let order = fixed::order(token);
        match message {
            // The phone asks for the log's proof of the order before it believes it.
            Message::Order(_) if !log.contains(&Logged::Order) => {}
            Message::Order(true) => self.take(PhoneEvent::OrderReceived(order), flaw),
            Message::Order(false) => self.take(
                PhoneEvent::OrderScheduled {
                    order,
                    effective_at: fixed::due(),
                },
                flaw,
            ),
            Message::Undone if flaw == Some(Flaw::ResumesLate) => self.half = ReplicaState::Active,
            Message::Undone => self.take(PhoneEvent::OrderUndone(order), flaw),
            Message::Accepted => self.take(PhoneEvent::AttestationAccepted, flaw),
            Message::Closure(both) => {
                let kind = if both {
                    ClosureKind::TwoSided
                } else {
                    ClosureKind::Unilateral
                };
                let is_logged = log.contains(&Logged::Closure(both)) && log.contains(&Logged::Destroyed);
                let event = if is_logged || flaw == Some(Flaw::BelievesUnlogged) {
                    PhoneEvent::ClosureVerified(kind)
                } else {
                    PhoneEvent::ClosureRefused
                };
                self.take(event, flaw);
            }
            Message::Intent | Message::Undo | Message::Attestation => {}
        }
    }

    /// The moment is reached.
    pub(crate) fn due(&mut self, flaw: Option<Flaw>) {
        let came = PhoneEvent::TimeCame {
            now: fixed::due(),
            may_be_undone: self.takes_back && flaw != Some(Flaw::GoesByTimeAlone),
        };
        self.take(came, flaw);
    }

    /// Carries out the order: half and attestation in one transaction.
    pub(crate) fn destroy(&mut self, flaw: Option<Flaw>) {
        self.half = ReplicaState::Destroyed;
        if flaw == Some(Flaw::AttestationApart) {
            self.owes = true;
        } else {
            self.take(PhoneEvent::HalfGone(fixed::destroyed()), flaw);
        }
    }

    /// Writes the attestation that was left in memory.
    pub(crate) fn attest(&mut self, flaw: Option<Flaw>) {
        self.owes = false;
        self.take(PhoneEvent::HalfGone(fixed::destroyed()), flaw);
    }

    /// Everything in memory is gone. What is durable says what to do next.
    pub(crate) fn crash(&mut self, flaw: Option<Flaw>) {
        self.owes = false;
        if flaw == Some(Flaw::WishInMemory) && matches!(self.state, Some(PhoneState::Intended { .. })) {
            self.state = None;
        }
    }

    /// Takes an event by the product's own step; what is refused changes nothing.
    fn take(&mut self, event: PhoneEvent, flaw: Option<Flaw>) {
        let Some(Ok((next, effects))) = self.state.as_ref().map(|state| step(state, event)) else {
            return;
        };
        self.is_past_return |= matches!(next, PhoneState::Ordered(_));
        if matches!(next, PhoneState::Undone(_)) {
            self.half = ReplicaState::Active;
        }
        self.state = Some(next);
        for effect in effects {
            match effect {
                // A step of its own: the world decides when.
                PhoneEffect::DestroyHalves(_) if flaw == Some(Flaw::AttestsFirst) => {
                    self.take(PhoneEvent::HalfGone(fixed::destroyed()), flaw);
                }
                PhoneEffect::DestroyHalves(_) => {}
                PhoneEffect::Attest(..) => self.attests = true,
                PhoneEffect::Acknowledge { .. } => {}
            }
        }
    }

    /// The closure that this phone stands by.
    pub(crate) fn closed(&self) -> Option<ClosureKind> {
        match &self.state {
            Some(PhoneState::Closed { kind, .. }) => Some(*kind),
            _ => None,
        }
    }
}
