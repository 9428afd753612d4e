//! People of the review desk.

use quittance_protocol::{AccountId, PublicKey, Thumbprint};
use rusqlite::params;
use serde::{Deserialize, Serialize};

use super::{Store, to_doc};
use crate::failure::Failure;

/// Somebody who may decide at the desk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reviewer {
    /// An opaque name: runs remember who decided by it.
    pub(crate) reviewer: String,
    /// The name that colleagues know.
    pub(crate) name: String,
    /// Their own payer account, where they have one: its runs are not theirs to decide.
    pub(crate) account: Option<AccountId>,
    /// What they sign with.
    pub(crate) key: PublicKey,
}

impl Store<'_> {
    pub(crate) fn add_reviewer(self, reviewer: &Reviewer) -> Result<(), Failure> {
        self.run(
            "INSERT INTO reviewers (reviewer, kid, doc) VALUES (?1, ?2, ?3)",
            params![
                reviewer.reviewer,
                reviewer.key.thumbprint().to_string(),
                to_doc(reviewer)?
            ],
        )?;
        Ok(())
    }

    pub(crate) fn reviewer(self, reviewer: &str) -> Result<Option<Reviewer>, Failure> {
        self.doc("SELECT doc FROM reviewers WHERE reviewer=?1", [reviewer])
    }

    pub(crate) fn reviewer_of_key(self, kid: &Thumbprint) -> Result<Option<Reviewer>, Failure> {
        self.doc("SELECT doc FROM reviewers WHERE kid=?1", [kid.to_string()])
    }
}
