//! A phone as a process: commands on stdin, replies on stdout, one JSON line each.

use clap::Parser;
use quittance_protocol::Timestamp;
use quittance_testkit::phone::{Phone, PhoneConfig};
use quittance_testkit::phone_protocol::{Command, Reply};
use std::path::PathBuf;
use std::process::ExitCode;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

/// As in the library that apps load: freed memory is wiped.
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<std::alloc::System> = zeroizing_alloc::ZeroAlloc(std::alloc::System);

/// A phone with software keys and a willing payer, for tests and the demo.
#[derive(Parser)]
struct Arguments {
    /// The gateway's address, which is its origin too.
    #[arg(long)]
    gateway: String,
    /// The log's verifier key.
    #[arg(long)]
    log_vkey: String,
    /// The phone's files.
    #[arg(long)]
    data: PathBuf,
    /// The control: keep ended epoch keys in this folder all the same.
    #[arg(long)]
    keep_old_keys: Option<PathBuf>,
    /// Where its clock stands, so that no day ends meanwhile; the system's runs without it.
    #[arg(long)]
    standing_at: Option<Timestamp>,
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let config = PhoneConfig {
        data: arguments.data,
        gateway: arguments.gateway,
        log_vkey: arguments.log_vkey,
        keep_old_keys: arguments.keep_old_keys,
        standing_at: arguments.standing_at,
    };
    let mut phone = match Phone::on(config).await {
        Ok(phone) => phone,
        Err(error) => {
            eprintln!("the phone does not start: {error}");
            return ExitCode::FAILURE;
        }
    };
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    let mut out = tokio::io::stdout();
    while let Ok(Some(line)) = lines.next_line().await {
        let reply = match serde_json::from_str::<Command>(&line) {
            Ok(command) => phone.obey(command).await,
            Err(error) => Reply::Error {
                kind: "FixInput".to_owned(),
                text: error.to_string(),
            },
        };
        let Ok(line) = serde_json::to_string(&reply) else {
            return ExitCode::FAILURE;
        };
        if out.write_all(format!("{line}\n").as_bytes()).await.is_err() || out.flush().await.is_err() {
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
