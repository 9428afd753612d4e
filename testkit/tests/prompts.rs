//! Whoever answers a prompt: faults lose nothing, lies gain nothing, guesses are bounded.
#![cfg(test)]

use quittance_protocol::answer::{MandateState, PinAnswer};
use quittance_protocol::bytes::B64;
use quittance_protocol::statement::PinStart;
use quittance_protocol::{FlowId, MandateId, pin};
use quittance_testkit::scripted_prompt::Outcome;
use quittance_testkit::stage::{Stage, StagePhone};
use quittance_testkit::story::PIN;
use quittance_wallet::{Answer, BiometricError, ErrorKind, WalletError};

const WRONG: &str = "000000";
const DAY: u32 = 86_400;

/// The step that a flow asks for now.
fn step(phone: &StagePhone, flow: FlowId) -> String {
    phone.wallet.next_prompt(flow).unwrap().expect("an open step").step
}

/// Signing, up to the PIN.
async fn at_the_pin(stage: &Stage, phone: &StagePhone) -> FlowId {
    let flow = phone.wallet.start_sign(&stage.offer().await.unwrap()).await.unwrap();
    phone.answer_until(flow, "payment_pin").await.unwrap();
    flow
}

fn attempts_left(guess: Result<(), WalletError>) -> u32 {
    match guess {
        Err(WalletError::WrongPin { attempts_left }) => attempts_left,
        other => panic!("not a wrong PIN: {other:?}"),
    }
}

fn locked_for(guess: Result<(), WalletError>) -> u32 {
    match guess {
        Err(WalletError::PinLocked {
            retry_after: Some(seconds),
        }) => seconds,
        other => panic!("not locked: {other:?}"),
    }
}

/// A cancellation whose biometric prompt ends in this fault: the error is typed, the flow goes on where it was.
async fn meets(fault: BiometricError, reaction: ErrorKind) {
    let (stage, phone, mandate) = Stage::with_mandate().await.unwrap();
    let said_before = stage.network.faults.statements().len();
    let flow = phone.wallet.start_revoke(&[mandate]).await.unwrap();
    phone.prompt.then([Outcome::Fault(fault)]);

    let error = phone.wallet.submit(flow, Answer::UseBiometric).await.unwrap_err();

    assert!(
        matches!(error, WalletError::Biometric(same) if same == fault),
        "{error:?}"
    );
    assert_eq!(error.kind(), reaction);
    assert_eq!(step(&phone, flow), "identify");
    // a face that was not recognised is counted, so it is said, with the run that it belongs to.
    let counts = matches!(
        fault,
        BiometricError::NotRecognised { .. } | BiometricError::LockedOut { .. }
    );
    let said = stage.network.faults.statements().len() - said_before;
    assert_eq!(said, if counts { 2 } else { 0 }, "{fault:?}");
    let phone = phone.restarted().unwrap();
    assert_eq!(step(&phone, flow), "identify", "nothing is lost with the process");
    phone
        .answer_all(flow)
        .await
        .expect("control: the thumb goes on where it was");
    phone.wallet.sync().await.unwrap();
    assert!(phone.is_closed(mandate).unwrap());
}

#[tokio::test]
async fn a_dismissed_prompt_asks_again() {
    meets(BiometricError::UserCancelled, ErrorKind::AskAgain).await;
}

#[tokio::test]
async fn a_prompt_that_timed_out_asks_again() {
    meets(BiometricError::TimedOut, ErrorKind::AskAgain).await;
}

#[tokio::test]
async fn an_unknown_thumb_asks_again() {
    meets(BiometricError::NotRecognised { failures: 3 }, ErrorKind::AskAgain).await;
}

#[tokio::test]
async fn a_sensor_that_is_locked_for_a_time_waits() {
    meets(
        BiometricError::LockedOut { permanent: false },
        ErrorKind::Wait { seconds: None },
    )
    .await;
}

#[tokio::test]
async fn a_sensor_that_is_locked_for_good_sends_the_payer_to_the_settings() {
    meets(BiometricError::LockedOut { permanent: true }, ErrorKind::PhoneSettings).await;
}

#[tokio::test]
async fn a_phone_that_knows_no_finger_any_more_sends_the_payer_to_the_settings() {
    meets(BiometricError::NotEnrolled, ErrorKind::PhoneSettings).await;
}

//
#[tokio::test]
async fn a_key_that_a_new_finger_invalidated_asks_for_a_new_enrolment() {
    meets(BiometricError::KeyInvalidated, ErrorKind::Reenrol).await;
}

