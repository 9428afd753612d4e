//! One thread that decides: it takes what has queued, commits it as one, signs one checkpoint, then answers.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use quittance_protocol::answer::Reconciled;
use quittance_protocol::problem::Code;
use quittance_protocol::{ChargeId, Digest32, Problem, StatementId, Thumbprint, Timestamp};
use quittance_vault::Vault;
use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::destruction;
use crate::failure::{Failure, Refusal};
use crate::logbook;
use crate::parties::{FundingReference, NetworkOutcome, Unavailable};
use crate::replay::{self, Response};
use crate::statements::{self, Said};
use crate::store::{Merchant, Store};
use crate::timers;
use crate::turn::{After, Answer, Turn};
use crate::views;
use crate::world::World;

/// How long the thread sleeps at most before it looks at the clock.
const TICK: Duration = Duration::from_millis(500);
/// Most statements in one commit.
const MOST: usize = 256;
/// How long to wait before an outside party or the vault is tried again.
const AGAIN: Duration = Duration::from_secs(3);
/// How often rows that cannot matter any more are removed.
const TIDY: Duration = Duration::from_secs(600);

/// What the thread is asked to do.
pub(crate) enum Command {
    /// Decide about a statement.
    Statement(Box<Said>, oneshot::Sender<Response>),
    /// Decide again about a consent, now that the card network answered.
    Consent(Box<Said>, Result<FundingReference, Unavailable>),
    /// Take the card network's answer about a charge.
    Charged(ChargeId, Result<NetworkOutcome, Unavailable>),
    /// Know a merchant.
    Merchant(Box<Merchant>, oneshot::Sender<bool>),
    /// A notice arrived at its merchant; none: the round of deliveries is over.
    Delivered(Option<i64>),
    /// Look at the clock.
    Wake(oneshot::Sender<()>),
    /// Finish what is queued, then end.
    Stop,
}

type Key = (Thumbprint, StatementId);

/// Callers that wait for the answer to one statement.
struct Waiting {
    content: Digest32,
    callers: Vec<oneshot::Sender<Response>>,
}

/// What a turn decided about one statement, before its answer can be written.
struct Verdict {
    said: Box<Said>,
    answer: Answer,
}

/// The thread's own things.
pub(crate) struct Sequencer {
    pub(crate) connection: Connection,
    pub(crate) vault: Vault,
    pub(crate) world: Arc<World>,
    pub(crate) runtime: tokio::runtime::Handle,
    pub(crate) inbox: Receiver<Command>,
    pub(crate) outbox: Sender<Command>,
    state: State,
}

/// What the thread remembers between turns; all of it may be lost.
struct State {
    waiting: HashMap<Key, Waiting>,
    asking: HashSet<ChargeId>,
    delivering: bool,
    latest: Option<Timestamp>,
    ask_again_at: Instant,
    deliver_again_at: Instant,
    destroy_again_at: Instant,
    tidy_at: Instant,
}

impl Sequencer {
    pub(crate) fn new(
        connection: Connection,
        vault: Vault,
        world: Arc<World>,
        runtime: tokio::runtime::Handle,
        (outbox, inbox): (Sender<Command>, Receiver<Command>),
    ) -> Self {
        let now = Instant::now();
        let state = State {
            waiting: HashMap::new(),
            asking: HashSet::new(),
            delivering: false,
            latest: None,
            ask_again_at: now,
            deliver_again_at: now,
            destroy_again_at: now,
            tidy_at: now,
        };
        Self { connection, vault, world, runtime, inbox, outbox, state }
    }

    /// Completes what a crash left, before anybody is served.
    pub(crate) fn resume(&mut self) {
        self.destroy_due(true);
    }

    /// Works until it is told to stop.
    pub(crate) fn run(mut self) {
        loop {
            let mut commands = match self.inbox.recv_timeout(TICK) {
                Ok(first) => vec![first],
                Err(RecvTimeoutError::Timeout) => Vec::new(),
                Err(RecvTimeoutError::Disconnected) => return,
            };
            commands.extend(self.inbox.try_iter().take(MOST));
            let stop = commands.iter().any(|command| matches!(command, Command::Stop));
            self.turn(commands);
            self.destroy_due(false);
            self.deliver_notices();
            if stop {
                return;
            }
        }
    }

    /// Gateway time never goes back while the process lives.
    fn now(&mut self) -> Timestamp {
        let now = self.world.clock.now();
        let now = self.state.latest.map_or(now, |latest| latest.max(now));
        self.state.latest = Some(now);
        now
    }

