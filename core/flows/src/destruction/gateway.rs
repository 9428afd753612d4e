//! The gateway's side of a destruction order.

use crate::Refused;
use quittance_protocol::answer::OrderState;
use quittance_protocol::bytes::Digest32;
use quittance_protocol::log_body::ClosureKind;
use serde::{Deserialize, Serialize};

/// Where the gateway stands with one order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatewayState {
    /// Where its own half stands.
    pub own: OwnHalf,
    /// What the phone said.
    pub phone: PhoneSide,
    /// The latest closure that was logged.
    pub closure: Option<ClosureKind>,
}

/// The gateway's half.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OwnHalf {
    /// Held until the order is effective: it can still be taken back.
    Scheduled,
    /// The order was taken back before it was effective; the half lives on.
    Undone,
    /// No charge begins; those in flight drain.
    Quiesced,
    /// Committed to destruction: nothing takes it back.
    Destroying,
    /// Destroyed, probed, logged.
    Destroyed,
}

/// What the phone said about its half.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PhoneSide {
    /// Nothing yet.
    Silent,
    /// It destroyed its half; digest of the statement.
    Destroyed(Digest32),
    /// It has no such token; digest of the statement.
    Absent(Digest32),
    /// Its time ran out.
    Overdue,
}

/// What the gateway learns; everything is verified before it becomes an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GatewayEvent {
    /// The moment came from which on nothing takes the order back.
    Due,
    /// The payer took the order back, strictly before it was effective.
    Undone,
    /// No charge of these tokens is in flight any more.
    Drained,
    /// The vault destroyed the halves; the probe passed.
    HalvesDestroyed,
    /// The phone's attestation: right key, right nonce, right tokens, a clean probe.
    PhoneDestroyed(Digest32),
    /// The phone's attestation that it has no such token.
    PhoneAbsent(Digest32),
    /// `token.device_deadline` passed.
    DeviceDeadline,
}

/// What the gateway has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GatewayEffect {
    /// Quiesce the halves, drop the permits, tell the merchants: no way back.
    Quiesce,
    /// Give the mandates back: the hold of the order falls, other holds stay.
    GiveBack,
    /// Destroy the halves in the vault once this state is committed.
    DestroyHalves,
    /// Log `destroyed`, end the mandates, drop their permits, refresh the risk rating.
    LogDestroyed,
    /// Log a closure.
    LogClosure(ClosureKind),
}

impl GatewayState {
    /// A new order: both halves held, no way back.
    pub const fn ordered() -> Self {
        Self {
            own: OwnHalf::Quiesced,
            phone: PhoneSide::Silent,
            closure: None,
        }
    }

    /// A new order that is effective later: both halves held until then.
    pub const fn scheduled() -> Self {
        Self {
            own: OwnHalf::Scheduled,
            ..Self::ordered()
        }
    }

    /// The state's name on the wire.
    pub const fn name(&self) -> OrderState {
        match (self.own, self.closure) {
            (_, Some(ClosureKind::TwoSided)) => OrderState::Closed,
            (_, Some(ClosureKind::Unilateral)) => OrderState::ClosedUnilateral,
            (OwnHalf::Scheduled, None) => OrderState::Scheduled,
            (OwnHalf::Undone, None) => OrderState::Undone,
            (OwnHalf::Quiesced, None) => OrderState::Quiesced,
            (OwnHalf::Destroying, None) => OrderState::Destroying,
            (OwnHalf::Destroyed, None) => OrderState::Destroyed,
        }
    }
}

