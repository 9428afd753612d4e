//! The evidence of a whole phone: its keys together, no stronger than the weakest of them.

use std::collections::BTreeSet;

use quittance_protocol::answer::AttestedKey;
use quittance_protocol::evidence::{EvidenceFinding, EvidenceKey, EvidenceReason};
use quittance_protocol::log_body::EvidenceLevel;
use quittance_protocol::statement::Enrolment;
use quittance_protocol::{B64, PublicKey, Timestamp};
use serde::{Deserialize, Serialize};

use super::Trust;
use super::chain::Refused;
use super::verdict::{Expected, Found, judge};

/// A phone that introduces itself at this time.
#[derive(Debug, Clone, Copy)]
pub struct Enrolling<'e> {
    /// What it says.
    pub statement: &'e Enrolment,
    /// Gateway time.
    pub now: Timestamp,
}

/// One key, as it was judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct KeyRecord {
    key: EvidenceKey,
    reasons: Vec<EvidenceReason>,
    found: Option<Found>,
}

/// What was found out about a phone's keys when it enrolled. The chains themselves, which name the hardware, are not
/// kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence(Vec<KeyRecord>);

impl Evidence {
    /// Judges every key of a phone.
    ///
    /// # Errors
    /// [`Refused`], with the statement's member that holds the chain.
    pub fn of(trust: &Trust, phone: &Enrolling<'_>) -> Result<Self, (&'static str, Refused)> {
        let said = phone.statement;
        let record = |role, key: &PublicKey, member, chain: &[B64]| {
            let chain: Vec<&[u8]> = chain.iter().map(B64::as_slice).collect();
            let expected = Expected {
                role,
                key,
                challenge: said.nonce.as_slice(),
                now: phone.now,
            };
            let judged = judge(trust, &chain, &expected).map_err(|refused| (member, refused))?;
            Ok(KeyRecord {
                key: role,
                reasons: judged.reasons,
                found: judged.found,
            })
        };
        let mut keys = vec![
            record(EvidenceKey::Device, &said.device_key, "/attestation", &said.attestation)?,
            record(
                EvidenceKey::Biometric,
                &said.biometric_key,
                "/biometric_attestation",
                &said.biometric_attestation,
            )?,
        ];
        if let Some(key) = &said.passcode_key {
            let chain = &said.passcode_attestation;
            keys.push(record(EvidenceKey::Passcode, key, "/passcode_attestation", chain)?);
        }
        Ok(Self(keys))
    }

    /// The level that may be stated today: what was found when the phone enrolled, less what is no longer believed.
    #[must_use]
    pub fn level(&self, trust: &Trust) -> EvidenceLevel {
        if self.0.is_empty() {
            return EvidenceLevel::E0;
        }
        let most = self.findings(trust).into_iter().map(|finding| finding.reason.at_most());
        most.min().unwrap_or(EvidenceLevel::E2)
    }

    /// Why it is not a higher level, key by key.
    #[must_use]
    pub fn findings(&self, trust: &Trust) -> Vec<EvidenceFinding> {
        let each = self.0.iter().flat_map(|record| {
            let reasons = record.reasons(trust).into_iter();
            reasons.map(|reason| EvidenceFinding {
                key: record.key,
                reason,
            })
        });
        each.collect()
    }

    /// What the hardware said, of keys whose chains are believed.
    #[must_use]
    pub fn attested(&self, trust: &Trust) -> Vec<AttestedKey> {
        let each = self.0.iter().filter_map(|record| {
            let found = record.found.as_ref()?;
            let believed = |reason: EvidenceReason| reason.at_most() > EvidenceLevel::E0;
            record.reasons(trust).into_iter().all(believed).then_some(AttestedKey {
                key: record.key,
                kept_in: found.kept_in,
                rollback_resistant: found.rollback_resistant,
            })
        });
        each.collect()
    }
}

impl KeyRecord {
    /// What was found, and what was revoked or unpinned since.
    fn reasons(&self, trust: &Trust) -> BTreeSet<EvidenceReason> {
        let mut reasons: BTreeSet<_> = self.reasons.iter().copied().collect();
        if let Some(found) = &self.found {
            if !trust.roots.has(&found.root) {
                reasons.insert(EvidenceReason::ForeignRoot);
            }
            if found.serials.iter().any(|serial| trust.revoked.says(serial).is_some()) {
                reasons.insert(EvidenceReason::Revoked);
            }
        }
        reasons
    }
}
