//! Repeating anything changes nothing and answers the same (I5, H1, H2).

use quittance_protocol::answer::{Enrolled, OrderRecord};
use quittance_protocol::statement::{Charge, Hold, HoldChange, Session};
use quittance_protocol::{Code, StatementId};

use crate::support::phone::{Phone, approved, declined};
use crate::support::{House, ORIGIN, Reply, cny, random};
use quittance_gateway::Clock as _;

/// Sends one statement a hundred times at once.
async fn hundred(house: &House, compact: &str) -> Vec<Reply> {
    let mut sent = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let (router, request) = (house.gateway().router(), crate::support::statement(compact.to_owned()));
        sent.spawn(async move {
            let response = tower::ServiceExt::oneshot(router, request).await.unwrap();
            let status = response.status().as_u16();
            let content_type = response.headers()["content-type"].to_str().unwrap().to_owned();
            let body = axum::body::to_bytes(response.into_body(), usize::MAX)
                .await
                .unwrap()
                .to_vec();
            Reply {
                status,
                content_type,
                body,
            }
        });
    }
    sent.join_all().await
}

#[track_caller]
fn one_answer(replies: &[Reply]) -> Reply {
    let first = replies.first().unwrap();
    assert!(replies.iter().all(|reply| reply == first), "the answers differ");
    first.clone()
}

//
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_statement_sent_a_hundred_times_in_parallel_has_one_effect_and_one_answer() {
    let house = House::new();
    let phone = Phone::new(&house);
    let enrolment = phone.say(&phone.enrolment(phone.nonce().await));
    let _: Enrolled = one_answer(&hundred(&house, &enrolment).await).ok();
    phone.register_pin().await;

    let token = phone.provision(&house.offer()).await;
    let activation = quittance_protocol::statement::Activation {
        nonce: phone.nonce().await,
        mandate: token.mandate,
        permits: (1..=3).map(|number| token.pooled(&house, number)).collect(),
    };
    one_answer(&hundred(&house, &phone.say(&activation)).await);

    let charge = Charge {
        mandate: token.mandate,
        amount: cny(3000),
        reference: "one".to_owned(),
        permit: None,
    };
    let charge = house.sign_as_merchant(&charge);
    approved(&one_answer(&hundred(&house, &charge).await));
    assert_eq!(house.network.charges().unwrap().len(), 1, "no double charge");
    assert_eq!(house.network.charges().unwrap()[0].calls, 1);
    assert_eq!(phone.mandate(token.mandate).await.permits_left, 2);

    let intent = phone.say(&phone.intend(&[token.mandate]).await);
    let order: OrderRecord = one_answer(&hundred(&house, &intent).await).ok();
    house.settle().await;
    let order = phone.order(order.order).await;
    let attestation = phone.say(&phone.attestation(&order));
    one_answer(&hundred(&house, &attestation).await);
    // order, destroyed, closure, and the policy before them: each once.
    assert!(house.get("/log/checkpoint", None).await.text().contains("\n4\n"));
}

//
#[tokio::test]
async fn the_stored_answer_survives_a_restart_byte_for_byte() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let token = phone.sign_mandate().await;
    let charge = house.sign_as_merchant(&Charge {
        mandate: token.mandate,
        amount: cny(9999),
        reference: "declined".to_owned(),
        permit: None,
    });
    let unknown = quittance_protocol::MandateId::from_bytes(random());
    let hold = Hold {
        mandates: vec![unknown],
        change: HoldChange::Add {},
    };
    let refused = phone.say(&hold);
    let before = (house.post(&charge).await, house.post(&refused).await);
    assert_eq!(declined(&before.0), Code::LimitExceeded);
    assert_eq!(before.1.code(), Code::NotFound);
    house.restart();
    assert_eq!((house.post(&charge).await, house.post(&refused).await), before);
}

//
#[tokio::test]
async fn the_same_id_with_other_content_is_refused() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let token = phone.sign_mandate().await;
    let jti = StatementId::from_bytes(random());
    let charge = |minor| {
        let body = Charge {
            mandate: token.mandate,
            amount: cny(minor),
            reference: "x".to_owned(),
            permit: None,
        };
        house
            .merchants
            .sign(house.merchant, ORIGIN, house.clock.now(), jti, &body)
            .unwrap()
    };
    approved(&house.post(&charge(100)).await);
    assert_eq!(house.post(&charge(200)).await.code(), Code::JtiReused);
    assert_eq!(house.network.charges().unwrap().len(), 1);
}

//
#[tokio::test]
async fn a_nonce_is_spent_once_and_lives_five_minutes() {
    let house = House::new();
    let phone = Phone::new(&house);
    let nonce = phone.nonce().await;
    let _: Enrolled = phone.post(&phone.enrolment(nonce.clone())).await.ok();
    let other = Phone::new(&house);
    assert_eq!(
        other.post(&other.enrolment(nonce)).await.code(),
        Code::NonceNeeded,
        "spent"
    );
    for (age, passes) in [(299, true), (300, false)] {
        let other = Phone::new(&house);
        let nonce = other.nonce().await;
        house.clock.advance(age);
        let reply = other.post(&other.enrolment(nonce)).await;
        assert_eq!(reply.status == 200, passes, "after {age} s");
    }
    let forged = quittance_protocol::B64::new(random::<32>());
    assert_eq!(other.post(&other.enrolment(forged)).await.code(), Code::NonceNeeded);
}

#[tokio::test]
async fn a_read_token_reads_for_300_seconds_and_is_the_same_for_the_same_statement() {
    let house = House::new();
    let phone = Phone::new(&house);
    phone.enrol().await;
    let session = phone.say(&Session {});
    let first = house.post(&session).await;
    let opened: quittance_protocol::answer::SessionOpened = first.ok();
    let bearer = quittance_protocol::bytes::to_base64url(opened.token.as_slice());
    assert_eq!(house.get("/v1/mandates", None).await.code(), Code::SessionNeeded);
    // H8: no mandates is an empty list.
    assert_eq!(house.get("/v1/mandates", Some(&bearer)).await.text(), "[]");
    house.restart();
    assert_eq!(
        house.get("/v1/mandates", Some(&bearer)).await.code(),
        Code::SessionNeeded,
        "held in memory"
    );
    assert_eq!(house.post(&session).await, first);
    house.clock.advance(299);
    assert_eq!(house.get("/v1/mandates", Some(&bearer)).await.text(), "[]");
    house.clock.advance(1);
    assert_eq!(
        house.get("/v1/mandates", Some(&bearer)).await.code(),
        Code::SessionNeeded
    );
}
