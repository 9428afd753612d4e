//! Calls dropped half-way, made twice at once, answers lost, statements doubled: the same end.
#![cfg(test)]

use quittance_protocol::MandateId;
use quittance_testkit::stage::{Stage, StagePhone};
use quittance_wallet::WalletEvent;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

/// Lets a call go on for so many polls, then drops it.
async fn dropped_after<F: Future>(polls: u32, call: F) -> Option<F::Output> {
    let mut call = pin!(call);
    let mut left = polls;
    poll_fn(move |context| match call.as_mut().poll(context) {
        Poll::Ready(done) => Poll::Ready(Some(done)),
        Poll::Pending if left == 0 => Poll::Ready(None),
        Poll::Pending => {
            left -= 1;
            Poll::Pending
        }
    })
    .await
}

fn assert_ended_once(phone: &StagePhone, mandate: MandateId, context: &str) {
    let ending = phone.wallet.mandate(mandate).unwrap().ending;
    assert!(phone.is_closed(mandate).unwrap(), "{context}: {ending:?}");
    let events = phone.events().unwrap();
    let closed =
        |event: &&WalletEvent| matches!(event, WalletEvent::Closed { mandates, .. } if mandates.contains(&mandate));
    assert_eq!(events.iter().filter(closed).count(), 1, "{context}: {events:?}");
    let alarm = |event: &WalletEvent| matches!(event, WalletEvent::Disputed { .. } | WalletEvent::Refused { .. });
    assert!(!events.iter().any(alarm), "{context}: {events:?}");
}

// I6, for an app that cancels its tasks: a future may be dropped at any point.
//
#[tokio::test]
async fn a_cancellation_dropped_at_any_point_goes_on_where_it_was() {
    let stage = Stage::set().await.unwrap();
    let phone = stage.enrolled().await.unwrap();
    let mut drops = 0;
    for polls in (0..).step_by(8) {
        let mandate = phone.sign(&stage.offer().await.unwrap()).await.unwrap();
        let done = dropped_after(polls, phone.cancel(&[mandate])).await;
        if done.is_none() {
            drops += 1;
            phone.cancel(&[mandate]).await.unwrap();
        }
        phone.wallet.sync().await.unwrap();
        assert_ended_once(&phone, mandate, &format!("dropped after {polls} polls"));
        assert_eq!(stage.try_charge(mandate, "ride-1").await, "token_destroyed");
        if done.is_some() {
            break;
        }
    }
    assert!(drops > 3, "{drops} drops");
}

// The same for signing: one mandate, whatever was dropped.
#[tokio::test]
async fn a_signing_dropped_at_any_point_makes_one_mandate() {
    let stage = Stage::set().await.unwrap();
    let phone = stage.enrolled().await.unwrap();
    let mut drops = 0;
    for (signed, polls) in (0..).step_by(5).enumerate() {
        let offer = stage.offer().await.unwrap();
        let done = dropped_after(polls, phone.sign(&offer)).await;
        if done.is_none() {
            drops += 1;
            // The same offer again is the same flow.
            let flow = phone.wallet.start_sign(&offer).await.unwrap();
            phone.answer_all(flow).await.unwrap();
        }
        phone.wallet.sync().await.unwrap();
        let live = phone
            .wallet
            .mandates()
            .unwrap()
            .into_iter()
            .filter(|mandate| mandate.can_pay)
            .count();
        assert_eq!(live, signed + 1, "dropped after {polls} polls");
        if done.is_some() {
            break;
        }
    }
    assert!(drops > 3, "{drops} drops");
}

// I5: one wallet, several threads.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_made_twice_at_once_do_nothing_twice() {
    let (stage, phone, mandate) = Stage::with_mandate().await.unwrap();
    let flow = phone.wallet.start_revoke(&[mandate]).await.unwrap();
    let again = phone.wallet.start_revoke(&[mandate]).await.unwrap();
    assert_eq!(flow, again);
    while phone.wallet.next_prompt(flow).unwrap().is_some() {
        let (one, other, sync) = tokio::join!(phone.answer_one(flow), phone.answer_one(flow), phone.wallet.sync());
        assert!(one.is_ok() || other.is_ok(), "one of them passes: {one:?}, {other:?}");
        sync.unwrap();
    }
    let (one, other) = tokio::join!(phone.wallet.sync(), phone.wallet.sync());
    one.unwrap();
    other.unwrap();
    phone.wallet.sync().await.unwrap();
    assert!(phone.is_closed(mandate).unwrap());
    assert_eq!(
        [
            stage.logged("order").await,
            stage.logged("destroyed").await,
            stage.logged("closure").await
        ],
        [1; 3]
    );
}

// I5: the network delivers every statement three times.
//
#[tokio::test]
async fn a_network_that_doubles_every_statement_changes_nothing() {
    let stage = Stage::set().await.unwrap();
    stage.network.faults.repeat_statements(2);
    let phone = stage.enrolled().await.unwrap();
    let mandate = phone.sign(&stage.offer().await.unwrap()).await.unwrap();
    assert_eq!(stage.try_charge(mandate, "ride-1").await, "approved");
    phone.cancel(&[mandate]).await.unwrap();
    phone.wallet.sync().await.unwrap();
    assert_ended_once(&phone, mandate, "doubled");
    assert_eq!(
        [
            stage.logged("order").await,
            stage.logged("destroyed").await,
            stage.logged("closure").await
        ],
        [1; 3]
    );
}

// with the answer to each kind of statement lost once, or twice.
#[tokio::test]
async fn the_answer_to_any_statement_may_be_lost() {
    let names = [
        "enrolment",
        "pin-register",
        "flow-start",
        "flow-answer",
        "pin-start",
        "pin-finish",
        "consent",
        "activation",
        "hold",
        "intent",
        "attestation",
        "acknowledgement",
        "reconciliation",
        "session",
    ];
    for name in names {
        for times in [1, 2] {
            let context = format!("{times} answers to {name} were lost");
            let stage = Stage::set().await.unwrap();
            let phone = stage.phone().unwrap();
            stage.network.faults.lose_answers_to(name, times);
            for _ in 0..=times {
                if phone.enrol(quittance_testkit::story::PIN).await.is_ok() {
                    break;
                }
            }
            stage.network.faults.lose_answers_to(name, times);
            let offer = stage.offer().await.unwrap();
            for _ in 0..=times + 1 {
                // An error says that the gateway was not reached; the payer tries again.
                if let Ok(flow) = phone.wallet.start_sign(&offer).await {
                    let _ = phone.answer_all(flow).await;
                }
                let _ = phone.wallet.sync().await;
            }
            let mandates = phone.wallet.mandates().unwrap();
            assert_eq!(mandates.len(), 1, "{context}");
            let mandate = mandates[0].mandate;
            assert!(mandates[0].can_pay, "{context}: {:?}", mandates[0].state);
            stage.network.faults.lose_answers_to(name, times);
            phone.wallet.pause(&[mandate]).await.unwrap();
            let _ = phone.cancel(&[mandate]).await;
            for _ in 0..=times {
                let _ = phone.cancel(&[mandate]).await;
                let _ = phone.wallet.sync().await;
            }
            assert_ended_once(&phone, mandate, &context);
            let logged = [
                stage.logged("order").await,
                stage.logged("destroyed").await,
                stage.logged("closure").await,
            ];
            assert_eq!(logged, [1; 3], "{context}");
        }
    }
}
