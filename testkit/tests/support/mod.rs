//! What several rows share: an ear for the gateway's own events, a log with a second face.

use axum::Router;
use axum::extract::{Query, State};
use axum::routing::get;
use quittance_protocol::answer::{ConsistencyAnswer, OrderRecord};
use quittance_protocol::bytes::Digest32;
use quittance_protocol::log::merkle::{self, Hash};
use quittance_protocol::log::{Checkpoint, NoteSigner, tiles};
use quittance_testkit::http::Answer;
use quittance_testkit::stage::Stage;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use tracing::field::{Field, Visit};
use tracing::span;

/// The order that an answer holds.
pub(crate) fn order_of(answer: &Answer) -> OrderRecord {
    serde_json::from_str(&answer.text).unwrap_or_else(|_| panic!("no order: {}", answer.text))
}

/// What the process says of itself, one line an event.
pub(crate) type Ear = Arc<Mutex<Vec<String>>>;

/// Listens to the gateway's events from now on.
pub(crate) fn listen() -> Ear {
    let ear = Ear::default();
    // One test of a program listens; the sequencer has a thread of its own, so it listens everywhere.
    tracing::subscriber::set_global_default(Listener(Arc::clone(&ear))).expect("nobody listens yet");
    ear
}

/// Whether an event with this text was said.
pub(crate) fn heard(ear: &Ear, text: &str) -> bool {
    ear.lock()
        .unwrap_or_else(PoisonError::into_inner)
        .iter()
        .any(|line| line.contains(text))
}

struct Listener(Ear);

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        if field.name() == "message" {
            self.0 = format!("{value:?}{}", self.0);
        } else {
            let _ = write!(self.0, " {}={value:?}", field.name());
        }
    }
}

impl tracing::Subscriber for Listener {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.target().starts_with("quittance_gateway")
    }
    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }
    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn event(&self, event: &tracing::Event<'_>) {
        let mut line = Line(String::new());
        event.record(&mut line);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(line.0);
    }
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

type Nodes = BTreeMap<(u8, u64), Hash>;

struct Fork {
    signer: Arc<NoteSigner>,
    size: u64,
    nodes: Nodes,
}

/// The honest gateway, whose log has grown by an entry that nobody else sees.
pub(crate) async fn forked(stage: &Stage, signer: Arc<NoteSigner>) -> Router {
    let checkpoint = stage.http.get("/log/checkpoint").await.text;
    let size = checkpoint.lines().nth(1).expect("a size");
    let bundle = stage.http.get(&format!("/log/tile/entries/000.p/{size}")).await.text;
    let entries = tiles::open_bundle(bundle.as_bytes()).expect("a bundle");
    let mut leaves: Vec<Hash> = entries.iter().map(|entry| merkle::leaf_hash(entry)).collect();
    leaves.push(merkle::leaf_hash(b"an entry for one pair of eyes"));
    let (mut nodes, mut size) = (Nodes::new(), 0);
    for leaf in leaves {
        let known = |level: u8, index: u64| nodes.get(&(level, index)).copied();
        let written = merkle::append(leaf, size, &known).expect("a tree");
        nodes.extend(written.into_iter().map(|new| ((new.level, new.index), new.hash)));
        size += 1;
    }
    let shown = Router::new()
        .route("/log/checkpoint", get(show_checkpoint))
        .route("/log/consistency", get(show_consistency))
        .with_state(Arc::new(Fork { signer, size, nodes }));
    shown.fallback_service(stage.gateway().expect("a gateway").router())
}

async fn show_checkpoint(State(fork): State<Arc<Fork>>) -> String {
    let store = |level: u8, index: u64| fork.nodes.get(&(level, index)).copied();
    let root = merkle::root(fork.size, &store).expect("a root");
    Checkpoint::sign(&fork.signer, fork.size, root)
        .expect("a note")
        .note()
        .to_owned()
}

async fn show_consistency(
    State(fork): State<Arc<Fork>>,
    Query(asked): Query<BTreeMap<String, u64>>,
) -> axum::Json<ConsistencyAnswer> {
    let store = |level: u8, index: u64| fork.nodes.get(&(level, index)).copied();
    let hashes = merkle::consistency_proof(asked["from"], asked["to"], &store).expect("a proof");
    axum::Json(ConsistencyAnswer {
        hashes: hashes.into_iter().map(Digest32::from_bytes).collect(),
    })
}
