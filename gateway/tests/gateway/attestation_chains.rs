//! Whole chains: what lowers nothing, roots, revocation, dates, shapes, and the keys that they are about.

use quittance_gateway::attestation::{Expected, Flaw, MAX_CERTIFICATES, RevocationList, Roots, Trust, judge, tag};
use quittance_protocol::answer::KeptIn;
use quittance_protocol::evidence::{EvidenceKey, EvidenceReason};
use quittance_protocol::log_body::EvidenceLevel;
use quittance_protocol::{PublicKey, Timestamp};

use crate::attestation_reasons::{CHALLENGE, verdict};
use crate::support::DAY;
use crate::support::der::{null, number, sequence};
use crate::support::forge::{Certificate, Forge, NOW, Plan, authority, expected, numbers, statement};
use crate::support::phone::Key;

use EvidenceKey::{Biometric, Device, Passcode};

/// One phone's chain and its key.
fn good(role: EvidenceKey) -> (Forge, PublicKey, Vec<Vec<u8>>) {
    let forge = Forge::new();
    let key = Key::new().public();
    let chain = forge.chain(&key, &forge.plan(role, CHALLENGE));
    (forge, key, chain)
}

#[test]
fn a_good_chain_lacks_nothing() {
    for role in [Device, Biometric, Passcode] {
        for (level, kept_in) in [(1, KeptIn::TrustedEnvironment), (2, KeptIn::StrongBox)] {
            let forge = Forge::new();
            let key = Key::new().public();
            let mut plan = forge.plan(role, CHALLENGE);
            (plan.attested_in, plan.kept_in) = (level, level);
            let chain = forge.chain(&key, &plan);
            let judged = judge(&forge.trust(), &chain, &expected(role, &key, CHALLENGE)).unwrap();
            assert_eq!(
                (judged.reasons.as_slice(), judged.level()),
                ([].as_slice(), EvidenceLevel::E2)
            );
            let found = judged.found.unwrap();
            assert_eq!((found.kept_in, found.rollback_resistant), (kept_in, false));
            assert_eq!(found.serials, ["00a003", "00a002", "00a001"]);
        }
    }
}

#[test]
fn what_allows_nothing_more_lowers_nothing() {
    let harmless: [fn(&mut Plan); 5] = [
        |plan| plan.enforce(tag::PURPOSE, Some(numbers(&[2, 3]))),
        |plan| plan.enforce(tag::AUTH_TIMEOUT, Some(number(0))),
        // Of a later system.
        |plan| plan.enforce(900, Some(number(1))),
        // The phone's own word about when the key counts.
        |plan| (plan.leaf.from, plan.leaf.until) = (NOW + DAY, NOW + 2 * DAY),
        // A root is its key.
        |plan| plan.root.until = NOW - DAY,
    ];
    for change in harmless {
        let forge = Forge::new();
        let key = Key::new().public();
        let mut plan = forge.plan(Biometric, CHALLENGE);
        change(&mut plan);
        let chain = forge.chain(&key, &plan);
        let judged = judge(&forge.trust(), &chain, &expected(Biometric, &key, CHALLENGE)).unwrap();
        assert_eq!(judged.reasons, []);
    }
}

#[test]
fn rollback_resistance_is_reported_where_the_hardware_states_it_and_nowhere_else() {
    for (number, is_hardware, wanted) in [
        (tag::ROLLBACK_RESISTANCE, true, true),
        (tag::ROLLBACK_RESISTANT, true, true),
        (tag::ROLLBACK_RESISTANCE, false, false),
    ] {
        let forge = Forge::new();
        let key = Key::new().public();
        let mut plan = forge.plan(Device, CHALLENGE);
        if is_hardware {
            plan.enforce(number, Some(null()));
        } else {
            plan.software.insert(0, (number, null()));
        }
        let chain = forge.chain(&key, &plan);
        let judged = judge(&forge.trust(), &chain, &expected(Device, &key, CHALLENGE)).unwrap();
        assert_eq!(judged.found.unwrap().rollback_resistant, wanted);
        assert_eq!(judged.reasons, []);
    }
}

#[test]
fn a_root_that_is_not_pinned_is_foreign() {
    let (forge, key, chain) = good(Device);
    let asked = expected(Device, &key, CHALLENGE);
    for roots in [Roots::none(), Roots::published()] {
        let trust = Trust {
            roots,
            ..Trust::default()
        };
        let judged = judge(&trust, &chain, &asked).unwrap();
        assert_eq!(
            (judged.reasons.as_slice(), judged.level()),
            ([EvidenceReason::ForeignRoot].as_slice(), EvidenceLevel::E0)
        );
    }
    let judged = judge(&forge.trust(), &chain, &asked).unwrap();
    assert_eq!(
        judged.level(),
        EvidenceLevel::E2,
        "control: the same chain under its own root"
    );
}

