//! One run: an operation on a copy of the stage, reviving whoever dies, then a look at what is left.

use crate::books;
use crate::stage::Stage;
use quittance_protocol::MandateId;
use quittance_testkit::kill::{Fault, Lasts};
use quittance_testkit::phone_protocol::Command;
use quittance_testkit::story::{Side, Story};
use serde_json::{Value, json};
use std::fmt::Display;
use std::path::PathBuf;
use std::time::Duration;

/// What must not be, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wrong(pub(crate) String);

impl Wrong {
    pub(crate) fn new(what: &dyn Display) -> Self {
        Self(what.to_string())
    }
}

/// Fails with these words where the condition does not hold.
pub(crate) fn must(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), Wrong> {
    if holds { Ok(()) } else { Err(Wrong(otherwise())) }
}

/// What happens to one side, and when.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Blow {
    pub(crate) side: Side,
    pub(crate) fault: Fault,
    /// At this step of the operation.
    pub(crate) at: u64,
    /// A second one, in the recovery from a first that kills.
    pub(crate) again: Option<Again>,
}

/// The second of two blows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Again {
    pub(crate) fault: Fault,
    /// At this step of the recovery.
    pub(crate) at: u64,
}

/// How a run went.
#[derive(Debug, Clone)]
pub(crate) struct Played {
    /// Whether the operation came as far as the step.
    pub(crate) struck: bool,
    /// Whether the recovery came as far as the second one.
    pub(crate) struck_again: bool,
    /// What the operation had left before each step that it came to, where the blow ended it: the same number where the same
    /// steps had changed something.
    pub(crate) left: Vec<u64>,
    /// The same of the recovery from that blow.
    pub(crate) left_by_recovery: Vec<u64>,
    /// The kinds of steps that were counted, a bit each.
    pub(crate) kinds: u64,
    /// The kinds of steps that were struck.
    pub(crate) kinds_struck: u64,
    /// The first step of each kind of the disk; 0 where there was none.
    pub(crate) firsts: [u64; 6],
}

/// Strikes at one step after the other until the operation ends untouched: the first blow that does not come to its right end,
/// with what is wrong then.
pub(crate) async fn first_harm(stage: &Stage, side: Side, fault: Fault) -> Option<(Blow, Wrong)> {
    first_harm_at(stage, side, fault, 1).await
}

/// The same at one step in so many.
pub(crate) async fn first_harm_at(stage: &Stage, side: Side, fault: Fault, one_in: u64) -> Option<(Blow, Wrong)> {
    let (mut at, mut untouched) = (1, Untouched::default());
    while !untouched.is_the_end() {
        let blow = Blow {
            side,
            fault,
            at,
            again: None,
        };
        match play(stage, blow).await {
            Ok(played) => untouched.count(played.struck),
            Err(wrong) => return Some((blow, wrong)),
        }
        at += one_in;
    }
    None
}

/// How many runs in a row did not come as far as the step that was to be struck. No two runs have the same number of steps,
/// so that one alone may have been a short one.
#[derive(Debug, Default)]
pub(crate) struct Untouched(u8);

impl Untouched {
    pub(crate) fn count(&mut self, struck: bool) {
        self.0 = if struck { 0 } else { self.0 + 1 };
    }

    pub(crate) fn is_the_end(&self) -> bool {
        self.0 >= 3
    }
}

/// How often payer and merchant try again. Generous, since a refusal comes back at once and a machine may be busy.
const TRIES: usize = 200;
/// After so many tries payer and merchant wait for a minute before the next one.
const WORTH_WAITING: usize = 5;
/// How long a phone may take over one command before it counts as one that never answers.
const PATIENCE: Duration = Duration::from_secs(120);

/// Payer and merchant, who go on after every crash.
pub(crate) struct Run {
    pub(crate) story: Story,
    /// A merchant's offer, where one is wanted.
    pub(crate) offer: String,
    folder: PathBuf,
    blow: Blow,
    is_struck: bool,
    is_struck_again: bool,
    /// Whether a disk that fails for ever was replaced.
    is_replaced: bool,
    deaths: u32,
    left: Vec<u64>,
}

impl Run {
    /// Notices a death. After the first one the switch is armed for the recovery, from its first step on; after that it is
    /// disarmed.
    fn died(&mut self) -> Result<(), Wrong> {
        let side = self.blow.side;
        let armed = if self.is_struck {
            self.is_struck_again = true;
            self.story.disarm(side)
        } else {
            // A step that never comes counts how many there are.
            let never = Again {
                fault: Fault::Kill,
                at: u64::MAX,
            };
            let Again { fault, at } = self.blow.again.unwrap_or(never);
            self.left = self.left_before_each()?;
            self.story.arm(side, at, fault)
        };
        self.is_struck = true;
        armed.map_err(|error| Wrong::new(&error))
    }

