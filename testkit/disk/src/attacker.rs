//! Somebody who has read the disk all the time, and is given keys: what of a vault opens.
//!
//! This reads the vault's format from its description alone, with no code of the vault.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use rusqlite::{Connection, OpenFlags};
use zeroize::Zeroizing;

/// A key of the tree.
type Key = [u8; 32];
/// Where a node stands: level and position.
type Spot = (u8, u64);

/// Sealed bytes with what they are bound to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Sealed {
    bound_to: Vec<u8>,
    bytes: Vec<u8>,
}

/// A record that was opened.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Loot {
    /// Its kind.
    pub kind: u8,
    /// Which one.
    pub id: [u8; 16],
    /// What it held.
    pub secret: Vec<u8>,
}

/// Every sealed byte that was ever seen, each once.
#[derive(Default)]
pub struct Attacker {
    /// Each with the level that it stood on.
    roots: BTreeSet<(u8, Vec<u8>)>,
    nodes: BTreeMap<Spot, BTreeSet<Sealed>>,
    records: BTreeMap<u64, BTreeSet<(u8, [u8; 16], Sealed)>>,
}

impl Attacker {
    /// Reads the file at this path through the VFS of this name, as it stands at this moment.
    ///
    /// # Errors
    /// What SQLite answers, where the file cannot be read.
    pub fn look(&mut self, path: &Path, vfs: &str) -> rusqlite::Result<()> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let file = Connection::open_with_flags_and_vfs(path, flags, vfs)?;
        file.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
        let (vault, height, root): ([u8; 16], u8, Vec<u8>) =
            file.query_row("SELECT vault, height, root FROM header", [], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })?;
        self.roots.insert((height.saturating_sub(1), root));
        let mut nodes = file.prepare("SELECT place, epoch, sealed FROM nodes")?;
        let mut rows = nodes.query([])?;
        while let Some(row) = rows.next()? {
            let (place, epoch): (i64, i64) = (row.get(0)?, row.get(1)?);
            let (level, position) = ((place & 7) as u8, place >> 3);
            let mut bound_to = [b"node".as_slice(), &vault, &[level]].concat();
            bound_to.extend_from_slice(&position.to_be_bytes());
            bound_to.extend_from_slice(&epoch.to_be_bytes());
            let bytes = row.get(2)?;
            let spot = (level, position.unsigned_abs());
            self.nodes.entry(spot).or_default().insert(Sealed { bound_to, bytes });
        }
        let mut records = file.prepare("SELECT slot, name, version, sealed FROM records WHERE name IS NOT NULL")?;
        let mut rows = records.query([])?;
        while let Some(row) = rows.next()? {
            let (slot, [kind, id @ ..]): (i64, [u8; 17]) = (row.get(0)?, row.get(1)?);
            let mut bound_to = [b"record".as_slice(), &vault].concat();
            bound_to.extend_from_slice(&slot.to_be_bytes());
            bound_to.push(kind);
            bound_to.extend_from_slice(&id);
            bound_to.extend_from_slice(&row.get::<_, i64>(2)?.to_be_bytes());
            let bytes = row.get(3)?;
            let record = (kind, id, Sealed { bound_to, bytes });
            self.records.entry(slot.unsigned_abs()).or_default().insert(record);
        }
        Ok(())
    }

    /// Tries `unwrap` on every root, every key that this gives on every node below it, and so on down to the records.
    pub fn open(&self, unwrap: impl Fn(&[u8]) -> Option<Zeroizing<Key>>) -> BTreeSet<Loot> {
        let mut found: BTreeMap<Spot, BTreeSet<Key>> = BTreeMap::new();
        for (level, root) in &self.roots {
            if let Some(key) = unwrap(root) {
                found.entry((*level, 0)).or_default().insert(*key);
            }
        }
        let mut slots: BTreeMap<u64, BTreeSet<Key>> = BTreeMap::new();
        // From the root down: what a level gives are the keys of the one below.
        for ((level, position), versions) in self.nodes.iter().rev() {
            let keys = found.get(&(*level, *position)).cloned().unwrap_or_default();
            for node in versions
                .iter()
                .flat_map(|node| keys.iter().filter_map(|key| open(key, node)))
            {
                for (child, key) in (0_u64..).zip(node.chunks_exact(32)) {
                    let below = position.saturating_mul(125).saturating_add(child);
                    let Ok(key) = Key::try_from(key) else { continue };
                    match level.checked_sub(1) {
                        Some(level) => found.entry((level, below)).or_default().insert(key),
                        None => slots.entry(below).or_default().insert(key),
                    };
                }
            }
        }
        let mut loot = BTreeSet::new();
        for (slot, records) in &self.records {
            for key in slots.get(slot).into_iter().flatten() {
                loot.extend(records.iter().filter_map(|(kind, id, sealed)| {
                    Some(Loot {
                        kind: *kind,
                        id: *id,
                        secret: open(key, sealed)?,
                    })
                }));
            }
        }
        loot
    }
}

fn open(key: &Key, sealed: &Sealed) -> Option<Vec<u8>> {
    let cipher = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).ok()?);
    let (nonce, body) = sealed.bytes.split_first_chunk::<NONCE_LEN>()?;
    let mut body = body.to_vec();
    let plain = cipher
        .open_in_place(
            Nonce::assume_unique_for_key(*nonce),
            Aad::from(&sealed.bound_to),
            &mut body,
        )
        .ok()?;
    Some(plain.to_vec())
}
