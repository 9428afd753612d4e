//! What has to stand: mandates, receipts, lists, what phones and merchants were told.

use super::expectations::{self, Expectation};
use super::play::{Play, Signed, Wrong, same};
use super::setting::PAYER;
use super::words::HistoryLine;
use quittance_protocol::answer::{ChargeDecision, MandateRecord, OrderRecord};
use quittance_protocol::statement::Session;
use quittance_protocol::{AccountId, Quantity};
use serde::Serialize;
use serde_json::Value;
use std::time::Duration;

/// How long, by the real clock, a notice may take to come to its merchant.
const PATIENCE: Duration = Duration::from_secs(20);

impl Play {
    /// Compares what is with what should be.
    pub(super) async fn expect(&mut self, expectation: &Expectation) -> Result<(), Wrong> {
        match expectation {
            Expectation::ExpectMandate(what) => self.expect_mandate(what).await,
            Expectation::ExpectPrompt(what) => self.expect_prompt(what).await,
            Expectation::ExpectCode(what) => self.expect_code(what).await,
            Expectation::ExpectRun(what) => self.expect_run(what).await,
            Expectation::ExpectVoices(what) => self.expect_voices(what).await,
            Expectation::ExpectReceipts(what) => self.expect_receipts(what),
            Expectation::ExpectRoutes(what) => self.expect_routes(what),
            Expectation::ExpectItems(what) => self.expect_items(what),
            Expectation::ExpectRotations(what) => {
                let before = self.epochs.get(&what.by).copied();
                let before = before.ok_or_else(|| Wrong::new("count_rotations before", "none"))?;
                let now = self.phone(&what.by)?.keys.newest_epoch()?;
                same("rotations", &what.expect_rotations, &now.saturating_sub(before))
            }
            Expectation::ExpectEvent(what) => self.expect_event(what),
            Expectation::ExpectNotice(what) => self.expect_notice(what).await,
            Expectation::ExpectHistory(what) => self.expect_history(what).await,
            Expectation::ExpectLock(what) => self.expect_lock(what),
            Expectation::ExpectList(what) => self.expect_list(what),
            Expectation::ExpectExposure(what) => self.expect_exposure(what),
            Expectation::ExpectObstructions(what) => self.expect_obstructions(what).await,
            Expectation::ExpectProblem(what) => self.expect_problem(what),
            Expectation::ExpectFinding(what) => self.expect_finding(what),
        }
    }

    async fn expect_mandate(&self, what: &expectations::ExpectMandate) -> Result<(), Wrong> {
        let signed = self.signed(&what.expect_mandate)?;
        let phone = self.phone(PAYER)?;
        let view = phone.wallet.mandate(signed.mandate)?;
        check("state", &what.state, || name(&view.state))?;
        check("holds", &what.holds.clone().map(sorted), || {
            sorted(view.holds.iter().map(|owner| owner.name().to_owned()).collect())
        })?;
        check("can_pay", &what.can_pay, || view.can_pay)?;
        check("bundled_with", &what.bundled_with.clone().map(Some), || {
            view.terms.bundled_with.clone()
        })?;
        check("permits_ahead", &what.permits_ahead, || view.permits_ahead)?;
        if let Some(stale) = &what.stale {
            let permission = phone.wallet.permission(signed.mandate)?.permission;
            same("stale", stale, &permission.stale)?;
        }
        if !what.asks_gateway() {
            return Ok(());
        }
        let token = self.stage.session(&phone.say(&Session {})?).await?;
        self.expect_at_gateway(what, &token).await
    }

    /// What the gateway tells the payer of a mandate, who has this read token.
    pub(super) async fn expect_at_gateway(&self, what: &expectations::ExpectMandate, token: &str) -> Result<(), Wrong> {
        let mandate = self.signed(&what.expect_mandate)?.mandate;
        let read = self.stage.http.get_as("/v1/mandates", token).await;
        let records: Vec<MandateRecord> = serde_json::from_value(read.json)?;
        let record = records.into_iter().find(|record| record.mandate == mandate);
        let record = record.ok_or_else(|| Wrong::new("a mandate at the gateway", "none"))?;
        check("at_gateway", &what.at_gateway, || name(&record.state))?;
        check("held_at_gateway", &what.held_at_gateway.clone().map(sorted), || {
            sorted(record.holds.clone())
        })?;
        check("cause", &what.cause, || {
            record.ending.map_or("none".to_owned(), |end| name(&end.cause))
        })?;
        check("actor", &what.actor, || {
            record.ending.map_or("none".to_owned(), |end| name(&end.by))
        })?;
        check("auto_renewal", &what.auto_renewal.map(Some), || record.auto_renewal)?;
        check("effective_at", &what.effective_at.map(Some), || record.effective_at)?;
        if let Some(expected) = &what.order {
            let order = record.order.ok_or_else(|| Wrong::new("an order", "none"))?;
            let read = self.stage.http.get_as(&format!("/v1/orders/{order}"), token).await;
            let order: OrderRecord = serde_json::from_value(read.json)?;
            same("order", expected, &name(&order.state))?;
        }
        Ok(())
    }

