//! The Kotlin file that finds a text's resource by its key, without reflection.
use std::collections::BTreeMap;

use super::Written;
use super::android::resource;
use super::catalogue::{Catalogue, OF_THE_APPS, SOURCE, Text};
use super::pattern::Slot;

/// The package of the Android library, of its resources too.
pub(crate) const PACKAGE: &str = "org.quittance.android";

/// Where the file is.
const PATH: &str = "bindings/kotlin/src/android/kotlin/org/quittance/android/TextResources.kt";

/// The file: one function for each family of keys, because a method of the platform is not compiled when it is long.
pub(crate) fn file(catalogue: &Catalogue, r_package: &str) -> Written {
    let mut families: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (key, text) in catalogue.of(SOURCE) {
        let lines = families.entry(family(key).to_owned()).or_default();
        lines.push(line(key, text, &catalogue.slots(key)));
    }
    let mut kotlin = "// Written by `cargo xtask texts` from bindings/texts. Change it there.\n".to_owned();
    kotlin += "@file:Suppress(\"ktlint\")\n\n";
    kotlin += &format!("package {PACKAGE}\n\n");
    if r_package != PACKAGE {
        kotlin += &format!("import {r_package}.R\n\n");
    }
    kotlin += "/** The resource of a text by its key in the catalogue; null where this version has no such text. */\n";
    kotlin += "public fun textResource(key: String): TextResource? = when (familyOf(key)) {\n";
    for name in families.keys() {
        kotlin += &format!("    \"{name}\" -> {}(key)\n", function(name));
    }
    kotlin += "    else -> null\n}\n";
    kotlin += &format!("\nprivate fun familyOf(key: String): String = if (key.startsWith(\"{OF_THE_APPS}\")) {{\n");
    kotlin += &format!("    \"{OF_THE_APPS}\" + key.removePrefix(\"{OF_THE_APPS}\").substringBefore('.')\n");
    kotlin += "} else {\n    key.substringBefore('.')\n}\n";
    for (name, lines) in &families {
        let function = function(name);
        kotlin += &format!("\nprivate fun {function}(key: String): TextResource? = when (key) {{\n");
        kotlin += &lines.concat();
        kotlin += "    else -> null\n}\n";
    }
    (PATH.to_owned(), kotlin)
}

/// The first part of a key, of an app's the first two.
fn family(key: &str) -> &str {
    let start = if key.starts_with(OF_THE_APPS) {
        OF_THE_APPS.len()
    } else {
        0
    };
    let end = key.get(start..).and_then(|rest| rest.find('.'));
    end.and_then(|end| key.get(..start + end)).unwrap_or(key)
}

/// The name of a family's function: `app.hold` has `appHoldTexts`.
fn function(family: &str) -> String {
    let mut name = String::new();
    for (place, part) in family.split(['.', '_']).enumerate() {
        let mut letters = part.chars();
        match letters.next() {
            Some(first) if place > 0 => name.push(first.to_ascii_uppercase()),
            Some(first) => name.push(first),
            None => {}
        }
        name.push_str(letters.as_str());
    }
    name + "Texts"
}

fn line(key: &str, text: &Text, slots: &[Slot]) -> String {
    let kind = match text {
        Text::Plain(_) => "string",
        Text::Counted { .. } => "plurals",
    };
    let mut arguments = vec![format!("R.{kind}.{}", resource(key))];
    arguments.extend(text.decides().map(|slot| format!("counted = \"{}\"", slot.name)));
    arguments.extend(
        slots
            .iter()
            .map(|slot| format!("{}(\"{}\")", slot.kind.name(), slot.name)),
    );
    let class = if text.decides().is_some() { "plural" } else { "plain" };
    format!("    \"{key}\" -> {class}({})\n", arguments.join(", "))
}

#[cfg(test)]
mod tests {
    use super::super::catalogue::parse;
    use super::*;

    fn kotlin(r_package: &str) -> String {
        let en = r#"{ "app.wait.days": { "one": "{n:count} day", "other": "{n:count} days" },
            "lock_release.title": "End", "app.hold.since": "Since {since:moment} by {who:words}" }"#;
        let languages = [("en".to_owned(), parse(en).unwrap())];
        let catalogue = Catalogue {
            languages: languages.into(),
        };
        file(&catalogue, r_package).1
    }

    #[test]
    fn each_key_has_its_resource_and_its_arguments_in_sequence() {
        let kotlin = kotlin(PACKAGE);
        for line in [
            "    \"app.wait.days\" -> plural(R.plurals.quittance_app_wait_days, counted = \"n\", count(\"n\"))\n",
            "    \"lock_release.title\" -> plain(R.string.quittance_lock_release_title)\n",
            "-> plain(R.string.quittance_app_hold_since, moment(\"since\"), words(\"who\"))\n",
            "    \"app.wait\" -> appWaitTexts(key)\n",
            "    \"lock_release\" -> lockReleaseTexts(key)\n",
        ] {
            assert!(kotlin.contains(line), "{line}{kotlin}");
        }
    }

    #[test]
    fn the_resource_class_may_be_an_apps_own() {
        assert!(!kotlin(PACKAGE).contains("import"));
        assert!(kotlin("com.example.shop").contains("import com.example.shop.R\n"));
    }
}
