//! Why the evidence of a phone is not stronger: one stable word for each thing that its attestation chains lack.

use crate::log_body::EvidenceLevel;
use serde::{Deserialize, Serialize};

/// Which of the phone's keys a finding is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EvidenceKey {
    /// D, which signs every statement.
    Device,
    /// B, which signs after the biometric prompt.
    Biometric,
    /// P, which signs after the lock screen.
    Passcode,
}

macro_rules! reasons {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $most:ident;)*) => {
        /// One thing that a chain lacks. The same words stand in answers, logs and documents.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum EvidenceReason {
            $($(#[$doc])* #[serde(rename = $name)] $variant,)*
            /// A word that this version does not know: only ever read, never written.
            #[serde(other)]
            Unrecognised,
        }

        impl EvidenceReason {
            /// Every reason that this version writes.
            pub const ALL: &'static [EvidenceReason] = &[$(EvidenceReason::$variant,)*];

            /// The word on the wire.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* Self::Unrecognised => "unrecognised" }
            }

            /// The highest level that a key with this finding can have.
            #[must_use]
            pub const fn at_most(self) -> EvidenceLevel {
                match self { $(Self::$variant => EvidenceLevel::$most,)* Self::Unrecognised => EvidenceLevel::E0 }
            }
        }
    };
}

// First what leaves nothing to believe, then what leaves a key in hardware of which less is known.
reasons! {
    /// The phone brought no chain for this key.
    NoChain = "no_chain", E0;
    /// The first certificate says nothing about how its key is kept.
    NoStatement = "no_statement", E0;
    /// The chain ends in a root that is not pinned.
    ForeignRoot = "foreign_root", E0;
    /// A certificate of the chain stands on the revocation list.
    Revoked = "revoked", E0;
    /// A certificate signed another without being a certificate authority's.
    IssuerNotAuthority = "issuer_not_authority", E0;
    /// The chain was made in software.
    AttestedInSoftware = "attested_in_software", E0;
    /// The key is kept in software.
    KeptInSoftware = "kept_in_software", E0;
    /// The hardware does not say that it made the key itself: there may be copies.
    NotGenerated = "not_generated", E0;
    /// A certificate between leaf and root is past its dates.
    Expired = "expired", E1;
    /// A certificate between leaf and root is before its dates.
    NotYetValid = "not_yet_valid", E1;
    /// The chain answers another challenge than this enrolment's nonce: it may be old.
    ChallengeDiffers = "challenge_differs", E1;
    /// The hardware does not say what it booted.
    BootUnknown = "boot_unknown", E1;
    /// The phone's boot loader is unlocked.
    DeviceUnlocked = "device_unlocked", E1;
    /// The system that booted is signed by its owner's key, not by its maker's.
    BootSelfSigned = "boot_self_signed", E1;
    /// The system that booted was not verified, or failed.
    BootNotVerified = "boot_not_verified", E1;
    /// The hardware does not hold the key to signing alone.
    PurposeNotSigning = "purpose_not_signing", E1;
    /// The hardware does not call the key an ECDSA key on P-256.
    NotP256 = "not_p256", E1;
    /// The hardware lets the key sign without asking anybody.
    AuthMissing = "auth_missing", E1;
    /// The hardware takes another proof than the one that this key stands for.
    AuthOtherKind = "auth_other_kind", E1;
    /// The hardware lets the key sign for a time after one proof, not once for each.
    AuthNotPerUse = "auth_not_per_use", E1;
}

/// One finding about one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EvidenceFinding {
    /// The key.
    pub key: EvidenceKey,
    /// What its chain lacks.
    pub reason: EvidenceReason,
}
