//! Trusted contacts as the gateway knows them: who may vouch for a payer now.

use quittance_flows::contacts::{self, ContactSet, Requester};
use quittance_flows::{Policy, PolicyError};
use quittance_protocol::AccountId;

use crate::failure::Failure;
use crate::store::{Contact, NamedContacts};
use crate::turn::Turn;

/// The payer as the rules for contacts see them.
pub(crate) fn requester(turn: &Turn<'_>, account: AccountId) -> Result<Requester, Failure> {
    Ok(Requester {
        account,
        devices: turn.store.devices_of(account)?,
        number: None,
    })
}

/// A contact as the rules see them.
pub(crate) fn judged(turn: &Turn<'_>, contact: &Contact) -> Result<contacts::Contact, Failure> {
    Ok(contacts::Contact {
        account: contact.account,
        known_since: contact.known_since,
        verified: contact.verified,
        devices: turn.store.devices_of(contact.account)?,
        number: None,
    })
}

/// The contacts who may vouch now, out of the set that counts.
pub(crate) fn eligible(turn: &Turn<'_>, policy: &Policy, account: AccountId) -> Result<Vec<Contact>, Failure> {
    let named = turn.store.profile(account)?.contact_sets;
    let sets: Result<Vec<_>, _> = named.iter().map(|set| judged_set(turn, set)).collect();
    let sets = sets?;
    let Some(set) = contacts::in_force(policy, &sets, turn.now).map_err(damaged)? else {
        return Ok(Vec::new());
    };
    let fit = contacts::eligible(policy, set, &requester(turn, account)?, turn.now).map_err(damaged)?;
    let fit: Vec<AccountId> = fit.into_iter().map(|contact| contact.account).collect();
    let people = named.into_iter().filter(|named| named.set_at == set.set_at).flat_map(|named| named.contacts);
    Ok(people.filter(|contact| fit.contains(&contact.account)).collect())
}

fn judged_set(turn: &Turn<'_>, set: &NamedContacts) -> Result<ContactSet, Failure> {
    let contacts: Result<_, _> = set.contacts.iter().map(|contact| judged(turn, contact)).collect();
    Ok(ContactSet {
        set_at: set.set_at,
        contacts: contacts?,
    })
}

fn damaged(_: PolicyError) -> Failure {
    Failure::Damaged("a policy")
}
