//! Contact with the gateway: what waits is sent, what is new is heard, what is due is done.

use crate::error::WalletError;
use crate::events::WalletEvent;
use crate::inner::Inner;
use crate::journal::{MandateRow, OrderRow, OutboxRow, Provisioning, Purpose, ReceiptRow};
use crate::mandates::Lifting;
use crate::order_facts::{known_order, mandates_of};
use crate::orders::OrderNews;
use crate::outbox::{Lane, due_at};
use crate::permits::unless_half_is_lost;
use crate::reconciled::{Heard, read_reconciled};
use crate::unit::Unit;
use crate::unread::Unread;
use crate::views::SyncReport;
use quittance_flows::HoldOwner;
use quittance_flows::destruction::phone::PhoneState;
use quittance_protocol::answer::{MandateRecord, MandateState, OrderRecord, PayerEvent, PayerEventKind, Reconciled};
use quittance_protocol::log::Checkpoint;
use quittance_protocol::statement::{HeldToken, Hold, HoldChange, Reconciliation, ReplicaState};
use quittance_protocol::{MandateId, OrderId, Timestamp, TokenId};
use std::collections::BTreeSet;
use std::mem;
use std::sync::Arc;
use std::sync::atomic::Ordering;

impl Inner {
    /// One contact. A gateway that cannot be reached is no error: the report says so.
    pub(crate) async fn sync(self: &Arc<Self>) -> Result<SyncReport, WalletError> {
        let before = self.look(Inner::closed_mandates).await?;
        let mut report = SyncReport {
            online: true,
            ..SyncReport::default()
        };
        let mut unread = Unread::default();
        match self.contact(&mut report, &mut unread).await {
            Ok(()) => {}
            Err(WalletError::Offline) => report.online = false,
            Err(error) => return Err(error),
        }
        unread.told()?;
        report.closed = self
            .look(Inner::closed_mandates)
            .await?
            .difference(&before)
            .copied()
            .collect();
        let (waiting, due) = self.look(Inner::waiting).await?;
        (report.waiting, report.next_attempt) = (waiting, due);
        Ok(report)
    }

    async fn contact(self: &Arc<Self>, report: &mut SyncReport, unread: &mut Unread) -> Result<(), WalletError> {
        if self.look(Inner::enrolment_view).await?.is_none() {
            return Err(WalletError::NotEnrolled);
        }
        // Stopping comes first: what waits is sent before anything is asked. What gets no answer is not waited for
        // again in this contact.
        let mut silent = BTreeSet::new();
        self.unit(|unit| {
            unit.hold_what_is_lost()?;
            unit.renew_intents()
        })
        .await?;
        report.sent += self.pursue(&mut silent, unread).await?;
        self.refresh_policy().await?;
        self.reconcile(unread).await?;
        self.fetch_next_flows(unread).await?;
        report.sent += self.pursue(&mut silent, unread).await?;
        self.provision(&mut silent, unread).await?;
        self.unit(|unit| unit.renew_all_permits()).await?;
        report.sent += self.flush_all(&mut silent).await?;
        self.follow_newest().await
    }

    /// Brings every destruction as far as it goes now: halves that are due end, statements are sent, closures are
    /// fetched and checked.
    pub(crate) async fn pursue(
        self: &Arc<Self>,
        silent: &mut BTreeSet<Lane>,
        unread: &mut Unread,
    ) -> Result<u32, WalletError> {
        let mut sent = self.flush_all(silent).await?;
        match self.look(Inner::destroy_due).await {
            // A keystore that does not delete keeps no news back.
            Err(WalletError::Vault(error)) if error.keeps_only_ends_back() => unread.undestroyed(error.into()),
            done => drop(done?),
        }
        sent += self.flush_all(silent).await?;
        for order in self.look(Inner::unclosed_orders).await? {
            let record: OrderRecord = match self.read_own(&format!("/v1/orders/{order}")).await {
                Ok(record) => record,
                // What the gateway does not tell of one order, or not so that it can be read, keeps nothing else back. The
                // order stays open.
                Err(WalletError::Problem(problem)) => {
                    tracing::warn!(%order, code = problem.code().name(), "the gateway tells nothing of an order");
                    continue;
                }
                Err(error) => {
                    unread.note(error)?;
                    continue;
                }
            };
            let news = self.check_order(record).await?;
            self.take_told_order(news, unread).await?;
        }
        sent += self.flush_all(silent).await?;
        Ok(sent)
    }

