//! The program itself: one line when ready, clear errors, a graceful end.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use axum::http::Request;
use quittance_flows::policy::SANDBOX_AUTHOR_SEED;
use quittance_gateway::{FolderCustodian, PolicySource};
use quittance_protocol::answer::PinAnswer;
use quittance_protocol::{Code, MandateId};
use quittance_vault::{RootKeys as _, SystemRandomness};

use crate::support::House;
use crate::support::phone::{PIN, Phone, Token};
use crate::support::program::{Program, send};

fn start(data: &Path) -> Child {
    start_with(data, &[])
}

fn start_with(data: &Path, more: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_quittance-gateway"))
        .args(["--listen", "127.0.0.1:0", "--data"])
        .arg(data)
        .args(more)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

#[test]
fn it_says_where_it_listens_refuses_a_second_one_and_stops_when_told() {
    let folder = tempfile::tempdir().unwrap();
    let mut first = start(folder.path());
    let mut line = String::new();
    BufReader::new(first.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let port = line.trim().strip_prefix("listening on http://127.0.0.1:").expect(&line);
    assert_ne!(port.parse::<u16>().unwrap(), 0);

    let second = start(folder.path()).wait_with_output().unwrap();
    assert!(!second.status.success());
    assert!(second.stdout.is_empty());
    assert!(
        String::from_utf8(second.stderr)
            .unwrap()
            .contains("another gateway has it open")
    );

    let told = Command::new("kill")
        .args(["-TERM", &first.id().to_string()])
        .status()
        .unwrap();
    assert!(told.success());
    let ended = first.wait_with_output().unwrap();
    assert!(ended.status.success());
    let logs = String::from_utf8(ended.stderr).unwrap();
    for line in logs.lines() {
        serde_json::from_str::<serde_json::Value>(line).expect("structured");
    }
    assert!(logs.contains("stopped"));
    assert!(
        !folder.path().join("gateway.sqlite-wal").exists(),
        "the files are closed"
    );
    assert!(folder.path().join("policy-author.jwk").exists());
}

#[tokio::test]
async fn a_gateway_whose_log_nobody_reads_any_more_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let mut gateway = start_with(folder.path(), &["--sandbox"]);
    let mut line = String::new();
    BufReader::new(gateway.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let port = line.trim().rsplit(':').next().unwrap().parse().unwrap();
    // As where the program behind the pipe ends.
    drop(gateway.stderr.take());
    let make = Request::post("/sandbox/merchants").header("content-type", "application/json");
    let made = send(port, make.body(r#"{"name":"Bluebird"}"#.into()).unwrap()).await;
    let merchant = made.ok::<serde_json::Value>()["merchant"].as_str().unwrap().to_owned();
    let charge = serde_json::json!({
        "mandate": MandateId::from_bytes([7; 16]),
        "amount": {"minor": 100, "currency": "CNY"},
        "reference": "r",
    });
    for _ in 0..3 {
        // Whoever decides logs what is refused.
        let charging = Request::post(format!("/sandbox/merchants/{merchant}/charges"));
        let charging = charging.header("content-type", "application/json");
        let refused = send(port, charging.body(charge.to_string().into()).unwrap()).await;
        assert_eq!(refused.code(), Code::NotFound);
    }
    let told = Command::new("kill")
        .args(["-TERM", &gateway.id().to_string()])
        .status()
        .unwrap();
    assert!(told.success());
    assert!(gateway.wait().unwrap().success());
}

#[test]
fn new_data_over_the_keys_of_another_gateway_are_refused() {
    // The other one may be at its first epoch still, and a vault that was emptied is none.
    for (epoch, is_emptied) in [(8, false), (1, false), (1, true), (8, true)] {
        let folder = tempfile::tempdir().unwrap();
        let keys = FolderCustodian::open(&folder.path().join("keys"), Arc::new(SystemRandomness::new())).unwrap();
        keys.create(epoch).unwrap();
        if is_emptied {
            std::fs::File::create(folder.path().join("vault.sqlite")).unwrap();
        }
        let refused = start(folder.path()).wait_with_output().unwrap();
        assert!(!refused.status.success());
        let said = String::from_utf8(refused.stderr).unwrap();
        assert!(said.contains("keys of another gateway's data"), "{said}");
        assert_eq!(keys.epochs().unwrap(), [epoch], "nothing was touched");
    }
}

/// Two files of a bundle that the author of this seed signed, with the arguments that name them.
fn bundle_of(folder: &Path, author: [u8; 32]) -> [String; 4] {
    let house = House::closed();
    house.use_policy_of(author, &[("\"version\": 1,", "\"version\": 1,")]);
    let PolicySource::Signed { bundle, author } = house.source() else {
        panic!("a bundle is signed");
    };
    let (policy, key) = (folder.join("policy.jws"), folder.join("author.jwk"));
    std::fs::write(&policy, bundle).unwrap();
    std::fs::write(&key, serde_json::to_vec(&author).unwrap()).unwrap();
    let text = |path: std::path::PathBuf| path.to_str().unwrap().to_owned();
    [
        "--policy".to_owned(),
        text(policy),
        "--policy-author".to_owned(),
        text(key),
    ]
}

#[test]
fn the_public_author_of_the_sandbox_rules_nobody_outside_of_it() {
    let begin = |author, sandbox: &[&str]| {
        let folder = tempfile::tempdir().unwrap();
        let bundle = bundle_of(folder.path(), author);
        let arguments: Vec<_> = bundle
            .iter()
            .map(String::as_str)
            .chain(sandbox.iter().copied())
            .collect();
        let mut gateway = start_with(&folder.path().join("data"), &arguments);
        let mut line = String::new();
        BufReader::new(gateway.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        if !line.is_empty() {
            gateway.kill().unwrap();
        }
        let ended = gateway.wait_with_output().unwrap();
        (line, String::from_utf8(ended.stderr).unwrap())
    };
    let (line, said) = begin(SANDBOX_AUTHOR_SEED, &[]);
    assert_eq!(line, "", "it listens");
    assert!(said.contains("--policy-author"), "{said}");
    assert!(said.contains("--sandbox"), "{said}");
    // Controls: the same bundle in the sandbox, another author's outside of it.
    for (author, sandbox) in [(SANDBOX_AUTHOR_SEED, ["--sandbox"].as_slice()), ([9; 32], &[])] {
        let (line, said) = begin(author, sandbox);
        assert!(line.starts_with("listening"), "{said}");
    }
}

#[tokio::test]
async fn a_killed_gateway_forgets_no_guess() {
    let house = House::closed();
    let log = house.folder.path().join("log");
    let program = Program::start(&house, &log);
    let phone = Phone::ready(&house).await;
    let token = Token::new();
    let flow = phone.begin("mandate.sign", &[token.mandate], b"offer").await;
    phone.confirm(&flow, "consent").await;
    phone.identify(&flow).await;
    for left in [4, 3, 2] {
        let answer: PinAnswer = phone.post(&phone.guess(&flow, b"000000").1).await.ok();
        assert_eq!(answer.attempts_left, left);
    }
    drop(program);
    let _program = Program::start(&house, &log);
    let answer: PinAnswer = phone.post(&phone.guess(&flow, b"000000").1).await.ok();
    assert_eq!(answer.attempts_left, 1);
    // The control: only the right PIN gives guesses back.
    phone.prove_pin(&flow).await;
    let token = Token::new();
    let flow = phone.begin("mandate.sign", &[token.mandate], b"offer").await;
    phone.confirm(&flow, "consent").await;
    phone.identify(&flow).await;
    let answer: PinAnswer = phone.post(&phone.guess(&flow, PIN).1).await.ok();
    assert_eq!(answer.attempts_left, 4);
}
