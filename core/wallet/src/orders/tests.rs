//! Orders whose ids this phone knows as something else.

use super::*;
use crate::closure::tests::Story;
use crate::destruction::tests::signed;
use crate::journal::EventRow;
use crate::unit::tests::phone;
use quittance_protocol::answer::{PayerEvent, PayerEventKind};
use quittance_protocol::bytes::B64;
use quittance_protocol::log_body::{EvidenceLevel, TerminationCause};
use quittance_protocol::statement::ReplicaState;
use quittance_protocol::{Annex, EventId, OrderId};

/// Where the row stands of a mandate that was closed: the id of the flow in which its payer asked.
const FLOW: [u8; 16] = [1; 16];

const CLOSED: OrderId = OrderId::from_bytes([2; 16]);

fn at(second: i64) -> Timestamp {
    Timestamp::from_unix(1_800_000_000 + second).unwrap()
}

/// A phone with one mandate that was closed, one that the payer wants to end, and one that lives.
fn with_a_receipt(folder: &std::path::Path) -> Inner {
    let phone = phone(folder);
    let mut ended = signed(3);
    ended.half = ReplicaState::Destroyed;
    let mut closed = OrderRow::new(FLOW, Vec::new(), vec!["intent".to_owned()]);
    closed.state = PhoneState::Closed {
        order: phone::Order {
            order: CLOSED,
            nonce: B64::new([2; 32]),
            mandates: vec![ended.mandate],
            tokens: Vec::new(),
        },
        kind: ClosureKind::TwoSided,
    };
    closed.receipt = Some(ReceiptRow {
        receipt: String::new(),
        annex: Annex {
            salt: B64::new([0; 32]),
            body: B64::new([]),
            statements: Vec::new(),
        },
        cause: TerminationCause::Payer,
        evidence_level: EvidenceLevel::E0,
        closed_at: at(0),
    });
    let wished = signed(4);
    let waiting = OrderRow::new([8; 16], vec![wished.mandate], vec!["wish".to_owned()]);
    let committed = phone.unit_now(|unit| {
        unit.put(&ended)?;
        unit.put(&wished)?;
        unit.put(&signed(5))?;
        unit.put(&closed)?;
        unit.put(&waiting)
    });
    committed.unwrap();
    phone
}

/// The phone hears twice of a merchant's order for the mandate that lives.
fn hears_of(phone: &Inner, order: OrderId) {
    let living = signed(5);
    let token = token_commitment(living.token, &living.token_key.thumbprint());
    let (record, _, log) = Story::merchants_order(order, living.mandate, token).told();
    for _ in 0..2 {
        let news = OrderNews {
            ordered: verify_order(&record, &log),
            record: record.clone(),
            consistent: true,
            destroyed_at: None,
        };
        phone.unit_now(|unit| unit.take_order(&news, None)).unwrap();
    }
}

fn disputes(phone: &Inner) -> Vec<OrderId> {
    let told = phone.read_all::<EventRow>().unwrap().into_iter().map(|row| row.event);
    told.filter_map(|event| match event {
        WalletEvent::Disputed {
            order,
            reason: DisputeReason::OrderMismatch,
        } => Some(order),
        _ => None,
    })
    .collect()
}

fn is_ordered(phone: &Inner) -> bool {
    let rows = phone.read_all::<OrderRow>().unwrap();
    let of_it = |order: &phone::Order| order.mandates == [signed(5).mandate];
    rows.iter().any(|row| known_order(&row.state).is_some_and(of_it))
}

//
#[test]
fn an_order_under_the_id_of_an_earlier_flow_takes_no_receipt_away() {
    let folder = tempfile::tempdir().unwrap();
    let phone = with_a_receipt(folder.path());
    let named = OrderId::from_bytes(FLOW);
    hears_of(&phone, named);
    let receipts = phone.receipt_views().unwrap();
    assert_eq!(receipts.iter().map(|view| view.order).collect::<Vec<_>>(), [CLOSED]);
    assert_eq!((disputes(&phone), is_ordered(&phone)), (vec![named], false));
    let row = phone.read::<OrderRow>(&FLOW).unwrap().unwrap();
    assert_eq!(row.dispute, None, "the dispute is the other order's");
    let told = phone.unit_now(|unit| {
        unit.told(&PayerEvent {
            event: EventId::from_bytes([9; 16]),
            number: 1,
            at: at(1),
            kind: PayerEventKind::Charged {
                mandate: signed(3).mandate,
                amount: signed(3).terms.limits.per_charge,
            },
        })
    });
    let told = told.unwrap();
    assert!(
        matches!(told, Some(WalletEvent::ChargedAfterEnd { order: CLOSED, .. })),
        "{told:?}"
    );
}

#[test]
fn an_order_under_the_id_of_a_wish_that_waits_takes_no_wish_away() {
    let folder = tempfile::tempdir().unwrap();
    let phone = with_a_receipt(folder.path());
    let named = OrderId::from_bytes([8; 16]);
    hears_of(&phone, named);
    let row = phone.read::<OrderRow>(&[8; 16]).unwrap().unwrap();
    assert_eq!((mandates_of(&row.state), row.dispute), (&[signed(4).mandate][..], None));
    assert_eq!((disputes(&phone), is_ordered(&phone)), (vec![named], false));
}

// Where a wish is parted, its rest stands under its mandate's id.
#[test]
fn an_order_under_the_id_of_a_mandate_is_not_believed() {
    let folder = tempfile::tempdir().unwrap();
    let phone = with_a_receipt(folder.path());
    let named = OrderId::from_bytes(*signed(4).mandate.as_bytes());
    hears_of(&phone, named);
    assert_eq!((disputes(&phone), is_ordered(&phone)), (vec![named], false));
}

#[test]
fn an_order_under_an_id_of_its_own_is_believed_also_after_a_doubt_about_it() {
    let folder = tempfile::tempdir().unwrap();
    let phone = with_a_receipt(folder.path());
    let named = OrderId::from_bytes([7; 16]);
    let doubt = OrderRow {
        dispute: Some(DisputeReason::LogInconsistent),
        ..OrderRow::new([7; 16], Vec::new(), Vec::new())
    };
    phone.unit_now(|unit| unit.put(&doubt)).unwrap();
    hears_of(&phone, named);
    assert_eq!((disputes(&phone), is_ordered(&phone)), (Vec::new(), true));
    assert_eq!(phone.read::<OrderRow>(&[7; 16]).unwrap().unwrap().dispute, None);
}
