//! Bad input: a typed problem that names the member, and nothing changed.

use axum::body::Body;
use axum::http::{Request, header};
use quittance_protocol::bytes::{from_base64url, to_base64url};
use quittance_protocol::statement::{Charge, Session};
use quittance_protocol::{Claims, Code, Problem, PublicKey, StatementId};
use ring::signature::KeyPair as _;
use serde_json::{Value, json};

use crate::support::phone::{Phone, approved};
use crate::support::{House, ORIGIN, random, statement};
use quittance_gateway::Clock as _;

/// A statement of the phone's device key over any header and payload, validly signed.
pub(crate) struct Forge(ring::signature::EcdsaKeyPair, PublicKey);

impl Forge {
    pub(crate) fn new() -> Self {
        let rng = ring::rand::SystemRandom::new();
        let algorithm = &ring::signature::ECDSA_P256_SHA256_FIXED_SIGNING;
        let document = ring::signature::EcdsaKeyPair::generate_pkcs8(algorithm, &rng).unwrap();
        let pair = ring::signature::EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &rng).unwrap();
        let key = PublicKey::p256_from_sec1(pair.public_key().as_ref()).unwrap();
        Self(pair, key)
    }

    pub(crate) async fn enrolled(house: &House) -> Self {
        let forge = Self::new();
        let biometric = crate::support::phone::Key::new();
        let payload = json!({
            "aud": ORIGIN, "iat": house.clock.now(), "jti": StatementId::from_bytes(random()), "seq": 1,
            "nonce": house.nonce().await.nonce, "device_key": forge.1, "biometric_key": biometric.public(), "attestation": [],
        });
        assert_eq!(
            house
                .post(&forge.sign(&forge.header("enrolment"), &payload.to_string()))
                .await
                .status,
            200
        );
        forge
    }

    pub(crate) fn public(&self) -> PublicKey {
        self.1
    }

    pub(crate) fn header(&self, name: &str) -> String {
        json!({"alg": "ES256", "typ": format!("quittance-{name}+jwt"), "kid": self.1.thumbprint()}).to_string()
    }

    pub(crate) fn sign(&self, header: &str, payload: &str) -> String {
        let input = format!(
            "{}.{}",
            to_base64url(header.as_bytes()),
            to_base64url(payload.as_bytes())
        );
        let signature = self.0.sign(&ring::rand::SystemRandom::new(), input.as_bytes()).unwrap();
        format!("{input}.{}", to_base64url(signature.as_ref()))
    }

    fn session(&self, house: &House, change: impl FnOnce(&mut Value)) -> String {
        let mut payload = json!({
            "aud": ORIGIN, "iat": house.clock.now(), "jti": StatementId::from_bytes(random()), "seq": 7,
        });
        change(&mut payload);
        self.sign(&self.header("session"), &payload.to_string())
    }
}

#[track_caller]
fn is(problem: &Problem, code: Code, pointer: Option<&str>) {
    assert_eq!((problem.code(), problem.pointer()), (code, pointer), "{problem}");
}

#[tokio::test]
async fn forms_that_are_not_of_the_protocol_are_refused_by_member() {
    let house = House::new();
    let forge = Forge::enrolled(&house).await;
    let good = forge.session(&house, |_| ());
    let post = |compact: String| {
        let house = &house;
        async move { house.post(&compact).await.problem() }
    };
    is(
        &post(forge.session(&house, |p| p["extra"] = json!(1))).await,
        Code::UnknownMember,
        Some("/extra"),
    );
    is(
        &post(forge.session(&house, |p| p["aud"] = json!("https://other.test"))).await,
        Code::WrongAudience,
        Some("/aud"),
    );
    is(
        &post(forge.session(&house, |p| p["seq"] = json!(u64::MAX))).await,
        Code::Malformed,
        Some("/seq"),
    );
    is(
        &post(forge.session(&house, |p| p["seq"] = json!(1.5))).await,
        Code::Malformed,
        Some("/seq"),
    );
    let no_number = forge.session(&house, |p| {
        p.as_object_mut().unwrap().remove("seq");
    });
    is(&post(no_number).await, Code::Malformed, Some("/seq"));
    let payload = forge.session(&house, |_| ());
    let payload = String::from_utf8(from_base64url(payload.split('.').nth(1).unwrap()).unwrap()).unwrap();
    let twice = payload.replacen("{", "{\"seq\":7,", 1);
    is(
        &post(forge.sign(&forge.header("session"), &twice)).await,
        Code::Malformed,
        Some("/seq"),
    );
    for name in ["offer", "factor-proof", "policy", "unheard"] {
        is(
            &post(forge.sign(&forge.header(name), &payload)).await,
            Code::WrongType,
            Some("/header/typ"),
        );
    }
    let other_type = forge.header("session").replace("+jwt", "");
    is(
        &post(forge.sign(&other_type, &payload)).await,
        Code::WrongType,
        Some("/header/typ"),
    );
    let none = forge.header("session").replace("ES256", "none");
    is(
        &post(forge.sign(&none, &payload)).await,
        Code::WrongAlg,
        Some("/header/alg"),
    );
    let more = forge.header("session").replacen("{", "{\"jku\":\"x\",", 1);
    is(
        &post(forge.sign(&more, &payload)).await,
        Code::UnknownMember,
        Some("/header/jku"),
    );
    let stranger = forge
        .header("session")
        .replace(&forge.1.thumbprint().to_string(), &to_base64url(&[7; 32]));
    is(
        &post(forge.sign(&stranger, &payload)).await,
        Code::UnknownKey,
        Some("/header/kid"),
    );
    // base64url: padding, the other alphabet, stray bits in the last character.
    for bad in [
        format!("{good}="),
        format!("{good}\n"),
        good.replacen('.', "..", 1),
        good.replace('.', ""),
    ] {
        assert_eq!(post(bad).await.code(), Code::Malformed);
    }
    let mut flipped = good.clone();
    let last = flipped.pop().unwrap();
    flipped.push(if last == 'A' { 'B' } else { 'A' });
    assert!(matches!(
        post(flipped).await.code(),
        Code::Malformed | Code::BadSignature
    ));
    let other_payload = forge.session(&house, |_| ());
    let mixed = format!(
        "{}.{}",
        other_payload.rsplit_once('.').unwrap().0,
        good.rsplit_once('.').unwrap().1
    );
    assert_eq!(post(mixed).await.code(), Code::BadSignature);
    // None of them used up the number: the good one still passes.
    assert_eq!(house.post(&good).await.status, 200);
}

