//! Who may vouch, from when on, whose word counts.

use super::*;
use crate::policy::DEFAULT_BUNDLE;

fn policy() -> Policy {
    Policy::load(DEFAULT_BUNDLE).unwrap()
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_unix(1_800_000_000 + second).unwrap()
}

fn contact(who: u8) -> Contact {
    Contact {
        account: AccountId::from_bytes([who; 16]),
        known_since: at(-181 * DAY),
        verified: true,
        devices: BTreeSet::from([device(who)]),
        number: Some(Digest32::of(&[who])),
    }
}

fn device(who: u8) -> DeviceId {
    DeviceId::from_bytes([who; 16])
}

fn payer() -> Requester {
    Requester {
        account: AccountId::from_bytes([100; 16]),
        devices: BTreeSet::from([device(100)]),
        number: Some(Digest32::of(&[100])),
    }
}

fn people(count: u8) -> Vec<Contact> {
    (1..=count).map(contact).collect()
}

fn fit(contact: &Contact) -> Result<(), Unfit> {
    check(&policy(), contact, &payer(), at(0))
}

//
#[test]
fn who_is_known_for_180_days_is_too_new_and_a_second_longer_is_fit() {
    let known = |seconds: i64| {
        fit(&Contact {
            known_since: at(-seconds),
            ..contact(1)
        })
    };
    assert_eq!(known(180 * DAY - 1), Err(Unfit::TooNew));
    assert_eq!(known(180 * DAY), Err(Unfit::TooNew));
    assert_eq!(known(180 * DAY + 1), Ok(()));
    assert_eq!(known(181 * DAY), Ok(()));
}

//
#[test]
fn who_is_not_verified_cannot_vouch() {
    let nameless = Contact {
        verified: false,
        ..contact(1)
    };
    assert_eq!(fit(&nameless), Err(Unfit::NotVerified));
}

//
#[test]
fn the_payers_own_account_device_or_number_does_not_count() {
    let own_account = Contact {
        account: payer().account,
        ..contact(1)
    };
    let own_device = Contact {
        devices: payer().devices,
        ..contact(1)
    };
    let own_number = Contact {
        number: payer().number,
        ..contact(1)
    };
    for same in [own_account, own_device, own_number] {
        assert_eq!(fit(&same), Err(Unfit::Same));
    }
    let without_number = Contact {
        number: None,
        ..contact(1)
    };
    assert_eq!(fit(&without_number), Ok(()));
}

//
#[test]
fn three_to_five_different_people_are_a_set() {
    let sized = |count| set(&policy(), &people(count), &payer(), at(0));
    let refused = Err(SetRefused::Count { min: 3, max: 5 });
    assert_eq!(sized(2), refused);
    assert!(sized(3).is_ok());
    assert!(sized(5).is_ok());
    assert_eq!(sized(6), refused);
    let mut twice = people(2);
    twice.push(contact(1));
    assert_eq!(set(&policy(), &twice, &payer(), at(0)), refused);
}

//
#[test]
fn a_set_with_somebody_unfit_is_refused_and_says_who() {
    let mut some = people(3);
    some[2].verified = false;
    let refused = set(&policy(), &some, &payer(), at(0));
    assert_eq!(
        refused,
        Err(SetRefused::Unfit {
            index: 2,
            why: Unfit::NotVerified
        })
    );
}

/// How many of a payer's people may vouch at a second.
fn may_vouch(sets: &[ContactSet], known: &[Contact], second: i64) -> usize {
    eligible(&policy(), sets, known, &payer(), at(second)).len()
}

//
#[test]
fn a_changed_set_counts_after_72_hours_and_the_one_before_until_then() {
    let known = people(4);
    let first = set(&policy(), &known[..3], &payer(), at(0)).unwrap();
    let second = set(&policy(), &known, &payer(), at(10 * DAY)).unwrap();
    let sets = [first.clone(), second.clone()];
    assert_eq!(may_vouch(&sets, &known, 13 * DAY - 1), 3);
    assert_eq!(may_vouch(&sets, &known, 13 * DAY), 4);
    assert_eq!(may_vouch(&sets[1..], &known, 13 * DAY - 1), 0, "a first set waits, too");
    let third = ContactSet {
        set_at: at(14 * DAY),
        ..first.clone()
    };
    let kept = added(&policy(), &sets, third.clone());
    assert_eq!(kept, [second, third], "the first never counts again");
}

