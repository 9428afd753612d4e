//! A phone whose vault is not one that it can use: it says why and what to do, and alters nothing.

use crate::{contents, folder};
use quittance_protocol::log::NoteSigner;
use quittance_testkit::kill::{DiskError, Fault, KillSwitch, Lasts};
use quittance_testkit::phone::{Phone, PhoneConfig};
use quittance_testkit::process::Programs;
use quittance_testkit::software_keys::SoftwareDeviceKeys;
use quittance_vault::{QuarantineReason, VaultError};
use quittance_wallet::ports::{DeviceKeys, KeyAlias};
use quittance_wallet::{ErrorKind, WalletError};
use rusqlite::Connection;
use std::fs::Permissions;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use zeroize::Zeroizing;

/// Somebody whom permissions bind, where the tests are run by somebody whom they do not.
const NOBODY: u32 = 65_534;

fn vault(folder: &Path) -> PathBuf {
    folder.join("phone/wallet.vault")
}

fn log_vkey() -> String {
    let seed = Zeroizing::new([7; 32]);
    NoteSigner::new("log.example", &seed).unwrap().verifier().to_string()
}

const GATEWAY: &str = "http://127.0.0.1:9";

/// Switches a phone on, without a network.
async fn switch_on(folder: &Path) -> Result<Phone, WalletError> {
    let config = PhoneConfig {
        data: folder.join("phone"),
        gateway: GATEWAY.to_owned(),
        log_vkey: log_vkey(),
        keep_old_keys: None,
        standing_at: None,
    };
    Phone::on(config).await
}

/// A folder with the files of a phone that was on once.
async fn used_phone() -> tempfile::TempDir {
    let folder = folder();
    drop(switch_on(folder.path()).await.unwrap());
    folder
}

/// The error of a phone that does not start; its files are as they were.
async fn refused(folder: &Path) -> WalletError {
    let before = contents(folder);
    let error = switch_on(folder).await.err().unwrap();
    assert_eq!(contents(folder), before, "{error}");
    let said = error.to_string();
    assert!(!said.contains('/'), "it names no place on the disk: {said}");
    error
}

#[tokio::test]
async fn a_cut_vault_is_damaged_or_none_and_stays_as_it_is() {
    let folder = used_phone().await;
    let good = std::fs::read(vault(folder.path())).unwrap();
    for length in [0, 1, 15, 99, 100, 4_000, 4_096, good.len() / 2, good.len() - 4_096] {
        std::fs::write(vault(folder.path()), &good[..length]).unwrap();
        let error = refused(folder.path()).await;
        let WalletError::Vault(VaultError::Corrupt { .. } | VaultError::NotAVault) = error else {
            panic!("{length} bytes: {error:?}")
        };
    }
    // Control: the whole file opens.
    std::fs::write(vault(folder.path()), &good).unwrap();
    switch_on(folder.path()).await.unwrap();
}

#[tokio::test]
async fn an_emptied_vault_of_a_phone_that_enrolled_is_damaged_whatever_its_epoch() {
    let folder = used_phone().await;
    let keys = SoftwareDeviceKeys::open(&folder.path().join("phone/keys")).unwrap();
    keys.create_key(KeyAlias::Device, Vec::new()).unwrap();
    keys.create_epoch_key(2).unwrap();
    keys.delete_epoch_key(1).unwrap();
    std::fs::write(vault(folder.path()), b"").unwrap();
    let error = refused(folder.path()).await;
    assert!(
        matches!(error, WalletError::Vault(VaultError::Corrupt { part: "file" })),
        "{error:?}"
    );
    assert_eq!(error.kind(), ErrorKind::Reenrol);
    // Controls: without a file, and without the key, a phone begins.
    std::fs::remove_file(vault(folder.path())).unwrap();
    switch_on(folder.path()).await.unwrap();
    keys.delete_key(KeyAlias::Device).unwrap();
    keys.delete_epoch_key(1).unwrap();
    std::fs::write(vault(folder.path()), b"").unwrap();
    switch_on(folder.path()).await.unwrap();
}

#[tokio::test]
async fn a_vault_of_a_newer_version_asks_for_an_update() {
    let folder = used_phone().await;
    let newer = Connection::open(vault(folder.path())).unwrap();
    newer.execute_batch("PRAGMA user_version = 99").unwrap();
    drop(newer);
    let error = refused(folder.path()).await;
    assert!(
        matches!(error, WalletError::Vault(VaultError::NewerVersion { found: 99, .. })),
        "{error:?}"
    );
    assert_eq!(error.kind(), ErrorKind::UpdateApp);
}

#[tokio::test]
async fn a_vault_of_another_phone_is_in_quarantine() {
    let (folder, other) = (used_phone().await, used_phone().await);
    std::fs::copy(vault(other.path()), vault(folder.path())).unwrap();
    let error = refused(folder.path()).await;
    let foreign = VaultError::Quarantined {
        reason: QuarantineReason::ForeignRoot,
    };
    assert_eq!(error.to_string(), foreign.to_string());
    assert_eq!(error.kind(), ErrorKind::Reenrol);
}

