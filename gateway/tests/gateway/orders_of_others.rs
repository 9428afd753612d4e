//! Ends that are not the payer's: each keeps its cause with whoever brought it about.

use quittance_gateway::parties::SeenCard;
use quittance_gateway::{CardNetwork, Funding, NetworkCharge, NetworkOutcome, NetworkRefund, Unavailable};
use quittance_protocol::answer::{MandateState, OrderRecord, OrderState, Recorded};
use quittance_protocol::log_body::{Actor, Ending, OrderBody, TerminationCause};
use quittance_protocol::statement::{Objection, Release, ReplicaState};
use quittance_protocol::{AccountId, CardId, ChargeId, Code, TokenId};

use crate::support::phone::{Phone, Token, approved, declined};
use crate::support::{House, Reply};

async fn active(house: &House) -> (Phone<'_>, Token) {
    let phone = Phone::ready(house).await;
    let token = phone.sign_mandate().await;
    (phone, token)
}

async fn orders(phone: &Phone<'_>, token: &Token) -> Vec<OrderRecord> {
    phone.reconcile(&[(token, ReplicaState::Active)]).await.orders
}

fn ordered(order: &OrderRecord) -> OrderBody {
    serde_json::from_slice(order.ordered.body.as_slice()).unwrap()
}

//
#[tokio::test]
async fn a_merchant_ends_a_mandate_of_its_own_and_no_other() {
    let house = House::new();
    let (phone, token) = active(&house).await;
    let release = house.sign_as_merchant(&Release { mandate: token.mandate });
    let _: Recorded = house.post(&release).await.ok();
    house.settle().await;
    let record = phone.mandate(token.mandate).await;
    let by_merchant = Ending {
        cause: TerminationCause::Merchant,
        by: Actor::Merchant,
    };
    assert_eq!((record.state, record.ending), (MandateState::Ended, Some(by_merchant)));
    assert_eq!(declined(&house.charge(token.mandate, 1).await), Code::TokenDestroyed);
    let order = orders(&phone, &token).await.remove(0);
    assert_eq!(
        (ordered(&order).cause, ordered(&order).intent),
        (TerminationCause::Merchant, None)
    );
    let closed: OrderRecord = phone.post(&phone.attestation(&order)).await.ok();
    assert_eq!(
        closed.state,
        OrderState::Closed,
        "I12: the same destruction as every other"
    );
    let again = house.sign_as_merchant(&Release { mandate: token.mandate });
    assert_eq!(house.post(&again).await.status, 200, "R-304: ending again is no error");
    let strange = Release {
        mandate: Token::new().mandate,
    };
    assert_eq!(
        house.post(&house.sign_as_merchant(&strange)).await.code(),
        Code::NotFound
    );
}

async fn end(house: &House, tokens: &[&Token], cause: &str) -> Reply {
    let mandates: Vec<_> = tokens.iter().map(|token| token.mandate).collect();
    house
        .set(
            "/sandbox/endings",
            serde_json::json!({ "mandates": mandates, "cause": cause }),
        )
        .await
}

/// Says which card pays for what the payer signs from now on.
async fn pays_by(house: &House, phone: &Phone<'_>, name: &str) -> CardId {
    let path = format!("/sandbox/accounts/{}/cards", phone.account().await);
    let cards: Vec<SeenCard> = house.set(&path, serde_json::json!({ "name": name })).await.ok();
    let card = cards.iter().find(|card| card.name == name && !card.removed);
    card.expect("the card").card
}

async fn remove(house: &House, card: CardId) -> Reply {
    let path = format!("/sandbox/cards/{card}/removed");
    let removed = house.set(&path, serde_json::json!({})).await;
    house.settle().await;
    removed
}

// H5
//
#[tokio::test]
async fn removing_a_card_ends_all_its_mandates_in_one_order_with_one_rotation() {
    let house = House::on_stage();
    let phone = Phone::ready(&house).await;
    let card = pays_by(&house, &phone, "first").await;
    let first = phone.sign_mandate().await;
    pays_by(&house, &phone, "second").await;
    let other = phone.sign_mandate().await;
    pays_by(&house, &phone, "first").await;
    let second = phone.sign_mandate().await;
    let neighbour = Phone::ready(&house).await;
    let theirs = neighbour.sign_mandate().await;

    let ended: serde_json::Value = remove(&house, card).await.ok();

    let order = orders(&phone, &other).await.remove(0);
    assert_eq!(ended["orders"], serde_json::json!([order.order]));
    assert_eq!(order.mandates, [first.mandate, second.mandate]);
    assert_eq!(ordered(&order).cause, TerminationCause::FundingRemoved);
    for token in [&first, &second] {
        assert_eq!(declined(&house.charge(token.mandate, 1).await), Code::TokenDestroyed);
        let ending = phone.mandate(token.mandate).await.ending.unwrap();
        assert_eq!(ending, TerminationCause::FundingRemoved.by_usual_actor());
    }
    approved(&house.charge(other.mandate, 1).await);
    approved(&house.charge(theirs.mandate, 1).await);
    assert_eq!(phone.mandate(other.mandate).await.state, MandateState::Active);
    let again: serde_json::Value = remove(&house, card).await.ok();
    assert_eq!(again["orders"], serde_json::json!([]), "once is enough");
}

