//! The native library for Android's processors, where the means to build it are.
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::elf;
use super::native::Kind;
use crate::files;
use crate::run::{Outcome, Workspace, at, output, run};

/// The oldest Android that the library is for: 11.
pub(crate) const OLDEST: u32 = 30;

/// What the compiler calls each processor's Android, in the order of [`elf::ABIS`].
pub(crate) const TARGETS: [&str; 2] = ["aarch64-linux-android", "x86_64-linux-android"];

/// A library for each processor, or why there is none.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Libraries {
    /// The processor with the library's file.
    pub(crate) built: Vec<(&'static str, PathBuf)>,
    /// The processor with what is missing here.
    pub(crate) missing: Vec<(&'static str, String)>,
}

impl Libraries {
    /// No library at all, for one reason.
    pub(crate) fn none(why: &str) -> Self {
        let missing = elf::ABIS.map(|abi| (abi, why.to_owned())).into();
        Self {
            built: Vec::new(),
            missing,
        }
    }
}

/// Builds the library for each processor that it can be built for; each that is built is checked for pages of 16 KB.
pub(crate) fn build(workspace: &Workspace) -> Outcome<Libraries> {
    let mut libraries = Libraries::default();
    let tools = tools();
    for (abi, target) in elf::ABIS.into_iter().zip(TARGETS) {
        let Some(tools) = &tools else {
            libraries
                .missing
                .push((abi, "no Android NDK (ANDROID_NDK_HOME names none)".to_owned()));
            continue;
        };
        if !has_standard_library(target)? {
            libraries
                .missing
                .push((abi, format!("no standard library (`rustup target add {target}`)")));
            continue;
        }
        run(&mut command(workspace, target, tools)?)?;
        let library = workspace
            .target
            .join(target)
            .join("phone")
            .join(Kind::Shared.file(false));
        elf::check(abi, &at(&library, fs::read(&library))?)?;
        libraries.built.push((abi, library));
    }
    Ok(libraries)
}

/// Cargo with the NDK's compiler and linker, whose name says the oldest Android.
fn command(workspace: &Workspace, target: &str, tools: &Path) -> Outcome<Command> {
    let mut command = Kind::Shared.command(workspace, target)?;
    let compiler = tools.join(format!("{target}{OLDEST}-clang"));
    let name = target.replace('-', "_");
    command.env(format!("CARGO_TARGET_{}_LINKER", name.to_uppercase()), &compiler);
    command.env(format!("CC_{name}"), &compiler);
    command.env(format!("AR_{name}"), tools.join("llvm-ar"));
    Ok(command)
}

/// The folder of the NDK's programs.
fn tools() -> Option<PathBuf> {
    let named = ["ANDROID_NDK_HOME", "ANDROID_NDK_ROOT"]
        .into_iter()
        .find_map(env::var_os)?;
    let hosts = PathBuf::from(named).join("toolchains/llvm/prebuilt");
    let host = files::folders(&hosts).ok()?.into_iter().next()?;
    Some(host.join("bin"))
}

fn has_standard_library(target: &str) -> Outcome<bool> {
    let folder = output(Command::new("rustc").args(["--print", "target-libdir", "--target", target]))?;
    Ok(Path::new(folder.trim()).is_dir())
}
