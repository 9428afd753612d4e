//! The iOS suite: the app and the adapters, type-checked on Linux against stand-ins for Apple's frameworks, then driven
//! against the host's library and real gateways. Its screens as pictures.
use std::fs;
use std::path::{Path, PathBuf};

use crate::files;
use crate::pictures::{Browser, Sheet};
use crate::provide::Need;
use crate::run::{Outcome, Workspace, at, run};
use crate::swift;
use crate::xcode;

/// Where the check package is.
const PACKAGE: &str = "ios-demo/Checks";

/// Where its build results are, under target/.
const RESULTS: &str = "ios/build";

/// What `swift format` judges: everything that people wrote in Swift.
const SOURCES: &[&str] = &[
    "ios-demo/QuittanceDemo",
    "ios-demo/Checks/Package.swift",
    "ios-demo/Checks/StandIns",
    "ios-demo/Checks/Tests",
    "bindings/swift/Package.swift",
    "bindings/consumers/swift",
    "bindings/swift/Published/Package.swift",
    "bindings/swift/Sources/Quittance/Unprinted.swift",
    "bindings/swift/Sources/QuittanceApple",
    // TextSlots.swift beside them is generated.
    "bindings/swift/Sources/QuittanceTexts/CompiledTexts.swift",
    "bindings/swift/Sources/QuittanceTexts/ReadTexts.swift",
    "bindings/swift/Sources/QuittanceTexts/Texts.swift",
    "bindings/swift/Tests/QuittanceTests",
    "bindings/swift/Tests/QuittanceTextsTests",
    "bindings/swift/Tests/ScenarioTests",
];

/// Width and height of a picture: a phone with the caption below it.
const SIZE: (u32, u32) = (392, 876);

/// What the page of all pictures says first.
const INDEX: &str = "\
# The iOS screens as wireframes

Written by `cargo xtask screens`: the app's own views, drawn by a stand-in for SwiftUI. They show what stands on a screen
and in which order. How iOS draws it, no picture here shows. All of them at one look: [all.png](all.png).

| | English | English, dark | 中文 | 中文, 深色 |
|---|---|---|---|---|
";

/// How the picture of a dark screen ends.
const DARK: &str = "dark.png";

/// What the Swift suite needs, too.
pub(crate) fn missing(workspace: &Workspace) -> Vec<Need> {
    swift::missing(workspace)
}

/// Checks the project file and the style, then compiles and drives the app.
pub(crate) fn run_suite(workspace: &Workspace) -> Outcome {
    xcode::check(workspace)?;
    let swift = swift::Toolchain::provide(workspace)?;
    let shown = swift::shown(&workspace.root, &workspace.target);
    let mut lint = swift.command(&workspace.root, &shown);
    lint.args(["swift", "format", "lint", "--strict", "--recursive", "--configuration"]);
    run(lint.arg("ios-demo/.swift-format").args(SOURCES))?;
    let prepared = swift::prepare(workspace)?;
    // One after the other: the phone that the stand-ins keep is one for the whole process.
    for tests in ["AdapterTests", "ScreenTests"] {
        let mut test = prepared.test_command(workspace, &swift, PACKAGE, RESULTS, &[]);
        run(test.args(["--filter", tests]))?;
    }
    Ok(())
}

/// Writes a wireframe of every screen into docs/screens/ios. Needs a browser that draws without a screen.
pub(crate) fn write_screens(workspace: &Workspace) -> Outcome {
    let browser = Browser::find()?;
    let pages = workspace.cache("ios/screens")?;
    for old in sorted(&pages)? {
        at(&old, fs::remove_file(&old))?;
    }
    let swift = swift::Toolchain::provide(workspace)?;
    let prepared = swift::prepare(workspace)?;
    let folder = format!("QUITTANCE_SCREENS={}", pages.display());
    let mut test = prepared.test_command(workspace, &swift, PACKAGE, RESULTS, &[folder]);
    run(test.args(["--filter", "GalleryTests"]))?;

    let pictures = workspace.root.join("docs/screens/ios");
    files::emptied(&pictures)?;
    let pages = sorted(&pages)?;
    let night = workspace.cache("ios")?.join("night.html");
    for page in &pages {
        let picture = pictures
            .join(page.file_name().unwrap_or_default())
            .with_extension("png");
        browser.photograph(workspace, page, SIZE, &picture)?;
        at(
            &night,
            fs::write(&night, darkened(&at(page, fs::read_to_string(page))?)),
        )?;
        browser.photograph(workspace, &night, SIZE, &picture.with_extension(DARK))?;
    }
    let readme = pictures.join("README.md");
    at(&readme, fs::write(&readme, index(&pages)))
}

