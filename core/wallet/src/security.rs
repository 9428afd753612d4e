//! The security centre: what stops charges, the account's devices, the check-up.

use crate::checkup::{CheckupFacts, CheckupGroupView, PhoneFacts, checkup};
use crate::error::WalletError;
use crate::events::WalletEvent;
use crate::inner::Inner;
use crate::journal::{EvidenceRow, OrderRow};
use crate::lock::StoppingView;
use crate::order_facts::mandates_of;
use crate::permissions::{PermissionGroup, PermissionView};
use crate::ports::KeyStoreKind;
use crate::text::Text;
use crate::unit::Unit;
use quittance_flows::destruction::phone::PhoneState;
use quittance_flows::lock::BY_PAYER;
use quittance_protocol::answer::{AttestedKey, Reconciled};
use quittance_protocol::evidence::EvidenceFinding;
use quittance_protocol::log_body::EvidenceLevel;
use quittance_protocol::{AccountId, DeviceId, Timestamp};

/// What the payer sees of the wallet's safety, without a network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecurityView {
    /// The account.
    pub account: AccountId,
    /// What stops charges.
    pub stopping: StoppingView,
    /// The account's devices. In this version an account has one: this phone.
    pub devices: Vec<DeviceView>,
    /// What is worth a look, in the groups of the policy.
    pub checkup: Vec<CheckupGroupView>,
}

/// One device of the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceView {
    /// The device.
    pub device: DeviceId,
    /// Whether it is this phone.
    pub this_phone: bool,
    /// What its keystore says of itself.
    pub key_store: KeyStoreKind,
    /// What the gateway makes of its keys, as it last told.
    pub evidence_level: EvidenceLevel,
    /// Why that is not a higher level, key by key; empty at the highest, and where the gateway gave no reasons.
    pub reasons: Vec<EvidenceReasonView>,
    /// What verified hardware said of its keys.
    pub attested: Vec<AttestedKey>,
    /// When it was first enrolled; absent where neither side noted it.
    pub enrolled_since: Option<Timestamp>,
    /// When the gateway last heard of it.
    pub last_seen: Option<Timestamp>,
}

/// One reason why the evidence is not stronger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvidenceReasonView {
    /// Which key lacks what.
    pub finding: EvidenceFinding,
    /// The highest level that a key with this finding can have.
    pub at_most: EvidenceLevel,
    /// What it lacks, in words.
    pub says: Text,
}

impl Inner {
    /// The security centre; read from this phone alone, with what the platform says of it.
    pub(crate) fn security(&self, phone: PhoneFacts) -> Result<SecurityView, WalletError> {
        let enrolled = self.enrolled()?.enrolled.ok_or(WalletError::NotEnrolled)?;
        let (stopping, key_store) = (self.stopping_view()?, self.keys.describe());
        let permissions = self.permissions()?.permissions;
        let living = |holds: fn(&PermissionView) -> bool| {
            let rows = permissions.iter().filter(|row| row.group != PermissionGroup::Ended);
            count(rows.filter(|row| holds(row)).count())
        };
        let orders = self.read_all::<OrderRow>()?;
        let ends = |holds: fn(&OrderRow) -> bool| {
            // A doubtful order may name none of this phone's mandates.
            let rows = orders.iter().filter(|row| holds(row));
            count(rows.map(|row| mandates_of(&row.state).len().max(1)).sum())
        };
        let ways_back = self.recovery_readiness()?;
        let ready = ways_back.ways.iter().filter(|way| way.is_ready()).count();
        let facts = CheckupFacts {
            phone,
            clock_off_by: self.clock_off_by()?,
            keys_in_software: key_store == KeyStoreKind::Software,
            evidence: enrolled.evidence.iter().map(|finding| finding.reason).collect(),
            quarantined: enrolled.quarantined,
            lock_password_set: stopping.lock_password_set,
            locked_by_itself: stopping.lock.as_ref().is_some_and(|lock| lock.trigger != BY_PAYER),
            switched_on_unasked: living(|row| row.system_default && row.group != PermissionGroup::Ending),
            stale: living(|row| row.stale),
            ends_refused: ends(|row| row.refused.is_some() && matches!(row.state, PhoneState::Intended { .. })),
            ends_disputed: ends(|row| row.dispute.is_some() && !matches!(row.state, PhoneState::Closed { .. })),
            contradictions: count(self.read_all::<EvidenceRow>()?.len()),
            ways_back: ways_back.as_of.map(|_| count(ready)),
        };
        let device = DeviceView {
            device: enrolled.device,
            this_phone: true,
            key_store,
            evidence_level: enrolled.evidence_level,
            reasons: enrolled.evidence.into_iter().map(reason).collect(),
            attested: enrolled.attested,
            enrolled_since: enrolled.since,
            last_seen: enrolled.seen,
        };
        Ok(SecurityView {
            account: enrolled.account,
            checkup: checkup(&facts, &self.policy()?.checkup.groups),
            stopping,
            devices: vec![device],
        })
    }
}

impl Unit<'_> {
    /// Takes over what the gateway makes of this phone now: what is believed of keys changes with what is pinned and
    /// revoked there. What it says of another phone is not taken.
    pub(crate) fn take_phone(&mut self, answer: &Reconciled) -> Result<(), WalletError> {
        let mut device = self.device()?;
        let (Some(known), Some(told)) = (&device.enrolled, &answer.phone) else {
            return Ok(());
        };
        if (told.account, told.device) == (known.account, known.device) {
            if told.quarantined && !known.quarantined {
                self.tell(WalletEvent::Quarantined)?;
            }
            device.enrolled = Some(told.clone().into());
            self.put(&device)?;
        }
        Ok(())
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// A finding with its words; a reason of a newer gateway has general ones.
fn reason(finding: EvidenceFinding) -> EvidenceReasonView {
    EvidenceReasonView {
        finding,
        at_most: finding.reason.at_most(),
        says: Text::new(&format!("evidence.{}", finding.reason.name())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::texts::KEYS;
    use quittance_protocol::evidence::{EvidenceKey, EvidenceReason};

    #[test]
    fn every_reason_has_words_one_of_a_newer_gateway_included() {
        let newer = [EvidenceReason::Unrecognised];
        for reason in EvidenceReason::ALL.iter().chain(&newer) {
            let shown = super::reason(EvidenceFinding {
                key: EvidenceKey::Device,
                reason: *reason,
            });
            assert!(KEYS.contains(&shown.says.key.as_str()), "{}", shown.says.key);
        }
    }
}
