//! A row that went bad is its own account's trouble: everybody else goes on.

use quittance_gateway::MerchantNotice;
use quittance_protocol::Code;
use quittance_protocol::answer::LockRecord;
use quittance_protocol::statement::{Lock, Reconciliation, ReplicaState, Stop, StopScope};

use crate::support::phone::{Phone, Token, approved, declined};
use crate::support::{DAY, House, Reply, statement, until};

/// Sends statements at once; the answers in the same sequence.
async fn at_once(house: &House, compacts: Vec<String>) -> Vec<Reply> {
    let sent = compacts.into_iter().map(|compact| {
        let way = house.way();
        tokio::spawn(async move { way.send(statement(compact)).await })
    });
    let mut replies = Vec::new();
    for reply in sent.collect::<Vec<_>>() {
        replies.push(reply.await.unwrap());
    }
    replies
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_cannot_be_built_fails_its_own_caller_alone() {
    let house = House::new();
    let (phone, other) = (Phone::ready(&house).await, Phone::ready(&house).await);
    let _: LockRecord = phone.post(&Lock { other_devices: false }).await.ok();
    let account = phone.account().await;
    house.plant(&format!(
        "UPDATE locks SET doc='bad', due=9999999999 WHERE account='{account}'"
    ));
    let (mut mixed, count) = (Vec::new(), 100);
    for _ in 0..count {
        mixed.push(phone.say(&Reconciliation {
            tokens: Vec::new(),
            events_after: None,
        }));
        mixed.push(other.say(&Lock { other_devices: false }));
    }
    let replies = at_once(&house, mixed.clone()).await;
    for (index, reply) in replies.iter().enumerate() {
        if index % 2 == 0 {
            assert_eq!(reply.code(), Code::Internal);
        } else {
            assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&reply.body));
        }
    }
    // The row put right, the same bytes are answered.
    house.plant(&format!("DELETE FROM locks WHERE account='{account}'"));
    assert_eq!(house.post(&mixed[0]).await.status, 200);
}

/// Puts another document in a mandate's row.
pub(crate) fn rewrite(house: &House, token: &Token, doc: &str) {
    house.plant(&format!(
        "UPDATE mandates SET doc={doc} WHERE mandate='{}'",
        token.mandate
    ));
}

/// What one bad row of an account is, by SQL.
const DAMAGES: [&str; 8] = [
    "UPDATE flows SET doc='bad' WHERE account='{}'",
    "UPDATE flows SET doc=json_set(doc, '$.events', json_array()) WHERE account='{}'",
    "UPDATE locks SET doc='bad' WHERE account='{}'",
    "UPDATE orders SET doc='bad' WHERE account='{}'",
    "UPDATE orders SET own='destroying' WHERE account='{}'",
    "UPDATE mandates SET doc='bad', ends_at=0, provisioning_until=0 WHERE account='{}'",
    "UPDATE charges SET doc='bad', state='pending' WHERE mandate IN (SELECT mandate FROM mandates WHERE account='{}')",
    "PRAGMA foreign_keys=OFF; UPDATE flows SET flow=CAST(x'ff' AS TEXT) || rowid WHERE account='{}'",
];

/// The same, and once more where what stands in the row is not even text.
fn damages() -> impl Iterator<Item = String> {
    let not_text = DAMAGES.iter().filter(|damage| damage.contains("'bad'"));
    let not_text = not_text.map(|damage| damage.replace("'bad'", "CAST(x'7bff7d' AS TEXT)"));
    DAMAGES.into_iter().map(str::to_owned).chain(not_text)
}

#[tokio::test]
async fn a_due_row_that_went_bad_stops_neither_the_clock_nor_any_statement() {
    for damage in damages() {
        let house = House::new();
        let (phone, other) = (Phone::ready(&house).await, Phone::ready(&house).await);
        let (ending, living) = (phone.sign_mandate().await, phone.sign_mandate().await);
        let kept = other.sign_mandate().await;
        house.charge(living.mandate, 100).await;
        phone.revoke(&[ending.mandate]).await;
        house.settle().await;
        let _: LockRecord = phone.post(&Lock { other_devices: false }).await.ok();
        let theirs = other.begin_lowering("mandate.cancel.quick", &[kept.mandate]).await;
        phone.begin_lowering("mandate.cancel.quick", &[living.mandate]).await;
        let account = phone.account().await;
        house.plant(&damage.replace("{}", &account.to_string()));

        // Everything of both accounts is due by then.
        house.advance(40 * DAY).await;
        for _ in 0..5 {
            // The network is asked again about what it has not told, mostly in the turn of the next statement.
            house.clock.advance(4);
            let locked = other.post(&Lock { other_devices: false }).await;
            let told = String::from_utf8_lossy(&locked.body);
            assert_eq!(locked.status, 200, "{damage}: {told}");
        }
        let log = other.run(theirs.start.flow).await;
        assert_eq!(
            crate::support::runs::phase(&log),
            quittance_flows::Phase::Expired,
            "{damage}: the clock goes on"
        );
        let order = other.revoke(&[kept.mandate]).await;
        house.settle().await;
        let order = other.order(order.order).await;
        assert!(order.destroyed.is_some(), "{damage}: the other's half is destroyed");
        let told = other.reconcile(&[(&kept, ReplicaState::Destroyed)]).await;
        assert!(told.lock.is_some(), "{damage}");
    }
}

#[tokio::test]
async fn a_notice_that_went_bad_keeps_no_other_notice_back() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let token = phone.sign_mandate().await;
    house.plant(&format!(
        "INSERT INTO notices (merchant, doc) VALUES ('{0}', 'bad'), ('{0}', CAST(x'7bff7d' AS TEXT))",
        house.merchant
    ));
    phone.revoke(&[token.mandate]).await;
    let ended = |notice: &MerchantNotice| matches!(notice, MerchantNotice::MandateEnded { .. });
    until("the merchant hears of the end", || {
        house.merchants.notices(house.merchant).unwrap().iter().any(ended)
    })
    .await;
}

//
#[tokio::test]
async fn a_mandate_that_went_bad_keeps_no_lock_no_stop_and_no_news_from_its_payers_others() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let (bad, kept) = (phone.sign_mandate().await, phone.sign_mandate().await);
    let change = |doc: &str| rewrite(&house, &bad, doc);
    change("'bad' || doc");
    let charge = async |token: &Token| house.charge(token.mandate, 100).await;

    let heard = phone
        .reconcile(&[(&bad, ReplicaState::Active), (&kept, ReplicaState::Active)])
        .await;
    let told: Vec<_> = heard.mandates.iter().map(|record| record.mandate).collect();
    assert_eq!(
        (told, heard.orphans),
        (vec![kept.mandate], vec![]),
        "what cannot be read is known all the same"
    );

    let _: LockRecord = phone.post(&Lock { other_devices: false }).await.ok();
    assert_eq!(declined(&charge(&kept).await), Code::SafetyLocked);
    house.advance(DAY).await;
    approved(&charge(&kept).await);
    let everything = Stop {
        stop: StopScope::Everything {},
    };
    assert_eq!(phone.post(&everything).await.status, 200);
    assert_eq!(declined(&charge(&kept).await), Code::StoppedByPayer);

    // It could not be held, and it cannot be charged. Put right, it is held from the payer's next word on.
    assert_eq!(charge(&bad).await.code(), Code::Internal);
    change("SUBSTR(doc, 4)");
    assert_eq!(phone.post(&everything).await.status, 200);
    assert_eq!(declined(&charge(&bad).await), Code::StoppedByPayer);
}
