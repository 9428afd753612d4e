//! A gateway with a hand-driven phone, without a wallet: every statement is made by hand.

pub(crate) mod circle;
pub(crate) mod custodians;
pub(crate) mod der;
pub(crate) mod forge;
pub(crate) mod phone;
pub(crate) mod program;
pub(crate) mod questions;
pub(crate) mod registering;
pub(crate) mod runs;
pub(crate) mod walk;

use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{Request, header};
use quittance_flows::Policy;
use quittance_flows::policy::{BUNDLE_AUDIENCE, DEFAULT_BUNDLE, PolicyBundle, SANDBOX_AUTHOR_SEED};
use quittance_gateway::attestation::Trust;
use quittance_gateway::parties::SimulatedParties;
use quittance_gateway::{
    CardNetwork, Clock, Config, FolderCustodian, Gateway, KeyCustodian, KnownMerchant, MerchantSystem, NetworkScript,
    OpenError, Parts, PolicySource, Sandbox, SandboxClock, ScriptedOutcome, SimulatedCardNetwork, SimulatedMerchants,
};
use quittance_protocol::answer::Nonce;
use quittance_protocol::ed25519::SigningKey;
use quittance_protocol::log::VerifierKey;
use quittance_protocol::problem::Code;
use quittance_protocol::statement::{Charge, Limits, MandateKind, Offer, Terms};
use quittance_protocol::{
    Claims, Currency, MandateId, MerchantId, Money, OfferId, Problem, PublicKey, StatementId, Timestamp, Unsigned,
};
use quittance_vault::{Randomness as _, RecordKey, RecordKind, SystemRandomness, Vault, VaultOptions};
use serde::de::DeserializeOwned;
use tower::ServiceExt as _;

pub(crate) const ORIGIN: &str = "https://gateway.test";
pub(crate) const DAY: i64 = 86_400;

/// Time stands still unless the test moves it.
pub(crate) struct HandClock(AtomicI64);

impl HandClock {
    pub(crate) fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix(self.0.load(Ordering::SeqCst)).unwrap()
    }
}

pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    SystemRandomness::new().fill(&mut bytes).unwrap();
    bytes
}

pub(crate) fn cny(minor: i64) -> Money {
    Money::new(minor, Currency::new("CNY").unwrap()).unwrap()
}

/// What came back over HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    #[track_caller]
    pub(crate) fn ok<T: DeserializeOwned>(&self) -> T {
        assert_eq!(self.status, 200, "{}", String::from_utf8_lossy(&self.body));
        serde_json::from_slice(&self.body).unwrap()
    }

    #[track_caller]
    pub(crate) fn problem(&self) -> Problem {
        assert_eq!(
            self.content_type,
            "application/problem+json",
            "{}",
            String::from_utf8_lossy(&self.body)
        );
        let problem: Problem = serde_json::from_slice(&self.body).unwrap();
        assert_eq!(problem.status(), self.status);
        problem
    }

    #[track_caller]
    pub(crate) fn code(&self) -> Code {
        self.problem().code()
    }

    #[track_caller]
    pub(crate) fn text(&self) -> String {
        assert_eq!(self.status, 200);
        String::from_utf8(self.body.clone()).unwrap()
    }
}

/// Waits for what happens beside the answers; a busy machine may take its time.
pub(crate) async fn until(what: &str, mut happened: impl FnMut() -> bool) {
    for _ in 0..6_000 {
        if happened() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("not in two minutes: {what}");
}

/// A gateway on a folder of its own, that can be stopped and started again.
pub(crate) struct House {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) clock: Arc<HandClock>,
    pub(crate) network: Arc<SimulatedCardNetwork>,
    pub(crate) merchants: Arc<SimulatedMerchants>,
    pub(crate) parties: Arc<SimulatedParties>,
    pub(crate) merchant: MerchantId,
    pub(crate) merchant_key: PublicKey,
    custodian: Mutex<Arc<dyn KeyCustodian>>,
    other_network: Mutex<Option<Arc<dyn CardNetwork>>>,
    other_merchants: Mutex<Option<Arc<dyn MerchantSystem>>>,
    trust: Mutex<Trust>,
    policy: Mutex<PolicySource>,
    /// Whether the gateway has the sandbox's routes.
    on_stage: bool,
    /// Where a gateway program listens that is spoken to instead.
    program: Mutex<Option<u16>>,
    gateway: Mutex<Option<Gateway>>,
}

impl House {
    pub(crate) fn new() -> Self {
        let house = Self::closed();
        house.start().unwrap();
        house
    }

