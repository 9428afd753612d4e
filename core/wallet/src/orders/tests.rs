//! Orders whose ids this phone knows as something else, or that take some of what a wish asks for.

use super::*;
use crate::closure::tests::Story;
use crate::destruction::tests::signed;
use crate::journal::{EventRow, RefusedIntent};
use crate::order_facts::tests::intent_for;
use crate::order_facts::wish_of;
use crate::unit::tests::phone;
use quittance_protocol::answer::{PayerEvent, PayerEventKind};
use quittance_protocol::bytes::B64;
use quittance_protocol::log::VerifierKey;
use quittance_protocol::log_body::{EvidenceLevel, TerminationCause};
use quittance_protocol::problem::Code;
use quittance_protocol::statement::ReplicaState;
use quittance_protocol::{Annex, EventId, FlowId, OrderId};

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
        hears(phone, &record, &log, None);
    }
}

fn hears(phone: &Inner, record: &OrderRecord, log: &VerifierKey, answered: Option<Purpose>) {
    let news = OrderNews {
        ordered: verify_order(record, log),
        record: record.clone(),
        consistent: true,
        destroyed_at: None,
    };
    phone
        .unit_now(|unit| unit.take_order(&news, answered.as_ref()))
        .unwrap();
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

// A gateway draws its ids at random.
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

/// A phone whose payer wishes in some runs to end some mandates.
fn with_wishes(folder: &std::path::Path, wishes: &[(FlowId, &[u8])]) -> Inner {
    let phone = phone(folder);
    let committed = phone.unit_now(|unit| {
        for (flow, named) in wishes {
            for mandate in named.iter().copied().map(signed) {
                unit.put(&mandate)?;
            }
            unit.put(&OrderRow::new(
                *flow.as_bytes(),
                mandates(named),
                vec![intent_for(*flow, &mandates(named))],
            ))?;
        }
        Ok(())
    });
    committed.unwrap();
    phone
}

fn mandates(numbers: &[u8]) -> Vec<MandateId> {
    numbers.iter().map(|number| signed(*number).mandate).collect()
}

/// The gateway answers a wish for some mandates with an order for one of them alone.
fn answers((flow, named): (FlowId, &[u8]), phone: &Inner, order: OrderId, ended: u8) {
    let ground = phone::Ground {
        cause: TerminationCause::Payer,
        intent: content(&intent_for(flow, &mandates(named))),
    };
    let ended = signed(ended);
    let token = token_commitment(ended.token, &ended.token_key.thumbprint());
    let (record, _, log) = Story::order_on(ground, order, ended.mandate, token).told();
    hears(phone, &record, &log, Some(Purpose::Intent { flow }));
}

/// What a run's wish still waits for.
fn waiting(phone: &Inner, flow: FlowId) -> Vec<MandateId> {
    let rows = phone.read_all::<OrderRow>().unwrap();
    wish_of(&rows, flow).map(|(_, left)| left.to_vec()).unwrap_or_default()
}

const WISH: FlowId = FlowId::from_bytes([8; 16]);

const EARLIER: OrderId = OrderId::from_bytes([20; 16]);

/// An order for some mandates is to be effective later.
fn is_scheduled(phone: &Inner, order: OrderId, named: &[u8]) {
    let mut row = OrderRow::new(*order.as_bytes(), Vec::new(), Vec::new());
    row.state = PhoneState::Scheduled {
        order: phone::Order {
            order,
            nonce: B64::new([2; 32]),
            mandates: mandates(named),
            tokens: Vec::new(),
        },
        effective_at: at(0),
    };
    phone.unit_now(|unit| unit.put(&row)).unwrap();
}

/// The payer takes an order back.
fn takes_back(phone: &Inner, order: OrderId) {
    let undone = phone.unit_now(|unit| {
        let rows = unit.list::<OrderRow>()?;
        let placed = row_of(&rows, order).and_then(|row| Some((row, known_order(&row.state)?)));
        let (row, known) = placed.ok_or(WalletError::NoReceipt)?;
        let state = PhoneState::Undone(known.clone());
        unit.put(&OrderRow { state, ..row.clone() })
    });
    undone.unwrap();
}

//
#[test]
fn an_end_that_may_be_taken_back_takes_nothing_of_a_wish_that_the_gateway_has_not_heard() {
    for is_heard in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let wish = (WISH, &[4, 5][..]);
        let phone = with_wishes(folder.path(), &[wish]);
        is_scheduled(&phone, EARLIER, &[4]);
        if !is_heard {
            let intent = intent_for(WISH, &mandates(&[4, 5]));
            let waits = phone.unit_now(|unit| unit.enqueue(Purpose::Intent { flow: WISH }, Some(intent)));
            waits.unwrap();
        }
        let released = signed(5);
        let token = token_commitment(released.token, &released.token_key.thumbprint());
        let merchants = Story::merchants_order(OrderId::from_bytes([21; 16]), released.mandate, token);
        let (record, _, log) = merchants.told();
        hears(&phone, &record, &log, None);
        let left = if is_heard { Vec::new() } else { mandates(&[4]) };
        assert_eq!(
            waiting(&phone, WISH),
            left,
            "control: what was heard is under the earlier end"
        );
        if is_heard {
            continue;
        }
        takes_back(&phone, EARLIER);
        assert_eq!(waiting(&phone, WISH), left, "it is wished as before");
        answers(wish, &phone, OrderId::from_bytes([22; 16]), 4);
        assert_eq!(disputes(&phone), []);
    }
}

