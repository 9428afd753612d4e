//! Reads beside the sequencer: plain records.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use quittance_protocol::answer::{Nonce, PolicyAnswer};
use quittance_protocol::bytes::from_base64url;
use quittance_protocol::problem::Code;
use quittance_protocol::{AccountId, B64, FlowId, MandateId, OrderId, Problem};

use super::{Refused, Served, json};
use crate::factor::make_nonce;
use crate::flows::{Run, asking};
use crate::gateway::Shared;
use crate::logbook;
use crate::replay::Response;
use crate::views;

/// A fresh nonce.
pub(super) async fn nonce(State(shared): Served) -> Result<Response, Refused> {
    let now = shared.now();
    let nonce = make_nonce(&shared.world, now).map_err(|failure| failure.problem())?;
    json(&Nonce {
        nonce: B64::new(nonce),
        now,
    })
}

/// The policy in force, with its log proof.
pub(super) async fn policy(State(shared): Served) -> Result<Response, Refused> {
    let (bundle, entry) = {
        let current = shared.world.policies.current().map_err(|failure| failure.problem())?;
        (current.bundle.clone(), current.entry)
    };
    let logged = shared.read(move |store| Ok(logbook::quote(store, entry)?)).await?;
    json(&PolicyAnswer { bundle, logged })
}

/// The bearer's mandates; none is an empty list (H8).
pub(super) async fn mandates(State(shared): Served, headers: HeaderMap) -> Result<Response, Refused> {
    let account = bearer(&shared, &headers)?;
    let now = shared.now();
    let records = shared
        .read(move |store| Ok(views::mandates(store, account, now)?))
        .await?;
    json(&records)
}

/// What was wanted under one of the bearer's mandates, also after its end.
pub(super) async fn charges(
    State(shared): Served,
    Path(mandate): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let account = bearer(&shared, &headers)?;
    let missing = || Problem::new(Code::NotFound);
    let mandate: MandateId = mandate.parse().map_err(|_| missing())?;
    let records = shared
        .read(move |store| {
            let row = store.mandate(mandate)?.filter(|row| row.account == account);
            Ok(views::charges(store, &row.ok_or_else(missing)?)?)
        })
        .await?;
    json(&records)
}

/// One of the bearer's orders.
pub(super) async fn order(
    State(shared): Served,
    Path(order): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let account = bearer(&shared, &headers)?;
    let missing = || Problem::new(Code::NotFound);
    let order: OrderId = order.parse().map_err(|_| missing())?;
    let record = shared
        .read(move |store| {
            let row = store
                .order(order)?
                .filter(|row| row.account == account)
                .ok_or_else(missing)?;
            Ok(views::order(store, &row)?)
        })
        .await?;
    json(&record)
}

/// One of the bearer's runs, with what its open step shows.
pub(super) async fn flow(
    State(shared): Served,
    Path(flow): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let account = bearer(&shared, &headers)?;
    let missing = || Problem::new(Code::NotFound);
    let flow: FlowId = flow.parse().map_err(|_| missing())?;
    let (now, world) = (shared.now(), Arc::clone(&shared.world));
    let log = shared
        .read(move |store| {
            let run = Run::load(store, &world, flow)?
                .filter(|run| run.flow.account == account)
                .ok_or_else(missing)?;
            let mut log = run.log();
            log.asking = asking::find_out(store, &world, &run, now)?;
            Ok(log)
        })
        .await?;
    json(&log)
}

/// Whose read token the request carries.
pub(super) fn bearer(shared: &Arc<Shared>, headers: &HeaderMap) -> Result<AccountId, Refused> {
    let token = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "))
        .and_then(|token| from_base64url(token).ok())
        .ok_or(Code::SessionNeeded)?;
    Ok(shared
        .world
        .sessions
        .account(&token, shared.now())
        .ok_or(Code::SessionNeeded)?)
}
