//! Checks a receipt offline, knowing the log's public key, with the payer's annex and the phone's keys where they are given.
//!
//! `check-receipt LOG.vkey RECEIPT.tlog-proof [ANNEX.json [KEYS.json]]`: prints what the receipt proves and exits 0, or says why
//! it proves nothing and exits 1. The files are those of an exported receipt.

use quittance_protocol::log::VerifierKey;
use quittance_protocol::log_body::ClosureKind;
use quittance_protocol::{Annex, jwk_set, receipt};
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (key, receipt, more) = match arguments.as_slice() {
        [key, receipt, more @ ..] if more.len() <= 2 => (key, receipt, more),
        _ => {
            eprintln!("usage: check-receipt LOG.vkey RECEIPT.tlog-proof [ANNEX.json [KEYS.json]]");
            return ExitCode::from(2);
        }
    };
    let more: Vec<&str> = more.iter().map(String::as_str).collect();
    match check(key, receipt, more.first().copied(), more.get(1).copied()) {
        Ok(lines) => {
            println!("{lines}");
            ExitCode::SUCCESS
        }
        Err(reason) => {
            println!("refused: {reason}");
            ExitCode::FAILURE
        }
    }
}

fn check(key: &str, path: &str, annex: Option<&str>, phone_keys: Option<&str>) -> Result<String, String> {
    let read = |path: &str| std::fs::read(path).map_err(|error| format!("{path}: {error}"));
    let text_of = |path: &str| String::from_utf8(read(path)?).map_err(|_| format!("{path} is not text"));
    let key: VerifierKey = text_of(key)?
        .trim_end()
        .parse()
        .map_err(|error| format!("the key file: {error}"))?;
    let annex = annex.map(|path| Annex::parse(&read(path)?).map_err(|error| error.to_string()));
    let annex = annex.transpose()?;
    let (verified, body) = receipt::check(&key, &read(path)?, annex.as_ref()).map_err(|error| error.to_string())?;
    let phone_keys = match phone_keys {
        Some(path) => Some(jwk_set::read(&text_of(path)?).map_err(|error| format!("{path}: {error}"))?),
        None => None,
    };
    if let (Some(annex), Some(keys)) = (&annex, &phone_keys) {
        receipt::check_signatures(annex, keys, None).map_err(|error| error.to_string())?;
    }
    let logged = verified.logged();
    let mut lines = format!(
        "valid: closure number {} of {}, stated {}",
        logged.index(),
        key.name(),
        logged.entry().time
    );
    if let Some(body) = body {
        // The level is of what the phone said of its half: alone, the gateway has no word of it.
        let by = match body.kind {
            ClosureKind::TwoSided if phone_keys.is_some() => {
                format!(
                    "closed by both sides, level {:?}, the phone's word signed",
                    body.evidence_level
                )
            }
            ClosureKind::TwoSided => format!(
                "closed by both sides, level {:?}, the phone's word as the gateway tells it: no key to check it with",
                body.evidence_level
            ),
            ClosureKind::Unilateral => "closed by the gateway alone".to_owned(),
        };
        for mandate in &body.mandates {
            lines.push_str(&format!("\nannex: it is about {mandate}, {}, {by}", body.order));
        }
    }
    Ok(lines)
}
