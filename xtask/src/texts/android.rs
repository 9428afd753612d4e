//! Android's resources: one `strings` file for each language.
use std::collections::BTreeMap;

use super::Written;
use super::catalogue::{Catalogue, LANGUAGES, SOURCE, Text};
use super::pattern::{Pattern, Slot, literal, place};

/// Where the library's resources are.
const RESOURCES: &str = "bindings/kotlin/src/android/res";

/// What begins every resource's name: an app has names of its own.
const PREFIX: &str = "quittance_";

/// The name of a text as a resource.
pub(crate) fn resource(key: &str) -> String {
    format!("{PREFIX}{}", key.replace('.', "_"))
}

/// Keys that become the same resource.
pub(crate) fn faults(catalogue: &Catalogue) -> Vec<String> {
    let mut names: BTreeMap<String, &str> = BTreeMap::new();
    let mut faults = Vec::new();
    for (key, _) in catalogue.of(SOURCE) {
        if let Some(other) = names.insert(resource(key), key) {
            faults.push(format!("{other} and {key} are one resource on Android"));
        }
    }
    faults
}

/// The file of each language; the source's is what a phone in any other language shows.
pub(crate) fn files(catalogue: &Catalogue) -> Vec<Written> {
    let files = LANGUAGES.iter().map(|language| {
        let folder = match *language == SOURCE {
            true => "values".to_owned(),
            false => format!("values-b+{}", language.replace('-', "+")),
        };
        let path = format!("{RESOURCES}/{folder}/quittance_texts.xml");
        (path, xml(catalogue, language))
    });
    files.collect()
}

fn xml(catalogue: &Catalogue, language: &str) -> String {
    let mut xml = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n".to_owned();
    xml += "<!-- Written by `cargo xtask texts` from bindings/texts. Change it there. -->\n<resources>\n";
    for (key, text) in catalogue.of(language) {
        let (name, slots) = (resource(key), catalogue.slots(key));
        match text {
            Text::Plain(pattern) => {
                xml += &format!("    <string name=\"{name}\">{}</string>\n", value(pattern, &slots));
            }
            Text::Counted { one, other } => {
                xml += &format!("    <plurals name=\"{name}\">\n");
                for (quantity, pattern) in [("one", one.as_ref()), ("other", Some(other))] {
                    if let Some(pattern) = pattern {
                        let value = value(pattern, &slots);
                        xml += &format!("        <item quantity=\"{quantity}\">{value}</item>\n");
                    }
                }
                xml += "    </plurals>\n";
            }
        }
    }
    xml + "</resources>\n"
}

/// A text as the value of a resource: its arguments are strings by their places.
fn value(pattern: &Pattern, slots: &[Slot]) -> String {
    let words = |text: &str| literal(&escaped(text), slots);
    let text = pattern.write(words, |slot| format!("%{}$s", place(slot, slots)));
    if text.trim() != text {
        return format!("\"{text}\"");
    }
    // At the beginning these would refer to a resource or to the theme.
    match text.starts_with(['@', '?']) {
        true => format!("\\{text}"),
        false => text,
    }
}

fn escaped(text: &str) -> String {
    let letter = |letter: char| match letter {
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        '\\' | '\'' | '"' => format!("\\{letter}"),
        '\n' => "\\n".to_owned(),
        _ => letter.to_string(),
    };
    text.chars().map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::super::catalogue::parse;
    use super::*;

    fn catalogue(en: &str, zh: &str) -> Catalogue {
        let languages = [("en", en), ("zh-Hans", zh)].map(|(name, json)| (name.to_owned(), parse(json).unwrap()));
        Catalogue {
            languages: languages.into(),
        }
    }

    #[test]
    fn arguments_keep_the_sources_places_in_every_language() {
        let catalogue = catalogue(
            r#"{ "a.b": { "one": "{w:words}: {n:count} day", "other": "{w:words}: {n:count} days" } }"#,
            r#"{ "a.b": { "other": "{n:count} 天：{w:words}" } }"#,
        );
        let files = files(&catalogue);
        assert_eq!(files[0].0, "bindings/kotlin/src/android/res/values/quittance_texts.xml");
        assert!(
            files[0]
                .1
                .contains("<plurals name=\"quittance_a_b\">\n        <item quantity=\"one\">%1$s: %2$s day<")
        );
        assert_eq!(
            files[1].0,
            "bindings/kotlin/src/android/res/values-b+zh+Hans/quittance_texts.xml"
        );
        assert!(
            files[1].1.contains("<item quantity=\"other\">%2$s 天：%1$s<"),
            "{}",
            files[1].1
        );
        assert!(!files[1].1.contains("\"one\""));
    }

    #[test]
    fn what_means_something_to_android_is_escaped() {
        let written = |text: &str| {
            let pattern = Pattern::parse(text).unwrap();
            let slots: Vec<Slot> = pattern.slots().cloned().collect();
            value(&pattern, &slots)
        };
        assert_eq!(written("It's 5 % & <b>"), "It\\'s 5 % &amp; &lt;b&gt;");
        assert_eq!(written("{n:count} %"), "%1$s %%");
        assert_eq!(written("?x"), "\\?x");
        assert_eq!(written("@x"), "\\@x");
        assert_eq!(written(", "), "\", \"");
        assert_eq!(written("a\\b\nc"), "a\\\\b\\nc");
    }

    #[test]
    fn two_keys_are_never_one_resource() {
        let texts = r#"{ "a.b": "x", "a_b": "y" }"#;
        assert_eq!(
            faults(&catalogue(texts, texts)),
            ["a.b and a_b are one resource on Android"]
        );
    }
}
