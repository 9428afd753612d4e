//! A guess that a gateway has counted stays counted, wherever it is killed before it answers.
//!
//! Somebody who has the phone's keys says statements by hand, so that one guess is what the gateway counts, no more.
#![cfg(test)]

use quittance_flows::Policy;
use quittance_flows::policy::DEFAULT_BUNDLE;
use quittance_protocol::flow_event::{FlowStart, Wish};
use quittance_protocol::statement::{
    AnswerFlow, Entry, Limits, Lock, OneTimeCode, PinStart, Session, StartFlow, StepAnswer, operation_digest,
};
use quittance_protocol::{
    B64, Claims, Digest32, FlowId, MandateId, PublicKey, Statement, StatementId, Timestamp, Unsigned, pin,
};
use quittance_testkit::files::{copy_folder, quick_folder};
use quittance_testkit::http::Http;
use quittance_testkit::kill::{Fault, KillSwitch};
use quittance_testkit::phone::Phone;
use quittance_testkit::phone_protocol::Command;
use quittance_testkit::planted::{ANSWERS_BEFORE_COMMIT, Bug, Change};
use quittance_testkit::process::{GatewayProcess, GatewaySetup, Programs};
use quittance_testkit::software_keys::SoftwareDeviceKeys;
use quittance_testkit::story::{Casting, PIN, Side, Story, cny};
use quittance_wallet::ports::{Clock as _, DeviceKeys as _, KeyAlias, SystemClock};
use serde_json::json;
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use zeroize::Zeroizing;

const LOCK_PASSWORD: &str = "930517";
const WRONG: &str = "000000";
const DAY: i64 = 86_400;
/// Numbers that no statement of the wallet has come to.
const FIRST_NUMBER: u64 = 1 << 32;

/// What is guessed at, with a counter of its own at the gateway.
#[derive(Debug, Clone, Copy)]
enum Counter {
    PaymentPin,
    LockPassword,
    OneTimeCode,
    Quiz,
}

impl Counter {
    const ALL: [Self; 4] = [Self::PaymentPin, Self::LockPassword, Self::OneTimeCode, Self::Quiz];

    /// How many guesses the policy allows.
    fn budget(self) -> u32 {
        let policy = Policy::load(DEFAULT_BUNDLE).expect("the shipped policy");
        let quantity = |name| policy.quantity(name).expect("a value").trunc();
        match self {
            Self::PaymentPin => policy.secrets.payment_pin.max_attempts,
            Self::LockPassword => policy.safety_lock.max_attempts,
            Self::OneTimeCode => u32::try_from(quantity("otp.max_attempts")).expect("small"),
            Self::Quiz => u32::try_from(quantity("recovery.transaction_quiz.per_day")).expect("small"),
        }
    }
}

/// Whoever has the phone's keys, with neither PIN nor password nor code.
struct Attacker {
    keys: SoftwareDeviceKeys,
    key: PublicKey,
    origin: String,
    mandate: MandateId,
    number: Cell<u64>,
}

/// Statements of one guess, in their order; it was evaluated when the last one is answered.
type Guess = Vec<String>;

impl Attacker {
    /// Signs a statement of the phone under its next number.
    fn sign<T: Statement>(&self, body: &T) -> String {
        let number = self.number.replace(self.number.get() + 1);
        let claims = Claims {
            aud: self.origin.clone(),
            iat: now(),
            jti: StatementId::from_bytes(random_id()),
            seq: Some(number),
        };
        let unsigned = Unsigned::new(&self.key.thumbprint(), &claims, body).expect("a statement");
        let signature = self.keys.sign_after_prompt(KeyAlias::Device, unsigned.signing_input());
        unsigned
            .with_der_signature(&signature.expect("a signature"))
            .expect("in DER")
    }

    /// Says statements one after the other, until one is not taken; whether all were.
    async fn say(&self, statements: &[String]) -> bool {
        // A connection of its own: one that was used before could die unused.
        let http = Http::new(&self.origin);
        for statement in statements {
            let answer = http.statement(statement).await;
            if answer.status != 200 || answer.text.is_empty() {
                return false;
            }
        }
        true
    }

