//! The phone's replica of its mandates: the stricter of both sides applies.

use crate::answers::now_active;
use crate::error::WalletError;
use crate::events::WalletEvent;
use crate::journal::{FlowRow, MandateRow, OrderRow, OutboxRow, Provisioning, Purpose};
use crate::order_facts::still_wished;
use crate::unit::Unit;
use quittance_flows::destruction::phone::PhoneState;
use quittance_flows::mandate::MandateEvent;
use quittance_flows::{Hold, HoldOwner, Mandate, Phase, flow};
use quittance_protocol::MandateId;
use quittance_protocol::answer::{MandateRecord, MandateState};
use quittance_protocol::log_body::TerminationCause;
use quittance_protocol::statement::ReplicaState;
use std::collections::BTreeSet;

/// Which holds of this phone an answer lifts, where the gateway does not have them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lifting {
    /// None. The gateway may have decided before it heard of them: an answer that was lost is said again as it was.
    Nothing,
    /// The payer's own: the wish to lift them was carried out.
    Pauses,
    /// Those of lock and stops: the gateway had heard of each when it answered.
    Stops,
}

impl MandateRow {
    /// Takes an event that this side may take; what has ended or is ending stays as it is.
    pub(crate) fn apply(&mut self, event: MandateEvent) {
        if let Ok(next) = self.replica.step(event) {
            self.replica = next;
        }
        self.follow_replica();
    }

    /// The phone's half follows its replica.
    pub(crate) fn follow_replica(&mut self) {
        self.half = half_of(&self.replica, self.half);
    }

    /// Whether this phone may make permits.
    pub(crate) fn can_pay(&self) -> bool {
        self.replica.state == MandateState::Active
            && self.replica.holds.is_empty()
            && self.half == ReplicaState::Active
            && self.order.is_none()
    }

    /// Whether its half is to stand in the vault: it can pay, or may come to pay.
    pub(crate) fn should_have_half(&self) -> bool {
        let lives = matches!(
            self.half,
            ReplicaState::Provisioning | ReplicaState::Active | ReplicaState::Held
        );
        lives && !self.orphan
    }

    /// Whether the gateway has it, as far as this phone was told.
    pub(crate) fn is_accepted(&self) -> bool {
        self.gateway.is_some() || self.provisioning != Provisioning::ConsentDue
    }

    /// Whether it never could be charged, as this phone knows it.
    pub(crate) fn was_never_active(&self) -> bool {
        matches!(self.replica.state, MandateState::Provisioning | MandateState::Rejected)
    }

    /// Whether its end is behind it: on both sides, or as far as this phone's half goes. What is only on its way there,
    /// which nothing takes back, has not ended, though no hold comes upon it any more.
    pub(crate) fn has_ended(&self) -> bool {
        matches!(self.replica.state, MandateState::Ended | MandateState::Rejected)
            || self.half == ReplicaState::Destroyed
    }
}

/// The phone's half follows its replica; from `quiesced` on there is only forward.
fn half_of(replica: &Mandate, half: ReplicaState) -> ReplicaState {
    match (half, replica.state) {
        (ReplicaState::Quiesced | ReplicaState::Destroyed, _) => half,
        (_, MandateState::Revoking | MandateState::Ended | MandateState::Rejected) => ReplicaState::Quiesced,
        _ if !replica.holds.is_empty() => ReplicaState::Held,
        (_, MandateState::Active) => ReplicaState::Active,
        (_, MandateState::RevocationScheduled) => ReplicaState::Held,
        _ => ReplicaState::Provisioning,
    }
}

