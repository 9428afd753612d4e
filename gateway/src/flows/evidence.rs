//! Evidence: what a payer hands in, judged by a vendor; what a source knows without the payer.

use quittance_flows::{FactorKind, Policy};
use quittance_protocol::problem::Code;
use quittance_protocol::{AccountId, Digest32, Problem, Timestamp};

use super::{Run, gestures, parties};
use crate::failure::Decided;
use crate::parties::{
    After, Call, CallKey, DocumentKind, DocumentOutcome, DocumentScan, FaceCapture, FaceFindings, FaceQuestion,
    IdentityClaim, IdentityMatch, PersonalText, Unavailable, VideoRequest, VideoVerification,
};
use crate::secrets::seal;
use crate::store::Reply;
use crate::turn::Turn;

const PURPOSE: &str = "quittance-gateway/upload/1";

/// How many images a factor is made of: a card has two sides.
const fn images(factor: FactorKind) -> usize {
    match factor {
        FactorKind::IdDocument => 2,
        _ => 1,
    }
}

/// What a factor's evidence is, for whoever reads documents.
const fn document(factor: FactorKind) -> Option<DocumentKind> {
    match factor {
        FactorKind::IdDocument => Some(DocumentKind::IdDocument),
        FactorKind::Passport => Some(DocumentKind::Passport),
        FactorKind::ProofOfAddress => Some(DocumentKind::ProofOfAddress),
        FactorKind::HandheldIdPhoto => Some(DocumentKind::HandheldPhoto),
        FactorKind::GuardianshipProof => Some(DocumentKind::GuardianshipProof),
        _ => None,
    }
}

/// Seals an upload and keeps it for as long as the policy says; says until when.
///
/// # Errors
/// `limit_exceeded` where the payer has as many as the policy lets anybody have.
pub(crate) fn keep(turn: &Turn<'_>, account: AccountId, digest: &Digest32, bytes: &[u8]) -> Decided<Timestamp> {
    // What is over does not count, however long ago somebody last tidied up.
    turn.store.erase_evidence(turn.now)?;
    let policy = &turn.world.policies.current()?.policy;
    if !turn.store.has_upload(account, digest)?
        && turn.store.count_uploads(account)? >= i64::from(policy.limits.uploads.max_kept)
    {
        return Err(Problem::new(Code::LimitExceeded)
            .detail("earlier uploads have to be erased first")
            .into());
    }
    let erase_at = policy.evidence.retention.after(turn.now);
    let key = turn.world.secrets.master.derive(PURPOSE, b"");
    let place = format!("{PURPOSE}\n{account}\n{digest}");
    let sealed = seal(&key, &*turn.world.randomness, &place, bytes)?;
    turn.store.put_upload(account, digest, &sealed, erase_at)?;
    Ok(erase_at)
}

/// Checks that what is handed in is there: as many images as the factor has, each the payer's own, each once.
///
/// # Errors
/// `malformed` where the number is wrong or one is named twice, `not_found` where one was not uploaded or is erased.
pub(crate) fn check(turn: &Turn<'_>, run: &Run<'_>, factor: FactorKind, uploads: &[Digest32]) -> Decided<()> {
    let pointer = "/answer/uploads";
    let most = usize::try_from(run.policy.evidence.recording_images).unwrap_or(usize::MAX);
    let fits = match document(factor) {
        Some(_) => uploads.len() == images(factor),
        None => (1..=most).contains(&uploads.len()),
    };
    let once = uploads.iter().collect::<std::collections::BTreeSet<_>>().len() == uploads.len();
    if !fits || !once {
        return Err(Problem::new(Code::Malformed)
            .at(pointer)
            .detail("name each image that the step asks for, once")
            .into());
    }
    turn.store.erase_evidence(turn.now)?;
    for (index, upload) in uploads.iter().enumerate() {
        if !turn.store.has_upload(run.flow.account, upload)? {
            return Err(Problem::new(Code::NotFound).at(format!("{pointer}/{index}")).into());
        }
    }
    Ok(())
}

