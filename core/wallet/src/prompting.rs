//! How the prompt of an open step is made.

use crate::error::WalletError;
use crate::flows::OpenFlow;
use crate::inner::Inner;
use crate::journal::{FlowRow, OrderRow};
use crate::next;
use crate::prompt::{Awaited, Document, Person, Prompt, PromptKind, QuizQuestion, QuizTopic, Recording};
use crate::texts::{self, Text, TextArgument};
use quittance_flows::definition::{Condition, Party, PromptKind as Ask, Step, StepKind};
use quittance_flows::destruction::phone::PhoneState;
use quittance_flows::factor::CARD_ELEMENTS;
use quittance_flows::facts::CONTACTS_CONFIRMED;
use quittance_flows::flow::{self, Explanation, Left, Phase, Turn};
use quittance_flows::{FactorKind, FlowEffect};
use quittance_protocol::answer::{Asking, Question};
use quittance_protocol::log_body::ClosureKind;
use quittance_protocol::{FlowId, Timestamp};

impl Inner {
    /// The prompt of the open step; `None` where the flow needs nothing more from anybody.
    pub(crate) fn next_prompt(&self, flow: FlowId) -> Result<Option<Prompt>, WalletError> {
        // What a call has begun to write is shown as written: its caller may have stopped waiting for it.
        let _writer = self.writer.take()?;
        let Some(open) = self.open_flow(flow)? else {
            return Ok(None);
        };
        let explained = flow::explain(open.rules(), &open.state);
        let kind = self.kind_of(&open, &explained)?;
        if matches!(open.step.kind, StepKind::Prompt(_)) {
            let digest = self.shown(&open)?;
            self.handed_out.hand_out(flow, digest);
        }
        let start = &open.row.start;
        let (step_number, step_count) = next::step_numbers(&open);
        let text = |part: &str| texts::of_step(&start.definition, &open.step, &kind, part);
        let (primary, quiet) = texts::actions(&open.pinned.definition, &kind);
        let deadline = flow::deadline(open.rules(), &open.state);
        let idle_end = explained.left_alone_until.filter(|_| !open.lowers());
        let count = TextArgument::count(start.mandates.len() + open.row.alone.len());
        let because = next::because(open.rules(), start.wish.as_ref(), &explained);
        Ok(Some(Prompt {
            flow,
            definition: start.definition.clone(),
            title: text("title"),
            body: text("body").with("count", count),
            why: text("why"),
            because: because.into_iter().collect(),
            next: next::of_open(&open, &explained),
            rules: explained.rules,
            step_number,
            step_count,
            attempts_left: next::attempts_left(&open, &kind),
            deadline: [deadline, idle_end].into_iter().flatten().min(),
            primary,
            quiet,
            offline: open.state.is_offline(),
            step: open.step.id,
            kind,
        }))
    }

    fn kind_of(&self, open: &OpenFlow, explained: &Explanation) -> Result<PromptKind, WalletError> {
        if open.is_judged() && self.last_row_of(open.flow())?.is_some() {
            // What was handed in, or what comes before it, has not reached the gateway.
            return Ok(waiting(open, explained, Awaited::Network));
        }
        Ok(match (explained.turn, &open.step.kind) {
            (Some(Turn::Payer), StepKind::Prompt(ask)) => self.prompt_of(open, explained, *ask)?,
            (Some(Turn::Payer), StepKind::Factor(factor)) => self.factor_prompt(open, explained, *factor)?,
            (Some(Turn::Vendor), _) if open.state.submitted.is_some() => waiting(open, explained, Awaited::Judgement),
            (Some(Turn::Vendor), _) => waiting(open, explained, Awaited::Source),
            (Some(Turn::Party(Party::BankApp)), _) => waiting(open, explained, Awaited::Bank),
            (Some(Turn::Party(Party::Merchant)), _) => waiting(open, explained, Awaited::Merchant),
            (Some(Turn::Party(Party::Guardian)), _) => waiting(open, explained, Awaited::Guardian),
            (Some(Turn::Reviewer), _) => {
                let (until, then) = until(explained);
                PromptKind::InReview {
                    since: open.state.reached_at,
                    until,
                    then,
                }
            }
            (Some(Turn::Time), _) => waiting(open, explained, Awaited::Moment),
            (Some(Turn::Others), StepKind::Guard(Condition::Compares { fact, .. })) if fact == CONTACTS_CONFIRMED => {
                waiting(open, explained, Awaited::Contacts)
            }
            (Some(Turn::Payer | Turn::Others) | None, _) => waiting(open, explained, Awaited::Service),
        })
    }

    fn prompt_of(&self, open: &OpenFlow, explained: &Explanation, ask: Ask) -> Result<PromptKind, WalletError> {
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
            Ask::Facts => Some(PromptKind::Facts {
                questions: facts(Ask::FACTS_ASKED),
            }),
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
        Ok(made.unwrap_or_else(|| waiting(open, explained, Awaited::Service)))
    }

