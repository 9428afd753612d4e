//! The read token: bought with a signed statement, held in memory, good for reads only.

use crate::error::WalletError;
use crate::inner::Inner;
use crate::transport::{SendError, read};
use quittance_protocol::Timestamp;
use quittance_protocol::answer::SessionOpened;
use quittance_protocol::bytes::to_base64url;
use quittance_protocol::problem::Code;
use quittance_protocol::statement::Session as SessionStatement;
use serde::de::DeserializeOwned;
use std::sync::{Arc, Mutex, PoisonError};
use zeroize::Zeroizing;

/// A token is not used in its last seconds: it would end on the way.
const MARGIN_SECONDS: i64 = 10;

/// A read token with its end by the phone's own clock.
struct Session {
    token: Zeroizing<String>,
    ends: Timestamp,
}

/// The read token that is held, if one is.
#[derive(Default)]
pub(crate) struct HeldSession(Mutex<Option<Session>>);

impl HeldSession {
    fn good_at(&self, now: Timestamp) -> Option<Zeroizing<String>> {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.as_ref()
            .filter(|session| now < session.ends)
            .map(|session| session.token.clone())
    }

    fn hold(&self, session: Option<Session>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = session;
    }
}

impl Inner {
    /// A read token that is still good, bought where there is none.
    async fn bearer(self: &Arc<Self>) -> Result<Zeroizing<String>, WalletError> {
        let own = self.ports.clock.now();
        if let Some(token) = self.session.good_at(own) {
            return Ok(token);
        }
        let compact = self.unit(|unit| unit.sign(&SessionStatement {})).await?;
        let opened: SessionOpened = read(&self.transport.post(&compact).await?)?;
        let token = Zeroizing::new(to_base64url(opened.token.as_slice()));
        let ends = own.plus_seconds(i64::from(opened.expires_in) - MARGIN_SECONDS);
        self.session.hold(Some(Session {
            token: token.clone(),
            ends,
        }));
        Ok(token)
    }

    /// Asks with a read token, and once more with a new one where the gateway does not take it any more.
    pub(crate) async fn with_bearer<T, A>(
        self: &Arc<Self>,
        ask: impl Fn(Zeroizing<String>) -> A,
    ) -> Result<T, WalletError>
    where
        A: Future<Output = Result<T, SendError>>,
    {
        match ask(self.bearer().await?).await {
            Err(SendError::Problem(problem)) if problem.code() == Code::SessionNeeded => {
                self.session.hold(None);
                Ok(ask(self.bearer().await?).await?)
            }
            answer => Ok(answer?),
        }
    }

    /// Reads what the gateway tells this phone alone.
    pub(crate) async fn read_own<T: DeserializeOwned>(self: &Arc<Self>, path: &str) -> Result<T, WalletError> {
        self.with_bearer(|bearer| async move { self.transport.get(path, Some(&bearer)).await })
            .await
    }
}
