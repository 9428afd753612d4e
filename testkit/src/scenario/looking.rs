//! What screens show: open steps, runs, routes, items.

use super::expectations;
use super::expecting::check;
use super::play::{Play, Run, Wrong, same};
use super::saying;
use super::setting::PAYER;
use quittance_wallet::{Awaited, EndingStage, ItemOutcome, Prompt, PromptKind, Text, TextArgument};
use std::collections::BTreeMap;

impl Play {
    pub(super) async fn expect_prompt(&self, what: &expectations::ExpectPrompt) -> Result<(), Wrong> {
        let prompt = self.shown(&what.expect_prompt).await?;
        check("step", &what.step, || prompt.step.clone())?;
        check("kind", &what.kind.as_deref(), || kind_of(&prompt.kind))?;
        check("number", &what.number, || prompt.step_number)?;
        check("of", &what.of, || prompt.step_count)?;
        check("attempts_left", &what.attempts_left.map(Some), || prompt.attempts_left)?;
        check("deadline", &what.deadline.map(|left| Some(left.get())), || {
            prompt.deadline.map(|end| end.seconds_since(self.now()))
        })?;
        check("waits_for", &what.waits_for.as_deref(), || match &prompt.kind {
            PromptKind::Waiting { whom, .. } => awaited(*whom),
            other => kind_of(other),
        })?;
        check("because", &what.because, || {
            let keys = prompt.because.iter().map(|text| text.key.clone());
            keys.map(|key| key.rsplit('.').next().unwrap_or_default().to_owned())
                .collect()
        })?;
        check("why", &what.why, || prompt.why.key.clone())?;
        check("next", &what.next, || said(&prompt.next, "next."))?;
        check("consequences", &what.consequences, || match &prompt.kind {
            PromptKind::Confirm { consequences, .. } | PromptKind::Choose { consequences, .. } => {
                said(consequences, "consequence.")
            }
            _ => Vec::new(),
        })?;
        check("digits", &what.digits.map(Some), || match &prompt.kind {
            PromptKind::Code { digits, .. } => Some(*digits),
            PromptKind::PaymentPin { digits } | PromptKind::LockPassword { digits } => Some(u32::from(*digits)),
            _ => None,
        })?;
        check("questions", &what.questions, || match &prompt.kind {
            PromptKind::Quiz { questions, .. } => questions.len(),
            PromptKind::Facts { questions } | PromptKind::Fields { questions } => questions.len(),
            _ => 0,
        })?;
        check("choices", &what.choices, || match &prompt.kind {
            PromptKind::Quiz { questions, .. } => questions.iter().map(|question| question.choices.len()).collect(),
            _ => Vec::new(),
        })?;
        check("people", &what.people, || match &prompt.kind {
            PromptKind::People { people, .. } => people.len(),
            _ => 0,
        })?;
        check("gestures", &what.gestures, || match &prompt.kind {
            PromptKind::Recording {
                what: quittance_wallet::Recording::Gestures { gestures },
                ..
            } => gestures.len(),
            _ => 0,
        })
    }

    pub(super) async fn expect_code(&self, what: &expectations::ExpectCode) -> Result<(), Wrong> {
        let prompt = self.shown(&what.expect_code).await?;
        let PromptKind::Code {
            valid_until,
            resend_from,
            ..
        } = prompt.kind
        else {
            return Err(Wrong::new("a step that asks for a code", kind_of(&prompt.kind)));
        };
        check("life", &what.life.map(|left| left.get()), || {
            valid_until.seconds_since(self.now())
        })?;
        check("resend_in", &what.resend_in.map(|left| left.get()), || {
            resend_from.seconds_since(self.now())
        })?;
        self.expect_number(what, &self.run(&what.expect_code)?.by).await
    }

    /// To which of somebody's numbers the code went.
    pub(super) async fn expect_number(&self, what: &expectations::ExpectCode, who: &str) -> Result<(), Wrong> {
        let texts = self.texts(who).await?;
        check("number", &what.number, || {
            texts.last().map_or("none".to_owned(), |(number, _)| number.clone())
        })
    }

    async fn shown(&self, run: &str) -> Result<Prompt, Wrong> {
        let run = self.run(run)?;
        match self.look(run).await? {
            Some(prompt) => Ok(prompt),
            None => {
                let closing = self.phone(&run.by)?.wallet.closing_prompt(run.flow)?;
                closing.iter().try_for_each(saying::check)?;
                closing.ok_or_else(|| Wrong::new("something to show", "nothing"))
            }
        }
    }

    pub(super) async fn expect_run(&self, what: &expectations::ExpectRun) -> Result<(), Wrong> {
        let run = self.run(&what.expect_run)?;
        self.look(run).await?;
        let was = self.ending_of(run)?;
        let (is, code) = was.split_once(' ').unwrap_or((&was, ""));
        if what.is == is && what.code.as_deref().is_none_or(|expected| expected == code) {
            return Ok(());
        }
        let code = what.code.as_deref().unwrap_or_default();
        Err(Wrong::new(format!("a run that is {} {code}", what.is), was))
    }

