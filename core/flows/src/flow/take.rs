//! Takes one event: who may say it, at which step, in time or not.

use super::{Effect, FlowState, Left, Phase, Rules, moment, settle};
use crate::Refused;
use crate::definition::{Authority, Next, PromptKind, Step, StepKind, Tries};
use crate::factor::{FactorInput, FactorKind};
use crate::facts::OFFLINE;
use quittance_protocol::flow_event::{Author, FlowEvent, FlowEventKind};
use quittance_protocol::problem::Code;
use quittance_protocol::{Digest32, Quantity, Timestamp};
use std::collections::BTreeMap;

/// How often a step may fail where its definition sets no bound. No payer fails so often, and each failure is kept: a run that
/// takes any number of them is a log that anybody can let grow.
const MOST_FAILURES: u32 = 64;

/// One event being taken.
pub(super) struct Run<'p> {
    pub(super) rules: Rules<'p>,
    pub(super) next: FlowState,
    pub(super) effects: Vec<Effect>,
    /// The event's moment; never before that of the event before it.
    pub(super) at: Timestamp,
}

impl<'p> Run<'p> {
    /// Says whether the event is taken; the state in `next` counts only where it is.
    pub(super) fn take(&mut self, event: &FlowEvent) -> Result<(), Refused> {
        match &event.kind {
            FlowEventKind::Started(_) => Err(Refused::StepOrder),
            FlowEventKind::Found { facts } => self.found(facts, event),
            FlowEventKind::Answered { step, shown } => match self.open(step)?.kind {
                // Who comes back from another app says with what.
                StepKind::Prompt(PromptKind::Jump) => Err(Refused::StepOrder),
                StepKind::Prompt(_) => {
                    by(event, Author::Phone)?;
                    self.done(Some(*shown))
                }
                _ => Err(Refused::StepOrder),
            },
            FlowEventKind::Returned { step, outcome } => {
                let open = self.open(step)?;
                let StepKind::Prompt(PromptKind::Jump) = open.kind else {
                    return Err(Refused::StepOrder);
                };
                by(event, Author::Phone)?;
                self.next.outcomes.insert(open.id.clone(), outcome.clone());
                self.done(Some(Digest32::of(outcome.as_bytes())))
            }
            FlowEventKind::Submitted { step, evidence } => {
                let (_, factor) = self.open_factor(step)?;
                by(event, Author::Phone)?;
                let judged_later = matches!(factor.input(), FactorInput::Evidence | FactorInput::Entries);
                if !judged_later || self.next.submitted.is_some() {
                    return Err(Refused::StepOrder);
                }
                self.next.submitted = Some(*evidence);
                Ok(())
            }
            FlowEventKind::Sent { step } => {
                let (_, factor) = self.open_factor(step)?;
                by(event, Author::Gateway)?;
                if factor.input() != FactorInput::Code {
                    return Err(Refused::StepOrder);
                }
                // By its own moment: the note of an earlier sending, heard again, is none of another one.
                if moment::resend_from(self.rules, &self.next).is_some_and(|from| event.at < from) {
                    return Err(Refused::TooEarly);
                }
                self.next.sent_at = Some(self.at);
                Ok(())
            }
            FlowEventKind::FactorProved { step, evidence } => {
                let (_, factor) = self.open_factor(step)?;
                by(event, factor.author())?;
                self.done(Some(*evidence))
            }
            FlowEventKind::FactorFailed {
                step,
                today,
                attempts_left,
            } => {
                let (open, factor) = self.open_factor(step)?;
                by(event, factor.author())?;
                self.failed(open, *today, *attempts_left)
            }
            FlowEventKind::Reported { step, outcome } => self.reported(step, outcome, event),
            FlowEventKind::Reviewed {
                step,
                reviewer,
                approves,
            } => self.reviewed(step, reviewer, *approves, event),
            FlowEventKind::TimeCame { step } => self.time_came(step, event),
            FlowEventKind::Objected {} => {
                by(event, Author::Gateway)?;
                self.end(Phase::Refused(Code::Objected))
            }
            FlowEventKind::WentOffline {} => {
                by(event, Author::Phone)?;
                if self.rules.definition.authority == Authority::Raises || self.next.is_offline() {
                    return Err(Refused::StepOrder);
                }
                self.next.facts.insert(OFFLINE.to_owned(), Quantity::ONE);
                self.settle()
            }
            FlowEventKind::Cancelled {} => {
                by(event, Author::Phone)?;
                self.end(Phase::Cancelled)
            }
            FlowEventKind::Expired {} => {
                by(event, Author::Gateway)?;
                match moment::ends_at(self.rules, &self.next) {
                    Some(end) if self.at >= end => self.end(Phase::Expired),
                    _ => Err(Refused::TooEarly),
                }
            }
        }
    }

    fn found(&mut self, facts: &BTreeMap<String, Quantity>, event: &FlowEvent) -> Result<(), Refused> {
        by(event, Author::Gateway)?;
        if event.at < self.next.last_at {
            // An older finding never replaces a newer one.
            return Err(Refused::TooLate);
        }
        // Whether the gateway is in reach is for the phone to say.
        let facts = facts.iter().filter(|(name, _)| *name != OFFLINE);
        self.next.facts.extend(facts.map(|(name, fact)| (name.clone(), *fact)));
        self.settle()
    }

