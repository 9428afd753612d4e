//! The key tree: every key stands only in its parent, so a fresh path ends everything below the old one.
//!
//! Level 0 are the leaves, whose keys are record keys; the keys of a node on level l are those of its children on
//! level l - 1. A node that does not exist has its key in its parent already, because nodes are born full of random
//! keys: the first insert below it writes the node, nothing above.

use std::collections::BTreeMap;

use zeroize::Zeroize as _;

use crate::error::VaultError;
use crate::opened::OpenedNodes;
use crate::randomness::Randomness;
use crate::seal::{KEY_LEN, Key, Place, fresh_key, open, seal};

/// Children of a node: as many as one page of SQLite has room for, so that a node is read and written in one piece.
pub(crate) const FAN_OUT: u64 = 125;

/// Tallest vault: 125^5 is more than thirty thousand million slots.
pub const MAX_HEIGHT: u8 = 5;

const NODE_LEN: usize = 125 * KEY_LEN;

/// Where a node stands: its level, then its index on that level.
pub(crate) type Spot = (u8, u64);

/// Nodes by where they stand, leaves first.
pub(crate) type Nodes = BTreeMap<Spot, Node>;

/// Slots of a tree of this height.
pub(crate) fn slots(height: u8) -> u64 {
    FAN_OUT.saturating_pow(u32::from(height))
}

/// A node as it stands in the file.
pub(crate) struct SealedNode {
    /// The epoch in which it was written.
    pub(crate) epoch: u64,
    /// `nonce || ciphertext || tag`.
    pub(crate) sealed: Vec<u8>,
}

/// Where nodes stand.
pub(crate) trait NodeStore {
    /// Reads a node, if it exists.
    fn node(&self, spot: Spot) -> Result<Option<SealedNode>, VaultError>;
    /// Writes a node, over the one of before.
    fn put_node(&self, spot: Spot, node: &SealedNode) -> Result<(), VaultError>;
}

/// What a tree has to know about its vault.
#[derive(Clone)]
pub(crate) struct TreeShape {
    /// The vault's id.
    pub(crate) vault: [u8; 16],
    /// Levels of nodes.
    pub(crate) height: u8,
    /// The epoch in which new nodes are written.
    pub(crate) epoch: u64,
}

impl TreeShape {
    /// The tree of the vault with this header.
    pub(crate) fn of(header: &crate::store::Header) -> Self {
        Self {
            vault: header.vault,
            height: header.height,
            epoch: header.epoch,
        }
    }
}

/// A node's keys, in clear; wiped when dropped.
#[derive(Clone)]
pub(crate) struct Node(Vec<u8>);

impl Drop for Node {
    fn drop(&mut self) {
        // As a slice, which is wiped at once: a vector is wiped byte by byte, and this is on the way of every read.
        self.0.as_mut_slice().zeroize();
    }
}

impl Node {
    fn fresh(random: &dyn Randomness) -> Result<Self, VaultError> {
        let mut node = Self(vec![0; NODE_LEN]);
        random.fill(node.0.as_mut_slice())?;
        Ok(node)
    }

    fn child(&self, index: u64) -> Result<Key, VaultError> {
        let mut key = Key::of(&[0; KEY_LEN]);
        let bytes = usize::try_from(index % FAN_OUT)
            .ok()
            .and_then(|child| self.0.chunks_exact(KEY_LEN).nth(child))
            .ok_or(VaultError::Corrupt { part: "key tree" })?;
        key.copy_from_slice(bytes);
        Ok(key)
    }

    fn set_child(&mut self, index: u64, key: &Key) -> Result<(), VaultError> {
        usize::try_from(index % FAN_OUT)
            .ok()
            .and_then(|child| self.0.chunks_exact_mut(KEY_LEN).nth(child))
            .ok_or(VaultError::Corrupt { part: "key tree" })?
            .copy_from_slice(key.as_slice());
        Ok(())
    }
}

/// The tree as one transaction sees it.
pub(crate) struct Tree<'a> {
    store: &'a dyn NodeStore,
    random: &'a dyn Randomness,
    shape: TreeShape,
    root: &'a Key,
    /// What was opened before; what this transaction reads is added, what it writes is not, since it may be taken back.
    opened: &'a OpenedNodes,
    /// Nodes that this transaction made.
    made: Nodes,
    /// Nodes with fresh keys in them: written by [`Tree::reseal`].
    marked: Nodes,
}

impl<'a> Tree<'a> {
    /// A view of the tree below `root`, with what was opened of it before.
    pub(crate) fn new(
        store: &'a dyn NodeStore,
        random: &'a dyn Randomness,
        shape: TreeShape,
        root: &'a Key,
        opened: &'a OpenedNodes,
    ) -> Self {
        Self {
            store,
            random,
            shape,
            root,
            opened,
            made: Nodes::new(),
            marked: Nodes::new(),
        }
    }

    /// The key of a slot whose leaf exists.
    pub(crate) fn slot_key(&self, slot: u64) -> Result<Option<Key>, VaultError> {
        self.child(0, slot)
    }

