//! Whether the apps use the texts that are written for their screens, and no others.
use std::collections::BTreeSet;
use std::path::Path;

use super::android::resource;
use super::catalogue::{Catalogue, OF_THE_APPS, SOURCE};
use crate::rules::tree::Tree;
use crate::run::Outcome;

/// Where the apps are.
const APPS: [&str; 2] = ["android-demo", "ios-demo"];

/// The endings of their sources.
const SOURCES: [&str; 2] = [".kt", ".swift"];

/// Folders whose sources are tests: what they name must be a text, yet nobody sees it there.
const TESTS: [&str; 4] = ["test", "androidTest", "Tests", "Checks"];

/// Texts that no app shows, and keys in an app that no text has. What no app shows can be told only where every app is here.
pub(crate) fn faults(root: &Path, catalogue: &Catalogue) -> Outcome<Vec<String>> {
    let mut sources = Vec::new();
    let mut every_app = true;
    for app in APPS {
        let before = sources.len();
        let folder = root.join(app);
        if folder.is_dir() {
            let files = Tree::read(&folder)?.files.into_iter();
            let code = files.filter(|(path, _)| SOURCES.iter().any(|ending| path.ends_with(ending)));
            sources.extend(code.map(|(path, text)| (format!("{app}/{path}"), text)));
        }
        every_app &= sources.len() > before;
    }
    Ok(compare(catalogue, &sources, every_app))
}

/// The same over sources by their paths.
fn compare(catalogue: &Catalogue, sources: &[(String, String)], every_app: bool) -> Vec<String> {
    let written: BTreeSet<&str> = catalogue.of(SOURCE).map(|(key, _)| key).collect();
    let mut faults = Vec::new();
    let (mut whole, mut begun) = (BTreeSet::new(), BTreeSet::new());
    for (path, text) in sources {
        for name in named(text) {
            let known = match name.strip_suffix('.') {
                Some(_) => written.iter().any(|key| key.starts_with(name)),
                None => written.contains(name),
            };
            if !known {
                faults.push(format!("{path} shows {name}, which is no text"));
            }
            match name.ends_with('.') {
                _ if is_test(path) => false,
                true => begun.insert(name),
                false => whole.insert(name),
            };
        }
    }
    if !every_app {
        return faults;
    }
    let seen = sources.iter().filter(|(path, _)| !is_test(path));
    let all: String = seen.map(|(_, text)| text.as_str()).collect();
    let of_apps = written.iter().filter(|key| key.starts_with(OF_THE_APPS));
    let shown = |key: &&str| {
        whole.contains(key) || begun.iter().any(|start| key.starts_with(start)) || contains_word(&all, &resource(key))
    };
    let unused = of_apps.filter(|key| !shown(key));
    faults.extend(unused.map(|key| format!("no app shows {key}")));
    faults
}

/// Keys of the apps in a source: what follows a quotation mark. One that ends with a dot is completed as the app runs.
fn named(source: &str) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    for after in source.split('"').skip(1).filter(|after| after.starts_with(OF_THE_APPS)) {
        let letters = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '.';
        let end = after.find(|letter| !letters(letter)).unwrap_or(after.len());
        names.extend(after.get(..end));
    }
    names
}

fn is_test(path: &str) -> bool {
    path.split('/').any(|folder| TESTS.contains(&folder))
}

/// Whether a name stands in a source by itself, not as a part of a longer one.
fn contains_word(source: &str, name: &str) -> bool {
    let inside = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    source.match_indices(name).any(|(start, _)| {
        let before = source.get(..start).and_then(|text| text.chars().next_back());
        let after = source.get(start + name.len()..).and_then(|text| text.chars().next());
        !before.is_some_and(inside) && !after.is_some_and(inside)
    })
}

#[cfg(test)]
mod tests {
    use super::super::catalogue::parse;
    use super::*;

    const TEXTS: &str = r#"{ "app.state.on": "On", "app.state.off": "Off", "app.title": "T", "action.stop": "Stop" }"#;

    fn found(source: &str) -> Vec<String> {
        found_in("app/src/main/A.kt", source)
    }

    fn found_in(path: &str, source: &str) -> Vec<String> {
        let languages = [("en".to_owned(), parse(TEXTS).unwrap())];
        let catalogue = Catalogue {
            languages: languages.into(),
        };
        compare(&catalogue, &[(path.to_owned(), source.to_owned())], true)
    }

    #[test]
    fn a_text_that_no_app_shows_is_named() {
        assert_eq!(
            found(r#"text("app.state.on") + text("app.state.off") + text("app.title")"#),
            [""; 0]
        );
        assert_eq!(
            found(r#"text("app.state.on") + text("app.title")"#),
            ["no app shows app.state.off"]
        );
    }

    #[test]
    fn a_key_may_be_completed_as_the_app_runs_or_be_a_resource() {
        assert_eq!(
            found(r#"text("app.state.$state") + R.string.quittance_app_title"#),
            [""; 0]
        );
        assert_eq!(found(r#"Text("app.state.\(state)"), text("app.title")"#), [""; 0]);
        assert_eq!(
            found(r#"text("app.state.$state") + R.string.quittance_app_title_long"#),
            ["no app shows app.title"]
        );
    }

    #[test]
    fn a_key_that_is_no_text_is_named_with_its_file() {
        let found = found(r#"text("app.state.$s"), text("app.title"), text("app.gone"), text("app.lost.$s")"#);
        assert_eq!(
            found,
            [
                "app/src/main/A.kt shows app.gone, which is no text",
                "app/src/main/A.kt shows app.lost., which is no text"
            ]
        );
    }

    #[test]
    fn a_text_that_only_a_test_names_is_shown_by_nobody() {
        let all = r#"text("app.state.on"), text("app.state.off"), R.string.quittance_app_title"#;
        assert_eq!(found_in("app/src/main/A.kt", all), [""; 0]);
        assert_eq!(found_in("app/src/test/A.kt", all).len(), 3);
        assert_eq!(found_in("Checks/Tests/A.swift", r#"say("app.gone")"#).len(), 4);
    }

    #[test]
    fn while_an_app_is_missing_nothing_is_said_to_be_unused() {
        let languages = [("en".to_owned(), parse(TEXTS).unwrap())];
        let catalogue = Catalogue {
            languages: languages.into(),
        };
        let source = [("A.kt".to_owned(), r#"text("app.title"), text("app.gone")"#.to_owned())];
        assert_eq!(compare(&catalogue, &[], false), [""; 0]);
        assert_eq!(
            compare(&catalogue, &source, false),
            ["A.kt shows app.gone, which is no text"]
        );
        assert_eq!(compare(&catalogue, &source, true).len(), 3);
    }
}
