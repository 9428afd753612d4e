//! The SMS carrier: who brings a text to a phone number of an account.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use quittance_protocol::{AccountId, Timestamp};
use serde::{Deserialize, Serialize};

use super::script::{Script, asked};
use super::simulator_file::SimulatorFile;
use super::{Call, Delivery, Party, Reply, SimulatorError, Unavailable};

/// Which of an account's numbers; the carrier has the numbers, the gateway names only the kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NumberKind {
    /// The number that the account was opened with.
    Own,
    /// The number that was bound for verification.
    Bound,
    /// The number abroad.
    Foreign,
}

/// A text to send, by its template. Its arguments may be secret: they are not in its `Debug`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TextMessage {
    /// To whom.
    pub account: AccountId,
    /// To which of the account's numbers.
    pub number: NumberKind,
    /// The template's name, such as `otp`.
    pub template: String,
    /// What the template says, such as `code`.
    pub arguments: BTreeMap<String, String>,
}

impl fmt::Debug for TextMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TextMessage")
            .field("account", &self.account)
            .field("number", &self.number)
            .field("template", &self.template)
            .finish_non_exhaustive()
    }
}

/// The SMS carrier.
pub trait SmsCarrier: Send + Sync {
    /// Sends a text. The reply tells when it is on the phone, or that it never will be.
    ///
    /// # Errors
    /// [`Unavailable`].
    fn send(&self, call: &Call, text: &TextMessage) -> Result<Reply<Delivery>, Unavailable>;
}

/// A text that stands on a simulated phone.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceivedText {
    /// On which of the account's numbers.
    pub number: NumberKind,
    /// The template's name.
    pub template: String,
    /// What it says.
    pub arguments: BTreeMap<String, String>,
    /// Since when.
    pub received_at: Timestamp,
}

/// A carrier that delivers at once unless its script says otherwise.
pub struct SimulatedSmsCarrier {
    pub(super) script: Script<Delivery>,
    file: Arc<SimulatorFile>,
}

impl SimulatedSmsCarrier {
    pub(super) fn new(file: &Arc<SimulatorFile>) -> Self {
        Self {
            script: Script::new(Party::SmsCarrier, file),
            file: Arc::clone(file),
        }
    }

    /// The texts that an account's phones have received by `now`, in the order in which they were sent.
    ///
    /// # Errors
    /// What SQLite answers.
    pub fn inbox(&self, account: AccountId, now: Timestamp) -> Result<Vec<ReceivedText>, SimulatorError> {
        let mut received = Vec::new();
        for sent in asked(&self.file, Party::SmsCarrier)? {
            let text: TextMessage = serde_json::from_value(sent.question).map_err(|_| SimulatorError::Damaged)?;
            let Some(reply) = sent.reply.filter(|_| text.account == account) else {
                continue;
            };
            let delivered = reply.outcome == Delivery::Delivered.name();
            if let Some(received_at) = reply.after.from(sent.at).filter(|at| delivered && *at <= now) {
                received.push(ReceivedText {
                    number: text.number,
                    template: text.template,
                    arguments: text.arguments,
                    received_at,
                });
            }
        }
        Ok(received)
    }
}

impl SmsCarrier for SimulatedSmsCarrier {
    fn send(&self, call: &Call, text: &TextMessage) -> Result<Reply<Delivery>, Unavailable> {
        self.script.ask(call, text)
    }
}
