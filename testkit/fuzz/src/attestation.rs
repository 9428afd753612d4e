//! Certificate chains that a phone brings for its keys.

use std::sync::LazyLock;

use quittance_gateway::attestation::{Expected, Roots, Trust, judge};
use quittance_protocol::evidence::EvidenceKey;
use quittance_protocol::log_body::EvidenceLevel;
use quittance_protocol::{PublicKey, Timestamp};
use x509_cert::Certificate;
use x509_cert::der::{Decode as _, Encode as _, Reader as _, SliceReader};

use crate::Verdict;
use crate::world::World;

/// What the enrolment asked the chains of the corpus to be about.
pub const CHALLENGE: &[u8] = b"the enrolment's nonce";

/// The key that they are about: a SEC1 point.
const KEY: &[u8] = include_bytes!("../corpus/attestation-key.sec1");
/// The authority that they end in.
const ROOT: &[u8] = include_bytes!("../corpus/attestation-root.pem");
/// The one chain that it issued.
const GENUINE: &[u8] = include_bytes!("../corpus/attestation-chain/genuine");
/// When they are judged, in seconds since 1970.
const NOW: i64 = 1_800_000_000;

struct Asked {
    trust: Trust,
    key: PublicKey,
    now: Timestamp,
}

static ASKED: LazyLock<Asked> = LazyLock::new(|| Asked {
    trust: Trust {
        roots: Roots::none().and(ROOT).unwrap(),
        ..Trust::default()
    },
    key: PublicKey::p256_from_sec1(KEY).unwrap(),
    now: Timestamp::from_unix(NOW).unwrap(),
});

/// What the authority signed of the one leaf that it issued.
pub(crate) fn genuine_leaf() -> Vec<u8> {
    signed_part(certificates(GENUINE).first().unwrap()).unwrap()
}

/// DER certificates one after the other, leaf first.
pub(crate) fn attestation_chain(world: &World, bytes: &[u8]) -> Verdict {
    let chain = certificates(bytes);
    let expected = Expected {
        role: EvidenceKey::Device,
        key: &ASKED.key,
        challenge: CHALLENGE,
        now: ASKED.now,
    };
    let Ok(judged) = judge(&ASKED.trust, &chain, &expected) else {
        return Verdict::Refused;
    };
    let is_evidence = judged.level() > EvidenceLevel::E0;
    if is_evidence {
        let leaf = chain.first().and_then(|leaf| signed_part(leaf));
        assert_eq!(leaf.as_ref(), Some(&world.leaf), "the authority never issued this leaf");
    }
    Verdict::of(is_evidence)
}

/// Takes a chain apart where one certificate ends; what is no certificate stays whole, as a phone may send it.
fn certificates(mut bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut chain = Vec::new();
    while !bytes.is_empty() {
        let length = SliceReader::new(bytes)
            .and_then(|mut reader| reader.tlv_bytes().map(<[u8]>::len))
            .unwrap_or(bytes.len());
        let (certificate, rest) = bytes.split_at(length);
        chain.push(certificate.to_vec());
        bytes = rest;
    }
    chain
}

/// The part of a certificate that its issuer signs.
fn signed_part(certificate: &[u8]) -> Option<Vec<u8>> {
    Certificate::from_der(certificate).ok()?.tbs_certificate().to_der().ok()
}
