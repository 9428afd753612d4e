//! Which states are the same but for names.
//!
//! Nothing in a world depends on which phone, or which token, is called the first. So states that differ in that alone are
//! looked at once: they have one hash, the least that any naming gives.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::action::{Message, Signed};
use crate::world::State;

/// Phones and tokens under other names, or their own.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Names {
    are_phones_exchanged: bool,
    are_tokens_exchanged: bool,
}

impl Names {
    const ALL: [Self; 4] = [
        Self::new(false, false),
        Self::new(false, true),
        Self::new(true, false),
        Self::new(true, true),
    ];

    const fn new(are_phones_exchanged: bool, are_tokens_exchanged: bool) -> Self {
        Self {
            are_phones_exchanged,
            are_tokens_exchanged,
        }
    }

    pub(crate) const fn phone(self, phone: usize) -> usize {
        exchange(self.are_phones_exchanged, phone)
    }

    const fn token(self, token: usize) -> usize {
        exchange(self.are_tokens_exchanged, token)
    }

    pub(crate) const fn signed(self, signed: Signed) -> Signed {
        Signed {
            phone: self.phone(signed.phone),
            ..signed
        }
    }

    const fn message(self, message: Message) -> Message {
        match message {
            Message::Intent(phone) => Message::Intent(self.phone(phone)),
            Message::Undo(phone) => Message::Undo(self.phone(phone)),
            Message::Attestation(phone) => Message::Attestation(self.phone(phone)),
            Message::Accepted(phone) => Message::Accepted(self.phone(phone)),
            Message::Permit(signed) => Message::Permit(self.signed(signed)),
            Message::Order(_) | Message::Undone | Message::Closure(_) => message,
        }
    }

    /// Whether a world is the same under these names: each half is on the phone of its new name.
    fn fit(self, state: &State) -> bool {
        state.phones.iter().enumerate().all(|(phone, tokens)| {
            let renamed = state.phones.get(self.phone(phone));
            tokens.iter().enumerate().all(|(token, row)| {
                let other = renamed.and_then(|tokens| tokens.get(self.token(token)));
                other.is_some_and(|other| other.knows_it == row.knows_it)
            })
        })
    }

    /// The state's hash under these names.
    fn print(self, state: &State) -> u64 {
        let mut hasher = DefaultHasher::new();
        for phone in 0..state.phones.len() {
            let tokens = state.phones.get(self.phone(phone));
            for token in 0..state.gateways.len() {
                tokens
                    .and_then(|tokens| tokens.get(self.token(token)))
                    .hash(&mut hasher);
            }
        }
        for token in 0..state.gateways.len() {
            if let Some(gateway) = state.gateways.get(self.token(token)) {
                gateway.hash_as(self, &mut hasher);
            }
        }
        let said = state.said.iter();
        let mut said: Vec<_> = said
            .map(|(token, message)| (self.token(*token), self.message(*message)))
            .collect();
        said.sort_unstable();
        said.hash(&mut hasher);
        (state.is_due, state.is_overdue, state.crashes).hash(&mut hasher);
        state.lost.map(|phone| self.phone(phone)).hash(&mut hasher);
        hasher.finish()
    }
}

/// There are two at most.
const fn exchange(is_exchanged: bool, number: usize) -> usize {
    match number {
        0 | 1 if is_exchanged => 1 - number,
        _ => number,
    }
}

/// The hash of a state, under whatever names.
pub(crate) fn print(state: &State) -> u64 {
    let fitting = Names::ALL.iter().filter(|names| names.fit(state));
    fitting.map(|names| names.print(state)).min().unwrap_or_default()
}

impl Hash for State {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        print(self).hash(hasher);
    }
}

#[cfg(test)]
mod tests {
    use stateright::Model as _;

    use super::*;
    use crate::Action::{Permits, Send, Stop};
    use crate::{Action, Bounds, Phones, World};

    fn after(phones: Phones, actions: &[Action]) -> u64 {
        let bounds = Bounds {
            phones,
            tokens: 2,
            is_scheduled: false,
            permits: 1,
            renewals: 1,
            crashes: 0,
            has_loss: false,
            has_deadline: false,
        };
        let world = World::new(bounds, None);
        let mut state = world.init_states().remove(0);
        for action in actions {
            state = world.next_state(&state, *action).unwrap();
        }
        print(&state)
    }

    #[test]
    fn states_that_differ_in_names_alone_are_one() {
        let (apart, copied) = (Phones::Apart, Phones::Copied);
        let first = after(apart, &[Stop(0, 0), Send(0, 0), Permits(1, 1)]);
        assert_eq!(first, after(apart, &[Stop(1, 1), Send(1, 1), Permits(0, 0)]));
        let first = after(copied, &[Stop(0, 0), Send(0, 0), Stop(1, 1)]);
        for (phone, token) in [(0, 1), (1, 0), (1, 1)] {
            let renamed = [Stop(phone, token), Send(phone, token), Stop(1 - phone, 1 - token)];
            assert_eq!(first, after(copied, &renamed), "{phone} {token}");
        }
    }

    #[test]
    fn states_that_differ_in_more_are_not() {
        let first = after(Phones::Copied, &[Stop(0, 0), Send(0, 0), Stop(1, 1)]);
        for other in [
            [Stop(0, 0), Send(0, 0), Stop(1, 0)],
            [Stop(0, 0), Send(0, 0), Stop(0, 1)],
            [Stop(0, 0), Send(0, 0), Permits(1, 1)],
            [Stop(0, 0), Stop(1, 1), Permits(0, 1)],
        ] {
            assert_ne!(first, after(Phones::Copied, &other), "{other:?}");
        }
    }
}
