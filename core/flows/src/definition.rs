//! Flow definitions: verification flows as data in the policy bundle.

use crate::factor::{FactorInput, FactorKind};
use crate::facts::OFFLINE;
use quittance_protocol::flow_event::Author;
use quittance_protocol::problem::Code;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// One verification flow. docs/flows.md shows how to write one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlowDefinition {
    /// Whether completing it gives or takes authority.
    pub authority: Authority,
    /// What completing it brings about.
    pub effect: FlowEffect,
    /// Policy key: how long after completion the effect waits and can be taken back. Absent: it is at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective: Option<String>,
    /// Why mandates end that this flow ends, where the payer's own wish is not the whole cause.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<quittance_protocol::log_body::TerminationCause>,
    /// Policy key of a case's life: how long the payer may leave an open step alone. Absent: `flow.idle_life`, and
    /// `flow.total_life` for the whole run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle_life: Option<String>,
    /// Policy key: for how long what the effect opens stays open, such as the choice of a new PIN. There for every effect
    /// that opens something, and for no other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry_life: Option<String>,
    /// Policy key: the kinds of enrolment whose mandates it may end. Absent: all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enrolment: Option<String>,
    /// The steps, first to last. There are no loops, so a flow ends by construction.
    pub steps: Vec<Step>,
}

/// Which way a flow moves the authority to charge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Authority {
    /// More can be charged: needs the gateway and a fresh nonce.
    Raises,
    /// Less can be charged: needs neither.
    Lowers,
}

/// What a flow can bring about, at a step or at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FlowEffect {
    /// Make both halves of a token.
    Provision,
    /// Destroy both halves of the tokens.
    Destroy,
    /// Lift the payer's own pause.
    LiftPause,
    /// Hold the mandates: no charge passes from here on.
    Hold,
    /// Turn off the linked subscription's renewal.
    AutoRenewalOff,
    /// Take back an order that is not yet effective.
    Undo,
    /// Change the mandate's limits.
    ChangeLimits,
    /// Keep the safety lock on for longer.
    ExtendLock,
    /// Take the safety lock off early.
    ReleaseLock,
    /// Set what a teen may spend without being asked.
    SetTeenLimit,
    /// End teen mode.
    LeaveTeenMode,
    /// Take a stop instruction back.
    LiftStop,
    /// Ask the trusted contacts.
    AskContacts,
    /// Look again at what the trusted contacts confirmed, and at what was seen on the account since.
    CheckContacts,
    /// Take other people as trusted contacts.
    SetContacts,
    /// Let the payer choose a new payment PIN.
    OpenPinReset,
    /// Let the payer choose the safety lock's password.
    OpenLockPassword,
    /// Record that the merchant obstructs.
    NoteObstruction,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Name within the flow; part of every proof.
    pub id: String,
    /// What is done, and so who answers.
    #[serde(rename = "do")]
    pub kind: StepKind,
    /// The step is there only if this holds when it is reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub insert_if: Option<Condition>,
    /// The step is left out if this holds, also while it is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skip_if: Option<Condition>,
    /// When failed tries end it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tries: Option<Tries>,
    /// Until when it has to be done, and what happens then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Deadline>,
    /// Stands in for the step where it is given up: equal or stronger, as the loader proves.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub otherwise: Vec<Step>,
    /// The requirements that ask for it: the answer to "why am I asked this?".
    pub rules: Vec<String>,
}

/// What a step does. Each kind names who may say that it is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepKind {
    /// A screen that the payer answers. Said by the phone.
    Prompt(PromptKind),
    /// A proof. Said by whoever sees it first, see [`FactorKind::author`].
    Factor(FactorKind),
    /// An outside party decides. Said by the gateway.
    External(External),
    /// A person at the desk decides, never one who decided before in the same run. Said by the gateway.
    Review(Desk),
    /// A moment has to come. Said by the gateway.
    Timer(Timer),
    /// A comparison has to hold; with a deadline it is waited for. Facts are said by the gateway.
    Guard(Condition),
    /// Something is brought about. Carried out as soon as it is reached.
    Effect(FlowEffect),
    /// The payer is told. Carried out as soon as it is reached; the value is a text key.
    Notify(String),
    /// Steps that several flows share. The loader puts them in: a running flow never meets this kind.
    Part(String),
}

