//! Changing the code that promises rest on, one place after the other, to see that a test fails each time.
use std::env;

use clap::Args;

use crate::run::{Outcome, Problem, Workspace, failed, heading, run, status};
use crate::soak::in_memory;

/// The version that the exclusions in `.cargo/mutants.toml` were judged with.
const VERSION: &str = "27.1.0";

/// Seconds after which tests count as running on for ever, where five times what they take is less: a busy machine is no finding.
const FOR_EVER: &str = "60";

/// What cargo-mutants ends with where some changes made a test run on for ever, and each other one was noticed.
const ONLY_ENDLESS: i32 = 3;

/// Which promises.
#[derive(Debug, Args)]
pub(crate) struct Mutants {
    /// The promises by their names; every one where none is named.
    names: Vec<String>,
}

/// Files, with the tests that have to notice.
struct Promise {
    name: &'static str,
    package: &'static str,
    files: &'static [&'static str],
    /// The programs of tests.
    tests: &'static [&'static str],
    /// What the names of their tests hold, and `--skip` of what is slow and tells no change from another.
    named: &'static [&'static str],
}

const PROMISES: &[Promise] = &[
    Promise {
        name: "log",
        package: "quittance-protocol",
        files: &["core/protocol/src/log/*.rs"],
        tests: &["--test=suite"],
        named: &["logs::", "merkle::", "receipts::"],
    },
    Promise {
        name: "receipt",
        package: "quittance-protocol",
        files: &["core/protocol/src/receipt.rs", "core/protocol/src/permit.rs"],
        tests: &["--test=suite"],
        named: &["receipts::", "permits::"],
    },
    Promise {
        name: "epoch",
        package: "quittance-vault",
        files: &[
            "core/vault/src/aead.rs",
            "core/vault/src/epoch.rs",
            "core/vault/src/destruction.rs",
        ],
        tests: &["--lib"],
        named: &[
            "attack::",
            "basics::",
            "crash::",
            "damage::",
            "frozen::",
            "stuck::",
            "vectors::",
            "--skip=second_opener",
        ],
    },
    Promise {
        name: "tree",
        package: "quittance-vault",
        files: &[
            "core/vault/src/keystore.rs",
            "core/vault/src/transaction.rs",
            "core/vault/src/transaction/*.rs",
            "core/vault/src/tree.rs",
        ],
        tests: &["--lib"],
        named: &[
            "attack::",
            "basics::",
            "crash::",
            "damage::",
            "frozen::",
            "model::",
            "tree::",
            "vectors::",
            "--skip=second_opener",
        ],
    },
    Promise {
        name: "custodian",
        package: "quittance-gateway",
        files: &["gateway/src/custodian.rs"],
        tests: &["--lib"],
        named: &["custodian::"],
    },
    Promise {
        name: "charge",
        package: "quittance-flows",
        files: &["core/flows/src/charge.rs"],
        tests: &["--lib"],
        named: &["charge::"],
    },
    Promise {
        name: "charges",
        package: "quittance-gateway",
        files: &["gateway/src/statements/charge.rs"],
        tests: &["--test=gateway"],
        named: &[
            "bad_rows::",
            "charges::",
            "damaged_halves::",
            "declines::",
            "destruction::",
            "failed_commits::a_charge_that_waits",
            "idempotency::",
            "limits::",
            "pending_charges::",
            "quarantine::",
            "teen::",
        ],
    },
    Promise {
        name: "counters",
        package: "quittance-flows",
        files: &[
            "core/flows/src/pin.rs",
            "core/flows/src/otp.rs",
            "core/flows/src/permits.rs",
            "core/flows/src/quiz.rs",
        ],
        tests: &["--lib"],
        named: &["pin::", "otp::", "permits::", "quiz::"],
    },
    Promise {
        name: "tries",
        package: "quittance-wallet",
        files: &["core/wallet/src/tries.rs"],
        tests: &["--lib", "--test=thread"],
        named: &["tries::"],
    },
    Promise {
        name: "closure",
        package: "quittance-wallet",
        files: &["core/wallet/src/closure.rs"],
        tests: &["--lib"],
        named: &["closure::"],
    },
    Promise {
        name: "wallet",
        package: "quittance-wallet",
        files: &[
            "core/wallet/src/log_check.rs",
            "core/wallet/src/permits.rs",
            "core/wallet/src/receipts.rs",
        ],
        tests: &["--lib", "--test=thread"],
        named: &["log::", "permits::", "lies::", "receipts::", "thread::", "time::"],
    },
    Promise {
        name: "gateway",
        package: "quittance-gateway",
        files: &[
            "gateway/src/factor.rs",
            "gateway/src/flows/codes.rs",
            "gateway/src/flows/quiz.rs",
            "gateway/src/locks.rs",
            "gateway/src/statements/permit.rs",
            "gateway/src/statements/pin.rs",
        ],
        tests: &["--test=gateway"],
        named: &[
            "pins::",
            "registrations::",
            "locks::",
            "flow_codes::",
            "flow_factors::",
            "flow_people::",
            "flow_quiz::",
            "whereabouts::a_payer_abroad",
            "flows::",
            "charges::permits",
            "quarantine::its_permits",
            "idempotency::a_nonce",
        ],
    },
];