    fn reported(&mut self, step: &str, outcome: &str, event: &FlowEvent) -> Result<(), Refused> {
        let open = self.open(step)?;
        let StepKind::External(external) = &open.kind else {
            return Err(Refused::StepOrder);
        };
        by(event, Author::Gateway)?;
        self.next.outcomes.insert(open.id.clone(), outcome.to_owned());
        let other = external
            .agrees_with
            .as_ref()
            .and_then(|other| self.next.outcomes.get(other));
        if external.agrees_with.is_some() && other.map(String::as_str) != Some(outcome) {
            return self.go(open, Next::Refuse, Code::ForeignState);
        }
        let next = external.outcomes.get(outcome).copied().unwrap_or(Next::Refuse);
        self.go(open, next, Code::ExternalRefused)
    }

    fn reviewed(&mut self, step: &str, reviewer: &str, approves: bool, event: &FlowEvent) -> Result<(), Refused> {
        let open = self.open(step)?;
        let StepKind::Review(_) = open.kind else {
            return Err(Refused::StepOrder);
        };
        by(event, Author::Gateway)?;
        if self.next.reviewers.iter().any(|before| before == reviewer) {
            return Err(Refused::SameReviewer);
        }
        self.next.reviewers.push(reviewer.to_owned());
        if approves {
            self.done(None)
        } else {
            self.go(open, Next::Refuse, Code::ReviewRefused)
        }
    }

    fn failed(&mut self, open: &'p Step, today: Option<u32>, attempts_left: Option<u32>) -> Result<(), Refused> {
        self.next.failures = self.next.failures.saturating_add(1).max(today.unwrap_or(0));
        self.next.attempts_left = attempts_left;
        self.next.submitted = None;
        let Some(Tries { failures, then }) = &open.tries else {
            if self.next.failures >= MOST_FAILURES {
                return self.go(open, Next::Refuse, Code::BudgetExhausted);
            }
            return Ok(());
        };
        if settle::compares(self.rules.policy, Quantity::from(self.next.failures), failures)? {
            return self.go(open, *then, Code::BudgetExhausted);
        }
        Ok(())
    }

    fn time_came(&mut self, step: &str, event: &FlowEvent) -> Result<(), Refused> {
        by(event, Author::Gateway)?;
        let open = self.open_any(step)?;
        let due = moment::due(self.rules, &self.next).ok_or(Refused::StepOrder)?;
        if self.at < due {
            return Err(Refused::TooEarly);
        }
        if let StepKind::Timer(_) = open.kind {
            return self.done(None);
        }
        let deadline = open.deadline.as_ref().ok_or(Refused::StepOrder)?;
        let then = self.rules.next_of(&deadline.then).ok_or(Refused::Contradiction)?;
        self.go(open, then, Code::TooLate)
    }

    /// The open step, where it is the one that is named and its deadline has not passed.
    fn open(&self, step: &str) -> Result<&'p Step, Refused> {
        let open = self.open_any(step)?;
        if moment::is_late(self.rules, &self.next, self.at) {
            return Err(Refused::TooLate);
        }
        Ok(open)
    }

    fn open_any(&self, step: &str) -> Result<&'p Step, Refused> {
        let position = self.next.ahead.first().ok_or(Refused::Ended)?;
        let open = self.rules.definition.at(position).ok_or(Refused::Contradiction)?;
        if open.id == step {
            Ok(open)
        } else {
            Err(Refused::StepOrder)
        }
    }

    fn open_factor(&self, step: &str) -> Result<(&'p Step, FactorKind), Refused> {
        let open = self.open(step)?;
        match open.kind {
            StepKind::Factor(factor) => Ok((open, factor)),
            _ => Err(Refused::StepOrder),
        }
    }

    /// What comes after a step that was not simply done.
    fn go(&mut self, open: &'p Step, next: Next, code: Code) -> Result<(), Refused> {
        match next {
            Next::GoOn => self.done(None),
            Next::Otherwise => {
                let position = self.next.ahead.first().cloned().unwrap_or_default();
                settle::leave(&mut self.next, open, Left::GaveWay, None);
                let instead = (0..open.otherwise.len()).map(|index| {
                    let mut inner = position.clone();
                    inner.push(index);
                    inner
                });
                self.next.ahead.splice(0..0, instead.collect::<Vec<_>>());
                self.settle()
            }
            Next::Refuse => self.end(Phase::Refused(code)),
            Next::Expire => self.end(Phase::Expired),
            Next::Stay => Ok(()),
        }
    }

    /// Puts the open step behind as done.
    fn done(&mut self, evidence: Option<Digest32>) -> Result<(), Refused> {
        let position = self.next.ahead.first().ok_or(Refused::Ended)?;
        let open = self.rules.definition.at(position).ok_or(Refused::Contradiction)?;
        settle::leave(&mut self.next, open, Left::Done, evidence);
        self.settle()
    }

    fn settle(&mut self) -> Result<(), Refused> {
        settle::settle(self.rules, &mut self.next, self.at, &mut self.effects)
    }

    fn end(&mut self, phase: Phase) -> Result<(), Refused> {
        let position = self.next.ahead.first();
        let open = position.and_then(|position| self.rules.definition.at(position));
        settle::end(&mut self.next, open, phase);
        Ok(())
    }
}

fn by(event: &FlowEvent, author: Author) -> Result<(), Refused> {
    if event.author == author {
        Ok(())
    } else {
        Err(Refused::Author)
    }
}
