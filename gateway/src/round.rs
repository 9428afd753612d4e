//! What one turn decides: statements one after the other, each with a way back, then their answers.

use std::collections::{HashMap, HashSet};

use quittance_protocol::answer::Reconciled;
use quittance_protocol::problem::Code;
use quittance_protocol::{ChargeId, Digest32, MerchantId, Problem, StatementId, Thumbprint};
use tokio::sync::oneshot;

use crate::command::{Command, Question};
use crate::each::pass_over;
use crate::failure::{Failure, Refusal};
use crate::flows::{self, moments};
use crate::parties::Unavailable;
use crate::replay::{self, Before, Response};
use crate::statements::{self, Found, Said};
use crate::sweep::Sweep;
use crate::turn::{Answer, Late, ToFund, Turn};
use crate::{locks, views};

/// One statement: whose, which.
pub(crate) type Key = (Thumbprint, StatementId);

/// Callers that wait for the answer to one statement.
struct Waiting {
    content: Digest32,
    callers: Vec<oneshot::Sender<Response>>,
}

/// What was decided about one statement, before its answer can be written.
struct Verdict {
    said: Box<Said>,
    answer: Answer,
    /// In an earlier turn, which has noted so.
    earlier: bool,
}

/// What the thread remembers between turns; all of it may be lost.
#[derive(Default)]
pub(crate) struct Memory {
    waiting: HashMap<Key, Waiting>,
    /// Questions about charges that the card network is being asked; none is asked twice at a time.
    pub(crate) asking: HashSet<(ChargeId, Question)>,
    /// The place of the charge that it was asked about last, of those that are looked through in turn.
    pub(crate) asked_up_to: i64,
    /// Refunds that are on their way to it.
    pub(crate) refunding: HashSet<Key>,
    /// Merchants whose notices are on their way.
    pub(crate) telling: HashSet<MerchantId>,
    /// How far what is due was looked through.
    pub(crate) sweep: Sweep,
}

impl Memory {
    /// Whether the card network is being asked about a charge.
    pub(crate) fn asks_about(&self, charge: ChargeId) -> bool {
        [Question::Charge, Question::Resolve]
            .into_iter()
            .any(|question| self.asking.contains(&(charge, question)))
    }

    /// Answers everybody who waits for this statement.
    pub(crate) fn answer(&mut self, key: &Key, response: &Response) {
        if let Some(waiting) = self.waiting.remove(key) {
            for caller in waiting.callers {
                // The caller may have gone; the answer is stored, so it can ask again.
                let _gone = caller.send(response.clone());
            }
        }
    }
}

/// Work on the side that is over with the commands of one turn, whether or not they can be committed.
#[derive(Default)]
pub(crate) struct Over {
    /// Charges that the card network was asked about.
    pub(crate) charges: Vec<(ChargeId, Question)>,
    refunds: Vec<Key>,
    /// Consents whose funding reference was asked for; each has been with the card network since an earlier turn.
    pub(crate) consents: Vec<Key>,
    told: Vec<MerchantId>,
}

impl Over {
    pub(crate) fn of(commands: &[Command]) -> Self {
        let mut over = Self::default();
        for command in commands {
            match command {
                Command::Charged(charge, question, _) => over.charges.push((*charge, *question)),
                Command::Refunded(refund, _) => over.refunds.push((refund.kid, refund.jti)),
                Command::Consent(said, _) => over.consents.push((*said.kid(), said.claims().jti)),
                Command::Told(merchant) => over.told.push(*merchant),
                Command::Statement(..)
                | Command::Merchant(..)
                | Command::Work(..)
                | Command::Delivered(_)
                | Command::Wake(_)
                | Command::Stop => {}
            }
        }
        over
    }

    /// Lets each of them be begun again.
    pub(crate) fn forget(&self, memory: &mut Memory) {
        for asked in &self.charges {
            memory.asking.remove(asked);
        }
        for refund in &self.refunds {
            memory.refunding.remove(refund);
        }
        for merchant in &self.told {
            memory.telling.remove(merchant);
        }
    }
}

/// What one turn has to answer.
#[derive(Default)]
pub(crate) struct Round {
    /// Every statement that this turn decides about, to be answered should the commit fail, also those that are only
    /// answered later when it does not: what is not answered then would be waited for in vain.
    pub(crate) keys: Vec<Key>,
    verdicts: Vec<Verdict>,
    pub(crate) responses: Vec<(Key, Response)>,
    pub(crate) references: Vec<(Box<Said>, ToFund)>,
    pub(crate) merchants: Vec<(oneshot::Sender<bool>, bool)>,
    /// Answers to what is no statement.
    pub(crate) works: Vec<(oneshot::Sender<Response>, Response)>,
    pub(crate) wakers: Vec<oneshot::Sender<()>>,
}

