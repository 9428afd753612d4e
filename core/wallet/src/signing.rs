//! Signing a mandate: the merchant's offer, the flow, then both halves of the token.

use crate::error::WalletError;
use crate::inner::Inner;
use crate::journal::{ConsentRow, FlowRow, MandateRow, OutboxRow, Provisioning, Purpose, token_record};
use crate::outbox::Lane;
use crate::permits::unless_half_is_lost;
use crate::unit::Unit;
use crate::unread::Unread;
use quittance_flows::policy::named::SIGN;
use quittance_flows::{HoldOwner, Mandate};
use quittance_protocol::answer::Nonce;
use quittance_protocol::bytes::Digest32;
use quittance_protocol::ed25519::SigningKey;
use quittance_protocol::flow_event::FlowStart;
use quittance_protocol::problem::{Code, Problem};
use quittance_protocol::statement::{Activation, Consent, Offer, ReplicaState, Terms, operation_digest};
use quittance_protocol::{FlowId, MandateId, Received, TokenId};
use std::collections::BTreeSet;
use std::sync::Arc;
use zeroize::Zeroizing;

/// Reads what a QR code holds. The signature is not checked here: the phone does not know merchants, the gateway does.
pub(crate) fn read_offer(text: &str) -> Result<Offer, WalletError> {
    let offer = Received::parse(text.trim()).and_then(|received| received.unverified_body::<Offer>());
    offer.map(|(_claims, offer)| offer).map_err(WalletError::Offer)
}

/// SHA-256 of the terms as they were shown.
pub(crate) fn terms_hash(terms: &Terms) -> Result<Digest32, WalletError> {
    terms.digest().map_err(|_| WalletError::Internal("terms"))
}

impl Inner {
    /// Begins to sign an offer; an offer that is being signed already gives its flow.
    pub(crate) async fn start_sign(self: &Arc<Self>, offer: String, locale: String) -> Result<FlowId, WalletError> {
        self.look(|inner| inner.enrolled().map(|_| ())).await?;
        let read = read_offer(&offer)?;
        let offer = offer.trim().to_owned();
        let wanted = offer.clone();
        let (known, now) = self
            .look(move |inner| Ok((inner.flow_of_offer(&wanted)?, inner.estimate()?)))
            .await?;
        if let Some(flow) = known {
            return Ok(flow);
        }
        if now >= read.expires_at {
            return Err(WalletError::OfferExpired);
        }
        self.refresh_policy().await?;
        let nonce: Nonce = self.transport.get("/v1/nonce", None).await?;
        let (flow, row) = self
            .unit(move |unit| {
                // Another tap may have been faster.
                if let Some(flow) = unit.inner.flow_of_offer(&offer)? {
                    return Ok((flow, None));
                }
                unit.heard(nonce.now)?;
                let mandates = vec![MandateId::from_bytes(unit.inner.random()?)];
                let start = FlowStart {
                    flow: FlowId::from_bytes(unit.inner.random()?),
                    definition: SIGN.to_owned(),
                    wish: None,
                    policy_version: unit.inner.policy()?.bundle.version,
                    operation: operation_digest(SIGN, &mandates, &Digest32::of(offer.as_bytes())),
                    mandates,
                    nonce: nonce.nonce,
                };
                let flow = start.flow;
                let mut row = FlowRow {
                    offer: Some(offer),
                    locale,
                    ..unit.begin_flow(start)?
                };
                let number = unit.tell_start(&mut row)?;
                unit.put(&row)?;
                Ok((flow, Some(number)))
            })
            .await?;
        let Some(row) = row else { return Ok(flow) };
        self.try_to_tell(row).await.map(|()| flow)
    }

    /// The flow that signs, or has signed, this very offer.
    fn flow_of_offer(&self, offer: &str) -> Result<Option<FlowId>, WalletError> {
        let flows = self.read_all::<FlowRow>()?;
        let signs = |row: &&FlowRow| row.offer.as_deref() == Some(offer) && row.refused.is_none();
        for row in flows.iter().filter(signs) {
            if self.flow_goes_on(row)?
                || self
                    .read::<MandateRow>(first(&row.start.mandates)?.as_bytes())?
                    .is_some()
            {
                return Ok(Some(row.start.flow));
            }
        }
        Ok(None)
    }

    /// Says what is still to be said to make mandates live: consent, then activation, each with a fresh nonce. One that cannot be
    /// made keeps no other one back.
    pub(crate) async fn provision(
        self: &Arc<Self>,
        silent: &mut BTreeSet<Lane>,
        unread: &mut Unread,
    ) -> Result<(), WalletError> {
        let due = self
            .look(|inner| {
                Ok(inner
                    .read_all::<MandateRow>()?
                    .into_iter()
                    .filter(due)
                    .collect::<Vec<_>>())
            })
            .await?;
        for row in due {
            if silent.contains(&Lane::Mandate(row.mandate)) {
                continue;
            }
            match self.provision_one(row.mandate, silent).await {
                // The mandate's own events tell what became of it.
                Ok(()) | Err(WalletError::Problem(_)) => {}
                Err(error @ WalletError::Answer(_)) => unread.note(error)?,
                Err(error) => unless_half_is_lost(error)?,
            }
        }
        Ok(())
    }

