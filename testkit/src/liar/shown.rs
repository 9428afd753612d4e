//! The log that the liar shows: the honest one up to what it handed out, with entries of its own in their places.

use quittance_protocol::log::merkle::{self, Hash};
use quittance_protocol::log::proof::TlogProof;
use quittance_protocol::log::{Checkpoint, NoteSigner};
use std::collections::BTreeMap;

/// A log as it stands: the bytes of its entries, first to last.
#[derive(Debug, Clone, Default)]
pub(super) struct Shown {
    entries: Vec<Vec<u8>>,
}

/// What the honest log holds, and where the liar's entries differ from it.
#[derive(Debug, Default)]
pub(super) struct Places {
    /// The log ends behind the last entry that was handed out: nothing is shown that may still be exchanged.
    size: usize,
    exchanged: BTreeMap<usize, Vec<u8>>,
}

impl Places {
    /// From here on the log is shown up to this entry at least.
    pub(super) fn hand_out(&mut self, index: u64) {
        self.size = self.size.max(place(index) + 1);
    }

    /// From here on another entry stands in a place.
    pub(super) fn exchange(&mut self, index: u64, entry: Vec<u8>) {
        self.exchanged.insert(place(index), entry);
        self.hand_out(index);
    }

    /// The shown log, made of the honest one.
    pub(super) fn shown(&self, honest: &[Vec<u8>]) -> Shown {
        let entries = honest.iter().take(self.size).enumerate();
        Shown {
            entries: entries
                .map(|(index, entry)| self.exchanged.get(&index).unwrap_or(entry).clone())
                .collect(),
        }
    }

    /// The honest log as it is.
    pub(super) fn whole(honest: &[Vec<u8>]) -> Shown {
        Shown {
            entries: honest.to_vec(),
        }
    }

    /// Whether nothing was handed out yet.
    pub(super) fn is_new(&self) -> bool {
        self.size == 0
    }
}

impl Shown {
    /// The same log, without its first entry.
    pub(super) fn shrunk(mut self) -> Self {
        self.entries.remove(0);
        self
    }

    /// The same log with another entry in a place.
    pub(super) fn with(mut self, index: u64, entry: &[u8]) -> Self {
        if let Some(old) = self.entries.get_mut(place(index)) {
            *old = entry.to_vec();
        }
        self
    }

    /// The same log, cut to its first entries.
    pub(super) fn cut(mut self, size: u64) -> Self {
        self.entries.truncate(place(size));
        self
    }

    /// Its signed head.
    pub(super) fn checkpoint(&self, signer: &NoteSigner) -> Option<String> {
        let (size, store) = self.grown()?;
        let root = merkle::root(size, &reader(&store)).ok()?;
        Some(Checkpoint::sign(signer, size, root).ok()?.note().to_owned())
    }

    /// A proof of one of its entries.
    pub(super) fn prove(&self, index: u64, signer: &NoteSigner) -> Option<TlogProof> {
        let (size, store) = self.grown()?;
        Some(TlogProof {
            extra: Some(self.entries.get(place(index))?.clone()),
            index,
            hashes: merkle::inclusion_proof(index, size, &reader(&store)).ok()?,
            checkpoint: self.checkpoint(signer)?,
        })
    }

    /// That it grew from one size to another.
    pub(super) fn consistency(&self, from: u64, to: u64) -> Option<Vec<Hash>> {
        let (_, store) = self.grown()?;
        merkle::consistency_proof(from, to, &reader(&store)).ok()
    }

    fn grown(&self) -> Option<(u64, Stored)> {
        let mut store = Stored::new();
        let mut size = 0;
        for entry in &self.entries {
            let written = merkle::append(merkle::leaf_hash(entry), size, &reader(&store)).ok()?;
            store.extend(written.into_iter().map(|new| ((new.level, new.index), new.hash)));
            size += 1;
        }
        Some((size, store))
    }
}

type Stored = BTreeMap<(u8, u64), Hash>;

fn reader(store: &Stored) -> impl Fn(u8, u64) -> Option<Hash> + '_ {
    |level, index| store.get(&(level, index)).copied()
}

fn place(index: u64) -> usize {
    usize::try_from(index).unwrap_or(usize::MAX - 1)
}
