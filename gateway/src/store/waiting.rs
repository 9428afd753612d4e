//! What runs of flows wait for: codes that were sent, parties that were asked, people who vouch.

use std::collections::BTreeSet;

use quittance_flows::otp::SentCode;
use quittance_flows::quiz::Transaction;
use quittance_protocol::{AccountId, DeviceId, Digest32, FlowId, Timestamp};
use rusqlite::params;
use serde::{Deserialize, Serialize};

use super::{Charge, Mandate, Store, from_doc, to_doc, to_id, to_time};
use crate::failure::Failure;

/// The code that was last sent for a step. The code itself is nowhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StepCode {
    /// What it is recognised by, with the tries at it.
    pub(crate) code: SentCode,
    /// How many were sent for this step; each has a name of its own at the carrier.
    pub(crate) sends: u32,
}

/// What an outside party says to a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "says", rename_all = "snake_case")]
pub(crate) enum Reply {
    /// It decided.
    Decided {
        /// As flow definitions name it.
        outcome: String,
    },
    /// It judged what was handed in, or what it knows.
    Judged {
        /// Whether that proves the factor.
        proved: bool,
        /// What the proof is named by.
        evidence: Digest32,
    },
    /// A trusted contact decided.
    Vouched {
        /// Whether they stand for the payer.
        approves: bool,
    },
    /// It did not answer: it is asked again, about the same.
    AskAgain {
        /// What was handed in.
        uploads: Vec<Digest32>,
    },
}

/// A reply on its way.
#[derive(Debug, Clone)]
pub(crate) struct StoredReply {
    pub(crate) flow: FlowId,
    pub(crate) step: String,
    /// Tells parties of one step apart; empty where there is one.
    pub(crate) party: String,
    /// From when on it is known; never, where the party stays silent.
    pub(crate) known_at: Option<Timestamp>,
    pub(crate) reply: Reply,
}

#[derive(Serialize, Deserialize)]
struct ReplyDoc {
    known_at: Option<Timestamp>,
    reply: Reply,
}

/// Somebody who was asked to vouch in a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Voucher {
    pub(crate) account: AccountId,
    /// What they answered, on which phone, once they did.
    pub(crate) answer: Option<Vouched>,
}

/// An answer of somebody who was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Vouched {
    pub(crate) device: DeviceId,
    pub(crate) approves: bool,
}

