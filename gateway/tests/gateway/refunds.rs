//! Refunds: money goes back whether or not the token lives (domain 7.1).

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use quittance_gateway::{CardNetwork, Clock as _, Funding, NetworkCharge, NetworkOutcome, NetworkRefund, Unavailable};
use quittance_protocol::answer::{ChargeAnswer, ChargeDecision, ChargeRecord};
use quittance_protocol::statement::Refund;
use quittance_protocol::{AccountId, ChargeId, Code, MandateId, StatementId, TokenId};

use crate::support::phone::{Phone, Token, approved};
use crate::support::{House, ORIGIN, Reply, cny, random, until};

async fn charged(house: &House) -> (Phone<'_>, Token, ChargeId, String) {
    let phone = Phone::ready(house).await;
    let token = phone.sign_mandate().await;
    let reply = house.charge(token.mandate, 3000).await;
    let reference = approved(&reply);
    let charge = reply.ok::<ChargeAnswer>().charge;
    (phone, token, charge, reference)
}

async fn refund(house: &House, charge: ChargeId, minor: i64) -> Reply {
    let refund = Refund {
        charge,
        amount: cny(minor),
    };
    house.post(&house.sign_as_merchant(&refund)).await
}

async fn history(house: &House, phone: &Phone<'_>, mandate: MandateId) -> Vec<ChargeRecord> {
    let bearer = phone.session().await;
    let path = format!("/v1/mandates/{mandate}/charges");
    house.get(&path, Some(&bearer)).await.ok()
}

#[tokio::test]
async fn a_refund_after_the_end_of_the_mandate_reaches_the_network() {
    let house = House::new();
    let (phone, token, charge, reference) = charged(&house).await;
    phone.revoke(&[token.mandate]).await;
    house.settle().await;
    let record: ChargeRecord = refund(&house, charge, 1000).await.ok();
    assert_eq!(record.refunded, Some(cny(1000)));
    until("the refund reaches the network", || {
        !house.network.refunds().unwrap().is_empty()
    })
    .await;
    assert_eq!(house.network.refunds().unwrap(), [(reference, cny(1000))]);
    // what an ended mandate took stays readable.
    let history = history(&house, &phone, token.mandate).await;
    assert_eq!(history, [record]);
    assert!(matches!(history[0].decision, ChargeDecision::Approved { .. }));
}

#[tokio::test]
async fn never_more_goes_back_than_was_taken() {
    let house = House::new();
    let (_phone, _, charge, _) = charged(&house).await;
    assert_eq!(refund(&house, charge, 3001).await.code(), Code::LimitExceeded);
    assert_eq!(refund(&house, charge, 2000).await.status, 200);
    assert_eq!(refund(&house, charge, 1001).await.code(), Code::LimitExceeded);
    let all: ChargeRecord = refund(&house, charge, 1000).await.ok();
    assert_eq!(all.refunded, Some(cny(3000)));
    assert_eq!(refund(&house, charge, 1).await.code(), Code::LimitExceeded);
    assert_eq!(refund(&house, charge, -1).await.code(), Code::Malformed);
}

