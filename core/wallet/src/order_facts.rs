//! What an order's row, and the gateway's record of it, say.

use crate::closure::content;
use crate::error::WalletError;
use crate::journal::{FlowRow, MandateRow, OrderRow};
use crate::unit::Unit;
use quittance_flows::destruction::phone::{Ground, Order, PhoneState, Wish};
use quittance_protocol::answer::OrderRecord;
use quittance_protocol::log_body::OrderBody;
use quittance_protocol::statement::Intent;
use quittance_protocol::{Digest32, FlowId, MandateId, OrderId, Received};

/// How many doubts about orders this phone keeps. No payer reads more of them, and a gateway can make any number.
const MOST_DOUBTS: usize = 64;

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

/// Whether a row's order is for a mandate, taken back or not.
fn names(row: &OrderRow, mandate: &MandateId) -> bool {
    known_order(&row.state).is_some_and(|order| order.mandates.contains(mandate))
}

/// Whether a mandate is under a row's order, which was not taken back.
pub(crate) fn ends(row: &OrderRow, mandate: &MandateId) -> bool {
    names(row, mandate) && !matches!(row.state, PhoneState::Undone(_))
}

/// Whether a mandate was to end, and every order for it was taken back.
pub(crate) fn was_taken_back(rows: &[OrderRow], mandate: &MandateId) -> bool {
    rows.iter().any(|row| names(row, mandate)) && !rows.iter().any(|row| ends(row, mandate))
}

/// The row of an order that was placed.
pub(crate) fn row_of(rows: &[OrderRow], order: OrderId) -> Option<&OrderRow> {
    rows.iter()
        .find(|row| known_order(&row.state).is_some_and(|known| known.order == order))
}

/// What a row is about, ordered or not.
pub(crate) fn mandates_of(state: &PhoneState) -> &[MandateId] {
    match state {
        PhoneState::Intended { mandates } => mandates,
        other => known_order(other).map_or(&[], |order| &order.mandates),
    }
}

/// The row under which a mandate ends: its own order, else another one that nothing takes back, else a wish that waits,
/// else an end that is scheduled. An earlier end takes a mandate out of a scheduled order, which goes on naming it.
pub(crate) fn ending_of<'r>(mandate: &MandateRow, orders: &'r [OrderRow]) -> Option<&'r OrderRow> {
    let names = |row: &&OrderRow| {
        !matches!(row.state, PhoneState::Undone(_)) && mandates_of(&row.state).contains(&mandate.mandate)
    };
    orders.iter().filter(names).min_by_key(|row| match &row.state {
        PhoneState::Scheduled { .. } => 3,
        PhoneState::Intended { .. } => 2,
        state => u8::from(known_order(state).map(|order| order.order) != mandate.order),
    })
}

/// Whether a row waits for an order that ends some of its mandates.
pub(crate) fn waits_for(row: &OrderRow, record: &OrderRecord) -> bool {
    matches!(&row.state, PhoneState::Intended { mandates } if mandates.iter().any(|wanted| record.mandates.contains(wanted)))
}

/// Whether a row is nothing but the doubt about an order.
fn is_doubt(row: &OrderRow) -> bool {
    let names_nothing = matches!(&row.state, PhoneState::Intended { mandates } if mandates.is_empty());
    names_nothing && row.intents.is_empty() && row.receipt.is_none()
}

/// Whether a row is nothing but the doubt about this order.
pub(crate) fn doubts(row: &OrderRow, order: OrderId) -> bool {
    is_doubt(row) && (row.place == *order.as_bytes() || row.place == another_place(order))
}

/// Where the doubt about an order stands whose own place belongs to something else.
fn another_place(order: OrderId) -> [u8; 16] {
    let mut place = *order.as_bytes();
    let digest = Digest32::of(&place);
    place
        .iter_mut()
        .zip(digest.as_bytes())
        .for_each(|(to, from)| *to = *from);
    place
}

impl Unit<'_> {
    /// Whether an order bears the id of something else: of another row, of a run, whose row may come to stand there, or of a
    /// mandate. A gateway draws its ids at random, so it chose this one.
    pub(crate) fn is_named_as_another(&self, rows: &[OrderRow], order: OrderId) -> Result<bool, WalletError> {
        let place = order.as_bytes();
        let is_taken = rows.iter().any(|row| row.place == *place && !doubts(row, order));
        Ok(is_taken || self.get::<FlowRow>(place)?.is_some() || self.get::<MandateRow>(place)?.is_some())
    }

    /// Where a new doubt about an order takes no place away.
    ///
    /// # Errors
    /// [`WalletError::Answer`] where as many doubts stand as are kept: an order that is borne out, or known, needs none.
    pub(crate) fn place_of_doubt(&self, rows: &[OrderRow], order: OrderId) -> Result<[u8; 16], WalletError> {
        if rows.iter().filter(|row| is_doubt(row)).count() >= MOST_DOUBTS {
            return Err(WalletError::Answer("more orders that nothing bears out than are kept"));
        }
        Ok(if self.is_named_as_another(rows, order)? {
            another_place(order)
        } else {
            *order.as_bytes()
        })
    }
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

