//! The card network: who moves the money.

use async_trait::async_trait;
use quittance_protocol::{AccountId, CardId, ChargeId, Digest32, MerchantId, Money, TokenId};
use quittance_vault::Secret;

use super::Unavailable;

/// What the network charges: a reference to the payer's funding source. Whoever has it can ask for money.
pub type FundingReference = Secret;

/// What the network answers at provisioning: how a token's charges are paid.
#[derive(Clone)]
pub struct Funding {
    /// What is charged.
    pub reference: FundingReference,
    /// The card behind it. Every token that the same card pays for is answered with the same name, and a card that
    /// comes back after its removal has another one.
    pub card: CardId,
}

/// One charge, as the network is asked for it.
#[derive(Clone)]
pub struct NetworkCharge {
    /// Names the charge; the network carries out each name once.
    pub charge: ChargeId,
    /// Whose money.
    pub reference: FundingReference,
    /// How much.
    pub amount: Money,
    /// For whom.
    pub payee: MerchantId,
}

impl std::fmt::Debug for NetworkCharge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NetworkCharge")
            .field("charge", &self.charge)
            .finish_non_exhaustive()
    }
}

/// Money that goes back, as the network is asked for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkRefund {
    /// Names the refund, by who asked for it and the id of the statement; the network carries out each name once.
    pub refund: Digest32,
    /// Which charge, by the network's own name for it.
    pub acquirer_reference: String,
    /// How much.
    pub amount: Money,
}

/// What became of a charge; it never changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NetworkOutcome {
    /// Money moved.
    Approved {
        /// What a refund needs.
        acquirer_reference: String,
    },
    /// No money moved, nor will it under this charge's name.
    Declined,
}

/// The card network. Every call may be repeated: the answer stays what it was.
#[async_trait]
pub trait CardNetwork: Send + Sync {
    /// Asks how a token of a payer's is paid for; one token has one reference, over one card.
    ///
    /// # Errors
    /// [`Unavailable`].
    async fn fund(&self, token: TokenId, payer: AccountId) -> Result<Funding, Unavailable>;

    /// Charges, or says what became of this charge before.
    ///
    /// # Errors
    /// [`Unavailable`]; the charge may have happened.
    async fn charge(&self, charge: &NetworkCharge) -> Result<NetworkOutcome, Unavailable>;

    /// Asks what became of a charge. One that the network never saw is refused for good, so that it cannot pass
    /// later: this is how a charge in flight ends when its token does.
    ///
    /// # Errors
    /// [`Unavailable`].
    async fn resolve(&self, charge: ChargeId) -> Result<NetworkOutcome, Unavailable>;

    /// Gives money back. Needs the charge's reference alone: the payer's funding reference may be gone.
    ///
    /// # Errors
    /// [`Unavailable`]; it is asked again under the same name.
    async fn refund(&self, refund: &NetworkRefund) -> Result<(), Unavailable>;
}
