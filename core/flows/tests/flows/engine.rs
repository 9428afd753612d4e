//! The engine, case by case: what each kind of event does where it belongs, and where it does not.

use crate::drive::{
    Facts, at, begun, by, complete, facts_for, found, gateway, open_id, phone, reach, refused, rules, shipped, started,
    success, taken,
};
use quittance_flows::Refused;
use quittance_flows::definition::FlowEffect;
use quittance_flows::flow::{self, Effect, FlowState, Left, Phase, Rules};
use quittance_protocol::flow_event::{Author, FlowEvent, FlowEventKind};
use quittance_protocol::problem::Code;
use quittance_protocol::{Digest32, Quantity};

const QUICK: &str = "mandate.cancel.quick";

fn facts(names: &[&str]) -> Facts {
    names.iter().map(|name| ((*name).to_owned(), Quantity::ONE)).collect()
}

fn refusal(rules: Rules<'_>, state: &FlowState, event: &FlowEvent) -> Option<Refused> {
    flow::step(rules, state, event).err()
}

/// What was done of that which somebody has to do; machinery aside.
fn steps_done<'s>(rules: Rules<'_>, state: &'s FlowState) -> Vec<&'s str> {
    let counts = |id: &str| rules.definition.all_steps().any(|step| step.id == id && step.counts());
    let done = state
        .done
        .iter()
        .filter(|done| done.left == Left::Done && counts(&done.id));
    done.map(|done| done.id.as_str()).collect()
}

fn failed(step: &str, today: Option<u32>) -> FlowEventKind {
    FlowEventKind::FactorFailed {
        step: step.to_owned(),
        today,
        attempts_left: None,
    }
}

fn reviewed(step: &str, reviewer: &str, approves: bool) -> FlowEventKind {
    FlowEventKind::Reviewed {
        step: step.to_owned(),
        reviewer: reviewer.to_owned(),
        approves,
    }
}

fn reported(step: &str, outcome: &str) -> FlowEventKind {
    FlowEventKind::Reported {
        step: step.to_owned(),
        outcome: outcome.to_owned(),
    }
}

// R-013 R-018 R-301
#[test]
fn the_quick_route_is_three_steps_and_holds_after_the_first() {
    let rules = rules(QUICK);
    let state = begun(rules, QUICK, Facts::new(), at(0));
    assert_eq!(flow::progress(rules, &state), (1, 3));
    let (held, effects) = flow::step(rules, &state, &success(rules, &state, at(1))).unwrap();
    assert!(effects.contains(&Effect::Do(FlowEffect::Hold)));
    let (done, effects) = complete(rules, held);
    assert_eq!(steps_done(rules, &done), ["identify", "confirm", "payment_pin"]);
    assert_eq!(effects.last(), Some(&Effect::Complete(FlowEffect::Destroy)));
    assert!(flow::ends_with_payer(rules.definition, &done));
}

//
#[test]
fn the_biometric_identifies_and_the_lock_screen_behind_the_code_and_no_other_step() {
    for (name, steps) in [
        (QUICK, ["identify", "identify.device_passcode"]),
        ("mandate.cancel.service", ["face", "face.device_passcode"]),
    ] {
        let definition = rules(name).definition;
        let identify: Vec<&str> = definition
            .all_steps()
            .map(|step| step.id.as_str())
            .filter(|step| definition.identifies(step))
            .collect();
        assert_eq!(identify, steps, "{name}: not the code, not the PIN");
    }
    let forced = rules("mandate.cancel.forced").definition;
    assert!(forced.all_steps().all(|step| !forced.identifies(&step.id)));
}

