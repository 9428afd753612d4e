//! The key tree: every key stands only in its parent, so a fresh path ends everything below the old one.
//!
//! Level 0 are the leaves, whose 64 keys are record keys; the keys of a node on level l are those of its children on
//! level l - 1. A node that does not exist has its key in its parent already, because nodes are born full of random
//! keys: the first insert below it writes the node, nothing above.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use zeroize::Zeroizing;

use crate::error::VaultError;
use crate::opened::OpenedNodes;
use crate::randomness::Randomness;
use crate::seal::{KEY_LEN, Key, Place, fresh_key, open, seal};

/// Children of a node.
pub(crate) const FAN_OUT: u64 = 64;

/// Tallest vault: 64^5 is more than a thousand million slots.
pub const MAX_HEIGHT: u8 = 5;

const NODE_LEN: usize = 64 * KEY_LEN;

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
    fn node(&self, level: u8, index: u64) -> Result<Option<SealedNode>, VaultError>;
    /// Writes a node, over the one of before.
    fn put_node(&self, level: u8, index: u64, node: &SealedNode) -> Result<(), VaultError>;
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
pub(crate) struct Node(Zeroizing<Vec<u8>>);

impl Node {
    fn fresh(random: &dyn Randomness) -> Result<Self, VaultError> {
        let mut keys = Zeroizing::new(vec![0; NODE_LEN]);
        random.fill(keys.as_mut_slice())?;
        Ok(Self(keys))
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
    /// Nodes with fresh keys in them, by (level, index): written by [`Tree::reseal`], bottom up.
    dirty: BTreeMap<(u8, u64), Node>,
    /// Where opened nodes are kept beyond this transaction; nowhere, where only the file's own word counts.
    opened: Option<&'a OpenedNodes>,
    /// Nodes that this transaction wrote: they are not kept, since it may be taken back.
    written: RefCell<BTreeSet<(u8, u64)>>,
}

impl<'a> Tree<'a> {
    /// A view of the tree below `root`.
    pub(crate) fn new(store: &'a dyn NodeStore, random: &'a dyn Randomness, shape: TreeShape, root: &'a Key) -> Self {
        Self {
            store,
            random,
            shape,
            root,
            dirty: BTreeMap::new(),
            opened: None,
            written: RefCell::default(),
        }
    }

    /// The same, with what was opened before at hand.
    pub(crate) fn with(self, opened: &'a OpenedNodes) -> Self {
        Self {
            opened: Some(opened),
            ..self
        }
    }

    /// The key of a slot whose leaf exists.
    pub(crate) fn slot_key(&self, slot: u64) -> Result<Option<Key>, VaultError> {
        let mut key = self.root.clone();
        for level in (0..self.shape.height).rev() {
            match self.child(level, slot, &key)? {
                Some(child) => key = child,
                None => return Ok(None),
            }
        }
        Ok(Some(key))
    }

    /// The key of a slot; writes the nodes on its path that do not exist yet, touches none that does.
    pub(crate) fn slot_key_or_create(&self, slot: u64) -> Result<Key, VaultError> {
        let mut key = self.root.clone();
        for level in (0..self.shape.height).rev() {
            key = match self.child(level, slot, &key)? {
                Some(child) => child,
                None => {
                    let node = Node::fresh(self.random)?;
                    self.write(level, node_index(slot, level), self.shape.epoch, &key, &node)?;
                    node.child(child_index(slot, level))?
                }
            };
        }
        Ok(key)
    }

    /// Gives a slot a fresh key and marks its path, so that [`Tree::reseal`] gives every node on it a fresh key too.
    pub(crate) fn rekey_slot(&mut self, slot: u64) -> Result<Key, VaultError> {
        self.slot_key_or_create(slot)?;
        self.load_path(slot)?;
        let fresh = fresh_key(self.random)?;
        self.dirty
            .get_mut(&(0, node_index(slot, 0)))
            .ok_or(VaultError::Corrupt { part: "key tree" })?
            .set_child(slot, &fresh)?;
        Ok(fresh)
    }

