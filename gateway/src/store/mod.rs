//! All SQL of the gateway: one SQLite file, written by the sequencer alone.
//!
//! Rows whose parts are never searched for are kept as JSON in a column `doc`; what is searched for, or must be
//! unique, has a column of its own. Secrets do not stand here: token halves and keys are records of the vault.

mod accounts;
mod charges;
mod due;
mod evidence;
mod flows;
mod grievances;
mod locks;
mod log;
mod mandates;
mod merchants;
mod orders;
mod payer_secrets;
#[cfg(test)]
mod plans;
mod profiles;
mod refunds;
mod replays;
mod reviewers;
mod schema;
mod stops;
mod waiting;

use quittance_protocol::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Params, Row};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::failure::Failure;

pub(crate) use accounts::Device;
pub(crate) use charges::{Charge, ChargeState, Permit};
pub(crate) use due::{MOST_DUE, Page, Place};
pub(crate) use flows::{Flow, FlowIndex};
pub(crate) use locks::Lock;
pub(crate) use log::StoredEntry;
pub(crate) use mandates::Mandate;
pub(crate) use merchants::Merchant;
pub(crate) use merchants::Notice;
pub(crate) use orders::{Order, StoredClosure};
pub(crate) use payer_secrets::PinLogin;
pub(crate) use profiles::{Acquaintance, Profile, SeenFrom, Teen};
pub(crate) use refunds::Refund;
pub(crate) use replays::StoredAnswer;
pub(crate) use reviewers::Reviewer;
pub(crate) use schema::{CreateError, DatabaseState, VERSION, create, inspect, open, open_for_reads};
pub(crate) use waiting::{Reply, StepCode, StoredReply, Voice};

/// The database within one transaction, or for one reader.
#[derive(Clone, Copy)]
pub(crate) struct Store<'c>(&'c Connection);

impl<'c> Store<'c> {
    pub(crate) fn new(connection: &'c Connection) -> Self {
        Self(connection)
    }

    /// Begins the batch's transaction; nobody else writes, so it is taken at once.
    pub(crate) fn begin(self) -> Result<(), Failure> {
        Ok(self.0.execute_batch("BEGIN IMMEDIATE")?)
    }

    /// Ends the batch: durable when this returns.
    pub(crate) fn commit(self) -> Result<(), Failure> {
        Ok(self.0.execute_batch("COMMIT")?)
    }

    /// Forgets the batch. Where SQLite has done so by itself, nothing is left to do.
    pub(crate) fn abandon(self) -> Result<(), Failure> {
        if self.0.is_autocommit() {
            Ok(())
        } else {
            Ok(self.0.execute_batch("ROLLBACK")?)
        }
    }

    /// Marks where one decision begins.
    pub(crate) fn mark(self) -> Result<(), Failure> {
        Ok(self.0.execute_batch("SAVEPOINT decision")?)
    }

    /// Keeps what was written since the mark.
    pub(crate) fn keep(self) -> Result<(), Failure> {
        Ok(self.0.execute_batch("RELEASE decision")?)
    }

    /// Takes back what was written since the mark.
    pub(crate) fn take_back(self) -> Result<(), Failure> {
        Ok(self.0.execute_batch("ROLLBACK TO decision; RELEASE decision")?)
    }

    /// Whether the transaction still stands; SQLite ends it by itself after some errors.
    pub(crate) fn stands(self) -> bool {
        !self.0.is_autocommit()
    }

    fn run(self, sql: &str, params: impl Params) -> Result<usize, Failure> {
        Ok(self.0.prepare_cached(sql)?.execute(params)?)
    }

    fn one<T>(
        self,
        sql: &str,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>, Failure> {
        Ok(self.0.prepare_cached(sql)?.query_row(params, read).optional()?)
    }

    fn all<T>(
        self,
        sql: &str,
        params: impl Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, Failure> {
        let mut statement = self.0.prepare_cached(sql)?;
        let rows = statement.query_map(params, read)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// One row's JSON.
    fn doc<T: DeserializeOwned>(self, sql: &str, params: impl Params) -> Result<Option<T>, Failure> {
        self.one(sql, params, |row| Ok(read_doc(row)))?.transpose()
    }

    /// The JSON of several rows, each by itself: one that went bad keeps nothing from whoever has the others.
    fn each_doc<T: DeserializeOwned>(self, sql: &str, params: impl Params) -> Result<Vec<Result<T, Failure>>, Failure> {
        self.all(sql, params, |row| Ok(read_doc(row)))
    }

    /// The JSON of several rows.
    fn docs<T: DeserializeOwned>(self, sql: &str, params: impl Params) -> Result<Vec<T>, Failure> {
        self.each_doc(sql, params)?.into_iter().collect()
    }
}

/// The JSON in a row's first column, whatever its bytes became.
fn read_doc<T: DeserializeOwned>(row: &Row<'_>) -> Result<T, Failure> {
    let bytes = row
        .get_ref(0)?
        .as_bytes()
        .map_err(|_| Failure::Damaged("a stored row"))?;
    serde_json::from_slice(bytes).map_err(|_| Failure::Damaged("a stored row"))
}

/// The id in a row's first column.
fn read_id<T: std::str::FromStr>(row: &Row<'_>) -> Result<T, Failure> {
    to_id(&row.get::<_, String>(0)?)
}

fn to_doc<T: Serialize>(value: &T) -> Result<String, Failure> {
    serde_json::to_string(value).map_err(|_| Failure::Damaged("a value to be stored"))
}

fn from_doc<T: DeserializeOwned>(text: &str) -> Result<T, Failure> {
    serde_json::from_str(text).map_err(|_| Failure::Damaged("a stored row"))
}

/// SQLite counts in signed 64 bits.
fn to_integer(number: u64) -> Result<i64, Failure> {
    i64::try_from(number).map_err(|_| Failure::Damaged("a number over 2^63"))
}

fn from_integer(number: i64) -> Result<u64, Failure> {
    u64::try_from(number).map_err(|_| Failure::Damaged("a negative count"))
}

fn to_time(seconds: i64) -> Result<Timestamp, Failure> {
    Timestamp::from_unix(seconds).map_err(|_| Failure::Damaged("a stored time"))
}

fn to_id<T: std::str::FromStr>(text: &str) -> Result<T, Failure> {
    text.parse().map_err(|_| Failure::Damaged("a stored id"))
}

fn to_array<const N: usize>(bytes: &[u8]) -> Result<[u8; N], Failure> {
    bytes.try_into().map_err(|_| Failure::Damaged("a stored hash"))
}
