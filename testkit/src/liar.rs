//! A gateway that lies: the honest library's router, with closures forged on their way out.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use quittance_protocol::answer::{Closure, ConsistencyAnswer};
use quittance_protocol::bytes::{B64, Digest32};
use quittance_protocol::log::entry::{Entry, EntryKind};
use quittance_protocol::log::merkle::{self, Hash};
use quittance_protocol::log::proof::TlogProof;
use quittance_protocol::log::{Checkpoint, NoteSigner, tiles};
use quittance_protocol::log_body::ClosureBody;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use tower::ServiceExt;

const MOST_BYTES: usize = 16 << 20;

/// What it lies about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Lie {
    /// Hands out a closure that was never logged.
    Unlogged,
    /// Logs, rightly proved, a closure that names another token.
    WrongToken,
}

struct Liar {
    honest: Router,
    signer: Arc<NoteSigner>,
    lie: Lie,
    /// Leaves of the log that it shows instead of the honest one, once it has lied.
    shown: Mutex<Option<Vec<Hash>>>,
}

/// Puts the liar in front of an honest gateway whose log key it has.
pub fn lying(honest: Router, signer: Arc<NoteSigner>, lie: Lie) -> Router {
    let liar = Arc::new(Liar {
        honest: honest.clone(),
        signer,
        lie,
        shown: Mutex::default(),
    });
    honest.layer(from_fn_with_state(liar, intercept))
}

async fn intercept(State(liar): State<Arc<Liar>>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let query = request.uri().query().unwrap_or_default().to_owned();
    if let Some(answer) = liar.shown_log(&path, &query) {
        return answer;
    }
    let response = next.run(request).await;
    let (mut parts, body) = response.into_parts();
    let Ok(bytes) = to_bytes(body, MOST_BYTES).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let Ok(mut json) = serde_json::from_slice::<Value>(&bytes) else {
        return Response::from_parts(parts, Body::from(bytes));
    };
    if !liar.forge_all(&mut json).await {
        return Response::from_parts(parts, Body::from(bytes));
    }
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(json.to_string()))
}

impl Liar {
    /// Forges the closure of an order, or of every order in a list.
    async fn forge_all(&self, json: &mut Value) -> bool {
        let mut forged = false;
        let listed = json.get_mut("orders").and_then(Value::as_array_mut);
        if let Some(orders) = listed {
            for order in orders {
                forged |= self.forge(order).await.is_some();
            }
        } else {
            forged = self.forge(json).await.is_some();
        }
        forged
    }

    async fn forge(&self, order: &mut Value) -> Option<()> {
        let place = order.get_mut("closure").filter(|closure| !closure.is_null())?;
        let mut closure: Closure = serde_json::from_value(place.clone()).ok()?;
        let mut proof: TlogProof = closure.receipt.parse().ok()?;
        let honest = Entry::parse(proof.extra.as_deref()?).ok()?;
        let body = match self.lie {
            Lie::Unlogged => closure.annex.body.as_slice().to_vec(),
            Lie::WrongToken => {
                let mut body: ClosureBody = serde_json::from_slice(closure.annex.body.as_slice()).ok()?;
                body.tokens = body.tokens.iter().map(|_| Digest32::of(b"some other token")).collect();
                serde_json::to_vec(&body).ok()?
            }
        };
        let salt = [0x5a; 32];
        let entry = Entry::commit(EntryKind::Closure, honest.time, &salt, &body);
        proof.extra = Some(entry.to_bytes());
        if self.lie == Lie::WrongToken {
            let leaves = self.leaves_with(proof.index, entry.leaf_hash()).await?;
            let (checkpoint, hashes) = self.prove(&leaves, proof.index)?;
            proof.checkpoint = checkpoint;
            proof.hashes = hashes;
            *self.shown.lock().unwrap_or_else(PoisonError::into_inner) = Some(leaves);
        }
        closure.receipt = proof.to_string();
        closure.annex.salt = B64::new(salt.to_vec());
        closure.annex.body = B64::new(body);
        *place = serde_json::to_value(closure).ok()?;
        Some(())
    }

    /// The honest log's leaves with one of them exchanged.
    async fn leaves_with(&self, index: u64, leaf: Hash) -> Option<Vec<Hash>> {
        let checkpoint = String::from_utf8(self.honest_bytes("/log/checkpoint").await?).ok()?;
        let size: u16 = checkpoint.lines().nth(1)?.parse().ok()?;
        let bundle = self.honest_bytes(&format!("/log/tile/entries/000.p/{size}")).await?;
        let mut leaves: Vec<Hash> = tiles::open_bundle(&bundle)
            .ok()?
            .iter()
            .map(|entry| merkle::leaf_hash(entry))
            .collect();
        *leaves.get_mut(usize::try_from(index).ok()?)? = leaf;
        Some(leaves)
    }

    async fn honest_bytes(&self, path: &str) -> Option<Vec<u8>> {
        let request = Request::builder()
            .method(Method::GET)
            .uri(path)
            .body(Body::empty())
            .ok()?;
        let response = self.honest.clone().oneshot(request).await.ok()?;
        Some(to_bytes(response.into_body(), MOST_BYTES).await.ok()?.to_vec())
    }

    fn prove(&self, leaves: &[Hash], index: u64) -> Option<(String, Vec<Hash>)> {
        let (size, store) = grown(leaves)?;
        let store = |level: u8, place: u64| store.get(&(level, place)).copied();
        let root = merkle::root(size, &store).ok()?;
        let checkpoint = Checkpoint::sign(&self.signer, size, root).ok()?;
        Some((
            checkpoint.note().to_owned(),
            merkle::inclusion_proof(index, size, &store).ok()?,
        ))
    }

    /// After the lie, the log that is shown is the forged one: consistent in itself.
    fn shown_log(&self, path: &str, query: &str) -> Option<Response> {
        let shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        let leaves = shown.as_ref()?;
        match path {
            "/log/checkpoint" => Some(self.prove(leaves, 0)?.0.into_response()),
            "/log/consistency" => {
                let number = |name: &str| {
                    query
                        .split('&')
                        .find_map(|part| part.strip_prefix(name)?.parse::<u64>().ok())
                };
                let (_, store) = grown(leaves)?;
                let store = |level: u8, place: u64| store.get(&(level, place)).copied();
                let hashes = merkle::consistency_proof(number("from=")?, number("to=")?, &store).ok()?;
                let answer = ConsistencyAnswer {
                    hashes: hashes.into_iter().map(Digest32::from_bytes).collect(),
                };
                Some(axum::Json(answer).into_response())
            }
            _ => None,
        }
    }
}

type Stored = BTreeMap<(u8, u64), Hash>;

fn grown(leaves: &[Hash]) -> Option<(u64, Stored)> {
    let mut store = Stored::new();
    let mut size = 0;
    for leaf in leaves {
        let written = merkle::append(*leaf, size, &|level: u8, index: u64| {
            store.get(&(level, index)).copied()
        })
        .ok()?;
        store.extend(written.into_iter().map(|new| ((new.level, new.index), new.hash)));
        size += 1;
    }
    Some((size, store))
}
