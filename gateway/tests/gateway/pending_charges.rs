//! A charge whose outcome the card network has not told: its id, its permit and its window wait with it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use async_trait::async_trait;
use quittance_gateway::{
    CardNetwork, Clock as _, Funding, NetworkCharge, NetworkOutcome, NetworkRefund, ScriptedOutcome, Unavailable,
};
use quittance_protocol::answer::{ChargeAnswer, ChargeRecord, MandateState, OrderState, PayerEvent, PayerEventKind};
use quittance_protocol::flow_event::Wish;
use quittance_protocol::log_body::TerminationCause;
use quittance_protocol::statement::{Charge, Limits, MandateKind, Refund, ReplicaState};
use quittance_protocol::{AccountId, ChargeId, Code, Statement, StatementId, TokenId};

use crate::limits::activated_ahead;
use crate::orders_scheduled::HOUR;
use crate::support::phone::{Phone, Token, approved, declined};
use crate::support::{DAY, House, ORIGIN, cny, random, until};

/// A merchant's statement under an id.
fn under<T: Statement>(house: &House, id: StatementId, body: &T) -> String {
    let signed = house
        .merchants
        .sign(house.merchant, ORIGIN, house.clock.now(), id, body);
    signed.unwrap()
}

/// A charge of which the network has heard nothing.
async fn pending(house: &House, token: &Token, id: StatementId) -> String {
    pending_of(house, token, id, 100).await
}

async fn pending_of(house: &House, token: &Token, id: StatementId, minor: i64) -> String {
    let charge = Charge {
        mandate: token.mandate,
        amount: cny(minor),
        reference: "r".to_owned(),
        permit: None,
    };
    let charge = under(house, id, &charge);
    house.network_says(ScriptedOutcome::Unavailable);
    assert_eq!(house.post(&charge).await.code(), Code::ExternalUnavailable);
    charge
}

fn moved(house: &House) -> usize {
    let seen = house.network.charges().unwrap();
    seen.iter().filter(|charge| charge.acquirer_reference.is_some()).count()
}

#[tokio::test]
async fn the_id_of_a_charge_is_taken_before_its_outcome_is_known() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let token = phone.sign_mandate().await;
    let id = StatementId::from_bytes(random());
    let charge = pending(&house, &token, id).await;
    let other = Refund {
        charge: ChargeId::from_bytes(random()),
        amount: cny(1),
    };
    assert_eq!(house.post(&under(&house, id, &other)).await.code(), Code::JtiReused);
    house.network_says(ScriptedOutcome::Approve);
    approved(&house.post(&charge).await);
    assert_eq!(moved(&house), 1);
    // Control: under an id of its own it is judged.
    let own = StatementId::from_bytes(random());
    assert_eq!(house.post(&under(&house, own, &other)).await.code(), Code::NotFound);
}

// R-314
#[tokio::test]
async fn a_charge_that_the_network_never_saw_is_not_made_once_its_permit_is_over() {
    for (days, moves) in [(29, 1), (31, 0)] {
        let house = House::new();
        let phone = Phone::ready(&house).await;
        let token = phone.sign_mandate().await;
        let charge = pending(&house, &token, StatementId::from_bytes(random())).await;
        house.clock.advance(days * DAY);
        house.network_says(ScriptedOutcome::Approve);
        let answer = house.post(&charge).await;
        if moves == 0 {
            assert_eq!(declined(&answer), Code::PermitWindow, "after {days} days");
        } else {
            approved(&answer);
        }
        assert_eq!(moved(&house), moves, "after {days} days");
    }
}

#[tokio::test]
async fn a_charge_is_told_with_the_moment_of_its_reservation_whenever_the_network_answers() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let token = phone.sign_mandate().await;
    let charge = pending(&house, &token, StatementId::from_bytes(random())).await;
    let reserved = house.clock.now();
    house.clock.advance(5 * DAY);
    house.network_says(ScriptedOutcome::Approve);
    approved(&house.post(&charge).await);
    let told = phone.reconcile(&[(&token, ReplicaState::Active)]).await.events;
    let [event] = told.as_slice() else { panic!("{told:?}") };
    assert!(matches!(event.kind, PayerEventKind::Charged { .. }), "{event:?}");
    let bearer = phone.session().await;
    let path = format!("/v1/mandates/{}/charges", token.mandate);
    let history: Vec<ChargeRecord> = house.get(&path, Some(&bearer)).await.ok();
    assert_eq!((event.at, history[0].at), (reserved, reserved));
}

