//! What a gateway tells of one order, opened, so that a lie can change its pages before they are logged again.

use super::lie::Lie;
use quittance_protocol::answer::{Logged, OrderRecord, OrderState};
use quittance_protocol::bytes::{B64, Digest32};
use quittance_protocol::log::entry::{Entry, EntryKind};
use quittance_protocol::log::proof::TlogProof;
use quittance_protocol::log_body::{
    ClosureBody, ClosureKind, DestroyedBody, EvidenceLevel, OrderBody, TerminationCause,
};
use quittance_protocol::{MandateId, OrderId, Received, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The salt of every page that the liar writes.
const SALT: [u8; 32] = [0x5a; 32];
const DAY: i64 = 86_400;
const TEN_YEARS: i64 = 3_652 * DAY;

/// One entry of the log with the body that it commits to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Page<T> {
    kind: EntryKind,
    /// Its place in the log.
    pub(super) index: u64,
    time: Timestamp,
    salt: Vec<u8>,
    body: T,
}

impl<T: DeserializeOwned + Serialize> Page<T> {
    fn open(kind: EntryKind, proof: &str, salt: &B64, body: &B64) -> Option<Self> {
        let proof: TlogProof = proof.parse().ok()?;
        Some(Self {
            kind,
            index: proof.index,
            time: Entry::parse(proof.extra.as_deref()?).ok()?.time,
            salt: salt.as_slice().to_vec(),
            body: serde_json::from_slice(body.as_slice()).ok()?,
        })
    }

    fn of(kind: EntryKind, logged: &Logged) -> Option<Self> {
        Self::open(kind, &logged.proof, &logged.salt, &logged.body)
    }

    /// The page's bytes.
    pub(super) fn text(&self) -> Option<Vec<u8>> {
        serde_json::to_vec(&self.body).ok()
    }

    /// What is logged of it.
    pub(super) fn entry(&self) -> Option<Vec<u8>> {
        let salt: &[u8; 32] = self.salt.as_slice().try_into().ok()?;
        Some(Entry::commit(self.kind, self.time, salt, &self.text()?).to_bytes())
    }

    /// What opens it.
    pub(super) fn salt(&self) -> B64 {
        B64::new(self.salt.clone())
    }
}

/// What is told of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told {
    /// Beside the log.
    pub(super) record: OrderRecord,
    /// The order's own page.
    pub(super) ordered: Page<OrderBody>,
    /// The gateway's own destruction.
    pub(super) destroyed: Option<Page<DestroyedBody>>,
    /// The end.
    pub(super) closure: Option<Page<ClosureBody>>,
}

impl Told {
    /// Opens what an honest gateway told.
    pub(super) fn open(record: OrderRecord) -> Option<Self> {
        let closure = match &record.closure {
            Some(closure) => Some(Page::open(
                EntryKind::Closure,
                &closure.receipt,
                &closure.annex.salt,
                &closure.annex.body,
            )?),
            None => None,
        };
        let destroyed = match &record.destroyed {
            Some(logged) => Some(Page::of(EntryKind::Destroyed, logged)?),
            None => None,
        };
        Some(Self {
            ordered: Page::of(EntryKind::Order, &record.ordered)?,
            destroyed,
            closure,
            record,
        })
    }

    /// Rewrites what a lie is about; says whether there was something to rewrite. `named`: how the order is to be called.
    pub(super) fn rewrite(&mut self, lie: Lie, named: Option<OrderId>) -> bool {
        let honest = self.clone();
        if let (Lie::OrderNamedAsToken, Some(named)) = (lie, named) {
            self.name(named);
        }
        self.rewrite_order(lie);
        self.rewrite_destruction(lie);
        self.rewrite_closure(lie);
        self.hide_what_changed(lie, &honest);
        *self != honest
    }

    fn name(&mut self, order: OrderId) {
        (self.record.order, self.ordered.body.order) = (order, order);
        if let Some(page) = &mut self.destroyed {
            page.body.order = order;
        }
        if let Some(page) = &mut self.closure {
            page.body.order = order;
        }
    }

