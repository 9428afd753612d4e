//! A receipt convinces strangers, until one bit of it changes.

use proptest::prelude::*;
use quittance_protocol::log::{Entry, EntryKind, LogError};
use quittance_protocol::log_body::{ClosureBody, ClosureKind, EvidenceLevel, TerminationCause};
use quittance_protocol::receipt::{self, ReceiptError};
use quittance_protocol::statement::{Attestation, Intent, PhoneOutcome, Probe};
use quittance_protocol::{
    Annex, B64, Code, Digest32, FlowId, MandateId, OrderId, PublicKey, Receipt, Received, jwk_set,
};

use crate::fixture::{AUDIENCE, Log, PhoneKey, time};

const SALT: [u8; 32] = [6; 32];

struct Closed {
    key: PhoneKey,
    log: Log,
    receipt: Vec<u8>,
    annex: Annex,
    body: ClosureBody,
}

fn content(statement: &str) -> Option<Digest32> {
    Some(Received::parse(statement).unwrap().content())
}

/// The phone's word that its half is destroyed, and that nothing opened since.
fn destroyed() -> PhoneOutcome {
    PhoneOutcome::Destroyed {
        epoch_old: 1,
        epoch_new: 2,
        destroyed_key: Digest32::of(b"root"),
        probe: Probe {
            old_root_opens: false,
            records_open: false,
            key_found: false,
        },
        resumed: false,
    }
}

fn closed() -> Closed {
    closed_by(ClosureKind::TwoSided, |_| ())
}

/// A closure of this kind, where the phone's statement was changed before it was signed.
fn closed_by(kind: ClosureKind, change: impl FnOnce(&mut Attestation)) -> Closed {
    closed_with(kind, change, |_, _| ())
}

/// The same, where the body was changed before it was logged, with the payer's wish and the phone's statement beside it.
fn closed_with(
    kind: ClosureKind,
    change: impl FnOnce(&mut Attestation),
    change_body: impl FnOnce(&mut ClosureBody, &mut [String; 2]),
) -> Closed {
    let key = PhoneKey::new();
    let order = OrderId::from_bytes([4; 16]);
    let mandates = vec![MandateId::from_bytes([1; 16])];
    let tokens = vec![Digest32::of(b"token")];
    let flow = FlowId::from_bytes([3; 16]);
    let intent = key.state(
        1,
        &Intent {
            flow,
            mandates: mandates.clone(),
            offline: false,
            proof: "a.b.c".to_owned(),
        },
    );
    let mut attestation = Attestation {
        order,
        nonce: B64::new([8; 16]),
        tokens: tokens.clone(),
        outcome: destroyed(),
    };
    change(&mut attestation);
    let attestation = key.state(2, &attestation);
    let mut body = ClosureBody {
        order,
        kind,
        mandates,
        tokens,
        cause: TerminationCause::Payer,
        nonce: B64::new([8; 16]),
        intent: content(&intent),
        phone_attestation: content(&attestation),
        gateway_attestation: Digest32::of(b"destroyed entry"),
        evidence_level: EvidenceLevel::E0,
        risk_epoch_before: 1,
        risk_epoch_after: 2,
        policy: Digest32::of(b"policy"),
        effective_at: time("2026-11-22T06:30:00Z"),
    };
    let mut statements = [intent, attestation];
    change_body(&mut body, &mut statements);
    let bytes = serde_json::to_vec(&body).unwrap();
    let (log, receipt) = logged(EntryKind::Closure, &bytes);
    let mut statements = statements.to_vec();
    statements.dedup();
    let annex = Annex {
        salt: B64::new(SALT),
        body: B64::new(bytes),
        statements,
    };
    Closed {
        key,
        log,
        receipt,
        annex,
        body,
    }
}

