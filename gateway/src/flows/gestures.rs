//! The gestures that a recording has to show: drawn anew for each run, the same for everybody who asks.

use quittance_flows::Policy;
use quittance_protocol::{B64, Digest32};

/// Names of the gestures, in sequence. The run's nonce decides, so that an old recording shows other ones.
pub(super) fn asked(policy: &Policy, nonce: &B64) -> Vec<String> {
    let rules = &policy.evidence.gestures;
    let mut left = rules.known.clone();
    let mut asked = Vec::new();
    let mut seed = Digest32::of_parts(&[b"quittance-gateway/gestures/1\n", nonce.as_slice()]);
    for _ in 0..rules.asked {
        let [first, ..] = *seed.as_bytes();
        let Some(place) = usize::from(first).checked_rem(left.len()) else {
            break;
        };
        asked.push(left.remove(place));
        seed = Digest32::of(seed.as_bytes());
    }
    asked
}