    /// Lets the gateway do what it does after an answer: that is done when the next statement is answered.
    async fn let_settle(&self) {
        self.say(&[self.sign(&Session {})]).await;
    }

    /// The start of a run, under a fresh nonce.
    async fn start(&self, definition: &str, mandates: &[MandateId], wish: Option<Wish>) -> StartFlow {
        let nonce = Http::new(&self.origin).get("/v1/nonce").await.json["nonce"].clone();
        let nonce: B64 = serde_json::from_value(nonce).expect("a nonce");
        let details = match &wish {
            Some(wish) => Wish::digest(Some(wish)).expect("a wish"),
            None => Digest32::of(b""),
        };
        let start = FlowStart {
            flow: FlowId::from_bytes(random_id()),
            definition: definition.to_owned(),
            policy_version: 1,
            mandates: mandates.to_vec(),
            wish,
            operation: operation_digest(definition, mandates, &details),
            nonce,
        };
        StartFlow { start }
    }

    fn answer(&self, flow: FlowId, step: &str, answer: StepAnswer) -> String {
        let step = step.to_owned();
        self.sign(&AnswerFlow { flow, step, answer })
    }

    /// Comes to where one can guess: the run, but for a quiz, where each guess has a run of its own.
    async fn approach(&self, counter: Counter) -> Option<FlowId> {
        let start = match counter {
            Counter::PaymentPin => self.start("lock.set_password", &[], None).await,
            Counter::LockPassword => {
                let lock = self.sign(&Lock { other_devices: false });
                assert!(self.say(&[lock]).await, "locked");
                self.start("lock.release", &[], None).await
            }
            Counter::OneTimeCode => {
                let amount = |minor| cny(minor).expect("an amount");
                let limits = Limits::new(amount(4_000), amount(20_000), 30);
                let wish = Some(Wish::Limits { limits });
                self.start("mandate.change_limits", &[self.mandate], wish).await
            }
            Counter::Quiz => return None,
        };
        let flow = start.start.flow;
        let mut steps = vec![self.sign(&start)];
        if let Counter::OneTimeCode = counter {
            let shown = Digest32::of(b"shown");
            steps.push(self.answer(flow, "confirm", StepAnswer::Confirmed { shown }));
        }
        assert!(self.say(&steps).await, "{counter:?}: one can guess");
        Some(flow)
    }

    /// A wrong guess, signed and not said.
    async fn guess(&self, counter: Counter, run: Option<FlowId>) -> Guess {
        match (counter, run) {
            (Counter::PaymentPin, Some(flow)) => vec![self.guess_at_a_secret(flow, "payment_pin")],
            (Counter::LockPassword, Some(flow)) => vec![self.guess_at_a_secret(flow, "lock_password")],
            (Counter::OneTimeCode, Some(flow)) => {
                let code = OneTimeCode(WRONG.to_owned());
                vec![self.answer(flow, "dynamic_passcode", StepAnswer::Code { code })]
            }
            (Counter::Quiz, _) => {
                let start = self.start("recovery.transaction_quiz", &[], None).await;
                let amounts = StepAnswer::entered([9; 32], vec![Entry("1.00".to_owned()); 3]);
                let answer = self.answer(start.start.flow, "amounts", amounts);
                vec![self.sign(&start), answer]
            }
            (_, None) => panic!("{counter:?} is guessed at in a run"),
        }
    }

    /// The first message of a secret's check, whose answer says whether it was right.
    fn guess_at_a_secret(&self, flow: FlowId, step: &str) -> String {
        let begun = pin::client_login_start(WRONG.as_bytes(), &mut rand_core::OsRng);
        let (_state, message) = begun.expect("a message");
        self.sign(&PinStart {
            flow,
            step: step.to_owned(),
            message: B64::new(message),
        })
    }

    /// Makes new guesses until one is not evaluated; how many were.
    async fn use_up(&self, counter: Counter, run: Option<FlowId>) -> u32 {
        let mut evaluated = 0;
        while evaluated < 3 * counter.budget() {
            let guess = self.guess(counter, run).await;
            if !self.say(&guess).await {
                break;
            }
            evaluated += 1;
        }
        evaluated
    }
}

