//! What must hold whenever an operation is done: nothing is lost, nothing comes back, and both sides say the same.

use crate::operation::End;
use crate::run::{Run, Wrong, must};
use quittance_gateway::FolderCustodian;
use quittance_protocol::log::VerifierKey;
use quittance_protocol::{MandateId, Receipt};
use quittance_testkit::files::copy_folder;
use quittance_testkit::phone_protocol::Command;
use quittance_testkit::software_keys::SoftwareDeviceKeys;
use quittance_testkit::story::{Side, Story, cny};
use quittance_testkit::thief::{Victim, open_copy};
use quittance_vault::SystemRandomness;
use rusqlite::{Connection, OpenFlags};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

/// Asks both sides, while they run.
pub(crate) async fn balance(run: &mut Run, end: End, mandates: &[MandateId]) -> Result<(), Wrong> {
    run.hear().await?;
    let listed = run.until("listing", &Command::Mandates, |_| true).await?;
    let listed = listed.as_array().cloned().unwrap_or_default();
    must(listed.len() == mandates.len(), || {
        format!("{} permissions, not {}: {listed:?}", listed.len(), mandates.len())
    })?;
    let ledger = run.story.ledger().await;
    must(ledger.len() == end.charges, || {
        format!("{} charges at the card network: {ledger:?}", end.charges)
    })?;
    for (place, mandate) in mandates.iter().enumerate() {
        let has_ended = place < end.ended;
        let row = listed.iter().find(|row| row["mandate"] == mandate.to_string().as_str());
        let row = row.ok_or_else(|| Wrong(format!("{mandate} is not listed")))?;
        let (state, half) = match (has_ended, end.is_locked) {
            (true, _) => ("ended", "destroyed"),
            (false, false) => ("active", "active"),
            (false, true) => ("suspended", "held"),
        };
        must(row["state"] == state && row["phone_half"] == half, || {
            format!("{state} on the phone, its half {half}: {row}")
        })?;
        must(row["can_pay"] == (state == "active" && !end.is_locked), || {
            format!("what can pay: {row}")
        })?;
        must(row["phone_half"] == row["gateway_half"], || {
            format!("both sides say the same: {row}")
        })?;
        try_to_pay(&mut run.story, *mandate, has_ended, end.is_locked).await?;
    }
    let count = kinds_in_log(&run.story).await?;
    let [orders, closed] = end.orders;
    must(count("order") == orders && count("closure") == closed, || {
        format!("the log: {} orders, {} closures", count("order"), count("closure"))
    })?;
    must(count("destroyed") == closed, || {
        format!("the log: destroyed {} times", count("destroyed"))
    })?;
    check_receipt(run, closed > 0).await
}

/// A living permission pays and an ended one never does, by the merchant's charge and by the payer's permit.
async fn try_to_pay(story: &mut Story, mandate: MandateId, has_ended: bool, is_locked: bool) -> Result<(), Wrong> {
    let charged = story.charge(mandate, 1000, "ride-after", None).await;
    let code = charged.json.pointer("/decision/code").and_then(Value::as_str);
    let approved = charged.json.pointer("/decision/decision").and_then(Value::as_str) == Some("approved");
    let is_right = match (has_ended, is_locked) {
        (true, _) => code == Some("token_destroyed"),
        (false, true) => code == Some("safety_locked"),
        (false, false) => approved,
    };
    must(is_right, || format!("a charge afterwards: {}", charged.text))?;
    let permit = Command::Permit {
        mandate,
        amount: cny(100).map_err(|error| Wrong::new(&error))?,
        challenge: "afterwards".to_owned(),
    };
    let asked = story.try_ask(&permit).await.map_err(|error| Wrong::new(&error))?;
    let reply = asked.ok_or_else(|| Wrong("the phone died afterwards".to_owned()))?.ok();
    must(reply.is_ok() == (!has_ended && !is_locked), || {
        format!("a permit afterwards: {reply:?}")
    })
}

/// How often the public log holds each kind of entry.
async fn kinds_in_log(story: &Story) -> Result<impl Fn(&str) -> usize + use<>, Wrong> {
    let checkpoint = story.http.get("/log/checkpoint").await.text;
    let size: Option<usize> = checkpoint.lines().nth(1).and_then(|size| size.parse().ok());
    let size = size.ok_or_else(|| Wrong("a checkpoint without a size".to_owned()))?;
    let entries = story.http.get(&format!("/log/tile/entries/000.p/{size}")).await.text;
    Ok(move |kind: &str| entries.matches(&format!("quittance-entry/1\n{kind}\n")).count())
}

async fn check_receipt(run: &mut Run, is_there: bool) -> Result<(), Wrong> {
    let folder = tempfile::tempdir().map_err(|error| Wrong::new(&error))?;
    let export = Command::Export {
        order: None,
        folder: folder.path().to_owned(),
    };
    let exported = run.story.ask(&export).await;
    if !is_there {
        return must(exported.is_err(), || "a receipt of nothing".to_owned());
    }
    exported.map_err(|error| Wrong(format!("no receipt: {error}")))?;
    let receipt = std::fs::read(folder.path().join("receipt.tlog-proof")).map_err(|error| Wrong::new(&error))?;
    let key = run.story.http.get("/log/vkey").await.text;
    let key: VerifierKey = key.trim_end().parse().map_err(|error| Wrong(format!("{error}")))?;
    let receipt = Receipt::parse(&receipt).map_err(|error| Wrong::new(&error))?;
    receipt.verify(&key).map(drop).map_err(|error| Wrong::new(&error))
}

