//! The gateway's own secrets, all of them records of its vault.

use std::collections::{BTreeMap, BTreeSet};

use quittance_protocol::draws::Draws;
use quittance_protocol::pin::ServerKeys;
use quittance_protocol::{OrderId, TokenId};
use quittance_vault::{Randomness, RandomnessError, RecordKey, RecordKind, Secret, Vault, VaultError, aead};
use ring::hmac;
use zeroize::Zeroizing;

use crate::failure::Failure;

/// Kind of the records that hold a token's gateway half.
pub(crate) const TOKEN_HALF: RecordKind = RecordKind(1);
/// Journal rows of halves that were stored ahead of their rows in the database.
const AHEAD: &str = "ahead";
const LOG_SEED: RecordKey = RecordKey::new(RecordKind(2), [0; 16]);
const PIN_SERVER: RecordKey = RecordKey::new(RecordKind(3), [0; 16]);
const MASTER: RecordKey = RecordKey::new(RecordKind(4), [0; 16]);
const POLICY_AUTHOR: RecordKey = RecordKey::new(RecordKind(5), [0; 16]);

/// The secrets that are needed all the time; wiped on drop.
pub(crate) struct Secrets {
    /// Seed of the log's signing key.
    pub(crate) log_seed: Zeroizing<[u8; 32]>,
    /// OPRF seed and key pair of the PIN exchange.
    pub(crate) pin: ServerKeys,
    /// Root of everything that is derived.
    pub(crate) master: MasterKey,
    /// Seed of the gateway's own policy author, who speaks where no bundle is configured outside of the sandbox.
    pub(crate) policy_author: Zeroizing<[u8; 32]>,
}

impl Secrets {
    /// Reads the secrets. Before anything was done with them (`is_begun`) those that are missing are drawn; afterwards one
    /// that is missing is damage, and another in its place would be another gateway.
    pub(crate) fn load(vault: &mut Vault, random: &dyn Randomness, is_begun: bool) -> Result<Self, Failure> {
        let mut get = |key, draw: &dyn Fn() -> Result<Vec<u8>, RandomnessError>| match vault.get(key)? {
            Some(secret) => Ok(secret),
            None if is_begun => Err(Failure::Damaged("a secret in the vault")),
            None => {
                let secret = Secret::new(draw()?);
                vault.transact(|tx| tx.put(key, &secret))?;
                Ok(secret)
            }
        };
        let seed = || random_bytes::<32>(random).map(|seed| seed.to_vec());
        let log_seed = get(&LOG_SEED, &seed)?;
        let master = get(&MASTER, &seed)?;
        let policy_author = get(&POLICY_AUTHOR, &seed)?;
        let pin = get(&PIN_SERVER, &|| {
            let mut draws = Draws::of(|out: &mut [u8]| random.fill(out));
            let keys = ServerKeys::generate(&mut draws);
            draws.check()?;
            Ok(keys.to_bytes().to_vec())
        })?;
        Ok(Self {
            log_seed: sized(&log_seed)?,
            pin: ServerKeys::from_bytes(&pin).map_err(|_| Failure::Damaged("the PIN keys in the vault"))?,
            master: MasterKey(sized(&master)?),
            policy_author: sized(&policy_author)?,
        })
    }
}

fn sized(bytes: &[u8]) -> Result<Zeroizing<[u8; 32]>, Failure> {
    <[u8; 32]>::try_from(bytes)
        .map(Zeroizing::new)
        .map_err(|_| Failure::Damaged("a secret in the vault"))
}

/// Names the record of a token's gateway half.
pub(crate) fn token_half(token: TokenId) -> RecordKey {
    RecordKey::new(TOKEN_HALF, *token.as_bytes())
}

/// Stores a token's half ahead of its row, marked as such until the row is committed.
pub(crate) fn put_half(vault: &mut Vault, token: TokenId, half: &[u8; 32]) -> Result<(), VaultError> {
    vault.transact(|tx| {
        tx.put(&token_half(token), half)?;
        tx.journal_put(AHEAD, token.as_bytes(), b"")
    })
}

