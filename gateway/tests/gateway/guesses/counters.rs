//! The counters that a gateway keeps, each with how one guesses at it.

use quittance_flows::Policy;
use quittance_flows::policy::DEFAULT_BUNDLE;
use quittance_gateway::Clock as _;
use quittance_protocol::answer::{FlowLog, PinAnswer};
use quittance_protocol::flow_event::{FlowStart, Wish};
use quittance_protocol::statement::{
    AnswerFlow, Entry, Limits, Lock, OneTimeCode, PinStart, SecretKind, StartFlow, StepAnswer,
};
use quittance_protocol::{AccountId, B64, FlowId, MandateId, Timestamp, pin};

use super::ledger::{Ledger, Window};
use crate::flow_quiz::{RECOVERY, amount, answer_amounts, answer_the_rest, set_transactions};
use crate::support::phone::{Flow, PIN, Phone, draws};
use crate::support::walk::LOCK_PASSWORD;
use crate::support::{DAY, House, Reply, cny, statement};

/// A signed guess.
#[derive(Clone)]
pub(super) struct Guess {
    pub(super) compact: String,
    /// Which secret, where there is more than one.
    pub(super) secret: Option<FlowId>,
    /// When it counts, where that is not when it is compared.
    pub(super) counts_at: Option<Timestamp>,
}

/// Something that is guessed at, on a phone of its own.
pub(super) trait Guessed<'h>: Sized {
    /// As the figures name it.
    const NAME: &'static str;

    /// A new payer with a new phone.
    async fn of_a_new_payer(house: &'h House) -> Self;

    fn phone(&self) -> &Phone<'h>;

    /// What the policy allows.
    fn ledger() -> Ledger;

    /// Comes to where one can guess: whether one can now.
    async fn approach(&mut self) -> bool;

    /// A guess that is wrong but for luck, signed and not said.
    fn guess(&self) -> Guess;

    /// So many guesses, or as many as there are places for, signed and not said: a crowd says them at once. What counts before
    /// it is said is begun here, all of it at once as well.
    async fn crowd(&mut self, size: usize) -> Vec<Guess> {
        let mut guesses = Vec::new();
        while guesses.len() < size && self.approach().await {
            guesses.push(self.guess());
        }
        guesses
    }

    /// What was compared by the reply to a guess, so that the same comparison is known again; nothing where none was.
    fn compared(guess: &Guess, reply: &Reply) -> Option<Vec<u8>> {
        (reply.status == 200).then(|| guess.compact.clone().into_bytes())
    }

    /// The place where one guesses is gone: the next approach looks for another one.
    fn leave(&mut self);

    /// The payer enters what is right: the reply to it.
    async fn enter(&mut self) -> Reply;

    /// Whether what was entered is proved by this reply, so that the tries begin anew.
    fn proves(reply: &Reply) -> bool {
        reply.status == 200
    }

    /// The payer makes the secret another one, or has another one sent: whether the tries begin anew.
    async fn reset(&mut self) -> bool;
}

fn policy() -> Policy {
    Policy::load(DEFAULT_BUNDLE).unwrap()
}

/// The payment PIN, or the password of the safety lock.
pub(super) struct Secret<'h, const OF_LOCK: bool> {
    phone: Phone<'h>,
    run: Option<Flow>,
}

impl<const OF_LOCK: bool> Secret<'_, OF_LOCK> {
    const STEP: &'static str = if OF_LOCK { "lock_password" } else { "payment_pin" };

    fn right() -> &'static [u8] {
        if OF_LOCK { LOCK_PASSWORD } else { PIN }
    }

    fn first_message(&self, guess: &[u8]) -> (pin::LoggingIn, PinStart) {
        let (state, message) = pin::client_login_start(guess, &mut draws()).unwrap();
        let start = PinStart {
            flow: self.run.as_ref().expect("a run").start.flow,
            step: Self::STEP.to_owned(),
            message: B64::new(message),
        };
        (state, start)
    }
}

