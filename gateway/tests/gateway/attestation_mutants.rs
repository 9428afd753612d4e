//! Chains that were tampered with: never a panic, and never a better level than the honest chain had.

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use quittance_gateway::attestation::{Expected, Judged, KeyStatement, Refused, Trust, judge};
use quittance_protocol::evidence::EvidenceKey;
use quittance_protocol::log_body::EvidenceLevel;
use quittance_protocol::{PublicKey, Timestamp};

use crate::attestation_vectors::{chain, files, folder, key, stated, time};
use crate::support::forge::{Forge, NOW};
use crate::support::phone::Key;

const CHALLENGE: &[u8] = b"the enrolment's nonce";

/// A chain, what it is asked, what the honest gateway made of it.
struct Sample {
    chain: Vec<Vec<u8>>,
    key: PublicKey,
    challenge: Vec<u8>,
    now: Timestamp,
    trust: Trust,
    level: EvidenceLevel,
}

impl Sample {
    fn new(chain: Vec<Vec<u8>>, key: PublicKey, challenge: Vec<u8>, now: Timestamp, trust: Trust) -> Self {
        let mut sample = Self {
            chain,
            key,
            challenge,
            now,
            trust,
            level: EvidenceLevel::E0,
        };
        sample.level = sample.level(judge, &sample.chain).unwrap_or(EvidenceLevel::E0);
        sample
    }

    fn level(&self, judge: Judge, chain: &[Vec<u8>]) -> Option<EvidenceLevel> {
        let asked = Expected {
            role: EvidenceKey::Device,
            key: &self.key,
            challenge: &self.challenge,
            now: self.now,
        };
        judge(&self.trust, chain, &asked).ok().map(|judged| judged.level())
    }
}

type Judge = fn(&Trust, &[Vec<u8>], &Expected<'_>) -> Result<Judged, Refused>;

/// Chains of this repository's own authority, and all that were published.
fn samples() -> Vec<Sample> {
    let mut samples = vec![forged()];
    let published = folder().map(|folder| files(&folder, "pem")).unwrap_or_default();
    for path in published {
        let chain = chain(&path);
        let key = key(&chain).unwrap_or_else(|| Key::new().public());
        let challenge = stated(&chain).map(|stated| stated.challenge).unwrap_or_default();
        let now = time(&chain);
        samples.push(Sample::new(chain, key, challenge, now, Trust::default()));
    }
    samples
}

fn forged() -> Sample {
    let forge = Forge::new();
    let key = Key::new().public();
    let chain = forge.chain(&key, &forge.plan(EvidenceKey::Device, CHALLENGE));
    let now = Timestamp::from_unix(NOW).unwrap();
    Sample::new(chain, key, CHALLENGE.to_vec(), now, forge.trust())
}

/// One thing that is done to a chain; places are taken modulo what there is.
#[derive(Debug, Clone)]
enum Change {
    Flip {
        certificate: usize,
        bit: usize,
    },
    Cut {
        certificate: usize,
        at: usize,
    },
    Put {
        certificate: usize,
        at: usize,
        bytes: Vec<u8>,
    },
    Over {
        certificate: usize,
        at: usize,
        bytes: Vec<u8>,
    },
    Swap {
        one: usize,
        other: usize,
    },
    Drop {
        certificate: usize,
    },
    Again {
        certificate: usize,
        at: usize,
    },
    Foreign {
        certificate: usize,
        sample: usize,
        from: usize,
    },
    Random {
        certificate: usize,
        bytes: Vec<u8>,
    },
}

fn change() -> impl Strategy<Value = Change> {
    use proptest::collection::vec;
    let place = any::<usize>;
    prop_oneof![
        4 => (place(), place()).prop_map(|(certificate, bit)| Change::Flip { certificate, bit }),
        2 => (place(), place()).prop_map(|(certificate, at)| Change::Cut { certificate, at }),
        2 => (place(), place(), vec(any::<u8>(), 1..40))
            .prop_map(|(certificate, at, bytes)| Change::Put { certificate, at, bytes }),
        2 => (place(), place(), vec(any::<u8>(), 1..40))
            .prop_map(|(certificate, at, bytes)| Change::Over { certificate, at, bytes }),
        1 => (place(), place()).prop_map(|(one, other)| Change::Swap { one, other }),
        1 => place().prop_map(|certificate| Change::Drop { certificate }),
        1 => (place(), place()).prop_map(|(certificate, at)| Change::Again { certificate, at }),
        2 => (place(), place(), place())
            .prop_map(|(certificate, sample, from)| Change::Foreign { certificate, sample, from }),
        1 => (place(), vec(any::<u8>(), 0..2000)).prop_map(|(certificate, bytes)| Change::Random { certificate, bytes }),
    ]
}

fn apply(chain: &mut Vec<Vec<u8>>, change: Change, samples: &[Sample]) {
    let count = chain.len();
    if count == 0 {
        return;
    }
    match change {
        Change::Flip { certificate, bit } => {
            let der = &mut chain[certificate % count];
            if !der.is_empty() {
                let bit = bit % (der.len() * 8);
                der[bit / 8] ^= 1 << (bit % 8);
            }
        }
        Change::Cut { certificate, at } => {
            let der = &mut chain[certificate % count];
            der.truncate(at % (der.len() + 1));
        }
        Change::Put { certificate, at, bytes } => {
            let der = &mut chain[certificate % count];
            let at = at % (der.len() + 1);
            der.splice(at..at, bytes);
        }
        Change::Over { certificate, at, bytes } => {
            let der = &mut chain[certificate % count];
            let at = at % (der.len() + 1);
            let end = (at + bytes.len()).min(der.len());
            der.splice(at..end, bytes);
        }
        Change::Swap { one, other } => chain.swap(one % count, other % count),
        Change::Drop { certificate } => {
            chain.remove(certificate % count);
        }
        Change::Again { certificate, at } => {
            let der = chain[certificate % count].clone();
            chain.insert(at % (count + 1), der);
        }
        Change::Foreign {
            certificate,
            sample,
            from,
        } => {
            let foreign = &samples[sample % samples.len()].chain;
            chain[certificate % count] = foreign[from % foreign.len()].clone();
        }
        Change::Random { certificate, bytes } => chain[certificate % count] = bytes,
    }
}

/// Whether the judge stays at or below the honest level, and below the highest for a chain that is not the honest one.
fn keeps(judge: Judge, sample: &Sample, chain: &[Vec<u8>]) -> Result<(), TestCaseError> {
    let level = sample.level(judge, chain).unwrap_or(EvidenceLevel::E0);
    prop_assert!(
        level <= sample.level,
        "{level:?} of a mutant, {:?} of the chain",
        sample.level
    );
    prop_assert!(
        chain == sample.chain || level < EvidenceLevel::E2,
        "a mutant got the highest level"
    );
    Ok(())
}

fn run(judge: Judge, cases: u32) -> Result<(), String> {
    let samples = samples();
    let seed = TestRng::from_seed(RngAlgorithm::ChaCha, &[29; 32]);
    let config = Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    };
    let strategy = (any::<usize>(), proptest::collection::vec(change(), 1..4));
    let tried = TestRunner::new_with_rng(config, seed).run(&strategy, |(which, changes)| {
        let sample = &samples[which % samples.len()];
        let mut chain = sample.chain.clone();
        for change in changes {
            apply(&mut chain, change, &samples);
        }
        keeps(judge, sample, &chain)
    });
    tried.map_err(|error| error.to_string())
}

