//! What the optional members of terms do to the bytes that a payer's consent is bound to.

use quittance_protocol::statement::{Channel, Limits, MandateKind, Terms};
use quittance_protocol::{Currency, Money, Timestamp};

/// Terms as they were written before any optional member existed.
const PLAIN: &str = r#"{"merchant_name":"Bluebird","service":"Rides","kind":"pay_as_you_go","limits":{"per_charge":{"minor":5000,"currency":"CNY"},"per_period":{"minor":20000,"currency":"CNY"},"period_days":30}}"#;

fn cny(minor: i64) -> Money {
    Money::new(minor, Currency::new("CNY").unwrap()).unwrap()
}

fn plain() -> Terms {
    Terms::new(
        "Bluebird",
        "Rides",
        MandateKind::PayAsYouGo,
        Limits::new(cny(5000), cny(20_000), 30),
    )
}

// R-340
#[test]
fn optional_members_that_are_absent_leave_the_bytes_and_so_the_digest_as_they_were() {
    assert_eq!(serde_json::to_string(&plain()).unwrap(), PLAIN);
    assert_eq!(serde_json::from_str::<Terms>(PLAIN).unwrap(), plain());
}

/// What agreeing to one more member changes.
type Change = fn(&mut Terms);

// R-340
#[test]
fn every_optional_member_is_written_is_read_back_and_moves_the_digest() {
    let changes: [(&str, Change); 9] = [
        ("total", |terms| terms.limits.total = Some(cny(90_000))),
        ("charges_per_period", |terms| terms.limits.charges_per_period = Some(4)),
        ("charges", |terms| terms.limits.charges = Some(1)),
        ("exact", |terms| terms.limits.exact = true),
        ("valid_until", |terms| {
            terms.valid_until = Some(Timestamp::from_unix(1_900_000_000).unwrap());
        }),
        ("category", |terms| terms.category = Some("4121".to_owned())),
        ("channel", |terms| terms.channel = Channel::MiniProgram),
        ("auto_renewal", |terms| terms.auto_renewal = Some(true)),
        ("bundled_with", |terms| terms.bundled_with = Some("Music".to_owned())),
    ];
    for (member, change) in changes {
        let mut terms = plain();
        change(&mut terms);
        let written = serde_json::to_string(&terms).unwrap();
        assert!(written.contains(&format!("\"{member}\":")), "{member} in {written}");
        assert_eq!(serde_json::from_str::<Terms>(&written).unwrap(), terms, "{member}");
        assert_ne!(terms.digest().unwrap(), plain().digest().unwrap(), "{member}");
    }
}
