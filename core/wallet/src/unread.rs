//! What a contact steps over: answers about one thing that this app cannot read.

use crate::error::WalletError;

/// The first answer of a contact that is not understood. Each keeps back what it is about; the contact goes on, and ends
/// with this error.
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

    /// Adds what was found elsewhere.
    pub(crate) fn join(&mut self, later: Self) {
        self.0 = self.0.take().or(later.0);
    }

    /// The end of the contact.
    ///
    /// # Errors
    /// [`WalletError::Answer`] where something was stepped over.
    pub(crate) fn told(self) -> Result<(), WalletError> {
        self.0.map_or(Ok(()), Err)
    }
}
