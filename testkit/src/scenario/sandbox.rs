//! What scenarios tell the sandbox over HTTP: facts about people and mandates, scripts, reviewers.

use super::people::{ContactSpec, Profile};
use super::play::{Play, Wrong};
use super::setting::money;
use crate::http::Answer;
use quittance_flows::Seconds;
use quittance_protocol::MandateId;
use serde_json::{Map, Value, json};

/// Seconds: a year, after which whoever was named counts by any policy.
const LONG_AGO: i64 = 365 * 86_400;

impl Play {
    /// Tells the gateway what it knows about a person from now on.
    pub(super) async fn tell_profile(&mut self, name: &str, profile: &Profile) -> Result<(), Wrong> {
        let body = self.profile(profile)?;
        if let Some(number) = &profile.number {
            let path = format!("/sandbox/accounts/{}/number", self.account(name)?);
            taken(&self.stage.http.post(&path, &json!({ "number": number })).await)?;
        }
        self.profiles.insert(name.to_owned(), profile.clone());
        if body.is_empty() {
            // Nothing is known about most people.
            return Ok(());
        }
        self.put_profile(name, body).await
    }

    pub(super) async fn put_profile(&self, name: &str, body: Map<String, Value>) -> Result<(), Wrong> {
        let path = format!("/sandbox/accounts/{}", self.account(name)?);
        taken(&self.stage.http.post(&path, &Value::Object(body)).await)
    }

    /// A profile as the sandbox takes it.
    pub(super) fn profile(&self, profile: &Profile) -> Result<Map<String, Value>, Wrong> {
        let mut body = Map::new();
        for (member, text) in [
            ("region", &profile.region),
            ("ip", &profile.address),
            ("born", &profile.born),
        ] {
            if let Some(text) = text {
                body.insert(member.to_owned(), json!(text));
            }
        }
        if let Some(teen) = &profile.teen {
            body.insert("teen".to_owned(), json!({ "guardian": self.account(&teen.guardian)? }));
        }
        let mut acquaintances = Vec::new();
        for contact in profile.contacts.iter().chain(&profile.acquaintances) {
            acquaintances.push(json!({
                "account": self.account(&contact.who)?, "name": contact.who, "verified": contact.verified,
                "known_since": self.now().plus_seconds(-contact.known.get()),
            }));
        }
        let contacts = self.contact_sets(&profile.contacts)?;
        let mut transactions = Vec::new();
        for past in &profile.transactions {
            transactions.push(json!({ "amount": money(past.amount)?, "merchant": past.payee, "at": past.at }));
        }
        for (member, list) in [
            ("acquaintances", acquaintances),
            ("contacts", contacts),
            ("transactions", transactions),
        ] {
            if !list.is_empty() {
                body.insert(member.to_owned(), Value::Array(list));
            }
        }
        Ok(body)
    }

    /// Contacts as they were named: those of long ago first, then all of them since the last was added.
    fn contact_sets(&self, contacts: &[ContactSpec]) -> Result<Vec<Value>, Wrong> {
        let set = |named: &[&ContactSpec], ago: i64| -> Result<Value, Wrong> {
            let people: Result<Vec<_>, Wrong> = named.iter().map(|contact| self.account(&contact.who)).collect();
            Ok(json!({ "set_at": self.now().plus_seconds(-ago), "people": people? }))
        };
        let (lately, long_ago): (Vec<_>, Vec<_>) = contacts.iter().partition(|contact| contact.named.is_some());
        let mut sets = Vec::new();
        if !long_ago.is_empty() {
            sets.push(set(&long_ago, LONG_AGO)?);
        }
        if let Some(ago) = lately
            .iter()
            .filter_map(|contact| contact.named)
            .map(Seconds::get)
            .min()
        {
            let all: Vec<_> = contacts.iter().collect();
            sets.push(set(&all, ago)?);
        }
        Ok(sets)
    }

    pub(super) async fn mark_system_default(&self, mandate: MandateId) -> Result<(), Wrong> {
        let path = format!("/sandbox/mandates/{mandate}");
        taken(&self.stage.http.post(&path, &json!({ "system_default": true })).await)
    }

    /// Sets what a party answers from now on.
    pub(super) async fn script(&self, party: &str, lines: &[Value]) -> Result<(), Wrong> {
        let path = format!("/sandbox/parties/{party}/script");
        taken(&self.stage.http.post(&path, &Value::Array(lines.to_vec())).await)
    }

    /// Codes that came to a person's phones, oldest first, each with the number that it came to.
    pub(super) async fn texts(&self, name: &str) -> Result<Vec<(String, String)>, Wrong> {
        let answer = self
            .stage
            .http
            .get(&format!("/sandbox/inbox/{}", self.account(name)?))
            .await;
        let texts = answer.json.as_array().cloned().unwrap_or_default();
        let code = |text: &Value| {
            let number = text.get("number")?.as_str()?.to_owned();
            let code = text.get("arguments")?.get("code")?.as_str()?.to_owned();
            Some((number, code))
        };
        Ok(texts.iter().filter_map(code).collect())
    }
}

/// An answer that is no refusal.
pub(super) fn taken(answer: &Answer) -> Result<(), Wrong> {
    if answer.status == 200 {
        Ok(())
    } else {
        Err(Wrong::new(
            "that the sandbox takes it",
            format!("{} {}", answer.status, answer.text),
        ))
    }
}

/// Compares the code of a refusal, or its absence, with what the step says.
pub(super) fn outcome(fails: Option<&str>, was: Result<(), String>) -> Result<(), Wrong> {
    match (fails, was) {
        (None, Ok(())) => Ok(()),
        (Some(code), Err(was)) if code == was => Ok(()),
        (Some(code), Err(was)) => Err(Wrong::new(format!("the refusal {code}"), was)),
        (Some(code), Ok(())) => Err(Wrong::new(format!("the refusal {code}"), "that it was done")),
        (None, Err(was)) => Err(Wrong::new("that it is done", was)),
    }
}

/// The refusal in an answer of the gateway's.
pub(super) fn refusal(answer: &Answer) -> Result<(), String> {
    if answer.status != 200 {
        tracing::debug!(target: super::ERRORS, "{}", answer.text);
    }
    match answer.status {
        200 => Ok(()),
        _ if answer.code().is_empty() => Err(format!("{} {}", answer.status, answer.text)),
        _ => Err(answer.code().to_owned()),
    }
}
