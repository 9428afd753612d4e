//! The attacker programs by name: each is a test that can be watched, and its control.
use crate::run::{Outcome, Workspace, failed, heading, run};

/// One attacker.
struct Attack {
    /// Its name on the command line.
    name: &'static str,
    /// What the attacker has, or does.
    has: &'static str,
    /// What comes of it.
    shows: &'static str,
    /// The crate whose tests play it.
    package: &'static str,
    /// The test targets, and filters behind `--`.
    arguments: &'static [&'static str],
}

/// Every attacker that this repository plays; another one is one line more.
const ATTACKS: &[Attack] = &[
    one(
        "files",
        "every write to the vault's disk, and today's keys",
        "opens nothing that was destroyed; with the keystore's history, everything",
        "quittance-disk",
        &["--test", "disk", "files::"],
    ),
    one(
        "restore",
        "older files of the vault, put back",
        "resurrects nothing, gives no try back; with the keystore put back as well, everything",
        "quittance-disk",
        &["--test", "disk", "restore::"],
    ),
    one(
        "power",
        "the power switch, at any write",
        "what was answered stands; three planted bugs are found",
        "quittance-disk",
        &["--test", "disk", "power_loss::"],
    ),
    one(
        "copy",
        "a second phone with all files and keys of the first, or files that do not belong to it",
        "found at its first word, pays nothing; the payer stops everything and starts anew",
        "quittance-testkit",
        &["--test", "quarantine"],
    ),
    one(
        "gateway",
        "the gateway, with its keys",
        "each lie is caught for what it is, or listed as one that no single phone can tell",
        "quittance-testkit",
        &["--test", "lies"],
    ),
    one(
        "callback",
        "the native code of keystore and prompt",
        "approves nothing, and holds nobody up without end",
        "quittance-testkit",
        &["--test", "callbacks", "--test", "prompts"],
    ),
    one(
        "guess",
        "the phone's keys, many connections, and no PIN",
        "never more guesses than the budget",
        "quittance-testkit",
        &["--test", "prompts", "guess"],
    ),
    one(
        "parser",
        "any bytes, in place of what readers expect",
        "panics nothing, is believed nowhere (`cargo xtask soak fuzz` looks further)",
        "quittance-fuzz",
        &["--test", "replay"],
    ),
    one(
        "kill",
        "SIGKILL, before every durable or sent step",
        "the same end, one charge, nothing lost",
        "quittance-testkit",
        &["--test", "kill"],
    ),
    one(
        "network",
        "the interleaving of everything that phone, gateway, merchant and network do",
        "the invariants hold; fifteen planted flaws are found",
        "quittance-model",
        &[],
    ),
];

const fn one(
    name: &'static str,
    has: &'static str,
    shows: &'static str,
    package: &'static str,
    arguments: &'static [&'static str],
) -> Attack {
    Attack {
        name,
        has,
        shows,
        package,
        arguments,
    }
}

/// Plays one attacker, or names them all.
pub(crate) fn attack(workspace: &Workspace, name: &str) -> Outcome {
    if name == "list" {
        for attack in ATTACKS {
            println!("{:9} has {}:\n          {}", attack.name, attack.has, attack.shows);
        }
        return Ok(());
    }
    let Some(attack) = ATTACKS.iter().find(|attack| attack.name == name) else {
        return failed(format!(
            "no attacker is called {name}: `cargo xtask attack list` names them"
        ));
    };
    println!("The attacker has {}.", attack.has);
    let (targets, filters) = attack.split();
    let mut cargo = workspace.cargo(&["test", "-p", attack.package]);
    cargo.args(targets).arg("--").args(filters).arg("--nocapture");
    run(&mut cargo)?;
    heading(&format!("held: {}", attack.shows));
    Ok(())
}

impl Attack {
    /// Cargo's own arguments, then the filters of the test program.
    fn split(&self) -> (Vec<&str>, Vec<&str>) {
        let mut targets = Vec::new();
        let mut filters = Vec::new();
        let mut rest = self.arguments.iter();
        while let Some(argument) = rest.next() {
            if *argument == "--test" {
                targets.extend(["--test"].into_iter().chain(rest.next().copied()));
            } else {
                filters.push(*argument);
            }
        }
        (targets, filters)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::path::Path;

    #[test]
    fn every_attacker_has_a_name_of_its_own_and_tests_that_are_there() {
        let names: BTreeSet<&str> = ATTACKS.iter().map(|attack| attack.name).collect();
        assert_eq!(names.len(), ATTACKS.len());
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testkit");
        for attack in ATTACKS {
            let home = match attack.package.strip_prefix("quittance-") {
                Some("testkit") | None => root.clone(),
                Some(part) => root.join(part),
            };
            assert!(home.is_dir(), "{}: {}", attack.name, home.display());
            let (targets, filters) = attack.split();
            for test in targets.iter().filter(|target| **target != "--test") {
                let file = home.join("tests").join(format!("{test}.rs"));
                let folder = home.join("tests").join(test).join("main.rs");
                assert!(file.exists() || folder.exists(), "{}: no test {test}", attack.name);
            }
            assert!(filters.iter().all(|filter| !filter.starts_with('-')), "{}", attack.name);
        }
    }
}
