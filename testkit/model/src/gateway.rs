//! The gateway's side of one token.

use quittance_flows::charge::{ChargeRequest, Taken, authorize};
use quittance_flows::destruction::gateway::{GatewayEffect, GatewayEvent, GatewayState, OwnHalf, PhoneSide, step};
use quittance_flows::mandate::{Mandate, MandateEvent};
use quittance_protocol::log_body::ClosureKind;
use quittance_protocol::statement::ReplicaState;

use crate::action::Message;
use crate::fixed;
use crate::flaw::Flaw;

/// What stands in the public log about a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Logged {
    /// The order.
    Order,
    /// The gateway's half is destroyed.
    Destroyed,
    /// It is closed; true: by both sides.
    Closure(bool),
}

/// What the gateway has of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Gateway {
    /// The order; durable.
    pub(crate) order: Option<GatewayState>,
    /// The mandate; durable.
    pub(crate) mandate: Mandate,
    /// What its database says of its half; durable.
    pub(crate) half: ReplicaState,
    /// Whether its vault still has the half; durable, and another file than the database.
    pub(crate) vault_has_it: bool,
    /// The vault answered that it destroyed the half, and that is not committed yet; in memory.
    pub(crate) vault_answered: bool,
    /// A closure that was answered and is not logged yet; in memory, where a flaw leaves it there.
    pub(crate) owes: Option<bool>,
    /// The public log.
    pub(crate) log: Vec<Logged>,
    /// Unused permits.
    pub(crate) permits: u8,
    /// A charge is with the card network.
    pub(crate) in_flight: bool,
    /// Money moved that must not: a charge began while the end was on its way, or ended when the half was gone.
    pub(crate) overcharged: bool,
    /// Nothing takes the end back from here.
    pub(crate) is_past_return: bool,
}

impl Gateway {
    pub(crate) fn new(permits: u8) -> Self {
        let mandate = Mandate::provisioning();
        Self {
            order: None,
            mandate: mandate.step(MandateEvent::Activated).unwrap_or(mandate),
            half: ReplicaState::Active,
            vault_has_it: true,
            vault_answered: false,
            owes: None,
            log: Vec::new(),
            permits,
            in_flight: false,
            overcharged: false,
            is_past_return: false,
        }
    }

    /// What is said about a token arrives: what is answered.
    pub(crate) fn hear(
        &mut self,
        token: usize,
        message: Message,
        is_due: bool,
        later: bool,
        flaw: Option<Flaw>,
    ) -> Vec<Message> {
        match message {
            Message::Intent => {
                if self.order.is_none() || flaw == Some(Flaw::OrdersTwice) {
                    self.order(later);
                }
                self.answer()
            }
            Message::Undo if !is_due || flaw == Some(Flaw::UndoesLate) => {
                if flaw == Some(Flaw::UndoesLate) {
                    self.order = Some(GatewayState::scheduled());
                }
                let at = fixed::early();
                let taken_back = self.mandate.step(MandateEvent::Undone { at });
                let answers = self.take(GatewayEvent::Undone, flaw);
                if let Ok(mandate) = taken_back {
                    self.mandate = mandate;
                }
                [answers, self.answer()].concat()
            }
            Message::Attestation => {
                let said = fixed::attestation(token);
                let answers = self.take(GatewayEvent::PhoneDestroyed(said), flaw);
                let has_it = self
                    .order
                    .as_ref()
                    .is_some_and(|order| order.phone == PhoneSide::Destroyed(said));
                let accepted = has_it.then_some(Message::Accepted);
                [answers, accepted.into_iter().collect(), self.answer()].concat()
            }
            _ => Vec::new(),
        }
    }

    /// A new order: it holds at once, and is effective at once or later.
    fn order(&mut self, later: bool) {
        let (ending, at) = (fixed::ENDING, fixed::early());
        let (state, half, event) = if later {
            let due = fixed::due();
            (
                GatewayState::scheduled(),
                ReplicaState::Held,
                MandateEvent::Scheduled { ending, at, due },
            )
        } else {
            (
                GatewayState::ordered(),
                ReplicaState::Quiesced,
                MandateEvent::Ordered { ending, at },
            )
        };
        if let Ok(mandate) = self.mandate.step(event) {
            self.mandate = mandate;
        }
        self.half = half;
        self.is_past_return |= !later;
        self.order = Some(state);
        self.log.push(Logged::Order);
    }

    /// What the gateway says of the order whenever it is asked.
    fn answer(&self) -> Vec<Message> {
        let Some(order) = &self.order else { return Vec::new() };
        let mut answers = match order.own {
            OwnHalf::Undone => vec![Message::Undone],
            own => vec![Message::Order(own != OwnHalf::Scheduled)],
        };
        answers.extend(order.closure.map(Message::closure));
        answers
    }

