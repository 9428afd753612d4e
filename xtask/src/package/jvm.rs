//! The Kotlin library for a JVM: one jar that brings this machine's native library, with its sources and its POM.
use std::path::Path;

use super::archive::Archive;
use super::pom::Project;
use crate::files;
use crate::kotlin;
use crate::maven;
use crate::run::{Outcome, Workspace, run};

/// The first lines of the jar's manifest.
const MANIFEST: &str = "Manifest-Version: 1.0\r\nAutomatic-Module-Name: org.quittance\r\n\r\n";

/// Writes the sources of the facade and compiles them, from nothing: no class of an older facade stays.
pub(crate) fn compile(workspace: &Workspace) -> Outcome {
    kotlin::prepare(workspace)?;
    let folder = kotlin::folder(workspace);
    files::emptied(&folder.join("target/classes"))?;
    run(maven::command(&folder).args(["--quiet", "compile"]))
}

/// Puts jar, sources and POM into a folder laid out as a Maven repository.
pub(crate) fn assemble(workspace: &Workspace, project: &Project, library: &Path, repository: &Path) -> Outcome {
    let kotlin = kotlin::folder(workspace);
    let to = repository.join(project.folder());
    let mut jar = Archive::default();
    jar.add("META-INF/MANIFEST.MF", MANIFEST);
    jar.add_file("META-INF/LICENSE", &workspace.root.join("LICENSE"))?;
    jar.add_folder("", &kotlin.join("target/classes"))?;
    let name = library.file_name().unwrap_or_default().to_string_lossy();
    jar.add_file(format!("{}/{name}", jna_folder()), library)?;
    jar.write(&to.join(project.file(".jar")))?;

    let mut sources = Archive::default();
    sources.add("META-INF/MANIFEST.MF", "Manifest-Version: 1.0\r\n\r\n");
    sources.add_file("META-INF/LICENSE", &workspace.root.join("LICENSE"))?;
    sources.add_folder("", &kotlin.join("target/generated"))?;
    sources.add_folder("", &kotlin.join("src/main/resources"))?;
    sources.write(&to.join(project.file("-sources.jar")))?;
    files::write(&to.join(project.file(".pom")), project.published())
}

/// Where JNA looks in a jar for this machine's libraries.
fn jna_folder() -> String {
    let system = match std::env::consts::OS {
        "macos" => "darwin",
        "windows" => "win32",
        other => other,
    };
    let processor = match std::env::consts::ARCH {
        "x86_64" => "x86-64",
        other => other,
    };
    format!("{system}-{processor}")
}
