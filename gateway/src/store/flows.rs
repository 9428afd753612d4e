//! Runs of verification flows: their logs as admitted.

use quittance_protocol::flow_event::FlowEvent;
use quittance_protocol::{AccountId, DeviceId, FlowId};
use rusqlite::params;
use serde::{Deserialize, Serialize};

use super::{Store, to_doc};
use crate::failure::Failure;

/// One run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Flow {
    pub(crate) flow: FlowId,
    pub(crate) account: AccountId,
    pub(crate) device: DeviceId,
    pub(crate) events: Vec<FlowEvent>,
}

impl Store<'_> {
    pub(crate) fn flow(self, flow: FlowId) -> Result<Option<Flow>, Failure> {
        self.doc("SELECT doc FROM flows WHERE flow=?1", [flow.to_string()])
    }

    pub(crate) fn put_flow(self, flow: &Flow) -> Result<(), Failure> {
        self.run(
            "INSERT INTO flows (flow, account, doc) VALUES (?1, ?2, ?3)
             ON CONFLICT (flow) DO UPDATE SET doc=excluded.doc",
            params![flow.flow.to_string(), flow.account.to_string(), to_doc(flow)?],
        )?;
        Ok(())
    }
}
