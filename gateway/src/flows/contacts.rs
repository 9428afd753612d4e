//! Trusted contacts of a payer: whom the rules are asked about, by what is known of them now.

use quittance_flows::Policy;
use quittance_flows::contacts::{self, Answer, Contact, Requester, SetRefused};
use quittance_protocol::problem::Code;
use quittance_protocol::{AccountId, DeviceId, Digest32, Problem, Timestamp};

use super::Run;
use crate::failure::{Decided, Failure};
use crate::store::{Profile, Store};
use crate::turn::Turn;
use crate::world::World;

/// Purpose of the key under which numbers are digested: there are too few of them for a salt to hide.
const NUMBER: &str = "quittance-gateway/phone-number/1";

/// People whom the payer may choose among, with the names that the payer gave them.
pub(super) type People = Vec<(AccountId, String)>;

/// Contacts who may vouch now.
pub(super) fn eligible(
    store: Store<'_>,
    policy: &Policy,
    account: AccountId,
    now: Timestamp,
) -> Result<People, Failure> {
    let profile = store.profile(account)?;
    let (known, requester) = (known(store, &profile)?, requester(store, account)?);
    let fit = contacts::eligible(policy, &profile.contacts, &known, &requester, now);
    Ok(named(&profile, &fit))
}

/// Who could be named as a contact now.
pub(super) fn nameable(
    store: Store<'_>,
    policy: &Policy,
    account: AccountId,
    now: Timestamp,
) -> Result<People, Failure> {
    let profile = store.profile(account)?;
    let requester = requester(store, account)?;
    let mut fit = Vec::new();
    for contact in known(store, &profile)? {
        if contacts::check(policy, &contact, &requester, now).is_ok() {
            fit.push(contact.account);
        }
    }
    Ok(named(&profile, &fit))
}

fn named(profile: &Profile, people: &[AccountId]) -> People {
    let chosen = profile
        .acquaintances
        .iter()
        .filter(|known| people.contains(&known.account));
    chosen.map(|known| (known.account, known.name.clone())).collect()
}

/// Checks whom a payer names as contacts from now on; takes them where `keep` says so.
///
/// # Errors
/// `not_eligible` for somebody whom the payer is not known to know, or who may not vouch; `malformed` where there are
/// too few or too many.
pub(super) fn set(
    turn: &Turn<'_>,
    policy: &Policy,
    account: AccountId,
    people: &[AccountId],
    keep: bool,
) -> Decided<()> {
    let mut profile = turn.store.profile(account)?;
    let all = known(turn.store, &profile)?;
    let unfit = |index: usize| Problem::new(Code::NotEligible).at(format!("/answer/entries/{index}"));
    let mut chosen = Vec::new();
    for (index, person) in people.iter().enumerate() {
        let contact = all.iter().find(|contact| contact.account == *person);
        chosen.push(contact.ok_or_else(|| unfit(index))?.clone());
    }
    let requester = requester(turn.store, account)?;
    let new = contacts::set(policy, &chosen, &requester, turn.now).map_err(|refused| match refused {
        SetRefused::Count { .. } => Problem::new(Code::Malformed)
            .at("/answer/entries")
            .detail("name as many people as the rules ask for, each once")
            .into(),
        SetRefused::Unfit { index, .. } => crate::failure::Refusal::from(unfit(index)),
    })?;
    if keep {
        profile.contacts = contacts::added(policy, &profile.contacts, new);
        turn.store.put_profile(account, &profile)?;
    }
    Ok(())
}

/// How many of those who were asked confirmed, each a person of their own, by what is known of them now.
pub(super) fn confirmed(store: Store<'_>, run: &Run<'_>, now: Timestamp) -> Result<u32, Failure> {
    let (flow, account) = (run.flow.flow, run.flow.account);
    let (requester, profile) = (requester(store, account)?, store.profile(account)?);
    let people = store.vouchers(flow)?;
    let mut asked = known(store, &profile)?;
    asked.retain(|contact| people.contains(&contact.account));
    let said = store.voices(flow)?.into_iter().map(|voice| Answer {
        account: voice.account,
        device: voice.device,
        heard: voice.heard,
        approves: voice.approves,
        at: voice.at,
    });
    let answers: Vec<Answer> = said.collect();
    let began = run.state.started_at;
    Ok(contacts::confirmed(
        run.policy, &asked, &requester, &answers, began, now,
    ))
}

/// Whether what a contact says now still counts.
pub(super) fn in_time(run: &Run<'_>, now: Timestamp) -> bool {
    contacts::in_time(run.policy, run.state.started_at, now)
}

/// The phone of somebody who answers over the outside party: one for each person, which no enrolled phone has.
pub(super) const fn phone_elsewhere(account: AccountId) -> DeviceId {
    DeviceId::from_bytes(*account.as_bytes())
}

/// What a phone number is recognised by: equal numbers, however they are spaced, have equal digests.
pub(crate) fn number_digest(world: &World, number: &str) -> Digest32 {
    let digits: String = number
        .chars()
        .filter(|character| character.is_ascii_digit() || *character == '+')
        .collect();
    Digest32::from_bytes(*world.secrets.master.derive(NUMBER, digits.as_bytes()))
}

/// Whom a payer knows, as things stand now.
fn known(store: Store<'_>, profile: &Profile) -> Result<Vec<Contact>, Failure> {
    let contact = |known: &crate::store::Acquaintance| {
        Ok(Contact {
            account: known.account,
            known_since: known.known_since,
            verified: known.verified,
            devices: store.devices_of(known.account)?,
            number: store.number_of(known.account)?,
        })
    };
    profile.acquaintances.iter().map(contact).collect()
}

fn requester(store: Store<'_>, account: AccountId) -> Result<Requester, Failure> {
    Ok(Requester {
        account,
        devices: store.devices_of(account)?,
        number: store.number_of(account)?,
    })
}
