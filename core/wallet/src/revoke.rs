//! Stopping: cancelling for good, pausing, and lifting a pause.

use crate::error::WalletError;
use crate::events::WalletEvent;
use crate::flows::OpenFlow;
use crate::inner::Inner;
use crate::journal::{FlowRow, MandateRow, OrderRow, OutboxRow, Purpose, RefusedIntent};
use crate::order_facts::{add_new, ends, mandates_of, run_of, was_taken_back};
use crate::outbox::refused;
use crate::permits::standing;
use crate::unit::Unit;
use quittance_flows::definition::StepKind;
use quittance_flows::destruction::phone::PhoneState;
use quittance_flows::policy::named::RESUME;
use quittance_flows::{FactorInput, HoldOwner};
use quittance_protocol::problem::{Code, Problem};
use quittance_protocol::statement::{Hold, HoldChange, Intent};
use quittance_protocol::{FlowId, MandateId, Received};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A wish is signed this often at most.
const MOST_SIGNED: u32 = 5;

/// Whether the same wish, signed anew, may be taken.
fn can_help(refused: RefusedIntent) -> bool {
    let form = matches!(
        refused.code,
        Code::Malformed
            | Code::UnknownMember
            | Code::WrongType
            | Code::WrongAlg
            | Code::WrongAudience
            | Code::UnknownKey
            | Code::TooLarge
            | Code::LimitExceeded
            | Code::ProofRejected
    );
    refused.signed < MOST_SIGNED && !form
}

impl Inner {
    /// Pauses mandates: on this phone at once, at the gateway as soon as it is reached.
    pub(crate) async fn pause(self: &Arc<Self>, mandates: Vec<MandateId>) -> Result<(), WalletError> {
        let number = self
            .unit(move |unit| {
                unit.inner.enrolled()?;
                let live = unit.live(&mandates)?;
                unit.hold(&live, HoldOwner::Payer)?;
                let (accepted, unknown) = unit.split(live)?;
                let mut number = None;
                // One that the gateway does not have must not cost the others their pause.
                for mandates in [accepted, unknown].into_iter().filter(|some| !some.is_empty()) {
                    let pause = Hold {
                        mandates: mandates.clone(),
                        change: HoldChange::Add {},
                    };
                    let row = unit.send(Purpose::Pause { mandates }, &pause)?;
                    number = number.or(Some(row));
                }
                number.ok_or(WalletError::NothingNamed)
            })
            .await?;
        self.try_to_tell(number).await
    }

    /// Lifts the payer's own pause, and the hold of a cancellation that was left. Asks the biometric prompt.
    pub(crate) async fn resume(self: &Arc<Self>, mandates: Vec<MandateId>) -> Result<(), WalletError> {
        let flow = self.begin(RESUME.to_owned(), mandates, None).await?;
        while let Some(open) = self.look(move |inner| inner.open_flow(flow)).await? {
            match open.step.kind {
                StepKind::Factor(factor) if factor.input() == FactorInput::HardwareKey => {
                    self.prove_with_key(&open, factor).await?;
                }
                // The policy asks for more than a thumb: the app shows the flow's prompts.
                _ => return Err(WalletError::WrongAnswer),
            }
        }
        let (waits, refused) = self
            .unit(move |unit| {
                let Some(row) = unit.get::<FlowRow>(flow.as_bytes())? else {
                    return Ok((None, None));
                };
                Ok((unit.lifting_row(&row)?, row.refused))
            })
            .await?;
        match (waits, refused) {
            (_, Some(code)) => Err(Problem::new(code).into()),
            (Some(_), None) => Err(WalletError::Offline),
            (None, None) => Ok(()),
        }
    }

