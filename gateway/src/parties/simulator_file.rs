//! The durable file that a simulator keeps, every write synced.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use quittance_protocol::Problem;
use rusqlite::Connection;

/// How long to wait for another opener of the same file.
const PATIENCE: Duration = Duration::from_secs(5);

/// A simulator's own file failed.
#[derive(Debug, thiserror::Error)]
pub enum SimulatorError {
    /// SQLite failed.
    #[error("simulator: {0}")]
    Database(#[from] rusqlite::Error),
    /// A row is not what the simulator writes.
    #[error("simulator: a row is damaged")]
    Damaged,
    /// No randomness.
    #[error("simulator: {0}")]
    Randomness(#[from] quittance_vault::RandomnessError),
    /// A statement could not be made.
    #[error("simulator: {0}")]
    Statement(#[from] Problem),
    /// No such simulated merchant.
    #[error("simulator: no such merchant")]
    NoSuchMerchant,
}

/// One SQLite file, used by one thread at a time.
pub(super) struct SimulatorFile(Mutex<Connection>);

impl SimulatorFile {
    /// Opens the file, made where it is missing, then its tables likewise.
    ///
    /// # Errors
    /// What SQLite answers.
    pub(super) fn open(path: &Path, tables: &str) -> Result<Self, SimulatorError> {
        let connection = Connection::open(path)?;
        connection.busy_timeout(PATIENCE)?;
        connection.execute_batch("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;")?;
        connection.execute_batch(tables)?;
        Ok(Self(Mutex::new(connection)))
    }

    /// The connection, alone.
    pub(super) fn lock(&self) -> MutexGuard<'_, Connection> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