/// Changes each place; one that no test notices is a failure.
pub(crate) fn mutants(workspace: &Workspace, asked: &Mutants) -> Outcome {
    let tools = workspace.cache("tools")?;
    let chosen = chosen(&asked.names)?;
    // Cargo leaves a program alone that stands there in this very version.
    let mut install = workspace.cargo(&["install", "cargo-mutants", "--locked", "--version", VERSION, "--root"]);
    run(install.arg(&tools))?;
    let path = env::var_os("PATH").unwrap_or_default();
    let paths = [tools.join("bin")].into_iter().chain(env::split_paths(&path));
    let path = env::join_paths(paths).map_err(|error| Problem::Failed(error.to_string()))?;
    let mut unnoticed = Vec::new();
    for promise in chosen {
        heading(promise.name);
        let mut mutate = workspace.cargo(&["mutants", "--jobs", "1", "--no-shuffle", "--package", promise.package]);
        mutate.args(["--minimum-test-timeout", FOR_EVER]);
        for file in promise.files {
            mutate.args(["--file", file]);
        }
        for test in promise.tests {
            // Of all that cargo does: no other program of tests is built then.
            mutate.arg(format!("--cargo-arg={test}"));
        }
        mutate
            .arg("--output")
            .arg(workspace.cache(&format!("mutants/{}", promise.name))?);
        mutate.args(["--", "--"]).args(promise.named);
        // A copy that is changed has the names of the original: built beside it, it would be taken for it.
        let built = workspace.cache("mutants/build")?;
        mutate.env("PATH", &path).env("CARGO_TARGET_DIR", built);
        // Tests are meant to fail here: a trace of each would only take time.
        mutate.env("RUST_BACKTRACE", "0");
        let ended = status(in_memory(&mut mutate))?.code();
        if !matches!(ended, Some(0 | ONLY_ENDLESS)) {
            unnoticed.push(promise.name);
        }
    }
    if unnoticed.is_empty() {
        return Ok(());
    }
    failed(format!("not every change was noticed: {}", unnoticed.join(", ")))
}

fn chosen(names: &[String]) -> Outcome<Vec<&'static Promise>> {
    if names.is_empty() {
        return Ok(PROMISES.iter().collect());
    }
    let known = |name: &String| {
        let promise = PROMISES.iter().find(|promise| promise.name == name);
        promise.ok_or_else(|| {
            let all: Vec<&str> = PROMISES.iter().map(|promise| promise.name).collect();
            Problem::Failed(format!("no promise is called {name}; there are {}", all.join(", ")))
        })
    };
    names.iter().map(known).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn promises_are_chosen_by_name_and_a_name_that_is_none_is_answered_with_those_that_are() {
        assert_eq!(chosen(&[]).unwrap().len(), PROMISES.len());
        assert_eq!(chosen(&["epoch".to_owned()]).unwrap()[0].package, "quittance-vault");
        let Err(Problem::Failed(said)) = chosen(&["epochs".to_owned()]) else {
            panic!("it was taken");
        };
        assert!(said.contains("epoch, tree, custodian"), "{said}");
    }
}