#[test]
fn a_root_of_the_same_name_is_no_root() {
    let (_, key, chain) = good(Device);
    let trust = Forge::new().trust();
    let judged = judge(&trust, &chain, &expected(Device, &key, CHALLENGE)).unwrap();
    assert_eq!(judged.reasons, [EvidenceReason::ForeignRoot]);
    // With the honest root's certificate put at the end, nothing under it is signed by it.
    let (honest, _, honest_chain) = good(Device);
    let mixed = [&chain[..3], &honest_chain[3..]].concat();
    let refused = judge(&honest.trust(), &mixed, &expected(Device, &key, CHALLENGE)).unwrap_err();
    assert_eq!((refused.certificate, refused.flaw), (2, Flaw::Signature));
}

#[test]
fn each_certificate_above_the_leaf_can_be_revoked() {
    let (forge, key, chain) = good(Device);
    let asked = expected(Device, &key, CHALLENGE);
    let mut trust = forge.trust();
    for serial in ["a003", "a002", "a001"] {
        for status in ["REVOKED", "SUSPENDED"] {
            let json =
                format!(r#"{{"entries": {{"{serial}": {{"status": "{status}", "reason": "KEY_COMPROMISE"}}}}}}"#);
            trust.revoked = RevocationList::from_json(json.as_bytes()).unwrap();
            let judged = judge(&trust, &chain, &asked).unwrap();
            assert_eq!(
                (judged.reasons.as_slice(), judged.level()),
                ([EvidenceReason::Revoked].as_slice(), EvidenceLevel::E0)
            );
        }
    }
    // Control: somebody else's.
    trust.revoked = RevocationList::from_json(br#"{"entries": {"a004": {"status": "REVOKED"}}}"#).unwrap();
    assert_eq!(judge(&trust, &chain, &asked).unwrap().level(), EvidenceLevel::E2);
}

#[test]
fn dates_hold_from_their_first_to_their_last_second() {
    let (forge, key, chain) = good(Device);
    for (now, wanted) in [
        (NOW - 30 * DAY - 1, vec![EvidenceReason::NotYetValid]),
        (NOW - 30 * DAY, vec![]),
        (NOW + 30 * DAY, vec![]),
        (NOW + 30 * DAY + 1, vec![EvidenceReason::Expired]),
    ] {
        let asked = Expected {
            now: Timestamp::from_unix(now).unwrap(),
            ..expected(Device, &key, CHALLENGE)
        };
        assert_eq!(judge(&forge.trust(), &chain, &asked).unwrap().reasons, wanted);
    }
}

#[test]
fn a_chain_about_another_key_is_refused() {
    let (forge, key, chain) = good(Device);
    let other = Key::new().public();
    let refused = judge(&forge.trust(), &chain, &expected(Device, &other, CHALLENGE)).unwrap_err();
    assert_eq!((refused.certificate, refused.flaw), (0, Flaw::OtherKey));
    assert!(
        judge(&forge.trust(), &chain, &expected(Device, &key, CHALLENGE)).is_ok(),
        "control"
    );
}

#[test]
fn an_attested_key_attests_no_other_key() {
    let forge = Forge::new();
    let key = Key::new().public();
    let plan = forge.plan(Device, CHALLENGE);
    let judged = |own: Vec<Vec<u8>>| {
        let own = Certificate::new(9, own);
        let chain = forge.lengthened_chain(&key, &plan, &own);
        verdict(judge(&forge.trust(), &chain, &expected(Device, &key, CHALLENGE)))
    };
    // Hardware always makes its statement; without one the key would still be no authority's.
    assert_eq!(judged(vec![statement(&sequence(&[]))]), Err(Flaw::StatementAbove));
    assert_eq!(judged(vec![]), Ok(vec![EvidenceReason::IssuerNotAuthority]));
    assert_eq!(judged(authority(true)), Ok(vec![]), "control: an authority's key could");
}

#[test]
fn a_chain_of_another_shape_proves_nothing() {
    let (forge, key, chain) = good(Device);
    let judged = |chain: &[Vec<u8>]| verdict(judge(&forge.trust(), chain, &expected(Device, &key, CHALLENGE)));
    assert_eq!(judged(&[]), Ok(vec![EvidenceReason::NoChain]));
    assert_eq!(
        judged(&chain[..1]),
        Ok(vec![EvidenceReason::ForeignRoot]),
        "a leaf alone"
    );
    assert_eq!(judged(&chain[..3]), Err(Flaw::Issuer), "without its root");
    assert_eq!(
        judged(&[chain[0].clone(), chain[2].clone(), chain[3].clone()]),
        Err(Flaw::Issuer)
    );
    let turned: Vec<_> = chain.iter().rev().cloned().collect();
    assert_eq!(judged(&turned), Err(Flaw::StatementAbove));
    let twice = [&chain[..], &chain[3..]].concat();
    assert_eq!(judged(&twice), Err(Flaw::Issuer), "a root twice");
    let many = vec![chain[0].clone(); MAX_CERTIFICATES + 1];
    assert_eq!(judged(&many), Err(Flaw::TooMany));
    assert_eq!(judged(&[Vec::new()]), Err(Flaw::Certificate));
    let silent = forge.silent_chain(&key, &forge.plan(Device, CHALLENGE));
    assert_eq!(judged(&silent), Ok(vec![EvidenceReason::NoStatement]));
    assert_eq!(judged(&chain), Ok(vec![]), "control");
}
