//! How a payer answers a step.

use crate::bytes::{B64, Digest32};
use serde::{Deserialize, Serialize};

/// How the payer answered a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case", deny_unknown_fields)]
pub enum StepAnswer {
    /// Agreed to what was shown.
    Confirmed {
        /// SHA-256 of what was shown.
        shown: Digest32,
    },
    /// Proved a factor with a hardware key.
    Proof {
        /// The compact [`FactorProof`](super::FactorProof).
        proof: String,
    },
    /// The platform asked, and the payer was not recognised.
    NotRecognised {
        /// Tries of today that are spent, this one counted, as the phone's own durable counter says: failures, and prompts of
        /// which no end was heard.
        today: u32,
    },
    /// A code that was sent.
    Code {
        /// As typed.
        code: OneTimeCode,
    },
    /// Asks for the code once more.
    Resend {},
    /// Images or recordings, uploaded before.
    Evidence {
        /// SHA-256 of each, in the sequence that the step asks for.
        uploads: Vec<Digest32>,
    },
    /// What was entered or chosen: facts of a case, answers of a quiz, names of people.
    Entered {
        /// 32 random bytes of the phone, so that nobody guesses the entries by the digest that the log names.
        salt: B64,
        /// One entry for each question, in sequence.
        entries: Vec<Entry>,
    },
    /// Came back from another app.
    Returned {
        /// The flow's nonce, as the link carried it; another one is `foreign_state`.
        state: B64,
        /// What the link said.
        outcome: String,
    },
    /// Cannot reach the gateway for this step, and the definition lets it be skipped.
    Offline {},
}

impl StepAnswer {
    /// What was entered, with a salt that was drawn for this answer alone.
    #[must_use]
    pub fn entered(salt: [u8; 32], entries: Vec<Entry>) -> Self {
        Self::Entered {
            salt: B64::new(salt.to_vec()),
            entries,
        }
    }

    /// What the event of this answer names, on both sides: SHA-256 over the digests of what was handed in, one after
    /// the other, or over the salt followed by the JSON array of what was entered. Nothing for other answers.
    #[must_use]
    pub fn digest(&self) -> Option<Digest32> {
        match self {
            Self::Evidence { uploads } => {
                let bytes: Vec<u8> = uploads.iter().flat_map(|digest| *digest.as_bytes()).collect();
                Some(Digest32::of(&bytes))
            }
            Self::Entered { salt, entries } => {
                let json = serde_json::to_vec(entries).ok()?;
                Some(Digest32::of(&[salt.as_slice(), &json].concat()))
            }
            _ => None,
        }
    }
}

/// A one-time code as typed; it appears in no `Debug`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OneTimeCode(pub String);

/// What a payer entered; personal, so it appears in no `Debug`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Entry(pub String);

impl Entry {
    /// Most bytes of one entry, in UTF-8: a page of words for whoever decides.
    pub const MOST_BYTES: usize = 4_096;
}

impl std::fmt::Debug for OneTimeCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OneTimeCode(…)")
    }
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Entry(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Before, whoever read the log tried names and amounts until the digest fitted.
    #[test]
    fn equal_entries_have_another_digest_under_another_salt() {
        let entries = vec![Entry("12.50".to_owned())];
        let digest = |salt| StepAnswer::entered(salt, entries.clone()).digest().unwrap();
        assert_ne!(digest([1; 32]), digest([2; 32]));
        assert_eq!(
            digest([1; 32]),
            digest([1; 32]),
            "control: both sides find the same one"
        );
        assert_ne!(digest([1; 32]), Digest32::of(&serde_json::to_vec(&entries).unwrap()));
    }
}
