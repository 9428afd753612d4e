//! A PIN guess is counted when its first message arrives (R-018; design section 8).

use quittance_protocol::answer::{FlowLog, PinAnswer};
use quittance_protocol::flow_event::FlowEventKind;
use quittance_protocol::statement::PinFinish;
use quittance_protocol::{B64, Code};

use crate::support::phone::{Flow, PIN, Phone};
use crate::support::{House, Reply, random};

/// A run whose open step asks for the PIN.
pub(crate) async fn at_the_pin<'h>(phone: &Phone<'h>) -> Flow {
    let token = phone.sign_mandate().await;
    let mandates = [token.mandate];
    let flow = phone
        .begin_with("mandate.cancel.quick", &mandates, b"", B64::new(random::<32>()))
        .await;
    phone.identify(&flow).await;
    phone.confirm(&flow, "confirm").await;
    flow
}

//
#[tokio::test]
async fn five_wrong_guesses_lock_the_pin_and_24_hours_unlock_it() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let flow = at_the_pin(&phone).await;
    for left in (0..5).rev() {
        let (state, start) = phone.guess(&flow, b"000000");
        let answer: PinAnswer = phone.post(&start).await.ok();
        assert_eq!(answer.attempts_left, left);
        assert!(
            phone.finish_guess(&flow, state, b"000000", &answer).is_none(),
            "the phone learns that it is wrong"
        );
    }
    let (_, right) = phone.guess(&flow, PIN);
    let locked = phone.say(&right);
    let problem = house.post(&locked).await.problem();
    assert_eq!(
        (problem.code(), problem.retry_after_seconds()),
        (Code::FactorLocked, Some(86_400))
    );
    // The hold of the cancellation stands meanwhile.
    house.clock.advance(86_399);
    assert_eq!(
        phone
            .begin(
                "mandate.sign",
                &[quittance_protocol::MandateId::from_bytes(random())],
                b""
            )
            .await
            .start
            .policy_version,
        1
    );
    let problem = house.post(&locked).await.problem();
    assert_eq!(problem.code(), Code::FlowExpired, "this flow waited too long");
    house.clock.advance(1);
    let flow = at_the_pin(&phone).await;
    let log: FlowLog = phone.prove_pin(&flow).await;
    assert!(matches!(
        log.events.last().unwrap().kind,
        FlowEventKind::FactorProved { .. }
    ));
}

//
#[tokio::test]
async fn the_lock_stands_until_its_last_second() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let flow = at_the_pin(&phone).await;
    for _ in 0..5 {
        let _: PinAnswer = phone.post(&phone.guess(&flow, b"000000").1).await.ok();
    }
    for (wait, code) in [(86_399, Some(Code::FactorLocked)), (1, None)] {
        house.clock.advance(wait);
        let token = crate::support::phone::Token::new();
        let flow = phone.begin("mandate.sign", &[token.mandate], b"offer").await;
        phone.confirm(&flow, "consent").await;
        phone.identify(&flow).await;
        let reply = phone.post(&phone.guess(&flow, PIN).1).await;
        match code {
            Some(code) => assert_eq!(reply.code(), code),
            None => assert_eq!(reply.ok::<PinAnswer>().attempts_left, 4),
        }
    }
}

#[tokio::test]
async fn a_restart_forgets_no_guess_and_a_right_pin_gives_all_back() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let flow = at_the_pin(&phone).await;
    for left in [4, 3] {
        let answer: PinAnswer = phone.post(&phone.guess(&flow, b"000000").1).await.ok();
        assert_eq!(answer.attempts_left, left);
        house.restart();
    }
    // The exchange itself goes on over a restart, too.
    let (state, start) = phone.guess(&flow, PIN);
    let answer: PinAnswer = phone.post(&start).await.ok();
    assert_eq!(answer.attempts_left, 2);
    house.restart();
    let finish = phone.finish_guess(&flow, state, PIN, &answer).unwrap();
    let _: FlowLog = phone.post(&finish).await.ok();
    let token = crate::support::phone::Token::new();
    let flow = phone.begin("mandate.sign", &[token.mandate], b"offer").await;
    phone.confirm(&flow, "consent").await;
    phone.identify(&flow).await;
    let answer: PinAnswer = phone.post(&phone.guess(&flow, b"000000").1).await.ok();
    assert_eq!(answer.attempts_left, 4);
}

