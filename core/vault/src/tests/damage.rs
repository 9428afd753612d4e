//! What a vault does whose file, or whose caller, is not as it should be.

use std::sync::Arc;

use super::support::{Disk, MemoryKeys};
use crate::{RootKeys as _, VaultError};

#[test]
fn a_file_of_no_bytes_beside_the_key_of_a_vault_is_damaged() {
    for length in [0, 1] {
        let (disk, keys) = (Disk::new(), Arc::new(MemoryKeys::default()));
        drop(disk.create(&keys));
        let whole = disk.image();
        std::fs::File::create(disk.file()).unwrap().set_len(length).unwrap();
        for refused in [disk.try_open(&keys), disk.try_create(&keys)] {
            assert!(matches!(refused, Err(VaultError::Corrupt { .. })), "{refused:?}");
        }
        assert_eq!(
            (std::fs::metadata(disk.file()).unwrap().len(), keys.epochs()),
            (length, vec![1])
        );
        // Controls: put back, it opens; without a key nothing ever stood there.
        whole.put(&disk);
        drop(disk.open(&keys));
        std::fs::File::create(disk.file()).unwrap();
        keys.delete(1).unwrap();
        assert!(matches!(disk.try_open(&keys), Err(VaultError::Missing)));
        disk.create(&keys);
    }
}
