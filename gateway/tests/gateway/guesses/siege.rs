//! Seeded sequences of what an attacker, a payer, a crash and a clock can do to a counter.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::Ordering;

use fastrand::Rng;
use quittance_gateway::Clock as _;
use quittance_protocol::FlowId;
use quittance_protocol::problem::Code as ProblemCode;

use super::counters::{Guess, Guessed};
use super::ledger::{Ledger, Standing};
use crate::support::program::Program;
use crate::support::{DAY, House, Reply, statement};

/// What is wrong with the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flaw {
    /// Whoever operates it puts the database of before the first guess back, whenever it stops.
    PutBack,
    /// This is planted in its database whenever it stops.
    Planted(&'static str),
}

/// Guesses at a secret are forgotten.
pub(super) const FORGETS_SECRETS: &str = "UPDATE payer_secrets SET used=0";

/// A guess at a secret is counted when its third message comes, which a wrong one never has.
pub(super) const COUNTS_LATE: &str = "
    CREATE TRIGGER IF NOT EXISTS planted BEFORE UPDATE OF used ON payer_secrets WHEN NEW.used > OLD.used
    BEGIN SELECT RAISE(IGNORE); END;";

/// Tries at a code are forgotten, where they are counted and in the log of a run that has not ended.
pub(super) const FORGETS_CODES: &str = "
    UPDATE codes SET doc=json_set(doc, '$.code.tries', 0);
    UPDATE flows SET doc=json_set(doc, '$.events', json((
        SELECT json_group_array(json(value)) FROM json_each(flows.doc, '$.events')
        WHERE json_extract(value, '$.kind.event')!='factor_failed')))
    WHERE flow IN (SELECT flow FROM codes);";

/// Nobody knows whose quizzes were begun.
pub(super) const FORGETS_QUIZZES: &str = "PRAGMA foreign_keys=OFF; UPDATE flows SET account='nobody';";

/// What keeps the gateway running.
pub(super) enum Power {
    /// It runs in this process.
    Here(Option<Flaw>),
    /// It is a program, whose every end is a SIGKILL; it says everything into the file.
    Program(Option<Program>, PathBuf),
}

impl Power {
    async fn cycle(&mut self, house: &House) {
        match self {
            Self::Here(flaw) => {
                house.stop();
                match flaw {
                    Some(Flaw::PutBack) => put_back(house),
                    Some(Flaw::Planted(sql)) => house.plant(sql),
                    None => {}
                }
                house.restart();
            }
            Self::Program(program, log) => {
                drop(program.take());
                *program = Some(Program::start(house, log));
            }
        }
    }

    const fn moves_clocks(&self) -> bool {
        matches!(self, Self::Here(_))
    }
}

/// Where the database of before stands.
fn kept(house: &House) -> PathBuf {
    house.folder.path().join("kept.sqlite")
}

/// Puts the kept database in the place of today's. Where the vault has changed since, the gateway would not start.
fn put_back(house: &House) {
    // A reader that ends a moment after its gateway leaves a log beside the file, which would be another file's.
    house.plant("PRAGMA wal_checkpoint(TRUNCATE);");
    let (kept, today) = (kept(house), house.data().join("gateway.sqlite"));
    let (from, to) = if kept.exists() { (kept, today) } else { (today, kept) };
    std::fs::copy(from, to).unwrap();
}

/// What happens next.
#[derive(Debug, Clone, Copy)]
enum Move {
    /// A wrong guess.
    Wrong,
    /// 64 of them at once; of quizzes, 64 that begin at once.
    Crowd,
    /// The last guess again, byte for byte.
    Again,
    /// A guess whose answer nobody hears, because the gateway ends, mostly before it has arrived: it is said again afterwards.
    Unheard,
    /// The payer enters what is right.
    Right,
    /// The secret becomes another one.
    Reset,
    /// The attacker gives up this run and begins another.
    Elsewhere,
    /// The gateway ends and starts.
    Restart,
    /// The phone's files of an earlier moment are put back: it says new things under numbers of before.
    OldPhone,
    /// Time passes, less than a lock takes.
    Soon,
    /// Time passes, about as much as a lock takes.
    Later,
    /// The gateway starts with a clock that was moved back.
    Back,
}

