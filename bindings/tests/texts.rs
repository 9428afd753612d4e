//! The catalogue has a text for every key of the wallet, and names only what the wallet gives with it.
//!
//! `cargo xtask texts` checks the rest: that the languages agree, how they speak, what the apps use.

use quittance_wallet::texts::KEYS;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What begins the keys of the apps' own screens.
const OF_THE_APPS: &str = "app.";

fn catalogues() -> serde_json::Result<Vec<BTreeMap<String, Value>>> {
    let languages = [include_str!("../texts/en.json"), include_str!("../texts/zh-Hans.json")];
    languages.iter().map(|json| serde_json::from_str(json)).collect()
}

/// The forms of a text: one, or one for each number that its language tells apart.
fn forms(text: &Value) -> Vec<&str> {
    match text {
        Value::Object(forms) => forms.values().filter_map(Value::as_str).collect(),
        plain => plain.as_str().into_iter().collect(),
    }
}

/// The arguments that the wallet gives with a key, each with its kind.
fn given(key: &str) -> &'static [&'static str] {
    match key {
        "cancel.confirm.consequence.offline" => &["permits:count"],
        "consequence.limits" => &["per_charge:amount", "per_period:amount"],
        "question.other" => &["number:count"],
        "refused.other" => &["code:words"],
        "contacts.request.body" | "contacts_set.people.body" | "ask.people.body" => &["count:count", "at_least:count"],
        "ask.gesture_video.body" => &["count:count", "gestures:keys"],
        "because.exceeds.requested_limit" => &["value:amount", "bound:amount", "key:words"],
        "because.exceeds.recovering" => &["value:count", "bound:count", "key:words", "wait:wait"],
        // A score has decimals; what has none is a count.
        "because.lacks.quiz_score" => &["value:words", "bound:words", "key:words"],
        "because.tries" => &["failed:count"],
        "because.service" => &["code:words"],
        "because.late" | "because.disagreed" | "because.objected" | "because.left" | "because.complete" => &[],
        key if key.starts_with("because.said_no.") => &[],
        key if key.starts_with("because.") => &["value:count", "bound:count", "key:words"],
        "next.by" | "next.opens" | "next.left_alone" | "next.undo_until" | "next.ends_at" => &["moment:moment"],
        "next.within" | "next.opens_in" => &["wait:wait"],
        "next.ends_after" => &["wait:wait", "earliest:moment"],
        "next.you" => &["step:keys"],
        "recovery.need.contacts_wait" => &["moment:moment"],
        "recovery.need.another_day" => &["most:count"],
        "checkup.finding.switched_on_unasked"
        | "checkup.finding.stale"
        | "checkup.finding.end_refused"
        | "checkup.finding.end_disputed" => &["count:count"],
        "checkup.finding.clock_far_off" => &["by:wait"],
        key if key.ends_with(".body") => &["count:count"],
        _ => &[],
    }
}

/// What stands between braces; a brace that does not close gives the rest of the text, which is no argument.
fn named(text: &str) -> Vec<&str> {
    text.split('{')
        .skip(1)
        .map(|rest| rest.split_once('}').map_or(rest, |(name, _)| name))
        .collect()
}

/// What the catalogue says of the wallet's keys and should not, or does not say.
fn faults(texts: &BTreeMap<String, Value>, keys: &[&str]) -> Vec<String> {
    let written: BTreeSet<&str> = texts.keys().map(String::as_str).collect();
    let used: BTreeSet<&str> = keys.iter().copied().collect();
    let missing = used.difference(&written).map(|key| format!("no text for {key}"));
    let of_wallet = written.iter().filter(|key| !key.starts_with(OF_THE_APPS));
    let left = of_wallet.filter(|key| !used.contains(*key));
    let mut faults: Vec<String> = missing.chain(left.map(|key| format!("nobody uses {key}"))).collect();
    for (key, text) in texts.iter().filter(|(key, _)| used.contains(key.as_str())) {
        let names = forms(text).into_iter().flat_map(named);
        let foreign = names.filter(|name| !given(key).contains(name));
        faults.extend(foreign.map(|name| format!("{key} names {{{name}}}")));
    }
    faults
}

#[test]
fn every_key_of_the_wallet_has_a_text_that_names_only_what_it_is_given() {
    for texts in catalogues().unwrap() {
        assert_eq!(faults(&texts, KEYS), [""; 0]);
    }
}

#[test]
fn a_missing_a_left_over_and_a_misnamed_text_are_found() {
    let text = |json: &str| serde_json::from_str::<BTreeMap<String, Value>>(json).unwrap();
    let texts = text(r#"{ "a.body": "{count:count} x", "app.a": "{anything:words}" }"#);
    assert_eq!(faults(&texts, &["a.body"]), [""; 0]);
    assert_eq!(faults(&texts, &["a.body", "b"]), ["no text for b"]);
    assert_eq!(faults(&texts, &[]), ["nobody uses a.body"]);
    let texts = text(r#"{ "a.body": { "one": "{count:words}", "other": "{permits:count} {count" } }"#);
    assert_eq!(
        faults(&texts, &["a.body"]),
        [
            "a.body names {count:words}",
            "a.body names {permits:count}",
            "a.body names {count}"
        ]
    );
}

#[test]
fn what_happens_next_says_when_and_who() {
    for texts in catalogues().unwrap() {
        for (key, text) in texts.iter().filter(|(key, _)| key.starts_with("next.")) {
            for form in forms(text) {
                let (said, given) = (named(form), given(key));
                let said: BTreeSet<&str> = said.into_iter().collect();
                assert_eq!(said, given.iter().copied().collect(), "{key}");
            }
        }
    }
}

#[test]
fn what_a_consequence_depends_on_is_said_in_every_language() {
    for texts in catalogues().unwrap() {
        for (key, said) in [
            ("cancel.confirm.consequence.offline", "permits:count"),
            ("consequence.limits", "per_charge:amount"),
            ("consequence.limits", "per_period:amount"),
            ("ask.gesture_video.body", "gestures:keys"),
        ] {
            let forms = forms(&texts[key]);
            assert!(
                !forms.is_empty() && forms.iter().all(|form| named(form).contains(&said)),
                "{key}"
            );
        }
    }
}
