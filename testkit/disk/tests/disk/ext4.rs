//! A real ext4 file system in a file of its own, on a loop device.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use quittance_testkit::files::quick_folder;

/// Bytes of the whole image. Small, so that what the file system gives back is soon used again: the worst for whoever
/// looks for leftovers, but a thousand lives fit into it.
const SIZE: u64 = 64 << 20;

/// How long it may be busy once its own test has closed all.
const PATIENCE: Duration = Duration::from_secs(20);

/// The file system, mounted for as long as this lives.
pub(crate) struct Ext4 {
    image: PathBuf,
    mounted_at: PathBuf,
    _folder: tempfile::TempDir,
}

impl Ext4 {
    /// Makes it; `Err` says why this machine cannot.
    ///
    /// The journal takes data too: so it keeps copies of what was overwritten, which the attacker shall have.
    pub(crate) fn mount() -> Result<Self, String> {
        let folder = quick_folder().map_err(|error| error.to_string())?;
        let (image, mounted_at) = (folder.path().join("image"), folder.path().join("mounted"));
        File::create(&image)
            .and_then(|file| file.set_len(SIZE))
            .and_then(|()| fs::create_dir(&mounted_at))
            .map_err(|error| error.to_string())?;
        run(Command::new("mkfs.ext4").args(["-q", "-F", "-b", "4096"]).arg(&image))?;
        let mut mount = Command::new("mount");
        run(mount
            .args(["-t", "ext4", "-o", "loop,data=journal"])
            .args([&image, &mounted_at]))?;
        Ok(Self {
            image,
            mounted_at,
            _folder: folder,
        })
    }

    /// Where its files stand.
    pub(crate) fn files(&self) -> &Path {
        &self.mounted_at
    }

    /// Unmounts it: every byte of the image.
    pub(crate) fn unmount(self) -> Vec<u8> {
        unmount(&self.mounted_at).unwrap();
        fs::read(&self.image).unwrap()
    }
}

impl Drop for Ext4 {
    fn drop(&mut self) {
        // Is it unmounted already, this finds nothing; did the test fail, a loop device must not be left behind.
        let _ = unmount(&self.mounted_at);
    }
}

/// Unmounts it, which takes as long as another test's thread stands between fork and exec with the files open that were ours.
fn unmount(mounted_at: &Path) -> Result<(), String> {
    let started = Instant::now();
    loop {
        match run(Command::new("umount").arg(mounted_at)) {
            Err(why) if why.contains("busy") && started.elapsed() < PATIENCE => std::thread::yield_now(),
            done => return done,
        }
    }
}

fn run(command: &mut Command) -> Result<(), String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let done = command.output().map_err(|error| format!("{name}: {error}"))?;
    if done.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    Err(format!("{name}: {}", said.trim()))
}
