//! A commit that fails strands nobody: callers are told, what was under way is begun again.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use quittance_gateway::{
    CardNetwork, Funding, MerchantNotice, MerchantSystem, NetworkCharge, NetworkOutcome, NetworkRefund,
    ScriptedOutcome, SimulatedMerchants, Unavailable,
};
use quittance_protocol::answer::{MandateRecord, OrderRecord};
use quittance_protocol::statement::{Charge, Reconciliation, Session};
use quittance_protocol::{AccountId, ChargeId, Code, MerchantId, TokenId};
use rusqlite::Connection;
use tokio::sync::{Notify, Semaphore};

use crate::support::custodians::{Call, Failing, Stop};
use crate::support::phone::{Phone, Token, approved, declined};
use crate::support::{House, Reply, cny};

/// How long an answer may take at most, database waits and the second question to the network included.
const DEADLINE: Duration = Duration::from_secs(30);

fn beside(house: &House) -> Connection {
    let connection = Connection::open(house.data().join("gateway.sqlite")).unwrap();
    connection.busy_timeout(Duration::from_secs(10)).unwrap();
    connection
}

/// Lets every transaction that does `event` fail when it is committed, not earlier: it leaves an unmet foreign key.
fn poison(house: &House, event: &str) {
    beside(house)
        .execute_batch(&format!(
            "CREATE TABLE poison (x TEXT REFERENCES accounts (account) DEFERRABLE INITIALLY DEFERRED);
             CREATE TRIGGER poisoned AFTER {event} BEGIN INSERT INTO poison VALUES ('nobody'); END;"
        ))
        .unwrap();
}

fn heal(house: &House) {
    beside(house)
        .execute_batch("DROP TRIGGER poisoned; DROP TABLE poison;")
        .unwrap();
}

async fn in_time(reply: impl Future<Output = Reply>) -> Reply {
    tokio::time::timeout(DEADLINE, reply)
        .await
        .expect("it is never answered")
}

fn charge_of(house: &House, token: &Token) -> String {
    house.sign_as_merchant(&Charge {
        mandate: token.mandate,
        amount: cny(100),
        reference: "r".to_owned(),
        permit: None,
    })
}

/// A network that answers when it is let go.
struct Gated {
    inner: Arc<dyn CardNetwork>,
    arrived: Notify,
    go: Semaphore,
}

impl Gated {
    fn before(house: &House) -> Arc<Self> {
        let gated = Arc::new(Self {
            inner: house.network.clone(),
            arrived: Notify::new(),
            go: Semaphore::new(0),
        });
        house.use_network(Some(gated.clone()));
        gated
    }

    async fn pass(&self) -> Result<(), Unavailable> {
        self.arrived.notify_one();
        self.go.acquire().await.map_err(|_| Unavailable)?.forget();
        Ok(())
    }
}

#[async_trait]
impl CardNetwork for Gated {
    async fn fund(&self, token: TokenId, payer: AccountId) -> Result<Funding, Unavailable> {
        self.pass().await?;
        self.inner.fund(token, payer).await
    }
    async fn charge(&self, charge: &NetworkCharge) -> Result<NetworkOutcome, Unavailable> {
        self.pass().await?;
        self.inner.charge(charge).await
    }
    async fn resolve(&self, charge: ChargeId) -> Result<NetworkOutcome, Unavailable> {
        self.inner.resolve(charge).await
    }
    async fn refund(&self, refund: &NetworkRefund) -> Result<(), Unavailable> {
        self.inner.refund(refund).await
    }
}

#[tokio::test]
async fn a_charge_whose_reservation_is_not_committed_is_answered_and_can_be_repeated() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let token = phone.sign_mandate().await;
    let charge = charge_of(&house, &token);
    poison(&house, "INSERT ON charges");
    assert_eq!(in_time(house.post(&charge)).await.code(), Code::Internal);
    assert!(
        house.network.charges().unwrap().is_empty(),
        "nobody was asked for money"
    );
    heal(&house);
    approved(&in_time(house.post(&charge)).await);
}

#[tokio::test]
async fn a_charge_whose_outcome_is_not_committed_is_answered_and_charged_once() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let token = phone.sign_mandate().await;
    let charge = charge_of(&house, &token);
    poison(&house, "UPDATE ON charges");
    assert_eq!(in_time(house.post(&charge)).await.code(), Code::Internal);
    heal(&house);
    approved(&in_time(house.post(&charge)).await);
    let seen = house.network.charges().unwrap();
    assert_eq!(seen.iter().filter(|seen| seen.acquirer_reference.is_some()).count(), 1);
}

