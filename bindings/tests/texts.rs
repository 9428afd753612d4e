//! The catalogue has a text for every key of the wallet, and no other.

use quittance_wallet::texts::KEYS;
use std::collections::{BTreeMap, BTreeSet};

fn catalogue() -> serde_json::Result<BTreeMap<String, String>> {
    serde_json::from_str(include_str!("../texts/en.json"))
}

/// The arguments that the wallet gives with a key.
fn given(key: &str) -> &'static [&'static str] {
    match key {
        "cancel.confirm.consequence.offline" => &["permits"],
        "consequence.limits" => &["per_charge", "per_period"],
        "question.other" => &["number"],
        "refused.other" => &["code"],
        "contacts.request.body" | "contacts_set.people.body" | "ask.people.body" => &["count", "at_least"],
        "ask.gesture_video.body" => &["count", "gestures"],
        key if key.starts_with("because.") => &["value", "bound"],
        key if key.ends_with(".body") => &["count"],
        key if key.ends_with(".why") => &["rules"],
        _ => &[],
    }
}

/// The names between braces; a brace that does not close gives the rest of the text, which is no name.
fn named(text: &str) -> Vec<&str> {
    text.split('{')
        .skip(1)
        .map(|rest| rest.split_once('}').map_or(rest, |(name, _)| name))
        .collect()
}

#[test]
fn every_key_of_the_wallet_has_a_text_and_no_text_is_left_over() {
    let texts = catalogue().unwrap();
    let written: BTreeSet<&str> = texts.keys().map(String::as_str).collect();
    let used: BTreeSet<&str> = KEYS.iter().copied().collect();
    assert_eq!(written, used);
}

#[test]
fn a_text_names_only_arguments_that_it_is_given() {
    for (key, text) in catalogue().unwrap() {
        for name in named(&text) {
            assert!(given(&key).contains(&name), "{key} names {{{name}}}");
        }
    }
}

#[test]
fn who_stops_offline_reads_how_many_charges_can_still_come() {
    assert_eq!(
        named(&catalogue().unwrap()["cancel.confirm.consequence.offline"]),
        ["permits"]
    );
}

#[test]
fn texts_are_calm_and_free_of_jargon() {
    for (key, text) in catalogue().unwrap() {
        assert!(!text.trim().is_empty() && !text.contains('!'), "{key}");
        let lower = text.to_lowercase();
        for word in ["token", "mandate", "gateway", "epoch"] {
            assert!(!lower.contains(word), "{key} says {word}");
        }
    }
}
