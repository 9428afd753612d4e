//! A certificate authority of the tests: chains as a phone's hardware makes them, and with one thing wrong.

use quittance_gateway::attestation::{Expected, Roots, Trust, tag};
use quittance_protocol::evidence::EvidenceKey;
use quittance_protocol::{PublicKey, Timestamp};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm, KeyPair as _,
};
use x509_cert::der::pem;

use super::DAY;
use super::der::{bits, boolean, enumerated, integer, null, number, octets, oid, sequence, set, tagged, time, tlv};

/// When the chains of this authority are judged, unless a test says otherwise.
pub(crate) const NOW: i64 = 1_800_000_000;

const EC_KEY: &[u32] = &[1, 2, 840, 10045, 2, 1];
const STATEMENT: &[u32] = &[1, 3, 6, 1, 4, 1, 11129, 2, 1, 17];

/// A key that signs certificates.
struct Issuer {
    name: &'static str,
    pair: EcdsaKeyPair,
    curve: &'static [u32],
    algorithm: &'static [u32],
}

impl Issuer {
    fn new(name: &'static str, is_large: bool) -> Self {
        type Kind = (&'static EcdsaSigningAlgorithm, &'static [u32], &'static [u32]);
        let (kind, curve, algorithm): Kind = if is_large {
            (
                &ECDSA_P384_SHA384_ASN1_SIGNING,
                &[1, 3, 132, 0, 34],
                &[1, 2, 840, 10045, 4, 3, 3],
            )
        } else {
            (
                &ECDSA_P256_SHA256_ASN1_SIGNING,
                &[1, 2, 840, 10045, 3, 1, 7],
                &[1, 2, 840, 10045, 4, 3, 2],
            )
        };
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(kind, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(kind, document.as_ref(), &random).unwrap();
        Self {
            name,
            pair,
            curve,
            algorithm,
        }
    }

    fn key(&self) -> Vec<u8> {
        spki(self.curve, self.pair.public_key().as_ref())
    }

    fn issue(&self, subject: &str, key: &[u8], certificate: &Certificate) -> Vec<u8> {
        let body = sequence(&[
            tagged(0, &number(2)),
            integer(&certificate.serial),
            sequence(&[oid(self.algorithm)]),
            name(certificate.names_issuer.unwrap_or(self.name)),
            sequence(&[time(certificate.from), time(certificate.until)]),
            name(subject),
            key.to_vec(),
            tagged(3, &sequence(&certificate.extensions)),
        ]);
        let mut signature = self.pair.sign(&SystemRandom::new(), &body).unwrap().as_ref().to_vec();
        if certificate.is_tampered {
            // In the middle of s: still well-formed, signed by nobody.
            let last = signature.len() - 4;
            signature[last] ^= 1;
        }
        let outside = certificate.algorithm_outside.unwrap_or(self.algorithm);
        sequence(&[body, sequence(&[oid(outside)]), bits(&signature)])
    }
}

/// What stands in a certificate beside names and key.
#[derive(Clone)]
pub(crate) struct Certificate {
    pub(crate) serial: Vec<u8>,
    pub(crate) from: i64,
    pub(crate) until: i64,
    pub(crate) extensions: Vec<Vec<u8>>,
    pub(crate) names_issuer: Option<&'static str>,
    pub(crate) is_tampered: bool,
    /// What stands beside the signature, where it is not what was signed.
    pub(crate) algorithm_outside: Option<&'static [u32]>,
}

impl Certificate {
    pub(crate) fn new(serial: u8, extensions: Vec<Vec<u8>>) -> Self {
        Self {
            serial: vec![0xa0, serial],
            from: NOW - 30 * DAY,
            until: NOW + 30 * DAY,
            extensions,
            names_issuer: None,
            is_tampered: false,
            algorithm_outside: None,
        }
    }
}

/// Everything about one chain, for a test to change.
pub(crate) struct Plan {
    pub(crate) challenge: Vec<u8>,
    pub(crate) attested_in: u8,
    pub(crate) kept_in: u8,
    pub(crate) software: Vec<(u32, Vec<u8>)>,
    pub(crate) hardware: Vec<(u32, Vec<u8>)>,
    /// What the statement's bytes become before they are signed.
    pub(crate) statement: Box<dyn Fn(Vec<u8>) -> Vec<u8>>,
    pub(crate) leaf: Certificate,
    pub(crate) batch: Certificate,
    pub(crate) middle: Certificate,
    pub(crate) root: Certificate,
}

impl Plan {
    /// Replaces what the hardware enforces; `None` takes it away.
    pub(crate) fn enforce(&mut self, tag: u32, inner: Option<Vec<u8>>) {
        self.hardware.retain(|(known, _)| *known != tag);
        if let Some(inner) = inner {
            self.hardware.push((tag, inner));
            self.hardware.sort_by_key(|(tag, _)| *tag);
        }
    }

    fn statement(&self) -> Vec<u8> {
        let list = |tags: &[(u32, Vec<u8>)]| {
            let tags: Vec<_> = tags.iter().map(|(number, inner)| tagged(*number, inner)).collect();
            sequence(&tags)
        };
        (self.statement)(sequence(&[
            number(300),
            enumerated(self.attested_in),
            number(300),
            enumerated(self.kept_in),
            octets(&self.challenge),
            octets(&[]),
            list(&self.software),
            list(&self.hardware),
        ]))
    }
}

/// What the phone booted.
pub(crate) fn booted(is_locked: bool, state: u8) -> Vec<u8> {
    sequence(&[
        octets(&[7; 32]),
        boolean(is_locked),
        enumerated(state),
        octets(&[8; 32]),
    ])
}

/// A set of numbers.
pub(crate) fn numbers(all: &[u64]) -> Vec<u8> {
    set(&all.iter().map(|it| number(*it)).collect::<Vec<_>>())
}

/// An extension.
pub(crate) fn extension(name: &[u32], is_critical: bool, value: &[u8]) -> Vec<u8> {
    let critical = if is_critical { boolean(true) } else { Vec::new() };
    sequence(&[oid(name), critical, octets(value)])
}

/// "May sign certificates", or not.
pub(crate) fn authority(is_one: bool) -> Vec<Vec<u8>> {
    let constraints = sequence(&[if is_one { boolean(true) } else { Vec::new() }]);
    // keyCertSign, or digitalSignature.
    let usage = if is_one { [2, 0x04] } else { [7, 0x80] };
    vec![
        extension(&[2, 5, 29, 19], true, &constraints),
        extension(&[2, 5, 29, 15], true, &tlv(&[0x03], &usage)),
    ]
}

/// The extension that states something about a key.
pub(crate) fn statement(value: &[u8]) -> Vec<u8> {
    extension(STATEMENT, false, value)
}

fn name(text: &str) -> Vec<u8> {
    let attribute = sequence(&[oid(&[2, 5, 4, 3]), tlv(&[0x0c], text.as_bytes())]);
    sequence(&[set(&[attribute])])
}

fn spki(curve: &[u32], point: &[u8]) -> Vec<u8> {
    sequence(&[sequence(&[oid(EC_KEY), oid(curve)]), bits(point)])
}

/// A root, a maker's authority, and the key of one batch of phones.
pub(crate) struct Forge {
    root: Issuer,
    middle: Issuer,
    batch: Issuer,
}

impl Forge {
    pub(crate) fn new() -> Self {
        Self {
            root: Issuer::new("Root", true),
            middle: Issuer::new("Maker", true),
            batch: Issuer::new("Batch", false),
        }
    }

    /// A gateway's trust in this root alone.
    pub(crate) fn trust(&self) -> Trust {
        Trust {
            roots: Roots::none().and(self.root_pem().as_bytes()).unwrap(),
            ..Trust::default()
        }
    }

    pub(crate) fn root_pem(&self) -> String {
        let der = self
            .root
            .issue("Root", &self.root.key(), &Certificate::new(1, authority(true)));
        pem::encode_string("CERTIFICATE", pem::LineEnding::LF, &der).unwrap()
    }

    /// What a good phone would bring for this key.
    pub(crate) fn plan(&self, role: EvidenceKey, challenge: &[u8]) -> Plan {
        let mut hardware = vec![
            (tag::PURPOSE, numbers(&[2])),
            (tag::ALGORITHM, number(3)),
            (tag::KEY_SIZE, number(256)),
            (5, numbers(&[4])),
            (tag::EC_CURVE, number(1)),
        ];
        hardware.push(match role {
            EvidenceKey::Device => (tag::NO_AUTH_REQUIRED, null()),
            EvidenceKey::Biometric => (tag::USER_AUTH_TYPE, number(2)),
            EvidenceKey::Passcode => (tag::USER_AUTH_TYPE, number(1)),
        });
        hardware.push((tag::ORIGIN, number(0)));
        hardware.push((tag::ROOT_OF_TRUST, booted(true, 0)));
        hardware.push((706, number(202_612)));
        Plan {
            challenge: challenge.to_vec(),
            attested_in: 1,
            kept_in: 1,
            software: vec![(701, number(1_799_999_000_000))],
            hardware,
            statement: Box::new(|bytes| bytes),
            leaf: Certificate::new(4, Vec::new()),
            batch: Certificate::new(3, authority(true)),
            middle: Certificate::new(2, authority(true)),
            root: Certificate::new(1, authority(true)),
        }
    }

    /// The chain of a plan, leaf first.
    pub(crate) fn chain(&self, key: &PublicKey, plan: &Plan) -> Vec<Vec<u8>> {
        let mut leaf = plan.leaf.clone();
        leaf.extensions.push(statement(&plan.statement()));
        let point = spki(&[1, 2, 840, 10045, 3, 1, 7], key.as_bytes());
        vec![
            self.batch.issue("Android Keystore Key", &point, &leaf),
            self.middle.issue("Batch", &self.batch.key(), &plan.batch),
            self.root.issue("Maker", &self.middle.key(), &plan.middle),
            self.root.issue("Root", &self.root.key(), &plan.root),
        ]
    }

    /// What a thief makes who has a phone of their own: its hardware attests a key, which then signs a leaf about
    /// another key. Leaf first, with what the phone's own leaf may say of itself besides.
    pub(crate) fn lengthened_chain(&self, key: &PublicKey, plan: &Plan, own: &Certificate) -> Vec<Vec<u8>> {
        let thief = Issuer::new("Android Keystore Key", false);
        let mut leaf = plan.leaf.clone();
        leaf.extensions.push(statement(&plan.statement()));
        let point = spki(&[1, 2, 840, 10045, 3, 1, 7], key.as_bytes());
        let made_up = thief.issue("Thief", &point, &leaf);
        let attested = self.batch.issue("Android Keystore Key", &thief.key(), own);
        let mut chain = self.chain(key, plan);
        chain.splice(..1, [made_up, attested]);
        chain
    }

    /// A leaf that states nothing, and what else a plan says.
    pub(crate) fn silent_chain(&self, key: &PublicKey, plan: &Plan) -> Vec<Vec<u8>> {
        let mut chain = self.chain(key, plan);
        let point = spki(&[1, 2, 840, 10045, 3, 1, 7], key.as_bytes());
        let mut leaf = plan.leaf.clone();
        leaf.extensions = authority(false);
        chain[0] = self.batch.issue("Android Keystore Key", &point, &leaf);
        chain
    }
}

/// What a chain is judged against.
pub(crate) fn expected<'e>(role: EvidenceKey, key: &'e PublicKey, challenge: &'e [u8]) -> Expected<'e> {
    Expected {
        role,
        key,
        challenge,
        now: Timestamp::from_unix(NOW).unwrap(),
    }
}
