//! The phone's side of a destruction order.

use crate::Refused;
use quittance_protocol::bytes::{B64, Digest32};
use quittance_protocol::log_body::{ClosureKind, TerminationCause};
use quittance_protocol::statement::PhoneOutcome;
use quittance_protocol::{MandateId, OrderId};
use serde::{Deserialize, Serialize};

/// Where the phone stands with one destruction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum PhoneState {
    /// The intent is in the outbox, the halves are held.
    Intended {
        /// What ends.
        mandates: Vec<MandateId>,
    },
    /// The order is known; the half is being destroyed.
    Ordered(Order),
    /// The half is destroyed; the attestation is in the outbox.
    Attesting(Order),
    /// The gateway has the attestation; its closure is not verified yet.
    Attested(Order),
    /// Closed, verified by this phone.
    Closed {
        /// The order.
        order: Order,
        /// Both sides, or one.
        kind: ClosureKind,
    },
    /// The gateway's closure did not pass this phone's checks. Not closed; kept as evidence.
    Disputed(Order),
}

/// What the phone knows of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// The order.
    pub order: OrderId,
    /// What the attestation must carry.
    pub nonce: B64,
    /// What ends.
    pub mandates: Vec<MandateId>,
    /// The tokens' commitments.
    pub tokens: Vec<Digest32>,
}

/// On what the gateway says that an order stands, from the order's own log entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ground {
    /// Why.
    pub cause: TerminationCause,
    /// Content digest of the payer's intent; absent where no payer asked.
    pub intent: Option<Digest32>,
}

/// One signed intent of this phone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// Content digest of the statement.
    pub intent: Digest32,
    /// What it asks to end.
    pub mandates: Vec<MandateId>,
}

/// Whether an order ends only what may end: mandates that the named intent of this phone names, all or some of them,
/// or, where no payer asked, mandates that were never active on this phone. Nothing is destroyed for another order.
#[must_use]
pub fn is_grounded(order: &Order, ground: &Ground, wishes: &[Wish], never_active: &[MandateId]) -> bool {
    if order.mandates.is_empty() {
        return false;
    }
    let within = |allowed: &[MandateId]| order.mandates.iter().all(|mandate| allowed.contains(mandate));
    match (ground.cause, ground.intent) {
        (TerminationCause::Payer | TerminationCause::PayerOffline, Some(intent)) => wishes
            .iter()
            .any(|wish| wish.intent == intent && within(&wish.mandates)),
        (TerminationCause::NeverActivated, None) => within(never_active),
        _ => false,
    }
}

/// What the phone learns; everything is verified before it becomes an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PhoneEvent {
    /// The gateway's order arrived; its log proof holds.
    OrderReceived(Order),
    /// The vault destroyed the halves, or never had them.
    HalfGone(PhoneOutcome),
    /// The gateway took the attestation.
    AttestationAccepted,
    /// The closure passed every check of this phone.
    ClosureVerified(ClosureKind),
    /// The closure failed a check.
    ClosureRefused,
}

/// What the phone has to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PhoneEffect {
    /// Destroy the halves in the vault, in one batch, with the attestation due in the same transaction.
    DestroyHalves(Order),
    /// Sign the attestation, put it into the outbox.
    Attest(Order, PhoneOutcome),
    /// Tell the gateway what the check found.
    Acknowledge {
        /// The order.
        order: OrderId,
        /// Whether it passed.
        verified: bool,
    },
}