//
#[test]
fn naming_anew_withdraws_what_still_cools_off_and_the_set_in_force_counts_until_then() {
    let known = people(5);
    let named = |people: &[Contact], second| set(&policy(), people, &payer(), at(second)).unwrap();
    // Hours after the thief named somebody.
    let after = |hours: i64| 10 * DAY + hours * 3_600;
    let friends = named(&known[..3], 0);
    let thiefs = named(&known[..4], after(0));
    let owners = named(&known, after(10));
    let kept = added(&policy(), &[friends.clone(), thiefs.clone()], owners.clone());
    assert_eq!(kept, [friends.clone(), owners.clone()]);
    // The same where all three of them were kept.
    for sets in [kept, vec![friends, thiefs, owners]] {
        for (second, count) in [(after(10), 3), (after(72), 3), (after(82) - 1, 3), (after(82), 5)] {
            let counting = may_vouch(&sets, &known, second);
            assert_eq!(counting, count, "{} sets, {second}", sets.len());
        }
    }
}

// R-103 R-082
#[test]
fn a_payer_is_told_from_when_on_the_newest_set_counts_and_nothing_once_it_does() {
    let known = people(3);
    let first = set(&policy(), &known, &payer(), at(0)).unwrap();
    let second = set(&policy(), &known, &payer(), at(10 * DAY)).unwrap();
    let waits = |sets: &[ContactSet], second| counts_from(&policy(), sets, at(second));
    assert_eq!(waits(&[], 0), None);
    let both = [first, second];
    assert_eq!(waits(&both, 13 * DAY - 1), Some(at(13 * DAY)));
    assert_eq!(waits(&both, 13 * DAY), None);
}

//
#[test]
fn who_became_unfit_since_does_not_count_at_use() {
    let mut known = people(3);
    let sets = [set(&policy(), &known, &payer(), at(0)).unwrap()];
    assert_eq!(may_vouch(&sets, &known, 3 * DAY), 3);
    known[0].verified = false;
    assert_eq!(may_vouch(&sets, &known, 3 * DAY), 2);
    assert_eq!(may_vouch(&sets, &known[1..2], 3 * DAY), 1, "whom nobody knows any more");
}

fn yes(who: u8, on: u8) -> Answer {
    Answer {
        account: AccountId::from_bytes([who; 16]),
        device: device(on),
        heard: Heard::Signed,
        approves: true,
        at: at(0),
    }
}

fn count_of(asked: &[Contact], answers: &[Answer]) -> u32 {
    confirmed(&policy(), asked, &payer(), answers, at(0), at(0))
}

// R-106 R-107
#[test]
fn confirmations_count_each_independent_person_once() {
    let count = |answers: &[Answer]| count_of(&people(3), answers);
    assert_eq!(count(&[yes(1, 1), yes(2, 2)]), 2);
    assert_eq!(count(&[yes(1, 1), yes(1, 11)]), 1, "twice the same person");
    assert_eq!(count(&[yes(1, 1), yes(2, 1)]), 1, "two people on one device");
    assert_eq!(count(&[yes(1, 100), yes(2, 2)]), 1, "on the payer's own device");
    assert_eq!(count(&[yes(9, 9), yes(2, 2)]), 1, "somebody who was not asked");
    let no = Answer {
        approves: false,
        ..yes(1, 1)
    };
    assert_eq!(count(&[no, yes(2, 2)]), 1);
}

//
#[test]
fn two_people_with_one_number_are_one_and_the_payers_own_number_is_nobody() {
    let with = |number: Option<Digest32>| {
        let mut asked = people(3);
        asked[0].number = number;
        count_of(&asked, &[yes(1, 1), yes(2, 2)])
    };
    assert_eq!(with(Some(Digest32::of(&[1]))), 2);
    assert_eq!(with(None), 2, "a number that nobody knows is no reason");
    assert_eq!(with(Some(Digest32::of(&[2]))), 1);
    assert_eq!(with(payer().number), 1);
}

//
#[test]
fn a_link_that_was_opened_confirms_nothing_and_a_code_that_was_scanned_does() {
    let heard = |heard| {
        let answer = Answer { heard, ..yes(1, 1) };
        count_of(&people(3), &[answer, yes(2, 2)])
    };
    assert_eq!(heard(Heard::LinkOpened), 1);
    assert_eq!(heard(Heard::Scanned), 2);
    assert_eq!(heard(Heard::Signed), 2);
    let link = Answer {
        heard: Heard::LinkOpened,
        ..yes(1, 11)
    };
    let both = count_of(&people(3), &[link, yes(1, 1), yes(2, 2)]);
    assert_eq!(both, 2, "nor does it stand in the way");
}

//
#[test]
fn an_answer_at_minute_30_does_not_count_and_a_second_before_does() {
    let answered = |second| {
        let late = Answer {
            at: at(second),
            ..yes(1, 1)
        };
        count_of(&people(3), &[late, yes(2, 2)])
    };
    assert_eq!(answered(30 * 60 - 1), 2);
    assert_eq!(answered(30 * 60), 1);
}
