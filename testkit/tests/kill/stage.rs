//! What is set up once and copied for each run.

use crate::operation::Operation;
use crate::run::Wrong;
use quittance_protocol::MandateId;
use quittance_testkit::files::{quick_folder, replace_folder};
use quittance_testkit::phone::Phone;
use quittance_testkit::process::Programs;
use quittance_testkit::story::{Casting, PIN, Side, Story};
use quittance_testkit::willing;
use quittance_wallet::{Answer, PromptKind};
use serde_json::{Value, json};
use std::path::PathBuf;
use zeroize::Zeroizing;

/// A gateway and an enrolled phone, where an operation can begin.
pub(crate) struct Stage {
    pub(crate) operation: Operation,
    /// The permissions that stand; the operation is about the first one, or about all.
    pub(crate) mandates: Vec<MandateId>,
    programs: Programs,
    casting: Casting,
    folder: tempfile::TempDir,
}

impl Stage {
    /// Sets it with honest programs.
    pub(crate) async fn set(programs: Programs, operation: Operation) -> Self {
        let casting = Casting::default();
        // What SIGKILL leaves does not depend on what a sync is worth, and thousands of runs wait for none.
        let folder = quick_folder().expect("a folder");
        let home = folder.path().join("stage");
        let mut story = Story::open(programs.clone(), &home, &casting, true)
            .await
            .expect("the stage");
        let phone = Phone::on(story.phone_setup().config()).await.expect("a phone");
        let pin = Zeroizing::new(PIN.as_bytes().to_vec());
        phone.wallet().expect("an app").enrol(pin).await.expect("enrolled");
        let mut mandates = Vec::new();
        for _ in 0..operation.begins_with() {
            mandates.push(sign(&story, &phone).await);
        }
        if operation == Operation::Undo {
            cancel_by_service(&story, &phone, mandates.first().copied().expect("a permission")).await;
        }
        drop(phone);
        story.kill(Side::Gateway).await.expect("the gateway leaves");
        Self {
            operation,
            mandates,
            programs,
            casting,
            folder,
        }
    }

    /// The same stage, played on by other programs.
    pub(crate) fn played_by(self, casting: Casting) -> Self {
        Self { casting, ..self }
    }

    /// Where runs are played.
    pub(crate) fn run_folder(&self) -> PathBuf {
        self.folder.path().join("run")
    }

    /// A copy to play on, with both processes up.
    pub(crate) async fn copy(&self) -> Result<Story, Wrong> {
        let run = self.run_folder();
        replace_folder(&self.folder.path().join("stage"), &run).expect("a copy");
        let mut story = Story::open(self.programs.clone(), &run, &self.casting, true)
            .await
            .expect("the copy");
        story.revive().await.expect("both start");
        Ok(story)
    }
}

async fn sign(story: &Story, phone: &Phone) -> MandateId {
    let wallet = phone.wallet().expect("an app");
    let offer = story.offer().await.expect("an offer");
    let flow = wallet.start_sign(&offer).await.expect("a flow");
    while let Some(prompt) = wallet.next_prompt(flow).expect("a prompt") {
        let answer = willing::answer(&prompt.kind, PIN).expect("an answer");
        wallet.submit(flow, answer).await.expect("taken");
    }
    wallet.sync().await.expect("told");
    wallet.mandate_of(flow).expect("a mandate")
}

/// Walks the path whose end comes a day later, so that it can be taken back.
async fn cancel_by_service(story: &Story, phone: &Phone, mandate: MandateId) {
    let wallet = phone.wallet().expect("an app");
    let account = wallet.enrolment().expect("an enrolment").expect("enrolled").account;
    let flow = wallet
        .begin("mandate.cancel.service", vec![mandate], None)
        .await
        .expect("a flow");
    while let Some(prompt) = wallet.next_prompt(flow).expect("a prompt") {
        let answer = match &prompt.kind {
            PromptKind::Code { .. } => {
                let inbox = story.http.get(&format!("/sandbox/inbox/{account}")).await.json;
                let last = inbox.as_array().and_then(|inbox| inbox.last());
                let code = last.and_then(|last| last.pointer("/arguments/code").and_then(Value::as_str));
                Answer::Code(Zeroizing::new(code.expect("a code").as_bytes().to_vec()))
            }
            PromptKind::Photos { images, .. } => Answer::Images((0..*images).map(photo).collect()),
            kind => match willing::answer(kind, PIN) {
                Some(answer) => answer,
                None => {
                    // Somebody else has the turn.
                    let second = json!({ "advance_seconds": 1 });
                    story.http.post("/sandbox/clock", &second).await;
                    wallet.refresh_flow(flow).await.expect("refreshed");
                    continue;
                }
            },
        };
        wallet.submit(flow, answer).await.expect("taken");
    }
    wallet.sync().await.expect("told");
}

/// A small JPEG, another for each shade.
fn photo(shade: impl TryInto<u8>) -> Vec<u8> {
    let frame = [0xff, 0xc0, 0, 11, 8, 0, 16, 0, 16, 1, 1, 0x11, 0];
    let scan = [0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0];
    let shade = shade.try_into().unwrap_or(0);
    [&[0xff, 0xd8][..], &frame, &scan, &[shade; 32], &[0xff, 0xd9]].concat()
}
