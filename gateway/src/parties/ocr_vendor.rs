//! The OCR vendor: who reads a photographed document.

use std::sync::Arc;

use quittance_protocol::{AccountId, Digest32};
use serde::{Deserialize, Serialize};

use super::mrz::{self, MachineReadableZone, MrzRefused};
use super::script::Script;
use super::simulator_file::SimulatorFile;
use super::{Call, Party, Reply, Score, Unavailable};

/// What was photographed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentKind {
    /// Both sides of an identity card.
    IdDocument,
    /// The data page of a passport.
    Passport,
    /// A proof of address.
    ProofOfAddress,
    /// A person who holds an identity card.
    HandheldPhoto,
    /// A page that says who is whose guardian.
    GuardianshipProof,
}

/// A document to read. Its images go by digest: the vendor is served from the evidence store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DocumentScan {
    /// Whose.
    pub account: AccountId,
    /// What it is said to be.
    pub document: DocumentKind,
    /// SHA-256 of each image, in the order of the sides.
    pub images: Vec<Digest32>,
}

/// How good the images are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ImageQuality {
    /// All four corners are in the picture.
    pub corners: bool,
    /// Nothing glares.
    pub glare_free: bool,
    /// How legible it is.
    pub sharpness: Score,
}

impl Default for ImageQuality {
    fn default() -> Self {
        Self {
            corners: true,
            glare_free: true,
            sharpness: Score::SIMULATED,
        }
    }
}

/// Why a document was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentRejection {
    /// Its last day is over.
    Expired,
    /// It is too dark to read.
    PoorLight,
    /// It cannot be read for another reason.
    Unreadable,
    /// It is not what it was said to be.
    OtherDocument,
    /// It looks altered.
    SuspectedForgery,
    /// A passport without the zone that every passport has.
    MrzMissing,
    /// The passport's machine-readable zone is wrong.
    Mrz(MrzRefused),
}

/// What the gateway hears of a document. Nothing that stands on it is part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum DocumentOutcome {
    /// It is what it was said to be; of a passport, all check digits are right.
    Accepted {
        /// How well it was photographed.
        quality: ImageQuality,
    },
    /// It is not taken.
    Rejected {
        /// Why.
        reason: DocumentRejection,
        /// How well it was photographed.
        quality: ImageQuality,
    },
}

impl DocumentOutcome {
    /// The name on the wire, which flow definitions use too.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Accepted { .. } => "accepted",
            Self::Rejected { .. } => "rejected",
        }
    }
}

/// What a document that a vendor could read comes to: the check digits of a passport are the gateway's own check,
/// whichever vendor read it.
#[must_use]
pub fn judge(document: DocumentKind, quality: ImageQuality, zone: Option<&MachineReadableZone>) -> DocumentOutcome {
    let rejected = |reason| DocumentOutcome::Rejected { reason, quality };
    match (document, zone) {
        (DocumentKind::Passport, None) => rejected(DocumentRejection::MrzMissing),
        (DocumentKind::Passport, Some(zone)) => match mrz::check(zone) {
            Ok(()) => DocumentOutcome::Accepted { quality },
            Err(refused) => rejected(DocumentRejection::Mrz(refused)),
        },
        _ => DocumentOutcome::Accepted { quality },
    }
}

/// The OCR vendor. An implementation passes what it read through [`judge`].
pub trait OcrVendor: Send + Sync {
    /// Reads a document.
    ///
    /// # Errors
    /// [`Unavailable`].
    fn read(&self, call: &Call, scan: &DocumentScan) -> Result<Reply<DocumentOutcome>, Unavailable>;
}

/// What a script says of a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ScriptedReading {
    /// It was read.
    Accepted {
        /// How well it was photographed.
        #[serde(default)]
        quality: ImageQuality,
        /// The two lines of a passport; those of the published specimen where they are left out, none where empty.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mrz: Option<[String; 2]>,
    },
    /// It was not.
    Rejected {
        /// Why.
        reason: DocumentRejection,
        /// How well it was photographed.
        #[serde(default)]
        quality: ImageQuality,
    },
}

impl Default for ScriptedReading {
    fn default() -> Self {
        Self::Accepted {
            quality: ImageQuality::default(),
            mrz: None,
        }
    }
}

/// The specimen of ICAO Doc 9303 part 4.
const SPECIMEN: [&str; 2] = [
    "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
    "L898902C36UTO7408122F1204159ZE184226B<<<<<10",
];

/// A vendor that can read every document unless its script says otherwise.
pub struct SimulatedOcrVendor {
    pub(super) script: Script<ScriptedReading>,
}

impl SimulatedOcrVendor {
    pub(super) fn new(file: &Arc<SimulatorFile>) -> Self {
        Self {
            script: Script::new(Party::OcrVendor, file),
        }
    }
}

impl OcrVendor for SimulatedOcrVendor {
    fn read(&self, call: &Call, scan: &DocumentScan) -> Result<Reply<DocumentOutcome>, Unavailable> {
        self.script.ask_and(call, scan, |reading| match reading {
            ScriptedReading::Accepted { quality, mrz } => {
                let lines = mrz.unwrap_or_else(|| SPECIMEN.map(str::to_owned));
                let zone = lines
                    .iter()
                    .any(|line| !line.is_empty())
                    .then(|| MachineReadableZone::new(lines));
                judge(scan.document, quality, zone.as_ref())
            }
            ScriptedReading::Rejected { reason, quality } => DocumentOutcome::Rejected { reason, quality },
        })
    }
}
