//! The safety lock at the gateway (R-056 … R-063).

use quittance_flows::Phase;
use quittance_protocol::Code;
use quittance_protocol::answer::{LockRecord, MandateRecord, MandateState, PayerEventKind, PinAnswer};
use quittance_protocol::flow_event::Wish;
use quittance_protocol::statement::{Lock, ReplicaState, SecretKind, StartFlow};

use crate::support::House;
use crate::support::phone::{Flow, PIN, Phone, Token, approved, declined};
use crate::support::walk::LOCK_PASSWORD;

const HOUR: i64 = 3_600;

async fn locked(house: &House) -> (Phone<'_>, Token) {
    let phone = Phone::ready(house).await;
    let token = phone.sign_mandate().await;
    lock(&phone).await;
    (phone, token)
}

async fn lock(phone: &Phone<'_>) -> LockRecord {
    phone.post(&Lock { other_devices: false }).await.ok()
}

async fn told(phone: &Phone<'_>, token: &Token) -> Vec<PayerEventKind> {
    let reconciled = phone.reconcile(&[(token, ReplicaState::Held)]).await;
    reconciled.events.into_iter().map(|event| event.kind).collect()
}

//
//
#[tokio::test]
async fn a_lock_declines_every_charge_for_24_hours_to_the_second() {
    let house = House::new();
    let (phone, token) = locked(&house).await;
    assert_eq!(declined(&house.charge(token.mandate, 100).await), Code::SafetyLocked);
    assert_eq!(phone.mandate(token.mandate).await.holds, ["safety_lock"]);
    house.advance(24 * HOUR - 1).await;
    assert_eq!(declined(&house.charge(token.mandate, 100).await), Code::SafetyLocked);
    house.advance(1).await;
    approved(&house.charge(token.mandate, 100).await);
    assert!(told(&phone, &token).await.contains(&PayerEventKind::Unlocked {}));
}

//
#[tokio::test]
async fn the_end_of_a_lock_is_announced_an_hour_before() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let token = phone.sign_mandate().await;
    let until = lock(&phone).await.until;
    let announced = PayerEventKind::LockEnds { at: until };
    house.advance(23 * HOUR - 1).await;
    assert!(!told(&phone, &token).await.contains(&announced));
    house.advance(1).await;
    house.advance(60).await;
    let announcements = told(&phone, &token).await.into_iter().filter(|kind| *kind == announced);
    assert_eq!(announcements.count(), 1, "once");
}

//
#[tokio::test]
async fn the_payer_hears_of_a_charge_that_the_lock_declined() {
    let house = House::new();
    let (phone, token) = locked(&house).await;
    house.charge(token.mandate, 100).await;
    let declined = PayerEventKind::Declined {
        mandate: token.mandate,
        code: Code::SafetyLocked,
        amount: crate::support::cny(100),
    };
    assert!(told(&phone, &token).await.contains(&declined));
}

//
#[tokio::test]
async fn a_mandate_is_cancelled_under_the_lock() {
    let house = House::new();
    let (phone, token) = locked(&house).await;
    phone.revoke(&[token.mandate]).await;
    house.settle().await;
    assert_eq!(phone.mandate(token.mandate).await.state, MandateState::Ended);
}

//
#[tokio::test]
async fn the_lock_ends_also_where_a_mandate_ended_under_it() {
    let house = House::new();
    let (phone, token) = locked(&house).await;
    phone.revoke(&[token.mandate]).await;
    let other = phone.sign_mandate().await;
    house.advance(24 * HOUR).await;
    approved(&house.charge(other.mandate, 100).await);
    assert_eq!(phone.mandate(token.mandate).await.state, MandateState::Ended);
}

/// The wish is recorded; nothing hangs on it before an account has two devices.
#[tokio::test]
async fn other_devices_that_were_locked_once_stay_so_until_the_lock_ends() {
    for asked in [[true, false], [false, true]] {
        let house = House::new();
        let phone = Phone::ready(&house).await;
        let mut record = None;
        for other_devices in asked {
            let locked: LockRecord = phone.post(&Lock { other_devices }).await.ok();
            record = Some(locked.other_devices);
        }
        assert_eq!(record, Some(true), "{asked:?}");
    }
    let house = House::new();
    let phone = Phone::ready(&house).await;
    lock(&phone).await;
    assert!(!lock(&phone).await.other_devices, "control: nobody asked for it");
}

