//! The phone's side of a destruction order.

use crate::Refused;
use crate::flow::{self, FlowState, Phase, Rules};
use quittance_protocol::bytes::{B64, Digest32};
use quittance_protocol::log_body::{ClosureKind, TerminationCause};
use quittance_protocol::statement::PhoneOutcome;
use quittance_protocol::{MandateId, OrderId, Timestamp};
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
    /// The order is known and not effective yet: the halves are held, the payer can take it back.
    Scheduled {
        /// The order.
        order: Order,
        /// From when on nothing takes it back.
        effective_at: Timestamp,
    },
    /// The payer took the order back in time; the halves live on.
    Undone(Order),
    /// The order is known; the half is being destroyed. This state is the wish itself, and durable: whoever finds it destroys
    /// the halves in one batch, with the attestation due in the same transaction, however often the phone died on the way.
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

/// What this phone knows by itself that an order can stand on.
#[derive(Debug, Clone, Copy, Default)]
pub struct Grounds<'a> {
    /// Signed intents of this phone.
    pub wishes: &'a [Wish],
    /// Mandates of cancellations that were begun on this phone and in which nothing is left for the payer to do, see
    /// [`payer_is_done`].
    pub cancelled: &'a [MandateId],
    /// Mandates that were never active on this phone.
    pub never_active: &'a [MandateId],
    /// Mandates whose agreed validity is over, by the time of the order's log entry.
    pub expired: &'a [MandateId],
    /// Mandates that were agreed for a number of charges.
    pub counted: &'a [MandateId],
}

/// One signed intent of this phone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// Content digest of the statement.
    pub intent: Digest32,
    /// What it asks to end.
    pub mandates: Vec<MandateId>,
}

/// Whether an order ends only what may end. Nothing is destroyed for another order.
///
/// What the payer is said to have asked for needs the payer: an intent of this phone that names the mandates, all or
/// some of them, or a cancellation of this phone that somebody else completes. What this phone can check by itself has
/// to be true: that a mandate was never active, that its validity is over, that it was agreed for a number of charges.
/// What others decide (merchant, platform, bank) is theirs to decide: each of them can stop charging at any time, an
/// order adds no harm to that, and its log entry names them for good.
#[must_use]
pub fn is_grounded(order: &Order, ground: &Ground, known: &Grounds<'_>) -> bool {
    use TerminationCause as Cause;
    if order.mandates.is_empty() {
        return false;
    }
    let within = |allowed: &[MandateId]| order.mandates.iter().all(|mandate| allowed.contains(mandate));
    match (ground.cause, ground.intent) {
        (Cause::Payer | Cause::PayerOffline | Cause::PayerBatch | Cause::Assisted, Some(intent)) => known
            .wishes
            .iter()
            .any(|wish| wish.intent == intent && within(&wish.mandates)),
        (Cause::Payer | Cause::PayerBatch | Cause::Assisted, None) => within(known.cancelled),
        (Cause::NeverActivated, None) => within(known.never_active),
        (Cause::Expired, None) => within(known.expired),
        (Cause::Consumed, None) => within(known.counted),
        (
            Cause::Merchant
            | Cause::PlatformForced
            | Cause::AccountClosed
            | Cause::MerchantBanned
            | Cause::DeviceWiped
            | Cause::Risk
            | Cause::BankRefused
            | Cause::FundingRemoved,
            None,
        ) => true,
        (Cause::PayerOffline, None) | (_, Some(_)) => false,
    }
}

/// Whether nothing is left for the payer to do in a cancellation: it is complete, or only others are still to act.
/// Not where the payer left it, nor where it ended without its effect.
#[must_use]
pub fn payer_is_done(rules: Rules<'_>, state: &FlowState) -> bool {
    match state.phase {
        Phase::Completed => true,
        Phase::Open => {
            let open = flow::open_step(rules.definition, state);
            open.into_iter()
                .chain(flow::steps_ahead(rules, state))
                .all(|step| !step.asks_payer())
        }
        Phase::Refused(_) | Phase::Cancelled | Phase::Expired => false,
    }
}

