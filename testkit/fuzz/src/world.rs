//! The keys and the genuine texts that inputs are judged against; all of it fixed, unless a control plants something else.

use std::collections::HashMap;
use std::sync::LazyLock;

use quittance_flows::policy::{Policy, SANDBOX_AUTHOR_SEED};
use quittance_protocol::ed25519::SigningKey;
use quittance_protocol::id::StatementId;
use quittance_protocol::jws::Statement;
use quittance_protocol::log::merkle::{self, Hash};
use quittance_protocol::log::{Checkpoint, Entry, EntryKind, NoteSigner, TlogProof, tiles};
use quittance_protocol::log_body::{ClosureBody, ClosureKind, EvidenceLevel, TerminationCause};
use quittance_protocol::statement::{Charge, Limits, MandateKind, Offer, Permit, PermitAmount, Terms};
use quittance_protocol::{
    Annex, B64, Claims, Currency, Digest32, MandateId, MerchantId, Money, OfferId, OrderId, Problem, Receipt, Received,
    Timestamp, TokenId, Unsigned,
};
use quittance_wallet::{OfferView, VouchRequest};
use zeroize::Zeroizing;

use crate::{attestation, vault_record};

/// Whom every statement is for.
pub const AUDIENCE: &str = "https://pay.example";

/// When everything is stated, in seconds since 1970.
const NOW: i64 = 1_795_000_000;

/// Hides the closure's body.
const SALT: [u8; 32] = [6; 32];

/// The one bundle that the author signed.
const BUNDLE: &str = include_str!("../corpus/policy-bundle/signed");

/// How what was read is written again.
pub struct Writes {
    /// A gateway's refusal.
    pub problem: fn(&Problem) -> Vec<u8>,
    /// A bundle of an author, as text.
    pub policy: fn(&Policy) -> String,
    /// The code that a contact scans.
    pub vouch_code: fn(&VouchRequest) -> String,
    /// Entries of a log, as it serves them.
    pub entries: fn(&[Vec<u8>]) -> Option<Vec<u8>>,
}

/// What was signed in this world, and who signed it.
pub struct World {
    /// Signs offers, charges, permits; the fuzzer does not know it.
    pub key: SigningKey,
    /// Signs the log.
    pub log: NoteSigner,
    /// The log's entries, in their order.
    pub entries: Vec<Vec<u8>>,
    /// The one checkpoint that the log ever signed.
    pub checkpoint: Checkpoint,
    /// The closure's receipt.
    pub receipt: Receipt,
    /// What opens it.
    pub annex: Annex,
    /// The statements that `key` signed, compact.
    pub statements: Vec<String>,
    /// The bundle that the author signed, compact.
    pub bundle: String,
    /// What the authority of attestations signed of its one leaf.
    pub leaf: Vec<u8>,
    /// What stands in the vault.
    pub secret: &'static [u8],
    /// How a wallet reads an offer that nobody has checked.
    pub reads_offer: fn(&str) -> Option<OfferView>,
    /// How what was read is written again.
    pub writes: Writes,
}

/// The world; made once in a process.
pub static WORLD: LazyLock<World> = LazyLock::new(World::new);

impl World {
    /// Makes it anew, the same each time.
    ///
    /// # Panics
    /// Where something of it cannot be made, which all of it can.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "there is one world; the others are controls")]
    pub fn new() -> Self {
        let key = SigningKey::from_seed(&Zeroizing::new([1; 32])).unwrap();
        let log = NoteSigner::new("pay.example/log", &Zeroizing::new([2; 32])).unwrap();
        let statements = vec![
            state(&key, AUDIENCE, &offer()),
            state(&key, AUDIENCE, &charge()),
            state(&key, AUDIENCE, &permit()),
        ];
        let (entries, annex) = entries(&statements);
        let (checkpoint, receipt) = prove(&log, &entries);
        Self {
            key,
            log,
            entries,
            checkpoint,
            receipt,
            annex,
            statements,
            bundle: BUNDLE.to_owned(),
            leaf: attestation::genuine_leaf(),
            secret: vault_record::SECRET,
            reads_offer: |text| OfferView::read(text).ok(),
            writes: Writes {
                problem: |problem| serde_json::to_vec(problem).unwrap(),
                policy: |policy| serde_json::to_string(policy).unwrap(),
                vouch_code: VouchRequest::to_string,
                entries: |entries| tiles::bundle(entries.iter().map(Vec::as_slice)).ok(),
            },
        }
    }

    /// Whether somebody of this world said it.
    #[must_use]
    pub fn said(&self, content: Digest32) -> bool {
        self.statements
            .iter()
            .any(|statement| Received::parse(statement).is_ok_and(|genuine| genuine.content() == content))
    }
}