    async fn expect_voices(&self, what: &expectations::ExpectVoices) -> Result<(), Wrong> {
        let path = format!("/sandbox/flows/{}/voices", self.run(&what.expect_voices)?.flow);
        let voices = self.stage.http.get(&path).await.json;
        let accounts = voices.as_array().into_iter().flatten();
        let accounts = accounts.filter_map(|voice| voice.get("account")?.as_str()?.parse().ok());
        let names: Vec<String> = accounts
            .map(|account: AccountId| {
                let name = self.accounts.iter().find(|(_, known)| **known == account);
                name.map_or_else(|| account.to_string(), |(name, _)| name.clone())
            })
            .collect();
        same("who was heard:", &what.by.join(", "), &names.join(", "))
    }

    fn expect_receipts(&self, what: &expectations::ExpectReceipts) -> Result<(), Wrong> {
        let wallet = &self.phone(PAYER)?.wallet;
        let receipts = wallet.receipts()?;
        same("receipts:", &what.expect_receipts, &receipts.len())?;
        let Some(latest) = receipts.last() else { return Ok(()) };
        // What is exported is what a stranger checks.
        wallet.export_receipt(latest.order)?;
        check("cause", &what.cause, || name(&latest.cause))?;
        check("kind", &what.kind, || name(&latest.kind))?;
        check("mandates", &what.mandates, || latest.mandates.len())
    }

    fn expect_event(&mut self, what: &expectations::ExpectEvent) -> Result<(), Wrong> {
        let fresh = self.phone(&what.by)?.events()?;
        let fresh: Result<Vec<Value>, _> = fresh.iter().map(serde_json::to_value).collect();
        let mut wanted = what.with.clone();
        for (member, value) in &mut wanted {
            *value = self.named(member, value)?;
        }
        let told = self.events.entry(what.by.clone()).or_default();
        told.extend(fresh?);
        let is_it = |event: &Value| {
            event
                .get("event")
                .is_some_and(|name| *name == what.expect_event.as_str())
                && wanted.iter().all(|(member, value)| event.get(member) == Some(value))
        };
        match (told.iter().position(is_it), what.never) {
            (Some(place), false) => {
                told.remove(place);
                Ok(())
            }
            (None, true) => Ok(()),
            (found, _) => {
                let expected = if found.is_some() { "no event" } else { "the event" };
                let told = Value::Array(told.clone());
                Err(Wrong::new(
                    format!("{expected} {} {}", what.expect_event, Value::Object(wanted)),
                    told,
                ))
            }
        }
    }

    /// A member of an event as it is told: mandates and people by their ids, amounts in minor units.
    pub(super) fn named(&self, member: &str, value: &Value) -> Result<Value, Wrong> {
        let Some(text) = value.as_str() else {
            return Ok(value.clone());
        };
        if member == "amount" {
            let amount: Quantity = text.parse()?;
            return super::setting::money(amount);
        }
        if let Some(signed) = self.mandates.get(text) {
            return Ok(serde_json::to_value(signed.mandate)?);
        }
        if let Some(account) = self.accounts.get(text) {
            return Ok(serde_json::to_value(account)?);
        }
        match self.runs.get(text) {
            Some(run) => Ok(serde_json::to_value(run.flow)?),
            None => Ok(value.clone()),
        }
    }

