//! The demo as a program: `cargo xtask demo [--out DIR] [--lie NAME]`.

use clap::{Parser, ValueEnum as _};
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
    /// Run against a gateway that lies so; `list` names all lies.
    #[arg(long, value_name = "NAME", value_parser = lie_named)]
    lie: Option<Telling>,
}

/// Which lie is told; or all of them are named.
#[derive(Clone, Copy)]
enum Telling {
    List,
    Lie(Lie),
}

fn lie_named(name: &str) -> Result<Telling, String> {
    if name == "list" {
        return Ok(Telling::List);
    }
    Lie::from_str(name, false)
        .map(Telling::Lie)
        .map_err(|_| "no such lie: `--lie list` names them".to_owned())
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Some(Telling::List) = arguments.lie {
        demo::list_lies();
        return ExitCode::SUCCESS;
    }
    let began = Instant::now();
    let told = match (Programs::beside_this(), arguments.lie) {
        (Ok(programs), Some(Telling::Lie(lie))) => demo::tell_lie(&programs, lie).await,
        (Ok(programs), _) => demo::tell(&programs, arguments.out.as_deref()).await,
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