//
#[tokio::test]
async fn a_mandate_that_is_signed_under_the_lock_is_locked_from_its_first_moment() {
    let house = House::new();
    let (phone, _) = locked(&house).await;
    let token = phone.sign_mandate().await;
    assert_eq!(declined(&house.charge(token.mandate, 100).await), Code::SafetyLocked);
}

//
#[tokio::test]
async fn the_end_of_the_lock_lifts_no_other_hold() {
    let house = House::new();
    let (phone, token) = locked(&house).await;
    let _: Vec<MandateRecord> = phone.pause(&[token.mandate]).await.ok();
    house.advance(24 * HOUR).await;
    assert_eq!(phone.mandate(token.mandate).await.holds, ["payer"]);
    assert_eq!(declined(&house.charge(token.mandate, 100).await), Code::MandateHeld);
}

//
#[tokio::test]
async fn what_the_risk_engine_sees_locks_by_itself_and_says_why() {
    let house = House::on_stage();
    let phone = Phone::ready(&house).await;
    let token = phone.sign_mandate().await;
    let path = format!("/sandbox/accounts/{}", phone.account().await);
    let seen = |triggers: &[&str]| house.set(&path, serde_json::json!({ "triggers": triggers }));
    assert_eq!(seen(&["a_trigger_without_a_rule"]).await.status, 200);
    approved(&house.charge(token.mandate, 100).await);
    assert_eq!(seen(&["remote_login"]).await.status, 200);
    assert_eq!(declined(&house.charge(token.mandate, 100).await), Code::SafetyLocked);
    let locked =
        |kind: &PayerEventKind| matches!(kind, PayerEventKind::Locked { trigger, .. } if trigger == "remote_login");
    assert!(told(&phone, &token).await.iter().any(locked));
    // it does not end while what triggered it is unresolved.
    house.advance(24 * HOUR).await;
    assert_eq!(declined(&house.charge(token.mandate, 100).await), Code::SafetyLocked);
    assert_eq!(seen(&[]).await.status, 200);
    house.advance(24 * HOUR).await;
    approved(&house.charge(token.mandate, 100).await);
}

#[tokio::test]
async fn the_phone_hears_of_the_lock_when_both_sides_compare() {
    let house = House::new();
    let (phone, token) = locked(&house).await;
    let reconciled = phone.reconcile(&[(&token, ReplicaState::Held)]).await;
    assert_eq!(reconciled.lock.map(|lock| lock.trigger), Some("payer".to_owned()));
    house.restart();
    let reconciled = phone.reconcile(&[(&token, ReplicaState::Held)]).await;
    assert!(reconciled.lock.is_some(), "a lock survives a restart");
}

//
#[tokio::test]
async fn the_lock_is_released_early_with_its_own_password_and_a_step_up() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    phone.register_lock_password().await;
    let token = phone.sign_mandate().await;
    lock(&phone).await;
    let flow = phone.begin("lock.release", &[], b"").await;
    let walked = phone.walk_on(flow.start.flow).await;
    assert!(walked.is_complete(), "open: {:?}", walked.open);
    approved(&house.charge(token.mandate, 100).await);
}

//
#[tokio::test]
async fn five_wrong_lock_passwords_leave_the_lock_to_the_clock() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    phone.register_lock_password().await;
    let token = phone.sign_mandate().await;
    lock(&phone).await;
    let flow = phone.begin("lock.release", &[], b"").await;
    for left in (0..5).rev() {
        let (_, reply) = phone.guess_secret(&flow, "lock_password", b"open sesame").await;
        assert_eq!(reply.ok::<PinAnswer>().attempts_left, left);
    }
    let (_, sixth) = phone.guess_secret(&flow, "lock_password", LOCK_PASSWORD).await;
    assert_eq!(sixth.code(), Code::FactorLocked, "the right one, too late");
    assert_eq!(declined(&house.charge(token.mandate, 100).await), Code::SafetyLocked);
    // The payment PIN has a counter of its own: cancelling is as it was.
    phone.revoke(&[token.mandate]).await;
}

