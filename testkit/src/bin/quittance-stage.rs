//! The world of a scenario as a process, for runners in other languages: lines of JSON on stdin, replies on stdout.

use quittance_testkit::scenario::host::{Host, Reply, Said};
use std::process::ExitCode;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> ExitCode {
    let mut host = Host::default();
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    let mut out = tokio::io::stdout();
    while let Ok(Some(line)) = lines.next_line().await {
        let reply = match serde_json::from_str::<Said>(&line) {
            Ok(said) => host.answer(said).await,
            Err(error) => Reply::Wrong {
                step: None,
                expected: "a line of this protocol".to_owned(),
                was: error.to_string(),
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
