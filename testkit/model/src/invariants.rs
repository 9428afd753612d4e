//! What must hold in every state, and what some state has to show.

use std::collections::BTreeSet;

use quittance_flows::destruction::gateway::OwnHalf;
use quittance_flows::destruction::phone::PhoneState;
use quittance_protocol::log_body::ClosureKind;
use quittance_protocol::statement::ReplicaState;
use stateright::Property;

use crate::action::Message;
use crate::bounds::Phones;
use crate::gateway::{Gateway, Logged, ordered_for};
use crate::phone::Phone;
use crate::world::{State, World};

impl World {
    /// What must hold, by name.
    #[must_use]
    pub fn invariants(&self) -> Vec<&'static str> {
        let all = self.what_must_be().into_iter().chain([self.what_must_come()]);
        all.map(|property| property.name).collect()
    }

    /// What has to come of every state.
    pub(crate) fn what_must_come(&self) -> Property<Self> {
        Property::<Self>::always(
            "from wherever it stands, a stop comes to its end once nothing more goes wrong (I6)",
            |world, state| {
                world.comes_to(state, |rest| {
                    rest.sides()
                        .all(|(phone, gateway)| has_ended(phone, gateway, rest.lost))
                })
            },
        )
    }

    /// What has to be so in every state.
    pub(crate) fn what_must_be(&self) -> Vec<Property<Self>> {
        vec![
            Property::<Self>::always(
                "no charge begins while the end is on its way, none ends without a half (I1)",
                |_, state| state.gateways.iter().all(|gateway| !gateway.overcharged),
            ),
            Property::<Self>::always("no permit's number pays twice (I2)", |_, state| {
                state.gateways.iter().all(|gateway| !gateway.pool.paid_twice)
            }),
            Property::<Self>::always("no phone signs two permits under one number (I2)", |_, state| {
                numbers_are_used_once(state)
            }),
            Property::<Self>::always("from quiesced on no half is usable again (I3)", |_, state| {
                let lives = |half, is_past_return| half == ReplicaState::Active && is_past_return;
                state.sides().all(|(phone, gateway)| {
                    !lives(gateway.half, gateway.is_past_return) && !lives(phone.half, phone.is_past_return)
                })
            }),
            Property::<Self>::always(
                "closed means both halves gone, both said so, the log has it (I4)",
                |_, state| state.sides().all(|(phone, gateway)| is_rightly_closed(phone, gateway)),
            ),
            Property::<Self>::always(
                "the gateway closes for both only when both are gone, for one only when its time is over",
                |_, state| is_rightly_logged(state),
            ),
            Property::<Self>::always("no half is destroyed without an order in the log (I12)", |_, state| {
                state.sides().all(|(phone, gateway)| {
                    let is_gone = phone.has_destroyed() || !gateway.vault_has_it;
                    !is_gone || ordered_for(&gateway.log).is_some()
                })
            }),
            Property::<Self>::always(
                "a phone destroys only what was stopped on it, however the order came",
                |_, state| {
                    state
                        .sides()
                        .all(|(phone, _)| !phone.has_destroyed() || phone.was_stopped)
                },
            ),
            Property::<Self>::always(
                "what the payer was told to be stopping is not forgotten (I6)",
                |_, state| {
                    state
                        .sides()
                        .all(|(phone, _)| !phone.was_stopped || phone.state.is_some())
                },
            ),
            Property::<Self>::always(
                "a token has one order, however often it is wished for, by whichever phone (I5)",
                |_, state| state.gateways.iter().all(|gateway| orders_of(gateway) <= 1),
            ),
        ]
    }

    pub(crate) fn what_can_be(&self) -> Vec<Property<Self>> {
        let mut properties = vec![Property::<Self>::sometimes("closed by both sides", |_, state| {
            state
                .sides()
                .any(|(phone, _)| phone.closed() == Some(ClosureKind::TwoSided))
        })];
        if self.bounds.has_deadline {
            properties.push(Property::<Self>::sometimes(
                "closed by one side, then by both",
                |_, state| {
                    state.gateways.iter().any(|gateway| {
                        gateway.log.contains(&Logged::Closure(false)) && gateway.log.contains(&Logged::Closure(true))
                    })
                },
            ));
        }
        if self.bounds.has_loss {
            properties.push(Property::<Self>::sometimes(
                "the phone is lost, closed by one side",
                |_, state| {
                    state.lost.is_some()
                        && state
                            .gateways
                            .iter()
                            .any(|gateway| gateway.log.contains(&Logged::Closure(false)))
                },
            ));
        }
        if self.bounds.is_scheduled {
            properties.push(Property::<Self>::sometimes(
                "taken back, both halves live",
                |_, state| {
                    state.sides().any(|(phone, gateway)| {
                        matches!(phone.state, Some(PhoneState::Undone(_)))
                            && phone.half == ReplicaState::Active
                            && gateway.half == ReplicaState::Active
                    })
                },
            ));
        }
        match self.bounds.phones {
            Phones::One => {}
            Phones::Apart => properties.push(Property::<Self>::sometimes("each phone closed its own", |_, state| {
                state
                    .phones
                    .iter()
                    .all(|phone| phone.iter().any(|token| token.closed().is_some()))
            })),
            Phones::Copied => properties.push(Property::<Self>::sometimes(
                "both wished for one end: one closed it, the other one did not believe it",
                |_, state| {
                    (0..state.gateways.len()).any(|token| {
                        state.phones_of(token).any(|phone| phone.closed().is_some())
                            && state.phones_of(token).any(|phone| phone.was_stopped && phone.disputes)
                    })
                },
            )),
        }
        properties
    }
}

