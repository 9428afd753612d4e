//! What a simulated party answers: scripted lines in their order, after them its benign default.

use std::marker::PhantomData;
use std::sync::Arc;

use quittance_protocol::json::{self as strict, Limits};
use quittance_protocol::{Code, Problem, Timestamp};
use rusqlite::{Connection, OptionalExtension as _, params};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::simulator_file::SimulatorFile;
use super::{After, Call, CallKey, Party, Reply, SimulatorError, Unavailable};

/// The tables that all scripted simulators share.
pub(super) const TABLES: &str = "
CREATE TABLE IF NOT EXISTS lines (
    party TEXT NOT NULL, place INTEGER NOT NULL, line TEXT NOT NULL, uses INTEGER NOT NULL, PRIMARY KEY (party, place)
) STRICT;
CREATE TABLE IF NOT EXISTS asked (
    number INTEGER PRIMARY KEY, party TEXT NOT NULL, key TEXT NOT NULL, at INTEGER NOT NULL, question TEXT NOT NULL,
    calls INTEGER NOT NULL, reply TEXT, UNIQUE (party, key)
) STRICT;";

/// Why a script is not set; the one before then stands.
#[derive(Debug, thiserror::Error)]
pub enum ScriptError {
    /// No party has this name.
    #[error("script: no party has this name; use one of {}", Party::names())]
    UnknownParty,
    /// A line is malformed; the problem's pointer names line and member, such as `/1/latency`.
    #[error("script: {}: {}", .0.pointer().unwrap_or_default(), .0.detail_text().unwrap_or_default())]
    Line(Problem),
    /// The simulator's file failed.
    #[error("{0}")]
    Simulator(#[from] SimulatorError),
}

/// One line of a script.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScriptLine<S> {
    /// What the party decides; the benign default where it is left out.
    #[serde(default = "nothing", skip_serializing_if = "Option::is_none")]
    pub outcome: Option<S>,
    /// Gateway time until that is known; at once where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency: Option<After>,
    /// The party does not answer at all; such a line has no outcome or latency.
    #[serde(default)]
    pub outage: bool,
    /// How many calls the line answers.
    #[serde(default = "once")]
    pub times: u32,
}

const fn nothing<S>() -> Option<S> {
    None
}

const fn once() -> u32 {
    1
}

/// What a simulator was asked, as it remembers it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Asked {
    /// The call's name.
    pub key: CallKey,
    /// When it was made first.
    pub at: Timestamp,
    /// The question, without its personal data.
    pub question: Value,
    /// How often it was made.
    pub calls: u32,
    /// What was replied; nothing where the party did not answer.
    pub reply: Option<Reply<Value>>,
}

/// A script that can be set without knowing its outcomes.
pub(super) trait Scripted: Send + Sync {
    /// Replaces what is left of the script; says how many lines it has now.
    fn set(&self, text: &[u8]) -> Result<usize, ScriptError>;
}

/// The scripted core of a simulator whose lines hold outcomes of type `S`.
pub(super) struct Script<S> {
    party: Party,
    file: Arc<SimulatorFile>,
    outcomes: PhantomData<fn() -> S>,
}

impl<S> Script<S> {
    pub(super) fn new(party: Party, file: &Arc<SimulatorFile>) -> Self {
        Self {
            party,
            file: Arc::clone(file),
            outcomes: PhantomData,
        }
    }
}

impl<S: DeserializeOwned + Default> Script<S> {
    /// Answers with what the script says. The same key gets the same reply, also where the question is another one;
    /// an outage is no reply, so that the next call under the key is answered by the next line.
    pub(super) fn ask<Q: Serialize>(&self, call: &Call, question: &Q) -> Result<Reply<S>, Unavailable>
    where
        S: Serialize,
    {
        self.ask_and(call, question, |outcome| outcome)
    }

    /// As [`Script::ask`], where the outcome is made from what the script says.
    pub(super) fn ask_and<Q: Serialize, T: Serialize + DeserializeOwned>(
        &self,
        call: &Call,
        question: &Q,
        outcome: impl FnOnce(S) -> T,
    ) -> Result<Reply<T>, Unavailable> {
        match self.answer(call, question, outcome) {
            Ok(Some(reply)) => Ok(reply),
            Ok(None) => Err(Unavailable),
            Err(error) => {
                tracing::error!(party = self.party.name(), %error, "a simulated party failed");
                Err(Unavailable)
            }
        }
    }