#[test]
fn no_random_mutant_panics_or_is_worth_more() {
    run(judge, 6_000).unwrap();
}

/// Believes what the leaf states, whoever signed it.
fn believing(_: &Trust, chain: &[Vec<u8>], _: &Expected<'_>) -> Result<Judged, Refused> {
    let found = chain.first().and_then(|_| stated(chain).ok());
    Ok(Judged {
        reasons: if found.is_some() {
            vec![]
        } else {
            vec![quittance_protocol::evidence::EvidenceReason::NoChain]
        },
        found: None,
    })
}

#[test]
fn control_a_gateway_that_checks_no_signature_is_caught() {
    let sample = forged();
    let mut chain = sample.chain.clone();
    let last = chain[0].len() - 4;
    chain[0][last] ^= 1;
    keeps(believing, &sample, &chain).unwrap_err();
    keeps(judge, &sample, &chain).unwrap();
    run(believing, 6_000).unwrap_err();
}

#[test]
fn no_flipped_byte_and_no_cut_of_a_good_chain_keeps_its_level() {
    let sample = forged();
    assert_eq!(sample.level, EvidenceLevel::E2);
    for place in 0..sample.chain.len() {
        for at in 0..sample.chain[place].len() {
            let mut flipped = sample.chain.clone();
            flipped[place][at] ^= 1 << (at % 8);
            keeps(judge, &sample, &flipped).unwrap();
            let mut cut = sample.chain.clone();
            cut[place].truncate(at);
            keeps(judge, &sample, &cut).unwrap();
        }
    }
}

#[test]
fn no_statement_however_damaged_panics() {
    let forge = Forge::new();
    let key = Key::new().public();
    let mut statements = Vec::new();
    let plan = forge.plan(EvidenceKey::Device, CHALLENGE);
    statements.push(raw(&forge.chain(&key, &plan)));
    let published = folder().map(|folder| files(&folder, "pem")).unwrap_or_default();
    statements.extend(published.iter().map(|path| raw(&chain(path))));
    let mut read = 0_u32;
    for statement in &statements {
        for bit in 0..statement.len() * 8 {
            let mut flipped = statement.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            read += u32::from(KeyStatement::read(&flipped).is_ok());
            KeyStatement::read(&statement[..bit / 8]).unwrap_err();
        }
    }
    assert!(read > 0, "a flip in a challenge is read");
}

/// The extension's bytes of a chain's leaf.
fn raw(chain: &[Vec<u8>]) -> Vec<u8> {
    use x509_cert::der::Decode as _;
    let leaf = x509_cert::Certificate::from_der(&chain[0]).unwrap();
    let mut extensions = leaf.tbs_certificate().extensions().unwrap().iter();
    let found = extensions.find(|it| it.extn_id.to_string() == "1.3.6.1.4.1.11129.2.1.17");
    found.unwrap().extn_value.as_bytes().to_vec()
}
