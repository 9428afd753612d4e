//! The sandbox's review desk: people who can be made, what waits for them, what they decide.

use axum::body::Body;
use axum::extract::{Path, State};
use quittance_protocol::ed25519::SigningKey;
use quittance_protocol::problem::Code;
use quittance_protocol::statement::Review;
use quittance_protocol::{AccountId, Claims, FlowId, Problem, PublicKey, StatementId, Unsigned};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::sandbox::take;
use super::{Refused, Served, json};
use crate::failure::Failure;
use crate::flows::desk;
use crate::replay::Response;
use crate::store::Reviewer;
use crate::world::World;

const PURPOSE: &str = "quittance-gateway/sandbox-reviewer/1";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewReviewer {
    name: String,
    /// Their own payer account, where they have one.
    #[serde(default)]
    account: Option<AccountId>,
}

#[derive(Serialize)]
struct MadeReviewer {
    reviewer: String,
    jwk: PublicKey,
}

/// Makes a reviewer with a key of their own.
pub(super) async fn create(State(shared): Served, body: Body) -> Result<Response, Refused> {
    let NewReviewer { name, account } = take(body).await?;
    Ok(shared
        .work(move |turn| {
            let reviewer = format!("rev_{}", hex::encode(turn.world.draw::<8>()?));
            let jwk = *key(turn.world, &reviewer)?.public_key();
            turn.store.add_reviewer(&Reviewer {
                reviewer: reviewer.clone(),
                name,
                account,
                key: jwk,
            })?;
            let made = MadeReviewer { reviewer, jwk };
            Ok(serde_json::to_vec(&made).map_err(|_| Failure::Damaged("an answer"))?)
        })
        .await)
}

/// Everything that waits for a reviewer.
pub(super) async fn queue(State(shared): Served) -> Result<Response, Refused> {
    let world = std::sync::Arc::clone(&shared.world);
    let items = shared.read(move |store| Ok(desk::queue(store, &world)?)).await?;
    json(&items)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Decision {
    flow: FlowId,
    step: String,
    approves: bool,
}

/// Decides as a reviewer would, by the same way in.
pub(super) async fn decide(
    State(shared): Served,
    Path(reviewer): Path<String>,
    body: Body,
) -> Result<Response, Refused> {
    let Decision { flow, step, approves } = take(body).await?;
    let known = reviewer.clone();
    let known = shared.read(move |store| Ok(store.reviewer(&known)?)).await?;
    if known.is_none() {
        return Err(Problem::new(Code::NotFound).at("/reviewer").into());
    }
    let failed = |failure: Failure| failure.problem();
    let key = key(&shared.world, &reviewer).map_err(failed)?;
    let claims = Claims {
        aud: shared.world.origin.clone(),
        iat: shared.now(),
        jti: StatementId::from_bytes(shared.world.draw().map_err(failed)?),
        seq: None,
    };
    let review = Review { flow, step, approves };
    let unsigned = Unsigned::new(&key.public_key().thumbprint(), &claims, &review)?;
    let compact = unsigned.with_signature(&key.sign(unsigned.signing_input()));
    Ok(shared.submit(compact).await)
}

/// A simulated reviewer's key: derived, so that a restart changes nobody's.
fn key(world: &World, reviewer: &str) -> Result<SigningKey, Failure> {
    let seed = world.secrets.master.derive(PURPOSE, reviewer.as_bytes());
    SigningKey::from_seed(&Zeroizing::new(*seed)).map_err(|_| Failure::Damaged("a reviewer's key"))
}
