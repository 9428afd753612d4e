//! What a payer whose phone is another program has to do in a step, with every name resolved.

use super::acts::{self, Act};
use super::expectations::{self, Expectation};
use super::model::Step;
use super::play::{Play, Run, Wrong};
use super::saying;
use super::setting::{PAYER, money};
use super::terms::MandateSpec;
use super::words::{WishSpec, With};
use quittance_flows::Seconds;
use quittance_protocol::statement::StopScope;
use serde::Serialize;
use serde_json::{Map, Value, json};

/// A step for the other program, and what the stage needs of it afterwards.
pub(super) struct Turn {
    /// What is to be done: an object with a `verb`.
    pub(super) told: Map<String, Value>,
    /// What is reported back.
    pub(super) owed: Owed,
}

/// What the other program reports once it has done its part.
#[derive(Debug, Clone)]
pub(super) enum Owed {
    /// Nothing.
    Nothing,
    /// The mandate that was signed.
    Mandate {
        /// Under which terms.
        spec: MandateSpec,
        /// What steps call it.
        name: String,
        /// With whom.
        merchant: String,
    },
    /// The run that was begun, or is followed from here on.
    Flow {
        /// What steps call it.
        name: String,
        /// Whose it is.
        by: String,
        /// The flow's definition.
        definition: String,
    },
    /// A permit for this charge.
    Permit {
        /// The charge.
        act: acts::Charge,
        /// Its reference.
        reference: String,
    },
    /// The code that another phone scans.
    Scan(acts::Vouch),
    /// The phone's enrolment, as [`super::host::Said::Enrolled`].
    Enrolment,
    /// A signature that buys a look at the gateway's side.
    Session(expectations::ExpectMandate),
}

impl Play {
    /// Whether this person's phone is another program.
    fn is_elsewhere(&self, who: &str) -> bool {
        self.accounts.contains_key(who) && !self.phones.contains_key(who) && !self.idle.contains_key(who)
    }

    /// A run of somebody whose phone is another program.
    fn run_elsewhere(&self, name: &str) -> Option<Run> {
        let run = self.runs.get(name)?;
        self.is_elsewhere(&run.by).then(|| run.clone())
    }

    /// The other program's part in a step; nothing where it has none, and the stage takes the step alone.
    pub(super) async fn turn(&mut self, step: &Step) -> Result<Option<Turn>, Wrong> {
        match step {
            Step::Do(act) => self.act_elsewhere(act).await,
            Step::Expect(what) => self.expect_elsewhere(what).await,
        }
    }

    /// What signs an offer, which is made now.
    pub(super) async fn sign_turn(
        &mut self,
        spec: &MandateSpec,
        name: &str,
        fails: Option<&str>,
    ) -> Result<Turn, Wrong> {
        let (offer, merchant) = self.offered(PAYER, spec, name).await?;
        let owed = Owed::Mandate {
            spec: spec.clone(),
            name: name.to_owned(),
            merchant,
        };
        owing(owed, json!({ "verb": "sign", "offer": offer, "fails": fails }))
    }

