//! What waits for the gateway: what stops first, else in sequence, the same bytes each time, until it is answered.
//!
//! A statement is signed once, in the unit that commits what it tells of. Sending it twice, or from two calls at
//! once, does no harm: the gateway answers the same, and a row that is gone is not applied again. So no lock is held
//! while the network is waited for.

use crate::error::WalletError;
use crate::events::WalletEvent;
use crate::inner::Inner;
use crate::journal::{FlowRow, MandateRow, OutboxRow, Purpose};
use crate::transport::SendError;
use quittance_protocol::problem::{Code, Problem, Retry};
use quittance_protocol::statement::{self as say, StopScope};
use quittance_protocol::{FlowId, MandateId, OrderId, Statement as _, Timestamp};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Waiting time after the first failed attempt; it doubles with each further one.
const FIRST_BACK_OFF_SECONDS: i64 = 5;
const LONGEST_BACK_OFF_SECONDS: i64 = 3_600;

/// Rows that build on each other. One that has to wait keeps back its own lane alone, so that nothing stands in the
/// way of stopping.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Lane {
    Enrolment,
    Secrets,
    Vouch(FlowId),
    Flow(FlowId),
    Mandate(MandateId),
    Lock,
    Stop(StopScope),
    Pause(Vec<MandateId>),
    Resume,
    Order(OrderId),
}

impl Lane {
    /// What a row of this lane keeps back while it has to wait: a pause is not lifted before it was said.
    fn keeps_back(self) -> BTreeSet<Self> {
        let lifting = matches!(self, Self::Pause(_)).then_some(Self::Resume);
        lifting.into_iter().chain([self]).collect()
    }
}

impl Purpose {
    fn lane(&self) -> Lane {
        match self {
            Self::Enrolment {} | Self::PinRecord {} => Lane::Enrolment,
            Self::LockPasswordRecord {} => Lane::Secrets,
            Self::FlowStart { flow }
            | Self::FlowAnswer { flow }
            | Self::FlowOffline { flow }
            | Self::FlowCancel { flow }
            | Self::PinFinish { flow }
            | Self::Intent { flow } => Lane::Flow(*flow),
            Self::Vouch { flow } => Lane::Vouch(*flow),
            Self::Consent { mandate } | Self::Activation { mandate } | Self::Permit { mandate, .. } => {
                Lane::Mandate(*mandate)
            }
            Self::Lock {} => Lane::Lock,
            Self::Stop { scope } => Lane::Stop(scope.clone()),
            Self::Pause { mandates } => Lane::Pause(mandates.clone()),
            Self::Resume { .. } => Lane::Resume,
            Self::Attestation { order } | Self::Acknowledgement { order } => Lane::Order(*order),
        }
    }

    /// The run of this phone's that it is of; a voucher is for somebody else's.
    pub(crate) fn flow(&self) -> Option<FlowId> {
        match self.lane() {
            Lane::Flow(flow) => Some(flow),
            _ => None,
        }
    }

    /// The mandate that it brings to life, or keeps supplied.
    pub(crate) fn mandate(&self) -> Option<MandateId> {
        match self.lane() {
            Lane::Mandate(mandate) => Some(mandate),
            _ => None,
        }
    }

    /// The statement's name.
    pub(crate) const fn statement(&self) -> &'static str {
        match self {
            Self::Enrolment {} => say::Enrolment::NAME,
            Self::PinRecord {} | Self::LockPasswordRecord {} => say::PinRegister::NAME,
            Self::Lock {} => say::Lock::NAME,
            Self::Stop { .. } => say::Stop::NAME,
            Self::Vouch { .. } => say::Vouch::NAME,
            Self::FlowStart { .. } => say::StartFlow::NAME,
            Self::FlowAnswer { .. } | Self::FlowOffline { .. } => say::AnswerFlow::NAME,
            Self::FlowCancel { .. } => say::CancelFlow::NAME,
            Self::PinFinish { .. } => say::PinFinish::NAME,
            Self::Consent { .. } => say::Consent::NAME,
            Self::Activation { .. } => say::Activation::NAME,
            Self::Permit { .. } => say::Permit::NAME,
            Self::Pause { .. } | Self::Resume { .. } => say::Hold::NAME,
            Self::Intent { .. } => say::Intent::NAME,
            Self::Attestation { .. } => say::Attestation::NAME,
            Self::Acknowledgement { .. } => say::Acknowledgement::NAME,
        }
    }
}

