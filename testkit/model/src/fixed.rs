//! The names and moments that are the same in every world.

use quittance_flows::Seconds;
use quittance_flows::destruction::phone::Order;
use quittance_flows::policy::{PermitRules, PooledPermits, SubscriptionPermits};
use quittance_protocol::log_body::{Actor, Ending, TerminationCause};
use quittance_protocol::statement::{Limits, MandateKind, Permit, PermitAmount, PhoneOutcome, Probe, Terms};
use quittance_protocol::{B64, Currency, Digest32, MandateId, MerchantId, Money, OrderId, Timestamp, TokenId};

use crate::action::Signed;

/// When everything happens that happens before an order is due.
pub(crate) fn early() -> Timestamp {
    Timestamp::from_unix(1_800_000_000).unwrap()
}

/// From when on nothing takes an order back.
pub(crate) fn due() -> Timestamp {
    early().plus_seconds(86_400)
}

fn byte(number: usize) -> u8 {
    u8::try_from(number).unwrap_or(u8::MAX)
}

pub(crate) fn mandate(token: usize) -> MandateId {
    MandateId::from_bytes([byte(token); 16])
}

/// The one order that ends a token.
pub(crate) fn order(token: usize) -> Order {
    Order {
        order: OrderId::from_bytes([byte(token); 16]),
        nonce: B64::new([byte(token); 16]),
        mandates: vec![mandate(token)],
        tokens: vec![Digest32::of(&[byte(token)])],
    }
}

pub(crate) const ENDING: Ending = Ending {
    cause: TerminationCause::Payer,
    by: Actor::Payer,
};

/// What a phone says that destroyed its half.
pub(crate) fn destroyed() -> PhoneOutcome {
    PhoneOutcome::Destroyed {
        epoch_old: 1,
        epoch_new: 2,
        destroyed_key: Digest32::of(b"key"),
        probe: Probe {
            old_root_opens: false,
            records_open: false,
            key_found: false,
        },
        resumed: false,
    }
}

/// The wish of a phone's payer to end a token.
pub(crate) fn intent(phone: usize, token: usize) -> Digest32 {
    Digest32::of(&[b'i', byte(phone), byte(token)])
}

/// The statement that a phone makes about a token.
pub(crate) fn attestation(phone: usize, token: usize) -> Digest32 {
    Digest32::of(&[b'a', byte(phone), byte(token)])
}

/// What a permit's statement says, as a digest.
pub(crate) fn content(signed: Signed) -> Digest32 {
    Digest32::of(&[b'p', byte(signed.phone), signed.number, signed.edition])
}

pub(crate) fn merchant() -> MerchantId {
    MerchantId::from_bytes([9; 16])
}

pub(crate) fn money(minor: i64) -> Money {
    Money::new(minor, Currency::new("CNY").unwrap()).unwrap()
}

/// The amount of every charge.
pub(crate) fn amount() -> Money {
    money(1_000)
}

pub(crate) fn terms() -> Terms {
    let limits = Limits::new(amount(), money(1_000_000), 30);
    Terms::new("Bluebird", "Rides", MandateKind::PayAsYouGo, limits)
}

/// What each permit says, but for its number.
pub(crate) fn permit() -> Permit {
    Permit {
        token: TokenId::from_bytes([1; 16]),
        payee: merchant(),
        amount: PermitAmount::AtMost(amount()),
        not_before: early(),
        not_after: due().plus_seconds(86_400),
        challenge: None,
    }
}

/// Room for more permits than any world has.
pub(crate) fn permit_rules() -> PermitRules {
    PermitRules {
        subscription: SubscriptionPermits { periods_ahead: 1 },
        pay_as_you_go: PooledPermits {
            pool: 100,
            window: Seconds::new(10 * 86_400),
        },
    }
}
