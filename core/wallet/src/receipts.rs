//! Checking a receipt again, offline: one that this phone keeps, or one that was exported.

use crate::closure::{Known, check_body, check_signatures};
use crate::error::WalletError;
use crate::events::DisputeReason;
use crate::inner::Inner;
use crate::journal::{DeviceRow, OrderRow, ReceiptRow};
use crate::order_facts::known_order;
use crate::text::Text;
use quittance_protocol::log::{LogError, VerifierKey};
use quittance_protocol::log_body::{ClosureBody, ClosureKind, EvidenceLevel, TerminationCause};
use quittance_protocol::receipt::{self, Annex, ReceiptError, VerifiedReceipt};
use quittance_protocol::{MandateId, OrderId, Timestamp, jwk_set};

/// What checking a receipt came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReceiptVerdict {
    /// Everything that can be checked holds.
    Valid(CheckedReceipt),
    /// Something does not hold: it proves nothing.
    Refused(ReceiptFlaw),
}

/// What a receipt proves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedReceipt {
    /// The name of the public log whose key it was checked against.
    pub log: String,
    /// The closure's place in that log, from 0.
    pub place: u64,
    /// How many entries the log had when it signed for this one.
    pub log_size: u64,
    /// When the closure was logged, as the log says.
    pub stated_at: Timestamp,
    /// What the private annex tells; absent where there was none.
    pub about: Option<ReceiptSubject>,
    /// How many statements in its annex were found to be signed by the phone: by this one's own key, or by the keys that were
    /// given. None where there were no keys: what the phone said is the gateway's word then.
    pub signed_statements: u32,
    /// When it was checked, by this phone's estimate of gateway time; absent where no wallet was open.
    pub checked_at: Option<Timestamp>,
}

/// Whom and what a receipt is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptSubject {
    /// The order.
    pub order: OrderId,
    /// What ended.
    pub mandates: Vec<MandateId>,
    /// Both sides, or the gateway alone.
    pub kind: ClosureKind,
    /// Why.
    pub cause: TerminationCause,
    /// How strong the evidence of the phone's side is.
    pub evidence_level: EvidenceLevel,
}

/// Why a receipt proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReceiptFlaw {
    /// The text is no receipt.
    NotAReceipt,
    /// The log's key did not sign it.
    NotSigned,
    /// What it speaks of is not in the log that was signed.
    NotInLog,
    /// It is in the log, and is no closure.
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

impl ReceiptFlaw {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::NotAReceipt,
        Self::NotSigned,
        Self::NotInLog,
        Self::NotAClosure,
        Self::NotAnAnnex,
        Self::AnnexOfAnother,
        Self::StatementsDiffer,
        Self::StatementNotSigned,
        Self::OtherOrder,
    ];

    /// The same in words.
    #[must_use]
    pub fn says(self) -> Text {
        Text::new(match self {
            Self::NotAReceipt => "receipt.flaw.not_a_receipt",
            Self::NotSigned => "receipt.flaw.not_signed",
            Self::NotInLog => "receipt.flaw.not_in_log",
            Self::NotAClosure => "receipt.flaw.not_a_closure",
            Self::NotAnAnnex => "receipt.flaw.not_an_annex",
            Self::AnnexOfAnother => "receipt.flaw.annex_of_another",
            Self::StatementsDiffer => "receipt.flaw.statements_differ",
            Self::StatementNotSigned => "receipt.flaw.statement_not_signed",
            Self::OtherOrder => "receipt.flaw.other_order",
        })
    }
}

impl From<ReceiptError> for ReceiptFlaw {
    fn from(error: ReceiptError) -> Self {
        match error {
            ReceiptError::Form | ReceiptError::NoEntry => Self::NotAReceipt,
            ReceiptError::Log(log) => match log {
                LogError::Unsigned | LogError::Signature | LogError::Origin | LogError::Key => Self::NotSigned,
                LogError::NotIncluded | LogError::OtherEntry => Self::NotInLog,
                LogError::Note | LogError::Checkpoint | LogError::Proof | LogError::Entry => Self::NotAReceipt,
            },
            ReceiptError::NotAClosure => Self::NotAClosure,
            ReceiptError::AnnexForm | ReceiptError::Body(_) | ReceiptError::NotPaired => Self::NotAnAnnex,
            ReceiptError::WrongOpening => Self::AnnexOfAnother,
            ReceiptError::Statement { .. }
            | ReceiptError::StatementMissing
            | ReceiptError::StatementNotNamed { .. }
            | ReceiptError::NotWished
            | ReceiptError::NotTwoSided => Self::StatementsDiffer,
            ReceiptError::NotSigned { .. } => Self::StatementNotSigned,
        }
    }
}

