//! A payer with all that can be guessed at, beside a gateway that is killed.

use crate::attacker::{Attacker, Counter};
use quittance_protocol::FlowId;
use quittance_testkit::files::{quick_folder, replace_folder};
use quittance_testkit::kill::{Fault, KillSwitch};
use quittance_testkit::phone::Phone;
use quittance_testkit::process::{GatewayProcess, GatewaySetup, Programs};
use quittance_testkit::software_keys::SoftwareDeviceKeys;
use quittance_testkit::story::{Casting, PIN, Side, Story, cny};
use quittance_wallet::ports::{Clock as _, SystemClock};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

const LOCK_PASSWORD: &str = "930517";
const DAY: i64 = 86_400;
/// The policy's zone, by seconds east of Greenwich: a day has a budget of quizzes there.
const EAST: i64 = 8 * 3_600;
/// How long a run that was begun is guessed at: its one-time code expires after five minutes, however slow the machine is.
const FRESH: Duration = Duration::from_secs(120);

/// How often the attacker heard that a guess is wrong.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Heard {
    /// Of the guess over which the gateway was killed, before that.
    pub(crate) before: u32,
    /// Of new guesses afterwards.
    pub(crate) after: u32,
    /// Of that guess, where it was not heard before: it was said again when no other was taken any more.
    pub(crate) late: u32,
}

impl Heard {
    pub(crate) fn in_all(&self) -> u32 {
        self.before + self.after + self.late
    }
}

/// Where one can guess, since when.
struct Begun {
    run: Option<FlowId>,
    at: Instant,
}

/// A payer with all that can be guessed at, and a gateway that is killed.
pub(crate) struct Siege {
    folder: tempfile::TempDir,
    pub(crate) setup: GatewaySetup,
    programs: Programs,
    switch: KillSwitch,
    attacker: Attacker,
}

impl Siege {
    pub(crate) async fn lay() -> Self {
        let programs = Programs::built().expect("built");
        // What SIGKILL leaves does not depend on what a sync is worth.
        let folder = quick_folder().expect("a folder");
        let home = folder.path().join("stage");
        let mut story = Story::open(programs.clone(), &home, &Casting::default(), false)
            .await
            .expect("the stage");
        let mandate = story.enrol_and_sign().await.expect("a mandate");
        story.kill(Side::Phone).await.expect("it leaves");
        let config = story.phone_setup().config();
        let keys = SoftwareDeviceKeys::open(&config.data.join("keys")).expect("the phone's keys");
        let phone = Phone::on(config).await.expect("it opens");
        let wallet = phone.wallet().expect("an app");
        let secret = |text: &str| Zeroizing::new(text.as_bytes().to_vec());
        let password = wallet.set_lock_password(secret(PIN), secret(LOCK_PASSWORD)).await;
        password.expect("the lock has a password");
        let account = wallet.enrolment().expect("an enrolment").expect("enrolled").account;
        let spent: Vec<_> = (1..=30)
            .map(|number| {
                let at = SystemClock.now().plus_seconds(-number * DAY);
                let amount = cny(1_000 + number).expect("an amount");
                json!({ "amount": amount, "merchant": format!("Shop {number}"), "at": at })
            })
            .collect();
        let (path, spent) = (format!("/sandbox/accounts/{account}"), json!({ "transactions": spent }));
        let told = story.http.post(&path, &spent).await;
        assert_eq!(told.status, 200, "there is something to ask about");
        // A day that ended under way would bring quizzes: this one begins now.
        let ahead = DAY - (SystemClock.now().unix() + EAST).rem_euclid(DAY);
        let moved = story
            .http
            .post("/sandbox/clock", &json!({ "advance_seconds": ahead }))
            .await;
        assert_eq!(moved.status, 200, "it is another day");
        story.kill(Side::Gateway).await.expect("it leaves");
        let mut setup = story.gateway_setup().clone();
        let attacker = Attacker::with(keys, setup.origin(), mandate, ahead);
        std::fs::rename(&setup.data, folder.path().join("laid")).expect("kept");
        setup.data = folder.path().join("gateway");
        let switch = KillSwitch::new(&folder.path().join("switch")).expect("a switch");
        Self {
            folder,
            setup,
            programs,
            switch,
            attacker,
        }
    }

    fn kept(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The gateway's files as they were.
    fn put_back(&self, name: &str) {
        replace_folder(&self.kept(name), &self.setup.data).expect("put back");
    }

    /// A new process of the gateway, on the files that stand.
    async fn started(&self) -> GatewayProcess {
        self.switch.disarm().expect("a switch");
        let library = self.programs.kill_library();
        let started = GatewayProcess::start(self.setup.clone(), Some((&self.switch, &library)));
        started.await.expect("it starts")
    }

    /// Brings the attacker to where one can guess, and keeps the gateway's files as they are then.
    async fn begun(&self, counter: Counter) -> Begun {
        self.put_back("laid");
        let gateway = self.started().await;
        let run = self.attacker.approach(counter).await;
        self.attacker.let_settle().await;
        gateway.kill().await.expect("it is gone");
        replace_folder(&self.setup.data, &self.kept("begun")).expect("kept");
        Begun {
            run,
            at: Instant::now(),
        }
    }

    /// Kills the gateway over one wrong guess, before this step of those that the fault counts: what was heard, and whether it
    /// came to the step.
    async fn killed_before(&self, step: u64, fault: Fault, counter: Counter, begun: &mut Begun) -> (Heard, bool) {
        if begun.at.elapsed() > FRESH {
            *begun = self.begun(counter).await;
        }
        let run = begun.run;
        self.put_back("begun");
        let gateway = self.started().await;
        let guess = self.attacker.guess(counter, run).await;
        self.switch.arm(step, fault).expect("armed");
        let is_heard = self.attacker.say(&guess).await;
        self.attacker.let_settle().await;
        let is_killed = self.switch.counted().expect("a switch") >= step;
        gateway.kill().await.expect("it is gone");
        assert!(is_heard || is_killed, "{counter:?}: who lives answers");

        let gateway = self.started().await;
        let after = self.attacker.use_up(counter, run).await;
        let late = !is_heard && self.attacker.say(&guess).await;
        gateway.kill().await.expect("it is gone");
        let heard = Heard {
            before: u32::from(is_heard),
            after,
            late: u32::from(late),
        };
        (heard, is_killed)
    }

    /// Kills the gateway over one wrong guess after the other, each before its next step, until one leaves it untouched; then
    /// again, each before it sends the next time. What was heard, with how many guesses went so.
    pub(crate) async fn killed_before_each_step(&self, counter: Counter) -> BTreeMap<Heard, u32> {
        let mut begun = self.begun(counter).await;
        let mut all = BTreeMap::new();
        for fault in [Fault::Kill, Fault::KillSending] {
            for step in 1.. {
                let (heard, is_killed) = self.killed_before(step, fault, counter, &mut begun).await;
                *all.entry(heard).or_default() += 1;
                if !is_killed {
                    println!("{counter:?}: {fault:?} before each of {} steps: {all:?}", step - 1);
                    break;
                }
            }
        }
        all
    }

    /// The first step before which a kill gives a guess back.
    pub(crate) async fn first_harm(&self, counter: Counter) -> Option<u64> {
        let mut begun = self.begun(counter).await;
        for step in 1.. {
            let (heard, is_killed) = self.killed_before(step, Fault::Kill, counter, &mut begun).await;
            if heard.in_all() > counter.budget() {
                return Some(step);
            }
            if !is_killed {
                break;
            }
        }
        None
    }
}