//
#[test]
fn three_failures_stay_and_the_fourth_asks_for_the_bound_phone_and_then_the_passcode() {
    let rules = rules(QUICK);
    let mut state = begun(rules, QUICK, Facts::new(), at(0));
    for second in 1..=3 {
        state = taken(rules, &state, &phone(at(second), failed("identify", None)));
        assert_eq!(open_id(rules, &state).as_deref(), Some("identify"));
    }
    state = taken(rules, &state, &phone(at(4), failed("identify", None)));
    assert_eq!(open_id(rules, &state).as_deref(), Some("identify.bound_phone_otp"));
    state = taken(rules, &state, &success(rules, &state, at(5)));
    assert_eq!(open_id(rules, &state).as_deref(), Some("identify.device_passcode"));
    assert_eq!(flow::progress(rules, &state), (2, 4));
}

//
#[test]
fn failures_of_the_same_day_in_other_runs_count() {
    let rules = rules(QUICK);
    let state = begun(rules, QUICK, Facts::new(), at(0));
    let third = taken(rules, &state, &phone(at(1), failed("identify", Some(3))));
    assert_eq!(open_id(rules, &third).as_deref(), Some("identify"));
    let fourth = taken(rules, &state, &phone(at(1), failed("identify", Some(4))));
    assert_eq!(open_id(rules, &fourth).as_deref(), Some("identify.bound_phone_otp"));
}

// R-022 R-025 R-027
#[test]
fn renewal_is_turned_off_before_anything_is_confirmed() {
    let rules = rules(QUICK);
    let (state, effects) = complete(rules, begun(rules, QUICK, facts(&["auto_renewal"]), at(0)));
    assert_eq!(
        steps_done(rules, &state),
        ["identify", "auto_renewal_off", "confirm", "payment_pin"]
    );
    let renewal = effects
        .iter()
        .position(|effect| *effect == Effect::Do(FlowEffect::AutoRenewalOff));
    let end = effects
        .iter()
        .position(|effect| *effect == Effect::Complete(FlowEffect::Destroy));
    assert!(renewal.unwrap() < end.unwrap());
}

//
#[test]
fn a_banks_link_and_its_back_channel_have_to_agree() {
    let rules = rules(QUICK);
    let state = reach(rules, QUICK, "bank.decision", facts(&["bank_channel"]));
    let agrees = taken(rules, &state, &gateway(at(50), reported("bank.decision", "approved")));
    assert_eq!(agrees.phase, Phase::Completed);
    assert!(
        !flow::ends_with_payer(rules.definition, &agrees),
        "the bank did the last step"
    );
    let differs = taken(rules, &state, &gateway(at(50), reported("bank.decision", "refused")));
    assert_eq!(differs.phase, Phase::Refused(Code::ForeignState));
}

//
#[test]
fn coming_back_from_the_bank_is_no_ordinary_answer() {
    let rules = rules(QUICK);
    let state = reach(rules, QUICK, "bank.jump", facts(&["bank_channel"]));
    let answered = FlowEventKind::Answered {
        step: "bank.jump".to_owned(),
        shown: Digest32::of(b""),
    };
    assert_eq!(
        refusal(rules, &state, &phone(at(50), answered)),
        Some(Refused::StepOrder)
    );
}

//
#[test]
fn nobody_reviews_the_same_case_twice() {
    let name = "mandate.cancel.assisted";
    let rules = rules(name);
    let first = reach(rules, name, "agent_review", Facts::new());
    let second = taken(rules, &first, &gateway(at(50), reviewed("agent_review", "anna", true)));
    let again = gateway(at(51), reviewed("second_review", "anna", true));
    assert_eq!(refusal(rules, &second, &again), Some(Refused::SameReviewer));
    let other = taken(
        rules,
        &second,
        &gateway(at(51), reviewed("second_review", "bela", true)),
    );
    assert_eq!(open_id(rules, &other).as_deref(), Some("payer_confirm"));
    let against = taken(rules, &first, &gateway(at(50), reviewed("agent_review", "anna", false)));
    assert_eq!(against.phase, Phase::Refused(Code::ReviewRefused));
}

