//! What a gateway costs as its tokens become more, as rows of docs/performance.md: `cargo xtask cost`.
//!
//! A gateway and a phone as processes of their own. The tokens are copies of one, see `quittance_testkit::crowd`.

use clap::Parser;
use quittance_testkit::crowd::add_tokens;
use quittance_testkit::figures::median;
use quittance_testkit::process::Programs;
use quittance_testkit::story::{Casting, Side, Story};
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// How often each thing is measured; the median counts.
const ROUNDS: usize = 9;

/// What a gateway costs as its tokens become more.
#[derive(Parser)]
#[command(name = "quittance-growth")]
struct Arguments {
    /// How many tokens there are, one size after the other.
    #[arg(long, value_delimiter = ',', default_values_t = [1_000, 10_000, 100_000, 1_000_000])]
    tokens: Vec<usize>,
    /// On which disk.
    #[arg(long)]
    folder: PathBuf,
}

#[tokio::main]
async fn main() -> ExitCode {
    match measure(&Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("the measurement did not come to its end: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn measure(asked: &Arguments) -> io::Result<()> {
    println!("| tokens | database and vault | started | memory | cancelled to closed | bytes written by it |");
    println!("|---|---|---|---|---|---|");
    let folder = tempfile::tempdir_in(&asked.folder)?;
    let mut story = Story::open(Programs::beside_this()?, folder.path(), &Casting::default(), false).await?;
    let copied = story.enrol_and_sign().await?;
    let data = folder.path().join("gateway");
    let mut there = 1;
    for tokens in &asked.tokens {
        story.kill(Side::Gateway).await?;
        let more = tokens.saturating_sub(there);
        let seed = u64::try_from(there).map_err(io::Error::other)?;
        add_tokens(&data, copied, more, seed)?;
        there += more;
        let started = starts(&mut story).await?;
        let (cancelled, written) = cancellations(&mut story).await?;
        println!(
            "| {there} | {:.1} MB | {:.0} ms | {:.0} MB | {:.1} ms | {written} |",
            megabytes(size(&data)?),
            milliseconds(started),
            megabytes(memory(&story)?),
            milliseconds(cancelled),
        );
    }
    Ok(())
}

/// From its start until it listens.
async fn starts(story: &mut Story) -> io::Result<Duration> {
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        story.kill(Side::Gateway).await?;
        let start = Instant::now();
        story.revive().await?;
        times.push(start.elapsed());
    }
    Ok(median(times))
}

/// A mandate from the payer's tap to the checked receipt; with the bytes that the gateway wrote meanwhile.
async fn cancellations(story: &mut Story) -> io::Result<(Duration, u64)> {
    let (mut times, mut bytes) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let offer = story.offer().await?;
        let mandate = story.sign(&offer).await?;
        let (before, start) = (counted(story, "io", "write_bytes:")?, Instant::now());
        let ended = story.ask(&Story::cancel(mandate)).await?;
        times.push(start.elapsed());
        bytes.push(counted(story, "io", "write_bytes:")?.saturating_sub(before));
        if ended.get("state").is_none_or(|state| state != "closed") {
            return Err(io::Error::other(format!("not closed: {ended}")));
        }
    }
    Ok((median(times), median(bytes)))
}

fn memory(story: &Story) -> io::Result<u64> {
    Ok(counted(story, "status", "VmRSS:")? * 1024)
}

/// A number that Linux tells of the gateway's process.
fn counted(story: &Story, file: &str, name: &str) -> io::Result<u64> {
    let (Some(gateway), _) = story.ids() else {
        return Err(io::Error::other("the gateway does not run"));
    };
    let text = std::fs::read_to_string(format!("/proc/{gateway}/{file}"))?;
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    number.ok_or_else(|| io::Error::other(format!("no {name} in {file}")))
}

/// Bytes of the gateway's files.
fn size(data: &Path) -> io::Result<u64> {
    ["gateway.sqlite", "vault.sqlite"]
        .iter()
        .try_fold(0, |sum, name| Ok(sum + std::fs::metadata(data.join(name))?.len()))
}

fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
