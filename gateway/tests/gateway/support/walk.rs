//! A payer who answers whatever step is open, until none is theirs.

use quittance_flows::flow::{self, FlowState, Phase};
use quittance_flows::policy::DEFAULT_BUNDLE;
use quittance_flows::{FactorInput, FactorKind, Policy, Rules, StepKind, definition::PromptKind};
use quittance_protocol::answer::{FlowLog, OrderRecord, PinAnswer, Uploaded};
use quittance_protocol::flow_event::{FlowEventKind, FlowStart};
use quittance_protocol::statement::{
    Entry, FactorProof, Intent, OneTimeCode, PinFinish, PinStart, SecretKind, StepAnswer,
};
use quittance_protocol::{B64, FlowId, MandateId, pin};

use axum::body::Body;
use axum::http::{Request, header};

use super::phone::{Flow, PIN, Phone, draws};
use super::random;
use super::{House, Reply};
use quittance_gateway::Clock as _;

/// What opens the safety lock early.
pub(crate) const LOCK_PASSWORD: &[u8] = b"let me out";

/// A run as the gateway tells it, with what it folds to.
pub(crate) struct Walked {
    pub(crate) flow: Flow,
    pub(crate) log: FlowLog,
    pub(crate) state: FlowState,
    /// The open step, where there is one.
    pub(crate) open: Option<String>,
    /// A hardware key's proof that was given on the way.
    pub(crate) proof: Option<String>,
}

impl Walked {
    pub(crate) fn is_complete(&self) -> bool {
        self.state.phase == Phase::Completed
    }
}

