//! What the merchant does, and is told.

use super::{PATIENCE, Stage, Staged};
use crate::http::Answer;
use crate::merchant;
use quittance_protocol::MandateId;
use serde_json::Value;

impl Stage {
    /// The merchant's offer: rides, CNY 50.00 a charge, CNY 300.00 in 30 days.
    ///
    /// # Errors
    /// Where the gateway makes none.
    pub async fn offer(&self) -> Staged<String> {
        Ok(merchant::offer(&self.http, &self.merchant).await?)
    }

    /// The merchant charges; the same reference is the same charge.
    pub async fn charge(&self, mandate: MandateId, minor: i64, reference: &str) -> Answer {
        merchant::charge(&self.http, &self.merchant, mandate, minor, reference, None).await
    }

    /// The merchant charges with a permit that was handed over at a till, whose name is the charge's reference.
    pub async fn charge_at(&self, till: &str, mandate: MandateId, minor: i64, permit: &str) -> Answer {
        merchant::charge(&self.http, &self.merchant, mandate, minor, till, Some(permit)).await
    }

    /// What became of a charge of CNY 10.00: `approved`, or the code of the decline.
    pub async fn try_charge(&self, mandate: MandateId, reference: &str) -> String {
        decision(&self.charge(mandate, 1000, reference).await)
    }

    /// What the merchant was told.
    pub async fn notices(&self) -> Vec<Value> {
        let answer = self
            .http
            .get(&format!("/sandbox/merchants/{}/notices", self.merchant))
            .await;
        answer.json.as_array().cloned().unwrap_or_default()
    }

    /// Waits until the merchant was told something: how often.
    ///
    /// # Errors
    /// Where it is not told in time.
    pub async fn until_noticed(&self, notice: &str) -> Staged<usize> {
        let waiting = async {
            loop {
                let told = self.notices().await;
                let of_it = told
                    .iter()
                    .filter(|told| told.get("notice").is_some_and(|name| name == notice));
                match of_it.count() {
                    0 => self.gateway()?.wake().await,
                    count => return Ok(count),
                }
            }
        };
        tokio::time::timeout(PATIENCE, waiting)
            .await
            .map_err(|_| "the merchant was never told")?
    }
}

/// `approved`, or the code of a declined charge.
pub fn decision(charge: &Answer) -> String {
    let part = |pointer: &str| charge.json.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    part("/decision/code")
        .or_else(|| part("/decision/decision"))
        .unwrap_or_else(|| charge.code().to_owned())
}
