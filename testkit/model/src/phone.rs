//! A phone's side of one token.

use std::hash::{Hash, Hasher};

use quittance_flows::destruction::phone::{
    Ground, Grounds, Order, PhoneEffect, PhoneEvent, PhoneState, Wish, is_grounded, step,
};
use quittance_protocol::log_body::ClosureKind;
use quittance_protocol::statement::ReplicaState;

use crate::action::Message;
use crate::fixed;
use crate::flaw::Flaw;
use crate::gateway::{Logged, ordered_for};

/// What a phone has of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Phone {
    /// Which phone it is, and which token.
    pub(crate) phone: usize,
    pub(crate) token: usize,
    /// Whether it ever had a half of it.
    pub(crate) knows_it: bool,
    /// Where the destruction stands; durable.
    pub(crate) state: Option<PhoneState>,
    /// Its half; durable. Destroyed where it never had one.
    pub(crate) half: ReplicaState,
    /// The attestation is in the outbox; durable.
    pub(crate) attests: bool,
    /// The wish to take the order back is in the outbox; durable.
    pub(crate) takes_back: bool,
    /// The number of the permit that it makes next; durable.
    pub(crate) next_permit: u8,
    /// An order was not believed.
    pub(crate) disputes: bool,
    /// The attestation is owed and not yet written; in memory, where a flaw leaves it there.
    pub(crate) owes: bool,
    /// Nothing takes the end back from here.
    pub(crate) is_past_return: bool,
    /// The payer was told that it stops.
    pub(crate) was_stopped: bool,
}

impl Hash for Phone {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        // Order, nonce and moments of a token are the same in every state of a world, so that the variant says it all.
        let stage = match &self.state {
            None => 0_u8,
            Some(PhoneState::Intended { .. }) => 1,
            Some(PhoneState::Scheduled { .. }) => 2,
            Some(PhoneState::Undone(_)) => 3,
            Some(PhoneState::Ordered(_)) => 4,
            Some(PhoneState::Attesting(_)) => 5,
            Some(PhoneState::Attested(_)) => 6,
            Some(PhoneState::Closed { kind, .. }) => 7 + u8::from(*kind == ClosureKind::TwoSided),
            Some(PhoneState::Disputed(_)) => 9,
        };
        (stage, self.half, self.next_permit).hash(hasher);
        (self.attests, self.takes_back, self.disputes, self.owes).hash(hasher);
        (self.is_past_return, self.was_stopped).hash(hasher);
    }
}

impl Phone {
    pub(crate) const fn new(phone: usize, token: usize, knows_it: bool, permits: u8) -> Self {
        Self {
            phone,
            token,
            knows_it,
            state: None,
            half: if knows_it {
                ReplicaState::Active
            } else {
                ReplicaState::Destroyed
            },
            attests: false,
            takes_back: false,
            next_permit: permits + 1,
            disputes: false,
            owes: false,
            is_past_return: false,
            was_stopped: false,
        }
    }

    /// The payer's wish: the half is held at once.
    pub(crate) fn stop(&mut self, flaw: Option<Flaw>) {
        self.intend();
        self.was_stopped = true;
        if flaw == Some(Flaw::PhoneDestroysAtOnce) {
            self.half = ReplicaState::Destroyed;
        }
    }

    fn intend(&mut self) {
        self.state = Some(PhoneState::Intended {
            mandates: vec![fixed::mandate(self.token)],
        });
        self.half = ReplicaState::Held;
    }

    /// Whether it can sign permits.
    pub(crate) fn can_pay(&self) -> bool {
        self.half == ReplicaState::Active && self.state.is_none()
    }

    /// What the outbox holds.
    pub(crate) fn outbox(&self) -> Option<Message> {
        match &self.state {
            Some(PhoneState::Intended { .. }) => Some(Message::Intent(self.phone)),
            Some(PhoneState::Scheduled { .. }) if self.takes_back => Some(Message::Undo(self.phone)),
            Some(PhoneState::Attesting(_)) if self.attests => Some(Message::Attestation(self.phone)),
            _ => None,
        }
    }

