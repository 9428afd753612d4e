//! The Swift file that names a text's arguments by its key.
use super::Written;
use super::catalogue::{Catalogue, SOURCE};
use super::pattern::Slot;

/// Where the file is.
const PATH: &str = "bindings/swift/Sources/QuittanceTexts/TextSlots.swift";

/// The longest line that Swift's formatter leaves whole.
const WIDTH: usize = 100;

/// The file: one entry for each key.
pub(crate) fn file(catalogue: &Catalogue) -> Written {
    let mut swift = "// Written by `cargo xtask texts` from bindings/texts. Change it there.\n\n".to_owned();
    swift += "extension Texts {\n";
    swift += "    /// The arguments of each text by its key, in the sequence of its format.\n";
    swift += "    static let slots: [String: [TextSlot]] = [\n";
    for (key, _) in catalogue.of(SOURCE) {
        swift += &entry(key, &catalogue.slots(key));
    }
    swift += "    ]\n}\n";
    (PATH.to_owned(), swift)
}

fn entry(key: &str, slots: &[Slot]) -> String {
    let written: Vec<String> = slots
        .iter()
        .map(|slot| format!(".{}(\"{}\")", slot.kind.name(), slot.name))
        .collect();
    let line = format!("        \"{key}\": [{}],\n", written.join(", "));
    if line.chars().count() <= WIDTH {
        return line;
    }
    let indent = " ".repeat(12);
    format!(
        "        \"{key}\": [\n{indent}{},\n        ],\n",
        written.join(&format!(",\n{indent}"))
    )
}

#[cfg(test)]
mod tests {
    use super::super::catalogue::parse;
    use super::*;

    #[test]
    fn each_key_has_its_arguments_in_sequence() {
        let en = r#"{ "a": "{n:count} of {service:words}", "b": "B" }"#;
        let languages = [("en".to_owned(), parse(en).unwrap())];
        let (_, swift) = file(&Catalogue {
            languages: languages.into(),
        });
        assert!(
            swift.contains("        \"a\": [.count(\"n\"), .words(\"service\")],\n        \"b\": [],\n"),
            "{swift}"
        );
    }

    #[test]
    fn a_long_line_is_broken() {
        let slots = |names: &[&str]| {
            let text: String = names.iter().map(|name| format!("{{{name}:words}}")).collect();
            parse(&format!("{{ \"a\": \"{text}\" }}")).unwrap()["a"].slots()
        };
        assert_eq!(
            entry("a", &slots(&["x", "y"])),
            "        \"a\": [.words(\"x\"), .words(\"y\")],\n"
        );
        let long = "x".repeat(50);
        let broken = entry("a", &slots(&[&long, "y"]));
        assert!(broken.lines().count() == 1, "{broken}");
        let broken = entry("a", &slots(&[&long, &"y".repeat(40)]));
        assert!(
            broken.starts_with("        \"a\": [\n            .words(\"x") && broken.ends_with("\"),\n        ],\n")
        );
    }
}