#[tokio::test]
async fn an_outcome_that_arrives_while_the_database_is_locked_is_asked_for_again() {
    let house = House::closed();
    let network = Gated::before(&house);
    network.go.add_permits(1);
    house.start().unwrap();
    let phone = Phone::ready(&house).await;
    let token = phone.sign_mandate().await;
    network.arrived.notified().await;
    let charge = charge_of(&house, &token);
    let locking = async {
        network.arrived.notified().await;
        let connection = beside(&house);
        connection.execute_batch("BEGIN IMMEDIATE").unwrap();
        network.go.add_permits(100);
        connection
    };
    let (first, lock) = tokio::join!(in_time(house.post(&charge)), locking);
    assert_eq!(first.code(), Code::Internal);
    lock.execute_batch("ROLLBACK").unwrap();
    approved(&in_time(house.post(&charge)).await);
    assert_eq!(house.network.charges().unwrap().len(), 1);
}

#[tokio::test]
async fn a_consent_that_is_not_committed_is_answered_and_can_be_repeated() {
    let house = House::closed();
    let network = Gated::before(&house);
    house.start().unwrap();
    let phone = Phone::ready(&house).await;
    let (token, offer) = (Token::new(), house.offer());
    let flow = phone.signed_flow(&token, &offer).await;
    let consent = phone.say(&phone.consent(&flow, &token, &offer).await);
    let locking = async {
        network.arrived.notified().await;
        let connection = beside(&house);
        connection.execute_batch("BEGIN IMMEDIATE").unwrap();
        network.go.add_permits(100);
        connection
    };
    let (first, lock) = tokio::join!(in_time(house.post(&consent)), locking);
    assert_eq!(first.code(), Code::Internal);
    lock.execute_batch("ROLLBACK").unwrap();
    poison(&house, "INSERT ON mandates");
    assert_eq!(in_time(house.post(&consent)).await.code(), Code::Internal);
    heal(&house);
    let made: MandateRecord = in_time(house.post(&consent)).await.ok();
    assert_eq!(made.mandate, token.mandate);
    let permits = (1..=3).map(|number| token.pooled(&house, number)).collect();
    assert_eq!(phone.activate(&token, permits).await.status, 200);
    approved(&house.charge(token.mandate, 100).await);
}

/// Merchants that take a notice when they are let.
struct Shy {
    inner: Arc<SimulatedMerchants>,
    arrived: Notify,
    go: Semaphore,
}

#[async_trait]
impl MerchantSystem for Shy {
    async fn deliver(&self, merchant: MerchantId, number: u64, notice: &MerchantNotice) -> Result<(), Unavailable> {
        self.arrived.notify_one();
        self.go.acquire().await.map_err(|_| Unavailable)?.forget();
        self.inner.deliver(merchant, number, notice).await
    }
}

#[tokio::test]
async fn merchants_hear_their_notices_after_a_round_whose_end_was_lost() {
    let house = House::closed();
    let shy = Arc::new(Shy {
        inner: house.merchants.clone(),
        arrived: Notify::new(),
        go: Semaphore::new(0),
    });
    house.use_merchants(shy.clone());
    house.start().unwrap();
    let phone = Phone::ready(&house).await;
    let (first, second) = (phone.sign_mandate().await, phone.sign_mandate().await);
    let _: OrderRecord = phone.revoke(&[first.mandate]).await;
    shy.arrived.notified().await;
    house.settle().await;
    let lock = beside(&house);
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    shy.go.add_permits(100);
    let told = |count| {
        let house = &house;
        tokio::time::timeout(DEADLINE, async move {
            while house.merchants.notices(house.merchant).unwrap().len() < count {
                tokio::task::yield_now().await;
            }
        })
    };
    told(1).await.expect("the first is told");
    // That it was, and that the round is over, cannot be written down.
    house.settle().await;
    lock.execute_batch("ROLLBACK").unwrap();
    let _: OrderRecord = phone.revoke(&[second.mandate]).await;
    told(2).await.expect("the rounds go on");
}

#[tokio::test]
async fn a_half_whose_consent_was_never_committed_is_destroyed_at_the_next_start() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let kept = phone.sign_mandate().await;
    let (token, offer) = (Token::new(), house.offer());
    let flow = phone.signed_flow(&token, &offer).await;
    let consent = phone.consent(&flow, &token, &offer).await;
    poison(&house, "INSERT ON mandates");
    assert_eq!(in_time(phone.post(&consent)).await.code(), Code::Internal);
    heal(&house);
    house.stop();
    assert_eq!(house.halves().len(), 2);
    house.start().unwrap();
    approved(&house.charge(kept.mandate, 100).await);
    house.stop();
    assert_eq!(house.halves().len(), 1);
}

