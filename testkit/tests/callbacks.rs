//! Hostile native code: whatever it says, keeps back or calls from within, it approves nothing.
#![cfg(test)]

use quittance_protocol::{FlowId, MandateId};
use quittance_testkit::scripted_prompt::{FAILURES_A_DAY, Outcome};
use quittance_testkit::stage::{Hostile, Stage, StagePhone};
use quittance_testkit::story::PIN;
use quittance_testkit::willing;
use quittance_wallet::ports::{DeviceKeyError, KeyAlias};
use quittance_wallet::{Answer, DeviceKeys as _, ErrorKind, PromptKind, WalletError};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How long calls wait here for one that the keystore holds up.
const PATIENCE: Duration = Duration::from_millis(400);

fn step(phone: &StagePhone, flow: FlowId) -> String {
    phone.wallet.next_prompt(flow).unwrap().expect("an open step").step
}

/// A cancellation that waits for the thumb. All clocks stand: a day that ends gives its tries back.
async fn at_the_thumb() -> (Stage, StagePhone, MandateId, FlowId) {
    let moment = "2026-11-26T02:00:00Z".parse().unwrap();
    let (stage, phone, mandate) = Stage::with_mandate_at(moment).await.unwrap();
    let flow = phone.wallet.start_revoke(&[mandate]).await.unwrap();
    assert_eq!(step(&phone, flow), "identify");
    (stage, phone, mandate, flow)
}

/// Control: the right answer still passes, to the end.
async fn goes_on(phone: &StagePhone, mandate: MandateId, flow: FlowId) {
    phone.answer_all(flow).await.unwrap();
    phone.wallet.sync().await.unwrap();
    assert!(phone.is_closed(mandate).unwrap(), "{:?}", phone.stage_of(mandate));
}

async fn gains_nothing(lie: Outcome, name: &str) {
    let (stage, phone, mandate, flow) = at_the_thumb().await;
    let said = stage.network.faults.statements().len();
    phone.prompt.then([lie]);
    let error = phone.wallet.submit(flow, Answer::UseBiometric).await.expect_err(name);
    assert!(matches!(error, WalletError::ProofInvalid), "{name}: {error:?}");
    assert_eq!(error.kind(), ErrorKind::AskAgain, "{name}");
    assert_eq!(step(&phone, flow), "identify", "{name}");
    assert_eq!(
        stage.network.faults.statements().len(),
        said,
        "{name}: nothing was said"
    );
    assert!(
        phone.wallet.mandate(mandate).unwrap().can_pay,
        "{name}: nothing is held"
    );
    goes_on(&phone, mandate, flow).await;
}

//
#[tokio::test]
async fn a_signature_over_another_challenge_gets_nowhere() {
    gains_nothing(Outcome::OtherChallenge, "another challenge").await;
}

/// The two numbers of a DER signature, as bytes.
fn numbers(der: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let first = usize::from(der[3]);
    (der[4..4 + first].to_vec(), der[6 + first..].to_vec())
}

fn sequence(r: &[u8], s: &[u8]) -> Vec<u8> {
    let number = |bytes: &[u8]| [&[2, u8::try_from(bytes.len()).unwrap()], bytes].concat();
    let body = [number(r), number(s)].concat();
    [&[0x30, u8::try_from(body.len()).unwrap()], body.as_slice()].concat()
}

//
#[tokio::test]
async fn a_signature_in_malformed_der_gets_nowhere() {
    type Spoil = fn(Vec<u8>) -> Vec<u8>;
    let ways: [(&str, Spoil); 12] = [
        ("a byte behind its end", |der| [der.as_slice(), &[0]].concat()),
        ("without its last byte", |der| der[..der.len() - 1].to_vec()),
        ("a length of two bytes", |der| [&[0x30, 0x81], &der[1..]].concat()),
        ("an endless length", |der| [&[0x30, 0x80], &der[2..], &[0, 0]].concat()),
        ("a set in place of a sequence", |der| [&[0x31], &der[1..]].concat()),
        ("its numbers without a frame", |der| {
            let (r, s) = numbers(&der);
            [r, s].concat()
        }),
        ("a number with a zero before it", |der| {
            let (r, s) = numbers(&der);
            sequence(&[&[0, 0], r.as_slice()].concat(), &s)
        }),
        ("a negative number", |der| {
            let (mut r, s) = numbers(&der);
            r[0] |= 0x80;
            sequence(&r, &s)
        }),
        ("zeros", |_| sequence(&[0], &[0])),
        ("no numbers", |_| sequence(&[], &[])),
        ("numbers of a hundred bytes", |_| sequence(&[1; 60], &[1; 60])),
        ("a megabyte", |der| der.repeat(15_000)),
    ];
    for (name, spoil) in ways {
        gains_nothing(Outcome::Spoiled(spoil), name).await;
    }
}

