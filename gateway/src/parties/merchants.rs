//! Merchants' systems: who is told that a mandate ended.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use quittance_protocol::ed25519::SigningKey;
use quittance_protocol::jws::Statement;
use quittance_protocol::statement::Charge;
use quittance_protocol::{Claims, Digest32, MandateId, MerchantId, Received, StatementId, Timestamp, Unsigned};
use quittance_vault::Randomness;
use rusqlite::{OptionalExtension as _, params};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::simulator_file::SimulatorFile;
use super::{SimulatorError, Unavailable};
use crate::secrets::random_bytes;

/// What a merchant is told. It names the mandate and never the payer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "notice", rename_all = "snake_case")]
pub enum MerchantNotice {
    /// The mandate can be charged.
    MandateActive {
        /// The mandate.
        mandate: MandateId,
    },
    /// The mandate ends: no charge passes any more.
    MandateEnded {
        /// The mandate.
        mandate: MandateId,
        /// Since when.
        at: Timestamp,
    },
    /// The linked subscription does not renew itself any more.
    RenewalEnded {
        /// The mandate.
        mandate: MandateId,
        /// Since when.
        at: Timestamp,
    },
    /// The platform ended the mandate without the merchant, who may object on record.
    ForcedUnbind {
        /// The mandate.
        mandate: MandateId,
        /// Since when.
        at: Timestamp,
    },
    /// The merchant tried a destroyed token: its own books are out of date.
    DeadTokenUsed {
        /// The mandate.
        mandate: MandateId,
    },
}

/// The systems of all merchants.
#[async_trait]
pub trait MerchantSystem: Send + Sync {
    /// Delivers a notice. Each has a number; the same one may come twice.
    ///
    /// # Errors
    /// [`Unavailable`]: it is delivered again later.
    async fn deliver(&self, merchant: MerchantId, number: u64, notice: &MerchantNotice) -> Result<(), Unavailable>;
}

/// Merchants with keys of their own in a file of their own; for the sandbox.
pub struct SimulatedMerchants {
    file: SimulatorFile,
    random: Arc<dyn Randomness>,
}

impl SimulatedMerchants {
    /// Opens the simulator's file, made where it is missing.
    ///
    /// # Errors
    /// What SQLite answers.
    pub fn open(path: &Path, random: Arc<dyn Randomness>) -> Result<Self, SimulatorError> {
        let file = SimulatorFile::open(
            path,
            "CREATE TABLE IF NOT EXISTS merchants (merchant TEXT PRIMARY KEY, name TEXT NOT NULL, seed BLOB NOT NULL) STRICT;
             CREATE TABLE IF NOT EXISTS charges (jti TEXT PRIMARY KEY, statement TEXT NOT NULL) STRICT;
             CREATE TABLE IF NOT EXISTS notices (
                 number INTEGER PRIMARY KEY, merchant TEXT NOT NULL, notice TEXT NOT NULL
             ) STRICT;",
        )?;
        Ok(Self { file, random })
    }

    /// Makes a merchant: its id with its public key.
    ///
    /// # Errors
    /// [`SimulatorError`].
    pub fn create(&self, name: &str) -> Result<(MerchantId, quittance_protocol::PublicKey), SimulatorError> {
        let merchant = MerchantId::from_bytes(random_bytes(&*self.random)?);
        let seed = Zeroizing::new(random_bytes::<32>(&*self.random)?);
        let key = SigningKey::from_seed(&seed).map_err(|_| SimulatorError::Damaged)?;
        self.file.lock().execute(
            "INSERT INTO merchants (merchant, name, seed) VALUES (?1, ?2, ?3)",
            params![merchant.to_string(), name, seed.as_slice()],
        )?;
        Ok((merchant, *key.public_key()))
    }

