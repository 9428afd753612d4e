//! A card network that remembers every call on disk, so that a double charge would show.

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use quittance_protocol::{AccountId, CardId, ChargeId, Currency, Digest32, Money, TokenId};
use quittance_vault::Secret;
use rusqlite::{Connection, OptionalExtension as _, params};
use serde::{Deserialize, Serialize};

use super::simulator_file::SimulatorFile;
use super::{CardNetwork, Funding, NetworkCharge, NetworkOutcome, NetworkRefund, SimulatorError, Unavailable};

/// What the simulator does with charges that it has not seen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScriptedOutcome {
    /// Money moves.
    #[default]
    Approve,
    /// No money moves.
    Decline,
    /// No answer; nothing is carried out.
    Unavailable,
}

/// How the simulator behaves from now on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkScript {
    /// What becomes of new charges.
    pub outcome: ScriptedOutcome,
    /// Milliseconds before each answer, after the charge was carried out.
    #[serde(default)]
    pub delay_ms: u32,
}

/// One charge as the network has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenCharge {
    /// The charge.
    pub charge: ChargeId,
    /// How much moved, or would have.
    pub amount: Option<Money>,
    /// Where money moved.
    pub acquirer_reference: Option<String>,
    /// How often it was asked for; money moves once all the same.
    pub calls: u32,
}

/// One card as the network has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenCard {
    /// The network's name for it.
    pub card: CardId,
    /// What its payer calls it.
    pub name: String,
    /// Whether it was removed: no money moves by it any more.
    pub removed: bool,
}

/// What a payer's first card is called.
const FIRST_CARD: &str = "first";

/// The simulator: a SQLite file of its own, every write synced.
pub struct SimulatedCardNetwork {
    file: SimulatorFile,
    script: Mutex<NetworkScript>,
}

