//! Callers over TCP: who says nothing loses its room, who waits for an answer does not.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use quittance_gateway::{Room, serve};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinHandle;

use crate::support::until;

const PATIENCE: Duration = Duration::from_secs(1);
/// How long a machine may take, however busy it is.
const LONG: Duration = Duration::from_secs(20);

/// A server with one path that answers at once, and one that answers when it is let.
struct Server {
    port: u16,
    begun: Arc<AtomicUsize>,
    go: Arc<Semaphore>,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
}

impl Server {
    async fn with(connections: u16) -> Self {
        Self::in_room(Room {
            connections,
            patience: PATIENCE,
        })
        .await
    }

    async fn in_room(room: Room) -> Self {
        let (begun, go) = (Arc::new(AtomicUsize::new(0)), Arc::new(Semaphore::new(0)));
        let (entered, let_go) = (Arc::clone(&begun), Arc::clone(&go));
        let slow = move || async move {
            entered.fetch_add(1, Ordering::SeqCst);
            let_go.acquire().await.unwrap().forget();
            "slow"
        };
        let router = Router::new()
            .route("/quick", get(|| async { "quick" }))
            .route("/slow", get(slow));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (stop, stopped) = oneshot::channel();
        let serving = tokio::spawn(serve(listener, router, room, async move {
            let _told = stopped.await;
        }));
        Self {
            port,
            begun,
            go,
            stop,
            serving,
        }
    }

    /// Says something, and nothing more.
    async fn say(&self, bytes: &[u8]) -> TcpStream {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        stream
    }
}

const QUICK: &[u8] = b"GET /quick HTTP/1.1\r\nhost: localhost\r\n\r\n";
const SLOW: &[u8] = b"GET /slow HTTP/1.1\r\nhost: localhost\r\n\r\n";

/// All that comes until the server closes the connection.
async fn heard(mut stream: TcpStream) -> String {
    let mut answer = Vec::new();
    let closed = tokio::time::timeout(LONG, stream.read_to_end(&mut answer));
    closed.await.expect("it stays open").unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn who_does_not_say_a_whole_head_in_time_is_not_waited_for() {
    let server = Server::with(16).await;
    let slow = server.say(SLOW).await;
    until("it is asked", || server.begun.load(Ordering::SeqCst) == 1).await;
    let (half, next_half) = (&SLOW[..20], [QUICK, &SLOW[..20]].concat());
    let version_2 = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    for said in [b"".as_slice(), half, &version_2[..9], version_2] {
        let answer = heard(server.say(said).await).await;
        assert!(!answer.contains("200 OK"), "{said:?}: {answer}");
    }
    // Controls: what was asked before is answered, and who waits for its answer is not cut off.
    for said in [QUICK, &next_half] {
        let answer = heard(server.say(said).await).await;
        assert!(answer.contains("200 OK") && answer.contains("quick"), "{answer}");
    }
    server.go.add_permits(1);
    let answer = heard(slow).await;
    assert!(answer.ends_with("slow"), "{answer}");
    assert_eq!(server.begun.load(Ordering::SeqCst), 1, "no half of a request is one");
}

#[tokio::test]
async fn who_finds_no_room_is_heard_when_somebody_left() {
    let server = Server::with(2).await;
    let first = server.say(SLOW).await;
    until("one is asked", || server.begun.load(Ordering::SeqCst) == 1).await;
    let silent = server.say(b"").await;
    let third = server.say(SLOW).await;
    heard(silent).await;
    // Its room is the third one's.
    until("the next is asked", || server.begun.load(Ordering::SeqCst) == 2).await;
    let fourth = server.say(QUICK).await;
    let mut byte = [0];
    let waits = tokio::time::timeout(PATIENCE, fourth.peek(&mut byte)).await;
    assert!(waits.is_err(), "it is heard beside two others");
    server.go.add_permits(2);
    for (stream, text) in [(first, "slow"), (third, "slow"), (fourth, "quick")] {
        let answer = heard(stream).await;
        assert!(answer.ends_with(text), "{answer}");
    }
}

/// Asks, hears the answer, and neither asks more nor leaves.
async fn linger(server: &Server) -> TcpStream {
    let mut stream = server.say(QUICK).await;
    let mut answer = Vec::new();
    while !answer.ends_with(b"quick") {
        let more = tokio::time::timeout(LONG, stream.read_buf(&mut answer));
        assert_ne!(more.await.expect("it is not answered").unwrap(), 0);
    }
    stream
}

#[tokio::test]
async fn who_was_answered_and_asks_no_more_leaves_its_room_to_who_finds_none() {
    let server = Server::in_room(Room {
        connections: 3,
        patience: 10 * LONG,
    })
    .await;
    let waiting = server.say(SLOW).await;
    until("it is asked", || server.begun.load(Ordering::SeqCst) == 1).await;
    let first = linger(&server).await;
    let mut byte = [0];
    let stays = tokio::time::timeout(PATIENCE, first.peek(&mut byte)).await;
    assert!(stays.is_err(), "the control: while there is room it may stay");
    let second = linger(&server).await;
    let third = linger(&server).await;
    let fourth = linger(&server).await;
    for idle in [first, second, third] {
        assert_eq!(heard(idle).await, "", "it is told no more");
    }
    drop(fourth);
    server.go.add_permits(1);
    let answer = heard(waiting).await;
    assert!(
        answer.ends_with("slow"),
        "who waits for an answer keeps its room: {answer}"
    );
}

#[tokio::test]
async fn who_was_heard_before_the_end_is_answered() {
    let server = Server::with(16).await;
    let slow = server.say(SLOW).await;
    until("it is asked", || server.begun.load(Ordering::SeqCst) == 1).await;
    server.stop.send(()).unwrap();
    server.go.add_permits(1);
    let answer = heard(slow).await;
    assert!(answer.ends_with("slow"), "{answer}");
    tokio::time::timeout(LONG, server.serving)
        .await
        .expect("it goes on")
        .unwrap();
    let refused = TcpStream::connect(("127.0.0.1", server.port)).await;
    assert!(refused.is_err(), "nobody listens any more");
}
