//! What stops charges beside single mandates: the safety lock, stop instructions, and answers for somebody else.

use crate::error::WalletError;
use crate::flows::OpenFlow;
use crate::inner::Inner;
use crate::journal::{DeviceRow, MandateRow, Purpose, StoppingRow};
use crate::reconciled::Heard;
use crate::unit::Unit;
use quittance_flows::definition::StepKind;
use quittance_flows::lock::{BY_PAYER, SafetyLock};
use quittance_flows::policy::named::SET_LOCK_PASSWORD;
use quittance_flows::stop::{covers, is_stopped};
use quittance_flows::{FactorInput, FactorKind, HoldOwner};
use quittance_protocol::answer::LockRecord;
use quittance_protocol::statement::{Lock, SecretKind, Stop, StopScope, Vouch};
use quittance_protocol::{AccountId, FlowId, MandateId, Timestamp};
use std::collections::BTreeSet;
use std::sync::Arc;
use zeroize::Zeroizing;

/// The safety lock as this phone knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockView {
    /// Since when it is on.
    pub since: Timestamp,
    /// Until when, unless it is released or extended.
    pub until: Timestamp,
    /// Until when the payer can keep it on instead, soonest first; none where it lasts as long as it can.
    pub longer: Vec<Timestamp>,
    /// What put it on: `payer`, `remote_login`, `abnormal_spending`.
    pub trigger: String,
    /// Whether it was wished that the account's other devices are locked, too: recorded, and nothing more yet.
    pub other_devices: bool,
    /// Whether the gateway knows of it; otherwise it holds on this phone until it is told.
    pub told: bool,
}

/// What stops charges on this phone now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoppingView {
    /// The safety lock, while it is on.
    pub lock: Option<LockView>,
    /// Stop instructions in force.
    pub stops: Vec<StopScope>,
    /// Whether the lock has a password of its own, which ends it early.
    pub lock_password_set: bool,
}

impl Inner {
    /// Locks every mandate: on this phone at once, at the gateway as soon as it is reached. Asks for nothing.
    pub(crate) async fn lock_now(self: &Arc<Self>, other_devices: bool) -> Result<LockView, WalletError> {
        self.pin_checks.forget_all();
        let number = self
            .unit(move |unit| {
                unit.inner.enrolled()?;
                let mut row = unit.stopping()?;
                let (policy, now) = (unit.inner.policy()?, unit.now()?);
                let known = row.lock.take();
                let stands = known.as_ref().map(SafetyLock::from);
                let lock = SafetyLock::put_on(&policy, stands.as_ref(), BY_PAYER, now);
                row.lock = Some(lock.record(other_devices || known.is_some_and(|known| known.other_devices)));
                unit.put(&row)?;
                unit.hold_everything(HoldOwner::SafetyLock)?;
                unit.send(Purpose::Lock {}, &Lock { other_devices })
            })
            .await?;
        self.try_to_tell(number).await?;
        let lock = self.look(|inner| inner.stopping_view()).await?.lock;
        lock.ok_or(WalletError::Internal("a lock that was put on"))
    }

    /// Stops every charge in a scope: on this phone at once, at the gateway as soon as it is reached.
    pub(crate) async fn stop(self: &Arc<Self>, scope: StopScope) -> Result<(), WalletError> {
        let number = self
            .unit(move |unit| {
                unit.inner.enrolled()?;
                let mut row = unit.stopping()?;
                row.stops.insert(scope.clone());
                unit.put(&row)?;
                let covered = unit.covered_by(&scope)?;
                unit.hold(&covered, HoldOwner::Stop)?;
                unit.send(Purpose::Stop { scope: scope.clone() }, &Stop { stop: scope })
            })
            .await?;
        self.try_to_tell(number).await
    }

    /// Answers for somebody who named this payer as a trusted contact or guardian.
    pub(crate) async fn vouch(
        self: &Arc<Self>,
        flow: FlowId,
        requester: AccountId,
        purpose: String,
        approves: bool,
    ) -> Result<(), WalletError> {
        let number = self
            .unit(move |unit| {
                unit.inner.enrolled()?;
                let vouch = Vouch {
                    flow,
                    requester,
                    purpose,
                    approves,
                };
                unit.send(Purpose::Vouch { flow }, &vouch)
            })
            .await?;
        // Somebody waits for it: that it was not said is for the payer to know.
        self.flush(number).await.map(|_| ())
    }

    /// Registers the safety lock's own password.
    ///
    /// A run of its own proves payer and payment PIN and opens the way. The password is compared with the PIN that was
    /// proved in it: the gateway learns neither.
    pub(crate) async fn set_lock_password(
        self: &Arc<Self>,
        payment_pin: Zeroizing<Vec<u8>>,
        password: Zeroizing<Vec<u8>>,
    ) -> Result<(), WalletError> {
        let arrival = self.choosing.arrive();
        self.look(|inner| inner.enrolled().map(|_| ())).await?;
        let digits = self
            .look(|inner| Ok(inner.policy()?.secrets.payment_pin.digits))
            .await?;
        crate::pin::check_form(&payment_pin, digits)?;
        crate::pin::check_form(&password, digits)?;
        if *payment_pin == *password {
            return Err(WalletError::SameSecret);
        }
        let _visit = arrival.enter_first(self.ports.patience).await?;
        self.prove_for_lock_password(payment_pin).await?;
        self.register_secret(SecretKind::LockPassword, password).await
    }

