//! One run: the whole thread on a copy of the stage, reviving whoever dies, then a look at what is left.

use quittance_protocol::log::VerifierKey;
use quittance_protocol::{MandateId, Receipt};
use quittance_testkit::phone_protocol::Command;
use quittance_testkit::process::Programs;
use quittance_testkit::story::{Casting, PIN, Side, Story, cny, mandate_of};
use serde_json::Value;
use std::path::Path;

/// From where on the steps are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    /// Sign, charge, cancel.
    All,
    /// Cancel alone.
    Cancel,
}

/// A stage that was set once: an enrolled phone, a gateway, one offer. Every run plays on a copy.
pub(crate) struct Stage {
    programs: Programs,
    casting: Casting,
    folder: tempfile::TempDir,
    offer: String,
}

impl Stage {
    /// Sets it with honest programs.
    pub(crate) async fn set(programs: Programs) -> Self {
        let casting = Casting::default();
        let folder = tempfile::tempdir().expect("a folder");
        let stage = folder.path().join("stage");
        let mut story = Story::open(programs.clone(), &stage, &casting, true)
            .await
            .expect("the stage");
        story
            .ask(&Command::Enrol { pin: PIN.to_owned() })
            .await
            .expect("enrolled");
        let offer = story.offer().await.expect("an offer");
        leave(&mut story).await;
        Self {
            programs,
            casting,
            folder,
            offer,
        }
    }

    /// The same stage, played on by other programs.
    pub(crate) fn played_by(self, casting: Casting) -> Self {
        Self { casting, ..self }
    }

    async fn copy(&self) -> Story {
        let run = self.folder.path().join("run");
        let _ = std::fs::remove_dir_all(&run);
        copy_folder(&self.folder.path().join("stage"), &run);
        let opened = Story::open(self.programs.clone(), &run, &self.casting, true).await;
        opened.unwrap_or_else(|error| {
            let log = std::fs::read_to_string(run.join("gateway.log")).unwrap_or_default();
            panic!("the copy: {error}: {}", log.lines().last().unwrap_or_default())
        })
    }
}

