//! The whole: phones, gateway, the network between them, the clock; what may happen next, and what comes of it.

use std::collections::{BTreeSet, HashMap};

use quittance_flows::destruction::phone::PhoneState;
use quittance_protocol::statement::ReplicaState;
use stateright::{Checker as _, Expectation, HasDiscoveries, Model, Path, Property};

use crate::action::{Action, Message, Side, Signed};
use crate::bounds::Bounds;
use crate::fair::{Outcome, Settled};
use crate::flaw::Flaw;
use crate::gateway::Gateway;
use crate::phone::Phone;

/// A world with its bounds, and the flaw that is planted in it.
#[derive(Debug, Clone)]
pub struct World {
    pub(crate) bounds: Bounds,
    pub(crate) flaw: Option<Flaw>,
    pub(crate) settled: Settled,
}

/// What must not be and is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// What is violated.
    pub what: &'static str,
    /// The way to it.
    pub way: Vec<Action>,
    /// What comes of it by itself, where it is this that is wrong.
    pub goes_on: Option<(Vec<Action>, Outcome)>,
}

/// What was found in a world that should be sound.
pub struct Explored {
    /// How many states there are, those that differ in names alone counted once.
    pub states: usize,
    /// What must not be and is.
    pub violations: Vec<Violation>,
    /// What should be possible and was not seen.
    pub never_seen: Vec<&'static str>,
}

/// Everything at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// By phone, then by token.
    pub(crate) phones: Vec<Vec<Phone>>,
    /// By token.
    pub(crate) gateways: Vec<Gateway>,
    /// What was said once can arrive for ever.
    pub(crate) said: BTreeSet<(usize, Message)>,
    pub(crate) is_due: bool,
    pub(crate) is_overdue: bool,
    pub(crate) crashes: u8,
    /// The phone that is lost for ever.
    pub(crate) lost: Option<usize>,
}

impl State {
    /// Everything that a phone has of a token, with what the gateway has.
    pub(crate) fn sides(&self) -> impl Iterator<Item = (&Phone, &Gateway)> {
        self.phones.iter().flat_map(|phone| phone.iter().zip(&self.gateways))
    }

    /// What the phones have of a token.
    pub(crate) fn phones_of(&self, token: usize) -> impl Iterator<Item = &Phone> {
        self.phones.iter().filter_map(move |phone| phone.get(token))
    }

    fn phone(&mut self, phone: usize, token: usize) -> Option<&mut Phone> {
        self.phones.get_mut(phone)?.get_mut(token)
    }
}

impl World {
    /// A world in which nothing is wrong, or this.
    #[must_use]
    pub fn new(bounds: Bounds, flaw: Option<Flaw>) -> Self {
        Self {
            bounds,
            flaw,
            settled: Settled::default(),
        }
    }

    /// Looks at every state there is.
    #[must_use]
    pub fn explore(&self) -> Explored {
        let properties = self.properties();
        let checker = self.clone().checker().spawn_bfs().join();
        let found = checker.discoveries();
        let never_seen = properties
            .iter()
            .filter(|property| property.expectation == Expectation::Sometimes && !found.contains_key(property.name))
            .map(|property| property.name)
            .collect();
        Explored {
            states: checker.unique_state_count(),
            violations: self.violations(found),
            never_seen,
        }
    }

    /// The shortest way to what must never be; where there is none, to where a stop comes to no end.
    #[must_use]
    pub fn shortest(&self) -> Option<Violation> {
        let never = self.what_must_be().iter().map(|property| property.name).collect();
        let found = self.look_for(&never, None);
        if let Some(wrong) = shortest_of(found.clone(), &never) {
            return Some(self.shorten(wrong, &never));
        }
        let ends = BTreeSet::from([self.what_must_come().name]);
        shortest_of(found, &ends).map(|endless| self.shorten(endless, &ends))
    }

    /// `stateright` keeps of each property the last way that it found, so it is asked again for a shorter one, until there
    /// is none.
    fn shorten(&self, mut best: Violation, names: &BTreeSet<&'static str>) -> Violation {
        while let Some(shorter) = shortest_of(self.look_for(names, Some(best.way.len())), names) {
            best = shorter;
        }
        best
    }

