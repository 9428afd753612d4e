//! How a run begins: any definition of the policy, by its name.

use crate::error::WalletError;
use crate::flows::goes_ahead;
use crate::inner::Inner;
use crate::journal::FlowRow;
use crate::unit::Unit;
use quittance_flows::definition::{Authority, FlowDefinition, FlowEffect, PromptKind, StepKind};
use quittance_flows::policy::named::{CANCEL, RESUME, SIGN};
use quittance_flows::{Policy, flow, routes};
use quittance_protocol::answer::Nonce;
use quittance_protocol::bytes::{B64, Digest32};
use quittance_protocol::flow_event::{FlowEventKind, FlowStart, Wish};
use quittance_protocol::statement::{StepAnswer, operation_digest};
use quittance_protocol::{FlowId, MandateId};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What a run is to be about.
#[derive(Debug, Clone)]
struct Subject {
    definition: String,
    mandates: Vec<MandateId>,
    wish: Option<Wish>,
}

/// A run that stands, or the number of the row that tells of a new one.
enum Begun {
    Stands(FlowId),
    New(FlowId, Option<u64>),
}

impl Inner {
    /// Begins to end mandates by the quick path. What is ending or has ended gives the flow that ended it.
    pub(crate) async fn start_revoke(self: &Arc<Self>, mandates: Vec<MandateId>) -> Result<FlowId, WalletError> {
        self.begin(CANCEL.to_owned(), mandates, None).await
    }

    /// Begins a run. What takes authority begins without the network; what gives it needs a nonce of the gateway. A run
    /// about the same that is under way is gone on with.
    pub(crate) async fn begin(
        self: &Arc<Self>,
        definition: String,
        mandates: Vec<MandateId>,
        wish: Option<Wish>,
    ) -> Result<FlowId, WalletError> {
        if definition == SIGN {
            return Err(WalletError::UnknownDefinition);
        }
        let subject = Subject {
            definition,
            mandates,
            wish,
        };
        let wanted = subject.clone();
        let raises = self
            .look(move |inner| {
                inner.enrolled()?;
                let policy = inner.policy()?;
                let definition = policy.flow(&wanted.definition).ok_or(WalletError::UnknownDefinition)?;
                Ok(definition.authority == Authority::Raises)
            })
            .await?;
        if !raises {
            let begun = self
                .unit(move |unit| {
                    let nonce = B64::new(unit.inner.random::<32>()?);
                    unit.begin(subject, nonce)
                })
                .await?;
            return self.tell_begun(begun).await;
        }
        let wanted = subject.clone();
        if let Some(flow) = self.look(move |inner| inner.run_about(&wanted)).await? {
            return Ok(flow);
        }
        self.refresh_policy().await?;
        let nonce: Nonce = self.transport.get("/v1/nonce", None).await?;
        let begun = self
            .unit(move |unit| {
                unit.heard(nonce.now)?;
                unit.begin(subject, nonce.nonce)
            })
            .await?;
        self.tell_begun(begun).await
    }

    /// Tells the gateway of a new run that it has to know of; the next answer sends what waits for a network first.
    async fn tell_begun(self: &Arc<Self>, begun: Begun) -> Result<FlowId, WalletError> {
        match begun {
            Begun::New(flow, Some(number)) => self.try_to_tell(number).await.map(|()| flow),
            Begun::Stands(flow) | Begun::New(flow, None) => Ok(flow),
        }
    }

    /// A run of this phone about exactly the same that is under way.
    fn run_about(&self, subject: &Subject) -> Result<Option<FlowId>, WalletError> {
        let named: BTreeSet<&MandateId> = subject.mandates.iter().collect();
        for row in self.read_all::<FlowRow>()? {
            let mandates: BTreeSet<&MandateId> = row.start.mandates.iter().chain(&row.alone).collect();
            // A pause is lifted with a nonce of now.
            let same = row.start.definition == subject.definition
                && subject.definition != RESUME
                && row.start.wish == subject.wish
                && mandates == named
                && !row.foreign;
            if same && self.flow_goes_on(&row)? {
                return Ok(Some(row.start.flow));
            }
        }
        Ok(None)
    }

