//! Outside parties: scripted, slow, silent, absent, asked twice.

use quittance_flows::Seconds;
use quittance_gateway::Unavailable;
use quittance_gateway::parties::mrz::{MrzField, MrzRefused};
use quittance_gateway::parties::{
    After, BankDecision, Call, CallKey, CardMatch, ContactAnswer, Delivery, DocumentKind, DocumentOutcome,
    DocumentRejection, IdentityMatch, ImageQuality, OutsideParties, Party, ReceivedText, ReleaseAnswer, Reply,
    ScriptError, VideoVerification,
};
use quittance_protocol::Code;

use crate::support::questions::{
    ACCOUNT, FLOW, HISTORY, OTHER, bank, call, card, claim, contact, face, notice, now, open, place, release, scan,
    text, video,
};

fn at_once<T>(outcome: T) -> Result<Reply<T>, Unavailable> {
    Ok(Reply {
        after: After::AT_ONCE,
        outcome,
    })
}

/// Whether each party answers, in the order of [`Party::ALL`].
fn answers(parties: &OutsideParties, step: &str) -> Vec<bool> {
    let call = call(step);
    vec![
        parties.sms_carrier.send(&call, &text(ACCOUNT, "123456")).is_ok(),
        parties.identity_source.compare(&call, &claim()).is_ok(),
        parties.card_holder.compare(&call, &card()).is_ok(),
        parties.ocr_vendor.read(&call, &scan(DocumentKind::IdDocument)).is_ok(),
        parties.face_vendor.judge(&call, &face()).is_ok(),
        parties.video_desk.verify(&call, &video()).is_ok(),
        parties.bank_app.confirm(&call, &bank()).is_ok(),
        parties.merchant_release.ask(&call, &release()).is_ok(),
        parties.contact_peer.ask(&call, &contact()).is_ok(),
        parties.geo_locator.locate(&call, &place()).is_ok(),
        parties.transaction_history.settled(&call, &HISTORY).is_ok(),
        parties.push.notify(&call, &notice()).is_ok(),
    ]
}

#[test]
fn without_a_script_every_party_is_benign_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let parties = open(folder.path()).outside();
    let call = call("any");
    assert_eq!(
        parties.sms_carrier.send(&call, &text(ACCOUNT, "1")),
        at_once(Delivery::Delivered)
    );
    assert_eq!(
        parties.identity_source.compare(&call, &claim()),
        at_once(IdentityMatch::Match)
    );
    assert_eq!(parties.card_holder.compare(&call, &card()), at_once(CardMatch::Match));
    let face = parties.face_vendor.judge(&call, &face()).unwrap().outcome;
    assert_eq!(
        (face.similarity.to_string().as_str(), face.live, face.gestures_match),
        ("0.99", true, true)
    );
    assert_eq!(
        parties.video_desk.verify(&call, &video()),
        at_once(VideoVerification::Verified)
    );
    assert_eq!(
        parties.bank_app.confirm(&call, &bank()),
        at_once(BankDecision::Approved)
    );
    assert_eq!(
        parties.merchant_release.ask(&call, &release()),
        at_once(ReleaseAnswer::Agrees)
    );
    assert_eq!(
        parties.contact_peer.ask(&call, &contact()),
        at_once(ContactAnswer::Confirms)
    );
    assert!(!parties.geo_locator.locate(&call, &place()).unwrap().outcome.vpn);
    assert_eq!(parties.push.notify(&call, &notice()), at_once(Delivery::Delivered));
    for (step, kind) in [
        ("id", DocumentKind::IdDocument),
        ("passport", DocumentKind::Passport),
        ("address", DocumentKind::ProofOfAddress),
        ("handheld", DocumentKind::HandheldPhoto),
    ] {
        let read = parties.ocr_vendor.read(&self::call(step), &scan(kind)).unwrap();
        assert_eq!(read.outcome.name(), "accepted", "{step}");
    }
    let history = parties.transaction_history.settled(&call, &HISTORY).unwrap().outcome;
    assert!(history.iter().all(|transaction| transaction.settled_at < now()));
    assert!(
        history.is_sorted_by(|one, next| one.settled_at > next.settled_at),
        "newest first"
    );
}

