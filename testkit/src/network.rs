//! A network between phone and gateway that can fail: down, answers lost, answers doubled.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use quittance_protocol::problem::{self, Code};
use quittance_protocol::{Problem, Received};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use tokio::net::{TcpListener, TcpSocket};
use tokio::task::JoinHandle;
use tower::ServiceExt;

/// Longest body that is passed on.
pub(crate) const MOST_BYTES: usize = 16 << 20;

/// What goes wrong on the way. Shared by every request.
#[derive(Debug, Default)]
pub struct Faults {
    /// So many requests are carried out, and their answers are lost.
    lose_answers: AtomicU32,
    /// So many requests never arrive.
    lose_requests: AtomicU32,
    /// Each statement is delivered so many times more; the last answer is given.
    repeat: AtomicU32,
    /// So many answers to statements of this name are lost.
    lose_answers_to: Mutex<Option<(&'static str, u32)>>,
    /// The next statement of this name is not taken: the gateway is busy, for so many seconds.
    busy: Mutex<Option<(&'static str, u32)>>,
    /// Bodies of the statements that arrived, in their sequence.
    seen: Mutex<Vec<String>>,
    /// When the latest statement of each name arrived.
    arrived: Mutex<BTreeMap<String, Instant>>,
    /// When it was answered.
    answered: Mutex<BTreeMap<String, Instant>>,
}

impl Faults {
    /// The next `n` answers are lost.
    pub fn lose_answers(&self, n: u32) {
        self.lose_answers.store(n, Ordering::SeqCst);
    }

    /// The next `n` answers to statements of this name are lost, and no others.
    pub fn lose_answers_to(&self, name: &'static str, n: u32) {
        *locked(&self.lose_answers_to) = Some((name, n));
    }

    /// The next statement of this name is answered "busy", with the wish that it comes again after so many seconds.
    pub fn busy_for(&self, name: &'static str, seconds: u32) {
        *locked(&self.busy) = Some((name, seconds));
    }

    /// The next `n` requests are lost.
    pub fn lose_requests(&self, n: u32) {
        self.lose_requests.store(n, Ordering::SeqCst);
    }

    /// Every statement arrives `n` times more than it was sent.
    pub fn repeat_statements(&self, n: u32) {
        self.repeat.store(n, Ordering::SeqCst);
    }

    /// Every statement that arrived, as it was sent.
    pub fn statements(&self) -> Vec<String> {
        locked(&self.seen).clone()
    }

    /// Those of them that have this name, such as `intent`.
    pub fn statements_of(&self, name: &str) -> Vec<String> {
        let statements = self.statements().into_iter();
        statements.filter(|compact| is_named(compact, name)).collect()
    }

    /// How many arrived after the latest of this name.
    pub fn statements_since(&self, name: &str) -> usize {
        let seen = locked(&self.seen);
        seen.iter().rev().take_while(|compact| !is_named(compact, name)).count()
    }

    /// When the latest statement of this name arrived: what it tells of was durable at its sender by then.
    pub fn arrived(&self, name: &str) -> Option<Instant> {
        locked(&self.arrived).get(name).copied()
    }

    /// When the latest statement of this name was answered: from then on its sender can know what came of it.
    pub fn answered(&self, name: &str) -> Option<Instant> {
        locked(&self.answered).get(name).copied()
    }

    /// For how long the gateway is too busy for this statement.
    fn takes_busy(&self, compact: &str) -> Option<u32> {
        let busy = locked(&self.busy).take_if(|(name, _)| is_named(compact, name));
        busy.map(|(_, seconds)| seconds)
    }

    /// Whether the answer to this statement is to be lost now.
    fn takes_answer_to(&self, compact: &str) -> bool {
        let mut wanted = locked(&self.lose_answers_to);
        let Some((name, left @ 1..)) = wanted.as_mut() else {
            return false;
        };
        let hit = is_named(compact, name);
        if hit {
            *left -= 1;
        }
        hit
    }
}

fn is_named(compact: &str, name: &str) -> bool {
    Received::parse(compact).is_ok_and(|received| received.name() == name)
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Connections that may wait to be taken.
const BACKLOG: u32 = 1_024;

/// A server on loopback that can be switched off, then on again at the same port.
#[derive(Debug)]
pub struct Network {
    /// What goes wrong while it is up.
    pub faults: Arc<Faults>,
    /// Who answers behind the faults; can be exchanged.
    behind: Arc<Mutex<Router>>,
    address: SocketAddr,
    server: Mutex<Option<JoinHandle<()>>>,
    /// While nobody answers: else the port would be another's, and phones would talk to a gateway that they do not know.
    reserved: Mutex<Option<TcpSocket>>,
}

impl Network {
    /// Serves `router` behind faults. Where `address` is given it is used again.
    ///
    /// # Errors
    /// What the network says.
    pub async fn up(router: Router, address: Option<SocketAddr>) -> std::io::Result<Self> {
        let faults = Arc::<Faults>::default();
        let behind = Arc::new(Mutex::new(router));
        let listener = TcpListener::bind(address.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 0)))).await?;
        let network = Self {
            faults,
            behind,
            address: listener.local_addr()?,
            server: Mutex::default(),
            reserved: Mutex::default(),
        };
        network.serve(listener);
        Ok(network)
    }

