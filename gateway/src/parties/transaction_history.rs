//! The transaction history: who remembers what an account paid.

use std::sync::Arc;

use quittance_protocol::{AccountId, Currency, Money, Timestamp};
use serde::{Deserialize, Serialize};

use super::script::Script;
use super::simulator_file::SimulatorFile;
use super::{Call, Party, Reply, Unavailable};

/// One settled transaction.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SettledTransaction {
    /// How much.
    pub amount: Money,
    /// Shown name of the payee.
    pub payee: String,
    /// When.
    pub settled_at: Timestamp,
}

impl std::fmt::Debug for SettledTransaction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // They answer a quiz: a log that held them would answer it too.
        f.debug_struct("SettledTransaction").finish_non_exhaustive()
    }
}

/// Whose history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HistoryQuestion {
    /// The account.
    pub account: AccountId,
}

/// The transaction history.
pub trait TransactionHistory: Send + Sync {
    /// Asks for an account's settled transactions, newest first.
    ///
    /// # Errors
    /// [`Unavailable`].
    fn settled(&self, call: &Call, question: &HistoryQuestion) -> Result<Reply<Vec<SettledTransaction>>, Unavailable>;
}

/// What a script says of a history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScriptedHistory {
    /// These transactions, newest first.
    Settled(Vec<SettledTransaction>),
    /// So many invented ones: one a day back from the call, always the same.
    Invented(u16),
}

impl Default for ScriptedHistory {
    fn default() -> Self {
        Self::Invented(30)
    }
}

/// Shown names of invented payees.
const PAYEES: [&str; 4] = ["Bluebird Rides", "Corner Bakery", "Harbour Parking", "Lantern Books"];
const DAY: i64 = 86_400;

/// Invents transactions that tell themselves apart by their amounts.
fn invent(count: u16, at: Timestamp) -> Vec<SettledTransaction> {
    let Ok(currency) = Currency::new("CNY") else {
        return Vec::new();
    };
    let payees = PAYEES.iter().cycle();
    let invented = (1..=i64::from(count)).zip(payees).filter_map(|(place, payee)| {
        Some(SettledTransaction {
            amount: Money::new(1_005 + 311 * place, currency).ok()?,
            payee: (*payee).to_owned(),
            settled_at: at.plus_seconds(-place * DAY),
        })
    });
    invented.collect()
}

/// A history that is long enough for every question unless its script says otherwise.
pub struct SimulatedTransactionHistory {
    pub(super) script: Script<ScriptedHistory>,
}

impl SimulatedTransactionHistory {
    pub(super) fn new(file: &Arc<SimulatorFile>) -> Self {
        Self {
            script: Script::new(Party::TransactionHistory, file),
        }
    }
}

impl TransactionHistory for SimulatedTransactionHistory {
    fn settled(&self, call: &Call, question: &HistoryQuestion) -> Result<Reply<Vec<SettledTransaction>>, Unavailable> {
        self.script.ask_and(call, question, |history| match history {
            ScriptedHistory::Settled(transactions) => transactions,
            ScriptedHistory::Invented(count) => invent(count, call.at),
        })
    }
}
