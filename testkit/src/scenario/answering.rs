//! How runs go on: prompts are looked at, then answered, well unless the scenario says otherwise.

use super::acts;
use super::codes::name_of;
use super::images::{image, image_of};
use super::play::{Play, Run, Wrong};
use super::quiz;
use super::sandbox::outcome;
use super::saying;
use super::words::{CodeSpec, FaultSpec, With};
use crate::scripted_prompt::Outcome;
use crate::stage::pin_of;
use crate::story::PIN;
use quittance_wallet::{Answer, BiometricError, Prompt, PromptKind, QuizQuestion, QuizTopic, Recording, WalletError};

/// The usual password of everybody's safety lock.
pub(super) const LOCK_PASSWORD: &str = "730518";
/// A secret that nobody has.
const WRONG_SECRET: &str = "000001";
/// The app's own link.
const BACK: &str = "quittance://back";
/// No run of any flow has as many steps.
const MOST_STEPS: usize = 60;

impl Play {
    pub(super) async fn answer(&mut self, act: &acts::Answer) -> Result<(), Wrong> {
        let run = self.run(&act.answer)?.clone();
        if let Some(until) = &act.until {
            return self.answer_until(&run, until).await;
        }
        for _ in 0..act.times {
            let was = self.answer_once(&run, act.with.as_ref()).await?;
            let was = was.map_err(|error| self.refused(&run.by, &error));
            outcome(act.fails.as_deref(), was)?;
        }
        Ok(())
    }

    async fn answer_until(&mut self, run: &Run, until: &str) -> Result<(), Wrong> {
        for _ in 0..MOST_STEPS {
            let prompt = self.look(run).await?;
            match (prompt, until) {
                (None, "done") => return Ok(()),
                (None, _) => {
                    return Err(Wrong::new(
                        format!("that the run comes to {until}"),
                        self.ending_of(run)?,
                    ));
                }
                (Some(prompt), "waiting") if !prompt.kind.asks() => return Ok(()),
                (Some(prompt), step) if prompt.step == step => return Ok(()),
                (Some(prompt), _) if !prompt.kind.asks() => {
                    let was = format!("waiting at {}", prompt.step);
                    return Err(Wrong::new(format!("that the run comes to {until}"), was));
                }
                (Some(prompt), _) => {
                    let step = prompt.step;
                    let was = self.answer_once(run, None).await?;
                    was.map_err(|error| Wrong::new(format!("that {step} is answered"), name_of(&error)))?;
                }
            }
        }
        Err(Wrong::new(
            format!("that the run comes to {until}"),
            "always another step",
        ))
    }

