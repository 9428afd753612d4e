//! One thread that decides: it takes what has queued, commits it as one, signs one checkpoint, then answers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::Duration;

use quittance_protocol::{ChargeId, Digest32, MerchantId, OrderId};
use quittance_vault::{Destruction, Vault};
use rusqlite::Connection;

use crate::command::{Command, Question};
use crate::destruction::{self, Batch};
use crate::due::Due;
use crate::each::pass_over;
use crate::failure::Failure;
use crate::logbook;
use crate::parties::NetworkRefund;
use crate::patience::in_time;
use crate::replay::Response;
use crate::round::{Memory, Over, Round, failure, in_mark};
use crate::secrets::half_stands;
use crate::statements::Said;
use crate::store::{MOST_DUE, Notice, Store};
use crate::sweep::Sweep;
use crate::timers;
use crate::turn::{After, ToFund, Turn};
use crate::world::World;

/// How long the thread sleeps at most before it looks at the clock.
const TICK: Duration = Duration::from_millis(500);
/// Most statements in one commit.
const MOST: usize = 256;
/// How long to wait before an outside party or the vault is tried again.
const AGAIN: Duration = Duration::from_secs(3);
/// How often rows that cannot matter any more are removed.
const TIDY: Duration = Duration::from_secs(600);

/// The thread's own things.
pub(crate) struct Sequencer {
    pub(crate) connection: Connection,
    pub(crate) vault: Vault,
    pub(crate) world: Arc<World>,
    pub(crate) runtime: tokio::runtime::Handle,
    pub(crate) inbox: Receiver<Command>,
    pub(crate) outbox: Sender<Command>,
    memory: Memory,
    ask: Due,
    deliver: Due,
    destroy: Due,
    /// While more is to be destroyed than was in one go: the batches that failed meanwhile.
    undestroyed: Option<BTreeSet<[u8; 16]>>,
    tidy: Due,
}

impl Sequencer {
    pub(crate) fn new(
        connection: Connection,
        vault: Vault,
        world: Arc<World>,
        runtime: tokio::runtime::Handle,
        (outbox, inbox): (Sender<Command>, Receiver<Command>),
    ) -> Self {
        Self {
            connection,
            vault,
            world,
            runtime,
            inbox,
            outbox,
            memory: Memory::default(),
            ask: Due::at_once(),
            deliver: Due::at_once(),
            destroy: Due::at_once(),
            undestroyed: None,
            tidy: Due::at_once(),
        }
    }

    /// Completes what a crash left, before anybody is served.
    pub(crate) fn resume(&mut self) {
        self.destroy_due(true);
    }

    /// Works until it is told to stop.
    pub(crate) fn run(mut self) {
        loop {
            // Between two parts of much that is due, whoever has queued meanwhile is heard.
            let is_behind = self.memory.sweep.is_behind() || self.undestroyed.is_some();
            let patience = if is_behind { Duration::ZERO } else { TICK };
            let mut commands = match self.inbox.recv_timeout(patience) {
                Ok(first) => vec![first],
                Err(RecvTimeoutError::Timeout) => Vec::new(),
                Err(RecvTimeoutError::Disconnected) => return,
            };
            commands.extend(self.inbox.try_iter().take(MOST));
            let stop = commands.iter().any(|command| matches!(command, Command::Stop));
            // What needs no vault goes on without it.
            if let Err(error) = self.vault.heal() {
                tracing::error!(%error, "the vault cannot be read after a failed commit; it is tried again");
            }
            self.turn(commands);
            self.destroy_due(false);
            self.deliver_notices();
            if stop {
                return;
            }
        }
    }

