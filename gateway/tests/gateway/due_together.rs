//! Much that is due in one second: it is carried out in parts, and whoever speaks meanwhile is heard.

use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Duration;

use quittance_gateway::{Clock as _, ScriptedOutcome};
use quittance_protocol::statement::{Activation, AnswerFlow, Charge, Hold, HoldChange};
use quittance_protocol::{Code, Timestamp};
use quittance_vault::{RecordKey, RecordKind, SystemRandomness, Vault, VaultOptions};
use rusqlite::Connection;
use tokio::task::JoinHandle;

use crate::limits::permit_until;
use crate::support::custodians::{Call, Failing, Paced, Stop};
use crate::support::phone::{Phone, Token, approved, declined};
use crate::support::{DAY, House, Reply, cny, statement, until};

/// How many more are planted than a turn carries out, many times over.
const MANY: u32 = 1_000;
/// Most of one kind that a turn carries out.
const MOST: u32 = 100;
/// Within this a statement comes to the gateway's door, however busy the machine is; nothing is decided in it.
const A_WHILE: Duration = Duration::from_secs(3);

/// An id of a kind, by its number.
fn id(kind: &str) -> String {
    format!("'{kind}_' || PRINTF('%032x', number)")
}

/// Copies a row many times, each under ids of its own.
fn multiply(house: &House, insert: &str) {
    house.plant(&format!(
        "PRAGMA foreign_keys=OFF;
         WITH RECURSIVE numbers (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < {MANY})
         {insert}"
    ));
}

/// Gives a gateway that is stopped many mandates that end in the same second as this one, with their halves; they have to
/// be activated a second before it.
fn multiply_mandate(house: &House, mandate: &str) {
    let (mandate_id, token, offer) = (id("man"), id("tok"), id("off"));
    multiply(
        house,
        &format!(
            "INSERT INTO mandates (mandate, account, token, token_kid, offer, provisioning_until, version, doc, ends_at)
             SELECT {mandate_id}, account, {token}, token_kid || number, {offer}, provisioning_until - 1, version,
             json_set(doc, '$.mandate', {mandate_id}, '$.token', {token}, '$.offer', {offer}, '$.card', NULL), ends_at
             FROM mandates, numbers WHERE mandate='{mandate}'"
        ),
    );
    let options = VaultOptions::at(house.data().join("vault.sqlite"));
    let mut vault = Vault::open(options, house.custodian(), Arc::new(SystemRandomness::new())).unwrap();
    let put = vault.transact(|tx| {
        (1..=MANY).try_for_each(|number| {
            let token = u128::from(number).to_be_bytes();
            tx.put(&RecordKey::new(RecordKind(1), token), &[7; 32])
        })
    });
    put.unwrap();
}

/// Counts by SQL beside the gateway.
fn count(house: &House, sql: &str) -> u32 {
    let database = Connection::open(house.data().join("gateway.sqlite")).unwrap();
    database.query_row(sql, [], |row| row.get(0)).unwrap()
}

/// A mandate that ends by itself in 40 days, and a thousand more of the same second; another payer's that does not.
async fn crowd(house: &House) -> (Phone<'_>, Token) {
    let (phone, other) = (Phone::ready(house).await, Phone::ready(house).await);
    let end = house.clock.now().plus_seconds(40 * DAY);
    let offer = house.offer_with(|terms| terms.valid_until = Some(end));
    let ending = phone.provision(&offer).await;
    let permits = vec![ending.pooled(house, 1)];
    assert_eq!(phone.activate(&ending, permits).await.status, 200);
    let living = other.sign_mandate().await;
    house.stop();
    multiply_mandate(house, &ending.mandate.to_string());
    house.start().unwrap();
    assert_eq!(free(house), MANY + 1);
    (other, living)
}

/// Mandates that nobody has ordered to end yet, and that end by themselves.
fn free(house: &House) -> u32 {
    count(house, "SELECT COUNT(*) FROM mandates WHERE ends_at IS NOT NULL")
}

fn orders(house: &House, own: &str) -> u32 {
    count(house, &format!("SELECT COUNT(*) FROM orders WHERE own='{own}'"))
}

/// Says something while the gateway waits for leave to end a key: it will be decided in the very next turn.
async fn queue(house: &House, compact: String) -> JoinHandle<Reply> {
    let way = house.way();
    let mut said = tokio::spawn(async move { way.send(statement(compact)).await });
    let early = tokio::time::timeout(A_WHILE, &mut said).await;
    assert!(
        early.is_err(),
        "the control: nothing is decided while a key is being ended"
    );
    said
}