fn orders_of(gateway: &Gateway) -> usize {
    let is_order = |logged: &&Logged| matches!(logged, Logged::Order(_));
    gateway.log.iter().filter(is_order).count()
}

fn numbers_are_used_once(state: &State) -> bool {
    let mut used = BTreeSet::new();
    state.said.iter().all(|(token, message)| match message {
        Message::Permit(signed) => used.insert((token, signed.phone, signed.number)),
        _ => true,
    })
}

fn is_rightly_closed(phone: &Phone, gateway: &Gateway) -> bool {
    let Some(kind) = phone.closed() else { return true };
    let both = kind == ClosureKind::TwoSided;
    phone.half == ReplicaState::Destroyed
        && !gateway.vault_has_it
        && gateway.log.contains(&Logged::Destroyed)
        && gateway.log.contains(&Logged::Closure(both))
}

/// A copy of the half may be left where a phone was copied: that no copy exists is not what a closure says.
fn is_rightly_logged(state: &State) -> bool {
    state.gateways.iter().enumerate().all(|(token, gateway)| {
        let closed = |both| gateway.log.contains(&Logged::Closure(both));
        let phone_has = state.phones_of(token).any(Phone::has_destroyed);
        (!closed(true) || (phone_has && !gateway.vault_has_it))
            && (!closed(false) || (state.is_overdue && !gateway.vault_has_it))
    })
}

/// Whether a phone's stop has come to its end. The phone whose wish the order names closes it for both sides, or has taken
/// it back. Where that one is lost, or the order names the wish of another, the gateway's end is the end.
fn has_ended(phone: &Phone, gateway: &Gateway, lost: Option<usize>) -> bool {
    let is_lost = lost == Some(phone.phone);
    match ordered_for(&gateway.log) {
        _ if !phone.was_stopped => true,
        // What nobody heard before the phone was lost is lost with it.
        None => is_lost,
        Some(whose) if whose == phone.phone && !is_lost => {
            phone.closed() == Some(ClosureKind::TwoSided) || matches!(phone.state, Some(PhoneState::Undone(_)))
        }
        Some(_) => {
            let is_closed = gateway.log.iter().any(|logged| matches!(logged, Logged::Closure(_)));
            is_closed || gateway.order.as_ref().is_some_and(|order| order.own == OwnHalf::Undone)
        }
    }
}
