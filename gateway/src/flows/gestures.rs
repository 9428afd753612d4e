//! The gestures that a recording has to show: drawn anew for each run, the same for everybody who asks.

use quittance_flows::Policy;
use quittance_protocol::{B64, Digest32, Quantity};

use crate::failure::Failure;

/// Names of the gestures, in sequence. The run's nonce decides, so that an old recording shows other ones.
pub(super) fn asked(policy: &Policy, nonce: &B64) -> Result<Vec<String>, Failure> {
    let damaged = |_| Failure::Damaged("a policy");
    let mut known = policy.list("evidence.gestures.known").map_err(damaged)?;
    let count = policy.quantity("evidence.gestures.asked").map_or(0, Quantity::trunc);
    let mut asked = Vec::new();
    let mut seed = Digest32::of_parts(&[b"quittance-gateway/gestures/1\n", nonce.as_slice()]);
    while i64::try_from(asked.len()).is_ok_and(|len| len < count) && !known.is_empty() {
        let [first, ..] = *seed.as_bytes();
        let place = usize::from(first) % known.len();
        asked.push(known.remove(place).to_owned());
        seed = Digest32::of(seed.as_bytes());
    }
    Ok(asked)
}
