//! The package suite: programs that know the published packages alone are built and run.
use std::path::{Path, PathBuf};
use std::process::Command;

use super::native::Build;
use super::shrink::{self, App};
use super::{checksums, kotlin, maven, swift};
use crate::android;
use crate::files;
use crate::provide::Need;
use crate::run::{Outcome, Problem, Workspace, output, run};
use crate::swift::{Toolchain, missing as missing_for_swift, shown};

/// What the programs say last.
const PASSED: &str = "consumer: 1 passed, 0 failed";

/// What Kotlin, its AAR and Swift need.
pub(crate) fn missing(workspace: &Workspace) -> Vec<Need> {
    let mut missing = android::missing();
    missing.extend(missing_for_swift(workspace));
    missing
}

/// Makes both packages of the library that the tests have, then builds and runs a consumer of each.
pub(crate) fn run_suite(workspace: &Workspace) -> Outcome {
    let package = kotlin(workspace, Build::Dev)?;
    checksums::check(&package)?;
    let shrunk = consume_kotlin(workspace, &package.join("maven"));
    if let Err(Problem::Failed(_)) = shrunk {
        return shrunk;
    }
    let package = swift(workspace, Build::Dev)?;
    checksums::check(&package)?;
    consume_swift(workspace, &package.join("Quittance"))?;
    shrunk
}

/// Maven finds the library in the repository and nowhere else; the program runs, then once more after R8.
fn consume_kotlin(workspace: &Workspace, repository: &Path) -> Outcome {
    let project = workspace.root.join("bindings/consumers/kotlin");
    let consumers = workspace.cache("consumers")?;
    let work = consumers.join("kotlin");
    files::emptied(&work)?;
    let cache = consumers.join("maven");
    let ours = cache.join("org/quittance");
    if ours.exists() {
        files::emptied(&ours)?;
    }
    let settings = consumers.join("settings.xml");
    files::write(&settings, settings_text())?;
    let mut build = maven::command(&project);
    // A cache of its own: Maven would never look again for a version that it has.
    build.arg("--quiet").arg("--global-settings").arg(&settings);
    build.arg(format!("-Dmaven.repo.local={}", cache.display()));
    build.arg(format!("-Dquittance.repository={}", repository.display()));
    run(build.arg(format!("-Dwork={}", work.display())).arg("compile"))?;

    let libraries = files::entries(&work.join("libraries"))?;
    let is_ours = |jar: &&PathBuf| {
        jar.file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with("quittance-"))
    };
    let Some(library) = libraries.iter().find(is_ours) else {
        return Err(Problem::Failed("the consumer has no library".to_owned()));
    };
    let wallet = |name: &str| work.join(name);
    let all: Vec<PathBuf> = libraries.iter().cloned().chain([work.join("classes")]).collect();
    expect_passed(&mut java(&all, &wallet("wallet")))?;
    let app = App {
        classes: work.join("classes"),
        libraries: &libraries,
        library,
        rules: project.join("app.pro"),
        work: workspace.cache("consumers/shrunk")?,
    };
    shrink::check(workspace, &app, |jar| {
        java(&[jar.to_owned()], &wallet("wallet-of-shrunk"))
    })
}

/// Starts the program with these jars and nothing else.
fn java(jars: &[PathBuf], wallet: &Path) -> Command {
    let jars: Vec<_> = jars.iter().map(|jar| jar.display().to_string()).collect();
    let mut java = Command::new("java");
    java.arg("-cp").arg(jars.join(":")).arg("example.AppKt").arg(wallet);
    java
}

/// SwiftPM finds the library in the package's folder and nowhere else.
fn consume_swift(workspace: &Workspace, package: &Path) -> Outcome {
    let swift = Toolchain::provide(workspace)?;
    let work = workspace.cache("consumers/swift")?;
    let project = work.join("Consumer");
    files::emptied(&project)?;
    files::copy_folder(&workspace.root.join("bindings/consumers/swift"), &project)?;
    let manifest = project.join("Package.swift");
    let text = files::text(&manifest)?.replace("../Quittance", &package.display().to_string());
    files::write(&manifest, text)?;
    let wallet = work.join("wallet");
    files::emptied(&wallet)?;
    let mut command = swift.command(&project, &shown(&workspace.root, &workspace.target));
    command.args(["swift", "run", "--scratch-path"]).arg(work.join("build"));
    expect_passed(command.arg("Consumer").arg(wallet))
}

fn expect_passed(command: &mut Command) -> Outcome {
    let said = output(command)?;
    print!("{said}");
    match said.lines().last() {
        Some(PASSED) => Ok(()),
        _ => Err(Problem::Failed("the consumer did not come to its end".to_owned())),
    }
}

/// Lets the consumer's Maven take what this machine has fetched before; it asks the network for the rest alone.
fn settings_text() -> String {
    let home = std::env::home_dir().unwrap_or_default();
    let fetched = home.join(".m2/repository");
    let repository = |element: &str| {
        format!(
            "<{element}><id>machine</id><url>file://{}</url><releases><checksumPolicy>ignore</checksumPolicy></releases></{element}>",
            fetched.display()
        )
    };
    format!(
        "<settings><profiles><profile><id>machine</id><repositories>{}</repositories><pluginRepositories>{}</pluginRepositories>\
         </profile></profiles><activeProfiles><activeProfile>machine</activeProfile></activeProfiles></settings>\n",
        repository("repository"),
        repository("pluginRepository")
    )
}