/// Asks the vendor that judges a factor's evidence.
pub(crate) fn ask_vendor(
    turn: &mut Turn<'_>,
    run: &mut Run<'_>,
    step: &str,
    factor: FactorKind,
    uploads: Vec<Digest32>,
) -> Decided<()> {
    let evidence = run.state.submitted.unwrap_or_else(|| named(&uploads));
    let call = call(turn, run, step);
    let account = run.flow.account;
    let outside = &turn.world.outside;
    let judged = match (document(factor), factor) {
        (Some(document), _) => {
            let scan = DocumentScan {
                account,
                document,
                images: uploads.clone(),
            };
            let reply = outside.ocr_vendor.read(&call, &scan);
            reply.map(|reply| (reply.after, is_legible(run.policy, &reply.outcome)))
        }
        (None, FactorKind::VideoVerification) => {
            let request = VideoRequest {
                account,
                operation: run.state.start.operation,
            };
            let reply = outside.video_desk.verify(&call, &request);
            reply.map(|reply| (reply.after, reply.outcome == VideoVerification::Verified))
        }
        (None, factor) => {
            let capture = match factor {
                FactorKind::GestureVideo => FaceCapture::GestureVideo {
                    gestures: gestures::asked(run.policy, &turn.world.secrets.master, run.flow.flow, step),
                },
                _ => FaceCapture::Liveness,
            };
            let question = FaceQuestion {
                account,
                capture,
                evidence,
            };
            let reply = outside.face_vendor.judge(&call, &question);
            reply.map(|reply| (reply.after, is_the_payer(run.policy, &reply.outcome)))
        }
    };
    settle(turn, run, step, judged, evidence, uploads)
}

/// Asks the source that knows a factor by itself.
pub(super) fn ask_source(turn: &mut Turn<'_>, run: &mut Run<'_>, step: &str, _factor: FactorKind) -> Decided<()> {
    let call = call(turn, run, step);
    let claim = claim(run.flow.account);
    let reply = turn.world.outside.identity_source.compare(&call, &claim);
    let evidence = Digest32::of(call.key.as_str().as_bytes());
    let judged = reply.map(|reply| (reply.after, reply.outcome == IdentityMatch::Match));
    settle(turn, run, step, judged, evidence, Vec::new())
}

pub(super) type Judged = Result<(After, bool), Unavailable>;

/// Keeps a judgement until it is known, or asks again later.
pub(super) fn settle(
    turn: &mut Turn<'_>,
    run: &mut Run<'_>,
    step: &str,
    judged: Judged,
    evidence: Digest32,
    uploads: Vec<Digest32>,
) -> Decided<()> {
    match judged {
        Ok((after, proved)) => {
            parties::keep(turn, run, step, "", after, Reply::Judged { proved, evidence })?;
            parties::hear(turn, run)
        }
        Err(Unavailable) => parties::ask_again(turn, run, step, uploads),
    }
}

/// Each try has a name of its own at the vendor.
pub(super) fn call(turn: &Turn<'_>, run: &Run<'_>, step: &str) -> Call {
    Call {
        key: CallKey::of_step(run.flow.flow, step, run.state.failures.saturating_add(1)),
        at: turn.now,
    }
}

/// The gateway knows nobody's name: the source finds the account's own record.
fn claim(account: AccountId) -> IdentityClaim {
    IdentityClaim {
        account,
        name: PersonalText::new(String::new()),
        document_number: PersonalText::new(String::new()),
    }
}

/// One name for everything that was handed in together.
fn named(uploads: &[Digest32]) -> Digest32 {
    let bytes: Vec<u8> = uploads.iter().flat_map(|digest| *digest.as_bytes()).collect();
    Digest32::of(&bytes)
}

/// Whether a document counts: accepted, with all its corners, without glare, legible.
fn is_legible(policy: &Policy, outcome: &DocumentOutcome) -> bool {
    let DocumentOutcome::Accepted { quality } = outcome else {
        return false;
    };
    let least = policy.evidence.sharpness_min.millionths();
    quality.corners && quality.glare_free && quality.sharpness.millionths() >= least
}

/// Whether a face is the payer's, alive, with the gestures that were asked for.
fn is_the_payer(policy: &Policy, findings: &FaceFindings) -> bool {
    let least = policy.evidence.face_min.millionths();
    findings.live && findings.gestures_match && findings.similarity.millionths() >= least
}
