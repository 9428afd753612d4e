//! The sandbox: a clock that can be moved, a network that can be scripted, merchants that can be made.

use std::str::FromStr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use quittance_flows::Seconds;
use quittance_protocol::json::{self as strict, Limits as Bounds};
use quittance_protocol::problem::Code;
use quittance_protocol::statement::{Channel, Charge, Limits, MandateKind, Offer, Terms};
use quittance_protocol::{MandateId, MerchantId, Money, OfferId, Problem, PublicKey, StatementId, Timestamp};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::statements::read;
use super::{Refused, Served, json};
use crate::config::Sandbox;
use crate::gateway::Shared;
use crate::parties::{NetworkScript, SimulatorError};
use crate::replay::Response;
use crate::store::Merchant;

/// Seconds that a simulated offer can be signed.
const OFFER_LIFE: i64 = 30 * 86_400;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    /// A length of time such as `PT24H`.
    #[serde(default)]
    advance: Option<Seconds>,
    /// The same as a number.
    #[serde(default)]
    advance_seconds: u32,
}

#[derive(Serialize)]
struct Now {
    now: Timestamp,
}

/// Moves time forward, and lets everything that is due by then happen before it answers.
pub(super) async fn move_clock(State(shared): Served, body: Body) -> Result<Response, Refused> {
    let asked: Advance = take(body).await?;
    let seconds = asked
        .advance
        .map_or(Ok(asked.advance_seconds), |span| u32::try_from(span.get()));
    let seconds = seconds.map_err(|_| Problem::new(Code::Malformed).at("/advance"))?;
    let clock = Arc::clone(&sandbox(&shared)?.clock);
    let moved = tokio::task::spawn_blocking(move || clock.advance(seconds)).await;
    let now = moved.map_err(|_| Code::Internal)?.map_err(|_| Code::StorageFull)?;
    shared.wake().await;
    json(&Now { now })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewMerchant {
    name: String,
}

#[derive(Serialize)]
struct MadeMerchant {
    merchant: MerchantId,
    jwk: PublicKey,
}

/// Makes a merchant with a key of its own.
pub(super) async fn create_merchant(State(shared): Served, body: Body) -> Result<Response, Refused> {
    let NewMerchant { name } = take(body).await?;
    let merchants = &sandbox(&shared)?.merchants;
    let (merchant, jwk) = merchants.create(&name).map_err(failed)?;
    if !shared
        .add_merchant(Merchant {
            merchant,
            name,
            key: jwk,
        })
        .await
    {
        return Err(Code::Internal.into());
    }
    json(&MadeMerchant { merchant, jwk })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewOffer {
    service: String,
    kind: MandateKind,
    per_charge: Money,
    per_period: Money,
    period_days: u16,
    #[serde(default)]
    total: Option<Money>,
    #[serde(default)]
    charges_per_period: Option<u32>,
    #[serde(default)]
    charges: Option<u32>,
    #[serde(default)]
    exact: bool,
    #[serde(default)]
    valid_until: Option<Timestamp>,
    #[serde(default)]
    category: Option<String>,
    #[serde(default)]
    channel: Channel,
    #[serde(default)]
    auto_renewal: Option<bool>,
    #[serde(default)]
    bundled_with: Option<String>,
}

impl NewOffer {
    fn terms(self, merchant_name: String) -> Terms {
        let limits = Limits {
            total: self.total,
            charges_per_period: self.charges_per_period,
            charges: self.charges,
            exact: self.exact,
            ..Limits::new(self.per_charge, self.per_period, self.period_days)
        };
        Terms {
            valid_until: self.valid_until,
            category: self.category,
            channel: self.channel,
            auto_renewal: self.auto_renewal,
            bundled_with: self.bundled_with,
            ..Terms::new(merchant_name, self.service, self.kind, limits)
        }
    }
}

#[derive(Serialize)]
struct MadeOffer {
    offer: String,
}

/// Signs an offer as the merchant would: the payload of its QR code.
pub(super) async fn make_offer(
    State(shared): Served,
    Path(merchant): Path<String>,
    body: Body,
) -> Result<Response, Refused> {
    let merchant = id(&merchant)?;
    let asked: NewOffer = take(body).await?;
    let merchants = &sandbox(&shared)?.merchants;
    let now = shared.now();
    let drawn = shared.world.draw().map_err(|failure| failure.problem())?;
    let offer = Offer {
        offer: OfferId::from_bytes(drawn),
        merchant,
        terms: asked.terms(merchants.name(merchant).map_err(failed)?),
        expires_at: now.plus_seconds(OFFER_LIFE),
    };
    let jti = StatementId::from_bytes(drawn);
    let offer = merchants
        .sign(merchant, &shared.world.origin, now, jti, &offer)
        .map_err(failed)?;
    json(&MadeOffer { offer })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewCharge {
    mandate: MandateId,
    amount: Money,
    reference: String,
    #[serde(default)]
    permit: Option<String>,
}

/// Charges as the merchant would, by the same way in. The same reference is the same charge.
pub(super) async fn charge(
    State(shared): Served,
    Path(merchant): Path<String>,
    body: Body,
) -> Result<Response, Refused> {
    let merchant = id(&merchant)?;
    let NewCharge {
        mandate,
        amount,
        reference,
        permit,
    } = take(body).await?;
    let charge = Charge {
        mandate,
        amount,
        reference,
        permit,
    };
    let merchants = &sandbox(&shared)?.merchants;
    let statement = merchants
        .charge_statement(merchant, &shared.world.origin, shared.now(), &charge)
        .map_err(failed)?;
    Ok(shared.submit(statement).await)
}

/// What the merchant was told.
pub(super) async fn notices(State(shared): Served, Path(merchant): Path<String>) -> Result<Response, Refused> {
    let merchant = id(&merchant)?;
    json(&sandbox(&shared)?.merchants.notices(merchant).map_err(failed)?)
}

/// Every charge that the network ever saw.
pub(super) async fn seen_charges(State(shared): Served) -> Result<Response, Refused> {
    json(&sandbox(&shared)?.card_network.charges().map_err(failed)?)
}

/// Says what becomes of charges from now on.
pub(super) async fn script(State(shared): Served, body: Body) -> Result<Response, Refused> {
    let script: NetworkScript = take(body).await?;
    sandbox(&shared)?.card_network.script(script);
    json(&script)
}

pub(super) async fn take<T: DeserializeOwned>(body: Body) -> Result<T, Refused> {
    Ok(strict::from_slice(&read(body).await?, Bounds::PROTOCOL)?)
}

pub(super) fn sandbox(shared: &Arc<Shared>) -> Result<&Sandbox, Refused> {
    shared.sandbox.as_ref().ok_or_else(|| Code::NotFound.into())
}

/// What a path names; what is no identifier names nothing.
pub(super) fn id<T: FromStr>(text: &str) -> Result<T, Refused> {
    text.parse().map_err(|_| Problem::new(Code::NotFound).into())
}

pub(super) fn failed(error: SimulatorError) -> Refused {
    match error {
        SimulatorError::NoSuchMerchant => Code::NotFound.into(),
        error => {
            tracing::error!(%error, "a simulator failed");
            Code::Internal.into()
        }
    }
}
