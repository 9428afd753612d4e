//! The whole: tokens, the network between their two sides, the clock; what may happen next, what must never be.

use std::collections::BTreeSet;
use std::hash::{Hash, Hasher};

use quittance_flows::destruction::phone::PhoneState;
use quittance_protocol::log_body::ClosureKind;
use quittance_protocol::statement::ReplicaState;
use stateright::{Checker as _, Model, Property};

use crate::action::{Action, Message, Side};
use crate::flaw::Flaw;
use crate::gateway::{Gateway, Logged};
use crate::phone::Phone;

/// How much may happen.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Tokens of the phone, each with an end of its own.
    pub tokens: usize,
    /// Whether the ends are ordered for later, so that they can be taken back.
    pub is_scheduled: bool,
    /// Charges that the merchant has permits for, for each token.
    pub permits: u8,
    /// How often somebody is killed.
    pub crashes: u8,
    /// Whether the phone's time can run out.
    pub has_deadline: bool,
}

/// A world with its bounds, and the flaw that is planted in it.
#[derive(Debug, Clone, Copy)]
pub struct World {
    /// How much may happen.
    pub bounds: Bounds,
    /// What is wrong in it.
    pub flaw: Option<Flaw>,
}

/// What was found.
pub struct Explored {
    /// How many states there are.
    pub states: usize,
    /// What must not be and is, each with the shortest way to it.
    pub violations: Vec<(&'static str, Vec<Action>)>,
    /// What should be possible and was not seen.
    pub never_seen: Vec<&'static str>,
}

/// Everything at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    phones: Vec<Phone>,
    gateways: Vec<Gateway>,
    /// What was said once can arrive for ever.
    said: BTreeSet<(usize, Message)>,
    is_due: bool,
    is_overdue: bool,
    crashes: u8,
}

impl Hash for State {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        // The product's own states have no hash; their text is as good.
        format!("{self:?}").hash(hasher);
    }
}

impl World {
    /// Looks at every state there is.
    #[must_use]
    pub fn explore(self) -> Explored {
        let checker = self.checker().spawn_bfs().join();
        let properties = self.properties();
        let mut found = checker.discoveries();
        let mut explored = Explored {
            states: checker.unique_state_count(),
            violations: Vec::new(),
            never_seen: Vec::new(),
        };
        for property in properties {
            let path = found.remove(property.name);
            match (property.expectation, path) {
                (stateright::Expectation::Sometimes, None) => explored.never_seen.push(property.name),
                (stateright::Expectation::Sometimes, Some(_)) | (_, None) => {}
                (_, Some(path)) => explored.violations.push((property.name, path.into_actions())),
            }
        }
        explored
    }

    /// What must hold, by name.
    #[must_use]
    pub fn invariants(&self) -> Vec<&'static str> {
        let must = |property: &Property<Self>| !matches!(property.expectation, stateright::Expectation::Sometimes);
        self.properties()
            .iter()
            .filter(|property| must(property))
            .map(|property| property.name)
            .collect()
    }

    fn each(state: &State, holds: impl Fn(&Phone, &Gateway) -> bool) -> bool {
        state
            .phones
            .iter()
            .zip(&state.gateways)
            .all(|(phone, gateway)| holds(phone, gateway))
    }

    fn some(state: &State, holds: impl Fn(&Phone, &Gateway) -> bool) -> bool {
        !Self::each(state, |phone, gateway| !holds(phone, gateway))
    }
}