    /// Goes through the run that lets a lock password be chosen: with this PIN, proved now. Each step is answered once: a gateway
    /// that takes an answer and leaves its step open would have it for ever.
    async fn prove_for_lock_password(self: &Arc<Self>, payment_pin: Zeroizing<Vec<u8>>) -> Result<(), WalletError> {
        let mut flow = self.begin(SET_LOCK_PASSWORD.to_owned(), Vec::new(), None).await?;
        let asks_pin = |open: &OpenFlow| open.step.kind == StepKind::Factor(FactorKind::PaymentPin);
        let open = self.look(move |inner| inner.open_flow(flow)).await?;
        if !open.as_ref().is_some_and(asks_pin) {
            // A run that was left behind its PIN says nothing about the one that is typed now.
            self.cancel_flow(flow).await?;
            flow = self.begin(SET_LOCK_PASSWORD.to_owned(), Vec::new(), None).await?;
        }
        let mut proved = false;
        let mut answered = BTreeSet::new();
        let door = self.answering.of(flow);
        loop {
            let arrival = door.arrive();
            let Some(open) = self.look(move |inner| inner.open_flow(flow)).await? else {
                break;
            };
            if !answered.insert(open.step.id.clone()) {
                return Err(WalletError::Answer("the run did not go on"));
            }
            match open.step.kind {
                StepKind::Factor(FactorKind::PaymentPin) => {
                    proved = self.prove_pin(arrival, open, payment_pin.clone()).await?;
                }
                StepKind::Factor(factor) if factor.input() == FactorInput::HardwareKey => {
                    self.prove_with_key(&open, factor).await?;
                }
                _ => return Err(WalletError::WrongAnswer),
            }
        }
        if proved { Ok(()) } else { Err(WalletError::WrongAnswer) }
    }

    /// What stops charges, as this phone knows it.
    pub(crate) fn stopping_view(&self) -> Result<StoppingView, WalletError> {
        let row = self.read::<StoppingRow>(b"")?.unwrap_or_default();
        let told = !self
            .read_all::<crate::journal::OutboxRow>()?
            .iter()
            .any(|row| row.purpose == Purpose::Lock {});
        let shown = |lock: LockRecord| -> Result<LockView, WalletError> {
            Ok(LockView {
                since: lock.since,
                until: lock.until,
                longer: SafetyLock::from(&lock).longer(&*self.policy()?),
                trigger: lock.trigger,
                other_devices: lock.other_devices,
                told,
            })
        };
        let lock = row.lock.map(shown).transpose()?;
        Ok(StoppingView {
            lock,
            stops: row.stops.into_iter().collect(),
            lock_password_set: self
                .read::<DeviceRow>(b"")?
                .is_some_and(|device| device.lock_password_set),
        })
    }
}

impl Unit<'_> {
    fn stopping(&self) -> Result<StoppingRow, WalletError> {
        Ok(self.get::<StoppingRow>(b"")?.unwrap_or_default())
    }

    fn hold_everything(&mut self, by: HoldOwner) -> Result<(), WalletError> {
        let all: Vec<MandateId> = self
            .list::<MandateRow>()?
            .iter()
            .filter(|row| !row.has_ended())
            .map(|row| row.mandate)
            .collect();
        self.hold(&all, by)
    }

    fn covered_by(&self, scope: &StopScope) -> Result<Vec<MandateId>, WalletError> {
        let rows = self.list::<MandateRow>()?;
        let covered = rows
            .iter()
            .filter(|row| !row.has_ended() && covers(scope, row.merchant, &row.terms));
        Ok(covered.map(|row| row.mandate).collect())
    }

    /// Takes over what the gateway says of lock and stops. What this phone said and the gateway has not heard stays, and so
    /// does what was known where not all can be read, or was told before all was heard.
    pub(crate) fn take_stopping(&mut self, heard: &Heard) -> Result<(), WalletError> {
        let answer = &heard.answer;
        let known = self.stopping()?;
        let waiting: Vec<Purpose> = self
            .list::<crate::journal::OutboxRow>()?
            .into_iter()
            .map(|row| row.purpose)
            .collect();
        let lock_waits = waiting.contains(&Purpose::Lock {});
        let mut row = StoppingRow {
            lock: answer.lock.clone(),
            stops: answer.stops.iter().cloned().collect(),
        };
        if lock_waits || !heard.lock_is_known {
            // The longer of the two: it may have been put on once more since.
            let both = [row.lock.take(), known.lock.clone()];
            row.lock = both.into_iter().flatten().max_by_key(|lock| lock.until);
        }
        if !heard.stops_are_known {
            row.stops.extend(known.stops.iter().cloned());
        }
        for purpose in waiting {
            if let Purpose::Stop { scope } = purpose {
                row.stops.insert(scope);
            }
        }
        if row != known {
            self.put(&row)?;
        }
        if row.lock.is_some() {
            self.hold_everything(HoldOwner::SafetyLock)?;
        }
        Ok(())
    }

    /// Holds a mandate that has just been made as everything else is held.
    pub(crate) fn hold_as_all_others(&mut self, mandate: MandateId) -> Result<(), WalletError> {
        let row = self.stopping()?;
        let made = self.mandate(mandate)?;
        if row.lock.is_some() {
            self.hold(&[mandate], HoldOwner::SafetyLock)?;
        }
        let stops: Vec<StopScope> = row.stops.into_iter().collect();
        if is_stopped(&stops, made.merchant, &made.terms) {
            self.hold(&[mandate], HoldOwner::Stop)?;
        }
        Ok(())
    }
}