    async fn act_elsewhere(&mut self, act: &Act) -> Result<Option<Turn>, Wrong> {
        Ok(Some(match act {
            Act::Sync(act) if self.is_elsewhere(&act.sync) => as_written("sync", act)?,
            Act::Restart(act) if self.is_elsewhere(&act.restart) => as_written("restart", act)?,
            Act::LoseKeys(act) if self.is_elsewhere(&act.lose_keys) => as_written("lose_keys", act)?,
            Act::BackUp(act) if self.is_elsewhere(&act.back_up) => as_written("back_up", act)?,
            Act::PutBack(act) if self.is_elsewhere(&act.put_back) => as_written("put_back", act)?,
            Act::SetUp(act) if self.is_elsewhere(&act.set_up) => {
                owing(Owed::Enrolment, json!({ "verb": "set_up", "fails": act.fails }))?
            }
            Act::Locks(act) if self.is_elsewhere(&act.locks) => as_written("locks", act)?,
            Act::SetClock(act) if self.is_elsewhere(&act.clock) => {
                plain(json!({ "verb": "clock", "ahead": act.ahead_by() }))?
            }
            Act::Sign(act) if self.is_elsewhere(&act.by) => {
                self.sign_turn(&act.sign, &act.sign.name, act.fails.as_deref()).await?
            }
            Act::Begin(act) if self.is_elsewhere(&act.by) => self.begin_turn(act).await?,
            Act::Answer(act) => match self.run_elsewhere(&act.answer) {
                Some(run) => self.answer_turn(&run, act)?,
                None => return Ok(None),
            },
            Act::Link(act) => match self.run_elsewhere(&act.link) {
                Some(run) => about(&run, "link", act)?,
                None => return Ok(None),
            },
            Act::Follow(act) => match self.run_elsewhere(&act.follow) {
                Some(run) => self.follow_turn(&run, act)?,
                None => return Ok(None),
            },
            Act::Leave(act) => match self.run_elsewhere(&act.leave) {
                Some(run) => about(&run, "leave", act)?,
                None => return Ok(None),
            },
            Act::Pause(act) if self.is_elsewhere(PAYER) => {
                plain(json!({ "verb": "pause", "mandates": self.ids(&act.pause)? }))?
            }
            Act::Resume(act) if self.is_elsewhere(PAYER) => {
                plain(json!({ "verb": "resume", "mandates": self.ids(&act.resume)?, "fails": act.fails }))?
            }
            Act::Lock(act) if self.is_elsewhere(&act.lock) => plain(json!({ "verb": "lock" }))?,
            Act::SetLockPassword(act) if self.is_elsewhere(&act.set_lock_password) => {
                plain(json!({ "verb": "set_lock_password", "password": act.password, "fails": act.fails }))?
            }
            Act::Stop(act) if self.is_elsewhere(PAYER) => {
                plain(json!({ "verb": "stop", "scope": scope(&self.scope(&act.stop).await?) }))?
            }
            Act::CountRotations(act) if self.is_elsewhere(&act.count_rotations) => {
                plain(json!({ "verb": "count_rotations" }))?
            }
            Act::Charge(act) if act.present && self.is_elsewhere(PAYER) => self.permit_turn(act)?,
            Act::Vouch(act) => match self.run_elsewhere(&act.vouch) {
                Some(run) => match self.vouch_turn(&run, act)? {
                    Some(turn) => turn,
                    None => return Ok(None),
                },
                None => return Ok(None),
            },
            _ => return Ok(None),
        }))
    }

    async fn begin_turn(&mut self, act: &acts::Begin) -> Result<Turn, Wrong> {
        let mandates = self.ids(&act.mandates)?;
        let wish = match &act.wish {
            Some(wish) => self.wished(wish).await?,
            None => Value::Null,
        };
        let owed = Owed::Flow {
            name: act.name.clone(),
            by: act.by.clone(),
            definition: act.begin.clone(),
        };
        let told = json!({
            "verb": "begin", "definition": act.begin, "mandates": mandates, "wish": wish, "fails": act.fails,
        });
        owing(owed, told)
    }

    /// A wish as an app writes it; an order that the other program alone knows is named by its run.
    async fn wished(&mut self, wish: &WishSpec) -> Result<Value, Wrong> {
        Ok(match wish {
            WishSpec::Undo(run) => json!({ "undo_order_of": self.run(run)?.flow }),
            WishSpec::Limits {
                per_charge,
                per_period,
                days,
            } => json!({ "change_limits": {
                "per_charge": money(*per_charge)?, "per_period": money(*per_period)?, "days": days,
            } }),
            WishSpec::TeenLimit { teen, per_charge } => {
                json!({ "teen_limit": { "teen": self.account(teen)?, "per_charge": money(*per_charge)? } })
            }
            WishSpec::TeenExit(teen) => json!({ "teen_exit": self.account(teen)? }),
            WishSpec::LiftStop(stop) => json!({ "lift_stop": scope(&self.scope(stop).await?) }),
            WishSpec::ExtendLock(by) => json!({ "extend_lock": self.now().plus_seconds(by.get()).unix() }),
        })
    }

