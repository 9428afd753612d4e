//! What shows a requirement: tests that carry its number, scenarios that list it.
//!
//! A test carries a number in its name (`r_013`), in the comment directly above it (`// R-013`), or at the beginning of
//! the message of an assertion (`"R-013: …"`). Data inside a test never counts. A test that is switched off shows
//! nothing.
use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::number::Number;
use super::tree::Tree;
use crate::run::{Outcome, Problem};

/// Where scenarios are.
const SCENARIOS: &str = "scenarios/";

/// The generator's own tests handle numbers as data.
const GENERATOR: &str = "xtask/";

/// What marks a function as a test in Rust, in Kotlin, in Swift.
const MARKS: [&str; 6] = [
    "#[test]",
    "#[tokio::test",
    "@Test",
    "@ParameterizedTest",
    "@RepeatedTest",
    "@TestFactory",
];

/// What switches a test off.
const OFF: [&str; 3] = ["#[ignore", "@Disabled", ".disabled("];

/// The files that show one requirement, each with its tests; a scenario has none, it is one.
pub(crate) type Shows = BTreeMap<String, BTreeSet<String>>;

/// All that shows something.
#[derive(Debug, Default)]
pub(crate) struct Evidence {
    /// By requirement.
    pub(crate) shows: BTreeMap<Number, Shows>,
    /// Every number that code, tests and scenarios name, with one file that does.
    pub(crate) named: BTreeMap<Number, String>,
}

/// The part of a scenario that is read here.
#[derive(Debug, Deserialize)]
struct Scenario {
    #[serde(default)]
    rules: Vec<Number>,
}

impl Evidence {
    /// Collects it from a tree.
    pub(crate) fn collect(tree: &Tree) -> Outcome<Self> {
        let mut evidence = Self::default();
        for (path, text) in &tree.files {
            if path.starts_with(GENERATOR) {
                continue;
            }
            if path.starts_with(SCENARIOS) && path.ends_with(".json") {
                let scenario: Scenario =
                    serde_json::from_str(text).map_err(|error| Problem::Failed(format!("{path}: {error}")))?;
                for number in scenario.rules {
                    evidence
                        .shows
                        .entry(number)
                        .or_default()
                        .entry(path.clone())
                        .or_default();
                    evidence.named.entry(number).or_insert_with(|| path.clone());
                }
            } else if [".rs", ".kt", ".swift"].iter().any(|ending| path.ends_with(ending)) {
                evidence.add_source(path, text);
            }
        }
        Ok(evidence)
    }

    fn add_source(&mut self, path: &str, text: &str) {
        for number in Number::all_in(text) {
            self.named.entry(number).or_insert_with(|| path.to_owned());
        }
        for test in tests(text) {
            for number in test.numbers {
                let files = self.shows.entry(number).or_default();
                files.entry(path.to_owned()).or_default().insert(test.name.clone());
                self.named.entry(number).or_insert_with(|| path.to_owned());
            }
        }
    }
}

/// A test with the numbers that it carries.
#[derive(Debug, PartialEq, Eq)]
struct Test {
    name: String,
    numbers: BTreeSet<Number>,
}

/// The names of these tests of one source.
pub(super) fn names(text: &str) -> impl Iterator<Item = String> {
    tests(text).into_iter().map(|test| test.name)
}

/// The tests of one source that are switched on.
fn tests(text: &str) -> Vec<Test> {
    let lines: Vec<&str> = text.lines().collect();
    let marked = lines.iter().enumerate().filter(|(_, line)| is_mark(line));
    marked.filter_map(|(place, _)| test_at(&lines, place)).collect()
}

fn is_mark(line: &str) -> bool {
    MARKS.iter().any(|mark| match line.trim_start().strip_prefix(mark) {
        Some(rest) => !rest.starts_with(char::is_alphanumeric),
        None => false,
    })
}

fn test_at(lines: &[&str], mark: usize) -> Option<Test> {
    let (above, from) = lines.split_at_checked(mark)?;
    let length = from.iter().position(|line| name_in(line).is_some())?;
    let (head, function) = from.split_at_checked(length)?;
    let (first, body) = function.split_first()?;
    let name = name_in(first)?;
    let above = above.iter().rev().take_while(|line| is_head(line));
    let head: Vec<&str> = above.chain(head).copied().collect();
    if head.iter().any(|line| OFF.iter().any(|off| line.contains(off))) {
        return None;
    }
    let comments = head.iter().filter(|line| is_comment(line));
    let mut numbers: BTreeSet<Number> = comments.flat_map(|line| Number::all_in(line)).collect();
    numbers.extend(Number::all_in_name(&name));
    numbers.extend(body_of(first, body).flat_map(message_numbers));
    Some(Test { name, numbers })
}

