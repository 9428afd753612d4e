//! A phone by hand: keys of ring, statements one by one.

use std::sync::atomic::{AtomicU64, Ordering};

use quittance_protocol::answer::{
    ChargeAnswer, ChargeDecision, Enrolled, FlowLog, MandateRecord, OrderRecord, PinAnswer, Reconciled, SessionOpened,
};
use quittance_protocol::bytes::to_base64url;
use quittance_protocol::draws::Draws;
use quittance_protocol::ed25519::SigningKey;
use quittance_protocol::flow_event::{FlowStart, Wish};
use quittance_protocol::statement::{
    Activation, AnswerFlow, Attestation, Consent, Enrolment, FactorProof, HeldToken, Hold, HoldChange, Intent, Offer,
    Permit, PermitAmount, PhoneOutcome, PinFinish, PinStart, Probe, Reconciliation, ReplicaState, Session, StartFlow,
    StepAnswer, operation_digest,
};
use quittance_protocol::{
    AccountId, B64, Claims, Digest32, FlowId, MandateId, PublicKey, Received, Statement, StatementId, Timestamp,
    TokenId, Unsigned, pin,
};
use quittance_vault::RandomnessError;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use zeroize::Zeroizing;

use crate::support::{DAY, House, ORIGIN, Reply, random};
use quittance_gateway::Clock as _;

pub(crate) const PIN: &[u8] = b"271828";

/// One hardware key.
pub(crate) struct Key(EcdsaKeyPair);

impl Key {
    pub(crate) fn new() -> Self {
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        Self(EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random).unwrap())
    }

    pub(crate) fn public(&self) -> PublicKey {
        PublicKey::p256_from_sec1(self.0.public_key().as_ref()).unwrap()
    }

    pub(crate) fn sign<T: Statement>(&self, claims: &Claims, body: &T) -> String {
        let unsigned = Unsigned::new(&self.public().thumbprint(), claims, body).unwrap();
        let signature = self.0.sign(&SystemRandom::new(), unsigned.signing_input()).unwrap();
        unsigned.with_signature(signature.as_ref().try_into().unwrap())
    }
}

/// The phone's half of a token.
pub(crate) struct Token {
    pub(crate) token: TokenId,
    pub(crate) mandate: MandateId,
    pub(crate) key: SigningKey,
}

impl Token {
    pub(crate) fn new() -> Self {
        let key = SigningKey::from_seed(&Zeroizing::new(random())).unwrap();
        Self {
            token: TokenId::from_bytes(random()),
            mandate: MandateId::from_bytes(random()),
            key,
        }
    }

    pub(crate) fn sign(&self, number: u64, iat: Timestamp, permit: &Permit) -> String {
        let claims = Claims {
            aud: ORIGIN.to_owned(),
            iat,
            jti: StatementId::from_bytes(random()),
            seq: Some(number),
        };
        let unsigned = Unsigned::new(&self.key.public_key().thumbprint(), &claims, permit).unwrap();
        unsigned.with_signature(&self.key.sign(unsigned.signing_input()))
    }

    /// A permit for the pool, as the plan makes it.
    pub(crate) fn pooled(&self, house: &House, number: u64) -> String {
        self.capped(house, number, 5000)
    }

    /// A pooled permit for up to this much.
    pub(crate) fn capped(&self, house: &House, number: u64, minor: i64) -> String {
        let now = house.clock.now();
        self.sign(
            number,
            now,
            &Permit {
                token: self.token,
                payee: house.merchant,
                amount: PermitAmount::AtMost(crate::support::cny(minor)),
                not_before: now,
                not_after: now.plus_seconds(30 * DAY),
                challenge: None,
            },
        )
    }

    /// A permit for one charge on the spot.
    pub(crate) fn present(&self, house: &House, number: u64, minor: i64, challenge: &str) -> String {
        let now = house.clock.now();
        self.sign(
            number,
            now,
            &Permit {
                token: self.token,
                payee: house.merchant,
                amount: PermitAmount::Exact(crate::support::cny(minor)),
                not_before: now,
                not_after: now.plus_seconds(300),
                challenge: Some(challenge.to_owned()),
            },
        )
    }
}

/// Bytes for OPAQUE on the phone's side.
pub(crate) fn draws() -> Draws<impl FnMut(&mut [u8]) -> Result<(), RandomnessError>, RandomnessError> {
    Draws::of(|out: &mut [u8]| quittance_vault::Randomness::fill(&quittance_vault::SystemRandomness::new(), out))
}

