//! Offers that nobody can sign, whatever the payer agreed to.

use quittance_protocol::Code;

use crate::support::House;
use crate::support::phone::{Phone, Token};

#[tokio::test]
async fn the_name_that_a_payer_is_shown_is_the_one_that_its_merchant_is_known_by() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let sign = async |name: &str| {
        let offer = house.offer_with(|terms| name.clone_into(&mut terms.merchant_name));
        let token = Token::new();
        let flow = phone.signed_flow(&token, &offer).await;
        phone.post(&phone.consent(&flow, &token, &offer).await).await
    };
    for other in ["Another merchant", "bluebird", "Bluebird ", ""] {
        let refused = sign(other).await.problem();
        let expected = (Code::ProofRejected, Some("/offer/terms/merchant_name"));
        assert_eq!((refused.code(), refused.pointer()), expected, "{other:?}");
    }
    // Control.
    assert_eq!(sign("Bluebird").await.status, 200);
}
