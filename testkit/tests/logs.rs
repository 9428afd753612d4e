//! What phone and gateway log, at the finest level and with every library's own words, and each error that a scenario
//! meets, names no secret, no person and no amount, whatever is played (invariant I11).
#![cfg(test)]

use quittance_protocol::bytes::to_base64url;
use quittance_protocol::{Currency, Money};
use quittance_testkit::scenario::{ERRORS, How, Scenario, play};
use quittance_testkit::story::PIN;
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use tracing_subscriber::fmt::MakeWriter;

/// What the scenarios' runner types: the lock's password, a secret that is wrong, what is written for a case, a payee
/// that is not known.
const TYPED: [&str; 4] = ["730518", "000001", "They do not answer my messages.", "Nobody at all"];

/// Members of a scenario that name its people, or whom they paid.
const PERSONAL: [&str; 4] = ["address", "born", "number", "payee"];

/// What steps say under those names that names nobody: whose number is shown.
const ROLES: [&str; 3] = ["own", "bound", "foreign"];

/// Digits of a code, a PIN, a password.
const DIGITS: usize = 6;

/// Digits from which on a number of minor units that is not round is no other number of a log.
const TELLING: usize = 4;

/// How many different errors the scenarios meet, at least.
const ERRORS_MET: usize = 25;

/// Charges, limits, a refund and refusals in amounts whose numbers of minor units nothing else has.
const ODD_AMOUNTS: &str = r#"{
  "scenario": "Amounts that are like no other number.",
  "rules": ["R-340"],
  "policy": [],
  "given": {
    "clock": "2026-11-24T06:00:00Z",
    "mandates": [
      { "name": "rides", "per_charge": "4719.83", "per_period": "6281.57", "days": 30 },
      { "name": "films", "kind": "subscription", "per_charge": "3917.29", "per_period": "3917.29", "days": 30 }
    ]
  },
  "steps": [
    { "charge": "rides", "amount": "4719.84", "gives": "limit_exceeded" },
    { "charge": "rides", "amount": "3816.47", "gives": "approved", "as": "ride" },
    { "charge": "rides", "amount": "2748.31", "gives": "limit_exceeded" },
    { "charge": "rides", "amount": "4923.71", "gives": "above_limit", "present": true },
    { "charge": "rides", "amount": "1426.93", "gives": "approved", "present": true },
    { "refund": "ride", "amount": "3816.49", "fails": "limit_exceeded" },
    { "refund": "ride", "amount": "1283.61" },
    { "sync": "payer" }
  ]
}"#;

/// Everything that is logged in this process.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Begins to listen to all libraries.
    fn listen() -> Self {
        let log = Self::default();
        tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_ansi(false)
            .without_time()
            .with_writer(log.clone())
            .init();
        log
    }

    fn take(&self) -> String {
        let mut bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&std::mem::take(&mut *bytes)).into_owned()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// Files of scenarios, in a sequence that is always the same.
fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios");
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries
        .filter(|path| path.extension().is_some_and(|ending| ending == "json"))
        .collect();
    files.sort();
    files
}

/// What the file says of its people that is personal.
fn personal(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (name, inner) in members {
                match inner {
                    Value::String(text) if PERSONAL.contains(&name.as_str()) && !ROLES.contains(&text.as_str()) => {
                        into.insert(text.clone());
                    }
                    _ => personal(inner, into),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| personal(item, into)),
        _ => {}
    }
}

/// Every amount of the file: as it stands there, and in minor units where no other number of a log can be the same.
fn amounts(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => members.values().for_each(|inner| amounts(inner, into)),
        Value::Array(items) => items.iter().for_each(|item| amounts(item, into)),
        Value::String(text) => {
            let digits = |part: &str| !part.is_empty() && part.bytes().all(|sign| sign.is_ascii_digit());
            let Some((whole, cents)) = text.split_once('.') else {
                return;
            };
            if digits(whole) && digits(cents) && cents.len() == 2 {
                into.insert(text.clone());
                let minor = format!("{whole}{cents}").trim_start_matches('0').to_owned();
                if minor.len() >= TELLING && !minor.ends_with('0') {
                    into.insert(minor);
                }
            }
        }
        _ => {}
    }
}

/// The lines that have an amount as programs write it, whichever: minor units before the currency, or after their name.
fn lines_with_money(log: &str) -> Vec<&str> {
    let before = |line: &str, at: usize| line.get(..at).and_then(|text| text.trim_end().chars().next_back());
    let after = |line: &str, at: usize| {
        line.get(at..)
            .and_then(|text| text.chars().find(|sign| is_of_a_word(*sign)))
    };
    let is_digit = |sign: Option<char>| sign.is_some_and(|sign| sign.is_ascii_digit());
    log.lines()
        .filter(|line| {
            let printed = line.match_indices("CNY").any(|(at, _)| is_digit(before(line, at)));
            let sent = line
                .match_indices("minor")
                .any(|(at, name)| is_digit(after(line, at + name.len())));
            printed || sent
        })
        .collect()
}

