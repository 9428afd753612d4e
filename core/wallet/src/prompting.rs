//! How the prompt of an open step is made.

use crate::error::WalletError;
use crate::flows::OpenFlow;
use crate::inner::Inner;
use crate::journal::{FlowRow, OrderRow};
use crate::prompt::{Awaited, Document, Person, Prompt, PromptKind, QuizQuestion, QuizTopic, Recording};
use crate::texts::{self, Text};
use quittance_flows::definition::{Condition, Next, Party, PromptKind as Ask, Step, StepKind};
use quittance_flows::destruction::phone::PhoneState;
use quittance_flows::factor::CARD_ELEMENTS;
use quittance_flows::flow::{self, Left, Phase};
use quittance_flows::{FactorInput, FactorKind, FlowEffect};
use quittance_protocol::answer::{Asking, Question};
use quittance_protocol::{FlowId, Timestamp};
use std::sync::PoisonError;

impl Inner {
    /// The prompt of the open step; `None` where the flow needs nothing more from anybody.
    pub(crate) fn next_prompt(&self, flow: FlowId) -> Result<Option<Prompt>, WalletError> {
        // What a call has begun to write is shown as written: its caller may have stopped waiting for it.
        let _writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(open) = self.open_flow(flow)? else {
            return Ok(None);
        };
        let kind = self.kind_of(&open)?;
        if matches!(open.step.kind, StepKind::Prompt(_)) {
            let digest = self.shown(&open)?;
            let mut handed_out = self.handed_out.lock().unwrap_or_else(PoisonError::into_inner);
            handed_out.insert(flow, digest);
        }
        let start = &open.row.start;
        let (step_number, step_count) = step_numbers(&open);
        let text = |part: &str| texts::of_step(&start.definition, &open.step, &kind, part);
        let (primary, quiet) = texts::actions(&open.definition, &kind);
        let deadline = flow::deadline(open.rules(), &open.state);
        let idle_end = flow::ends_at(open.rules(), &open.state).filter(|_| !open.lowers());
        Ok(Some(Prompt {
            flow,
            definition: start.definition.clone(),
            title: text("title"),
            body: text("body").with("count", start.mandates.len() + open.row.alone.len()),
            why: text("why").with("rules", open.step.rules.join(", ")),
            because: because(&open),
            rules: open.step.rules.clone(),
            step_number,
            step_count,
            attempts_left: attempts_left(&open),
            deadline: [deadline, idle_end].into_iter().flatten().min(),
            primary,
            quiet,
            offline: open.state.is_offline(),
            step: open.step.id,
            kind,
        }))
    }

    fn kind_of(&self, open: &OpenFlow) -> Result<PromptKind, WalletError> {
        let secret_digits = open.policy.secrets.payment_pin.digits;
        if open.is_judged() && self.last_row_of(open.flow())?.is_some() {
            // What was handed in, or what comes before it, has not reached the gateway.
            return Ok(waiting(open, Awaited::Network));
        }
        Ok(match &open.step.kind {
            StepKind::Prompt(ask) => self.prompt_of(open, *ask)?,
            StepKind::Factor(_) if open.state.submitted.is_some() => waiting(open, Awaited::Judgement),
            StepKind::Factor(FactorKind::PaymentPin) => PromptKind::PaymentPin {
                digits: secret_digits,
                attempts_left: open.row.attempts_left,
            },
            StepKind::Factor(FactorKind::LockPassword) => PromptKind::LockPassword {
                digits: secret_digits,
                attempts_left: open.row.attempts_left,
            },
            StepKind::Factor(FactorKind::DevicePasscode) => PromptKind::DevicePasscode,
            StepKind::Factor(factor) => self.factor_prompt(open, *factor)?,
            StepKind::External(external) => waiting(
                open,
                match external.party {
                    Party::BankApp => Awaited::Bank,
                    Party::Merchant => Awaited::Merchant,
                    Party::Guardian => Awaited::Guardian,
                },
            ),
            StepKind::Review(_) => {
                let (until, then) = until(open);
                PromptKind::InReview {
                    since: open.state.reached_at,
                    until,
                    then,
                }
            }
            StepKind::Timer(_) => waiting(open, Awaited::Moment),
            StepKind::Guard(Condition::Compares { fact, .. }) if fact == "contacts_confirmed" => {
                waiting(open, Awaited::Contacts)
            }
            StepKind::Guard(_) | StepKind::Effect(_) | StepKind::Notify(_) | StepKind::Part(_) => {
                waiting(open, Awaited::Service)
            }
        })
    }

