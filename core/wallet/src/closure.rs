//! The phone's check of a closure: pure, complete, and the only way to *closed*.

use crate::events::DisputeReason;
use crate::journal::ReceiptRow;
use crate::log_check::{Opened, open_logged};
use quittance_flows::destruction::phone::{Ground, Order};
use quittance_protocol::answer::{Closure, OrderRecord};
use quittance_protocol::bytes::Digest32;
use quittance_protocol::log::{EntryKind, VerifierKey};
use quittance_protocol::log_body::{ClosureBody, ClosureKind, DestroyedBody, OrderBody, TerminationCause};
use quittance_protocol::problem::Code;
use quittance_protocol::receipt::ReceiptError;
use quittance_protocol::{Annex, PublicKey, Receipt, Received, Timestamp, receipt};

/// A gateway's clock may be set right between two entries; what is dated back by more than this was not written in turn.
const CLOCK_CORRECTION_SECONDS: i64 = 3_600;

/// What the phone itself knows of an order.
pub(crate) struct Known<'a> {
    /// The order as it was received, verified, and attested.
    pub(crate) order: &'a Order,
    /// The policy that the order's own log entry is pinned to.
    pub(crate) policy: Option<Digest32>,
    /// On what the order's own log entry says that it stands.
    pub(crate) ground: Option<Ground>,
    /// From when on nothing could take the order back, as it was told before the closure.
    pub(crate) effective_at: Option<Timestamp>,
    /// The compact intents of this phone.
    pub(crate) intents: &'a [String],
    /// The compact attestation of this phone.
    pub(crate) attestation: Option<&'a str>,
    /// The key that this phone signs statements with.
    pub(crate) device_key: &'a PublicKey,
    /// Whom they are for.
    pub(crate) origin: &'a str,
}

/// Checks the order's own log entry: it is logged, and says what the record says.
pub(crate) fn verify_order(record: &OrderRecord, log: &VerifierKey) -> Result<Opened<OrderBody>, DisputeReason> {
    let opened =
        open_logged::<OrderBody>(&record.ordered, log, EntryKind::Order).map_err(|_| DisputeReason::OrderNotLogged)?;
    let body = &opened.body;
    let same = body.order == record.order
        && body.mandates == record.mandates
        && body.tokens == record.tokens
        && body.nonce == record.nonce
        // A quicker way brings the moment nearer after it was logged; nothing moves it away.
        && record.effective_at <= body.effective_at;
    if same {
        Ok(opened)
    } else {
        Err(DisputeReason::OrderNotLogged)
    }
}

/// Checks a closure against all that the phone knows. That the checkpoints are consistent is checked before.
pub(crate) fn verify_closure(
    record: &OrderRecord,
    closure: &Closure,
    known: &Known<'_>,
    log: &VerifierKey,
) -> Result<(ClosureKind, ReceiptRow), DisputeReason> {
    let parsed = Receipt::parse(closure.receipt.as_bytes()).map_err(|_| DisputeReason::ReceiptNotLogged)?;
    let verified = parsed.verify(log).map_err(|_| DisputeReason::ReceiptNotLogged)?;
    let body = verified
        .open(&closure.annex)
        .map_err(|_| DisputeReason::AnnexMismatch)?;
    check_body(&body, known)?;
    receipt::check_sides(&body, &closure.annex).map_err(|error| match error {
        ReceiptError::NotPaired => DisputeReason::OtherToken,
        ReceiptError::NotWished => DisputeReason::OtherIntent,
        _ => DisputeReason::OwnAttestationMissing,
    })?;
    check_signatures(&closure.annex, known).map_err(|_| DisputeReason::AnnexMismatch)?;
    check_destroyed(record, &body, known.order, verified.logged().entry().time, log)?;
    let row = ReceiptRow {
        receipt: closure.receipt.clone(),
        annex: closure.annex.clone(),
        cause: body.cause,
        evidence_level: body.evidence_level,
        closed_at: verified.logged().entry().time,
    };
    Ok((body.kind, row))
}

