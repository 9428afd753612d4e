//! The biometric ladder asks no more often than the day's budget, whatever is done to the phone.
#![cfg(test)]

use quittance_protocol::{FlowId, MandateId, Timestamp};
use quittance_testkit::scripted_prompt::{FAILURES_A_DAY, Outcome};
use quittance_testkit::stage::{Stage, StagePhone, Staged};
use quittance_wallet::{Answer, BiometricError, PromptKind};

const DAY: i64 = 86_400;
/// Sequences after which another phone is taken: what one said without a network piles up.
const OF_ONE_PHONE: u64 = 4;

/// A phone whose payer is never recognised, with how often it was looked for this day.
struct Siege {
    stage: Stage,
    phone: Option<StagePhone>,
    mandate: MandateId,
    flow: Option<FlowId>,
    looked: u32,
}

impl Siege {
    async fn lay(now: Timestamp) -> Staged<Self> {
        let stage = Stage::set_at(Some(now), quittance_gateway::PolicySource::Sandbox).await?;
        let phone = stage.enrolled().await?;
        let mandate = phone.sign(&stage.offer().await?).await?;
        // The phone counts by itself: without the gateway nobody else can.
        stage.network.down().await;
        let mut siege = Self {
            stage,
            phone: Some(phone),
            mandate,
            flow: None,
            looked: 0,
        };
        siege.load();
        Ok(siege)
    }

    fn phone(&self) -> &StagePhone {
        self.phone.as_ref().expect("a phone")
    }

    /// The payer will not be recognised, however often.
    fn load(&mut self) {
        self.phone().prompt.at_last(Outcome::NOT_RECOGNISED);
    }

    async fn run(&mut self) -> FlowId {
        if let Some(flow) = self.flow {
            return flow;
        }
        let flow = self
            .phone()
            .wallet
            .start_revoke(&[self.mandate])
            .await
            .expect("it begins");
        self.flow = Some(flow);
        flow
    }

    /// Looks so many times at once.
    async fn look(&mut self, times: usize) {
        let flow = self.run().await;
        let before = self.phone().prompt.shown();
        let mut asked = tokio::task::JoinSet::new();
        for _ in 0..times {
            let wallet = self.phone().wallet.clone();
            asked.spawn(async move { wallet.submit(flow, Answer::UseBiometric).await });
        }
        let _told = asked.join_all().await;
        self.looked += self.phone().prompt.shown() - before;
    }

    /// Lifts the pause so many times at once, in vain.
    async fn lift(&mut self, times: usize) {
        let before = self.phone().prompt.shown();
        let mut lifted = tokio::task::JoinSet::new();
        for _ in 0..times {
            let (wallet, mandate) = (self.phone().wallet.clone(), self.mandate);
            lifted.spawn(async move { wallet.resume(&[mandate]).await });
        }
        for end in lifted.join_all().await {
            assert!(end.is_err(), "nobody is recognised");
        }
        self.looked += self.phone().prompt.shown() - before;
    }

    /// Looks, and the process dies while the prompt is up: nobody hears how it would have ended.
    async fn look_and_die(&mut self) {
        let flow = self.run().await;
        let before = self.phone().prompt.shown();
        self.phone().prompt.then([Outcome::Never]);
        let shown = self.phone().prompt.until_shown();
        let wallet = self.phone().wallet.clone();
        let mut asked = tokio::task::JoinSet::new();
        asked.spawn(async move { wallet.submit(flow, Answer::UseBiometric).await });
        tokio::select! {
            () = shown => {}
            // No prompt comes up any more.
            _told = asked.join_next() => {}
        }
        asked.shutdown().await;
        self.looked += self.phone().prompt.shown() - before;
        self.restart();
    }

    /// Whether the ladder is past the biometric prompt.
    fn is_past(&self) -> bool {
        let flow = self.flow.expect("a run");
        let prompt = self.phone().wallet.next_prompt(flow).expect("it is read");
        !prompt.is_some_and(|prompt| matches!(prompt.kind, PromptKind::Biometric))
    }

    async fn elsewhere(&mut self) {
        if let Some(flow) = self.flow.take() {
            self.phone().wallet.cancel_flow(flow).await.expect("it is left");
        }
    }

    fn restart(&mut self) {
        let phone = self.phone.take().expect("a phone").restarted();
        self.phone = Some(phone.expect("it opens"));
        self.load();
    }