    /// One transaction for everything that has queued.
    fn turn(&mut self, commands: Vec<Command>) {
        let now = self.world.clock.now();
        let ask = self.ask.has_come(now);
        let tidy = self.tidy.has_come(now);
        let world = Arc::clone(&self.world);
        let is_due =
            self.memory.sweep.is_behind() || timers::is_due(Store::new(&self.connection), &world, now).unwrap_or(true);
        if commands.is_empty() && !ask && !tidy && !is_due {
            return;
        }
        let mut round = Round::default();
        let over = Over::of(&commands);
        let outcome = (|| {
            let store = Store::new(&self.connection);
            let mut turn = Turn::begin(store, &mut self.vault, &world, now, false)?;
            timers::run(&mut turn, &mut self.memory.sweep)?;
            if tidy {
                pass_over(store, in_mark(&mut turn, |turn| timers::tidy(turn)))?;
            }
            if ask {
                let memory = &mut self.memory;
                pass_over(store, in_mark(&mut turn, |turn| timers::ask_the_network(turn, memory)))?;
            }
            for command in commands {
                round.take(&mut turn, &mut self.memory, command)?;
            }
            logbook::seal(store, &world)?;
            round.write(&mut turn)?;
            store.commit()?;
            Ok::<_, Failure>(turn.after)
        })();
        if ask {
            self.ask = Due::after(AGAIN, now);
        }
        if tidy {
            self.tidy = Due::after(TIDY, now);
        }
        over.forget(&mut self.memory);
        match outcome {
            Ok(after) => {
                // First, so that a read token reads as soon as its answer is heard.
                self.carry_out(after);
                for waker in round.wakers {
                    if self.memory.sweep.is_behind() {
                        // It waits for all that is due, not for a part of it.
                        let _ended = self.outbox.send(Command::Wake(waker));
                        continue;
                    }
                    // Nobody may be waiting any more, which changes nothing.
                    let _gone = waker.send(());
                }
                for (reply, known) in round.merchants {
                    let _gone = reply.send(known);
                }
                for (reply, response) in round.works {
                    let _gone = reply.send(response);
                }
                for (key, response) in round.responses {
                    self.memory.answer(&key, &response);
                }
                for (said, asked) in round.references {
                    self.ask_for_funding(said, asked);
                }
            }
            Err(failure) => {
                tracing::error!(error = %failure, "a batch was not committed; its callers may repeat it");
                // From the beginning, and not at once.
                self.memory.sweep = Sweep::default();
                if let Err(error) = Store::new(&self.connection).abandon() {
                    tracing::error!(%error, "the batch could not be rolled back");
                }
                let response = Response::problem(&failure.problem());
                for key in round.keys.iter().chain(&over.consents) {
                    self.memory.answer(key, &response);
                }
                self.answer_charges(&over.charges, &response);
                for (reply, _) in round.works {
                    let _gone = reply.send(response.clone());
                }
            }
        }
    }

    /// Answers whoever waits for charges whose outcome could not be kept; they stay pending and are asked about again.
    fn answer_charges(&mut self, charges: &[(ChargeId, Question)], response: &Response) {
        for (charge, _) in charges {
            match Store::new(&self.connection).said_for(*charge) {
                Ok(Some(key)) => self.memory.answer(&key, response),
                Ok(None) => {}
                Err(error) => tracing::error!(%error, %charge, "the callers of a charge could not be found"),
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
                After::HalfStands(token) => {
                    // Otherwise the next start notes it.
                    if let Err(error) = half_stands(&mut self.vault, token) {
                        tracing::warn!(%error, "a half's mark could not be taken away");
                    }
                }
                After::Charge(charge) => {
                    let asked = (charge.charge, Question::Charge);
                    if self.memory.asking.insert(asked) {
                        let (world, outbox) = (Arc::clone(&self.world), self.outbox.clone());
                        self.runtime.spawn(async move {
                            let outcome = in_time(|| world.card_network.charge(&charge)).await;
                            let _ended = outbox.send(Command::Charged(asked.0, asked.1, outcome));
                        });
                    }
                }
                After::Refund(refund) => {
                    if !self.memory.refunding.insert((refund.kid, refund.jti)) {
                        continue;
                    }
                    let (world, outbox) = (Arc::clone(&self.world), self.outbox.clone());
                    let asked = NetworkRefund {
                        refund: Digest32::of(format!("{} {}", refund.kid, refund.jti).as_bytes()),
                        acquirer_reference: refund.acquirer_reference.clone(),
                        amount: refund.amount,
                    };
                    self.runtime.spawn(async move {
                        // One that it does not have is sent again.
                        let sent = in_time(|| world.card_network.refund(&asked)).await;
                        let _ended = outbox.send(Command::Refunded(Box::new(refund), sent));
                    });
                }
                After::Resolve(charge) => {
                    if !self.memory.asking.insert((charge, Question::Resolve)) {
                        continue;
                    }
                    let (world, outbox) = (Arc::clone(&self.world), self.outbox.clone());
                    self.runtime.spawn(async move {
                        let outcome = in_time(|| world.card_network.resolve(charge)).await;
                        let _ended = outbox.send(Command::Charged(charge, Question::Resolve, outcome));
                    });
                }
            }
        }
    }

    fn ask_for_funding(&self, said: Box<Said>, asked: ToFund) {
        let (world, outbox) = (Arc::clone(&self.world), self.outbox.clone());
        self.runtime.spawn(async move {
            let funding = in_time(|| world.card_network.fund(asked.token, asked.payer)).await;
            let _ended = outbox.send(Command::Consent(said, funding));
        });
    }

    /// Destroys between two commits: the first one ordered it, the second one states it.
    fn destroy_due(&mut self, resuming: bool) {
        let now = self.world.clock.now();
        if !self.destroy.has_come(now) {
            return;
        }
        let failed = self.undestroyed.take().unwrap_or_default();
        match self.try_destroy(failed, resuming) {
            Ok(left) => self.undestroyed = left,
            Err(error) => {
                tracing::error!(%error, "a destruction is not complete; it is tried again");
                self.destroy = Due::after(AGAIN, now);
            }
        }
    }

