//! The policy bundle on the phone: author, log entry and version are checked before it is kept.
//!
//! A bundle is some thirty kilobytes of text, and every step of every run asks for the one that it is pinned to. So the
//! versions that are kept are read once and stay in memory; a version never changes.

use crate::error::WalletError;
use crate::inner::Inner;
use crate::journal::PolicyRow;
use crate::log_check::open_logged;
use quittance_flows::Policy;
use quittance_flows::policy::{PolicyBundle, PolicyError};
use quittance_protocol::answer::PolicyAnswer;
use quittance_protocol::bytes::Digest32;
use quittance_protocol::log::EntryKind;
use quittance_protocol::log_body::PolicyBody;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// A version of the policy that this phone keeps.
#[derive(Clone)]
struct Known {
    policy: Arc<Policy>,
    content: Digest32,
}

/// The versions that are kept, as they were read last.
#[derive(Default)]
pub(crate) struct KnownPolicies {
    read: Mutex<Read>,
    /// How often a version was written. What was read before the latest time does not count.
    written: AtomicU64,
}

#[derive(Default)]
struct Read {
    /// `written`, before the file was asked.
    written: Option<u64>,
    versions: BTreeMap<u64, Known>,
}

impl KnownPolicies {
    /// A unit may have written a version: the next question reads the file again.
    pub(crate) fn forget(&self) {
        self.written.fetch_add(1, Ordering::SeqCst);
    }

    /// Looks for one. The file is read without the lock, since whoever has the vault may keep others waiting.
    fn find(
        &self,
        inner: &Inner,
        which: impl FnOnce(&BTreeMap<u64, Known>) -> Option<Known>,
    ) -> Result<Option<Known>, WalletError> {
        let written = Some(self.written.load(Ordering::SeqCst));
        {
            let read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
            if read.written == written {
                return Ok(which(&read.versions));
            }
        }
        let mut versions = BTreeMap::new();
        for row in inner.read_all::<PolicyRow>()? {
            let policy = Arc::new(row.policy);
            let content = row.content;
            versions.insert(policy.bundle.version, Known { policy, content });
        }
        let found = which(&versions);
        *self.read.lock().unwrap_or_else(PoisonError::into_inner) = Read { written, versions };
        Ok(found)
    }
}

impl Inner {
    /// The newest policy on this phone.
    pub(crate) fn policy(&self) -> Result<Arc<Policy>, WalletError> {
        let newest = self.newest_policy()?.ok_or(WalletError::NotEnrolled)?;
        Ok(newest.policy)
    }

    /// The policy that a flow is pinned to.
    pub(crate) fn policy_of(&self, version: u64) -> Result<Arc<Policy>, WalletError> {
        let known = self.policies.find(self, |known| known.get(&version).cloned())?;
        known
            .map(|known| known.policy)
            .ok_or(WalletError::Journal("policy of a flow"))
    }

    fn newest_policy(&self) -> Result<Option<Known>, WalletError> {
        self.policies.find(self, |known| {
            known.last_key_value().map(|(_version, newest)| newest.clone())
        })
    }

    /// Fetches the bundle in force and keeps it. A bundle that is known already costs one read.
    ///
    /// # Errors
    /// [`WalletError::PolicyUntrusted`] where the author or the log entry do not hold; [`WalletError::Policy`] for a
    /// version that goes back (I10), a bundle before its time, for a newer core, or a broken one; [`WalletError::LogContradiction`];
    /// [`WalletError::Offline`].
    pub(crate) async fn refresh_policy(self: &Arc<Self>) -> Result<(), WalletError> {
        let answer: PolicyAnswer = self.transport.get("/v1/policy", None).await?;
        let verified = PolicyBundle::verify(&answer.bundle, &self.pinned.policy_author);
        let bundle = verified.map_err(|error| match error {
            PolicyError::Untrusted(_) => WalletError::PolicyUntrusted,
            other => other.into(),
        })?;
        let content = bundle.content();
        let policy = bundle.into_body().policy;
        let version = policy.bundle.version;
        let newest = self.look(Inner::newest_policy).await?;
        if let Some(newest) = &newest {
            policy.succeeds(newest.policy.bundle.version)?;
            if newest.policy.bundle.version == version && newest.content == content {
                return Ok(());
            }
        }
        policy.check()?;
        let logged = open_logged::<PolicyBody>(&answer.logged, &self.pinned.log, EntryKind::Policy)
            .map_err(|_| WalletError::PolicyUntrusted)?;
        policy.in_force_at(logged.entry.time)?;
        let same_version = newest.is_some_and(|newest| newest.policy.bundle.version == version);
        if logged.body
            != (PolicyBody {
                version,
                bundle: content,
            })
            || same_version
        {
            return Err(WalletError::PolicyUntrusted);
        }
        self.follow(logged.checkpoint).await?;
        self.unit(move |unit| {
            unit.proved_time(logged.entry.time)?;
            unit.put(&PolicyRow { policy, content })
        })
        .await
    }
}
