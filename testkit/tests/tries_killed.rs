//! The biometric ladder of a phone that is killed from outside asks no more often than the day's budget.
#![cfg(test)]

use quittance_protocol::MandateId;
use quittance_testkit::files::{quick_folder, replace_folder};
use quittance_testkit::kill::{Fault, KillSwitch};
use quittance_testkit::phone::{Phone, PhoneConfig};
use quittance_testkit::phone_protocol::{Command, LookEnds, Reply};
use quittance_testkit::process::{PhoneProcess, PhoneSetup, Programs};
use quittance_testkit::scripted_prompt::FAILURES_A_DAY;
use quittance_testkit::story::{Casting, Side, Story};
use quittance_wallet::ports::{Clock as _, SystemClock};
use std::path::PathBuf;

/// A phone at whose biometric prompt nobody is recognised, with its files and its keystore in folders.
struct Siege {
    folder: tempfile::TempDir,
    setup: PhoneSetup,
    programs: Programs,
    switch: KillSwitch,
    mandate: MandateId,
}

impl Siege {
    /// The payer began to stop a permission. The gateway is away: the phone counts by itself. From here on its clock stands: a
    /// day that ends would give its tries back.
    async fn lay() -> Self {
        let programs = Programs::built().expect("built");
        // What SIGKILL leaves does not depend on what a sync is worth.
        let folder = quick_folder().expect("a folder");
        let home = folder.path().join("stage");
        let mut story = Story::open(programs.clone(), &home, &Casting::default(), false)
            .await
            .expect("the stage");
        let mandate = story.enrol_and_sign().await.expect("a mandate");
        for side in [Side::Gateway, Side::Phone] {
            story.kill(side).await.expect("it leaves");
        }
        let mut setup = story.phone_setup().clone();
        let now = SystemClock.now();
        setup.arguments.extend(["--standing-at".to_owned(), now.to_string()]);
        let config = PhoneConfig {
            standing_at: Some(now),
            ..setup.config()
        };
        let phone = Phone::on(config).await.expect("it opens");
        let wallet = phone.wallet().expect("an app");
        wallet.start_revoke(&[mandate]).await.expect("it begins");
        drop(phone);
        std::fs::rename(&setup.data, folder.path().join("begun")).expect("kept");
        setup.data = folder.path().join("phone");
        let switch = KillSwitch::new(&folder.path().join("switch")).expect("a switch");
        let siege = Self {
            folder,
            setup,
            programs,
            switch,
            mandate,
        };
        siege.put_back("begun");
        siege
    }

    fn kept(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Files and keystore as they were.
    fn put_back(&self, name: &str) {
        replace_folder(&self.kept(name), &self.setup.data).expect("put back");
    }

    /// Keeps files and keystore as they are, while no process has them open.
    fn keep(&self, name: &str) {
        replace_folder(&self.setup.data, &self.kept(name)).expect("kept");
    }

    /// A new process of the phone, when it is open.
    async fn started(&self) -> PhoneProcess {
        self.switch.disarm().expect("a switch");
        let library = self.programs.kill_library();
        let phone = PhoneProcess::start(self.setup.clone(), Some((&self.switch, &library)));
        let mut phone = phone.expect("it starts");
        asked(&mut phone, &Command::Mandates).await.expect("it lives");
        phone
    }

    fn look(&self, ends: LookEnds) -> Command {
        Command::Look {
            mandate: self.mandate,
            ends,
        }
    }

    /// SIGKILL while the prompt is on the screen; whether one came up.
    async fn is_killed_while_looking(&self) -> bool {
        let mut phone = self.started().await;
        let look = self.look(LookEnds::Never);
        let is_shown = phone.ask_until_shown(&look).await.expect("it is told");
        phone.kill().await.expect("it is killed");
        is_shown
    }

    /// How often the payer is shown the prompt yet, until the ladder goes on.
    async fn looks_left(&self) -> u32 {
        let mut phone = self.started().await;
        let look = self.look(LookEnds::NotRecognised);
        for _ in 0..3 * FAILURES_A_DAY {
            if asked(&mut phone, &look).await.expect("it lives")["again"] == false {
                break;
            }
        }
        let shown = phone.shown();
        phone.kill().await.expect("it is killed");
        shown
    }

    /// Kills one look of a fresh day after the other, each before its next step, until one comes to its end. How often the
    /// prompt was shown until the kill, and how often at last; looks that went alike, one after the other, are told once.
    async fn killed_before_each_step(&self, ends: LookEnds) -> Vec<(u32, u32)> {
        let mut looks = Vec::new();
        for step in 1.. {
            self.put_back("begun");
            let mut phone = self.started().await;
            self.switch.arm(step, Fault::Kill).expect("armed");
            let has_ended = asked(&mut phone, &self.look(ends)).await.is_some();
            let shown = phone.shown();
            phone.kill().await.expect("it is gone");
            looks.push((shown, shown + self.looks_left().await));
            if has_ended {
                println!("{ends:?}: killed before each of {} steps", step - 1);
                break;
            }
        }
        looks.dedup();
        looks
    }
}

/// The answer that must be a good one; nothing where the process died over it.
async fn asked(phone: &mut PhoneProcess, command: &Command) -> Option<serde_json::Value> {
    let reply = phone.ask(command).await.expect("a reply");
    reply.map(|reply| Reply::ok(reply).expect("done"))
}

//
#[tokio::test(flavor = "multi_thread")]
async fn a_phone_that_is_killed_at_each_prompt_shows_no_more_than_four_a_day() {
    let siege = Siege::lay().await;
    let mut shown = 0;
    for _ in 0..3 * FAILURES_A_DAY {
        shown += u32::from(siege.is_killed_while_looking().await);
    }
    assert_eq!(shown, FAILURES_A_DAY);
    assert_eq!(siege.looks_left().await, 0, "the ladder goes on");

    // Control: what a phone leaves that counts once the prompt has ended, which is what stood before it.
    siege.put_back("begun");
    let mut shown = 0;
    for _ in 0..3 * FAILURES_A_DAY {
        siege.keep("before");
        shown += u32::from(siege.is_killed_while_looking().await);
        siege.put_back("before");
    }
    assert_eq!(shown, 3 * FAILURES_A_DAY, "it would be seen");
}

//
#[tokio::test(flavor = "multi_thread")]
async fn a_try_that_was_spent_stays_spent_wherever_the_phone_is_killed() {
    let siege = Siege::lay().await;
    // A kill before the try is spent costs none; one before the prompt costs a try that nobody saw; every later one costs the
    // try that was seen.
    let not_recognised = [(0, FAILURES_A_DAY), (0, FAILURES_A_DAY - 1), (1, FAILURES_A_DAY)];
    assert_eq!(
        siege.killed_before_each_step(LookEnds::NotRecognised).await,
        not_recognised
    );
    // Control: a try comes back, and is seen to, once it is written that nobody failed.
    let dismissed = [not_recognised.as_slice(), &[(1, FAILURES_A_DAY + 1)]].concat();
    assert_eq!(siege.killed_before_each_step(LookEnds::Dismissed).await, dismissed);
}
