//! Payers, their phones, what they should be told.

use quittance_flows::risk::Rating;
use quittance_protocol::answer::{PayerEvent, PayerEventKind};
use quittance_protocol::problem::Code;
use quittance_protocol::{AccountId, DeviceId, EventId, MandateId, PublicKey, Thumbprint, Timestamp};
use rusqlite::params;
use serde::{Deserialize, Serialize};

use super::{Store, from_integer, to_doc, to_integer};
use crate::attestation::Evidence;
use crate::failure::Failure;

/// One payer's account.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Account {
    /// Grows with every destruction.
    pub(crate) risk_epoch: u64,
}

/// One enrolled phone.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Device {
    pub(crate) device: DeviceId,
    pub(crate) account: AccountId,
    pub(crate) device_key: PublicKey,
    pub(crate) biometric_key: PublicKey,
    pub(crate) passcode_key: Option<PublicKey>,
    /// Phones that enrolled before chains were judged have none.
    #[serde(default)]
    pub(crate) evidence: Evidence,
    /// When it was first enrolled; absent where that was before it was noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) since: Option<Timestamp>,
    pub(crate) quarantined: bool,
}

impl Store<'_> {
    pub(crate) fn add_account(self, account: AccountId) -> Result<(), Failure> {
        self.run("INSERT INTO accounts (account) VALUES (?1)", [account.to_string()])?;
        Ok(())
    }

    pub(crate) fn account(self, account: AccountId) -> Result<Account, Failure> {
        let epoch = self.one(
            "SELECT risk_epoch FROM accounts WHERE account=?1",
            [account.to_string()],
            |row| row.get(0),
        )?;
        let risk_epoch = from_integer(epoch.ok_or(Failure::Damaged("an account"))?)?;
        Ok(Account { risk_epoch })
    }

    /// Writes a rating, whose epoch is the account's from now on.
    pub(crate) fn put_rating(self, account: AccountId, rating: &Rating) -> Result<(), Failure> {
        self.run(
            "UPDATE accounts SET risk_epoch=?2, rating=?3 WHERE account=?1",
            params![account.to_string(), to_integer(rating.epoch)?, to_doc(rating)?],
        )?;
        Ok(())
    }

    /// The newest rating; nothing before the first.
    pub(crate) fn rating(self, account: AccountId) -> Result<Option<Rating>, Failure> {
        self.doc(
            "SELECT rating FROM accounts WHERE account=?1 AND rating IS NOT NULL",
            [account.to_string()],
        )
    }

    pub(crate) fn put_device(self, device: &Device) -> Result<(), Failure> {
        self.run(
            "INSERT INTO devices (device, account, kid, doc) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (device) DO UPDATE SET doc=excluded.doc",
            params![
                device.device.to_string(),
                device.account.to_string(),
                device.device_key.thumbprint().to_string(),
                to_doc(device)?
            ],
        )?;
        Ok(())
    }

    pub(crate) fn device(self, device: DeviceId) -> Result<Option<Device>, Failure> {
        self.doc("SELECT doc FROM devices WHERE device=?1", [device.to_string()])
    }

    pub(crate) fn device_of_key(self, kid: &Thumbprint) -> Result<Option<Device>, Failure> {
        self.doc("SELECT doc FROM devices WHERE kid=?1", [kid.to_string()])
    }

    /// Appends to what the payer should know; says under which number.
    pub(crate) fn add_event(
        self,
        account: AccountId,
        event: EventId,
        at: Timestamp,
        kind: PayerEventKind,
    ) -> Result<u64, Failure> {
        let last: Option<i64> = self.one(
            "SELECT COALESCE(MAX(number), 0) FROM events WHERE account=?1",
            [account.to_string()],
            |row| row.get(0),
        )?;
        let number = from_integer(last.unwrap_or(0))?.saturating_add(1);
        let event = PayerEvent {
            event,
            number,
            at,
            kind,
        };
        self.run(
            "INSERT INTO events (account, number, doc) VALUES (?1, ?2, ?3)",
            params![account.to_string(), to_integer(number)?, to_doc(&event)?],
        )?;
        Ok(number)
    }

    /// Takes an event back that a later one says better.
    pub(crate) fn drop_event(self, account: AccountId, number: u64) -> Result<(), Failure> {
        self.run(
            "DELETE FROM events WHERE account=?1 AND number=?2",
            params![account.to_string(), to_integer(number)?],
        )?;
        Ok(())
    }

    /// The event by which the payer was told on this day of one kind of trouble with a mandate.
    pub(crate) fn told_on(self, day: &str, mandate: MandateId, code: Code) -> Result<Option<u64>, Failure> {
        let number: Option<i64> = self.one(
            "SELECT number FROM told WHERE mandate=?1 AND code=?2 AND day=?3",
            params![mandate.to_string(), code.name(), day],
            |row| row.get(0),
        )?;
        number.map(from_integer).transpose()
    }

    /// Notes the event by which the payer was told.
    pub(crate) fn put_told(self, day: &str, mandate: MandateId, code: Code, number: u64) -> Result<(), Failure> {
        self.run(
            "INSERT INTO told (mandate, code, day, number) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (mandate, code) DO UPDATE SET day=excluded.day, number=excluded.number",
            params![mandate.to_string(), code.name(), day, to_integer(number)?],
        )?;
        Ok(())
    }

    pub(crate) fn events_after(self, account: AccountId, after: u64) -> Result<Vec<PayerEvent>, Failure> {
        let after = i64::try_from(after).unwrap_or(i64::MAX);
        self.docs(
            "SELECT doc FROM events WHERE account=?1 AND number>?2 ORDER BY number LIMIT 500",
            params![account.to_string(), after],
        )
    }
}
