//! What a contact steps over: answers about one thing that this app cannot read, a destruction that this phone cannot prove.

use crate::error::WalletError;

/// The first error of a contact that keeps back one thing alone. The contact goes on, and ends with it.
#[derive(Debug, Default)]
#[must_use = "what was not understood is told at the end"]
pub(crate) struct Unread(Option<WalletError>);

impl Unread {
    /// Steps over an answer that is not understood.
    ///
    /// # Errors
    /// Every other error: it is not about one thing alone.
    pub(crate) fn note(&mut self, error: WalletError) -> Result<(), WalletError> {
        let WalletError::Answer(what) = error else {
            return Err(error);
        };
        tracing::warn!(what, "an answer of the gateway is not understood");
        self.0.get_or_insert(error);
        Ok(())
    }

    /// Steps over a destruction that this phone's keystore keeps from being one.
    pub(crate) fn undestroyed(&mut self, error: WalletError) {
        tracing::warn!(%error, "what is due is not destroyed");
        self.0.get_or_insert(error);
    }

    /// Adds what was found elsewhere.
    pub(crate) fn join(&mut self, later: Self) {
        self.0 = self.0.take().or(later.0);
    }

    /// The end of the contact.
    ///
    /// # Errors
    /// What was stepped over first.
    pub(crate) fn told(self) -> Result<(), WalletError> {
        self.0.map_or(Ok(()), Err)
    }
}