    /// One transaction for everything that has queued.
    fn turn(&mut self, commands: Vec<Command>) {
        let now = self.now();
        let ask = Instant::now() >= self.state.ask_again_at;
        let tidy = Instant::now() >= self.state.tidy_at;
        if commands.is_empty() && !ask && !tidy && !timers::is_due(Store::new(&self.connection), now).unwrap_or(true) {
            return;
        }
        let world = Arc::clone(&self.world);
        let mut round = Round::default();
        let outcome = (|| {
            let store = Store::new(&self.connection);
            store.begin()?;
            let batch = world.draw()?;
            let mut turn =
                Turn { store, vault: &mut self.vault, world: &world, now, batch, after: Vec::new(), resuming: false };
            in_mark(&mut turn, timers::run).map_err(failure)?;
            if tidy {
                in_mark(&mut turn, |turn| timers::tidy(turn)).map_err(failure)?;
            }
            if ask {
                in_mark(&mut turn, timers::ask_about_charges).map_err(failure)?;
            }
            for command in commands {
                round.take(&mut turn, &mut self.state, command)?;
            }
            logbook::seal(store, &world)?;
            round.write(&mut turn)?;
            store.commit()?;
            Ok::<_, Failure>(turn.after)
        })();
        if ask {
            self.state.ask_again_at = Instant::now() + AGAIN;
        }
        if tidy {
            self.state.tidy_at = Instant::now() + TIDY;
        }
        match outcome {
            Ok(after) => {
                // First, so that a read token reads as soon as its answer is heard.
                self.carry_out(after);
                for waker in round.wakers {
                    // Nobody may be waiting any more, which changes nothing.
                    let _gone = waker.send(());
                }
                for (reply, known) in round.merchants {
                    let _gone = reply.send(known);
                }
                for (key, response) in round.responses {
                    self.state.answer(&key, &response);
                }
                for (said, token) in round.references {
                    self.ask_for_reference(said, token);
                }
            }
            Err(failure) => {
                tracing::error!(error = %failure, "a batch was not committed; its callers may repeat it");
                if let Err(error) = Store::new(&self.connection).abandon() {
                    tracing::error!(%error, "the batch could not be rolled back");
                }
                let response = Response::problem(&failure.problem());
                for key in round.keys {
                    self.state.answer(&key, &response);
                }
            }
        }
    }

    /// Starts what waits for the commit: the network is asked on the side, its answer comes back as a command.
    fn carry_out(&mut self, after: Vec<After>) {
        for action in after {
            match action {
                After::OpenSession { token, account, until } => {
                    let now = self.world.clock.now();
                    self.world.sessions.open(&token, account, until, now);
                }
                After::Charge(charge) => {
                    if self.state.asking.insert(charge.charge) {
                        let (world, outbox) = (Arc::clone(&self.world), self.outbox.clone());
                        self.runtime.spawn(async move {
                            let outcome = world.card_network.charge(&charge).await;
                            let _ended = outbox.send(Command::Charged(charge.charge, outcome));
                        });
                    }
                }
                After::Resolve(charge) => {
                    let (world, outbox) = (Arc::clone(&self.world), self.outbox.clone());
                    self.runtime.spawn(async move {
                        let outcome = world.card_network.resolve(charge).await;
                        let _ended = outbox.send(Command::Charged(charge, outcome));
                    });
                }
            }
        }
    }

    fn ask_for_reference(&self, said: Box<Said>, token: quittance_protocol::TokenId) {
        let (world, outbox) = (Arc::clone(&self.world), self.outbox.clone());
        self.runtime.spawn(async move {
            let reference = world.card_network.issue_reference(token).await;
            let _ended = outbox.send(Command::Consent(said, reference));
        });
    }

    /// Destroys between two commits: the first one ordered it, the second one states it.
    fn destroy_due(&mut self, resuming: bool) {
        if Instant::now() < self.state.destroy_again_at {
            return;
        }
        if let Err(error) = self.try_destroy(resuming) {
            tracing::error!(%error, "a destruction is not complete; it is tried again");
            if let Err(error) = Store::new(&self.connection).abandon() {
                tracing::error!(%error, "the statement of a destruction could not be rolled back");
            }
            self.state.destroy_again_at = Instant::now() + AGAIN;
        }
    }

    fn try_destroy(&mut self, resuming: bool) -> Result<(), Failure> {
        for batch in destruction::begin(Store::new(&self.connection))? {
            let done = destruction::run(&mut self.vault, &batch)?;
            let now = self.now();
            let world = Arc::clone(&self.world);
            let store = Store::new(&self.connection);
            store.begin()?;
            let id = world.draw()?;
            let mut turn = Turn {
                store,
                vault: &mut self.vault,
                world: &world,
                now,
                batch: id,
                after: Vec::new(),
                resuming,
            };
            for order in &batch.orders {
                destruction::finish(&mut turn, *order, &done).map_err(failure)?;
            }
            logbook::seal(store, &world)?;
            store.commit()?;
        }
        Ok(())
    }

