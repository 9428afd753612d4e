//! Installing what a suite needs, where that is possible.
use std::env;
use std::fs;
use std::io::{self, BufRead, IsTerminal, Write};
use std::process::Command;

use crate::run::{Outcome, Problem, Workspace, failed, output, run_logged, version};

/// One thing that a suite needs from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Need {
    /// What it is, in words for the person who is asked.
    pub(crate) what: &'static str,
    /// The Debian packages that bring it; none if a suite fetches it by itself into target/.
    pub(crate) packages: &'static [&'static str],
    /// What a person installs where this program cannot.
    pub(crate) by_hand: &'static str,
}

/// Whether this machine lets us install, and whether its user agreed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Permission {
    /// Root on Debian: in CI, without a terminal, or with the user's yes.
    Given,
    /// Another system, another user, or the user's no.
    Refused,
}

/// Decides once for everything that is missing; asks at most one question, and only at a terminal.
pub(crate) fn permission(missing: &[Need]) -> Permission {
    if missing.is_empty() || !is_debian() || !is_root() {
        return Permission::Refused;
    }
    if env::var_os("CI").is_some() || !io::stdin().is_terminal() {
        return Permission::Given;
    }
    let mut names: Vec<&str> = missing.iter().map(|need| need.what).collect();
    names.dedup();
    print!(
        "Missing: {}.\nInstall from Debian's packages now? [y/N] ",
        names.join("; ")
    );
    let mut answer = String::new();
    let asked = io::stdout()
        .flush()
        .and_then(|()| io::stdin().lock().read_line(&mut answer));
    match asked {
        Ok(_) if is_yes(&answer) => Permission::Given,
        _ => Permission::Refused,
    }
}

/// Brings what is missing, or says what to install.
///
/// `NotRun` where nothing may be installed, `Failed` where the installation itself failed.
pub(crate) fn provide(workspace: &Workspace, missing: &[Need], permission: Permission) -> Outcome {
    if missing.is_empty() {
        return Ok(());
    }
    if permission == Permission::Refused {
        let by_hand: Vec<&str> = missing.iter().map(|need| need.by_hand).collect();
        return Err(Problem::NotRun(format!("install {}", by_hand.join(", "))));
    }
    let packages: Vec<&str> = missing.iter().flat_map(|need| need.packages).copied().collect();
    if packages.is_empty() {
        return Ok(());
    }
    update(workspace)?;
    let log = workspace.cache("xtask")?.join("apt.log");
    let mut install = Command::new("apt-get");
    install
        .args(["install", "-q", "-y", "--no-install-recommends"])
        .args(packages);
    run_logged(install.env("DEBIAN_FRONTEND", "noninteractive"), &log)
}

/// The package archive that this machine's apt already uses.
pub(crate) fn archive(workspace: &Workspace) -> Outcome<String> {
    if let Some(address) = known_archive()? {
        return Ok(address);
    }
    // A new machine's apt knows nothing before its first update.
    update(workspace)?;
    match known_archive()? {
        Some(address) => Ok(address),
        None => failed("apt knows no package archive of this Debian release"),
    }
}

fn known_archive() -> Outcome<Option<String>> {
    let mut command = Command::new("apt-get");
    command.args(["indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"]);
    let codename = os_release("VERSION_CODENAME").unwrap_or_default();
    let text = output(command.arg(format!("Codename: {codename}")))?;
    Ok(text.lines().next().map(str::to_owned))
}

fn update(workspace: &Workspace) -> Outcome {
    let log = workspace.cache("xtask")?.join("apt.log");
    run_logged(Command::new("apt-get").args(["update", "-q"]), &log)
}

/// Whether this is Debian, whose packages this program knows.
pub(crate) fn is_debian() -> bool {
    os_release("ID").as_deref() == Some("debian")
}

fn is_root() -> bool {
    version("id", "-u").is_some_and(|text| text.trim() == "0")
}

fn os_release(key: &str) -> Option<String> {
    field(&fs::read_to_string("/etc/os-release").ok()?, key)
}

fn field(text: &str, key: &str) -> Option<String> {
    let mut pairs = text.lines().filter_map(|line| line.split_once('='));
    let (_, value) = pairs.find(|(name, _)| *name == key)?;
    Some(value.trim_matches('"').to_owned())
}

fn is_yes(answer: &str) -> bool {
    matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_release_is_read_with_or_without_quotes() {
        let text = "PRETTY_NAME=\"Debian 12\"\nID=debian\nVERSION_CODENAME=\"bookworm\"\n";
        assert_eq!(field(text, "ID").as_deref(), Some("debian"));
        assert_eq!(field(text, "VERSION_CODENAME").as_deref(), Some("bookworm"));
        assert_eq!(field(text, "NAME"), None);
    }

    #[test]
    fn only_a_clear_yes_installs() {
        assert!(is_yes("y\n") && is_yes("YES"));
        assert!(!is_yes("") && !is_yes("n") && !is_yes("yesterday"));
    }

    #[test]
    fn without_permission_the_text_says_what_to_install() {
        let need = Need {
            what: "a JDK",
            packages: &["default-jdk-headless"],
            by_hand: "a JDK (17 or newer)",
        };
        let workspace = Workspace {
            root: "/nowhere".into(),
            target: "/nowhere".into(),
        };
        let problem = provide(&workspace, &[need], Permission::Refused);
        assert_eq!(problem, Err(Problem::NotRun("install a JDK (17 or newer)".to_owned())));
    }
}
