//! What shows nothing when it is printed shows nothing to Swift's mirrors either.
#![cfg(test)]

use std::collections::BTreeSet;
use std::path::Path;

/// The handwritten part of the Swift module.
const SWIFT: &str = include_str!("../swift/Sources/Quittance/Unprinted.swift");

/// Types that say by themselves how they are printed.
fn printed_by_themselves() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = std::fs::read_dir(folder).unwrap();
    let texts = files.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap());
    texts.flat_map(|text| names(&text)).collect()
}

/// The names behind `#[uniffi::export(Debug)]`.
fn names(text: &str) -> Vec<String> {
    let declared = text.split("#[uniffi::export(Debug)]\n").skip(1);
    let words = declared.filter_map(|rest| rest.lines().next()?.split_whitespace().nth(2));
    words.map(str::to_owned).collect()
}

#[test]
fn each_of_them_has_an_empty_mirror_in_swift() {
    let ours = printed_by_themselves();
    assert!(ours.contains("Answer") && ours.len() >= 9, "{ours:?}");
    let lines = SWIFT.lines().filter_map(|line| line.strip_prefix("extension "));
    let theirs: BTreeSet<String> = lines
        .filter_map(|line| line.strip_suffix(": CustomReflectable {"))
        .map(str::to_owned)
        .collect();
    assert_eq!(ours, theirs);
}

#[test]
fn a_type_is_found_by_its_name() {
    let text = "/// A.\n#[uniffi::export(Debug)]\npub enum Secret {\n}\n#[derive(Debug)]\npub struct Plain {\n";
    assert_eq!(names(text), ["Secret"]);
}
