//! The machine of domain 7.1: what every live state takes, what no ended one does.

use super::*;
use MandateEvent::{Activated, BankApproved, Due, HalfDestroyed, HoldAdded, HoldLifted, HoldsLapsed, SigningStarted};
use proptest::prelude::*;
use quittance_protocol::money::{Currency, Money};
use quittance_protocol::statement::{Limits, MandateKind};

/// The waiting time of a service-managed cancellation in these tests.
const WAIT: i64 = 24 * 3600;

fn at(second: i64) -> Timestamp {
    Timestamp::from_unix(1_800_000_000 + second).unwrap()
}

fn hold(owner: HoldOwner) -> MandateEvent {
    HoldAdded(Hold::new(owner, at(0)))
}

fn lift(owner: HoldOwner) -> MandateEvent {
    HoldLifted(owner, owner.lifted_by())
}

fn ordered(cause: TerminationCause) -> MandateEvent {
    MandateEvent::Ordered {
        ending: cause.by_usual_actor(),
        at: at(0),
    }
}

fn scheduled() -> MandateEvent {
    MandateEvent::Scheduled {
        ending: TerminationCause::Payer.by_usual_actor(),
        at: at(0),
        due: at(WAIT),
    }
}

fn undone(second: i64) -> MandateEvent {
    MandateEvent::Undone { at: at(second) }
}

fn after(events: &[MandateEvent]) -> Mandate {
    events
        .iter()
        .fold(Mandate::draft(), |mandate, event| mandate.step(event.clone()).unwrap())
}

fn signed(bank: bool) -> Vec<MandateEvent> {
    vec![SigningStarted, MandateEvent::Authorized { bank }]
}

fn active() -> Mandate {
    after(&[signed(false), vec![Activated]].concat())
}

/// One mandate in each live state.
fn live() -> Vec<Mandate> {
    let suspended = active().step(hold(HoldOwner::Risk)).unwrap();
    vec![
        Mandate::draft(),
        after(&[SigningStarted]),
        after(&signed(true)),
        after(&signed(false)),
        active(),
        suspended.clone(),
        active().step(scheduled()).unwrap(),
        after(&signed(false)).step(scheduled()).unwrap(),
    ]
}

#[test]
fn a_mandate_is_signed_authorized_by_the_bank_where_needed_and_activated() {
    assert_eq!(active().state, MandateState::Active);
    let bank = after(&[signed(true), vec![BankApproved, Activated]].concat());
    assert_eq!(bank.state, MandateState::Active);
    assert_eq!(after(&signed(true)).step(Activated), Err(Refused::StepOrder));
}

#[test]
fn a_bank_that_refuses_ends_the_mandate_before_it_has_a_token() {
    let refused = MandateEvent::Rejected(TerminationCause::BankRefused.by_usual_actor());
    let mandate = after(&signed(true)).step(refused).unwrap();
    assert_eq!(mandate.state, MandateState::Rejected);
    assert_eq!(mandate.ending.map(|ending| ending.by), Some(Actor::Bank));
}

// R-306
#[test]
fn lifting_one_hold_lifts_no_other() {
    let all = HoldOwner::ALL
        .iter()
        .fold(active(), |mandate, owner| mandate.step(hold(*owner)).unwrap());
    for owner in HoldOwner::ALL {
        let lifted = all.step(lift(*owner)).unwrap();
        let others = HoldOwner::ALL.iter().copied().filter(|other| other != owner);
        assert!(lifted.holds.owners().eq(others), "{owner:?}");
        assert_eq!(lifted.state, MandateState::Suspended);
    }
    let none = HoldOwner::ALL
        .iter()
        .fold(all, |mandate, owner| mandate.step(lift(*owner)).unwrap());
    assert_eq!(none.state, MandateState::Active);
}

// R-306
#[test]
fn only_its_owner_lifts_a_hold() {
    let actors = [
        Actor::Payer,
        Actor::Merchant,
        Actor::Platform,
        Actor::Guardian,
        Actor::Bank,
        Actor::System,
    ];
    for owner in HoldOwner::ALL {
        let held = active().step(hold(*owner)).unwrap();
        for by in actors {
            let lifted = held.step(HoldLifted(*owner, by));
            assert_eq!(lifted.is_ok(), by == owner.lifted_by(), "{owner:?} by {by:?}");
        }
    }
}

#[test]
fn a_hold_whose_time_is_over_lapses_and_the_others_stay() {
    let lock = HoldAdded(Hold::new(HoldOwner::SafetyLock, at(0)).until(at(100)));
    let both = active().step(lock).unwrap().step(hold(HoldOwner::Payer)).unwrap();
    let lapsed = both.step(HoldsLapsed(at(100))).unwrap();
    assert_eq!(lapsed.state, MandateState::Suspended);
    assert_eq!(lapsed.step(lift(HoldOwner::Payer)).unwrap().state, MandateState::Active);
}

