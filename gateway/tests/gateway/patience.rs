//! A card network that hangs: it keeps nobody from stopping, and its callers are told in time.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use quittance_gateway::{
    CardNetwork, Funding, MerchantNotice, MerchantSystem, NetworkCharge, NetworkOutcome, NetworkRefund, Room,
    SimulatedMerchants, Unavailable, serve,
};
use quittance_protocol::answer::{ChargeAnswer, MandateRecord, OrderRecord};
use quittance_protocol::statement::{Charge, Hold, HoldChange, Lock, Refund};
use quittance_protocol::{AccountId, ChargeId, Code, MerchantId, TokenId};
use tokio::net::TcpListener;
use tokio::sync::{Notify, watch};

use crate::support::phone::{Phone, Token, approved};
use crate::support::{House, cny, program, random, statement, until};

/// A network that never answers while it hangs.
struct Hanging {
    inner: Arc<dyn CardNetwork>,
    arrived: Notify,
    hangs: watch::Sender<bool>,
}

impl Hanging {
    fn before(house: &House) -> Arc<Self> {
        let hanging = Arc::new(Self {
            inner: house.network.clone(),
            arrived: Notify::new(),
            hangs: watch::Sender::new(false),
        });
        house.use_network(Some(hanging.clone()));
        hanging
    }

    async fn pass(&self) {
        let mut hangs = self.hangs.subscribe();
        if *hangs.borrow_and_update() {
            self.arrived.notify_one();
        }
        drop(hangs.wait_for(|hangs| !hangs).await);
    }

    fn hang(&self) {
        self.hangs.send_replace(true);
    }
}

#[async_trait]
impl CardNetwork for Hanging {
    async fn fund(&self, token: TokenId, payer: AccountId) -> Result<Funding, Unavailable> {
        self.pass().await;
        self.inner.fund(token, payer).await
    }
    async fn charge(&self, charge: &NetworkCharge) -> Result<NetworkOutcome, Unavailable> {
        self.pass().await;
        self.inner.charge(charge).await
    }
    async fn resolve(&self, charge: ChargeId) -> Result<NetworkOutcome, Unavailable> {
        self.pass().await;
        self.inner.resolve(charge).await
    }
    async fn refund(&self, refund: &NetworkRefund) -> Result<(), Unavailable> {
        self.inner.refund(refund).await
    }
}

fn charge_of(house: &House, token: &Token) -> String {
    house.sign_as_merchant(&Charge {
        mandate: token.mandate,
        amount: cny(100),
        reference: "r".to_owned(),
        permit: None,
    })
}

// R-303
#[tokio::test]
async fn who_stops_finds_room_on_the_wire_while_more_charges_hang_than_there_are_rooms() {
    let house = House::closed();
    let network = Hanging::before(&house);
    house.start().unwrap();
    let phone = Phone::ready(&house).await;
    let (paused, ended) = (phone.sign_mandate().await, phone.sign_mandate().await);
    let intent = phone.say(&phone.intend(&[ended.mandate]).await);
    let pause = phone.say(&Hold {
        mandates: vec![paused.mandate],
        change: HoldChange::Add {},
    });
    let lock = phone.say(&Lock { other_devices: false });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let serving = serve(
        listener,
        house.gateway().router(),
        Room::default(),
        std::future::pending(),
    );
    let serving = tokio::spawn(serving);
    network.hang();
    let charge = charge_of(&house, &paused);
    let (mut waiting, mut refused) = (tokio::task::JoinSet::new(), Vec::new());
    for _ in 0..600 {
        let charge = charge.clone();
        waiting.spawn(async move { program::send(port, statement(charge)).await });
        // Whoever is not let in leaves at once, before the next one comes.
        let answered = tokio::time::timeout(Duration::from_millis(10), waiting.join_next()).await;
        refused.extend(answered.ok().flatten());
    }
    for compact in [pause, lock, intent] {
        let stopping = program::send(port, statement(compact));
        let answered = tokio::time::timeout(Duration::from_secs(20), stopping).await;
        assert_eq!(answered.expect("stopping waits behind charges").status, 200);
    }
    until("nobody waits to be let in", || {
        while let Some(answered) = waiting.try_join_next() {
            refused.push(answered);
        }
        waiting.len() == 128
    })
    .await;
    for answered in refused {
        let problem = answered.unwrap().problem();
        assert_eq!(problem.code(), Code::ExternalUnavailable);
        assert!(problem.retry_after_seconds().is_some());
    }
    serving.abort();
}

