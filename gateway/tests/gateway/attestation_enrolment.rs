//! A phone that brings chains: the level that its enrolment and its receipts carry.

use quittance_gateway::attestation::{RevocationList, Roots, Trust, tag};
use quittance_protocol::answer::{AttestedKey, Enrolled, KeptIn, OrderRecord};
use quittance_protocol::evidence::{EvidenceFinding, EvidenceKey, EvidenceReason};
use quittance_protocol::log_body::{ClosureBody, ClosureKind, EvidenceLevel};
use quittance_protocol::problem::Code;
use quittance_protocol::statement::{Attestation, Enrolment, PhoneOutcome};
use quittance_protocol::{B64, Receipt};

use crate::support::der::{null, number};
use crate::support::forge::{Forge, Plan};
use crate::support::phone::{Key, Phone};
use crate::support::program::Program;
use crate::support::{House, Reply};

/// A gateway that pins the forge's root.
fn house(trust: Trust) -> House {
    let house = House::closed();
    house.use_trust(trust);
    house.start().unwrap();
    house
}

/// What this phone says where its hardware made its keys for this nonce.
fn enrolment(phone: &Phone<'_>, forge: &Forge, nonce: B64, change: impl Fn(EvidenceKey, &mut Plan)) -> Enrolment {
    let chain = |role, key: &Key| {
        let mut plan = forge.plan(role, nonce.as_slice());
        change(role, &mut plan);
        let chain = forge.chain(&key.public(), &plan);
        chain.into_iter().map(B64::new).collect()
    };
    Enrolment {
        attestation: chain(EvidenceKey::Device, &phone.device),
        biometric_attestation: chain(EvidenceKey::Biometric, &phone.biometric),
        passcode_attestation: chain(EvidenceKey::Passcode, &phone.passcode),
        ..phone.enrolment(nonce.clone())
    }
}

async fn enrol(phone: &Phone<'_>, forge: &Forge, change: impl Fn(EvidenceKey, &mut Plan)) -> Reply {
    let nonce = phone.nonce().await;
    phone.post(&enrolment(phone, forge, nonce, change)).await
}

fn honest(_: EvidenceKey, _: &mut Plan) {}

/// The closure of one mandate that this phone signs, ends and attests.
async fn receipt(phone: &Phone<'_>) -> ClosureBody {
    receipt_of(phone, |_| ()).await
}

/// The same, where the phone says something else.
async fn receipt_of(phone: &Phone<'_>, change: impl FnOnce(&mut Attestation)) -> ClosureBody {
    let token = phone.sign_mandate().await;
    let order = phone.revoke(&[token.mandate]).await;
    phone.house.settle().await;
    let order = phone.order(order.order).await;
    let mut said = phone.attestation(&order);
    change(&mut said);
    let closed: OrderRecord = phone.post(&said).await.ok();
    let closure = closed.closure.unwrap();
    let receipt = Receipt::parse(closure.receipt.as_bytes()).unwrap();
    let receipt = receipt.verify(&phone.house.log_key()).unwrap();
    receipt.open(&closure.annex).unwrap()
}

// R-316
#[tokio::test]
async fn three_good_chains_are_e2_at_enrolment_and_on_the_receipt() {
    let forge = Forge::new();
    let house = house(forge.trust());
    let phone = Phone::new(&house);
    let enrolled: Enrolled = enrol(&phone, &forge, |role, plan| {
        if role == EvidenceKey::Device {
            (plan.attested_in, plan.kept_in) = (2, 2);
            plan.enforce(tag::ROLLBACK_RESISTANCE, Some(null()));
        }
    })
    .await
    .ok();
    assert_eq!(
        (enrolled.evidence_level, enrolled.evidence),
        (EvidenceLevel::E2, vec![])
    );
    let in_processor = |key| AttestedKey {
        key,
        kept_in: KeptIn::TrustedEnvironment,
        rollback_resistant: false,
    };
    let device = AttestedKey {
        key: EvidenceKey::Device,
        kept_in: KeptIn::StrongBox,
        rollback_resistant: true,
    };
    let (biometric, passcode) = (
        in_processor(EvidenceKey::Biometric),
        in_processor(EvidenceKey::Passcode),
    );
    assert_eq!(enrolled.attested, [device, biometric, passcode]);
    phone.register_pin().await;
    assert_eq!(receipt(&phone).await.evidence_level, EvidenceLevel::E2);
}

// R-316
#[tokio::test]
async fn a_phone_without_the_half_gives_its_keys_level_to_no_receipt() {
    let forge = Forge::new();
    let house = house(forge.trust());
    let phone = Phone::new(&house);
    let enrolled: Enrolled = enrol(&phone, &forge, honest).await.ok();
    assert_eq!(enrolled.evidence_level, EvidenceLevel::E2);
    phone.register_pin().await;
    let absent = receipt_of(&phone, |said| said.outcome = PhoneOutcome::Absent {}).await;
    assert_eq!(
        (absent.kind, absent.evidence_level),
        (ClosureKind::Unilateral, EvidenceLevel::E0)
    );
    let both = receipt(&phone).await;
    assert_eq!(
        (both.kind, both.evidence_level),
        (ClosureKind::TwoSided, EvidenceLevel::E2),
        "control"
    );
}

