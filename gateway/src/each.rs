//! Work that nobody asks for, row by row: one that went bad keeps nobody else from going on.

use crate::failure::{Decided, Failure, Refusal};
use crate::round::{failure, in_mark};
use crate::store::Store;
use crate::turn::Turn;

/// Does the work on each row. One that cannot be read, or on which the work fails for what it is, is told in the log
/// and passed over, with its own writes taken back.
///
/// # Errors
/// What has nothing to do with the row, so that the others would fail of it, too.
pub(crate) fn each<T>(
    turn: &mut Turn<'_>,
    rows: Vec<Result<T, Failure>>,
    work: impl Fn(&mut Turn<'_>, T) -> Decided<()>,
) -> Decided<()> {
    for row in rows {
        let done = match row {
            Ok(row) => in_mark(turn, |turn| work(turn, row)),
            Err(failure) => Err(failure.into()),
        };
        pass_over(turn.store, done)?;
    }
    Ok(())
}

/// The rows that can be read, or what can be made of them; of each other one the log tells.
///
/// # Errors
/// What has nothing to do with one row.
pub(crate) fn readable<T>(rows: impl IntoIterator<Item = Result<T, Failure>>) -> Result<Vec<T>, Failure> {
    let mut read = Vec::new();
    for row in rows {
        match row {
            Err(failure) if failure.is_of_one_row() => tracing::error!(error = %failure, "a row is left out"),
            row => read.push(row?),
        }
    }
    Ok(read)
}

/// Tells of what failed for what one row is, and goes on.
///
/// # Errors
/// What has nothing to do with the row; whatever failed, where SQLite ended the transaction of it: what is written next
/// would be kept by itself.
pub(crate) fn pass_over(store: Store<'_>, done: Decided<()>) -> Result<(), Failure> {
    match done {
        Ok(()) => Ok(()),
        Err(refusal) if !store.stands() => Err(failure(refusal)),
        Err(Refusal::Failure(failure)) if !failure.is_of_one_row() => Err(failure),
        Err(refusal) => {
            tracing::error!(error = %failure(refusal), "something that is due is left undone");
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    use quittance_vault::{Randomness, SystemRandomness};

    use crate::attestation::Trust;
    use crate::config::{Config, Parts, PolicySource};
    use crate::open::{Opened, open};
    use crate::parties::{OutsideParties, SimulatedCardNetwork, SimulatedMerchants};
    use crate::{FolderCustodian, SystemClock};

    fn opened(folder: &std::path::Path) -> Opened {
        let random: Arc<dyn Randomness> = Arc::new(SystemRandomness::new());
        let at = |name: &str| folder.join(name);
        let config = Config {
            data: at("data"),
            origin: "https://gateway.test".to_owned(),
            log_name: None,
            merchants: Vec::new(),
            policy: PolicySource::Sandbox,
            attestation: Trust::default(),
        };
        let parts = Parts {
            custodian: Arc::new(FolderCustodian::open(&at("keys"), random.clone()).unwrap()),
            clock: Arc::new(SystemClock::new().unwrap()),
            card_network: Arc::new(SimulatedCardNetwork::open(&at("network")).unwrap()),
            merchants: Arc::new(SimulatedMerchants::open(&at("merchants"), random.clone()).unwrap()),
            randomness: random,
            outside: OutsideParties::absent(),
            sandbox: None,
        };
        open(config, &parts).unwrap()
    }

    #[tokio::test]
    async fn a_row_of_which_sqlite_ends_the_transaction_lets_no_other_be_written_outside_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let mut gateway = opened(folder.path());
        let store = Store::new(&gateway.sequencer.connection);
        let written = |name| store.meta(name).unwrap().is_some();
        for ends in [false, true] {
            let (world, vault) = (&gateway.world, &mut gateway.sequencer.vault);
            let mut turn = Turn::begin(store, vault, world, world.clock.now(), false).unwrap();
            let done = each(&mut turn, vec![Ok("first"), Ok("second")], |turn, name| {
                turn.store.put_meta(name, "here")?;
                if name == "second" {
                    return Ok(());
                }
                if ends {
                    // As SQLite does by itself after an error of the disk.
                    turn.store.abandon()?;
                }
                Err(Failure::Damaged("a log hash").into())
            });
            // The control: what fails without it takes back its own writes alone.
            assert_eq!((done.is_err(), store.stands()), (ends, !ends));
            assert_eq!((written("first"), written("second")), (false, !ends));
            store.abandon().unwrap();
        }
    }
}
