//! The demo as a program: `cargo xtask demo [--out DIR] [--lie KIND]`.

use clap::Parser;
use quittance_testkit::demo;
use quittance_testkit::liar::Lie;
use quittance_testkit::process::Programs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

/// One permission's whole life, from a thumb on the phone to a proof in the hand.
#[derive(Parser)]
#[command(name = "cargo xtask demo")]
struct Arguments {
    /// Keep the receipt, its annex, the log's key and the statements in this folder.
    #[arg(long, value_name = "DIR", conflicts_with = "lie")]
    out: Option<PathBuf>,
    /// Run against a gateway that lies about the closure; the phone must not say closed.
    #[arg(long, value_enum, value_name = "KIND")]
    lie: Option<Lie>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let began = Instant::now();
    let told = match (Programs::beside_this(), arguments.lie) {
        (Ok(programs), Some(lie)) => demo::tell_lie(&programs, lie).await,
        (Ok(programs), None) => demo::tell(&programs, arguments.out.as_deref()).await,
        (Err(error), _) => Err(error),
    };
    match told {
        Ok(()) => {
            println!("{}", demo::took(began));
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("\nThe demo did not go as it must: {error}");
            ExitCode::FAILURE
        }
    }
}