    /// Old files are put back: whether they open. Where they do not, those of now come back.
    fn put_back(&mut self, old: &tempfile::TempDir) -> bool {
        let today = self.phone().backup().expect("a copy");
        let idle = self.phone.take().expect("a phone").ended();
        let opened = idle.clone().with_files(old.path()).expect("copied").started();
        let (phone, opens) = match opened {
            Ok(phone) => (phone, true),
            Err(_) => (
                idle.with_files(today.path())
                    .expect("copied")
                    .started()
                    .expect("it opens"),
                false,
            ),
        };
        self.phone = Some(phone);
        self.load();
        opens
    }
}

fn moment() -> Timestamp {
    "2026-11-26T02:00:00Z".parse().expect("a moment")
}

//
#[tokio::test(flavor = "multi_thread")]
async fn in_no_sequence_is_a_payer_looked_for_more_often_than_four_times_a_day() {
    // `cargo xtask soak guess` asks for more.
    let asked = std::env::var("QUITTANCE_GUESSES").ok();
    let sequences = asked.map_or(18, |asked| asked.parse().expect("a number"));
    let (mut chance, mut used_up, mut looked, mut refused) = (fastrand::Rng::with_seed(6), 0_u64, 0_u32, 0_u64);
    let mut siege = Siege::lay(moment()).await.expect("a stage");
    let mut old = siege.phone().backup().expect("a copy");
    for sequence in 1..=sequences {
        for _ in 0..2 + chance.u64(..7) {
            match chance.u64(..100) {
                0..38 => siege.look(1).await,
                38..50 => siege.look_and_die().await,
                50..53 => siege.look(64).await,
                53..65 => siege.elsewhere().await,
                65..75 => siege.restart(),
                75..80 => old = siege.phone().backup().expect("a copy"),
                80..90 => {
                    if siege.put_back(&old) {
                        // Files of the same epoch: a run that they do not know is gone with them.
                        siege.flow = None;
                    } else {
                        refused += 1;
                    }
                }
                90..95 => {
                    // Back, and never further forward than it was.
                    siege.phone().clock.turn(-DAY);
                    siege.look(1).await;
                    siege.phone().clock.turn(DAY);
                }
                _ => siege.look(2).await,
            }
            assert!(
                siege.looked <= FAILURES_A_DAY,
                "sequence {sequence}: {} times",
                siege.looked
            );
        }
        looked += siege.looked;
        used_up += u64::from(siege.looked == FAILURES_A_DAY);
        if sequence % OF_ONE_PHONE == 0 {
            siege = Siege::lay(moment()).await.expect("a stage");
            old = siege.phone().backup().expect("a copy");
        } else {
            // Another day, which begins with a prompt: until then a clock that goes back finds what the day before left.
            siege.elsewhere().await;
            siege.phone().clock.turn(DAY);
            siege.looked = 0;
            siege.look(1).await;
        }
    }
    println!(
        "biometric ladder: {sequences} sequences, looked for {looked} times, budget used up {used_up} times, exceeded 0 \
         times; old files refused {refused} times"
    );
    assert!(used_up > 0 && refused > 0);
}

//
#[tokio::test(flavor = "multi_thread")]
async fn of_64_prompts_at_once_no_more_than_four_are_shown() {
    let mut siege = Siege::lay(moment()).await.expect("a stage");
    siege.look(64).await;
    siege.look(64).await;
    assert_eq!(siege.looked, FAILURES_A_DAY);
    assert!(siege.is_past());
    siege.elsewhere().await;
    siege.look(1).await;
    assert_eq!(
        siege.looked, FAILURES_A_DAY,
        "another run of the same day begins behind the prompt"
    );
    assert!(siege.is_past());
}

//
#[tokio::test(flavor = "multi_thread")]
async fn who_lifts_a_pause_is_looked_for_no_more_than_four_times_a_day() {
    let mut siege = Siege::lay(moment()).await.expect("a stage");
    siege.stage.network.again().await.expect("it answers");
    siege
        .phone()
        .wallet
        .pause(&[siege.mandate])
        .await
        .expect("it is paused");
    siege.lift(64).await;
    assert_eq!(siege.looked, FAILURES_A_DAY);
    siege.restart();
    siege.lift(4).await;
    siege.look(4).await;
    assert_eq!(siege.looked, FAILURES_A_DAY, "nor in another run of the same day");
    assert!(siege.is_past(), "whoever stops something goes on behind the prompt");
    siege.elsewhere().await;
    siege.phone().clock.turn(DAY);
    // What is lifted takes a nonce of the gateway, which tells its time.
    siege.stage.pass(86_400).await.expect("a day passes");
    siege.lift(1).await;
    assert_eq!(
        siege.looked,
        FAILURES_A_DAY + 1,
        "control: another day has tries of its own"
    );
}