fn logged(kind: EntryKind, body: &[u8]) -> (Log, Vec<u8>) {
    let log = Log::new(1);
    for number in 0..5 {
        log.append(&[number]);
    }
    let entry = Entry::commit(kind, time("2026-11-22T06:30:05Z"), &SALT, body).to_bytes();
    let index = log.append(&entry);
    log.append(b"after");
    let receipt = log.prove(index, &entry).into_bytes();
    (log, receipt)
}

fn holds(receipt: &[u8], log: &Log) -> bool {
    Receipt::parse(receipt).is_ok_and(|receipt| receipt.verify(log.signer.verifier()).is_ok())
}

// R-321
#[test]
fn a_receipt_holds_offline_and_its_annex_opens_it() {
    let case = closed();
    let receipt = Receipt::parse(&case.receipt).unwrap();
    assert_eq!(receipt.as_bytes(), case.receipt);
    let verified = receipt.verify(case.log.signer.verifier()).unwrap();
    assert_eq!(verified.logged().index(), 5);
    assert_eq!(
        Entry::parse(receipt.entry_bytes()).as_ref(),
        Ok(verified.logged().entry())
    );
    assert_eq!(verified.open(&case.annex).unwrap(), case.body);
}

/// The control shows what refuses: without signature and inclusion, most of these receipts would be read.
// R-321
#[test]
fn every_flipped_bit_is_refused() {
    let case = closed();
    let mut readable = 0;
    for position in 0..case.receipt.len() {
        for bit in 0..8 {
            let mut changed = case.receipt.clone();
            changed[position] ^= 1 << bit;
            assert!(!holds(&changed, &case.log), "bit {bit} of byte {position}");
            readable += usize::from(Receipt::parse(&changed).is_ok());
        }
    }
    assert!(readable > 1000, "only {readable} flips got past the form");
    assert!(holds(&case.receipt, &case.log));
}

#[test]
fn every_truncation_or_addition_is_refused() {
    let case = closed();
    for length in 0..case.receipt.len() {
        assert!(!holds(&case.receipt[..length], &case.log), "the first {length} bytes");
        assert!(!holds(&case.receipt[length + 1..], &case.log), "from byte {length} on");
    }
    for extra in ["\n", " ", "x", "\0", "— a b\n"] {
        assert!(
            !holds(&[case.receipt.as_slice(), extra.as_bytes()].concat(), &case.log),
            "{extra:?}"
        );
    }
}

proptest! {
    #[test]
    fn any_other_bytes_are_refused(cut in any::<prop::sample::Index>(), noise in prop::collection::vec(any::<u8>(), 1..64)) {
        let case = closed();
        let position = cut.index(case.receipt.len());
        let mut changed = case.receipt.clone();
        for (offset, byte) in noise.into_iter().enumerate() {
            if let Some(place) = changed.get_mut(position + offset) { *place = byte; }
        }
        prop_assume!(changed != case.receipt);
        prop_assert!(!holds(&changed, &case.log));
    }
}

#[test]
fn an_entry_of_another_kind_is_no_receipt() {
    for kind in EntryKind::ALL.into_iter().filter(|kind| *kind != EntryKind::Closure) {
        let (log, receipt) = logged(kind, b"{}");
        let refused = Receipt::parse(&receipt)
            .unwrap()
            .verify(log.signer.verifier())
            .unwrap_err();
        assert_eq!(refused, ReceiptError::NotAClosure);
    }
}

// R-321
#[test]
fn a_receipt_of_another_log_or_without_an_entry_is_refused() {
    let case = closed();
    let receipt = Receipt::parse(&case.receipt).unwrap();
    let refused = receipt.verify(Log::new(2).signer.verifier()).unwrap_err();
    assert_eq!(refused, ReceiptError::Log(LogError::Unsigned));
    let text = String::from_utf8(case.receipt).unwrap();
    let (magic, rest) = text.split_once('\n').unwrap();
    let (_, rest) = rest.split_once('\n').unwrap();
    assert_eq!(
        Receipt::parse(format!("{magic}\n{rest}").as_bytes()),
        Err(ReceiptError::NoEntry)
    );
    assert_eq!(Receipt::parse(&[b'a'; 64 * 1024 + 1]), Err(ReceiptError::Form));
}

