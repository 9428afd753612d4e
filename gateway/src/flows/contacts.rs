//! Trusted contacts of a payer: who may vouch now, whose answers count.

use quittance_flows::contacts::{self, Answer, Contact, Requester};
use quittance_flows::{Policy, PolicyError};
use quittance_protocol::{AccountId, DeviceId, Timestamp};

use super::Run;
use crate::failure::Failure;
use crate::store::{self, Store};

/// Contacts who may vouch now, with the names that the payer gave them.
pub(super) fn eligible(
    store: Store<'_>,
    policy: &Policy,
    account: AccountId,
    now: Timestamp,
) -> Result<Vec<(AccountId, String)>, Failure> {
    let requester = requester(store, account)?;
    let mut eligible = Vec::new();
    for known in store.profile(account)?.contacts {
        if counts_by(policy, &known, now)?
            && contacts::check(policy, &contact(store, &known)?, &requester, now)
                .map_err(damaged)?
                .is_ok()
        {
            eligible.push((known.account, known.name));
        }
    }
    Ok(eligible)
}

/// How many of those who were asked confirmed, each a person on a phone of their own.
pub(super) fn confirmed(store: Store<'_>, run: &Run<'_>, now: Timestamp) -> Result<u32, Failure> {
    let requester = requester(store, run.flow.account)?;
    let profile = store.profile(run.flow.account)?;
    let (mut asked, mut answers) = (Vec::new(), Vec::new());
    for voucher in store.vouchers(run.flow.flow)? {
        let Some(known) = profile.contacts.iter().find(|known| known.account == voucher.account) else {
            continue;
        };
        asked.push(contact(store, known)?);
        answers.extend(voucher.answer.map(|answer| Answer {
            account: voucher.account,
            device: answer.device,
            approves: answer.approves,
        }));
    }
    let asked: Vec<&Contact> = asked.iter().collect();
    contacts::confirmed(run.policy, &asked, &requester, &answers, now).map_err(damaged)
}

/// How few, how many contacts are asked.
pub(super) fn how_many(policy: &Policy) -> Result<(i64, i64), Failure> {
    let bound = |key| policy.quantity(key).map_err(damaged);
    Ok((
        bound("recovery.trusted_contacts.min")?.trunc(),
        bound("recovery.trusted_contacts.max")?.trunc(),
    ))
}

/// The phone of somebody who answers over the outside party: one for each person, which no enrolled phone has.
pub(super) const fn phone_elsewhere(account: AccountId) -> DeviceId {
    DeviceId::from_bytes(*account.as_bytes())
}

/// A contact who was named lately does not count yet.
fn counts_by(policy: &Policy, known: &store::Contact, now: Timestamp) -> Result<bool, Failure> {
    let Some(named_at) = known.named_at else {
        return Ok(true);
    };
    let from = policy.moment("recovery.trusted_contacts.change_cooling_off", named_at);
    Ok(now >= from.map_err(damaged)?)
}

fn contact(store: Store<'_>, known: &store::Contact) -> Result<Contact, Failure> {
    Ok(Contact {
        account: known.account,
        known_since: known.known_since,
        verified: known.verified,
        devices: store.devices_of(known.account)?,
        number: None,
    })
}

fn requester(store: Store<'_>, account: AccountId) -> Result<Requester, Failure> {
    Ok(Requester {
        account,
        devices: store.devices_of(account)?,
        number: None,
    })
}

fn damaged(_: PolicyError) -> Failure {
    Failure::Damaged("a policy")
}
