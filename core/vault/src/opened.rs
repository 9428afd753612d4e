//! Nodes of the key tree that were opened before, so that the way to a key is read once.

use std::cell::{Ref, RefCell};
use std::collections::HashMap;

use crate::tree::{Node, Spot};

/// Most nodes that are kept: all of a phone's, and every leaf of a gateway's first million records (about 33 MB).
const MOST: usize = 8_192;

/// Nodes as the file has them; each is wiped when it goes.
///
/// Only one connection writes the file, so what was read stays true until this connection writes it. A transaction keeps
/// the nodes that it writes to itself, and they come here when it has been committed.
#[derive(Default)]
pub(crate) struct OpenedNodes(RefCell<HashMap<Spot, Node>>);

impl OpenedNodes {
    /// A node, where it is kept.
    pub(crate) fn node(&self, spot: Spot) -> Option<Ref<'_, Node>> {
        Ref::filter_map(self.0.borrow(), |nodes| nodes.get(&spot)).ok()
    }

    /// Keeps a node instead of the one of before; where there are too many, the others go.
    pub(crate) fn keep(&self, spot: Spot, node: Node) {
        let mut nodes = self.0.borrow_mut();
        if nodes.len() >= MOST && !nodes.contains_key(&spot) {
            nodes.clear();
        }
        nodes.insert(spot, node);
    }
}
