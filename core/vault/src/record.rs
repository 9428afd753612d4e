//! The name of a secret record.

/// What a record holds, as its caller counts kinds: 1 to 255. Kind 0 is the vault's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordKind(pub u8);

impl RecordKind {
    /// The vault's own records: the journal key.
    pub(crate) const RESERVED: Self = Self(0);
}

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

    /// The record that holds the journal key.
    pub(crate) const JOURNAL: Self = Self::new(RecordKind::RESERVED, [0; 16]);
}
