//! What time brings about in runs, and how a phone that was away hears of it (R-326).

use quittance_flows::Phase;
use quittance_gateway::parties::Party;
use quittance_protocol::answer::FlowLog;
use quittance_protocol::statement::{CancelFlow, Channel, StepAnswer};
use quittance_protocol::{Code, Digest32, FlowId};

use crate::support::House;
use crate::support::phone::{Flow, Phone};
use crate::support::runs::phase;

const HOUR: i64 = 3_600;

/// A mini-program run whose merchant stays silent.
async fn silent(phone: &Phone<'_>) -> Flow {
    phone
        .house
        .party_says(Party::MerchantRelease, r#"{"latency": "never"}"#);
    let token = phone.sign_for(Channel::MiniProgram).await;
    let flow = phone
        .begin_lowering("mandate.cancel.mini_program", &[token.mandate])
        .await;
    phone.confirm(&flow, "request").await;
    flow
}

async fn news(phone: &Phone<'_>) -> Vec<FlowLog> {
    phone.reconcile(&[]).await.flows
}

// R-326
#[tokio::test]
async fn a_run_that_nobody_touches_ends_by_itself_after_30_minutes() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let token = phone.sign_mandate().await;
    let flow = phone.begin_lowering("mandate.cancel.quick", &[token.mandate]).await;
    house.advance(1_799).await;
    assert_eq!(phase(&phone.run(flow.start.flow).await), Phase::Open);
    house.restart();
    house.advance(1).await;
    assert_eq!(phase(&phone.run(flow.start.flow).await), Phase::Expired);
}

// R-330
#[tokio::test]
async fn a_clock_that_leaps_leaves_the_same_moments_as_one_that_ticks() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let mut times = Vec::new();
    for leaps in [vec![100 * HOUR], vec![HOUR; 100]] {
        let flow = silent(&phone).await;
        let begun = phone.run(flow.start.flow).await.events[0].at;
        for leap in leaps {
            house.advance(leap).await;
        }
        let log = phone.run(flow.start.flow).await;
        times.push(
            log.events
                .iter()
                .map(|event| event.at.seconds_since(begun))
                .collect::<Vec<_>>(),
        );
    }
    assert_eq!(times[0], times[1]);
    assert!(times[0].contains(&(72 * HOUR)), "{:?}", times[0]);
}

#[tokio::test]
async fn a_phone_that_was_away_hears_how_its_runs_went_on_and_of_nobody_elses() {
    let house = House::new();
    let (phone, other) = (Phone::ready(&house).await, Phone::ready(&house).await);
    let flow = silent(&phone).await;
    assert_eq!(news(&phone).await.len(), 1, "an open run is told of");
    house.advance(72 * HOUR).await;
    let told = news(&phone).await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0], phone.run(flow.start.flow).await);
    assert_eq!(told[0].asking, None);
    assert_eq!(news(&other).await, []);
    // What the phone ended itself is no news.
    let token = other.sign_mandate().await;
    let left = other.begin_lowering("mandate.cancel.quick", &[token.mandate]).await;
    let _: FlowLog = other.post(&CancelFlow { flow: left.start.flow }).await.ok();
    assert_eq!(news(&other).await, []);
}

#[tokio::test]
async fn a_run_is_read_by_its_own_account_alone() {
    let house = House::new();
    let (phone, other) = (Phone::ready(&house).await, Phone::ready(&house).await);
    let flow = silent(&phone).await;
    let path = format!("/v1/flows/{}", flow.start.flow);
    let theirs = house.get(&path, Some(&other.session().await)).await;
    assert_eq!(theirs.code(), Code::NotFound);
    assert_eq!(house.get(&path, None).await.code(), Code::SessionNeeded);
    let unknown = format!("/v1/flows/{}", FlowId::from_bytes([1; 16]));
    assert_eq!(
        house.get(&unknown, Some(&phone.session().await)).await.code(),
        Code::NotFound
    );
}

#[tokio::test]
async fn answers_to_another_run_another_step_or_twice_change_nothing() {
    let house = House::new();
    let (phone, other) = (Phone::ready(&house).await, Phone::ready(&house).await);
    let flow = silent(&phone).await;
    let before = phone.run(flow.start.flow).await.events;
    let shown = || StepAnswer::Confirmed {
        shown: Digest32::of(b"shown"),
    };
    assert_eq!(
        phone.answer(&flow, "request", shown()).await.code(),
        Code::StepOrder,
        "twice"
    );
    assert_eq!(phone.answer(&flow, "release", shown()).await.code(), Code::StepOrder);
    assert_eq!(
        phone.answer(&flow, "platform_review", shown()).await.code(),
        Code::StepOrder
    );
    assert_eq!(other.answer(&flow, "release", shown()).await.code(), Code::NotFound);
    for answer in [
        StepAnswer::Resend {},
        StepAnswer::Offline {},
        StepAnswer::NotRecognised { today: 1 },
    ] {
        assert_eq!(phone.answer(&flow, "release", answer).await.code(), Code::StepOrder);
    }
    assert_eq!(phone.run(flow.start.flow).await.events, before);
}

#[tokio::test]
async fn a_clock_that_is_set_back_makes_no_fresh_nonce_an_old_one() {
    let house = House::new();
    house.advance(1_000).await;
    house.clock.advance(-900);
    let phone = Phone::new(&house);
    let enrolled = phone.post(&phone.enrolment(phone.nonce().await)).await;
    assert_eq!(enrolled.status, 200, "{enrolled:?}");
}