fn now() -> Timestamp {
    SystemClock.now()
}

fn random_id() -> [u8; 16] {
    fastrand::u128(..).to_be_bytes()
}

/// How often the attacker heard that a guess is wrong.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Heard {
    /// Of the guess over which the gateway was killed, before that.
    before: u32,
    /// Of new guesses afterwards.
    after: u32,
    /// Of that guess, where it was not heard before: it was said again when no other was taken any more.
    late: u32,
}

impl Heard {
    fn in_all(&self) -> u32 {
        self.before + self.after + self.late
    }
}

/// A payer with all that can be guessed at, and a gateway that is killed.
struct Siege {
    folder: tempfile::TempDir,
    setup: GatewaySetup,
    programs: Programs,
    switch: KillSwitch,
    attacker: Attacker,
}

impl Siege {
    async fn lay() -> Self {
        let programs = Programs::built().expect("built");
        // What SIGKILL leaves does not depend on what a sync is worth.
        let folder = quick_folder().expect("a folder");
        let home = folder.path().join("stage");
        let mut story = Story::open(programs.clone(), &home, &Casting::default(), false)
            .await
            .expect("the stage");
        let enrol = Command::Enrol { pin: PIN.to_owned() };
        story.ask(&enrol).await.expect("enrolled");
        let offer = story.offer().await.expect("an offer");
        let mandate = story.sign(&offer).await.expect("a mandate");
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
                let at = now().plus_seconds(-number * DAY);
                let amount = cny(1_000 + number).expect("an amount");
                json!({ "amount": amount, "merchant": format!("Shop {number}"), "at": at })
            })
            .collect();
        let (path, spent) = (format!("/sandbox/accounts/{account}"), json!({ "transactions": spent }));
        let told = story.http.post(&path, &spent).await;
        assert_eq!(told.status, 200, "there is something to ask about");
        story.kill(Side::Gateway).await.expect("it leaves");
        let mut setup = story.gateway_setup().clone();
        let key = keys.public_key(KeyAlias::Device).expect("keys").expect("a key");
        let attacker = Attacker {
            keys,
            key: PublicKey::p256_from_sec1(&key).expect("a key"),
            origin: setup.origin(),
            mandate,
            number: Cell::new(FIRST_NUMBER),
        };
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
        let _none = std::fs::remove_dir_all(&self.setup.data);
        copy_folder(&self.kept(name), &self.setup.data).expect("put back");
    }

    /// A new process of the gateway, on the files that stand.
    async fn started(&self) -> GatewayProcess {
        self.switch.disarm().expect("a switch");
        let library = self.programs.kill_library();
        let started = GatewayProcess::start(self.setup.clone(), Some((&self.switch, &library)));
        started.await.expect("it starts")
    }

    /// Brings the attacker to where one can guess, and keeps the gateway's files as they are then.
    async fn begun(&self, counter: Counter) -> Option<FlowId> {
        self.put_back("laid");
        let gateway = self.started().await;
        let run = self.attacker.approach(counter).await;
        self.attacker.let_settle().await;
        gateway.kill().await.expect("it is gone");
        let _none = std::fs::remove_dir_all(self.kept("begun"));
        copy_folder(&self.setup.data, &self.kept("begun")).expect("kept");
        run
    }

    /// Kills the gateway over one wrong guess, before this step; what was heard then, and whether it had
    /// that many.
    async fn killed_before(&self, step: u64, counter: Counter, run: Option<FlowId>) -> (Heard, bool) {
        self.put_back("begun");
        let gateway = self.started().await;
        let guess = self.attacker.guess(counter, run).await;
        self.switch.arm(step, Fault::Kill).expect("armed");
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

    /// Kills the gateway over one wrong guess after the other, each before its next step, until one leaves it untouched: what
    /// was heard, with how many guesses went so. A request comes in one piece or in two, so that the same step is not the same
    /// moment in each.
    async fn killed_before_each_step(&self, counter: Counter) -> BTreeMap<Heard, u32> {
        let run = self.begun(counter).await;
        let mut all = BTreeMap::new();
        for step in 1.. {
            let (heard, is_killed) = self.killed_before(step, counter, run).await;
            *all.entry(heard).or_default() += 1;
            if !is_killed {
                println!("{counter:?}: killed before each of {} steps: {all:?}", step - 1);
                break;
            }
        }
        all
    }

    /// The first step before which a kill gives a guess back.
    async fn first_harm(&self, counter: Counter) -> Option<u64> {
        let run = self.begun(counter).await;
        for step in 1.. {
            let (heard, is_killed) = self.killed_before(step, counter, run).await;
            if heard.in_all() > counter.budget() {
                return Some(step);
            }
            if !is_killed {
                break;
            }
        }
        None
    }

    /// A guess costs nothing until it is counted, and from then on one, whether its answer was heard or not. What was not heard
    /// can be heard later, by the same statements, in place of no other guess.
    async fn must_keep_count(counter: Counter) {
        let siege = Self::lay().await;
        let budget = counter.budget();
        let heard = siege.killed_before_each_step(counter).await;
        let went = |before, after, late| Heard { before, after, late };
        let (not_counted, not_answered, answered) =
            (went(0, budget, 0), went(0, budget - 1, 1), went(1, budget - 1, 0));
        let expected = BTreeSet::from([&not_counted, &not_answered, &answered]);
        assert_eq!(heard.keys().collect::<BTreeSet<_>>(), expected, "{counter:?}");
    }
}

