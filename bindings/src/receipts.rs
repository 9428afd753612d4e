//! Receipts: listed, exported, checked again by anybody.

use crate::convert::{all, id, moment, same_variants_out, shows_nothing};
use crate::error::WalletError;
use crate::mandates::{ClosureKind, TerminationCause};
use crate::records::EvidenceLevel;
use crate::text::PromptText;
use crate::wallet::Wallet;
use quittance_wallet as inner;
use std::time::SystemTime;

/// A receipt in the payer's hand.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ReceiptSummary {
    /// The order.
    pub order: String,
    /// What ended.
    pub mandates: Vec<String>,
    /// Both sides, or the gateway alone.
    pub kind: ClosureKind,
    /// Why it ended.
    pub cause: TerminationCause,
    /// How strong the evidence of the phone's side is.
    pub evidence_level: EvidenceLevel,
    /// When the closure was logged.
    pub closed_at: SystemTime,
}

/// A statement of this phone under the name of its file. Personal: printed, it shows nothing.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
#[uniffi::export(Debug)]
pub struct NamedStatement {
    /// `identify`, `intent` or `attestation`.
    pub name: String,
    /// Compact JWS.
    pub compact: String,
}

/// A receipt with all that a stranger needs to check it, and what the payer keeps private. Printed, it shows nothing.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
#[uniffi::export(Debug)]
pub struct ExportedReceipt {
    /// The `.tlog-proof` file.
    pub receipt: String,
    /// Private: what opens it.
    pub annex_json: String,
    /// The log's C2SP verifier key.
    pub log_vkey: String,
    /// The exact bytes whose leaf hash is in the log.
    pub entry: Vec<u8>,
    /// This phone's statements.
    pub statements: Vec<NamedStatement>,
    /// Their public keys as a JWK set.
    pub jwks: String,
}

/// What checking a receipt came to.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum ReceiptVerdict {
    /// Everything that can be checked holds.
    Valid {
        /// What it proves.
        receipt: CheckedReceipt,
    },
    /// Something does not hold: it proves nothing.
    Refused {
        /// What.
        flaw: ReceiptFlaw,
        /// The same in words.
        says: PromptText,
    },
}

/// What a receipt proves.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct CheckedReceipt {
    /// The name of the public log whose key it was checked against.
    pub log: String,
    /// The closure's place in that log, from 0.
    pub place: u64,
    /// How many entries the log had when it signed for this one.
    pub log_size: u64,
    /// When the closure was logged, as the log says.
    pub stated_at: SystemTime,
    /// What the private annex tells; absent where there was none.
    pub about: Option<ReceiptSubject>,
    /// How many statements in its annex were found to be signed by the phone: by this one's own key, or by the keys that were
    /// given. None where there were no keys: what the phone said is the gateway's word then.
    pub signed_statements: u32,
    /// When it was checked; absent where no wallet was open.
    pub checked_at: Option<SystemTime>,
}

/// Whom and what a receipt is about.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ReceiptSubject {
    /// The order.
    pub order: String,
    /// What ended.
    pub mandates: Vec<String>,
    /// Both sides, or the gateway alone.
    pub kind: ClosureKind,
    /// Why.
    pub cause: TerminationCause,
    /// How strong the evidence of the phone's side is.
    pub evidence_level: EvidenceLevel,
}

/// Why a receipt proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum ReceiptFlaw {
    /// The text is no receipt.
    NotAReceipt,
    /// The log's key did not sign it.
    NotSigned,
    /// What it speaks of is not in the log that was signed.
    NotInLog,
    /// It is in the log, but is no closure.
    NotAClosure,
    /// The annex is none.
    NotAnAnnex,
    /// The annex does not open this receipt.
    AnnexOfAnother,
    /// The annex lacks a statement, has one too many, one that cannot be read, or a phone's that does not say what the
    /// closure says.
    StatementsDiffer,
    /// A statement in the phone's name is not signed by its key.
    StatementNotSigned,
    /// It is about another order than the one that this phone closed.
    OtherOrder,
}

#[uniffi::export]
impl Wallet {
    /// The receipts of closed orders, oldest first.
    pub async fn receipts(&self) -> Result<Vec<ReceiptSummary>, WalletError> {
        Ok(all(self.look(|wallet| wallet.receipts()).await?))
    }