#[test]
fn an_annex_that_was_touched_does_not_open_the_receipt() {
    let case = closed();
    let verified = Receipt::parse(&case.receipt)
        .unwrap()
        .verify(case.log.signer.verifier())
        .unwrap();
    let refused = |change: fn(&mut Annex)| {
        let mut annex = case.annex.clone();
        change(&mut annex);
        verified.open(&annex).unwrap_err()
    };
    assert_eq!(
        refused(|annex| annex.salt = B64::new([7; 32])),
        ReceiptError::WrongOpening
    );
    assert_eq!(
        refused(|annex| annex.salt = B64::new([6; 31])),
        ReceiptError::WrongOpening
    );
    assert_eq!(
        refused(|annex| annex.body = B64::new([annex.body.as_slice(), b" "].concat())),
        ReceiptError::WrongOpening
    );
    assert_eq!(
        refused(|annex| drop(annex.statements.pop())),
        ReceiptError::StatementMissing
    );
    assert_eq!(
        refused(|annex| annex.statements.clear()),
        ReceiptError::StatementMissing
    );
    assert_eq!(
        refused(|annex| annex
            .statements
            .push(PhoneKey::new().state(1, &quittance_protocol::statement::Session {}))),
        ReceiptError::StatementNotNamed { index: 2 }
    );
    assert!(matches!(
        refused(|annex| annex.statements[0].push('!')),
        ReceiptError::Statement { index: 0, .. }
    ));
}

fn of_its_probe(said: &mut Attestation, change: impl FnOnce(&mut Probe)) {
    if let PhoneOutcome::Destroyed { probe, .. } = &mut said.outcome {
        change(probe);
    }
}

fn of_its_epochs(said: &mut Attestation, change: impl FnOnce(&mut u64, &mut u64)) {
    if let PhoneOutcome::Destroyed {
        epoch_old, epoch_new, ..
    } = &mut said.outcome
    {
        change(epoch_old, epoch_new);
    }
}

/// Unilateral is the control: what the phone did not say is no flaw of a closure that does not claim it.
// R-316
#[test]
fn both_sides_ended_it_only_where_the_phones_own_statement_says_so() {
    let checked = |kind, change: fn(&mut Attestation)| {
        let case = closed_by(kind, change);
        receipt::check(case.log.signer.verifier(), &case.receipt, Some(&case.annex)).map(|(_, body)| body.unwrap().kind)
    };
    assert_eq!(checked(ClosureKind::TwoSided, |_| ()), Ok(ClosureKind::TwoSided));
    let changes: [fn(&mut Attestation); 9] = [
        |said| said.outcome = PhoneOutcome::Absent {},
        |said| said.order = OrderId::from_bytes([9; 16]),
        |said| said.nonce = B64::new([9; 16]),
        |said| said.tokens.clear(),
        |said| of_its_probe(said, |probe| probe.old_root_opens = true),
        |said| of_its_probe(said, |probe| probe.records_open = true),
        |said| of_its_probe(said, |probe| probe.key_found = true),
        |said| of_its_epochs(said, |old, new| *new = *old),
        |said| of_its_epochs(said, |old, new| *old = *new + 1),
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let said = checked(ClosureKind::TwoSided, change);
        assert_eq!(said, Err(ReceiptError::NotTwoSided), "change {number}");
        assert_eq!(
            checked(ClosureKind::Unilateral, change),
            Ok(ClosureKind::Unilateral),
            "change {number}"
        );
    }
}