impl Round {
    pub(crate) fn take(&mut self, turn: &mut Turn<'_>, memory: &mut Memory, command: Command) -> Result<(), Failure> {
        match command {
            Command::Statement(said, found, caller) => {
                let key = (*said.kid(), said.claims().jti);
                match memory.waiting.get_mut(&key) {
                    Some(waiting) if waiting.content == said.content() => waiting.callers.push(caller),
                    Some(_) => {
                        let reused = Problem::new(Code::JtiReused).at("/jti");
                        let _gone = caller.send(Response::problem(&reused));
                    }
                    None => {
                        let waiting = Waiting {
                            content: said.content(),
                            callers: vec![caller],
                        };
                        memory.waiting.insert(key, waiting);
                        self.decide(turn, said, found)?;
                    }
                }
            }
            Command::Consent(said, Ok(funding)) => self.decide(turn, said, Found::Funding(funding))?,
            Command::Consent(said, Err(Unavailable)) => {
                self.responses
                    .push(((*said.kid(), said.claims().jti), Response::unavailable()));
            }
            Command::Charged(charge, question, Ok(outcome)) => {
                let settled = in_mark(turn, |turn| {
                    let settled = statements::settle(turn, charge, question, &outcome)?;
                    let stored = turn.store.answer(&settled.kid, settled.jti)?;
                    let body = stored.and_then(|stored| stored.body);
                    Ok::<_, Refusal>(body.ok_or(Failure::Damaged("a charge's answer"))?)
                });
                let response = match settled {
                    Ok(body) => Response::ok(body),
                    // It stays pending and is asked about again: one charge keeps nobody else's statements back.
                    Err(refusal) => {
                        let failure = failure(refusal);
                        tracing::error!(error = %failure, %charge, "the outcome of a charge could not be taken");
                        Response::problem(&failure.problem())
                    }
                };
                self.respond(turn, charge, response)?;
            }
            Command::Charged(charge, _, Err(Unavailable)) => {
                self.respond(turn, charge, Response::unavailable())?;
            }
            Command::Merchant(merchant, reply) => {
                let known = in_mark(turn, |turn| turn.store.put_merchant(&merchant)).is_ok();
                self.merchants.push((reply, known));
            }
            Command::Work(work, reply) => {
                let response = match in_mark(turn, work) {
                    Ok(body) => Response::ok(body),
                    Err(Refusal::Problem(problem)) => Response::problem(&problem),
                    Err(Refusal::Failure(failure)) => {
                        tracing::error!(error = %failure, "work that is no statement failed");
                        Response::problem(&failure.problem())
                    }
                };
                self.works.push((reply, response));
            }
            Command::Refunded(refund, Ok(())) => turn.store.refund_is_sent(&refund.kid, refund.jti)?,
            Command::Delivered(number) => turn.store.mark_delivered(number)?,
            Command::Wake(waker) => self.wakers.push(waker),
            // What it ends is over already, see [`Over`].
            Command::Told(_) | Command::Refunded(_, Err(Unavailable)) | Command::Stop => {}
        }
        if turn.store.stands() {
            Ok(())
        } else {
            Err(Failure::Rules("the transaction ended early"))
        }
    }

