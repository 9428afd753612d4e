//! What an attacker has of the keys that stand on a disk.

use std::collections::BTreeSet;

use quittance_disk::{Operation, RecordingDisk};
use quittance_gateway::{Shelf as _, ShelfCustodian};
use quittance_vault::RootKeys as _;
use zeroize::Zeroizing;

use crate::life::custodian;

/// How the files of a custodian's keys begin.
const SLOT: &str = "slot-";

/// Keys by their epochs, each with the custodian that holds it.
pub(crate) struct StolenKeys(Vec<(u64, ShelfCustodian<RecordingDisk>)>);

impl StolenKeys {
    /// Every key that the disk's custodian holds now, be it of this epoch or made ahead.
    pub(crate) fn of_today(disk: &RecordingDisk) -> Self {
        Self(held(disk))
    }

    /// Every key that was ever written to the disk.
    pub(crate) fn of_all_times(disk: &RecordingDisk) -> Self {
        let history = disk.history();
        let pages: BTreeSet<(&str, &[u8])> = history.operations().iter().filter_map(key_page).collect();
        let shelves = pages.into_iter().map(|(slot, page)| {
            let shelf = RecordingDisk::default();
            shelf.write(slot, page).unwrap();
            shelf
        });
        Self(shelves.flat_map(|shelf| held(&shelf)).collect())
    }

    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// What one of the keys makes of a wrapped root.
    pub(crate) fn unwrap(&self, root: &[u8]) -> Option<Zeroizing<[u8; 32]>> {
        self.0.iter().find_map(|(epoch, keys)| keys.unwrap(*epoch, root).ok())
    }
}

/// The keys that stand on a disk.
fn held(disk: &RecordingDisk) -> Vec<(u64, ShelfCustodian<RecordingDisk>)> {
    let epochs = custodian(disk).epochs().unwrap().into_iter();
    epochs.map(|epoch| (epoch, custodian(disk))).collect()
}

/// What was written to the file of a key.
fn key_page(operation: &Operation) -> Option<(&str, &[u8])> {
    match operation {
        Operation::Write { file, bytes, .. } if file.starts_with(SLOT) => Some((file, bytes)),
        _ => None,
    }
}
