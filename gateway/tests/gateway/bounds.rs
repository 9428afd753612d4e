//! What one account can make the gateway keep, tell, wait for has a number; stopping everything always fits.

use quittance_protocol::answer::{FlowLog, OrderRecord, OrderState};
use quittance_protocol::flow_event::Wish;
use quittance_protocol::statement::{
    CancelFlow, HeldToken, Lock, Reconciliation, ReplicaState, StartFlow, Stop, StopScope, Terms,
};
use quittance_protocol::{B64, Code, MerchantId};
use rusqlite::Connection;

use crate::support::phone::{Phone, Token, approved};
use crate::support::runs::phase;
use crate::support::{House, Reply, random};
use quittance_flows::Phase;

/// Most stop instructions of one account.
const MOST_STOPS: usize = 128;
/// Most open runs that the phones of one account began.
const MOST_OPEN_RUNS: usize = 128;
/// Most runs that one reconciliation tells of.
const MOST_RUNS_TOLD: usize = 256;

async fn stop(phone: &Phone<'_>, stop: StopScope) -> Reply {
    phone.post(&Stop { stop }).await
}

fn category(bytes: usize) -> StopScope {
    StopScope::Category {
        category: "x".repeat(bytes),
    }
}

fn merchant() -> StopScope {
    StopScope::Merchant {
        merchant: MerchantId::from_bytes(random()),
    }
}

/// How many bytes of answers are kept.
fn kept(house: &House) -> i64 {
    let database = Connection::open(house.data().join("gateway.sqlite")).unwrap();
    let kept = database.query_row("SELECT COALESCE(SUM(LENGTH(body)), 0) FROM answers", [], |row| {
        row.get(0)
    });
    kept.unwrap()
}

//
#[tokio::test]
async fn a_category_has_so_many_bytes_wherever_it_is_named() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    assert_eq!(stop(&phone, category(64)).await.status, 200);
    let refused = stop(&phone, category(65)).await.problem();
    assert_eq!(
        (refused.code(), refused.pointer()),
        (Code::Malformed, Some("/stop/category"))
    );

    let lift = async |bytes| {
        let wish = Wish::LiftStop { stop: category(bytes) };
        let start = phone.flow_start_for("stop.lift", &[], wish, phone.nonce().await);
        phone.post(&StartFlow { start }).await
    };
    assert_eq!(lift(64).await.status, 200);
    let refused = lift(65).await.problem();
    assert_eq!(refused.pointer(), Some("/start/wish/stop/category"));

    // What could not be stopped by its category is not signed.
    let sign = async |bytes| {
        let offer = house.offer_with(|terms: &mut Terms| terms.category = Some("y".repeat(bytes)));
        let token = Token::new();
        let flow = phone.signed_flow(&token, &offer).await;
        phone.post(&phone.consent(&flow, &token, &offer).await).await
    };
    assert_eq!(sign(64).await.status, 200);
    assert_eq!(sign(65).await.problem().pointer(), Some("/offer/terms/category"));
}

#[tokio::test]
async fn a_text_of_terms_has_so_many_bytes() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let sign = async |change: &dyn Fn(&mut Terms)| {
        let offer = house.offer_with(change);
        let token = Token::new();
        let flow = phone.signed_flow(&token, &offer).await;
        phone.post(&phone.consent(&flow, &token, &offer).await).await
    };
    // Bytes, not characters: three of them each.
    let text = |bytes: usize| "租".repeat(bytes / 3) + &"x".repeat(bytes % 3);
    for (bytes, is_taken) in [(256, true), (257, false)] {
        let service = sign(&|terms| terms.service = text(bytes)).await;
        let bundled = sign(&|terms| terms.bundled_with = Some(text(bytes))).await;
        for (reply, member) in [(service, "service"), (bundled, "bundled_with")] {
            if is_taken {
                assert_eq!(reply.status, 200, "{member}");
            } else {
                let refused = reply.problem();
                let pointer = format!("/offer/terms/{member}");
                let expected = (Code::Malformed, Some(pointer.as_str()));
                assert_eq!((refused.code(), refused.pointer()), expected);
            }
        }
    }
}

//
#[tokio::test]
async fn stop_instructions_have_a_number_and_stopping_everything_always_fits() {
    let house = House::new();
    let (phone, other) = (Phone::ready(&house).await, Phone::ready(&house).await);
    let first = merchant();
    assert_eq!(stop(&phone, first.clone()).await.status, 200);
    for _ in 1..MOST_STOPS {
        assert_eq!(stop(&phone, merchant()).await.status, 200);
    }
    assert_eq!(stop(&phone, merchant()).await.code(), Code::LimitExceeded);
    let all: Vec<StopScope> = stop(&phone, first).await.ok();
    assert_eq!(all.len(), MOST_STOPS, "stopping again changes nothing");
    let all: Vec<StopScope> = stop(&phone, StopScope::Everything {}).await.ok();
    assert_eq!(all.len(), MOST_STOPS + 1);
    // Control: another account has its own.
    assert_eq!(stop(&other, merchant()).await.status, 200);
}

#[tokio::test]
async fn what_is_as_long_as_the_account_is_old_is_told_and_not_kept() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let token = phone.sign_mandate().await;
    let before = kept(&house);
    let held = HeldToken {
        token: token.token,
        mandate: token.mandate,
        state: ReplicaState::Active,
        next_permit: 4,
    };
    let said = phone.say(&Reconciliation {
        tokens: vec![held],
        events_after: None,
    });
    let told = house.post(&said).await;
    let stopped = phone.say(&Stop { stop: category(1) });
    let stops = house.post(&stopped).await;
    assert_eq!((told.status, stops.status), (200, 200));
    assert_eq!(kept(&house), before);
    // Repeated, it is answered as things stand, and changes nothing.
    assert_eq!(house.post(&stopped).await, stops);
    assert_ne!(house.post(&said).await, told, "it tells of the stop instruction");
    assert_eq!(stop(&phone, category(2)).await.status, 200);
    let again: Vec<StopScope> = house.post(&stopped).await.ok();
    assert_eq!(again.len(), 2);
    house.restart();
    assert_eq!(house.post(&said).await.status, 200);
    // Control: other answers are kept.
    phone.post(&Lock { other_devices: false }).await;
    assert!(kept(&house) > before);
}

