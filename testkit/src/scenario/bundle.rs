//! Policy bundles with other values than the shipped ones, signed by the sandbox's author.

use quittance_flows::policy::{BUNDLE_AUDIENCE, DEFAULT_BUNDLE, PolicyBundle, SANDBOX_AUTHOR_SEED};
use quittance_flows::{Policy, Seconds};
use quittance_gateway::PolicySource;
use quittance_protocol::ed25519::SigningKey;
use quittance_protocol::{Claims, Quantity, StatementId, Unsigned};
use serde_json::Value;
use std::collections::BTreeMap;
use zeroize::Zeroizing;

/// The shipped bundle, but for these values by key.
///
/// # Errors
/// What the loader says against it, or the key that no value has.
pub fn bundle_with(changes: &BTreeMap<String, Value>) -> Result<PolicySource, String> {
    if changes.is_empty() {
        return Ok(PolicySource::Sandbox);
    }
    let policy = changed(changes)?;
    let key = SigningKey::from_seed(&Zeroizing::new(SANDBOX_AUTHOR_SEED)).map_err(|error| error.to_string())?;
    let claims = Claims {
        aud: BUNDLE_AUDIENCE.to_owned(),
        iat: policy.bundle.not_before,
        jti: StatementId::from_bytes(*b"scenario-changes"),
        seq: None,
    };
    let unsigned = Unsigned::new(&key.public_key().thumbprint(), &claims, &PolicyBundle { policy });
    let unsigned = unsigned.map_err(|problem| problem.to_string())?;
    Ok(PolicySource::Signed {
        bundle: unsigned.with_signature(&key.sign(unsigned.signing_input())),
        author: *key.public_key(),
    })
}

fn changed(changes: &BTreeMap<String, Value>) -> Result<Policy, String> {
    let mut tree: Value = serde_json::from_str(DEFAULT_BUNDLE).map_err(|error| error.to_string())?;
    for (key, value) in changes {
        let pointer = format!("/{}", key.replace('.', "/"));
        *tree
            .pointer_mut(&pointer)
            .ok_or(format!("the policy has no value {key}"))? = value.clone();
    }
    Policy::load(&tree.to_string()).map_err(|error| error.to_string())
}

/// The value of a key in the shipped bundle.
///
/// # Errors
/// The key that no value has.
pub fn value_of(key: &str) -> Result<Value, String> {
    let policy = Policy::load(DEFAULT_BUNDLE).map_err(|error| error.to_string())?;
    policy.leaf(key).cloned().map_err(|error| error.to_string())
}

/// Other values in place of one: a little more or less, longer or shorter, yes for no, without or with one item.
/// Those that no loader takes are for whoever tries them to skip.
pub fn others(value: &Value) -> Vec<Value> {
    match value {
        Value::Bool(yes) => vec![Value::Bool(!yes)],
        Value::Number(number) => {
            let number = number.as_i64().unwrap_or_default();
            vec![number.saturating_add(1).into(), number.saturating_sub(1).into()]
        }
        Value::String(text) => other_texts(text).into_iter().map(Value::String).collect(),
        Value::Array(items) => {
            let without = items.split_first().map(|(_, rest)| rest.to_vec());
            let and = |more: &str| items.iter().cloned().chain([more.into()]).collect();
            let with = ["passport", "proof_of_address", "system_default"].map(and);
            without
                .into_iter()
                .chain([Vec::new()])
                .chain(with)
                .map(Value::Array)
                .collect()
        }
        Value::Null | Value::Object(_) => Vec::new(),
    }
}

fn other_texts(text: &str) -> Vec<String> {
    if let Some(days) = text.strip_prefix('P').and_then(|rest| rest.strip_suffix("BD"))
        && let Ok(days) = days.parse::<u16>()
    {
        return vec![
            format!("P{}BD", days.saturating_add(1)),
            format!("P{}BD", days.saturating_sub(1)),
        ];
    }
    if let Ok(seconds) = text.parse::<Seconds>() {
        let moved = |by: i64| Seconds::new(seconds.get().saturating_add(by).max(0)).to_string();
        return vec![moved(1), moved(-1), moved(7_200), moved(-7_200)];
    }
    if let Ok(quantity) = text.parse::<Quantity>() {
        let places = text.split_once('.').map_or(0, |(_, places)| places.len());
        let unit = 10_i64.pow(6_u32.saturating_sub(u32::try_from(places).unwrap_or(6)));
        let moved = |by: i64| Quantity::from_millionths(quantity.millionths().saturating_add(by)).to_string();
        return vec![moved(unit), moved(-unit)];
    }
    match text {
        "release" => vec!["refuse".to_owned()],
        "overseas" => vec!["domestic".to_owned()],
        "domestic" => vec!["overseas".to_owned()],
        "CST-8" => vec!["UTC0".to_owned()],
        "CNY" => vec!["USD".to_owned()],
        "id_database_match" => vec!["passport".to_owned()],
        "passport" => vec!["id_database_match".to_owned()],
        _ => Vec::new(),
    }
}