    /// Tells merchants what they have not been told, one round at a time.
    fn deliver_notices(&mut self) {
        if self.state.delivering || Instant::now() < self.state.deliver_again_at {
            return;
        }
        let due = match Store::new(&self.connection).undelivered() {
            Ok(due) if !due.is_empty() => due,
            Ok(_) => return,
            Err(error) => {
                tracing::error!(%error, "the notices could not be read");
                return;
            }
        };
        self.state.delivering = true;
        let (world, outbox) = (Arc::clone(&self.world), self.outbox.clone());
        self.runtime.spawn(async move {
            for notice in due {
                let number = u64::try_from(notice.number).unwrap_or(0);
                if world.merchants.deliver(notice.merchant, number, &notice.notice).await.is_ok() {
                    let _ended = outbox.send(Command::Delivered(Some(notice.number)));
                }
            }
            let _ended = outbox.send(Command::Delivered(None));
        });
    }
}

impl State {
    fn answer(&mut self, key: &Key, response: &Response) {
        if let Some(waiting) = self.waiting.remove(key) {
            for caller in waiting.callers {
                // The caller may have gone; the answer is stored, so it can ask again.
                let _gone = caller.send(response.clone());
            }
        }
    }
}

/// What one turn has to answer.
#[derive(Default)]
struct Round {
    /// Every statement that this turn decides about, to be answered even if the commit fails.
    keys: Vec<Key>,
    verdicts: Vec<Verdict>,
    responses: Vec<(Key, Response)>,
    references: Vec<(Box<Said>, quittance_protocol::TokenId)>,
    merchants: Vec<(oneshot::Sender<bool>, bool)>,
    wakers: Vec<oneshot::Sender<()>>,
}

impl Round {
    fn take(&mut self, turn: &mut Turn<'_>, state: &mut State, command: Command) -> Result<(), Failure> {
        match command {
            Command::Statement(said, caller) => {
                let key = (*said.kid(), said.claims().jti);
                match state.waiting.get_mut(&key) {
                    Some(waiting) if waiting.content == said.content() => waiting.callers.push(caller),
                    Some(_) => {
                        let reused = Problem::new(Code::JtiReused).at("/jti");
                        let _gone = caller.send(Response::problem(&reused));
                    }
                    None => {
                        let waiting = Waiting { content: said.content(), callers: vec![caller] };
                        state.waiting.insert(key, waiting);
                        self.decide(turn, said, None)?;
                    }
                }
            }
            Command::Consent(said, Ok(reference)) => self.decide(turn, said, Some(reference))?,
            Command::Consent(said, Err(Unavailable)) => {
                self.responses.push(((*said.kid(), said.claims().jti), unavailable()));
            }
            Command::Charged(charge, Ok(outcome)) => {
                state.asking.remove(&charge);
                let settled = in_mark(turn, |turn| statements::settle(turn, charge, &outcome)).map_err(failure)?;
                let key = (settled.kid, settled.jti);
                let stored = turn.store.answer(&settled.kid, settled.jti)?;
                let body = stored.and_then(|stored| stored.body).ok_or(Failure::Damaged("a charge's answer"))?;
                self.keys.push(key);
                self.responses.push((key, Response::ok(body)));
            }
            Command::Charged(charge, Err(Unavailable)) => {
                state.asking.remove(&charge);
                if let Some(row) = turn.store.charge(charge)? {
                    self.responses.push(((row.kid, row.jti), unavailable()));
                }
            }
            Command::Merchant(merchant, reply) => {
                let known = in_mark(turn, |turn| turn.store.put_merchant(&merchant)).is_ok();
                self.merchants.push((reply, known));
            }
            Command::Delivered(Some(number)) => turn.store.mark_delivered(number)?,
            Command::Delivered(None) => {
                state.delivering = false;
                state.deliver_again_at = Instant::now() + TICK;
            }
            Command::Wake(waker) => self.wakers.push(waker),
            Command::Stop => {}
        }
        if turn.store.stands() { Ok(()) } else { Err(Failure::Rules("the transaction ended early")) }
    }