/// Posts a statement, lets 31 seconds pass once the network was asked, then hears the answer.
async fn post_into_silence(house: &House, network: &Hanging, compact: &str) -> Code {
    let (router, request) = (house.gateway().router(), statement(compact.to_owned()));
    let posted = tokio::spawn(tower::ServiceExt::oneshot(router, request));
    network.arrived.notified().await;
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(31)).await;
    tokio::time::resume();
    let answered = tokio::time::timeout(Duration::from_secs(10), posted).await;
    let response = answered.expect("it is never answered").unwrap().unwrap();
    let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
    serde_json::from_slice::<quittance_protocol::Problem>(&body)
        .unwrap()
        .code()
}

#[tokio::test]
async fn a_charge_is_answered_in_time_and_can_be_repeated() {
    let house = House::closed();
    let network = Hanging::before(&house);
    house.start().unwrap();
    let phone = Phone::ready(&house).await;
    let token = phone.sign_mandate().await;
    network.hang();
    let charge = charge_of(&house, &token);
    assert_eq!(
        post_into_silence(&house, &network, &charge).await,
        Code::ExternalUnavailable
    );
    network.hangs.send_replace(false);
    approved(&house.post(&charge).await);
    assert_eq!(house.network.charges().unwrap().len(), 1, "no double charge");
}

#[tokio::test]
async fn a_consent_is_answered_in_time_and_can_be_repeated() {
    let house = House::closed();
    let network = Hanging::before(&house);
    house.start().unwrap();
    let phone = Phone::ready(&house).await;
    let (token, offer) = (Token::new(), house.offer());
    let flow = phone.signed_flow(&token, &offer).await;
    let consent = phone.say(&phone.consent(&flow, &token, &offer).await);
    network.hang();
    assert_eq!(
        post_into_silence(&house, &network, &consent).await,
        Code::ExternalUnavailable
    );
    network.hangs.send_replace(false);
    let made: MandateRecord = house.post(&consent).await.ok();
    assert_eq!(made.mandate, token.mandate);
}

/// A network with a defect: its next answer is a panic, once it is told so.
struct Panicking {
    inner: Arc<dyn CardNetwork>,
    panics: AtomicBool,
}

impl Panicking {
    fn pass(&self) {
        assert!(!self.panics.swap(false, Ordering::SeqCst), "scripted");
    }
}

#[async_trait]
impl CardNetwork for Panicking {
    async fn fund(&self, token: TokenId, payer: AccountId) -> Result<Funding, Unavailable> {
        self.pass();
        self.inner.fund(token, payer).await
    }
    async fn charge(&self, charge: &NetworkCharge) -> Result<NetworkOutcome, Unavailable> {
        self.pass();
        self.inner.charge(charge).await
    }
    async fn resolve(&self, charge: ChargeId) -> Result<NetworkOutcome, Unavailable> {
        self.pass();
        self.inner.resolve(charge).await
    }
    async fn refund(&self, refund: &NetworkRefund) -> Result<(), Unavailable> {
        self.pass();
        self.inner.refund(refund).await
    }
}

#[tokio::test]
async fn who_waits_for_a_network_that_panicked_is_answered_and_can_come_again() {
    let house = House::closed();
    let network = Arc::new(Panicking {
        inner: house.network.clone(),
        panics: AtomicBool::new(false),
    });
    house.use_network(Some(network.clone()));
    house.start().unwrap();
    let phone = Phone::ready(&house).await;
    let (token, offer) = (Token::new(), house.offer());
    let flow = phone.signed_flow(&token, &offer).await;
    let consent = phone.say(&phone.consent(&flow, &token, &offer).await);
    let post = async |compact: &str| {
        let answered = tokio::time::timeout(Duration::from_secs(20), house.post(compact)).await;
        answered.expect("it is never answered")
    };
    let post_at_a_panic = async |compact: &str| {
        network.panics.store(true, Ordering::SeqCst);
        assert_eq!(post(compact).await.code(), Code::ExternalUnavailable);
        post(compact).await
    };
    let made: MandateRecord = post_at_a_panic(&consent).await.ok();
    assert_eq!(made.mandate, token.mandate);
    let permits = vec![token.pooled(&house, 1)];
    assert_eq!(phone.activate(&token, permits).await.status, 200);

    let charge = charge_of(&house, &token);
    let charged = post_at_a_panic(&charge).await;
    approved(&charged);
    assert_eq!(house.network.charges().unwrap().len(), 1, "no double charge");

    network.panics.store(true, Ordering::SeqCst);
    let refund = house.sign_as_merchant(&Refund {
        charge: charged.ok::<ChargeAnswer>().charge,
        amount: cny(100),
    });
    assert_eq!(post(&refund).await.status, 200);
    until("the network panics", || !network.panics.load(Ordering::SeqCst)).await;
    house.advance(4).await;
    until("it has the refund", || house.network.refunds().unwrap().len() == 1).await;
}

