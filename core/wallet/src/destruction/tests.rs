//! What the phone destroys, and what it says of it.

use super::*;
use crate::journal::Provisioning;
use crate::unit::tests::phone;
use quittance_flows::Mandate;
use quittance_protocol::bytes::B64;
use quittance_protocol::ed25519::SigningKey;
use quittance_protocol::money::Currency;
use quittance_protocol::statement::{Limits, MandateKind, Terms};
use quittance_protocol::{FlowId, MandateId, MerchantId, Money, TokenId};
use zeroize::Zeroizing;

fn order() -> Order {
    Order {
        order: OrderId::from_bytes([1; 16]),
        nonce: B64::new([2; 32]),
        mandates: vec![MandateId::from_bytes([3; 16]), MandateId::from_bytes([4; 16])],
        tokens: vec![Digest32::of(b"one"), Digest32::of(b"other")],
    }
}

const MANDATE: MandateId = MandateId::from_bytes([3; 16]);

/// A mandate whose half stands.
pub(crate) fn signed(number: u8) -> MandateRow {
    let money = Money::new(100, Currency::new("CNY").unwrap()).unwrap();
    let key = SigningKey::from_seed(&Zeroizing::new([number; 32])).unwrap();
    MandateRow {
        mandate: MandateId::from_bytes([number; 16]),
        token: TokenId::from_bytes([number + 100; 16]),
        token_key: *key.public_key(),
        merchant: MerchantId::from_bytes([1; 16]),
        terms: Terms::new(
            "Bluebird",
            "rides",
            MandateKind::PayAsYouGo,
            Limits::new(money, money, 30),
        ),
        offer: String::new(),
        flow: FlowId::from_bytes([1; 16]),
        locale: "en".to_owned(),
        consent: None,
        provisioning: Provisioning::Done,
        replica: Mandate::provisioning(),
        half: ReplicaState::Quiesced,
        gateway: None,
        next_permit: 1,
        permit_base: None,
        deposited: Vec::new(),
        wished_limits: None,
        orphan: false,
        order: None,
    }
}

const OTHER: MandateId = MandateId::from_bytes([4; 16]);

/// A phone that knows of these mandates, and has the halves of those that are named again.
fn phone_with(folder: &std::path::Path, known: &[u8], halves: &[u8]) -> Inner {
    let phone = phone(folder);
    let committed = phone.unit_now(|unit| {
        for mandate in known.iter().copied().map(signed) {
            unit.put(&mandate)?;
        }
        for mandate in halves.iter().copied().map(signed) {
            unit.put_secret(token_record(mandate.token), Zeroizing::new(vec![7; 32]));
        }
        Ok(())
    });
    committed.unwrap();
    phone
}

/// What a phone states that ends the halves of an order.
fn stated(phone: &Inner, order: &Order) -> PhoneOutcome {
    phone.end_halves(order, &phone.targets(order).unwrap()).unwrap()
}

//
#[test]
fn a_phone_that_lacks_one_of_several_halves_does_not_say_that_it_destroyed_them_all() {
    for (known, halves, is_destroyed, what) in [
        (&[3, 4][..], &[3][..], false, "one did not stand in the vault"),
        (&[3], &[3], false, "one is unknown to this phone"),
        (&[3, 4], &[], false, "neither stood"),
        (&[3, 4], &[3, 4], true, "control: both stood"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let phone = phone_with(folder.path(), known, halves);
        let said = stated(&phone, &order());
        assert_eq!(
            matches!(said, PhoneOutcome::Destroyed { .. }),
            is_destroyed,
            "{what}: {said:?}"
        );
        assert!(is_destroyed || said == PhoneOutcome::Absent {}, "{what}: {said:?}");
    }
}

//
#[test]
fn what_ended_under_another_order_is_said_to_be_destroyed_though_that_one_is_not_attested_yet() {
    for is_known in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let phone = phone_with(folder.path(), &[3, 4], &[3, 4]);
        let first = Order {
            order: OrderId::from_bytes([2; 16]),
            mandates: vec![MANDATE],
            tokens: vec![Digest32::of(b"one")],
            ..order()
        };
        let mut row = OrderRow::new([9; 16], vec![MANDATE], Vec::new());
        row.state = PhoneState::Ordered(first.clone());
        if is_known {
            phone.unit_now(|unit| unit.put(&row)).unwrap();
        }
        let before = phone.targets(&order()).unwrap();
        assert!(matches!(stated(&phone, &first), PhoneOutcome::Destroyed { .. }));
        // Whoever asked for the targets before it ended asks for one that is gone.
        for targets in [before, phone.targets(&order()).unwrap()] {
            let said = phone.end_halves(&order(), &targets).unwrap();
            let is_destroyed = matches!(said, PhoneOutcome::Destroyed { .. });
            assert_eq!(is_destroyed, is_known, "control: no order ended it: {said:?}");
        }
        assert!(!phone.destroyed_otherwise(&order()).unwrap().contains(&OTHER));
    }
}

