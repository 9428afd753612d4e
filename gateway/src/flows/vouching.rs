//! People who answer for somebody else: guardians, trusted contacts; and the payer who objects.

use std::collections::BTreeMap;

use quittance_flows::contacts::Heard;
use quittance_flows::definition::Party;
use quittance_flows::{Authority, FlowEffect, Phase, StepKind, flow};
use quittance_protocol::answer::PayerEventKind;
use quittance_protocol::flow_event::{Author, FlowEventKind};
use quittance_protocol::problem::Code;
use quittance_protocol::statement::Vouch;
use quittance_protocol::{AccountId, Problem, Quantity, Timestamp, Verified};

use super::{Run, contacts, notices, parties, refusal};
use crate::failure::{Decided, Failure};
use crate::locks;
use crate::parties::{Call, CallKey, ContactAnswer, ContactChannel, ContactRequest};
use crate::store::{Device, Reply, Voice};
use crate::turn::{Answer, Turn};

/// Replies of people belong to the run, whichever of its steps is open.
pub(super) const ANY_STEP: &str = "";

/// Takes the answer of somebody who was asked, or the objection of the run's own payer. A contact's answer that comes
/// late is noted with the run, and counts for nothing.
///
/// # Errors
/// `not_found` for who was not asked, `proof_rejected` where the statement names another requester or purpose,
/// `not_eligible` for a guardian who is on record no longer, `four_eyes` for who vouches for themselves or answers twice, `too_late` or `step_order` where nobody waits for it.
pub(crate) fn vouch(turn: &mut Turn<'_>, device: &Device, said: &Verified<Vouch>) -> Decided<Answer> {
    let body = said.body();
    let missing = || Problem::new(Code::NotFound).at("/flow");
    let mut run = Run::load(turn.store, turn.world, body.flow)?.ok_or_else(missing)?;
    let own = device.account == run.flow.account;
    if !own && !turn.store.vouchers(body.flow)?.contains(&device.account) {
        return Err(missing().into());
    }
    for (names, pointer) in [
        (body.requester == run.flow.account, "/requester"),
        (body.purpose == run.state.start.definition, "/purpose"),
    ] {
        if !names {
            return Err(Problem::new(Code::ProofRejected).at(pointer).into());
        }
    }
    if own && body.approves {
        return Err(Problem::new(Code::FourEyes).at("/approves").into());
    }
    let voice = Voice {
        account: device.account,
        device: device.device,
        heard: Heard::Signed,
        approves: body.approves,
        at: turn.now,
    };
    if !own && is_late(&run, turn.now) {
        note(turn, &run, &voice)?;
        return Ok(Answer::Problem(Problem::new(Code::TooLate).at("/flow")));
    }
    match run.state.phase {
        Phase::Open => {}
        Phase::Refused(Code::TooLate) | Phase::Expired => return Err(Problem::new(Code::TooLate).at("/flow").into()),
        _ => return Err(Problem::new(Code::StepOrder).at("/flow").into()),
    }
    if own {
        object(turn, &mut run)?;
    } else if let Some(before) = said_before(turn, &run, device.account)? {
        // A statement that got lost is signed again; another answer is no correction.
        if before.approves != body.approves {
            return Err(Problem::new(Code::FourEyes).at("/approves").into());
        }
    } else {
        answered(turn, &mut run, &voice)?;
    }
    Ok(Answer::Json(b"{}".to_vec()))
}

/// What somebody answered in a run before; a link that they opened is no answer.
fn said_before(turn: &Turn<'_>, run: &Run<'_>, account: AccountId) -> Result<Option<Voice>, Failure> {
    let mut said = turn.store.voices(run.flow.flow)?.into_iter();
    Ok(said.find(|voice| voice.account == account && voice.heard != Heard::LinkOpened))
}

/// Whether a contact's answer is too late for a run; others are waited for by their steps alone.
fn is_late(run: &Run<'_>, at: Timestamp) -> bool {
    has_effect(run, FlowEffect::AskContacts) && !contacts::in_time(run, at)
}

fn has_effect(run: &Run<'_>, effect: FlowEffect) -> bool {
    let mut steps = run.definition.all_steps();
    steps.any(|step| step.kind == StepKind::Effect(effect))
}

fn note(turn: &Turn<'_>, run: &Run<'_>, voice: &Voice) -> Result<(), Failure> {
    turn.store.add_voice(run.flow.flow, voice)
}

/// The payer, on any phone of theirs, does not want what this run would bring.
fn object(turn: &mut Turn<'_>, run: &mut Run<'_>) -> Decided<()> {
    if run.definition.authority != Authority::Raises {
        return Err(Problem::new(Code::StepOrder)
            .at("/flow")
            .detail("there is nothing to object to: leave the flow instead")
            .into());
    }
    run.admit(turn, Author::Gateway, FlowEventKind::Objected {})
}

