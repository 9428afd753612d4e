//! The native library as phones get it.
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::ValueEnum;

use crate::bindings;
use crate::run::{Outcome, Problem, Workspace, host, run};

/// The crate that is the library.
const CRATE: &str = "quittance-bindings";

/// Parts of SQLite that its crate switches on for everybody and that the vault never uses: search by words, maps,
/// statistics, extensions that are loaded. 0.4 MB.
const SQLITE_WITHOUT: &str = "-USQLITE_ENABLE_FTS3 -USQLITE_ENABLE_FTS3_PARENTHESIS -USQLITE_ENABLE_FTS5 \
    -USQLITE_ENABLE_RTREE -USQLITE_ENABLE_DBSTAT_VTAB -USQLITE_ENABLE_STAT4 -USQLITE_ENABLE_JSON1 -DSQLITE_OMIT_JSON \
    -USQLITE_ENABLE_LOAD_EXTENSION -DSQLITE_OMIT_LOAD_EXTENSION -USQLITE_SOUNDEX";

/// How the library in a package was built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Build {
    /// With the profile `phone`: small; this is what a release publishes. Takes minutes.
    Phone,
    /// As the tests have it already: for tests of the package itself.
    Dev,
}

impl Build {
    /// The library that this machine loads.
    pub(crate) fn library(self, workspace: &Workspace) -> Outcome<PathBuf> {
        match self {
            Self::Dev => bindings::built_library(workspace, "quittance"),
            Self::Phone => {
                let kind = Kind::Shared;
                run(&mut kind.command(workspace, &host()?)?)?;
                Ok(workspace
                    .target
                    .join("phone")
                    .join(kind.file(cfg!(target_os = "macos"))))
            }
        }
    }
}

/// What an app links with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Loaded when the app runs.
    Shared,
    /// A part of the app itself.
    Static,
}

impl Kind {
    /// Builds the library alone for a target: beside an `rlib`, cargo would leave out optimisation across crates.
    pub(crate) fn command(self, workspace: &Workspace, target: &str) -> Outcome<Command> {
        let kind = match self {
            Self::Shared => "cdylib",
            Self::Static => "staticlib",
        };
        let mut command = workspace.cargo(&["rustc", "--locked", "--profile", "phone", "--package", CRATE, "--lib"]);
        command.args(["--crate-type", kind]);
        if target != host()? {
            command.args(["--target", target]);
        }
        command.arg("--config").arg(format!(
            "target.{target}.rustflags=[{}]",
            without_folders(&workspace.root, &cargo_home()?)
        ));
        command.env("LIBSQLITE3_FLAGS", SQLITE_WITHOUT);
        Ok(command)
    }

    /// The name of its file.
    pub(crate) fn file(self, apple: bool) -> &'static str {
        match (self, apple) {
            (Self::Static, _) => "libquittance.a",
            (Self::Shared, true) => "libquittance.dylib",
            (Self::Shared, false) => "libquittance.so",
        }
    }
}

/// The compiler's options, as a list of TOML, that name sources by where they are in the project or among its
/// dependencies: a library tells nobody on which machine it was built, and is the same from each.
fn without_folders(root: &Path, home: &Path) -> String {
    let renamed = [(home, "cargo"), (root, "quittance")];
    let options = renamed.map(|(folder, name)| format!("'--remap-path-prefix={}={name}'", folder.display()));
    options.join(", ")
}

fn cargo_home() -> Outcome<PathBuf> {
    let set = env::var_os("CARGO_HOME").map(PathBuf::from);
    let usual = || env::home_dir().map(|home| home.join(".cargo"));
    set.or_else(usual)
        .ok_or_else(|| Problem::Failed("neither CARGO_HOME nor a home folder is known".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_of_this_machine_are_named_by_their_part() {
        let options = without_folders(Path::new("/home/me/project"), Path::new("/home/me/.cargo"));
        assert_eq!(
            options,
            "'--remap-path-prefix=/home/me/.cargo=cargo', '--remap-path-prefix=/home/me/project=quittance'"
        );
    }
}