async fn leave(story: &mut Story) {
    story.kill(Side::Phone).await.expect("the phone leaves");
    story.kill(Side::Gateway).await.expect("the gateway leaves");
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

/// How often payer and merchant try again. Generous, since a refusal comes back at once and a machine may be busy.
const TRIES: usize = 200;

/// Payer and merchant, who go on after every crash.
struct Run {
    story: Story,
    side: Side,
    /// Kills again during the recovery, at this many steps after it began.
    again: Option<u64>,
    deaths: u32,
}

impl Run {
    /// Starts whoever is dead. After a death the switch is armed for the recovery, from its first step on, or disarmed.
    async fn revive(&mut self) {
        self.story.bury().await;
        if self.story.deaths() > self.deaths {
            self.deaths = self.story.deaths();
            match self.again.take() {
                Some(n) => self.story.arm(self.side, n).expect("armed again"),
                None => self.story.disarm(self.side).expect("disarmed"),
            }
        }
        if self.story.revive().await.is_err() {
            // Died while it started, by the second kill: once more, unarmed.
            self.story.disarm(self.side).expect("disarmed");
            self.story.revive().await.expect("both start");
        }
    }

    async fn until(&mut self, what: &str, command: &Command, done: impl Fn(&Value) -> bool) -> Value {
        let mut last = Value::Null;
        for _ in 0..TRIES {
            self.revive().await;
            match self.story.try_ask(command).await {
                Ok(Some(reply)) => match reply.ok() {
                    Ok(value) if done(&value) => return value,
                    Ok(value) => last = value,
                    Err(error) => last = error.into(),
                },
                Ok(None) => last = "the phone died".into(),
                Err(error) => last = error.to_string().into(),
            }
        }
        panic!("{what} never came to its end: {last}");
    }

    async fn charge(&mut self, mandate: MandateId) {
        let mut last = String::new();
        for _ in 0..TRIES {
            self.revive().await;
            let answer = self.story.charge(mandate, 3000, "ride-1", None).await;
            if let Some(decision) = answer.json.pointer("/decision/decision") {
                assert_eq!(
                    decision, "approved",
                    "the charge never came to its end: {}",
                    answer.text
                );
                return;
            }
            last = answer.text;
        }
        panic!("the charge never came to its end: {last}");
    }
}

/// How often the public log holds each kind of entry.
async fn kinds_in_log(story: &Story) -> impl Fn(&str) -> usize + use<> {
    let checkpoint = story.http.get("/log/checkpoint").await.text;
    let size: usize = checkpoint
        .lines()
        .nth(1)
        .and_then(|n| n.parse().ok())
        .expect("a tree size");
    let entries = story.http.get(&format!("/log/tile/entries/000.p/{size}")).await.text;
    move |kind| entries.matches(&format!("quittance-entry/1\n{kind}\n")).count()
}

/// Plays one run, the armed side dying before its n-th step; checks the end. Says whether anybody died.
pub(crate) async fn play(stage: &Stage, side: Side, act: Act, n: u64, again: Option<u64>) -> bool {
    let mut run = Run {
        story: stage.copy().await,
        side,
        again,
        deaths: 0,
    };
    run.revive().await;
    if act == Act::All {
        run.story.arm(side, n).expect("armed");
    }
    let sign = Command::Sign {
        offer: stage.offer.clone(),
        pin: PIN.to_owned(),
    };
    let signed = run.until("signing", &sign, |value| mandate_of(value).is_ok()).await;
    let mandate = mandate_of(&signed).expect("a mandate");
    run.charge(mandate).await;
    if act == Act::Cancel {
        run.story.arm(side, n).expect("armed");
    }
    run.until("cancelling", &Story::cancel(mandate), |value| {
        value["state"] == "closed"
    })
    .await;
    run.story.disarm(side).expect("disarmed");
    run.again = None;
    // A gateway that dies with its last answer is noticed here, and counted.
    let mut tries = 0;
    while run.story.http.get("/log/checkpoint").await.status != 200 {
        run.revive().await;
        tries += 1;
        assert!(tries < 1000, "the gateway does not answer");
    }
    let died = run.deaths > 0;
    look_at_the_end(&mut run, stage, mandate, &format!("{side:?} killed before step {n}")).await;
    leave(&mut run.story).await;
    died
}

/// One mandate, ended; one charge; nothing lost, nothing resurrected; one order, proved.
async fn look_at_the_end(run: &mut Run, stage: &Stage, mandate: MandateId, context: &str) {
    let mandates = run.until("listing", &Command::Mandates, |_| true).await;
    assert_eq!(
        mandates.as_array().map(Vec::len),
        Some(1),
        "{context}: one mandate, {mandates}"
    );
    assert_eq!(mandates[0]["mandate"], mandate.to_string().as_str(), "{context}");
    assert_eq!(mandates[0]["state"], "ended", "{context}: {mandates}");
    let ledger = run.story.ledger().await;
    assert_eq!(ledger.len(), 1, "{context}: one charge at the card network, {ledger:?}");
    let dead = run.story.charge(mandate, 1000, "ride-2", None).await;
    let code = dead.json.pointer("/decision/code").and_then(Value::as_str);
    assert_eq!(code, Some("token_destroyed"), "{context}: {}", dead.text);
    let permit = Command::Permit {
        mandate,
        amount: cny(100).expect("money"),
        challenge: "till".to_owned(),
    };
    let refused = run.story.try_ask(&permit).await.expect("a reply").expect("alive");
    assert!(refused.ok().is_err(), "{context}: a permit after the end");
    let count = kinds_in_log(&run.story).await;
    assert_eq!(
        [count("order"), count("destroyed"), count("closure")],
        [1, 1, 1],
        "{context}: the log"
    );
    let folder = stage.folder.path().join("export");
    run.story
        .ask(&Command::Export {
            order: None,
            folder: folder.clone(),
        })
        .await
        .expect("a receipt");
    let receipt = std::fs::read(folder.join("receipt.tlog-proof")).expect("a receipt");
    let key: VerifierKey = run
        .story
        .http
        .get("/log/vkey")
        .await
        .text
        .trim_end()
        .parse()
        .expect("a key");
    let receipt = Receipt::parse(&receipt).expect("a receipt");
    receipt
        .verify(&key)
        .unwrap_or_else(|error| panic!("{context}: {error}"));
}
