//! What was said before: answers, sequence numbers, nonces, proofs that are spent.

use quittance_protocol::{DeviceId, Digest32, StatementId, Thumbprint, Timestamp};
use rusqlite::params;

use super::{Store, to_array, to_integer, to_time};
use crate::failure::Failure;

/// An answer that was given, for ever the same.
#[derive(Debug, Clone)]
pub(crate) struct StoredAnswer {
    /// Which content it answered.
    pub(crate) content: Digest32,
    /// When.
    pub(crate) at: Timestamp,
    /// HTTP status.
    pub(crate) status: u16,
    /// The exact bytes; none for a read token, which is derived again instead of being stored, and for what is built
    /// anew of what stands.
    pub(crate) body: Option<Vec<u8>>,
}

impl Store<'_> {
    pub(crate) fn answer(self, kid: &Thumbprint, jti: StatementId) -> Result<Option<StoredAnswer>, Failure> {
        let row = self.one(
            "SELECT content, at, status, body FROM answers WHERE kid=?1 AND jti=?2",
            params![kid.to_string(), jti.to_string()],
            |row| {
                Ok((
                    row.get::<_, Vec<u8>>(0)?,
                    row.get::<_, i64>(1)?,
                    row.get::<_, u16>(2)?,
                    row.get(3)?,
                ))
            },
        )?;
        let Some((content, at, status, body)) = row else {
            return Ok(None);
        };
        Ok(Some(StoredAnswer {
            content: Digest32::from_bytes(to_array(&content)?),
            at: to_time(at)?,
            status,
            body,
        }))
    }

    pub(crate) fn put_answer(self, kid: &Thumbprint, jti: StatementId, answer: &StoredAnswer) -> Result<(), Failure> {
        self.run(
            "INSERT INTO answers (kid, jti, content, at, status, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![
                kid.to_string(),
                jti.to_string(),
                answer.content.as_bytes(),
                answer.at.unix(),
                answer.status,
                answer.body
            ],
        )?;
        Ok(())
    }

    /// The content that a device gave this number to.
    pub(crate) fn sequence(self, device: DeviceId, number: u64) -> Result<Option<Digest32>, Failure> {
        let content: Option<Vec<u8>> = self.one(
            "SELECT content FROM sequences WHERE device=?1 AND number=?2",
            params![device.to_string(), to_integer(number)?],
            |row| row.get(0),
        )?;
        content
            .map(|content| to_array(&content).map(Digest32::from_bytes))
            .transpose()
    }

    pub(crate) fn put_sequence(self, device: DeviceId, number: u64, content: Digest32) -> Result<(), Failure> {
        self.run(
            "INSERT INTO sequences (device, number, content) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
            params![device.to_string(), to_integer(number)?, content.as_bytes()],
        )?;
        Ok(())
    }

    /// Spends a nonce; says whether it was still unspent.
    pub(crate) fn spend_nonce(self, nonce: &[u8], until: Timestamp) -> Result<bool, Failure> {
        let written = self.run(
            "INSERT INTO spent_nonces (nonce, until) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            params![nonce, until.unix()],
        )?;
        Ok(written == 1)
    }

    /// Forgets nonces that could not be used any more anyway.
    pub(crate) fn forget_nonces(self, now: Timestamp) -> Result<(), Failure> {
        self.run("DELETE FROM spent_nonces WHERE until<?1", [now.unix()])?;
        Ok(())
    }

    /// The content under which a factor proof's id was used.
    pub(crate) fn spent_proof(self, kid: &Thumbprint, jti: StatementId) -> Result<Option<Digest32>, Failure> {
        let content: Option<Vec<u8>> = self.one(
            "SELECT content FROM spent_proofs WHERE kid=?1 AND jti=?2",
            params![kid.to_string(), jti.to_string()],
            |row| row.get(0),
        )?;
        content
            .map(|content| to_array(&content).map(Digest32::from_bytes))
            .transpose()
    }

    pub(crate) fn spend_proof(self, kid: &Thumbprint, jti: StatementId, content: Digest32) -> Result<(), Failure> {
        self.run(
            "INSERT INTO spent_proofs (kid, jti, content) VALUES (?1, ?2, ?3)",
            params![kid.to_string(), jti.to_string(), content.as_bytes()],
        )?;
        Ok(())
    }
}
