//! Consent: a mandate comes to life with both halves of its token.

use quittance_flows::{FlowEffect, Phase, mandate};
use quittance_protocol::answer::EnrolmentKind;
use quittance_protocol::jws::Alg;
use quittance_protocol::problem::Code;
use quittance_protocol::statement::{Consent, Offer, ReplicaState, operation_digest, token_commitment};
use quittance_protocol::{B64, Digest32, Problem, Received, Verified};
use zeroize::Zeroizing;

use super::flow;
use crate::factor;
use crate::failure::{Decided, Failure};
use crate::flows::settled;
use crate::parties::Funding;
use crate::secrets::{put_half, seal};
use crate::store::{Device, Mandate};
use crate::turn::{After, Answer, ToFund, Turn};
use crate::{cards, locks, stops, teens, terms, views};

/// Takes a consent. Without its funding everything is checked and nothing kept: the card network is asked
/// first, outside of any transaction.
pub(super) fn decide(
    turn: &mut Turn<'_>,
    device: &Device,
    said: &Verified<Consent>,
    funding: Option<Funding>,
) -> Decided<Answer> {
    let body = said.body();
    factor::spend_nonce(turn, body.nonce.as_slice(), "/nonce")?;
    check_flow(turn, device, body)?;
    let offer = check_offer(turn, device, body)?;
    check_payer(turn, device, &offer)?;
    let taken = |pointer: &str| {
        Problem::new(Code::VersionConflict)
            .at(pointer)
            .detail("draw a fresh id")
    };
    if turn.store.mandate(body.mandate)?.is_some() {
        return Err(taken("/mandate").into());
    }
    if turn.store.mandate_of_token(body.token)?.is_some() {
        return Err(taken("/token").into());
    }
    if body.token_key.alg() != Alg::Ed25519 {
        return Err(Problem::new(Code::Malformed)
            .at("/token_key")
            .detail("a token's key is Ed25519")
            .into());
    }
    let kid = body.token_key.thumbprint();
    if turn.store.mandate_of_token_key(&kid)?.is_some() || turn.store.merchant_of_key(&kid)?.is_some() {
        return Err(taken("/token_key").into());
    }
    let Some(funding) = funding else {
        return Ok(Answer::Fund(ToFund {
            token: body.token,
            payer: device.account,
        }));
    };
    let card = cards::that_pays(turn, funding.card)?;

    let half: Zeroizing<[u8; 32]> = Zeroizing::new(turn.world.draw()?);
    let sealed = seal(&half, &*turn.world.randomness, &place(body.token), &funding.reference)?;
    let deadline = turn.world.policies.current()?.policy.token.provisioning_deadline.get();
    let auto_renewal = offer.terms.auto_renewal;
    let mut row = Mandate {
        mandate: body.mandate,
        account: device.account,
        device: device.device,
        merchant: offer.merchant,
        offer: offer.offer,
        terms: offer.terms,
        token: body.token,
        token_key: body.token_key,
        commitment: token_commitment(body.token, &kid),
        standing: mandate::Mandate::provisioning(),
        half: ReplicaState::Provisioning,
        sealed_reference: Some(B64::new(sealed)),
        card: Some(card),
        consent: said.compact().to_owned(),
        told_number: said.claims().seq.unwrap_or(0),
        active_since: None,
        provisioning_until: Some(turn.now.plus_seconds(deadline)),
        order: None,
        enrolment: EnrolmentKind::PayerSigned,
        auto_renewal,
        version: 0,
    };
    locks::hold_new(turn, &mut row)?;
    turn.store.put_mandate(&mut row)?;
    let answer = Answer::json(&views::mandate(turn.store, &row, turn.now)?)?;
    // Last, and before the commit: a half without a row is an orphan that the next start destroys; a row without a
    // half would be a mandate that can never pay.
    put_half(turn.vault, body.token, &half)?;
    turn.after.push(After::HalfStands(body.token));
    Ok(answer)
}

/// Binds a sealed reference to its token.
pub(super) fn place(token: quittance_protocol::TokenId) -> String {
    format!("quittance-gateway/funding/1\n{token}")
}

fn check_flow(turn: &Turn<'_>, device: &Device, body: &Consent) -> Decided<()> {
    let missing = || Problem::new(Code::NotFound).at("/flow");
    let run = flow::load(turn.store, turn.world, device, body.flow)?.ok_or_else(missing)?;
    let rejected = |pointer: &str| Problem::new(Code::ProofRejected).at(pointer);
    if run.definition.effect != FlowEffect::Provision || run.state.start.mandates != [body.mandate] {
        return Err(rejected("/flow").into());
    }
    match run.state.phase {
        Phase::Completed => {}
        Phase::Expired => return Err(Code::FlowExpired.into()),
        Phase::Refused(code) => return Err(Problem::new(code).at("/flow").into()),
        Phase::Open | Phase::Cancelled => return Err(Problem::new(Code::StepOrder).at("/flow").into()),
    }
    if flow::is_idle(turn, &run)? {
        return Err(Code::FlowExpired.into());
    }
    settled::check(turn, &run)?;
    let details = Digest32::of(body.offer.as_bytes());
    if run.state.start.operation != operation_digest(&run.state.start.definition, &[body.mandate], &details) {
        return Err(rejected("/offer").into());
    }
    Ok(())
}

/// Whether the payer may take on what is offered: not what they stopped themselves, not as a teen without a limit.
fn check_payer(turn: &Turn<'_>, device: &Device, offer: &Offer) -> Decided<()> {
    if stops::covers(turn, device.account, offer.merchant, &offer.terms)? {
        return Err(Problem::new(Code::StoppedByPayer).at("/offer/merchant").into());
    }
    if let Some(teen) = turn.store.profile(device.account)?.teen
        && !teens::may_sign(turn, &teen)?
    {
        return Err(Problem::new(Code::TeenLimit).at("/offer").into());
    }
    Ok(())
}

fn check_offer(turn: &Turn<'_>, device: &Device, body: &Consent) -> Decided<Offer> {
    let below = |problem: Problem| {
        let inner = problem.pointer().unwrap_or_default().to_owned();
        problem.at(format!("/offer{inner}"))
    };
    let offer = Received::parse(&body.offer).map_err(below)?;
    let merchant = turn.store.merchant_of_key(offer.kid())?;
    let merchant = merchant.ok_or_else(|| Problem::new(Code::UnknownKey).at("/offer/header/kid"))?;
    let offer = offer
        .verify::<Offer>(&merchant.key, &turn.world.origin)
        .map_err(below)?
        .into_body();
    if offer.merchant != merchant.merchant {
        return Err(Problem::new(Code::UnknownKey).at("/offer/merchant").into());
    }
    // The payer decides by what is shown: no merchant is shown as another one.
    if offer.terms.merchant_name != merchant.name {
        return Err(Problem::new(Code::ProofRejected)
            .at("/offer/terms/merchant_name")
            .into());
    }
    if turn.now >= offer.expires_at {
        return Err(Problem::new(Code::TooLate).at("/offer/expires_at").into());
    }
    let shown = offer.terms.digest().map_err(|_| Failure::Damaged("an offer's terms"))?;
    if body.terms_hash != shown {
        return Err(Problem::new(Code::ProofRejected).at("/terms_hash").into());
    }
    terms::check(&offer.terms, turn.now, "/offer/terms")?;
    if turn.store.offer_is_taken(device.account, offer.offer)? {
        return Err(Problem::new(Code::VersionConflict)
            .at("/offer/offer")
            .detail("it was signed already")
            .into());
    }
    Ok(offer)
}
