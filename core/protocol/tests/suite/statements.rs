//! What a statement must be before anybody believes it.

use quittance_protocol::bytes::{from_base64url, to_base64url};
use quittance_protocol::jws::Alg;
use quittance_protocol::statement::{Acknowledgement, Lock, Offer, Session, StartFlow};
use quittance_protocol::{
    B64, Code, Digest32, MerchantId, OfferId, OrderId, Problem, PublicKey, Received, Statement, Thumbprint, Unsigned,
    Verified,
};
use serde::{Deserialize, Serialize};

use crate::fixture::{AUDIENCE, PhoneKey, claims, software_key};

const ORDER: OrderId = OrderId::from_bytes([4; 16]);

fn acknowledgement() -> Acknowledgement {
    Acknowledgement {
        order: ORDER,
        verified: true,
    }
}

/// Signs any header with any payload: the tool of an attacker who holds the key.
fn forge(key: &PhoneKey, header: &str, payload: &str) -> String {
    let input = format!(
        "{}.{}",
        to_base64url(header.as_bytes()),
        to_base64url(payload.as_bytes())
    );
    let signature = key.sign(input.as_bytes());
    format!("{input}.{}", to_base64url(&signature))
}

fn header(key: &PhoneKey) -> String {
    format!(
        r#"{{"alg":"ES256","typ":"quittance-acknowledgement+jwt","kid":"{}"}}"#,
        key.public.thumbprint()
    )
}

const PAYLOAD: &str = r#"{"aud":"https://pay.example","iat":"2026-11-22T06:30:00Z","jti":"sta_09090909090909090909090909090909","seq":1,"order":"ord_04040404040404040404040404040404","verified":true}"#;

fn judged(compact: &str, key: &PublicKey) -> Result<Verified<Acknowledgement>, Problem> {
    Received::parse(compact)?.verify(key, AUDIENCE)
}

fn refusal(compact: &str, key: &PublicKey) -> (Code, Option<String>) {
    let problem = judged(compact, key).unwrap_err();
    (problem.code(), problem.pointer().map(str::to_owned))
}

fn at(code: Code, pointer: &str) -> (Code, Option<String>) {
    (code, Some(pointer.to_owned()))
}

#[test]
fn a_good_statement_gives_back_what_was_said() {
    let key = PhoneKey::new();
    let verified = judged(&key.state(1, &acknowledgement()), &key.public).unwrap();
    assert_eq!(verified.body(), &acknowledgement());
    assert_eq!(verified.claims(), &claims(Some(1)));
    assert_eq!(*verified.kid(), key.public.thumbprint());
    // Control for the forgeries below: the tool itself makes good statements.
    assert!(judged(&forge(&key, &header(&key), PAYLOAD), &key.public).is_ok());
}

#[test]
fn the_der_signature_of_a_keystore_becomes_a_good_statement() {
    let key = PhoneKey::new();
    let unsigned = Unsigned::new(&key.public.thumbprint(), &claims(Some(1)), &acknowledgement()).unwrap();
    for _ in 0..64 {
        let compact = unsigned
            .with_der_signature(&key.sign_der(unsigned.signing_input()))
            .unwrap();
        assert!(judged(&compact, &key.public).is_ok());
    }
    for hostile in [
        vec![],
        vec![1],
        b"yes".to_vec(),
        key.sign(unsigned.signing_input()).to_vec(),
    ] {
        assert_eq!(
            unsigned.with_der_signature(&hostile).unwrap_err().code(),
            Code::BadSignature
        );
    }
}

/// Two signatures of one statement are two texts with one content: replay state hangs on the content.
#[test]
fn content_does_not_change_with_the_signature_but_with_anything_that_is_said() {
    let key = PhoneKey::new();
    let read = |compact: &str| judged(compact, &key.public).unwrap();
    let first = read(&key.state(1, &acknowledgement()));
    let again = read(&key.state(1, &acknowledgement()));
    assert_ne!(first.compact(), again.compact());
    assert_eq!(first.content(), again.content());
    let denied = Acknowledgement {
        verified: false,
        ..acknowledgement()
    };
    assert_ne!(first.content(), read(&key.state(1, &denied)).content());
    assert_ne!(first.content(), read(&key.state(2, &acknowledgement())).content());
}

