//! Values of what proves something: `factor.*`, `otp.*`, `biometric.*`, `flow.*`.

use crate::policy::span::Seconds;
use quittance_protocol::Quantity;
use serde::Deserialize;
use std::collections::BTreeMap;

/// `factor.*`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FactorRules {
    /// How long a proof can be used after it was made.
    pub proof_life: Seconds,
    /// What can be proved, by name.
    pub kinds: BTreeMap<String, FactorKindRules>,
}

/// `factor.kinds.{kind}.*`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FactorKindRules {
    /// What kind of thing it is: independent factors have different ones.
    pub category: FactorCategory,
    /// From 1 (can be intercepted or guessed from afar) over 2 (a secret whose tries are counted, a document) and 3
    /// (hardware, a living person, a trained reviewer) to 4 (two people, or a person seen live with the document).
    /// Equal or stronger replaces.
    pub strength: u8,
}

/// Kinds of things that prove something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FactorCategory {
    /// Something the payer knows.
    Knowledge,
    /// Something the payer has.
    Possession,
    /// Something the payer is.
    Inherence,
    /// A document, or a source that was asked.
    Evidence,
    /// Another person's word.
    Witness,
}

/// `flow.*`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlowRules {
    /// A flow that nobody touches ends after this.
    pub idle_life: Seconds,
    /// A flow that waits for nobody else ends after this, however busy it is.
    pub total_life: Seconds,
    /// A case that people work on ends after this, where the payer leaves it alone.
    pub case_life: Seconds,
}

/// `evidence.*`: images, recordings, sources that are asked.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvidenceRules {
    /// Rejected submissions until the step is given up.
    pub max_attempts: u32,
    /// Negative answers of a source until the step is given up.
    pub source_failures: u32,
    /// How long a source may take.
    pub judge_by: Seconds,
    /// How long what was handed in is kept.
    pub retention: Seconds,
    /// Most images that a recording consists of.
    pub recording_images: u32,
    /// How legible a document has to be.
    pub sharpness_min: Quantity,
    /// How alike a face has to be.
    pub face_min: Quantity,
    /// Gestures of a recording.
    pub gestures: Gestures,
}

/// `evidence.gestures.*`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gestures {
    /// Those that there are, by the names that texts have for them.
    pub known: Vec<String>,
    /// How many of them a run asks for.
    pub asked: u32,
}

/// `review.*`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReviewRules {
    /// How long the desk may take; after it the run ends, the hold stays.
    pub decide_by: Seconds,
}

/// `otp.*`: codes that are sent to a phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OneTimePassword {
    /// How long a code can be used.
    pub ttl: Seconds,
    /// How many digits.
    pub digits: u8,
    /// Wrong answers until the code is void.
    pub max_attempts: u32,
    /// How long until another may be asked for.
    pub resend_after: Seconds,
}

/// `biometric.*`: the ladder (R-036 … R-042).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Biometric {
    /// Which factor is asked first, where the phone has it.
    pub order: Vec<String>,
    /// Failures that are forgiven: the next one escalates.
    pub max_failures: u32,
    /// The comparator, for people.
    pub escalate_when: String,
    /// What is asked then: all of them, in this order.
    pub escalation: Vec<String>,
    /// Highest rate at which a stranger may be taken for the payer; it must be *below* (R-040, R-041).
    pub max_far: FalseAcceptance,
    /// The factor that counts as much as `device_biometric`.
    pub same_strength_as: String,
}

impl Biometric {
    /// How `biometric.escalate_when` writes that the failure above those that are forgiven escalates.
    const ESCALATES_BEYOND: &str = "failures > max_failures";

    /// Whether the failure above those that are forgiven escalates, and not the last of them already.
    pub(crate) fn escalates_beyond(&self) -> bool {
        self.escalate_when == Self::ESCALATES_BEYOND
    }

    /// How often a payer may be looked for in vain on one day, whatever for: the last time escalates.
    #[must_use]
    pub fn tries_a_day(&self) -> u32 {
        self.max_failures.saturating_add(u32::from(self.escalates_beyond()))
    }
}

/// `biometric.max_far.*`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FalseAcceptance {
    /// By face.
    pub face: Quantity,
    /// By fingerprint.
    pub fingerprint: Quantity,
}