    /// Tells the gateway what this phone holds, takes over what differs (domain 7.2).
    pub(crate) async fn reconcile(self: &Arc<Self>, unread: &mut Unread) -> Result<(), WalletError> {
        let (compact, confirmed, consented) = self
            .unit(|unit| Ok((unit.reconciliation()?, unit.confirmed_stops(), unit.consented()?)))
            .await?;
        let mut heard = read_reconciled(&self.transport.post(&compact).await?, unread)?;
        // The gateway may have answered before it heard of a consent that it has taken since.
        heard.answer.orphans.retain(|token| consented.contains(token));
        let mut orders: Vec<OrderNews> = Vec::new();
        for record in mem::take(&mut heard.answer.orders) {
            orders.push(self.check_order(record).await?);
        }
        let logs = mem::take(&mut heard.answer.flows);
        let (heard, found) = self
            .unit(move |unit| {
                // The gateway may have answered before it heard of a lock or stop that it has confirmed since.
                if unit.confirmed_stops() != confirmed {
                    (heard.lock_is_known, heard.stops_are_known, heard.lifting) = (false, false, Lifting::Nothing);
                }
                let found = unit.take_mandates(&heard)?;
                Ok((heard, found))
            })
            .await?;
        unread.join(found);
        // An answer may hold any number of them: whoever stops something meanwhile waits for one alone.
        for news in orders {
            self.take_told_order(news, unread).await?;
        }
        let answer = heard.answer;
        let events = answer.events.clone();
        self.unit(move |unit| unit.take_ways(&answer)).await?;
        for log in logs {
            if let Err(error) = self.unit(move |unit| unit.take_flow_log(log)).await {
                unread.note(error)?;
            }
        }
        self.unit(move |unit| unit.take_events(&events)).await
    }

    /// Takes what the gateway tells of an order; one that is not taken keeps nothing else back.
    async fn take_told_order(self: &Arc<Self>, news: OrderNews, unread: &mut Unread) -> Result<(), WalletError> {
        match self.unit(move |unit| unit.take_order(&news, None)).await {
            Ok(()) => Ok(()),
            Err(error) => unread.note(error),
        }
    }

    /// Follows the log to its newest checkpoint, so that a contradiction is found at each contact.
    async fn follow_newest(self: &Arc<Self>) -> Result<(), WalletError> {
        let note = self.transport.get_text("/log/checkpoint").await?;
        let checkpoint = Checkpoint::open(&note, &self.pinned.log)?;
        self.follow(checkpoint).await
    }

    /// Orders whose closure this phone waits for.
    fn unclosed_orders(&self) -> Result<Vec<OrderId>, WalletError> {
        let waits = |row: &OrderRow| {
            matches!(
                row.state,
                PhoneState::Attested(_) | PhoneState::Disputed(_) | PhoneState::Scheduled { .. }
            )
        };
        let rows = self.read_all::<OrderRow>()?;
        Ok(rows
            .iter()
            .filter(|row| waits(row))
            .filter_map(|row| known_order(&row.state))
            .map(|order| order.order)
            .collect())
    }

    fn closed_mandates(&self) -> Result<BTreeSet<MandateId>, WalletError> {
        let rows = self.read_all::<OrderRow>()?;
        let closed = rows.iter().filter(|row| matches!(row.state, PhoneState::Closed { .. }));
        Ok(closed.flat_map(|row| mandates_of(&row.state).to_vec()).collect())
    }

    /// How much waits for the gateway, and when it should be tried again by itself.
    pub(crate) fn waiting(&self) -> Result<(u32, Option<Timestamp>), WalletError> {
        let rows = self.read_all::<OutboxRow>()?;
        let own = self.ports.clock.now();
        let due = rows.iter().map(|row| due_at(row, own).unwrap_or(own)).min();
        Ok((u32::try_from(rows.len()).unwrap_or(u32::MAX), due))
    }
}