/// Checks an exported receipt without a wallet, knowing the log's key; with its annex where there is one; and that the phone
/// signed what it is said to have said, where its keys are given ([`ExportedReceipt::jwks`](crate::ExportedReceipt)). Whose
/// keys these are is for who gives them to know.
///
/// # Errors
/// [`WalletError::Config`] where the log's key is none, or the set holds none; whatever is wrong with the receipt is a verdict.
pub fn check_exported(
    receipt: &str,
    annex_json: Option<&str>,
    jwks: Option<&str>,
    log_vkey: &str,
) -> Result<ReceiptVerdict, WalletError> {
    let log: VerifierKey = log_vkey.trim().parse().map_err(|_| WalletError::Config {
        field: "log_vkey",
        fix: "copy the gateway's verifier key: name+hash+base64",
    })?;
    let keys = jwks.map(jwk_set::read).transpose().map_err(|_| WalletError::Config {
        field: "jwks",
        fix: "hand over the JWK set as it was exported",
    })?;
    let check = || {
        let annex = annex_json.map(|json| Annex::parse(json.as_bytes())).transpose()?;
        let (verified, body) = receipt::check(&log, receipt.as_bytes(), annex.as_ref())?;
        let signed_statements = match (&annex, &keys) {
            (Some(annex), Some(keys)) => receipt::check_signatures(annex, keys, None)?,
            _ => 0,
        };
        Ok::<_, ReceiptError>(CheckedReceipt {
            signed_statements,
            ..shown(&log, &verified, body)
        })
    };
    Ok(match check() {
        Ok(checked) => ReceiptVerdict::Valid(checked),
        Err(error) => ReceiptVerdict::Refused(error.into()),
    })
}

impl Inner {
    /// Checks a receipt that this phone keeps once more: all that a stranger can check, then that it is about this very
    /// order, with statements that this phone's own key signed.
    pub(crate) fn verify_receipt(&self, order: OrderId) -> Result<ReceiptVerdict, WalletError> {
        let rows = self.read_all::<OrderRow>()?;
        let found = rows.iter().find_map(|row| {
            let known = known_order(&row.state).filter(|known| known.order == order)?;
            Some((row, known, row.receipt.as_ref()?))
        });
        let (row, known, kept) = found.ok_or(WalletError::NoReceipt)?;
        let device = self.read::<DeviceRow>(b"")?.ok_or(WalletError::NotEnrolled)?;
        let known = Known {
            order: known,
            policy: row.policy,
            ground: row.ground,
            effective_at: row.effective_at,
            intents: &row.intents,
            attestation: row.attestation.as_deref(),
            device_key: &device.device_key,
            origin: &self.pinned.origin,
        };
        let checked_at = Some(self.estimate()?);
        Ok(match check_kept(kept, &known, &self.pinned.log) {
            Ok(checked) => ReceiptVerdict::Valid(CheckedReceipt { checked_at, ..checked }),
            Err(flaw) => ReceiptVerdict::Refused(flaw),
        })
    }
}

fn check_kept(kept: &ReceiptRow, known: &Known<'_>, log: &VerifierKey) -> Result<CheckedReceipt, ReceiptFlaw> {
    let (verified, body) = receipt::check(log, kept.receipt.as_bytes(), Some(&kept.annex))?;
    let body = body.ok_or(ReceiptFlaw::NotAnAnnex)?;
    check_body(&body, known).map_err(|reason| match reason {
        DisputeReason::OtherIntent | DisputeReason::OwnAttestationMissing => ReceiptFlaw::StatementNotSigned,
        _ => ReceiptFlaw::OtherOrder,
    })?;
    let signed_statements = check_signatures(&kept.annex, known)?;
    Ok(CheckedReceipt {
        signed_statements,
        ..shown(log, &verified, Some(body))
    })
}

fn shown(log: &VerifierKey, verified: &VerifiedReceipt, body: Option<ClosureBody>) -> CheckedReceipt {
    let logged = verified.logged();
    CheckedReceipt {
        log: log.name().to_owned(),
        place: logged.index(),
        log_size: logged.checkpoint().size(),
        stated_at: logged.entry().time,
        about: body.map(|body| ReceiptSubject {
            order: body.order,
            mandates: body.mandates,
            kind: body.kind,
            cause: body.cause,
            evidence_level: body.evidence_level,
        }),
        signed_statements: 0,
        checked_at: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::closure::tests::Story;
    use crate::texts::KEYS;
    use std::collections::BTreeSet;

    #[test]
    fn every_flaw_has_words_of_its_own() {
        let keys: BTreeSet<String> = ReceiptFlaw::ALL.iter().map(|flaw| flaw.says().key).collect();
        assert_eq!(keys.len(), ReceiptFlaw::ALL.len());
        assert!(keys.iter().all(|key| KEYS.contains(&key.as_str())), "{keys:?}");
    }
    /// What checking a kept receipt again comes to, once one thing was changed that the phone knows or that it keeps.
    fn checked(change: impl FnOnce(&mut Story)) -> Result<u32, ReceiptFlaw> {
        let mut story = Story::new();
        change(&mut story);
        let (_, closure, log) = story.told();
        let kept = ReceiptRow {
            receipt: closure.receipt,
            annex: closure.annex,
            cause: TerminationCause::Payer,
            evidence_level: EvidenceLevel::E0,
            closed_at: Timestamp::from_unix(0).unwrap(),
        };
        check_kept(&kept, &story.known(), &log).map(|checked| checked.signed_statements)
    }

    #[test]
    fn a_kept_receipt_is_refused_for_what_differs_from_what_this_phone_said_and_knows() {
        assert_eq!(checked(|_| ()), Ok(2));
        assert_eq!(
            checked(|story| story.attestation = None),
            Err(ReceiptFlaw::StatementNotSigned)
        );
        let other = checked(|story| story.order.order = OrderId::from_bytes([9; 16]));
        assert_eq!(other, Err(ReceiptFlaw::OtherOrder));
        let forged = checked(|story| {
            let (said, _) = story.statements[0].rsplit_once('.').unwrap();
            story.statements[0] = format!("{said}.{}", "A".repeat(86));
        });
        assert_eq!(forged, Err(ReceiptFlaw::StatementNotSigned));
    }
}
