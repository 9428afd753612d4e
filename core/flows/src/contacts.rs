//! Trusted contacts: who may vouch for a payer, from when on, how many it takes.

use crate::policy::{Policy, PolicyError};
use quittance_protocol::{AccountId, DeviceId, Digest32, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Seconds of a day: acquaintance is counted in whole days of 24 hours.
const DAY: i64 = 86_400;

/// One trusted contact of a payer's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// Whose account.
    pub account: AccountId,
    /// Since when the two are recorded as knowing each other.
    pub known_since: Timestamp,
    /// Whether the contact's real name is verified.
    pub verified: bool,
    /// The contact's devices.
    pub devices: BTreeSet<DeviceId>,
    /// Digest of the contact's number, where there is one.
    pub number: Option<Digest32>,
}

/// The payer who needs the contacts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requester {
    /// Whose account.
    pub account: AccountId,
    /// The payer's devices.
    pub devices: BTreeSet<DeviceId>,
    /// Digest of the payer's number, where there is one.
    pub number: Option<Digest32>,
}

/// Why somebody cannot vouch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// The real name is not verified.
    #[error("the real name is not verified")]
    NotVerified,
    /// The two do not know each other for long enough.
    #[error("not known for long enough")]
    TooNew,
    /// The same account, device or number as the payer's.
    #[error("not somebody else")]
    Same,
}

/// Why a set of contacts is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SetRefused {
    /// Fewer or more than the policy allows, each person counted once.
    #[error("name {min} to {max} different people")]
    Count {
        /// Fewest.
        min: u32,
        /// Most.
        max: u32,
    },
    /// One of them cannot vouch.
    #[error("contact {index}: {why}")]
    Unfit {
        /// Which, from 0.
        index: usize,
        /// Why.
        why: Unfit,
    },
    /// The bundle lacks a value.
    #[error(transparent)]
    Policy(#[from] PolicyError),
}

/// The people whom a payer named at one time. What is known about each of them is looked up when it matters, so that
/// nobody counts by what they were once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContactSet {
    /// When.
    pub set_at: Timestamp,
    /// Whom.
    pub people: Vec<AccountId>,
}

/// How somebody who was asked was heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Heard {
    /// By a statement that a phone of theirs signed, which names the requester and the purpose.
    Signed,
    /// They scanned the requester's code, which names both.
    Scanned,
    /// They opened the link of a text. It opens their app, and says nothing yet.
    LinkOpened,
}

/// What somebody who was asked answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    /// Who, by the key that signed it.
    pub account: AccountId,
    /// On which device.
    pub device: DeviceId,
    /// How it was heard.
    pub heard: Heard,
    /// Whether they stand for the payer.
    pub approves: bool,
    /// When.
    pub at: Timestamp,
}

/// Whether somebody may vouch now. Asked when a contact is named, and again when it is used.
///
/// # Errors
/// The inner error is the reason; [`PolicyError`] where the bundle lacks a value.
pub fn check(
    policy: &Policy,
    contact: &Contact,
    requester: &Requester,
    now: Timestamp,
) -> Result<Result<(), Unfit>, PolicyError> {
    let days = policy.quantity("recovery.trusted_contacts.known_days_gt")?.trunc();
    let same_number = contact.number.is_some() && contact.number == requester.number;
    let same_device = !contact.devices.is_disjoint(&requester.devices);
    Ok(if contact.account == requester.account || same_number || same_device {
        Err(Unfit::Same)
    } else if !contact.verified {
        Err(Unfit::NotVerified)
    } else if now.seconds_since(contact.known_since) <= days.saturating_mul(DAY) {
        Err(Unfit::TooNew)
    } else {
        Ok(())
    })
}

/// Takes a new set, or says why not. It counts only once its cooling-off is over, see [`eligible`].
///
/// # Errors
/// [`SetRefused`].
pub fn set(
    policy: &Policy,
    contacts: &[Contact],
    requester: &Requester,
    now: Timestamp,
) -> Result<ContactSet, SetRefused> {
    let (min, max) = how_many(policy)?;
    let people: BTreeSet<AccountId> = contacts.iter().map(|contact| contact.account).collect();
    let count = u32::try_from(people.len()).unwrap_or(u32::MAX);
    if people.len() != contacts.len() || !(min..=max).contains(&count) {
        return Err(SetRefused::Count { min, max });
    }
    for (index, contact) in contacts.iter().enumerate() {
        check(policy, contact, requester, now)?.map_err(|why| SetRefused::Unfit { index, why })?;
    }
    let people = contacts.iter().map(|contact| contact.account).collect();
    Ok(ContactSet { set_at: now, people })
}

