//! A whole end, told by a gateway that changes one thing at a time.

use super::*;
use quittance_protocol::bytes::B64;
use quittance_protocol::log::merkle::{self, Hash};
use quittance_protocol::log::{Checkpoint, Entry, NoteSigner, TlogProof};
use quittance_protocol::log_body::EvidenceLevel;
use quittance_protocol::statement::{Attestation, Intent, PhoneOutcome, Probe};
use quittance_protocol::{
    Claims, FlowId, MandateId, OrderId, Statement, StatementId, Unsigned,
    answer::{Logged, OrderState},
};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde::Serialize;
use std::collections::BTreeMap;
use zeroize::Zeroizing;

const ORIGIN: &str = "https://pay.example";
const POLICY: Digest32 = Digest32::from_bytes([8; 32]);

/// The second at which the order was logged.
const ORDERED: i64 = 1_800_000_000;

fn at(second: i64) -> Timestamp {
    Timestamp::from_unix(second).unwrap()
}

/// A log in memory.
struct Log {
    signer: NoteSigner,
    hashes: BTreeMap<(u8, u64), Hash>,
    size: u64,
}

impl Log {
    fn new() -> Self {
        Self {
            signer: NoteSigner::new("pay.example", &Zeroizing::new([1; 32])).unwrap(),
            hashes: BTreeMap::new(),
            size: 0,
        }
    }

    /// Says something: the entry's bytes, with all that its reader needs.
    fn say(&mut self, kind: EntryKind, time: i64, body: &impl Serialize) -> (Vec<u8>, Logged) {
        let body = serde_json::to_vec(body).unwrap();
        let entry = Entry::commit(kind, at(time), &[2; 32], &body).to_bytes();
        let hashes = |level, index| self.hashes.get(&(level, index)).copied();
        let written = merkle::append(merkle::leaf_hash(&entry), self.size, &hashes).unwrap();
        for stored in written {
            self.hashes.insert((stored.level, stored.index), stored.hash);
        }
        self.size += 1;
        let hashes = |level, index| self.hashes.get(&(level, index)).copied();
        let checkpoint = Checkpoint::sign(&self.signer, self.size, merkle::root(self.size, &hashes).unwrap()).unwrap();
        let proof = TlogProof {
            extra: Some(entry.clone()),
            index: self.size - 1,
            hashes: merkle::inclusion_proof(self.size - 1, self.size, &hashes).unwrap(),
            checkpoint: checkpoint.note().to_owned(),
        };
        let logged = Logged {
            salt: B64::new([2; 32]),
            body: B64::new(body),
            proof: proof.to_string(),
        };
        (entry, logged)
    }
}

/// A phone's key for statements.
struct DeviceKey {
    pair: EcdsaKeyPair,
    public: PublicKey,
}