    fn answer_turn(&self, run: &Run, act: &acts::Answer) -> Result<Turn, Wrong> {
        let mut turn = about(run, "answer", act)?;
        if let Some(With::People(names)) = &act.with {
            let people = json!({ "entries": self.people(names)? });
            turn.told.insert("with".to_owned(), people);
        }
        Ok(turn)
    }

    fn follow_turn(&self, run: &Run, act: &acts::Follow) -> Result<Turn, Wrong> {
        let owed = Owed::Flow {
            name: act.name.clone(),
            by: run.by.clone(),
            definition: String::new(),
        };
        let mandate = self.signed(&act.mandate)?.mandate;
        owing(owed, json!({ "verb": "follow", "flow": run.flow, "mandate": mandate }))
    }

    fn permit_turn(&mut self, act: &acts::Charge) -> Result<Turn, Wrong> {
        let reference = self.reference();
        let mandate = self.signed(&act.charge)?.mandate;
        let told = json!({
            "verb": "permit", "mandate": mandate, "amount": money(act.amount)?, "challenge": reference, "gives": act.gives,
        });
        let owed = Owed::Permit {
            act: act.clone(),
            reference,
        };
        owing(owed, told)
    }

    /// Somebody answers for the other program's payer: its own part is to object, or to show the code to scan.
    fn vouch_turn(&self, run: &Run, act: &acts::Vouch) -> Result<Option<Turn>, Wrong> {
        if self.is_elsewhere(&act.by) {
            let asked = self.vouch_request(run)?;
            let told = json!({
                "verb": "vouch", "flow": asked.flow, "requester": asked.requester, "purpose": asked.purpose,
                "approves": act.approves, "fails": act.fails,
            });
            return plain(told).map(Some);
        }
        if act.scans {
            return owing(
                Owed::Scan(act.clone()),
                json!({ "verb": "show_code", "flow": run.flow }),
            )
            .map(Some);
        }
        Ok(None)
    }