#[tokio::test]
async fn an_exception_of_native_code_is_an_error_like_others() {
    meets(BiometricError::Unexpected, ErrorKind::Support).await;
}

#[tokio::test]
async fn each_fault_while_signing_leaves_the_flow_where_it_was() {
    let stage = Stage::set().await.unwrap();
    let phone = stage.enrolled().await.unwrap();
    let flow = phone.wallet.start_sign(&stage.offer().await.unwrap()).await.unwrap();
    phone.answer_until(flow, "identify").await.unwrap();
    let faults = [
        BiometricError::UserCancelled,
        BiometricError::TimedOut,
        BiometricError::NotRecognised { failures: 1 },
        BiometricError::LockedOut { permanent: false },
        BiometricError::LockedOut { permanent: true },
        BiometricError::KeyInvalidated,
        BiometricError::Unexpected,
    ];
    for fault in faults {
        phone.prompt.then([Outcome::Fault(fault)]);
        let error = phone.answer_one(flow).await.unwrap_err();
        assert!(
            matches!(error, WalletError::Biometric(same) if same == fault),
            "{error:?}"
        );
        assert_eq!(step(&phone, flow), "identify", "after {fault:?}");
    }
    phone.answer_all(flow).await.unwrap();
    assert!(
        phone
            .wallet
            .mandate(phone.wallet.mandate_of(flow).unwrap())
            .unwrap()
            .can_pay
    );
}

/// A callback that says yes, and has not signed what it was asked to sign: neither stopping nor starting believes it.
async fn gains_nothing(lie: Outcome) {
    let (stage, phone, mandate) = Stage::with_mandate().await.unwrap();
    let flow = phone.wallet.start_revoke(&[mandate]).await.unwrap();
    let said_before = stage.network.faults.statements().len();
    phone.prompt.then([lie]);

    let error = phone.wallet.submit(flow, Answer::UseBiometric).await.unwrap_err();

    assert!(matches!(error, WalletError::ProofInvalid), "{error:?}");
    assert_eq!(error.kind(), ErrorKind::AskAgain);
    assert_eq!(step(&phone, flow), "identify");
    assert!(phone.wallet.mandate(mandate).unwrap().can_pay, "nothing is held");
    assert_eq!(stage.network.faults.statements().len(), said_before, "nothing was said");

    // What gives authority back does not believe it either.
    phone.wallet.pause(&[mandate]).await.unwrap();
    phone.prompt.then([lie]);
    let error = phone.wallet.resume(&[mandate]).await.unwrap_err();
    assert!(matches!(error, WalletError::ProofInvalid), "{error:?}");
    assert_eq!(stage.try_charge(mandate, "ride-1").await, "mandate_held");

    // Control: the right signature passes.
    phone.wallet.resume(&[mandate]).await.unwrap();
    assert_eq!(stage.try_charge(mandate, "ride-2").await, "approved");
    phone.answer_all(flow).await.unwrap();
    phone.wallet.sync().await.unwrap();
    assert!(phone.is_closed(mandate).unwrap());
}

//
#[tokio::test]
async fn a_yes_without_a_signature_gets_nowhere() {
    gains_nothing(Outcome::YesWithoutSignature).await;
}

//
#[tokio::test]
async fn a_yes_with_garbage_gets_nowhere() {
    gains_nothing(Outcome::Garbage).await;
}

//
#[tokio::test]
async fn a_yes_with_the_signature_of_another_prompt_gets_nowhere() {
    gains_nothing(Outcome::OldSignature).await;
}

//
#[tokio::test]
async fn a_yes_signed_by_another_key_of_the_phone_gets_nowhere() {
    gains_nothing(Outcome::OtherKey).await;
}

// R-013 keeps its order of steps.
#[tokio::test]
async fn an_answer_to_another_step_than_the_open_one_changes_nothing() {
    let (_stage, phone, mandate) = Stage::with_mandate().await.unwrap();
    let flow = phone.wallet.start_revoke(&[mandate]).await.unwrap();
    for early in [
        Answer::Confirm,
        Answer::PaymentPin(quittance_testkit::stage::pin_of(PIN)),
        Answer::Agree,
    ] {
        let error = phone.wallet.submit(flow, early).await.unwrap_err();
        assert!(matches!(error, WalletError::WrongAnswer), "{error:?}");
        assert_eq!(step(&phone, flow), "identify");
    }
    phone.answer_all(flow).await.expect("control: in their order they pass");
}

