//! Keys that are none are refused where they would be registered, and nothing is spent on them.

use quittance_protocol::bytes::to_base64url;
use quittance_protocol::{Code, StatementId};
use serde_json::{Value, json};

use crate::bad_input::Forge;
use crate::support::phone::{Key, Token};
use crate::support::{House, ORIGIN, random};
use quittance_gateway::Clock as _;

/// Ed25519 points of small order, each of the eight, then other writings of points (RFC 8032 section 5.1.3).
const BAD_ED25519: [&str; 12] = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
];

fn p256(x: &[u8], y: &[u8]) -> Value {
    json!({"kty": "EC", "crv": "P-256", "x": to_base64url(x), "y": to_base64url(y)})
}

/// What is no point of P-256: beside the curve, infinity as zeros, a coordinate that is the field's prime or above it.
fn bad_p256() -> Vec<Value> {
    let good = Key::new().public();
    let (x, y) = good.as_bytes()[1..].split_at(32);
    let mut beside = y.to_vec();
    beside[31] ^= 1;
    let prime = hex::decode("ffffffff00000001000000000000000000000000ffffffffffffffffffffffff").unwrap();
    vec![
        p256(x, &beside),
        p256(y, x),
        p256(&[0; 32], &[0; 32]),
        p256(&prime, y),
        p256(&prime, &prime),
        p256(&[0xff; 32], &[0xff; 32]),
        p256(x, &[]),
        json!({"kty": "EC", "crv": "P-256", "x": to_base64url(x)}),
    ]
}

fn ed25519(x: &[u8]) -> Value {
    json!({"kty": "OKP", "crv": "Ed25519", "x": to_base64url(x)})
}

#[tokio::test]
async fn a_phone_enrols_with_points_of_its_curve_alone() {
    let house = House::new();
    let forge = Forge::new();
    let nonce = house.nonce().await.nonce;
    let enrolment = |change: &dyn Fn(&mut Value)| {
        let mut payload = json!({
            "aud": ORIGIN, "iat": house.clock.now(), "jti": StatementId::from_bytes(random()), "seq": 1,
            "nonce": nonce, "device_key": forge.public(), "biometric_key": Key::new().public(),
            "passcode_key": Key::new().public(), "attestation": [],
        });
        change(&mut payload);
        forge.sign(&forge.header("enrolment"), &payload.to_string())
    };
    let of_software = ed25519(Token::new().key.public_key().as_bytes());
    for member in ["device_key", "biometric_key", "passcode_key"] {
        // A statement is verified by its own device key, so that one is of the right kind or another's.
        let other_kind = (member != "device_key").then(|| of_software.clone());
        for key in bad_p256().into_iter().chain(other_kind) {
            let refused = house.post(&enrolment(&|payload| payload[member] = key.clone())).await;
            let (problem, place) = (refused.problem(), format!("/{member}"));
            assert!(
                problem.pointer().is_some_and(|pointer| pointer.starts_with(&place)),
                "{key}: {problem}"
            );
            assert_eq!(problem.code(), Code::Malformed, "{key}: {problem}");
        }
    }
    // Control: the same nonce enrols keys that are some.
    assert_eq!(house.post(&enrolment(&|_| ())).await.status, 200);
}

#[tokio::test]
async fn a_token_is_registered_with_a_canonical_key_of_large_order_alone() {
    let house = House::new();
    let forge = Forge::enrolled(&house).await;
    let nonce = house.nonce().await.nonce;
    let consent = |x: &[u8]| {
        let payload = json!({
            "aud": ORIGIN, "iat": house.clock.now(), "jti": StatementId::from_bytes(random()), "seq": 2,
        "nonce": nonce, "token_key": ed25519(x),
        });
        forge.sign(&forge.header("consent"), &payload.to_string())
    };
    for key in BAD_ED25519 {
        let problem = house.post(&consent(&hex::decode(key).unwrap())).await.problem();
        assert_eq!(
            (problem.code(), problem.pointer()),
            (Code::Malformed, Some("/token_key")),
            "{key}: {problem}"
        );
    }
    // Control: with a key that is one, the first thing amiss is what else this consent lacks.
    let lacks = house
        .post(&consent(Token::new().key.public_key().as_bytes()))
        .await
        .problem();
    assert_ne!(lacks.pointer(), Some("/token_key"));
}
