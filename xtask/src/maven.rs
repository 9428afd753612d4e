//! Maven, asked for one file or for one answer.
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::run::{Outcome, Workspace, run_logged};

/// Maven in a folder, as this project always starts it.
pub(crate) fn command(folder: &Path) -> Command {
    let mut maven = Command::new("mvn");
    maven
        .current_dir(folder)
        .args(["--batch-mode", "--no-transfer-progress"]);
    maven
}

/// A file that Maven knows by `group:artifact:version:form`, fetched once.
pub(crate) fn fetched(workspace: &Workspace, named: &str) -> Outcome<PathBuf> {
    let folder = workspace.cache("xtask/fetched")?;
    let words: Vec<&str> = named.split(':').skip(1).collect();
    let file = folder.join(words.join("-").replace("-jar", ".jar").replace("-aar", ".aar"));
    if !file.exists() {
        let mut maven = command(&folder);
        maven.arg("org.apache.maven.plugins:maven-dependency-plugin:3.9.0:copy");
        maven.arg(format!("-Dartifact={named}"));
        maven.arg(format!("-DoutputDirectory={}", folder.display()));
        run_logged(&mut maven, &folder.join("log"))?;
    }
    Ok(file)
}