    /// The key of a slot; writes the nodes on its path that do not exist yet, touches none that does.
    pub(crate) fn slot_key_or_create(&mut self, slot: u64) -> Result<Key, VaultError> {
        if let Some(key) = self.child(0, slot)? {
            return Ok(key);
        }
        let mut key = self.root.clone();
        for level in (0..self.shape.height).rev() {
            key = match self.child(level, slot)? {
                Some(child) => child,
                None => {
                    let (spot, node) = (spot_above(slot, level), Node::fresh(self.random)?);
                    self.write(spot, self.shape.epoch, &key, &node)?;
                    let child = node.child(child_index(slot, level))?;
                    self.made.insert(spot, node);
                    child
                }
            };
        }
        Ok(key)
    }

    /// Gives a slot a fresh key and marks its path, so that [`Tree::reseal`] gives every node on it a fresh key too.
    pub(crate) fn rekey_slot(&mut self, slot: u64) -> Result<Key, VaultError> {
        self.slot_key_or_create(slot)?;
        for level in 0..self.shape.height {
            self.mark(level, slot)?;
        }
        let fresh = fresh_key(self.random)?;
        self.marked
            .get_mut(&spot_above(slot, 0))
            .ok_or(VaultError::Corrupt { part: "key tree" })?
            .set_child(slot, &fresh)?;
        Ok(fresh)
    }

    /// Writes all marked nodes, and the root in any case, under fresh keys for `epoch`; gives the fresh root key with all
    /// nodes that this transaction wrote.
    pub(crate) fn reseal(mut self, epoch: u64) -> Result<(Key, Nodes), VaultError> {
        let top = self.shape.height.saturating_sub(1);
        self.mark(top, 0)?;
        let mut root = None;
        let marked: Vec<Spot> = self.marked.keys().copied().collect();
        for spot in marked {
            let corrupt = || VaultError::Corrupt { part: "key tree" };
            let fresh = fresh_key(self.random)?;
            let node = self.marked.get(&spot).ok_or_else(corrupt)?;
            self.write(spot, epoch, &fresh, node)?;
            let (level, index) = spot;
            if level == top {
                root = Some(fresh);
            } else {
                self.marked
                    .get_mut(&(level.saturating_add(1), index / FAN_OUT))
                    .ok_or_else(corrupt)?
                    .set_child(index, &fresh)?;
            }
        }
        let root = root.map_or_else(|| fresh_key(self.random), Ok)?;
        Ok((root, self.into_written()))
    }

    /// All nodes that this transaction wrote.
    pub(crate) fn into_written(mut self) -> Nodes {
        self.made.append(&mut self.marked);
        self.made
    }

    /// Marks the node on `level` above `slot`, where it exists.
    fn mark(&mut self, level: u8, slot: u64) -> Result<(), VaultError> {
        let spot = spot_above(slot, level);
        if self.marked.contains_key(&spot) {
            return Ok(());
        }
        let kept = self.made.remove(&spot).or_else(|| self.opened.look(spot, Node::clone));
        let node = match (kept, self.node_key(level, slot)?) {
            (Some(node), _) => Some(node),
            (None, Some(key)) => self.read(spot, &key)?,
            (None, None) => None,
        };
        if let Some(node) = node {
            self.marked.insert(spot, node);
        }
        Ok(())
    }

    /// What the node on `level` above `slot` holds for it, if that node exists.
    fn child(&self, level: u8, slot: u64) -> Result<Option<Key>, VaultError> {
        let spot = spot_above(slot, level);
        let of = |node: &Node| node.child(child_index(slot, level));
        if let Some(node) = self.marked.get(&spot).or_else(|| self.made.get(&spot)) {
            return of(node).map(Some);
        }
        if let Some(child) = self.opened.look(spot, of) {
            return child.map(Some);
        }
        let Some(key) = self.node_key(level, slot)? else {
            return Ok(None);
        };
        let Some(node) = self.read(spot, &key)? else {
            return Ok(None);
        };
        let child = of(&node)?;
        self.opened.keep(spot, node);
        Ok(Some(child))
    }

    /// The key of the node on `level` above `slot`, if the nodes above it exist.
    fn node_key(&self, level: u8, slot: u64) -> Result<Option<Key>, VaultError> {
        match level.checked_add(1) {
            Some(above) if above < self.shape.height => self.child(above, slot),
            _ => Ok(Some(self.root.clone())),
        }
    }

    fn read(&self, spot: Spot, key: &Key) -> Result<Option<Node>, VaultError> {
        let Some(row) = self.store.node(spot)? else {
            return Ok(None);
        };
        let (level, index) = spot;
        let place = Place::Node {
            level,
            index,
            epoch: row.epoch,
        };
        let mut keys = open(key, &self.shape.vault, &place, row.sealed)?;
        let node = Node(std::mem::take(&mut *keys));
        if node.0.len() == NODE_LEN {
            Ok(Some(node))
        } else {
            Err(VaultError::Corrupt { part: "key tree" })
        }
    }

    fn write(&self, spot: Spot, epoch: u64, key: &Key, node: &Node) -> Result<(), VaultError> {
        let (level, index) = spot;
        let place = Place::Node { level, index, epoch };
        let sealed = seal(self.random, key, &self.shape.vault, &place, &node.0)?;
        self.store.put_node(spot, &SealedNode { epoch, sealed })
    }
}

/// The node on `level` above `slot`.
fn spot_above(slot: u64, level: u8) -> Spot {
    (level, slot / FAN_OUT.saturating_pow(u32::from(level) + 1))
}

/// The index, on the level below, of what the node on `level` holds the key of.
fn child_index(slot: u64, level: u8) -> u64 {
    slot / FAN_OUT.saturating_pow(u32::from(level))
}