impl Unit<'_> {
    fn reconciliation(&mut self) -> Result<String, WalletError> {
        // What is closed, and known to the gateway as closed, is no difference any more: the list stays short.
        let waiting = self.list::<OutboxRow>()?;
        let mut settled = BTreeSet::new();
        for row in self.list::<OrderRow>()? {
            if let PhoneState::Closed { order, .. } = &row.state {
                let purpose = Purpose::Acknowledgement { order: order.order };
                if waiting.iter().all(|row| row.purpose != purpose) {
                    settled.extend(order.mandates.iter().copied());
                }
            }
        }
        let mut tokens = Vec::new();
        for row in self.list::<MandateRow>()? {
            // A half that ended here alone, without the gateway ever hearing of it, is nothing to tell.
            if row.orphan || settled.contains(&row.mandate) {
                continue;
            }
            // One that is gone is left out, so that the gateway holds the mandate. The vault is asked, not the hold: one that is
            // back is told again.
            if row.should_have_half() && !self.has_half(&row)? {
                continue;
            }
            tokens.push(HeldToken {
                token: row.token,
                mandate: row.mandate,
                state: row.half,
                next_permit: row.next_permit,
            });
        }
        let events_after = self.counters()?.gateway_event;
        self.sign(&Reconciliation { tokens, events_after })
    }

    /// The tokens whose consent the gateway has taken: it cannot know any other.
    fn consented(&self) -> Result<BTreeSet<TokenId>, WalletError> {
        let rows = self.list::<MandateRow>()?.into_iter();
        let taken = rows.filter(|row| row.provisioning != Provisioning::ConsentDue);
        Ok(taken.map(|row| row.token).collect())
    }

    fn confirmed_stops(&self) -> u64 {
        self.inner.confirmed_stops.load(Ordering::SeqCst)
    }

    /// The stricter of the two applies on both sides (domain 7.2): a hold of this phone that the gateway does not have,
    /// and that nothing on its way will tell it, is said once more.
    fn hold_again(&mut self, record: &MandateRecord) -> Result<(), WalletError> {
        let Some(row) = self.get::<MandateRow>(record.mandate.as_bytes())? else {
            return Ok(());
        };
        // A scheduled end is the order's; lock and stop have statements of their own.
        let mut held: BTreeSet<HoldOwner> = [HoldOwner::Payer, HoldOwner::Revocation].into();
        held.retain(|owner| row.replica.holds.contains(owner));
        let wished = !held.is_empty() && row.replica.state != MandateState::RevocationScheduled;
        let differs = record.state == MandateState::Active && !row.has_ended() && wished;
        if !differs
            || !self.holds_on_their_way(record.mandate)?.is_disjoint(&held)
            || self.lifting_waits(record.mandate)?
        {
            return Ok(());
        }
        let mandates = vec![record.mandate];
        let pause = Hold {
            mandates: mandates.clone(),
            change: HoldChange::Add {},
        };
        self.send(Purpose::Pause { mandates }, &pause).map(drop)
    }

    /// Whether the payer's word that a pause is over waits for an answer: the gateway may have it already.
    fn lifting_waits(&self, mandate: MandateId) -> Result<bool, WalletError> {
        let lifts =
            |row: &OutboxRow| matches!(&row.purpose, Purpose::Resume { mandates } if mandates.contains(&mandate));
        Ok(self.list::<OutboxRow>()?.iter().any(lifts))
    }

    /// Takes over what the gateway answered of mandates and of what stops them: together, so that no hold falls in between. What
    /// of it says what cannot be keeps nothing else back, and is returned.
    fn take_mandates(&mut self, heard: &Heard) -> Result<Unread, WalletError> {
        let answer = &heard.answer;
        let mut unread = Unread::default();
        self.heard(answer.now)?;
        for record in &answer.mandates {
            match self.take_mandate(record, heard.lifting) {
                Ok(()) => self.hold_again(record)?,
                Err(error) => unread.note(error)?,
            }
        }
        self.take_stopping(heard)?;
        Ok(unread)
    }

    /// Takes over what else the gateway answered of this phone, once its orders are known.
    fn take_ways(&mut self, answer: &Reconciled) -> Result<(), WalletError> {
        for token in &answer.orphans {
            if let Some(row) = self.list::<MandateRow>()?.into_iter().find(|row| row.token == *token) {
                self.reject_mandate(row.mandate)?;
            }
        }
        self.take_phone(answer)?;
        self.take_ways_back(answer)
    }

    /// Tells the payer what is new, once all that it is about is known.
    fn take_events(&mut self, events: &[PayerEvent]) -> Result<(), WalletError> {
        let mut counters = self.counters()?;
        for event in events {
            if counters.gateway_event.is_some_and(|known| known >= event.number) {
                continue;
            }
            match self.told(event)? {
                Some(told) => self.tell(told)?,
                None => tracing::info!(
                    number = event.number,
                    "an event is of a kind that this app does not know"
                ),
            }
            // Telling moved the event counter.
            counters = self.counters()?;
            counters.gateway_event = Some(event.number);
            self.put(&counters)?;
        }
        Ok(())
    }

    /// What the payer is told of an event, unless it is of a kind that this app does not know. A charge is no ordinary one
    /// where a receipt of before says that it cannot be.
    pub(crate) fn told(&self, event: &PayerEvent) -> Result<Option<WalletEvent>, WalletError> {
        if let PayerEventKind::Charged { mandate, amount } = &event.kind
            && let Some(order) = self.closed_before(*mandate, event.at)?
        {
            return Ok(Some(WalletEvent::ChargedAfterEnd {
                mandate: *mandate,
                order,
                amount: *amount,
            }));
        }
        Ok(WalletEvent::of(event.kind.clone()))
    }

    /// The order whose receipt says that this mandate was closed before this moment.
    fn closed_before(&self, mandate: MandateId, moment: Timestamp) -> Result<Option<OrderId>, WalletError> {
        let row = self.get::<MandateRow>(mandate.as_bytes())?;
        if row.is_none_or(|row| row.half != ReplicaState::Destroyed) {
            return Ok(None);
        }
        let closed = self.list::<OrderRow>()?.into_iter().find(|row| {
            let is_before = |receipt: &ReceiptRow| receipt.closed_at < moment;
            mandates_of(&row.state).contains(&mandate) && row.receipt.as_ref().is_some_and(is_before)
        });
        Ok(closed.and_then(|row| known_order(&row.state).map(|order| order.order)))
    }

    fn renew_all_permits(&mut self) -> Result<(), WalletError> {
        for row in self.list::<MandateRow>()? {
            if row.can_pay() {
                // Nothing of it is staged where it fails.
                self.renew_permits(row).or_else(unless_half_is_lost)?;
            }
        }
        Ok(())
    }
}