#[tokio::test]
async fn a_guess_counts_when_its_first_message_arrives_though_nobody_hears_the_answer() {
    for arrives in [true, false] {
        let stage = Stage::set().await.unwrap();
        let phone = stage.enrolled().await.unwrap();
        let flow = at_the_pin(&stage, &phone).await;
        if arrives {
            stage.network.faults.lose_answers_to("pin-start", 1);
        } else {
            stage.network.faults.lose_requests(1);
        }
        let lost = phone.answer_with(flow, WRONG).await;
        assert!(matches!(lost, Err(WalletError::Offline)), "{lost:?}");
        // Whoever killed the app in between has not won a guess.
        let phone = phone.restarted().unwrap();
        let left = attempts_left(phone.answer_with(flow, WRONG).await);
        assert_eq!(
            left,
            if arrives { 3 } else { 4 },
            "control: a message that never arrived is no guess"
        );
    }
}

#[tokio::test]
async fn the_same_first_message_again_is_the_same_guess() {
    let stage = Stage::set().await.unwrap();
    let phone = stage.enrolled().await.unwrap();
    let flow = at_the_pin(&stage, &phone).await;
    stage.network.faults.lose_answers_to("pin-start", 1);
    assert!(phone.answer_with(flow, WRONG).await.is_err());
    assert_eq!(
        attempts_left(phone.answer_with(flow, WRONG).await),
        4,
        "it was sent twice, and counted once"
    );
    assert_eq!(
        attempts_left(phone.answer_with(flow, WRONG).await),
        3,
        "control: typed again it is another guess"
    );
}

//
#[tokio::test]
async fn five_wrong_pins_lock_it_and_the_policys_time_unlocks_it() {
    let stage = Stage::set().await.unwrap();
    let phone = stage.enrolled().await.unwrap();
    let flow = at_the_pin(&stage, &phone).await;
    for left in (0..5).rev() {
        assert_eq!(attempts_left(phone.answer_with(flow, WRONG).await), left);
        assert_eq!(step(&phone, flow), "payment_pin");
    }
    let wait = locked_for(phone.answer_one(flow).await);
    assert!((DAY - 60..=DAY).contains(&wait), "{wait}");

    stage.pass(DAY - 120).await.unwrap();
    phone.clock.turn(i64::from(DAY - 120));
    let flow = at_the_pin(&stage, &phone).await;
    let wait = locked_for(phone.answer_one(flow).await);
    assert!((1..=120).contains(&wait), "{wait}");

    stage.pass(120).await.unwrap();
    phone
        .answer_all(flow)
        .await
        .expect("control: after its time the right PIN passes");
    assert!(
        phone
            .wallet
            .mandate(phone.wallet.mandate_of(flow).unwrap())
            .unwrap()
            .can_pay
    );
}

#[tokio::test]
async fn a_right_pin_sets_the_counter_back() {
    let stage = Stage::set().await.unwrap();
    let phone = stage.enrolled().await.unwrap();
    let flow = at_the_pin(&stage, &phone).await;
    for left in [4, 3, 2, 1] {
        assert_eq!(attempts_left(phone.answer_with(flow, WRONG).await), left);
    }
    phone.answer_all(flow).await.unwrap();
    let flow = at_the_pin(&stage, &phone).await;
    assert_eq!(attempts_left(phone.answer_with(flow, WRONG).await), 4);
}

// A button that is pressed twice: the last guess is not lost over it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_right_pin_that_is_submitted_twice_at_once_passes_once() {
    let stage = Stage::set().await.unwrap();
    let phone = stage.enrolled().await.unwrap();
    let flow = at_the_pin(&stage, &phone).await;
    for left in [4, 3, 2, 1] {
        assert_eq!(attempts_left(phone.answer_with(flow, WRONG).await), left);
    }
    let (one, other) = tokio::join!(phone.answer_with(flow, PIN), phone.answer_with(flow, PIN));
    assert!(one.is_ok() && other.is_ok(), "{one:?}, {other:?}");
    assert!(
        phone
            .wallet
            .mandate(phone.wallet.mandate_of(flow).unwrap())
            .unwrap()
            .can_pay
    );
    assert_eq!(stage.network.faults.statements_of("pin-finish").len(), 1);
}