impl OutboxRow {
    /// The row after an attempt without the answer that it asks for; the gateway may want to be left alone for so many seconds.
    pub(crate) fn tried(self, at: Timestamp, wait: Option<u32>) -> Self {
        Self {
            attempts: self.attempts.saturating_add(1),
            tried_at: Some(at),
            not_before: wait.map(|seconds| at.plus_seconds(i64::from(seconds))),
            ..self
        }
    }
}

/// When a row should be sent again by itself; none where it is due at once.
pub(crate) fn due_at(row: &OutboxRow, own: Timestamp) -> Option<Timestamp> {
    let tried = tried_at(row, own)?;
    let doublings = row.attempts.saturating_sub(1).min(16);
    let wait = FIRST_BACK_OFF_SECONDS
        .saturating_mul(1 << doublings)
        .min(LONGEST_BACK_OFF_SECONDS);
    let due = tried.plus_seconds(wait);
    Some(wished_for(row, tried).map_or(due, |earliest| earliest.max(due)))
}

/// Whether a row keeps to what the gateway wished for, and waits.
fn is_too_soon(row: &OutboxRow, own: Timestamp) -> bool {
    let earliest = tried_at(row, own).and_then(|tried| wished_for(row, tried));
    earliest.is_some_and(|earliest| own < earliest)
}

/// When a row was last tried. A clock that says less has been set back since, so it cannot tell how long that is ago.
fn tried_at(row: &OutboxRow, own: Timestamp) -> Option<Timestamp> {
    row.tried_at.filter(|tried| *tried <= own)
}

/// Before when the gateway does not want it, as far as that is heeded: a gateway that wants no word for years must not keep
/// what stops from being said.
fn wished_for(row: &OutboxRow, tried: Timestamp) -> Option<Timestamp> {
    let longest = tried.plus_seconds(LONGEST_BACK_OFF_SECONDS);
    row.not_before.map(|earliest| earliest.min(longest))
}

/// What one attempt at a row came to.
enum Sent {
    Answered,
    /// Refused for good.
    Refused(Problem),
    /// It waits on.
    Waits(WalletError),
    /// There is no way to the gateway at all.
    NoWay,
}

impl Inner {
    /// Sends what waits as far as row `through`; what lowers authority goes first. Answers how many rows were answered.
    ///
    /// # Errors
    /// [`WalletError::Offline`] where that row does not reach the gateway, and what the gateway says against it;
    /// refusals of other rows become events.
    pub(crate) async fn flush(self: &Arc<Self>, through: u64) -> Result<u32, WalletError> {
        self.send_rows(Some(through), &mut BTreeSet::new()).await
    }

