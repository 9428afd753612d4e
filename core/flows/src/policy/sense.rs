//! Values that make sense: alone, beside one another, and with the factors that they name.

use super::rules::CheckupGroup;
use super::{Policy, PolicyError, Quantity, Span};
use crate::risk::HIGHEST_SCORE;
use serde_json::Value;

/// What is counted, with the least that makes sense.
const LEAST: [(&str, i64); 30] = [
    ("bundle.version", 1),
    ("biometric.max_failures", 1),
    ("cancellation.batch_max_items", 1),
    ("evidence.gestures.asked", 1),
    ("evidence.recording_images", 1),
    ("limits.uploads.max_bytes", 1),
    ("limits.uploads.max_kept", 1),
    ("otp.digits", 4),
    ("otp.max_attempts", 1),
    ("recovery.device_biometric.device_days_gt", 0),
    ("recovery.device_biometric.offer_after_pin_failures", 1),
    ("recovery.emergency_code.uses", 1),
    ("recovery.failures_to_review.count", 1),
    ("recovery.transaction_quiz.amount.choices", 2),
    ("recovery.transaction_quiz.amount.questions", 1),
    ("recovery.transaction_quiz.date.tolerance_days", 0),
    ("recovery.transaction_quiz.min_transactions", 1),
    ("recovery.transaction_quiz.per_day", 1),
    ("recovery.trusted_contacts.known_days_gt", 0),
    ("recovery.trusted_contacts.quorum", 2),
    ("recovery.voice.max_attempts", 1),
    ("safety_lock.max_attempts", 1),
    ("secrets.account_password.min_length", 1),
    ("secrets.gesture.max_attempts", 1),
    ("secrets.gesture.min_points", 2),
    ("secrets.payment_pin.digits", 4),
    ("secrets.payment_pin.max_attempts", 1),
    ("token.key.max_uses", 1),
    ("token.permit.pay_as_you_go.pool", 1),
    ("token.permit.subscription.periods_ahead", 1),
];

/// What is counted, with the most that its use can bear.
const MOST: [(&str, i64); 1] = [
    // 128 random bits make so many decimal digits, none noticeably likelier than another.
    ("otp.digits", 12),
];

/// Times that are longer than nothing.
const LASTING: [&str; 20] = [
    "cancellation.bank_confirm.timeout",
    "cancellation.mini_program.merchant_release_deadline",
    "factor.proof_life",
    "flow.idle_life",
    "flow.total_life",
    "otp.ttl",
    "recovery.emergency_code.observation",
    "recovery.emergency_code.ttl",
    "recovery.failures_to_review.window",
    "recovery.trusted_contacts.entry_life",
    "recovery.trusted_contacts.request_by",
    "safety_lock.duration",
    "safety_lock.max_duration",
    "safety_lock.password_entry_life",
    "secrets.payment_pin.locked_for",
    "sync.max_lag",
    "token.device_deadline",
    "token.key.max_age",
    "token.permit.pay_as_you_go.window",
    "token.provisioning_deadline",
];

/// Shares: from nothing to the whole.
const SHARES: [&str; 9] = [
    "biometric.max_far.face",
    "biometric.max_far.fingerprint",
    "evidence.face_min",
    "evidence.sharpness_min",
    "real_name.face_min",
    "recovery.id_document.face_min",
    "recovery.transaction_quiz.amount.fallback_score",
    "recovery.transaction_quiz.merchant.min_similarity",
    "risk.fingerprint_min_match",
];

/// The first is never more than the second.
const ORDERED: [(&str, &str); 3] = [
    ("teen.default_limit", "teen.max_per_txn"),
    ("recovery.trusted_contacts.min", "recovery.trusted_contacts.max"),
    ("recovery.trusted_contacts.quorum", "recovery.trusted_contacts.min"),
];

/// The first never comes after the second.
const SOONER: [(&str, &str); 6] = [
    (
        "recovery.trusted_contacts.request_by",
        "recovery.trusted_contacts.answers_by",
    ),
    (
        "recovery.trusted_contacts.answers_by",
        "recovery.trusted_contacts.verify_by",
    ),
    (
        "recovery.trusted_contacts.verify_by",
        "recovery.trusted_contacts.opens_at",
    ),
    ("safety_lock.expiry_notice", "safety_lock.duration"),
    ("safety_lock.duration", "safety_lock.max_duration"),
    ("flow.idle_life", "flow.total_life"),
];

/// What together makes a whole.
const WHOLES: [(&str, &[&str], i64); 3] = [
    (
        "recovery.transaction_quiz.weights",
        &["amount", "merchant", "date"],
        100,
    ),
    ("real_name.weights", &["id_document", "bank_card", "face"], 1),
    (
        "merchant.dimensions",
        &["business", "quality", "experience", "payment_behaviour"],
        1,
    ),
];