// H5
#[tokio::test]
async fn which_card_pays_outlives_a_restart_and_a_card_that_nobody_has_is_unknown() {
    let house = House::on_stage();
    let phone = Phone::ready(&house).await;
    let card = pays_by(&house, &phone, "first").await;
    let token = phone.sign_mandate().await;
    assert_eq!(remove(&house, CardId::from_bytes([9; 16])).await.code(), Code::NotFound);
    house.restart();
    assert_eq!(remove(&house, card).await.status, 200);
    assert_eq!(declined(&house.charge(token.mandate, 1).await), Code::TokenDestroyed);
    assert_ne!(
        pays_by(&house, &phone, "first").await,
        card,
        "it came back as another one"
    );
    let new = phone.sign_mandate().await;
    approved(&house.charge(new.mandate, 1).await);
}

// H5
#[tokio::test]
async fn a_mandate_that_is_not_active_yet_or_is_paused_ends_with_its_card_too() {
    let house = House::on_stage();
    let phone = Phone::ready(&house).await;
    let card = pays_by(&house, &phone, "first").await;
    let paused = phone.sign_mandate().await;
    assert_eq!(phone.pause(&[paused.mandate]).await.status, 200);
    let fresh = phone.provision(&house.offer()).await;
    assert_eq!(remove(&house, card).await.status, 200);
    for token in [&paused, &fresh] {
        let ending = phone.mandate(token.mandate).await.ending.expect("it ended");
        assert_eq!(ending.cause, TerminationCause::FundingRemoved);
    }
    let permits = (1..=3).map(|number| fresh.pooled(&house, number)).collect();
    assert_ne!(phone.activate(&fresh, permits).await.status, 200);
}

/// A network that was asked before a card was removed, and answers after it.
struct LateNetwork {
    inner: std::sync::Arc<quittance_gateway::SimulatedCardNetwork>,
    card: CardId,
}

#[async_trait::async_trait]
impl CardNetwork for LateNetwork {
    async fn fund(&self, token: TokenId, payer: AccountId) -> Result<Funding, Unavailable> {
        let funding = self.inner.fund(token, payer).await?;
        Ok(Funding {
            card: self.card,
            ..funding
        })
    }

    async fn charge(&self, charge: &NetworkCharge) -> Result<NetworkOutcome, Unavailable> {
        self.inner.charge(charge).await
    }

    async fn resolve(&self, charge: ChargeId) -> Result<NetworkOutcome, Unavailable> {
        self.inner.resolve(charge).await
    }

    async fn refund(&self, refund: &NetworkRefund) -> Result<(), Unavailable> {
        self.inner.refund(refund).await
    }
}

// H5
#[tokio::test]
async fn a_card_that_is_removed_while_its_payer_signs_pays_for_nothing_new() {
    let house = House::on_stage();
    let phone = Phone::ready(&house).await;
    let card = pays_by(&house, &phone, "first").await;
    let inner = house.network.clone();
    house.use_network(Some(std::sync::Arc::new(LateNetwork { inner, card })));
    house.restart();
    let control = phone.sign_mandate().await;
    approved(&house.charge(control.mandate, 1).await);
    remove(&house, card).await;
    let (token, offer) = (Token::new(), house.offer());
    let flow = phone.signed_flow(&token, &offer).await;
    let consent = phone.consent(&flow, &token, &offer).await;
    assert_eq!(phone.post(&consent).await.code(), Code::NotEligible);
}

#[tokio::test]
async fn the_database_names_no_card_as_the_network_does() {
    let house = House::on_stage();
    let phone = Phone::ready(&house).await;
    let card = pays_by(&house, &phone, "first").await;
    phone.sign_mandate().await;
    house.stop();
    let bytes = std::fs::read_dir(house.data()).unwrap().flat_map(|file| {
        let path = file.unwrap().path();
        if path.is_file() {
            std::fs::read(path).unwrap()
        } else {
            Vec::new()
        }
    });
    let bytes: Vec<u8> = bytes.collect();
    let has = |needle: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
    assert!(has(b"\"card\":\""), "control: a card is kept beside the reference");
    assert!(!has(card.to_string().as_bytes()) && !has(card.as_bytes()));
}

//
#[tokio::test]
async fn each_end_that_the_world_brings_keeps_its_cause_and_its_actor() {
    for cause in [
        "account_closed",
        "merchant_banned",
        "device_wiped",
        "risk",
        "bank_refused",
    ] {
        let house = House::on_stage();
        let (phone, token) = active(&house).await;
        assert_eq!(end(&house, &[&token], cause).await.status, 200, "{cause}");
        let ending = phone.mandate(token.mandate).await.ending.expect(cause);
        assert_eq!(serde_json::to_value(ending.cause).unwrap(), cause);
        assert_eq!(ending.by, ending.cause.usual_actor(), "{cause}");
    }
}

#[tokio::test]
async fn the_world_does_not_speak_for_the_payer() {
    let house = House::on_stage();
    let (phone, token) = active(&house).await;
    for cause in [
        "payer",
        "payer_offline",
        "assisted",
        "expired",
        "consumed",
        "funding_removed",
    ] {
        assert_eq!(end(&house, &[&token], cause).await.code(), Code::Malformed, "{cause}");
    }
    assert_eq!(phone.mandate(token.mandate).await.state, MandateState::Active);
}

//
#[tokio::test]
async fn a_merchant_objects_only_to_an_end_that_was_forced() {
    let house = House::new();
    let (phone, token) = active(&house).await;
    phone.revoke(&[token.mandate]).await;
    let objection = Objection {
        mandate: token.mandate,
        reasons: quittance_protocol::Digest32::of(b"reasons"),
    };
    let reply = house.post(&house.sign_as_merchant(&objection)).await;
    assert_eq!(reply.code(), Code::NotEligible);
}
