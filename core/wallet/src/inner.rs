//! What all operations share: the vault, the keys, the way to the gateway.

use crate::config::{Pinned, WalletConfig};
use crate::error::WalletError;
use crate::journal::DeviceRow;
use crate::keys::EpochKeys;
use crate::pin::PinChecks;
use crate::policy::KnownPolicies;
use crate::ports::{BiometricPrompt, DeviceKeyError, DeviceKeys, KeyAlias, Ports};
use crate::session::HeldSession;
use crate::showing::HandedOut;
use crate::transport::Transport;
use crate::turns::{Door, Doors, Turn, Turns};
use quittance_protocol::FlowId;
use quittance_vault::{Vault, VaultError, VaultOptions};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

pub(crate) struct Inner {
    pub(crate) pinned: Pinned,
    pub(crate) keys: Arc<dyn DeviceKeys>,
    pub(crate) prompt: Arc<dyn BiometricPrompt>,
    pub(crate) ports: Ports,
    pub(crate) transport: Transport,
    /// Held from the first read of a unit to its commit. Taken before `vault`, never after it.
    pub(crate) writer: Turns<()>,
    vault: Turns<Vault>,
    pub(crate) enrolling: Door,
    /// Runs that are answered with what counts.
    pub(crate) answering: Doors<FlowId>,
    /// Secrets that are chosen.
    pub(crate) choosing: Door,
    pub(crate) policies: KnownPolicies,
    pub(crate) session: HeldSession,
    pub(crate) pin_checks: PinChecks,
    pub(crate) handed_out: HandedOut,
    /// How many locks and stops of this phone the gateway has confirmed. In memory is enough: an answer that is on its way ends
    /// with the process.
    pub(crate) confirmed_stops: AtomicU64,
}

impl Inner {
    pub(crate) fn open(
        config: &WalletConfig,
        keys: Arc<dyn DeviceKeys>,
        prompt: Arc<dyn BiometricPrompt>,
        ports: Ports,
    ) -> Result<Self, WalletError> {
        let pinned = Pinned::read(config)?;
        let transport = Transport::new(config)?;
        std::fs::create_dir_all(&config.data_dir).map_err(|error| WalletError::Folder(error.kind()))?;
        let options = || VaultOptions::at(pinned.vault_file.clone());
        let epoch_keys = Arc::new(EpochKeys(Arc::clone(&keys)));
        let vault = match Vault::open(options(), epoch_keys.clone(), Arc::clone(&ports.randomness)) {
            Err(VaultError::Missing) => {
                refuse_emptied(&pinned.vault_file, &*keys)?;
                Vault::create(options(), epoch_keys, Arc::clone(&ports.randomness))
            }
            opened => opened,
        }?;
        let patience = ports.patience;
        Ok(Self {
            pinned,
            keys,
            prompt,
            ports,
            transport,
            writer: Turns::new((), patience),
            vault: Turns::new(vault, patience),
            enrolling: Door::default(),
            answering: Doors::default(),
            choosing: Door::default(),
            policies: KnownPolicies::default(),
            session: HeldSession::default(),
            pin_checks: PinChecks::default(),
            handed_out: HandedOut::default(),
            confirmed_stops: AtomicU64::new(0),
        })
    }

    /// The vault, for as long as one call on it takes. What a failed commit left unknown is read again first.
    pub(crate) fn vault(&self) -> Result<Turn<'_, Vault>, WalletError> {
        let mut vault = self.vault.take()?;
        vault.heal()?;
        Ok(vault)
    }

    /// The phone's keys, once it is enrolled with a PIN.
    pub(crate) fn enrolled(&self) -> Result<DeviceRow, WalletError> {
        let device = self.read::<DeviceRow>(b"")?;
        device
            .filter(|device| device.enrolled.is_some() && device.pin_set)
            .ok_or(WalletError::NotEnrolled)
    }
}

/// A file without a byte is no vault to begin with where this phone has the key that signs: it was one, and something emptied
/// it. Without a file there is none: an app that was installed anew finds its keys of before.
fn refuse_emptied(vault: &Path, keys: &dyn DeviceKeys) -> Result<(), WalletError> {
    if !quittance_vault::is_emptied(vault)? {
        return Ok(());
    }
    // A keystore tells of a key by its use. No statement has these bytes.
    match keys.sign(KeyAlias::Device, Vec::new()) {
        Err(DeviceKeyError::KeyMissing) => Ok(()),
        Ok(_signature) => Err(VaultError::Corrupt { part: "file" }.into()),
        Err(error) => Err(error.into()),
    }
}