    /// The merchant wants money.
    pub(crate) fn charge(&mut self, is_due: bool, flaw: Option<Flaw>) {
        let amount = fixed::money(1_000);
        let (terms, permit) = (fixed::terms(amount), fixed::permit(amount));
        let request = ChargeRequest {
            mandate: &self.mandate,
            gateway_half: self.half,
            terms: &terms,
            taken: Taken::nothing(fixed::money(0)),
            payee: fixed::merchant(),
            amount,
            challenge: None,
            now: if is_due { fixed::due() } else { fixed::early() },
        };
        let passes = authorize(&request, &[(1, permit)]).is_ok();
        if passes || (flaw == Some(Flaw::ChargesWhileEnding) && self.half == ReplicaState::Quiesced) {
            self.overcharged |= self.is_past_return;
            self.permits = self.permits.saturating_sub(1);
            self.in_flight = true;
        }
    }

    /// The card network answered.
    pub(crate) fn charge_ends(&mut self) {
        self.in_flight = false;
        self.overcharged |= !self.vault_has_it;
    }

    /// Whether nothing of this token is in flight.
    pub(crate) fn is_drained(&self, flaw: Option<Flaw>) -> bool {
        let is_waiting = self.order.as_ref().is_some_and(|order| order.own == OwnHalf::Quiesced);
        is_waiting && (!self.in_flight || flaw == Some(Flaw::DoesNotDrain))
    }

    pub(crate) fn drained(&mut self, flaw: Option<Flaw>) -> Vec<Message> {
        let mut answers = self.take(GatewayEvent::Drained, flaw);
        if flaw == Some(Flaw::SaysDestroyedFirst) {
            answers.extend(self.take(GatewayEvent::HalvesDestroyed, flaw));
        }
        answers
    }

    /// Whether its vault has something to do.
    pub(crate) fn is_destroying(&self) -> bool {
        let is_destroying = self
            .order
            .as_ref()
            .is_some_and(|order| order.own == OwnHalf::Destroying);
        is_destroying && !self.vault_answered
    }

    pub(crate) fn vault_destroys(&mut self) {
        self.vault_has_it = false;
        self.vault_answered = true;
    }

    pub(crate) fn commit(&mut self, flaw: Option<Flaw>) -> Vec<Message> {
        self.vault_answered = false;
        self.take(GatewayEvent::HalvesDestroyed, flaw)
    }

    pub(crate) fn due(&mut self, flaw: Option<Flaw>) -> Vec<Message> {
        let answers = self.take(GatewayEvent::Due, flaw);
        if let Ok(mandate) = self.mandate.step(MandateEvent::Due { at: fixed::due() }) {
            self.mandate = mandate;
        }
        [answers, self.answer()].concat()
    }

    /// Whether the phone's silence matters.
    pub(crate) fn waits_for_phone(&self) -> bool {
        self.order
            .as_ref()
            .is_some_and(|order| order.phone == PhoneSide::Silent && order.own != OwnHalf::Scheduled)
    }

    pub(crate) fn overdue(&mut self, flaw: Option<Flaw>) -> Vec<Message> {
        self.take(GatewayEvent::DeviceDeadline, flaw)
    }

    /// Writes the closure that was answered before.
    pub(crate) fn log_owed(&mut self) {
        if let Some(both) = self.owes.take() {
            self.log.push(Logged::Closure(both));
        }
    }

    /// Everything in memory is gone. What is durable says what to do next.
    pub(crate) fn crash(&mut self, flaw: Option<Flaw>) {
        self.vault_answered = false;
        self.owes = None;
        if flaw == Some(Flaw::ForgetsOverRestart)
            && let Some(order) = self.order.as_mut().filter(|order| order.own == OwnHalf::Destroying)
        {
            order.own = OwnHalf::Undone;
        }
    }

    /// Takes an event by the product's own step; what is refused changes nothing.
    fn take(&mut self, event: GatewayEvent, flaw: Option<Flaw>) -> Vec<Message> {
        let Some(Ok((next, effects))) = self.order.as_ref().map(|order| step(order, event)) else {
            return Vec::new();
        };
        self.order = Some(next);
        let mut answers = Vec::new();
        for effect in effects {
            match effect {
                GatewayEffect::Quiesce => {
                    self.half = ReplicaState::Quiesced;
                    self.is_past_return = true;
                }
                GatewayEffect::GiveBack => self.half = ReplicaState::Active,
                // A step of its own: the vault is another file.
                GatewayEffect::DestroyHalves => {}
                GatewayEffect::LogDestroyed => {
                    self.half = ReplicaState::Destroyed;
                    if let Ok(mandate) = self.mandate.step(MandateEvent::HalfDestroyed) {
                        self.mandate = mandate;
                    }
                    self.log.push(Logged::Destroyed);
                }
                GatewayEffect::LogClosure(kind) => {
                    let both = kind == ClosureKind::TwoSided;
                    if matches!(flaw, Some(Flaw::LogsLater | Flaw::BelievesUnlogged)) {
                        self.owes = Some(both);
                    } else {
                        self.log.push(Logged::Closure(both));
                    }
                    answers.push(Message::closure(kind));
                }
            }
        }
        answers
    }
}
