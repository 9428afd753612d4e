//! A gateway that lies: caught with its own evidence, outlived, or listed as what no single phone can tell.
#![cfg(test)]

use futures_util::StreamExt as _;
use quittance_gateway::Clock as _;
use quittance_protocol::MandateId;
use quittance_protocol::log::{Checkpoint, SeenLog, TlogProof};
use quittance_protocol::log_body::{ClosureKind, EvidenceLevel};
use quittance_protocol::statement::ReplicaState;
use quittance_testkit::liar::{Catch, Liar, Lie};
use quittance_testkit::stage::{Stage, StagePhone};
use quittance_testkit::story::cny;
use quittance_wallet::{DisputeReason, EndingStage, ErrorKind, MandateView, WalletError, WalletEvent};
use std::sync::Arc;

const AN_HOUR: i64 = 3_600;
/// So many lies are told at once.
const AT_ONCE: usize = 8;

/// A stage on which a lie was told.
struct Met {
    stage: Stage,
    phone: StagePhone,
    mandate: MandateId,
    events: Vec<WalletEvent>,
    errors: Vec<ErrorKind>,
    /// How many answers were lies.
    told: u32,
}

/// A contact, a cancellation, three more contacts, all under a gateway that lies, or does not.
async fn cancelled_under(lie: Option<Lie>) -> Met {
    let (stage, phone, mandate) = Stage::with_mandate().await.unwrap();
    let liar = lie.map(|lie| installed(&stage, lie));
    if lie.is_some_and(Lie::needs_another) {
        let other = stage.enrolled().await.unwrap();
        let ended = other.sign(&stage.offer().await.unwrap()).await.unwrap();
        other.cancel(&[ended]).await.unwrap();
        other.wallet.sync().await.unwrap();
        assert!(other.is_closed(ended).unwrap(), "somebody else's order closes first");
    }
    if let Some(liar) = &liar {
        liar.wake();
    }
    if lie.is_some_and(Lie::needs_a_consent) {
        phone.sign(&stage.offer().await.unwrap()).await.unwrap_err();
    }
    // Whether a call ends in an error is for the lies to say that are refused so.
    let mut ends = vec![
        phone.wallet.sync().await.map(drop),
        phone.cancel(&[mandate]).await.map(drop),
    ];
    for _ in 0..3 {
        ends.push(phone.wallet.sync().await.map(drop));
    }
    Met {
        told: liar.map_or(0, |liar| liar.lies_told()),
        events: phone.events().unwrap(),
        errors: ends.into_iter().filter_map(|end| Some(end.err()?.kind())).collect(),
        stage,
        phone,
        mandate,
    }
}

fn installed(stage: &Stage, lie: Lie) -> Arc<Liar> {
    let gateway = stage.gateway().unwrap();
    let liar = Liar::new(gateway.router(), gateway.log_signer(), lie);
    stage.network.exchange(liar.router());
    liar
}

impl Met {
    fn ending(&self) -> Option<EndingStage> {
        self.phone.stage_of(self.mandate).unwrap()
    }

    fn dispute(&self) -> Option<DisputeReason> {
        let mandate = self.phone.wallet.mandate(self.mandate).unwrap();
        mandate.ending.and_then(|ending| ending.dispute)
    }

    fn is_disputed(&self, reason: DisputeReason) -> bool {
        let told = |event: &WalletEvent| matches!(event, WalletEvent::Disputed { reason: of, .. } if *of == reason);
        self.dispute() == Some(reason) && self.events.iter().any(told)
    }

    fn half(&self) -> ReplicaState {
        self.phone.wallet.mandate(self.mandate).unwrap().phone_half
    }

    fn says_closed(&self) -> bool {
        let told = |event: &WalletEvent| {
            matches!(
                event,
                WalletEvent::Closed {
                    kind: ClosureKind::TwoSided,
                    ..
                }
            )
        };
        self.phone.is_closed(self.mandate).unwrap() || self.events.iter().any(told)
    }

    fn receipts(&self) -> usize {
        self.phone.wallet.receipts().unwrap().len()
    }

    /// How many contradictions of the log are kept, and whether one of them convicts by itself.
    fn evidence(&self) -> (usize, bool) {
        let kept = self.phone.wallet.log_evidence().unwrap();
        (kept.len(), kept.iter().any(|kept| kept.proves_fork))
    }

