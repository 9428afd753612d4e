//! What the gateway knows about a payer besides mandates: region, teen mode, trusted contacts, open triggers.

use std::collections::BTreeSet;
use std::net::IpAddr;

use quittance_flows::contacts::ContactSet;
use quittance_protocol::{AccountId, Digest32, Money, Timestamp};
use rusqlite::params;
use serde::{Deserialize, Serialize};

use super::{Flow, Page, Place, Store, from_doc, read_id, to_array, to_doc};
use crate::failure::Failure;

/// One payer's profile. Personal: it appears in no log and no `Debug`.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Profile {
    /// The region, by the name of its overlay in the policy; absent: the policy's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) region: Option<String>,
    /// The address that the payer was last seen at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ip: Option<IpAddr>,
    /// Day of birth, such as `2012-06-01`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) born: Option<String>,
    /// Teen mode, while it is on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) teen: Option<Teen>,
    /// People whom the payer is recorded as knowing: who can be named as a trusted contact.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) acquaintances: Vec<Acquaintance>,
    /// Trusted contacts as they were named, one set after the other.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) contacts: Vec<ContactSet>,
    /// Settled transactions from before this gateway, which a quiz may ask about.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) transactions: Vec<Transaction>,
    /// What the risk engine saw that is not resolved yet, such as `remote_login`.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) triggers: BTreeSet<String>,
    /// When the payer last recovered a secret; what raises authority waits for a while then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) recovered_at: Option<Timestamp>,
    /// What the connection of the payer's newest run said of itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) connection: Option<SeenFrom>,
    /// Moments of recoveries that failed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) failed_recoveries: Vec<Timestamp>,
}

/// Where a run came from, as far as it speaks for or against the payer.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SeenFrom {
    /// It hides where it comes from.
    pub(crate) vpn: bool,
    /// It comes from a region of high risk.
    pub(crate) high_risk_region: bool,
}

/// Teen mode.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Teen {
    /// Who may raise the limit.
    pub(crate) guardian: AccountId,
    /// Most for one charge, as the guardian granted it; absent: the policy's default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) per_charge: Option<Money>,
}

/// Somebody whom a payer knows.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Acquaintance {
    /// Whose account.
    pub(crate) account: AccountId,
    /// The name that the payer gave them.
    pub(crate) name: String,
    /// Since when they know each other here.
    pub(crate) known_since: Timestamp,
    /// Whether their real name is verified.
    pub(crate) verified: bool,
}

/// One settled transaction.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Transaction {
    /// How much.
    pub(crate) amount: Money,
    /// To whom, as shown.
    pub(crate) merchant: String,
    /// When.
    pub(crate) at: Timestamp,
}

impl std::fmt::Debug for Profile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Profile(…)")
    }
}

impl Store<'_> {
    /// What is known about a payer.
    pub(crate) fn profile(self, account: AccountId) -> Result<Profile, Failure> {
        let text: Option<String> = self.one(
            "SELECT profile FROM accounts WHERE account=?1",
            [account.to_string()],
            |row| row.get(0),
        )?;
        from_doc(&text.ok_or(Failure::Damaged("an account"))?)
    }

    /// Writes a profile.
    pub(crate) fn put_profile(self, account: AccountId, profile: &Profile) -> Result<(), Failure> {
        self.run(
            "UPDATE accounts SET profile=?2 WHERE account=?1",
            params![account.to_string(), to_doc(profile)?],
        )?;
        Ok(())
    }

    /// Whether there is such an account.
    pub(crate) fn has_account(self, account: AccountId) -> Result<bool, Failure> {
        let found = self.one("SELECT 1 FROM accounts WHERE account=?1", [account.to_string()], |_| {
            Ok(())
        })?;
        Ok(found.is_some())
    }

    /// Who is in teen mode though born on that day, such as `2012-06-01`, or before. What is no day says nothing.
    pub(crate) fn grown_teens(self, born_by: &str, behind: Option<Place>) -> Result<Page<AccountId>, Failure> {
        self.page(
            "SELECT account, 0, rowid FROM accounts
             WHERE json_extract(profile, '$.teen') IS NOT NULL AND json_extract(profile, '$.born') <= ?1
             AND json_extract(profile, '$.born') GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'
             AND (0, rowid)>(?2, ?3) ORDER BY rowid LIMIT ?4",
            born_by,
            behind,
            read_id,
        )
    }

    /// What somebody's phone number is recognised by, where it is known.
    pub(crate) fn number_of(self, account: AccountId) -> Result<Option<Digest32>, Failure> {
        let digest: Option<Vec<u8>> = self.one(
            "SELECT digest FROM numbers WHERE account=?1",
            [account.to_string()],
            |row| row.get(0),
        )?;
        digest
            .map(|digest| Ok(Digest32::from_bytes(to_array(&digest)?)))
            .transpose()
    }

    /// Remembers somebody's number by its digest, in place of the one before; also of somebody without an account here.
    pub(crate) fn put_number(self, account: AccountId, digest: &Digest32) -> Result<(), Failure> {
        self.run(
            "INSERT INTO numbers (account, digest) VALUES (?1, ?2)
             ON CONFLICT (account) DO UPDATE SET digest=excluded.digest",
            params![account.to_string(), digest.as_bytes().as_slice()],
        )?;
        Ok(())
    }

    /// When the runs of a definition began that a payer ever began. One that cannot be read may be one of them.
    pub(crate) fn starts_of(self, account: AccountId, definition: &str) -> Result<Vec<Timestamp>, Failure> {
        let flows: Vec<Flow> = self.docs(
            "SELECT doc FROM flows WHERE account=?1
             AND CASE WHEN json_valid(doc) THEN json_extract(doc, '$.events[0].kind.definition')=?2 ELSE TRUE END",
            params![account.to_string(), definition],
        )?;
        Ok(flows
            .iter()
            .filter_map(|flow| flow.events.first())
            .map(|event| event.at)
            .collect())
    }
}