/// Screens that prove nothing by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PromptKind {
    /// A text to agree to.
    Consent,
    /// What will happen, with its consequences.
    Confirm,
    /// Which mandates it is about.
    Choose,
    /// Text and facts for a person who decides.
    Facts,
    /// People: trusted contacts.
    People,
    /// Leave for another app, come back by a link.
    Jump,
    /// Exact amounts of recent charges.
    QuizAmounts,
    /// The amounts that were wrong, one of three each.
    QuizAmountsAgain,
    /// Names of payees.
    QuizMerchants,
    /// Days of charges.
    QuizDates,
}

impl PromptKind {
    /// How many questions a case asks: the payer says everything in one entry.
    pub const FACTS_ASKED: usize = 1;
}

/// Outside parties that decide a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct External {
    /// Who.
    pub party: Party,
    /// What each of its decisions leads to. A decision that is not named is refused.
    pub outcomes: std::collections::BTreeMap<String, Next>,
    /// A step whose outcome has to be the same, else the run is refused: link and back channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agrees_with: Option<String>,
}

/// Outside parties that decide, each behind a trait of the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Party {
    /// The payer's bank, by its back channel.
    BankApp,
    /// The merchant, asked to release a mandate.
    Merchant,
    /// The teen's guardian, on a device of their own.
    Guardian,
}

/// A queue of the review desk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Desk {
    /// Customer service.
    Agent,
    /// The second pair of eyes.
    Second,
    /// The platform's own decision about a merchant's mandates.
    Platform,
}

/// A moment that has to come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Timer {
    /// Policy key of the time.
    pub after: String,
    /// From when it counts.
    #[serde(default)]
    pub from: From,
}

/// From when a time counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum From {
    /// From the moment when the step was reached.
    #[default]
    Reached,
    /// From the start of the run.
    Start,
}

/// Until when a step has to be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deadline {
    /// Policy key of the time.
    pub after: String,
    /// From when it counts.
    #[serde(default)]
    pub from: From,
    /// What happens then, or a policy key whose text says so.
    pub then: NextOrKey,
}

/// What comes after a step that was not simply done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Next {
    /// On to the next step. `release` is the same word in the mouth of a policy value.
    #[serde(alias = "release")]
    GoOn,
    /// The steps of `otherwise`.
    Otherwise,
    /// The run ends refused.
    Refuse,
    /// The run ends as expired.
    Expire,
    /// Nothing: the step stays open and its factor stays locked for a time of its own.
    Stay,
}

/// Said here, or in a value of the policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum NextOrKey {
    /// Here.
    Next(Next),
    /// At this policy key.
    Key(String),
}

/// When failed tries end a step: the failures compared with a bound.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tries {
    /// How the failures compare.
    #[serde(flatten)]
    pub failures: Comparison,
    /// What happens then.
    pub then: Next,
}

/// A comparison of one fact; a bare name means that the fact holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Condition {
    /// The fact is at least one.
    Holds(String),
    /// The fact compares so.
    Compares {
        /// Name, see [`crate::facts`].
        fact: String,
        /// How.
        #[serde(flatten)]
        comparison: Comparison,
        /// Code of the refusal where a guard does not hold; `not_eligible` where absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        refuse: Option<Code>,
    },
}

/// A comparator with its bound: a policy key, or a number where no rule names one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Comparison {
    /// `>=`
    AtLeast(Bound),
    /// `>`
    MoreThan(Bound),
    /// `<=`
    AtMost(Bound),
    /// `<`
    LessThan(Bound),
}

/// What is compared with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Bound {
    /// A whole number, for counts that are no rule of their own.
    Number(i64),
    /// A policy key.
    Key(String),
}

impl FlowEffect {
    /// Whether it lets the payer enter something for a while.
    #[must_use]
    pub const fn opens_entry(self) -> bool {
        matches!(self, Self::OpenPinReset | Self::OpenLockPassword)
    }
}