/// A phone with a half and an order for it, in whose vault another record may have ended under the order's id before.
fn ordered(folder: &std::path::Path, is_taken: bool) -> Inner {
    let phone = phone(folder);
    let mandate = signed(3);
    let mut row = OrderRow::new([9; 16], vec![MANDATE], Vec::new());
    row.state = PhoneState::Ordered(Order {
        mandates: vec![MANDATE],
        tokens: vec![Digest32::of(b"one")],
        ..order()
    });
    if is_taken {
        let id = *order().order.as_bytes();
        phone
            .destroying_unit(id, &[token_record(TokenId::from_bytes([9; 16]))], |_| Ok(()))
            .unwrap();
    }
    let committed = phone.unit_now(|unit| {
        unit.put_secret(token_record(mandate.token), Zeroizing::new(vec![7; 32]));
        unit.put(&mandate)?;
        unit.put(&row)
    });
    committed.unwrap();
    phone
}

fn half_stands(phone: &Inner) -> bool {
    let found = phone.vault().unwrap().get(&token_record(signed(3).token)).unwrap();
    found.is_some()
}

//
#[test]
fn a_half_ends_and_is_not_attested_where_something_else_ended_under_its_orders_id() {
    let folder = tempfile::tempdir().unwrap();
    let phone = ordered(folder.path(), true);
    assert!(half_stands(&phone), "control");
    for contact in ["first", "second"] {
        phone.destroy_due().unwrap();
        assert!(!half_stands(&phone), "{contact}");
        let row = phone.read::<OrderRow>(&[9; 16]).unwrap().unwrap();
        assert!(matches!(row.state, PhoneState::Ordered(_)), "{contact}: it stays open");
        assert_eq!(row.dispute, Some(DisputeReason::OrderMismatch), "{contact}");
        let mandate = phone.read::<MandateRow>(MANDATE.as_bytes()).unwrap().unwrap();
        assert_eq!(mandate.half, ReplicaState::Destroyed, "{contact}");
        assert_eq!(
            phone.read_all::<OutboxRow>().unwrap().len(),
            0,
            "{contact}: nothing is said"
        );
        assert_eq!(
            phone.vault().unwrap().epoch(),
            3,
            "{contact}: each destruction ended one epoch"
        );
    }
}

#[test]
fn a_half_whose_orders_id_is_its_own_ends_and_its_attestation_is_due() {
    let folder = tempfile::tempdir().unwrap();
    let phone = ordered(folder.path(), false);
    // The phone has no key to sign with.
    phone.destroy_due().unwrap_err();
    assert!(!half_stands(&phone));
    assert_eq!(phone.read_all::<OutboxRow>().unwrap().len(), 1);
}

//
#[test]
fn an_orphan_ends_under_an_id_that_nobody_outside_chose() {
    let folder = tempfile::tempdir().unwrap();
    let phone = phone(folder.path());
    let orphan = MandateRow {
        orphan: true,
        ..signed(3)
    };
    let committed = phone.unit_now(|unit| {
        unit.put_secret(token_record(orphan.token), Zeroizing::new(vec![7; 32]));
        unit.put(&orphan)
    });
    committed.unwrap();
    phone.destroy_due().unwrap();
    assert!(!half_stands(&phone));
    for known in [orphan.token.as_bytes(), orphan.mandate.as_bytes()] {
        assert_eq!(phone.vault().unwrap().destruction(*known).unwrap(), None);
    }
}
