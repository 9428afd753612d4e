//! The smaller words of a scenario's steps: wishes, scopes, ways to answer.

use quittance_flows::Seconds;
use quittance_protocol::Quantity;
use serde::{Deserialize, Serialize};

/// The state of the phones' network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// Nobody answers.
    Down,
    /// As usual.
    Up,
}

/// The key with which the gateway's log is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LogKeySpec {
    /// The one that apps pin.
    Own,
    /// One that nobody pins.
    Another,
}

/// What a flow is to bring about, beyond its mandates.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum WishSpec {
    /// Take back the order of this run.
    Undo(String),
    /// Other limits.
    Limits {
        /// Most for one charge, in CNY.
        per_charge: Quantity,
        /// Most for one period.
        per_period: Quantity,
        /// Days of a period.
        days: u16,
    },
    /// What this teen may spend on one charge.
    TeenLimit {
        /// Who.
        teen: String,
        /// Most for one charge, in CNY.
        per_charge: Quantity,
    },
    /// This teen leaves teen mode.
    TeenExit(String),
    /// Take this stop instruction back.
    LiftStop(StopSpec),
    /// Keep the safety lock on until so long from now.
    ExtendLock(Seconds),
}

/// What a stop instruction covers.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum StopSpec {
    /// This merchant, by name.
    Merchant(String),
    /// This category.
    Category(String),
    /// Everything.
    Everything,
}

/// How a step is answered, where it is not answered well.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum With {
    /// The platform does not recognise the payer.
    NotRecognised,
    /// The platform's prompt ends so, without a signature.
    Fault(FaultSpec),
    /// The code of the latest text, of the first one, or wrong.
    Code(CodeSpec),
    /// Another code, please.
    SendAgain,
    /// A file that is no image.
    NotAnImage,
    /// An image of more bytes than may be.
    ImageOf {
        /// How many bytes it has.
        bytes: usize,
    },
    /// Another number of images than the step asks for.
    Images(usize),
    /// A wrong PIN or password.
    WrongSecret,
    /// This PIN or password.
    Secret(String),
    /// What is typed or chosen.
    Entries(Vec<String>),
    /// These people.
    People(Vec<String>),
    /// So many of the quiz's questions wrong, the first ones.
    Wrong(usize),
    /// A mere confirmation, whatever is asked.
    Confirm,
}

/// How the platform's prompt ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultSpec {
    /// The payer dismissed it.
    UserCancelled,
    /// For want of action.
    TimedOut,
    /// After too many failures, for a while.
    LockedOut,
    /// After too many failures, until the lock screen's secret.
    LockedForGood,
    /// No finger or face is enrolled.
    NotEnrolled,
    /// The sensor does not answer.
    HardwareUnavailable,
    /// A new finger or face ended the key.
    KeyInvalidated,
    /// There is no key.
    KeyMissing,
    /// Native code throws what the library knows nothing of.
    Exception,
}

/// Which code is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CodeSpec {
    /// The latest.
    Latest,
    /// The one before the latest.
    Older,
    /// Another one than the latest.
    Wrong,
}

/// One line of a history.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct HistoryLine {
    /// How much was wanted, in CNY.
    pub amount: Quantity,
    /// `approved`, or the code of the decline.
    pub was: String,
    /// How much was given back.
    #[serde(default)]
    pub refunded: Option<Quantity>,
}
