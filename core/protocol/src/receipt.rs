//! The closure receipt: a `.tlog-proof` for everybody, with a private annex for the payer.
//!
//! The receipt alone shows that the log holds a closure entry. The annex opens the entry's commitment and brings
//! the statements that the body speaks of. What then stands is what `ClosureBody` says, no more.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::bytes::{B64, Digest32};
use crate::json::{self, Limits};
use crate::jws::{Received, Statement};
use crate::key::PublicKey;
use crate::log::{EntryKind, LogError, TlogProof, VerifiedEntry, VerifierKey, verify_logged};
use crate::log_body::{ClosureBody, ClosureKind};
use crate::problem::Problem;
use crate::statement::{Attestation, Intent, PhoneOutcome};

/// A receipt is refused above this size; real ones have about one kilobyte.
const MOST_BYTES: usize = 64 * 1024;

/// An annex is refused above this size: it brings the statements about every mandate of a batch.
const ANNEX_LIMITS: Limits = Limits {
    bytes: 1024 * 1024,
    depth: Limits::PROTOCOL.depth,
};

/// Why a receipt or its annex is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// The file is over 64 KiB or not UTF-8.
    #[error("receipt: expected UTF-8 text of at most 64 KiB")]
    Form,
    /// The proof has no entry.
    #[error("receipt: its extra line is missing")]
    NoEntry,
    /// The annex is not JSON of an annex.
    #[error("annex: expected JSON with salt, body, statements")]
    AnnexForm,
    /// The log part does not hold.
    #[error("receipt: {0}")]
    Log(#[from] LogError),
    /// The entry is logged, but it is no closure.
    #[error("receipt: the logged entry is no closure")]
    NotAClosure,
    /// The annex's salt is not 32 bytes, or the commitment opens to something else.
    #[error("annex: it does not open the entry's commitment")]
    WrongOpening,
    /// The annex's body is not a closure body.
    #[error("annex: body: {0}")]
    Body(Problem),
    /// A statement of the annex is no statement.
    #[error("annex: statement {index}: {problem}")]
    Statement {
        /// Which one, from 0.
        index: usize,
        /// What is wrong with it.
        problem: Problem,
    },
    /// The body names a statement that the annex lacks.
    #[error("annex: a statement that the body names is missing")]
    StatementMissing,
    /// The annex has a statement that the body does not name.
    #[error("annex: statement {index} is not named by the body")]
    StatementNotNamed {
        /// Which one, from 0.
        index: usize,
    },
    /// The body does not say of each mandate which token ended: other numbers of the two, none, or one of them twice.
    #[error("annex: the body does not name each mandate once, with its token")]
    NotPaired,
    /// The statement that the body names as the payer's wish is none, or is not about all of its mandates.
    #[error("annex: the statement that is named as the payer's wish does not ask for the end of these mandates")]
    NotWished,
    /// A statement of the annex is signed by none of the phone's keys.
    #[error("annex: statement {index} is not signed by the phone")]
    NotSigned {
        /// Which one, from 0.
        index: usize,
    },
    /// The body says that both sides ended it, and the annex has no statement of the phone that its half is destroyed.
    #[error("annex: the phone does not say that its half of what both sides are said to have ended is destroyed")]
    NotTwoSided,
}

/// Checks a receipt offline, with its annex where there is one: everything that a stranger can check who knows the log's
/// key alone. What the phone said is the gateway's word then: whoever has the phone's keys goes on with
/// [`check_signatures`].
///
/// # Errors
/// [`ReceiptError`]: the first thing that does not hold.
pub fn check(
    log: &VerifierKey,
    receipt: &[u8],
    annex: Option<&Annex>,
) -> Result<(VerifiedReceipt, Option<ClosureBody>), ReceiptError> {
    let verified = Receipt::parse(receipt)?.verify(log)?;
    let Some(annex) = annex else {
        return Ok((verified, None));
    };
    let body = verified.open(annex)?;
    check_sides(&body, annex)?;
    Ok((verified, Some(body)))
}