    /// Writes all marked nodes, and the root in any case, under fresh keys for `epoch`; gives the fresh root key.
    pub(crate) fn reseal(mut self, epoch: u64) -> Result<Key, VaultError> {
        let top = self.shape.height.saturating_sub(1);
        if !self.dirty.contains_key(&(top, 0)) {
            let root = self
                .read(top, 0, self.root)?
                .ok_or(VaultError::Corrupt { part: "key tree" })?;
            self.dirty.insert((top, 0), root);
        }
        // The map is ordered by level, so a parent is sealed after all its children have put their fresh keys into it.
        while let Some(((level, index), node)) = self.dirty.pop_first() {
            let fresh = fresh_key(self.random)?;
            self.write(level, index, epoch, &fresh, &node)?;
            if level == top {
                return Ok(fresh);
            }
            self.dirty
                .get_mut(&(level + 1, index / FAN_OUT))
                .ok_or(VaultError::Corrupt { part: "key tree" })?
                .set_child(index, &fresh)?;
        }
        Err(VaultError::Corrupt { part: "key tree" })
    }

    fn load_path(&mut self, slot: u64) -> Result<(), VaultError> {
        let mut key = self.root.clone();
        for level in (0..self.shape.height).rev() {
            let at = (level, node_index(slot, level));
            if !self.dirty.contains_key(&at) {
                let kept = self.opened.and_then(|opened| opened.look(level, at.1, Node::clone));
                let node = match kept {
                    Some(node) => node,
                    None => self
                        .read(level, at.1, &key)?
                        .ok_or(VaultError::Corrupt { part: "key tree" })?,
                };
                self.dirty.insert(at, node);
            }
            if let Some(node) = self.dirty.get(&at) {
                key = node.child(child_index(slot, level))?;
            }
        }
        Ok(())
    }

    /// What the node on `level` above `slot` holds for it: from the marked nodes, else from the store.
    fn child(&self, level: u8, slot: u64, key: &Key) -> Result<Option<Key>, VaultError> {
        let index = node_index(slot, level);
        let of = |node: &Node| node.child(child_index(slot, level));
        if let Some(node) = self.dirty.get(&(level, index)) {
            return of(node).map(Some);
        }
        if let Some(child) = self.opened.and_then(|opened| opened.look(level, index, of)) {
            return child.map(Some);
        }
        let Some(node) = self.read(level, index, key)? else {
            return Ok(None);
        };
        let child = of(&node)?;
        if let Some(opened) = self.opened.filter(|_| !self.written.borrow().contains(&(level, index))) {
            opened.keep(level, index, node);
        }
        Ok(Some(child))
    }

    fn read(&self, level: u8, index: u64, key: &Key) -> Result<Option<Node>, VaultError> {
        let Some(row) = self.store.node(level, index)? else {
            return Ok(None);
        };
        let place = Place::Node {
            level,
            index,
            epoch: row.epoch,
        };
        let keys = open(key, &self.shape.vault, &place, &row.sealed)?;
        if keys.len() != NODE_LEN {
            return Err(VaultError::Corrupt { part: "key tree" });
        }
        Ok(Some(Node(keys)))
    }

    fn write(&self, level: u8, index: u64, epoch: u64, key: &Key, node: &Node) -> Result<(), VaultError> {
        let place = Place::Node { level, index, epoch };
        let sealed = seal(self.random, key, &self.shape.vault, &place, &node.0)?;
        if let Some(opened) = self.opened {
            opened.forget(level, index);
            self.written.borrow_mut().insert((level, index));
        }
        self.store.put_node(level, index, &SealedNode { epoch, sealed })
    }
}

/// The index of the node on `level` above `slot`.
fn node_index(slot: u64, level: u8) -> u64 {
    slot / FAN_OUT.saturating_pow(u32::from(level) + 1)
}

/// The index, on the level below, of what the node on `level` holds the key of.
fn child_index(slot: u64, level: u8) -> u64 {
    slot / FAN_OUT.saturating_pow(u32::from(level))
}