impl DeviceKey {
    fn new() -> Self {
        let (random, kind) = (SystemRandom::new(), &ECDSA_P256_SHA256_FIXED_SIGNING);
        let document = EcdsaKeyPair::generate_pkcs8(kind, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(kind, document.as_ref(), &random).unwrap();
        let public = PublicKey::p256_from_sec1(pair.public_key().as_ref()).unwrap();
        Self { pair, public }
    }

    fn sign<T: Statement>(&self, body: &T) -> String {
        let claims = Claims {
            aud: ORIGIN.to_owned(),
            iat: at(ORDERED),
            jti: StatementId::from_bytes([4; 16]),
            seq: Some(1),
        };
        let unsigned = Unsigned::new(&self.public.thumbprint(), &claims, body).unwrap();
        let signature = self.pair.sign(&SystemRandom::new(), unsigned.signing_input()).unwrap();
        unsigned.with_signature(&signature.as_ref().try_into().unwrap())
    }
}

/// This phone's word that its half is destroyed.
fn destroyed() -> PhoneOutcome {
    PhoneOutcome::Destroyed {
        epoch_old: 4,
        epoch_new: 5,
        destroyed_key: Digest32::from_bytes([6; 32]),
        probe: Probe {
            old_root_opens: false,
            records_open: false,
            key_found: false,
        },
        resumed: false,
    }
}

/// What the gateway says of one end, and what the phone knows of it: true as it comes, to be changed before it is told.
pub(crate) struct Story {
    pub(crate) order: Order,
    /// What the record beside the log entries says.
    record: (Order, Timestamp),
    ordered: OrderBody,
    destroyed: DestroyedBody,
    closure: ClosureBody,
    /// When each of the three was logged.
    times: [i64; 3],
    /// The entry that the closure names as the gateway's destruction, where it is not the one that is shown.
    other_destroyed: Option<Digest32>,
    device_key: DeviceKey,
    intents: Vec<String>,
    pub(crate) attestation: Option<String>,
    pub(crate) statements: Vec<String>,
    ground: Option<Ground>,
    effective_at: Option<Timestamp>,
    policy: Option<Digest32>,
}

impl Story {
    pub(crate) fn new() -> Self {
        let order = Order {
            order: OrderId::from_bytes([1; 16]),
            nonce: B64::new([2; 32]),
            mandates: vec![MandateId::from_bytes([3; 16])],
            tokens: vec![Digest32::from_bytes([4; 32])],
        };
        let device_key = DeviceKey::new();
        let intent = device_key.sign(&Intent {
            flow: FlowId::from_bytes([5; 16]),
            mandates: order.mandates.clone(),
            offline: false,
            proof: String::new(),
        });
        let attestation = device_key.sign(&Attestation {
            order: order.order,
            nonce: order.nonce.clone(),
            tokens: order.tokens.clone(),
            outcome: destroyed(),
        });
        let (cause, effective_at) = (TerminationCause::Payer, at(ORDERED + 10));
        let said = content(&intent);
        Self {
            record: (order.clone(), effective_at),
            ordered: OrderBody {
                order: order.order,
                mandates: order.mandates.clone(),
                tokens: order.tokens.clone(),
                cause,
                intent: said,
                nonce: order.nonce.clone(),
                effective_at,
                policy: POLICY,
            },
            destroyed: DestroyedBody {
                order: order.order,
                tokens: order.tokens.clone(),
                epoch_old: 6,
                epoch_new: 7,
                destroyed_key: Digest32::from_bytes([6; 32]),
                probe: Probe {
                    old_root_opens: false,
                    records_open: false,
                    key_found: false,
                },
                authorization: Code::TokenDestroyed.name().to_owned(),
                resumed: false,
            },
            closure: ClosureBody {
                order: order.order,
                kind: ClosureKind::TwoSided,
                mandates: order.mandates.clone(),
                tokens: order.tokens.clone(),
                cause,
                nonce: order.nonce.clone(),
                intent: said,
                phone_attestation: content(&attestation),
                gateway_attestation: Digest32::from_bytes([0; 32]),
                evidence_level: EvidenceLevel::E0,
                risk_epoch_before: 3,
                risk_epoch_after: 4,
                policy: POLICY,
                effective_at,
            },
            times: [ORDERED, ORDERED + 20, ORDERED + 40],
            other_destroyed: None,
            statements: vec![intent.clone(), attestation.clone()],
            intents: vec![intent],
            ground: Some(Ground { cause, intent: said }),
            effective_at: Some(effective_at),
            policy: Some(POLICY),
            order,
            device_key,
            attestation: Some(attestation),
        }
    }

    /// What the phone knows.
    pub(crate) fn known(&self) -> Known<'_> {
        Known {
            order: &self.order,
            policy: self.policy,
            ground: self.ground,
            effective_at: self.effective_at,
            intents: &self.intents,
            attestation: self.attestation.as_deref(),
            device_key: &self.device_key.public,
            origin: ORIGIN,
        }
    }