impl Phone<'_> {
    /// Begins a run that lowers authority, then answers what is asked of the payer.
    pub(crate) async fn walk(&self, definition: &str, mandates: &[MandateId]) -> Walked {
        let flow = self
            .begin_with(definition, mandates, b"", B64::new(random::<32>()))
            .await;
        self.walk_on(flow.start.flow).await
    }

    /// Answers what is asked of the payer, as far as it goes.
    pub(crate) async fn walk_on(&self, id: FlowId) -> Walked {
        let policy = Policy::load(DEFAULT_BUNDLE).unwrap();
        let bearer = self.session().await;
        let mut proof = None;
        loop {
            let log: FlowLog = self.house.get(&format!("/v1/flows/{id}"), Some(&bearer)).await.ok();
            let FlowEventKind::Started(start) = log.events[0].kind.clone() else {
                panic!("a log begins with its start");
            };
            let definition = policy.flow(&start.definition).unwrap();
            let rules = Rules {
                policy: &policy,
                definition,
            };
            let state = flow::fold(rules, &log.events).unwrap();
            let open = flow::open_step(definition, &state).cloned();
            let flow = Flow { start };
            let answer = match open.as_ref().map(|open| &open.kind) {
                Some(StepKind::Factor(factor)) if factor.input() == FactorInput::Secret => {
                    let secret = match factor {
                        FactorKind::LockPassword => LOCK_PASSWORD,
                        _ => PIN,
                    };
                    self.prove_secret(&flow, &open.unwrap().id, secret).await;
                    continue;
                }
                Some(kind) if state.submitted.is_none() => {
                    let step = open.as_ref().unwrap().id.clone();
                    self.answer_to(kind, &flow.start, &step).await
                }
                _ => None,
            };
            let Some(answer) = answer else {
                let open = open.map(|open| open.id);
                return Walked {
                    flow,
                    log,
                    state,
                    open,
                    proof,
                };
            };
            if let StepAnswer::Proof { proof: given } = &answer {
                proof = Some(given.clone());
            }
            let _: FlowLog = self.answer(&flow, &open.unwrap().id, answer).await.ok();
        }
    }

    async fn answer_to(&self, kind: &StepKind, start: &FlowStart, step: &str) -> Option<StepAnswer> {
        Some(match kind {
            StepKind::Prompt(PromptKind::Jump) => StepAnswer::Returned {
                state: start.nonce.clone(),
                outcome: "approved".to_owned(),
            },
            StepKind::Prompt(PromptKind::Facts) => {
                StepAnswer::entered([9; 32], vec![Entry("the card was lost".to_owned())])
            }
            StepKind::Prompt(_) => self.shown(),
            StepKind::Factor(FactorKind::Biometric) => {
                let proof = FactorProof {
                    flow: start.flow,
                    step: step.to_owned(),
                    nonce: start.nonce.clone(),
                    operation: start.operation,
                };
                let proof = self.biometric.sign(&self.claims(None), &proof);
                StepAnswer::Proof { proof }
            }
            StepKind::Factor(factor) => match factor.input() {
                FactorInput::Code => StepAnswer::Code {
                    code: OneTimeCode(self.received_code().await),
                },
                FactorInput::Evidence => {
                    let count = if *factor == FactorKind::IdDocument { 2 } else { 1 };
                    let mut uploads = Vec::new();
                    for side in 0..count {
                        uploads.push(self.upload(side).await.digest);
                    }
                    StepAnswer::Evidence { uploads }
                }
                _ => return None,
            },
            _ => return None,
        })
    }

    /// The code of the newest text that reached the payer.
    pub(crate) async fn received_code(&self) -> String {
        let account = self.account().await;
        let house: &House = self.house;
        let texts = house.parties.sms_carrier().inbox(account, house.clock.now()).unwrap();
        texts.last().expect("a text").arguments["code"].clone()
    }

    /// Proves the payment PIN, after which a lock password may be chosen for a while.
    pub(crate) async fn open_lock_password(&self) {
        let flow = self.begin("lock.set_password", &[], b"").await;
        assert!(self.walk_on(flow.start.flow).await.is_complete());
    }

    /// Sets the safety lock's own password.
    pub(crate) async fn register_lock_password(&self) {
        self.open_lock_password().await;
        let registered = self.register_secret(SecretKind::LockPassword, LOCK_PASSWORD);
        let _: PinAnswer = registered.await.ok();
    }

    /// Uploads one image.
    pub(crate) async fn upload(&self, side: u8) -> Uploaded {
        let bearer = self.session().await;
        let request = Request::post("/v1/uploads")
            .header(header::AUTHORIZATION, format!("Bearer {bearer}"))
            .body(Body::from(image(side)))
            .unwrap();
        self.house.send(request).await.ok()
    }

    /// Guesses at a secret: the first message, which the gateway counts.
    pub(crate) async fn guess_secret(&self, flow: &Flow, step: &str, guess: &[u8]) -> (pin::LoggingIn, Reply) {
        let (state, message) = pin::client_login_start(guess, &mut draws()).unwrap();
        let start = PinStart {
            flow: flow.start.flow,
            step: step.to_owned(),
            message: B64::new(message),
        };
        (state, self.post(&start).await)
    }

    /// Proves a secret at a step of any name.
    pub(crate) async fn prove_secret(&self, flow: &Flow, step: &str, secret: &[u8]) -> FlowLog {
        let (state, answer) = self.guess_secret(flow, step, secret).await;
        self.finish_secret(flow, step, state, &answer.ok(), secret).await.ok()
    }

    /// The third message of a proof.
    pub(crate) async fn finish_secret(
        &self,
        flow: &Flow,
        step: &str,
        state: pin::LoggingIn,
        answer: &PinAnswer,
        secret: &[u8],
    ) -> Reply {
        let context = pin::context(
            flow.start.flow,
            step,
            flow.start.nonce.as_slice(),
            &flow.start.operation,
        );
        let done = pin::client_login_finish(state, secret, answer.message.as_slice(), &context, &mut draws()).unwrap();
        let finish = PinFinish {
            flow: flow.start.flow,
            step: step.to_owned(),
            message: B64::new(done.0),
        };
        self.post(&finish).await
    }

    /// The intent of a complete run, for these of its mandates.
    pub(crate) async fn intend_by(&self, walked: &Walked, mandates: &[MandateId]) -> OrderRecord {
        let intent = Intent {
            flow: walked.flow.start.flow,
            mandates: mandates.to_vec(),
            offline: false,
            proof: walked.proof.clone().expect("a proof"),
        };
        self.post(&intent).await.ok()
    }
}

/// A JPEG of 16 by 16 grey points as far as its headers tell; each side has its own bytes.
fn image(side: u8) -> Vec<u8> {
    let mut bytes = vec![0xFF, 0xD8];
    bytes.extend([0xFF, 0xC0, 0, 11, 8, 0, 16, 0, 16, 1, 1, 0x11, 0]);
    bytes.extend([0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0]);
    bytes.extend([side; 64]);
    bytes.extend([0xFF, 0xD9]);
    bytes
}
