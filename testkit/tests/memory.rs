//! What a core dump with registers gives of destroyed secrets: nothing.
#![cfg(test)]

use quittance_gateway::FolderCustodian;
use quittance_protocol::{Digest32, TokenId};
use quittance_testkit::dump::{Dump, NoDump, Place, Secret, Trace};
use quittance_testkit::phone_protocol::{Command, LookEnds};
use quittance_testkit::planted::{Bug, Change};
use quittance_testkit::process::Programs;
use quittance_testkit::skipped::not_run;
use quittance_testkit::software_keys::SoftwareDeviceKeys;
use quittance_testkit::story::{Casting, PIN, Side, Story};
use quittance_testkit::thief::{Victim, open_copy};
use quittance_vault::{RootKeys as _, SystemRandomness};
use quittance_wallet::DeviceKeys as _;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const PAYMENT_PIN: &str = "payment PIN";
const SEED: &str = "token seed";
const GATEWAY_HALF: &str = "the gateway's half";
/// What the sandbox's card network knows by its trade. It is a simulator, which stands in the gateway's process with a
/// file of its own, and reads the reference there where it is charged: outside of the sandbox it is elsewhere.
const FUNDING: &str = "funding reference";
const PHONE_ROOT: &str = "root key of the phone's vault";
const GATEWAY_ROOT: &str = "root key of the gateway's vault";
const PHONE_EPOCH_KEY: &str = "epoch key of the phone's software keystore";
const GATEWAY_EPOCH_KEY: &str = "epoch key of the gateway's custodian";

const PHONE_LOCKED: &str = "phone, locked and put away";
const GATEWAY_LOCKED: &str = "gateway, locked";
const PHONE_LOOKED: &str = "phone, behind the biometric prompt";
const PHONE_DESTROYED: &str = "phone, destroyed";
const PHONE_LEFT: &str = "phone, destroyed and put away";
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

fn secret(name: String, bytes: Vec<u8>) -> Secret {
    Secret { name, bytes }
}

/// The name of a key that is another one in each epoch.
fn of_epoch(name: &str, epoch: u64) -> String {
    format!("{name}, epoch {epoch}")
}

/// What an honest reader finds of the token while it lives, beside the PIN.
fn secrets_of_the_token(folder: &Path) -> Vec<Secret> {
    let half = |vault: PathBuf, keys: PathBuf, victim| {
        let loot = open_copy(&vault, &[keys], victim).expect("it is read");
        loot.into_iter().next().expect("a token's half")
    };
    let (phone, gateway) = (folder.join("phone"), folder.join("gateway"));
    let seed = half(phone.join("wallet.vault"), phone.join("keys"), Victim::Phone);
    let other_half = half(gateway.join("vault.sqlite"), gateway.join("keys"), Victim::Gateway);
    let token: [u8; 16] = hex::decode(&seed.token).expect("hex").try_into().expect("an id");
    let funding = format!("simulated-funding/{}", TokenId::from_bytes(token));
    let hex = |half: String| hex::decode(half).expect("hex");
    vec![
        secret(PAYMENT_PIN.to_owned(), PIN.as_bytes().to_vec()),
        secret(SEED.to_owned(), hex(seed.half)),
        secret(GATEWAY_HALF.to_owned(), hex(other_half.half)),
        secret(FUNDING.to_owned(), Digest32::of(funding.as_bytes()).as_bytes().to_vec()),
    ]
}

/// Root and epoch key of the phone's vault, and of the gateway's, as they are now.
fn keys_of_the_epochs(folder: &Path) -> [Secret; 4] {
    let (phone, gateway) = (folder.join("phone"), folder.join("gateway"));
    let keys = SoftwareDeviceKeys::open(&phone.join("keys")).expect("keys");
    let (phone_epoch, wrapped) = root_in(&phone.join("wallet.vault"));
    let phone_root = keys.unwrap(phone_epoch, wrapped).expect("today's root");
    let phone_key = std::fs::read(phone.join(format!("keys/epoch-{phone_epoch}"))).expect("today's key");
    let custodian = FolderCustodian::open(&gateway.join("keys"), Arc::new(SystemRandomness::new())).expect("keys");
    let (epoch, wrapped) = root_in(&gateway.join("vault.sqlite"));
    let gateway_root = custodian.unwrap(epoch, &wrapped).expect("today's root");
    let slot = std::fs::read(gateway.join(format!("keys/slot-{}", epoch % 2))).expect("today's slot");
    let gateway_key = slot.get(12..44).expect("mark, epoch, key").to_vec();
    [
        secret(of_epoch(PHONE_ROOT, phone_epoch), phone_root),
        secret(of_epoch(PHONE_EPOCH_KEY, phone_epoch), phone_key),
        secret(of_epoch(GATEWAY_ROOT, epoch), gateway_root.to_vec()),
        secret(of_epoch(GATEWAY_EPOCH_KEY, epoch), gateway_key),
    ]
}