#[tokio::test]
async fn the_same_first_message_gets_the_same_answer_free() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let flow = at_the_pin(&phone).await;
    let (_, start) = phone.guess(&flow, b"000000");
    let first: PinAnswer = phone.post(&start).await.ok();
    let second: PinAnswer = phone.post(&start).await.ok();
    assert_eq!(first, second);
    let next: PinAnswer = phone.post(&phone.guess(&flow, b"000000").1).await.ok();
    assert_eq!(next.attempts_left, 3, "one guess, not two");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_64_guesses_in_parallel_no_more_than_five_are_evaluated() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let flow = at_the_pin(&phone).await;
    let mut sent = tokio::task::JoinSet::new();
    for _ in 0..64 {
        let compact = phone.say(&phone.guess(&flow, b"000000").1);
        let (router, request) = (house.gateway().router(), crate::support::statement(compact));
        sent.spawn(async move {
            tower::ServiceExt::oneshot(router, request)
                .await
                .unwrap()
                .status()
                .as_u16()
        });
    }
    let answers = sent.join_all().await;
    assert_eq!(answers.iter().filter(|status| **status == 200).count(), 5);
    assert_eq!(answers.iter().filter(|status| **status == 423).count(), 59);
}

#[tokio::test]
async fn a_forged_third_message_proves_nothing_and_can_be_tried_once() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let flow = at_the_pin(&phone).await;
    let _: PinAnswer = phone.post(&phone.guess(&flow, b"000000").1).await.ok();
    let forged = PinFinish {
        flow: flow.start.flow,
        step: "payment_pin".to_owned(),
        message: B64::new(random::<64>()),
    };
    let problem = phone.post(&forged).await.problem();
    assert_eq!(problem.code(), Code::ProofRejected);
    assert_eq!(problem.next_steps().get("attempts_left").map(String::as_str), Some("4"));
    assert_eq!(
        phone.post(&forged).await.code(),
        Code::StepOrder,
        "the exchange is used up"
    );
    let stale = |reply: Reply| reply.code();
    let (state, start) = phone.guess(&flow, PIN);
    let answer: PinAnswer = phone.post(&start).await.ok();
    house.clock.advance(300);
    let finish = phone.finish_guess(&flow, state, PIN, &answer).unwrap();
    assert_eq!(
        stale(phone.post(&finish).await),
        Code::StepOrder,
        "five minutes are over"
    );
}

#[tokio::test]
async fn a_first_message_is_free_again_for_five_minutes_and_counted_after_them() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let flow = at_the_pin(&phone).await;
    let (_, start) = phone.guess(&flow, b"000000");
    for (wait, left) in [(0, 4), (299, 4), (1, 3)] {
        house.clock.advance(wait);
        let answer: PinAnswer = phone.post(&start).await.ok();
        assert_eq!(answer.attempts_left, left);
    }
}

#[tokio::test]
async fn a_third_message_of_another_form_is_malformed_and_no_failed_guess() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let flow = at_the_pin(&phone).await;
    let (state, start) = phone.guess(&flow, PIN);
    let answer: PinAnswer = phone.post(&start).await.ok();
    let mut finish = phone.finish_guess(&flow, state, PIN, &answer).unwrap();
    let whole = finish.message.clone();
    finish.message = B64::new(random::<7>());
    assert_eq!(phone.post(&finish).await.code(), Code::Malformed);
    finish.message = whole;
    let _: FlowLog = phone.post(&finish).await.ok();
}

/// Whoever writes into the database cannot have one run's PIN prove another run.
#[tokio::test]
async fn an_exchange_that_was_moved_to_another_run_proves_nothing_there() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let (own, other) = (at_the_pin(&phone).await, at_the_pin(&phone).await);
    let (state, start) = phone.guess(&own, PIN);
    let answer: PinAnswer = phone.post(&start).await.ok();
    let _: PinAnswer = phone.post(&phone.guess(&other, b"000000").1).await.ok();
    let finish = phone.finish_guess(&own, state, PIN, &answer).unwrap();
    house.stop();
    house.plant(&format!(
        "UPDATE pin_logins SET sealed_state = (SELECT sealed_state FROM pin_logins WHERE flow = '{}') WHERE flow = '{}'",
        own.start.flow, other.start.flow
    ));
    house.start().unwrap();
    let moved = PinFinish {
        flow: other.start.flow,
        ..finish.clone()
    };
    assert_eq!(phone.post(&moved).await.code(), Code::Internal);
    let _: FlowLog = phone.post(&finish).await.ok();
}