impl Store<'_> {
    pub(crate) fn step_code(self, flow: FlowId, step: &str) -> Result<Option<StepCode>, Failure> {
        self.doc(
            "SELECT doc FROM codes WHERE flow=?1 AND step=?2",
            params![flow.to_string(), step],
        )
    }

    pub(crate) fn put_step_code(self, flow: FlowId, step: &str, code: &StepCode) -> Result<(), Failure> {
        self.run(
            "INSERT INTO codes (flow, step, doc) VALUES (?1, ?2, ?3)
             ON CONFLICT (flow, step) DO UPDATE SET doc=excluded.doc",
            params![flow.to_string(), step, to_doc(code)?],
        )?;
        Ok(())
    }

    pub(crate) fn put_reply(self, reply: &StoredReply) -> Result<(), Failure> {
        let doc = to_doc(&ReplyDoc {
            known_at: reply.known_at,
            reply: reply.reply.clone(),
        })?;
        self.run(
            "INSERT INTO replies (flow, step, party, due, doc) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (flow, step, party) DO UPDATE SET due=excluded.due, doc=excluded.doc",
            params![
                reply.flow.to_string(),
                reply.step,
                reply.party,
                reply.known_at.map(|at| at.unix()),
                doc
            ],
        )?;
        Ok(())
    }

    /// The replies to a step, known or on their way.
    pub(crate) fn replies_to(self, flow: FlowId, step: &str) -> Result<Vec<StoredReply>, Failure> {
        let rows = self.all(
            "SELECT party, doc FROM replies WHERE flow=?1 AND step=?2 ORDER BY party",
            params![flow.to_string(), step],
            |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)),
        )?;
        rows.into_iter()
            .map(|(party, doc)| {
                let ReplyDoc { known_at, reply } = from_doc(&doc)?;
                Ok(StoredReply {
                    flow,
                    step: step.to_owned(),
                    party,
                    known_at,
                    reply,
                })
            })
            .collect()
    }

    /// The run to which a reply becomes known first, where one does by `now`; with the reply's step and party.
    pub(crate) fn first_due_reply(
        self,
        now: Timestamp,
    ) -> Result<Option<(FlowId, String, String, Timestamp)>, Failure> {
        let row = self.one(
            "SELECT flow, step, party, due FROM replies WHERE due<=?1 ORDER BY due, flow, step, party LIMIT 1",
            [now.unix()],
            |row| {
                Ok((
                    row.get::<_, String>(0)?,
                    row.get(1)?,
                    row.get(2)?,
                    row.get::<_, i64>(3)?,
                ))
            },
        )?;
        row.map(|(flow, step, party, due)| Ok((to_id(&flow)?, step, party, to_time(due)?)))
            .transpose()
    }

    /// A known reply whose step is not open yet waits for it without being looked for.
    pub(crate) fn park_reply(self, flow: FlowId, step: &str, party: &str) -> Result<(), Failure> {
        self.run(
            "UPDATE replies SET due=NULL WHERE flow=?1 AND step=?2 AND party=?3",
            params![flow.to_string(), step, party],
        )?;
        Ok(())
    }

    pub(crate) fn drop_reply(self, flow: FlowId, step: &str, party: &str) -> Result<(), Failure> {
        self.run(
            "DELETE FROM replies WHERE flow=?1 AND step=?2 AND party=?3",
            params![flow.to_string(), step, party],
        )?;
        Ok(())
    }

    /// A run is over: nothing that it waited for matters any more.
    pub(crate) fn stop_waiting(self, flow: FlowId) -> Result<(), Failure> {
        for sql in ["DELETE FROM replies WHERE flow=?1", "DELETE FROM codes WHERE flow=?1"] {
            self.run(sql, [flow.to_string()])?;
        }
        Ok(())
    }

    /// Notes that somebody is asked to vouch; once is enough.
    pub(crate) fn ask_voucher(self, flow: FlowId, account: AccountId, at: Timestamp) -> Result<(), Failure> {
        self.run(
            "INSERT INTO vouchers (flow, account, at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
            params![flow.to_string(), account.to_string(), at.unix()],
        )?;
        Ok(())
    }

    pub(crate) fn answer_voucher(
        self,
        flow: FlowId,
        account: AccountId,
        answer: Vouched,
        at: Timestamp,
    ) -> Result<(), Failure> {
        self.run(
            "UPDATE vouchers SET device=?3, approves=?4, at=?5 WHERE flow=?1 AND account=?2",
            params![
                flow.to_string(),
                account.to_string(),
                answer.device.to_string(),
                answer.approves,
                at.unix()
            ],
        )?;
        Ok(())
    }

    /// Who was asked to vouch in a run, in a fixed sequence.
    pub(crate) fn vouchers(self, flow: FlowId) -> Result<Vec<Voucher>, Failure> {
        let rows = self.all(
            "SELECT account, device, approves FROM vouchers WHERE flow=?1 ORDER BY account",
            [flow.to_string()],
            |row| {
                Ok((
                    row.get::<_, String>(0)?,
                    row.get::<_, Option<String>>(1)?,
                    row.get::<_, Option<bool>>(2)?,
                ))
            },
        )?;
        rows.into_iter()
            .map(|(account, device, approves)| {
                let answer = match (device, approves) {
                    (Some(device), Some(approves)) => Some(Vouched {
                        device: to_id(&device)?,
                        approves,
                    }),
                    _ => None,
                };
                Ok(Voucher {
                    account: to_id(&account)?,
                    answer,
                })
            })
            .collect()
    }

    /// The phones of an account.
    pub(crate) fn devices_of(self, account: AccountId) -> Result<BTreeSet<DeviceId>, Failure> {
        self.all(
            "SELECT device FROM devices WHERE account=?1",
            [account.to_string()],
            |row| row.get::<_, String>(0),
        )?
        .iter()
        .map(|device| to_id(device))
        .collect()
    }

    /// What a payer paid through this gateway by a moment, as a quiz may ask about it.
    pub(crate) fn transactions_by(self, account: AccountId, until: Timestamp) -> Result<Vec<Transaction>, Failure> {
        let rows = self.all(
            "SELECT charges.doc, mandates.doc FROM charges JOIN mandates USING (mandate)
             WHERE mandates.account=?1 AND charges.state='approved' AND charges.at<=?2 ORDER BY charges.at",
            params![account.to_string(), until.unix()],
            |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)),
        )?;
        rows.into_iter()
            .map(|(charge, mandate)| {
                let (charge, mandate): (Charge, Mandate) = (from_doc(&charge)?, from_doc(&mandate)?);
                Ok(Transaction {
                    amount: charge.amount,
                    payee: mandate.terms.merchant_name,
                    at: charge.at,
                })
            })
            .collect()
    }
}
