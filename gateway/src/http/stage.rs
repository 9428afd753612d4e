//! The sandbox's stage: who payers are, what the world does to their mandates, what merchants say.

use axum::body::Body;
use axum::extract::{Path, State};
use quittance_flows::contacts::Heard;
use quittance_protocol::answer::EnrolmentKind;
use quittance_protocol::jws::Statement;
use quittance_protocol::log_body::TerminationCause;
use quittance_protocol::problem::Code;
use quittance_protocol::statement::{Objection, Refund, Release};
use quittance_protocol::{
    AccountId, CardId, ChargeId, Digest32, FlowId, MandateId, Money, OrderId, Problem, StatementId, Timestamp,
};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::sandbox::{failed, id, sandbox, take};
use super::{Refused, Served, json};
use crate::failure::{Decided, Failure};
use crate::flows::{number_digest, vouching};
use crate::gateway::Shared;
use crate::replay::Response;
use crate::store::{Profile, Store, Voice};
use crate::turn::Turn;
use crate::{cards, ending, locks, teens};

/// Sets who a payer is. A trigger that is new locks by itself, where the policy says so.
pub(super) async fn set_profile(
    State(shared): Served,
    Path(account): Path<String>,
    body: Body,
) -> Result<Response, Refused> {
    sandbox(&shared)?;
    let account: AccountId = id(&account)?;
    let profile: Profile = take(body).await?;
    Ok(shared.work(move |turn| put_profile(turn, account, &profile)).await)
}

fn put_profile(turn: &mut Turn<'_>, account: AccountId, profile: &Profile) -> Decided<Vec<u8>> {
    if !turn.store.has_account(account)? {
        return Err(Code::NotFound.into());
    }
    let before = turn.store.profile(account)?;
    let mut profile = profile.clone();
    // What the gateway saw by itself stays seen.
    profile.connection = profile.connection.or(before.connection);
    turn.store.put_profile(account, &profile)?;
    teens::follow(turn, account)?;
    for trigger in profile.triggers.difference(&before.triggers) {
        locks::trigger(turn, account, trigger)?;
    }
    vouching::look_again(turn, account)?;
    said(&profile)
}

/// A payer's newest risk rating; null before the first end of a mandate.
pub(super) async fn rating(State(shared): Served, Path(account): Path<String>) -> Result<Response, Refused> {
    sandbox(&shared)?;
    let account: AccountId = id(&account)?;
    let work = move |store: Store<'_>| {
        if !store.has_account(account)? {
            return Err(Code::NotFound.into());
        }
        Ok(store.rating(account)?)
    };
    json(&shared.read(work).await?)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PhoneNumber {
    number: String,
}

/// Tells somebody's phone number, of which a digest is kept; also of people who have no account here.
pub(super) async fn set_number(
    State(shared): Served,
    Path(account): Path<String>,
    body: Body,
) -> Result<Response, Refused> {
    sandbox(&shared)?;
    let account: AccountId = id(&account)?;
    let PhoneNumber { number } = take(body).await?;
    let number = Zeroizing::new(number);
    let work = move |turn: &mut Turn<'_>| {
        turn.store.put_number(account, &number_digest(turn.world, &number))?;
        Ok(b"{}".to_vec())
    };
    Ok(shared.work(work).await)
}

#[derive(Serialize)]
struct Said {
    account: AccountId,
    heard: Heard,
    approves: bool,
    at: Timestamp,
}

/// All that people said who were asked in a run, late or not.
pub(super) async fn voices(State(shared): Served, Path(flow): Path<String>) -> Result<Response, Refused> {
    sandbox(&shared)?;
    let flow: FlowId = id(&flow)?;
    let voices = shared.read(move |store| Ok(store.voices(flow)?)).await?;
    let said = |voice: Voice| Said {
        account: voice.account,
        heard: voice.heard,
        approves: voice.approves,
        at: voice.at,
    };
    json(&voices.into_iter().map(said).collect::<Vec<_>>())
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct MandateFacts {
    /// Whether it was switched on without the payer.
    system_default: bool,
}

/// Sets what nobody can bring about by a statement.
pub(super) async fn set_mandate(
    State(shared): Served,
    Path(mandate): Path<String>,
    body: Body,
) -> Result<Response, Refused> {
    sandbox(&shared)?;
    let mandate: MandateId = id(&mandate)?;
    let facts: MandateFacts = take(body).await?;
    let work = move |turn: &mut Turn<'_>| {
        let mut row = turn.store.mandate(mandate)?.ok_or(Code::NotFound)?;
        row.enrolment = if facts.system_default {
            EnrolmentKind::SystemDefault
        } else {
            EnrolmentKind::PayerSigned
        };
        turn.store.put_mandate(&mut row)?;
        said(&facts)
    };
    Ok(shared.work(work).await)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ends {
    mandates: Vec<MandateId>,
    cause: TerminationCause,
}

/// Something in the world ends mandates that it names: an account is closed, a merchant banned. One order for all of
/// them. A card that is removed has a way of its own, see [`remove_card`].
pub(super) async fn end(State(shared): Served, body: Body) -> Result<Response, Refused> {
    sandbox(&shared)?;
    let Ends { mandates, cause } = take(body).await?;
    if !is_of_the_world(cause) {
        let payers = Problem::new(Code::Malformed).at("/cause");
        return Err(payers.detail("this end needs a statement or the clock").into());
    }
    let work = move |turn: &mut Turn<'_>| {
        let mut rows = Vec::new();
        for mandate in &mandates {
            rows.push(turn.store.mandate(*mandate)?.ok_or(Code::NotFound)?);
        }
        let strange = rows
            .iter()
            .zip(rows.iter().skip(1))
            .any(|(one, next)| one.account != next.account);
        if strange {
            return Err(Problem::new(Code::Malformed)
                .at("/mandates")
                .detail("name one payer's")
                .into());
        }
        said(&ending::end(turn, rows, cause.by_usual_actor())?)
    };
    Ok(shared.work(work).await)
}