    /// What the gateway says, with the key of its log.
    pub(crate) fn told(&self) -> (OrderRecord, Closure, VerifierKey) {
        let mut log = Log::new();
        let [ordered_at, destroyed_at, closed_at] = self.times;
        let (_, ordered) = log.say(EntryKind::Order, ordered_at, &self.ordered);
        let (entry, destroyed) = log.say(EntryKind::Destroyed, destroyed_at, &self.destroyed);
        let body = ClosureBody {
            gateway_attestation: self.other_destroyed.unwrap_or_else(|| Digest32::of(&entry)),
            ..self.closure.clone()
        };
        let (_, closed) = log.say(EntryKind::Closure, closed_at, &body);
        let closure = Closure {
            receipt: closed.proof,
            annex: Annex {
                salt: closed.salt,
                body: closed.body,
                statements: self.statements.clone(),
            },
        };
        let (said, effective_at) = &self.record;
        let record = OrderRecord {
            order: said.order,
            mandates: said.mandates.clone(),
            tokens: said.tokens.clone(),
            nonce: said.nonce.clone(),
            effective_at: *effective_at,
            state: OrderState::Closed,
            ordered,
            destroyed: Some(destroyed),
            closure: None,
        };
        (record, closure, log.signer.verifier().clone())
    }

    /// What the phone makes of it.
    fn verdict(&self) -> Result<(ClosureKind, ReceiptRow), DisputeReason> {
        let (record, closure, log) = self.told();
        verify_closure(&record, &closure, &self.known(), &log)
    }

    /// A merchant's order for a mandate of this token, under an id that its gateway chose.
    pub(crate) fn merchants_order(order: OrderId, mandate: MandateId, token: Digest32) -> Self {
        let ground = Ground {
            cause: TerminationCause::Merchant,
            intent: None,
        };
        Self::order_on(ground, order, mandate, token)
    }

    /// An order for a mandate of this token, under an id that its gateway chose.
    pub(crate) fn order_on(ground: Ground, order: OrderId, mandate: MandateId, token: Digest32) -> Self {
        let mut story = Self::new();
        let (mandates, tokens) = (vec![mandate], vec![token]);
        for told in [&mut story.order, &mut story.record.0] {
            (told.order, told.mandates, told.tokens) = (order, mandates.clone(), tokens.clone());
        }
        story.ordered = OrderBody {
            order,
            mandates,
            tokens,
            cause: ground.cause,
            intent: ground.intent,
            ..story.ordered
        };
        story
    }

    /// The gateway alone closes it: no statement of the phone's is named.
    fn one_sided(&mut self) {
        self.closure.kind = ClosureKind::Unilateral;
        self.closure.phone_attestation = None;
        self.statements = self.intents.clone();
    }

    /// No payer asked for it.
    fn without_an_intent(&mut self, cause: TerminationCause) {
        self.closure.cause = cause;
        self.closure.intent = None;
        self.ground = Some(Ground { cause, intent: None });
        self.statements.remove(0);
    }
}

/// What a story comes to in which one thing was changed.
fn told(change: impl FnOnce(&mut Story)) -> Result<ClosureKind, DisputeReason> {
    let mut story = Story::new();
    change(&mut story);
    story.verdict().map(|(kind, _)| kind)
}

fn other() -> Digest32 {
    Digest32::from_bytes([9; 32])
}

const BOTH: Result<ClosureKind, DisputeReason> = Ok(ClosureKind::TwoSided);
const ONE: Result<ClosureKind, DisputeReason> = Ok(ClosureKind::Unilateral);

#[test]
fn what_is_true_is_believed_and_kept_as_it_was_logged() {
    let (kind, row) = Story::new().verdict().unwrap();
    assert_eq!(kind, ClosureKind::TwoSided);
    assert_eq!((row.cause, row.closed_at), (TerminationCause::Payer, at(ORDERED + 40)));
    assert_eq!(row.annex.statements.len(), 2);
}

#[test]
fn an_order_whose_record_differs_from_its_log_entry_in_any_part_is_not_logged() {
    let not_logged = Err(DisputeReason::OrderNotLogged);
    assert_eq!(
        told(|story| story.record.0.order = OrderId::from_bytes([9; 16])),
        not_logged
    );
    assert_eq!(told(|story| story.record.0.mandates.clear()), not_logged);
    assert_eq!(told(|story| story.record.0.tokens.clear()), not_logged);
    assert_eq!(told(|story| story.record.0.nonce = B64::new([9; 32])), not_logged);
}