#[tokio::test]
async fn the_same_signature_unspoiled_passes() {
    let (_stage, phone, mandate, flow) = at_the_thumb().await;
    phone.prompt.then([Outcome::Spoiled(|der| {
        let (r, s) = numbers(&der);
        sequence(&r, &s)
    })]);
    phone
        .wallet
        .submit(flow, Answer::UseBiometric)
        .await
        .expect("control: taken apart and put together it is right");
    goes_on(&phone, mandate, flow).await;
}

#[tokio::test]
async fn native_code_that_breaks_off_leaves_the_flow_where_it_was() {
    let (_stage, phone, mandate, flow) = at_the_thumb().await;
    phone.prompt.then([Outcome::Panic]);
    let error = phone.wallet.submit(flow, Answer::UseBiometric).await.unwrap_err();
    assert!(matches!(error, WalletError::Internal(_)), "{error:?}");
    assert_eq!(step(&phone, flow), "identify");
    assert!(phone.wallet.mandate(mandate).unwrap().can_pay);
    goes_on(&phone, mandate, flow).await;
}

// whom it had looked at before it broke off, nobody knows.
#[tokio::test]
async fn each_prompt_that_breaks_off_has_spent_a_try() {
    let (_stage, phone, _mandate, flow) = at_the_thumb().await;
    for _ in 0..FAILURES_A_DAY {
        phone.prompt.then([Outcome::Panic]);
        phone.wallet.submit(flow, Answer::UseBiometric).await.unwrap_err();
        assert_eq!(step(&phone, flow), "identify");
    }
    let shown = phone.prompt.shown();
    phone.wallet.submit(flow, Answer::UseBiometric).await.unwrap();
    assert_eq!(phone.prompt.shown(), shown, "nobody is looked at");
    assert_eq!(step(&phone, flow), "identify.bound_phone_otp");
}

#[tokio::test]
async fn while_a_prompt_is_open_whoever_answers_it_may_call_the_wallet() {
    let (stage, phone, mandate, flow) = at_the_thumb().await;
    phone.prompt.then([Outcome::Held]);
    let wallet = phone.wallet.clone();
    let shown = phone.prompt.until_shown();
    let prompt = tokio::spawn(async move { wallet.submit(flow, Answer::UseBiometric).await });
    shown.await;

    assert_eq!(phone.wallet.mandates().unwrap().len(), 1);
    assert_eq!(step(&phone, flow), "identify");
    phone.wallet.sync().await.unwrap();
    phone.wallet.pause(&[mandate]).await.unwrap();
    assert_eq!(stage.try_charge(mandate, "ride-1").await, "mandate_held");
    // Its own flow, from within: answered by another thumb, so that the held one comes too late.
    phone.wallet.submit(flow, Answer::UseBiometric).await.unwrap();
    assert_eq!(step(&phone, flow), "confirm");

    phone.prompt.release();
    let late = prompt.await.unwrap();
    assert!(matches!(late, Ok(()) | Err(WalletError::WrongAnswer)), "{late:?}");
    assert_eq!(step(&phone, flow), "confirm", "one thumb answers one step");
    goes_on(&phone, mandate, flow).await;
}

#[tokio::test]
async fn a_prompt_that_never_answers_keeps_nobody_from_stopping() {
    let (stage, phone, mandate, flow) = at_the_thumb().await;
    phone.prompt.then([Outcome::Never]);
    let wallet = phone.wallet.clone();
    let shown = phone.prompt.until_shown();
    let silent = tokio::spawn(async move { wallet.submit(flow, Answer::UseBiometric).await });
    shown.await;
    phone.wallet.pause(&[mandate]).await.unwrap();
    assert_eq!(stage.try_charge(mandate, "ride-1").await, "mandate_held");
    goes_on(&phone, mandate, flow).await;
    assert!(!silent.is_finished(), "control: it never answered");
    silent.abort();
}