//
#[test]
fn a_wish_that_was_replaced_is_no_ground_once_what_replaced_it_is_taken_back() {
    for goes_with_it in [true, false] {
        let folder = tempfile::tempdir().unwrap();
        let in_vain = (WISH, &[4, 5][..]);
        let phone = with_wishes(folder.path(), &[in_vain]);
        let (anew, named) = (FlowId::from_bytes([9; 16]), mandates(&[4]));
        let begun = phone.unit_now(|unit| {
            let row = unit.get::<OrderRow>(WISH.as_bytes())?.ok_or(WalletError::NoReceipt)?;
            let refused = Some(RefusedIntent {
                code: Code::Malformed,
                signed: 1,
            });
            unit.put(&OrderRow { refused, ..row })?;
            let mut intents = unit.replace_given_up(&named)?;
            if !goes_with_it {
                intents.clear();
            }
            intents.push(intent_for(anew, &named));
            unit.put(&OrderRow::new(*anew.as_bytes(), named.clone(), intents))
        });
        begun.unwrap();
        assert_eq!(waiting(&phone, WISH), mandates(&[5]), "control: the rest of it stands");
        let order = OrderId::from_bytes([21; 16]);
        answers((anew, &[4]), &phone, order, 4);
        takes_back(&phone, order);
        let again = OrderId::from_bytes([22; 16]);
        answers(in_vain, &phone, again, 4);
        let disputed = if goes_with_it { vec![again] } else { Vec::new() };
        assert_eq!(disputes(&phone), disputed, "control: left by itself it was a ground");
    }
}

//
#[test]
fn an_intent_is_no_ground_for_what_another_order_took_once_that_one_is_taken_back() {
    for is_taken_back in [true, false] {
        let folder = tempfile::tempdir().unwrap();
        let wish = (WISH, &[4, 5][..]);
        let phone = with_wishes(folder.path(), &[wish]);
        is_scheduled(&phone, EARLIER, &[4]);
        answers(wish, &phone, OrderId::from_bytes([21; 16]), 5);
        assert_eq!(waiting(&phone, WISH), [], "control: it is answered");
        if is_taken_back {
            takes_back(&phone, EARLIER);
        }
        let again = OrderId::from_bytes([22; 16]);
        answers(wish, &phone, again, 4);
        assert_eq!(disputes(&phone), if is_taken_back { vec![again] } else { Vec::new() });
    }
}

//
#[test]
fn what_a_wish_waits_for_is_kept_however_often_it_is_parted() {
    let folder = tempfile::tempdir().unwrap();
    let wish = (WISH, &[4, 5, 6][..]);
    let phone = with_wishes(folder.path(), &[wish]);
    answers(wish, &phone, OrderId::from_bytes([20; 16]), 6);
    assert_eq!(waiting(&phone, WISH), mandates(&[4, 5]));
    let ending = phone.unit_now(|unit| unit.ending(signed(4).mandate, false));
    assert_eq!(ending.unwrap(), Some(WISH), "the run that asks for it");
    answers(wish, &phone, OrderId::from_bytes([21; 16]), 5);
    assert_eq!(waiting(&phone, WISH), mandates(&[4]));
    answers(wish, &phone, OrderId::from_bytes([22; 16]), 4);
    assert_eq!((waiting(&phone, WISH), disputes(&phone)), (Vec::new(), Vec::new()));
    assert_eq!(
        phone.read_all::<OrderRow>().unwrap().len(),
        3,
        "control: each order stands"
    );
}

//
#[test]
fn what_two_wishes_wait_for_is_kept_where_it_is_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = ((WISH, &[4, 5][..]), (FlowId::from_bytes([9; 16]), &[4, 6][..]));
    let phone = with_wishes(folder.path(), &[one, other]);
    answers(one, &phone, OrderId::from_bytes([20; 16]), 5);
    answers(other, &phone, OrderId::from_bytes([21; 16]), 6);
    assert_eq!(
        [one, other].map(|(flow, _)| waiting(&phone, flow)),
        [mandates(&[4]), mandates(&[4])]
    );
}
