//! What a merchant of the sandbox offers and asks for, by HTTP.

use crate::http::{Answer, Http};
use quittance_protocol::MandateId;
use serde_json::json;
use std::io;

/// The merchant makes an offer: rides, CNY 50.00 a charge, CNY 300.00 in 30 days.
///
/// # Errors
/// Where the gateway makes none, with what it says.
pub(crate) async fn offer(http: &Http, merchant: &str) -> io::Result<String> {
    let terms = json!({
        "service": "Rides", "kind": "pay_as_you_go", "period_days": 30,
        "per_charge": { "minor": 5000, "currency": "CNY" }, "per_period": { "minor": 30000, "currency": "CNY" },
    });
    let answer = http
        .post(&format!("/sandbox/merchants/{merchant}/offers"), &terms)
        .await;
    let offer = answer.text_of("offer");
    if offer.is_empty() {
        Err(io::Error::other(format!("no offer: {}", answer.text)))
    } else {
        Ok(offer)
    }
}

/// The merchant charges, with a permit that was handed over where there is one. The same reference is the same charge.
pub(crate) async fn charge(
    http: &Http,
    merchant: &str,
    mandate: MandateId,
    minor: i64,
    reference: &str,
    permit: Option<&str>,
) -> Answer {
    let mut body =
        json!({ "mandate": mandate, "amount": { "minor": minor, "currency": "CNY" }, "reference": reference });
    if let (Some(permit), Some(members)) = (permit, body.as_object_mut()) {
        members.insert("permit".to_owned(), permit.into());
    }
    http.post(&format!("/sandbox/merchants/{merchant}/charges"), &body)
        .await
}