    /// How a run came out, in a word, with the code of a refusal.
    pub(super) fn ending_of(&self, run: &Run) -> Result<String, Wrong> {
        let closing = self.phone(&run.by)?.wallet.closing_prompt(run.flow)?;
        let Some(closing) = closing else {
            return Ok("open".to_owned());
        };
        saying::check(&closing)?;
        Ok(match closing.kind {
            PromptKind::Done { .. } => "done".to_owned(),
            PromptKind::Scheduled { .. } => "scheduled".to_owned(),
            PromptKind::Refused { code: Some(code), .. } => format!("refused {}", code.name()),
            // `end.expired.title`, `end.left.title`
            _ => closing.title.key.split('.').nth(1).unwrap_or_default().to_owned(),
        })
    }

    pub(super) fn expect_routes(&self, what: &expectations::ExpectRoutes) -> Result<(), Wrong> {
        let mandate = self.signed(&what.expect_routes)?.mandate;
        let routes = self.phone(PAYER)?.wallet.cancellation_routes(mandate)?;
        check("open", &what.open, || {
            let open = routes.iter().filter(|route| route.closed.is_none());
            open.map(|route| route.definition.clone()).collect()
        })?;
        let of = |name: &String| routes.iter().find(|route| route.definition == *name);
        for (name, reason) in &what.closed {
            let closed = of(name).and_then(|route| route.closed.as_ref());
            let key = closed.and_then(|text| text.key.rsplit('.').next());
            same(&format!("{name} closed because"), &Some(reason.as_str()), &key)?;
        }
        for (name, steps) in &what.steps {
            same(
                &format!("steps of {name}"),
                &Some(*steps),
                &of(name).map(|route| route.steps),
            )?;
        }
        for (name, effective) in &what.effective {
            let was = of(name).and_then(|route| route.effective.as_deref());
            same(&format!("{name} effective after"), &Some(effective.as_str()), &was)?;
        }
        Ok(())
    }

    pub(super) fn expect_items(&self, what: &expectations::ExpectItems) -> Result<(), Wrong> {
        let run = self.run(&what.expect_items)?;
        let items = self.phone(&run.by)?.wallet.batch_results(run.flow)?;
        let mut are: BTreeMap<String, usize> = BTreeMap::new();
        for item in items {
            *are.entry(outcome_of(item.outcome).to_owned()).or_default() += 1;
        }
        same("items", &what.are, &are)
    }
}

/// Texts as a scenario writes them: what follows a part of their keys, then the values that they name.
fn said(texts: &[Text], part: &str) -> Vec<String> {
    let text = |text: &Text| {
        let key = text.key.split_once(part).map_or(text.key.as_str(), |(_, rest)| rest);
        let values = text.args.iter().map(|(_, value)| written(value));
        std::iter::once(key.to_owned())
            .chain(values)
            .collect::<Vec<_>>()
            .join(" ")
    };
    texts.iter().map(text).collect()
}

pub(super) fn written(value: &TextArgument) -> String {
    match value {
        TextArgument::Count(count) => count.to_string(),
        TextArgument::Amount(amount) => format!("{} {}", amount.currency().code(), amount.in_main_units()),
        TextArgument::Moment(moment) => moment.to_string(),
        TextArgument::Wait(span) | TextArgument::Words(span) => span.clone(),
        TextArgument::Keys(keys) => keys.join(" "),
    }
}

const fn outcome_of(outcome: ItemOutcome) -> &'static str {
    match outcome {
        ItemOutcome::Open => "open",
        ItemOutcome::Asked => "asked",
        ItemOutcome::Ending(EndingStage::Closed(_)) => "closed",
        ItemOutcome::Ending(_) => "ending",
        ItemOutcome::EndedHere => "ended_here",
        ItemOutcome::WaitsForBank { .. } => "waits_for_bank",
        ItemOutcome::Refused { .. } => "refused",
    }
}

const fn awaited(whom: Awaited) -> &'static str {
    match whom {
        Awaited::Network => "network",
        Awaited::Bank => "bank",
        Awaited::Merchant => "merchant",
        Awaited::Guardian => "guardian",
        Awaited::Contacts => "contacts",
        Awaited::Judgement => "judgement",
        Awaited::Source => "source",
        Awaited::Moment => "moment",
        Awaited::Service => "service",
    }
}

const fn kind_of(kind: &PromptKind) -> &'static str {
    match kind {
        PromptKind::Consent { .. } => "consent",
        PromptKind::Confirm { .. } => "confirm",
        PromptKind::Choose { .. } => "choose",
        PromptKind::Facts { .. } => "facts",
        PromptKind::People { .. } => "people",
        PromptKind::Jump { .. } => "jump",
        PromptKind::Code { .. } => "code",
        PromptKind::Biometric => "biometric",
        PromptKind::DevicePasscode => "device_passcode",
        PromptKind::PaymentPin { .. } => "payment_pin",
        PromptKind::LockPassword { .. } => "lock_password",
        PromptKind::Photos { .. } => "photos",
        PromptKind::Recording { .. } => "recording",
        PromptKind::Quiz { .. } => "quiz",
        PromptKind::Fields { .. } => "fields",
        PromptKind::Waiting { .. } => "waiting",
        PromptKind::InReview { .. } => "in_review",
        PromptKind::Scheduled { .. } => "scheduled",
        PromptKind::Done { .. } => "done",
        PromptKind::Refused { .. } => "refused",
    }
}