    /// Answers whoever wanted a charge.
    ///
    /// # Errors
    /// What has nothing to do with the charge's row.
    fn respond(&mut self, turn: &Turn<'_>, charge: ChargeId, response: Response) -> Result<(), Failure> {
        match turn.store.said_for(charge) {
            Ok(said) => self.responses.extend(said.map(|key| (key, response))),
            Err(error) if error.is_of_one_row() => {
                tracing::error!(%error, %charge, "the callers of a charge could not be found");
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Decides about one statement; a refusal takes back only its own writes.
    fn decide(&mut self, turn: &mut Turn<'_>, said: Box<Said>, found: Found) -> Result<(), Failure> {
        let key = (*said.kid(), said.claims().jti);
        self.keys.push(key);
        let before = match replay::find(turn, &said) {
            Ok(before) => before,
            Err(refusal) => {
                self.responses.push((key, Response::problem(&problem(&said, refusal))));
                return Ok(());
            }
        };
        match before {
            Some(Before::Answered(response)) => {
                self.responses.push((key, response));
                return Ok(());
            }
            Some(Before::Decided(late)) => {
                let (answer, earlier) = (Answer::Late(late), true);
                self.verdicts.push(Verdict { said, answer, earlier });
                return Ok(());
            }
            None => {}
        }
        // Kept also where the statement itself is refused.
        if let Err(refusal) = in_mark(turn, |turn| statements::note_fork(turn, &said)) {
            self.responses.push((key, Response::problem(&problem(&said, refusal))));
            return Ok(());
        }
        if let Some(flow) = said.flow() {
            pass_over(turn.store, in_mark(turn, |turn| moments::catch_up(turn, flow)))?;
        }
        let decided = in_mark(turn, |turn| match statements::decide(turn, &said, found)? {
            // Checked only: nothing of it is kept until the card network has answered.
            Answer::Fund(asked) => Err(Asked::Funding(asked)),
            answer => Ok(answer),
        });
        match decided {
            Ok(answer) => self.judge(turn, said, answer)?,
            // The caller waits on.
            Err(Asked::Funding(asked)) => self.references.push((said, asked)),
            Err(Asked::Refused(refusal)) => {
                let problem = problem(&said, refusal);
                if replay::is_kept(&problem) {
                    self.judge(turn, said, Answer::Problem(problem))?;
                } else {
                    self.responses.push((key, Response::problem(&problem)));
                }
            }
        }
        Ok(())
    }

    /// Notes a verdict, and the number of its statement at once: another statement under the same number may be next.
    fn judge(&mut self, turn: &Turn<'_>, said: Box<Said>, answer: Answer) -> Result<(), Failure> {
        statements::record_number(turn, &said).map_err(failure)?;
        let earlier = false;
        self.verdicts.push(Verdict { said, answer, earlier });
        Ok(())
    }

    /// Writes the answers, once the checkpoint that some of them quote is signed.
    pub(crate) fn write(&mut self, turn: &mut Turn<'_>) -> Result<(), Failure> {
        for Verdict { said, answer, earlier } in std::mem::take(&mut self.verdicts) {
            let key = (*said.kid(), said.claims().jti);
            let keep = |turn: &Turn<'_>, response: &Response, stored: bool| {
                if earlier {
                    return Ok(());
                }
                let body = stored.then_some(response.body.as_slice());
                replay::keep(turn, &said, response.status, body).map_err(failure)
            };
            let (response, stored) = match answer {
                Answer::Flow(mut log) => {
                    let response = Response::ok(json(&log)?);
                    log.asking = None;
                    keep(turn, &Response::ok(json(&log)?), true)?;
                    self.responses.push((key, response));
                    continue;
                }
                // The caller waits on; should the process end, it asks again.
                Answer::Charge | Answer::Fund(_) => continue,
                Answer::Session(body) => (Response::ok(body), false),
                Answer::Json(body) => (Response::ok(body), true),
                Answer::Problem(problem) => (Response::problem(&problem), true),
                Answer::Late(late) => {
                    let stored = matches!(late, Late::Order(_));
                    match in_mark(turn, |turn| at_the_end(turn, late)) {
                        Ok(body) => (Response::ok(body), stored),
                        // What was decided stands, and asking again is safe: it keeps nobody else's answer back.
                        Err(error) if turn.store.stands() => {
                            tracing::error!(statement = said.name(), %error, "an answer could not be made");
                            self.responses.push((key, Response::problem(&error.problem())));
                            continue;
                        }
                        Err(error) => return Err(error),
                    }
                }
            };
            keep(turn, &response, stored)?;
            self.responses.push((key, response));
        }
        Ok(())
    }
}

/// The body of an answer that tells how things stand at the end of the turn.
fn at_the_end(turn: &Turn<'_>, late: Late) -> Result<Vec<u8>, Failure> {
    match late {
        Late::Order(id) => {
            let order = turn.store.order(id)?.ok_or(Failure::Damaged("an order"))?;
            json(&views::order(turn.store, &order)?)
        }
        Late::Stops(account) => json(&turn.store.stops(account)?),
        Late::Reconciled {
            account,
            device,
            orphans,
            events_after,
        } => {
            let phone = turn.store.device(device)?.ok_or(Failure::Damaged("a device"))?;
            json(&Reconciled {
                mandates: views::mandates(turn.store, account, turn.now)?,
                orders: views::orders(turn.store, account, turn.now)?,
                orphans,
                events: turn.store.events_after(account, events_after)?,
                flows: flows::to_tell(turn, device)?,
                lock: turn.store.lock(account)?.as_ref().map(locks::record),
                stops: turn.store.stops(account)?,
                recovery: Some(flows::facts::ways_back(turn, account).map_err(failure)?),
                phone: Some(statements::enrolled(turn, &phone)),
                now: turn.now,
            })
        }
    }
}

/// Why a decision did not come to an answer.
enum Asked {
    Refused(Refusal),
    Funding(ToFund),
}

impl<E: Into<Refusal>> From<E> for Asked {
    fn from(error: E) -> Self {
        Self::Refused(error.into())
    }
}

/// Runs one decision so that an error takes back its writes, and what it wanted done after the commit.
pub(crate) fn in_mark<T, E: From<Failure>>(
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
pub(crate) fn failure(refusal: Refusal) -> Failure {
    match refusal {
        Refusal::Failure(failure) => failure,
        Refusal::Problem(problem) => {
            tracing::error!(code = problem.code().name(), "the gateway refused its own work");
            Failure::Rules("the gateway's own work was refused")
        }
    }
}

fn json<T: serde::Serialize>(value: &T) -> Result<Vec<u8>, Failure> {
    serde_json::to_vec(value).map_err(|_| Failure::Damaged("an answer"))
}