#[tokio::test]
async fn ten_megabytes_and_a_hundred_thousand_levels_are_refused_without_work() {
    let house = House::new();
    let reply = house.send(statement(vec![b'a'; 10 << 20])).await;
    assert_eq!((reply.status, reply.code()), (413, Code::TooLarge));
    let forge = Forge::enrolled(&house).await;
    let deep = format!("{{\"x\":{}{}}}", "[".repeat(20_000), "]".repeat(20_000));
    assert_eq!(
        house.post(&forge.sign(&forge.header("session"), &deep)).await.code(),
        Code::Malformed
    );
    let deeper = format!("{{\"x\":{}", "[".repeat(100_000));
    assert_eq!(
        house.post(&forge.sign(&forge.header("session"), &deeper)).await.code(),
        Code::TooLarge
    );
    let plain = Request::post("/v1/statements").header(header::CONTENT_TYPE, "application/json");
    assert_eq!(
        house.send(plain.body(Body::from("{}")).unwrap()).await.code(),
        Code::Malformed
    );
    assert_eq!(house.send(statement(vec![0xff, 0xfe])).await.code(), Code::Malformed);
    assert_eq!(house.get("/nowhere", None).await.code(), Code::NotFound);
    assert_eq!(house.get("/v1/statements", None).await.code(), Code::NotFound);
}

#[tokio::test]
async fn amounts_that_overflow_and_currencies_that_differ_move_no_money() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let token = phone.sign_mandate().await;
    let claims = || json!({"aud": ORIGIN, "iat": house.clock.now(), "jti": StatementId::from_bytes(random())});
    let charge = |amount: Value| {
        let mut payload = claims();
        payload["mandate"] = json!(token.mandate);
        payload["reference"] = json!("r");
        payload["amount"] = amount;
        RawCharge(payload)
    };
    for amount in [
        json!({"minor": 9_007_199_254_740_992_i64, "currency": "CNY"}),
        json!({"minor": u64::MAX, "currency": "CNY"}),
        json!({"minor": 30.5, "currency": "CNY"}),
        json!({"minor": "30", "currency": "CNY"}),
        json!({"minor": 30, "currency": "cny"}),
        json!({"minor": 30, "currency": "CNY", "x": 1}),
    ] {
        let problem = house.post(&charge(amount.clone()).sign(&house)).await.problem();
        assert!(
            problem.pointer().is_some_and(|pointer| pointer.starts_with("/amount")),
            "{amount}: {problem}"
        );
    }
    let usd = quittance_protocol::Money::new(100, quittance_protocol::Currency::new("USD").unwrap()).unwrap();
    let dollars = Charge {
        mandate: token.mandate,
        amount: usd,
        reference: "r".to_owned(),
        permit: None,
    };
    let declined = crate::support::phone::declined(&house.post(&house.sign_as_merchant(&dollars)).await);
    assert_eq!(declined, Code::CurrencyMismatch);
    assert!(house.network.charges().unwrap().is_empty());
    assert_eq!(phone.mandate(token.mandate).await.permits_left, 3);
    approved(&house.charge(token.mandate, 100).await);
}

/// A charge whose payload is any JSON, signed by the merchant through a statement of the same name.
struct RawCharge(Value);

#[derive(serde::Serialize, serde::Deserialize)]
struct Loose {
    mandate: Value,
    reference: Value,
    amount: Value,
}

impl quittance_protocol::Statement for Loose {
    const NAME: &'static str = "charge";
    const ALG: quittance_protocol::jws::Alg = quittance_protocol::jws::Alg::Ed25519;
    const SEQUENCED: bool = false;
}

impl RawCharge {
    fn sign(self, house: &House) -> String {
        let member = |name: &str| self.0[name].clone();
        let body = Loose {
            mandate: member("mandate"),
            reference: member("reference"),
            amount: member("amount"),
        };
        house.sign_as_merchant(&body)
    }
}

// R-333
#[tokio::test]
async fn a_signature_by_anothers_key_says_nothing() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let other = Phone::ready(&house).await;
    // The header names the phone, the signature is the other's.
    let claims = Claims {
        seq: Some(900),
        ..phone.claims(None)
    };
    let mine = phone.device.sign(&claims, &Session {});
    let theirs = other.device.sign(&claims, &Session {});
    let mixed = format!(
        "{}.{}",
        mine.rsplit_once('.').unwrap().0,
        theirs.rsplit_once('.').unwrap().1
    );
    assert_eq!(house.post(&mixed).await.code(), Code::BadSignature);
    let token = phone.sign_mandate().await;
    assert_eq!(
        other.pause(&[token.mandate]).await.problem().pointer(),
        Some("/mandates/0")
    );
    assert_eq!(
        house.get("/v1/mandates", Some(&other.session().await)).await.text(),
        "[]"
    );
    approved(&house.charge(token.mandate, 100).await);
}