impl Condition {
    /// The fact that it is about.
    #[must_use]
    pub fn fact(&self) -> &str {
        let (Self::Holds(fact) | Self::Compares { fact, .. }) = self;
        fact
    }
}

impl Step {
    /// What has to hold for the run to pass it.
    fn guard(&self) -> Option<&Condition> {
        match &self.kind {
            StepKind::Guard(condition) => Some(condition),
            _ => None,
        }
    }

    /// What decides whether it is there, whether it is left out, and whether the run passes it.
    fn conditions(&self) -> impl Iterator<Item = &Condition> {
        let all = [self.insert_if.as_ref(), self.skip_if.as_ref(), self.guard()];
        all.into_iter().flatten()
    }

    /// Whether the payer sees it as a step: prompts, factors and other people's turns count, machinery does not.
    #[must_use]
    pub const fn counts(&self) -> bool {
        matches!(
            self.kind,
            StepKind::Prompt(_) | StepKind::Factor(_) | StepKind::External(_) | StepKind::Review(_)
        )
    }

    /// Whether the payer has to do something for it.
    #[must_use]
    pub const fn asks_payer(&self) -> bool {
        match self.kind {
            StepKind::Prompt(_) => true,
            StepKind::Factor(factor) => factor.asks_payer(),
            _ => false,
        }
    }

    /// Whether it is left out where the gateway is out of the phone's reach.
    #[must_use]
    pub fn is_skipped_offline(&self) -> bool {
        matches!(&self.skip_if, Some(Condition::Holds(fact)) if fact == OFFLINE)
    }

    /// Whether a payer can leave it behind without the gateway: it is skipped then, or the phone alone does it.
    fn passes_offline(&self) -> bool {
        match &self.kind {
            _ if self.is_skipped_offline() => true,
            // What only the gateway could find out stands in nobody's way offline.
            StepKind::Prompt(_) | StepKind::Effect(_) | StepKind::Notify(_) | StepKind::Guard(_) => true,
            StepKind::Factor(factor) => factor.author() == Author::Phone,
            _ => false,
        }
    }
}

impl FlowDefinition {
    /// Every step, those that stand in for others included, in the sequence of the text.
    pub fn all_steps(&self) -> impl Iterator<Item = &Step> {
        let mut ahead: Vec<&Step> = self.steps.iter().rev().collect();
        std::iter::from_fn(move || {
            let step = ahead.pop()?;
            ahead.extend(step.otherwise.iter().rev());
            Some(step)
        })
    }

    /// What its conditions compare, each fact once.
    #[must_use]
    pub fn facts(&self) -> BTreeSet<&str> {
        self.all_steps()
            .flat_map(Step::conditions)
            .map(Condition::fact)
            .collect()
    }

    /// What has to hold for a run to pass, first to last.
    pub fn guards(&self) -> impl Iterator<Item = &Condition> {
        self.all_steps().filter_map(Step::guard)
    }

    /// Whether a payer can do all of it without the gateway in reach.
    #[must_use]
    pub fn completes_offline(&self) -> bool {
        self.steps.iter().all(Step::passes_offline)
    }

    /// The step at which the biometric key says who the payer is.
    #[must_use]
    pub fn identification(&self) -> Option<&Step> {
        let is_biometric = |step: &&Step| step.kind == StepKind::Factor(FactorKind::Biometric);
        self.steps.iter().find(is_biometric)
    }

    /// Whether a proof that was given at a step says who the payer is: at the identification, or, once that gave way, at
    /// the last of the steps in its place, behind all the others.
    #[must_use]
    pub fn identifies(&self, step: &str) -> bool {
        let by_hardware =
            |step: &&Step| matches!(step.kind, StepKind::Factor(factor) if factor.input() == FactorInput::HardwareKey);
        self.identification().is_some_and(|first| {
            let instead = first.otherwise.last().filter(by_hardware);
            first.id == step || instead.is_some_and(|last| last.id == step)
        })
    }

    /// Whether some of its steps are left out without the gateway in reach.
    #[must_use]
    pub fn skips_offline(&self) -> bool {
        self.all_steps().any(Step::is_skipped_offline)
    }
}