// R-316
#[tokio::test]
async fn the_weakest_key_decides_and_every_reason_is_told_with_its_key() {
    let forge = Forge::new();
    let house = house(forge.trust());
    let finding = |key, reason| EvidenceFinding { key, reason };
    // B that stays open for a while: hardware, of which less is known.
    let phone = Phone::new(&house);
    let enrolled: Enrolled = enrol(&phone, &forge, |role, plan| {
        if role == EvidenceKey::Biometric {
            plan.enforce(tag::AUTH_TIMEOUT, Some(number(10)));
        }
    })
    .await
    .ok();
    assert_eq!(enrolled.evidence_level, EvidenceLevel::E1);
    assert_eq!(
        enrolled.evidence,
        [finding(EvidenceKey::Biometric, EvidenceReason::AuthNotPerUse)]
    );
    phone.register_pin().await;
    assert_eq!(receipt(&phone).await.evidence_level, EvidenceLevel::E1);
    // P without a chain, beside two good ones.
    let phone = Phone::new(&house);
    let said = Enrolment {
        passcode_attestation: Vec::new(),
        ..enrolment(&phone, &forge, phone.nonce().await, honest)
    };
    let enrolled: Enrolled = phone.post(&said).await.ok();
    assert_eq!(enrolled.evidence_level, EvidenceLevel::E0);
    assert_eq!(
        enrolled.evidence,
        [finding(EvidenceKey::Passcode, EvidenceReason::NoChain)]
    );
    let named: Vec<_> = enrolled.attested.iter().map(|it| it.key).collect();
    assert_eq!(
        named,
        [EvidenceKey::Device, EvidenceKey::Biometric],
        "P is not called hardware"
    );
}

// R-316
#[tokio::test]
async fn software_keys_are_e0_for_want_of_chains() {
    let house = house(Forge::new().trust());
    let enrolled = Phone::new(&house).enrol().await;
    assert_eq!(enrolled.evidence_level, EvidenceLevel::E0);
    let reasons: Vec<_> = enrolled.evidence.iter().map(|it| it.reason).collect();
    assert_eq!(reasons, [EvidenceReason::NoChain; 3]);
    assert_eq!(enrolled.attested, []);
}

#[tokio::test]
async fn a_chain_made_for_another_enrolment_is_not_e2() {
    let forge = Forge::new();
    let house = house(forge.trust());
    let phone = Phone::new(&house);
    let earlier = phone.nonce().await;
    let said = Enrolment {
        nonce: phone.nonce().await,
        ..enrolment(&phone, &forge, earlier, honest)
    };
    let enrolled: Enrolled = phone.post(&said).await.ok();
    assert_eq!(enrolled.evidence_level, EvidenceLevel::E1);
    let reasons: Vec<_> = enrolled.evidence.iter().map(|it| it.reason).collect();
    assert_eq!(reasons, [EvidenceReason::ChallengeDiffers; 3]);
}

#[tokio::test]
async fn the_chains_of_another_phone_are_refused_and_enrol_nobody() {
    let forge = Forge::new();
    let house = house(forge.trust());
    let (phone, thief) = (Phone::new(&house), Phone::new(&house));
    let nonce = phone.nonce().await;
    let honest = enrolment(&phone, &forge, nonce.clone(), honest);
    let own = thief.enrolment(nonce.clone());
    let stolen = [
        (
            "/attestation/0",
            Enrolment {
                attestation: honest.attestation.clone(),
                ..own.clone()
            },
        ),
        (
            "/biometric_attestation/0",
            Enrolment {
                biometric_attestation: honest.biometric_attestation.clone(),
                ..own.clone()
            },
        ),
        (
            "/passcode_attestation/0",
            Enrolment {
                passcode_attestation: honest.passcode_attestation.clone(),
                ..own.clone()
            },
        ),
        // One's own B under the name of another phone's D.
        (
            "/attestation/0",
            Enrolment {
                attestation: honest.biometric_attestation.clone(),
                ..own.clone()
            },
        ),
    ];
    for (pointer, said) in stolen {
        let reply = thief.post(&said).await;
        let problem = reply.problem();
        assert_eq!(
            (problem.code(), problem.pointer()),
            (Code::AttestationRefused, Some(pointer))
        );
        let told: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
        assert!(told["detail"].as_str().unwrap().starts_with("other_key: "));
    }
    // Nothing was used up: the nonce still enrols the phone whose chains they are.
    let enrolled: Enrolled = phone.post(&honest).await.ok();
    assert_eq!(enrolled.evidence_level, EvidenceLevel::E2);
}

