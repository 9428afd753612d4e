//! The phone of tests and demo: a wallet with software keys, told what to do line by line.

use crate::phone_protocol::{Command, LookEnds, Reply};
use crate::scripted_prompt::{Outcome, ScriptedPrompt};
use crate::software_keys::SoftwareDeviceKeys;
use crate::willing;
use quittance_protocol::flow_event::Wish;
use quittance_protocol::log_body::ClosureKind;
use quittance_protocol::{FlowId, MandateId, OrderId, PublicKey, Timestamp};
use quittance_wallet::ports::{Clock, SystemClock};
use quittance_wallet::{Answer, EndingStage, Ports, PromptKind, Wallet, WalletConfig, WalletError};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;
use zeroize::Zeroizing;

/// How a phone is set up.
#[derive(Debug, Clone)]
pub struct PhoneConfig {
    /// Its files; `keys` below it stands for its hardware.
    pub data: PathBuf,
    /// The gateway's address, which is its origin too.
    pub gateway: String,
    /// The log's verifier key.
    pub log_vkey: String,
    /// The control: where ended epoch keys are kept all the same.
    pub keep_old_keys: Option<PathBuf>,
    /// Where its clock stands; the system's runs where it is not told.
    pub standing_at: Option<Timestamp>,
}

/// A phone with a willing payer.
pub struct Phone {
    config: PhoneConfig,
    /// Nothing while the wallet is put away.
    app: Option<App>,
}

/// The app that is open on it.
struct App {
    wallet: Wallet,
    keys: Arc<SoftwareDeviceKeys>,
    prompt: Arc<ScriptedPrompt>,
    clock: Arc<FastClock>,
    pin: Option<String>,
}

/// The system's clock, or one that stands, put forward.
struct FastClock {
    standing_at: Option<Timestamp>,
    ahead: AtomicI64,
}

impl Clock for FastClock {
    fn now(&self) -> Timestamp {
        let begin = self.standing_at.unwrap_or_else(|| SystemClock.now());
        begin.plus_seconds(self.ahead.load(Ordering::SeqCst))
    }
}

/// The public key of the sandbox's policy author.
///
/// # Errors
/// None for the constant seed.
pub fn sandbox_author() -> Result<PublicKey, quittance_protocol::key::InvalidKey> {
    let seed = Zeroizing::new(quittance_flows::policy::SANDBOX_AUTHOR_SEED);
    Ok(*quittance_protocol::ed25519::SigningKey::from_seed(&seed)?.public_key())
}

impl Phone {
    /// Switches the phone on: completes what a crash left.
    ///
    /// # Errors
    /// What the wallet says.
    pub async fn on(config: PhoneConfig) -> Result<Self, WalletError> {
        let app = Some(App::open(config.clone())?);
        Ok(Self { config, app })
    }

    /// What an app would call, for whoever plays the payer himself; nothing while it is put away.
    pub fn wallet(&self) -> Option<&Wallet> {
        self.app.as_ref().map(|app| &app.wallet)
    }

    /// Does what it is told.
    pub async fn obey(&mut self, command: Command) -> Reply {
        match self.carry_out(command).await {
            Ok(value) => Reply::Ok(value),
            Err(error) => Reply::Error {
                kind: format!("{:?}", error.kind()),
                text: error.to_string(),
            },
        }
    }

    async fn carry_out(&mut self, command: Command) -> Result<Value, WalletError> {
        if matches!(command, Command::PutAway) {
            self.app = None;
            return Ok(Value::Null);
        }
        let mut app = match self.app.take() {
            Some(app) => app,
            None => App::open(self.config.clone())?,
        };
        let done = app.carry_out(command).await;
        // An app that forgets the PIN once it is entered.
        app.pin = None;
        self.app = Some(app);
        done
    }
}

