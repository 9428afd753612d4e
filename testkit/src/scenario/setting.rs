//! What is given: the stage, its people with their phones, what they have signed.

use super::model::Given;
use super::play::{Play, Signed, Wrong};
use super::terms::MandateSpec;
use crate::stage::{Stage, StagePhone};
use quittance_gateway::PolicySource;
use quittance_protocol::Quantity;
use quittance_wallet::WalletError;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The person whose permissions a scenario is about.
pub(super) const PAYER: &str = "payer";

/// Sets the stage.
pub(super) async fn set(given: &Given, bundle: PolicySource) -> Result<Play, Wrong> {
    let mut play = Play::on(Stage::set_at(Some(given.clock), bundle).await?);
    for name in std::iter::once(PAYER).chain(given.others.keys().map(String::as_str)) {
        play.enrol(name).await?;
    }
    // A teen signs nothing: what stands was signed before teen mode was on.
    for spec in &given.mandates {
        for name in spec.names() {
            let signed = play.sign(PAYER, spec, &name).await?;
            signed.map_err(|code| Wrong::new(format!("that {name} is active"), code))?;
        }
        play.number(&spec.names());
    }
    play.tell_gateway(given).await?;
    play.phone(PAYER)?.wallet.sync().await?;
    play.phone(PAYER)?.events()?;
    Ok(play)
}

impl Play {
    /// A scenario on this stage, where nothing has happened yet.
    pub(super) fn on(stage: Stage) -> Self {
        Self {
            stage,
            phones: BTreeMap::new(),
            idle: BTreeMap::new(),
            backups: BTreeMap::new(),
            owed: BTreeMap::new(),
            clocks_off: BTreeMap::new(),
            accounts: BTreeMap::new(),
            profiles: BTreeMap::new(),
            mandates: BTreeMap::new(),
            merchants: BTreeMap::new(),
            runs: BTreeMap::new(),
            charges: BTreeMap::new(),
            reviewers: BTreeMap::new(),
            events: BTreeMap::new(),
            epochs: BTreeMap::new(),
            counter: 0,
        }
    }

    /// Somebody gets a phone, and enrols it.
    pub(super) async fn enrol(&mut self, name: &str) -> Result<(), Wrong> {
        let phone = self.stage.phone()?;
        self.phones.insert(name.to_owned(), phone);
        Ok(self.enrol_phone(name).await??)
    }

    /// Tells the gateway what it knows of people, tells outside parties what they answer.
    pub(super) async fn tell_gateway(&mut self, given: &Given) -> Result<(), Wrong> {
        let others = given.others.iter().map(|(name, profile)| (name.as_str(), profile));
        for (name, profile) in std::iter::once((PAYER, &given.payer)).chain(others) {
            self.tell_profile(name, profile).await?;
        }
        for (party, lines) in &given.parties {
            self.script(party, lines).await?;
        }
        Ok(())
    }

    /// Somebody signs what a merchant offers; the inner error is the code of a refusal.
    pub(super) async fn sign(
        &mut self,
        who: &str,
        spec: &MandateSpec,
        name: &str,
    ) -> Result<Result<(), String>, Wrong> {
        let (offer, merchant) = self.offered(who, spec, name).await?;
        let mandate = match sign_offer(self.phone(who)?, &offer).await {
            Ok(mandate) => mandate,
            Err(error) => return Ok(Err(self.refused(who, &error))),
        };
        self.was_signed(spec, name, Signed { mandate, merchant }).await?;
        Ok(Ok(()))
    }

    /// What a merchant offers to somebody, with the merchant; from here on the card of these terms pays.
    pub(super) async fn offered(
        &mut self,
        who: &str,
        spec: &MandateSpec,
        name: &str,
    ) -> Result<(String, String), Wrong> {
        if let Some(card) = &spec.card {
            self.choose_card(who, card).await?;
        }
        let merchant = self.merchant(&spec.merchant).await?;
        let offer = self.offer(spec, name, &merchant).await?;
        Ok((offer, merchant))
    }

    /// From here on steps know a mandate by its name.
    pub(super) async fn was_signed(&mut self, spec: &MandateSpec, name: &str, signed: Signed) -> Result<(), Wrong> {
        if spec.system_default {
            self.mark_system_default(signed.mandate).await?;
        }
        self.mandates.insert(name.to_owned(), signed);
        Ok(())
    }

    /// Numbers a group by its identifiers, which is the sequence in which an order names its mandates.
    pub(super) fn number(&mut self, names: &[String]) {
        let mut group: Vec<Signed> = names.iter().filter_map(|name| self.mandates.remove(name)).collect();
        group.sort_by_key(|signed| signed.mandate);
        self.mandates.extend(names.iter().cloned().zip(group));
    }

    /// The merchant of this name, made where nobody has it.
    pub(super) async fn merchant(&mut self, name: &str) -> Result<String, Wrong> {
        if let Some(known) = self.merchants.get(name) {
            return Ok(known.clone());
        }
        let made = self
            .stage
            .http
            .post("/sandbox/merchants", &json!({ "name": name }))
            .await;
        let merchant = made.text_of("merchant");
        if merchant.is_empty() {
            return Err(Wrong::new("a merchant", made.text));
        }
        self.merchants.insert(name.to_owned(), merchant.clone());
        Ok(merchant)
    }

    async fn offer(&self, spec: &MandateSpec, name: &str, merchant: &str) -> Result<String, Wrong> {
        let mut terms = json!({
            "service": name, "kind": spec.kind, "period_days": spec.days,
            "per_charge": money(spec.per_charge)?, "per_period": money(spec.per_period)?,
        });
        let optional = [
            ("total", spec.total.map(money).transpose()?),
            ("charges_per_period", spec.charges_per_period.map(Value::from)),
            ("charges", spec.charges.map(Value::from)),
            ("exact", spec.exact.then_some(Value::Bool(true))),
            (
                "valid_until",
                spec.valid_for.map(|span| json!(self.now().plus_seconds(span.get()))),
            ),
            ("category", spec.category.clone().map(Value::from)),
            (
                "channel",
                (spec.channel != Default::default()).then(|| json!(spec.channel)),
            ),
            ("auto_renewal", spec.auto_renewal.map(Value::from)),
            ("bundled_with", spec.bundled_with.clone().map(Value::from)),
        ];
        if let Some(members) = terms.as_object_mut() {
            let stated = optional
                .into_iter()
                .filter_map(|(name, value)| Some((name.to_owned(), value?)));
            members.extend(stated);
        }
        let made = self
            .stage
            .http
            .post(&format!("/sandbox/merchants/{merchant}/offers"), &terms)
            .await;
        let offer = made.text_of("offer");
        if offer.is_empty() {
            Err(Wrong::new("an offer", made.text))
        } else {
            Ok(offer)
        }
    }
}

async fn sign_offer(phone: &StagePhone, offer: &str) -> Result<quittance_protocol::MandateId, WalletError> {
    let flow = phone.wallet.start_sign(offer).await?;
    phone.answer_all(flow).await?;
    let mandate = phone.wallet.mandate_of(flow)?;
    if phone.wallet.mandate(mandate)?.active_since.is_some() {
        Ok(mandate)
    } else {
        Err(WalletError::NotPayable)
    }
}

/// An amount in CNY as the sandbox takes it.
pub(super) fn money(amount: Quantity) -> Result<Value, Wrong> {
    let minor = amount
        .minor_units(2)
        .ok_or_else(|| Wrong::new("an amount in whole cents", amount))?;
    Ok(json!({ "minor": minor, "currency": "CNY" }))
}
