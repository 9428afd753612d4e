//! The names and moments that are the same in every world.

use quittance_flows::destruction::phone::Order;
use quittance_protocol::log_body::{Actor, Ending, TerminationCause};
use quittance_protocol::statement::{Limits, MandateKind, Permit, PermitAmount, PhoneOutcome, Probe, Terms};
use quittance_protocol::{B64, Currency, Digest32, MandateId, MerchantId, Money, OrderId, Timestamp, TokenId};

/// When everything happens that happens before an order is due.
pub(crate) fn early() -> Timestamp {
    Timestamp::from_unix(1_800_000_000).unwrap()
}

/// From when on nothing takes an order back.
pub(crate) fn due() -> Timestamp {
    early().plus_seconds(86_400)
}

fn byte(token: usize) -> u8 {
    u8::try_from(token).unwrap_or(u8::MAX)
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

/// The statement that a phone makes about a token.
pub(crate) fn attestation(token: usize) -> Digest32 {
    Digest32::of(&[b'a', byte(token)])
}

pub(crate) fn merchant() -> MerchantId {
    MerchantId::from_bytes([9; 16])
}

pub(crate) fn money(minor: i64) -> Money {
    Money::new(minor, Currency::new("CNY").unwrap()).unwrap()
}

pub(crate) fn terms(amount: Money) -> Terms {
    Terms::new(
        "Bluebird",
        "Rides",
        MandateKind::PayAsYouGo,
        Limits::new(amount, amount, 30),
    )
}

/// The one permit that the phone deposited.
pub(crate) fn permit(amount: Money) -> Permit {
    Permit {
        token: TokenId::from_bytes([1; 16]),
        payee: merchant(),
        amount: PermitAmount::AtMost(amount),
        not_before: early(),
        not_after: due().plus_seconds(86_400),
        challenge: None,
    }
}
