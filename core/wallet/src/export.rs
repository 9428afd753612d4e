//! A receipt in the form in which it is handed to a stranger.

use crate::closure::content;
use crate::error::WalletError;
use crate::inner::Inner;
use crate::journal::{DeviceRow, FlowRow, MandateRow, OrderRow};
use crate::order_facts::{mandates_of, row_of};
use quittance_protocol::{OrderId, PublicKey, Receipt, jwk_set};

/// A receipt with all that a stranger needs to check it, and what the payer keeps private.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportedReceipt {
    /// The `.tlog-proof` file.
    pub receipt: String,
    /// Private: what opens it.
    pub annex_json: String,
    /// The log's C2SP verifier key.
    pub log_vkey: String,
    /// The exact bytes whose leaf hash is in the log.
    pub entry: Vec<u8>,
    /// Name and compact JWS of each statement.
    pub statements: Vec<(String, String)>,
    /// Their public keys as a JWK set.
    pub jwks: String,
}

impl Inner {
    pub(crate) fn exported(&self, order: OrderId) -> Result<ExportedReceipt, WalletError> {
        let rows = self.read_all::<OrderRow>()?;
        let row = row_of(&rows, order).ok_or(WalletError::NoReceipt)?;
        let receipt = row.receipt.as_ref().ok_or(WalletError::NoReceipt)?;
        let device = self.read::<DeviceRow>(b"")?.ok_or(WalletError::NotEnrolled)?;
        let mut statements = Vec::new();
        if let Some(flow) = self.read::<FlowRow>(&row.place)?
            && let Some(proof) = flow.proof
        {
            statements.push(("identify".to_owned(), proof));
        }
        // A wish may have been signed more than once: the one that the order names.
        let named = row.ground.and_then(|ground| ground.intent);
        let own = row
            .intents
            .iter()
            .find(|intent| named.is_some() && content(intent) == named);
        if let Some(intent) = own.or(row.intents.last()) {
            statements.push(("intent".to_owned(), intent.clone()));
        }
        if let Some(attestation) = &row.attestation {
            statements.push(("attestation".to_owned(), attestation.clone()));
        }
        let tokens = self
            .read_all::<MandateRow>()?
            .into_iter()
            .filter(|mandate| mandates_of(&row.state).contains(&mandate.mandate));
        let tokens: Vec<PublicKey> = tokens.map(|mandate| mandate.token_key).collect();
        let mut keys = vec![("device", &device.device_key), ("biometric", &device.biometric_key)];
        keys.extend(tokens.iter().map(|key| ("token", key)));
        let parsed = Receipt::parse(receipt.receipt.as_bytes()).map_err(|_| WalletError::Journal("receipt"))?;
        let annex_json = serde_json::to_string_pretty(&receipt.annex).map_err(|_| WalletError::Internal("annex"))?;
        Ok(ExportedReceipt {
            receipt: receipt.receipt.clone(),
            annex_json,
            log_vkey: self.pinned.log.to_string(),
            entry: parsed.entry_bytes().to_vec(),
            statements,
            jwks: jwk_set::write(&keys).map_err(|_| WalletError::Internal("jwks"))?,
        })
    }
}
