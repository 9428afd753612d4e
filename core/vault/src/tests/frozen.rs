//! Bytes that must not change: whoever changes one of these makes every vault in the field unreadable.
//!
//! Once a version is released, a change here needs a new `FORMAT_VERSION` with a path from the old one; version 1 is not
//! released yet. A round trip cannot notice what these do.

use ring::digest;

use super::support::{CountingRandomness, token};
use crate::destruction::{
    Destruction, DestructionRow, Evidence, OldRecord, Probe, SealedDestruction, destroyed_key, orders_from_bytes,
    orders_to_bytes,
};
use crate::file::{APPLICATION_ID, FORMAT_VERSION, SCHEMA};
use crate::journal::JournalKeys;
use crate::seal::{Place, open, seal};

const VAULT: [u8; 16] = [0xAA; 16];
const KEY: [u8; 32] = [0x11; 32];

#[test]
fn a_sealed_record_keeps_its_bytes() {
    let place = Place::Record {
        slot: 65,
        key: &token(3),
        version: 2,
    };
    let sealed = seal(&CountingRandomness::default(), &KEY, &VAULT, &place, b"secret").unwrap();
    assert_eq!(
        hex::encode(&sealed),
        "000102030405060708090a0b6086d5611ed707f443978f519bcfe6bddcf847c2bd8b"
    );
    assert_eq!(open(&KEY, &VAULT, &place, sealed).unwrap().as_slice(), b"secret");
}

#[test]
fn associated_data_keep_their_bytes() {
    let of = |place: Place<'_>| hex::encode(place.associated_data(&VAULT));
    let vault = "aa".repeat(16);
    assert_eq!(
        of(Place::Node {
            level: 1,
            index: 2,
            epoch: 3
        }),
        format!("{}{vault}0100000000000000020000000000000003", hex::encode("node"))
    );
    assert_eq!(
        of(Place::Record {
            slot: 65,
            key: &token(3),
            version: 2
        }),
        format!(
            "{}{vault}000000000000004101{}0000000000000002",
            hex::encode("record"),
            "03".repeat(16)
        )
    );
    assert_eq!(
        of(Place::JournalKeys { epoch: 3 }),
        format!("{}{vault}0000000000000003", hex::encode("keys"))
    );
    assert_eq!(
        of(Place::Journal {
            collection: &[4; 16],
            name: &[5; 16],
            version: 6
        }),
        format!(
            "{}{vault}{}{}0000000000000006",
            hex::encode("journal"),
            "04".repeat(16),
            "05".repeat(16)
        )
    );
    assert_eq!(
        of(Place::Destruction {
            order: &[7; 16],
            done: true,
            epoch_new: 8
        }),
        format!(
            "{}{vault}{}010000000000000008",
            hex::encode("destruction"),
            "07".repeat(16)
        )
    );
}

#[test]
fn a_journal_row_keeps_its_bytes() {
    let random = CountingRandomness::default();
    let keys = JournalKeys::fresh(VAULT, &random).unwrap();
    let (tag, name) = keys.tags("mandates", b"key");
    let row = keys
        .seal_row(&CountingRandomness::default(), (&tag, name), b"key", 1, b"value")
        .unwrap();
    assert_eq!(hex::encode(tag), "65073fbdd81b370264d6bc1c93d0979d");
    assert_eq!(hex::encode(row.name), "cb1f52e2562875982d963efd90385af9");
    assert_eq!(row.sealed.len(), 12 + 256 + 16);
    assert_eq!(
        hex::encode(digest::digest(&digest::SHA256, &row.sealed)),
        "fa33b5aa04e9a2bac9ff244ad326b886ed909ace2449d94fb6ef9a1125645158"
    );
}

