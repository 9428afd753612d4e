//! What a core dump with registers gives of destroyed secrets: nothing.
#![cfg(test)]

use quittance_gateway::FolderCustodian;
use quittance_protocol::{Digest32, TokenId};
use quittance_testkit::dump::{Dump, Place, Secret, Trace};
use quittance_testkit::phone_protocol::Command;
use quittance_testkit::planted::{Bug, Change};
use quittance_testkit::process::Programs;
use quittance_testkit::skipped::not_run;
use quittance_testkit::software_keys::SoftwareDeviceKeys;
use quittance_testkit::story::{Casting, PIN, Story};
use quittance_testkit::thief::{Victim, open_copy};
use quittance_vault::{RootKeys as _, SystemRandomness};
use quittance_wallet::DeviceKeys as _;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

const PAYMENT_PIN: &str = "payment PIN";
const SEED: &str = "token seed";
const GATEWAY_HALF: &str = "the gateway's half";
/// What the sandbox's card network knows by its trade. It is a simulator, which stands in the gateway's process with a
/// file of its own: outside of the sandbox it is elsewhere.
const FUNDING: &str = "funding reference";
const PHONE_ROOT: &str = "root key of the phone's vault";
const GATEWAY_ROOT: &str = "root key of the gateway's vault";
const PHONE_EPOCH_KEY: &str = "epoch key of the phone's software keystore";
const GATEWAY_EPOCH_KEY: &str = "epoch key of the gateway's custodian";

const LOCKED: &str = "phone, locked";
const PHONE_DESTROYED: &str = "phone, destroyed";
const GATEWAY_DESTROYED: &str = "gateway, destroyed";

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
    let hex = |half: String| hex::decode(half).expect("hex");
    vec![
        secret(PAYMENT_PIN, PIN.as_bytes().to_vec()),
        secret(SEED, hex(seed.half)),
        secret(GATEWAY_HALF, hex(other_half.half)),
        secret(FUNDING, Digest32::of(funding.as_bytes()).as_bytes().to_vec()),
        secret(PHONE_ROOT, phone_root),
        secret(GATEWAY_ROOT, gateway_root.to_vec()),
        secret(PHONE_EPOCH_KEY, phone_key),
        secret(GATEWAY_EPOCH_KEY, gateway_key),
    ]
}

fn print(who: &str, dump: &Dump, traces: &BTreeMap<Trace, usize>) {
    println!("{who}: {} bytes dumped", dump.len());
    for (trace, count) in traces {
        let how_much = if trace.is_whole { "whole" } else { "half" };
        println!("  {} ({how_much}) on {:?}: {count}", trace.name, trace.place);
    }
}

