//! One line of JSON in, one line of JSON out: how tests and the demo speak with a phone that is a process.

use quittance_protocol::{MandateId, Money, OrderId};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// What the phone says before its reply, on a line of its own, when [`Command::Look`] brings the prompt up.
pub const SHOWN: &str = "\"shown\"";

/// What the payer does. Every command may be given again after the process was killed: it goes on where it was.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Command {
    /// Introduces the phone, sets the PIN.
    Enrol {
        /// The payment PIN; a made-up one, these are tests.
        pin: String,
    },
    /// Signs a mandate from an offer: agree, biometric, PIN.
    Sign {
        /// The scanned offer.
        offer: String,
        /// The PIN to enter.
        pin: String,
    },
    /// Makes a permit with the payer present.
    Permit {
        /// Under which mandate.
        mandate: MandateId,
        /// For exactly this much.
        amount: Money,
        /// The merchant's challenge.
        challenge: String,
    },
    /// The payer's own pause.
    Pause {
        /// What to pause.
        mandate: MandateId,
    },
    /// Lifts the pause.
    Resume {
        /// What to lift.
        mandate: MandateId,
    },
    /// Locks every mandate.
    Lock,
    /// Takes an end back whose moment has not come.
    Undo {
        /// What goes on.
        mandate: MandateId,
        /// The PIN to enter.
        pin: String,
    },
    /// Cancels by the quick path: biometric, confirm, PIN.
    Cancel {
        /// What ends.
        mandates: Vec<MandateId>,
        /// The PIN to enter.
        pin: String,
    },
    /// Begins to cancel one mandate, or goes on with it, as far as the biometric prompt, which the payer is shown once.
    Look {
        /// What would end.
        mandate: MandateId,
        /// What comes of it.
        ends: LookEnds,
    },
    /// Sends what waits, hears what is new.
    Sync,
    /// Lets the phone's own clock say that so much time has passed, until it is switched off.
    Pass {
        /// How many seconds.
        seconds: u32,
    },
    /// Lets go of the wallet, as an app does that is left; the next command opens it again.
    PutAway,
    /// Lists the mandates as this phone knows them.
    Mandates,
    /// What the payer should know, oldest first; each is told once.
    Events,
    /// The receipt of an order with all that belongs to it, into a folder.
    Export {
        /// Which order; the newest closed one where absent.
        order: Option<OrderId>,
        /// Where to.
        folder: PathBuf,
    },
}

/// How a prompt ends.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LookEnds {
    /// The platform recognised the payer: what comes next waits for the next command.
    Recognised,
    /// The platform did not recognise them.
    NotRecognised,
    /// The payer put the prompt away.
    Dismissed,
    /// Never: it stays on the screen.
    Never,
}

/// What the phone answers.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// Done.
    Ok(serde_json::Value),
    /// Not done, and why.
    Error {
        /// The reaction that an app would owe its user.
        kind: String,
        /// The error's text.
        text: String,
    },
}

impl Reply {
    /// The value of a reply that must be good.
    ///
    /// # Errors
    /// The error's kind and text.
    pub fn ok(self) -> Result<serde_json::Value, String> {
        match self {
            Reply::Ok(value) => Ok(value),
            Reply::Error { kind, text } => Err(format!("{kind}: {text}")),
        }
    }
}
