//! Sets of public keys (RFC 7517 section 5), in which each key is named by its thumbprint.

use serde_json::{Value, json};

use crate::json::{self, Limits};
use crate::key::PublicKey;
use crate::problem::{Code, Problem};

/// The members that make a key; the others of a JWK only describe it.
const OF_THE_KEY: [&str; 4] = ["kty", "crv", "x", "y"];

/// Writes a set of keys, each with what it is the key of (`quittance_key`).
///
/// # Errors
/// `malformed` where a key cannot be written, which no value of [`PublicKey`] brings about.
pub fn write(keys: &[(&str, &PublicKey)]) -> Result<String, Problem> {
    let unwritten = |_| Problem::new(Code::Malformed);
    let mut set = Vec::new();
    for (of, key) in keys {
        let mut jwk = serde_json::to_value(key).map_err(unwritten)?;
        if let Some(members) = jwk.as_object_mut() {
            members.insert("kid".to_owned(), key.thumbprint().to_string().into());
            let alg = serde_json::to_value(key.alg()).map_err(unwritten)?;
            members.insert("alg".to_owned(), alg);
            members.insert("use".to_owned(), "sig".into());
            members.insert("quittance_key".to_owned(), (*of).into());
        }
        set.push(jwk);
    }
    serde_json::to_string_pretty(&json!({ "keys": set })).map_err(unwritten)
}

/// Reads a set of keys, whoever wrote it. Keys of other kinds are passed over, as RFC 7517 wants it.
///
/// # Errors
/// `malformed` where it is not a JSON object with the array `keys`, or holds no key of this protocol; `too_large` over 64 KiB.
pub fn read(text: &str) -> Result<Vec<PublicKey>, Problem> {
    let no_keys = || {
        Problem::new(Code::Malformed)
            .at("/keys")
            .detail("name at least one P-256 or Ed25519 key")
    };
    let set = json::value_from_slice(text.as_bytes(), Limits::PROTOCOL)?;
    let keys: Vec<PublicKey> = set
        .get("keys")
        .and_then(Value::as_array)
        .ok_or_else(no_keys)?
        .iter()
        .filter_map(Value::as_object)
        .filter_map(|jwk| {
            let members = jwk.iter().filter(|(name, _)| OF_THE_KEY.contains(&name.as_str()));
            let members = members.map(|(name, value)| (name.clone(), value.clone())).collect();
            serde_json::from_value(Value::Object(members)).ok()
        })
        .collect();
    if keys.is_empty() { Err(no_keys()) } else { Ok(keys) }
}
