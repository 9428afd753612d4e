//! What merchants and card networks do to mandates.

use super::acts;
use super::doing::amount;
use super::play::{Play, Signed, Wrong, same};
use super::sandbox::{outcome, refusal, taken};
use super::setting::{PAYER, money};
use crate::stage::decision;
use serde_json::{Value, json};

impl Play {
    pub(super) async fn charge(&mut self, act: &acts::Charge) -> Result<(), Wrong> {
        let reference = self.reference();
        if !act.present {
            return self.charge_as(act, &reference, None).await;
        }
        let mandate = self.signed(&act.charge)?.mandate;
        let wallet = &self.phone(PAYER)?.wallet;
        let permit = wallet
            .payer_present_permit(mandate, amount(act.amount)?, &reference)
            .await;
        match permit {
            Ok(permit) => self.charge_as(act, &reference, Some(&permit)).await,
            Err(error) => same("a charge that gives", &act.gives, &self.refused(PAYER, &error)),
        }
    }

    /// A reference that no other charge has.
    pub(super) fn reference(&mut self) -> String {
        format!("charge-{}", self.next())
    }

    /// The merchant charges under this reference, with the permit that the payer handed over where there is one.
    pub(super) async fn charge_as(
        &mut self,
        act: &acts::Charge,
        reference: &str,
        permit: Option<&str>,
    ) -> Result<(), Wrong> {
        let Signed { mandate, merchant } = self.signed(&act.charge)?.clone();
        let mut body = json!({ "mandate": mandate, "amount": money(act.amount)?, "reference": reference });
        if let (Some(permit), Some(members)) = (permit, body.as_object_mut()) {
            members.insert("permit".to_owned(), permit.into());
        }
        let path = format!("/sandbox/merchants/{merchant}/charges");
        let answer = self.stage.http.post(&path, &body).await;
        if let Some(name) = &act.name {
            let charge = answer.text_of("charge");
            self.charges.insert(name.clone(), (charge, merchant));
        }
        let was = decision(&answer);
        same(
            "a charge that gives",
            &act.gives,
            &if was.is_empty() { answer.text } else { was },
        )
    }

    pub(super) async fn refund(&mut self, act: &acts::Refund) -> Result<(), Wrong> {
        let (charge, merchant) = self
            .charges
            .get(&act.refund)
            .ok_or_else(|| Wrong::unknown("charge", &act.refund))?;
        let body = json!({ "charge": charge, "amount": money(act.amount)? });
        let answer = self
            .stage
            .http
            .post(&format!("/sandbox/merchants/{merchant}/refund"), &body)
            .await;
        outcome(act.fails.as_deref(), refusal(&answer))
    }

    pub(super) async fn release(&mut self, act: &acts::Release) -> Result<(), Wrong> {
        let Signed { mandate, merchant } = self.signed(&act.release)?;
        let path = format!("/sandbox/merchants/{merchant}/release");
        let answer = self.stage.http.post(&path, &json!({ "mandate": mandate })).await;
        outcome(act.fails.as_deref(), refusal(&answer))
    }

    pub(super) async fn object(&mut self, act: &acts::Object) -> Result<(), Wrong> {
        let Signed { mandate, merchant } = self.signed(&act.object)?;
        let path = format!("/sandbox/merchants/{merchant}/objection");
        let body = json!({ "mandate": mandate, "reasons": "The service was used this month." });
        let answer = self.stage.http.post(&path, &body).await;
        outcome(act.fails.as_deref(), refusal(&answer))
    }

    /// Says which of somebody's cards pays for what they sign from now on.
    pub(super) async fn choose_card(&self, who: &str, name: &str) -> Result<(), Wrong> {
        let path = format!("/sandbox/accounts/{}/cards", self.account(who)?);
        taken(&self.stage.http.post(&path, &json!({ "name": name })).await)
    }

    pub(super) async fn remove_card(&mut self, act: &acts::RemoveCard) -> Result<(), Wrong> {
        let path = format!("/sandbox/accounts/{}/cards", self.account(&act.remove_card)?);
        let cards = self.stage.http.get(&path).await.json;
        let named = |card: &&Value| {
            let is = |member: &str, value: Value| card.get(member) == Some(&value);
            is("name", json!(act.card)) && is("removed", json!(false))
        };
        let card = cards.as_array().and_then(|cards| cards.iter().find(named));
        let card = card.and_then(|card| card.get("card")).and_then(Value::as_str);
        let card = card.ok_or_else(|| Wrong::unknown("card", &act.card))?;
        taken(
            &self
                .stage
                .http
                .post(&format!("/sandbox/cards/{card}/removed"), &json!({}))
                .await,
        )
    }
}
