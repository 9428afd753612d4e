//! SIGKILL right before every durable or sent step of sign, charge, cancel: on either side the same end.
//!
//! The steps are counted by the preloaded kill-at library, not listed by hand: n rises by one until a run is left
//! untouched, which ends the loop by itself.

use quittance_protocol::log::VerifierKey;
use quittance_protocol::{MandateId, Receipt};
use quittance_testkit::phone_protocol::Command;
use quittance_testkit::process::Programs;
use quittance_testkit::story::{Casting, PIN, Side, Story, cny, mandate_of};
use serde_json::Value;
use std::path::Path;

/// A stage that was set once: an enrolled phone, a gateway, one offer. Every run plays on a copy.
struct Stage {
    programs: Programs,
    folder: tempfile::TempDir,
    offer: String,
}

impl Stage {
    async fn set(programs: Programs) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut story = Story::open(programs.clone(), &folder.path().join("stage"), &Casting::default(), true)
            .await
            .expect("the stage");
        story.ask(&Command::Enrol { pin: PIN.to_owned() }).await.expect("enrolled");
        let offer = story.offer().await.expect("an offer");
        story.kill(Side::Phone).await.expect("the phone leaves");
        story.kill(Side::Gateway).await.expect("the gateway leaves");
        Self { programs, folder, offer }
    }

    async fn copy(&self) -> Story {
        let run = self.folder.path().join("run");
        let _ = std::fs::remove_dir_all(&run);
        copy_folder(&self.folder.path().join("stage"), &run);
        let opened = Story::open(self.programs.clone(), &run, &Casting::default(), true).await;
        opened.unwrap_or_else(|error| {
            let log = std::fs::read_to_string(run.join("gateway.log")).unwrap_or_default();
            panic!("the copy: {error}: {}", log.lines().last().unwrap_or_default())
        })
    }
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        if entry.file_type().expect("a type").is_dir() {
            copy_folder(&entry.path(), &to.join(entry.file_name()));
        } else {
            std::fs::copy(entry.path(), to.join(entry.file_name())).expect("a copy");
        }
    }
}

/// A small generator with a fixed seed: the sample of second kills is the same in every run.
struct Seeded(u64);

impl Seeded {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// Plays the thread, reviving whoever dies, as a payer and a merchant would go on after a crash.
struct Run {
    story: Story,
    side: Side,
    /// Kills again during the recovery, at this many steps after it began.
    again: Option<u64>,
    deaths: u32,
}

impl Run {
    async fn bury_the_dead(&mut self, phone_died: bool) {
        if phone_died || self.story.gateway_has_died() {
            self.deaths += 1;
            match self.again.take() {
                Some(n) => self.story.arm(self.side, n).expect("armed again"),
                None => self.story.disarm(self.side).expect("disarmed"),
            }
        }
        // A gateway that dies while it starts is started once more, unarmed.
        if self.story.revive().await.is_err() {
            self.story.disarm(self.side).expect("disarmed");
            self.story.revive().await.expect("a gateway that starts");
        }
    }

    async fn until(&mut self, what: &str, command: &Command, done: impl Fn(&Value) -> bool) -> Value {
        let mut last = Value::Null;
        for _ in 0..20 {
            self.bury_the_dead(false).await;
            match self.story.try_ask(command).await {
                Ok(Some(reply)) => match reply.ok() {
                    Ok(value) if done(&value) => return value,
                    Ok(value) => last = value,
                    Err(error) => last = error.into(),
                },
                Ok(None) => self.bury_the_dead(true).await,
                Err(error) => last = error.to_string().into(),
            }
        }
        panic!("{what} never came to its end: {last}");
    }

