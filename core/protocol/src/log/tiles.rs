//! How the whole log is served: static tiles of hashes with bundles of entries (C2SP tlog-tiles).

use std::fmt;
use std::str::FromStr;

use crate::log::checkpoint::decimal;
use crate::log::merkle::{HashStore, MerkleError};

/// Hashes in a full tile, entries in a full bundle.
pub const FULL_WIDTH: u16 = 256;

/// Levels of the tree that one tile spans.
const TILE_HEIGHT: u8 = 8;

/// The media type of checkpoints.
pub const CHECKPOINT_TYPE: &str = "text/plain; charset=utf-8";

/// The media type of tiles, also of entry bundles.
pub const TILE_TYPE: &str = "application/octet-stream";

/// An entry is too long for its two-byte length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a log entry has at most 65,535 bytes")]
pub struct EntryTooLong;

/// What a tile holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TileKind {
    /// Hashes of this tile level, 0 to 63; one tile level is eight levels of the tree.
    Hashes(u8),
    /// Entries.
    Entries,
}

/// One static file of the log. `Display` writes its path below the log's prefix, `FromStr` reads it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tile {
    /// What it holds.
    pub kind: TileKind,
    /// Its place within its level.
    pub index: u64,
    /// How many hashes or entries it holds: 1 to 256.
    pub width: u16,
}

/// The path is not one of a tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected tile/<level or entries>/<index in x000/000 form> with an optional .p/<width>")]
pub struct BadTilePath;

impl Tile {
    /// Whether a log with `size` entries has this tile. A partial tile is also had by every later size; a full one
    /// stands for good.
    #[must_use]
    pub fn exists_at(&self, size: u64) -> bool {
        let level = match self.kind {
            TileKind::Hashes(level) => level,
            TileKind::Entries => 0,
        };
        let count = size.checked_shr(u32::from(level) * u32::from(TILE_HEIGHT)).unwrap_or(0);
        let end = u128::from(self.index) * u128::from(FULL_WIDTH) + u128::from(self.width);
        self.width > 0 && end <= u128::from(count)
    }

    /// Indexes of the first entry and of the one behind the last, for a bundle; the like for the hashes of a level.
    #[must_use]
    pub fn span(&self) -> std::ops::Range<u64> {
        let start = self.index.saturating_mul(u64::from(FULL_WIDTH));
        start..start.saturating_add(u64::from(self.width))
    }

    /// The bytes of a hash tile; nothing for a bundle, whose bytes come from [`bundle`].
    ///
    /// # Errors
    /// [`MerkleError::Missing`] where the store lacks a hash, [`MerkleError::OutOfRange`] for a bundle or a level
    /// beyond the tree.
    pub fn hashes(&self, store: &(impl HashStore + ?Sized)) -> Result<Vec<u8>, MerkleError> {
        let TileKind::Hashes(level) = self.kind else {
            return Err(MerkleError::OutOfRange);
        };
        let level = level.checked_mul(TILE_HEIGHT).ok_or(MerkleError::OutOfRange)?;
        let mut bytes = Vec::with_capacity(usize::from(self.width) * 32);
        for index in self.span() {
            bytes.extend(store.hash(level, index).ok_or(MerkleError::Missing { level, index })?);
        }
        Ok(bytes)
    }
}

/// The bytes of an entry bundle: each entry after its length, two bytes, big end first.
///
/// # Errors
/// [`EntryTooLong`].
pub fn bundle<'a>(entries: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<u8>, EntryTooLong> {
    let mut bytes = Vec::new();
    for entry in entries {
        let length = u16::try_from(entry.len()).map_err(|_| EntryTooLong)?;
        bytes.extend(length.to_be_bytes());
        bytes.extend(entry);
    }
    Ok(bytes)
}

/// Reads a bundle back.
///
/// # Errors
/// [`BadBundle`] where the bytes end within an entry.
pub fn open_bundle(mut bytes: &[u8]) -> Result<Vec<Vec<u8>>, BadBundle> {
    let mut entries = Vec::new();
    while !bytes.is_empty() {
        let (length, rest) = bytes.split_first_chunk::<2>().ok_or(BadBundle)?;
        let (entry, rest) = rest
            .split_at_checked(usize::from(u16::from_be_bytes(*length)))
            .ok_or(BadBundle)?;
        entries.push(entry.to_vec());
        bytes = rest;
    }
    Ok(entries)
}

/// The bytes end within an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the entry bundle ends within an entry")]
pub struct BadBundle;

impl fmt::Display for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            TileKind::Hashes(level) => write!(f, "tile/{level}/")?,
            TileKind::Entries => write!(f, "tile/entries/")?,
        }
        let digits = self.index.to_string();
        let padded = format!("{digits:0>width$}", width = digits.len().div_ceil(3) * 3);
        let mut groups = padded.as_bytes().chunks(3).peekable();
        while let Some(group) = groups.next() {
            let group = std::str::from_utf8(group).map_err(|_| fmt::Error)?;
            if groups.peek().is_some() {
                write!(f, "x{group}/")?
            } else {
                write!(f, "{group}")?
            }
        }
        if self.width == FULL_WIDTH {
            Ok(())
        } else {
            write!(f, ".p/{}", self.width)
        }
    }
}

impl FromStr for Tile {
    type Err = BadTilePath;

    /// Accepts exactly what `Display` writes.
    fn from_str(path: &str) -> Result<Self, BadTilePath> {
        let tile = read(path).ok_or(BadTilePath)?;
        if tile.to_string() == path {
            Ok(tile)
        } else {
            Err(BadTilePath)
        }
    }
}

fn read(path: &str) -> Option<Tile> {
    let (kind, place) = path.strip_prefix("tile/")?.split_once('/')?;
    let kind = match kind {
        "entries" => TileKind::Entries,
        level => TileKind::Hashes(
            decimal(level)
                .and_then(|level| u8::try_from(level).ok())
                .filter(|level| *level < 64)?,
        ),
    };
    let (place, width) = match place.split_once(".p/") {
        Some((place, width)) => (place, decimal(width).and_then(|width| u16::try_from(width).ok())?),
        None => (place, FULL_WIDTH),
    };
    let mut digits = String::new();
    for group in place.split('/') {
        digits.push_str(group.strip_prefix('x').unwrap_or(group));
    }
    let index = digits
        .bytes()
        .all(|digit| digit.is_ascii_digit())
        .then(|| digits.parse().ok())
        .flatten()?;
    (1..=FULL_WIDTH).contains(&width).then_some(Tile { kind, index, width })
}