/// What checking a closure comes to whose body, or wish, was changed; in both kinds.
fn changed(change: impl Fn(&mut ClosureBody, &mut [String; 2])) -> Result<(), ReceiptError> {
    let [one, other] = [ClosureKind::Unilateral, ClosureKind::TwoSided].map(|kind| {
        // The phone speaks of whatever tokens the body names.
        let told = closed_with(kind, |_| (), &change).body.tokens;
        let case = closed_with(
            kind,
            |said| said.tokens = told,
            |body, statements| {
                change(body, statements);
                body.phone_attestation = content(&statements[1]);
            },
        );
        receipt::check(case.log.signer.verifier(), &case.receipt, Some(&case.annex)).map(drop)
    });
    assert_eq!(one, other);
    one
}

const A: MandateId = MandateId::from_bytes([1; 16]);
const B: MandateId = MandateId::from_bytes([2; 16]);

/// The payer's wish for these.
fn wish(mandates: &[MandateId]) -> String {
    let wish = Intent {
        flow: FlowId::from_bytes([3; 16]),
        mandates: mandates.to_vec(),
        offline: false,
        proof: "a.b.c".to_owned(),
    };
    PhoneKey::new().state(1, &wish)
}

fn with_wish(body: &mut ClosureBody, statements: &mut [String; 2], wish: String) {
    body.intent = content(&wish);
    statements[0] = wish;
}

// R-321
#[test]
fn a_body_names_each_mandate_once_with_its_token() {
    let named = |mandates: &[MandateId], tokens: &[&[u8]]| {
        changed(|body, statements| {
            body.mandates = mandates.to_vec();
            body.tokens = tokens.iter().map(|token| Digest32::of(token)).collect();
            with_wish(body, statements, wish(&[A, B]));
        })
    };
    let refused = Err(ReceiptError::NotPaired);
    assert_eq!(named(&[A, B], &[b"one"]), refused);
    assert_eq!(named(&[A], &[b"one", b"other"]), refused);
    assert_eq!(named(&[], &[]), refused);
    assert_eq!(named(&[A, A], &[b"one", b"other"]), refused);
    assert_eq!(named(&[A, B], &[b"one", b"one"]), refused);
    assert_eq!(named(&[A, B], &[b"one", b"other"]), Ok(()), "control");
}

// R-321
#[test]
fn a_wish_that_is_named_asks_for_the_end_of_what_ended() {
    let wished = |wish: String| changed(|body, statements| with_wish(body, statements, wish.clone()));
    assert_eq!(wished(wish(&[B])), Err(ReceiptError::NotWished));
    assert_eq!(wished(wish(&[])), Err(ReceiptError::NotWished));
    let another = PhoneKey::new().state(1, &quittance_protocol::statement::Session {});
    assert_eq!(wished(another), Err(ReceiptError::NotWished));
    let attested = changed(|body, statements| {
        body.intent = content(&statements[1]);
        statements[0] = statements[1].clone();
    });
    assert_eq!(attested, Err(ReceiptError::NotWished), "the phone's word is no wish");
    assert_eq!(wished(wish(&[A])), Ok(()), "control");
    assert_eq!(
        wished(wish(&[B, A])),
        Ok(()),
        "a wish may ask for more than one order ends"
    );
    let unasked = changed(|body, statements| {
        body.intent = None;
        statements[0] = statements[1].clone();
    });
    assert_eq!(unasked, Ok(()), "control: not every end was the payer's wish");
}