/// What own intents still ask for. A wish whose order was taken back or closed asks for nothing of that order any more.
pub(crate) fn open_wishes(rows: &[OrderRow]) -> Vec<Wish> {
    let mut wishes: Vec<Wish> = rows
        .iter()
        .flat_map(|row| &row.intents)
        .filter_map(|compact| wish(compact))
        .collect();
    for row in rows {
        let (PhoneState::Undone(order) | PhoneState::Closed { order, .. }) = &row.state else {
            continue;
        };
        let spent: Vec<Digest32> = row.intents.iter().filter_map(|compact| content(compact)).collect();
        for wish in wishes.iter_mut().filter(|wish| spent.contains(&wish.intent)) {
            wish.mandates.retain(|mandate| !order.mandates.contains(mandate));
        }
    }
    wishes
}

/// The run that a row's newest intent speaks of.
pub(crate) fn run_of(row: &OrderRow) -> Option<FlowId> {
    flow_of(row.intents.last()?)
}

/// The run that an intent speaks of.
pub(crate) fn flow_of(compact: &str) -> Option<FlowId> {
    let received = Received::parse(compact).ok()?;
    Some(received.unverified_body::<Intent>().ok()?.1.flow)
}

/// The mandates for which a run's wish still stands: those that wait for an order, and those under one that its intents led
/// to and that was not taken back. `None` where nothing was intended in it.
pub(crate) fn still_wished(rows: &[OrderRow], flow: FlowId) -> Option<Vec<MandateId>> {
    let asks = |row: &&OrderRow| row.intents.iter().any(|intent| flow_of(intent) == Some(flow));
    let mut asked = rows.iter().filter(asks).peekable();
    asked.peek()?;
    let stands = |row: &&OrderRow| !matches!(row.state, PhoneState::Undone(_));
    Some(
        asked
            .filter(stands)
            .flat_map(|row| mandates_of(&row.state))
            .copied()
            .collect(),
    )
}

/// The row of a run's wish that waits for an order, with the mandates that it waits for.
pub(crate) fn wish_of(rows: &[OrderRow], flow: FlowId) -> Option<(&OrderRow, &[MandateId])> {
    rows.iter().find_map(|row| match &row.state {
        PhoneState::Intended { mandates } if run_of(row) == Some(flow) => Some((row, mandates.as_slice())),
        _ => None,
    })
}

/// What an own intent asks for.
fn wish(compact: &str) -> Option<Wish> {
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

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use quittance_flows::destruction::phone::{Grounds, is_grounded};
    use quittance_protocol::bytes::B64;
    use quittance_protocol::log_body::{ClosureKind, TerminationCause};
    use quittance_protocol::{Claims, FlowId, StatementId, Thumbprint, Timestamp, Unsigned};

    const MANDATE: MandateId = MandateId::from_bytes([1; 16]);

    /// The intent of a run.
    pub(crate) fn intent_for(flow: FlowId, mandates: &[MandateId]) -> String {
        let body = Intent {
            flow,
            mandates: mandates.to_vec(),
            offline: false,
            proof: String::new(),
        };
        let claims = Claims {
            aud: "https://pay.example".to_owned(),
            iat: Timestamp::from_unix(1_800_000_000).unwrap(),
            jti: StatementId::from_bytes([4; 16]),
            seq: Some(1),
        };
        let signer: Thumbprint = serde_json::from_value(serde_json::json!(B64::new(vec![5; 32]))).unwrap();
        let unsigned = Unsigned::new(&signer, &claims, &body).unwrap();
        unsigned.with_der_signature(&[0x30, 6, 2, 1, 1, 2, 1, 1]).unwrap()
    }

    fn intent() -> String {
        intent_for(FlowId::from_bytes([3; 16]), &[MANDATE])
    }

    fn order(number: u8) -> Order {
        Order {
            order: OrderId::from_bytes([number; 16]),
            nonce: B64::new(vec![number; 32]),
            mandates: vec![MANDATE],
            tokens: Vec::new(),
        }
    }

    /// Whether a second order may stand on the intent of the first one, which stands there.
    fn grounds_another_order(first: PhoneState) -> bool {
        let mut row = OrderRow::new([3; 16], Vec::new(), vec![intent()]);
        row.state = first;
        // The intent waits for what else it names, too.
        let waiting = OrderRow::new([6; 16], vec![MandateId::from_bytes([2; 16])], vec![intent()]);
        let known = Grounds {
            wishes: &open_wishes(&[row, waiting]),
            ..Grounds::default()
        };
        let ground = Ground {
            cause: TerminationCause::Payer,
            intent: content(&intent()),
        };
        is_grounded(&order(9), &ground, &known)
    }

    // Before, every intent that this phone ever signed was a ground: a gateway ended what the payer had taken back.
    //
    #[test]
    fn a_wish_that_was_taken_back_or_fulfilled_grounds_no_second_order() {
        assert!(!grounds_another_order(PhoneState::Undone(order(8))));
        assert!(!grounds_another_order(PhoneState::Closed {
            order: order(8),
            kind: ClosureKind::TwoSided
        }));
        let control = PhoneState::Intended {
            mandates: vec![MANDATE],
        };
        assert!(grounds_another_order(control), "control: a wish that waits is one");
    }
}