    /// What the side that is struck had left before each step, since it was armed.
    fn left_before_each(&self) -> Result<Vec<u64>, Wrong> {
        self.story
            .left_before_each(self.blow.side)
            .map_err(|error| Wrong::new(&error))
    }

    /// Notices whoever has died since the last look.
    async fn notice_death(&mut self) -> Result<(), Wrong> {
        self.story.bury().await;
        if self.story.deaths() > self.deaths {
            self.deaths = self.story.deaths();
            if matches!(self.blow.fault, Fault::PowerGoes(_)) && !self.story.is_up(self.blow.side) {
                books::what_was_attested_is_gone(&self.story, &self.folder, self.blow.side).await?;
            }
            self.died()?;
        }
        Ok(())
    }

    /// Starts whoever is dead.
    async fn revive(&mut self) -> Result<(), Wrong> {
        self.notice_death().await?;
        if self.story.revive().await.is_err() {
            // Died while it started.
            self.died()?;
            let started = self.story.revive().await;
            started.map_err(|error| Wrong(format!("does not start again: {error}")))?;
        }
        Ok(())
    }

    /// Time passes on both sides: who was told to come again later does.
    async fn pass_a_minute(&mut self) -> Result<(), Wrong> {
        let minute = json!({ "advance_seconds": 61 });
        self.story.http.post("/sandbox/clock", &minute).await;
        let pass = Command::Pass { seconds: 61 };
        self.story
            .try_ask(&pass)
            .await
            .map(drop)
            .map_err(|error| Wrong::new(&error))
    }

    /// The blow that is still to come, of one or two.
    fn awaited(&self) -> Option<Again> {
        let Blow { fault, at, again, .. } = self.blow;
        match (self.is_struck, self.is_struck_again) {
            (false, _) => Some(Again { fault, at }),
            (true, false) => again,
            (true, true) => None,
        }
    }

    /// Notices a step that failed, of which nobody has to die. A kill is noticed by the death.
    fn notice_failure(&mut self) -> Result<(), Wrong> {
        if let Some(Again { fault, at }) = self.awaited()
            && !fault.ends_the_process()
            && self.story.counted(self.blow.side).map_err(|error| Wrong::new(&error))? >= at
        {
            self.is_struck_again = self.is_struck;
            self.is_struck = true;
        }
        Ok(())
    }

    /// A disk that failed for ever is replaced: both sides start with one that works, and what was written.
    async fn replace_disk(&mut self) -> Result<(), Wrong> {
        self.notice_failure()?;
        let second = self.blow.again.filter(|_| self.is_struck_again);
        let latest = second.map_or(self.blow.fault, |second| second.fault);
        let lasts = self.is_struck && matches!(latest, Fault::Fails(_, Lasts::ForEver));
        if lasts && !self.is_replaced {
            self.is_replaced = true;
            self.restart().await?;
        }
        Ok(())
    }

    /// Both processes anew, with nothing armed.
    async fn restart(&mut self) -> Result<(), Wrong> {
        self.story.disarm(self.blow.side).map_err(|error| Wrong::new(&error))?;
        for side in [Side::Phone, Side::Gateway] {
            self.story.kill(side).await.map_err(|error| Wrong::new(&error))?;
        }
        let started = self.story.revive().await;
        started.map_err(|error| Wrong(format!("does not start again: {error}")))
    }

    /// Gives the phone a command until its answer is the one that was wanted.
    pub(crate) async fn until(
        &mut self,
        what: &str,
        command: &Command,
        done: impl Fn(&Value) -> bool,
    ) -> Result<Value, Wrong> {
        let mut last = Value::Null;
        for number in 1..=TRIES {
            self.revive().await?;
            if number % WORTH_WAITING == 0 {
                self.pass_a_minute().await?;
            }
            let asked = tokio::time::timeout(PATIENCE, self.story.try_ask(command)).await;
            self.notice_death().await?;
            match asked.map_err(|_| Wrong(format!("{what} is never answered")))? {
                Ok(Some(reply)) => match reply.ok() {
                    Ok(value) if done(&value) => return Ok(value),
                    Ok(value) => last = value,
                    Err(error) => last = error.into(),
                },
                Ok(None) => last = "the phone died".into(),
                Err(error) => last = error.to_string().into(),
            }
            self.replace_disk().await?;
        }
        Err(Wrong(format!("{what} never came to its end: {last}")))
    }

