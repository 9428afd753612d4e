//! Simulated parties over the sandbox's routes.

use std::sync::Arc;

use axum::body::Body;
use axum::http::Request;
use quittance_gateway::attestation::Trust;
use quittance_gateway::parties::{Asked, BankDecision, CallKey, NumberKind, ReceivedText, SimulatedParties};
use quittance_gateway::{Config, Gateway, Parts, PolicySource, Sandbox, SandboxClock};
use quittance_protocol::Code;
use quittance_vault::SystemRandomness;

use crate::support::questions::{ACCOUNT, FLOW, MANDATE, bank, call, now, open, text};
use crate::support::{House, ORIGIN, Reply, ask};

/// A gateway in the sandbox, at its HTTP boundary.
struct Stage {
    house: House,
    parties: Arc<SimulatedParties>,
    gateway: Gateway,
}

impl Stage {
    fn set() -> Self {
        let house = House::closed();
        let parties = Arc::new(open(house.folder.path()));
        let sandbox = Sandbox {
            clock: Arc::new(SandboxClock::open(&house.folder.path().join("clock")).unwrap()),
            card_network: house.network.clone(),
            merchants: house.merchants.clone(),
            parties: parties.clone(),
        };
        let config = Config {
            data: house.data(),
            origin: ORIGIN.to_owned(),
            log_name: None,
            merchants: Vec::new(),
            policy: PolicySource::Sandbox,
            attestation: Trust::default(),
        };
        let parts = Parts {
            custodian: house.custodian(),
            clock: house.clock.clone(),
            randomness: Arc::new(SystemRandomness::new()),
            card_network: house.network.clone(),
            merchants: house.merchants.clone(),
            outside: parties.outside(),
            sandbox: Some(sandbox),
        };
        let gateway = Gateway::open(config, parts).unwrap();
        Self {
            house,
            parties,
            gateway,
        }
    }

    async fn send(&self, request: Request<Body>) -> Reply {
        ask(&self.gateway, request).await
    }

    async fn get(&self, path: &str) -> Reply {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    async fn script(&self, party: &str, lines: &str) -> Reply {
        let path = format!("/sandbox/parties/{party}/script");
        self.send(Request::post(path).body(lines.to_owned().into()).unwrap())
            .await
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.gateway.shutdown();
    }
}

#[tokio::test]
async fn the_sandbox_scripts_a_party_then_tells_what_it_was_asked() {
    let stage = Stage::set();
    let set = stage
        .script(
            "bank_app",
            "{\"outcome\": \"refused\", \"latency\": \"PT90S\"}\n{\"outage\": true}",
        )
        .await;
    assert_eq!(set.text(), r#"{"party":"bank_app","lines":2}"#);
    let reply = stage
        .parties
        .outside()
        .bank_app
        .confirm(&call("bank"), &bank())
        .unwrap();
    assert_eq!(reply.outcome, BankDecision::Refused);
    let asked: Vec<Asked> = stage.get("/sandbox/parties/bank_app/asked").await.ok();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].key, CallKey::of_step(FLOW, "bank", 1));
    assert_eq!(asked[0].question["mandate"], MANDATE.to_string());
    let told = asked[0].reply.as_ref().unwrap();
    assert_eq!((told.outcome.as_str(), told.after), (Some("refused"), reply.after));
}

#[tokio::test]
async fn the_sandbox_refuses_unknown_parties_and_malformed_lines() {
    let stage = Stage::set();
    for reply in [
        stage.script("crystal_ball", "{}").await,
        stage.get("/sandbox/parties/crystal_ball/asked").await,
    ] {
        let problem = reply.problem();
        assert_eq!((problem.code(), problem.pointer()), (Code::NotFound, Some("/party")));
        assert!(
            problem.detail_text().unwrap().contains("bank_app"),
            "it names those that there are"
        );
    }
    let problem = stage.script("bank_app", "{}\n{\"latency\": 5}").await.problem();
    assert_eq!(
        (problem.code(), problem.pointer()),
        (Code::Malformed, Some("/1/latency"))
    );
    let long = "{}\n".repeat(40_000);
    assert_eq!(stage.script("bank_app", &long).await.code(), Code::TooLarge);
    let problem = stage.get("/sandbox/inbox/nobody").await.problem();
    assert_eq!((problem.code(), problem.pointer()), (Code::NotFound, Some("/account")));
}

// R-026
#[tokio::test]
async fn a_scenario_reads_a_code_from_the_inbox_once_gateway_time_brought_it() {
    let stage = Stage::set();
    stage.script("sms_carrier", r#"{"latency": "PT8S"}"#).await;
    let carrier = stage.parties.outside().sms_carrier;
    carrier.send(&call("otp"), &text(ACCOUNT, "123456")).unwrap();
    let inbox = format!("/sandbox/inbox/{ACCOUNT}");
    stage.house.clock.advance(7);
    assert_eq!(stage.get(&inbox).await.text(), "[]");
    stage.house.clock.advance(1);
    let texts: Vec<ReceivedText> = stage.get(&inbox).await.ok();
    assert_eq!(texts.len(), 1);
    assert_eq!(
        (texts[0].number, texts[0].arguments["code"].as_str()),
        (NumberKind::Bound, "123456")
    );
    assert_eq!(texts[0].received_at, now().plus_seconds(8));
}

#[tokio::test]
async fn outside_of_the_sandbox_there_are_no_such_routes() {
    let house = House::new();
    for path in [
        "/sandbox/parties/bank_app/asked".to_owned(),
        format!("/sandbox/inbox/{ACCOUNT}"),
    ] {
        assert_eq!(house.get(&path, None).await.code(), Code::NotFound);
    }
}
