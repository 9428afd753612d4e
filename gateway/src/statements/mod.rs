//! Statements: who said it, whether it may be believed, what is decided about it.

mod activation;
mod charge;
mod consent;
mod enrolment;
mod flow;
mod hold;
mod merchant;
mod order;
mod permit;
mod pin;
mod protect;
mod reconciliation;

use quittance_flows::Authority;
use quittance_protocol::jws::Statement;
use quittance_protocol::problem::Code;
use quittance_protocol::statement::{
    Acknowledgement, Activation, AnswerFlow, Attestation, CancelFlow, Charge, Consent, Enrolment, Hold, HoldChange,
    Intent, Lock, Objection, Permit, PinFinish, PinRegister, PinStart, Reconciliation, Refund, Release, Review,
    Session, StartFlow, Stop, Vouch,
};
use quittance_protocol::{Claims, Digest32, FlowId, Problem, PublicKey, Received, Thumbprint, Timestamp, Verified};

use crate::attestation::{Evidence, Trust};
use crate::failure::Decided;
use crate::flows::{desk, vouching};
use crate::parties::Funding;
use crate::store::{Device, Store};
use crate::turn::{Answer, Turn};

pub(crate) use charge::{ask_again, settle, taken};
pub(crate) use enrolment::{SESSION_LIFE, enrolled, read_token, session_answer};
pub(crate) use pin::LOGIN_LIFE;
pub(crate) use reconciliation::compare;

macro_rules! statements {
    ($($kind:ident,)*) => {
        /// A statement whose signature holds.
        pub(crate) enum Said {
            $($kind(Box<Verified<$kind>>),)*
        }

        impl Said {
            pub(crate) fn kid(&self) -> &Thumbprint {
                match self { $(Self::$kind(said) => said.kid(),)* }
            }

            pub(crate) fn claims(&self) -> &Claims {
                match self { $(Self::$kind(said) => said.claims(),)* }
            }

            pub(crate) fn content(&self) -> Digest32 {
                match self { $(Self::$kind(said) => said.content(),)* }
            }

            pub(crate) fn name(&self) -> &'static str {
                match self { $(Self::$kind(_) => <$kind as Statement>::NAME,)* }
            }

            fn verify(received: &Received, key: &PublicKey, audience: &str) -> Result<Self, Problem> {
                match received.name() {
                    $(<$kind as Statement>::NAME => {
                        received.verify::<$kind>(key, audience).map(Box::new).map(Self::$kind)
                    })*
                    _ => Err(Problem::new(Code::WrongType).at("/header/typ")),
                }
            }

            fn is_known(name: &str) -> bool {
                [$(<$kind as Statement>::NAME,)*].contains(&name)
            }
        }
    };
}

statements! {
    Enrolment, Session, PinRegister, PinStart, PinFinish, StartFlow, AnswerFlow, CancelFlow, Consent, Activation,
    Permit, Charge, Hold, Intent, Attestation, Acknowledgement, Reconciliation, Lock, Stop, Release, Refund,
    Objection, Vouch, Review,
}

impl Said {
    /// The run that it is about.
    pub(crate) fn flow(&self) -> Option<FlowId> {
        match self {
            Self::PinStart(said) => Some(said.body().flow),
            Self::PinFinish(said) => Some(said.body().flow),
            Self::AnswerFlow(said) => Some(said.body().flow),
            Self::CancelFlow(said) => Some(said.body().flow),
            Self::Consent(said) => Some(said.body().flow),
            Self::Intent(said) => Some(said.body().flow),
            Self::Vouch(said) => Some(said.body().flow),
            Self::Review(said) => Some(said.body().flow),
            _ => None,
        }
    }
}

