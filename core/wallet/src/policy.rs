//! The policy bundle on the phone: author, log entry and version are checked before it is kept.
//!
//! A bundle is some thirty kilobytes of text, and every step of every run asks for the one that it is pinned to. So the
//! versions that are kept are read once and stay in memory; a version never changes.

use crate::error::WalletError;
use crate::inner::Inner;
use crate::journal::PolicyRow;
use crate::log_check::open_logged;
use quittance_flows::Policy;
use quittance_flows::policy::{BUNDLE_AUDIENCE, PolicyBundle};
use quittance_protocol::Received;
use quittance_protocol::answer::PolicyAnswer;
use quittance_protocol::bytes::Digest32;
use quittance_protocol::log::EntryKind;
use quittance_protocol::log_body::PolicyBody;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// A version of the policy that this phone keeps.
#[derive(Clone)]
struct Known {
    policy: Arc<Policy>,
    content: Digest32,
}

/// The versions that are kept, by number; empty until they are first asked for.
#[derive(Default)]
pub(crate) struct KnownPolicies(Mutex<BTreeMap<u64, Known>>);

impl KnownPolicies {
    /// The next question reads the file again: a unit has written a version.
    pub(crate) fn forget(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Looks for one. The lock is held while the file is read, so that what was read before a commit cannot take the
    /// place of what was read behind it.
    fn find(
        &self,
        inner: &Inner,
        which: impl FnOnce(&BTreeMap<u64, Known>) -> Option<Known>,
    ) -> Result<Option<Known>, WalletError> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.is_empty() {
            for row in inner.read_all::<PolicyRow>()? {
                let policy = Arc::new(row.policy);
                let content = row.content;
                known.insert(policy.bundle.version, Known { policy, content });
            }
        }
        Ok(which(&known))
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

    /// Fetches the bundle in force and keeps it. The one that is known already is not read again: what it says was
    /// checked when it came.
    ///
    /// # Errors
    /// [`WalletError::PolicyUntrusted`] where the author or the log entry do not hold; [`WalletError::Policy`] for a
    /// version that goes back (I10), a bundle before its time or a broken one; [`WalletError::LogContradiction`];
    /// [`WalletError::Offline`].
    pub(crate) async fn refresh_policy(self: &Arc<Self>) -> Result<(), WalletError> {
        let answer: PolicyAnswer = self.transport.get("/v1/policy", None).await?;
        let received = Received::parse(&answer.bundle).map_err(|_| WalletError::PolicyUntrusted)?;
        let newest = self.look(Inner::newest_policy).await?;
        let content = received.content();
        if newest.as_ref().is_some_and(|newest| newest.content == content) {
            return Ok(());
        }
        let policy = received
            .verify::<PolicyBundle>(&self.pinned.policy_author, BUNDLE_AUDIENCE)
            .map_err(|_| WalletError::PolicyUntrusted)?
            .into_body()
            .policy;
        let version = policy.bundle.version;
        if let Some(newest) = &newest {
            policy.succeeds(newest.policy.bundle.version)?;
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