/// Whether a closure says of the order what this phone knows of it.
pub(crate) fn check_body(body: &ClosureBody, known: &Known<'_>) -> Result<(), DisputeReason> {
    let expect = |holds: bool, reason| if holds { Ok(()) } else { Err(reason) };
    expect(body.order == known.order.order, DisputeReason::OtherOrder)?;
    // A quicker way brings the moment nearer; nothing moves it away, so a later one is another order's.
    expect(
        known.effective_at.is_none_or(|told| body.effective_at <= told),
        DisputeReason::OtherOrder,
    )?;
    expect(
        body.mandates == known.order.mandates && body.tokens == known.order.tokens,
        DisputeReason::OtherToken,
    )?;
    expect(body.nonce == known.order.nonce, DisputeReason::OtherNonce)?;
    // The order was checked against what this phone asked for before anything was destroyed: the closure says the same.
    let said = Ground {
        cause: body.cause,
        intent: body.intent,
    };
    expect(
        known.ground.is_none_or(|ordered| ordered == said),
        DisputeReason::OtherIntent,
    )?;
    match body.intent {
        Some(intent) => expect(
            known.intents.iter().any(|ours| content(ours) == Some(intent)),
            DisputeReason::OtherIntent,
        )?,
        // Without an intent the order's own ground was checked; a row from before grounds were kept has none.
        None => expect(
            known.ground.is_some() || body.cause == TerminationCause::NeverActivated,
            DisputeReason::OtherIntent,
        )?,
    }
    let own = known.attestation.and_then(content);
    match body.kind {
        ClosureKind::TwoSided => expect(
            own.is_some() && body.phone_attestation == own,
            DisputeReason::OwnAttestationMissing,
        )?,
        ClosureKind::Unilateral => {
            expect(
                body.phone_attestation.is_none() || body.phone_attestation == own,
                DisputeReason::OwnAttestationMissing,
            )?;
        }
    }
    expect(
        body.risk_epoch_after > body.risk_epoch_before,
        DisputeReason::RiskNotRefreshed,
    )?;
    expect(known.policy == Some(body.policy), DisputeReason::OtherPolicy)
}

/// Each statement of the annex is under this phone's own signature, and for this gateway.
pub(crate) fn check_signatures(annex: &Annex, known: &Known<'_>) -> Result<u32, ReceiptError> {
    receipt::check_signatures(annex, &[*known.device_key], Some(known.origin))
}

/// The gateway's own destruction: logged, the one that the closure names, with nothing left open, after the order that
/// asked for it and before the closure that speaks of it.
fn check_destroyed(
    record: &OrderRecord,
    body: &ClosureBody,
    order: &Order,
    closed_at: Timestamp,
    log: &VerifierKey,
) -> Result<(), DisputeReason> {
    let destroyed = record.destroyed.as_ref().ok_or(DisputeReason::DestroyedNotLogged)?;
    let opened = open_logged::<DestroyedBody>(destroyed, log, EntryKind::Destroyed)
        .map_err(|_| DisputeReason::DestroyedNotLogged)?;
    if Digest32::of(&opened.entry_bytes) != body.gateway_attestation {
        return Err(DisputeReason::DestroyedNotLogged);
    }
    let said = &opened.body;
    let ended = said.epoch_new > said.epoch_old && said.authorization == Code::TokenDestroyed.name();
    let ordered_at = verify_order(record, log)?.entry.time;
    let follows = |earlier: Timestamp, later: Timestamp| later.seconds_since(earlier) >= -CLOCK_CORRECTION_SECONDS;
    let in_turn = follows(ordered_at, opened.entry.time) && follows(opened.entry.time, closed_at);
    if said.order == order.order && said.tokens == order.tokens && said.probe.passed() && ended && in_turn {
        Ok(())
    } else {
        Err(DisputeReason::DestroyedMismatch)
    }
}

pub(crate) fn content(compact: &str) -> Option<Digest32> {
    Received::parse(compact).ok().map(|received| received.content())
}

#[cfg(test)]
pub(crate) mod tests;