#[test]
fn a_statement_has_one_form() {
    let key = PhoneKey::new();
    let kid = key.public.thumbprint();
    let list = format!(r#"["ES256","quittance-acknowledgement+jwt","{kid}"]"#);
    assert_eq!(
        refusal(&forge(&key, &list, PAYLOAD), &key.public),
        at(Code::Malformed, "/header")
    );
    let start = |wish: &str| {
        let payload = format!(
            r#"{{"aud":"https://pay.example","iat":"2026-11-22T06:30:00Z","jti":"sta_09090909090909090909090909090909","seq":1,"start":{{"flow":"flo_01010101010101010101010101010101","definition":"teen.raise_limit","policy_version":1,"mandates":[],{wish}"operation":"{}","nonce":"AAAA"}}}}"#,
            Digest32::of(b"")
        );
        let header = header(&key).replace("acknowledgement", "flow-start");
        let compact = forge(&key, &header, &payload);
        let judged = Received::parse(&compact)
            .unwrap()
            .verify::<StartFlow>(&key.public, AUDIENCE);
        judged
            .map(drop)
            .map_err(|problem| (problem.code(), problem.pointer().map(str::to_owned)))
    };
    let wish = |amount: &str| {
        format!(
            r#""wish":{{"wish":"teen_limit","teen":"acc_02020202020202020202020202020202","per_charge":{amount}}},"#
        )
    };
    assert_eq!(
        start(&wish(r#"[5000,"CNY"]"#)),
        Err(at(Code::Malformed, "/start/wish/per_charge"))
    );
    assert_eq!(start(r#""wish":null,"#), Err(at(Code::Malformed, "/start/wish")));
    // Control: as it is written.
    assert_eq!(start(&wish(r#"{"minor":5000,"currency":"CNY"}"#)), Ok(()));
    assert_eq!(start(""), Ok(()));
}

#[test]
fn the_header_has_exactly_its_three_members() {
    let key = PhoneKey::new();
    let kid = key.public.thumbprint();
    let typ = "quittance-acknowledgement+jwt";
    let cases = [
        (
            format!(r#"{{"alg":"ES256","typ":"{typ}","kid":"{kid}","jku":"x"}}"#),
            at(Code::UnknownMember, "/header/jku"),
        ),
        (
            format!(r#"{{"alg":"ES256","alg":"none","typ":"{typ}","kid":"{kid}"}}"#),
            at(Code::Malformed, "/header/alg"),
        ),
        (
            format!(r#"{{"alg":"ES256","typ":"{typ}"}}"#),
            at(Code::Malformed, "/header/kid"),
        ),
        (
            format!(r#"{{"alg":"none","typ":"{typ}","kid":"{kid}"}}"#),
            at(Code::WrongAlg, "/header/alg"),
        ),
        (
            format!(r#"{{"alg":"HS256","typ":"{typ}","kid":"{kid}"}}"#),
            at(Code::WrongAlg, "/header/alg"),
        ),
        (
            format!(r#"{{"alg":"Ed25519","typ":"{typ}","kid":"{kid}"}}"#),
            at(Code::WrongAlg, "/header/alg"),
        ),
        (
            format!(r#"{{"alg":"ES256","typ":"quittance-undo+jwt","kid":"{kid}"}}"#),
            at(Code::WrongType, "/header/typ"),
        ),
        (
            format!(r#"{{"alg":"ES256","typ":"JWT","kid":"{kid}"}}"#),
            at(Code::WrongType, "/header/typ"),
        ),
        (
            format!(r#"{{"alg":"ES256","typ":"{typ}","kid":"{kid}="}}"#),
            at(Code::Malformed, "/header/kid"),
        ),
        (
            format!(
                r#"{{"alg":"ES256","typ":"{typ}","kid":"{}"}}"#,
                PhoneKey::new().public.thumbprint()
            ),
            at(Code::UnknownKey, "/header/kid"),
        ),
    ];
    for (header, expected) in cases {
        assert_eq!(
            refusal(&forge(&key, &header, PAYLOAD), &key.public),
            expected,
            "{header}"
        );
    }
}

#[test]
fn the_payload_has_exactly_its_members() {
    let key = PhoneKey::new();
    let cases = [
        (
            PAYLOAD.replace("\"verified\"", "\"nonce\":\"AAAA\",\"verified\""),
            at(Code::UnknownMember, "/nonce"),
        ),
        (
            PAYLOAD.replace("\"verified\"", "\"seq\":1,\"verified\""),
            at(Code::Malformed, "/seq"),
        ),
        (PAYLOAD.replace("\"seq\":1,", ""), at(Code::Malformed, "/seq")),
        (
            PAYLOAD.replace("\"seq\":1,", "\"seq\":-1,"),
            at(Code::Malformed, "/seq"),
        ),
        (
            PAYLOAD.replace("\"seq\":1,", "\"seq\":null,"),
            at(Code::Malformed, "/seq"),
        ),
        (
            PAYLOAD.replace("\"seq\":1,", "\"seq\":1.0,"),
            at(Code::Malformed, "/seq"),
        ),
        (
            PAYLOAD.replace("06:30:00Z", "06:30:00+00:00"),
            at(Code::Malformed, "/iat"),
        ),
        (PAYLOAD.replace("sta_", "ord_"), at(Code::Malformed, "/jti")),
        (PAYLOAD.replace("ord_04", "ord_0G"), at(Code::Malformed, "/order")),
        (PAYLOAD.replace("true", "\"true\""), at(Code::Malformed, "/verified")),
        (
            PAYLOAD.replace("pay.example", "pay.example.evil"),
            at(Code::WrongAudience, "/aud"),
        ),
        ("[]".to_owned(), (Code::Malformed, None)),
        (format!("{PAYLOAD}{PAYLOAD}"), (Code::Malformed, None)),
    ];
    for (payload, expected) in cases {
        assert_eq!(
            refusal(&forge(&key, &header(&key), &payload), &key.public),
            expected,
            "{payload}"
        );
    }
}

// R-333
#[test]
fn the_signature_is_over_exactly_these_bytes_by_exactly_this_key() {
    let key = PhoneKey::new();
    let good = key.state(1, &acknowledgement());
    let (input, _) = good.rsplit_once('.').unwrap();
    let (head, payload) = input.split_once('.').unwrap();
    let other = key.state(2, &acknowledgement());
    let (_, stolen) = other.rsplit_once('.').unwrap();
    assert_eq!(refusal(&format!("{input}.{stolen}"), &key.public).0, Code::BadSignature);
    assert_eq!(refusal(&format!("{input}."), &key.public).0, Code::BadSignature);
    assert_eq!(
        refusal(&format!("{input}.{}", to_base64url(&[0; 64])), &key.public).0,
        Code::BadSignature
    );
    assert_eq!(
        refusal(&format!("{input}.{}", to_base64url(&[0; 65])), &key.public).0,
        Code::BadSignature
    );
    let respaced = to_base64url(PAYLOAD.replace(",", ", ").as_bytes());
    assert_ne!(respaced, payload);
    let signature = good.rsplit('.').next().unwrap();
    assert_eq!(
        refusal(&format!("{head}.{respaced}.{signature}"), &key.public).0,
        Code::BadSignature
    );
    let stranger = PhoneKey::new();
    assert_eq!(refusal(&good, &stranger.public).0, Code::UnknownKey);
    // A stranger who puts the phone's kid into the header still cannot sign for it.
    assert_eq!(
        refusal(&forge(&stranger, &header(&key), PAYLOAD), &key.public).0,
        Code::BadSignature
    );
}

#[test]
fn only_three_parts_of_strict_base64url_are_read() {
    let key = PhoneKey::new();
    let good = key.state(1, &acknowledgement());
    let (input, signature) = good.rsplit_once('.').unwrap();
    for bad in [
        String::new(),
        "..".to_owned(),
        input.to_owned(),
        format!("{good}."),
        format!("{good}="),
        format!("{good}\n"),
        format!(" {good}"),
        format!("{input}.{}", signature.replace(['-', '_'], "+")) + "+",
        // 64 bytes leave four bits over in the last character: another spelling of the same bytes.
        format!(
            "{}{}",
            &good[..good.len() - 1],
            next_in_alphabet(good.chars().last().unwrap())
        ),
    ] {
        assert_eq!(refusal(&bad, &key.public).0, Code::Malformed, "{bad:?}");
    }
    assert_eq!(refusal(&"a".repeat(64 * 1024 + 1), &key.public).0, Code::TooLarge);
    let deep = format!("{{\"a\":{}", "[".repeat(30_000));
    assert_eq!(
        refusal(&forge(&key, &header(&key), &deep), &key.public).0,
        Code::Malformed
    );
}

fn next_in_alphabet(last: char) -> char {
    // The last of 86 characters carries two bits: A, Q, g, w. The next letter has the same two and stray ones.
    char::from_u32(last as u32 + 1).unwrap()
}

const FROZEN_HEADER: &str =
    r#"{"alg":"Ed25519","typ":"quittance-offer+jwt","kid":"nRIE2VmKdMjL1JD7tbV7fXVgXxmv0GKnMFWRUJMTf9Q"}"#;
const FROZEN_PAYLOAD: &str = r#"{"aud":"https://pay.example","expires_at":"2026-12-31T00:00:00Z","iat":"2026-11-22T06:30:00Z","jti":"sta_09090909090909090909090909090909","merchant":"mer_02020202020202020202020202020202","offer":"off_01010101010101010101010101010101","terms":{"kind":"subscription","limits":{"per_charge":{"currency":"CNY","minor":5000},"per_period":{"currency":"CNY","minor":5000},"period_days":30},"merchant_name":"Tea House","service":"Tea"}}"#;
const FROZEN_SIGNATURE: &str = "0edf7a6c628299e5758e4f7798646cb55cc1598b1a7b3ff24ff5496e8eaa78907fb540fdaf8749de68363535fd4e39d129f9cbb976a26bc5c5c5bf9158405a0e";
const FROZEN_CONTENT: &str = "_5umANTr38oSpfaOCxqnUWltII63z_CKS7Lho4qNW-Y";

/// Wallets and gateways of all versions must read these bytes.
#[test]
fn the_bytes_of_a_statement_are_frozen() {
    let key = software_key(3);
    let offer = Offer {
        offer: OfferId::from_bytes([1; 16]),
        merchant: MerchantId::from_bytes([2; 16]),
        terms: serde_json::from_str(r#"{"merchant_name":"Tea House","service":"Tea","kind":"subscription","limits":{"per_charge":{"minor":5000,"currency":"CNY"},"per_period":{"minor":5000,"currency":"CNY"},"period_days":30}}"#).unwrap(),
        expires_at: "2026-12-31T00:00:00Z".parse().unwrap(),
    };
    let unsigned = Unsigned::new(&key.public_key().thumbprint(), &claims(None), &offer).unwrap();
    let compact = unsigned.with_signature(&key.sign(unsigned.signing_input()));
    let mut parts = compact.split('.').map(|part| from_base64url(part).unwrap());
    assert_eq!(String::from_utf8(parts.next().unwrap()).unwrap(), FROZEN_HEADER);
    assert_eq!(String::from_utf8(parts.next().unwrap()).unwrap(), FROZEN_PAYLOAD);
    assert_eq!(hex::encode(parts.next().unwrap()), FROZEN_SIGNATURE);
    let read = Received::parse(&compact)
        .unwrap()
        .verify::<Offer>(key.public_key(), AUDIENCE)
        .unwrap();
    assert_eq!(read.body(), &offer);
    assert_eq!(read.content().to_string(), FROZEN_CONTENT);
    assert_eq!(unsigned.with_der_signature(&[]).unwrap_err().code(), Code::WrongAlg);
}

#[test]
fn a_statement_without_members_of_its_own_is_read_strictly_too() {
    let key = PhoneKey::new();
    let received = Received::parse(&key.state(7, &Session {})).unwrap();
    assert!(received.verify::<Session>(&key.public, AUDIENCE).is_ok());
    let header = header(&key).replace("acknowledgement", "session");
    let received = Received::parse(&forge(&key, &header, PAYLOAD)).unwrap();
    assert_eq!(
        received.verify::<Session>(&key.public, AUDIENCE).unwrap_err().code(),
        Code::UnknownMember
    );
}

#[test]
fn the_unverified_body_is_of_the_right_kind_yet_nothing_more() {
    let key = PhoneKey::new();
    let good = key.state(1, &acknowledgement());
    let (input, _) = good.rsplit_once('.').unwrap();
    let unsigned = Received::parse(&format!("{input}.{}", to_base64url(&[0; 64]))).unwrap();
    assert_eq!(
        unsigned.unverified_body::<Acknowledgement>().unwrap().1,
        acknowledgement()
    );
    assert_eq!(unsigned.unverified_body::<Lock>().unwrap_err().code(), Code::WrongType);
    // Control: the very same statement is refused where a signature is asked for.
    assert_eq!(
        unsigned
            .verify::<Acknowledgement>(&key.public, AUDIENCE)
            .unwrap_err()
            .code(),
        Code::BadSignature
    );
}

#[derive(Serialize, Deserialize)]
struct Clash {
    jti: B64,
}

impl Statement for Clash {
    const NAME: &'static str = "clash";
    const ALG: Alg = Alg::Es256;
    const SEQUENCED: bool = false;
}

#[test]
fn a_statement_that_cannot_be_read_back_cannot_be_made() {
    let kid: Thumbprint = PhoneKey::new().public.thumbprint();
    let code = |made: Result<Unsigned, Problem>| made.unwrap_err().code();
    assert_eq!(
        code(Unsigned::new(&kid, &claims(None), &Clash { jti: B64::default() })),
        Code::Internal
    );
    assert_eq!(
        code(Unsigned::new(&kid, &claims(None), &acknowledgement())),
        Code::Internal
    );
    assert_eq!(
        code(Unsigned::new(&kid, &claims(Some(1)), &Clash { jti: B64::default() })),
        Code::Internal
    );
}

/// The control shows that the form alone would let most of them through.
#[test]
fn every_flipped_bit_of_a_statement_is_refused() {
    let key = PhoneKey::new();
    let good = key.state(1, &acknowledgement());
    let mut readable = 0;
    for position in 0..good.len() {
        for bit in 0..7 {
            let mut bytes = good.clone().into_bytes();
            bytes[position] ^= 1 << bit;
            let changed = String::from_utf8(bytes).unwrap();
            assert!(
                judged(&changed, &key.public).is_err(),
                "bit {bit} of character {position}"
            );
            readable += usize::from(Received::parse(&changed).is_ok());
        }
    }
    assert!(readable > 500, "only {readable} flips got past the form");
}

#[test]
fn an_unknown_member_inside_a_choice_is_named_too() {
    use quittance_protocol::json::{self, Limits};
    use quittance_protocol::statement::{HoldChange, PermitAmount};
    let limits = Limits::PROTOCOL;
    let problem = json::from_slice::<HoldChange>(br#"{"change":"add","x":1}"#, limits).unwrap_err();
    assert_eq!((problem.code(), problem.pointer()), (Code::UnknownMember, Some("/x")));
    let amount = br#"{"at_most":{"minor":1,"currency":"CNY","x":1}}"#;
    let problem = json::from_slice::<PermitAmount>(amount, limits).unwrap_err();
    assert_eq!(
        (problem.code(), problem.pointer()),
        (Code::UnknownMember, Some("/at_most/x"))
    );
    let amount = br#"{"at_most":{"minor":"1","currency":"CNY"}}"#;
    let problem = json::from_slice::<PermitAmount>(amount, limits).unwrap_err();
    assert_eq!(
        (problem.code(), problem.pointer()),
        (Code::Malformed, Some("/at_most/minor"))
    );
    // A choice that is not known is a value of the caller: it is not repeated.
    for bad in [r#"{"kind":"6222020200112230"}"#, r#"{"kind":{"6222020200112230":1}}"#] {
        let problem = json::from_slice::<Choice>(bad.as_bytes(), limits).unwrap_err();
        assert_eq!((problem.code(), problem.pointer()), (Code::Malformed, Some("/kind")));
        assert!(!format!("{problem:?}").contains("6222"));
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Choice {
    #[serde(rename = "kind")]
    _kind: quittance_protocol::statement::MandateKind,
}
