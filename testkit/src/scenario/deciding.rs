//! What other people decide: reviewers, guardians, contacts, the risk engine.

use super::acts;
use super::play::{Play, Run, Wrong};
use super::sandbox::{outcome, refusal};
use super::setting::PAYER;
use quittance_wallet::VouchRequest;
use serde_json::json;

impl Play {
    pub(super) async fn review(&mut self, act: &acts::Review) -> Result<(), Wrong> {
        let run = self.run(&act.review)?.clone();
        let reviewer = self.reviewer(&act.reviewer).await?;
        let desk = self.stage.http.get("/sandbox/desk").await;
        let flow = run.flow.to_string();
        let items = desk.json.as_array().cloned().unwrap_or_default();
        let item = items
            .iter()
            .find(|item| item.get("flow").is_some_and(|named| *named == flow.as_str()));
        let item = item.ok_or_else(|| Wrong::new("that the run waits at the desk", &desk.text))?;
        let body = json!({ "flow": flow, "step": item.get("step"), "approves": act.approves });
        let path = format!("/sandbox/reviewers/{reviewer}/decisions");
        let answer = self.stage.http.post(&path, &body).await;
        outcome(act.fails.as_deref(), refusal(&answer))
    }

    /// The reviewer of this name, made where there is none.
    async fn reviewer(&mut self, name: &str) -> Result<String, Wrong> {
        if let Some(known) = self.reviewers.get(name) {
            return Ok(known.clone());
        }
        let mut body = json!({ "name": name });
        if let (Some(account), Some(members)) = (self.accounts.get(name), body.as_object_mut()) {
            members.insert("account".to_owned(), json!(account));
        }
        let made = self.stage.http.post("/sandbox/reviewers", &body).await;
        let reviewer = made.text_of("reviewer");
        if reviewer.is_empty() {
            return Err(Wrong::new("a reviewer", made.text));
        }
        self.reviewers.insert(name.to_owned(), reviewer.clone());
        Ok(reviewer)
    }

    pub(super) async fn vouch(&mut self, act: &acts::Vouch) -> Result<(), Wrong> {
        let run = self.run(&act.vouch)?;
        if act.scans {
            let code = self.phone(&run.by)?.wallet.vouch_request(run.flow)?.to_string();
            return self.vouch_for(act, VouchRequest::read(&code)?).await;
        }
        let asked = self.vouch_request(&run.clone())?;
        self.vouch_for(act, asked).await
    }

    /// What a run asks of others, as the gateway tells them.
    pub(super) fn vouch_request(&self, run: &Run) -> Result<VouchRequest, Wrong> {
        Ok(VouchRequest {
            flow: run.flow,
            requester: self.account(&run.by)?,
            purpose: run.definition.clone(),
        })
    }

    /// Somebody answers what they were asked.
    pub(super) async fn vouch_for(&mut self, act: &acts::Vouch, asked: VouchRequest) -> Result<(), Wrong> {
        let wallet = &self.phone(&act.by)?.wallet;
        let said = wallet
            .vouch(asked.flow, asked.requester, &asked.purpose, act.approves)
            .await;
        outcome(
            act.fails.as_deref(),
            said.map_err(|error| self.refused(&act.by, &error)),
        )
    }

    /// The risk engine's finding is a fact about the account.
    pub(super) async fn risk(&mut self, act: &acts::Risk) -> Result<(), Wrong> {
        let known = self.profiles.get(PAYER).cloned().unwrap_or_default();
        let mut body = self.profile(&known)?;
        if !act.resolved {
            body.insert("triggers".to_owned(), json!([act.risk]));
        }
        self.put_profile(PAYER, body).await
    }
}
