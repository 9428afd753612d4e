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

/// A payer's contacts as they were set at one time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactSet {
    /// When.
    pub set_at: Timestamp,
    /// Who.
    pub contacts: Vec<Contact>,
}

/// What somebody who was asked answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    /// Who, by the key that signed it.
    pub account: AccountId,
    /// On which device.
    pub device: DeviceId,
    /// Whether they stand for the payer.
    pub approves: bool,
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

/// Takes a new set, or says why not. It counts only once its cooling-off is over, see [`in_force`].
///
/// # Errors
/// [`SetRefused`].
pub fn set(
    policy: &Policy,
    contacts: Vec<Contact>,
    requester: &Requester,
    now: Timestamp,
) -> Result<ContactSet, SetRefused> {
    let (min, max) = (number(policy, "min")?, number(policy, "max")?);
    let people: BTreeSet<AccountId> = contacts.iter().map(|contact| contact.account).collect();
    let count = u32::try_from(people.len()).unwrap_or(u32::MAX);
    if people.len() != contacts.len() || !(min..=max).contains(&count) {
        return Err(SetRefused::Count { min, max });
    }
    for (index, contact) in contacts.iter().enumerate() {
        check(policy, contact, requester, now)?.map_err(|why| SetRefused::Unfit { index, why })?;
    }
    Ok(ContactSet { set_at: now, contacts })
}

/// The set that counts now: the latest whose cooling-off is over. A thief who changes the contacts has to wait, while
/// the ones before still count.
///
/// # Errors
/// [`PolicyError`] where the bundle lacks a value.
pub fn in_force<'s>(
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

/// The people of a set who may vouch now: the fact `contacts_eligible` is their number.
///
/// # Errors
/// [`PolicyError`] where the bundle lacks a value.
pub fn eligible<'s>(
    policy: &Policy,
    set: &'s ContactSet,
    requester: &Requester,
    now: Timestamp,
) -> Result<Vec<&'s Contact>, PolicyError> {
    let mut fit = Vec::new();
    for contact in &set.contacts {
        if check(policy, contact, requester, now)?.is_ok() {
            fit.push(contact);
        }
    }
    Ok(fit)
}

/// How many independent people stand for the payer: the fact `contacts_confirmed`. Each person counts once, a person
/// who was not asked or is unfit by now not at all, and two who answer on one device are one.
///
/// # Errors
/// [`PolicyError`] where the bundle lacks a value.
pub fn confirmed(
    policy: &Policy,
    asked: &[&Contact],
    requester: &Requester,
    answers: &[Answer],
    now: Timestamp,
) -> Result<u32, PolicyError> {
    let mut people = BTreeSet::new();
    let mut devices = BTreeSet::new();
    for answer in answers.iter().filter(|answer| answer.approves) {
        let Some(contact) = asked.iter().find(|contact| contact.account == answer.account) else {
            continue;
        };
        let independent = !requester.devices.contains(&answer.device) && !devices.contains(&answer.device);
        if independent && !people.contains(&answer.account) && check(policy, contact, requester, now)?.is_ok() {
            people.insert(answer.account);
            devices.insert(answer.device);
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
        let sized = |count| set(&policy(), people(count), &payer(), at(0));
        let refused = Err(SetRefused::Count { min: 3, max: 5 });
        assert_eq!(sized(2), refused);
        assert!(sized(3).is_ok());
        assert!(sized(5).is_ok());
        assert_eq!(sized(6), refused);
        let mut twice = people(2);
        twice.push(contact(1));
        assert_eq!(set(&policy(), twice, &payer(), at(0)), refused);
    }

    //
    #[test]
    fn a_set_with_somebody_unfit_is_refused_and_says_who() {
        let mut some = people(3);
        some[2].verified = false;
        let refused = set(&policy(), some, &payer(), at(0));
        assert_eq!(
            refused,
            Err(SetRefused::Unfit {
                index: 2,
                why: Unfit::NotVerified
            })
        );
    }

    //
    #[test]
    fn a_changed_set_counts_after_72_hours_and_the_one_before_until_then() {
        let first = ContactSet {
            set_at: at(-10 * DAY),
            contacts: people(3),
        };
        let second = set(&policy(), people(4), &payer(), at(0)).unwrap();
        let sets = [first, second];
        let size = |second| {
            in_force(&policy(), &sets, at(second))
                .unwrap()
                .map(|set| set.contacts.len())
        };
        assert_eq!(size(3 * DAY - 1), Some(3));
        assert_eq!(size(3 * DAY), Some(4));
        assert_eq!(in_force(&policy(), &sets[1..], at(0)).unwrap(), None);
    }

    //
    #[test]
    fn who_became_unfit_since_does_not_count_at_use() {
        let mut known = set(&policy(), people(3), &payer(), at(0)).unwrap();
        assert_eq!(eligible(&policy(), &known, &payer(), at(1)).unwrap().len(), 3);
        known.contacts[0].verified = false;
        assert_eq!(eligible(&policy(), &known, &payer(), at(1)).unwrap().len(), 2);
    }

    // R-106 R-107
    #[test]
    fn confirmations_count_each_independent_person_once() {
        let contacts = people(3);
        let asked: Vec<&Contact> = contacts.iter().collect();
        let yes = |who: u8, on: u8| Answer {
            account: AccountId::from_bytes([who; 16]),
            device: device(on),
            approves: true,
        };
        let count = |answers: &[Answer]| confirmed(&policy(), &asked, &payer(), answers, at(0)).unwrap();
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
}