//
#[test]
fn a_merchants_silence_releases_and_its_refusal_goes_to_the_platform() {
    let name = "mandate.cancel.mini_program";
    let rules = rules(name);
    let state = reach(rules, name, "release", Facts::new());
    let due = flow::due(rules, &state).unwrap();
    assert_eq!(due, state.reached_at.plus_seconds(72 * 3_600));
    let silent = FlowEventKind::TimeCame {
        step: "release".to_owned(),
    };
    let silence = taken(rules, &state, &gateway(due, silent));
    assert_eq!(open_id(rules, &silence).as_deref(), Some("platform_review"));
    let (refused, effects) = flow::step(rules, &state, &gateway(at(50), reported("release", "refuses"))).unwrap();
    assert_eq!(effects[0], Effect::Do(FlowEffect::NoteObstruction));
    assert_eq!(open_id(rules, &refused).as_deref(), Some("platform_review"));
    let unheard = taken(rules, &state, &gateway(at(50), reported("release", "shrugs")));
    assert_eq!(unheard.phase, Phase::Refused(Code::ExternalRefused));
}

//
#[test]
fn offline_leaves_out_what_may_be_left_out_once_and_never_where_authority_is_raised() {
    let quick = rules(QUICK);
    let offline = |second| phone(at(second), FlowEventKind::WentOffline {});
    let state = begun(quick, QUICK, Facts::new(), at(0));
    let away = taken(quick, &state, &offline(1));
    assert_eq!(refusal(quick, &away, &offline(2)), Some(Refused::StepOrder));
    let (done, _) = complete(quick, away);
    assert_eq!(steps_done(quick, &done), ["identify", "confirm"]);
    assert!(flow::ends_with_payer(quick.definition, &done));
    let sign = rules("mandate.sign");
    let state = begun(sign, "mandate.sign", Facts::new(), at(0));
    assert_eq!(refusal(sign, &state, &offline(1)), Some(Refused::StepOrder));
}

//
#[test]
fn a_recovery_ends_when_somebody_objects() {
    let name = "recovery.trusted_contacts";
    let rules = rules(name);
    let state = reach(rules, name, "opens", facts_for(shipped(), rules.definition, "opens"));
    let objected = taken(rules, &state, &gateway(at(60), FlowEventKind::Objected {}));
    assert_eq!(objected.phase, Phase::Refused(Code::Objected));
    assert_eq!(objected.ended_at.as_deref(), Some("opens"));
}

//
#[test]
fn contacts_who_confirm_too_late_are_noted_and_open_nothing() {
    let name = "recovery.trusted_contacts";
    let rules = rules(name);
    let state = reach(rules, name, "quorum", facts_for(shipped(), rules.definition, "quorum"));
    let confirmed = Facts::from([("contacts_confirmed".to_owned(), Quantity::whole(2))]);
    let late = taken(rules, &state, &found(confirmed, at(30 * 60)));
    assert_eq!(late.facts.get("contacts_confirmed"), Some(&Quantity::whole(2)));
    assert_eq!(open_id(rules, &late).as_deref(), Some("quorum"));
    let time = FlowEventKind::TimeCame {
        step: "quorum".to_owned(),
    };
    assert!(refused(&taken(rules, &late, &gateway(at(30 * 60), time))));
}

//
#[test]
fn an_older_finding_never_replaces_a_newer_one_and_nobody_finds_out_for_the_phone_that_it_is_offline() {
    let rules = rules(QUICK);
    let state = begun(rules, QUICK, facts(&["auto_renewal"]), at(10));
    let older = found(Facts::from([("auto_renewal".to_owned(), Quantity::ZERO)]), at(9));
    assert_eq!(refusal(rules, &state, &older), Some(Refused::TooLate));
    assert!(!taken(rules, &state, &found(facts(&["offline"]), at(11))).is_offline());
}