/// Takes one event. The gateway never waits for the phone to destroy its own half.
///
/// # Errors
/// [`Refused::Contradiction`] where the phone says something else than before; [`Refused::TooEarly`] where the vault
/// or the phone is done before the order was effective; [`Refused::TooLate`] where an order is taken back that is
/// effective; [`Refused::Ended`] for every other event after it was taken back.
pub fn step(state: &GatewayState, event: GatewayEvent) -> Result<(GatewayState, Vec<GatewayEffect>), Refused> {
    let mut next = state.clone();
    let mut effects = Vec::new();
    match (event, state.own, state.phone) {
        (GatewayEvent::Due, OwnHalf::Scheduled, _) => {
            next.own = OwnHalf::Quiesced;
            effects.push(GatewayEffect::Quiesce);
        }
        (GatewayEvent::Undone, OwnHalf::Scheduled, _) => {
            next.own = OwnHalf::Undone;
            effects.push(GatewayEffect::GiveBack);
        }
        (GatewayEvent::Undone, OwnHalf::Undone, _) => {}
        (_, OwnHalf::Undone, _) => return Err(Refused::Ended),
        (GatewayEvent::Undone, ..) => return Err(Refused::TooLate),
        (GatewayEvent::Due, ..) => {}
        (_, OwnHalf::Scheduled, _) => return Err(Refused::TooEarly),
        (GatewayEvent::Drained, OwnHalf::Quiesced, _) => {
            next.own = OwnHalf::Destroying;
            effects.push(GatewayEffect::DestroyHalves);
        }
        (GatewayEvent::Drained, ..) | (GatewayEvent::HalvesDestroyed, OwnHalf::Destroyed, _) => {}
        (GatewayEvent::HalvesDestroyed, OwnHalf::Destroying, _) => {
            next.own = OwnHalf::Destroyed;
            effects.push(GatewayEffect::LogDestroyed);
        }
        (GatewayEvent::HalvesDestroyed, OwnHalf::Quiesced, _) => return Err(Refused::TooEarly),
        (GatewayEvent::PhoneDestroyed(said), _, PhoneSide::Silent | PhoneSide::Overdue) => {
            next.phone = PhoneSide::Destroyed(said)
        }
        (GatewayEvent::PhoneAbsent(said), _, PhoneSide::Silent | PhoneSide::Overdue) => {
            next.phone = PhoneSide::Absent(said)
        }
        (GatewayEvent::PhoneDestroyed(said), _, PhoneSide::Destroyed(before))
        | (GatewayEvent::PhoneAbsent(said), _, PhoneSide::Absent(before))
            if said == before => {}
        (GatewayEvent::PhoneDestroyed(_) | GatewayEvent::PhoneAbsent(_), ..) => return Err(Refused::Contradiction),
        (GatewayEvent::DeviceDeadline, _, PhoneSide::Silent) => next.phone = PhoneSide::Overdue,
        (GatewayEvent::DeviceDeadline, ..) => {}
    }
    if let Some(kind) = due_closure(&next)
        && next.closure != Some(kind)
    {
        next.closure = Some(kind);
        effects.push(GatewayEffect::LogClosure(kind));
    }
    Ok((next, effects))
}

