//! A receipt that is checked again: what holds is named, what was changed is refused by its flaw.

use crate::support::Sandboxed;
use crate::support::phone::Phone;
use crate::support::plug::Line;
use quittance_protocol::OrderId;
use quittance_protocol::log_body::{ClosureKind, EvidenceLevel, TerminationCause};
use quittance_wallet::{ExportedReceipt, ReceiptFlaw, ReceiptSubject, ReceiptVerdict, WalletError, check_exported};

/// A mandate that was closed: the phone, the order, its receipt as a stranger gets it.
async fn closed(sandbox: &Sandboxed) -> (Phone, OrderId, ExportedReceipt) {
    let phone = Phone::enrolled(sandbox).await;
    let merchant = sandbox.merchant("Bluebird").await;
    let mandate = phone.sign(&sandbox.offer(&merchant, "subscription").await).await;
    let flow = phone.wallet.start_revoke(&[mandate]).await.unwrap();
    phone.walk(flow).await.unwrap();
    phone.until_closed(mandate).await;
    let order = phone.wallet.receipts().unwrap().first().unwrap().order;
    let exported = phone.wallet.export_receipt(order).unwrap();
    (phone, order, exported)
}

fn flaw(verdict: Result<ReceiptVerdict, WalletError>) -> Option<ReceiptFlaw> {
    match verdict.unwrap() {
        ReceiptVerdict::Valid(_) => None,
        ReceiptVerdict::Refused(flaw) => Some(flaw),
    }
}

//
#[tokio::test(flavor = "multi_thread")]
async fn a_kept_receipt_is_checked_again_without_a_network_and_a_stranger_finds_the_same() {
    let sandbox = Sandboxed::start().await;
    let (phone, order, exported) = closed(&sandbox).await;
    sandbox.plug.set(Line::Down);
    let kept = phone.wallet.receipts().unwrap().remove(0);
    let ReceiptVerdict::Valid(own) = phone.wallet.verify_receipt(order).unwrap() else {
        panic!("refused")
    };
    let subject = ReceiptSubject {
        order,
        mandates: kept.mandates,
        kind: ClosureKind::TwoSided,
        cause: TerminationCause::Payer,
        evidence_level: EvidenceLevel::E0,
    };
    assert_eq!(own.about, Some(subject.clone()));
    assert_eq!((own.log.as_str(), own.stated_at), ("gateway.test", kept.closed_at));
    assert!(own.place < own.log_size);
    assert_eq!(own.signed_statements, 2, "the intent, the attestation");
    assert!(own.checked_at.is_some());

    let checked = |annex: Option<&str>, jwks: Option<&str>| {
        let verdict = check_exported(&exported.receipt, annex, jwks, &exported.log_vkey).unwrap();
        let ReceiptVerdict::Valid(checked) = verdict else {
            panic!("refused: {verdict:?}")
        };
        checked
    };
    let theirs = checked(Some(&exported.annex_json), Some(&exported.jwks));
    assert_eq!((theirs.place, &theirs.about), (own.place, &Some(subject)));
    assert_eq!((theirs.signed_statements, theirs.checked_at), (2, None));
    let without_keys = checked(Some(&exported.annex_json), None);
    assert_eq!(
        without_keys.signed_statements, 0,
        "the phone's word is the gateway's then"
    );
    assert_eq!(without_keys.about, theirs.about);
    let public = checked(None, Some(&exported.jwks));
    assert_eq!(public.about, None, "without the annex nobody learns whom it is about");
}

//
#[tokio::test(flavor = "multi_thread")]
async fn whatever_was_changed_in_a_receipt_is_refused_by_its_own_flaw() {
    let sandbox = Sandboxed::start().await;
    let (phone, _, exported) = closed(&sandbox).await;
    let (receipt, annex) = (exported.receipt.as_str(), exported.annex_json.as_str());
    let check = |receipt: &str, annex: Option<&str>| flaw(check_exported(receipt, annex, None, &exported.log_vkey));
    assert_eq!(check(receipt, Some(annex)), None, "control");

    let other = Sandboxed::start().await;
    let foreign = other.gateway.log_key().to_string();
    assert_eq!(
        flaw(check_exported(receipt, Some(annex), None, &foreign)),
        Some(ReceiptFlaw::NotSigned)
    );
    let index = receipt.lines().find(|line| line.starts_with("index ")).unwrap();
    assert_eq!(
        check(&receipt.replace(index, "index 0"), None),
        Some(ReceiptFlaw::NotInLog)
    );
    assert_eq!(check("", None), Some(ReceiptFlaw::NotAReceipt));
    assert_eq!(check(receipt, Some("{}")), Some(ReceiptFlaw::NotAnAnnex));
    let change = |change: fn(&mut serde_json::Value)| {
        let mut json: serde_json::Value = serde_json::from_str(annex).unwrap();
        change(&mut json);
        json.to_string()
    };
    let fewer = change(|annex| {
        annex["statements"].as_array_mut().unwrap().pop();
    });
    assert_eq!(check(receipt, Some(&fewer)), Some(ReceiptFlaw::StatementsDiffer));
    let salted = change(|annex| annex["salt"] = annex["body"].clone());
    assert_eq!(check(receipt, Some(&salted)), Some(ReceiptFlaw::AnnexOfAnother));

    let forged = change(|annex| {
        let attestation = annex["statements"][1].as_str().unwrap().rsplit_once('.').unwrap().0;
        annex["statements"][1] = format!("{attestation}.{}", "A".repeat(86)).into();
    });
    let with_keys = |annex: &str| check_exported(receipt, Some(annex), Some(&exported.jwks), &exported.log_vkey);
    assert_eq!(flaw(with_keys(annex)), None, "control");
    assert_eq!(flaw(with_keys(&forged)), Some(ReceiptFlaw::StatementNotSigned));
    assert_eq!(
        check(receipt, Some(&forged)),
        None,
        "without the phone's keys nobody can tell"
    );

    let wrong_key = check_exported(receipt, None, None, "no key").unwrap_err();
    assert!(matches!(wrong_key, WalletError::Config { field: "log_vkey", .. }));
    let no_keys = check_exported(receipt, None, Some("{}"), &exported.log_vkey).unwrap_err();
    assert!(matches!(no_keys, WalletError::Config { field: "jwks", .. }));
    let unknown = phone.wallet.verify_receipt(OrderId::from_bytes([7; 16])).unwrap_err();
    assert!(matches!(unknown, WalletError::NoReceipt));
}

//
#[tokio::test(flavor = "multi_thread")]
async fn no_flipped_bit_of_a_receipt_is_believed() {
    let sandbox = Sandboxed::start().await;
    let (_phone, _, exported) = closed(&sandbox).await;
    let bytes = exported.receipt.as_bytes();
    for index in 0..bytes.len() {
        let mut flipped = bytes.to_vec();
        flipped[index] ^= 1;
        let Ok(text) = String::from_utf8(flipped) else { continue };
        let flaw = flaw(check_exported(&text, None, None, &exported.log_vkey));
        assert!(flaw.is_some(), "byte {index}");
    }
}
