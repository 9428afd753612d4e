//! Hearing callers over TCP: no more at a time than there is room for, none that keeps its room by saying nothing.
//!
//! A room is one connection's, however long its request waits. What may wait long for others is bounded far below the rooms
//! where it is decided (`lanes`), so that whoever wants to stop something finds one.

use std::io::ErrorKind;
use std::pin::pin;
use std::sync::Arc;
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
    /// Most connections at a time; more wait until one ends. While all are taken, none is kept beyond its next answer.
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
    // Said anew each time that all rooms are taken.
    let crowded = watch::Sender::new(());
    let mut stop = pin!(stop);
    loop {
        let next = async {
            let free = if let Ok(free) = Arc::clone(&rooms).try_acquire_owned() {
                Ok(free)
            } else {
                crowded.send_replace(());
                Arc::clone(&rooms).acquire_owned().await
            };
            (free, listener.accept().await)
        };
        let (free, accepted) = tokio::select! {
            () = &mut stop => break,
            next = next => next,
        };
        match (free, accepted) {
            (Ok(free), Ok((stream, _))) => {
                let told = Told {
                    stopping: stopping.clone(),
                    crowded: crowded.subscribe(),
                };
                tokio::spawn(hear(stream, router.clone(), room.patience, told, free));
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

/// What a connection is told meanwhile.
struct Told {
    /// The server stops.
    stopping: watch::Receiver<()>,
    /// All rooms are taken.
    crowded: watch::Receiver<()>,
}

impl Told {
    /// Ends when a connection is to leave once it has the answer to what it asked: where the server stops, and where somebody
    /// else may need its room. Who has asked nothing yet is heard first.
    async fn leaving(&mut self, mut asked: watch::Receiver<bool>) {
        let crowded = async {
            let _told = self.crowded.changed().await;
            let _asked = asked.wait_for(|asked| *asked).await;
        };
        tokio::select! {
            _ = self.stopping.changed() => {}
            () = crowded => {}
        }
    }
}

/// One connection, from its first byte to its end.
async fn hear(stream: TcpStream, router: Router, patience: Duration, mut told: Told, _free: OwnedSemaphorePermit) {
    let asked = Arc::new(watch::Sender::new(false));
    let service = TowerToHyperService::new(router.map_request(noting(&asked)));
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(patience);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    // Which HTTP it is has to be said before the builder's own patience begins; over HTTP/2 it never does.
    let mut silence = pin!(tokio::time::sleep(patience));
    let mut leaving = pin!(told.leaving(asked.subscribe()));
    let (mut is_waited_for, mut is_staying) = (true, true);
    loop {
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(%error, "a connection ended");
                }
                return;
            }
            () = &mut silence, if is_waited_for => {
                if !*asked.borrow() {
                    return;
                }
                is_waited_for = false;
            }
            () = &mut leaving, if is_staying => {
                is_staying = false;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}

/// Notes that a request came.
fn noting<B>(asked: &Arc<watch::Sender<bool>>) -> impl Fn(Request<B>) -> Request<B> + Clone + use<B> {
    let asked = Arc::clone(asked);
    move |request| {
        asked.send_replace(true);
        request
    }
}