/// What the phone learns; everything is verified before it becomes an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PhoneEvent {
    /// The gateway's order arrived and is effective later; its log proof holds.
    OrderScheduled {
        /// The order.
        order: Order,
        /// From when on nothing takes it back.
        effective_at: Timestamp,
    },
    /// The moment is reached, by a time that the log or the gateway signed.
    TimeCame {
        /// That time.
        now: Timestamp,
        /// Whether an own run may have taken the order back. Time alone ends nothing then: the gateway may have agreed, and its
        /// answer be lost.
        may_be_undone: bool,
    },
    /// The gateway says that the order was taken back, and an own run of this phone asked for that.
    OrderUndone(Order),
    /// The gateway's order arrived and is effective; its log proof holds.
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
/// ([`is_grounded`] tells which may); [`Refused::TooEarly`] before what it builds on, so that nothing is destroyed
/// before the order is effective; [`Refused::TooLate`] where an order is taken back that is effective;
/// [`Refused::Ended`] after the end.
pub fn step(state: &PhoneState, event: PhoneEvent) -> Result<(PhoneState, Vec<PhoneEffect>), Refused> {
    use PhoneEvent as E;
    use PhoneState as S;
    match (state, event) {
        (S::Intended { mandates }, E::OrderScheduled { order, effective_at }) => {
            check_is_for(&order, mandates)?;
            Ok((S::Scheduled { order, effective_at }, Vec::new()))
        }
        (S::Intended { mandates }, E::OrderReceived(order)) => {
            check_is_for(&order, mandates)?;
            Ok((S::Ordered(order), Vec::new()))
        }
        (S::Intended { .. }, _) => Err(Refused::TooEarly),
        (S::Scheduled { order: known, .. }, E::OrderReceived(order)) if *known == order => {
            Ok((S::Ordered(order), Vec::new()))
        }
        (S::Scheduled { order: known, .. }, E::OrderUndone(order)) if *known == order => {
            Ok((S::Undone(order), Vec::new()))
        }
        // Two routes may race: the earlier moment counts. It never moves away.
        (
            S::Scheduled {
                order: known,
                effective_at,
            },
            E::OrderScheduled {
                order,
                effective_at: moved,
            },
        ) if *known == order => Ok((
            S::Scheduled {
                order,
                effective_at: moved.min(*effective_at),
            },
            Vec::new(),
        )),
        (
            S::Scheduled { order, effective_at },
            E::TimeCame {
                now,
                may_be_undone: false,
            },
        ) if now >= *effective_at => Ok((S::Ordered(order.clone()), Vec::new())),
        (S::Scheduled { .. }, E::OrderReceived(_) | E::OrderScheduled { .. } | E::OrderUndone(_)) => {
            Err(Refused::Contradiction)
        }
        (S::Scheduled { .. }, _) => Err(Refused::TooEarly),
        // The last word, and news from before it.
        (S::Undone(known), E::OrderUndone(order) | E::OrderScheduled { order, .. }) if *known == order => {
            Ok((state.clone(), Vec::new()))
        }
        (S::Undone(_), _) => Err(Refused::Ended),
        // News from before the moment, or of a moment that passed.
        (
            S::Ordered(known) | S::Attesting(known) | S::Attested(known) | S::Closed { order: known, .. },
            E::OrderScheduled { order, .. },
        ) => {
            if *known == order {
                Ok((state.clone(), Vec::new()))
            } else {
                Err(Refused::Contradiction)
            }
        }
        (S::Ordered(_) | S::Attesting(_) | S::Attested(_) | S::Closed { .. }, E::TimeCame { .. }) => {
            Ok((state.clone(), Vec::new()))
        }
        (S::Ordered(_) | S::Attesting(_) | S::Attested(_) | S::Closed { .. } | S::Disputed(_), E::OrderUndone(_)) => {
            Err(Refused::TooLate)
        }
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

/// An order for some of the mandates is one; what is left waits for its own.
fn check_is_for(order: &Order, mandates: &[MandateId]) -> Result<(), Refused> {
    if order.mandates.is_empty() || order.mandates.iter().any(|ended| !mandates.contains(ended)) {
        return Err(Refused::Contradiction);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use quittance_protocol::log_body::Actor;
    use quittance_protocol::statement::Probe;

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

    fn came(seconds: i64) -> PhoneEvent {
        PhoneEvent::TimeCame {
            now: at(seconds),
            may_be_undone: false,
        }
    }

    fn destroyed() -> PhoneOutcome {
        PhoneOutcome::Destroyed {
            epoch_old: 1,
            epoch_new: 2,
            destroyed_key: Digest32::of(b"root"),
            probe: Probe {
                old_root_opens: false,
                records_open: false,
                key_found: false,
            },
            resumed: false,
        }
    }

    fn line() -> Vec<PhoneEvent> {
        vec![
            PhoneEvent::OrderReceived(order(1)),
            PhoneEvent::HalfGone(destroyed()),
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

    fn ground(cause: TerminationCause, intent: Option<Digest32>) -> Ground {
        Ground { cause, intent }
    }

    #[test]
    fn an_order_stands_on_an_own_intent() {
        let [named, other] = [1, 2].map(|number| MandateId::from_bytes([number; 16]));
        let intent = Digest32::of(b"intent");
        let stands = |mandates: &[MandateId], ground: Ground| {
            let wishes = [Wish {
                intent,
                mandates: mandates.to_vec(),
            }];
            let known = Grounds {
                wishes: &wishes,
                never_active: &[named],
                ..Grounds::default()
            };
            is_grounded(&order(1), &ground, &known)
        };
        for cause in [
            TerminationCause::Payer,
            TerminationCause::PayerOffline,
            TerminationCause::PayerBatch,
            TerminationCause::Assisted,
        ] {
            assert!(stands(&[named], ground(cause, Some(intent))), "{cause:?}");
            assert!(
                stands(&[named, other], ground(cause, Some(intent))),
                "a part of the wish"
            );
            assert!(!stands(&[other], ground(cause, Some(intent))), "not what was named");
            assert!(
                !stands(&[named], ground(cause, Some(Digest32::of(b"other")))),
                "another's intent"
            );
            assert!(!stands(&[named], ground(cause, None)), "no intent at all: {cause:?}");
        }
        // Control: an intent is the payer's; a cause of somebody else's cannot borrow it.
        assert!(!stands(&[named], ground(TerminationCause::Merchant, Some(intent))));
    }

    #[test]
    fn an_order_without_intent_stands_on_an_own_cancellation_that_others_complete() {
        let [named, other] = [1, 2].map(|number| MandateId::from_bytes([number; 16]));
        let stands = |cancelled: &[MandateId], cause| {
            let known = Grounds {
                cancelled,
                ..Grounds::default()
            };
            is_grounded(&order(1), &ground(cause, None), &known)
        };
        for cause in [
            TerminationCause::Payer,
            TerminationCause::PayerBatch,
            TerminationCause::Assisted,
        ] {
            assert!(stands(&[named, other], cause), "{cause:?}");
            assert!(
                !stands(&[other], cause),
                "a lie about what the payer asked for: {cause:?}"
            );
        }
        assert!(
            !stands(&[named], TerminationCause::PayerOffline),
            "offline there is always an intent"
        );
    }

    //
    #[test]
    fn what_the_phone_can_check_about_a_cause_has_to_be_true() {
        let named = [MandateId::from_bytes([1; 16])];
        let other = [MandateId::from_bytes([2; 16])];
        type GroundOf = fn(&[MandateId]) -> Grounds<'_>;
        let checked: [(TerminationCause, GroundOf); 3] = [
            (TerminationCause::NeverActivated, |mandates| Grounds {
                never_active: mandates,
                ..Grounds::default()
            }),
            (TerminationCause::Expired, |mandates| Grounds {
                expired: mandates,
                ..Grounds::default()
            }),
            (TerminationCause::Consumed, |mandates| Grounds {
                counted: mandates,
                ..Grounds::default()
            }),
        ];
        for (cause, known) in checked {
            assert!(
                is_grounded(&order(1), &ground(cause, None), &known(&named)),
                "{cause:?}"
            );
            assert!(
                !is_grounded(&order(1), &ground(cause, None), &known(&other)),
                "{cause:?}"
            );
        }
    }

    //
    #[test]
    fn what_others_decide_needs_nothing_of_the_payers() {
        for cause in TerminationCause::ALL {
            let theirs = matches!(cause.usual_actor(), Actor::Merchant | Actor::Platform | Actor::Bank);
            if theirs {
                assert!(
                    is_grounded(&order(1), &ground(*cause, None), &Grounds::default()),
                    "{cause:?}"
                );
            }
        }
    }

    fn scheduled() -> PhoneState {
        let event = PhoneEvent::OrderScheduled {
            order: order(1),
            effective_at: at(100),
        };
        step(&intended(), event).unwrap().0
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_unix(1_800_000_000 + second).unwrap()
    }

    //
    #[test]
    fn a_scheduled_order_destroys_nothing_before_its_moment() {
        assert_eq!(step(&scheduled(), came(99)), Err(Refused::TooEarly));
        for event in [
            PhoneEvent::HalfGone(destroyed()),
            PhoneEvent::AttestationAccepted,
            PhoneEvent::ClosureVerified(ClosureKind::TwoSided),
        ] {
            assert_eq!(step(&scheduled(), event), Err(Refused::TooEarly));
        }
        let asked_back = PhoneEvent::TimeCame {
            now: at(100),
            may_be_undone: true,
        };
        assert_eq!(
            step(&scheduled(), asked_back),
            Err(Refused::TooEarly),
            "the gateway may have agreed"
        );
        let (due, effects) = step(&scheduled(), came(100)).unwrap();
        assert_eq!(due, PhoneState::Ordered(order(1)));
        assert_eq!(effects, [], "the state is what asks for the half's end");
        let (told, _) = step(&scheduled(), PhoneEvent::OrderReceived(order(1))).unwrap();
        assert_eq!(told, due, "or the gateway says that it is effective");
    }

    //
    #[test]
    fn what_was_taken_back_stays_so_and_what_is_effective_is_not_taken_back() {
        let (undone, effects) = step(&scheduled(), PhoneEvent::OrderUndone(order(1))).unwrap();
        assert_eq!((&undone, effects), (&PhoneState::Undone(order(1)), Vec::new()));
        assert_eq!(step(&undone, PhoneEvent::OrderUndone(order(1))).unwrap().0, undone);
        let scheduled_again = |number| PhoneEvent::OrderScheduled {
            order: order(number),
            effective_at: at(100),
        };
        let heard_late = step(&undone, scheduled_again(1)).unwrap().0;
        assert_eq!(heard_late, undone, "an answer from before it");
        assert_eq!(step(&undone, scheduled_again(2)), Err(Refused::Ended));
        assert_eq!(step(&undone, came(200)), Err(Refused::Ended));
        assert_eq!(step(&undone, PhoneEvent::OrderReceived(order(1))), Err(Refused::Ended));
        let ordered = PhoneState::Ordered(order(1));
        assert_eq!(step(&ordered, PhoneEvent::OrderUndone(order(1))), Err(Refused::TooLate));
    }

    #[test]
    fn a_moment_moves_nearer_and_never_away() {
        let again = |second| PhoneEvent::OrderScheduled {
            order: order(1),
            effective_at: at(second),
        };
        let (nearer, _) = step(&scheduled(), again(50)).unwrap();
        assert!(matches!(nearer, PhoneState::Scheduled { effective_at, .. } if effective_at == at(50)));
        let (kept, _) = step(&nearer, again(150)).unwrap();
        assert_eq!(kept, nearer);
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