impl SimulatedCardNetwork {
    /// Opens the network's own file, made where it is missing.
    ///
    /// # Errors
    /// What SQLite answers.
    pub fn open(path: &Path) -> Result<Self, SimulatorError> {
        let file = SimulatorFile::open(
            path,
            "CREATE TABLE IF NOT EXISTS charges (
                 charge TEXT PRIMARY KEY, minor INTEGER, currency TEXT, token TEXT, acquirer_reference TEXT,
                 calls INTEGER NOT NULL
             ) STRICT;
             CREATE TABLE IF NOT EXISTS refunds (
                 refund TEXT PRIMARY KEY, acquirer_reference TEXT NOT NULL, minor INTEGER NOT NULL,
                 currency TEXT NOT NULL
             ) STRICT;
             CREATE TABLE IF NOT EXISTS funding (reference BLOB PRIMARY KEY, token TEXT NOT NULL UNIQUE) STRICT;
             CREATE TABLE IF NOT EXISTS cards (
                 card TEXT PRIMARY KEY, payer TEXT NOT NULL, name TEXT NOT NULL, removed INTEGER NOT NULL DEFAULT 0
             ) STRICT;
             CREATE TABLE IF NOT EXISTS chosen (payer TEXT PRIMARY KEY, name TEXT NOT NULL) STRICT;
             CREATE TABLE IF NOT EXISTS funded_by (token TEXT PRIMARY KEY, card TEXT NOT NULL) STRICT;",
        )?;
        Ok(Self {
            file,
            script: Mutex::default(),
        })
    }

    /// Changes what becomes of charges from now on.
    pub fn script(&self, script: NetworkScript) {
        *self.script.lock().unwrap_or_else(PoisonError::into_inner) = script;
    }

    /// Every refund, as its acquirer reference with how much went back.
    ///
    /// # Errors
    /// What SQLite answers.
    pub fn refunds(&self) -> Result<Vec<(String, Money)>, SimulatorError> {
        let file = self.file.lock();
        let mut statement = file.prepare("SELECT acquirer_reference, minor, currency FROM refunds ORDER BY rowid")?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get::<_, String>(2)?)))?;
        rows.map(|row| {
            let (reference, minor, currency) = row?;
            let currency = Currency::new(&currency).map_err(|_| SimulatorError::Damaged)?;
            let amount = Money::new(minor, currency).map_err(|_| SimulatorError::Damaged)?;
            Ok((reference, amount))
        })
        .collect()
    }

    /// Every charge that was ever asked for, in the order of arrival.
    ///
    /// # Errors
    /// What SQLite answers.
    pub fn charges(&self) -> Result<Vec<SeenCharge>, SimulatorError> {
        let file = self.file.lock();
        let mut statement =
            file.prepare("SELECT charge, minor, currency, acquirer_reference, calls FROM charges ORDER BY rowid")?;
        let rows = statement.query_map([], |row| {
            Ok((
                row.get::<_, String>(0)?,
                row.get::<_, Option<i64>>(1)?,
                row.get::<_, Option<String>>(2)?,
                row.get(3)?,
                row.get(4)?,
            ))
        })?;
        rows.map(|row| {
            let (charge, minor, currency, acquirer_reference, calls) = row?;
            let charge = charge.parse().map_err(|_| SimulatorError::Damaged)?;
            let amount = match (minor, currency) {
                (Some(minor), Some(currency)) => {
                    let currency = Currency::new(&currency).map_err(|_| SimulatorError::Damaged)?;
                    Some(Money::new(minor, currency).map_err(|_| SimulatorError::Damaged)?)
                }
                _ => None,
            };
            Ok(SeenCharge {
                charge,
                amount,
                acquirer_reference,
                calls,
            })
        })
        .collect()
    }

    /// A payer's cards, oldest first.
    ///
    /// # Errors
    /// What SQLite answers.
    pub fn cards(&self, payer: AccountId) -> Result<Vec<SeenCard>, SimulatorError> {
        let file = self.file.lock();
        let mut statement = file.prepare("SELECT card, name, removed FROM cards WHERE payer=?1 ORDER BY rowid")?;
        let rows = statement.query_map([payer.to_string()], |row| {
            Ok((row.get::<_, String>(0)?, row.get(1)?, row.get(2)?))
        })?;
        rows.map(|row| {
            let (card, name, removed) = row?;
            let card = card.parse().map_err(|_| SimulatorError::Damaged)?;
            Ok(SeenCard { card, name, removed })
        })
        .collect()
    }

    /// Says which of a payer's cards pays for what is signed from now on; one that is not there is made.
    ///
    /// # Errors
    /// What SQLite answers.
    pub fn choose_card(&self, payer: AccountId, name: &str) -> Result<CardId, SimulatorError> {
        let file = self.file.lock();
        file.execute(
            "INSERT INTO chosen (payer, name) VALUES (?1, ?2) ON CONFLICT (payer) DO UPDATE SET name=excluded.name",
            [&payer.to_string(), name],
        )?;
        Self::card_of(&file, payer, name)
    }

    /// Removes a card, as its payer or its bank would; once is enough. Says whether there is such a card.
    ///
    /// # Errors
    /// What SQLite answers.
    pub fn remove_card(&self, card: CardId) -> Result<bool, SimulatorError> {
        let file = self.file.lock();
        Ok(file.execute("UPDATE cards SET removed=1 WHERE card=?1", [card.to_string()])? > 0)
    }

    /// The card that a payer calls so. One that was removed is another card when it comes back.
    fn card_of(file: &Connection, payer: AccountId, name: &str) -> Result<CardId, SimulatorError> {
        let known: Option<String> = file
            .query_row(
                "SELECT card FROM cards WHERE payer=?1 AND name=?2 AND removed=0",
                [&payer.to_string(), name],
                |row| row.get(0),
            )
            .optional()?;
        if let Some(known) = known {
            return known.parse().map_err(|_| SimulatorError::Damaged);
        }
        let before: i64 = file.query_row("SELECT COUNT(*) FROM cards", [], |row| row.get(0))?;
        let digest = Digest32::of(format!("simulated-card/{payer}/{name}/{before}").as_bytes());
        let card = digest.as_bytes().first_chunk().copied().unwrap_or_default();
        let card = CardId::from_bytes(card);
        file.execute(
            "INSERT INTO cards (card, payer, name) VALUES (?1, ?2, ?3)",
            [&card.to_string(), &payer.to_string(), name],
        )?;
        Ok(card)
    }

    fn issue(&self, token: TokenId, payer: AccountId) -> Result<Funding, SimulatorError> {
        let file = self.file.lock();
        // A simulator's reference stands for a card: derived, so that asking again gives the same.
        let reference = Digest32::of(format!("simulated-funding/{token}").as_bytes());
        file.execute(
            "INSERT INTO funding (reference, token) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            params![reference.as_bytes(), token.to_string()],
        )?;
        let chosen: Option<String> = file
            .query_row("SELECT name FROM chosen WHERE payer=?1", [payer.to_string()], |row| {
                row.get(0)
            })
            .optional()?;
        let card = Self::card_of(&file, payer, chosen.as_deref().unwrap_or(FIRST_CARD))?;
        file.execute(
            "INSERT INTO funded_by (token, card) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            [token.to_string(), card.to_string()],
        )?;
        let card: String = file.query_row(
            "SELECT card FROM funded_by WHERE token=?1",
            [token.to_string()],
            |row| row.get(0),
        )?;
        Ok(Funding {
            reference: Secret::new(reference.as_bytes().to_vec()),
            card: card.parse().map_err(|_| SimulatorError::Damaged)?,
        })
    }

    fn current(&self) -> NetworkScript {
        *self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What became of a charge that was seen before; counts the call.
    fn seen(file: &Connection, charge: ChargeId) -> Result<Option<NetworkOutcome>, SimulatorError> {
        let outcome: Option<Option<String>> = file
            .query_row(
                "UPDATE charges SET calls=calls+1 WHERE charge=?1 RETURNING acquirer_reference",
                [charge.to_string()],
                |row| row.get(0),
            )
            .optional()?;
        Ok(outcome.map(|reference| match reference {
            Some(acquirer_reference) => NetworkOutcome::Approved { acquirer_reference },
            None => NetworkOutcome::Declined,
        }))
    }

    fn carry_out(&self, asked: &NetworkCharge, script: NetworkScript) -> Result<NetworkOutcome, SimulatorError> {
        let file = self.file.lock();
        if let Some(outcome) = Self::seen(&file, asked.charge)? {
            return Ok(outcome);
        }
        // References of before have no card: they were never removed.
        let token: Option<String> = file
            .query_row(
                "SELECT token FROM funding LEFT JOIN funded_by USING (token) LEFT JOIN cards USING (card)
                 WHERE reference=?1 AND COALESCE(removed, 0)=0",
                params![asked.reference.as_slice()],
                |row| row.get(0),
            )
            .optional()?;
        let acquirer_reference = (script.outcome == ScriptedOutcome::Approve && token.is_some()).then(|| {
            let digest = Digest32::of(format!("acquirer/{}", asked.charge).as_bytes());
            format!(
                "ACQ-{}",
                digest.to_string().get(..12).unwrap_or_default().to_uppercase()
            )
        });
        file.execute(
            "INSERT INTO charges (charge, minor, currency, token, acquirer_reference, calls) VALUES (?1, ?2, ?3, ?4, ?5, 1)",
            params![asked.charge.to_string(), asked.amount.minor(), asked.amount.currency().code(), token, acquirer_reference],
        )?;
        Ok(match acquirer_reference {
            Some(acquirer_reference) => NetworkOutcome::Approved { acquirer_reference },
            None => NetworkOutcome::Declined,
        })
    }

    fn close_charge(&self, charge: ChargeId) -> Result<NetworkOutcome, SimulatorError> {
        let file = self.file.lock();
        if let Some(outcome) = Self::seen(&file, charge)? {
            return Ok(outcome);
        }
        file.execute(
            "INSERT INTO charges (charge, calls) VALUES (?1, 1)",
            [charge.to_string()],
        )?;
        Ok(NetworkOutcome::Declined)
    }
}