/// Whether a statement lowers authority, or only reads so that authority can be lowered: such a one is taken even
/// from a device in quarantine, because its payer must be able to stop.
fn lowers(turn: &Turn<'_>, device: &Device, said: &Said) -> Decided<bool> {
    let run = |flow| flow::lowers(turn, device, flow);
    Ok(match said {
        Said::Hold(said) => matches!(said.body().change, HoldChange::Add {}),
        Said::StartFlow(said) => {
            let start = &said.body().start;
            let definition = turn.world.policies.definition(start.policy_version, &start.definition);
            definition.is_some_and(|definition| definition.authority == Authority::Lowers)
        }
        Said::AnswerFlow(said) => run(said.body().flow)?,
        Said::CancelFlow(said) => run(said.body().flow)?,
        Said::PinStart(said) => run(said.body().flow)?,
        Said::PinFinish(said) => run(said.body().flow)?,
        // An objection keeps a recovery from what it would bring.
        Said::Vouch(said) => !said.body().approves,
        Said::Intent(_)
        | Said::Attestation(_)
        | Said::Acknowledgement(_)
        | Said::Session(_)
        | Said::Lock(_)
        | Said::Stop(_)
        | Said::Reconciliation(_) => true,
        Said::Enrolment(_)
        | Said::PinRegister(_)
        | Said::Consent(_)
        | Said::Activation(_)
        | Said::Permit(_)
        | Said::Charge(_)
        | Said::Release(_)
        | Said::Refund(_)
        | Said::Objection(_)
        | Said::Review(_) => false,
    })
}

/// Whether a statement is evidence of what a phone did: under a number that two phones used it proves nothing
/// (domain 8.3, "attestation with old seq").
const fn is_evidence(said: &Said) -> bool {
    matches!(said, Said::Attestation(_) | Said::Acknowledgement(_))
}

/// Checks a statement's form and signature with the key that the store knows for it. Changes nothing.
///
/// # Errors
/// What `Received` answers; `wrong_type` for statements that are never posted alone; `unknown_key`.
pub(crate) fn believe(store: Store<'_>, audience: &str, received: &Received) -> Decided<Said> {
    if !Said::is_known(received.name()) {
        return Err(Problem::new(Code::WrongType).at("/header/typ").into());
    }
    let key = match received.name() {
        Enrolment::NAME => Some(received.unverified_body::<Enrolment>()?.1.device_key),
        Review::NAME => store.reviewer_of_key(received.kid())?.map(|reviewer| reviewer.key),
        Charge::NAME | Release::NAME | Refund::NAME | Objection::NAME => {
            store.merchant_of_key(received.kid())?.map(|merchant| merchant.key)
        }
        Permit::NAME => store
            .mandate_of_token_key(received.kid())?
            .map(|mandate| mandate.token_key),
        _ => store.device_of_key(received.kid())?.map(|device| device.device_key),
    };
    let key = key.ok_or_else(|| Problem::new(Code::UnknownKey).at("/header/kid"))?;
    let said = Said::verify(received, &key, audience)?;
    if said.claims().seq.is_some_and(|number| i64::try_from(number).is_err()) {
        return Err(Problem::new(Code::Malformed)
            .at("/seq")
            .detail("use a number below 2^63")
            .into());
    }
    Ok(said)
}

/// What was found out about a statement beside the sequencer, before it is decided.
pub(crate) enum Found {
    /// Nothing that it needs.
    Nothing,
    /// How its token is paid for.
    Funding(Funding),
    /// What the chains of a phone prove, or why they are refused.
    Evidence(Box<Result<Evidence, Problem>>),
}

/// Judges the chains of an enrolment; any other statement needs nothing. It is work, and is done off the sequencer.
pub(crate) fn judge(trust: &Trust, said: &Said, now: Timestamp) -> Found {
    match said {
        Said::Enrolment(said) => Found::Evidence(Box::new(enrolment::weigh(trust, said.body(), now))),
        _ => Found::Nothing,
    }
}