/// Merchants' system with a defect that shows once.
struct Clumsy {
    inner: Arc<SimulatedMerchants>,
    panicked: AtomicBool,
}

#[async_trait]
impl MerchantSystem for Clumsy {
    async fn deliver(&self, merchant: MerchantId, number: u64, notice: &MerchantNotice) -> Result<(), Unavailable> {
        assert!(self.panicked.swap(true, Ordering::SeqCst), "scripted");
        self.inner.deliver(merchant, number, notice).await
    }
}

#[tokio::test]
async fn a_merchant_whose_system_panicked_is_told_again() {
    let house = House::closed();
    house.use_merchants(Arc::new(Clumsy {
        inner: house.merchants.clone(),
        panicked: AtomicBool::new(false),
    }));
    house.start().unwrap();
    let phone = Phone::ready(&house).await;
    phone.sign_mandate().await;
    until("the merchant is told", || {
        !house.merchants.notices(house.merchant).unwrap().is_empty()
    })
    .await;
}

/// Merchants of whom one never answers, the first time that it is asked.
struct Deaf {
    inner: Arc<SimulatedMerchants>,
    arrived: Notify,
    was_asked: AtomicBool,
}

#[async_trait]
impl MerchantSystem for Deaf {
    async fn deliver(&self, merchant: MerchantId, number: u64, notice: &MerchantNotice) -> Result<(), Unavailable> {
        if !self.was_asked.swap(true, Ordering::SeqCst) {
            self.arrived.notify_one();
            std::future::pending::<()>().await;
        }
        self.inner.deliver(merchant, number, notice).await
    }
}

#[tokio::test]
async fn a_merchant_that_never_answers_is_told_again() {
    let house = House::closed();
    let deaf = Arc::new(Deaf {
        inner: house.merchants.clone(),
        arrived: Notify::new(),
        was_asked: AtomicBool::new(false),
    });
    house.use_merchants(deaf.clone());
    house.start().unwrap();
    let phone = Phone::ready(&house).await;
    let token = phone.sign_mandate().await;
    let _: OrderRecord = phone.revoke(&[token.mandate]).await;
    deaf.arrived.notified().await;
    assert!(house.merchants.notices(house.merchant).unwrap().is_empty());
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(31)).await;
    tokio::time::resume();
    until("the merchant is told", || {
        !house.merchants.notices(house.merchant).unwrap().is_empty()
    })
    .await;
}

/// Merchants of whom one never answers.
struct OneDeaf {
    deaf: MerchantId,
    arrived: Notify,
    told: Mutex<Vec<MerchantId>>,
}

#[async_trait]
impl MerchantSystem for OneDeaf {
    async fn deliver(&self, merchant: MerchantId, _number: u64, _notice: &MerchantNotice) -> Result<(), Unavailable> {
        if merchant == self.deaf {
            self.arrived.notify_one();
            std::future::pending::<()>().await;
        }
        self.told.lock().unwrap().push(merchant);
        Ok(())
    }
}

#[tokio::test]
async fn a_merchant_that_never_answers_keeps_no_other_from_hearing_what_comes_later() {
    let house = House::closed();
    let merchants = Arc::new(OneDeaf {
        deaf: house.merchant,
        arrived: Notify::new(),
        told: Mutex::default(),
    });
    house.use_merchants(merchants.clone());
    house.start().unwrap();
    let phone = Phone::ready(&house).await;
    let token = phone.sign_mandate().await;
    let _: OrderRecord = phone.revoke(&[token.mandate]).await;
    merchants.arrived.notified().await;
    let other = MerchantId::from_bytes(random());
    let database = rusqlite::Connection::open(house.data().join("gateway.sqlite")).unwrap();
    // Whoever it is: it stands for one of many.
    database.execute_batch("PRAGMA foreign_keys=OFF").unwrap();
    let copy = "INSERT INTO notices (merchant, doc) SELECT ?1, doc FROM notices LIMIT 1";
    assert_eq!(database.execute(copy, [other.to_string()]).unwrap(), 1);
    until("the other one is told", || !merchants.told.lock().unwrap().is_empty()).await;
    assert_eq!(*merchants.told.lock().unwrap(), [other]);
}