    /// With the sandbox's routes.
    pub(crate) fn on_stage() -> Self {
        Self::closed().with_a_stage()
    }

    /// The same, from this moment on: the clock of a gateway that runs is never set back.
    pub(crate) fn on_stage_at(moment: &str) -> Self {
        let house = Self::closed();
        let moment: Timestamp = moment.parse().unwrap();
        house.clock.0.store(moment.unix(), Ordering::SeqCst);
        house.with_a_stage()
    }

    /// Starts it with the sandbox's routes.
    pub(crate) fn with_a_stage(mut self) -> Self {
        self.on_stage = true;
        self.start().unwrap();
        self
    }

    /// Everything but the gateway itself.
    pub(crate) fn closed() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let random = Arc::new(SystemRandomness::new());
        let custodian = FolderCustodian::open(&folder.path().join("keys"), random.clone()).unwrap();
        let network = Arc::new(SimulatedCardNetwork::open(&folder.path().join("network.sqlite")).unwrap());
        let merchants = Arc::new(SimulatedMerchants::open(&folder.path().join("merchants.sqlite"), random).unwrap());
        let (merchant, merchant_key) = merchants.create("Bluebird").unwrap();
        let parties = Arc::new(SimulatedParties::open(&folder.path().join("parties.sqlite")).unwrap());
        Self {
            folder,
            clock: Arc::new(HandClock(AtomicI64::new(1_800_000_000))),
            network,
            merchants,
            parties,
            merchant,
            merchant_key,
            custodian: Mutex::new(Arc::new(custodian)),
            other_network: Mutex::new(None),
            other_merchants: Mutex::new(None),
            trust: Mutex::default(),
            policy: Mutex::new(PolicySource::Sandbox),
            on_stage: false,
            program: Mutex::new(None),
            gateway: Mutex::new(None),
        }
    }

    pub(crate) fn data(&self) -> std::path::PathBuf {
        self.folder.path().join("data")
    }

    pub(crate) fn custodian(&self) -> Arc<dyn KeyCustodian> {
        self.custodian.lock().unwrap().clone()
    }

    /// Lets the shipped bundle with other texts in places of their own rule from the next start on.
    pub(crate) fn use_policy(&self, changes: &[(&str, &str)]) {
        self.use_policy_of(SANDBOX_AUTHOR_SEED, changes);
    }

    /// The same, signed by the author of this seed.
    pub(crate) fn use_policy_of(&self, author: [u8; 32], changes: &[(&str, &str)]) {
        let mut text = DEFAULT_BUNDLE.to_owned();
        for (from, to) in changes {
            assert_eq!(text.matches(from).count(), 1, "{from}");
            text = text.replace(from, to);
        }
        let policy = Policy::load(&text).unwrap();
        let key = SigningKey::from_seed(&zeroize::Zeroizing::new(author)).unwrap();
        let claims = Claims {
            aud: BUNDLE_AUDIENCE.to_owned(),
            iat: policy.bundle.not_before,
            jti: StatementId::from_bytes(random()),
            seq: None,
        };
        let unsigned = Unsigned::new(&key.public_key().thumbprint(), &claims, &PolicyBundle { policy }).unwrap();
        *self.policy.lock().unwrap() = PolicySource::Signed {
            bundle: unsigned.with_signature(&key.sign(unsigned.signing_input())),
            author: *key.public_key(),
        };
    }

    /// Lets the shipped bundle rule from the next start on, signed by whom this source says.
    pub(crate) fn use_source(&self, source: PolicySource) {
        *self.policy.lock().unwrap() = source;
    }

    /// Where the bundle of the next start comes from.
    pub(crate) fn source(&self) -> PolicySource {
        self.policy.lock().unwrap().clone()
    }

    /// Has the sandbox's routes, or not, from the next start on.
    pub(crate) const fn set_stage(&mut self, on_stage: bool) {
        self.on_stage = on_stage;
    }

    /// Puts another custodian in for the next start.
    pub(crate) fn use_custodian(&self, custodian: Arc<dyn KeyCustodian>) {
        *self.custodian.lock().unwrap() = custodian;
    }

    /// Puts another card network in for the next start.
    pub(crate) fn use_network(&self, network: Option<Arc<dyn CardNetwork>>) {
        *self.other_network.lock().unwrap() = network;
    }

    /// Believes other attestation chains from the next start on.
    pub(crate) fn use_trust(&self, trust: Trust) {
        *self.trust.lock().unwrap() = trust;
    }

    /// Lets another system hear the merchants' notices from the next start on.
    pub(crate) fn use_merchants(&self, merchants: Arc<dyn MerchantSystem>) {
        *self.other_merchants.lock().unwrap() = Some(merchants);
    }

    pub(crate) fn open(&self, data: &Path) -> Result<Gateway, OpenError> {
        let config = Config {
            data: data.to_owned(),
            origin: ORIGIN.to_owned(),
            log_name: None,
            merchants: vec![KnownMerchant {
                merchant: self.merchant,
                name: "Bluebird".to_owned(),
                jwk: self.merchant_key,
            }],
            policy: self.policy.lock().unwrap().clone(),
            attestation: self.trust.lock().unwrap().clone(),
        };
        let network = self.other_network.lock().unwrap().clone();
        let merchants = self.other_merchants.lock().unwrap().clone();
        let parts = Parts {
            custodian: self.custodian(),
            clock: self.clock.clone(),
            randomness: Arc::new(SystemRandomness::new()),
            card_network: network.unwrap_or_else(|| self.network.clone()),
            merchants: merchants.unwrap_or_else(|| self.merchants.clone()),
            outside: self.parties.outside(),
            sandbox: self.on_stage.then(|| self.sandbox()),
        };
        Gateway::open(config, parts)
    }

    fn sandbox(&self) -> Sandbox {
        Sandbox {
            // The house's own clock is what tests move.
            clock: Arc::new(SandboxClock::open(&self.folder.path().join("clock")).unwrap()),
            card_network: self.network.clone(),
            merchants: self.merchants.clone(),
            parties: self.parties.clone(),
        }
    }

    /// Sets something over the sandbox's routes.
    pub(crate) async fn set(&self, path: &str, json: serde_json::Value) -> Reply {
        let request = Request::post(path).body(Body::from(json.to_string())).unwrap();
        self.send(request).await
    }

    pub(crate) fn start(&self) -> Result<(), OpenError> {
        let gateway = self.open(&self.data())?;
        *self.gateway.lock().unwrap() = Some(gateway);
        Ok(())
    }

    pub(crate) fn stop(&self) {
        if let Some(gateway) = self.gateway.lock().unwrap().take() {
            gateway.shutdown();
        }
    }

    /// Writes into the database behind the gateway's back.
    pub(crate) fn plant(&self, sql: &str) {
        let database = rusqlite::Connection::open(self.data().join("gateway.sqlite")).unwrap();
        database.execute_batch(sql).unwrap();
    }

    #[track_caller]
    pub(crate) fn restart(&self) {
        self.stop();
        self.start().unwrap();
    }

    /// The halves in the vault of a stopped gateway, with the ids of their tokens.
    pub(crate) fn halves(&self) -> Vec<([u8; 16], Vec<u8>)> {
        self.secrets(1)
    }

    /// All secrets of one kind in the vault of a stopped gateway, with their ids.
    pub(crate) fn secrets(&self, kind: u8) -> Vec<([u8; 16], Vec<u8>)> {
        let options = VaultOptions::at(self.data().join("vault.sqlite"));
        let vault = Vault::open(options, self.custodian(), Arc::new(SystemRandomness::new())).unwrap();
        let ids = vault.records(RecordKind(kind)).unwrap().into_iter();
        ids.map(|id| {
            let secret = vault.get(&RecordKey::new(RecordKind(kind), id)).unwrap().unwrap();
            (id, secret.to_vec())
        })
        .collect()
    }

    pub(crate) fn gateway(&self) -> Gateway {
        self.gateway.lock().unwrap().clone().expect("the gateway is stopped")
    }

    /// Waits until everything that follows from what was answered is done.
    pub(crate) async fn settle(&self) {
        self.gateway().wake().await;
        self.gateway().wake().await;
    }

    pub(crate) async fn advance(&self, seconds: i64) {
        self.clock.advance(seconds);
        self.settle().await;
    }

    pub(crate) fn log_key(&self) -> VerifierKey {
        self.gateway().log_key()
    }

    /// Speaks to a gateway program on this port from now on, by the time of this machine.
    pub(crate) fn use_program(&self, port: u16) {
        *self.program.lock().unwrap() = Some(port);
        let since = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
        self.clock.0.store(i64::try_from(since).unwrap(), Ordering::SeqCst);
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Reply {
        self.way().send(request).await
    }

    /// The way to whatever gateway runs now, for whoever asks beside others.
    pub(crate) fn way(&self) -> Way {
        match *self.program.lock().unwrap() {
            Some(port) => Way::Program(port),
            None => Way::Here(self.gateway()),
        }
    }

    pub(crate) async fn post(&self, compact: &str) -> Reply {
        self.send(statement(compact.to_owned())).await
    }

    pub(crate) async fn get(&self, path: &str, bearer: Option<&str>) -> Reply {
        let mut request = Request::get(path);
        if let Some(token) = bearer {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        self.send(request.body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn nonce(&self) -> Nonce {
        self.get("/v1/nonce", None).await.ok()
    }

    pub(crate) fn offer(&self) -> String {
        self.offer_of(MandateKind::PayAsYouGo, cny(5000), cny(20_000), 30)
    }

    pub(crate) fn offer_of(&self, kind: MandateKind, per_charge: Money, per_period: Money, period_days: u16) -> String {
        let offer = Offer {
            offer: OfferId::from_bytes(random()),
            merchant: self.merchant,
            terms: Terms::new(
                "Bluebird",
                "Rides",
                kind,
                Limits::new(per_charge, per_period, period_days),
            ),
            expires_at: self.clock.now().plus_seconds(DAY),
        };
        self.sign_as_merchant(&offer)
    }

    /// An offer with other terms.
    pub(crate) fn offer_with(&self, change: impl FnOnce(&mut Terms)) -> String {
        let limits = Limits::new(cny(5000), cny(20_000), 30);
        let mut terms = Terms::new("Bluebird", "Rides", MandateKind::PayAsYouGo, limits);
        change(&mut terms);
        self.sign_as_merchant(&Offer {
            offer: OfferId::from_bytes(random()),
            merchant: self.merchant,
            terms,
            expires_at: self.clock.now().plus_seconds(DAY),
        })
    }

    /// Scripts an outside party.
    pub(crate) async fn script(&self, party: &str, lines: &[&str]) {
        let path = format!("/sandbox/parties/{party}/script");
        let request = Request::post(path).body(Body::from(lines.join("\n"))).unwrap();
        assert_eq!(self.send(request).await.status, 200);
    }

    /// A new reviewer decides about a run.
    pub(crate) async fn decide(&self, flow: quittance_protocol::FlowId, step: &str, approves: bool) {
        let made = self
            .set("/sandbox/reviewers", serde_json::json!({ "name": "desk" }))
            .await;
        let made: serde_json::Value = made.ok();
        let path = format!("/sandbox/reviewers/{}/decisions", made["reviewer"].as_str().unwrap());
        let decision = serde_json::json!({ "flow": flow, "step": step, "approves": approves });
        let decided = self.set(&path, decision).await;
        assert_eq!(decided.status, 200, "{}", String::from_utf8_lossy(&decided.body));
    }

    pub(crate) fn sign_as_merchant<T: quittance_protocol::Statement>(&self, body: &T) -> String {
        let jti = StatementId::from_bytes(random());
        self.merchants
            .sign(self.merchant, ORIGIN, self.clock.now(), jti, body)
            .unwrap()
    }

    /// What becomes of charges from now on, at once.
    pub(crate) fn network_says(&self, outcome: ScriptedOutcome) {
        self.network.script(NetworkScript { outcome, delay_ms: 0 });
    }

    /// The statement of a merchant-initiated charge.
    pub(crate) fn sign_charge(&self, mandate: MandateId, minor: i64) -> String {
        self.sign_as_merchant(&Charge {
            mandate,
            amount: cny(minor),
            reference: hex::encode(random::<8>()),
            permit: None,
        })
    }

    /// A merchant-initiated charge.
    pub(crate) async fn charge(&self, mandate: MandateId, minor: i64) -> Reply {
        self.post(&self.sign_charge(mandate, minor)).await
    }
}

impl Drop for House {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Where requests go.
#[derive(Clone)]
pub(crate) enum Way {
    /// To the gateway in this process.
    Here(Gateway),
    /// To a program on this port.
    Program(u16),
}

impl Way {
    pub(crate) async fn send(self, request: Request<Body>) -> Reply {
        match self {
            Self::Here(gateway) => ask(&gateway, request).await,
            Self::Program(port) => program::send(port, request).await,
        }
    }
}

/// One request to a gateway, without a listener.
pub(crate) async fn ask(gateway: &Gateway, request: Request<Body>) -> Reply {
    let response = gateway.router().oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let content_type = response.headers().get(header::CONTENT_TYPE);
    let content_type = content_type
        .map(|value| value.to_str().unwrap().to_owned())
        .unwrap_or_default();
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec();
    Reply {
        status,
        content_type,
        body,
    }
}

pub(crate) fn statement(body: impl Into<Body>) -> Request<Body> {
    Request::post("/v1/statements")
        .header(header::CONTENT_TYPE, "application/jose")
        .body(body.into())
        .unwrap()
}