/// Whether a trace may not be there: whole secrets nowhere, halves on no heap. What is the simulator's was there before,
/// and must not have become more.
fn is_forbidden(trace: &Trace, count: usize, before: &BTreeMap<Trace, usize>) -> bool {
    let is_the_simulators = trace.name == FUNDING && before.get(trace).is_some_and(|known| count <= *known);
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

/// What dumps of both processes gave.
struct Seen {
    phone_before: BTreeMap<Trace, usize>,
    gateway_before: BTreeMap<Trace, usize>,
    /// What may not be there, and when it was.
    kept: BTreeSet<(&'static str, Trace)>,
}

impl Seen {
    /// Whether a secret was where it may not be.
    fn has_kept(&self, when: &str, name: &str) -> bool {
        self.kept
            .iter()
            .any(|(seen, trace)| *seen == when && trace.name == name)
    }
}

/// Signs, is charged, locks, puts the app away, destroys: with a dump before and after.
///
/// # Errors
/// Where no process's memory can be looked at here.
async fn dumped(programs: Programs, casting: &Casting) -> std::io::Result<Seen> {
    let folder = tempfile::tempdir().expect("a folder");
    let mut story = Story::open(programs, folder.path(), casting, false)
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
    let phone_before = look("phone, before", phone, &secrets)?;
    let gateway_before = look("gateway, before", gateway, &secrets)?;
    let mut kept = BTreeSet::new();
    let mut keep = |when: &'static str, after: BTreeMap<Trace, usize>, before| {
        let forbidden = after
            .into_iter()
            .filter(|(trace, count)| is_forbidden(trace, *count, before));
        kept.extend(forbidden.map(|(trace, _)| (when, trace)));
    };

    story.ask(&Command::Lock).await.expect("locked");
    flood(&mut story).await;
    story.ask(&Command::PutAway).await.expect("put away");
    let locked = look(LOCKED, phone, &secrets)?;
    keep(LOCKED, locked, &phone_before);

    let ended = story.ask(&Story::cancel(mandate)).await.expect("cancelled");
    assert_eq!(ended["state"], "closed");
    flood(&mut story).await;
    let destroyed = look(PHONE_DESTROYED, phone, &secrets)?;
    keep(PHONE_DESTROYED, destroyed, &phone_before);
    let destroyed = look(GATEWAY_DESTROYED, gateway, &secrets)?;
    keep(GATEWAY_DESTROYED, destroyed, &gateway_before);
    Ok(Seen {
        phone_before,
        gateway_before,
        kept,
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dump_holds_no_secret_of_a_locked_phone_that_was_put_away_nor_of_a_destroyed_token() {
    let programs = Programs::built().expect("built");
    let seen = match dumped(programs, &Casting::default()).await {
        Ok(seen) => seen,
        Err(why) => return not_run(&format!("no process's memory could be looked at: {why}")),
    };
    let living = [
        (PAYMENT_PIN, &seen.phone_before),
        (PHONE_ROOT, &seen.phone_before),
        (GATEWAY_ROOT, &seen.gateway_before),
        (FUNDING, &seen.gateway_before),
    ];
    for (name, before) in living {
        assert!(
            before.keys().any(|trace| trace.is_whole && trace.name == name),
            "control: the {name} is found while it is in use"
        );
    }
    assert!(seen.kept.is_empty(), "{:#?}", seen.kept);
}

/// Buffers of secrets are forgotten, one of each kind, where they are let go: then neither their type nor the allocator
/// wipes them, and nothing else comes to stand there.
fn forgets_buffers() -> Bug {
    Bug {
        name: "forgotten-buffers",
        version: "0.1.4",
        changes: &[
            // What a vault gives back, such as a token's half.
            Change {
                file: "core/vault/src/secret.rs",
                right: "        self.0.as_mut_slice().zeroize();\n",
                wrong: "        std::mem::forget(std::mem::take(&mut self.0));\n        self.0.as_mut_slice().zeroize();\n",
            },
            Change {
                file: "testkit/src/software_keys.rs",
                right: ".map_err(|_| DeviceKeyError::KeyInvalidated)?;\n",
                wrong: ".map_err(|_| DeviceKeyError::KeyInvalidated)?;\n        std::mem::forget(bytes);\n",
            },
            Change {
                file: "gateway/src/custodian.rs",
                right: "Ok(page.map(Zeroizing::new).and_then(",
                wrong: "Ok(page.map(std::mem::ManuallyDrop::new).and_then(",
            },
        ],
        programs: Casting {
            gateway_program: Some("gateway-forgets-buffers"),
            phone_program: Some("phone-forgets-buffers"),
            ..Casting::default()
        },
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn control_what_is_forgotten_unwiped_is_found() {
    let bug = forgets_buffers();
    let programs = bug.plant().expect("the copy is built");
    let seen = match dumped(programs, &bug.programs).await {
        Ok(seen) => seen,
        Err(why) => return not_run(&format!("no process's memory could be looked at: {why}")),
    };
    for (when, name) in [
        (PHONE_DESTROYED, SEED),
        (PHONE_DESTROYED, PHONE_EPOCH_KEY),
        (GATEWAY_DESTROYED, GATEWAY_HALF),
        (GATEWAY_DESTROYED, GATEWAY_EPOCH_KEY),
    ] {
        assert!(seen.has_kept(when, name), "{when}: the {name}");
    }
}

#[test]
fn the_bug_has_its_places_to_be_planted() {
    forgets_buffers().fits().expect("each change has its place");
}
