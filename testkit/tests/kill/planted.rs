//! The controls: a copy of the tree with one bug planted in it, which the same kills must find.

use crate::operation::Operation;
use crate::run::{first_harm, play};
use crate::stage::Stage;
use quittance_testkit::kill::Fault;
use quittance_testkit::planted::{ANSWERS_BEFORE_COMMIT, Bug, Change};
use quittance_testkit::story::{Casting, Side};

/// Kills before one step after the other of these operations until a run does not come to its right end.
async fn must_be_found(bug: Bug, side: Side, operations: &[Operation]) {
    let programs = bug.plant().expect("the copy is built");
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
        changes: &[ANSWERS_BEFORE_COMMIT],
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
        changes: &[Change {
            file: "core/vault/src/epoch.rs",
            right: "        match self.write_epoch(epoch_new, batch, work) {\n",
            wrong: "        self.keys.delete(epoch).map_err(VaultError::from)?;\n        match self.write_epoch(epoch_new, batch, work) {\n",
        }],
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
        changes: &[Change {
            file: "core/wallet/src/unit.rs",
            right: "            vault.transact(|transaction| staged.write(transaction))\n",
            wrong: "            let outbox = <crate::journal::OutboxRow as Row>::COLLECTION;\n            let rows = staged.rows.clone().into_iter();\n            let (second, first) = rows.partition(|((name, _), _)| *name == outbox);\n            let first = Staged { rows: first, secrets: staged.secrets.clone(), ..Staged::default() };\n            let second = Staged { rows: second, ..Staged::default() };\n            vault.transact(|transaction| first.write(transaction))?;\n            vault.transact(|transaction| second.write(transaction))\n",
        }],
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
        bug.fits().expect(bug.name);
    }
}