/// A tree of one level, kept by the test: the node as it is written, with the keys that it holds.
#[test]
fn a_node_keeps_its_bytes() {
    use crate::opened::OpenedNodes;
    use crate::tree::{NodeStore, SealedNode, Spot, Tree, TreeShape};
    use std::cell::RefCell;

    type Written = (u8, u64, u64, Vec<u8>);
    #[derive(Default)]
    struct OneNode(RefCell<Option<Written>>);
    impl NodeStore for OneNode {
        fn node(&self, _: Spot) -> Result<Option<SealedNode>, crate::VaultError> {
            Ok(self
                .0
                .borrow()
                .clone()
                .map(|(_, _, epoch, sealed)| SealedNode { epoch, sealed }))
        }
        fn put_node(&self, (level, index): Spot, node: &SealedNode) -> Result<(), crate::VaultError> {
            *self.0.borrow_mut() = Some((level, index, node.epoch, node.sealed.clone()));
            Ok(())
        }
    }

    let (store, random, root) = (
        OneNode::default(),
        CountingRandomness::default(),
        crate::key::Key::of(&KEY),
    );
    let shape = TreeShape {
        vault: VAULT,
        height: 1,
        epoch: 9,
    };
    let opened = OpenedNodes::default();
    let mut tree = Tree::new(&store, &random, shape, &root, &opened);
    let key = tree.slot_key_or_create(2).unwrap();
    // The node is 125 keys in a row, so with counting randomness slot 2 has the bytes 64, 65 …
    assert_eq!(key.as_slice(), (64..96).collect::<Vec<u8>>());
    let (level, index, epoch, sealed) = store.0.borrow().clone().unwrap();
    assert_eq!((level, index, epoch, sealed.len()), (0, 0, 9, 12 + 4000 + 16));
    assert_eq!(
        hex::encode(digest::digest(&digest::SHA256, &sealed)),
        "5c5d04f28240fa855841ae2cfeb353d19fb1b94e9593eed4fab6829eaa758e75"
    );
}

#[test]
fn a_destruction_keeps_its_bytes() {
    let key = destroyed_key(&VAULT, &[7; 16], (1, 2), b"wrapped", &[token(1)]);
    assert_eq!(
        hex::encode(key),
        "ee22e38982146bed1b0f5c7be21b7baa62e09a0c5a2da64235372b38558c729f"
    );
    let destruction = Destruction {
        order: [7; 16],
        epoch_old: 1,
        epoch_new: 2,
        destroyed: vec![token(1)],
        missing: vec![token(2)],
        destroyed_key: [9; 32],
        probe: Probe {
            old_root_opens: true,
            records_open: false,
            key_found: true,
        },
        resumed: false,
    };
    let old = OldRecord {
        key: token(1),
        slot: 3,
        version: 4,
        sealed: vec![5],
    };
    let evidence = Some(Evidence {
        root_wrapped: vec![6, 7],
        records: vec![old],
    });
    let pending = DestructionRow { destruction, evidence };
    let bytes = pending.to_bytes().unwrap();
    let (one, two, nine) = ("01".repeat(16), "02".repeat(16), "09".repeat(32));
    let done = format!("0000000000000001{nine}010001000000000101{one}0000000101{two}");
    let evidence = format!("0000000206070000000101{one}000000000000000300000000000000040000000105");
    assert_eq!(hex::encode(&bytes), format!("{done}{evidence}"));
    assert_eq!(DestructionRow::from_bytes([7; 16], false, 2, &bytes).unwrap(), pending);
    for length in 0..bytes.len() {
        assert!(DestructionRow::from_bytes([7; 16], false, 2, &bytes[..length]).is_err());
    }
}

#[test]
fn the_headers_column_of_destructions_keeps_its_bytes() {
    let row = |order, done, sealed: &[u8]| SealedDestruction {
        order: [order; 16],
        done,
        epoch_new: 258,
        sealed: sealed.to_vec(),
    };
    let orders = [row(7, false, &[1, 2]), row(8, true, &[])];
    let bytes = orders_to_bytes(&orders).unwrap();
    let (seven, eight) = ("07".repeat(16), "08".repeat(16));
    assert_eq!(
        hex::encode(&bytes),
        format!("{seven}000000000000000102000000020102{eight}01000000000000010200000000")
    );
    assert_eq!(orders_from_bytes(&bytes).unwrap(), orders);
    for length in 1..bytes.len() {
        assert_eq!(orders_from_bytes(&bytes[..length]).is_ok(), length == 31, "{length}");
    }
}

#[test]
fn header_and_tables_keep_their_form() {
    assert_eq!((APPLICATION_ID.to_be_bytes(), FORMAT_VERSION), (*b"QVLT", 1));
    assert_eq!(
        hex::encode(digest::digest(&digest::SHA256, SCHEMA.as_bytes())),
        "c64c2ddc4eefbec512851ab02ae0f102d8e5fa676511d83756d00c97b2e9dada"
    );
}
