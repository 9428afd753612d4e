//! The controls: a copy of the tree with one bug planted in it, which the same kills must find.

use crate::operation::Operation;
use crate::run::{first_harm, play};
use crate::stage::Stage;
use quittance_testkit::kill::Fault;
use quittance_testkit::process::Programs;
use quittance_testkit::story::{Casting, Side};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A bug: in `file`, `right` becomes `wrong`.
struct Bug {
    name: &'static str,
    /// Cargo tells a copy from the real tree by it, so that nothing of the copy is taken for the real thing.
    version: &'static str,
    file: &'static str,
    right: &'static str,
    wrong: &'static str,
    programs: Casting,
}

impl Bug {
    /// Its file in this tree, with the bug.
    fn planted_in(&self, tree: &Path) -> String {
        let source = std::fs::read_to_string(tree.join(self.file)).expect("the source");
        let places = source.matches(self.right).count();
        assert_eq!(
            places, 1,
            "{}: the place where the bug is planted has changed",
            self.name
        );
        source.replace(self.right, self.wrong)
    }
}

/// The version of every crate, as the workspace gives it.
const VERSION: &str = concat!("\nversion = \"", env!("CARGO_PKG_VERSION"), "\"\n");

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .canonicalize()
        .expect("the repository")
}

/// Copies what git knows, plants the bug, gives the programs names of their own, builds them.
fn plant(bug: &Bug) -> Programs {
    let repository = repository();
    let programs = Programs::built().expect("built");
    let target = programs.path("").parent().expect("a target folder").to_owned();
    let copy = target.join("planted").join(bug.name);
    let _ = std::fs::remove_dir_all(&copy);
    let listed = Command::new("git")
        .current_dir(&repository)
        .args(["ls-files", "-co", "--exclude-standard"])
        .output();
    for name in String::from_utf8(listed.expect("git").stdout).expect("names").lines() {
        let to = copy.join(name);
        std::fs::create_dir_all(to.parent().expect("a folder")).expect("a folder");
        // A file that git knows may be gone from the work tree.
        let _gone = std::fs::copy(repository.join(name), to);
    }
    std::fs::write(copy.join(bug.file), bug.planted_in(&copy)).expect("planted");
    let workspace = copy.join("Cargo.toml");
    let text = std::fs::read_to_string(&workspace).expect("a manifest");
    assert_eq!(
        text.matches(VERSION).count(),
        1,
        "the workspace's version stands elsewhere"
    );
    std::fs::write(
        &workspace,
        text.replace(VERSION, &format!("\nversion = \"{}\"\n", bug.version)),
    )
    .expect("versioned");
    let name = |program: Option<&'static str>| program.expect("a name").to_owned();
    let (gateway, phone) = (name(bug.programs.gateway_program), name(bug.programs.phone_program));
    let manifest = copy.join("gateway/Cargo.toml");
    let text = std::fs::read_to_string(&manifest).expect("a manifest");
    std::fs::write(
        &manifest,
        format!("{text}\n[[bin]]\nname = \"{gateway}\"\npath = \"src/main.rs\"\n"),
    )
    .expect("named");
    let programs_of_the_kit = copy.join("testkit/src/bin");
    std::fs::rename(
        programs_of_the_kit.join("quittance-phone.rs"),
        programs_of_the_kit.join(format!("{phone}.rs")),
    )
    .expect("named");
    let built = Programs::cargo()
        .current_dir(&copy)
        .args(["build", "--quiet", "--offline", "--target-dir"])
        .arg(&target)
        .args([
            "-p",
            "quittance-gateway",
            "-p",
            "quittance-testkit",
            "--bin",
            &gateway,
            "--bin",
            &phone,
        ])
        .status();
    assert!(
        built.expect("cargo").success(),
        "{}: the planted tree does not build",
        bug.name
    );
    programs
}

/// Kills before one step after the other of these operations until a run does not come to its right end.
async fn must_be_found(bug: Bug, side: Side, operations: &[Operation]) {
    let programs = plant(&bug);
    for operation in operations {
        let stage = Stage::set(programs.clone(), *operation).await;
        let stage = stage.played_by(bug.programs.clone());
        if let Some((blow, wrong)) = first_harm(&stage, side, Fault::Kill).await {
            println!("{}: found at step {}: {}", bug.name, blow.at, wrong.0);
            // Without the bug the very same kill does no harm.
            let honest = Stage::set(programs, *operation).await;
            let harmless = play(&honest, blow).await;
            assert!(harmless.is_ok(), "{}: {harmless:?}", bug.name);
            return;
        }
    }
    panic!("{}: killed before each step of {operations:?}, and not found", bug.name);
}

fn answers_before_commit() -> Bug {
    Bug {
        name: "answer-before-commit",
        version: "0.1.1",
        file: "gateway/src/sequencer.rs",
        right: "            round.write(&mut turn)?;\n            store.commit()?;\n",
        wrong: "            round.write(&mut turn)?;\n            for (key, response) in std::mem::take(&mut round.responses) {\n                self.memory.answer(&key, &response);\n            }\n            std::thread::sleep(std::time::Duration::from_millis(200));\n            store.commit()?;\n",
        programs: Casting {
            gateway_program: Some("gateway-answers-before-commit"),
            phone_program: Some("phone-beside-early-answers"),
            ..Casting::default()
        },
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn control_answering_before_the_commit_is_found() {
    must_be_found(
        answers_before_commit(),
        Side::Gateway,
        &[Operation::Revoke, Operation::Sign],
    )
    .await;
}

fn deletes_before_commit() -> Bug {
    Bug {
        name: "delete-before-commit",
        version: "0.1.2",
        file: "core/vault/src/epoch.rs",
        right: "        match self.write_epoch(epoch_new, batch, work) {\n",
        wrong: "        self.keys.delete(epoch).map_err(VaultError::from)?;\n        match self.write_epoch(epoch_new, batch, work) {\n",
        programs: Casting {
            gateway_program: Some("gateway-deletes-before-commit"),
            phone_program: Some("phone-deletes-before-commit"),
            ..Casting::default()
        },
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn control_deleting_the_old_key_before_the_commit_is_found() {
    must_be_found(deletes_before_commit(), Side::Phone, &[Operation::Revoke]).await;
}

fn splits_outbox() -> Bug {
    Bug {
        name: "outbox-in-second-transaction",
        version: "0.1.3",
        file: "core/wallet/src/unit.rs",
        right: "                vault.transact(|transaction| staged.write(transaction))\n",
        wrong: "                let outbox = <crate::journal::OutboxRow as Row>::COLLECTION;\n                let rows = staged.rows.clone().into_iter();\n                let (second, first) = rows.partition(|((name, _), _)| *name == outbox);\n                let first = Staged { rows: first, secrets: staged.secrets.clone(), ..Staged::default() };\n                let second = Staged { rows: second, ..Staged::default() };\n                vault.transact(|transaction| first.write(transaction))?;\n                vault.transact(|transaction| second.write(transaction))\n",
        programs: Casting {
            gateway_program: Some("gateway-beside-split-outbox"),
            phone_program: Some("phone-splits-outbox"),
            ..Casting::default()
        },
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn control_an_outbox_row_in_a_second_transaction_is_found() {
    must_be_found(splits_outbox(), Side::Phone, &[Operation::Revoke]).await;
}

/// In a moment, what the controls would come to after many minutes.
#[test]
fn each_bug_has_one_place_to_be_planted() {
    for bug in [answers_before_commit(), deletes_before_commit(), splits_outbox()] {
        bug.planted_in(&repository());
    }
}