/// Lists of factors.
const FACTOR_LISTS: [&str; 6] = [
    "biometric.escalation",
    "biometric.order",
    "regions.domestic.extra_steps",
    "regions.high_risk.extra_steps",
    "regions.overseas.extra_steps",
    "teen.guardian_steps",
];

/// Single factors.
const FACTORS: [&str; 4] = [
    "biometric.same_strength_as",
    "regions.domestic.id",
    "regions.overseas.id",
    "secrets.gesture.then",
];

/// Hours of a day, from … until, without the last.
const HOURS: [(&str, &str); 2] = [
    ("recovery.voice.from", "recovery.voice.until"),
    ("pre_debit_notice.hours.from", "pre_debit_notice.hours.until"),
];

/// The strongest a factor can be.
const STRONGEST: u8 = 4;

/// The factor that stands for whatever biometrics the phone has.
const DEVICE_BIOMETRIC: &str = "device_biometric";

/// Proves that every value is one that can be meant.
///
/// # Errors
/// [`PolicyError::Value`], [`PolicyError::Missing`], [`PolicyError::Kind`].
pub(super) fn check(policy: &Policy) -> Result<(), PolicyError> {
    names(policy)?;
    counts(policy)?;
    times(policy)?;
    shares(policy)?;
    tiers(policy)?;
    factors(policy)?;
    groups(policy)?;
    calendars(policy)
}

/// A dot in a name would make two keys of one.
fn names(policy: &Policy) -> Result<(), PolicyError> {
    for (key, _) in policy.leaves() {
        policy
            .leaf(&key)
            .map_err(|_| PolicyError::value(&key, "a member's name has no dot"))?;
    }
    Ok(())
}

fn counts(policy: &Policy) -> Result<(), PolicyError> {
    for (key, least) in LEAST {
        let number = policy.quantity(key)?;
        if number.as_whole().is_none_or(|number| number < least) {
            return Err(PolicyError::value(key, format!("must be at least {least}")));
        }
    }
    for (key, most) in MOST {
        if policy.quantity(key)? > Quantity::whole(most) {
            return Err(PolicyError::value(key, format!("must be at most {most}")));
        }
    }
    for (less, more) in ORDERED {
        if policy.quantity(less)? > policy.quantity(more)? {
            return Err(PolicyError::value(less, format!("must not be more than {more}")));
        }
    }
    if policy
        .recovery
        .transaction_quiz
        .pass
        .as_whole()
        .is_none_or(|pass| !(1..=100).contains(&pass))
    {
        return Err(PolicyError::value(
            "recovery.transaction_quiz.pass",
            "must be within 1 and 100 points",
        ));
    }
    if policy.teen.default_limit < Quantity::ZERO {
        return Err(PolicyError::value("teen.default_limit", "must not be negative"));
    }
    Ok(())
}

fn times(policy: &Policy) -> Result<(), PolicyError> {
    for key in LASTING {
        if seconds(policy, key)? == 0 {
            return Err(PolicyError::value(key, "must be longer than nothing"));
        }
    }
    for (sooner, later) in SOONER {
        if seconds(policy, sooner)? > seconds(policy, later)? {
            return Err(PolicyError::value(sooner, format!("must not be later than {later}")));
        }
    }
    for (from, until) in HOURS {
        let begin = minute_of_day(policy, from)?;
        if begin >= minute_of_day(policy, until)? {
            return Err(PolicyError::value(from, format!("must be before {until}")));
        }
    }
    Ok(())
}

fn shares(policy: &Policy) -> Result<(), PolicyError> {
    for key in SHARES {
        if !(Quantity::ZERO..=Quantity::ONE).contains(&policy.quantity(key)?) {
            return Err(PolicyError::value(key, "must be within 0 and 1"));
        }
    }
    for (group, parts, whole) in WHOLES {
        let mut sum = 0_i64;
        for part in parts {
            let part = policy.quantity(&format!("{group}.{part}"))?.millionths();
            sum = sum.saturating_add(part.max(0));
        }
        if Quantity::whole(whole) != Quantity::from_millionths(sum) {
            return Err(PolicyError::value(group, format!("must add up to {whole}")));
        }
    }
    Ok(())
}