    /// How many permits are deposited for the flow's mandates: what can still be charged while the gateway does not
    /// know.
    pub(crate) fn permits_at_risk(&self, open: &OpenFlow) -> Result<u32, WalletError> {
        let (now, outbox) = (self.estimate()?, self.read_all::<OutboxRow>()?);
        let mut count = 0;
        for mandate in &open.row.start.mandates {
            if let Some(row) = self.read::<MandateRow>(mandate.as_bytes())? {
                count += standing(&row, &outbox, now).len();
            }
        }
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }
}

impl Unit<'_> {
    /// A run that lifts the payer's pause is complete: one statement says so, and carries its proof.
    pub(crate) fn lift_pause(&mut self, flow: &FlowRow) -> Result<(), WalletError> {
        let proof = flow
            .proof
            .clone()
            .ok_or(WalletError::Internal("a pause is lifted without its proof"))?;
        let mandates = flow.start.mandates.clone();
        let change = HoldChange::Lift {
            nonce: flow.start.nonce.clone(),
            proof,
        };
        let lift = Hold {
            mandates: mandates.clone(),
            change,
        };
        self.send(Purpose::Resume { mandates }, &lift).map(drop)
    }

    /// What stops is sent first. A lifting of some of it that still waits must not undo it afterwards: it is dropped as if it
    /// were refused, and what else it names stays paused, which the payer has to hear.
    pub(crate) fn drop_liftings(&mut self, held: &[MandateId]) -> Result<(), WalletError> {
        let problem = Problem::new(Code::VersionConflict);
        for waiting in self.list::<OutboxRow>()? {
            let Purpose::Resume { mandates } = &waiting.purpose else {
                continue;
            };
            if !mandates.iter().any(|lifted| held.contains(lifted)) {
                continue;
            }
            self.delete(&waiting);
            if let Some(mut run) = self.run_of_lifting(&waiting)? {
                run.refused = Some(problem.code());
                self.put(&run)?;
            }
            if mandates.iter().any(|lifted| !held.contains(lifted)) {
                self.tell(refused(&waiting.purpose, &problem))?;
            }
        }
        Ok(())
    }

    /// The run whose proof a lifting carries.
    fn run_of_lifting(&self, waiting: &OutboxRow) -> Result<Option<FlowRow>, WalletError> {
        let said = waiting.compact.as_deref().map(Received::parse).transpose()?;
        let hold = said.map(|said| said.unverified_body::<Hold>()).transpose()?;
        let Some((
            _,
            Hold {
                change: HoldChange::Lift { nonce, .. },
                ..
            },
        )) = hold
        else {
            return Ok(None);
        };
        let mut runs = self.list::<FlowRow>()?.into_iter();
        Ok(runs.find(|run| run.start.nonce == nonce))
    }

    /// The row of the outbox that lifts a pause.
    pub(crate) fn lifting_row(&self, flow: &FlowRow) -> Result<Option<u64>, WalletError> {
        let purpose = Purpose::Resume {
            mandates: flow.start.mandates.clone(),
        };
        let rows = self.list::<OutboxRow>()?;
        Ok(rows
            .iter()
            .filter(|row| row.purpose == purpose)
            .map(|row| row.number)
            .max())
    }

    /// The named mandates that have not ended.
    pub(crate) fn live(&self, named: &[MandateId]) -> Result<Vec<MandateId>, WalletError> {
        let named: BTreeSet<MandateId> = named.iter().copied().collect();
        if named.is_empty() {
            return Err(WalletError::NothingNamed);
        }
        let mut live = Vec::new();
        for mandate in named {
            let row = self.mandate(mandate)?;
            if !row.has_ended() && row.order.is_none() {
                live.push(mandate);
            }
        }
        if live.is_empty() {
            Err(WalletError::NotPayable)
        } else {
            Ok(live)
        }
    }

    /// What the gateway has, and what it is not known to have.
    pub(crate) fn split(&self, live: Vec<MandateId>) -> Result<(Vec<MandateId>, Vec<MandateId>), WalletError> {
        let (mut accepted, mut unknown) = (Vec::new(), Vec::new());
        for mandate in live {
            let side = if self.mandate(mandate)?.is_accepted() {
                &mut accepted
            } else {
                &mut unknown
            };
            side.push(mandate);
        }
        Ok((accepted, unknown))
    }

    /// Ends what the flow ends on this phone alone. Without a permit of this phone the gateway lets it end as well,
    /// should it have it after all.
    pub(crate) fn end_alone(&mut self, flow: &FlowRow) -> Result<(), WalletError> {
        for mandate in &flow.alone {
            let row = self.mandate(*mandate)?;
            if row.was_never_active() && !row.is_accepted() {
                self.reject_mandate(*mandate)?;
            } else {
                // The gateway got it in the meantime: it stays held, on both sides, and is ended by a wish of its own.
                self.tell(WalletEvent::NotStopped {
                    mandates: vec![*mandate],
                    code: Code::VersionConflict,
                })?;
            }
        }
        Ok(())
    }

    /// Signs the intents anew that the gateway refused, where that can help, or that asked for an end which was taken back.
    pub(crate) fn renew_intents(&mut self) -> Result<(), WalletError> {
        self.keep_what_was_left()?;
        let orders = self.list::<OrderRow>()?;
        for mut row in orders.clone() {
            let (Some(refused), PhoneState::Intended { mandates: left }) = (row.refused, &row.state) else {
                continue;
            };
            let Some(flow) = run_of(&row) else { continue };
            let Some(run) = self.get::<FlowRow>(flow.as_bytes())? else {
                continue;
            };
            if !can_help(refused) || self.intent_waits(flow)? {
                continue;
            }
            // Where the gateway misses steps of the flow, the identify proof alone has to do, as without a network, if the
            // flow needs nothing else.
            let unfinished = matches!(refused.code, Code::StepOrder | Code::NotFound | Code::FlowExpired);
            let unfinished = unfinished && self.definition(&run)?.completes_offline();
            let offline = unfinished || self.went_offline(&run)?;
            let mandates = self.named_in_intent(&run.start.mandates, offline)?;
            let is_kept = |mandate: &MandateId| !left.contains(mandate) && was_taken_back(&orders, mandate);
            if mandates.iter().any(is_kept) {
                // The gateway takes only an intent for all of them, and would end what the payer keeps: the rest is begun
                // again.
                row.refused = Some(RefusedIntent {
                    signed: MOST_SIGNED,
                    ..refused
                });
                self.put(&row)?;
                continue;
            }
            let mut waiting = self.waiting_for_an_order(&mandates)?;
            // What has its order already waits for none.
            waiting.retain(|mandate| left.contains(mandate) || !orders.iter().any(|row| ends(row, mandate)));
            let mut others = mandates.clone();
            others.retain(|mandate| !waiting.contains(mandate));
            let intent = Intent {
                offline,
                flow,
                mandates,
                proof: run.proof.unwrap_or_default(),
            };
            let compact = self.sign(&intent)?;
            self.enqueue(Purpose::Intent { flow }, Some(compact.clone()))?;
            self.leave_to_others(&others, std::slice::from_ref(&compact))?;
            row.intents.push(compact);
            row.state = PhoneState::Intended { mandates: waiting };
            self.put(&row)?;
        }
        Ok(())
    }

    /// Keeps what an answered wish left to another end that was taken back since: no statement asks for it any more.
    fn keep_what_was_left(&mut self) -> Result<(), WalletError> {
        let rows = self.list::<OrderRow>()?;
        for row in rows.iter().filter(|row| row.refused.is_none() && row.dispute.is_none()) {
            if let PhoneState::Intended { mandates } = &row.state
                && let Some(flow) = run_of(row)
                && !self.intent_waits(flow)?
                && mandates.iter().any(|mandate| was_taken_back(&rows, mandate))
            {
                self.keep_wish(flow, Code::VersionConflict)?;
            }
        }
        Ok(())
    }

    /// What a wish names and another order ends stands and falls with that order: its intents go there, too, so that they are
    /// no ground any more once that one is taken back or closed.
    pub(crate) fn leave_to_others(&mut self, mandates: &[MandateId], intents: &[String]) -> Result<(), WalletError> {
        for mut row in self.list::<OrderRow>()? {
            if mandates.iter().any(|mandate| ends(&row, mandate)) {
                add_new(&mut row.intents, intents.to_vec());
                self.put(&row)?;
            }
        }
        Ok(())
    }

    /// What the payer begins anew takes the place of the wishes in vain for the same: they hold it no more, and are no ground to
    /// end it, where this one is taken back. Returns their intents, which stand and fall with it.
    pub(crate) fn replace_given_up(&mut self, mandates: &[MandateId]) -> Result<Vec<String>, WalletError> {
        let mut intents = Vec::new();
        for row in self.list::<OrderRow>()? {
            let mut left = mandates_of(&row.state).to_vec();
            left.retain(|mandate| !mandates.contains(mandate));
            if left.len() == mandates_of(&row.state).len() || !self.is_given_up(&row)? {
                continue;
            }
            add_new(&mut intents, row.intents.clone());
            if left.is_empty() && row.dispute.is_none() {
                self.delete(&row);
            } else {
                self.put(&OrderRow {
                    state: PhoneState::Intended { mandates: left },
                    ..row
                })?;
            }
        }
        Ok(intents)
    }

    /// Whether a row is a wish that the gateway does not take and that is asked for no more.
    fn is_given_up(&self, row: &OrderRow) -> Result<bool, WalletError> {
        let in_vain = row.refused.is_some_and(|refused| !can_help(refused));
        if !in_vain || !matches!(row.state, PhoneState::Intended { .. }) {
            return Ok(false);
        }
        Ok(!self.is_on_its_way(row)?)
    }

    /// Whether the newest intent of a wish still waits for its answer.
    pub(crate) fn is_on_its_way(&self, wish: &OrderRow) -> Result<bool, WalletError> {
        run_of(wish).map_or(Ok(false), |flow| self.intent_waits(flow))
    }

    /// Those of some mandates that wait for the order that an intent asks for: what ended on this phone alone waits for none.
    pub(crate) fn waiting_for_an_order(&self, mandates: &[MandateId]) -> Result<Vec<MandateId>, WalletError> {
        let mut waiting = Vec::new();
        for mandate in mandates {
            let row = self.get::<MandateRow>(mandate.as_bytes())?;
            if row.is_some_and(|row| !row.orphan) {
                waiting.push(*mandate);
            }
        }
        Ok(waiting)
    }

    fn intent_waits(&self, flow: FlowId) -> Result<bool, WalletError> {
        let purpose = Purpose::Intent { flow };
        Ok(self.list::<OutboxRow>()?.iter().any(|row| row.purpose == purpose))
    }

    /// The place of the order under which a mandate ends, or the run that asks for one: the flow's id where this phone asked
    /// for it by an intent, else the order's. `forward`: what is only scheduled does not count.
    pub(crate) fn ending(&self, mandate: MandateId, forward: bool) -> Result<Option<FlowId>, WalletError> {
        let rows = self.list::<OrderRow>()?;
        let stands = |row: &&OrderRow| match row.state {
            PhoneState::Undone(_) => false,
            PhoneState::Scheduled { .. } => !forward,
            _ => true,
        };
        for row in rows
            .iter()
            .filter(stands)
            .filter(|row| mandates_of(&row.state).contains(&mandate))
        {
            // A wish that the gateway does not take is begun again by the payer, with a new proof.
            if !self.is_given_up(row)? {
                let asked = run_of(row).filter(|_| matches!(row.state, PhoneState::Intended { .. }));
                return Ok(Some(asked.unwrap_or(FlowId::from_bytes(row.place))));
            }
        }
        Ok(None)
    }
}
