//! What the loader refuses of flows, each with the flow, the step, the line.

use quittance_flows::Policy;
use quittance_flows::policy::{BUNDLE_AUDIENCE, DEFAULT_BUNDLE, PolicyBundle, PolicyError, SANDBOX_AUTHOR_SEED};
use quittance_protocol::ed25519::SigningKey;
use quittance_protocol::jws::{Alg, Statement};
use quittance_protocol::{Claims, Received, StatementId, Unsigned};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// What is said after `from` became `to` in the shipped text, which has `from` exactly once; the flow and the step have
/// to be named, and the line has to be that of `to`.
fn refusal(from: &str, to: &str) -> String {
    assert_eq!(DEFAULT_BUNDLE.matches(from).count(), 1, "{from}");
    let text = DEFAULT_BUNDLE.replace(from, to);
    let said = Policy::load(&text).unwrap_err().to_string();
    let above = text.split(to).next().unwrap();
    let line = above.lines().count().max(1);
    let line = if above.ends_with('\n') { line + 1 } else { line };
    assert!(said.contains(&format!("line {line} ")), "line {line}: {said}");
    said
}

/// All of it is said.
fn says(said: &str, parts: &[&str]) {
    for part in parts {
        assert!(said.contains(part), "{part}: {said}");
    }
}

const REPORT: &str = r#"{ "id": "report", "do": { "prompt": "facts" }, "rules": ["R-034"] }"#;
const GUARDIAN: &str = "\"guardian_confirm\"";

// R-325
#[test]
fn a_part_that_leads_back_to_itself_has_no_end() {
    let from = r#"{ "id": "passport", "do": { "factor": "passport" }"#;
    let around = r#"{ "id": "around", "do": { "part": "region.checks" }, "rules": ["R-049"] }, { "id": "passport", "do": { "factor": "passport" }"#;
    let text = DEFAULT_BUNDLE.replacen(from, around, 1);
    let said = Policy::load(&text).unwrap_err().to_string();
    says(
        &said,
        &[
            "flows.mandate.cancel.",
            "step region.around",
            "has no end",
            "region.checks leads back",
            "line ",
        ],
    );
}

// R-325
#[test]
fn somebody_elses_turn_without_a_deadline_has_no_end() {
    let from = r#""deadline": { "after": "teen.guardian_confirm_by", "then": "refuse" }, "#;
    let at = DEFAULT_BUNDLE.find(GUARDIAN).unwrap();
    let line = DEFAULT_BUNDLE[..at].lines().count();
    let said = Policy::load(&DEFAULT_BUNDLE.replace(from, "")).unwrap_err().to_string();
    says(
        &said,
        &[
            "flows.teen.exit",
            "step guardian_confirm",
            "has no end",
            "deadline",
            &format!("line {line} "),
        ],
    );
}

// R-325
#[test]
fn a_factor_without_tries_has_no_end() {
    let said = refusal(
        r#"{ "id": "dynamic_passcode", "do": { "factor": "dynamic_passcode" }, "tries": { "at_least": "otp.max_attempts", "then": "refuse" }, "#,
        r#"{ "id": "dynamic_passcode", "do": { "factor": "dynamic_passcode" }, "#,
    );
    says(
        &said,
        &[
            "flows.mandate.change_limits",
            "step dynamic_passcode",
            "has no end: name the tries",
        ],
    );
}

// R-325
#[test]
fn tries_that_end_when_failures_shrink_have_no_end() {
    let said = refusal(
        r#""do": { "factor": "dynamic_passcode" }, "tries": { "at_least""#,
        r#""do": { "factor": "dynamic_passcode" }, "tries": { "at_most""#,
    );
    says(&said, &["step dynamic_passcode", "has no end: failures only grow"]);
}

// R-325
#[test]
fn a_prompt_that_nobody_can_draw_is_refused() {
    let said = refusal(REPORT, &REPORT.replace("\"facts\"", "\"sing\""));
    says(&said, &["sing", "line "]);
}

// R-325
#[test]
fn a_value_that_is_missing_is_named() {
    let said = refusal(
        r#"{ "review": "platform" }, "deadline": { "after": "review.decide_by", "then": "refuse" }, "rules": ["R-032"]"#,
        r#"{ "review": "platform" }, "deadline": { "after": "review.decide_soon", "then": "refuse" }, "rules": ["R-032"]"#,
    );
    says(
        &said,
        &[
            "flows.mandate.cancel.mini_program",
            "step platform_review",
            "review.decide_soon has no value",
        ],
    );
}