fn print(who: &str, dump: &Dump, traces: &BTreeMap<Trace, usize>) {
    println!("{who}: {} bytes dumped", dump.len());
    for (trace, count) in traces {
        let how_much = if trace.is_whole { "whole" } else { "half" };
        println!("  {} ({how_much}) on {:?}: {count}", trace.name, trace.place);
    }
}

/// Why no process's memory could be looked at.
struct NotHere(String);

/// Whether a process has its vault open.
#[derive(Clone, Copy, PartialEq, Eq)]
enum VaultIs {
    Open,
    Closed,
}

/// Whoever looks at both processes again and again, for all secrets that there ever were.
struct Watch {
    folder: PathBuf,
    secrets: Vec<Secret>,
    /// The living roots of phone and gateway, which a vault that is open keeps.
    living: [String; 2],
    /// What was where it may not be, and when.
    kept: BTreeSet<(&'static str, Trace)>,
}

impl Watch {
    fn begin(folder: &Path) -> Self {
        let mut watch = Self {
            folder: folder.to_owned(),
            secrets: secrets_of_the_token(folder),
            living: Default::default(),
            kept: BTreeSet::new(),
        };
        watch.learn();
        watch
    }

    /// Reads the keys of the epochs that are now, beside those of before.
    fn learn(&mut self) {
        let keys = keys_of_the_epochs(&self.folder);
        let [phone_root, _, gateway_root, _] = &keys;
        self.living = [phone_root.name.clone(), gateway_root.name.clone()];
        for key in keys {
            if !self.secrets.iter().any(|known| known.name == key.name) {
                self.secrets.push(key);
            }
        }
    }

    /// What of the secrets stands where in a process.
    fn look(&self, who: &str, process: u32) -> Result<BTreeMap<Trace, usize>, NotHere> {
        let dump = match Dump::of(process) {
            Err(NoDump::NotHere(why)) => return Err(NotHere(why)),
            taken => taken.expect("a dump"),
        };
        let traces = dump.search(&self.secrets).expect("a dump that can be read");
        print(who, &dump, &traces);
        Ok(traces)
    }

    /// Notes what may not be there: whole secrets anywhere, halves of them on the heap. The root key of a vault that is open
    /// may.
    fn search(&mut self, when: &'static str, process: u32, vault: VaultIs) -> Result<(), NotHere> {
        self.learn();
        for trace in self.look(when, process)?.into_keys() {
            let is_forbidden = trace.is_whole || trace.place == Place::Heap;
            let is_in_use = vault == VaultIs::Open && self.living.contains(&trace.name);
            if is_forbidden && !is_in_use {
                self.kept.insert((when, trace));
            }
        }
        Ok(())
    }