    async fn expect_elsewhere(&mut self, what: &Expectation) -> Result<Option<Turn>, Wrong> {
        let turn = match what {
            Expectation::ExpectMandate(what) if self.is_elsewhere(PAYER) => {
                let mut turn = self.of_mandate("expect_mandate", &what.expect_mandate, what)?;
                if what.asks_gateway() {
                    turn.owed = Owed::Session(what.clone());
                }
                turn
            }
            Expectation::ExpectPrompt(what) => match self.run_elsewhere(&what.expect_prompt) {
                Some(run) => spans(about(&run, "expect_prompt", what)?, &[("deadline", what.deadline)]),
                None => return Ok(None),
            },
            Expectation::ExpectCode(what) => match self.run_elsewhere(&what.expect_code) {
                Some(run) => {
                    self.expect_number(what, &run.by).await?;
                    let turn = about(&run, "expect_code", what)?;
                    spans(turn, &[("life", what.life), ("resend_in", what.resend_in)])
                }
                None => return Ok(None),
            },
            Expectation::ExpectRun(what) => match self.run_elsewhere(&what.expect_run) {
                Some(run) => about(&run, "expect_run", what)?,
                None => return Ok(None),
            },
            Expectation::ExpectItems(what) => match self.run_elsewhere(&what.expect_items) {
                Some(run) => about(&run, "expect_items", what)?,
                None => return Ok(None),
            },
            Expectation::ExpectReceipts(what) if self.is_elsewhere(PAYER) => as_written("expect_receipts", what)?,
            Expectation::ExpectRoutes(what) if self.is_elsewhere(PAYER) => {
                self.of_mandate("expect_routes", &what.expect_routes, what)?
            }
            Expectation::ExpectRotations(what) if self.is_elsewhere(&what.by) => as_written("expect_rotations", what)?,
            Expectation::ExpectEvent(what) if self.is_elsewhere(&what.by) => {
                let mut with = what.with.clone();
                for (member, value) in &mut with {
                    *value = self.named(member, value)?;
                }
                let told = json!({
                    "verb": "expect_event", "event": what.expect_event, "with": with, "never": what.never,
                });
                plain(told)?
            }
            Expectation::ExpectHistory(what) if self.is_elsewhere(PAYER) => {
                let mut turn = self.of_mandate("expect_history", &what.expect_history, what)?;
                let lines = what.is.iter().map(|line| {
                    let refunded = line.refunded.map(money).transpose()?;
                    Ok(json!({ "amount": money(line.amount)?, "was": line.was, "refunded": refunded }))
                });
                let lines: Result<Vec<Value>, Wrong> = lines.collect();
                turn.told.insert("is".to_owned(), Value::Array(lines?));
                turn
            }
            Expectation::ExpectLock(what) if self.is_elsewhere(&what.expect_lock) => {
                spans(as_written("expect_lock", what)?, &[("left", what.left)])
            }
            Expectation::ExpectList(what) if self.is_elsewhere(&what.expect_list) => as_written("expect_list", what)?,
            Expectation::ExpectExposure(what) if self.is_elsewhere(PAYER) => {
                let mut turn = self.of_mandate("expect_exposure", &what.expect_exposure, what)?;
                turn.told.insert("per_charge".to_owned(), money(what.per_charge)?);
                turn
            }
            Expectation::ExpectProblem(what) if self.is_elsewhere(&what.by) => {
                saying::check_screen(&what.expect_problem)?;
                as_written("expect_problem", what)?
            }
            Expectation::ExpectFinding(what) if self.is_elsewhere(&what.by) => as_written("expect_finding", what)?,
            _ => return Ok(None),
        };
        Ok(Some(turn))
    }

    fn of_mandate<T: Serialize>(&self, verb: &str, name: &str, what: &T) -> Result<Turn, Wrong> {
        let mut turn = as_written(verb, what)?;
        let mandate = json!(self.signed(name)?.mandate);
        turn.told.insert("mandate".to_owned(), mandate);
        Ok(turn)
    }
}

/// A step whose members the other program takes as they stand in the file; what is not stated is left out.
fn as_written<T: Serialize>(verb: &str, step: &T) -> Result<Turn, Wrong> {
    let mut members = serde_json::to_value(step)?;
    if let Some(members) = members.as_object_mut() {
        members.insert("verb".to_owned(), verb.into());
    }
    plain(members)
}

/// As [`as_written`], about a run.
fn about<T: Serialize>(run: &Run, verb: &str, step: &T) -> Result<Turn, Wrong> {
    let mut turn = as_written(verb, step)?;
    turn.told.insert("flow".to_owned(), json!(run.flow));
    Ok(turn)
}

/// Writes spans as seconds, which every language can read.
fn spans(mut turn: Turn, spans: &[(&str, Option<Seconds>)]) -> Turn {
    for (member, span) in spans {
        if let Some(span) = span {
            turn.told.insert((*member).to_owned(), span.get().into());
        }
    }
    turn
}

fn plain(told: Value) -> Result<Turn, Wrong> {
    owing(Owed::Nothing, told)
}

fn owing(owed: Owed, told: Value) -> Result<Turn, Wrong> {
    let Value::Object(told) = told else {
        return Err(Wrong::new("a step with members", told));
    };
    let told = told.into_iter().filter(|(_, value)| !value.is_null()).collect();
    Ok(Turn { told, owed })
}

fn scope(scope: &StopScope) -> Value {
    match scope {
        StopScope::Merchant { merchant } => json!({ "merchant": merchant }),
        StopScope::Category { category } => json!({ "category": category }),
        StopScope::Everything {} => json!({}),
    }
}
