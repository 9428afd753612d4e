//! Chains of real phones, as others published them, are read as their JSON says, and the malformed ones are refused.
//!
//! The vectors stand beside the repository, not in it: docs/claims.md says whose they are, and how to get them.

use std::path::{Path, PathBuf};

use quittance_gateway::attestation::{
    Authorizations, BootState, Expected, Flaw, KeyStatement, RevocationList, Roots, Trust, Value as Stated, judge, tag,
};
use quittance_protocol::answer::KeptIn;
use quittance_protocol::evidence::{EvidenceKey, EvidenceReason};
use quittance_protocol::log_body::EvidenceLevel;
use quittance_protocol::{PublicKey, Timestamp};
use serde_json::{Value, json};
use x509_cert::Certificate;
use x509_cert::der::asn1::AnyRef;
use x509_cert::der::{Decode as _, Reader as _, SliceReader, pem};

use crate::skipped::not_run;
use crate::support::phone::Key;

/// The folder of the vectors, where it is beside the repository. `None` is said loudly.
pub(crate) fn folder() -> Option<PathBuf> {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let found = above
        .map(|folder| folder.join("shared/vectors/android-attestation"))
        .find(|folder| folder.is_dir());
    if found.is_none() {
        not_run("the tests of published attestation chains: ../shared/vectors/android-attestation is not there");
    }
    found
}

/// A chain, leaf first, byte by byte as it stands in the file.
pub(crate) fn chain(path: &Path) -> Vec<Vec<u8>> {
    const END: &str = "-----END CERTIFICATE-----";
    let text = std::fs::read_to_string(path).unwrap();
    let blocks = text.split_inclusive(END).filter(|block| block.contains("-----BEGIN"));
    blocks
        .map(|block| pem::decode_vec(block.trim().as_bytes()).unwrap().1)
        .collect()
}

/// Every file of this kind, with the folder `invalid` or without it.
pub(crate) fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for item in std::fs::read_dir(folder).unwrap() {
        let path = item.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|it| it == extension) {
            found.push(path);
        }
    }
    found.sort();
    found
}

pub(crate) fn is_invalid(path: &Path) -> bool {
    path.parent().is_some_and(|folder| folder.ends_with("invalid"))
}

fn leaf(chain: &[Vec<u8>]) -> Certificate {
    Certificate::from_der(&chain[0]).unwrap()
}

/// The leaf's key, where it is one that this protocol knows.
pub(crate) fn key(chain: &[Vec<u8>]) -> Option<PublicKey> {
    let leaf = leaf(chain);
    let key = leaf.tbs_certificate().subject_public_key_info();
    PublicKey::p256_from_sec1(key.subject_public_key.as_bytes()?).ok()
}

pub(crate) fn stated(chain: &[Vec<u8>]) -> Result<KeyStatement, impl std::fmt::Debug> {
    let leaf = leaf(chain);
    let mut extensions = leaf.tbs_certificate().extensions().unwrap().iter();
    let statement = extensions.find(|it| it.extn_id.to_string() == "1.3.6.1.4.1.11129.2.1.17");
    KeyStatement::read(statement.unwrap().extn_value.as_bytes())
}

/// A time at which every certificate between leaf and root is in its dates.
pub(crate) fn time(chain: &[Vec<u8>]) -> Timestamp {
    let begun = |der: &Vec<u8>| {
        let certificate = Certificate::from_der(der).unwrap();
        certificate
            .tbs_certificate()
            .validity()
            .not_before
            .to_unix_duration()
            .as_secs()
    };
    let latest = chain[1..chain.len() - 1].iter().map(begun).max().unwrap();
    Timestamp::from_unix(i64::try_from(latest).unwrap()).unwrap()
}

/// Standard base64, as the vectors write bytes.
fn base64(bytes: &[u8]) -> String {
    let text = pem::encode_string("X", pem::LineEnding::LF, bytes).unwrap();
    text.lines().filter(|line| !line.starts_with('-')).collect()
}

fn level(kept_in: KeptIn) -> &'static str {
    match kept_in {
        KeptIn::Software => "SOFTWARE",
        KeptIn::TrustedEnvironment => "TRUSTED_ENVIRONMENT",
        KeptIn::StrongBox => "STRONG_BOX",
    }
}

