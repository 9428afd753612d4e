//! A gateway that lies: an honest one's answers, changed on their way out with the keys that it has.

mod answers;
mod lie;
mod proofs;
mod shown;
mod told;

pub use lie::{Catch, Lie};

use crate::network::{MOST_BYTES, cut, refusal};
use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use proofs::Tools;
use quittance_protocol::answer::{Closure, ConsistencyAnswer, OrderRecord, PolicyAnswer, Reconciled};
use quittance_protocol::bytes::{B64, Digest32};
use quittance_protocol::log::proof::TlogProof;
use quittance_protocol::log::{NoteSigner, tiles};
use quittance_protocol::statement::Consent;
use quittance_protocol::{OrderId, Problem, Received, TokenId, problem};
use serde_json::Value;
use shown::Places;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use told::Told;
use tower::ServiceExt;

/// Whoever posts here wakes the liar: for the demo, which speaks with a process.
pub const WAKE_PATH: &str = "/liar/wake";

/// The liar in front of an honest gateway.
pub struct Liar {
    honest: Router,
    signer: Arc<NoteSigner>,
    lie: Lie,
    awake: AtomicBool,
    lies: AtomicU32,
    memory: Mutex<Memory>,
}

/// What it remembers between answers.
#[derive(Default)]
struct Memory {
    places: Places,
    /// How much of the log the phone has seen.
    seen: u64,
    /// The first closure that was handed out, with its order.
    another: Option<(OrderId, Closure)>,
    /// The first answer about each order.
    first: BTreeMap<OrderId, Vec<u8>>,
    /// The answer to the statement before.
    before: Vec<u8>,
    /// The token whose consent it refused.
    refused: Option<TokenId>,
}

impl Liar {
    /// A liar that has the honest gateway's log key.
    pub fn new(honest: Router, signer: Arc<NoteSigner>, lie: Lie) -> Arc<Self> {
        Arc::new(Self {
            honest,
            signer,
            lie,
            awake: AtomicBool::new(false),
            lies: AtomicU32::new(0),
            memory: Mutex::default(),
        })
    }

    /// What it serves.
    pub fn router(self: &Arc<Self>) -> Router {
        Router::new().fallback(intercept).with_state(Arc::clone(self))
    }

    /// From now on it lies; before, it is an honest gateway.
    pub fn wake(&self) {
        self.awake.store(true, Ordering::SeqCst);
    }