    /// Runs that are open, in the sequence in which they began.
    pub(crate) fn open_flows(&self) -> Result<Vec<FlowId>, WalletError> {
        let mut open = Vec::new();
        for row in self.read_all::<FlowRow>()? {
            if let Ok(Some(run)) = self.open_flow(row.start.flow) {
                open.push((run.state.started_at, row.start.flow));
            }
        }
        open.sort();
        Ok(open.into_iter().map(|(_, flow)| flow).collect())
    }

    /// Comes back from another app by its link: the run that had sent the payer there.
    ///
    /// A link that answers no run of this phone changes nothing.
    pub(crate) async fn resume_link(self: &Arc<Self>, link: String) -> Result<FlowId, WalletError> {
        let came = Returned::read(&link).ok_or(WalletError::ForeignLink)?;
        let state = came.state.clone();
        let flow = self
            .look(move |inner| {
                let rows = inner.read_all::<FlowRow>()?;
                Ok(rows
                    .iter()
                    .find(|row| row.start.nonce == state)
                    .map(|row| row.start.flow))
            })
            .await?
            .ok_or(WalletError::ForeignLink)?;
        let door = self.answering.of(flow);
        let arrival = door.arrive();
        let open = self.look(move |inner| Ok(inner.open_flow(flow).ok().flatten())).await?;
        let open = open
            .filter(|open| open.step.kind == StepKind::Prompt(PromptKind::Jump))
            .ok_or(WalletError::ForeignLink)?;
        let answer = StepAnswer::Returned {
            state: came.state,
            outcome: came.outcome.clone(),
        };
        let says = FlowEventKind::Returned {
            step: open.step.id.clone(),
            outcome: came.outcome,
        };
        match self.hand_in(arrival, open, answer, Some(says)).await {
            Ok(()) | Err(WalletError::Offline) => Ok(flow),
            Err(error) => Err(error),
        }
    }
}

impl Unit<'_> {
    fn begin(&mut self, subject: Subject, nonce: B64) -> Result<Begun, WalletError> {
        let policy = self.inner.policy()?;
        let definition = policy.flow(&subject.definition).ok_or(WalletError::UnknownDefinition)?;
        let (mandates, alone) = match definition.effect {
            FlowEffect::Destroy => match self.to_end(&policy, definition, &subject)? {
                Ok(subjects) => subjects,
                Err(flow) => return Ok(Begun::Stands(flow)),
            },
            FlowEffect::LiftPause => (self.live(&subject.mandates)?, Vec::new()),
            _ => (subject.mandates.clone(), Vec::new()),
        };
        let about: Vec<MandateId> = mandates.iter().chain(&alone).copied().collect();
        let same = Subject {
            mandates: about,
            ..subject.clone()
        };
        if let Some(flow) = self.inner.run_about(&same)? {
            return Ok(Begun::Stands(flow));
        }
        let details: Digest32 = Wish::digest(subject.wish.as_ref()).map_err(|_| WalletError::Internal("wish"))?;
        let start = FlowStart {
            flow: FlowId::from_bytes(self.inner.random()?),
            operation: operation_digest(&subject.definition, &mandates, &details),
            definition: subject.definition,
            policy_version: policy.bundle.version,
            mandates,
            wish: subject.wish,
            nonce,
        };
        let flow = start.flow;
        let mut row = FlowRow {
            alone,
            ..self.begin_flow(start)?
        };
        let waits = self.waits_for_gateway(&row)?;
        let number = if must_be_told(definition) || waits {
            Some(self.tell_start(&mut row)?)
        } else {
            None
        };
        self.put(&row)?;
        Ok(Begun::New(flow, number))
    }

    /// Whether the first open step needs something of the gateway: a code, a link, a look at what was handed in.
    fn waits_for_gateway(&self, row: &FlowRow) -> Result<bool, WalletError> {
        let (pinned, state) = self.inner.folded(row)?;
        Ok(flow::open_step(&pinned.definition, &state).is_some_and(|open| !goes_ahead(open)))
    }

    /// What a cancellation ends: at the gateway, and on this phone alone. Or the run under which it ends already.
    #[expect(clippy::type_complexity, reason = "one of two lists of mandates, or one flow")]
    fn to_end(
        &self,
        policy: &Policy,
        definition: &FlowDefinition,
        subject: &Subject,
    ) -> Result<Result<(Vec<MandateId>, Vec<MandateId>), FlowId>, WalletError> {
        // An item of a batch is the gateway's to begin, once every other step of the batch is done.
        if !routes::is_route(definition) {
            return Err(WalletError::UnknownDefinition);
        }
        let named: BTreeSet<MandateId> = subject.mandates.iter().copied().collect();
        let first = *named.first().ok_or(WalletError::NothingNamed)?;
        let most = policy.cancellation.batch_max_items;
        if u32::try_from(named.len()).map_or(true, |count| count > most) {
            return Err(WalletError::TooMany { most });
        }
        let mut live = Vec::new();
        // What is scheduled is free for a route without a wait, which brings the end forward.
        let forward = !routes::waits(policy, definition);
        for mandate in &named {
            if !self.mandate(*mandate)?.has_ended() && self.ending(*mandate, forward)?.is_none() {
                live.push(*mandate);
            }
        }
        if live.is_empty() {
            return self.ending(first, false)?.map(Err).ok_or(WalletError::UnknownMandate);
        }
        let (accepted, alone) = self.split(live)?;
        self.check_route(policy, definition, &accepted)?;
        if subject.definition != CANCEL {
            return if accepted.is_empty() {
                Err(WalletError::NotPayable)
            } else {
                Ok(Ok((accepted, Vec::new())))
            };
        }
        // The gateway refuses a batch for one mandate that it never got. Where it has none of them, it is asked once it
        // was asked for their consent.
        Ok(Ok(if accepted.is_empty() {
            (alone, accepted)
        } else {
            (accepted, alone)
        }))
    }
}

