//! Everything that can happen within the bounds was looked at; each planted flaw is found.

use std::collections::BTreeSet;

use quittance_model::{Bounds, Flaw, World, tell};

/// One token, ended at once: two crashes, three charges, the phone's time runs out.
const AT_ONCE: Bounds = Bounds {
    tokens: 1,
    is_scheduled: false,
    permits: 3,
    crashes: 2,
    has_deadline: true,
};

/// One token, ended later: it can be taken back.
const LATER: Bounds = Bounds {
    is_scheduled: true,
    ..AT_ONCE
};

/// Two tokens of one phone, each ended by itself, beside each other.
const TWO: Bounds = Bounds {
    tokens: 2,
    permits: 1,
    crashes: 2,
    ..AT_ONCE
};

fn is_sound(bounds: Bounds) {
    let explored = World { bounds, flaw: None }.explore();
    let stories: Vec<String> = explored.violations.iter().map(|(what, how)| tell(what, how)).collect();
    assert!(stories.is_empty(), "{}", stories.join("\n"));
    assert!(
        explored.never_seen.is_empty(),
        "{:?} was never seen",
        explored.never_seen
    );
    println!("{bounds:?}: {} states", explored.states);
}

#[test]
fn one_token_that_ends_at_once() {
    is_sound(AT_ONCE);
}

#[test]
fn one_token_that_ends_later_or_is_taken_back() {
    is_sound(LATER);
}

#[test]
fn two_tokens_that_end_beside_each_other() {
    is_sound(TWO);
}

#[test]
fn each_planted_flaw_is_found_and_its_shortest_story_is_told() {
    let mut violated = BTreeSet::new();
    for flaw in Flaw::ALL {
        let found = [AT_ONCE, LATER].into_iter().find_map(|bounds| {
            let explored = World {
                bounds,
                flaw: Some(flaw),
            }
            .explore();
            violated.extend(explored.violations.iter().map(|(what, _)| *what));
            explored.violations.into_iter().min_by_key(|(_, how)| how.len())
        });
        let Some((what, how)) = found else {
            panic!("{flaw:?} was not found");
        };
        println!("{flaw:?}\n{}", tell(what, &how));
    }
    let sound = World {
        bounds: LATER,
        flaw: None,
    };
    for invariant in sound.invariants() {
        assert!(violated.contains(invariant), "no flaw violates: {invariant}");
    }
}
