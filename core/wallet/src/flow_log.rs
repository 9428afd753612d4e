//! The gateway's log of a run, taken over where it says nothing in this phone's name that this phone did not say.

use crate::error::WalletError;
use crate::flows::replay;
use crate::inner::Inner;
use crate::journal::{FlowRow, MandateRow, OutboxRow, Purpose};
use crate::unit::Unit;
use crate::unread::Unread;
use quittance_flows::definition::{Authority, FlowEffect};
use quittance_flows::flow::{Effect, Phase};
use quittance_protocol::FlowId;
use quittance_protocol::answer::FlowLog;
use quittance_protocol::flow_event::{Author, FlowEventKind, FlowStart};
use std::collections::BTreeSet;
use std::sync::Arc;

/// How many runs are kept that the gateway began, and that none of this phone's led to, as far as is known yet.
const MOST_OF_OTHERS: usize = 64;

impl Inner {
    /// Asks the gateway how far a run is. A run that the gateway does not know yet stays as it is.
    pub(crate) async fn refresh_flow(self: &Arc<Self>, flow: FlowId) -> Result<(), WalletError> {
        let row = self.look(move |inner| inner.read::<FlowRow>(flow.as_bytes())).await?;
        if !row.ok_or(WalletError::UnknownFlow)?.told {
            return Ok(());
        }
        self.fetch_flow(flow).await?;
        let mut unread = Unread::default();
        self.fetch_next_flows(&mut unread).await?;
        unread.told()
    }

    /// Fetches the runs that the gateway began because one of this phone's is done.
    pub(crate) async fn fetch_next_flows(self: &Arc<Self>, unread: &mut Unread) -> Result<(), WalletError> {
        let unknown = self
            .look(|inner| {
                let rows = inner.read_all::<FlowRow>()?;
                let known = |flow: &FlowId| rows.iter().any(|row| row.start.flow == *flow);
                let next = rows.iter().flat_map(|row| &row.next_flows);
                Ok(next.filter(|flow| !known(flow)).copied().collect::<Vec<_>>())
            })
            .await?;
        for flow in unknown {
            match self.fetch_flow(flow).await {
                // Whatever it is, it is none of this phone's.
                Ok(()) | Err(WalletError::Problem(_)) => {}
                Err(error) => unread.note(error)?,
            }
        }
        Ok(())
    }

    async fn fetch_flow(self: &Arc<Self>, flow: FlowId) -> Result<(), WalletError> {
        let log: FlowLog = self.read_own(&format!("/v1/flows/{flow}")).await?;
        if log.flow != flow {
            return Err(WalletError::Answer("the log of another flow"));
        }
        self.unit(move |unit| unit.take_flow_log(log)).await
    }
}

