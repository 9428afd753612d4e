//! What comes of a state once nothing more goes wrong.
//!
//! `stateright` has a property for what comes *eventually*, which says nothing of paths that go round in a circle, or that
//! join (its documentation says so). Here the world goes on from each state by itself instead: in rounds, in each of which
//! everybody does once what there is to do and every message that was ever said arrives once more, without another
//! crash, loss or wish of the payer's. Where a round changes nothing, that is the end; a circle has none.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use stateright::Model;

use crate::action::Action;
use crate::symmetry::print;
use crate::world::{State, World};

/// More than any sound world needs.
const MOST_ROUNDS: usize = 24;

/// What becomes of a stop that comes to no good end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing happens any more.
    Rests,
    /// The same happens over and over.
    GoesOnWithoutEnd,
}

/// States that are known to come to a good end: most ways join one that was walked before.
#[derive(Debug, Clone, Default)]
pub(crate) struct Settled(Arc<Mutex<HashSet<u64>>>);

impl Settled {
    fn knows(&self, state: u64) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(&state)
    }

    fn learn(&self, states: Vec<u64>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(states);
    }
}

impl World {
    /// Whether a state comes to rest, and that rest is good.
    pub(crate) fn comes_to(&self, state: &State, is_good: impl Fn(&State) -> bool) -> bool {
        let mut now = state.clone();
        let mut way = Vec::new();
        for _ in 0..MOST_ROUNDS {
            let print = print(&now);
            if self.settled.knows(print) {
                self.settled.learn(way);
                return true;
            }
            way.push(print);
            let before = now.clone();
            for action in self.round(&now) {
                self.happen(&mut now, action);
            }
            if now == before {
                let good = is_good(&now);
                if good {
                    self.settled.learn(way);
                }
                return good;
            }
        }
        false
    }

    /// What happens in the next round.
    fn round(&self, state: &State) -> Vec<Action> {
        let mut open = Vec::new();
        self.possible(state, &mut open);
        open.retain(|action| is_fair(state, *action));
        open
    }

    /// What comes of the state after this way, until it rests or has gone round once.
    pub(crate) fn goes_on(&self, way: &[Action]) -> (Vec<Action>, Outcome) {
        let mut told = Vec::new();
        let Some(mut now) = self.init_states().pop() else {
            return (told, Outcome::Rests);
        };
        for action in way {
            self.happen(&mut now, *action);
        }
        let mut seen = Vec::new();
        loop {
            let known = told.len();
            seen.push(now.clone());
            for action in self.round(&now) {
                let before = now.clone();
                self.happen(&mut now, action);
                if now != before {
                    told.push(action);
                }
            }
            if told.len() == known {
                return (told, Outcome::Rests);
            }
            if seen.contains(&now) || seen.len() == MOST_ROUNDS {
                return (told, Outcome::GoesOnWithoutEnd);
            }
        }
    }
}

/// Whether something happens by itself sooner or later. The phones' time runs out only where one is lost: the others
/// have to do without it.
fn is_fair(state: &State, action: Action) -> bool {
    match action {
        Action::Stop(..) | Action::TakeBack(..) | Action::Permits(..) | Action::Crash(_) | Action::Lost(_) => false,
        Action::DeadlinePasses => state.lost.is_some(),
        Action::Send(..)
        | Action::PhoneDestroys(..)
        | Action::PhoneAttests(..)
        | Action::Hears(..)
        | Action::Arrives(..)
        | Action::Charge(_)
        | Action::ChargeEnds(_)
        | Action::Drained(_)
        | Action::VaultDestroys(_)
        | Action::Commits(_)
        | Action::Logs(_)
        | Action::TimeComes
        | Action::Due(..)
        | Action::Overdue(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use stateright::{Checker as _, Property};

    use super::*;
    use crate::{Bounds, Flaw, Phones};

    /// The same world with `stateright`'s own property for what comes eventually.
    struct ByPaths(World);

    impl Model for ByPaths {
        type State = State;
        type Action = Action;

        fn init_states(&self) -> Vec<State> {
            self.0.init_states()
        }

        fn actions(&self, state: &State, actions: &mut Vec<Action>) {
            self.0.actions(state, actions);
        }

        fn next_state(&self, state: &State, action: Action) -> Option<State> {
            self.0.next_state(state, action)
        }

        fn properties(&self) -> Vec<Property<Self>> {
            vec![Property::<Self>::eventually("a stop comes to its end", |_, state| {
                state.sides().all(|(phone, _)| phone.closed().is_some())
            })]
        }
    }

    /// Whether a flaw is found by the ends of paths, and by going on from each state.
    fn is_found(flaw: Flaw) -> (bool, bool) {
        let bounds = Bounds {
            phones: Phones::One,
            tokens: 1,
            is_scheduled: false,
            permits: 2,
            renewals: 0,
            crashes: 1,
            has_loss: false,
            has_deadline: false,
        };
        let world = World::new(bounds, Some(flaw));
        let by_paths = ByPaths(world.clone()).checker().spawn_bfs().join();
        let found = by_paths.discovery("a stop comes to its end").is_some();
        (found, !world.explore().violations.is_empty())
    }

    #[test]
    fn the_ends_of_paths_hide_what_goes_round_in_a_circle_and_going_on_from_each_state_does_not() {
        assert_eq!(is_found(Flaw::WaitsAnew), (false, true));
        assert_eq!(
            is_found(Flaw::ForgetsOverRestart),
            (true, true),
            "control: where it rests, both find it"
        );
    }
}