#[test]
fn a_commitment_to_something_else_than_a_closure_body_is_refused() {
    let (log, receipt) = logged(EntryKind::Closure, br#"{"order":1}"#);
    let verified = Receipt::parse(&receipt).unwrap().verify(log.signer.verifier()).unwrap();
    let annex = Annex {
        salt: B64::new(SALT),
        body: B64::new(*br#"{"order":1}"#),
        statements: vec![],
    };
    assert!(matches!(verified.open(&annex), Err(ReceiptError::Body(_))));
}

// R-321
#[test]
fn a_receipt_is_looked_at_up_to_64_kib_and_an_annex_up_to_one_mib() {
    let text = |length| Receipt::parse(&vec![b'a'; length]).unwrap_err();
    assert_eq!(text(65_537), ReceiptError::Form);
    assert!(matches!(text(65_536), ReceiptError::Log(_)));

    let mut annex = serde_json::to_vec(&closed().annex).unwrap();
    annex.resize(1_048_576, b' ');
    assert!(Annex::parse(&annex).is_ok());
    annex.push(b' ');
    assert_eq!(Annex::parse(&annex).unwrap_err(), ReceiptError::AnnexForm);
}

/// The body names a statement by what it says: whoever has the log's key alone believes the gateway that the phone said it.
#[test]
fn what_the_phone_said_is_signed_by_its_own_key_for_whoever_has_it() {
    let case = closed();
    let checked = |annex: &Annex, keys: &[PublicKey], audience| receipt::check_signatures(annex, keys, audience);
    let other = PhoneKey::new().public;
    let keys = [other, case.key.public];
    assert_eq!(checked(&case.annex, &keys, None), Ok(2));
    assert_eq!(checked(&case.annex, &keys, Some(AUDIENCE)), Ok(2));
    let refused = Err(ReceiptError::NotSigned { index: 0 });
    assert_eq!(checked(&case.annex, &keys, Some("another.test")), refused);
    assert_eq!(checked(&case.annex, &[other], None), refused);
    assert_eq!(checked(&case.annex, &[], None), refused);

    for index in 0..2 {
        let mut forged = case.annex.clone();
        let (said, _) = forged.statements[index].rsplit_once('.').unwrap();
        forged.statements[index] = format!("{said}.{}", "A".repeat(86));
        let without_keys = receipt::check(case.log.signer.verifier(), &case.receipt, Some(&forged));
        assert!(
            without_keys.is_ok(),
            "control: what it says is what the log committed to"
        );
        assert_eq!(checked(&forged, &keys, None), Err(ReceiptError::NotSigned { index }));
    }
}

/// RFC 7517 section 5: what is not understood is passed over.
#[test]
fn a_set_of_keys_is_read_as_it_was_written_or_by_whoever_else_wrote_it() {
    let (one, other) = (PhoneKey::new().public, PhoneKey::new().public);
    let written = jwk_set::write(&[("device", &one), ("token", &other)]).unwrap();
    assert_eq!(jwk_set::read(&written).unwrap(), [one, other]);
    let mut foreign: serde_json::Value = serde_json::from_str(&written).unwrap();
    foreign["keys"][0] = serde_json::json!({ "kty": "RSA", "n": "AQAB", "e": "AQAB" });
    foreign["keys"][1]["x5t"] = "more".into();
    assert_eq!(jwk_set::read(&foreign.to_string()).unwrap(), [other]);
    for none in ["", "[]", "{}", r#"{"keys":[]}"#, r#"{"keys":[{"kty":"RSA"}]}"#] {
        assert_eq!(jwk_set::read(none).unwrap_err().code(), Code::Malformed, "{none}");
    }
}

#[test]
fn one_call_checks_what_a_stranger_can_check() {
    let case = closed();
    let key = case.log.signer.verifier();
    let (alone, none) = receipt::check(key, &case.receipt, None).unwrap();
    assert!(none.is_none(), "without the annex nobody learns whom it is about");
    let (verified, body) = receipt::check(key, &case.receipt, Some(&case.annex)).unwrap();
    assert_eq!(verified.logged().index(), alone.logged().index());
    assert_eq!(body.unwrap(), verified.open(&case.annex).unwrap());
    let json = serde_json::to_vec(&case.annex).unwrap();
    assert!(Annex::parse(&json).unwrap() == case.annex);
    let foreign = Annex {
        salt: B64::new([7; 32]),
        ..case.annex
    };
    let refused = receipt::check(key, &case.receipt, Some(&foreign)).unwrap_err();
    assert_eq!(refused, ReceiptError::WrongOpening);
    for no_annex in [
        &b"{}"[..],
        b"",
        b"[]",
        br#"{"salt":"","body":"","statements":[],"more":1}"#,
    ] {
        assert!(Annex::parse(no_annex).is_err());
    }
}