// R-060 R-111
#[test]
fn what_opens_something_says_for_how_long() {
    // What is wrong with a flow's head is told at the line of the flow.
    let entry = "\"entry_life\": \"safety_lock.password_entry_life\",";
    for (instead, says_too) in [
        ("", "entry_life: has to stand"),
        (
            "\"entry_life\": \"safety_lock.patience\",",
            "safety_lock.patience has no value",
        ),
    ] {
        let said = Policy::load(&DEFAULT_BUNDLE.replace(entry, instead))
            .unwrap_err()
            .to_string();
        says(&said, &["flows.lock.set_password: ", says_too, "line "]);
    }
}

// R-325
#[test]
fn a_fact_that_nobody_finds_out_is_refused() {
    let said = refusal("\"skip_if\": \"teen_is_adult\"", "\"skip_if\": \"teen_is_tall\"");
    says(
        &said,
        &[
            "flows.teen.exit",
            "step guardian_confirm",
            "nobody finds out teen_is_tall",
        ],
    );
}

// R-328
#[test]
fn what_stands_in_for_a_factor_is_never_weaker() {
    let passcode = r#",
            { "id": "face.device_passcode", "do": { "factor": "device_passcode" }, "rules": ["R-038"] }"#;
    let text = DEFAULT_BUNDLE.replace(passcode, "");
    assert_ne!(text, DEFAULT_BUNDLE);
    let said = Policy::load(&text).unwrap_err().to_string();
    says(
        &said,
        &[
            "flows.mandate.cancel.service",
            "step face:",
            "biometric is weaker",
            "line ",
        ],
    );
}

// R-328
#[test]
fn what_may_not_be_there_stands_in_for_nothing() {
    let passcode = r#""id": "face.device_passcode", "do": { "factor": "device_passcode" }, "#;
    let text = DEFAULT_BUNDLE.replace(passcode, &format!("{passcode}\"insert_if\": \"overseas\", "));
    let said = Policy::load(&text).unwrap_err().to_string();
    says(
        &said,
        &["flows.mandate.cancel.service", "step face:", "weaker", "line "],
    );
}

// R-310
#[test]
fn a_hold_never_asks_for_more_than_signing_did() {
    let asks = REPORT.replace("\"prompt\": \"facts\"", "\"factor\": \"lock_password\"");
    let asks = asks.replace(
        "\"rules\"",
        "\"tries\": { \"at_least\": 5, \"then\": \"stay\" }, \"rules\"",
    );
    let said = refusal(REPORT, &asks);
    says(
        &said,
        &[
            "flows.mandate.cancel.forced",
            "step report",
            "holding asks for lock_password",
        ],
    );
}

// R-310
#[test]
fn a_hold_never_waits_for_somebodys_decision() {
    let review = r#"{ "id": "clerk", "do": { "review": "agent" }, "deadline": { "after": "review.decide_by", "then": "refuse" }, "rules": ["R-034"] }"#;
    let said = refusal(REPORT, &format!("{REPORT}, {review}"));
    says(
        &said,
        &["flows.mandate.cancel.forced", "step clerk", "the hold waits for it"],
    );
}

// R-301 R-310
#[test]
fn what_ends_mandates_holds_them_first() {
    let hold = r#"{ "id": "hold", "do": { "effect": "hold" }, "rules": ["R-034", "R-301"] },"#;
    let text = DEFAULT_BUNDLE.replace(hold, "");
    assert_ne!(text, DEFAULT_BUNDLE);
    let said = Policy::load(&text).unwrap_err().to_string();
    says(&said, &["flows.mandate.cancel.forced", "no step holds", "line "]);
}

// R-325
#[test]
fn nobodys_silence_but_an_outside_partys_lets_a_run_go_on() {
    let said = refusal(
        r#"{ "review": "platform" }, "deadline": { "after": "review.decide_by", "then": "refuse" }, "rules": ["R-032"]"#,
        r#"{ "review": "platform" }, "deadline": { "after": "review.decide_by", "then": "go_on" }, "rules": ["R-032"]"#,
    );
    says(&said, &["step platform_review", "only an outside party's silence"]);
}

// R-325
#[test]
fn a_step_that_would_need_a_wish_is_refused() {
    let step = r#"{ "id": "obstruction", "do": { "effect": "note_obstruction" }"#;
    let of = |effect: &str| step.replace("note_obstruction", effect);
    let said = refusal(step, &of("undo"));
    says(
        &said,
        &[
            "flows.mandate.cancel.forced",
            "step obstruction",
            "the flow's own effect",
        ],
    );
    // Control: one that needs none is taken.
    assert!(Policy::load(&DEFAULT_BUNDLE.replace(step, &of("auto_renewal_off"))).is_ok());
}

