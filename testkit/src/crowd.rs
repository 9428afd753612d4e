//! A gateway that keeps many tokens, made in a minute: one live mandate is multiplied, each copy with a half of its own.
//!
//! What a gateway does with a token that nobody asks about is to keep it. So the copies have no phone: rows of accounts and of
//! mandates in the database, records of halves in the vault.

use crate::thief::TOKEN_HALF;
use fastrand::Rng;
use quittance_gateway::FolderCustodian;
use quittance_protocol::{AccountId, Digest32, MandateId, TokenId};
use quittance_vault::{RecordKey, SystemRandomness, Vault, VaultError, VaultOptions};
use rusqlite::{Connection, params};
use std::io;
use std::path::Path;
use std::sync::Arc;

/// How many are written in one transaction.
const AT_ONCE: usize = 10_000;

const COPY: &str = "
    INSERT INTO mandates
        (mandate, account, token, token_kid, offer, provisioning_until, version, orders, doc, ends_at, card)
    SELECT ?2, ?3, ?4, ?5, offer, provisioning_until, version, orders,
        replace(replace(replace(doc, mandate, ?2), account, ?3), token, ?4), ends_at, NULL
    FROM mandates WHERE mandate=?1";

/// Adds tokens to a gateway that does not run, all of them live copies of this mandate. Their names are drawn from the seed.
///
/// # Errors
/// What database and vault answer.
pub fn add_tokens(data: &Path, of: MandateId, count: usize, seed: u64) -> io::Result<()> {
    let mut names = Rng::with_seed(seed);
    let random = Arc::new(SystemRandomness::new());
    let custodian = FolderCustodian::open(&data.join("keys"), random.clone())?;
    let options = VaultOptions::at(data.join("vault.sqlite"));
    let mut vault = Vault::open(options, Arc::new(custodian), random).map_err(io::Error::other)?;
    let mut database = Connection::open(data.join("gateway.sqlite")).map_err(io::Error::other)?;
    let mut left = count;
    while left > 0 {
        let some = left.min(AT_ONCE);
        let tokens: Vec<TokenId> = (0..some).map(|_| TokenId::from_bytes(id(&mut names))).collect();
        add_mandates(&mut database, &mut names, of, &tokens).map_err(io::Error::other)?;
        vault
            .transact::<_, VaultError>(|tx| {
                tokens.iter().try_for_each(|token| {
                    let half = Digest32::of(token.as_bytes());
                    tx.put(&RecordKey::new(TOKEN_HALF, *token.as_bytes()), half.as_bytes())
                })
            })
            .map_err(io::Error::other)?;
        left -= some;
    }
    Ok(())
}

fn add_mandates(database: &mut Connection, names: &mut Rng, of: MandateId, tokens: &[TokenId]) -> rusqlite::Result<()> {
    let transaction = database.transaction()?;
    {
        let mut account = transaction.prepare("INSERT INTO accounts (account) VALUES (?1)")?;
        let mut copy = transaction.prepare(COPY)?;
        for token in tokens {
            let payer = AccountId::from_bytes(id(names)).to_string();
            let mandate = MandateId::from_bytes(id(names)).to_string();
            let key = Digest32::of(token.as_bytes()).to_string();
            account.execute([&payer])?;
            copy.execute(params![of.to_string(), mandate, payer, token.to_string(), key])?;
        }
    }
    transaction.commit()
}

fn id(names: &mut Rng) -> [u8; 16] {
    names.u128(..).to_be_bytes()
}