    /// Whether a secret was where it may not be, of whichever epoch.
    fn has_kept(&self, when: &str, name: &str) -> bool {
        self.kept
            .iter()
            .any(|(seen, trace)| *seen == when && trace.name.starts_with(name))
    }
}

/// Has words that the phone's process was told on its standard input written over by longer ones. The phone is asked for a
/// receipt that it may not have.
async fn flood(story: &mut Story) {
    let (order, folder) = (None, "x".repeat(100_000).into());
    let asked = story.try_ask(&Command::Export { order, folder }).await;
    asked.expect("an answer");
}

/// Lets the simulated card network answer from now on, or not.
async fn network(story: &Story, outcome: &str) {
    let script = json!({ "outcome": outcome });
    let told = story.http.post("/sandbox/card-network", &script).await;
    assert_eq!(told.status, 200, "it is told");
}

/// What dumps of both processes gave.
struct Seen {
    phone_before: BTreeMap<Trace, usize>,
    gateway_before: BTreeMap<Trace, usize>,
    watch: Watch,
}

/// Signs, is charged, locks, puts the app away, shows the thumb, destroys: with dumps of both sides on the way.
async fn dumped(programs: Programs, casting: &Casting) -> Result<Seen, NotHere> {
    let folder = tempfile::tempdir().expect("a folder");
    let mut story = Story::open(programs, folder.path(), casting, false)
        .await
        .expect("both start");
    let mandate = story.enrol_and_sign().await.expect("a mandate");
    assert_eq!(story.charge(mandate, 1000, "first", None).await.status, 200);
    let mut watch = Watch::begin(folder.path());
    let (gateway, phone) = both(&story);
    let phone_before = watch.look("phone, before", phone)?;
    let gateway_before = watch.look("gateway, before", gateway)?;

    // A new process, in which the simulated network carries out no charge: what stands there of the funding reference is
    // the gateway's own, which opens it before it learns that the network is away.
    story.kill(Side::Gateway).await.expect("it is gone");
    story.revive().await.expect("it starts again");
    network(&story, "unavailable").await;
    let charged = story.charge(mandate, 1000, "second", None).await;
    assert_ne!(charged.status, 200, "it was asked for, and the network was away");
    let (gateway, _) = both(&story);

    story.ask(&Command::Lock).await.expect("locked");
    flood(&mut story).await;
    watch.search(GATEWAY_LOCKED, gateway, VaultIs::Open)?;
    story.ask(&Command::PutAway).await.expect("put away");
    watch.search(PHONE_LOCKED, phone, VaultIs::Closed)?;

    // What became of the charge is asked about by its own name, now that the mandate is held.
    network(&story, "approve").await;
    let ends = LookEnds::Recognised;
    let looked = story.ask(&Command::Look { mandate, ends }).await;
    looked.expect("the payer is recognised");
    watch.search(PHONE_LOOKED, phone, VaultIs::Open)?;

    let ended = story.ask(&Story::cancel(mandate)).await.expect("cancelled");
    assert_eq!(ended["state"], "closed");
    flood(&mut story).await;
    watch.search(PHONE_DESTROYED, phone, VaultIs::Open)?;
    watch.search(GATEWAY_DESTROYED, gateway, VaultIs::Open)?;
    story.ask(&Command::PutAway).await.expect("put away");
    watch.search(PHONE_LEFT, phone, VaultIs::Closed)?;
    Ok(Seen {
        phone_before,
        gateway_before,
        watch,
    })
}

/// The ids of both processes, the gateway's first.
fn both(story: &Story) -> (u32, u32) {
    match story.ids() {
        (Some(gateway), Some(phone)) => (gateway, phone),
        ids => panic!("both run: {ids:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dump_holds_no_secret_of_a_locked_phone_that_was_put_away_nor_of_a_destroyed_token() {
    let programs = Programs::built().expect("built");
    let seen = match dumped(programs, &Casting::default()).await {
        Ok(seen) => seen,
        Err(NotHere(why)) => return not_run(&format!("no process's memory could be looked at: {why}")),
    };
    let living = [
        (PAYMENT_PIN, &seen.phone_before),
        (PHONE_ROOT, &seen.phone_before),
        (GATEWAY_ROOT, &seen.gateway_before),
        (FUNDING, &seen.gateway_before),
    ];
    for (name, before) in living {
        assert!(
            before
                .keys()
                .any(|trace| trace.is_whole && trace.name.starts_with(name)),
            "control: the {name} is found while it is in use"
        );
    }
    let roots = seen
        .watch
        .secrets
        .iter()
        .filter(|secret| secret.name.starts_with(PHONE_ROOT));
    assert_eq!(
        roots.count(),
        3,
        "one when it was charged, one behind the prompt, one at last"
    );
    assert!(seen.watch.kept.is_empty(), "{:#?}", seen.watch.kept);
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
                file: "core/vault/src/transaction.rs",
                right: "    secret.map(Some).ok_or(VaultError::Corrupt { part: \"key tree\" })\n",
                wrong: "    std::mem::forget(secret.clone());\n    secret.map(Some).ok_or(VaultError::Corrupt { part: \"key tree\" })\n",
            },
            // What a half opens.
            Change {
                file: "gateway/src/statements/charge.rs",
                right: "    Ok(unseal(half, &consent::place(mandate.token), sealed.as_slice())?)\n",
                wrong: "    let opened = unseal(half, &consent::place(mandate.token), sealed.as_slice())?;\n    std::mem::forget(opened.clone());\n    Ok(opened)\n",
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
        Err(NotHere(why)) => return not_run(&format!("no process's memory could be looked at: {why}")),
    };
    for (when, name) in [
        (PHONE_LOCKED, SEED),
        (PHONE_LOOKED, PHONE_EPOCH_KEY),
        (PHONE_DESTROYED, SEED),
        (PHONE_DESTROYED, PHONE_EPOCH_KEY),
        (PHONE_LEFT, PHONE_EPOCH_KEY),
        (GATEWAY_LOCKED, FUNDING),
        (GATEWAY_LOCKED, GATEWAY_HALF),
        (GATEWAY_DESTROYED, FUNDING),
        (GATEWAY_DESTROYED, GATEWAY_HALF),
        (GATEWAY_DESTROYED, GATEWAY_EPOCH_KEY),
    ] {
        assert!(seen.watch.has_kept(when, name), "{when}: the {name}");
    }
}

#[test]
fn the_bug_has_its_places_to_be_planted() {
    forgets_buffers().fits().expect("each change has its place");
}