#[test]
fn an_orders_moment_comes_nearer_after_it_was_logged_and_never_moves_away() {
    let moved = |seconds| told(|story| story.record.1 = story.record.1.plus_seconds(seconds));
    assert_eq!(moved(-1), BOTH);
    assert_eq!(moved(1), Err(DisputeReason::OrderNotLogged));
}

#[test]
fn a_closure_of_another_order_mandate_token_or_nonce_is_disputed_for_its_own_reason() {
    let told_order = told(|story| story.closure.order = OrderId::from_bytes([9; 16]));
    assert_eq!(told_order, Err(DisputeReason::OtherOrder));
    assert_eq!(
        told(|story| story.closure.mandates.clear()),
        Err(DisputeReason::OtherToken)
    );
    assert_eq!(
        told(|story| story.closure.tokens.clear()),
        Err(DisputeReason::OtherToken)
    );
    let told_nonce = told(|story| story.closure.nonce = B64::new([9; 32]));
    assert_eq!(told_nonce, Err(DisputeReason::OtherNonce));
}

#[test]
fn a_closure_is_of_the_moment_that_was_told_or_an_earlier_one() {
    let closed = |seconds| told(|story| story.closure.effective_at = story.closure.effective_at.plus_seconds(seconds));
    assert_eq!(closed(-1), BOTH);
    assert_eq!(closed(1), Err(DisputeReason::OtherOrder));
    let untold = told(|story| {
        story.effective_at = None;
        story.closure.effective_at = at(ORDERED + 11);
    });
    assert_eq!(untold, BOTH, "a row from before moments were kept knows none");
}

#[test]
fn a_closure_stands_on_the_ground_of_its_order() {
    let risk = told(|story| story.closure.cause = TerminationCause::Risk);
    assert_eq!(risk, Err(DisputeReason::OtherIntent));
}

#[test]
fn an_intent_that_this_phone_never_signed_is_anothers() {
    let foreign = told(|story| {
        let intent = story.device_key.sign(&Intent {
            flow: FlowId::from_bytes([9; 16]),
            mandates: story.order.mandates.clone(),
            offline: true,
            proof: String::new(),
        });
        story.closure.intent = content(&intent);
        story.ground = None;
        story.statements[0] = intent;
    });
    assert_eq!(foreign, Err(DisputeReason::OtherIntent));
    assert_eq!(
        told(|story| story.ground = None),
        BOTH,
        "control: its own intent is ground enough"
    );
}

#[test]
fn without_an_intent_a_closure_needs_a_checked_ground_or_a_mandate_that_never_was() {
    assert_eq!(told(|story| story.without_an_intent(TerminationCause::Expired)), BOTH);
    let unchecked = |cause| {
        told(|story| {
            story.without_an_intent(cause);
            story.ground = None;
        })
    };
    assert_eq!(unchecked(TerminationCause::Expired), Err(DisputeReason::OtherIntent));
    assert_eq!(unchecked(TerminationCause::NeverActivated), BOTH);
}

#[test]
fn both_sides_closed_it_only_with_this_phones_own_attestation() {
    let missing = Err(DisputeReason::OwnAttestationMissing);
    let unnamed = told(|story| {
        story.closure.phone_attestation = None;
        story.statements.pop();
    });
    assert_eq!(unnamed, missing);
    let never_said = told(|story| story.attestation = None);
    assert_eq!(never_said, missing, "another one in this phone's name");
    let neither = told(|story| {
        story.attestation = None;
        story.closure.phone_attestation = None;
        story.statements.pop();
    });
    assert_eq!(neither, missing, "nobody's attestation is not this phone's");
}

