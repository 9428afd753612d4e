//! The attacker programs by name: each is a test that can be watched, and its control.
use std::process::Command;

use crate::run::{Outcome, Problem, Workspace, failed, heading, output, run};
use crate::skipped::Skipped;

/// One attacker.
#[derive(Debug)]
pub(crate) struct Attack {
    /// Its name on the command line.
    name: &'static str,
    /// What the attacker has, or does.
    has: &'static str,
    /// What comes of it.
    shows: &'static str,
    /// The tests that play it.
    tests: &'static [Tests],
}

/// Some tests of one crate.
#[derive(Debug)]
pub(crate) struct Tests {
    package: &'static str,
    /// One target of the crate; all where there is none.
    target: Option<&'static str>,
    /// What their names have in them; all where there is none.
    filter: Option<&'static str>,
}

/// Every attacker that this repository plays; another one is one line more.
const ATTACKS: &[Attack] = &[
    Attack {
        name: "files",
        has: "what the vault's disk held at every sync, or the raw image of its file system, and today's keys",
        shows: "opens nothing that was destroyed; with the keystore's history, everything",
        tests: &[
            some("quittance-disk", "disk", "files::"),
            some("quittance-disk", "disk", "image::"),
        ],
    },
    Attack {
        name: "blobs",
        has: "the phone's files and its keystore's blobs of before",
        shows: "wins against the phone alone (exposed); the gateway refuses the charge",
        tests: &[all("quittance-testkit", "blobs")],
    },
    Attack {
        name: "restore",
        has: "older files of a phone, of a gateway, or of a vault by itself, put back",
        shows: "resurrects nothing, gives no try back; with the keystore put back as well, everything",
        tests: &[
            some("quittance-disk", "disk", "restore::"),
            all("quittance-testkit", "restore"),
            some("quittance-gateway", "gateway", "restore::"),
            some("quittance-testkit", "tries", "older_file"),
        ],
    },
    Attack {
        name: "memory",
        has: "core dumps of the phone's process and the gateway's, with their registers",
        shows: "finds no PIN, no half and no key of a destroyed token; in use, or let go unwiped, it finds them",
        tests: &[all("quittance-testkit", "memory")],
    },
    Attack {
        name: "power",
        has: "the power switch, at any write",
        shows: "what was answered stands; four planted bugs are found",
        tests: &[some("quittance-disk", "disk", "power_loss::")],
    },
    Attack {
        name: "damage",
        has: "a pen, for any page of a vault or of the gateway's database",
        shows: "is told that it is damaged, and loses nothing that stood elsewhere",
        tests: &[
            all("quittance-testkit", "damage"),
            some("quittance-gateway", "gateway", "damage::"),
        ],
    },
    Attack {
        name: "copy",
        has: "a second phone with all files and keys of the first, or files that do not belong to it",
        shows: "found at its first word, pays nothing; the payer stops everything and starts anew",
        tests: &[all("quittance-testkit", "quarantine")],
    },
    Attack {
        name: "gateway",
        has: "the gateway, with its keys",
        shows: "each lie is caught for what it is, or listed as one that no single phone can tell",
        tests: &[all("quittance-testkit", "lies")],
    },
    Attack {
        name: "callback",
        has: "the native code of keystore and prompt",
        shows: "approves nothing, and holds nobody up without end",
        tests: &[
            all("quittance-testkit", "callbacks"),
            all("quittance-testkit", "prompts"),
        ],
    },
    Attack {
        name: "guess",
        has: "the phone with its keys, many connections, kills, old files, and no PIN, code or finger",
        shows: "never more guesses than the budget (`cargo xtask soak guess` tries further)",
        tests: &[
            some("quittance-testkit", "prompts", "guess"),
            some("quittance-gateway", "gateway", "guesses::"),
            all("quittance-testkit", "guesses_killed"),
            all("quittance-testkit", "tries"),
            all("quittance-testkit", "tries_killed"),
        ],
    },
    Attack {
        name: "parser",
        has: "any bytes, in place of what readers expect",
        shows: "panics nothing, is believed nowhere; what is planted is found (`cargo xtask soak fuzz` looks further)",
        tests: &[all("quittance-fuzz", "replay")],
    },
    Attack {
        name: "kill",
        has: "SIGKILL, before every durable or sent step",
        shows: "the same end, one charge, nothing lost",
        tests: &[all("quittance-testkit", "kill")],
    },
    Attack {
        name: "network",
        has: "the interleaving of everything that phone, gateway, merchant and network do",
        shows: "the invariants hold; each of two dozen planted flaws is found",
        tests: &[Tests {
            package: "quittance-model",
            target: None,
            filter: None,
        }],
    },
];