// R-019
#[test]
fn lines_are_used_up_in_their_order_then_the_bank_is_benign_again() {
    let folder = tempfile::tempdir().unwrap();
    let parties = open(folder.path());
    let script = br#"
        {"outcome": "refused", "latency": "PT2M"}
        {"outage": true}
        {"latency": "PT10M", "times": 2}
    "#;
    assert_eq!(parties.script(Party::BankApp, script).unwrap(), 3);
    let bank_app = parties.outside().bank_app;
    let confirm = |step: &str| bank_app.confirm(&call(step), &bank());
    let reply = |minutes: i64, outcome| {
        Ok(Reply {
            after: After::Seconds(Seconds::new(minutes * 60)),
            outcome,
        })
    };
    assert_eq!(confirm("first"), reply(2, BankDecision::Refused));
    assert_eq!(confirm("second"), Err(Unavailable));
    assert_eq!(confirm("third"), reply(10, BankDecision::Approved));
    assert_eq!(confirm("fourth"), reply(10, BankDecision::Approved));
    assert_eq!(confirm("fifth"), at_once(BankDecision::Approved));
}

// R-032
#[test]
fn a_merchant_can_stay_silent_for_ever() {
    let folder = tempfile::tempdir().unwrap();
    let parties = open(folder.path());
    parties
        .script(Party::MerchantRelease, br#"{"latency": "never"}"#)
        .unwrap();
    let reply = parties
        .outside()
        .merchant_release
        .ask(&call("release"), &release())
        .unwrap();
    assert_eq!(reply.after.from(now()), None);
    let next = parties
        .outside()
        .merchant_release
        .ask(&call("again"), &release())
        .unwrap();
    assert_eq!(
        next.after.from(now()),
        Some(now()),
        "the control: the next one is answered at once"
    );
}

#[test]
fn every_party_can_be_out_then_answers_the_same_call() {
    let folder = tempfile::tempdir().unwrap();
    let parties = open(folder.path());
    for party in Party::ALL {
        parties.script(*party, br#"{"outage": true, "times": 2}"#).unwrap();
    }
    let outside = parties.outside();
    assert_eq!(answers(&outside, "step"), vec![false; Party::ALL.len()]);
    assert_eq!(answers(&outside, "step"), vec![false; Party::ALL.len()]);
    assert_eq!(answers(&outside, "step"), vec![true; Party::ALL.len()]);
    for party in Party::ALL {
        let asked = parties.asked(*party).unwrap();
        assert_eq!(asked.len(), 1, "{}: one call, made three times", party.name());
        assert_eq!((asked[0].calls, asked[0].at), (3, now()));
        assert!(asked[0].reply.is_some());
    }
}

#[test]
fn the_same_key_gets_the_same_reply_also_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let parties = open(folder.path());
    let script = br#"[{"outcome": "refused", "latency": "PT1H"}, {"outcome": "refused"}]"#;
    parties.script(Party::BankApp, script).unwrap();
    let first = parties.outside().bank_app.confirm(&call("bank"), &bank());
    assert_eq!(first.as_ref().unwrap().outcome, BankDecision::Refused);
    assert_eq!(parties.outside().bank_app.confirm(&call("bank"), &bank()), first);
    drop(parties);

    let parties = open(folder.path());
    let bank_app = parties.outside().bank_app;
    assert_eq!(bank_app.confirm(&call("bank"), &bank()), first);
    // What was not used up yet stands too; a script that is set later changes no reply.
    assert_eq!(bank_app.confirm(&call("next"), &bank()), at_once(BankDecision::Refused));
    parties
        .script(Party::BankApp, br#"{"outcome": "approved", "times": 9}"#)
        .unwrap();
    assert_eq!(bank_app.confirm(&call("bank"), &bank()), first);
    // The control: another try is another call.
    let second = Call {
        key: CallKey::of_step(FLOW, "bank", 2),
        at: now(),
    };
    assert_eq!(bank_app.confirm(&second, &bank()), at_once(BankDecision::Approved));
}

#[test]
fn one_party_knows_nothing_of_the_keys_or_lines_of_another() {
    let folder = tempfile::tempdir().unwrap();
    let parties = open(folder.path());
    parties.script(Party::BankApp, br#"{"outcome": "refused"}"#).unwrap();
    let outside = parties.outside();
    assert_eq!(
        outside.merchant_release.ask(&call("step"), &release()),
        at_once(ReleaseAnswer::Agrees)
    );
    assert_eq!(
        outside.bank_app.confirm(&call("step"), &bank()),
        at_once(BankDecision::Refused)
    );
}

#[test]
fn a_new_script_replaces_what_is_left_of_the_one_before() {
    let folder = tempfile::tempdir().unwrap();
    let parties = open(folder.path());
    parties
        .script(Party::ContactPeer, br#"{"outcome": "refuses", "times": 5}"#)
        .unwrap();
    let contact_peer = parties.outside().contact_peer;
    assert_eq!(
        contact_peer.ask(&call("first"), &contact()),
        at_once(ContactAnswer::Refuses)
    );
    assert_eq!(parties.script(Party::ContactPeer, b"").unwrap(), 0);
    assert_eq!(
        contact_peer.ask(&call("second"), &contact()),
        at_once(ContactAnswer::Confirms)
    );
}

// R-094
#[test]
fn a_face_vendor_tells_how_alike_faces_are_to_the_last_digit() {
    let folder = tempfile::tempdir().unwrap();
    let parties = open(folder.path());
    let script = br#"[{"outcome": {"similarity": "0.80"}}, {"outcome": {"similarity": "0.799999", "live": false}}]"#;
    parties.script(Party::FaceVendor, script).unwrap();
    let face_vendor = parties.outside().face_vendor;
    let at = face_vendor.judge(&call("at"), &face()).unwrap().outcome;
    let below = face_vendor.judge(&call("below"), &face()).unwrap().outcome;
    assert_eq!((at.similarity.millionths(), at.live), (800_000, true));
    assert_eq!((below.similarity.millionths(), below.live), (799_999, false));
}

// R-050
#[test]
fn a_passport_with_a_wrong_check_digit_is_rejected_whatever_the_vendor_thinks() {
    let folder = tempfile::tempdir().unwrap();
    let parties = open(folder.path());
    let names = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<";
    let script = format!(
        r#"[{{"outcome": {{"accepted": {{"mrz": ["{names}", "L898902C37UTO7408122F1204159ZE184226B<<<<<10"]}}}}}},
            {{"outcome": {{"accepted": {{"mrz": ["", ""]}}}}}},
            {{"outcome": {{"accepted": {{"mrz": ["{names}", "L898902C36UTO7408122F1204159ZE184226B<<<<<10"]}}}}}},
            {{"outcome": {{"rejected": {{"reason": "expired", "quality": {{"glare_free": false}}}}}}}}]"#
    );
    parties.script(Party::OcrVendor, script.as_bytes()).unwrap();
    let ocr_vendor = parties.outside().ocr_vendor;
    let read = |step| {
        ocr_vendor
            .read(&call(step), &scan(DocumentKind::Passport))
            .unwrap()
            .outcome
    };
    let quality = ImageQuality::default();
    let rejected = |reason| DocumentOutcome::Rejected { reason, quality };
    let wrong = MrzRefused::CheckDigit(MrzField::DocumentNumber);
    assert_eq!(read("wrong digit"), rejected(DocumentRejection::Mrz(wrong)));
    assert_eq!(read("no zone"), rejected(DocumentRejection::MrzMissing));
    assert_eq!(read("right digit"), DocumentOutcome::Accepted { quality });
    let glaring = ImageQuality {
        glare_free: false,
        ..quality
    };
    let expired = DocumentOutcome::Rejected {
        reason: DocumentRejection::Expired,
        quality: glaring,
    };
    assert_eq!(read("expired"), expired);
    assert_eq!(
        read("wrong digit"),
        rejected(DocumentRejection::Mrz(wrong)),
        "asked again"
    );
    let kept = serde_json::to_string(&parties.asked(Party::OcrVendor).unwrap()).unwrap();
    assert!(
        !kept.contains("ERIKSSON"),
        "what stands in a passport is not part of any reply"
    );
}

// R-096
#[test]
fn a_history_has_as_many_transactions_as_its_script_says() {
    let folder = tempfile::tempdir().unwrap();
    let parties = open(folder.path());
    let script = br#"[{"outcome": {"invented": 19}}, {"outcome": {"invented": 20}}, {"outcome": {"settled": [
        {"amount": {"minor": 3000, "currency": "CNY"}, "payee": "Lantern Books", "settled_at": "2026-11-20T06:30:00Z"}
    ]}}]"#;
    parties.script(Party::TransactionHistory, script).unwrap();
    let history = parties.outside().transaction_history;
    let settled = |step| history.settled(&call(step), &HISTORY).unwrap().outcome;
    assert_eq!(settled("nineteen").len(), 19);
    let twenty = settled("twenty");
    assert_eq!(twenty.len(), 20);
    let mut amounts: Vec<i64> = twenty.iter().map(|transaction| transaction.amount.minor()).collect();
    amounts.sort_unstable();
    amounts.dedup();
    assert_eq!(amounts.len(), 20, "amounts tell transactions apart");
    let one = settled("one");
    assert_eq!(
        (one.len(), one[0].payee.as_str(), one[0].amount.minor()),
        (1, "Lantern Books", 3000)
    );
}