/// Whether the gateway hears of a run before its first answer: where it gives authority, or finds out something first.
/// Lifting a pause is one statement of its own.
fn must_be_told(definition: &FlowDefinition) -> bool {
    definition.authority == Authority::Raises && definition.effect != FlowEffect::LiftPause
}

/// What a link that leads back into the app says.
struct Returned {
    state: B64,
    outcome: String,
}

impl Returned {
    /// Reads `…?state=…&outcome=…`, in any sequence; both must stand there once.
    fn read(link: &str) -> Option<Self> {
        let (_, query) = link.split_once('?')?;
        let query = query.split_once('#').map_or(query, |(query, _)| query);
        let value = |name: &str| {
            let mut values = query
                .split('&')
                .filter_map(|pair| pair.split_once('='))
                .filter(|(key, _)| *key == name);
            let (_, first) = values.next()?;
            values.next().is_none().then_some(first)
        };
        let state = B64::from(quittance_protocol::bytes::from_base64url(value("state")?).ok()?);
        let outcome = value("outcome")?;
        let is_word = !outcome.is_empty() && outcome.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        is_word.then(|| Self {
            state,
            outcome: outcome.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_back_names_its_run_and_what_was_decided_once_each() {
        let read = |link: &str| Returned::read(link).map(|came| came.outcome);
        assert_eq!(
            read("app://back?outcome=approved&state=AAAA"),
            Some("approved".to_owned())
        );
        assert_eq!(
            read("app://back?state=AAAA&outcome=refused#top"),
            Some("refused".to_owned())
        );
        for foreign in [
            "app://back",
            "app://back?state=AAAA",
            "app://back?outcome=approved",
            "app://back?state=AAAA&state=AAAB&outcome=approved",
            "app://back?state=AAAA&outcome=approved&outcome=refused",
            "app://back?state=@@&outcome=approved",
            "app://back?state=AAAA&outcome=",
            "app://back?state=AAAA&outcome=Approved%20",
            "",
        ] {
            assert_eq!(read(foreign), None, "{foreign}");
        }
    }
}
