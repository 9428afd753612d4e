//! The gateway's voice: entries of the public log, each proved by the checkpoint of its commit.

use quittance_protocol::answer::Logged;
use quittance_protocol::log::{Checkpoint, Entry, EntryKind, TlogProof, VerifierKey, merkle};
use quittance_protocol::{B64, Digest32, Timestamp};
use serde::Serialize;

use crate::failure::Failure;
use crate::store::{Store, StoredEntry};
use crate::world::World;

/// Something that was said, with its place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Said {
    /// Place in the log.
    pub(crate) place: u64,
}

/// Appends an entry that commits to `body` under a fresh salt. It is covered by the checkpoint of this commit.
pub(crate) fn say<T: Serialize>(
    store: Store<'_>,
    world: &World,
    now: Timestamp,
    kind: EntryKind,
    body: &T,
) -> Result<Said, Failure> {
    let body = serde_json::to_vec(body).map_err(|_| Failure::Damaged("a log body"))?;
    let salt: [u8; 32] = world.draw()?;
    let bytes = Entry::commit(kind, now, &salt, &body).to_bytes();
    let place = store.log_size()?;
    let hashes = merkle::append(merkle::leaf_hash(&bytes), place, &store)?;
    store.add_entry(
        place,
        &StoredEntry {
            bytes,
            salt: salt.to_vec(),
            body,
            proof: None,
        },
        &hashes,
    )?;
    Ok(Said { place })
}

/// Checks that the stored hashes, on which every later root stands, still make the root of the newest checkpoint. A hash that
/// went bad would have the log sign what contradicts its own word.
///
/// # Errors
/// [`Failure::Damaged`] where they do not.
pub(crate) fn check_hashes(store: Store<'_>, log: &VerifierKey) -> Result<(), Failure> {
    let Some((size, note)) = store.checkpoint()? else {
        return Ok(());
    };
    let signed = Checkpoint::open(&note, log)?;
    if signed.size() == size && merkle::root(size, &store)? == *signed.root() {
        Ok(())
    } else {
        Err(Failure::Damaged("the log's hashes"))
    }
}

/// Signs one checkpoint over everything that this transaction appended, with a proof for each new entry. Nothing
/// where nothing was appended.
pub(crate) fn seal(store: Store<'_>, world: &World) -> Result<(), Failure> {
    let size = store.log_size()?;
    let covered = store.checkpoint()?.map_or(0, |(size, _)| size);
    if size == covered {
        return Ok(());
    }
    check_hashes(store, world.log.verifier())?;
    let checkpoint = Checkpoint::sign(&world.log, size, merkle::root(size, &store)?)?;
    store.add_checkpoint(size, checkpoint.note())?;
    for place in covered..size {
        let entry = store.entry(place)?.ok_or(Failure::Damaged("a log entry"))?;
        let proof = TlogProof {
            extra: Some(entry.bytes),
            index: place,
            hashes: merkle::inclusion_proof(place, size, &store)?,
            checkpoint: checkpoint.note().to_owned(),
        };
        store.put_proof(place, &proof.to_string())?;
    }
    Ok(())
}

/// What was said at a place, with everything that its reader needs to check it.
pub(crate) fn quote(store: Store<'_>, place: u64) -> Result<Logged, Failure> {
    let entry = store.entry(place)?.ok_or(Failure::Damaged("a log entry"))?;
    let proof = entry
        .proof
        .ok_or(Failure::Rules("an entry is quoted before its checkpoint"))?;
    Ok(Logged {
        salt: B64::new(entry.salt),
        body: B64::new(entry.body),
        proof,
    })
}

/// SHA-256 of an entry's bytes.
pub(crate) fn digest(store: Store<'_>, place: u64) -> Result<Digest32, Failure> {
    let entry = store.entry(place)?.ok_or(Failure::Damaged("a log entry"))?;
    Ok(Digest32::of(&entry.bytes))
}