/// Reads the files of a side whose power went: once it said that a half is destroyed, no key of an earlier epoch is on its
/// disk, not even until it starts again.
pub(crate) async fn what_was_attested_is_gone(story: &Story, folder: &Path, side: Side) -> Result<(), Wrong> {
    let copy = tempfile::tempdir().map_err(|error| Wrong::new(&error))?;
    // The files themselves are left as the loss of power left them.
    copy_folder(folder, copy.path()).map_err(|error| Wrong::new(&error))?;
    let (epoch, keys) = epochs(copy.path(), side)?;
    let has_attested = match side {
        Side::Phone => kinds_in_log(story).await?("closure") > 0,
        Side::Gateway => has_logged(&copy.path().join("gateway/gateway.sqlite"), "destroyed")?,
    };
    must(!has_attested || keys.iter().all(|key| *key >= epoch), || {
        format!("{side:?}: destroyed, it said, in epoch {epoch}, and keys of {keys:?} are on its disk")
    })
}

/// Whether a gateway's database holds an entry of this kind for the log.
fn has_logged(database: &Path, kind: &str) -> Result<bool, Wrong> {
    let look = || {
        let database = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        let begins = format!("quittance-entry/1\n{kind}\n");
        database.query_row(
            "SELECT EXISTS (SELECT 1 FROM log_entries WHERE instr(bytes, CAST(?1 AS BLOB)))",
            [begins],
            |row| row.get(0),
        )
    };
    look().map_err(|error| Wrong::new(&error))
}

/// Reads the files of both sides, when nobody runs.
pub(crate) fn compare(folder: &Path, end: End, mandates: usize) -> Result<(), Wrong> {
    let (phone, gateway) = (folder.join("phone"), folder.join("gateway"));
    for log in ["phone.log", "gateway.log"] {
        let text = std::fs::read_to_string(folder.join(log)).unwrap_or_default();
        let panicked = text.lines().find(|line| line.contains("panicked"));
        must(panicked.is_none(), || {
            format!("{log}: {}", panicked.unwrap_or_default())
        })?;
    }
    let halves = |vault: &Path, keys: &Path, victim| {
        let found = open_copy(vault, &[keys.to_owned()], victim).map_err(|error| Wrong::new(&error))?;
        let tokens: BTreeSet<String> = found.iter().map(|half| half.token.clone()).collect();
        must(tokens.len() == found.len(), || "a half that stands twice".to_owned())?;
        Ok::<_, Wrong>(tokens)
    };
    let ours = halves(&phone.join("wallet.vault"), &phone.join("keys"), Victim::Phone)?;
    let theirs = halves(&gateway.join("vault.sqlite"), &gateway.join("keys"), Victim::Gateway)?;
    must(ours == theirs && ours.len() == mandates - end.ended, || {
        format!("the halves that stand: {ours:?} on the phone, {theirs:?} at the gateway")
    })?;
    let (phone_epoch, ours) = epochs(folder, Side::Phone)?;
    let (gateway_epoch, theirs) = epochs(folder, Side::Gateway)?;
    // The gateway's keystore may have made the key of the next epoch in the step that ended the last one.
    let is_ahead = theirs == [gateway_epoch, gateway_epoch + 1];
    must(ours == [phone_epoch] && (theirs == [gateway_epoch] || is_ahead), || {
        format!("keys of epochs {ours:?} on the phone in {phone_epoch}, {theirs:?} at the gateway in {gateway_epoch}")
    })?;
    ["phone/wallet.vault", "gateway/vault.sqlite", "gateway/gateway.sqlite"]
        .into_iter()
        .try_for_each(|file| is_whole(&folder.join(file)))
}

/// The epoch that a side's vault is in, and those whose keys stand.
fn epochs(folder: &Path, side: Side) -> Result<(u64, Vec<u64>), Wrong> {
    let (vault, mut keys) = match side {
        Side::Phone => {
            let keys = SoftwareDeviceKeys::open(&folder.join("phone/keys")).map_err(|error| Wrong::new(&error))?;
            ("phone/wallet.vault", keys.epochs().map_err(|error| Wrong::new(&error))?)
        }
        Side::Gateway => {
            let custodian = FolderCustodian::open(&folder.join("gateway/keys"), Arc::new(SystemRandomness::default()))
                .map_err(|error| Wrong::new(&error))?;
            (
                "gateway/vault.sqlite",
                custodian.epochs().map_err(|error| Wrong::new(&error))?,
            )
        }
    };
    // A folder lists its files in any order.
    keys.sort_unstable();
    Ok((epoch_of(&folder.join(vault))?, keys))
}

/// The epoch that a vault's header names.
fn epoch_of(vault: &Path) -> Result<u64, Wrong> {
    let look = || {
        let database = Connection::open_with_flags(vault, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        database.query_row("SELECT epoch FROM header", [], |row| row.get::<_, i64>(0))
    };
    let epoch = look().map_err(|error| Wrong::new(&error))?;
    u64::try_from(epoch).map_err(|error| Wrong::new(&error))
}

/// What SQLite says of a file.
fn is_whole(file: &Path) -> Result<(), Wrong> {
    let look = || {
        let database = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        let broken: i64 = database.query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| row.get(0))?;
        let said: String = database.query_row("PRAGMA integrity_check", [], |row| row.get(0))?;
        Ok::<_, rusqlite::Error>((said, broken))
    };
    let (said, broken) = look().map_err(|error| Wrong::new(&error))?;
    must(said == "ok" && broken == 0, || format!("{}: {said}", file.display()))
}
