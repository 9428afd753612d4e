//! The gateway's side of one token.

use std::hash::{Hash, Hasher};

use quittance_flows::charge::{ChargeRequest, Taken, authorize};
use quittance_flows::destruction::gateway::{GatewayEffect, GatewayEvent, GatewayState, OwnHalf, PhoneSide, step};
use quittance_flows::mandate::{Mandate, MandateEvent};
use quittance_protocol::log_body::ClosureKind;
use quittance_protocol::statement::ReplicaState;

use crate::action::Message;
use crate::fixed;
use crate::flaw::Flaw;
use crate::pool::Pool;
use crate::symmetry::Names;

/// What stands in the public log about a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Logged {
    /// The order, for the wish of this phone.
    Order(usize),
    /// The gateway's half is destroyed.
    Destroyed,
    /// It is closed; true: by both sides.
    Closure(bool),
}

/// Whose wish the latest order in the log names.
pub(crate) fn ordered_for(log: &[Logged]) -> Option<usize> {
    log.iter().rev().find_map(|logged| match logged {
        Logged::Order(phone) => Some(*phone),
        Logged::Destroyed | Logged::Closure(_) => None,
    })
}

/// What the gateway has of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Gateway {
    /// Which token.
    token: usize,
    /// The order; durable.
    pub(crate) order: Option<GatewayState>,
    /// Whose attestation stands in it; durable.
    attested_by: Option<usize>,
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
    /// The permits; durable.
    pub(crate) pool: Pool,
    /// A charge is with the card network.
    pub(crate) in_flight: bool,
    /// Nothing was tried since it last looked whether something is in flight; in memory, for a flaw alone.
    is_quiet: bool,
    /// Money moved that must not: a charge began while the end was on its way, or ended when the half was gone.
    pub(crate) overcharged: bool,
    /// Nothing takes the end back from here.
    pub(crate) is_past_return: bool,
}

impl Gateway {
    pub(crate) fn hash_as<H: Hasher>(&self, names: Names, hasher: &mut H) {
        let order = self.order.as_ref().map(|order| {
            let phone = match order.phone {
                PhoneSide::Silent => 0_u8,
                // Whose statement it is says `attested_by`.
                PhoneSide::Destroyed(_) => 1,
                PhoneSide::Absent(_) => 2,
                PhoneSide::Overdue => 3,
            };
            (order.own as u8, phone, order.closure.map(|kind| kind as u8))
        });
        (order, self.attested_by.map(|phone| names.phone(phone))).hash(hasher);
        // Moments and reasons are the same in every state of a world.
        let Mandate {
            state,
            holds,
            ending,
            scheduled,
        } = &self.mandate;
        (state, ending.is_some(), scheduled.is_some()).hash(hasher);
        holds.owners().for_each(|owner| owner.hash(hasher));
        (self.half, self.vault_has_it, self.vault_answered, self.owes).hash(hasher);
        for logged in &self.log {
            match logged {
                Logged::Order(phone) => Logged::Order(names.phone(*phone)),
                Logged::Destroyed | Logged::Closure(_) => *logged,
            }
            .hash(hasher);
        }
        self.pool.hash_as(names, hasher);
        (self.in_flight, self.is_quiet, self.log.len()).hash(hasher);
        (self.overcharged, self.is_past_return).hash(hasher);
    }

    pub(crate) fn new(token: usize, permits: u8) -> Self {
        let mandate = Mandate::provisioning();
        Self {
            token,
            order: None,
            attested_by: None,
            mandate: mandate.step(MandateEvent::Activated).unwrap_or(mandate),
            half: ReplicaState::Active,
            vault_has_it: true,
            vault_answered: false,
            owes: None,
            log: Vec::new(),
            pool: Pool::new(permits),
            in_flight: false,
            is_quiet: false,
            overcharged: false,
            is_past_return: false,
        }
    }

    /// What is said about the token arrives: what is answered. It goes by the account, not by the phone that speaks.
    pub(crate) fn hear(&mut self, message: Message, is_due: bool, later: bool, flaw: Option<Flaw>) -> Vec<Message> {
        match message {
            Message::Intent(phone) => {
                let is_anothers = ordered_for(&self.log) != Some(phone);
                let again = match flaw {
                    Some(Flaw::OrdersTwice) => true,
                    Some(Flaw::OrdersForEach) => is_anothers,
                    _ => false,
                };
                if self.order.is_none() || again {
                    self.order(phone, later);
                }
                self.answer()
            }
            Message::Undo(_) if !is_due || flaw == Some(Flaw::UndoesLate) => {
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
            Message::Attestation(phone) => {
                let said = fixed::attestation(phone, self.token);
                let answers = self.take(GatewayEvent::PhoneDestroyed(said), flaw);
                let has_it = self
                    .order
                    .as_ref()
                    .is_some_and(|order| order.phone == PhoneSide::Destroyed(said));
                if has_it {
                    self.attested_by = Some(phone);
                }
                let accepted = has_it.then_some(Message::Accepted(phone));
                [answers, accepted.into_iter().collect(), self.answer()].concat()
            }
            Message::Permit(signed) => {
                self.pool.admit(signed, &self.mandate, flaw);
                Vec::new()
            }
            Message::Undo(_) | Message::Order(_) | Message::Undone | Message::Accepted(_) | Message::Closure(_) => {
                Vec::new()
            }
        }
    }

    /// A new order: it holds at once, and is effective at once or later.
    fn order(&mut self, phone: usize, later: bool) {
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
        self.log.push(Logged::Order(phone));
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
        self.is_quiet = false;
        let request = ChargeRequest {
            mandate: &self.mandate,
            gateway_half: self.half,
            terms: &fixed::terms(),
            taken: Taken::nothing(fixed::money(0)),
            payee: fixed::merchant(),
            amount: fixed::amount(),
            challenge: None,
            now: if is_due { fixed::due() } else { fixed::early() },
        };
        let unused = self.pool.unused();
        let wrongly = flaw == Some(Flaw::ChargesWhileEnding) && self.half == ReplicaState::Quiesced;
        let passes = authorize(&request, &unused).ok();
        let first = unused.first().map(|(number, _)| *number);
        if let Some(number) = passes.or(first.filter(|_| wrongly)) {
            self.overcharged |= self.is_past_return;
            self.pool.pay(number);
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
        if !self.is_drained(flaw) {
            return Vec::new();
        }
        if flaw == Some(Flaw::WaitsAnew) && !self.is_quiet {
            self.is_quiet = true;
            return Vec::new();
        }
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
    pub(crate) fn waits_for_phone(&self, flaw: Option<Flaw>) -> bool {
        let waits = self
            .order
            .as_ref()
            .is_some_and(|order| order.phone == PhoneSide::Silent && order.own != OwnHalf::Scheduled);
        waits && flaw != Some(Flaw::WaitsForTheLost)
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
        self.is_quiet = false;
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
