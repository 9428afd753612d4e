//! The mobile suite: the library type-checked for phones on a host that has no phone SDK.
//!
//! Cargo builds the standard library from its sources, and a stand-in C compiler writes empty
//! objects: `cargo check` never links, so nothing of an SDK is needed.
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::provide::{Need, archive, is_debian};
use crate::run::{Outcome, Workspace, at, failed, numbers, output, run, run_logged};

/// The phones' targets.
const TARGETS: &[&str] = &["aarch64-linux-android", "aarch64-apple-ios"];
/// Debian releases that are asked for the sources of the compiler in use.
const RELEASES: &str = "trixie-backports forky sid";

/// Settings of an apt that keeps everything in one folder.
const CONFIGURATION: &str = r#"
Dir::Etc::SourceList "/dev/null";
Dir::Etc::SourceParts "FOLDER/sources";
Dir::Etc::PreferencesParts "FOLDER/preferences";
Dir::State::Lists "FOLDER/lists";
Dir::Cache "FOLDER/cache";
APT::Sandbox::User "root";
Acquire::Retries "3";
#clear APT::Update::Post-Invoke;
"#;

/// Answers a build script's questions as clang does, and leaves an empty object where one is asked for.
const COMPILER: &str = r#"#!/bin/sh
previous=; object=; preprocess=; source=
for word in "$@"; do
    [ "$previous" = -o ] && object=$word
    [ "$word" = -E ] && preprocess=1
    [ -f "$word" ] && source=$word
    previous=$word
done
[ -n "$preprocess" ] && exec cc -E -Dclang -D__clang__ "$source"
[ -n "$object" ] && : >"$object"
exit 0
"#;

/// Makes an empty archive.
const ARCHIVER: &str = r#"#!/bin/sh
for word in "$@"; do
    case $word in *.a) printf '!<arch>\n' >"$word"; exit 0 ;; esac
done
exit 0
"#;

/// The standard library's sources, if neither the toolchain nor the cache has them.
pub(crate) fn missing(workspace: &Workspace) -> Vec<Need> {
    let Ok(compiler) = Compiler::find(workspace) else {
        return Vec::new();
    };
    if compiler.sources().is_some() {
        return Vec::new();
    }
    vec![Need {
        what: "the sources of Rust's standard library in a folder under target/",
        packages: &[],
        by_hand: "the sources of Rust's standard library (`rustup component add rust-src`)",
    }]
}

/// Type-checks the facade, with all that it is built from, for each target.
pub(crate) fn run_suite(workspace: &Workspace) -> Outcome {
    let compiler = Compiler::find(workspace)?;
    let sources = match compiler.sources() {
        Some(sources) => sources,
        None => compiler.fetch_sources(workspace)?,
    };
    let tools = stand_ins(workspace)?;
    for target in TARGETS {
        run(&mut check_command(workspace, target, &sources, &tools))?;
    }
    println!("mobile: {} passed, 0 failed", TARGETS.len());
    Ok(())
}

fn check_command(workspace: &Workspace, target: &str, sources: &Path, tools: &Path) -> Command {
    let mut command = workspace.cargo(&["check", "--locked", "-p", "quittance-bindings"]);
    command.args(["-Zbuild-std=std,panic_unwind", "--target", target]);
    command.arg("--target-dir").arg(workspace.target.join("mobile/check"));
    // Building the standard library is an unstable option of cargo; only this check uses it.
    command
        .env("RUSTC_BOOTSTRAP", "1")
        .env("__CARGO_TESTS_ONLY_SRC_ROOT", sources);
    let name = target.replace('-', "_");
    command
        .env(format!("CC_{name}"), tools.join("cc"))
        .env(format!("CXX_{name}"), tools.join("cc"));
    command
        .env(format!("AR_{name}"), tools.join("ar"))
        .env(format!("RANLIB_{name}"), "true");
    if target.contains("apple") {
        command.env("SDKROOT", tools.join("iPhoneOS.sdk"));
    }
    command
}

fn stand_ins(workspace: &Workspace) -> Outcome<PathBuf> {
    let folder = workspace.cache("mobile/stand-ins")?;
    let sdk = folder.join("iPhoneOS.sdk");
    at(&sdk, fs::create_dir_all(&sdk))?;
    for (name, script) in [("cc", COMPILER), ("ar", ARCHIVER)] {
        let program = folder.join(name);
        if fs::read_to_string(&program).is_ok_and(|text| text == script) {
            continue;
        }
        at(&program, fs::write(&program, script))?;
        at(
            &program,
            fs::set_permissions(&program, fs::Permissions::from_mode(0o755)),
        )?;
    }
    Ok(folder)
}

