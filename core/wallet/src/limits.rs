//! Other limits for a mandate, from when the gateway has taken them on.

use crate::error::WalletError;
use crate::journal::{Deposited, FlowRow, MandateRow, OutboxRow};
use crate::permits::is_told;
use crate::unit::Unit;
use quittance_flows::permits::suits;
use quittance_protocol::answer::MandateRecord;
use quittance_protocol::flow_event::Wish;
use quittance_protocol::statement::MandateKind;

impl Unit<'_> {
    /// The payer has chosen other limits to the end. Until the gateway has taken them the old ones are what merchants can
    /// take, and what is shown.
    pub(crate) fn wish_limits(&mut self, run: &FlowRow) -> Result<(), WalletError> {
        let Some(Wish::Limits { limits }) = run.start.wish else {
            return Ok(());
        };
        for mandate in &run.start.mandates {
            let mut row = self.mandate(*mandate)?;
            row.wished_limits = Some(limits);
            self.put(&row)?;
        }
        Ok(())
    }

    /// Takes over the limits of the gateway's record where they are the ones that the payer last wished for on this phone. The
    /// offer stays as signed.
    pub(crate) fn take_limits(&self, row: &mut MandateRow, record: &MandateRecord) -> Result<(), WalletError> {
        let limits = record.terms.limits;
        if limits != row.terms.limits && row.wished_limits == Some(limits) {
            row.terms.limits = limits;
            forget_unsuitable(row, record, &self.list()?);
        }
        Ok(())
    }
}

/// Forgets the permits that are not worth what the limits allow by now: the gateway has dropped them with the same change,
/// so that others are made. A subscription's period that has had its charge keeps its permit, and so does the first one
/// where a charge that is still asked about has it: neither period gets another.
fn forget_unsuitable(row: &mut MandateRow, record: &MandateRecord, outbox: &[OutboxRow]) {
    let limits = row.terms.limits;
    let last_at = record.taken.and_then(|taken| taken.last_at);
    let is_charged = |permit: &Deposited| last_at.is_some_and(|at| permit.not_before <= at && at < permit.not_after);
    let told = |permit: &&Deposited| is_told(permit, record, outbox) && suits(&limits, &permit.amount);
    let suitable = row.deposited.iter().filter(told).count();
    let mut reserved = usize::try_from(record.permits_left)
        .unwrap_or(usize::MAX)
        .saturating_sub(suitable);
    let of_a_period = row.terms.kind == MandateKind::Subscription;
    row.deposited.sort_by_key(|permit| (permit.not_before, permit.number));
    row.deposited.retain(|permit| {
        if suits(&limits, &permit.amount) || of_a_period && is_charged(permit) {
            return true;
        }
        let is_reserved = of_a_period && reserved > 0;
        reserved = reserved.saturating_sub(usize::from(is_reserved));
        is_reserved
    });
}