// what the silent prompt may still become is counted, so the ladder goes on as if it had failed.
#[tokio::test]
async fn at_the_last_try_a_prompt_that_never_answers_keeps_nobody_from_stopping() {
    let (stage, phone, mandate, flow) = at_the_thumb().await;
    let missed = Outcome::NOT_RECOGNISED;
    phone.prompt.then([missed, missed, missed, Outcome::Never]);
    for _ in 0..3 {
        phone.wallet.submit(flow, Answer::UseBiometric).await.unwrap_err();
    }
    let wallet = phone.wallet.clone();
    let shown = phone.prompt.until_shown();
    let silent = tokio::spawn(async move { wallet.submit(flow, Answer::UseBiometric).await });
    shown.await;
    assert_eq!(step(&phone, flow), "identify", "control: this prompt is the last try");
    let before = phone.prompt.shown();

    phone.wallet.submit(flow, Answer::UseBiometric).await.unwrap();
    assert_eq!(phone.prompt.shown(), before, "nobody is looked at");
    assert_eq!(step(&phone, flow), "identify.bound_phone_otp");
    let code = stage.code(&phone).await.unwrap();
    phone.wallet.submit(flow, Answer::Code(code)).await.unwrap();
    goes_on(&phone, mandate, flow).await;
    assert!(!silent.is_finished(), "control: it never answered");
    silent.abort();
}

// What the payer proved is worth nothing once the time for it is over.
#[tokio::test]
async fn a_thumb_that_comes_after_the_flow_was_left_alone_too_long_signs_nothing() {
    let stage = Stage::set().await.unwrap();
    let phone = stage.enrolled().await.unwrap();
    let flow = phone.wallet.start_sign(&stage.offer().await.unwrap()).await.unwrap();
    phone.answer_until(flow, "identify").await.unwrap();
    phone.prompt.then([Outcome::Held]);
    let wallet = phone.wallet.clone();
    let shown = phone.prompt.until_shown();
    let prompt = tokio::spawn(async move { wallet.submit(flow, Answer::UseBiometric).await });
    shown.await;
    let deadline = phone
        .wallet
        .next_prompt(flow)
        .unwrap()
        .and_then(|prompt| prompt.deadline);
    let seconds = deadline
        .expect("the flow ends by itself")
        .seconds_since(phone.clock.now())
        + 60;
    stage.pass(u32::try_from(seconds).unwrap()).await.unwrap();
    phone.clock.turn(seconds);

    phone.prompt.release();
    let late = prompt.await.unwrap();

    assert_eq!(late.unwrap_err().kind(), ErrorKind::StartOver);
    assert!(phone.wallet.mandates().unwrap().is_empty());
    assert_eq!(stage.read(&phone, "/v1/mandates").await.unwrap().text, "[]");
    // Control: in time it passes.
    phone.sign(&stage.offer().await.unwrap()).await.unwrap();
}

/// Runs code inside of one kind of the keystore's calls.
fn inside(
    call: &'static str,
    code: impl Fn(&[u8]) -> Option<Result<Vec<u8>, DeviceKeyError>> + Send + Sync + 'static,
) -> Hostile {
    Arc::new(move |name, asked| if name == call { code(asked) } else { None })
}

#[tokio::test]
async fn a_keystore_that_signs_something_else_says_nothing_in_the_phones_name() {
    let (stage, phone, mandate, flow) = at_the_thumb().await;
    let keys = Arc::clone(&phone.keys);
    let old = keys.sign(KeyAlias::Device, b"something of before".to_vec()).unwrap();
    let other = Arc::clone(&phone.keys);
    let lies: [(&str, Hostile); 4] = [
        ("nothing", inside("sign", |_| Some(Ok(Vec::new())))),
        ("an old signature", inside("sign", move |_| Some(Ok(old.clone())))),
        (
            "another key",
            inside("sign", move |asked| {
                Some(other.sign(KeyAlias::Biometric, asked.to_vec()))
            }),
        ),
        (
            "another text",
            inside("sign", move |asked| {
                Some(keys.sign(KeyAlias::Device, [asked, b"."].concat()))
            }),
        ),
    ];
    let said = stage.network.faults.statements().len();
    for (name, lie) in lies {
        phone.hardware.turn_hostile(Some(lie));
        let error = phone.wallet.pause(&[mandate]).await.expect_err(name);
        assert!(matches!(error, WalletError::SignatureInvalid), "{name}: {error:?}");
        assert_eq!(
            stage.network.faults.statements().len(),
            said,
            "{name}: nothing was said"
        );
    }
    phone.hardware.turn_hostile(None);
    goes_on(&phone, mandate, flow).await;
}

