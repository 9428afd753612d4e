//! People who answer for somebody else: guardians, trusted contacts; and the payer who objects.

use std::collections::BTreeMap;

use quittance_flows::definition::Party;
use quittance_flows::{Authority, Phase, StepKind};
use quittance_protocol::answer::PayerEventKind;
use quittance_protocol::flow_event::{Author, FlowEventKind};
use quittance_protocol::problem::Code;
use quittance_protocol::statement::Vouch;
use quittance_protocol::{AccountId, Problem, Quantity, Verified};

use super::{Run, contacts, notices, parties};
use crate::failure::{Decided, Failure};
use crate::parties::{Call, CallKey, ContactAnswer, ContactChannel, ContactRequest};
use crate::store::{Device, Reply, Vouched};
use crate::turn::{Answer, Turn};

/// Replies of people belong to the run, whichever of its steps is open.
pub(super) const ANY_STEP: &str = "";

/// Takes the answer of somebody who was asked, or the objection of the run's own payer.
///
/// # Errors
/// `not_found` for who was not asked, `proof_rejected` where the statement names another requester or purpose,
/// `four_eyes` for who vouches for themselves or answers twice, `too_late` or `step_order` where nobody waits for it.
pub(crate) fn vouch(turn: &mut Turn<'_>, device: &Device, said: &Verified<Vouch>) -> Decided<Answer> {
    let body = said.body();
    let missing = || Problem::new(Code::NotFound).at("/flow");
    let mut run = Run::load(turn.store, turn.world, body.flow)?.ok_or_else(missing)?;
    let own = device.account == run.flow.account;
    let asked = turn.store.vouchers(body.flow)?;
    let asked = asked.into_iter().find(|voucher| voucher.account == device.account);
    if !own && asked.is_none() {
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
    match run.state.phase {
        Phase::Open => {}
        Phase::Refused(Code::TooLate) | Phase::Expired => return Err(Problem::new(Code::TooLate).at("/flow").into()),
        _ => return Err(Problem::new(Code::StepOrder).at("/flow").into()),
    }
    if own {
        object(turn, &mut run)?;
    } else if let Some(before) = asked.and_then(|voucher| voucher.answer) {
        // A statement that got lost is signed again; another answer is no correction.
        if before.approves != body.approves {
            return Err(Problem::new(Code::FourEyes).at("/approves").into());
        }
    } else {
        let answer = Vouched {
            device: device.device,
            approves: body.approves,
        };
        answered(turn, &mut run, device.account, answer)?;
    }
    Ok(Answer::Json(b"{}".to_vec()))
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
fn answered(turn: &mut Turn<'_>, run: &mut Run<'_>, account: AccountId, answer: Vouched) -> Decided<()> {
    turn.store.answer_voucher(run.flow.flow, account, answer, turn.now)?;
    if let Some(open) = run.open()
        && matches!(&open.kind, StepKind::External(external) if external.party == Party::Guardian)
    {
        let outcome = if answer.approves { "approved" } else { "refused" };
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

/// Asks everybody who was named: on their own phone where they have one here, else over the outside party.
pub(super) fn ask_contacts(turn: &mut Turn<'_>, run: &Run<'_>) -> Decided<()> {
    let (flow, requester) = (run.flow.flow, run.flow.account);
    for voucher in turn.store.vouchers(flow)? {
        let contact = voucher.account;
        if turn.store.has_account(contact)? {
            let purpose = run.state.start.definition.clone();
            let kind = PayerEventKind::AskedToVouch {
                flow,
                requester,
                purpose,
            };
            notices::tell(turn, contact, kind)?;
            continue;
        }
        let name = contact.to_string();
        let call = Call {
            key: CallKey::named(format!("{flow}|{name}")),
            at: turn.now,
        };
        let request = ContactRequest {
            contact,
            requester,
            flow,
            channel: ContactChannel::SmsLink,
        };
        // Somebody who cannot be reached stays silent: there are others, and the run has its deadline.
        if let Ok(reply) = turn.world.outside.contact_peer.ask(&call, &request) {
            let approves = reply.outcome == ContactAnswer::Confirms;
            parties::keep(turn, run, ANY_STEP, &name, reply.after, Reply::Vouched { approves })?;
        }
    }
    Ok(())
}

/// A contact's answer came over the outside party.
pub(super) fn heard(turn: &mut Turn<'_>, run: &mut Run<'_>, contact: &str, approves: bool) -> Decided<()> {
    let contact = contact.parse().map_err(|_| Failure::Damaged("a reply"))?;
    let device = contacts::phone_elsewhere(contact);
    answered(turn, run, contact, Vouched { device, approves })
}
