//! Feeds one kind of input to its judge, guided by what the judge's code does with it.
//!
//! libFuzzer's own arguments follow; the environment variable `QUITTANCE_FUZZ_TARGET` names the kind.
#![no_main]
#![expect(missing_docs, reason = "the macro's own items")]
#![expect(unsafe_code, reason = "libFuzzer calls an exported symbol")]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use quittance_fuzz::world::WORLD;
use quittance_fuzz::{TARGETS, Target, named};

static TARGET: LazyLock<&Target> = LazyLock::new(|| {
    let name = std::env::var("QUITTANCE_FUZZ_TARGET").unwrap_or_default();
    named(&name).unwrap_or_else(|| {
        let names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
        eprintln!("set QUITTANCE_FUZZ_TARGET to one of {}", names.join(", "));
        std::process::exit(2)
    })
});

fuzz_target!(|bytes: &[u8]| {
    (TARGET.judge)(&WORLD, bytes);
});
