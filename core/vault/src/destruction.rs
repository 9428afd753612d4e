//! What a destruction did, and how it is kept.

use ring::digest;

use crate::error::VaultError;
use crate::record::{RecordKey, RecordKind};

/// What was found when the old epoch was tried after its key was deleted. All false: destroyed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Probe {
    /// The keystore still opened the old wrapped root.
    pub old_root_opens: bool,
    /// One of the destroyed records' old rows opened under the present keys.
    pub records_open: bool,
    /// The keystore still knows a key of the old epoch.
    pub key_found: bool,
}

impl Probe {
    /// Whether nothing opened.
    #[must_use]
    pub const fn passed(&self) -> bool {
        self.key_is_gone() && !self.records_open
    }

    /// Whether the old key opened nothing, and was not found.
    pub(crate) const fn key_is_gone(&self) -> bool {
        !self.old_root_opens && !self.key_found
    }
}

/// A completed destruction: its old key is deleted and its probe passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destruction {
    /// The order that it answers; the same order gives the same destruction for ever, but for `resumed`: where the process
    /// ended before the file said that it was done, the order comes to the same end once more.
    pub order: [u8; 16],
    /// The epoch whose key was deleted.
    pub epoch_old: u64,
    /// The epoch that began.
    pub epoch_new: u64,
    /// The records that ended.
    pub destroyed: Vec<RecordKey>,
    /// Targets that did not stand in the vault.
    pub missing: Vec<RecordKey>,
    /// Names the root key that ended: SHA-256 over vault id, order, epochs, the old root *as it was wrapped* (a
    /// ciphertext) with the destroyed records' names. No secret goes into it.
    pub destroyed_key: [u8; 32],
    /// What the probe found; it always passed.
    pub probe: Probe,
    /// Whether the order was completed after an interruption, and not by the call that began it.
    pub resumed: bool,
}

impl Destruction {
    /// Whether it looked at all of these, and so answers for them.
    #[must_use]
    pub fn covers(&self, targets: &[RecordKey]) -> bool {
        targets
            .iter()
            .all(|target| self.destroyed.contains(target) || self.missing.contains(target))
    }
}

/// An old row of a destroyed record, kept until the probe has tried it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OldRecord {
    pub(crate) key: RecordKey,
    pub(crate) slot: u64,
    pub(crate) version: u64,
    pub(crate) sealed: Vec<u8>,
}

/// What has to be tried once the old key is deleted: ciphertexts only, each of which stood in the file before.
///
/// It is kept in the pending row, because after a crash the probe must have the old bytes to try. It gives nothing
/// to a thief: whoever has this image of the file can have the one before it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Evidence {
    pub(crate) root_wrapped: Vec<u8>,
    pub(crate) records: Vec<OldRecord>,
}

/// A destruction as a row of the file: pending with its evidence, or done without.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DestructionRow {
    pub(crate) destruction: Destruction,
    /// Present while pending.
    pub(crate) evidence: Option<Evidence>,
}

/// A destruction as it stands in the file: in the header at first, in a row of its own some time after it is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SealedDestruction {
    pub(crate) order: [u8; 16],
    pub(crate) done: bool,
    pub(crate) epoch_new: u64,
    pub(crate) sealed: Vec<u8>,
}

/// The commitment of [`Destruction::destroyed_key`].
pub(crate) fn destroyed_key(
    vault: &[u8; 16],
    order: &[u8; 16],
    epochs: (u64, u64),
    root_wrapped: &[u8],
    destroyed: &[RecordKey],
) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(b"quittance-vault/destroyed-key/1");
    context.update(vault);
    context.update(order);
    context.update(&epochs.0.to_be_bytes());
    context.update(&epochs.1.to_be_bytes());
    context.update(digest::digest(&digest::SHA256, root_wrapped).as_ref());
    for key in destroyed {
        context.update(&[key.kind.0]);
        context.update(&key.id);
    }
    let mut commitment = [0; 32];
    commitment
        .iter_mut()
        .zip(context.finish().as_ref())
        .for_each(|(to, from)| *to = *from);
    commitment
}