impl Model for World {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let tokens = self.bounds.tokens;
        vec![State {
            phones: vec![Phone::new(); tokens],
            gateways: vec![Gateway::new(self.bounds.permits); tokens],
            said: BTreeSet::new(),
            is_due: false,
            is_overdue: false,
            crashes: self.bounds.crashes,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        for (token, (phone, gateway)) in state.phones.iter().zip(&state.gateways).enumerate() {
            if phone.state.is_none() {
                actions.push(Action::Stop(token));
            }
            if phone
                .outbox()
                .iter()
                .any(|message| !state.said.contains(&(token, *message)))
            {
                actions.push(Action::Send(token));
            }
            if matches!(phone.state, Some(PhoneState::Scheduled { .. })) {
                if !phone.takes_back {
                    actions.push(Action::TakeBack(token));
                }
                if state.is_due {
                    actions.push(Action::Due(token, Side::Phone));
                }
            }
            let is_ordered = matches!(phone.state, Some(PhoneState::Ordered(_)));
            let is_left_behind = self.flaw == Some(Flaw::AttestsFirst) && phone.attests;
            if (is_ordered || is_left_behind) && phone.half != ReplicaState::Destroyed {
                actions.push(Action::PhoneDestroys(token));
            }
            if phone.owes {
                actions.push(Action::PhoneAttests(token));
            }
            if gateway.permits > 0 && !gateway.in_flight {
                actions.push(Action::Charge(token));
            }
            if gateway.in_flight {
                actions.push(Action::ChargeEnds(token));
            }
            if gateway.is_drained(self.flaw) {
                actions.push(Action::Drained(token));
            }
            if gateway.is_destroying() {
                actions.push(Action::VaultDestroys(token));
            }
            if gateway.vault_answered {
                actions.push(Action::Commits(token));
            }
            if gateway.owes.is_some() {
                actions.push(Action::Logs(token));
            }
            if state.is_due {
                actions.push(Action::Due(token, Side::Gateway));
            }
            let gives_up = state.is_overdue || self.flaw == Some(Flaw::ClosesEarly);
            if gives_up && gateway.waits_for_phone() {
                actions.push(Action::Overdue(token));
            }
        }
        actions.extend(
            state
                .said
                .iter()
                .map(|(token, message)| Action::Arrives(*token, *message)),
        );
        if self.bounds.is_scheduled && !state.is_due {
            actions.push(Action::TimeComes);
        }
        if self.bounds.has_deadline && !state.is_overdue {
            actions.push(Action::DeadlinePasses);
        }
        if state.crashes > 0 {
            actions.extend([Action::Crash(Side::Phone), Action::Crash(Side::Gateway)]);
        }
    }

    fn within_boundary(&self, state: &State) -> bool {
        // Sound or not, nothing new comes of an order that is logged over and over.
        state.gateways.iter().all(|gateway| gateway.log.len() <= 6)
    }

    fn next_state(&self, before: &State, action: Action) -> Option<State> {
        let mut state = before.clone();
        let flaw = self.flaw;
        let (is_due, later) = (state.is_due, self.bounds.is_scheduled);
        let mut said = Vec::new();
        match action {
            Action::TimeComes => state.is_due = true,
            Action::DeadlinePasses => state.is_overdue = true,
            Action::Crash(side) => {
                state.crashes -= 1;
                match side {
                    Side::Phone => state.phones.iter_mut().for_each(|phone| phone.crash(flaw)),
                    Side::Gateway => state.gateways.iter_mut().for_each(|gateway| gateway.crash(flaw)),
                }
            }
            Action::Stop(token) => state.phones.get_mut(token)?.stop(token, flaw),
            Action::TakeBack(token) => state.phones.get_mut(token)?.takes_back = true,
            Action::Send(token) => {
                let outbox = state.phones.get(token)?.outbox();
                said = outbox.into_iter().map(|message| (token, message)).collect();
            }
            Action::PhoneDestroys(token) => state.phones.get_mut(token)?.destroy(flaw),
            Action::PhoneAttests(token) => state.phones.get_mut(token)?.attest(flaw),
            Action::Due(token, Side::Phone) => state.phones.get_mut(token)?.due(flaw),
            Action::Arrives(token, message) if message.is_for_phone() => {
                let log = &state.gateways.get(token)?.log;
                state.phones.get_mut(token)?.hear(token, message, log, flaw);
            }
            Action::Charge(token) => state.gateways.get_mut(token)?.charge(is_due, flaw),
            Action::ChargeEnds(token) => state.gateways.get_mut(token)?.charge_ends(),
            Action::VaultDestroys(token) => state.gateways.get_mut(token)?.vault_destroys(),
            Action::Logs(token) => state.gateways.get_mut(token)?.log_owed(),
            Action::Arrives(token, _)
            | Action::Drained(token)
            | Action::Commits(token)
            | Action::Due(token, Side::Gateway)
            | Action::Overdue(token) => {
                let gateway = state.gateways.get_mut(token)?;
                let answers = match action {
                    Action::Arrives(_, message) => gateway.hear(token, message, is_due, later, flaw),
                    Action::Drained(_) => gateway.drained(flaw),
                    Action::Commits(_) => gateway.commit(flaw),
                    Action::Overdue(_) => gateway.overdue(flaw),
                    _ => gateway.due(flaw),
                };
                said = answers.into_iter().map(|message| (token, message)).collect();
            }
        }
        state.said.extend(said);
        (state != *before).then_some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let mut properties = vec![
            Property::always(
                "no charge begins while the end is on its way, none ends without a half (I1)",
                |_, state| Self::each(state, |_, gateway| !gateway.overcharged),
            ),
            Property::always("from quiesced on no half is usable again (I3)", |_, state| {
                Self::each(state, |phone, gateway| {
                    let lives = |half, is_past_return| half == ReplicaState::Active && is_past_return;
                    !lives(gateway.half, gateway.is_past_return) && !lives(phone.half, phone.is_past_return)
                })
            }),
            Property::always(
                "closed means both halves gone, both said so, the log has it (I4)",
                |_, state| {
                    Self::each(state, |phone, gateway| {
                        let is_gone = !gateway.vault_has_it && gateway.log.contains(&Logged::Destroyed);
                        match phone.closed() {
                            None => true,
                            Some(kind) => {
                                let both = kind == ClosureKind::TwoSided;
                                is_gone
                                    && phone.half == ReplicaState::Destroyed
                                    && gateway.log.contains(&Logged::Closure(both))
                            }
                        }
                    })
                },
            ),
            Property::always(
                "the gateway closes for both only when both are gone, for one only when its time is over",
                |_, state| {
                    Self::each(state, |phone, gateway| {
                        let closed = |both| gateway.log.contains(&Logged::Closure(both));
                        (!closed(true) || (phone.half == ReplicaState::Destroyed && !gateway.vault_has_it))
                            && (!closed(false) || (state.is_overdue && !gateway.vault_has_it))
                    })
                },
            ),
            Property::always("no half is destroyed without an order in the log (I12)", |_, state| {
                Self::each(state, |phone, gateway| {
                    let is_gone = phone.half == ReplicaState::Destroyed || !gateway.vault_has_it;
                    !is_gone || gateway.log.contains(&Logged::Order)
                })
            }),
            Property::always(
                "what the payer was told to be stopping is not forgotten (I6)",
                |_, state| Self::each(state, |phone, _| !phone.was_stopped || phone.state.is_some()),
            ),
            Property::always("one wish, one order (I5)", |_, state| {
                let orders = |gateway: &Gateway| gateway.log.iter().filter(|logged| **logged == Logged::Order).count();
                Self::each(state, |_, gateway| orders(gateway) <= 1)
            }),
            Property::eventually("whatever happens, a stop comes to its end (I6)", |_, state| {
                Self::each(state, |phone, _| {
                    matches!(phone.state, Some(PhoneState::Closed { .. } | PhoneState::Undone(_)))
                })
            }),
            Property::sometimes("closed by both sides", |_, state| {
                Self::some(state, |phone, _| phone.closed() == Some(ClosureKind::TwoSided))
            }),
        ];
        if self.bounds.has_deadline {
            properties.push(Property::sometimes("closed by one side, then by both", |_, state| {
                Self::some(state, |_, gateway| {
                    gateway.log.contains(&Logged::Closure(false)) && gateway.log.contains(&Logged::Closure(true))
                })
            }));
        }
        if self.bounds.is_scheduled {
            properties.push(Property::sometimes("taken back, both halves live", |_, state| {
                Self::some(state, |phone, gateway| {
                    matches!(phone.state, Some(PhoneState::Undone(_)))
                        && phone.half == ReplicaState::Active
                        && gateway.half == ReplicaState::Active
                })
            }));
        }
        properties
    }
}