    fn rewrite_order(&mut self, lie: Lie) {
        let (record, page) = (&mut self.record, &mut self.ordered);
        match lie {
            Lie::TwoNonces => record.nonce = B64::new(vec![7; 32]),
            Lie::OrderUnlogged => page.body.policy = Digest32::of(b"another policy"),
            Lie::OrderOtherToken => {
                page.body.tokens = others(&page.body.tokens);
                record.tokens.clone_from(&page.body.tokens);
            }
            Lie::OrderNobodyAsked => (page.body.cause, page.body.intent) = (TerminationCause::Expired, None),
            Lie::OrderOtherIntent => page.body.intent = Some(Digest32::of(b"another wish")),
            Lie::UndoneByNobody => record.state = OrderState::Undone,
            Lie::NeverEffective => {
                page.body.effective_at = page.time.plus_seconds(TEN_YEARS);
                record.effective_at = page.body.effective_at;
                record.state = OrderState::Scheduled;
                (record.destroyed, record.closure) = (None, None);
                (self.destroyed, self.closure) = (None, None);
            }
            _ => {}
        }
    }

    fn rewrite_destruction(&mut self, lie: Lie) {
        let asked = self.ordered.time;
        let Some(page) = &mut self.destroyed else { return };
        match lie {
            Lie::ProbeOpens => page.body.probe.old_root_opens = true,
            Lie::DestroyedOtherToken => page.body.tokens = others(&page.body.tokens),
            Lie::DestroyedOtherOrder => page.body.order = another_order(),
            Lie::EpochStands => page.body.epoch_new = page.body.epoch_old,
            Lie::StillAuthorizes => "approved".clone_into(&mut page.body.authorization),
            Lie::DestroyedFirst => page.time = asked.plus_seconds(-DAY),
            Lie::DestroyedUnlogged => page.body.resumed = !page.body.resumed,
            _ => {}
        }
    }

    fn rewrite_closure(&mut self, lie: Lie) {
        let (Some(page), Some(closure)) = (&mut self.closure, &mut self.record.closure) else {
            return;
        };
        let body = &mut page.body;
        let mut drop_statement = |named: Option<Digest32>| {
            let is_it = |compact: &String| Received::parse(compact).ok().map(|said| said.content()) == named;
            closure.annex.statements.retain(|compact| !is_it(compact));
        };
        match lie {
            Lie::WrongToken => body.tokens = others(&body.tokens),
            Lie::WrongMandate => body.mandates = vec![MandateId::from_bytes([9; 16])],
            Lie::WrongOrder => body.order = another_order(),
            Lie::WrongNonce => body.nonce = B64::new(vec![7; 32]),
            Lie::WrongCause => body.cause = TerminationCause::Merchant,
            Lie::NoIntent => drop_statement(body.intent.take()),
            Lie::WrongPolicy => body.policy = Digest32::of(b"another policy"),
            Lie::RiskUntouched => body.risk_epoch_after = body.risk_epoch_before,
            Lie::PhoneUnheard => drop_statement(body.phone_attestation.take()),
            Lie::IntentTwice => {
                drop_statement(body.phone_attestation);
                body.phone_attestation = body.intent;
            }
            Lie::OneSided => {
                drop_statement(body.phone_attestation.take());
                body.kind = ClosureKind::Unilateral;
            }
            Lie::MomentMoved => body.effective_at = body.effective_at.plus_seconds(DAY),
            Lie::LevelRaised => body.evidence_level = EvidenceLevel::E2,
            Lie::FutureTime => page.time = page.time.plus_seconds(TEN_YEARS),
            Lie::PastTime => page.time = page.time.plus_seconds(-DAY),
            Lie::OtherDestruction => body.gateway_attestation = Digest32::of(b"another destruction"),
            // The same words under another salt are another entry.
            Lie::SplitView | Lie::Unlogged => page.salt = SALT.to_vec(),
            _ => {}
        }
    }

    /// A page that says something else is committed to under the liar's own salt.
    fn hide_what_changed(&mut self, lie: Lie, honest: &Self) {
        if self.ordered != honest.ordered {
            self.ordered.salt = SALT.to_vec();
        }
        if let Some(page) = self
            .destroyed
            .as_mut()
            .filter(|page| Some(&**page) != honest.destroyed.as_ref())
        {
            page.salt = SALT.to_vec();
            // The closure names this very entry, where the lie is to be found out by nothing else.
            if let (true, Some(closure), Some(entry)) = (lie.is_logged(), &mut self.closure, page.entry()) {
                closure.body.gateway_attestation = Digest32::of(&entry);
            }
        }
        if let Some(page) = self
            .closure
            .as_mut()
            .filter(|page| Some(&**page) != honest.closure.as_ref())
        {
            page.salt = SALT.to_vec();
        }
    }
}

fn others(tokens: &[Digest32]) -> Vec<Digest32> {
    tokens.iter().map(|_| Digest32::of(b"some other token")).collect()
}

fn another_order() -> OrderId {
    OrderId::from_bytes([9; 16])
}
