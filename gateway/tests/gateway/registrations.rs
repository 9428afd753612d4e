//! A registration's request is counted nowhere, so what it evaluates is worth nothing for a guess.

use quittance_protocol::answer::{FlowLog, PinAnswer};
use quittance_protocol::statement::{Lock, SecretKind};
use quittance_protocol::{Code, RegistrationId, pin};
use ring::hkdf::{HKDF_SHA512, KeyType, Prk};

use crate::flow_quiz::{RECOVERY, answer_amounts, answer_the_rest, set_transactions};
use crate::pins::at_the_pin;
use crate::support::phone::{PIN, Phone, draws};
use crate::support::registering::{Begun, Record};
use crate::support::walk::LOCK_PASSWORD;
use crate::support::{DAY, House, random};

const NEW_PIN: &[u8] = b"314159";
/// Among them each PIN that a test sets: a thief who had these evaluated would find it.
const GUESSES: [&[u8]; 3] = [b"000000", PIN, NEW_PIN];

/// Lets a new PIN be registered, by a quiz.
async fn open_reset(phone: &Phone<'_>) {
    set_transactions(phone, 30).await;
    let flow = phone.begin(RECOVERY, &[], b"").await;
    answer_amounts(phone.house, phone, &flow, 0).await;
    answer_the_rest(phone, &flow).await;
}

async fn begin(phone: &Phone<'_>, kind: SecretKind, secret: &[u8]) -> Begun {
    match phone.begin_registration(kind, secret).await {
        Ok(begun) => begun,
        Err(refused) => panic!("{}", refused.text()),
    }
}

struct Bytes(usize);

impl KeyType for Bytes {
    fn len(&self) -> usize {
        self.0
    }
}

/// What a request tells about one guess, to whoever has OPAQUE's own library for phones.
struct Evaluated {
    masking_key: Vec<u8>,
    gateway: Vec<u8>,
}

impl Evaluated {
    /// The record has the masking key in clear (RFC 9807 section 5.1), the answer the gateway's key.
    fn of(begun: Begun) -> (Self, Record) {
        let gateway = begun.answer.message.as_slice()[32..].to_vec();
        let record = begun.record();
        let masking_key = record.bytes[32..96].to_vec();
        (Self { masking_key, gateway }, record)
    }

    /// Whether the guess is right, by one answer to a first message of a login: it has the gateway's key under the mask of
    /// the right one (RFC 9807 section 6.3.2.2).
    fn is_right(&self, login: &PinAnswer) -> bool {
        let answer = login.message.as_slice();
        let mut pad = [0; 32];
        let info = [&answer[32..64], b"CredentialResponsePad"];
        let masking_key = Prk::new_less_safe(HKDF_SHA512, &self.masking_key);
        let stretched = masking_key.expand(&info, Bytes(pad.len())).unwrap();
        stretched.fill(&mut pad).unwrap();
        let unmasked: Vec<u8> = pad.iter().zip(&answer[64..96]).map(|(pad, byte)| pad ^ byte).collect();
        unmasked == self.gateway
    }
}

/// Has each guess evaluated that a thief likes to know about, without a word to any counter.
async fn evaluate(phone: &Phone<'_>, kind: SecretKind, guesses: &[&[u8]]) -> Vec<Evaluated> {
    let mut evaluated = Vec::new();
    for guess in guesses {
        evaluated.push(Evaluated::of(begin(phone, kind, guess).await).0);
    }
    evaluated
}

//
#[tokio::test]
async fn requests_while_a_reset_is_open_find_neither_the_pin_that_stands_nor_the_one_that_comes() {
    let house = House::on_stage();
    let phone = Phone::new(&house);
    phone.enrol().await;
    let (own, record) = Evaluated::of(begin(&phone, SecretKind::PaymentPin, PIN).await);
    assert_eq!(phone.end_registration(&record).await.status, 200);
    let flow = at_the_pin(&phone).await;
    let counted = async || -> PinAnswer { phone.post(&phone.guess(&flow, b"000000").1).await.ok() };
    let stands = counted().await;

    open_reset(&phone).await;
    let mut thief = evaluate(&phone, SecretKind::PaymentPin, &GUESSES).await;
    assert!(!thief.iter().any(|guess| guess.is_right(&stands)));
    assert!(
        own.is_right(&stands),
        "control: one evaluation under the record's own registration finds it"
    );

    let (own, record) = Evaluated::of(begin(&phone, SecretKind::PaymentPin, NEW_PIN).await);
    assert_eq!(phone.end_registration(&record).await.status, 200);
    let comes = counted().await;
    assert!(!thief.iter().any(|guess| guess.is_right(&comes)));
    assert!(own.is_right(&comes), "control: under its own it is found");

    // Nor does another reset tell of it.
    open_reset(&phone).await;
    thief.extend(evaluate(&phone, SecretKind::PaymentPin, &GUESSES).await);
    assert!(!thief.iter().any(|guess| guess.is_right(&comes)));
}