#[test]
fn a_hold_made_before_activation_survives_it() {
    let mandate = after(&signed(false)).step(hold(HoldOwner::Payer)).unwrap();
    assert_eq!(mandate.step(Activated).unwrap().state, MandateState::Suspended);
}

// R-303
#[test]
fn every_live_state_can_be_held_and_ended() {
    for mandate in live() {
        let held = mandate.step(hold(HoldOwner::Stop)).unwrap();
        assert!(held.holds.contains(&HoldOwner::Stop), "{:?}", mandate.state);
        assert_ne!(held.state, MandateState::Active);
        for state in [mandate, held] {
            let ended = state.step(ordered(TerminationCause::Payer)).unwrap();
            assert!(!ended.is_live(), "{:?}", state.state);
        }
    }
}

// R-307, R-067
#[test]
fn every_cause_is_kept_with_its_actor_to_the_end() {
    for cause in TerminationCause::ALL {
        let ending = Ending {
            cause: *cause,
            by: Actor::Guardian,
        };
        let ordered = active().step(MandateEvent::Ordered { ending, at: at(0) }).unwrap();
        let ended = ordered.step(HalfDestroyed).unwrap();
        assert_eq!((ended.state, ended.ending), (MandateState::Ended, Some(ending)));
    }
}

// R-305
#[test]
fn from_an_order_on_there_is_no_way_back() {
    let revoking = active().step(ordered(TerminationCause::Payer)).unwrap();
    let events = [
        Activated,
        hold(HoldOwner::Payer),
        lift(HoldOwner::Revocation),
        ordered(TerminationCause::Payer),
        scheduled(),
        undone(0),
        Due { at: at(WAIT) },
    ];
    for event in events {
        assert_eq!(revoking.step(event.clone()), Err(Refused::TooLate), "{event:?}");
    }
    let ended = revoking.step(HalfDestroyed).unwrap();
    for event in [
        Activated,
        lift(HoldOwner::Revocation),
        ordered(TerminationCause::Payer),
        HalfDestroyed,
    ] {
        assert_eq!(ended.step(event.clone()), Err(Refused::Ended), "{event:?}");
    }
}

// R-302
#[test]
fn a_scheduled_end_is_undone_until_the_second_before_it_is_due() {
    let waiting = active().step(scheduled()).unwrap();
    let undone_in_time = waiting.step(undone(WAIT - 1)).unwrap();
    assert_eq!(
        (undone_in_time.state, undone_in_time.ending),
        (MandateState::Active, None)
    );
    assert_eq!(waiting.step(undone(WAIT)), Err(Refused::TooLate));
}

// R-302
#[test]
fn undoing_leaves_the_holds_of_others() {
    let held = active().step(hold(HoldOwner::Teen)).unwrap();
    let back = held.step(scheduled()).unwrap().step(undone(0)).unwrap();
    assert_eq!(back.state, MandateState::Suspended);
    assert_eq!(back.holds.owners().collect::<Vec<_>>(), [HoldOwner::Teen]);
}

// R-302
#[test]
fn undoing_before_activation_goes_back_to_before_activation() {
    let waiting = after(&signed(false)).step(scheduled()).unwrap();
    assert_eq!(waiting.step(undone(0)).unwrap().state, MandateState::Provisioning);
}

// R-301
#[test]
fn a_scheduled_end_holds_at_once_and_its_hold_is_not_lifted_alone() {
    let waiting = active().step(scheduled()).unwrap();
    assert!(waiting.holds.contains(&HoldOwner::Revocation));
    assert_eq!(waiting.step(lift(HoldOwner::Revocation)), Err(Refused::StepOrder));
    let without_others = waiting.step(hold(HoldOwner::Payer)).unwrap();
    assert!(without_others.step(lift(HoldOwner::Payer)).is_ok());
}

#[test]
fn a_scheduled_end_is_due_at_its_second_and_not_before() {
    let waiting = active().step(scheduled()).unwrap();
    assert_eq!(waiting.step(Due { at: at(WAIT - 1) }), Err(Refused::TooEarly));
    let due = waiting.step(Due { at: at(WAIT) }).unwrap();
    assert_eq!((due.state, due.ending.is_some()), (MandateState::Revoking, true));
}

// R-307
#[test]
fn an_end_that_comes_before_the_scheduled_one_replaces_its_cause() {
    let waiting = active().step(scheduled()).unwrap();
    let banned = waiting.step(ordered(TerminationCause::MerchantBanned)).unwrap();
    assert_eq!(banned.state, MandateState::Revoking);
    assert_eq!(banned.ending, Some(TerminationCause::MerchantBanned.by_usual_actor()));
}

