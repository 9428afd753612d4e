//! What can be read of a gateway by those who may: payers with a read token, everybody in the public log.

use super::{PATIENCE, Stage, StagePhone, Staged, pin_of};
use crate::http::Answer;
use quittance_protocol::OrderId;
use quittance_protocol::answer::OrderRecord;
use quittance_protocol::statement::Session;
use serde_json::Value;
use zeroize::Zeroizing;

impl Stage {
    /// The code that came to the payer's phone last.
    ///
    /// # Errors
    /// Where none came.
    pub async fn code(&self, phone: &StagePhone) -> Staged<Zeroizing<Vec<u8>>> {
        let account = phone.wallet.enrolment()?.ok_or("the phone is not enrolled")?.account;
        let inbox = self.http.get(&format!("/sandbox/inbox/{account}")).await.json;
        let last = inbox.as_array().and_then(|codes| codes.last());
        let code = last
            .and_then(|text| text.pointer("/arguments/code"))
            .and_then(Value::as_str);
        Ok(pin_of(code.ok_or("no code came")?))
    }

    /// An order as the gateway tells it to its payer now.
    ///
    /// # Errors
    /// What the gateway refuses.
    pub async fn order(&self, phone: &StagePhone, order: OrderId) -> Staged<OrderRecord> {
        let answer = self.read(phone, &format!("/v1/orders/{order}")).await?;
        serde_json::from_value(answer.json).map_err(|_| answer.text.into())
    }

    /// Reads as the payer of a phone: with a read token of its own.
    ///
    /// # Errors
    /// What the gateway refuses.
    pub async fn read(&self, phone: &StagePhone, path: &str) -> Staged<Answer> {
        let token = self.session(&phone.say(&Session {})?).await?;
        Ok(self.http.get_as(path, &token).await)
    }

    /// Buys a read token with a signed statement.
    ///
    /// # Errors
    /// What the gateway refuses.
    pub async fn session(&self, statement: &str) -> Staged<String> {
        let opened = self.http.statement(statement).await;
        let token = opened.text_of("token");
        if token.is_empty() {
            return Err(opened.text.into());
        }
        Ok(token)
    }

    /// How many entries of a kind the public log holds.
    pub async fn logged(&self, kind: &str) -> usize {
        let checkpoint = self.http.get("/log/checkpoint").await.text;
        let size = checkpoint.lines().nth(1).unwrap_or_default().to_owned();
        let entries = self.http.get(&format!("/log/tile/entries/000.p/{size}")).await.text;
        entries.matches(&format!("quittance-entry/1\n{kind}\n")).count()
    }

    /// Waits until an order stands where it should.
    ///
    /// # Errors
    /// Where it does not come to stand there in time.
    pub async fn until_order(
        &self,
        phone: &StagePhone,
        order: OrderId,
        stands: impl Fn(&OrderRecord) -> bool,
    ) -> Staged<OrderRecord> {
        let waiting = async {
            loop {
                let record = self.order(phone, order).await?;
                if stands(&record) {
                    return Ok(record);
                }
                self.gateway()?.wake().await;
            }
        };
        tokio::time::timeout(PATIENCE, waiting)
            .await
            .map_err(|_| "the order never came to stand there")?
    }
}