// R-021
#[test]
fn a_route_that_says_for_whom_it_is_by_something_else_is_refused() {
    // Before, any list of texts was taken, and meant: not for what was switched on without the payer.
    let of = |key: &str| format!("\"enrolment\": \"{key}\"");
    let shipped = of("cancellation.service.enrolment");
    for key in ["safety_lock.triggers", "cancellation.service.steps", "sync.channels"] {
        let text = DEFAULT_BUNDLE.replace(&shipped, &of(key));
        let said = Policy::load(&text).unwrap_err().to_string();
        says(&said, &["flows.mandate.cancel.service", key]);
    }
    // Control: the list of another route.
    let text = DEFAULT_BUNDLE.replace(&shipped, &of("cancellation.assisted.enrolment"));
    assert!(Policy::load(&text).is_ok());
}

// R-052
#[test]
fn a_regions_check_that_no_flow_can_ask_for_is_refused() {
    let said = refusal(
        "\"video_verification\", \"handheld_id_photo\"]",
        "\"video_verification\", \"palm_reading\"]",
    );
    says(&said, &["regions.high_risk.extra_steps", "palm_reading"]);
}

// R-018 R-332
#[test]
fn what_raises_authority_is_never_skipped_offline() {
    let said = refusal(
        r#""id": "identify", "do": { "factor": "biometric" }, "rules": ["R-306"]"#,
        r#""id": "identify", "do": { "factor": "biometric" }, "skip_if": "offline", "rules": ["R-306"]"#,
    );
    says(&said, &["flows.mandate.resume", "step identify"]);
}

// R-332
#[test]
fn what_raises_authority_waits_after_a_recovery() {
    let bundle: Value = serde_json::from_str(DEFAULT_BUNDLE).unwrap();
    let mut waiting = 0;
    for (name, flow) in bundle["flows"].as_object().unwrap() {
        let steps = flow["steps"].as_array().unwrap();
        let settles = |step: &Value| step["id"] == "settled_down";
        if !steps.iter().any(settles) {
            continue;
        }
        waiting += 1;
        let mut hasty = bundle.clone();
        let steps: Vec<_> = steps.iter().filter(|step| !settles(step)).cloned().collect();
        hasty["flows"][name]["steps"] = steps.into();
        let said = Policy::load(&hasty.to_string()).unwrap_err().to_string();
        says(&said, &[&format!("flows.{name}"), "right after a recovery"]);
    }
    assert_eq!(waiting, 9);
}

// R-332
#[test]
fn a_guard_that_lets_a_recovery_through_is_no_wait() {
    let bundle: Value = serde_json::from_str(DEFAULT_BUNDLE).unwrap();
    let loads = |change: Value| {
        let mut changed = bundle.clone();
        let step = changed["flows"]["stop.lift"]["steps"][0].as_object_mut().unwrap();
        assert_eq!(step["id"], "settled_down");
        step.extend(change.as_object().unwrap().clone());
        Policy::load(&changed.to_string())
    };
    let guard =
        |comparison: &str, bound: Value| json!({ "do": { "guard": { "fact": "recovering", comparison: bound } } });
    for empty in [
        guard("at_least", 0.into()),
        guard("at_most", 1.into()),
        guard("at_most", "cancellation.batch_max_items".into()),
        json!({ "do": { "guard": "recovering" } }),
        json!({
            "deadline": { "after": "review.decide_by", "then": "otherwise" },
            "otherwise": [{ "id": "all_the_same", "do": { "prompt": "confirm" }, "rules": ["R-332"] }]
        }),
    ] {
        let said = loads(empty).unwrap_err().to_string();
        says(&said, &["flows.stop.lift", "right after a recovery"]);
    }
    // Control: the bound that keeps back, under another code.
    assert!(loads(guard("at_most", 0.into())).is_ok());
}

// R-325
#[test]
fn a_flow_that_code_begins_by_name_has_to_be_there() {
    let bundle: Value = serde_json::from_str(DEFAULT_BUNDLE).unwrap();
    for name in [
        "mandate.sign",
        "mandate.cancel.quick",
        "mandate.cancel.bank_item",
        "mandate.resume",
        "lock.set_password",
    ] {
        let mut without = bundle.clone();
        without["flows"].as_object_mut().unwrap().remove(name).unwrap();
        let said = Policy::load(&without.to_string()).unwrap_err().to_string();
        says(&said, &[&format!("flows.{name}: "), "is missing"]);
        let mut other = bundle.clone();
        other["flows"][name]["effect"] = "lift_stop".into();
        let said = Policy::load(&other.to_string()).unwrap_err().to_string();
        says(&said, &[&format!("flows.{name}: "), "has another effect"]);
    }
    // Control: what the payer alone picks may be left out.
    let mut without = bundle;
    without["flows"].as_object_mut().unwrap().remove("stop.lift").unwrap();
    assert!(Policy::load(&without.to_string()).is_ok());
}

