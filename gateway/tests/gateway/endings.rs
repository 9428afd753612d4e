//! What a mandate's record says of its end.

use quittance_protocol::log_body::{Actor, Ending, TerminationCause};

use crate::support::House;
use crate::support::phone::Phone;

//
#[tokio::test]
async fn the_record_of_an_ended_mandate_says_why_it_ended_and_by_whom() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let token = phone.sign_mandate().await;
    assert_eq!(phone.mandate(token.mandate).await.ending, None);
    phone.revoke(&[token.mandate]).await;
    let by_the_payer = Ending {
        cause: TerminationCause::Payer,
        by: Actor::Payer,
    };
    assert_eq!(phone.mandate(token.mandate).await.ending, Some(by_the_payer));
}

//
#[tokio::test]
async fn a_mandate_that_was_never_activated_says_so() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let token = phone.provision(&house.offer()).await;
    house.advance(15 * 60).await;
    let by_the_clock = Ending {
        cause: TerminationCause::NeverActivated,
        by: Actor::System,
    };
    assert_eq!(phone.mandate(token.mandate).await.ending, Some(by_the_clock));
}
