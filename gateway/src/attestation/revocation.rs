//! Certificates that are believed no longer: the published status list, read from a file.

use std::collections::BTreeMap;

use serde::Deserialize;

/// Why a status list cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RevocationError {
    /// It is not the published JSON form.
    #[error("expected {{\"entries\": {{\"<serial in hex>\": {{\"status\": …}}}}}}: {0}")]
    Form(#[from] serde_json::Error),
    /// An entry's name is no serial number.
    #[error("an entry's name is no serial number in hex")]
    Serial,
}

#[derive(Deserialize)]
struct List {
    entries: BTreeMap<String, Entry>,
}

/// Whatever its status is (`REVOKED`, `SUSPENDED`, one of a later year): an entry says not to believe the certificate.
#[derive(Deserialize)]
struct Entry {
    status: String,
    #[serde(default)]
    reason: Option<String>,
}

/// Serial numbers that are revoked, each with what the list says of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RevocationList(BTreeMap<String, String>);

impl RevocationList {
    /// Reads the published form: `{"entries": {"<serial>": {"status", "reason"}}}`; more members are passed over.
    ///
    /// # Errors
    /// [`RevocationError`].
    pub fn from_json(json: &[u8]) -> Result<Self, RevocationError> {
        let list: List = serde_json::from_slice(json)?;
        let mut revoked = BTreeMap::new();
        for (serial, entry) in list.entries {
            let serial = serial.to_ascii_lowercase();
            if serial.is_empty() || !serial.bytes().all(|digit| digit.is_ascii_hexdigit()) {
                return Err(RevocationError::Serial);
            }
            let said = match entry.reason {
                Some(reason) => format!("{} {reason}", entry.status),
                None => entry.status,
            };
            revoked.insert(bare(&serial).to_owned(), said);
        }
        Ok(Self(revoked))
    }

    /// What the list says of a serial number in lowercase hex, where it names it.
    #[must_use]
    pub fn says(&self, serial: &str) -> Option<&str> {
        self.0.get(bare(serial)).map(String::as_str)
    }

    /// How many certificates it names.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it names none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A number without leading zeros: DER writes one before a high bit, the list does not.
fn bare(serial: &str) -> &str {
    serial.trim_start_matches('0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_found_however_its_zeros_and_letters_are_written() {
        let json = br#"{"entries": {"0C35d": {"status": "REVOKED", "reason": "KEY_COMPROMISE", "comment": "-"},
                                    "77": {"status": "SUSPENDED"}}}"#;
        let list = RevocationList::from_json(json).unwrap();
        assert_eq!((list.len(), list.is_empty()), (2, false));
        assert_eq!(list.says("00c35d"), Some("REVOKED KEY_COMPROMISE"));
        assert_eq!(list.says("77"), Some("SUSPENDED"));
        assert_eq!(list.says("0077"), Some("SUSPENDED"));
        assert_eq!(list.says("7700"), None);
    }

    #[test]
    fn a_list_that_is_not_understood_is_refused_whole() {
        for json in [
            "",
            "{}",
            "[]",
            r#"{"entries": []}"#,
            r#"{"entries": {"1": {}}}"#,
            r#"{"entries": {"1": {"status": "REVOKED"}}} more"#,
        ] {
            let error = RevocationList::from_json(json.as_bytes()).unwrap_err();
            assert!(matches!(error, RevocationError::Form(_)), "{json}");
        }
        for serial in ["", "no hex", "0x1"] {
            let json = format!(r#"{{"entries": {{"{serial}": {{"status": "REVOKED"}}}}}}"#);
            let error = RevocationList::from_json(json.as_bytes()).unwrap_err();
            assert!(matches!(error, RevocationError::Serial), "{serial}");
        }
    }
}