pub(crate) struct Phone<'h> {
    pub(crate) house: &'h House,
    pub(crate) device: Key,
    pub(crate) biometric: Key,
    pub(crate) passcode: Key,
    pub(crate) number: AtomicU64,
}

/// A flow under way.
pub(crate) struct Flow {
    pub(crate) start: FlowStart,
}

impl<'h> Phone<'h> {
    pub(crate) fn new(house: &'h House) -> Self {
        Self {
            house,
            device: Key::new(),
            biometric: Key::new(),
            passcode: Key::new(),
            number: AtomicU64::new(1),
        }
    }

    pub(crate) fn claims(&self, seq: Option<u64>) -> Claims {
        Claims {
            aud: ORIGIN.to_owned(),
            iat: self.house.clock.now(),
            jti: StatementId::from_bytes(random()),
            seq,
        }
    }

    /// A statement of the device, under its next number.
    pub(crate) fn say<T: Statement>(&self, body: &T) -> String {
        let number = self.number.fetch_add(1, Ordering::SeqCst);
        self.device.sign(&self.claims(Some(number)), body)
    }

    pub(crate) async fn post<T: Statement>(&self, body: &T) -> Reply {
        self.house.post(&self.say(body)).await
    }

    pub(crate) async fn nonce(&self) -> B64 {
        self.house.nonce().await.nonce
    }

    pub(crate) async fn enrol(&self) -> Enrolled {
        let nonce = self.nonce().await;
        self.post(&self.enrolment(nonce)).await.ok()
    }

    /// The score of the payer's newest risk rating; nothing before the first.
    pub(crate) async fn risk_score(&self) -> Option<u64> {
        let path = format!("/sandbox/accounts/{}/rating", self.account().await);
        let rating: serde_json::Value = self.house.get(&path, None).await.ok();
        rating.get("score").and_then(serde_json::Value::as_u64)
    }

    /// Whose phone it is: enrolling again says so.
    pub(crate) async fn account(&self) -> AccountId {
        self.enrol().await.account
    }

    pub(crate) fn enrolment(&self, nonce: B64) -> Enrolment {
        Enrolment {
            nonce,
            device_key: self.device.public(),
            biometric_key: self.biometric.public(),
            passcode_key: Some(self.passcode.public()),
            attestation: Vec::new(),
            biometric_attestation: Vec::new(),
            passcode_attestation: Vec::new(),
        }
    }

    pub(crate) async fn register_pin(&self) {
        let _: PinAnswer = self.register(PIN).await.ok();
    }

    /// A read token.
    pub(crate) async fn session(&self) -> String {
        let opened: SessionOpened = self.post(&Session {}).await.ok();
        to_base64url(opened.token.as_slice())
    }

    pub(crate) async fn begin(&self, definition: &str, mandates: &[MandateId], details: &[u8]) -> Flow {
        let nonce = self.nonce().await;
        self.begin_with(definition, mandates, details, nonce).await
    }

    pub(crate) async fn begin_with(
        &self,
        definition: &str,
        mandates: &[MandateId],
        details: &[u8],
        nonce: B64,
    ) -> Flow {
        let start = self.flow_start(definition, mandates, details, nonce);
        let _: FlowLog = self.post(&StartFlow { start: start.clone() }).await.ok();
        Flow { start }
    }

    pub(crate) fn flow_start(&self, definition: &str, mandates: &[MandateId], details: &[u8], nonce: B64) -> FlowStart {
        FlowStart {
            flow: FlowId::from_bytes(random()),
            definition: definition.to_owned(),
            policy_version: 1,
            mandates: mandates.to_vec(),
            wish: None,
            operation: operation_digest(definition, mandates, &Digest32::of(details)),
            nonce,
        }
    }

    /// The start of a run that wants something beyond its mandates.
    pub(crate) fn flow_start_for(&self, definition: &str, mandates: &[MandateId], wish: Wish, nonce: B64) -> FlowStart {
        let details = Wish::digest(Some(&wish)).unwrap();
        FlowStart {
            wish: Some(wish),
            operation: operation_digest(definition, mandates, &details),
            ..self.flow_start(definition, mandates, b"", nonce)
        }
    }

    pub(crate) async fn begin_for(&self, definition: &str, mandates: &[MandateId], wish: Wish) -> (Flow, FlowLog) {
        let nonce = self.nonce().await;
        let start = self.flow_start_for(definition, mandates, wish, nonce);
        let log = self.post(&StartFlow { start: start.clone() }).await.ok();
        (Flow { start }, log)
    }