impl Unit<'_> {
    /// A mandate that this phone knows.
    pub(crate) fn mandate(&self, mandate: MandateId) -> Result<MandateRow, WalletError> {
        self.get(mandate.as_bytes())?.ok_or(WalletError::UnknownMandate)
    }

    /// Holds mandates on this phone at once.
    pub(crate) fn hold(&mut self, mandates: &[MandateId], by: HoldOwner) -> Result<(), WalletError> {
        let at = self.now()?;
        for mandate in mandates {
            let mut row = self.mandate(*mandate)?;
            let before = row.replica.holds.contains(&by);
            row.apply(MandateEvent::HoldAdded(Hold::new(by, at)));
            self.put(&row)?;
            if !before && row.replica.holds.contains(&by) {
                self.tell(WalletEvent::Held { mandate: *mandate, by })?;
            }
        }
        self.drop_liftings(mandates)
    }

    /// Takes over what the gateway says of a mandate. Its holds are added to ours; ours fall only where `lifting` says
    /// so. An answer that is older than what is known changes nothing.
    ///
    /// # Errors
    /// [`WalletError::Answer`] for another token, before anything of it is staged: the unit may go on without it.
    pub(crate) fn take_mandate(&mut self, record: &MandateRecord, lifting: Lifting) -> Result<(), WalletError> {
        let Some(mut row) = self.get::<MandateRow>(record.mandate.as_bytes())? else {
            return Ok(());
        };
        if row.token != record.token {
            return Err(WalletError::Answer("another token for a mandate of this phone"));
        }
        if row.gateway.as_ref().is_some_and(|known| known.version > record.version) {
            return Ok(());
        }
        if let Some(order) = record.order
            && self.is_taken_back(order)?
        {
            // It is of before that end was taken back, of which the order told first.
            return Ok(());
        }
        let before = row.replica.clone();
        let at = self.now()?;
        // A gateway that does not say how it ended knows the payer's own ends only.
        let ending = |cause: TerminationCause| record.ending.unwrap_or(cause.by_usual_actor());
        match record.state {
            MandateState::Draft
            | MandateState::PendingAuthorization
            | MandateState::PendingBank
            | MandateState::Provisioning => {}
            MandateState::Active | MandateState::Suspended | MandateState::RevocationScheduled => {
                row.provisioning = Provisioning::Done;
                if before.state == MandateState::Provisioning {
                    row.apply(MandateEvent::Activated);
                    self.tell(now_active(&row))?;
                }
            }
            MandateState::Rejected if before.state == MandateState::Provisioning => {
                row.apply(MandateEvent::Rejected(ending(TerminationCause::NeverActivated)));
            }
            MandateState::Revoking | MandateState::Ended | MandateState::Rejected => {
                row.apply(MandateEvent::Ordered {
                    ending: ending(TerminationCause::Payer),
                    at,
                });
            }
        }
        let theirs: BTreeSet<HoldOwner> = record.holds.iter().filter_map(|name| HoldOwner::named(name)).collect();
        for owner in &theirs {
            row.apply(MandateEvent::HoldAdded(Hold::new(*owner, at)));
        }
        for owner in before.holds.owners().filter(|owner| !theirs.contains(owner)) {
            let falls = match owner {
                HoldOwner::Payer | HoldOwner::Revocation => {
                    lifting == Lifting::Pauses && !self.is_held_by_wish(record.mandate, owner)?
                }
                HoldOwner::SafetyLock | HoldOwner::Stop => {
                    lifting == Lifting::Stops && !self.stop_is_on_its_way(owner)?
                }
                // Both sides see it for themselves: an answer from before the gateway heard of the loss lifts nothing here.
                HoldOwner::Device => self.has_half(&row)?,
                // Told by the gateway alone.
                HoldOwner::Teen
                | HoldOwner::Risk
                | HoldOwner::Dispute
                | HoldOwner::Merchant
                | HoldOwner::Recheck
                | HoldOwner::Observation
                | HoldOwner::Closure => true,
            };
            if falls {
                row.apply(MandateEvent::HoldLifted(owner, owner.lifted_by()));
            }
        }
        if row.order.is_none() {
            row.order = record.order;
        }
        row.gateway = Some(record.clone());
        self.take_limits(&mut row, record)?;
        self.put(&row)
    }

    /// Whether what the payer locked or stopped waits in the outbox: the gateway cannot know it yet.
    fn stop_is_on_its_way(&self, owner: HoldOwner) -> Result<bool, WalletError> {
        let waits = |row: &OutboxRow| match owner {
            HoldOwner::SafetyLock => row.purpose == Purpose::Lock {},
            HoldOwner::Stop => matches!(row.purpose, Purpose::Stop { .. }),
            _ => false,
        };
        Ok(self.list::<OutboxRow>()?.iter().any(waits))
    }

    /// Whether this phone holds a mandate by what the payer wished, and the gateway cannot know it yet.
    pub(crate) fn is_held_by_wish(&self, mandate: MandateId, owner: HoldOwner) -> Result<bool, WalletError> {
        // A confirmed wish to end it stands, whatever became of its statement.
        let wished =
            |row: &OrderRow| matches!(&row.state, PhoneState::Intended { mandates } if mandates.contains(&mandate));
        if owner == HoldOwner::Revocation && self.list::<OrderRow>()?.iter().any(wished) {
            return Ok(true);
        }
        Ok(self.holds_on_their_way(mandate)?.contains(&owner))
    }

    /// Who holds a mandate by a statement that waits in the outbox: a pause, or whatever is said in a cancellation that has
    /// held it, but for leaving it.
    pub(crate) fn holds_on_their_way(&self, mandate: MandateId) -> Result<BTreeSet<HoldOwner>, WalletError> {
        let (mut owners, orders) = (BTreeSet::new(), self.list::<OrderRow>()?);
        for row in self.list::<OutboxRow>()? {
            if matches!(&row.purpose, Purpose::Pause { mandates } if mandates.contains(&mandate)) {
                owners.insert(HoldOwner::Payer);
            }
            let leaves = matches!(row.purpose, Purpose::FlowCancel { .. });
            let Some(id) = row.purpose.flow().filter(|_| !leaves) else {
                continue;
            };
            // What an intent asked for and what was taken back is not wished any more, though its answer is still waited for.
            let stands = still_wished(&orders, id).is_none_or(|wished| wished.contains(&mandate));
            let run = self.get::<FlowRow>(id.as_bytes())?;
            if let Some(run) = run.filter(|run| stands && run.start.mandates.contains(&mandate)) {
                let (pinned, state) = self.inner.folded(&run)?;
                if flow::has_held(&pinned.definition, &state) {
                    owners.insert(HoldOwner::Revocation);
                }
            }
        }
        Ok(owners)
    }

    /// Whether a cancellation that goes on on this phone has held a mandate.
    pub(crate) fn is_held_by_run(&self, mandate: MandateId) -> Result<bool, WalletError> {
        for run in self.list::<FlowRow>()? {
            if !(run.ends_mandates && run.start.mandates.contains(&mandate)) {
                continue;
            }
            let (pinned, state) = self.inner.folded(&run)?;
            if state.phase == Phase::Open && flow::has_held(&pinned.definition, &state) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The gateway does not know this mandate: its half ends on this phone, without an order.
    pub(crate) fn reject_mandate(&mut self, mandate: MandateId) -> Result<(), WalletError> {
        let Some(mut row) = self.get::<MandateRow>(mandate.as_bytes())? else {
            return Ok(());
        };
        if row.half == ReplicaState::Destroyed {
            return Ok(());
        }
        let at = self.now()?;
        row.apply(if row.replica.state == MandateState::Provisioning {
            MandateEvent::Rejected(TerminationCause::NeverActivated.by_usual_actor())
        } else {
            MandateEvent::Ordered {
                ending: TerminationCause::Payer.by_usual_actor(),
                at,
            }
        });
        row.orphan = true;
        row.provisioning = Provisioning::Done;
        self.put(&row)?;
        for waiting in self.list::<OutboxRow>()? {
            if waiting.purpose.mandate() == Some(mandate) {
                self.delete(&waiting);
            }
        }
        Ok(())
    }
}