/// The vectors' name of an authorization; whether its bytes are text.
const NAMES: &[(u32, &str, bool)] = &[
    (1, "purposes", false),
    (2, "algorithms", false),
    (3, "keySize", false),
    (5, "digests", false),
    (6, "paddings", false),
    (10, "ecCurve", false),
    (200, "rsaPublicExponent", false),
    (405, "usageCountLimit", false),
    (503, "noAuthRequired", false),
    (504, "userAuthType", false),
    (505, "authTimeout", false),
    (507, "trustedUserPresenceRequired", false),
    (508, "trustedConfirmationRequired", false),
    (701, "creationDateTime", false),
    (702, "origin", false),
    (704, "rootOfTrust", false),
    (705, "osVersion", false),
    (706, "osPatchLevel", false),
    (709, "attestationApplicationId", false),
    (710, "attestationIdBrand", true),
    (711, "attestationIdDevice", true),
    (712, "attestationIdProduct", true),
    (714, "attestationIdImei", true),
    (716, "attestationIdManufacturer", true),
    (717, "attestationIdModel", true),
    (718, "vendorPatchLevel", false),
    (719, "bootPatchLevel", false),
    (723, "attestationIdSecondImei", true),
    (724, "moduleHash", false),
];

/// Authorizations in the words of the vectors.
fn told(list: &Authorizations) -> Value {
    let mut told = serde_json::Map::new();
    for number in 0..1000 {
        let Some(value) = list.get(number) else {
            continue;
        };
        let (_, name, is_text) = NAMES
            .iter()
            .find(|(known, ..)| *known == number)
            .unwrap_or_else(|| panic!("authorization {number} is not in any vector"));
        let said = match value {
            Stated::Number(0) if number == tag::ORIGIN => json!("GENERATED"),
            Stated::Number(number) => json!(number.to_string()),
            Stated::Numbers(numbers) => json!(numbers.iter().map(u64::to_string).collect::<Vec<_>>()),
            Stated::Present => json!(true),
            Stated::Bytes(bytes) if *is_text => json!(String::from_utf8(bytes.clone()).unwrap()),
            Stated::Bytes(bytes) if number == 709 => application(bytes),
            Stated::Bytes(bytes) => json!(base64(bytes)),
            Stated::RootOfTrust(root) => json!({
                "verifiedBootKey": base64(&root.boot_key),
                "deviceLocked": root.device_locked,
                "verifiedBootState": match root.boot_state {
                    BootState::Verified => "VERIFIED",
                    BootState::SelfSigned => "SELF_SIGNED",
                    BootState::Unverified => "UNVERIFIED",
                    BootState::Failed => "FAILED",
                },
                "verifiedBootHash": base64(root.boot_hash.as_ref().unwrap()),
            }),
        };
        told.insert((*name).to_owned(), said);
    }
    Value::Object(told)
}

/// The applications that share the key: read here only, for the gateway does not weigh them.
fn application(der: &[u8]) -> Value {
    let [packages, signatures] = &parts(der)[..] else {
        panic!("two sets");
    };
    let package = |der: &&[u8]| {
        let [name, version] = &parts(der)[..] else {
            panic!("name and version");
        };
        let name = AnyRef::from_der(name).unwrap().value();
        let version = u64::from_der(version).unwrap();
        json!({ "name": std::str::from_utf8(name).unwrap(), "version": version.to_string() })
    };
    let signature = |der: &&[u8]| base64(AnyRef::from_der(der).unwrap().value());
    json!({
        "packages": parts(packages).iter().map(package).collect::<Vec<_>>(),
        "signatures": parts(signatures).iter().map(signature).collect::<Vec<_>>(),
    })
}

/// The elements inside of one.
fn parts(der: &[u8]) -> Vec<&[u8]> {
    let mut reader = SliceReader::new(AnyRef::from_der(der).unwrap().value()).unwrap();
    let mut parts = Vec::new();
    while !reader.is_finished() {
        parts.push(reader.tlv_bytes().unwrap());
    }
    parts
}

fn statement_told(stated: &KeyStatement) -> Value {
    json!({
        "attestationVersion": stated.attestation_version.to_string(),
        "attestationSecurityLevel": level(stated.attested_in),
        "keyMintVersion": stated.keystore_version.to_string(),
        "keyMintSecurityLevel": level(stated.kept_in),
        "attestationChallenge": base64(&stated.challenge),
        "uniqueId": base64(&stated.unique_id),
        "softwareEnforced": told(&stated.software_enforced),
        "hardwareEnforced": told(&stated.hardware_enforced),
    })
}

#[test]
fn each_published_chain_says_what_its_json_says() {
    let Some(folder) = folder() else { return };
    let mut seen = 0;
    for path in files(&folder, "pem").iter().filter(|path| !is_invalid(path)) {
        let mut wanted: Value = serde_json::from_slice(&std::fs::read(path.with_extension("json")).unwrap()).unwrap();
        for list in ["softwareEnforced", "hardwareEnforced"] {
            // That they ascend is not said of them but demanded.
            wanted[list].as_object_mut().unwrap().remove("areTagsOrdered");
        }
        let stated = stated(&chain(path)).unwrap();
        assert_eq!(statement_told(&stated), wanted, "{}", path.display());
        seen += 1;
    }
    assert!(seen >= 14, "only {seen} vectors were there");
}

