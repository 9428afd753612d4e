//! Lists of what is due, some rows at a time.

use rusqlite::{Row, ToSql, params};
use serde::de::DeserializeOwned;

use super::{Store, read_doc};
use crate::failure::Failure;

/// Most rows of one list that a turn looks at: a million mandates may end in one second, and whoever wants to stop
/// something waits for a turn, not for all of them.
pub(crate) const MOST_DUE: usize = 100;

/// Where a row stands in its list: its moment, then its place in the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place(i64, i64);

/// Some rows of a list, the earliest first, each by itself.
pub(crate) struct Page<T> {
    pub(crate) rows: Vec<Result<T, Failure>>,
    /// The row behind which the list may go on; none at its end.
    pub(crate) last: Option<Place>,
}

impl<T> Page<T> {
    /// Whether there may be something to do: one that can be read, here or further on.
    pub(crate) fn is_due(&self) -> bool {
        self.last.is_some() || self.rows.iter().any(Result::is_ok)
    }
}

impl Store<'_> {
    /// The JSON of some rows behind a place.
    pub(super) fn page_of_docs<T: DeserializeOwned>(
        self,
        sql: &str,
        until: impl ToSql,
        behind: Option<Place>,
    ) -> Result<Page<T>, Failure> {
        self.page(sql, until, behind, read_doc)
    }

    /// Some rows behind a place. The query is told until when, the two parts of the place, how many rows; it gives
    /// what is read, then the two parts of each row's own place.
    pub(super) fn page<T>(
        self,
        sql: &str,
        until: impl ToSql,
        behind: Option<Place>,
        read: impl Fn(&Row<'_>) -> Result<T, Failure>,
    ) -> Result<Page<T>, Failure> {
        let Place(moment, place) = behind.unwrap_or(Place(i64::MIN, i64::MIN));
        let most = i64::try_from(MOST_DUE).unwrap_or(i64::MAX);
        let found = self.all(sql, params![until, moment, place, most], |row| {
            Ok((read(row), Place(row.get(1)?, row.get(2)?)))
        })?;
        let last = found.last().map(|(_, place)| *place);
        Ok(Page {
            last: last.filter(|_| found.len() == MOST_DUE),
            rows: found.into_iter().map(|(row, _)| row).collect(),
        })
    }
}
