//! Trusted contacts: who may vouch for a payer, from when on, how many it takes.

use crate::policy::Policy;
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
/// The reason why not.
pub fn check(policy: &Policy, contact: &Contact, requester: &Requester, now: Timestamp) -> Result<(), Unfit> {
    let days = i64::from(policy.recovery.trusted_contacts.known_days_gt);
    let same_number = contact.number.is_some() && contact.number == requester.number;
    let same_device = !contact.devices.is_disjoint(&requester.devices);
    if contact.account == requester.account || same_number || same_device {
        Err(Unfit::Same)
    } else if !contact.verified {
        Err(Unfit::NotVerified)
    } else if now.seconds_since(contact.known_since) <= days.saturating_mul(DAY) {
        Err(Unfit::TooNew)
    } else {
        Ok(())
    }
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
    let (min, max) = how_many(policy);
    let people: BTreeSet<AccountId> = contacts.iter().map(|contact| contact.account).collect();
    let count = u32::try_from(people.len()).unwrap_or(u32::MAX);
    if people.len() != contacts.len() || !(min..=max).contains(&count) {
        return Err(SetRefused::Count { min, max });
    }
    for (index, contact) in contacts.iter().enumerate() {
        check(policy, contact, requester, now).map_err(|why| SetRefused::Unfit { index, why })?;
    }
    let people = contacts.iter().map(|contact| contact.account).collect();
    Ok(ContactSet { set_at: now, people })
}

/// Takes a new set: the one in force counts until it does. What was named in between and still cools off is withdrawn, so
/// that whoever is told of a thief's set undoes it by naming their own.
#[must_use]
pub fn added(policy: &Policy, sets: &[ContactSet], new: ContactSet) -> Vec<ContactSet> {
    let still = in_force(policy, sets, new.set_at).cloned();
    still.into_iter().chain([new]).collect()
}

/// How few, how many people are named.
#[must_use]
pub fn how_many(policy: &Policy) -> (u32, u32) {
    let rules = &policy.recovery.trusted_contacts;
    (rules.min, rules.max)
}

fn cooled_off(policy: &Policy, set: &ContactSet) -> Timestamp {
    policy.recovery.trusted_contacts.change_cooling_off.after(set.set_at)
}

/// The set that counts now: the latest that cooled off before another was named. A thief who changes the contacts has to
/// wait, while the ones before still count.
fn in_force<'s>(policy: &Policy, sets: &'s [ContactSet], now: Timestamp) -> Option<&'s ContactSet> {
    let mut latest: Option<&ContactSet> = None;
    for set in sets {
        let from = cooled_off(policy, set);
        let withdrawn = sets
            .iter()
            .any(|other| set.set_at < other.set_at && other.set_at < from);
        let later = latest.is_none_or(|latest| set.set_at >= latest.set_at);
        if now >= from && !withdrawn && later {
            latest = Some(set);
        }
    }
    latest
}

/// From when on the set that was named last counts; nothing where it counts already, or there is none.
#[must_use]
pub fn counts_from(policy: &Policy, sets: &[ContactSet], now: Timestamp) -> Option<Timestamp> {
    let latest = sets.iter().max_by_key(|set| set.set_at)?;
    let from = cooled_off(policy, latest);
    Some(from).filter(|from| now < *from)
}

/// Who may vouch now: the people of the set that counts, as far as each is fit by what is known of them now. The fact
/// `contacts_eligible` is their number.
#[must_use]
pub fn eligible(
    policy: &Policy,
    sets: &[ContactSet],
    known: &[Contact],
    requester: &Requester,
    now: Timestamp,
) -> Vec<AccountId> {
    let Some(set) = in_force(policy, sets, now) else {
        return Vec::new();
    };
    let named = known.iter().filter(|contact| set.people.contains(&contact.account));
    let fit = named.filter(|contact| check(policy, contact, requester, now).is_ok());
    fit.map(|contact| contact.account).collect()
}

/// Whether an answer to a request that began then still counts.
#[must_use]
pub fn in_time(policy: &Policy, began: Timestamp, answered: Timestamp) -> bool {
    answered < policy.recovery.trusted_contacts.answers_by.after(began)
}

/// How many independent people stand for the payer: the fact `contacts_confirmed`. Each person counts once, a person
/// who was not asked, who is unfit by now, or who only opened a link not at all, and two who answer on one device or
/// have one number are one. What came late does not count.
#[must_use]
pub fn confirmed(
    policy: &Policy,
    asked: &[Contact],
    requester: &Requester,
    answers: &[Answer],
    began: Timestamp,
    now: Timestamp,
) -> u32 {
    let mut people = BTreeSet::new();
    let mut devices = BTreeSet::new();
    let mut numbers = BTreeSet::new();
    for answer in answers {
        let confirms = answer.approves && answer.heard != Heard::LinkOpened && in_time(policy, began, answer.at);
        let contact = asked.iter().find(|contact| contact.account == answer.account);
        let Some(contact) = contact.filter(|_| confirms) else {
            continue;
        };
        let own = requester.devices.contains(&answer.device);
        let shared = devices.contains(&answer.device) || contact.number.is_some_and(|number| numbers.contains(&number));
        let twice = people.contains(&answer.account);
        if !own && !shared && !twice && check(policy, contact, requester, now).is_ok() {
            people.insert(answer.account);
            devices.insert(answer.device);
            numbers.extend(contact.number);
        }
    }
    u32::try_from(people.len()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
