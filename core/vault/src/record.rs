//! The name of a secret record.

/// What a record holds, as its caller counts kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordKind(pub u8);

/// The name of a record: kind with id. It stands in the file in clear, so an id must be random, not a person's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordKey {
    /// What the record holds.
    pub kind: RecordKind,
    /// Which one it is.
    pub id: [u8; 16],
}

impl RecordKey {
    /// Names a record.
    #[must_use]
    pub const fn new(kind: RecordKind, id: [u8; 16]) -> Self {
        Self { kind, id }
    }

    /// The name as one column of the file: the kind, then the id.
    pub(crate) fn name(&self) -> [u8; 17] {
        let mut name = [self.kind.0; 17];
        name.iter_mut().skip(1).zip(self.id).for_each(|(to, from)| *to = from);
        name
    }
}
