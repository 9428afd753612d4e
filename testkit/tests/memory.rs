//! What a core dump with registers gives of destroyed secrets: nothing.
#![cfg(test)]

use quittance_gateway::FolderCustodian;
use quittance_protocol::{Digest32, TokenId};
use quittance_testkit::dump::{Dump, Place, Secret, Trace};
use quittance_testkit::phone_protocol::Command;
use quittance_testkit::process::Programs;
use quittance_testkit::skipped::not_run;
use quittance_testkit::software_keys::SoftwareDeviceKeys;
use quittance_testkit::story::{Casting, PIN, Story};
use quittance_testkit::thief::{Victim, open_copy};
use quittance_vault::{RootKeys as _, SystemRandomness};
use quittance_wallet::DeviceKeys as _;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// The epoch of a vault, with its root key as it stands wrapped in the file.
fn root_in(vault: &Path) -> (u64, Vec<u8>) {
    let folder = tempfile::tempdir().expect("a folder");
    let copy = folder.path().join("copy");
    for suffix in ["", "-wal"] {
        let from = format!("{}{suffix}", vault.display());
        std::fs::copy(from, format!("{}{suffix}", copy.display())).expect("copied");
    }
    let file = rusqlite::Connection::open(copy).expect("a vault");
    let row = file.query_row("SELECT epoch, root FROM header", [], |row| {
        Ok((row.get::<_, i64>(0)?, row.get(1)?))
    });
    let (epoch, root) = row.expect("a header");
    (epoch.unsigned_abs(), root)
}

/// What an honest reader finds in both vaults while a token lives.
fn secrets_of(folder: &Path) -> Vec<Secret> {
    let secret = |name: &str, bytes: Vec<u8>| Secret {
        name: name.to_owned(),
        bytes,
    };
    let (phone, gateway) = (folder.join("phone"), folder.join("gateway"));
    let (phone_vault, gateway_vault) = (phone.join("wallet.vault"), gateway.join("vault.sqlite"));
    let half = |vault: &Path, keys: &Path, victim| {
        let loot = open_copy(vault, &[keys.to_owned()], victim).expect("it is read");
        loot.into_iter().next().expect("a token's half")
    };
    let seed = half(&phone_vault, &phone.join("keys"), Victim::Phone);
    let other_half = half(&gateway_vault, &gateway.join("keys"), Victim::Gateway);
    let token: [u8; 16] = hex::decode(&seed.token).expect("hex").try_into().expect("an id");
    let funding = format!("simulated-funding/{}", TokenId::from_bytes(token));
    let keys = SoftwareDeviceKeys::open(&phone.join("keys")).expect("keys");
    let (epoch, wrapped) = root_in(&phone_vault);
    let phone_root = keys.unwrap(epoch, wrapped).expect("today's root");
    let phone_key = std::fs::read(phone.join(format!("keys/epoch-{epoch}"))).expect("today's key");
    let custodian = FolderCustodian::open(&gateway.join("keys"), Arc::new(SystemRandomness::new())).expect("keys");
    let (epoch, wrapped) = root_in(&gateway_vault);
    let gateway_root = custodian.unwrap(epoch, &wrapped).expect("today's root");
    let slot = std::fs::read(gateway.join(format!("keys/slot-{}", epoch % 2))).expect("today's slot");
    let gateway_key = slot.get(12..44).expect("mark, epoch, key").to_vec();
    vec![
        secret("payment PIN", PIN.as_bytes().to_vec()),
        secret("token seed", hex::decode(seed.half).expect("hex")),
        secret("the gateway's half", hex::decode(other_half.half).expect("hex")),
        secret(
            "funding reference",
            Digest32::of(funding.as_bytes()).as_bytes().to_vec(),
        ),
        secret("root key of the phone's vault", phone_root),
        secret("root key of the gateway's vault", gateway_root.to_vec()),
        secret("epoch key of the phone's software keystore", phone_key),
        secret("epoch key of the gateway's custodian", gateway_key),
    ]
}