// R-026
#[test]
fn a_text_is_in_the_inbox_of_its_account_from_the_moment_that_it_arrives() {
    let folder = tempfile::tempdir().unwrap();
    let parties = open(folder.path());
    let script = br#"[{"latency": "PT7S"}, {"outcome": "undeliverable"}, {"latency": "never"}, {"outage": true}]"#;
    parties.script(Party::SmsCarrier, script).unwrap();
    let carrier = parties.outside().sms_carrier;
    for (step, code) in [("late", "111111"), ("lost", "222222"), ("silent", "333333")] {
        carrier.send(&call(step), &text(ACCOUNT, code)).unwrap();
    }
    carrier.send(&call("out"), &text(ACCOUNT, "444444")).unwrap_err();
    carrier.send(&call("late"), &text(ACCOUNT, "111111")).unwrap();
    carrier.send(&call("foreign"), &text(OTHER, "555555")).unwrap();
    let codes = |account, seconds| {
        let received: Vec<ReceivedText> = parties
            .sms_carrier()
            .inbox(account, now().plus_seconds(seconds))
            .unwrap();
        let codes = received.into_iter().map(|text| text.arguments["code"].clone());
        codes.collect::<Vec<_>>()
    };
    assert_eq!(codes(ACCOUNT, 6), Vec::<String>::new());
    assert_eq!(codes(ACCOUNT, 7), ["111111"], "sent twice under one key, received once");
    assert_eq!(codes(ACCOUNT, 1_000_000), ["111111"]);
    assert_eq!(codes(OTHER, 0), ["555555"]);
}

