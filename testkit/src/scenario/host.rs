//! A scenario whose payer's phone is another program: the stage tells it, step by step, what the payer does.
//!
//! The other program is a runner in another language, over its own wallet. It sends one line of JSON ([`Said`]) and gets
//! one back ([`Reply`]). `scenarios/README.md` has the lines in their sequence.

use super::bundle::bundle_with;
use super::expectations::ExpectMandate;
use super::model::{Scenario, Step};
use super::play::{Play, Signed, Wrong};
use super::setting::PAYER;
use super::terms::MandateSpec;
use super::turns::{Owed, Turn};
use super::words::CodeSpec;
use crate::phone::sandbox_author;
use crate::stage::{Stage, random};
use quittance_protocol::statement::Session;
use quittance_protocol::{AccountId, Claims, FlowId, MandateId, PublicKey, StatementId, Unsigned};
use quittance_wallet::{QuizQuestion, QuizTopic, VouchRequest};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::VecDeque;

/// Numbers of statements that the stage has signed for the other program's phone, far from those that its wallet uses.
const OWN_NUMBERS: u64 = 1_000_000;

/// What the other program says.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Said {
    /// Sets the stage for this scenario, a whole file.
    Set(Value),
    /// The payer's phone is enrolled.
    Enrolled {
        /// As this account.
        account: AccountId,
        /// The public point of its device key, in hexadecimal.
        device_key: String,
    },
    /// What comes next?
    Next {},
    /// The mandate was signed.
    Signed(MandateId),
    /// The run was begun.
    Begun(FlowId),
    /// The permit that the payer hands over.
    Permit(String),
    /// The code that the payer shows.
    Shown(String),
    /// The signature that was asked for, DER in hexadecimal.
    Signature(String),
    /// Which code came to the payer's phones?
    Code(CodeSpec),
    /// What does the payer answer to these questions?
    Quiz {
        /// What is asked for, by its name.
        about: String,
        /// The questions.
        questions: Vec<Question>,
        /// How many of the answers are to be wrong.
        wrong: usize,
    },
    /// Images are wanted.
    Images {
        /// How many.
        count: usize,
        /// Of how many bytes; 0: small ones.
        bytes: usize,
    },
}

/// A question of the quiz, as it was shown.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// What is said of the charge.
    pub about: String,
    /// What can be chosen.
    pub choices: Vec<String>,
}

/// What the stage answers.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// The stage is set: enrol a phone there.
    Stage {
        /// The gateway's address, which is its origin too.
        gateway: String,
        /// The log's verifier key.
        log_vkey: String,
        /// The policy author's key.
        policy_author: String,
        /// What every clock says, in seconds since 1970.
        now: i64,
    },
    /// Carry this out, report what its verb asks for, then ask for the next one.
    Turn {
        /// The step, from 1; absent for what is given.
        step: Option<usize>,
        /// What to do.
        told: Map<String, Value>,
        /// What every clock says.
        now: i64,
    },
    /// What was asked for, or what was reported is taken.
    Given(Value),
    /// A step did not come out as the scenario says.
    Wrong {
        /// Which; absent for what is given.
        step: Option<usize>,
        /// What was expected.
        expected: String,
        /// What was.
        was: String,
    },
    /// Every step came out as the scenario says.
    Passed {},
}

/// What comes before the first step.
enum Opening {
    Sign(Box<MandateSpec>, String),
    Number(Vec<String>),
    TellGateway,
    Tell(&'static str),
}

/// The stage of one scenario.
#[derive(Default)]
pub struct Host {
    scene: Option<Scene>,
}

struct Scene {
    play: Play,
    scenario: Scenario,
    opening: VecDeque<Opening>,
    taken: usize,
    owed: Owed,
    /// A statement that waits for the other program's signature.
    unsigned: Option<Unsigned>,
    device_key: Option<PublicKey>,
    number: u64,
}

impl Host {
    /// Answers one thing that the other program says.
    pub async fn answer(&mut self, said: Said) -> Reply {
        let answer = match said {
            Said::Set(scenario) => self.set(&scenario).await,
            said => match &mut self.scene {
                Some(scene) => scene.answer(said).await,
                None => Err(Wrong::new("that the stage is set first", format!("{said:?}"))),
            },
        };
        answer.unwrap_or_else(|wrong| Reply::Wrong {
            step: self.scene.as_ref().and_then(Scene::step),
            expected: wrong.expected,
            was: wrong.was,
        })
    }

    async fn set(&mut self, scenario: &Value) -> Result<Reply, Wrong> {
        let scenario = Scenario::read(&scenario.to_string())?;
        let given = &scenario.given;
        let stage = Stage::set_at(Some(given.clock), bundle_with(&given.policy)?).await?;
        let reply = Reply::Stage {
            gateway: stage.origin(),
            log_vkey: stage.gateway()?.log_key().to_string(),
            policy_author: serde_json::to_string(&sandbox_author()?)?,
            now: given.clock.unix(),
        };
        let mut play = Play::on(stage);
        for name in given.others.keys() {
            play.enrol(name).await?;
        }
        self.scene = Some(Scene {
            opening: opening(&scenario),
            play,
            scenario,
            taken: 0,
            owed: Owed::Nothing,
            unsigned: None,
            device_key: None,
            number: OWN_NUMBERS,
        });
        Ok(reply)
    }
}

/// What has to happen until the first step: the payer signs what is given, then the gateway hears of everybody.
fn opening(scenario: &Scenario) -> VecDeque<Opening> {
    let mut opening = VecDeque::new();
    for spec in &scenario.given.mandates {
        let names = spec.names();
        opening.extend(
            names
                .iter()
                .map(|name| Opening::Sign(Box::new(spec.clone()), name.clone())),
        );
        opening.push_back(Opening::Number(names));
    }
    opening.extend([
        Opening::TellGateway,
        Opening::Tell("sync"),
        Opening::Tell("forget_events"),
    ]);
    opening
}

impl Scene {
    /// The step that is being taken.
    fn step(&self) -> Option<usize> {
        (self.taken > 0).then_some(self.taken)
    }

