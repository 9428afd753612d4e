//! What a machine finds on its disk after it lost its power.

use crate::history::{Files, History, Operation, apply};

/// What decides what was written and what was not: a source of numbers with a seed.
pub struct Chance(Box<dyn FnMut() -> u64 + Send>);

impl Chance {
    /// Takes a source.
    #[must_use]
    pub fn new(source: impl FnMut() -> u64 + Send + 'static) -> Self {
        Self(Box::new(source))
    }

    /// A number below `end`; 0 where there is none.
    pub fn below(&mut self, end: usize) -> usize {
        let number = usize::try_from((self.0)() >> 1).unwrap_or_default();
        number.checked_rem(end).unwrap_or_default()
    }

    fn one_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }
}

/// What a sector holds on one disk, what a page holds on another: a write is torn at either.
const PIECES: [usize; 2] = [512, 4_096];

/// The files that may be found when the power went after the first `moment` operations.
pub(crate) fn find(history: &History, moment: usize, chance: &mut Chance) -> History {
    let happened: Vec<&Operation> = history.operations().iter().take(moment).collect();
    let mut files = history.began_with().clone();
    let mut open: Vec<&Operation> = Vec::new();
    for operation in happened {
        let (settled, rest): (Vec<_>, Vec<_>) = open.into_iter().partition(|before| before.is_settled_by(operation));
        settled.into_iter().for_each(|operation| apply(&mut files, operation));
        let (given_up, rest): (Vec<_>, Vec<_>) = rest.into_iter().partition(|before| before.is_given_up_by(operation));
        if !given_up.is_empty() {
            // Before anything later is: what is written afterwards stands above it.
            lose(&mut files, given_up, chance);
        }
        open = rest;
        open.push(operation);
    }
    lose(&mut files, open, chance);
    History::of(files)
}

/// Of what was not synced, writes as much as chance wants.
fn lose(files: &mut Files, open: Vec<&Operation>, chance: &mut Chance) {
    let mut kept: Vec<Operation> = match chance.below(4) {
        0 => Vec::new(),
        1 => open.into_iter().cloned().collect(),
        2 => {
            let first = chance.below(open.len() + 1);
            open.into_iter().take(first).cloned().collect()
        }
        _ => open.into_iter().filter(|_| !chance.one_in(2)).cloned().collect(),
    };
    if chance.one_in(2) {
        kept = kept.into_iter().flat_map(|operation| tear(operation, chance)).collect();
    }
    // In any sequence, so that an earlier word may outlive a later one of its place: harsher than a disk, which reorders places.
    if chance.one_in(2) {
        shuffle(&mut kept, chance);
    }
    kept.iter().for_each(|operation| apply(files, operation));
}

/// Some of the pieces that a write came in.
fn tear(operation: Operation, chance: &mut Chance) -> Vec<Operation> {
    let Operation::Write { file, at, bytes } = &operation else {
        return vec![operation];
    };
    let size = PIECES.get(chance.below(PIECES.len())).copied().unwrap_or(512);
    let mut pieces = Vec::new();
    let mut from = 0;
    while from < bytes.len() {
        // Pieces end where the disk's own do, wherever the write began.
        let end = (size - at.saturating_add(from) % size)
            .saturating_add(from)
            .min(bytes.len());
        if !chance.one_in(3) {
            pieces.push(Operation::Write {
                file: file.clone(),
                at: at.saturating_add(from),
                bytes: bytes.get(from..end).unwrap_or_default().to_vec(),
            });
        }
        from = end;
    }
    pieces
}

fn shuffle(operations: &mut [Operation], chance: &mut Chance) {
    for last in (1..operations.len()).rev() {
        operations.swap(last, chance.below(last + 1));
    }
}