    /// The same for one mandate, up to a statement that gets no answer.
    pub(crate) async fn provision_one(
        self: &Arc<Self>,
        mandate: MandateId,
        silent: &mut BTreeSet<Lane>,
    ) -> Result<(), WalletError> {
        // Consent, activation, and each once more where its nonce ended on the way.
        for _ in 0..4 {
            let waiting = self.unit(move |unit| unit.provisioning_row(mandate)).await?;
            let number = match waiting {
                Waits::Nothing => return Ok(()),
                Waits::Row(number) => number,
                Waits::Statement => {
                    let nonce: Nonce = self.transport.get("/v1/nonce", None).await?;
                    self.unit(move |unit| unit.prepare_provisioning(mandate, nonce)).await?
                }
            };
            match self.flush(number).await {
                Ok(_) => {}
                Err(WalletError::Problem(problem)) if problem.code() == Code::NonceNeeded => {}
                Err(WalletError::Offline) => {
                    silent.insert(Lane::Mandate(mandate));
                    return Ok(());
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// What a mandate that is being made waits for.
enum Waits {
    Nothing,
    /// A row of the outbox.
    Row(u64),
    /// A statement that is not signed yet.
    Statement,
}

fn due(row: &MandateRow) -> bool {
    row.provisioning != Provisioning::Done
        && !row.replica.holds.contains(&HoldOwner::Revocation)
        && row.order.is_none()
        && matches!(row.half, ReplicaState::Provisioning | ReplicaState::Held)
}

/// The mandate that a signing is about.
pub(crate) fn first(mandates: &[MandateId]) -> Result<MandateId, WalletError> {
    mandates
        .first()
        .copied()
        .ok_or(WalletError::Internal("a signing flow without a mandate"))
}

impl Unit<'_> {
    /// The flow is complete: the phone makes its half of the token. In the unit of the completing event.
    pub(crate) fn make_half(&mut self, flow: &FlowRow) -> Result<(), WalletError> {
        let mandate = first(&flow.start.mandates)?;
        if self.get::<MandateRow>(mandate.as_bytes())?.is_some() {
            return Ok(());
        }
        let text = flow
            .offer
            .clone()
            .ok_or(WalletError::Internal("a signing flow without an offer"))?;
        let offer = read_offer(&text)?;
        let seed = Zeroizing::new(self.inner.random::<32>()?);
        let key = SigningKey::from_seed(&seed).map_err(|_| WalletError::Internal("token key"))?;
        let token = TokenId::from_bytes(self.inner.random()?);
        self.put_secret(token_record(token), Zeroizing::new(seed.to_vec()));
        self.put(&MandateRow {
            mandate,
            token,
            token_key: *key.public_key(),
            merchant: offer.merchant,
            terms: offer.terms,
            offer: text,
            flow: flow.start.flow,
            locale: flow.locale.clone(),
            consent: None,
            provisioning: Provisioning::ConsentDue,
            replica: Mandate::provisioning(),
            half: ReplicaState::Provisioning,
            gateway: None,
            next_permit: 1,
            permit_base: None,
            deposited: Vec::new(),
            wished_limits: None,
            orphan: false,
            order: None,
        })?;
        self.hold_as_all_others(mandate)
    }

    fn provisioning_row(&mut self, mandate: MandateId) -> Result<Waits, WalletError> {
        if !self.get::<MandateRow>(mandate.as_bytes())?.is_some_and(|row| due(&row)) {
            return Ok(Waits::Nothing);
        }
        let waiting = self
            .list::<OutboxRow>()?
            .into_iter()
            .find(|waiting| waiting.purpose.mandate() == Some(mandate));
        Ok(waiting.map_or(Waits::Statement, |waiting| Waits::Row(waiting.number)))
    }

    fn prepare_provisioning(&mut self, mandate: MandateId, nonce: Nonce) -> Result<u64, WalletError> {
        if let Waits::Row(number) = self.provisioning_row(mandate)? {
            return Ok(number);
        }
        let mut row = self.mandate(mandate)?;
        self.heard(nonce.now)?;
        match row.provisioning {
            Provisioning::ConsentDue => {
                let consent = Consent {
                    nonce: nonce.nonce,
                    flow: row.flow,
                    mandate,
                    token: row.token,
                    token_key: row.token_key,
                    terms_hash: terms_hash(&row.terms)?,
                    offer: row.offer.clone(),
                    locale: row.locale.clone(),
                };
                let compact = self.sign(&consent)?;
                row.consent = self.consent_of(&compact)?;
                self.put(&row)?;
                self.enqueue(Purpose::Consent { mandate }, Some(compact))
            }
            Provisioning::ActivationDue => {
                // A second activation replaces a first one that was refused: its permits were never taken.
                row.deposited.clear();
                row.permit_base = None;
                let permits = self.make_permits_ahead(&mut row, nonce.now)?;
                let permits = permits.into_iter().map(|(_number, permit)| permit).collect();
                self.put(&row)?;
                self.send(
                    Purpose::Activation { mandate },
                    &Activation {
                        nonce: nonce.nonce,
                        mandate,
                        permits,
                    },
                )
            }
            Provisioning::Done => Err(Problem::new(Code::Internal).into()),
        }
    }

    /// What a signed consent says of itself.
    fn consent_of(&self, compact: &str) -> Result<Option<ConsentRow>, WalletError> {
        let (claims, _) = Received::parse(compact)?.unverified_body::<Consent>()?;
        Ok(self.device()?.enrolled.map(|phone| ConsentRow {
            at: claims.iat,
            device: phone.device,
        }))
    }
}
