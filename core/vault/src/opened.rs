//! Nodes of the key tree that were opened before, so that the way to a key is read once.

use std::cell::RefCell;
use std::collections::HashMap;

use crate::tree::Node;

/// Most nodes that are kept: all of a phone's, and every leaf of a gateway's first million records (about 33 MB).
const MOST: usize = 16_384;

/// Nodes as the file has them, by level and index; each is wiped when it goes.
///
/// Only one connection writes the file, so what was read stays true until this connection writes it. Whoever writes a node
/// forgets it here first, and keeps nothing that a transaction may still take back.
#[derive(Default)]
pub(crate) struct OpenedNodes(RefCell<HashMap<(u8, u64), Node>>);

impl OpenedNodes {
    /// Looks at a node, where it is kept.
    pub(crate) fn look<T>(&self, level: u8, index: u64, at: impl FnOnce(&Node) -> T) -> Option<T> {
        self.0.borrow().get(&(level, index)).map(at)
    }

    /// Keeps a node; where there are too many, the others go.
    pub(crate) fn keep(&self, level: u8, index: u64, node: Node) {
        let mut nodes = self.0.borrow_mut();
        if nodes.len() >= MOST {
            nodes.clear();
        }
        nodes.insert((level, index), node);
    }

    /// Wipes a node.
    pub(crate) fn forget(&self, level: u8, index: u64) {
        self.0.borrow_mut().remove(&(level, index));
    }
}
