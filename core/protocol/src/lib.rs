//! What is said between phone, gateway and merchant.
//!
//! Two mechanisms, no third: people and devices sign [statements](jws), the gateway speaks through its [log]. There
//! is no I/O here, no clock; randomness and keys are handed in.
//!
//! In the order that a reader needs them: plain values ([`id`], [`money`], [`time`], [`bytes`], [`key`]), what is
//! said ([`statement`], [`flow_event`], [`answer`], [`evidence`], [`log_body`]), how it is carried ([`json`], [`jws`], [`log`],
//! [`receipt`], [`permit`], [`pin`]), how it is refused ([`problem`]).

pub mod answer;
pub mod bytes;
mod der;
pub mod draws;
pub mod ed25519;
pub mod evidence;
pub mod flow_event;
pub mod id;
pub mod json;
pub mod jwk_set;
pub mod jws;
pub mod key;
pub mod log;
pub mod log_body;
pub mod money;
pub mod permit;
pub mod pin;
pub mod problem;
pub mod quantity;
pub mod receipt;
pub mod statement;
pub mod time;

pub use bytes::{B64, Digest32};
pub use id::{
    AccountId, CardId, ChargeId, DeviceId, EventId, FlowId, MandateId, MerchantId, OfferId, OrderId, RegistrationId,
    StatementId, TokenId,
};
pub use jws::{Claims, Received, Statement, Unsigned, Verified};
pub use key::{PublicKey, Thumbprint};
pub use money::{Currency, Money};
pub use problem::{Code, Problem};
pub use quantity::Quantity;
pub use receipt::{Annex, Receipt};
pub use time::Timestamp;