    fn answer<Q: Serialize, T: Serialize + DeserializeOwned>(
        &self,
        call: &Call,
        question: &Q,
        outcome: impl FnOnce(S) -> T,
    ) -> Result<Option<Reply<T>>, SimulatorError> {
        let mut file = self.file.lock();
        let turn = file.transaction()?;
        let party = self.party.name();
        let known: Option<Option<String>> = turn
            .query_row(
                "UPDATE asked SET calls=calls+1 WHERE party=?1 AND key=?2 RETURNING reply",
                [party, call.key.as_str()],
                |row| row.get(0),
            )
            .optional()?;
        if let Some(Some(reply)) = known {
            turn.commit()?;
            return Ok(Some(read(&reply)?));
        }
        if known.is_none() {
            turn.execute(
                "INSERT INTO asked (party, key, at, question, calls) VALUES (?1, ?2, ?3, ?4, 1)",
                params![party, call.key.as_str(), call.at.unix(), write(question)?],
            )?;
        }
        let line = next_line::<S>(&turn, party)?;
        if line.as_ref().is_some_and(|line| line.outage) {
            turn.commit()?;
            return Ok(None);
        }
        let (scripted, latency) = line.map_or((None, None), |line| (line.outcome, line.latency));
        let reply = Reply {
            after: latency.unwrap_or(After::AT_ONCE),
            outcome: outcome(scripted.unwrap_or_default()),
        };
        turn.execute(
            "UPDATE asked SET reply=?3 WHERE party=?1 AND key=?2",
            params![party, call.key.as_str(), write(&reply)?],
        )?;
        turn.commit()?;
        Ok(Some(reply))
    }
}

impl<S: Serialize + DeserializeOwned> Scripted for Script<S> {
    fn set(&self, text: &[u8]) -> Result<usize, ScriptError> {
        let lines = parse::<S>(text).map_err(ScriptError::Line)?;
        self.replace(&lines)?;
        Ok(lines.len())
    }
}

impl<S: Serialize> Script<S> {
    fn replace(&self, lines: &[ScriptLine<S>]) -> Result<(), SimulatorError> {
        let mut file = self.file.lock();
        let turn = file.transaction()?;
        let party = self.party.name();
        turn.execute("DELETE FROM lines WHERE party=?1", [party])?;
        for (place, line) in (0_i64..).zip(lines) {
            turn.execute(
                "INSERT INTO lines (party, place, line, uses) VALUES (?1, ?2, ?3, ?4)",
                params![party, place, write(line)?, line.times],
            )?;
        }
        Ok(turn.commit()?)
    }
}

/// Takes one use of the first line that is left.
fn next_line<S: DeserializeOwned>(turn: &Connection, party: &str) -> Result<Option<ScriptLine<S>>, SimulatorError> {
    let line: Option<String> = turn
        .query_row(
            "UPDATE lines SET uses=uses-1
             WHERE party=?1 AND place=(SELECT min(place) FROM lines WHERE party=?1) RETURNING line",
            [party],
            |row| row.get(0),
        )
        .optional()?;
    turn.execute("DELETE FROM lines WHERE party=?1 AND uses=0", [party])?;
    line.map(|line| read(&line)).transpose()
}

/// Everything that a party was asked, in the order of first calls.
pub(super) fn asked(file: &SimulatorFile, party: Party) -> Result<Vec<Asked>, SimulatorError> {
    let file = file.lock();
    let mut statement =
        file.prepare("SELECT key, at, question, calls, reply FROM asked WHERE party=?1 ORDER BY number")?;
    let rows = statement.query_map([party.name()], |row| {
        Ok((
            row.get::<_, String>(0)?,
            row.get(1)?,
            row.get::<_, String>(2)?,
            row.get(3)?,
            row.get::<_, Option<String>>(4)?,
        ))
    })?;
    rows.map(|row| {
        let (key, at, question, calls, reply) = row?;
        Ok(Asked {
            key: CallKey::named(key),
            at: Timestamp::from_unix(at).map_err(|_| SimulatorError::Damaged)?,
            question: read(&question)?,
            calls,
            reply: reply.as_deref().map(read).transpose()?,
        })
    })
    .collect()
}

/// Reads a script: one JSON object a line, or one JSON array of them.
fn parse<S: DeserializeOwned>(text: &[u8]) -> Result<Vec<ScriptLine<S>>, Problem> {
    let text = text.trim_ascii();
    let lines = if text.starts_with(b"[") {
        strict::value_from_slice(text, Limits::PROTOCOL)?
    } else {
        let lines = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
        let values = lines.filter(|line| !line.is_empty()).enumerate().map(|(place, line)| {
            strict::value_from_slice(line, Limits::PROTOCOL).map_err(|problem| {
                let pointer = format!("/{place}{}", problem.pointer().unwrap_or_default());
                Problem::new(problem.code())
                    .at(pointer)
                    .detail(problem.detail_text().unwrap_or_default().to_owned())
            })
        });
        Value::Array(values.collect::<Result<_, _>>()?)
    };
    let lines: Vec<ScriptLine<S>> = strict::from_value(lines)?;
    for (place, line) in lines.iter().enumerate() {
        let malformed = |member: &str, detail: &'static str| {
            Err(Problem::new(Code::Malformed)
                .at(format!("/{place}/{member}"))
                .detail(detail))
        };
        if line.times == 0 {
            return malformed("times", "a line answers at least one call; leave it out instead");
        }
        if line.outage && (line.outcome.is_some() || line.latency.is_some()) {
            return malformed("outage", "a party that does not answer has no outcome or latency");
        }
    }
    Ok(lines)
}

fn write<T: Serialize>(value: &T) -> Result<String, SimulatorError> {
    serde_json::to_string(value).map_err(|_| SimulatorError::Damaged)
}

fn read<T: DeserializeOwned>(text: &str) -> Result<T, SimulatorError> {
    serde_json::from_str(text).map_err(|_| SimulatorError::Damaged)
}