    /// A receipt with all that a stranger needs to check it. Throws `Unknown` where the order is not closed on this
    /// phone.
    pub async fn export_receipt(&self, order: String) -> Result<ExportedReceipt, WalletError> {
        let order = id("order", &order)?;
        Ok(self.look(move |wallet| wallet.export_receipt(order)).await?.into())
    }

    /// Checks a kept receipt again, without a network: against the pinned key of the public log, against what this phone
    /// knows of the order, with its own statements against its own key. That it does not hold is no error, but a verdict.
    /// Throws `Unknown` where the order is not closed on this phone.
    pub async fn verify_receipt(&self, order: String) -> Result<ReceiptVerdict, WalletError> {
        let order = id("order", &order)?;
        Ok(self.look(move |wallet| wallet.verify_receipt(order)).await?.into())
    }
}

/// Checks an exported receipt without a wallet or a network, knowing the log's verifier key. With the private annex
/// (`ExportedReceipt.annex_json`) the verdict says whom it is about. With the phone's keys (`ExportedReceipt.jwks`), too, the
/// phone signed what it is said to have said; without them that is the gateway's word, and `signed_statements` is 0. Throws
/// `Configuration` where the log's key is none, or the set of keys holds none.
#[uniffi::export(default(jwks = None))]
pub fn verify_receipt(
    receipt: &str,
    annex_json: Option<String>,
    log_vkey: &str,
    jwks: Option<String>,
) -> Result<ReceiptVerdict, WalletError> {
    Ok(inner::check_exported(receipt, annex_json.as_deref(), jwks.as_deref(), log_vkey)?.into())
}

same_variants_out!(
    ReceiptFlaw = inner::ReceiptFlaw {
        NotAReceipt,
        NotSigned,
        NotInLog,
        NotAClosure,
        NotAnAnnex,
        AnnexOfAnother,
        StatementsDiffer,
        StatementNotSigned,
        OtherOrder
    }
);

impl From<inner::ReceiptVerdict> for ReceiptVerdict {
    fn from(verdict: inner::ReceiptVerdict) -> Self {
        match verdict {
            inner::ReceiptVerdict::Valid(receipt) => Self::Valid {
                receipt: receipt.into(),
            },
            inner::ReceiptVerdict::Refused(flaw) => Self::Refused {
                flaw: flaw.into(),
                says: flaw.says().into(),
            },
        }
    }
}

impl From<inner::CheckedReceipt> for CheckedReceipt {
    fn from(checked: inner::CheckedReceipt) -> Self {
        Self {
            log: checked.log,
            place: checked.place,
            log_size: checked.log_size,
            stated_at: moment(checked.stated_at),
            about: checked.about.map(Into::into),
            signed_statements: checked.signed_statements,
            checked_at: checked.checked_at.map(moment),
        }
    }
}

impl From<inner::ReceiptSubject> for ReceiptSubject {
    fn from(subject: inner::ReceiptSubject) -> Self {
        Self {
            order: subject.order.to_string(),
            mandates: subject.mandates.iter().map(ToString::to_string).collect(),
            kind: subject.kind.into(),
            cause: subject.cause.into(),
            evidence_level: subject.evidence_level.into(),
        }
    }
}

impl From<inner::ReceiptView> for ReceiptSummary {
    fn from(view: inner::ReceiptView) -> Self {
        Self {
            order: view.order.to_string(),
            mandates: view.mandates.iter().map(ToString::to_string).collect(),
            kind: view.kind.into(),
            cause: view.cause.into(),
            evidence_level: view.evidence_level.into(),
            closed_at: moment(view.closed_at),
        }
    }
}

shows_nothing!(NamedStatement);
shows_nothing!(ExportedReceipt);

impl From<inner::ExportedReceipt> for ExportedReceipt {
    fn from(exported: inner::ExportedReceipt) -> Self {
        let named = |(name, compact)| NamedStatement { name, compact };
        Self {
            receipt: exported.receipt,
            annex_json: exported.annex_json,
            log_vkey: exported.log_vkey,
            entry: exported.entry,
            statements: exported.statements.into_iter().map(named).collect(),
            jwks: exported.jwks,
        }
    }
}
