//! Whether a prompt can be said: each of its texts stands in the catalogue, and brings what the catalogue names.

use super::play::Wrong;
use quittance_wallet::{Prompt, PromptKind, Recording, Text, TextArgument};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The texts of every language, by their keys.
static CATALOGUE: LazyLock<Vec<BTreeMap<String, Value>>> = LazyLock::new(|| {
    let languages = [
        include_str!("../../../bindings/texts/en.json"),
        include_str!("../../../bindings/texts/zh-Hans.json"),
    ];
    let read = languages.iter().map(|json| serde_json::from_str(json));
    read.map(Result::unwrap_or_default).collect()
});

/// Fails with the first text of a prompt that cannot be said in every language.
pub(super) fn check(prompt: &Prompt) -> Result<(), Wrong> {
    let common = [&prompt.title, &prompt.body, &prompt.why];
    let actions = [&prompt.primary, &prompt.quiet].into_iter().flatten();
    let lists = prompt.because.iter().chain(&prompt.next);
    let texts = common
        .into_iter()
        .chain(actions)
        .chain(lists)
        .chain(of_kind(&prompt.kind));
    match texts.filter_map(fault).next() {
        None => Ok(()),
        Some(fault) => Err(Wrong::new(format!("at {} a text that can be said", prompt.step), fault)),
    }
}

/// Fails where a text cannot be said in every language.
pub(super) fn check_text(text: &Text) -> Result<(), Wrong> {
    match fault(text) {
        None => Ok(()),
        Some(fault) => Err(Wrong::new("a text that can be said", fault)),
    }
}

/// Fails where an app has no screen in every language for what it owes its user.
pub(super) fn check_screen(kind: &str) -> Result<(), Wrong> {
    for part in ["title", "body"] {
        let key = format!("app.error.{kind}.{part}");
        if !CATALOGUE.iter().all(|texts| texts.contains_key(&key)) {
            return Err(Wrong::new("a screen for it", format!("{key} stands in no catalogue")));
        }
    }
    Ok(())
}

fn of_kind(kind: &PromptKind) -> Vec<&Text> {
    match kind {
        PromptKind::Confirm { consequences, .. } | PromptKind::Choose { consequences, .. } => {
            consequences.iter().collect()
        }
        PromptKind::Facts { questions } | PromptKind::Fields { questions } => questions.iter().collect(),
        PromptKind::Recording {
            what: Recording::Gestures { gestures },
            ..
        } => gestures.iter().collect(),
        PromptKind::Waiting { then, .. } | PromptKind::InReview { then, .. } => then.iter().collect(),
        PromptKind::Refused { what_now, .. } => vec![what_now],
        _ => Vec::new(),
    }
}

/// What keeps a text from being said.
fn fault(text: &Text) -> Option<String> {
    CATALOGUE.iter().find_map(|texts| {
        let Some(written) = texts.get(&text.key) else {
            return Some(format!("{} stands in no catalogue", text.key));
        };
        let mut slots = forms(written).into_iter().flat_map(slots);
        slots.find_map(|slot| missing(texts, text, slot))
    })
}

/// Why one argument of a text cannot be written: it is not given, or as another kind.
fn missing(texts: &BTreeMap<String, Value>, text: &Text, slot: &str) -> Option<String> {
    let (name, kind) = slot.split_once(':').unwrap_or((slot, ""));
    let given = text
        .args
        .iter()
        .find(|(given, _)| given == name)
        .map(|(_, value)| value);
    let fits = match (kind, given) {
        ("count", Some(TextArgument::Count(_)))
        | ("amount", Some(TextArgument::Amount(_)))
        | ("moment", Some(TextArgument::Moment(_)))
        | ("wait", Some(TextArgument::Wait(_)))
        // A number can stand for words, as a score that happens to have no decimals does.
        | ("words", Some(TextArgument::Words(_) | TextArgument::Count(_))) => true,
        ("keys", Some(TextArgument::Keys(keys))) => keys.iter().all(|key| texts.contains_key(key)),
        _ => false,
    };
    (!fits).then(|| format!("{} names {{{slot}}} and is given {given:?}", text.key))
}

/// The forms of a text: one, or one for each number that its language tells apart.
fn forms(text: &Value) -> Vec<&str> {
    match text {
        Value::Object(forms) => forms.values().filter_map(Value::as_str).collect(),
        plain => plain.as_str().into_iter().collect(),
    }
}

/// What stands between braces.
fn slots(text: &str) -> impl Iterator<Item = &str> {
    let after = text.split('{').skip(1);
    after.map(|rest| rest.split_once('}').map_or(rest, |(slot, _)| slot))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(key: &str, args: &[(&str, TextArgument)]) -> Text {
        Text {
            key: key.to_owned(),
            args: args
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.clone()))
                .collect(),
        }
    }

    #[test]
    fn a_text_is_said_with_what_it_names_and_may_be_given_more() {
        let count = TextArgument::Count(2);
        assert_eq!(fault(&text("action.stop", &[])), None);
        assert_eq!(fault(&text("cancel.confirm.body", &[("count", count.clone())])), None);
        assert_eq!(fault(&text("action.stop", &[("count", count)])), None);
        let gestures = TextArgument::Keys(vec!["gesture.blink".to_owned(), "gesture.nod".to_owned()]);
        assert_eq!(fault(&text("ask.gesture_video.body", &[("gestures", gestures)])), None);
    }

    #[test]
    fn what_cannot_be_said_is_named() {
        let found = |key: &str, args: &[(&str, TextArgument)]| fault(&text(key, args)).unwrap_or_default();
        assert_eq!(found("of.tomorrow", &[]), "of.tomorrow stands in no catalogue");
        assert!(found("cancel.confirm.body", &[]).starts_with("cancel.confirm.body names {count:count}"));
        let words = [("count", TextArgument::Words("2".to_owned()))];
        assert!(found("cancel.confirm.body", &words).ends_with("is given Some(Words(\"2\"))"));
        let unknown = [("gestures", TextArgument::Keys(vec!["somersault".to_owned()]))];
        assert!(found("ask.gesture_video.body", &unknown).contains("somersault"));
    }
}