#[tokio::test]
async fn only_the_merchant_that_took_the_money_gives_it_back() {
    let house = House::on_stage();
    let (phone, token, charge, _) = charged(&house).await;
    let made = house
        .set("/sandbox/merchants", serde_json::json!({ "name": "Redbird" }))
        .await;
    let other = made.ok::<serde_json::Value>()["merchant"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    let wanted = Refund {
        charge,
        amount: cny(1000),
    };
    let id = StatementId::from_bytes(random());
    let theirs = house
        .merchants
        .sign(other, ORIGIN, house.clock.now(), id, &wanted)
        .unwrap();
    let refused = house.post(&theirs).await.problem();
    assert_eq!((refused.code(), refused.pointer()), (Code::NotFound, Some("/charge")));
    house.settle().await;
    assert_eq!(history(&house, &phone, token.mandate).await[0].refunded, None);
    assert_eq!(house.network.refunds().unwrap(), []);
    let nobodys = ChargeId::from_bytes([7; 16]);
    assert_eq!(refund(&house, nobodys, 1000).await.code(), Code::NotFound);
    // Control: the charge's own merchant says the same.
    assert_eq!(refund(&house, charge, 1000).await.status, 200);
}

/// A network that takes no refund but that of one charge, once it is let; it never answers while it is held.
struct Choosy {
    inner: Arc<dyn CardNetwork>,
    takes: Mutex<Option<String>>,
    asked: AtomicUsize,
    held: AtomicBool,
}

impl Choosy {
    fn before(house: &House) -> Arc<Self> {
        let network = Arc::new(Self {
            inner: house.network.clone(),
            takes: Mutex::default(),
            asked: AtomicUsize::new(0),
            held: AtomicBool::new(false),
        });
        house.use_network(Some(network.clone()));
        network
    }
}

#[async_trait]
impl CardNetwork for Choosy {
    async fn fund(&self, token: TokenId, payer: AccountId) -> Result<Funding, Unavailable> {
        self.inner.fund(token, payer).await
    }
    async fn charge(&self, charge: &NetworkCharge) -> Result<NetworkOutcome, Unavailable> {
        self.inner.charge(charge).await
    }
    async fn resolve(&self, charge: ChargeId) -> Result<NetworkOutcome, Unavailable> {
        self.inner.resolve(charge).await
    }
    async fn refund(&self, refund: &NetworkRefund) -> Result<(), Unavailable> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        if self.held.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        if self.takes.lock().unwrap().as_ref() == Some(&refund.acquirer_reference) {
            return self.inner.refund(refund).await;
        }
        Err(Unavailable)
    }
}

/// Moves time on, as far as refunds are tried again, until something happened.
async fn tried_until(what: &str, house: &House, happened: impl Fn() -> bool) {
    for _ in 0..20 {
        house.advance(3).await;
        if happened() {
            return;
        }
    }
    panic!("not in twenty tries: {what}");
}

#[tokio::test]
async fn refunds_that_the_network_keeps_refusing_starve_no_later_one() {
    let house = House::closed();
    let network = Choosy::before(&house);
    house.start().unwrap();
    let (_phone, _, refused, _) = charged(&house).await;
    assert_eq!(refund(&house, refused, 1).await.status, 200);
    // As many as are looked at together, all of them earlier than the one that could pass.
    house.plant(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<100)
         INSERT INTO refunds (kid, jti, charge, minor, at, doc)
         SELECT kid, printf('sta_%032x', i), charge, 0, at,
             json_set(doc, '$.jti', printf('sta_%032x', i)) FROM refunds, n",
    );
    house.advance(60).await;
    let (_phone, _, charge, reference) = charged(&house).await;
    let asked = network.asked.load(Ordering::SeqCst);
    assert_eq!(refund(&house, charge, 1000).await.status, 200);
    until("it is refused, too", || network.asked.load(Ordering::SeqCst) > asked).await;
    *network.takes.lock().unwrap() = Some(reference);
    tried_until("it passes", &house, || !house.network.refunds().unwrap().is_empty()).await;
}

#[tokio::test]
async fn a_refund_that_is_on_its_way_is_not_sent_a_second_time() {
    let house = House::closed();
    let network = Choosy::before(&house);
    house.start().unwrap();
    let (_phone, _, charge, reference) = charged(&house).await;
    *network.takes.lock().unwrap() = Some(reference);
    network.held.store(true, Ordering::SeqCst);
    assert_eq!(refund(&house, charge, 1000).await.status, 200);
    until("it is on its way", || network.asked.load(Ordering::SeqCst) == 1).await;
    for _ in 0..5 {
        house.advance(3).await;
    }
    assert_eq!(network.asked.load(Ordering::SeqCst), 1);
    // Control: after a restart nobody knows of it, so it is sent again.
    network.held.store(false, Ordering::SeqCst);
    house.restart();
    tried_until("it passes", &house, || !house.network.refunds().unwrap().is_empty()).await;
}