    fn factor_prompt(
        &self,
        open: &OpenFlow,
        explained: &Explanation,
        factor: FactorKind,
    ) -> Result<PromptKind, WalletError> {
        let secret_digits = open.pinned.policy.secrets.payment_pin.digits;
        let most_bytes = open.pinned.policy.limits.uploads.max_bytes;
        let photos = |document: Document, images: u32| PromptKind::Photos {
            document,
            images,
            most_bytes,
        };
        let recording = |what: Recording| PromptKind::Recording { what, most_bytes };
        Ok(match factor {
            FactorKind::PaymentPin => PromptKind::PaymentPin { digits: secret_digits },
            FactorKind::LockPassword => PromptKind::LockPassword { digits: secret_digits },
            FactorKind::DevicePasscode => PromptKind::DevicePasscode,
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
                    gestures: gestures.iter().map(|gesture| texts::gesture(gesture)).collect(),
                }),
                _ => waiting(open, explained, Awaited::Service),
            },
            FactorKind::BankCardElements => PromptKind::Fields {
                questions: CARD_ELEMENTS
                    .iter()
                    .map(|field| Text::new(&format!("field.card.{field}")))
                    .collect(),
            },
            _ => match &open.row.asking {
                Some(Asking::Code {
                    sent_to,
                    valid_until,
                    resend_from,
                }) => PromptKind::Code {
                    sent_to: sent_to.clone(),
                    digits: u32::from(open.pinned.policy.otp.digits),
                    valid_until: *valid_until,
                    resend_from: *resend_from,
                },
                _ => waiting(open, explained, Awaited::Service),
            },
        })
    }

    /// How a run came out, as a screen; `None` while it is open.
    pub(crate) fn closing_prompt(&self, flow: FlowId) -> Result<Option<Prompt>, WalletError> {
        let row = self.read::<FlowRow>(flow.as_bytes())?.ok_or(WalletError::UnknownFlow)?;
        let (pinned, state) = self.folded(&row)?;
        let explained = flow::explain(pinned.rules(), &state);
        let (kind, name) = match (state.phase, row.refused) {
            (Phase::Open, None) => return Ok(None),
            (Phase::Open, Some(code)) | (Phase::Refused(code), _) => (refused(Some(code)), "refused".to_owned()),
            (Phase::Expired, _) => (refused(None), "expired".to_owned()),
            (Phase::Cancelled, _) => (refused(None), "left".to_owned()),
            (Phase::Completed, _) => self.completed(&row, pinned.definition.effect)?,
        };
        let text = |part: &str| Text::new(&format!("end.{name}.{part}"));
        let count = TextArgument::count(row.start.mandates.len());
        let because = match state.phase {
            // The gateway took no more of it: what it knows is in its code alone.
            Phase::Open => None,
            _ => next::because(pinned.rules(), row.start.wish.as_ref(), &explained),
        };
        let steps = state.done.iter().filter(|done| done.left == Left::Done).filter(|done| {
            let step = pinned.definition.all_steps().find(|step| step.id == done.id);
            step.is_some_and(Step::counts)
        });
        let steps = u32::try_from(steps.count()).unwrap_or(u32::MAX);
        Ok(Some(Prompt {
            flow,
            definition: row.start.definition,
            step: String::new(),
            title: text("title"),
            body: text("body").with("count", count),
            why: Text::new("end.why"),
            because: vec![because.unwrap_or_else(|| by_service(&kind))],
            next: next::of_closed(&kind, &name),
            rules: explained.rules,
            step_number: steps,
            step_count: steps,
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
            Some(PhoneState::Closed { kind, .. }) => {
                let name = match kind {
                    ClosureKind::TwoSided => "stopped",
                    ClosureKind::Unilateral => "stopped_alone",
                };
                done(false, name)
            }
            _ => done(true, "stopping"),
        })
    }
}

/// Somebody else has the turn.
fn waiting(open: &OpenFlow, explained: &Explanation, whom: Awaited) -> PromptKind {
    let (until, then) = until(explained);
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

/// What the gateway alone knows the reason of.
fn by_service(kind: &PromptKind) -> Text {
    let text = Text::new("because.service");
    match kind {
        PromptKind::Refused { code: Some(code), .. } => text.with("code", code.name()),
        _ => text,
    }
}

fn question(question: &Question) -> QuizQuestion {
    QuizQuestion {
        about: question.about.clone(),
        choices: question.choices.clone(),
    }
}

/// Until when somebody has the turn, and what happens then.
fn until(explained: &Explanation) -> (Option<Timestamp>, Option<Text>) {
    let until = explained.until;
    (
        until.map(|until| until.at),
        until.map(|until| next::silence(until.then)),
    )
}