    async fn charge(&mut self, mandate: MandateId) {
        for _ in 0..20 {
            self.bury_the_dead(false).await;
            let answer = self.story.charge(mandate, 3000, "ride-1", None).await;
            if answer.json.get("decision").is_some() {
                assert_eq!(decision(&answer.json), "approved", "{}", answer.text);
                return;
            }
        }
        panic!("the charge never came to its end");
    }
}

fn decision(charge: &Value) -> &str {
    charge.pointer("/decision/decision").and_then(Value::as_str).unwrap_or_default()
}

fn state_of(mandates: &Value, mandate: MandateId) -> String {
    let text = mandate.to_string();
    let found = mandates.as_array().into_iter().flatten().find(|m| m["mandate"] == text.as_str());
    found.map(|m| m["state"].as_str().unwrap_or_default().to_owned()).unwrap_or_default()
}

/// How often the public log holds each kind of entry.
async fn kinds_in_log(story: &Story) -> impl Fn(&str) -> usize + use<> {
    let checkpoint = story.http.get("/log/checkpoint").await.text;
    let size: usize = checkpoint.lines().nth(1).and_then(|n| n.parse().ok()).expect("a tree size");
    let entries = story.http.get(&format!("/log/tile/entries/000.p/{size}")).await.text;
    move |kind| entries.matches(&format!("quittance-entry/1\n{kind}\n")).count()
}

/// Plays one run and checks its end; says whether anybody died.
async fn play(stage: &Stage, side: Side, n: u64, again: Option<u64>) -> bool {
    let mut run = Run { story: stage.copy().await, side, again, deaths: 0 };
    run.story.revive().await.expect("both stand");
    run.story.arm(side, n).expect("armed");

    let sign = Command::Sign { offer: stage.offer.clone(), pin: PIN.to_owned() };
    let signed = run.until("signing", &sign, |value| mandate_of(value).is_ok()).await;
    let mandate = mandate_of(&signed).expect("a mandate");
    run.charge(mandate).await;
    let closed = |value: &Value| value["state"] == "closed";
    run.until("cancelling", &Story::cancel(mandate), closed).await;
    run.bury_the_dead(false).await;
    let died = run.deaths > 0;
    run.story.disarm(side).expect("disarmed");

    let context = format!("{side:?} killed before step {n}");
    let mandates = run.until("listing", &Command::Mandates, |_| true).await;
    assert_eq!(mandates.as_array().map(Vec::len), Some(1), "{context}: one mandate, {mandates}");
    assert_eq!(state_of(&mandates, mandate), "ended", "{context}: {mandates}");
    let ledger = run.story.ledger().await;
    assert_eq!(ledger.len(), 1, "{context}: one charge at the card network, {ledger:?}");
    let dead = run.story.charge(mandate, 1000, "ride-2", None).await;
    assert_eq!(dead.json.pointer("/decision/code").and_then(Value::as_str), Some("token_destroyed"), "{context}: {}", dead.text);
    let permit = Command::Permit { mandate, amount: cny(100).expect("money"), challenge: "till".to_owned() };
    let refused = run.story.try_ask(&permit).await.expect("a reply").expect("alive");
    assert!(refused.ok().is_err(), "{context}: a permit after the end");
    let count = kinds_in_log(&run.story).await;
    assert_eq!([count("order"), count("destroyed"), count("closure")], [1, 1, 1], "{context}: the log");
    let folder = stage.folder.path().join("export");
    run.story.ask(&Command::Export { order: None, folder: folder.clone() }).await.expect("a receipt");
    let receipt = std::fs::read(folder.join("receipt.tlog-proof")).expect("a receipt");
    let key: VerifierKey = run.story.http.get("/log/vkey").await.text.trim_end().parse().expect("a key");
    Receipt::parse(&receipt).expect("a receipt").verify(&key).unwrap_or_else(|e| panic!("{context}: {e}"));
    run.story.kill(Side::Phone).await.expect("the phone leaves");
    run.story.kill(Side::Gateway).await.expect("the gateway leaves");
    died
}

async fn every_step(side: Side) {
    let stage = Stage::set(Programs::built().expect("built")).await;
    let mut seeded = Seeded(0x5157_4954);
    let mut n = 1;
    let mut again_runs = 0;
    loop {
        let again = (seeded.below(8) == 0).then(|| 1 + seeded.below(60));
        again_runs += usize::from(again.is_some());
        if n % 50 == 0 {
            println!("{side:?}: {n} steps so far");
        }
        if !play(&stage, side, n, again).await {
            break;
        }
        n += 1;
    }
    println!("{side:?}: killed before each of {} steps, {again_runs} times once more during the recovery", n - 1);
    assert!(n > 50, "the kill-at library counted {} steps: is it loaded?", n - 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_killed_before_any_step_ends_in_the_same_state() {
    every_step(Side::Gateway).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_phone_killed_before_any_step_ends_in_the_same_state() {
    every_step(Side::Phone).await;
}