#[test]
fn a_malformed_script_is_refused_with_its_member_and_the_one_before_stands() {
    let folder = tempfile::tempdir().unwrap();
    let parties = open(folder.path());
    parties.script(Party::BankApp, br#"{"outcome": "refused"}"#).unwrap();
    for (script, code, pointer) in [
        (r#"{"outcome": "maybe"}"#, Code::Malformed, "/0/outcome"),
        ("{}\n{\"latency\": \"10 minutes\"}", Code::Malformed, "/1/latency"),
        (r#"[{}, {"latency": "-PT1S"}]"#, Code::Malformed, "/1/latency"),
        (r#"{"delay": "PT1S"}"#, Code::UnknownMember, "/0/delay"),
        ("{}\n\n{\"times\": 1, \"times\": 2}", Code::Malformed, "/1/times"),
        (r#"{"times": 0}"#, Code::Malformed, "/0/times"),
        (r#"{"times": -1}"#, Code::Malformed, "/0/times"),
        (r#"{"outage": "yes"}"#, Code::Malformed, "/0/outage"),
        (
            r#"{"outage": true, "outcome": "refused"}"#,
            Code::Malformed,
            "/0/outage",
        ),
        (r#"{"outage": true, "latency": "PT1S"}"#, Code::Malformed, "/0/outage"),
        ("\"refused\"", Code::Malformed, "/0"),
        ("{}\nrefused", Code::Malformed, "/1"),
    ] {
        let error = parties.script(Party::BankApp, script.as_bytes()).unwrap_err();
        let ScriptError::Line(problem) = &error else {
            panic!("{script}: {error}");
        };
        assert_eq!((problem.code(), problem.pointer()), (code, Some(pointer)), "{script}");
    }
    let similar = parties.script(Party::FaceVendor, br#"{"outcome": {"similarity": "1.01"}}"#);
    let ScriptError::Line(problem) = similar.unwrap_err() else {
        panic!("another error");
    };
    assert_eq!(problem.pointer(), Some("/0/outcome/similarity"));
    let confirm = parties.outside().bank_app.confirm(&call("bank"), &bank());
    assert_eq!(confirm, at_once(BankDecision::Refused));
}

#[test]
fn a_gateway_without_parties_is_told_no_by_all_of_them() {
    let absent = OutsideParties::absent();
    assert_eq!(answers(&absent, "step"), vec![false; Party::ALL.len()]);
    let folder = tempfile::tempdir().unwrap();
    let control = answers(&open(folder.path()).outside(), "step");
    assert_eq!(control, vec![true; Party::ALL.len()]);
}

#[test]
fn what_is_secret_or_personal_is_in_no_debug_output_or_record() {
    let folder = tempfile::tempdir().unwrap();
    let parties = open(folder.path());
    answers(&parties.outside(), "step");
    let settled = parties
        .outside()
        .transaction_history
        .settled(&call("step"), &HISTORY)
        .unwrap()
        .outcome;
    let shown = format!("{:?} {:?} {:?} {settled:?}", text(ACCOUNT, "987654"), claim(), place());
    assert!(shown.contains(&ACCOUNT.to_string()), "the control");
    let kept = [Party::IdentitySource, Party::GeoLocator].map(|party| parties.asked(party).unwrap());
    let kept = serde_json::to_string(&kept).unwrap();
    for untold in ["987654", "Eriksson", "L898902C3", "192.0.2.7"] {
        assert!(!shown.contains(untold), "{untold}");
        assert!(!kept.contains(untold), "{untold}");
    }
    assert!(!shown.contains(&settled[0].payee));
}
