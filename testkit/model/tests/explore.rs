//! Everything that can happen within the bounds was looked at; each planted flaw is found.

use std::collections::BTreeSet;

use quittance_model::{Bounds, Flaw, Outcome, Phones, Violation, World, tell};

/// One token of one phone, ended at once: two permits and one more, two crashes, the phone lost or too late.
const AT_ONCE: Bounds = Bounds {
    phones: Phones::One,
    tokens: 1,
    is_scheduled: false,
    permits: 2,
    renewals: 1,
    crashes: 2,
    has_loss: true,
    has_deadline: true,
};

/// One token, ended later: it can be taken back.
const LATER: Bounds = Bounds {
    is_scheduled: true,
    ..AT_ONCE
};

/// Two tokens of one phone, each ended by itself, beside each other: one permit each.
const TWO_TOKENS: Bounds = Bounds {
    tokens: 2,
    permits: 1,
    renewals: 0,
    ..AT_ONCE
};

/// Two phones of one account, each with the half of one of two tokens: two crashes, one phone lost, or too late.
const APART: Bounds = Bounds {
    phones: Phones::Apart,
    ..TWO_TOKENS
};

/// A phone with a copy of it, and one token: one permit, and one more on each, one crash, one phone lost, or too late.
const COPIED: Bounds = Bounds {
    phones: Phones::Copied,
    permits: 1,
    renewals: 1,
    crashes: 1,
    ..AT_ONCE
};

/// A phone with a copy of it, and two tokens that nobody charges: one crash.
const TWO_COPIED: Bounds = Bounds {
    phones: Phones::Copied,
    tokens: 2,
    is_scheduled: false,
    permits: 0,
    renewals: 0,
    crashes: 1,
    has_loss: false,
    has_deadline: false,
};

/// The same without a crash: one phone lost, or too late.
const TWO_COPIED_LATE: Bounds = Bounds {
    crashes: 0,
    has_loss: true,
    has_deadline: true,
    ..TWO_COPIED
};

/// Looks at all of a world. How many states there are stands in docs/claims.md.
fn is_sound(bounds: Bounds, states: usize) {
    let explored = World::new(bounds, None).explore();
    let stories: Vec<String> = explored.violations.iter().map(tell).collect();
    assert!(stories.is_empty(), "{}", stories.join("\n"));
    assert!(
        explored.never_seen.is_empty(),
        "{:?} was never seen",
        explored.never_seen
    );
    assert_eq!(explored.states, states, "{bounds:?}");
}

#[test]
fn one_token_that_ends_at_once() {
    is_sound(AT_ONCE, 10_200);
}

#[test]
fn one_token_that_ends_later_or_is_taken_back() {
    is_sound(LATER, 36_378);
}

#[test]
fn two_tokens_that_end_beside_each_other() {
    is_sound(TWO_TOKENS, 61_832);
}

#[test]
fn two_phones_of_one_account_with_a_half_each() {
    is_sound(APART, 92_162);
}

#[test]
fn a_phone_and_its_copy() {
    is_sound(COPIED, 117_234);
}

#[test]
fn a_phone_and_its_copy_with_two_tokens() {
    is_sound(TWO_COPIED, 60_510);
}

/// Finds a flaw in the first world that shows it, and tells its shortest story.
fn find(flaw: Flaw, worlds: &[Bounds]) -> Option<Violation> {
    let violation = worlds
        .iter()
        .find_map(|bounds| World::new(*bounds, Some(flaw)).shortest())?;
    println!("{flaw:?}\n{}", tell(&violation));
    Some(violation)
}

#[test]
fn a_phone_and_its_copy_with_two_tokens_one_lost_or_too_late() {
    is_sound(TWO_COPIED_LATE, 298_524);
}

#[test]
fn a_stop_that_goes_round_in_a_circle_is_found_though_no_state_of_it_is_wrong() {
    let violation = find(Flaw::WaitsAnew, &[AT_ONCE]).unwrap();
    let outcome = violation.goes_on.map(|(_, outcome)| outcome);
    assert_eq!(outcome, Some(Outcome::GoesOnWithoutEnd));
}

#[test]
fn each_planted_flaw_is_found_and_its_shortest_story_is_told() {
    let mut violated = BTreeSet::new();
    for flaw in Flaw::OF_ONE_PHONE {
        violated.insert(
            find(flaw, &[AT_ONCE, LATER])
                .unwrap_or_else(|| panic!("{flaw:?} was not found"))
                .what,
        );
    }
    for flaw in Flaw::OF_TWO_PHONES {
        assert_eq!(find(flaw, &[AT_ONCE]), None, "{flaw:?} takes a second phone");
        violated.insert(
            find(flaw, &[APART, COPIED])
                .unwrap_or_else(|| panic!("{flaw:?} was not found"))
                .what,
        );
    }
    for invariant in World::new(LATER, None).invariants() {
        assert!(violated.contains(invariant), "no flaw violates: {invariant}");
    }
}