impl<'h, const OF_LOCK: bool> Guessed<'h> for Secret<'h, OF_LOCK> {
    const NAME: &'static str = if OF_LOCK { "lock password" } else { "payment PIN" };

    async fn of_a_new_payer(house: &'h House) -> Self {
        let phone = Phone::ready(house).await;
        if OF_LOCK {
            phone.register_lock_password().await;
        }
        Self { phone, run: None }
    }

    fn phone(&self) -> &Phone<'h> {
        &self.phone
    }

    fn ledger() -> Ledger {
        let policy = policy();
        let pin = policy.secrets.payment_pin;
        let budget = if OF_LOCK {
            policy.safety_lock.max_attempts
        } else {
            pin.max_attempts
        };
        Ledger::new(budget as usize, Window::Seconds(pin.locked_for.get()))
    }

    async fn approach(&mut self) -> bool {
        if self.run.is_none() {
            // Both are asked for under the lock, and it may be over.
            self.phone.post(&Lock { other_devices: false }).await;
            let nonce = self.phone.nonce().await;
            let until = self.phone.house.clock.now().plus_seconds(2 * DAY);
            let start = if OF_LOCK {
                self.phone.flow_start("lock.release", &[], b"", nonce)
            } else {
                self.phone
                    .flow_start_for("lock.extend", &[], Wish::ExtendLock { until }, nonce)
            };
            self.run = begun(&self.phone, start).await;
        }
        self.run.is_some()
    }

    fn guess(&self) -> Guess {
        Guess {
            compact: self.phone.say(&self.first_message(b"000000").1),
            secret: None,
            counts_at: None,
        }
    }

    fn compared(_: &Guess, reply: &Reply) -> Option<Vec<u8>> {
        // An answer that was given before is free, whoever asks for it again: it tells nothing new.
        (reply.status == 200).then(|| reply.ok::<PinAnswer>().message.as_slice().to_vec())
    }

    fn leave(&mut self) {
        self.run = None;
    }

    async fn enter(&mut self) -> Reply {
        let (state, start) = self.first_message(Self::right());
        let reply = self.phone.post(&start).await;
        match &self.run {
            Some(run) if reply.status == 200 => {
                let answer = reply.ok();
                let finish = self.phone.finish_secret(run, Self::STEP, state, &answer, Self::right());
                let finished = finish.await;
                if finished.status == 200 { finished } else { reply }
            }
            _ => reply,
        }
    }

    fn proves(reply: &Reply) -> bool {
        reply.status == 200 && serde_json::from_slice::<FlowLog>(&reply.body).is_ok()
    }

    async fn reset(&mut self) -> bool {
        self.run = None;
        if OF_LOCK {
            self.phone.house.advance(2 * DAY).await;
            let start = self
                .phone
                .flow_start("lock.set_password", &[], b"", self.phone.nonce().await);
            let Some(run) = begun(&self.phone, start).await else {
                return false;
            };
            if !self.phone.walk_on(run.start.flow).await.is_complete() {
                return false;
            }
            return self
                .phone
                .register_secret(SecretKind::LockPassword, LOCK_PASSWORD)
                .await
                .status
                == 200;
        }
        set_transactions(&self.phone, 30).await;
        let start = self.phone.flow_start(RECOVERY, &[], b"", self.phone.nonce().await);
        let Some(run) = begun(&self.phone, start).await else {
            return false;
        };
        if !is_open(&self.phone, &run, "amounts").await {
            return false;
        }
        answer_amounts(self.phone.house, &self.phone, &run, 0).await;
        answer_the_rest(&self.phone, &run).await;
        self.phone.register(PIN).await.status == 200
    }
}

async fn begun(phone: &Phone<'_>, start: FlowStart) -> Option<Flow> {
    let reply = phone.post(&StartFlow { start: start.clone() }).await;
    (reply.status == 200).then_some(Flow { start })
}

async fn is_open(phone: &Phone<'_>, run: &Flow, step: &str) -> bool {
    crate::support::runs::open(&phone.run(run.start.flow).await) == step
}

/// A one-time code of one run.
pub(super) struct Code<'h> {
    phone: Phone<'h>,
    account: AccountId,
    mandate: MandateId,
    run: Option<Flow>,
}

const CODE_STEP: &str = "dynamic_passcode";

