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

#[cfg(test)]
mod tests {
    use super::*;
    use quittance_flows::policy::DEFAULT_BUNDLE;

    //
    #[test]
    fn the_gestures_are_of_the_policy_each_once_and_known_to_nobody_without_the_key() {
        let policy = Policy::load(DEFAULT_BUNDLE).unwrap();
        let draw = |key: u8, run: u8| {
            let master = MasterKey::of_test([key; 32]);
            asked(&policy, &master, FlowId::from_bytes([run; 16]), "gesture_video")
        };
        for run in 0..50 {
            let drawn = draw(1, run);
            assert_eq!(drawn.len(), 3);
            let distinct: std::collections::BTreeSet<_> = drawn.iter().collect();
            assert_eq!(distinct.len(), 3, "{drawn:?}");
            assert!(drawn.iter().all(|name| policy.evidence.gestures.known.contains(name)));
            assert_eq!(drawn, draw(1, run), "asked again they are the same");
        }
        assert!((0..50).any(|run| draw(1, run) != draw(2, run)), "the key decides");
        assert!((1..50).any(|run| draw(1, run) != draw(1, 0)), "the run decides");
    }
}