    /// The merchant's shown name.
    ///
    /// # Errors
    /// [`SimulatorError::NoSuchMerchant`], or what SQLite answers.
    pub fn name(&self, merchant: MerchantId) -> Result<String, SimulatorError> {
        self.file
            .lock()
            .query_row(
                "SELECT name FROM merchants WHERE merchant=?1",
                [merchant.to_string()],
                |row| row.get(0),
            )
            .optional()?
            .ok_or(SimulatorError::NoSuchMerchant)
    }

    /// Signs a statement as the merchant.
    ///
    /// # Errors
    /// [`SimulatorError::NoSuchMerchant`], or what failed.
    pub fn sign<T: Statement>(
        &self,
        merchant: MerchantId,
        audience: &str,
        iat: Timestamp,
        jti: StatementId,
        body: &T,
    ) -> Result<String, SimulatorError> {
        let seed: Option<[u8; 32]> = self
            .file
            .lock()
            .query_row(
                "SELECT seed FROM merchants WHERE merchant=?1",
                [merchant.to_string()],
                |row| row.get(0),
            )
            .optional()?;
        let seed = Zeroizing::new(seed.ok_or(SimulatorError::NoSuchMerchant)?);
        let key = SigningKey::from_seed(&seed).map_err(|_| SimulatorError::Damaged)?;
        let claims = Claims {
            aud: audience.to_owned(),
            iat,
            jti,
            seq: None,
        };
        let unsigned = Unsigned::new(&key.public_key().thumbprint(), &claims, body)?;
        Ok(unsigned.with_signature(&key.sign(unsigned.signing_input())))
    }

    /// The merchant's charge statement. The same reference under the same mandate has the same id, and for the same
    /// charge the very same statement is given again, as a merchant's own retry would.
    ///
    /// # Errors
    /// [`SimulatorError::NoSuchMerchant`], or what failed.
    pub fn charge_statement(
        &self,
        merchant: MerchantId,
        audience: &str,
        iat: Timestamp,
        charge: &Charge,
    ) -> Result<String, SimulatorError> {
        let name = format!("{merchant}\n{}\n{}", charge.mandate, charge.reference);
        let id = Digest32::of(name.as_bytes())
            .as_bytes()
            .first_chunk::<16>()
            .copied()
            .unwrap_or_default();
        let jti = StatementId::from_bytes(id);
        let before: Option<String> = self
            .file
            .lock()
            .query_row("SELECT statement FROM charges WHERE jti=?1", [jti.to_string()], |row| {
                row.get(0)
            })
            .optional()?;
        if let Some(before) = before
            && Received::parse(&before)?.unverified_body::<Charge>()?.1 == *charge
        {
            return Ok(before);
        }
        let statement = self.sign(merchant, audience, iat, jti, charge)?;
        self.file.lock().execute(
            "INSERT INTO charges (jti, statement) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            params![jti.to_string(), statement],
        )?;
        Ok(statement)
    }

    /// What the merchant was told, oldest first.
    ///
    /// # Errors
    /// What SQLite answers.
    pub fn notices(&self, merchant: MerchantId) -> Result<Vec<MerchantNotice>, SimulatorError> {
        let file = self.file.lock();
        let mut statement = file.prepare("SELECT notice FROM notices WHERE merchant=?1 ORDER BY number")?;
        let rows = statement.query_map([merchant.to_string()], |row| row.get::<_, String>(0))?;
        rows.map(|text| serde_json::from_str(&text?).map_err(|_| SimulatorError::Damaged))
            .collect()
    }
}

#[async_trait]
impl MerchantSystem for SimulatedMerchants {
    async fn deliver(&self, merchant: MerchantId, number: u64, notice: &MerchantNotice) -> Result<(), Unavailable> {
        let text = serde_json::to_string(notice).map_err(|_| Unavailable)?;
        let number = i64::try_from(number).map_err(|_| Unavailable)?;
        self.file
            .lock()
            .execute(
                "INSERT INTO notices (number, merchant, notice) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
                params![number, merchant.to_string(), text],
            )
            .map_err(|_| Unavailable)?;
        Ok(())
    }
}