//
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guess_at_the_payment_pin_that_was_counted_stays_counted_wherever_the_gateway_is_killed() {
    Siege::must_keep_count(Counter::PaymentPin).await;
}

//
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guess_at_the_lock_password_that_was_counted_stays_counted_wherever_the_gateway_is_killed() {
    Siege::must_keep_count(Counter::LockPassword).await;
}

//
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guess_at_a_one_time_code_that_was_counted_stays_counted_wherever_the_gateway_is_killed() {
    Siege::must_keep_count(Counter::OneTimeCode).await;
}

//
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_quiz_that_was_counted_stays_counted_wherever_the_gateway_is_killed() {
    Siege::must_keep_count(Counter::Quiz).await;
}

/// What is counted is committed after the answer. A quiz counts when it begins, long before it is judged, so that this alone
/// would give none back: here it counts when it is judged.
fn counts_late() -> Bug {
    Bug {
        name: "counts-late",
        version: "0.1.5",
        changes: &[
            ANSWERS_BEFORE_COMMIT,
            Change {
                file: "gateway/src/flows/facts.rs",
                right: "let mut begun = u32::from(!self.begun);",
                wrong: "let mut begun = u32::from(!self.begun).max(1);",
            },
            Change {
                file: "gateway/src/store/profiles.rs",
                right: "            .filter_map(|flow| flow.events.first())\n",
                wrong: "            .filter(|flow| {\n                let is_judged = |kind| matches!(kind, &quittance_protocol::flow_event::FlowEventKind::Answered { .. });\n                flow.events.iter().any(|event| is_judged(&event.kind))\n            })\n            .filter_map(|flow| flow.events.first())\n",
            },
        ],
        programs: Casting {
            gateway_program: Some("gateway-counts-late"),
            phone_program: Some("phone-beside-late-counts"),
            ..Casting::default()
        },
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn control_a_gateway_that_counts_once_it_has_answered_gives_guesses_back() {
    let bug = counts_late();
    let programs = bug.plant().expect("the copy is built");
    let mut siege = Siege::lay().await;
    siege.setup.program = programs.path(bug.programs.gateway_program.expect("a name of its own"));
    for counter in Counter::ALL {
        let harmed = siege.first_harm(counter).await;
        println!("{counter:?}: found at step {harmed:?}");
        assert!(harmed.is_some(), "{counter:?}: killed before each step, and not found");
    }
}

#[test]
fn the_bug_has_its_places_to_be_planted() {
    counts_late().fits().expect("each change has its place");
}
