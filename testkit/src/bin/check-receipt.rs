//! Checks a receipt offline, knowing only the log's public key.
//!
//! `quittance-check-receipt LOG.vkey RECEIPT.tlog-proof [ANNEX.json]`: prints what the receipt proves and exits 0, or
//! says why it proves nothing and exits 1.

use quittance_protocol::log::VerifierKey;
use quittance_protocol::log_body::ClosureKind;
use quittance_protocol::{Annex, receipt};
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (key, receipt, annex) = match arguments.as_slice() {
        [key, receipt] => (key, receipt, None),
        [key, receipt, annex] => (key, receipt, Some(annex)),
        _ => {
            eprintln!("usage: quittance-check-receipt LOG.vkey RECEIPT.tlog-proof [ANNEX.json]");
            return ExitCode::from(2);
        }
    };
    match check(key, receipt, annex.map(String::as_str)) {
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

fn check(key: &str, path: &str, annex: Option<&str>) -> Result<String, String> {
    let read = |path: &str| std::fs::read(path).map_err(|error| format!("{path}: {error}"));
    let text = String::from_utf8(read(key)?).map_err(|_| "the key file is not text".to_owned())?;
    let key: VerifierKey = text
        .trim_end()
        .parse()
        .map_err(|error| format!("the key file: {error}"))?;
    let annex = annex.map(|path| Annex::parse(&read(path)?).map_err(|error| error.to_string()));
    let annex = annex.transpose()?;
    let (verified, body) = receipt::check(&key, &read(path)?, annex.as_ref()).map_err(|error| error.to_string())?;
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
            ClosureKind::TwoSided => format!("closed by both sides, level {:?}", body.evidence_level),
            ClosureKind::Unilateral => "closed by the gateway alone".to_owned(),
        };
        for mandate in &body.mandates {
            lines.push_str(&format!("\nannex: it is about {mandate}, {}, {by}", body.order));
        }
    }
    Ok(lines)
}
