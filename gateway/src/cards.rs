//! Cards that pay for mandates: which one pays for which, and what ends with it (H5).
//!
//! The card network names a card by an opaque id. The gateway keeps only a digest of that name under a key of its vault,
//! beside the sealed funding reference: whoever steals the database finds no card in any other one by it.

use quittance_protocol::log_body::TerminationCause;
use quittance_protocol::problem::Code;
use quittance_protocol::{CardId, Digest32, OrderId, Problem};

use crate::ending;
use crate::failure::Decided;
use crate::store::Mandate;
use crate::turn::Turn;
use crate::world::World;

const PURPOSE: &str = "quittance-gateway/card/1";

/// What the gateway calls the card that pays for a new mandate.
///
/// # Errors
/// `not_eligible` where the card was removed while its payer was signing.
pub(crate) fn that_pays(turn: &Turn<'_>, card: CardId) -> Decided<Digest32> {
    let card = digest(turn.world, card);
    if turn.store.is_removed_card(&card)? {
        let gone = Problem::new(Code::NotEligible).at("/token");
        return Err(gone.detail("the card that would pay was removed").into());
    }
    Ok(card)
}

/// A card is gone, and with it every mandate that it paid for: for each payer one order, whose cause says why. What is
/// under an order already, or has ended, is left to that; removing a card again ends nothing more.
pub(crate) fn removed(turn: &mut Turn<'_>, card: CardId) -> Decided<Vec<OrderId>> {
    let card = digest(turn.world, card);
    turn.store.add_removed_card(&card, turn.now)?;
    let paid = turn.store.mandates_of_card(&card)?;
    let mut orders = Vec::new();
    for payers in paid.chunk_by(|one: &Mandate, next: &Mandate| one.account == next.account) {
        let ending = TerminationCause::FundingRemoved.by_usual_actor();
        orders.extend(ending::end(turn, payers.to_vec(), ending)?);
    }
    Ok(orders)
}

fn digest(world: &World, card: CardId) -> Digest32 {
    Digest32::from_bytes(*world.secrets.master.derive(PURPOSE, card.as_bytes()))
}
