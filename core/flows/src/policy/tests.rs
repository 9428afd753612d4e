//! The loader from outside: what it takes, what it refuses, where it points.

use super::*;
use quittance_protocol::ed25519::SigningKey;
use quittance_protocol::{Claims, StatementId, Unsigned};
use serde_json::Value;

fn shipped() -> Policy {
    Policy::load(DEFAULT_BUNDLE).unwrap()
}

fn changed(change: impl FnOnce(&mut Value)) -> Result<Policy, PolicyError> {
    let mut json: Value = serde_json::from_str(DEFAULT_BUNDLE).unwrap();
    change(&mut json);
    Policy::load(&json.to_string())
}

/// What the loader says after `from` became `to` in the shipped text, which has `from` exactly once.
fn complaint(from: &str, to: &str) -> String {
    assert_eq!(DEFAULT_BUNDLE.matches(from).count(), 1, "{from}");
    Policy::load(&DEFAULT_BUNDLE.replace(from, to)).unwrap_err().to_string()
}

/// The number of the line in the shipped text that has this.
fn line_of(text: &str) -> String {
    let above = DEFAULT_BUNDLE.split(text).next().unwrap();
    format!("line {} ", above.lines().count().max(1))
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn the_shipped_bundle_loads_with_the_numbers_of_the_article() {
    let policy = shipped();
    assert_eq!(policy.cancellation.quick.steps.len(), 3, "R-013: three steps");
    assert_eq!(policy.cancellation.quick.effective, Seconds::new(0), "R-013: at once");
    assert_eq!(policy.cancellation.service.steps.len(), 5, "R-014: five steps");
    assert_eq!(
        policy.cancellation.service.effective,
        Seconds::new(86_400),
        "R-014: 24 h"
    );
    assert_eq!(policy.cancellation.assisted.steps.len(), 7, "R-015: seven steps");
    assert_eq!(policy.cancellation.assisted.effective, Span::BusinessDays(3), "R-015");
    assert_eq!(policy.biometric.max_failures, 3, "R-038");
    assert_eq!(policy.biometric.tries_a_day(), 4, "R-038: the fourth escalates");
    assert_eq!(policy.teen.default_limit.minor_units(2), Some(0), "R-043");
    assert_eq!(policy.teen.max_per_txn.minor_units(2), Some(5_000), "R-046");
    assert_eq!(policy.safety_lock.duration, Seconds::new(86_400), "R-062");
    assert_eq!(policy.recovery.transaction_quiz.pass.as_whole(), Some(85), "R-101");
    assert_eq!(policy.recovery.trusted_contacts.known_days_gt, 180, "R-104");
    assert_eq!(policy.secrets.payment_pin.max_attempts, 5);
    assert_eq!(policy.token.device_deadline, Seconds::new(7 * 86_400));
}

//
#[test]
fn a_signed_bundle_is_taken_from_its_author_alone_and_stays_the_same_document() {
    let author = SigningKey::from_seed(&SANDBOX_AUTHOR_SEED.into()).unwrap();
    let stranger = SigningKey::from_seed(&[7; 32].into()).unwrap();
    let compact = signed(&shipped(), &author);
    let opened = PolicyBundle::open(&compact, author.public_key()).unwrap();
    assert_eq!(opened.body().policy, shipped());
    assert_eq!(opened.body().policy.keys(), shipped().keys());
    for other in [signed(&shipped(), &stranger), compact.replace(".ey", ".ez")] {
        let error = PolicyBundle::open(&other, author.public_key()).unwrap_err();
        assert!(matches!(error, PolicyError::Untrusted(_)), "{error}");
    }
    // A right signature does not make sense of what it signs.
    let mut tree = serde_json::to_value(shipped()).unwrap();
    tree["otp"]["digits"] = 1.into();
    let odd: Policy = serde_json::from_value(tree).unwrap();
    let error = PolicyBundle::open(&signed(&odd, &author), author.public_key()).unwrap_err();
    assert_eq!(error, PolicyError::value("otp.digits", "must be at least 4"));
}

//
#[test]
fn a_code_has_as_many_digits_as_its_randomness_bears() {
    let of = |digits: u8| {
        let mut tree = serde_json::to_value(shipped()).unwrap();
        tree["otp"]["digits"] = digits.into();
        Policy::load(&tree.to_string())
    };
    let error = of(13).unwrap_err().to_string();
    assert!(error.contains("otp.digits: must be at most 12"), "{error}");
    // Control: the most that is taken is what is drawn.
    assert_eq!(crate::otp::draw(&of(12).unwrap(), [0xff; 16]).0.len(), 12);
}

fn signed(policy: &Policy, author: &SigningKey) -> String {
    let claims = Claims {
        aud: BUNDLE_AUDIENCE.to_owned(),
        iat: policy.bundle.not_before,
        jti: StatementId::from_bytes([1; 16]),
        seq: None,
    };
    let body = PolicyBundle { policy: policy.clone() };
    let unsigned = Unsigned::new(&author.public_key().thumbprint(), &claims, &body).unwrap();
    unsigned.with_signature(&author.sign(unsigned.signing_input()))
}

//
#[test]
fn what_is_no_value_of_the_schema_is_refused_with_line_or_column() {
    for (from, to, says, line) in [
        (
            "\"drain\": \"PT30S\"",
            "\"drains\": \"PT30S\"",
            "unknown field `drains`",
            "\"drain\"",
        ),
        ("\"drain\": \"PT30S\"", "\"drain\": \"PT30X\"", "PT30X", "\"drain\""),
        ("\"drain\": \"PT30S\"", "\"drain\": 30", "invalid type", "\"drain\""),
        ("\"P3BD\"", "\"P0BD\"", "P0BD", "\"P3BD\""),
        ("\"50.00\"", "50.00", "without fraction", "\"50.00\""),
        ("\"50.00\"", "\"fifty\"", "expected a number", "\"50.00\""),
        ("\"CST-8\"", "\"+08:00\"", "POSIX", "\"CST-8\""),
        ("\"2027-09-15\"", "\"2027-9-15\"", "not a date", "\"2027-09-15\""),
        (
            "\"drain\": \"PT30S\"",
            "\"drain\": \"PT30S\", \"drain\": \"PT30S\"",
            "twice",
            "\"drain\"",
        ),
        ("\"pass\": 85", "\"pass\": 85,,", "line", "\"pass\": 85"),
        (
            "\"recheck\": \"P180D\"",
            "\"recheck\": 0.5",
            "/real_name/recheck",
            "\"recheck\"",
        ),
    ] {
        let error = complaint(from, to);
        assert!(error.contains(says) && error.contains(&line_of(line)), "{to}: {error}");
    }
    let error = complaint("\"drain\": \"PT30S\",", "");
    assert!(
        error.contains("missing field `drain`") && error.contains("line"),
        "{error}"
    );
}

//
#[test]
fn a_value_that_makes_no_sense_is_refused_with_its_key_at_its_line() {
    for (from, to, key) in [
        (
            "\"batch_max_items\": 50",
            "\"batch_max_items\": 0",
            "cancellation.batch_max_items",
        ),
        (
            "\"default_limit\": \"0.00\"",
            "\"default_limit\": \"50.01\"",
            "teen.default_limit",
        ),
        ("\"quorum\": 2", "\"quorum\": 4", "recovery.trusted_contacts.quorum"),
        (
            "\"answers_by\": \"PT30M\"",
            "\"answers_by\": \"PT50M\"",
            "recovery.trusted_contacts.answers_by",
        ),
        ("\"amount\": 45", "\"amount\": 46", "recovery.transaction_quiz.weights"),
        ("\"pass\": 85", "\"pass\": 101", "recovery.transaction_quiz.pass"),
        (
            "\"account_theft\", \"privacy_leak\"",
            "\"account_theft\", \"payment\"",
            "checkup.groups",
        ),
        (
            "\"min_similarity\": \"0.80\"",
            "\"min_similarity\": \"80\"",
            "recovery.transaction_quiz.merchant.min_similarity",
        ),
        ("\"min\": \"0.50\"", "\"min\": \"0.85\"", "recovery.appeal.tiers.1.min"),
        ("\"max\": 59", "\"max\": 29", "risk.bands.1.max"),
        ("\"max\": 100", "\"max\": 99", "risk.bands"),
        ("\"from\": \"08:00\"", "\"from\": \"22:00\"", "recovery.voice.from"),
        ("\"from\": \"08:00\"", "\"from\": \"8:00\"", "recovery.voice.from"),
        (
            "\"second_review\": { \"category\": \"witness\", \"strength\": 4",
            "\"second_review\": { \"category\": \"witness\", \"strength\": 5",
            "factor.kinds.second_review.strength",
        ),
        (
            "\"same_strength_as\": \"payment_pin\"",
            "\"same_strength_as\": \"gesture\"",
            "biometric.same_strength_as",
        ),
        (
            "\"escalation\": [\"bound_phone_otp\"",
            "\"escalation\": [\"horoscope\"",
            "biometric.escalation",
        ),
        ("\"calendar\": \"cn\"", "\"calendar\": \"mars\"", "bundle.calendar"),
        ("\"workdays\": [", "\"workdays\": [\"2026-01-05\", ", "calendar.cn"),
        ("\"workdays\": [", "\"workdays\": [\"2026-01-03\", ", "calendar.cn"),
        ("\"until\": \"2027-12-31\"", "\"until\": \"2027-09-30\"", "calendar.cn"),
        ("\"drain\": \"PT30S\"", "\"drain\": \"PT30S\"", ""),
        ("\"min_core\": \"0.1.0\"", "\"min_core\": \"one\"", "bundle.min_core"),
        (
            "\"calendar\": \"cn\"",
            "\"calendar\": \"cn\", \"region\": \"overseas\"",
            "bundle.region",
        ),
    ] {
        if key.is_empty() {
            assert!(Policy::load(&DEFAULT_BUNDLE.replace(from, to)).is_ok(), "the control");
            continue;
        }
        let error = complaint(from, to);
        assert!(error.contains(&format!("{key}: ")), "{key}: {error}");
        let name = key.rsplit('.').next().unwrap();
        let line = match error.rsplit_once(" at line ") {
            Some((_, place)) => place.split(' ').next().unwrap().parse::<usize>().unwrap(),
            None => panic!("{key}: no line: {error}"),
        };
        let text = DEFAULT_BUNDLE.replace(from, to);
        assert!(
            text.lines().nth(line - 1).unwrap().contains(&format!("\"{name}\"")),
            "{key}: {error}"
        );
    }
}

//
#[test]
fn a_score_without_a_level_is_refused_before_anybody_is_rated() {
    let bands = |bands: Value| changed(|json| json["risk"]["bands"] = bands).unwrap_err().to_string();
    let error = bands(serde_json::json!([]));
    assert!(error.contains("risk.bands: the last row takes everything"), "{error}");
    let error = bands(serde_json::json!([{ "max": 59, "level": "low" }, { "max": 100 }]));
    assert!(error.contains("missing field `level`"), "{error}");
    // Control: one level may take everything.
    let one = changed(|json| json["risk"]["bands"] = serde_json::json!([{ "max": 100, "level": "low" }])).unwrap();
    assert_eq!(crate::risk::level(&one, 100), Ok("low"));
}

#[test]
fn another_schema_is_refused_before_anything_else() {
    let error = complaint("quittance-policy/1", "quittance-policy/2");
    assert!(error.contains("schema is not quittance-policy/1 at line 2 "), "{error}");
}

//
#[test]
fn a_bundle_for_a_newer_core_is_refused() {
    let [major, minor, patch] = version_of(CORE).unwrap();
    let with = |version: String| changed(|json| json["bundle"]["min_core"] = version.into());
    assert!(with(format!("{major}.{minor}.{patch}")).is_ok());
    for newer in [[major, minor, patch + 1], [major, minor + 1, 0], [major + 1, 0, 0]] {
        let error = with(newer.map(|part| part.to_string()).join(".")).unwrap_err();
        assert!(error.to_string().contains("update it"), "{error}");
    }
}

//
#[test]
fn a_bundle_is_in_force_from_its_first_moment_on() {
    let policy = shipped();
    assert_eq!(policy.in_force_at(at("2026-01-01T00:00:00Z")), Ok(()));
    let error = policy.in_force_at(at("2025-12-31T23:59:59Z")).unwrap_err();
    assert!(matches!(error, PolicyError::NotYet { .. }), "{error}");
}

//
#[test]
fn a_version_never_goes_back() {
    let policy = shipped();
    assert_eq!(policy.succeeds(1), Ok(()));
    assert_eq!(policy.succeeds(2), Err(PolicyError::Older { found: 1, in_force: 2 }));
}

#[test]
fn a_bundle_that_no_statement_can_carry_is_refused() {
    let long = |letters: usize| changed(|json| json["calendar"]["cn"]["source"] = "x".repeat(letters).into());
    assert!(long(20_000).is_ok());
    assert!(matches!(long(48_000), Err(PolicyError::TooLarge { .. })));
}

#[test]
fn a_value_is_read_by_its_key_or_the_key_is_named() {
    let policy = shipped();
    assert_eq!(policy.quantity("otp.digits").unwrap().as_whole(), Some(6));
    assert_eq!(policy.quantity("biometric.max_far.face").unwrap().millionths(), 100);
    assert_eq!(
        policy.quantity("recovery.appeal.tiers.0.min").unwrap().millionths(),
        800_000
    );
    assert_eq!(
        policy.span("cancellation.assisted.effective"),
        Ok(Span::BusinessDays(3))
    );
    assert_eq!(policy.span("otp.ttl"), Ok(Span::Seconds(Seconds::new(300))));
    assert_eq!(policy.text("merchant.levels.4.fee"), Ok("raised"));
    assert_eq!(
        policy.list("biometric.order"),
        Ok(vec!["face", "fingerprint", "sms_otp"])
    );
    assert_eq!(policy.list("regions.high_risk.regions"), Ok(vec![]));
    for missing in [
        "",
        "otp",
        "otp.",
        "otp.none",
        "otp.ttl.x",
        "recovery.appeal.tiers",
        "biometric.order.0",
        "flows.mandate",
    ] {
        let error = policy.leaf(missing).unwrap_err();
        assert_eq!(
            error,
            PolicyError::Missing {
                key: missing.to_owned()
            }
        );
    }
    let error = policy.quantity("otp.ttl").unwrap_err().to_string();
    assert!(error.contains("otp.ttl: expected an integer"), "{error}");
    assert!(policy.span("otp.digits").is_err() && policy.text("otp.digits").is_err());
    assert!(policy.list("otp.ttl").is_err() && policy.quantity("otp.ttl").is_err());
}

#[test]
fn every_value_is_reached_by_its_key() {
    let policy = shipped();
    let keys = policy.keys();
    assert!(keys.len() > 200, "{}", keys.len());
    for key in keys {
        assert!(policy.leaf(&key).is_ok(), "{key}");
    }
    let error = changed(|json| json["risk"]["actions"]["a.b"] = "allow".into()).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("risk.actions.a.b: a member's name has no dot"),
        "{error}"
    );
}