/// The lines that have one of these words standing alone: an identifier that has the same digits inside is another word.
fn lines_with<'l>(lines: impl Iterator<Item = &'l str>, words: &BTreeSet<String>) -> Vec<&'l str> {
    let stands_alone = |line: &str, word: &str| {
        line.match_indices(word).any(|(at, _)| {
            let before = line.get(..at).and_then(|text| text.chars().next_back());
            let after = line.get(at + word.len()..).and_then(|text| text.chars().next());
            ![before, after].into_iter().flatten().any(is_of_a_word)
        })
    };
    lines
        .filter(|line| words.iter().any(|word| stands_alone(line, word)))
        .collect()
}

/// What is typed, as a log would show it: as text, as Rust lists its bytes, in hex, in base64url.
fn printed(typed: &str) -> [String; 4] {
    let bytes = typed.as_bytes();
    [
        typed.to_owned(),
        format!("{bytes:?}"),
        hex::encode(bytes),
        to_base64url(bytes),
    ]
}

/// The lines of our own crates.
fn ours(log: &str) -> impl Iterator<Item = &str> {
    log.lines().filter(|line| line.contains("quittance_"))
}

/// Those that have six digits standing alone, as every code, PIN and password has.
fn lines_with_digits(log: &str) -> Vec<&str> {
    ours(log)
        .filter(|line| {
            let words = line.split(|sign| !is_of_a_word(sign));
            let digits = |word: &str| word.len() == DIGITS && word.bytes().all(|sign| sign.is_ascii_digit());
            words.into_iter().any(digits)
        })
        .collect()
}

fn is_of_a_word(sign: char) -> bool {
    sign.is_alphanumeric() || matches!(sign, '_' | '.' | '-')
}

/// One test, since a process has one log.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_scenario_logs_a_secret_or_a_person_at_the_finest_level() {
    let log = Log::listen();
    let (mut heard, mut errors) = (BTreeSet::new(), BTreeSet::new());
    let texts = files().into_iter().map(|file| {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        (name, std::fs::read_to_string(&file).unwrap())
    });
    for (name, text) in [("odd amounts".to_owned(), ODD_AMOUNTS.to_owned())]
        .into_iter()
        .chain(texts)
    {
        let json: Value = serde_json::from_str(&text).unwrap();
        let mut words: BTreeSet<String> = TYPED.iter().chain([&PIN]).flat_map(|typed| printed(typed)).collect();
        personal(&json, &mut words);
        let mut sums = BTreeSet::new();
        amounts(&json, &mut sums);
        let (decimal, minor): (BTreeSet<_>, BTreeSet<_>) = sums.into_iter().partition(|sum| sum.contains('.'));
        words.extend(decimal);
        let scenario = Scenario::read(&text).unwrap();
        if let Err(failed) = play(&scenario, &How::default()).await {
            panic!("{name}: {failed}");
        }
        let said = log.take();
        assert_eq!(lines_with(said.lines(), &words), [""; 0], "{name}");
        // Other crates count bytes, which may come to the same number.
        assert_eq!(lines_with(ours(&said), &minor), [""; 0], "{name}");
        assert_eq!(lines_with_digits(&said), [""; 0], "{name}");
        assert_eq!(lines_with_money(&said), [""; 0], "{name}");
        errors.extend(said.lines().filter(|line| line.contains(ERRORS)).map(str::to_owned));
        heard.extend(
            ["quittance_gateway", "hyper"]
                .into_iter()
                .filter(|library| said.contains(library)),
        );
    }
    assert_eq!(heard.len(), 2, "control: both were listened to, {heard:?}");
    println!("{} different errors", errors.len());
    assert!(errors.len() >= ERRORS_MET, "control: errors were printed, {errors:?}");

    tracing::trace!(target: "quittance_wallet", pin = PIN, "control");
    tracing::trace!(target: "quittance_wallet", pin = ?PIN.as_bytes(), "control");
    tracing::trace!("control: somebody born on {}", "2012-06-01");
    let said = log.take();
    let words: BTreeSet<String> = printed(PIN).into_iter().chain(["2012-06-01".to_owned()]).collect();
    assert_eq!(
        lines_with(said.lines(), &words).len(),
        3,
        "control: what is logged is found"
    );
    assert_eq!(lines_with_digits(&said).len(), 1, "control: digits are found");

    let money = Money::new(1_316, Currency::new("CNY").unwrap()).unwrap();
    tracing::trace!("control: {money:?}");
    tracing::trace!("control: {}", serde_json::to_string(&money).unwrap());
    tracing::trace!(amount = money.minor(), "control: a number alone");
    tracing::trace!("control: {} yuan", "13.16");
    let said = log.take();
    assert_eq!(lines_with_money(&said).len(), 2, "control: money is found, {said}");
    let mut words = BTreeSet::new();
    amounts(
        &serde_json::json!({ "steps": [{ "amount": "13.16" }, { "amount": "0.01" }, { "amount": "10.00" }] }),
        &mut words,
    );
    assert_eq!(
        words,
        ["0.01", "10.00", "13.16", "1316"].map(str::to_owned).into(),
        "control"
    );
    assert_eq!(
        lines_with(said.lines(), &words).len(),
        4,
        "control: in each form, {said}"
    );
}
