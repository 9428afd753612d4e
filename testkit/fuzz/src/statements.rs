//! Statements as they arrive from people, merchants or other programs.

use quittance_protocol::jws::Statement;
use quittance_protocol::statement as say;
use quittance_protocol::{Problem, PublicKey, Received};

use crate::world::{AUDIENCE, World};
use crate::{Verdict, text};

/// Every kind of statement: it is read as what it says it is, by the key that it may be from.
pub(crate) fn statement(world: &World, bytes: &[u8]) -> Verdict {
    let Some(received) = text(bytes).and_then(|text| Received::parse(text).ok()) else {
        return Verdict::Refused;
    };
    assert_eq!(received.compact().as_bytes(), bytes, "a statement is kept as it came");
    let key = world.key.public_key();
    let carried = received
        .unverified_body::<say::Enrolment>()
        .map(|(_, said)| said.device_key);
    let is_enrolment = carried.is_ok_and(|key| received.verify::<say::Enrolment>(&key, AUDIENCE).is_ok());
    macro_rules! any_of {
        ($($kind:ident)*) => { [$(is_believed::<say::$kind>(&received, &key)),*] };
    }
    let believed = any_of!(
        Enrolment Session PinRegister PinStart PinFinish FactorProof StartFlow AnswerFlow CancelFlow Consent Activation
        Permit Offer Charge Hold Intent Attestation Acknowledgement Lock Stop Vouch Review Objection Refund Release
        Reconciliation
    );
    let count = believed.iter().filter(|believed| **believed).count();
    assert!(count <= 1, "one text is one kind of statement");
    assert!(count == 0 || world.said(received.content()), "nobody said this");
    Verdict::of(is_enrolment || count == 1)
}

fn is_believed<T: Statement>(received: &Received, key: &PublicKey) -> bool {
    received.verify::<T>(key, AUDIENCE).is_ok()
}

/// The payload of a merchant's code, as the wallet shows it before anybody has checked it.
pub(crate) fn offer(world: &World, bytes: &[u8]) -> Verdict {
    let Some(text) = text(bytes) else {
        return Verdict::Refused;
    };
    let said = Received::parse(text.trim()).and_then(|received| received.unverified_body::<say::Offer>());
    let shown = (world.reads_offer)(text).map(|view| (view.offer, view.merchant, view.terms, view.expires_at));
    let said = said
        .ok()
        .map(|(_, said)| (said.offer, said.merchant, said.terms, said.expires_at));
    assert_eq!(shown, said, "an offer's words are the merchant's own");
    Verdict::of(shown.is_some())
}

/// A gateway's refusal: what was read is written and read as the same.
pub(crate) fn problem(world: &World, bytes: &[u8]) -> Verdict {
    let Ok(problem) = serde_json::from_slice::<Problem>(bytes) else {
        return Verdict::Refused;
    };
    let again = serde_json::from_slice(&(world.writes.problem)(&problem));
    assert_eq!(
        again.ok().as_ref(),
        Some(&problem),
        "a problem survives being passed on"
    );
    Verdict::Accepted
}
