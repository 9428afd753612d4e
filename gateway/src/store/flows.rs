//! Runs of verification flows: their logs as admitted, found by what they wait for.

use quittance_protocol::flow_event::FlowEvent;
use quittance_protocol::{AccountId, DeviceId, FlowId, Timestamp};
use rusqlite::params;
use serde::{Deserialize, Serialize};

use super::{Store, from_integer, read_id, to_doc, to_id, to_integer, to_time};
use crate::failure::Failure;

/// One run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Flow {
    pub(crate) flow: FlowId,
    pub(crate) account: AccountId,
    pub(crate) device: DeviceId,
    pub(crate) events: Vec<FlowEvent>,
    /// Runs that the gateway began because this one is done.
    #[serde(default)]
    pub(crate) next_flows: Vec<FlowId>,
    /// The run of which this one is one item.
    #[serde(default)]
    pub(crate) item_of: Option<FlowId>,
}

/// By what a run is found, besides its id.
#[derive(Debug, Clone, Default)]
pub(crate) struct FlowIndex {
    /// Whether a step is open.
    pub(crate) open: bool,
    /// When the gateway has to say something by itself.
    pub(crate) due: Option<Timestamp>,
    /// The queue of the desk that it stands in.
    pub(crate) desk: Option<&'static str>,
}

impl Store<'_> {
    pub(crate) fn flow(self, flow: FlowId) -> Result<Option<Flow>, Failure> {
        self.doc("SELECT doc FROM flows WHERE flow=?1", [flow.to_string()])
    }

    /// Writes a run. Its device has not heard of the change until [`Store::flow_is_heard`] says so.
    pub(crate) fn put_flow(self, flow: &Flow, index: &FlowIndex) -> Result<(), Failure> {
        let last_at = flow.events.last().map_or(0, |event| event.at.unix());
        self.run(
            "INSERT INTO flows (flow, account, device, open, due, desk, unheard, last_at, doc)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1, ?7, ?8)
             ON CONFLICT (flow) DO UPDATE SET open=excluded.open, due=excluded.due, desk=excluded.desk, unheard=1,
                 last_at=excluded.last_at, doc=excluded.doc",
            params![
                flow.flow.to_string(),
                flow.account.to_string(),
                flow.device.to_string(),
                index.open,
                index.due.map(|due| due.unix()),
                index.desk,
                last_at,
                to_doc(flow)?
            ],
        )?;
        Ok(())
    }

    /// The device hears of the whole run in the answer to its own statement.
    pub(crate) fn flow_is_heard(self, flow: FlowId) -> Result<(), Failure> {
        self.run("UPDATE flows SET unheard=0 WHERE flow=?1", [flow.to_string()])?;
        Ok(())
    }

    /// Runs of a payer that are open.
    pub(crate) fn open_flows_of(self, account: AccountId) -> Result<Vec<Flow>, Failure> {
        self.docs(
            "SELECT doc FROM flows WHERE account=?1 AND open=1 ORDER BY rowid",
            [account.to_string()],
        )
    }

    /// Runs of a payer that are open, each by itself.
    pub(crate) fn each_open_flow_of(self, account: AccountId) -> Result<Vec<Result<Flow, Failure>>, Failure> {
        self.each_doc(
            "SELECT doc FROM flows WHERE account=?1 AND open=1",
            [account.to_string()],
        )
    }

    /// Runs of a payer's device that are open, each by itself.
    pub(crate) fn open_flows_on(
        self,
        account: AccountId,
        device: DeviceId,
    ) -> Result<Vec<Result<Flow, Failure>>, Failure> {
        self.each_doc(
            "SELECT doc FROM flows WHERE account=?1 AND open=1 AND device=?2",
            [account.to_string(), device.to_string()],
        )
    }

    /// How many runs of a payer are open; whoever has more than `most` is not counted further.
    pub(crate) fn count_open_flows(self, account: AccountId, most: u64) -> Result<u64, Failure> {
        let count = self.one(
            "SELECT COUNT(*) FROM (SELECT 1 FROM flows WHERE account=?1 AND open=1 LIMIT ?2)",
            params![account.to_string(), to_integer(most)?],
            |row| row.get(0),
        )?;
        from_integer(count.unwrap_or(0))
    }

    /// Runs of a device that are open, or went on without it after `since`. Of too many, those that are open and the
    /// newest.
    pub(crate) fn flows_to_tell(self, device: DeviceId, since: Timestamp) -> Result<Vec<Flow>, Failure> {
        self.docs(
            "SELECT doc FROM (
                 SELECT doc, last_at, flow FROM flows
                 WHERE device=?1 AND (open=1 OR unheard=1) AND (open=1 OR last_at>?2)
                 ORDER BY open DESC, last_at DESC, flow LIMIT 256
             ) ORDER BY last_at, flow",
            params![device.to_string(), since.unix()],
        )
    }

    /// The run whose moment comes first, where one comes by `now`.
    pub(crate) fn first_due_flow(self, now: Timestamp) -> Result<Option<(FlowId, Timestamp)>, Failure> {
        let row = self.one(
            "SELECT flow, due FROM flows WHERE due<=?1 ORDER BY due, flow LIMIT 1",
            [now.unix()],
            |row| Ok((row.get::<_, String>(0)?, row.get(1)?)),
        )?;
        row.map(|(flow, due)| Ok((to_id(&flow)?, to_time(due)?))).transpose()
    }

    /// The moment of a run, where it comes by `now`.
    pub(crate) fn due_flow(self, flow: FlowId, now: Timestamp) -> Result<Option<Timestamp>, Failure> {
        let due = self.one(
            "SELECT due FROM flows WHERE flow=?1 AND due<=?2",
            params![flow.to_string(), now.unix()],
            |row| row.get(0),
        )?;
        due.map(to_time).transpose()
    }

    /// What [`Store::first_due_flow`] finds, and cannot read: nobody comes back to it by itself. Says whether there was one.
    pub(crate) fn park_first_due_flow(self, now: Timestamp) -> Result<bool, Failure> {
        let parked = self.run(
            "UPDATE flows SET due=NULL
             WHERE rowid=(SELECT rowid FROM flows WHERE due<=?1 ORDER BY due, flow LIMIT 1)",
            [now.unix()],
        )?;
        Ok(parked == 1)
    }

    /// Nobody comes back to this run by itself.
    pub(crate) fn park_flow(self, flow: FlowId) -> Result<(), Failure> {
        self.run("UPDATE flows SET due=NULL WHERE flow=?1", [flow.to_string()])?;
        Ok(())
    }

    /// Runs that wait for a reviewer, the longest waiting first.
    pub(crate) fn flows_on_desk(self) -> Result<Vec<Result<FlowId, Failure>>, Failure> {
        self.all(
            "SELECT flow FROM flows WHERE desk IS NOT NULL ORDER BY last_at, flow LIMIT 500",
            [],
            |row| Ok(read_id(row)),
        )
    }
}
