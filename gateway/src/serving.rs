//! Hearing callers over TCP: no more at a time than there is room for, none that keeps its room by saying nothing.

use std::io::ErrorKind;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::http::Request;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tower::ServiceExt as _;

/// How long to wait where the machine has no room for one more connection.
const AGAIN: Duration = Duration::from_secs(1);

/// What callers are given.
#[derive(Debug, Clone, Copy)]
pub struct Room {
    /// Most connections at a time; more wait until one ends.
    pub connections: u16,
    /// How long a connection may be open before the head of a request is whole: its first, and over HTTP/1 each next one.
    pub patience: Duration,
}

impl Default for Room {
    /// So many that the files of the gateway have room beside them, and as long as a body may take.
    fn default() -> Self {
        Self {
            connections: 512,
            patience: Duration::from_secs(30),
        }
    }
}

/// Answers callers until it is told to stop, and then those whose requests it has.
pub async fn serve(listener: TcpListener, router: Router, room: Room, stop: impl Future<Output = ()>) {
    let rooms = Arc::new(Semaphore::new(room.connections.into()));
    let (going, stopping) = watch::channel(());
    let mut stop = pin!(stop);
    loop {
        let next = async {
            let free = Arc::clone(&rooms).acquire_owned().await;
            (free, listener.accept().await)
        };
        let (free, accepted) = tokio::select! {
            () = &mut stop => break,
            next = next => next,
        };
        match (free, accepted) {
            (Ok(free), Ok((stream, _))) => {
                let heard = hear(stream, router.clone(), room.patience, stopping.clone(), free);
                tokio::spawn(heard);
            }
            (_, Err(error)) if is_of_the_caller(error.kind()) => {}
            (_, Err(error)) => {
                tracing::error!(%error, "no connection can be accepted; it is tried again");
                tokio::time::sleep(AGAIN).await;
            }
            // Nobody closes it.
            (Err(_), _) => break,
        }
    }
    drop((listener, going));
    let _all_ended = rooms.acquire_many(room.connections.into()).await;
}

/// Whether it is over with one connection, and the next may be accepted at once.
const fn is_of_the_caller(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::ConnectionRefused | ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset
    )
}

/// One connection, from its first byte to its end.
async fn hear(
    stream: TcpStream,
    router: Router,
    patience: Duration,
    mut stopping: watch::Receiver<()>,
    _free: OwnedSemaphorePermit,
) {
    let asked = Arc::new(AtomicBool::new(false));
    let service = TowerToHyperService::new(router.map_request(noting(&asked)));
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(patience);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    // Which HTTP it is has to be said before the builder's own patience begins; over HTTP/2 it never does.
    let mut silence = pin!(tokio::time::sleep(patience));
    let (mut is_waited_for, mut is_going) = (true, true);
    loop {
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(%error, "a connection ended");
                }
                return;
            }
            () = &mut silence, if is_waited_for => {
                if !asked.load(Ordering::Relaxed) {
                    return;
                }
                is_waited_for = false;
            }
            _ = stopping.changed(), if is_going => {
                is_going = false;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}

/// Notes that a request came.
fn noting<B>(asked: &Arc<AtomicBool>) -> impl Fn(Request<B>) -> Request<B> + Clone + use<B> {
    let asked = Arc::clone(asked);
    move |request| {
        asked.store(true, Ordering::Relaxed);
        request
    }
}
