//! Somebody who has the phone's keys, says statements by hand, guesses.

use quittance_flows::Policy;
use quittance_flows::policy::DEFAULT_BUNDLE;
use quittance_protocol::flow_event::{FlowStart, Wish};
use quittance_protocol::statement::{
    AnswerFlow, Entry, Limits, Lock, OneTimeCode, PinStart, Session, StartFlow, StepAnswer, operation_digest,
};
use quittance_protocol::{B64, Claims, Digest32, FlowId, MandateId, PublicKey, Statement, StatementId, Unsigned, pin};
use quittance_testkit::http::Http;
use quittance_testkit::software_keys::SoftwareDeviceKeys;
use quittance_testkit::story::cny;
use quittance_wallet::ports::{Clock as _, KeyAlias, SystemClock};
use std::cell::Cell;

const WRONG: &str = "000000";
/// Numbers that no statement of the wallet has come to.
const FIRST_NUMBER: u64 = 1 << 32;

/// What is guessed at, with a counter of its own at the gateway.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Counter {
    PaymentPin,
    LockPassword,
    OneTimeCode,
    Quiz,
}

impl Counter {
    pub(crate) const ALL: [Self; 4] = [Self::PaymentPin, Self::LockPassword, Self::OneTimeCode, Self::Quiz];

    /// How many guesses the policy allows.
    pub(crate) fn budget(self) -> u32 {
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
pub(crate) struct Attacker {
    keys: SoftwareDeviceKeys,
    key: PublicKey,
    origin: String,
    mandate: MandateId,
    number: Cell<u64>,
    /// By how many seconds the gateway's clock is ahead.
    ahead: i64,
}

/// Statements of one guess, in their order; it was evaluated when the last one is answered.
pub(crate) type Guess = Vec<String>;

impl Attacker {
    pub(crate) fn with(keys: SoftwareDeviceKeys, origin: String, mandate: MandateId, ahead: i64) -> Self {
        let key = keys.public_key(KeyAlias::Device).expect("keys").expect("a key");
        Self {
            key: PublicKey::p256_from_sec1(&key).expect("a key"),
            keys,
            origin,
            mandate,
            number: Cell::new(FIRST_NUMBER),
            ahead,
        }
    }

    /// Signs a statement of the phone under its next number.
    fn sign<T: Statement>(&self, body: &T) -> String {
        let number = self.number.replace(self.number.get() + 1);
        let claims = Claims {
            aud: self.origin.clone(),
            iat: SystemClock.now().plus_seconds(self.ahead),
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
    pub(crate) async fn say(&self, statements: &[String]) -> bool {
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
    pub(crate) async fn let_settle(&self) {
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
    pub(crate) async fn approach(&self, counter: Counter) -> Option<FlowId> {
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
    pub(crate) async fn guess(&self, counter: Counter, run: Option<FlowId>) -> Guess {
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
    pub(crate) async fn use_up(&self, counter: Counter, run: Option<FlowId>) -> u32 {
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

fn random_id() -> [u8; 16] {
    fastrand::u128(..).to_be_bytes()
}