    /// The same where it need not arrive now: without a network the row waits, and is told as soon as there is a way.
    ///
    /// # Errors
    /// As [`Inner::flush`], but for [`WalletError::Offline`].
    pub(crate) async fn try_to_tell(self: &Arc<Self>, number: u64) -> Result<(), WalletError> {
        match self.flush(number).await {
            Ok(_) | Err(WalletError::Offline) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Sends all that waits, but for lanes that were silent in this contact already. A row without an answer keeps back
    /// its own lane alone.
    ///
    /// # Errors
    /// [`WalletError::Offline`] where no connection can be made.
    pub(crate) async fn flush_all(self: &Arc<Self>, silent: &mut BTreeSet<Lane>) -> Result<u32, WalletError> {
        self.send_rows(None, silent).await
    }

    async fn send_rows(
        self: &Arc<Self>,
        through: Option<u64>,
        silent: &mut BTreeSet<Lane>,
    ) -> Result<u32, WalletError> {
        let called_for = self.look(move |inner| inner.lane_of(through)).await?;
        let mut tried = BTreeSet::new();
        let mut stuck = silent.clone();
        let mut answered = 0;
        let mut no_way = false;
        while let Some((row, urgent)) = self.next_row(&tried, through).await? {
            tried.insert(row.number);
            if no_way && !urgent {
                return Err(WalletError::Offline);
            }
            let wanted = through == Some(row.number);
            let lane = row.purpose.lane();
            let (purpose, known) = (row.purpose.clone(), stuck.clone());
            let is_early = self
                .look(move |inner| inner.waits_for_consent(&purpose, &known))
                .await?;
            // A payer who stops something now does not wait because the gateway was busy before.
            let at_once = urgent && called_for.as_ref() == Some(&lane);
            let waits = is_early || stuck.contains(&lane) || !at_once && is_too_soon(&row, self.ports.clock.now());
            let Some(compact) = row.compact.clone().filter(|_| !waits) else {
                stuck.extend(lane.keeps_back());
                if wanted {
                    return Err(WalletError::Offline);
                }
                continue;
            };
            match self.send_row(row, &compact).await? {
                Sent::Answered => answered += 1,
                Sent::Refused(problem) if wanted => return Err(problem.into()),
                Sent::Refused(_) => answered += 1,
                Sent::Waits(error) if wanted => return Err(error),
                Sent::NoWay if wanted => return Err(WalletError::Offline),
                Sent::Waits(error) => {
                    let kept_back = lane.keeps_back();
                    if matches!(error, WalletError::Offline) {
                        silent.extend(kept_back.clone());
                    }
                    stuck.extend(kept_back);
                }
                Sent::NoWay => {
                    no_way = true;
                    stuck.extend(lane.keeps_back());
                }
            }
            if wanted {
                return Ok(answered);
            }
        }
        if no_way {
            Err(WalletError::Offline)
        } else {
            Ok(answered)
        }
    }

    async fn send_row(self: &Arc<Self>, row: OutboxRow, compact: &str) -> Result<Sent, WalletError> {
        let error = match self.transport.post(compact).await {
            Ok(answer) => match self.take_answer(row.clone(), answer).await {
                Ok(true) => return Ok(Sent::Answered),
                // As if none had come: the lane is left alone for the rest of the contact.
                Ok(false) => return Ok(Sent::Waits(WalletError::Offline)),
                Err(error) => error,
            },
            Err(SendError::Problem(problem))
                if matches!(problem.retry(), Retry::Never | Retry::Later) || is_too_early(&row.purpose, &problem) =>
            {
                self.refuse(row, problem.clone()).await?;
                return Ok(Sent::Refused(problem));
            }
            Err(SendError::Unconnected) => {
                self.defer(row, &WalletError::Offline).await?;
                return Ok(Sent::NoWay);
            }
            Err(error) => error.into(),
        };
        self.defer(row, &error).await?;
        Ok(Sent::Waits(error))
    }

    /// The lane of a row that is called for.
    fn lane_of(&self, number: Option<u64>) -> Result<Option<Lane>, WalletError> {
        let Some(number) = number else {
            return Ok(None);
        };
        let row = self.read::<OutboxRow>(&number.to_be_bytes())?;
        Ok(row.map(|row| row.purpose.lane()))
    }

    /// The next row that was not tried, and whether it lowers authority.
    async fn next_row(
        self: &Arc<Self>,
        tried: &BTreeSet<u64>,
        through: Option<u64>,
    ) -> Result<Option<(OutboxRow, bool)>, WalletError> {
        let tried = tried.clone();
        self.look(move |inner| {
            let mut next: Option<(OutboxRow, bool)> = None;
            for row in inner.read_all::<OutboxRow>()? {
                if tried.contains(&row.number) || through.is_some_and(|end| row.number > end) {
                    continue;
                }
                let urgent = inner.is_urgent(&row.purpose)?;
                if next.as_ref().is_none_or(|(_, found)| urgent && !found) {
                    next = Some((row, urgent));
                }
            }
            Ok(next)
        })
        .await
    }

    /// Whether a statement takes authority away from what the gateway knows. Rows of one lane keep their sequence.
    fn is_urgent(&self, purpose: &Purpose) -> Result<bool, WalletError> {
        match purpose.lane() {
            Lane::Lock | Lane::Stop(_) => Ok(true),
            Lane::Order(_) => Ok(matches!(purpose, Purpose::Attestation { .. })),
            Lane::Pause(mandates) => Ok(self.missing_of(&mandates)?.is_empty()),
            Lane::Flow(flow) => {
                let row = self.read::<FlowRow>(flow.as_bytes())?;
                let Some(row) = row.filter(|row| row.ends_mandates) else {
                    return Ok(false);
                };
                Ok(self.missing_at_gateway(&row)?.is_empty())
            }
            Lane::Enrolment | Lane::Secrets | Lane::Vouch(_) | Lane::Mandate(_) | Lane::Resume => Ok(false),
        }
    }

    /// Mandates of a flow whose consent is still to come: it has to be there first, and until then stops nothing.
    fn missing_at_gateway(&self, flow: &FlowRow) -> Result<Vec<MandateId>, WalletError> {
        self.missing_of(&flow.start.mandates)
    }

    fn missing_of(&self, mandates: &[MandateId]) -> Result<Vec<MandateId>, WalletError> {
        let mut missing = Vec::new();
        for mandate in mandates {
            let row = self.read::<MandateRow>(mandate.as_bytes())?;
            if row.is_some_and(|row| !row.has_ended() && !row.is_accepted()) {
                missing.push(*mandate);
            }
        }
        Ok(missing)
    }

    /// Whether a row of a cancellation waits for a consent that is stuck, or a pause for one that is still to come:
    /// said before it, a pause would be refused as one of nothing.
    fn waits_for_consent(&self, purpose: &Purpose, stuck: &BTreeSet<Lane>) -> Result<bool, WalletError> {
        if let Purpose::Pause { mandates } = purpose {
            return Ok(!self.missing_of(mandates)?.is_empty());
        }
        let Some(flow) = purpose.flow() else {
            return Ok(false);
        };
        let Some(row) = self.read::<FlowRow>(flow.as_bytes())?.filter(|row| row.ends_mandates) else {
            return Ok(false);
        };
        let missing = self.missing_at_gateway(&row)?;
        Ok(missing
            .into_iter()
            .any(|mandate| stuck.contains(&Lane::Mandate(mandate))))
    }

    /// The last row that a flow waits with.
    pub(crate) fn last_row_of(&self, flow: FlowId) -> Result<Option<u64>, WalletError> {
        let rows = self.read_all::<OutboxRow>()?;
        let of_it = rows.iter().filter(|row| row.purpose.flow() == Some(flow));
        Ok(of_it.map(|row| row.number).max())
    }

    /// Notes an attempt without an answer.
    async fn defer(self: &Arc<Self>, row: OutboxRow, error: &WalletError) -> Result<(), WalletError> {
        let own = self.ports.clock.now();
        let wait = match error {
            WalletError::Problem(problem) => problem.retry_after_seconds(),
            _ => None,
        };
        self.unit(move |unit| match unit.get::<OutboxRow>(&row.number.to_be_bytes())? {
            Some(row) => unit.put(&row.tried(own, wait)),
            None => Ok(()),
        })
        .await
    }

    /// The gateway refused for good: the row goes, the payer is told, what depends on it is put right.
    async fn refuse(self: &Arc<Self>, row: OutboxRow, problem: Problem) -> Result<(), WalletError> {
        let purpose = row.purpose.clone();
        let code = problem.code();
        let told = self
            .unit(move |unit| {
                if unit.get::<OutboxRow>(&row.number.to_be_bytes())?.is_none() {
                    return Ok(false);
                }
                unit.delete(&row);
                unit.take_refusal(&row.purpose, &problem)?;
                Ok(true)
            })
            .await?;
        if told {
            tracing::warn!(
                statement = purpose.statement(),
                code = code.name(),
                "the gateway refused a statement"
            );
        }
        Ok(())
    }
}

/// An answer that may be given later is given by the payer, not by the outbox: another code is asked for by hand.
fn is_too_early(purpose: &Purpose, problem: &Problem) -> bool {
    matches!(purpose, Purpose::FlowAnswer { .. }) && problem.code() == Code::FactorLocked
}

/// The event of a refusal that no call waits for.
pub(crate) fn refused(purpose: &Purpose, problem: &Problem) -> WalletEvent {
    WalletEvent::Refused {
        statement: purpose.statement().to_owned(),
        code: problem.code(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(attempts: u32, not_before: Option<i64>) -> OutboxRow {
        OutboxRow {
            number: 1,
            purpose: Purpose::Enrolment {},
            compact: None,
            attempts,
            tried_at: (attempts > 0).then(|| at(0)),
            not_before: not_before.map(at),
        }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_unix(1_800_000_000 + second).unwrap()
    }

    #[test]
    fn resends_wait_twice_as_long_each_time_up_to_an_hour() {
        let due = |attempts| due_at(&row(attempts, None), at(0));
        assert_eq!([1, 2, 3, 4].map(due), [5, 10, 20, 40].map(|wait| Some(at(wait))));
        assert_eq!(due(11), Some(at(3_600)));
        assert_eq!(due(u32::MAX), Some(at(3_600)));
        assert_eq!(due(0), None, "a row that was never tried is due at once");
    }

    #[test]
    fn the_gateways_own_wish_is_kept() {
        let busy = row(1, Some(60));
        assert_eq!(due_at(&busy, at(0)), Some(at(60)));
        assert_eq!([0, 59, 60].map(|now| is_too_soon(&busy, at(now))), [true, true, false]);
        assert!(!is_too_soon(&row(1, None), at(0)), "without a wish it may be sent");
    }

    #[test]
    fn a_wish_for_years_is_kept_for_an_hour() {
        let busy = row(1, Some(4_000_000_000));
        assert_eq!(due_at(&busy, at(0)), Some(at(3_600)));
        assert_eq!([3_599, 3_600].map(|now| is_too_soon(&busy, at(now))), [true, false]);
    }

    #[test]
    fn a_clock_that_was_set_back_since_keeps_nothing_back() {
        let busy = row(4, Some(60));
        assert_eq!(due_at(&busy, at(-1)), None);
        assert!(!is_too_soon(&busy, at(-1)));
    }
}