/// What opens a receipt; it names people, so it belongs to the payer alone.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Annex {
    /// The 32 bytes that hid the body.
    pub salt: B64,
    /// The exact bytes that the commitment opens to: JSON of a [`ClosureBody`].
    pub body: B64,
    /// The compact statements that the body names by their content digests.
    pub statements: Vec<String>,
}

impl Annex {
    /// Reads the JSON of an annex; a member that is unknown, missing or said twice is refused.
    ///
    /// # Errors
    /// [`ReceiptError::AnnexForm`].
    pub fn parse(text: &[u8]) -> Result<Self, ReceiptError> {
        json::exact_from_slice(text, ANNEX_LIMITS).map_err(|_| ReceiptError::AnnexForm)
    }
}

impl std::fmt::Debug for Annex {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Annex({} statements)", self.statements.len())
    }
}

/// A receipt as read: nothing in it is checked yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    text: String,
    entry: Vec<u8>,
}

impl Receipt {
    /// Reads a `.tlog-proof` file.
    ///
    /// # Errors
    /// [`ReceiptError::Form`], [`ReceiptError::NoEntry`], [`ReceiptError::Log`] for a non-canonical proof.
    pub fn parse(bytes: &[u8]) -> Result<Self, ReceiptError> {
        if bytes.len() > MOST_BYTES {
            return Err(ReceiptError::Form);
        }
        let text = std::str::from_utf8(bytes).map_err(|_| ReceiptError::Form)?;
        let proof: TlogProof = text.parse()?;
        let entry = proof.extra.ok_or(ReceiptError::NoEntry)?;
        Ok(Self {
            text: text.to_owned(),
            entry,
        })
    }

    /// The bytes of the file.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.text.as_bytes()
    }

    /// The bytes of the entry whose leaf it claims to be in the log.
    #[must_use]
    pub fn entry_bytes(&self) -> &[u8] {
        &self.entry
    }

    /// Checks it offline against the log's pinned key: signature, inclusion, kind.
    ///
    /// # Errors
    /// [`ReceiptError::Log`], [`ReceiptError::NotAClosure`].
    pub fn verify(&self, log: &VerifierKey) -> Result<VerifiedReceipt, ReceiptError> {
        let logged = verify_logged(&self.text, log, &self.entry)?;
        if logged.entry().kind != EntryKind::Closure {
            return Err(ReceiptError::NotAClosure);
        }
        Ok(VerifiedReceipt { logged })
    }
}

/// A receipt whose closure entry is in the log.
#[derive(Clone, Debug)]
pub struct VerifiedReceipt {
    logged: VerifiedEntry,
}

impl VerifiedReceipt {
    /// The entry, its place, its checkpoint.
    #[must_use]
    pub const fn logged(&self) -> &VerifiedEntry {
        &self.logged
    }

    /// Opens the commitment and matches the statements: each one that the body names stands in the annex, and no
    /// other does. What they say is for [`check_sides`]; their signatures are for [`check_signatures`].
    ///
    /// # Errors
    /// [`ReceiptError::WrongOpening`], [`ReceiptError::Body`], [`ReceiptError::Statement`],
    /// [`ReceiptError::StatementMissing`], [`ReceiptError::StatementNotNamed`].
    pub fn open(&self, annex: &Annex) -> Result<ClosureBody, ReceiptError> {
        let salt: &[u8; 32] = annex
            .salt
            .as_slice()
            .try_into()
            .map_err(|_| ReceiptError::WrongOpening)?;
        let bytes = annex.body.as_slice();
        if !self.logged.entry().opens_to(salt, bytes) {
            return Err(ReceiptError::WrongOpening);
        }
        let body: ClosureBody = json::exact_from_slice(bytes, Limits::PROTOCOL).map_err(ReceiptError::Body)?;
        let named: BTreeSet<Digest32> = [body.intent, body.phone_attestation].into_iter().flatten().collect();
        let mut missing = named.clone();
        for (index, statement) in annex.statements.iter().enumerate() {
            let content = Received::parse(statement)
                .map_err(|problem| ReceiptError::Statement { index, problem })?
                .content();
            if !named.contains(&content) {
                return Err(ReceiptError::StatementNotNamed { index });
            }
            missing.remove(&content);
        }
        if missing.is_empty() {
            Ok(body)
        } else {
            Err(ReceiptError::StatementMissing)
        }
    }
}