/// The compiler that the workspace uses; its sources must be of the same version.
#[derive(Debug)]
struct Compiler {
    version: String,
    installed: PathBuf,
    cache: PathBuf,
}

impl Compiler {
    fn find(workspace: &Workspace) -> Outcome<Self> {
        let ask = |question: &[&str]| output(Command::new("rustc").current_dir(&workspace.root).args(question));
        let text = ask(&["--version"])?;
        let version = text.split(' ').nth(1).unwrap_or_default();
        if numbers(version).is_none() {
            return failed(format!("rustc printed no version: {text}"));
        }
        let sysroot = ask(&["--print", "sysroot"])?;
        Ok(Self {
            version: version.to_owned(),
            installed: Path::new(sysroot.trim()).join("lib/rustlib/src/rust/library"),
            cache: workspace.cache("mobile")?.join(format!("rust-src-{version}")),
        })
    }

    fn sources(&self) -> Option<PathBuf> {
        let candidates = [self.installed.clone(), self.cache.join("library")];
        candidates
            .into_iter()
            .find(|folder| folder.join("std/Cargo.toml").exists())
    }

    /// Unpacks Debian's package of the sources into the cache; nothing is installed.
    fn fetch_sources(&self, workspace: &Workspace) -> Outcome<PathBuf> {
        if !is_debian() {
            return failed("the standard library's sources can be fetched on Debian only");
        }
        let beside = |name: &str| self.cache.with_file_name(format!("{name}-{}", self.version));
        let apt = Apt::new(&beside("apt"), &archive(workspace)?)?;
        let log = beside("log");
        run_logged(apt.command("apt-get").arg("update"), &log)?;
        let versions = output(apt.command("apt-cache").args(["madison", "rust-src"]))?;
        let Some(package) = matching(&versions, &self.version) else {
            return failed(format!("Debian has no rust-src {}, only:\n{versions}", self.version));
        };
        let mut download = apt.command("apt-get");
        run_logged(download.arg("download").arg(format!("rust-src={package}")), &log)?;
        let unpacked = apt.folder.join("unpacked");
        let mut unpack = Command::new("sh");
        unpack
            .args(["-euc", "dpkg-deb -x rust-src_*.deb unpacked"])
            .current_dir(&apt.folder);
        run_logged(&mut unpack, &log)?;
        at(&self.cache, fs::create_dir_all(&self.cache))?;
        let library = unpacked.join(format!("usr/src/rustc-{}/library", self.version));
        at(&library, fs::rename(&library, self.cache.join("library")))?;
        at(&apt.folder, fs::remove_dir_all(&apt.folder))?;
        Ok(self.cache.join("library"))
    }
}

/// Debian's package manager with lists of its own, so that this machine's stay as they are.
#[derive(Debug)]
struct Apt {
    folder: PathBuf,
}

impl Apt {
    fn new(folder: &Path, archive: &str) -> Outcome<Self> {
        if folder.exists() {
            at(folder, fs::remove_dir_all(folder))?;
        }
        for name in ["sources", "preferences", "lists/partial", "cache/archives/partial"] {
            at(folder, fs::create_dir_all(folder.join(name)))?;
        }
        let sources = folder.join("sources/quittance.sources");
        let text = format!(
            "Types: deb\nURIs: {archive}\nSuites: {RELEASES}\nComponents: main\n\
             Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg\n"
        );
        at(&sources, fs::write(&sources, text))?;
        let settings = folder.join("apt.conf");
        let text = CONFIGURATION.replace("FOLDER", &folder.display().to_string());
        at(&settings, fs::write(&settings, text))?;
        Ok(Self {
            folder: folder.to_owned(),
        })
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(&self.folder)
            .arg("-qq")
            .arg("--config-file=apt.conf");
        command
    }
}

/// The first package version in apt's table that is of the compiler's version.
fn matching(table: &str, version: &str) -> Option<String> {
    let versions = table.lines().filter_map(|line| line.split('|').nth(1)).map(str::trim);
    let mut same = versions.filter(|found| {
        let rest = found.strip_prefix(version);
        rest.is_some_and(|rest| rest.starts_with('+') || rest.starts_with('-'))
    });
    same.next().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sources_must_be_of_exactly_the_compilers_version() {
        let table = " rust-src | 1.95.1+dfsg1-1 | x forky/main amd64 Packages\n \
                     rust-src | 1.95.0+dfsg1-1~bpo13+1 | x trixie-backports/main amd64 Packages\n";
        assert_eq!(matching(table, "1.95.0").as_deref(), Some("1.95.0+dfsg1-1~bpo13+1"));
        assert_eq!(matching(table, "1.95"), None);
        assert_eq!(matching(table, "1.94.0"), None);
    }
}
