//! What the gateway writes about itself, at its most talkative, over a whole thread.

use std::path::Path;
use std::sync::atomic::Ordering;

use quittance_protocol::answer::{OrderRecord, OrderState};
use quittance_protocol::bytes::to_base64url;
use quittance_protocol::flow_event::Wish;
use quittance_protocol::statement::StartFlow;
use quittance_protocol::{Code, Digest32};

use crate::support::House;
use crate::support::phone::{PIN, Phone, approved};
use crate::support::program::Program;

/// One thing that no line may tell, in every form in which a line could.
struct Untold {
    name: &'static str,
    forms: Vec<String>,
}

impl Untold {
    fn text(name: &'static str, text: &str) -> Self {
        Self {
            name,
            forms: vec![text.to_owned(), hex::encode(text), to_base64url(text.as_bytes())],
        }
    }

    fn bytes(name: &'static str, bytes: &[u8]) -> Self {
        let listed = format!("{bytes:?}");
        let forms = vec![
            hex::encode(bytes),
            hex::encode_upper(bytes),
            to_base64url(bytes),
            to_base64url(bytes).replace('-', "+").replace('_', "/"),
            listed.replace(' ', ""),
            listed,
        ];
        Self { name, forms }
    }
}

/// The names of what the lines tell. When a line was written tells nothing, though its digits could look like a PIN.
fn told(lines: &[serde_json::Value], untold: &[Untold]) -> Vec<&'static str> {
    let lines: Vec<String> = lines
        .iter()
        .map(|line| {
            let mut line = line.clone();
            line.as_object_mut().unwrap().remove("timestamp");
            line.to_string()
        })
        .collect();
    let tells = |form: &String| lines.iter().any(|line| line.contains(form.as_str()));
    let found = untold.iter().filter(|untold| untold.forms.iter().any(tells));
    found.map(|untold| untold.name).collect()
}

fn lines(log: &Path) -> Vec<serde_json::Value> {
    let text = std::fs::read_to_string(log).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn it_tells_no_secret_and_nothing_about_the_payer() {
    let house = House::closed();
    let log = house.folder.path().join("log");
    let program = Program::start(&house, &log);
    let phone = Phone::ready(&house).await;
    let token = phone.sign_mandate().await;
    approved(&house.charge(token.mandate, 100).await);
    // What is refused is what is written about most.
    assert_eq!(house.post(&token.pooled(&house, 1)).await.code(), Code::SequenceFork);
    let bearer = phone.session().await;
    assert_eq!(house.get("/v1/mandates", Some(&bearer)).await.status, 200);
    drop(program);

    let funding = Digest32::of(format!("simulated-funding/{}", token.token).as_bytes());
    let mut untold = vec![
        Untold::text("PIN", std::str::from_utf8(PIN).unwrap()),
        Untold::text("merchant's name", "Bluebird"),
        Untold::text("service", "Rides"),
        Untold::text("bearer token", &bearer),
        Untold::bytes(
            "bearer token",
            &quittance_protocol::bytes::from_base64url(&bearer).unwrap(),
        ),
        Untold::bytes("funding reference", funding.as_bytes()),
    ];
    for (kind, name) in [
        (1, "half"),
        (2, "log seed"),
        (3, "PIN server keys"),
        (4, "master key"),
        (5, "author seed"),
    ] {
        let secrets = house.secrets(kind);
        assert_eq!(secrets.len(), 1, "{name}");
        untold.extend(secrets.iter().map(|(_, secret)| Untold::bytes(name, secret)));
    }

    let program = Program::start(&house, &log);
    let order = phone.revoke(&[token.mandate]).await;
    let mut wrong = phone.attestation(&order);
    wrong.tokens.clear();
    assert_eq!(phone.post(&wrong).await.code(), Code::ProofRejected);
    let closed: OrderRecord = phone.post(&phone.attestation(&order)).await.ok();
    let waiting = async {
        while phone.order(closed.order).await.state != OrderState::Closed {
            tokio::task::yield_now().await;
        }
    };
    let deadline = std::time::Duration::from_secs(20);
    tokio::time::timeout(deadline, waiting).await.expect("it closes");
    let used = phone.number.load(Ordering::SeqCst) - 1;
    let wish = Wish::Undo { order: closed.order };
    let undo = StartFlow {
        start: phone.flow_start_for("mandate.undo", &[], wish, phone.nonce().await),
    };
    let forked = phone.device.sign(&phone.claims(Some(used)), &undo);
    assert_eq!(house.post(&forked).await.code(), Code::SequenceFork);
    drop(program);
    assert!(house.halves().is_empty());

    let mut lines = lines(&log);
    let destroyed = [Untold::text("an ordinary line", "halves destroyed")];
    assert_eq!(
        told(&lines, &destroyed),
        ["an ordinary line"],
        "the whole thread is there"
    );
    assert_eq!(told(&lines, &untold), Vec::<&str>::new());
    // The control: each form of each of them is found where it stands.
    let ordinary = lines.len();
    for one in &untold {
        for form in &one.forms {
            lines.push(serde_json::json!({"fields": {"message": format!("planted {form}")}}));
            assert!(told(&lines, &untold).contains(&one.name));
            lines.truncate(ordinary);
        }
    }
}
