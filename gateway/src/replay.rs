//! Idempotency: same statement, same answer, for ever.

use quittance_protocol::Problem;
use quittance_protocol::problem::{Code, Retry};

use crate::failure::{Decided, Failure};
use crate::statements::{SESSION_LIFE, Said, compare, read_token, session_answer};
use crate::store::StoredAnswer;
use crate::turn::{After, Late, Turn};

/// What goes back over HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Response {
    /// HTTP status; 200 is the only good one.
    pub(crate) status: u16,
    /// JSON.
    pub(crate) body: Vec<u8>,
    /// Seconds, where the caller is told to wait.
    pub(crate) retry_after: Option<u32>,
}

impl Response {
    pub(crate) fn ok(body: Vec<u8>) -> Self {
        Self {
            status: 200,
            body,
            retry_after: None,
        }
    }

    /// The card network does not answer, or too many wait for it: the same bytes may come again. Of a charge that was begun its
    /// reservation stands until then.
    pub(crate) fn unavailable() -> Self {
        Self::problem(&Problem::new(Code::ExternalUnavailable).retry_after(5))
    }

    pub(crate) fn problem(problem: &Problem) -> Self {
        // A problem is made of fixed texts and always has a JSON form.
        let body = serde_json::to_vec(problem).unwrap_or_default();
        Self {
            status: problem.status(),
            body,
            retry_after: problem.retry_after_seconds(),
        }
    }
}

/// What is known of a statement that was said before.
pub(crate) enum Before {
    /// Its answer.
    Answered(Response),
    /// That it was decided: its answer is not stored, and is built anew of what stands now.
    Decided(Late),
}

/// The answer that this statement got before.
///
/// # Errors
/// `jti_reused` where its id was used with other content.
pub(crate) fn find(turn: &mut Turn<'_>, said: &Said) -> Decided<Option<Before>> {
    let reused = || Problem::new(Code::JtiReused).at("/jti");
    let Some(stored) = turn.store.answer(said.kid(), said.claims().jti)? else {
        // A charge whose outcome is not known yet has its id already, and its answer will need it.
        return match turn.store.charge_of(said.kid(), said.claims().jti)? {
            Some(charge) if charge.content != said.content() => Err(reused().into()),
            _ => Ok(None),
        };
    };
    if stored.content != said.content() {
        return Err(reused().into());
    }
    if let Some(body) = stored.body {
        return Ok(Some(Before::Answered(Response {
            status: stored.status,
            body,
            retry_after: None,
        })));
    }
    let device = turn
        .store
        .device_of_key(said.kid())?
        .ok_or(Failure::Damaged("an answer"))?;
    match said {
        Said::Reconciliation(said) => return Ok(Some(Before::Decided(compare(turn.store, &device, said)?))),
        Said::Stop(_) => return Ok(Some(Before::Decided(Late::Stops(device.account)))),
        _ => {}
    }
    // A read token: derived again, with the end of its life where it was.
    let token = read_token(turn.world, said.content().as_bytes());
    let until = stored.at.plus_seconds(i64::from(SESSION_LIFE));
    turn.after.push(After::OpenSession {
        token: token.clone(),
        account: device.account,
        until,
    });
    Ok(Some(Before::Answered(Response::ok(session_answer(token)?))))
}

/// Keeps an answer. `body` is left out for what is derived or built again.
pub(crate) fn keep(turn: &Turn<'_>, said: &Said, status: u16, body: Option<&[u8]>) -> Decided<()> {
    let answer = StoredAnswer {
        content: said.content(),
        at: turn.now,
        status,
        body: body.map(<[u8]>::to_vec),
    };
    Ok(turn.store.put_answer(said.kid(), said.claims().jti, &answer)?)
}

/// Whether a refusal is kept: one that says "come again with the same bytes" must not be, nor one that only refuses
/// the form or the speaker.
pub(crate) fn is_kept(problem: &Problem) -> bool {
    let form = matches!(
        problem.code(),
        Code::Malformed
            | Code::UnknownMember
            | Code::WrongType
            | Code::WrongAlg
            | Code::WrongAudience
            | Code::UnknownKey
            | Code::BadSignature
            | Code::JtiReused
            | Code::TooLarge
            | Code::SequenceFork
            | Code::DeviceQuarantined
    );
    !form && matches!(problem.retry(), Retry::Never | Retry::Later)
}
