//! The policy bundle on the phone: author, log entry and version are checked before it is kept.

use crate::error::WalletError;
use crate::inner::Inner;
use crate::journal::PolicyRow;
use crate::log_check::open_logged;
use quittance_flows::policy::{BUNDLE_AUDIENCE, PolicyBundle};
use quittance_protocol::Received;
use quittance_protocol::answer::PolicyAnswer;
use quittance_protocol::log::EntryKind;
use quittance_protocol::log_body::PolicyBody;
use std::sync::Arc;

impl Inner {
    /// Fetches the bundle in force and keeps it. A bundle that is known already costs one read.
    ///
    /// # Errors
    /// [`WalletError::PolicyUntrusted`] where the author or the log entry do not hold; [`WalletError::Policy`] for a
    /// version that goes back (I10), a bundle before its time or a broken one; [`WalletError::LogContradiction`];
    /// [`WalletError::Offline`].
    pub(crate) async fn refresh_policy(self: &Arc<Self>) -> Result<(), WalletError> {
        let answer: PolicyAnswer = self.transport.get("/v1/policy", None).await?;
        let received = Received::parse(&answer.bundle).map_err(|_| WalletError::PolicyUntrusted)?;
        let bundle = received
            .verify::<PolicyBundle>(&self.pinned.policy_author, BUNDLE_AUDIENCE)
            .map_err(|_| WalletError::PolicyUntrusted)?;
        let content = bundle.content();
        let policy = bundle.into_body().policy;
        let version = policy.bundle.version;
        let newest = self.look(Inner::read_all::<PolicyRow>).await?.pop();
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