fn print(who: &str, dump: &Dump, traces: &BTreeMap<Trace, usize>) {
    println!("{who}: {} bytes dumped", dump.len());
    for (trace, count) in traces {
        let how_much = if trace.is_whole { "whole" } else { "half" };
        println!("  {} ({how_much}) on {:?}: {count}", trace.name, trace.place);
    }
}

/// What the sandbox's card network knows by its trade. It is a simulator, which stands in the gateway's process with a
/// file of its own: outside of the sandbox it is elsewhere.
const OF_THE_SIMULATOR: &str = "funding reference";

/// Whether a trace may not be there: whole secrets nowhere, halves on no heap. What is the simulator's was there before,
/// and must not have become more.
fn is_forbidden(trace: &Trace, count: usize, before: &BTreeMap<Trace, usize>) -> bool {
    let is_the_simulators = trace.name == OF_THE_SIMULATOR && before.get(trace).is_some_and(|known| count <= *known);
    (trace.is_whole || trace.place == Place::Heap) && !is_the_simulators
}

/// Looks at a process: what of the secrets stands where.
fn look(who: &str, process: u32, secrets: &[Secret]) -> std::io::Result<BTreeMap<Trace, usize>> {
    let dump = Dump::of(process)?;
    let traces = dump.search(secrets)?;
    print(who, &dump, &traces);
    Ok(traces)
}

/// Has words that the phone's process was told on its standard input written over by longer ones. The phone is asked for a
/// receipt that it may not have.
async fn flood(story: &mut Story) {
    let (order, folder) = (None, "x".repeat(100_000).into());
    let asked = story.try_ask(&Command::Export { order, folder }).await;
    asked.expect("an answer");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dump_holds_no_secret_of_a_locked_phone_that_was_put_away_nor_of_a_destroyed_token() {
    let folder = tempfile::tempdir().expect("a folder");
    let programs = Programs::built().expect("built");
    let mut story = Story::open(programs, folder.path(), &Casting::default(), false)
        .await
        .expect("both start");
    let enrol = Command::Enrol { pin: PIN.to_owned() };
    story.ask(&enrol).await.expect("enrolled");
    let offer = story.offer().await.expect("an offer");
    let mandate = story.sign(&offer).await.expect("a mandate");
    assert_eq!(story.charge(mandate, 1000, "first", None).await.status, 200);
    let secrets = secrets_of(folder.path());
    let (Some(gateway), Some(phone)) = story.ids() else {
        panic!("both run")
    };
    let phone_before = match look("phone, before", phone, &secrets) {
        Ok(traces) => traces,
        Err(why) => return not_run(&format!("no process's memory could be looked at: {why}")),
    };
    let gateway_before = look("gateway, before", gateway, &secrets).expect("a dump");
    let living = [
        ("payment PIN", &phone_before),
        ("root key of the phone's vault", &phone_before),
        ("root key of the gateway's vault", &gateway_before),
        (OF_THE_SIMULATOR, &gateway_before),
    ];
    for (name, before) in living {
        assert!(
            before.keys().any(|trace| trace.is_whole && trace.name == name),
            "control: the {name} is found while it is in use"
        );
    }
    let mut kept = Vec::new();
    let mut keep = |who: &'static str, after: BTreeMap<Trace, usize>, before| {
        let forbidden = after
            .into_iter()
            .filter(|(trace, count)| is_forbidden(trace, *count, before));
        kept.extend(forbidden.map(|(trace, _)| (who, trace)));
    };

    story.ask(&Command::Lock).await.expect("locked");
    flood(&mut story).await;
    story.ask(&Command::PutAway).await.expect("put away");
    let locked = look("phone, locked", phone, &secrets).expect("a dump");
    keep("phone, locked", locked, &phone_before);

    let ended = story.ask(&Story::cancel(mandate)).await.expect("cancelled");
    assert_eq!(ended["state"], "closed");
    flood(&mut story).await;
    let destroyed = look("phone, destroyed", phone, &secrets).expect("a dump");
    keep("phone, destroyed", destroyed, &phone_before);
    let destroyed = look("gateway, destroyed", gateway, &secrets).expect("a dump");
    keep("gateway, destroyed", destroyed, &gateway_before);
    assert!(kept.is_empty(), "{kept:#?}");
}
