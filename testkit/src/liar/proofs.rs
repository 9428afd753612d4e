//! Lies about the receipt itself: its proof, its checkpoint, its annex.

use super::lie::Lie;
use super::shown::Shown;
use quittance_protocol::answer::{Closure, OrderRecord};
use quittance_protocol::bytes::B64;
use quittance_protocol::log::proof::TlogProof;
use quittance_protocol::log::{Checkpoint, NoteSigner};
use zeroize::Zeroizing;

/// What the liar can use.
pub(super) struct Tools<'a> {
    /// The log's own key.
    pub(super) signer: &'a NoteSigner,
    /// The honest log.
    pub(super) log: Shown,
    /// How much of it the phone has seen.
    pub(super) seen: u64,
    /// The closure of an earlier order.
    pub(super) another: Option<&'a Closure>,
}

/// Spoils the closure of an order; nothing where there is none yet, or this lie is about something else.
pub(super) fn spoil(lie: Lie, record: &mut OrderRecord, tools: Tools<'_>) -> Option<()> {
    let ordered = record.ordered.proof.clone();
    let closure = record.closure.as_mut()?;
    match lie {
        Lie::NoDestruction => record.destroyed = None,
        Lie::NotAClosure => closure.receipt = ordered,
        Lie::ReceiptOfAnother => *closure = tools.another?.clone(),
        Lie::AnnexOfAnother => closure.annex = tools.another?.annex.clone(),
        Lie::WrongSalt => closure.annex.salt = B64::new(vec![7; 32]),
        Lie::MissingStatement => drop(closure.annex.statements.pop()?),
        Lie::ForeignSignature => {
            let [first, second, ..] = closure.annex.statements.as_mut_slice() else {
                return None;
            };
            let (_, signature) = first.rsplit_once('.')?;
            let (said, _) = second.rsplit_once('.')?;
            *second = format!("{said}.{signature}");
        }
        _ => {
            let proof: TlogProof = closure.receipt.parse().ok()?;
            closure.receipt = spoiled(lie, proof, &ordered, tools)?.to_string();
        }
    }
    Some(())
}

fn spoiled(lie: Lie, mut proof: TlogProof, ordered: &str, tools: Tools<'_>) -> Option<TlogProof> {
    let Tools { signer, log, seen, .. } = tools;
    let head = Checkpoint::open(&proof.checkpoint, signer.verifier()).ok()?;
    let rogue = |name: &str| NoteSigner::new(name, &Zeroizing::new([3; 32])).ok();
    let signed = |signer: NoteSigner| {
        Some(
            Checkpoint::sign(&signer, head.size(), *head.root())
                .ok()?
                .note()
                .to_owned(),
        )
    };
    match lie {
        Lie::OldKey => proof.checkpoint = signed(rogue(head.origin())?)?,
        Lie::UnknownKey => proof.checkpoint = signed(rogue("elsewhere.example")?)?,
        Lie::OtherOrigin => {
            let (text, _) = proof.checkpoint.split_once("\n\n")?;
            let (_, rest) = text.split_once('\n')?;
            proof.checkpoint = signer.sign(&format!("elsewhere.example\n{rest}\n")).ok()?;
        }
        Lie::Unsigned => {
            let (text, _) = proof.checkpoint.split_once("\n\n")?;
            proof.checkpoint = format!("{text}\n\n");
        }
        Lie::OtherIndex => proof.index = proof.index.checked_sub(1)?,
        Lie::OtherCheckpoint => proof.checkpoint = ordered.parse::<TlogProof>().ok()?.checkpoint,
        Lie::CutProof => drop(proof.hashes.pop()?),
        Lie::Shrunk => {
            proof = log
                .cut(proof.index + 1)
                .shrunk()
                .prove(proof.index.checked_sub(1)?, signer)?
        }
        Lie::Rewritten => {
            let entry = proof.extra.as_deref()?;
            proof = log.cut(proof.index + 1).with(0, entry).prove(proof.index, signer)?;
        }
        Lie::Split => {
            // Another beginning, so that it never becomes the honest log by growing.
            let (last, entry) = (seen.checked_sub(1)?, proof.extra.as_deref()?);
            proof = log.cut(seen).with(0, entry).with(last, entry).prove(last, signer)?;
        }
        _ => return None,
    }
    Some(proof)
}