//
#[tokio::test]
async fn requests_while_a_lock_password_may_be_chosen_do_not_find_the_one_that_stands() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    phone.open_lock_password().await;
    let (own, record) = Evaluated::of(begin(&phone, SecretKind::LockPassword, LOCK_PASSWORD).await);
    assert_eq!(phone.end_registration(&record).await.status, 200);
    assert_eq!(phone.post(&Lock { other_devices: false }).await.status, 200);
    let flow = phone.begin("lock.release", &[], b"").await;
    let (_, reply) = phone.guess_secret(&flow, "lock_password", b"open sesame").await;
    let stands: PinAnswer = reply.ok();

    house.advance(2 * DAY).await;
    phone.open_lock_password().await;
    let thief = evaluate(&phone, SecretKind::LockPassword, &[b"open sesame", LOCK_PASSWORD]).await;
    assert!(!thief.iter().any(|guess| guess.is_right(&stands)));
    assert!(own.is_right(&stands), "control: under its own registration it is found");
}

#[tokio::test]
async fn two_requests_of_one_message_are_evaluated_under_two_keys_and_one_that_is_repeated_under_one() {
    let house = House::new();
    let (one, two) = (Phone::new(&house), Phone::new(&house));
    one.enrol().await;
    two.enrol().await;
    let (_, message) = pin::client_register_start(PIN, &mut draws()).unwrap();
    let request = async |phone: &Phone<'_>| {
        let body = phone
            .registration_request(SecretKind::PaymentPin, message.clone())
            .await;
        phone.say(&body)
    };
    let evaluated = async |said: &str| house.post(said).await.ok::<PinAnswer>().message;
    let first = request(&one).await;
    let answer = evaluated(&first).await;
    assert_ne!(evaluated(&request(&one).await).await, answer);
    assert_ne!(evaluated(&request(&two).await).await, answer);
    house.restart();
    assert_eq!(
        evaluated(&first).await,
        answer,
        "control: the statement that was answered"
    );
}

#[tokio::test]
async fn a_registration_goes_on_over_a_restart_and_its_pin_logs_in() {
    let house = House::on_stage();
    let phone = Phone::ready(&house).await;
    let flow = at_the_pin(&phone).await;
    open_reset(&phone).await;
    let begun = begin(&phone, SecretKind::PaymentPin, NEW_PIN).await;
    house.restart();
    assert_eq!(phone.end_registration(&begun.record()).await.status, 200);
    house.restart();
    let (state, start) = phone.guess(&flow, PIN);
    let answer: PinAnswer = phone.post(&start).await.ok();
    assert!(
        phone.finish_guess(&flow, state, PIN, &answer).is_none(),
        "control: the one before is another one now"
    );
    let _: FlowLog = phone.prove_secret(&flow, "payment_pin", NEW_PIN).await;
}

#[tokio::test]
async fn a_record_completes_the_registration_that_was_begun_last_and_no_other() {
    let house = House::on_stage();
    let phone = Phone::ready(&house).await;
    let flow = at_the_pin(&phone).await;
    open_reset(&phone).await;
    let replaced = begin(&phone, SecretKind::PaymentPin, b"000000").await.record();
    let record = begin(&phone, SecretKind::PaymentPin, NEW_PIN).await.record();
    let unknown = Record {
        registration: Some(RegistrationId::from_bytes(random())),
        ..record.clone()
    };
    for other in [&replaced, &unknown] {
        let problem = phone.end_registration(other).await.problem();
        assert_eq!(
            (problem.code(), problem.pointer()),
            (Code::VersionConflict, Some("/registration"))
        );
    }
    let nameless = Record {
        registration: None,
        ..record.clone()
    };
    assert_eq!(phone.end_registration(&nameless).await.code(), Code::Malformed);
    assert_eq!(phone.end_registration(&record).await.status, 200, "control");
    let _: FlowLog = phone.prove_secret(&flow, "payment_pin", NEW_PIN).await;
    // Another reset opens the door, and does not bring back what is complete.
    open_reset(&phone).await;
    assert_eq!(phone.end_registration(&record).await.code(), Code::VersionConflict);
}

#[tokio::test]
async fn a_request_that_names_a_registration_begins_none() {
    let house = House::new();
    let phone = Phone::new(&house);
    phone.enrol().await;
    let begun = begin(&phone, SecretKind::PaymentPin, PIN).await;
    let (_, message) = pin::client_register_start(PIN, &mut draws()).unwrap();
    let mut naming = phone.registration_request(SecretKind::PaymentPin, message).await;
    naming.registration = begun.answer.registration;
    assert_eq!(phone.post(&naming).await.code(), Code::Malformed);
    assert_eq!(
        phone.end_registration(&begun.record()).await.status,
        200,
        "control: the one that was begun goes on"
    );
}