/// Decides about a statement that was not answered before.
///
/// # Errors
/// The refusal; the caller takes back whatever was written.
pub(crate) fn decide(turn: &mut Turn<'_>, said: &Said, found: Found) -> Decided<Answer> {
    let (funding, evidence) = match found {
        Found::Nothing => (None, None),
        Found::Funding(funding) => (Some(funding), None),
        Found::Evidence(evidence) => (None, Some(*evidence)),
    };
    match said {
        Said::Enrolment(said) => return enrolment::enrol(turn, said, evidence),
        Said::Charge(said) => return charge::decide(turn, said),
        Said::Release(said) => return merchant::release(turn, said),
        Said::Refund(said) => return merchant::refund(turn, said),
        Said::Objection(said) => return merchant::object(turn, said),
        Said::Permit(said) => return permit::deposit(turn, said),
        Said::Review(said) => return desk::review(turn, said),
        _ => {}
    }
    let unknown = || Problem::new(Code::UnknownKey).at("/header/kid");
    let device = turn.store.device_of_key(said.kid())?.ok_or_else(unknown)?;
    let forks = forks(turn, &device, said)?;
    if forks && (is_evidence(said) || !lowers(turn, &device, said)?) {
        return Err(Problem::new(Code::SequenceFork).at("/seq").into());
    }
    if device.quarantined && !lowers(turn, &device, said)? {
        return Err(Problem::new(Code::DeviceQuarantined).into());
    }
    match said {
        Said::Session(said) => enrolment::open_session(turn, &device, said),
        Said::PinRegister(said) => pin::register(turn, &device, said),
        Said::PinStart(said) => pin::start(turn, &device, said),
        Said::PinFinish(said) => pin::finish(turn, &device, said),
        Said::StartFlow(said) => flow::start(turn, &device, said),
        Said::AnswerFlow(said) => flow::answer(turn, &device, said),
        Said::CancelFlow(said) => flow::cancel(turn, &device, said),
        Said::Consent(said) => consent::decide(turn, &device, said, funding),
        Said::Activation(said) => activation::decide(turn, &device, said),
        Said::Hold(said) => hold::decide(turn, &device, said),
        Said::Intent(said) => order::intend(turn, &device, said),
        Said::Attestation(said) => order::attest(turn, &device, said),
        Said::Acknowledgement(said) => order::acknowledge(turn, &device, said),
        Said::Reconciliation(said) => reconciliation::reconcile(turn, &device, said),
        Said::Lock(said) => protect::lock(turn, &device, said),
        Said::Stop(said) => protect::stop(turn, &device, said),
        Said::Vouch(said) => vouching::vouch(turn, &device, said),
        Said::Enrolment(_)
        | Said::Charge(_)
        | Said::Permit(_)
        | Said::Release(_)
        | Said::Refund(_)
        | Said::Objection(_)
        | Said::Review(_) => Err(Code::WrongType.into()),
    }
}

/// One number, one content: the same number with another content means two phones with one key, and quarantines the
/// device for good, whatever is decided about the statement itself.
pub(crate) fn note_fork(turn: &Turn<'_>, said: &Said) -> Decided<()> {
    if matches!(said, Said::Enrolment(_) | Said::Charge(_) | Said::Permit(_)) {
        return Ok(());
    }
    let Some(mut device) = turn.store.device_of_key(said.kid())? else {
        return Ok(());
    };
    if !device.quarantined && forks(turn, &device, said)? {
        device.quarantined = true;
        turn.store.put_device(&device)?;
        tracing::warn!(device = %device.device, "sequence fork: the device is quarantined");
    }
    Ok(())
}

/// Whether the statement's number was used with another content.
fn forks(turn: &Turn<'_>, device: &Device, said: &Said) -> Decided<bool> {
    let Some(number) = said.claims().seq else {
        return Ok(false);
    };
    let content = turn.store.sequence(device.device, number)?;
    Ok(content.is_some_and(|content| content != said.content()))
}

/// Records a device's number once its statement is answered for good.
pub(crate) fn record_number(turn: &Turn<'_>, said: &Said) -> Decided<()> {
    let Some(number) = said.claims().seq else { return Ok(()) };
    if matches!(said, Said::Permit(_) | Said::Charge(_)) {
        return Ok(());
    }
    if let Some(device) = turn.store.device_of_key(said.kid())? {
        turn.store.put_sequence(device.device, number, said.content())?;
    }
    Ok(())
}
