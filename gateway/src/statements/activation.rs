//! Activation: the phone's half stands too, so the mandate can be charged (R-007, H7).

use quittance_flows::mandate::MandateEvent;
use quittance_protocol::answer::MandateState;
use quittance_protocol::problem::Code;
use quittance_protocol::statement::{Activation, ReplicaState};
use quittance_protocol::{Problem, Verified};

use super::{flow, permit};
use crate::factor;
use crate::failure::Decided;
use crate::parties::MerchantNotice;
use crate::store::Device;
use crate::turn::{Answer, Turn};
use crate::views;

/// Takes the first permits, then brings the mandate to life.
pub(super) fn decide(turn: &mut Turn<'_>, device: &Device, said: &Verified<Activation>) -> Decided<Answer> {
    let body = said.body();
    factor::spend_nonce(turn, body.nonce.as_slice(), "/nonce")?;
    let mandate = turn
        .store
        .mandate(body.mandate)?
        .filter(|row| row.account == device.account);
    let mut mandate = mandate.ok_or_else(|| Problem::new(Code::NotFound).at("/mandate"))?;
    match mandate.standing.state {
        // The clock ends it, and may not have come to it yet.
        MandateState::Provisioning if mandate.provisioning_until.is_some_and(|until| turn.now >= until) => {
            return Err(Code::MandateEnded.into());
        }
        MandateState::Provisioning => {}
        MandateState::Ended | MandateState::Rejected => return Err(Code::MandateEnded.into()),
        MandateState::Revoking => return Err(Code::TooLate.into()),
        _ => return Err(Code::StepOrder.into()),
    }
    if body.permits.is_empty() {
        return Err(Problem::new(Code::PermitMissing).at("/permits").into());
    }
    for (index, compact) in body.permits.iter().enumerate() {
        permit::take_carried(turn, &mandate, turn.now, compact, &format!("/permits/{index}"))?;
    }
    mandate.standing = mandate.standing.step(MandateEvent::Activated).map_err(flow::refusal)?;
    mandate.half = ReplicaState::Active;
    mandate.follow_holds();
    mandate.active_since = Some(turn.now);
    mandate.provisioning_until = None;
    turn.store.put_mandate(&mut mandate)?;
    turn.store.add_notice(
        mandate.merchant,
        &MerchantNotice::MandateActive {
            mandate: mandate.mandate,
        },
    )?;
    Answer::json(&views::mandate(turn.store, &mandate, turn.now)?)
}
