//! Random lives of a vault against a map.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use super::support::{Disk, MemoryKeys, TOKEN, token};
use crate::{Destruction, VaultError};

#[derive(Debug, Clone)]
enum Step {
    Put(Vec<(u8, u8)>),
    Journal(u8, Option<u8>),
    Destroy(u8, Vec<u8>),
    Rotate(u8, u8),
    Reopen,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => prop::collection::vec((any::<u8>(), any::<u8>()), 1..20).prop_map(Step::Put),
        2 => (0..8_u8, any::<Option<u8>>()).prop_map(|(key, value)| Step::Journal(key, value)),
        3 => (0..12_u8, prop::collection::vec(any::<u8>(), 0..8)).prop_map(|(order, batch)| Step::Destroy(order, batch)),
        1 => (any::<u8>(), any::<u8>()).prop_map(|(number, value)| Step::Rotate(number, value)),
        2 => Just(Step::Reopen),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_vault_lives_like_a_map(steps in prop::collection::vec(step(), 1..40)) {
        let (disk, keys) = (Disk::new(), Arc::new(MemoryKeys::default()));
        let mut vault = disk.create(&keys);
        let mut records: BTreeMap<u8, u8> = BTreeMap::new();
        let mut journal: BTreeMap<u8, u8> = BTreeMap::new();
        let mut orders: BTreeMap<u8, (Destruction, Vec<u8>)> = BTreeMap::new();
        let mut epoch = 1;
        for step in steps {
            match step {
                Step::Put(puts) => {
                    vault.transact(|tx| puts.iter().try_for_each(|(number, value)| tx.put(&token(*number), &[*value])))
                        .unwrap();
                    records.extend(puts);
                }
                Step::Journal(key, Some(value)) => {
                    vault.transact(|tx| tx.journal_put("rows", &[key], &[value])).unwrap();
                    journal.insert(key, value);
                }
                Step::Journal(key, None) => {
                    let was = vault.transact(|tx| tx.journal_delete("rows", &[key])).unwrap();
                    prop_assert_eq!(was, journal.remove(&key).is_some());
                }
                Step::Destroy(order, batch) => {
                    let targets: Vec<_> = batch.iter().map(|number| token(*number)).collect();
                    let made = vault.destroy([order; 16], &targets, |_| Ok(()));
                    if let Some((first, known)) = orders.get(&order) {
                        let is_part = batch.iter().all(|number| known.contains(number));
                        match made {
                            Ok(made) => prop_assert!(is_part && made == *first),
                            Err(VaultError::OtherTargets) => prop_assert!(!is_part),
                            Err(other) => panic!("{other}"),
                        }
                    } else {
                        let made = made.unwrap();
                        let gone = batch.iter().filter(|number| records.remove(*number).is_some()).count();
                        prop_assert_eq!((made.destroyed.len(), made.epoch_old), (gone, epoch));
                        epoch += 1;
                        orders.insert(order, (made, batch));
                    }
                }
                Step::Rotate(number, value) => {
                    vault.rotate(|tx| {
                        tx.put(&token(number), &[0])?;
                        tx.put(&token(number), &[value])?;
                        Ok::<_, VaultError>(())
                    }).unwrap();
                    records.insert(number, value);
                    epoch += 1;
                }
                Step::Reopen => {
                    drop(vault);
                    vault = disk.open(&keys);
                }
            }
            prop_assert_eq!((vault.epoch(), keys.epochs()), (epoch, vec![epoch]));
        }
        let numbers: Vec<_> = records.keys().map(|number| [*number; 16]).collect();
        prop_assert_eq!(vault.records(TOKEN).unwrap(), numbers);
        for (number, value) in &records {
            let stored = vault.get(&token(*number)).unwrap().unwrap();
            prop_assert_eq!(stored.as_slice(), [*value]);
        }
        let rows: Vec<_> = journal.iter().map(|(key, value)| (vec![*key], vec![*value])).collect();
        prop_assert_eq!(vault.journal_list("rows").unwrap(), rows);
    }
}
