//! A running gateway, as a value.

use std::path::PathBuf;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use quittance_protocol::log::{NoteSigner, VerifierKey};
use quittance_protocol::problem::Code;
use quittance_protocol::{Problem, PublicKey, Received, Timestamp};
use rusqlite::Connection;
use tokio::sync::{oneshot, watch};

use crate::command::Command;
use crate::config::{Config, Parts, Sandbox};
use crate::failure::{Decided, Failure, Refusal};
use crate::http;
use crate::lanes::Lanes;
use crate::open::{OpenError, Opened, author_key, open};
use crate::replay::Response;
use crate::statements::{believe, judge};
use crate::store::{Merchant, Store, open_for_reads};
use crate::turn::Turn;
use crate::world::World;

/// A gateway: database, vault and sequencer. Cheap to clone; [`Gateway::shutdown`] ends it.
#[derive(Clone)]
pub struct Gateway {
    shared: Arc<Shared>,
}

pub(crate) struct Shared {
    pub(crate) world: Arc<World>,
    pub(crate) sandbox: Option<Sandbox>,
    commands: Sender<Command>,
    pub(crate) lanes: Lanes,
    database: PathBuf,
    readers: Mutex<Vec<Connection>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    /// Closed with the thread, however it ends.
    alive: watch::Receiver<()>,
}

impl Gateway {
    /// Opens the data folder, completes what a crash left, and starts the sequencer. Call it inside a tokio runtime.
    ///
    /// # Errors
    /// [`OpenError`]; nothing was overwritten.
    pub fn open(config: Config, parts: Parts) -> Result<Self, OpenError> {
        let Opened {
            sequencer,
            commands,
            world,
            database,
        } = open(config, &parts)?;
        let (lives, alive) = watch::channel(());
        let thread = std::thread::Builder::new()
            .name("sequencer".to_owned())
            .spawn(move || {
                let _lives = lives;
                sequencer.run();
            })?;
        Ok(Self {
            shared: Arc::new(Shared {
                world,
                sandbox: parts.sandbox,
                commands,
                lanes: Lanes::default(),
                database,
                readers: Mutex::default(),
                thread: Mutex::new(Some(thread)),
                alive,
            }),
        })
    }

    /// Everything that is served, without a listener.
    pub fn router(&self) -> axum::Router {
        http::router(Arc::clone(&self.shared))
    }

    /// The log's signing key, for whoever publishes the same log by other means (a mirror, a witness, a test that
    /// lies). It cannot be read out of the value.
    pub fn log_signer(&self) -> Arc<NoteSigner> {
        Arc::clone(&self.shared.world.log)
    }

    /// The log's verifier key: what readers pin.
    pub fn log_key(&self) -> VerifierKey {
        self.shared.world.log.verifier().clone()
    }

    /// The key of this gateway's own policy author; see [`crate::PolicySource::Own`].
    ///
    /// # Errors
    /// [`Failure::Damaged`], which a healthy vault does not give.
    pub fn policy_author(&self) -> Result<PublicKey, Failure> {
        Ok(*author_key(&self.shared.world.secrets.policy_author)?.public_key())
    }

    /// Looks at the clock now instead of within half a second: for whoever moved it.
    pub async fn wake(&self) {
        self.shared.wake().await;
    }

    /// Ends once nothing is decided here any more: the gateway was shut down, or its thread died of a defect. Whoever
    /// serves must not go on then, for every statement would be answered `internal`.
    pub async fn ended(&self) {
        let mut alive = self.shared.alive.clone();
        while alive.changed().await.is_ok() {}
    }

    /// Finishes what is queued, commits it, closes the files. Later statements are answered `internal`.
    pub fn shutdown(&self) {
        // Readers go first: the last one to close the database tidies its write-ahead log, and they cannot.
        self.shared
            .readers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
        // The thread may have ended already; there is nobody to tell then.
        let _ended = self.shared.commands.send(Command::Stop);
        let thread = self.shared.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread
            && thread.join().is_err()
        {
            tracing::error!("the sequencer ended in a panic");
        }
    }
}

impl Shared {
    /// Gateway time.
    pub(crate) fn now(&self) -> Timestamp {
        self.world.clock.now()
    }

    /// Believes a statement, or not, then lets the sequencer decide about it.
    pub(crate) async fn submit(self: &Arc<Self>, compact: String) -> Response {
        let received = match Received::parse(&compact) {
            Ok(received) => received,
            Err(problem) => return Response::problem(&problem),
        };
        let Some(_permit) = self.lanes.enter(received.name()).await else {
            return Response::unavailable();
        };
        let world = Arc::clone(&self.world);
        let believed = self.read(move |store| {
            let said = believe(store, &world.origin, &received)?;
            let found = judge(&world.trust, &said, world.clock.now());
            Ok((said, found))
        });
        let (said, found) = match believed.await {
            Ok(believed) => believed,
            Err(problem) => return Response::problem(&problem),
        };
        let (caller, answer) = oneshot::channel();
        let command = Command::Statement(Box::new(said), found, caller);
        if self.commands.send(command).is_err() {
            return gone();
        }
        answer.await.unwrap_or_else(|_| gone())
    }

    /// Makes a merchant known; says whether it is.
    pub(crate) async fn add_merchant(&self, merchant: Merchant) -> bool {
        let (caller, answer) = oneshot::channel();
        self.commands
            .send(Command::Merchant(Box::new(merchant), caller))
            .is_ok()
            && answer.await.unwrap_or(false)
    }

    /// Lets the sequencer do something that is no statement; what it answers is JSON, heard once it is durable.
    pub(crate) async fn work(&self, work: impl FnOnce(&mut Turn<'_>) -> Decided<Vec<u8>> + Send + 'static) -> Response {
        let (caller, answer) = oneshot::channel();
        if self.commands.send(Command::Work(Box::new(work), caller)).is_err() {
            return gone();
        }
        answer.await.unwrap_or_else(|_| gone())
    }

    pub(crate) async fn wake(&self) {
        let (caller, awake) = oneshot::channel();
        if self.commands.send(Command::Wake(caller)).is_ok() {
            // Without a thread there is nothing to wake.
            let _ended = awake.await;
        }
    }

    /// Reads beside the sequencer: what is committed, on a connection of its own, off the async threads.
    pub(crate) async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(Store<'_>) -> Decided<T> + Send + 'static,
    ) -> Result<T, Problem> {
        let shared = Arc::clone(self);
        let done = tokio::task::spawn_blocking(move || {
            let kept = shared.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let connection = match kept {
                Some(connection) => connection,
                None => open_for_reads(&shared.database)?,
            };
            let done = work(Store::new(&connection));
            shared
                .readers
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(connection);
            done
        });
        match done.await {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(Refusal::Problem(problem))) => Err(problem),
            Ok(Err(Refusal::Failure(failure))) => {
                tracing::error!(error = %failure, "a read failed");
                Err(failure.problem())
            }
            Err(error) => {
                tracing::error!(%error, "a read did not end");
                Err(Problem::new(Code::Internal))
            }
        }
    }
}

/// The sequencer has ended: the caller may come again with the same bytes.
fn gone() -> Response {
    Response::problem(&Problem::new(Code::Internal))
}
