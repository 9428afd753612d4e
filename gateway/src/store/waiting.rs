//! What runs of flows wait for: codes that were sent, parties that were asked, people who vouch.

use std::collections::BTreeSet;

use quittance_flows::contacts::Heard;
use quittance_flows::otp::SentCode;
use quittance_flows::quiz::Transaction;
use quittance_protocol::{AccountId, DeviceId, Digest32, FlowId, Timestamp};
use rusqlite::params;
use serde::{Deserialize, Serialize};

use super::{Charge, Mandate, Store, from_doc, from_integer, to_doc, to_id, to_time};
use crate::failure::Failure;

/// What a payer (1) paid through this gateway by a moment (2).
pub(super) const PAID_BY: &str = "FROM charges JOIN mandates USING (mandate)
    WHERE mandates.account=?1 AND charges.state='approved' AND charges.at<=?2";

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
        /// Whether they scanned the payer's code; else they opened the link of a text.
        #[serde(default)]
        scanned: bool,
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

/// What somebody who was asked said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Voice {
    pub(crate) account: AccountId,
    pub(crate) device: DeviceId,
    pub(crate) heard: Heard,
    pub(crate) approves: bool,
    pub(crate) at: Timestamp,
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

    /// The reply that becomes known first in a run, where one does by `now`, by its step and party.
    pub(crate) fn first_due_reply_of(
        self,
        flow: FlowId,
        now: Timestamp,
    ) -> Result<Option<(String, String, Timestamp)>, Failure> {
        let row = self.one(
            "SELECT step, party, due FROM replies WHERE flow=?1 AND due<=?2 ORDER BY due, step, party LIMIT 1",
            params![flow.to_string(), now.unix()],
            |row| Ok((row.get(0)?, row.get(1)?, row.get::<_, i64>(2)?)),
        )?;
        row.map(|(step, party, due)| Ok((step, party, to_time(due)?)))
            .transpose()
    }

    /// What [`Store::first_due_reply`] finds, and cannot read: nobody looks for it any more. Says whether
    /// there was one.
    pub(crate) fn park_first_due_reply(self, now: Timestamp) -> Result<bool, Failure> {
        let parked = self.run(
            "UPDATE replies SET due=NULL WHERE (flow, step, party)=
             (SELECT flow, step, party FROM replies WHERE due<=?1 ORDER BY due, flow, step, party LIMIT 1)",
            [now.unix()],
        )?;
        Ok(parked == 1)
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

    /// A run is over: nothing that it waited for matters any more. What people say later is heard all the same, and
    /// noted.
    pub(crate) fn stop_waiting(self, flow: FlowId) -> Result<(), Failure> {
        for sql in [
            "DELETE FROM replies WHERE flow=?1 AND (step!='' OR due IS NULL)",
            "DELETE FROM codes WHERE flow=?1",
        ] {
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

    /// Who was asked to vouch in a run, in a fixed sequence.
    pub(crate) fn vouchers(self, flow: FlowId) -> Result<Vec<AccountId>, Failure> {
        self.all(
            "SELECT account FROM vouchers WHERE flow=?1 ORDER BY account",
            [flow.to_string()],
            |row| row.get::<_, String>(0),
        )?
        .iter()
        .map(|account| to_id(account))
        .collect()
    }

    /// Notes what somebody said; the first word stands.
    pub(crate) fn add_voice(self, flow: FlowId, voice: &Voice) -> Result<(), Failure> {
        self.run(
            "INSERT INTO voices (flow, account, heard, device, approves, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT DO NOTHING",
            params![
                flow.to_string(),
                voice.account.to_string(),
                to_word(voice.heard),
                voice.device.to_string(),
                voice.approves,
                voice.at.unix()
            ],
        )?;
        Ok(())
    }

    /// All that was said in a run, in the sequence in which it was.
    pub(crate) fn voices(self, flow: FlowId) -> Result<Vec<Voice>, Failure> {
        let rows = self.all(
            "SELECT account, heard, device, approves, at FROM voices WHERE flow=?1 ORDER BY at, account, heard",
            [flow.to_string()],
            |row| {
                Ok((
                    row.get::<_, String>(0)?,
                    row.get::<_, String>(1)?,
                    row.get::<_, String>(2)?,
                    row.get(3)?,
                    row.get::<_, i64>(4)?,
                ))
            },
        )?;
        rows.into_iter()
            .map(|(account, heard, device, approves, at)| {
                Ok(Voice {
                    account: to_id(&account)?,
                    heard: from_word(&heard)?,
                    device: to_id(&device)?,
                    approves,
                    at: to_time(at)?,
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

    /// How many charges a quiz may ask about: as many as [`Store::transactions_by`] lists.
    pub(crate) fn count_of_transactions(self, account: AccountId, until: Timestamp) -> Result<u64, Failure> {
        let count = self.one(
            &format!("SELECT COUNT(*) {PAID_BY}"),
            params![account.to_string(), until.unix()],
            |row| row.get(0),
        )?;
        from_integer(count.unwrap_or(0))
    }

    /// What a payer paid through this gateway by a moment, as a quiz may ask about it.
    pub(crate) fn transactions_by(self, account: AccountId, until: Timestamp) -> Result<Vec<Transaction>, Failure> {
        let rows = self.all(
            &format!("SELECT charges.doc, mandates.doc {PAID_BY} ORDER BY charges.at"),
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

const fn to_word(heard: Heard) -> &'static str {
    match heard {
        Heard::Signed => "signed",
        Heard::Scanned => "scanned",
        Heard::LinkOpened => "link_opened",
    }
}

fn from_word(word: &str) -> Result<Heard, Failure> {
    [Heard::Signed, Heard::Scanned, Heard::LinkOpened]
        .into_iter()
        .find(|heard| to_word(*heard) == word)
        .ok_or(Failure::Damaged("a stored voice"))
}
