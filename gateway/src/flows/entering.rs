//! What a payer enters or chooses: kept sealed for whoever decides by it, judged where the gateway knows the answer.

use std::collections::{BTreeMap, BTreeSet};

use quittance_flows::FlowEffect;
use quittance_flows::definition::PromptKind;
use quittance_protocol::bytes::B64;
use quittance_protocol::flow_event::{Author, FlowEventKind};
use quittance_protocol::problem::Code;
use quittance_protocol::statement::Entry;
use quittance_protocol::{AccountId, FlowId, Problem, Quantity};
use zeroize::Zeroizing;

use super::{Run, contacts, quiz};
use crate::failure::{Decided, Failure};
use crate::secrets::{seal, unseal};
use crate::store::Store;
use crate::turn::Turn;
use crate::world::World;

/// Of a phone's salt, which stands beside the sealed entries and nowhere else.
const SALT_BYTES: usize = 32;

const PURPOSE: &str = "quittance-gateway/entries/2";

/// Keeps what was entered at the open step, and tells the run what it shows, before the answer itself is taken: the
/// steps that follow depend on it.
///
/// # Errors
/// `malformed` where the salt is not 32 bytes, where there are not as many entries as questions, where one says nothing;
/// `too_large` for an entry of too many bytes; `not_eligible` for people who may not vouch.
pub(crate) fn take(
    turn: &mut Turn<'_>,
    run: &mut Run<'_>,
    step: &str,
    prompt: PromptKind,
    salt: &B64,
    entries: &[Entry],
) -> Decided<()> {
    check_form(salt, entries)?;
    if prompt == PromptKind::Facts && entries.len() != PromptKind::FACTS_ASKED {
        return Err(Problem::new(Code::Malformed)
            .at("/answer/entries")
            .detail("answer each question, once")
            .into());
    }
    let facts = match prompt {
        PromptKind::People if run.definition.effect == FlowEffect::SetContacts => name_people(turn, run, entries)?,
        PromptKind::People => choose_people(turn, run, entries)?,
        PromptKind::QuizAmounts | PromptKind::QuizAmountsAgain | PromptKind::QuizMerchants | PromptKind::QuizDates => {
            quiz::judge(turn.store, turn.world, run, prompt, entries)?
        }
        _ => BTreeMap::new(),
    };
    keep(turn, run, step, salt, entries)?;
    if facts.is_empty() {
        return Ok(());
    }
    run.admit(turn, Author::Gateway, FlowEventKind::Found { facts })
}

/// Checks what is entered, whatever it is about.
///
/// # Errors
/// `malformed` where the salt is not 32 bytes, where there is nothing or one entry says nothing; `too_large` where one
/// is too long.
pub(super) fn check_form(salt: &B64, entries: &[Entry]) -> Decided<()> {
    if salt.as_slice().len() != SALT_BYTES {
        return Err(Problem::new(Code::Malformed).at("/answer/salt").into());
    }
    if entries.is_empty() || entries.iter().any(|entry| entry.0.trim().is_empty()) {
        return Err(Problem::new(Code::Malformed)
            .at("/answer/entries")
            .detail("answer each question")
            .into());
    }
    if let Some(index) = entries.iter().position(|entry| entry.0.len() > Entry::MOST_BYTES) {
        return Err(Problem::new(Code::TooLarge)
            .at(format!("/answer/entries/{index}"))
            .detail("say it in fewer words")
            .into());
    }
    Ok(())
}

/// The people who are to be the payer's contacts from now on; they are taken once the whole run is done.
fn name_people(turn: &Turn<'_>, run: &Run<'_>, entries: &[Entry]) -> Decided<BTreeMap<String, Quantity>> {
    let mut people = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        let malformed = |_| Problem::new(Code::Malformed).at(format!("/answer/entries/{index}"));
        people.push(entry.0.parse::<AccountId>().map_err(malformed)?);
    }
    contacts::set(turn, run.policy, run.flow.account, &people, false)?;
    Ok(BTreeMap::new())
}

/// The trusted contacts to be asked: named by their accounts, each once, each one who may vouch now.
fn choose_people(turn: &Turn<'_>, run: &Run<'_>, entries: &[Entry]) -> Decided<BTreeMap<String, Quantity>> {
    let pointer = |index: usize| format!("/answer/entries/{index}");
    let eligible = contacts::eligible(turn.store, run.policy, run.flow.account, turn.now)?;
    let mut people = BTreeSet::new();
    for (index, entry) in entries.iter().enumerate() {
        let malformed = || Problem::new(Code::Malformed).at(pointer(index));
        let person: AccountId = entry.0.parse().map_err(|_| malformed())?;
        if !eligible.iter().any(|(contact, _)| *contact == person) {
            return Err(Problem::new(Code::NotEligible).at(pointer(index)).into());
        }
        if !people.insert(person) {
            return Err(malformed().detail("name each person once").into());
        }
    }
    let asked = u32::try_from(people.len()).unwrap_or(u32::MAX);
    let (least, most) = quittance_flows::contacts::how_many(run.policy);
    if !(least..=most).contains(&asked) {
        return Err(Problem::new(Code::Malformed)
            .at("/answer/entries")
            .detail("name as many people as the rules ask for")
            .into());
    }
    for person in people {
        turn.store.ask_voucher(run.flow.flow, person, turn.now)?;
    }
    Ok(BTreeMap::from([("contacts_asked".to_owned(), Quantity::from(asked))]))
}

/// Seals what was entered at a step, in place of what was there.
pub(super) fn keep(turn: &Turn<'_>, run: &Run<'_>, step: &str, salt: &B64, entries: &[Entry]) -> Decided<()> {
    let plain = serde_json::to_vec(&(salt, entries)).map_err(|_| Failure::Damaged("entries"))?;
    let plain = Zeroizing::new(plain);
    let key = turn.world.secrets.master.derive(PURPOSE, b"");
    let place = place(run.flow.flow, step);
    let sealed = seal(&key, &*turn.world.randomness, &place, &plain)?;
    let erase_at = run.policy.evidence.retention.after(turn.now);
    Ok(turn.store.put_entries(run.flow.flow, step, &sealed, erase_at)?)
}

/// What was entered at a step; nothing where nothing was, or its time is over.
pub(super) fn read(store: Store<'_>, world: &World, flow: FlowId, step: &str) -> Result<Vec<String>, Failure> {
    let Some(sealed) = store.entries_at(flow, step)? else {
        return Ok(Vec::new());
    };
    let key = world.secrets.master.derive(PURPOSE, b"");
    let plain = unseal(&key, &place(flow, step), &sealed)?;
    let (_salt, entries): (B64, Vec<String>) =
        serde_json::from_slice(&plain).map_err(|_| Failure::Damaged("entries"))?;
    Ok(entries)
}

fn place(flow: FlowId, step: &str) -> String {
    format!("{PURPOSE}\n{flow}\n{step}")
}