/// Counts an answer: a guardian decides the open step, a contact is one of several.
fn answered(turn: &mut Turn<'_>, run: &mut Run<'_>, voice: &Voice) -> Decided<()> {
    let guardian = run
        .open()
        .filter(|open| matches!(&open.kind, StepKind::External(external) if external.party == Party::Guardian));
    // Days can pass between the question and the answer: who was asked may be no guardian any more.
    if guardian.is_some() && parties::guardian(turn, run)? != Some(voice.account) {
        return Err(Problem::new(Code::NotEligible).at("/flow").into());
    }
    note(turn, run, voice)?;
    if let Some(open) = guardian {
        let outcome = if voice.approves { "approved" } else { "refused" };
        let event = FlowEventKind::Reported {
            step: open.id.clone(),
            outcome: outcome.to_owned(),
        };
        return run.admit(turn, Author::Gateway, event);
    }
    let confirmed = contacts::confirmed(turn.store, run, turn.now)?;
    let facts = BTreeMap::from([("contacts_confirmed".to_owned(), Quantity::from(confirmed))]);
    run.admit(turn, Author::Gateway, FlowEventKind::Found { facts })
}

/// Looks at the confirmations again, by what is known now, and at what was seen on the account since: says both to the
/// run.
pub(super) fn check(turn: &mut Turn<'_>, run: &mut Run<'_>) -> Decided<()> {
    let facts = looked_at(turn, run)?;
    run.admit(turn, Author::Gateway, FlowEventKind::Found { facts })
}

/// What a look at the confirmations finds.
fn looked_at(turn: &Turn<'_>, run: &Run<'_>) -> Decided<BTreeMap<String, Quantity>> {
    let stands = contacts::confirmed(turn.store, run, turn.now)?;
    let cleared = !locks::has_open_trigger(turn, run.flow.account)?;
    Ok(BTreeMap::from([
        ("contacts_verified".to_owned(), Quantity::from(stands)),
        ("risk_cleared".to_owned(), Quantity::from(cleared)),
    ]))
}

/// Refuses what a run was to bring about where the last look does not pass the run's own guards: the moment at which the
/// reset opens is not the one at which the answers were checked.
///
/// # Errors
/// The code of the guard: `not_eligible` where too few confirmations still stand, `risk_denied` where something was seen
/// on the account since.
pub(super) fn still_stand(turn: &Turn<'_>, run: &Run<'_>) -> Decided<()> {
    if !has_effect(run, FlowEffect::CheckContacts) {
        return Ok(());
    }
    let refused = flow::refused_anew(run.rules(), &looked_at(turn, run)?).map_err(refusal)?;
    refused.map_or(Ok(()), |code| Err(code.into()))
}

/// What is known of people or of the account has changed: runs whose confirmations are being checked look again.
pub(crate) fn look_again(turn: &mut Turn<'_>, account: AccountId) -> Decided<()> {
    for flow in turn.store.open_flows_of(account)? {
        let mut run = Run::of(turn.world, flow)?;
        let checked = run.state.facts.contains_key("contacts_verified");
        let waits = run.open().is_some_and(|open| matches!(open.kind, StepKind::Guard(_)));
        if run.state.phase == Phase::Open && checked && waits {
            check(turn, &mut run)?;
        }
    }
    Ok(())
}

/// Asks everybody who was named: on their own phone where they have one here, else over the outside party.
pub(super) fn ask_contacts(turn: &mut Turn<'_>, run: &Run<'_>) -> Decided<()> {
    let (flow, requester) = (run.flow.flow, run.flow.account);
    let purpose = run.state.start.definition.clone();
    for contact in turn.store.vouchers(flow)? {
        if turn.store.has_account(contact)? {
            let kind = PayerEventKind::AskedToVouch {
                flow,
                requester,
                purpose: purpose.clone(),
            };
            notices::tell(turn, contact, kind)?;
            continue;
        }
        for channel in [ContactChannel::SmsLink, ContactChannel::QrCode] {
            let name = format!("{contact}|{}", channel.name());
            let call = Call {
                key: CallKey::named(format!("{flow}|{name}")),
                at: turn.now,
            };
            let request = ContactRequest {
                contact,
                requester,
                flow,
                purpose: purpose.clone(),
                channel,
            };
            // Somebody who cannot be reached stays silent: there are others, and the run has its deadline.
            if let Ok(reply) = turn.world.outside.contact_peer.ask(&call, &request) {
                let said = Reply::Vouched {
                    approves: reply.outcome == ContactAnswer::Confirms,
                    scanned: channel == ContactChannel::QrCode,
                };
                parties::keep(turn, run, ANY_STEP, &name, reply.after, said)?;
            }
        }
    }
    Ok(())
}

/// Something of a contact's came over the outside party. A link that they opened brought them to their app, and is
/// noted; what they scanned is their answer. What comes when nobody waits for it any more is noted alone.
pub(super) fn heard(turn: &mut Turn<'_>, run: &mut Run<'_>, party: &str, approves: bool, scanned: bool) -> Decided<()> {
    let contact = party.split_once('|').map_or(party, |(contact, _)| contact);
    let contact = contact.parse().map_err(|_| Failure::Damaged("a reply"))?;
    let voice = Voice {
        account: contact,
        device: contacts::phone_elsewhere(contact),
        heard: if scanned { Heard::Scanned } else { Heard::LinkOpened },
        approves,
        at: turn.now,
    };
    if run.state.phase == Phase::Open && !is_late(run, turn.now) {
        answered(turn, run, &voice)
    } else {
        Ok(note(turn, run, &voice)?)
    }
}
