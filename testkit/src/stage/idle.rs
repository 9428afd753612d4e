//! A phone whose app does not run: its files, its keys, its locks, its clock.

use super::locks::PhoneLocks;
use super::phone::OWN_NUMBERS;
use super::{PhoneClock, StagePhone, Staged};
use crate::files::copy_folder;
use quittance_wallet::WalletConfig;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

const HARDWARE: &str = "hardware";
const FILES: &str = "files";

/// Everything of a phone that outlives the app's process.
#[derive(Clone)]
pub struct IdlePhone {
    /// The phone's own clock.
    pub clock: Arc<PhoneClock>,
    /// Its screen lock with its fingers.
    pub locks: Arc<PhoneLocks>,
    pub(super) config: WalletConfig,
    /// What it has: the app's files, and what stands for its hardware.
    pub(super) folder: PathBuf,
    /// The next number of a statement that a test signs by itself.
    pub(super) number: u64,
    /// How long a call of the app waits for another one that native code holds up.
    pub(super) patience: Duration,
}

impl IdlePhone {
    /// The app is started.
    ///
    /// # Errors
    /// What the wallet says.
    pub fn started(self) -> Staged<StagePhone> {
        StagePhone::on(self)
    }

    /// The app is deleted with its keys, as when it is installed again or told to begin anew.
    ///
    /// # Errors
    /// What the system says.
    pub fn erased(mut self) -> std::io::Result<Self> {
        if self.folder.exists() {
            std::fs::remove_dir_all(&self.folder)?;
        }
        self.locks.forget_all();
        self.number = OWN_NUMBERS;
        Ok(self)
    }

    /// The keystore loses every key, as by a reset of the phone's lock; the files stay.
    ///
    /// # Errors
    /// What the system says.
    pub fn without_keys(self) -> std::io::Result<Self> {
        std::fs::remove_dir_all(self.hardware())?;
        self.locks.forget_all();
        Ok(self)
    }

    /// The app's files are deleted; the keys stay.
    ///
    /// # Errors
    /// What the system says.
    pub fn without_files(self) -> std::io::Result<Self> {
        std::fs::remove_dir_all(&self.config.data_dir)?;
        Ok(self)
    }

    /// A second phone with everything of this one, keys included; its clock is its own from here on.
    pub(super) fn copied(&self) -> std::io::Result<Self> {
        let mut folder = self.folder.clone().into_os_string();
        folder.push("-copy");
        let mut copy = self.clone();
        copy.folder = PathBuf::from(folder);
        copy.config.data_dir = copy.folder.join("files");
        copy_folder(&self.config.data_dir, &copy.config.data_dir)?;
        copy_folder(&self.hardware(), &copy.hardware())?;
        copy.clock = Arc::new(PhoneClock::new(self.clock.now()));
        // Far from the numbers that a test signs for the first phone by itself.
        copy.number = 2 * OWN_NUMBERS;
        Ok(copy)
    }

    /// The files of another time in place of those of now, with the keys of now.
    ///
    /// # Errors
    /// What the system says.
    pub fn with_files(self, backup: &Path) -> std::io::Result<Self> {
        std::fs::remove_dir_all(&self.config.data_dir)?;
        copy_folder(backup, &self.config.data_dir)?;
        Ok(self)
    }

    /// A copy of all that it has, the keystore's own blobs included: what nobody gets out of hardware, and whoever roots
    /// a phone without rollback resistance puts back.
    ///
    /// # Errors
    /// What the system says.
    pub fn copy_of_everything(&self) -> std::io::Result<tempfile::TempDir> {
        let copy = tempfile::tempdir()?;
        copy_folder(&self.config.data_dir, &copy.path().join(FILES))?;
        copy_folder(&self.hardware(), &copy.path().join(HARDWARE))?;
        Ok(copy)
    }

    /// Files and keys of another time in place of those of now.
    ///
    /// # Errors
    /// What the system says.
    pub fn with_everything(self, copy: &Path) -> std::io::Result<Self> {
        std::fs::remove_dir_all(self.hardware())?;
        copy_folder(&copy.join(HARDWARE), &self.hardware())?;
        self.with_files(&copy.join(FILES))
    }

    pub(super) fn hardware(&self) -> PathBuf {
        self.folder.join(HARDWARE)
    }

    /// Where vault and keys stand in a copy of everything.
    pub(super) fn within(&self, copy: &Path) -> (PathBuf, PathBuf) {
        (copy.join(FILES).join("wallet.vault"), copy.join(HARDWARE))
    }

    pub(super) fn copy_of_files(&self) -> std::io::Result<tempfile::TempDir> {
        let copy = tempfile::tempdir()?;
        copy_folder(&self.config.data_dir, copy.path())?;
        Ok(copy)
    }
}
