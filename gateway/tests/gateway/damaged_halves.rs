//! A half that went bad in the vault is its own payer's trouble: everybody else's ends, and is charged, as before.

use std::sync::Arc;

use quittance_gateway::ScriptedOutcome;
use quittance_protocol::answer::{ChargeAnswer, OrderRecord, OrderState, PayerEvent, PayerEventKind};
use quittance_protocol::log_body::DestroyedBody;
use quittance_protocol::statement::{Refund, ReplicaState, Session};
use quittance_protocol::{ChargeId, Code};

use crate::support::custodians::{Call, Failing, Stop};
use crate::support::phone::{Phone, Token, approved, declined};
use crate::support::{House, cny, until};

fn destroyed(order: &OrderRecord) -> DestroyedBody {
    serde_json::from_slice(order.destroyed.as_ref().expect("destroyed").body.as_slice()).unwrap()
}

async fn active(house: &House) -> (Phone<'_>, Token) {
    let phone = Phone::ready(house).await;
    let token = phone.sign_mandate().await;
    (phone, token)
}

/// Two phones' orders that are to be carried out, as if both had come in one turn, at a gateway that was stopped before.
async fn ordered_together(house: &House) -> [(Phone<'_>, OrderRecord, Token); 2] {
    let good = house.custodian();
    let failing = Arc::new(Failing::new(good.clone()));
    house.use_custodian(failing.clone());
    house.start().unwrap();
    let (one, other) = (active(house).await, active(house).await);
    let intents = (
        one.0.intend(&[one.1.mandate]).await,
        other.0.intend(&[other.1.mandate]).await,
    );
    failing.stop(Some(Stop::Before(Call::Create)));
    let orders = (one.0.post(&intents.0).await.ok(), other.0.post(&intents.1).await.ok());
    house.stop();
    house.plant(
        "UPDATE orders SET batch=(SELECT MAX(batch) FROM orders),
         doc=json_set(doc, '$.batch', (SELECT json_extract(doc, '$.batch') FROM orders ORDER BY batch DESC LIMIT 1))",
    );
    house.use_custodian(good);
    [(one.0, orders.0, one.1), (other.0, orders.1, other.1)]
}

/// Puts another version into the vault's row of a half: the version of before.
fn put_version(house: &House, token: &Token, version: i64) -> i64 {
    let vault = rusqlite::Connection::open(house.data().join("vault.sqlite")).unwrap();
    let name = [&[1], token.token.as_bytes().as_slice()].concat();
    let sql = "SELECT version FROM records WHERE name = ?1";
    let before = vault.query_row(sql, [&name], |row| row.get(0)).unwrap();
    let changed = vault.execute("UPDATE records SET version = ?2 WHERE name = ?1", (name, version));
    assert_eq!(changed.unwrap(), 1);
    before
}

//
#[tokio::test]
async fn a_half_that_went_bad_keeps_no_other_half_from_its_end() {
    let house = House::closed();
    let [(victim, bad, token), (other, good, _)] = ordered_together(&house).await;
    let version = put_version(&house, &token, -1);
    let database = house.data().join("gateway.sqlite");
    let ordered = std::fs::read(&database).unwrap();
    for crashed in [false, true] {
        if crashed {
            // The vault is done, the database does not know it.
            std::fs::write(&database, &ordered).unwrap();
            for left in ["gateway.sqlite-wal", "gateway.sqlite-shm"] {
                let _absent = std::fs::remove_file(house.data().join(left));
            }
        }
        house.start().unwrap();
        house.settle().await;
        let good = other.order(good.order).await;
        assert_eq!(good.state, OrderState::Destroyed, "crashed: {crashed}");
        let body = destroyed(&good);
        assert_eq!((body.epoch_new, body.tokens.len()), (body.epoch_old + 1, 1));
        let bad = victim.order(bad.order).await;
        assert_eq!((bad.state, bad.destroyed), (OrderState::Destroying, None));
        house.stop();
    }
    // The row put right, its half ends, too.
    put_version(&house, &token, version);
    house.start().unwrap();
    assert_eq!(victim.order(bad.order).await.state, OrderState::Destroyed);
}

/// The row of an order, which is written at once where there is one to write.
fn row_of(house: &House, order: &OrderRecord, instead: Option<&str>) -> String {
    let database = rusqlite::Connection::open(house.data().join("gateway.sqlite")).unwrap();
    let id = order.order.to_string();
    let read = "SELECT doc FROM orders WHERE orders = ?1";
    let before = database.query_row(read, [&id], |row| row.get(0)).unwrap();
    if let Some(doc) = instead {
        let changed = database.execute("UPDATE orders SET doc = ?2 WHERE orders = ?1", [&id, doc]);
        assert_eq!(changed.unwrap(), 1);
    }
    before
}

//
#[tokio::test]
async fn a_half_whose_order_could_not_be_read_when_its_batch_ended_ends_once_it_can() {
    // Once after the database knew of the other's end, once where a crash came before that.
    for crashed in [false, true] {
        let house = House::closed();
        let [(victim, unread, _), (other, good, _)] = ordered_together(&house).await;
        let database = house.data().join("gateway.sqlite");
        let doc = row_of(&house, &unread, Some("bad"));
        let ordered = std::fs::read(&database).unwrap();
        house.start().unwrap();
        house.settle().await;
        assert_eq!(
            other.order(good.order).await.state,
            OrderState::Destroyed,
            "the batch ended"
        );
        house.stop();
        if crashed {
            std::fs::write(&database, &ordered).unwrap();
            for left in ["gateway.sqlite-wal", "gateway.sqlite-shm"] {
                let _absent = std::fs::remove_file(house.data().join(left));
            }
        }
        row_of(&house, &unread, Some(&doc));
        house.start().unwrap();
        house.settle().await;
        for (phone, order) in [(&victim, &unread), (&other, &good)] {
            let order = phone.order(order.order).await;
            assert_eq!(order.state, OrderState::Destroyed, "crashed: {crashed}");
            assert_eq!(destroyed(&order).tokens.len(), 1);
        }
    }
}

//
#[tokio::test]
async fn orders_of_one_turn_share_an_epoch_while_all_of_their_halves_are_whole() {
    let house = House::closed();
    let [(one, first, _), (other, second, _)] = ordered_together(&house).await;
    house.start().unwrap();
    let (first, second) = (one.order(first.order).await, other.order(second.order).await);
    assert_eq!(destroyed(&first).epoch_new, destroyed(&second).epoch_new);
}

/// A charge of which the network has heard nothing.
async fn pending(house: &House, token: &Token) -> String {
    let charge = house.sign_charge(token.mandate, 100);
    assert_eq!(house.post(&charge).await.code(), Code::ExternalUnavailable);
    charge
}

/// Charges that moved money.
fn moved(house: &House) -> Vec<ChargeId> {
    let seen = house.network.charges().unwrap().into_iter();
    seen.filter(|charge| charge.acquirer_reference.is_some())
        .map(|charge| charge.charge)
        .collect()
}

//
#[tokio::test]
async fn a_half_that_went_bad_keeps_back_no_charge_and_no_refund_of_anybody_else() {
    let house = House::new();
    let ((_, bad), (other, good)) = (active(&house).await, active(&house).await);
    let charged = house.charge(good.mandate, 200).await;
    approved(&charged);
    let refund = Refund {
        charge: charged.ok::<ChargeAnswer>().charge,
        amount: cny(200),
    };
    house.network_says(ScriptedOutcome::Unavailable);
    let (theirs, ours) = (pending(&house, &bad).await, pending(&house, &good).await);
    assert_eq!(house.post(&house.sign_as_merchant(&refund)).await.status, 200);
    house.stop();
    put_version(&house, &bad, -1);
    house.network_says(ScriptedOutcome::Approve);
    house.start().unwrap();
    for _ in 0..5 {
        // The network is asked again, mostly in the turn of the next statement.
        house.clock.advance(4);
        assert_eq!(other.post(&Session {}).await.status, 200);
    }
    until("the other's charge and refund reach the network", || {
        moved(&house).len() == 2 && house.network.refunds().unwrap().len() == 1
    })
    .await;
    let paid = house.post(&ours).await;
    approved(&paid);
    assert!(moved(&house).contains(&paid.ok::<ChargeAnswer>().charge));
    // What cannot be paid for is resolved: it was never made, and never will be.
    assert_eq!(declined(&house.post(&theirs).await), Code::MandateHeld);
    assert_eq!(moved(&house).len(), 2);
}

/// Takes a half out of the vault of a gateway that is stopped, which is told about it by nothing.
fn lose_half(house: &House, token: &Token) {
    house.stop();
    let vault = rusqlite::Connection::open(house.data().join("vault.sqlite")).unwrap();
    let name = [&[1], token.token.as_bytes().as_slice()].concat();
    assert_eq!(
        vault.execute("DELETE FROM records WHERE name = ?1", [&name]).unwrap(),
        1
    );
    drop(vault);
    // The start looks for the halves of tokens that live.
    let order = |order: &str| {
        let change = "PRAGMA foreign_keys=OFF; UPDATE mandates SET orders=";
        house.plant(&format!("{change}{order} WHERE mandate='{}'", token.mandate));
    };
    order("'ended'");
    house.start().unwrap();
    order("NULL");
}

fn lose_reference(house: &House, token: &Token) {
    house.plant(&format!(
        "UPDATE mandates SET doc=json_set(doc, '$.sealed_reference', NULL) WHERE mandate='{}'",
        token.mandate
    ));
}

//
#[tokio::test]
async fn a_live_token_whose_half_is_missing_is_not_told_as_a_dead_one() {
    for lose in [lose_half, lose_reference] {
        let house = House::new();
        let ((phone, bad), (_, good)) = (active(&house).await, active(&house).await);
        lose(&house, &bad);
        let log = async || house.get("/log/checkpoint", None).await.text();
        let before = log().await;
        let charge = house.sign_charge(bad.mandate, 100);
        for _ in 0..2 {
            assert_eq!(house.post(&charge).await.code(), Code::Internal);
        }
        assert_eq!(log().await, before, "no tombstone for a token that lives");
        assert_eq!(phone.mandate(bad.mandate).await.permits_left, 3);
        let told = phone.reconcile(&[(&bad, ReplicaState::Active)]).await;
        let dead = |event: &PayerEvent| matches!(event.kind, PayerEventKind::DeadTokenUsed { .. });
        assert!(!told.events.iter().any(dead));
        approved(&house.charge(good.mandate, 100).await);
    }
}
