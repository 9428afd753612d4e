//! What a gateway keeps, saved at one moment to be put back at a later one.

use super::{Stage, Staged};
use crate::files::copy_folder;
use std::path::{Path, PathBuf};

impl Stage {
    /// A copy of what the gateway itself keeps: its database, its vault, its keys. It ends for that, and starts again.
    ///
    /// # Errors
    /// What the file system or the gateway says.
    pub async fn saved_gateway(&self) -> Staged<tempfile::TempDir> {
        let saved = tempfile::tempdir()?;
        self.stop_gateway().await?;
        copy_gateway(&self.gateway_folder(), saved.path())?;
        self.start_gateway(self.policy.clone()).await?;
        Ok(saved)
    }

    /// The gateway goes on with what was saved once; the world around it stays as it is.
    ///
    /// # Errors
    /// As [`Stage::saved_gateway`].
    pub async fn put_back_gateway(&self, saved: &Path) -> Staged<()> {
        self.stop_gateway().await?;
        copy_gateway(saved, &self.gateway_folder())?;
        self.start_gateway(self.policy.clone()).await
    }

    fn gateway_folder(&self) -> PathBuf {
        self.folder.path().join("gateway")
    }
}

/// Copies what a gateway keeps that has ended, in place of what stands there.
fn copy_gateway(from: &Path, to: &Path) -> std::io::Result<()> {
    for file in ["gateway.sqlite", "vault.sqlite"] {
        for part in ["", "-wal", "-shm"] {
            let name = format!("{file}{part}");
            let (source, target) = (from.join(&name), to.join(&name));
            if target.try_exists()? {
                std::fs::remove_file(&target)?;
            }
            if source.try_exists()? {
                std::fs::copy(source, target)?;
            }
        }
    }
    let keys = to.join("keys");
    if keys.try_exists()? {
        std::fs::remove_dir_all(&keys)?;
    }
    copy_folder(&from.join("keys"), &keys)
}