    /// Looks until one of these is violated, in fewer steps than so many.
    fn look_for(&self, names: &BTreeSet<&'static str>, below: Option<usize>) -> Vec<Violation> {
        let mut checker = self.clone().checker().finish_when(HasDiscoveries::AnyOf(names.clone()));
        if let Some(steps) = below {
            // The first state counts as one, and a bound is not itself looked at.
            checker = checker.target_max_depth(steps + 1);
        }
        self.violations(checker.spawn_bfs().join().discoveries())
    }

    fn violations(&self, mut found: HashMap<&'static str, Path<State, Action>>) -> Vec<Violation> {
        let mut violations = Vec::new();
        let ends = self.what_must_come().name;
        for what in self.invariants() {
            if let Some(path) = found.remove(what) {
                let way = path.into_actions();
                let goes_on = (what == ends).then(|| self.goes_on(&way));
                violations.push(Violation { what, way, goes_on });
            }
        }
        violations
    }

    /// Everything that may happen next.
    pub(crate) fn possible(&self, state: &State, actions: &mut Vec<Action>) {
        for (number, tokens) in state.phones.iter().enumerate() {
            if state.lost != Some(number) {
                for phone in tokens {
                    self.possible_on(phone, state, actions);
                }
            }
        }
        for (token, gateway) in state.gateways.iter().enumerate() {
            self.possible_at(token, gateway, state, actions);
        }
        for (token, message) in &state.said {
            if message.is_for_phones() {
                let living = (0..state.phones.len()).filter(|phone| state.lost != Some(*phone));
                actions.extend(living.map(|phone| Action::Hears(phone, *token, *message)));
            } else {
                actions.push(Action::Arrives(*token, *message));
            }
        }
        if self.bounds.is_scheduled && !state.is_due {
            actions.push(Action::TimeComes);
        }
        if self.bounds.has_deadline && !state.is_overdue {
            actions.push(Action::DeadlinePasses);
        }
        if state.crashes > 0 {
            let phones = (0..state.phones.len()).filter(|phone| state.lost != Some(*phone));
            actions.extend(phones.map(|phone| Action::Crash(Side::Phone(phone))));
            actions.push(Action::Crash(Side::Gateway));
        }
        if self.bounds.has_loss && state.lost.is_none() {
            actions.extend((0..state.phones.len()).map(Action::Lost));
        }
    }

    fn possible_on(&self, phone: &Phone, state: &State, actions: &mut Vec<Action>) {
        let (number, token) = (phone.phone, phone.token);
        // A phone that never had the half does not list the permission: there is nothing to stop.
        if phone.state.is_none() && phone.knows_it {
            actions.push(Action::Stop(number, token));
        }
        if phone
            .outbox()
            .is_some_and(|message| !state.said.contains(&(token, message)))
        {
            actions.push(Action::Send(number, token));
        }
        if matches!(phone.state, Some(PhoneState::Scheduled { .. })) {
            if !phone.takes_back {
                actions.push(Action::TakeBack(number, token));
            }
            if state.is_due {
                actions.push(Action::Due(Side::Phone(number), token));
            }
        }
        if phone.can_pay() && phone.next_permit <= self.bounds.permits + self.bounds.renewals {
            actions.push(Action::Permits(number, token));
        }
        let is_ordered = matches!(phone.state, Some(PhoneState::Ordered(_)));
        let is_left_behind = self.flaw == Some(Flaw::AttestsFirst) && phone.attests;
        if (is_ordered || is_left_behind) && phone.half != ReplicaState::Destroyed {
            actions.push(Action::PhoneDestroys(number, token));
        }
        if phone.owes {
            actions.push(Action::PhoneAttests(number, token));
        }
    }

    fn possible_at(&self, token: usize, gateway: &Gateway, state: &State, actions: &mut Vec<Action>) {
        if gateway.pool.has_unused() && !gateway.in_flight {
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
            actions.push(Action::Due(Side::Gateway, token));
        }
        let gives_up = state.is_overdue || self.flaw == Some(Flaw::ClosesEarly);
        if gives_up && gateway.waits_for_phone(self.flaw) {
            actions.push(Action::Overdue(token));
        }
    }