/// Changes limits.
type Lower = fn(&mut Limits);

/// After 10.00 were taken, limits are lowered while 50.00 are pending: asked for again, these are refused, or made.
async fn is_made_or_refused(
    house: &House,
    phone: &Phone<'_>,
    token: &Token,
    lower: Lower,
    refused: Option<Code>,
    what: &str,
) {
    approved(&house.charge(token.mandate, 1000).await);
    let charge = pending_of(house, token, StatementId::from_bytes(random()), 5000).await;
    lower_limits(phone, token, lower).await;
    house.network_says(ScriptedOutcome::Approve);
    let answer = house.post(&charge).await;
    match refused {
        Some(code) => assert_eq!(declined(&answer), code, "{what}"),
        None => drop(approved(&answer)),
    }
}

async fn lower_limits(phone: &Phone<'_>, token: &Token, lower: Lower) {
    let mut limits = Limits::new(cny(5000), cny(20_000), 30);
    lower(&mut limits);
    let wish = Wish::Limits { limits };
    let (flow, _) = phone.begin_for("mandate.change_limits", &[token.mandate], wish).await;
    assert!(phone.walk_on(flow.start.flow).await.is_complete(), "{limits:?}");
}

// R-029
// R-340
#[tokio::test]
async fn a_charge_that_the_network_never_saw_is_not_made_above_limits_that_were_lowered_meanwhile() {
    // 50.00 is pending, 10.00 was taken; each limit is lowered below that, and as far as just covers it.
    let lowered: [(&str, Lower, Option<Code>); 9] = [
        (
            "one charge, below",
            |limits| limits.per_charge = cny(4999),
            Some(Code::LimitExceeded),
        ),
        ("one charge", |limits| limits.per_charge = cny(5000), None),
        (
            "another exact amount",
            |limits| (limits.per_charge, limits.exact) = (cny(6000), true),
            Some(Code::PermitAmount),
        ),
        ("the exact amount", |limits| limits.exact = true, None),
        (
            "a period, below",
            |limits| limits.per_period = cny(5999),
            Some(Code::LimitExceeded),
        ),
        ("a period", |limits| limits.per_period = cny(6000), None),
        (
            "all charges, below",
            |limits| limits.total = Some(cny(5999)),
            Some(Code::LimitTotal),
        ),
        ("all charges", |limits| limits.total = Some(cny(6000)), None),
        (
            "a number",
            |limits| limits.charges_per_period = Some(1),
            Some(Code::LimitCount),
        ),
    ];
    for (what, lower, refused) in lowered {
        let house = House::new();
        let phone = Phone::ready(&house).await;
        let token = phone.sign_mandate().await;
        is_made_or_refused(&house, &phone, &token, lower, refused, what).await;
        assert_eq!(moved(&house), 1 + usize::from(refused.is_none()), "{what}");
    }
}

// R-029
// R-340
#[tokio::test]
async fn lowered_limits_are_compared_with_what_was_taken_before_the_activation_by_a_clock_that_was_put_right() {
    // 50.00 is pending, 10.00 was taken.
    let lowered: [(Lower, Option<Code>); 3] = [
        (|limits| limits.per_period = cny(5999), Some(Code::LimitExceeded)),
        (|limits| limits.total = Some(cny(5999)), Some(Code::LimitTotal)),
        (
            |limits| (limits.per_period, limits.total) = (cny(6000), Some(cny(6000))),
            None,
        ),
    ];
    for (lower, refused) in lowered {
        let house = House::new();
        let phone = Phone::ready(&house).await;
        let token = activated_ahead(&house, &phone, |_| {}).await;
        is_made_or_refused(&house, &phone, &token, lower, refused, "before the activation").await;
    }
}

// R-046
#[tokio::test]
async fn a_charge_that_the_network_never_saw_is_not_made_above_what_a_teen_may_spend_by_then() {
    for (granted, moves) in [(4999, 0), (5000, 1)] {
        let house = House::on_stage();
        let phone = Phone::ready(&house).await;
        let token = phone.sign_mandate().await;
        let charge = pending_of(&house, &token, StatementId::from_bytes(random()), 5000).await;
        let guardian = Phone::ready(&house).await.account().await;
        let path = format!("/sandbox/accounts/{}", phone.account().await);
        let teen = serde_json::json!({ "guardian": guardian, "per_charge": cny(granted) });
        let set = house.set(&path, serde_json::json!({ "teen": teen })).await;
        assert_eq!(set.status, 200);
        house.network_says(ScriptedOutcome::Approve);
        let answer = house.post(&charge).await;
        assert_eq!(moved(&house), moves, "{granted}: {}", answer.status);
        if moves == 0 {
            assert_eq!(declined(&answer), Code::TeenLimit);
        }
    }
}

