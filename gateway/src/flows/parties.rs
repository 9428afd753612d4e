//! Outside parties that decide a step: asked at once, heard when gateway time reaches their reply.

use quittance_flows::definition::Party;
use quittance_flows::{FactorInput, FactorKind, StepKind};
use quittance_protocol::answer::PayerEventKind;
use quittance_protocol::flow_event::{Author, FlowEventKind, Wish};
use quittance_protocol::{AccountId, Digest32, MandateId};

use super::{Run, card_elements, codes, evidence, notices, vouching};
use crate::failure::{Decided, Failure};
use crate::parties::{After, BankRequest, Call, CallKey, ReleaseRequest, Unavailable};
use crate::store::{Reply, StoredReply};
use crate::turn::Turn;

/// Seconds until a party that did not answer is asked again. It is about machines that fail, no rule of the article's.
const ASK_AGAIN: i64 = 60;

/// In whose place it is noted that a party did not answer.
const NOBODY: &str = "";

/// Asks the party of an external step, once; what it said before still stands.
pub(super) fn ask(turn: &mut Turn<'_>, run: &mut Run<'_>, step: &str, party: Party) -> Decided<()> {
    let asked = turn.store.replies_to(run.flow.flow, step)?;
    if !asked.is_empty() {
        return hear(turn, run);
    }
    let call = Call {
        key: CallKey::of_step(run.flow.flow, step, 1),
        at: turn.now,
    };
    let reply = match party {
        Party::BankApp => ask_bank(turn, run, &call)?,
        Party::Merchant => ask_merchant(turn, run, &call)?,
        Party::Guardian => return ask_guardian(turn, run),
    };
    match reply {
        Ok((after, outcome)) => {
            keep(turn, run, step, "", after, Reply::Decided { outcome })?;
            hear(turn, run)
        }
        Err(Unavailable) => ask_again(turn, run, step, Vec::new()),
    }
}

type Asked = Result<(After, String), Unavailable>;

fn ask_bank(turn: &Turn<'_>, run: &Run<'_>, call: &Call) -> Result<Asked, Failure> {
    let start = &run.state.start;
    let request = BankRequest {
        mandate: only_mandate(run)?,
        operation: start.operation,
        state: Digest32::of(start.nonce.as_slice()),
    };
    let reply = turn.world.outside.bank_app.confirm(call, &request);
    Ok(reply.map(|reply| (reply.after, reply.outcome.name().to_owned())))
}

fn ask_merchant(turn: &Turn<'_>, run: &Run<'_>, call: &Call) -> Result<Asked, Failure> {
    let mandate = only_mandate(run)?;
    let row = turn.store.mandate(mandate)?.ok_or(Failure::Damaged("a flow"))?;
    let request = ReleaseRequest {
        merchant: row.merchant,
        mandate,
    };
    let reply = turn.world.outside.merchant_release.ask(call, &request);
    Ok(reply.map(|reply| (reply.after, reply.outcome.name().to_owned())))
}

/// The guardian answers on a phone of their own, so they are told and nobody is called.
fn ask_guardian(turn: &Turn<'_>, run: &Run<'_>) -> Decided<()> {
    let Some(guardian) = guardian(turn, run)? else {
        return Ok(());
    };
    turn.store.ask_voucher(run.flow.flow, guardian, turn.now)?;
    let kind = PayerEventKind::AskedToVouch {
        flow: run.flow.flow,
        requester: run.flow.account,
        purpose: run.state.start.definition.clone(),
    };
    notices::tell(turn, guardian, kind)
}

/// The guardian who is on record now for the teen that a run is about: the one who is named, else the payer.
pub(super) fn guardian(turn: &Turn<'_>, run: &Run<'_>) -> Result<Option<AccountId>, Failure> {
    let teen = match &run.state.start.wish {
        Some(Wish::TeenExit { teen } | Wish::TeenLimit { teen, .. }) => *teen,
        _ => run.flow.account,
    };
    if !turn.store.has_account(teen)? {
        return Ok(None);
    }
    Ok(turn.store.profile(teen)?.teen.map(|teen| teen.guardian))
}

fn only_mandate(run: &Run<'_>) -> Result<MandateId, Failure> {
    match run.state.start.mandates.as_slice() {
        [mandate] => Ok(*mandate),
        _ => Err(Failure::Rules("a party outside is asked about more than one mandate")),
    }
}

