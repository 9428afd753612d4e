//! One key's chain is weighed: what it lacks, and with that how much may be said of the key.

use quittance_protocol::answer::KeptIn;
use quittance_protocol::evidence::{EvidenceKey, EvidenceReason};
use quittance_protocol::log_body::EvidenceLevel;
use quittance_protocol::{Digest32, PublicKey, Timestamp};
use serde::{Deserialize, Serialize};

use super::Trust;
use super::chain::{Chain, Flaw, Refused};
use super::statement::{Authorizations, BootState, KeyStatement, tag};

// Numbers of the keystore's own interface.
const SIGN: u64 = 2;
const VERIFY: u64 = 3;
const EC: u64 = 3;
const P256: u64 = 1;
const P256_BITS: u64 = 256;
const GENERATED: u64 = 0;
const LOCK_SCREEN: u64 = 1;
const BIOMETRIC: u64 = 2;

/// What a chain has to be about.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'e> {
    /// Which of the phone's keys it is.
    pub role: EvidenceKey,
    /// The key.
    pub key: &'e PublicKey,
    /// The enrolment's nonce.
    pub challenge: &'e [u8],
    /// Gateway time.
    pub now: Timestamp,
}

/// What a chain said of a key, as much as outlives the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// The root key that it ends in.
    pub root: Digest32,
    /// Serial numbers of its certificates but the leaf's, which the phone chose; lowercase hex.
    pub serials: Vec<String>,
    /// Where the key is kept.
    pub kept_in: KeptIn,
    /// Whether the hardware says that the key cannot be brought back once it is deleted.
    pub rollback_resistant: bool,
}

/// The verdict on one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// What the chain lacks, weightiest first; empty where it lacks nothing.
    pub reasons: Vec<EvidenceReason>,
    /// What it said; `None` without a statement.
    pub found: Option<Found>,
}

impl Judged {
    /// The level that the reasons leave.
    #[must_use]
    pub fn level(&self) -> EvidenceLevel {
        let most = self.reasons.iter().map(|reason| reason.at_most());
        most.min().unwrap_or(EvidenceLevel::E2)
    }

    fn nothing(reason: EvidenceReason) -> Self {
        Self {
            reasons: vec![reason],
            found: None,
        }
    }
}

/// Weighs one key's chain, leaf first, DER.
///
/// The dates of the leaf are the phone's own words, and a root is its key: neither's dates are looked at. Those of every
/// certificate between have to hold at gateway time.
///
/// # Errors
/// [`Refused`] for what is no chain, or one about another key.
pub fn judge<D: AsRef<[u8]>>(trust: &Trust, chain: &[D], expected: &Expected<'_>) -> Result<Judged, Refused> {
    let Some(chain) = Chain::read(chain)? else {
        return Ok(Judged::nothing(EvidenceReason::NoChain));
    };
    if chain.leaf.p256_point() != Some(expected.key.as_bytes()) {
        return Err(Refused {
            certificate: 0,
            flaw: Flaw::OtherKey,
        });
    }
    let Some(stated) = &chain.stated else {
        return Ok(Judged::nothing(EvidenceReason::NoStatement));
    };
    let mut reasons = of_chain(trust, &chain, expected.now);
    reasons.extend(of_statement(stated, expected));
    reasons.sort_unstable();
    reasons.dedup();
    let hardware = &stated.hardware_enforced;
    let found = Found {
        root: chain.root.as_ref().map_or(chain.leaf.key, |root| root.key),
        serials: chain.all().skip(1).map(|it| it.serial()).collect(),
        kept_in: stated.kept_in.min(stated.attested_in),
        rollback_resistant: hardware.has(tag::ROLLBACK_RESISTANCE) || hardware.has(tag::ROLLBACK_RESISTANT),
    };
    Ok(Judged {
        reasons,
        found: Some(found),
    })
}