impl Unit<'_> {
    /// Takes over the gateway's log of a run. While answers of ours wait, ours is the longer one and stays.
    ///
    /// # Errors
    /// [`WalletError::Answer`] for a log that cannot be, before anything of it is staged: the unit may go on without it.
    pub(crate) fn take_flow_log(&mut self, log: FlowLog) -> Result<(), WalletError> {
        let Some(mut row) = self.get::<FlowRow>(log.flow.as_bytes())? else {
            return self.adopt(log);
        };
        // The answer to an older statement is stored as it was: it never takes a run back.
        if log.events.len() < row.admitted {
            return Ok(());
        }
        let unsaid = |kind: &FlowEventKind| !row.said.contains(kind);
        let ours = |event: &&quittance_protocol::flow_event::FlowEvent| event.author == Author::Phone;
        if log.events.iter().filter(ours).any(|event| unsaid(&event.kind)) {
            return Err(WalletError::Answer("the flow's log tells what this phone did not say"));
        }
        let pinned = self.inner.pinned(&row)?;
        let (state, effects) =
            replay(pinned.rules(), &log.events).map_err(|_| WalletError::Answer("the flow's log does not fold"))?;
        if starts_of(&log) != Some(&row.start) {
            return Err(WalletError::Answer("the flow's log begins with another wish"));
        }
        let (before, done) = replay(pinned.rules(), &row.events).map_err(|_| WalletError::Journal("flow log"))?;
        let over = matches!(state.phase, Phase::Expired | Phase::Refused(_));
        if before.phase == Phase::Completed || self.answers_wait(log.flow)? && !over {
            return Ok(());
        }
        row.admitted = log.events.len();
        row.events = log.events;
        row.asking = log.asking;
        row.next_flows = log.next_flows;
        // A wrong secret is known to this phone alone: its check ends before the gateway hears of it.
        let same_step = before.done.len() == state.done.len();
        row.attempts_left = state.attempts_left.or(row.attempts_left.filter(|_| same_step));
        for effect in effects {
            let new = matches!(effect, Effect::Do(FlowEffect::Hold) | Effect::Complete(_)) && !done.contains(&effect);
            if new {
                self.carry_out(&mut row, &pinned.definition, &state, effect)?;
            }
        }
        self.put(&row)
    }

    /// Takes on a run that the gateway began for this phone: one that takes authority over mandates of this phone, and
    /// in which the phone has said nothing. Every other one is left alone.
    fn adopt(&mut self, log: FlowLog) -> Result<(), WalletError> {
        let Some(start) = starts_of(&log).cloned() else {
            return Ok(());
        };
        let silent = log.events.iter().all(|event| event.author == Author::Gateway);
        let mut row = FlowRow::new(start, log.events);
        (row.foreign, row.told, row.admitted) = (true, true, row.events.len());
        (row.asking, row.next_flows) = (log.asking, log.next_flows);
        let Ok(pinned) = self.inner.pinned(&row) else {
            return Ok(());
        };
        let mut ours = !row.start.mandates.is_empty();
        for mandate in &row.start.mandates {
            ours &= self.get::<MandateRow>(mandate.as_bytes())?.is_some();
        }
        if !silent || !ours || pinned.definition.authority != Authority::Lowers || row.start.flow != log.flow {
            return Ok(());
        }
        self.has_room_for(row.start.flow)?;
        row.ends_mandates = pinned.definition.effect == FlowEffect::Destroy;
        let (state, effects) =
            replay(pinned.rules(), &row.events).map_err(|_| WalletError::Answer("the flow's log does not fold"))?;
        row.said.push(FlowEventKind::Started(row.start.clone()));
        for effect in effects {
            self.carry_out(&mut row, &pinned.definition, &state, effect)?;
        }
        self.put(&row)
    }

    /// What came of this phone's own runs always has room: one for each mandate that such a run names. Of others so many are
    /// kept, ended ones included, which a gateway could begin and end without end.
    ///
    /// # Errors
    /// [`WalletError::Answer`] where there is none. Once a run of this phone names it, it is asked for anew.
    fn has_room_for(&self, flow: FlowId) -> Result<(), WalletError> {
        let rows = self.list::<FlowRow>()?;
        let own = rows.iter().filter(|row| !row.foreign);
        let named: BTreeSet<FlowId> = own
            .flat_map(|row| row.next_flows.iter().take(row.start.mandates.len()).copied())
            .collect();
        let others = rows
            .iter()
            .filter(|row| row.foreign && !named.contains(&row.start.flow));
        if named.contains(&flow) || others.count() < MOST_OF_OTHERS {
            Ok(())
        } else {
            Err(WalletError::Answer(
                "more runs that no run of this phone led to than are kept",
            ))
        }
    }

    /// Whether something that this phone noted in its log of a run has not reached the gateway. It notes no right PIN, which
    /// is the gateway's to tell, and no intent, which comes after the last event.
    fn answers_wait(&self, flow: FlowId) -> Result<bool, WalletError> {
        let is_noted = |purpose: &Purpose| !matches!(purpose, Purpose::PinFinish { .. } | Purpose::Intent { .. });
        let waits = |row: &OutboxRow| row.purpose.flow() == Some(flow) && is_noted(&row.purpose);
        Ok(self.list::<OutboxRow>()?.iter().any(waits))
    }
}

fn starts_of(log: &FlowLog) -> Option<&FlowStart> {
    match log.events.first().map(|event| &event.kind) {
        Some(FlowEventKind::Started(start)) => Some(start),
        _ => None,
    }
}