/// Of every statement in this world.
#[must_use]
pub fn claims<T: Statement>(audience: &str) -> Claims {
    Claims {
        aud: audience.to_owned(),
        iat: moment(0),
        jti: StatementId::from_bytes([9; 16]),
        seq: T::SEQUENCED.then_some(1),
    }
}

/// The author of bundles.
#[must_use]
pub fn author() -> SigningKey {
    SigningKey::from_seed(&Zeroizing::new(SANDBOX_AUTHOR_SEED)).unwrap()
}

/// The statement, signed and compact.
///
/// # Panics
/// Where the statement cannot be written, which none of this world is.
#[must_use]
pub fn state<T: Statement>(key: &SigningKey, audience: &str, body: &T) -> String {
    let unsigned = Unsigned::new(&key.public_key().thumbprint(), &claims::<T>(audience), body).unwrap();
    unsigned.with_signature(&key.sign(unsigned.signing_input()))
}

fn moment(later: i64) -> Timestamp {
    Timestamp::from_unix(NOW.saturating_add(later)).unwrap()
}

fn cny(minor: i64) -> Money {
    Money::new(minor, Currency::new("CNY").unwrap()).unwrap()
}

fn offer() -> Offer {
    Offer {
        offer: OfferId::from_bytes([2; 16]),
        merchant: MerchantId::from_bytes([3; 16]),
        terms: Terms::new(
            "Bluebird",
            "Rides",
            MandateKind::PayAsYouGo,
            Limits::new(cny(5_000), cny(50_000), 30),
        ),
        expires_at: moment(86_400),
    }
}

fn charge() -> Charge {
    Charge {
        mandate: MandateId::from_bytes([4; 16]),
        amount: cny(1_200),
        reference: "ride 7".to_owned(),
        permit: None,
    }
}

fn permit() -> Permit {
    Permit {
        token: TokenId::from_bytes([5; 16]),
        payee: MerchantId::from_bytes([3; 16]),
        amount: PermitAmount::AtMost(cny(5_000)),
        not_before: moment(0),
        not_after: moment(86_400),
        challenge: None,
    }
}

/// Five entries, the last of them the closure that the annex opens.
fn entries(statements: &[String]) -> (Vec<Vec<u8>>, Annex) {
    let intent = statements.first().unwrap();
    let body = ClosureBody {
        order: OrderId::from_bytes([4; 16]),
        kind: ClosureKind::TwoSided,
        mandates: vec![MandateId::from_bytes([4; 16])],
        tokens: vec![Digest32::of(b"token")],
        cause: TerminationCause::Payer,
        nonce: B64::new([8; 16]),
        intent: Some(Received::parse(intent).unwrap().content()),
        phone_attestation: None,
        gateway_attestation: Digest32::of(b"destroyed entry"),
        evidence_level: EvidenceLevel::E0,
        risk_epoch_before: 1,
        risk_epoch_after: 2,
        policy: Digest32::of(b"policy"),
        effective_at: moment(0),
    };
    let body = serde_json::to_vec(&body).unwrap();
    let kinds = [
        EntryKind::Order,
        EntryKind::Destroyed,
        EntryKind::Order,
        EntryKind::Destroyed,
    ];
    let mut entries: Vec<Vec<u8>> = kinds
        .iter()
        .map(|kind| Entry::commit(*kind, moment(0), &SALT, b"{}").to_bytes())
        .collect();
    entries.push(Entry::commit(EntryKind::Closure, moment(1), &SALT, &body).to_bytes());
    let annex = Annex {
        salt: B64::new(SALT),
        body: B64::new(body),
        statements: vec![intent.clone()],
    };
    (entries, annex)
}

/// The log's checkpoint over all entries, with the receipt of the last.
fn prove(log: &NoteSigner, entries: &[Vec<u8>]) -> (Checkpoint, Receipt) {
    let mut hashes: HashMap<(u8, u64), Hash> = HashMap::new();
    let mut size = 0;
    for entry in entries {
        let stored = merkle::append(merkle::leaf_hash(entry), size, &|level, index| {
            hashes.get(&(level, index)).copied()
        })
        .unwrap();
        hashes.extend(stored.iter().map(|stored| ((stored.level, stored.index), stored.hash)));
        size += 1;
    }
    let read = |level, index| hashes.get(&(level, index)).copied();
    let checkpoint = Checkpoint::sign(log, size, merkle::root(size, &read).unwrap()).unwrap();
    let proof = TlogProof {
        extra: entries.last().cloned(),
        index: size - 1,
        hashes: merkle::inclusion_proof(size - 1, size, &read).unwrap(),
        checkpoint: checkpoint.note().to_owned(),
    };
    let receipt = Receipt::parse(proof.to_string().as_bytes()).unwrap();
    (checkpoint, receipt)
}