#[test]
fn every_value_has_a_note_that_says_what_it_is_for() {
    let index = KeyIndex::shipped().unwrap();
    let keys = shipped().keys();
    for key in &keys {
        assert!(index.note(key).is_some(), "keys.json says nothing of {key}");
    }
    for (name, note) in index.notes() {
        let group = format!("{name}.");
        assert!(
            keys.iter().any(|key| key == name || key.starts_with(&group)),
            "keys.json: no value {name}"
        );
        assert!(note.says.ends_with('.') && !note.rules.is_empty(), "{name}");
        for rule in &note.rules {
            let digits = rule.strip_prefix("R-").unwrap();
            assert!(digits.len() == 3 && digits.parse::<u16>().is_ok(), "{name}: {rule}");
        }
    }
}

//
#[test]
fn a_region_changes_what_its_overlay_says_or_nothing() {
    let policy = shipped();
    let overseas = policy.for_region("overseas").unwrap();
    assert_eq!(overseas.text("regions.in_force"), Ok("overseas"));
    assert_eq!(overseas.regions.in_force, "overseas");
    assert_eq!(overseas.bundle.region.as_deref(), Some("overseas"), "it is recorded");
    assert_eq!(overseas.bundle.version, policy.bundle.version);
    assert_eq!(
        overseas.regions.overseas.extra_steps,
        ["passport", "foreign_phone_otp"],
        "R-050"
    );
    assert_eq!(*policy.for_region("nowhere").unwrap(), policy);
    assert_eq!(policy.text("regions.in_force"), Ok("domestic"));
    assert_eq!(policy.for_region("overseas"), policy.for_region("overseas"));
}

//
#[test]
fn an_overlay_that_breaks_the_bundle_is_refused_at_its_line() {
    let overlay = "\"regions\": { \"in_force\": \"overseas\" }";
    for (broken, says) in [
        ("\"regions\": { \"in_force\": null }", "missing field `in_force`"),
        ("\"regions\": { \"figures\": 1 }", "unknown field `figures`"),
        ("\"otp\": { \"digits\": 4 }", "otp: a region cannot change this"),
        ("\"bundle\": { \"version\": 9 }", "bundle: a region cannot change this"),
        (
            "\"flows\": { \"mandate.sign\": null }",
            "flows: a region cannot change this",
        ),
    ] {
        let error = complaint(overlay, broken);
        assert!(error.contains("overlays.overseas") && error.contains(says), "{error}");
        assert!(error.contains(&line_of(overlay)), "{error}");
    }
}
