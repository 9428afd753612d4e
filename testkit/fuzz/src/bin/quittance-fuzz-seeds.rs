//! Writes the seeds of the fuzzer into its corpus: genuine inputs of every kind, each beside one that is cut short.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use forge::Forge;
use quittance_flows::policy::{BUNDLE_AUDIENCE, DEFAULT_BUNDLE, Policy, PolicyBundle};
use quittance_fuzz::CHALLENGE;
use quittance_fuzz::world::{AUDIENCE, WORLD, author, claims, state};
use quittance_protocol::evidence::EvidenceKey;
use quittance_protocol::log::tiles;
use quittance_protocol::problem::Code;
use quittance_protocol::statement::Enrolment;
use quittance_protocol::{AccountId, B64, FlowId, Problem, PublicKey, Unsigned};
use quittance_wallet::VouchRequest;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};

#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "written for tests")]
#[path = "../../../../gateway/tests/gateway/support/der.rs"]
mod der;
#[expect(dead_code, reason = "the gateway's tests forge more than one good chain")]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "written for tests")]
#[path = "../../../../gateway/tests/gateway/support/forge.rs"]
mod forge;

/// What a whole day has in seconds; the authority counts in it.
const DAY: i64 = 86_400;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<()> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    seed(&corpus, "tlog-proof", "receipt", WORLD.receipt.as_bytes())?;
    seed(
        &corpus,
        "checkpoint",
        "five-entries",
        WORLD.checkpoint.note().as_bytes(),
    )?;
    seed(&corpus, "annex", "closure", &serde_json::to_vec(&WORLD.annex)?)?;
    let bundle = tiles::bundle(WORLD.entries.iter().map(Vec::as_slice)).map_err(|_| "an entry is too long")?;
    seed(&corpus, "entry-bundle", "five-entries", &bundle)?;
    seed(&corpus, "policy-bundle", "text", DEFAULT_BUNDLE.as_bytes())?;
    seed(&corpus, "policy-bundle", "signed", signed_bundle()?.as_bytes())?;
    for (name, statement) in ["offer", "charge", "permit"].iter().zip(&WORLD.statements) {
        seed(&corpus, "statement", name, statement.as_bytes())?;
        if *name == "offer" {
            seed(&corpus, "offer", name, statement.as_bytes())?;
        }
    }
    seed(&corpus, "statement", "enrolment", enrolment()?.as_bytes())?;
    let problem = Problem::new(Code::TooLarge)
        .at("/amount/minor")
        .detail("send less")
        .next("receipt", "rcp_1");
    seed(&corpus, "problem", "too-large", &serde_json::to_vec(&problem)?)?;
    let code = VouchRequest {
        flow: FlowId::from_bytes([1; 16]),
        requester: AccountId::from_bytes([2; 16]),
        purpose: "recovery.trusted_contacts".to_owned(),
    };
    seed(&corpus, "vouch-code", "contacts", code.to_string().as_bytes())?;
    seed(
        &corpus,
        "vouch-code",
        "twice",
        format!("{code}&purpose=again").as_bytes(),
    )?;
    for (place, name) in ["record", "node", "journal", "header", "journal-keys"]
        .iter()
        .enumerate()
    {
        seed(
            &corpus,
            "vault-record",
            name,
            &[u8::try_from(place)?, 0, 0, 0, 0, 0, 0, 0, 4],
        )?;
    }
    chain(&corpus)
}

/// The shipped bundle, by the sandbox's author.
fn signed_bundle() -> Result<String> {
    let policy = Policy::load(DEFAULT_BUNDLE)?;
    Ok(state(&author(), BUNDLE_AUDIENCE, &PolicyBundle { policy }))
}

/// Writes an input, with itself cut short by five bytes beside it.
fn seed(corpus: &Path, target: &str, name: &str, bytes: &[u8]) -> io::Result<()> {
    let folder: PathBuf = corpus.join(target);
    fs::create_dir_all(&folder)?;
    fs::write(folder.join(name), bytes)?;
    let cut = bytes.get(..bytes.len().saturating_sub(5)).unwrap_or_default();
    fs::write(folder.join(format!("{name}-cut")), cut)
}

/// A phone introduces itself with software keys.
fn enrolment() -> Result<String> {
    let pair = pair()?;
    let key = PublicKey::p256_from_sec1(pair.public_key().as_ref())?;
    let body = Enrolment {
        nonce: B64::new([7; 16]),
        device_key: key,
        biometric_key: PublicKey::p256_from_sec1(self::pair()?.public_key().as_ref())?,
        passcode_key: None,
        attestation: Vec::new(),
        biometric_attestation: Vec::new(),
        passcode_attestation: Vec::new(),
    };
    let unsigned = Unsigned::new(&key.thumbprint(), &claims::<Enrolment>(AUDIENCE), &body)?;
    let signature = pair
        .sign(&SystemRandom::new(), unsigned.signing_input())
        .map_err(|_| "the key does not sign")?;
    Ok(unsigned.with_signature(signature.as_ref().try_into()?))
}

fn pair() -> Result<EcdsaKeyPair> {
    let (kind, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
    let document = EcdsaKeyPair::generate_pkcs8(kind, &random).map_err(|_| "no key was made")?;
    Ok(EcdsaKeyPair::from_pkcs8(kind, document.as_ref(), &random).map_err(|_| "the key is not read")?)
}

/// A chain of an authority that is forgotten when this ends: nobody can issue another.
fn chain(corpus: &Path) -> Result<()> {
    let forge = Forge::new();
    let point = pair()?.public_key().as_ref().to_vec();
    let key = PublicKey::p256_from_sec1(&point)?;
    let chain = forge.chain(&key, &forge.plan(EvidenceKey::Device, CHALLENGE));
    fs::write(corpus.join("attestation-key.sec1"), point)?;
    fs::write(corpus.join("attestation-root.pem"), forge.root_pem())?;
    Ok(seed(corpus, "attestation-chain", "genuine", &chain.concat())?)
}