    /// What a proof of a step says.
    pub(crate) fn proved(&self, flow: &Flow, step: &str) -> FactorProof {
        FactorProof {
            flow: flow.start.flow,
            step: step.to_owned(),
            nonce: flow.start.nonce.clone(),
            operation: flow.start.operation,
        }
    }

    pub(crate) fn proof(&self, flow: &Flow, step: &str) -> String {
        self.biometric.sign(&self.claims(None), &self.proved(flow, step))
    }

    pub(crate) async fn answer(&self, flow: &Flow, step: &str, answer: StepAnswer) -> Reply {
        self.post(&AnswerFlow {
            flow: flow.start.flow,
            step: step.to_owned(),
            answer,
        })
        .await
    }

    /// The answer to a prompt that proves nothing.
    pub(crate) fn shown(&self) -> StepAnswer {
        StepAnswer::Confirmed {
            shown: Digest32::of(b"shown"),
        }
    }

    pub(crate) async fn confirm(&self, flow: &Flow, step: &str) -> FlowLog {
        self.answer(flow, step, self.shown()).await.ok()
    }

    pub(crate) async fn identify(&self, flow: &Flow) -> String {
        let proof = self.proof(flow, "identify");
        let _: FlowLog = self
            .answer(flow, "identify", StepAnswer::Proof { proof: proof.clone() })
            .await
            .ok();
        proof
    }

    /// First message of a guess.
    pub(crate) fn guess(&self, flow: &Flow, guess: &[u8]) -> (pin::LoggingIn, PinStart) {
        let (state, message) = pin::client_login_start(guess, &mut draws()).unwrap();
        let start = PinStart {
            flow: flow.start.flow,
            step: "payment_pin".to_owned(),
            message: B64::new(message),
        };
        (state, start)
    }

    /// Third message, or none where the phone itself learns that the PIN was wrong.
    pub(crate) fn finish_guess(
        &self,
        flow: &Flow,
        state: pin::LoggingIn,
        guess: &[u8],
        answer: &PinAnswer,
    ) -> Option<PinFinish> {
        let start = &flow.start;
        let context = pin::context(start.flow, "payment_pin", start.nonce.as_slice(), &start.operation);
        let done = pin::client_login_finish(state, guess, answer.message.as_slice(), &context, &mut draws());
        let message = B64::new(done.ok()?.0);
        Some(PinFinish {
            flow: start.flow,
            step: "payment_pin".to_owned(),
            message,
        })
    }

    pub(crate) async fn prove_pin(&self, flow: &Flow) -> FlowLog {
        let (state, start) = self.guess(flow, PIN);
        let answer: PinAnswer = self.post(&start).await.ok();
        let finish = self.finish_guess(flow, state, PIN, &answer).expect("the PIN is right");
        self.post(&finish).await.ok()
    }

    /// The flow `mandate.sign` for an offer, done.
    pub(crate) async fn signed_flow(&self, token: &Token, offer: &str) -> Flow {
        let flow = self.begin("mandate.sign", &[token.mandate], offer.as_bytes()).await;
        self.confirm(&flow, "consent").await;
        self.identify(&flow).await;
        self.prove_pin(&flow).await;
        flow
    }

    pub(crate) async fn consent(&self, flow: &Flow, token: &Token, offer: &str) -> Consent {
        let (_, body) = Received::parse(offer).unwrap().unverified_body::<Offer>().unwrap();
        Consent {
            nonce: self.nonce().await,
            flow: flow.start.flow,
            mandate: token.mandate,
            token: token.token,
            token_key: *token.key.public_key(),
            offer: offer.to_owned(),
            terms_hash: Digest32::of(&serde_json::to_vec(&body.terms).unwrap()),
            locale: "en".to_owned(),
        }
    }

    /// A mandate whose gateway half stands and whose first permits are missing.
    pub(crate) async fn provision(&self, offer: &str) -> Token {
        let token = Token::new();
        let flow = self.signed_flow(&token, offer).await;
        let _: MandateRecord = self.post(&self.consent(&flow, &token, offer).await).await.ok();
        token
    }

    pub(crate) async fn activate(&self, token: &Token, permits: Vec<String>) -> Reply {
        self.post(&Activation {
            nonce: self.nonce().await,
            mandate: token.mandate,
            permits,
        })
        .await
    }