#[tokio::test]
async fn a_runs_own_nonce_has_a_length() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let token = phone.sign_mandate().await;
    let begin = async |bytes| {
        let nonce = B64::new(vec![7; bytes]);
        let start = phone.flow_start("mandate.cancel.quick", &[token.mandate], b"", nonce);
        phone.post(&StartFlow { start }).await
    };
    for (bytes, is_taken) in [(15, false), (16, true), (64, true), (65, false)] {
        let reply = begin(bytes).await;
        if is_taken {
            assert_eq!(reply.status, 200, "{bytes}");
        } else {
            let refused = reply.problem();
            let expected = (Code::Malformed, Some("/start/nonce"));
            assert_eq!((refused.code(), refused.pointer()), expected, "{bytes}");
        }
    }
}

#[tokio::test]
async fn open_runs_have_a_number_which_keeps_nobody_from_stopping() {
    let house = House::new();
    let (phone, other) = (Phone::ready(&house).await, Phone::ready(&house).await);
    let token = phone.sign_mandate().await;
    let begin = async |phone: &Phone<'_>, token: &Token| {
        let nonce = B64::new(random::<32>());
        let start = phone.flow_start("mandate.cancel.quick", &[token.mandate], b"", nonce);
        let flow = start.flow;
        (phone.post(&StartFlow { start }).await, flow)
    };
    let (reply, first) = begin(&phone, &token).await;
    assert_eq!(reply.status, 200);
    for _ in 1..MOST_OPEN_RUNS {
        assert_eq!(begin(&phone, &token).await.0.status, 200);
    }
    assert_eq!(begin(&phone, &token).await.0.code(), Code::LimitExceeded);
    // Control: another account has its own; one that is left makes room.
    let theirs = other.sign_mandate().await;
    assert_eq!(begin(&other, &theirs).await.0.status, 200);
    let left: FlowLog = phone.post(&CancelFlow { flow: first }).await.ok();
    assert_eq!(phase(&left), Phase::Cancelled);
    assert_eq!(begin(&phone, &token).await.0.status, 200);
    assert_eq!(begin(&phone, &token).await.0.code(), Code::LimitExceeded);
    // What a phone did without the network begins no run here.
    approved(&house.charge(token.mandate, 100).await);
    assert_eq!(phone.pause(&[token.mandate]).await.status, 200);
    let intent = phone.intend_without_hold(&token).await;
    assert_eq!(phone.post(&intent).await.status, 200);
}

//
#[tokio::test]
async fn a_mandate_can_be_ended_by_a_run_however_many_runs_are_open() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let token = phone.sign_mandate().await;
    let (second, third) = (phone.sign_mandate().await, phone.sign_mandate().await);
    let sign = async || {
        let fresh = Token::new();
        let start = phone.flow_start("mandate.sign", &[fresh.mandate], b"terms", phone.nonce().await);
        phone.post(&StartFlow { start }).await
    };
    for _ in 0..MOST_OPEN_RUNS {
        assert_eq!(sign().await.status, 200);
    }
    assert_eq!(sign().await.code(), Code::LimitExceeded);
    let order = phone.revoke(&[token.mandate]).await;
    house.settle().await;
    let closed: OrderRecord = phone.post(&phone.attestation(&order)).await.ok();
    assert_eq!(closed.state, OrderState::Closed);
    assert!(closed.closure.is_some(), "with its receipt");
    // One run for each mandate: these, too, have a number.
    let end = async |tokens: &[&Token]| {
        let mandates: Vec<_> = tokens.iter().map(|token| token.mandate).collect();
        let nonce = B64::new(random::<32>());
        let start = phone.flow_start("mandate.cancel.quick", &mandates, b"", nonce);
        phone.post(&StartFlow { start }).await
    };
    assert_eq!(end(&[&second]).await.status, 200);
    assert_eq!(end(&[&second]).await.code(), Code::LimitExceeded);
    assert_eq!(end(&[&second, &third]).await.code(), Code::LimitExceeded);
    assert_eq!(end(&[&third]).await.status, 200);
    assert_eq!(sign().await.code(), Code::LimitExceeded, "control: the bound stands");
}

#[tokio::test]
async fn a_reconciliation_tells_of_so_many_runs_and_of_the_open_one_among_them() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let token = phone.sign_mandate().await;
    let open = phone.begin_lowering("mandate.cancel.quick", &[token.mandate]).await;
    // Runs that ended by themselves, after the open one was last touched.
    house.plant(&format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<{MOST_RUNS_TOLD}+50)
         INSERT INTO flows (flow, account, device, open, due, desk, unheard, last_at, doc)
         SELECT printf('flo_%032x', i), account, device, 0, NULL, NULL, 1, last_at+i,
             replace(doc, flow, printf('flo_%032x', i)) FROM flows, n WHERE flow='{}'",
        open.start.flow
    ));
    let told = phone.reconcile(&[(&token, ReplicaState::Active)]).await.flows;
    assert_eq!(told.len(), MOST_RUNS_TOLD);
    assert!(told.iter().any(|log| log.flow == open.start.flow));
    let newest = format!("flo_{:032x}", MOST_RUNS_TOLD + 50);
    assert_eq!(told.last().unwrap().flow.to_string(), newest);
}