    fn prompt_of(&self, open: &OpenFlow, ask: Ask) -> Result<PromptKind, WalletError> {
        let facts = |count: usize| (1..=count).map(texts::question).collect();
        let quiz = |about: QuizTopic, asking: &Option<Asking>| match asking {
            Some(Asking::Questions { questions }) => Some(PromptKind::Quiz {
                about,
                questions: questions.iter().map(question).collect(),
            }),
            _ => None,
        };
        let asking = &open.row.asking;
        let made = match ask {
            Ask::Consent => Some(PromptKind::Consent {
                offer: self.flow_offer(open)?,
            }),
            Ask::Confirm => Some(PromptKind::Confirm {
                mandates: self.affected(open)?,
                consequences: self.consequences(open)?,
            }),
            Ask::Choose => Some(PromptKind::Choose {
                mandates: self.affected(open)?,
                consequences: self.consequences(open)?,
            }),
            Ask::Facts => Some(PromptKind::Facts { questions: facts(1) }),
            Ask::People => match asking {
                Some(Asking::People { people, at_least }) => Some(PromptKind::People {
                    people: people
                        .iter()
                        .map(|(account, name)| Person {
                            account: *account,
                            name: name.clone(),
                        })
                        .collect(),
                    at_least: *at_least,
                }),
                _ => None,
            },
            Ask::Jump => match asking {
                Some(Asking::Jump { link }) => Some(PromptKind::Jump { link: link.clone() }),
                _ => None,
            },
            Ask::QuizAmounts => quiz(QuizTopic::Amounts, asking),
            Ask::QuizAmountsAgain => quiz(QuizTopic::AmountsAgain, asking),
            Ask::QuizMerchants => quiz(QuizTopic::Merchants, asking),
            Ask::QuizDates => quiz(QuizTopic::Dates, asking),
        };
        // What the gateway has to say first is not known yet.
        Ok(made.unwrap_or_else(|| waiting(open, Awaited::Service)))
    }

    fn factor_prompt(&self, open: &OpenFlow, factor: FactorKind) -> Result<PromptKind, WalletError> {
        let most = open.policy.quantity("limits.uploads.max_bytes")?.trunc();
        let most_bytes = u64::try_from(most).unwrap_or(u64::MAX);
        let photos = |document: Document, images: u32| PromptKind::Photos {
            document,
            images,
            most_bytes,
        };
        let recording = |what: Recording| PromptKind::Recording { what, most_bytes };
        Ok(match factor {
            FactorKind::Biometric => PromptKind::Biometric,
            FactorKind::IdDocument => photos(Document::IdDocument, 2),
            FactorKind::Passport => photos(Document::Passport, 1),
            FactorKind::ProofOfAddress => photos(Document::ProofOfAddress, 1),
            FactorKind::HandheldIdPhoto => photos(Document::HandheldId, 1),
            FactorKind::GuardianshipProof => photos(Document::Guardianship, 1),
            FactorKind::Liveness => recording(Recording::Face),
            FactorKind::VideoVerification => recording(Recording::Video),
            FactorKind::GestureVideo => match &open.row.asking {
                Some(Asking::Gestures { gestures }) => recording(Recording::Gestures {
                    gestures: gestures.iter().map(|gesture| Text::new(gesture)).collect(),
                }),
                _ => waiting(open, Awaited::Service),
            },
            FactorKind::BankCardElements => PromptKind::Fields {
                questions: CARD_ELEMENTS
                    .iter()
                    .map(|field| Text::new(&format!("field.card.{field}")))
                    .collect(),
            },
            _ if factor.input() == FactorInput::Nothing => waiting(open, Awaited::Source),
            _ => match &open.row.asking {
                Some(Asking::Code {
                    sent_to,
                    valid_until,
                    resend_from,
                }) => PromptKind::Code {
                    sent_to: sent_to.clone(),
                    digits: u32::try_from(open.policy.quantity("otp.digits")?.trunc()).unwrap_or_default(),
                    valid_until: *valid_until,
                    resend_from: *resend_from,
                },
                _ => waiting(open, Awaited::Service),
            },
        })
    }

