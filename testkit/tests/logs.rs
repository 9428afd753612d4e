//! What phone and gateway log, at the finest level and with every library's own words, names no secret and no person,
//! whatever is played (invariant I11).
#![cfg(test)]

use quittance_testkit::scenario::{How, Scenario, play};
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

/// Members of a scenario's people that name them, or what they paid.
const PERSONAL: [&str; 5] = ["address", "born", "number", "amount", "payee"];

/// Digits of a code, a PIN, a password.
const DIGITS: usize = 6;

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
                    Value::String(text) if PERSONAL.contains(&name.as_str()) => {
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

/// The lines that have one of these words standing alone: an identifier that has the same digits inside is another word.
fn lines_with<'l>(log: &'l str, words: &BTreeSet<String>) -> Vec<&'l str> {
    let stands_alone = |line: &str, word: &str| {
        line.match_indices(word).any(|(at, _)| {
            let before = line.get(..at).and_then(|text| text.chars().next_back());
            let after = line.get(at + word.len()..).and_then(|text| text.chars().next());
            ![before, after].into_iter().flatten().any(is_of_a_word)
        })
    };
    log.lines()
        .filter(|line| words.iter().any(|word| stands_alone(line, word)))
        .collect()
}

/// The lines of our own crates that have six digits standing alone, as every code, PIN and password has.
fn lines_with_digits(log: &str) -> Vec<&str> {
    let ours = log.lines().filter(|line| line.contains("quittance_"));
    ours.filter(|line| {
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
    let mut heard = BTreeSet::new();
    for file in files() {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&file).unwrap();
        let json: Value = serde_json::from_str(&text).unwrap();
        let mut words: BTreeSet<String> = TYPED.iter().map(|typed| (*typed).to_owned()).collect();
        words.insert(PIN.to_owned());
        personal(&json["given"]["payer"], &mut words);
        personal(&json["given"]["others"], &mut words);
        let scenario = Scenario::read(&text).unwrap();
        if let Err(failed) = play(&scenario, &How::default()).await {
            panic!("{name}: {failed}");
        }
        let said = log.take();
        assert_eq!(lines_with(&said, &words), [""; 0], "{name}");
        assert_eq!(lines_with_digits(&said), [""; 0], "{name}");
        heard.extend(
            ["quittance_gateway", "hyper"]
                .into_iter()
                .filter(|library| said.contains(library)),
        );
    }
    assert_eq!(heard.len(), 2, "control: both were listened to, {heard:?}");

    tracing::trace!(target: "quittance_wallet", pin = PIN, "control");
    tracing::trace!("control: somebody born on {}", "2012-06-01");
    let said = log.take();
    let words = BTreeSet::from([PIN.to_owned(), "2012-06-01".to_owned()]);
    assert_eq!(lines_with(&said, &words).len(), 2, "control: what is logged is found");
    assert_eq!(lines_with_digits(&said).len(), 1, "control: digits are found");
}