fn of_chain(trust: &Trust, chain: &Chain<'_>, now: Timestamp) -> Vec<EvidenceReason> {
    let mut reasons = Vec::new();
    // A leaf that signed itself is no root, whatever its key is.
    if !chain.root.as_ref().is_some_and(|root| trust.roots.has(&root.key)) {
        reasons.push(EvidenceReason::ForeignRoot);
    }
    for issuer in chain.between.iter().chain(&chain.root) {
        if !issuer.is_authority {
            reasons.push(EvidenceReason::IssuerNotAuthority);
        }
        if trust.revoked.says(&issuer.serial()).is_some() {
            reasons.push(EvidenceReason::Revoked);
        }
    }
    for certificate in &chain.between {
        let (begun, over) = certificate.dates(now);
        if !begun {
            reasons.push(EvidenceReason::NotYetValid);
        }
        if over {
            reasons.push(EvidenceReason::Expired);
        }
    }
    reasons
}

fn of_statement(stated: &KeyStatement, expected: &Expected<'_>) -> Vec<EvidenceReason> {
    let mut reasons = Vec::new();
    let mut unless = |holds: bool, reason| {
        if !holds {
            reasons.push(reason);
        }
    };
    let hardware = &stated.hardware_enforced;
    unless(
        stated.attested_in > KeptIn::Software,
        EvidenceReason::AttestedInSoftware,
    );
    unless(stated.kept_in > KeptIn::Software, EvidenceReason::KeptInSoftware);
    unless(
        hardware.number(tag::ORIGIN) == Some(GENERATED),
        EvidenceReason::NotGenerated,
    );
    unless(stated.challenge == expected.challenge, EvidenceReason::ChallengeDiffers);
    match hardware.root_of_trust() {
        None => unless(false, EvidenceReason::BootUnknown),
        Some(root) => {
            unless(root.device_locked, EvidenceReason::DeviceUnlocked);
            match root.boot_state {
                BootState::Verified => {}
                BootState::SelfSigned => unless(false, EvidenceReason::BootSelfSigned),
                BootState::Unverified | BootState::Failed => unless(false, EvidenceReason::BootNotVerified),
            }
        }
    }
    let purposes = hardware.numbers(tag::PURPOSE);
    // Whoever has the public key can verify: that a key may do so too gives nothing away.
    let signs_alone = purposes.contains(&SIGN) && purposes.iter().all(|it| [SIGN, VERIFY].contains(it));
    unless(signs_alone, EvidenceReason::PurposeNotSigning);
    let is_p256 = hardware.number(tag::ALGORITHM) == Some(EC)
        && hardware.number(tag::KEY_SIZE).is_none_or(|bits| bits == P256_BITS)
        && hardware.number(tag::EC_CURVE).is_none_or(|curve| curve == P256)
        && (hardware.has(tag::KEY_SIZE) || hardware.has(tag::EC_CURVE));
    unless(is_p256, EvidenceReason::NotP256);
    let proof = match expected.role {
        EvidenceKey::Device => None,
        EvidenceKey::Biometric => Some(BIOMETRIC),
        EvidenceKey::Passcode => Some(LOCK_SCREEN),
    };
    if let Some(proof) = proof {
        reasons.extend(of_authentication(hardware, proof));
    }
    reasons
}

/// What is missing from "this proof alone, once for each use". Only what the hardware enforces counts.
fn of_authentication(hardware: &Authorizations, proof: u64) -> Option<EvidenceReason> {
    match hardware.number(tag::USER_AUTH_TYPE) {
        _ if hardware.has(tag::NO_AUTH_REQUIRED) => Some(EvidenceReason::AuthMissing),
        None | Some(0) => Some(EvidenceReason::AuthMissing),
        Some(kinds) if kinds != proof => Some(EvidenceReason::AuthOtherKind),
        Some(_) if hardware.number(tag::AUTH_TIMEOUT).is_some_and(|seconds| seconds > 0) => {
            Some(EvidenceReason::AuthNotPerUse)
        }
        Some(_) => None,
    }
}