    /// What is said about a token arrives.
    pub(crate) fn hear(&mut self, message: Message, log: &[Logged], flaw: Option<Flaw>) {
        let order = fixed::order(self.token);
        let takes_any = flaw == Some(Flaw::TakesAnyGround);
        if takes_any && self.knows_it && self.state.is_none() {
            self.intend();
        }
        match message {
            // The phone asks for the log's proof of the order before it believes it.
            Message::Order(_) if ordered_for(log).is_none() => {}
            // An order for what this phone never had is another one's.
            Message::Order(true) if !self.knows_it && flaw == Some(Flaw::AnswersForTheOther) => {
                self.state = Some(self.state.take().unwrap_or(PhoneState::Ordered(order)));
                self.take(PhoneEvent::HalfGone(fixed::destroyed()), flaw);
            }
            Message::Order(_) | Message::Undone | Message::Closure(_) if !self.knows_it => {}
            Message::Order(_) if !takes_any && !self.believes(log, &order) => self.disputes = true,
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
            Message::Accepted(phone) if phone == self.phone => self.take(PhoneEvent::AttestationAccepted, flaw),
            Message::Closure(both) => self.hear_closure(both, log, flaw),
            Message::Accepted(_)
            | Message::Intent(_)
            | Message::Undo(_)
            | Message::Attestation(_)
            | Message::Permit(_) => {}
        }
    }

    fn hear_closure(&mut self, both: bool, log: &[Logged], flaw: Option<Flaw>) {
        let kind = if both {
            ClosureKind::TwoSided
        } else {
            ClosureKind::Unilateral
        };
        if flaw == Some(Flaw::ClosesUnasked) && matches!(self.state, Some(PhoneState::Intended { .. })) {
            let order = fixed::order(self.token);
            self.state = Some(PhoneState::Closed { order, kind });
        }
        let is_logged = log.contains(&Logged::Closure(both)) && log.contains(&Logged::Destroyed);
        let event = if is_logged || flaw == Some(Flaw::BelievesUnlogged) {
            PhoneEvent::ClosureVerified(kind)
        } else {
            PhoneEvent::ClosureRefused
        };
        self.take(event, flaw);
    }

    /// Whether an order that is news stands on a wish of this phone, by the product's own rule.
    fn believes(&self, log: &[Logged], order: &Order) -> bool {
        let is_news = matches!(self.state, None | Some(PhoneState::Intended { .. }));
        let Some(whose) = ordered_for(log).filter(|_| is_news) else {
            return true;
        };
        let own = Wish {
            intent: fixed::intent(self.phone, self.token),
            mandates: order.mandates.clone(),
        };
        let ground = Ground {
            cause: fixed::ENDING.cause,
            intent: Some(fixed::intent(whose, self.token)),
        };
        let known = Grounds {
            wishes: if self.state.is_some() { &[own] } else { &[] },
            ..Grounds::default()
        };
        is_grounded(order, &ground, &known)
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
    pub(crate) fn crash(&mut self, permits: u8, flaw: Option<Flaw>) {
        self.owes = false;
        if flaw == Some(Flaw::WishInMemory) && matches!(self.state, Some(PhoneState::Intended { .. })) {
            self.state = None;
        }
        if flaw == Some(Flaw::CountsInMemory) {
            self.next_permit = permits + 1;
        }
    }

    /// Takes an event by the product's own step; what is refused changes nothing.
    fn take(&mut self, event: PhoneEvent, flaw: Option<Flaw>) {
        let Some(Ok((next, effects))) = self.state.as_ref().map(|state| step(state, event)) else {
            return;
        };
        let is_ordered = |state: Option<&PhoneState>| matches!(state, Some(PhoneState::Ordered(_)));
        let comes_due = is_ordered(Some(&next)) && !is_ordered(self.state.as_ref());
        self.is_past_return |= comes_due;
        if matches!(next, PhoneState::Undone(_)) {
            self.half = ReplicaState::Active;
        }
        self.state = Some(next);
        for effect in effects {
            match effect {
                PhoneEffect::Attest(..) => self.attests = true,
                PhoneEffect::Acknowledge { .. } => {}
            }
        }
        // The half ends in a step of its own: the world decides when.
        if comes_due && flaw == Some(Flaw::AttestsFirst) {
            self.take(PhoneEvent::HalfGone(fixed::destroyed()), flaw);
        }
    }

    /// The closure that this phone stands by.
    pub(crate) fn closed(&self) -> Option<ClosureKind> {
        match &self.state {
            Some(PhoneState::Closed { kind, .. }) => Some(*kind),
            _ => None,
        }
    }

    /// Whether its half is gone that it had.
    pub(crate) fn has_destroyed(&self) -> bool {
        self.knows_it && self.half == ReplicaState::Destroyed
    }
}
