//! The corpus is judged as the fuzzer judges it: nothing panics, and each judge tells genuine from almost genuine.

use std::fs;
use std::path::Path;

use quittance_fuzz::{TARGETS, Verdict};

#[test]
fn each_kind_of_input_is_judged_and_its_judge_can_say_both() {
    for target in TARGETS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target.name);
        let verdicts: Vec<Verdict> = fs::read_dir(&folder)
            .unwrap_or_else(|error| panic!("{}: {error}", target.name))
            .map(|seed| (target.judge)(&fs::read(seed.unwrap().path()).unwrap()))
            .collect();
        for verdict in [Verdict::Accepted, Verdict::Refused] {
            assert!(verdicts.contains(&verdict), "{}: no seed is {verdict:?}", target.name);
        }
    }
}

#[test]
fn every_folder_of_the_corpus_has_a_judge() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    for entry in fs::read_dir(corpus).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() {
            let name = entry.file_name().into_string().unwrap();
            assert!(quittance_fuzz::named(&name).is_some(), "{name} is judged by nobody");
        }
    }
}