//
#[tokio::test]
async fn a_pin_that_locks_during_a_cancellation_leaves_the_hold_and_another_way_to_stop() {
    let (stage, phone, mandate) = Stage::with_mandate().await.unwrap();
    let flow = phone.wallet.start_revoke(&[mandate]).await.unwrap();
    phone.answer_until(flow, "payment_pin").await.unwrap();
    for _ in 0..5 {
        attempts_left(phone.answer_with(flow, WRONG).await);
    }
    let locked = phone.answer_one(flow).await;
    assert!(matches!(locked, Err(WalletError::PinLocked { .. })), "{locked:?}");
    assert_eq!(
        stage.try_charge(mandate, "ride-1").await,
        "mandate_held",
        "what was stopped stays stopped"
    );
    assert_eq!(phone.wallet.mandate(mandate).unwrap().state, MandateState::Suspended);

    stage.pass(DAY).await.unwrap();
    phone.clock.turn(i64::from(DAY));
    assert_eq!(
        stage.try_charge(mandate, "ride-2").await,
        "mandate_held",
        "a day later too"
    );
    phone.cancel(&[mandate]).await.unwrap();
    phone.wallet.sync().await.unwrap();
    assert!(phone.is_closed(mandate).unwrap());
}

/// First messages of wrong guesses, each another one.
fn guesses(phone: &StagePhone, flow: FlowId, count: usize) -> Vec<String> {
    let mut rng = rand_core::OsRng;
    let message = |_| {
        let (_state, message) = pin::client_login_start(WRONG.as_bytes(), &mut rng).unwrap();
        phone
            .say(&PinStart {
                flow,
                step: "payment_pin".to_owned(),
                message: B64::from(message),
            })
            .unwrap()
    };
    (0..count).map(message).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_guesses_at_once_are_never_more_than_five() {
    let stage = Stage::set().await.unwrap();
    let phone = stage.enrolled().await.unwrap();
    let flow = at_the_pin(&stage, &phone).await;
    let mut asked = tokio::task::JoinSet::new();
    for guess in guesses(&phone, flow, 64) {
        let http = stage.http.clone();
        asked.spawn(async move { http.statement(&guess).await });
    }
    let answers = asked.join_all().await;
    let mut left: Vec<u32> = answers
        .iter()
        .filter(|answer| answer.status == 200)
        .map(|answer| serde_json::from_str::<PinAnswer>(&answer.text).unwrap().attempts_left)
        .collect();
    left.sort_unstable();
    assert_eq!(left, [0, 1, 2, 3, 4], "five were evaluated, each counted for itself");
    assert_eq!(
        answers.iter().filter(|answer| answer.code() == "factor_locked").count(),
        59
    );

    stage.restart_gateway().await.unwrap();
    let next = stage.http.statement(&guesses(&phone, flow, 1)[0]).await;
    assert_eq!(
        (next.status, next.code()),
        (423, "factor_locked"),
        "the lock outlives the process"
    );
}

#[tokio::test]
async fn a_gateway_that_was_stopped_forgets_no_guess() {
    let stage = Stage::set().await.unwrap();
    let phone = stage.enrolled().await.unwrap();
    let flow = at_the_pin(&stage, &phone).await;
    for left in (0..5).rev() {
        assert_eq!(attempts_left(phone.answer_with(flow, WRONG).await), left);
        stage.restart_gateway().await.unwrap();
    }
    assert!(matches!(
        phone.answer_one(flow).await,
        Err(WalletError::PinLocked { .. })
    ));
}

// H7: the PIN that is wrong makes no mandate.
#[tokio::test]
async fn a_signature_without_the_right_pin_makes_no_mandate() {
    let stage = Stage::set().await.unwrap();
    let phone = stage.enrolled().await.unwrap();
    let flow = at_the_pin(&stage, &phone).await;
    attempts_left(phone.answer_with(flow, WRONG).await);
    phone.wallet.sync().await.unwrap();
    let mandate: MandateId = phone.wallet.mandate_of(flow).unwrap();
    assert!(matches!(
        phone.wallet.mandate(mandate),
        Err(WalletError::UnknownMandate)
    ));
    assert_eq!(stage.read(&phone, "/v1/mandates").await.unwrap().text, "[]");
    assert_eq!(stage.charge(mandate, 1000, "ride-1").await.code(), "not_found");
    phone.answer_all(flow).await.unwrap();
    assert_eq!(
        stage.try_charge(mandate, "ride-2").await,
        "approved",
        "control: with it there is one"
    );
}
