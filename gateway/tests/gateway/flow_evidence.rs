//! What payers hand in: images that are images, judged by vendors, kept for a while (R-026, R-050, R-092).

use axum::body::{Body, Bytes};
use axum::http::{Request, header};
use quittance_flows::Phase;
use quittance_gateway::parties::Party;
use quittance_protocol::answer::{FlowLog, Uploaded};
use quittance_protocol::statement::StepAnswer;
use quittance_protocol::{Code, Digest32};

use crate::support::phone::{Flow, Phone};
use crate::support::runs::{open, phase, png};
use crate::support::{DAY, House};

const STEP: &str = "id_document_upload";

/// The service route at its images.
async fn at_the_images(phone: &Phone<'_>) -> Flow {
    let token = phone.sign_mandate().await;
    let flow = phone.begin_lowering("mandate.cancel.service", &[token.mandate]).await;
    phone.confirm(&flow, "select").await;
    let code = phone.last_code().await;
    let log: FlowLog = phone.answer(&flow, "auto_renewal_off", code).await.ok();
    assert_eq!(open(&log), STEP);
    flow
}

// R-026
#[tokio::test]
async fn both_sides_of_the_document_are_judged_and_the_run_goes_on() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let flow = at_the_images(&phone).await;
    let log = phone.hand_in(&flow, STEP, 2).await;
    assert_eq!(open(&log), "face");
}

// R-026
#[tokio::test]
async fn what_is_no_image_is_refused_and_what_is_too_large_too() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    for bytes in [b"%PDF-1.7 not an image".to_vec(), Vec::new(), png(1, 10)[..30].to_vec()] {
        assert_eq!(phone.send_image(bytes).await.code(), Code::NotAnImage);
    }
    let frame = png(1, 0).len();
    let most = 5_242_880;
    assert_eq!(phone.send_image(png(1, most - frame)).await.status, 200);
    let refused = phone.send_image(png(1, most - frame + 1)).await.problem();
    assert_eq!(refused.code(), Code::TooLarge);
    assert_eq!(refused.detail_text(), Some("the image has more than 5242880 bytes"));
    let request = axum::http::Request::post("/v1/uploads").body(axum::body::Body::from(png(1, 9)));
    assert_eq!(house.send(request.unwrap()).await.code(), Code::SessionNeeded);
}

#[tokio::test]
async fn an_account_that_never_ends_its_uploads_keeps_nobody_else_from_theirs() {
    let house = House::new();
    let (phone, other) = (Phone::ready(&house).await, Phone::ready(&house).await);
    let bearer = phone.session().await;
    let mut endless = Vec::new();
    for _ in 0..100 {
        let (way, bearer) = (house.way(), bearer.clone());
        endless.push(tokio::spawn(async move {
            let body = Body::from_stream(futures_util::stream::pending::<Result<Bytes, std::io::Error>>());
            let request = Request::post("/v1/uploads").header(header::AUTHORIZATION, format!("Bearer {bearer}"));
            way.send(request.body(body).unwrap()).await
        }));
    }
    // All but its share are refused, and told when to come again.
    for _ in 0..98 {
        let (refused, _, left) = futures_util::future::select_all(endless).await;
        assert_eq!(refused.unwrap().code(), Code::ExternalUnavailable);
        endless = left;
    }
    assert_eq!(phone.send_image(png(1, 9)).await.code(), Code::ExternalUnavailable);
    assert_eq!(other.send_image(png(1, 9)).await.status, 200);
    // Control: once one of them is gone there is room.
    for upload in endless {
        upload.abort();
        assert!(upload.await.unwrap_err().is_cancelled());
    }
    assert_eq!(phone.send_image(png(1, 9)).await.status, 200);
}

#[tokio::test]
async fn evidence_that_is_not_what_the_step_asks_for_changes_nothing() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let stranger = Phone::ready(&house).await;
    let theirs: Uploaded = stranger.send_image(png(9, 10)).await.ok();
    let flow = at_the_images(&phone).await;
    let before = phone.run(flow.start.flow).await.events;
    let [front, back] = phone.images(2).await[..] else {
        unreachable!()
    };
    for (uploads, code) in [
        (vec![], Code::Malformed),
        (vec![front], Code::Malformed),
        (vec![front, front], Code::Malformed),
        (vec![front, back, theirs.digest], Code::Malformed),
        (vec![front, Digest32::of(b"never uploaded")], Code::NotFound),
        (vec![front, theirs.digest], Code::NotFound),
    ] {
        let answer = StepAnswer::Evidence { uploads };
        assert_eq!(phone.answer(&flow, STEP, answer).await.code(), code);
    }
    let uploads = vec![front, back];
    let other_step = phone.answer(&flow, "face", StepAnswer::Evidence { uploads }).await;
    assert_eq!(other_step.code(), Code::StepOrder);
    assert_eq!(phone.run(flow.start.flow).await.events, before);
}