    async fn answer(&mut self, said: Said) -> Result<Reply, Wrong> {
        match said {
            Said::Set(_) | Said::Next {} => self.next().await,
            Said::Enrolled { account, device_key } => {
                self.owed = Owed::Nothing;
                self.device_key = Some(PublicKey::p256_from_sec1(&hex::decode(device_key)?)?);
                self.play.accounts.insert(PAYER.to_owned(), account);
                Ok(taken())
            }
            Said::Code(which) => Ok(Reply::Given(self.play.code(PAYER, which).await?.into())),
            Said::Quiz {
                about,
                questions,
                wrong,
            } => {
                let questions = questions.into_iter().map(|question| QuizQuestion {
                    about: question.about,
                    choices: question.choices,
                });
                let questions: Vec<QuizQuestion> = questions.collect();
                let entries = self.play.quiz_entries(PAYER, topic(&about)?, &questions, wrong)?;
                Ok(Reply::Given(entries.into()))
            }
            Said::Images { count, bytes } => {
                let images = self.play.images(count, bytes);
                Ok(Reply::Given(images.iter().map(hex::encode).collect()))
            }
            reported => self.report(reported).await,
        }
    }

    async fn next(&mut self) -> Result<Reply, Wrong> {
        while let Some(opening) = self.opening.pop_front() {
            match opening {
                Opening::Sign(spec, name) => {
                    let turn = self.play.sign_turn(&spec, &name, None).await?;
                    return self.hand(turn);
                }
                Opening::Number(names) => self.play.number(&names),
                Opening::TellGateway => self.play.tell_gateway(&self.scenario.given).await?,
                Opening::Tell(verb) => {
                    let told = Map::from_iter([("verb".to_owned(), verb.into())]);
                    let owed = Owed::Nothing;
                    return self.hand(Turn { told, owed });
                }
            }
        }
        // What the stage does by itself needs no line of its own.
        while let Some(step) = self.scenario.steps.get(self.taken) {
            self.taken += 1;
            if let Some(turn) = self.play.turn(step).await? {
                return self.hand(turn);
            }
            match step {
                Step::Do(act) => self.play.act(act).await?,
                Step::Expect(what) => self.play.expect(what).await?,
            }
        }
        Ok(Reply::Passed {})
    }

    fn hand(&mut self, turn: Turn) -> Result<Reply, Wrong> {
        let mut told = turn.told;
        if let Owed::Session(_) = &turn.owed {
            let unsigned = self.session()?;
            let input = String::from_utf8_lossy(unsigned.signing_input()).into_owned();
            told.insert("sign".to_owned(), input.into());
            self.unsigned = Some(unsigned);
        }
        self.owed = turn.owed;
        Ok(Reply::Turn {
            step: self.step(),
            told,
            now: self.play.now().unix(),
        })
    }

    /// The statement that buys a read token, to be signed by the payer's device key.
    fn session(&mut self) -> Result<Unsigned, Wrong> {
        let key = self.device_key.ok_or_else(|| Wrong::new("an enrolled phone", "none"))?;
        self.number += 1;
        let claims = Claims {
            aud: self.play.stage.origin(),
            iat: self.play.now(),
            jti: StatementId::from_bytes(random()?),
            seq: Some(self.number),
        };
        Ok(Unsigned::new(&key.thumbprint(), &claims, &Session {})?)
    }

    /// Takes what the last turn asked for, and goes on with its step.
    async fn report(&mut self, reported: Said) -> Result<Reply, Wrong> {
        let owed = std::mem::replace(&mut self.owed, Owed::Nothing);
        match (owed, reported) {
            (Owed::Mandate { spec, name, merchant }, Said::Signed(mandate)) => {
                let signed = Signed { mandate, merchant };
                self.play.was_signed(&spec, &name, signed).await?;
            }
            (Owed::Flow { name, by, definition }, Said::Begun(flow)) => {
                let run = super::play::Run { by, flow, definition };
                self.play.runs.insert(name, run);
            }
            (Owed::Permit { act, reference }, Said::Permit(permit)) => {
                self.play.charge_as(&act, &reference, Some(&permit)).await?;
            }
            (Owed::Scan(act), Said::Shown(code)) => {
                self.play.vouch_for(&act, VouchRequest::read(&code)?).await?;
            }
            (Owed::Session(what), Said::Signature(der)) => self.look_at_gateway(&what, &der).await?,
            (owed, reported) => return Err(Wrong::new(format!("{owed:?}"), format!("{reported:?}"))),
        }
        Ok(taken())
    }

    async fn look_at_gateway(&mut self, what: &ExpectMandate, der: &str) -> Result<(), Wrong> {
        let unsigned = self.unsigned.take();
        let unsigned = unsigned.ok_or_else(|| Wrong::new("something to sign", "nothing"))?;
        let statement = unsigned.with_der_signature(&hex::decode(der)?)?;
        let token = self.play.stage.session(&statement).await?;
        self.play.expect_at_gateway(what, &token).await
    }
}

const fn taken() -> Reply {
    Reply::Given(Value::Null)
}

fn topic(name: &str) -> Result<QuizTopic, Wrong> {
    Ok(match name {
        "amounts" => QuizTopic::Amounts,
        "amounts_again" => QuizTopic::AmountsAgain,
        "merchants" => QuizTopic::Merchants,
        "dates" => QuizTopic::Dates,
        other => return Err(Wrong::new("a topic of the quiz", json!(other))),
    })
}
