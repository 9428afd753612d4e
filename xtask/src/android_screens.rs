//! The Android app's pictures on one page, then on one sheet, in the order in which a reader meets them.
use std::fs;
use std::path::{Path, PathBuf};

use crate::files;
use crate::pictures::{Browser, Sheet};
use crate::run::{Outcome, Workspace, at};

/// Where the pictures are.
const FOLDER: &str = "docs/screens/android";

/// What the page says first.
const INDEX: &str = "\
# The Android app, screen by screen

Taken by `cargo xtask screens` from the app's own Compose code, run by Robolectric on a phone of 393 by 786 dp. What is shown is
made up; the words are the catalogue's. The same run checks every screen with letters of twice the size, on a narrow phone and
on its side: no text is cut, nothing stands behind the system's bars, and no two things to tap are within each other's 48 dp.
All of them at one look: [all.png](all.png).
";

/// Groups of pictures: how their names begin, and what stands above them.
const GROUPS: &[(&str, &str)] = &[
    ("view_", "Views"),
    ("prompt_", "Prompts: one renderer for each kind"),
    ("problem_", "What goes wrong, each with its way forward"),
];

/// Whom a reader meets first; the rest follows by name.
const FIRST: &[&str] = &[
    "view_permissions",
    "view_one_permission",
    "view_security",
    "view_recovery",
    "view_receipts",
    "view_receipt",
    "view_welcome",
    "view_choose_pin",
    "view_offer",
    "prompt_consent",
    "prompt_confirm",
    "prompt_biometric",
    "prompt_payment_pin",
    "prompt_done",
];

/// Folders of the pictures, with what is said of each.
const COLUMNS: &[(&str, &str)] = &[
    ("en", "English"),
    ("en-dark", "by night"),
    ("zh", "中文"),
    ("zh-dark", "by night"),
];

/// Writes the page of all pictures that stand, and one sheet of those in English.
pub(crate) fn write_sheet(workspace: &Workspace, browser: &Browser) -> Outcome {
    let folder = workspace.root.join(FOLDER);
    let names = ordered(&names(&folder)?);
    let readme = folder.join("README.md");
    at(&readme, fs::write(&readme, index(&names)))?;
    let pictures: Vec<PathBuf> = names.iter().map(|name| folder.join(format!("en/{name}.png"))).collect();
    let sheet = Sheet {
        pictures: &pictures,
        columns: 10,
        width: 148,
    };
    browser.draw_sheet(workspace, &sheet, &folder.join("all.png"))
}

fn names(folder: &Path) -> Outcome<Vec<String>> {
    let pictures = files::entries(&folder.join("en"))?;
    let stem = |path: &PathBuf| Some(path.file_stem()?.to_str()?.to_owned());
    Ok(pictures.iter().filter_map(stem).collect())
}

/// The names group by group, and within each those that are met first before the others.
fn ordered(names: &[String]) -> Vec<String> {
    let group = |name: &str| GROUPS.iter().position(|(start, _)| name.starts_with(start));
    let met = |name: &str| FIRST.iter().position(|first| *first == name).unwrap_or(FIRST.len());
    let mut ordered = names.to_vec();
    ordered.sort_by_key(|name| (group(name).unwrap_or(GROUPS.len()), met(name), name.clone()));
    ordered
}

fn index(names: &[String]) -> String {
    let mut text = INDEX.to_owned();
    for (start, title) in GROUPS {
        let heads: Vec<&str> = COLUMNS.iter().map(|(_, said)| *said).collect();
        text += &format!("\n## {title}\n\n| | {} |\n|---|---|---|---|---|\n", heads.join(" | "));
        for name in names.iter().filter(|name| name.starts_with(start)) {
            let says = name.trim_start_matches(start).replace('_', " ");
            let picture =
                |(folder, _): &(&str, &str)| format!("<img src=\"{folder}/{name}.png\" width=\"170\" alt=\"{says}\">");
            let row: Vec<String> = COLUMNS.iter().map(picture).collect();
            text += &format!("| {says} | {} |\n", row.join(" | "));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn committed() -> Vec<String> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        names(&root.join(FOLDER)).unwrap()
    }

    #[test]
    fn every_picture_belongs_to_a_group_and_stands_once_in_each_column() {
        let names = committed();
        assert!(names.len() > 50);
        let index = index(&ordered(&names));
        for name in &names {
            assert_eq!(index.matches(&format!("/{name}.png")).count(), COLUMNS.len(), "{name}");
        }
    }

    #[test]
    fn whom_a_reader_meets_first_is_there_and_stands_first() {
        let names = committed();
        for first in FIRST {
            assert!(names.iter().any(|name| name == first), "{first} is no picture");
        }
        assert_eq!(ordered(&names)[0], FIRST[0]);
        assert!(ordered(&names).last().unwrap().starts_with("problem_"));
    }
}