/// Keeps a reply until it is known.
pub(super) fn keep(
    turn: &Turn<'_>,
    run: &Run<'_>,
    step: &str,
    party: &str,
    after: After,
    reply: Reply,
) -> Result<(), Failure> {
    turn.store.put_reply(&StoredReply {
        flow: run.flow.flow,
        step: step.to_owned(),
        party: party.to_owned(),
        known_at: after.from(turn.now),
        reply,
    })
}

/// The party did not answer: the step waits, and it is asked again about the same.
pub(super) fn ask_again(turn: &Turn<'_>, run: &Run<'_>, step: &str, uploads: Vec<Digest32>) -> Decided<()> {
    turn.store.put_reply(&StoredReply {
        flow: run.flow.flow,
        step: step.to_owned(),
        party: NOBODY.to_owned(),
        known_at: Some(turn.now.plus_seconds(ASK_AGAIN)),
        reply: Reply::AskAgain { uploads },
    })?;
    Ok(())
}

/// Who did not answer is not asked again.
pub(super) fn ask_no_more(turn: &Turn<'_>, run: &Run<'_>, step: &str) -> Result<(), Failure> {
    turn.store.drop_reply(run.flow.flow, step, NOBODY)
}

/// Tells the run what is known by now about its open step.
pub(super) fn hear(turn: &mut Turn<'_>, run: &mut Run<'_>) -> Decided<()> {
    let Some(open) = run.open() else { return Ok(()) };
    let replies = turn.store.replies_to(run.flow.flow, &open.id)?;
    for stored in replies {
        if stored.known_at.is_none_or(|at| turn.now < at) || run.open().is_none_or(|now| now.id != open.id) {
            continue;
        }
        turn.store.drop_reply(run.flow.flow, &open.id, &stored.party)?;
        apply(turn, run, stored)?;
    }
    Ok(())
}

/// Tells the run what people said by now who were asked over the outside party; what comes late is noted with it.
pub(super) fn hear_people(turn: &mut Turn<'_>, run: &mut Run<'_>) -> Decided<()> {
    for stored in turn.store.replies_to(run.flow.flow, vouching::ANY_STEP)? {
        if stored.known_at.is_some_and(|at| at <= turn.now) {
            turn.store
                .drop_reply(run.flow.flow, vouching::ANY_STEP, &stored.party)?;
            apply(turn, run, stored)?;
        }
    }
    Ok(())
}

/// What a known reply means for the open step.
fn apply(turn: &mut Turn<'_>, run: &mut Run<'_>, stored: StoredReply) -> Decided<()> {
    let step = stored.step;
    match (stored.reply, run.open().map(|open| &open.kind)) {
        (Reply::Decided { outcome }, _) => run.admit(turn, Author::Gateway, FlowEventKind::Reported { step, outcome }),
        (Reply::Judged { proved, evidence }, Some(StepKind::Factor(factor))) => {
            judged(turn, run, step, *factor, proved, evidence)
        }
        (Reply::Vouched { approves, scanned }, _) => vouching::heard(turn, run, &stored.party, approves, scanned),
        (Reply::AskAgain { .. }, Some(StepKind::External(external))) => ask(turn, run, &step, external.party),
        (Reply::AskAgain { uploads }, Some(StepKind::Factor(factor))) => match factor.input() {
            FactorInput::Code => codes::send(turn, run, &step, *factor),
            FactorInput::Nothing => evidence::ask_source(turn, run, &step, *factor),
            FactorInput::Entries => card_elements::ask(turn, run, &step),
            _ => evidence::ask_vendor(turn, run, &step, *factor, uploads),
        },
        (Reply::Judged { .. } | Reply::AskAgain { .. }, _) => Ok(()),
    }
}

fn judged(
    turn: &mut Turn<'_>,
    run: &mut Run<'_>,
    step: String,
    factor: FactorKind,
    proved: bool,
    evidence: Digest32,
) -> Decided<()> {
    let event = if proved {
        FlowEventKind::FactorProved {
            step: step.clone(),
            evidence,
        }
    } else {
        FlowEventKind::FactorFailed {
            step: step.clone(),
            today: None,
            attempts_left: None,
        }
    };
    if factor.input() == FactorInput::Entries {
        // Judged is all that anybody needs to know of them.
        turn.store.erase_entries(run.flow.flow, &step)?;
    }
    run.admit(turn, Author::Gateway, event)?;
    // Nobody else would try a source again.
    if !proved && factor.input() == FactorInput::Nothing && run.open().is_some_and(|open| open.id == step) {
        return evidence::ask_source(turn, run, &step, factor);
    }
    Ok(())
}
