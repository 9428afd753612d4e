//! Reconciliation: both sides find out where they differ (domain 7.2).

use std::collections::BTreeMap;

use quittance_flows::mandate::MandateEvent;
use quittance_flows::{Hold, HoldOwner};
use quittance_protocol::Verified;
use quittance_protocol::answer::MandateState;
use quittance_protocol::log_body::Actor;
use quittance_protocol::statement::{Reconciliation, ReplicaState};

use super::flow;
use crate::failure::Decided;
use crate::store::{Device, Store};
use crate::turn::{Answer, Late, Turn};

/// Compares what the phone holds. Where its half is gone while ours lives, ours is held: nobody can be charged under
/// a token whose payer lost it, and only the payer can say that it ends. No wish lifts that hold, only the half itself,
/// once the phone tells of it again (I9).
pub(super) fn reconcile(turn: &mut Turn<'_>, device: &Device, said: &Verified<Reconciliation>) -> Decided<Answer> {
    let body = said.body();
    let told: BTreeMap<_, _> = body.tokens.iter().map(|held| (held.token, held.state)).collect();
    let number = said.claims().seq.unwrap_or(0);
    for mut mandate in turn.store.readable_mandates_of(device.account)? {
        // A statement from before the consent cannot know of the mandate, whatever the order of arrival; nor one from
        // before the half was lost, or found again, of that.
        if mandate.device != device.device || mandate.told_number > number {
            continue;
        }
        let lives = matches!(
            mandate.standing.state,
            MandateState::Provisioning | MandateState::Active | MandateState::Suspended
        );
        let gone = !matches!(
            told.get(&mandate.token),
            Some(ReplicaState::Provisioning | ReplicaState::Active | ReplicaState::Held)
        );
        let event = match (gone, mandate.standing.holds.contains(&HoldOwner::Device)) {
            (true, false) => MandateEvent::HoldAdded(Hold::new(HoldOwner::Device, turn.now)),
            (false, true) => MandateEvent::HoldLifted(HoldOwner::Device, Actor::System),
            _ => continue,
        };
        if lives {
            mandate.standing = mandate.standing.step(event).map_err(flow::refusal)?;
            mandate.told_number = number;
            mandate.follow_holds();
            turn.store.put_mandate(&mut mandate)?;
            tracing::warn!(mandate = %mandate.mandate, gone, "the phone's half went or came back");
        }
    }
    Ok(Answer::Late(compare(turn.store, device, said)?))
}

/// What the phone hears: where the two sides differ. Changes nothing.
pub(crate) fn compare(store: Store<'_>, device: &Device, said: &Verified<Reconciliation>) -> Decided<Late> {
    let body = said.body();
    let mut orphans = Vec::new();
    for held in &body.tokens {
        match store.mandate_of_token(held.token) {
            Ok(None) => orphans.push(held.token),
            // What cannot be read is known all the same.
            Err(failure) if !failure.is_of_one_row() => return Err(failure.into()),
            Ok(Some(_)) | Err(_) => {}
        }
    }
    Ok(Late::Reconciled {
        account: device.account,
        device: device.device,
        orphans,
        events_after: body.events_after.unwrap_or(0),
    })
}