/// The closure that the statements so far allow. Both statements for two sides; never without our own.
fn due_closure(state: &GatewayState) -> Option<ClosureKind> {
    match (state.own, state.phone) {
        (OwnHalf::Destroyed, PhoneSide::Destroyed(_)) => Some(ClosureKind::TwoSided),
        (OwnHalf::Destroyed, PhoneSide::Absent(_) | PhoneSide::Overdue) => Some(ClosureKind::Unilateral),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use GatewayEvent::*;
    use proptest::prelude::*;

    fn run(events: &[GatewayEvent]) -> (GatewayState, Vec<GatewayEffect>) {
        run_from(GatewayState::ordered(), events)
    }

    fn run_from(start: GatewayState, events: &[GatewayEvent]) -> (GatewayState, Vec<GatewayEffect>) {
        let mut effects = Vec::new();
        let state = events.iter().fold(start, |state, event| match step(&state, *event) {
            Ok((next, more)) => {
                effects.extend(more);
                next
            }
            Err(_) => state,
        });
        (state, effects)
    }

    fn phone() -> GatewayEvent {
        PhoneDestroyed(Digest32::of(b"attestation"))
    }

    #[test]
    fn the_gateway_destroys_its_half_without_waiting_for_the_phone() {
        let (state, effects) = run(&[Drained, HalvesDestroyed]);
        assert_eq!(effects, [GatewayEffect::DestroyHalves, GatewayEffect::LogDestroyed]);
        assert_eq!(state.name(), OrderState::Destroyed);
    }

    #[test]
    fn either_side_may_be_first() {
        assert_eq!(run(&[Drained, HalvesDestroyed, phone()]).0.name(), OrderState::Closed);
        assert_eq!(run(&[phone(), Drained, HalvesDestroyed]).0.name(), OrderState::Closed);
    }

    #[test]
    fn a_silent_phone_closes_unilaterally_then_two_sided_when_it_returns() {
        let (state, _) = run(&[Drained, HalvesDestroyed, DeviceDeadline]);
        assert_eq!(state.name(), OrderState::ClosedUnilateral);
        let (state, effects) = run(&[Drained, HalvesDestroyed, DeviceDeadline, phone()]);
        assert_eq!(state.name(), OrderState::Closed);
        assert_eq!(effects.last(), Some(&GatewayEffect::LogClosure(ClosureKind::TwoSided)));
    }

    #[test]
    fn a_phone_without_the_token_never_makes_it_two_sided() {
        let absent = PhoneAbsent(Digest32::of(b"none"));
        let (state, _) = run(&[absent, Drained, HalvesDestroyed, phone(), DeviceDeadline]);
        assert_eq!(state.name(), OrderState::ClosedUnilateral);
    }

    //
    #[test]
    fn a_scheduled_order_is_taken_back_before_it_is_due_and_never_after() {
        let (undone, effects) = run_from(GatewayState::scheduled(), &[Undone]);
        assert_eq!(
            (undone.name(), effects),
            (OrderState::Undone, vec![GatewayEffect::GiveBack])
        );
        for later in [Due, Drained, HalvesDestroyed, phone(), DeviceDeadline] {
            assert_eq!(step(&undone, later), Err(Refused::Ended), "{later:?}");
        }
        let (due, effects) = run_from(GatewayState::scheduled(), &[Due, Due]);
        assert_eq!(
            (due.name(), effects),
            (OrderState::Quiesced, vec![GatewayEffect::Quiesce])
        );
        assert_eq!(step(&due, Undone), Err(Refused::TooLate));
    }

    #[test]
    fn nothing_is_destroyed_while_an_order_is_scheduled() {
        for early in [Drained, HalvesDestroyed, phone(), DeviceDeadline] {
            assert_eq!(
                step(&GatewayState::scheduled(), early),
                Err(Refused::TooEarly),
                "{early:?}"
            );
        }
        let (state, _) = run_from(GatewayState::scheduled(), &[Due, Drained, HalvesDestroyed, phone()]);
        assert_eq!(state.name(), OrderState::Closed);
    }

    proptest! {
        #[test]
        fn no_closure_without_our_own_destruction_and_each_kind_is_logged_once(
            scheduled in any::<bool>(), picks in prop::collection::vec(0..8usize, 0..20)
        ) {
            let all = [Due, Undone, Drained, HalvesDestroyed, phone(), PhoneAbsent(Digest32::of(b"a")), PhoneDestroyed(Digest32::of(b"b")), DeviceDeadline];
            let events: Vec<_> = picks.iter().map(|i| all[*i]).collect();
            let start = if scheduled { GatewayState::scheduled() } else { GatewayState::ordered() };
            let (state, effects) = run_from(start, &events);
            if effects.contains(&GatewayEffect::GiveBack) {
                prop_assert_eq!(effects.len(), 1, "what was taken back is not destroyed");
            }
            if state.closure.is_some() {
                prop_assert_eq!(state.own, OwnHalf::Destroyed);
            }
            for kind in [ClosureKind::TwoSided, ClosureKind::Unilateral] {
                let logged = effects.iter().filter(|e| **e == GatewayEffect::LogClosure(kind)).count();
                prop_assert!(logged <= 1);
            }
        }
    }
}
