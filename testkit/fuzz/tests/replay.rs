//! The corpus is judged as the fuzzer judges it: nothing panics, and each judge tells genuine from almost genuine.
#![cfg(test)]

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use quittance_fuzz::world::{WORLD, World};
use quittance_fuzz::{TARGETS, Verdict};
use quittance_protocol::log::Checkpoint;
use quittance_wallet::OfferView;

/// Seeds of one kind, without their folder.
fn corpus(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name)
}

#[test]
fn each_kind_of_input_is_judged_and_its_judge_can_say_both() {
    for target in TARGETS {
        let verdicts: Vec<Verdict> = fs::read_dir(corpus(target.name))
            .unwrap_or_else(|error| panic!("{}: {error}", target.name))
            .map(|seed| (target.judge)(&WORLD, &fs::read(seed.unwrap().path()).unwrap()))
            .collect();
        for verdict in [Verdict::Accepted, Verdict::Refused] {
            assert!(verdicts.contains(&verdict), "{}: no seed is {verdict:?}", target.name);
        }
    }
}

#[test]
fn every_folder_of_the_corpus_has_a_judge() {
    for entry in fs::read_dir(corpus("")).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() {
            let name = entry.file_name().into_string().unwrap();
            assert!(quittance_fuzz::named(&name).is_some(), "{name} is judged by nobody");
        }
    }
}

/// An acceptance that nobody should see: a genuine seed, in a world where it is none.
struct Planted {
    target: &'static str,
    seed: &'static str,
    /// What the world lacks, or reads and writes otherwise.
    plant: fn(&mut World),
    /// What its judge says of it.
    finding: &'static str,
}

const PLANTED: &[Planted] = &[
    Planted {
        target: "statement",
        seed: "charge",
        plant: |world| world.statements.clear(),
        finding: "nobody said this",
    },
    Planted {
        target: "offer",
        seed: "offer",
        plant: |world| {
            world.reads_offer = |text| {
                let mut view = OfferView::read(text).ok()?;
                view.terms.merchant_name.push('*');
                Some(view)
            };
        },
        finding: "an offer's words are the merchant's own",
    },
    Planted {
        target: "problem",
        seed: "too-large",
        plant: |world| world.writes.problem = |problem| serde_json::to_vec(&problem.code().name()).unwrap(),
        finding: "a problem survives being passed on",
    },
    Planted {
        target: "tlog-proof",
        seed: "receipt",
        plant: |world| drop(world.entries.pop()),
        finding: "the log never had this entry",
    },
    Planted {
        target: "checkpoint",
        seed: "five-entries",
        plant: |world| {
            let size = world.checkpoint.size();
            world.checkpoint = Checkpoint::sign(&world.log, size, [7; 32]).unwrap();
        },
        finding: "the log never signed this root",
    },
    Planted {
        target: "annex",
        seed: "closure",
        plant: |world| world.statements.clear(),
        finding: "the body names no such statement",
    },
    Planted {
        target: "entry-bundle",
        seed: "five-entries",
        plant: |world| world.writes.entries = |entries| entries.first().cloned(),
        finding: "a bundle has one form",
    },
    Planted {
        target: "policy-bundle",
        seed: "signed",
        plant: |world| world.bundle = world.statements[0].clone(),
        finding: "the author never signed this",
    },
    Planted {
        target: "policy-bundle",
        seed: "text",
        plant: |world| world.writes.policy = |_| String::new(),
        finding: "a bundle survives being signed",
    },
    Planted {
        target: "vault-record",
        seed: "record-cut",
        plant: |world| world.secret = b"the half of another token",
        finding: "a record opens to another secret",
    },
    Planted {
        target: "attestation-chain",
        seed: "genuine",
        plant: |world| world.leaf.clear(),
        finding: "the authority never issued this leaf",
    },
    Planted {
        target: "vouch-code",
        seed: "contacts",
        plant: |world| world.writes.vouch_code = |request| request.purpose.clone(),
        finding: "a code survives being shown",
    },
];

#[test]
fn control_each_judge_finds_what_it_should_not_have_accepted() {
    for target in TARGETS {
        let planted: Vec<&Planted> = PLANTED.iter().filter(|planted| planted.target == target.name).collect();
        assert!(!planted.is_empty(), "{}: nothing is planted", target.name);
        for Planted {
            seed, plant, finding, ..
        } in planted
        {
            let bytes = fs::read(corpus(target.name).join(seed)).unwrap();
            let mut world = World::new();
            assert_eq!(
                (target.judge)(&world, &bytes),
                Verdict::Accepted,
                "{} {seed}",
                target.name
            );
            plant(&mut world);
            let found = catch_unwind(AssertUnwindSafe(|| (target.judge)(&world, &bytes)));
            let Err(said) = found else {
                panic!("{} {seed}: nobody found it: {finding}", target.name);
            };
            let text = said.downcast_ref::<String>().map(String::as_str);
            let said = text
                .or_else(|| said.downcast_ref::<&str>().copied())
                .unwrap_or_default();
            assert!(said.contains(finding), "{} {seed}: {said}", target.name);
        }
    }
}
