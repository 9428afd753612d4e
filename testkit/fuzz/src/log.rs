//! Parts of the public log, as a stranger may hand them on.

use quittance_protocol::json::{self, Limits};
use quittance_protocol::log::{Checkpoint, tiles};
use quittance_protocol::{Annex, Receipt, Received};

use crate::world::World;
use crate::{Verdict, text};

/// A receipt: believed where the log's key signed a tree that holds its entry.
pub(crate) fn tlog_proof(world: &World, bytes: &[u8]) -> Verdict {
    let Ok(receipt) = Receipt::parse(bytes) else {
        return Verdict::Refused;
    };
    assert_eq!(receipt.as_bytes(), bytes, "a receipt is kept as it came");
    let Ok(verified) = receipt.verify(world.log.verifier()) else {
        return Verdict::Refused;
    };
    let is_genuine = world.entries.iter().any(|entry| entry == receipt.entry_bytes());
    assert!(is_genuine, "the log never had this entry");
    assert_eq!(verified.logged().checkpoint().size(), world.checkpoint.size());
    Verdict::Accepted
}

/// A signed tree head.
pub(crate) fn checkpoint(world: &World, bytes: &[u8]) -> Verdict {
    let opened = text(bytes).and_then(|note| Checkpoint::open(note, world.log.verifier()).ok());
    let Some(opened) = opened else {
        return Verdict::Refused;
    };
    assert_eq!(opened.size(), world.checkpoint.size(), "the log never signed this size");
    assert_eq!(opened.root(), world.checkpoint.root(), "the log never signed this root");
    Verdict::Accepted
}

/// What opens a receipt.
pub(crate) fn annex(world: &World, bytes: &[u8]) -> Verdict {
    let Ok(annex) = json::from_slice::<Annex>(bytes, Limits::PROTOCOL) else {
        return Verdict::Refused;
    };
    let verified = world.receipt.verify(world.log.verifier()).unwrap();
    if verified.open(&annex).is_err() {
        return Verdict::Refused;
    }
    assert_eq!(annex.body, world.annex.body, "the commitment opens to one body");
    for statement in &annex.statements {
        let content = Received::parse(statement).unwrap().content();
        assert!(world.said(content), "the body names no such statement");
    }
    Verdict::Accepted
}

/// A bundle of entries, as a log serves them: what was taken apart is put together as the same bytes.
pub(crate) fn entry_bundle(world: &World, bytes: &[u8]) -> Verdict {
    let Ok(entries) = tiles::open_bundle(bytes) else {
        return Verdict::Refused;
    };
    let again = (world.writes.entries)(&entries);
    assert_eq!(again.as_deref(), Some(bytes), "a bundle has one form");
    Verdict::Accepted
}