#[tokio::test]
async fn a_charge_counts_in_the_period_of_its_reservation_whenever_it_is_made() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let token = phone
        .provision(&house.offer_of(MandateKind::PayAsYouGo, cny(5000), cny(5000), 10))
        .await;
    let permits = (1..=3).map(|number| token.pooled(&house, number)).collect();
    assert_eq!(phone.activate(&token, permits).await.status, 200);
    house.clock.advance(9 * DAY);
    let charge = pending_of(&house, &token, StatementId::from_bytes(random()), 5000).await;
    house.clock.advance(2 * DAY);
    house.network_says(ScriptedOutcome::Approve);
    approved(&house.charge(token.mandate, 5000).await);
    approved(&house.post(&charge).await);
    assert_eq!(moved(&house), 2);
    // Control: the period of now is used up by its own.
    assert_eq!(declined(&house.charge(token.mandate, 1).await), Code::LimitExceeded);
}

/// A network that notes what it is asked about; while it is mute, it does what it is told and does not answer.
struct Noting {
    inner: Arc<dyn CardNetwork>,
    is_mute: AtomicBool,
    asked: Mutex<Vec<ChargeId>>,
}

impl Noting {
    fn before(house: &House) -> Arc<Self> {
        let network = Arc::new(Self {
            inner: house.network.clone(),
            is_mute: AtomicBool::new(false),
            asked: Mutex::default(),
        });
        house.use_network(Some(network.clone()));
        network
    }

    fn note(&self, charge: ChargeId) {
        self.asked.lock().unwrap().push(charge);
    }

    fn asked(&self) -> Vec<ChargeId> {
        self.asked.lock().unwrap().clone()
    }

    fn unless_mute<T>(&self, answer: Result<T, Unavailable>) -> Result<T, Unavailable> {
        if self.is_mute.load(Ordering::SeqCst) {
            return Err(Unavailable);
        }
        answer
    }
}

#[async_trait]
impl CardNetwork for Noting {
    async fn fund(&self, token: TokenId, payer: AccountId) -> Result<Funding, Unavailable> {
        self.inner.fund(token, payer).await
    }
    async fn charge(&self, charge: &NetworkCharge) -> Result<NetworkOutcome, Unavailable> {
        self.note(charge.charge);
        self.unless_mute(self.inner.charge(charge).await)
    }
    async fn resolve(&self, charge: ChargeId) -> Result<NetworkOutcome, Unavailable> {
        self.note(charge);
        self.unless_mute(self.inner.resolve(charge).await)
    }
    async fn refund(&self, refund: &NetworkRefund) -> Result<(), Unavailable> {
        self.inner.refund(refund).await
    }
}

// R-302
#[tokio::test]
async fn a_mandate_that_was_used_up_while_its_end_was_scheduled_ends_once_that_is_undone() {
    for outcome in [ScriptedOutcome::Approve, ScriptedOutcome::Decline] {
        let house = House::closed();
        let network = Noting::before(&house);
        house.start().unwrap();
        let phone = Phone::ready(&house).await;
        let offer = house.offer_with(|terms| terms.limits.charges = Some(1));
        let token = phone.provision(&offer).await;
        let permits = vec![token.pooled(&house, 1)];
        assert_eq!(phone.activate(&token, permits).await.status, 200);
        network.is_mute.store(true, Ordering::SeqCst);
        house.network_says(outcome);
        let charge = house.sign_charge(token.mandate, 100);
        assert_eq!(house.post(&charge).await.code(), Code::ExternalUnavailable);
        let walked = phone.walk("mandate.cancel.service", &[token.mandate]).await;
        let order = phone.intend_by(&walked, &[token.mandate]).await.order;
        network.is_mute.store(false, Ordering::SeqCst);
        assert_eq!(house.post(&charge).await.status, 200);
        let scheduled = phone.mandate(token.mandate).await.state;
        assert_eq!(scheduled, MandateState::RevocationScheduled);
        let (flow, _) = phone.begin_for("mandate.undo", &[], Wish::Undo { order }).await;
        assert!(phone.walk_on(flow.start.flow).await.is_complete());
        house.settle().await;
        let record = phone.mandate(token.mandate).await;
        if outcome == ScriptedOutcome::Approve {
            let used_up = TerminationCause::Consumed.by_usual_actor();
            assert_eq!((record.state, record.ending), (MandateState::Ended, Some(used_up)));
        } else {
            // Control: where no money moved, the undo gives it back.
            assert_eq!((record.state, record.ending), (MandateState::Active, None));
        }
    }
}