const fn is_of_the_world(cause: TerminationCause) -> bool {
    matches!(
        cause,
        TerminationCause::AccountClosed
            | TerminationCause::MerchantBanned
            | TerminationCause::DeviceWiped
            | TerminationCause::Risk
            | TerminationCause::BankRefused
    )
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NamedCard {
    name: String,
}

/// A payer's cards as the network has them.
pub(super) async fn cards(State(shared): Served, Path(account): Path<String>) -> Result<Response, Refused> {
    let account = id(&account)?;
    json(&sandbox(&shared)?.card_network.cards(account).map_err(failed)?)
}

/// Says which of a payer's cards pays for what is signed from now on.
pub(super) async fn choose_card(
    State(shared): Served,
    Path(account): Path<String>,
    body: Body,
) -> Result<Response, Refused> {
    let account = id(&account)?;
    let NamedCard { name } = take(body).await?;
    let network = &sandbox(&shared)?.card_network;
    network.choose_card(account, &name).map_err(failed)?;
    json(&network.cards(account).map_err(failed)?)
}

#[derive(Serialize)]
struct Ended {
    orders: Vec<OrderId>,
}

/// A card is removed: the network moves no money by it any more, and tells the gateway, which ends every mandate that
/// the card paid for (H5).
pub(super) async fn remove_card(State(shared): Served, Path(card): Path<String>) -> Result<Response, Refused> {
    let card: CardId = id(&card)?;
    if !sandbox(&shared)?.card_network.remove_card(card).map_err(failed)? {
        return Err(Code::NotFound.into());
    }
    let work = move |turn: &mut Turn<'_>| {
        let orders = cards::removed(turn, card)?;
        said(&Ended { orders })
    };
    Ok(shared.work(work).await)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfMandate {
    mandate: MandateId,
}

/// Ends a mandate as its merchant would.
pub(super) async fn release(
    State(shared): Served,
    Path(merchant): Path<String>,
    body: Body,
) -> Result<Response, Refused> {
    let OfMandate { mandate } = take(body).await?;
    let statement = signed(&shared, &merchant, &Release { mandate })?;
    Ok(shared.submit(statement).await)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Objects {
    mandate: MandateId,
    reasons: String,
}

/// Objects as the merchant would, who keeps the reasons.
pub(super) async fn object(
    State(shared): Served,
    Path(merchant): Path<String>,
    body: Body,
) -> Result<Response, Refused> {
    let Objects { mandate, reasons } = take(body).await?;
    let reasons = Digest32::of(reasons.as_bytes());
    let statement = signed(&shared, &merchant, &Objection { mandate, reasons })?;
    Ok(shared.submit(statement).await)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GivesBack {
    charge: ChargeId,
    amount: Money,
}

/// Refunds as the merchant would.
pub(super) async fn refund(
    State(shared): Served,
    Path(merchant): Path<String>,
    body: Body,
) -> Result<Response, Refused> {
    let GivesBack { charge, amount } = take(body).await?;
    let statement = signed(&shared, &merchant, &Refund { charge, amount })?;
    Ok(shared.submit(statement).await)
}

#[derive(Serialize)]
struct Standing {
    name: String,
    /// How often it stood in the way of a mandate's end.
    obstructions: u64,
}

/// How a merchant stands.
pub(super) async fn merchant(State(shared): Served, Path(merchant): Path<String>) -> Result<Response, Refused> {
    let merchant = id(&merchant)?;
    let name = sandbox(&shared)?.merchants.name(merchant).map_err(failed)?;
    let obstructions = shared.read(move |store| Ok(store.obstructions(merchant)?)).await?;
    json(&Standing { name, obstructions })
}

fn signed<T: Statement>(shared: &Shared, merchant: &str, body: &T) -> Result<String, Refused> {
    let merchant = id(merchant)?;
    let merchants = &shared.sandbox.as_ref().ok_or(Code::NotFound)?.merchants;
    let drawn = shared.world.draw().map_err(|failure| failure.problem())?;
    let jti = StatementId::from_bytes(drawn);
    merchants
        .sign(merchant, &shared.world.origin, shared.now(), jti, body)
        .map_err(failed)
}

fn said<T: Serialize>(value: &T) -> Decided<Vec<u8>> {
    Ok(serde_json::to_vec(value).map_err(|_| Failure::Damaged("an answer"))?)
}
