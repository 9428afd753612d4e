//! The Merkle tree of RFC 6962 over SHA-256: growing it, proving from it, checking proofs.
//!
//! A tree is stored as the hashes of its complete subtrees: at `(level, index)` stands the hash over the leaves
//! `index * 2^level .. (index + 1) * 2^level`. Complete subtrees never change, so a log is append-only in storage too.
//! Proof checks need no store. They follow RFC 9162 section 2.1, which gives the algorithms that RFC 6962 describes.

use crate::bytes::sha256;

/// A node of the tree.
pub type Hash = [u8; 32];

/// The root of the tree without leaves: SHA-256 of nothing.
pub const EMPTY_ROOT: Hash = [
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae, 0x41,
    0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
];

/// Why the store's owner gets no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MerkleError {
    /// The store lacks a hash that a tree of this size has.
    #[error("the store lacks the hash at level {level}, index {index}")]
    Missing {
        /// Height above the leaves.
        level: u8,
        /// Place within the level.
        index: u64,
    },
    /// No tree of this size has what was asked for.
    #[error("index or size is outside of the tree")]
    OutOfRange,
}

/// The proof does not lead to the root.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the Merkle proof does not lead to the root")]
pub struct BadProof;

/// Gives the hashes of complete subtrees.
pub trait HashStore {
    /// The hash over the leaves `index * 2^level .. (index + 1) * 2^level`, where it is stored.
    fn hash(&self, level: u8, index: u64) -> Option<Hash>;
}

impl<F: Fn(u8, u64) -> Option<Hash>> HashStore for F {
    fn hash(&self, level: u8, index: u64) -> Option<Hash> {
        self(level, index)
    }
}

/// One hash to store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredHash {
    /// Height above the leaves.
    pub level: u8,
    /// Place within the level.
    pub index: u64,
    /// The hash.
    pub hash: Hash,
}

/// The hash of a leaf: SHA-256(00 || entry).
#[must_use]
pub fn leaf_hash(entry: &[u8]) -> Hash {
    sha256(&[&[0], entry])
}

/// The hash of an inner node: SHA-256(01 || left || right).
#[must_use]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    sha256(&[&[1], left, right])
}

/// What to store when a leaf is appended to a tree of `size` leaves: the leaf first, then each subtree that it
/// completes. Store all of them before the next call, or let the store answer from what is pending.
///
/// # Errors
/// [`MerkleError::Missing`], [`MerkleError::OutOfRange`] for a tree of 2^64 - 1 leaves.
pub fn append(leaf: Hash, size: u64, store: &(impl HashStore + ?Sized)) -> Result<Vec<StoredHash>, MerkleError> {
    if size == u64::MAX {
        return Err(MerkleError::OutOfRange);
    }
    let mut written = vec![StoredHash {
        level: 0,
        index: size,
        hash: leaf,
    }];
    let (mut level, mut index, mut hash) = (0, size, leaf);
    while index & 1 == 1 {
        hash = node_hash(&stored(store, level, index - 1)?, &hash);
        (level, index) = (level + 1, index >> 1);
        written.push(StoredHash { level, index, hash });
    }
    Ok(written)
}

/// The root of the first `size` leaves.
///
/// # Errors
/// [`MerkleError::Missing`].
pub fn root(size: u64, store: &(impl HashStore + ?Sized)) -> Result<Hash, MerkleError> {
    if size == 0 {
        Ok(EMPTY_ROOT)
    } else {
        range(0, size, store)
    }
}

/// The proof that leaf `index` is in the tree of `size` leaves: siblings from the leaf upwards (RFC 6962 section
/// 2.1.1).
///
/// # Errors
/// [`MerkleError::Missing`], [`MerkleError::OutOfRange`] unless `index < size`.
pub fn inclusion_proof(index: u64, size: u64, store: &(impl HashStore + ?Sized)) -> Result<Vec<Hash>, MerkleError> {
    if index >= size {
        return Err(MerkleError::OutOfRange);
    }
    let (mut low, mut high) = (0, size);
    let mut path = Vec::new();
    while high - low > 1 {
        let middle = low + split(high - low);
        if index < middle {
            path.push(range(middle, high, store)?);
            high = middle;
        } else {
            path.push(range(low, middle, store)?);
            low = middle;
        }
    }
    path.reverse();
    Ok(path)
}

