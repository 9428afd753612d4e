//! A real gateway on a real loopback listener, with a plug that can be pulled, and a phone with software keys.

pub(crate) mod phone;
pub(crate) mod plug;

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request};
use phone::Phone;
use plug::Plug;
use quittance_gateway::attestation::Trust;
use quittance_gateway::parties::SimulatedParties;
use quittance_gateway::{
    Config, FolderCustodian, Gateway, Parts, PolicySource, Sandbox, SandboxClock, SimulatedCardNetwork,
    SimulatedMerchants,
};
use quittance_protocol::ed25519::SigningKey;
use quittance_protocol::{FlowId, MandateId, MerchantId};
use quittance_vault::{Randomness, SystemRandomness};
use quittance_wallet::WalletConfig;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;
use tower::ServiceExt;
use zeroize::Zeroizing;

pub(crate) const PIN: &[u8] = b"258036";
pub(crate) const OTHER_PIN: &[u8] = b"630852";

/// A gateway that is served, and everything that stands around it.
pub(crate) struct Sandboxed {
    pub(crate) gateway: Gateway,
    pub(crate) plug: Plug,
    router: Router,
    url: String,
    _folder: TempDir,
}

impl Sandboxed {
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let gateway = open_gateway(folder.path(), &url);
        let router = gateway.router();
        let plug = Plug::default();
        let served = plug.wrap(router.clone());
        tokio::spawn(async move { axum::serve(listener, served).await.unwrap() });
        Self {
            gateway,
            plug,
            router,
            url,
            _folder: folder,
        }
    }

    pub(crate) fn config(&self, data_dir: &Path) -> WalletConfig {
        let seed = Zeroizing::new(quittance_flows::policy::SANDBOX_AUTHOR_SEED);
        let author = SigningKey::from_seed(&seed).unwrap();
        WalletConfig {
            data_dir: data_dir.to_owned(),
            gateway_url: self.url.clone(),
            origin: self.url.clone(),
            log_vkey: self.gateway.log_key().to_string(),
            policy_author: serde_json::to_string(author.public_key()).unwrap(),
            sandbox: true,
        }
    }

    /// Asks the gateway without the network that the phone uses.
    pub(crate) async fn ask(&self, method: Method, path: &str, body: Value) -> Value {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", "application/json");
        let body = if body.is_null() {
            Body::empty()
        } else {
            Body::from(body.to_string())
        };
        let response = self.router.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
        serde_json::from_slice(&bytes).unwrap_or_else(|_| panic!("{path}: {}", String::from_utf8_lossy(&bytes)))
    }

    pub(crate) async fn merchant(&self, name: &str) -> Merchant {
        let made = self
            .ask(Method::POST, "/sandbox/merchants", json!({ "name": name }))
            .await;
        Merchant {
            id: made["merchant"].as_str().unwrap().parse().unwrap(),
        }
    }

    pub(crate) async fn offer(&self, merchant: &Merchant, kind: &str) -> String {
        self.offer_with(merchant, kind, &json!({})).await
    }

    /// An offer with further terms.
    pub(crate) async fn offer_with(&self, merchant: &Merchant, kind: &str, more: &Value) -> String {
        let cny = |minor: i64| json!({ "minor": minor, "currency": "CNY" });
        let mut body = json!({
            "service": "Rides", "kind": kind, "per_charge": cny(5000), "per_period": cny(20_000), "period_days": 30,
        });
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        let path = format!("/sandbox/merchants/{}/offers", merchant.id);
        self.ask(Method::POST, &path, body).await["offer"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// The merchant charges: the decision's name, or the code of the decline or problem.
    pub(crate) async fn charge(
        &self,
        merchant: &Merchant,
        mandate: MandateId,
        minor: i64,
        reference: &str,
        permit: Option<&str>,
    ) -> String {
        let mut body =
            json!({ "mandate": mandate, "amount": { "minor": minor, "currency": "CNY" }, "reference": reference });
        if let Some(permit) = permit {
            body["permit"] = permit.into();
        }
        let path = format!("/sandbox/merchants/{}/charges", merchant.id);
        let answer = self.ask(Method::POST, &path, body).await;
        let decision = &answer["decision"];
        let word = answer["code"]
            .as_str()
            .or(decision["code"].as_str())
            .or(decision["decision"].as_str());
        word.unwrap_or_else(|| panic!("{answer}")).to_owned()
    }

    /// The code that came to the payer's phone last.
    pub(crate) async fn code(&self, phone: &Phone) -> Vec<u8> {
        let account = phone.wallet.enrolment().unwrap().unwrap().account;
        let inbox = self
            .ask(Method::GET, &format!("/sandbox/inbox/{account}"), Value::Null)
            .await;
        let last = inbox.as_array().unwrap().last().unwrap();
        last["arguments"]["code"].as_str().unwrap().as_bytes().to_vec()
    }

    /// Sets what a party answers next.
    pub(crate) async fn script(&self, party: &str, line: Value) {
        self.ask(Method::POST, &format!("/sandbox/parties/{party}/script"), json!([line]))
            .await;
    }

    /// A reviewer of the desk decides about whatever waits for one.
    pub(crate) async fn review(&self, flow: FlowId, approves: bool) {
        let made = self
            .ask(Method::POST, "/sandbox/reviewers", json!({ "name": "Lin" }))
            .await;
        let path = format!("/sandbox/reviewers/{}/decisions", made["reviewer"].as_str().unwrap());
        let queue = self.ask(Method::GET, "/sandbox/desk", Value::Null).await;
        let waits = |item: &&Value| item["flow"] == flow.to_string();
        let item = queue.as_array().unwrap().iter().find(waits).unwrap();
        let body = json!({ "flow": flow, "step": item["step"], "approves": approves });
        let answer = self.ask(Method::POST, &path, body).await;
        assert!(answer["code"].is_null(), "{answer}");
    }

    pub(crate) async fn advance(&self, seconds: u32) {
        self.ask(Method::POST, "/sandbox/clock", json!({ "advance_seconds": seconds }))
            .await;
    }
}

impl Drop for Sandboxed {
    fn drop(&mut self) {
        self.gateway.shutdown();
    }
}

pub(crate) struct Merchant {
    pub(crate) id: MerchantId,
}

fn open_gateway(folder: &Path, url: &str) -> Gateway {
    let randomness: Arc<dyn Randomness> = Arc::new(SystemRandomness::default());
    let data = folder.join("data");
    std::fs::create_dir_all(&data).unwrap();
    let clock = Arc::new(SandboxClock::open(&folder.join("clock")).unwrap());
    let card_network = Arc::new(SimulatedCardNetwork::open(&folder.join("card-network.sqlite")).unwrap());
    let merchants =
        Arc::new(SimulatedMerchants::open(&folder.join("merchants.sqlite"), Arc::clone(&randomness)).unwrap());
    let sandbox = Sandbox {
        clock: Arc::clone(&clock),
        card_network: Arc::clone(&card_network),
        merchants: Arc::clone(&merchants),
        parties: Arc::new(SimulatedParties::open(&folder.join("parties.sqlite")).unwrap()),
    };
    let parts = Parts {
        custodian: Arc::new(FolderCustodian::open(&folder.join("keys"), Arc::clone(&randomness)).unwrap()),
        clock,
        randomness,
        card_network,
        merchants,
        outside: sandbox.parties.outside(),
        sandbox: Some(sandbox),
    };
    let config = Config {
        data,
        origin: url.to_owned(),
        log_name: Some("gateway.test".to_owned()),
        merchants: Vec::new(),
        policy: PolicySource::Sandbox,
        attestation: Trust::default(),
    };
    Gateway::open(config, parts).unwrap()
}
