//! What the languages have in common: the same keys, the same arguments, each the forms of its grammar.
use std::collections::BTreeSet;

use super::catalogue::{Catalogue, LANGUAGES, SOURCE, Text, Texts};
use super::pattern::{Slot, SlotKind};

/// Languages whose grammar knows one thing from several.
const ONE_DIFFERS: [&str; 1] = ["en"];

/// Keys that a language lacks, arguments that differ, forms that a language does not have.
pub(crate) fn faults(catalogue: &Catalogue) -> Vec<String> {
    let mut faults = Vec::new();
    let empty = Texts::new();
    let source = catalogue.languages.get(SOURCE).unwrap_or(&empty);
    for language in LANGUAGES {
        let texts = catalogue.languages.get(language).unwrap_or(&empty);
        for key in source.keys().filter(|key| !texts.contains_key(*key)) {
            faults.push(format!("{language} lacks {key}"));
        }
        for (key, text) in texts {
            let mut fault = |what: &str| faults.push(format!("{language}: {key} {what}"));
            match source.get(key) {
                None => fault("is no text of the source"),
                Some(other) if named(other) != named(text) => fault("names other arguments than the source"),
                Some(other) if is_counted(other) != is_counted(text) => fault("has forms in one language alone"),
                Some(_) => {}
            }
            for what in forms(language, text) {
                fault(what);
            }
        }
    }
    faults
}

/// The arguments of a text, whatever their sequence.
fn named(text: &Text) -> BTreeSet<Slot> {
    text.slots().into_iter().collect()
}

fn is_counted(text: &Text) -> bool {
    matches!(text, Text::Counted { .. })
}

/// What is wrong with the forms of a text.
fn forms(language: &str, text: &Text) -> Vec<&'static str> {
    let mut faults = Vec::new();
    let slots = text.slots();
    let counts = slots.iter().filter(|slot| slot.kind == SlotKind::Count).count();
    let names: BTreeSet<&str> = slots.iter().map(|slot| slot.name.as_str()).collect();
    if names.len() != slots.len() {
        faults.push("gives one argument two kinds");
    }
    match text {
        Text::Counted { one, other } => {
            if counts != 1 {
                faults.push("has forms, yet not exactly one count that decides");
            }
            match one {
                None if ONE_DIFFERS.contains(&language) => faults.push("lacks the form for one"),
                Some(_) if !ONE_DIFFERS.contains(&language) => faults.push("has a form for one that nobody reads"),
                Some(one) if one == other => faults.push("has two forms that are the same"),
                _ => {}
            }
            // The form for one may leave out the number, and nothing else.
            let in_one = |slot: &Slot| one.as_ref().is_none_or(|one| one.slots().any(|named| named == slot));
            if slots.iter().any(|slot| slot.kind != SlotKind::Count && !in_one(slot)) {
                faults.push("leaves out an argument where it is one");
            }
            let known = |slot: &Slot| slots.contains(slot);
            if one.as_ref().is_some_and(|one| !one.slots().all(known)) {
                faults.push("names an argument only where it is one");
            }
        }
        Text::Plain(_) => {}
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::super::catalogue::parse;
    use super::*;

    fn found(en: &str, zh: &str) -> Vec<String> {
        let languages = [("en", en), ("zh-Hans", zh)].map(|(name, json)| (name.to_owned(), parse(json).unwrap()));
        faults(&Catalogue {
            languages: languages.into(),
        })
    }

    #[test]
    fn every_key_stands_in_every_language() {
        assert_eq!(found(r#"{ "a": "x" }"#, r#"{ "a": "甲" }"#), [""; 0]);
        assert_eq!(found(r#"{ "a": "x" }"#, "{}"), ["zh-Hans lacks a"]);
        assert_eq!(found("{}", r#"{ "a": "甲" }"#), ["zh-Hans: a is no text of the source"]);
    }

    #[test]
    fn the_arguments_are_the_same_in_any_sequence() {
        let en = r#"{ "a": "{n:words} of {m:amount}" }"#;
        assert_eq!(found(en, r#"{ "a": "{m:amount}的{n:words}" }"#), [""; 0]);
        for other in ["{n:words}", "{n:words}{m:words}", "{n:words}{m:amount}{o:words}"] {
            let found = found(en, &format!(r#"{{ "a": "{other}" }}"#));
            assert_eq!(found, ["zh-Hans: a names other arguments than the source"], "{other}");
        }
    }

    #[test]
    fn a_language_has_the_forms_of_its_grammar() {
        let en = r#"{ "a": { "one": "{n:count} day", "other": "{n:count} days" } }"#;
        let zh = r#"{ "a": { "other": "{n:count} 天" } }"#;
        assert_eq!(found(en, zh), [""; 0]);
        assert_eq!(found(r#"{ "a": { "other": "{n:count} days" } }"#, zh).len(), 1);
        assert_eq!(found(en, r#"{ "a": "{n:count} 天" }"#).len(), 1);
        let both = r#"{ "a": { "one": "{n:count} 天", "other": "{n:count}天" } }"#;
        assert_eq!(found(en, both).len(), 1);
    }

    #[test]
    fn one_count_decides_and_no_other_argument_is_lost() {
        let zh = |slots: &str| format!(r#"{{ "a": {{ "other": "{slots}甲" }} }}"#);
        let en = |one: &str, other: &str| format!(r#"{{ "a": {{ "one": "{one}", "other": "{other}" }} }}"#);
        let good = en("{w:words}: a day", "{w:words}: {n:count} days");
        assert_eq!(found(&good, &zh("{w:words}{n:count}")), [""; 0]);
        let lost = en("a day", "{w:words}: {n:count} days");
        assert_eq!(found(&lost, &zh("{w:words}{n:count}")).len(), 1);
        let two = en("{n:count} a", "{n:count} {m:count} b");
        assert!(!found(&two, &zh("{n:count}{m:count}")).is_empty());
        let foreign = en("{n:count} {w:words}", "{n:count} b");
        assert_eq!(found(&foreign, &zh("{n:count}")).len(), 1);
    }
}
