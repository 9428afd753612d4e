//! The texts: one catalogue in bindings/texts, checked, and written into the formats of both platforms.
mod agree;
mod android;
mod apple;
mod catalogue;
mod kotlin;
mod pattern;
mod swift;
mod used;
mod words;

use std::fs;
use std::path::Path;

use clap::Args;

use self::catalogue::Catalogue;
use crate::run::{Outcome, Workspace, at, failed, heading};

/// What `cargo xtask texts` accepts.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Write nothing; fail if a written file is not what would be written.
    #[arg(long)]
    check: bool,
    /// The package of the Android resource class, for an app that has the resources in a package of its own.
    #[arg(long, default_value = kotlin::PACKAGE)]
    r_package: String,
}

/// A file that is written, by its path from the root.
type Written = (String, String);

/// Writes or checks the files; fails with every fault at once, and then writes nothing.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Outcome {
    let catalogue = Catalogue::read(&workspace.root)?;
    let mut faults = faults(&workspace.root, &catalogue)?;
    let files = files(&catalogue, &options.r_package);
    if options.check {
        faults.extend(stale(&workspace.root, &files));
    }
    if !faults.is_empty() {
        let count = faults.len();
        return failed(format!("{count} faults of the texts:\n  {}", faults.join("\n  ")));
    }
    if !options.check {
        for (path, text) in &files {
            let path = workspace.root.join(path);
            let folder = path.parent().unwrap_or(&path);
            at(folder, fs::create_dir_all(folder))?;
            at(&path, fs::write(&path, text))?;
        }
    }
    Ok(())
}

/// A part of the suite of rules: the check, which writes nothing.
pub(crate) fn run_suite(workspace: &Workspace) -> Outcome {
    heading("every text is written in every language, and on both platforms");
    let options = Options {
        check: true,
        r_package: kotlin::PACKAGE.to_owned(),
    };
    run(workspace, &options)
}

/// What is wrong with the catalogue.
fn faults(root: &Path, catalogue: &Catalogue) -> Outcome<Vec<String>> {
    let mut faults = agree::faults(catalogue);
    faults.extend(words::faults(catalogue));
    faults.extend(android::faults(catalogue));
    faults.extend(apple::faults(catalogue));
    faults.extend(used::faults(root, catalogue)?);
    Ok(faults)
}

/// Every file that is made of the catalogue.
fn files(catalogue: &Catalogue, r_package: &str) -> Vec<Written> {
    let mut files = android::files(catalogue);
    files.push(kotlin::file(catalogue, r_package));
    files.push(apple::file(catalogue));
    files.push(swift::file(catalogue));
    files
}

/// Files that are not what is made of the catalogue now.
fn stale(root: &Path, files: &[Written]) -> Vec<String> {
    let fresh = |path: &str, text: &str| fs::read_to_string(root.join(path)).is_ok_and(|written| written == text);
    let stale = files.iter().filter(|(path, text)| !fresh(path, text));
    stale
        .map(|(path, _)| format!("{path} is not what is generated; run cargo xtask texts"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root() -> &'static Path {
        Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
    }

    #[test]
    fn the_catalogue_has_no_fault_and_its_files_are_fresh() {
        let catalogue = Catalogue::read(root()).unwrap();
        assert_eq!(faults(root(), &catalogue).unwrap(), [""; 0]);
        assert_eq!(stale(root(), &files(&catalogue, kotlin::PACKAGE)), [""; 0]);
    }

    #[test]
    fn a_file_that_was_changed_by_hand_is_named() {
        let catalogue = Catalogue::read(root()).unwrap();
        let mut files = files(&catalogue, kotlin::PACKAGE);
        files[0].1.push(' ');
        files[1].0.push_str(".missing");
        assert_eq!(stale(root(), &files).len(), 2);
    }
}