//
#[tokio::test]
async fn the_lock_password_has_as_many_tries_as_the_policy_gives_it() {
    let house = House::closed();
    let own = "\"password_to_release\": true,\n    \"max_attempts\": ";
    house.use_policy(&[(&format!("{own}5"), &format!("{own}2"))]);
    house.start().unwrap();
    let phone = Phone::ready(&house).await;
    phone.register_lock_password().await;
    lock(&phone).await;
    let flow = phone.begin("lock.release", &[], b"").await;
    let (_, reply) = phone.guess_secret(&flow, "lock_password", b"open sesame").await;
    assert_eq!(
        reply.ok::<PinAnswer>().attempts_left,
        1,
        "the payment PIN would have four"
    );
}

//
#[tokio::test]
async fn the_payer_keeps_the_lock_on_for_longer_with_the_payment_pin() {
    let house = House::new();
    let (phone, token) = locked(&house).await;
    let until = quittance_gateway::Clock::now(&*house.clock).plus_seconds(48 * HOUR);
    let (flow, _) = phone.begin_for("lock.extend", &[], Wish::ExtendLock { until }).await;
    assert!(phone.walk_on(flow.start.flow).await.is_complete());
    house.advance(48 * HOUR - 1).await;
    assert_eq!(declined(&house.charge(token.mandate, 100).await), Code::SafetyLocked);
    house.advance(1).await;
    approved(&house.charge(token.mandate, 100).await);
}

//
#[tokio::test]
async fn a_lock_is_not_released_while_what_triggered_it_is_open() {
    let house = House::on_stage();
    let phone = Phone::ready(&house).await;
    phone.register_lock_password().await;
    let path = format!("/sandbox/accounts/{}", phone.account().await);
    let seen = serde_json::json!({ "triggers": ["abnormal_spending"] });
    assert_eq!(house.set(&path, seen).await.status, 200);
    let flow = phone.begin("lock.release", &[], b"").await;
    let walked = phone.walk_on(flow.start.flow).await;
    assert_eq!(walked.state.phase, Phase::Refused(Code::RiskDenied));
}

//
#[tokio::test]
async fn a_lock_password_is_chosen_after_the_payment_pin_was_proved_and_never_under_the_lock() {
    // Before, a stolen phone could put any password on and take the lock off with it.
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let choose = async || phone.register_secret(SecretKind::LockPassword, LOCK_PASSWORD).await;
    assert_eq!(choose().await.code(), Code::StepOrder);
    phone.open_lock_password().await;
    house.advance(5 * 60).await;
    assert_eq!(choose().await.code(), Code::StepOrder, "five minutes are over");
    phone.open_lock_password().await;
    lock(&phone).await;
    assert_eq!(choose().await.code(), Code::SafetyLocked);
    let flow = phone.begin("lock.set_password", &[], b"").await;
    let walked = phone.walk_on(flow.start.flow).await;
    assert_eq!(walked.state.phase, Phase::Refused(Code::SafetyLocked));
    // Control: without the lock the same proof opens it, for one password.
    house.advance(24 * HOUR).await;
    phone.open_lock_password().await;
    assert_eq!(choose().await.status, 200);
    assert_eq!(choose().await.code(), Code::ProofRejected, "it is set already");
}

//
#[tokio::test]
async fn a_lock_is_extended_to_seven_days_and_not_a_second_beyond() {
    let house = House::new();
    let (phone, _) = locked(&house).await;
    let days = |seconds| quittance_gateway::Clock::now(&*house.clock).plus_seconds(7 * 24 * HOUR + seconds);
    let extend = async |until| {
        let nonce = phone.nonce().await;
        let start = phone.flow_start_for("lock.extend", &[], Wish::ExtendLock { until }, nonce);
        let begun = phone.post(&StartFlow { start: start.clone() }).await;
        (Flow { start }, begun)
    };
    let (_, beyond) = extend(days(1)).await;
    assert_eq!(beyond.code(), Code::LimitExceeded, "before the PIN is asked for");
    let (flow, _) = extend(days(0)).await;
    assert!(phone.walk_on(flow.start.flow).await.is_complete());
}