    /// Opens the run's screen: what it shows now, once the gateway was asked where it can be; nothing once it ended.
    pub(super) async fn look(&self, run: &Run) -> Result<Option<Prompt>, Wrong> {
        let wallet = &self.phone(&run.by)?.wallet;
        match wallet.refresh_flow(run.flow).await {
            Ok(()) | Err(WalletError::Offline | WalletError::UnknownFlow | WalletError::FlowEnded { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        match wallet.next_prompt(run.flow) {
            Ok(prompt) => {
                prompt.iter().try_for_each(saying::check)?;
                Ok(prompt)
            }
            Err(WalletError::FlowEnded { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Answers the open step; the inner error is the wallet's.
    async fn answer_once(&mut self, run: &Run, with: Option<&With>) -> Result<Result<(), WalletError>, Wrong> {
        let Some(prompt) = self.look(run).await? else {
            return Ok(Err(WalletError::FlowEnded { code: None }));
        };
        if let (PromptKind::Jump { link }, None) = (&prompt.kind, with) {
            let back = back_from(link, "approved")?;
            let came = self.phone(&run.by)?.wallet.resume_link(&back).await;
            return Ok(came.map(|_| ()));
        }
        let answer = self.choose(run, &prompt, with).await?;
        Ok(self.phone(&run.by)?.wallet.submit(run.flow, answer).await)
    }

    async fn choose(&mut self, run: &Run, prompt: &Prompt, with: Option<&With>) -> Result<Answer, Wrong> {
        let unfit = || Wrong::new(format!("an answer to {:?}", prompt.kind), format!("{with:?}"));
        Ok(match (&prompt.kind, with) {
            (_, Some(With::Confirm)) => Answer::Confirm,
            (_, Some(With::SendAgain)) => Answer::SendAgain,
            (_, Some(With::Entries(entries))) => Answer::Entered(entries.clone()),
            (_, Some(With::NotAnImage)) => Answer::Images(vec![b"%PDF-1.7 no image".to_vec(); images(&prompt.kind)]),
            (_, Some(With::ImageOf { bytes })) => Answer::Images(self.images(images(&prompt.kind), *bytes)),
            (_, Some(With::Images(count))) => Answer::Images(self.images(*count, 0)),
            (_, Some(With::Code(code))) => Answer::Code(pin_of(&self.code(&run.by, *code).await?)),
            (kind, Some(With::Secret(secret))) => secret_of(kind, secret).ok_or_else(unfit)?,
            (kind, Some(With::WrongSecret)) => secret_of(kind, WRONG_SECRET).ok_or_else(unfit)?,
            (PromptKind::Biometric, Some(With::NotRecognised)) => {
                self.phone(&run.by)?.prompt.then([Outcome::NOT_RECOGNISED]);
                Answer::UseBiometric
            }
            (kind @ (PromptKind::Biometric | PromptKind::DevicePasscode), Some(With::Fault(fault))) => {
                self.phone(&run.by)?.prompt.then([Outcome::Fault(biometric(*fault))]);
                match kind {
                    PromptKind::Biometric => Answer::UseBiometric,
                    _ => Answer::UsePasscode,
                }
            }
            (PromptKind::People { .. }, Some(With::People(names))) => Answer::Entered(self.people(names)?),
            (PromptKind::Quiz { about, questions }, with @ (None | Some(With::Wrong(_)))) => {
                let wrong = if let Some(With::Wrong(count)) = with { *count } else { 0 };
                Answer::Entered(self.quiz_entries(&run.by, *about, questions, wrong)?)
            }
            (PromptKind::Consent { .. }, None) => Answer::Agree,
            (PromptKind::Confirm { .. } | PromptKind::Choose { .. }, None) => Answer::Confirm,
            (PromptKind::Biometric, None) => Answer::UseBiometric,
            (PromptKind::DevicePasscode, None) => Answer::UsePasscode,
            (PromptKind::PaymentPin { .. }, None) => Answer::PaymentPin(pin_of(PIN)),
            (PromptKind::LockPassword { .. }, None) => Answer::LockPassword(pin_of(LOCK_PASSWORD)),
            (PromptKind::Code { .. }, None) => Answer::Code(pin_of(&self.code(&run.by, CodeSpec::Latest).await?)),
            (PromptKind::Photos { .. } | PromptKind::Recording { .. }, None) => {
                Answer::Images(self.images(images(&prompt.kind), 0))
            }
            (PromptKind::Facts { questions } | PromptKind::Fields { questions }, None) => {
                Answer::Entered(vec!["They do not answer my messages.".to_owned(); questions.len()])
            }
            (PromptKind::People { people, .. }, None) => {
                Answer::Entered(people.iter().map(|person| person.account.to_string()).collect())
            }
            _ => return Err(unfit()),
        })
    }

    /// People by their accounts.
    pub(super) fn people(&self, names: &[String]) -> Result<Vec<String>, Wrong> {
        names.iter().map(|name| Ok(self.account(name)?.to_string())).collect()
    }

    /// Somebody's answers to a quiz about what they paid, so many of them wrong.
    pub(super) fn quiz_entries(
        &self,
        who: &str,
        about: QuizTopic,
        questions: &[QuizQuestion],
        wrong: usize,
    ) -> Result<Vec<String>, Wrong> {
        let known = self.profiles.get(who).map(|profile| profile.transactions.as_slice());
        quiz::entries(about, questions, known.unwrap_or_default(), wrong)
    }

    /// Images of this size, each with bytes of its own.
    pub(super) fn images(&mut self, count: usize, bytes: usize) -> Vec<Vec<u8>> {
        let made = (0..count).map(|_| {
            let number = self.next();
            if bytes == 0 {
                image(number)
            } else {
                image_of(bytes, number)
            }
        });
        made.collect()
    }

    /// A code that came to somebody's phones.
    pub(super) async fn code(&self, who: &str, which: CodeSpec) -> Result<String, Wrong> {
        let texts = self.texts(who).await?;
        let mut codes = texts.into_iter().rev().map(|(_, code)| code);
        let latest = codes.next().ok_or_else(|| Wrong::new("a code in the inbox", "none"))?;
        match which {
            CodeSpec::Latest => Ok(latest),
            CodeSpec::Older => codes.next().ok_or_else(|| Wrong::new("two codes in the inbox", "one")),
            CodeSpec::Wrong => Ok(another(&latest)),
        }
    }

    pub(super) async fn link(&mut self, act: &acts::Link) -> Result<(), Wrong> {
        let run = self.run(&act.link)?.clone();
        let prompt = self.look(&run).await?;
        let link = match prompt.map(|prompt| prompt.kind) {
            Some(PromptKind::Jump { link }) => link,
            // Links come whenever other apps like.
            _ if act.foreign => format!("{BACK}?state=AAAA"),
            other => return Err(Wrong::new("a step that leads to another app", format!("{other:?}"))),
        };
        let back = if act.foreign {
            format!("{BACK}?state={}&outcome={}", "A".repeat(43), act.outcome)
        } else {
            back_from(&link, &act.outcome)?
        };
        let came = self.phone(&run.by)?.wallet.resume_link(&back).await;
        let came = came.map(|_| ()).map_err(|error| self.refused(&run.by, &error));
        outcome(act.fails.as_deref(), came)
    }
}

/// The link by which the other app leads back.
fn back_from(link: &str, outcome: &str) -> Result<String, Wrong> {
    let state = link.split(['?', '&']).find_map(|part| part.strip_prefix("state="));
    let state = state.ok_or_else(|| Wrong::new("a link with a state", link))?;
    Ok(format!("{BACK}?state={state}&outcome={outcome}"))
}

/// How many images a step asks for.
const fn images(kind: &PromptKind) -> usize {
    match kind {
        PromptKind::Photos { images, .. } => *images as usize,
        PromptKind::Recording {
            what: Recording::Face | Recording::Gestures { .. } | Recording::Video,
            ..
        } => 1,
        _ => 1,
    }
}

fn secret_of(kind: &PromptKind, secret: &str) -> Option<Answer> {
    match kind {
        PromptKind::PaymentPin { .. } => Some(Answer::PaymentPin(pin_of(secret))),
        PromptKind::LockPassword { .. } => Some(Answer::LockPassword(pin_of(secret))),
        _ => None,
    }
}

/// A fault of the prompt as the wallet is told of it.
const fn biometric(fault: FaultSpec) -> BiometricError {
    match fault {
        FaultSpec::UserCancelled => BiometricError::UserCancelled,
        FaultSpec::TimedOut => BiometricError::TimedOut,
        FaultSpec::LockedOut => BiometricError::LockedOut { permanent: false },
        FaultSpec::LockedForGood => BiometricError::LockedOut { permanent: true },
        FaultSpec::NotEnrolled => BiometricError::NotEnrolled,
        FaultSpec::HardwareUnavailable => BiometricError::HardwareUnavailable,
        FaultSpec::KeyInvalidated => BiometricError::KeyInvalidated,
        FaultSpec::KeyMissing => BiometricError::KeyMissing,
        FaultSpec::Exception => BiometricError::Unexpected,
    }
}

/// A code that differs in its first digit.
fn another(code: &str) -> String {
    let (first, rest) = code.split_at_checked(1).unwrap_or((code, ""));
    let first = if first == "9" { "1" } else { "9" };
    format!("{first}{rest}")
}
