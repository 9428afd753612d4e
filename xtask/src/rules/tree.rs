//! The texts of the repository that can name a requirement, a test or a package, in memory.
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::run::{Outcome, Problem, at};

/// Folders of results, not of sources; hidden ones are passed over, too.
const RESULTS: [&str; 4] = ["target", "build", "dist", "node_modules"];

/// The endings of files that are read.
const ENDINGS: [&str; 6] = [".rs", ".kt", ".swift", ".json", ".md", ".toml"];

/// Files by their path from the root, written with `/`.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    /// The text of each file.
    pub(crate) files: BTreeMap<String, String>,
}

impl Tree {
    /// Reads what stands under a folder.
    pub(crate) fn read(root: &Path) -> Outcome<Self> {
        let mut tree = Self::default();
        tree.read_folder(root, "")?;
        Ok(tree)
    }

    /// The text of one file.
    pub(crate) fn text(&self, path: &str) -> Outcome<&str> {
        let text = self.files.get(path).map(String::as_str);
        text.ok_or_else(|| Problem::Failed(format!("{path} is missing")))
    }

    fn read_folder(&mut self, folder: &Path, prefix: &str) -> Outcome {
        for entry in at(folder, fs::read_dir(folder))? {
            let entry = at(folder, entry)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = format!("{prefix}{name}");
            let kind = at(&entry.path(), entry.file_type())?;
            if kind.is_dir() && !name.starts_with('.') && !RESULTS.contains(&name.as_str()) {
                self.read_folder(&entry.path(), &format!("{path}/"))?;
            } else if kind.is_file() && ENDINGS.iter().any(|ending| name.ends_with(ending)) {
                let text = at(&entry.path(), fs::read_to_string(entry.path()))?;
                self.files.insert(path, text);
            }
        }
        Ok(())
    }
}
