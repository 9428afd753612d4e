//! The answer to a reconciliation, read thing by thing: what this app cannot read of it keeps nothing else back.
//!
//! Nothing is guessed of what cannot be read. A mandate, an order or a run that is left out stays on this phone as it
//! was, a stop or the lock stays on.

use crate::error::WalletError;
use crate::mandates::Lifting;
use crate::transport::{ANSWER_LIMITS, SendError, read};
use crate::unread::Unread;
use quittance_protocol::answer::{
    Enrolled, FlowLog, LockRecord, MandateRecord, OrderRecord, PayerEvent, Reconciled, RecoveryRecord,
};
use quittance_protocol::json;
use quittance_protocol::statement::StopScope;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// What was understood of an answer.
#[derive(Debug)]
pub(crate) struct Heard {
    /// The answer, without what cannot be read.
    pub(crate) answer: Reconciled,
    /// Whether the lock is as told.
    pub(crate) lock_is_known: bool,
    /// Whether the stops are all that are in force.
    pub(crate) stops_are_known: bool,
    /// What of this phone's own holds it lifts.
    pub(crate) lifting: Lifting,
}

/// Reads an answer as far as it can be read.
///
/// # Errors
/// [`WalletError::Answer`] where it is no answer to a reconciliation at all.
pub(crate) fn read_reconciled(bytes: &[u8], unread: &mut Unread) -> Result<Heard, WalletError> {
    let whole = match read::<Reconciled>(bytes) {
        Ok(answer) => {
            return Ok(Heard {
                answer,
                lock_is_known: true,
                stops_are_known: true,
                lifting: Lifting::Stops,
            });
        }
        Err(error) => WalletError::from(error),
    };
    let Ok(Value::Object(mut members)) = json::value_from_slice(bytes, ANSWER_LIMITS) else {
        return Err(whole);
    };
    each::<MandateRecord>(&mut members, "mandates", unread)?;
    each::<OrderRecord>(&mut members, "orders", unread)?;
    each::<FlowLog>(&mut members, "flows", unread)?;
    each::<PayerEvent>(&mut members, "events", unread)?;
    one::<Enrolled>(&mut members, "phone", unread)?;
    one::<RecoveryRecord>(&mut members, "recovery", unread)?;
    let lock_is_known = one::<LockRecord>(&mut members, "lock", unread)?;
    let stops_are_known = each::<StopScope>(&mut members, "stops", unread)?;
    let answer = json::from_value(Value::Object(members)).map_err(|_| whole)?;
    Ok(Heard {
        answer,
        lock_is_known,
        stops_are_known,
        lifting: Lifting::Stops,
    })
}

/// Leaves out the items of a list that cannot be read; says whether all can.
fn each<T: DeserializeOwned>(
    members: &mut Map<String, Value>,
    name: &'static str,
    unread: &mut Unread,
) -> Result<bool, WalletError> {
    let Some(Value::Array(items)) = members.get_mut(name) else {
        return Ok(true);
    };
    let before = items.len();
    items.retain(is_readable::<T>);
    noticed(items.len() == before, name, unread)
}

/// Leaves out a member that cannot be read; says whether it can.
fn one<T: DeserializeOwned>(
    members: &mut Map<String, Value>,
    name: &'static str,
    unread: &mut Unread,
) -> Result<bool, WalletError> {
    let readable = members.get(name).is_none_or(is_readable::<Option<T>>);
    if !readable {
        members.remove(name);
    }
    noticed(readable, name, unread)
}

fn is_readable<T: DeserializeOwned>(value: &Value) -> bool {
    json::from_value::<T>(value.clone()).is_ok()
}

fn noticed(readable: bool, name: &'static str, unread: &mut Unread) -> Result<bool, WalletError> {
    if !readable {
        unread.note(SendError::NotUnderstood(name).into())?;
    }
    Ok(readable)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const LISTS: [&str; 4] = ["mandates", "orders", "flows", "events"];

    fn answer() -> Value {
        json!({
            "mandates": [], "orders": [], "orphans": [], "events": [], "flows": [],
            "lock": { "since": "2026-03-01T00:00:00Z", "until": "2026-03-02T00:00:00Z", "trigger": "payer",
                "other_devices": false },
            "stops": [{ "scope": "everything" }], "recovery": { "facts": {} }, "now": "2026-03-01T12:00:00Z",
        })
    }

    fn heard(answer: &Value) -> (Result<Heard, WalletError>, bool) {
        let mut unread = Unread::default();
        let heard = read_reconciled(answer.to_string().as_bytes(), &mut unread);
        (heard, unread.told().is_err())
    }

    #[test]
    fn a_whole_answer_is_taken_whole() {
        let (heard, is_told) = heard(&answer());
        let heard = heard.unwrap();
        assert!(heard.lock_is_known && heard.stops_are_known && !is_told);
        assert!(heard.answer.lock.is_some() && heard.answer.recovery.is_some());
        assert_eq!(heard.answer.stops, [StopScope::Everything {}]);
    }

    #[test]
    fn what_cannot_be_read_is_left_out_alone_and_is_told() {
        for list in LISTS {
            let mut changed = answer();
            changed[list] = json!([{ "of": "a newer gateway" }]);
            let (heard, is_told) = heard(&changed);
            assert_eq!(heard.unwrap().answer.stops, [StopScope::Everything {}], "{list}");
            assert!(is_told, "{list}");
        }
        for member in ["phone", "recovery"] {
            let mut changed = answer();
            changed[member] = json!("of a newer gateway");
            let (heard, is_told) = heard(&changed);
            let heard = heard.unwrap();
            assert!(heard.answer.phone.is_none() && heard.answer.lock.is_some(), "{member}");
            assert_eq!(heard.answer.recovery.is_some(), member == "phone");
            assert!(heard.lock_is_known && heard.stops_are_known && is_told, "{member}");
        }
    }

    #[test]
    fn what_stops_is_known_to_be_told_in_part() {
        let mut changed = answer();
        changed["stops"] = json!([{ "scope": "weekends" }, { "scope": "everything" }]);
        let (read, is_told) = heard(&changed);
        let read = read.unwrap();
        assert_eq!(read.answer.stops, [StopScope::Everything {}]);
        assert!(!read.stops_are_known && read.lock_is_known && is_told);
        let mut changed = answer();
        changed["lock"]["until"] = json!("dawn");
        let (read, is_told) = heard(&changed);
        let read = read.unwrap();
        assert_eq!(read.answer.lock, None);
        assert!(read.stops_are_known && !read.lock_is_known && is_told);
    }

    #[test]
    fn what_is_no_answer_to_a_reconciliation_is_refused() {
        for wrong in [
            json!([]),
            json!({}),
            json!({ "mandates": {}, "now": "2026-03-01T12:00:00Z" }),
        ] {
            assert!(matches!(heard(&wrong).0, Err(WalletError::Answer(_))), "{wrong}");
        }
        let mut timeless = answer();
        timeless["now"] = json!("noon");
        assert!(heard(&timeless).0.is_err());
    }
}