fn told(error: &SimulatorError) -> Unavailable {
    tracing::error!(%error, "the simulated card network failed");
    Unavailable
}

#[async_trait]
impl CardNetwork for SimulatedCardNetwork {
    async fn fund(&self, token: TokenId, payer: AccountId) -> Result<Funding, Unavailable> {
        self.issue(token, payer).map_err(|error| told(&error))
    }

    async fn charge(&self, charge: &NetworkCharge) -> Result<NetworkOutcome, Unavailable> {
        let script = self.current();
        if script.outcome == ScriptedOutcome::Unavailable {
            return Err(Unavailable);
        }
        let outcome = self.carry_out(charge, script).map_err(|error| told(&error))?;
        if script.delay_ms > 0 {
            tokio::time::sleep(Duration::from_millis(script.delay_ms.into())).await;
        }
        Ok(outcome)
    }

    async fn resolve(&self, charge: ChargeId) -> Result<NetworkOutcome, Unavailable> {
        if self.current().outcome == ScriptedOutcome::Unavailable {
            return Err(Unavailable);
        }
        self.close_charge(charge).map_err(|error| told(&error))
    }

    async fn refund(&self, refund: &NetworkRefund) -> Result<(), Unavailable> {
        if self.current().outcome == ScriptedOutcome::Unavailable {
            return Err(Unavailable);
        }
        self.file
            .lock()
            .execute(
                "INSERT INTO refunds (refund, acquirer_reference, minor, currency) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT DO NOTHING",
                params![
                    refund.refund.to_string(),
                    refund.acquirer_reference,
                    refund.amount.minor(),
                    refund.amount.currency().code()
                ],
            )
            .map_err(|error| told(&error.into()))?;
        Ok(())
    }
}