//
#[tokio::test]
async fn a_right_pin_is_no_wrong_guess_where_what_it_was_for_can_be_done_no_more() {
    let house = House::new();
    let (phone, _) = locked(&house).await;
    house.advance(24 * HOUR - 1).await;
    let until = quittance_gateway::Clock::now(&*house.clock).plus_seconds(HOUR);
    let mut runs = Vec::new();
    for _ in 0..6 {
        let (flow, _) = phone.begin_for("lock.extend", &[], Wish::ExtendLock { until }).await;
        runs.push(flow);
    }
    house.advance(1).await;
    for flow in &runs {
        let (state, answer) = phone.guess_secret(flow, "payment_pin", PIN).await;
        let answer: PinAnswer = answer.ok();
        assert_eq!(answer.attempts_left, 4);
        let late = phone.finish_secret(flow, "payment_pin", state, &answer, PIN).await;
        assert_eq!(late.code(), Code::StepOrder, "the lock is off");
    }
    // Control: a wrong one counts.
    for left in [4, 3] {
        let (_, answer) = phone.guess_secret(&runs[0], "payment_pin", b"000000").await;
        assert_eq!(answer.ok::<PinAnswer>().attempts_left, left);
    }
}

//
#[tokio::test]
async fn a_lock_password_that_is_used_up_stays_so_for_as_long_as_the_lock_is_on() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    phone.register_lock_password().await;
    let until = lock(&phone).await.since.plus_seconds(7 * 24 * HOUR);
    let (longer, _) = phone.begin_for("lock.extend", &[], Wish::ExtendLock { until }).await;
    assert!(phone.walk_on(longer.start.flow).await.is_complete());
    let guess = async |guess| {
        let flow = phone.begin("lock.release", &[], b"").await;
        phone.guess_secret(&flow, "lock_password", guess).await.1
    };
    for _ in 0..5 {
        assert_eq!(guess(b"open sesame").await.status, 200);
    }
    house.advance(6 * 24 * HOUR).await;
    let problem = guess(LOCK_PASSWORD).await.problem();
    assert_eq!(
        (problem.code(), problem.retry_after_seconds()),
        (Code::FactorLocked, Some(24 * 3_600)),
        "until the lock ends"
    );
    // Control: the next lock has all tries again.
    house.advance(24 * HOUR).await;
    lock(&phone).await;
    assert_eq!(guess(b"open sesame").await.ok::<PinAnswer>().attempts_left, 4);
}

//
#[tokio::test]
async fn a_release_that_began_before_a_trigger_does_not_finish_after_it() {
    // Before, the trigger was looked for once, when the run began.
    let house = House::on_stage();
    let phone = Phone::ready(&house).await;
    phone.register_lock_password().await;
    let token = phone.sign_mandate().await;
    lock(&phone).await;
    let flow = phone.begin("lock.release", &[], b"").await;
    phone.prove_secret(&flow, "lock_password", LOCK_PASSWORD).await;
    let path = format!("/sandbox/accounts/{}", phone.account().await);
    let seen = |triggers: &[&str]| house.set(&path, serde_json::json!({ "triggers": triggers }));
    assert_eq!(seen(&["remote_login"]).await.status, 200);
    let finish = async || phone.prove(&flow, "identify", &phone.biometric).await;
    assert_eq!(finish().await.code(), Code::RiskDenied);
    assert_eq!(declined(&house.charge(token.mandate, 100).await), Code::SafetyLocked);
    // Control: once it is resolved the same run finishes.
    assert_eq!(seen(&[]).await.status, 200);
    assert_eq!(finish().await.status, 200);
    approved(&house.charge(token.mandate, 100).await);
}
