//! No secret, no name, no amount leaves in an error, a `Debug` text or the wallet's file.

use crate::support::phone::{Phone, pin};
use crate::support::{OTHER_PIN, PIN, Sandboxed};
use quittance_protocol::bytes::to_base64url;
use quittance_wallet::Answer;

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// Whether a text tells some bytes: as a text of theirs, as Rust lists them, in hex or in base64url.
fn tells(text: &str, secret: &[u8]) -> bool {
    let listed = format!("{secret:?}");
    let listed = listed.trim_matches(['[', ']']);
    let forms = [
        listed.to_owned(),
        listed.replace(' ', ""),
        hex::encode(secret),
        to_base64url(secret),
    ];
    contains(text.as_bytes(), secret) || forms.iter().any(|form| text.contains(form))
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_and_debug_texts_hold_no_pin() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let merchant = sandbox.merchant("Bluebird").await;
    let flow = phone
        .wallet
        .start_sign(&sandbox.offer(&merchant, "subscription").await)
        .await
        .unwrap();
    assert!(phone.answer(flow).await.unwrap() && phone.answer(flow).await.unwrap());
    let answer = Answer::PaymentPin(pin(OTHER_PIN));
    let mut texts = vec![format!("{answer:?}"), format!("{:?}", phone.wallet)];
    let error = phone.wallet.submit(flow, answer).await.unwrap_err();
    texts.extend([format!("{error:?}"), error.to_string()]);
    for text in texts {
        assert!(!tells(&text, OTHER_PIN) && !tells(&text, PIN), "{text}");
    }
    let printed = format!("{:?}", pin(OTHER_PIN).as_slice());
    assert!(
        tells(&printed, OTHER_PIN),
        "control: printed bytes are found, {printed}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_file_tells_neither_merchant_nor_service() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let merchant = sandbox.merchant("Bluebird").await;
    let mandate = phone.sign(&sandbox.offer(&merchant, "subscription").await).await;
    let bytes = phone.files();
    assert!(contains(&bytes, b"SQLite format 3"), "control: these are the files");
    for part in [
        "Bluebird",
        "Rides",
        &mandate.to_string(),
        &merchant.id.to_string(),
        "statements",
    ] {
        assert!(!contains(&bytes, part.as_bytes()), "{part}");
    }
}
