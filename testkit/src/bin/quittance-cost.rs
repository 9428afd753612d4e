//! The cost of what payers wait for, as the rows of docs/performance.md: `cargo xtask cost`.
//!
//! Every row stands beside a baseline that does the unavoidable part alone, because times by themselves say more about
//! the machine than about the code.

use clap::Parser;
use quittance_gateway::FolderCustodian;
use quittance_testkit::figures::{median, percentile};
use quittance_testkit::scenario::{How, Scenario, play};
use quittance_testkit::stage::{Stage, StagePhone, Staged};
use quittance_vault::{SystemRandomness, Vault, VaultOptions};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How often a short piece of work is measured; the median counts.
const ROUNDS: usize = 21;

/// How many cancellations are measured from their start to the closed receipt.
const CANCELLATIONS: usize = 5;

/// How many are measured from the accepted PIN on: enough for one in a hundred to mean something.
const ACCEPTED: usize = 200;

/// How many one phone ends, to see what that costs as it grows.
const MANY: usize = 100;

/// Permissions that one phone ends before another takes its place.
const OF_ONE_PHONE: usize = 5;

/// The mandates on the list of a phone whose app is started.
const AT_START: usize = 10;

/// Ways to stop, with the scenario that plays each from its start to what it ends with, on the virtual clock.
const WAYS: &[(&str, &str)] = &[
    ("quick way", "quick_cancel"),
    ("service, 24 hours", "service_cancel"),
    ("assisted, three working days", "assisted_cancel_over_a_holiday_week"),
    ("merchant silent for 72 hours", "mini_program_silence"),
    ("forced, two reviewers", "forced_unbind"),
    ("bank confirms", "bank_confirms"),
    ("batch of 20, three at banks", "batch_with_bank_items"),
];

/// The bytes of a row as the wallet keeps one for each mandate, its terms included.
const ROW_BYTES: usize = 2048;

/// The cost of what payers wait for.
#[derive(Parser)]
#[command(name = "cargo xtask cost")]
struct Arguments {
    /// How many mandates the longest list has; each is really signed.
    #[arg(long, default_value_t = 1000)]
    mandates: usize,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match measure(arguments.mandates).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("the measurement did not come to its end: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn measure(most: usize) -> Staged<()> {
    println!("| what | took | baseline | baseline took |");
    println!("|---|---|---|---|");
    let stage = Stage::set().await?;
    let mut phone = stage.enrolled().await?;
    quick_way(&stage, &phone).await?;
    let few = accepted_to_closed().await?;
    after_many(few).await?;
    for (way, scenario) in WAYS {
        whole_way(way, scenario).await?;
    }
    let mut signed = 0;
    for size in [1, 10, 100, 1000].into_iter().filter(|size| *size <= most) {
        for _ in signed..size {
            phone.sign(&stage.offer().await?).await?;
        }
        signed = size;
        list(&phone, size)?;
        if size == AT_START {
            phone = opened(phone)?;
        }
        if size >= AT_START {
            beside_live(&stage, &phone, size, few).await?;
        }
    }
    Ok(())
}

/// From the payer's first tap to a receipt that the phone has checked; the baseline asks the same gateway as often for
/// nothing.
async fn quick_way(stage: &Stage, phone: &StagePhone) -> Staged<()> {
    let mut times = Vec::new();
    let mut statements = 0;
    for _ in 0..CANCELLATIONS {
        let mandate = phone.sign(&stage.offer().await?).await?;
        let before = stage.network.faults.statements().len();
        let start = Instant::now();
        phone.cancel(&[mandate]).await?;
        while !phone.is_closed(mandate)? {
            phone.wallet.sync().await?;
        }
        times.push(start.elapsed());
        statements = stage.network.faults.statements().len() - before;
    }
    let start = Instant::now();
    for _ in 0..statements {
        stage.http.get("/v1/nonce").await;
    }
    let empty = start.elapsed();
    row(
        "quick way, first tap to checked receipt",
        median(times),
        &format!("{statements} requests that ask for a nonce"),
        empty,
    );
    Ok(())
}

/// From the accepted PIN on, on stages of their own, twice: until the phone has checked the receipt and keeps it, which it tells the gateway in the
/// next moment, and until the call has its answer to that; the baseline asks the gateway as often for nothing. Answers the
/// median of the first.
async fn accepted_to_closed() -> Staged<Duration> {
    let (mut closed, mut returned, mut empty) = (Vec::new(), Vec::new(), Vec::new());
    let mut statements = 0;
    // What a phone has ended is another measurement.
    for _ in 0..ACCEPTED / OF_ONE_PHONE {
        let stage = Stage::set().await?;
        let phone = stage.enrolled().await?;
        for _ in 0..OF_ONE_PHONE {
            let mandate = phone.sign(&stage.offer().await?).await?;
            phone.cancel(&[mandate]).await?;
            while !phone.is_closed(mandate)? {
                phone.wallet.sync().await?;
            }
            let end = Instant::now();
            let accepted = stage
                .network
                .faults
                .answered("pin-finish")
                .ok_or("no PIN was checked")?;
            closed.push(closed_after(&stage)?);
            returned.push(end.duration_since(accepted));
            statements = stage.network.faults.statements_since("pin-finish");
            let start = Instant::now();
            for _ in 0..statements {
                stage.http.get("/v1/nonce").await;
            }
            empty.push(start.elapsed());
        }
    }
    let baseline = format!("{statements} requests that ask for a nonce");
    let few = median(closed.clone());
    for (until, mut times) in [("closed", closed), ("the call's return", returned)] {
        for (name, percent) in [("p50", 50), ("p99", 99)] {
            row(
                &format!("PIN accepted to {until}, {name} of {ACCEPTED}"),
                percentile(&mut times, percent),
                &baseline,
                percentile(&mut empty, percent),
            );
        }
    }
    Ok(few)
}

/// The same on a phone on which so many others live, beside one with `few`.
async fn beside_live(stage: &Stage, phone: &StagePhone, live: usize, few: Duration) -> Staged<()> {
    let mut times = Vec::new();
    for _ in 0..OF_ONE_PHONE {
        let mandate = phone.sign(&stage.offer().await?).await?;
        phone.cancel(&[mandate]).await?;
        times.push(closed_after(stage)?);
    }
    row(
        &format!("PIN accepted to closed, {live} live permissions beside it"),
        median(times),
        &format!("at most {OF_ONE_PHONE} of them"),
        few,
    );
    Ok(())
}

/// How long the last permission took from its accepted PIN until the phone had checked the receipt.
fn closed_after(stage: &Stage) -> Staged<Duration> {
    let faults = &stage.network.faults;
    let accepted = faults.answered("pin-finish").ok_or("no PIN was checked")?;
    let kept = faults.arrived("acknowledgement").ok_or("no receipt was acknowledged")?;
    Ok(kept.duration_since(accepted))
}

/// The same on a phone that has ended many, beside one with `few`.
async fn after_many(few: Duration) -> Staged<()> {
    let stage = Stage::set().await?;
    let phone = stage.enrolled().await?;
    let mut last = Vec::new();
    for ended in 1..=MANY {
        let mandate = phone.sign(&stage.offer().await?).await?;
        phone.cancel(&[mandate]).await?;
        last.push(closed_after(&stage)?);
        if ended % OF_ONE_PHONE == 0 {
            let took = median(std::mem::take(&mut last));
            if [MANY / 10, MANY].contains(&ended) {
                row(
                    &format!("PIN accepted to closed, {ended} ended permissions on the phone"),
                    took,
                    &format!("at most {OF_ONE_PHONE} of them"),
                    few,
                );
            }
        }
    }
    Ok(())
}

/// An app that is started again: the wallet's file opened and its list shown; the baseline opens an empty file of SQLite.
fn opened(mut phone: StagePhone) -> Staged<StagePhone> {
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        let start = Instant::now();
        phone = phone.restarted()?;
        phone.wallet.mandates()?;
        times.push(start.elapsed());
    }
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("empty.sqlite");
    let mut empty = Vec::new();
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let connection = rusqlite::Connection::open(&file)?;
        connection.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0))?;
        empty.push(start.elapsed());
    }
    row(
        &format!("wallet opened, first list of {AT_START} live mandates"),
        median(times),
        "an empty file of SQLite opened",
        median(empty),
    );
    Ok(phone)
}