//
#[tokio::test(flavor = "multi_thread")]
async fn a_failure_ends_every_older_file_of_the_phone() {
    let mut siege = Siege::lay(moment()).await.expect("a stage");
    siege.run().await;
    let old = siege.phone().backup().expect("a copy");
    assert!(siege.put_back(&old), "control: before a failure it opens");
    siege.look(1).await;
    assert!(!siege.put_back(&old));
}

//
#[tokio::test(flavor = "multi_thread")]
async fn a_phone_that_dies_with_each_prompt_is_looked_at_no_more_than_four_times_a_day() {
    let mut siege = Siege::lay(moment()).await.expect("a stage");
    for _ in 0..12 {
        siege.look_and_die().await;
    }
    assert_eq!(siege.looked, FAILURES_A_DAY);
    siege.look(1).await;
    assert_eq!(siege.looked, FAILURES_A_DAY);
    assert!(siege.is_past(), "the ladder goes on");
    siege.elsewhere().await;
    siege.phone().clock.turn(DAY);
    siege.look_and_die().await;
    assert_eq!(
        siege.looked,
        FAILURES_A_DAY + 1,
        "control: another day has tries of its own"
    );
}

//
#[tokio::test(flavor = "multi_thread")]
async fn a_prompt_whose_end_shows_that_nobody_failed_costs_no_try() {
    let mut siege = Siege::lay(moment()).await.expect("a stage");
    for neutral in [
        BiometricError::UserCancelled,
        BiometricError::TimedOut,
        BiometricError::NotEnrolled,
        BiometricError::HardwareUnavailable,
        BiometricError::KeyInvalidated,
        BiometricError::KeyMissing,
        BiometricError::Unexpected,
    ] {
        siege.phone().prompt.then([Outcome::Fault(neutral)]);
        siege.look(1).await;
    }
    siege.phone().prompt.then([Outcome::Garbage, Outcome::Thumb]);
    siege.look(1).await;
    siege.look(1).await;
    assert!(siege.is_past(), "the right thumb");
    assert!(
        siege.looked > FAILURES_A_DAY,
        "control: more prompts than tries are seen"
    );
    siege.elsewhere().await;
    siege.looked = 0;
    for _ in 0..6 {
        siege.look(1).await;
    }
    assert_eq!(siege.looked, FAILURES_A_DAY, "each try is still there");
}

//
#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_while_a_prompt_was_up_gives_no_try_back() {
    let mut siege = Siege::lay(moment()).await.expect("a stage");
    siege.look(1).await;
    let failed = siege.phone().backup().expect("a copy");
    siege
        .phone()
        .prompt
        .then([Outcome::Fault(BiometricError::UserCancelled)]);
    siege.look(1).await;
    let dismissed = siege.phone().backup().expect("a copy");
    assert!(siege.put_back(&dismissed), "control: nothing was spent since");
    assert!(
        !siege.put_back(&failed),
        "the prompt that was dismissed had spent a try"
    );
    siege.looked = 1;
    for _ in 0..6 {
        siege.look(1).await;
    }
    assert_eq!(siege.looked, FAILURES_A_DAY);
}

//
#[tokio::test(flavor = "multi_thread")]
async fn a_day_that_the_clock_was_ahead_costs_its_tries_today_and_not_until_then() {
    const YEAR: i64 = 365 * DAY;
    let mut siege = Siege::lay(moment()).await.expect("a stage");
    siege.phone().clock.turn(YEAR);
    siege.look(1).await;
    siege.elsewhere().await;
    siege.phone().clock.turn(-YEAR);
    for _ in 0..6 {
        siege.look(1).await;
    }
    assert_eq!(
        siege.looked, FAILURES_A_DAY,
        "what was tried ahead counts on the day that the clock is right"
    );
    siege.elsewhere().await;
    siege.phone().clock.turn(DAY);
    siege.looked = 0;
    for _ in 0..6 {
        siege.look(1).await;
    }
    assert_eq!(siege.looked, FAILURES_A_DAY, "and no longer");
    siege.elsewhere().await;
    siege.phone().clock.turn(-DAY);
    siege.look(1).await;
    siege.phone().clock.turn(DAY);
    siege.look(1).await;
    assert_eq!(
        siege.looked, FAILURES_A_DAY,
        "control: a clock that goes back and forth brings none"
    );
}