impl DestructionRow {
    /// The sealed body: fixed-width integers, big-endian; lists behind 32-bit counts. Order and new epoch stand in
    /// columns, to which the body is bound.
    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>, VaultError> {
        let made = &self.destruction;
        let mut out = Vec::new();
        out.extend_from_slice(&made.epoch_old.to_be_bytes());
        out.extend_from_slice(&made.destroyed_key);
        let probe = made.probe;
        for flag in [probe.old_root_opens, probe.records_open, probe.key_found, made.resumed] {
            out.push(u8::from(flag));
        }
        for list in [&made.destroyed, &made.missing] {
            put_count(&mut out, list.len())?;
            for key in list {
                put_key(&mut out, key);
            }
        }
        if let Some(evidence) = &self.evidence {
            put_bytes(&mut out, &evidence.root_wrapped)?;
            put_count(&mut out, evidence.records.len())?;
            for record in &evidence.records {
                put_key(&mut out, &record.key);
                out.extend_from_slice(&record.slot.to_be_bytes());
                out.extend_from_slice(&record.version.to_be_bytes());
                put_bytes(&mut out, &record.sealed)?;
            }
        }
        Ok(out)
    }

    /// Reads a body; `done` says whether evidence follows.
    pub(crate) fn from_bytes(order: [u8; 16], done: bool, epoch_new: u64, body: &[u8]) -> Result<Self, VaultError> {
        let mut reader = Reader(body);
        reader.row(order, done, epoch_new).ok_or(VaultError::Corrupt {
            part: "list of destructions",
        })
    }
}

fn put_count(out: &mut Vec<u8>, count: usize) -> Result<(), VaultError> {
    let count = u32::try_from(count).map_err(|_too_many| VaultError::Exhausted { counter: "batch" })?;
    out.extend_from_slice(&count.to_be_bytes());
    Ok(())
}

fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) -> Result<(), VaultError> {
    put_count(out, bytes.len())?;
    out.extend_from_slice(bytes);
    Ok(())
}

fn put_key(out: &mut Vec<u8>, key: &RecordKey) {
    out.push(key.kind.0);
    out.extend_from_slice(&key.id);
}

/// The header's column of destructions: each with its order, whether it is done, its new epoch and its sealed body.
pub(crate) fn orders_to_bytes(orders: &[SealedDestruction]) -> Result<Vec<u8>, VaultError> {
    let mut out = Vec::new();
    for row in orders {
        out.extend_from_slice(&row.order);
        out.push(u8::from(row.done));
        out.extend_from_slice(&row.epoch_new.to_be_bytes());
        put_bytes(&mut out, &row.sealed)?;
    }
    Ok(out)
}

/// Reads that column.
pub(crate) fn orders_from_bytes(bytes: &[u8]) -> Result<Vec<SealedDestruction>, VaultError> {
    let (mut reader, mut orders) = (Reader(bytes), Vec::new());
    while !reader.0.is_empty() {
        orders.push(reader.order().ok_or(VaultError::Corrupt { part: "header" })?);
    }
    Ok(orders)
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn order(&mut self) -> Option<SealedDestruction> {
        Some(SealedDestruction {
            order: self.array()?,
            done: self.array::<1>()? != [0],
            epoch_new: self.integer()?,
            sealed: self.bytes()?.to_vec(),
        })
    }

    fn row(&mut self, order: [u8; 16], done: bool, epoch_new: u64) -> Option<DestructionRow> {
        let epoch_old = self.integer()?;
        let destroyed_key = self.array()?;
        let [old_root_opens, records_open, key_found, resumed] = self.array::<4>()?.map(|flag| flag != 0);
        let destroyed = self.keys()?;
        let missing = self.keys()?;
        let evidence = if done { None } else { Some(self.evidence()?) };
        let probe = Probe {
            old_root_opens,
            records_open,
            key_found,
        };
        let destruction = Destruction {
            order,
            epoch_old,
            epoch_new,
            destroyed,
            missing,
            destroyed_key,
            probe,
            resumed,
        };
        self.0.is_empty().then_some(DestructionRow { destruction, evidence })
    }

    fn evidence(&mut self) -> Option<Evidence> {
        let root_wrapped = self.bytes()?.to_vec();
        let mut records = Vec::new();
        for _ in 0..self.count()? {
            records.push(OldRecord {
                key: self.key()?,
                slot: self.integer()?,
                version: self.integer()?,
                sealed: self.bytes()?.to_vec(),
            });
        }
        Some(Evidence { root_wrapped, records })
    }

    fn keys(&mut self) -> Option<Vec<RecordKey>> {
        (0..self.count()?).map(|_| self.key()).collect()
    }

    fn key(&mut self) -> Option<RecordKey> {
        let [kind] = self.array()?;
        Some(RecordKey::new(RecordKind(kind), self.array()?))
    }

    fn integer(&mut self) -> Option<u64> {
        self.array().map(u64::from_be_bytes)
    }

    fn count(&mut self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }

    fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.count()?).ok()?;
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(bytes)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (bytes, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*bytes)
    }
}