    /// Whether the phone's files with its keys open as many halves as it says that stand.
    fn says_what_stands(&self) -> bool {
        let mandates = self.phone.wallet.mandates().unwrap();
        let standing = |mandate: &&MandateView| mandate.phone_half != ReplicaState::Destroyed;
        self.phone.standing_halves().unwrap() == mandates.iter().filter(standing).count()
    }

    async fn pays(&self) -> bool {
        let permit = self
            .phone
            .wallet
            .payer_present_permit(self.mandate, cny(100).unwrap(), "till");
        !matches!(permit.await, Err(WalletError::NotPayable))
    }

    /// Whether what came of it is what is to catch this lie.
    fn is_caught(&self, lie: Lie) -> bool {
        let open = !self.says_closed() && self.receipts() == 0;
        match lie.caught() {
            Catch::Disputed(reason) => open && self.is_disputed(reason) && self.spares_its_half(reason),
            Catch::Convicted => open && self.is_disputed(DisputeReason::LogInconsistent) && self.evidence().0 > 0,
            Catch::Forked => open && self.is_disputed(DisputeReason::LogInconsistent) && self.evidence().1,
            Catch::Pending => open && self.dispute().is_none() && self.ending().is_some(),
            Catch::Refused(kind) => self.errors.contains(&kind) && self.says_closed(),
            Catch::Outlived => {
                self.says_closed() && self.receipts() == 1 && self.errors.is_empty() && self.evidence().0 == 0
            }
            Catch::OneSided => {
                self.ending() == Some(EndingStage::Closed(ClosureKind::Unilateral)) && !self.says_closed()
            }
            Catch::Contradicted => {
                let contradicts = |event: &WalletEvent| match event {
                    WalletEvent::ChargedAfterEnd { mandate, order, .. } => {
                        let receipts = self.phone.wallet.receipts().unwrap();
                        *mandate == self.mandate && receipts.iter().any(|receipt| receipt.order == *order)
                    }
                    _ => false,
                };
                self.says_closed() && self.events.iter().any(contradicts)
            }
            // Shown one by one below.
            Catch::Elsewhere(_) => true,
        }
    }

    /// What is wrong with what this lie came to; nothing where it is as it should be.
    async fn flaw(&self, lie: Lie) -> Option<String> {
        let seen = || {
            format!(
                "{lie:?}: {:?}, dispute {:?}, half {:?}, {} receipts, evidence {:?}, errors {:?}, events {:?}",
                self.ending(),
                self.dispute(),
                self.half(),
                self.receipts(),
                self.evidence(),
                self.errors,
                self.events
            )
        };
        if self.told == 0 {
            return Some(format!("never told: {}", seen()));
        }
        if !self.is_caught(lie) {
            return Some(format!("not caught as {:?}: {}", lie.caught(), seen()));
        }
        if !self.says_what_stands() {
            return Some(format!("a half stands that is said to be destroyed: {}", seen()));
        }
        self.pays().await.then(|| format!("still pays: {}", seen()))
    }

    /// An order that is not believed costs the phone nothing.
    fn spares_its_half(&self, reason: DisputeReason) -> bool {
        let of_the_order = matches!(reason, DisputeReason::OrderNotLogged | DisputeReason::OrderMismatch);
        (self.half() == ReplicaState::Destroyed) != of_the_order
    }

    /// The gateway is honest from now on: what can still end ends well, a log for this phone alone is convicted.
    async fn flaw_afterwards(self, lie: Lie) -> Option<String> {
        self.stage.network.exchange(self.stage.gateway().unwrap().router());
        self.phone.clock.turn(AN_HOUR);
        let mut ends = Vec::new();
        for _ in 0..3 {
            ends.push(self.phone.wallet.sync().await.map(drop));
        }
        let well = if lie.is_logged() {
            self.evidence().0 > 0
        } else {
            self.phone.is_closed(self.mandate).unwrap() || lie == Lie::Orphaned
        };
        (!well).then(|| {
            let (ending, dispute) = (self.ending(), self.dispute());
            format!(
                "{lie:?} ends badly: {ending:?}, dispute {dispute:?}, evidence {:?}, {ends:?}",
                self.evidence()
            )
        })
    }
}

