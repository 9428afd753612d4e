//! Each thing that a chain can lack has its own reason and level, or refuses the chain.

use quittance_gateway::attestation::{
    Expected, Flaw, Judged, MAX_CERTIFICATE, MAX_CERTIFICATES, Refused, RevocationList, Roots, Trust, judge, tag,
};
use quittance_protocol::answer::KeptIn;
use quittance_protocol::evidence::{EvidenceKey, EvidenceReason};
use quittance_protocol::log_body::EvidenceLevel;
use quittance_protocol::{PublicKey, Timestamp};

use crate::support::DAY;
use crate::support::der::{null, number, sequence};
use crate::support::forge::{
    Certificate, Forge, NOW, Plan, authority, booted, expected, extension, numbers, statement,
};
use crate::support::phone::Key;

const CHALLENGE: &[u8] = b"the enrolment's nonce";

use EvidenceKey::{Biometric, Device, Passcode};

/// What a judge makes of a chain.
type Verdict = Result<Vec<EvidenceReason>, Flaw>;

/// A chain with one thing wrong.
struct Case {
    name: &'static str,
    role: EvidenceKey,
    change: fn(&mut Plan),
    wanted: Verdict,
}

fn case(name: &'static str, role: EvidenceKey, reason: EvidenceReason, change: fn(&mut Plan)) -> Case {
    let wanted = Ok(vec![reason]);
    Case {
        name,
        role,
        change,
        wanted,
    }
}

fn refused(name: &'static str, flaw: Flaw, change: fn(&mut Plan)) -> Case {
    let wanted = Err(flaw);
    Case {
        name,
        role: Device,
        change,
        wanted,
    }
}

