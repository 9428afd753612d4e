//! The phone's own check of the log: inclusion under the pinned key, consistency with all that it has seen.

use crate::error::WalletError;
use crate::events::WalletEvent;
use crate::inner::Inner;
use crate::journal::{EvidenceRow, LogRow};
use crate::transport::SendError;
use crate::views::LogEvidence;
use quittance_protocol::answer::{ConsistencyAnswer, Logged};
use quittance_protocol::bytes::Digest32;
use quittance_protocol::json::{self, Limits};
use quittance_protocol::log::{
    Checkpoint, Contradiction, Entry, EntryKind, LogError, SeenLog, TlogProof, VerifierKey, verify_logged,
};
use quittance_protocol::problem::Retry;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// Something that the gateway said through its log: the entry is included, and the body opens its commitment.
#[derive(Debug, Clone)]
pub(crate) struct Opened<T> {
    pub(crate) body: T,
    pub(crate) entry: Entry,
    pub(crate) entry_bytes: Vec<u8>,
    pub(crate) checkpoint: Checkpoint,
}

/// Checks inclusion, kind and opening. Consistency is [`Inner::follow`]'s.
pub(crate) fn open_logged<T: DeserializeOwned + Serialize>(
    logged: &Logged,
    log: &VerifierKey,
    kind: EntryKind,
) -> Result<Opened<T>, WalletError> {
    let proof: TlogProof = logged.proof.parse()?;
    let entry_bytes = proof.extra.ok_or(LogError::OtherEntry)?;
    let verified = verify_logged(&logged.proof, log, &entry_bytes)?;
    let salt: &[u8; 32] = logged.salt.as_slice().try_into().map_err(|_| LogError::Entry)?;
    let entry = *verified.entry();
    if entry.kind != kind || !entry.opens_to(salt, logged.body.as_slice()) {
        return Err(LogError::OtherEntry.into());
    }
    let body = json::exact_from_slice(logged.body.as_slice(), Limits::PROTOCOL)?;
    Ok(Opened {
        body,
        entry,
        entry_bytes,
        checkpoint: verified.checkpoint().clone(),
    })
}

impl Inner {
    /// Every contradiction that was kept.
    pub(crate) fn evidence(&self) -> Result<Vec<LogEvidence>, WalletError> {
        let rows = self.read_all::<EvidenceRow>()?;
        Ok(rows
            .into_iter()
            .map(|row| LogEvidence {
                seen: row.seen,
                offered: row.offered,
                proves_fork: row.proves_fork,
            })
            .collect())
    }

    /// Accepts a checkpoint: [`Inner::follow_all`] with one.
    ///
    /// # Errors
    /// As [`Inner::follow_all`].
    pub(crate) async fn follow(self: &Arc<Self>, offered: Checkpoint) -> Result<(), WalletError> {
        self.follow_all(&[offered]).await
    }

    /// Accepts checkpoints after checking that each is of the one growing log that this phone has seen. The largest that
    /// stood is kept, in one commit for all of them, even where a later one could not be checked.
    ///
    /// # Errors
    /// [`WalletError::LogContradiction`], with both checkpoints kept and an event, where one did not stand;
    /// [`WalletError::Offline`].
    pub(crate) async fn follow_all(self: &Arc<Self>, offered: &[Checkpoint]) -> Result<(), WalletError> {
        let mut offered = offered.to_vec();
        offered.sort_by_key(Checkpoint::size);
        loop {
            let before = self.look(Inner::seen_log).await?;
            let mut seen = before.clone().map(SeenLog::first);
            let mut outcome = Ok(());
            for next in &offered {
                let checked = match &seen {
                    None => Ok(SeenLog::first(next.clone())),
                    Some(seen) => self.grown(seen, next).await,
                };
                match checked {
                    Ok(grown) => seen = Some(grown),
                    // What contradicts weighs more than what could not be asked.
                    Err(WalletError::LogContradiction) => outcome = Err(WalletError::LogContradiction),
                    Err(error) => outcome = outcome.and(Err(error)),
                }
            }
            if self.keep_seen(before, seen).await? {
                return outcome;
            }
        }
    }

    /// The log as far as it is known with this checkpoint as well.
    async fn grown(self: &Arc<Self>, seen: &SeenLog, next: &Checkpoint) -> Result<SeenLog, WalletError> {
        let hashes = self.consistency(seen.checkpoint(), next).await?;
        match seen.accept(next.clone(), &hashes) {
            Ok(grown) => Ok(grown),
            Err(contradiction) => {
                self.keep_evidence(*contradiction).await?;
                Err(WalletError::LogContradiction)
            }
        }
    }

    /// Keeps what was accepted; `false` where another call moved it meanwhile, so that it has to be checked against that
    /// one.
    async fn keep_seen(
        self: &Arc<Self>,
        before: Option<Checkpoint>,
        seen: Option<SeenLog>,
    ) -> Result<bool, WalletError> {
        let before = before.map(|before| before.note().to_owned());
        let Some(note) = seen.map(|seen| seen.checkpoint().note().to_owned()) else {
            return Ok(true);
        };
        self.unit(move |unit| {
            let now = unit.get::<LogRow>(b"")?.map(|row| row.note);
            if now != before {
                return Ok(false);
            }
            if now.as_ref() != Some(&note) {
                unit.put(&LogRow { note })?;
            }
            Ok(true)
        })
        .await
    }

    /// The largest checkpoint that this phone has accepted.
    pub(crate) fn seen_log(&self) -> Result<Option<Checkpoint>, WalletError> {
        let row = self.read::<LogRow>(b"")?;
        Ok(row
            .map(|row| Checkpoint::open(&row.note, &self.pinned.log))
            .transpose()?)
    }

    async fn consistency(&self, seen: &Checkpoint, offered: &Checkpoint) -> Result<Vec<[u8; 32]>, WalletError> {
        let from = seen.size().min(offered.size());
        let to = seen.size().max(offered.size());
        if from == to || from == 0 {
            return Ok(Vec::new());
        }
        match self
            .transport
            .get::<ConsistencyAnswer>(&format!("/log/consistency?from={from}&to={to}"), None)
            .await
        {
            Ok(answer) => Ok(answer.hashes.iter().map(|hash| *hash.as_bytes()).collect()),
            Err(SendError::Unreachable | SendError::Unconnected) => Err(WalletError::Offline),
            Err(SendError::Problem(problem)) if matches!(problem.retry(), Retry::Same | Retry::After) => {
                Err(WalletError::Offline)
            }
            // A log that does not show consistency is not believed: the check fails with no hashes.
            Err(_) => Ok(Vec::new()),
        }
    }

    async fn keep_evidence(self: &Arc<Self>, contradiction: Contradiction) -> Result<(), WalletError> {
        let Contradiction {
            proves_fork,
            seen,
            offered,
        } = contradiction;
        let evidence = EvidenceRow {
            digest: Digest32::of_parts(&[seen.note().as_bytes(), offered.note().as_bytes()]),
            seen: seen.note().to_owned(),
            offered: offered.note().to_owned(),
            proves_fork,
        };
        self.unit(move |unit| {
            if unit.get::<EvidenceRow>(evidence.digest.as_bytes())?.is_none() {
                unit.put(&evidence)?;
                unit.tell(WalletEvent::LogContradiction { proves_fork })?;
            }
            Ok(())
        })
        .await
    }
}