impl<'h> Guessed<'h> for Code<'h> {
    const NAME: &'static str = "one-time code";

    async fn of_a_new_payer(house: &'h House) -> Self {
        let phone = Phone::ready(house).await;
        let mandate = phone.sign_mandate().await.mandate;
        let account = phone.account().await;
        Self {
            phone,
            account,
            mandate,
            run: None,
        }
    }

    fn phone(&self) -> &Phone<'h> {
        &self.phone
    }

    fn ledger() -> Ledger {
        let most = policy().quantity("otp.max_attempts").unwrap().trunc();
        Ledger::new(usize::try_from(most).unwrap(), Window::Ever)
    }

    async fn approach(&mut self) -> bool {
        if self.run.is_some() {
            return true;
        }
        let wish = Wish::Limits {
            limits: Limits::new(cny(4000), cny(20_000), 30),
        };
        let nonce = self.phone.nonce().await;
        let start = self
            .phone
            .flow_start_for("mandate.change_limits", &[self.mandate], wish, nonce);
        let Some(run) = begun(&self.phone, start).await else {
            return false;
        };
        let confirmed = self.phone.answer(&run, "confirm", self.phone.shown()).await;
        self.run = (confirmed.status == 200).then_some(run);
        self.run.is_some()
    }

    fn guess(&self) -> Guess {
        let code = OneTimeCode("000000".to_owned());
        let flow = self.run.as_ref().expect("a run").start.flow;
        let answer = AnswerFlow {
            flow,
            step: CODE_STEP.to_owned(),
            answer: StepAnswer::Code { code },
        };
        Guess {
            compact: self.phone.say(&answer),
            secret: Some(flow),
            counts_at: None,
        }
    }

    fn leave(&mut self) {
        self.run = None;
    }

    async fn enter(&mut self) -> Reply {
        let run = self.run.take().expect("a run");
        let now = self.phone.house.clock.now();
        let texts = self.phone.house.parties.sms_carrier().inbox(self.account, now).unwrap();
        let code = texts
            .last()
            .map(|text| text.arguments["code"].clone())
            .unwrap_or_default();
        let code = OneTimeCode(code);
        self.phone.answer(&run, CODE_STEP, StepAnswer::Code { code }).await
    }

    async fn reset(&mut self) -> bool {
        if let Some(run) = &self.run {
            // Another code, and no other tries.
            self.phone.answer(run, CODE_STEP, StepAnswer::Resend {}).await;
        }
        false
    }
}

/// The quizzes of a payer's day.
pub(super) struct Quiz<'h> {
    phone: Phone<'h>,
    /// The open one, with the moment at which it began: that is what counts.
    run: Option<(Flow, Timestamp)>,
}

impl<'h> Guessed<'h> for Quiz<'h> {
    const NAME: &'static str = "quiz";

    async fn of_a_new_payer(house: &'h House) -> Self {
        let phone = Phone::ready(house).await;
        set_transactions(&phone, 30).await;
        Self { phone, run: None }
    }

    fn phone(&self) -> &Phone<'h> {
        &self.phone
    }

    fn ledger() -> Ledger {
        let most = policy().quantity("recovery.transaction_quiz.per_day").unwrap().trunc();
        Ledger::new(usize::try_from(most).unwrap(), Window::Day(8 * 3_600))
    }

    async fn approach(&mut self) -> bool {
        if self.run.is_none() {
            let start = self.phone.flow_start(RECOVERY, &[], b"", self.phone.nonce().await);
            let run = begun(&self.phone, start).await;
            self.run = run.map(|run| (run, self.phone.house.clock.now()));
        }
        self.run.is_some()
    }

    async fn crowd(&mut self, size: usize) -> Vec<Guess> {
        let mut starts = Vec::new();
        for _ in 0..size {
            let start = self.phone.flow_start(RECOVERY, &[], b"", self.phone.nonce().await);
            starts.push((self.phone.say(&StartFlow { start: start.clone() }), start));
        }
        let mut asked = tokio::task::JoinSet::new();
        for (compact, start) in starts {
            let answered = self.phone.house.way().send(statement(compact));
            asked.spawn(async move { (start, answered.await) });
        }
        let mut guesses = Vec::new();
        for (start, reply) in asked.join_all().await {
            if reply.status == 200 {
                self.run = Some((Flow { start }, self.phone.house.clock.now()));
                guesses.push(self.guess());
            }
        }
        guesses
    }

    fn guess(&self) -> Guess {
        let (run, begun_at) = self.run.as_ref().expect("a run");
        let answer = AnswerFlow {
            flow: run.start.flow,
            step: "amounts".to_owned(),
            answer: StepAnswer::entered([9; 32], vec![Entry("1.00".to_owned()); 3]),
        };
        Guess {
            compact: self.phone.say(&answer),
            secret: None,
            counts_at: Some(*begun_at),
        }
    }

    fn leave(&mut self) {
        self.run = None;
    }

    async fn enter(&mut self) -> Reply {
        let (run, _) = self.run.take().expect("a run");
        let entries = (1..=3).map(|number| Entry(amount(number))).collect();
        self.phone
            .answer(&run, "amounts", StepAnswer::entered([9; 32], entries))
            .await
    }

    /// A right quiz counts like a wrong one.
    fn proves(_: &Reply) -> bool {
        false
    }

    async fn reset(&mut self) -> bool {
        self.run = None;
        false
    }
}