// R-092
#[tokio::test]
async fn the_third_rejected_document_ends_the_run_and_the_second_does_not() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let flow = at_the_images(&phone).await;
    house.party_says(
        Party::OcrVendor,
        r#"{"outcome": {"rejected": {"reason": "poor_light"}}}
           {"outcome": {"accepted": {"quality": {"corners": false}}}}
           {"outcome": {"accepted": {"quality": {"sharpness": "0.49"}}}}"#,
    );
    for _ in 1..=2 {
        let log = phone.hand_in(&flow, STEP, 2).await;
        assert_eq!(open(&log), STEP);
    }
    let log = phone.hand_in(&flow, STEP, 2).await;
    assert_eq!(phase(&log), Phase::Refused(Code::BudgetExhausted));
}

// R-092
#[tokio::test]
async fn a_document_that_is_just_legible_enough_passes() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let flow = at_the_images(&phone).await;
    house.party_says(
        Party::OcrVendor,
        r#"{"outcome": {"accepted": {"quality": {"sharpness": "0.50"}}}}"#,
    );
    assert_eq!(open(&phone.hand_in(&flow, STEP, 2).await), "face");
}

#[tokio::test]
async fn a_judgement_that_takes_time_is_heard_at_its_moment_also_after_a_restart() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let flow = at_the_images(&phone).await;
    house.party_says(Party::OcrVendor, r#"{"latency": "PT10M"}"#);
    let log = phone.hand_in(&flow, STEP, 2).await;
    assert_eq!(open(&log), STEP);
    let uploads = phone.images(2).await;
    let twice = phone.answer(&flow, STEP, StepAnswer::Evidence { uploads }).await;
    assert_eq!(twice.code(), Code::StepOrder, "it is being judged");
    house.advance(599).await;
    assert_eq!(open(&phone.run(flow.start.flow).await), STEP);
    house.restart();
    house.advance(1).await;
    assert_eq!(open(&phone.run(flow.start.flow).await), "face");
}

#[tokio::test]
async fn a_vendor_that_is_away_is_asked_again_about_the_same_images() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let flow = at_the_images(&phone).await;
    house.party_says(Party::OcrVendor, r#"{"outage": true, "times": 2}"#);
    let log = phone.hand_in(&flow, STEP, 2).await;
    assert_eq!(open(&log), STEP);
    house.advance(119).await;
    assert_eq!(open(&phone.run(flow.start.flow).await), STEP);
    house.advance(1).await;
    assert_eq!(open(&phone.run(flow.start.flow).await), "face");
    let asked = house.parties.asked(Party::OcrVendor).unwrap();
    assert_eq!(asked.len(), 1, "one try, one name");
}

// R-094
#[tokio::test]
async fn a_face_that_is_eighty_hundredths_alike_passes_and_one_below_does_not() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    for (similarity, next) in [("0.80", "agent_review"), ("0.799999", "liveness")] {
        let token = phone.sign_mandate().await;
        let flow = phone.begin_lowering("mandate.cancel.assisted", &[token.mandate]).await;
        let entries = vec![quittance_protocol::statement::Entry("I cannot end it".to_owned())];
        let _: FlowLog = phone
            .answer(&flow, "open_case", StepAnswer::entered([9; 32], entries))
            .await
            .ok();
        phone.identify(&flow).await;
        phone.hand_in(&flow, STEP, 2).await;
        house.party_says(
            Party::FaceVendor,
            &format!(r#"{{"outcome": {{"similarity": "{similarity}"}}}}"#),
        );
        assert_eq!(open(&phone.hand_in(&flow, "liveness", 3).await), next);
    }
}

// R-026
#[tokio::test]
async fn images_are_erased_when_their_time_is_over() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let uploaded: Uploaded = phone.send_image(png(1, 100)).await.ok();
    let second: Uploaded = phone.send_image(png(2, 100)).await.ok();
    assert_eq!(uploaded.kept_until, house.nonce().await.now.plus_seconds(30 * DAY));
    let uploads = vec![uploaded.digest, second.digest];
    for (after, code) in [(30 * DAY - 1, None), (1, Some(Code::NotFound))] {
        house.clock.advance(after);
        // What is erased is looked for at each start.
        house.restart();
        house.settle().await;
        let flow = at_the_images(&phone).await;
        let answer = StepAnswer::Evidence {
            uploads: uploads.clone(),
        };
        let reply = phone.answer(&flow, STEP, answer).await;
        match code {
            None => assert_eq!(reply.status, 200),
            Some(code) => assert_eq!(reply.code(), code),
        }
    }
}