/// Adds a set to those of before, and leaves out what will never count again.
///
/// # Errors
/// [`PolicyError`] where the bundle lacks a value.
pub fn added(policy: &Policy, sets: &[ContactSet], new: ContactSet) -> Result<Vec<ContactSet>, PolicyError> {
    let still = in_force(policy, sets, new.set_at)?.map(|set| set.set_at);
    let kept = sets.iter().filter(|set| still.is_none_or(|still| set.set_at >= still));
    Ok(kept.cloned().chain([new]).collect())
}

/// How few, how many people are named.
///
/// # Errors
/// [`PolicyError`] where the bundle lacks a value.
pub fn how_many(policy: &Policy) -> Result<(u32, u32), PolicyError> {
    Ok((number(policy, "min")?, number(policy, "max")?))
}

/// The set that counts now: the latest whose cooling-off is over. A thief who changes the contacts has to wait, while
/// the ones before still count.
fn in_force<'s>(
    policy: &Policy,
    sets: &'s [ContactSet],
    now: Timestamp,
) -> Result<Option<&'s ContactSet>, PolicyError> {
    let mut latest: Option<&ContactSet> = None;
    for set in sets {
        let counts_from = policy.moment("recovery.trusted_contacts.change_cooling_off", set.set_at)?;
        let later = latest.is_none_or(|latest| set.set_at >= latest.set_at);
        if now >= counts_from && later {
            latest = Some(set);
        }
    }
    Ok(latest)
}

/// Who may vouch now: the people of the set that counts, as far as each is fit by what is known of them now. The fact
/// `contacts_eligible` is their number.
///
/// # Errors
/// [`PolicyError`] where the bundle lacks a value.
pub fn eligible(
    policy: &Policy,
    sets: &[ContactSet],
    known: &[Contact],
    requester: &Requester,
    now: Timestamp,
) -> Result<Vec<AccountId>, PolicyError> {
    let mut fit = Vec::new();
    let Some(set) = in_force(policy, sets, now)? else {
        return Ok(fit);
    };
    for contact in known.iter().filter(|contact| set.people.contains(&contact.account)) {
        if check(policy, contact, requester, now)?.is_ok() {
            fit.push(contact.account);
        }
    }
    Ok(fit)
}

/// Whether an answer to a request that began then still counts.
///
/// # Errors
/// [`PolicyError`] where the bundle lacks a value.
pub fn in_time(policy: &Policy, began: Timestamp, answered: Timestamp) -> Result<bool, PolicyError> {
    let until = policy.moment("recovery.trusted_contacts.answers_by", began)?;
    Ok(answered < until)
}

/// How many independent people stand for the payer: the fact `contacts_confirmed`. Each person counts once, a person
/// who was not asked, who is unfit by now, or who only opened a link not at all, and two who answer on one device or
/// have one number are one. What came late does not count.
///
/// # Errors
/// [`PolicyError`] where the bundle lacks a value.
pub fn confirmed(
    policy: &Policy,
    asked: &[Contact],
    requester: &Requester,
    answers: &[Answer],
    began: Timestamp,
    now: Timestamp,
) -> Result<u32, PolicyError> {
    let mut people = BTreeSet::new();
    let mut devices = BTreeSet::new();
    let mut numbers = BTreeSet::new();
    for answer in answers {
        let confirms = answer.approves && answer.heard != Heard::LinkOpened && in_time(policy, began, answer.at)?;
        let contact = asked.iter().find(|contact| contact.account == answer.account);
        let Some(contact) = contact.filter(|_| confirms) else {
            continue;
        };
        let own = requester.devices.contains(&answer.device);
        let shared = devices.contains(&answer.device) || contact.number.is_some_and(|number| numbers.contains(&number));
        let twice = people.contains(&answer.account);
        if !own && !shared && !twice && check(policy, contact, requester, now)?.is_ok() {
            people.insert(answer.account);
            devices.insert(answer.device);
            numbers.extend(contact.number);
        }
    }
    Ok(u32::try_from(people.len()).unwrap_or(u32::MAX))
}

fn number(policy: &Policy, name: &str) -> Result<u32, PolicyError> {
    let number = policy.quantity(&format!("recovery.trusted_contacts.{name}"))?.trunc();
    Ok(u32::try_from(number).unwrap_or(0))
}

#[cfg(test)]
mod tests {
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
        check(&policy(), contact, &payer(), at(0)).unwrap()
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
        eligible(&policy(), sets, known, &payer(), at(second)).unwrap().len()
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
        let kept = added(&policy(), &sets, third.clone()).unwrap();
        assert_eq!(kept, [second.clone(), third.clone()], "the first never counts again");
        let early = ContactSet {
            set_at: at(11 * DAY),
            ..third
        };
        let kept = added(&policy(), &sets, early.clone()).unwrap();
        assert_eq!(kept, [first, second, early], "it still counts");
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
        confirmed(&policy(), asked, &payer(), answers, at(0), at(0)).unwrap()
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
}