/// The name of the function that a line begins; Kotlin's may be a sentence in backticks.
fn name_in(line: &str) -> Option<String> {
    let words = ["fn ", "fun ", "func "];
    if is_comment(line) {
        return None;
    }
    let after = words.iter().find_map(|word| {
        let place = line.find(word)?;
        let before = line.get(..place)?.chars().next_back();
        let alone = before.is_none_or(char::is_whitespace);
        line.get(place + word.len()..).filter(|_| alone)
    })?;
    let name = match after.strip_prefix('`') {
        Some(sentence) => sentence.split('`').next()?,
        None => after.split(['(', '<']).next()?,
    };
    Some(name.to_owned())
}

fn is_comment(line: &str) -> bool {
    ["//", "/*", "*"]
        .iter()
        .any(|start| line.trim_start().starts_with(start))
}

/// A comment or an attribute, which belongs to the function below it.
fn is_head(line: &str) -> bool {
    is_comment(line) || ["#[", "@"].iter().any(|start| line.trim_start().starts_with(start))
}

/// The lines of a function: all that are indented deeper than its first.
fn body_of<'a>(first: &str, rest: &'a [&'a str]) -> impl Iterator<Item = &'a str> {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let own = indent(first);
    let body = rest.iter().copied();
    body.take_while(move |line| line.trim().is_empty() || indent(line) > own)
}

/// The number with which a message begins, followed by a colon: data has none.
fn message_numbers(line: &str) -> Vec<Number> {
    let texts = line.split('"').skip(1).step_by(2);
    texts
        .filter_map(|text| Number::parse(text.split_once(':')?.0))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(text: &str) -> Vec<String> {
        let tests = super::tests(text);
        tests
            .iter()
            .flat_map(|test| &test.numbers)
            .map(Number::to_string)
            .collect()
    }

    #[test]
    fn a_comment_a_name_or_a_message_carries_the_number() {
        assert_eq!(numbers("// R-306\n#[test]\nfn a_hold() {\n}\n"), ["R-306"]);
        assert_eq!(
            numbers("#[tokio::test]\n/// R-306, R-301.\nasync fn a_hold() {\n}\n"),
            ["R-301", "R-306"]
        );
        assert_eq!(numbers("#[test]\nfn a_hold_r_306() {\n}\n"), ["R-306"]);
        assert_eq!(
            numbers("#[test]\nfn a() {\n    assert!(x, \"R-306: kept\");\n}\n"),
            ["R-306"]
        );
    }

    #[test]
    fn kotlin_and_swift_carry_it_alike() {
        let kotlin = "    // R-306\n    @Test\n    fun `a pause, then`() = withMandate { }\n";
        let swift = "    // R-306\n    @Test(\"A pause\")\n    func pause() async throws {\n    }\n";
        assert_eq!(numbers(kotlin), ["R-306"]);
        assert_eq!(numbers(swift), ["R-306"]);
        assert_eq!(
            super::tests(kotlin).first().map(|it| it.name.as_str()),
            Some("a pause, then")
        );
    }

    #[test]
    fn data_and_comments_of_others_carry_nothing() {
        assert_eq!(
            numbers("#[test]\nfn a() {\n    let rules = [\"R-306\"]; // R-301\n}\n"),
            [""; 0]
        );
        assert_eq!(numbers("// R-306\n\n#[test]\nfn a() {\n}\n"), [""; 0]);
        assert_eq!(numbers("// R-306\nfn helper() {\n}\n"), [""; 0]);
        assert_eq!(numbers("#[test]\nfn a() {}\n// R-306\n#[test]\nfn b() {}\n"), ["R-306"]);
    }

    #[test]
    fn a_test_that_is_switched_off_shows_nothing() {
        assert_eq!(
            numbers("// R-306\n#[test]\n#[ignore = \"slow\"]\nfn a() {\n}\n"),
            [""; 0]
        );
        assert_eq!(numbers("// R-306\n@Disabled\n@Test\nfun a() {\n}\n"), [""; 0]);
    }
}