/// Rows of a table of which the first that fits is taken: each bound is beyond the one before.
fn tiers(policy: &Policy) -> Result<(), PolicyError> {
    let falling = bounds(policy, "recovery.appeal.tiers", "min")?;
    for pair in falling.windows(2) {
        if let [(_, above), (key, below)] = pair
            && above <= below
        {
            return Err(PolicyError::value(key, "must be less than the row above"));
        }
    }
    if falling.last().is_none_or(|(_, last)| *last != Quantity::ZERO) {
        return Err(PolicyError::value(
            "recovery.appeal.tiers",
            "the last row takes everything: min 0",
        ));
    }
    bands(policy)
}

/// Every score has a level: a payer who has none could not be rated when a mandate ends.
fn bands(policy: &Policy) -> Result<(), PolicyError> {
    let bands = &policy.risk.bands;
    for (row, pair) in bands.windows(2).enumerate() {
        if let [above, below] = pair
            && above.max >= below.max
        {
            let key = format!("risk.bands.{}.max", row.saturating_add(1));
            return Err(PolicyError::value(key, "must be more than the row above"));
        }
    }
    if bands.last().is_none_or(|last| last.max < Quantity::from(HIGHEST_SCORE)) {
        return Err(PolicyError::value(
            "risk.bands",
            format!("the last row takes everything: max {HIGHEST_SCORE}"),
        ));
    }
    Ok(())
}

fn bounds(policy: &Policy, group: &str, bound: &str) -> Result<Vec<(String, Quantity)>, PolicyError> {
    let pointer = format!("/{}", group.replace('.', "/"));
    let rows = policy
        .tree()
        .pointer(&pointer)
        .and_then(Value::as_array)
        .map_or(0, Vec::len);
    let keys = (0..rows).map(|row| format!("{group}.{row}.{bound}"));
    keys.map(|key| policy.quantity(&key).map(|number| (key, number)))
        .collect()
}

fn factors(policy: &Policy) -> Result<(), PolicyError> {
    let kinds = &policy.factor.kinds;
    for (name, kind) in kinds {
        if !(1..=STRONGEST).contains(&kind.strength) {
            let key = format!("factor.kinds.{name}.strength");
            return Err(PolicyError::value(key, format!("must be within 1 and {STRONGEST}")));
        }
    }
    let lists = FACTOR_LISTS
        .into_iter()
        .map(|key| policy.list(key).map(|list| (key, list)));
    let singles = FACTORS
        .into_iter()
        .map(|key| policy.text(key).map(|name| (key, vec![name])));
    for named in lists.chain(singles) {
        let (key, named) = named?;
        if let Some(unknown) = named.into_iter().find(|name| !kinds.contains_key(*name)) {
            return Err(PolicyError::value(key, format!("there is no factor.kinds.{unknown}")));
        }
    }
    let strength = |name: &str| kinds.get(name).map(|kind| kind.strength);
    if strength(DEVICE_BIOMETRIC) != strength(&policy.biometric.same_strength_as) {
        return Err(PolicyError::value(
            "biometric.same_strength_as",
            format!("must be as strong as factor.kinds.{DEVICE_BIOMETRIC}"),
        ));
    }
    match policy.regions.in_force.as_str() {
        "domestic" | "overseas" => Ok(()),
        _ => Err(PolicyError::value("regions.in_force", "must be domestic or overseas")),
    }
}

/// No finding may be without a group to be shown in.
fn groups(policy: &Policy) -> Result<(), PolicyError> {
    let groups = &policy.checkup.groups;
    let each = CheckupGroup::ALL.iter().all(|group| groups.contains(group));
    if each && groups.len() == CheckupGroup::ALL.len() {
        return Ok(());
    }
    let names = CheckupGroup::ALL.map(CheckupGroup::name).join(", ");
    Err(PolicyError::value(
        "checkup.groups",
        format!("must be {names}, each once"),
    ))
}

fn calendars(policy: &Policy) -> Result<(), PolicyError> {
    policy.business_calendar()?;
    for (name, calendar) in &policy.calendar {
        if let Some(what) = calendar.contradiction() {
            return Err(PolicyError::value(format!("calendar.{name}"), what));
        }
    }
    Ok(())
}

fn seconds(policy: &Policy, key: &str) -> Result<i64, PolicyError> {
    match policy.span(key)? {
        Span::Seconds(seconds) => Ok(seconds.get()),
        Span::BusinessDays(_) => Err(PolicyError::value(key, "is no time for business days")),
    }
}

fn minute_of_day(policy: &Policy, key: &str) -> Result<i16, PolicyError> {
    let text = policy.text(key)?;
    let time: Option<jiff::civil::Time> = text.parse().ok();
    match time {
        Some(time) if text.len() == 5 && time.second() == 0 => {
            Ok(i16::from(time.hour()) * 60 + i16::from(time.minute()))
        }
        _ => Err(PolicyError::value(key, "write an hour of the day as 08:00")),
    }
}