    /// Lets the phone hear what is new.
    pub(crate) async fn hear(&mut self) -> Result<(), Wrong> {
        self.until("hearing", &Command::Sync, |value| value["online"] == true)
            .await
            .map(drop)
    }

    /// Charges until the answer says what became of it: approved.
    pub(crate) async fn charge(
        &mut self,
        mandate: MandateId,
        reference: &str,
        permit: Option<&str>,
    ) -> Result<(), Wrong> {
        let mut last = String::new();
        for number in 1..=TRIES {
            self.revive().await?;
            if number % WORTH_WAITING == 0 {
                self.pass_a_minute().await?;
            }
            let answer = self.story.charge(mandate, 3000, reference, permit).await;
            if let Some(decision) = answer.json.pointer("/decision/decision") {
                return must(decision == "approved", || {
                    format!("the charge never came to its end: {}", answer.text)
                });
            }
            must(answer.status == 0 || !answer.text.is_empty(), || {
                format!("an answer without words: {}", answer.status)
            })?;
            last = answer.text;
            self.replace_disk().await?;
        }
        Err(Wrong(format!("the charge never came to its end: {last}")))
    }

    /// Ends what was armed. Who dies with its last answer, or over what it does after that, is noticed here, so that nobody
    /// dies while the end is looked at.
    async fn settle(&mut self) -> Result<(), Wrong> {
        let side = self.blow.side;
        loop {
            self.answers().await?;
            self.story.disarm(side).map_err(|error| Wrong::new(&error))?;
            let deaths = self.deaths;
            self.notice_death().await?;
            if self.deaths > deaths {
                continue;
            }
            self.notice_failure()?;
            let counted = self.story.counted(side).map_err(|error| Wrong::new(&error))?;
            let is_dying = |blow: Again| blow.fault.ends_the_process() && counted >= blow.at;
            if !self.awaited().is_some_and(is_dying) {
                return Ok(());
            }
            self.story.mourn(side).await.map_err(|error| Wrong::new(&error))?;
            self.notice_death().await?;
        }
    }

    /// Starts the gateway until it answers.
    async fn answers(&mut self) -> Result<(), Wrong> {
        self.notice_death().await?;
        let mut tries = 0;
        while self.story.http.get("/log/checkpoint").await.status != 200 {
            self.revive().await?;
            self.replace_disk().await?;
            tries += 1;
            must(tries < TRIES, || "the gateway does not answer any more".to_owned())?;
        }
        Ok(())
    }
}

/// Plays one run and looks at its end.
pub(crate) async fn play(stage: &Stage, blow: Blow) -> Result<Played, Wrong> {
    let story = stage.copy().await?;
    let offer = if stage.mandates.is_empty() {
        story.offer().await.map_err(|error| Wrong::new(&error))?
    } else {
        String::new()
    };
    let mut run = Run {
        story,
        offer,
        folder: stage.run_folder(),
        blow,
        is_struck: false,
        is_struck_again: false,
        is_replaced: false,
        deaths: 0,
        left: Vec::new(),
    };
    let armed = run.story.arm(blow.side, blow.at, blow.fault);
    armed.map_err(|error| Wrong::new(&error))?;
    let operation = stage.operation;
    let ended = async {
        let mandates = operation.carry_out(&mut run, &stage.mandates).await?;
        run.settle().await?;
        let faults = [Some(blow.fault), blow.again.map(|again| again.fault)];
        if faults.into_iter().flatten().any(|fault| !fault.ends_the_process()) {
            // What was answered stands on the disk, not in the memory of who answered.
            run.restart().await?;
        }
        books::balance(&mut run, operation.end(), &mandates).await?;
        Ok(Played {
            struck: run.is_struck,
            struck_again: run.is_struck_again,
            left: std::mem::take(&mut run.left),
            left_by_recovery: run.left_before_each()?,
            kinds: run.story.kinds(blow.side).map_err(|error| Wrong::new(&error))?,
            kinds_struck: run.story.kinds_struck(blow.side).map_err(|error| Wrong::new(&error))?,
            firsts: run.story.firsts(blow.side).map_err(|error| Wrong::new(&error))?,
        })
    };
    let played = ended.await;
    for side in [Side::Phone, Side::Gateway] {
        run.story.kill(side).await.map_err(|error| Wrong::new(&error))?;
    }
    let in_words = |Wrong(what)| Wrong(format!("{operation:?}, {blow:?}: {what}"));
    let played = played.map_err(in_words)?;
    books::compare(&stage.run_folder(), operation.end(), stage.mandates.len().max(1)).map_err(in_words)?;
    Ok(played)
}
