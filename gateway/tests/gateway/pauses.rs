//! The payer's pause beside a cancellation: lifting the one leaves the other alone.

use quittance_protocol::answer::MandateRecord;
use quittance_protocol::statement::{CancelFlow, Channel};
use quittance_protocol::{Code, FlowId};

use crate::support::House;
use crate::support::phone::{Phone, Token, approved, declined};

async fn with_mandate(house: &House, channel: Channel) -> (Phone<'_>, Token) {
    let phone = Phone::ready(house).await;
    let offer = house.offer_with(|terms| terms.channel = channel);
    let token = phone.provision(&offer).await;
    let permits = vec![token.pooled(house, 1), token.pooled(house, 2)];
    assert_eq!(phone.activate(&token, permits).await.status, 200);
    (phone, token)
}

/// A case that waits for somebody else than the payer.
async fn under_way(phone: &Phone<'_>, token: &Token, definition: &str) -> FlowId {
    let walked = phone.walk(definition, &[token.mandate]).await;
    assert!(!walked.is_complete(), "it waits");
    walked.flow.start.flow
}

//
//
#[tokio::test]
async fn lifting_the_pause_lets_nothing_be_charged_while_a_cancellation_goes_on() {
    for (definition, channel) in [
        ("mandate.cancel.assisted", Channel::App),
        ("mandate.cancel.forced", Channel::App),
        ("mandate.cancel.mini_program", Channel::MiniProgram),
    ] {
        let house = House::on_stage();
        house.script("merchant_release", &["{\"latency\":\"never\"}"]).await;
        let (phone, token) = with_mandate(&house, channel).await;
        assert_eq!(phone.pause(&[token.mandate]).await.status, 200);
        let flow = under_way(&phone, &token, definition).await;

        let lifted: Vec<MandateRecord> = phone.resume(&[token.mandate]).await.ok();
        assert_eq!(lifted[0].holds, ["revocation"], "{definition}");
        assert_eq!(declined(&house.charge(token.mandate, 1).await), Code::MandateHeld);
        let again = phone.resume(&[token.mandate]).await.problem();
        assert_eq!(
            (again.code(), again.pointer()),
            (Code::StepOrder, Some("/mandates/0")),
            "{definition}: there is no pause to lift"
        );

        // Control: once it is left, the payer lifts its hold as well.
        assert_eq!(phone.post(&CancelFlow { flow }).await.status, 200);
        assert_eq!(declined(&house.charge(token.mandate, 1).await), Code::MandateHeld);
        assert_eq!(phone.resume(&[token.mandate]).await.status, 200);
        approved(&house.charge(token.mandate, 1).await);
    }
}

//
#[tokio::test]
async fn a_cancellation_of_another_mandate_keeps_no_pause_from_being_lifted() {
    let house = House::on_stage();
    let (phone, token) = with_mandate(&house, Channel::App).await;
    let other = phone.sign_mandate().await;
    under_way(&phone, &other, "mandate.cancel.assisted").await;
    assert_eq!(phone.pause(&[token.mandate, other.mandate]).await.status, 200);
    assert_eq!(phone.resume(&[token.mandate, other.mandate]).await.status, 200);
    approved(&house.charge(token.mandate, 1).await);
    assert_eq!(declined(&house.charge(other.mandate, 1).await), Code::MandateHeld);
}