/// Writes one sheet of every English picture.
pub(crate) fn write_sheet(workspace: &Workspace, browser: &Browser) -> Outcome {
    let folder = workspace.root.join("docs/screens/ios");
    let mut pictures = files::entries(&folder)?;
    pictures.retain(|path| path.to_string_lossy().ends_with(".en.png"));
    let sheet = Sheet {
        pictures: &pictures,
        columns: 8,
        width: 196,
    };
    browser.draw_sheet(workspace, &sheet, &folder.join("all.png"))
}

/// The same page as somebody sees it who has the phone in its dark appearance: the wireframe's style knows both.
fn darkened(page: &str) -> String {
    page.replacen("<html ", "<html class=\"dark\" ", 1)
}

/// The screens' names, each once.
fn names(pages: &[PathBuf]) -> impl Iterator<Item = &str> {
    pages
        .iter()
        .filter_map(|page| page.file_name()?.to_str()?.strip_suffix(".en.html"))
}

/// The page that shows the pictures side by side, and says what they are not.
fn index(pages: &[PathBuf]) -> String {
    let mut text = INDEX.to_owned();
    for name in names(pages) {
        let picture = |ending: &str| format!("<img src=\"{name}.{ending}\" width=\"200\" alt=\"{name}\">");
        let columns = ["en.png", "en.dark.png", "zh-Hans.png", "zh-Hans.dark.png"].map(picture);
        text += &format!("| {name} | {} |\n", columns.join(" | "));
    }
    text
}

/// The pages that the test wrote, by their names.
fn sorted(folder: &Path) -> Outcome<Vec<PathBuf>> {
    let mut pages = files::entries(folder)?;
    pages.retain(|path| path.extension().is_some_and(|ending| ending == "html"));
    Ok(pages)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sources that programs write.
    const GENERATED: &[&str] = &[
        "bindings/swift/Sources/Quittance/Quittance.swift",
        "bindings/swift/Sources/QuittanceTexts/TextSlots.swift",
        "bindings/swift/Tests/SoftwareCrypto",
        "bindings/swift/Tests/TurnedClock",
    ];

    /// What a folder really holds: a link shows what stands elsewhere.
    fn swift_below(folder: &Path) -> Vec<PathBuf> {
        let mut found = Vec::new();
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let (path, kind) = (entry.path(), entry.file_type().unwrap());
            if kind.is_dir() && !path.ends_with(".build") && !path.ends_with("target") {
                found.extend(swift_below(&path));
            } else if kind.is_file() && path.extension().is_some_and(|ending| ending == "swift") {
                found.push(path);
            }
        }
        found
    }

    #[test]
    fn the_style_of_every_swift_file_is_judged_but_for_generated_ones() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let found: Vec<PathBuf> = ["bindings", "ios-demo"]
            .iter()
            .flat_map(|folder| swift_below(&root.join(folder)))
            .collect();
        let named = |path: &Path, names: &[&str]| names.iter().any(|name| path.starts_with(root.join(name)));
        let forgotten = |judged: &[&str]| -> Vec<&PathBuf> {
            let left = found
                .iter()
                .filter(|path| !named(path, judged) && !named(path, GENERATED));
            left.collect()
        };
        assert_eq!(forgotten(SOURCES), Vec::<&PathBuf>::new());
        // Control: a folder that is left out is missed.
        assert!(!forgotten(&SOURCES[1..]).is_empty());
    }

    #[test]
    fn each_screen_stands_once_in_the_index_in_both_languages_and_appearances() {
        let pages = ["a.en.html", "a.zh-Hans.html", "b.en.html"].map(PathBuf::from);
        let index = index(&pages);
        assert_eq!(index.matches("alt=\"a\"").count(), 4);
        assert!(index.contains("src=\"b.zh-Hans.dark.png\"") && index.contains("no picture here shows"));
    }
}
