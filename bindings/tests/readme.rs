//! The README shows the very code that the Kotlin and the Swift tests compile.

const README: &str = include_str!("../../README.md");
const KOTLIN: &str = include_str!("../kotlin/src/test/kotlin/org/quittance/Quickstart.kt");
const SWIFT: &str = include_str!("../swift/Tests/QuittanceTests/Quickstart.swift");

/// What stands between two marks, without the space around it.
fn between<'a>(text: &'a str, from: &str, to: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(from)?;
    rest.split_once(to).map(|(inside, _)| inside.trim())
}

fn shown(language: &str) -> Option<&'static str> {
    between(README, &format!("```{language}\n"), "\n```")
}

fn compiled(source: &'static str) -> Option<&'static str> {
    between(source, "// quickstart\n", "// quickstart\n")
}

#[test]
fn the_kotlin_of_the_readme_is_what_the_tests_compile() {
    assert_eq!(shown("kotlin").unwrap(), compiled(KOTLIN).unwrap());
}

#[test]
fn the_swift_of_the_readme_is_what_the_tests_compile() {
    assert_eq!(shown("swift").unwrap(), compiled(SWIFT).unwrap());
}

#[test]
fn a_quickstart_is_read_at_one_look() {
    for source in [KOTLIN, SWIFT] {
        let lines = compiled(source).unwrap().lines().count();
        assert!((10..=24).contains(&lines), "{lines}");
    }
}