    /// Where it answers.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// From the next request on another router answers: a gateway that was started again, or one that lies.
    pub fn exchange(&self, router: Router) {
        *locked(&self.behind) = router;
    }

    /// From now on nobody answers: connections are refused.
    pub async fn down(&self) {
        let server = locked(&self.server).take();
        if let Some(server) = server {
            server.abort();
            let _aborted = server.await;
            // Where the port cannot be kept, it is hoped for.
            *locked(&self.reserved) = self.reserve().ok();
        }
    }

    /// Binds the port without listening at it: it is nobody else's, and connections are refused.
    fn reserve(&self) -> std::io::Result<TcpSocket> {
        let socket = TcpSocket::new_v4()?;
        socket.set_reuseaddr(true)?;
        socket.bind(self.address)?;
        Ok(socket)
    }

    /// Answers again.
    ///
    /// # Errors
    /// What the network says.
    pub async fn again(&self) -> std::io::Result<()> {
        self.down().await;
        let reserved = locked(&self.reserved).take();
        let listener = match reserved {
            Some(socket) => socket.listen(BACKLOG)?,
            None => TcpListener::bind(self.address).await?,
        };
        self.serve(listener);
        Ok(())
    }

    fn serve(&self, listener: TcpListener) {
        let router = Router::new()
            .fallback(pass)
            .with_state((Arc::clone(&self.faults), Arc::clone(&self.behind)));
        let server = tokio::spawn(async move {
            // Each connection lives as a task of the server's set, so that it ends with it.
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let service = hyper_util::service::TowerToHyperService::new(router.clone());
                connections.spawn(async move {
                    let io = hyper_util::rt::TokioIo::new(stream);
                    let executor = hyper_util::rt::TokioExecutor::new();
                    let _closed = hyper_util::server::conn::auto::Builder::new(executor)
                        .serve_connection(io, service)
                        .await;
                });
            }
        });
        *locked(&self.server) = Some(server);
    }
}

/// Whoever leaves it keeps no socket behind.
impl Drop for Network {
    fn drop(&mut self) {
        if let Some(server) = locked(&self.server).take() {
            server.abort();
        }
    }
}

/// Counts one fault down; says whether it is to happen now.
fn take(counter: &AtomicU32) -> bool {
    counter
        .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1))
        .is_ok()
}

type Way = (Arc<Faults>, Arc<Mutex<Router>>);

async fn pass(State((faults, behind)): State<Way>, request: Request) -> Response {
    if take(&faults.lose_requests) {
        return cut();
    }
    let inner = locked(&behind).clone();
    let is_statement = request.method() == Method::POST && request.uri().path() == "/v1/statements";
    if !is_statement {
        return inner.oneshot(request).await.into_response();
    }
    let (parts, body) = request.into_parts();
    let Ok(bytes) = to_bytes(body, MOST_BYTES).await else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let compact = String::from_utf8_lossy(&bytes).into_owned();
    locked(&faults.seen).push(compact.clone());
    let name = Received::parse(&compact).map(|statement| statement.name().to_owned());
    if let Ok(name) = &name {
        locked(&faults.arrived).insert(name.clone(), Instant::now());
    }
    if let Some(seconds) = faults.takes_busy(&compact) {
        return refusal(&Problem::new(Code::ExternalUnavailable).retry_after(seconds));
    }
    for _ in 0..faults.repeat.load(Ordering::SeqCst) {
        let again = Request::from_parts(parts.clone(), Body::from(bytes.clone()));
        let _answer = inner.clone().oneshot(again).await;
    }
    let response = inner
        .oneshot(Request::from_parts(parts, Body::from(bytes)))
        .await
        .into_response();
    if let Ok(name) = name {
        locked(&faults.answered).insert(name, Instant::now());
    }
    if take(&faults.lose_answers) || faults.takes_answer_to(&compact) {
        cut()
    } else {
        response
    }
}

/// An answer that breaks off before its first byte of content.
pub(crate) fn cut() -> Response {
    let broken = futures_util::stream::once(async { Err::<Vec<u8>, _>(std::io::Error::other("cut")) });
    Response::new(Body::from_stream(broken))
}

/// A problem in place of an answer.
pub(crate) fn refusal(problem: &Problem) -> Response {
    let status = StatusCode::from_u16(problem.code().status()).unwrap_or(StatusCode::BAD_REQUEST);
    let body = serde_json::to_string(problem).unwrap_or_default();
    let mut response = (status, Body::from(body)).into_response();
    let kind = header::HeaderValue::from_static(problem::CONTENT_TYPE);
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}
