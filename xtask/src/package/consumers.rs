//! The package suite: programs that know the published packages alone are built and run.
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::archive::Archive;
use super::native::Build;
use super::shrink::{self, App};
use super::{checksums, kotlin, maven, swift};
use crate::android;
use crate::files;
use crate::provide::Need;
use crate::run::{Outcome, Problem, Workspace, at, output, run};
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
    let (mut command, wallet) = swift_run(workspace, &package.join("Quittance"))?;
    expect_passed(command.arg("Consumer").arg(wallet))?;
    shrunk
}

/// Prints what crossing into the library that is published costs from Kotlin and from Swift, and how big the library is.
pub(crate) fn measure(workspace: &Workspace) -> Outcome {
    let library = Build::Phone.library(workspace)?;
    let bytes = at(&library, fs::read(&library))?;
    let mut jar = Archive::default();
    jar.add("library", bytes.clone());
    println!("the library: {} bytes, compressed {}", bytes.len(), jar.bytes()?.len());

    let consumer = build_kotlin(workspace, &kotlin(workspace, Build::Phone)?.join("maven"))?;
    let mut java = Command::new("java");
    let folder = library.parent().unwrap_or(&library);
    java.arg(format!("-Djna.library.path={}", folder.display()));
    java.arg("-cp")
        .arg(consumer.class_path())
        .arg("example.Measure")
        .arg(consumer.work.join("measured"));
    run(&mut java)?;

    let package = swift(workspace, Build::Phone)?.join("Quittance");
    let (mut command, wallet) = swift_run(workspace, &package)?;
    run(command.args(["-c", "release", "Consumer", "measure"]).arg(wallet))
}

/// The Kotlin program, built, with the jars that it needs.
struct KotlinConsumer {
    work: PathBuf,
    libraries: Vec<PathBuf>,
}

impl KotlinConsumer {
    fn classes(&self) -> PathBuf {
        self.work.join("classes")
    }

    fn class_path(&self) -> String {
        let jars = self.libraries.iter().cloned().chain([self.classes()]);
        let jars: Vec<String> = jars.map(|jar| jar.display().to_string()).collect();
        jars.join(":")
    }
}

/// Maven finds the library in the repository and nowhere else.
fn build_kotlin(workspace: &Workspace, repository: &Path) -> Outcome<KotlinConsumer> {
    let consumers = workspace.cache("consumers")?;
    let work = consumers.join("kotlin");
    files::emptied(&work)?;
    let cache = consumers.join("maven");
    files::emptied(&cache.join("org/quittance"))?;
    let settings = consumers.join("settings.xml");
    files::write(&settings, settings_text())?;
    let mut build = maven::command(&kotlin_project(workspace));
    // A cache of its own: Maven would never look again for a version that it has.
    build.arg("--quiet").arg("--global-settings").arg(&settings);
    build.arg(format!("-Dmaven.repo.local={}", cache.display()));
    build.arg(format!("-Dquittance.repository={}", repository.display()));
    run(build.arg(format!("-Dwork={}", work.display())).arg("compile"))?;
    let libraries = files::entries(&work.join("libraries"))?;
    Ok(KotlinConsumer { work, libraries })
}

fn kotlin_project(workspace: &Workspace) -> PathBuf {
    workspace.root.join("bindings/consumers/kotlin")
}

/// The program runs, then once more after R8.
fn consume_kotlin(workspace: &Workspace, repository: &Path) -> Outcome {
    let consumer = build_kotlin(workspace, repository)?;
    let work = &consumer.work;
    expect_passed(&mut java(&consumer.class_path(), &work.join("wallet")))?;
    let is_ours = |jar: &&PathBuf| {
        jar.file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with("quittance-"))
    };
    let Some(library) = consumer.libraries.iter().find(is_ours) else {
        return Err(Problem::Failed("the consumer has no library".to_owned()));
    };
    let app = App {
        classes: consumer.classes(),
        libraries: &consumer.libraries,
        library,
        rules: kotlin_project(workspace).join("app.pro"),
        work: workspace.cache("consumers/shrunk")?,
    };
    shrink::check(workspace, &app, |jar| {
        java(&jar.display().to_string(), &work.join("wallet-of-shrunk"))
    })
}

/// Starts the program with these classes and nothing else.
fn java(class_path: &str, wallet: &Path) -> Command {
    let mut java = Command::new("java");
    java.arg("-cp").arg(class_path).arg("example.AppKt").arg(wallet);
    java
}

/// `swift run` where SwiftPM finds the library in the package's folder and nowhere else; and an empty folder for a wallet.
fn swift_run(workspace: &Workspace, package: &Path) -> Outcome<(Command, PathBuf)> {
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
    Ok((command, wallet))
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