/// Says something so and gives leave once; after that turn the gateway waits again where it ends something, too.
async fn say_beside(house: &House, compact: String, let_go: &Sender<()>) -> Reply {
    let said = queue(house, compact).await;
    let_go.send(()).unwrap();
    let said = tokio::time::timeout(Duration::from_secs(20), said).await;
    said.expect("it waits for everything").unwrap()
}

async fn pause_beside(house: &House, phone: &Phone<'_>, token: &Token, let_go: &Sender<()>) {
    let hold = phone.say(&Hold {
        mandates: vec![token.mandate],
        change: HoldChange::Add {},
    });
    assert_eq!(say_beside(house, hold, let_go).await.status, 200);
}

//
#[tokio::test]
async fn who_stops_is_heard_between_a_thousand_ends_of_one_second() {
    let house = House::closed();
    let paced = Arc::new(Paced::new(house.custodian()));
    house.use_custodian(paced.clone());
    house.start().unwrap();
    let (phone, living) = crowd(&house).await;
    let let_go = paced.pace();
    let before = paced.asked();
    house.clock.advance(40 * DAY);
    until("some are destroyed", || paced.asked() > before).await;
    assert_eq!(free(&house), MANY + 1 - MOST, "one turn's part");
    pause_beside(&house, &phone, &living, &let_go).await;
    assert_eq!(free(&house), MANY + 1 - 2 * MOST, "in the very next turn");
    drop(let_go);
    until("all are destroyed", || orders(&house, "destroyed") == MANY + 1).await;
    let longest = "SELECT MAX(size - before) FROM
                   (SELECT size, LAG(size, 1, 0) OVER (ORDER BY size) AS before FROM checkpoints)";
    assert_eq!(count(&house, longest), MOST, "no turn states more than its part");
}

//
#[tokio::test]
async fn who_stops_is_heard_between_a_thousand_destructions_that_had_to_wait() {
    let house = House::closed();
    let failing = Arc::new(Failing::new(house.custodian()));
    let paced = Arc::new(Paced::new(failing.clone()));
    house.use_custodian(paced.clone());
    house.start().unwrap();
    let (phone, living) = crowd(&house).await;
    failing.stop(Some(Stop::Before(Call::Create)));
    house.clock.advance(40 * DAY);
    until("all are ordered", || orders(&house, "destroying") == MANY + 1).await;
    let let_go = paced.pace();
    let before = paced.asked();
    failing.stop(None);
    house.clock.advance(4);
    until("some are destroyed", || paced.asked() > before).await;
    pause_beside(&house, &phone, &living, &let_go).await;
    let destroyed = orders(&house, "destroyed");
    assert!(
        (1..=MOST).contains(&destroyed),
        "one turn's part, and no more: {destroyed}"
    );
    drop(let_go);
    until("all are destroyed", || orders(&house, "destroyed") == MANY + 1).await;
}

//
#[tokio::test]
async fn a_thousand_rows_that_went_bad_keep_no_later_one_from_its_end() {
    let house = House::new();
    crowd(&house).await;
    // The one of them that stands last ends as its phone agreed to.
    let last = "(SELECT MAX(rowid) FROM mandates WHERE ends_at IS NOT NULL)";
    house.plant(&format!(
        "UPDATE mandates SET doc='bad' WHERE ends_at IS NOT NULL AND rowid!={last}"
    ));
    house.clock.advance(40 * DAY);
    until("the last one ends", || orders(&house, "destroyed") == 1).await;
    assert_eq!(free(&house), MANY);
}

/// A charge with its payer present, of which the network has heard nothing, of a mandate that is valid until then.
async fn pending_until(house: &House, phone: &Phone<'_>, end: Timestamp) -> String {
    let token = phone
        .provision(&house.offer_with(|terms| terms.valid_until = Some(end)))
        .await;
    let permits = vec![permit_until(house, &token, 1, end)];
    assert_eq!(phone.activate(&token, permits).await.status, 200);
    let charge = house.sign_as_merchant(&Charge {
        mandate: token.mandate,
        amount: cny(700),
        reference: "till 1".to_owned(),
        permit: Some(token.present(house, 8, 700, "till 1")),
    });
    assert_eq!(house.post(&charge).await.code(), Code::ExternalUnavailable);
    charge
}