#[tokio::test]
async fn a_keystore_that_breaks_off_leaves_the_wallet_whole() {
    let (_stage, phone, mandate, flow) = at_the_thumb().await;
    phone
        .hardware
        .turn_hostile(Some(inside("sign", |_| panic!("native code breaks off"))));
    let error = phone.wallet.pause(&[mandate]).await.unwrap_err();
    assert!(matches!(error, WalletError::Internal(_)), "{error:?}");
    assert!(
        phone.wallet.mandate(mandate).unwrap().can_pay,
        "all or nothing: the hold was not written either"
    );
    phone.hardware.turn_hostile(None);
    goes_on(&phone, mandate, flow).await;
}

// nobody who raises authority is looked at before the try is counted for good, and nobody who stops waits for that.
#[tokio::test]
async fn a_keystore_that_begins_no_epoch_shows_no_prompt_that_raises_authority_and_keeps_nobody_from_stopping() {
    let (stage, phone, mandate, flow) = at_the_thumb().await;
    let raising = phone.wallet.start_sign(&stage.offer().await.unwrap()).await.unwrap();
    let asked = || phone.wallet.next_prompt(raising).unwrap().expect("an open step").kind;
    while asked() != PromptKind::Biometric {
        let answer = willing::answer(&asked(), PIN).unwrap();
        phone.wallet.submit(raising, answer).await.unwrap();
    }
    let before = phone.prompt.shown();
    phone.hardware.turn_hostile(Some(inside("create_epoch_key", |_| {
        Some(Err(DeviceKeyError::HardwareUnavailable))
    })));
    let error = phone.wallet.submit(raising, Answer::UseBiometric).await.unwrap_err();
    assert!(matches!(error, WalletError::Vault(_)), "{error:?}");
    assert_eq!(error.kind(), ErrorKind::Retry);
    assert_eq!(phone.prompt.shown(), before);
    phone.wallet.submit(flow, Answer::UseBiometric).await.unwrap();
    assert_eq!(phone.prompt.shown(), before + 1, "who stops is looked at");
    phone.wallet.pause(&[mandate]).await.unwrap();
    assert_eq!(stage.try_charge(mandate, "ride-1").await, "mandate_held");
    phone.wallet.lock_now(false).await.unwrap();
    phone.hardware.turn_hostile(None);
    goes_on(&phone, mandate, flow).await;
}

/// A wallet that is called from inside of its own keystore, by a thread that waits for the answer: what it was told.
async fn called_from_inside(call: &'static str, reenter: fn(&StagePhone, MandateId) -> Result<(), WalletError>) {
    let (stage, phone, mandate) = Stage::with_mandate().await.unwrap();
    let phone = Arc::new(phone.with_patience(PATIENCE).unwrap());
    let told = Arc::new(Mutex::new(None));
    let times = AtomicU32::new(0);
    let (inner, report) = (Arc::downgrade(&phone), Arc::clone(&told));
    // Up to here the keystore is honest: the prompt begins an epoch, too.
    let flow = phone.wallet.start_revoke(&[mandate]).await.unwrap();
    phone.answer_until(flow, "confirm").await.unwrap();
    phone.hardware.turn_hostile(Some(inside(call, move |_| {
        if let (0, Some(phone)) = (times.fetch_add(1, Ordering::SeqCst), inner.upgrade()) {
            *report.lock().unwrap() = Some(reenter(&phone, mandate));
        }
        None
    })));

    phone.answer_all(flow).await.unwrap();
    phone.wallet.sync().await.unwrap();

    let told = told.lock().unwrap().take().expect("it was called");
    let error = told.expect_err("there is one writer at a time");
    assert!(
        matches!(error, WalletError::Keys(DeviceKeyError::HardwareUnavailable)),
        "{error:?}"
    );
    assert_eq!(error.kind(), ErrorKind::Retry);
    assert!(
        phone.is_closed(mandate).unwrap(),
        "who asked the keystore comes to its end"
    );
    assert_eq!(stage.try_charge(mandate, "ride-1").await, "token_destroyed");
    reenter(&phone, mandate).expect("control: from outside it is answered");
}