impl App {
    fn open(config: PhoneConfig) -> Result<Self, WalletError> {
        let folder = config.data.join("keys");
        let keys = match &config.keep_old_keys {
            Some(stash) => SoftwareDeviceKeys::open_keeping_old_keys(&folder, stash)?,
            None => SoftwareDeviceKeys::open(&folder)?,
        };
        let keys = Arc::new(keys);
        let author = sandbox_author().map_err(|_| WalletError::Internal("the sandbox author's key"))?;
        let wallet_config = WalletConfig {
            data_dir: config.data.clone(),
            gateway_url: config.gateway.clone(),
            origin: config.gateway,
            log_vkey: config.log_vkey,
            policy_author: serde_json::to_string(&author)
                .map_err(|_| WalletError::Internal("the sandbox author's key"))?,
            sandbox: true,
        };
        let prompt = Arc::new(ScriptedPrompt::willing(Arc::clone(&keys)));
        let clock = Arc::new(FastClock {
            standing_at: config.standing_at,
            ahead: AtomicI64::new(0),
        });
        let ports = Ports {
            clock: Arc::<FastClock>::clone(&clock),
            ..Ports::system()
        };
        let shown = Arc::<ScriptedPrompt>::clone(&prompt);
        let wallet = Wallet::open(&wallet_config, Arc::<SoftwareDeviceKeys>::clone(&keys), shown, ports)?;
        Ok(Self {
            wallet,
            keys,
            prompt,
            clock,
            pin: None,
        })
    }

    async fn carry_out(&mut self, command: Command) -> Result<Value, WalletError> {
        match command {
            Command::Enrol { pin } => {
                let view = self.wallet.enrol(Zeroizing::new(pin.into_bytes())).await?;
                Ok(json!({
                    "device": view.device, "evidence_level": view.evidence_level, "key_store": view.key_store,
                }))
            }
            Command::Sign { offer, pin } => {
                self.pin = Some(pin);
                let flow = self.wallet.start_sign(&offer).await?;
                self.answer_all(flow).await?;
                let report = self.wallet.sync().await?;
                let mandate = self.wallet.mandate_of(flow)?;
                if self.wallet.mandate(mandate)?.can_pay {
                    Ok(json!({ "mandate": mandate }))
                } else {
                    Err(if report.online {
                        WalletError::NotPayable
                    } else {
                        WalletError::Offline
                    })
                }
            }
            Command::Permit {
                mandate,
                amount,
                challenge,
            } => {
                let permit = self.wallet.payer_present_permit(mandate, amount, &challenge).await?;
                Ok(json!({ "permit": permit }))
            }
            Command::Pause { mandate } => self.wallet.pause(&[mandate]).await.map(|()| Value::Null),
            Command::Resume { mandate } => self.wallet.resume(&[mandate]).await.map(|()| Value::Null),
            Command::Lock => {
                self.wallet.lock_now(false).await?;
                self.wallet.sync().await?;
                let lock = self.wallet.lock_state()?.lock;
                Ok(json!({ "told": lock.is_some_and(|lock| lock.told) }))
            }
            Command::Undo { mandate, pin } => self.undo(mandate, pin).await,
            Command::Cancel { mandates, pin } => self.cancel(&mandates, pin).await,
            Command::Look { mandate, ends } => self.look_for_payer(mandate, ends).await,
            Command::Sync => {
                let report = self.wallet.sync().await?;
                Ok(json!({ "online": report.online }))
            }
            Command::Pass { seconds } => {
                self.clock.ahead.fetch_add(i64::from(seconds), Ordering::SeqCst);
                Ok(Value::Null)
            }
            Command::Mandates => {
                let list = self.wallet.mandates()?;
                Ok(list
                    .iter()
                    .map(|m| {
                        json!({
                            "mandate": m.mandate, "state": m.state, "holds": m.holds, "can_pay": m.can_pay,
                            "phone_half": m.phone_half, "gateway_half": m.gateway_half,
                        })
                    })
                    .collect())
            }
            Command::Events => {
                let news = self.wallet.news(None)?;
                self.wallet.news(news.last().map(|last| last.number))?;
                let events: Result<Vec<Value>, _> = news.iter().map(|news| serde_json::to_value(&news.event)).collect();
                Ok(events.map_err(|_| WalletError::Internal("an event"))?.into())
            }
            Command::Export { order, folder } => self.export(order, &folder),
            Command::PutAway => Ok(Value::Null),
        }
    }

    /// Answers every prompt of a flow as a willing payer does.
    async fn answer_all(&self, flow: FlowId) -> Result<(), WalletError> {
        while let Some(prompt) = self.wallet.next_prompt(flow)? {
            let answer = self.willing(&prompt.kind)?;
            self.wallet.submit(flow, answer).await?;
        }
        Ok(())
    }

    fn willing(&self, kind: &PromptKind) -> Result<Answer, WalletError> {
        willing::answer(kind, self.pin.as_deref().unwrap_or_default()).ok_or(WalletError::WrongAnswer)
    }

