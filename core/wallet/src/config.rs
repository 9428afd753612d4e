//! What an app pins when it opens a wallet.

use crate::error::WalletError;
use quittance_protocol::PublicKey;
use quittance_protocol::bytes::from_base64url;
use quittance_protocol::log::VerifierKey;
use std::path::PathBuf;

/// Where the wallet keeps its file, which gateway it speaks to, and whose word it believes.
#[derive(Debug, Clone)]
pub struct WalletConfig {
    /// Folder of the wallet's file; made where it is missing. Keep it out of backups.
    pub data_dir: PathBuf,
    /// Where the gateway answers: `https://…`. Cleartext only to a loopback address with `sandbox`.
    pub gateway_url: String,
    /// The gateway's origin: the audience of every statement.
    pub origin: String,
    /// The log's C2SP verifier key, `name+hash+base64`.
    pub log_vkey: String,
    /// The policy author's Ed25519 key: a JWK, or its 32 bytes as base64url.
    pub policy_author: String,
    /// Whether cleartext to a loopback address is allowed.
    pub sandbox: bool,
}

/// The pinned parts, read.
#[derive(Debug, Clone)]
pub(crate) struct Pinned {
    pub(crate) origin: String,
    pub(crate) log: VerifierKey,
    pub(crate) policy_author: PublicKey,
    pub(crate) vault_file: PathBuf,
}

impl Pinned {
    /// Reads the pinned keys; a wrong one is named by its field.
    pub(crate) fn read(config: &WalletConfig) -> Result<Self, WalletError> {
        let wrong = |field, fix| WalletError::Config { field, fix };
        if config.origin.is_empty() {
            return Err(wrong("origin", "set it to the gateway's origin"));
        }
        let log = config.log_vkey.trim().parse();
        let log = log.map_err(|_| wrong("log_vkey", "copy the gateway's verifier key: name+hash+base64"))?;
        let author = read_author(config.policy_author.trim());
        let policy_author =
            author.ok_or_else(|| wrong("policy_author", "give an Ed25519 JWK, or 32 bytes as base64url"))?;
        let vault_file = config.data_dir.join("wallet.vault");
        Ok(Self {
            origin: config.origin.clone(),
            log,
            policy_author,
            vault_file,
        })
    }
}

fn read_author(text: &str) -> Option<PublicKey> {
    if text.starts_with('{') {
        let key: PublicKey = serde_json::from_str(text).ok()?;
        return (key.alg() == quittance_protocol::jws::Alg::Ed25519).then_some(key);
    }
    PublicKey::ed25519_from_bytes(&from_base64url(text).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL_ORDER: &str = "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

    #[test]
    fn an_author_key_of_small_order_is_no_key() {
        assert!(read_author(SMALL_ORDER).is_none());
        assert!(read_author("").is_none());
        assert!(read_author("{}").is_none());
    }
}