// R-323
#[tokio::test]
async fn an_answer_that_cannot_be_made_keeps_nobody_elses_statement_back() {
    let house = House::new();
    let (one, other) = (Phone::ready(&house).await, Phone::ready(&house).await);
    let (ended, lost) = (one.sign_mandate().await, one.sign_mandate().await);
    let theirs = other.sign_mandate().await;
    let order = one.revoke(&[ended.mandate]).await;
    house.settle().await;
    approved(&house.charge(lost.mandate, 1).await);
    let account = one.account().await;
    house.plant(&format!(
        "UPDATE log_entries SET proof=NULL; UPDATE events SET doc='bad' WHERE account='{account}'"
    ));
    let comparison = Reconciliation {
        tokens: Vec::new(),
        events_after: None,
    };
    let pause = async || other.pause(&[theirs.mandate]).await;
    let (unanswered, before, after) = tokio::join!(one.post(&comparison), pause(), pause());
    assert_eq!(unanswered.code(), Code::Internal);
    assert_eq!((before.status, after.status), (200, 200));
    // What the comparison found is kept, though its answer could not be told.
    assert_eq!(one.mandate(lost.mandate).await.holds, ["device"]);
    assert_eq!(one.post(&one.attestation(&order)).await.code(), Code::Internal);
}

#[tokio::test]
async fn a_vault_that_could_not_be_read_after_a_failed_commit_is_read_once_it_can_be() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let kept = phone.sign_mandate().await;
    let failing = fail_vault(&house, &phone).await;
    assert_eq!(
        in_time(house.charge(kept.mandate, 100)).await.code(),
        Code::Internal,
        "control: nobody knows what stands in the vault"
    );
    failing.stop(None);
    approved(&in_time(house.charge(kept.mandate, 100)).await);
}

// Before, each turn in which the network was to be asked about such a charge was lost, with all who spoke in it.
#[tokio::test]
async fn a_charge_that_waits_for_a_vault_that_cannot_be_read_keeps_nobody_back_and_is_made_once_it_can_be() {
    let house = House::new();
    let (phone, other) = (Phone::ready(&house).await, Phone::ready(&house).await);
    let (kept, ended) = (phone.sign_mandate().await, phone.sign_mandate().await);
    let charge = charge_of(&house, &kept);
    let of_ended = charge_of(&house, &ended);
    house.network_says(ScriptedOutcome::Unavailable);
    for charge in [&charge, &of_ended] {
        assert_eq!(in_time(house.post(charge)).await.code(), Code::ExternalUnavailable);
    }
    let failing = fail_vault(&house, &phone).await;
    let _: OrderRecord = phone.revoke(&[ended.mandate]).await;
    house.network_says(ScriptedOutcome::Approve);
    for _ in 0..5 {
        // The network is asked again, mostly in the turn of the next statement.
        house.clock.advance(4);
        assert_eq!(in_time(other.post(&Session {})).await.status, 200);
    }
    // Control: what needs no half is asked about, and learns its end.
    assert_eq!(declined(&in_time(house.post(&of_ended)).await), Code::MandateHeld);
    assert_eq!(
        in_time(house.post(&charge)).await.code(),
        Code::Internal,
        "its merchant hears to come again"
    );
    failing.stop(None);
    approved(&in_time(house.post(&charge)).await);
}

/// Starts a gateway anew whose vault cannot be read any more, after a consent that could not be committed, until the custodian
/// is well again.
async fn fail_vault(house: &House, phone: &Phone<'_>) -> Arc<Failing> {
    house.stop();
    // From now on no commit of the vault that stores a half comes through.
    let vault = Connection::open(house.data().join("vault.sqlite")).unwrap();
    vault
        .execute_batch(
            "CREATE TABLE poison (slot INTEGER REFERENCES records (slot) DEFERRABLE INITIALLY DEFERRED);
             CREATE TRIGGER poisoned AFTER INSERT ON records BEGIN INSERT INTO poison VALUES (-7); END;",
        )
        .unwrap();
    drop(vault);
    let failing = Arc::new(Failing::new(house.custodian()));
    house.use_custodian(failing.clone());
    house.start().unwrap();
    let (token, offer) = (Token::new(), house.offer());
    let flow = phone.signed_flow(&token, &offer).await;
    let consent = phone.consent(&flow, &token, &offer).await;
    failing.stop(Some(Stop::Before(Call::Unwrap)));
    assert_eq!(in_time(phone.post(&consent)).await.code(), Code::Internal);
    failing
}