//
#[test]
fn only_what_is_judged_is_handed_in_and_only_codes_are_sent() {
    let name = "mandate.cancel.service";
    let rules = rules(name);
    let handed_in = |step: &str| FlowEventKind::Submitted {
        step: step.to_owned(),
        evidence: Digest32::of(b"both sides"),
    };
    let sent = |step: &str| FlowEventKind::Sent { step: step.to_owned() };
    let code = reach(rules, name, "auto_renewal_off", Facts::new());
    assert!(refusal(rules, &code, &gateway(at(50), sent("auto_renewal_off"))).is_none());
    assert_eq!(
        refusal(rules, &code, &phone(at(50), handed_in("auto_renewal_off"))),
        Some(Refused::StepOrder)
    );
    let document = reach(rules, name, "id_document_upload", Facts::new());
    assert_eq!(
        refusal(rules, &document, &gateway(at(50), sent("id_document_upload"))),
        Some(Refused::StepOrder)
    );
    let judged = taken(rules, &document, &phone(at(50), handed_in("id_document_upload")));
    let twice = refusal(rules, &judged, &phone(at(51), handed_in("id_document_upload")));
    assert_eq!(twice, Some(Refused::StepOrder));
}

//
#[test]
fn a_run_that_has_ended_takes_nothing() {
    let rules = rules(QUICK);
    let state = begun(rules, QUICK, Facts::new(), at(0));
    let cancelled = taken(rules, &state, &phone(at(1), FlowEventKind::Cancelled {}));
    assert_eq!(cancelled.phase, Phase::Cancelled);
    for event in [
        success(rules, &state, at(2)),
        found(Facts::new(), at(2)),
        phone(at(2), FlowEventKind::Cancelled {}),
    ] {
        assert_eq!(refusal(rules, &cancelled, &event), Some(Refused::Ended));
    }
}

#[test]
fn a_log_begins_with_its_start_and_has_no_second_one() {
    let rules = rules(QUICK);
    let start = started(QUICK, at(0));
    assert_eq!(flow::fold(rules, &[]), Err(Refused::StepOrder));
    assert_eq!(
        flow::fold(rules, &[found(Facts::new(), at(0))]),
        Err(Refused::StepOrder)
    );
    assert_eq!(flow::fold(rules, &[start.clone(), start]), Err(Refused::StepOrder));
}

// R-302 R-325
#[test]
fn a_run_that_begins_with_a_guard_waits_for_its_facts_and_says_where_it_was_refused() {
    let name = "mandate.undo";
    let rules = rules(name);
    let (waiting, effects) = flow::begin(rules, &started(name, at(0))).unwrap();
    assert_eq!((waiting.phase, effects), (Phase::Open, vec![]));
    let late = taken(rules, &waiting, &found(Facts::new(), at(0)));
    assert_eq!(late.phase, Phase::Refused(Code::TooLate));
    assert_eq!(late.ended_at.as_deref(), Some("in_time"));
    let in_time = taken(rules, &waiting, &found(facts(&["undo_allowed"]), at(0)));
    assert_eq!(open_id(rules, &in_time).as_deref(), Some("confirm"));
}

//
#[test]
fn a_banks_item_holds_before_anybody_is_asked() {
    let name = "mandate.cancel.bank_item";
    let (state, effects) = flow::begin(rules(name), &started(name, at(0))).unwrap();
    assert_eq!(
        effects,
        [Effect::Do(FlowEffect::Hold), Effect::Reached("bank.jump".to_owned())]
    );
    assert_eq!(open_id(rules(name), &state).as_deref(), Some("bank.jump"));
}

//
#[test]
fn a_vendor_who_never_answers_does_not_keep_a_run_open() {
    let name = "mandate.cancel.service";
    let rules = rules(name);
    let state = reach(rules, name, "id_document_upload", Facts::new());
    let handed_in = FlowEventKind::Submitted {
        step: "id_document_upload".to_owned(),
        evidence: Digest32::of(b"both sides"),
    };
    let judged = taken(rules, &state, &phone(at(50), handed_in));
    let ends = flow::ends_at(rules, &judged).unwrap();
    assert_eq!(Ok(ends), shipped().moment("evidence.judge_by", at(50)));
    let failed = by(Author::Gateway, at(51), failed("id_document_upload", None));
    assert_eq!(
        taken(rules, &judged, &failed).submitted,
        None,
        "another try may be handed in"
    );
}
