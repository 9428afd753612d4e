//! What a phone reads of a newer gateway's answers.

use quittance_protocol::answer::{PayerEvent, PayerEventKind};
use serde_json::{Value, json};

fn event(kind: Value) -> Result<PayerEvent, serde_json::Error> {
    let event = "evt_00000000000000000000000000000001";
    serde_json::from_value(json!({ "event": event, "number": 7, "at": "2026-03-01T12:00:00Z", "kind": kind }))
}

#[test]
fn an_event_of_an_unknown_kind_is_read_as_one_whatever_it_holds() {
    for kind in [
        json!({ "kind": "forecast" }),
        json!({ "kind": "forecast", "weather": { "rain": [true] } }),
    ] {
        let read = event(kind).unwrap();
        assert_eq!((read.number, read.kind), (7, PayerEventKind::Unrecognised));
    }
    assert_eq!(
        event(json!({ "kind": "unlocked" })).unwrap().kind,
        PayerEventKind::Unlocked {},
        "control"
    );
}

#[test]
fn an_event_of_a_known_kind_without_what_it_needs_is_not_guessed() {
    assert!(event(json!({ "kind": "charged" })).is_err());
    assert!(event(json!({})).is_err());
}
