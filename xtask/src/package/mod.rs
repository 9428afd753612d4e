//! What a release would publish, laid out under target/package: `cargo xtask package kotlin`, `… swift`.
mod aar;
mod apple;
mod archive;
mod bill;
mod checksums;
pub(crate) mod consumers;
mod elf;
mod jvm;
mod native;
mod ndk;
mod plist;
mod pom;
mod shrink;
mod xcframework;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use self::archive::Archive;
use self::bill::Bill;
use self::native::Build;
use self::pom::Project;
use crate::android;
use crate::files;
use crate::maven;
use crate::provide::Need;
use crate::run::{Outcome, Workspace, failed, host};
use crate::suites;

/// The version of everything that is published.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The languages whose package is made.
#[derive(Debug, Subcommand)]
pub(crate) enum Task {
    /// A Maven repository with the jar for a JVM and the AAR for Android.
    Kotlin(Options),
    /// A Swift package with the XCFramework for Apple's devices.
    Swift(Options),
}

impl Task {
    /// What is missing on this machine to make it. The Swift package is laid out, not compiled.
    fn missing(&self) -> Vec<Need> {
        match self {
            Self::Kotlin(_) => android::missing(),
            Self::Swift(_) => Vec::new(),
        }
    }
}

/// How a package is made.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// How the native library in it is built.
    #[arg(long, value_enum, default_value = "phone")]
    build: Build,
}

/// Brings what a package is made with, then makes it; what could not be a part of it is said last, and in its PACKAGE.txt.
pub(crate) fn run(workspace: &Workspace, task: &Task) -> Outcome {
    suites::provide_all(workspace, || task.missing())?;
    let folder = match task {
        Task::Kotlin(options) => kotlin(workspace, options.build)?,
        Task::Swift(options) => swift(workspace, options.build)?,
    };
    println!("\n{}", files::text(&folder.join("PACKAGE.txt"))?);
    println!("in {}", folder.display());
    Ok(())
}

/// The Maven repository, with its bills of materials and checksums.
fn kotlin(workspace: &Workspace, build: Build) -> Outcome<PathBuf> {
    jvm::compile(workspace)?;
    aar::compile(workspace)?;
    let library = build.library(workspace)?;
    let libraries = match build {
        Build::Phone => ndk::build(workspace)?,
        Build::Dev => ndk::Libraries::none("a package of the tests has none"),
    };
    let own = crate::kotlin::folder(workspace);
    let project = Project::read(&files::text(&own.join("pom.xml"))?)?;
    let android = Project::read(&files::text(&own.join("android/pom.xml"))?)?.for_android();
    let checked = check_jna(workspace, &android)?;
    let host = host()?;
    let bill = Bill::of_library(workspace, &host)?.inside_maven(workspace, &project)?;
    let android_bill = Bill::of_library(workspace, ndk::TARGETS[0])?.inside_maven(workspace, &android)?;

    let mut notes = vec![format!("jar for a JVM: {} with {host}", project.file(".jar"))];
    notes.push(format!("AAR for Android: {}", android.file(aar::suffix(&libraries))));
    notes.extend(
        libraries
            .built
            .iter()
            .map(|(abi, _)| format!("built: jni/{abi}, pages of 16 KB")),
    );
    notes.extend(
        libraries
            .missing
            .iter()
            .map(|(abi, why)| format!("NOT BUILT: jni/{abi}/libquittance.so: {why}")),
    );
    notes.extend(checked.iter().map(|name| format!("checked: {name}, pages of 16 KB")));
    twice(&workspace.target.join("package/kotlin"), |folder| {
        let repository = folder.join("maven");
        jvm::assemble(workspace, &project, &library, &repository)?;
        aar::assemble(workspace, &android, &libraries, &repository)?;
        for (project, bill) in [(&project, &bill), (&android, &android_bill)] {
            bill.write(&repository.join(project.folder()).join(project.file("-cyclonedx.json")))?;
        }
        finish(folder, &notes)
    })
}

/// The Swift package, with its bill of materials and checksums.
fn swift(workspace: &Workspace, build: Build) -> Outcome<PathBuf> {
    crate::swift::prepare(workspace)?;
    let library = build.library(workspace)?;
    let bill = Bill::of_library(workspace, "aarch64-apple-ios")?.inside("quittance-swift", VERSION);
    twice(&workspace.target.join("package/swift"), |folder| {
        let missing = apple::assemble(workspace, VERSION, &library, &folder.join("Quittance"))?;
        bill.write(&folder.join(format!("quittance-swift-{VERSION}-cyclonedx.json")))?;
        let mut notes = vec![format!("Swift package: Quittance, with {} for Linux", host()?)];
        notes.extend(
            missing
                .iter()
                .map(|what| format!("NOT BUILT: QuittanceFFI.xcframework/{what}")),
        );
        finish(folder, &notes)
    })
}

/// Assembles a package, then once more: it is published only where both have the same bytes.
fn twice(folder: &Path, assemble: impl Fn(&Path) -> Outcome) -> Outcome<PathBuf> {
    let again = folder.with_extension("again");
    for folder in [folder, again.as_path()] {
        files::emptied(folder)?;
        assemble(folder)?;
    }
    let same = files::text(&folder.join(checksums::LIST))? == files::text(&again.join(checksums::LIST))?;
    files::remove(&again)?;
    match same {
        true => Ok(folder.to_owned()),
        false => failed(format!("{}: assembled twice, it is not the same", folder.display())),
    }
}

/// The libraries that JNA brings to Android have to be loadable, too: an app ships them.
fn check_jna(workspace: &Workspace, android: &Project) -> Outcome<Vec<String>> {
    let jna = android.dependency("jna")?;
    let form = jna.form.unwrap_or("jar");
    let file = maven::fetched(
        workspace,
        &format!("{}:{}:{}:{form}", jna.group, jna.artifact, jna.version),
    )?;
    elf::check_aar(&format!("{} {}", jna.artifact, jna.version), &Archive::read(&file)?)
}

/// Writes what is in a package and what is not, then the checksums of it all.
fn finish(folder: &Path, notes: &[String]) -> Outcome {
    files::write(&folder.join("PACKAGE.txt"), notes.join("\n") + "\n")?;
    checksums::write(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_that_is_not_the_same_twice_is_refused() {
        let folder = std::env::temp_dir().join(format!("quittance-twice-{}", std::process::id()));
        assert_eq!(
            twice(&folder, |folder| finish(folder, &["same".to_owned()])),
            Ok(folder.clone())
        );
        let differs = |folder: &Path| finish(folder, &[folder.display().to_string()]);
        assert!(twice(&folder, differs).is_err());
        files::remove(&folder).unwrap();
    }

    #[test]
    fn everything_that_is_published_has_one_version() {
        for pom in [
            include_str!("../../../bindings/kotlin/pom.xml"),
            include_str!("../../../bindings/kotlin/android/pom.xml"),
        ] {
            assert_eq!(Project::read(pom).unwrap().version, VERSION);
        }
        let consumer = include_str!("../../../bindings/consumers/kotlin/pom.xml");
        assert!(consumer.contains(&format!("<version>{VERSION}</version>")));
        // What a reader is told to depend on is what is published.
        for guide in [
            include_str!("../../../README.md"),
            include_str!("../../../docs/first-hour.md"),
        ] {
            assert!(guide.contains(&format!("`org.quittance:quittance-android:{VERSION}`")));
        }
    }
}