// I4; H3.
//
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_lie_is_caught_for_what_it_is_and_the_truth_ends_well_afterwards() {
    let told = Lie::ALL.iter().map(|lie| async move {
        let met = cancelled_under(Some(*lie)).await;
        let caught = met.flaw(*lie).await;
        caught
            .into_iter()
            .chain(met.flaw_afterwards(*lie).await)
            .collect::<Vec<_>>()
    });
    let flaws: Vec<String> = futures_util::stream::iter(told)
        .buffer_unordered(AT_ONCE)
        .concat()
        .await;
    assert!(flaws.is_empty(), "{}", flaws.join("\n"));
}

#[test]
fn there_are_seventy_nine_lies_each_with_a_name_and_a_sentence() {
    let names: std::collections::BTreeSet<&str> = Lie::ALL.iter().map(|lie| lie.name()).collect();
    assert_eq!(names.len(), Lie::ALL.len());
    let elsewhere = |lie: &&Lie| matches!(lie.caught(), Catch::Elsewhere(_));
    assert_eq!((Lie::ALL.len(), Lie::ALL.iter().filter(elsewhere).count()), (79, 4));
    assert!(Lie::ALL.iter().all(|lie| lie.does().ends_with('.')));
}

// What is told of one order, or not, is about that order alone.
#[tokio::test]
async fn an_order_that_the_gateway_forgot_keeps_nothing_else_back() {
    let met = cancelled_under(Some(Lie::OrderForgotten)).await;
    assert_eq!(met.ending(), Some(EndingStage::AwaitingClosure), "the order stays open");
    assert_eq!(met.errors, [], "no contact fails for it");
    let other = met.phone.sign(&met.stage.offer().await.unwrap()).await.unwrap();
    assert_eq!(met.stage.try_charge(other, "ride-1").await, "approved");
    met.phone.wallet.sync().await.unwrap();
    let charged = |event: &WalletEvent| matches!(event, WalletEvent::Charged { mandate, .. } if *mandate == other);
    assert!(met.phone.events().unwrap().iter().any(charged));
}

// A gateway that lost what it did since a moment: database, vault and keys of then. It knows neither order nor entry.
#[tokio::test]
async fn a_log_that_was_put_back_is_convicted_though_the_order_that_waits_is_gone_with_it() {
    let (stage, phone, mandate) = Stage::with_mandate().await.unwrap();
    let saved = stage.saved_gateway().await.unwrap();
    // The first answer about the order is given for ever, so that it stays open.
    installed(&stage, Lie::Late).wake();
    phone.cancel(&[mandate]).await.unwrap();
    let kept = || phone.wallet.log_evidence().unwrap().len();
    assert_eq!(kept(), 0, "control: up to here the log grows");
    stage.put_back_gateway(saved.path()).await.unwrap();
    let order = phone.wallet.mandate(mandate).unwrap().ending.unwrap().order.unwrap();
    let asked = stage.read(&phone, &format!("/v1/orders/{order}")).await.unwrap();
    assert_eq!(asked.code(), "not_found", "control: the order is gone");
    let _contradiction = phone.wallet.sync().await;
    assert_eq!(kept(), 1);
    assert!(!phone.is_closed(mandate).unwrap());
}

// Control: without a lie the same steps end closed.
#[tokio::test]
async fn an_honest_gateway_closes() {
    let met = cancelled_under(None).await;
    assert!(met.says_closed(), "{:?}", met.ending());
    assert_eq!((met.dispute(), met.receipts(), met.errors.len()), (None, 1, 0));
}

// Control: what catches lies catches an honest gateway's answers in none of their places.
#[tokio::test]
async fn an_honest_gateway_is_caught_at_nothing() {
    let met = cancelled_under(None).await;
    let not_outlived = Lie::ALL
        .iter()
        .copied()
        .filter(|lie| !matches!(lie.caught(), Catch::Outlived | Catch::Elsewhere(_)));
    for lie in not_outlived {
        assert!(!met.is_caught(lie), "{lie:?} is found where nobody lied");
        let flaw = met.flaw(lie).await.unwrap();
        assert!(flaw.starts_with("never told"), "{flaw}");
    }
}

/// A second reader of the log, with a checkpoint that somebody else was shown: is it the log of this phone's receipt?
async fn is_one_log(met: &Met) -> bool {
    let log = met.stage.gateway().unwrap().log_key();
    let order = met.phone.wallet.receipts().unwrap()[0].order;
    let receipt: TlogProof = met.phone.wallet.export_receipt(order).unwrap().receipt.parse().unwrap();
    let ours = Checkpoint::open(&receipt.checkpoint, &log).unwrap();
    let theirs = Checkpoint::open(&met.stage.http.get("/log/checkpoint").await.text, &log).unwrap();
    assert_eq!(ours.size(), theirs.size(), "nobody wrote since, so no proof is needed");
    SeenLog::first(ours).accept(theirs, &[]).is_ok()
}

