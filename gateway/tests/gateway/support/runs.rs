//! What tests of runs need: codes as they arrive, images, reviewers, where a run stands.

use std::sync::OnceLock;

use axum::body::Body;
use axum::http::{Request, header};
use quittance_flows::policy::DEFAULT_BUNDLE;
use quittance_flows::{FlowState, Phase, Policy, Rules, flow};
use quittance_gateway::Clock as _;
use quittance_gateway::parties::{NumberKind, Party};
use quittance_protocol::answer::{FlowLog, Uploaded};
use quittance_protocol::flow_event::FlowEventKind;
use quittance_protocol::statement::{Channel, FactorProof, OneTimeCode, StepAnswer};
use quittance_protocol::{B64, Digest32, FlowId, MandateId};

use crate::support::phone::{Flow, Key, Phone, Token};
use crate::support::{House, Reply, random};

/// A PNG of so many bytes of pixels; each seed makes another one.
pub(crate) fn png(seed: u8, bytes: usize) -> Vec<u8> {
    let chunk = |kind: &[u8], data: &[u8]| {
        let length = u32::try_from(data.len()).unwrap().to_be_bytes();
        [&length[..], kind, data, &[0; 4]].concat()
    };
    let size = [&8_u32.to_be_bytes()[..], &8_u32.to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
    [
        b"\x89PNG\r\n\x1a\n".to_vec(),
        chunk(b"IHDR", &size),
        chunk(b"IDAT", &vec![seed; bytes]),
        chunk(b"IEND", &[]),
    ]
    .concat()
}

/// Where a log stands, by the shipped bundle.
pub(crate) fn state(log: &FlowLog) -> FlowState {
    static POLICY: OnceLock<Policy> = OnceLock::new();
    let policy = POLICY.get_or_init(|| Policy::load(DEFAULT_BUNDLE).unwrap());
    let FlowEventKind::Started(start) = &log.events[0].kind else {
        panic!("a log begins with its start")
    };
    let definition = policy.flow(&start.definition).unwrap();
    flow::fold(Rules { policy, definition }, &log.events).unwrap()
}

/// The phase of a log.
pub(crate) fn phase(log: &FlowLog) -> Phase {
    state(log).phase
}

/// The open step of a log.
pub(crate) fn open(log: &FlowLog) -> String {
    static POLICY: OnceLock<Policy> = OnceLock::new();
    let policy = POLICY.get_or_init(|| Policy::load(DEFAULT_BUNDLE).unwrap());
    let state = state(log);
    let definition = policy.flow(&state.start.definition).unwrap();
    flow::open_step(definition, &state).map_or_else(|| format!("{:?}", state.phase), |step| step.id.clone())
}

impl House {
    /// Sets a party's script.
    pub(crate) fn party_says(&self, party: Party, lines: &str) {
        self.parties.script(party, lines.as_bytes()).unwrap();
    }

    /// A reviewer of the desk: their name.
    pub(crate) async fn reviewer(&self, account: Option<String>) -> String {
        let made: serde_json::Value = self
            .set(
                "/sandbox/reviewers",
                serde_json::json!({ "name": "Wei", "account": account }),
            )
            .await
            .ok();
        made["reviewer"].as_str().unwrap().to_owned()
    }

    /// Decides as a reviewer.
    pub(crate) async fn decide_as(&self, reviewer: &str, flow: &Flow, step: &str, approves: bool) -> Reply {
        self.set(
            &format!("/sandbox/reviewers/{reviewer}/decisions"),
            serde_json::json!({ "flow": flow.start.flow, "step": step, "approves": approves }),
        )
        .await
    }
}

impl Phone<'_> {
    /// The code that came last.
    pub(crate) async fn last_code(&self) -> StepAnswer {
        let account = self.account().await;
        let texts = self.house.parties.sms_carrier().inbox(account, self.house.clock.now());
        let text = texts.unwrap().pop().expect("a text arrived");
        StepAnswer::Code {
            code: OneTimeCode(text.arguments["code"].clone()),
        }
    }

    /// To which of the payer's numbers the text went that came last.
    pub(crate) async fn last_number(&self) -> NumberKind {
        let account = self.account().await;
        let texts = self.house.parties.sms_carrier().inbox(account, self.house.clock.now());
        texts.unwrap().pop().expect("a text arrived").number
    }

    /// How many texts came.
    pub(crate) async fn texts(&self) -> usize {
        let account = self.account().await;
        let texts = self.house.parties.sms_carrier().inbox(account, self.house.clock.now());
        texts.unwrap().len()
    }

    /// A code that is not the one that came last.
    pub(crate) async fn wrong_code(&self) -> StepAnswer {
        let StepAnswer::Code { code } = self.last_code().await else {
            unreachable!()
        };
        let other = if code.0.starts_with('0') { "1" } else { "0" };
        StepAnswer::Code {
            code: OneTimeCode(format!("{other}{}", &code.0[1..])),
        }
    }

    /// Uploads bytes.
    pub(crate) async fn send_image(&self, bytes: Vec<u8>) -> Reply {
        let bearer = self.session().await;
        let request = Request::post("/v1/uploads")
            .header(header::AUTHORIZATION, format!("Bearer {bearer}"))
            .body(Body::from(bytes))
            .unwrap();
        self.house.send(request).await
    }

    /// Uploads images: what names them.
    pub(crate) async fn images(&self, count: u8) -> Vec<Digest32> {
        let mut images = Vec::new();
        for seed in 1..=count {
            let uploaded: Uploaded = self.send_image(png(seed, 100)).await.ok();
            images.push(uploaded.digest);
        }
        images
    }

    /// Hands images in at a step.
    pub(crate) async fn hand_in(&self, flow: &Flow, step: &str, count: u8) -> FlowLog {
        let uploads = self.images(count).await;
        self.answer(flow, step, StepAnswer::Evidence { uploads }).await.ok()
    }

    /// A run as the gateway has it now.
    pub(crate) async fn run(&self, flow: FlowId) -> FlowLog {
        let bearer = self.session().await;
        self.house.get(&format!("/v1/flows/{flow}"), Some(&bearer)).await.ok()
    }

    /// Proves a step with a key.
    pub(crate) async fn prove(&self, flow: &Flow, step: &str, key: &Key) -> Reply {
        let body = FactorProof {
            flow: flow.start.flow,
            step: step.to_owned(),
            nonce: flow.start.nonce.clone(),
            operation: flow.start.operation,
        };
        let proof = key.sign(&self.claims(None), &body);
        self.answer(flow, step, StepAnswer::Proof { proof }).await
    }

    /// Begins a run that lowers authority.
    pub(crate) async fn begin_lowering(&self, definition: &str, mandates: &[MandateId]) -> Flow {
        self.begin_with(definition, mandates, b"", B64::new(random::<32>()))
            .await
    }

    /// An active mandate of a channel.
    pub(crate) async fn sign_for(&self, channel: Channel) -> Token {
        let offer = self.house.offer_with(|terms| terms.channel = channel);
        let token = self.provision(&offer).await;
        let permits = (1..=3).map(|number| token.pooled(self.house, number)).collect();
        assert_eq!(self.activate(&token, permits).await.status, 200);
        token
    }
}
