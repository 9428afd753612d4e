//! Freshness and factor proofs: what raises authority has to bring.

use quittance_protocol::problem::Code;
use quittance_protocol::statement::FactorProof;
use quittance_protocol::{Digest32, FlowId, Problem, PublicKey, Received, Timestamp, Verified};

use crate::failure::{Decided, Failure};
use crate::store::Store;
use crate::turn::Turn;
use crate::world::World;

/// Seconds that a nonce can be used.
pub(crate) const NONCE_LIFE: i64 = 300;

const NONCE_PURPOSE: &str = "quittance-gateway/nonce/1";

/// Makes a nonce: when it was made, random bytes, an authenticator. Nothing is stored, so asking for many costs the
/// asker alone.
pub(crate) fn make_nonce(world: &World, now: Timestamp) -> Result<[u8; 32], Failure> {
    let mut nonce = [0; 32];
    let random: [u8; 8] = world.draw()?;
    let head = [now.unix().to_be_bytes(), random].concat();
    let tag = world.secrets.master.derive(NONCE_PURPOSE, &head);
    nonce
        .iter_mut()
        .zip(head.iter().chain(tag.iter()))
        .for_each(|(to, from)| *to = *from);
    Ok(nonce)
}

/// Spends a nonce of this gateway. `pointer` names the member that holds it.
///
/// # Errors
/// `nonce_needed` where it is not ours, too old, or spent.
pub(crate) fn spend_nonce(turn: &Turn<'_>, nonce: &[u8], pointer: &str) -> Decided<()> {
    let needed = || {
        Problem::new(Code::NonceNeeded)
            .at(pointer)
            .detail("ask for a fresh nonce and sign again")
    };
    let (head, tag) = nonce
        .split_at_checked(16)
        .filter(|(_, tag)| tag.len() == 16)
        .ok_or_else(needed)?;
    let expected = turn.world.secrets.master.derive(NONCE_PURPOSE, head);
    // Compared by digest: how long it takes says nothing about where they differ.
    let expected = expected.get(..16).unwrap_or_default();
    if Digest32::of(expected) != Digest32::of(tag) {
        return Err(needed().into());
    }
    let made = head
        .first_chunk()
        .map(|bytes| i64::from_be_bytes(*bytes))
        .ok_or_else(needed)?;
    let made = Timestamp::from_unix(made).map_err(|_| needed())?;
    let until = made.plus_seconds(NONCE_LIFE);
    if turn.now >= until || !turn.store.spend_nonce(nonce, until)? {
        return Err(needed().into());
    }
    Ok(())
}

/// What a proof has to be about.
pub(crate) struct Expected<'e> {
    pub(crate) flow: FlowId,
    pub(crate) step: &'e str,
    pub(crate) nonce: &'e [u8],
    pub(crate) operation: Digest32,
    /// How old it may be, in seconds; none where authority is lowered.
    pub(crate) life: Option<i64>,
}

/// Checks a factor proof by one of the device's hardware keys.
///
/// # Errors
/// What [`Received::verify`] answers, below `pointer`; `proof_rejected` where it is about something else, or too old.
pub(crate) fn check_proof(
    turn: &Turn<'_>,
    key: &PublicKey,
    compact: &str,
    expected: &Expected<'_>,
    pointer: &str,
) -> Decided<Verified<FactorProof>> {
    let below = |problem: Problem| {
        let inner = problem.pointer().unwrap_or_default().to_owned();
        problem.at(format!("{pointer}{inner}"))
    };
    let proof = Received::parse(compact).map_err(below)?;
    let proof = proof.verify::<FactorProof>(key, &turn.world.origin).map_err(below)?;
    let body = proof.body();
    let rejected = |member: &str| Problem::new(Code::ProofRejected).at(format!("{pointer}/{member}"));
    if body.flow != expected.flow {
        return Err(rejected("flow").into());
    }
    if body.step != expected.step {
        return Err(rejected("step").into());
    }
    if body.nonce.as_slice() != expected.nonce {
        return Err(rejected("nonce").into());
    }
    if body.operation != expected.operation {
        return Err(rejected("operation").into());
    }
    if let Some(life) = expected.life {
        // A phone's clock that runs ahead shortens nothing and lengthens nothing: both ways are bounded.
        let age = turn.now.seconds_since(proof.claims().iat);
        if age >= life || age <= -life {
            return Err(rejected("iat").into());
        }
    }
    Ok(proof)
}

/// Uses a proof up (I8).
///
/// # Errors
/// `proof_reused` where its id was used before.
pub(crate) fn spend_proof(store: Store<'_>, proof: &Verified<FactorProof>, pointer: &str) -> Decided<()> {
    if store.spent_proof(proof.kid(), proof.claims().jti)?.is_some() {
        return Err(Problem::new(Code::ProofReused).at(pointer.to_owned()).into());
    }
    store.spend_proof(proof.kid(), proof.claims().jti, proof.content())?;
    Ok(())
}

/// Uses a proof up for the second statement that its flow makes out of it: the intent carries the identify step's
/// proof once more.
///
/// # Errors
/// `proof_reused` where its id was used with other content.
pub(crate) fn spend_proof_again(store: Store<'_>, proof: &Verified<FactorProof>, pointer: &str) -> Decided<()> {
    match store.spent_proof(proof.kid(), proof.claims().jti)? {
        Some(content) if content == proof.content() => Ok(()),
        _ => spend_proof(store, proof, pointer),
    }
}
