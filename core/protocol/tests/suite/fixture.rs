//! Keys, clocks, logs that the tests share; all of them fixed.

use std::cell::RefCell;
use std::collections::HashMap;

use quittance_protocol::ed25519::SigningKey;
use quittance_protocol::id::StatementId;
use quittance_protocol::log::merkle::{self, Hash};
use quittance_protocol::log::{Checkpoint, NoteSigner, TlogProof};
use quittance_protocol::{Claims, Currency, Money, PublicKey, Statement, Timestamp, Unsigned};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use zeroize::Zeroizing;

pub(crate) const AUDIENCE: &str = "https://pay.example";

pub(crate) fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn money(minor: i64, currency: &str) -> Money {
    Money::new(minor, Currency::new(currency).unwrap()).unwrap()
}

pub(crate) fn claims(seq: Option<u64>) -> Claims {
    Claims {
        aud: AUDIENCE.to_owned(),
        iat: time("2026-11-22T06:30:00Z"),
        jti: StatementId::from_bytes([9; 16]),
        seq,
    }
}

pub(crate) fn software_key(number: u8) -> SigningKey {
    SigningKey::from_seed(&Zeroizing::new([number; 32])).unwrap()
}

/// A phone's hardware key as these tests need it: it signs, in both forms.
pub(crate) struct PhoneKey {
    fixed: EcdsaKeyPair,
    der: EcdsaKeyPair,
    pub(crate) public: PublicKey,
}

impl PhoneKey {
    pub(crate) fn new() -> Self {
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let fixed = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random).unwrap();
        let der = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, document.as_ref(), &random).unwrap();
        let public = PublicKey::p256_from_sec1(fixed.public_key().as_ref()).unwrap();
        Self { fixed, der, public }
    }

    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.fixed
            .sign(&SystemRandom::new(), message)
            .unwrap()
            .as_ref()
            .try_into()
            .unwrap()
    }

    pub(crate) fn sign_der(&self, message: &[u8]) -> Vec<u8> {
        self.der.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec()
    }

    pub(crate) fn state<T: Statement>(&self, seq: u64, body: &T) -> String {
        let unsigned = Unsigned::new(&self.public.thumbprint(), &claims(Some(seq)), body).unwrap();
        unsigned.with_signature(&self.sign(unsigned.signing_input()))
    }
}

/// A whole log in memory.
pub(crate) struct Log {
    pub(crate) signer: NoteSigner,
    hashes: RefCell<HashMap<(u8, u64), Hash>>,
    size: RefCell<u64>,
}

impl Log {
    pub(crate) fn new(seed: u8) -> Self {
        Self::named("pay.example/log", seed)
    }

    pub(crate) fn named(name: &str, seed: u8) -> Self {
        let signer = NoteSigner::new(name, &Zeroizing::new([seed; 32])).unwrap();
        Self {
            signer,
            hashes: RefCell::default(),
            size: RefCell::new(0),
        }
    }

    pub(crate) fn hash(&self, level: u8, index: u64) -> Option<Hash> {
        self.hashes.borrow().get(&(level, index)).copied()
    }

    pub(crate) fn size(&self) -> u64 {
        *self.size.borrow()
    }

    pub(crate) fn append(&self, entry: &[u8]) -> u64 {
        let index = self.size();
        let written = merkle::append(merkle::leaf_hash(entry), index, &|l, i| self.hash(l, i)).unwrap();
        self.hashes
            .borrow_mut()
            .extend(written.iter().map(|stored| ((stored.level, stored.index), stored.hash)));
        *self.size.borrow_mut() += 1;
        index
    }

    pub(crate) fn checkpoint(&self, size: u64) -> Checkpoint {
        let root = merkle::root(size, &|l, i| self.hash(l, i)).unwrap();
        Checkpoint::sign(&self.signer, size, root).unwrap()
    }

    pub(crate) fn consistency(&self, from: u64, to: u64) -> Vec<Hash> {
        merkle::consistency_proof(from, to, &|l, i| self.hash(l, i)).unwrap()
    }

    pub(crate) fn prove(&self, index: u64, entry: &[u8]) -> String {
        let size = self.size();
        TlogProof {
            extra: Some(entry.to_vec()),
            index,
            hashes: merkle::inclusion_proof(index, size, &|l, i| self.hash(l, i)).unwrap(),
            checkpoint: self.checkpoint(size).note().to_owned(),
        }
        .to_string()
    }
}