    /// Shows the biometric prompt once; tells whether it would be shown again.
    async fn look_for_payer(&self, mandate: MandateId, ends: LookEnds) -> Result<Value, WalletError> {
        let flow = self.wallet.start_revoke(&[mandate]).await?;
        let is_next = || {
            let prompt = self.wallet.next_prompt(flow)?;
            Ok::<bool, WalletError>(prompt.is_some_and(|prompt| matches!(prompt.kind, PromptKind::Biometric)))
        };
        if is_next()? {
            self.prompt.tell();
            self.prompt.then([match ends {
                LookEnds::Recognised => Outcome::Thumb,
                LookEnds::NotRecognised => Outcome::NOT_RECOGNISED,
                LookEnds::Dismissed => Outcome::DISMISSED,
                LookEnds::Never => Outcome::Never,
            }]);
            let looked = self.wallet.submit(flow, Answer::UseBiometric).await;
            if !matches!(looked, Ok(()) | Err(WalletError::Biometric(_))) {
                looked?;
            }
        }
        Ok(json!({ "again": is_next()? }))
    }

    async fn cancel(&mut self, mandates: &[MandateId], pin: String) -> Result<Value, WalletError> {
        self.pin = Some(pin);
        let flow = self.wallet.start_revoke(mandates).await?;
        let mut typed = Instant::now();
        while let Some(prompt) = self.wallet.next_prompt(flow)? {
            let answer = self.willing(&prompt.kind)?;
            typed = Instant::now();
            self.wallet.submit(flow, answer).await?;
        }
        let report = self.wallet.sync().await?;
        let took = typed.elapsed();
        let state = self.end_of(mandates)?;
        if state == "closing" && !report.online {
            return Err(WalletError::Offline);
        }
        Ok(
            json!({ "state": state, "pin_to_closed_ms": took.as_millis(), "phone_destroy_ms": self.keys.last_key_change().as_millis() }),
        )
    }

    /// Takes an end back; where that was done before, says so.
    async fn undo(&mut self, mandate: MandateId, pin: String) -> Result<Value, WalletError> {
        self.pin = Some(pin);
        let order = self.wallet.mandate(mandate)?.ending.and_then(|ending| ending.order);
        let walked = match order {
            Some(order) => {
                let wish = Some(Wish::Undo { order });
                match self.wallet.begin("mandate.undo", Vec::new(), wish).await {
                    Ok(flow) => self.answer_all(flow).await,
                    Err(error) => Err(error),
                }
            }
            None => Ok(()),
        };
        let report = self.wallet.sync().await?;
        if self.wallet.mandate(mandate)?.can_pay {
            return Ok(json!({ "kept": true }));
        }
        walked?;
        Err(if report.online {
            WalletError::NotPayable
        } else {
            WalletError::Offline
        })
    }

    /// Where the order of these mandates stands.
    fn end_of(&self, mandates: &[MandateId]) -> Result<&'static str, WalletError> {
        let mut name = "closed";
        for mandate in mandates {
            match self.wallet.mandate(*mandate)?.ending.map(|ending| ending.stage) {
                Some(EndingStage::Closed(ClosureKind::TwoSided)) => {}
                Some(EndingStage::Closed(ClosureKind::Unilateral)) => name = "closed_unilateral",
                Some(EndingStage::Disputed) => return Ok("disputed"),
                _ => return Ok("closing"),
            }
        }
        Ok(name)
    }

    fn export(&self, order: Option<OrderId>, folder: &Path) -> Result<Value, WalletError> {
        let order = match order {
            Some(order) => order,
            None => self
                .wallet
                .receipts()?
                .last()
                .map(|receipt| receipt.order)
                .ok_or(WalletError::NoReceipt)?,
        };
        let export = self.wallet.export_receipt(order)?;
        let write = |name: &str, bytes: &[u8]| {
            std::fs::write(folder.join(name), bytes).map_err(|error| WalletError::Folder(error.kind()))
        };
        std::fs::create_dir_all(folder.join("statements")).map_err(|error| WalletError::Folder(error.kind()))?;
        write("receipt.tlog-proof", export.receipt.as_bytes())?;
        write("annex.json", export.annex_json.as_bytes())?;
        write("log.vkey", export.log_vkey.as_bytes())?;
        write("entry.bin", &export.entry)?;
        for (name, statement) in &export.statements {
            write(&format!("statements/{name}.jws"), statement.as_bytes())?;
        }
        write("statements/jwks.json", export.jwks.as_bytes())?;
        Ok(json!({ "order": order, "bytes": export.receipt.len() }))
    }
}
