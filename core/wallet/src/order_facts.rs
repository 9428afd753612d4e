//! What an order's row, and the gateway's record of it, say.

use crate::journal::OrderRow;
use quittance_flows::destruction::phone::{Ground, Order, PhoneState, Wish};
use quittance_protocol::answer::OrderRecord;
use quittance_protocol::log_body::OrderBody;
use quittance_protocol::statement::Intent;
use quittance_protocol::{MandateId, Received};

/// The order that a state knows.
pub(crate) fn known_order(state: &PhoneState) -> Option<&Order> {
    match state {
        PhoneState::Intended { .. } => None,
        PhoneState::Scheduled { order, .. }
        | PhoneState::Undone(order)
        | PhoneState::Ordered(order)
        | PhoneState::Attesting(order)
        | PhoneState::Attested(order)
        | PhoneState::Disputed(order)
        | PhoneState::Closed { order, .. } => Some(order),
    }
}

/// What a row is about, ordered or not.
pub(crate) fn mandates_of(state: &PhoneState) -> &[MandateId] {
    match state {
        PhoneState::Intended { mandates } => mandates,
        other => known_order(other).map_or(&[], |order| &order.mandates),
    }
}

/// Whether a row waits for an order that ends some of its mandates.
pub(crate) fn waits_for(row: &OrderRow, record: &OrderRecord) -> bool {
    matches!(&row.state, PhoneState::Intended { mandates } if mandates.iter().any(|wanted| record.mandates.contains(wanted)))
}

pub(crate) fn add_new(intents: &mut Vec<String>, more: Vec<String>) {
    for intent in more {
        if !intents.contains(&intent) {
            intents.push(intent);
        }
    }
}

pub(crate) fn ground_of(body: &OrderBody) -> Ground {
    Ground {
        cause: body.cause,
        intent: body.intent,
    }
}

/// What an own intent asks for.
pub(crate) fn wish(compact: &str) -> Option<Wish> {
    let received = Received::parse(compact).ok()?;
    let (_, body) = received.unverified_body::<Intent>().ok()?;
    Some(Wish {
        intent: received.content(),
        mandates: body.mandates,
    })
}

pub(crate) fn order_of(record: &OrderRecord) -> Order {
    Order {
        order: record.order,
        nonce: record.nonce.clone(),
        mandates: record.mandates.clone(),
        tokens: record.tokens.clone(),
    }
}
