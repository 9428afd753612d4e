//! The facade's library with a phone's clock that tests turn: scenarios let days pass in an instant.
//!
//! It holds the facade as it is, and one thing beside it. The apps' library has no such thing.

use quittance::{BiometricPrompt, DeviceKeys, ErrorKind, Wallet, WalletConfig, WalletError};
use quittance_protocol::Timestamp;
use quittance_wallet::Ports;
use quittance_wallet::ports::{Clock, SystemClock};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

quittance::uniffi_reexport_scaffolding!();
uniffi::setup_scaffolding!("turned_clock");

/// Why no wallet was opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum NotOpened {
    /// Another wallet has the folder, or is still letting go of it.
    #[error("the folder is in use")]
    InUse,
    /// The wallet's files cannot be used.
    #[error("the files cannot be used")]
    Storage {
        /// What the app owes its user.
        reaction: ErrorKind,
    },
    /// Anything else.
    #[error("{why}")]
    Refused {
        /// What the facade said.
        why: String,
    },
}

/// A phone's clock that stands where it is put.
#[derive(Debug, uniffi::Object)]
pub struct TurnedClock {
    unix_seconds: AtomicI64,
}

#[uniffi::export]
impl TurnedClock {
    /// A clock that stands at this moment.
    #[uniffi::constructor]
    pub fn new(unix_seconds: i64) -> Arc<Self> {
        Arc::new(Self {
            unix_seconds: AtomicI64::new(unix_seconds),
        })
    }

    /// Puts it elsewhere.
    pub fn turn_to(&self, unix_seconds: i64) {
        self.unix_seconds.store(unix_seconds, Ordering::SeqCst);
    }

    /// Opens a wallet on a phone with this clock, against a sandbox gateway.
    pub async fn open(
        self: Arc<Self>,
        data_dir: String,
        gateway_url: String,
        log_vkey: String,
        policy_author: String,
        keys: Arc<dyn DeviceKeys>,
        prompt: Arc<dyn BiometricPrompt>,
    ) -> Result<Arc<Wallet>, NotOpened> {
        let config = WalletConfig {
            data_dir,
            origin: gateway_url.clone(),
            gateway_url,
            log_vkey,
            policy_author,
            sandbox: true,
        };
        let ports = Ports {
            clock: self,
            ..Ports::system()
        };
        let opened = Wallet::open_with(config, keys, prompt, ports).await;
        opened.map_err(|error| match (quittance::error_kind(&error), error) {
            (ErrorKind::Retry, _) => NotOpened::InUse,
            (reaction, WalletError::Storage { .. }) => NotOpened::Storage { reaction },
            (_, error) => NotOpened::Refused { why: error.to_string() },
        })
    }
}

impl Clock for TurnedClock {
    fn now(&self) -> Timestamp {
        let seconds = self.unix_seconds.load(Ordering::SeqCst);
        // Put beyond what the protocol can say, it goes as the system's does.
        Timestamp::from_unix(seconds).unwrap_or_else(|_| SystemClock.now())
    }
}