fn ends(change: fn(&mut Terms), charges: u32, second: i64) -> Option<TerminationCause> {
    let cny = |minor| Money::new(minor, Currency::new("CNY").unwrap()).unwrap();
    let limits = Limits::new(cny(5000), cny(20_000), 30);
    let mut terms = Terms::new("Bluebird", "Rides", MandateKind::PayAsYouGo, limits);
    change(&mut terms);
    ends_by_itself(&terms, charges, at(second)).map(|ending| ending.cause)
}

// H6, R-307
#[test]
fn a_used_up_single_use_mandate_ends_as_consumed_and_keeps_that_cause() {
    let single: fn(&mut Terms) = |terms| terms.limits.charges = Some(1);
    assert_eq!(ends(single, 0, 0), None);
    assert_eq!(ends(single, 1, 0), Some(TerminationCause::Consumed));
    let consumed = active().step(ordered(TerminationCause::Consumed)).unwrap();
    let ended = consumed.step(HalfDestroyed).unwrap();
    assert_eq!(ended.ending, Some(TerminationCause::Consumed.by_usual_actor()));
}

// R-340
#[test]
fn a_mandate_whose_validity_ends_ends_as_expired_at_that_second() {
    let valid: fn(&mut Terms) = |terms| terms.valid_until = Some(at(100));
    assert_eq!(ends(valid, 7, 99), None);
    assert_eq!(ends(valid, 7, 100), Some(TerminationCause::Expired));
    assert_eq!(ends(|_| {}, u32::MAX, i64::from(u32::MAX)), None);
}

#[test]
fn a_row_from_before_holds_had_records_still_reads() {
    let old = r#"{"state":"suspended","holds":["payer","revocation"]}"#;
    let mandate: Mandate = serde_json::from_str(old).unwrap();
    assert_eq!(
        mandate.holds.owners().collect::<Vec<_>>(),
        [HoldOwner::Payer, HoldOwner::Revocation]
    );
    assert!(
        mandate
            .holds
            .iter()
            .all(|hold| hold.since.is_none() && !hold.reason.is_empty())
    );
    let written = serde_json::to_string(&mandate).unwrap();
    assert_eq!(serde_json::from_str::<Mandate>(&written).unwrap(), mandate);
}

fn any_owner() -> impl Strategy<Value = HoldOwner> {
    proptest::sample::select(HoldOwner::ALL)
}

fn any_ending() -> impl Strategy<Value = Ending> {
    proptest::sample::select(TerminationCause::ALL).prop_map(TerminationCause::by_usual_actor)
}

fn any_event() -> impl Strategy<Value = MandateEvent> {
    let moment = || (0_i64..3 * WAIT).prop_map(at);
    prop_oneof![
        Just(SigningStarted),
        any::<bool>().prop_map(|bank| MandateEvent::Authorized { bank }),
        Just(BankApproved),
        Just(Activated),
        any_ending().prop_map(MandateEvent::Rejected),
        any_owner().prop_map(hold),
        any_owner().prop_map(lift),
        moment().prop_map(HoldsLapsed),
        (any_ending(), moment(), moment()).prop_map(|(ending, at, due)| MandateEvent::Scheduled { ending, at, due }),
        moment().prop_map(|at| MandateEvent::Undone { at }),
        moment().prop_map(|at| Due { at }),
        (any_ending(), moment()).prop_map(|(ending, at)| MandateEvent::Ordered { ending, at }),
        Just(HalfDestroyed),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    // R-305
    #[test]
    fn no_sequence_of_events_makes_an_ended_mandate_live(
        events in proptest::collection::vec(any_event(), 1..40),
    ) {
        let mut mandate = Mandate::draft();
        for event in events {
            let Ok(next) = mandate.step(event) else { continue };
            prop_assert!(mandate.is_live() || !next.is_live());
            prop_assert_eq!(next.is_live() && next.scheduled.is_none(), next.ending.is_none());
            prop_assert_eq!(next.state == MandateState::RevocationScheduled, next.scheduled.is_some());
            prop_assert!(next.state != MandateState::Active || next.holds.is_empty());
            prop_assert!(next.state != MandateState::Suspended || !next.holds.is_empty());
            mandate = next;
        }
    }

    // R-303
    #[test]
    fn whatever_happened_a_live_mandate_can_be_held_and_ended(
        events in proptest::collection::vec(any_event(), 0..20), owner in any_owner(), ending in any_ending(),
    ) {
        let mandate = events
            .into_iter()
            .fold(Mandate::draft(), |mandate, event| mandate.step(event).unwrap_or(mandate));
        if mandate.is_live() {
            let held = mandate.step(hold(owner)).unwrap();
            prop_assert!(held.state != MandateState::Active);
            let ended = held.step(MandateEvent::Ordered { ending, at: at(0) }).unwrap();
            prop_assert!(!ended.is_live() && ended.ending == Some(ending));
        }
    }
}
