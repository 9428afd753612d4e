//! What runs for as long as it is told to, and looks for what the tests did not.
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::{Args, Subcommand};

use crate::files;
use crate::mutants::{self, Mutants};
use crate::run::{Outcome, Workspace, host, run};

/// What to soak.
#[derive(Debug, Subcommand)]
pub(crate) enum Soak {
    /// Feeds every reader of strangers' bytes with inputs that libFuzzer makes up; needs a C++ compiler.
    Fuzz(Fuzz),
    /// Kills each side before every step of every operation, strikes each recovery that differs again wherever it left something
    /// else, and lets the disk fail in each way, and the power go, at every step.
    Crash(Crash),
    /// Looks at what a vault finds after its machine lost power, in many states of the disk.
    PowerLoss(PowerLoss),
    /// Guesses at every secret whose tries a gateway or a phone counts, in random sequences.
    Guess(Guess),
    /// Changes the code that promises rest on, place by place: a test has to fail for each change.
    Mutants(Mutants),
}

/// Of what.
#[derive(Debug, Args)]
pub(crate) struct Crash {
    /// Operations (sign, permit, charge, lock, undo, revoke, batch), sides (phone, gateway), or some of each; all where none
    /// is named.
    of: Vec<String>,
    /// A part of the recoveries, such as 3/8, so that machines or days can share them.
    #[arg(long, default_value = "1/1")]
    part: String,
    /// Only kills strike the recoveries: the errors of the disk, which are most of the pairs, are left out.
    #[arg(long)]
    kills_only: bool,
    /// Also strikes where what was left before is what an earlier blow found: many times as many pairs.
    #[arg(long)]
    alike: bool,
}

/// How many.
#[derive(Debug, Args)]
pub(crate) struct PowerLoss {
    /// How many states.
    #[arg(long, default_value_t = 10_000_000)]
    states: u64,
}

/// How often.
#[derive(Debug, Args)]
pub(crate) struct Guess {
    /// How many sequences against each counter.
    #[arg(long, default_value_t = 10_000)]
    sequences: u32,
}

/// How long, and what.
#[derive(Debug, Args)]
pub(crate) struct Fuzz {
    /// How many seconds for each kind of input.
    #[arg(long, default_value_t = 600)]
    seconds: u32,
    /// The kinds; every one where none is named.
    kinds: Vec<String>,
}

/// Coverage as libFuzzer reads it, which the stable compiler can write.
const COVERAGE: &[&str] = &[
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Cllvm-args=-simplifycfg-branch-fold-threshold=0",
    "-Ccodegen-units=1",
    "-Cdebug-assertions=yes",
    "-Coverflow-checks=yes",
];

/// Soaks; a finding is a failure.
pub(crate) fn soak(workspace: &Workspace, soak: &Soak) -> Outcome {
    match soak {
        Soak::Fuzz(fuzz) => self::fuzz(workspace, fuzz),
        // Optimised, the programs that are killed as well: each run starts them anew, and a phone stretches its PIN.
        Soak::Crash(crash) => run(workspace
            .cargo(&["test", "--profile", "soak", "-p", "quittance-testkit", "--test", "kill"])
            .args(["_any_step_", "--", "--nocapture"])
            .env("QUITTANCE_PROFILE", "soak")
            .env("QUITTANCE_CRASHES", "all")
            .env("QUITTANCE_CRASHES_OF", crash.of.join(","))
            .env("QUITTANCE_CRASHES_PART", &crash.part)
            .envs(crash.kills_only.then_some(("QUITTANCE_CRASHES_AGAIN", "kills")))
            .envs(crash.alike.then_some(("QUITTANCE_CRASHES_ALIKE", "yes")))),
        // Optimised: this is arithmetic and SQLite, nothing of it waits.
        Soak::PowerLoss(power_loss) => run(workspace
            .cargo(&[
                "test",
                "--release",
                "-p",
                "quittance-disk",
                "whenever_the_power_goes",
                "--",
                "--nocapture",
            ])
            .env("QUITTANCE_POWER_LOSSES", power_loss.states.to_string())),
        Soak::Guess(guess) => self::guess(workspace, guess),
        Soak::Mutants(asked) => mutants::mutants(workspace, asked),
    }
}

/// Has a program keep its files in memory, where Linux has a place for them.
pub(crate) fn in_memory(program: &mut Command) -> &mut Command {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() {
        program.env("TMPDIR", memory);
    }
    program
}

fn guess(workspace: &Workspace, guess: &Guess) -> Outcome {
    // The gateway's is optimised. Building the phone's so, with all programs that stand beside it, takes longer than it spares.
    let gateway: &[&str] = &["-p", "quittance-gateway", "--test", "gateway", "--release", "guesses::"];
    let phone: &[&str] = &["-p", "quittance-testkit", "--test", "tries"];
    for tests in [gateway, phone] {
        let mut cargo = workspace.cargo(&["test"]);
        cargo
            .args(tests)
            .args(["--", "--nocapture", "--skip", "control"])
            .env("QUITTANCE_GUESSES", guess.sequences.to_string());
        // What is looked for needs no real disk, and thousands of restarts would wait for one.
        run(in_memory(&mut cargo))?;
    }
    Ok(())
}

fn fuzz(workspace: &Workspace, fuzz: &Fuzz) -> Outcome {
    let home = workspace.root.join("testkit/fuzz/corpus");
    let program = build(workspace)?;
    for kind in kinds(&home, &fuzz.kinds)? {
        // What is found on the way is kept beside the seeds' copy, which stays as it was committed.
        let found = workspace.cache(&format!("fuzz/found/{kind}"))?;
        println!("{kind}: {} s", fuzz.seconds);
        let mut soak = Command::new(&program);
        // A vault is opened at each run, which syncs: in memory six times as many come to it.
        in_memory(&mut soak)
            .env("QUITTANCE_FUZZ_TARGET", &kind)
            .arg(&found)
            .arg(home.join(&kind))
            .arg(format!("-max_total_time={}", fuzz.seconds))
            .arg(format!("-artifact_prefix={}/finding-", found.display()))
            .args([
                "-timeout=20",
                "-rss_limit_mb=2048",
                "-print_final_stats=1",
                "-verbosity=1",
            ]);
        run(&mut soak)?;
    }
    Ok(())
}

/// The folders of the corpus, or those that were named.
fn kinds(home: &Path, named: &[String]) -> Outcome<Vec<String>> {
    if !named.is_empty() {
        return Ok(named.to_vec());
    }
    let kinds = files::folders(home)?;
    Ok(kinds.iter().map(|kind| files::below(home, kind)).collect())
}

/// Builds the fuzzer, and only it, with coverage: a target of its own keeps build scripts and macros as they are.
fn build(workspace: &Workspace) -> Outcome<PathBuf> {
    let host = host()?;
    let target = workspace.cache("fuzz")?;
    let mut cargo = workspace.cargo(&["build", "--release", "-p", "quittance-fuzz", "--bin", "quittance-fuzz"]);
    cargo
        .args(["--features", "libfuzzer", "--target", &host, "--target-dir"])
        .arg(&target)
        .env("CARGO_PROFILE_RELEASE_LTO", "off")
        .env("RUSTFLAGS", COVERAGE.join(" "));
    run(&mut cargo)?;
    Ok(target.join(host).join("release/quittance-fuzz"))
}