fn cases() -> Vec<Case> {
    use EvidenceReason as Why;
    vec![
        case("made in software", Device, Why::AttestedInSoftware, |plan| {
            plan.attested_in = 0
        }),
        case("kept in software", Device, Why::KeptInSoftware, |plan| plan.kept_in = 0),
        case("imported", Device, Why::NotGenerated, |plan| {
            plan.enforce(tag::ORIGIN, Some(number(2)))
        }),
        case("origin by the system's word", Device, Why::NotGenerated, |plan| {
            plan.enforce(tag::ORIGIN, None);
            plan.software.push((tag::ORIGIN, number(0)));
        }),
        case("batch no authority", Device, Why::IssuerNotAuthority, |plan| {
            plan.batch.extensions = authority(false)
        }),
        case(
            "batch silent about being an authority",
            Device,
            Why::IssuerNotAuthority,
            |plan| {
                plan.batch.extensions = Vec::new();
            },
        ),
        case("batch over", Device, Why::Expired, |plan| plan.batch.until = NOW - 1),
        case("maker over", Device, Why::Expired, |plan| plan.middle.until = NOW - DAY),
        case("batch not begun", Device, Why::NotYetValid, |plan| {
            plan.batch.from = NOW + 1
        }),
        case("other challenge", Device, Why::ChallengeDiffers, |plan| {
            plan.challenge = b"another".to_vec()
        }),
        case("no challenge", Device, Why::ChallengeDiffers, |plan| {
            plan.challenge.clear()
        }),
        case("boot unsaid", Device, Why::BootUnknown, |plan| {
            plan.enforce(tag::ROOT_OF_TRUST, None)
        }),
        case("boot by the system's word", Device, Why::BootUnknown, |plan| {
            plan.enforce(tag::ROOT_OF_TRUST, None);
            plan.software.push((tag::ROOT_OF_TRUST, booted(true, 0)));
        }),
        case("unlocked", Device, Why::DeviceUnlocked, |plan| {
            plan.enforce(tag::ROOT_OF_TRUST, Some(booted(false, 0)));
        }),
        case("self-signed system", Device, Why::BootSelfSigned, |plan| {
            plan.enforce(tag::ROOT_OF_TRUST, Some(booted(true, 1)));
        }),
        case("unverified system", Device, Why::BootNotVerified, |plan| {
            plan.enforce(tag::ROOT_OF_TRUST, Some(booted(true, 2)));
        }),
        case("failed system", Device, Why::BootNotVerified, |plan| {
            plan.enforce(tag::ROOT_OF_TRUST, Some(booted(true, 3)));
        }),
        case("decrypts too", Device, Why::PurposeNotSigning, |plan| {
            plan.enforce(tag::PURPOSE, Some(numbers(&[1, 2])));
        }),
        case("attests other keys too", Device, Why::PurposeNotSigning, |plan| {
            plan.enforce(tag::PURPOSE, Some(numbers(&[2, 7])));
        }),
        case("agrees on keys", Device, Why::PurposeNotSigning, |plan| {
            plan.enforce(tag::PURPOSE, Some(numbers(&[6])))
        }),
        case("no purpose", Device, Why::PurposeNotSigning, |plan| {
            plan.enforce(tag::PURPOSE, None)
        }),
        case("said to be RSA", Device, Why::NotP256, |plan| {
            plan.enforce(tag::ALGORITHM, Some(number(1)))
        }),
        case("said to be on another curve", Device, Why::NotP256, |plan| {
            plan.enforce(tag::EC_CURVE, Some(number(2)))
        }),
        case("said to be of another size", Device, Why::NotP256, |plan| {
            plan.enforce(tag::KEY_SIZE, Some(number(384)))
        }),
        case("B asks nobody", Biometric, Why::AuthMissing, |plan| {
            plan.enforce(tag::USER_AUTH_TYPE, None);
            plan.enforce(tag::NO_AUTH_REQUIRED, Some(null()));
        }),
        case("B says nothing", Biometric, Why::AuthMissing, |plan| {
            plan.enforce(tag::USER_AUTH_TYPE, None)
        }),
        case("B asks and does not", Biometric, Why::AuthMissing, |plan| {
            plan.enforce(tag::NO_AUTH_REQUIRED, Some(null()));
        }),
        case("B asks by the system's word", Biometric, Why::AuthMissing, |plan| {
            plan.enforce(tag::USER_AUTH_TYPE, None);
            plan.software = vec![(tag::USER_AUTH_TYPE, number(2))];
        }),
        case("B takes the lock screen too", Biometric, Why::AuthOtherKind, |plan| {
            plan.enforce(tag::USER_AUTH_TYPE, Some(number(3)));
        }),
        case("B takes anything", Biometric, Why::AuthOtherKind, |plan| {
            plan.enforce(tag::USER_AUTH_TYPE, Some(number(0xffff_ffff)));
        }),
        case("B stays open", Biometric, Why::AuthNotPerUse, |plan| {
            plan.enforce(tag::AUTH_TIMEOUT, Some(number(1)))
        }),
        case("P takes a finger", Passcode, Why::AuthOtherKind, |plan| {
            plan.enforce(tag::USER_AUTH_TYPE, Some(number(2)));
        }),
        case("P asks nobody", Passcode, Why::AuthMissing, |plan| {
            plan.enforce(tag::USER_AUTH_TYPE, None)
        }),
        case("P stays open", Passcode, Why::AuthNotPerUse, |plan| {
            plan.enforce(tag::AUTH_TIMEOUT, Some(number(30)))
        }),
        refused("names another issuer", Flaw::Issuer, |plan| {
            plan.batch.names_issuer = Some("Somebody")
        }),
        refused("leaf names another issuer", Flaw::Issuer, |plan| {
            plan.leaf.names_issuer = Some("Maker")
        }),
        refused("leaf not signed", Flaw::Signature, |plan| plan.leaf.is_tampered = true),
        refused("batch not signed", Flaw::Signature, |plan| {
            plan.batch.is_tampered = true
        }),
        refused("maker not signed", Flaw::Signature, |plan| {
            plan.middle.is_tampered = true
        }),
        refused("root not signed", Flaw::Signature, |plan| plan.root.is_tampered = true),
        refused("statement of the batch", Flaw::StatementAbove, |plan| {
            plan.batch.extensions.push(statement(&sequence(&[])));
        }),
        refused("two statements", Flaw::Certificate, |plan| {
            plan.leaf.extensions.push(statement(&sequence(&[])))
        }),
        refused("critical and unknown", Flaw::Certificate, |plan| {
            plan.batch.extensions.push(extension(&[1, 2, 3, 4], true, &null()));
        }),
        refused("too large", Flaw::TooLarge, |plan| {
            plan.batch
                .extensions
                .push(extension(&[1, 2, 3, 4], false, &[0; MAX_CERTIFICATE]));
        }),
        refused("statement with more behind it", Flaw::Statement, |plan| {
            plan.statement = Box::new(|bytes| [bytes, null()].concat());
        }),
        refused("statement cut", Flaw::Statement, |plan| {
            plan.statement = Box::new(|bytes| bytes[..bytes.len() - 1].to_vec());
        }),
        refused("an authorization twice", Flaw::Statement, |plan| {
            plan.hardware.insert(1, plan.hardware[0].clone());
        }),
        refused("authorizations out of order", Flaw::Statement, |plan| {
            plan.hardware.swap(0, 1)
        }),
        refused("an authorization of another type", Flaw::Statement, |plan| {
            plan.enforce(tag::ORIGIN, Some(null()));
        }),
        refused("a number below zero", Flaw::Statement, |plan| {
            plan.enforce(tag::AUTH_TIMEOUT, Some(vec![0x02, 0x01, 0xff]));
        }),
        refused("a number with a zero before it", Flaw::Statement, |plan| {
            plan.enforce(tag::ORIGIN, Some(vec![0x02, 0x02, 0, 0]));
        }),
        refused("a level that there is not", Flaw::Statement, |plan| plan.kept_in = 3),
        refused("a boot state that there is not", Flaw::Statement, |plan| {
            plan.enforce(tag::ROOT_OF_TRUST, Some(booted(true, 4)));
        }),
        refused("a set without end", Flaw::Statement, |plan| {
            plan.enforce(tag::PURPOSE, Some(numbers(&[2; 17])))
        }),
    ]
}

