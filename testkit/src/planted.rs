//! A copy of the product with one bug planted in it: what a test must find that finds nothing in the product.

use crate::process::Programs;
use crate::story::Casting;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A bug, which takes one change or several.
pub struct Bug {
    /// What it is called; the copy's folder has this name.
    pub name: &'static str,
    /// Cargo tells a copy from the real tree by it, so that nothing of the copy is taken for the real thing.
    pub version: &'static str,
    /// What makes it.
    pub changes: &'static [Change],
    /// What the copy's gateway and phone are called.
    pub programs: Casting,
}

/// In `file`, `right` becomes `wrong`.
pub struct Change {
    /// Which file of the repository.
    pub file: &'static str,
    /// What stands there once.
    pub right: &'static str,
    /// What stands there instead.
    pub wrong: &'static str,
}

/// The gateway's answers leave before what they say is committed.
pub const ANSWERS_BEFORE_COMMIT: Change = Change {
    file: "gateway/src/sequencer.rs",
    right: "            round.write(&mut turn)?;\n            store.commit()?;\n",
    wrong: "            round.write(&mut turn)?;\n            for (key, response) in std::mem::take(&mut round.responses) {\n                self.memory.answer(&key, &response);\n            }\n            std::thread::sleep(std::time::Duration::from_millis(200));\n            store.commit()?;\n",
};

/// The version of every crate, as the workspace gives it.
const VERSION: &str = concat!("\nversion = \"", env!("CARGO_PKG_VERSION"), "\"\n");

impl Bug {
    /// Whether each change has its one place, which a plantation would come to after a minute.
    ///
    /// # Errors
    /// Where the code has changed there.
    pub fn fits(&self) -> io::Result<()> {
        let repository = repository()?;
        self.changes.iter().try_for_each(|change| {
            let source = std::fs::read_to_string(repository.join(change.file))?;
            replaced(&source, change.right, change.wrong).map(drop)
        })
    }

    /// Copies what git knows, plants the bug, gives the programs names of their own, builds them.
    ///
    /// # Errors
    /// Where a change has no place, or the copy does not build.
    pub fn plant(&self) -> io::Result<Programs> {
        let programs = Programs::built()?;
        let target = programs.path("").parent().ok_or_else(nowhere)?.to_owned();
        let copy = target.join("planted").join(self.name);
        copy_of_the_repository(&copy)?;
        for change in self.changes {
            rewrite(&copy.join(change.file), change.right, change.wrong)?;
        }
        let version = format!("\nversion = \"{}\"\n", self.version);
        rewrite(&copy.join("Cargo.toml"), VERSION, &version)?;
        let nameless = || io::Error::other("a copy's programs have names of their own");
        let gateway = self.programs.gateway_program.ok_or_else(nameless)?;
        let phone = self.programs.phone_program.ok_or_else(nameless)?;
        let manifest = copy.join("gateway/Cargo.toml");
        let text = std::fs::read_to_string(&manifest)?;
        let named = format!("{text}\n[[bin]]\nname = \"{gateway}\"\npath = \"src/main.rs\"\n");
        std::fs::write(&manifest, named)?;
        let of_the_kit = copy.join("testkit/src/bin");
        std::fs::rename(
            of_the_kit.join("quittance-phone.rs"),
            of_the_kit.join(format!("{phone}.rs")),
        )?;
        let built = Programs::build(gateway, phone)
            .current_dir(&copy)
            .args(["--offline", "--target-dir"])
            .arg(&target)
            .status()?;
        if built.success() {
            Ok(programs)
        } else {
            Err(io::Error::other(format!("{}: the copy does not build", self.name)))
        }
    }
}

fn repository() -> io::Result<PathBuf> {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize()
}

/// Copies what git knows, in place of what stands there.
fn copy_of_the_repository(copy: &Path) -> io::Result<()> {
    let repository = repository()?;
    let _ = std::fs::remove_dir_all(copy);
    let listed = Command::new("git")
        .current_dir(&repository)
        .args(["ls-files", "-co", "--exclude-standard"])
        .output()?;
    for name in String::from_utf8(listed.stdout).map_err(io::Error::other)?.lines() {
        let to = copy.join(name);
        std::fs::create_dir_all(to.parent().ok_or_else(nowhere)?)?;
        // A file that git knows may be gone from the work tree.
        let _gone = std::fs::copy(repository.join(name), to);
    }
    Ok(())
}

fn rewrite(file: &Path, right: &str, wrong: &str) -> io::Result<()> {
    let text = std::fs::read_to_string(file)?;
    let changed =
        replaced(&text, right, wrong).map_err(|error| io::Error::other(format!("{}: {error}", file.display())))?;
    std::fs::write(file, changed)
}

/// The text with its change.
fn replaced(text: &str, right: &str, wrong: &str) -> io::Result<String> {
    match text.matches(right).count() {
        1 => Ok(text.replace(right, wrong)),
        places => Err(io::Error::other(format!("{places} places, and not one, have: {right}"))),
    }
}

fn nowhere() -> io::Error {
    io::Error::other("a path without a folder")
}
