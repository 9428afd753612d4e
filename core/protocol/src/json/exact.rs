//! Documents that have one form: what is signed, hashed or logged.
//!
//! A type can be read from more than it is ever written as: a list of an object's values, a null in the place of a
//! member that is left out, an object in the place of a word. Two readers that differ there would differ about one
//! signature, so what was read is written again and compared by its form.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Limits, Place, from_value, value_from_slice};
use crate::problem::{Code, Problem};

/// Reads a document into its type, in the form in which the type is written.
///
/// # Errors
/// As [`super::from_slice`]; `malformed` for another form.
pub fn exact_from_slice<T: DeserializeOwned + Serialize>(bytes: &[u8], limits: Limits) -> Result<T, Problem> {
    exact_from_value(value_from_slice(bytes, limits)?)
}

/// Gives a value its type, in the form in which the type is written.
///
/// # Errors
/// As [`super::from_value`]; `malformed` for another form.
pub fn exact_from_value<T: DeserializeOwned + Serialize>(value: Value) -> Result<T, Problem> {
    let read: T = from_value(value.clone())?;
    let written = serde_json::to_value(&read).map_err(|_| Problem::new(Code::Malformed))?;
    compare(&value, Some(&written), &Place::Root)?;
    Ok(read)
}

/// Scalars are the type's own to judge, such as a number that may be written as text.
fn compare(read: &Value, written: Option<&Value>, place: &Place<'_>) -> Result<(), Problem> {
    match (read, written) {
        (Value::Object(read), Some(Value::Object(written))) => read
            .iter()
            .try_for_each(|(name, member)| compare(member, written.get(name), &Place::Member(place, name))),
        (Value::Array(read), Some(Value::Array(written))) => read
            .iter()
            .enumerate()
            .try_for_each(|(index, item)| compare(item, written.get(index), &Place::Item(place, index))),
        (Value::Null, None) => Err(refused(place, "leave this member out")),
        (Value::Object(_) | Value::Array(_) | Value::Null, Some(written)) if !(read.is_null() && written.is_null()) => {
            Err(refused(place, "this member is written in another form"))
        }
        _ => Ok(()),
    }
}

fn refused(place: &Place<'_>, detail: &'static str) -> Problem {
    Problem::new(Code::Malformed).at(place.to_string()).detail(detail)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::money::Money;

    #[derive(Debug, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Said {
        amount: Money,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
        state: Option<State>,
    }

    #[derive(Debug, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum State {
        Open,
    }

    fn pointer(text: &str) -> Option<String> {
        match exact_from_slice::<Said>(text.as_bytes(), Limits::PROTOCOL) {
            Ok(_) => None,
            Err(problem) => {
                assert_eq!(problem.code(), Code::Malformed, "{text}");
                Some(problem.pointer().unwrap_or_default().to_owned())
            }
        }
    }

    #[test]
    fn each_thing_is_read_in_the_one_form_in_which_it_is_written() {
        for (text, at) in [
            (r#"{"amount":[3000,"CNY"],"state":null}"#, "/amount"),
            (r#"[{"minor":3000,"currency":"CNY"},null,null]"#, ""),
            (
                r#"{"amount":{"minor":3000,"currency":"CNY"},"note":null,"state":null}"#,
                "/note",
            ),
            (
                r#"{"amount":{"minor":3000,"currency":"CNY"},"state":{"open":null}}"#,
                "/state",
            ),
        ] {
            assert!(super::super::from_slice::<Said>(text.as_bytes(), Limits::PROTOCOL).is_ok());
            assert_eq!(pointer(text).as_deref(), Some(at), "{text}");
        }
        // Control: what is written as null, as a word, or left out is read so.
        for text in [
            r#"{"amount":{"minor":3000,"currency":"CNY"},"state":null}"#,
            r#"{"amount":{"minor":3000,"currency":"CNY"},"note":"lunch","state":"open"}"#,
        ] {
            assert_eq!(pointer(text), None, "{text}");
        }
    }
}
