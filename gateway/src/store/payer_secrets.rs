//! Secrets that stay on phones: their records, the counters of guesses, exchanges under way.

use quittance_flows::pin::PinCounter;
use quittance_protocol::statement::SecretKind;
use quittance_protocol::{AccountId, FlowId, RegistrationId, Timestamp};
use rusqlite::params;

use super::{Store, to_time};
use crate::failure::Failure;

/// A registered secret with its guesses.
#[derive(Debug, Clone)]
pub(crate) struct PayerSecret {
    /// The OPAQUE record; without the vault's PIN keys nobody can search it.
    pub(crate) record: Vec<u8>,
    /// The registration that it came of; none where that was before registrations had names.
    pub(crate) registration: Option<RegistrationId>,
    /// What the rules count.
    pub(crate) counter: PinCounter,
}

/// An exchange between its first and its third message.
#[derive(Debug, Clone)]
pub(crate) struct PinLogin {
    /// The first message.
    pub(crate) request: Vec<u8>,
    /// What the third message is judged by, sealed; gone once it was used.
    pub(crate) sealed_state: Option<Vec<u8>>,
    /// The answer that was given.
    pub(crate) answer: Vec<u8>,
    /// What was said about the guesses left.
    pub(crate) attempts_left: u32,
    /// When it began.
    pub(crate) at: Timestamp,
}