/// Checks that a closure and the statements that it brings are about the same: each mandate with its token; the payer's wish,
/// where one is named, for all of them, and it may ask for more; and where it speaks of both sides, the phone's own word that
/// its half is destroyed. A phone that has no such token makes it unilateral, whatever a gateway calls it.
///
/// # Errors
/// [`ReceiptError::NotPaired`], [`ReceiptError::NotWished`], [`ReceiptError::NotTwoSided`].
pub fn check_sides(body: &ClosureBody, annex: &Annex) -> Result<(), ReceiptError> {
    let mandates: BTreeSet<_> = body.mandates.iter().collect();
    let tokens: BTreeSet<_> = body.tokens.iter().collect();
    let is_paired = mandates.len() == body.mandates.len()
        && tokens.len() == body.tokens.len()
        && mandates.len() == tokens.len()
        && !mandates.is_empty();
    if !is_paired {
        return Err(ReceiptError::NotPaired);
    }
    let says = |named: Option<Digest32>, check: fn(&Received, &ClosureBody) -> bool| {
        let mut said = annex
            .statements
            .iter()
            .filter_map(|compact| Received::parse(compact).ok());
        said.any(|said| named == Some(said.content()) && check(&said, body))
    };
    if body.intent.is_some() && !says(body.intent, wishes) {
        return Err(ReceiptError::NotWished);
    }
    if body.kind == ClosureKind::TwoSided && !says(body.phone_attestation, says_destroyed) {
        return Err(ReceiptError::NotTwoSided);
    }
    Ok(())
}

/// Checks that one of a phone's keys signed each statement of an annex, for this audience where it is known, and says how many
/// there are. A body names them by what they say, so that a gateway could put any signature beside it.
///
/// # Errors
/// [`ReceiptError::NotSigned`].
pub fn check_signatures(annex: &Annex, keys: &[PublicKey], audience: Option<&str>) -> Result<u32, ReceiptError> {
    for (index, compact) in annex.statements.iter().enumerate() {
        let said = Received::parse(compact).map_err(|problem| ReceiptError::Statement { index, problem })?;
        let key = keys.iter().find(|key| key.thumbprint() == *said.kid());
        let is_signed =
            key.is_some_and(|key| holds::<Intent>(&said, key, audience) || holds::<Attestation>(&said, key, audience));
        if !is_signed {
            return Err(ReceiptError::NotSigned { index });
        }
    }
    Ok(u32::try_from(annex.statements.len()).unwrap_or(u32::MAX))
}

fn holds<T: Statement>(said: &Received, key: &PublicKey, audience: Option<&str>) -> bool {
    let Ok((claims, _)) = said.unverified_body::<T>() else {
        return false;
    };
    said.verify::<T>(key, audience.unwrap_or(&claims.aud)).is_ok()
}

/// Whether a payer's statement asks for the end of all that a closure ends.
fn wishes(said: &Received, body: &ClosureBody) -> bool {
    let wished = said.unverified_body::<Intent>();
    wished.is_ok_and(|(_, wished)| body.mandates.iter().all(|mandate| wished.mandates.contains(mandate)))
}

/// Whether a phone's statement says of what a closure ends that its halves are destroyed, and that nothing opened since.
fn says_destroyed(said: &Received, body: &ClosureBody) -> bool {
    let Ok((_, said)) = said.unverified_body::<Attestation>() else {
        return false;
    };
    let is_of_this_end = said.order == body.order && said.nonce == body.nonce && said.tokens == body.tokens;
    let is_clean = match said.outcome {
        PhoneOutcome::Destroyed {
            probe,
            epoch_old,
            epoch_new,
            ..
        } => probe.passed() && epoch_new > epoch_old,
        PhoneOutcome::Absent {} => false,
    };
    is_of_this_end && is_clean
}
