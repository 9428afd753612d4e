//! The form of verbs: each step of a scenario is a JSON object with exactly one of them as a member.

/// Declares verbs: an enum with one struct for each, read from a JSON object by its verb.
macro_rules! verbs {
    ($(#[$all:meta])* $set:ident: $($(#[$doc:meta])* $verb:literal => $name:ident { $($(#[$member:meta])* $field:ident: $kind:ty,)* })*) => {
        $(#[$all])*
        #[derive(Debug, Clone)]
        pub enum $set {
            $($(#[$doc])* $name($name),)*
        }

        $($(#[$doc])*
        #[derive(Debug, Clone, serde::Deserialize, serde::Serialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name { $($(#[$member])* pub $field: $kind,)* })*

        impl $set {
            /// Every verb.
            pub const VERBS: &'static [&'static str] = &[$($verb,)*];

            /// Reads the members of the verb's object; nothing for a verb of another set.
            pub(super) fn of(
                verb: &str,
                members: &serde_json::Map<String, serde_json::Value>,
            ) -> Option<Result<Self, serde_json::Error>> {
                let value = serde_json::Value::Object(members.clone());
                match verb {
                    $($verb => Some(serde_json::from_value(value).map(Self::$name)),)*
                    _ => None,
                }
            }
        }
    };
}
pub(super) use verbs;

/// Who acts where nobody is named.
pub(super) fn payer() -> String {
    "payer".to_owned()
}

/// What a payer's first card is called.
pub(super) fn first() -> String {
    "first".to_owned()
}

/// What a run is called where it has no name.
pub(super) fn run() -> String {
    "run".to_owned()
}

pub(super) fn approved() -> String {
    "approved".to_owned()
}

pub(super) const fn once() -> u32 {
    1
}

pub(super) const fn one() -> usize {
    1
}

pub(super) const fn yes() -> bool {
    true
}