// R-316
#[tokio::test]
async fn a_certificate_that_is_revoked_later_lowers_what_is_attested_from_then_on() {
    let forge = Forge::new();
    let house = house(forge.trust());
    let phone = Phone::new(&house);
    let nonce = phone.nonce().await;
    let said = enrolment(&phone, &forge, nonce, honest);
    let enrolled: Enrolled = phone.post(&said).await.ok();
    assert_eq!(enrolled.evidence_level, EvidenceLevel::E2);
    phone.register_pin().await;
    assert_eq!(
        receipt(&phone).await.evidence_level,
        EvidenceLevel::E2,
        "control: before"
    );
    house.use_trust(Trust {
        revoked: RevocationList::from_json(br#"{"entries": {"a003": {"status": "REVOKED"}}}"#).unwrap(),
        ..forge.trust()
    });
    house.restart();
    assert_eq!(receipt(&phone).await.evidence_level, EvidenceLevel::E0);
    let again: Enrolled = phone.post(&said).await.ok();
    assert_eq!(again.evidence.first().unwrap().reason, EvidenceReason::Revoked);
    house.use_trust(Trust {
        roots: Roots::published(),
        ..Trust::default()
    });
    house.restart();
    let again: Enrolled = phone.post(&said).await.ok();
    assert_eq!(
        again.evidence.first().unwrap().reason,
        EvidenceReason::ForeignRoot,
        "unpinned"
    );
}

#[tokio::test]
async fn the_chains_are_not_kept() {
    let forge = Forge::new();
    let house = house(forge.trust());
    let phone = Phone::new(&house);
    let nonce = phone.nonce().await;
    let said = enrolment(&phone, &forge, nonce, honest);
    let _: Enrolled = phone.post(&said).await.ok();
    house.stop();
    let database = std::fs::read(house.data().join("gateway.sqlite")).unwrap();
    let holds = |needle: &str| database.windows(needle.len()).any(|window| window == needle.as_bytes());
    let leaf = quittance_protocol::bytes::to_base64url(said.attestation.first().unwrap().as_slice());
    assert!(!holds(&leaf[..64]));
    assert!(holds("00a003"), "control: the serial numbers are there");
}

#[tokio::test]
async fn the_program_pins_the_roots_and_reads_the_status_list_that_it_is_given() {
    let forge = Forge::new();
    let today = |_: EvidenceKey, plan: &mut Plan| {
        for certificate in [&mut plan.batch, &mut plan.middle] {
            (certificate.from, certificate.until) = (0, 2_500_000_000);
        }
    };
    let house = House::closed();
    let file = |name: &str, text: &str| {
        let path = house.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let pem = file("roots.pem", &forge.root_pem());
    let json = file("roots.json", &serde_json::to_string(&[forge.root_pem()]).unwrap());
    let revoked = file("status.json", r#"{"entries": {"a002": {"status": "REVOKED"}}}"#);
    let roots = ["--attestation-roots", &pem];
    let runs: [(&[&str], EvidenceLevel, Option<EvidenceReason>); 4] = [
        (&[], EvidenceLevel::E0, Some(EvidenceReason::ForeignRoot)),
        (&roots, EvidenceLevel::E2, None),
        (
            &["--attestation-roots", &json, "--without-published-roots"],
            EvidenceLevel::E2,
            None,
        ),
        (
            &[roots[0], roots[1], "--attestation-status", &revoked],
            EvidenceLevel::E0,
            Some(EvidenceReason::Revoked),
        ),
    ];
    for (arguments, level, reason) in runs {
        let _program = Program::start_with(&house, &house.folder.path().join("log"), arguments);
        let enrolled: Enrolled = enrol(&Phone::new(&house), &forge, today).await.ok();
        assert_eq!(enrolled.evidence_level, level, "{arguments:?}");
        assert_eq!(enrolled.evidence.first().map(|it| it.reason), reason, "{arguments:?}");
    }
}

#[test]
fn a_file_of_roots_or_statuses_that_is_not_understood_is_named_and_nothing_runs() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    for (argument, text) in [
        ("--attestation-roots", ""),
        ("--attestation-roots", "{}"),
        ("--attestation-status", "[]"),
        (
            "--attestation-status",
            r#"{"entries": {"no hex": {"status": "REVOKED"}}}"#,
        ),
    ] {
        std::fs::write(&file, text).unwrap();
        let ended = std::process::Command::new(env!("CARGO_BIN_EXE_quittance-gateway"))
            .args(["--listen", "127.0.0.1:0", argument])
            .arg(&file)
            .arg("--data")
            .arg(folder.path().join("data"))
            .output()
            .unwrap();
        assert!(!ended.status.success());
        let told = String::from_utf8(ended.stderr).unwrap();
        assert!(told.contains(&format!("{argument} {}: ", file.display())), "{told}");
    }
}