    /// How many answers it has changed.
    pub fn lies_told(&self) -> u32 {
        self.lies.load(Ordering::SeqCst)
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lied(&self) {
        self.lies.fetch_add(1, Ordering::SeqCst);
    }
}

async fn intercept(State(liar): State<Arc<Liar>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(bytes) = to_bytes(body, MOST_BYTES).await else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    match liar.answer(&parts, bytes).await {
        Some(response) => response,
        None => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

impl Liar {
    async fn answer(&self, parts: &Parts, bytes: Bytes) -> Option<Response> {
        if parts.uri.path() == WAKE_PATH {
            self.wake();
            return Some(StatusCode::OK.into_response());
        }
        if !self.awake.load(Ordering::SeqCst) {
            let (head, honest) = self.pass(parts, bytes).await?;
            self.note(&honest);
            return Some(Response::from_parts(head, Body::from(honest)));
        }
        let entries = self.entries().await?;
        if let Some(answer) = self.log_answer(parts, &entries) {
            return Some(answer);
        }
        let said = statement_name(parts, &bytes);
        if self.lie == Lie::Ignored && said.as_deref() == Some("intent") {
            self.lied();
            return Some(cut());
        }
        if self.lie == Lie::OrderNamedAsToken && said.as_deref() == Some("consent") {
            let consent = std::str::from_utf8(&bytes).ok().map(Received::parse)?.ok()?;
            let (_, consent) = consent.unverified_body::<Consent>().ok()?;
            self.memory().refused = Some(consent.token);
            return Some(refusal(&Problem::new(problem::Code::ProofRejected)));
        }
        if self.lie == Lie::Duplicated && said.is_some() {
            self.lied();
            self.pass(parts, bytes.clone()).await?;
        }
        let (mut head, honest) = self.pass(parts, bytes).await?;
        let said = said.as_deref();
        if let Some(instead) = self.other_answer(said, head.status, &honest) {
            self.lied();
            return Some(instead);
        }
        // What was just logged belongs to the answer.
        let entries = self.entries().await?;
        let changed = self.changed(parts, said, &honest, &entries).unwrap_or(honest);
        self.note(&changed);
        head.headers.remove(header::CONTENT_LENGTH);
        Some(Response::from_parts(head, Body::from(changed)))
    }

    async fn pass(&self, parts: &Parts, bytes: Bytes) -> Option<(axum::http::response::Parts, Vec<u8>)> {
        let request = Request::from_parts(parts.clone(), Body::from(bytes));
        let response = self.honest.clone().oneshot(request).await.ok()?;
        let (head, body) = response.into_parts();
        Some((head, to_bytes(body, MOST_BYTES).await.ok()?.to_vec()))
    }

    /// All entries of the honest log; a young one, its first bundle holds them.
    async fn entries(&self) -> Option<Vec<Vec<u8>>> {
        let checkpoint = String::from_utf8(self.honest_bytes("/log/checkpoint").await?).ok()?;
        let size: u64 = checkpoint.lines().nth(1)?.parse().ok()?;
        self.begin_with(size.checked_sub(1)?);
        tiles::open_bundle(&self.honest_bytes(&format!("/log/tile/entries/000.p/{size}")).await?).ok()
    }

    /// What stood in the log before the first lie, up to this entry, the phone may have seen.
    fn begin_with(&self, last: u64) {
        let mut memory = self.memory();
        if memory.places.is_new() {
            memory.seen = last + 1;
            memory.places.hand_out(last);
        }
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

    /// Where a lie is in the log, the log that is shown has it: consistent in itself.
    fn log_answer(&self, parts: &Parts, entries: &[Vec<u8>]) -> Option<Response> {
        let path = parts.uri.path();
        if self.lie == Lie::NoConsistency && path == "/log/consistency" {
            self.lied();
            return Some(refusal(&Problem::new(problem::Code::NotFound)));
        }
        if !self.lie.is_logged() {
            return None;
        }
        let shown = self.memory().places.shown(entries);
        match path {
            "/log/checkpoint" => Some(shown.checkpoint(&self.signer)?.into_response()),
            "/log/consistency" => {
                let query = parts.uri.query().unwrap_or_default();
                let number = |name: &str| {
                    let mut members = query.split('&');
                    members.find_map(|part| part.strip_prefix(name)?.parse::<u64>().ok())
                };
                let hashes = shown.consistency(number("from=")?, number("to=")?)?;
                let hashes = hashes.into_iter().map(Digest32::from_bytes).collect();
                Some(axum::Json(ConsistencyAnswer { hashes }).into_response())
            }
            _ => None,
        }
    }

    /// Another answer altogether.
    fn other_answer(&self, said: Option<&str>, status: StatusCode, honest: &[u8]) -> Option<Response> {
        let before = match said {
            Some(_) => std::mem::replace(&mut self.memory().before, honest.to_vec()),
            None => self.memory().before.clone(),
        };
        if status != StatusCode::OK {
            return None;
        }
        match (self.lie, said) {
            (Lie::IntentRefused, Some("intent")) | (Lie::AttestationRefused, Some("attestation")) => {
                return Some(refusal(&Problem::new(problem::Code::ProofRejected)));
            }
            _ => {}
        }
        let orders = orders_in(honest);
        let first = orders.first()?;
        match self.lie {
            Lie::Swapped => Some(before.into_response()),
            Lie::Late => {
                let mut memory = self.memory();
                let known = memory
                    .first
                    .entry(first.order)
                    .or_insert_with(|| serde_json::to_vec(&serde_json::json!(first)).unwrap_or_default());
                let first = serde_json::from_slice::<Value>(known).ok()?;
                let mut told: Value = serde_json::from_slice(honest).ok()?;
                let place = match told.get_mut("orders") {
                    Some(orders) => orders.get_mut(0)?,
                    None => &mut told,
                };
                let news = *place != first;
                *place = first;
                news.then(|| axum::Json(told).into_response())
            }
            Lie::OrderForgotten => answers::forgotten(said, honest),
            lie => answers::instead(lie, honest),
        }
    }

    /// The same answer with other content; nothing where there was nothing to change.
    fn changed(&self, parts: &Parts, said: Option<&str>, honest: &[u8], entries: &[Vec<u8>]) -> Option<Vec<u8>> {
        if parts.uri.path() == "/v1/policy" {
            let mut answer: PolicyAnswer = serde_json::from_slice(honest).ok()?;
            answers::policy(self.lie, &mut answer)?;
            self.lied();
            return serde_json::to_vec(&answer).ok();
        }
        if said == Some("reconciliation") {
            let mut answer: Reconciled = serde_json::from_slice(honest).ok()?;
            let mut lied = answers::reconciled(self.lie, &mut answer);
            for record in &mut answer.orders {
                lied |= self.forge(record, entries).is_some();
            }
            if lied {
                self.lied();
            }
            return serde_json::to_vec(&answer).ok();
        }
        let mut record: OrderRecord = serde_json::from_slice(honest).ok()?;
        if self.forge(&mut record, entries).is_some() {
            self.lied();
        }
        serde_json::to_vec(&record).ok()
    }

    /// Forges what is told of an order; nothing where it stays as it is but for the log that proves it.
    fn forge(&self, record: &mut OrderRecord, entries: &[Vec<u8>]) -> Option<()> {
        let mut memory = self.memory();
        let mut told = Told::open(record.clone())?;
        let named = memory.refused.map(|token| OrderId::from_bytes(*token.as_bytes()));
        let rewritten = told.rewrite(self.lie, named);
        if rewritten || self.lie.is_logged() {
            *record = self.reseal(told, &mut memory.places, entries)?;
            return rewritten.then_some(());
        }
        let order = record.order;
        let tools = Tools {
            signer: &self.signer,
            log: Places::whole(entries),
            seen: memory.seen,
            another: memory
                .another
                .as_ref()
                .filter(|(of, _)| *of != order)
                .map(|(_, closure)| closure),
        };
        let mut spoiled = record.clone();
        proofs::spoil(self.lie, &mut spoiled, tools)?;
        *record = spoiled;
        Some(())
    }

    /// Commits to every page again. Where the lie is logged, the shown log has them all; else the honest log's proofs
    /// are left, which prove something else.
    fn reseal(&self, told: Told, places: &mut Places, entries: &[Vec<u8>]) -> Option<OrderRecord> {
        let ordered = (told.ordered.index, told.ordered.entry()?);
        let destroyed = match &told.destroyed {
            Some(page) => Some((page.index, page.entry()?)),
            None => None,
        };
        let closure = match &told.closure {
            Some(page) => Some((page.index, page.entry()?)),
            None => None,
        };
        if self.lie.is_logged() {
            for (index, entry) in [Some(&ordered), destroyed.as_ref(), closure.as_ref()]
                .into_iter()
                .flatten()
            {
                places.exchange(*index, entry.clone());
            }
        }
        let shown = places.shown(entries);
        let prove = |(index, entry): &(u64, Vec<u8>), honest: &str| -> Option<String> {
            if self.lie.is_logged() {
                return Some(shown.prove(*index, &self.signer)?.to_string());
            }
            let mut proof: TlogProof = honest.parse().ok()?;
            proof.extra = Some(entry.clone());
            Some(proof.to_string())
        };
        let mut record = told.record;
        record.ordered.proof = prove(&ordered, &record.ordered.proof)?;
        (record.ordered.salt, record.ordered.body) = (told.ordered.salt(), B64::new(told.ordered.text()?));
        if let (Some(logged), Some(page), Some(place)) = (&mut record.destroyed, &told.destroyed, &destroyed) {
            logged.proof = prove(place, &logged.proof)?;
            (logged.salt, logged.body) = (page.salt(), B64::new(page.text()?));
        }
        if let (Some(told_closure), Some(page), Some(place)) = (&mut record.closure, &told.closure, &closure) {
            told_closure.receipt = prove(place, &told_closure.receipt)?;
            (told_closure.annex.salt, told_closure.annex.body) = (page.salt(), B64::new(page.text()?));
        }
        Some(record)
    }

    /// Remembers how much of the log an answer showed, and the first closure.
    fn note(&self, answer: &[u8]) {
        let text = String::from_utf8_lossy(answer);
        let mut memory = self.memory();
        let size_of = |checkpoint: &str| {
            let size = checkpoint.lines().nth(1).and_then(|size| size.parse().ok());
            size.unwrap_or(0)
        };
        if text.starts_with(self.signer.verifier().name()) {
            memory.seen = memory.seen.max(size_of(&text));
        }
        for record in orders_in(answer) {
            if let (None, Some(closure)) = (&memory.another, &record.closure) {
                memory.another = Some((record.order, closure.clone()));
            }
            for proof in [
                Some(&record.ordered.proof),
                record.destroyed.as_ref().map(|logged| &logged.proof),
            ] {
                if let Some(Ok(proof)) = proof.map(|proof| proof.parse::<TlogProof>()) {
                    memory.seen = memory.seen.max(size_of(&proof.checkpoint));
                }
            }
        }
    }
}

/// The name of the statement that a request brings, such as `intent`.
fn statement_name(parts: &Parts, body: &[u8]) -> Option<String> {
    let compact = std::str::from_utf8(body).ok()?;
    let is_statement = parts.method == Method::POST && parts.uri.path() == "/v1/statements";
    let said = Received::parse(compact).ok().filter(|_| is_statement)?;
    Some(said.name().to_owned())
}

/// The orders that an answer tells of.
fn orders_in(answer: &[u8]) -> Vec<OrderRecord> {
    if let Ok(record) = serde_json::from_slice::<OrderRecord>(answer) {
        return vec![record];
    }
    serde_json::from_slice::<Reconciled>(answer).map_or(Vec::new(), |answer| answer.orders)
}