/// All tests of a target.
const fn all(package: &'static str, target: &'static str) -> Tests {
    Tests {
        package,
        target: Some(target),
        filter: None,
    }
}

/// The tests of a target whose names have this in them.
const fn some(package: &'static str, target: &'static str, filter: &'static str) -> Tests {
    Tests {
        package,
        target: Some(target),
        filter: Some(filter),
    }
}

/// What was asked for.
#[derive(Debug, Clone)]
pub(crate) enum Asked {
    /// The names.
    List,
    /// One attacker.
    One(&'static Attack),
}

/// Reads the name of an attacker, or `list`.
pub(crate) fn asked(name: &str) -> Result<Asked, String> {
    let one = ATTACKS.iter().find(|attack| attack.name == name).map(Asked::One);
    let list = (name == "list").then_some(Asked::List);
    one.or(list)
        .ok_or_else(|| "`cargo xtask attack list` names them".to_owned())
}

/// Plays one attacker, or names them all.
pub(crate) fn attack(workspace: &Workspace, asked: &Asked, profile: Option<&str>) -> Outcome {
    let attack = match asked {
        Asked::One(attack) => attack,
        Asked::List => {
            for attack in ATTACKS {
                println!("{:9} has {}:\n          {}", attack.name, attack.has, attack.shows);
            }
            return Ok(());
        }
    };
    println!("The attacker has {}.", attack.has);
    let skipped = Skipped::listen(workspace)?;
    for tests in attack.tests {
        // A name that fits no test would hold against anybody.
        let listed = output(tests.command(workspace, profile).args(["--list", "--format=terse"]))?;
        if !listed.lines().any(|line| line.ends_with(": test")) {
            return failed(format!("{} plays no test of {}", attack.name, tests.package));
        }
        run(skipped.told_by(tests.command(workspace, profile).arg("--nocapture")))?;
    }
    let skipped = skipped.reasons()?;
    if !skipped.is_empty() {
        return Err(Problem::NotRun(format!("NOT RUN: {}", skipped.join("; "))));
    }
    heading(&format!("held: {}", attack.shows));
    Ok(())
}

impl Tests {
    /// The command that runs them; what is added is for the test program.
    fn command(&self, workspace: &Workspace, profile: Option<&str>) -> Command {
        let mut cargo = workspace.cargo(&["test", "-p", self.package]);
        cargo.envs(profile.map(|profile| ("QUITTANCE_PROFILE", profile)));
        if let Some(target) = self.target {
            cargo.args(["--test", target]);
        }
        cargo.arg("--").args(self.filter);
        cargo
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::path::{Path, PathBuf};

    #[test]
    fn every_attacker_has_a_name_of_its_own_and_tests_that_are_there() {
        let names: BTreeSet<&str> = ATTACKS.iter().map(|attack| attack.name).collect();
        assert_eq!(names.len(), ATTACKS.len());
        for tests in ATTACKS.iter().flat_map(|attack| attack.tests) {
            let home = home(tests.package);
            assert!(home.is_dir(), "{}: {}", tests.package, home.display());
            let Some(target) = tests.target else { continue };
            let file = home.join("tests").join(format!("{target}.rs"));
            let folder = home.join("tests").join(target).join("main.rs");
            assert!(file.exists() || folder.exists(), "{}: no test {target}", tests.package);
        }
    }

    fn home(package: &str) -> PathBuf {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        match package.strip_prefix("quittance-").unwrap_or(package) {
            "testkit" => root.join("testkit"),
            "gateway" => root.join("gateway"),
            part => root.join("testkit").join(part),
        }
    }
}