/// How often each move is drawn, of 100.
const DRAWN: [(Move, u64); 12] = [
    (Move::Wrong, 56),
    (Move::Crowd, 1),
    (Move::Again, 6),
    (Move::Unheard, 2),
    (Move::Right, 8),
    (Move::Reset, 2),
    (Move::Elsewhere, 6),
    (Move::Restart, 2),
    (Move::OldPhone, 1),
    (Move::Soon, 7),
    (Move::Later, 7),
    (Move::Back, 2),
];

pub(super) const CROWD: usize = 64;
/// Sequences after which a new payer is guessed at.
const OF_ONE_PAYER: u64 = 40;

/// The next move.
fn drawn(chance: &mut Rng) -> Move {
    let mut drawn = chance.u64(..100);
    for (step, weight) in DRAWN {
        match drawn.checked_sub(weight) {
            Some(rest) => drawn = rest,
            None => return step,
        }
    }
    Move::Wrong
}

/// What came of a siege.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) sequences: u64,
    pub(super) compared: u64,
    pub(super) refused: u64,
    pub(super) right: u64,
    pub(super) restarts: u64,
    pub(super) at_the_bound: u64,
    pub(super) beyond: u64,
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            sequences,
            compared,
            refused,
            right,
            restarts,
            at_the_bound,
            beyond,
        } = self;
        write!(
            f,
            "{sequences} sequences, {compared} comparisons ({right} proved), {refused} guesses refused, \
             {restarts} restarts; budget used up {at_the_bound} times, exceeded {beyond} times"
        )
    }
}

struct Siege<'h, 'p, C> {
    house: &'h House,
    power: &'p mut Power,
    counter: C,
    /// One for each secret that is guessed at.
    ledgers: HashMap<Option<FlowId>, Ledger>,
    seen: HashSet<Vec<u8>>,
    last: Option<Guess>,
    chance: Rng,
    /// A number that the phone's files of an earlier moment would go on with.
    kept_number: u64,
    /// By how many seconds the gateway's clock was put back so far: what it shows, with these, is the time that has passed.
    turned_back: i64,
    /// The phone was copied: the gateway may take nothing more of it that raises authority.
    forked: bool,
    tally: Tally,
}

/// Plays sequences; what the gateway compared stands in the tally.
pub(super) async fn besiege<'h, C: Guessed<'h>>(house: &'h House, power: &mut Power, sequences: u64) -> Tally {
    let mut siege = Siege {
        house,
        power,
        counter: C::of_a_new_payer(house).await,
        ledgers: HashMap::new(),
        seen: HashSet::new(),
        last: None,
        chance: Rng::with_seed(6),
        kept_number: 1,
        turned_back: 0,
        forked: false,
        tally: Tally::default(),
    };
    siege.begin().await;
    for number in 0..sequences {
        let worn = number > 0 && number % OF_ONE_PAYER == 0;
        let locked_for_good = !siege.power.moves_clocks() && number % 3 == 0;
        if worn || siege.forked || locked_for_good {
            siege.another_payer().await;
        }
        siege.kept_number = siege.counter.phone().number.load(Ordering::SeqCst);
        for _ in 0..2 + siege.chance.u64(..7) {
            let step = drawn(&mut siege.chance);
            siege.make(step).await;
        }
        siege.tally.sequences += 1;
    }
    siege.tally
}

impl<'h, C: Guessed<'h>> Siege<'h, '_, C> {
    async fn another_payer(&mut self) {
        self.counter = C::of_a_new_payer(self.house).await;
        self.ledgers.clear();
        self.seen.clear();
        self.last = None;
        self.forked = false;
        self.begin().await;
    }

    /// What is planted is there from the first guess on.
    async fn begin(&mut self) {
        if let Power::Here(Some(_)) = self.power {
            // Else the vault would be newer than the database that is put back.
            let _old = std::fs::remove_file(kept(self.house));
            self.power.cycle(self.house).await;
        }
    }

