//! Each thing that a chain can lack has its own reason and level, or refuses the chain.

use quittance_gateway::attestation::{Expected, Flaw, Judged, MAX_CERTIFICATE, Refused, Trust, judge, tag};
use quittance_protocol::evidence::{EvidenceKey, EvidenceReason};

use crate::support::DAY;
use crate::support::der::{null, number, sequence};
use crate::support::forge::{Forge, NOW, Plan, authority, booted, expected, extension, numbers, statement};
use crate::support::phone::Key;

pub(crate) const CHALLENGE: &[u8] = b"the enrolment's nonce";

use EvidenceKey::{Biometric, Device, Passcode};

/// What a judge makes of a chain.
pub(crate) type Verdict = Result<Vec<EvidenceReason>, Flaw>;

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
            "an authority that may not sign certificates",
            Device,
            Why::IssuerNotAuthority,
            |plan| plan.batch.extensions = [&authority(true)[..1], &authority(false)[1..]].concat(),
        ),
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
        refused("another algorithm outside than inside", Flaw::Certificate, |plan| {
            plan.leaf.algorithm_outside = Some(&[1, 2, 840, 10045, 4, 3, 3]);
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

pub(crate) fn verdict(judged: Result<Judged, Refused>) -> Verdict {
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

#[test]
fn every_reason_and_every_flaw_has_a_case_and_stands_in_the_protocol() {
    const PAGE: &str = include_str!("../../../docs/protocol.md");
    // Shown by `attestation_chains`.
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