impl Store<'_> {
    pub(crate) fn payer_secret(self, account: AccountId, secret: SecretKind) -> Result<Option<PayerSecret>, Failure> {
        let row = self.one(
            "SELECT record, registration, used, last_guess FROM payer_secrets WHERE account=?1 AND secret=?2",
            params![account.to_string(), name(secret)],
            |row| {
                Ok((
                    row.get(0)?,
                    row.get::<_, Option<[u8; 16]>>(1)?,
                    row.get(2)?,
                    row.get::<_, i64>(3)?,
                ))
            },
        )?;
        let Some((record, registration, used, last_guess)) = row else {
            return Ok(None);
        };
        // A secret that nobody guessed at has 0 there.
        let last_guess = (last_guess != 0).then(|| to_time(last_guess)).transpose()?;
        Ok(Some(PayerSecret {
            record,
            registration: registration.map(RegistrationId::from_bytes),
            counter: PinCounter { used, last_guess },
        }))
    }

    /// Begins a registration. One that was begun before can be completed no more.
    pub(crate) fn begin_registration(
        self,
        account: AccountId,
        secret: SecretKind,
        registration: RegistrationId,
    ) -> Result<(), Failure> {
        self.run(
            "INSERT INTO registrations (account, secret, registration) VALUES (?1, ?2, ?3)
             ON CONFLICT (account, secret) DO UPDATE SET registration=excluded.registration",
            params![account.to_string(), name(secret), registration.as_bytes()],
        )?;
        Ok(())
    }

    /// Completes a registration: sets the secret, or sets it anew; no guess at it is counted yet. False where it is not the
    /// one that was begun last, or is complete; then nothing is set.
    pub(crate) fn complete_registration(
        self,
        account: AccountId,
        secret: SecretKind,
        registration: RegistrationId,
        record: &[u8],
    ) -> Result<bool, Failure> {
        let begun = self.run(
            "DELETE FROM registrations WHERE account=?1 AND secret=?2 AND registration=?3",
            params![account.to_string(), name(secret), registration.as_bytes()],
        )?;
        if begun == 0 {
            return Ok(false);
        }
        self.run(
            "INSERT INTO payer_secrets (account, secret, record, registration) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (account, secret) DO UPDATE
             SET record=excluded.record, registration=excluded.registration, used=0, last_guess=0",
            params![account.to_string(), name(secret), record, registration.as_bytes()],
        )?;
        Ok(true)
    }

    pub(crate) fn count_guesses(
        self,
        account: AccountId,
        secret: SecretKind,
        counter: PinCounter,
    ) -> Result<(), Failure> {
        let last_guess = counter.last_guess.map_or(0, |at| at.unix());
        self.run(
            "UPDATE payer_secrets SET used=?3, last_guess=?4 WHERE account=?1 AND secret=?2",
            params![account.to_string(), name(secret), counter.used, last_guess],
        )?;
        Ok(())
    }

    /// Lets the payer choose a new payment PIN until before a moment.
    pub(crate) fn open_pin_reset(self, account: AccountId, until: Timestamp) -> Result<(), Failure> {
        self.run(
            "INSERT INTO pin_resets (account, until) VALUES (?1, ?2)
             ON CONFLICT (account) DO UPDATE SET until=excluded.until",
            params![account.to_string(), until.unix()],
        )?;
        Ok(())
    }

    /// Whether the payer may choose a new payment PIN now.
    pub(crate) fn pin_reset_is_open(self, account: AccountId, now: Timestamp) -> Result<bool, Failure> {
        let until: Option<i64> = self.one(
            "SELECT until FROM pin_resets WHERE account=?1",
            [account.to_string()],
            |row| row.get(0),
        )?;
        Ok(until.is_some_and(|until| now.unix() < until))
    }

    /// A reset is good for one new PIN.
    pub(crate) fn close_pin_reset(self, account: AccountId) -> Result<(), Failure> {
        self.run("DELETE FROM pin_resets WHERE account=?1", [account.to_string()])?;
        Ok(())
    }

    /// Lets the payer choose the safety lock's password until before a moment.
    pub(crate) fn open_lock_password(self, account: AccountId, until: Timestamp) -> Result<(), Failure> {
        self.run(
            "INSERT INTO lock_password_entries (account, until) VALUES (?1, ?2)
             ON CONFLICT (account) DO UPDATE SET until=excluded.until",
            params![account.to_string(), until.unix()],
        )?;
        Ok(())
    }

    /// Whether the payer may choose the safety lock's password now.
    pub(crate) fn lock_password_is_open(self, account: AccountId, now: Timestamp) -> Result<bool, Failure> {
        let until: Option<i64> = self.one(
            "SELECT until FROM lock_password_entries WHERE account=?1",
            [account.to_string()],
            |row| row.get(0),
        )?;
        Ok(until.is_some_and(|until| now.unix() < until))
    }

    /// One proof is good for one password.
    pub(crate) fn close_lock_password(self, account: AccountId) -> Result<(), Failure> {
        self.run(
            "DELETE FROM lock_password_entries WHERE account=?1",
            [account.to_string()],
        )?;
        Ok(())
    }

    /// The exchange of a flow's step that began with `request`; without it, the latest one.
    pub(crate) fn pin_login(
        self,
        flow: FlowId,
        step: &str,
        request: Option<&[u8]>,
    ) -> Result<Option<PinLogin>, Failure> {
        let row = self.one(
            "SELECT request, sealed_state, answer, attempts_left, at FROM pin_logins
             WHERE flow=?1 AND step=?2 AND (?3 IS NULL OR request=?3) ORDER BY rowid DESC LIMIT 1",
            params![flow.to_string(), step, request],
            |row| {
                Ok((
                    row.get(0)?,
                    row.get(1)?,
                    row.get(2)?,
                    row.get(3)?,
                    row.get::<_, i64>(4)?,
                ))
            },
        )?;
        let Some((request, sealed_state, answer, attempts_left, at)) = row else {
            return Ok(None);
        };
        Ok(Some(PinLogin {
            request,
            sealed_state,
            answer,
            attempts_left,
            at: to_time(at)?,
        }))
    }

    pub(crate) fn add_pin_login(self, flow: FlowId, step: &str, login: &PinLogin) -> Result<(), Failure> {
        self.run(
            "INSERT OR REPLACE INTO pin_logins (flow, step, request, sealed_state, answer, attempts_left, at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                flow.to_string(),
                step,
                login.request,
                login.sealed_state,
                login.answer,
                login.attempts_left,
                login.at.unix()
            ],
        )?;
        Ok(())
    }

    /// A state is judged by once.
    pub(crate) fn use_up_pin_logins(self, flow: FlowId, step: &str) -> Result<(), Failure> {
        self.run(
            "UPDATE pin_logins SET sealed_state=NULL WHERE flow=?1 AND step=?2",
            params![flow.to_string(), step],
        )?;
        Ok(())
    }

    /// Removes exchanges that nobody may finish any more.
    pub(crate) fn forget_pin_logins(self, begun_before: Timestamp) -> Result<(), Failure> {
        self.run("DELETE FROM pin_logins WHERE at<?1", [begun_before.unix()])?;
        Ok(())
    }
}

const fn name(secret: SecretKind) -> &'static str {
    match secret {
        SecretKind::PaymentPin => "payment_pin",
        SecretKind::LockPassword => "lock_password",
    }
}