//
#[tokio::test]
async fn a_charge_is_not_made_after_its_mandates_validity_while_a_thousand_others_are_due() {
    let house = House::closed();
    let paced = Arc::new(Paced::new(house.custodian()));
    house.use_custodian(paced.clone());
    house.start().unwrap();
    let (phone, _) = crowd(&house).await;
    house.clock.advance(40 * DAY - 10);
    house.network_says(ScriptedOutcome::Unavailable);
    let end = house.clock.now().plus_seconds(10);
    let too_late = pending_until(&house, &phone, end).await;
    let in_time = pending_until(&house, &phone, end.plus_seconds(1)).await;
    let let_go = paced.pace();
    let before = paced.asked();
    house.clock.advance(10);
    until("some are destroyed", || paced.asked() > before).await;
    house.network_says(ScriptedOutcome::Approve);
    // In the very next turn it is told to come again, or answered; the network is asked once more in either case.
    let asked = queue(&house, too_late.clone()).await;
    drop(let_go);
    let _heard: Reply = asked.await.unwrap();
    until("all are destroyed", || orders(&house, "destroyed") == MANY + 2).await;
    assert_eq!(declined(&house.post(&too_late).await), Code::MandateExpired);
    approved(&house.post(&in_time).await);
}

//
#[tokio::test]
async fn who_activates_too_late_does_so_while_a_thousand_others_are_due() {
    let house = House::closed();
    let paced = Arc::new(Paced::new(house.custodian()));
    house.use_custodian(paced.clone());
    house.start().unwrap();
    let phone = Phone::ready(&house).await;
    let (ended, late) = (phone.sign_mandate().await, phone.provision(&house.offer()).await);
    house.stop();
    multiply_mandate(&house, &late.mandate.to_string());
    house.start().unwrap();
    let waiting = || {
        count(
            &house,
            "SELECT COUNT(*) FROM mandates WHERE provisioning_until IS NOT NULL",
        )
    };
    assert_eq!(waiting(), MANY + 1);
    let let_go = paced.pace();
    phone.revoke(&[ended.mandate]).await;
    house.clock.advance(1_000);
    let activation = phone.say(&Activation {
        nonce: phone.nonce().await,
        mandate: late.mandate,
        permits: vec![late.pooled(&house, 1)],
    });
    let told = say_beside(&house, activation, &let_go).await;
    assert_eq!(told.code(), Code::MandateEnded);
    assert_eq!(waiting(), MANY + 1 - MOST, "the control: the clock has not come to it");
    drop(let_go);
    until("all are over", || waiting() == 0).await;
}

//
#[tokio::test]
async fn who_comes_too_late_to_a_run_does_so_while_a_thousand_others_are_due() {
    let house = House::closed();
    let paced = Arc::new(Paced::new(house.custodian()));
    house.use_custodian(paced.clone());
    house.start().unwrap();
    let phone = Phone::ready(&house).await;
    let (ended, kept) = (phone.sign_mandate().await, phone.sign_mandate().await);
    // Nobody activates it, so that the turn in question ends something.
    phone.provision(&house.offer()).await;
    let flow = phone.begin_lowering("mandate.cancel.quick", &[kept.mandate]).await;
    let id = id("flo");
    multiply(
        &house,
        &format!(
            "INSERT INTO flows (flow, account, doc, device, open, due, desk, unheard, last_at)
             SELECT {id}, account, json_set(doc, '$.flow', {id}), device, open, due, desk, unheard, last_at
             FROM flows, numbers WHERE flow='{}'",
            flow.start.flow
        ),
    );
    let open = || count(&house, "SELECT COUNT(*) FROM flows WHERE open=1");
    assert_eq!(open(), MANY + 1);
    let answer = phone.say(&AnswerFlow {
        flow: flow.start.flow,
        step: "confirm".to_owned(),
        answer: phone.shown(),
    });
    let let_go = paced.pace();
    phone.revoke(&[ended.mandate]).await;
    house.clock.advance(1_800);
    assert_eq!(say_beside(&house, answer, &let_go).await.code(), Code::FlowExpired);
    assert_eq!(open(), MANY - MOST, "its own is over, the control: so are few others");
    drop(let_go);
    until("all are over", || open() == 0).await;
}