/// A whole scenario; the baseline sets its stage, signs its mandates, and does nothing.
async fn whole_way(way: &str, name: &str) -> Staged<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios");
    let text = std::fs::read_to_string(folder.join(format!("{name}.json")))?;
    let mut scenario = Scenario::read(&text)?;
    let time = async |scenario: &Scenario| -> Staged<Duration> {
        let start = Instant::now();
        play(scenario, &How::default())
            .await
            .map_err(|failed| failed.to_string())?;
        Ok(start.elapsed())
    };
    let took = time(&scenario).await?;
    scenario.steps.clear();
    let empty = time(&scenario).await?;
    row(
        &format!("scenario {name}: {way}"),
        took,
        "the same stage, nothing done",
        empty,
    );
    Ok(())
}

/// The phone's list of everything that can charge; the baseline opens as many sealed rows of the same vault code.
fn list(phone: &StagePhone, size: usize) -> Staged<()> {
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let listed = phone.wallet.mandates()?;
        times.push(start.elapsed());
        let live = listed.iter().filter(|mandate| mandate.can_pay).count();
        if live != size {
            return Err(format!("the list has {live} mandates that can pay, not {size}").into());
        }
    }
    let rows = sealed_rows(size + CANCELLATIONS)?;
    row(
        &format!("list of {size} live mandates on the phone"),
        median(times),
        &format!("{} sealed rows of {ROW_BYTES} bytes", size + CANCELLATIONS),
        rows,
    );
    Ok(())
}

fn sealed_rows(count: usize) -> Staged<Duration> {
    let folder = tempfile::tempdir()?;
    let random = Arc::new(SystemRandomness::new());
    let keys = FolderCustodian::open(&folder.path().join("keys"), Arc::<SystemRandomness>::clone(&random))?;
    let options = VaultOptions::at(folder.path().join("vault.sqlite"));
    let mut vault = Vault::create(options, Arc::new(keys), random)?;
    vault.transact(|transaction| {
        (0..count).try_for_each(|number| transaction.journal_put("rows", &number.to_be_bytes(), &[7; ROW_BYTES]))
    })?;
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let rows = vault.journal_list("rows")?;
        times.push(start.elapsed());
        if rows.len() != count {
            return Err("rows are missing".into());
        }
    }
    Ok(median(times))
}

fn row(what: &str, took: Duration, baseline: &str, empty: Duration) {
    let shown = |time: Duration| format!("{:.2} ms", time.as_secs_f64() * 1000.0);
    println!("| {what} | {} | {baseline} | {} |", shown(took), shown(empty));
}