    /// An active mandate with a full pool of permits.
    pub(crate) async fn sign_mandate(&self) -> Token {
        let token = self.provision(&self.house.offer()).await;
        let permits = (1..=3).map(|number| token.pooled(self.house, number)).collect();
        let _: MandateRecord = self.activate(&token, permits).await.ok();
        token
    }

    pub(crate) async fn mandate(&self, mandate: MandateId) -> MandateRecord {
        let bearer = self.session().await;
        let records: Vec<MandateRecord> = self.house.get("/v1/mandates", Some(&bearer)).await.ok();
        records
            .into_iter()
            .find(|record| record.mandate == mandate)
            .expect("the mandate")
    }

    pub(crate) async fn order(&self, order: quittance_protocol::OrderId) -> OrderRecord {
        let bearer = self.session().await;
        self.house.get(&format!("/v1/orders/{order}"), Some(&bearer)).await.ok()
    }

    /// The quick path up to the intent, which is returned unsent.
    pub(crate) async fn intend(&self, mandates: &[MandateId]) -> Intent {
        let flow = self
            .begin_with("mandate.cancel.quick", mandates, b"", B64::new(random::<32>()))
            .await;
        let proof = self.identify(&flow).await;
        self.confirm(&flow, "confirm").await;
        self.prove_pin(&flow).await;
        Intent {
            flow: flow.start.flow,
            mandates: mandates.to_vec(),
            offline: false,
            proof,
        }
    }

    /// An intent made offline, whose flow the gateway does not know yet: nothing is held before it arrives.
    pub(crate) async fn intend_without_hold(&self, token: &Token) -> Intent {
        let mandates = [token.mandate];
        let flow = Flow {
            start: self.flow_start("mandate.cancel.quick", &mandates, b"", B64::new(random::<32>())),
        };
        let proof = self.proof(&flow, "identify");
        Intent {
            flow: flow.start.flow,
            mandates: mandates.to_vec(),
            offline: true,
            proof,
        }
    }

    pub(crate) async fn revoke(&self, mandates: &[MandateId]) -> OrderRecord {
        let intent = self.intend(mandates).await;
        self.post(&intent).await.ok()
    }

    pub(crate) fn attestation(&self, order: &OrderRecord) -> Attestation {
        Attestation {
            order: order.order,
            nonce: order.nonce.clone(),
            tokens: order.tokens.clone(),
            outcome: PhoneOutcome::Destroyed {
                epoch_old: 1,
                epoch_new: 2,
                destroyed_key: Digest32::of(b"key"),
                probe: Probe {
                    old_root_opens: false,
                    records_open: false,
                    key_found: false,
                },
                resumed: false,
            },
        }
    }

    pub(crate) async fn pause(&self, mandates: &[MandateId]) -> Reply {
        self.post(&Hold {
            mandates: mandates.to_vec(),
            change: HoldChange::Add {},
        })
        .await
    }

    pub(crate) async fn resume(&self, mandates: &[MandateId]) -> Reply {
        let nonce = self.nonce().await;
        let flow = Flow {
            start: self.flow_start("mandate.resume", mandates, b"", nonce.clone()),
        };
        let proof = self.proof(&flow, "identify");
        self.post(&Hold {
            mandates: mandates.to_vec(),
            change: HoldChange::Lift { nonce, proof },
        })
        .await
    }

    pub(crate) async fn reconcile(&self, tokens: &[(&Token, ReplicaState)]) -> Reconciled {
        let tokens = tokens
            .iter()
            .map(|(token, state)| HeldToken {
                token: token.token,
                mandate: token.mandate,
                state: *state,
                next_permit: 4,
            })
            .collect();
        self.post(&Reconciliation {
            tokens,
            events_after: None,
        })
        .await
        .ok()
    }

    /// Enrolled, with a PIN.
    pub(crate) async fn ready(house: &'h House) -> Phone<'h> {
        let phone = Phone::new(house);
        phone.enrol().await;
        phone.register_pin().await;
        phone
    }
}

#[track_caller]
pub(crate) fn approved(reply: &Reply) -> String {
    match reply.ok::<ChargeAnswer>().decision {
        ChargeDecision::Approved { acquirer_reference, .. } => acquirer_reference,
        ChargeDecision::Declined { code } => panic!("declined: {code}"),
    }
}

#[track_caller]
pub(crate) fn declined(reply: &Reply) -> quittance_protocol::Code {
    match reply.ok::<ChargeAnswer>().decision {
        ChargeDecision::Approved { .. } => panic!("approved"),
        ChargeDecision::Declined { code } => code,
    }
}