fn verdict(judged: Result<Judged, Refused>) -> Verdict {
    judged.map(|judged| judged.reasons).map_err(|refused| refused.flaw)
}

/// Names of the cases of which a judge makes something else than it should.
fn mistaken(
    judge: impl Fn(&Trust, &[Vec<u8>], &Expected<'_>) -> Result<Judged, Refused>,
) -> Vec<(&'static str, Verdict)> {
    let forge = Forge::new();
    let key = Key::new().public();
    let each = cases().into_iter().filter_map(|case| {
        let mut plan = forge.plan(case.role, CHALLENGE);
        (case.change)(&mut plan);
        let chain = forge.chain(&key, &plan);
        let found = verdict(judge(&forge.trust(), &chain, &expected(case.role, &key, CHALLENGE)));
        (found != case.wanted).then_some((case.name, found))
    });
    each.collect()
}

#[test]
fn each_fault_gives_its_own_reason_and_no_other() {
    assert_eq!(mistaken(judge), []);
}

#[test]
fn control_a_gateway_that_believes_what_it_is_told_is_mistaken_in_each_case() {
    let believing = |_: &Trust, _: &[Vec<u8>], _: &Expected<'_>| {
        Ok(Judged {
            reasons: Vec::new(),
            found: None,
        })
    };
    assert_eq!(mistaken(believing).len(), cases().len());
}

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

#[test]
fn every_reason_and_every_flaw_has_a_case_and_stands_in_the_protocol() {
    const PAGE: &str = include_str!("../../../docs/protocol.md");
    // Shown by tests of their own above.
    let mut reasons = vec![
        EvidenceReason::NoChain,
        EvidenceReason::NoStatement,
        EvidenceReason::ForeignRoot,
        EvidenceReason::Revoked,
    ];
    let mut flaws = vec![Flaw::TooMany, Flaw::OtherKey];
    for case in cases() {
        match case.wanted {
            Ok(wanted) => reasons.extend(wanted),
            Err(flaw) => flaws.push(flaw),
        }
    }
    for reason in EvidenceReason::ALL {
        assert!(reasons.contains(reason), "{reason:?} has no case");
        let level = reason.at_most();
        assert!(
            PAGE.contains(&format!("| `{}` | {level:?} |", reason.name())),
            "docs/protocol.md lacks {} ({level:?})",
            reason.name()
        );
    }
    for flaw in Flaw::ALL {
        assert!(flaws.contains(&flaw), "{flaw:?} has no case");
        let (word, _) = flaw.says().split_once(": ").unwrap();
        assert!(PAGE.contains(&format!("| `{word}` |")), "docs/protocol.md lacks {word}");
    }
}