/// The row of a token's half is committed.
pub(crate) fn half_stands(vault: &mut Vault, token: TokenId) -> Result<(), VaultError> {
    vault.transact(|tx| tx.journal_delete(AHEAD, token.as_bytes()).map(|_| ()))
}

/// Compares the vault's halves with the tokens of the database, each with whether it lives, then destroys halves that were
/// made for a consent whose commit never came. None: the database is older than the vault, and nothing is destroyed.
pub(crate) fn settle_halves(
    vault: &mut Vault,
    random: &dyn Randomness,
    known: &BTreeMap<TokenId, bool>,
) -> Result<Option<usize>, Failure> {
    let halves: BTreeSet<_> = vault.records(TOKEN_HALF)?.into_iter().collect();
    let mut live = known.iter().filter(|(_, is_live)| **is_live);
    if live.any(|(token, _)| !halves.contains(token.as_bytes())) {
        return Ok(None);
    }
    let ahead = vault.journal_list(AHEAD)?;
    let ahead: BTreeSet<_> = ahead.into_iter().map(|(token, _)| token).collect();
    let mut orphans = Vec::new();
    for id in halves {
        let token = TokenId::from_bytes(id);
        match (known.contains_key(&token), ahead.contains(id.as_slice())) {
            (true, true) => half_stands(vault, token)?,
            (true, false) => {}
            (false, true) => orphans.push(token),
            // Its row was committed once.
            (false, false) => return Ok(None),
        }
    }
    if !orphans.is_empty() {
        let order = OrderId::from_bytes(random_bytes(random)?);
        let targets: Vec<_> = orphans.iter().copied().map(token_half).collect();
        vault.destroy(*order.as_bytes(), &targets, |tx| {
            for token in &orphans {
                tx.journal_delete(AHEAD, token.as_bytes())?;
            }
            Ok::<(), VaultError>(())
        })?;
    }
    Ok(Some(orphans.len()))
}

/// Draws random bytes.
pub(crate) fn random_bytes<const N: usize>(random: &dyn Randomness) -> Result<[u8; N], RandomnessError> {
    let mut bytes = [0; N];
    random.fill(&mut bytes)?;
    Ok(bytes)
}

/// What nonces, read tokens and sealed PIN states are derived from.
pub(crate) struct MasterKey(Zeroizing<[u8; 32]>);

impl MasterKey {
    /// A key that everybody knows.
    #[cfg(test)]
    pub(crate) fn of_test(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// A pseudo-random value for one purpose over some input: HMAC-SHA256 under a line that names the purpose.
    pub(crate) fn derive(&self, purpose: &'static str, input: &[u8]) -> Zeroizing<[u8; 32]> {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &*self.0);
        let mut context = hmac::Context::with_key(&key);
        context.update(purpose.as_bytes());
        context.update(b"\n");
        context.update(input);
        let mut out = Zeroizing::new([0; 32]);
        out.iter_mut()
            .zip(context.sign().as_ref())
            .for_each(|(to, from)| *to = *from);
        out
    }

    /// The key that seals the gateway's memory of PIN exchanges.
    pub(crate) fn pin_state_key(&self) -> Zeroizing<[u8; 32]> {
        self.derive("quittance-gateway/pin-state/1", b"")
    }
}

/// Seals bytes under a key for a place in the database.
pub(crate) fn seal(key: &[u8; 32], random: &dyn Randomness, place: &str, plain: &[u8]) -> Result<Vec<u8>, Failure> {
    Ok(aead::seal(key, random, place.as_bytes(), plain)?)
}

/// Opens what [`seal`] made for the same place.
pub(crate) fn unseal(key: &[u8; 32], place: &str, sealed: &[u8]) -> Result<Secret, Failure> {
    Ok(aead::open(key, place.as_bytes(), sealed.to_vec())?)
}
