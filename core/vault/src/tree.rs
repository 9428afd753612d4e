//! The key tree: every key stands only in its parent, so a fresh path ends everything below the old one.
//!
//! Level 0 are the leaves, whose keys are record keys; the keys of a node on level l are those of its children on
//! level l - 1. A node that does not exist has its key in its parent already, because nodes are born full of random
//! keys: the first insert below it writes the node, nothing above. A tree that is full grows by a level: its root becomes
//! the first child of a new one, and nothing below changes.

use std::collections::BTreeMap;

use crate::error::VaultError;
use crate::key::{KEY_LEN, Key, fresh_key};
use crate::opened::OpenedNodes;
use crate::randomness::Randomness;
use crate::seal::{Place, open, seal};
use crate::secret::Secret;

/// Children of a node: as many as one page of SQLite has room for, so that a node is read and written in one piece.
pub(crate) const FAN_OUT: u64 = CHILDREN as u64;

/// The same, as a length.
const CHILDREN: usize = 125;

/// Tallest vault: 125^5 is more than thirty thousand million slots.
pub const MAX_HEIGHT: u8 = 5;

const NODE_LEN: usize = CHILDREN * KEY_LEN;

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

/// A node's keys, in clear.
#[derive(Clone)]
pub(crate) struct Node(Secret);

impl Node {
    fn fresh(random: &dyn Randomness) -> Result<Self, VaultError> {
        let mut node = Self(Secret::new(vec![0; NODE_LEN]));
        random.fill(node.0.as_mut_slice())?;
        Ok(node)
    }

    fn child(&self, index: u64) -> Result<&[u8; KEY_LEN], VaultError> {
        let (keys, _none) = self.0.as_chunks::<KEY_LEN>();
        let child = usize::try_from(index % FAN_OUT).ok().and_then(|child| keys.get(child));
        child.ok_or(VaultError::Corrupt { part: "key tree" })
    }

    fn set_child(&mut self, index: u64, key: &Key) -> Result<(), VaultError> {
        let (keys, _none) = self.0.as_mut_slice().as_chunks_mut::<KEY_LEN>();
        usize::try_from(index % FAN_OUT)
            .ok()
            .and_then(|child| keys.get_mut(child))
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
    /// The key of the root that this transaction put above it.
    grown: Option<Key>,
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
            grown: None,
            opened,
            made: Nodes::new(),
            marked: Nodes::new(),
        }
    }

    /// Hands the key of a slot whose leaf exists to `work`, where it stands: a read needs no copy of it.
    pub(crate) fn with_slot_key<T>(
        &self,
        slot: u64,
        work: impl FnOnce(&[u8; KEY_LEN]) -> Result<T, VaultError>,
    ) -> Result<Option<T>, VaultError> {
        self.with_child(0, slot, work)
    }

    /// Levels of nodes, as this transaction sees them.
    pub(crate) const fn height(&self) -> u8 {
        self.shape.height
    }

    /// Puts a new root above the present one.
    pub(crate) fn grow(&mut self) -> Result<(), VaultError> {
        let (spot, mut node) = ((self.shape.height, 0), Node::fresh(self.random)?);
        node.set_child(0, self.root())?;
        let root = fresh_key(self.random)?;
        self.write(spot, self.shape.epoch, &root, &node)?;
        self.made.insert(spot, node);
        self.shape.height = self.shape.height.saturating_add(1);
        self.grown = Some(root);
        Ok(())
    }

    fn root(&self) -> &Key {
        self.grown.as_ref().unwrap_or(self.root)
    }

    /// The key of a slot; writes the nodes on its path that do not exist yet, touches none that does.
    pub(crate) fn slot_key_or_create(&mut self, slot: u64) -> Result<Key, VaultError> {
        if let Some(key) = self.child(0, slot)? {
            return Ok(key);
        }
        let mut key = self.root().clone();
        for level in (0..self.shape.height).rev() {
            key = match self.child(level, slot)? {
                Some(child) => child,
                None => {
                    let (spot, node) = (spot_above(slot, level), Node::fresh(self.random)?);
                    self.write(spot, self.shape.epoch, &key, &node)?;
                    let child = Key::of(node.child(child_index(slot, level))?);
                    self.made.insert(spot, node);
                    child
                }
            };
        }
        Ok(key)
    }

    /// Gives a slot a fresh key and marks its path, so that [`Tree::reseal`] gives every node on it a fresh key too.
    pub(crate) fn rekey_slot(&mut self, slot: u64) -> Result<Key, VaultError> {
        if slot >= slots(self.shape.height) {
            // A node for it would stand beside the root.
            return Err(VaultError::Corrupt { part: "key tree" });
        }
        self.slot_key_or_create(slot)?;
        // From the root on: what is marked has its parent marked, though a node on the way may not open.
        for level in (0..self.shape.height).rev() {
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
        Ok((root, self.into_written().1))
    }

    /// The key of the root, if this transaction put a new one above, with all nodes that it wrote.
    pub(crate) fn into_written(mut self) -> (Option<Key>, Nodes) {
        self.made.append(&mut self.marked);
        (self.grown, self.made)
    }

    /// Marks the node on `level` above `slot`, where it exists.
    fn mark(&mut self, level: u8, slot: u64) -> Result<(), VaultError> {
        let spot = spot_above(slot, level);
        if self.marked.contains_key(&spot) {
            return Ok(());
        }
        let kept = self
            .made
            .remove(&spot)
            .or_else(|| self.opened.node(spot).map(|node| node.clone()));
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
        self.with_child(level, slot, |key| Ok(Key::of(key)))
    }

    /// As [`Tree::child`], without a copy.
    fn with_child<T>(
        &self,
        level: u8,
        slot: u64,
        work: impl FnOnce(&[u8; KEY_LEN]) -> Result<T, VaultError>,
    ) -> Result<Option<T>, VaultError> {
        let (spot, index) = (spot_above(slot, level), child_index(slot, level));
        if let Some(node) = self.marked.get(&spot).or_else(|| self.made.get(&spot)) {
            return node.child(index).and_then(work).map(Some);
        }
        if let Some(node) = self.opened.node(spot) {
            return node.child(index).and_then(work).map(Some);
        }
        let Some(key) = self.node_key(level, slot)? else {
            return Ok(None);
        };
        let Some(node) = self.read(spot, &key)? else {
            return Ok(None);
        };
        let answer = node.child(index).and_then(work)?;
        self.opened.keep(spot, node);
        Ok(Some(answer))
    }

    /// The key of the node on `level` above `slot`, if the nodes above it exist.
    fn node_key(&self, level: u8, slot: u64) -> Result<Option<Key>, VaultError> {
        match level.checked_add(1) {
            Some(above) if above < self.shape.height => self.child(above, slot),
            _ => Ok(Some(self.root().clone())),
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
        let node = Node(open(key, &self.shape.vault, &place, row.sealed)?);
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
