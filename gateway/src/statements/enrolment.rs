//! A phone introduces itself, then buys read tokens.

use quittance_protocol::answer::{Enrolled, SessionOpened};
use quittance_protocol::jws::Alg;
use quittance_protocol::problem::Code;
use quittance_protocol::statement::{Enrolment, Session};
use quittance_protocol::{AccountId, B64, DeviceId, Problem, Timestamp, Verified};

use crate::attestation::{Enrolling, Evidence, Trust};
use crate::factor;
use crate::failure::{Decided, Failure};
use crate::store::Device;
use crate::turn::{After, Answer, Turn};
use crate::world::World;

/// Seconds that a read token lives.
pub(crate) const SESSION_LIFE: u32 = 300;

/// Makes account and device. The same keys enrolled again are the same device: the first answer may have been lost.
pub(super) fn enrol(
    turn: &mut Turn<'_>,
    said: &Verified<Enrolment>,
    evidence: Option<Result<Evidence, Problem>>,
) -> Decided<Answer> {
    let body = said.body();
    let p256 = |key: &quittance_protocol::PublicKey, pointer: &str| {
        let problem = || {
            Problem::new(Code::Malformed)
                .at(pointer)
                .detail("this key must be P-256")
        };
        if key.alg() == Alg::Es256 {
            Ok(())
        } else {
            Err(problem())
        }
    };
    p256(&body.biometric_key, "/biometric_key")?;
    if let Some(key) = &body.passcode_key {
        p256(key, "/passcode_key")?;
    }
    let own = |key| {
        Problem::new(Code::Malformed)
            .at(key)
            .detail("each factor needs a key of its own")
    };
    if body.biometric_key == body.device_key {
        return Err(own("/biometric_key").into());
    }
    if body
        .passcode_key
        .is_some_and(|key| key == body.device_key || key == body.biometric_key)
    {
        return Err(own("/passcode_key").into());
    }
    if let Some(known) = turn.store.device_of_key(said.kid())? {
        if known.biometric_key != body.biometric_key || known.passcode_key != body.passcode_key {
            return Err(Problem::new(Code::VersionConflict).at("/biometric_key").into());
        }
        return Answer::json(&enrolled(turn, &known));
    }
    factor::spend_nonce(turn, body.nonce.as_slice(), "/nonce")?;
    let evidence = evidence.ok_or(Failure::Rules("an enrolment whose chains nobody judged"))??;
    let device = Device {
        device: DeviceId::from_bytes(turn.world.draw()?),
        account: AccountId::from_bytes(turn.world.draw()?),
        device_key: body.device_key,
        biometric_key: body.biometric_key,
        passcode_key: body.passcode_key,
        evidence,
        since: Some(turn.now),
        quarantined: false,
    };
    turn.store.add_account(device.account)?;
    turn.store.put_device(&device)?;
    Answer::json(&enrolled(turn, &device))
}

/// A phone as the gateway knows it now.
pub(crate) fn enrolled(turn: &Turn<'_>, device: &Device) -> Enrolled {
    let trust = &turn.world.trust;
    Enrolled {
        account: device.account,
        device: device.device,
        evidence_level: device.evidence.level(trust),
        evidence: device.evidence.findings(trust),
        attested: device.evidence.attested(trust),
        since: device.since,
        quarantined: device.quarantined,
        now: turn.now,
    }
}

/// What the phone's chains prove. Reasons go to the log too: a level is looked into there, by whoever runs the gateway.
pub(super) fn weigh(trust: &Trust, body: &Enrolment, now: Timestamp) -> Result<Evidence, Problem> {
    let phone = Enrolling { statement: body, now };
    let evidence = Evidence::of(trust, &phone).map_err(|(member, refused)| {
        let flaw = refused.flaw.says();
        tracing::warn!(
            member,
            certificate = refused.certificate,
            flaw,
            "an attestation chain was refused"
        );
        Problem::new(Code::AttestationRefused)
            .at(format!("{member}/{}", refused.certificate))
            .detail(flaw)
    })?;
    for finding in evidence.findings(trust) {
        tracing::info!(key = ?finding.key, reason = finding.reason.name(), "the evidence is not at its highest");
    }
    Ok(evidence)
}

/// Opens a session. The token is derived from the statement, so that the same statement gets the same token and
/// nothing but its hash has to be kept.
pub(super) fn open_session(turn: &mut Turn<'_>, device: &Device, said: &Verified<Session>) -> Decided<Answer> {
    let token = read_token(turn.world, said.content().as_bytes());
    let until = turn.now.plus_seconds(i64::from(SESSION_LIFE));
    turn.after.push(After::OpenSession {
        token: token.clone(),
        account: device.account,
        until,
    });
    Ok(Answer::Session(session_answer(token)?))
}

/// The read token of a session statement.
pub(crate) fn read_token(world: &World, content: &[u8]) -> Vec<u8> {
    world
        .secrets
        .master
        .derive("quittance-gateway/read-token/1", content)
        .to_vec()
}

/// What the caller hears.
pub(crate) fn session_answer(token: Vec<u8>) -> Result<Vec<u8>, Failure> {
    serde_json::to_vec(&SessionOpened {
        token: B64::new(token),
        expires_in: SESSION_LIFE,
    })
    .map_err(|_| Failure::Damaged("an answer"))
}