/// A call that writes, and needs no keystore.
fn writes(phone: &StagePhone) -> Result<(), WalletError> {
    phone.wallet.news(Some(0)).map(drop)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_keystore_that_writes_through_the_wallet_while_it_signs_is_told_to_come_back() {
    called_from_inside("sign", |phone, _| writes(phone)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_keystore_that_reads_the_wallet_while_a_half_is_destroyed_is_told_to_come_back() {
    called_from_inside("create_epoch_key", |phone, _| phone.wallet.mandates().map(drop)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_keystore_that_stops_through_the_wallet_while_it_signs_is_told_to_come_back() {
    called_from_inside("sign", |phone, mandate| {
        let ended = phone.is_closed(mandate)?;
        let call = async {
            if ended {
                phone.wallet.sync().await.map(drop)
            } else {
                phone.wallet.pause(&[mandate]).await
            }
        };
        // The keystore is asked on a thread that may block, and the control on one of the test's.
        let runtime = tokio::runtime::Handle::current();
        std::thread::scope(|scope| scope.spawn(|| runtime.block_on(call)).join()).unwrap()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_keystore_that_never_returns_holds_nobody_up_without_end() {
    let (stage, phone, mandate) = Stage::with_mandate().await.unwrap();
    let phone = phone.with_patience(PATIENCE).unwrap();
    let (release, held) = std::sync::mpsc::channel::<()>();
    let held = Mutex::new(held);
    let times = AtomicU32::new(0);
    phone.hardware.turn_hostile(Some(inside("sign", move |_| {
        if times.fetch_add(1, Ordering::SeqCst) == 0 {
            let _released = held.lock().unwrap().recv();
        }
        None
    })));
    // With nothing left to forget, looking for the writer writes nothing: no disk takes the patience of who waits for it.
    writes(&phone).unwrap();
    let wallet = phone.wallet.clone();
    let stuck = tokio::spawn(async move { wallet.pause(&[mandate]).await });
    while !stuck.is_finished() && writes(&phone).is_ok() {
        tokio::task::yield_now().await;
    }
    assert!(!stuck.is_finished());
    let error = phone.wallet.pause(&[mandate]).await.unwrap_err();
    assert!(
        matches!(error, WalletError::Keys(DeviceKeyError::HardwareUnavailable)),
        "{error:?}"
    );
    assert_eq!(
        phone.wallet.mandates().unwrap().len(),
        1,
        "what needs no keystore is answered"
    );

    drop(release);
    stuck
        .await
        .unwrap()
        .expect("control: once it returns, the call comes to its end");
    assert_eq!(stage.try_charge(mandate, "ride-1").await, "mandate_held");
}

/// The PIN is proved by one call at a time, and that one asks the keystore.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_keystore_that_answers_the_pin_while_it_is_proved_is_told_to_come_back() {
    let (stage, phone, mandate) = Stage::with_mandate().await.unwrap();
    let phone = Arc::new(phone.with_patience(PATIENCE).unwrap());
    let flow = phone.wallet.start_revoke(&[mandate]).await.unwrap();
    phone.answer_until(flow, "payment_pin").await.unwrap();
    let told = Arc::new(Mutex::new(None));
    let (inner, report) = (Arc::downgrade(&phone), Arc::clone(&told));
    let times = AtomicU32::new(0);
    phone.hardware.turn_hostile(Some(inside("sign", move |_| {
        if let (0, Some(phone)) = (times.fetch_add(1, Ordering::SeqCst), inner.upgrade()) {
            let runtime = tokio::runtime::Handle::current();
            let call = async move { phone.answer_with(flow, PIN).await };
            *report.lock().unwrap() = Some(std::thread::scope(|scope| {
                scope.spawn(|| runtime.block_on(call)).join().unwrap()
            }));
        }
        None
    })));
    phone.answer_with(flow, PIN).await.unwrap();
    let error = told.lock().unwrap().take().expect("it was called").unwrap_err();
    assert!(
        matches!(error, WalletError::Keys(DeviceKeyError::HardwareUnavailable)),
        "{error:?}"
    );
    phone.answer_all(flow).await.unwrap();
    phone.wallet.sync().await.unwrap();
    assert!(phone.is_closed(mandate).unwrap(), "control: who asked comes to its end");
    assert_eq!(stage.try_charge(mandate, "ride-1").await, "token_destroyed");
}