/// Takes one event.
///
/// # Errors
/// [`Refused::Contradiction`] where an order differs from the one that is known or names mandates that are not to end
/// ([`is_grounded`] tells which may); [`Refused::TooEarly`] before what it builds on; [`Refused::Ended`] after the end.
pub fn step(state: &PhoneState, event: PhoneEvent) -> Result<(PhoneState, Vec<PhoneEffect>), Refused> {
    use PhoneEvent as E;
    use PhoneState as S;
    match (state, event) {
        (S::Intended { mandates }, E::OrderReceived(order)) => {
            // An order for some of them is one; what is left waits for its own.
            if order.mandates.is_empty() || order.mandates.iter().any(|ended| !mandates.contains(ended)) {
                return Err(Refused::Contradiction);
            }
            Ok((S::Ordered(order.clone()), vec![PhoneEffect::DestroyHalves(order)]))
        }
        (S::Intended { .. }, _) => Err(Refused::TooEarly),
        (
            S::Ordered(known) | S::Attesting(known) | S::Attested(known) | S::Closed { order: known, .. },
            E::OrderReceived(order),
        ) => {
            if *known == order {
                Ok((state.clone(), Vec::new()))
            } else {
                Err(Refused::Contradiction)
            }
        }
        (S::Ordered(order), E::HalfGone(outcome)) => Ok((
            S::Attesting(order.clone()),
            vec![PhoneEffect::Attest(order.clone(), outcome)],
        )),
        (S::Ordered(_), _) => Err(Refused::TooEarly),
        (S::Attesting(order), E::AttestationAccepted) => Ok((S::Attested(order.clone()), Vec::new())),
        (S::Attesting(_) | S::Attested(_), E::HalfGone(_)) | (S::Attested(_), E::AttestationAccepted) => {
            Ok((state.clone(), Vec::new()))
        }
        // `closed` needs this phone's own statement to be with the gateway (I4).
        (S::Attesting(_), _) => Err(Refused::TooEarly),
        (S::Attested(order), E::ClosureVerified(kind)) => {
            let done = PhoneEffect::Acknowledge {
                order: order.order,
                verified: true,
            };
            Ok((
                S::Closed {
                    order: order.clone(),
                    kind,
                },
                vec![done],
            ))
        }
        (S::Attested(order), E::ClosureRefused) => {
            let told = PhoneEffect::Acknowledge {
                order: order.order,
                verified: false,
            };
            Ok((S::Disputed(order.clone()), vec![told]))
        }
        // A unilateral closure becomes a two-sided one when the phone's statement arrives late.
        (
            S::Closed {
                order,
                kind: ClosureKind::Unilateral,
            },
            E::ClosureVerified(ClosureKind::TwoSided),
        ) => Ok((
            S::Closed {
                order: order.clone(),
                kind: ClosureKind::TwoSided,
            },
            Vec::new(),
        )),
        (S::Closed { .. }, E::ClosureVerified(_) | E::AttestationAccepted | E::HalfGone(_)) => {
            Ok((state.clone(), Vec::new()))
        }
        // A gateway that answers rightly later is believed later: the same checks decide.
        (S::Disputed(order), E::ClosureVerified(kind)) => {
            let done = PhoneEffect::Acknowledge {
                order: order.order,
                verified: true,
            };
            Ok((
                S::Closed {
                    order: order.clone(),
                    kind,
                },
                vec![done],
            ))
        }
        (S::Disputed(_), E::ClosureRefused) => Ok((state.clone(), Vec::new())),
        (S::Closed { .. } | S::Disputed(_), _) => Err(Refused::Ended),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(number: u8) -> Order {
        Order {
            order: OrderId::from_bytes([number; 16]),
            nonce: B64::from(vec![number; 32]),
            mandates: vec![MandateId::from_bytes([1; 16])],
            tokens: vec![Digest32::of(b"token")],
        }
    }

    fn intended() -> PhoneState {
        PhoneState::Intended {
            mandates: vec![MandateId::from_bytes([1; 16])],
        }
    }

    fn run(events: Vec<PhoneEvent>) -> Result<PhoneState, Refused> {
        events
            .into_iter()
            .try_fold(intended(), |state, event| step(&state, event).map(|(next, _)| next))
    }

    fn line() -> Vec<PhoneEvent> {
        vec![
            PhoneEvent::OrderReceived(order(1)),
            PhoneEvent::HalfGone(PhoneOutcome::Absent {}),
            PhoneEvent::AttestationAccepted,
            PhoneEvent::ClosureVerified(ClosureKind::TwoSided),
        ]
    }

    #[test]
    fn the_line_ends_in_closed_and_every_event_may_come_twice() {
        let closed = run(line()).unwrap();
        assert!(matches!(
            closed,
            PhoneState::Closed {
                kind: ClosureKind::TwoSided,
                ..
            }
        ));
        let doubled = line().into_iter().flat_map(|event| [event.clone(), event]).collect();
        assert_eq!(run(doubled).unwrap(), closed);
    }

    #[test]
    fn closed_is_never_reached_with_an_event_left_out() {
        for left_out in 0..line().len() {
            let mut events = line();
            events.remove(left_out);
            let end = run(events);
            assert!(
                !matches!(end, Ok(PhoneState::Closed { .. })),
                "without event {left_out}: {end:?}"
            );
        }
    }

    #[test]
    fn an_order_about_other_mandates_or_a_second_order_is_refused() {
        let mut other = order(1);
        other.mandates = vec![MandateId::from_bytes([7; 16])];
        assert_eq!(
            step(&intended(), PhoneEvent::OrderReceived(other)).unwrap_err(),
            Refused::Contradiction
        );
        let ordered = run(vec![PhoneEvent::OrderReceived(order(1))]).unwrap();
        assert_eq!(
            step(&ordered, PhoneEvent::OrderReceived(order(2))).unwrap_err(),
            Refused::Contradiction
        );
    }

    #[test]
    fn an_order_with_a_mandate_too_many_is_refused_and_one_for_some_of_them_is_taken() {
        let [first, second] = [1, 2].map(|number| MandateId::from_bytes([number; 16]));
        let mut wider = order(1);
        wider.mandates = vec![first, second];
        assert_eq!(
            step(&intended(), PhoneEvent::OrderReceived(wider)).unwrap_err(),
            Refused::Contradiction
        );
        let both = PhoneState::Intended {
            mandates: vec![first, second],
        };
        let (next, _) = step(&both, PhoneEvent::OrderReceived(order(1))).unwrap();
        assert_eq!(next, PhoneState::Ordered(order(1)));
    }

    #[test]
    fn an_order_stands_on_an_own_intent_or_on_what_never_was_active() {
        let [named, other] = [1, 2].map(|number| MandateId::from_bytes([number; 16]));
        let intent = Digest32::of(b"intent");
        let wish = |mandates: &[MandateId]| Wish {
            intent,
            mandates: mandates.to_vec(),
        };
        let ground = |cause, intent| Ground { cause, intent };
        let payer = ground(TerminationCause::Payer, Some(intent));
        assert!(is_grounded(&order(1), &payer, &[wish(&[named])], &[]));
        assert!(
            is_grounded(&order(1), &payer, &[wish(&[named, other])], &[]),
            "a part of the wish"
        );
        assert!(
            !is_grounded(&order(1), &payer, &[wish(&[other])], &[named]),
            "not what was named"
        );
        assert!(!is_grounded(&order(1), &payer, &[], &[named]), "another's intent");
        let foreign = ground(TerminationCause::PayerOffline, Some(Digest32::of(b"other")));
        assert!(!is_grounded(&order(1), &foreign, &[wish(&[named])], &[]));
        let nobody = ground(TerminationCause::Payer, None);
        assert!(
            !is_grounded(&order(1), &nobody, &[wish(&[named])], &[named]),
            "no intent at all"
        );
        let never = ground(TerminationCause::NeverActivated, None);
        assert!(is_grounded(&order(1), &never, &[], &[named]));
        assert!(
            !is_grounded(&order(1), &never, &[wish(&[named])], &[other]),
            "it was active here"
        );
    }

    #[test]
    fn a_refused_closure_is_not_closed_until_a_right_one_comes() {
        let mut events = line();
        events.pop();
        events.push(PhoneEvent::ClosureRefused);
        let disputed = run(events).unwrap();
        assert!(matches!(disputed, PhoneState::Disputed(_)));
        let (closed, _) = step(&disputed, PhoneEvent::ClosureVerified(ClosureKind::TwoSided)).unwrap();
        assert!(matches!(closed, PhoneState::Closed { .. }));
    }
}