#[test]
fn a_phone_that_had_no_such_token_did_not_close_it_together_with_the_gateway() {
    let absent = |kind| {
        told(|story| {
            let said = story.device_key.sign(&Attestation {
                order: story.order.order,
                nonce: story.order.nonce.clone(),
                tokens: story.order.tokens.clone(),
                outcome: PhoneOutcome::Absent {},
            });
            story.closure.kind = kind;
            story.closure.phone_attestation = content(&said);
            story.statements[1].clone_from(&said);
            story.attestation = Some(said);
        })
    };
    assert_eq!(absent(ClosureKind::TwoSided), Err(DisputeReason::OwnAttestationMissing));
    assert_eq!(
        absent(ClosureKind::Unilateral),
        ONE,
        "control: what it said is what it is called"
    );
}

#[test]
fn the_gateway_alone_names_no_attestation_but_this_phones() {
    assert_eq!(told(Story::one_sided), ONE);
    let named = told(|story| story.closure.kind = ClosureKind::Unilateral);
    assert_eq!(named, ONE, "it came too late to count, and stands there all the same");
    let foreign = told(|story| {
        story.closure.kind = ClosureKind::Unilateral;
        story.attestation = None;
    });
    assert_eq!(foreign, Err(DisputeReason::OwnAttestationMissing));
}

#[test]
fn the_risk_rating_is_refreshed_where_its_epoch_went_on() {
    let epochs = |before, after| {
        told(|story| {
            story.closure.risk_epoch_before = before;
            story.closure.risk_epoch_after = after;
        })
    };
    assert_eq!(epochs(3, 9), BOTH);
    assert_eq!(epochs(3, 3), Err(DisputeReason::RiskNotRefreshed));
    assert_eq!(epochs(4, 3), Err(DisputeReason::RiskNotRefreshed));
}

#[test]
fn a_closure_is_pinned_to_the_policy_of_its_order() {
    assert_eq!(
        told(|story| story.closure.policy = other()),
        Err(DisputeReason::OtherPolicy)
    );
    assert_eq!(told(|story| story.policy = None), Err(DisputeReason::OtherPolicy));
}

#[test]
fn a_statement_of_the_annex_is_an_intent_or_an_attestation_under_this_phones_key() {
    let forged = |place: usize| {
        told(|story| {
            let (said, _) = story.statements[place].rsplit_once('.').unwrap();
            story.statements[place] = format!("{said}.{}", "A".repeat(86));
        })
    };
    assert_eq!(forged(0), Err(DisputeReason::AnnexMismatch));
    assert_eq!(forged(1), Err(DisputeReason::AnnexMismatch));
}

#[test]
fn the_gateways_destruction_is_the_one_that_the_closure_names() {
    let renamed = told(|story| story.other_destroyed = Some(other()));
    assert_eq!(renamed, Err(DisputeReason::DestroyedNotLogged));
}

#[test]
fn a_destruction_of_something_else_or_that_left_something_open_does_not_say_what_it_must() {
    let changes: [fn(&mut DestroyedBody); 8] = [
        |said| said.order = OrderId::from_bytes([9; 16]),
        |said| said.tokens.clear(),
        |said| said.probe.old_root_opens = true,
        |said| said.probe.records_open = true,
        |said| said.probe.key_found = true,
        |said| said.epoch_new = said.epoch_old,
        |said| said.epoch_new = said.epoch_old - 1,
        |said| said.authorization = "approved".to_owned(),
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let said = told(|story| change(&mut story.destroyed));
        assert_eq!(said, Err(DisputeReason::DestroyedMismatch), "change {number}");
    }
    assert_eq!(told(|story| story.destroyed.epoch_new = 70), BOTH, "control");
}

#[test]
fn a_destruction_stands_between_its_order_and_its_closure_but_for_a_clock_that_was_set_right() {
    let [ordered, destroyed, closed] = Story::new().times;
    let logged = |times| told(|story| story.times = times);
    assert_eq!(logged([destroyed + 3_600, destroyed, closed]), BOTH);
    let early = logged([destroyed + 3_601, destroyed, closed]);
    assert_eq!(early, Err(DisputeReason::DestroyedMismatch), "before it was ordered");
    assert_eq!(logged([ordered, closed + 3_600, closed]), BOTH);
    let late = logged([ordered, closed + 3_601, closed]);
    assert_eq!(late, Err(DisputeReason::DestroyedMismatch), "after it was closed");
}