    /// How a run came out, as a screen; `None` while it is open.
    pub(crate) fn closing_prompt(&self, flow: FlowId) -> Result<Option<Prompt>, WalletError> {
        let row = self.read::<FlowRow>(flow.as_bytes())?.ok_or(WalletError::UnknownFlow)?;
        let (_, definition, state) = self.folded(&row)?;
        let (kind, name) = match (state.phase, row.refused) {
            (Phase::Open, None) => return Ok(None),
            (Phase::Open, Some(code)) | (Phase::Refused(code), _) => (refused(Some(code)), "refused".to_owned()),
            (Phase::Expired, _) => (refused(None), "expired".to_owned()),
            (Phase::Cancelled, _) => (refused(None), "left".to_owned()),
            (Phase::Completed, _) => self.completed(&row, definition.effect)?,
        };
        let text = |part: &str| Text::new(&format!("end.{name}.{part}"));
        let (title, body) = (text("title"), text("body").with("count", row.start.mandates.len()));
        let steps = state.done.iter().filter(|done| done.left == Left::Done).filter(|done| {
            let step = definition.all_steps().find(|step| step.id == done.id);
            step.is_some_and(Step::counts)
        });
        let count = u32::try_from(steps.count()).unwrap_or(u32::MAX);
        Ok(Some(Prompt {
            flow,
            definition: row.start.definition,
            step: String::new(),
            title,
            body,
            why: Text::new("end.why"),
            because: Vec::new(),
            rules: Vec::new(),
            step_number: count,
            step_count: count,
            attempts_left: None,
            deadline: None,
            primary: None,
            quiet: None,
            offline: state.is_offline(),
            kind,
        }))
    }

    fn completed(&self, row: &FlowRow, effect: FlowEffect) -> Result<(PromptKind, String), WalletError> {
        let done = |under_way: bool, name: &str| (PromptKind::Done { under_way }, name.to_owned());
        if effect != FlowEffect::Destroy {
            return Ok(done(false, texts::end_of(effect)));
        }
        let orders = self.read_all::<OrderRow>()?;
        let of_it = |order: &&OrderRow| {
            let known = crate::order_facts::known_order(&order.state).map(|order| order.order);
            order.place == *row.start.flow.as_bytes() || known.is_some() && known == row.order
        };
        Ok(match orders.iter().find(of_it).map(|order| &order.state) {
            Some(PhoneState::Scheduled { order, effective_at }) => (
                PromptKind::Scheduled {
                    order: order.order,
                    undo_until: *effective_at,
                },
                "scheduled".to_owned(),
            ),
            Some(PhoneState::Undone(_)) => done(false, "undone"),
            Some(PhoneState::Closed { .. }) => done(false, "stopped"),
            _ => done(true, "stopping"),
        })
    }
}

/// Somebody else has the turn.
fn waiting(open: &OpenFlow, whom: Awaited) -> PromptKind {
    let (until, then) = until(open);
    PromptKind::Waiting {
        whom,
        since: open.state.reached_at,
        until,
        then,
    }
}

fn refused(code: Option<quittance_protocol::problem::Code>) -> PromptKind {
    PromptKind::Refused {
        code,
        what_now: texts::what_now(code),
    }
}

fn question(question: &Question) -> QuizQuestion {
    QuizQuestion {
        about: question.about.clone(),
        choices: question.choices.clone(),
    }
}

/// Until when somebody has the turn, and what happens then.
fn until(open: &OpenFlow) -> (Option<Timestamp>, Option<Text>) {
    let rules = open.rules();
    let until = flow::due(rules, &open.state);
    let then = match &open.step.kind {
        StepKind::Timer(_) => Some(Next::GoOn),
        _ => open
            .step
            .deadline
            .as_ref()
            .and_then(|deadline| rules.next_of(&deadline.then)),
    };
    let text = until.and(then).map(|next| {
        Text::new(match next {
            Next::GoOn => "then.go_on",
            Next::Otherwise => "then.otherwise",
            Next::Refuse => "then.refuse",
            Next::Expire => "then.expire",
            Next::Stay => "then.stay",
        })
    });
    (until, text)
}

/// What put the open step there: the fact that was found, with its number and what it is compared with.
fn because(open: &OpenFlow) -> Vec<Text> {
    let found = flow::explain(open.rules(), &open.state).because;
    found
        .map(|found| {
            texts::because(&found.fact)
                .with("value", found.value)
                .with("bound", found.bound)
        })
        .into_iter()
        .collect()
}

/// Tries that are left at the open step, where one has failed: there is no reason to frighten who has all of them.
fn attempts_left(open: &OpenFlow) -> Option<u32> {
    if open.state.failures == 0 {
        return open.state.attempts_left;
    }
    flow::attempts_left(open.rules(), &open.state)
}

/// Which of the steps that the payer counts is open, from 1, and how many there are as far as is known now.
fn step_numbers(open: &OpenFlow) -> (u32, u32) {
    let (number, count) = flow::progress(open.rules(), &open.state);
    let small = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    (small(number), small(count))
}