    /// Destroys every batch that can be, whatever becomes of the others; the first error of any. Of more than a turn would
    /// order it leaves some, so that statements are heard in between; none of those that `failed` is tried before then.
    fn try_destroy(
        &mut self,
        mut failed: BTreeSet<[u8; 16]>,
        resuming: bool,
    ) -> Result<Option<BTreeSet<[u8; 16]>>, Failure> {
        let (mut batches, mut left) = destruction::begin(Store::new(&self.connection))?;
        let mut orders = 0;
        while let Some(batch) = batches.pop_front() {
            let id = batch.id;
            if failed.contains(&id) {
                left = left.or(Some(Failure::Rules("a batch failed before")));
                continue;
            }
            if orders >= MOST_DUE && !resuming {
                return Ok(Some(failed));
            }
            orders += batch.orders.len();
            let done = match destruction::run(&mut self.vault, &batch) {
                Ok(done) => self.state_batch(&batch, &done, resuming),
                Err(error) => match destruction::to_part(&self.vault, &batch, &error).as_slice() {
                    [] => Err(error.into()),
                    alone => {
                        tracing::error!(%error, orders = alone.len(), "a batch cannot end as one, and is parted");
                        self.part_batch(batch, alone).map(|parts| batches.extend(parts))
                    }
                },
            };
            if let Err(error) = Store::new(&self.connection).abandon() {
                tracing::error!(%error, "the statement of a destruction could not be rolled back");
            }
            if let Err(failure) = done {
                failed.insert(id);
                left = left.or(Some(failure));
            }
        }
        left.map_or(Ok(None), Err)
    }

    /// Lets these orders of a batch end by themselves from now on.
    fn part_batch(&mut self, batch: Batch, alone: &[OrderId]) -> Result<Vec<Batch>, Failure> {
        let (world, now) = (Arc::clone(&self.world), self.world.clock.now());
        let store = Store::new(&self.connection);
        let turn = Turn::begin(store, &mut self.vault, &world, now, false)?;
        let parts = destruction::part(&turn, batch, alone)?;
        store.commit()?;
        Ok(parts)
    }

    /// States that a batch is destroyed. An order whose end cannot be stated keeps back no other one; it is tried again after
    /// all others.
    fn state_batch(&mut self, batch: &Batch, done: &Destruction, resuming: bool) -> Result<(), Failure> {
        let now = self.world.clock.now();
        let world = Arc::clone(&self.world);
        let store = Store::new(&self.connection);
        let mut turn = Turn::begin(store, &mut self.vault, &world, now, resuming)?;
        let mut unstated = None;
        for (order, _) in &batch.orders {
            if let Err(refusal) = in_mark(&mut turn, |turn| destruction::finish(turn, *order, done)) {
                let failure = failure(refusal);
                tracing::error!(error = %failure, %order, "the end of an order could not be stated");
                if !store.stands() {
                    return Err(failure);
                }
                unstated.get_or_insert(failure);
            }
        }
        logbook::seal(store, &world)?;
        store.commit()?;
        unstated.map_or(Ok(()), Err)
    }

    /// Tells merchants what they have not been told, each one by itself.
    fn deliver_notices(&mut self) {
        let now = self.world.clock.now();
        if !self.deliver.has_come(now) {
            return;
        }
        self.deliver = Due::after(TICK, now);
        let due = match Store::new(&self.connection).undelivered(&self.memory.telling) {
            Ok(due) if due.is_empty() => return,
            Ok(due) => due,
            Err(error) => {
                tracing::error!(%error, "the notices could not be read");
                return;
            }
        };
        // Who does not answer keeps nobody else from hearing theirs.
        let mut merchants: BTreeMap<MerchantId, Vec<Notice>> = BTreeMap::new();
        for notice in due {
            match notice {
                Ok(notice) => merchants.entry(notice.merchant).or_default().push(notice),
                Err(error) => tracing::error!(%error, "a notice cannot be read, and is not delivered"),
            }
        }
        for (merchant, notices) in merchants {
            self.memory.telling.insert(merchant);
            let (world, outbox) = (Arc::clone(&self.world), self.outbox.clone());
            self.runtime.spawn(async move {
                for notice in notices {
                    let number = u64::try_from(notice.number).unwrap_or(0);
                    let deliver = || world.merchants.deliver(merchant, number, &notice.notice);
                    if in_time(deliver).await.is_err() {
                        break;
                    }
                    let _ended = outbox.send(Command::Delivered(notice.number));
                }
                let _ended = outbox.send(Command::Told(merchant));
            });
        }
    }
}