#[test]
fn each_published_malformed_chain_is_refused_for_its_statement() {
    let Some(folder) = folder() else { return };
    let mut seen = 0;
    for path in files(&folder, "pem").iter().filter(|path| is_invalid(path)) {
        let chain = chain(path);
        let key = key(&chain).unwrap();
        let asked = Expected {
            role: EvidenceKey::Device,
            key: &key,
            challenge: b"",
            now: time(&chain),
        };
        let refused = judge(&Trust::default(), &chain, &asked).unwrap_err();
        assert_eq!(refused.flaw, Flaw::Statement, "{}", path.display());
        seen += 1;
    }
    assert!(seen >= 2, "only {seen} vectors were there");
}

#[test]
fn each_published_chain_gets_its_level_from_what_the_phone_was() {
    let Some(folder) = folder() else { return };
    let mut levels = Vec::new();
    for path in files(&folder, "pem").iter().filter(|path| !is_invalid(path)) {
        let chain = chain(path);
        let stated = stated(&chain).unwrap();
        let now = time(&chain);
        let other = Key::new().public();
        let own = key(&chain);
        let asked = Expected {
            role: EvidenceKey::Device,
            key: own.as_ref().unwrap_or(&other),
            challenge: &stated.challenge,
            now,
        };
        let judged = judge(&Trust::default(), &chain, &asked);
        if own.is_none() {
            // An RSA key is no key of this protocol; its links are right all the same, or they were refused before.
            assert_eq!(judged.unwrap_err().flaw, Flaw::OtherKey, "{}", path.display());
            continue;
        }
        let judged = judged.unwrap();
        let root = stated.hardware_enforced.root_of_trust().unwrap();
        let is_whole = root.device_locked && root.boot_state == BootState::Verified;
        let wanted = if is_whole {
            vec![]
        } else {
            vec![EvidenceReason::DeviceUnlocked, EvidenceReason::BootNotVerified]
        };
        assert_eq!(judged.reasons, wanted, "{}", path.display());
        assert_eq!(judged.found.as_ref().unwrap().kept_in, stated.kept_in);
        levels.push(judged.level());
        // Of B the same key is worth less: no vector's key on P-256 asks for a finger.
        let as_biometric = Expected {
            role: EvidenceKey::Biometric,
            ..asked
        };
        let judged = judge(&Trust::default(), &chain, &as_biometric).unwrap();
        assert!(judged.reasons.contains(&EvidenceReason::AuthMissing));
        one_thing_less(&chain, &asked, &wanted);
    }
    levels.sort_unstable();
    assert!(
        levels.contains(&EvidenceLevel::E1) && levels.contains(&EvidenceLevel::E2),
        "{levels:?}"
    );
}

/// Each thing that the gateway and not the phone brings: with another one, the same chain is worth less.
fn one_thing_less(chain: &[Vec<u8>], asked: &Expected<'_>, wanted: &[EvidenceReason]) {
    let with = |reason| {
        let mut more = [&[reason], wanted].concat();
        more.sort_unstable();
        more
    };
    let reasons = |trust: &Trust, asked: &Expected<'_>| judge(trust, chain, asked).unwrap().reasons;
    let trust = Trust::default();
    let foreign = Trust {
        roots: Roots::none(),
        ..Trust::default()
    };
    assert_eq!(reasons(&foreign, asked), with(EvidenceReason::ForeignRoot));
    let other = Expected {
        challenge: b"another",
        ..*asked
    };
    assert_eq!(reasons(&trust, &other), with(EvidenceReason::ChallengeDiffers));
    let late = Expected {
        now: Timestamp::from_unix(4_000_000_000).unwrap(),
        ..*asked
    };
    assert_eq!(reasons(&trust, &late), with(EvidenceReason::Expired));
    let early = Expected {
        now: Timestamp::from_unix(0).unwrap(),
        ..*asked
    };
    assert_eq!(reasons(&trust, &early), with(EvidenceReason::NotYetValid));
    let key = Key::new().public();
    let stranger = Expected { key: &key, ..*asked };
    assert_eq!(judge(&trust, chain, &stranger).unwrap_err().flaw, Flaw::OtherKey);
    for certificate in &chain[1..] {
        let certificate = Certificate::from_der(certificate).unwrap();
        let serial = certificate.tbs_certificate().serial_number().to_string();
        let serial = serial.replace(':', "").to_lowercase();
        let json = json!({ "entries": { serial: { "status": "REVOKED", "reason": "KEY_COMPROMISE" } } });
        let revoked = Trust {
            revoked: RevocationList::from_json(json.to_string().as_bytes()).unwrap(),
            ..Trust::default()
        };
        assert_eq!(reasons(&revoked, asked), with(EvidenceReason::Revoked));
    }
}

#[test]
fn the_published_roots_are_those_that_are_pinned() {
    let Some(folder) = folder() else { return };
    let file = std::fs::read(folder.join("roots.json")).unwrap();
    assert_eq!(Roots::none().and(&file).unwrap(), Roots::published());
}