    /// Decides about one statement; a refusal takes back only its own writes.
    fn decide(
        &mut self,
        turn: &mut Turn<'_>,
        said: Box<Said>,
        reference: Option<FundingReference>,
    ) -> Result<(), Failure> {
        let key = (*said.kid(), said.claims().jti);
        self.keys.push(key);
        let before = match replay::find(turn, &said) {
            Ok(before) => before,
            Err(refusal) => {
                self.responses.push((key, Response::problem(&problem(&said, refusal))));
                return Ok(());
            }
        };
        if let Some(response) = before {
            self.responses.push((key, response));
            return Ok(());
        }
        let decided = in_mark(turn, |turn| match statements::decide(turn, &said, reference)? {
            // Checked only: nothing of it is kept until the card network has answered.
            Answer::Reference(token) => Err(Asked::Reference(token)),
            answer => Ok(answer),
        });
        match decided {
            Ok(answer) => self.verdicts.push(Verdict { said, answer }),
            Err(Asked::Reference(token)) => {
                self.keys.retain(|waiting| *waiting != key);
                self.references.push((said, token));
            }
            Err(Asked::Refused(refusal)) => {
                let problem = problem(&said, refusal);
                if replay::is_kept(&problem) {
                    self.verdicts.push(Verdict { said, answer: Answer::Problem(problem) });
                } else {
                    self.responses.push((key, Response::problem(&problem)));
                }
            }
        }
        Ok(())
    }

    /// Writes the answers, once the checkpoint that some of them quote is signed.
    fn write(&mut self, turn: &mut Turn<'_>) -> Result<(), Failure> {
        for Verdict { said, answer } in std::mem::take(&mut self.verdicts) {
            let key = (*said.kid(), said.claims().jti);
            let keep = |turn: &Turn<'_>, response: &Response, stored: bool| {
                let body = stored.then_some(response.body.as_slice());
                replay::keep(turn, &said, response.status, body).map_err(failure)
            };
            let (response, stored) = match answer {
                Answer::Charge | Answer::Reference(_) => {
                    // The caller waits on; should the process end, it asks again.
                    self.keys.retain(|waiting| *waiting != key);
                    continue;
                }
                Answer::Session(body) => (Response::ok(body), false),
                Answer::Json(body) => (Response::ok(body), true),
                Answer::Problem(problem) => (Response::problem(&problem), true),
                Answer::Order(id) => {
                    let order = turn.store.order(id)?.ok_or(Failure::Damaged("an order"))?;
                    (Response::ok(json(&views::order(turn.store, &order)?)?), true)
                }
                Answer::Reconciled { account, orphans, events_after } => {
                    let orders = turn.store.unacknowledged(account)?;
                    let orders: Result<_, _> = orders.iter().map(|order| views::order(turn.store, order)).collect();
                    let answer = Reconciled {
                        mandates: views::mandates(turn.store, account, turn.now)?,
                        orders: orders?,
                        orphans,
                        events: turn.store.events_after(account, events_after)?,
                        now: turn.now,
                    };
                    (Response::ok(json(&answer)?), true)
                }
            };
            keep(turn, &response, stored)?;
            self.responses.push((key, response));
        }
        Ok(())
    }
}

/// Why a decision did not come to an answer.
enum Asked {
    Refused(Refusal),
    Reference(quittance_protocol::TokenId),
}

impl<E: Into<Refusal>> From<E> for Asked {
    fn from(error: E) -> Self {
        Self::Refused(error.into())
    }
}

/// Runs one decision so that an error takes back its writes, and what it wanted done after the commit.
fn in_mark<T, E: From<Failure>>(
    turn: &mut Turn<'_>,
    work: impl FnOnce(&mut Turn<'_>) -> Result<T, E>,
) -> Result<T, E> {
    let kept = turn.after.len();
    turn.store.mark()?;
    match work(turn) {
        Ok(done) => {
            turn.store.keep()?;
            Ok(done)
        }
        Err(error) => {
            turn.after.truncate(kept);
            if turn.store.stands() {
                turn.store.take_back()?;
            }
            Err(error)
        }
    }
}

fn problem(said: &Said, refusal: Refusal) -> Problem {
    match refusal {
        Refusal::Problem(problem) => {
            tracing::info!(statement = said.name(), code = problem.code().name(), "refused");
            problem
        }
        Refusal::Failure(failure) => {
            tracing::error!(statement = said.name(), error = %failure, "a statement could not be decided");
            failure.problem()
        }
    }
}

/// In work of the gateway's own there is nobody to refuse.
fn failure(refusal: Refusal) -> Failure {
    match refusal {
        Refusal::Failure(failure) => failure,
        Refusal::Problem(problem) => {
            tracing::error!(code = problem.code().name(), "the gateway refused its own work");
            Failure::Rules("the gateway's own work was refused")
        }
    }
}

fn unavailable() -> Response {
    Response::problem(&Problem::new(Code::ExternalUnavailable).retry_after(5))
}

fn json<T: serde::Serialize>(value: &T) -> Result<Vec<u8>, Failure> {
    serde_json::to_vec(value).map_err(|_| Failure::Damaged("an answer"))
}