// Before, the outcome was given back each time: the merchant asked for ever, the payer heard of nothing.
// R-331
#[tokio::test]
async fn the_outcome_of_a_charge_is_taken_though_the_order_of_its_mandate_went_bad() {
    for is_bad in [true, false] {
        let house = House::closed();
        let network = Noting::before(&house);
        house.start().unwrap();
        let phone = Phone::ready(&house).await;
        let token = phone.sign_mandate().await;
        network.is_mute.store(true, Ordering::SeqCst);
        let charge = house.sign_charge(token.mandate, 100);
        assert_eq!(house.post(&charge).await.code(), Code::ExternalUnavailable);
        let order = phone.revoke(&[token.mandate]).await.order;
        assert_eq!(phone.order(order).await.state, OrderState::Quiesced);
        let change = |doc: &str| house.plant(&format!("UPDATE orders SET doc={doc} WHERE orders='{order}'"));
        if is_bad {
            change("'bad' || doc");
        }
        network.is_mute.store(false, Ordering::SeqCst);
        let charged = house.post(&charge).await;
        approved(&charged);
        let charged: ChargeAnswer = charged.ok();
        let refund = Refund {
            charge: charged.charge,
            amount: cny(100),
        };
        assert_eq!(house.post(&house.sign_as_merchant(&refund)).await.status, 200);
        let told = phone.reconcile(&[(&token, ReplicaState::Quiesced)]).await.events;
        let is_charge = |event: &PayerEvent| matches!(event.kind, PayerEventKind::Charged { .. });
        assert!(told.iter().any(is_charge), "{told:?}");
        if is_bad {
            // Put right, the order has nothing to wait for.
            change("SUBSTR(doc, 4)");
            assert_eq!(phone.order(order).await.state, OrderState::Quiesced);
            house.advance(HOUR).await;
        }
        house.settle().await;
        assert_eq!(
            phone.order(order).await.state,
            OrderState::Destroyed,
            "is bad: {is_bad}"
        );
    }
}

/// How many charges are asked about in one pass.
const MOST: u64 = 100;

#[tokio::test]
async fn charges_that_the_network_does_not_answer_are_asked_about_some_at_a_time_and_each_in_its_turn() {
    let house = House::closed();
    let network = Noting::before(&house);
    house.start().unwrap();
    let phone = Phone::ready(&house).await;
    let token = phone.sign_mandate().await;
    pending(&house, &token, StatementId::from_bytes(random())).await;
    let first = network.asked()[0];
    house.plant(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<900)
         INSERT INTO charges (charge, mandate, kid, jti, state, at, minor, doc)
         SELECT printf('chg_%032x', i), mandate, kid, printf('sta_%032x', i), state, at, 0,
             json_set(doc, '$.charge', printf('chg_%032x', i), '$.jti', printf('sta_%032x', i)) FROM charges, n",
    );
    let last: ChargeId = format!("chg_{:032x}", 900).parse().unwrap();
    network.asked.lock().unwrap().clear();
    let begun = Instant::now();
    house.advance(3).await;
    until("they are asked about", || !network.asked().is_empty()).await;
    house.settle().await;
    // A pass comes every three seconds by this machine's clock, too.
    let passes = 2 + begun.elapsed().as_secs() / 3;
    let asked = u64::try_from(network.asked().len()).unwrap();
    assert!(asked <= passes * MOST, "{asked} in {passes} passes");

    for charge in [last, first] {
        network.asked.lock().unwrap().clear();
        let mut tries = 0;
        while !network.asked().contains(&charge) {
            tries += 1;
            assert!(tries <= 30, "{charge} is never asked about");
            house.advance(3).await;
        }
    }
}
