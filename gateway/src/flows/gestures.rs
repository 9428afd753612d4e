//! The gestures that a recording has to show: drawn for each run at the gateway, the same whenever asked for.

use quittance_flows::Policy;
use quittance_protocol::{Digest32, FlowId};

use crate::secrets::MasterKey;

const PURPOSE: &str = "quittance-gateway/gestures/2";

/// Names of the gestures, in sequence. The vault's key decides with the run and its step: who begins a run cannot know
/// them beforehand, and an old recording shows other ones.
pub(super) fn asked(policy: &Policy, master: &MasterKey, flow: FlowId, step: &str) -> Vec<String> {
    let rules = &policy.evidence.gestures;
    let mut left = rules.known.clone();
    let mut asked = Vec::new();
    let secret = master.derive(PURPOSE, format!("{flow}\n{step}").as_bytes());
    let mut seed = Digest32::of(&*secret);
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