// What a witness would see.
#[tokio::test]
async fn a_log_that_one_phone_alone_is_shown_is_found_by_comparing_its_checkpoint_with_anothers() {
    let met = cancelled_under(Some(Lie::SplitView)).await;
    assert!(met.told > 0 && met.says_closed(), "this phone cannot tell");
    assert!(!is_one_log(&met).await);
    assert!(
        is_one_log(&cancelled_under(None).await).await,
        "control: an honest log is one"
    );
}

#[tokio::test]
async fn an_entry_from_the_future_is_found_by_whoever_reads_the_log_with_a_clock_of_their_own() {
    let is_ahead =
        |met: &Met| met.phone.wallet.receipts().unwrap()[0].closed_at > met.stage.clock.now().plus_seconds(AN_HOUR);
    let met = cancelled_under(Some(Lie::FutureTime)).await;
    assert!(
        met.told > 0 && met.says_closed(),
        "this phone, whose clock may be wrong, cannot tell"
    );
    assert!(is_ahead(&met));
    assert!(
        !is_ahead(&cancelled_under(None).await),
        "control: an honest entry is not ahead"
    );
}

#[tokio::test]
async fn a_level_without_a_chain_is_found_by_whoever_asks_for_the_chain() {
    let level = |met: &Met| met.phone.wallet.receipts().unwrap()[0].evidence_level;
    let met = cancelled_under(Some(Lie::LevelRaised)).await;
    assert!(
        met.told > 0 && met.says_closed(),
        "this phone takes the gateway's word for its level"
    );
    assert_eq!(level(&met), EvidenceLevel::E2);
    let chains = met.phone.wallet.enrolment().unwrap().unwrap();
    assert_eq!(
        chains.evidence_level,
        EvidenceLevel::E0,
        "no key of this phone has a chain"
    );
    assert_eq!(
        level(&cancelled_under(None).await),
        EvidenceLevel::E0,
        "control: an honest receipt says E0"
    );
}

#[tokio::test]
async fn a_mandate_that_a_gateway_forgets_ends_with_word_to_the_payer_and_without_a_receipt() {
    let met = cancelled_under(Some(Lie::Orphaned)).await;
    let told =
        |event: &WalletEvent| matches!(event, WalletEvent::MandateRejected { mandate } if *mandate == met.mandate);
    assert!(met.told > 0 && met.events.iter().any(told), "{:?}", met.events);
    assert!(!met.says_closed() && met.receipts() == 0 && !met.pays().await);
    assert_eq!(met.stage.logged("closure").await, 0, "the log has no word of it");
    let honest = cancelled_under(None).await;
    assert_eq!(
        (honest.receipts(), honest.stage.logged("closure").await),
        (1, 1),
        "control"
    );
}

/// The names of the lies that end so.
fn names(is_so: fn(Catch) -> bool) -> Vec<&'static str> {
    let lies = Lie::ALL.iter().filter(|lie| is_so(lie.caught()));
    lies.map(|lie| lie.name()).collect()
}

#[test]
fn the_lies_that_no_single_phone_can_tell_are_these() {
    assert_eq!(
        names(|caught| matches!(caught, Catch::Elsewhere(_))),
        ["level-raised", "future-time", "split-view", "orphaned"],
        "each has its own test here"
    );
}

#[test]
fn the_lies_that_end_as_without_one_and_leave_no_evidence_are_these() {
    assert_eq!(
        names(|caught| caught == Catch::Outlived),
        [
            "revived",
            "stranger",
            "other-account",
            "clock-ahead",
            "duplicated",
            "unknown-member",
            "intent-refused"
        ],
        "docs/claims.md names them"
    );
}

#[test]
fn what_is_caught_is_caught_in_so_many_ways() {
    let count = |is_so| names(is_so).len();
    assert_eq!(count(|caught| matches!(caught, Catch::Disputed(_))), 41);
    assert_eq!(count(|caught| matches!(caught, Catch::Convicted | Catch::Forked)), 4);
    assert_eq!(count(|caught| matches!(caught, Catch::Refused(_))), 6);
    assert_eq!(
        count(|caught| matches!(caught, Catch::OneSided | Catch::Contradicted)),
        2
    );
}
