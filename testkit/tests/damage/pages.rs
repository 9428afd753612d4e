//! Ways in which a page of an SQLite file goes bad.

/// The bytes of a page, as both files have them.
pub(crate) const PAGE: usize = 4_096;

/// What happens to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Damage {
    /// One bit is another.
    Bit { byte: usize, bit: u8 },
    /// A page was never written.
    Zeros { page: usize },
    /// A page holds another page's bytes.
    Other { page: usize, of: usize },
    /// The file ends early.
    Cut { length: usize },
}

impl Damage {
    /// The file afterwards.
    pub(crate) fn on(self, file: &[u8]) -> Vec<u8> {
        let mut damaged = file.to_vec();
        let range = |page: usize| page * PAGE..(page + 1) * PAGE;
        match self {
            Self::Bit { byte, bit } => damaged[byte] ^= 1 << bit,
            Self::Zeros { page } => damaged[range(page)].fill(0),
            Self::Other { page, of } => damaged[range(page)].copy_from_slice(&file[range(of)]),
            Self::Cut { length } => damaged.truncate(length),
        }
        damaged
    }
}

/// Bits of every page in turn: the beginning, where its structure stands, closely, and the rest at `many` places.
pub(crate) fn flipped(file: &[u8], many: usize) -> Vec<Damage> {
    let mut all = Vec::new();
    let mut chance = fastrand::Rng::with_seed(0x5eed);
    for page in 0..file.len() / PAGE {
        let header = if page == 0 { 112 } else { 16 };
        let body = (0..many).map(|_| chance.usize(..PAGE));
        for (number, byte) in (0..header).chain(body).enumerate() {
            let bit = u8::try_from((number + byte) % 8).unwrap();
            all.push(Damage::Bit {
                byte: page * PAGE + byte,
                bit,
            });
        }
    }
    all
}

/// Pages that are empty, pages that changed places, files that end early.
pub(crate) fn broken(file: &[u8]) -> Vec<Damage> {
    let pages = file.len() / PAGE;
    let zeros = (0..pages).map(|page| Damage::Zeros { page });
    let other = (0..pages).map(|page| Damage::Other {
        page,
        of: (page + 1) % pages,
    });
    // Not one byte: SQLite takes that for a file that is still empty.
    let cut = (0..pages).flat_map(|page| [2, 100, 1_000, PAGE].map(|more| page * PAGE + more));
    let cut = cut
        .filter(|length| *length < file.len())
        .map(|length| Damage::Cut { length });
    zeros.chain(other).chain(cut).collect()
}
