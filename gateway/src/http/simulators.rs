//! The sandbox's simulated parties: what they shall answer, what they were asked, what they brought to phones.

use axum::body::Body;
use axum::extract::{Path, State};
use quittance_protocol::problem::Code;
use quittance_protocol::{AccountId, Problem};
use serde::Serialize;

use super::sandbox::{failed, sandbox};
use super::statements::read;
use super::{Refused, Served, json};
use crate::parties::{Party, ScriptError};
use crate::replay::Response;

#[derive(Serialize)]
struct ScriptSet {
    party: &'static str,
    lines: usize,
}

/// Replaces what is left of a party's script.
pub(super) async fn script(State(shared): Served, Path(party): Path<String>, body: Body) -> Result<Response, Refused> {
    let party: Party = party.parse().map_err(refused)?;
    let lines = read(body).await?;
    let lines = sandbox(&shared)?.parties.script(party, &lines).map_err(refused)?;
    json(&ScriptSet {
        party: party.name(),
        lines,
    })
}

/// What a party was asked.
pub(super) async fn asked(State(shared): Served, Path(party): Path<String>) -> Result<Response, Refused> {
    let party: Party = party.parse().map_err(refused)?;
    json(&sandbox(&shared)?.parties.asked(party).map_err(failed)?)
}

/// The texts that have come to an account's phones by now.
pub(super) async fn inbox(State(shared): Served, Path(account): Path<String>) -> Result<Response, Refused> {
    let account: AccountId = account
        .parse()
        .map_err(|_| Problem::new(Code::NotFound).at("/account"))?;
    let carrier = sandbox(&shared)?.parties.sms_carrier();
    json(&carrier.inbox(account, shared.now()).map_err(failed)?)
}

fn refused(error: ScriptError) -> Refused {
    match error {
        ScriptError::UnknownParty => Problem::new(Code::NotFound)
            .at("/party")
            .detail(error.to_string())
            .into(),
        ScriptError::Line(problem) => problem.into(),
        ScriptError::Simulator(error) => failed(error),
    }
}