#[tokio::test]
async fn a_file_that_is_no_vault_is_called_so() {
    let folder = used_phone().await;
    let long: Vec<u8> = b"Dear diary, ".iter().copied().cycle().take(20_000).collect();
    for words in [b"a diary".as_slice(), &long] {
        std::fs::write(vault(folder.path()), words).unwrap();
        let error = refused(folder.path()).await;
        assert!(matches!(error, WalletError::Vault(VaultError::NotAVault)), "{error:?}");
    }
    std::fs::remove_file(vault(folder.path())).unwrap();
    let other = Connection::open(vault(folder.path())).unwrap();
    other.execute_batch("CREATE TABLE photos (name TEXT)").unwrap();
    drop(other);
    let error = refused(folder.path()).await;
    assert!(matches!(error, WalletError::Vault(VaultError::NotAVault)), "{error:?}");
}

/// The phone as a process that is told nothing: it ends well where it starts.
fn start(program: &Path, folder: &Path, more: impl FnOnce(&mut Command)) -> Output {
    let mut command = Command::new(program);
    command
        .args(["--gateway", GATEWAY, "--log-vkey", &log_vkey(), "--data"])
        .arg(folder.join("phone"))
        .stdin(Stdio::null());
    more(&mut command);
    command.output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[tokio::test]
async fn a_vault_that_may_only_be_read_asks_to_be_made_writable() {
    let folder = used_phone().await;
    let program = folder.path().join("quittance-phone");
    // By a process of its own: a file that this one has open for writing is one that other tests' children hold for a moment,
    // and a program that is being written does not start.
    let copied = Command::new("cp")
        .arg(Programs::built().unwrap().path("quittance-phone"))
        .arg(&program)
        .status();
    assert!(copied.unwrap().success());
    let is_root = std::fs::metadata(vault(folder.path())).unwrap().uid() == 0;
    let as_nobody = |command: &mut Command| {
        if is_root {
            command.uid(NOBODY).gid(NOBODY);
        }
    };
    if is_root {
        let mut all = vec![
            folder.path().to_owned(),
            folder.path().join("phone"),
            folder.path().join("phone/keys"),
        ];
        let inside = std::fs::read_dir(folder.path().join("phone")).unwrap();
        all.extend(inside.map(|entry| entry.unwrap().path()));
        let keys = std::fs::read_dir(folder.path().join("phone/keys")).unwrap();
        all.extend(keys.map(|entry| entry.unwrap().path()));
        all.iter()
            .for_each(|path| chown(path, Some(NOBODY), Some(NOBODY)).unwrap());
    }
    std::fs::set_permissions(vault(folder.path()), Permissions::from_mode(0o400)).unwrap();
    let before = contents(&folder.path().join("phone"));
    let refused = start(&program, folder.path(), as_nobody);
    assert!(!refused.status.success());
    let wanted = VaultError::ReadOnly.to_string();
    assert!(said(&refused).contains(&wanted), "{}", said(&refused));
    assert_eq!(contents(&folder.path().join("phone")), before);
    // Control: made writable, it opens.
    std::fs::set_permissions(vault(folder.path()), Permissions::from_mode(0o600)).unwrap();
    let opened = start(&program, folder.path(), as_nobody);
    assert!(opened.status.success(), "{}", said(&opened));
}

#[tokio::test]
async fn a_new_phone_on_a_full_disk_asks_for_room_at_any_step_and_begins_when_there_is_some() {
    let programs = Programs::built().unwrap();
    let (program, library) = (programs.path("quittance-phone"), programs.kill_library());
    for at in 1.. {
        let folder = folder();
        let switch = KillSwitch::new(&folder.path().join("switch")).unwrap();
        switch.arm(at, Fault::Fails(DiskError::Full, Lasts::ForEver)).unwrap();
        let under = |command: &mut Command| {
            command.envs(switch.environment(&library));
        };
        let started = start(&program, folder.path(), under);
        let counted = switch.counted().unwrap();
        switch.disarm().unwrap();
        if counted < at {
            assert!(started.status.success(), "{}", said(&started));
            assert!(at > 10, "{at} steps are counted: is the kill-at library loaded?");
            println!("a new phone takes {} steps", at - 1);
            break;
        }
        let words = said(&started);
        // The software keystore has no word for it: one of hardware has its own disk. A sync that finds no room is to SQLite
        // a disk that fails.
        let named = ["no room", "the keystore", "data_dir", "the disk"]
            .iter()
            .any(|word| words.contains(word));
        assert!(started.status.success() || named, "step {at}: {words}");
        assert!(!words.contains("panicked"), "step {at}: {words}");
        let again = start(&program, folder.path(), |_| ());
        assert!(again.status.success(), "step {at}, with room: {}", said(&again));
    }
}