/// The proof that the tree of `from` leaves is a beginning of the tree of `to` leaves (RFC 6962 section 2.1.2).
/// Empty where both are the same.
///
/// # Errors
/// [`MerkleError::Missing`], [`MerkleError::OutOfRange`] unless `0 < from <= to`.
pub fn consistency_proof(from: u64, to: u64, store: &(impl HashStore + ?Sized)) -> Result<Vec<Hash>, MerkleError> {
    if from == 0 || from > to {
        return Err(MerkleError::OutOfRange);
    }
    let (mut low, mut high) = (0, to);
    let mut path = Vec::new();
    while from != high {
        let middle = low + split(high - low);
        if from <= middle {
            path.push(range(middle, high, store)?);
            high = middle;
        } else {
            path.push(range(low, middle, store)?);
            low = middle;
        }
    }
    // The old tree's own root is known to whoever checks; any other subtree is not.
    if low != 0 {
        path.push(range(low, high, store)?);
    }
    path.reverse();
    Ok(path)
}

/// Checks that `leaf` stands at `index` in the tree of `size` leaves (RFC 9162 section 2.1.3.2).
///
/// # Errors
/// [`BadProof`], also for a proof of the wrong length.
pub fn verify_inclusion(leaf: &Hash, index: u64, size: u64, proof: &[Hash], root: &Hash) -> Result<(), BadProof> {
    if index >= size {
        return Err(BadProof);
    }
    let (mut node, mut last, mut hash) = (index, size - 1, *leaf);
    for sibling in proof {
        if last == 0 {
            return Err(BadProof);
        }
        if node & 1 == 1 || node == last {
            hash = node_hash(sibling, &hash);
            while node & 1 == 0 && node != 0 {
                (node, last) = (node >> 1, last >> 1);
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        (node, last) = (node >> 1, last >> 1);
    }
    if last == 0 && hash == *root {
        Ok(())
    } else {
        Err(BadProof)
    }
}

/// Checks that the tree `(from, from_root)` is a beginning of the tree `(to, to_root)` (RFC 9162 section 2.1.4.2).
/// Every tree is consistent with the empty one, for which the proof is empty.
///
/// # Errors
/// [`BadProof`], also for a proof of the wrong length.
pub fn verify_consistency(
    from: u64,
    from_root: &Hash,
    to: u64,
    to_root: &Hash,
    proof: &[Hash],
) -> Result<(), BadProof> {
    let verdict = |good: bool| if good { Ok(()) } else { Err(BadProof) };
    if from > to {
        return Err(BadProof);
    }
    if from == to {
        return verdict(proof.is_empty() && from_root == to_root);
    }
    if from == 0 {
        return verdict(proof.is_empty() && *from_root == EMPTY_ROOT);
    }
    let (mut node, mut last) = (from - 1, to - 1);
    while node & 1 == 1 {
        (node, last) = (node >> 1, last >> 1);
    }
    // A whole old tree is its own first node; else the proof begins with the old tree's last subtree.
    let (first, rest) = if from.is_power_of_two() {
        (from_root, proof)
    } else {
        proof.split_first().ok_or(BadProof)?
    };
    let (mut old, mut new) = (*first, *first);
    for sibling in rest {
        if last == 0 {
            return Err(BadProof);
        }
        if node & 1 == 1 || node == last {
            old = node_hash(sibling, &old);
            new = node_hash(sibling, &new);
            while node & 1 == 0 && node != 0 {
                (node, last) = (node >> 1, last >> 1);
            }
        } else {
            new = node_hash(&new, sibling);
        }
        (node, last) = (node >> 1, last >> 1);
    }
    verdict(last == 0 && old == *from_root && new == *to_root)
}

/// The largest power of two below `count`, which is at least 2.
const fn split(count: u64) -> u64 {
    1 << (u64::BITS - 1 - (count - 1).leading_zeros())
}

/// The hash over the leaves `low..high`, where `low` is a multiple of the largest power of two that fits.
fn range(low: u64, high: u64, store: &(impl HashStore + ?Sized)) -> Result<Hash, MerkleError> {
    let count = high - low;
    if count.is_power_of_two() {
        let level = count.trailing_zeros();
        return stored(store, level as u8, low >> level);
    }
    let middle = low + split(count);
    Ok(node_hash(&range(low, middle, store)?, &range(middle, high, store)?))
}

fn stored(store: &(impl HashStore + ?Sized), level: u8, index: u64) -> Result<Hash, MerkleError> {
    store.hash(level, index).ok_or(MerkleError::Missing { level, index })
}