// R-329
#[test]
fn an_older_bundle_is_refused_and_the_same_one_is_not() {
    let policy = Policy::load(DEFAULT_BUNDLE).unwrap();
    let version = policy.bundle.version;
    assert_eq!(policy.succeeds(version), Ok(()));
    let said = policy.succeeds(version + 1).unwrap_err().to_string();
    says(&said, &["older", "in force"]);
}

/// Any document, signed as a bundle is.
#[derive(Serialize, Deserialize)]
struct AnyDocument {
    policy: Value,
    #[serde(flatten)]
    beside: Map<String, Value>,
}

impl Statement for AnyDocument {
    const NAME: &'static str = PolicyBundle::NAME;
    const ALG: Alg = PolicyBundle::ALG;
    const SEQUENCED: bool = PolicyBundle::SEQUENCED;
}

/// Why the shipped bundle is refused with a member that no core knows yet, in it or beside it, for the core of this version.
fn refusal_of_newer(signer: &SigningKey, is_beside: bool, min_core: &str) -> PolicyError {
    let author = SigningKey::from_seed(&SANDBOX_AUTHOR_SEED.into()).unwrap();
    let mut policy: Value = serde_json::from_str(DEFAULT_BUNDLE).unwrap();
    policy["bundle"]["min_core"] = min_core.into();
    let mut beside = Map::new();
    if is_beside {
        beside.insert("weather".to_owned(), 1.into());
    } else {
        policy["otp"]["weather"] = 1.into();
    }
    let claims = Claims {
        aud: BUNDLE_AUDIENCE.to_owned(),
        iat: Policy::load(DEFAULT_BUNDLE).unwrap().bundle.not_before,
        jti: StatementId::from_bytes([1; 16]),
        seq: None,
    };
    let body = AnyDocument { policy, beside };
    let unsigned = Unsigned::new(&author.public_key().thumbprint(), &claims, &body).unwrap();
    let compact = unsigned.with_signature(&signer.sign(unsigned.signing_input()));
    let again = PolicyBundle::read_again(&Received::parse(&compact).unwrap()).unwrap_err();
    let refused = PolicyBundle::open(&compact, author.public_key()).unwrap_err();
    let is_untrusted = matches!(refused, PolicyError::Untrusted(_));
    assert!(is_untrusted || again == refused, "{again}, {refused}");
    refused
}

// R-329
#[test]
fn a_newer_bundle_of_the_author_is_for_a_newer_core_and_no_forgery() {
    let author = SigningKey::from_seed(&SANDBOX_AUTHOR_SEED.into()).unwrap();
    let stranger = SigningKey::from_seed(&[7; 32].into()).unwrap();
    for (is_beside, pointer) in [(false, "/otp/weather"), (true, "/weather")] {
        let newer = refusal_of_newer(&author, is_beside, "99.0.0");
        assert!(matches!(newer, PolicyError::CoreTooOld { .. }), "{newer}");
        let malformed = refusal_of_newer(&author, is_beside, "0.1.0");
        let place = match &malformed {
            PolicyError::Shape { pointer, .. } => pointer,
            other => panic!("{other}"),
        };
        assert_eq!(place, pointer, "{malformed}");
        let forged = refusal_of_newer(&stranger, is_beside, "99.0.0");
        assert!(matches!(forged, PolicyError::Untrusted(_)), "{forged}");
    }
    // As the text of an author, too.
    let text = DEFAULT_BUNDLE.replace("\"min_core\": \"0.1.0\"", "\"min_core\": \"99.0.0\", \"weather\": 1");
    says(
        &Policy::load(&text).unwrap_err().to_string(),
        &["min_core is 99.0.0", "update it at line "],
    );
}

// R-329
#[test]
fn a_bundle_with_a_wrong_signature_is_refused() {
    let author = SigningKey::from_seed(&SANDBOX_AUTHOR_SEED.into()).unwrap();
    let stranger = SigningKey::from_seed(&[7; 32].into()).unwrap();
    let policy = Policy::load(DEFAULT_BUNDLE).unwrap();
    let claims = Claims {
        aud: BUNDLE_AUDIENCE.to_owned(),
        iat: policy.bundle.not_before,
        jti: StatementId::from_bytes([1; 16]),
        seq: None,
    };
    let signed = |key: &SigningKey| {
        let body = PolicyBundle { policy: policy.clone() };
        let unsigned = Unsigned::new(&author.public_key().thumbprint(), &claims, &body).unwrap();
        unsigned.with_signature(&key.sign(unsigned.signing_input()))
    };
    assert!(PolicyBundle::open(&signed(&author), author.public_key()).is_ok());
    let refused = PolicyBundle::open(&signed(&stranger), author.public_key()).unwrap_err();
    assert!(matches!(refused, PolicyError::Untrusted(_)), "{refused}");
}