    async fn make(&mut self, step: Move) {
        match step {
            Move::Wrong => {
                if let Some(guess) = self.guess().await {
                    let reply = self.house.post(&guess.compact).await;
                    self.hear(&guess, &reply);
                    self.last = Some(guess);
                }
            }
            Move::Crowd => self.crowd().await,
            Move::Again => {
                if let Some(guess) = self.last.clone() {
                    let reply = self.house.post(&guess.compact).await;
                    self.hear(&guess, &reply);
                }
            }
            Move::Unheard => {
                if let Some(guess) = self.guess().await {
                    let (way, request) = (self.house.way(), statement(guess.compact.clone()));
                    let asked = tokio::spawn(way.send(request));
                    for _ in 0..self.chance.u64(..4) {
                        tokio::task::yield_now().await;
                    }
                    asked.abort();
                    self.restart().await;
                    let reply = self.house.post(&guess.compact).await;
                    self.hear(&guess, &reply);
                }
            }
            Move::Right => {
                if let Some(guess) = self.guess().await {
                    let reply = self.counter.enter().await;
                    if C::proves(&reply) {
                        // It was compared, too, before it was proved.
                        self.note(&guess, reply.body);
                        self.ledgers.remove(&guess.secret);
                        self.tally.right += 1;
                        self.counter.leave();
                    } else {
                        self.hear(&guess, &reply);
                    }
                }
            }
            Move::Reset => {
                if self.counter.reset().await {
                    self.ledgers.clear();
                }
            }
            Move::Elsewhere => self.counter.leave(),
            Move::Restart => self.restart().await,
            Move::OldPhone => {
                let phone = self.counter.phone();
                phone.number.store(self.kept_number, Ordering::SeqCst);
                self.forked = true;
            }
            Move::Soon => self.pass(600).await,
            Move::Later => self.pass(2 * DAY).await,
            Move::Back if self.power.moves_clocks() => {
                self.house.stop();
                let back = self.chance.i64(0..2 * DAY);
                self.house.clock.advance(-back);
                self.turned_back += back;
                self.restart().await;
            }
            Move::Back => {}
        }
    }

    /// Signs a guess, where one can guess now.
    async fn guess(&mut self) -> Option<Guess> {
        self.counter.approach().await.then(|| self.counter.guess())
    }

    async fn crowd(&mut self) {
        let mut asked = tokio::task::JoinSet::new();
        for guess in self.counter.crowd(CROWD).await {
            let answered = self.house.way().send(statement(guess.compact.clone()));
            asked.spawn(async move { (guess, answered.await) });
        }
        for (guess, reply) in asked.join_all().await {
            self.hear(&guess, &reply);
        }
    }

    async fn restart(&mut self) {
        self.power.cycle(self.house).await;
        self.tally.restarts += 1;
    }

    async fn pass(&mut self, most: i64) {
        if self.power.moves_clocks() {
            let seconds = self.chance.i64(0..most);
            self.house.advance(seconds).await;
        }
    }

    /// Notes what a reply to a guess shows.
    fn hear(&mut self, guess: &Guess, reply: &Reply) {
        match C::compared(guess, reply) {
            Some(compared) => self.note(guess, compared),
            None => {
                self.tally.refused += 1;
                if reply.code() != ProblemCode::FactorLocked {
                    self.counter.leave();
                }
            }
        }
    }

    fn note(&mut self, guess: &Guess, compared: Vec<u8>) {
        if !self.seen.insert(compared) {
            return;
        }
        self.tally.compared += 1;
        let passed = || self.house.clock.now().unix() + self.turned_back;
        let at = guess.counts_at.map_or_else(passed, |at| at.unix());
        let ledger = self.ledgers.entry(guess.secret).or_insert_with(C::ledger);
        match ledger.compared(at) {
            Standing::Within => {}
            Standing::Last => self.tally.at_the_bound += 1,
            Standing::Beyond => self.tally.beyond += 1,
        }
    }
}