    /// Lets it happen.
    pub(crate) fn happen(&self, state: &mut State, action: Action) -> Option<()> {
        let (flaw, bounds) = (self.flaw, self.bounds);
        let (is_due, later) = (state.is_due, bounds.is_scheduled);
        match action {
            Action::TimeComes => state.is_due = true,
            Action::DeadlinePasses => state.is_overdue = true,
            Action::Lost(phone) => state.lost = Some(phone),
            Action::Crash(side) => {
                state.crashes = state.crashes.saturating_sub(1);
                match side {
                    Side::Phone(phone) => {
                        let tokens = state.phones.get_mut(phone)?;
                        tokens.iter_mut().for_each(|phone| phone.crash(bounds.permits, flaw));
                    }
                    Side::Gateway => state.gateways.iter_mut().for_each(|gateway| gateway.crash(flaw)),
                }
            }
            Action::Stop(phone, token) => state.phone(phone, token)?.stop(flaw),
            Action::TakeBack(phone, token) => state.phone(phone, token)?.takes_back = true,
            Action::Send(phone, token) => {
                let message = state.phone(phone, token)?.outbox()?;
                state.said.insert((token, message));
            }
            Action::Permits(phone, token) => {
                let edition = state.crashes;
                let row = state.phone(phone, token)?;
                let number = row.next_permit;
                row.next_permit += 1;
                let signed = Signed { phone, number, edition };
                state.said.insert((token, Message::Permit(signed)));
            }
            Action::PhoneDestroys(phone, token) => state.phone(phone, token)?.destroy(flaw),
            Action::PhoneAttests(phone, token) => state.phone(phone, token)?.attest(flaw),
            Action::Due(Side::Phone(phone), token) => state.phone(phone, token)?.due(flaw),
            Action::Hears(phone, token, message) => self.hears(state, phone, token, message)?,
            Action::Charge(token) => state.gateways.get_mut(token)?.charge(is_due, flaw),
            Action::ChargeEnds(token) => state.gateways.get_mut(token)?.charge_ends(),
            Action::VaultDestroys(token) => state.gateways.get_mut(token)?.vault_destroys(),
            Action::Logs(token) => state.gateways.get_mut(token)?.log_owed(),
            Action::Arrives(token, _)
            | Action::Drained(token)
            | Action::Commits(token)
            | Action::Due(Side::Gateway, token)
            | Action::Overdue(token) => {
                let gateway = state.gateways.get_mut(token)?;
                let answers = match action {
                    Action::Arrives(_, message) => gateway.hear(message, is_due, later, flaw),
                    Action::Drained(_) => gateway.drained(flaw),
                    Action::Commits(_) => gateway.commit(flaw),
                    Action::Overdue(_) => gateway.overdue(flaw),
                    _ => gateway.due(flaw),
                };
                state.said.extend(answers.into_iter().map(|message| (token, message)));
            }
        }
        Some(())
    }

    fn hears(&self, state: &mut State, phone: usize, token: usize, message: Message) -> Option<()> {
        let log = &state.gateways.get(token)?.log;
        let tokens = state.phones.get_mut(phone)?;
        let is_anothers = !tokens.get(token)?.knows_it && matches!(message, Message::Order(true));
        if is_anothers && self.flaw == Some(Flaw::DestroysItsOwn) {
            tokens.iter_mut().for_each(|own| own.half = ReplicaState::Destroyed);
        }
        tokens.get_mut(token)?.hear(message, log, self.flaw);
        Some(())
    }
}

fn shortest_of(found: Vec<Violation>, names: &BTreeSet<&'static str>) -> Option<Violation> {
    let named = found.into_iter().filter(|violation| names.contains(violation.what));
    named.min_by_key(|violation| violation.way.len())
}

impl Model for World {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let Bounds {
            phones,
            tokens,
            permits,
            crashes,
            ..
        } = self.bounds;
        let all_of = |phone| {
            let one = |token| Phone::new(phone, token, phones.have(phone, token), permits);
            (0..tokens).map(one).collect()
        };
        vec![State {
            phones: (0..phones.count()).map(all_of).collect(),
            gateways: (0..tokens).map(|token| Gateway::new(token, permits)).collect(),
            said: BTreeSet::new(),
            is_due: false,
            is_overdue: false,
            crashes,
            lost: None,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        self.possible(state, actions);
    }

    fn within_boundary(&self, state: &State) -> bool {
        // Sound or not, nothing new comes of an order that is logged over and over.
        state.gateways.iter().all(|gateway| gateway.log.len() <= 6)
    }

    fn next_state(&self, before: &State, action: Action) -> Option<State> {
        let mut state = before.clone();
        self.happen(&mut state, action)?;
        (state != *before).then_some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let must = self.what_must_be().into_iter().chain([self.what_must_come()]);
        must.chain(self.what_can_be()).collect()
    }
}
