//! Ways back to a forgotten PIN as a screen shows them, before they are needed.

use crate::convert::{all, moment};
use crate::error::WalletError;
use crate::text::PromptText;
use crate::wallet::Wallet;
use quittance_wallet as inner;
use std::time::SystemTime;

/// Every way back that the policy ships.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct RecoveryReadiness {
    /// The ways. To begin one of them (`Wallet.begin`) takes a network.
    pub ways: Vec<WayBack>,
    /// When the gateway last told what they depend on; absent: never.
    pub as_of: Option<SystemTime>,
    /// That is longer ago than the policy's `sync.max_lag`, or never: say so.
    pub stale: bool,
}

/// One way back.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct WayBack {
    /// The definition to begin.
    pub definition: String,
    /// What it is called.
    pub name: PromptText,
    /// What it asks for.
    pub about: PromptText,
    /// Whether it would come to its first question if it were begun now.
    pub ready: bool,
    /// Whether beginning it is worth trying: nothing that is known is missing.
    pub may_begin: bool,
    /// What it still needs; empty where it is ready.
    pub needs: Vec<RecoveryNeed>,
}

/// Something that a way back still needs.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct RecoveryNeed {
    /// What.
    pub kind: NeedKind,
    /// The same in words.
    pub says: PromptText,
}

/// What a way back can need.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum NeedKind {
    /// More charges that were settled: too few to ask about.
    Charges {
        /// How many there are.
        have: u32,
        /// How many it takes.
        need: u32,
    },
    /// More trusted contacts who may vouch: the flow `contacts.set` names them.
    Contacts {
        /// How many may vouch now.
        have: u32,
        /// How many it takes.
        need: u32,
        /// From when on those count that were named last; absent where none wait for that.
        count_from: Option<SystemTime>,
    },
    /// Another day: it was tried as often as one day allows.
    AnotherDay {
        /// How often that is.
        most: u32,
    },
    /// Something that only the gateway can tell, and did not tell yet: it is asked when the way begins.
    AskedWhenItBegins,
    /// Something that this version has no word for.
    Other {
        /// The fact, as the policy names it.
        fact: String,
    },
}

#[uniffi::export]
impl Wallet {
    /// Every way back to a forgotten PIN, ready or with what it still needs: as the gateway last told, without a network.
    /// Throws `NotEnrolled`.
    pub async fn recovery_readiness(&self) -> Result<RecoveryReadiness, WalletError> {
        Ok(self.look(|wallet| wallet.recovery_readiness()).await?.into())
    }
}

impl From<inner::RecoveryReadiness> for RecoveryReadiness {
    fn from(view: inner::RecoveryReadiness) -> Self {
        Self {
            ways: all(view.ways),
            as_of: view.as_of.map(moment),
            stale: view.stale,
        }
    }
}

impl From<inner::WayBack> for WayBack {
    fn from(way: inner::WayBack) -> Self {
        Self {
            ready: way.is_ready(),
            may_begin: way.may_begin(),
            definition: way.definition,
            name: way.name.into(),
            about: way.about.into(),
            needs: all(way.needs),
        }
    }
}

impl From<inner::NeedView> for RecoveryNeed {
    fn from(view: inner::NeedView) -> Self {
        Self {
            kind: view.need.into(),
            says: view.says.into(),
        }
    }
}

impl From<inner::Need> for NeedKind {
    fn from(need: inner::Need) -> Self {
        match need {
            inner::Need::Charges { have, need } => Self::Charges { have, need },
            inner::Need::Contacts { have, need, count_from } => Self::Contacts {
                have,
                need,
                count_from: count_from.map(moment),
            },
            inner::Need::AnotherDay { most } => Self::AnotherDay { most },
            inner::Need::AskedWhenItBegins => Self::AskedWhenItBegins,
            inner::Need::Other { fact } => Self::Other { fact },
        }
    }
}