    async fn expect_notice(&self, what: &expectations::ExpectNotice) -> Result<(), Wrong> {
        let signed = self.signed(&what.mandate)?;
        // Notices are delivered after the turn that wrote them.
        let told = async {
            loop {
                let count = self.notices(signed, &what.expect_notice).await?;
                if count >= what.times {
                    return Ok::<usize, Wrong>(count);
                }
                self.stage.gateway()?.wake().await;
            }
        };
        let count = match tokio::time::timeout(PATIENCE, told).await {
            Ok(count) => count?,
            Err(_) => self.notices(signed, &what.expect_notice).await?,
        };
        same(&format!("notices {}:", what.expect_notice), &what.times, &count)
    }

    /// How often a merchant was told this about a mandate.
    async fn notices(&self, signed: &Signed, notice: &str) -> Result<usize, Wrong> {
        let path = format!("/sandbox/merchants/{}/notices", signed.merchant);
        let told = self.stage.http.get(&path).await;
        let mandate = signed.mandate.to_string();
        let is_it = |told: &&Value| {
            told.get("notice").is_some_and(|name| *name == notice)
                && told.get("mandate").is_some_and(|id| *id == mandate.as_str())
        };
        Ok(told.json.as_array().map_or(0, |told| told.iter().filter(is_it).count()))
    }

    async fn expect_history(&self, what: &expectations::ExpectHistory) -> Result<(), Wrong> {
        let mandate = self.signed(&what.expect_history)?.mandate;
        let wallet = &self.phone(PAYER)?.wallet;
        wallet.refresh_history(mandate).await?;
        let history = wallet.permission(mandate)?.history;
        let lines: Vec<HistoryLine> = history
            .into_iter()
            .map(|charge| HistoryLine {
                amount: charge.amount.in_main_units(),
                was: match charge.decision {
                    ChargeDecision::Approved { .. } => "approved".to_owned(),
                    ChargeDecision::Declined { code } => code.name().to_owned(),
                },
                refunded: charge.refunded.map(|amount| amount.in_main_units()),
            })
            .collect();
        same("the history", &what.is, &lines)
    }

    fn expect_lock(&self, what: &expectations::ExpectLock) -> Result<(), Wrong> {
        let lock = self.phone(&what.expect_lock)?.wallet.lock_state()?.lock;
        same("on:", &what.on, &lock.is_some())?;
        let Some(lock) = lock else { return Ok(()) };
        check("left", &what.left.map(|left| left.get()), || {
            lock.until.seconds_since(self.now())
        })?;
        check("trigger", &what.trigger, || lock.trigger.clone())
    }

    fn expect_list(&self, what: &expectations::ExpectList) -> Result<(), Wrong> {
        let list = self.phone(&what.expect_list)?.wallet.permissions()?;
        check("on", &what.on, || list.on)?;
        check("paused", &what.paused, || list.paused)?;
        check("ending", &what.ending, || list.ending)?;
        check("ended", &what.ended, || list.ended)
    }

    fn expect_exposure(&self, what: &expectations::ExpectExposure) -> Result<(), Wrong> {
        let mandate = self.signed(&what.expect_exposure)?.mandate;
        let permission = self.phone(PAYER)?.wallet.permission(mandate)?.permission;
        let exposure = permission
            .exposure
            .ok_or_else(|| Wrong::new("something to lose", "nothing"))?;
        same("charges", &what.charges, &exposure.charges)?;
        same("per_charge", &what.per_charge, &exposure.per_charge.in_main_units())
    }

    async fn expect_obstructions(&self, what: &expectations::ExpectObstructions) -> Result<(), Wrong> {
        let merchant = &self.signed(&what.expect_obstructions)?.merchant;
        let standing = self.stage.http.get(&format!("/sandbox/merchants/{merchant}")).await;
        let count = standing
            .json
            .get("obstructions")
            .and_then(Value::as_u64)
            .unwrap_or_default();
        same("obstructions:", &what.count, &count)
    }
}

/// Compares one member, where the scenario states it.
pub(super) fn check<T: PartialEq + std::fmt::Debug>(
    member: &str,
    expected: &Option<T>,
    was: impl FnOnce() -> T,
) -> Result<(), Wrong> {
    match expected {
        Some(expected) => same(member, expected, &was()),
        None => Ok(()),
    }
}

/// A word of the protocol as it is written.
pub(super) fn name<T: Serialize>(word: &T) -> String {
    match serde_json::to_value(word) {
        Ok(Value::String(name)) => name,
        Ok(other) => other.to_string(),
        Err(error) => error.to_string(),
    }
}

fn sorted(mut names: Vec<String>) -> Vec<String> {
    names.sort();
    names
}
