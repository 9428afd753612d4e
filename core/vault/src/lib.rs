//! Where secrets live, and how they end.
//!
//! A vault is one SQLite file of sealed rows with a keystore ([`RootKeys`]) that holds one key outside the file. It
//! keeps secret **records** and a sealed **journal**, and it **destroys** records so that no image of the file that was
//! ever taken gives them back.
//!
//! # The key tree
//!
//! ```text
//! H_e (keystore) -> root node -> … -> leaf node -> record key -> record
//!                   125 keys         125 keys
//! ```
//!
//! A node's key stands only in its parent, and the root's key only in the header, wrapped by H_e, the key of epoch e.
//! Destroying records gives fresh keys to their slots and to every node on the paths up to the root, wraps the new root
//! by H_{e+1} and deletes H_e. Old images still hold the old nodes, but each of their ways up ends at H_e.
//! A node has as many keys as one page of the file has room for: reading one, and writing one, is one page each.
//! A full tree grows by a level: a new root, whose first key is that of the old one.
//!
//! The order is *create H_{e+1}, commit, delete H_e, probe, answer*, and [`Vault::open`] completes it whatever stopped it. Two
//! things it cannot complete, and opens the vault all the same: where H_e works though it was deleted, or where a row that has to
//! be tried went bad, the destruction stays pending. Nobody is told that it is done, and it is tried again at each opening. No
//! other epoch begins while H_e works: a file of then gives back whatever would end with it.
//! That it is done stands in the file with the vault's next commit: without it the end is tried, and found, once more. The
//! file counts: a key of the epoch before is deleted, and a file whose own key is missing is [`VaultError::Quarantined`] with
//! nothing touched.
//!
//! Where a keystore can delete H_e and make H_{e+2} in one step ([`RootKeys::replace`]), the next epoch finds its key made
//! already. Only the vault that had it made may use it. To any other it may be the key of a commit that was lost, whose
//! file a thief has seen; so a key of the next epoch that stands when a vault is opened is deleted, unused, as soon as
//! that epoch begins.
//!
//! # The file, version 1
//!
//! `application_id` is `QVLT`, `user_version` the version; version 0 without a table is a vault whose making never committed.
//! A vault of a newer version is refused unread. Tables:
//!
//! | table | columns | sealed under |
//! |---|---|---|
//! | `header` | vault id (16), height, epoch, root key as [`RootKeys::wrap`] gave it, the journal's keys, next unused slot, first free slot, destructions that are pending or were done lately, a counter for syncs | (wrapped); the root key; destructions: the journal's sealing key |
//! | `nodes` | place (index times 8 plus level; 0 = leaf), epoch of writing, 125 keys of 32 bytes | its key in its parent |
//! | `records` | slot, name (kind, then id), version, bytes; a free slot, which has a fresh key already, has no name and no bytes, and for its version the next free slot (-1: none) | its key in its leaf |
//! | `journal` | HMAC of collection, HMAC of collection and key (16 bytes each), version, row | the journal's sealing key |
//! | `destructions` | order, new epoch, what was destroyed | the journal's sealing key |
//!
//! How bytes are sealed stands in [`aead`]. The associated data are a word, the vault id and the place, integers big-endian in
//! 64 bits, level and kind in one byte:
//!
//! | row | associated data |
//! |---|---|
//! | node | `node`, vault id, level, index, epoch of writing |
//! | record | `record`, vault id, slot, kind, record id, version |
//! | journal's keys | `keys`, vault id, epoch |
//! | journal | `journal`, vault id, HMAC of collection, HMAC of collection and key, version |
//! | destruction | `destruction`, vault id, order, done, new epoch |
//!
//! A destruction in the header is its order, 1 where it is done, its new epoch and its sealed bytes behind their length in 32
//! bits. A row of `destructions` is done.
//! The journal's two keys (sealing, names) are 64 bytes, sealed anew under each root key.
//! A journal row's plain bytes are key and value, each behind its length in 32 bits, filled with zeros to a multiple of
//! 256 bytes.
//!
//! # What it does not do
//!
//! - It does not stop who holds old files *and* old key blobs of the keystore: only a keystore with rollback
//!   resistance does, or the other side's destruction.
//! - Who may write to the file can put an older row of a *living* record or of the journal into a newer file, except for
//!   records written by [`Vault::rotate`], which have a fresh key each time.
//! - Removing a journal row is tidiness. What has to end belongs into a record.
//! - ring does not wipe its keys: a record's or a node's exists for one call only, the journal's on the heap for as long as
//!   the vault is open. The stack behind such a call, and behind each of the keystore's, is overwritten; a zeroizing
//!   allocator, which is the program's business, cleans the heap.
//! - The ids and kinds of records, the number of rows and their sizes (the journal's in steps of 256 bytes) are visible.

pub mod aead;
mod destruction;
mod epoch;
mod error;
mod file;
mod journal;
mod key;
mod keystore;
mod lock;
mod opened;
mod randomness;
mod record;
mod root_keys;
mod seal;
mod secret;
mod stack;
mod store;
mod transaction;
mod tree;
mod vault;

#[cfg(test)]
mod tests;

// In the order in which a reader needs them; the empty lines keep it so.
pub use vault::{Vault, VaultOptions};

pub use record::{RecordKey, RecordKind};

pub use secret::Secret;

pub use transaction::Transaction;

pub use journal::JournalRow;

pub use destruction::{Destruction, Probe};

pub use root_keys::{Neighbours, RootKeyError, RootKeys};

pub use randomness::{Randomness, RandomnessError, SystemRandomness};

pub use error::{QuarantineReason, VaultError};

pub use file::{FORMAT_VERSION, is_emptied, remove_leftovers};

pub use tree::MAX_HEIGHT;
